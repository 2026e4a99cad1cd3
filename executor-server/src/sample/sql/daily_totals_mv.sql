CREATE MATERIALIZED VIEW IF NOT EXISTS demo.daily_totals_mv TO demo.daily_totals AS
SELECT toDate(ts) AS day, tenant, count() AS events, sum(amount) AS amount
FROM demo.events
GROUP BY day, tenant
