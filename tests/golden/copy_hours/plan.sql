-- answer 0df6153b231ef0461341d333812873a2848575de80db8c34a753dec1791e4614
-- plan 0adf21a8670c591e
-- digest 356dc5fb3a3bbe77e71607221fd33b1a2f0d5c7dabf5546b7b255a88b92203e3
-- Info mode: rows are copied from demo.events to demo.events_by_tenant by column name
-- Info time-column: the window bounds 'ts' (DateTime64(3, 'UTC')): first time column of the sorting key
-- Info estimates: rows and bytes a chunk are estimated from index marks: no data was read
-- Info write-path: each chunk is one INSERT and one block: on ClickHouse 26.7.2.1 what the SELECT emits is squashed into one block, which is then stamped with the token
-- Warning type-conversion: types differ and are converted by CAST: amount UInt32 → UInt64 (a value that does not fit fails its chunk; contents are compared after conversion)
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
-- token 96e7abcfffe3415952e48334e5850fbd8ab21261a5fcc9a9ee73b8fc9b11f477
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE `ts` >= fromUnixTimestamp64Milli(1735862400000, 'UTC') AND `ts` < fromUnixTimestamp64Milli(1735992000000, 'UTC');

-- chunk 1 d4971a20b1fa8966 · 2025-01-04 12:00 – 2025-01-06 00:00 · ~50000 rows, ~2656301 bytes
-- token 2d2943b63171131ed1b0535e8b4ba4bae293c3ad3c02673b06b0aec0cc925d17
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE `ts` >= fromUnixTimestamp64Milli(1735992000000, 'UTC') AND `ts` < fromUnixTimestamp64Milli(1736121600000, 'UTC');

-- chunk 2 d035c1e70ef1ed3f · 2025-01-06 00:00 – 2025-01-07 12:00 · ~50000 rows, ~2656301 bytes
-- token b4051d1f4d5623b38753809e5dcd517d4316cbda81bd6d4f853812c5a121b06d
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE `ts` >= fromUnixTimestamp64Milli(1736121600000, 'UTC') AND `ts` < fromUnixTimestamp64Milli(1736251200000, 'UTC');

-- chunk 3 d390519c70390cfc · 2025-01-07 12:00 – 2025-01-09 00:00 · ~50000 rows, ~2656301 bytes
-- token 329402a5245a5d5ec4192557bc46d8b439ddbdd4b957438cae10ad5f4dd1a706
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE `ts` >= fromUnixTimestamp64Milli(1736251200000, 'UTC') AND `ts` < fromUnixTimestamp64Milli(1736380800000, 'UTC');

-- chunk 4 8768ed6da975822b · 2025-01-09 00:00 – 2025-01-10 12:00 · ~50000 rows, ~2656301 bytes
-- token dd44a9258e679f31be5fbe8fa9bc08fa3b6f4de5fa09d397dbdab00c24ca649c
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE `ts` >= fromUnixTimestamp64Milli(1736380800000, 'UTC') AND `ts` < fromUnixTimestamp64Milli(1736510400000, 'UTC');

-- chunk 5 bdc232d07bc26692 · 2025-01-10 12:00 – 2025-01-11 00:00 · ~16667 rows, ~885451 bytes
-- token 22d497be80a6c25cfb678be0d471b93d48660901a41c84562814b5dcc7395149
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE `ts` >= fromUnixTimestamp64Milli(1736510400000, 'UTC') AND `ts` < fromUnixTimestamp64Milli(1736553600000, 'UTC');
