//! n8n's items as rows: values cross one by one, when they are needed.

use js_sys::{Array, BigInt, Function, Reflect};
use rustc_hash::FxHashSet;
use serde_json::Value;
use wasm_bindgen::prelude::*;

use super::host::field;
use super::objects::{Shapes, fault, keys, read, shape, text};
use super::parameters::JsParameters;
use crate::n8n::{misuse, own_columns};
use crate::rows::json;
use crate::rows::{Cell, CellFault, ColumnNames, Rows, folded, path};

#[wasm_bindgen]
extern "C" {
    /// A row: no text is made for the name of a field, or between names, as it would be for each row.
    type Item;

    #[wasm_bindgen(method, getter, catch)]
    fn json(this: &Item) -> Result<JsValue, JsValue>;
}

/// So many names are told apart in all rows, and so many lists of names that rows have in common.
const MOST_NAMES: usize = 10_000;
const MOST_SHAPES: u32 = 1000;

pub(super) struct JsRows {
    items: Array,
    count: usize,
    parameters: JsParameters,
    /// Parameters that are the same for all rows, although a function makes them.
    fixed: Vec<String>,
    /// The JSON text of a value: `(value, maxDepth, maxLength, blankDepth) => string`.
    to_json: Function,
    /// The latest row's columns.
    current_json: Option<(usize, Result<JsValue, CellFault>)>,
    /// The columns of the rows that were looked at, and how many were.
    names: ColumnNames,
    known: FxHashSet<String>,
    /// Those, [`folded`], that are taken only as they are spelled.
    as_spelled: FxHashSet<String>,
    looked_at: usize,
    /// Lists of names that were seen already: most rows have the same.
    shapes: Shapes,
    /// The columns that were asked for.
    columns: Vec<Column>,
}

struct Column {
    name: String,
    key: JsValue,
    folded: String,
    /// The names on the way to it, where it may stand within another column.
    path: Vec<JsValue>,
}

impl JsRows {
    pub(super) fn new(items: Array, parameters: JsParameters, fixed: Vec<String>, to_json: Function) -> Self {
        Self {
            count: items.length() as usize,
            items,
            parameters,
            fixed,
            to_json,
            current_json: None,
            names: ColumnNames { are_all: true, ..ColumnNames::default() },
            known: FxHashSet::default(),
            as_spelled: FxHashSet::default(),
            looked_at: 0,
            shapes: Shapes::new(MOST_SHAPES),
            columns: Vec::new(),
        }
    }

    fn json(&mut self, row: usize) -> Result<JsValue, CellFault> {
        if let Some((current, json)) = &self.current_json
            && *current == row
        {
            return json.clone();
        }
        let item = self.item(row);
        let json = match item.is_object() {
            true => item.unchecked_ref::<Item>().json().map_err(|error| fault(&error)),
            false => Ok(JsValue::UNDEFINED),
        };
        self.current_json = Some((row, json.clone()));
        json
    }

    fn item(&self, row: usize) -> JsValue {
        self.items.get(u32::try_from(row).unwrap_or(u32::MAX))
    }

    /// Takes in the names of a row's columns. A row that cannot be read says so when its turn comes.
    fn look_at(&mut self, row: usize) -> Result<(), CellFault> {
        let json = self.json(row)?;
        let keys = keys(&json)?;
        let shape = shape(&keys);
        if self.shapes.has(&shape) {
            return Ok(());
        }
        self.shapes.add(&shape);
        let mut of_row = FxHashSet::default();
        for key in keys.iter() {
            let Ok(name) = text(&key) else { continue };
            let compared = folded(&name);
            if !of_row.insert(compared.clone()) {
                self.names.twins.insert(compared);
            }
            if self.known.contains(&name) {
                continue;
            }
            if self.known.len() == MOST_NAMES {
                self.names.are_too_many = true;
                return Ok(());
            }
            self.known.insert(name.clone());
            self.names.spelled.push(name);
        }
        Ok(())
    }

    /// Where a column that was asked for is kept.
    fn position(&mut self, name: &str) -> usize {
        if let Some(known) = self.columns.iter().position(|column| column.name == name) {
            return known;
        }
        let steps = path::steps(name).filter(|steps| steps.len() > 1).unwrap_or_default();
        self.columns.push(Column {
            name: name.to_owned(),
            key: JsValue::from_str(name),
            folded: folded(name),
            path: steps.iter().map(|step| JsValue::from_str(step)).collect(),
        });
        self.columns.len() - 1
    }
}

impl Rows for JsRows {
    fn len(&self) -> usize {
        self.count
    }

    fn is_fixed(&self, name: &str) -> bool {
        !self.parameters.are_made() || self.fixed.iter().any(|fixed| fixed == name)
    }

    fn parameter(&mut self, row: usize, name: &str) -> Result<Cell, CellFault> {
        let parameters = self.parameters.of_row(row)?;
        self.cell(&read(&parameters, &JsValue::from_str(name))?, self.parameters.blank_depth(name))
    }

