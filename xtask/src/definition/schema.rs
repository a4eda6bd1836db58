//! Types, fields and enums of a specification.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use openapiv3::{
    IntegerFormat, NumberFormat, OpenAPI, ReferenceOr, Schema, SchemaKind, StringFormat, Type, VariantOrUnknownOrEmpty,
};
use serde_json::{Map, Value, json};

use super::overrides::Overrides;

/// The last part of a reference.
pub(crate) fn component(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

/// The same, without the API's namespace.
pub(crate) fn name(reference: &str) -> &str {
    let name = component(reference);
    name.strip_prefix("Pbx.").unwrap_or(name)
}

#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// A scalar's format, or the name of a type or enum.
    pub(crate) kind: String,
    list: bool,
    nullable: bool,
    navigation: bool,
    max_length: Option<usize>,
}

impl Field {
    /// Of an operation that no specification at hand has.
    pub(crate) fn gone(name: &str, kind: &str) -> Self {
        Self { kind: kind.to_owned(), nullable: kind == "string", ..Self::text(name) }
    }

    fn text(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: "string".to_owned(),
            list: false,
            nullable: true,
            navigation: false,
            max_length: None,
        }
    }

    pub(crate) fn of(name: &str, schema: &ReferenceOr<Schema>, types: &mut Types) -> Result<Self> {
        let mut field = Self { nullable: false, ..Self::text(name) };
        match schema {
            ReferenceOr::Reference { reference } => field.kind = types.note(self::name(reference)),
            ReferenceOr::Item(schema) => field.read(schema, types).with_context(|| name.to_owned())?,
        }
        Ok(field)
    }

    fn read(&mut self, schema: &Schema, types: &mut Types) -> Result<()> {
        self.nullable |= schema.schema_data.nullable;
        self.navigation |= schema.schema_data.extensions.contains_key("x-ms-navigationProperty");
        match &schema.schema_kind {
            SchemaKind::AllOf { all_of } => match &all_of[..] {
                [ReferenceOr::Reference { reference }] => self.kind = types.note(name(reference)),
                _ => bail!("a field of several types"),
            },
            // A number that may come as text.
            SchemaKind::OneOf { .. } => {
                self.kind = "double".to_owned();
                self.nullable = true;
            }
            SchemaKind::Type(Type::Array(array)) => {
                self.list = true;
                match array.items.as_ref().context("a list of nothing")? {
                    ReferenceOr::Reference { reference } => self.kind = types.note(name(reference)),
                    ReferenceOr::Item(item) => self.kind = scalar(item)?,
                }
            }
            _ => {
                self.kind = scalar(schema)?;
                if let SchemaKind::Type(Type::String(text)) = &schema.schema_kind {
                    self.max_length = text.max_length;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn json(&self) -> Value {
        let mut json = json!({ "name": self.name, "type": self.kind });
        if let Some(json) = json.as_object_mut() {
            for (key, holds) in [("list", self.list), ("nullable", self.nullable), ("navigation", self.navigation)] {
                if holds {
                    json.insert(key.into(), true.into());
                }
            }
            if let Some(max) = self.max_length {
                json.insert("maxLength".into(), max.into());
            }
        }
        json
    }

    /// Whether the value lets somebody in, or is a license key.
    fn is_secret(&self) -> bool {
        let lower = self.name.to_lowercase();
        let named = SECRET_NAMES.iter().any(|part| lower.contains(part)) || lower == "token" || lower.ends_with("pin");
        self.kind.starts_with("Concealed") || (self.kind == "string" && !self.list && named)
    }

    fn is_plain(&self) -> bool {
        !self.list && SCALARS.contains(&self.kind.as_str())
    }
}

const SECRET_NAMES: &[&str] = &[
    "password",
    "secret",
    "licensekey",
    "apikey",
    "pinnumber",
    "accesskey",
    "privatekey",
    "provlink",
    "provisionlink",
    "provisioninglink",
    "rpskey",
];

const SCALARS: &[&str] =
    &["string", "int32", "int64", "uint8", "double", "boolean", "date-time", "date", "time", "duration", "uuid"];

pub(crate) fn scalar(schema: &Schema) -> Result<String> {
    let kind = match &schema.schema_kind {
        SchemaKind::Type(Type::Boolean(_)) => "boolean",
        SchemaKind::Type(Type::String(text)) => match &text.format {
            VariantOrUnknownOrEmpty::Item(StringFormat::DateTime) => "date-time",
            VariantOrUnknownOrEmpty::Item(StringFormat::Date) => "date",
            VariantOrUnknownOrEmpty::Unknown(format) if SCALARS.contains(&format.as_str()) => format,
            VariantOrUnknownOrEmpty::Empty => "string",
            other => bail!("unknown text format {other:?}"),
        },
        SchemaKind::Type(Type::Integer(number)) => match &number.format {
            VariantOrUnknownOrEmpty::Item(IntegerFormat::Int32) => "int32",
            VariantOrUnknownOrEmpty::Item(IntegerFormat::Int64) => "int64",
            VariantOrUnknownOrEmpty::Unknown(format) if format == "uint8" => "uint8",
            VariantOrUnknownOrEmpty::Unknown(format) if format == "decimal" => "double",
            other => bail!("unknown number format {other:?}"),
        },
        SchemaKind::Type(Type::Number(number)) => match &number.format {
            VariantOrUnknownOrEmpty::Item(NumberFormat::Double | NumberFormat::Float)
            | VariantOrUnknownOrEmpty::Empty => "double",
            other => bail!("unknown number format {other:?}"),
        },
        other => bail!("not a scalar: {other:?}"),
    };
    Ok(kind.to_owned())
}

/// The fields of a schema that is written where it is used.
pub(crate) fn inline_fields(schema: &Schema, types: &mut Types) -> Result<Vec<Field>> {
    match &schema.schema_kind {
        SchemaKind::Type(Type::Object(object)) => {
            object.properties.iter().map(|(name, schema)| Field::of(name, &unboxed(schema), types)).collect()
        }
        other => bail!("not an object: {other:?}"),
    }
}

fn unboxed(schema: &ReferenceOr<Box<Schema>>) -> ReferenceOr<Schema> {
    match schema {
        ReferenceOr::Reference { reference } => ReferenceOr::Reference { reference: reference.clone() },
        ReferenceOr::Item(item) => ReferenceOr::Item((**item).clone()),
    }
}

/// The element type of a named collection.
pub(crate) fn collection_of<'a>(spec: &'a OpenAPI, name: &str) -> Option<&'a str> {
    let schema = find(spec, name)?;
    let all_of = match &schema.schema_kind {
        SchemaKind::AllOf { all_of } => all_of,
        SchemaKind::Any(any) => &any.all_of,
        _ => return None,
    };
    let list = all_of.iter().find_map(value_of)?;
    match &list.schema_kind {
        SchemaKind::Type(Type::Array(list)) => match list.items.as_ref()? {
            ReferenceOr::Reference { reference } => Some(self::name(reference)),
            ReferenceOr::Item(_) => None,
        },
        _ => None,
    }
}

/// The `value` of a part of a collection.
pub(crate) fn value_of(part: &ReferenceOr<Schema>) -> Option<&Schema> {
    let properties = match &part.as_item()?.schema_kind {
        SchemaKind::Type(Type::Object(object)) => &object.properties,
        SchemaKind::Any(any) => &any.properties,
        _ => return None,
    };
    match properties.get("value")? {
        ReferenceOr::Item(value) => Some(value),
        ReferenceOr::Reference { .. } => None,
    }
}

fn find<'a>(spec: &'a OpenAPI, name: &str) -> Option<&'a Schema> {
    let schemas = &spec.components.as_ref()?.schemas;
    schemas.get(&format!("Pbx.{name}")).or_else(|| schemas.get(name))?.as_item()
}

