//! Replacing the license key of a department.
//!
//! Known: path, the two fields, both texts, 204 on success, the codes and the envelope of refusals. Assumed: which
//! code belongs to which case, the order of the checks, and that the key decides `Props`.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::call::Call;
use crate::license::{Verdict, judge};
use crate::switches::UnknownGroup;
use crate::world::World;

/// `POST /Groups/Pbx.ReplaceGroupLicenseKey`.
pub(crate) fn replace_group_license_key(world: &mut World, call: &Call, now: Instant) -> Answer {
    match replace(world, call, now) {
        Ok(applied) => Answer { applied: Some(applied), ..Answer::empty(StatusCode::NO_CONTENT) },
        Err(refusal) => Answer { applied: Some(false), ..refusal },
    }
}

fn replace(world: &mut World, call: &Call, now: Instant) -> Result<bool, Answer> {
    let switches = &world.switches;
    if has_odata_headers(call) {
        return Err(Answer::bare(StatusCode::INTERNAL_SERVER_ERROR, switches.error_body));
    }
    let body: Map<String, Value> = serde_json::from_slice(&call.body).map_err(|_| field_is_required("groupId"))?;
    let group_id = text(&body, "groupId")?;
    let key = text(&body, "licenseKey")?;
    if !switches.multi_company {
        return Err(Answer::bad_request(None, "WARNINGS.XAPI.MCM_MODE_REQUIRED"));
    }
    let Some(position) = world.directory.find(group_id, switches.group_id_kind) else {
        return Err(match switches.unknown_group {
            UnknownGroup::Envelope => Answer::bad_request(Some("groupId"), "WARNINGS.XAPI.NOT_FOUND"),
            UnknownGroup::NotFound => Answer::bare(StatusCode::NOT_FOUND, switches.error_body),
        });
    };
    match judge(key) {
        Verdict::Good => {
            let delay = Duration::from_millis(switches.props_delay_ms);
            Ok(world.directory.replace_key(position, key, delay, now))
        }
        Verdict::Refused { code, names_field } => Err(Answer::bad_request(names_field.then_some("licenseKey"), code)),
    }
}

/// Known: an action that gets such headers fails with 500 and no body.
fn has_odata_headers(call: &Call) -> bool {
    call.headers.keys().any(|name| name.as_str() == "prefer" || name.as_str().starts_with("odata-"))
}

/// A text field. Assumed: missing or empty is one refusal, another type is another.
fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a str, Answer> {
    match body.get(name).unwrap_or(&Value::Null) {
        Value::String(text) if !text.is_empty() => Ok(text),
        Value::String(_) | Value::Null => Err(Answer::bad_request(Some(name), "WARNINGS.XAPI.REQUIRED")),
        _ => Err(field_is_required(name)),
    }
}

/// Known: the sentence; assumed: the envelope around it.
fn field_is_required(name: &str) -> Answer {
    Answer::bad_request(Some(name), &format!("The {name} field is required."))
}
