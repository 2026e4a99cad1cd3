//! An element as it is built: what is written once.

use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{Element, HtmlElement, HtmlInputElement, Node};

use super::parent::Parent;
use crate::browser;

/// Where SVG elements come from.
const SVG: &str = "http://www.w3.org/2000/svg";

/// An element. A clone is a handle to the same element.
#[derive(Clone, Debug)]
pub(crate) struct El(pub(super) Element);

/// A new HTML element.
pub(crate) fn el(tag: &str) -> El {
    El(browser::document().create_element(tag).unwrap_throw())
}

/// A new SVG element.
pub(crate) fn svg(tag: &str) -> El {
    El(browser::document().create_element_ns(Some(SVG), tag).unwrap_throw())
}

impl Parent for El {
    fn inside(&self) -> &Node {
        &self.0
    }
}

impl El {
    /// The element itself.
    pub(crate) fn element(&self) -> Element {
        self.0.clone()
    }

    /// The element as one of a kind: `dialog.of::<HtmlDialogElement>()`.
    pub(crate) fn of<T: JsCast>(&self) -> T {
        self.0.clone().unchecked_into()
    }

    /// An attribute.
    pub(crate) fn attr(self, name: &str, value: impl AsRef<str>) -> Self {
        set_attribute(&self.0, name, Some(value.as_ref()));
        self
    }

    /// An attribute that stands only where there is a value.
    pub(crate) fn attr_if(self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// An attribute without a value, like `disabled`.
    pub(crate) fn flag(self, name: &str, on: bool) -> Self {
        self.attr_if(name, on.then_some(""))
    }

    /// The classes.
    pub(crate) fn class(self, names: impl AsRef<str>) -> Self {
        self.attr("class", names)
    }

    /// The name that tests find it by.
    pub(crate) fn test_id(self, id: impl AsRef<str>) -> Self {
        self.attr("data-testid", id)
    }

    /// Where a link leads.
    pub(crate) fn href(self, address: impl AsRef<str>) -> Self {
        self.attr("href", address)
    }

    /// What the pointer is told.
    pub(crate) fn title(self, words: impl AsRef<str>) -> Self {
        self.attr("title", words)
    }

    /// What assistive technology is told in place of the content.
    pub(crate) fn label(self, words: impl AsRef<str>) -> Self {
        self.attr("aria-label", words)
    }

    /// Decoration: assistive technology is not told of it.
    pub(crate) fn hidden_from_speech(self) -> Self {
        self.attr("aria-hidden", "true")
    }
}

/// Writes or removes an attribute.
pub(super) fn set_attribute(element: &Element, name: &str, value: Option<&str>) {
    // Names are this console's own: none is refused.
    let _written = match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    };
}

/// Writes one property of a style.
pub(super) fn set_style(element: &Element, name: &str, value: &str) {
    let _written = element.unchecked_ref::<HtmlElement>().style().set_property(name, value);
}

/// The element as a field: `<input>`, `<select>` and `<textarea>` have the same properties.
pub(super) fn field(element: &Element) -> &HtmlInputElement {
    element.unchecked_ref()
}
