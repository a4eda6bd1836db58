//! What the specification says that an operation answers.

use anyhow::{Context, Result, bail};
use openapiv3::{OpenAPI, Operation, ReferenceOr, Response, Schema, SchemaKind, StatusCode, Type};
use threecx_definition::{Answer, AnswerKind, Method, ValueType};

use super::schema;
use super::types::Types;

pub(super) fn answer(
    specification: &OpenAPI,
    method: Method,
    id: &str,
    operation: &Operation,
    types: &mut Types,
) -> Result<Answer> {
    let (status, response) = operation.responses.responses.first().context("no answer")?;
    let response = resolve(specification, response)?;
    let bare = |kind| Answer { kind, of: None };
    let Some(schema) = response.content.get("application/json").and_then(|media| media.schema.as_ref()) else {
        return Ok(bare(if method == Method::Delete { AnswerKind::Deleted } else { AnswerKind::None }));
    };
    let is_file = method == Method::Get && is_download(id);
    let Shape { kind, of } = shape(specification, schema, types)?;
    let kind = match kind {
        AnswerKind::Record if of.as_str() == schema::UNTYPED => {
            return Ok(bare(if method == Method::Get { AnswerKind::File } else { AnswerKind::None }));
        }
        AnswerKind::Record if schema::is_enum(specification, of.as_str()) => AnswerKind::Value,
        AnswerKind::Record | AnswerKind::Records if is_file => AnswerKind::File,
        AnswerKind::Record if *status == StatusCode::Code(201) => AnswerKind::Created,
        other => other,
    };
    Ok(Answer { kind, of: Some(of) })
}

/// 3CX describes these as collections; what it sends are files.
fn is_download(id: &str) -> bool {
    id.starts_with("Download") || id.starts_with("Export")
}

/// A record, records, a value or values, as the schema alone tells.
struct Shape {
    kind: AnswerKind,
    of: ValueType,
}

impl Shape {
    fn named(kind: AnswerKind, name: &str, types: &mut Types) -> Self {
        types.note(name);
        Self { kind, of: ValueType::Named(name.to_owned()) }
    }
}

fn shape(specification: &OpenAPI, schema: &ReferenceOr<Schema>, types: &mut Types) -> Result<Shape> {
    let item = match schema {
        ReferenceOr::Reference { reference } => {
            let name = schema::name(reference);
            return Ok(match schema::collection_of(specification, name) {
                Some(collection) => Shape::named(AnswerKind::Records, collection, types),
                None => Shape::named(AnswerKind::Record, name, types),
            });
        }
        ReferenceOr::Item(item) => item,
    };
    match &item.schema_kind {
        SchemaKind::AllOf { all_of } => parts(all_of, types),
        SchemaKind::Type(Type::Object(object)) => {
            let value = object.properties.get("value").context("an answer without a value")?;
            let ReferenceOr::Item(value) = value else { bail!("a value that is a reference") };
            Ok(Shape { kind: AnswerKind::Value, of: ValueType::Scalar(schema::scalar(value)?) })
        }
        // `type: object` beside `allOf` is read as any schema.
        SchemaKind::Any(any) if !any.all_of.is_empty() => parts(&any.all_of, types),
        other => bail!("unknown answer {other:?}"),
    }
}

/// A collection is a page and a list; anything else is one type that may be null.
fn parts(all_of: &[ReferenceOr<Schema>], types: &mut Types) -> Result<Shape> {
    if let Some(list) = all_of.iter().find_map(schema::value_of) {
        let SchemaKind::Type(Type::Array(list)) = &list.schema_kind else { bail!("a collection without a list") };
        return match list.items.as_ref().context("a list of nothing")? {
            ReferenceOr::Reference { reference } => {
                Ok(Shape::named(AnswerKind::Records, schema::name(reference), types))
            }
            ReferenceOr::Item(item) => {
                Ok(Shape { kind: AnswerKind::Values, of: ValueType::Scalar(schema::scalar(item)?) })
            }
        };
    }
    match all_of {
        [ReferenceOr::Reference { reference }] => Ok(Shape::named(AnswerKind::Record, schema::name(reference), types)),
        _ => bail!("an answer of several types"),
    }
}

fn resolve<'a>(specification: &'a OpenAPI, response: &'a ReferenceOr<Response>) -> Result<&'a Response> {
    match response {
        ReferenceOr::Item(response) => Ok(response),
        ReferenceOr::Reference { reference } => {
            let components = specification.components.as_ref().context("no components")?;
            let found = components.responses.get(schema::component(reference)).and_then(ReferenceOr::as_item);
            found.with_context(|| reference.clone())
        }
    }
}
