//! Signals: Leptos's own, without its renderer, and effects of one type each.

use reactive_graph::computed::Memo;
use reactive_graph::effect::{Effect, RenderEffect};
use reactive_graph::owner::{Owner, on_cleanup};

/// What follows signals is written with. A memo is followed by reading it: `track` alone would never compute it, and what was
/// never computed never changes.
pub(crate) mod prelude {
    pub(crate) use reactive_graph::computed::Memo;
    pub(crate) use reactive_graph::graph::untrack;
    pub(crate) use reactive_graph::owner::{LocalStorage, Owner, StoredValue, expect_context, on_cleanup, provide_context};
    pub(crate) use reactive_graph::prelude::*;
    pub(crate) use reactive_graph::signal::RwSignal;

    pub(crate) use super::{effect, effect_with, follow, memo};
}

/// Lets effects run: once, before the first signal. What is made under the owner lives as long as the page.
pub(crate) fn start() -> Owner {
    // A second start would find the executor in place, and that is as good.
    let _in_place = any_spawner::Executor::init_wasm_bindgen();
    let owner = Owner::new();
    owner.set();
    owner
}

/// Runs once the page around it is built, and whenever what it read has changed; ends with the scope.
pub(crate) fn effect(run: impl FnMut() + 'static) {
    after(Box::new(run));
}

fn after(mut run: Box<dyn FnMut()>) {
    Effect::new(move |_: Option<()>| run());
}

/// The same, with what it gave the last time.
pub(crate) fn effect_with<T: 'static>(mut run: impl FnMut(Option<T>) -> T + 'static) {
    let mut before = None;
    effect(move || before = Some(run(before.take())));
}

/// A value that follows what it reads. One copy of a memo for each type of value, not for each closure.
pub(crate) fn memo<T: PartialEq + Send + Sync + 'static>(value: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    boxed_memo(Box::new(value))
}

fn boxed_memo<T: PartialEq + Send + Sync + 'static>(value: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T> {
    Memo::new(move |_| value())
}

/// Runs at once, and whenever what it read has changed; ends with the scope. Its own scope is cleared before each run.
pub(crate) fn follow(run: impl FnMut() + 'static) {
    at_once(Box::new(run));
}

fn at_once(mut run: Box<dyn FnMut()>) {
    let effect = RenderEffect::new(move |_: Option<()>| run());
    on_cleanup(move || drop(effect));
}
