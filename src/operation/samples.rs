//! Bodies for tests: what an operation takes, filled.

use serde_json::{Map, Value, json};

use crate::definition::{Field, Operation, Shape, ValueKind};

pub(super) const UUID: &str = "01234567-89ab-cdef-0123-456789abcdef";

/// A body with all that an action takes, or with a few of an entity's fields.
pub(super) fn body(operation: &Operation) -> Map<String, Value> {
    let named = |fields: &[Field]| fields.iter().map(|field| (field.name().to_owned(), value(field))).collect();
    match operation.body {
        Shape::Fields(fields) => named(fields),
        Shape::Entity(of) => of
            .fields
            .iter()
            .filter(|field| field.is_scalar())
            .map(|field| (field.name().to_owned(), value(field)))
            .collect(),
        Shape::Any | Shape::Nothing => Map::new(),
    }
}

/// A value that fits a field; an object has the fields that are neither objects nor lists of such.
pub(super) fn value(field: &Field) -> Value {
    let one = match field.kind {
        ValueKind::Text => "x".into(),
        ValueKind::Int32 | ValueKind::Int64 | ValueKind::Uint8 | ValueKind::Double => 7.into(),
        ValueKind::Boolean => true.into(),
        ValueKind::DateTime => "2026-01-31T09:00:00Z".into(),
        ValueKind::Date => "2026-01-31".into(),
        ValueKind::Time => "09:00:00".into(),
        ValueKind::Duration => "PT1H".into(),
        ValueKind::Uuid => UUID.into(),
        ValueKind::Enum(members) => members.first().map_or(Value::Null, |member| (*member).into()),
        ValueKind::Object(of) => {
            let plain = of.fields.iter().filter(|field| !matches!(field.kind, ValueKind::Object(_)));
            let fields: Map<String, Value> = plain.map(|field| (field.name().to_owned(), value(field))).collect();
            if fields.is_empty() { json!({ "x": 1 }) } else { fields.into() }
        }
    };
    if field.flags.is_list() { json!([one]) } else { one }
}
