//! From facts to steps: pure. What stands in the way of everything else comes first.

use executor_api::job::JobState;
use executor_api::receipt::Verdict;
use planner_core::sql::identifier::Identifier;
use serde::Serialize;

use super::super::next;
use super::facts::{Facts, FailureGroup, ServerFacts};
use crate::cli::output::{bytes, count};
use crate::cli::progress::duration;
use crate::clickhouse::classify::{Class, class};

/// A mutation that is open for so long is looked at.
const LONG: u64 = 600;
/// Less than this share of a disk is little room, in percent.
const LITTLE_SHARE: u64 = 5;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Step {
    pub(super) code: &'static str,
    pub(super) command: String,
    pub(super) problem: String,
}

fn step(code: &'static str, problem: impl Into<String>, command: impl Into<String>) -> Step {
    Step { code, command: command.into(), problem: problem.into() }
}

/// What to do, in order.
pub(super) fn steps(facts: &Facts) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some((before, now)) = &facts.elsewhere {
        let problem = format!("the plan was made on {before}; the configuration says {now}");
        steps.push(step("environment-differs", problem, "penstock config  (shows where the address comes from)"));
    }
    match &facts.server {
        Err(reason) => {
            let problem = format!("ClickHouse does not answer: {reason}");
            steps.push(step(
                "clickhouse-away",
                problem,
                "penstock config  (shows the address in force); a run that waits goes on by itself",
            ));
        }
        // What is proven needs nothing more of the server.
        Ok(_) if facts.job.as_ref().is_some_and(|job| job.verdict == Some(Verdict::Exact)) => {}
        Ok(server) => steps.extend(of_server(facts, server)),
    }
    if let Some(free) = facts.state_disk {
        steps.push(step("disk-low", format!("the state directory's disk has {} left", bytes(free)), "df -h .  (and make room)"));
    }
    for other in &facts.overlapping {
        steps.push(step("run-overlaps", other.clone(), "let that one end or cancel it first; `penstock status` shows it"));
    }
    steps.extend(of_run(facts));
    steps
}

fn of_server(facts: &Facts, server: &ServerFacts) -> Vec<Step> {
    let mut steps = Vec::new();
    for right in &server.missing_rights {
        let problem = format!("user {} lacks {right}", server.user);
        steps.push(step("grant-missing", problem, format!("GRANT {right} TO {}", quoted(&server.user))));
    }
    if let Some(reason) = &server.refused {
        steps.push(step("target-changed", format!("the tables cannot be planned any more: {reason}"), replan(facts)));
    }
    for change in &server.changes {
        steps.push(step("target-changed", format!("changed since planning: {change}"), replan(facts)));
    }
    for note in &server.dedup {
        let command = if note.hint.is_empty() { "nothing: contents are compared instead".to_owned() } else { note.hint.clone() };
        let code = if note.code == "dedup-window-off" { "dedup-window-off" } else { "dedup-window-short" };
        steps.push(step(code, note.message.clone(), command));
    }
    for disk in &server.disks {
        let little = u128::from(disk.free) * 100 < u128::from(disk.total) * u128::from(LITTLE_SHARE);
        if little || disk.free < facts.bytes_left {
            let problem = format!(
                "disk {} of the target has {} left of {}; about {} uncompressed are to be written",
                disk.name,
                bytes(disk.free),
                bytes(disk.total),
                bytes(facts.bytes_left)
            );
            steps.push(step("disk-low", problem, "make room on the server, then resume"));
        }
    }
    for (table, mutation) in &server.mutations {
        if mutation.failure.is_empty() && mutation.seconds < LONG {
            continue;
        }
        let why = if mutation.failure.is_empty() { String::new() } else { format!(": {}", mutation.failure) };
        let problem =
            format!("mutation {} of {table} ({}) is not done after {}{why}", mutation.id, mutation.command, duration(mutation.seconds));
        let id = planner_core::sql::literal::string(&mutation.id);
        steps.push(step("mutation-stuck", problem, format!("KILL MUTATION WHERE mutation_id = {id}  (or let it end)")));
    }
    steps
}

