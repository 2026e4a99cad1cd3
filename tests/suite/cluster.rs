//! Several servers: chunks go to all of them, and what became of a chunk is asked of all of them.

use std::collections::BTreeSet;
use std::time::Duration;

use executor_api::event::EventPage;
use executor_api::job::{Job, JobState};
use executor_api::receipt::Verdict;
use executor_api::task::{Attempt, Outcome, TaskDetail, TaskPage};
use penstock_tests::cli::Cli;
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::round_robin::RoundRobin;
use penstock_tests::service::{Service, request};
use penstock_tests::trio::{CLUSTER, Trio};

/// A copy of eight days, one a chunk, of some seconds each.
async fn start(service: &Service, lanes: u16) -> Job {
    service.start_job(&request("app.events", "app.copy", "24", Some(("2025-01-01", "2025-01-09"))), lanes).await
}

async fn log(service: &Service, job: &Job) -> Vec<String> {
    let page: EventPage = service.get(&format!("/jobs/{}/log?limit=1000", job.id)).await.unwrap();
    page.events.into_iter().map(|event| event.kind).collect()
}

/// Every attempt of the job, by task.
async fn attempts(service: &Service, job: &Job) -> Vec<Vec<Attempt>> {
    let page: TaskPage = service.get(&format!("/jobs/{}/tasks", job.id)).await.unwrap();
    let mut all = Vec::new();
    for task in page.tasks {
        let answer: TaskDetail = service.get(&format!("/jobs/{}/tasks/{}", job.id, task.n)).await.unwrap();
        all.push(answer.attempts);
    }
    all
}

async fn exact(trio: &Trio, service: &Service, job: &Job) {
    let ended = service.completed(&job.id).await;
    assert_eq!((ended.verdict, ended.counts.failed), (Some(Verdict::Exact), 0));
    trio.assert_exact().await;
    assert_eq!(trio.running().await, 0);
}

#[tokio::test]
async fn chunks_go_to_every_server_of_a_list_and_each_row_arrives_once() {
    let trio = Trio::start();
    trio.install(160_000).await;
    // The one that holds the tables is the last: reading goes through another, what only it can do goes to it.
    let (first, others) = trio.urls().split_once(',').map(|(first, others)| (first.to_owned(), others.to_owned())).unwrap();
    let service = Service::start(&format!("{others},{first}")).await;
    let job = start(&service, 3).await;
    exact(&trio, &service, &job).await;
    let attempts = attempts(&service, &job).await;
    assert!(attempts.iter().all(|attempts| attempts.len() == 1), "{attempts:?}");
    for (n, node) in trio.nodes.iter().enumerate() {
        let told: BTreeSet<&str> = attempts
            .iter()
            .flatten()
            .filter(|attempt| attempt.server == Some(format!("{}/", node.url())))
            .map(|attempt| attempt.query_id.as_str())
            .collect();
        assert!(told.len() >= 2, "server {n} took {} of 8 chunks", told.len());
        let sent = trio.sent_to(n).await;
        assert_eq!(told, sent.iter().map(String::as_str).collect(), "what was stored is where it was sent");
    }
    // The rows were written by queries of other ids: their parts are found all the same.
    let receipt = service.receipt(&job.id).await;
    assert!(receipt.tasks.iter().all(|task| task.one_block == Some(true)), "{:?}", receipt.tasks);
}

#[tokio::test]
async fn behind_a_round_robin_address_a_restarted_executor_adopts_what_another_server_runs() {
    let trio = Trio::start();
    trio.install(560_000).await;
    let mut service = Service::start(&trio.urls()).await;
    let job = start(&service, 3).await;
    service.wait_until(&job.id, "writing on all", |job| job.counts.running == 3).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    service.kill();
    assert!(trio.running().await >= 3, "the servers go on");
    // The first server is not reached any more; only the cluster knows what it does.
    let balancer = RoundRobin::start(&trio.nodes[1..].iter().map(ClickHouse::url).collect::<Vec<_>>()).await;
    service.lead_to(&balancer.url());
    service.set_environment("PENSTOCK_CLICKHOUSE_CLUSTER", Some(CLUSTER));
    service.revive().await;
    exact(&trio, &service, &job).await;
    let kinds = log(&service, &job).await;
    assert!(kinds.iter().filter(|kind| *kind == "task-adopted").count() >= 3, "{kinds:?}");
    let attempts = attempts(&service, &job).await;
    assert!(attempts.iter().all(|attempts| attempts.len() == 1), "what ran was not sent again: {attempts:?}");
    let told: BTreeSet<Option<&str>> = attempts.iter().flatten().map(|attempt| attempt.server.as_deref()).collect();
    assert_eq!(told.len(), 4, "three servers of the list, then nobody knows which: {told:?}");
    assert!(balancer.seen().iter().all(|seen| *seen > 0), "{:?}", balancer.seen());
}

