//! Bars of bytes over time; dragging chooses a window.

use planner_core::request::Window;

use super::chart::picture;
use super::pointer::{Over, over};
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::bars::{Bars, UNITS};
use crate::views::format;

/// Takes a window: `true` while it is dragged, `false` once on release.
type Choose = Box<dyn Fn(Window, bool)>;

/// The chart's signals.
#[derive(Clone, Copy)]
struct Chart {
    bars: Memo<Bars>,
    chosen: Memo<Option<Window>>,
    under: RwSignal<Option<u64>>,
    choose: StoredValue<Choose, LocalStorage>,
}

/// The chart. `choose` is called while dragging with `true` and once on release with `false`; a click without a drag calls nothing.
pub(crate) fn time_bars(bars: Memo<Bars>, chosen: Memo<Option<Window>>, choose: impl Fn(Window, bool) + 'static) -> El {
    let chart = Chart { bars, chosen, under: RwSignal::new(None), choose: StoredValue::new_local(Box::new(choose)) };
    let ticks = svg("svg").class("ticks").attr("viewBox", "0 0 1000 16").hidden_from_speech().live(move || chart.ticks());
    el("div")
        .class("timebars")
        .child(chart.plot())
        .child(ticks)
        .child(el("p").class("faint num").hidden_from_speech().words(move || chart.words()))
}

impl Chart {
    fn plot(self) -> El {
        let layers = picture("", UNITS)
            .label("Bytes over time")
            .child(svg("path").class("bars").live_attr("d", move || self.bars.with(Bars::path)))
            .child(svg("path").class("outside").live_attr("d", move || self.outside()))
            .child(svg("path").class("edges").live_attr("d", move || self.edges()));
        over(el("div").class("plot").test_id("window-chart").child(layers), UNITS, move |what| match what {
            Over::At(place) => self.under.set(Some(place)),
            Over::Gone => self.under.set(None),
            Over::Drag { from, held, to } => self.tell(from, to, held),
            Over::Press(_) => {}
        })
    }

    fn tell(self, from: u64, to: u64, drags: bool) {
        let window = self.bars.with_untracked(|bars| bars.window(from, to));
        self.choose.with_value(|choose| choose(window, drags));
    }

    fn selection(self) -> (u64, u64) {
        let chosen = self.chosen.get();
        self.bars.with(|bars| chosen.map_or((0, UNITS.0), |window| (bars.place(window.from), bars.place(window.to))))
    }

    fn outside(self) -> String {
        let (left, right) = self.selection();
        format!("M0 0h{left}v{0}h-{left}z M{right} 0H{1}v{0}H{right}z", UNITS.1, UNITS.0)
    }

    fn edges(self) -> String {
        let (left, right) = self.selection();
        format!("M{left} 0v{0} M{right} 0v{0}", UNITS.1)
    }

    /// Text would be stretched with the bars, so that ticks have their own picture in its own units.
    fn ticks(self) -> Group {
        let tick = |(place, label): (u64, String)| svg("text").attr("x", (place / 10).to_string()).attr("y", "12").text(label);
        group().children(self.bars.with(|bars| bars.ticks(7)).into_iter().map(tick))
    }

    fn words(self) -> String {
        let shown = self.under.get().and_then(|at| self.bars.with(|bars| bars.at(at)));
        shown.map_or_else(
            || "Drag over the bars to choose a window".to_owned(),
            |(at, bytes)| format!("{} UTC · {}", at.label(), format::bytes(bytes)),
        )
    }
}
