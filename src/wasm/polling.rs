//! What a trigger asks of the core: texts in, texts out.

use std::cell::RefCell;

use serde_json::json;
use wasm_bindgen::prelude::*;

use crate::n8n::system_events;
use crate::trigger::Look;

thread_local! {
    /// The look that an instance is at.
    static LOOK: RefCell<Option<Look>> = const { RefCell::new(None) };
}

/// Begins a look, as JSON. What comes of it is told by [`look_on`].
#[wasm_bindgen]
pub fn look(input: &str) -> Option<String> {
    match Look::begin(input) {
        Ok(look) => {
            LOOK.set(Some(look));
            None
        }
        Err(wrong) => Some(wrong),
    }
}

/// One step of the look, as JSON: what to `read`, what was `done`, or what is `wrong`. The rows of what was to be read are
/// handed over with the next one.
#[wasm_bindgen(js_name = lookOn)]
pub fn look_on(rows: Option<String>) -> String {
    LOOK.with_borrow_mut(|look| {
        let look = look.as_mut()?;
        let taken = rows.map_or(Ok(()), |rows| look.answer(&rows));
        let step = taken.and_then(|()| {
            serde_json::to_string(&system_events::named(look.step())).map_err(|error| error.to_string())
        });
        Some(step.unwrap_or_else(|wrong| json!({ "wrong": wrong }).to_string()))
    })
    .unwrap_or_default()
}

/// The documented events of the system, as JSON: a list of choices.
#[wasm_bindgen(js_name = systemEvents)]
pub fn system_events() -> String {
    let choice = |(name, value)| json!({ "name": name, "value": value });
    serde_json::Value::from_iter(system_events::choices().map(choice)).to_string()
}
