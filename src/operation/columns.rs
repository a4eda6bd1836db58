//! Which fields a row's columns stand for. Names are compared once for all rows of a run, not once for each field.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::{body, form};
use crate::definition::{Operation, ValueKind};
use crate::rows::folded;

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
    /// The values of a row by the fields that their columns stand for.
    pub(super) fn sort(&mut self, operation: &Operation, row: Map<String, Value>) -> Map<String, Value> {
        let fields = self.fields.get_or_insert_with(|| names(operation));
        let mut sorted = Map::new();
        for (column, value) in row {
            if !self.met.contains_key(&column) {
                self.met.insert(column.clone(), fields.get(&folded(&column)).cloned());
            }
            match self.met.get(&column) {
                // A column that is called as the API calls the field is preferred.
                Some(Some(field)) if *field == column || !sorted.contains_key(field) => {
                    sorted.insert(field.clone(), value);
                }
                _ if value.is_null() || self.ignored.contains(&column) => {}
                _ => _ = self.ignored.insert(column),
            }
        }
        sorted
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
        let Value::Object(row) = row else { panic!("a row is an object") };
        let mut columns = Columns::default();
        let sorted = columns.sort(operation(resource, name).unwrap(), row);
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