    fn has_parameter(&mut self, row: usize, name: &str) -> bool {
        self.parameters
            .of_row(row)
            .is_ok_and(|of| of.is_object() && Reflect::has(&of, &JsValue::from_str(name)).unwrap_or_default())
    }

    fn column(&mut self, row: usize, name: &str) -> Result<Cell, CellFault> {
        let json = self.json(row)?;
        let position = self.position(name);
        let column = &self.columns[position];
        let value = read(&json, &column.key)?;
        if !value.is_undefined() {
            return self.cell(&value, 0);
        }
        if self.names.twins.contains(&column.folded) || self.as_spelled.contains(&column.folded) {
            return Ok(Cell::Empty);
        }
        // The same column, spelled another way in this row.
        let spelled = keys(&json)?.iter().find(|key| text(key).is_ok_and(|key| folded(&key) == column.folded));
        match spelled {
            Some(key) => self.cell(&read(&json, &key)?, 0),
            None if column.path.is_empty() => Ok(Cell::Empty),
            None => self.cell(&column.path.iter().try_fold(json, |value, step| read(&value, step))?, 0),
        }
    }

    fn take_as_spelled(&mut self, name: &str) {
        self.as_spelled.insert(folded(name));
    }

    fn look_at_columns(&mut self, most: usize) -> bool {
        let end = self.count.min(self.looked_at + most);
        for row in self.looked_at..end {
            self.names.are_all &= self.look_at(row).is_ok();
        }
        self.looked_at = end;
        end == self.count
    }

    fn column_names(&self) -> ColumnNames {
        self.names.clone()
    }

    fn names_within(&mut self, row: usize, object: &[String]) -> Vec<String> {
        let row = self.json(row);
        let object =
            row.and_then(|row| object.iter().try_fold(row, |value, step| read(&value, &JsValue::from_str(step))));
        let keys = object.and_then(|object| keys(&object)).unwrap_or_default();
        keys.iter().filter_map(|key| text(&key).ok()).collect()
    }

    fn columns(&mut self, row: usize) -> Result<String, CellFault> {
        self.columns_text(row, 1)
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

    /// A row's columns as far as they are kept beside what became of it, as JSON text. One odd cell does not take the others
    /// with it: why it is not kept stands in its place.
    pub(super) fn own_columns(&mut self, row: usize) -> Result<String, CellFault> {
        if let Ok(text) = self.columns_text(row, 0) {
            return Ok(text);
        }
        let json = self.json(row)?;
        let mut kept = String::from("{");
        for key in keys(&json)?.iter() {
            let (name, value) = (text(&key)?, read(&json, &key));
            // As in any JSON.
            if value.as_ref().is_ok_and(|value| value.is_undefined() || value.is_function() || value.is_symbol()) {
                continue;
            }
            if kept.len() > own_columns::MOST {
                break;
            }
            let comma = if kept.len() > 1 { "," } else { "" };
            let cell = match value.and_then(|value| self.kept(&value)) {
                Ok(text) => text,
                Err(CellFault(why)) => Value::from(misuse::not_kept(&why)).to_string(),
            };
            kept += &format!("{comma}{}:{cell}", Value::from(name));
        }
        Ok(kept + "}")
    }

    fn kept(&self, value: &JsValue) -> Result<String, CellFault> {
        match value.dyn_ref::<BigInt>() {
            Some(number) => {
                let digits = number.to_string(10).map_err(|error| fault(&error))?;
                Ok(Value::from(text(&digits)?).to_string())
            }
            None => self.json_text(value, 0),
        }
    }

    fn columns_text(&mut self, row: usize, blank_depth: u8) -> Result<String, CellFault> {
        let json = self.json(row)?;
        keys(&json)?;
        self.json_text(&json, blank_depth)
    }

    fn cell(&self, value: &JsValue, blank_depth: u8) -> Result<Cell, CellFault> {
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
        let text = self.json_text(value, blank_depth)?;
        Ok(match text.strip_prefix('"') {
            Some(_) => json::parse(&text).map_or(Cell::Json(text), Cell::Text),
            None => Cell::Json(text),
        })
    }

    /// The host walks the value, within the limits, and stops where something throws. What is undefined in the upper levels
    /// is null, in so many of them.
    fn json_text(&self, value: &JsValue, blank_depth: u8) -> Result<String, CellFault> {
        let limits = (JsValue::from_f64(json::MAX_DEPTH as f64), JsValue::from_f64(json::MAX_LENGTH as f64));
        let written = self.to_json.call4(&JsValue::UNDEFINED, value, &limits.0, &limits.1, &blank_depth.into());
        let written = written.map_err(|error| fault(&error))?;
        if written.is_string() { text(&written) } else { Err(CellFault(misuse::NO_JSON.to_owned())) }
    }
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
