//! What an engine does to rows that share a sorting key.

/// Families of `MergeTree`, as far as arriving exactly once matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folding {
    /// Rows stay as they were inserted.
    None,
    /// Numbers of rows with one key are added up.
    Summing,
    /// Aggregate states of rows with one key are merged.
    Aggregating,
    /// One row of a key survives.
    Replacing,
    /// Rows of a key cancel each other.
    Collapsing,
    /// Rolled up by rules outside the table.
    Graphite,
}

/// The folding of an engine; `None` when it is not of the `MergeTree` family.
pub fn folding(engine: &str) -> Option<Folding> {
    let family = engine.strip_suffix("MergeTree")?;
    let family = family.strip_prefix("Replicated").or_else(|| family.strip_prefix("Shared")).unwrap_or(family);
    match family {
        "" => Some(Folding::None),
        "Summing" => Some(Folding::Summing),
        "Aggregating" => Some(Folding::Aggregating),
        "Replacing" | "Coalescing" => Some(Folding::Replacing),
        "Collapsing" | "VersionedCollapsing" => Some(Folding::Collapsing),
        "Graphite" => Some(Folding::Graphite),
        _ => None,
    }
}

/// Whether an engine outside the `MergeTree` family gives the same rows whenever it is read, so that it can be a source.
pub fn readable(engine: &str) -> bool {
    matches!(engine, "Distributed" | "Log" | "Memory" | "Merge" | "StripeLog" | "TinyLog" | "View")
}

/// Whether the engine's deduplication window is kept in Keeper.
pub fn replicated(engine: &str) -> bool {
    engine.starts_with("Replicated") || engine.starts_with("Shared")
}

/// Whether a table's rows lie where the server keeps its own data, as far as its definition tells.
pub fn keeps_local_disk(engine: &str, engine_full: &str) -> bool {
    let elsewhere = |setting: &str| engine_full.contains(&format!("{setting} = "));
    folding(engine).is_some() && !engine.starts_with("Shared") && !elsewhere("storage_policy") && !elsewhere("disk")
}
