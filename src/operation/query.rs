//! Query options, from a form.

use serde_json::Value;

use super::meant::is_blank;
use super::parameters::{Parameters, choice, fault, no_key};
use super::{raw_filter, values};
use crate::definition::{self, Answer, Field, Operation, ValueKind};
use crate::n8n::form::{self, label};
use crate::n8n::outcome::Report;
use crate::rows::value::{Expected, FaultKind};
use crate::xapi::odata::{self, quoted};

/// What a row asks for beyond the path.
#[derive(Debug, Default)]
pub(super) struct QueryOptions {
    pub(super) order_by: Option<String>,
    /// Further options with their names.
    pub(super) named: Vec<(&'static str, String)>,
    /// Whether the fields that are selected are those of a simple record, and not a person's choice.
    pub(super) simple: bool,
    /// Fields of the records that leave the node; all where there are none.
    pub(super) only: Option<Vec<String>>,
    /// Whether secrets are masked.
    pub(super) masked: bool,
    pub(super) count: bool,
}

impl QueryOptions {
    /// Selects no fields any more, where the choice was not a person's: the record is made simple here. Tells whether
    /// that changed anything.
    pub(super) fn read_whole(&mut self) -> bool {
        let before = self.named.len();
        self.named.retain(|(name, _)| !self.simple || *name != "$select");
        self.named.len() < before
    }
}

pub(super) fn of_row(operation: &Operation, form: &mut Parameters<'_>) -> Result<QueryOptions, Box<Report>> {
    let mut options =
        QueryOptions { masked: form.flag("simplify", true)? && !operation.reveals, ..QueryOptions::default() };
    if operation.pages {
        options.count = form.flag("count", false)?;
        if let Some(filter) = filter(operation, form)? {
            options.named.push(("$filter", filter));
        }
        if let Some(search) = form.narrowing("search")? {
            options.named.push(("$search", search));
        }
        if let Some(order) = order(form)? {
            if !operation.ordered {
                let field = if form.text("orderby")?.is_some() { "orderby" } else { "sort" };
                return Err(fault(definition::label(field), FaultKind::Unknown));
            }
            options.order_by = Some(unique(order, operation.telling_field()));
        }
    }
    let mut wanted = Vec::new();
    let mut expanded = Vec::new();
    if operation.selectable {
        wanted = spelled(operation, form.names("select")?);
        expanded = spelled(operation, form.names("expand")?);
    }
    // A file has the columns that 3CX gives it.
    let is_file = matches!(operation.answer, Answer::File(_));
    if wanted.is_empty()
        && options.masked
        && !is_file
        && let Some(of) = operation.record()
    {
        wanted = of.simple().into_iter().map(str::to_owned).collect();
        options.simple = true;
    }
    let key = operation.telling_field().filter(|key| !wanted.iter().any(|name| name == key || name == "*"));
    if operation.selectable && !wanted.is_empty() {
        let selected: Vec<&str> = wanted.iter().map(String::as_str).chain(key).collect();
        options.named.push(("$select", selected.join(",")));
    }
    if !expanded.is_empty() {
        options.named.push(("$expand", expanded.join(",")));
    }
    if !wanted.is_empty() && (options.masked || key.is_some()) {
        // Options of an expansion are in brackets behind its name.
        wanted.extend(expanded.iter().map(|name| name.split('(').next().unwrap_or(name).to_owned()));
        options.only = Some(wanted);
    }
    let order = options.order_by.as_ref().map(|order| ("$orderby", order));
    for (name, value) in options.named.iter().map(|(name, value)| (*name, value)).chain(order) {
        no_key(name, value)?;
    }
    Ok(options)
}

/// Names of fields as 3CX spells them, at least where a path or the options of an expansion begin.
fn spelled(operation: &Operation, names: Vec<String>) -> Vec<String> {
    let fields = operation.record().map(|of| of.fields).unwrap_or_default();
    let spelled = |name: String| {
        let (begin, rest) = name.split_at(name.find(['/', '(']).unwrap_or(name.len()));
        let mut alike = fields.iter().map(Field::name).filter(|field| field.eq_ignore_ascii_case(begin));
        match (alike.next(), alike.next()) {
            (Some(only), None) => format!("{only}{rest}"),
            _ => name,
        }
    };
    names.into_iter().map(spelled).collect()
}

fn order(form: &mut Parameters<'_>) -> Result<Option<String>, Box<Report>> {
    if let Some(own) = form.text("orderby")? {
        return Ok(Some(own));
    }
    let mut fields = Vec::new();
    for entry in form.entries("sort", "by")? {
        let field = entry["field"].as_str().map(str::trim).filter(|field| !field.is_empty());
        let field = field.ok_or_else(|| fault(form::SORT_FIELD, FaultKind::EmptyOption))?;
        let direction = choice(form::SORT_DIRECTION, given(&entry["direction"]), &["asc", "desc"])?;
        fields.push(if direction == Some("desc") { format!("{field} desc") } else { field.to_owned() });
    }
    Ok((!fields.is_empty()).then(|| fields.join(",")))
}

/// Records that are alike in what orders them may change places from page to page, unless their key decides.
fn unique(order: String, key: Option<&str>) -> String {
    let is_by = |key: &str| order.split(',').any(|part| part.split_whitespace().next() == Some(key));
    match key {
        Some(key) if !is_by(key) => format!("{order},{key}"),
        _ => order,
    }
}

fn filter(operation: &Operation, form: &mut Parameters<'_>) -> Result<Option<String>, Box<Report>> {
    let mut conditions = Vec::new();
    for entry in form.entries("filters", "condition")? {
        let unknown = entry.as_object().map(|entry| entry.keys().find(|name| !MEMBERS.contains(&name.as_str())));
        match unknown {
            None => return Err(fault(definition::label("filters").to_owned(), Expected::ObjectOrList.fault())),
            Some(Some(name)) => return Err(fault(name.clone(), FaultKind::Unknown)),
            Some(None) => {}
        }
        match entry["field"].as_str().filter(|field| !field.trim().is_empty()) {
            Some(name) => conditions.push(condition(operation, name, &entry)?),
            None if is_untouched(&entry) => {}
            None => return Err(fault(form::FILTER_FIELD, FaultKind::Empty)),
        }
    }
    let between = if form.choice("match", &["all", "any"])? == Some("any") { " or " } else { " and " };
    let built = (!conditions.is_empty()).then(|| conditions.join(between));
    let raw = form.narrowing("filter")?;
    if let Some(raw) = &raw {
        raw_filter::check(definition::label("filter"), raw)?;
    }
    Ok(match (built, raw) {
        (Some(built), Some(raw)) => Some(format!("({built}) and ({raw})")),
        (built, raw) => built.or(raw),
    })
}

/// Whether a condition without a field was added only, and nothing of it filled.
fn is_untouched(entry: &Value) -> bool {
    let is_unary =
        given(&entry["operator"]).is_some_and(|operator| UNARY.iter().any(|own| own.eq_ignore_ascii_case(&operator)));
    is_blank(&entry["value"]) && !is_unary
}

/// What a condition has. Another member would be a condition that narrows nothing.
const MEMBERS: [&str; 3] = ["field", "operator", "value"];
/// What a condition compares by.
const OPERATORS: [&str; 11] =
    ["eq", "ne", "gt", "ge", "lt", "le", "contains", "startswith", "endswith", UNARY[0], UNARY[1]];
const UNARY: [&str; 2] = ["empty", "notEmpty"];

/// What was given in an entry, if anything was.
fn given(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        other => Some(other.to_string()),
    }
}

