//! What is told of a run that could not begin, or whose core broke down.

use call_engine::RowSet;
use serde_json::Map;

use super::outcome::{Certainty, Outcome, Report};
use super::summary::{done_before_the_stop, ranges};
use crate::row_secrets::RowSecrets;
use crate::rows::value::shortened;

/// What became of a row (counted from 0) that was not finished. `reached`: 0 if nothing that this row may
/// change was handed over, else 1 or the status of the answer.
pub fn unfinished(row: usize, reached: u16, cause: &str) -> Outcome {
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
    Outcome::failed(row, report)
}

/// A row (counted from 0) of a run that could not begin. `advice`: what whoever refused it says on what to do.
pub fn not_begun(row: usize, cause: &str, advice: Option<&str>) -> Outcome {
    let clean = |text: &str| RowSecrets::default().redact(text);
    let report = Report {
        error: format!("Nothing was sent: {}", clean(cause)),
        advice: clean(advice.unwrap_or("Correct the node's settings and its credential, then run it again.")),
        certainty: Certainty::NotSent,
        code: "NOT_BEGUN".to_owned(),
        status: None,
        details: Map::new(),
    };
    Outcome::failed(row, report)
}

/// What is told of the whole run. `lost`: rows that may have been carried out; `done`: those that were done, where nobody
/// sees their items.
pub fn of_run(lost: &RowSet, done: Option<&RowSet>, cause: &str) -> String {
    let broke = format!("The core broke down ({})", shortened(cause));
    let told = if lost.is_empty() {
        format!("{broke}; no row is in doubt.")
    } else {
        format!(
            "{broke}; look at these rows before you run them again, they may have been carried out: {}.",
            ranges(lost)
        )
    };
    match done {
        Some(done) => format!("{told} {}", done_before_the_stop(done)),
        None => told,
    }
}
