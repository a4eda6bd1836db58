//! A run that could not begin, or whose core broke down. Another instance tells of it: the broken one is of no use any more.

use call_engine::RowSet;
use wasm_bindgen::prelude::*;

use crate::n8n::breakdown;

/// The item, as JSON text, of a row (counted from 0) that was not finished. `reached`: 0 if nothing that this row may
/// change was handed over, else 1 or the status of the answer.
#[wasm_bindgen]
pub fn unfinished(row: u32, reached: u16, cause: &str) -> String {
    breakdown::unfinished(row as usize, reached, cause).items.swap_remove(0)
}

/// The item, as JSON text, of a row (counted from 0) of a run that could not begin.
#[wasm_bindgen(js_name = notBegun)]
pub fn not_begun(row: u32, cause: &str, advice: Option<String>) -> String {
    breakdown::not_begun(row as usize, cause, advice.as_deref()).items.swap_remove(0)
}

/// What is told of the whole run. `lost`: rows (counted from 0) that may have been carried out; `done`: those that were
/// done, where nobody sees their items.
#[wasm_bindgen(js_name = breakdownHint)]
pub fn breakdown_hint(lost: &[u32], done: Option<Vec<u32>>, cause: &str) -> String {
    breakdown::of_run(&counted(lost), done.map(|done| counted(&done)).as_ref(), cause)
}

fn counted(rows: &[u32]) -> RowSet {
    rows.iter().map(|row| *row as usize).collect()
}
