INSERT INTO demo.events (id, tenant, ts, kind, tags, referrer, amount)
SELECT
    intHash64(number) AS id,
    if(h % 10 < 6, 'mega', concat('t-', leftPad(toString(intDiv((intDiv(h, 10) % 200) * (intDiv(h, 2000) % 200), 200)), 3, '0'))) AS tenant,
    fromUnixTimestamp64Milli(toInt64({day_start_ms}
        + [{hours}][1 + intDiv(h, 400000) % {hour_count}] * 3600000
        + intHash64(h) % 3600000), 'UTC') AS ts,
    multiIf(k < 72, 'view', k < 91, 'click', k < 97, 'purchase', k < 99, 'signup', 'refund') AS kind,
    arraySlice(['web', 'ios', 'android', 'email', 'partner'], 1 + k % 4, k % 3) AS tags,
    if(k % 5 = 0, NULL, concat('https://example.com/', toString(k % 37))) AS referrer,
    if(kind IN ('purchase', 'refund'), toUInt32(100 + intHash32(number) % 49900), toUInt32(0)) AS amount
FROM
(
    SELECT number, cityHash64(number) AS h, cityHash64(number, 1) % 100 AS k
    FROM numbers({first}, {rows})
    WHERE (SELECT count() FROM demo.events WHERE toYYYYMMDD(ts) = {partition}) = 0
)
SETTINGS max_insert_threads = 1, min_insert_block_size_rows = 1000000000, min_insert_block_size_bytes = 0, max_insert_block_size = 1000000000
