//! Values of every type, the same ones each time. Assumed: all of them.

use serde_json::{Map, Value, json};
use threecx_definition::{Scalar, ValueType};

use crate::catalogue::{self, Field};

/// Objects within objects end here: types may hold themselves.
const DEPTH: usize = 3;

/// A record of a type, the `number`th of its kind.
pub(crate) fn record(of: &str, number: usize) -> Map<String, Value> {
    fields(of, number, 0)
}

fn fields(of: &str, number: usize, depth: usize) -> Map<String, Value> {
    let fields = catalogue::fields(of).iter();
    fields.map(|field| (field.name.clone(), value(field, number, depth))).collect()
}

fn value(field: &Field, number: usize, depth: usize) -> Value {
    if field.list {
        let is_deep = field.navigation || depth + 1 >= DEPTH;
        return if is_deep { json!([]) } else { json!([plain(&field.of, &field.name, number, depth + 1)]) };
    }
    plain(&field.of, &field.name, number, depth)
}

/// One value of a type.
pub(crate) fn plain(of: &ValueType, name: &str, number: usize, depth: usize) -> Value {
    match of {
        ValueType::Scalar(scalar) => scalar_value(*scalar, name, number),
        ValueType::Named(of) => match catalogue::members(of) {
            Some(members) => members.get(number % members.len().max(1)).map_or(Value::Null, |one| one.as_str().into()),
            None if depth >= DEPTH => Value::Null,
            None => fields(of, number, depth + 1).into(),
        },
    }
}

fn scalar_value(scalar: Scalar, name: &str, number: usize) -> Value {
    match scalar {
        // Results of calls that went well.
        Scalar::String if name == "Error" => Value::Null,
        Scalar::String => text(name, number).into(),
        Scalar::Int32 | Scalar::Uint8 => (number + 1).into(),
        Scalar::Int64 => (number as u64 * 1000 + 1).into(),
        Scalar::Double => json!(number as f64 + 0.5),
        Scalar::Boolean => number.is_multiple_of(2).into(),
        Scalar::DateTime => format!("2026-11-{:02}T{:02}:30:00Z", 1 + number % 28, 8 + number % 10).into(),
        Scalar::Date => format!("2026-11-{:02}", 1 + number % 28).into(),
        Scalar::Time => format!("{:02}:00:00.0000000", 8 + number % 10).into(),
        Scalar::Duration => format!("PT{}M{}S", number % 60, number % 7).into(),
        Scalar::Uuid => format!("00000000-0000-4000-8000-{number:012}").into(),
    }
}

const FIRST_NAMES: [&str; 10] = ["Ada", "Björn", "Chloé", "Dmitri", "Eoin", "Fatima", "Grace", "Hiro", "Inès", "João"];
const LAST_NAMES: [&str; 8] = ["O'Brien", "Müller", "Smith", "Nowak", "Rossi", "Tanaka", "García", "Lind"];

fn text(name: &str, number: usize) -> String {
    let first = FIRST_NAMES[number % FIRST_NAMES.len()];
    let last = LAST_NAMES[number % LAST_NAMES.len()];
    match name {
        "Number" | "DN" | "dn" => (100 + number).to_string(),
        "FirstName" => first.to_owned(),
        "LastName" => last.to_owned(),
        "DisplayName" | "ContactName" => format!("{first} {last}"),
        "CompanyName" => format!("{last} & Co"),
        "EmailAddress" | "Email" | "EMail" => format!("user{}@example.com", 100 + number),
        "Mobile" | "PhoneNumber" | "Business" | "CallerId" => format!("+4930{:06}", 1000 + number),
        "MacAddress" | "MAC" => format!("0015650000{number:02x}"),
        "FileName" | "Filename" => format!("file-{number}.wav"),
        "IPAddrMask" => format!("192.0.2.{}", number % 250 + 1),
        "Name" => format!("Name {}", number + 1),
        _ => format!("{name} {}", number + 1),
    }
}

/// A comma-separated file of records: the fields that are neither lists nor objects.
pub(crate) fn csv(of: &str, count: usize) -> String {
    let is_plain = |field: &&Field| !field.list && catalogue::fields(field.of.as_str()).is_empty();
    let plain_fields: Vec<&Field> = catalogue::fields(of).iter().filter(is_plain).collect();
    let quoted = |text: String| {
        if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    let mut csv = plain_fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>().join(",") + "\r\n";
    for number in 0..count {
        let line = plain_fields.iter().map(|field| match plain(&field.of, &field.name, number, 0) {
            Value::String(text) => quoted(text),
            other => other.to_string(),
        });
        csv += &(line.collect::<Vec<_>>().join(",") + "\r\n");
    }
    csv
}

/// A tenth of a second of silence.
pub(crate) fn wav() -> Vec<u8> {
    let samples = 800_u32;
    let mut wav = Vec::new();
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + samples * 2).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend_from_slice(&16_u32.to_le_bytes());
    for part in [1_u16, 1] {
        wav.extend_from_slice(&part.to_le_bytes());
    }
    for part in [8000_u32, 16000] {
        wav.extend_from_slice(&part.to_le_bytes());
    }
    for part in [2_u16, 16] {
        wav.extend_from_slice(&part.to_le_bytes());
    }
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&(samples * 2).to_le_bytes());
    wav.resize(wav.len() + samples as usize * 2, 0);
    wav
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_have_all_their_fields() {
        let user = record("User", 0);
        assert_eq!(user.len(), catalogue::fields("User").len());
        assert_eq!((user["Number"].as_str(), user["FirstName"].as_str()), (Some("100"), Some("Ada")));
    }

    #[test]
    fn files_have_a_head_and_lines() {
        let csv = csv("CallLogData", 3);
        assert_eq!(csv.lines().count(), 4);
        assert!(csv.starts_with("ActionDnCallerId,") || csv.contains("SegmentId"), "{csv}");
        assert_eq!(&wav()[..4], b"RIFF");
    }
}
