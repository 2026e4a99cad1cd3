CREATE MATERIALIZED VIEW IF NOT EXISTS demo.daily_refunds_mv TO demo.daily_totals AS
SELECT toDate(ts) AS day, tenant, count() AS refunds, sum(amount) AS refunded
FROM demo.events
WHERE kind = 'refund'
GROUP BY day, tenant
