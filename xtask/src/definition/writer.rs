//! The definition as text: one line for each operation, type, enum and form field, so that changes read well.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

pub(crate) fn write(definition: &Value) -> Result<String> {
    let mut out = format!("{{\n\"version\": {},\n\"resources\": [\n", definition["version"]);
    let resources = definition["resources"].as_array().context("resources")?;
    for (index, resource) in resources.iter().enumerate() {
        let head: Map<String, Value> = resource
            .as_object()
            .context("a resource")?
            .iter()
            .filter(|(name, _)| *name != "operations")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let head = serde_json::to_string(&head)?;
        writeln!(out, "{}, \"operations\": [", head.trim_end_matches('}'))?;
        lines(&mut out, resource["operations"].as_array().context("operations")?.iter().map(Value::to_string))?;
        writeln!(out, "]}}{}", if index + 1 < resources.len() { "," } else { "" })?;
    }
    out.push_str("],\n\"locators\": [\n");
    lines(&mut out, definition["locators"].as_array().context("locators")?.iter().map(Value::to_string))?;
    out.push_str("],\n");
    for (name, end) in [("types", "},\n"), ("enums", "},\n"), ("properties", "}\n")] {
        writeln!(out, "\"{name}\": {{")?;
        let entries = definition[name].as_object().context("a map")?;
        lines(&mut out, entries.iter().map(|(name, value)| format!("{}: {value}", Value::from(name.as_str()))))?;
        out.push_str(end);
    }
    out.push_str("}\n");
    Ok(out)
}

fn lines(out: &mut String, entries: impl ExactSizeIterator<Item = String>) -> Result<()> {
    let count = entries.len();
    for (index, entry) in entries.enumerate() {
        writeln!(out, "{entry}{}", if index + 1 < count { "," } else { "" })?;
    }
    Ok(())
}
