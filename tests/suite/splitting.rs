//! Chunks that are too big for ClickHouse are halved until they fit, by the plan's own rules, and nothing arrives twice.

use std::collections::BTreeSet;
use std::time::Duration;

use executor_api::event::EventPage;
use executor_api::job::{Job, JobState};
use executor_api::receipt::Verdict;
use executor_api::task::{Task, TaskDetail, TaskPage, TaskState};
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::generate;
use penstock_tests::keyed;
use penstock_tests::proxy::{Fault, Proxy};
use penstock_tests::sample::{self, COLUMNS};
use penstock_tests::service::{Service, request};
use planner_core::audit::audit;
use planner_core::plan::{Plan, Span};
use planner_core::request::Method;
use planner_core::snapshot::Snapshot;
use planner_core::{Outcome, split};
use proptest::prelude::*;

const ROWS: u64 = 1_000_000;
const QUICK: &str = "[defaults]\nfirst_retry_pause_ms = 50\n";

/// Each split task's halves, checked against it.
fn tree(tasks: &[Task]) -> usize {
    let mut children = BTreeSet::new();
    for parent in tasks.iter().filter(|task| !task.split_into.is_empty()) {
        assert_eq!((parent.state, parent.split_into.len()), (TaskState::Skipped, 2), "{parent:?}");
        assert!(parent.message.as_deref().is_some_and(|message| message.starts_with("too big")), "{parent:?}");
        let halves: Vec<&Task> = parent.split_into.iter().map(|n| tasks.iter().find(|task| task.n == *n).unwrap()).collect();
        assert!(halves.iter().all(|half| half.parent == Some(parent.n)));
        assert_eq!(halves.iter().map(|half| half.rows_estimated).sum::<u64>(), parent.rows_estimated);
        children.extend(parent.split_into.iter().copied());
    }
    assert!(tasks.iter().all(|task| task.parent.is_some() == children.contains(&task.n)));
    children.len() / 2
}

async fn tasks(service: &Service, job: &Job) -> Vec<Task> {
    let page: TaskPage = service.get(&format!("/jobs/{}/tasks?limit=5000", job.id)).await.unwrap();
    page.tasks
}

async fn exact(server: &ClickHouse, target: &str) {
    let source = server.fingerprint(&format!("{COLUMNS} demo.events")).await;
    assert_eq!(source, server.fingerprint(&format!("{COLUMNS} demo.{target}")).await);
}

#[tokio::test]
async fn a_chunk_that_needs_too_much_memory_is_halved_until_it_fits() {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    let proxy = Proxy::start(&server.url()).await;
    proxy.arm_all(Some(Fault::Memory(12 << 20)));
    let mut service = Service::start_configured(&proxy.url(), QUICK).await;
    let asked = request("demo.events", "demo.events_by_time", "120", Some(("2025-01-01", "2025-02-01")));
    let job = service.start_job(&asked, 2).await;
    // Halfway through the splitting the service dies, too.
    service.wait_until(&job.id, "splitting", |job| job.counts.total >= 11 || job.state.is_terminal()).await;
    service.kill();
    service.revive().await;
    let job = service.completed(&job.id).await;
    assert_eq!(job.verdict, Some(Verdict::Exact));
    exact(&server, "events_by_time").await;
    let tasks = tasks(&service, &job).await;
    let splits = tree(&tasks);
    assert!(splits >= 4, "{splits} splits");
    assert_eq!(job.counts.total, 7 + 2 * splits as u64);
    assert_eq!((job.counts.done, job.counts.skipped), (7 + splits as u64, splits as u64));
    assert_eq!(job.progress.bytes_done, job.progress.bytes_total);
    super::jobs::one_part_a_partition(&server, job.plan_id.as_str()).await;

    let receipt = service.receipt(&job.id).await;
    assert_eq!((receipt.rows, receipt.verdict), (ROWS, Verdict::Exact));
    assert_eq!(receipt.comparisons.len(), 7 + splits);
    assert_eq!(receipt.tasks.iter().filter(|task| task.evidence == "split" && task.split_into.len() == 2).count(), splits);
    // Backed off first: the chunks of the plan were tried three times, halves once.
    let parent = tasks.iter().find(|task| !task.split_into.is_empty() && task.parent.is_none()).unwrap();
    assert_eq!(parent.attempts, 3);
    let half: TaskDetail = service.get(&format!("/jobs/{}/tasks/{}", job.id, parent.split_into[0])).await.unwrap();
    assert!(half.sql.starts_with("INSERT INTO") && !half.token.is_empty(), "{half:?}");
    let log: EventPage = service.get(&format!("/jobs/{}/log?limit=1000", job.id)).await.unwrap();
    assert_eq!(log.events.iter().filter(|event| event.kind == "task-split").count(), splits);

    // The same plan again finds every chunk of the plan whole.
    proxy.arm_all(None);
    let again = service
        .start_job(
            &{
                let mut asked = asked;
                asked.acknowledged.insert(planner_core::request::Acknowledgement::TargetHoldsRows);
                asked
            },
            2,
        )
        .await;
    let again = service.completed(&again.id).await;
    assert_eq!((again.verdict, again.counts.total), (Some(Verdict::Exact), 7));
    exact(&server, "events_by_time").await;
}

