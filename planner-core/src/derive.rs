//! What follows from a plan's core: chunk ids, tokens, SQL, settings of an attempt, and the whole document.

use std::collections::BTreeMap;

use crate::audit::Fault;
use crate::digest::{self, ChunkId, Token, TokenMaker};
use crate::plan::{Chunk, ChunkSpan, Estimate, Plan, PlanCore, PlanDocument, Statement};
use crate::span;
use crate::sql::insert;
use crate::sql::predicate;

impl PlanCore {
    /// The condition of chunk `i` over the source. Out of range: matches nothing.
    pub fn predicate(&self, i: usize) -> String {
        self.statement_of(i).map_or_else(|| "0".into(), |(chunk, statement)| predicate::in_source(self, &chunk.span, &statement.columns))
    }

    /// The condition of chunk `i` over the target, where its rows can be told there.
    pub fn target_predicate(&self, i: usize) -> Option<String> {
        let (chunk, statement) = self.statement_of(i)?;
        predicate::in_target(self, &chunk.span, &statement.columns)
    }

    /// The INSERT of chunk `i`, sent verbatim. Out of range: empty.
    pub fn chunk_sql(&self, i: usize) -> String {
        self.chunk_sql_where(i, &self.predicate(i))
    }

    /// The same with another condition than the chunk's own.
    pub(crate) fn chunk_sql_where(&self, i: usize, condition: &str) -> String {
        self.statement_of(i).map_or_else(String::new, |(_, statement)| insert::render(statement, condition))
    }

    /// The id of chunk `i`.
    pub fn chunk_id(&self, i: usize) -> ChunkId {
        let (statement, key) = self.chunks.get(i).map_or((u32::MAX, String::new()), |chunk| (chunk.statement, span::key(&chunk.span)));
        digest::chunk_id(&self.plan_id, statement, &key)
    }

    /// The deduplication token of chunk `i` at a generation: target, statement and generation, nothing else.
    pub fn token(&self, i: usize, generation: u32) -> Token {
        let (before, after) = self.statement_of(i).map_or(("", ""), |(_, statement)| (statement.before.as_str(), statement.after.as_str()));
        TokenMaker::new(&self.target.uuid, generation, before, after).token(&self.predicate(i))
    }

    /// The query id of an attempt at chunk `i`. Attempts count from 1 over all jobs of a plan.
    pub fn query_id(&self, i: usize, attempt: u32) -> String {
        format!("penstock-{}-{}-{attempt}", self.plan_id, self.chunk_id(i))
    }

    /// Everything that an attempt at chunk `i` is sent with, apart from its query id.
    pub fn insert_settings(&self, i: usize, generation: u32, attempt: u32, job: &str) -> BTreeMap<String, String> {
        let mut settings = self.settings.clone();
        settings.insert("insert_deduplication_token".into(), self.token(i, generation).to_string());
        let comment = BTreeMap::from([
            ("attempt", attempt.to_string()),
            ("chunk", self.chunk_id(i).to_string()),
            ("generation", generation.to_string()),
            ("job", job.to_owned()),
            ("plan", self.plan_id.to_string()),
        ]);
        settings.insert("log_comment".into(), crate::canonical::to_string(&comment));
        settings
    }

    /// Whether the target's rows can be told by the spans that they came from.
    pub fn tells_target(&self) -> bool {
        let key = self.key.as_ref().is_none_or(|key| key.target_partition.is_some());
        let time = self.time.as_ref().is_none_or(|time| time.target_type.is_some());
        key && time
    }

    fn statement_of(&self, i: usize) -> Option<(&ChunkSpan, &Statement)> {
        let chunk = self.chunks.get(i)?;
        Some((chunk, self.statements.get(usize::try_from(chunk.statement).ok()?)?))
    }
}

impl Plan {
    /// Number of chunks.
    pub fn len(&self) -> usize {
        self.core.chunks.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.core.chunks.is_empty()
    }

