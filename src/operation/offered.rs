//! What a form offers can be sent: the reader of the definition and the maker of bodies are of one mind.

use call_engine::{Delivery, Job};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::columns::Columns;
use super::parameters::Parameters;
use super::{Rowwise, Task, body, query, samples};
use crate::definition::{self, Field, OPERATIONS, Operation, SECRETS, ValueKind};
use crate::n8n::form::{Part, form_fields};
use crate::rows::testing::form;
use crate::rows::{Cell, Rows};
use crate::xapi::protocol::{Ended, Next};
use crate::xapi::request::Payload;
use crate::xapi::response::{Body, HttpResponse};

/// A row that gives values for the fields of a form.
fn filled(fields: Map<String, Value>, mode: &'static str, clears: bool) -> impl Rows {
    let columns = Value::from(fields.clone());
    let parameter = move |_, name: &str| {
        Ok(match name {
            "faxId" => Cell::Number(5.0),
            "fields" => Cell::Json(json!({ "mappingMode": mode, "value": fields }).to_string()),
            "filters" => Cell::Json(json!({ "condition": [fields] }).to_string()),
            "emptyValues" if clears => Cell::Text("clear".to_owned()),
            _ => Cell::Empty,
        })
    };
    form(1, parameter).with_columns(vec![columns])
}

/// A value that a person would give where the form asks for this.
fn fitting(operation: &Operation, offer: &Value) -> Value {
    let shown = offer["displayName"].as_str().unwrap_or_default();
    match offer["type"].as_str() {
        Some("array" | "object") => samples::value(field(operation, offer["id"].as_str().unwrap())).to_string().into(),
        Some("number") => "7".into(),
        Some("boolean") => "yes".into(),
        Some("dateTime") => "2026-01-31".into(),
        Some("options") => offer["options"][0]["value"].clone(),
        _ => match shown.split_once("(e.g. ") {
            Some((_, example)) => example.trim_end_matches(')').into(),
            None => "x".into(),
        },
    }
}

/// The field that a form's entry stands for.
fn field(operation: &Operation, id: &str) -> &'static Field {
    let named = |fields: &'static [Field], name: &str| fields.iter().find(|field| field.name() == name).unwrap();
    match id.split_once('.') {
        None => named(operation.body.fields(), id),
        Some((outer, inner)) => match named(operation.body.fields(), outer).kind {
            ValueKind::Object(of) => of.fields.iter().find(|field| field.name() == inner).unwrap(),
            _ => panic!("{outer} is no object"),
        },
    }
}

fn operations() -> impl Strategy<Value = &'static Operation> {
    (0..OPERATIONS.len()).prop_map(|at| &OPERATIONS[at])
}

fn sent(operation: &'static Operation, fields: Map<String, Value>, mode: &'static str) -> Map<String, Value> {
    let mut rows = filled(fields, mode, false);
    let mut form = Parameters { rows: &mut rows, row: 0 };
    match body::of_row(operation, &mut form, &mut Columns::default()) {
        Ok((Payload::Json(body), _)) => serde_json::from_str(&body).unwrap(),
        other => panic!("{} gave {other:?}", operation.name),
    }
}

