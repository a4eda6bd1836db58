//! Calls of a person's own, below the API's root.

use serde_json::{Map, Value};

use super::license;
use super::meant::{self, Given, is_blank};
use super::own_path;
use super::parameters::{Parameters, fault, no_key};
use super::plan::{Key, Plan};
use super::query::QueryOptions;
use super::{raw_filter, secrets};
use crate::definition::{self, Shape};
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
        if (sends || narrows(&name)) && !name.is_empty() && is_blank(&entry["value"]) {
            return Err(fault(form::query_value(&name), FaultKind::Empty));
        }
        no_key("Query Parameters", &text("value"))?;
        if is_filter(&name) {
            raw_filter::check(&name, &text("value"))?;
        }
        if !name.is_empty() {
            query = query.with_any(&name, &text("value"));
        }
    }
    let path = form.text("path")?.unwrap_or_default();
    no_key("Path", &path)?;
    if own_path::has_blank_key(&path, sends) {
        return Err(fault(form::key_in_path(&secrets::hidden_in_path(&path)), FaultKind::Empty));
    }
    if let Some(name) =
        own_path::query(&path).find_map(|(name, value)| (is_blank(&value.into()) && narrows(&name)).then_some(name))
    {
        return Err(fault(form::query_in_path(&name), FaultKind::Empty));
    }
    own_path::query(&path)
        .filter(|(name, _)| is_filter(name))
        .try_for_each(|(name, value)| raw_filter::check(&name, &value))?;
    let path = own_path::checked(&path)
        .ok_or_else(|| fault("Path", Expected::Path.fault_of(secrets::hidden_in_path(&path))))?;
    let own_path =
        if path.contains('?') { path + &query.as_str().replacen('?', "&", 1) } else { path + query.as_str() };
    let known = own_path::change(method, &own_path);
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
    let is_action = method == Method::Post && (is_known_action || own_path::is_below_a_set(&own_path));
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
        options: QueryOptions { masked: form.flag("simplify", false)?, ..QueryOptions::default() },
        if_match: None,
        is_saved: false,
        limit: if pages { Some(form.limit()?) } else { None },
        page_size: PAGE_SIZE,
        file_field,
        is_file,
    })
}

fn blank_member(body: &Value) -> Option<&str> {
    body.as_object()?.iter().find(|(_, value)| is_blank(value)).map(|(name, _)| name.as_str())
}

/// Whether a query option narrows a list.
fn narrows(name: &str) -> bool {
    is_filter(name) || plain(name) == "search"
}

fn is_filter(name: &str) -> bool {
    plain(name) == "filter"
}

/// The name of a query option, however it is written: some servers take it without its dollar.
fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace("%24", "$").trim_start_matches('$').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::testing::given;
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
        assert_eq!(told(query("%24filter")), "The value of %24filter under Query Parameters is empty");
        assert_eq!(told(query("flag")), "sent");
        for path in ["/Users?$filter=", "/Users?$top=5&%24Filter=%20", "/Users?search="] {
            let told = told(json!({ "path": path }));
            assert!(told.starts_with("The value of ") && told.ends_with(" in Path is empty"), "{path}: {told}");
        }
        assert_eq!(told(json!({"path": "/Users?$filter=Id eq 5&flag="})), "sent");
        let all = "startswith(Number,'')";
        let option = json!({"parameter": [{"name": "Filter", "value": all}]});
        let sought = "The text that startswith looks for in";
        assert_eq!(told(json!({"path": "/Users", "query": option})), format!("{sought} Filter is empty"));
        assert_eq!(told(json!({"path": format!("/Users?$filter={all}")})), format!("{sought} $filter is empty"));
        let open = told(json!({"path": "/Users?$filter=(Name eq 'x'"}));
        assert!(open.starts_with("$filter: “(Name eq 'x'” is not closed"), "{open}");
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
        let mut twice =
            json!({"period": {"Start": "2026-01-01T00:00:00Z", "Stop": "2026-02-01T00:00:00Z", "all": true}});
        assert_eq!(post(calls, twice.clone(), false), "There is no field all here");
        twice["period"].as_object_mut().unwrap().remove("all");
        twice["Period"] = json!({"All": true});
        assert_eq!(post(calls, twice, false), "There is no field Period here");
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
}
