//! Window and width: every control also by keyboard.

use planner_core::quantity::{Hours, UnixMillis};
use planner_core::request::Window;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlInputElement};

use super::model::Model;
use crate::components::time_bars::time_bars;
use crate::console::moves_slider;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::bars::{self, Bars};
use crate::views::studio::{Cut, cut_words, last_days, window_text};
use crate::views::{budget, format, width};

/// The controls; below 768 px only a sentence is shown.
pub(super) fn controls(model: Model) -> Group {
    let summary = move || model.studio.with(|studio| format!("Window: {}; {}.", window_text(studio.window), cut_words(&studio.method())));
    let small = el("div")
        .class("only-small")
        .child(
            el("p")
                .text("Planning needs a wider screen: open this address on one at least 768 pixels wide. Here is the plan as it stands."),
        )
        .child(el("p").class("num").words(summary));
    group().child(small).child(el("div").class("controls not-small").child(Span::of(model).fieldset()).child(method(model)))
}

/// The window that is planned.
#[derive(Clone, Copy)]
struct Span {
    model: Model,
    bars: Memo<Bars>,
    chosen: Memo<Option<Window>>,
}

impl Span {
    fn of(model: Model) -> Self {
        let bars = memo(move || {
            model.snapshot.with(|answer| {
                let Some(answer) = answer else { return Bars::default() };
                let source = &answer.facts.source;
                Bars::of(&bars::pieces(source, source.times.values().next()))
            })
        });
        Self { model, bars, chosen: memo(move || model.studio.with(|studio| studio.window)) }
    }

    fn everything(self) -> Window {
        self.bars.with(|bars| Window { from: UnixMillis(bars.from), to: UnixMillis(bars.to()) })
    }

    /// The window that is planned, as far as it is known.
    fn shown(self) -> Option<Window> {
        self.chosen.get().or_else(|| self.bars.with(|bars| bars.step > 0).then(|| self.everything()))
    }

    fn set(self, window: Option<Window>) {
        self.model.studio.update(|studio| studio.window = window);
    }

    fn drag(self, window: Window, drags: bool) {
        self.model.hold(drags);
        if self.chosen.get_untracked() != Some(window) {
            self.set(Some(window));
        }
    }

    fn fieldset(self) -> El {
        let there = memo(move || self.bars.with(|bars| bars.step > 0));
        let chart = move || time_bars(self.bars, self.chosen, move |window, drags| self.drag(window, drags));
        let line = el("div")
            .class("line")
            .child(self.bound("From", "window-from", |window| window.from, |window, from| Window { from, ..window }))
            .child(self.bound("to", "window-to", |window| window.to, |window, to| Window { to, ..window }))
            .child(el("span").class("faint").text("UTC"))
            .child(self.presets())
            .live(move || (!there.get()).then(|| el("span").class("faint").text("The source tells no times: everything is planned.")));
        el("fieldset").child(el("legend").text("Window")).child(line).live(move || there.get().then(chart))
    }

    fn bound(self, label: &str, test_id: &str, of: fn(Window) -> UnixMillis, with: fn(Window, UnixMillis) -> Window) -> El {
        let wrong = RwSignal::new(false);
        let field = el("input");
        let native: HtmlInputElement = field.of();
        let change = move |typed: String| {
            let read = UnixMillis::parse(typed.trim());
            wrong.set(read.is_err());
            if let Ok(at) = read {
                // However it was typed, it stands there as instants do everywhere.
                native.set_value(&at.label());
                self.set(Some(with(untrack(|| self.shown()).unwrap_or(Window { from: at, to: at }), at)));
            }
        };
        let field = field
            .attr("type", "text")
            .class("moment num")
            .test_id(test_id)
            .title("2025-01-31 or 2025-01-31 13:45, in UTC")
            .live_attr("aria-invalid", move || wrong.get().to_string())
            .live_value(move || self.shown().map(|window| of(window).label()).unwrap_or_default())
            .on_value("change", change);
        explained(el("label").class("field inline").child(el("span").text(label)), field, test_id, "a time in UTC, like 2025-01-31 13:45")
    }

