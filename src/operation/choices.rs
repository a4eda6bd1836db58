//! The entities that a person can choose from.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::parameters::{Parameters, no_key};
use crate::definition::{Field, Locator, OPERATIONS, ValueKind};
use crate::fingerprint::fingerprint;
use crate::n8n::outcome::Report;
use crate::xapi::odata::quoted;
use crate::xapi::pages::{Asked, PAGE_SIZE};
use crate::xapi::request::HttpRequest;

/// One page of them, or all that have a name that 3CX cannot look for.
#[derive(Debug)]
pub(super) struct Choices {
    locator: &'static Locator,
    /// Whose name is shown where an entity has none itself.
    part: Option<&'static Field>,
    skip: usize,
    filter: String,
    /// In lower case: part of the names that are wanted, where 3CX cannot look for them.
    search: Option<String>,
    found: Vec<String>,
    /// Of the latest page, which comes again where `$skip` is ignored.
    first: Option<u64>,
    /// Whether whole records are asked for, without what is related to them.
    whole: bool,
}

/// So many are looked through for a name.
const MOST_SEARCHED: usize = 2000;

impl Choices {
    pub(super) fn of_row(locator: &'static Locator, form: &mut Parameters<'_>) -> Result<Self, Box<Report>> {
        let skip = form.text("skip")?.and_then(|skip| skip.parse().ok()).unwrap_or_default();
        let search = form.text("query")?.map(|text| text.to_lowercase());
        no_key("Search", search.as_deref().unwrap_or_default())?;
        let part = named_part(locator);
        let mut conditions = Vec::new();
        if !locator.hidden_prefix.is_empty() {
            conditions.push(format!("not startswith({},{})", locator.label, quoted(locator.hidden_prefix)));
        }
        let text_fields = text_fields(locator);
        if let (Some(text), None, false) = (&search, part, text_fields.is_empty()) {
            let text = quoted(text);
            let any: Vec<_> = text_fields.iter().map(|field| format!("contains(tolower({field}),{text})")).collect();
            conditions.push(format!("({})", any.join(" or ")));
        }
        let (filter, search) = (conditions.join(" and "), search.filter(|_| part.is_some()));
        Ok(Self { locator, part, skip, filter, search, found: Vec::new(), first: None, whole: false })
    }

    pub(super) fn request(&self) -> HttpRequest {
        let Locator { set, key, label, number, .. } = *self.locator;
        let mut query = Asked { skip: self.skip, top: PAGE_SIZE, counts: false }.query(label);
        if !self.filter.is_empty() {
            query = query.with("$filter", &self.filter);
        }
        if self.whole {
            return HttpRequest::get(set, &query);
        }
        let mut fields = vec![key];
        fields.extend([label, number].into_iter().filter(|name| !name.is_empty() && *name != key));
        // Some are known by their number only.
        fields.dedup();
        fields.extend(self.part.filter(|part| !part.flags.is_navigation()).map(Field::name));
        query = query.with("$select", &fields.join(","));
        if let Some(related) = self.part.filter(|part| part.flags.is_navigation()) {
            query = query.with("$expand", related.name());
        }
        HttpRequest::get(set, &query)
    }

    /// Asks for whole records, as some versions lack a field. Tells whether that differs.
    pub(super) fn read_whole(&mut self) -> bool {
        !std::mem::replace(&mut self.whole, true)
    }

    /// What the form offers, or what is asked for further. What has no key cannot be chosen.
    pub(super) fn take(mut self, records: &[&RawValue]) -> Result<Vec<String>, Self> {
        let is_wanted = |name: &str| self.search.as_ref().is_none_or(|text| name.to_lowercase().contains(text));
        let choices = records.iter().filter_map(|record| choice(record.get(), self.locator, self.part));
        let wanted = choices.filter(|(name, _)| is_wanted(name));
        let found: Vec<_> = wanted.map(|(name, key)| json!({ "name": name, "value": key }).to_string()).collect();
        self.found.extend(found);
        self.skip += records.len();
        if self.search.is_none() {
            return Ok(self.found);
        }
        // A full page would say that there are more to come, and a PBX may give fewer at once than it is asked for.
        self.found.truncate(PAGE_SIZE - 1);
        let first = records.first().map(|record| fingerprint(record.get()));
        let is_new = std::mem::replace(&mut self.first, first) != first;
        let goes_on = is_new && records.len() >= PAGE_SIZE / 2 && self.skip < MOST_SEARCHED;
        if goes_on { Err(self) } else { Ok(self.found) }
    }
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

/// What is shown of an entity, and what stands for it.
fn choice(record: &str, locator: &Locator, part: Option<&Field>) -> Option<(String, String)> {
    let record: Value = serde_json::from_str(record).ok()?;
    let key = Some(shown(&record[locator.key])).filter(|key| !key.is_empty())?;
    let (label, number) = (shown(&record[locator.label]), shown(&record[locator.number]));
    let part = part.map(|part| shown(&record[part.name()][NAME])).unwrap_or_default();
    let (label, number) = if part.is_empty() { (label, number) } else { (part, label) };
    let name = match (label.is_empty(), number.is_empty() || number == label) {
        (false, false) => format!("{label} ({number})"),
        (false, true) => label,
        (true, false) => number,
        (true, true) => key.clone(),
    };
    Some((name, key))
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
            let shown = choice(record, locator(set), named_part(locator(set)));
            assert_eq!(shown.unwrap().0, name, "{record}");
        }
        for (set, asked) in [
            ("/Trunks", "$select=Id%2CNumber%2CGateway"),
            ("/SipDevices", "$select=Id&$expand=DN"),
            ("/Fax", "$select=Id%2CNumber"),
        ] {
            let nothing = json!({});
            let mut rows = given(&nothing);
            let mut form = Parameters { rows: &mut rows, row: 0 };
            let mut choices = Choices::of_row(locator(set), &mut form).unwrap();
            assert!(choices.request().path.ends_with(asked), "{choices:?}");
            assert!(choices.read_whole() && !choices.request().path.contains(asked), "{choices:?}");
            assert!(!choices.read_whole());
        }
    }

    #[test]
    fn names_of_parts_are_looked_for_here() {
        let search = json!({ "query": "TELE" });
        let mut rows = given(&search);
        let choices = Choices::of_row(locator("/Trunks"), &mut Parameters { rows: &mut rows, row: 0 }).unwrap();
        assert!(!choices.request().path.contains("contains"), "{choices:?}");
        let trunk = |id: usize, name: &str| json!({ "Id": id, "Number": "1", "Gateway": { "Name": name } }).to_string();
        let page = |range: std::ops::Range<usize>| {
            let named = range.map(|id| trunk(id, if id == 120 { "Telekom" } else { "Other" }));
            named.map(|text| RawValue::from_string(text).unwrap()).collect::<Vec<_>>()
        };
        let (first, second) = (page(0..100), page(100..149));
        let further = choices.take(&first.iter().map(AsRef::as_ref).collect::<Vec<_>>()).unwrap_err();
        assert!(further.request().path.contains("$skip=100"), "{further:?}");
        let found = further.take(&second.iter().map(AsRef::as_ref).collect::<Vec<_>>()).unwrap();
        assert_eq!(found, [r#"{"name":"Telekom (1)","value":"120"}"#]);
    }

    #[test]
    fn what_has_no_key_cannot_be_chosen() {
        for record in [r#"{"Name":"x"}"#, r#"{"Id":null,"Name":"x"}"#, r#"{"Id":"","Name":"x"}"#, "5"] {
            assert_eq!(choice(record, locator("/Groups"), None), None, "{record}");
        }
    }
}
