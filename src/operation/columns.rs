//! Which fields a row's columns stand for. Names are compared once for all rows of a run, not once for each field.

use std::cmp::Ordering;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::meant;
use crate::definition::{Field, Operation, ValueKind};
use crate::n8n::form;
use crate::n8n::hints;
use crate::row_secrets;
use crate::rows::json;
use crate::rows::value::{Expected, FaultKind};
use crate::rows::{Rows, folded};
use crate::sorting;
use crate::xapi::records::{ETAG, Fields};

/// What is known of the columns of a run.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// Fields by their names and labels, without capitals, spaces and punctuation, sorted; made when they are first needed.
    fields: Vec<(String, String)>,
    /// What 3CX alone sets, made with them.
    of_3cx: Vec<&'static str>,
    /// Fields for which any row of the run has a column; none before all rows were looked at.
    of_any_row: Option<Vec<String>>,
    /// Columns that were met, sorted.
    met: Vec<Column>,
    /// Fields that were left out because their columns held masked secrets.
    masked: Vec<String>,
    /// Fields of records that were read, left out because they tell how things stood then.
    stale: Vec<String>,
}

/// What a row's columns give.
#[derive(Debug, PartialEq)]
pub(super) struct Sorted {
    pub(super) values: Map<String, Value>,
    /// Whether it is a record that was read: it has what 3CX alone sets.
    pub(super) is_record: bool,
    /// Whether it has an ID that is called as the API calls it and cannot be set, as a record has of which some fields were
    /// read.
    pub(super) has_id: bool,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// Place of the field that it stands for.
    field: Option<usize>,
    is_ignored: bool,
}

/// So many columns are remembered; further ones are compared again in each row.
const MOST_REMEMBERED: usize = 1000;

impl Columns {
    /// Looks at the columns of `most` further rows; whether those of all rows have been looked at. What reads a sheet leaves
    /// out what is blank, so a cell that a row lacks is blank where another row has its column.
    pub(super) fn look_at(&mut self, operation: &Operation, rows: &mut dyn Rows, most: usize) -> bool {
        if self.of_any_row.is_none() && rows.look_at_columns(most) {
            self.prepare(operation);
            let names = rows.column_names();
            let found = names.spelled.iter().filter_map(|name| self.id_of(name));
            let mut fields: Vec<String> = found.filter(|id| may_be_blank(operation, id)).cloned().collect();
            sorting::sort(&mut fields);
            fields.dedup();
            self.of_any_row = Some(fields);
        }
        self.of_any_row.is_some()
    }

    fn prepare(&mut self, operation: &Operation) {
        if self.fields.is_empty() {
            self.fields = names(operation);
            let of_3cx = operation.body.fields().iter().filter(|field| field.flags.is_read_only());
            self.of_3cx = of_3cx.map(Field::name).collect();
        }
    }

    /// The values of a row, given as JSON, by the fields that its columns stand for. What stands for no field is not
    /// read: a spreadsheet may have many such columns.
    pub(super) fn sort(&mut self, operation: &Operation, row: &str) -> Result<Sorted, FaultKind> {
        self.prepare(operation);
        let Fields(columns) = json::parse(row).map_err(|cause| Expected::Json(cause).fault())?;
        let mut sorted = Map::new();
        let is_record = columns.iter().any(|(name, _)| *name == ETAG || self.of_3cx.contains(&name.as_ref()));
        let has_id = self.place_of("id").is_none() && columns.iter().any(|(name, _)| *name == "Id");
        for (name, value) in &columns {
            let met = self.met.binary_search_by(|known| known.name.as_str().cmp(name));
            let field = met.map_or_else(|_| self.place_of(&folded(name)), |place| self.met[place].field);
            if let Some(place) = field {
                let id = &self.fields[place].1;
                let value: Value = json::parse(value.get()).map_err(|cause| Expected::Json(cause).fault())?;
                match sorted.get_mut(id) {
                    None => drop(sorted.insert(id.clone(), value)),
                    Some(known) => match weight(id, &value).cmp(&weight(id, known)) {
                        Ordering::Greater => *known = value,
                        Ordering::Equal if weight(id, known) == FILLED && !is_same(known, &value) => {
                            let mut alike =
                                columns.iter().filter(|(_, value)| is_filled(id, value)).map(|(name, _)| name);
                            let known = alike.find(|name| self.id_of(name) == Some(id)).unwrap_or(name);
                            return Err(FaultKind::TwoColumns([known, name].map(|name| name.to_string())));
                        }
                        Ordering::Equal | Ordering::Less => {}
                    },
                }
            }
            let is_taken = field.is_some() || value.get() == "null";
            match met {
                Ok(place) => self.met[place].is_ignored |= !is_taken,
                Err(place) if self.met.len() < MOST_REMEMBERED => {
                    self.met.insert(place, Column { name: name.to_string(), field, is_ignored: !is_taken });
                }
                Err(_) => {}
            }
        }
        for id in self.of_any_row.iter().flatten() {
            // The object that it is a part of may be there as a whole.
            let is_given = |id: &str| sorted.contains_key(id);
            if !is_given(id) && !id.split_once('.').is_some_and(|(object, _)| is_given(object)) {
                sorted.insert(id.clone(), Value::Null);
            }
        }
        Ok(Sorted { values: sorted, is_record, has_id })
    }

