//! The definition as text: one line for each operation, type, enum and form field, so that changes read well.

use std::fmt::Write as _;

use serde::Serialize;

use crate::error::Error;
use crate::facts::Older;
use crate::model::Definition;

/// The text that [`Definition::parse`] reads.
///
/// # Errors
/// None that is known: all of it can be put into JSON.
pub fn write(definition: &Definition) -> Result<String, Error> {
    let mut out = format!("{{\n\"version\": {},\n\"resources\": [\n", json(&definition.version)?);
    let mut resources = definition.resources.iter().peekable();
    while let Some(resource) = resources.next() {
        let mut head = format!("{{\"value\":{},\"name\":{}", json(&resource.value)?, json(&resource.name)?);
        if let Some(description) = &resource.description {
            let _ = write!(head, ",\"description\":{}", json(description)?);
        }
        if !resource.offers.is_empty() {
            let _ = write!(head, ",\"offers\":{}", json(&resource.offers)?);
        }
        let _ = writeln!(out, "{head}, \"operations\": [");
        lines(&mut out, resource.operations.iter().map(json))?;
        let _ = writeln!(out, "]}}{}", if resources.peek().is_some() { "," } else { "" });
    }
    out.push_str("],\n\"locators\": [\n");
    lines(&mut out, definition.locators.iter().map(json))?;
    out.push_str("],\n");
    section(&mut out, "types", &definition.types, "},\n")?;
    section(&mut out, "enums", &definition.enums, "},\n")?;
    section(&mut out, "properties", &definition.properties, "}\n")?;
    out.push_str("}\n");
    Ok(out)
}

impl Older {
    /// The text that [`Older::read`] reads.
    ///
    /// # Errors
    /// None that is known: all of it can be put into JSON.
    pub fn write(&self) -> Result<String, Error> {
        let mut out = "{\n".to_owned();
        section(&mut out, "paths", &self.paths, "},\n\"operations\": [\n")?;
        lines(&mut out, self.operations.iter().map(json))?;
        out.push_str("],\n");
        section(&mut out, "types", &self.types, "},\n")?;
        section(&mut out, "enums", &self.enums, "}\n")?;
        out.push_str("}\n");
        Ok(out)
    }
}

fn section<'a, T: Serialize + 'a>(
    out: &mut String,
    name: &str,
    entries: impl IntoIterator<Item = (&'a String, &'a T)>,
    end: &str,
) -> Result<(), Error> {
    let _ = writeln!(out, "\"{name}\": {{");
    lines(out, entries.into_iter().map(|(name, value)| Ok(format!("{}: {}", json(name)?, json(value)?))))?;
    out.push_str(end);
    Ok(())
}

fn lines(out: &mut String, entries: impl Iterator<Item = Result<String, Error>>) -> Result<(), Error> {
    let lines = entries.collect::<Result<Vec<_>, _>>()?.join(",\n");
    if !lines.is_empty() {
        let _ = writeln!(out, "{lines}");
    }
    Ok(())
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::new("writing", error.to_string()))
}
