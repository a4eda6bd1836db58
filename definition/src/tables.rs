//! The core's tables: Rust source for static data, so that nothing is parsed at run time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::form;
use crate::model::{
    Answer, AnswerKind, Body, Definition, Field, Locator, Method, Operation, OperationKind, QueryOption,
};
use crate::property::Entry;
use crate::value_type::{Scalar, ValueType};

/// Source of the tables that `src/definition/mod.rs` includes, with its types.
pub fn tables(definition: &Definition) -> String {
    let places = Places::of(definition);
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line("static ENUMS: &[&[&str]] = &[".to_owned());
    for members in definition.enums.values() {
        line(format!("    &{members:?},"));
    }
    line(format!("];\nstatic TYPES: [Type; {}] = [", definition.types.len()));
    for of in definition.types.values() {
        let order = of.order.as_deref().unwrap_or_default();
        line(format!("    Type {{ order: {order:?}, fields: &{} }},", places.fields(&of.fields, &of.simple)));
    }
    line(format!("];\nstatic NAMES: &[&str] = &{:?};", places.fields.keys().collect::<Vec<_>>()));
    line(format!("pub static SECRETS: &[&str] = &{:?};", secrets(definition).iter().collect::<Vec<_>>()));
    line(format!("static LABELS: &[(&str, &str)] = &{:?};", labels(definition).iter().collect::<Vec<_>>()));
    line("pub static LOCATORS: &[Locator] = &[".to_owned());
    for locator in &definition.locators {
        line(format!("    {},", self::locator(locator)));
    }
    line("];\nstatic FORMS: &[&[&str]] = &[".to_owned());
    for names in places.forms.keys() {
        line(format!("    &{names:?},"));
    }
    line("];\npub static OPERATIONS: &[Operation] = &[".to_owned());
    for (resource, operation) in definition.operations() {
        line(format!("    {},", places.operation(&resource.value, operation, definition)));
    }
    line("];\nstatic OFFERS: &[(&str, &str)] = &[".to_owned());
    for resource in &definition.resources {
        for offer in &resource.offers {
            line(format!("    ({:?}, {:?}),", resource.value, offer.value));
        }
    }
    line("];".to_owned());
    out
}

/// Where each type, each enum and each name of a field stands in its table.
struct Places<'a> {
    types: BTreeMap<&'a str, usize>,
    enums: BTreeMap<&'a str, usize>,
    fields: BTreeMap<&'a str, usize>,
    /// The names of each form; many operations have the same.
    forms: BTreeMap<Vec<&'a str>, usize>,
}

impl<'a> Places<'a> {
    fn of(definition: &'a Definition) -> Self {
        let of_types = definition.types.values().flat_map(|of| &of.fields);
        let of_operations = definition.operations().flat_map(|(_, operation)| {
            let body = operation.body.iter().flat_map(|body| body.fields.iter().flatten());
            operation.parameters.iter().chain(body)
        });
        let names: BTreeSet<&str> = of_types.chain(of_operations).map(|field| field.name.as_str()).collect();
        let forms: BTreeSet<_> =
            definition.operations().map(|(_, operation)| form::names(definition, operation)).collect();
        Self {
            types: numbered(definition.types.keys().map(String::as_str)),
            enums: numbered(definition.enums.keys().map(String::as_str)),
            fields: numbered(names.into_iter()),
            forms: numbered(forms.into_iter()),
        }
    }

    /// `simple`: those that a simplified record has.
    fn fields(&self, fields: &[Field], simple: &[String]) -> String {
        let rows: Vec<String> = fields.iter().map(|field| self.field(field, simple)).collect();
        format!("[{}]", rows.join(", "))
    }

    fn field(&self, field: &Field, simple: &[String]) -> String {
        let flags = [
            field.list,
            field.nullable,
            field.navigation,
            field.secret,
            field.read_only,
            field.required,
            field.narrows,
            field.live,
        ];
        let set = flags.iter().enumerate().filter(|(_, holds)| **holds);
        let flags: Vec<String> = set.map(|(bit, _)| format!("1 << {bit}")).collect();
        format!(
            "Field {{ name: {}, kind: {}, flags: Flags({}), rank: {}, max_length: {} }}",
            self.fields[field.name.as_str()],
            self.kind(&field.of),
            if flags.is_empty() { "0".to_owned() } else { flags.join(" | ") },
            simple.iter().position(|name| *name == field.name).map_or(0, |place| place + 1),
            field.max_length.unwrap_or_default(),
        )
    }

    /// The definition was checked: a name is a type or an enum.
    fn kind(&self, of: &ValueType) -> String {
        match of {
            ValueType::Scalar(scalar) => format!("ValueKind::{}", kind(*scalar)),
            ValueType::Named(name) => match self.enums.get(name.as_str()) {
                Some(place) => format!("ValueKind::Enum(EnumId({place}))"),
                None => format!("ValueKind::Object(TypeId({}))", self.types[name.as_str()]),
            },
        }
    }

    fn type_of(&self, name: &str) -> Option<String> {
        self.types.get(name).map(|place| format!("&TYPES[{place}]"))
    }

