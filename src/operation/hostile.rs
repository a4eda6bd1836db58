//! No value that a person gives changes what a request is: a property of every operation.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::choices::Choices;
use super::columns::Columns;
use super::parameters::Parameters;
use super::plan::{self, Key};
use super::samples::{self, UUID};
use crate::definition::{Field, Kind, LOCATORS, Locator, OPERATIONS, Operation, Shape, ValueKind};
use crate::rows::json::shown;
use crate::rows::value::Reference;
use crate::rows::{Cell, CellFault, Rows};
use crate::xapi::odata::quoted;
use crate::xapi::pages::Asked;

/// A row that gives the same text wherever text is taken.
struct Hostile<'a> {
    operation: &'static Operation,
    text: &'a str,
}

impl Rows for Hostile<'_> {
    fn len(&self) -> usize {
        1
    }

    fn parameter(&mut self, _row: usize, name: &str) -> Result<Cell, CellFault> {
        let text = || Cell::Text(self.text.to_owned());
        if self.operation.locator.is_some_and(|locator| locator.parameter == name) {
            return Ok(match self.operation.locator.map(|locator| locator.kind) {
                Some(ValueKind::Int32) => Cell::Number(12.0),
                Some(ValueKind::Uuid) => Cell::Text(UUID.to_owned()),
                _ => text(),
            });
        }
        Ok(match name {
            // One option is enough for what takes long.
            "select" | "expand" | "orderby" | "filter" if self.text.len() > 10_000 => Cell::Empty,
            "Number" | "query" | "select" | "expand" | "search" | "orderby" => text(),
            "filter" => Cell::Text(format!("Name eq {}", quoted(self.text))),
            "arguments" => Cell::Json(json!({ "mappingMode": "defineBelow", "value": self.arguments() }).to_string()),
            "filters" => Cell::Json(json!({ "condition": self.conditions() }).to_string()),
            "bodyFrom" => Cell::Text("json".to_owned()),
            "body" => Cell::Json(Value::from(samples::body(self.operation)).to_string()),
            "everything" => Cell::Bool(!matches!(self.operation.body, Shape::Fields(_))),
            _ => Cell::Empty,
        })
    }

    fn column(&mut self, _row: usize, _name: &str) -> Result<Cell, CellFault> {
        Ok(Cell::Empty)
    }

    fn columns(&mut self, _row: usize) -> Result<String, CellFault> {
        Ok("{}".to_owned())
    }

    fn file(&mut self, _row: usize, _field: &str) -> Option<String> {
        Some(self.text.to_owned())
    }
}

impl Hostile<'_> {
    fn arguments(&self) -> Map<String, Value> {
        let value = |field: &Field| match field.kind {
            ValueKind::Text => self.text.into(),
            _ => harmless(field.kind),
        };
        self.operation.arguments().iter().map(|field| (field.name().to_owned(), value(field))).collect()
    }

    fn conditions(&self) -> Vec<Value> {
        let texts = self.operation.filterable().filter(|field| matches!(field.kind, ValueKind::Text));
        texts
            .take(if self.text.len() > 10_000 { 0 } else { 3 })
            .map(|field| json!({ "field": field.name(), "operator": "eq", "value": self.text }))
            .collect()
    }
}

fn harmless(kind: ValueKind) -> Value {
    match kind {
        ValueKind::Boolean => true.into(),
        ValueKind::DateTime => "2026-01-31T00:00:00Z".into(),
        ValueKind::Uuid => UUID.into(),
        _ => 12.into(),
    }
}

/// A path without what is encoded, and with every text in it empty.
fn skeleton(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    let decoded = String::from_utf8(bytes).unwrap();
    let mut skeleton = String::new();
    let mut in_text = false;
    let mut letters = decoded.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, in_text) {
            ('\'', true) if letters.next_if_eq(&'\'').is_some() => {}
            ('\'', _) => {
                in_text = !in_text;
                skeleton.push('\'');
            }
            (letter, false) => skeleton.push(letter),
            (_, true) => {}
        }
    }
    assert!(!in_text, "a text without an end in {path}");
    skeleton
}

