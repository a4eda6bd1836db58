//! Previews of what comes out, which n8n shows before a node has run, and reads when an AI builds workflows: a JSON schema
//! for each operation, with the form as it begins.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use indexmap::IndexMap;
use serde::Serialize;
use threecx_definition::{AnswerKind, Definition, Field, Operation, OperationKind, Scalar, ValueType};

/// Folders of the versions of *3CX* and of *3CX Trigger*. The same for the first version of *3CX* would make the package larger
/// by 34 KB, for nodes that have run.
const VERSION: &str = "v1.1.0";
const TRIGGER_VERSION: &str = "v1.0.0";

/// What n8n does not find, it shows no preview for: that of an answer which 3CX does not describe.
pub(crate) fn build(nodes: &Path) -> Result<()> {
    let definition = Definition::read(Path::new(crate::DEFINITION))?;
    let offered = |resource| definition.offered(resource).map(move |operation| (resource, operation));
    for (resource, operation) in definition.resources.iter().flat_map(offered) {
        let Some(schema) = preview(&definition, &operation) else { continue };
        let folder: PathBuf = ["Threecx/__schema__", VERSION, &resource.value].iter().collect();
        write(&nodes.join(folder), &operation.value, &schema)?;
    }
    write(&nodes.join("ThreecxTrigger/__schema__"), TRIGGER_VERSION, &trigger())
}

fn write(folder: &Path, name: &str, schema: &Schema) -> Result<()> {
    #[derive(Serialize)]
    struct Preview<'a> {
        #[serde(flatten)]
        schema: &'a Schema,
        version: u32,
    }
    fs::create_dir_all(folder)?;
    fs::write(folder.join(format!("{name}.json")), serde_json::to_string(&Preview { schema, version: 1 })?)?;
    Ok(())
}

/// As much of JSON Schema as n8n shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Schema {
    String,
    Integer,
    Number,
    Boolean,
    Array { items: Box<Self> },
    Object { properties: IndexMap<String, Self> },
}

impl Schema {
    fn object<'a>(properties: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        Self::Object { properties: properties.into_iter().map(|(name, of)| (name.to_owned(), of)).collect() }
    }

    fn list(items: Self) -> Self {
        Self::Array { items: Box::new(items) }
    }
}

fn preview(definition: &Definition, operation: &Operation) -> Option<Schema> {
    if operation.kind == OperationKind::ReplaceGroupLicense {
        return Some(replaced());
    }
    if operation.kind == OperationKind::Calls {
        return Some(Schema::object(call()));
    }
    let of = operation.answer.of.as_ref();
    let value = || of.map_or(Schema::String, |of| value(definition, of, true));
    match operation.answer.kind {
        // What failed fails the row, so entries that say how it went are all that is left.
        AnswerKind::Records if operation.partial_failures && !tells_status(definition, of?) => {
            Some(Schema::object([("success", Schema::Boolean)]))
        }
        AnswerKind::Record | AnswerKind::Created | AnswerKind::Records => {
            Some(record(definition, of?, !operation.reveals && operation.kind != OperationKind::Legs))
        }
        AnswerKind::Value | AnswerKind::Values => Some(Schema::object([("value", value())])),
        AnswerKind::None => Some(Schema::object([("success", Schema::Boolean)])),
        AnswerKind::Deleted => Some(Schema::object([("deleted", Schema::Boolean)])),
        AnswerKind::File => Some(Schema::object([
            ("fileName", Schema::String),
            ("mimeType", Schema::String),
            ("size", Schema::Integer),
        ])),
        AnswerKind::Any => None,
    }
}

/// Whether records of the type say how it went with each.
fn tells_status(definition: &Definition, of: &ValueType) -> bool {
    let of = of.name().and_then(|name| definition.types.get(name));
    of.is_some_and(|of| of.fields.iter().any(|field| field.name == "Status"))
}

/// A record as it comes, with Simplify or whole.
fn record(definition: &Definition, of: &ValueType, is_simple: bool) -> Schema {
    let ValueType::Named(name) = of else { return value(definition, of, is_simple) };
    let Some(of) = definition.types.get(name) else { return Schema::String };
    let in_simple = of.simple.iter().filter_map(|name| of.fields.iter().find(|field| field.name == *name));
    if is_simple && !of.simple.is_empty() {
        fields(definition, in_simple, true)
    } else {
        fields(definition, own(&of.fields), is_simple)
    }
}

/// Related records come only when they are expanded.
fn own(fields: &[Field]) -> impl Iterator<Item = &Field> {
    fields.iter().filter(|field| !field.navigation)
}

fn fields<'a>(definition: &Definition, fields: impl Iterator<Item = &'a Field>, is_simple: bool) -> Schema {
    let schema = |field: &Field| {
        let one = value(definition, &field.of, is_simple);
        match (field.secret && is_simple, one) {
            (true, one) if one != Schema::Boolean => Schema::String,
            (_, one) if field.list => Schema::list(one),
            (_, one) => one,
        }
    };
    Schema::object(fields.map(|field| (field.name.as_str(), schema(field))))
}