#[tokio::test]
async fn a_server_that_is_away_keeps_the_outcome_open_under_its_name() {
    let mut trio = Trio::start();
    trio.install(560_000).await;
    let mut service = Service::start(&trio.urls()).await;
    let job = start(&service, 3).await;
    service.wait_until(&job.id, "writing on all", |job| job.counts.running == 3).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    service.kill();
    trio.nodes[2].kill();
    let balancer = RoundRobin::start(&trio.nodes[..2].iter().map(ClickHouse::url).collect::<Vec<_>>()).await;
    service.lead_to(&balancer.url());
    service.set_environment("PENSTOCK_CLICKHOUSE_CLUSTER", Some(CLUSTER));
    service.revive().await;
    let waiting = format!("waiting for {}: it does not answer since ", trio.host(2));
    let named = |job: &Job| job.message.as_deref().is_some_and(|words| words.starts_with(&waiting));
    let held = trio.watching(&[0, 1], service.wait_until(&job.id, "waiting by name", named)).await;
    assert!(held.counts.unknown >= 1, "{held:?}");
    // Whatever else goes on: what is open stays open, and is sent nowhere.
    trio.watching(&[0, 1], tokio::time::sleep(Duration::from_secs(4))).await;
    let page: TaskPage = service.get(&format!("/jobs/{}/tasks?state=unknown", job.id)).await.unwrap();
    assert!(!page.tasks.is_empty() && page.tasks.iter().all(|task| task.attempts == 1), "{:?}", page.tasks);
    assert_eq!(service.job(&job.id).await.counts.failed, 0);
    trio.watching(&[0, 1, 2], service.completed(&job.id)).await;
    exact(&trio, &service, &job).await;
    let kinds = log(&service, &job).await;
    assert!(kinds.iter().any(|kind| kind == "clickhouse-away") && kinds.iter().any(|kind| kind == "clickhouse-back"), "{kinds:?}");
    let attempts = attempts(&service, &job).await;
    assert!(attempts.iter().all(|attempts| attempts.len() <= 2), "{attempts:?}");
}

#[tokio::test]
async fn what_only_a_dead_server_may_know_is_sent_nowhere_else() {
    let mut trio = Trio::start();
    trio.install(560_000).await;
    let service = Service::start(&trio.urls()).await;
    let job = start(&service, 3).await;
    service.wait_until(&job.id, "writing on all", |job| job.counts.running == 3).await;
    trio.nodes[2].kill();
    let third = format!("{}/", trio.nodes[2].url());
    let open = |job: &Job| job.counts.unknown >= 1 && job.message.as_deref().is_some_and(|words| words.contains(&third));
    trio.watching(&[0, 1], service.wait_until(&job.id, "open", open)).await;
    // Twice what it takes when every server answers that it knows nothing.
    trio.watching(&[0, 1], tokio::time::sleep(Duration::from_secs(20))).await;
    let sent = attempts(&service, &job).await;
    let to_third: Vec<&Vec<Attempt>> =
        sent.iter().filter(|sent| sent.iter().any(|attempt| attempt.server.as_ref() == Some(&third))).collect();
    let is_open = |sent: &&&Vec<Attempt>| matches!(sent.as_slice(), [one] if matches!(one.outcome, Outcome::Unknown | Outcome::Running));
    assert_eq!(to_third.iter().filter(is_open).count(), to_third.len(), "{to_third:?}");
    trio.watching(&[0, 1, 2], service.completed(&job.id)).await;
    exact(&trio, &service, &job).await;
}

