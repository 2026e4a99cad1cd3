//! Wrong input gets a clear problem, and nothing is started, lost or half-written.

use clickhouse_embedded::UserConfig;
use executor_api::job::JobList;
use executor_api::problem::Problem;
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::sample;
use penstock_tests::service::{Service, request};
use planner_core::request::Request;
use planner_core::sql::identifier::TableName;
use serde_json::json;

async fn start() -> (ClickHouse, Service) {
    let server = ClickHouse::start();
    sample::install(&server, 20_000).await;
    let service = Service::start(&server.url()).await;
    (server, service)
}

/// The code of a refused plan, which always says what to do.
async fn refused(service: &Service, request: &Request) -> String {
    let refused = service.plan(request).await.unwrap_err();
    assert!(!refused.problem.detail.is_empty() && !refused.problem.hint.is_empty(), "{refused:?}");
    refused.problem.code
}

#[tokio::test]
async fn every_refusal_reaches_the_user() {
    let (server, service) = start().await;
    server
        .run(&[
            "CREATE TABLE demo.no_time (id UInt64) ENGINE = MergeTree ORDER BY id",
            "CREATE TABLE demo.logs (ts DateTime, id UInt64) ENGINE = Log",
            "CREATE TABLE demo.uniques (day Date, tenants UInt64) ENGINE = MergeTree ORDER BY day",
            "CREATE MATERIALIZED VIEW demo.uniques_mv TO demo.uniques AS SELECT toDate(ts) AS day, uniq(tenant) AS tenants FROM demo.events GROUP BY day",
            "CREATE TABLE demo.stamped (ts DateTime64(3, 'UTC'), at DateTime) ENGINE = MergeTree ORDER BY ts",
            "CREATE MATERIALIZED VIEW demo.stamped_mv TO demo.stamped AS SELECT ts, now() AS at FROM demo.events",
            "CREATE TABLE demo.days (day Date, id UInt64) ENGINE = MergeTree ORDER BY day",
            "CREATE TABLE demo.days_copy AS demo.days",
            "CREATE TABLE demo.alien (zzz UInt8) ENGINE = MergeTree ORDER BY zzz",
            "CREATE TABLE demo.firsts (ts DateTime64(3, 'UTC'), tenant String) ENGINE = MergeTree ORDER BY ts",
            "CREATE MATERIALIZED VIEW demo.firsts_mv TO demo.firsts AS SELECT ts, tenant FROM demo.events LIMIT 1 BY tenant",
        ])
        .await;
    let week = Some(("2025-01-01", "2025-01-08"));
    let events = |target: &str, hours: &str, window| request("demo.events", target, hours, window);
    for (asked, code) in [
        (events("demo.missing", "6", week), "table-missing"),
        (request("demo.missing", "demo.events_by_time", "6", week), "table-missing"),
        (request("demo.no_time", "demo.events_by_time", "6", week), "no-time-column"),
        (events("demo.events_by_time", "6", Some(("2025-01-01", "2025-01-01"))), "window-empty"),
        (events("demo.events_by_time", "6", Some(("2025-01-02", "2025-01-01"))), "window-reversed"),
        (events("demo.events_by_time", "0.1", week), "chunk-too-narrow"),
        (events("demo.events", "6", week), "source-is-target"),
        (events("demo.alien", "6", week), "no-common-column"),
        (events("demo.firsts", "6", week), "view-needs-all-rows"),
        (events("demo.events_by_time", "6", Some(("1800-01-01", "1800-01-03"))), "window-out-of-range"),
        (events("demo.events_by_time", "0.25", Some(("1950-01-01", "2200-01-01"))), "too-many-chunks"),
        (request("demo.days", "demo.days_copy", "24", Some(("2025-01-01T01:00", "2025-01-03"))), "window-finer-than-column"),
        (events("demo.logs", "6", week), "engine-unsupported"),
        (events("demo.uniques", "6", week), "cut-tears-groups"),
        (events("demo.stamped", "6", week), "volatile-function"),
        (request("demo.days", "demo.days_copy", "6", week), "chunk-finer-than-column"),
        (request("demo.days", "demo.days_copy", "24", None), "source-empty"),
    ] {
        assert_eq!(refused(&service, &asked).await, code);
    }
    let mut large = events("demo.events_by_time", "6", Some(("2025-01-01", "2025-02-01")));
    large.acknowledged.clear();
    assert_eq!(refused(&service, &large).await, "window-too-large");
    let plain = || events("demo.events_by_time", "6", week);
    let missing = Request { time_column: Some(planner_core::sql::identifier::Identifier::new("nope").unwrap()), ..plain() };
    assert_eq!(refused(&service, &missing).await, "time-column-missing");
    let replay = Request { mode: planner_core::request::ModeChoice::ViewReplay, ..plain() };
    assert_eq!(refused(&service, &replay).await, "no-feeding-view");
    let days = Request { method: planner_core::request::Method::CalendarDays { days: 0 }, ..plain() };
    assert_eq!(refused(&service, &days).await, "days-out-of-range");
    let named = Request {
        time_column: Some(planner_core::sql::identifier::Identifier::new("id").unwrap()),
        ..events("demo.events_by_time", "6", week)
    };
    assert_eq!(refused(&service, &named).await, "time-column-type");
    nothing_happened(&server, &service).await;
}

