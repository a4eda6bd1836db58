//! Uploading prompts.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use serde_json::json;

use crate::answer::{Answer, ODATA_JSON};
use crate::call::Call;

/// `POST /customPrompts`. Known: a form with the part `file`, WAV; the answer names where it is. Assumed: the refusal.
pub(crate) fn upload(call: &Call) -> Answer {
    let is_form =
        call.header(CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("multipart/form-data; boundary="));
    let text = String::from_utf8_lossy(&call.body);
    let name = text.split_once("filename=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(name, _)| name);
    match name {
        Some(name) if is_form && text.contains("name=\"file\"") && text.contains("RIFF") => {
            let context = format!("{}/$metadata#Edm.String", call.service_root());
            Answer::json(
                StatusCode::OK,
                ODATA_JSON,
                &json!({ "@odata.context": context, "value": format!("Custom/{name}") }),
            )
        }
        _ => Answer::bad_request(None, "WARNINGS.XAPI.SUPPORTED_MEDIA_FORMAT_WAV"),
    }
}
