//! Taking a snapshot, without IO: the survey says what it needs next, the host asks the server, until all is known.

mod changes;
mod detail;
mod key;
mod tables;
mod time;

use std::collections::{BTreeMap, BTreeSet};

use crate::answer::{self, ServerAnswer};
use crate::policy::Policy;
use crate::probe::{Answers, Probe};
use crate::refusal::Refusal;
use crate::snapshot::{self, Snapshot, ViewColumn};
use crate::sql::identifier::{Identifier, TableName};

pub use self::changes::changes;
pub use self::detail::{extend, is_detail_of};
use self::key::profile_key;
pub(crate) use self::key::{below_probe, finer_key_probe, key_probe};
use self::tables::{dedup, find, source_of_feeders, table, views};
use self::time::profile_both;

/// What a snapshot is wanted of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveySpec {
    /// Limits and defaults, kept in the snapshot.
    pub policy: Policy,
    /// Where rows are read; none: the source of the views that feed the target.
    pub source: Option<TableName>,
    /// Where rows are written.
    pub target: TableName,
    /// The time column to profile; none: the one that planning resolves.
    pub time_column: Option<Identifier>,
}

/// How far a survey has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Survey {
    /// All is known.
    Ready(Box<Snapshot>),
    /// These are to be asked, then the survey is called again with the answers added.
    Ask(Vec<Probe>),
    /// No snapshot is possible.
    Refused(Refusal),
}

/// The next step of a survey, from the answers so far.
pub fn survey(spec: &SurveySpec, answers: &Answers) -> Survey {
    match step(spec, answers) {
        Ok(snapshot) => Survey::Ready(Box::new(snapshot)),
        Err(Stop::Ask(probes)) => Survey::Ask(probes),
        Err(Stop::Refuse(refusal)) => Survey::Refused(refusal),
    }
}

enum Stop {
    Ask(Vec<Probe>),
    Refuse(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}

/// The answers of all these probes; asks for those that are missing.
fn need<const N: usize>(answers: &Answers, probes: [Probe; N]) -> Result<[&str; N], Stop> {
    let missing: Vec<Probe> = probes.iter().filter(|probe| !answers.contains_key(*probe)).cloned().collect();
    if !missing.is_empty() {
        return Err(Stop::Ask(missing));
    }
    Ok(probes.map(|probe| answers.get(&probe).map_or("", String::as_str)))
}

fn step(spec: &SurveySpec, answers: &Answers) -> Result<Snapshot, Stop> {
    let mut names = vec![spec.target.clone()];
    names.extend(spec.source.clone().filter(|source| source != &spec.target));
    let [server, tables] = need(answers, [Probe::Server, Probe::Tables { names }])?;
    let ServerAnswer { server, merge_tree } = answer::server(server)?;
    let rows = answer::tables(tables)?;
    let target_row = find(&rows, &spec.target)?;
    let mut views = views(&rows)?;
    let source = match &spec.source {
        Some(source) => source.clone(),
        None => source_of_feeders(&views, &spec.target)?,
    };
    let source_row = find(&rows, &source)?;
    views.retain(|view| view.source == source || view.source == spec.target || view.target.as_ref() == Some(&spec.target));

    let both: Vec<TableName> = BTreeSet::from([source.clone(), spec.target.clone()]).into_iter().collect();
    let fired: BTreeSet<TableName> =
        views.iter().filter(|view| view.source == spec.target).filter_map(|view| view.target.clone()).collect();
    let described: BTreeSet<TableName> = both.iter().cloned().chain(views.iter().map(|view| view.name.clone())).collect();
    let [columns, partitions, fired_rows] = need(
        answers,
        [
            Probe::Columns { names: described.into_iter().collect() },
            Probe::Partitions { names: both },
            Probe::Tables {
                names: if fired.is_empty() { names_of(&spec.target, spec.source.as_ref()) } else { fired.into_iter().collect() },
            },
        ],
    )?;
    let columns = answer::columns(columns)?;
    let partitions = answer::partitions(partitions)?;
    let fired_rows = answer::tables(fired_rows)?;
    for view in &mut views {
        view.columns = columns
            .iter()
            .filter(|(table, _)| table == &view.name)
            .map(|(_, column)| ViewColumn { name: column.name.clone(), type_name: column.type_name.clone() })
            .collect();
        if view.source == spec.target {
            view.target_dedup =
                view.target.as_ref().and_then(|name| fired_rows.iter().find(|row| row.is(name))).map(|row| dedup(row, &merge_tree));
        }
    }
    let mut source = table(source_row, source, &columns, &partitions, &merge_tree);
    let mut target = table(target_row, spec.target.clone(), &columns, &partitions, &merge_tree);
    let asked = profile_both(spec, &mut source, &mut target, answers);
    let keys = profile_key(spec, &mut source, answers);
    join(asked, keys)?;
    target.partitions = Vec::new();
    let (format, policy) = (snapshot::FORMAT, spec.policy.clone());
    let mut snapshot = Snapshot { day_starts: BTreeMap::new(), format, policy, server, source, target, views };
    snapshot.fit();
    Ok(snapshot)
}

fn names_of(target: &TableName, source: Option<&TableName>) -> Vec<TableName> {
    let mut names = vec![target.clone()];
    names.extend(source.filter(|source| *source != target).cloned());
    names
}

/// Both questions in one round.
fn join(one: Result<(), Stop>, other: Result<(), Stop>) -> Result<(), Stop> {
    match (one, other) {
        (Err(Stop::Ask(mut probes)), Err(Stop::Ask(more))) => {
            probes.extend(more);
            Err(Stop::Ask(probes))
        }
        (Err(stop), _) | (Ok(()), Err(stop)) => Err(stop),
        (Ok(()), Ok(())) => Ok(()),
    }
}
