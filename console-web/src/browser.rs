//! What the browser is asked for: storage, clock, clipboard, files, frames, listeners.

use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::{Closure, JsValue};
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{Event, HtmlElement, Storage, Window};

use crate::reactive::prelude::on_cleanup;

pub(crate) fn window() -> Window {
    web_sys::window().unwrap_throw()
}

pub(crate) fn document() -> web_sys::Document {
    window().document().unwrap_throw()
}

/// Where the console stands.
pub(crate) fn body() -> HtmlElement {
    document().body().unwrap_throw()
}

/// Milliseconds since 1970.
#[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
pub(crate) fn now() -> i64 {
    js_sys::Date::now() as i64
}

/// Milliseconds of a clock that only goes forward.
pub(crate) fn ticks() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Minutes that the user's clock is ahead of UTC.
#[expect(clippy::cast_possible_truncation, reason = "an offset is at most some hundred minutes")]
pub(crate) fn offset_minutes() -> i64 {
    -(js_sys::Date::new_0().get_timezone_offset() as i64)
}

pub(crate) fn remove(id: &str) {
    if let Some(element) = document().get_element_by_id(id) {
        element.remove();
    }
}

/// Kept over restarts of the browser.
pub(crate) fn stored(name: &str) -> Option<String> {
    local().and_then(|storage| storage.get_item(name).ok().flatten())
}

pub(crate) fn store(name: &str, value: &str) {
    if let Some(storage) = local() {
        // A browser that forbids storage only forgets.
        let _forgotten = storage.set_item(name, value);
    }
}

/// Kept as long as the tab.
pub(crate) fn token() -> Option<String> {
    session().and_then(|storage| storage.get_item("penstock-token").ok().flatten()).filter(|token| !token.is_empty())
}

pub(crate) fn set_token(token: &str) {
    if let Some(storage) = session() {
        let _forgotten = storage.set_item("penstock-token", token);
    }
}

fn local() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn session() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

/// Runs once before the next paint.
pub(crate) fn on_frame(run: impl FnOnce() + 'static) {
    let run = Closure::once_into_js(run);
    let _id = window().request_animation_frame(run.unchecked_ref());
}

/// A running timer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timer(i32);

impl Timer {
    /// Stops it; what was due is not done.
    pub(crate) fn clear(self) {
        window().clear_timeout_with_handle(self.0);
    }
}

/// Runs once after some milliseconds.
pub(crate) fn after(ms: i32, run: impl FnOnce() + 'static) -> Timer {
    let run = Closure::once_into_js(run);
    Timer(window().set_timeout_with_callback_and_timeout_and_arguments_0(run.unchecked_ref(), ms).unwrap_or_default())
}

/// Runs every second for as long as the page lives.
pub(crate) fn every_second(run: impl FnMut() + 'static) {
    let run: Box<dyn FnMut()> = Box::new(run);
    let run = Closure::wrap(run).into_js_value();
    let _id = window().set_interval_with_callback_and_timeout_and_arguments_0(run.unchecked_ref(), 1000);
}

/// Hears an event of the window, wherever in the page it happens, until the scope ends.
pub(crate) fn listen(name: &'static str, act: impl FnMut(Event) + 'static) {
    listen_boxed(name, Box::new(act));
}

fn listen_boxed(name: &'static str, act: Box<dyn FnMut(Event)>) {
    let listener = Closure::wrap(act);
    let _listening = window().add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
    // A scope's end may be told by any thread, and there is only one.
    let listener = SendWrapper::new(listener);
    on_cleanup(move || {
        let _gone = window().remove_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
    });
}

/// A text in small letters, by the browser's own tables: those of the standard library weigh ten times this file.
pub(crate) fn lowercase(text: &str) -> String {
    js_sys::JsString::from(text).to_lower_case().into()
}

/// The address's path.
pub(crate) fn path() -> String {
    window().location().pathname().unwrap_or_default()
}

/// The address's query, with its question mark.
pub(crate) fn search() -> String {
    window().location().search().unwrap_or_default()
}

/// The whole address, to be passed on.
pub(crate) fn href() -> String {
    window().location().href().unwrap_or_default()
}

/// Path and query.
pub(crate) fn address() -> String {
    path() + &search()
}

/// Where this console comes from.
pub(crate) fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// Starts anew.
pub(crate) fn reload() {
    let _reloaded = window().location().reload();
}

/// The address without making a step in the history.
pub(crate) fn replace_address(address: &str) {
    if let Ok(history) = window().history() {
        let state = history.state().unwrap_or(JsValue::NULL);
        let _refused = history.replace_state_with_url(&state, "", Some(address));
    }
}

pub(crate) fn set_title(title: &str) {
    document().set_title(&format!("{title} · Penstock"));
}

/// Copies a text; calls back with whether it worked.
pub(crate) fn copy(text: &str, then: impl FnOnce(bool) + 'static) {
    let promise = window().navigator().clipboard().write_text(text);
    wasm_bindgen_futures::spawn_local(async move { then(wasm_bindgen_futures::JsFuture::from(promise).await.is_ok()) });
}

/// Hands a text to the user as a file.
pub(crate) fn download(name: &str, text: &str) {
    let parts = js_sys::Array::of1(&JsValue::from_str(text));
    let kind = web_sys::BlobPropertyBag::new();
    kind.set_type("application/json");
    let Ok(blob) = web_sys::Blob::new_with_str_sequence_and_options(&parts, &kind) else { return };
    let Ok(url) = web_sys::Url::create_object_url_with_blob(&blob) else { return };
    if let Ok(link) = document().create_element("a") {
        let link: web_sys::HtmlAnchorElement = link.unchecked_into();
        link.set_href(&url);
        link.set_download(name);
        link.click();
    }
    let _kept = web_sys::Url::revoke_object_url(&url);
}

/// Elements that match a selector, in document order.
pub(crate) fn all(selector: &str) -> Vec<HtmlElement> {
    let Ok(nodes) = document().query_selector_all(selector) else { return Vec::new() };
    (0..nodes.length()).filter_map(|i| nodes.item(i).and_then(|node| node.dyn_into().ok())).collect()
}

/// Whether the page can be seen.
pub(crate) fn is_visible() -> bool {
    document().visibility_state() == web_sys::VisibilityState::Visible
}

/// Place of a pointer within an element, 0 to `units`, from the left and from the top.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "clamped to small units before")]
pub(crate) fn place_in(element: &web_sys::Element, x: i32, y: i32, units: (u64, u64)) -> (u64, u64) {
    let area = element.get_bounding_client_rect();
    let share = |at: f64, from: f64, size: f64, units: u64| (((at - from) / size.max(1.0)).clamp(0.0, 1.0) * units as f64) as u64;
    (share(f64::from(x), area.left(), area.width(), units.0), share(f64::from(y), area.top(), area.height(), units.1))
}

/// A fresh name for a deliberate act, so that its repeat can be told.
pub(crate) fn fresh_key() -> String {
    let random = || String::from(JsValue::from_f64(js_sys::Math::random()).unchecked_into::<js_sys::Number>().to_js_string());
    format!("console-{}-{}-{}", now(), random(), random())
}
