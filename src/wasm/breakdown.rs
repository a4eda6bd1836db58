//! What is told of a run whose core broke down. Another instance tells it: the broken one is of no use any more.

use serde_json::Map;
use wasm_bindgen::prelude::*;

use crate::n8n::outcome::{Certainty, Outcome, Report};
use crate::n8n::summary::ranges;
use crate::rows::value::shortened;

/// The item, as JSON text, of a row (counted from 0) that was not finished. `reached`: 0 if nothing that this row may
/// change was handed over, else 1 or the status of the answer.
#[wasm_bindgen]
pub fn unfinished(row: u32, reached: u16, cause: &str) -> String {
    let broke = format!("the core broke down ({})", shortened(cause));
    let (error, advice, certainty) = match reached {
        0 => (
            format!("Not done: {broke}"),
            "Nothing was changed by this row: run it again. If the core breaks down again, take the rows apart to find the one that does it.",
            Certainty::NotSent,
        ),
        _ => (
            format!("After this row was sent {broke}; whether it was carried out is not known"),
            "Look in 3CX whether it was done before you run this row again.",
            Certainty::Unknown,
        ),
    };
    let report = Report {
        error,
        advice: advice.to_owned(),
        certainty,
        code: "BROKEN_DOWN".to_owned(),
        status: (reached >= 100).then_some(reached),
        details: Map::new(),
    };
    Outcome::failed(row as usize, report).items.swap_remove(0)
}

/// What is told of the whole run. `lost`: rows (counted from 0) that may have been carried out.
#[wasm_bindgen(js_name = breakdownHint)]
pub fn breakdown_hint(lost: &[u32], cause: &str) -> String {
    let broke = format!("The core broke down ({})", shortened(cause));
    let rows: Vec<usize> = lost.iter().map(|row| *row as usize).collect();
    if rows.is_empty() {
        return format!("{broke}; no row is in doubt.");
    }
    format!("{broke}; look at these rows before you run them again, they may have been carried out: {}.", ranges(&rows))
}
