//! No call is wider than it was meant to be: what a row must say before a call that changes something leaves. The one
//! place that decides it, for the form, for JSON and for callers without n8n.

use serde_json::{Map, Number, Value};

use super::parameters::{Parameters, fault};
use crate::calls::moment::moment;
use crate::definition::{self, Answer, Field, Operation, Shape, ValueKind};
use crate::n8n::form::{self, inner_label, label};
use crate::n8n::outcome::Report;
use crate::n8n::words;
use crate::redaction::{self, MASK};
use crate::rows::text;
use crate::rows::value::{self, Expected, FaultKind};
use crate::xapi::request::Method;

/// Whether a row means everything. Where nothing that it could give narrows the call, it must.
pub(super) fn everything(operation: &Operation, form: &mut Parameters<'_>) -> Result<bool, Box<Report>> {
    let is_meant = operation.everything && form.flag("everything", false)?;
    let could_narrow = !operation.everything || matches!(operation.body, Shape::Fields(_));
    if is_meant || could_narrow { Ok(is_meant) } else { Err(fault(form::EVERYTHING, FaultKind::NotMeant)) }
}

/// How a body was given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given {
    pub(super) as_json: bool,
    /// Empty values are meant to be sent.
    pub(super) clear: bool,
    pub(super) everything: bool,
    /// It is written as 3CX takes it: what its records lack has 3CX's own default, and only what narrows must be there.
    pub(super) is_own: bool,
}

/// Whether a body says all that the operation must be told, and nothing that is never meant.
pub(super) fn check(operation: &Operation, body: &Map<String, Value>, given: Given) -> Result<(), Box<Report>> {
    match operation.body {
        Shape::Entity(of) => {
            let creates = operation.method == Method::Post;
            if !body.values().any(|value| says(value, given.clear && !creates)) {
                return Err(fault(form::ROW, FaultKind::NothingToSend));
            }
            let missing =
                of.fields.iter().find(|field| operation.requires(field) && body.get(field.name()).is_none_or(is_blank));
            if let Some(field) = missing {
                return Err(fault(label(field), FaultKind::Empty));
            }
        }
        Shape::Fields(fields) => {
            parameters(operation, body, given)?;
            if body.is_empty() && !fields.is_empty() && !given.everything {
                return Err(fault(form::ROW, FaultKind::NothingToSend));
            }
        }
        Shape::Any | Shape::Nothing => {}
    }
    if given.as_json && !given.clear {
        keeps(operation, body)?;
    }
    body.iter().try_for_each(|(name, value)| sound(None, name, value, given.as_json))
}

/// Whether each parameter of an action says what it must: also in a body that no form has made.
pub(super) fn parameters(operation: &Operation, body: &Map<String, Value>, given: Given) -> Result<(), Box<Report>> {
    let Shape::Fields(fields) = operation.body else { return Ok(()) };
    known(fields, body, given.is_own)?;
    for field in fields {
        let value = body.get(field.name());
        action_field(field, value, given)?;
        let is_blank = value.is_some_and(|value| !says(value, given.clear && is_record(field)));
        if is_blank && !operation.reads() {
            return Err(fault(label(field), FaultKind::EmptyOption));
        }
    }
    Ok(())
}

/// Whether all names of an object are those of fields. `may_be_newer`: others may be of a later version, but none that
/// differs from a field's by case alone, as 3CX may take it for that.
fn known(fields: &[Field], object: &Map<String, Value>, may_be_newer: bool) -> Result<(), Box<Report>> {
    let is_known = |name: &str| fields.iter().any(|field| field.name() == name);
    let is_alike = |name: &str| fields.iter().any(|field| field.name().eq_ignore_ascii_case(name));
    let unknown = object.keys().find(|name| !is_known(name) && (!may_be_newer || is_alike(name)));
    unknown.map_or(Ok(()), |name| Err(fault(name.clone(), FaultKind::Unknown)))
}

