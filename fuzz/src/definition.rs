//! Any operation with any form, and a PBX that answers anything: lines of `name=value`, the first of which names the
//! operation, an empty line, and the status and the body of every answer.

use call_engine::Job;
use serde_json::{Value, json};
use threecx_core::definition::{self, Kind, LOCATORS, OPERATIONS, Operation};
use threecx_core::n8n::form::{Part, form_fields};
use threecx_core::n8n::outcome::Outcome;
use threecx_core::n8n::words;
use threecx_core::operation::{Rowwise, Task};
use threecx_core::redaction::Secrets;
use threecx_core::rows::{Cell, CellFault, Rows};
use threecx_core::xapi::proof;
use threecx_core::xapi::protocol::Next;
use threecx_core::xapi::request::{AnswerAs, HttpRequest, Payload};
use threecx_core::xapi::response::{Body, FileAnswer, HttpResponse};

use super::json;
use super::odata::{decoded, unquoted};

/// More calls than this are never needed: the PBX answers each page alike.
const MOST_CALLS: usize = 6;

pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (form, answer) = text.split_once("\n\n").unwrap_or((&text, ""));
    let (name, form) = form.split_once('\n').unwrap_or((form, ""));
    let (status, body) = answer.split_once('\n').unwrap_or((answer, ""));
    names(name);
    let status = status.trim().parse().unwrap_or(200);
    let operation = operation(name);
    let mut form = Form(form.to_owned());
    for outcome in run(Task::Do(operation), &mut form, status, body, |request| is_of(operation, request)) {
        let shows_secrets =
            operation.reveals || operation.kind == Kind::CustomRequest || form.value("simplify").is_some();
        item(&outcome, !shows_secrets);
    }
    let locator = &LOCATORS[sum(name) % LOCATORS.len()];
    for outcome in run(Task::Choose(locator), &mut form, status, body, |request| fits(locator.set, path(request))) {
        item(&outcome, true);
    }
}

/// Names are found only as they stand in the tables, and make words and forms in any case.
fn names(text: &str) {
    let (resource, name) = text.split_once('/').unwrap_or((text, text));
    if let Some(found) = definition::operation(resource, name) {
        assert_eq!((found.resource, found.name), (resource, name));
    }
    assert!(!definition::is_secret(name) || definition::is_secret_parameter(&name.to_ascii_uppercase()));
    if name.is_ascii() {
        assert_eq!(words::start_case(&words::start_case(name)), words::start_case(name));
    }
    let _ = (words::title_case(name), words::lower_case(name));
    for part in [Part::Fields, Part::Arguments, Part::Filter, Part::Select, Part::Expand] {
        for offer in form_fields(operation(text), part) {
            let id = offer["id"].as_str().or(offer["value"].as_str()).expect("an offer has a name");
            assert!(!id.is_empty());
        }
    }
}

fn operation(text: &str) -> &'static Operation {
    let named = text.split_once('/').and_then(|(resource, name)| definition::operation(resource, name));
    named.unwrap_or(&OPERATIONS[sum(text) % OPERATIONS.len()])
}

fn sum(text: &str) -> usize {
    text.bytes().fold(0, |sum, byte| (sum * 31 + usize::from(byte)) % 65_521)
}

/// One row with whatever values.
struct Form(String);

impl Form {
    fn value(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
    }
}

impl Rows for Form {
    fn len(&self) -> usize {
        1
    }

    fn parameter(&mut self, _row: usize, name: &str) -> Result<Cell, CellFault> {
        Ok(self.value(name).map_or(Cell::Empty, cell))
    }

    fn column(&mut self, row: usize, name: &str) -> Result<Cell, CellFault> {
        self.parameter(row, name)
    }

    fn columns(&mut self, _row: usize) -> Result<String, CellFault> {
        Ok(self.value("columns").unwrap_or("{}").to_owned())
    }

    fn file(&mut self, _row: usize, field: &str) -> Option<String> {
        self.value(field).map(str::to_owned)
    }
}

