//! How a chunk becomes one block at ordinal one on this server, and the settings that pin it (clickhouse.md section 1).

use std::collections::BTreeMap;

use crate::plan::WritePath;
use crate::snapshot::Server;
use crate::sql::literal::string;

/// Pinned on every INSERT, where the server knows the setting.
const ALWAYS: &[(&str, &str)] = &[
    ("async_insert", "0"),
    ("deduplicate_blocks_in_dependent_materialized_views", "1"),
    ("deduplicate_insert", "enable"),
    ("deduplicate_insert_select", "force_enable"),
    ("enable_parallel_replicas", "0"),
    ("insert_deduplicate", "1"),
    ("insert_null_as_default", "0"),
    ("log_queries", "1"),
    ("log_queries_min_query_duration_ms", "0"),
    ("log_queries_min_type", "QUERY_START"),
    ("log_queries_probability", "1"),
    ("max_insert_block_size", "1000000000"),
    ("max_insert_threads", "1"),
    ("max_partitions_per_insert_block", "0"),
    ("min_insert_block_size_bytes", "0"),
    ("min_insert_block_size_rows", "1000000000"),
    ("parallel_distributed_insert_select", "0"),
];

/// Pinned wherever rows are read, where the server knows the setting. A profile may end reading early without an error, and
/// then chunks and what they are compared with are equally short.
const READING: &[(&str, &str)] = &[
    ("additional_result_filter", ""),
    ("additional_table_filters", "{}"),
    ("distinct_overflow_mode", "throw"),
    // A table's own keys were computed without it.
    ("enable_extended_results_for_datetime_functions", "0"),
    ("group_by_overflow_mode", "throw"),
    ("join_overflow_mode", "throw"),
    ("limit", "0"),
    ("offset", "0"),
    ("read_overflow_mode", "throw"),
    ("read_overflow_mode_leaf", "throw"),
    ("result_overflow_mode", "throw"),
    ("set_overflow_mode", "throw"),
    ("skip_unavailable_shards", "0"),
    ("sort_overflow_mode", "throw"),
    ("timeout_overflow_mode", "throw"),
    ("timeout_overflow_mode_leaf", "throw"),
    ("transfer_overflow_mode", "throw"),
    ("use_query_cache", "0"),
];

/// Pinned where a copy converts times: one beyond the range of its new type would become another.
const CONVERTING: &[(&str, &str)] = &[("date_time_overflow_behavior", "throw")];

/// Way S: squash first, stamp the squashed block.
const STRICT: &[(&str, &str)] = &[("max_insert_block_size_bytes", "0"), ("use_strict_insert_block_limits", "1")];

/// Way O: one sorted stream that ends in one chunk.
const ORDERED: &[(&str, &str)] = &[
    ("max_block_size", "1000000000"),
    ("max_bytes_before_external_group_by", "0"),
    ("max_bytes_before_external_sort", "0"),
    ("max_bytes_ratio_before_external_group_by", "0"),
    ("max_bytes_ratio_before_external_sort", "0"),
    ("max_threads", "1"),
    ("optimize_read_in_order", "0"),
    ("preferred_block_size_bytes", "0"),
];

/// Settings without which a chunk is not one block; a plan that lacks one of them is faulty.
pub const REQUIRED: &[(&str, &str)] = &[
    ("async_insert", "0"),
    ("max_insert_block_size", "1000000000"),
    ("max_insert_threads", "1"),
    ("min_insert_block_size_bytes", "0"),
    ("min_insert_block_size_rows", "1000000000"),
];

/// Names of all settings that plans may pin: what the survey asks the server for.
pub fn setting_names() -> Vec<&'static str> {
    let mut names: Vec<&str> =
        [ALWAYS, READING, CONVERTING, STRICT, ORDERED].concat().iter().map(|(name, _)| *name).chain(["max_memory_usage"]).collect();
    names.sort_unstable();
    names
}

/// The write path for this server.
///
/// Up to 25.x the ordinal is counted after squashing, so squashing alone is enough. Later servers stamp before
/// squashing unless `use_strict_insert_block_limits` exists; where it does not, the SELECT itself must emit one chunk.
pub fn choose(server: &Server) -> WritePath {
    let major: u32 = server.version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    if server.settings.contains_key("use_strict_insert_block_limits") || (1..=25).contains(&major) {
        WritePath::DirectStrict
    } else {
        WritePath::DirectOrdered
    }
}

/// The settings to pin. Only those that the server lists: an unknown setting is error 115.
pub fn settings(server: &Server, write: WritePath, narrows_times: bool) -> BTreeMap<String, String> {
    let own = match write {
        WritePath::DirectStrict => STRICT,
        WritePath::DirectOrdered => ORDERED,
    };
    let mut pinned: BTreeMap<String, String> = ALWAYS
        .iter()
        .chain(READING)
        .chain(own)
        .chain(CONVERTING.iter().filter(|_| narrows_times))
        .filter(|(name, _)| server.settings.contains_key(*name))
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    if server.memory_bytes > 0 {
        pinned.insert("max_memory_usage".into(), (server.memory_bytes / 2).to_string());
    }
    pinned
}

/// The clause that a question needs which reads what a plan with these settings reads. `filters` are its own
/// `additional_table_filters`, as SQL.
pub(crate) fn clause(settings: &BTreeMap<String, String>, filters: Option<&str>) -> String {
    let pinned = READING.iter().chain(CONVERTING).filter_map(|(name, _)| settings.get_key_value(*name));
    rendered(pinned.map(|(name, value)| (name.as_str(), value.as_str())), filters)
}

/// The same for a question before there is a plan. Every server that is supported knows these settings; that they have their
/// defaults may be said by a user who may set nothing.
pub(crate) fn probe_clause() -> String {
    rendered(READING.iter().copied(), None)
}

fn rendered<'a>(settings: impl Iterator<Item = (&'a str, &'a str)>, filters: Option<&str>) -> String {
    let given = filters.map(|filters| format!("additional_table_filters = {filters}"));
    let pinned = settings.filter(|(name, _)| filters.is_none() || *name != "additional_table_filters").map(|(name, value)| {
        let bare = value == "{}" || (!value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()));
        if bare { format!("{name} = {value}") } else { format!("{name} = {}", string(value)) }
    });
    let all: Vec<String> = given.into_iter().chain(pinned).collect();
    if all.is_empty() { String::new() } else { format!("\nSETTINGS {}", all.join(", ")) }
}