fn of_run(facts: &Facts) -> Vec<Step> {
    let id = &facts.plan_id;
    let Some(job) = &facts.job else {
        return vec![step("never-run", "the plan was never run", next::of_plan("run", id))];
    };
    let mut steps = Vec::new();
    if job.counts.unknown > 0 {
        let problem = format!("the outcome of {} is not known: the answer was lost", count(job.counts.unknown, "chunk"));
        let command = if facts.live {
            "nothing: evidence is being gathered".to_owned()
        } else {
            format!("{}  (gathers the evidence)", next::of_plan("resume", id))
        };
        steps.push(step("outcome-unknown", problem, command));
    }
    steps.extend(facts.failures.iter().map(|group| failed(facts, group)));
    if job.verdict == Some(Verdict::Different) {
        let problem = format!("the contents differ: {}", job.message.clone().unwrap_or_default());
        steps.push(step(
            "contents-differ",
            problem,
            format!("{}  (names the spans); then {} --replay-done", next::of_plan("receipt", id), next::of_plan("resume", id)),
        ));
    }
    let resume = next::of_plan("resume", id);
    match job.state {
        JobState::Completed if job.verdict == Some(Verdict::Unproven) => {
            let problem = format!("done, but not proven: {}", job.message.clone().unwrap_or_default());
            steps.push(step("unproven", problem, next::of_plan("receipt", id)));
        }
        JobState::Partial | JobState::Failed if !facts.failures.is_empty() => {
            let problem = format!("{} failed for good", count(job.counts.failed, "chunk"));
            steps.push(step("retries-exhausted", problem, format!("{resume} --replay-failed  (when the causes above are gone)")));
        }
        JobState::Completed | JobState::Partial | JobState::Failed => {}
        JobState::Cancelled => steps.push(step("cancelled", "the run was cancelled", format!("{resume}  (goes on where it ended)"))),
        state if facts.live => {
            let waits = job.message.clone().map_or_else(String::new, |message| format!(": {message}"));
            steps.push(step("live", format!("a process is on it: {}{waits}", state.name()), next::of_plan("status", id)));
        }
        state => steps.push(step("interrupted", format!("the run is {} and no process is on it", state.name()), resume)),
    }
    steps
}

/// What a group of failures asks for.
fn failed(facts: &Facts, group: &FailureGroup) -> Step {
    let id = &facts.plan_id;
    let chunks = group.chunks.iter().take(5).map(u64::to_string).collect::<Vec<_>>().join(", ");
    let more = if group.chunks.len() > 5 { ", …" } else { "" };
    let again = format!("{} --replay-failed", next::of_plan("resume", id));
    let Some(code) = group.code else {
        let problem = format!("{} not sent ({chunks}{more}): {}", count(group.chunks.len() as u64, "chunk"), group.message);
        return step("chunk-refused", problem, again);
    };
    let problem = format!("{} failed with code {code} ({chunks}{more}): {}", count(group.chunks.len() as u64, "chunk"), group.message);
    let command = match class(code) {
        Class::TooBig => {
            format!("plan smaller chunks: penstock plan {} --force  (with a smaller --chunk-hours or --max-chunk-bytes)", facts.plan_flags)
        }
        Class::Busy | Class::Lost | Class::StillRunning | Class::Unclear => again,
        Class::NotAllowed => format!("grant what it names; then {again}"),
        Class::Fatal => format!("the statement or {} is wrong: mend what it names; then {again}", facts.target),
    };
    step("chunk-failed", problem, command)
}

/// A name as it stands in a statement.
fn quoted(name: &str) -> String {
    Identifier::new(name).map_or_else(|_| name.to_owned(), |name| name.quoted())
}

fn replan(facts: &Facts) -> String {
    format!("penstock plan {} --force", facts.plan_flags)
}

