//! How the PBX is asked for its call log.

use serde_json::{Map, Value, json};

use super::moment::{DAY, HOUR, MINUTE, Moment, iso, real_moment};

/// The operation that gives it, by resource and name.
pub const OPERATION: (&str, &str) = ("Report Call Log Data", "Get Call Log Data");

/// The operation that tells when the last call began: it answers at once.
pub const LAST: (&str, &str) = ("Last Cdr And Chat Message Timestamp", "List Last Cdr And Chat Message Timestamp");

/// The PBX's clock may be so far behind, or ahead.
pub const SKEW: Moment = HOUR;

/// When the last call began, where its answer tells.
pub fn last_began(rows: &[Value]) -> Option<Moment> {
    rows.iter().filter_map(|row| real_moment(row["LastCdrStartedAt"].as_str()?)).max()
}

/// No call goes on for longer.
pub const LONGEST: Moment = 2 * DAY;

/// The time up to the last call in which the log has one, unless it is kept back: that one may go on and have no leg yet, but
/// a PBX that is not new has had others.
pub fn up_to(last: Moment) -> (Moment, Moment) {
    (last - 30 * DAY, last + MINUTE)
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
