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
    let mut properties = vec![resource_property(resources)?];
    for resource in resources {
        properties.push(operation_property(resource)?);
    }
    for (name, shown) in forms(resources)? {
        properties.push(form_property(definition, &name, &shown)?);
    }
    Ok(properties)
}

fn resource_property(resources: &[Value]) -> Result<Value> {
    let options: Vec<_> = resources
        .iter()
        .map(|resource| json!({ "name": resource["name"], "value": resource["value"], "description": resource["description"] }))
        .collect();
    Ok(json!({
        "displayName": "Resource", "name": "resource", "type": "options", "noDataExpression": true,
        "options": sorted(options), "default": first(resources)?["value"],
    }))
}

fn operation_property(resource: &Value) -> Result<Value> {
    let operations = list(resource, "operations")?;
    let options: Vec<_> = operations
        .iter()
        .map(|operation| {
            json!({
                "name": operation["name"], "value": operation["value"],
                "description": operation["description"], "action": operation["action"],
            })
        })
        .collect();
    let flagship = operations.iter().find(|operation| operation["kind"] == "replaceGroupLicense");
    Ok(json!({
        "displayName": "Operation", "name": "operation", "type": "options", "noDataExpression": true,
        "displayOptions": { "show": { "resource": [resource["value"]] } },
        "options": sorted(options), "default": flagship.map_or(first(operations)?, |found| found)["value"],
    }))
}

/// For each form property, in the order of first use: the resources and operations that show it.
fn forms(resources: &[Value]) -> Result<Vec<(String, Shown)>> {
    let mut forms: Vec<(String, Shown)> = Vec::new();
    for resource in resources {
        for operation in list(resource, "operations")? {
            for name in list(operation, "form")?.iter().filter_map(Value::as_str) {
                let index = forms.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
                    forms.push((name.to_owned(), Shown::new()));
                    forms.len() - 1
                });
                let shown = forms[index].1.entry("resource").or_default();
                if !shown.contains(&resource["value"]) {
                    shown.push(resource["value"].clone());
                }
                forms[index].1.entry("operation").or_default().push(operation["value"].clone());
            }
        }
    }
    Ok(forms)
}

type Shown = BTreeMap<&'static str, Vec<Value>>;

fn form_property(definition: &Value, name: &str, shown: &Shown) -> Result<Value> {
    let own = definition["properties"][name].as_object().with_context(|| format!("no property {name:?}"))?;
    let mut property = match own.get("same").and_then(Value::as_str) {
        Some(same) => {
            definition["properties"][same].as_object().with_context(|| format!("no property {same:?}"))?.clone()
        }
        None => Map::new(),
    };
    property.extend(own.clone());
    property.remove("same");
    let mut show = json!(shown);
    if let (Some(show), Some(more)) = (show.as_object_mut(), own.get("displayOptions")) {
        show.extend(more["show"].as_object().cloned().unwrap_or_default());
    }
    property.insert("displayOptions".to_owned(), json!({ "show": show }));
    Ok(Value::Object(property))
}

fn sorted(mut options: Vec<Value>) -> Vec<Value> {
    options.sort_by_key(|option| option["name"].as_str().unwrap_or_default().to_owned());
    options
}

fn first(values: &[Value]) -> Result<&Value> {
    values.first().context("an empty list in node-definition.json")
}

fn list<'a>(value: &'a Value, name: &str) -> Result<&'a Vec<Value>> {
    value[name].as_array().with_context(|| format!("{name:?} is not a list in node-definition.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> Vec<Value> {
        let definition: Value = serde_json::from_str(include_str!("../../node-definition.json")).unwrap();
        properties(&definition).unwrap()
    }

    #[test]
    fn every_operation_has_its_form() {
        let made = made();
        let names: Vec<_> = made.iter().filter_map(|property| property["name"].as_str()).collect();
        for name in ["resource", "operation", "groupId", "licenseKey", "rowsFrom", "options", "returnAll"] {
            assert!(names.contains(&name), "{name}");
        }
        let license_key = made.iter().find(|property| property["name"] == "licenseKey").unwrap();
        assert_eq!(
            license_key["displayOptions"]["show"],
            json!({ "operation": ["Replace Group License Key"], "resource": ["Groups"], "rowsFrom": ["fields"] })
        );
    }

    #[test]
    fn a_property_that_is_the_same_as_another_takes_its_fields() {
        let locators: Vec<_> = made().into_iter().filter(|property| property["name"] == "groupId").collect();
        assert_eq!(locators.len(), 2);
        assert!(locators.iter().all(|locator| locator["type"] == "resourceLocator" && locator.get("same").is_none()));
    }

    #[test]
    fn options_are_sorted_by_name() {
        for property in made() {
            let names: Vec<_> = property["options"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|option| option["displayName"].as_str().or(option["name"].as_str()).map(str::to_owned))
                .collect();
            if property["name"] == "rowsFrom" {
                continue; // Two choices, the usual one first.
            }
            let mut sorted = names.clone();
            sorted.sort();
            assert_eq!(names, sorted, "{}", property["name"]);
        }
    }
}
