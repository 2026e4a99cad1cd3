//! Events of a job: stored in order, gapless, and streamed as they are.

use planner_core::quantity::UnixMillis;
use serde::{Deserialize, Serialize};

use crate::job::{Job, JobState, Progress};
use crate::task::{Task, TaskState};

/// One stored event. `GET /v1/jobs/{id}/events` sends it as an SSE message named `event` whose id is [`Event::id`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// Counts from 1 within the job, without gaps.
    pub id: u64,
    /// When it was stored.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub at: UnixMillis,
    /// Stable name, such as `task-done`.
    pub kind: String,
    /// One sentence for the log.
    pub message: String,
    /// The job's state after it.
    pub job_state: JobState,
    /// The task it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<u64>,
    /// That task's state after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_state: Option<TaskState>,
    /// The attempt's query id, where one is concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_id: Option<String>,
}

/// Data of the SSE messages of a job, by their `event:` name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StreamMessage {
    /// `snapshot`: the job as it stands; first message without a cursor, and after `reset`. Its id is the last event's.
    Snapshot {
        /// The job.
        job: Box<Job>,
    },
    /// `event`: a stored event with the job's and the task's new standing.
    Event {
        /// The event.
        event: Event,
        /// The job after it.
        job: Box<Job>,
        /// The task after it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<Box<Task>>,
    },
    /// `progress`: absolute counters; no id, not stored, at most one a second.
    Progress {
        /// Counters of the job.
        progress: Progress,
        /// Running tasks as they stand.
        tasks: Vec<Task>,
    },
    /// `reset`: the cursor is too old or unknown; a `snapshot` follows.
    Reset,
    /// `heartbeat`: every 15 s.
    Heartbeat {
        /// The service's clock.
        #[cfg_attr(feature = "openapi", schema(value_type = i64))]
        at: UnixMillis,
    },
    /// `end`: the job has ended; the stream closes, and a further request answers 204.
    End {
        /// The state it ended in.
        state: JobState,
    },
}

impl StreamMessage {
    /// The SSE `event:` name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Snapshot { .. } => "snapshot",
            Self::Event { .. } => "event",
            Self::Progress { .. } => "progress",
            Self::Reset => "reset",
            Self::Heartbeat { .. } => "heartbeat",
            Self::End { .. } => "end",
        }
    }
}

/// Answer of `GET /v1/jobs/{id}/log?after=&limit=`: stored events, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventPage {
    /// Events.
    pub events: Vec<Event>,
    /// Id to go on after; none at the end.
    pub next: Option<u64>,
}
