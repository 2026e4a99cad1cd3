//! The plan studio: choose, see every chunk, start. Dragging plans in the worker and asks nothing of the server.

mod controls;
mod model;
mod outcome;
mod review;
mod safety;
mod sql;

use executor_api::table::TableList;
use leptos::prelude::*;
use planner_core::sql::identifier::TableName;

use crate::browser;
use crate::components::states;
use crate::erase::{act, live};
use crate::remote::Remote;
use crate::views::address::table_text;
use model::Model;

/// The page.
pub(crate) fn studio() -> AnyView {
    browser::set_title("Plan a backfill");
    let model = Model::new();
    let tables = Remote::<TableList>::new(|| "/v1/tables".to_owned());
    let chosen = Memo::new(move |_| model.studio.with(|studio| studio.source.is_some() && studio.target.is_some()));
    let body = move || {
        if !chosen.get() {
            return states::empty(
                "Choose where rows are read and where they are written",
                "Both tables must exist. Nothing is written while you plan.",
                None,
            );
        }
        if let Some(failure) = model.failure.get() {
            return states::error(&failure, move || model.take_snapshot());
        }
        if model.snapshot.with(Option::is_none) {
            return states::skeleton();
        }
        view! { {controls::controls(model)} {outcome::outcome(model)} {review::review(model)} }.into_any()
    };
    view! {
        <main class="page studio" id="main">
            <div class="head">
                <h1>"Plan a backfill"</h1>
                <div class="filters">
                    {table_select("Source", "source-select", tables, model, true)}
                    <span class="arrow" aria-hidden="true">"→"</span>
                    {table_select("Target", "target-select", tables, model, false)}
                    {ready(model)}
                </div>
            </div>
            {live(body)}
        </main>
    }
    .into_any()
}

/// Whether a plan stands, in one word.
fn ready(model: Model) -> AnyView {
    let state = move || match &*model.plan.read() {
        model::Planned::Nothing => ("idle", "◌", "waiting"),
        model::Planned::Plan { .. } => ("good", "●", "ready"),
        model::Planned::Refused(_) => ("warn", "!", "refused"),
        model::Planned::Needs(_) => ("active", "◎", "asking"),
        model::Planned::Failed(_) => ("bad", "✕", "failed"),
    };
    view! {
        <span class=live(move || format!("badge {}", state().0)) data-testid="plan-state" data-state=live(move || state().2)>
            <span class="icon" aria-hidden="true">{live(move || state().1)}</span>
            {live(move || state().2)}
        </span>
    }
    .into_any()
}

fn table_select(label: &'static str, testid: &'static str, tables: Remote<TableList>, model: Model, source: bool) -> AnyView {
    let value = Memo::new(move |_| model.studio.with(|studio| if source { studio.source.clone() } else { studio.target.clone() }));
    let options = move || {
        let chosen = value.get();
        let mut names: Vec<TableName> = tables.value.with(|list| {
            list.iter()
                .flat_map(|list| &list.tables)
                .filter_map(|table| TableName::new(table.database.clone(), table.table.clone()).ok())
                .collect()
        });
        // The address may name a table that is not listed: it stays chosen, and the service says what is wrong with it.
        if let Some(chosen) = chosen.clone().filter(|chosen| !names.contains(chosen)) {
            names.push(chosen);
        }
        let other = model.studio.with(|studio| if source { None } else { studio.source.clone() });
        let option = |name: TableName| {
            let selected = chosen.as_ref() == Some(&name);
            view! { <option value=table_text(&name) selected=selected>{name.to_string()}</option> }
        };
        names.into_iter().filter(|name| other.as_ref() != Some(name)).map(option).collect::<Vec<_>>()
    };
    let choose = move |event| {
        let name = TableName::parse(&event_target_value(&event)).ok();
        model.choose_table(name, source);
    };
    view! {
        <label class="field inline">
            <span>{label}</span>
            <select data-testid=testid on:change=act(choose)>
                <option value="" selected=live(move || value.with(Option::is_none))>"Choose a table"</option>
                {live(options)}
            </select>
        </label>
    }
    .into_any()
}
