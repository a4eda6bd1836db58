//! What the license server says to a key, and what a key does to a group.

use serde_json::{Value, json};

use crate::digest::digest;

/// The license server's word on a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The key can be used.
    Good,
    /// The key is refused with this code; the flag tells whether the code names the field.
    Refused { code: &'static str, names_field: bool },
}

/// Keys that are refused by their first group. The codes are known; that they belong to these cases is assumed.
const REFUSED: [(&str, &str, bool); 4] = [
    ("0000", "WARNINGS.LICENSE_NOT_FOUND", true),
    ("EDIT", "WARNINGS.XAPI.INVALID_LICENSE_TYPE", true),
    ("ERPX", "WARNINGS.ERP_SERVER_ERROR", false),
    ("LIMT", "WARNINGS.LIMIT_REACHED", false),
];

/// Judges a key. Any key of the usual shape is good unless it starts with one of the groups above;
/// a key of another shape is one that the license server does not know (assumed).
pub(crate) fn judge(key: &str) -> Verdict {
    if !has_usual_shape(key) {
        return Verdict::Refused { code: "WARNINGS.LICENSE_NOT_FOUND", names_field: true };
    }
    REFUSED
        .iter()
        .find(|(start, ..)| key.starts_with(start))
        .map_or(Verdict::Good, |(_, code, names_field)| Verdict::Refused { code, names_field: *names_field })
}

/// Four groups of four capital letters or digits. Known: the shape of keys in use.
fn has_usual_shape(key: &str) -> bool {
    let group_is_usual =
        |group: &str| group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    key.split('-').count() == 4 && key.split('-').all(group_is_usual)
}

/// The properties of a group that a key decides. Assumed: which ones, and their wording.
/// Each value follows from the key alone, and the key cannot be told from it.
/// Keys that start with `FREE` are free ones.
pub(crate) fn properties(key: &str) -> [(&'static str, Value); 4] {
    let hash = digest(key.as_bytes());
    let edition = if key.starts_with("FREE") { "Free" } else { "Pro" };
    let kind = if hash & 1 == 0 { "Annual" } else { "Monthly" };
    let days_from_2027 = (hash >> 8) % 1096;
    [
        ("StartupLicense", json!(edition)),
        ("Subscription", json!(format!("StartUP {edition} {:06}", (hash >> 20) % 1_000_000))),
        ("SubscriptionType", json!(kind)),
        // The spelling is the API's own. Known.
        ("SubcriptionExpireDate", json!(format!("{}T00:00:00Z", date(2027, days_from_2027)))),
    ]
}

/// The date so many days after the first of January.
fn date(first_year: u64, days: u64) -> String {
    let (mut year, mut left) = (first_year, days);
    while left >= days_in_year(year) {
        left -= days_in_year(year);
        year += 1;
    }
    let february = days_in_year(year) - 337;
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", left + 1)
}

fn days_in_year(year: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if leap { 366 } else { 365 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(key: &str) -> Option<&'static str> {
        match judge(key) {
            Verdict::Good => None,
            Verdict::Refused { code, .. } => Some(code),
        }
    }

    #[test]
    fn keys_are_judged_by_shape_and_first_group() {
        assert_eq!(code("8SGW-AAAA-1111-ZZZZ"), None);
        assert_eq!(code("0000-AAAA-1111-ZZZZ"), Some("WARNINGS.LICENSE_NOT_FOUND"));
        assert_eq!(code("EDIT-AAAA-1111-ZZZZ"), Some("WARNINGS.XAPI.INVALID_LICENSE_TYPE"));
        assert_eq!(code("ERPX-AAAA-1111-ZZZZ"), Some("WARNINGS.ERP_SERVER_ERROR"));
        assert_eq!(code("LIMT-AAAA-1111-ZZZZ"), Some("WARNINGS.LIMIT_REACHED"));
        for key in ["", "8SGW", "8sgw-aaaa-1111-zzzz", "8SGW-AAAA-1111-ZZZ", "8SGW-AAAA-1111-ZZZZ-0"] {
            assert_eq!(code(key), Some("WARNINGS.LICENSE_NOT_FOUND"), "{key}");
        }
    }

    #[test]
    fn properties_follow_from_the_key() {
        assert_eq!(properties("8SGW-AAAA-1111-ZZZZ"), properties("8SGW-AAAA-1111-ZZZZ"));
        assert_ne!(properties("8SGW-AAAA-1111-ZZZZ"), properties("8SGW-AAAA-1111-ZZZY"));
        assert_eq!(properties("FREE-AAAA-1111-ZZZZ")[0].1, "Free");
    }

    #[test]
    fn dates_cross_months_and_leap_years() {
        assert_eq!(date(2027, 0), "2027-01-01");
        assert_eq!(date(2027, 365 + 59), "2028-02-29");
        assert_eq!(date(2027, 365 + 60), "2028-03-01");
        assert_eq!(date(2027, 365 + 366), "2029-01-01");
        assert_eq!(date(2027, 364), "2027-12-31");
    }
}
