//! What became of a row.

use std::fmt;

use call_engine::{Delivery, Stage, Work};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::secret::LicenseKey;
use crate::xapi::error::Failure;
use crate::xapi::protocol::Stop;

/// What became of a row: the output items it gives, as JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Counted from 0.
    pub row: usize,
    pub stage: Stage,
    pub failed: bool,
    pub work: Work,
    /// Whether it was sent, and nobody knows what became of it.
    pub unknown: bool,
    pub items: Vec<String>,
    /// The binary field of the row's item, and the host's name for the file that belongs in it.
    pub file: Option<(String, u32)>,
    /// Whether the row's own columns go along with its item: all but this key.
    pub keeps_columns: Option<LicenseKey>,
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

/// How the end of a run leaves a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    NotSent,
    /// A list of which some pages came.
    PartlyRead,
}

impl fmt::Display for Left {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotSent => "Not sent",
            Self::PartlyRead => "Not read to its end",
        })
    }
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

/// Where a failed row has the records that came before it failed.
pub const RECORDS: &str = "records";

/// How many of those left out are told in one sentence.
const MOST_REASONS: usize = 5;

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

    /// The row may have been carried out: running it again unchecked could do it twice.
    pub fn unknown(failure: &Failure) -> Self {
        Self::of(failure, Certainty::Unknown).of_unknown()
    }

    /// The same where it may have been carried out.
    #[must_use]
    pub fn of_unknown(mut self) -> Self {
        self.error.push_str("; whether it was carried out is not known");
        self.advice = "Look in 3CX whether it was done before you run this row again.".to_owned();
        Self { certainty: Certainty::Unknown, ..self }
    }

    /// A number that stands for no entry of this kind, or for several.
    pub fn not_one(found: usize, kind: &str, number: &str) -> Self {
        let error = match found {
            0 => format!("3CX has no {kind} with the number {number} (404)"),
            _ => format!("3CX has several entries of {kind} with the number {number}"),
        };
        let advice = "Check it against 3CX Admin, or choose the entry from the list.".to_owned();
        Self { error, advice, ..Self::of(&Failure::NotFound, Certainty::Refused) }
    }

    /// 3CX did it, but not for all that were named: names and reasons of those left out, and its words for each.
    pub fn partly_done(left_out: &[(String, Option<String>)], told: Vec<Value>) -> Self {
        let reason =
            |(name, why): &(String, Option<String>)| format!("{name}: {}", why.as_deref().unwrap_or("no reason given"));
        let reasons: Vec<_> = left_out.iter().take(MOST_REASONS).map(reason).collect();
        Self {
            error: format!("3CX did not do it for {} of those named ({})", left_out.len(), reasons.join("; ")),
            advice: "The others are done. Correct those that are named under details and run them again.".to_owned(),
            certainty: Certainty::Unknown,
            code: "PARTLY_DONE".to_owned(),
            status: Some(200),
            details: Map::from_iter([("failures".to_owned(), told.into())]),
        }
    }

    /// 3CX took a call on, and says in these words that it did not come about.
    pub fn no_call(words: &[&str]) -> Self {
        Self {
            error: format!("3CX says that the call did not come about ({})", words.join("; ")),
            advice:
                "Check whether the extension has a phone that is registered, and whether an outbound rule takes the \
                     destination as it is written."
                    .to_owned(),
            certainty: Certainty::Refused,
            code: "NO_CALL".to_owned(),
            status: Some(200),
            details: Map::new(),
        }
    }

    /// An extension from which no call can be made.
    pub fn no_phone() -> Self {
        Self {
            error: "3CX knows no such extension, or none of its phones is registered (404)".to_owned(),
            advice: "Check DN, and in 3CX Admin whether the extension has a phone or app that is online.".to_owned(),
            ..Self::of(&Failure::NotFound, Certainty::Refused)
        }
    }

    /// The same with what came before it.
    #[must_use]
    pub fn after_records(self, records: Vec<Value>) -> Self {
        let mut report = self.after(records.len());
        report.details.insert(RECORDS.to_owned(), records.into());
        report
    }

    /// The same where so many records were handed over before it.
    #[must_use]
    pub fn after(mut self, records: usize) -> Self {
        if records > 0 {
            self.error.push_str(&format!("; {records} records came before"));
        }
        self
    }

    /// The same where it keeps all rows from being sent; `row`, counted from 0, is where it was found.
    #[must_use]
    pub fn before_all(mut self, row: Option<usize>) -> Self {
        let found = row.map_or(String::new(), |row| format!(" (row {})", row + 1));
        self.error = format!("Nothing was sent: {}{found}", self.error);
        self
    }

    /// Where a dry run found it, it says so: it is what is wrong with the row, and ends nothing.
    #[must_use]
    pub fn in_dry_run(mut self, is_dry_run: bool) -> Self {
        if is_dry_run {
            self.details.insert("dryRun".to_owned(), true.into());
        }
        self
    }

    /// The run ended before, which left the row like this.
    pub fn ended(left: Left, why: &Stop) -> Self {
        let stopped =
            |why: &str| Self { error: format!("{left}: {why}"), ..Self::of(&Failure::Stopped, Certainty::Skipped) };
        match why {
            Stop::Failure(failure) => {
                Self { error: format!("{left}: {failure}"), ..Self::of(failure, Certainty::NotSent) }
            }
            Stop::RowFailed(first) => stopped(&format!("the run stopped at row {}", first + 1)),
            Stop::Cancelled => stopped("the run was canceled"),
            Stop::Deadline => stopped("the time for the run was over"),
        }
    }
}

impl Outcome {
    /// A row that gave these records, each a JSON text.
    pub fn done(row: usize, records: impl IntoIterator<Item = String>) -> Self {
        let items = records.into_iter().map(|record| item(row, &record)).collect();
        Self {
            row,
            stage: Stage::Only,
            failed: false,
            work: Work::Done,
            unknown: false,
            items,
            file: None,
            keeps_columns: None,
        }
    }

    #[must_use]
    pub fn at(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }

    #[must_use]
    pub fn with_work(self, work: Work) -> Self {
        Self { work, ..self }
    }

    #[must_use]
    pub fn with_columns_but(self, key: LicenseKey) -> Self {
        Self { keeps_columns: Some(key), ..self }
    }

    #[must_use]
    pub fn with_file(mut self, field: String, file: u32) -> Self {
        self.file = Some((field, file));
        self
    }

    /// A row that was not tried because the run ended before it.
    pub fn skipped(row: usize, why: &Stop) -> Self {
        Self::failed(row, Report::ended(Left::NotSent, why))
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
        let unknown = report.certainty == Certainty::Unknown;
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
        Self { failed: true, unknown, ..Self::done(row, [json]) }
    }
}

fn item(row: usize, json: &str) -> String {
    format!(r#"{{"json":{json},"pairedItem":{{"item":{row}}}}}"#)
}

impl call_engine::Outcome for Outcome {
    fn row(&self) -> usize {
        self.row
    }

    fn failed(&self) -> bool {
        self.failed
    }

    fn is_unknown(&self) -> bool {
        self.unknown
    }

    fn stage(&self) -> Stage {
        self.stage
    }

    fn work(&self) -> Work {
        self.work
    }
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
    fn records_become_paired_items() {
        let outcome = Outcome::done(1, ["{}".to_owned(), r#"{"a":1}"#.to_owned()]);
        assert_eq!(outcome.items[1], r#"{"json":{"a":1},"pairedItem":{"item":1}}"#);
        assert!(!outcome.failed);
    }
}
