//! Schemas of a specification, read as fields.

use anyhow::{Context, Result, bail};
use openapiv3::{
    IntegerFormat, NumberFormat, OpenAPI, ReferenceOr, Schema, SchemaKind, StringFormat, Type, VariantOrUnknownOrEmpty,
};
use threecx_definition::{Field, Scalar, ValueType};

use super::types::Types;

/// What 3CX calls an answer of which it says nothing.
pub(super) const UNTYPED: &str = "IActionResult";

/// The last part of a reference.
pub(super) fn component(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

/// The same, without the API's namespace.
pub(super) fn name(reference: &str) -> &str {
    let name = component(reference);
    name.strip_prefix("Pbx.").unwrap_or(name)
}

/// The type of this name.
pub(super) fn find<'a>(specification: &'a OpenAPI, name: &str) -> Option<&'a Schema> {
    let schemas = &specification.components.as_ref()?.schemas;
    schemas.get(&format!("Pbx.{name}")).or_else(|| schemas.get(name))?.as_item()
}

/// The members of an enum of this name.
pub(super) fn members(specification: &OpenAPI, name: &str) -> Option<Vec<String>> {
    match &find(specification, name)?.schema_kind {
        SchemaKind::Type(Type::String(text)) => Some(text.enumeration.iter().flatten().cloned().collect()),
        _ => None,
    }
}

pub(super) fn is_enum(specification: &OpenAPI, name: &str) -> bool {
    members(specification, name).is_some()
}

pub(super) fn field(name: &str, schema: &ReferenceOr<Schema>, types: &mut Types) -> Result<Field> {
    let mut field = Field { name: name.to_owned(), ..Field::default() };
    match schema {
        ReferenceOr::Reference { reference } => field.of = named(reference, types),
        ReferenceOr::Item(schema) => read(&mut field, schema, types).with_context(|| name.to_owned())?,
    }
    Ok(field)
}

fn named(reference: &str, types: &mut Types) -> ValueType {
    let name = name(reference);
    types.note(name);
    ValueType::Named(name.to_owned())
}

fn read(field: &mut Field, schema: &Schema, types: &mut Types) -> Result<()> {
    field.nullable = schema.schema_data.nullable;
    field.navigation = schema.schema_data.extensions.contains_key("x-ms-navigationProperty");
    match &schema.schema_kind {
        SchemaKind::AllOf { all_of } => match &all_of[..] {
            [ReferenceOr::Reference { reference }] => field.of = named(reference, types),
            _ => bail!("a field of several types"),
        },
        // A number that may come as text.
        SchemaKind::OneOf { .. } => {
            field.of = ValueType::Scalar(Scalar::Double);
            field.nullable = true;
        }
        SchemaKind::Type(Type::Array(array)) => {
            field.list = true;
            field.of = match array.items.as_ref().context("a list of nothing")? {
                ReferenceOr::Reference { reference } => named(reference, types),
                ReferenceOr::Item(item) => ValueType::Scalar(scalar(item)?),
            };
        }
        kind => {
            field.of = ValueType::Scalar(scalar(schema)?);
            if let SchemaKind::Type(Type::String(text)) = kind {
                field.max_length = text.max_length;
            }
        }
    }
    Ok(())
}

pub(super) fn scalar(schema: &Schema) -> Result<Scalar> {
    let unknown = |format: &str| Scalar::ALL.into_iter().find(|scalar| scalar.as_str() == format);
    Ok(match &schema.schema_kind {
        SchemaKind::Type(Type::Boolean(_)) => Scalar::Boolean,
        SchemaKind::Type(Type::String(text)) => match &text.format {
            VariantOrUnknownOrEmpty::Item(StringFormat::DateTime) => Scalar::DateTime,
            VariantOrUnknownOrEmpty::Item(StringFormat::Date) => Scalar::Date,
            VariantOrUnknownOrEmpty::Unknown(format) => {
                unknown(format).with_context(|| format!("unknown text format {format}"))?
            }
            VariantOrUnknownOrEmpty::Empty => Scalar::String,
            other => bail!("unknown text format {other:?}"),
        },
        SchemaKind::Type(Type::Integer(number)) => match &number.format {
            VariantOrUnknownOrEmpty::Item(IntegerFormat::Int32) => Scalar::Int32,
            VariantOrUnknownOrEmpty::Item(IntegerFormat::Int64) => Scalar::Int64,
            VariantOrUnknownOrEmpty::Unknown(format) if format == "uint8" => Scalar::Uint8,
            VariantOrUnknownOrEmpty::Unknown(format) if format == "decimal" => Scalar::Double,
            other => bail!("unknown number format {other:?}"),
        },
        SchemaKind::Type(Type::Number(number)) => match &number.format {
            VariantOrUnknownOrEmpty::Item(NumberFormat::Double | NumberFormat::Float)
            | VariantOrUnknownOrEmpty::Empty => Scalar::Double,
            other => bail!("unknown number format {other:?}"),
        },
        other => bail!("not a scalar: {other:?}"),
    })
}

/// The fields of a schema that is written where it is used.
pub(super) fn inline_fields(schema: &Schema, types: &mut Types) -> Result<Vec<Field>> {
    match &schema.schema_kind {
        SchemaKind::Type(Type::Object(object)) => {
            object.properties.iter().map(|(name, schema)| field(name, &unboxed(schema), types)).collect()
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
pub(super) fn collection_of<'a>(specification: &'a OpenAPI, name: &str) -> Option<&'a str> {
    let schema = find(specification, name)?;
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
pub(super) fn value_of(part: &ReferenceOr<Schema>) -> Option<&Schema> {
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
