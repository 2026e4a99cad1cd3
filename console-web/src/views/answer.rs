//! Answers of the worker, and rows of chunks, as far as the page reads them. Probes go back to the server and spans into no
//! view: as the text that they came in they cost the page none of their types.

use planner_core::digest::{Digest, PlanId};
use planner_core::refusal::Refusal;
use planner_wasm::message::{Marks, Preview};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::facts::SnapshotFacts;

/// One answer; the worker's own type is `planner_wasm::message::Answer`.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// The question's id.
    pub id: u64,
    /// The answer.
    pub what: Reply,
}

/// The answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The snapshot is loaded.
    Loaded(Box<SnapshotFacts>),
    /// The plan is made and kept.
    Planned(Box<Preview>),
    /// The snapshot must be extended first.
    NeedsDetail {
        /// A plan from what is known.
        coarse: Option<Box<Preview>>,
        /// What to ask, as JSON.
        #[serde(deserialize_with = "text")]
        probes: String,
        /// The snapshot that is too coarse.
        snapshot: Digest,
    },
    /// The plan is refused.
    Refused(Refusal),
    /// The chunks asked for.
    Chunks {
        /// In plan order.
        rows: Vec<Line>,
    },
    /// The digest asked for.
    Digest {
        /// Digest.
        digest: Digest,
        /// The plan that it is of.
        plan_id: PlanId,
    },
    /// The document asked for.
    Document {
        /// Canonical JSON.
        text: String,
    },
    /// The question could not be answered.
    Failed {
        /// Why.
        message: String,
    },
}

/// One page of chunks, from the worker or from the server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Lines {
    /// In plan order.
    pub chunks: Vec<Line>,
}

/// One chunk with its place.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Line {
    /// The chunk.
    pub chunk: ChunkFacts,
    /// Its index.
    pub index: u64,
    /// What is worth knowing of it; the server does not say.
    #[serde(default)]
    pub marks: Marks,
    /// Rows that it reads; the server does not say.
    #[serde(default)]
    pub rows_read: Option<u64>,
    /// Its INSERT.
    pub sql: String,
}

/// Of a chunk.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ChunkFacts {
    /// Estimated bytes.
    pub bytes: u64,
    /// For people.
    pub label: String,
    /// Estimated rows.
    pub rows: u64,
    #[serde(deserialize_with = "text")]
    span: String,
    /// Deduplication token.
    pub token: String,
}

impl ChunkFacts {
    /// Whether it is a share by hash of rows that no key divides.
    pub fn is_share(&self) -> bool {
        // Strings of a span are hex and ids: none holds a quotation mark.
        self.span.contains("\"bucket\":")
    }
}

fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Box::<RawValue>::deserialize(from).map(|raw| String::from(Box::<str>::from(raw)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use planner_core::key::{Bucket, KeySpan, KeyTuple};
    use planner_core::plan::{Chunk, Span};
    use planner_core::probe::Probe;
    use planner_wasm::message;

    fn read(what: message::Reply) -> Reply {
        let text = serde_json::to_string(&message::Answer { id: 3, what }).unwrap();
        let answer: Answer = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(answer.id, 3);
        answer.what
    }

    fn digest() -> Digest {
        Digest::parse(&"a".repeat(64)).unwrap()
    }

    fn chunk(bucket: Option<Bucket>) -> Chunk {
        let from = Some(KeyTuple::of(b"\"bucket\":"));
        let id = serde_json::from_str("\"0123456789abcdef\"").unwrap();
        let token = serde_json::from_str(&format!("\"{}\"", "b".repeat(64))).unwrap();
        let span = Span::Key(Box::new(KeySpan { bucket, from, partitions: vec!["1".into()], to: None }));
        Chunk { bytes: 5, id, label: "one".into(), rows: 4, span, statement: 0, token }
    }

    #[test]
    fn every_answer_of_the_worker_is_read() {
        assert!(matches!(read(message::Reply::Failed { message: "x".into() }), Reply::Failed { message } if message == "x"));
        assert!(matches!(read(message::Reply::Document { text: "{}".into() }), Reply::Document { text } if text == "{}"));
        assert!(
            matches!(read(message::Reply::Refused(Refusal::new("code", "why", "hint"))), Reply::Refused(refusal) if refusal.code == "code")
        );
        let plan_id: PlanId = serde_json::from_str("\"0123456789abcdef\"").unwrap();
        let of = message::Reply::Digest { digest: digest(), plan_id: plan_id.clone() };
        assert!(matches!(read(of), Reply::Digest { plan_id: read, .. } if read == plan_id));
        let needs = message::Reply::NeedsDetail { coarse: None, probes: vec![Probe::Server], snapshot: digest() };
        let Reply::NeedsDetail { coarse: None, probes, .. } = read(needs) else { panic!("needs detail") };
        assert_eq!(serde_json::from_str::<Vec<Probe>>(&probes).unwrap(), [Probe::Server]);
    }

    #[test]
    fn rows_are_read_from_the_worker_and_from_the_server() {
        let hashed = chunk(Some(Bucket { index: 0, of: 2 }));
        let row = message::PreviewRow {
            chunk: hashed.clone(),
            index: 7,
            marks: Marks { hot: true, over: false },
            rows_read: 12,
            sql: "INSERT".into(),
        };
        let Reply::Chunks { rows } = read(message::Reply::Chunks { rows: vec![row] }) else { panic!("rows") };
        let [line] = rows.as_slice() else { panic!("one row") };
        assert_eq!((line.index, line.marks.hot, line.chunk.is_share(), line.chunk.rows, line.rows_read), (7, true, true, 4, Some(12)));

        let row = executor_api::plan::ChunkRow { chunk: chunk(None), index: 1, sql: String::new() };
        let page = executor_api::plan::ChunkPage { chunks: vec![row], next: None, total: 1 };
        let lines: Lines = serde_json::from_str(&serde_json::to_string(&page).unwrap()).unwrap();
        assert!(!lines.chunks[0].chunk.is_share());
        assert_eq!(lines.chunks[0].chunk.token.len(), 64);
    }
}
