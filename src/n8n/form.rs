//! What the node's form offers for an operation: made from the definition, without asking the PBX.

use serde_json::{Value, json};

use super::words;
use crate::definition::{Field, Operation, ValueKind};
use crate::sorting;

/// The switch by which a row says that it means everything.
pub(crate) const EVERYTHING: &str = "I Mean Everything";
pub(crate) const IF_MATCH: &str = "If-Match";
/// All that a row gives.
pub(crate) const ROW: &str = "The row";

/// What a workflow of the earlier node holds, which no form shows.
pub(crate) const OF_THE_EARLIER: &str = "A field of the earlier node";

/// What is read for each row as a whole.
pub(crate) const OPTIONS: &str = "A field under Options";

/// What a form has in place of what the earlier node saved.
pub(crate) fn in_place_of(operation: &Operation, name: &str) -> String {
    let argument = operation.arguments().iter().find(|field| field.name() == name);
    argument.map_or_else(|| "its fields".to_owned(), |field| format!("{} under Parameters", label(field)))
}

/// Which field a filter compares.
pub(crate) const FILTER_FIELD: &str = "Field Name or ID";

/// What a list is put in order by.
pub(crate) const SORT_FIELD: &str = "The field under Sort";

/// Which way a list is put in order.
pub(crate) const SORT_DIRECTION: &str = "The direction under Sort";

/// What a filter compares a field by.
pub(crate) fn filter_operator(name: &str) -> String {
    format!("The operator of the filter on {name}")
}

/// The value that a filter compares a field with.
pub(crate) fn filter_value(name: &str) -> String {
    format!("The value of the filter on {name}")
}

/// What a function of a filter compares with.
pub(crate) fn sought(function: &str, filter: &str) -> String {
    format!("The text that {function} looks for in {filter}")
}

/// The value of a custom request's parameter.
pub(crate) fn query_value(name: &str) -> String {
    format!("The value of {name} under Query Parameters")
}

/// A query option that stands in a custom request's path.
pub(crate) fn query_in_path(name: &str) -> String {
    format!("The value of {name} in Path")
}

/// A value at the top of a custom request's body.
pub(crate) fn body_value(name: &str) -> String {
    format!("{name} in JSON Body")
}

/// What stands between brackets in a custom request's path.
pub(crate) fn key_in_path(path: &str) -> String {
    format!("A key in Path ({path})")
}

/// What a form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Fields of the body.
    Fields,
    /// Parameters of the path.
    Arguments,
    /// Fields that records can be filtered and sorted by.
    Filter,
    /// Fields that can be returned.
    Select,
    /// Related records that can be returned.
    Expand,
}

/// The entries that the form shows, as n8n reads them.
pub fn form_fields(operation: &Operation, part: Part) -> Vec<Value> {
    match part {
        Part::Fields => body_fields(operation),
        Part::Arguments => arguments(operation),
        Part::Filter => operation.filterable().map(|field| choice(field.name())).collect(),
        Part::Select => record_fields(operation, false),
        Part::Expand => record_fields(operation, true),
    }
}

/// Fields of the operation's body, the telling ones first; objects as their own fields behind a dot.
fn body_fields(operation: &Operation) -> Vec<Value> {
    let mut fields: Vec<&Field> = operation.body.fields().iter().filter(|field| operation.sets(field)).collect();
    let rank = |field: &&Field| {
        let place = if field.rank == 0 { u8::MAX } else { field.rank };
        (!operation.requires(field), place)
    };
    sorting::sort_by_key(&mut fields, rank);
    let mut offered = Vec::new();
    for field in fields {
        match field.kind {
            ValueKind::Object(of) if !field.flags.is_list() && !of.fields.is_empty() => {
                for inner in of.fields.iter().filter(|inner| operation.sets_inner(field, inner)) {
                    let id = format!("{}.{}", field.name(), inner.name());
                    let required = operation.requires(field) && operation.requires(inner);
                    offered.push(mapper_field(operation, &id, &inner_label(field, inner), inner, required));
                }
            }
            _ => {
                let required = operation.requires(field);
                offered.push(mapper_field(operation, field.name(), &label(field), field, required));
            }
        }
    }
    offered
}

