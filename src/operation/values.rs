//! Values that people give, as the API wants them.

use serde_json::{Number, Value};
use time::{Date, Month};

use super::meant;
use crate::definition::{Field, ValueKind};
use crate::redaction;
use crate::rows::json::{self, shown};
use crate::rows::text::{self, is_digits};
use crate::rows::value::{self, Expected, FaultKind};

/// Fields with one number, of which a spreadsheet may have made another one, or a line break two.
const DIALED: [&str; 5] = ["CallerId", "Mobile", "Number", "destination", "dn"];

/// A value for a field of a body, or what is wrong with it. Null is the caller's to handle.
pub(super) fn convert(field: &Field, value: Value) -> Result<Value, FaultKind> {
    if field.flags.is_list() { list(field, value) } else { single(field, value) }
}

/// A converted value as it is written into a record: text without what surrounds it and cannot be seen, a secret as it is.
/// What a formula or an expression gives in place of a value is refused.
pub(super) fn tidy(field: &Field, value: Value) -> Result<Value, FaultKind> {
    match value {
        Value::Array(entries) => entries.into_iter().map(|entry| tidy(field, entry)).collect(),
        Value::String(raw) if matches!(field.kind, ValueKind::Text) => {
            let trimmed = text::trimmed(&raw);
            if text::stands_for_none(trimmed) {
                return Err(not(field, Expected::Value, trimmed));
            }
            if trimmed.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
                return Err(FaultKind::ControlCharacter);
            }
            if DIALED.contains(&field.name()) {
                if text::is_rounded(trimmed) {
                    return Err(FaultKind::NotExact(trimmed.to_owned()));
                }
                if trimmed.contains(char::is_control) {
                    return Err(FaultKind::ControlCharacter);
                }
            }
            Ok(if field.flags.is_secret() { raw.into() } else { trimmed.into() })
        }
        other => Ok(other),
    }
}

/// Whether commas in a cell may be part of its values: `1,234` may be a thousand, and a name may have one.
pub(super) fn is_unclear(field: &Field, text: &str) -> bool {
    let is_one = !field.flags.is_list() || text.trim_start().starts_with('[');
    let is_thousands = |part: &str| {
        let mut groups = part.trim().split(',');
        // With three digits in front it would be 100,000 or more, which no ID and no number of seconds is.
        let is_begun = groups.next().is_some_and(|first| first.len() <= 2 && is_digits(first));
        let mut rest = groups.peekable();
        is_begun && rest.peek().is_some() && rest.all(|group| group.len() == 3 && is_digits(group))
    };
    !is_one
        && match field.kind {
            ValueKind::Text => {
                text.contains(',') && (is_thousands(text) || !text.split(',').map(str::trim).all(is_digits))
            }
            ValueKind::Int32 | ValueKind::Int64 => text.split([';', '\n', '\r']).any(is_thousands),
            _ => false,
        }
}

