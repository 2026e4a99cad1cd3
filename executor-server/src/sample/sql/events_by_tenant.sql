CREATE TABLE IF NOT EXISTS demo.events_by_tenant
(
    tenant LowCardinality(String),
    kind LowCardinality(String),
    ts DateTime64(3, 'UTC'),
    id UInt64,
    amount UInt32 COMMENT 'cents',
    tags Array(String),
    referrer Nullable(String),
    day Date MATERIALIZED toDate(ts),
    price Float64 ALIAS amount / 100
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (tenant, kind, ts)
SETTINGS non_replicated_deduplication_window = 10000
