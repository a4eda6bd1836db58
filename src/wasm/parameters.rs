//! The values of the operation's form. What would not be read is refused: it may be what was to hold the run back.

use js_sys::{Error, Function, Reflect};
use wasm_bindgen::prelude::*;

use super::objects::{Shapes, fault, keys, shape, text};
use crate::definition::{Kind, Operation};
use crate::n8n::misuse::{self, Demand};
use crate::rows::CellFault;
use crate::sorting;

/// So many lists of names, which rows have in common, are known.
const MOST_SHAPES: u32 = 100;

pub(super) struct JsParameters {
    /// An object for all rows, or a function of the row's index.
    given: JsValue,
    /// The names that there are.
    known: Vec<&'static str>,
    /// Whether a blank that is left out may widen the call.
    is_narrowed: bool,
    /// Lists of names that were looked at already: most rows have the same.
    shapes: Shapes,
    /// The latest row's, where a function makes them.
    current: Option<(usize, Result<JsValue, CellFault>)>,
}

/// What a search for choices can be asked besides.
const OF_CHOICES: [&str; 2] = ["query", "skip"];

impl JsParameters {
    /// In how many levels of a parameter's value something undefined is a blank: fields are within a mapper's `value`.
    pub(super) fn blank_depth(&self, name: &str) -> u8 {
        match name {
            "fields" | "arguments" => 2,
            "body" if self.is_narrowed => 2,
            _ => 0,
        }
    }

    pub(super) fn new(given: JsValue, operation: &'static Operation, choices: bool) -> Result<Self, JsValue> {
        let of_choices = choices.then_some(OF_CHOICES).into_iter().flatten();
        let mut known: Vec<_> = operation.form().chain(of_choices).collect();
        sorting::sort(&mut known);
        known.dedup();
        let parameters = Self {
            given,
            known,
            is_narrowed: operation.everything || operation.kind == Kind::CustomRequest,
            shapes: Shapes::new(MOST_SHAPES),
            current: None,
        };
        let given = &parameters.given;
        if !given.is_function() && !given.is_undefined() && !given.is_null() {
            if !is_plain(given) {
                return Err(Error::new(&misuse::option("parameters", Demand::Parameters)).into());
            }
            if let Some(name) = parameters.unknown(given).map_err(|CellFault(why)| Error::new(&why))? {
                return Err(Error::new(&misuse::no_parameter(operation.name, &name, &parameters.known)).into());
            }
        }
        Ok(parameters)
    }

    pub(super) fn are_made(&self) -> bool {
        self.given.is_function()
    }

    pub(super) fn of_row(&mut self, row: usize) -> Result<JsValue, CellFault> {
        let Some(function) = self.given.dyn_ref::<Function>() else {
            return Ok(self.given.clone());
        };
        if let Some((current, values)) = &self.current
            && *current == row
        {
            return values.clone();
        }
        let made = function.call1(&JsValue::UNDEFINED, &JsValue::from_f64(row as f64)).map_err(|error| fault(&error));
        let values = made.and_then(|made| self.seen(made));
        self.current = Some((row, values.clone()));
        values
    }

    fn seen(&self, made: JsValue) -> Result<JsValue, CellFault> {
        if !is_plain(&made) {
            return Err(CellFault(misuse::NO_PARAMETERS.to_owned()));
        }
        match self.unknown(&made)? {
            Some(name) => Err(CellFault(misuse::unknown_parameter(&name))),
            None => Ok(made),
        }
    }

    /// The first name that is none of a parameter.
    fn unknown(&self, values: &JsValue) -> Result<Option<String>, CellFault> {
        let keys = keys(values)?;
        let shape = shape(&keys);
        if self.shapes.has(&shape) {
            return Ok(None);
        }
        for key in keys.iter() {
            let name = text(&key)?;
            if !self.known.contains(&name.as_str()) {
                return Ok(Some(name));
            }
        }
        self.shapes.add(&shape);
        Ok(None)
    }
}

/// The options that there are.
const OPTIONS: [&str; 31] = [
    "resource",
    "operation",
    "parameters",
    "concurrency",
    "requestsPerSecond",
    "timeout",
    "deadline",
    "maxAnswerBytes",
    "maxFileBytes",
    "choices",
    "agent",
    "stopOnError",
    "retryOnFail",
    "fixed",
    "uniform",
    "sentBefore",
    "inLoop",
    "rowsThere",
    "otherCredential",
    "timezone",
    "memory",
    "sent",
    "signal",
    "fetch",
    "saveFile",
    "readFile",
    "onProgress",
    "progressInterval",
    "onChange",
    "onFailed",
    "onHint",
];

/// Refuses options that there are not.
pub(super) fn check_options(options: &JsValue, operation: &Operation) -> Result<(), JsValue> {
    if options.is_undefined() || options.is_null() {
        return Ok(());
    }
    if !is_plain(options) {
        return Err(Error::new(&misuse::option("options", Demand::Object)).into());
    }
    for key in keys(options).map_err(|CellFault(why)| Error::new(&why))?.iter() {
        let name = key.as_string().unwrap_or_default();
        if !OPTIONS.contains(&name.as_str()) {
            return Err(Error::new(&misuse::no_option(&name, operation.form().any(|known| known == name))).into());
        }
    }
    Ok(())
}

/// Whether it is what braces make: lists, maps and promises have no fields that anybody means.
fn is_plain(value: &JsValue) -> bool {
    let above = |of: &JsValue| Reflect::get_prototype_of(of).map(JsValue::from);
    value.is_object()
        // That of braces has none above it, in whatever realm they stand.
        && above(value).is_ok_and(|own| own.is_null() || above(&own).is_ok_and(|next| next.is_null()))
}
