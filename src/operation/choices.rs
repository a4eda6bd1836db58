//! The entities that a person can choose from.

use serde_json::{Value, json};

use super::parameters::{Parameters, no_key};
use crate::definition::{Field, Locator, OPERATIONS, ValueKind};
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
    // Some are known by their number only.
    fields.dedup();
    let part = named_part(locator);
    fields.extend(part.filter(|part| !part.flags.is_navigation()).map(Field::name));
    let mut query = Asked { skip, top: PAGE_SIZE, counts: false }.query(locator.label);
    if !conditions.is_empty() {
        query = query.with("$filter", &conditions.join(" and "));
    }
    query = query.with("$select", &fields.join(","));
    if let Some(related) = part.filter(|part| part.flags.is_navigation()) {
        query = query.with("$expand", related.name());
    }
    Ok(HttpRequest::get(locator.set, &query))
}

/// The name of what is within an entity that has none itself.
const NAME: &str = "Name";

/// What has a name within an entity that has none itself, such as a trunk's gateway.
fn named_part(locator: &Locator) -> Option<&'static Field> {
    if locator.label != locator.key && locator.label != locator.number {
        return None;
    }
    let listed = OPERATIONS.iter().find(|operation| operation.path == locator.set && operation.pages)?;
    let has_name = |field: &&Field| match field.kind {
        ValueKind::Object(of) => !field.flags.is_list() && of.fields.iter().any(|inner| inner.name() == NAME),
        _ => false,
    };
    listed.record()?.fields.iter().find(has_name)
}

fn text_fields(locator: &Locator) -> Vec<&'static str> {
    let is_text = |name: &&str| !name.is_empty() && (*name != locator.key || matches!(locator.kind, ValueKind::Text));
    [locator.label, locator.number].into_iter().filter(is_text).collect()
}

/// An entry of the list: what is shown, and what stands for it. What has no key cannot be chosen.
pub(super) fn choice(record: &str, locator: &Locator) -> Result<String, Failure> {
    let unreadable = Failure::Unreadable { status: 200 };
    let record: Value = serde_json::from_str(record).map_err(|_| unreadable.clone())?;
    let key = shown(&record[locator.key]);
    if key.is_empty() {
        return Err(unreadable);
    }
    let (label, number) = (shown(&record[locator.label]), shown(&record[locator.number]));
    let part = named_part(locator).map(|part| shown(&record[part.name()][NAME])).unwrap_or_default();
    let (label, number) = if part.is_empty() { (label, number) } else { (part, label) };
    let name = match (label.is_empty(), number.is_empty() || number == label) {
        (false, false) => format!("{label} ({number})"),
        (false, true) => label,
        (true, false) => number,
        (true, true) => key.clone(),
    };
    Ok(json!({ "name": name, "value": key }).to_string())
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::LOCATORS;
    use crate::rows::testing::given;

    fn locator(set: &str) -> &'static Locator {
        LOCATORS.iter().find(|locator| locator.set == set).unwrap()
    }

    #[test]
    fn what_has_no_name_itself_is_shown_by_that_of_a_part() {
        for (set, record, name) in [
            ("/Trunks", r#"{"Id":5,"Number":"10000","Gateway":{"Name":"Telekom"}}"#, "Telekom (10000)"),
            ("/Trunks", r#"{"Id":5,"Number":"10000","Gateway":null}"#, "10000"),
            ("/SipDevices", r#"{"Id":12,"DN":{"Name":"Ann","Number":"101"}}"#, "Ann (12)"),
            ("/SipDevices", r#"{"Id":12}"#, "12"),
            ("/Groups", r#"{"Id":28,"Name":"Sales","CustomOperator":{"Name":"x"}}"#, "Sales"),
        ] {
            let entry: Value = serde_json::from_str(&choice(record, locator(set)).unwrap()).unwrap();
            assert_eq!(entry["name"], name, "{record}");
        }
        for (set, asked) in [
            ("/Trunks", "$select=Id%2CNumber%2CGateway"),
            ("/SipDevices", "$select=Id&$expand=DN"),
            ("/Fax", "$select=Id%2CNumber"),
        ] {
            let nothing = json!({});
            let mut rows = given(&nothing);
            let path = request(locator(set), &mut Parameters { rows: &mut rows, row: 0 }).unwrap().path;
            assert!(path.ends_with(asked), "{path}");
        }
    }

    #[test]
    fn what_has_no_key_cannot_be_chosen() {
        for record in [r#"{"Name":"x"}"#, r#"{"Id":null,"Name":"x"}"#, r#"{"Id":"","Name":"x"}"#, "5"] {
            assert!(choice(record, locator("/Groups")).is_err(), "{record}");
        }
    }
}
