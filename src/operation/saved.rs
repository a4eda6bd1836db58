//! What a workflow of the earlier node saved, which was generated from the API's description: values by the names of the
//! API, as they stood in its requests. They are sent as they were sent then, or the row is refused.

use serde_json::{Map, Value};

use super::meant::is_blank;
use super::parameters::{Parameters, fault};
use super::query::QueryOptions;
use super::values;
use crate::definition::{self, Field, Operation, ValueKind};
use crate::n8n::form::{self, OF_THE_EARLIER, in_place_of};
use crate::n8n::outcome::Report;
use crate::rows::value::{Expected, FaultKind};
use crate::rows::{Cell, CellFault, json};
use crate::xapi::odata;

/// The parameter under which they are given.
pub(super) const SAVED: &str = "saved";
/// What a change rests on, by the API's name.
const GUARD: &str = "If-Match";

/// Options of OData, and what the form has in their place.
const QUERY: [(&str, &str); 8] = [
    ("$top", "limit"),
    ("$skip", "limit"),
    ("$search", "search"),
    ("$filter", "filter"),
    ("$count", "count"),
    ("$orderby", "orderby"),
    ("$select", "select"),
    ("$expand", "expand"),
];
/// Fields of the form that ask for other records than what was saved, beside [`QUERY`].
const FURTHER: [&str; 3] = ["filters", "sort", "returnAll"];
/// The earlier node sent it where nobody had changed it.
const TOP: &str = "50";

/// What is left of the values of a row.
#[derive(Debug, Default)]
pub(super) struct Saved {
    values: Map<String, Value>,
    /// Whether there were any.
    pub(super) is_any: bool,
}

impl Saved {
    pub(super) fn of_row(form: &mut Parameters<'_>) -> Result<Self, Box<Report>> {
        let mut values: Map<String, Value> = match form.rows.parameter(form.row, SAVED) {
            Ok(Cell::Json(text)) => json::parse(&text).unwrap_or_default(),
            Ok(_) => return Ok(Self::default()),
            Err(CellFault(text)) => return Err(fault(OF_THE_EARLIER, FaultKind::NotEvaluated(text))),
        };
        // A guard that came to nothing is seen.
        values.retain(|name, value| !is_blank(value) || (name == GUARD && value.is_null()));
        Ok(Self { is_any: !values.is_empty(), values })
    }

    /// The literal of a parameter of the path; of one that nobody had changed, if anything was saved.
    pub(super) fn literal(&mut self, operation: &Operation, field: &Field) -> Result<Option<String>, Box<Report>> {
        let Some(raw) = self.values.remove(field.name()) else {
            return Ok(match field.kind {
                _ if !self.is_any => None,
                ValueKind::Boolean => Some("false".to_owned()),
                ValueKind::Int32 | ValueKind::Int64 => Some("0".to_owned()),
                _ => None,
            });
        };
        let refused = || fault(field.name(), FaultKind::SavedBefore(in_place_of(operation, field.name())));
        let text = plain(&raw).ok_or_else(refused)?;
        let is_quoted = text.len() > 1 && text.starts_with('\'') && text.ends_with('\'');
        let value = if is_quoted { text[1..text.len() - 1].replace("''", "'") } else { text.clone() };
        let value = values::convert(field, value.into()).map_err(|_| refused())?;
        let literal = odata::literal(field.kind, &value);
        if literal == odata::literal(ValueKind::Uuid, &text.into()) { Ok(Some(literal)) } else { Err(refused()) }
    }

    /// What a record's guard was.
    pub(super) fn if_match(&mut self) -> Result<Option<String>, Box<Report>> {
        match self.values.remove(GUARD) {
            Some(Value::Null) => Err(fault(form::IF_MATCH, Expected::FilledEtag.fault())),
            given => Ok(given.as_ref().and_then(plain)),
        }
    }

    /// The query as it was sent then: once, for whole records.
    pub(super) fn options(
        &mut self,
        operation: &Operation,
        form: &mut Parameters<'_>,
    ) -> Result<QueryOptions, Box<Report>> {
        let masked = form.flag("simplify", true)? && !operation.reveals;
        let mut options = QueryOptions { masked, ..QueryOptions::default() };
        for name in QUERY.iter().map(|(_, now)| *now).filter(|now| *now != "limit").chain(FURTHER) {
            if is_filled(&form.get(name)?) {
                return Err(self.beside(definition::label(name)));
            }
        }
        for (name, now) in QUERY {
            let is_taken = match name {
                "$select" | "$expand" => operation.selectable,
                "$orderby" => operation.ordered,
                _ => operation.pages,
            };
            match self.values.get(name) {
                Some(_) if !is_taken => {}
                Some(raw) => {
                    let text = plain(raw).filter(|text| !text.starts_with('['));
                    let refused = || fault(name, FaultKind::SavedBefore(definition::label(now).to_owned()));
                    options.named.push((name, text.ok_or_else(refused)?));
                    self.values.remove(name);
                }
                None if name == "$top" && is_taken => options.named.push((name, TOP.to_owned())),
                None => {}
            }
        }
        Ok(options)
    }

