//! ClickHouse is away: one clear state, few tries, nothing used up, and the job goes on by itself.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use executor_api::event::EventPage;
use executor_api::job::Job;
use executor_api::receipt::Verdict;
use executor_api::task::{TaskPage, TaskState};
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::proxy::Proxy;
use penstock_tests::sample::{self, COLUMNS};
use penstock_tests::service::{Service, request};

const ROWS: u64 = 600_000;

/// Hangs up on everybody who calls at a port, and counts them.
struct Nobody {
    calls: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Nobody {
    fn at(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let (calls, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, stopped) = (Arc::clone(&calls), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                if listener.accept().is_ok() {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        Self { calls, stop, thread }
    }

    /// Stops listening; how often somebody called.
    fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        self.calls.load(Ordering::Relaxed)
    }
}

async fn log(service: &Service, job: &str) -> Vec<String> {
    let page: EventPage = service.get(&format!("/jobs/{job}/log?limit=1000")).await.unwrap();
    page.events.into_iter().map(|event| event.kind).collect()
}

async fn waiting(service: &Service, job: &Job) -> String {
    let found = service
        .wait_until(&job.id, "waiting", |job| job.message.as_deref().is_some_and(|words| words.starts_with("waiting for ClickHouse")))
        .await;
    found.message.unwrap()
}

/// User and kernel time of a process so far, in clock ticks of 10 ms.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[tokio::test]
async fn a_server_that_is_gone_is_asked_seldom_and_uses_nothing_up() {
    let mut server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    server.query("ALTER TABLE demo.events_by_time ADD COLUMN pause UInt8 MATERIALIZED sleepEachRow(0.00002)").await;
    let service = Service::start(&server.url()).await;
    let asked = request("demo.events", "demo.events_by_time", "24", Some(("2025-01-01", "2025-01-09")));
    let job = service.start_job(&asked, 2).await;
    service.wait_until(&job.id, "writing", |job| job.counts.done > 0 && job.counts.running == 2).await;
    let port: u16 = server.url().rsplit(':').next().unwrap().parse().unwrap();
    server.kill();
    let nobody = Nobody::at(port);
    let first = waiting(&service, &job).await;
    assert!(first.contains("it does not answer since 20") && first.contains("; next try in "), "{first}");
    // The pauses have grown to their longest.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let (events, cpu) = (log(&service, &job.id).await, ticks(service.pid().unwrap()));
    let before = nobody.calls.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(9)).await;
    let calls = nobody.calls.load(Ordering::Relaxed) - before;
    assert!((2..=5).contains(&calls), "{calls} tries in 9 s");
    let used = ticks(service.pid().unwrap()) - cpu;
    assert!(used < 50, "{used} ticks of 10 ms in 9 s");
    assert_eq!(events, log(&service, &job.id).await, "each try is no event");
    let later = waiting(&service, &job).await;
    let since = |words: &str| words.split("since ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    assert_eq!(since(&first), since(&later));
    let standing = service.job(&job.id).await;
    assert_eq!((standing.counts.failed, standing.counts.retrying), (0, 0), "{standing:?}");
    assert!(nobody.end() > 2);

    server.restart();
    let ended = service.completed(&job.id).await;
    assert_eq!((ended.verdict, ended.counts.failed), (Some(Verdict::Exact), 0));
    let page: TaskPage = service.get(&format!("/jobs/{}/tasks", job.id)).await.unwrap();
    assert!(page.tasks.iter().all(|task| task.state == TaskState::Done && task.attempts <= 2), "{:?}", page.tasks);
    let kinds = log(&service, &job.id).await;
    let count = |kind: &str| kinds.iter().filter(|found| *found == kind).count();
    assert_eq!((count("clickhouse-away"), count("clickhouse-back")), (1, 1), "{kinds:?}");
    let rows = |table: &str| format!("{COLUMNS} demo.{table} WHERE ts < '2025-01-09'");
    assert_eq!(server.fingerprint(&rows("events")).await, server.fingerprint(&rows("events_by_time")).await);
}

#[tokio::test]
async fn a_server_that_is_silent_is_waited_for_and_a_restart_says_so_again() {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    server.query("ALTER TABLE demo.events_by_time ADD COLUMN pause UInt8 MATERIALIZED sleepEachRow(0.00002)").await;
    let proxy = Proxy::start(&server.url()).await;
    let mut service = Service::start(&proxy.url()).await;
    let asked = request("demo.events", "demo.events_by_time", "24", Some(("2025-01-01", "2025-01-09")));
    let job = service.start_job(&asked, 1).await;
    service.wait_until(&job.id, "writing", |job| job.counts.done > 0 && job.counts.running == 1).await;
    proxy.silence_questions(true);
    waiting(&service, &job).await;
    let sent = *proxy.inserts().borrow();
    service.kill();
    service.revive().await;
    waiting(&service, &job).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(*proxy.inserts().borrow(), sent, "nothing is sent to a server that does not answer");
    proxy.silence_questions(false);
    let ended = service.completed(&job.id).await;
    assert_eq!((ended.verdict, ended.message.as_deref()), (Some(Verdict::Exact), Some("154,840 rows, each exactly once")));
}