#[tokio::test]
async fn a_server_of_the_list_that_is_away_gets_no_chunks_and_the_others_go_on() {
    let mut trio = Trio::start();
    trio.install(160_000).await;
    let service = Service::start(&trio.urls()).await;
    trio.nodes[2].kill();
    let plan = service.plan(&request("app.events", "app.copy", "24", Some(("2025-01-01", "2025-01-09")))).await.unwrap();
    let job = service.submit(&plan, 2).await.unwrap();
    // It cannot be seen whether the three hold the same table: nothing is sent.
    let third = format!("{}/", trio.nodes[2].url());
    let waiting = format!("waiting for {third}: it does not answer since ");
    let named = |job: &Job| job.message.as_deref().is_some_and(|words| words.starts_with(&waiting));
    let held = service.wait_until(&job.id, "waiting by name", named).await;
    assert_eq!((held.state, held.counts.waiting), (JobState::Queued, 8));
    trio.nodes[2].restart();
    service.wait_until(&job.id, "begun", |job| job.counts.done > 0).await;
    let act = async |what: &str| {
        let _: Job = service.post(&format!("/jobs/{}/{what}", job.id), &serde_json::json!({ "running": "finish" })).await.unwrap();
    };
    act("pause").await;
    let paused = service.wait_until(&job.id, "paused", |job| job.state == JobState::Paused).await;
    trio.nodes[2].kill();
    act("resume").await;
    // They are known to be one: chunks go to the two, and what only the third may know is waited for at the end.
    let all_written = |job: &Job| job.counts.done == 8 && job.state == JobState::Verifying && named(job);
    let ended = trio.watching(&[0, 1], service.wait_until(&job.id, "written and waiting", all_written)).await;
    assert_eq!(ended.verdict, None);
    trio.watching(&[0, 1], tokio::time::sleep(Duration::from_secs(3))).await;
    assert_eq!(service.job(&job.id).await.state, JobState::Verifying, "its part log was not heard");
    let sent: Vec<Vec<Attempt>> = attempts(&service, &job).await;
    let to_third = sent.iter().flatten().filter(|attempt| attempt.server.as_ref() == Some(&third) && attempt.outcome == Outcome::Written);
    assert!(paused.counts.done < 8 && to_third.count() <= usize::try_from(paused.counts.done).unwrap(), "{sent:?}");
    trio.watching(&[0, 1, 2], service.completed(&job.id)).await;
    exact(&trio, &service, &job).await;
}

#[tokio::test]
async fn a_server_that_was_taken_off_the_list_leaves_what_it_may_run_open() {
    let trio = Trio::start();
    trio.install(560_000).await;
    let mut service = Service::start(&trio.urls()).await;
    let job = start(&service, 3).await;
    service.wait_until(&job.id, "writing on all", |job| job.counts.running == 3).await;
    service.kill();
    let all = trio.urls();
    service.lead_to(all.rsplit_once(',').unwrap().0);
    service.revive().await;
    let ended = service.wait_until(&job.id, "ended", |job| job.state.is_terminal()).await;
    let third = format!("{}/", trio.nodes[2].url());
    assert_eq!((ended.state, ended.counts.done, ended.counts.failed), (JobState::Partial, 7, 1));
    let page: TaskPage = service.get(&format!("/jobs/{}/tasks?state=failed", job.id)).await.unwrap();
    let words = page.tasks[0].message.clone().unwrap();
    assert!(words.starts_with(&format!("server-unlisted: it was sent to {third}")), "{words}");
    // Named again, it tells that the chunk was written: nothing is sent a second time.
    service.kill();
    service.lead_to(&all);
    service.revive().await;
    let _: Job = service.post(&format!("/jobs/{}/retry", job.id), &serde_json::json!({ "tasks": [] })).await.unwrap();
    exact(&trio, &service, &job).await;
    assert!(attempts(&service, &job).await.iter().all(|attempts| attempts.len() == 1));
}

