//! What a pointer does over a picture, in the picture's own units from the left.

use web_sys::{Element, PointerEvent};

use crate::browser;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;

/// One thing that it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// It is at a place.
    At(u64),
    /// It has left.
    Gone,
    /// It was dragged from one place to another, and is held still or was let go.
    Drag { from: u64, held: bool, to: u64 },
    /// It pressed a place without a drag.
    Press(u64),
}

/// Tells what the pointer does over `plot`.
pub(crate) fn over(plot: El, units: (u64, u64), tell: impl Fn(Over) + 'static) -> El {
    let hand = Hand { from: StoredValue::new(None), moved: StoredValue::new(false), tell: StoredValue::new_local(Box::new(tell)), units };
    let (down, drag, up) = (plot.element(), plot.element(), plot.element());
    plot.on_pointer("pointerdown", move |event| hand.down(&down, &event))
        .on_pointer("pointermove", move |event| hand.drag(&drag, &event))
        .on_pointer("pointerup", move |event| hand.up(&up, &event))
        .on("pointercancel", move |_| hand.from.set_value(None))
        .on("pointerleave", move |_| hand.tell(Over::Gone))
}

#[derive(Clone, Copy)]
struct Hand {
    /// Where the drag began.
    from: StoredValue<Option<u64>>,
    /// Whether the pointer has moved far enough for a drag.
    moved: StoredValue<bool>,
    tell: StoredValue<Box<dyn Fn(Over)>, LocalStorage>,
    units: (u64, u64),
}

impl Hand {
    fn down(self, plot: &Element, event: &PointerEvent) {
        if event.button() != 0 {
            return;
        }
        let _captured = plot.set_pointer_capture(event.pointer_id());
        self.from.set_value(Some(self.place(plot, event)));
        self.moved.set_value(false);
    }

    fn drag(self, plot: &Element, event: &PointerEvent) {
        let to = self.place(plot, event);
        self.tell(Over::At(to));
        let Some(from) = self.from.get_value() else { return };
        if self.moved.get_value() || from.abs_diff(to) > self.units.0 / 200 {
            self.moved.set_value(true);
            self.tell(Over::Drag { from, held: true, to });
        }
    }

    fn up(self, plot: &Element, event: &PointerEvent) {
        let Some(from) = self.from.get_value() else { return };
        self.from.set_value(None);
        let to = self.place(plot, event);
        self.tell(if self.moved.get_value() { Over::Drag { from, held: false, to } } else { Over::Press(from) });
    }

    fn place(self, plot: &Element, event: &PointerEvent) -> u64 {
        browser::place_in(plot, event.client_x(), event.client_y(), self.units).0
    }

    fn tell(self, what: Over) {
        self.tell.with_value(|tell| tell(what));
    }
}
