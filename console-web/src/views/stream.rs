//! Reads the stream's messages by their SSE name. The name already says what comes: reading the tagged enum would
//! build every document twice over.

use executor_api::event::{Event, StreamMessage};
use executor_api::job::{Job, JobState, Progress};
use executor_api::task::Task;
use planner_core::quantity::UnixMillis;
use serde::Deserialize;

#[derive(Deserialize)]
struct Snapshot {
    job: Box<Job>,
}

#[derive(Deserialize)]
struct Stored {
    event: Event,
    job: Box<Job>,
    #[serde(default)]
    task: Option<Box<Task>>,
}

#[derive(Deserialize)]
struct Counters {
    progress: Progress,
    tasks: Vec<Task>,
}

#[derive(Deserialize)]
struct Beat {
    at: UnixMillis,
}

#[derive(Deserialize)]
struct End {
    state: JobState,
}

/// A message by the SSE `event:` name and its data; none for what this console does not know.
pub fn read(event: &str, data: &str) -> Option<StreamMessage> {
    let message = match event {
        "snapshot" => serde_json::from_str(data).map(|Snapshot { job }| StreamMessage::Snapshot { job }),
        "event" => serde_json::from_str(data).map(|Stored { event, job, task }| StreamMessage::Event { event, job, task }),
        "progress" => serde_json::from_str(data).map(|Counters { progress, tasks }| StreamMessage::Progress { progress, tasks }),
        "heartbeat" => serde_json::from_str(data).map(|Beat { at }| StreamMessage::Heartbeat { at }),
        "end" => serde_json::from_str(data).map(|End { state }| StreamMessage::End { state }),
        "reset" => Ok(StreamMessage::Reset),
        _ => return None,
    };
    message.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::job_live::tests::job;
    use crate::views::task_book::tests::task;
    use executor_api::task::TaskState;

    #[test]
    fn every_message_is_read_as_the_contract_writes_it() {
        let event = Event {
            id: 7,
            at: UnixMillis(1),
            kind: "task-done".into(),
            message: "m".into(),
            job_state: JobState::Running,
            task: Some(3),
            task_state: Some(TaskState::Done),
            query_id: None,
        };
        let job = Box::new(job(7, 1));
        for message in [
            StreamMessage::Snapshot { job: job.clone() },
            StreamMessage::Event { event: event.clone(), job: job.clone(), task: Some(Box::new(task(3, TaskState::Done))) },
            StreamMessage::Event { event, job, task: None },
            StreamMessage::Progress { progress: Progress::default(), tasks: vec![task(1, TaskState::Running)] },
            StreamMessage::Reset,
            StreamMessage::Heartbeat { at: UnixMillis(5) },
            StreamMessage::End { state: JobState::Completed },
        ] {
            let data = serde_json::to_string(&message).unwrap();
            assert_eq!(read(message.name(), &data), Some(message));
        }
        assert_eq!(read("other", "{}"), None);
    }
}
