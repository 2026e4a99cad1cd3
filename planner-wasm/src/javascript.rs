//! What JavaScript sees.

use planner_core::canonical;
use planner_core::plan::PlanDocument;
use planner_core::request::Request;
use planner_core::snapshot::Snapshot;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use crate::session::Session;

/// Plans: `{"planned": document}`, `{"needs_detail": [probe, …]}` or `{"refused": refusal}`.
/// Throws `{code, message}` as JSON text when an argument cannot be read.
#[wasm_bindgen]
pub fn plan(request: &str, snapshot: &str) -> Result<String, JsError> {
    let (request, snapshot): (Request, Snapshot) = (read("request", request)?, read("snapshot", snapshot)?);
    Ok(crate::plan_text(&request, &snapshot))
}

/// The INSERT of chunk `index` of a plan document.
#[wasm_bindgen(js_name = chunkSql)]
pub fn chunk_sql(document: &str, index: u32) -> Result<String, JsError> {
    let document: PlanDocument = read("plan", document)?;
    let i = index as usize;
    if i >= document.core.chunks.len() {
        return Err(error("out-of-range", &format!("the plan has {} chunks, counted from 0", document.core.chunks.len())));
    }
    Ok(document.core.chunk_sql(i))
}

/// Checks a plan document against a snapshot; answers the faults as a JSON list, empty when there are none.
#[wasm_bindgen]
pub fn audit(document: &str, snapshot: &str) -> Result<String, JsError> {
    let (document, snapshot): (PlanDocument, Snapshot) = (read("plan", document)?, read("snapshot", snapshot)?);
    let faults = match document.into_plan() {
        Ok(plan) => planner_core::audit::audit(&plan, &snapshot),
        Err(faults) => faults,
    };
    Ok(canonical::to_string(&faults))
}

/// One snapshot and one plan kept between calls: for hosts that page through large plans.
#[wasm_bindgen]
#[derive(Default)]
pub struct PlannerSession(Session);

#[wasm_bindgen]
impl PlannerSession {
    /// A session without a snapshot.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers one message ([`crate::message::Ask`] as JSON text) with one message ([`crate::message::Answer`]).
    pub fn handle(&mut self, message: &str) -> String {
        self.0.handle_text(message)
    }
}

/// Version of the planner.
#[wasm_bindgen]
pub fn version() -> String {
    planner_core::VERSION.into()
}

fn read<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, JsError> {
    serde_json::from_str(text).map_err(|reason| error("unreadable", &format!("the {what} cannot be read: {reason}")))
}

/// Errors carry a code beside their message, as JSON text, so that a caller need not match on words.
fn error(code: &str, message: &str) -> JsError {
    JsError::new(&canonical::to_string(&std::collections::BTreeMap::from([("code", code), ("message", message)])))
}
