//! The whole job against a PBX that answers at once.

mod groups;
mod memory;
mod sending;

use std::cell::{Cell as Flag, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use call_engine::{Batch, Before, Note, Renewal, RowSet, Settings, Stage, Tally};
use serde_json::{Value, json};

use super::{Memory, Replacement, SentRows};
use crate::n8n::replaced::InWords;
use crate::rows::{Cell, CellFault, ColumnNames, Rows, folded};
use crate::secret::Secret;
use crate::xapi::error::{Failure, MemoryFault};
use crate::xapi::protocol::{Action, Session, Xapi};
use crate::xapi::request::{HttpRequest, Method, Payload};
use crate::xapi::response::{Body, HttpResponse};

const PATH: &str = "/Groups/Pbx.ReplaceGroupLicenseKey";

/// Rows with a group each, and options for all of them.
struct Form {
    groups: Vec<Cell>,
    /// What stands beside them under `Group Number`, if there is such a column.
    numbers: Vec<Cell>,
    options: Vec<(&'static str, Cell)>,
}

impl Rows for Form {
    fn len(&self) -> usize {
        self.groups.len()
    }

    fn is_fixed(&self, _name: &str) -> bool {
        true
    }

    fn parameter(&mut self, _row: usize, name: &str) -> Result<Cell, CellFault> {
        let found = self.options.iter().find(|(known, _)| *known == name);
        Ok(found.map_or(Cell::Empty, |(_, cell)| cell.clone()))
    }

    fn column(&mut self, row: usize, name: &str) -> Result<Cell, CellFault> {
        Ok(match folded(name).as_str() {
            "groupid" | "groupname" | "department" => self.groups[row].clone(),
            "groupnumber" => self.numbers.get(row).cloned().unwrap_or(Cell::Empty),
            "licensekey" => Cell::Text(format!("CNRY-KEYX-0000-{row:04}")),
            "onekey" => Cell::Text("CNRY-KEYX-0000-0000".to_owned()),
            _ => Cell::Empty,
        })
    }

    fn column_names(&self) -> ColumnNames {
        let spelled = ["Group ID", "License Key", "Group Number"].map(str::to_owned);
        let spelled = if self.numbers.is_empty() { Vec::new() } else { spelled.into() };
        ColumnNames { spelled, ..ColumnNames::default() }
    }

    fn columns(&mut self, _row: usize) -> Result<String, CellFault> {
        Ok("{}".to_owned())
    }

    fn file(&mut self, _row: usize, _field: &str) -> Option<String> {
        None
    }
}

/// A host that remembers.
#[derive(Default)]
struct Host {
    texts: RefCell<Vec<String>>,
    notes: Flag<usize>,
    runs: Flag<u64>,
    /// At which action of a run it breaks down, having done what it was asked.
    breaks_after: Flag<usize>,
    fails: Flag<bool>,
    /// After which note another run writes over what is there.
    overwritten: Flag<usize>,
    capacity: Option<usize>,
    /// Since when it has known what it knows, if it tells that.
    since: Option<&'static str>,
}

/// Several runs of one execution.
#[derive(Clone, Debug, Default)]
struct Execution(Rc<RefCell<HashMap<u64, f64>>>);

impl SentRows for Execution {
    fn get(&self, key: u64) -> Option<f64> {
        self.0.borrow().get(&key).copied()
    }

    fn set(&self, key: u64, number: f64) {
        self.0.borrow_mut().insert(key, number);
    }
}

impl Execution {
    fn run(&self, groups: &[i32], pbx: impl Fn(&HttpRequest) -> HttpResponse) -> Ran {
        self.run_until(None, groups, pbx)
    }

    /// `host`: at which action the run breaks down.
    fn run_until(&self, host: Option<&Host>, groups: &[i32], pbx: impl Fn(&HttpRequest) -> HttpResponse) -> Ran {
        let groups = groups.iter().map(|id| Cell::Number(f64::from(*id))).collect();
        let rows = Form { groups, numbers: Vec::new(), options: Vec::new() };
        let job = Replacement::<InWords>::new(PATH, None).among(Box::new(self.clone()), "https://pbx.example.com", 0);
        run_job(job, Settings::default(), host, rows, pbx)
    }
}

impl Host {
    fn memory(&self) -> Memory {
        self.runs.set(self.runs.get() + 1);
        Memory::new("https://pbx.example.com", self.capacity, self.runs.get())
    }

    fn note(&self, note: Note) -> Result<Vec<Before>, MemoryFault> {
        self.notes.set(self.notes.get() + 1);
        if self.fails.get() {
            return Err(MemoryFault::Failed("the database is locked".to_owned()));
        }
        let mut texts = self.texts.borrow_mut();
        texts.retain(|text| !note.forget.contains(text));
        let before = |text: &String| match (texts.contains(text), self.since) {
            (false, _) => Before::No,
            (true, None) => Before::Yes,
            (true, Some(when)) => Before::Since(when.to_owned()),
        };
        let known = note.remember.iter().map(before).collect();
        let new: Vec<_> = note.remember.into_iter().filter(|text| !texts.contains(text)).collect();
        texts.extend(new);
        if self.notes.get() == self.overwritten.get() {
            texts.clear();
        }
        Ok(known)
    }
}

/// What a run asked for, and what its rows say.
struct Ran {
    requests: Vec<HttpRequest>,
    rows: Vec<Value>,
    hints: Vec<String>,
    unknown: RowSet,
    /// Rows in the order in which they told, with how many requests had been made.
    told: Vec<(usize, Stage, usize)>,
    /// What the rows first said that told twice.
    first: HashMap<usize, Value>,
    tally: Tally,
}

impl Ran {
    fn changes(&self) -> usize {
        self.requests.iter().filter(|request| request.method != Method::Get).count()
    }

    fn reads(&self) -> Vec<&str> {
        let reads = self.requests.iter().filter(|request| request.method == Method::Get);
        reads.map(|request| request.path.as_str()).collect()
    }
}

fn run(
    groups: impl IntoIterator<Item = Cell>,
    options: &[(&'static str, Cell)],
    pbx: impl Fn(&HttpRequest) -> HttpResponse,
) -> Ran {
    run_with(Settings::default(), None, groups, options, pbx)
}

fn run_with(
    settings: Settings,
    host: Option<&Host>,
    groups: impl IntoIterator<Item = Cell>,
    options: &[(&'static str, Cell)],
    pbx: impl Fn(&HttpRequest) -> HttpResponse,
) -> Ran {
    let rows = Form { groups: groups.into_iter().collect(), numbers: Vec::new(), options: options.to_vec() };
    run_rows(settings, host, rows, pbx)
}

fn run_rows(settings: Settings, host: Option<&Host>, rows: Form, pbx: impl Fn(&HttpRequest) -> HttpResponse) -> Ran {
    run_job(Replacement::new(PATH, host.map(Host::memory)), settings, host, rows, pbx)
}

fn run_job(
    job: Replacement<InWords>,
    settings: Settings,
    host: Option<&Host>,
    mut rows: Form,
    pbx: impl Fn(&HttpRequest) -> HttpResponse,
) -> Ran {
    let session = Session::with_token(Secret::new("token".to_owned()), Renewal::Never);
    let mut batch = Batch::new(job, settings, session, Xapi::default());
    let mut ran = Ran {
        requests: Vec::new(),
        rows: vec![Value::Null; rows.len()],
        hints: Vec::new(),
        unknown: RowSet::default(),
        told: Vec::new(),
        first: HashMap::new(),
        tally: Tally::default(),
    };
    let (mut now, mut waits, mut steps) = (0, 0, 0);
    // A PBX that is too busy says so when the run waits for nothing else.
    let mut late = Vec::new();
    loop {
        now += 10;
        let action = batch.poll(now, &mut rows);
        steps += 1;
        let is_last = host.is_some_and(|host| host.breaks_after.get() == steps);
        for outcome in batch.take_outcomes() {
            let item: Value = serde_json::from_str(&outcome.items[0]).unwrap();
            ran.told.push((outcome.row, outcome.stage, ran.requests.len()));
            if outcome.stage == Stage::First {
                ran.first.insert(outcome.row, item["json"].clone());
            }
            ran.rows[outcome.row] = item["json"].clone();
        }
        match action {
            Action::Send { ticket, request, .. } => {
                ran.requests.push((*request).clone());
                let answer = pbx(&request);
                if is_last {
                    return ran;
                }
                if answer.status == 429 {
                    late.push((ticket, answer));
                } else {
                    batch.answered(ticket, Ok(answer), now);
                }
            }
            Action::Note(note) => {
                let known = host.unwrap().note(note);
                if is_last {
                    return ran;
                }
                batch.noted(known.map_err(Failure::Memory), now);
            }
            Action::Done => {
                (ran.tally, ran.hints, ran.unknown) = (batch.tally(), batch.hints(), batch.unknown().clone());
                return ran;
            }
            _ if is_last => return ran,
            Action::Wait { until } => {
                waits += 1;
                assert!(waits < 1000, "the run ends");
                match late.pop() {
                    Some((ticket, answer)) => batch.answered(ticket, Ok(answer), now),
                    None => now = until.unwrap_or(now),
                }
            }
            _ => {}
        }
    }
}

/// Groups by ID and number, of a PBX that has as many more as are wanted.
fn pbx(named: Vec<(i32, String)>) -> impl Fn(&HttpRequest) -> HttpResponse {
    move |request| {
        if request.method != Method::Get {
            return HttpResponse { status: 204, ..HttpResponse::default() };
        }
        let group = |(id, number): &(i32, String)| json!({ "Id": id, "Number": number, "Name": format!("Name {id}"), "Props": { "Subscription": "Free" } });
        let path = request.path.replace("%20", " ").replace("%28", "(").replace("%29", ")").replace("%27", "'");
        let is_meant = |(id, number): &&(i32, String)| {
            path.contains(&format!("Id eq {id} "))
                || path.contains(&format!("Id eq {id}&"))
                || path.contains(&format!("tolower(Number) eq '{}'", number.to_lowercase()))
        };
        let found: Vec<_> = if path.contains("$filter") {
            named.iter().filter(is_meant).map(group).collect()
        } else {
            let skip = path.split("$skip=").nth(1).map_or(0, |rest| rest.split('&').next().unwrap().parse().unwrap());
            named.iter().skip(skip).take(100).map(group).collect()
        };
        ok(&json!({ "@odata.count": named.len(), "value": found }))
    }
}

fn ok(body: &Value) -> HttpResponse {
    HttpResponse { status: 200, body: Body::Text(body.to_string()), ..HttpResponse::default() }
}

fn many(count: i32) -> Vec<(i32, String)> {
    (1..=count).map(|id| (id, format!("GRP{id:04}"))).collect()
}

fn texts(texts: &[&str]) -> Vec<Cell> {
    texts.iter().map(|text| Cell::Text((*text).to_owned())).collect()
}

fn ids(count: usize) -> impl Iterator<Item = Cell> {
    (1..=count).map(|id| Cell::Number(id as f64))
}
