//! Query options, from a form.

use serde_json::Value;

use super::meant::is_blank;
use super::parameters::{Parameters, fault, no_key};
use super::values;
use crate::definition::{self, Answer, Operation, ValueKind};
use crate::n8n::form::{self, label};
use crate::n8n::outcome::Report;
use crate::rows::value::{Expected, FaultKind};
use crate::xapi::odata::quoted;

/// What a row asks for beyond the path.
#[derive(Debug, Default)]
pub(super) struct Options {
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

impl Options {
    /// Selects no fields any more, where the choice was not a person's: the record is made simple here. Tells whether
    /// that changed anything.
    pub(super) fn read_whole(&mut self) -> bool {
        let before = self.named.len();
        self.named.retain(|(name, _)| !self.simple || *name != "$select");
        self.named.len() < before
    }
}

pub(super) fn of_row(operation: &Operation, form: &mut Parameters<'_>) -> Result<Options, Box<Report>> {
    let mut options = Options { masked: form.flag("simplify", true)? && !operation.reveals, ..Options::default() };
    if operation.pages {
        options.count = form.flag("count", false)?;
        if let Some(filter) = filter(operation, form)? {
            options.named.push(("$filter", filter));
        }
        if let Some(search) = form.query("search")? {
            options.named.push(("$search", search));
        }
        if let Some(order) = order(form)? {
            if !operation.ordered {
                let field = if form.query("orderby")?.is_some() { "orderby" } else { "sort" };
                return Err(fault(definition::label(field), FaultKind::Unknown));
            }
            options.order_by = Some(unique(order, operation.telling_field()));
        }
    }
    let mut wanted = Vec::new();
    let mut expanded = Vec::new();
    if operation.selectable {
        wanted = form.names("select")?;
        expanded = form.names("expand")?;
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

fn order(form: &mut Parameters<'_>) -> Result<Option<String>, Box<Report>> {
    if let Some(own) = form.query("orderby")? {
        return Ok(Some(own));
    }
    let mut fields = Vec::new();
    for entry in form.entries("sort", "by")? {
        let field = entry["field"].as_str().map(str::trim).filter(|field| !field.is_empty());
        let field = field.ok_or_else(|| fault(form::SORT_FIELD, FaultKind::EmptyOption))?;
        fields.push(if entry["direction"] == "desc" { format!("{field} desc") } else { field.to_owned() });
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
        match entry["field"].as_str().filter(|field| !field.trim().is_empty()) {
            Some(name) => conditions.push(condition(operation, name, &entry)?),
            None if is_untouched(&entry) => {}
            None => return Err(fault(form::FILTER_FIELD, FaultKind::Empty)),
        }
    }
    let between = if form.text("match")?.as_deref() == Some("any") { " or " } else { " and " };
    let built = (!conditions.is_empty()).then(|| conditions.join(between));
    Ok(match (built, form.query("filter")?) {
        (Some(built), Some(raw)) => Some(format!("({built}) and ({raw})")),
        (built, raw) => built.or(raw),
    })
}

/// Whether a condition without a field was added only, and nothing of it filled.
fn is_untouched(entry: &Value) -> bool {
    let is_unary = matches!(entry["operator"].as_str(), Some("empty" | "notEmpty"));
    is_blank(&entry["value"]) && !is_unary
}

fn condition(operation: &Operation, name: &str, entry: &Value) -> Result<String, Box<Report>> {
    let field = operation.filterable().find(|field| field.name() == name);
    let field = field.ok_or_else(|| fault(name.to_owned(), FaultKind::Unknown))?;
    let operator = entry["operator"].as_str().unwrap_or("eq");
    match operator {
        "empty" => return Ok(format!("{name} eq null")),
        "notEmpty" => return Ok(format!("{name} ne null")),
        _ if is_blank(&entry["value"]) => {
            return Err(fault(form::filter_value(&label(field)), FaultKind::Empty));
        }
        _ => {}
    }
    let value = values::convert(field, entry["value"].clone()).map_err(|kind| fault(label(field), kind))?;
    match operator {
        "eq" | "ne" | "gt" | "ge" | "lt" | "le" => {
            Ok(format!("{name} {operator} {}", values::operand(field.kind, &value)))
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
    use crate::rows::testing::given;
    use serde_json::json;

    #[test]
    fn an_order_by_no_field_is_no_order() {
        for entry in [json!({"field": "", "direction": "desc"}), json!({"field": " "}), json!({})] {
            let parameters = json!({"sort": {"by": [entry]}});
            let mut rows = given(&parameters);
            let mut form = Parameters { rows: &mut rows, row: 0 };
            let report = of_row(operation("Users", "List User").unwrap(), &mut form).unwrap_err();
            assert_eq!(report.error, "The field under Sort is empty");
        }
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
            let mut rows = given(&parameters);
            let mut form = Parameters { rows: &mut rows, row: 0 };
            let report = of_row(operation("Users", "List User").unwrap(), &mut form).unwrap_err();
            assert!(report.error.starts_with(told), "{}", report.error);
        }
    }
}