fn condition(operation: &Operation, name: &str, entry: &Value) -> Result<String, Box<Report>> {
    let field = operation.filterable().find(|field| field.name() == name);
    let field = field.ok_or_else(|| fault(name.to_owned(), FaultKind::Unknown))?;
    let operator = choice(form::filter_operator(&label(field)), given(&entry["operator"]), &OPERATORS)?.unwrap_or("eq");
    match operator {
        // A text may be empty without being null.
        "empty" if matches!(field.kind, ValueKind::Text) => return Ok(format!("({name} eq null or {name} eq '')")),
        "notEmpty" if matches!(field.kind, ValueKind::Text) => return Ok(format!("({name} ne null and {name} ne '')")),
        "empty" => return Ok(format!("{name} eq null")),
        "notEmpty" => return Ok(format!("{name} ne null")),
        _ if is_blank(&entry["value"]) => {
            return Err(fault(form::filter_value(&label(field)), FaultKind::Empty));
        }
        _ => {}
    }
    let value = values::convert(field, entry["value"].clone()).and_then(|value| values::tidy(field, value));
    let value = value.map_err(|kind| fault(label(field), kind))?;
    match operator {
        "eq" | "ne" | "gt" | "ge" | "lt" | "le" => {
            Ok(format!("{name} {operator} {}", odata::operand(field.kind, &value)))
        }
        "contains" | "startswith" | "endswith" if matches!(field.kind, ValueKind::Text) => {
            let text = value.as_str().unwrap_or_default().to_lowercase();
            Ok(format!("{operator}(tolower({name}),{})", quoted(&text)))
        }
        _ => Err(fault(label(field), Expected::TextField.fault())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::operation;
    use crate::rows::testing::given as given_rows;
    use serde_json::json;

    #[test]
    fn an_order_by_no_field_is_no_order() {
        for entry in [json!({"field": "", "direction": "desc"}), json!({"field": " "}), json!({})] {
            let parameters = json!({"sort": {"by": [entry]}});
            let mut rows = given_rows(&parameters);
            let mut form = Parameters { rows: &mut rows, row: 0 };
            let report = of_row(operation("Users", "List User").unwrap(), &mut form).unwrap_err();
            assert_eq!(report.error, "The field under Sort is empty");
        }
    }

    /// The options that are asked for, or why nothing is.
    fn asked(parameters: &Value) -> String {
        let mut rows = given_rows(parameters);
        match of_row(operation("Users", "List User").unwrap(), &mut Parameters { rows: &mut rows, row: 0 }) {
            Ok(options) => {
                let named = options.named.into_iter().map(|(name, value)| format!("{name}={value}"));
                named.chain(options.order_by).collect::<Vec<_>>().join("&")
            }
            Err(report) => report.error,
        }
    }

    #[test]
    fn what_is_to_narrow_a_list_and_does_not_is_refused() {
        for (parameters, told) in [
            (json!({"search": " "}), "Search is empty"),
            (json!({"filter": "\u{200b}"}), "OData Filter is empty"),
            (json!({"search": ["Ann"]}), "Search is not text"),
            (json!({"filter": "startswith(Number,'')"}), "The text that startswith looks for in OData Filter is empty"),
            (
                json!({"filters": [{"field": "Number", "value": "101"}], "filter": "1 eq 1) or (1 eq 1"}),
                "OData Filter: “1 eq 1) or (1 eq 1” is not closed as it was opened: check its brackets and quotes, and \
                 write a quote within a text twice",
            ),
            (json!({"filters": ["Number eq '101'"]}), "Filters is not valid JSON (neither an object nor a list)"),
            (json!({"filters": [["Number", "eq", "101"]]}), "Filters is not valid JSON (neither an object nor a list)"),
            (json!({"filters": {"condition": {"name": "Number", "value": ""}}}), "There is no field name here"),
            (json!({"filters": {"condition": [{"operator": "eq", "value": ""}]}}), "$select="),
        ] {
            let asked = asked(&parameters);
            assert!(asked == told || (told == "$select=" && asked.starts_with(told)), "{parameters}: {asked}");
        }
    }

    #[test]
    fn choices_are_taken_in_any_capitals_and_what_is_none_of_them_is_refused() {
        let filter = |operator: Value, between: Value| {
            let condition = |name: &str| json!({"field": name, "operator": operator, "value": "a"});
            let conditions = [condition("FirstName"), condition("LastName")];
            asked(&json!({"filters": {"condition": conditions}, "match": between, "select": "Id"}))
        };
        let both = |between: &str| format!("$filter=FirstName eq 'a' {between} LastName eq 'a'&$select=Id");
        for (operator, between, expected) in [
            (json!("EQ"), json!("ANY"), both("or")),
            (json!(" eq "), json!("All "), both("and")),
            (json!(null), json!(null), both("and")),
            (json!("eq"), json!("or"), "Must Match: “or” is not one of all, any".into()),
            (json!("eq"), json!(true), "Must Match: “true” is not one of all, any".into()),
            (json!("eq"), json!(["any"]), "Must Match: “[\"any\"]” is not one of all, any".into()),
        ] {
            assert_eq!(filter(operator, between), expected);
        }
        for odd in [json!("equals"), json!(1), json!(["eq"]), json!("eq null or Id ne")] {
            let told = filter(odd.clone(), json!("all"));
            assert!(told.starts_with("The operator of the filter on First Name: “"), "{odd}: {told}");
        }
        let sort = |direction: Value| {
            asked(&json!({"sort": {"by": [{"field": "Number", "direction": direction}]}, "select": "Id"}))
        };
        assert_eq!(sort(json!("DESC")), "$select=Id&Number desc,Id");
        for unset in [json!(null), json!(" "), json!("Asc")] {
            assert_eq!(sort(unset), "$select=Id&Number,Id");
        }
        assert_eq!(sort(json!("down")), "The direction under Sort: “down” is not one of asc, desc");
        let names = json!({"select": "number, FIRSTNAME,*,hours/Type,Odd", "expand": "groups($select=Id)"});
        assert_eq!(asked(&names), "$select=Number,FirstName,*,Hours/Type,Odd&$expand=Groups($select=Id)");
    }

    #[test]
    fn a_text_is_empty_whether_it_is_null_or_has_no_characters() {
        let filter = |name: &str, operator: &str| {
            let conditions = [json!({"field": name, "operator": operator}), json!({"field": "Id", "value": "5"})];
            asked(&json!({"filters": {"condition": conditions}, "match": "any", "select": "Id"}))
        };
        let all = |condition: &str| format!("$filter={condition} or Id eq 5&$select=Id");
        assert_eq!(filter("Mobile", "empty"), all("(Mobile eq null or Mobile eq '')"));
        assert_eq!(filter("Mobile", "NOTEMPTY"), all("(Mobile ne null and Mobile ne '')"));
        assert_eq!(filter("PrimaryGroupId", "empty"), all("PrimaryGroupId eq null"));
        assert_eq!(filter("SRTPMode", "notEmpty"), all("SRTPMode ne null"));
    }

    #[test]
    fn what_cannot_be_seen_around_a_value_is_no_part_of_a_condition() {
        let filter = |field: &str, operator: &str, value: &str| {
            let condition = json!({"field": field, "operator": operator, "value": value});
            asked(&json!({"filters": {"condition": [condition]}, "select": "Id"}))
        };
        for value in ["101", "101 ", "\u{a0}101", "101\u{200b}"] {
            assert_eq!(filter("Number", "eq", value), "$filter=Number eq '101'&$select=Id", "{value:?}");
        }
        assert_eq!(
            filter("FirstName", "contains", "Ann\u{a0}"),
            "$filter=contains(tolower(FirstName),'ann')&$select=Id"
        );
        let none = "First Name: “#N/A” is not a value: a formula or an expression failed";
        assert_eq!(filter("FirstName", "eq", " #N/A"), none);
    }

    #[test]
    fn a_filter_is_told_by_the_fields_name_in_the_form() {
        for (field, operator, value, told) in [
            ("FirstName", "eq", "", "The value of the filter on First Name is empty"),
            ("PinProtectTimeout", "eq", "x", "PIN Protect Timeout: “x” is not a whole number"),
            ("PinProtectTimeout", "contains", "1", "PIN Protect Timeout is not a text field"),
        ] {
            let condition = json!({"field": field, "operator": operator, "value": value});
            let parameters = json!({"filters": {"condition": [condition]}});
            let mut rows = given_rows(&parameters);
            let mut form = Parameters { rows: &mut rows, row: 0 };
            let report = of_row(operation("Users", "List User").unwrap(), &mut form).unwrap_err();
            assert!(report.error.starts_with(told), "{}", report.error);
        }
    }
}
