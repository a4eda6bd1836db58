//! How the entities of each keyed set are chosen.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use threecx_definition::facts::Overrides;
use threecx_definition::{Locator, Method, Scalar, ValueType};

use super::operation::Described;
use super::types::Types;
use super::wording;

/// Properties that people read, the best first.
const LABELS: &[&str] = &["DisplayName", "Name", "RuleName", "Title", "Subject", "FileName", "Filename", "CompanyName"];

/// Properties that tell entities of one label apart, the best first.
const NUMBERS: &[&str] = &["Number", "CallerId", "IPAddr", "MacAddress", "TemplateName"];

pub(super) fn locators(
    tags: &BTreeMap<String, Vec<Described>>,
    overrides: &Overrides,
    types: &Types,
) -> Result<Vec<Locator>> {
    let all = || tags.values().flatten();
    let mut sets: BTreeMap<&str, Locator> = BTreeMap::new();
    for described in all() {
        let Some((set, key)) = described.key() else { continue };
        if sets.contains_key(set) {
            continue;
        }
        let type_name = described.key_type.as_deref().with_context(|| format!("{set} has a key without a type"))?;
        let is_listed = all().any(|other| other.operation.path == set && other.operation.method == Method::Get);
        let has = |name: &str| types.fields(type_name).iter().any(|field| field.name == name);
        let first = |names: &[&str]| names.iter().find(|name| has(name)).map(|name| (*name).to_owned());
        let own = overrides.locators.get(set).cloned().unwrap_or_default();
        let locator = Locator {
            set: set.to_owned(),
            parameter: own.parameter.unwrap_or_else(|| wording::parameter(type_name)),
            name: wording::entity(type_name, overrides),
            key: key.name.clone(),
            of: key.of.clone(),
            label: own.label.or(is_listed.then(|| first(LABELS).unwrap_or(key.name.clone()))),
            number: own.number.or(first(NUMBERS).filter(|_| is_listed)),
            by_number: is_listed && has("Number") && key.of == ValueType::Scalar(Scalar::Int32),
            hidden_prefix: own.hidden_prefix,
        };
        sets.insert(set, locator);
    }
    let stray = overrides.locators.keys().find(|set| !sets.contains_key(set.as_str()));
    ensure!(stray.is_none(), "overrides.json: locators.{}: 3CX has no such set", stray.map_or("", |set| set));
    Ok(sets.into_values().collect())
}
