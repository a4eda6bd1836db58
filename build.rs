//! Turns `node-definition.json` into static tables: nothing is parsed at run time.

use std::fmt::Write as _;
use std::{env, error, fs, path};

use serde_json::Value;

type Outcome<T> = Result<T, Box<dyn error::Error>>;

fn main() -> Outcome<()> {
    println!("cargo::rerun-if-changed=node-definition.json");
    println!("cargo::rerun-if-changed=build.rs");
    let definition: Value = serde_json::from_str(&fs::read_to_string("node-definition.json")?)?;
    let mut operations = String::new();
    let mut locators = String::new();
    for resource in list(&definition, "resources")? {
        let name = text(resource, "value")?;
        for operation in list(resource, "operations")? {
            writeln!(operations, "    {},", operation_row(name, operation)?)?;
        }
        if let Some(locator) = resource.get("locator") {
            writeln!(
                locators,
                "    Locator {{ resource: {name:?}, path: {:?}, key: {:?}, label: {:?}, number: {:?}, hidden_prefix: {:?} }},",
                text(locator, "path")?,
                text(locator, "key")?,
                text(locator, "label")?,
                text(locator, "number")?,
                text(locator, "hiddenPrefix")?,
            )?;
        }
    }
    let tables = format!(
        "pub static OPERATIONS: &[Operation] = &[\n{operations}];\npub static LOCATORS: &[Locator] = &[\n{locators}];\n"
    );
    fs::write(path::Path::new(&env::var("OUT_DIR")?).join("tables.rs"), tables)?;
    Ok(())
}

fn operation_row(resource: &str, operation: &Value) -> Outcome<String> {
    let kind = match text(operation, "kind")? {
        "get" => format!(
            "Kind::Read(Read::Entity {{ key: {}, collection: {:?} }})",
            key(operation)?,
            text(operation, "collection")?
        ),
        "list" => format!("Kind::Read(Read::EntitySet {{ order_by: {:?} }})", text(operation, "orderBy")?),
        "singleton" => "Kind::Read(Read::Singleton)".to_owned(),
        "replaceGroupLicense" => "Kind::ReplaceGroupLicense".to_owned(),
        other => return Err(format!("unknown kind {other:?} of an operation").into()),
    };
    let conceal: Vec<&str> = operation
        .get("conceal")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    Ok(format!(
        "Operation {{ resource: {resource:?}, name: {:?}, kind: {kind}, path: {:?}, conceal: &{conceal:?} }}",
        text(operation, "value")?,
        text(operation, "path")?,
    ))
}

fn key(operation: &Value) -> Outcome<String> {
    let key = &operation["key"];
    Ok(format!(
        "Key {{ parameter: {:?}, name: {:?}, number: {:?} }}",
        text(key, "parameter")?,
        text(key, "name")?,
        key.get("number").and_then(Value::as_str),
    ))
}

fn text<'a>(value: &'a Value, name: &str) -> Outcome<&'a str> {
    value[name].as_str().ok_or_else(|| format!("{name:?} is missing in {value}").into())
}

fn list<'a>(value: &'a Value, name: &str) -> Outcome<&'a Vec<Value>> {
    value[name].as_array().ok_or_else(|| format!("{name:?} is missing in {value}").into())
}
