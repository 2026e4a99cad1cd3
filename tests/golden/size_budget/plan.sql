-- answer 0285617410a7c03c98f02198b047de583ea8168609e97834bd98f7a93eacf888
-- plan 4bbcc1feadfa6976
-- digest 97e45139d57f9639755f39c1475a776c94e6bc96e6fd4315ab21e90b316f52f6
-- Info mode: rows are copied from demo.events to demo.events_by_tenant by column name
-- Info partitions-not-packed: each chunk reads one partition: demo.events_by_tenant is partitioned by another key, and one block should touch few partitions
-- Info key-from-index: cuts along (tenant, ts) from 30 points of the primary index: no data was read
-- Info partitions: 2 partitions of at most the budget make 2 chunks, 1 larger ones 9
-- Warning hash-buckets: partition 20250103: no key is known inside the rows from 'z, 2025-01-03 00:00:00.777' on, 19 % of its rows and more than a chunk may have; they are divided by hash into 2 chunks (each of these chunks reads all of those rows; a larger budget needs fewer of them)
-- Info planned-partitions: 3 partitions are planned; rows that arrive later in another partition are not part of this plan
-- Info write-path: each chunk is one INSERT and one block: on ClickHouse 26.7.2.1 what the SELECT emits is squashed into one block, which is then stamped with the token
-- Warning type-conversion: types differ and are converted by CAST: amount UInt32 → UInt64 (a value that does not fit fails its chunk; contents are compared after conversion)
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

-- chunk 0 8e6501e8aefba969 · 20250101 · ~11192 rows, ~1119200 bytes
-- token ee30a34db3b7bfd660406f8b0959bf4cdb451f7bc8ba34f43fe12d8131c7c5b9
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250101';

-- chunk 1 0ad23d604a361a1f · 20250102 · ~9000 rows, ~900000 bytes
-- token 584afc6a9fc45150b3072557e5868d80df6127482c0dbf52c13ba3ee6823a79b
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250102';

-- chunk 2 07b673879bbecf39 · 20250103 · before mega, 2025-01-03 03:00 · ~32768 rows, ~3276800 bytes
-- token 825204a98164b6915679ad9935822c2ab324919f3d0fa2b9fcbf864ef3f1c375
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND (tenant < 'mega' OR (tenant = 'mega' AND ts < reinterpret(CAST(1735873200000 AS Int64), 'DateTime64(3, \'UTC\')')));

-- chunk 3 2e963101ecddfe5a · 20250103 · mega, 2025-01-03 03:00 – mega, 2025-01-03 06:00 · ~24576 rows, ~2457600 bytes
-- token e74ffc35771b75dd841c17edfa564038a6d805c70764a1ab2474abe5ec21d250
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND tenant = 'mega' AND ts >= reinterpret(CAST(1735873200000 AS Int64), 'DateTime64(3, \'UTC\')') AND ts < reinterpret(CAST(1735884000000 AS Int64), 'DateTime64(3, \'UTC\')');

-- chunk 4 7b6b5c279c9d448a · 20250103 · mega, 2025-01-03 06:00 – mega, 2025-01-03 10:00 · ~32768 rows, ~3276800 bytes
-- token b22f6a36981c7b5ae0ec51a5428d35513ea84a1a7d14dbc16418bc4e188f2273
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND tenant = 'mega' AND ts >= reinterpret(CAST(1735884000000 AS Int64), 'DateTime64(3, \'UTC\')') AND ts < reinterpret(CAST(1735898400000 AS Int64), 'DateTime64(3, \'UTC\')');

-- chunk 5 57d0d685c7c31072 · 20250103 · mega, 2025-01-03 10:00 – mega, 2025-01-03 13:00 · ~24576 rows, ~2457600 bytes
-- token ab96aa299247094faf0b6f6482f73dd2f03d66064d4fd94f16346cda6e311953
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND tenant = 'mega' AND ts >= reinterpret(CAST(1735898400000 AS Int64), 'DateTime64(3, \'UTC\')') AND ts < reinterpret(CAST(1735909200000 AS Int64), 'DateTime64(3, \'UTC\')');

-- chunk 6 9d72034caf42ada4 · 20250103 · mega, 2025-01-03 13:00 – mega, 2025-01-03 17:00 · ~32768 rows, ~3276800 bytes
-- token 00f6108a7c14f87a1829c5a6907c8b4e3fa9599997415403b1756a49a8da69e7
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND tenant = 'mega' AND ts >= reinterpret(CAST(1735909200000 AS Int64), 'DateTime64(3, \'UTC\')') AND ts < reinterpret(CAST(1735923600000 AS Int64), 'DateTime64(3, \'UTC\')');

-- chunk 7 cda11dbf9f9540eb · 20250103 · mega, 2025-01-03 17:00 – mega, 2025-01-03 20:00 · ~24576 rows, ~2457600 bytes
-- token da385d721bbf25e0d117ed1eca2d36772c2023d508e88ea2f64cfc1300a20f07
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND tenant = 'mega' AND ts >= reinterpret(CAST(1735923600000 AS Int64), 'DateTime64(3, \'UTC\')') AND ts < reinterpret(CAST(1735934400000 AS Int64), 'DateTime64(3, \'UTC\')');

-- chunk 8 5d9d261c37bfc092 · 20250103 · mega, 2025-01-03 20:00 – z, 2025-01-03 00:00:00.777 · ~32768 rows, ~3276800 bytes
-- token 2d95c975e555d6dbad1b21dd0f31740ebc1edb9537297974df3d24d4438dad60
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND ((tenant > 'mega' OR (tenant = 'mega' AND ts >= reinterpret(CAST(1735934400000 AS Int64), 'DateTime64(3, \'UTC\')'))) AND (tenant < 'z' OR (tenant = 'z' AND ts < reinterpret(CAST(1735862400777 AS Int64), 'DateTime64(3, \'UTC\')'))));

-- chunk 9 cd8ec1f43bba2a5c · 20250103 · from z, 2025-01-03 00:00:00.777 · hash 1 of 2 · ~29096 rows, ~2909600 bytes
-- token 1c494998e06f4950ec15147ff0cd3ac97fd0e42743e8c6e755e0b5450c18b02c
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND (tenant > 'z' OR (tenant = 'z' AND ts >= reinterpret(CAST(1735862400777 AS Int64), 'DateTime64(3, \'UTC\')'))) AND cityHash64(tuple(CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`)) % 2 = 0;

-- chunk 10 b14a2fae8aa6db81 · 20250103 · from z, 2025-01-03 00:00:00.777 · hash 2 of 2 · ~29096 rows, ~2909600 bytes
-- token b9b2d2ffdec44f5a60e3e1be24ad2d22ad16d13c868be981ca62beb5f1ad31d7
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103' AND (tenant > 'z' OR (tenant = 'z' AND ts >= reinterpret(CAST(1735862400777 AS Int64), 'DateTime64(3, \'UTC\')'))) AND cityHash64(tuple(CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`)) % 2 = 1;
