//! Whether there is room for what a plan writes.

use planner_core::engine;

use super::facts::Facts;
use super::format;

/// What so many rows will take, against what is free: in words.
pub fn words(snapshot: &Facts, rows: u64) -> String {
    let (source, target) = (&snapshot.source, &snapshot.target);
    if !engine::keeps_local_disk(&target.engine, &target.engine_full) {
        return "the target's rows do not lie on the server's own disk: what is free there is not known".to_owned();
    }
    let free = match snapshot.server.disk_free_bytes {
        Some(free) => format!("the server has about {} free", format::bytes(free)),
        None => "the server does not say what is free".to_owned(),
    };
    match source.stored.disk_bytes_of(rows) {
        0 => format!("what the rows take is not known; {free}"),
        taken => format!("these rows take {} in the source, and as much again while they merge; {free}", format::bytes(taken)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::facts::tests::ANSWER;

    fn check(change: impl FnOnce(&mut Facts), rows: u64, expected: &str) {
        let answer: serde_json::Value = serde_json::from_str(ANSWER).unwrap();
        let mut facts: Facts = serde_json::from_value(answer["snapshot"].clone()).unwrap();
        change(&mut facts);
        assert_eq!(words(&facts, rows), expected);
    }

    #[test]
    fn room_is_told_as_far_as_it_is_known() {
        check(|_| (), 11, "what the rows take is not known; the server does not say what is free");
        let known = |facts: &mut Facts| {
            facts.server.disk_free_bytes = Some(64 << 30);
            facts.source.stored.disk_bytes = 22 << 20;
        };
        let all = "these rows take 22 MiB in the source, and as much again while they merge; the server has about 64 GiB free";
        check(known, 11, all);
        check(known, 1, &all.replace("22 MiB", "2 MiB"));
        let elsewhere = |facts: &mut Facts| facts.target.engine_full = "MergeTree ORDER BY id SETTINGS storage_policy = 's3'".into();
        check(elsewhere, 11, "the target's rows do not lie on the server's own disk: what is free there is not known");
    }
}
