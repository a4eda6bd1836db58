//! The body of a request, from a form's fields, a row's columns or JSON.

use serde_json::{Map, Value};

use super::columns::{Columns, note};
use super::license;
use super::meant::{self, Given, is_blank};
use super::parameters::{Mapped, Parameters, fault};
use super::values;
use crate::definition::{Field, Operation, Shape, ValueKind};
use crate::n8n::form::{inner_label, label};
use crate::n8n::outcome::Report;
use crate::n8n::words;
use crate::rows::Cell;
use crate::rows::value::{Expected, FaultKind};
use crate::xapi::records::ETAG;
use crate::xapi::request::{Method, Payload};

/// The body that a row gives, and the labels of fields that it gives and that are not sent; columns that are no fields
/// are noted.
pub(super) fn of_row(
    operation: &Operation,
    form: &mut Parameters<'_>,
    columns: &mut Columns,
) -> Result<(Payload, Vec<String>), Box<Report>> {
    let everything = meant::everything(operation, form)?;
    if matches!(operation.body, Shape::Nothing) {
        return Ok((Payload::Nothing, Vec::new()));
    }
    let chosen = form.choice("bodyFrom", &["fields", "json"])?;
    let as_json = match chosen {
        _ if matches!(operation.body, Shape::Any) => true,
        Some(chosen) => chosen == "json",
        None => form.get("fields")? == Cell::Empty,
    };
    let clear = form.choice("emptyValues", &["skip", "clear"])? == Some("clear");
    let mut left_out = Vec::new();
    let mut body = if as_json {
        match form.json("body")? {
            Value::Null => Map::new(),
            Value::Object(body) => body,
            _ => {
                return Err(fault("JSON Body", Expected::JsonObject.fault()));
            }
        }
    } else {
        let mapped = form.mapped("fields", operation, columns)?;
        from_fields(operation, mapped, clear, columns, &mut left_out)?
    };
    // A record that was read has it; what is sent has not.
    body.remove(ETAG);
    license::clean(operation, &mut body)?;
    meant::check(operation, &body, Given { as_json, clear, everything, is_own: false })?;
    Ok((Payload::Json(Value::from(body).to_string()), left_out))
}

fn from_fields(
    operation: &Operation,
    mut mapped: Mapped,
    clear: bool,
    columns: &mut Columns,
    left_out: &mut Vec<String>,
) -> Result<Map<String, Value>, Box<Report>> {
    // An update without a secret leaves it as it is, and so does one without all that the secret is a part of.
    let is_read_back = mapped.automatic && operation.method == Method::Patch;
    if is_read_back {
        mapped.values.retain(|name, value| {
            let is_masked = meant::holds_mask(name, value);
            if is_masked {
                columns.note_mask(words::title_case(name));
            }
            !is_masked
        });
    }
    // How things stood when a record was read is not meant to be so again, and related records are changed on their own.
    if is_read_back && (mapped.is_record || mapped.has_id) {
        for field in operation.body.fields().iter().filter(|field| field.flags.is_live() || field.flags.is_navigation())
        {
            mapped.values.retain(|name, value| {
                let is_stale = name.split('.').next() == Some(field.name());
                if is_stale && (clear || !is_blank(value)) {
                    note(left_out, label(field));
                }
                !is_stale
            });
        }
    }
    columns.note_stale(left_out);
    let blanks = match clear {
        true => Blanks::Sent,
        // It is as it was. Settings of which there is one set may have nothing that tells a record from a sheet.
        false if is_read_back && (mapped.is_record || operation.parameters.is_empty()) => Blanks::SentWithin,
        false => Blanks::LeftOut,
    };
    let mut body = Map::new();
    for field in operation.body.fields() {
        refuse_unclear(operation, field, mapped.values.get(field.name()), &|| label(field))?;
        let is_told = meant::tells_if_blank(field);
        if let Some(value) = put(field, mapped.values.remove(field.name()), blanks, is_told, &|| label(field))? {
            body.insert(field.name().to_owned(), value);
        }
        let ValueKind::Object(of) = field.kind else { continue };
        if field.flags.is_list() {
            continue;
        }
        for inner in of.fields {
            let given = mapped.values.remove(&format!("{}.{}", field.name(), inner.name()));
            refuse_unclear(operation, inner, given.as_ref(), &|| inner_label(field, inner))?;
            let is_told = is_told || meant::tells_if_blank(inner);
            if let Some(value) = put(inner, given, blanks, is_told, &|| inner_label(field, inner))? {
                let object = body.entry(field.name()).or_insert(Value::Null);
                if object.is_null() {
                    *object = Map::new().into();
                }
                if let Some(object) = object.as_object_mut() {
                    object.insert(inner.name().to_owned(), value);
                }
            }
        }
    }
    match mapped.values.into_iter().find(|(_, value)| !value.is_null()) {
        Some((name, _)) => Err(fault(name, FaultKind::Unknown)),
        None if body.is_empty() && !left_out.is_empty() => Err(fault(left_out.join(", "), FaultKind::OnlyLeftOut)),
        None => Ok(body),
    }
}

/// What is changed is not guessed. Texts with commas are told apart only where they are deleted.
fn refuse_unclear(
    operation: &Operation,
    field: &Field,
    given: Option<&Value>,
    label: &dyn Fn() -> String,
) -> Result<(), Box<Report>> {
    let is_exact = operation.deletes() || !(operation.reads() || matches!(field.kind, ValueKind::Text));
    match given {
        Some(Value::String(text)) if is_exact && values::is_unclear(field, text) => {
            Err(fault(label(), Expected::ClearList.fault_of(text)))
        }
        _ => Ok(()),
    }
}

/// What becomes of what is blank.
#[derive(Clone, Copy, PartialEq)]
enum Blanks {
    Sent,
    /// Within an object; a field that is blank is left out.
    SentWithin,
    LeftOut,
}

/// The value to send, if any: what was not touched is not sent.
fn put(
    field: &Field,
    given: Option<Value>,
    blanks: Blanks,
    is_told: bool,
    label: &dyn Fn() -> String,
) -> Result<Option<Value>, Box<Report>> {
    let Some(given) = given else { return Ok(None) };
    if meant::is_mask(field.name(), &given) {
        return Err(fault(label(), FaultKind::Mask));
    }
    let convert = |value| {
        values::convert(field, value).and_then(|value| values::tidy(field, value)).map_err(|kind| fault(label(), kind))
    };
    let mut filled = Some(given).filter(|value| !is_blank(value)).map(convert).transpose()?;
    if blanks == Blanks::LeftOut {
        filled.iter_mut().for_each(meant::leave_out_blanks);
    }
    let clear = blanks == Blanks::Sent;
    Ok(match filled.filter(|value| !is_blank(value)) {
        Some(value) => Some(value),
        // Kept, so that it is refused.
        None if is_told => Some(Value::Null),
        None if clear && field.flags.is_list() => Some(Value::Array(Vec::new())),
        None => (clear && field.flags.is_nullable()).then_some(Value::Null),
    })
}
