//! What a row asks for, before it is known which paths this PBX has.

use serde_json::{Map, Value};

use super::columns::Columns;
use super::meant::{self, is_blank};
use super::parameters::{Parameters, fault, no_key};
use super::query::QueryOptions;
use super::saved::Saved;
use super::{body, own_path, query, values};
use crate::definition::{Answer, Field, Kind, Locator, Operation, ValueKind};
use crate::fingerprint::fingerprint;
use crate::n8n::form::{self, label};
use crate::n8n::outcome::Report;
use crate::rows::value::{self, Expected, FaultKind, Reference, ValueFault};
use crate::rows::{Cell, text};
use crate::xapi::odata::{self, Query};
use crate::xapi::pages::{Asked, PAGE_SIZE};
use crate::xapi::request::{self, AnswerAs, HttpRequest, Method, Payload};

/// All that a row asks for.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// The path itself, where it is the person's own.
    pub(super) own_path: Option<String>,
    /// The node's own operation that the person's own path is, where it changes something.
    pub(super) known: Option<&'static Operation>,
    pub(super) key: Key,
    /// Literals of the path's further parameters.
    pub(super) arguments: Vec<String>,
    pub(super) body: Payload,
    /// Labels of fields that the row gives and that are not sent.
    pub(super) left_out: Vec<String>,
    pub(super) options: QueryOptions,
    pub(super) if_match: Option<String>,
    /// Whether it is as the earlier node had saved it.
    pub(super) is_saved: bool,
    /// How many records are wanted, where the answer comes in pages.
    pub(super) limit: Option<usize>,
    /// By what the records of a list are told apart.
    pub(super) record_key: Option<&'static str>,
    /// Whether 3CX can be asked how many there are.
    pub(super) is_counted: bool,
    /// By what they are put in order unless another order is wanted.
    pub(super) order: &'static str,
    pub(super) page_size: usize,
    /// The binary field that a file goes to; without one a file is read as text.
    pub(super) file_field: Option<String>,
    pub(super) is_file: bool,
}

