//! License keys in bodies: as safe as where groups are given theirs.

use serde_json::{Map, Value};

use super::meant::is_blank;
use crate::definition::{Operation, Shape};
use crate::n8n::outcome::Report;
use crate::replace::row::key_alone;
use crate::rows::Cell;

const KEY: &str = "licenseKey";

/// Whether a body has one.
pub(super) fn takes_key(operation: &Operation) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::operation;
    use crate::operation::body;
    use crate::operation::columns::Columns;
    use crate::operation::parameters::Parameters;
    use crate::rows::testing::given;
    use crate::xapi::request::Payload;
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
