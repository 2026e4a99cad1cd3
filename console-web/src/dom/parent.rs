//! What can be put inside: elements, and groups that stand side by side.

use wasm_bindgen::JsCast;
use web_sys::{DocumentFragment, Node};

use super::view::View;
use super::{live, slot};
use crate::browser;

/// Something with children.
pub(crate) trait Parent: Sized {
    /// The node that children are appended to.
    fn inside(&self) -> &Node;

    /// A child, or nothing.
    fn child(self, view: impl Into<View>) -> Self {
        view.into().append_to(self.inside());
        self
    }

    /// Children in order.
    fn children<V: Into<View>>(self, views: impl IntoIterator<Item = V>) -> Self {
        for view in views {
            view.into().append_to(self.inside());
        }
        self
    }

    /// A text that stays.
    fn text(self, words: impl AsRef<str>) -> Self {
        View::text(words.as_ref()).append_to(self.inside());
        self
    }

    /// A text that follows what it reads.
    fn words<S: Into<String>>(self, words: impl Fn() -> S + 'static) -> Self {
        live::text(self.inside(), Box::new(move || words().into()));
        self
    }

    /// A child that is made anew whenever what it read has changed; the scope of the one before it ends first.
    fn live<V: Into<View>>(self, make: impl Fn() -> V + 'static) -> Self {
        slot::fill(self.inside(), Box::new(move || make().into()));
        self
    }
}

/// Views side by side without an element around them.
#[derive(Clone, Debug)]
pub(crate) struct Group(DocumentFragment);

/// An empty group.
pub(crate) fn group() -> Group {
    Group(browser::document().create_document_fragment())
}

impl Parent for Group {
    fn inside(&self) -> &Node {
        &self.0
    }
}

impl From<Group> for View {
    fn from(group: Group) -> Self {
        Self::of(group.0.unchecked_into())
    }
}
