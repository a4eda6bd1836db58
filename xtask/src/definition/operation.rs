//! What the specification says of one operation.

use anyhow::{Context, Result, bail};
use openapiv3::{
    OpenAPI, Operation as Stated, Parameter, ParameterData, ParameterSchemaOrContent, PathItem, ReferenceOr,
    RequestBody, Schema,
};
use serde_json::Value;
use threecx_definition::{Body, Field, Method, Operation, QueryOption};

use super::types::Types;
use super::{answer, schema};

/// An operation without words, and what those are made from.
pub(super) struct Described {
    pub(super) id: String,
    pub(super) tag: String,
    /// Type of the entity that the path's key stands for.
    pub(super) key_type: Option<String>,
    pub(super) operation: Operation,
}

impl Described {
    /// `GET /Users`
    pub(super) fn call(&self) -> String {
        call(&self.operation)
    }

    /// The set and the key of a path such as `/Queues({Id})/Agents`.
    pub(super) fn key(&self) -> Option<(&str, &Field)> {
        let key = self.operation.parameters.first().filter(|_| self.key_type.is_some())?;
        let (set, _) = self.operation.path.split_once(&format!("({{{}}})", key.name))?;
        Some((set, key))
    }
}

/// How versions.json names an operation.
pub(super) fn call(operation: &Operation) -> String {
    format!("{} {}", operation.method.as_str(), operation.path)
}

/// All operations of a specification.
pub(super) fn all(specification: &OpenAPI, types: &mut Types) -> Result<Vec<Described>> {
    let mut all = Vec::new();
    for (path, item) in &specification.paths.paths {
        let item = item.as_item().with_context(|| format!("{path} is a reference"))?;
        for (method, stated) in methods(path, item)? {
            let described = describe(specification, method, path, stated, types)
                .with_context(|| format!("{} {path}", method.as_str()))?;
            all.push(described);
        }
    }
    Ok(all)
}

fn methods<'a>(path: &str, item: &'a PathItem) -> Result<Vec<(Method, &'a Stated)>> {
    item.iter()
        .map(|(method, stated)| {
            let method = match method {
                "get" => Method::Get,
                "post" => Method::Post,
                "patch" => Method::Patch,
                "delete" => Method::Delete,
                other => bail!("unknown method {other} of {path}"),
            };
            Ok((method, stated))
        })
        .collect()
}

fn describe(
    specification: &OpenAPI,
    method: Method,
    path: &str,
    stated: &Stated,
    types: &mut Types,
) -> Result<Described> {
    let id = stated.operation_id.clone().context("it has no operationId")?;
    let tag = stated.tags.first().cloned().context("it has no tag")?;
    let mut described = Described { id, tag, key_type: None, operation: Operation::default() };
    let mut operation = Operation { method, path: path.to_owned(), ..Operation::default() };
    for parameter in &stated.parameters {
        match parameter {
            ReferenceOr::Reference { reference } => match schema::name(reference) {
                "top" => operation.query.push(QueryOption::Page),
                "skip" | "search" | "filter" | "count" => {}
                other => bail!("unknown shared parameter {other}"),
            },
            ReferenceOr::Item(Parameter::Path { parameter_data, .. }) => {
                let key_type = parameter_data.extensions.get("x-ms-docs-key-type").and_then(Value::as_str);
                described.key_type = key_type.map(str::to_owned).or(described.key_type);
                let schema = parameter_schema(parameter_data)?;
                operation.parameters.push(schema::field(&parameter_data.name, schema, types)?);
            }
            ReferenceOr::Item(Parameter::Query { parameter_data, .. }) => match parameter_data.name.as_str() {
                "$orderby" => operation.query.push(QueryOption::OrderBy),
                "$select" => operation.query.push(QueryOption::Select),
                "$expand" => {}
                other => bail!("unknown query option {other}"),
            },
            ReferenceOr::Item(Parameter::Header { parameter_data, .. }) if parameter_data.name == "If-Match" => {
                operation.if_match = true;
            }
            ReferenceOr::Item(other) => bail!("unknown parameter {other:?}"),
        }
    }
    // The path's order is the one that 3CX insists on.
    operation.parameters.sort_by_key(|field| path.find(&format!("{{{}}}", field.name)));
    operation.body = stated.request_body.as_ref().map(|body| self::body(specification, body, types)).transpose()?;
    operation.answer = answer::answer(specification, method, &described.id, stated, types)?;
    if described.tag.starts_with("Report") && operation.has_pages() {
        operation.page_size = Some(REPORT_PAGE);
    }
    described.operation = operation;
    described.operation.set = described.key().map(|(set, _)| set.to_owned());
    Ok(described)
}

/// Reports come in larger pages than the 100 records of an entity set.
const REPORT_PAGE: u32 = 1000;

fn parameter_schema(data: &ParameterData) -> Result<&ReferenceOr<Schema>> {
    match &data.format {
        ParameterSchemaOrContent::Schema(schema) => Ok(schema),
        ParameterSchemaOrContent::Content(_) => bail!("parameter {} has no schema", data.name),
    }
}

fn body(specification: &OpenAPI, body: &ReferenceOr<RequestBody>, types: &mut Types) -> Result<Body> {
    let body = match body {
        ReferenceOr::Item(body) => body,
        ReferenceOr::Reference { reference } => {
            let components = specification.components.as_ref().context("no components")?;
            let found = components.request_bodies.get(schema::component(reference)).and_then(ReferenceOr::as_item);
            found.with_context(|| reference.clone())?
        }
    };
    let media = body.content.get("application/json").context("a body that is not JSON")?;
    Ok(match media.schema.as_ref().context("a body without a schema")? {
        ReferenceOr::Reference { reference } => {
            let of = schema::name(reference);
            types.note(of);
            Body { of: Some(of.to_owned()), fields: None, required: body.required }
        }
        ReferenceOr::Item(schema) => {
            Body { of: None, fields: Some(schema::inline_fields(schema, types)?), required: body.required }
        }
    })
}
