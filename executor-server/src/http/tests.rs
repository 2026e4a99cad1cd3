//! What is refused, and how: against the whole router, with a ClickHouse that does not answer.

use std::net::SocketAddr;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use executor_api::problem::Problem;
use tower::ServiceExt as _;

use super::{App, Console, Guard, router};
use crate::clickhouse::client::Client;
use crate::clickhouse::health::Health;
use crate::config::{ClickHouse, Secret};
use crate::retry;
use crate::runner::Engine;
use crate::runner::pressure::Bounds;
use crate::store::Store;

const TOKEN: &str = "0123456789abcdef0123";

struct Service {
    router: axum::Router,
    store: Store,
    _directory: tempfile::TempDir,
}

fn service(token: Option<&str>) -> Service {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    // A port that was free a moment ago: connections are refused.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url: reqwest::Url = format!("http://127.0.0.1:{port}/").parse().unwrap();
    let clickhouse =
        ClickHouse { urls: vec![url], cluster: None, user: "default".into(), password: Secret::new("hunter2"), database: None };
    let engine =
        Engine::new(store.clone(), Health::new(Client::new(clickhouse).unwrap()), retry::Policy::default(), Bounds::default(), None);
    let app = App { engine, policy: planner_core::policy::Policy::default(), sample: false };
    let token = token.map(Secret::new);
    let guard = Guard::new(SocketAddr::from(([127, 0, 0, 1], 8642)), None, token.as_ref());
    let console = Console::new(directory.path().join("console"));
    Service { router: router(app, guard, &console), store, _directory: directory }
}

async fn send(service: &Service, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> (StatusCode, String) {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header(header::HOST, "localhost:8642");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = service.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let status = response.status();
    assert!(response.headers().contains_key("x-request-id"), "{method} {path}");
    if status.is_client_error() || status.is_server_error() {
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json", "{method} {path}");
    }
    let text = String::from_utf8(to_bytes(response.into_body(), 1 << 22).await.unwrap().to_vec()).unwrap();
    assert!(!text.contains("hunter2") && !text.contains(TOKEN), "{text}");
    (status, text)
}

async fn check(
    service: &Service,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
    (status, code, words): (u16, &str, &str),
) {
    let (got, text) = send(service, method, path, headers, body).await;
    let problem: Problem = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{method} {path}: {error}: {text}"));
    assert_eq!((got.as_u16(), problem.code.as_str()), (status, code), "{method} {path}: {text}");
    assert!(problem.detail.contains(words), "{method} {path}: '{}' does not say '{words}'", problem.detail);
    assert_eq!((problem.status, problem.kind.as_str(), problem.request_id.len()), (status, format!("/problems/{code}").as_str(), 16));
    assert!(service.store.jobs(crate::store::JobFilter { limit: 1, ..Default::default() }).await.unwrap().jobs.is_empty());
}

const JSON: (&str, &str) = ("content-type", "application/json");
const KEY: (&str, &str) = ("idempotency-key", "k");

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    let service = &service(None);
    check(service, "POST", "/v1/jobs", &[JSON, KEY], "{\"title\": ", (400, "invalid-body", "EOF")).await;
    check(service, "POST", "/v1/jobs", &[JSON, KEY], "[]", (400, "invalid-body", "")).await;
    check(service, "POST", "/v1/jobs", &[JSON, KEY], "{} {}", (400, "invalid-body", "")).await;
    let digest = "0".repeat(64);
    let unknown = format!("{{\"plan_digest\":\"{digest}\",\"title\":\"t\",\"lanez\":2}}");
    check(service, "POST", "/v1/jobs", &[JSON, KEY], unknown, (400, "invalid-body", "lanez")).await;
    check(service, "POST", "/v1/jobs", &[JSON, KEY], "{\"plan_digest\":\"short\",\"title\":\"t\"}", (400, "invalid-body", "plan_digest"))
        .await;
    check(service, "POST", "/v1/plans", &[JSON], "{\"snapshot\":1}", (400, "invalid-body", "snapshot")).await;
    check(service, "POST", "/v1/jobs", &[KEY], "{}", (415, "not-json", "")).await;
    check(service, "POST", "/v1/jobs", &[("content-type", "text/plain"), KEY], "{}", (415, "not-json", "text/plain")).await;
    let large = vec![b' '; 10 << 20];
    check(service, "POST", "/v1/snapshots", &[JSON], large.clone(), (413, "body-too-large", "1048576")).await;
    let announced = [JSON, ("content-length", "10485760")];
    check(service, "POST", "/v1/snapshots", &announced, "{}", (413, "body-too-large", "1048576")).await;
}

