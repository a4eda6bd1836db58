//! How the PBX is asked for its call log.

use serde_json::{Map, Value, json};

use super::moment::{Moment, iso, real_moment};

/// The operation that gives it, by resource and name.
pub const OPERATION: (&str, &str) = ("Report Call Log Data", "Get Call Log Data");

/// The operation that tells when the last call began: it answers at once.
pub const LAST: (&str, &str) = ("Last Cdr And Chat Message Timestamp", "List Last Cdr And Chat Message Timestamp");

/// When the last call began, where its answer tells.
pub fn last_began(rows: &[Value]) -> Option<Moment> {
    rows.iter().filter_map(|row| real_moment(row["LastCdrStartedAt"].as_str()?)).max()
}

/// The call log's arguments for legs that started within a period: all of them, without the PBX's own for parking and pick-up.
pub fn arguments(from: Moment, to: Moment) -> Map<String, Value> {
    let arguments = json!({
        "periodFrom": iso(from), "periodTo": iso(to), "sourceType": 0, "sourceFilter": "", "destinationType": 0,
        "destinationFilter": "", "callsType": 0, "callTimeFilterType": 0, "callTimeFilterFrom": "0:00:0",
        "callTimeFilterTo": "0:00:0", "hidePcalls": true,
    });
    if let Value::Object(arguments) = arguments { arguments } else { Map::new() }
}
