-- answer 25be1241dc7cb714d5abb3bb4630aaf81d73eb086dd2772f6f6988466e9ad642
-- plan 0adf21a8670c591e
-- digest 13bb53c2c276f917551b298928757e34e7a25b35f915861c29786511b65f757f
-- Info mode: rows are copied from demo.events to demo.events_by_tenant by column name
-- Info time-column: the window bounds 'ts' (DateTime64(3, 'UTC')): first time column of the sorting key
-- Info estimates: rows and bytes a chunk are estimated from index marks: no data was read
-- Info write-path: each chunk is one INSERT and one block: on ClickHouse 26.7.2.1 what the SELECT emits is squashed into one block, which is then stamped with the token
-- Warning type-conversion: types differ and are converted: amount UInt32 → UInt64 (a value that does not fit fails its chunk; contents are compared after conversion)
-- Warning columns-defaulted: demo.events has no column for: loaded_at; they take their defaults and are not compared (their defaults call now: each chunk gets another value)
-- Warning columns-dropped: demo.events_by_tenant has no column for: tags, day, twice (add them to the target if they are wanted)
-- set async_insert = 0
-- set deduplicate_blocks_in_dependent_materialized_views = 1
-- set deduplicate_insert = enable
-- set deduplicate_insert_select = force_enable
-- set enable_parallel_replicas = 0
-- set insert_deduplicate = 1
-- set insert_null_as_default = 0
-- set log_queries = 1
-- set log_queries_min_query_duration_ms = 0
-- set log_queries_min_type = QUERY_START
-- set log_queries_probability = 1
-- set max_insert_block_size = 1000000000
-- set max_insert_block_size_bytes = 0
-- set max_insert_threads = 1
-- set max_memory_usage = 2147483648
-- set max_partitions_per_insert_block = 0
-- set min_insert_block_size_bytes = 0
-- set min_insert_block_size_rows = 1000000000
-- set parallel_distributed_insert_select = 0
-- set use_strict_insert_block_limits = 1

-- chunk 0 22ef740787a328b8 · 2025-01-03 00:00 – 2025-01-04 12:00 · ~50000 rows, ~2656301 bytes
-- token ca00b37a457bff9cac36cc932da1853f5e5e58561519efce5e9c04c8c1e0d0cf
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE `ts` >= fromUnixTimestamp64Milli(1735862400000, 'UTC') AND `ts` < fromUnixTimestamp64Milli(1735992000000, 'UTC');

-- chunk 1 d4971a20b1fa8966 · 2025-01-04 12:00 – 2025-01-06 00:00 · ~50000 rows, ~2656301 bytes
-- token 0d3b490dd346a57cda97163aca877cc322e56a3424795f9f8fcdd05387759046
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE `ts` >= fromUnixTimestamp64Milli(1735992000000, 'UTC') AND `ts` < fromUnixTimestamp64Milli(1736121600000, 'UTC');

-- chunk 2 d035c1e70ef1ed3f · 2025-01-06 00:00 – 2025-01-07 12:00 · ~50000 rows, ~2656301 bytes
-- token f8b8a4ffe2b8ed1ad948fe26af41c1dd4c54709ac0d1497767e44bddde6b7aff
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE `ts` >= fromUnixTimestamp64Milli(1736121600000, 'UTC') AND `ts` < fromUnixTimestamp64Milli(1736251200000, 'UTC');

-- chunk 3 d390519c70390cfc · 2025-01-07 12:00 – 2025-01-09 00:00 · ~50000 rows, ~2656301 bytes
-- token 6235af613e8ebe8860bce0b333b2f81baa23caa6dd0f1c37eb22e709a35553bf
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE `ts` >= fromUnixTimestamp64Milli(1736251200000, 'UTC') AND `ts` < fromUnixTimestamp64Milli(1736380800000, 'UTC');

-- chunk 4 8768ed6da975822b · 2025-01-09 00:00 – 2025-01-10 12:00 · ~50000 rows, ~2656301 bytes
-- token ffac3d2b2181b0370e579874188234870c2fce13bb843a33e12a127496d561b9
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE `ts` >= fromUnixTimestamp64Milli(1736380800000, 'UTC') AND `ts` < fromUnixTimestamp64Milli(1736510400000, 'UTC');

-- chunk 5 bdc232d07bc26692 · 2025-01-10 12:00 – 2025-01-11 00:00 · ~16667 rows, ~885451 bytes
-- token 21e74786f43d01290a5271347ebeb7c869ecaa41e057767d0cb9a188902d0def
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE `ts` >= fromUnixTimestamp64Milli(1736510400000, 'UTC') AND `ts` < fromUnixTimestamp64Milli(1736553600000, 'UTC');