#[tokio::test]
async fn a_chunk_that_takes_too_long_is_halved_and_one_that_cannot_be_says_why() {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    let proxy = Proxy::start(&server.url()).await;
    let service = Service::start_configured(&proxy.url(), QUICK).await;
    // Nothing is quick enough: halved down to the narrowest chunk, then failed with the reason.
    proxy.arm_all(Some(Fault::Hurry(Duration::from_millis(1))));
    let asked = request("demo.events", "demo.events_by_tenant", "1", Some(("2025-01-01", "2025-01-01 02:00:00")));
    let job = service.start_job(&asked, 2).await;
    let job = service.wait_until(&job.id, "ended", |job| job.state.is_terminal()).await;
    assert_eq!((job.state, job.counts.failed, job.counts.skipped), (JobState::Failed, 8, 6), "{job:?}");
    let failed = tasks(&service, &job).await.into_iter().find(|task| task.state == TaskState::Failed).unwrap();
    let message = failed.message.unwrap();
    assert!(
        message.contains("TIMEOUT_EXCEEDED") && message.contains("it is not split: it is as narrow as a chunk may be (15 minutes)"),
        "{message}"
    );
    assert_eq!(server.query("SELECT count() FROM demo.events_by_tenant").await, "0\n");
    // With time enough, a retry writes just the halves.
    proxy.arm_all(None);
    let _: Job = service.post(&format!("/jobs/{}/retry", job.id), &serde_json::json!({})).await.unwrap();
    let job = service.wait_until(&job.id, "completed", |job| job.state == JobState::Completed).await;
    assert_eq!((job.verdict, job.counts.done), (Some(Verdict::Exact), 8));
    let rows = |table: &str| format!("{COLUMNS} demo.{table} WHERE ts < '2025-01-01 02:00:00'");
    assert_eq!(server.fingerprint(&rows("events")).await, server.fingerprint(&rows("events_by_tenant")).await);
}

