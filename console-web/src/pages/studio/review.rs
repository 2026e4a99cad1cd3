//! The last look before the start: one sentence, warnings, title and reason, SQL.

use executor_api::job::{Job, JobCreate, Order};
use executor_api::plan::PlanAnswer;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use planner_core::plan::Mode;
use planner_core::rationale::Severity;
use planner_wasm::message::Reply;

use super::model::{Check, Model};
use crate::api_client::{self, Failure};
use crate::browser;
use crate::components::dialog::dialog;
use crate::components::notes::{notes, warnings};
use crate::components::states::failure_words;
use crate::erase::{act, live};
use crate::views::question::Wish;
use crate::views::{format, studio};

/// Orders with their words.
const ORDERS: [(Order, &str); 3] =
    [(Order::OldestFirst, "Oldest first"), (Order::NewestFirst, "Newest first"), (Order::LongestFirst, "Largest first")];

/// The dialog.
pub(super) fn review(model: Model) -> AnyView {
    let close = move || model.reviewing.set(false);
    let navigate = StoredValue::new_local(use_navigate());
    let started = move |id: &str| {
        model.reviewing.set(false);
        navigate.with_value(|navigate| navigate(&format!("/jobs/{id}"), NavigateOptions::default()));
    };
    dialog("Review and start", "review", model.reviewing.into(), close, move || match model.check.get_untracked() {
        Check::Same(plan) => form(model, &plan, started),
        Check::Unchecked | Check::Computing | Check::Differs(_) => {
            view! { <p>"The plan has changed. Close this and look again."</p> }.into_any()
        }
    })
}

fn sentence(plan: &PlanAnswer) -> String {
    let how = match plan.mode {
        Mode::Copy => "copies",
        Mode::ViewReplay => "sends, through the materialized views' own SELECT,",
    };
    format!(
        "This {how} about {} rows ({}) of {} from {} into {}, in {}; each chunk is one block with its own deduplication token.",
        format::count(plan.rows),
        format::bytes(plan.bytes),
        studio::window_text(plan.request.window),
        plan.request.source,
        plan.request.target,
        format::plural(plan.chunks, "chunk"),
    )
}

fn form(model: Model, plan: &PlanAnswer, started: impl Fn(&str) + Copy + 'static) -> AnyView {
    let window = plan.request.window.map(|window| format!(", {} – {}", window.from.date(), window.to.date())).unwrap_or_default();
    let title = RwSignal::new(format!("{} → {}{window}", plan.request.source.table, plan.request.target));
    let reason = RwSignal::new(String::new());
    let lanes = RwSignal::new(2_u16);
    let order = RwSignal::new(Order::OldestFirst);
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<Failure>);
    // One key an opening: a second click, or a second try after a lost answer, gives the same job.
    let key = StoredValue::new(browser::fresh_key());
    let digest = StoredValue::new(plan.digest.clone());
    let start = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let body = JobCreate {
            lanes: lanes.get_untracked(),
            order: order.get_untracked(),
            plan_digest: digest.get_value(),
            reason: reason.get_untracked().trim().to_owned(),
            title: title.get_untracked().trim().to_owned(),
        };
        api_client::post::<Job>("/v1/jobs".to_owned(), &body, &key.get_value(), move |answer| match answer {
            Ok(job) => started(&job.id),
            Err(why) => {
                let _gone = failure.try_set(Some(why));
                let _gone = busy.try_set(false);
            }
        });
    };
    let orders = ORDERS.iter().map(|(_, words)| view! { <option value=*words>{*words}</option> }).collect::<Vec<_>>();
    let choose_order = move |event| {
        let words = event_target_value(&event);
        order.set(ORDERS.iter().find(|(_, name)| *name == words).map_or(Order::OldestFirst, |(order, _)| *order));
    };
    let warned = warnings(&plan.rationale);
    let warned = (warned > 0).then(|| view! { <h3>{format::plural(warned as u64, "warning")}</h3> });
    let why_not = move || if title.with(|title| title.trim().is_empty()) { "A title is needed" } else { "" };
    view! {
        <form on:submit=act(start) class="stack">
            <header>
                <h2>"Review and start"</h2>
                <button type="button" class="button quiet" aria-label="Close" on:click=act(move |_| model.reviewing.set(false))>"✕"</button>
            </header>
            <p data-testid="review-sentence">{sentence(plan)}</p>
            {warned}
            {notes(&plan.rationale, Severity::Warning)}
            <label class="field">
                <span>"Title"</span>
                <input type="text" maxlength="200" required=true data-testid="job-title" prop:value=live(move || title.get()) on:input=act(move |event| title.set(event_target_value(&event))) />
            </label>
            <label class="field">
                <span>"Reason " <span class="faint">"kept with the job; whoever looks later will be glad"</span></span>
                <textarea rows="2" maxlength="2000" data-testid="job-reason" on:input=act(move |event| reason.set(event_target_value(&event)))></textarea>
            </label>
            <div class="line">
                <label class="field">
                    <span>"Lanes"</span>
                    <input
                        type="number"
                        class="short num"
                        min="1"
                        max="64"
                        data-testid="job-lanes"
                        prop:value=live(move || lanes.get().to_string())
                        on:input=act(move |event| {
                            if let Ok(count) = event_target_value(&event).parse::<u16>() {
                                lanes.set(count.clamp(1, 64));
                            }
                        })
                    />
                </label>
                <label class="field">
                    <span>"Order"</span>
                    <select data-testid="job-order" on:change=act(choose_order)>{orders}</select>
                </label>
            </div>
            {first_sql(model)}
            {live(move || failure.get().map(|failure| view! { <div class="obstacle" role="alert">{failure_words(&failure)}</div> }))}
            <footer>
                <span class="faint" id="start-why-not">{live(why_not)}</span>
                <button type="button" class="button" on:click=act(move |_| model.reviewing.set(false))>"Back"</button>
                <button class="button primary" data-testid="start" aria-describedby="start-why-not" disabled=live(move || busy.get() || !why_not().is_empty())>
                    {live(move || if busy.get() { "Starting…" } else { "Start the job" })}
                </button>
            </footer>
        </form>
    }
    .into_any()
}

fn first_sql(model: Model) -> AnyView {
    let text = RwSignal::new(String::new());
    model.planner.ask(&Wish::Chunks { from: 0, to: 1 }, move |reply| {
        if let Reply::Chunks { rows } = reply {
            let _gone = text.try_set(rows.into_iter().next().map(|row| row.sql).unwrap_or_default());
        }
    });
    view! {
        <details class="box">
            <summary>"SQL of the first chunk"</summary>
            <pre class="sql" tabindex="0">{live(move || text.get())}</pre>
        </details>
    }
    .into_any()
}