/// The key in a path.
#[derive(Debug)]
pub(super) enum Key {
    None,
    Literal(String),
    /// The number of an entity, whose key must be looked up.
    Number(&'static Locator, Reference),
}

pub(super) fn of_row(
    operation: &'static Operation,
    form: &mut Parameters<'_>,
    columns: &mut Columns,
) -> Result<Plan, Box<Report>> {
    let mut saved = Saved::of_row(form)?;
    let key = operation.locator.map_or(Ok(Key::None), |locator| key(locator, form))?;
    let arguments = arguments(operation, form, columns, &mut saved)?;
    let (body, left_out) = match operation.kind {
        Kind::Upload => (upload(form)?, Vec::new()),
        _ => body::of_row(operation, form, columns)?,
    };
    let mut plan = Plan {
        method: operation.method,
        path: operation.path,
        own_path: None,
        known: None,
        key,
        arguments,
        body,
        left_out,
        options: if saved.is_any { saved.options(operation, form)? } else { query::of_row(operation, form)? },
        if_match: match saved.if_match()? {
            Some(tag) => Some(tag),
            None => form.if_match()?,
        },
        is_saved: saved.is_any,
        limit: None,
        record_key: operation.record_key(),
        is_counted: operation.list_key().is_some(),
        order: operation.list_order(),
        page_size: usize::try_from(operation.page_size).unwrap_or(PAGE_SIZE),
        file_field: None,
        is_file: matches!(operation.answer, Answer::File(_)),
    };
    saved.nothing_left(operation)?;
    if plan.if_match.is_some() && !(operation.if_match || operation.method == Method::Patch) {
        return Err(fault(form::IF_MATCH, Expected::NoGuard.fault()));
    }
    if plan.is_file {
        if form.choice("output", &["file", "items"])? != Some("items") {
            plan.file_field = Some(form.text("outputField")?.unwrap_or_else(|| "data".to_owned()));
        }
    } else if operation.pages && !plan.is_saved {
        plan.limit = Some(if plan.options.count { usize::MAX } else { form.limit()? });
    }
    Ok(plan)
}

fn key(locator: &'static Locator, form: &mut Parameters<'_>) -> Result<Key, Box<Report>> {
    let cell = form.rows.parameter(form.row, locator.parameter);
    let report = |fault: ValueFault| match fault.kind {
        FaultKind::Missing => self::fault(fault.field, FaultKind::Empty),
        _ => Box::new(fault.report()),
    };
    if matches!(locator.kind, ValueKind::Int32) {
        let is_by_id = matches!(&cell, Ok(Cell::Locator { mode, .. }) if mode == "id");
        let reference = value::reference(locator.name, cell);
        if let Ok(Reference::Number(text)) | Err(ValueFault { kind: FaultKind::NotAnId(text), .. }) = &reference {
            no_key(locator.name, text)?;
        }
        let reference = reference.map_err(report)?;
        return match reference {
            Reference::Id(id) | Reference::Either { id, .. } => Ok(Key::Literal(id.to_string())),
            // Digits are of an ID that a spreadsheet has padded, or of a number: which, is not certain.
            Reference::Number(ref text)
                if locator.by_number && !(is_by_id && text.bytes().all(|byte| byte.is_ascii_digit())) =>
            {
                Ok(Key::Number(locator, reference))
            }
            Reference::Number(text) => Err(fault(locator.name, FaultKind::NotAnId(text))),
        };
    }
    let (cell, is_chosen) = match cell {
        Ok(Cell::Locator { value, mode }) => (Ok(*value), mode == "list"),
        other => (other, false),
    };
    let raw = cell.clone().ok().and_then(Cell::into_text).unwrap_or_default();
    value::clean_text(locator.name, cell).map_err(report)?;
    // As it is: two names may differ in what would be mended.
    let text = if is_chosen { raw } else { text::trimmed(&raw).to_owned() };
    if !names_file(&text) {
        no_key(locator.name, &text)?;
    }
    let field = Field::of_kind(locator.kind);
    let value = values::convert(&field, text.into()).map_err(|kind| fault(locator.name, kind))?;
    Ok(Key::Literal(odata::literal(locator.kind, &value)))
}

/// Whether a text ends as the name of a file does: no license key is called like that.
fn names_file(text: &str) -> bool {
    text.rsplit_once('.').is_some_and(|(name, end)| {
        let is_extension = (2..=4).contains(&end.len()) && end.bytes().all(|byte| byte.is_ascii_alphanumeric());
        !name.is_empty() && is_extension && end.contains(|c: char| c.is_ascii_alphabetic())
    })
}

/// The path's parameters, each as its literal. 3CX wants all of them, in its order.
fn arguments(
    operation: &Operation,
    form: &mut Parameters<'_>,
    columns: &mut Columns,
    saved: &mut Saved,
) -> Result<Vec<String>, Box<Report>> {
    let fields = operation.arguments();
    if fields.is_empty() {
        return Ok(Vec::new());
    }
    let mut given = form.mapped("arguments", operation, columns)?.values;
    let (mut literals, mut from) = (Vec::new(), None);
    for field in fields {
        let mapped = given.remove(field.name());
        // A yes or no that is mapped and blank is an expression without a value: it is asked for.
        let is_mapped = mapped.is_some();
        let value = match mapped {
            Some(value) => value,
            None => form.value(field.name())?,
        };
        let of_saved = saved.literal(operation, field)?;
        if let Some(literal) = of_saved.filter(|_| is_blank(&value)) {
            literals.push(literal);
            continue;
        }
        let value = if !is_blank(&value) {
            values::convert(field, value).map_err(|kind| fault(label(field), kind))?
        } else if matches!(field.kind, ValueKind::Boolean) && !is_mapped {
            false.into()
        } else if field.has_code_for_all() {
            0.into()
        } else if field.flags.is_nullable() && !field.flags.is_required() && field.name() != NUMBER && !saved.is_any {
            unless_given(field).into()
        } else {
            return Err(fault(label(field), FaultKind::Empty));
        };
        no_key(label(field), value.as_str().unwrap_or_default())?;
        literals.push(odata::literal(field.kind, &value));
        match field.name() {
            "periodFrom" => from = Some(value),
            "periodTo" => meant::ends("Period From", from.as_ref(), Some(&value), &|| label(field))?,
            _ => {}
        }
    }
    match given.into_iter().find(|(_, value)| !value.is_null()) {
        Some((name, _)) => Err(fault(name, FaultKind::Unknown)),
        None => Ok(literals),
    }
}

/// Parameters by which an action on a set says what it is for.
const NAMING: [&str; 3] = ["ids", "dnNumber", "mac"];

/// What an entity is looked up by, which must not be blank.
const NUMBER: &str = "Number";

/// What 3CX's own console sends for an argument that is left empty.
fn unless_given(field: &Field) -> &'static str {
    match field.name() {
        "callTimeFilterFrom" | "callTimeFilterTo" => "0:00:0",
        _ => "",
    }
}

