//! What follows signals: texts, attributes, properties, classes, styles. Written only where it has changed.

use wasm_bindgen::JsCast;
use web_sys::{Element, Node};

use super::element::{El, field, set_attribute, set_style};
use crate::browser;
use crate::reactive::follow;

type Words = Box<dyn Fn() -> String>;
type Maybe = Box<dyn Fn() -> Option<String>>;
type Whether = Box<dyn Fn() -> bool>;

impl El {
    /// An attribute that follows what it reads.
    pub(crate) fn live_attr<S: Into<String>>(self, name: &'static str, value: impl Fn() -> S + 'static) -> Self {
        attribute(&self.0, name, Box::new(move || Some(value().into())));
        self
    }

    /// The same, absent where there is no value.
    pub(crate) fn live_attr_if<S: Into<String>>(self, name: &'static str, value: impl Fn() -> Option<S> + 'static) -> Self {
        attribute(&self.0, name, Box::new(move || value().map(Into::into)));
        self
    }

    /// An attribute without a value, there or not.
    pub(crate) fn live_flag(self, name: &'static str, on: impl Fn() -> bool + 'static) -> Self {
        flag(&self.0, name, Box::new(on));
        self
    }

    /// One class, there or not.
    pub(crate) fn live_class(self, name: &'static str, on: impl Fn() -> bool + 'static) -> Self {
        class(&self.0, name, Box::new(on));
        self
    }

    /// One property of the style.
    pub(crate) fn live_style(self, name: &'static str, value: impl Fn() -> String + 'static) -> Self {
        style(&self.0, name, Box::new(value));
        self
    }

    /// The value of a field; what the user types stays until the signal changes. A select's options come before it.
    pub(crate) fn live_value(self, value: impl Fn() -> String + 'static) -> Self {
        property(&self.0, Box::new(value));
        self
    }

    /// Whether a field is checked.
    pub(crate) fn live_checked(self, on: impl Fn() -> bool + 'static) -> Self {
        checked(&self.0, Box::new(on));
        self
    }
}

/// Appends a text that follows what it reads.
pub(super) fn text(parent: &Node, words: Words) {
    let node = browser::document().create_text_node("");
    let _placed = parent.append_child(&node);
    on_change(words, move |words| node.set_data(words));
}

fn attribute(element: &Element, name: &'static str, value: Maybe) {
    let element = element.clone();
    let mut before = None;
    follow(move || {
        let now = value();
        if before.as_ref() != Some(&now) {
            set_attribute(&element, name, now.as_deref());
            before = Some(now);
        }
    });
}

fn flag(element: &Element, name: &'static str, on: Whether) {
    attribute(element, name, Box::new(move || on().then(String::new)));
}

fn class(element: &Element, name: &'static str, on: Whether) {
    let classes = element.class_list();
    follow(move || {
        let _set = classes.toggle_with_force(name, on());
    });
}

fn style(element: &Element, name: &'static str, value: Words) {
    let element = element.clone();
    on_change(value, move |value| set_style(&element, name, value));
}

fn property(element: &Element, value: Words) {
    let element = element.clone();
    on_change(value, move |value| field(&element).set_value(value));
}

fn checked(element: &Element, on: Whether) {
    let element = element.clone();
    follow(move || field(element.unchecked_ref()).set_checked(on()));
}

fn on_change(value: Words, write: impl Fn(&str) + 'static) {
    let write: Box<dyn Fn(&str)> = Box::new(write);
    let mut before = None;
    follow(move || {
        let now = value();
        if before.as_ref() != Some(&now) {
            write(&now);
            before = Some(now);
        }
    });
}