    fn operation(&self, resource: &str, operation: &Operation, definition: &Definition) -> String {
        let locator = definition.locators.iter().position(|locator| operation.set.as_ref() == Some(&locator.set));
        let older = operation.older.as_ref().map(|older| {
            let last = older.last.as_str();
            format!("Older {{ path: {:?}, last: {last:?} }}", older.path)
        });
        let has = |option: QueryOption| operation.query.contains(&option);
        let mut out = String::new();
        let _ = write!(
            out,
            "Operation {{ resource: {resource:?}, name: {:?}, kind: Kind::{}, method: Method::{}, path: {:?}, older: {}, \
             locator: {}, parameters: &{}, body: {}, answer: {}, pages: {}, ordered: {}, selectable: {}, \
             page_size: {}, everything: {}, safe_to_repeat: {}, reveals: {}, partial_failures: {}, if_match: {}, \
             form: FORMS[{}] }}",
            operation.value,
            match operation.kind {
                OperationKind::Generic => "Generic",
                OperationKind::ReplaceGroupLicense => "ReplaceGroupLicense",
                OperationKind::CustomRequest => "CustomRequest",
                OperationKind::Upload => "Upload",
                OperationKind::Calls => "Calls",
                OperationKind::Legs => "Legs",
            },
            match operation.method {
                Method::Get => "Get",
                Method::Post => "Post",
                Method::Patch => "Patch",
                Method::Delete => "Delete",
            },
            operation.path,
            optional(older),
            optional(locator.map(|place| format!("&LOCATORS[{place}]"))),
            self.fields(&operation.parameters, &[]),
            self.body(operation.body.as_ref()),
            self.answer(&operation.answer),
            operation.has_pages(),
            has(QueryOption::OrderBy),
            has(QueryOption::Select),
            operation.page_size(),
            operation.everything,
            operation.is_safe_to_repeat(),
            operation.reveals,
            operation.partial_failures,
            operation.if_match,
            self.forms[&form::names(definition, operation)],
        );
        out
    }

    fn body(&self, body: Option<&Body>) -> String {
        match body {
            None => "Shape::Nothing".to_owned(),
            Some(Body { fields: Some(fields), .. }) => format!("Shape::Fields(&{})", self.fields(fields, &[])),
            Some(Body { of: Some(of), .. }) => {
                self.type_of(of).map_or_else(|| "Shape::Any".to_owned(), |of| format!("Shape::Entity({of})"))
            }
            Some(Body { .. }) => "Shape::Any".to_owned(),
        }
    }

    fn answer(&self, answer: &Answer) -> String {
        let of = optional(answer.of.as_ref().and_then(|of| self.type_of(of.as_str())));
        match answer.kind {
            AnswerKind::Record => format!("Answer::Record({of})"),
            AnswerKind::Created => format!("Answer::Created({of})"),
            AnswerKind::Records => format!("Answer::Records({of})"),
            AnswerKind::Value => "Answer::Value".to_owned(),
            AnswerKind::Values => "Answer::Values".to_owned(),
            AnswerKind::None => "Answer::Nothing".to_owned(),
            AnswerKind::Deleted => "Answer::Deleted".to_owned(),
            AnswerKind::File => format!("Answer::File({of})"),
            AnswerKind::Any => "Answer::Any".to_owned(),
        }
    }
}

fn numbered<K: Ord>(names: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    names.enumerate().map(|(place, name)| (name, place)).collect()
}

fn optional(source: Option<String>) -> String {
    source.map_or_else(|| "None".to_owned(), |source| format!("Some({source})"))
}

fn locator(locator: &Locator) -> String {
    let text = |text: &Option<String>| format!("{:?}", text.as_deref().unwrap_or_default());
    let kind = match locator.of {
        ValueType::Scalar(scalar) => kind(scalar),
        ValueType::Named(_) => kind(Scalar::String),
    };
    format!(
        "Locator {{ set: {:?}, parameter: {:?}, name: {:?}, key: {:?}, kind: ValueKind::{kind}, label: {}, number: {}, \
         by_number: {}, hidden_prefix: {} }}",
        locator.set,
        locator.parameter,
        locator.name,
        locator.key,
        text(&locator.label),
        text(&locator.number),
        locator.by_number,
        text(&locator.hidden_prefix),
    )
}

fn kind(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::String => "Text",
        Scalar::Int32 => "Int32",
        Scalar::Int64 => "Int64",
        Scalar::Uint8 => "Uint8",
        Scalar::Double => "Double",
        Scalar::Boolean => "Boolean",
        Scalar::DateTime => "DateTime",
        Scalar::Date => "Date",
        Scalar::Time => "Time",
        Scalar::Duration => "Duration",
        Scalar::Uuid => "Uuid",
    }
}

/// What forms call their parameters, by name, sorted.
fn labels(definition: &Definition) -> BTreeMap<&str, &str> {
    let mut labels = BTreeMap::new();
    for property in definition.properties.values() {
        labels.entry(property.name.as_str()).or_insert(property.display_name.as_str());
        for entry in &property.options {
            if let Entry::Property(option) = entry {
                labels.entry(option.name.as_str()).or_insert(option.display_name.as_str());
            }
        }
    }
    labels
}

/// Names of fields that are secret in any type or action, sorted.
fn secrets(definition: &Definition) -> BTreeSet<&str> {
    let of_types = definition.types.values().flat_map(|of| &of.fields);
    let bodies = definition.operations().filter_map(|(_, operation)| operation.body.as_ref());
    let of_actions = bodies.flat_map(|body| body.fields.iter().flatten());
    of_types.chain(of_actions).filter(|field| field.secret).map(|field| field.name.as_str()).collect()
}
