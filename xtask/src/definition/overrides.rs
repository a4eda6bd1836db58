//! What people decided: `node-definition.overrides.json`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Overrides {
    /// By tag.
    pub(crate) resources: BTreeMap<String, ResourceWords>,
    /// By operation id, with `Older` behind it where the newest 3CX has another of that id: anything said here takes the
    /// place of what the import makes.
    pub(crate) operations: BTreeMap<String, Map<String, Value>>,
    /// Names of entities in forms, by type.
    pub(crate) entities: BTreeMap<String, String>,
    /// By path of the set.
    pub(crate) locators: BTreeMap<String, Map<String, Value>>,
    /// By type.
    pub(crate) types: BTreeMap<String, TypeOverride>,
    /// Operations of our own, by resource.
    pub(crate) extra: BTreeMap<String, Value>,
    /// Form fields, as n8n wants them.
    pub(crate) properties: Map<String, Value>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResourceWords {
    pub(crate) value: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TypeOverride {
    /// Fields of the simplified record, in this order.
    #[serde(default)]
    pub(crate) simple: Vec<String>,
    /// Fields that 3CX sets itself.
    #[serde(default)]
    pub(crate) read_only: Vec<String>,
    /// Fields without which 3CX creates nothing.
    #[serde(default)]
    pub(crate) required: Vec<String>,
}
