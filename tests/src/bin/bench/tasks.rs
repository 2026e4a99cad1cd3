//! A job of 100,000 tasks, watched for a while: what a task costs the service, its memory, how soon its status answers, and
//! how often ClickHouse is asked what runs. Chunks hold a row each, so that hardly anything but the service's work is left.
//! With `--to-the-end` memory is measured until the receipt is made.

use std::time::{Duration, Instant};

use executor_api::job::JobState;
use executor_api::receipt::Verdict;
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::service::{Service, request};
use serde_json::{Value, json};

use crate::{Wanted, rounded};

const LANES: u16 = 8;
/// Clock ticks of `/proc` in a second.
const TICKS: f64 = 100.0;

pub(crate) async fn measure(wanted: &Wanted) -> Value {
    let tasks: u64 = wanted.number("--tasks").unwrap_or_else(|| if wanted.has("--quick") { 10_000 } else { 100_000 });
    let seconds = wanted.number("--seconds").unwrap_or_else(|| if wanted.has("--quick") { 20 } else { 60 });
    let server = ClickHouse::start();
    install(&server, tasks).await;
    let service = Service::start(&server.url()).await;
    let (from, to) = ("2020-01-01", planner_core::quantity::UnixMillis(1_577_836_800_000 + i64::try_from(tasks).unwrap_or(0) * 900_000));
    let to = to.to_string();
    let plan = service.plan(&request("many.events", "many.copy", "0.25", Some((from, &to)))).await.expect("planned");
    let started = Instant::now();
    let job = service.submit(&plan, LANES).await.expect("accepted");
    let accepted_s = started.elapsed().as_secs_f64();
    service.wait_until(&job.id, "working", |job| job.counts.done > 20).await;

    let pid = service.pid().expect("it runs");
    let (cpu, done, since) = (ticks(pid), service.job(&job.id).await.counts.done, Instant::now());
    let mut slowest = Duration::ZERO;
    let mut answers = Vec::new();
    while since.elapsed() < Duration::from_secs(seconds) {
        let asked = Instant::now();
        let state = service.job(&job.id).await.state;
        slowest = slowest.max(asked.elapsed());
        answers.push(asked.elapsed().as_secs_f64() * 1000.0);
        if state != JobState::Running {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (took, worked) = (since.elapsed().as_secs_f64(), service.job(&job.id).await.counts.done - done);
    let cpu_ms = precise(ticks(pid) - cpu) * 1000.0 / TICKS;
    let watched_memory = memory_kib(pid);
    server.query("SYSTEM FLUSH LOGS").await;
    let watched = server
        .query(&format!(
            "SELECT countIf(query LIKE '%FROM system.processes WHERE has(%' OR query LIKE '%parts_to_delay%') FROM system.query_log \
             WHERE type = 'QueryFinish' AND event_time_microseconds >= now64(6) - INTERVAL {} MILLISECOND",
            since.elapsed().as_millis()
        ))
        .await;
    let watched: f64 = watched.trim().parse().unwrap_or(f64::NAN);
    if wanted.has("--to-the-end") {
        while !service.job(&job.id).await.state.is_terminal() {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        assert_eq!(service.receipt(&job.id).await.verdict, Verdict::Exact, "each row arrived once");
    }
    json!({
        "tasks": tasks,
        "lanes": LANES,
        "accepted_s": rounded(accepted_s),
        "watched_s": rounded(took),
        "done_meanwhile": worked,
        "cpu_ms_per_task": rounded(cpu_ms / precise(worked.max(1))),
        "memory_mib": rounded(precise(watched_memory) / 1024.0),
        "memory_to_the_end_mib": wanted.has("--to-the-end").then(|| rounded(precise(memory_kib(pid)) / 1024.0)),
        "status_median_ms": rounded(crate::median(answers)),
        "status_slowest_ms": rounded(slowest.as_secs_f64() * 1000.0),
        "watching_queries_per_s": rounded(watched / took),
    })
}

/// A row for each quarter of an hour.
async fn install(server: &ClickHouse, tasks: u64) {
    server
        .run(&[
            "CREATE DATABASE many",
            "CREATE TABLE many.events (id UInt64, ts DateTime('UTC')) ENGINE = MergeTree PARTITION BY toYYYYMM(ts) ORDER BY ts",
            &format!(
                "INSERT INTO many.events SELECT number, toDateTime(1577836800 + number * 900, 'UTC') FROM numbers({tasks}) \
                 SETTINGS max_partitions_per_insert_block = 0"
            ),
            "CREATE TABLE many.copy AS many.events ENGINE = MergeTree PARTITION BY toYYYYMM(ts) ORDER BY ts \
             SETTINGS non_replicated_deduplication_window = 1000000, parts_to_delay_insert = 100000, parts_to_throw_insert = 200000",
        ])
        .await;
}

/// User and kernel time of a process so far, in ticks.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<u64> =
        stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().map(|field| field.parse().unwrap_or(0)).collect();
    fields.get(11).unwrap_or(&0) + fields.get(12).unwrap_or(&0)
}

/// Most memory that a process has held so far.
fn memory_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn precise(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
