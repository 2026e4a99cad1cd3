CREATE TABLE IF NOT EXISTS demo.events_by_time
(
    ts DateTime64(3, 'UTC'),
    kind LowCardinality(String),
    amount UInt32 COMMENT 'cents',
    id UInt64,
    referrer Nullable(String),
    tenant LowCardinality(String),
    tags Array(String),
    day Date MATERIALIZED toDate(ts),
    price Float64 ALIAS amount / 100
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ts)
ORDER BY (ts, tenant)
