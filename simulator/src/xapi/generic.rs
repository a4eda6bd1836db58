//! Every operation that has no room of its own, answered from its definition.

use axum::http::header::{CONTENT_DISPOSITION, LOCATION};
use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use threecx_definition::{Scalar, ValueType};

use super::groups::{entity, list};
use super::limits;
use crate::answer::{Answer, ODATA_JSON};
use crate::call::Call;
use crate::catalogue::{self, AnswerKind, Field, Match, Operation};
use crate::odata::{self, Model};
use crate::sample;
use crate::world::World;

/// Records of a report. More than a page of an entity set, so that reports have to be paged.
const REPORT_ROWS: usize = 1200;
const FUNCTION_ROWS: usize = 3;

pub(super) fn answer(world: &mut World, call: &Call, found: &Match) -> Answer {
    let operation = found.operation;
    let body = match body(call, operation) {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let answered = operation.answer.of.as_ref();
    let type_name = answered.and_then(ValueType::name).unwrap_or_default();
    let path = operation.path.as_str();
    let key = operation.set.as_deref().map(|set| (set, found.arguments.first().cloned().unwrap_or_default()));
    let is_whole = |set: &str| path == format!("{set}({{{}}})", catalogue::key(set));
    match (call.method.clone(), key) {
        (Method::GET, Some((set, key))) if is_whole(set) => {
            read(world, call, set, type_name, catalogue::key(set), &key)
        }
        (Method::PATCH, Some((set, key))) if is_whole(set) => update(world, set, &key, &body),
        (Method::DELETE, Some((set, key))) if is_whole(set) => delete(world, set, &key),
        (Method::GET, None) if path.ends_with("(Number={Number})") => {
            let set = path.trim_end_matches("(Number={Number})");
            let number = found.arguments.first().cloned().unwrap_or_default();
            read(world, call, set, type_name, "Number", &number)
        }
        (Method::GET, None) if !path.contains('(') && operation.answer.kind == AnswerKind::Records => {
            let rows = world.store.set(path, type_name).clone();
            listed(world, call, operation, type_name, rows.iter())
        }
        (Method::GET, None) if !path.contains('(') => {
            let fields = world.store.singleton(path, type_name).clone();
            one(world, call, path, type_name, &fields)
        }
        (Method::PATCH, None) => {
            world.store.singleton(path, catalogue::element(path)).extend(body);
            Answer::empty(StatusCode::NO_CONTENT)
        }
        (Method::POST, None) if operation.answer.kind == AnswerKind::Created => {
            create(world, call, path, type_name, &body)
        }
        (Method::GET, None) if path.starts_with("/ReportCallLogData/Pbx.GetCallLogData(") => {
            let legs = call_log(world, &found.arguments, type_name);
            listed(world, call, operation, type_name, legs.iter())
        }
        (_, key) => {
            if let Some((set, key)) = &key
                && !exists(world, set, key)
            {
                return Answer::bare(StatusCode::NOT_FOUND, world.switches.error_body);
            }
            carried_out(world, call, operation, type_name, &body)
        }
    }
}

/// Legs of a period, newest first and no more than a parameter of the PBX allows: known. Assumed: the last instant belongs
/// to it. Unless the report was given rows, it has samples, which began with the period.
fn call_log(world: &World, arguments: &[Value], of: &str) -> Vec<Map<String, Value>> {
    let Some(rows) = world.store.given("/ReportCallLogData") else {
        let from = arguments.first().cloned().unwrap_or_default();
        let began = |mut leg: Map<String, Value>| {
            leg.insert("StartTime".to_owned(), from.clone());
            leg
        };
        return (0..REPORT_ROWS).map(|number| began(sample::record(of, number))).collect();
    };
    if world.switches.call_log_withheld {
        return Vec::new();
    }
    // To the millisecond, as texts of one length are in the order of their times.
    let instant = |text: &str| {
        let bare = text.trim_end_matches('Z');
        if bare.len() == 19 { format!("{bare}.000") } else { bare.chars().take(23).collect() }
    };
    let bound = |place: usize| instant(arguments.get(place).and_then(Value::as_str).unwrap_or_default());
    let (from, to) = (bound(0), bound(1));
    let started = |row: &Map<String, Value>| instant(row.get("StartTime").and_then(Value::as_str).unwrap_or_default());
    let legs = rows.iter().map(|row| (started(row), row)).filter(|(start, _)| (&from..=&to).contains(&start));
    let mut legs: Vec<_> = legs.collect();
    legs.sort_by(|(one, _), (other, _)| other.cmp(one));
    let limit = usize::try_from(world.switches.call_log_row_limit).unwrap_or(usize::MAX);
    legs.into_iter().take(limit).map(|(_, row)| row.clone()).collect()
}

/// Actions and functions. Nothing changes but for the deletion of several users.
fn carried_out(
    world: &mut World,
    call: &Call,
    operation: &Operation,
    type_name: &str,
    body: &Map<String, Value>,
) -> Answer {
    if operation.partial_failures {
        return batch_delete(world, call, body);
    }
    let context = |of: &str| format!("{}/$metadata#{of}", call.service_root());
    match operation.answer.kind {
        AnswerKind::Records => {
            let is_report = catalogue::top_limit(operation, 100) > 100;
            let count = if is_report { REPORT_ROWS } else { FUNCTION_ROWS };
            let rows: Vec<_> = (0..count).map(|number| sample::record(type_name, number)).collect();
            listed(world, call, operation, type_name, rows.iter())
        }
        AnswerKind::Record => one(world, call, type_name, type_name, &sample::record(type_name, 0)),
        AnswerKind::Created => Answer::json(StatusCode::CREATED, ODATA_JSON, &sample::record(type_name, 0)),
        AnswerKind::Value => {
            let value = operation.answer.of.as_ref().map_or(Value::Null, |of| sample::plain(of, "Value", 0, 0));
            Answer::json(
                StatusCode::OK,
                ODATA_JSON,
                &json!({ "@odata.context": context("Edm.String"), "value": value }),
            )
        }
        AnswerKind::Values => Answer::json(
            StatusCode::OK,
            ODATA_JSON,
            &json!({ "@odata.context": context("Collection(Edm.String)"), "value": ["one", "two"] }),
        ),
        AnswerKind::File => file(operation, type_name),
        AnswerKind::Any => {
            Answer::json(StatusCode::OK, ODATA_JSON, &json!({ "@odata.context": context("x"), "value": [] }))
        }
        AnswerKind::None | AnswerKind::Deleted => Answer::empty(StatusCode::NO_CONTENT),
    }
}

/// Known: reports and exports are CSV, recordings WAV. Assumed: the names.
fn file(operation: &Operation, type_name: &str) -> Answer {
    let name = operation.path.rsplit("Pbx.").next().and_then(|rest| rest.split('(').next()).unwrap_or("file");
    let (content_type, file, bytes) = if !type_name.is_empty() || name == "ExportCallCosts" {
        let type_name = if type_name.is_empty() { "CallCostSettings" } else { type_name };
        ("text/csv", format!("{name}.csv"), sample::csv(type_name, 5).into_bytes())
    } else if name.contains("Recording") || name.contains("Greeting") || name.contains("Playlist") {
        ("audio/x-wav", format!("{name}.wav"), sample::wav())
    } else {
        ("text/plain", format!("{name}.txt"), format!("# {name}\n").into_bytes())
    };
    Answer::with_body(StatusCode::OK, content_type, bytes)
        .header(CONTENT_DISPOSITION, &format!("attachment; filename=\"{file}\""))
}

/// Known: a success that lists what was not deleted.
fn batch_delete(world: &mut World, call: &Call, body: &Map<String, Value>) -> Answer {
    let ids = body.get("ids").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut failures = Vec::new();
    for id in ids {
        if !world.store.delete("/Users", "User", "Id", &id) {
            failures.push(json!({ "ExtensionNumber": id.to_string(), "Error": "WARNINGS.XAPI.NOT_FOUND" }));
        }
    }
    let context = format!("{}/$metadata#Collection(Pbx.UserDeleteError)", call.service_root());
    Answer::json(StatusCode::OK, ODATA_JSON, &json!({ "@odata.context": context, "value": failures }))
}

fn read(world: &mut World, call: &Call, set: &str, of: &str, property: &str, key: &Value) -> Answer {
    let style = world.switches.error_body;
    match world.store.find(set, of, property, key).cloned() {
        Some(fields) => one(world, call, set, of, &fields),
        None => Answer::bare(StatusCode::NOT_FOUND, style),
    }
}

fn update(world: &mut World, set: &str, key: &Value, body: &Map<String, Value>) -> Answer {
    let style = world.switches.error_body;
    let of = catalogue::element(set);
    let Some(entity) = entity_of(world, set, of, key) else {
        return Answer::bare(StatusCode::NOT_FOUND, style);
    };
    // Known: the tutorial expects such a change to fail. Assumed: the code.
    if body.get("Number").is_some_and(|number| !number.is_null() && Some(number) != entity.get("Number"))
        && set != "/Groups"
    {
        return Answer::bad_request(Some("Number"), "WARNINGS.XAPI.FORBIDDEN_CHANGE");
    }
    entity.extend(body.clone());
    Answer::empty(StatusCode::NO_CONTENT)
}

fn delete(world: &mut World, set: &str, key: &Value) -> Answer {
    let is_gone = if set == "/Groups" {
        world.directory.delete(key.as_i64().unwrap_or_default())
    } else {
        let of = catalogue::element(set);
        world.store.delete(set, of, catalogue::key(set), key)
    };
    let status = if is_gone { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND };
    if is_gone { Answer::empty(status) } else { Answer::bare(status, world.switches.error_body) }
}

fn create(world: &mut World, call: &Call, set: &str, of: &str, body: &Map<String, Value>) -> Answer {
    let created = if set == "/Groups" {
        world.directory.create(body).map_err(|()| ("Name", "WARNINGS.XAPI.DUPLICATE"))
    } else {
        world.store.create(set, of, body).map_err(|refusal| (refusal.field, refusal.code))
    };
    match created {
        Ok(fields) => {
            let key = fields.get(catalogue::key(set)).map(ToString::to_string).unwrap_or_default();
            let location = format!("{}{set}({key})", call.service_root());
            let mut shown =
                json!({ "@odata.context": format!("{}/$metadata#{}/$entity", call.service_root(), &set[1..]) });
            if let Some(shown) = shown.as_object_mut() {
                shown.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
            }
            Answer::json(StatusCode::CREATED, ODATA_JSON, &shown).header(LOCATION, &location)
        }
        Err((field, code)) => Answer::bad_request(Some(field), code),
    }
}

fn exists(world: &mut World, set: &str, key: &Value) -> bool {
    let of = catalogue::element(set);
    // Sets that cannot be listed have whatever is asked for.
    of.is_empty() || entity_of(world, set, of, key).is_some()
}

fn entity_of<'a>(world: &'a mut World, set: &str, of: &str, key: &Value) -> Option<&'a mut Map<String, Value>> {
    if set == "/Groups" {
        return world.directory.fields(key.as_i64()?);
    }
    world.store.find(set, of, catalogue::key(set), key)
}

