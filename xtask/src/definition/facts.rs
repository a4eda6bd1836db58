//! What a specification says of one operation.

use anyhow::{Context, Result, bail};
use openapiv3::{
    OpenAPI, Operation, Parameter, ParameterData, ParameterSchemaOrContent, PathItem, ReferenceOr, RequestBody,
    Response, Schema, SchemaKind, StatusCode, Type,
};
use serde_json::{Map, Value, json};

use super::Availability;
use super::schema::{self, Field, Types};

pub(crate) struct Facts {
    pub(crate) id: String,
    pub(crate) tag: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) parameters: Vec<Field>,
    /// Type of the entity that the path's key stands for.
    pub(crate) key_type: Option<String>,
    query: Vec<&'static str>,
    if_match: bool,
    body: Option<Value>,
    answer: Map<String, Value>,
    pub(crate) first: String,
    pub(crate) last: String,
}

pub(crate) fn find<'a>(spec: &'a OpenAPI, method: &str, path: &str) -> Option<&'a Operation> {
    let ReferenceOr::Item(item) = spec.paths.paths.get(path)? else { return None };
    let PathItem { get, post, patch, delete, .. } = item;
    match method {
        "GET" => get.as_ref(),
        "POST" => post.as_ref(),
        "PATCH" => patch.as_ref(),
        "DELETE" => delete.as_ref(),
        _ => None,
    }
}

pub(crate) fn read(spec: &OpenAPI, entry: &Availability, operation: &Operation, types: &mut Types) -> Result<Facts> {
    let mut facts = bare(entry);
    let read = || -> Result<()> {
        for parameter in &operation.parameters {
            match parameter {
                ReferenceOr::Reference { reference } => match schema::name(reference) {
                    "top" => facts.query.push("page"),
                    "skip" | "search" | "filter" | "count" => {}
                    other => bail!("unknown shared parameter {other}"),
                },
                ReferenceOr::Item(Parameter::Path { parameter_data, .. }) => {
                    if let Some(key_type) = parameter_data.extensions.get("x-ms-docs-key-type").and_then(Value::as_str)
                    {
                        facts.key_type = Some(key_type.to_owned());
                    }
                    facts.parameters.push(Field::of(&parameter_data.name, parameter_schema(parameter_data)?, types)?);
                }
                ReferenceOr::Item(Parameter::Query { parameter_data, .. }) => match parameter_data.name.as_str() {
                    "$orderby" => facts.query.push("orderBy"),
                    "$select" => facts.query.push("select"),
                    "$expand" => {}
                    other => bail!("unknown query option {other}"),
                },
                ReferenceOr::Item(Parameter::Header { parameter_data, .. }) if parameter_data.name == "If-Match" => {
                    facts.if_match = true;
                }
                ReferenceOr::Item(other) => bail!("unknown parameter {other:?}"),
            }
        }
        // The path's order is the one that 3CX insists on.
        facts.parameters.sort_by_key(|field| facts.path.find(&format!("{{{}}}", field.name)));
        facts.body = operation.request_body.as_ref().map(|body| self::body(spec, body, types)).transpose()?;
        facts.answer = answer(spec, &facts.method, &facts.id, operation, types)?;
        Ok(())
    };
    let mut read = read;
    read().with_context(|| format!("{} {}", entry.method, entry.path))?;
    Ok(facts)
}

/// What can be known of an operation that is in none of the specifications at hand: its path names its parameters, and
/// the newest specification the types that such names have.
pub(crate) fn guess(entry: &Availability, newest: &OpenAPI) -> Result<Facts> {
    let mut facts = bare(entry);
    let mut rest = entry.path.as_str();
    while let Some((_, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').context("an open brace in a path")?;
        rest = after;
        let known = newest.paths.iter().filter_map(|(_, item)| item.as_item()).flat_map(PathItem::iter).find_map(
            |(_, operation)| {
                let mut path_parameters =
                    operation.parameters.iter().filter_map(|parameter| match parameter.as_item() {
                        Some(Parameter::Path { parameter_data, .. }) => Some(parameter_data),
                        _ => None,
                    });
                path_parameters.find(|data| data.name == name)
            },
        );
        let field = match known {
            Some(data) => Field::of(name, parameter_schema(data)?, &mut Types::default())?,
            None => Field::gone(name, gone(name)),
        };
        facts.parameters.push(field);
    }
    if facts.path.contains("({Id})") {
        facts.key_type = Some(wording_singular(&facts.tag));
    }
    let kind = if is_download(&entry.operation_id) { "file" } else { "any" };
    facts.answer.insert("kind".into(), kind.into());
    if entry.method == "POST" {
        facts.body = Some(json!({}));
    }
    Ok(facts)
}

/// Types of parameters that the newest specification knows no more, as older ones gave them.
fn gone(name: &str) -> &'static str {
    match name {
        "includeInternalCalls" => "boolean",
        "top" | "skip" => "int32",
        _ => "string",
    }
}

