//! A place whose content is made anew. Two comments mark it, so that what stands between may grow and shrink.

use wasm_bindgen::JsCast;
use web_sys::Node;

use super::view::View;
use crate::browser;
use crate::reactive::follow;

/// Appends a place to `parent` and fills it whenever what `make` read has changed.
pub(super) fn fill(parent: &Node, make: Box<dyn Fn() -> View>) {
    let (start, end) = (mark(parent), mark(parent));
    follow(move || {
        let view = make();
        clear(&start, &end);
        // A place that was taken out of the page with what stood around it has no parent any more.
        if let Some(parent) = end.parent_node() {
            view.insert_before(&parent, &end);
        }
    });
}

fn mark(parent: &Node) -> Node {
    let mark: Node = browser::document().create_comment("").unchecked_into();
    let _placed = parent.append_child(&mark);
    mark
}

fn clear(start: &Node, end: &Node) {
    let Some(parent) = start.parent_node() else { return };
    while let Some(node) = start.next_sibling().filter(|node| node != end) {
        let _removed = parent.remove_child(&node);
    }
}
