-- answer 5c30a3300187f301804cf00cf55187e4f9831ab6e9128462a9f7f59e550331b3
-- plan 881245f7735a0881
-- digest 74c1d5331601b9bf530431e81d03f5169fd4178b97f985b696d23eb81db78cad
-- Info mode: rows are copied from demo.events to demo.events_by_tenant by column name
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

-- chunk 0 e411a72c2c91f1f8 · 20250101 · ~11192 rows, ~1119200 bytes
-- token fe2c06ce5c12ad1adeab80a7fae421074a92d4bf50fc94267632d41e6446a516
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250101';

-- chunk 1 5d84cf5612ae1f74 · 20250102 · ~9000 rows, ~900000 bytes
-- token e4b77bda5e0151e273fa73e7ad8ce70f1956c8c5e193e19b44494c0131e424ea
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250102';

-- chunk 2 364ffaf6fd28131f · 20250103 · ~262992 rows, ~26299200 bytes
-- token cfa00a34be0507b7d04e967d9b58f05ef11539b8369914ef19ad043542d9cfec
INSERT INTO `demo`.`events_by_tenant` (`amount`, `tenant`, `ts`, `kind`, `note`)
SELECT accurateCast(`amount`, 'UInt64'), `tenant`, `ts`, `kind`, `note`
FROM `demo`.`events`
WHERE _partition_id = '20250103';
