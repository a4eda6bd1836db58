//! The body of a request, from a form's fields, a row's columns or JSON.

use serde_json::{Map, Value};

use super::parameters::{Mapped, Parameters, fault, is_blank};
use super::values;
use crate::definition::{Field, Operation, Shape, ValueKind};
use crate::engine::Report;
use crate::rows::Cell;
use crate::rows::value::FaultKind;
use crate::words;
use crate::xapi::request::{Method, Payload};

/// The body that a row gives; columns that are no fields are noted.
pub(super) fn of_row(
    operation: &Operation,
    form: &mut Parameters<'_>,
    ignored: &mut Vec<String>,
) -> Result<Payload, Box<Report>> {
    if matches!(operation.body, Shape::Nothing) {
        return Ok(Payload::Nothing);
    }
    let chosen = form.text("bodyFrom")?;
    let from_json = match chosen.as_deref() {
        Some(chosen) => chosen == "json",
        None => form.get("fields")? == Cell::Empty,
    };
    let body = if from_json || matches!(operation.body, Shape::Any) {
        match form.json("body")? {
            Value::Null => Map::new(),
            Value::Object(body) => body,
            _ => return Err(fault("body", FaultKind::NotFitting { expected: "a JSON object".into(), found: None })),
        }
    } else {
        let clear = form.text("emptyValues")?.as_deref() == Some("clear");
        let mapped = form.mapped("fields")?;
        from_fields(operation, mapped, clear, ignored)?
    };
    Ok(Payload::Json(Value::from(body).to_string()))
}

fn from_fields(
    operation: &Operation,
    mut mapped: Mapped,
    clear: bool,
    ignored: &mut Vec<String>,
) -> Result<Map<String, Value>, Box<Report>> {
    let mut body = Map::new();
    let anything_given = mapped.automatic || !mapped.values.is_empty();
    for field in operation.body.fields() {
        if is_settable(operation, field) || !mapped.automatic {
            let given = mapped.take(field.name()).or_else(|| by_label(&mut mapped, field));
            if let Some(value) = put(field, given, clear, field.name())? {
                body.insert(field.name().to_owned(), value);
            }
        }
        let ValueKind::Object(of) = field.kind else { continue };
        if field.flags.is_list() {
            continue;
        }
        for inner in of.fields {
            let name = format!("{}.{}", field.name(), inner.name());
            let given = mapped.take(&name);
            if let Some(value) = put(inner, given, clear, &name)? {
                let object = body.entry(field.name()).or_insert_with(|| Map::new().into());
                if let Some(object) = object.as_object_mut() {
                    object.insert(inner.name().to_owned(), value);
                }
            }
        }
    }
    // 3CX would make an entity out of nothing: a row without a value, or with misnamed columns, is not worth one.
    if anything_given && body.is_empty() {
        return Err(fault("The row", FaultKind::NothingToSend));
    }
    let left = mapped.values.into_iter().filter(|(_, value)| !value.is_null());
    if mapped.automatic {
        ignored.extend(left.map(|(name, _)| name));
    } else if let Some((name, _)) = left.into_iter().next() {
        return Err(fault(name, FaultKind::Unknown));
    }
    let missing =
        operation.body.fields().iter().find(|field| is_required(operation, field) && !body.contains_key(field.name()));
    match missing {
        Some(field) => Err(fault(field.name(), FaultKind::Missing)),
        None => Ok(body),
    }
}

/// Columns may also be called as the form calls the field.
fn by_label(mapped: &mut Mapped, field: &Field) -> Option<Value> {
    if mapped.automatic { mapped.take(&words::title_case(field.name())) } else { None }
}

/// The value to send, if any: what was not touched is not sent.
fn put(field: &Field, given: Option<Value>, clear: bool, name: &str) -> Result<Option<Value>, Box<Report>> {
    match given {
        None => Ok(None),
        Some(value) if is_blank(&value) => Ok(match (clear, field.flags.is_list()) {
            (false, _) => None,
            (true, true) => Some(Value::Array(Vec::new())),
            (true, false) => field.flags.is_nullable().then_some(Value::Null),
        }),
        Some(value) => values::convert(field, value).map(Some).map_err(|kind| fault(name.to_owned(), kind)),
    }
}

/// What a form offers: neither what 3CX sets itself, nor the key that the path holds.
pub(super) fn is_settable(operation: &Operation, field: &Field) -> bool {
    if matches!(operation.body, Shape::Fields(_)) {
        return true;
    }
    let is_own_key = operation.locator.is_some_and(|locator| locator.key == field.name());
    let is_given_by_3cx = field.name() == "Id" && matches!(field.kind, ValueKind::Int32);
    // 3CX refuses to change a number.
    let is_fixed = field.name() == "Number" && operation.method == Method::Patch;
    !field.flags.is_read_only() && !is_own_key && !is_given_by_3cx && !is_fixed
}

/// What a row must give: an action's parameters that have no other meaning when they are left out, and what nothing is
/// created without.
pub(super) fn is_required(operation: &Operation, field: &Field) -> bool {
    match operation.body {
        Shape::Fields(_) => {
            !field.flags.is_nullable()
                && !field.flags.is_list()
                && !matches!(field.kind, ValueKind::Boolean | ValueKind::Object(_))
        }
        _ => field.flags.is_required() && operation.method == Method::Post,
    }
}
