//! The planning worker from the page's side: questions out, answers back, the latest plan wins.

use js_sys::JsString;
use planner_core::request::Request;
use wasm_bindgen::prelude::{Closure, JsValue};
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{MessageEvent, Worker};

use crate::browser;
use crate::reactive::prelude::*;
use crate::views::answer::{Answer, Reply};
use crate::views::question::{self, Wish};

/// What trunk calls the worker's loader.
const LOADER: &str = "/planner-worker_loader.js";

/// A reply with the request it answers and how long it took.
pub(crate) type OnPlan = Box<dyn FnMut(Reply, &Request, f64)>;

/// Takes the reply to one question.
type OnReply = Box<dyn FnOnce(Reply)>;

struct State {
    worker: Worker,
    ready: bool,
    last_id: u64,
    /// Questions before `ready`.
    queue: Vec<JsValue>,
    /// The plan that is being made: id, request, since when.
    flight: Option<(u64, Request, f64)>,
    /// The plan that is wanted next.
    wanted: Option<Request>,
    others: Vec<(u64, OnReply)>,
    on_plan: Option<OnPlan>,
    cells: u32,
}

/// Handle of one worker; the worker ends with the page that made it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planner(StoredValue<Option<State>, LocalStorage>);

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("State")
    }
}

impl Planner {
    /// Starts the worker; plans are told to `on_plan`.
    pub(crate) fn start(cells: u32, on_plan: OnPlan) -> Self {
        let planner = Self(StoredValue::new_local(None));
        let Ok(worker) = Worker::new(LOADER) else { return planner };
        let listen = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            planner.heard(&message.data().as_string().unwrap_or_default());
        });
        worker.set_onmessage(Some(listen.as_ref().unchecked_ref()));
        let listen = StoredValue::new_local(Some(listen));
        planner.0.set_value(Some(State {
            worker,
            ready: false,
            last_id: 0,
            queue: Vec::new(),
            flight: None,
            wanted: None,
            others: Vec::new(),
            on_plan: Some(on_plan),
            cells,
        }));
        on_cleanup(move || {
            let _gone = planner.0.try_update_value(|state| {
                if let Some(state) = state.take() {
                    state.worker.set_onmessage(None);
                    state.worker.terminate();
                }
            });
            let _gone = listen.try_update_value(Option::take);
        });
        planner
    }

    /// Asks anything but a plan.
    pub(crate) fn ask(self, what: &Wish, then: impl FnOnce(Reply) + 'static) {
        self.with(|state| {
            let id = state.send(what);
            state.others.push((id, Box::new(then)));
        });
    }

    /// Hands the service's answer with a snapshot on. It stays the browser's own text: none of it is copied into the page.
    pub(crate) fn load(self, answer: &JsString, then: impl FnOnce(Reply) + 'static) {
        self.with(|state| {
            let id = state.next_id();
            let (before, after) = question::load(id);
            state.say(JsString::from(before).concat(answer).concat(&after.into()).into());
            state.others.push((id, Box::new(then)));
        });
    }

    /// Asks for a plan. While one is being made only the latest wish is kept.
    pub(crate) fn plan(self, request: Request) {
        self.with(|state| {
            state.wanted = Some(request);
            state.next();
        });
    }

    fn with<R>(self, act: impl FnOnce(&mut State) -> R) -> Option<R> {
        self.0.try_update_value(|state| state.as_mut().map(act)).flatten()
    }

    fn heard(self, text: &str) {
        if text == "ready" {
            self.with(|state| {
                state.ready = true;
                for text in std::mem::take(&mut state.queue) {
                    state.post(&text);
                }
            });
            return;
        }
        let Ok(answer) = serde_json::from_str::<Answer>(text) else { return };
        let planned = self.with(|state| {
            let (_, request, since) = state.flight.take_if(|(id, ..)| *id == answer.id)?;
            state.next();
            state.on_plan.take().map(|on_plan| (on_plan, request, since))
        });
        // Callbacks run outside the borrow: they may ask again.
        if let Some(Some((mut on_plan, request, since))) = planned {
            on_plan(answer.what, &request, browser::ticks() - since);
            self.with(|state| state.on_plan = Some(on_plan));
            return;
        }
        let other = self.with(|state| {
            let at = state.others.iter().position(|(id, _)| *id == answer.id)?;
            Some(state.others.remove(at).1)
        });
        if let Some(Some(other)) = other {
            other(answer.what);
        }
    }
}

impl State {
    fn next(&mut self) {
        if self.flight.is_some() {
            return;
        }
        if let Some(request) = self.wanted.take() {
            let id = self.send(&Wish::Plan { request: Box::new(request.clone()), cells: self.cells });
            self.flight = Some((id, request, browser::ticks()));
        }
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn send(&mut self, what: &Wish) -> u64 {
        let id = self.next_id();
        self.say(question::text(id, what).into());
        id
    }

    fn say(&mut self, text: JsValue) {
        if self.ready {
            self.post(&text);
        } else {
            self.queue.push(text);
        }
    }

    fn post(&self, text: &JsValue) {
        self.worker.post_message(text).unwrap_throw();
    }
}
