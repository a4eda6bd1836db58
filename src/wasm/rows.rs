//! n8n's items as rows: values cross one by one, when they are needed.

use js_sys::{Array, Function, JsString};
use rustc_hash::FxHashSet;
use wasm_bindgen::prelude::*;

use super::host::{Anything, field};
use crate::n8n::misuse;
use crate::rows::json::{self, JsonFault};
use crate::rows::{Cell, CellFault, Rows, folded};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Object, js_name = keys, catch)]
    fn keys_of(value: &JsValue) -> Result<Array, JsValue>;
}

/// A row may have this many columns.
const MOST_COLUMNS: u32 = 10_000;

/// In how many rows a column's name is looked for, before it counts as missing.
const ROWS_LOOKED_AT: usize = 100;

pub(super) struct JsRows {
    items: Array,
    count: usize,
    parameters: JsValue,
    /// Parameters that are the same for all rows, although a function makes them.
    fixed: Vec<String>,
    /// The JSON text of a value: `(value, maxDepth, maxLength) => string`.
    to_json: Function,
    /// The latest row's parameters, where they are made by a function.
    current: Option<(usize, Result<JsValue, CellFault>)>,
    /// The latest row's columns.
    current_json: Option<(usize, Result<JsValue, CellFault>)>,
    /// The columns of the first rows: as they are compared, and as they are spelt.
    names: Option<Vec<(String, JsValue)>>,
    /// Whether those are all.
    are_names_all: bool,
    /// Names, as they are compared, that stand twice in one of those rows: two columns, not one that is spelt otherwise.
    twins: FxHashSet<String>,
    /// For each kind of column that was asked for: the folded name that was found, and its spelling.
    columns: Vec<Column>,
}

struct Column {
    asked: Vec<String>,
    /// All rows use the same column, so that a gap in one row is never filled from another column.
    found: Option<(String, JsValue)>,
}

impl JsRows {
    /// `parameters`: an object for all rows, or a function of the row's index.
    pub(super) fn new(items: Array, parameters: JsValue, fixed: Vec<String>, to_json: Function) -> Self {
        Self {
            count: items.length() as usize,
            items,
            parameters,
            fixed,
            to_json,
            current: None,
            current_json: None,
            names: None,
            are_names_all: true,
            twins: FxHashSet::default(),
            columns: Vec::new(),
        }
    }

    fn parameters(&mut self, row: usize) -> Result<JsValue, CellFault> {
        let Some(function) = self.parameters.dyn_ref::<Function>() else {
            return Ok(self.parameters.clone());
        };
        if let Some((current, values)) = &self.current
            && *current == row
        {
            return values.clone();
        }
        let values = function.call1(&JsValue::UNDEFINED, &JsValue::from_f64(row as f64)).map_err(|error| fault(&error));
        self.current = Some((row, values.clone()));
        values
    }

    fn json(&mut self, row: usize) -> Result<JsValue, CellFault> {
        if let Some((current, json)) = &self.current_json
            && *current == row
        {
            return json.clone();
        }
        let json = read(&self.item(row), &JsValue::from_str("json"));
        self.current_json = Some((row, json.clone()));
        json
    }

    fn item(&self, row: usize) -> JsValue {
        self.items.get(u32::try_from(row).unwrap_or(u32::MAX))
    }

    fn look_for_names(&mut self) {
        if self.names.is_some() {
            return;
        }
        let (mut names, mut known) = (Vec::new(), FxHashSet::default());
        for row in 0..self.len().min(ROWS_LOOKED_AT) {
            // A row that cannot be read says so when its turn comes.
            let Ok(keys) = self.json(row).and_then(|json| keys(&json)) else {
                self.are_names_all = false;
                continue;
            };
            let mut of_row = FxHashSet::default();
            for key in keys.iter() {
                let Ok(name) = text(&key) else {
                    self.are_names_all = false;
                    continue;
                };
                let compared = folded(&name);
                if !of_row.insert(compared.clone()) {
                    self.twins.insert(compared.clone());
                }
                if known.insert(name) {
                    names.push((compared, key));
                }
            }
        }
        self.names = Some(names);
    }

    /// Settles which column is meant, by the first rows.
    fn find_column(&mut self, names: &[&str]) -> usize {
        if let Some(known) = self.columns.iter().position(|column| column.asked == names) {
            return known;
        }
        self.look_for_names();
        let found = self.names.iter().flatten().filter_map(|(name, key)| {
            let rank = names.iter().position(|wanted| wanted == name)?;
            Some((rank, name.clone(), key.clone()))
        });
        // The first of those that say most.
        let best = found.min_by_key(|(rank, _, _)| *rank);
        let asked = names.iter().map(|name| (*name).to_owned()).collect();
        self.columns.push(Column { asked, found: best.map(|(_, name, key)| (name, key)) });
        self.columns.len() - 1
    }
}

impl Rows for JsRows {
    fn len(&self) -> usize {
        self.count
    }

    fn is_fixed(&self, name: &str) -> bool {
        !self.parameters.is_function() || self.fixed.iter().any(|fixed| fixed == name)
    }

    fn parameter(&mut self, row: usize, name: &str) -> Result<Cell, CellFault> {
        let parameters = self.parameters(row)?;
        self.cell(&read(&parameters, &JsValue::from_str(name))?)
    }