fn wording_singular(tag: &str) -> String {
    tag.strip_suffix('s').unwrap_or(tag).to_owned()
}

fn bare(entry: &Availability) -> Facts {
    Facts {
        id: entry.operation_id.clone(),
        tag: entry.tag.clone(),
        method: entry.method.clone(),
        path: entry.path.clone(),
        parameters: Vec::new(),
        key_type: None,
        query: Vec::new(),
        if_match: false,
        body: None,
        answer: Map::new(),
        first: entry.first.clone(),
        last: entry.last.clone(),
    }
}

impl Facts {
    /// `/Queues/Pbx.GetByNumber(number={number})` and its like.
    pub(crate) fn is_look_up_by_number(&self) -> bool {
        self.path.ends_with("ByNumber(number={number})") && self.parameters.len() == 1
    }

    /// The set and the key of a path such as `/Queues({Id})/Agents`.
    pub(crate) fn key(&self) -> Option<(&str, &Field)> {
        let key = self.parameters.first().filter(|_| self.key_type.is_some())?;
        let (set, _) = self.path.split_once(&format!("({{{}}})", key.name))?;
        Some((set, key))
    }

    pub(crate) fn json(&self, older: bool) -> Map<String, Value> {
        let mut json = Map::new();
        json.insert("method".into(), self.method.clone().into());
        json.insert("path".into(), self.path.clone().into());
        if let Some((set, _)) = self.key() {
            json.insert("set".into(), set.into());
        }
        if !self.parameters.is_empty() {
            json.insert("parameters".into(), self.parameters.iter().map(Field::json).collect());
        }
        if !self.query.is_empty() {
            json.insert("query".into(), self.query.clone().into());
        }
        if self.tag.starts_with("Report") && self.query.contains(&"page") {
            json.insert("pageSize".into(), REPORT_PAGE.into());
        }
        if self.if_match {
            json.insert("ifMatch".into(), true.into());
        }
        if let Some(body) = &self.body {
            json.insert("body".into(), body.clone());
        }
        json.insert("answer".into(), self.answer.clone().into());
        json.insert("first".into(), self.first.clone().into());
        if older {
            json.insert("last".into(), self.last.clone().into());
        }
        json
    }
}

fn parameter_schema(data: &ParameterData) -> Result<&ReferenceOr<Schema>> {
    match &data.format {
        ParameterSchemaOrContent::Schema(schema) => Ok(schema),
        ParameterSchemaOrContent::Content(_) => bail!("parameter {} has no schema", data.name),
    }
}

/// `{"type": …}` for an entity, `{"fields": […]}` for the parameters of an action.
fn body(spec: &OpenAPI, body: &ReferenceOr<RequestBody>, types: &mut Types) -> Result<Value> {
    let body = match body {
        ReferenceOr::Item(body) => body,
        ReferenceOr::Reference { reference } => {
            let components = spec.components.as_ref().context("no components")?;
            let found = components.request_bodies.get(schema::component(reference)).and_then(ReferenceOr::as_item);
            found.with_context(|| reference.clone())?
        }
    };
    let media = body.content.get("application/json").context("a body that is not JSON")?;
    let mut json = match media.schema.as_ref().context("a body without a schema")? {
        ReferenceOr::Reference { reference } => json!({ "type": types.note(schema::name(reference)) }),
        ReferenceOr::Item(schema) => {
            let fields = schema::inline_fields(schema, types)?;
            json!({ "fields": fields.iter().map(Field::json).collect::<Vec<_>>() })
        }
    };
    if let (true, Some(json)) = (body.required, json.as_object_mut()) {
        json.insert("required".into(), true.into());
    }
    Ok(json)
}

