//! What a page or a part gives: a node, several side by side, or nothing.

use wasm_bindgen::JsCast;
use web_sys::Node;

use super::element::El;
use crate::browser;

/// Something to be shown.
#[derive(Clone, Debug)]
pub(crate) struct View(Option<Node>);

impl View {
    /// Nothing.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    pub(super) fn of(node: Node) -> Self {
        Self(Some(node))
    }

    pub(super) fn text(words: &str) -> Self {
        Self::of(browser::document().create_text_node(words).unchecked_into())
    }

    /// Puts it behind what stands there.
    pub(crate) fn append_to(&self, parent: &Node) {
        if let Some(node) = &self.0 {
            let _placed = parent.append_child(node);
        }
    }

    pub(super) fn insert_before(&self, parent: &Node, place: &Node) {
        if let Some(node) = &self.0 {
            let _placed = parent.insert_before(node, Some(place));
        }
    }
}

impl From<El> for View {
    fn from(element: El) -> Self {
        Self::of(element.0.unchecked_into())
    }
}

impl From<&str> for View {
    fn from(words: &str) -> Self {
        Self::text(words)
    }
}

impl From<String> for View {
    fn from(words: String) -> Self {
        Self::text(&words)
    }
}

impl<V: Into<View>> From<Option<V>> for View {
    fn from(view: Option<V>) -> Self {
        view.map_or_else(Self::none, Into::into)
    }
}