    /// Refuses what cannot be sent any more.
    pub(super) fn nothing_left(&self, operation: &Operation) -> Result<(), Box<Report>> {
        let Some(name) = self.values.keys().next() else { return Ok(()) };
        Err(fault(name.clone(), FaultKind::SavedBefore(now(operation, name))))
    }

    /// Refuses what was filled since beside what was saved then.
    fn beside(&self, filled: &str) -> Box<Report> {
        let name = self.values.keys().next().map_or(OF_THE_EARLIER, String::as_str);
        fault(name.to_owned(), FaultKind::SavedBefore(filled.to_owned()))
    }
}

/// What the form has in its place.
fn now(operation: &Operation, name: &str) -> String {
    let of_query = QUERY.iter().find(|(known, _)| *known == name).map(|(_, now)| definition::label(now).to_owned());
    of_query.unwrap_or_else(|| in_place_of(operation, name))
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn is_filled(cell: &Cell) -> bool {
    match cell {
        Cell::Empty | Cell::Bool(false) => false,
        Cell::Json(text) => serde_json::from_str(text).map_or(true, |value: Value| !is_blank(&value)),
        other => other.clone().into_filled_text().is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::operation;
    use crate::operation::columns::Columns;
    use crate::operation::plan;
    use crate::rows::testing::given;
    use serde_json::json;

    /// The path with its query, or why nothing is sent.
    fn sent(resource: &str, name: &str, parameters: &Value) -> String {
        let mut rows = given(parameters);
        let mut form = Parameters { rows: &mut rows, row: 0 };
        match plan::of_row(operation(resource, name).unwrap(), &mut form, &mut Columns::default()) {
            Ok(plan) => plan.request(None).path,
            Err(report) => format!("{} {}", report.error, report.advice),
        }
    }

    #[test]
    fn a_query_is_sent_once_and_as_it_was() {
        let saved = json!({"saved": {"$filter": "Number eq '101'", "$top": 10, "$skip": 20, "$select": "Number,Id"}});
        let expected = "/Users?$top=10&$skip=20&$filter=Number%20eq%20%27101%27&$select=Number%2CId";
        assert_eq!(sent("Users", "List User", &saved), expected);
        assert_eq!(sent("Users", "List User", &json!({"saved": {"$search": "a"}})), "/Users?$top=50&$search=a");
        assert_eq!(
            sent("Codecs Settings", "Get Codecs Settings", &json!({"saved": {"$select": "A"}})),
            "/CodecsSettings?$select=A"
        );
        let blank = json!({"saved": {"$filter": " ", "$top": null}});
        assert!(sent("Users", "List User", &blank).contains("$select="), "as if nothing was saved");
    }

    #[test]
    fn a_path_is_sent_as_it_was_or_not_at_all() {
        let report = |more: Value| {
            let mut saved = json!({"periodFrom": "2026-01-01T00:00:00Z", "periodTo": "2026-01-08T00:00:00Z",
                "sourceFilter": "''", "destinationFilter": "'it''s'", "callTimeFilterFrom": "'0:00:0'", "callTimeFilterTo": "'0:00:0'"});
            saved.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            sent("Report Call Log Data", "Get Call Log Data", &json!({"saved": saved}))
        };
        let path = report(json!({"callsType": 3}));
        assert!(
            path.contains("sourceType=0,sourceFilter=%27%27,destinationType=0,destinationFilter=%27it%27%27s%27"),
            "{path}"
        );
        assert!(path.contains("callsType=3,") && path.ends_with("hidePcalls=false)?$top=50"), "{path}");
        for odd in [json!({"sourceFilter": "101"}), json!({"periodFrom": "2026-01-01"}), json!({"callsType": "x"})] {
            let told = report(odd.clone());
            assert!(told.contains("saved by the earlier node") && told.contains("under Parameters"), "{odd}: {told}");
        }
        assert!(report(json!({"periodTo": ""})).contains("Period To is empty"));
    }

    #[test]
    fn what_has_no_place_any_more_or_stands_beside_new_fields_is_refused() {
        for (parameters, now) in [
            (json!({"saved": {"$filter": "x"}, "filters": {"condition": [{"field": "Id"}]}}), "Filters"),
            (json!({"saved": {"$top": 5}, "returnAll": true}), "Return All"),
            (json!({"saved": {"$select": "[\"Id\"]"}}), "Field Names or IDs"),
            (json!({"saved": {"startDt": "x"}}), "its fields"),
        ] {
            let told = sent("Users", "List User", &parameters);
            assert!(told.contains("saved by the earlier node") && told.contains(now), "{parameters}: {told}");
        }
        let guarded = json!({"saved": {"If-Match": "W/\"1\""}, "userId": "5"});
        assert_eq!(sent("Users", "Delete User", &guarded), "/Users(5)");
        assert!(sent("Users", "Get User", &guarded).contains("If-Match"));
    }
}