    fn presets(self) -> El {
        let all = preset(move || self.chosen.with(Option::is_none), move || self.set(None)).test_id("window-all").text("everything");
        el("span")
            .class("presets")
            .attr("role", "group")
            .label("Windows")
            .live_flag("hidden", move || self.shown().is_none())
            .children([1, 7, 30].map(|days| self.last(days)))
            .child(all)
    }

    fn last(self, days: i64) -> El {
        let window = move || last_days(self.everything().to, days);
        preset(move || self.chosen.get() == Some(window()), move || self.set(Some(untrack(window)))).text(format!("last {days} d"))
    }
}

/// A field in its label, with what it takes: shown where what was typed is not that.
fn explained(label: El, field: El, name: &str, takes: &str) -> El {
    let id = format!("{name}-takes");
    label.child(field.attr("aria-describedby", &id)).child(el("small").class("takes").attr("id", &id).text(takes))
}

/// A button for one value of a control.
fn preset(pressed: impl Fn() -> bool + 'static, choose: impl Fn() + 'static) -> El {
    el("button").class("button quiet").live_attr("aria-pressed", move || pressed().to_string()).on_click(choose)
}

fn method(model: Model) -> El {
    let cut = memo(move || model.studio.with(|studio| studio.cut));
    let radio = |of: Cut, words: &str, test_id: &str| {
        let field = el("input")
            .attr("type", "radio")
            .attr("name", "method")
            .test_id(test_id)
            .live_checked(move || cut.get() == of)
            .on_checked(move |_| model.studio.update(|studio| studio.cut = of));
        el("label").child(field).text(" ").child(el("span").text(words))
    };
    let methods = el("div")
        .class("segmented")
        .attr("role", "group")
        .label("Method")
        .child(radio(Cut::Hours, "Hours", "method-hours"))
        .child(radio(Cut::Days, "Calendar days", "method-days"))
        .child(radio(Cut::Size, "Size", "method-size"))
        .child(radio(Cut::Partitions, "Partitions", "method-partitions"));
    let widths = move || match cut.get() {
        Cut::Hours => hours(model),
        Cut::Days => days(model),
        Cut::Size => size(model),
        Cut::Partitions => group().child(el("span").class("faint").text("One chunk for each partition of the source.")),
    };
    el("fieldset").child(el("legend").text("Chunks")).child(el("div").class("line").child(methods).live(widths))
}

/// A slider; while a pointer or a key holds it, nothing is asked of the server.
fn slider(model: Model, label: &str, test_id: &str, last: usize, name: impl Fn() -> String + 'static) -> El {
    let hold = move |on: bool| move |_| model.hold(on);
    let by_key = move |on: bool| {
        move |event: Event| {
            if moves_slider(event.unchecked_ref()) {
                model.hold(on);
            }
        }
    };
    el("input")
        .attr("type", "range")
        .attr("min", "0")
        .attr("max", last.to_string())
        .attr("step", "1")
        .label(label)
        .live_attr("aria-valuetext", move || spoken(model, &name()))
        .test_id(test_id)
        .on("pointerdown", hold(true))
        .on("pointerup", hold(false))
        .on("pointercancel", hold(false))
        .on("keydown", by_key(true))
        .on("keyup", by_key(false))
        .on("blur", hold(false))
}

/// `6 h, 89 chunks`: what a screen reader says while the slider moves.
fn spoken(model: Model, name: &str) -> String {
    let chunks = model.plan.with(|plan| plan.preview().map(|preview| preview.chunks));
    chunks.map_or_else(|| name.to_owned(), |chunks| format!("{name}, {}", format::plural(chunks, "chunk")))
}