/// The types that operations use, and all that those are made of.
#[derive(Default)]
pub(crate) struct Types {
    used: BTreeSet<String>,
    fields: BTreeMap<String, Vec<Field>>,
}

impl Types {
    pub(crate) fn note(&mut self, name: &str) -> String {
        self.used.insert(name.to_owned());
        name.to_owned()
    }

    /// Reads the fields of all types in use; what those are made of is in use as well.
    pub(crate) fn close_over(&mut self, specs: &[OpenAPI]) -> Result<()> {
        while let Some(next) = self.used.iter().find(|name| !self.fields.contains_key(*name)).cloned() {
            let mut fields = Vec::new();
            // The newest specification that has it.
            if let Some((spec, schema)) = specs.iter().find_map(|spec| Some((spec, find(spec, &next)?))) {
                self.read_fields(spec, schema, &mut fields).with_context(|| next.clone())?;
            }
            fields.sort_by_key(|field| field.name.to_lowercase());
            self.fields.insert(next, fields);
        }
        Ok(())
    }

    fn read_fields(&mut self, spec: &OpenAPI, schema: &Schema, fields: &mut Vec<Field>) -> Result<()> {
        match &schema.schema_kind {
            SchemaKind::Type(Type::Object(_)) => fields.extend(inline_fields(schema, self)?),
            // A type that extends another.
            SchemaKind::AllOf { all_of } => {
                for part in all_of {
                    match part {
                        ReferenceOr::Reference { reference } => {
                            let base = find(spec, name(reference)).with_context(|| reference.clone())?;
                            self.read_fields(spec, base, fields)?;
                        }
                        ReferenceOr::Item(part) => self.read_fields(spec, part, fields)?,
                    }
                }
            }
            SchemaKind::Type(Type::String(_)) => {}
            other => bail!("unknown kind of type {other:?}"),
        }
        Ok(())
    }

