//! What is done on events. The browser keeps a listener as long as its element.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Event, EventTarget, MouseEvent, PointerEvent};

use super::element::{El, field};

impl El {
    /// On an event.
    pub(crate) fn on(self, name: &str, act: impl FnMut(Event) + 'static) -> Self {
        listen(&self.0, name, Box::new(act));
        self
    }

    /// On a click.
    pub(crate) fn on_click(self, mut act: impl FnMut() + 'static) -> Self {
        self.on("click", move |_| act())
    }

    /// On `input` or `change` of a field, with its value.
    pub(crate) fn on_value(self, name: &str, mut act: impl FnMut(String) + 'static) -> Self {
        self.on(name, move |event| act(value_of(&event)))
    }

    /// On a change of a checkbox or a radio button, with whether it is checked.
    pub(crate) fn on_checked(self, mut act: impl FnMut(bool) + 'static) -> Self {
        self.on("change", move |event| act(is_checked(&event)))
    }

    /// On an event of the mouse.
    pub(crate) fn on_mouse(self, name: &str, mut act: impl FnMut(MouseEvent) + 'static) -> Self {
        self.on(name, move |event| act(event.unchecked_into()))
    }

    /// On an event of a pointer.
    pub(crate) fn on_pointer(self, name: &str, mut act: impl FnMut(PointerEvent) + 'static) -> Self {
        self.on(name, move |event| act(event.unchecked_into()))
    }
}

fn listen(target: &EventTarget, name: &str, act: Box<dyn FnMut(Event)>) {
    let listener = Closure::wrap(act).into_js_value();
    let _listening = target.add_event_listener_with_callback(name, listener.unchecked_ref());
}

fn value_of(event: &Event) -> String {
    event.current_target().map(|target| field(target.unchecked_ref()).value()).unwrap_or_default()
}

fn is_checked(event: &Event) -> bool {
    event.current_target().is_some_and(|target| field(target.unchecked_ref()).checked())
}