fn widths(presets: impl IntoIterator<Item = El>) -> El {
    el("span").class("presets").attr("role", "group").label("Widths").children(presets)
}

fn hours(model: Model) -> Group {
    let hours = memo(move || model.studio.with(|studio| studio.hours));
    let set = move |hours: Hours| model.studio.update(|studio| studio.hours = hours);
    let stop = memo(move || width::nearest_stop(hours.get()));
    let range = slider(model, "Width of a chunk", "hours-slider", width::STOPS.len() - 1, move || width::name(hours.get()))
        .live_value(move || stop.get().to_string())
        .on_value("input", move |stop| set(width::at_stop(stop.parse().unwrap_or(0))));
    let typed = move |text: String| {
        if let Ok(hours) = Hours::parse(text.trim()) {
            set(hours);
        }
    };
    let field = el("input")
        .attr("type", "text")
        .attr("inputmode", "decimal")
        .class("short num")
        .label("Hours in a chunk")
        .test_id("hours-field")
        .live_value(move || hours.get().to_string())
        .on_value("change", typed);
    let presets = width::PRESETS.map(width::of_minutes).map(|of| preset(move || hours.get() == of, move || set(of)).text(width::name(of)));
    group().child(range).child(el("label").class("field inline").child(field).child(el("span").text("hours"))).child(widths(presets))
}

fn days(model: Model) -> Group {
    let days = memo(move || model.studio.with(|studio| studio.days));
    let set = move |days: u16| model.studio.update(|studio| studio.days = days.clamp(1, 366));
    let read = move |text: String| {
        if let Ok(days) = text.trim().parse() {
            set(days);
        }
    };
    let range = slider(model, "Days in a chunk", "days-slider", 31, move || format::plural(days.get().into(), "day"))
        .attr("min", "1")
        .live_value(move || days.get().min(31).to_string())
        .on_value("input", read);
    let field = el("input")
        .attr("type", "number")
        .attr("min", "1")
        .attr("max", "366")
        .class("short num")
        .label("Days in a chunk")
        .test_id("days-field")
        .live_value(move || days.get().to_string())
        .on_value("change", read);
    let presets = width::DAY_PRESETS.map(|count| preset(move || days.get() == count, move || set(count)).text(format!("{count} d")));
    group().child(range).child(el("label").class("field inline").child(field).child(el("span").text("days"))).child(widths(presets))
}

fn size(model: Model) -> Group {
    let bytes = memo(move || model.studio.with(|studio| studio.budget));
    let set = move |bytes: u64| model.studio.update(|studio| studio.budget = bytes);
    let stop = memo(move || budget::nearest_stop(bytes.get()));
    let last = usize::try_from(budget::LAST_STOP).unwrap_or(0);
    let range = slider(model, "Size of a chunk", "size-slider", last, move || format::bytes(bytes.get()))
        .live_value(move || stop.get().to_string())
        .on_value("input", move |stop| set(budget::at_stop(stop.parse().unwrap_or(0))));
    let wrong = RwSignal::new(false);
    let typed = move |text: String| {
        let read = budget::parse(&text);
        wrong.set(read.is_none());
        if let Some(bytes) = read {
            set(bytes);
        }
    };
    let field = el("input")
        .attr("type", "text")
        .class("short num")
        .label("Bytes in a chunk")
        .title("512M, 1.5 GiB or a number of bytes; uncompressed, as the chunk reads them")
        .test_id("size-field")
        .live_attr("aria-invalid", move || wrong.get().to_string())
        .live_value(move || budget::text(bytes.get()))
        .on_value("change", typed);
    let presets = budget::PRESETS.map(|of| preset(move || bytes.get() == of, move || set(of)).text(format::bytes(of)));
    let field = explained(el("label").class("field inline"), field, "size-field", "a size, like 512M or 1.5 GiB");
    group().child(range).child(field).child(widths(presets))
}