fn answer(
    spec: &OpenAPI,
    method: &str,
    id: &str,
    operation: &Operation,
    types: &mut Types,
) -> Result<Map<String, Value>> {
    let mut answer = Map::new();
    let mut put = |kind: &str, of: Option<String>| {
        answer.insert("kind".into(), kind.into());
        if let Some(of) = of {
            answer.insert("type".into(), of.into());
        }
    };
    let (status, response) = operation.responses.responses.first().context("no answer")?;
    let response = resolve_response(spec, response)?;
    let Some(schema) = response.content.get("application/json").and_then(|media| media.schema.as_ref()) else {
        put(if method == "DELETE" { "deleted" } else { "none" }, None);
        return Ok(answer);
    };
    let shape = shape(spec, schema, types)?;
    match shape {
        Shape::Record(of) if schema::is_enum(spec, &of) => put("value", Some(of)),
        Shape::Record(of) if of == "IActionResult" => put(if method == "GET" { "file" } else { "none" }, None),
        Shape::Records(of) if method == "GET" && is_download(id) => put("file", Some(of)),
        Shape::Record(of) if method == "GET" && is_download(id) => put("file", Some(of)),
        Shape::Record(of) => put(if *status == StatusCode::Code(201) { "created" } else { "record" }, Some(of)),
        Shape::Records(of) => put("records", Some(of)),
        Shape::Value(of) => put("value", Some(of)),
        Shape::Values(of) => put("values", Some(of)),
    }
    Ok(answer)
}

/// Reports come in larger pages than the 100 records of an entity set.
const REPORT_PAGE: u32 = 1000;

/// 3CX describes these as collections; what it sends are files.
fn is_download(id: &str) -> bool {
    id.starts_with("Download") || id.starts_with("Export")
}

enum Shape {
    Record(String),
    Records(String),
    Value(String),
    Values(String),
}

fn shape(spec: &OpenAPI, schema: &ReferenceOr<Schema>, types: &mut Types) -> Result<Shape> {
    let item = match schema {
        ReferenceOr::Reference { reference } => {
            let name = schema::name(reference);
            if let Some(collection) = schema::collection_of(spec, name) {
                return Ok(Shape::Records(types.note(collection)));
            }
            return Ok(Shape::Record(types.note(name)));
        }
        ReferenceOr::Item(item) => item,
    };
    match &item.schema_kind {
        SchemaKind::AllOf { all_of } => {
            // A collection is a page and a list; anything else is one type that may be null.
            if let Some(list) = all_of.iter().find_map(schema::value_of) {
                return match &list.schema_kind {
                    SchemaKind::Type(Type::Array(list)) => match list.items.as_ref().context("a list of nothing")? {
                        ReferenceOr::Reference { reference } => Ok(Shape::Records(types.note(schema::name(reference)))),
                        ReferenceOr::Item(item) => Ok(Shape::Values(schema::scalar(item)?)),
                    },
                    _ => bail!("a collection without a list"),
                };
            }
            match &all_of[..] {
                [ReferenceOr::Reference { reference }] => Ok(Shape::Record(types.note(schema::name(reference)))),
                _ => bail!("an answer of several types"),
            }
        }
        SchemaKind::Type(Type::Object(object)) => {
            let value = object.properties.get("value").context("an answer without a value")?;
            let ReferenceOr::Item(value) = value else { bail!("a value that is a reference") };
            Ok(Shape::Value(schema::scalar(value)?))
        }
        // `type: object` beside `allOf` is read as any schema.
        SchemaKind::Any(any) => {
            if any.properties.contains_key("value") && any.all_of.is_empty() {
                bail!("an answer of an unknown kind");
            }
            let all_of = SchemaKind::AllOf { all_of: any.all_of.clone() };
            shape(
                spec,
                &ReferenceOr::Item(Schema { schema_data: item.schema_data.clone(), schema_kind: all_of }),
                types,
            )
        }
        other => bail!("unknown answer {other:?}"),
    }
}

fn resolve_response<'a>(spec: &'a OpenAPI, response: &'a ReferenceOr<Response>) -> Result<&'a Response> {
    match response {
        ReferenceOr::Item(response) => Ok(response),
        ReferenceOr::Reference { reference } => {
            let components = spec.components.as_ref().context("no components")?;
            let found = components.responses.get(schema::component(reference)).and_then(ReferenceOr::as_item);
            found.with_context(|| reference.clone())
        }
    }
}