fn list(field: &Field, value: Value) -> Result<Value, FaultKind> {
    let entries = match value {
        Value::Array(entries) => entries,
        Value::String(text) if text.trim_start().starts_with('[') => match json::parse(&text) {
            Ok(Value::Array(entries)) => entries,
            _ => return Err(not(field, Expected::JsonList, &text)),
        },
        // A cell of a spreadsheet: scalars with commas between, semicolons or line breaks.
        Value::String(text) if !matches!(field.kind, ValueKind::Object(_)) => {
            text.split([',', ';', '\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).map(Value::from).collect()
        }
        Value::String(text) => match json::parse(&text) {
            Ok(Value::Object(entry)) => vec![entry.into()],
            _ => return Err(not(field, Expected::JsonList, &text)),
        },
        other => vec![other],
    };
    entries.into_iter().map(|entry| single(field, entry)).collect()
}

fn single(field: &Field, value: Value) -> Result<Value, FaultKind> {
    if let Some(fault) = meant::inexact(&value) {
        return Err(fault);
    }
    let expected = |what: Expected| Err(not(field, what, &shown(&value)));
    let text = match &value {
        Value::String(text) => Some(text.trim()),
        _ => None,
    };
    match field.kind {
        ValueKind::Text => {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => plain(&number),
                Value::Bool(flag) => flag.to_string(),
                _ => return expected(Expected::Text),
            };
            if redaction::is_mask(&text) {
                return Err(FaultKind::Mask);
            }
            let length = text.chars().count();
            if field.max_length > 0 && length > field.max_length as usize {
                return Err(Expected::AtMost { characters: field.max_length as usize, found: length }.fault());
            }
            Ok(text.into())
        }
        ValueKind::Int32 => integer(&value, i64::from(i32::MIN), i64::from(i32::MAX))
            .map_or_else(|| expected(Expected::Whole), |number| Ok(number.into())),
        ValueKind::Uint8 => {
            integer(&value, 0, 255).map_or_else(|| expected(Expected::Byte), |number| Ok(number.into()))
        }
        ValueKind::Int64 => {
            integer(&value, i64::MIN, i64::MAX).map_or_else(|| expected(Expected::Whole), |number| Ok(number.into()))
        }
        ValueKind::Double => {
            let number = value.as_f64().or_else(|| text?.parse().ok());
            let number = number.filter(|number| value::exact(*number).is_some()).and_then(Number::from_f64);
            number.map_or_else(|| expected(Expected::Number), |number| Ok(number.into()))
        }
        ValueKind::Boolean => boolean(&value).map_or_else(|| expected(Expected::TrueOrFalse), |flag| Ok(flag.into())),
        ValueKind::DateTime => {
            text.and_then(date_time).map_or_else(|| expected(Expected::DateTime), |at| Ok(at.into()))
        }
        ValueKind::Date => match text {
            Some(text) if date_time(text).is_some() => Ok(text[..10].into()),
            _ => expected(Expected::Date),
        },
        ValueKind::Time => text.and_then(time_of_day).map_or_else(|| expected(Expected::Time), |time| Ok(time.into())),
        ValueKind::Duration => {
            text.and_then(duration).map_or_else(|| expected(Expected::Duration), |time| Ok(time.into()))
        }
        ValueKind::Uuid => match text {
            Some(text) if is_uuid(text) => Ok(text.into()),
            _ => expected(Expected::Uuid),
        },
        ValueKind::Enum(members) => {
            let wanted = text.unwrap_or_default();
            match members.iter().find(|member| member.eq_ignore_ascii_case(wanted)) {
                Some(member) => Ok((*member).into()),
                None => expected(Expected::OneOf(members.to_vec())),
            }
        }
        ValueKind::Object(_) => match &value {
            Value::Object(_) => Ok(value),
            Value::String(text) => match json::parse(text) {
                Ok(object @ Value::Object(_)) => meant::inexact(&object).map_or(Ok(object), Err),
                _ => expected(Expected::JsonObject),
            },
            _ => expected(Expected::JsonObject),
        },
    }
}

/// A number as a person would write it: 101, not 101.0.
fn plain(number: &Number) -> String {
    let text = || number.as_f64().and_then(value::exact);
    number.is_f64().then(text).flatten().unwrap_or_else(|| number.to_string())
}

/// What a secret holds in place of what is expected is not shown.
fn not(field: &Field, expected: Expected, found: &str) -> FaultKind {
    if field.flags.is_secret() { expected.fault() } else { expected.fault_of(found) }
}

fn integer(value: &Value, least: i64, most: i64) -> Option<i64> {
    let whole = |number: f64| (number.fract() == 0.0 && value::exact(number).is_some()).then_some(number as i64);
    let number = match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| (least..=most).contains(number))
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) if number.as_i64() == Some(1) => Some(true),
        Value::Number(number) if number.as_i64() == Some(0) => Some(false),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" | "1" | "on" => Some(true),
            "false" | "no" | "n" | "0" | "off" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// With a `T` between, seconds, and an offset: what has none is taken as UTC.
fn date_time(text: &str) -> Option<String> {
    let date = text.get(..10).filter(|date| is_date(date))?;
    let rest = &text[10..];
    if rest.is_empty() {
        return Some(format!("{date}T00:00:00Z"));
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let offset_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, offset) = rest.split_at(offset_at);
    let is_offset = |text: &str| {
        let digits = text.strip_prefix(['+', '-']).unwrap_or_default();
        is_like(digits, "00:00") && time_of_day(digits).is_some() && digits <= "14:00"
    };
    let offset = match offset {
        "" | "Z" | "z" => "Z",
        other if is_offset(other) => other,
        _ => return None,
    };
    Some(format!("{date}T{}{offset}", time_of_day(clock)?))
}

/// With hours of two digits and seconds.
fn time_of_day(text: &str) -> Option<String> {
    let padded = if text.find(':') == Some(1) { format!("0{text}") } else { text.to_owned() };
    let (clock, fraction) = padded.split_once('.').map_or((padded.as_str(), None), |(clock, rest)| (clock, Some(rest)));
    let full = match clock.len() {
        5 => format!("{clock}:00"),
        _ => clock.to_owned(),
    };
    let below =
        |range: std::ops::Range<usize>, most: u32| full.get(range)?.parse::<u32>().ok().filter(|part| *part < most);
    if !is_like(&full, "00:00:00") {
        return None;
    }
    below(0..2, 24)?;
    below(3..5, 60)?;
    below(6..8, 60)?;
    match fraction {
        None => Some(full),
        Some(digits) if (1..=12).contains(&digits.len()) && is_digits(digits) => Some(format!("{full}.{digits}")),
        Some(_) => None,
    }
}