fn listed<'a>(
    world: &World,
    call: &Call,
    operation: &Operation,
    of: &str,
    rows: impl Iterator<Item = &'a Map<String, Value>>,
) -> Answer {
    let model = Model::new(odata::entity(of), &world.switches.build);
    let mut limits = limits(&world.switches);
    limits.top = catalogue::top_limit(operation, limits.top);
    if !operation.has_pages() {
        limits.page = u64::MAX;
    }
    let name = operation.path.split('(').next().unwrap_or_default().trim_start_matches('/');
    list(call, name, rows, model, limits)
}

fn one(world: &World, call: &Call, name: &str, of: &str, fields: &Map<String, Value>) -> Answer {
    let model = Model::new(odata::entity(of), &world.switches.build);
    entity(call, name.trim_start_matches('/'), "", fields, model, limits(&world.switches))
}

/// The body, if it is one that the operation takes. Known: a wrong type is answered with 500. Assumed: an unknown
/// property with 400.
fn body(call: &Call, operation: &Operation) -> Result<Map<String, Value>, Answer> {
    if operation.body.is_none() {
        return Ok(Map::new());
    }
    let Ok(Value::Object(body)) = serde_json::from_slice(&call.body) else {
        return Err(Answer::bad_request(None, "The input was not valid."));
    };
    if let Some(fields) = catalogue::body_fields(operation) {
        for (name, value) in &body {
            let Some(field) = fields.iter().find(|field| field.name == *name) else {
                return Err(Answer::bad_request(Some(name), "The property does not exist."));
            };
            if !fits(field, value) {
                return Err(Answer::bare(StatusCode::INTERNAL_SERVER_ERROR, crate::switches::ErrorBody::Empty));
            }
        }
    }
    Ok(body)
}

