//! One type for each kind of closure in a view. A closure has a type of its own, and each would be given its own copy
//! of the renderer: the console would be twice as large.

use leptos::prelude::*;

/// A value that is kept up to date.
pub(crate) fn live<T: 'static>(value: impl FnMut() -> T + Send + 'static) -> Box<dyn FnMut() -> T + Send> {
    Box::new(value)
}

/// What is done on an event.
pub(crate) fn act<E: 'static>(act: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(act)
}

/// Runs now, and whenever what it read has changed. Gets what it gave the last time.
pub(crate) fn effect<T: 'static>(run: impl FnMut(Option<T>) -> T + 'static) {
    let run: Box<dyn FnMut(Option<T>) -> T> = Box::new(run);
    Effect::new(run);
}
