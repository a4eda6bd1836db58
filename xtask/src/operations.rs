//! What tests and scripts need of the definition, read and checked here.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use threecx_definition::{Definition, Locator, Resource, Type, Version};

/// All but the fields of forms, which n8n gets from properties.json.
#[derive(Serialize)]
struct Offer {
    version: Version,
    resources: Vec<Resource>,
    locators: Vec<Locator>,
    types: BTreeMap<String, Type>,
    enums: BTreeMap<String, Vec<String>>,
}

pub(crate) fn print() -> Result<()> {
    let Definition { version, resources, locators, types, enums, .. } = Definition::read(Path::new(crate::DEFINITION))?;
    serde_json::to_writer(io::stdout().lock(), &Offer { version, resources, locators, types, enums })?;
    Ok(())
}
