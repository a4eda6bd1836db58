//! A request as it arrived, read to its end.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Multipart};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Request};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// Path of the token endpoint. Known.
pub(crate) const TOKEN_PATH: &str = "/connect/token";
/// Largest body that is read. Assumed.
const BODY_LIMIT: usize = 28 * 1024 * 1024;

/// One request to the PBX.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Path with percent-encoding removed.
    pub(crate) path: String,
    /// Query as it was sent, without the question mark.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Fields of a form, for the token endpoint.
    pub(crate) form: Vec<(String, String)>,
}

impl Call {
    /// Reads a request. `None` if its body is too large or does not arrive whole.
    pub(crate) async fn read(request: Request<Body>) -> Option<Self> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, BODY_LIMIT).await.ok()?;
        let path = percent_decode_str(parts.uri.path()).decode_utf8_lossy().into_owned();
        let form = if path == TOKEN_PATH { form_fields(&parts, &body).await } else { Vec::new() };
        Some(Self {
            query: parts.uri.query().unwrap_or_default().to_owned(),
            method: parts.method,
            headers: parts.headers,
            path,
            body,
            form,
        })
    }

    /// The bearer token, if one was sent.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.header(AUTHORIZATION.as_str())?.strip_prefix("Bearer ")
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The first value of a form field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Start of the addresses in `@odata.context`.
    pub(crate) fn service_root(&self) -> String {
        format!("http://{}/xapi/v1", self.header(HOST.as_str()).unwrap_or("localhost"))
    }

    /// The body for the log: a form without its secret, JSON as such, anything else as text.
    pub(crate) fn body_for_log(&self) -> Option<Value> {
        if !self.form.is_empty() {
            let shown = self.form.iter().map(|(name, value)| {
                let value = if name == "client_secret" { "***" } else { value };
                (name.clone(), Value::from(value))
            });
            return Some(Value::Object(shown.collect::<Map<_, _>>()));
        }
        if self.body.is_empty() || self.path == TOKEN_PATH {
            return None;
        }
        let text = || Value::from(String::from_utf8_lossy(&self.body).into_owned());
        Some(serde_json::from_slice(&self.body).unwrap_or_else(|_| text()))
    }
}

/// Reads a form. Known: URL-encoded is documented, multipart works too.
async fn form_fields(parts: &Parts, body: &Bytes) -> Vec<(String, String)> {
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if content_type.starts_with("application/x-www-form-urlencoded") {
        return form_urlencoded::parse(body).into_owned().collect();
    }
    let request = Request::builder().header(CONTENT_TYPE, content_type).body(Body::from(body.clone()));
    let Ok(request) = request else {
        return Vec::new();
    };
    let Ok(mut multipart) = Multipart::from_request(request, &()).await else {
        return Vec::new();
    };
    let mut fields = Vec::new();
    while let Ok(Some(field)) = multipart.next_field().await {
        let name = field.name().unwrap_or_default().to_owned();
        if let Ok(value) = field.text().await {
            fields.push((name, value));
        }
    }
    fields
}