    /// Estimated rows and bytes of all chunks.
    pub fn total(&self) -> Estimate {
        self.estimates.iter().fold(Estimate::default(), |sum, one| Estimate {
            bytes: sum.bytes.saturating_add(one.bytes),
            rows: sum.rows.saturating_add(one.rows),
        })
    }

    /// Chunk `i` with all that follows from the core; `None` out of range.
    pub fn chunk(&self, i: usize) -> Option<Chunk> {
        self.chunk_with(i, |core, i| core.token(i, core.generation))
    }

    /// The INSERT of chunk `i`.
    pub fn chunk_sql(&self, i: usize) -> String {
        self.core.chunk_sql(i)
    }

    /// Every chunk, in plan order. Hashes what the chunks of a statement share only once.
    pub fn chunks(&self) -> impl Iterator<Item = Chunk> {
        let makers: Vec<TokenMaker> = self
            .core
            .statements
            .iter()
            .map(|statement| TokenMaker::new(&self.core.target.uuid, self.core.generation, &statement.before, &statement.after))
            .collect();
        (0..self.len()).filter_map(move |i| {
            self.chunk_with(i, |core, i| {
                let maker = core.chunks.get(i).and_then(|chunk| makers.get(usize::try_from(chunk.statement).ok()?));
                maker.map_or_else(|| core.token(i, core.generation), |maker| maker.token(&core.predicate(i)))
            })
        })
    }

    /// The whole document.
    pub fn document(&self) -> PlanDocument {
        PlanDocument {
            chunks: self.chunks().collect(),
            core: self.core.clone(),
            digest: self.core.digest(),
            rationale: self.rationale.clone(),
            snapshot: self.snapshot.clone(),
        }
    }

    fn chunk_with(&self, i: usize, token: impl Fn(&PlanCore, usize) -> Token) -> Option<Chunk> {
        let chunk = self.core.chunks.get(i)?;
        let estimate = self.estimates.get(i).copied().unwrap_or_default();
        Some(Chunk {
            bytes: estimate.bytes,
            id: self.core.chunk_id(i),
            label: self.label(i),
            rows: estimate.rows,
            span: chunk.span.clone(),
            statement: chunk.statement,
            token: token(&self.core, i),
        })
    }

    /// For people: the span, and the view where there are several.
    pub fn label(&self, i: usize) -> String {
        let Some((chunk, statement)) = self.core.statement_of(i) else { return String::new() };
        let label = span::label(&chunk.span, self.core.key.as_ref());
        match &statement.view {
            Some(view) if self.core.statements.len() > 1 => format!("{label} · {}", view.name.table),
            _ => label,
        }
    }
}

impl PlanDocument {
    /// Takes a document apart again. Everything that follows from the core is derived anew and compared: a document
    /// that was changed by hand, or by another planner, is refused with what differs.
    pub fn into_plan(self) -> Result<Plan, Vec<Fault>> {
        let estimates = self.chunks.iter().map(|chunk| Estimate { bytes: chunk.bytes, rows: chunk.rows }).collect();
        let plan = Plan { core: self.core, estimates, rationale: self.rationale, snapshot: self.snapshot };
        let mut faults = Vec::new();
        if plan.core.digest() != self.digest {
            faults.push(Fault::new("digest-differs", format!("the document says {}, its core has {}", self.digest, plan.core.digest())));
        }
        if plan.len() != self.chunks.len() {
            faults.push(Fault::new("chunks-differ", format!("{} chunks are spelt out, the core has {}", self.chunks.len(), plan.len())));
        }
        faults.extend(
            plan.chunks()
                .zip(&self.chunks)
                .enumerate()
                .filter(|(_, (derived, stated))| derived != *stated)
                .map(|(i, (_, stated))| Fault::new("chunk-differs", format!("chunk {i} ({}) is not what its core gives", stated.label))),
        );
        if faults.is_empty() { Ok(plan) } else { Err(faults) }
    }
}
