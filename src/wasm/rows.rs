//! n8n's items as rows: values cross one by one, when they are needed.

use js_sys::{Array, Function, JSON, Object};
use wasm_bindgen::prelude::*;

use super::host::{Anything, Item, field};
use crate::rows::{Cell, CellFault, Rows, folded};

/// In how many rows a column's name is looked for, before it counts as missing.
const ROWS_LOOKED_AT: usize = 100;

pub(super) struct JsRows {
    items: Array,
    count: usize,
    parameters: JsValue,
    /// Parameters that are the same for all rows, although a function makes them.
    fixed: Vec<String>,
    /// The latest row's parameters, where they are made by a function.
    current: Option<(usize, Result<JsValue, CellFault>)>,
    /// The latest row's columns.
    current_json: Option<(usize, JsValue)>,
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
    pub(super) fn new(items: Array, parameters: JsValue, fixed: Vec<String>) -> Self {
        Self {
            count: items.length() as usize,
            items,
            parameters,
            fixed,
            current: None,
            current_json: None,
            columns: Vec::new(),
        }
    }

    /// Whether a parameter is the same for all rows.
    pub(super) fn is_fixed(&self, name: &str) -> bool {
        !self.parameters.is_function() || self.fixed.iter().any(|fixed| fixed == name)
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
        let values = function
            .call1(&JsValue::UNDEFINED, &JsValue::from_f64(row as f64))
            .map_err(|error| CellFault(field(&error, "message").as_string().unwrap_or_default()));
        self.current = Some((row, values.clone()));
        values
    }

    fn json(&mut self, row: usize) -> JsValue {
        if let Some((current, json)) = &self.current_json
            && *current == row
        {
            return json.clone();
        }
        // An item that is not an object throws here, or has no `json`.
        let item = self.items.get(u32::try_from(row).unwrap_or(u32::MAX)).unchecked_into::<Item>();
        let json = item.json().unwrap_or_default();
        self.current_json = Some((row, json.clone()));
        json
    }

    /// Settles which column is meant, by the first rows.
    fn find_column(&mut self, names: &[&str]) -> usize {
        if let Some(known) = self.columns.iter().position(|column| column.asked == names) {
            return known;
        }
        let mut best: Option<(usize, String, JsValue)> = None;
        for row in 0..self.len().min(ROWS_LOOKED_AT) {
            for key in keys(&self.json(row)) {
                let name = folded(&key.as_string().unwrap_or_default());
                let rank = names.iter().position(|wanted| *wanted == name);
                if let Some(rank) = rank
                    && best.as_ref().is_none_or(|(best, _, _)| rank < *best)
                {
                    best = Some((rank, name, key));
                }
            }
        }
        let asked = names.iter().map(|name| (*name).to_owned()).collect();
        self.columns.push(Column { asked, found: best.map(|(_, name, key)| (name, key)) });
        self.columns.len() - 1
    }
}

impl Rows for JsRows {
    fn len(&self) -> usize {
        self.count
    }

    fn parameter(&mut self, row: usize, name: &str) -> Result<Cell, CellFault> {
        Ok(cell(&field(&self.parameters(row)?, name)))
    }

    fn column(&mut self, row: usize, names: &[&str]) -> Result<Cell, CellFault> {
        let json = self.json(row);
        let column = self.find_column(names);
        let Some((name, key)) = &self.columns[column].found else { return Ok(Cell::Empty) };
        let value = json.unchecked_ref::<Anything>().field(key).unwrap_or(JsValue::UNDEFINED);
        if !value.is_undefined() {
            return Ok(cell(&value));
        }
        // The same column, spelt another way in this row.
        let spelt = keys(&json).into_iter().find(|key| folded(&key.as_string().unwrap_or_default()) == *name);
        Ok(spelt.map_or(Cell::Empty, |key| {
            cell(&json.unchecked_ref::<Anything>().field(&key).unwrap_or(JsValue::UNDEFINED))
        }))
    }

    fn columns(&mut self, row: usize) -> Result<String, CellFault> {
        let json = self.json(row);
        let text = JSON::stringify(&json).ok().and_then(|text| text.as_string());
        text.ok_or_else(|| CellFault("its columns have no JSON form".to_owned()))
    }

    fn file(&mut self, row: usize, name: &str) -> Option<String> {
        let item = self.items.get(u32::try_from(row).unwrap_or(u32::MAX));
        let file = field(&field(&item, "binary"), name);
        file.is_object().then(|| field(&file, "fileName").as_string().unwrap_or_else(|| "file".to_owned()))
    }
}

fn keys(json: &JsValue) -> Vec<JsValue> {
    let object = json.is_object().then(|| json.unchecked_ref::<Object>());
    object.map(|object| Object::keys(object).to_vec()).unwrap_or_default()
}

fn cell(value: &JsValue) -> Cell {
    if value.is_string() {
        Cell::Text(value.as_string().unwrap_or_default())
    } else if let Some(number) = value.as_f64() {
        Cell::Number(number)
    } else if let Some(flag) = value.as_bool() {
        Cell::Bool(flag)
    } else if value.is_null() || value.is_undefined() {
        Cell::Empty
    } else if field(value, "__rl").is_truthy() {
        let mode = field(value, "mode").as_string().unwrap_or_default();
        Cell::Locator { mode, value: Box::new(cell(&field(value, "value"))) }
    } else {
        structured(value)
    }
}

/// A list or an object; dates are text.
fn structured(value: &JsValue) -> Cell {
    let text = JSON::stringify(value).ok().and_then(|text| text.as_string()).unwrap_or_default();
    match serde_json::from_str::<String>(&text) {
        Ok(text) => Cell::Text(text),
        Err(_) => Cell::Json(text),
    }
}
