//! Partitions side by side, bars of their bytes; where that means something, a range is chosen by dragging or with two sliders.

use std::rc::Rc;

use executor_api::table::PartitionDetail;

use super::chart::picture;
use super::pointer::{Over, over};
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::format;
use crate::views::partitions::{self, Range, UNITS};

/// The strip; the chosen range is none until somebody chooses. Without it the strip is only to be looked at.
pub(crate) fn partition_strip(all: &Rc<[PartitionDetail]>, chosen: Option<RwSignal<Option<Range>>>) -> El {
    let strip = Strip { all: StoredValue::new_local(Rc::clone(all)), chosen, count: all.len(), under: RwSignal::new(None) };
    let ends = chosen.filter(|_| all.len() > 1).map(|_| strip.ends());
    el("div")
        .class("timebars")
        .child(strip.plot())
        .child(el("p").class("faint num").test_id("partition-words").hidden_from_speech().words(move || strip.words()))
        .child(ends)
}

#[derive(Clone, Copy)]
struct Strip {
    all: StoredValue<Rc<[PartitionDetail]>, LocalStorage>,
    chosen: Option<RwSignal<Option<Range>>>,
    count: usize,
    under: RwSignal<Option<usize>>,
}

impl Strip {
    fn plot(self) -> El {
        let edges = || {
            group()
                .child(svg("path").class("outside").live_attr("d", move || self.outside()))
                .child(svg("path").class("edges").live_attr("d", move || self.edges()))
        };
        let layers = picture("", UNITS)
            .label(self.all.with_value(|all| spoken(all)))
            .child(svg("path").class("bars").attr("d", self.all.with_value(|all| partitions::path(all))))
            .child(self.chosen.map(|_| edges()));
        let at = move |place| partitions::locate(self.count, place);
        over(el("div").class("plot").test_id("partition-strip").child(layers), UNITS, move |what| match what {
            Over::At(place) => self.look(Some(at(place))),
            Over::Gone => self.look(None),
            Over::Drag { from, to, .. } => self.choose(at(from.min(to)), at(from.max(to))),
            Over::Press(place) => self.choose(at(place), at(place)),
        })
    }

    fn look(self, at: Option<usize>) {
        if self.under.get_untracked() != at {
            self.under.set(at);
        }
    }

    fn choose(self, first: usize, last: usize) {
        if let Some(chosen) = self.chosen.filter(|chosen| chosen.get_untracked() != Some((first, last))) {
            chosen.set(Some((first, last)));
        }
    }

    fn shown(self) -> Range {
        self.chosen.and_then(|chosen| chosen.get()).unwrap_or_else(|| (0, self.count.saturating_sub(1)))
    }

    fn places(self) -> (u64, u64) {
        let (first, last) = self.shown();
        (partitions::place(first, self.count), partitions::place(last + 1, self.count))
    }

    fn outside(self) -> String {
        let (left, right) = self.places();
        format!("M0 0h{left}v{0}h-{left}z M{right} 0H{1}v{0}H{right}z", UNITS.1, UNITS.0)
    }

    fn edges(self) -> String {
        let (left, right) = self.places();
        format!("M{left} 0v{0} M{right} 0v{0}", UNITS.1)
    }

    fn words(self) -> String {
        let under = self.under.get().and_then(|at| self.all.with_value(|all| all.get(at).map(partitions::one_words)));
        let how = if self.chosen.is_some() {
            "Bars are bytes. Drag over them, or use the sliders, to choose partitions"
        } else {
            "Bars are bytes"
        };
        under.unwrap_or_else(|| how.to_owned())
    }

    /// The same choice by keyboard: one slider an end.
    fn ends(self) -> El {
        let first = self.end("First", "partition-first", |range| range.0, |at, range| (at, range.1.max(at)));
        let last = self.end("Last", "partition-last", |range| range.1, |at, range| (range.0.min(at), at));
        el("div").class("line").attr("role", "group").label("Partitions to plan").child(first).child(last)
    }

    fn end(self, name: &str, test_id: &str, of: fn(Range) -> usize, moved: fn(usize, Range) -> Range) -> El {
        let spoken = move || self.all.with_value(|all| all.get(of(self.shown())).map(partitions::one_words).unwrap_or_default());
        let partition = move || self.all.with_value(|all| all.get(of(self.shown())).map(|one| one.name.clone()).unwrap_or_default());
        let choose = move |typed: String| {
            if let Ok(at) = typed.parse::<usize>() {
                let (first, last) = moved(at.min(self.count - 1), untrack(|| self.shown()));
                self.choose(first, last);
            }
        };
        let field = el("input")
            .attr("type", "range")
            .attr("min", "0")
            .attr("max", (self.count - 1).to_string())
            .test_id(test_id)
            .live_attr("aria-valuetext", spoken)
            .live_value(move || of(self.shown()).to_string())
            .on_value("input", choose);
        el("label")
            .class("field inline")
            .child(el("span").text(name))
            .child(field)
            .child(el("span").class("num").hidden_from_speech().words(partition))
    }
}

fn spoken(all: &[PartitionDetail]) -> String {
    let names = (all.first().map_or("", |p| p.name.as_str()), all.last().map_or("", |p| p.name.as_str()));
    let most = all.iter().map(|p| p.bytes).max().unwrap_or(0);
    let count = format::plural(all.len() as u64, "partition");
    format!("Bytes of {count}, from {} to {}; the largest has {}", names.0, names.1, format::bytes(most))
}
