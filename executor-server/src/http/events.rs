//! A job's events as a stream. Events are read from the store, in order and without gaps; the board only says that there are more.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event as Message, Sse};
use axum::response::{IntoResponse, Response};
use executor_api::event::StreamMessage;
use executor_api::job::{Job, JobState};
use executor_api::problem::Problem;
use futures_util::Stream;
use tokio::sync::{mpsc, watch};

use super::jobs::find;
use super::problem::ApiError;
use super::state::App;
use crate::clock;
use crate::runner::Live;

const HEARTBEAT: Duration = Duration::from_secs(15);
const PROGRESS: Duration = Duration::from_secs(1);
/// Events read from the store at a time.
const BATCH: u64 = 200;

/// Events of a job: `snapshot`, then each `event` with its id; `progress`, `heartbeat`, `end`. `Last-Event-ID` resumes.
#[utoipa::path(get, path = "/v1/jobs/{id}/events", params(("id" = String, Path), ("Last-Event-ID" = Option<String>, Header)), responses((status = 200, description = "text/event-stream; each message's data is a StreamMessage", body = StreamMessage, content_type = "text/event-stream"), (status = 204, description = "The job has ended, and the cursor stands at its end"), (status = 404, body = Problem)), tag = "jobs")]
pub(super) async fn stream(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    let job = find(&app, &id).await?;
    let cursor = match headers.get("last-event-id").map(|cursor| cursor.to_str().ok().and_then(|cursor| cursor.trim().parse::<u64>().ok()))
    {
        None => Cursor::None,
        Some(Some(after)) if after <= job.last_event_id => Cursor::After(after),
        Some(_) => Cursor::Unknown,
    };
    if job.state.is_terminal() && cursor == Cursor::After(job.last_event_id) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let (to, messages) = mpsc::channel(64);
    let watching = app.engine.board().of(&id).subscribe();
    let stopping = app.engine.stopping();
    tokio::spawn(async move {
        let mut feed = Feed { app, id, to, sent: 0 };
        // An error ends the stream; the client comes back with its cursor.
        if let Err(Stop::Store(error)) = feed.run(cursor, watching, stopping).await {
            tracing::error!(%error, "a stream of events ended early");
        }
    });
    let mut response = Sse::new(Messages(messages)).into_response();
    response.headers_mut().insert(HeaderName::from_static("cache-control"), HeaderValue::from_static("no-store"));
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cursor {
    None,
    After(u64),
    Unknown,
}

enum Stop {
    /// Nobody reads any more.
    Gone,
    Store(crate::store::StoreError),
}

impl From<crate::store::StoreError> for Stop {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Store(error)
    }
}

struct Feed {
    app: App,
    id: String,
    to: mpsc::Sender<Message>,
    /// Id of the last event that was sent.
    sent: u64,
}

impl Feed {
    async fn run(&mut self, cursor: Cursor, mut watching: watch::Receiver<Live>, mut stopping: watch::Receiver<bool>) -> Result<(), Stop> {
        if cursor == Cursor::Unknown {
            self.send(None, &StreamMessage::Reset).await?;
        }
        match cursor {
            Cursor::After(after) => self.sent = after,
            Cursor::None | Cursor::Unknown => {
                let job = self.job().await?;
                self.sent = job.last_event_id;
                self.send(Some(self.sent), &StreamMessage::Snapshot { job: Box::new(job) }).await?;
            }
        }
        let mut heartbeat = tokio::time::interval_at(tokio::time::Instant::now() + HEARTBEAT, HEARTBEAT);
        let mut last_progress: Option<Instant> = None;
        loop {
            let live = watching.borrow_and_update().clone();
            let state = self.catch_up().await?;
            if state.is_terminal() {
                return self.send(None, &StreamMessage::End { state }).await;
            }
            // Progress is at most one a second; what comes between is shown by the next.
            let due = last_progress.map_or(Duration::ZERO, |last| PROGRESS.saturating_sub(last.elapsed()));
            let has_progress = live.job.is_some() && !live.running.is_empty();
            if let Some(job) = live.job.filter(|_| has_progress && due.is_zero()) {
                last_progress = Some(Instant::now());
                self.send(None, &StreamMessage::Progress { progress: job.progress, tasks: live.running.to_vec() }).await?;
            }
            tokio::select! {
                changed = watching.changed() => if changed.is_err() { return Ok(()) },
                () = self.to.closed() => return Err(Stop::Gone),
                () = stopped(&mut stopping) => return Ok(()),
                () = tokio::time::sleep(due), if has_progress && !due.is_zero() => {}
                _ = heartbeat.tick() => self.send(None, &StreamMessage::Heartbeat { at: clock::now() }).await?,
            }
        }
    }

    async fn job(&self) -> Result<Job, Stop> {
        self.app.engine.store().job(&self.id).await?.map(|record| record.job).ok_or(Stop::Gone)
    }

    /// Sends every stored event after the last one sent; the job's state after them.
    async fn catch_up(&mut self) -> Result<JobState, Stop> {
        loop {
            let job = self.job().await?;
            if job.last_event_id <= self.sent {
                return Ok(job.state);
            }
            for stored in self.app.engine.store().events_after(&job, self.sent, BATCH).await? {
                self.send(Some(stored.id), &stored.message).await?;
                self.sent = stored.id;
            }
        }
    }

    async fn send(&self, id: Option<u64>, message: &StreamMessage) -> Result<(), Stop> {
        let data = serde_json::to_string(message).map_err(crate::store::StoreError::from)?;
        let mut event = Message::default().event(message.name()).data(data);
        if let Some(id) = id {
            event = event.id(id.to_string());
        }
        self.to.send(event).await.map_err(|_| Stop::Gone)
    }
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // Without a sender the service is gone.
    drop(stopping.wait_for(|stopping| *stopping).await);
}

struct Messages(mpsc::Receiver<Message>);

impl Stream for Messages {
    type Item = Result<Message, Infallible>;

    fn poll_next(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|message| message.map(Ok))
    }
}