/// Whether a body of JSON leaves what it leaves blank: in a change, 3CX takes a blank for the wish to clear. What is made
/// anew or read has nothing to lose.
fn keeps(operation: &Operation, body: &Map<String, Value>) -> Result<(), Box<Report>> {
    let cleared = match operation.body {
        Shape::Entity(_) if operation.method == Method::Patch => cleared(body),
        Shape::Fields(_) if !operation.reads() && !matches!(operation.answer, Answer::Created(_)) => {
            cleared_within(body)
        }
        _ => None,
    };
    cleared.map_or(Ok(()), |field| Err(fault(field, FaultKind::Clears)))
}

/// The first field that a change would clear, as the form calls it. Entries of lists are whole of their own.
pub(super) fn cleared(body: &Map<String, Value>) -> Option<String> {
    body.iter().find_map(|(name, value)| match value {
        Value::Object(fields) if !fields.is_empty() => within(name, value),
        Value::Array(entries) => entries.is_empty().then(|| words::title_case(name)),
        other => is_blank(other).then(|| words::title_case(name)),
    })
}

/// The first field that an action would clear in what it is given.
pub(super) fn cleared_within(body: &Map<String, Value>) -> Option<String> {
    body.iter().find_map(|(name, value)| within(name, value))
}

fn within(name: &str, value: &Value) -> Option<String> {
    cleared(value.as_object()?).map(|inner| format!("{}: {inner}", words::title_case(name)))
}

/// Takes out of an object what would clear something.
pub(super) fn leave_out_blanks(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.values_mut().for_each(leave_out_blanks);
        fields.retain(|_, value| !is_blank(value));
    }
}

/// A parameter of an action, and what it is made of.
fn action_field(field: &Field, value: Option<&Value>, given: Given) -> Result<(), Box<Report>> {
    demand(field, &|| label(field), value, given)?;
    if let (ValueKind::Object(of), Some(Value::Object(object)), false) = (field.kind, value, field.flags.is_list()) {
        let narrows = of.fields.iter().any(|inner| inner.flags.narrows());
        if narrows {
            known(of.fields, object, false)?;
        }
        for inner in of.fields {
            let value = object.get(inner.name());
            if given.is_own && value.is_none() && !inner.flags.narrows() {
                continue;
            }
            demand(inner, &|| inner_label(field, inner), value, given)?;
            if narrows && matches!(inner.kind, ValueKind::Boolean) {
                agrees(value, given.everything, &|| inner_label(field, inner))?;
            }
            if narrows && inner.name() == "Stop" {
                ends("Start", object.get("Start"), value, &|| inner_label(field, inner))?;
            }
        }
    }
    Ok(())
}

/// A yes or no beside what narrows is the API's own word for everything: it must say what the row says.
fn agrees(value: Option<&Value>, everything: bool, label: &dyn Fn() -> String) -> Result<(), Box<Report>> {
    match value {
        Some(Value::Bool(all)) if *all == everything => Ok(()),
        Some(Value::Bool(true)) => Err(fault(form::EVERYTHING, FaultKind::NotMeant)),
        Some(Value::Bool(false)) => Err(fault(label(), FaultKind::NoBesideEverything)),
        _ => Err(fault(label(), Expected::TrueOrFalse.fault())),
    }
}

/// A period that ends before it begins was meant to be another one. `beginning`: what the form calls that.
pub(super) fn ends(
    beginning: &'static str,
    start: Option<&Value>,
    stop: Option<&Value>,
    label: &dyn Fn() -> String,
) -> Result<(), Box<Report>> {
    let at = |value: Option<&Value>| moment(value?.as_str()?);
    match (at(start), at(stop)) {
        (Some(start), Some(stop)) if stop < start => Err(fault(label(), Expected::After(beginning).fault())),
        _ => Ok(()),
    }
}

fn demand(field: &Field, label: &dyn Fn() -> String, value: Option<&Value>, given: Given) -> Result<(), Box<Report>> {
    let is_said = value.is_some_and(|value| says(value, given.clear && is_record(field)));
    let kind = match (field.flags.narrows(), given.everything) {
        // Even an empty one: where it comes from a column, it is filled in other rows.
        (true, true) if value.is_some() => FaultKind::NarrowedEverything,
        (true, false) if !is_said => FaultKind::Unnarrowed,
        (false, _) if !is_said && field.flags.is_required() => FaultKind::Empty,
        _ => return Ok(()),
    };
    Err(fault(label(), kind))
}

