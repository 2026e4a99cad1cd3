//! `/v1` over HTTP: typed questions, typed answers, one kind of failure.

use executor_api::problem::Problem;
use js_sys::JsString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestInit, Response};

use crate::browser;
use crate::reactive::prelude::{RwSignal, Set};
use crate::views::words::for_people;

/// Why an answer is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The service does not answer.
    Unreachable,
    /// The service wants a token, or another one.
    Unauthorized,
    /// The service says no, and why.
    Problem(Box<Problem>),
    /// An answer that this console does not understand.
    Odd(String),
}

impl Failure {
    /// Title, detail, what to do, request id; empty where there is nothing to say.
    pub(crate) fn words(&self) -> [String; 4] {
        match self {
            Self::Unreachable => [
                "The service does not answer".into(),
                "The connection failed. Nothing is lost: jobs run on the server.".into(),
                "This page tries again by itself.".into(),
                String::new(),
            ],
            Self::Unauthorized => ["A token is needed".into(), String::new(), String::new(), String::new()],
            Self::Problem(problem) => {
                let p = problem.as_ref();
                [p.title.clone(), for_people(&p.detail), for_people(&p.hint), p.request_id.clone()]
            }
            Self::Odd(what) => [
                "The answer could not be read".into(),
                what.clone(),
                "Console and service may be of different versions: reload the page.".into(),
                String::new(),
            ],
        }
    }

    /// The problem's code, if it is one.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Problem(problem) => &problem.code,
            _ => "",
        }
    }
}

thread_local! {
    static TOKEN_NEEDED: RwSignal<bool> = RwSignal::new(false);
}

/// Whether an answer was 401 since the last token.
pub(crate) fn token_needed() -> RwSignal<bool> {
    TOKEN_NEEDED.with(|signal| *signal)
}

/// Asks, and calls back with the answer's text. One future for all pages: what differs is only the reading.
pub(crate) fn ask(path: String, then: impl FnOnce(Result<String, Failure>) + 'static) {
    let then: Box<dyn FnOnce(Result<String, Failure>)> = Box::new(then);
    wasm_bindgen_futures::spawn_local(async move { then(get_text(&path).await) });
}

/// Asks for a value.
pub(crate) fn get<T: DeserializeOwned + 'static>(path: String, then: impl FnOnce(Result<T, Failure>) + 'static) {
    ask(path, move |text| then(text.and_then(|text| read(&text))));
}

/// Asks for a value, for those who wait for it.
pub(crate) async fn fetch<T: DeserializeOwned>(path: &str) -> Result<T, Failure> {
    read(&get_text(path).await?)
}

/// Sends a body, and calls back with the answer.
pub(crate) fn post<T: DeserializeOwned + 'static>(
    path: String,
    body: &impl Serialize,
    key: &str,
    then: impl FnOnce(Result<T, Failure>) + 'static,
) {
    send(path, body, key, move |text| then(text.and_then(|text| read(&text))));
}

/// Sends a body, with an `Idempotency-Key` unless it is empty, and calls back with the answer's text.
pub(crate) fn send(path: String, body: &impl Serialize, key: &str, then: impl FnOnce(Result<String, Failure>) + 'static) {
    match serde_json::to_string(body) {
        Ok(body) => send_text(path, body, key, then),
        Err(error) => then(Err(Failure::Odd(error.to_string()))),
    }
}

fn send_text(path: String, body: String, key: &str, then: impl FnOnce(Result<String, Failure>) + 'static) {
    send_json(path, body, key, move |answer| then(answer.map(String::from)));
}

/// Sends a body that is JSON already; the answer stays the browser's own text, for what may be too large to be copied.
pub(crate) fn send_json(path: String, body: String, key: &str, then: impl FnOnce(Result<JsString, Failure>) + 'static) {
    let then: Box<dyn FnOnce(Result<JsString, Failure>)> = Box::new(then);
    let key = key.to_owned();
    wasm_bindgen_futures::spawn_local(async move {
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key.as_str())];
        then(text(request(&path, &headers, Some(body), None).await).await);
    });
}

/// Reads an answer's text.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::Odd(error.to_string()))
}

/// The answer's own text: for documents whose bytes matter.
pub(crate) async fn get_text(path: &str) -> Result<String, Failure> {
    text(request(path, &[], None, None).await).await.map(String::from)
}

/// Sends a request, with the token if the tab has one; a body makes it a POST. Headers without a value are left out.
pub(crate) async fn request(
    path: &str,
    headers: &[(&str, &str)],
    body: Option<String>,
    abort: Option<&AbortSignal>,
) -> Result<Response, JsValue> {
    let sent = Headers::new()?;
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        sent.append(name, value)?;
    }
    if let Some(token) = browser::token() {
        sent.append("Authorization", &format!("Bearer {token}"))?;
    }
    let options = RequestInit::new();
    options.set_headers(&sent);
    options.set_signal(abort);
    if let Some(body) = body {
        options.set_method("POST");
        options.set_body(&JsValue::from_str(&body));
    }
    let answer = JsFuture::from(browser::window().fetch_with_str_and_init(path, &options)).await?;
    Ok(answer.unchecked_into())
}

async fn text(answer: Result<Response, JsValue>) -> Result<JsString, Failure> {
    let answer = answer.map_err(|_| Failure::Unreachable)?;
    let status = answer.status();
    let body = match answer.text() {
        Ok(body) => JsFuture::from(body).await,
        Err(error) => Err(error),
    };
    let body: JsString = body.map_err(|_| Failure::Unreachable)?.unchecked_into();
    match status {
        200..=299 => Ok(body),
        401 => {
            token_needed().set(true);
            Err(Failure::Unauthorized)
        }
        _ => Err(match serde_json::from_str::<Problem>(&String::from(&body)) {
            Ok(problem) => Failure::Problem(Box::new(problem)),
            Err(_) if status >= 502 => Failure::Unreachable,
            Err(_) => Failure::Odd(format!("HTTP {status}")),
        }),
    }
}
