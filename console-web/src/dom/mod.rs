//! Elements that follow signals.
//!
//! ```text
//!   el("td").class("num").words(move || format::count(rows.get()))
//!      │        │             └─ text that follows its signals     (live)
//!      │        └─ written once                                   (element)
//!      └─ .live(move || …)  a child made anew, in a scope of its own (slot)
//!         .rows(move || …)  children by key, which stay elements     (rows)
//! ```
//! Nothing in here is generic beyond a first line that boxes a closure: one copy of the renderer serves every view.

mod element;
mod events;
mod live;
mod parent;
mod rows;
mod slot;
mod view;

/// What views are built with.
pub(crate) mod prelude {
    pub(crate) use super::element::{El, el, svg};
    pub(crate) use super::parent::{Group, Parent, group};
    pub(crate) use super::rows::Row;
    pub(crate) use super::view::View;
}
