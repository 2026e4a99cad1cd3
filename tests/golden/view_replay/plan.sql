-- answer 357609ed158fd8a3bec384eefa93ee3f5ac193d57aa9ec8091c71bee1631e9e1
-- plan 8ca4b3c0ebb67fb9
-- digest cf22695c9b1eb459cc9d72513ddede8466918dfe3ba395af7c6f1abd25053118
-- Info mode: demo.daily_totals is fed by demo.daily_buys_mv, demo.daily_totals_mv: each view's own SELECT is replayed over demo.events
-- Info time-column: the window bounds 'ts' (DateTime64(3, 'UTC')): first time column of the sorting key
-- Info estimates: rows and bytes a chunk are estimated from index marks: no data was read
-- Info write-path: each chunk is one INSERT and one block: on ClickHouse 26.7.2.1 what the SELECT emits is squashed into one block, which is then stamped with the token
-- Info target-folds-rows: demo.daily_totals is a SummingMergeTree: it adds rows of one key up, so rows stored differ from rows inserted
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

-- chunk 0 55ccba49afbb7e61 · 2025-01-01 12:00 – 2025-01-06 00:00 · daily_buys_mv · ~150000 rows, ~7968905 bytes
-- token 3ddab2784acdf0dfc75db9ca8c100c3337589db1203f9cfc4def51bbaa34100d
INSERT INTO `demo`.`daily_totals` (`day`, `tenant`, `events`, `amount`)
SELECT `day`, `tenant`, `events`, `amount`
FROM (
SELECT toDate(ts) AS day, concat(tenant, ' it\'s a buy') AS tenant, toUInt64(1) AS events, toUInt64(amount) AS amount FROM demo.events WHERE kind = 'buy'
)
SETTINGS additional_table_filters = {'demo.events': '`ts` >= fromUnixTimestamp64Milli(1735732800000, \'UTC\') AND `ts` < fromUnixTimestamp64Milli(1736121600000, \'UTC\')'};

-- chunk 1 002159f6924ddf25 · 2025-01-06 00:00 – 2025-01-11 00:00 · daily_buys_mv · ~166667 rows, ~8854357 bytes
-- token 5997569e57fdc2675a9f54e72d8b8d1372be1dd43aa038fbe1a64cc7f7212bdf
INSERT INTO `demo`.`daily_totals` (`day`, `tenant`, `events`, `amount`)
SELECT `day`, `tenant`, `events`, `amount`
FROM (
SELECT toDate(ts) AS day, concat(tenant, ' it\'s a buy') AS tenant, toUInt64(1) AS events, toUInt64(amount) AS amount FROM demo.events WHERE kind = 'buy'
)
SETTINGS additional_table_filters = {'demo.events': '`ts` >= fromUnixTimestamp64Milli(1736121600000, \'UTC\') AND `ts` < fromUnixTimestamp64Milli(1736553600000, \'UTC\')'};

-- chunk 2 9d52c75dd989b585 · 2025-01-11 00:00 – 2025-01-14 00:00 · daily_buys_mv · ~100000 rows, ~5312603 bytes
-- token 19a81d5ff25b1f2fb2e72f5c815b506615fe2b5993e60d0079dc0aa4237d8422
INSERT INTO `demo`.`daily_totals` (`day`, `tenant`, `events`, `amount`)
SELECT `day`, `tenant`, `events`, `amount`
FROM (
SELECT toDate(ts) AS day, concat(tenant, ' it\'s a buy') AS tenant, toUInt64(1) AS events, toUInt64(amount) AS amount FROM demo.events WHERE kind = 'buy'
)
SETTINGS additional_table_filters = {'demo.events': '`ts` >= fromUnixTimestamp64Milli(1736553600000, \'UTC\') AND `ts` < fromUnixTimestamp64Milli(1736812800000, \'UTC\')'};

-- chunk 3 2dd394028187de2f · 2025-01-01 12:00 – 2025-01-06 00:00 · daily_totals_mv · ~150000 rows, ~7968905 bytes
-- token 8530bc6d0e8133f64d89b4fda00487cd986ca08eceb7b5a27e9c209e4ab2f4f2
INSERT INTO `demo`.`daily_totals` (`day`, `tenant`, `events`, `amount`)
SELECT `day`, `tenant`, `events`, `amount`
FROM (
SELECT toDate(ts) AS day, tenant, count() AS events, sum(amount) AS amount FROM demo.events GROUP BY day, tenant
)
SETTINGS additional_table_filters = {'demo.events': '`ts` >= fromUnixTimestamp64Milli(1735732800000, \'UTC\') AND `ts` < fromUnixTimestamp64Milli(1736121600000, \'UTC\')'};

-- chunk 4 aea8d523a62924c7 · 2025-01-06 00:00 – 2025-01-11 00:00 · daily_totals_mv · ~166667 rows, ~8854357 bytes
-- token 985f3453874833fbc6fc802002d5d6f84affbe7fd245644f318c8b5cd30b8649
INSERT INTO `demo`.`daily_totals` (`day`, `tenant`, `events`, `amount`)
SELECT `day`, `tenant`, `events`, `amount`
FROM (
SELECT toDate(ts) AS day, tenant, count() AS events, sum(amount) AS amount FROM demo.events GROUP BY day, tenant
)
SETTINGS additional_table_filters = {'demo.events': '`ts` >= fromUnixTimestamp64Milli(1736121600000, \'UTC\') AND `ts` < fromUnixTimestamp64Milli(1736553600000, \'UTC\')'};

-- chunk 5 78f553c6c1967bd1 · 2025-01-11 00:00 – 2025-01-14 00:00 · daily_totals_mv · ~100000 rows, ~5312603 bytes
-- token cc174eb269c04207b75c59df2541ab65b7f370a87fec64b3dc02353279b4b304
INSERT INTO `demo`.`daily_totals` (`day`, `tenant`, `events`, `amount`)
SELECT `day`, `tenant`, `events`, `amount`
FROM (
SELECT toDate(ts) AS day, tenant, count() AS events, sum(amount) AS amount FROM demo.events GROUP BY day, tenant
)
SETTINGS additional_table_filters = {'demo.events': '`ts` >= fromUnixTimestamp64Milli(1736553600000, \'UTC\') AND `ts` < fromUnixTimestamp64Milli(1736812800000, \'UTC\')'};
