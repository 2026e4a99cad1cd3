-- A receipt in pieces, in order: one of many chunks is never in memory as a whole. Named by its digest: whoever reads one
-- while another takes its place does not get a mixture.
CREATE TABLE receipt_pieces (
    job_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    part   INTEGER NOT NULL,
    body   BLOB NOT NULL,
    PRIMARY KEY (job_id, digest, part)
) STRICT, WITHOUT ROWID;
INSERT INTO receipt_pieces SELECT job_id, json_extract(body, '$.digest'), 0, CAST(body AS BLOB) FROM receipts;
DROP TABLE receipts;
