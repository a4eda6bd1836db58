//! Turns `node-definition.json` into static tables: nothing is parsed at run time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::{env, error, fs, path};

use serde_json::Value;

type Outcome<T> = Result<T, Box<dyn error::Error>>;

fn main() -> Outcome<()> {
    println!("cargo::rerun-if-changed=node-definition.json");
    println!("cargo::rerun-if-changed=build.rs");
    let definition: Value = serde_json::from_str(&fs::read_to_string("node-definition.json")?)?;
    let names = Names::of(&definition)?;
    let mut tables = String::new();
    names.write(&definition, &mut tables)?;
    writeln!(tables, "pub static SECRETS: &[&str] = &{:?};", secrets(&definition)?.iter().collect::<Vec<_>>())?;
    let locators = list(&definition, "locators")?;
    writeln!(tables, "pub static LOCATORS: &[Locator] = &[")?;
    for locator in locators {
        writeln!(tables, "    {},", locator_row(locator)?)?;
    }
    writeln!(tables, "];\npub static OPERATIONS: &[Operation] = &[")?;
    for resource in list(&definition, "resources")? {
        for operation in list(resource, "operations")? {
            writeln!(tables, "    {},", operation_row(text(resource, "value")?, operation, locators, &names)?)?;
        }
    }
    writeln!(tables, "];")?;
    fs::write(path::Path::new(&env::var("OUT_DIR")?).join("tables.rs"), tables)?;
    Ok(())
}

/// Where each type, each enum and each name of a field stands in its table.
struct Names {
    types: BTreeMap<String, usize>,
    enums: BTreeMap<String, usize>,
    fields: BTreeMap<String, usize>,
}

impl Names {
    fn of(definition: &Value) -> Outcome<Self> {
        let numbered = |name: &str| -> Outcome<BTreeMap<String, usize>> {
            Ok(map(definition, name)?.keys().cloned().enumerate().map(|(index, name)| (name, index)).collect())
        };
        let mut fields = Vec::new();
        for of in map(definition, "types")?.values() {
            fields.extend(list(of, "fields")?);
        }
        for operation in list(definition, "resources")?.iter().flat_map(|of| list(of, "operations")).flatten() {
            fields.extend(operation["parameters"].as_array().into_iter().flatten());
            fields.extend(operation["body"]["fields"].as_array().into_iter().flatten());
        }
        let names: BTreeSet<_> = fields.into_iter().map(|field| text(field, "name")).collect::<Outcome<_>>()?;
        let fields = names.into_iter().enumerate().map(|(index, name)| (name.to_owned(), index)).collect();
        Ok(Self { types: numbered("types")?, enums: numbered("enums")?, fields })
    }

    fn write(&self, definition: &Value, tables: &mut String) -> Outcome<()> {
        writeln!(tables, "static ENUMS: &[&[&str]] = &[")?;
        for name in self.enums.keys() {
            let values: Vec<&str> = map(definition, "enums")?[name]
                .as_array()
                .map(|values| values.iter().filter_map(Value::as_str).collect())
                .unwrap_or_default();
            writeln!(tables, "    &{values:?},")?;
        }
        writeln!(tables, "];\nstatic TYPES: [Type; {}] = [", self.types.len())?;
        for name in self.types.keys() {
            let of = &definition["types"][name];
            writeln!(
                tables,
                "    Type {{ order: {:?}, fields: &{} }},",
                of["order"].as_str().unwrap_or_default(),
                self.fields(list(of, "fields")?, &strings(of, "simple"))?
            )?;
        }
        writeln!(tables, "];\nstatic NAMES: &[&str] = &{:?};", self.fields.keys().collect::<Vec<_>>())?;
        Ok(())
    }

    /// `simple`: those that a simplified record has.
    fn fields(&self, fields: &[Value], simple: &[&str]) -> Outcome<String> {
        let rows = fields.iter().map(|field| self.field(field, simple)).collect::<Outcome<Vec<_>>>()?;
        Ok(format!("[{}]", rows.join(", ")))
    }

    fn field(&self, field: &Value, simple: &[&str]) -> Outcome<String> {
        let flags: Vec<String> = ["list", "nullable", "navigation", "secret", "readOnly", "required"]
            .iter()
            .enumerate()
            .filter(|(_, name)| field[**name] == true)
            .map(|(bit, _)| format!("1 << {bit}"))
            .collect();
        Ok(format!(
            "Field {{ name: {}, kind: {}, flags: Flags({}), rank: {}, max_length: {} }}",
            self.fields[text(field, "name")?],
            self.kind(text(field, "type")?)?,
            if flags.is_empty() { "0".to_owned() } else { flags.join(" | ") },
            simple.iter().position(|name| field["name"] == *name).map_or(0, |place| place + 1),
            field["maxLength"].as_u64().unwrap_or_default(),
        ))
    }

    fn kind(&self, name: &str) -> Outcome<String> {
        Ok(match name {
            "string" => "ValueKind::Text".to_owned(),
            "int32" => "ValueKind::Int32".to_owned(),
            "int64" => "ValueKind::Int64".to_owned(),
            "uint8" => "ValueKind::Uint8".to_owned(),
            "double" => "ValueKind::Double".to_owned(),
            "boolean" => "ValueKind::Boolean".to_owned(),
            "date-time" => "ValueKind::DateTime".to_owned(),
            "date" => "ValueKind::Date".to_owned(),
            "time" => "ValueKind::Time".to_owned(),
            "duration" => "ValueKind::Duration".to_owned(),
            "uuid" => "ValueKind::Uuid".to_owned(),
            _ => match (self.enums.get(name), self.types.get(name)) {
                (Some(index), _) => format!("ValueKind::Enum(EnumId({index}))"),
                (None, Some(index)) => format!("ValueKind::Object(TypeId({index}))"),
                (None, None) => return Err(format!("unknown type {name:?}").into()),
            },
        })
    }

