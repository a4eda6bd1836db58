//! What became of a row.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Delivery, Stop};
use crate::xapi::error::Failure;

/// What became of a row: the output items it gives, as JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Counted from 0.
    pub row: usize,
    pub failed: bool,
    pub items: Vec<String>,
    /// The binary field of the row's item, and the host's name for the file that belongs in it.
    pub file: Option<(String, u32)>,
}

/// How far a failed row got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Certainty {
    /// Nothing was changed: the row was not sent, or it was answered before it was carried out.
    NotSent,
    /// 3CX said no.
    Refused,
    /// Sent, and whether it was carried out is unknown.
    Unknown,
    /// Not tried, because the run ended before.
    Skipped,
}

/// Why a row failed, as a person reads it. As an item it has just the keys `error`, `message` and `details`, with
/// which n8n keeps the input row's columns on its error output.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What happened.
    pub error: String,
    /// What to do.
    pub advice: String,
    pub certainty: Certainty,
    pub code: String,
    pub status: Option<u16>,
    /// What else is known of the row.
    pub details: Map<String, Value>,
}

impl Certainty {
    /// How far a row got whose call ended like this, although it is not done.
    pub fn of(delivery: Delivery) -> Self {
        match delivery {
            Delivery::NotSent => Self::NotSent,
            Delivery::Refused => Self::Refused,
            Delivery::Done | Delivery::Unknown => Self::Unknown,
        }
    }
}

impl Report {
    pub fn of(failure: &Failure, certainty: Certainty) -> Self {
        Self {
            error: failure.to_string(),
            advice: failure.advice(),
            certainty,
            code: failure.code(),
            status: failure.status(),
            details: Map::new(),
        }
    }
}

impl Outcome {
    /// A row that gave these records, each a JSON text.
    pub fn done(row: usize, records: impl IntoIterator<Item = String>) -> Self {
        let items = records.into_iter().map(|record| item(row, &record)).collect();
        Self { row, failed: false, items, file: None }
    }

    #[must_use]
    pub fn with_file(mut self, field: String, file: u32) -> Self {
        self.file = Some((field, file));
        self
    }

    /// A row that was not tried because the run ended before it.
    pub fn skipped(row: usize, why: &Stop) -> Self {
        let report = match why {
            Stop::Failure(failure) => {
                Report { error: format!("Not sent: {failure}"), ..Report::of(failure, Certainty::NotSent) }
            }
            Stop::RowFailed(first) => Report {
                error: format!("Not sent: the run stopped at row {}", first + 1),
                ..Report::of(&Failure::Stopped, Certainty::Skipped)
            },
            Stop::Cancelled => Report {
                error: "Not sent: the run was cancelled".to_owned(),
                ..Report::of(&Failure::Stopped, Certainty::Skipped)
            },
            Stop::Deadline => Report {
                error: "Not sent: the time for the run was over".to_owned(),
                ..Report::of(&Failure::Stopped, Certainty::Skipped)
            },
        };
        Self::failed(row, report)
    }

    pub fn failed(row: usize, report: Report) -> Self {
        #[derive(Serialize)]
        struct Json {
            error: String,
            message: String,
            details: Details,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Details {
            row: usize,
            outcome: Certainty,
            code: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            http_status: Option<u16>,
            #[serde(flatten)]
            more: Map<String, Value>,
        }
        let json = Json {
            error: report.error,
            message: report.advice,
            details: Details {
                row: row + 1,
                outcome: report.certainty,
                code: report.code,
                http_status: report.status,
                more: report.details,
            },
        };
        // Maps with text keys always have a JSON form.
        let json = serde_json::to_string(&json).unwrap_or_default();
        Self { row, failed: true, items: vec![item(row, &json)], file: None }
    }
}

fn item(row: usize, json: &str) -> String {
    format!(r#"{{"json":{json},"pairedItem":{{"item":{row}}}}}"#)
}

/// Which rows (counted from 0) were done although the run stopped: they must not be run again.
pub(super) fn done_before_the_stop(rows: &[usize]) -> String {
    if rows.is_empty() {
        return "No row was done before the stop.".to_owned();
    }
    format!("Done before the stop: rows {}.", ranges(rows))
}

/// Rows (counted from 0) as a person reads them, such as `1-3, 7`.
pub fn ranges(rows: &[usize]) -> String {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    let ranges: Vec<_> = rows
        .chunk_by(|one, next| one + 1 == *next)
        .filter_map(|range| match (range.first()? + 1, range.last()? + 1) {
            (only, last) if only == last => Some(only.to_string()),
            (first, last) => Some(format!("{first}-{last}")),
        })
        .collect();
    ranges.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_row_has_the_three_keys_that_n8n_merges() {
        let outcome = Outcome::failed(2, Report::of(&Failure::NotFound, Certainty::Refused));
        let item: Value = serde_json::from_str(&outcome.items[0]).unwrap();
        let mut keys: Vec<_> = item["json"].as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(keys, ["details", "error", "message"]);
        assert_eq!(item["json"]["details"]["row"], 3);
        assert_eq!(item["json"]["details"]["outcome"], "refused");
        assert_eq!(item["json"]["details"]["httpStatus"], 404);
        assert_eq!(item["pairedItem"]["item"], 2);
    }

    #[test]
    fn rows_done_are_told_as_ranges() {
        assert_eq!(done_before_the_stop(&[]), "No row was done before the stop.");
        assert_eq!(done_before_the_stop(&[6, 1, 0, 2]), "Done before the stop: rows 1-3, 7.");
    }

    #[test]
    fn records_become_paired_items() {
        let outcome = Outcome::done(1, ["{}".to_owned(), r#"{"a":1}"#.to_owned()]);
        assert_eq!(outcome.items[1], r#"{"json":{"a":1},"pairedItem":{"item":1}}"#);
        assert!(!outcome.failed);
    }
}
