//! Events: append-only, gapless within a job.

use executor_api::event::{Event, EventPage, StreamMessage};
use executor_api::job::Job;
use executor_api::task::Task;
use rusqlite::{Connection, params};

use super::{Store, StoreError, from_json, int, json};

/// An event with the standing after it, as the stream sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its id.
    pub id: u64,
    /// [`StreamMessage::Event`].
    pub message: StreamMessage,
}

impl Store {
    /// At most `limit` events after an id, oldest first, with the standing after each.
    pub async fn events_after(&self, job: &Job, after: u64, limit: u64) -> Result<Vec<StoredEvent>, StoreError> {
        let (id, title, reason) = (job.id.clone(), job.title.clone(), job.reason.clone());
        self.read(move |db| {
            let mut statement =
                db.prepare_cached("SELECT body, job, task FROM events WHERE job_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3")?;
            let rows = statement.query_map(params![id, int(after), int(limit)], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?))
            })?;
            rows.map(|row| {
                let (event, job, task) = row?;
                let event: Event = from_json(&event)?;
                let job = Job { title: title.clone(), reason: reason.clone(), ..from_json(&job)? };
                let task = task.as_deref().map(from_json::<Task>).transpose()?;
                Ok(StoredEvent { id: event.id, message: StreamMessage::Event { event, job: Box::new(job), task: task.map(Box::new) } })
            })
            .collect()
        })
        .await
    }

    /// A page of the log.
    pub async fn event_page(&self, job: &str, after: u64, limit: u64) -> Result<EventPage, StoreError> {
        let job = job.to_owned();
        self.read(move |db| {
            let mut statement = db.prepare_cached("SELECT body FROM events WHERE job_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3")?;
            let rows = statement.query_map(params![job, int(after), int(limit.saturating_add(1))], |row| row.get::<_, String>(0))?;
            let mut events: Vec<Event> = rows.map(|body| from_json(&body?)).collect::<Result<_, StoreError>>()?;
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let more = events.len() > limit;
            events.truncate(limit);
            let next = if more { events.last().map(|event| event.id) } else { None };
            Ok(EventPage { events, next })
        })
        .await
    }
}

/// Appends an event. Ids are the job's last plus one; the primary key refuses a second one of the same id.
pub(super) fn append(db: &Connection, event: &Event, job: &Job, task: Option<&Task>) -> Result<(), StoreError> {
    let standing = Job { title: String::new(), reason: String::new(), ..job.clone() };
    let task = task.map(json).transpose()?;
    let mut statement = db.prepare_cached("INSERT INTO events (job_id, id, body, job, task) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    statement.execute(params![job.id, int(event.id), json(event)?, json(&standing)?, task])?;
    Ok(())
}
