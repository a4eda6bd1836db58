//! The node's properties, as n8n wants them, from `node-definition.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use threecx_definition::{
    Choice, Definition, DisplayOptions, Entry, Locator, Mode, Operation, OperationKind, Property, PropertyKind,
    Resource, Scalar, TypeOptions, ValueType, Version, form,
};

pub(crate) fn build(output: &Path) -> Result<()> {
    let definition = Definition::read(Path::new(crate::DEFINITION))?;
    fs::write(output, serde_json::to_string_pretty(&properties(&definition)?)? + "\n")?;
    Ok(())
}

fn properties(definition: &Definition) -> Result<Vec<Property>> {
    let mut properties = vec![resource_property(&definition.resources), some_operation()];
    for resource in &definition.resources {
        properties.push(operation_property(definition, resource)?);
    }
    properties.extend(form_properties(definition)?);
    let names: Vec<_> = saved_names(definition).filter(|name| properties.iter().all(|one| one.name != *name)).collect();
    properties.extend(names.into_iter().map(saved_property));
    Ok(properties)
}

/// The version of 3CX whose API the earlier node was generated from.
const EARLIER: &str = "20.0.7";

/// What workflows of the earlier node hold of readings: options of OData, and parameters of paths. n8n hands a node only
/// what its description names.
fn saved_names(definition: &Definition) -> impl Iterator<Item = &str> {
    const QUERY: &str = "$count $expand $filter $orderby $search $select $skip $top If-Match";
    let earlier = Version::new(EARLIER);
    let is_meant = move |operation: &Operation| {
        let is_known = operation.first <= earlier && operation.last.as_ref().is_none_or(|last| *last >= earlier);
        is_known && operation.set.is_none()
    };
    let operations = definition.operations().map(|(_, operation)| operation).filter(move |one| is_meant(one));
    let names: BTreeSet<_> =
        operations.flat_map(|one| one.parameters.iter().map(|field| field.name.as_str())).collect();
    QUERY.split(' ').chain(names)
}

fn saved_property(name: &str) -> Property {
    Property { name: name.to_owned(), kind: PropertyKind::Hidden, default: "".into(), ..Property::default() }
}

/// The resources of the jobs that people come for, which head the lists: n8n's list of actions is in the same order.
const COMMON: &[&str] = &[
    "Groups",
    "Users",
    "Calls",
    "Queues",
    "Report Call Log Data",
    "Call History View",
    "Recordings",
    "Active Calls",
    "Ring Groups",
    "Receptionists",
    "Contacts",
    "Trunks",
    "System Status",
];

/// What an operation's sentence begins with if it interrupts the phone system, or a part of it.
const INTERRUPTS: &[&str] =
    &["Disable", "Install", "Push firmware", "Reboot", "Restart", "Start firewall check", "Stop service", "Upgrade"];

/// What a person, or an AI agent, must know before an operation is run.
fn danger(operation: &Operation) -> Option<&'static str> {
    if operation.reads() {
        None
    } else if INTERRUPTS.iter().any(|verb| operation.action.starts_with(verb)) {
        Some("interrupts the phone system")
    } else if operation.destroys && operation.kind != OperationKind::ReplaceGroupLicense {
        Some("cannot be undone")
    } else {
        None
    }
}

/// Where an operation stands in its resource's list; those of one place are sorted by name.
fn place(operation: &Operation) -> usize {
    match operation.value.as_str() {
        "Replace Group License Key" | "Make Call" | "List Call" => 0,
        _ if danger(operation).is_some() => 2,
        _ => 1,
    }
}

fn resource_property(resources: &[Resource]) -> Property {
    let mut resources: Vec<_> = resources.iter().collect();
    let place = |value: &str| COMMON.iter().position(|common| *common == value).unwrap_or(COMMON.len());
    resources.sort_by_key(|resource| (place(&resource.value), resource.name.to_lowercase()));
    let choices = resources.into_iter().map(|Resource { value, name, description, .. }| Choice {
        name: name.clone(),
        value: value.clone().into(),
        description: description.clone(),
        action: None,
    });
    choice_property("Resource", "resource", choices, "Groups")
}

fn operation_property(definition: &Definition, resource: &Resource) -> Result<Property> {
    let mut operations: Vec<Operation> = definition.offered(resource).collect();
    operations.sort_by_key(|operation| (place(operation), operation.name.to_lowercase()));
    let choices = operations.iter().map(|operation| Choice {
        name: operation.name.clone(),
        value: operation.value.clone().into(),
        description: Some(operation.description.clone()),
        action: Some(action(operation)),
    });
    let default = preselected(&resource.operations).context("a resource without operations")?;
    let show = [("resource".to_owned(), vec![resource.value.clone().into()])].into_iter().collect();
    let property = choice_property("Operation", "operation", choices, &default.value);
    Ok(Property { display_options: Some(DisplayOptions { show }), ..property })
}

