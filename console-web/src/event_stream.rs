//! The stream of one job: opened, read, resumed after the last event, given up for polling when it stays broken.

use executor_api::event::StreamMessage;
use executor_api::job::Job;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortController, ReadableStreamDefaultReader, TextDecodeOptions, TextDecoder};

use crate::api_client::{self, Failure};
use crate::browser;
use crate::reactive::prelude::*;
use crate::views::job_live::{Connection, Effect as Outcome};
use crate::views::sse::Parser;
use crate::views::stream;

/// Failures after which the job is polled beside the attempts to open the stream.
const PATIENCE: u32 = 3;
/// Silence after which a stream counts as broken: two missed heartbeats and some.
const SILENCE_MS: i64 = 40_000;

/// What the stream tells its page.
pub(crate) trait Listener: Copy + 'static {
    /// Takes a message.
    fn message(self, message: StreamMessage) -> Outcome;
    /// Takes the job from polling.
    fn polled(self, job: Job);
    /// Id of the last event that is known.
    fn cursor(self) -> Option<u64>;
    /// The job cannot be had at all.
    fn failed(self, failure: Failure);
}

/// A stream that follows the page's visibility.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventStream {
    /// How fresh the page is.
    pub(crate) connection: RwSignal<Connection>,
    /// When the last message came.
    pub(crate) heard_at: RwSignal<i64>,
    /// Counts openings; an older opening that finds a newer one ends itself.
    turn: StoredValue<u32>,
    abort: StoredValue<Option<AbortController>, LocalStorage>,
}

impl EventStream {
    /// Opens the stream of a job and keeps it open while the page is visible.
    pub(crate) fn of(id: String, listener: impl Listener) -> Self {
        let stream = Self {
            connection: RwSignal::new(Connection::Connecting),
            heard_at: RwSignal::new(browser::now()),
            turn: StoredValue::new(0),
            abort: StoredValue::new_local(None),
        };
        let console = crate::console::console();
        effect(move || {
            stream.close();
            if console.visible.get() {
                let turn = stream.turn.get_value();
                let id = id.clone();
                spawn_local(async move { stream.run(&id, listener, turn).await });
            }
        });
        // A connection that died without a word is only noticed by its silence.
        effect(move || {
            let now = console.now.get();
            if now - stream.heard_at.get_untracked() > SILENCE_MS && stream.connection.get_untracked() == Connection::Live {
                stream.heard_at.set(now);
                stream.abort.with_value(|abort| abort.iter().for_each(AbortController::abort));
            }
        });
        on_cleanup(move || stream.close());
        stream
    }

    /// Takes the stream up again after it ended: a retry gives an ended job new life.
    pub(crate) fn reopen(self, id: String, listener: impl Listener) {
        if self.connection.get_untracked() == Connection::Ended {
            self.close();
            self.connection.set(Connection::Connecting);
            let turn = self.turn.get_value();
            spawn_local(async move { self.run(&id, listener, turn).await });
        }
    }

    fn close(self) {
        let _gone = self.turn.try_update_value(|turn| *turn = turn.wrapping_add(1));
        let _gone = self.abort.try_update_value(|abort| {
            if let Some(abort) = abort.take() {
                abort.abort();
            }
        });
    }

    fn is_current(self, turn: u32) -> bool {
        self.turn.try_get_value() == Some(turn)
    }

