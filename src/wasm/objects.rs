//! What is taken over of a row's objects, odd as they may be: names, texts, and what was thrown.

use js_sys::{Array, JsString, Set};
use wasm_bindgen::prelude::*;

use super::host::{Anything, field};
use crate::n8n::misuse;
use crate::rows::CellFault;
use crate::rows::json::{self, JsonFault};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Object, js_name = keys, catch)]
    fn keys_of(value: &JsValue) -> Result<Array, JsValue>;

    type Keys;

    #[wasm_bindgen(method)]
    fn join(this: &Keys, separator: &JsValue) -> JsString;
}

/// A row may have this many columns.
const MOST_COLUMNS: u32 = 10_000;
/// A longer list of names is not remembered.
const LONGEST_SHAPE: u32 = 4096;

/// Reads a field; whatever an odd object does to prevent it is the row's trouble.
pub(super) fn read(of: &JsValue, key: &JsValue) -> Result<JsValue, CellFault> {
    if !of.is_object() {
        return Ok(JsValue::UNDEFINED);
    }
    of.unchecked_ref::<Anything>().field(key).map_err(|error| fault(&error))
}

/// The names of its fields, unless there are more than a row may have columns.
pub(super) fn keys(json: &JsValue) -> Result<Array, CellFault> {
    if !json.is_object() {
        return Ok(Array::new());
    }
    let keys = keys_of(json).map_err(|error| fault(&error))?;
    if keys.length() > MOST_COLUMNS {
        return Err(CellFault(misuse::too_many_columns(MOST_COLUMNS)));
    }
    Ok(keys)
}

/// Lists of names that were seen already: most rows have the same.
pub(super) struct Shapes {
    seen: Set,
    most: u32,
}

impl Shapes {
    pub(super) fn new(most: u32) -> Self {
        Self { seen: Set::new(&JsValue::UNDEFINED), most }
    }

    pub(super) fn has(&self, shape: &JsString) -> bool {
        self.seen.has(shape)
    }

    pub(super) fn add(&self, shape: &JsString) {
        if self.seen.size() < self.most && shape.length() <= LONGEST_SHAPE {
            self.seen.add(shape);
        }
    }
}

/// All names in one text.
pub(super) fn shape(keys: &Array) -> JsString {
    thread_local!(static SEPARATOR: JsValue = JsValue::from_str("\0"));
    SEPARATOR.with(|separator| keys.unchecked_ref::<Keys>().join(separator))
}

/// A text of the host's, unless it is too long to be taken over.
pub(super) fn text(value: &JsValue) -> Result<String, CellFault> {
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
pub(super) fn fault(error: &JsValue) -> CellFault {
    let message = if error.is_object() { field(error, "message") } else { error.clone() };
    CellFault(if message.is_string() { text(&message).unwrap_or_default() } else { String::new() })
}
