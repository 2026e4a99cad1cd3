-- answer 3b7ffeda902dcff9a71cec825a2cbaf643425585446a9d4f5d5138bbb104c770
-- plan 78900a4484b8dd13
-- digest 285237087fd7d96a23dab472fc0aae318ae09e25fc0b35f647cf44f01fec4ac8
-- Info mode: rows are copied from demo.events to demo.events_by_tenant by column name
-- Info time-column: the window bounds 'ts' (DateTime64(3, 'UTC')): first time column of the sorting key
-- Info estimates: rows and bytes a chunk are estimated from index marks: no data was read
-- Info write-path: each chunk is one INSERT and one block: on ClickHouse 26.1.1.1 the SELECT is sorted by one thread and emits one block
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
-- set max_block_size = 1000000000
-- set max_bytes_before_external_group_by = 0
-- set max_bytes_before_external_sort = 0
-- set max_bytes_ratio_before_external_group_by = 0
-- set max_bytes_ratio_before_external_sort = 0
-- set max_insert_block_size = 1000000000
-- set max_insert_threads = 1
-- set max_memory_usage = 2147483648
-- set max_partitions_per_insert_block = 0
-- set max_threads = 1
-- set min_insert_block_size_bytes = 0
-- set min_insert_block_size_rows = 1000000000
-- set optimize_read_in_order = 0
-- set parallel_distributed_insert_select = 0
-- set preferred_block_size_bytes = 0

-- chunk 0 5263a78285d5b73c · before 2025-01-08 00:00 · ~233334 rows, ~12396110 bytes
-- token e8c65b29bbc2b99bde7dc851031baf0651baa139006a82a81aa7e8217e69ac40
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE `ts` < fromUnixTimestamp64Milli(1736294400000, 'UTC')
ORDER BY `tenant`, `kind`, `ts`;

-- chunk 1 7388469788f27908 · 2025-01-08 00:00 – 2025-01-15 00:00 · ~233333 rows, ~12396057 bytes
-- token 4726a27dbe49cc7424a97bcf7ef6b2bc87e9706d178ce1f2ddea15d2c12da518
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE `ts` >= fromUnixTimestamp64Milli(1736294400000, 'UTC') AND `ts` < fromUnixTimestamp64Milli(1736899200000, 'UTC')
ORDER BY `tenant`, `kind`, `ts`;

-- chunk 2 95b738e8fa8ad96b · 2025-01-15 00:00 – 2025-01-22 00:00 · ~233333 rows, ~12396057 bytes
-- token 2e54f542e1aed63d0d73974791730856ce43b2b42eaa3ecbca093ebe4b8adc38
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE `ts` >= fromUnixTimestamp64Milli(1736899200000, 'UTC') AND `ts` < fromUnixTimestamp64Milli(1737504000000, 'UTC')
ORDER BY `tenant`, `kind`, `ts`;

-- chunk 3 770850c61d0ad35e · 2025-01-22 00:00 – 2025-01-29 00:00 · ~233334 rows, ~12396110 bytes
-- token 875ad0d6bbe5bb3d0b35827cea993aaf8af7ff2260b1e4e3c79f7d58fa394e1b
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE `ts` >= fromUnixTimestamp64Milli(1737504000000, 'UTC') AND `ts` < fromUnixTimestamp64Milli(1738108800000, 'UTC')
ORDER BY `tenant`, `kind`, `ts`;

-- chunk 4 3e2552c116821926 · from 2025-01-29 00:00 · ~66666 rows, ~3541700 bytes
-- token 061a6294035b56060fed117fd10b4a0eb7fcf65226ae723a8a0f790b19205ff6
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE `ts` >= fromUnixTimestamp64Milli(1738108800000, 'UTC')
ORDER BY `tenant`, `kind`, `ts`;