fn cell(text: &str) -> Cell {
    let locator = |mode: &str, value: &str| Cell::Locator { mode: mode.to_owned(), value: Box::new(cell(value)) };
    match text.split_once(':') {
        Some((mode @ ("id" | "list" | "number"), value)) => locator(mode, value),
        _ if text.starts_with(['{', '[']) => Cell::Json(text.to_owned()),
        _ => match text {
            "true" | "false" => Cell::Bool(text == "true"),
            _ => text.parse().map_or_else(|_| Cell::Text(text.to_owned()), Cell::Number),
        },
    }
}

fn run(
    task: Task,
    rows: &mut Form,
    status: u16,
    body: &str,
    is_fitting: impl Fn(&HttpRequest) -> bool,
) -> Vec<Outcome> {
    let mut job = Rowwise::new(task);
    let mut outcomes = Vec::new();
    for _ in 0..MOST_CALLS {
        match job.next(rows) {
            Next::Call(call) => {
                let request = &call.request;
                assert!(is_fitting(request) && is_plain(request), "{request:?}");
                let file = FileAnswer { id: 7, name: "a.wav".to_owned(), mime_type: "audio/wav".to_owned(), size: 1 };
                let answer = HttpResponse {
                    status,
                    version: rows.value("version").map(str::to_owned),
                    body: if request.wanted == AnswerAs::File { Body::File(file) } else { Body::Text(body.to_owned()) },
                    ..HttpResponse::default()
                };
                job.ended(call.id, proof::judge(&call, &Secrets::default(), Ok(answer)));
            }
            Next::Outcomes => outcomes.extend(job.take_outcomes()),
            Next::Wait => panic!("there is nothing to wait for"),
            Next::Done => {
                assert_eq!(outcomes.len(), 1, "one row, one outcome");
                break;
            }
        }
    }
    outcomes
}

fn path(request: &HttpRequest) -> &str {
    request.path.split_once('?').map_or(&request.path, |(path, _)| path)
}

/// Whether it goes where the operation says, whatever the values are.
fn is_of(operation: &Operation, request: &HttpRequest) -> bool {
    let path = path(request);
    if operation.kind == Kind::CustomRequest {
        let decoded = path.replace("%2E", ".").replace("%2e", ".").replace("%2F", "/").replace("%2f", "/");
        return path.starts_with('/') && !decoded.split('/').any(|part| part == "." || part == "..");
    }
    fits(operation.path, path)
        || operation.older.is_some_and(|older| fits(older.path, path) || path == "/Defs")
        || operation.locator.is_some_and(|locator| locator.by_number && path == locator.set)
}

/// Whether a path is its template with a literal for each parameter.
fn fits(template: &str, path: &str) -> bool {
    let Some((before, after)) = template.split_once('{') else { return template == path };
    let (Some(rest), Some((_, after))) = (path.strip_prefix(before), after.split_once('}')) else { return false };
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-._~%".contains(c)).unwrap_or(rest.len());
    is_literal(&rest[..end]) && fits(after, &rest[end..])
}

fn is_literal(encoded: &str) -> bool {
    decoded(encoded).is_some_and(|text| {
        let is_bare = |c: char| c.is_ascii_alphanumeric() || "-+.:".contains(c);
        unquoted(&text).is_some() || (!text.is_empty() && text.chars().all(is_bare) && text.trim_matches('.') == text)
    })
}

/// Nothing in it ends or splits a line of HTTP, and a body is JSON.
fn is_plain(request: &HttpRequest) -> bool {
    let is_json = match &request.body {
        Payload::Json(body) => serde_json::from_str::<Value>(body).is_ok(),
        Payload::Nothing | Payload::File { .. } => true,
    };
    is_json && request.path.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\\\"<>".contains(&byte))
}

fn item(outcome: &Outcome, is_masked: bool) {
    for item in &outcome.items {
        let Some(item) = json::read(item) else { continue };
        assert_eq!(item["pairedItem"], json!({ "item": 0 }));
        if outcome.failed {
            let told = |name: &str| item["json"][name].as_str().is_some_and(|text| text.len() > 3);
            assert!(told("error") && told("message"), "{item}");
        } else if is_masked {
            json::assert_masked(&item["json"]);
        }
    }
}