#[test]
fn a_record_that_was_read_is_sent_back_without_what_changes_by_itself_and_without_related_records() {
    let cleared = |clears: bool, resource: &str, name: &str, mode: &'static str, row: Value| {
        let mut columns = Columns::default();
        let mut rows = filled(row.as_object().unwrap().clone(), mode, clears);
        let mut form = Parameters { rows: &mut rows, row: 0 };
        let (body, _) = body::of_row(definition::operation(resource, name).unwrap(), &mut form, &mut columns).unwrap();
        let Payload::Json(body) = body else { panic!("{body:?}") };
        (serde_json::from_str::<Value>(&body).unwrap(), columns.hints().join("; "))
    };
    let told = |resource: &str, name: &str, mode, row| cleared(false, resource, name, mode, row);
    let automatic = "autoMapInputData";
    let user = json!({"Id": 5, "Mobile": "1", "IsRegistered": true, "CurrentProfileName": "Away", "QueueStatus": null,
        "Groups": [{"GroupId": 28}], "ForwardingProfiles": []});
    let (body, hints) = told("Users", "Update User", automatic, user.clone());
    assert_eq!(body, json!({"Mobile": "1"}));
    assert!(
        hints.contains("they change by themselves or belong to other records: Current Profile Name, Groups."),
        "{hints}"
    );
    let group = json!({"Name": "a", "HasMembers": true, "CurrentGroupHours": "ForceClosed", "OverrideExpiresAt": "2026-01-31",
        "Props": {"Subscription": "x"}, "Props.Fqdn": "y", "Hours": {"Type": "OfficeHours"}});
    let (body, _) = told("Groups", "Update Group", automatic, group);
    assert_eq!(body, json!({"Name": "a", "Hours": {"Type": "OfficeHours"}}));
    let (body, _) =
        told("Fax", "Update Fax", automatic, json!({"@odata.etag": "x", "AuthID": "a", "Groups": [{"GroupId": 1}]}));
    assert_eq!(body, json!({"AuthID": "a"}));
    let queue = json!({"Name": "a", "IsRegistered": true, "Agents": []});
    let (body, hints) = cleared(true, "Queues", "Update Queue", automatic, queue);
    assert_eq!(body, json!({"Name": "a"}));
    assert!(hints.contains("belong to other records: Agents."), "what would have been cleared is told: {hints}");
    let settings = json!({"AdUsers": {"SelectedUsers": [], "SyncEvents": true}});
    let (body, _) = told("Microsoft 365 Integration", "Update Microsoft 365 Integration", automatic, settings.clone());
    assert_eq!(body, settings, "there is one");
    // So is one of which some fields were read, its ID among them; but what is blank within an object stays.
    let some = json!({"Id": 5, "Mobile": "1", "CurrentProfileName": "Away", "Groups": [{"GroupId": 28}],
        "BreakTime": {"Type": "SpecificHours", "Periods": []}});
    let (body, hints) = told("Users", "Update User", automatic, some);
    assert_eq!(body, json!({"Mobile": "1", "BreakTime": {"Type": "SpecificHours"}}));
    assert!(hints.contains("belong to other records: Current Profile Name, Groups."), "{hints}");
    // A sheet, and what somebody has mapped, mean what they say; and what is made anew has nothing that has changed.
    let meant = json!({"Mobile": "1", "CurrentProfileName": "Away", "Groups": [{"GroupId": 28}]});
    let mut sheet = meant.clone();
    sheet["ID"] = 5.into();
    assert_eq!(
        told("Users", "Update User", automatic, sheet),
        (meant.clone(), "Columns that match no field were left out: ID.".into())
    );
    assert_eq!(told("Users", "Update User", "defineBelow", meant.clone()).0, meant);
    for gateway in [json!({"Name": "x", "Host": ""}), r#"{"Name": "x", "Host": ""}"#.into()] {
        let update = |of: Value| {
            let mut row = json!({"Gateway": gateway.clone()});
            row.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
            told("Trunks", "Update Trunk", automatic, row).0
        };
        assert_eq!(update(json!({})), json!({"Gateway": {"Name": "x"}}), "of a sheet, a blank clears nothing");
        let record = update(json!({"@odata.etag": "x"}));
        assert_eq!(record, json!({"Gateway": {"Name": "x", "Host": ""}}), "a record is sent as it was read");
    }
    assert_eq!(told("Users", "Create User", automatic, user).0, meant);
}

#[test]
fn a_record_of_which_nothing_can_be_sent_says_what_was_left_out() {
    let fields = json!({"Id": 5, "CurrentProfileName": "Away", "Groups": [{"GroupId": 1}], "ForwardingProfiles": []});
    let mut rows = filled(fields.as_object().unwrap().clone(), "autoMapInputData", false);
    let mut form = Parameters { rows: &mut rows, row: 0 };
    let told = body::of_row(definition::operation("Users", "Update User").unwrap(), &mut form, &mut Columns::default());
    let told = told.unwrap_err().error;
    assert!(told.starts_with("Nothing but Current Profile Name, Groups is given"), "{told}");
}

