//! Carries planner-core's questions to ClickHouse and the answers back, until a snapshot is complete.

use planner_core::probe::{self, Answers, Probe};
use planner_core::refusal::Refusal;
use planner_core::snapshot::Snapshot;
use planner_core::survey::{self, Survey, SurveySpec};

use crate::clickhouse::client::{Client, Failure, Query};

/// Most rounds of questions; planning needs three.
const MOST_ROUNDS: u32 = 16;

/// Why there is no snapshot.
#[derive(Debug)]
pub enum NoSnapshot {
    /// The planner refuses.
    Refused(Refusal),
    /// ClickHouse does, or does not answer.
    Failed(Failure),
    /// The planner goes on asking.
    Endless,
}

/// Takes a snapshot.
pub async fn take(client: &Client, spec: &SurveySpec) -> Result<Snapshot, NoSnapshot> {
    let client = &client.at_holder(&spec.target).await;
    let mut answers = Answers::new();
    for _ in 0..MOST_ROUNDS {
        match survey::survey(spec, &answers) {
            Survey::Ready(snapshot) => return Ok(*snapshot),
            Survey::Refused(refusal) => return Err(NoSnapshot::Refused(refusal)),
            Survey::Ask(probes) => ask(client, probes, &mut answers).await?,
        }
    }
    Err(NoSnapshot::Endless)
}

/// Adds the answers of detail probes to a snapshot.
pub async fn extend(client: &Client, snapshot: &Snapshot, probes: Vec<Probe>) -> Result<Snapshot, NoSnapshot> {
    // Only what refines this very snapshot is asked: the probes come from outside.
    for probe in &probes {
        if !survey::is_detail_of(probe, snapshot) {
            let unasked = Answers::from([(probe.clone(), String::new())]);
            let refusal = survey::extend(snapshot, &unasked).err();
            return Err(refusal.map_or(NoSnapshot::Endless, NoSnapshot::Refused));
        }
    }
    let client = &client.at_holder(&snapshot.target.name).await;
    let mut answers = Answers::new();
    ask(client, probes, &mut answers).await?;
    survey::extend(snapshot, &answers).map_err(NoSnapshot::Refused)
}

async fn ask(client: &Client, probes: Vec<Probe>, answers: &mut Answers) -> Result<(), NoSnapshot> {
    for probe in probes {
        let sql = probe.sql();
        let query = Query::new(&sql).timeout(std::time::Duration::from_mins(2));
        let text = match client.query(query).await {
            Ok(answer) => answer.text,
            // Planning goes on without it, and says so.
            Err(Failure::Exception { message, .. }) if probe.is_optional() => probe::refused(&message),
            Err(failure) => return Err(NoSnapshot::Failed(failure)),
        };
        answers.insert(probe, text);
    }
    Ok(())
}
