//! Why a plan is cut as it is: its decisions, each under what it is about.

use planner_core::rationale::{Note, Severity};

/// What a note is about, and whether it explains cuts rather than warns of something else.
fn topic(code: &str) -> Option<&'static str> {
    Some(match code {
        "mode" => "What is sent",
        "time-column" => "Time column",
        "key-from-index" | "key-from-sample" | "key-unknown" => "Key",
        "partitions" | "partitions-not-packed" | "planned-partitions" => "Partitions",
        "hot-key" => "Heavy key",
        "hash-buckets" => "Divided by hash",
        "columns-dropped" | "columns-defaulted" | "type-conversion" => "Columns",
        "write-path" | "target-folds-rows" => "Writing",
        _ => return None,
    })
}

/// The notes that explain the cuts, with what each is about; a topic stands only before its first note.
///
/// Warnings that explain a cut (a heavy key, a key that could not be read) stand here too.
pub fn reasons(notes: &[Note]) -> Vec<(&'static str, &Note)> {
    let mut reasons: Vec<(&'static str, &Note)> = Vec::new();
    for note in notes {
        let Some(topic) = topic(&note.code).or_else(|| (note.severity == Severity::Info).then_some("Also")) else { continue };
        // Behind the last of its topic, so that each topic stands together.
        let place = reasons.iter().rposition(|(known, _)| *known == topic).map_or(reasons.len(), |last| last + 1);
        reasons.insert(place, (topic, note));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_stand_by_topic_and_other_warnings_elsewhere() {
        let notes = [
            Note::info("partitions", "2 small ones"),
            Note::warning("hot-key", "one holds 61 %", ""),
            Note::info("partitions-not-packed", "another key"),
            Note::info("new-code", "something"),
            Note::warning("dedup-window-off", "ignored", ""),
        ];
        let told: Vec<(&str, &str)> = reasons(&notes).into_iter().map(|(topic, note)| (topic, note.message.as_str())).collect();
        let expected =
            [("Partitions", "2 small ones"), ("Partitions", "another key"), ("Heavy key", "one holds 61 %"), ("Also", "something")];
        assert_eq!(told, expected);
    }
}