#[tokio::test]
async fn a_source_that_is_not_named_is_found_or_asked_for() {
    let (server, service) = start().await;
    server
        .run(&[
            "CREATE TABLE demo.one (ts DateTime, id UInt64) ENGINE = MergeTree ORDER BY ts",
            "CREATE TABLE demo.two AS demo.one",
            "CREATE TABLE demo.both AS demo.one",
            "CREATE MATERIALIZED VIEW demo.one_mv TO demo.both AS SELECT ts, id FROM demo.one",
        ])
        .await;
    let snapshot = |table: &'static str| {
        let body = json!({"target": {"database": "demo", "table": table}});
        let service = &service;
        async move { service.post::<serde_json::Value>("/snapshots", &body).await }
    };
    assert_eq!(snapshot("both").await.unwrap()["snapshot"]["source"]["name"]["table"], "one");
    server.query("CREATE MATERIALIZED VIEW demo.two_mv TO demo.both AS SELECT ts, id FROM demo.two").await;
    for (table, code) in [("both", "source-ambiguous"), ("one", "source-unknown")] {
        let problem = snapshot(table).await.unwrap_err().problem;
        assert_eq!(problem.code, code);
        assert!(!problem.detail.is_empty() && problem.hint.contains("name the source"), "{problem:?}");
    }
    nothing_happened(&server, &service).await;
}

#[tokio::test]
async fn what_a_user_may_not_see_is_named() {
    let grants = ["GRANT SELECT ON demo.events_by_time", "GRANT SHOW TABLES ON demo.*", "GRANT SELECT ON system.*"];
    let user = UserConfig { name: "narrow".into(), password: "n4rrow".into(), grants: grants.map(str::to_owned).to_vec() };
    let server = ClickHouse::start_with(|config| config.users.push(user));
    sample::install(&server, 1000).await;
    let login = [("PENSTOCK_CLICKHOUSE_USER", "narrow"), ("PENSTOCK_CLICKHOUSE_PASSWORD", "n4rrow")];
    let service = Service::start_with(&server.url(), &login).await;
    let hidden = service.plan(&request("demo.events", "demo.events_by_time", "6", None)).await.unwrap_err();
    assert_eq!(hidden.problem.code, "columns-hidden");
    assert!(hidden.problem.hint.contains("GRANT SHOW COLUMNS, SELECT ON `demo`.`events`"), "{hidden:?}");
    nothing_happened(&server, &service).await;
}

async fn nothing_happened(server: &ClickHouse, service: &Service) {
    let jobs: JobList = service.get("/jobs").await.unwrap();
    assert_eq!(jobs.jobs, Vec::new());
    assert_eq!(server.query("SELECT count() FROM demo.events_by_time").await.trim(), "0");
    server.query("SYSTEM FLUSH LOGS").await;
    assert_eq!(server.query("SELECT count() FROM system.query_log WHERE query_id LIKE 'penstock-%'").await.trim(), "0");
}

