//! Every operation and type of the API, from the node's own definition. Known: paths, parameters, types, versions.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::http::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::odata::{Build, EntityType, Kind, Property};

const DEFINITION: &str = include_str!("../../node-definition.json");

#[derive(Deserialize)]
struct Definition {
    resources: Vec<Resource>,
    locators: Vec<Locator>,
    types: HashMap<String, Type>,
    enums: HashMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Resource {
    operations: Vec<Operation>,
}

/// An operation as the definition has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation {
    method: String,
    pub(crate) path: String,
    /// The path on older PBXs.
    older: Option<Older>,
    /// What the definition's own operations are; those of the API have none.
    kind: Option<String>,
    /// The set whose entity the path's key names.
    pub(crate) set: Option<String>,
    #[serde(default)]
    pub(crate) parameters: Vec<Field>,
    pub(crate) body: Option<Body>,
    pub(crate) answer: Answer,
    #[serde(default)]
    query: Vec<String>,
    page_size: Option<u64>,
    first: String,
    last: Option<String>,
    #[serde(default)]
    pub(crate) partial_failures: bool,
}

#[derive(Debug, Deserialize)]
struct Older {
    path: String,
    last: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Body {
    #[serde(rename = "type")]
    of: Option<String>,
    fields: Option<Vec<Field>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    pub(crate) kind: String,
    #[serde(rename = "type")]
    pub(crate) of: Option<String>,
}

/// A property or a parameter.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Field {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) list: bool,
    #[serde(default)]
    pub(crate) nullable: bool,
    #[serde(default)]
    pub(crate) navigation: bool,
    pub(crate) max_length: Option<usize>,
}

#[derive(Debug, Deserialize)]
struct Type {
    fields: Vec<Field>,
}

#[derive(Debug, Deserialize)]
struct Locator {
    set: String,
    key: String,
}

struct Catalogue {
    operations: Vec<Operation>,
    keys: HashMap<String, String>,
    types: HashMap<String, Type>,
    enums: HashMap<String, Vec<String>>,
    entities: HashMap<String, EntityType>,
}

/// Properties that came later than their type. Known.
const LATER: &[(&str, &str, Build)] =
    &[("GroupProps", "DepartmentContactsMaxCount", (20, 0, 9)), ("GroupProps", "TrunksMaxCount", (20, 0, 5))];

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    // The definition is part of this program: a test reads it.
    let definition: Definition = serde_json::from_str(DEFINITION).unwrap_or_else(|_| Definition {
        resources: Vec::new(),
        locators: Vec::new(),
        types: HashMap::new(),
        enums: HashMap::new(),
    });
    let entities = definition.types.iter().map(|(name, of)| (name.clone(), entity_type(name, of, &definition.enums)));
    Catalogue {
        entities: entities.collect(),
        operations: definition.resources.into_iter().flat_map(|resource| resource.operations).collect(),
        keys: definition.locators.into_iter().map(|locator| (locator.set, locator.key)).collect(),
        types: definition.types,
        enums: definition.enums,
    }
});

fn entity_type(name: &str, of: &Type, enums: &HashMap<String, Vec<String>>) -> EntityType {
    let properties: Vec<Property> = of
        .fields
        .iter()
        .map(|field| Property {
            name: field.name.clone().leak(),
            kind: kind(field, enums),
            since: LATER
                .iter()
                .find(|(of, property, _)| *of == name && *property == field.name)
                .map_or((20, 0, 0), |(_, _, since)| *since),
        })
        .collect();
    EntityType { name: format!("Pbx.{name}").leak(), properties: properties.leak() }
}

fn kind(field: &Field, enums: &HashMap<String, Vec<String>>) -> Kind {
    match field.kind.as_str() {
        _ if field.navigation => Kind::Navigation,
        _ if field.list => Kind::Other,
        "string" | "time" | "duration" | "uuid" | "date" => Kind::Text,
        "int32" | "int64" | "uint8" | "double" => Kind::Integer,
        "boolean" => Kind::Boolean,
        "date-time" => Kind::DateTime,
        name if enums.contains_key(name) => Kind::Choice,
        name => Kind::Complex(name.to_owned().leak()),
    }
}

static UNKNOWN: EntityType = EntityType { name: "Edm.Untyped", properties: &[] };

/// A type as queries see it.
pub(crate) fn entity(name: &str) -> &'static EntityType {
    CATALOGUE.entities.get(name).unwrap_or(&UNKNOWN)
}

/// The fields of a type; none of an enum or a scalar.
pub(crate) fn fields(name: &str) -> &'static [Field] {
    CATALOGUE.types.get(name).map(|of| of.fields.as_slice()).unwrap_or_default()
}

pub(crate) fn members(name: &str) -> Option<&'static [String]> {
    CATALOGUE.enums.get(name).map(Vec::as_slice)
}

/// The property that is the key of a set.
pub(crate) fn key(set: &str) -> &'static str {
    CATALOGUE.keys.get(set).map_or("Id", String::as_str)
}

/// The type of a set's entities, or of a singleton.
pub(crate) fn element(path: &str) -> &'static str {
    let whole = format!("{path}({{{}}})", key(path));
    let found = CATALOGUE.operations.iter().find(|operation| {
        operation.method == "GET"
            && operation.answer.of.is_some()
            && (operation.path == path || operation.path == whole)
    });
    found.and_then(|operation| operation.answer.of.as_deref()).unwrap_or_default()
}

/// What a request asks for.
pub(crate) struct Match {
    pub(crate) operation: &'static Operation,
    /// Values of the path's parameters.
    pub(crate) arguments: Vec<Value>,
}

/// Why a path leads nowhere.
pub(crate) enum Miss {
    NotFound,
    /// There are operations with this path, but other methods.
    OtherMethods(String),
}

