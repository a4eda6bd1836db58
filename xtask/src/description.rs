//! The node's properties, as n8n wants them, from `node-definition.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

pub(crate) fn build(output: &Path) -> Result<()> {
    let definition = serde_json::from_str(&fs::read_to_string("node-definition.json")?)?;
    let properties = properties(&definition)?;
    fs::write(output, serde_json::to_string_pretty(&properties)? + "\n")?;
    Ok(())
}

fn properties(definition: &Value) -> Result<Vec<Value>> {
    let resources = list(definition, "resources")?;
    let mut properties = vec![resource_property(resources)];
    for resource in resources {
        properties.push(operation_property(resource)?);
    }
    properties.extend(form_properties(definition, resources)?);
    Ok(properties)
}

fn resource_property(resources: &[Value]) -> Value {
    let options = resources.iter().map(|resource| entry(resource, &["name", "value", "description"])).collect();
    json!({
        "displayName": "Resource", "name": "resource", "type": "options", "noDataExpression": true,
        "options": sorted(options), "default": "Groups",
    })
}

fn operation_property(resource: &Value) -> Result<Value> {
    let operations = list(resource, "operations")?;
    let options =
        operations.iter().map(|operation| entry(operation, &["name", "value", "description", "action"])).collect();
    let usual =
        ["Get Many", "Get"].iter().find_map(|name| operations.iter().find(|operation| operation["name"] == *name));
    let flagship = operations.iter().find(|operation| operation["kind"] == "replaceGroupLicense");
    let default = flagship.or(usual).or(operations.first()).context("a resource without operations")?;
    Ok(json!({
        "displayName": "Operation", "name": "operation", "type": "options", "noDataExpression": true,
        "displayOptions": { "show": { "resource": [resource["value"]] } },
        "options": sorted(options), "default": default["value"],
    }))
}

fn entry(of: &Value, names: &[&str]) -> Value {
    let known = names.iter().filter(|name| !of[**name].is_null());
    known.map(|name| ((*name).to_owned(), of[*name].clone())).collect::<Map<_, _>>().into()
}

/// The form's properties in the order in which a form shows them, each with the operations that show it.
fn form_properties(definition: &Value, resources: &[Value]) -> Result<Vec<Value>> {
    let mut shown: BTreeMap<usize, (Value, Vec<Value>)> = BTreeMap::new();
    let locators = list(definition, "locators")?;
    let own = definition["properties"].as_object().context("no properties in node-definition.json")?;
    for operation in resources.iter().filter_map(|resource| resource["operations"].as_array()).flatten() {
        for name in form(operation) {
            let (place, property) = match own.keys().position(|known| *known == name) {
                Some(index) => (locators.len() + index, own[&name].clone()),
                None => {
                    let known = locators.iter().position(|locator| locator["set"] == name.as_str());
                    let index = known.with_context(|| format!("no form property {name:?}"))?;
                    (index, locator_property(&locators[index]))
                }
            };
            shown.entry(place).or_insert((property, Vec::new())).1.push(operation["value"].clone());
        }
    }
    Ok(shown.into_values().map(|(property, operations)| shown_for(property, &operations)).collect())
}

