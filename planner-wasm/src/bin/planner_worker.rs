//! The console's planning worker: a `Session` behind `postMessage`, JSON text both ways.
//!
//! Says `ready` once it listens; a message sent earlier would be lost.

use planner_wasm::session::Session;
use wasm_bindgen::prelude::{Closure, JsValue};
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

fn main() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let answers = scope.clone();
    let mut session = Session::default();
    let listen = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        let answer = session.handle_text(&message.data().as_string().unwrap_or_default());
        answers.post_message(&JsValue::from_str(&answer)).unwrap_throw();
    });
    scope.set_onmessage(Some(listen.as_ref().unchecked_ref()));
    // Lives as long as the worker.
    listen.forget();
    scope.post_message(&JsValue::from_str("ready")).unwrap_throw();
}