    fn place_of(&self, folded: &str) -> Option<usize> {
        self.fields.binary_search_by(|(name, _)| name.as_str().cmp(folded)).ok()
    }

    fn id_of(&self, name: &str) -> Option<&String> {
        self.place_of(&folded(name)).map(|place| &self.fields[place].1)
    }

    pub(super) fn note_mask(&mut self, label: String) {
        note(&mut self.masked, label);
    }

    pub(super) fn note_stale(&mut self, labels: &[String]) {
        labels.iter().for_each(|label| note(&mut self.stale, label.clone()));
    }

    /// What a person should know of the columns.
    pub(super) fn hints(&self) -> Vec<String> {
        let ignored: Vec<&Column> = self.met.iter().filter(|column| column.is_ignored && column.name != ETAG).collect();
        let is_none_known = !ignored.is_empty() && self.met.iter().all(|column| column.field.is_none());
        let told = if is_none_known {
            // A sheet whose first line is not its header has values for names, passwords among them.
            Some(hints::NO_COLUMN_KNOWN.to_owned())
        } else {
            let names = ignored.iter().map(|column| column.name.as_str()).filter(|name| is_like_a_name(name));
            let names: Vec<String> = names.map(row_secrets::shown).collect();
            hints::columns_ignored(&names.iter().map(String::as_str).collect::<Vec<_>>(), ignored.len())
        };
        let [masked, stale] =
            [&self.masked, &self.stale].map(|labels| labels.iter().map(String::as_str).collect::<Vec<_>>());
        [told, hints::columns_masked(&masked), hints::columns_stale(&stale)].into_iter().flatten().collect()
    }
}

/// Whether a cell that is not there may be a blank one. What holds much, or nobody reads, is cleared by a cell that is there.
fn may_be_blank(operation: &Operation, id: &str) -> bool {
    let (name, inner) = id.split_once('.').map_or((id, None), |(name, inner)| (name, Some(inner)));
    let Some(outer) = operation.body.fields().iter().find(|field| field.name() == name) else { return false };
    let field = match (inner, outer.kind) {
        (Some(inner), ValueKind::Object(of)) => of.fields.iter().find(|field| field.name() == inner).unwrap_or(outer),
        _ => outer,
    };
    let is_whole = field.flags.is_list() || matches!(field.kind, ValueKind::Object(_));
    [outer, field].into_iter().any(meant::tells_if_blank) || !(is_whole || field.flags.is_secret())
}

/// How much a value of a field says: of several columns that stand for it, a blank one never takes the place of a filled
/// one. Stars in place of a secret say that there is one.
fn weight(id: &str, value: &Value) -> u8 {
    match value {
        _ if meant::is_blank(value) => 0,
        _ if meant::holds_mask(id, value) => 1,
        _ => FILLED,
    }
}

const FILLED: u8 = 2;

fn is_filled(id: &str, value: &RawValue) -> bool {
    json::parse(value.get()).is_ok_and(|value| weight(id, &value) == FILLED)
}

/// Whether two columns say the same.
fn is_same(one: &Value, other: &Value) -> bool {
    one == other || json::shown(one).trim() == json::shown(other).trim()
}

/// Adds a label that is not there yet.
pub(super) fn note(labels: &mut Vec<String>, label: String) {
    if !labels.contains(&label) {
        labels.push(label);
    }
}

/// Whether a column is called as people call columns: a password has other signs, or digits amid its letters.
fn is_like_a_name(name: &str) -> bool {
    let is_of_names = |c: char| c.is_alphanumeric() || " _-.:/()#".contains(c);
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    stem.chars().all(is_of_names)
        && stem.chars().any(char::is_alphabetic)
        && !stem.contains(|c: char| c.is_ascii_digit())
}

