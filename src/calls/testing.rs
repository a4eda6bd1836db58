//! Rows of a call log.

use serde_json::{Value, json};

/// A leg to the extension 101 that nobody answers, with other fields.
pub fn leg(id: &str, call: &str, start: &str, fields: Value) -> Value {
    let mut row = json!({
        "CdrId": id, "MainCallHistoryId": call, "CallHistoryId": call, "StartTime": start,
        "RingingDuration": "PT0S", "TalkingDuration": "PT0S", "Answered": false, "Status": "Unanswered",
        "Direction": "Inbound", "CallType": "Extension",
        "SourceDn": "10000", "SourceCallerId": "+49301234567", "SourceDisplayName": "Carl Caller",
        "DestinationDn": "101", "DestinationCallerId": "Ext.101", "DestinationDisplayName": "Ada Agent",
    });
    if let (Some(row), Value::Object(fields)) = (row.as_object_mut(), fields) {
        row.extend(fields);
    }
    row
}

pub fn answered(id: &str, call: &str, start: &str, fields: Value) -> Value {
    with(leg(id, call, start, fields), json!({"Answered": true, "Status": "Answered"}))
}

/// A leg in the queue 800, which picks up at once.
pub fn queue(id: &str, call: &str, start: &str, fields: Value) -> Value {
    let of_queue = json!({
        "Answered": true, "Status": "Waiting", "Direction": "Inbound Queue", "CallType": "Queue",
        "DestinationDn": "800", "DestinationDisplayName": "Sales",
    });
    with(leg(id, call, start, fields), of_queue)
}

fn with(mut row: Value, fields: Value) -> Value {
    if let (Some(row), Value::Object(fields)) = (row.as_object_mut(), fields) {
        row.extend(fields);
    }
    row
}
