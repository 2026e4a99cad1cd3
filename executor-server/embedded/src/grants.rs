//! What the queries' user may do.

/// Everything, or everything but what reaches outside of the data directory.
pub(crate) fn grants(allow_external_sources: bool) -> Vec<String> {
    let mut grants = vec!["GRANT ALL ON *.*".to_owned()];
    if !allow_external_sources {
        grants.extend(WITHHELD.map(ToOwned::to_owned));
        grants.extend(ENGINES.iter().map(|engine| format!("GRANT TABLE ENGINE ON `{engine}`")));
    }
    grants
}

/// `REVOKE SOURCES` alone stops `file()` and `url()` but neither `ENGINE = File` nor a database `ENGINE = Filesystem`,
/// nor dictionaries and backups. Between the nodes of a cluster, REMOTE stays.
/// Not stopped: a table on a `disk(type = web | s3, …)` of its own can read from the network.
const WITHHELD: [&str; 4] =
    ["REVOKE SOURCES ON *.*", "GRANT REMOTE ON *.*", "REVOKE CREATE DICTIONARY, BACKUP ON *.*", "REVOKE TABLE ENGINE ON *"];

/// The engines, of tables and of databases, that keep to the data directory.
const ENGINES: &[&str] = &[
    "AggregatingMergeTree",
    "Atomic",
    "Buffer",
    "CoalescingMergeTree",
    "CollapsingMergeTree",
    "Distributed",
    "GenerateRandom",
    "GraphiteMergeTree",
    "Join",
    "Log",
    "MaterializedView",
    "Memory",
    "Merge",
    "MergeTree",
    "Null",
    "ReplacingMergeTree",
    "ReplicatedMergeTree",
    "Set",
    "StripeLog",
    "SummingMergeTree",
    "TinyLog",
    "VersionedCollapsingMergeTree",
    "View",
];
