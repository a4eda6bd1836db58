//! Calls of a person's own, below the API's root.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::license;
use super::meant::{self, Given, is_blank};
use super::parameters::{Parameters, fault, no_key};
use super::plan::{Key, Plan};
use super::query::Options;
use super::secrets;
use crate::definition::{self, OPERATIONS, Operation, Shape};
use crate::n8n::form;
use crate::n8n::outcome::Report;
use crate::rows::Cell;
use crate::rows::value::{Expected, FaultKind};
use crate::xapi::odata::Query;
use crate::xapi::pages::PAGE_SIZE;
use crate::xapi::request::{Method, Payload};

pub(super) fn of_row(form: &mut Parameters<'_>) -> Result<Plan, Box<Report>> {
    // What was given and is blank was to be some other method.
    let given = match form.get("method")? {
        Cell::Empty => Method::Get.as_str().to_owned(),
        cell => cell.into_filled_text().ok_or_else(|| fault("Method", FaultKind::Empty))?,
    };
    let method =
        Method::ALL.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(&given)).ok_or_else(|| {
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
        let is_needed = sends || NARROWING.iter().any(|own| own.eq_ignore_ascii_case(&name));
        if is_needed && !name.is_empty() && is_blank(&entry["value"]) {
            return Err(fault(form::query_value(&name), FaultKind::Empty));
        }
        no_key("Query Parameters", &text("value"))?;
        if !name.is_empty() {
            query = query.with_any(&name, &text("value"));
        }
    }
    let path = form.text("path")?.unwrap_or_default();
    no_key("Path", &path)?;
    if has_blank_key(&path, sends) {
        return Err(fault(form::key_in_path(&secrets::hidden_in_path(&path)), FaultKind::Empty));
    }
    let path = checked(&path).ok_or_else(|| fault("Path", Expected::Path.fault_of(secrets::hidden_in_path(&path))))?;
    let own_path =
        if path.contains('?') { path + &query.as_str().replacen('?', "&", 1) } else { path + query.as_str() };
    let known = change(method, &own_path);
    let is_meant = form.flag("everything", false)?;
    if let Some(operation) = known.filter(|_| !sends && !is_meant) {
        return Err(fault("Path", FaultKind::ChangesByGet(operation.resource)));
    }
    let is_file = form.choice("response", &["json", "file"])? == Some("file");
    // What changes something answers one value; as a list it would be asked for again and again.
    let pages = !sends && known.is_none() && !is_file && form.flag("returnAll", false)?;
    let lower = own_path.to_ascii_lowercase().replace("%24", "$");
    if pages && ["$top=", "$skip="].iter().any(|option| lower.contains(option)) {
        return Err(fault(definition::label("query").to_owned(), FaultKind::OwnPages));
    }
    let takes_body = !matches!(method, Method::Get | Method::Delete);
    let mut body = if takes_body { form.json("body")? } else { Value::Null };
    if let (Some(operation), Value::Object(body)) = (known, &mut body) {
        license::clean(operation, body)?;
    }
    let is_known_action = known.is_some_and(|operation| matches!(operation.body, Shape::Fields(_)));
    let is_action = method == Method::Post && (is_known_action || is_below_a_set(&own_path));
    let clear = form.choice("emptyValues", &["skip", "clear"])? == Some("clear");
    let filled = body.as_object().filter(|body| !body.values().all(is_blank));
    let cleared = match method {
        Method::Patch => filled.and_then(meant::cleared),
        Method::Post if is_action => filled.and_then(meant::cleared_within),
        _ => None,
    };
    if let Some(cleared) = cleared.filter(|_| !clear) {
        return Err(fault(cleared, FaultKind::Clears));
    }
    let gap = match blank_member(&body) {
        _ if takes_body && is_blank(&body) => Some("JSON Body".to_owned()),
        Some(name) if is_action => Some(form::body_value(name)),
        _ => None,
    };
    if let Some(gap) = gap.filter(|_| !is_meant) {
        return Err(fault(gap, FaultKind::Unnarrowed));
    }
    if let Some(operation) = known.filter(|_| sends && !is_meant) {
        // A key that has vanished from the body is seen by what the operation takes.
        let everything = meant::everything(operation, form)?;
        let given = Given { as_json: true, clear, everything, is_own: true };
        meant::parameters(operation, body.as_object().unwrap_or(&Map::new()), given)?;
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
        known,
        key: Key::None,
        arguments: Vec::new(),
        body,
        left_out: Vec::new(),
        record_key: None,
        is_counted: false,
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

/// The node's own operation that a call is, where it changes something: 3CX has GETs that do, also where more is asked of
/// their answer.
fn change(method: Method, path: &str) -> Option<&'static Operation> {
    let own = names(path);
    let is_it = |operation: &&Operation| {
        let common = |template: &str| begin_of(&own, template);
        let paths = [Some(operation.path), operation.older.map(|older| older.path)];
        operation.method == method
            && match method {
                Method::Get => !operation.safe_to_repeat && common(operation.path).is_some(),
                _ => paths.into_iter().flatten().any(|path| common(path) == Some(own.len())),
            }
    };
    OPERATIONS.iter().find(is_it)
}

/// How many names an operation's path has, if these begin with all of them.
fn begin_of(names: &[String], template: &str) -> Option<usize> {
    let parts = template.split('/').skip(1).map(|part| part.split('(').next().unwrap_or_default());
    let wanted = parts.map(|part| part.rsplit('.').next().unwrap_or_default());
    let mut count = 0;
    for name in wanted {
        if !names.get(count)?.eq_ignore_ascii_case(name) {
            return None;
        }
        count += 1;
    }
    Some(count)
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

/// What a path is for, however it is written: the entity of its first key, or all that it names.
pub(super) fn subject(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let plain = percent_decode_str(path).decode_utf8_lossy().to_lowercase();
    let (set, rest) = plain.split_once('(').unwrap_or((&plain, ""));
    let key: String = rest.split(')').next().unwrap_or_default().split_whitespace().collect();
    format!("{}({})", names(set).join("/"), key.strip_prefix("id=").unwrap_or(&key))
}

/// Whether a path goes on behind its set: a POST of it is an action, which may take for everything what it is not given.
pub(super) fn is_below_a_set(path: &str) -> bool {
    names(path).len() > 1
}

fn blank_member(body: &Value) -> Option<&str> {
    body.as_object()?.iter().find(|(_, value)| is_blank(value)).map(|(name, _)| name.as_str())
}

/// Whether a key in a path is missing, as an expression without a column leaves it.
fn has_blank_key(path: &str, sends: bool) -> bool {
    let path = path.split('?').next().unwrap_or_default().replace("%27", "'").replace("%20", " ");
    let is_blank = |part: &str| {
        let value = part.rsplit('=').next().unwrap_or_default();
        let value = value.trim().trim_matches('\'').trim();
        value.is_empty() || matches!(value, "undefined" | "null" | "NaN")
    };
    let mut before = "";
    path.split('(').any(|part| {
        let name = before.rsplit(['/', ')']).next().unwrap_or_default();
        let is_first = before.is_empty();
        before = part;
        let keys = part.split(')').next().unwrap_or_default();
        // A function that takes nothing.
        let is_call = keys.is_empty() && !sends && !is_set(name);
        !is_first && !is_call && keys.split(',').any(is_blank)
    })
}

/// Whether it is the name of an entity set of which the node knows how one entity is read.
fn is_set(name: &str) -> bool {
    let is_it =
        |path: &str| path.strip_prefix('/').and_then(|path| path.split_once('(')).is_some_and(|(set, _)| set == name);
    OPERATIONS.iter().any(|operation| is_it(operation.path))
}

/// Query options that narrow a list.
const NARROWING: [&str; 2] = ["$filter", "$search"];

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
    let mut is_query = false;
    for c in path.chars() {
        is_query |= c == '?';
        // Servers read a plus in a query as a space: no number would be found by its +49.
        if is_plain(c) && !(is_query && c == '+') {
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

    /// That it is sent, or why not.
    fn told(parameters: Value) -> String {
        let mut rows = given(&parameters);
        match of_row(&mut Parameters { rows: &mut rows, row: 0 }) {
            Ok(_) => "sent".to_owned(),
            Err(report) => report.error,
        }
    }

    #[test]
    fn a_reading_that_nothing_narrows_is_refused_where_something_was_to() {
        let query = |name: &str| json!({"path": "/Users", "query": {"parameter": [{"name": name, "value": " "}]}});
        assert_eq!(told(query("$Filter")), "The value of $Filter under Query Parameters is empty");
        assert_eq!(told(query("$search")), "The value of $search under Query Parameters is empty");
        assert_eq!(told(query("flag")), "sent");
        assert_eq!(told(json!({"path": "/Users()"})), "A key in Path (/Users()) is empty");
        assert_eq!(told(json!({"path": "/SystemStatus/Pbx.SystemHealthStatus()"})), "sent");
    }

    #[test]
    fn a_path_that_is_refused_shows_no_secret() {
        for path in
            ["/Users/..?password=Summer-Canary", "/Users(apiKey='Summer-Canary',x=)", "/../?api_key=Summer%2DCanary"]
        {
            let told = told(json!({"method": "POST", "path": path}));
            assert!(told.contains("Path") && !told.contains("Canary"), "{told}");
        }
    }

    #[test]
    fn paths_stay_below_the_root() {
        for (path, expected) in [
            ("/Users(12)/Groups", Some("/Users(12)/Groups")),
            ("Users", Some("/Users")),
            ("/xapi/v1/Users?$top=1", Some("/Users?$top=1")),
            ("/Users(Number='O''Brien x')", Some("/Users(Number='O''Brien%20x')")),
            ("/Contacts+x?$filter=Phone eq '+49'", Some("/Contacts+x?$filter=Phone%20eq%20'%2B49'")),
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
            assert!(has_blank_key(path, true) && has_blank_key(path, false), "{path}");
        }
        for path in ["/Users(12)", "/Users", "/Users('null-1')", "/X(a=1,b='x')?$filter=f()", "/Users(0)"] {
            assert!(!has_blank_key(path, true) && !has_blank_key(path, false), "{path}");
        }
        let function = "/SystemStatus/Pbx.SystemHealthStatus()";
        assert!(has_blank_key(function, true) && !has_blank_key(function, false), "a function that takes nothing");
    }

    #[test]
    fn a_change_clears_nothing_and_pages_of_ones_own_are_refused_in_words_of_the_form() {
        let patch = |more: Value| {
            let mut form = json!({"method": "PATCH", "path": "/Users(5)", "body": {"FirstName": "Ann", "Hours": {"Type": "x", "Periods": []}}});
            form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            told(form)
        };
        assert_eq!(patch(json!({})), "Hours: Periods is empty, which would clear it");
        assert_eq!(patch(json!({"everything": true})), "Hours: Periods is empty, which would clear it");
        assert_eq!(patch(json!({"emptyValues": "clear"})), "sent");
        assert_eq!(patch(json!({"method": "POST"})), "sent");
        let bulk = |groups: Value| json!({"method": "POST", "path": "/Users/Pbx.BulkUpdate", "body": {"ids": [5], "user": {"Enabled": true, "Groups": groups}}});
        assert_eq!(told(bulk(json!([]))), "User: Groups is empty, which would clear it");
        assert_eq!(told(bulk(json!([{"GroupId": 28}]))), "sent");
        let pages = |path: &str| told(json!({"path": path, "returnAll": true}));
        assert_eq!(pages("/Users?$top=5"), "Query Parameters: $top and $skip cannot be used with Return All");
        assert_eq!(pages("/Users"), "sent");
    }

    #[test]
    fn a_change_is_known_however_it_is_written_and_no_wider_than_it_was_meant() {
        let post = |path: &str, body: Value, everything: bool| {
            told(json!({"method": "POST", "path": path, "body": body, "everything": everything}))
        };
        let crm = json!({"contactSource": "CRM"});
        for path in [
            "/Contacts/Pbx.DeleteContactsByType",
            "/contacts/pbx.deletecontactsbytype",
            "/Contacts/DeleteContactsByType",
            "/Contacts/%50bx.Delete%43ontactsByType?x=1",
        ] {
            assert!(post(path, crm.clone(), false).starts_with("Number is empty, and nothing else narrows"), "{path}");
            for number in [json!(null), json!(""), json!([])] {
                let told = post(path, json!({"contactSource": "CRM", "number": number}), false);
                assert!(told.ends_with("is empty, and nothing else narrows what is done"), "{path}: {told}");
            }
            assert_eq!(post(path, json!({"contactSource": "CRM", "number": "101"}), false), "sent");
            assert_eq!(post(path, crm.clone(), true), "sent");
        }
        let calls = "/purgecalls";
        assert_eq!(
            post(calls, json!({"period": {"All": false}}), false),
            "Period: Start is empty, and nothing else narrows what is done"
        );
        assert_eq!(post(calls, json!({"period": {"All": true}}), true), "sent");
        let period = json!({"period": {"Start": "2026-01-01T00:00:00Z", "Stop": "2026-02-01T00:00:00Z"}});
        assert_eq!(post(calls, period, false), "sent", "3CX takes what is not there for no");
        assert_eq!(post("/Users(5)/Pbx.Regenerate", json!({"opts": {"SendWelcomeEmail": true}}), false), "sent");
        assert_eq!(post("/Users/Pbx.BatchDelete", json!({"id": [5]}), false), "IDs is empty");
        assert!(
            post("/Services/RestartOperatingSystem", json!({"x": 1}), false).starts_with("I Mean Everything is off")
        );
        // What no operation of the node is may take a blank for everything, too.
        assert!(post("/Users/NewAction", json!({"id": null, "x": 1}), false).starts_with("id in JSON Body is empty"));
        assert_eq!(post("/Users/NewAction", json!({"id": 5}), false), "sent");
        // A parameter that a later version has, and what is made anew.
        assert_eq!(post("/Users/Pbx.BatchDelete", json!({"ids": [5], "force": true}), false), "sent");
        assert_eq!(post("/Users", json!({"Number": "100", "Mobile": null}), false), "sent");
    }

    #[test]
    fn a_license_key_is_looked_at_as_in_the_operations_own_form() {
        for (path, more) in [
            ("/LicenseStatus/Pbx.ReplaceLicenseKey", json!({})),
            ("/groups/replacegrouplicensekey", json!({"groupId": "28"})),
        ] {
            for (key, expected) in [("#N/A", "License Key is not a real key"), ("ABCD\u{2013}EFGH-IJKL-MNOP", "sent")] {
                for everything in [true, false] {
                    let mut body = more.clone();
                    body["licenseKey"] = key.into();
                    let form = json!({"method": "POST", "path": path, "body": body, "everything": everything});
                    assert_eq!(told(form), expected, "{path} {key}");
                }
            }
        }
    }

    #[test]
    fn a_method_that_is_blank_is_not_get() {
        assert_eq!(told(json!({"path": "/Users"})), "sent");
        for blank in ["", " "] {
            assert_eq!(told(json!({"path": "/Users", "method": blank})), "Method is empty");
        }
        assert_eq!(told(json!({"path": "/Users(5)", "method": "delete", "response": "JSON"})), "sent");
        assert!(told(json!({"path": "/Users", "method": "FETCH"})).starts_with("Method: “FETCH” is not one of GET"));
        let odd = told(json!({"path": "/Users", "response": "binary"}));
        assert_eq!(odd, "Response: “binary” is not one of json, file");
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
            assert!(change(Method::Get, path).is_some(), "{path}");
        }
        for path in [
            "/ConferenceSettings",
            "/ConferenceSettings/Pbx.GetApiKey()",
            "/Users?$filter=f('/ConferenceSettings/Pbx.GenerateApiKey()')",
            "/Users(5)/Pbx.GenerateProvLink()",
            "/Fonts('/ConferenceSettings/Pbx.GenerateApiKey()')",
            "/",
        ] {
            assert!(change(Method::Get, path).is_none(), "{path}");
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
