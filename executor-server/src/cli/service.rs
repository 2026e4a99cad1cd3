//! A service over HTTP: typed questions, typed answers, one kind of failure.

use std::time::Duration;

use executor_api::problem::Problem;
use reqwest::{RequestBuilder, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::context::Context;
use super::fail::Fail;

/// A snapshot of a large table takes a while.
const PATIENCE: Duration = Duration::from_mins(5);

/// The service that is configured.
pub(super) struct Service {
    http: reqwest::Client,
    url: Url,
    token: Option<crate::config::Secret>,
}

impl Service {
    pub(super) fn of(context: &Context) -> Result<Self, Fail> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("penstock/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .timeout(PATIENCE)
            // A token is sent where it was meant to be sent.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Fail::refused("service", error.without_url().to_string()))?;
        let mut url = context.config.server.clone();
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Self { http, url, token: context.config.token.clone() })
    }

    /// Address of something below the service's own.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// GET below `/v1`.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, Fail> {
        self.read(self.http.get(self.address(&format!("v1/{path}"))).query(query)).await
    }

    /// The text of a GET below `/v1`.
    pub(super) async fn text(&self, path: &str) -> Result<String, Fail> {
        self.send(self.http.get(self.address(&format!("v1/{path}")))).await
    }

    /// POST below `/v1`.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Fail> {
        self.read(self.http.post(self.address(&format!("v1/{path}"))).json(body)).await
    }

    /// POST below `/v1` under a key: sent again when no answer came, as the service knows the key.
    pub(super) async fn post_once<T: DeserializeOwned>(&self, path: &str, key: &str, body: &impl Serialize) -> Result<T, Fail> {
        let mut tries = 0;
        loop {
            tries += 1;
            let request = self.http.post(self.address(&format!("v1/{path}"))).header("Idempotency-Key", key).json(body);
            match self.read(request).await {
                Err(fail) if fail.code == "service-away" && tries < 4 => tokio::time::sleep(Duration::from_secs(tries)).await,
                done => return done,
            }
        }
    }

    async fn read<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Fail> {
        let text = self.send(request).await?;
        serde_json::from_str(&text).map_err(|error| self.odd(&error.to_string()))
    }

    async fn send(&self, request: RequestBuilder) -> Result<String, Fail> {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        };
        let away = |error: reqwest::Error| {
            let message = format!("the service at {} does not answer: {}", self.url, words(&error.without_url()));
            Fail::failed("service-away", message).hint("--server or PENSTOCK_SERVER says where it is; `penstock serve` runs one")
        };
        let answer = request.send().await.map_err(away)?;
        let status = answer.status();
        let text = answer.text().await.map_err(away)?;
        if status.is_success() {
            return Ok(text);
        }
        if status == StatusCode::UNAUTHORIZED {
            let what = if self.token.is_some() { "another token" } else { "a token" };
            return Err(Fail::refused("token-wanted", format!("the service at {} wants {what}", self.url)).hint("set PENSTOCK_TOKEN"));
        }
        match serde_json::from_str::<Problem>(&text) {
            Ok(problem) => Err(problem.into()),
            Err(_) => Err(self.odd(&format!("it answers with status {status}"))),
        }
    }

    fn odd(&self, what: &str) -> Fail {
        Fail::failed("service-odd", format!("{} does not answer as a Penstock of this version does: {what}", self.url))
            .hint("compare `penstock --version` with the version that GET /v1/service names")
    }
}

/// An error with its causes, in one line.
fn words(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