/// The fields that columns can stand for. A name is preferred to a label.
fn names(operation: &Operation) -> Vec<(String, String)> {
    let mut names = Vec::new();
    let mut labels = Vec::new();
    let mut add = |id: String, label: String, field| {
        labels.push((folded(&label), id.clone()));
        labels.push((folded(&form::with_unit(operation, &label, field)), id.clone()));
        names.push((folded(&id), id));
    };
    for field in operation.arguments() {
        add(field.name().to_owned(), form::label(field), field);
    }
    for field in operation.body.fields() {
        if operation.sets(field) {
            add(field.name().to_owned(), form::label(field), field);
        }
        if let (ValueKind::Object(of), false) = (field.kind, field.flags.is_list()) {
            for inner in of.fields.iter().filter(|inner| operation.sets_inner(field, inner)) {
                add(format!("{}.{}", field.name(), inner.name()), form::inner_label(field, inner), inner);
            }
        }
    }
    names.append(&mut labels);
    sorting::sort_by(&mut names, |(one, _), (other, _)| one.cmp(other));
    names.dedup_by(|(later, _), (first, _)| later == first);
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{OPERATIONS, operation};
    use crate::n8n::form::{Part, form_fields};
    use serde_json::json;

    fn sorted(resource: &str, name: &str, row: Value) -> (Value, Vec<String>) {
        let mut columns = Columns::default();
        let sorted = columns.sort(operation(resource, name).unwrap(), &row.to_string()).unwrap();
        (sorted.values.into(), columns.hints())
    }

    #[test]
    fn columns_are_found_by_name_and_by_label_with_or_without_prefix() {
        let row = json!({"License Parameters: Phone": "1", "licenseparams.email": "a", "LICENSE_PARAMS_COUNTRY": "DE", "x": 1, "y": null});
        let (found, hints) = sorted("License Status", "Edit License Info", row);
        let expected = json!({"licenseParams.Phone": "1", "licenseParams.Email": "a", "licenseParams.Country": "DE"});
        assert_eq!(found, expected);
        assert_eq!(hints, ["Columns that match no field were left out: x."]);
    }

    #[test]
    fn a_key_that_stands_in_place_of_a_columns_name_is_not_told() {
        let long = "n".repeat(80);
        let row = json!({"Number": 1, "ABCD-EFGH-IJKL-MNOP": 1, "Sales": 2, long.as_str(): 3});
        let (_, hints) = sorted("Users", "Create User", row);
        assert!(!hints[0].contains("ABCD") && hints[0].contains("Sales"), "{hints:?}");
        assert!(!hints[0].contains(&long) && hints[0].contains("nnn…"), "{hints:?}");
    }

    #[test]
    fn passwords_that_stand_in_place_of_columns_names_are_not_told() {
        let (_, hints) = sorted("Users", "Create User", json!({"102": 1, "Ann": 2, "Summer2026!CANARY": 3}));
        assert_eq!(hints, ["None of the columns matches a field: is the first line of the sheet its header?"]);
        let row = json!({"Number": 1, "Cost Center 2": 2, "Summer2026!CANARY": 3, "4711": 4, "x9y8z7": 5});
        let (_, hints) = sorted("Users", "Create User", row);
        assert_eq!(hints, ["Columns that match no field were left out: Cost Center 2, and 3 more."]);
    }

    #[test]
    fn a_blank_column_never_takes_the_place_of_a_filled_one_of_the_same_field() {
        for row in [
            json!({"mobile": "+49 170", "Mobile": ""}),
            json!({"Mobile": null, "MOBILE": " ", "mobile": "+49 170", "mo_bile": "+49 170"}),
        ] {
            assert_eq!(sorted("Users", "Update User", row), (json!({"Mobile": "+49 170"}), vec![]));
        }
        let secret = |row| sorted("Users", "Update User", row).0["AuthPassword"].clone();
        assert_eq!(secret(json!({"Authentication Password": "", "AuthPassword": "********"})), "********");
        assert_eq!(secret(json!({"Authentication Password": "new", "AuthPassword": "********"})), "new");
    }

    #[test]
    fn two_columns_that_say_different_things_of_one_field_are_refused() {
        let mut columns = Columns::default();
        let update = operation("Users", "Update User").unwrap();
        for (row, names) in [
            (json!({"First Name": "New", "FirstName": "Old"}), ["First Name", "FirstName"]),
            (json!({"First Name": "", "FirstName": "a", "first_name": "b"}), ["FirstName", "first_name"]),
        ] {
            let fault = columns.sort(update, &row.to_string()).unwrap_err();
            assert_eq!(fault, FaultKind::TwoColumns(names.map(str::to_owned)));
        }
        assert!(columns.sort(update, r#"{"First Name": "a", "FirstName": "a"}"#).is_ok());
    }

    /// Where 3CX sends a record with a field that nobody can set, no label makes it another field.
    #[test]
    fn what_3cx_alone_sets_is_called_like_no_other_field() {
        for operation in OPERATIONS {
            let names = names(operation);
            for field in operation.body.fields().iter().filter(|field| !operation.sets(field)) {
                let taken = names.iter().find(|(known, _)| *known == folded(field.name()));
                assert_eq!(taken, None, "{} of {}", field.name(), operation.name);
            }
        }
    }

    /// What a form shows is what a column may be called.
    #[test]
    fn every_field_of_every_form_is_found_by_its_label() {
        for operation in OPERATIONS {
            let names = names(operation);
            for offer in form_fields(operation, Part::Fields).into_iter().chain(form_fields(operation, Part::Arguments))
            {
                let (id, label) = (offer["id"].as_str().unwrap(), offer["displayName"].as_str().unwrap());
                let found =
                    |name: &str| names.iter().find(|(known, _)| *known == folded(name)).map(|(_, id)| id.as_str());
                assert_eq!(found(id), Some(id), "{}", operation.name);
                assert!(found(label).is_some(), "{label} of {}", operation.name);
            }
        }
    }
}
