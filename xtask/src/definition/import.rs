//! The definition, put together from its sources.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use threecx_definition::facts::{Descriptions, Extra, OperationOverride, Overrides};
use threecx_definition::{Definition, Field, Locator, Method, Operation, Resource};

use super::operation::{self, Described};
use super::types::{self, Types};
use super::{Sources, description, locators, wording};

/// Operations that only older PBXs have are listed under this resource.
const OLDER: &str = "Older 3CX";

pub(super) fn definition(sources: &Sources) -> Result<Definition> {
    let Sources { specification, overrides, descriptions, versions, older } = sources;
    let mut types = Types::default();
    let mut tags: BTreeMap<String, Vec<Described>> = BTreeMap::new();
    for mut described in operation::all(specification, &mut types)? {
        described.operation.first = versions.first(&described.call()).clone();
        described.operation.older = older.paths.get(&described.operation.path).cloned();
        word(&mut described, overrides);
        ask(&mut described, overrides)?;
        if let Some(settings) = single(&described.operation) {
            types.note_single(settings);
        }
        tags.entry(described.tag.clone()).or_default().push(described);
    }
    check_overrides(overrides, &tags)?;
    check_descriptions(descriptions, &tags)?;
    older.operations.iter().for_each(|operation| types.note_all(operation));
    types.close_over(specification, older)?;
    for described in tags.values_mut().flatten() {
        description::describe(described, descriptions, versions, &types);
    }

    let locators = locators::locators(&tags, overrides, &types)?;
    let mut resources: Vec<Resource> =
        tags.into_iter().map(|(tag, listed)| resource(&tag, listed, overrides)).collect();
    for (value, extra) in &overrides.extra {
        add_extra(&mut resources, value, extra)?;
    }
    resources.push(Resource {
        value: OLDER.to_owned(),
        name: OLDER.to_owned(),
        description: Some("What only older versions of 3CX offer".to_owned()),
        operations: older.operations.iter().map(|operation| without_lost_set(operation, &locators)).collect(),
        offers: Vec::new(),
    });
    for resource in &mut resources {
        resource.operations.sort_by(|one, other| one.value.cmp(&other.value));
    }
    resources.sort_by(|one, other| one.value.cmp(&other.value));
    Ok(Definition {
        version: versions.newest.clone(),
        resources,
        locators,
        enums: types.enums(specification, older),
        types: types.types(specification, older, overrides)?,
        properties: overrides.properties()?,
    })
}

/// The type of the one record that an operation changes, such as settings.
fn single(operation: &Operation) -> Option<&str> {
    let is_single = operation.method == Method::Patch && operation.set.is_none();
    operation.body.as_ref().filter(|_| is_single)?.of.as_deref()
}

/// An entity of a set that is gone cannot be chosen any more, only named like any other parameter.
fn without_lost_set(operation: &Operation, locators: &[Locator]) -> Operation {
    let is_there = |set: &String| locators.iter().any(|locator| locator.set == *set);
    Operation { set: operation.set.clone().filter(is_there), ..operation.clone() }
}

/// An override of what is not there is a slip of the pen, or of a version that has gone.
fn check_overrides(overrides: &Overrides, tags: &BTreeMap<String, Vec<Described>>) -> Result<()> {
    let is_id = |id: &String| tags.values().flatten().any(|described| described.id == *id);
    let stray = overrides.operations.keys().find(|id| !is_id(id));
    ensure!(stray.is_none(), "overrides.json: operations.{}: 3CX has no such operation", stray.map_or("", |id| id));
    let stray = overrides.resources.keys().find(|tag| !tags.contains_key(*tag));
    ensure!(stray.is_none(), "overrides.json: resources.{}: 3CX has no such tag", stray.map_or("", |tag| tag));
    Ok(())
}

/// The same of descriptions.
fn check_descriptions(descriptions: &Descriptions, tags: &BTreeMap<String, Vec<Described>>) -> Result<()> {
    let is_id = |id: &String| tags.values().flatten().any(|described| described.id == *id);
    let stray = descriptions.operations.keys().chain(&descriptions.destroys).find(|id| !is_id(id));
    ensure!(stray.is_none(), "descriptions.json: {}: 3CX has no such operation", stray.map_or("", |id| id));
    let named = descriptions.reports.keys().chain(descriptions.needs.values().flatten());
    let stray = named.into_iter().find(|tag| !tags.contains_key(*tag));
    ensure!(stray.is_none(), "descriptions.json: {}: 3CX has no such tag", stray.map_or("", |tag| tag));
    Ok(())
}

