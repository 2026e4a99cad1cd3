//! Window and width: every control also by keyboard.

use leptos::prelude::*;
use planner_core::quantity::{Hours, UnixMillis};
use planner_core::request::Window;

use super::model::{Model, Planned};
use crate::components::time_bars::time_bars;
use crate::erase::{act, live};
use crate::views::bars::{self, Bars};
use crate::views::studio::{Cut, last_days, window_text};
use crate::views::{format, width};

/// The controls; below 768 px only a sentence is shown.
pub(super) fn controls(model: Model) -> AnyView {
    let summary = move || {
        model.studio.with(|studio| {
            let cut = match studio.cut {
                Cut::Hours => format!("chunks of {}", width::name(studio.hours)),
                Cut::Days => format!("chunks of {}", format::plural(studio.days.into(), "calendar day")),
            };
            format!("Window: {}; {cut}.", window_text(studio.window))
        })
    };
    view! {
        <div class="only-small">
            <p>"Planning needs a wider screen: open this address on one at least 768 pixels wide. Here is the plan as it stands."</p>
            <p class="num">{live(summary)}</p>
        </div>
        <div class="controls not-small">{window(model)} {method(model)}</div>
    }
    .into_any()
}

fn window(model: Model) -> AnyView {
    let bars = Memo::new(move |_| {
        model.snapshot.with(|answer| {
            let Some(answer) = answer else { return Bars::default() };
            let source = &answer.facts.source;
            Bars::of(&bars::pieces(source, source.times.values().next()))
        })
    });
    let chosen = Memo::new(move |_| model.studio.with(|studio| studio.window));
    let everything = move || bars.with(|bars| Window { from: UnixMillis(bars.from), to: UnixMillis(bars.to()) });
    let set = move |window: Option<Window>| model.studio.update(|studio| studio.window = window);
    let choose = move |window: Window, drags: bool| {
        if model.dragging.get_untracked() != drags {
            model.dragging.set(drags);
        }
        if chosen.get_untracked() != Some(window) {
            set(Some(window));
        }
    };
    let bound = move |label: &'static str, testid: &'static str, of: fn(Window) -> UnixMillis, with: fn(Window, UnixMillis) -> Window| {
        let value = move || of(chosen.get().unwrap_or_else(everything)).label();
        let wrong = RwSignal::new(false);
        let change = move |event| {
            let read = UnixMillis::parse(event_target_value(&event).trim());
            wrong.set(read.is_err());
            if let Ok(at) = read {
                set(Some(with(chosen.get_untracked().unwrap_or_else(everything), at)));
            }
        };
        view! {
            <label class="field inline">
                <span>{label}</span>
                <input
                    type="text"
                    class="moment num"
                    data-testid=testid
                    title="2025-01-31 or 2025-01-31 13:45, in UTC"
                    aria-invalid=live(move || wrong.get().to_string())
                    prop:value=live(value)
                    on:change=act(change)
                />
            </label>
        }
    };
    let last = move |days: i64| {
        let pressed = move || (chosen.get() == Some(last_days(everything().to, days))).to_string();
        view! {
            <button class="button quiet" aria-pressed=live(pressed) on:click=act(move |_| set(Some(last_days(everything().to, days))))>
                {format!("last {days} d")}
            </button>
        }
    };
    let chart = move || (bars.with(|bars| bars.step > 0)).then(|| time_bars(bars.into(), chosen.into(), choose));
    view! {
        <fieldset>
            <legend>"Window"</legend>
            <div class="line">
                {bound("From", "window-from", |window| window.from, |window, from| Window { from, ..window })}
                {bound("to", "window-to", |window| window.to, |window, to| Window { to, ..window })}
                <span class="faint">"UTC"</span>
                <span class="presets" role="group" aria-label="Windows">
                    {last(1)} {last(7)} {last(30)}
                    <button
                        class="button quiet"
                        data-testid="window-all"
                        aria-pressed=live(move || chosen.with(Option::is_none).to_string())
                        on:click=act(move |_| set(None))>
                        "everything"
                    </button>
                </span>
            </div>
            {live(chart)}
        </fieldset>
    }
    .into_any()
}

