//! Bounds that no configuration moves.

/// Most chunks in one plan. Beyond it nobody reads the plan, and the preview would not fit a browser tab.
pub const MAX_CHUNKS: u64 = 1_000_000;
/// Most days in one calendar chunk.
pub const MAX_CALENDAR_DAYS: u16 = 366;
/// Most buckets in a time profile.
pub const MAX_PROFILE_BUCKETS: u32 = 2_048;
/// Rough upper bound of memory that one block needs, as a multiple of its uncompressed bytes: 2 to 2.5 was measured
/// on narrow rows in order, 5 on wide unordered ones (clickhouse.md section 1).
pub const BLOCK_MEMORY_FACTOR: u64 = 5;
/// Smallest size budget of a chunk, in bytes.
pub const LEAST_BUDGET: u64 = 1_024;
/// Most partitions that one packed chunk reads and writes: the server's default of `max_partitions_per_insert_block`.
pub const MOST_PACKED: usize = 100;
/// Points that a chunk should have to be cut evenly: with eight, its ends are off by a sixteenth each at most.
pub const POINTS_A_CHUNK: u64 = 8;
/// Most tuples that one detail probe looks below, the heaviest first.
pub const MOST_BELOW: usize = 64;
/// Most points that a detail probe brings from below tuples, all together.
pub const MOST_POINTS_BELOW: u64 = 8_192;
/// Most points that one detail probe brings, all partitions together.
pub const MOST_DETAIL_POINTS: u64 = 1_000_000;
