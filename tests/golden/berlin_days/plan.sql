-- answer 1552d1b1fa29422997919fd6db0ded638c86b36b945748bf484ebac1957da6ad
-- plan d4e59d0d58fb893e
-- digest 4917333c62391884f4a4f9354b3c1b3368087819d242eea95764f29359dcd9c4
-- Info mode: rows are copied from demo.it's `odd` ☃ to demo.odd_copy by column name
-- Info time-column: the window bounds 'when' (Nullable(DateTime('Europe/Berlin'))): given
-- Info estimates: rows and bytes a chunk are estimated from the time column itself
-- Info write-path: each chunk is one INSERT and one block: on ClickHouse 26.7.2.1 what the SELECT emits is squashed into one block, which is then stamped with the token
-- Warning dedup-window-off: demo.odd_copy ignores deduplication tokens: its window is 0 (when the job starts, choose whether it sets one or goes by contents alone; to set it: ALTER TABLE `demo`.`odd_copy` MODIFY SETTING non_replicated_deduplication_window = 1024)
-- Warning read-amplification: about 9.0 times the wanted rows are read: 'when' is not the leading key, so a chunk may read the whole table (wider chunks read less in all)
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

-- chunk 0 204d25899754f7a7 · before 2025-03-28 23:00 · ~4 rows, ~24 bytes
-- token 8e6411769ac3516fa218119bb0f3a2443a62639128122606a936102e7102b0f2
INSERT INTO `demo`.`odd_copy` (`when`, `a\`b`)
SELECT `when`, `a\`b`
FROM `demo`.`it's \`odd\` ☃`
WHERE `when` < toDateTime(1743202800, 'Europe/Berlin');

-- chunk 1 b4ed4449bbe6caa1 · 2025-03-28 23:00 – 2025-03-29 23:00 · ~128 rows, ~768 bytes
-- token 273a391cb033aba5a6d2fd1591701dcf4f9620f1fd8c83a3075e209df1dff931
INSERT INTO `demo`.`odd_copy` (`when`, `a\`b`)
SELECT `when`, `a\`b`
FROM `demo`.`it's \`odd\` ☃`
WHERE `when` >= toDateTime(1743202800, 'Europe/Berlin') AND `when` < toDateTime(1743289200, 'Europe/Berlin');

-- chunk 2 fd9d79a022c79f66 · 2025-03-29 23:00 – 2025-03-30 22:00 · ~123 rows, ~738 bytes
-- token 2f7624705116eedebfc53e80b89596ee1f31ae671a3644e9576933ef98e40e86
INSERT INTO `demo`.`odd_copy` (`when`, `a\`b`)
SELECT `when`, `a\`b`
FROM `demo`.`it's \`odd\` ☃`
WHERE `when` >= toDateTime(1743289200, 'Europe/Berlin') AND `when` < toDateTime(1743372000, 'Europe/Berlin');

-- chunk 3 9f5d00709fa619f4 · 2025-03-30 22:00 – 2025-03-31 22:00 · ~128 rows, ~768 bytes
-- token 767a2a2a570af2b971e4d739886e31074beb1af2101b29fddf703116bd1fce2c
INSERT INTO `demo`.`odd_copy` (`when`, `a\`b`)
SELECT `when`, `a\`b`
FROM `demo`.`it's \`odd\` ☃`
WHERE `when` >= toDateTime(1743372000, 'Europe/Berlin') AND `when` < toDateTime(1743458400, 'Europe/Berlin');

-- chunk 4 f9b3a0df2e5d4516 · 2025-03-31 22:00 – 2025-04-01 22:00 · ~128 rows, ~768 bytes
-- token 2bbcc653e381dacb7523a9d103841eecab2e63e236e186cab28f32da0993d89c
INSERT INTO `demo`.`odd_copy` (`when`, `a\`b`)
SELECT `when`, `a\`b`
FROM `demo`.`it's \`odd\` ☃`
WHERE `when` >= toDateTime(1743458400, 'Europe/Berlin') AND `when` < toDateTime(1743544800, 'Europe/Berlin');

-- chunk 5 3b4bdac4c9643a2e · 2025-04-01 22:00 – 2025-04-02 22:00 · ~128 rows, ~768 bytes
-- token 27e755343ae26c8a4b75b04b16b983b9993983d43de3a4535695d56f9ae1deef
INSERT INTO `demo`.`odd_copy` (`when`, `a\`b`)
SELECT `when`, `a\`b`
FROM `demo`.`it's \`odd\` ☃`
WHERE `when` >= toDateTime(1743544800, 'Europe/Berlin') AND `when` < toDateTime(1743631200, 'Europe/Berlin');

-- chunk 6 30add970d46f6caa · 2025-04-02 22:00 – 2025-04-03 22:00 · ~128 rows, ~768 bytes
-- token 5d6a7dd26bc00313c2c29392f89e920d6ac2d827dfbbda71da8cf1573b2eedaf
INSERT INTO `demo`.`odd_copy` (`when`, `a\`b`)
SELECT `when`, `a\`b`
FROM `demo`.`it's \`odd\` ☃`
WHERE `when` >= toDateTime(1743631200, 'Europe/Berlin') AND `when` < toDateTime(1743717600, 'Europe/Berlin');

-- chunk 7 49f1d046552a15c4 · from 2025-04-03 22:00 · ~121 rows, ~726 bytes
-- token 01de87276fbe8d5d4fb9b7878b419f95db0c485fd1371b3033f7350cba300890
INSERT INTO `demo`.`odd_copy` (`when`, `a\`b`)
SELECT `when`, `a\`b`
FROM `demo`.`it's \`odd\` ☃`
WHERE `when` >= toDateTime(1743717600, 'Europe/Berlin');

-- chunk 8 128673bd6a4a3223 · time is NULL · ~112 rows, ~672 bytes
-- token e8c7bff6a2ff06d1f6ade787529a22581a688e076a3219709100848c01dd568e
INSERT INTO `demo`.`odd_copy` (`when`, `a\`b`)
SELECT `when`, `a\`b`
FROM `demo`.`it's \`odd\` ☃`
WHERE isNull(`when`);