fn is_record(field: &Field) -> bool {
    matches!(field.kind, ValueKind::Object(_)) && !field.flags.is_list()
}

/// Whether a blank is something else than nothing, so that it is seen: without a filter more is done, and without the
/// extension whose phone rings, that of whoever's token it is does.
pub(super) fn tells_if_blank(field: &Field) -> bool {
    field.flags.narrows() || field.name() == "dn"
}

/// Whether there is anything in a value; `clear`: empty values that are named are something too.
fn says(value: &Value, clear: bool) -> bool {
    match value {
        Value::Object(fields) => fields.values().any(|field| says(field, clear)),
        other => clear || !is_blank(other),
    }
}

/// Whether a person, or an expression without a column, left it blank.
pub(super) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text::is_blank(text),
        Value::Array(entries) => entries.iter().all(is_blank),
        Value::Object(fields) => fields.values().all(is_blank),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a value of this name is what this node shows in place of a secret.
pub(super) fn is_mask(name: &str, value: &Value) -> bool {
    let Value::String(text) = value else { return false };
    redaction::is_mask(text)
        || redaction::is_masked_within(text)
        || (definition::is_secret_parameter(name) && text.contains(MASK))
}

/// Whether a mask stands anywhere in a value of this name.
pub(super) fn holds_mask(name: &str, value: &Value) -> bool {
    match value {
        Value::Array(entries) => entries.iter().any(|entry| holds_mask(name, entry)),
        Value::Object(fields) => fields.iter().any(|(name, value)| holds_mask(name, value)),
        _ => is_mask(name, value),
    }
}

/// Refuses what is never meant: masks in place of secrets, gaps in lists, numbers that are no more what was written. The
/// field is told as the form calls it, below `part` of the form.
pub(super) fn sound(part: Option<&str>, name: &str, value: &Value, numbers: bool) -> Result<(), Box<Report>> {
    let Some((within, kind)) = unsound(name, value, numbers) else { return Ok(()) };
    let label = part.map_or_else(|| words::title_case(name), str::to_owned);
    Err(fault(label + &within, kind))
}

/// What is wrong with a value, and where within it.
fn unsound(name: &str, value: &Value, numbers: bool) -> Option<(String, FaultKind)> {
    let here = |kind| Some((String::new(), kind));
    match value {
        _ if is_mask(name, value) => here(FaultKind::Mask),
        Value::Number(number) if numbers && !is_exact(number) => here(FaultKind::NotExact(number.to_string())),
        Value::Array(entries) => match entries.iter().position(is_blank) {
            Some(gap) => here(FaultKind::Gap(gap)),
            None => entries.iter().find_map(|entry| unsound(name, entry, numbers)),
        },
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            let (within, kind) = unsound(name, value, numbers)?;
            Some((format!(": {}{within}", words::title_case(name)), kind))
        }),
        _ => None,
    }
}

/// A number within a value that is no more the one that was written.
pub(super) fn inexact(value: &Value) -> Option<FaultKind> {
    match value {
        Value::Number(number) if !is_exact(number) => Some(FaultKind::NotExact(number.to_string())),
        Value::Array(entries) => entries.iter().find_map(inexact),
        Value::Object(fields) => fields.values().find_map(inexact),
        _ => None,
    }
}