#[test]
fn a_row_names_the_fields_that_it_gives_and_that_are_not_sent() {
    let update = |row: Value| {
        let fields = row.as_object().unwrap().clone();
        let mut rows = filled(fields, "autoMapInputData", false);
        let mut job = Rowwise::new(Task::Do(definition::operation("Fax", "Update Fax").unwrap()));
        let Next::Call(call) = job.next(&mut rows) else { panic!("nothing is asked") };
        let answer = HttpResponse { status: 204, body: Body::Text(String::new()), ..HttpResponse::default() };
        job.ended(call.id, Ended { delivery: Delivery::Done, answer: Ok(answer) });
        let item: Value = serde_json::from_str(&job.take_outcomes()[0].items[0]).unwrap();
        item["json"].clone()
    };
    let fax = json!({"@odata.etag": "x", "AuthID": "a", "Groups": [{"GroupId": 1}]});
    assert_eq!(update(fax), json!({"success": true, "leftOut": ["Groups"]}));
    let sheet = json!({"AuthID": "a", "Groups": [{"GroupId": 1}]});
    assert_eq!(update(sheet), json!({"success": true}), "it was sent");
}

proptest! {
    #[test]
    fn what_is_offered_can_be_sent(
        operation in operations(),
        chosen in prop::collection::vec(any::<bool>(), 200),
        mode in prop::sample::select(vec!["defineBelow", "autoMapInputData"]),
    ) {
        let offered = form_fields(operation, Part::Fields);
        let mut chosen = chosen.into_iter().cycle();
        let mut begun: Vec<&str> = Vec::new();
        // An action wants something of each object that it takes, and what narrows it.
        let mut is_wanted = |offer: &Value| {
            let id = offer["id"].as_str().unwrap();
            let outer = field(operation, id.split('.').next().unwrap());
            let is_first = !begun.contains(&outer.name());
            begun.push(outer.name());
            let narrows = field(operation, id).flags.narrows() || outer.flags.narrows();
            offer["required"] == true || narrows || (is_first && outer.flags.is_required()) || chosen.next() == Some(true)
        };
        let fields: Map<String, Value> = offered
            .iter()
            .filter(|offer| is_wanted(offer))
            .map(|offer| (offer["id"].as_str().unwrap().to_owned(), fitting(operation, offer)))
            .collect();
        if fields.is_empty() {
            return Ok(());
        }
        let body = sent(operation, fields.clone(), mode);
        for name in fields.keys() {
            let (outer, inner) = name.split_once('.').map_or((name.as_str(), None), |(a, b)| (a, Some(b)));
            let value = body.get(outer).unwrap();
            prop_assert!(inner.is_none_or(|inner| value.get(inner).is_some()), "{} in {}", name, value);
        }
    }

    #[test]
    fn names_are_found_only_as_they_stand(
        operation in operations(),
        (resource, name) in (".{0,12}", ".{0,12}"),
        secret in prop::sample::select(SECRETS.to_vec()),
    ) {
        let found = definition::operation(operation.resource, operation.name).unwrap();
        prop_assert!(std::ptr::eq(found, operation));
        let made = definition::operation(&resource, &name);
        prop_assert!(made.is_none_or(|found| (found.resource, found.name) == (&resource, &name)));
        let longer = format!("{}{name}x", operation.name);
        prop_assert!(definition::operation(operation.resource, &longer).is_none());
        prop_assert!(definition::is_secret(secret) && definition::is_secret_parameter(&secret.to_lowercase()));
        let longer = format!("{secret}{name}x");
        prop_assert!(!definition::is_secret(&longer));
    }

    #[test]
    fn what_is_offered_as_a_filter_can_be_one(operation in operations(), at in any::<prop::sample::Index>()) {
        let offered = form_fields(operation, Part::Filter);
        if offered.is_empty() || !operation.pages {
            return Ok(());
        }
        let name = at.get(&offered)["value"].as_str().unwrap().to_owned();
        let fields = Map::from_iter([("field".to_owned(), name.clone().into()), ("operator".to_owned(), "notEmpty".into())]);
        let mut rows = filled(fields, "", false);
        let options = query::of_row(operation, &mut Parameters { rows: &mut rows, row: 0 }).unwrap();
        let is_it = |option: &(&str, String)| option.0 == "$filter" && option.1.contains(&format!("{name} ne null"));
        prop_assert!(options.named.iter().any(is_it));
    }
}
