CREATE TABLE IF NOT EXISTS demo.daily_totals
(
    day Date,
    tenant LowCardinality(String),
    events UInt64,
    amount UInt64 COMMENT 'cents',
    refunds UInt64,
    refunded UInt64 COMMENT 'cents'
)
ENGINE = SummingMergeTree
ORDER BY (day, tenant)
SETTINGS non_replicated_deduplication_window = 10000