#[tokio::test]
async fn malformed_requests_get_a_problem() {
    let (server, service) = start().await;
    let post = |path: &str, body: String| {
        service
            .http
            .post(format!("{}/v1{path}", service.url()))
            .header("content-type", "application/json")
            .header("Idempotency-Key", "k")
            .body(body)
    };
    let unknown = "0".repeat(64);
    for (name, call, status) in [
        ("malformed JSON", post("/snapshots", "{\"target\":".into()), 400),
        ("no JSON", post("/snapshots", "hello".into()), 400),
        (
            "an unknown field",
            post("/snapshots", json!({"target": {"database": "demo", "table": "events"}, "surprise": 1}).to_string()),
            400,
        ),
        ("a missing field", post("/snapshots", "{}".into()), 400),
        ("an empty name", post("/snapshots", json!({"target": {"database": "", "table": "events"}}).to_string()), 400),
        ("10 MB", post("/snapshots", format!("{{\"x\":\"{}\"}}", "a".repeat(10 << 20))), 413),
        ("another content type", service.http.post(format!("{}/v1/snapshots", service.url())).body("{}"), 415),
        ("an unknown snapshot", post("/plans", json!({"snapshot": unknown, "request": request("a.b", "c.d", "6", None)}).to_string()), 404),
        ("a digest that is none", post("/plans", json!({"snapshot": "zz", "request": request("a.b", "c.d", "6", None)}).to_string()), 400),
        ("an unknown plan", post("/jobs", json!({"plan_digest": unknown, "title": "x"}).to_string()), 404),
        ("an unknown job", service.http.get(format!("{}/v1/jobs/0000000000000000", service.url())), 404),
        ("an unknown path", service.http.get(format!("{}/v1/nothing", service.url())), 404),
        ("a wrong method", service.http.delete(format!("{}/v1/jobs", service.url())), 405),
    ] {
        let problem = service.read::<serde_json::Value>(call).await.map_err(|refused| refused.problem);
        let problem: Problem = problem.expect_err(name);
        assert_eq!(problem.status, status, "{name}: {problem:?}");
        assert!(!problem.title.is_empty() && !problem.code.is_empty() && !problem.request_id.is_empty(), "{name}: {problem:?}");
    }
    nothing_happened(&server, &service).await;
}

#[tokio::test]
async fn jobs_need_sound_fields() {
    let (server, service) = start().await;
    let plan = service.plan(&request("demo.events", "demo.events_by_time", "24", Some(("2025-01-01", "2025-01-03")))).await.unwrap();
    let url = format!("{}/v1/jobs", service.url());
    let without_key = service
        .read::<serde_json::Value>(
            service.http.post(&url).json(&json!({"plan_digest": plan.digest, "title": "x", "dedup": "content_only"})),
        )
        .await
        .unwrap_err();
    assert_eq!(without_key.status, 400);
    for body in [
        json!({"plan_digest": plan.digest, "title": ""}),
        json!({"plan_digest": plan.digest, "title": "x".repeat(201)}),
        json!({"plan_digest": plan.digest, "title": "x", "reason": "x".repeat(2001)}),
        json!({"plan_digest": plan.digest, "title": "x", "lanes": 0}),
        json!({"plan_digest": plan.digest, "title": "x", "lanes": 65}),
        json!({"plan_digest": plan.digest, "title": "x", "order": "sideways"}),
    ] {
        let refused =
            service.read::<serde_json::Value>(service.http.post(&url).header("Idempotency-Key", "k").json(&body)).await.unwrap_err();
        assert!(matches!(refused.status, 400 | 422), "{body}: {refused:?}");
    }
    // A plan with another digest than the caller computed is a conflict, told with both.
    let other = json!({"snapshot": plan.snapshot, "request": plan.request, "expect_digest": "0".repeat(64)});
    let conflict = service.post::<serde_json::Value>("/plans", &other).await.unwrap_err();
    assert_eq!((conflict.status, conflict.problem.code.as_str()), (409, "digest-mismatch"));
    nothing_happened(&server, &service).await;
    // The table changes between preview and start: nothing runs that was not previewed.
    server.query("ALTER TABLE demo.events_by_time ADD COLUMN later UInt8").await;
    let stale = service.submit(&plan, 1).await.unwrap_err();
    assert_eq!((stale.status, stale.problem.code.as_str()), (409, "snapshot-stale"));
    assert!(stale.problem.differences.iter().any(|one| one.contains("columns")), "{stale:?}");
    nothing_happened(&server, &service).await;
}

#[tokio::test]
async fn strangers_are_kept_out() {
    let (server, service) = start().await;
    let tables = format!("{}/v1/tables", service.url());
    let start = || {
        service
            .http
            .post(format!("{}/v1/snapshots", service.url()))
            .json(&json!({"target": {"database": "demo", "table": "events_by_time"}, "source": {"database": "demo", "table": "events"}}))
    };
    for (name, call) in [
        ("a foreign Host", service.http.get(&tables).header("host", "evil.example")),
        ("a Host with our port", service.http.get(&tables).header("host", format!("evil.example:{}", service.port()))),
        ("a foreign Origin reads", service.http.get(&tables).header("origin", "https://evil.example")),
        ("a foreign Origin starts", start().header("origin", "https://evil.example")),
        ("the null Origin", start().header("origin", "null")),
        ("another port of this machine", start().header("origin", "http://127.0.0.1:1")),
        ("a cross-site page", start().header("sec-fetch-site", "cross-site")),
    ] {
        let refused = service.read::<serde_json::Value>(call).await.expect_err(name);
        assert!(matches!(refused.status, 400 | 403 | 421), "{name}: {refused:?}");
    }
    service.read::<serde_json::Value>(start().header("origin", service.url())).await.unwrap();
    nothing_happened(&server, &service).await;
}

