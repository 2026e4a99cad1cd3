//! The crash matrix: the service dies before and after every kind of stored event, once each, and is started again. Each
//! row is there exactly once all the same.

mod case;
mod scenarios;

use std::collections::BTreeSet;

use case::Case;
use penstock_tests::clickhouse::{ClickHouse, workspace};
use scenarios::Scenario;

/// Runs a scenario once for each moment around each of the kinds that it shows.
async fn matrix(scenario: Scenario) {
    let mut server = ClickHouse::start();
    for (number, kind) in scenario.kinds().iter().enumerate() {
        for moment in ["before", "after"] {
            let crash = format!("{moment}:{kind}");
            eprintln!("{scenario:?}, {crash}");
            let mut case = Case::start(&mut server, format!("case_{number}_{moment}"), crash).await;
            scenario.play(&mut case).await;
            case.finish().await;
        }
    }
}

#[test]
fn every_kind_of_event_is_in_the_matrix() {
    let source = std::fs::read_to_string(workspace().join("executor-server/src/runner/kinds.rs")).unwrap();
    let known: BTreeSet<&str> = source.lines().filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\",")).collect();
    let shown: BTreeSet<&str> = Scenario::ALL.iter().flat_map(|scenario| scenario.kinds()).copied().collect();
    // A connection refused between a check and its sending cannot be brought about from outside; nothing was sent then,
    // and what a death leaves is a task that runs without an answer, as before and after task-started.
    let missing: Vec<&&str> = known.difference(&shown).filter(|kind| **kind != "task-not-sent").collect();
    assert!(known.len() > 20 && missing.is_empty(), "{missing:?}");
    assert!(shown.is_subset(&known), "{shown:?}");
}

macro_rules! matrices {
    ($($name:ident: $scenario:ident,)*) => {$(
        #[tokio::test]
        async fn $name() {
            matrix(Scenario::$scenario).await;
        }
    )*};
}

matrices! {
    a_death_in_a_plain_copy: Copy,
    a_death_while_an_answer_is_lost: Lost,
    a_death_while_a_chunk_is_repeated: Repeated,
    a_death_while_a_chunk_is_split: Split,
    a_death_while_a_span_is_removed: Removed,
    a_death_while_a_failed_chunk_is_taken_up: TakenUp,
    a_death_in_a_pause: Paused,
    a_death_in_a_cancelled_job: Cancelled,
    a_death_in_a_refused_job: Refused,
    a_death_in_a_repeat: Again,
    a_death_where_rows_are_in_the_way: InTheWay,
    a_death_in_a_comparison: Differs,
    a_death_where_nothing_can_be_compared: NotCompared,
    a_death_after_a_torn_block: Torn,
    a_death_while_clickhouse_is_away: Away,
    a_death_while_the_target_is_full: Held,
    a_death_while_a_window_is_set: Window,
}
