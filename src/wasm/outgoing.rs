//! What goes out with a request besides its address: method, headers, a form with a file.

use js_sys::Object;
use wasm_bindgen::prelude::*;
use web_sys::{RequestInit, RequestRedirect};

use super::host::{self, Anything, Files};
use crate::secret::Secret;
use crate::xapi::file_name;
use crate::xapi::request::{HttpRequest, Method, Payload};
use crate::xapi::transport::TransportError;

/// What requests with the same method and token have in common: made once, and copied on the host's side.
#[derive(Default)]
pub(super) struct Kinds {
    made: Vec<(Method, Secret, JsValue)>,
}

impl Kinds {
    pub(super) fn of(&mut self, request: &HttpRequest, token: &Secret) -> JsValue {
        if request.if_match.is_some() || matches!(request.body, Payload::File { .. }) {
            return Self::make(request.method, token, request.if_match.as_deref());
        }
        let method = request.method;
        let known = self.made.iter().find(|(of, with, _)| *of == method && with == token);
        if let Some((_, _, kind)) = known {
            return kind.clone();
        }
        let kind = Self::make(method, token, None);
        self.made.retain(|(_, with, _)| with == token);
        self.made.push((method, token.clone(), kind.clone()));
        kind
    }

    fn make(method: Method, token: &Secret, if_match: Option<&str>) -> JsValue {
        let kind = RequestInit::new();
        kind.set_method(method.as_str());
        kind.set_redirect(RequestRedirect::Manual);
        let headers =
            headers(&[("Authorization", &format!("Bearer {}", token.reveal())), ("Accept", "application/json")]);
        if matches!(method, Method::Post | Method::Patch | Method::Put) {
            headers.set_field(&"Content-Type".into(), &"application/json".into());
        }
        if let Some(etag) = if_match {
            headers.set_field(&"If-Match".into(), &JsValue::from_str(etag));
        }
        kind.set_headers(&headers);
        kind.into()
    }
}

pub(super) fn headers(pairs: &[(&str, &str)]) -> Anything {
    let headers = Anything::from(JsValue::from(Object::new()));
    for (name, value) in pairs {
        headers.set_field(&JsValue::from_str(name), &JsValue::from_str(value));
    }
    headers
}

/// A row's file as the part `file` of a form, which the kind of the request is told of.
pub(super) async fn form_data(
    files: &Files,
    row: u32,
    field: &str,
    name: &str,
    kind: &JsValue,
) -> Result<JsValue, TransportError> {
    let unreadable = |_| TransportError::FileNotRead;
    let bytes = host::settled(files.read(row, field)).await.map_err(unreadable)?;
    let form = host::settled(files.form(&bytes, &file_name::to_send(name), "audio/wav")).await.map_err(unreadable)?;
    let headers = host::field(kind, "headers").unchecked_into::<Anything>();
    headers.set_field(&"Content-Type".into(), &host::field(&form, "type"));
    Ok(host::field(&form, "body"))
}