/// Names of an operation's form properties: its own, or what its facts ask for. The path of a set stands for its locator.
fn form(operation: &Value) -> Vec<String> {
    if let Some(own) = operation["form"].as_array() {
        return own.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    }
    let query: Vec<&str> = operation["query"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let (pages, selectable) = (query.contains(&"page"), query.contains(&"select"));
    let path = operation["path"].as_str().unwrap_or_default();
    let by_number = path.ends_with("(Number={Number})");
    let parameters = operation["parameters"].as_array().map_or(0, Vec::len);
    let has_key = operation["set"].is_string();
    let mut form: Vec<&str> = Vec::new();
    form.extend(operation["set"].as_str());
    if by_number {
        form.push("number");
    } else if parameters > usize::from(has_key) {
        form.push("arguments");
    }
    let body = &operation["body"];
    let has_fields = body["type"].is_string() || body["fields"].is_array();
    if has_fields {
        form.extend(["bodyFrom", "fields", "body"]);
    } else if body.is_object() {
        form.push("bodyAny");
    }
    let answer = operation["answer"]["kind"].as_str().unwrap_or_default();
    let typed = operation["answer"]["type"].is_string() && operation["reveals"] != true;
    let is_file = answer == "file";
    match answer {
        "file" if typed => form.extend(["output", "simplifyItems", "fileFieldOfOutput"]),
        "file" => form.push("outputField"),
        "record" | "records" | "created" if typed => form.push("simplify"),
        _ => {}
    }
    if pages && !is_file {
        form.extend(["returnAll", "limit"]);
    }
    if pages && typed {
        form.extend(["filters", "match", "sort"]);
    }
    form.push(match operation["method"].as_str() {
        _ if is_file && pages => "fileOptions",
        _ if pages && selectable => "listOptions",
        _ if pages => "fileOptions",
        _ if selectable => "readOptions",
        Some("PATCH") => "updateOptions",
        Some("DELETE") => "deleteOptions",
        _ if has_fields => "writeOptions",
        _ => "plainOptions",
    });
    form.into_iter().map(str::to_owned).collect()
}

fn locator_property(locator: &Value) -> Value {
    let name = locator["name"].as_str().unwrap_or_default();
    let has_list = locator["label"].is_string();
    let mut modes = Vec::new();
    if has_list {
        modes.push(json!({
            "displayName": "From List", "name": "list", "type": "list",
            "typeOptions": { "searchListMethod": "search", "searchable": true },
        }));
    }
    let placeholder = match locator["type"].as_str() {
        Some("int32") => "e.g. 28",
        Some("uuid") => "e.g. 01234567-89ab-cdef-0123-456789abcdef",
        _ => "",
    };
    let mut by_id = json!({ "displayName": "By ID", "name": "id", "type": "string" });
    if !placeholder.is_empty() {
        by_id["placeholder"] = placeholder.into();
    }
    modes.push(by_id);
    if locator["byNumber"] == true {
        modes
            .push(json!({ "displayName": "By Number", "name": "number", "type": "string", "placeholder": "e.g. 101" }));
    }
    json!({
        "displayName": name, "name": locator["parameter"], "type": "resourceLocator",
        "default": { "mode": if has_list { "list" } else { "id" }, "value": "" }, "required": true, "modes": modes,
    })
}

fn shown_for(mut property: Value, operations: &[Value]) -> Value {
    let mut show = json!({ "operation": condition(operations) });
    if let (Some(show), Some(more)) = (show.as_object_mut(), property["displayOptions"]["show"].as_object()) {
        show.extend(more.clone());
    }
    property["displayOptions"] = json!({ "show": show });
    property
}

/// Operations have values of their own across all resources, so they are enough to tell forms apart.
fn condition(operations: &[Value]) -> Value {
    let mut values: Vec<&str> = operations.iter().filter_map(Value::as_str).collect();
    values.sort_unstable();
    let listed = Value::from(values.clone());
    let pattern = json!([{ "_cnd": { "regex": format!("^{}$", pattern(&values)) } }]);
    if pattern.to_string().len() < listed.to_string().len() { pattern } else { listed }
}

/// A pattern of sorted values that share their first words.
fn pattern(values: &[&str]) -> String {
    if let [only] = values {
        return (*only).to_owned();
    }
    let mut alternatives: Vec<String> = Vec::new();
    let mut rest = values;
    while let Some(first) = rest.first() {
        let (word, _) = first.split_once(' ').unwrap_or((first, ""));
        let shares = |value: &str| value.split(' ').next() == Some(word);
        let count = rest.iter().take_while(|value| shares(value)).count();
        let (group, after) = rest.split_at(count);
        rest = after;
        let (ends, longer): (Vec<&str>, Vec<&str>) = group.iter().partition(|value| **value == word);
        if longer.is_empty() {
            alternatives.push(word.to_owned());
            continue;
        }
        let tails: Vec<&str> = longer.iter().map(|value| &value[word.len() + 1..]).collect();
        let tail = format!("{word} {}", pattern(&tails));
        alternatives.push(tail);
        if !ends.is_empty() {
            alternatives.push(word.to_owned());
        }
    }
    match &alternatives[..] {
        [only] => only.clone(),
        several => format!("({})", several.join("|")),
    }
}

fn sorted(mut options: Vec<Value>) -> Vec<Value> {
    options.sort_by_key(|option| option["name"].as_str().unwrap_or_default().to_lowercase());
    options
}

fn list<'a>(value: &'a Value, name: &str) -> Result<&'a Vec<Value>> {
    value[name].as_array().with_context(|| format!("{name:?} is not a list in node-definition.json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    fn definition() -> Value {
        serde_json::from_str(include_str!("../../node-definition.json")).unwrap()
    }

    fn operations(definition: &Value) -> Vec<Value> {
        let resources = definition["resources"].as_array().unwrap();
        resources.iter().flat_map(|resource| resource["operations"].as_array().unwrap().clone()).collect()
    }

    #[test]
    fn operations_are_told_apart_by_their_values_alone() {
        let mut values: Vec<String> = operations(&definition()).iter().map(|one| one["value"].to_string()).collect();
        let all = values.len();
        values.sort();
        values.dedup();
        assert_eq!(values.len(), all);
    }

    #[test]
    fn each_property_is_shown_for_its_operations_and_no_other() {
        let definition = definition();
        let operations = operations(&definition);
        for property in form_properties(&definition, list(&definition, "resources").unwrap()).unwrap() {
            let condition = &property["displayOptions"]["show"]["operation"];
            let pattern = condition[0]["_cnd"]["regex"].as_str().map(|regex| Regex::new(regex).unwrap());
            let mut shown = 0;
            for operation in &operations {
                let value = operation["value"].as_str().unwrap();
                let is_shown = match &pattern {
                    Some(pattern) => pattern.is_match(value),
                    None => condition.as_array().unwrap().contains(&operation["value"]),
                };
                let is_meant = form(operation).iter().any(|name| {
                    let own = &definition["properties"][name];
                    let locator =
                        list(&definition, "locators").unwrap().iter().find(|locator| locator["set"] == name.as_str());
                    let own = if own.is_null() { locator_property(locator.unwrap()) } else { own.clone() };
                    own["name"] == property["name"] && own["type"] == property["type"] && {
                        let more = |of: &Value| {
                            let mut show = of["displayOptions"]["show"].as_object().cloned().unwrap_or_default();
                            show.remove("operation");
                            (show, of["options"].clone(), of["description"].clone(), of["displayName"].clone())
                        };
                        more(&own) == more(&property)
                    }
                });
                assert_eq!(is_shown, is_meant, "{} for {value}", property["name"]);
                shown += usize::from(is_shown);
            }
            assert!(shown > 0, "{} is shown nowhere", property["name"]);
        }
    }

    #[test]
    fn options_are_sorted_by_name() {
        for property in properties(&definition()).unwrap() {
            let names: Vec<_> = property["options"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|option| option["displayName"].as_str().or(option["name"].as_str()).map(str::to_lowercase))
                .collect();
            if ["rowsFrom", "bodyFrom"].contains(&property["name"].as_str().unwrap()) {
                continue; // Two choices, the usual one first.
            }
            let mut sorted = names.clone();
            sorted.sort();
            assert_eq!(names, sorted, "{}", property["name"]);
        }
    }

    /// They describe the node's operations to AI agents, and head its entries in n8n's list of actions.
    #[test]
    fn actions_are_sentences_of_their_own_and_names_titles() {
        const VERBS: &str = "Add Archive Authorize Check Clean Collect Copy Create Deauthorize Delete Disable Download Drop \
            Edit Enable Exchange Export Finalize Generate Get Initialize Install Issue Link Make Move Play Provision Purge \
            Push Reboot Record Refresh Regenerate Register Replace Report Reprovision Request Reset Restart Restore Retrieve \
            Revoke Run Send Set Start Stop Synchronize Test Transcribe Unlink Update Upgrade Upload Validate";
        const SMALL: [&str; 14] =
            ["a", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"];
        let definition = definition();
        let mut actions = Vec::new();
        for operation in operations(&definition) {
            let [name, action] = ["name", "action"].map(|part| operation[part].as_str().unwrap().to_owned());
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
        assert!(size < 190_000, "{size} bytes");
    }
}
