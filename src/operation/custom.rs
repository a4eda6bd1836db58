//! Calls of a person's own, below the API's root.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::meant::{self, is_blank};
use super::parameters::{Parameters, fault, no_key};
use super::plan::{Key, Plan};
use super::query::Options;
use crate::definition::{self, OPERATIONS, Operation};
use crate::n8n::form;
use crate::n8n::outcome::Report;
use crate::rows::value::{Expected, FaultKind};
use crate::xapi::odata::Query;
use crate::xapi::pages::PAGE_SIZE;
use crate::xapi::request::{Method, Payload};

pub(super) fn of_row(form: &mut Parameters<'_>) -> Result<Plan, Box<Report>> {
    let given = form.text("method")?.unwrap_or_else(|| Method::Get.as_str().to_owned());
    let method = Method::ALL.into_iter().find(|method| method.as_str() == given).ok_or_else(|| {
        let expected = Expected::OneOf(Method::ALL.map(Method::as_str).to_vec());
        fault("Method", expected.fault_of(given))
    })?;
    let sends = method != Method::Get;
    let mut query = Query::default();
    for entry in form.entries("query", "parameter")? {
        let text = |name: &str| match &entry[name] {
            Value::String(text) => text.trim().to_owned(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let name = text("name");
        if sends && !name.is_empty() && is_blank(&entry["value"]) {
            return Err(fault(form::query_value(&name), FaultKind::Empty));
        }
        no_key("Query Parameters", &text("value"))?;
        if !name.is_empty() {
            query = query.with_any(&name, &text("value"));
        }
    }
    let path = form.text("path")?.unwrap_or_default();
    no_key("Path", &path)?;
    if sends && has_blank_key(&path) {
        return Err(fault(form::key_in_path(&path), FaultKind::Empty));
    }
    let path = checked(&path).ok_or_else(|| fault("Path", Expected::Path.fault_of(path.clone())))?;
    let own_path =
        if path.contains('?') { path + &query.as_str().replacen('?', "&", 1) } else { path + query.as_str() };
    let changes_by_get = if method == Method::Get { change(&own_path) } else { None };
    if let Some(operation) = changes_by_get
        && !form.flag("everything", false)?
    {
        return Err(fault("Path", FaultKind::ChangesByGet(operation.resource)));
    }
    let is_file = form.text("response")?.as_deref() == Some("file");
    // What changes something answers one value; as a list it would be asked for again and again.
    let pages = method == Method::Get && changes_by_get.is_none() && !is_file && form.flag("returnAll", false)?;
    let lower = own_path.to_ascii_lowercase().replace("%24", "$");
    if pages && ["$top=", "$skip="].iter().any(|option| lower.contains(option)) {
        return Err(fault(definition::label("query").to_owned(), FaultKind::OwnPages));
    }
    let takes_body = !matches!(method, Method::Get | Method::Delete);
    let body = if takes_body { form.json("body")? } else { Value::Null };
    let filled = body.as_object().filter(|body| !body.values().all(is_blank));
    let cleared = match method {
        Method::Patch => filled.and_then(meant::cleared),
        Method::Post if is_action(&own_path) => filled.and_then(meant::cleared_within),
        _ => None,
    };
    if let Some(cleared) = cleared
        && form.text("emptyValues")?.as_deref() != Some("clear")
    {
        return Err(fault(cleared, FaultKind::BlankInJson));
    }
    let gap = match blank_member(&body) {
        _ if takes_body && is_blank(&body) => Some("JSON Body".to_owned()),
        Some(name) if is_action(&own_path) => Some(form::body_value(name)),
        _ => None,
    };
    if let Some(gap) = gap
        && !form.flag("everything", false)?
    {
        return Err(fault(gap, FaultKind::Unnarrowed));
    }
    let body = match body {
        Value::Null => Payload::Nothing,
        body => {
            meant::sound(Some("JSON Body"), "", &body, true)?;
            Payload::Json(body.to_string())
        }
    };
    let file_field = match is_file {
        true => Some(form.text("outputField")?.unwrap_or_else(|| "data".to_owned())),
        false => None,
    };
    Ok(Plan {
        method,
        path: "",
        own_path: Some(own_path),
        key: Key::None,
        arguments: Vec::new(),
        body,
        list_key: None,
        order: "",
        options: Options { masked: form.flag("simplify", false)?, ..Options::default() },
        if_match: None,
        is_saved: false,
        limit: if pages { Some(form.limit()?) } else { None },
        page_size: PAGE_SIZE,
        file_field,
        is_file,
    })
}

/// Whether a GET of this path changes something.
pub(super) fn changes(path: &str) -> bool {
    change(path).is_some()
}

/// What a GET of this path changes: 3CX has functions that do. Also where more is asked of their answer.
fn change(path: &str) -> Option<&'static Operation> {
    let own = names(path);
    let is_of = |path: &str| own.starts_with(&names(path));
    let mut changing =
        OPERATIONS.iter().filter(|operation| operation.method == Method::Get && !operation.safe_to_repeat);
    changing.find(|operation| is_of(operation.path))
}

/// What a path names, as a server may read it: decoded, in any case, without query, keys, arguments and namespaces.
fn names(path: &str) -> Vec<String> {
    let path = path.split('?').next().unwrap_or_default();
    let (mut depth, mut is_text, mut plain) = (0_usize, false, String::new());
    for c in percent_decode_str(path).decode_utf8_lossy().chars() {
        match c {
            '\'' if depth > 0 => is_text = !is_text,
            '(' if !is_text => depth += 1,
            ')' if !is_text => depth = depth.saturating_sub(1),
            _ if depth == 0 => plain.extend(c.to_lowercase()),
            _ => {}
        }
    }
    let name = |part: &str| part.rsplit('.').next().unwrap_or_default().trim().to_owned();
    plain.split('/').map(name).filter(|name| !name.is_empty()).collect()
}

/// Whether a path ends with an action, which may take for everything what it is not given.
fn is_action(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    path.rsplit('/').next().is_some_and(|name| name.starts_with("Pbx."))
}

fn blank_member(body: &Value) -> Option<&str> {
    body.as_object()?.iter().find(|(_, value)| is_blank(value)).map(|(name, _)| name.as_str())
}

/// Whether a key in a path is missing, as an expression without a column leaves it.
fn has_blank_key(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default().replace("%27", "'").replace("%20", " ");
    let is_blank = |part: &str| {
        let value = part.rsplit('=').next().unwrap_or_default();
        let value = value.trim().trim_matches('\'').trim();
        value.is_empty() || matches!(value, "undefined" | "null" | "NaN")
    };
    path.split('(').skip(1).any(|rest| rest.split(')').next().unwrap_or_default().split(',').any(is_blank))
}

/// A path that stays below the API's root, with what cannot stand in a URL encoded.
fn checked(path: &str) -> Option<String> {
    let path = path.strip_prefix("/xapi/v1").filter(|rest| rest.starts_with('/')).unwrap_or(path);
    let path = path.strip_prefix('/').unwrap_or(path);
    let is_plain =
        |c: char| c.is_ascii_graphic() && !matches!(c, '\\' | '#' | '"' | '<' | '>' | '^' | '`' | '{' | '|' | '}');
    let (before, _) = path.split_once('?').unwrap_or((path, ""));
    let is_dots = |part: &str| !part.is_empty() && part.chars().all(|c| c == '.');
    // As a server or proxy reads it that decodes before it looks for folders.
    let decoded = before.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    let leaves = before.split('/').any(str::is_empty) || decoded.split('/').any(is_dots);
    if path.chars().any(char::is_control) || leaves || path.contains('\\') {
        return None;
    }
    let mut encoded = String::from("/");
    for c in path.chars() {
        if is_plain(c) {
            encoded.push(c);
        } else {
            encoded.push_str(&crate::xapi::odata::encode(c.encode_utf8(&mut [0; 4])));
        }
    }
    Some(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::testing::given;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn paths_stay_below_the_root() {
        for (path, expected) in [
            ("/Users(12)/Groups", Some("/Users(12)/Groups")),
            ("Users", Some("/Users")),
            ("/xapi/v1/Users?$top=1", Some("/Users?$top=1")),
            ("/Users(Number='O''Brien x')", Some("/Users(Number='O''Brien%20x')")),
            ("/Users?$filter=Name eq 'ä'", Some("/Users?$filter=Name%20eq%20'%C3%A4'")),
            ("/../connect/token", None),
            ("/Users/%2e%2E/x", None),
            ("/Users/%2e%2e%2fconnect%2ftoken", None),
            ("/Users/..%5Cx", None),
            ("/Fonts('a%2Fb..')", Some("/Fonts('a%2Fb..')")),
            ("/Users/./x", None),
            ("//evil.example.com/x", None),
            ("/Users\\..\\x", None),
            ("/Users\nHost: x", None),
            ("", None),
        ] {
            assert_eq!(checked(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn a_key_that_is_missing_is_seen() {
        for path in [
            "/Users()",
            "/Users('')",
            "/Users( )/Pbx.X",
            "/Users(Number='')",
            "/X(a=1,b=)",
            "/Users(undefined)",
            "/X(a='%20')",
        ] {
            assert!(has_blank_key(path), "{path}");
        }
        for path in ["/Users(12)", "/Users", "/Users('null-1')", "/X(a=1,b='x')?$filter=f()", "/Users(0)"] {
            assert!(!has_blank_key(path), "{path}");
        }
    }

    #[test]
    fn a_change_clears_nothing_and_pages_of_ones_own_are_refused_in_words_of_the_form() {
        let told = |parameters: Value| {
            let mut rows = given(&parameters);
            match of_row(&mut Parameters { rows: &mut rows, row: 0 }) {
                Ok(_) => "sent".to_owned(),
                Err(report) => report.error,
            }
        };
        let patch = |more: Value| {
            let mut form = json!({"method": "PATCH", "path": "/Users(5)", "body": {"FirstName": "Ann", "Hours": {"Type": "x", "Periods": []}}});
            form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            told(form)
        };
        assert_eq!(patch(json!({})), "Hours: Periods is empty in JSON Body");
        assert_eq!(patch(json!({"everything": true})), "Hours: Periods is empty in JSON Body");
        assert_eq!(patch(json!({"emptyValues": "clear"})), "sent");
        assert_eq!(patch(json!({"method": "POST"})), "sent");
        let bulk = |groups: Value| json!({"method": "POST", "path": "/Users/Pbx.BulkUpdate", "body": {"ids": [5], "user": {"Enabled": true, "Groups": groups}}});
        assert_eq!(told(bulk(json!([]))), "User: Groups is empty in JSON Body");
        assert_eq!(told(bulk(json!([{"GroupId": 28}]))), "sent");
        let pages = |path: &str| told(json!({"path": path, "returnAll": true}));
        assert_eq!(pages("/Users?$top=5"), "Query Parameters: $top and $skip cannot be used with Return All");
        assert_eq!(pages("/Users"), "sent");
    }

    #[test]
    fn a_get_that_changes_something_is_known_however_it_is_written() {
        for path in [
            "/ConferenceSettings/Pbx.GenerateApiKey()",
            "/conferencesettings/pbx.generateapikey()?$select=x",
            "/ConferenceSettings/Pbx.GenerateApiKey",
            "/ConferenceSettings/GenerateApiKey(a='x)y',b=1)",
            "/ConferenceSettings/%50bx.Generate%41piKey%28%29",
            "/ConferenceSettings%2FPbx.GenerateApiKey()/$value",
            "/ConferenceSettings()/Pbx.GenerateApiKey( )%20",
        ] {
            assert!(changes(path), "{path}");
        }
        for path in [
            "/ConferenceSettings",
            "/ConferenceSettings/Pbx.GetApiKey()",
            "/Users?$filter=f('/ConferenceSettings/Pbx.GenerateApiKey()')",
            "/Users(5)/Pbx.GenerateProvLink()",
            "/Fonts('/ConferenceSettings/Pbx.GenerateApiKey()')",
            "/",
        ] {
            assert!(!changes(path), "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_path_leaves_the_root(path in "(/|%2[eEfF]|%5[cC]|%25|[.?#\\\\ ]|[a-z'()=]|\\PC){0,12}") {
            if let Some(checked) = checked(&path) {
                prop_assert!(checked.starts_with('/') && !checked.starts_with("//"));
                let (before, _) = checked.split_once('?').unwrap_or((&checked, ""));
                let decoded = before.to_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
                prop_assert!(decoded.split('/').all(|part| part != ".." && part != "."), "{}", checked);
                prop_assert!(checked.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#' && byte != b'\\'));
            }
        }
    }
}
