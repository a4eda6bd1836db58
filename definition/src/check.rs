//! Names that lead nowhere.

use std::collections::BTreeSet;

use crate::error::Error;
use crate::model::{Body, Definition, Field, Operation, Type};
use crate::value_type::ValueType;

pub(crate) fn check(definition: &Definition) -> Result<(), Error> {
    let mut values = BTreeSet::new();
    for (resource, operation) in definition.operations() {
        let place = format!("{} / {}", resource.value, operation.value);
        if !values.insert(operation.value.as_str()) {
            return Err(Error::new(place, "another operation has the same value"));
        }
        operation_leads_somewhere(definition, operation).map_err(|reason| Error::new(place, reason))?;
    }
    for resource in &definition.resources {
        let is_of_another = |value: &str| {
            definition.operations().any(|(home, operation)| operation.value == value && home.value != resource.value)
        };
        if let Some(stray) = resource.offers.iter().find(|offer| !is_of_another(&offer.value)) {
            let place = format!("{} / {}", resource.value, stray.value);
            return Err(Error::new(place, "no operation of another resource has this value"));
        }
    }
    for (name, of) in &definition.types {
        type_leads_somewhere(definition, of).map_err(|reason| Error::new(format!("types.{name}"), reason))?;
    }
    Ok(())
}

fn operation_leads_somewhere(definition: &Definition, operation: &Operation) -> Result<(), String> {
    let has_locator = |set: &&String| definition.locators.iter().any(|locator| locator.set == **set);
    for name in operation.form.iter().flatten() {
        if !definition.properties.contains_key(name) && !has_locator(&name) {
            return Err(format!("no form field {name:?}"));
        }
    }
    if let Some(set) = operation.set.as_ref().filter(|set| !has_locator(set)) {
        return Err(format!("no locator of {set:?}"));
    }
    let mut rest = operation.path.as_str();
    for parameter in &operation.parameters {
        let name = format!("{{{}}}", parameter.name);
        (_, rest) = rest.split_once(&name).ok_or_else(|| format!("no {name} in its path, or not in this order"))?;
    }
    if rest.contains('{') {
        return Err("a parameter of its path is missing".to_owned());
    }
    fields_lead_somewhere(definition, &operation.parameters)?;
    if let Some(Body { of, fields, .. }) = &operation.body {
        fields_lead_somewhere(definition, fields.as_deref().unwrap_or_default())?;
        if let Some(unknown) = of.as_ref().filter(|of| !definition.types.contains_key(*of)) {
            return Err(format!("no type {unknown:?}"));
        }
    }
    operation.answer.of.as_ref().map_or(Ok(()), |of| leads_somewhere(definition, of))
}

fn type_leads_somewhere(definition: &Definition, of: &Type) -> Result<(), String> {
    let is_field = |name: &&String| of.fields.iter().any(|field| field.name == **name);
    if let Some(unknown) = of.simple.iter().chain(&of.order).find(|name| !is_field(name)) {
        return Err(format!("no field {unknown:?}"));
    }
    fields_lead_somewhere(definition, &of.fields)
}

fn fields_lead_somewhere(definition: &Definition, fields: &[Field]) -> Result<(), String> {
    fields.iter().try_for_each(|field| leads_somewhere(definition, &field.of))
}

fn leads_somewhere(definition: &Definition, of: &ValueType) -> Result<(), String> {
    match of.name() {
        Some(name) if !definition.types.contains_key(name) && !definition.enums.contains_key(name) => {
            Err(format!("no type or enum {name:?}"))
        }
        _ => Ok(()),
    }
}