/// What every split must be, whatever is split.
fn check_halves(plan: &Plan, snapshot: &Snapshot, i: usize) -> Option<[Span; 3]> {
    let [left, right] = split::halves(plan, snapshot, i).ok()?;
    assert_eq!(split::halves(plan, snapshot, i), Ok([left.clone(), right.clone()]), "the same each time");
    let whole = &plan.core.chunks[i];
    assert_eq!((left.chunk.statement, right.chunk.statement), (whole.statement, whole.statement));
    assert_eq!(left.estimate.rows + right.estimate.rows, plan.estimates[i].rows);
    assert_eq!(left.estimate.bytes + right.estimate.bytes, plan.estimates[i].bytes);
    let more = plan.clone().with_halves([left.clone(), right.clone()]);
    let n = plan.len();
    let ids: BTreeSet<_> = (0..more.len()).map(|i| more.core.chunk_id(i)).collect();
    assert_eq!(ids.len(), n + 2);
    assert!(more.core.token(n, 0) != more.core.token(n + 1, 0) && more.core.token(n, 0) != more.core.token(i, 0));
    assert_eq!(more.core.target_predicate(n).is_some(), more.core.target_predicate(i).is_some(), "told in the target as before");
    // In the parent's place they make a plan as good as any. (Buckets of two sizes side by side are no plan.)
    let bucket = matches!(&whole.span, Span::Key(span) if span.bucket.is_some());
    if !bucket {
        let mut instead = plan.clone();
        instead.estimates.splice(i..=i, [left.estimate, right.estimate]);
        instead.core.chunks.splice(i..=i, [left.chunk.clone(), right.chunk.clone()]);
        assert_eq!(audit(&instead, snapshot), Vec::new(), "{:?} into {left:?} and {right:?}", plan.core.chunks[i]);
    }
    Some([whole.span.clone(), left.chunk.span, right.chunk.span])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn halves_of_time_cover_their_chunk_exactly((request, snapshot) in generate::pair()) {
        if let Outcome::Planned(plan) = planner_core::plan(&request, &snapshot) {
            for i in 0..plan.len().min(50) {
                let Some([whole, left, right]) = check_halves(&plan, &snapshot, i) else { continue };
                let (Span::Time(from, Some(cut)), Span::Time(Some(again), to)) = (left, right) else { panic!("not of time") };
                prop_assert_eq!((Span::Time(from, to), cut), (whole, again));
                prop_assert!(from.is_none_or(|from| from < cut) && to.is_none_or(|to| cut < to));
            }
        }
    }

    #[test]
    fn halves_of_a_key_cover_their_chunk_exactly((request, snapshot) in keyed::keyed()) {
        if let Outcome::Planned(plan) = planner_core::plan(&request, &snapshot) {
            for i in 0..plan.len().min(30) {
                let Some(spans) = check_halves(&plan, &snapshot, i) else { continue };
                let [Span::Key(whole), Span::Key(left), Span::Key(right)] = spans else { panic!("not of a key") };
                let partitions = [left.partitions.clone(), right.partitions.clone()].concat();
                if whole.partitions.len() > 1 {
                    prop_assert_eq!(&partitions, &whole.partitions);
                    prop_assert!(!left.partitions.is_empty() && !right.partitions.is_empty());
                } else if left.bucket == whole.bucket {
                    prop_assert!(left.to.is_some() && left.to == right.from && left.from == whole.from && right.to == whole.to);
                } else {
                    let (index, of) = whole.bucket.map_or((0, 1), |bucket| (bucket.index, bucket.of));
                    let found = [left.bucket, right.bucket].map(|bucket| bucket.map(|bucket| (bucket.index, bucket.of)));
                    prop_assert_eq!(found, [Some((index, of * 2)), Some((index + of, of * 2))]);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_chunk_of_many_partitions_is_halved_down_to_the_rows_of_one_key() {
    let server = ClickHouse::start();
    sample::install(&server, ROWS).await;
    // Two days, and one of them full of rows of a single key.
    for day in 3..=31 {
        server.query(&format!("ALTER TABLE demo.events DROP PARTITION ID '202501{day:02}'")).await;
    }
    server
        .query(
            "INSERT INTO demo.events (id, tenant, ts, kind, tags, note, amount) SELECT number + 10000000, 'one', \
             toDateTime64('2025-01-02 12:00:00', 3, 'UTC'), 'click', [], NULL, number % 1000 FROM numbers(300000)",
        )
        .await;
    let proxy = Proxy::start(&server.url()).await;
    proxy.arm_all(Some(Fault::Memory(12 << 20)));
    let service = Service::start_configured(&proxy.url(), QUICK).await;
    let mut asked = request("demo.events", "demo.events_by_tenant", "1", None);
    asked.method = Method::SizeBudget { bytes: 1 << 30 };
    let job = service.start_job(&asked, 2).await;
    let job = service.completed(&job.id).await;
    assert_eq!(job.verdict, Some(Verdict::Exact));
    exact(&server, "events_by_tenant").await;
    let tasks = tasks(&service, &job).await;
    let splits = tree(&tasks);
    let with = |what: &str| tasks.iter().filter(|task| task.label.contains(what)).count();
    assert!(
        splits >= 3 && with("before one") == 1 && with("hash") >= 2,
        "{splits} splits: {:?}",
        tasks.iter().map(|task| &task.label).collect::<Vec<_>>()
    );
    assert_eq!((job.counts.done, job.counts.skipped), (job.counts.total - splits as u64, splits as u64));
}
