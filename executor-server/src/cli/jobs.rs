//! `penstock jobs` and `penstock job`: the jobs of a service.

use std::time::Duration;

use clap::Args;
use executor_api::event::EventPage;
use executor_api::job::{Job, JobList, JobState};
use executor_api::receipt::Receipt;
use serde::Serialize;

use super::context::Context;
use super::fail::Fail;
use super::output::{count, table};
use super::progress::Progress;
use super::receipt;
use super::service::Service;
use super::signals::Interrupts;
use super::status::describe;

/// How often a job is asked for while it is followed.
const LOOK: Duration = Duration::from_millis(500);
/// How long a service may be away while a job is followed.
const MOST_MISSED: u32 = 120;

/// Which jobs to list.
#[derive(Args, Clone, Debug)]
pub(super) struct ListFlags {
    /// Only in these states, separated by commas, such as running,paused.
    #[arg(long, default_value = "")]
    state: String,
    /// Only with this source or target.
    #[arg(long, value_name = "DB.TABLE", value_parser = planner_core::sql::identifier::TableName::parse)]
    table: Option<planner_core::sql::identifier::TableName>,
    /// At most so many, 1 to 200.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
}

/// Which job to show.
#[derive(Args, Clone, Debug)]
pub(super) struct JobFlags {
    /// The job: 16 hex characters.
    #[arg(value_name = "JOB", value_parser = job_id)]
    id: String,
    /// Follow it to its end; exits 1 unless it completes.
    #[arg(long)]
    follow: bool,
}

/// Jobs are named like plans.
fn job_id(text: &str) -> Result<String, String> {
    super::context::plan_id(text).map(|id| id.to_string())
}

#[derive(Serialize)]
struct OneAnswer {
    job: Job,
    receipt: Option<Receipt>,
    url: String,
}

/// Lists jobs, newest first.
pub(super) async fn list(context: &Context, flags: &ListFlags) -> Result<u8, Fail> {
    let service = Service::of(context)?;
    let mut query = vec![("limit", flags.limit.to_string()), ("state", flags.state.clone())];
    query.extend(flags.table.as_ref().map(|table| ("table", table.to_string())));
    let list: JobList = service.get("jobs", &query).await?;
    context.output.answer("jobs", list, |list| {
        let line = |job: &Job| {
            let done = format!("{} of {}", job.counts.done, job.counts.total);
            format!("{}  {:<10}  {:>14}  {}  {}\n", job.id, job.state.name(), done, job.created_at.label(), job.title)
        };
        let text: String = list.jobs.iter().map(line).collect();
        if text.is_empty() { "no jobs\n".into() } else { text }
    });
    Ok(0)
}

/// Shows a job, and follows it where that is asked.
pub(super) async fn one(context: &Context, flags: &JobFlags) -> Result<u8, Fail> {
    let service = Service::of(context)?;
    let job: Job = service.get(&format!("jobs/{}", flags.id), &[]).await?;
    let url = service.address(&format!("jobs/{}", job.id));
    let (job, exit) = if flags.follow { follow(context, &service, job).await? } else { (job, 0) };
    let receipt = match service.text(&format!("jobs/{}/receipt", job.id)).await {
        Ok(text) => serde_json::from_str(&text).ok(),
        Err(fail) if fail.code == "not-found" => None,
        Err(fail) => return Err(fail),
    };
    context.output.answer("job", OneAnswer { job, receipt, url }, |answer| {
        let proof = answer.receipt.as_ref().map_or_else(String::new, |proof| format!("\n{}", receipt::people(proof)));
        format!("{}{proof}", people_of_job(&answer.job, &answer.url))
    });
    Ok(exit)
}

/// Follows a job to its end. The job does not need anybody to watch: a service that is away is waited for.
pub(super) async fn follow(context: &Context, service: &Service, job: Job) -> Result<(Job, u8), Fail> {
    let mut interrupts = Interrupts::catch();
    let mut progress = Progress::start(context.output, &job);
    let (id, mut job, mut seen, mut missed) = (job.id.clone(), job, 0, 0);
    loop {
        progress.show(&job);
        let events: Result<EventPage, Fail> = service.get(&format!("jobs/{id}/log"), &[("after", seen.to_string())]).await;
        for event in events.map(|page| page.events).unwrap_or_default() {
            seen = event.id;
            progress.event(&event);
        }
        if job.state.is_terminal() && seen >= job.last_event_id {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = interrupts.next() => {
                let fail = Fail::failed("interrupted", format!("not watching any longer; job {id} goes on"));
                return Err(Fail { exit: 130, ..fail }.hint(format!("penstock job {id} --follow")));
            }
        }
        match service.get(&format!("jobs/{id}"), &[]).await {
            Ok(now) => (job, missed) = (now, 0),
            Err(fail) if fail.code == "service-away" && missed < MOST_MISSED => missed += 1,
            Err(fail) => return Err(fail),
        }
    }
    progress.end();
    let exit = u8::from(job.state != JobState::Completed);
    Ok((job, exit))
}

pub(super) fn people_of_job(job: &Job, url: &str) -> String {
    let mut rows =
        vec![("job", job.id.clone()), ("title", job.title.clone()), ("from", job.source.to_string()), ("to", job.target.to_string())];
    describe(&mut rows, job, false);
    // Whether the service is on it is the service's to know.
    rows.retain(|(name, _)| *name != "run");
    rows.insert(1, ("state", job.state.name().to_owned()));
    rows.push(("events", count(job.last_event_id, "event")));
    rows.push(("page", url.to_owned()));
    table(&rows)
}
