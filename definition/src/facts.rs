//! What the definition is made from besides 3CX's OpenAPI file: the folder `facts/`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{self, Error};
use crate::model::{FormerPath, Offer, Operation, OperationKind, Right, Type};
use crate::property::{Entry, Property, PropertyKind};
use crate::version::Version;

/// `overrides.json`: what people decided, in place of what the import makes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overrides {
    /// By tag of the API.
    pub resources: BTreeMap<String, ResourceWords>,
    /// By the API's operation id.
    pub operations: BTreeMap<String, OperationOverride>,
    /// Names of entities in forms, by type.
    pub entities: BTreeMap<String, String>,
    /// By path of the set.
    pub locators: BTreeMap<String, LocatorOverride>,
    /// By name of the type.
    pub types: BTreeMap<String, TypeOverride>,
    /// Operations of our own, by the value of their resource: one of 3CX's, or a new one.
    pub extra: BTreeMap<String, Extra>,
    /// Form fields, in their order; those with `like` are another one with some keys of their own.
    properties: IndexMap<String, Map<String, Value>>,
    options: Options,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceWords {
    pub value: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OperationOverride {
    pub name: Option<String>,
    pub action: Option<String>,
    #[serde(default)]
    pub kind: OperationKind,
    pub set: Option<String>,
    pub page_size: Option<u32>,
    #[serde(default)]
    pub partial_failures: bool,
    #[serde(default)]
    pub reveals: bool,
    pub safe_to_repeat: Option<bool>,
    /// Whether a row must say that it means everything: otherwise, where it changes something and takes nothing.
    pub everything: Option<bool>,
    /// Fields of its body, or parameters of its path, that it does without, and does no more.
    #[serde(default)]
    pub optional: Vec<String>,
    /// Parameters of its path without which it finds nothing, although 3CX takes blanks.
    #[serde(default)]
    pub required: Vec<String>,
    /// Fields of its body without which it does more.
    #[serde(default)]
    pub narrows: Vec<String>,
    pub form: Option<Vec<String>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LocatorOverride {
    pub parameter: Option<String>,
    pub label: Option<String>,
    pub number: Option<String>,
    pub hidden_prefix: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TypeOverride {
    /// Fields of the simplified record, in this order.
    #[serde(default)]
    pub simple: Vec<String>,
    /// Fields that 3CX sets itself.
    #[serde(default)]
    pub read_only: Vec<String>,
    /// Fields that can be set and that change by themselves, too: how things stand at the moment.
    #[serde(default)]
    pub live: Vec<String>,
    /// Fields without which 3CX creates nothing, or an action is not clear.
    #[serde(default)]
    pub required: Vec<String>,
    /// Fields without which an action does more.
    #[serde(default)]
    pub narrows: Vec<String>,
    /// Fields that let somebody in, although their name does not say so.
    #[serde(default)]
    pub secret: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extra {
    /// Of a new resource.
    pub name: Option<String>,
    pub description: Option<String>,
    pub operations: Vec<Operation>,
    #[serde(default)]
    pub offers: Vec<Offer>,
}

/// What forms offer under Options.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    entries: Vec<Property>,
    /// Entries that every form offers.
    common: Vec<String>,
    forms: IndexMap<String, OptionsForm>,
}

/// The Options of some forms.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionsForm {
    /// Entries besides the common ones.
    own: Vec<String>,
    /// What is told of an entry in this form, where it is more than elsewhere.
    #[serde(default)]
    descriptions: BTreeMap<String, String>,
}

impl Overrides {
    /// # Errors
    /// Names the place of a key that is unknown, missing or wrong.
    pub fn read(path: &Path) -> Result<Self, Error> {
        error::read(path)
    }

    /// The form fields in full.
    ///
    /// # Errors
    /// Names the one that is not what n8n takes, or that is like one that is not there.
    pub fn properties(&self) -> Result<IndexMap<String, Property>, Error> {
        let mut properties = IndexMap::new();
        for (name, own) in &self.properties {
            let place = || format!("properties.{name}");
            let mut whole = match own.get("like").map(|like| like.as_str().unwrap_or_default()) {
                Some(like) => match self.properties.get(like) {
                    Some(other) if !other.contains_key("like") => other.clone(),
                    _ => return Err(Error::new(place(), format!("like {like:?}, which is no form field in full"))),
                },
                None => Map::new(),
            };
            whole.extend(own.iter().filter(|(key, _)| *key != "like").map(|(key, value)| (key.clone(), value.clone())));
            let property = error::from_value(whole.into()).map_err(|error| Error::new(place(), error.to_string()))?;
            properties.insert(name.clone(), property);
        }
        for (name, form) in &self.options.forms {
            let property =
                self.options.form(form).map_err(|error| Error::new(format!("options.forms.{name}"), error))?;
            properties.insert(name.clone(), property);
        }
        Ok(properties)
    }
}

impl Options {
    /// The collection of a form's entries, sorted by what people read.
    fn form(&self, form: &OptionsForm) -> Result<Property, String> {
        let mut entries = Vec::new();
        for name in self.common.iter().chain(&form.own) {
            let found = self.entries.iter().find(|entry| entry.name == *name);
            let mut entry = found.cloned().ok_or_else(|| format!("no entry {name:?}"))?;
            entry.description = form.descriptions.get(name).cloned().or(entry.description);
            entries.push(entry);
        }
        if let Some(stray) = form.descriptions.keys().find(|name| !entries.iter().any(|entry| entry.name == **name)) {
            return Err(format!("a description of {stray:?}, which it does not offer"));
        }
        entries.sort_by_key(|entry| entry.display_name.to_lowercase());
        Ok(Property {
            display_name: "Options".to_owned(),
            name: "options".to_owned(),
            kind: PropertyKind::Collection,
            placeholder: Some("Add option".to_owned()),
            default: Map::new().into(),
            options: entries.into_iter().map(|entry| Entry::Property(Box::new(entry))).collect(),
            ..Property::default()
        })
    }
}

/// `descriptions.json`: what operations say of themselves, as far as their kind does not tell it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Descriptions {
    /// By the API's operation id: sentences without their last period.
    pub operations: BTreeMap<String, String>,
    /// What a report lists, by tag.
    pub reports: BTreeMap<String, String>,
    /// Ids of operations, besides deletes, after which something is gone that 3CX cannot bring back.
    pub destroys: BTreeSet<String>,
    /// Tags by who may use them, where that is known to be few.
    pub needs: BTreeMap<Right, BTreeSet<String>>,
}

impl Descriptions {
    /// # Errors
    /// Names the place of a key that is unknown, missing or wrong.
    pub fn read(path: &Path) -> Result<Self, Error> {
        error::read(path)
    }

    /// Who may use a tag.
    pub fn needs(&self, tag: &str) -> Option<Right> {
        self.needs.iter().find(|(_, tags)| tags.contains(tag)).map(|(right, _)| *right)
    }
}

/// `versions.json`: since when there is what the newest version has.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// The version that has what is not in `since`.
    pub oldest: Version,
    pub newest: Version,
    /// Operations by the first version that has them, as `GET /Users`.
    pub since: BTreeMap<Version, BTreeSet<String>>,
}

impl Versions {
    /// # Errors
    /// Names the place of a key that is unknown, missing or wrong.
    pub fn read(path: &Path) -> Result<Self, Error> {
        error::read(path)
    }

    /// The first version that has an operation.
    pub fn first(&self, operation: &str) -> &Version {
        let found = self.since.iter().find(|(_, operations)| operations.contains(operation));
        found.map_or(&self.oldest, |(version, _)| version)
    }
}

/// `older.json`: what the newest version has no more.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Older {
    /// Former paths of operations that are still there, by the path of today.
    pub paths: BTreeMap<String, FormerPath>,
    pub operations: Vec<Operation>,
    /// What those are made of, as far as the newest version has it no more.
    pub types: BTreeMap<String, Type>,
    /// Likewise.
    pub enums: BTreeMap<String, Vec<String>>,
}

impl Older {
    /// # Errors
    /// Names the place of a key that is unknown, missing or wrong.
    pub fn parse(text: &str) -> Result<Self, Error> {
        error::parse(text)
    }

    /// # Errors
    /// As [`Older::parse`]; the place begins with the file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        error::read(path)
    }
}
