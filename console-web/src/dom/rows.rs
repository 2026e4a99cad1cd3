//! Children by key: a row stays the same element while it is in the list, and keeps the focus when it moves.

use std::collections::BTreeMap;

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::element::El;
use crate::browser;
use crate::reactive::prelude::{Owner, follow, untrack};

/// One row of a list: its key, and how it is made if it is not there yet.
pub(crate) struct Row {
    key: String,
    make: Box<dyn FnOnce() -> El>,
}

impl Row {
    /// A row. The key is unique in its list.
    pub(crate) fn new(key: impl Into<String>, make: impl FnOnce() -> El + 'static) -> Self {
        Self { key: key.into(), make: Box::new(make) }
    }
}

/// A row that stands, with the scope that it was made in.
struct Standing {
    element: Element,
    scope: Owner,
}

impl El {
    /// Rows that follow what `each` reads. They are the element's only children.
    pub(crate) fn rows(self, each: impl Fn() -> Vec<Row> + 'static) -> Self {
        keep(self.0.clone(), Box::new(each));
        self
    }
}

fn keep(list: Element, each: Box<dyn Fn() -> Vec<Row>>) {
    let scope = Owner::current().unwrap_or_default();
    let mut standing = BTreeMap::<String, Standing>::new();
    follow(move || {
        let wanted = each();
        let mut before = std::mem::take(&mut standing);
        let mut order = Vec::with_capacity(wanted.len());
        for Row { key, make } in wanted {
            let row = before.remove(&key).unwrap_or_else(|| stand(&scope, make));
            order.push(row.element.clone());
            standing.insert(key, row);
        }
        for gone in before.into_values() {
            gone.scope.cleanup();
            gone.element.remove();
        }
        arrange(&list, &order);
    });
}

fn stand(scope: &Owner, make: Box<dyn FnOnce() -> El>) -> Standing {
    let scope = scope.child();
    let row = scope.with(|| untrack(make));
    Standing { element: row.0, scope }
}

/// Puts rows in order with as few moves as a walk from the top needs.
fn arrange(list: &Element, order: &[Element]) {
    let focused = browser::document().active_element().filter(|active| list.contains(Some(active)));
    let mut place = list.first_element_child();
    for row in order {
        if place.as_ref() == Some(row) {
            place = row.next_element_sibling();
        } else {
            let _placed = list.insert_before(row, place.as_deref());
        }
    }
    if let Some(focused) = focused.filter(|focused| browser::document().active_element().as_ref() != Some(focused)) {
        let _focused = focused.unchecked_ref::<HtmlElement>().focus();
    }
}
