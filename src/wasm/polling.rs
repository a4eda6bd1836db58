//! What a trigger asks of the core: texts in, texts out.

use std::cell::RefCell;
use std::collections::VecDeque;

use serde_json::{Value, json};
use wasm_bindgen::prelude::*;

use crate::fingerprint::identity;
use crate::n8n::{system_events, watch};
use crate::trigger::{Hint, Look, Step};

thread_local! {
    /// The look that an instance is at.
    static LOOK: RefCell<Option<Look>> = const { RefCell::new(None) };
    /// What it found, until it is taken.
    static FOUND: RefCell<VecDeque<Value>> = const { RefCell::new(VecDeque::new()) };
}

/// So many items are written in a few milliseconds.
const PIECE: usize = 100;

/// Begins a look, as JSON. What comes of it is told by [`look_on`].
#[wasm_bindgen]
pub fn look(input: &str) -> Option<String> {
    match Look::begin(input) {
        Ok(look) => {
            LOOK.set(Some(look));
            None
        }
        Err(wrong) => Some(wrong.to_string()),
    }
}

/// Takes rows of what was to be read, as a JSON list: all of them, or some and the others after them. Gives what is wrong
/// with them, if anything.
#[wasm_bindgen(js_name = lookAt)]
pub fn look_at(rows: &str) -> Option<String> {
    LOOK.with_borrow_mut(|look| Some(look.as_mut()?.answer(rows).err()?.to_string()))
}

/// Takes why what was to be read could not be: in words, by its code, and whether 3CX answered.
#[wasm_bindgen(js_name = lookFailed)]
pub fn look_failed(error: String, description: String, code: &str, is_answered: bool) {
    LOOK.with_borrow(|look| {
        if let Some(look) = look {
            look.fail(error, description, code, is_answered);
        }
    });
}

/// The same where 3CX refused the last log-in in these words, and none is to be tried for so many minutes.
#[wasm_bindgen(js_name = lookRefused)]
pub fn look_refused(error: String, description: &str, minutes: u32) {
    look_failed(error, watch::wait(description, minutes), "LOGIN_REFUSED", true);
}

/// A name for what is logged in with. It outlives the look, and holds none of it.
#[wasm_bindgen(js_name = loginName)]
pub fn login_name(credentials: &str) -> String {
    identity([credentials])
}

/// One step of the look, as JSON: what to `read`, a `rest`, or what was `done`. Its items are left to be taken.
#[wasm_bindgen(js_name = lookOn)]
pub fn look_on() -> String {
    let Some(step) = LOOK.with_borrow_mut(|look| Some(look.as_mut()?.step())) else { return String::new() };
    let told = match step {
        Step::Read(reading) => json!({ "read": reading }),
        Step::Rest => json!("rest"),
        Step::Failed(failed) => json!({ "failed": watch::failed(&failed) }),
        Step::Done { mut items, state, hints, goes_on, failed } => {
            system_events::name(&mut items);
            FOUND.set(items.into());
            let hints: Vec<String> = hints.iter().map(Hint::to_string).collect();
            let failed = (!failed.is_empty()).then(|| watch::not_read(&failed));
            json!({ "done": { "state": state, "hints": hints, "goesOn": goes_on, "failed": failed } })
        }
    };
    told.to_string()
}

/// The next ones of the items that were found, as a JSON list; nothing if there are no more.
#[wasm_bindgen(js_name = lookFound)]
pub fn look_found() -> Option<String> {
    FOUND.with_borrow_mut(|found| {
        let items: Vec<Value> = found.drain(..found.len().min(PIECE)).collect();
        (!items.is_empty()).then(|| Value::from(items).to_string())
    })
}

/// The documented events of the system, as JSON: a list of choices.
#[wasm_bindgen(js_name = systemEvents)]
pub fn system_events() -> String {
    let choice = |(name, value)| json!({ "name": name, "value": value });
    Value::from_iter(system_events::choices().map(choice)).to_string()
}