/// The skeleton that the operation's path has with whatever values.
fn expected(operation: &Operation) -> String {
    let literals: Vec<String> = operation
        .parameters
        .iter()
        .map(|field| match field.kind {
            ValueKind::Text => "''".to_owned(),
            kind => shown(&harmless(kind)),
        })
        .collect();
    crate::xapi::request::fill(operation.path, &literals)
}

/// Gives the number of operations that took the text.
fn check(text: &str) -> usize {
    let mut taken = 0;
    for operation in OPERATIONS.iter().filter(|operation| operation.kind == Kind::Generic) {
        let mut rows = Hostile { operation, text };
        let mut form = Parameters { rows: &mut rows, row: 0 };
        let Ok(plan) = plan::of_row(operation, &mut form, &mut Columns::default()) else { continue };
        taken += 1;
        assert!(!matches!(plan.key, Key::Number(..)));
        let request = plan.request(operation.pages.then_some(Asked { skip: 0, top: 50, counts: false }));
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        assert_eq!(skeleton(path), expected(operation), "{text:?}");
        assert!(path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%/(),='".contains(&byte)), "{path}");
        check_query(query);
    }
    LOCATORS.iter().for_each(|locator| check_choice(locator, text));
    taken
}

/// The search in a list of entities, and the look-up of one by its number.
fn check_choice(locator: &'static Locator, text: &str) {
    let mut rows = Hostile { operation: &OPERATIONS[0], text };
    let search = Choices::of_row(locator, &mut Parameters { rows: &mut rows, row: 0 }).unwrap().request();
    for request in [search, plan::look_up(locator, &Reference::Number(text.to_owned()), false)] {
        let (path, query) = request.path.split_once('?').unwrap();
        assert_eq!(path, locator.set);
        check_query(query);
        let filter = query.split('&').find_map(|option| option.strip_prefix("$filter="));
        skeleton(filter.unwrap_or_default());
    }
}

fn check_query(query: &str) {
    for option in query.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap();
        assert!(name.starts_with('$') && name[1..].bytes().all(|byte| byte.is_ascii_lowercase()), "{option}");
        assert!(value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)), "{option}");
    }
}

#[test]
fn known_attacks_change_nothing() {
    let long = "x'/".repeat(330);
    for text in [
        "1)/../Users(2",
        "'",
        "''",
        "x')/Pbx.Other(a='y",
        "a&$filter=1 eq 1#x",
        "%2e%2e/%2F%27",
        "..",
        ".",
        "\u{1F4DE} \u{202e}ä",
        "{Id}{Number}",
        "a\\b",
        "?x=1;y=2",
        &long,
    ] {
        let taken = check(text);
        assert!(taken >= 600, "only {taken} operations take {:?}", text.get(..20));
    }
}

#[test]
fn a_license_key_gets_into_no_address() {
    let mut refused = 0;
    for text in ["8SGW-ABCD-EFGH-1234", "x 8sgw abcd efgh 1234", "8SGWABCDEFGH1234"] {
        for operation in OPERATIONS.iter().filter(|operation| operation.kind == Kind::Generic) {
            let mut rows = Hostile { operation, text };
            let mut form = Parameters { rows: &mut rows, row: 0 };
            match plan::of_row(operation, &mut form, &mut Columns::default()) {
                Ok(plan) => {
                    let path = plan.request(None).path.to_lowercase();
                    assert!(!path.contains("8sgw"), "{path}");
                }
                Err(report) => {
                    refused += usize::from(report.code == "MISPLACED_LICENSE_KEY");
                    assert!(!report.error.to_lowercase().contains("8sgw"), "{report:?}");
                }
            }
        }
        for locator in LOCATORS {
            let mut rows = Hostile { operation: &OPERATIONS[0], text };
            let search = Choices::of_row(locator, &mut Parameters { rows: &mut rows, row: 0 });
            let path = search.map(|choices| choices.request().path.to_lowercase()).unwrap_or_default();
            assert!(!path.contains("8sgw"), "{path}");
        }
    }
    assert!(refused > 600, "{refused} refused");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn no_value_changes_what_a_request_is(text in "([/\\\\()'\"%.,;:=&?#+{}$ \n\r\t\u{0}-\u{1f}]|[a-zA-Z0-9]|\\PC){1,40}") {
        check(&text);
    }
}
