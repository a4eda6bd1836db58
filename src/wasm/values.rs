//! Plain values of the caller's objects: understood as people write them, or refused in plain words.

use js_sys::{Array, Error, JsString, Map, Reflect};
use wasm_bindgen::prelude::*;

use super::host::field;
use crate::n8n::misuse::{self, Demand};
use crate::rows::json;

/// The values of an object that the caller gave, such as the options.
pub(super) struct Values<'a> {
    pub(super) of: &'a JsValue,
}

impl Values<'_> {
    /// Missing, null and blank texts are no value.
    fn get(&self, name: &str) -> Result<Option<JsValue>, JsValue> {
        if !self.of.is_object() {
            return Ok(None);
        }
        let value = Reflect::get(self.of, &JsValue::from_str(name))?;
        let is_blank = value.is_string() && value.unchecked_ref::<JsString>().trim().length() == 0;
        Ok((!value.is_undefined() && !value.is_null() && !is_blank).then_some(value))
    }

    /// A text, or a number as a text. What is found is not shown: it may be a secret.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, JsValue> {
        let Some(value) = self.get(name)? else { return Ok(None) };
        if value.is_string() && value.unchecked_ref::<JsString>().length() as usize > json::MAX_LENGTH {
            return Err(refused(name, Demand::Shorter));
        }
        let text = value.as_string().or_else(|| value.as_f64().map(|number| number.to_string()));
        text.map(|text| Some(text.trim().to_owned())).ok_or_else(|| refused(name, Demand::Text))
    }

    /// A number from 0 on, or a text of one.
    pub(super) fn number(&self, name: &str) -> Result<Option<f64>, JsValue> {
        let Some(value) = self.get(name)? else { return Ok(None) };
        let number = value.as_f64().or_else(|| value.as_string()?.trim().parse().ok());
        let number = number.filter(|number| number.is_finite() && *number >= 0.0);
        number.map(Some).ok_or_else(|| refused(name, Demand::FromZero))
    }

    /// A list of names.
    pub(super) fn names(&self, name: &str) -> Result<Vec<String>, JsValue> {
        let Some(value) = self.get(name)? else { return Ok(Vec::new()) };
        let list = value.dyn_ref::<Array>().ok_or_else(|| refused(name, Demand::Names))?;
        list.iter().map(|entry| entry.as_string().ok_or_else(|| refused(name, Demand::Names))).collect()
    }

    /// Refuses what is none where a function belongs.
    pub(super) fn functions(&self, names: &[&str]) -> Result<(), JsValue> {
        for name in names {
            if self.get(name)?.is_some_and(|value| !value.is_function()) {
                return Err(refused(name, Demand::Function));
            }
        }
        Ok(())
    }

    /// Refuses what nobody can cancel a run by.
    pub(super) fn signal(&self, name: &str) -> Result<(), JsValue> {
        let is_one = |value: &JsValue| {
            field(value, "aborted").as_bool().is_some() && field(value, "addEventListener").is_function()
        };
        match self.get(name)? {
            Some(value) if !is_one(&value) => Err(refused(name, Demand::Signal)),
            _ => Ok(()),
        }
    }

    pub(super) fn map(&self, name: &str) -> Result<Option<Map>, JsValue> {
        let map = self.get(name)?.map(JsCast::dyn_into);
        map.transpose().map_err(|_| refused(name, Demand::Map))
    }

    /// True or false and nothing else, so that no run does more than was meant.
    pub(super) fn flag(&self, name: &str) -> Result<bool, JsValue> {
        if !self.of.is_object() {
            return Ok(false);
        }
        let value = Reflect::get(self.of, &JsValue::from_str(name))?;
        match value.as_bool() {
            Some(flag) => Ok(flag),
            None if value.is_undefined() || value.is_null() => Ok(false),
            None => Err(refused(name, Demand::Flag)),
        }
    }
}

fn refused(name: &str, wanted: Demand) -> JsValue {
    Error::new(&misuse::option(name, wanted)).into()
}