/// Finds the operation of a path below the API's root, as a build of the PBX knows it. Known: arguments that are
/// missing, of another type or in another order make a path that is not there.
pub(crate) fn find(method: &Method, path: &str, build: &str) -> Result<Match, Miss> {
    let build = numbers(build);
    let mut others = Vec::new();
    for operation in CATALOGUE
        .operations
        .iter()
        .filter(|operation| operation.kind.as_deref().is_none_or(|kind| kind == "replaceGroupLicense"))
    {
        let Some(template) = operation.path_in(build) else { continue };
        let Some(arguments) = arguments(template, path, &operation.parameters) else { continue };
        if operation.method == method.as_str() {
            return Ok(Match { operation, arguments });
        }
        others.push(operation.method.clone());
    }
    Err(if others.is_empty() { Miss::NotFound } else { Miss::OtherMethods(others.join(", ")) })
}

fn numbers(version: &str) -> Build {
    let number = |part: &str| part.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0);
    let mut parts = version.split('.').map(number);
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}

impl Operation {
    /// The path by which a build knows it, if it does.
    fn path_in(&self, build: Build) -> Option<&str> {
        if let Some(older) = &self.older
            && build <= numbers(&older.last)
        {
            return Some(&older.path);
        }
        let is_gone = self.last.as_ref().is_some_and(|last| build > numbers(last));
        (self.older.is_some() || numbers(&self.first) <= build && !is_gone).then_some(self.path.as_str())
    }

    /// The fields of its body; `None` where nobody has said.
    pub(crate) fn body_fields(&self) -> Option<&[Field]> {
        let body = self.body.as_ref()?;
        match (&body.of, &body.fields) {
            (Some(of), _) => Some(fields(of)),
            (None, fields) => fields.as_deref(),
        }
    }

    pub(crate) fn has_pages(&self) -> bool {
        self.query.iter().any(|option| option == "page")
    }

    /// Known: reports give larger pages than entity sets.
    pub(crate) fn top_limit(&self, of_sets: u64) -> u64 {
        if self.page_size.is_some_and(|size| size > of_sets) { 100_000 } else { of_sets }
    }
}

/// The values of a template's parameters in a path, if it is such a path.
fn arguments(template: &str, path: &str, fields: &[Field]) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    let (mut template, mut path) = (template.strip_prefix('/')?, path);
    for field in fields {
        let (before, after) = template.split_once(&format!("{{{}}}", field.name))?;
        let (value, rest) = argument(path.strip_prefix(before)?, &field.kind)?;
        values.push(value);
        (template, path) = (after, rest);
    }
    (template == path).then_some(values)
}

/// Reads a literal off the beginning of a text.
fn argument<'a>(text: &'a str, kind: &str) -> Option<(Value, &'a str)> {
    if kind == "string" {
        let mut value = String::new();
        let mut letters = text.strip_prefix('\'')?.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            if letter != '\'' {
                value.push(letter);
            } else if letters.next_if(|(_, next)| *next == '\'').is_some() {
                value.push('\'');
            } else {
                return Some((value.into(), &text[at + 2..]));
            }
        }
        return None;
    }
    let end = text.find([',', ')'])?;
    let (literal, rest) = text.split_at(end);
    let value = match kind {
        "int32" => literal.parse::<i32>().ok()?.into(),
        "int64" => literal.parse::<i64>().ok()?.into(),
        "boolean" => literal.parse::<bool>().ok()?.into(),
        "date-time" => literal
            .contains('T')
            .then(|| Value::from(literal))
            .filter(|_| literal.ends_with('Z') || literal.contains('+') || literal.rfind('-') > Some(9))?,
        "uuid" => Value::from(literal).as_str().filter(|text| text.len() == 36)?.into(),
        _ => return None,
    };
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: Method, path: &str, build: &str) -> Option<(String, Vec<Value>)> {
        find(&method, path, build).ok().map(|found| (found.operation.path.clone(), found.arguments))
    }

    #[test]
    fn the_definition_can_be_read() {
        assert!(CATALOGUE.operations.len() > 600);
        assert!(!CATALOGUE.keys.is_empty());
    }

    #[test]
    fn paths_lead_to_operations_with_their_arguments() {
        let new = "20.0.10.1";
        assert_eq!(found(Method::GET, "Users(12)/Groups", new), Some(("/Users({Id})/Groups".into(), vec![12.into()])));
        assert_eq!(
            found(Method::GET, "Backups('it''s (1).zip')/Pbx.GetBackupExtras()", new).map(|found| found.1),
            Some(vec!["it's (1).zip".into()])
        );
        assert_eq!(found(Method::GET, "Users(Number='101')", new).map(|found| found.1), Some(vec!["101".into()]));
        for path in
            ["Users('12')", "Users(12", "Users(99999999999)", "Recordings/Pbx.DownloadRecording(recId='1')", "Nothing"]
        {
            assert!(found(Method::GET, path, new).is_none(), "{path}");
        }
    }

    #[test]
    fn builds_know_their_own_paths() {
        let old = "20.0.7.1057";
        assert!(found(Method::GET, "Users/Pbx.GetByNumber(number='101')", old).is_some());
        assert!(found(Method::GET, "Users(Number='101')", old).is_none());
        assert!(found(Method::POST, "Services/Pbx.RestartAll", old).is_some());
        assert!(found(Method::POST, "Services/Pbx.RestartAll", "20.0.10.1").is_none());
        assert!(found(Method::GET, "AISettings", old).is_none());
    }

    #[test]
    fn other_methods_are_named() {
        assert!(
            matches!(find(&Method::PUT, "Users(12)", "20.0.10"), Err(Miss::OtherMethods(methods)) if methods.contains("PATCH"))
        );
    }
}
