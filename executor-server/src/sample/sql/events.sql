CREATE TABLE IF NOT EXISTS demo.events
(
    id UInt64,
    tenant LowCardinality(String),
    ts DateTime64(3, 'UTC'),
    kind LowCardinality(String),
    tags Array(String),
    referrer Nullable(String),
    amount UInt32 COMMENT 'cents',
    day Date MATERIALIZED toDate(ts),
    price Float64 ALIAS amount / 100
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ts)
ORDER BY (tenant, ts)
