//! The generic job: one call for each row, or as many as a list has pages.

use std::collections::{HashMap, VecDeque};

use serde_json::json;

use crate::batch::{Call, CallId, Certainty, Job, Next, Outcome, Report, Stop};
use crate::definition::{Key, Locator, Operation, Read};
use crate::error::Failure;
use crate::odata::{Query, quoted};
use crate::request::{self, HttpRequest, PAGE_SIZE};
use crate::response::{self, HttpResponse, Page};
use crate::rows::{Cell, Rows};
use crate::value::{self, Reference};

/// What is done for each row.
#[derive(Clone, Copy, Debug)]
pub enum Task {
    Read(&'static Operation, &'static Read),
    /// One page of the entities that a person can choose from.
    Search(&'static Locator),
}

/// A run of one task over all rows. A page of a row is asked for when the one before has come.
pub struct Rowwise {
    task: Task,
    next_row: usize,
    /// Rows that need a further page.
    unfinished: VecDeque<Progress>,
    calls: HashMap<CallId, Progress>,
    next_call: CallId,
    outcomes: Vec<Outcome>,
    ending: Option<Stop>,
}

/// A row under way.
#[derive(Debug)]
struct Progress {
    row: usize,
    want: Want,
    /// Records gathered so far.
    records: Vec<String>,
}

/// What a row asks for.
#[derive(Debug)]
enum Want {
    /// The answer is one record.
    One(HttpRequest),
    /// The answer is a collection that should hold one record.
    OneOf(HttpRequest, Reference),
    /// Pages of a collection, up to a number of records.
    Pages { path: &'static str, query: PageQuery, limit: usize, last_page: Option<String> },
    /// One page of entities to choose from.
    Choices(HttpRequest, &'static Locator),
}

#[derive(Debug, Default)]
struct PageQuery {
    skip: usize,
    order_by: String,
    options: Vec<(&'static str, String)>,
}

impl Rowwise {
    pub fn new(task: Task) -> Self {
        Self {
            task,
            next_row: 0,
            unfinished: VecDeque::new(),
            calls: HashMap::new(),
            next_call: 0,
            outcomes: Vec::new(),
            ending: None,
        }
    }

    fn send(&mut self, progress: Progress) -> Next {
        let request = match &progress.want {
            Want::One(request) | Want::OneOf(request, _) | Want::Choices(request, _) => request.clone(),
            Want::Pages { path, query, limit, .. } => {
                let top = PAGE_SIZE.min(limit.saturating_sub(progress.records.len()));
                let page = request::page_query(query.skip, top, &query.order_by);
                let query = query.options.iter().fold(page, |page, (name, value)| page.with(name, value));
                HttpRequest::get(path, &query)
            }
        };
        let id = self.next_call;
        self.next_call += 1;
        self.calls.insert(id, progress);
        Next::Call(Call { id, request, safe_to_repeat: true })
    }

    fn begin(&self, row: usize, rows: &mut dyn Rows) -> Result<Want, Box<Report>> {
        match self.task {
            Task::Search(locator) => search(locator, row, rows),
            Task::Read(operation, read) => match read {
                Read::Entity { key, collection } => get(operation.path, key, collection, row, rows),
                Read::EntitySet { order_by } => list(operation.path, order_by, row, rows),
                Read::Singleton => Ok(Want::One(HttpRequest::get(operation.path, &Query::default()))),
            },
        }
    }

    fn conceal(&self) -> &'static [&'static str] {
        match self.task {
            Task::Read(operation, _) => operation.conceal,
            Task::Search(_) => &[],
        }
    }

    /// Takes in an answer. Whether the row needs a further page.
    fn take(&self, progress: &mut Progress, text: &str) -> Result<bool, Box<Report>> {
        let unreadable = |failure: Failure| Box::new(Report::of(&failure, Certainty::Refused));
        let conceal = self.conceal();
        match &mut progress.want {
            Want::One(_) => {
                progress.records.push(response::record(text, conceal).map_err(unreadable)?);
                Ok(false)
            }
            Want::OneOf(_, reference) => {
                let page = Page::parse(text).map_err(unreadable)?;
                let [record] = page.records[..] else {
                    return Err(not_one(page.records.len(), reference));
                };
                progress.records.push(response::record(record.get(), conceal).map_err(unreadable)?);
                Ok(false)
            }
            Want::Choices(_, locator) => {
                for record in Page::parse(text).map_err(unreadable)?.records {
                    progress.records.push(choice(record.get(), locator).map_err(unreadable)?);
                }
                Ok(false)
            }
            Want::Pages { query, limit, last_page, .. } => {
                let page = Page::parse(text).map_err(unreadable)?;
                let room = limit.saturating_sub(progress.records.len());
                // The same page again: going on would never end.
                let first = page.records.first().map(|record| record.get().to_owned());
                if first.is_some() && first == *last_page {
                    return Ok(false);
                }
                for record in page.records.iter().take(room) {
                    progress.records.push(response::record(record.get(), conceal).map_err(unreadable)?);
                }
                *last_page = first;
                query.skip += page.records.len();
                Ok(page.records.len() >= PAGE_SIZE && progress.records.len() < *limit)
            }
        }
    }
}

impl Job for Rowwise {
    fn next(&mut self, rows: &mut dyn Rows) -> Next {
        if !self.outcomes.is_empty() {
            return Next::Outcomes;
        }
        if self.ending.is_none()
            && let Some(progress) = self.unfinished.pop_front()
        {
            return self.send(progress);
        }
        if self.next_row < rows.len() {
            let row = self.next_row;
            self.next_row += 1;
            if let Some(why) = &self.ending {
                self.outcomes.push(Outcome::skipped(row, why));
                return Next::Outcomes;
            }
            return match self.begin(row, rows) {
                Ok(want) => self.send(Progress { row, want, records: Vec::new() }),
                Err(report) => {
                    self.outcomes.push(Outcome::failed(row, *report));
                    Next::Outcomes
                }
            };
        }
        if self.calls.is_empty() { Next::Done } else { Next::Wait }
    }

    fn answered(&mut self, call: CallId, answer: Result<HttpResponse, Failure>) {
        let Some(mut progress) = self.calls.remove(&call) else { return };
        let taken = match answer.as_ref().map(HttpResponse::text) {
            Ok(Ok(text)) => self.take(&mut progress, text),
            Ok(Err(failure)) => Err(Box::new(Report::of(&failure, Certainty::Refused))),
            Err(failure) => Err(Box::new(Report::of(failure, certainty(failure)))),
        };
        match (taken, &self.ending) {
            (Ok(true), None) => self.unfinished.push_back(progress),
            (Ok(true), Some(why)) => self.outcomes.push(Outcome::skipped(progress.row, why)),
            (Ok(false), _) => self.outcomes.push(Outcome::done(progress.row, progress.records)),
            (Err(report), _) => self.outcomes.push(Outcome::failed(progress.row, *report)),
        }
    }

    fn stop(&mut self, why: &Stop) {
        for progress in std::mem::take(&mut self.unfinished) {
            self.outcomes.push(Outcome::skipped(progress.row, why));
        }
        self.ending = Some(why.clone());
    }

    fn take_outcomes(&mut self) -> Vec<Outcome> {
        std::mem::take(&mut self.outcomes)
    }

    fn hints(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Reading changes nothing: a row that got no answer counts as not done, not as unknown.
fn certainty(failure: &Failure) -> Certainty {
    if failure.status().is_some() { Certainty::Refused } else { Certainty::NotSent }
}

fn get(path: &str, key: &Key, collection: &str, row: usize, rows: &mut dyn Rows) -> Result<Want, Box<Report>> {
    let reference =
        value::reference("Group", rows.parameter(row, key.parameter)).map_err(|fault| Box::new(fault.report()))?;
    Ok(match (&reference, key.number) {
        (Reference::Id(id) | Reference::Either { id, .. }, _) => {
            Want::One(HttpRequest::get_by_key(path, key, *id, &Query::default()))
        }
        (Reference::Number(number), Some(property)) => {
            let query = Query::default().with("$filter", &request::number_filter(property, number)).with("$top", "2");
            Want::OneOf(HttpRequest::get(collection, &query), reference)
        }
        (Reference::Number(_), None) => return Err(not_one(0, &reference)),
    })
}

fn list(path: &'static str, order_by: &str, row: usize, rows: &mut dyn Rows) -> Result<Want, Box<Report>> {
    let mut parameter = |name: &'static str| match rows.parameter(row, name) {
        Ok(cell) => Ok(cell),
        Err(fault) => {
            value::clean_text(name, Err(fault)).map(|_| Cell::Empty).map_err(|fault| Box::new(fault.report()))
        }
    };
    let limit = match (parameter("returnAll")?.is_true(), parameter("limit")?) {
        (true, _) => usize::MAX,
        (false, Cell::Number(limit)) if limit >= 1.0 => limit as usize,
        (false, _) => 50,
    };
    let order_by = parameter("orderby")?.into_filled_text().unwrap_or_else(|| order_by.to_owned());
    let mut options = Vec::new();
    for (name, option) in [("filter", "$filter"), ("search", "$search"), ("select", "$select")] {
        if let Some(text) = parameter(name)?.into_filled_text() {
            options.push((option, text));
        }
    }
    Ok(Want::Pages { path, query: PageQuery { skip: 0, order_by, options }, limit, last_page: None })
}

fn search(locator: &'static Locator, row: usize, rows: &mut dyn Rows) -> Result<Want, Box<Report>> {
    let mut parameter = |name: &str| rows.parameter(row, name).unwrap_or(Cell::Empty).into_filled_text();
    let skip = parameter("skip").and_then(|skip| skip.parse().ok()).unwrap_or_default();
    let mut filter = format!("not startswith({},{})", locator.label, quoted(locator.hidden_prefix));
    if let Some(text) = parameter("query") {
        let text = quoted(&text.to_lowercase());
        let contains = |property: &str| format!("contains(tolower({property}),{text})");
        filter = format!("{filter} and ({} or {})", contains(locator.label), contains(locator.number));
    }
    let fields = format!("{},{},{}", locator.key, locator.label, locator.number);
    let query = request::page_query(skip, PAGE_SIZE, locator.label).with("$filter", &filter).with("$select", &fields);
    Ok(Want::Choices(HttpRequest::get(locator.path, &query), locator))
}

/// An entry of a list to choose from: what is shown, and what stands for it.
fn choice(record: &str, locator: &Locator) -> Result<String, Failure> {
    let unreadable = Failure::Unreadable { status: 200 };
    let record: serde_json::Value = serde_json::from_str(record).map_err(|_| unreadable.clone())?;
    let label = record[locator.label].as_str().unwrap_or_default();
    let key = record[locator.key].as_i64().ok_or(unreadable)?;
    let name = match record[locator.number].as_str() {
        Some(number) if !number.is_empty() => format!("{label} ({number})"),
        _ => label.to_owned(),
    };
    Ok(json!({ "name": name, "value": key.to_string() }).to_string())
}

fn not_one(found: usize, reference: &Reference) -> Box<Report> {
    let shown = reference.shown();
    let mut report = Box::new(Report::of(&Failure::NotFound, Certainty::Refused));
    report.error = if found == 0 {
        format!("3CX has no entry with the number {shown} (404)")
    } else {
        format!("3CX has several entries with the number {shown}")
    };
    report.advice = "Check it against 3CX Admin, or choose the entry from the list.".to_owned();
    report
}