#[tokio::test]
async fn a_token_is_asked_for_and_never_shown() {
    let server = ClickHouse::start();
    sample::install(&server, 1000).await;
    let service = Service::start_with(&server.url(), &[("PENSTOCK_TOKEN", "correct-horse-battery")]).await;
    let tables = || service.http.get(format!("{}/v1/tables", service.url()));
    for call in [
        tables(),
        tables().bearer_auth("wrong"),
        tables().bearer_auth("correct-horse-batterz"),
        tables().header("authorization", "Basic Y29ycmVjdA=="),
    ] {
        let refused = service.read::<serde_json::Value>(call).await.unwrap_err();
        assert_eq!(refused.status, 401);
        assert!(!format!("{refused:?}").contains("correct-horse"));
    }
    service.read::<serde_json::Value>(tables().bearer_auth("correct-horse-battery")).await.unwrap();
    assert!(!service.log_text().contains("correct-horse"));
}

#[tokio::test]
async fn the_password_is_never_shown() {
    const PASSWORD: &str = "s3cr3t-pass";
    let server = ClickHouse::start_with(|config| config.password = Some(PASSWORD.into()));
    let url = server.url().replace("http://", &format!("http://penstock:{PASSWORD}@"));
    let service = Service::start(&url).await;
    let about: serde_json::Value = service.get("/service").await.unwrap();
    assert!(about["clickhouse"]["version"].is_string(), "{about}");
    let missing = request("demo.a", "demo.b", "6", None);
    let problem = format!("{:?}", service.plan(&missing).await.unwrap_err());
    let wrong =
        Service::start_with(&server.url(), &[("PENSTOCK_CLICKHOUSE_USER", "penstock"), ("PENSTOCK_CLICKHOUSE_PASSWORD", "wr0ng-pass")])
            .await;
    let denied = format!("{:?}", wrong.get::<serde_json::Value>("/tables").await.unwrap_err());
    for text in [about.to_string(), problem, denied, service.log_text(), wrong.log_text()] {
        assert!(!text.contains(PASSWORD) && !text.contains("wr0ng-pass"), "{text}");
    }
    for file in std::fs::read_dir(service.state_dir()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        assert!(!bytes.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes()));
    }
}

#[tokio::test]
async fn a_table_with_an_odd_name_is_planned_and_copied() {
    let (server, service) = start().await;
    let odd = TableName::new("na\"ïve ☃`", "it's\n\\ `new` 🦀; DROP TABLE demo.events").unwrap();
    let target = TableName::new("na\"ïve ☃`", "copy ' of \"it\"").unwrap();
    server.query(&format!("CREATE DATABASE {}", odd.database.quoted())).await;
    for name in [&odd, &target] {
        server
            .query(&format!(
                "CREATE TABLE {} (`ts ``\\n` DateTime64(3), `v'` String) ENGINE = MergeTree ORDER BY `ts ``\\n`",
                name.quoted()
            ))
            .await;
    }
    server
        .query(&format!(
            "INSERT INTO {} SELECT fromUnixTimestamp64Milli(1735689600000 + toInt64(number) * 9999), '☃' FROM numbers(50000)",
            odd.quoted()
        ))
        .await;
    let asked = Request { source: odd.clone(), target: target.clone(), ..request("a.b", "a.c", "24", None) };
    let job = service.start_job(&asked, 2).await;
    let job = service.completed(&job.id).await;
    assert_eq!(job.verdict, Some(executor_api::receipt::Verdict::Exact));
    assert_eq!(
        server.fingerprint(&format!("SELECT * FROM {}", odd.quoted())).await,
        server.fingerprint(&format!("SELECT * FROM {}", target.quoted())).await
    );
    let detail: serde_json::Value = service
        .read(service.http.get(format!("{}/v1/tables/na%22%C3%AFve%20%E2%98%83%60/copy%20'%20of%20%22it%22", service.url())))
        .await
        .unwrap();
    assert_eq!(detail["rows"], 50_000);
    assert_eq!(server.query("SELECT count() FROM demo.events").await.trim(), "20000");
}
