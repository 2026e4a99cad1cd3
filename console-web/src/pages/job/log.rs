//! Every event of the job, newest first; for the activity only those that concern the job as a whole.

use executor_api::event::{Event, EventPage};
use leptos::prelude::*;

use super::model::Model;
use crate::api_client;
use crate::browser;
use crate::components::states;
use crate::erase::{act, effect, live};
use crate::views::format;
use crate::views::job_query::{JobQuery, Tab};

/// Events asked for at once.
const PAGE: u64 = 500;

/// The tab.
pub(super) fn log(model: Model, activity: bool) -> AnyView {
    let shown = RwSignal::new(300_usize);
    let first = Memo::new(move |_| model.live.with(|live| live.log.keys().next().copied()));
    let earlier = move || {
        let last = model.live.with_untracked(|live| live.cursor().unwrap_or(0) + 1);
        let upto = first.get_untracked().unwrap_or(last);
        load(model, upto.saturating_sub(PAGE + 1), upto);
    };
    // The newest page; what the stream brought since stands behind it without a gap.
    effect(move |before: Option<()>| {
        model.reloads.track();
        if before.is_none() {
            earlier();
        }
    });
    let events = Memo::new(move |_| {
        model.live.with(|live| {
            live.log.values().rev().filter(|event| !activity || event.task.is_none()).take(shown.get()).cloned().collect::<Vec<_>>()
        })
    });
    let none = Memo::new(move |_| events.with(Vec::is_empty));
    let id = StoredValue::new(model.id());
    let line = move |event: Event| {
        let tone = event.task_state.map_or("", |state| crate::views::job_state::task(state).tone.class());
        let task = event.task.map(|n| {
            let address = JobQuery { tab: Tab::Log, task: Some(n), ..JobQuery::default() }.address(&id.get_value());
            view! { <a href=address class="num">{format!("chunk {}", format::exact(n + 1))}</a> }
        });
        view! {
            <li data-testid="event" data-kind=event.kind.clone() data-id=event.id.to_string()>
                <time class="num faint" title=format::moment(event.at, browser::offset_minutes())>{format::seconds(event.at, browser::offset_minutes())}</time>
                <code class=format!("kind {tone}")>{event.kind.clone()}</code>
                <span class="what">{event.message.clone()}</span>
                {task}
            </li>
        }
    };
    let more = move || {
        (first.get().is_some_and(|first| first > 1) || events.with(Vec::len) >= shown.get()).then(|| {
            let go = move |_| {
                shown.update(|shown| *shown += 300);
                if first.get_untracked().is_some_and(|first| first > 1) {
                    earlier();
                }
            };
            view! { <button class="button quiet" on:click=act(go)>"Earlier events"</button> }
        })
    };
    let nothing = move || {
        none.get().then(|| {
            states::empty(
                "Nothing yet",
                if activity {
                    "What people and the service decide about the job is listed here."
                } else {
                    "Events appear here as they happen."
                },
                None,
            )
        })
    };
    view! {
        {live(nothing)}
        <ol class="log" data-testid="log"><For each=move || events.get() key=|event| event.id children=line /></ol>
        {live(more)}
    }
    .into_any()
}

fn load(model: Model, after: u64, upto: u64) {
    if upto <= 1 {
        return;
    }
    let path = format!("/v1/jobs/{}/log?after={after}&limit={PAGE}", model.id());
    api_client::get::<EventPage>(path, move |page| {
        if let Ok(page) = page {
            let _gone = model.live.try_update(|live| live.put_log(page.events));
        }
    });
}