/// Parameters of the path, those first that a form begins with.
fn arguments(operation: &Operation) -> Vec<Value> {
    let argument = |field: &Field| {
        let begins_with = begins_with(field);
        let is_blank =
            field.flags.is_nullable() || matches!(field.kind, ValueKind::Boolean) || field.has_code_for_all();
        let required = field.flags.is_required() || !is_blank || begins_with.as_ref().is_some_and(Value::is_string);
        let mut offered = mapper_field(operation, field.name(), &label(field), field, required);
        if let Some(value) = begins_with {
            offered["defaultValue"] = value;
        }
        offered
    };
    let mut offered: Vec<Value> = operation.arguments().iter().map(argument).collect();
    sorting::sort_by_key(&mut offered, |argument| argument["required"] != true);
    offered
}

/// What a form has in a parameter before anybody has touched it: the last seven days, the workflow's time zone, the code
/// that is most probably the one for all.
fn begins_with(field: &Field) -> Option<Value> {
    Some(match field.name() {
        "periodFrom" | "startDt" | "startDate" => "={{ $now.minus(7, 'days').startOf('day').toISO() }}".into(),
        "periodTo" | "endDt" | "endDate" | "chartDate" => "={{ $now.toISO() }}".into(),
        "clientTimeZone" => "={{ $now.zoneName }}".into(),
        _ if field.is_code() => 0.into(),
        _ => return None,
    })
}

/// What the form calls a field.
pub(crate) fn label(field: &Field) -> String {
    words::title_case(field.name())
}

/// What the form calls a field of an object.
pub(crate) fn inner_label(outer: &Field, inner: &Field) -> String {
    format!("{}: {}", label(outer), label(inner))
}

/// The label with how the value is written, where that is not plain.
pub(crate) fn with_unit(operation: &Operation, label: &str, field: &Field) -> String {
    let unit = match field.kind {
        _ if field.flags.is_list() => " (JSON list)",
        ValueKind::Time => " (e.g. 09:00:00)",
        ValueKind::Duration => " (e.g. 01:30:00)",
        ValueKind::Date => " (e.g. 2026-01-31)",
        ValueKind::Uuid => " (e.g. 01234567-89ab-cdef-0123-456789abcdef)",
        ValueKind::Object(_) => " (JSON)",
        ValueKind::Text if field.name() == "clientTimeZone" => " (e.g. Europe/Berlin)",
        ValueKind::Text if field.name() == "waitInterval" => " (e.g. 0:00:10)",
        ValueKind::Int32 if field.has_code_for_all() => " (a code of 3CX, 0 = all)",
        ValueKind::Int32 if field.is_code() => " (a code of 3CX)",
        _ => "",
    };
    format!("{label}{}", known_codes(operation, field).unwrap_or(unit))
}

/// What clients of 3CX that can be read take the codes of a report for.
fn known_codes(operation: &Operation, field: &Field) -> Option<&'static str> {
    Some(match (operation.resource, field.name()) {
        ("Report User Activity", "callArea") => " (0 = all, 1 = internal, 2 = external)",
        ("Report User Activity", "groupingType") => " (a code of 3CX, 0 = by hour)",
        ("Report Call Log Data", "callsType") => " (0 = all; one client uses 1 = answered, 2 = unanswered)",
        _ => return None,
    })
}

fn mapper_field(operation: &Operation, id: &str, label: &str, field: &Field, required: bool) -> Value {
    let kind = match field.kind {
        _ if field.flags.is_list() => "array",
        ValueKind::Text | ValueKind::Time | ValueKind::Duration | ValueKind::Date | ValueKind::Uuid => "string",
        ValueKind::Int32 | ValueKind::Int64 | ValueKind::Uint8 | ValueKind::Double => "number",
        ValueKind::Boolean => "boolean",
        ValueKind::DateTime => "dateTime",
        ValueKind::Enum(_) => "options",
        ValueKind::Object(_) => "object",
    };
    let mut offered = json!({
        "id": id, "displayName": with_unit(operation, label, field), "required": required, "defaultMatch": false,
        "canBeUsedToMatch": false, "display": true, "type": kind,
    });
    match field.kind {
        _ if field.flags.is_list() => {}
        ValueKind::Enum(members) => {
            offered["options"] =
                members.iter().map(|member| json!({ "name": words::title_case(member), "value": member })).collect();
        }
        // The editor's switch would be off, and so say no, before anybody has touched it.
        ValueKind::Boolean if required => {
            offered["type"] = "options".into();
            offered["options"] = json!([{ "name": "No", "value": false }, { "name": "Yes", "value": true }]);
        }
        _ => {}
    }
    offered
}

