//! Makes `node-definition.json` from the API's OpenAPI files, the list of what each version of 3CX has, and our own
//! overrides. The same input gives the same bytes.

mod facts;
mod overrides;
mod schema;
mod wording;
mod writer;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use openapiv3::OpenAPI;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use facts::Facts;
use overrides::Overrides;

/// One operation in the list of what each version has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Availability {
    method: String,
    path: String,
    tag: String,
    operation_id: String,
    first: String,
    last: String,
}

/// Operations that only older PBXs have are listed under this resource.
const OLDER: &str = "Older 3CX";

/// `specs`: the newest first; older ones tell what operations took that the newest has no more.
pub(crate) fn build(specs: &[PathBuf], availability: &Path, overrides: &Path, output: &Path) -> Result<()> {
    let definition = definition(specs, availability, overrides)?;
    fs::write(output, writer::write(&definition)?)?;
    Ok(())
}

fn definition(specs: &[PathBuf], availability: &Path, overrides: &Path) -> Result<Value> {
    let specs = specs.iter().map(|path| read_spec(path)).collect::<Result<Vec<_>>>()?;
    let availability: Vec<Availability> = serde_json::from_str(&read(availability)?)?;
    let overrides: Overrides = serde_json::from_str(&read(overrides)?).context("the overrides")?;
    let newest = specs.first().context("no specification given")?;
    let newest_version =
        availability.iter().map(|entry| entry.last.as_str()).max_by_key(|last| version(last)).unwrap_or_default();

    let mut resources: BTreeMap<String, Vec<(Facts, Value)>> = BTreeMap::new();
    let mut older: Vec<(Facts, Value)> = Vec::new();
    let mut used = schema::Types::default();
    let current: Vec<&str> = availability
        .iter()
        .filter(|entry| entry.last == newest_version)
        .map(|entry| entry.operation_id.as_str())
        .collect();
    for entry in &availability {
        let found =
            specs.iter().find_map(|spec| facts::find(spec, &entry.method, &entry.path).map(|found| (spec, found)));
        let is_current = entry.last == newest_version;
        ensure!(!is_current || found.is_some(), "{} {} is in no specification", entry.method, entry.path);
        let facts = match found {
            Some((spec, found)) => facts::read(spec, entry, found, &mut used)?,
            None => facts::guess(entry, newest)?,
        };
        if is_current {
            let operation = operation(&facts, &overrides, None);
            resources.entry(entry.tag.clone()).or_default().push((facts, operation));
        } else if !facts.is_look_up_by_number() {
            let taken = current.contains(&entry.operation_id.as_str());
            let operation = operation(&facts, &overrides, Some(taken));
            older.push((facts, operation));
        }
    }
    attach_older_paths(&mut resources, &availability);
    let known: Vec<Value> = resources.values().flatten().chain(&older).map(|(_, one)| one["value"].clone()).collect();
    let stray = overrides.operations.keys().find(|id| !known.contains(&wording::start_case(id).into()));
    ensure!(stray.is_none(), "an override for {stray:?}, which no 3CX has");
    used.close_over(&specs)?;

    let sets = locators(&resources, &overrides, &used)?;
    let mut list = Vec::new();
    for (tag, operations) in &resources {
        list.push(resource(tag, operations, &overrides));
    }
    for (name, extra) in &overrides.extra {
        add_extra(&mut list, name, extra)?;
    }
    let mut older_operations: Vec<Value> = older.into_iter().map(|(_, operation)| operation).collect();
    sort(&mut older_operations);
    list.push(json!({
        "value": OLDER, "name": OLDER, "description": "What only older versions of 3CX offer",
        "operations": older_operations,
    }));
    sort(&mut list);
    Ok(json!({
        "version": newest_version,
        "resources": list,
        "locators": sets,
        "types": used.types(&specs, &overrides)?,
        "enums": used.enums(&specs)?,
        "properties": overrides.properties,
    }))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

fn read_spec(path: &Path) -> Result<OpenAPI> {
    serde_yaml_ng::from_str(&read(path)?).with_context(|| path.display().to_string())
}

/// `20.0.7c` in an order in which versions compare.
fn version(text: &str) -> Vec<(u32, String)> {
    text.split('.')
        .map(|part| {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            (digits.parse().unwrap_or_default(), part[digits.len()..].to_owned())
        })
        .collect()
}

fn resource(tag: &str, operations: &[(Facts, Value)], overrides: &Overrides) -> Value {
    let own = overrides.resources.get(tag).cloned().unwrap_or_default();
    let mut listed: Vec<Value> = operations.iter().map(|(_, operation)| operation.clone()).collect();
    sort(&mut listed);
    let mut resource = Map::new();
    resource.insert("value".into(), own.value.unwrap_or_else(|| wording::start_case(tag)).into());
    resource.insert("name".into(), own.name.unwrap_or_else(|| wording::resource(tag)).into());
    if let Some(description) = own.description {
        resource.insert("description".into(), description.into());
    }
    resource.insert("operations".into(), listed.into());
    resource.into()
}

/// `older`: of an operation that only older PBXs have, whether its name is in use again.
fn operation(facts: &Facts, overrides: &Overrides, older: Option<bool>) -> Value {
    let id = if older == Some(true) { format!("{}Older", facts.id) } else { facts.id.clone() };
    let own = overrides.operations.get(&id).cloned().unwrap_or_default();
    let value = wording::start_case(&id);
    let words = match older {
        None => wording::operation(&facts.id, &facts.tag),
        Some(_) => wording::older(&facts.id),
    };
    let mut operation = Map::new();
    operation.insert("value".into(), value.into());
    operation.insert("name".into(), words.name.into());
    operation.insert("action".into(), words.action.into());
    let note = match (older.is_some(), facts.first.as_str()) {
        (true, _) => Some(format!("Up to 3CX {}", facts.last)),
        (false, "20.0.4") => None,
        (false, first) => Some(format!("From 3CX {first}")),
    };
    if let Some(description) = own.get("description").and_then(Value::as_str).map(str::to_owned).or(note) {
        operation.insert("description".into(), description.into());
    }
    operation.extend(facts.json(older.is_some()));
    for (name, value) in own.into_iter().filter(|(name, _)| name != "description") {
        operation.insert(name, value);
    }
    operation.into()
}

/// Look-ups by number have another path on older PBXs: both belong to one operation.
fn attach_older_paths(resources: &mut BTreeMap<String, Vec<(Facts, Value)>>, availability: &[Availability]) {
    for (facts, operation) in resources.values_mut().flatten() {
        let Some(set) = facts.path.strip_suffix("(Number={Number})") else { continue };
        let older = availability.iter().find(|entry| {
            entry.path.starts_with(&format!("{set}/")) && entry.path.ends_with("ByNumber(number={number})")
        });
        if let (Some(older), Some(operation)) = (older, operation.as_object_mut()) {
            let path = older.path.replace("{number}", "{Number}");
            operation.insert("older".into(), json!({ "path": path, "last": older.last }));
        }
    }
}

/// How the entities of each keyed set are chosen.
fn locators(
    resources: &BTreeMap<String, Vec<(Facts, Value)>>,
    overrides: &Overrides,
    types: &schema::Types,
) -> Result<Value> {
    let mut sets: BTreeMap<String, Value> = BTreeMap::new();
    let all = || resources.values().flatten();
    for (facts, _) in all() {
        let Some((set, key)) = facts.key() else { continue };
        if sets.contains_key(set) {
            continue;
        }
        let type_name = facts.key_type.as_deref().with_context(|| format!("{set} has a key without a type"))?;
        let listed = all().any(|(other, _)| other.path == set && other.method == "GET");
        let fields = types.field_names(type_name);
        let first = |names: &'static [&'static str]| {
            names.iter().find(|name| fields.iter().any(|field| field == *name)).copied()
        };
        let own = overrides.locators.get(set).cloned().unwrap_or_default();
        let mut locator = Map::new();
        locator.insert("set".into(), set.into());
        locator.insert("parameter".into(), wording::parameter(type_name).into());
        locator.insert("name".into(), wording::entity(type_name, overrides).into());
        locator.insert("key".into(), key.name.clone().into());
        locator.insert("type".into(), key.kind.clone().into());
        if listed {
            let label =
                first(&["DisplayName", "Name", "RuleName", "Title", "Subject", "FileName", "Filename", "CompanyName"]);
            locator.insert("label".into(), label.unwrap_or(&key.name).into());
            if let Some(number) = first(&["Number", "CallerId", "IPAddr", "MacAddress", "TemplateName"]) {
                locator.insert("number".into(), number.into());
            }
            if fields.iter().any(|field| field == "Number") && key.kind == "int32" {
                locator.insert("byNumber".into(), true.into());
            }
        }
        locator.extend(own);
        sets.insert(set.to_owned(), locator.into());
    }
    Ok(sets.into_values().collect())
}

/// Operations of our own: those of a known resource join it.
fn add_extra(list: &mut Vec<Value>, name: &str, extra: &Value) -> Result<()> {
    let known = list.iter_mut().find(|resource| resource["value"] == name);
    let operations = extra["operations"].as_array().context("an extra resource has no operations")?;
    match known.and_then(|resource| resource["operations"].as_array_mut()) {
        Some(known) => {
            known.extend(operations.iter().cloned());
            sort(known);
        }
        None => list.push(extra.clone()),
    }
    Ok(())
}

fn sort(list: &mut [Value]) {
    list.sort_by_key(|entry| entry["value"].as_str().unwrap_or_default().to_owned());
}