    fn column(&mut self, row: usize, names: &[&str]) -> Result<Cell, CellFault> {
        let json = self.json(row)?;
        let column = self.find_column(names);
        let Some((name, key)) = &self.columns[column].found else { return Ok(Cell::Empty) };
        let value = read(&json, key)?;
        if !value.is_undefined() {
            return self.cell(&value);
        }
        if self.twins.contains(name) {
            return Ok(Cell::Empty);
        }
        // The same column, spelt another way in this row.
        let spelt = keys(&json)?.iter().find(|key| text(key).is_ok_and(|key| folded(&key) == *name));
        spelt.map_or(Ok(Cell::Empty), |key| self.cell(&read(&json, &key)?))
    }

    fn column_names(&mut self) -> Option<Vec<String>> {
        self.look_for_names();
        let names = self.names.iter().flatten().filter_map(|(_, key)| text(key).ok()).collect();
        self.are_names_all.then_some(names)
    }

    fn columns(&mut self, row: usize) -> Result<String, CellFault> {
        let json = self.json(row)?;
        keys(&json)?;
        self.json_text(&json)
    }

    fn file(&mut self, row: usize, name: &str) -> Option<String> {
        let file = field(&field(&self.item(row), "binary"), name);
        file.is_object().then(|| field(&file, "fileName").as_string().unwrap_or_else(|| "file".to_owned()))
    }
}

impl JsRows {
    /// Whether a row has no columns but these.
    pub(super) fn has_only(&mut self, row: usize, names: &[&str]) -> bool {
        let Ok(keys) = self.json(row).and_then(|json| keys(&json)) else { return false };
        keys.length() as usize <= names.len()
            && keys.iter().all(|key| text(&key).is_ok_and(|key| names.contains(&key.as_str())))
    }

    fn cell(&self, value: &JsValue) -> Result<Cell, CellFault> {
        if let Some(plain) = plain(value) {
            return plain;
        }
        if read(value, &"__rl".into())?.is_truthy() {
            let mode = read(value, &"mode".into())?.as_string().unwrap_or_default();
            // A locator holds a plain value, never another locator.
            let value = match plain(&read(value, &"value".into())?) {
                Some(plain) => plain?,
                None => Cell::Json("{}".to_owned()),
            };
            return Ok(Cell::Locator { mode, value: Box::new(value) });
        }
        // A list or an object; dates are text.
        let text = self.json_text(value)?;
        Ok(match text.strip_prefix('"') {
            Some(_) => json::parse(&text).map_or(Cell::Json(text), Cell::Text),
            None => Cell::Json(text),
        })
    }

    /// The host walks the value, within the limits, and stops where something throws.
    fn json_text(&self, value: &JsValue) -> Result<String, CellFault> {
        let limits = (JsValue::from_f64(json::MAX_DEPTH as f64), JsValue::from_f64(json::MAX_LENGTH as f64));
        let written = self.to_json.call3(&JsValue::UNDEFINED, value, &limits.0, &limits.1);
        let written = written.map_err(|error| fault(&error))?;
        if written.is_string() { text(&written) } else { Err(CellFault(misuse::NO_JSON.to_owned())) }
    }
}

/// Reads a field; whatever an odd object does to prevent it is the row's trouble.
fn read(of: &JsValue, key: &JsValue) -> Result<JsValue, CellFault> {
    if !of.is_object() {
        return Ok(JsValue::UNDEFINED);
    }
    of.unchecked_ref::<Anything>().field(key).map_err(|error| fault(&error))
}

fn keys(json: &JsValue) -> Result<Array, CellFault> {
    if !json.is_object() {
        return Ok(Array::new());
    }
    let keys = keys_of(json).map_err(|error| fault(&error))?;
    if keys.length() > MOST_COLUMNS {
        return Err(CellFault(misuse::too_many_columns(MOST_COLUMNS)));
    }
    Ok(keys)
}

fn plain(value: &JsValue) -> Option<Result<Cell, CellFault>> {
    if value.is_string() {
        Some(text(value).map(Cell::Text))
    } else if let Some(number) = value.as_f64() {
        Some(Ok(Cell::Number(number)))
    } else if let Some(flag) = value.as_bool() {
        Some(Ok(Cell::Bool(flag)))
    } else {
        (value.is_null() || value.is_undefined()).then_some(Ok(Cell::Empty))
    }
}

/// A text of the host's, unless it is too long to be taken over.
fn text(value: &JsValue) -> Result<String, CellFault> {
    if value.unchecked_ref::<JsString>().length() as usize > json::MAX_LENGTH {
        return Err(CellFault(JsonFault::TooLong.to_string()));
    }
    let text = value.as_string().unwrap_or_default();
    // What is no text was turned into this; asked only then, for each unit of it costs a call.
    if text.contains(char::REPLACEMENT_CHARACTER) && !value.unchecked_ref::<JsString>().is_valid_utf16() {
        return Err(CellFault(JsonFault::HalfCharacter.to_string()));
    }
    Ok(text)
}

/// What was thrown, in its own words. Even an error may be an odd object.
fn fault(error: &JsValue) -> CellFault {
    let message = if error.is_object() { field(error, "message") } else { error.clone() };
    CellFault(if message.is_string() { text(&message).unwrap_or_default() } else { String::new() })
}
