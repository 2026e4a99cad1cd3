//! Questions to the worker as text. A snapshot goes through as it came: reading it here only to write it again would
//! cost the page its whole document type, and, where it has a million points, its memory.

use planner_core::request::Request;

/// One question; the worker's own type is `planner_wasm::message::Question`.
#[derive(Clone, Debug)]
pub enum Wish {
    /// Plan.
    Plan {
        /// What the user asks.
        request: Box<Request>,
        /// Most cells of the strip.
        cells: u32,
    },
    /// Chunks `from..to` of the plan.
    Chunks {
        /// First index.
        from: u64,
        /// Index behind the last.
        to: u64,
    },
    /// The plan's digest.
    Digest,
    /// The whole plan.
    Document,
}

/// What stands before and behind the service's answer in the message that hands a snapshot on.
pub fn load(id: u64) -> (String, &'static str) {
    (format!("{{\"id\":{id},\"what\":{{\"load\":"), "}}")
}

/// The message.
pub fn text(id: u64, wish: &Wish) -> String {
    let what = match wish {
        Wish::Plan { request, cells } => {
            let request = serde_json::to_string(request).unwrap_or_default();
            format!("{{\"plan\":{{\"request\":{request},\"cells\":{cells}}}}}")
        }
        Wish::Chunks { from, to } => format!("{{\"chunks\":{{\"from\":{from},\"to\":{to}}}}}"),
        Wish::Digest => "\"digest\"".to_owned(),
        Wish::Document => "\"document\"".to_owned(),
    };
    format!("{{\"id\":{id},\"what\":{what}}}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::{facts, studio};
    use planner_wasm::message::{Ask, Question};

    fn read(wish: &Wish) -> Question {
        let ask: Ask = serde_json::from_str(&text(7, wish)).unwrap();
        assert_eq!(ask.id, 7);
        ask.what
    }

    #[test]
    fn the_worker_reads_every_question() {
        let (before, after) = load(7);
        let ask: Ask = serde_json::from_str(&format!("{before}{}{after}", facts::tests::ANSWER)).unwrap();
        assert!(matches!(ask.what, Question::Load { snapshot } if snapshot.target.unfinished_mutations == 2));
        let table = |name: &str| planner_core::sql::identifier::TableName::new("demo", name).ok();
        let request =
            studio::Studio { source: table("a\"b"), target: table("c"), ..studio::Studio::default() }.request().map(Box::new).unwrap();
        assert_eq!(read(&Wish::Plan { request: request.clone(), cells: 9 }), Question::Plan { request, cells: 9 });
        assert_eq!(read(&Wish::Chunks { from: 1, to: 3 }), Question::Chunks { from: 1, to: 3 });
        assert_eq!(read(&Wish::Digest), Question::Digest);
        assert_eq!(read(&Wish::Document), Question::Document);
    }
}