/// ISO 8601, or hours, minutes and seconds.
fn duration(text: &str) -> Option<String> {
    let (sign, body) = text.strip_prefix('-').map_or(("", text), |body| ("-", body));
    if let Some(parts) = body.strip_prefix('P') {
        let (days, time) = parts.split_once('T').map_or((parts, None), |(days, time)| (days, Some(time)));
        let is_fine = !parts.is_empty()
            && has_units(days, "D")
            && time.is_none_or(|time| !time.is_empty() && has_units(time, "HMS"));
        return is_fine.then(|| text.to_owned());
    }
    let mut parts = body.split(':').map(|part| part.parse::<u32>().ok());
    match (parts.next()?, parts.next()?, parts.next().unwrap_or(Some(0)), parts.next()) {
        (Some(hours), Some(minutes @ 0..60), Some(seconds @ 0..60), None) => {
            Some(format!("{sign}PT{hours}H{minutes}M{seconds}S"))
        }
        _ => None,
    }
}

/// Whether it is numbers with a unit each, which stand in this order. Seconds may have a fraction.
fn has_units(text: &str, units: &str) -> bool {
    let mut units = units.chars();
    text.split_inclusive(|c: char| c.is_ascii_uppercase()).all(|part| {
        let number = part.trim_end_matches(|c: char| c.is_ascii_uppercase());
        let (whole, fraction) = number.split_once('.').map_or((number, None), |(whole, rest)| (whole, Some(rest)));
        let is_fine = is_digits(whole) && fraction.is_none_or(|digits| part.ends_with('S') && is_digits(digits));
        is_fine && units.any(|unit| part.ends_with(unit))
    })
}

/// Whether the calendar has this day.
fn is_date(text: &str) -> bool {
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<u16>().ok();
    let date = || {
        let month = Month::try_from(u8::try_from(part(5..7)?).ok()?).ok()?;
        Date::from_calendar_date(part(0..4)?.into(), month, u8::try_from(part(8..10)?).ok()?).ok()
    };
    is_like(text, "0000-00-00") && date().is_some()
}

fn is_uuid(text: &str) -> bool {
    let pattern = "00000000-0000-0000-0000-000000000000";
    text.len() == pattern.len()
        && text
            .bytes()
            .zip(pattern.bytes())
            .all(|(byte, like)| if like == b'-' { byte == b'-' } else { byte.is_ascii_hexdigit() })
}

