-- answer 131dcb0ba65ed491d159d888e2f86c63cda44d049cb2410d620aa00bf99c5330
-- plan 8ca4b3c0ebb67fb9
-- digest b17f6e7d7562500aebdef142b8b26f515a8b9788bef823e7a16f29e588b2f613
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
-- token 7a0ed3e396adaad063af5bcd30ffbc31ac6d846c36b302914ac917e4d9906974
INSERT INTO `demo`.`daily_totals` (`day`, `tenant`, `events`, `amount`)
SELECT CAST(`day` AS Date), CAST(`tenant` AS String), CAST(`events` AS UInt64), CAST(`amount` AS UInt64)
FROM (
SELECT toDate(ts) AS day, concat(tenant, ' it\'s a buy') AS tenant, toUInt64(1) AS events, toUInt64(amount) AS amount FROM demo.events WHERE kind = 'buy'
)
SETTINGS additional_table_filters = {'demo.events': '`ts` >= fromUnixTimestamp64Milli(1735732800000, \'UTC\') AND `ts` < fromUnixTimestamp64Milli(1736121600000, \'UTC\')'};

-- chunk 1 002159f6924ddf25 · 2025-01-06 00:00 – 2025-01-11 00:00 · daily_buys_mv · ~166667 rows, ~8854357 bytes
-- token 7126dc420776d64cb7066cc0f486fc34d3e8c40cf6635b18d93f11fb93f4d1d2
INSERT INTO `demo`.`daily_totals` (`day`, `tenant`, `events`, `amount`)
SELECT CAST(`day` AS Date), CAST(`tenant` AS String), CAST(`events` AS UInt64), CAST(`amount` AS UInt64)
FROM (
SELECT toDate(ts) AS day, concat(tenant, ' it\'s a buy') AS tenant, toUInt64(1) AS events, toUInt64(amount) AS amount FROM demo.events WHERE kind = 'buy'
)
SETTINGS additional_table_filters = {'demo.events': '`ts` >= fromUnixTimestamp64Milli(1736121600000, \'UTC\') AND `ts` < fromUnixTimestamp64Milli(1736553600000, \'UTC\')'};

-- chunk 2 9d52c75dd989b585 · 2025-01-11 00:00 – 2025-01-14 00:00 · daily_buys_mv · ~100000 rows, ~5312603 bytes
-- token 28b7bd9d570aaebcf1e7e4c2793dc1d7fc457c09700d10b0be25e63c7b79bea2
INSERT INTO `demo`.`daily_totals` (`day`, `tenant`, `events`, `amount`)
SELECT CAST(`day` AS Date), CAST(`tenant` AS String), CAST(`events` AS UInt64), CAST(`amount` AS UInt64)
FROM (
SELECT toDate(ts) AS day, concat(tenant, ' it\'s a buy') AS tenant, toUInt64(1) AS events, toUInt64(amount) AS amount FROM demo.events WHERE kind = 'buy'
)
SETTINGS additional_table_filters = {'demo.events': '`ts` >= fromUnixTimestamp64Milli(1736553600000, \'UTC\') AND `ts` < fromUnixTimestamp64Milli(1736812800000, \'UTC\')'};

-- chunk 3 2dd394028187de2f · 2025-01-01 12:00 – 2025-01-06 00:00 · daily_totals_mv · ~150000 rows, ~7968905 bytes
-- token 2c2ca324c4e14b2ce6508eb5755fe2c6be8a19de18d4b04308d2743ff335bdc5
INSERT INTO `demo`.`daily_totals` (`day`, `tenant`, `events`, `amount`)
SELECT CAST(`day` AS Date), CAST(`tenant` AS String), CAST(`events` AS UInt64), CAST(`amount` AS UInt64)
FROM (
SELECT toDate(ts) AS day, tenant, count() AS events, sum(amount) AS amount FROM demo.events GROUP BY day, tenant
)
SETTINGS additional_table_filters = {'demo.events': '`ts` >= fromUnixTimestamp64Milli(1735732800000, \'UTC\') AND `ts` < fromUnixTimestamp64Milli(1736121600000, \'UTC\')'};

-- chunk 4 aea8d523a62924c7 · 2025-01-06 00:00 – 2025-01-11 00:00 · daily_totals_mv · ~166667 rows, ~8854357 bytes
-- token 633e2f0d9aa5f18d73523abae577243b59f786bf2014d52c49835a882ed99881
INSERT INTO `demo`.`daily_totals` (`day`, `tenant`, `events`, `amount`)
SELECT CAST(`day` AS Date), CAST(`tenant` AS String), CAST(`events` AS UInt64), CAST(`amount` AS UInt64)
FROM (
SELECT toDate(ts) AS day, tenant, count() AS events, sum(amount) AS amount FROM demo.events GROUP BY day, tenant
)
SETTINGS additional_table_filters = {'demo.events': '`ts` >= fromUnixTimestamp64Milli(1736121600000, \'UTC\') AND `ts` < fromUnixTimestamp64Milli(1736553600000, \'UTC\')'};

-- chunk 5 78f553c6c1967bd1 · 2025-01-11 00:00 – 2025-01-14 00:00 · daily_totals_mv · ~100000 rows, ~5312603 bytes
-- token f376367965049286d7c3e61dfebe10efa4abd059c561982e0dad69162b5cebb4
INSERT INTO `demo`.`daily_totals` (`day`, `tenant`, `events`, `amount`)
SELECT CAST(`day` AS Date), CAST(`tenant` AS String), CAST(`events` AS UInt64), CAST(`amount` AS UInt64)
FROM (
SELECT toDate(ts) AS day, tenant, count() AS events, sum(amount) AS amount FROM demo.events GROUP BY day, tenant
)
SETTINGS additional_table_filters = {'demo.events': '`ts` >= fromUnixTimestamp64Milli(1736553600000, \'UTC\') AND `ts` < fromUnixTimestamp64Milli(1736812800000, \'UTC\')'};
