//! Every operation and type of the API, from the node's own definition. Known: paths, parameters, types, versions.

use std::sync::LazyLock;

use axum::http::Method;
use serde_json::Value;
pub(crate) use threecx_definition::{AnswerKind, Field, Operation};
use threecx_definition::{Definition, Scalar, Type, ValueType, Version};

static DEFINITION: LazyLock<Definition> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "it is part of this program, and the core is built from the same file")]
    Definition::parse(include_str!("../../node-definition.json")).expect("node-definition.json")
});

pub(crate) fn types() -> impl Iterator<Item = (&'static str, &'static Type)> {
    DEFINITION.types.iter().map(|(name, of)| (name.as_str(), of))
}

/// The fields of a type; none of an enum or a scalar.
pub(crate) fn fields(name: &str) -> &'static [Field] {
    DEFINITION.types.get(name).map(|of| of.fields.as_slice()).unwrap_or_default()
}

pub(crate) fn members(name: &str) -> Option<&'static [String]> {
    DEFINITION.enums.get(name).map(Vec::as_slice)
}

/// The property that is the key of a set.
pub(crate) fn key(set: &str) -> &'static str {
    DEFINITION.locators.iter().find(|locator| locator.set == set).map_or("Id", |locator| &locator.key)
}

/// The type of a set's entities, or of a singleton.
pub(crate) fn element(path: &str) -> &'static str {
    let whole = format!("{path}({{{}}})", key(path));
    let mut operations = DEFINITION.operations().map(|(_, operation)| operation);
    let found = operations.find(|operation| {
        operation.method.as_str() == "GET"
            && operation.answer.of.is_some()
            && (operation.path == path || operation.path == whole)
    });
    found.and_then(|operation| operation.answer.of.as_ref()).map(ValueType::as_str).unwrap_or_default()
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
    let build = Version::new(build).numbers();
    let mut others = Vec::new();
    for (_, operation) in DEFINITION.operations().filter(|(_, operation)| operation.is_of_the_api()) {
        let Some(template) = path_in(operation, build) else { continue };
        let Some(arguments) = arguments(template, path, &operation.parameters) else { continue };
        let known = operation.method.as_str();
        if known == method.as_str() {
            return Ok(Match { operation, arguments });
        }
        others.push(known);
    }
    Err(if others.is_empty() { Miss::NotFound } else { Miss::OtherMethods(others.join(", ")) })
}

/// The path by which a build knows an operation, if it does.
fn path_in(operation: &Operation, build: (u32, u32, u32)) -> Option<&str> {
    if let Some(older) = &operation.older
        && build <= older.last.numbers()
    {
        return Some(&older.path);
    }
    let is_gone = operation.last.as_ref().is_some_and(|last| build > last.numbers());
    (operation.older.is_some() || operation.first.numbers() <= build && !is_gone).then_some(operation.path.as_str())
}

/// The fields of an operation's body; `None` where they are unknown.
pub(crate) fn body_fields(operation: &Operation) -> Option<&[Field]> {
    let body = operation.body.as_ref()?;
    body.of.as_deref().map(fields).or(body.fields.as_deref())
}

/// Known: reports give larger pages than entity sets.
pub(crate) fn top_limit(operation: &Operation, of_sets: u64) -> u64 {
    if operation.page_size.is_some_and(|size| u64::from(size) > of_sets) { 100_000 } else { of_sets }
}

/// The values of a template's parameters in a path, if it is such a path.
fn arguments(template: &str, path: &str, fields: &[Field]) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    let (mut template, mut path) = (template.strip_prefix('/')?, path);
    for field in fields {
        let (before, after) = template.split_once(&format!("{{{}}}", field.name))?;
        let (value, rest) = argument(path.strip_prefix(before)?, &field.of)?;
        values.push(value);
        (template, path) = (after, rest);
    }
    (template == path).then_some(values)
}

/// Reads a literal off the beginning of a text.
fn argument<'a>(text: &'a str, of: &ValueType) -> Option<(Value, &'a str)> {
    let ValueType::Scalar(scalar) = of else { return None };
    if *scalar == Scalar::String {
        return quoted(text);
    }
    let end = text.find([',', ')'])?;
    let (literal, rest) = text.split_at(end);
    let value = match scalar {
        Scalar::Int32 => literal.parse::<i32>().ok()?.into(),
        Scalar::Int64 => literal.parse::<i64>().ok()?.into(),
        Scalar::Boolean => literal.parse::<bool>().ok()?.into(),
        Scalar::DateTime => literal
            .contains('T')
            .then(|| Value::from(literal))
            .filter(|_| literal.ends_with('Z') || literal.contains('+') || literal.rfind('-') > Some(9))?,
        Scalar::Uuid => (literal.len() == 36).then(|| literal.into())?,
        _ => return None,
    };
    Some((value, rest))
}

/// Text in quotes; a doubled quote is one of the text.
fn quoted(text: &str) -> Option<(Value, &str)> {
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
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: Method, path: &str, build: &str) -> Option<(String, Vec<Value>)> {
        find(&method, path, build).ok().map(|found| (found.operation.path.clone(), found.arguments))
    }

    #[test]
    fn the_definition_can_be_read() {
        assert!(DEFINITION.operations().count() > 600);
        assert_eq!((key("/Backups"), element("/Users")), ("FileName", "User"));
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