fn method(model: Model) -> AnyView {
    let cut = Memo::new(move |_| model.studio.with(|studio| studio.cut));
    let radio = move |of: Cut, words: &'static str, testid: &'static str| {
        view! {
            <label>
                <input type="radio" name="method" data-testid=testid prop:checked=live(move || cut.get() == of) on:change=act(move |_| model.studio.update(|studio| studio.cut = of)) />
                <span>{words}</span>
            </label>
        }
    };
    let widths = move || match cut.get() {
        Cut::Hours => hours(model),
        Cut::Days => days(model),
    };
    view! {
        <fieldset>
            <legend>"Chunks"</legend>
            <div class="line">
                <div class="segmented" role="group" aria-label="Method">
                    {radio(Cut::Hours, "Hours", "method-hours")} {radio(Cut::Days, "Calendar days", "method-days")}
                </div>
                {live(widths)}
            </div>
        </fieldset>
    }
    .into_any()
}

/// `6 h, 89 chunks`: what a screen reader says while the slider moves.
fn spoken(model: Model, name: &str) -> String {
    model.plan.with(|plan| match plan {
        Planned::Plan { preview, .. } => format!("{name}, {}", format::plural(preview.chunks, "chunk")),
        _ => name.to_owned(),
    })
}

fn hours(model: Model) -> AnyView {
    let hours = Memo::new(move |_| model.studio.with(|studio| studio.hours));
    let set = move |hours: Hours| model.studio.update(|studio| studio.hours = hours);
    let stop = Memo::new(move |_| width::nearest_stop(hours.get()));
    let last = width::STOPS.len() - 1;
    let presets = width::PRESETS
        .iter()
        .map(|minutes| {
            let of = width::of_minutes(*minutes);
            view! {
                <button class="button quiet" aria-pressed=live(move || (hours.get() == of).to_string()) on:click=act(move |_| set(of))>
                    {width::name(of)}
                </button>
            }
        })
        .collect::<Vec<_>>();
    let typed = move |event| {
        if let Ok(hours) = Hours::parse(event_target_value(&event).trim()) {
            set(hours);
        }
    };
    view! {
        <input
            type="range"
            min="0"
            max=last.to_string()
            step="1"
            aria-label="Width of a chunk"
            aria-valuetext=live(move || spoken(model, &width::name(hours.get())))
            data-testid="hours-slider"
            prop:value=live(move || stop.get().to_string())
            on:input=act(move |event| set(width::at_stop(event_target_value(&event).parse().unwrap_or(0))))
            on:pointerdown=act(move |_| model.dragging.set(true))
            on:pointerup=act(move |_| model.dragging.set(false))
            on:pointercancel=act(move |_| model.dragging.set(false))
        />
        <label class="field inline">
            <input type="text" inputmode="decimal" class="short num" aria-label="Hours in a chunk" data-testid="hours-field" prop:value=live(move || hours.get().to_string()) on:change=act(typed) />
            <span>"hours"</span>
        </label>
        <span class="presets" role="group" aria-label="Widths">{presets}</span>
    }
    .into_any()
}

fn days(model: Model) -> AnyView {
    let days = Memo::new(move |_| model.studio.with(|studio| studio.days));
    let set = move |days: u16| model.studio.update(|studio| studio.days = days.clamp(1, 366));
    let read = move |event| {
        if let Ok(days) = event_target_value(&event).trim().parse() {
            set(days);
        }
    };
    let name = move || format::plural(days.get().into(), "day");
    let presets = width::DAY_PRESETS
        .iter()
        .map(|count| {
            let count = *count;
            view! {
                <button class="button quiet" aria-pressed=live(move || (days.get() == count).to_string()) on:click=act(move |_| set(count))>
                    {format!("{count} d")}
                </button>
            }
        })
        .collect::<Vec<_>>();
    view! {
        <input
            type="range"
            min="1"
            max="31"
            step="1"
            aria-label="Days in a chunk"
            aria-valuetext=live(move || spoken(model, &name()))
            data-testid="days-slider"
            prop:value=live(move || days.get().min(31).to_string())
            on:input=act(read)
            on:pointerdown=act(move |_| model.dragging.set(true))
            on:pointerup=act(move |_| model.dragging.set(false))
            on:pointercancel=act(move |_| model.dragging.set(false))
        />
        <label class="field inline">
            <input type="number" min="1" max="366" class="short num" aria-label="Days in a chunk" data-testid="days-field" prop:value=live(move || days.get().to_string()) on:change=act(read) />
            <span>"days"</span>
        </label>
        <span class="presets" role="group" aria-label="Widths">{presets}</span>
    }
    .into_any()
}