/// What stands in n8n's list of actions, and tells an AI agent what the tool does.
fn action(operation: &Operation) -> String {
    match danger(operation) {
        Some(danger) => format!("{} ({danger})", operation.action),
        None => operation.action.clone(),
    }
}

/// Stands in for the lists of operations where a resource is unknown and has none: older n8n looks what an operation begins
/// with, but not whether there is one, and could not even open such a workflow.
fn some_operation() -> Property {
    saved_property("operation")
}

/// What is chosen before a person chooses: an operation that reads, or else one that does nothing until it is filled in.
fn preselected(operations: &[Operation]) -> Option<&Operation> {
    let first = |is_wanted: &dyn Fn(&Operation) -> bool| operations.iter().find(|operation| is_wanted(operation));
    first(&|operation| operation.kind == OperationKind::ReplaceGroupLicense)
        .or_else(|| first(&|operation| operation.name == "Get Many"))
        .or_else(|| first(&|operation| operation.name == "Get"))
        .or_else(|| first(&|operation| operation.reads() && !operation.reveals))
        .or_else(|| first(&|operation| operation.body.is_some()))
}

fn choice_property(display_name: &str, name: &str, choices: impl Iterator<Item = Choice>, default: &str) -> Property {
    Property {
        display_name: display_name.to_owned(),
        name: name.to_owned(),
        kind: PropertyKind::Options,
        no_data_expression: true,
        default: default.into(),
        options: choices.map(Entry::Choice).collect(),
        ..Property::default()
    }
}

/// The form's properties in the order in which a form shows them, each with the operations that show it.
fn form_properties(definition: &Definition) -> Result<Vec<Property>> {
    let mut shown: BTreeMap<usize, (Property, Vec<&str>)> = BTreeMap::new();
    for (_, operation) in definition.operations() {
        for name in form(operation) {
            let (place, property) = form_property(definition, name)?;
            shown.entry(place).or_insert((property, Vec::new())).1.push(&operation.value);
        }
    }
    let all: Vec<&str> = definition.operations().map(|(_, operation)| operation.value.as_str()).collect();
    Ok(shown.into_values().map(|(property, operations)| shown_for(property, &operations, &all)).collect())
}

/// A field of a form, and its place among all: those that choose an entity come first.
fn form_property(definition: &Definition, name: &str) -> Result<(usize, Property)> {
    let locators = &definition.locators;
    if let Some((place, _, property)) = definition.properties.get_full(name) {
        return Ok((locators.len() + place, property.clone()));
    }
    let place = locators.iter().position(|locator| locator.set == name);
    let place = place.with_context(|| format!("no form property {name:?}"))?;
    Ok((place, locator_property(&locators[place])))
}

fn locator_property(locator: &Locator) -> Property {
    let mode = |name: &str, display_name: &str, placeholder: Option<&str>| Mode {
        display_name: display_name.to_owned(),
        name: name.to_owned(),
        kind: "string".to_owned(),
        placeholder: placeholder.map(str::to_owned),
        ..Mode::default()
    };
    let mut modes = Vec::new();
    if locator.label.is_some() {
        let search =
            TypeOptions { search_list_method: Some("search".to_owned()), searchable: true, ..TypeOptions::default() };
        modes.push(Mode { kind: "list".to_owned(), type_options: Some(search), ..mode("list", "From List", None) });
    }
    let placeholder = match locator.of {
        ValueType::Scalar(Scalar::Int32) => Some("e.g. 28"),
        ValueType::Scalar(Scalar::Uuid) => Some("e.g. 01234567-89ab-cdef-0123-456789abcdef"),
        _ => None,
    };
    // An extension's number looks like an ID, and another entity may have it.
    let hint = locator.by_number.then(|| "Digits are taken for the ID: numbers go under By Number".to_owned());
    modes.push(Mode { hint, ..mode("id", "By ID", placeholder) });
    if locator.by_number {
        modes.push(mode("number", "By Number", Some("e.g. 101")));
    }
    Property {
        display_name: locator.name.clone(),
        name: locator.parameter.clone(),
        kind: PropertyKind::ResourceLocator,
        default: json!({ "mode": modes[0].name, "value": "" }),
        required: true,
        modes,
        ..Property::default()
    }
}

