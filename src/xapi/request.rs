//! What is asked of the PBX, without address, token and transport: the batch and the host add those.

use std::fmt;

use serde::Serialize;

pub use crate::definition::Method;
use crate::secret::LicenseKey;
use crate::xapi::odata::{self, Query};

/// A request below the API's root. `Debug` leaves the body out: it may hold a license key.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    pub method: Method,
    /// Path and query, such as `/Groups?$top=100`.
    pub path: String,
    pub body: Payload,
    /// What is wanted of the answer.
    pub wanted: AnswerAs,
    /// ETag that the record must still have.
    pub if_match: Option<String>,
    /// The row (counted from 0) for which it may change something.
    pub row: Option<usize>,
}

/// The body of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Payload {
    #[default]
    Nothing,
    /// JSON text.
    Json(String),
    /// A file of a row, sent as a form's part `file`.
    File { row: usize, field: String, name: String },
}

/// What the host reads of a successful answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerAs {
    #[default]
    Text,
    /// The body's bytes, kept by the host as a file.
    File,
    /// The text, and the version that the PBX names in a header.
    Version,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method.as_str(), self.path)
    }
}

impl HttpRequest {
    pub fn new(method: Method, path: String, body: Payload) -> Self {
        Self { method, path, body, wanted: AnswerAs::Text, if_match: None, row: None }
    }

    pub fn get(path: &str, query: &Query) -> Self {
        Self::new(Method::Get, format!("{path}{}", query.as_str()), Payload::Nothing)
    }

    /// Replaces a group's license key. `groupId` is a string on the wire, whatever it holds.
    pub fn replace_license(path: &str, group: &str, key: &LicenseKey) -> Self {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            group_id: &'a str,
            license_key: &'a str,
        }
        let body = serde_json::to_string(&Body { group_id: group, license_key: key.reveal() });
        Self::new(Method::Post, path.to_owned(), body.map_or(Payload::Nothing, Payload::Json))
    }
}

/// Puts literals, in the path's order, in the place of the parameters in braces. What a literal holds is not looked at.
pub fn fill(template: &str, literals: &[String]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut literals = literals.iter();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        filled.push_str(literals.next().map(String::as_str).unwrap_or_default());
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    filled + rest
}

/// A filter that finds one entity by its number, whatever the case people type it in.
pub fn number_filter(property: &str, number: &str) -> String {
    format!("tolower({property}) eq {}", odata::quoted(&number.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_filled_in_once() {
        let literals = ["%27{b}%27".to_owned(), "7".to_owned()];
        assert_eq!(fill("/Set({a})/Pbx.Do(b={b})", &literals), "/Set(%27{b}%27)/Pbx.Do(b=7)");
        assert_eq!(fill("/Set", &[]), "/Set");
    }

    #[test]
    fn replaces_with_strings_on_the_wire_and_no_key_in_debug() {
        let key = LicenseKey::new("AB\"CD".into());
        let request = HttpRequest::replace_license("/Groups/Pbx.ReplaceGroupLicenseKey", "28", &key);
        assert_eq!(request.method, Method::Post);
        assert_eq!(request.body, Payload::Json(r#"{"groupId":"28","licenseKey":"AB\"CD"}"#.into()));
        assert_eq!(format!("{request:?}"), "POST /Groups/Pbx.ReplaceGroupLicenseKey");
    }

    #[test]
    fn a_number_cannot_leave_its_filter() {
        assert_eq!(number_filter("Number", "GRP'1"), "tolower(Number) eq 'grp''1'");
    }
}
