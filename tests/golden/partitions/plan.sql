-- answer d8c8bada5471d1473d195d21f7033ff1a40a796fb25806bd1eded00f4e5681ec
-- plan 881245f7735a0881
-- digest 7aec29884811cc68b0d02af930cab633405571d586c0d21aab82f81c579d5d72
-- Info mode: rows are copied from demo.events to demo.events_by_tenant by column name
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

-- chunk 0 e411a72c2c91f1f8 · 20250101 · ~11192 rows, ~1119200 bytes
-- token ee30a34db3b7bfd660406f8b0959bf4cdb451f7bc8ba34f43fe12d8131c7c5b9
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250101';

-- chunk 1 5d84cf5612ae1f74 · 20250102 · ~9000 rows, ~900000 bytes
-- token 584afc6a9fc45150b3072557e5868d80df6127482c0dbf52c13ba3ee6823a79b
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250102';

-- chunk 2 364ffaf6fd28131f · 20250103 · ~262992 rows, ~26299200 bytes
-- token c93a5ba41a624ca4ee43a7c2b79f9d647857289c06a43ca070071f52b96b96de
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT CAST(`amount` AS UInt64), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103';
