//! Bars of bytes over time; dragging chooses a window.

use leptos::html;
use leptos::prelude::*;
use planner_core::request::Window;
use web_sys::PointerEvent;

use crate::browser;
use crate::erase::{act, live};
use crate::views::bars::{Bars, UNITS};
use crate::views::format;

/// The chart. `choose` is called while dragging with `true` and once on release with `false`; a click without a drag calls nothing.
pub(crate) fn time_bars(
    bars: Signal<Bars>,
    chosen: Signal<Option<Window>>,
    choose: impl Fn(Window, bool) + Copy + Send + Sync + 'static,
) -> AnyView {
    let node = NodeRef::<html::Div>::new();
    let from = RwSignal::new(None::<u64>);
    let moved = RwSignal::new(false);
    let under = RwSignal::new(None::<u64>);
    let place =
        move |event: &PointerEvent| node.get_untracked().map(|node| browser::place_in(&node, event.client_x(), event.client_y(), UNITS).0);
    let down = move |event: PointerEvent| {
        if event.button() != 0 {
            return;
        }
        if let Some(node) = node.get_untracked() {
            let _captured = node.set_pointer_capture(event.pointer_id());
        }
        from.set(place(&event));
        moved.set(false);
    };
    let drag = move |event: PointerEvent| {
        let at = place(&event);
        under.set(at);
        if let Some((start, at)) = from.get_untracked().zip(at)
            && (moved.get_untracked() || start.abs_diff(at) > UNITS.0 / 200)
        {
            moved.set(true);
            choose(bars.with_untracked(|bars| bars.window(start, at)), true);
        }
    };
    let up = move |event: PointerEvent| {
        let start = from.get_untracked();
        from.set(None);
        if let Some((start, at)) = start.zip(place(&event))
            && moved.get_untracked()
        {
            choose(bars.with_untracked(|bars| bars.window(start, at)), false);
        }
    };
    let selection = move || {
        let (bars, chosen) = (bars.read(), chosen.get());
        chosen.map_or((0, UNITS.0), |window| (bars.place(window.from), bars.place(window.to)))
    };
    let outside = move || {
        let (left, right) = selection();
        format!("M0 0h{left}v{0}h-{left}z M{right} 0H{1}v{0}H{right}z", UNITS.1, UNITS.0)
    };
    let edges = move || {
        let (left, right) = selection();
        format!("M{left} 0v{0} M{right} 0v{0}", UNITS.1)
    };
    let ticks = move || {
        let tick = |(place, label): (u64, String)| view! { <text x=place.to_string() y="12">{label}</text> };
        // Text would be stretched with the bars, so that ticks have their own picture in its own units.
        bars.with(|bars| bars.ticks(7)).into_iter().map(|(at, label)| tick((at / 10, label))).collect::<Vec<_>>()
    };
    let words = move || {
        let shown = under.get().and_then(|at| bars.with(|bars| bars.at(at)));
        shown.map_or_else(
            || "Drag over the bars to choose a window".to_owned(),
            |(at, bytes)| format!("{} UTC · {}", at.label(), format::bytes(bytes)),
        )
    };
    let path = move || bars.with(Bars::path);
    view! {
        <div class="timebars">
            <div
                class="plot"
                node_ref=node
                data-testid="window-chart"
                on:pointerdown=act(down)
                on:pointermove=act(drag)
                on:pointerup=act(up)
                on:pointercancel=act(move |_| from.set(None))
                on:pointerleave=act(move |_| under.set(None))>
                <svg viewBox=format!("0 0 {} {}", UNITS.0, UNITS.1) preserveAspectRatio="none" role="img" aria-label="Bytes over time">
                    <path class="bars" d=live(path)></path>
                    <path class="outside" d=live(outside)></path>
                    <path class="edges" d=live(edges)></path>
                </svg>
            </div>
            <svg class="ticks" viewBox="0 0 1000 16" aria-hidden="true">
                {live(ticks)}
            </svg>
            <p class="faint num" aria-hidden="true">{live(words)}</p>
        </div>
    }
    .into_any()
}
