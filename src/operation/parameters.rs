//! The values of a row's form.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::columns::{Columns, Sorted};
use crate::definition::{self, Operation};
use crate::n8n::form;
use crate::n8n::outcome::Report;
use crate::rows::json::{self, JsonFault};
use crate::rows::value::{self, Expected, FaultKind, ValueFault};
use crate::rows::{Cell, CellFault, Rows, text};
use crate::secret::{MaskedKey, names_key};

/// A row's form. Errors are the row's reports.
pub(crate) struct Parameters<'a> {
    pub(crate) rows: &'a mut dyn Rows,
    pub(crate) row: usize,
}

/// What a mapper was given: names of fields with their values.
pub(super) struct Mapped {
    pub(super) values: Map<String, Value>,
    /// Whether they come from a row's columns.
    pub(super) automatic: bool,
    /// Whether these are of a record that was read.
    pub(super) is_record: bool,
    /// Whether they may be: a sheet can have an ID, too.
    pub(super) has_id: bool,
}

impl Mapped {
    /// What somebody has mapped.
    fn by_hand(values: Map<String, Value>) -> Self {
        Self { values, automatic: false, is_record: false, has_id: false }
    }
}

/// What a field holds that is neither a list nor an object.
pub(crate) fn plain(cell: Cell) -> Value {
    match cell {
        Cell::Bool(flag) => flag.into(),
        other => other.into_text().map_or(Value::Null, Into::into),
    }
}

