//! What the trigger of 3CX's posts asks of the core: texts in, texts out.

use serde::Serialize;
use serde_json::json;
use wasm_bindgen::prelude::*;

use crate::crm::{self, access, template};
use crate::n8n::crm as words;

/// The template, as JSON: `fileName` and `xml`, or what is `wrong`.
#[wasm_bindgen(js_name = crmTemplate)]
pub fn crm_template(input: &str) -> String {
    told(template::file(input, &words::TITLES).map_err(|unfit| unfit.to_string()))
}

/// What a post comes to, as JSON: `status` and `message`, and `item` and `memory` where there are; or what is `wrong`.
#[wasm_bindgen(js_name = crmPost)]
pub fn crm_post(input: &str) -> String {
    told(crm::receive(input).map(words::reply).map_err(|error| words::unreadable(&error.to_string())))
}

/// What is wrong with a secret; nothing if it can be used.
#[wasm_bindgen(js_name = crmSecret)]
pub fn crm_secret(secret: &str) -> String {
    access::weakness(secret).map(|weakness| weakness.to_string()).unwrap_or_default()
}

fn told(result: Result<impl Serialize, String>) -> String {
    let text = result.and_then(|value| serde_json::to_string(&value).map_err(|error| error.to_string()));
    text.unwrap_or_else(|wrong| json!({ "wrong": wrong }).to_string())
}