/// Gives an operation its words, and what people decided of it.
fn word(described: &mut Described, overrides: &Overrides) {
    let Described { id, tag, operation, .. } = described;
    let own = overrides.operations.get(id).cloned().unwrap_or_default();
    let OperationOverride { name, action, kind, set, page_size, partial_failures, reveals, .. } = own;
    let words = wording::operation(id, tag);
    operation.value = wording::start_case(id);
    operation.name = name.unwrap_or(words.name);
    operation.action = action.unwrap_or(words.action);
    operation.kind = kind;
    operation.set = set.or(operation.set.take());
    operation.page_size = page_size.or(operation.page_size);
    operation.partial_failures = partial_failures;
    operation.reveals = reveals;
    operation.safe_to_repeat = own.safe_to_repeat;
    operation.form = own.form;
}

/// What a row must give: all that an action takes, whatever 3CX demands, unless it is known to do without.
fn ask(described: &mut Described, overrides: &Overrides) -> Result<()> {
    let Described { id, operation, .. } = described;
    let own = overrides.operations.get(id).cloned().unwrap_or_default();
    let reads = operation.reads();
    let mut fields: Vec<&mut Field> =
        operation.body.iter_mut().flat_map(|body| body.fields.iter_mut().flatten()).collect();
    let is_field = |name: &&String| fields.iter().any(|field| field.name == **name);
    let is_parameter = |name: &&String| operation.parameters.iter().any(|parameter| parameter.name == **name);
    let stray = own.optional.iter().find(|name| !is_field(name) && !is_parameter(name));
    let stray = stray.or_else(|| own.narrows.iter().find(|name| !is_field(name)));
    let stray = stray.or_else(|| own.required.iter().find(|name| !is_parameter(name)));
    ensure!(stray.is_none(), "overrides.json: operations.{id}: no field {}", stray.map_or("", |name| name));
    for field in &mut fields {
        field.secret = types::is_secret(field);
        field.narrows = own.narrows.contains(&field.name);
        let is_optional = own.optional.contains(&field.name) || (reads && field.nullable);
        field.required = !field.narrows && !is_optional;
    }
    for parameter in &mut operation.parameters {
        parameter.nullable |= own.optional.contains(&parameter.name);
        parameter.required = own.required.contains(&parameter.name);
    }
    let of = |field: &Field| field.of.name().and_then(|name| overrides.types.get(name));
    let may_mean_all =
        fields.iter().any(|field| field.narrows || of(field).is_some_and(|within| !within.narrows.is_empty()));
    let takes_nothing = operation.parameters.is_empty() && operation.body.is_none();
    operation.everything = own.everything.unwrap_or(may_mean_all || (takes_nothing && !reads));
    Ok(())
}

fn resource(tag: &str, listed: Vec<Described>, overrides: &Overrides) -> Resource {
    let own = overrides.resources.get(tag).cloned().unwrap_or_default();
    Resource {
        value: own.value.unwrap_or_else(|| wording::start_case(tag)),
        name: own.name.unwrap_or_else(|| wording::resource(tag)),
        description: own.description,
        operations: listed.into_iter().map(|described| described.operation).collect(),
        offers: Vec::new(),
    }
}

/// Operations of our own: those of a known resource join it.
fn add_extra(resources: &mut Vec<Resource>, value: &str, extra: &Extra) -> Result<()> {
    let Extra { description, operations, offers, .. } = extra.clone();
    if let Some(known) = resources.iter_mut().find(|resource| resource.value == value) {
        known.operations.extend(operations);
        known.offers.extend(offers);
        return Ok(());
    }
    let name =
        extra.name.clone().with_context(|| format!("overrides.json: extra.{value}: a resource without a name"))?;
    resources.push(Resource { value: value.to_owned(), name, description, operations, offers });
    Ok(())
}
