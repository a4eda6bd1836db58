//! License keys in bodies: as safe as where groups are given theirs.

use serde_json::{Map, Value};

use super::body;
use super::columns::Columns;
use super::meant::is_blank;
use super::parameters::Parameters;
use crate::definition::{Kind, Operation, Shape};
use crate::n8n::outcome::Report;
use crate::replace::row::key_alone;
use crate::rows::{Cell, Rows};
use crate::xapi::error::Failure;
use crate::xapi::request::Payload;

const KEY: &str = "licenseKey";

fn takes_key(operation: &Operation) -> bool {
    matches!(operation.body, Shape::Fields(fields) if fields.iter().any(|field| field.name() == KEY))
}

/// Cleans the key of a body, or refuses what would take the place of a good one. A blank is the caller's to handle.
pub(super) fn clean(operation: &Operation, body: &mut Map<String, Value>) -> Result<(), Box<Report>> {
    let Some(key) = body.get_mut(KEY).filter(|key| takes_key(operation) && !is_blank(key)) else { return Ok(()) };
    let cell = match key.take() {
        Value::String(text) => Cell::Text(text),
        Value::Number(number) => number.as_f64().map_or(Cell::Empty, Cell::Number),
        other => Cell::Json(other.to_string()),
    };
    *key = key_alone(Ok(cell)).map_err(|fault| fault.report())?.into();
    Ok(())
}

/// Sees, a few rows at a time, that what there is one of does not get several keys, nor one several times.
#[derive(Debug, Default)]
pub(super) struct OneRow {
    next_row: usize,
    first: Option<usize>,
    columns: Columns,
}

impl OneRow {
    /// For an operation whose key is for what there is one of.
    pub(super) fn of(operation: &Operation) -> Option<Self> {
        (operation.kind == Kind::Generic && takes_key(operation)).then(Self::default)
    }

    /// Whether that is so, once `most` further rows or all have been looked at.
    pub(super) fn go_on(
        &mut self,
        operation: &Operation,
        rows: &mut dyn Rows,
        most: usize,
    ) -> Option<Result<(), Failure>> {
        let end = rows.len().min(self.next_row + most);
        for row in self.next_row..end {
            // What cannot be sent fails by itself.
            let Ok((Payload::Json(_), _)) = body::of_row(operation, &mut Parameters { rows, row }, &mut self.columns)
            else {
                continue;
            };
            if let Some(first) = self.first.replace(row) {
                return Some(Err(Failure::SeveralKeys { rows: (first, row) }));
            }
        }
        self.next_row = end;
        (end == rows.len()).then_some(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::operation;
    use crate::rows::testing::given;
    use serde_json::json;

    /// What is sent, or why nothing is.
    fn sent(parameters: &Value) -> String {
        let mut rows = given(parameters);
        let mut form = Parameters { rows: &mut rows, row: 0 };
        match body::of_row(
            operation("License Status", "Replace License Key").unwrap(),
            &mut form,
            &mut Columns::default(),
        ) {
            Ok((Payload::Json(body), _)) => body,
            Ok(_) => "nothing".to_owned(),
            Err(report) => format!("{} {}", report.code, report.error),
        }
    }

    fn ways(key: &Value) -> [Value; 2] {
        [json!({"fields": {"licenseKey": key}}), json!({"bodyFrom": "json", "body": {"licenseKey": key}})]
    }

    #[test]
    fn the_pbxs_own_key_is_cleaned() {
        for key in ["ABCD-EFGH-IJKL-MNOP", " ABCD\u{2013}EFGH\u{2011}IJKL-\u{200b}MNOP\u{a0}"] {
            for way in ways(&key.into()) {
                assert_eq!(sent(&way), r#"{"licenseKey":"ABCD-EFGH-IJKL-MNOP"}"#, "{way}");
            }
        }
    }

    #[test]
    fn what_is_no_key_never_takes_the_place_of_the_pbxs_own() {
        for (key, code) in [
            (json!("#REF!"), "NOT_FITTING"),
            (json!("tbd"), "NOT_FITTING"),
            (json!("-"), "NOT_FITTING"),
            (json!("\u{2013}"), "NOT_FITTING"),
            (json!("'ABCD-EFGH-IJKL-MNOP"), "NOT_FITTING"),
            (json!("\"ABCD-EFGH-IJKL-MNOP\""), "NOT_FITTING"),
            (json!("=A2"), "NOT_FITTING"),
            (json!(true), "NOT_"),
            (json!("ABCD-EFGH\nIJKL-MNOP"), "CONTROL_CHARACTER"),
            (json!("x".repeat(2000)), "TOO_LONG"),
            (json!("GRP0001"), "MISPLACED_LICENSE_KEY"),
            (json!(28), "MISPLACED_LICENSE_KEY"),
            (json!({"x": "y"}), "NOT_"),
            (json!(["ABCD-EFGH-IJKL-MNOP"]), "NOT_"),
            (json!("****-****-****-MNOP"), "MASKED_VALUE"),
            (json!("\u{a0}"), "EMPTY_CELL"),
            (json!(null), ""),
        ] {
            for way in ways(&key) {
                let told = sent(&way);
                assert!(told.starts_with(code) && !told.contains("{\"licenseKey"), "{way}: {told}");
                assert!(!told.contains("ABCD"), "{told}");
            }
        }
    }
}