fn shown_for(mut property: Property, operations: &[&str], all: &[&str]) -> Property {
    let mut show = DisplayOptions::default().show;
    show.insert("operation".to_owned(), condition(operations, all));
    show.extend(property.display_options.unwrap_or_default().show);
    property.display_options = Some(DisplayOptions { show });
    property
}

/// Operations have values of their own across all resources, so they are enough to tell forms apart. What some of them
/// begin with, and no other one does, stands for them where it is shorter. No pattern: n8n gives one 250 ms of wall clock,
/// which a busy machine does not always keep.
fn condition(shown: &[&str], all: &[&str]) -> Vec<Value> {
    let others: Vec<&str> = all.iter().copied().filter(|value| !shown.contains(value)).collect();
    let mut alike: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for value in shown {
        alike.entry(own_beginning(value, &others)).or_default().insert(value);
    }
    let conditions = alike.into_iter().flat_map(|(beginning, values)| {
        let all_of_them = json!({ "_cnd": { "startsWith": beginning } });
        let each: Vec<Value> = values.into_iter().map(Value::from).collect();
        let is_shorter = all_of_them.to_string().len() + 2 < Value::from(each.clone()).to_string().len();
        if is_shorter { vec![all_of_them] } else { each }
    });
    conditions.collect()
}