#[tokio::test]
async fn values_that_cannot_be() {
    let service = &service(None);
    let digest = "0".repeat(64);
    let job = |rest: &str| format!("{{\"plan_digest\":\"{digest}\",{rest}}}");
    check(service, "POST", "/v1/jobs", &[JSON], job("\"title\":\"t\""), (400, "key-missing", "Idempotency-Key")).await;
    check(service, "POST", "/v1/jobs", &[JSON, KEY], job("\"title\":\"\""), (400, "invalid-request", "title")).await;
    check(service, "POST", "/v1/jobs", &[JSON, KEY], job("\"title\":\" \""), (400, "invalid-request", "title")).await;
    check(service, "POST", "/v1/jobs", &[JSON, KEY], job(&format!("\"title\":\"{}\"", "x".repeat(201))), (400, "invalid-request", "title"))
        .await;
    check(service, "POST", "/v1/jobs", &[JSON, KEY], job("\"title\":\"t\",\"lanes\":0"), (400, "invalid-request", "lanes")).await;
    check(service, "POST", "/v1/jobs", &[JSON, KEY], job("\"title\":\"t\",\"lanes\":65"), (400, "invalid-request", "lanes")).await;
    check(service, "POST", "/v1/jobs", &[JSON, KEY], job("\"title\":\"t\",\"order\":\"odd\""), (400, "invalid-body", "order")).await;
    check(service, "POST", "/v1/jobs", &[JSON, KEY], job("\"title\":\"t\""), (404, "not-found", "plan")).await;
    check(service, "GET", "/v1/jobs?state=odd", &[], "", (400, "invalid-request", "odd")).await;
    check(service, "GET", "/v1/jobs?stat=done", &[], "", (400, "invalid-request", "stat")).await;
    check(service, "GET", "/v1/plans/xyz", &[], "", (400, "invalid-request", "xyz")).await;
    check(service, "POST", &format!("/v1/snapshots/{digest}/detail"), &[JSON], "{\"probes\":[]}", (400, "invalid-request", "probes")).await;
    for (path, what) in [("/v1/jobs/none", "job none"), ("/v1/jobs/none/events", "job none"), ("/v1/jobs/none/tasks/0", "job none")] {
        check(service, "GET", path, &[], "", (404, "not-found", what)).await;
    }
    for command in ["pause", "cancel", "retry"] {
        check(service, "POST", &format!("/v1/jobs/none/{command}"), &[JSON], "{}", (404, "not-found", "job")).await;
    }
    check(service, "GET", "/v1/nowhere", &[], "", (404, "not-found", "/v1/nowhere")).await;
    check(service, "DELETE", "/v1/jobs", &[], "", (405, "method-not-allowed", "DELETE")).await;
    check(service, "POST", "/livez", &[], "", (405, "method-not-allowed", "POST")).await;
}

#[tokio::test]
async fn odd_names_travel_as_they_are() {
    let service = &service(None);
    for name in ["a`b", "a'b", "a\"b", "a\nb", "a\\b", "\u{1f600}", "a;DROP TABLE b", "{x:String}"] {
        let body = serde_json::json!({"source": {"database": name, "table": name}, "target": {"database": "d", "table": name}});
        check(service, "POST", "/v1/snapshots", &[JSON], body.to_string(), (503, "clickhouse-away", "no connection")).await;
    }
    let empty = serde_json::json!({"target": {"database": "d", "table": ""}});
    check(service, "POST", "/v1/snapshots", &[JSON], empty.to_string(), (400, "invalid-body", "target.table")).await;
}

#[tokio::test]
async fn foreign_pages_and_names() {
    let service = &service(None);
    check(service, "GET", "/v1/jobs", &[("host", "evil.example")], "", (421, "host-not-ours", "evil.example")).await;
    check(service, "GET", "/livez", &[("host", "evil.example:8642")], "", (421, "host-not-ours", "")).await;
    check(service, "POST", "/v1/jobs", &[JSON, KEY, ("origin", "https://evil.example")], "{}", (403, "origin-not-ours", "evil.example"))
        .await;
    check(service, "GET", "/v1/jobs", &[("sec-fetch-site", "cross-site")], "", (403, "origin-not-ours", "cross-site")).await;
    let (status, _) = send(service, "GET", "/v1/jobs", &[("origin", "http://localhost:8642")], "").await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn tokens() {
    let service = &service(Some(TOKEN));
    check(service, "GET", "/v1/jobs", &[], "", (401, "token-wrong", "")).await;
    check(service, "GET", "/metrics", &[], "", (401, "token-wrong", "")).await;
    check(service, "GET", "/v1/jobs", &[("authorization", "Bearer 0123456789abcdef0124")], "", (401, "token-wrong", "")).await;
    check(service, "GET", "/v1/nowhere", &[], "", (401, "token-wrong", "")).await;
    let right = [("authorization", "Bearer 0123456789abcdef0123")];
    assert_eq!(send(service, "GET", "/v1/jobs", &right, "").await.0, StatusCode::OK);
    assert_eq!(send(service, "GET", "/metrics", &right, "").await.0, StatusCode::OK);
    assert_eq!(send(service, "GET", "/livez", &[], "").await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_service_says_that_clickhouse_is_away() {
    let service = &service(None);
    let (status, text) = send(service, "GET", "/v1/service", &[], "").await;
    assert_eq!(status, StatusCode::OK);
    let answer: executor_api::meta::Service = serde_json::from_str(&text).unwrap();
    assert!(answer.clickhouse.version.is_none() && answer.clickhouse.error.is_some_and(|error| error.contains("no connection")));
    check(service, "GET", "/readyz", &[], "", (503, "clickhouse-away", "")).await;
}
