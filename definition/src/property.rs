//! A form's fields as n8n wants them: its `INodeProperties`, as far as the node uses it.
//! <https://docs.n8n.io/integrations/creating-nodes/build/reference/ui-elements/>

use indexmap::IndexMap;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Number, Value};

use crate::error;
use crate::model::is_default;

/// One field of a form.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Property {
    pub display_name: String,
    /// What workflows save it under.
    pub name: String,
    #[serde(rename = "type")]
    pub kind: PropertyKind,
    /// Whether it takes no expression.
    #[serde(default, skip_serializing_if = "is_default")]
    pub no_data_expression: bool,
    /// Whether a column that is dragged here gives its name and not its value: `single`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_data_path: Option<String>,
    pub default: Value,
    #[serde(default, skip_serializing_if = "is_default")]
    pub required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_options: Option<TypeOptions>,
    /// What can be chosen, or what a collection is made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Entry>,
    /// The ways to give a resource locator.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modes: Vec<Mode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_options: Option<DisplayOptions>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PropertyKind {
    Boolean,
    Collection,
    DateTime,
    FixedCollection,
    /// Kept for workflows that have it, and shown to nobody.
    Hidden,
    Json,
    MultiOptions,
    Notice,
    Number,
    Options,
    ResourceLocator,
    ResourceMapper,
    #[default]
    String,
}

/// An entry of `options`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Entry {
    /// Of a list to choose from.
    Choice(Choice),
    /// Of a fixed collection.
    Group(Group),
    /// Of a collection.
    Property(Box<Property>),
}

/// Told apart by what only one of them has, so that an error speaks of that one.
impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entry = Value::deserialize(deserializer)?;
        if entry.get("type").is_some() {
            error::from_value(entry).map(|property| Self::Property(Box::new(property)))
        } else if entry.get("values").is_some() {
            error::from_value(entry).map(Self::Group)
        } else {
            error::from_value(entry).map(Self::Choice)
        }
        .map_err(D::Error::custom)
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub name: String,
    pub value: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Of an operation: the sentence in n8n's list of actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Group {
    pub display_name: String,
    pub name: String,
    pub values: Vec<Property>,
}

/// One way to give a resource locator.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Mode {
    pub display_name: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_options: Option<TypeOptions>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TypeOptions {
    #[serde(default, skip_serializing_if = "is_default")]
    pub password: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_value: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_value: Option<Number>,
    /// Digits behind the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_precision: Option<u8>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub multiple_values: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub sortable: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search_list_method: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub searchable: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_options_method: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load_options_depends_on: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_mapper: Option<ResourceMapper>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ResourceMapper {
    pub resource_mapper_method: String,
    pub mode: String,
    pub values_label: String,
    pub field_words: FieldWords,
    pub add_all_fields: bool,
    pub multi_key_match: bool,
    pub support_auto_map: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FieldWords {
    pub singular: String,
    pub plural: String,
}

/// When a field is shown: if each of these parameters has one of these values.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DisplayOptions {
    pub show: IndexMap<String, Vec<Value>>,
}