fn fits(field: &Field, value: &Value) -> bool {
    if field.list {
        return value.as_array().is_some_and(|entries| entries.iter().all(|entry| fits_one(field, entry)));
    }
    (value.is_null() && field.nullable) || fits_one(field, value)
}

fn fits_one(field: &Field, value: &Value) -> bool {
    match &field.of {
        ValueType::Scalar(Scalar::String) => {
            value.as_str().is_some_and(|text| field.max_length.is_none_or(|most| text.chars().count() <= most))
        }
        ValueType::Scalar(scalar) => is_of(*scalar, value),
        ValueType::Named(name) => match catalogue::members(name) {
            Some(members) => value.as_str().is_some_and(|text| members.iter().any(|member| member == text)),
            None => value.as_object().is_some_and(|fields| {
                let known = catalogue::fields(name);
                fields.iter().all(|(name, value)| known.iter().any(|field| field.name == *name && fits(field, value)))
            }),
        },
    }
}

fn is_of(scalar: Scalar, value: &Value) -> bool {
    match scalar {
        Scalar::DateTime => value.as_str().is_some_and(|text| text.contains('T') && text.len() >= 20),
        Scalar::String | Scalar::Date | Scalar::Time | Scalar::Duration | Scalar::Uuid => value.is_string(),
        Scalar::Int32 => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        Scalar::Uint8 => value.as_u64().is_some_and(|number| number < 256),
        Scalar::Int64 => value.is_i64() || value.is_u64(),
        Scalar::Double => value.is_number(),
        Scalar::Boolean => value.is_boolean(),
    }
}