    async fn run(self, id: &str, listener: impl Listener, turn: u32) {
        let mut failures = 0_u32;
        let mut forget = false;
        while self.is_current(turn) {
            let heard = self.read(id, listener, turn, &mut forget).await;
            if !self.is_current(turn) {
                return;
            }
            match heard {
                Heard::Ended => {
                    self.connection.set(Connection::Ended);
                    return;
                }
                Heard::Messages => failures = 0,
                Heard::Nothing => failures += 1,
            }
            let mut connection = Connection::Reconnecting;
            if failures > 0 {
                match api_client::fetch::<Job>(&format!("/v1/jobs/{id}")).await {
                    Ok(job) if self.is_current(turn) => {
                        self.heard_at.set(browser::now());
                        listener.polled(job);
                        if failures > PATIENCE {
                            connection = Connection::Polling;
                        }
                    }
                    Err(failure @ (Failure::Problem(_) | Failure::Unauthorized))
                        if self.is_current(turn) && listener.cursor().is_none() =>
                    {
                        listener.failed(failure);
                        return;
                    }
                    _ => {}
                }
            }
            if !self.is_current(turn) {
                return;
            }
            self.connection.set(connection);
            sleep(if failures > PATIENCE { 3000 } else { 400 << failures.min(3) }).await;
        }
    }

    async fn read(self, id: &str, listener: impl Listener, turn: u32, forget: &mut bool) -> Heard {
        let Ok(abort) = AbortController::new() else { return Heard::Nothing };
        let signal = abort.signal();
        self.abort.set_value(Some(abort));
        let path = format!("/v1/jobs/{id}/events");
        let cursor = listener.cursor().filter(|_| !std::mem::take(forget)).map(|cursor| cursor.to_string()).unwrap_or_default();
        let headers = [("Accept", "text/event-stream"), ("Last-Event-ID", cursor.as_str())];
        let Ok(answer) = api_client::request(&path, &headers, None, Some(&signal)).await else { return Heard::Nothing };
        if answer.status() == 204 {
            return self.end(id, listener, turn).await;
        }
        if answer.status() == 401 {
            api_client::token_needed().set(true);
        }
        let Some(body) = answer.body().filter(|_| answer.ok()) else { return Heard::Nothing };
        let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
        let Ok(decoder) = TextDecoder::new() else { return Heard::Nothing };
        let mut parser = Parser::default();
        let mut heard = Heard::Nothing;
        while let Some(piece) = next_piece(&reader, &decoder).await {
            if !self.is_current(turn) {
                return heard;
            }
            for message in parser.push(&piece) {
                let Some(message) = stream::read(&message.event, &message.data) else { continue };
                heard = Heard::Messages;
                self.heard_at.set(browser::now());
                if self.connection.get_untracked() != Connection::Live {
                    self.connection.set(Connection::Live);
                }
                match listener.message(message) {
                    Outcome::Applied | Outcome::Reload => {}
                    Outcome::Gap => return heard,
                    Outcome::Forget => *forget = true,
                    Outcome::Ended => return self.end(id, listener, turn).await,
                }
            }
        }
        heard
    }

    /// The last word: the job as it stands, with its verdict.
    async fn end(self, id: &str, listener: impl Listener, turn: u32) -> Heard {
        if let Ok(job) = api_client::fetch::<Job>(&format!("/v1/jobs/{id}")).await
            && self.is_current(turn)
        {
            let ended = job.state.is_terminal();
            listener.polled(job);
            return if ended { Heard::Ended } else { Heard::Messages };
        }
        Heard::Nothing
    }
}

enum Heard {
    Nothing,
    Messages,
    Ended,
}

async fn next_piece(reader: &ReadableStreamDefaultReader, decoder: &TextDecoder) -> Option<String> {
    let result = JsFuture::from(reader.read()).await.ok()?;
    let done = js_sys::Reflect::get(&result, &JsValue::from_str("done")).ok()?.is_truthy();
    let value: js_sys::Uint8Array = js_sys::Reflect::get(&result, &JsValue::from_str("value")).ok()?.dyn_into().ok()?;
    let options = TextDecodeOptions::new();
    options.set_stream(true);
    (!done).then(|| decoder.decode_with_buffer_source_and_options(&value, &options).ok()).flatten()
}

/// Waits some milliseconds.
async fn sleep(ms: i32) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        let _timer = browser::after(ms, move || {
            let _woken = resolve.call0(&JsValue::NULL);
        });
    });
    let _slept = JsFuture::from(promise).await;
}