/// The least that a value begins with and no other one does.
fn own_beginning<'a>(value: &'a str, others: &[&str]) -> &'a str {
    let mut beginnings = (1..value.len()).filter_map(|end| value.get(..end));
    beginnings.find(|beginning| !others.iter().any(|other| other.starts_with(beginning))).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition() -> Definition {
        Definition::parse(include_str!("../../node-definition.json")).unwrap()
    }

    /// As n8n does.
    fn meets(value: &str, condition: &[Value]) -> bool {
        let is_met = |one: &Value| match one["_cnd"]["startsWith"].as_str() {
            Some(beginning) => value.starts_with(beginning),
            None => *one == value,
        };
        condition.iter().any(is_met)
    }

    #[test]
    fn what_only_those_that_are_shown_begin_with_stands_for_them() {
        let all = ["Get A", "Get B", "Get Call", "Get Calls", "Get Calls Of Queue", "List A", "List B"];
        let of = |shown: &[&str]| Value::from(condition(shown, &all));
        assert_eq!(of(&["List B", "List A"]), json!(["List A", "List B"]), "a list, where it is shorter");
        assert_eq!(of(&all[2..5]), json!([{ "_cnd": { "startsWith": "Get C" } }]));
        assert_eq!(of(&all[3..5]), json!(["Get Calls", "Get Calls Of Queue"]));
        assert_eq!(of(&["Get Call"]), json!(["Get Call"]), "what begins as others do is named");
    }

    #[test]
    fn each_property_is_shown_for_its_operations_and_no_other() {
        let definition = definition();
        for property in form_properties(&definition).unwrap() {
            let mut show = property.display_options.clone().unwrap().show;
            let condition = show.shift_remove("operation").unwrap();
            let mut shown = 0;
            for (_, operation) in definition.operations() {
                let value = &operation.value;
                let is_shown = meets(value, &condition);
                let is_meant = form(operation).iter().any(|name| {
                    let (_, own) = form_property(&definition, name).unwrap();
                    let own_show = own.display_options.clone().unwrap_or_default().show;
                    own_show == show
                        && Property { display_options: property.display_options.clone(), ..own } == property
                });
                assert_eq!(is_shown, is_meant, "{} for {value}", property.name);
                shown += usize::from(is_shown);
            }
            assert!(shown > 0, "{} is shown nowhere", property.name);
        }
    }

    #[test]
    fn what_is_preselected_reads_where_anything_does_and_else_does_nothing_until_it_is_filled_in() {
        for resource in definition().resources {
            let chosen = preselected(&resource.operations).unwrap();
            let is_flagship = chosen.kind == OperationKind::ReplaceGroupLicense;
            let has_reading = resource.operations.iter().any(Operation::reads);
            assert!(chosen.reads() || is_flagship || !has_reading, "{}: {}", resource.value, chosen.value);
            assert!(chosen.reads() || chosen.body.is_some(), "{}: {}", resource.value, chosen.value);
        }
    }

    #[test]
    fn options_are_sorted_by_name() {
        for property in properties(&definition()).unwrap() {
            if ["resource", "operation", "rowsFrom", "bodyFrom"].contains(&property.name.as_str()) {
                continue; // In an order of their own.
            }
            let names: Vec<String> = property
                .options
                .iter()
                .map(|entry| match entry {
                    Entry::Choice(choice) => choice.name.to_lowercase(),
                    Entry::Group(group) => group.display_name.to_lowercase(),
                    Entry::Property(property) => property.display_name.to_lowercase(),
                })
                .collect();
            assert!(names.is_sorted(), "{}", property.name);
        }
    }

    #[test]
    fn what_people_come_for_is_first_and_what_takes_away_is_last_and_says_so() {
        let definition = definition();
        for value in COMMON {
            assert!(definition.resources.iter().any(|resource| resource.value == *value), "{value}");
        }
        let made = properties(&definition).unwrap();
        let choices = |property: &Property| -> Vec<Choice> {
            let choice = |entry: &Entry| match entry {
                Entry::Choice(choice) => Some(choice.clone()),
                _ => None,
            };
            property.options.iter().filter_map(choice).collect()
        };
        let resources: Vec<_> = choices(&made[0]).into_iter().map(|choice| choice.value).collect();
        assert_eq!(&resources[..COMMON.len()], COMMON);
        let mut warned = 0;
        for property in made.iter().filter(|property| property.name == "operation") {
            let actions: Vec<_> = choices(property).into_iter().filter_map(|choice| choice.action).collect();
            let warns = |action: &String| action.ends_with(')');
            assert!(actions.is_sorted_by_key(warns), "{actions:?}");
            warned += actions.iter().filter(|action| warns(action)).count();
            for action in &actions {
                let takes_away =
                    ["Delete ", "Purge ", "Drop ", "Restart ", "Reboot "].iter().any(|verb| action.starts_with(verb));
                assert!(!takes_away || warns(action), "{action}");
            }
        }
        assert!((60..200).contains(&warned), "{warned}");
        let groups = made.iter().find(|property| property.default == "Replace Group License Key").unwrap();
        assert_eq!(choices(groups)[0].value, "Replace Group License Key");
    }

    #[test]
    fn what_may_end_calls_says_so_and_an_id_is_told_from_a_number() {
        let definition = definition();
        for value in ["Install Firmware", "Push Firmware", "Push Firmware For Phones", "Start Check"] {
            let (_, operation) = definition.operations().find(|(_, operation)| operation.value == value).unwrap();
            assert!(action(operation).ends_with(" (interrupts the phone system)"), "{value}");
        }
        for locator in &definition.locators {
            let by_id = locator_property(locator).modes.into_iter().find(|mode| mode.name == "id").unwrap();
            assert_eq!(by_id.hint.is_some_and(|hint| hint.contains("By Number")), locator.by_number, "{}", locator.set);
        }
    }

    /// They describe the node's operations to AI agents, and head its entries in n8n's list of actions.
    #[test]
    fn actions_are_sentences_of_their_own_and_names_titles() {
        const VERBS: &str = "Add Archive Authorize Check Clean Copy Create Deauthorize Delete Disable Download Drop \
            Enable Exchange Export Finalize Free Generate Get Hang Install Issue Link Make Move Play Provision Purge \
            Push Reboot Record Refresh Regenerate Register Replace Report Reprovision Request Reset Restart Restore \
            Revoke Run Send Set Start Stop Synchronize Test Transcribe Unlink Update Upgrade Upload Validate";
        const SMALL: [&str; 14] =
            ["a", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"];
        let definition = definition();
        let mut actions = Vec::new();
        for Operation { name, action, .. } in
            definition.resources.iter().flat_map(|resource| definition.offered(resource))
        {
            let (verb, object) = action.split_once(' ').unwrap();
            assert!(VERBS.split_whitespace().any(|known| known == verb), "{action}");
            assert!(!object.contains(['(', ')', '.']) || object.contains("E.164"), "{action}");
            let is_title =
                |word: &str| SMALL.contains(&word) || !word.starts_with(|letter: char| letter.is_lowercase());
            assert!(name.split(' ').all(is_title), "{name}");
            actions.push(action);
        }
        let all = actions.len();
        actions.sort();
        actions.dedup();
        assert_eq!(actions.len(), all);
    }

    #[test]
    fn the_form_stays_small() {
        let made = properties(&definition()).unwrap();
        let size = serde_json::to_string(&made).unwrap().len();
        assert!(made.len() < 300, "{} properties", made.len());
        assert!(size < 250_000, "{size} bytes");
        assert!(!serde_json::to_string(&made).unwrap().contains(r#""_cnd":{"regex""#), "no pattern");
    }
}