fn value(definition: &Definition, of: &ValueType, is_simple: bool) -> Schema {
    match of {
        ValueType::Scalar(Scalar::Int32 | Scalar::Int64 | Scalar::Uint8) => Schema::Integer,
        ValueType::Scalar(Scalar::Double) => Schema::Number,
        ValueType::Scalar(Scalar::Boolean) => Schema::Boolean,
        ValueType::Scalar(_) => Schema::String,
        ValueType::Named(name) => match definition.types.get(name) {
            Some(of) => fields(definition, own(&of.fields), is_simple),
            // An enum.
            None => Schema::String,
        },
    }
}

/// A row of *Replace License Key*, as `src/n8n/replaced.rs` words it: a test compares them.
fn replaced() -> Schema {
    Schema::object([
        ("success", Schema::Boolean),
        ("groupName", Schema::String),
        ("groupNumber", Schema::String),
        ("groupId", Schema::Integer),
        ("licenseKey", Schema::String),
        ("changed", Schema::Boolean),
        ("subscription", Schema::String),
        ("subscriptionType", Schema::String),
        ("validUntil", Schema::String),
        ("startupLicense", Schema::String),
        ("previousSubscription", Schema::String),
        ("previousSubscriptionType", Schema::String),
        ("previousValidUntil", Schema::String),
        ("previousStartupLicense", Schema::String),
        ("warnings", Schema::list(Schema::String)),
    ])
}

/// A call as `src/calls/` tells it: a test compares them.
fn call() -> Vec<(&'static str, Schema)> {
    vec![
        ("id", Schema::String),
        ("start", Schema::String),
        ("end", Schema::String),
        ("direction", Schema::String),
        ("answered", Schema::Boolean),
        ("missed", Schema::Boolean),
        ("fromNumber", Schema::String),
        ("fromName", Schema::String),
        ("toNumber", Schema::String),
        ("toName", Schema::String),
        ("queueNumber", Schema::String),
        ("queueName", Schema::String),
        ("ringSeconds", Schema::Integer),
        ("talkSeconds", Schema::Integer),
        ("reason", Schema::String),
        ("recordingIds", Schema::list(Schema::Integer)),
        ("summary", Schema::String),
        ("transcription", Schema::String),
    ]
}

/// Triggers begin with calls.
fn trigger() -> Schema {
    Schema::object([("event", Schema::String)].into_iter().chain(call()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definition() -> Definition {
        Definition::parse(include_str!("../../node-definition.json")).unwrap()
    }

    fn of(definition: &Definition, resource: &str, operation: &str) -> Option<serde_json::Value> {
        let (_, operation) =
            definition.operations().find(|(of, one)| of.value == resource && one.value == operation).unwrap();
        preview(definition, operation).map(|schema| serde_json::to_value(schema).unwrap())
    }

    #[test]
    fn each_operation_has_one_unless_nobody_knows_what_comes() {
        let definition = definition();
        let without: Vec<_> = definition
            .operations()
            .filter(|(_, operation)| preview(&definition, operation).is_none())
            .map(|(_, operation)| operation.answer.kind)
            .collect();
        assert!(without.len() < 20 && without.iter().all(|kind| *kind == AnswerKind::Any), "{without:?}");
    }

    #[test]
    fn names_can_be_those_of_files() {
        for (resource, operation) in definition().operations() {
            for name in [&resource.value, &operation.value] {
                assert!(name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == ' '), "{name}");
            }
        }
    }

    #[test]
    fn lists_records_values_and_no_values_differ() {
        let definition = definition();
        let group = of(&definition, "Groups", "List Group").unwrap();
        assert_eq!(group["type"], "object");
        assert_eq!(group["properties"]["Id"], json!({ "type": "integer" }));
        assert_eq!(group["properties"]["Name"], json!({ "type": "string" }));
        assert_eq!(
            of(&definition, "Groups", "Delete Group"),
            Some(json!({ "type": "object", "properties": { "deleted": { "type": "boolean" } } }))
        );
        assert_eq!(
            of(&definition, "Recordings", "Download Recording").unwrap()["properties"]["size"]["type"],
            "integer"
        );
        assert_eq!(of(&definition, "Custom Request", "Send Request"), None);
    }

    /// A PIN is a number, and its mask is none.
    #[test]
    fn what_is_masked_is_text() {
        let definition = definition();
        let types = definition.types.values();
        let secret = |name: &str| Field {
            name: name.to_owned(),
            secret: true,
            of: ValueType::Scalar(Scalar::Int32),
            ..Field::default()
        };
        assert!(types.flat_map(|of| &of.fields).any(|field| field.secret));
        for (is_simple, expected) in [(true, Schema::String), (false, Schema::Integer)] {
            assert_eq!(
                fields(&definition, [&secret("Pin")].into_iter(), is_simple),
                Schema::object([("Pin", expected)])
            );
        }
    }
}
