//! What people see.
//!
//! ```text
//!   address ──► pages ──► components          api_client ──► /v1
//!                 │                            event_stream ──► /v1/jobs/{id}/events
//!                 └──► views (plain values) ◄── planner_worker ──► planner-wasm
//! ```
//! Pages own signals and build elements with [`dom`]; every decision about what is shown is a pure function in [`views`].

mod api_client;
mod app;
mod browser;
mod components;
mod console;
mod dom;
mod event_stream;
mod keyboard;
mod pages;
mod planner_worker;
mod reactive;
mod remote;
mod router;
pub mod views;

/// Puts the console into the page.
pub fn start() {
    std::panic::set_hook(Box::new(|info| web_sys::console::error_1(&info.to_string().into())));
    let scope = reactive::start();
    app::app().append_to(&browser::body());
    browser::remove("shell");
    // The console lives as long as the page.
    std::mem::forget(scope);
}
