CREATE TABLE snapshots (
    digest   TEXT PRIMARY KEY,
    taken_at INTEGER NOT NULL,
    body     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE plans (
    digest    TEXT PRIMARY KEY,
    plan_id   TEXT NOT NULL,
    -- executor_api::plan::PlanAnswer
    answer    TEXT NOT NULL,
    core      TEXT NOT NULL,
    estimates TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    seq              INTEGER PRIMARY KEY AUTOINCREMENT,
    id               TEXT NOT NULL UNIQUE,
    state            TEXT NOT NULL,
    plan_digest      TEXT NOT NULL REFERENCES plans (digest),
    source           TEXT NOT NULL,
    target           TEXT NOT NULL,
    -- Whether the target held no rows at all when the job began; NULL until it began.
    target_was_empty INTEGER,
    -- executor_api::job::Job
    body             TEXT NOT NULL
) STRICT;
CREATE INDEX jobs_by_state ON jobs (state);

CREATE TABLE tasks (
    job_id TEXT NOT NULL,
    n      INTEGER NOT NULL,
    state  TEXT NOT NULL,
    -- store::tasks::TaskRecord
    body   TEXT NOT NULL,
    PRIMARY KEY (job_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX tasks_by_state ON tasks (job_id, state, n);

-- Attempt numbers count over all jobs of a plan id, so that a query id is never used twice.
CREATE TABLE attempts (
    plan_id  TEXT NOT NULL,
    chunk_id TEXT NOT NULL,
    number   INTEGER NOT NULL,
    job_id   TEXT NOT NULL,
    n        INTEGER NOT NULL,
    query_id TEXT NOT NULL UNIQUE,
    outcome  TEXT NOT NULL,
    -- The server's clock when it was sent, in milliseconds; NULL when the server was not asked.
    server_time INTEGER,
    -- executor_api::task::Attempt
    body     TEXT NOT NULL,
    PRIMARY KEY (plan_id, chunk_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_by_job ON attempts (job_id, n, number);

-- Append-only; ids count from 1 within a job, without gaps.
CREATE TABLE events (
    job_id TEXT NOT NULL,
    id     INTEGER NOT NULL,
    -- executor_api::event::Event
    body   TEXT NOT NULL,
    -- executor_api::job::Job after the event, without title and reason
    job    TEXT NOT NULL,
    -- executor_api::task::Task after the event
    task   TEXT,
    PRIMARY KEY (job_id, id)
) STRICT, WITHOUT ROWID;

-- What the target held in a chunk's span before the job sent it (n), or in all (-1).
CREATE TABLE baselines (
    job_id TEXT NOT NULL,
    n      INTEGER NOT NULL,
    body   TEXT NOT NULL,
    PRIMARY KEY (job_id, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE comparisons (
    job_id TEXT NOT NULL,
    n      INTEGER NOT NULL,
    body   TEXT NOT NULL,
    PRIMARY KEY (job_id, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
    job_id TEXT PRIMARY KEY,
    body   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
    key    TEXT PRIMARY KEY,
    -- Digest of the body that it came with.
    body   TEXT NOT NULL,
    job_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
