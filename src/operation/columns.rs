//! Which fields a row's columns stand for. Names are compared once for all rows of a run, not once for each field.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{body, form};
use crate::definition::{Operation, ValueKind};
use crate::rows::{folded, json};

/// What is known of the columns of a run.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// Fields by their names and labels, without capitals, spaces and punctuation; made when they are first needed.
    fields: Option<HashMap<String, String>>,
    /// The field that each column stands for, if any.
    met: HashMap<String, Option<String>>,
    /// Columns that stand for no field.
    ignored: BTreeSet<String>,
    /// Fields that were left out because their columns held masked secrets.
    masked: BTreeSet<String>,
}

impl Columns {
    /// The values of a row, given as JSON, by the fields that its columns stand for.
    pub(super) fn sort(&mut self, operation: &Operation, row: &str) -> Result<Map<String, Value>, String> {
        let Self { fields, met, ignored, .. } = self;
        json::read(row, Row { fields: fields.get_or_insert_with(|| names(operation)), met, ignored })
    }

    pub(super) fn note_mask(&mut self, label: &str) {
        if !self.masked.contains(label) {
            self.masked.insert(label.to_owned());
        }
    }

    /// What a person should know of the columns.
    pub(super) fn hints(&self) -> Vec<String> {
        let told = |text: &str, names: &BTreeSet<String>| {
            let named: Vec<&str> = names.iter().take(10).map(String::as_str).collect();
            (!names.is_empty()).then(|| format!("{text}: {}.", named.join(", ")))
        };
        let ignored = told("Columns that are no fields of this operation were left out", &self.ignored);
        let masked =
            told("Columns with secrets that this node has masked were left out, so 3CX keeps them", &self.masked);
        ignored.into_iter().chain(masked).collect()
    }
}

/// Reads a row. What stands for no field is skipped, not kept: a spreadsheet may have many such columns.
struct Row<'a> {
    fields: &'a HashMap<String, String>,
    met: &'a mut HashMap<String, Option<String>>,
    ignored: &'a mut BTreeSet<String>,
}

/// The name of a column.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = Map<String, Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = Map<String, Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("columns with values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<Self::Value, A::Error> {
        let Self { fields, met, ignored } = self;
        let mut sorted = Map::new();
        while let Some(Name(column)) = row.next_key()? {
            if !met.contains_key(column.as_ref()) {
                met.insert(column.clone().into_owned(), fields.get(&folded(&column)).cloned());
            }
            match met.get(column.as_ref()) {
                // A column that is called as the API calls the field is preferred.
                Some(Some(field)) if *field == column || !sorted.contains_key(field) => {
                    sorted.insert(field.clone(), row.next_value()?);
                }
                _ => {
                    let is_filled = row.next_value::<Option<IgnoredAny>>()?.is_some();
                    if is_filled && !ignored.contains(column.as_ref()) {
                        ignored.insert(column.into_owned());
                    }
                }
            }
        }
        Ok(sorted)
    }
}

/// The fields that columns can stand for. A name is preferred to a label.
fn names(operation: &Operation) -> HashMap<String, String> {
    let mut fields = Vec::new();
    for field in operation.arguments() {
        fields.push((field.name().to_owned(), form::label(field), field));
    }
    for field in operation.body.fields() {
        if body::is_settable(operation, field) {
            fields.push((field.name().to_owned(), form::label(field), field));
        }
        if let (ValueKind::Object(of), false) = (field.kind, field.flags.is_list()) {
            for inner in of.fields {
                let id = format!("{}.{}", field.name(), inner.name());
                fields.push((id, form::inner_label(field, inner), inner));
            }
        }
    }
    let mut names = HashMap::new();
    for (id, _, _) in &fields {
        names.entry(folded(id)).or_insert_with(|| id.clone());
    }
    for (id, label, field) in &fields {
        names.entry(folded(label)).or_insert_with(|| id.clone());
        names.entry(folded(&form::with_unit(label, field))).or_insert_with(|| id.clone());
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{OPERATIONS, operation};
    use crate::operation::form::{Part, offers};
    use serde_json::json;

    fn sorted(resource: &str, name: &str, row: Value) -> (Value, Vec<String>) {
        let mut columns = Columns::default();
        let sorted = columns.sort(operation(resource, name).unwrap(), &row.to_string()).unwrap();
        (sorted.into(), columns.hints())
    }

    #[test]
    fn columns_are_found_by_name_and_by_label_with_or_without_prefix() {
        let row = json!({"License Parameters: Phone": "1", "licenseparams.email": "a", "LICENSE_PARAMS_COUNTRY": "DE", "x": 1, "y": null});
        let (found, hints) = sorted("License Status", "Edit License Info", row);
        let expected = json!({"licenseParams.Phone": "1", "licenseParams.Email": "a", "licenseParams.Country": "DE"});
        assert_eq!(found, expected);
        assert_eq!(hints, ["Columns that are no fields of this operation were left out: x."]);
    }

    #[test]
    fn the_apis_own_name_is_preferred_and_what_is_left_is_told() {
        let (found, hints) =
            sorted("Users", "Create User", json!({"First Name": "a", "FirstName": "b", "first_name": "c"}));
        assert_eq!(found, json!({"FirstName": "b"}));
        assert!(hints[0].contains("first_name"), "{hints:?}");
    }

    /// What a form shows is what a column may be called.
    #[test]
    fn every_field_of_every_form_is_found_by_its_label() {
        for operation in OPERATIONS {
            let names = names(operation);
            for offer in offers(operation, Part::Fields).into_iter().chain(offers(operation, Part::Arguments)) {
                let (id, label) = (offer["id"].as_str().unwrap(), offer["displayName"].as_str().unwrap());
                assert_eq!(names[&folded(id)], id, "{}", operation.name);
                assert!(names.contains_key(&folded(label)), "{label} of {}", operation.name);
            }
        }
    }
}