/// Whether digits stand where the pattern has a 0, and its other characters where it has them.
fn is_like(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text
            .bytes()
            .zip(pattern.bytes())
            .all(|(byte, like)| if like == b'0' { byte.is_ascii_digit() } else { byte == like })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::OPERATIONS;
    use proptest::prelude::*;
    use serde_json::json;

    fn field(resource: &str, operation: &str, name: &str) -> &'static Field {
        let operation = crate::definition::operation(resource, operation).unwrap();
        let mut fields = operation.parameters.iter().chain(operation.body.fields());
        fields.find(|field| field.name() == name).unwrap()
    }

    #[test]
    fn values_are_given_the_form_that_3cx_wants() {
        let user = |name: &str| field("Users", "Update User", name);
        let trunk = |name: &str| field("Trunks", "Update Trunk", name);
        let holiday = |name: &str| field("Holidays", "Create Holiday", name);
        let from = field("Report Call Log Data", "Get Call Log Data", "periodFrom");
        for (field, value, expected) in [
            (user("FirstName"), json!("Ann "), json!("Ann ")),
            (user("Number"), json!(101), json!("101")),
            (user("Number"), json!(101.0), json!("101")),
            (user("Number"), json!(1.5), json!("1.5")),
            (user("Number"), json!("0101.0"), json!("0101.0")),
            (user("Enabled"), json!("yes"), json!(true)),
            (user("Enabled"), json!(0), json!(false)),
            (user("Id"), json!(" 12 "), json!(12)),
            (user("Id"), json!(12.0), json!(12)),
            (user("Tags"), json!("[]"), json!([])),
            (trunk("DidNumbers"), json!("*12, *34 ;*56\r\n*78\n"), json!(["*12", "*34", "*56", "*78"])),
            (trunk("DidNumbers"), json!("*1 2"), json!(["*1 2"])),
            (trunk("DidNumbers"), json!("[\"*12; *34\"]"), json!(["*12; *34"])),
            (trunk("DidNumbers"), json!(["*12; *34"]), json!(["*12; *34"])),
            (user("Groups"), json!("[{\"GroupId\":28}]"), json!([{"GroupId":28}])),
            (user("Groups"), json!({"GroupId":28}), json!([{"GroupId":28}])),
            (holiday("Day"), json!("24"), json!(24)),
            (holiday("TimeOfEndDate"), json!("13:30"), json!("PT13H30M0S")),
            (holiday("TimeOfEndDate"), json!("P0D"), json!("P0D")),
            (holiday("TimeOfEndDate"), json!("-1:30"), json!("-PT1H30M0S")),
            (from, json!("2026-01-31"), json!("2026-01-31T00:00:00Z")),
            (from, json!("2028-02-29"), json!("2028-02-29T00:00:00Z")),
            (from, json!("2026-01-31 9:05"), json!("2026-01-31T09:05:00Z")),
            (from, json!("2026-01-31T09:05:00.000+02:00"), json!("2026-01-31T09:05:00.000+02:00")),
        ] {
            assert_eq!(convert(field, value.clone()), Ok(expected), "{} {value}", field.name());
        }
    }

    #[test]
    fn what_does_not_fit_is_named_unless_it_is_secret() {
        let user = |name: &str| field("Users", "Update User", name);
        for (field, value, found) in [
            (user("Id"), json!("12a"), Some("12a")),
            (user("Id"), json!(99999999999u64), Some("99999999999")),
            (user("Enabled"), json!("perhaps"), Some("perhaps")),
            (user("AuthPassword"), json!(["x"]), None),
            (field("Backups", "Restore", "password"), json!(["x"]), None),
            (field("License Status", "Replace License Key", "licenseKey"), json!(["x"]), None),
            (field("Microsoft 365 Integration", "Authorize Presence", "accessToken"), json!({"x": 1}), None),
            (field("Holidays", "Create Holiday", "Day"), json!(256), Some("256")),
            (field("Sbcs", "Create Sbc", "Name"), json!("thirteen char"), None),
            (field("Report Call Log Data", "Get Call Log Data", "periodFrom"), json!("31.01.2026"), Some("31.01.2026")),
            (field("Report Call Log Data", "Get Call Log Data", "periodFrom"), json!("2026-13-01"), Some("2026-13-01")),
            (field("Report Call Log Data", "Get Call Log Data", "periodFrom"), json!("2026-02-30"), Some("2026-02-30")),
            (field("Report Call Log Data", "Get Call Log Data", "periodFrom"), json!("2026-02-29"), Some("2026-02-29")),
            (
                field("Report Call Log Data", "Get Call Log Data", "periodFrom"),
                json!("2026-01-31T09:00+14:30"),
                Some("2026-01-31T09:00+14:30"),
            ),
        ] {
            match convert(field, value.clone()) {
                Err(FaultKind::NotFitting { found: named, .. }) => assert_eq!(named.as_deref(), found, "{value}"),
                other => panic!("{value} gave {other:?}"),
            }
        }
    }

    #[test]
    fn a_duration_is_one_that_a_clock_could_show() {
        for fine in ["PT13H45M", "P1DT0.5S", "-P2D", "PT90M", "36:00", "0:59:59"] {
            assert!(duration(fine).is_some(), "{fine}");
        }
        for odd in [
            "13:75", "13:00:60", "P", "PD", "PT", "PT5", "P5", "P1DT", "PT1M1H", "PT1.5H", "PT.5S", "PT1.S", "P1H",
            "PTT1H", "PT1HH",
        ] {
            assert_eq!(duration(odd), None, "{odd}");
        }
    }

    fn kinds() -> impl Strategy<Value = ValueKind> {
        use ValueKind::*;
        prop::sample::select(vec![Text, Int32, Int64, Uint8, Double, Boolean, DateTime, Date, Time, Duration, Uuid])
    }

    proptest! {
        #[test]
        fn what_was_given_its_form_keeps_it(
            kind in kinds(),
            text in prop_oneof![
                "[-+]?[0-9]{1,3}([.:][0-9]{1,2}){0,3}",
                "20[0-9]{2}-[01][0-9]-[0-3][0-9]([T ][0-2]?[0-9]:[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,3})?)?(Z|[-+]0[0-9]:00)?)?",
                "-?P(T?[0-9]{1,3}[DHMS]){1,3}",
                "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
                ".*",
            ],
        ) {
            let field = Field::of_kind(kind);
            if let Ok(once) = convert(&field, json!(text)) {
                prop_assert_eq!(convert(&field, once.clone()), Ok(once.clone()));
                let is_negative = |text: &str| text.trim().starts_with('-') && text.contains(|c| ('1'..='9').contains(&c));
                prop_assert_eq!(is_negative(&shown(&once)), is_negative(&text));
            }
        }

        #[test]
        fn no_value_makes_it_panic(text in ".*", number in any::<f64>(), pick in any::<prop::sample::Index>()) {
            let operation = &OPERATIONS[pick.index(OPERATIONS.len())];
            for field in operation.parameters.iter().chain(operation.body.fields()) {
                for value in [json!(text), json!(number), json!([text]), json!({"x": text})] {
                    let _ = convert(field, value);
                }
            }
        }
    }
}
