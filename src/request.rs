//! What is asked of the PBX, without address, token and transport: the batch and the host add those.

use std::fmt;

use serde::Serialize;

use crate::definition::Key;
use crate::odata::{self, Query};
use crate::secret::LicenseKey;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A request below the API's root. `Debug` leaves the body out: it may hold a licence key.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    pub method: Method,
    /// Path and query, such as `/Groups?$top=100`.
    pub path: String,
    /// JSON text.
    pub body: Option<String>,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method.as_str(), self.path)
    }
}

impl HttpRequest {
    pub fn get(path: &str, query: &Query) -> Self {
        Self { method: Method::Get, path: format!("{path}{}", query.as_str()), body: None }
    }

    /// Reads one entity: `template` is the path with its key in braces, as in `/Groups({Id})`.
    pub fn get_by_key(template: &str, key: &Key, value: i32, query: &Query) -> Self {
        let path = template.replace(&format!("{{{}}}", key.name), &value.to_string());
        Self::get(&path, query)
    }

    /// Replaces a group's licence key. `groupId` is a string on the wire, whatever it holds.
    pub fn replace_license(path: &str, group: &str, key: &LicenseKey) -> Self {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            group_id: &'a str,
            license_key: &'a str,
        }
        let body = serde_json::to_string(&Body { group_id: group, license_key: key.reveal() });
        Self { method: Method::Post, path: path.to_owned(), body: body.ok() }
    }
}

/// The most records that 3CX gives in one page; more is answered with 400.
pub const PAGE_SIZE: usize = 100;

/// The query of one page of a list, in a stable order so that pages neither overlap nor leave gaps.
pub fn page_query(skip: usize, top: usize, order_by: &str) -> Query {
    let mut query = Query::default().with("$top", &top.to_string());
    if skip > 0 {
        query = query.with("$skip", &skip.to_string());
    }
    query.with("$orderby", order_by)
}

/// A filter that finds one entity by its number, whatever the case people type it in.
pub fn number_filter(property: &str, number: &str) -> String {
    format!("tolower({property}) eq {}", odata::quoted(&number.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Key { parameter: "groupId", name: "Id", number: Some("Number") };

    #[test]
    fn reads_by_key() {
        let query = Query::default().with("$select", "Id,Name");
        let request = HttpRequest::get_by_key("/Groups({Id})", &KEY, 28, &query);
        assert_eq!(request.path, "/Groups(28)?$select=Id%2CName");
        assert_eq!(request.body, None);
    }

    #[test]
    fn replaces_with_strings_on_the_wire_and_no_key_in_debug() {
        let key = LicenseKey::new("AB\"CD".into());
        let request = HttpRequest::replace_license("/Groups/Pbx.ReplaceGroupLicenseKey", "28", &key);
        assert_eq!(request.method, Method::Post);
        assert_eq!(request.body.as_deref(), Some(r#"{"groupId":"28","licenseKey":"AB\"CD"}"#));
        assert_eq!(format!("{request:?}"), "POST /Groups/Pbx.ReplaceGroupLicenseKey");
    }

    #[test]
    fn pages_are_ordered() {
        assert_eq!(page_query(0, 100, "Id").as_str(), "?$top=100&$orderby=Id");
        assert_eq!(page_query(200, 50, "Id").as_str(), "?$top=50&$skip=200&$orderby=Id");
    }

    #[test]
    fn a_number_cannot_leave_its_filter() {
        assert_eq!(number_filter("Number", "GRP'1"), "tolower(Number) eq 'grp''1'");
    }
}