#[cfg(test)]
mod tests {
    use executor_api::job::{Counts, Job};
    use planner_core::rationale::Note;

    use super::*;
    use crate::clickhouse::diagnosis::{Disk, Mutation};
    use crate::state::Environment;

    fn job() -> Job {
        serde_json::from_value(serde_json::json!({
            "id": "00000000000000aa", "state": "partial", "title": "t", "reason": "", "plan_digest": "0".repeat(64), "plan_id": "0".repeat(16),
            "source": {"database": "a", "table": "s"}, "target": {"database": "a", "table": "t"}, "lanes": 1, "order": "oldest_first",
            "counts": Counts::default(), "progress": executor_api::job::Progress::default(), "created_at": 0, "started_at": null, "finished_at": null,
            "last_event_id": 1,
        }))
        .unwrap()
    }

    fn facts(server: Result<ServerFacts, String>) -> Facts {
        Facts {
            plan_id: "0123456789abcdef".into(),
            plan_flags: "--source a.s --target a.t --chunk-hours 6".into(),
            target: "a.t".into(),
            elsewhere: None,
            job: None,
            live: false,
            failures: Vec::new(),
            overlapping: Vec::new(),
            bytes_left: 5 << 30,
            state_disk: None,
            server,
        }
    }

    fn shown(facts: &Facts) -> String {
        steps(facts).iter().map(|step| format!("{}: {} → {}", step.code, step.problem, step.command)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_stands_in_the_way_of_everything_else_comes_first() {
        let environment = |origin: &str| Environment { database: String::new(), fingerprint: origin.into(), origin: origin.into() };
        let mutation = |failure: &str, seconds| Mutation {
            id: "mutation_1.txt".into(),
            command: "UPDATE x = 1".into(),
            failure: failure.into(),
            seconds,
        };
        let server = ServerFacts {
            missing_rights: vec!["INSERT ON `a`.`t`".into()],
            user: "me".into(),
            changes: vec!["target a.t: columns changed".into()],
            refused: None,
            dedup: vec![Note::warning("dedup-window-short", "a.t remembers 5 blocks", "wider chunks need fewer blocks")],
            disks: vec![
                Disk { name: "full".into(), free: 1 << 30, total: 100 << 30 },
                Disk { name: "fine".into(), free: 50 << 30, total: 100 << 30 },
            ],
            mutations: vec![
                ("a.s".into(), mutation("", 30)),
                ("a.t".into(), mutation("it throws", 30)),
                ("a.t".into(), mutation("", 4000)),
            ],
        };
        let group = |code, chunks: &[u64], message: &str| FailureGroup { code, chunks: chunks.to_vec(), message: message.into() };
        let facts = Facts {
            elsewhere: Some((environment("http://one:8123"), environment("http://other:8123"))),
            failures: vec![
                group(None, &[1], "the span holds other rows"),
                group(Some(241), &[2, 3, 4, 5, 6, 7], "Memory limit exceeded"),
                group(Some(497), &[8], "Not enough privileges"),
                group(Some(469), &[9], "Constraint violated"),
                group(Some(202), &[10], "Too many queries"),
            ],
            overlapping: vec!["plan fedcba9876543210 (paused) writes rows of the same time into a.t".into()],
            state_disk: Some(10 << 20),
            job: Some(Job { state: JobState::Partial, counts: Counts { failed: 10, total: 20, done: 10, ..Counts::default() }, ..job() }),
            ..facts(Ok(server))
        };
        insta::assert_snapshot!(shown(&facts));
    }

    #[test]
    fn a_server_that_is_away_and_a_plan_that_was_never_run() {
        insta::assert_snapshot!(shown(&facts(Err("no connection: refused".into()))), @r"
        clickhouse-away: ClickHouse does not answer: no connection: refused → penstock config  (shows the address in force); a run that waits goes on by itself
        never-run: the plan was never run → penstock run --plan-id 0123456789abcdef
        ");
    }
}