fn upload(form: &mut Parameters<'_>) -> Result<Payload, Box<Report>> {
    let field = form.text("inputField")?.unwrap_or_else(|| "data".to_owned());
    let Some(known) = form.rows.file(form.row, &field) else {
        return Err(fault(field, FaultKind::NoFile));
    };
    let name = form.text("fileName")?.unwrap_or(known);
    Ok(Payload::File { row: form.row, field, name })
}

impl Plan {
    /// The call itself, or that for a page of it.
    pub(super) fn request(&self, page: Option<Asked>) -> HttpRequest {
        let own_order = self.options.order_by.as_deref();
        let mut query = match (page, own_order) {
            (Some(page), own) => page.query(own.unwrap_or(self.order)),
            (None, Some(order)) => Query::default().with("$orderby", order),
            (None, None) => Query::default(),
        };
        for (name, value) in &self.options.named {
            query = query.with(name, value);
        }
        let path = self.own_path.clone().unwrap_or_else(|| {
            let key = match &self.key {
                Key::Literal(literal) => Some(literal.clone()),
                Key::None | Key::Number(..) => None,
            };
            let literals: Vec<String> = key.into_iter().chain(self.arguments.iter().cloned()).collect();
            request::fill(self.path, &literals)
        });
        // A path of a person's own may have a query already.
        let query = if path.contains('?') { query.as_str().replacen('?', "&", 1) } else { query.as_str().to_owned() };
        let mut request = HttpRequest::new(self.method, path + &query, self.body.clone());
        request.if_match.clone_from(&self.if_match);
        if self.file_field.is_some() {
            request.wanted = AnswerAs::File;
        }
        request
    }

    /// Whether it is for one entity, and not for a set.
    pub(super) fn names_entity(&self) -> bool {
        !matches!(self.key, Key::None) || self.own_path.as_ref().is_some_and(|path| path.contains('('))
    }

    /// Whether it makes one more in a set, which no other row can be for.
    pub(super) fn adds(&self, operation: &Operation) -> bool {
        self.method == Method::Post
            && match (&self.own_path, self.known) {
                (Some(path), None) => !self.names_entity() && !own_path::is_below_a_set(path),
                (_, known) => known.unwrap_or(operation).adds(),
            }
    }

    /// Whether its own query asks for so many records, or for those from one on.
    pub(super) fn is_cut(&self) -> bool {
        let path = self.request(None).path.to_ascii_lowercase().replace("%24", "$");
        ["$top=", "$skip="].iter().any(|option| path.contains(option))
    }

    /// Whether it may give its entity another number: a later row that names this number means what comes of it.
    pub(super) fn renumbers(&self) -> bool {
        let Payload::Json(body) = &self.body else { return false };
        let body = serde_json::from_str::<Value>(body).unwrap_or_default();
        match (body.get(NUMBER), &self.key) {
            (None, _) => false,
            (Some(Value::String(number)), Key::Number(_, reference)) => {
                !number.eq_ignore_ascii_case(&reference.shown())
            }
            (Some(_), _) => true,
        }
    }

    /// What tells that two plans of a run are for the same, once their keys are known: those that share one of these.
    pub(super) fn subjects(&self) -> Vec<u64> {
        let key = match &self.key {
            Key::Literal(literal) => Some(literal),
            Key::None | Key::Number(..) => None,
        };
        let own_path = self.own_path.as_deref().map(own_path::subject);
        let of = |named: Option<String>| fingerprint((&own_path, self.path, key, &self.arguments, named));
        let mut subjects: Vec<u64> = self.named().into_iter().map(|named| of(Some(named))).collect();
        if subjects.is_empty() {
            subjects.push(of(None));
        }
        subjects.sort_unstable();
        subjects.dedup();
        subjects
    }

    /// What an action on a set is for, as far as its body names it.
    fn named(&self) -> Vec<String> {
        if self.method != Method::Post || self.names_entity() {
            return Vec::new();
        }
        let body = match &self.body {
            Payload::Nothing => return Vec::new(),
            Payload::File { name, .. } => return vec![name.clone()],
            Payload::Json(body) => serde_json::from_str::<Map<String, Value>>(body).unwrap_or_default(),
        };
        let names = |name: &str| NAMING.iter().any(|naming| naming.eq_ignore_ascii_case(name));
        let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_lowercase());
        let given = body.into_iter().filter(|(name, _)| names(name)).map(|(_, value)| value);
        let each = given.flat_map(|value| match value {
            Value::Array(values) => values,
            value => vec![value],
        });
        each.map(text).collect()
    }
}

