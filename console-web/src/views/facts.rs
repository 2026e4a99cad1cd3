//! Of a snapshot, what the page itself looks at. The whole document goes to the worker as it came; the worker tells what may be
//! shown of it.

use std::collections::BTreeMap;

use planner_core::digest::Digest;
use planner_core::snapshot::{DedupWindow, Partition, Stored, TimeBucket};
use planner_core::sql::identifier::TableName;
use serde::Deserialize;

/// The snapshot that the worker has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SnapshotFacts {
    /// The snapshot's name.
    pub digest: Digest,
    /// What the page shows.
    pub facts: Facts,
}

/// What the page shows of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Facts {
    /// The server that was asked.
    pub server: ServerFacts,
    /// Where rows are read.
    pub source: TableFacts,
    /// Where rows are written.
    pub target: TableFacts,
    /// Materialized views around both.
    #[serde(default)]
    pub views: Vec<ViewFacts>,
}

/// Of the server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ServerFacts {
    /// Bytes that are free where it keeps data, rounded down.
    #[serde(default)]
    pub disk_free_bytes: Option<u64>,
    /// Its limit on memory in bytes; 0 when it does not say.
    pub memory_bytes: u64,
    /// Its time zone.
    pub timezone: String,
    /// Its version.
    pub version: String,
}

/// Of a table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TableFacts {
    /// How long it remembers blocks.
    pub dedup: DedupWindow,
    /// Engine name.
    pub engine: String,
    /// Engine with arguments and settings.
    pub engine_full: String,
    /// The table.
    pub name: TableName,
    /// Active partitions of the source.
    #[serde(default)]
    pub partitions: Vec<Partition>,
    /// What the active parts hold.
    pub stored: Stored,
    /// Distribution over time, by column.
    #[serde(default)]
    pub times: BTreeMap<String, TimeFacts>,
    /// Mutations that have not finished.
    pub unfinished_mutations: u64,
}

/// Of a distribution over time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TimeFacts {
    /// Buckets with rows, ascending.
    pub buckets: Vec<TimeBucket>,
}

/// Of a materialized view.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ViewFacts {
    /// The view.
    pub name: TableName,
    /// The table whose inserts fire it.
    pub source: TableName,
    /// The table that it writes.
    #[serde(default)]
    pub target: Option<TableName>,
}

impl Facts {
    /// Views that write the target from the source.
    pub fn feeding(&self) -> Vec<String> {
        let feeds = |view: &&ViewFacts| view.target.as_ref() == Some(&self.target.name) && view.source == self.source.name;
        self.views.iter().filter(feeds).map(|view| view.name.to_string()).collect()
    }

    /// Views that read the target.
    pub fn reading_target(&self) -> Vec<String> {
        self.views.iter().filter(|view| view.source == self.target.name).map(|view| view.name.to_string()).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::views::answer::{Answer, Reply};
    use crate::views::question;

    pub(crate) const ANSWER: &str = r#"{"digest":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","snapshot":{"format":2,"policy":{},"server":{"memory_bytes":7,"settings":{},"timezone":"UTC","version":"26.7"},
"source":{"columns":[],"dedup":{"blocks":1,"seconds":0},"engine":"MergeTree","engine_full":"","name":{"database":"demo","table":"events"},"partition_key":"","partitions":[["1",5,10,null],["2",6,20,[1000,500]]],"primary_key":"","sorting_key":"","stored":{"bytes":30,"rows":11},"unfinished_mutations":0,"uuid":"x"},
"target":{"columns":[],"dedup":{"blocks":0,"seconds":0},"engine":"MergeTree","engine_full":"","name":{"database":"demo","table":"copy"},"partition_key":"","primary_key":"","sorting_key":"","stored":{"bytes":0,"rows":0},"unfinished_mutations":2,"uuid":"y"},
"views":[{"columns":[],"name":{"database":"demo","table":"v"},"select":"SELECT 1","source":{"database":"demo","table":"events"},"target":{"database":"demo","table":"copy"},"uuid":"z"}]},"taken_at":1}"#;

    #[test]
    fn facts_are_read_as_the_worker_tells_them() {
        let mut session = planner_wasm::session::Session::default();
        let (before, after) = question::load(3);
        let told = session.handle_text(&format!("{before}{ANSWER}{after}"));
        let answer: Answer = serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"));
        let Reply::Loaded(snapshot) = answer.what else { panic!("{told}") };
        assert_eq!((snapshot.facts.source.stored.rows, snapshot.facts.source.stored.bytes), (11, 30));
        assert_eq!(snapshot.facts.feeding(), ["demo.v"]);
        assert_eq!(snapshot.facts.target.unfinished_mutations, 2);
        assert!(snapshot.facts.reading_target().is_empty());
        // An answer that is none is told to whoever asked.
        let told = session.handle_text(&format!("{before}{{}}{after}"));
        let answer: Answer = serde_json::from_str(&told).unwrap();
        assert!(matches!((answer.id, answer.what), (3, Reply::Failed { .. })), "{told}");
    }
}