fn record_fields(operation: &Operation, related: bool) -> Vec<Value> {
    let fields = operation.record().map(|of| of.fields).unwrap_or_default();
    let wanted = fields.iter().filter(|field| field.flags.is_navigation() == related);
    wanted.map(|field| choice(field.name())).collect()
}

fn choice(name: &str) -> Value {
    json!({ "name": words::title_case(name), "value": name })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{OPERATIONS, operation};

    fn ids(resource: &str, name: &str, part: Part) -> Vec<String> {
        let offered = form_fields(operation(resource, name).unwrap(), part);
        offered.iter().map(|entry| entry["id"].as_str().or(entry["value"].as_str()).unwrap().to_owned()).collect()
    }

    #[test]
    fn a_users_form_has_what_can_be_set() {
        let fields = ids("Users", "Create User", Part::Fields);
        assert_eq!(fields[..3], ["Number", "FirstName", "LastName"]);
        assert!(fields.contains(&"Groups".to_owned()));
        for absent in ["Id", "IsRegistered"] {
            assert!(!fields.contains(&absent.to_owned()), "{absent}");
        }
    }

    #[test]
    fn nested_objects_are_reached_by_a_dot_and_an_actions_parameters_are_required() {
        assert!(ids("Groups", "Update Group", Part::Fields).contains(&"Props.SystemNumberFrom".to_owned()));
        let fields = form_fields(operation("Trunks", "Test Outbound Call").unwrap(), Part::Fields);
        assert!(fields.iter().all(|field| field["type"] == "string"));
        let rotate = form_fields(operation("License Status", "Replace License Key").unwrap(), Part::Fields);
        assert_eq!(rotate[0]["required"], true);
        let purge = form_fields(operation("Purge Settings", "Purge Calls").unwrap(), Part::Fields);
        let asked: Vec<_> = purge.iter().map(|field| (field["id"].clone(), field["required"].clone())).collect();
        let expected = [("period.All", true), ("period.Start", false), ("period.Stop", false)];
        assert_eq!(asked, expected.map(|(id, required)| (id.into(), required.into())));
    }

    #[test]
    fn an_actions_record_has_what_can_be_set_only() {
        let all = [
            ("Bulk Update", "user.Mobile", ["user.Id", "user.Number", "user.IsRegistered"].as_slice()),
            ("Multi User Update", "user.Mobile", &["user.Number"]),
            ("Update DN Property", "property.Value", &["property.Id"]),
            ("Set Routes", "routes.Id", &[]),
            (
                "Set Recording Repository Settings",
                "settings.RecordingPath",
                &["settings.RecordingUsedSpace", "settings.RecordingDiskSpace"],
            ),
        ];
        for (name, present, absent) in all {
            let resource = OPERATIONS.iter().find(|operation| operation.name == name).unwrap().resource;
            let fields = ids(resource, name, Part::Fields);
            assert!(fields.iter().any(|id| id == present), "{name} {fields:?}");
            assert!(!fields.iter().any(|id| absent.contains(&id.as_str())), "{name} {fields:?}");
        }
        let property = form_fields(operation("DN Properties", "Create DN Property").unwrap(), Part::Fields);
        let required =
            property.iter().filter(|field| field["required"] == true).map(|field| field["id"].as_str().unwrap());
        assert_eq!(required.collect::<Vec<_>>(), ["dnNumber", "property.Name", "property.Value"]);
    }

    #[test]
    fn a_required_yes_or_no_is_unset_until_it_is_chosen() {
        let offered = form_fields(operation("System Status", "Set Multi Company Mode").unwrap(), Part::Fields);
        assert_eq!((&offered[0]["type"], &offered[0]["required"]), (&json!("options"), &json!(true)));
        assert_eq!(offered[0]["options"][1], json!({ "name": "Yes", "value": true }));
    }

    #[test]
    fn arguments_have_their_types() {
        let offered = form_fields(operation("Report Call Log Data", "Get Call Log Data").unwrap(), Part::Arguments);
        let kind = |id: &str| offered.iter().find(|field| field["id"] == id).unwrap()["type"].clone();
        assert_eq!(kind("periodFrom"), "dateTime");
        assert_eq!(kind("sourceType"), "number");
        assert_eq!(kind("hidePcalls"), "boolean");
        assert_eq!(kind("sourceFilter"), "string");
    }

    #[test]
    fn a_code_says_that_it_is_one_and_what_is_known_of_it() {
        let shown = |resource: &str, name: &str, id: &str| {
            let offered = form_fields(operation(resource, name).unwrap(), Part::Arguments);
            let found = offered.into_iter().find(|field| field["id"] == id).unwrap();
            (found["displayName"].as_str().unwrap().to_owned(), found["required"] == true)
        };
        for (resource, name, id, label, required) in [
            ("Report Inbound Calls", "Get Inbound Calls", "callsType", "Calls Type (a code of 3CX, 0 = all)", false),
            (
                "Report Call Log Data",
                "Download Call Log",
                "callsType",
                "Calls Type (0 = all; one client uses 1 = answered, 2 = unanswered)",
                false,
            ),
            ("Report Call Distribution", "Get Call Distribution", "callArea", "Call Area (a code of 3CX)", true),
            (
                "Report User Activity",
                "Get User Activity",
                "callArea",
                "Call Area (0 = all, 1 = internal, 2 = external)",
                true,
            ),
            (
                "Report User Activity",
                "Download Get User Activity",
                "groupingType",
                "Grouping Type (a code of 3CX, 0 = by hour)",
                true,
            ),
            ("Report User Activity", "Get User Activity", "waitInterval", "Wait Interval (e.g. 0:00:10)", false),
        ] {
            assert_eq!(shown(resource, name, id), (label.to_owned(), required), "{name}");
        }
        // Every number among the arguments of reports is one or the other.
        for operation in OPERATIONS.iter().filter(|one| one.resource.starts_with("Report")) {
            for field in operation.arguments().iter().filter(|field| matches!(field.kind, ValueKind::Int32)) {
                let told = with_unit(operation, "", field);
                assert!(
                    told.contains("code") || told.contains("0 = all") || field.name() == "call_id",
                    "{}: {}",
                    operation.name,
                    field.name()
                );
            }
        }
    }

    #[test]
    fn a_report_begins_with_the_last_seven_days_in_the_workflows_time_zone() {
        let begins = |resource: &str, name: &str| {
            let offered = form_fields(operation(resource, name).unwrap(), Part::Arguments);
            let first = offered.into_iter().filter(|field| field["required"] == true);
            first
                .map(|field| (field["id"].as_str().unwrap().to_owned(), field["defaultValue"].clone()))
                .collect::<Vec<_>>()
        };
        let days = || json!("={{ $now.minus(7, 'days').startOf('day').toISO() }}");
        let expected = [("periodFrom".to_owned(), days()), ("periodTo".to_owned(), json!("={{ $now.toISO() }}"))];
        assert_eq!(begins("Report Call Log Data", "Get Call Log Data"), expected);
        let download = begins("Report Abandoned Chats Statistics", "Download Abandoned Chats Statistics");
        let names: Vec<_> = download.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(names, ["startDt", "endDt", "participantType", "clientTimeZone"]);
        assert_eq!(download[3].1, "={{ $now.zoneName }}");
        assert_eq!(download[2].1, 0);
        // No report asks for a time that it does not begin with.
        for operation in OPERATIONS.iter().filter(|one| one.resource.starts_with("Report")) {
            for field in form_fields(operation, Part::Arguments).iter().filter(|field| field["type"] == "dateTime") {
                assert!(field["defaultValue"].is_string(), "{}: {}", operation.name, field["id"]);
            }
        }
    }

    #[test]
    fn secrets_cannot_be_filtered_by() {
        let fields = ids("Users", "List User", Part::Filter);
        assert!(fields.contains(&"EmailAddress".to_owned()));
        assert!(!fields.contains(&"AuthPassword".to_owned()));
    }

    #[test]
    fn no_form_offers_a_field_twice() {
        for operation in OPERATIONS {
            for part in [Part::Fields, Part::Arguments, Part::Filter, Part::Select, Part::Expand] {
                let mut ids = ids(operation.resource, operation.name, part);
                let all = ids.len();
                ids.sort();
                ids.dedup();
                assert_eq!(ids.len(), all, "{} {} {part:?}", operation.resource, operation.name);
            }
        }
    }
}