    pub(crate) fn field_names(&self, name: &str) -> Vec<String> {
        self.fields.get(name).into_iter().flatten().map(|field| field.name.clone()).collect()
    }

    pub(crate) fn types(&self, specs: &[OpenAPI], overrides: &Overrides) -> Result<Value> {
        let mut types = Map::new();
        for (name, fields) in &self.fields {
            if specs.iter().any(|spec| is_enum(spec, name)) || name == "IActionResult" {
                continue;
            }
            let own = overrides.types.get(name).cloned().unwrap_or_default();
            let known = |wanted: &String| fields.iter().any(|field| field.name == *wanted);
            if let Some(unknown) =
                own.simple.iter().chain(&own.read_only).chain(&own.required).find(|name| !known(name))
            {
                bail!("{name} has no field {unknown}");
            }
            let listed: Vec<Value> = fields
                .iter()
                .map(|field| {
                    let mut json = field.json();
                    for (key, holds) in [
                        ("secret", field.is_secret()),
                        ("readOnly", own.read_only.contains(&field.name)),
                        ("required", own.required.contains(&field.name)),
                    ] {
                        if let (true, Some(json)) = (holds, json.as_object_mut()) {
                            json.insert(key.into(), true.into());
                        }
                    }
                    json
                })
                .collect();
            let mut json = Map::new();
            let simple = if own.simple.is_empty() { simple(fields) } else { own.simple };
            json.insert("simple".into(), simple.into());
            if let Some(order) = order(fields) {
                json.insert("order".into(), order.into());
            }
            json.insert("fields".into(), listed.into());
            types.insert(name.clone(), json.into());
        }
        Ok(types.into())
    }

    pub(crate) fn enums(&self, specs: &[OpenAPI]) -> Result<Value> {
        let mut enums = Map::new();
        for name in self.fields.keys() {
            let found = specs.iter().find_map(|spec| find(spec, name)).map(|schema| &schema.schema_kind);
            if let Some(SchemaKind::Type(Type::String(text))) = found {
                let values: Vec<&str> = text.enumeration.iter().flatten().map(String::as_str).collect();
                enums.insert(name.clone(), values.into());
            }
        }
        Ok(enums.into())
    }
}

pub(crate) fn is_enum(spec: &OpenAPI, name: &str) -> bool {
    find(spec, name).is_some_and(|schema| matches!(schema.schema_kind, SchemaKind::Type(Type::String(_))))
}

/// How many fields a simplified record has at most.
const SIMPLE: usize = 10;

/// The fields of a simplified record: all but secrets where there are few, else the telling ones first.
fn simple(fields: &[Field]) -> Vec<String> {
    let open: Vec<&Field> = fields.iter().filter(|field| !field.is_secret() && !field.navigation).collect();
    if open.len() <= SIMPLE {
        return open.iter().map(|field| field.name.clone()).collect();
    }
    let rank = |field: &&Field| TELLING.iter().position(|name| *name == field.name).unwrap_or(TELLING.len());
    let mut plain: Vec<&Field> = open.into_iter().filter(|field| field.is_plain()).collect();
    plain.sort_by_key(rank);
    plain.iter().take(SIMPLE).map(|field| field.name.clone()).collect()
}

const TELLING: &[&str] = &[
    "Id",
    "Number",
    "Name",
    "DisplayName",
    "FirstName",
    "LastName",
    "CompanyName",
    "EmailAddress",
    "Email",
    "Mobile",
    "Enabled",
    "IsRegistered",
    "CurrentProfileName",
    "Type",
    "State",
    "Status",
    "Version",
    "FQDN",
    "StartTime",
    "EndTime",
];

/// By what pages are put in a stable order.
fn order(fields: &[Field]) -> Option<String> {
    let plain = |field: &&Field| field.is_plain();
    let named = |wanted: &str| fields.iter().filter(plain).find(|field| field.name == wanted);
    let found = ["Id", "SegmentId", "Name", "FileName", "Filename"].iter().find_map(|name| named(name));
    let dated = || fields.iter().filter(plain).find(|field| field.kind == "date-time");
    found.or_else(dated).or_else(|| fields.iter().find(plain)).map(|field| field.name.clone())
}