    fn type_of(&self, of: &Value) -> String {
        of["type"]
            .as_str()
            .and_then(|name| self.types.get(name))
            .map_or_else(|| "None".to_owned(), |index| format!("Some(&TYPES[{index}])"))
    }
}

fn locator_row(locator: &Value) -> Outcome<String> {
    Ok(format!(
        "Locator {{ set: {:?}, parameter: {:?}, name: {:?}, key: {:?}, kind: ValueKind::{}, label: {:?}, number: {:?}, \
         by_number: {}, hidden_prefix: {:?} }}",
        text(locator, "set")?,
        text(locator, "parameter")?,
        text(locator, "name")?,
        text(locator, "key")?,
        match text(locator, "type")? {
            "int32" => "Int32",
            "uuid" => "Uuid",
            _ => "Text",
        },
        locator["label"].as_str().unwrap_or_default(),
        locator["number"].as_str().unwrap_or_default(),
        locator["byNumber"] == true,
        locator["hiddenPrefix"].as_str().unwrap_or_default(),
    ))
}

fn operation_row(resource: &str, operation: &Value, locators: &[Value], names: &Names) -> Outcome<String> {
    let locator = locators.iter().position(|locator| locator["set"] == operation["set"]);
    let no_fields = Vec::new();
    let parameters = operation["parameters"].as_array().unwrap_or(&no_fields);
    let body = &operation["body"];
    let body_shape = if body.is_null() {
        "Shape::Nothing".to_owned()
    } else if let Some(fields) = body["fields"].as_array() {
        format!("Shape::Fields(&{})", names.fields(fields, &[])?)
    } else if body["type"].is_string() {
        format!("Shape::Entity({})", names.type_of(body).trim_start_matches("Some(").trim_end_matches(')'))
    } else {
        "Shape::Any".to_owned()
    };
    let answer = &operation["answer"];
    let of = names.type_of(answer);
    let answer = match text(answer, "kind")? {
        "record" => format!("Answer::Record({of})"),
        "created" => format!("Answer::Created({of})"),
        "records" => format!("Answer::Records({of})"),
        "value" => "Answer::Value".to_owned(),
        "values" => "Answer::Values".to_owned(),
        "none" => "Answer::Nothing".to_owned(),
        "deleted" => "Answer::Deleted".to_owned(),
        "file" => format!("Answer::File({of})"),
        "any" => "Answer::Any".to_owned(),
        other => return Err(format!("unknown kind of answer {other:?}").into()),
    };
    let kind = match operation["kind"].as_str() {
        None => "Kind::Generic",
        Some("replaceGroupLicense") => "Kind::ReplaceGroupLicense",
        Some("customRequest") => "Kind::CustomRequest",
        Some("upload") => "Kind::Upload",
        Some(other) => return Err(format!("unknown kind {other:?} of an operation").into()),
    };
    let method = text(operation, "method")?;
    let query = strings(operation, "query");
    let has = |name: &str| query.contains(&name);
    let safe = operation["safeToRepeat"].as_bool().unwrap_or(method == "GET" || method == "PATCH");
    let older = match operation.get("older") {
        Some(older) => format!("Some(Older {{ path: {:?}, last: {:?} }})", text(older, "path")?, text(older, "last")?),
        None => "None".to_owned(),
    };
    Ok(format!(
        "Operation {{ resource: {resource:?}, name: {:?}, kind: {kind}, method: Method::{}, path: {:?}, older: {older}, \
         locator: {}, parameters: &{}, body: {body_shape}, answer: {answer}, pages: {}, ordered: {}, selectable: {}, \
         page_size: {}, safe_to_repeat: {safe}, reveals: {}, partial_failures: {}, if_match: {} }}",
        text(operation, "value")?,
        match method {
            "GET" => "Get",
            "POST" => "Post",
            "PATCH" => "Patch",
            "DELETE" => "Delete",
            other => return Err(format!("unknown method {other:?}").into()),
        },
        text(operation, "path")?,
        locator.map_or_else(|| "None".to_owned(), |index| format!("Some(&LOCATORS[{index}])")),
        names.fields(parameters, &[])?,
        has("page"),
        has("orderBy"),
        has("select"),
        operation["pageSize"].as_u64().unwrap_or(100),
        operation["reveals"] == true,
        operation["partialFailures"] == true,
        operation["ifMatch"] == true,
    ))
}

/// Names of fields that are secret in any type, sorted.
fn secrets(definition: &Value) -> Outcome<BTreeSet<&str>> {
    let mut names = BTreeSet::new();
    for of in map(definition, "types")?.values() {
        names.extend(
            list(of, "fields")?
                .iter()
                .filter(|field| field["secret"] == true)
                .filter_map(|field| field["name"].as_str()),
        );
    }
    Ok(names)
}

fn text<'a>(value: &'a Value, name: &str) -> Outcome<&'a str> {
    value[name].as_str().ok_or_else(|| format!("{name:?} is missing in {value}").into())
}

fn list<'a>(value: &'a Value, name: &str) -> Outcome<&'a Vec<Value>> {
    value[name].as_array().ok_or_else(|| format!("{name:?} is missing in {value}").into())
}

fn map<'a>(value: &'a Value, name: &str) -> Outcome<&'a serde_json::Map<String, Value>> {
    value[name].as_object().ok_or_else(|| format!("{name:?} is missing").into())
}

fn strings<'a>(value: &'a Value, name: &str) -> Vec<&'a str> {
    value[name].as_array().map(|values| values.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}
