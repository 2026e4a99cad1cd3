//! The plan studio: choose, see every chunk, start. Dragging plans in the worker and asks nothing of the server.

mod controls;
mod model;
mod outcome;
mod pace;
mod review;
mod safety;
mod sizes;
mod sql;
mod strip;

use executor_api::table::TableList;
use planner_core::sql::identifier::TableName;
use web_sys::HtmlSelectElement;

use crate::browser;
use crate::components::badge::icon;
use crate::components::states;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::remote::Remote;
use crate::views::address::table_text;
use model::Model;

/// The page.
pub(crate) fn studio() -> El {
    browser::set_title("Plan a backfill");
    let model = Model::new();
    let tables = Remote::<TableList>::new(|| "/v1/tables".to_owned());
    let filters = el("div")
        .class("filters")
        .child(table_select("Source", "source-select", tables, model, true))
        .child(el("span").class("arrow").hidden_from_speech().text("→"))
        .child(table_select("Target", "target-select", tables, model, false))
        .child(ready(model));
    let chosen = memo(move || model.studio.with(|studio| studio.source.is_some() && studio.target.is_some()));
    let there = memo(move || model.snapshot.with(Option::is_some));
    el("main")
        .class("page studio")
        .attr("id", "main")
        .child(el("div").class("head").child(el("h1").text("Plan a backfill")).child(filters))
        .live(move || body(model, chosen.get(), there.get()))
}

fn body(model: Model, chosen: bool, there: bool) -> View {
    if !chosen {
        return states::empty(
            "Choose where rows are read and where they are written",
            "Both tables must exist. Nothing is written while you plan.",
            None,
        )
        .into();
    }
    if let Some(failure) = model.failure.get() {
        return states::error(&failure, move || model.take_snapshot()).into();
    }
    if !there {
        return states::skeleton().into();
    }
    group().child(controls::controls(model)).child(outcome::outcome(model)).child(review::review(model)).into()
}

/// Whether a plan stands, in one word.
fn ready(model: Model) -> El {
    let state = memo(move || {
        model.plan.with(|plan| match plan {
            model::Planned::Nothing => ("idle", "◌", "waiting"),
            model::Planned::Plan { .. } => ("good", "●", "ready"),
            model::Planned::Refused(_) => ("warn", "!", "refused"),
            model::Planned::Needs { .. } => ("active", "◎", "coarse"),
            model::Planned::Failed(_) => ("bad", "✕", "failed"),
        })
    });
    live_badge("plan-state", move || state.get()).live_attr("data-state", move || state.get().2)
}

/// A badge that stays the same element: tone, icon, word.
fn live_badge(test_id: &str, state: impl Fn() -> (&'static str, &'static str, &'static str) + Copy + 'static) -> El {
    el("span")
        .live_attr("class", move || format!("badge {}", state().0))
        .test_id(test_id)
        .child(icon("").words(move || state().1))
        .words(move || state().2)
}

fn table_select(label: &str, test_id: &str, tables: Remote<TableList>, model: Model, source: bool) -> El {
    let value = memo(move || model.studio.with(|studio| if source { studio.source.clone() } else { studio.target.clone() }));
    let text = move || value.with(|name| name.as_ref().map(table_text)).unwrap_or_default();
    let names = memo(move || {
        let chosen = value.get();
        let mut names: Vec<TableName> = tables.value.with(|list| {
            list.iter()
                .flat_map(|list| &list.tables)
                .filter_map(|table| TableName::new(table.database.clone(), table.table.clone()).ok())
                .collect()
        });
        // The address may name a table that is not listed: it stays chosen, and the service says what is wrong with it.
        if let Some(chosen) = chosen.filter(|chosen| !names.contains(chosen)) {
            names.push(chosen);
        }
        let other = model.studio.with(|studio| if source { None } else { studio.source.clone() });
        names.retain(|name| other.as_ref() != Some(name));
        names
    });
    let options = move || {
        let option = |name: &TableName| {
            let name = name.clone();
            Row::new(table_text(&name), move || el("option").attr("value", table_text(&name)).text(name.to_string()))
        };
        let nothing = Row::new("", || el("option").attr("value", "").text("Choose a table"));
        std::iter::once(nothing).chain(names.with(|names| names.iter().map(option).collect::<Vec<_>>())).collect()
    };
    let select = el("select")
        .test_id(test_id)
        .on_value("change", move |text| model.choose_table(TableName::parse(&text).ok(), source))
        .rows(options);
    let native: HtmlSelectElement = select.of();
    // Behind the options: a value that is no option yet would not be taken.
    follow(move || {
        names.with(Vec::len);
        native.set_value(&text());
    });
    el("label").class("field inline").child(el("span").text(label)).child(select)
}
