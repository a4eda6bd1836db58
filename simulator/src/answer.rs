//! Answers as the PBX, or the web server in front of it, gives them.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;

use crate::switches::ErrorBody;

/// Content type of OData answers. Assumed: the default of the server software.
pub(crate) const ODATA_JSON: &str = "application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8";
/// Content type of the token endpoint's answers. Assumed.
pub(crate) const PLAIN_JSON: &str = "application/json; charset=utf-8";

/// One HTTP answer, not yet on its way.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    /// Whether a replacement was carried out; `None` where it did not come to that.
    pub(crate) applied: Option<bool>,
}

impl Answer {
    /// An answer without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), applied: None }
    }

    /// An answer with a body of the given content type.
    pub(crate) fn with_body(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Self {
        let mut answer = Self::empty(status).header(CONTENT_TYPE, content_type);
        answer.body = body.into();
        answer
    }

    /// A JSON answer. What cannot be written as JSON is an internal error of the server.
    pub(crate) fn json(status: StatusCode, content_type: &str, value: &impl Serialize) -> Self {
        serde_json::to_vec(value).map_or_else(
            |_| Self::empty(StatusCode::INTERNAL_SERVER_ERROR),
            |body| Self::with_body(status, content_type, body),
        )
    }

    /// A refusal without details: 401, 403, 404, 405, 500. Known: the statuses; assumed: the body, hence the switch.
    pub(crate) fn bare(status: StatusCode, style: ErrorBody) -> Self {
        let reason = status.canonical_reason().unwrap_or_default();
        match style {
            ErrorBody::Empty => Self::empty(status),
            ErrorBody::Json => Self::refusal(status, None, reason),
            ErrorBody::Html => Self::web_server_page(status, reason),
        }
    }

    /// A 400 in the API's error envelope: `Field:` and a code on two lines, and the same in the details. Known.
    pub(crate) fn bad_request(target: Option<&str>, code: &str) -> Self {
        Self::refusal(StatusCode::BAD_REQUEST, target, code)
    }

    fn refusal(status: StatusCode, target: Option<&str>, code: &str) -> Self {
        let (message, details) = match target {
            Some(target) => (format!("{target}:\n{code}"), json!([{"code": "", "message": code, "target": target}])),
            None => (code.to_owned(), json!([])),
        };
        Self::json(status, ODATA_JSON, &json!({"error": {"code": "", "message": message, "details": details}}))
    }

    /// A page of the web server in front of the PBX. Known for 504; assumed to look alike for 413, 502 and 503.
    pub(crate) fn web_server_page(status: StatusCode, reason: &str) -> Self {
        let title = format!("{} {reason}", status.as_u16());
        let page = format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
             <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        Self::with_body(status, "text/html", page)
    }

    /// The same answer with one more header. A value that HTTP does not allow is left out.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The first half of the body, never the whole of it.
    pub(crate) fn half_body(&self) -> Bytes {
        self.body.slice(..self.body.len() / 2)
    }

    /// The status line and the headers as they go over the wire.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut head =
            format!("HTTP/1.1 {} {}\r\n", self.status.as_u16(), self.status.canonical_reason().unwrap_or_default())
                .into_bytes();
        for (name, value) in &self.headers {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        if self.status != StatusCode::NO_CONTENT {
            head.extend_from_slice(format!("content-length: {}\r\n", self.body.len()).as_bytes());
        }
        head.extend_from_slice(b"connection: close\r\n\r\n");
        head
    }
}

impl From<Answer> for Response<Body> {
    fn from(answer: Answer) -> Self {
        let mut response = Self::new(Body::from(answer.body));
        *response.status_mut() = answer.status;
        for (name, value) in answer.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn envelope_names_the_field_twice() {
        let answer = Answer::bad_request(Some("Name"), "WARNINGS.XAPI.DUPLICATE");
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(
            body,
            json!({"error": {"code": "", "message": "Name:\nWARNINGS.XAPI.DUPLICATE", "details": [
                {"code": "", "message": "WARNINGS.XAPI.DUPLICATE", "target": "Name"}
            ]}})
        );
    }

    #[test]
    fn envelope_without_a_field_has_no_details() {
        let answer = Answer::bad_request(None, "WARNINGS.ERP_SERVER_ERROR");
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body, json!({"error": {"code": "", "message": "WARNINGS.ERP_SERVER_ERROR", "details": []}}));
    }

    #[test]
    fn head_is_plain_http() {
        let head = Answer::with_body(StatusCode::OK, "text/plain", "abc").head();
        assert_eq!(
            String::from_utf8(head).unwrap(),
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 3\r\nconnection: close\r\n\r\n"
        );
    }
}
