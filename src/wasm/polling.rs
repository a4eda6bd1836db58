//! What a trigger asks of the core: texts in, texts out.

use serde_json::json;
use wasm_bindgen::prelude::*;

use crate::{n8n::system_events, trigger};

/// One step of a look, as JSON: what to `read`, what was `done`, or what is `wrong`.
#[wasm_bindgen]
pub fn poll(input: &str) -> String {
    let step = trigger::step(input).and_then(|step| serde_json::to_string(&step).map_err(|error| error.to_string()));
    step.unwrap_or_else(|wrong| json!({ "wrong": wrong }).to_string())
}

/// The documented events of the system, as JSON: a list of choices.
#[wasm_bindgen(js_name = systemEvents)]
pub fn system_events() -> String {
    let choice = |(name, value)| json!({ "name": name, "value": value });
    serde_json::Value::from_iter(system_events::choices().map(choice)).to_string()
}