/// So many are asked for where one is looked for: a second one shows.
pub(super) const LOOKED_UP: usize = 2;

/// Finds an entity's key by its number; `whole`: with all of its fields.
pub(super) fn look_up(locator: &Locator, reference: &Reference, whole: bool) -> HttpRequest {
    let number = match reference {
        Reference::Number(number) | Reference::Either { number, .. } => number.as_str(),
        Reference::Id(_) => "",
    };
    let filter = request::number_filter("Number", number);
    let query = Query::default().with("$filter", &filter).with("$top", &LOOKED_UP.to_string());
    HttpRequest::get(locator.set, &if whole { query } else { query.with("$select", locator.key) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{OPERATIONS, operation};
    use crate::rows::testing::given;
    use serde_json::json;

    /// The path with its query, or why nothing is sent.
    fn sent(operation: &'static Operation, parameters: &Value) -> String {
        let mut rows = given(parameters);
        match of_row(operation, &mut Parameters { rows: &mut rows, row: 0 }, &mut Columns::default()) {
            Ok(plan) => plan.request(None).path,
            Err(report) => report.error,
        }
    }

    #[test]
    fn a_file_and_a_number_are_called_like_no_license_key() {
        let told = |key: &str| {
            let delete = operation("Custom Prompts", "Delete Custom Prompt").unwrap();
            sent(delete, &json!({"customPromptId": key}))
        };
        for key in ["2026-1129-0300-0001.wav", "MAIN-MENU-OPEN-HOUR.wav", "2026-1129-0300-0001"] {
            assert!(told(key).contains(key), "{}", told(key));
        }
        for key in ["8SGW-ABCD-EFGH-1234", "8SGW-ABCD-EFGH-1234.", "8SGW-ABCD-EFGH-1234.12"] {
            assert!(!told(key).contains("8SGW"), "{}", told(key));
        }
    }

    #[test]
    fn a_report_ends_after_it_begins() {
        let log = operation("Report Call Log Data", "Get Call Log Data").unwrap();
        for (to, expected) in [
            ("2026-03-02T00:00:00Z", "/ReportCallLogData/"),
            ("2026-02-01T00:00:00Z", "Period To is not after Period From"),
        ] {
            let period = json!({"periodFrom": "2026-03-01T00:00:00Z", "periodTo": to});
            let told = sent(log, &json!({ "arguments": period }));
            assert!(told.starts_with(expected), "{told}");
        }
    }

    #[test]
    fn a_report_of_queues_or_groups_asks_which() {
        let mut asked = 0;
        for (resource, name, label) in [
            ("Report Abandoned Queue Calls", "queueDns", "Queue DNs"),
            ("Report Agents In Queue Statistics", "queueDnStr", "Queue DN"),
            ("Report Call Cost By Extension Group", "groupFilter", "Group Filter"),
        ] {
            for operation in OPERATIONS.iter().filter(|operation| operation.resource == resource) {
                let mut given = json!({"periodFrom": "2026-01-01", "periodTo": "2026-02-01", "startDt": "2026-01-01",
                    "endDt": "2026-02-01", "callClass": 0, "clientTimeZone": "UTC"});
                let known = |name: &str| operation.parameters.iter().any(|field| field.name() == name);
                given.as_object_mut().unwrap().retain(|name, _| known(name));
                for blank in [json!(null), json!(""), json!(" ")] {
                    given[name] = blank;
                    let told = sent(operation, &json!({"arguments": given}));
                    assert_eq!(told, format!("{label} is empty"), "{}", operation.name);
                }
                given[name] = "800".into();
                let path = sent(operation, &json!({"arguments": given}));
                assert!(path.contains(&format!("{name}=%27800%27")), "{path}");
                asked += 1;
            }
        }
        assert_eq!(asked, 6);
    }

    #[test]
    fn the_first_page_of_vector_stores_is_after_none() {
        for (name, more) in [("Get Vector Stores", json!({})), ("Get Vector Store Files", json!({"id": "v"}))] {
            let mut given = json!({"limit": 10});
            given.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let path = sent(operation("AI Settings", name).unwrap(), &json!({"arguments": given}));
            assert!(path.contains("limit=10,after=%27%27)"), "{path}");
        }
    }
}
