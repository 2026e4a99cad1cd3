//! One task from the side: attempts, settings, query ids, the server's own words.

use executor_api::job::RetryRequest;
use executor_api::task::{Attempt, TaskDetail, TaskState};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::model::Model;
use crate::browser;
use crate::components::badge::badge;
use crate::components::copy::copy_button;
use crate::components::figure::fact;
use crate::components::states;
use crate::console::console;
use crate::erase::{act, effect};
use crate::remote::Remote;
use crate::views::job_query::JobQuery;
use crate::views::{format, job_state};

/// The sheet; closed while the address names no task.
pub(super) fn sheet(model: Model, query: Memo<JobQuery>) -> AnyView {
    let n = Memo::new(move |_| query.get().task);
    let navigate = StoredValue::new_local(use_navigate());
    let close = move || {
        let address = JobQuery { task: None, ..query.get_untracked() }.address(&model.id());
        navigate.with_value(|navigate| navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() }));
    };
    let listener = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "Escape" && n.get_untracked().is_some() && browser::all("dialog[open]").is_empty() {
            close();
        }
    });
    on_cleanup(move || listener.remove());
    let body = move || {
        let n = n.get()?;
        let path = format!("/v1/jobs/{}/tasks/{n}", model.id());
        let detail = Remote::<TaskDetail>::new(move || path.clone());
        // The stream tells when the task changes; the sheet then asks for its attempts again.
        let standing = Memo::new(move |_| model.live.with(|live| live.book.get(n).map(|task| (task.state, task.attempts, task.verified))));
        effect(move |before: Option<()>| {
            standing.get();
            if before.is_some() {
                detail.refresh();
            }
        });
        Some(view! {
            <aside class="sheet" aria-label="Task" data-testid="sheet">
                <header>
                    <h2>"Chunk " <span class="num">{format::exact(n + 1)}</span></h2>
                    <button class="button quiet" aria-label="Close" data-testid="sheet-close" on:click=act(move |_| close())>"✕"</button>
                </header>
                {states::show(detail, move || content(model, detail))}
            </aside>
        })
    };
    body.into_any()
}

fn content(model: Model, detail: Remote<TaskDetail>) -> AnyView {
    let body = move || detail.value.get().map(|detail| of(model, &detail));
    body.into_any()
}

fn of(model: Model, detail: &TaskDetail) -> AnyView {
    let console = console();
    let task = &detail.task;
    let n = task.n;
    let retry = (task.state == TaskState::Failed).then(|| {
        let again = move |_| model.act(console, "retry", RetryRequest { tasks: vec![n] }, "The chunk will be sent again");
        view! { <button class="button primary" data-testid="retry-task" on:click=act(again)>"Retry this chunk"</button> }
    });
    let message = task.message.clone().map(|message| {
        let class = if task.state == TaskState::Done { "said" } else { "said bad" };
        view! { <pre class=class tabindex="0" data-testid="task-message">{message}</pre> }
    });
    let proven = match task.verified {
        None => "not compared yet",
        Some(true) => "source and target are equal",
        Some(false) => "source and target differ",
    };
    let settings = detail
        .settings
        .iter()
        .map(|(name, value)| view! { <tr><td><code>{name.clone()}</code></td><td class="right"><code>{value.clone()}</code></td></tr> })
        .collect::<Vec<_>>();
    let attempts = detail.attempts.iter().rev().map(attempt).collect::<Vec<_>>();
    let sql = StoredValue::new(detail.sql.clone());
    view! {
        <p class="line">
            {badge(job_state::task(task.state), "sheet-state")}
            <span class="num">{task.label.clone()}</span>
            {retry}
        </p>
        {message}
        <dl class="figures">
            {fact("Rows", format!("{}, estimated {}", format::exact(task.rows), format::exact(task.rows_estimated)))}
            {fact("Size", format!("{}, estimated {}", format::bytes(task.bytes), format::bytes(task.bytes_estimated)))}
            {fact("Took", format::duration(task.duration_ms))}
            {fact("Content", proven)}
        </dl>
        <h3>"Attempts " <span class="faint num">{detail.attempts.len()}</span></h3>
        {detail.attempts.is_empty().then(|| view! { <p class="faint">"It was not sent yet."</p> })}
        <ol class="attempts">{attempts}</ol>
        <details class="box" open=true>
            <summary>"SQL"</summary>
            <pre class="sql" tabindex="0" data-testid="task-sql">{detail.sql.clone()}</pre>
            {copy_button("Copy SQL", "copy-task-sql", move || sql.get_value())}
        </details>
        <details class="box">
            <summary>{format!("Settings · {}", detail.settings.len())}</summary>
            <table aria-label="Settings"><tbody>{settings}</tbody></table>
        </details>
        <p class="faint">"Token " <code class="digest">{detail.token.clone()}</code></p>
    }
    .into_any()
}

fn attempt(attempt: &Attempt) -> AnyView {
    let took = attempt.finished_at.map(|at| format::duration((at.0 - attempt.started_at.0).max(0).unsigned_abs()));
    let code = attempt.error_code.map(|code| view! { <span class="num">{format!("code {code}")}</span> });
    let words =
        attempt.message.clone().map(|message| view! { <pre class="said" tabindex="0" data-testid="attempt-message">{message}</pre> });
    let generation = (attempt.generation > 0).then(|| format!("generation {}", attempt.generation));
    view! {
        <li data-testid="attempt">
            <p class="line">
                <b class="num">{attempt.number}</b>
                {badge(job_state::outcome(attempt.outcome), "attempt-outcome")}
                <span class="faint num">{format::seconds(attempt.started_at, browser::offset_minutes())} " " {took}</span>
                {code}
                <span class="faint">{generation}</span>
                <span class="faint num">{format!("{} rows", format::exact(attempt.rows))}</span>
            </p>
            <p class="faint"><code class="digest" data-testid="query-id">{attempt.query_id.clone()}</code></p>
            {words}
        </li>
    }
    .into_any()
}
