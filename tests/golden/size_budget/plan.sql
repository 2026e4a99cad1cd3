-- answer f5bb476b1a579c6e31f5b8e9012e611fa86ca6d78fbe0e783d6c37a11726a99f
-- plan 4bbcc1feadfa6976
-- digest 0c5f597d7a8eca41a073ea64795ff771028b25ce08205a5b30e856a19f5698e9
-- Info mode: rows are copied from demo.events to demo.events_by_tenant by column name
-- Info key-from-index: cuts along (tenant, ts) from 30 points of the primary index: no data was read
-- Info partitions: 2 partitions of at most the budget make 1 chunks, 1 larger ones 9
-- Warning hash-buckets: partition 20250103: no key is known inside the rows from 'z, 2025-01-03 00:00:00.777' on, 19 % of its rows and more than a chunk may have; they are divided by hash into 2 chunks (each of these chunks reads all of those rows; a larger budget needs fewer of them)
-- Info planned-partitions: 3 partitions are planned; rows that arrive later in another partition are not part of this plan
-- Info write-path: each chunk is one INSERT and one block: on ClickHouse 26.7.2.1 what the SELECT emits is squashed into one block, which is then stamped with the token
-- Warning type-conversion: types differ and are converted: amount UInt32 → UInt64 (a value that does not fit fails its chunk; contents are compared after conversion)
-- Warning columns-defaulted: demo.events has no column for: loaded_at; they take their defaults and are not compared (their defaults call now: each chunk gets another value)
-- Warning columns-dropped: demo.events_by_tenant has no column for: tags, day, twice (add them to the target if they are wanted)
-- Warning disk: the copied rows take 6 MiB on disk in the source, and as much again while they merge; the server has about 4 MiB free (free space, carry a narrower window, or move the target to another storage policy first)
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

-- chunk 0 8f5b9205e7d5765f · 20250101 … 20250102 (2) · ~20192 rows, ~2019200 bytes
-- token 7c19fe05dd02f6b9211ad5a00ab05ac461a5b4288d71420ab32ace7d5301325a
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id IN ('20250101', '20250102');

-- chunk 1 07b673879bbecf39 · 20250103 · before mega, 2025-01-03 03:00 · ~32768 rows, ~3276800 bytes
-- token b05de45eddbfd13eb3b2660c99c3379933a239ba456c980ccf469926e4534155
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND (tenant < 'mega' OR (tenant = 'mega' AND ts < reinterpret(CAST(1735873200000 AS Int64), 'DateTime64(3, \'UTC\')')));

-- chunk 2 2e963101ecddfe5a · 20250103 · mega, 2025-01-03 03:00 – mega, 2025-01-03 06:00 · ~24576 rows, ~2457600 bytes
-- token 8d6e9c075cee380534f6cc36bf1a0a88bd4ca5fbfabe8898face124fa9c2677e
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND tenant = 'mega' AND ts >= reinterpret(CAST(1735873200000 AS Int64), 'DateTime64(3, \'UTC\')') AND ts < reinterpret(CAST(1735884000000 AS Int64), 'DateTime64(3, \'UTC\')');

-- chunk 3 7b6b5c279c9d448a · 20250103 · mega, 2025-01-03 06:00 – mega, 2025-01-03 10:00 · ~32768 rows, ~3276800 bytes
-- token 325a02cc05b68ab57681236880d86804a8333ad833e545ab0f4e77ff0f9197a6
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND tenant = 'mega' AND ts >= reinterpret(CAST(1735884000000 AS Int64), 'DateTime64(3, \'UTC\')') AND ts < reinterpret(CAST(1735898400000 AS Int64), 'DateTime64(3, \'UTC\')');

-- chunk 4 57d0d685c7c31072 · 20250103 · mega, 2025-01-03 10:00 – mega, 2025-01-03 13:00 · ~24576 rows, ~2457600 bytes
-- token cebb9a506368dc302236d922d69fa26c5b46cc62d571b85402e4ee86a82bb4bf
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND tenant = 'mega' AND ts >= reinterpret(CAST(1735898400000 AS Int64), 'DateTime64(3, \'UTC\')') AND ts < reinterpret(CAST(1735909200000 AS Int64), 'DateTime64(3, \'UTC\')');

-- chunk 5 9d72034caf42ada4 · 20250103 · mega, 2025-01-03 13:00 – mega, 2025-01-03 17:00 · ~32768 rows, ~3276800 bytes
-- token b39be4d5c54d0b4094b110969db006130802697ab2bc546ee582e79463236567
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND tenant = 'mega' AND ts >= reinterpret(CAST(1735909200000 AS Int64), 'DateTime64(3, \'UTC\')') AND ts < reinterpret(CAST(1735923600000 AS Int64), 'DateTime64(3, \'UTC\')');

-- chunk 6 cda11dbf9f9540eb · 20250103 · mega, 2025-01-03 17:00 – mega, 2025-01-03 20:00 · ~24576 rows, ~2457600 bytes
-- token f212c2893c48ff93fbf9dbfb691cfdaf24c8db334d73583c5cf6545708b99ef8
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND tenant = 'mega' AND ts >= reinterpret(CAST(1735923600000 AS Int64), 'DateTime64(3, \'UTC\')') AND ts < reinterpret(CAST(1735934400000 AS Int64), 'DateTime64(3, \'UTC\')');

-- chunk 7 5d9d261c37bfc092 · 20250103 · mega, 2025-01-03 20:00 – z, 2025-01-03 00:00:00.777 · ~32768 rows, ~3276800 bytes
-- token 5bc3dc4dfe661246c777d943ae0dcff02b36d781e1ccde374f00a60160690515
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND ((tenant > 'mega' OR (tenant = 'mega' AND ts >= reinterpret(CAST(1735934400000 AS Int64), 'DateTime64(3, \'UTC\')'))) AND (tenant < 'z' OR (tenant = 'z' AND ts < reinterpret(CAST(1735862400777 AS Int64), 'DateTime64(3, \'UTC\')'))));

-- chunk 8 cd8ec1f43bba2a5c · 20250103 · from z, 2025-01-03 00:00:00.777 · hash 1 of 2 · ~29096 rows, ~2909600 bytes
-- token 9e12c7930b57d3ef6bd912c5bfedbe10cc58464df2fa7c254c9fb85a4c91d3ce
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND (tenant > 'z' OR (tenant = 'z' AND ts >= reinterpret(CAST(1735862400777 AS Int64), 'DateTime64(3, \'UTC\')'))) AND cityHash64(tuple(accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`)) % 2 = 0;

-- chunk 9 b14a2fae8aa6db81 · 20250103 · from z, 2025-01-03 00:00:00.777 · hash 2 of 2 · ~29096 rows, ~2909600 bytes
-- token fa01b95503ffd0f9477fa5cb8d4cfc14d685b20b1713ffdbf55ac450bab5002c
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND (tenant > 'z' OR (tenant = 'z' AND ts >= reinterpret(CAST(1735862400777 AS Int64), 'DateTime64(3, \'UTC\')'))) AND cityHash64(tuple(accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`)) % 2 = 1;