impl Parameters<'_> {
    pub(crate) fn get(&mut self, name: &str) -> Result<Cell, Box<Report>> {
        match self.rows.parameter(self.row, name) {
            Ok(Cell::Number(number)) if value::exact(number).is_none() => {
                Err(fault(definition::label(name).to_owned(), FaultKind::NotExact(number.to_string())))
            }
            Ok(cell) => Ok(cell),
            Err(CellFault(text)) => Err(fault(definition::label(name).to_owned(), FaultKind::NotEvaluated(text))),
        }
    }

    /// Fails where the row has no form at all, by a parameter that every form has: an option that cannot be evaluated
    /// takes all other fields with it.
    pub(super) fn can_be_read(&mut self, name: &str) -> Result<(), Box<Report>> {
        match self.rows.parameter(self.row, name) {
            Err(CellFault(text)) if !self.rows.has_parameter(self.row, name) => {
                Err(fault(form::OPTIONS, FaultKind::NotEvaluated(text)))
            }
            _ => Ok(()),
        }
    }

    /// A text or a number. What is neither would be taken for nothing.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Box<Report>> {
        match self.get(name)? {
            Cell::Json(_) | Cell::Bool(_) => Err(fault(definition::label(name).to_owned(), Expected::Text.fault())),
            other => Ok(other.into_filled_text()),
        }
    }

    /// Nothing that is given and blank, such as an expression without a value: what narrows would narrow no more.
    pub(crate) fn filled_if_given(&mut self, name: &str) -> Result<(), Box<Report>> {
        let is_blank = match self.get(name)? {
            Cell::Empty => true,
            Cell::Text(text) => text::is_blank(&text),
            _ => false,
        };
        if is_blank && self.rows.has_parameter(self.row, name) {
            return Err(fault(definition::label(name).to_owned(), FaultKind::EmptyOption));
        }
        Ok(())
    }

    /// A text that narrows; none where the form's field was not touched.
    pub(crate) fn narrowing(&mut self, name: &str) -> Result<Option<String>, Box<Report>> {
        let is_untouched = self.rows.is_fixed(name) && self.get(name)? == Cell::Text(String::new());
        if !is_untouched {
            self.filled_if_given(name)?;
        }
        self.text(name)
    }

    /// The choice of some; none where it is left blank. Expressions may give it in other capitals.
    pub(crate) fn choice(&mut self, name: &str, of: &[&'static str]) -> Result<Option<&'static str>, Box<Report>> {
        let given = match self.get(name)? {
            Cell::Json(text) => Some(text),
            other => other.into_filled_text(),
        };
        choice(definition::label(name).to_owned(), given, of)
    }

    pub(super) fn flag(&mut self, name: &str, unless_set: bool) -> Result<bool, Box<Report>> {
        let cell = self.rows.parameter(self.row, name);
        value::switch(definition::label(name), cell, unless_set).map_err(|fault| Box::new(fault.report()))
    }

    /// A parameter that has a field of its own in the form.
    pub(crate) fn value(&mut self, name: &str) -> Result<Value, Box<Report>> {
        Ok(plain(self.get(name)?))
    }

    /// How many results are wanted.
    pub(crate) fn limit(&mut self) -> Result<usize, Box<Report>> {
        if self.flag("returnAll", false)? {
            return Ok(usize::MAX);
        }
        match self.text("limit")? {
            None => Ok(50),
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| *limit > 0)
                .ok_or_else(|| fault("Limit", Expected::FromOne.fault_of(text))),
        }
    }

    /// What an update rests on. One that was meant to be guarded is never sent without its guard.
    pub(super) fn if_match(&mut self) -> Result<Option<String>, Box<Report>> {
        let not = |expected: Expected| Err(fault(form::IF_MATCH, expected.fault()));
        match self.get("ifMatch")? {
            Cell::Empty => Ok(None),
            Cell::Text(text) if text.trim().is_empty() => not(Expected::FilledEtag),
            Cell::Text(text) if text.trim().bytes().all(|byte| (b' '..=b'~').contains(&byte)) => {
                Ok(Some(text.trim().to_owned()))
            }
            _ => not(Expected::Etag),
        }
    }

    /// A list, or text with commas between.
    pub(super) fn names(&mut self, name: &str) -> Result<Vec<String>, Box<Report>> {
        Ok(match self.get(name)? {
            Cell::Json(text) => {
                json::parse(&text).map_err(|cause| not_json(definition::label(name).to_owned(), cause))?
            }
            other => {
                let text = other.into_filled_text().unwrap_or_default();
                text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
            }
        })
    }

    /// A JSON value, typed or made by an expression; null where there is none.
    pub(super) fn json(&mut self, name: &str) -> Result<Value, Box<Report>> {
        let text = match self.get(name)? {
            Cell::Json(text) | Cell::Text(text) => text,
            Cell::Empty => return Ok(Value::Null),
            _ => return Err(fault(definition::label(name).to_owned(), Expected::ObjectOrList.fault())),
        };
        if text.trim().is_empty() {
            return Ok(Value::Null);
        }
        json::parse(&text).map_err(|cause| not_json(definition::label(name).to_owned(), cause))
    }

    /// Entries of a collection of the form, such as filters.
    pub(super) fn entries(&mut self, name: &str, kind: &str) -> Result<Vec<Value>, Box<Report>> {
        // What is no collection is not left out in silence: a list would be all records.
        let odd = || fault(definition::label(name).to_owned(), Expected::ObjectOrList.fault());
        match self.json(name)? {
            Value::Null => Ok(Vec::new()),
            Value::Array(entries) => Ok(entries),
            Value::Object(mut collection) => match (collection.remove(kind), collection.is_empty()) {
                (None | Some(Value::Null), true) => Ok(Vec::new()),
                (Some(Value::Array(entries)), true) => Ok(entries),
                (Some(entry @ Value::Object(_)), true) => Ok(vec![entry]),
                _ => Err(odd()),
            },
            _ => Err(odd()),
        }
    }

    /// What a mapper holds: its own values, the row's columns, or a plain object.
    pub(super) fn mapped(
        &mut self,
        name: &str,
        operation: &Operation,
        columns: &mut Columns,
    ) -> Result<Mapped, Box<Report>> {
        let Value::Object(mut mapper) = self.json(name)? else {
            return Ok(Mapped::by_hand(Map::new()));
        };
        match mapper.get("mappingMode").and_then(Value::as_str) {
            None => Ok(Mapped::by_hand(mapper)),
            Some("autoMapInputData") => {
                let text = self.rows.columns(self.row);
                let text = text.map_err(|CellFault(text)| fault(form::ROW, FaultKind::NotEvaluated(text)))?;
                let Sorted { values, is_record, has_id } =
                    columns.sort(operation, &text).map_err(|kind| fault(form::ROW, kind))?;
                Ok(Mapped { values, automatic: true, is_record, has_id })
            }
            Some(_) => {
                let values = match mapper.remove("value") {
                    Some(Value::Object(values)) => values,
                    _ => Map::new(),
                };
                Ok(Mapped::by_hand(values))
            }
        }
    }
}

/// The choice of some that was given, in whatever capitals. What is none of them is not taken for the usual one.
pub(super) fn choice(
    field: impl Into<Cow<'static, str>>,
    given: Option<String>,
    of: &[&'static str],
) -> Result<Option<&'static str>, Box<Report>> {
    let Some(given) = given else { return Ok(None) };
    match of.iter().find(|choice| choice.eq_ignore_ascii_case(&given)) {
        Some(choice) => Ok(Some(choice)),
        None => Err(fault(field, Expected::OneOf(of.to_vec()).fault_of(given))),
    }
}

/// A license key from a wrong column must not go into an address: those are logged. Digits alone are none, as in the names of
/// recordings.
pub(super) fn no_key(field: impl Into<Cow<'static, str>>, text: &str) -> Result<(), Box<Report>> {
    let is_number = !text.contains(char::is_alphabetic);
    if names_key(text) && !is_number { Err(fault(field, FaultKind::IsKey(MaskedKey::of(text)))) } else { Ok(()) }
}

pub(crate) fn fault(field: impl Into<Cow<'static, str>>, kind: FaultKind) -> Box<Report> {
    Box::new(ValueFault { field: field.into(), kind }.report())
}

fn not_json(field: impl Into<Cow<'static, str>>, cause: JsonFault) -> Box<Report> {
    fault(field, Expected::Json(cause).fault())
}