#[tokio::test]
async fn a_stop_at_once_reaches_the_server_that_runs_the_chunk() {
    let trio = Trio::start();
    trio.install(560_000).await;
    let service = Service::start(&trio.urls()).await;
    let job = start(&service, 3).await;
    service.wait_until(&job.id, "writing on all", |job| job.counts.running == 3).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(trio.running().await >= 3);
    let _: Job = service.post(&format!("/jobs/{}/cancel", job.id), &serde_json::json!({ "running": "kill" })).await.unwrap();
    service.wait_until(&job.id, "cancelled", |job| job.state == JobState::Cancelled).await;
    assert_eq!(trio.running().await, 0, "a cancelled job has no query anywhere");
    let outcomes: Vec<_> = attempts(&service, &job).await.into_iter().flatten().map(|attempt| attempt.outcome).collect();
    assert!(outcomes.contains(&Outcome::Killed), "{outcomes:?}");
    for (n, node) in trio.nodes.iter().enumerate() {
        node.query("SYSTEM FLUSH LOGS").await;
        let told =
            node.query("SELECT count() FROM system.query_log WHERE type = 'QueryFinish' AND startsWith(query, 'KILL QUERY WHERE')").await;
        assert_ne!(told.trim(), "0", "server {n} was not told");
    }
}

#[tokio::test]
async fn servers_that_cannot_be_worked_on_as_one_are_refused_with_what_to_do() {
    let trio = Trio::start();
    let check = async |clickhouse: &str, cluster: Option<&str>, words: &str| {
        let environment: Vec<(&str, &str)> = cluster.map(|cluster| ("PENSTOCK_CLICKHOUSE_CLUSTER", cluster)).into_iter().collect();
        let (status, log) = Service::refused(clickhouse, &environment).await;
        assert_eq!(status.code(), Some(2), "{log}");
        assert!(log.contains(words), "{log}");
    };
    let first = trio.nodes[0].url();
    let balancer = RoundRobin::start(&trio.nodes.iter().map(ClickHouse::url).collect::<Vec<_>>()).await;
    check(&balancer.url(), None, "leads to several servers").await;
    check(&format!("{first},{}", first.replace("127.0.0.1", "localhost")), None, "are the same server").await;
    check(&first, Some("nobody"), "knows no cluster nobody").await;
    check(&balancer.url(), Some("home"), "leads to a server that is not in the cluster home").await;
}

#[tokio::test]
async fn the_command_runs_on_a_list_of_servers_and_refuses_one_that_stands_there_twice() {
    let trio = Trio::start();
    trio.install(80_000).await;
    let on = |urls: &[String]| Cli::configured(&format!("[clickhouse]\nurls = [\"{}\"]\n", urls.join("\", \"")));
    let plan = ["--source", "app.events", "--target", "app.copy", "--from", "2025-01-01", "--to", "2025-01-09", "--chunk-hours", "24"];
    let first = trio.nodes[0].url();
    let twice = on(&[first.clone(), first.replace("127.0.0.1", "localhost")]);
    let refused = twice.run(&["run", "--plan-id", &twice.plan(&plan)]).exits(2);
    assert!(refused.stderr.contains("are the same server; name each once"), "{}", refused.stderr);
    let list = on(&trio.nodes.iter().map(ClickHouse::url).collect::<Vec<_>>());
    list.run(&["run", "--plan-id", &list.plan(&plan), "--lanes", "3"]).exits(0);
    trio.assert_exact().await;
    for node in 0..3 {
        assert!(!trio.sent_to(node).await.is_empty(), "server {node} took nothing");
    }
}

#[tokio::test]
async fn tables_that_only_share_their_name_are_refused() {
    let trio = Trio::start();
    for node in &trio.nodes {
        node.run(&[
            "CREATE DATABASE app",
            "CREATE TABLE app.events (id UInt64, ts DateTime) ENGINE = MergeTree PARTITION BY toYYYYMM(ts) ORDER BY ts",
            "CREATE TABLE app.copy AS app.events",
            "INSERT INTO app.events SELECT number, toDateTime('2025-01-01 00:00:00', 'UTC') + number FROM numbers(1000)",
        ])
        .await;
    }
    let service = Service::start(&trio.urls()).await;
    let plan = service.plan(&request("app.events", "app.copy", "24", Some(("2025-01-01", "2025-01-09")))).await.unwrap();
    let refused = service.submit(&plan, 1).await.unwrap_err();
    assert_eq!((refused.status, refused.problem.code.as_str()), (409, "servers-differ"));
    assert!(refused.problem.detail.starts_with("app.copy is a MergeTree on 3 servers, which do not replicate it"), "{:?}", refused.problem);
}
