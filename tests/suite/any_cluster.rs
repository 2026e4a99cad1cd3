//! What must hold on replicas of one table: run where `PENSTOCK_TEST_CLICKHOUSE_URLS` names at least two servers.

use std::time::Duration;

use executor_api::job::Job;
use executor_api::receipt::Verdict;
use executor_api::task::TaskPage;
use penstock_tests::any_cluster::AnyCluster;
use penstock_tests::service::{Service, request};

/// Source and target on every server, and a service on these of them.
async fn install(name: &str, servers: &[usize]) -> Option<(AnyCluster, Service)> {
    let cluster = AnyCluster::start(name).await?;
    assert!(cluster.servers() >= 2, "replication takes two servers");
    let columns = "id UInt64, ts DateTime64(3, 'UTC'), note Nullable(String)";
    let (events, copy) = (cluster.engine("events"), cluster.engine("copy"));
    cluster.everywhere(&format!("CREATE TABLE $db.events ({columns}) ENGINE = {events} PARTITION BY toYYYYMM(ts) ORDER BY ts")).await;
    cluster.everywhere(&format!("CREATE TABLE $db.copy ({columns}) ENGINE = {copy} PARTITION BY toYYYYMMDD(ts) ORDER BY (ts, id)")).await;
    cluster
        .query(
            0,
            "INSERT INTO $db.events SELECT number, fromUnixTimestamp64Milli(1735689600000 + toInt64(cityHash64(number) % 691200000), 'UTC'), \
             if(number % 3 = 0, NULL, toString(number)) FROM numbers(2000000)",
        )
        .await;
    let service = Service::start_with(&cluster.urls(servers), &cluster.environment()).await;
    Some((cluster, service))
}

async fn copy(cluster: &AnyCluster, service: &Service, lanes: u16) -> Job {
    let mut asked = request(&format!("{}.events", cluster.database), &format!("{}.copy", cluster.database), "12", None);
    asked.window = request("a.b", "a.c", "1", Some(("2025-01-01", "2025-01-09"))).window;
    service.start_job(&asked, lanes).await
}

async fn exact(cluster: &AnyCluster, service: &Service, job: &Job) {
    let ended = service.completed(&job.id).await;
    assert_eq!((ended.verdict, ended.counts.failed), (Some(Verdict::Exact), 0));
    let source = cluster.fingerprint(0, "events").await;
    for server in 0..cluster.servers() {
        assert_eq!(cluster.fingerprint(server, "copy").await, source, "server {server}");
    }
}

#[tokio::test]
async fn chunks_go_to_every_replica_and_a_death_loses_and_doubles_nothing() {
    let Some((cluster, mut service)) = install("spread", &[0, 1]).await else { return };
    let job = copy(&cluster, &service, 4).await;
    for done in [3, 6, 9] {
        service.wait_until(&job.id, "under way", |job| job.counts.done >= done).await;
        service.kill();
        service.revive().await;
    }
    exact(&cluster, &service, &job).await;
    cluster.end().await;
}

#[tokio::test]
async fn a_replica_that_lags_behind_is_not_taken_for_an_empty_one() {
    let Some((cluster, mut service)) = install("lag", &[0]).await else { return };
    // What the first server writes does not reach the second, which will be asked what became of it.
    cluster.query(1, "SYSTEM STOP FETCHES $db.copy").await;
    let job = copy(&cluster, &service, 1).await;
    service.wait_until(&job.id, "half done", |job| job.counts.done >= 4).await;
    service.kill();
    service.lead_to(&cluster.urls(&[1, 0]));
    service.revive().await;
    tokio::time::sleep(Duration::from_secs(15)).await;
    let page: TaskPage = service.get(&format!("/jobs/{}/tasks", job.id)).await.unwrap();
    assert!(page.tasks.iter().all(|task| task.attempts <= 1), "nothing is sent again: {:?}", page.tasks);
    cluster.query(1, "SYSTEM START FETCHES $db.copy").await;
    exact(&cluster, &service, &job).await;
    cluster.end().await;
}

#[tokio::test]
async fn tables_in_different_places_of_keeper_are_refused() {
    let Some((cluster, service)) = install("shards", &[0, 1]).await else { return };
    cluster.everywhere("DROP TABLE $db.copy SYNC").await;
    for server in 0..cluster.servers() {
        let engine = cluster.engine(&format!("copy_{server}"));
        cluster
            .query(server, &format!("CREATE TABLE $db.copy AS $db.events ENGINE = {engine} PARTITION BY toYYYYMMDD(ts) ORDER BY (ts, id)"))
            .await;
    }
    let mut asked = request(&format!("{}.events", cluster.database), &format!("{}.copy", cluster.database), "12", None);
    asked.window = request("a.b", "a.c", "1", Some(("2025-01-01", "2025-01-09"))).window;
    let plan = service.plan(&asked).await.unwrap();
    let refused = service.submit(&plan, 1).await.unwrap_err();
    assert_eq!(refused.problem.code, "servers-differ");
    assert!(refused.problem.detail.contains("each shard has rows of its own"), "{:?}", refused.problem);
    cluster.end().await;
}
