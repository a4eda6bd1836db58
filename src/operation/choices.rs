//! The entities that a person can choose from.

use serde_json::{Value, json};

use super::parameters::{Parameters, no_key};
use crate::definition::{Locator, ValueKind};
use crate::n8n::outcome::Report;
use crate::xapi::error::Failure;
use crate::xapi::odata::quoted;
use crate::xapi::pages::{Asked, PAGE_SIZE};
use crate::xapi::request::HttpRequest;

/// One page of them.
pub(super) fn request(locator: &Locator, form: &mut Parameters<'_>) -> Result<HttpRequest, Box<Report>> {
    let skip = form.text("skip")?.and_then(|skip| skip.parse().ok()).unwrap_or_default();
    let text_fields = text_fields(locator);
    let mut conditions = Vec::new();
    if !locator.hidden_prefix.is_empty() {
        conditions.push(format!("not startswith({},{})", locator.label, quoted(locator.hidden_prefix)));
    }
    if let Some(text) = form.text("query")?
        && !text_fields.is_empty()
    {
        no_key("Search", &text)?;
        let text = quoted(&text.to_lowercase());
        let any: Vec<String> = text_fields.iter().map(|field| format!("contains(tolower({field}),{text})")).collect();
        conditions.push(format!("({})", any.join(" or ")));
    }
    let mut fields = vec![locator.key];
    fields.extend([locator.label, locator.number].into_iter().filter(|name| !name.is_empty() && *name != locator.key));
    let mut query = Asked { skip, top: PAGE_SIZE, counts: false }.query(locator.label);
    if !conditions.is_empty() {
        query = query.with("$filter", &conditions.join(" and "));
    }
    Ok(HttpRequest::get(locator.set, &query.with("$select", &fields.join(","))))
}

fn text_fields(locator: &Locator) -> Vec<&'static str> {
    let is_text = |name: &&str| !name.is_empty() && (*name != locator.key || matches!(locator.kind, ValueKind::Text));
    [locator.label, locator.number].into_iter().filter(is_text).collect()
}

/// An entry of the list: what is shown, and what stands for it.
pub(super) fn choice(record: &str, locator: &Locator) -> Result<String, Failure> {
    let unreadable = Failure::Unreadable { status: 200 };
    let record: Value = serde_json::from_str(record).map_err(|_| unreadable.clone())?;
    let shown = |name: &str| match &record[name] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let key = shown(locator.key);
    if key.is_empty() {
        return Err(unreadable);
    }
    let (label, number) = (shown(locator.label), shown(locator.number));
    let name = match (label.is_empty(), number.is_empty() || number == label) {
        (false, false) => format!("{label} ({number})"),
        (false, true) => label,
        (true, false) => number,
        (true, true) => key.clone(),
    };
    Ok(json!({ "name": name, "value": key }).to_string())
}