/// Whether a number is still the one that was written, as far as can be told: whole ones above 2^53 were rounded.
fn is_exact(number: &Number) -> bool {
    number.as_f64().is_some_and(|number| value::exact(number).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::operation;
    use crate::operation::body;
    use crate::operation::columns::Columns;
    use crate::rows::testing::given;
    use crate::xapi::request::Payload;
    use serde_json::json;

    fn told(resource: &str, name: &str, body: Value, clear: bool, everything: bool) -> String {
        let body = body.as_object().unwrap();
        let given = Given { as_json: true, clear, everything, is_own: false };
        match check(operation(resource, name).unwrap(), body, given) {
            Ok(()) => "sent".to_owned(),
            Err(report) => report.error,
        }
    }

    /// What is sent of a form, or why nothing is.
    fn sent(resource: &str, name: &str, parameters: &Value) -> String {
        let mut rows = given(parameters);
        let mut form = Parameters { rows: &mut rows, row: 0 };
        match body::of_row(operation(resource, name).unwrap(), &mut form, &mut Columns::default()) {
            Ok((Payload::Json(body), _)) => body,
            Ok(_) => "sent".to_owned(),
            Err(report) => report.error,
        }
    }

    #[test]
    fn what_takes_nothing_is_done_for_a_row_that_means_everything() {
        let restart = |parameters: Value| sent("Services", "Restart Operating System", &parameters);
        assert_eq!(restart(json!({"everything": true})), "sent");
        for unset in [json!({}), json!({"everything": null}), json!({"everything": false})] {
            assert_eq!(restart(unset), "I Mean Everything is off, and nothing narrows what this operation does");
        }
        for odd in [json!("true"), json!(""), json!([])] {
            assert!(restart(json!({"everything": odd})).contains("only true or false is understood"), "{odd}");
        }
        assert_eq!(sent("Firewall", "Stop Check", &json!({})), "sent");
        assert!(sent("Firewall", "Start Check", &json!({})).starts_with("I Mean Everything"), "calls may end");
        assert_eq!(sent("Users", "Delete User", &json!({})), "sent", "its key narrows it");
    }

    #[test]
    fn a_filter_that_is_mapped_but_empty_is_no_filter_that_is_left_out() {
        let purge = |fields: Value, everything: bool| {
            sent("Outbound Rules", "Purge", &json!({"fields": fields, "everything": everything}))
        };
        assert_eq!(purge(json!({"purgeObject.Ids": "7"}), false), r#"{"purgeObject":{"Ids":[7]}}"#);
        assert_eq!(purge(json!({}), true), "{}");
        for ids in [json!(null), json!(""), json!([]), json!(",")] {
            for everything in [true, false] {
                assert!(purge(json!({"purgeObject.Ids": ids}), everything).starts_with("Purge Object"), "{ids}");
            }
        }
        assert!(purge(json!({}), false).starts_with("Purge Object is empty"));
    }

    #[test]
    fn how_a_body_is_given_is_said_in_any_capitals_and_nothing_else_is_taken_for_it() {
        let update = |more: Value| {
            let mut form = json!({"body": {"Mobile": null}, "fields": {"FirstName": "b"}});
            form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            sent("Users", "Update User", &form)
        };
        assert_eq!(update(json!({"bodyFrom": "JSON", "emptyValues": " Clear"})), r#"{"Mobile":null}"#);
        assert_eq!(update(json!({"bodyFrom": "Fields"})), r#"{"FirstName":"b"}"#);
        assert_eq!(update(json!({"bodyFrom": "body"})), "Specify Body: “body” is not one of fields, json");
        assert_eq!(update(json!({"emptyValues": "null"})), "Empty Values: “null” is not one of skip, clear");
        assert_eq!(update(json!({"emptyValues": true})), "Empty Values: “true” is not one of skip, clear");
    }

    #[test]
    fn blanks_at_any_depth_are_blank() {
        for blank in [
            json!(null),
            json!(" \u{a0}\u{200b}\n"),
            json!([]),
            json!({}),
            json!([null, "", [{}]]),
            json!({"a": {"b": [""]}}),
        ] {
            assert!(is_blank(&blank), "{blank}");
        }
        for filled in [json!(false), json!(0), json!("x"), json!([0]), json!({"a": {"b": [false]}})] {
            assert!(!is_blank(&filled), "{filled}");
        }
    }

    #[test]
    fn an_action_is_told_all_that_it_takes() {
        let many = |body: Value| told("Users", "Bulk Update", body, false, false);
        assert_eq!(many(json!({"ids": [5], "user": {"Enabled": false}})), "sent");
        for ids in [json!(null), json!([]), json!([null, ""]), json!(" "), json!({})] {
            assert_eq!(many(json!({"ids": ids, "user": {"Enabled": false}})), "IDs is empty", "{ids}");
        }
        assert_eq!(many(json!({"user": {"Enabled": false}})), "IDs is empty");
        assert_eq!(many(json!({"ids": [5, null], "user": {"Enabled": false}})), "IDs: entry 2 is empty");
        assert_eq!(many(json!({"ids": [5], "user": {"Mobile": "", "Groups": [], "BreakTime": {}}})), "User is empty");
        assert_eq!(many(json!({"ids": [5], "user": {}})), "User is empty");
        assert_eq!(many(json!({"IDs": [5], "user": {"Enabled": false}})), "There is no field IDs here");
        let clear = |user: Value| told("Users", "Bulk Update", json!({"ids": [5], "user": user}), true, false);
        assert_eq!(clear(json!({"Mobile": null})), "sent");
        assert_eq!(clear(json!({"BreakTime": {}})), "User is empty");
        assert_eq!(told("Users", "Batch Delete", json!({"ids": []}), true, false), "IDs is empty");
        assert_eq!(told("System Status", "Set Multi Company Mode", json!({}), false, false), "Enable is empty");
    }

    #[test]
    fn a_reading_is_told_something() {
        let users = |body: Value| told("Google Settings", "Get Google Users", body, false, false);
        assert!(users(json!({})).starts_with("The row has no value"));
        assert_eq!(users(json!({"options": {"Count": 10}})), "sent");
    }

    #[test]
    fn what_narrows_is_given_unless_everything_is_meant() {
        let of_type = |body: Value, everything| told("Contacts", "Delete Contacts By Type", body, false, everything);
        let some = json!({"contactSource": "CRM", "number": "101"});
        let all = json!({"contactSource": "CRM"});
        let blank = json!({"contactSource": "CRM", "number": null});
        assert_eq!(of_type(some.clone(), false), "sent");
        assert_eq!(of_type(all.clone(), true), "sent");
        for (body, everything) in [(all, false), (blank.clone(), false), (some, true), (blank, true)] {
            assert!(of_type(body.clone(), everything).starts_with("Number"), "{body} {everything}");
        }
        let purge = |period: Value, everything| {
            told("Purge Settings", "Purge Calls", json!({"period": period}), false, everything)
        };
        let within = json!({"All": false, "Start": "2026-01-01T00:00:00Z", "Stop": "2026-02-01T00:00:00Z"});
        assert_eq!(purge(within, false), "sent");
        assert_eq!(purge(json!({"All": true}), true), "sent");
        let dates = json!({"Start": "2026-01-01T00:00:00Z", "Stop": "2026-02-01T00:00:00Z"});
        for (all, everything) in [(json!(true), false), (json!("true"), false), (json!(1), false), (json!(null), false)]
        {
            let mut period = dates.clone();
            period["All"] = all;
            assert_ne!(purge(period.clone(), everything), "sent", "{period}");
        }
        assert_eq!(purge(json!({"All": false}), true), "Period: All is No although I Mean Everything is on");
        for period in [json!({}), json!({"All": true}), json!({"All": false, "Stop": "2026-02-01T00:00:00Z"})] {
            assert_ne!(purge(period.clone(), false), "sent", "{period}");
        }
        let mut twice =
            json!({"All": false, "all": true, "Start": "2026-01-01T00:00:00Z", "Stop": "2026-02-01T00:00:00Z"});
        assert_eq!(purge(twice.clone(), false), "There is no field all here");
        twice["all"] = json!(false);
        assert_eq!(purge(twice, false), "There is no field all here", "whatever it says");
        for (start, stop, expected) in [
            ("2026-02-01T00:00:00Z", "2026-01-05T00:00:00Z", "Period: Stop is not after Start"),
            ("2026-02-01T00:00:00-02:00", "2026-02-01T01:00:00Z", "Period: Stop is not after Start"),
            ("2026-02-01T01:00:00+02:00", "2026-02-01T00:00:00Z", "sent"),
            ("2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z", "sent"),
        ] {
            assert_eq!(purge(json!({"All": false, "Start": start, "Stop": stop}), false), expected);
        }
        assert_eq!(
            told("Services", "Restart", json!({"options": {"ServiceNames": []}}), false, false),
            "Options is empty"
        );
    }

    #[test]
    fn an_entity_is_not_made_or_changed_by_nothing() {
        for body in [json!({}), json!({"FirstName": null, "Groups": [], "BreakTime": {}}), json!({"LastName": " "})] {
            assert!(
                told("Users", "Create User", body.clone(), true, false).starts_with("The row has no value"),
                "{body}"
            );
            assert!(
                told("Users", "Update User", body.clone(), false, false).starts_with("The row has no value"),
                "{body}"
            );
        }
        assert_eq!(told("Users", "Update User", json!({"Mobile": null}), true, false), "sent");
        assert_eq!(told("Users", "Update User", json!({"FirstName": "Ann", "Mobile": null}), true, false), "sent");
        assert_eq!(
            told("Groups", "Create Group", json!({"Language": "EN", "Name": ""}), false, false),
            "Name is empty"
        );
    }

    #[test]
    fn json_clears_nothing_unless_that_is_meant() {
        let blanks = [json!(null), json!(""), json!(" \u{200b}"), json!([]), json!({})];
        let (mut checked, clears, keeps) = (0, true, false);
        let mut expect = |resource: &str, name: &str, body: Value, field: &str| {
            let error = format!("{field} is empty, which would clear it");
            assert_eq!(told(resource, name, body.clone(), keeps, false), error, "{name} {body}");
            assert_eq!(told(resource, name, body.clone(), clears, false), "sent", "{name} {body}");
            checked += 1;
        };
        for blank in &blanks {
            expect(
                "Users",
                "Update User",
                json!({"FirstName": "Ann", "OutboundCallerID": blank}),
                "Outbound Caller ID",
            );
            expect(
                "Users",
                "Update User",
                json!({"Id": 5, "Hours": {"Type": "x", "Periods": blank}}),
                "Hours: Periods",
            );
            expect(
                "Groups",
                "Update Group",
                json!({"Props": {"Fqdn": "x", "ResellerId": blank}}),
                "Properties: Reseller ID",
            );
            let user = json!({"Enabled": true, "Groups": blank});
            expect("Users", "Bulk Update", json!({"ids": [5, 6], "user": user}), "User: Groups");
        }
        assert_eq!(checked, 4 * blanks.len());
        // What is made anew or read has nothing to lose, and an entry of a list is whole of its own.
        for (resource, name, body) in [
            ("Users", "Create User", json!({"Number": "100", "Mobile": null, "Groups": []})),
            ("Users", "Update User", json!({"Groups": [{"GroupId": 28, "Rights": null, "Name": ""}]})),
            ("Google Settings", "Get Google Users", json!({"options": {"Count": 10, "Search": ""}})),
        ] {
            assert_eq!(told(resource, name, body, keeps, false), "sent", "{name}");
        }
        // The form leaves them out before.
        let fields = json!({"userId": "5", "fields": {"FirstName": "Ann", "Mobile": ""}});
        assert_eq!(sent("Users", "Update User", &fields), r#"{"FirstName":"Ann"}"#);
    }

    #[test]
    fn what_a_sheet_or_an_expression_gives_for_nothing_is_no_text() {
        let create = |field: &str, text: &str| sent("Users", "Create User", &json!({"fields": {field: text}}));
        for none in [
            "#N/A",
            " #REF!\u{a0}",
            "#DIV/0!",
            "#NAME?",
            "#NV",
            "#BEZUG!",
            "#¡VALOR!",
            "Err:502",
            "[object Object]",
            "undefined",
            "null",
            "NaN",
        ] {
            let shown = text::trimmed(none);
            assert_eq!(
                create("FirstName", none),
                format!("First Name: “{shown}” is not a value: a formula or an expression failed")
            );
            assert_eq!(
                create("AuthPassword", none),
                "Authentication Password is not a value: a formula or an expression failed"
            );
            let tags = sent("Trunks", "Update Trunk", &json!({"fields": {"DidNumbers": ["*12", none]}}));
            assert!(tags.contains("is not a value"), "{tags}");
        }
        for broken in ["Ann\0b", "Ann\u{1b}", "Ann\u{85}b"] {
            assert!(create("FirstName", broken).contains("control character"), "{broken:?}");
        }
        for text in ["#1 support", "#31#", "#Hi!", "Null", "undefined behavior", "N/A", "a\tb\nc"] {
            assert_eq!(create("FirstName", text), json!({"FirstName": text}).to_string());
        }
        assert_eq!(create("FirstName", "\u{feff} Ann\u{200b}\u{a0}"), r#"{"FirstName":"Ann"}"#);
        assert_eq!(create("AuthPassword", " a b "), r#"{"AuthPassword":" a b "}"#, "a secret is what it is");
    }

    #[test]
    fn a_number_that_a_spreadsheet_has_rounded_or_a_cell_with_two_is_not_dialed() {
        for (resource, name, field, label) in [
            ("Users", "Make Call", "destination", "Destination"),
            ("Users", "Update User", "Mobile", "Mobile"),
            ("Users", "Create User", "Number", "Number"),
            ("Black List Numbers", "Create Black List Number", "CallerId", "Caller ID"),
        ] {
            let told = |number: &str| sent(resource, name, &json!({"fields": {field: number}}));
            let rounded = told("4.93012E+11");
            assert_eq!(rounded, format!("{label}: 4.93012E+11 is not a number of at most 15 digits"));
            let two = told("+4930\n+4931");
            assert_eq!(two, format!("{label} contains a line break, a tab or another control character"));
            assert_eq!(told("+4930\n"), json!({field: "+4930"}).to_string());
        }
        let text = json!({"fields": {"FirstName": "4.93012E+11"}});
        assert_eq!(sent("Users", "Update User", &text), r#"{"FirstName":"4.93012E+11"}"#);
    }

    #[test]
    fn what_is_changed_is_not_guessed() {
        let delete = |resource: &str, name: &str, parameter: &str, cell: Value| {
            sent(resource, name, &json!({"fields": {parameter: cell}}))
        };
        let recordings = |cell: Value| delete("Recordings", "Bulk Recordings Delete", "ids", cell);
        for cell in ["1,234", "1,234,567", "5;1,234", " 12,345\n6"] {
            let expected = format!("IDs: “{cell}” is not clear, as a comma may be part of a value: put semicolons");
            assert!(recordings(cell.into()).starts_with(&expected), "{}", recordings(cell.into()));
        }
        for cell in [json!("1;234"), json!("1, 234"), json!("1\n234"), json!("[1,234]"), json!([1, 234])] {
            assert_eq!(recordings(cell.clone()), r#"{"ids":[1,234]}"#, "{cell}");
        }
        assert_eq!(recordings("5,6,1234".into()), r#"{"ids":[5,6,1234]}"#);
        assert_eq!(recordings("101,102".into()), r#"{"ids":[101,102]}"#, "no PBX has an ID of 101,102");
        let purge = delete("Outbound Rules", "Purge", "purgeObject.Ids", "1,234".into());
        assert!(purge.starts_with("Purge Object: IDs: “1,234” is not clear"), "{purge}");
        let links = |cell: Value| delete("Website Links", "Bulk Links Delete", "ids", cell);
        assert!(links("Sales, North".into()).contains("a comma may be part of a value"));
        assert_eq!(links("3,7".into()), r#"{"ids":["3","7"]}"#, "IDs, if as text");
        assert_eq!(links("Sales; North".into()), r#"{"ids":["Sales","North"]}"#);
        assert_eq!(links(json!(["Sales, North"])), r#"{"ids":["Sales, North"]}"#);
        for (resource, name, fields) in [
            ("Users", "Bulk Update", json!({"ids": "1,234", "user.Enabled": false})),
            ("Users", "Regenerate Passwords", json!({"Ids": "12,345"})),
            ("Recordings", "Transcribe Recordings", json!({"ids": "7;1,234"})),
        ] {
            let told = sent(resource, name, &json!({"fields": fields}));
            assert!(told.starts_with("IDs: “") && told.contains("is not clear"), "{told}");
        }
        let many = json!({"fields": {"ids": "5,6", "user.Enabled": false}});
        assert_eq!(sent("Users", "Bulk Update", &many), r#"{"ids":[5,6],"user":{"Enabled":false}}"#);
        let tags = json!({"fields": {"Tags": "MS,Teams"}});
        assert!(sent("Users", "Update User", &tags).contains("Tags"), "a list that is no key");
    }

    #[test]
    fn an_object_that_a_column_or_a_field_gives_clears_nothing_either() {
        let user = json!({"Enabled": true, "Groups": [], "Mobile": null});
        let fields = json!({"ids": [5, 6], "user": user});
        for fields in [fields.clone(), json!({"mappingMode": "defineBelow", "value": fields})] {
            let kept = sent("Users", "Bulk Update", &json!({"fields": fields}));
            assert_eq!(kept, r#"{"ids":[5,6],"user":{"Enabled":true}}"#);
            let clear = sent("Users", "Bulk Update", &json!({"fields": fields, "emptyValues": "clear"}));
            assert!(clear.contains(r#""Groups":[]"#), "{clear}");
        }
        // The text of a cell.
        let text = json!({"ids": "5", "user": user.to_string()});
        assert_eq!(sent("Users", "Bulk Update", &json!({"fields": text})), r#"{"ids":[5],"user":{"Enabled":true}}"#);
        let hours = json!({"Hours": {"Type": "SpecificHours", "Periods": null}});
        assert_eq!(sent("Users", "Update User", &json!({"fields": hours})), r#"{"Hours":{"Type":"SpecificHours"}}"#);
        let mut record = json!({"Type": "X", "Periods": [], "Route": {"To": ""}, "List": [{"A": null, "B": 1}]});
        leave_out_blanks(&mut record);
        assert_eq!(record, json!({"Type": "X", "List": [{"A": null, "B": 1}]}));
        let made = json!({"Number": "100", "Hours": {"Type": "SpecificHours", "Periods": []}});
        assert!(sent("Users", "Create User", &json!({"fields": made})).starts_with('{'), "it has nothing to lose");
    }

    #[test]
    fn what_an_action_does_without_is_left_out_and_not_blank() {
        for blank in [json!(null), json!(""), json!(" \u{200b}")] {
            for clear in [false, true] {
                let call = json!({"destination": "101", "dn": blank});
                assert_eq!(told("Users", "Make Call", call, clear, false), "DN is empty", "{blank}");
                let restore = json!({"footprint": "x", "password": blank});
                assert_eq!(told("Backups", "Restore", restore, clear, false), "Password is empty", "{blank}");
            }
            let call = json!({"fields": {"destination": "101", "dn": blank, "contact": blank}});
            assert_eq!(sent("Users", "Make Call", &call), "DN is empty", "{blank}");
            let call = json!({"fields": {"destination": "101", "contact": blank}});
            assert_eq!(sent("Users", "Make Call", &call), r#"{"destination":"101"}"#, "{blank}");
        }
    }

    #[test]
    fn masks_gaps_and_numbers_that_changed_are_refused_wherever_they_stand() {
        let update = |body: Value| told("Users", "Update User", body, false, false);
        for (body, field) in [
            (json!({"AuthPassword": "********"}), "Authentication Password"),
            (json!({"FirstName": " **** "}), "First Name"),
            (
                json!({"Phones": [{"Id": 1, "ProvisioningLinkExt": "https://x/****"}]}),
                "Phones: External Provisioning Link ",
            ),
            (json!({"Groups": [{"GroupId": 28}, {"GroupId": null}]}), "Groups"),
            (json!({"PinProtectTimeout": 1e21}), "PIN Protect Timeout"),
            (json!({"Groups": [{"GroupId": 9_007_199_254_740_993_u64}]}), "Groups: Group ID"),
        ] {
            assert!(update(body.clone()).starts_with(field), "{body}: {}", update(body.clone()));
        }
        assert_eq!(update(json!({"FirstName": "** **", "Mobile": "*99"})), "sent");
    }
}
