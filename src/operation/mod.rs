//! The generic job: one call for each row, or as many as a list has pages.

mod answer;
mod body;
mod choices;
mod columns;
mod custom;
#[cfg(test)]
mod hostile;
mod license;
mod list;
mod meant;
#[cfg(test)]
mod offered;
pub(crate) mod parameters;
mod parts;
mod plan;
mod query;
#[cfg(test)]
mod samples;
mod saved;
#[cfg(test)]
mod tests;
mod values;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use call_engine::{CallId, Delivery, Effect, Job};
use serde_json::{Value, json};

use crate::definition::{Answer, Kind, Locator, Older, Operation};
use crate::lanes::Lanes;
use crate::n8n::hints::{LIST_GOES_ON, SENT_AS_SAVED};
use crate::n8n::outcome::{Certainty, Left, Outcome, Report};
use crate::redaction::{MASK, redact};
use crate::row_secrets::RowSecrets;
use crate::rows::{Rows, json};
use crate::secret_names;
use crate::xapi::error::Failure;
use crate::xapi::odata::Query;
use crate::xapi::pages::Asked;
use crate::xapi::proof::Proof;
use crate::xapi::protocol::{Call, Ended, Next, Stop, Xapi};
use crate::xapi::records::Page;
use crate::xapi::request::{HttpRequest, Method, Payload, Wanted};
use crate::xapi::response::{Body, FileAnswer, HttpResponse};
use crate::xapi::version::Version;
use choices::Choices;
use columns::Columns;
use license::OneRow;
use list::List;
use parameters::Parameters;
use parts::{Parts, Whole};
use plan::{Key, Plan};

/// What is done for each row.
#[derive(Clone, Copy, Debug)]
pub enum Task {
    Do(&'static Operation),
    /// Gives one page of the entities that a person can choose from.
    Choose(&'static Locator),
}

/// A run of one task over all rows.
pub struct Rowwise {
    task: Task,
    paths: Paths,
    next_row: usize,
    /// Rows that read an entity that was looked up.
    found: VecDeque<(usize, Plan)>,
    /// Rows that are still to enter a lane, in their order: the first one's entity is being looked up, or was. A lane is
    /// known by its entity's key, so that numbers and keys of the same share one.
    entering: VecDeque<(usize, Option<Plan>)>,
    /// Rows that may give an entity another number, until they have ended, and one that names a number after them.
    renumbering: HashSet<usize>,
    held: Option<(usize, Plan)>,
    /// Rows by what they change: one of each is under way.
    lanes: Lanes<(usize, Plan)>,
    /// The lanes of those under way, by row.
    subjects: HashMap<usize, u64>,
    /// Rows whose lane has just become free.
    freed: VecDeque<(usize, Plan)>,
    /// Rows that ask once more, for less.
    again: Vec<Progress>,
    /// Lists under way, by row, and the rows of those that may have a page to ask for.
    lists: BTreeMap<usize, List>,
    unread: VecDeque<usize>,
    calls: HashMap<CallId, Purpose>,
    next_call: CallId,
    outcomes: Vec<Outcome>,
    /// What rows that have ended gave beyond their first part.
    parts: Parts,
    ending: Option<Stop>,
    columns: Columns,
    /// Whether this PBX refuses to select fields that other versions have.
    reads_whole: bool,
    /// Whether rows were sent as the earlier node had saved them.
    is_saved: bool,
    /// Whether a list that was asked for once goes on.
    goes_on: bool,
    /// What rows that were begun have sent and no text may show.
    secrets: RowSecrets,
    /// Whether a language model reads what comes out, and nothing else of the run.
    is_for_agent: bool,
    /// Why rows that change something are refused, if they are: the host would do them again, or does.
    only_reads: Option<Failure>,
    /// What is to be seen of all rows before any is sent, if anything is.
    one_row: Option<OneRow>,
}

/// Which of two paths this PBX knows.
enum Paths {
    Settled,
    /// To be asked before the first row.
    Unknown(Older),
    /// Being asked.
    Asked(Older),
    Older(Older),
}

/// What a call is for.
#[derive(Debug)]
enum Purpose {
    /// Which version the PBX has.
    Version,
    Row(Box<Progress>),
    /// A page of a row's list.
    Page(usize, Asked),
}

/// A row under way, but for lists.
#[derive(Debug)]
struct Progress {
    row: usize,
    want: Want,
}

#[derive(Debug)]
enum Want {
    /// The key of an entity that was named by its number, before anything else; whether with all of its fields.
    Key(Plan, bool),
    One(Plan),
    Choices(Choices),
}

/// What an answer means for its row.
enum Taken {
    /// What is asked for further.
    Further(Choices),
    Done(Vec<String>),
    File(String, FileAnswer),
    /// What the row is for, now that its key is known.
    Plan(Box<Plan>),
}

/// So many rows at most wait for others that change the same.
const MOST_WAITING: usize = 128;
/// So many rows are looked at before the host gets a turn.
const CHUNK: usize = 256;

impl Rowwise {
    pub fn new(task: Task) -> Self {
        let paths = match task {
            Task::Do(Operation { older: Some(older), .. }) => Paths::Unknown(*older),
            _ => Paths::Settled,
        };
        Self {
            task,
            paths,
            next_row: 0,
            found: VecDeque::new(),
            entering: VecDeque::new(),
            renumbering: HashSet::new(),
            held: None,
            lanes: Lanes::default(),
            subjects: HashMap::new(),
            freed: VecDeque::new(),
            again: Vec::new(),
            lists: BTreeMap::new(),
            unread: VecDeque::new(),
            calls: HashMap::new(),
            next_call: 0,
            outcomes: Vec::new(),
            parts: Parts::default(),
            ending: None,
            columns: Columns::default(),
            reads_whole: false,
            is_saved: false,
            goes_on: false,
            secrets: RowSecrets::default(),
            is_for_agent: false,
            only_reads: None,
            one_row: match task {
                Task::Do(operation) => OneRow::of(operation),
                Task::Choose(_) => None,
            },
        }
    }

    /// Refuses each row that changes something, for this reason.
    #[must_use]
    pub fn only_reading(self, why: Failure) -> Self {
        Self { only_reads: Some(why), ..self }
    }

    /// Says in what comes out what else only the run as a whole says: what was deleted, and that a list goes on.
    #[must_use]
    pub fn for_agent(self) -> Self {
        Self { is_for_agent: true, ..self }
    }

    /// Looks at some rows, before any is sent.
    fn look(&mut self, rows: &mut dyn Rows) -> Option<Next> {
        let Task::Do(operation) = self.task else { return None };
        let seen = self.one_row.as_mut()?.go_on(operation, rows, CHUNK);
        match seen {
            None => return Some(Next::Outcomes),
            Some(Err(failure)) => self.ending = Some(Stop::Failure(failure)),
            Some(Ok(())) => {}
        }
        self.one_row = None;
        None
    }

    fn call(&mut self, request: HttpRequest, effect: Effect, purpose: Purpose) -> Next {
        let id = self.next_call;
        self.next_call += 1;
        self.calls.insert(id, purpose);
        Next::Call(Call { id, request: request.into(), effect, proof: self.proof() })
    }

    fn send(&mut self, progress: Progress) -> Next {
        let (mut request, effect) = match &progress.want {
            Want::Choices(choices) => (choices.request(), Effect::Reads),
            Want::Key(plan, whole) => match &plan.key {
                Key::Number(locator, reference) => (plan::look_up(locator, reference, *whole), Effect::Reads),
                Key::None | Key::Literal(_) => (plan.request(None), Effect::Reads),
            },
            Want::One(plan) => (plan.request(None), self.effect(plan)),
        };
        request.row = (effect != Effect::Reads).then_some(progress.row);
        self.call(request, effect, Purpose::Row(Box::new(progress)))
    }

    /// What is asked first for a row whose key is known.
    fn start(&mut self, row: usize, plan: Plan) -> Option<Next> {
        match plan.limit {
            Some(limit) => {
                self.lists.insert(row, List::new(plan, limit, self.is_for_agent));
                self.unread.push_back(row);
                self.next_page()
            }
            None => Some(self.send(Progress { row, want: Want::One(plan) })),
        }
    }

    /// A page of the lists that were begun first: rows are done one after another as far as can be.
    fn next_page(&mut self) -> Option<Next> {
        while let Some(row) = self.unread.front().copied() {
            let next = self.lists.get_mut(&row).and_then(List::ask);
            if let Some((request, page)) = next {
                return Some(self.call(request, Effect::Reads, Purpose::Page(row, page)));
            }
            self.unread.pop_front();
        }
        None
    }

    fn effect(&self, plan: &Plan) -> Effect {
        let is_safe = matches!(self.task, Task::Do(operation) if operation.safe_to_repeat && plan.if_match.is_none());
        match (plan.method, &plan.own_path) {
            // 3CX has a GET that makes a new key.
            (Method::Get, Some(_)) if plan.known.is_none() => Effect::Reads,
            (Method::Get, None) if is_safe => Effect::Reads,
            (_, None) if is_safe => Effect::Repeatable,
            _ => Effect::Once,
        }
    }

    /// What a custom request does is known by its row only.
    fn changes(&self, operation: &Operation, plan: &Plan) -> bool {
        if plan.own_path.is_some() { self.effect(plan) != Effect::Reads } else { !operation.reads() }
    }

    fn proof(&self) -> Proof {
        let Task::Do(operation) = self.task else { return Proof::List };
        match operation.answer {
            Answer::Record(_) | Answer::Created(_) => Proof::Record,
            Answer::Records(_) | Answer::Values => Proof::List,
            Answer::Value => Proof::Value,
            Answer::Nothing | Answer::Deleted => Proof::Silence,
            Answer::File(_) => Proof::File,
            Answer::Any => Proof::Anything,
        }
    }

    fn begin(&mut self, row: usize, rows: &mut dyn Rows) -> Result<Option<Next>, Box<Report>> {
        let mut form = Parameters { rows, row };
        let operation = match self.task {
            Task::Choose(locator) => {
                let want = Want::Choices(Choices::of_row(locator, &mut form)?);
                return Ok(Some(self.send(Progress { row, want })));
            }
            Task::Do(operation) => operation,
        };
        let mut plan = match operation.kind {
            Kind::CustomRequest => custom::of_row(&mut form)?,
            _ => plan::of_row(operation, &mut form, &mut self.columns)?,
        };
        if let Some(why) = &self.only_reads
            && self.changes(operation, &plan)
        {
            return Err(Box::new(Report::ended(Left::NotSent, &Stop::Failure(why.clone()))));
        }
        if let Paths::Older(older) = self.paths {
            plan.path = older.path;
        }
        if self.reads_whole {
            plan.options.read_whole();
        }
        self.is_saved |= plan.is_saved;
        plan.secrets().iter().for_each(|secret| self.secrets.add(secret));
        Ok(self.admit(row, plan))
    }

    /// Rows that change the same go one after another: whatever is sent again, the last of them is what stays.
    fn admit(&mut self, row: usize, plan: Plan) -> Option<Next> {
        if !self.is_for_a_lane(&plan) {
            return self.dispatch(row, plan);
        }
        let is_by_number = matches!(plan.key, Key::Number(..));
        if is_by_number && !self.renumbering.is_empty() {
            self.held = Some((row, plan));
            return Some(Next::Outcomes);
        }
        if plan.renumbers() {
            self.renumbering.insert(row);
        }
        if is_by_number {
            self.entering.push_back((row, None));
            return self.dispatch(row, plan);
        }
        if self.entering.is_empty() {
            return self.enter(row, plan).or(Some(Next::Outcomes));
        }
        // Which entity those before it are for is not known: it may be the same.
        self.entering.push_back((row, Some(plan)));
        Some(Next::Outcomes)
    }

    /// Begins a row that changes something, unless its lane is taken.
    fn enter(&mut self, row: usize, plan: Plan) -> Option<Next> {
        let lane = plan.subject();
        let (row, plan) = self.lanes.enter(lane, (row, plan))?;
        self.subjects.insert(row, lane);
        self.dispatch(row, plan)
    }

    /// Lets those enter whose entities are known, up to the first one that begins.
    fn let_in(&mut self) -> Option<Next> {
        while let Some((row, Some(plan))) = self.entering.pop_front_if(|(_, plan)| plan.is_some()) {
            if let Some(next) = self.enter(row, plan) {
                return Some(next);
            }
        }
        None
    }

    fn dispatch(&mut self, row: usize, plan: Plan) -> Option<Next> {
        match plan.key {
            Key::Number(..) => Some(self.send(Progress { row, want: Want::Key(plan, false) })),
            Key::None | Key::Literal(_) => self.start(row, plan),
        }
    }

    /// A row's entity was looked up.
    fn found(&mut self, row: usize, plan: Plan) {
        match self.entering.iter_mut().find(|(entering, _)| *entering == row) {
            Some((_, place)) => *place = Some(plan),
            None => self.found.push_back((row, plan)),
        }
    }

    /// A row has ended: the next one that changes the same may begin.
    fn release(&mut self, row: usize) {
        self.entering.retain(|(entering, _)| *entering != row);
        self.renumbering.remove(&row);
        let Some(subject) = self.subjects.remove(&row) else { return };
        if let Some((row, plan)) = self.lanes.leave(subject) {
            self.subjects.insert(row, subject);
            self.freed.push_back((row, plan));
        }
    }

    /// Whether a plan changes something that is one, and not one more in a set.
    fn is_for_a_lane(&self, plan: &Plan) -> bool {
        let is_one = plan.method != Method::Post || plan.names_entity();
        is_one && self.effect(plan) != Effect::Reads
    }

    /// Takes in an answer.
    fn take(&mut self, want: Want, answer: &HttpResponse) -> Result<Taken, Box<Report>> {
        let text = answer.text().map_err(answer::unreadable)?;
        match want {
            Want::Choices(choices) => {
                let page = Page::parse(text).map_err(answer::unreadable)?;
                Ok(match choices.take(&page.records) {
                    Ok(entries) => Taken::Done(entries),
                    Err(further) => Taken::Further(further),
                })
            }
            Want::Key(plan, _) => found_key(plan, text).map(Box::new).map(Taken::Plan),
            Want::One(plan) => {
                if plan.is_file && (answer.status != 200 || answer.body.is_empty()) {
                    return Err(answer::unreadable(Failure::NoFile { status: answer.status }));
                }
                if let (Some(field), Body::File(file)) = (&plan.file_field, &answer.body) {
                    return Ok(Taken::File(field.clone(), file.clone()));
                }
                let Task::Do(operation) = self.task else { return Ok(Taken::Done(Vec::new())) };
                let known = plan.known.unwrap_or(operation);
                if known.partial_failures {
                    answer::partial_failures(text)?;
                }
                if known.begins_a_call() {
                    answer::no_call(text)?;
                }
                if self.is_for_agent
                    && matches!(operation.answer, Answer::Deleted)
                    && let Key::Literal(literal) = &plan.key
                {
                    return Ok(Taken::Done(vec![answer::deleted(literal)]));
                }
                if !plan.left_out.is_empty() {
                    return Ok(Taken::Done(vec![answer::partly_sent(&plan.left_out)]));
                }
                // What a custom request reads by POST is no change, where it is known.
                let reads = plan.known.map_or(!self.changes(operation, &plan), Operation::reads);
                let mut records = answer::records(operation, &plan.options, reads, text)?;
                let may_be_list = reads && !matches!(operation.answer, Answer::Record(_));
                if may_be_list && answer::goes_on(text, || plan.is_cut()) {
                    self.goes_on = true;
                    if self.is_for_agent {
                        records.push(json!({ "more": LIST_GOES_ON }).to_string());
                    }
                }
                Ok(Taken::Done(records))
            }
        }
    }

    /// Secrets that rows send must not come back in what a row or the run says.
    fn without_secrets(&self, failure: Failure, of: Option<&Progress>) -> Failure {
        let own = match of {
            Some(Progress { want: Want::One(plan) | Want::Key(plan, _), .. }) => plan.secrets(),
            _ => Vec::new(),
        };
        without(failure, own).redacted(&|text| self.secrets.redact(text))
    }

    fn fail(&mut self, row: usize, mut report: Report) {
        report.error = self.secrets.redact(&report.error);
        self.outcomes.push(Outcome::failed(row, report));
    }

    fn settle(&mut self, progress: Progress, answer: &HttpResponse) {
        let row = progress.row;
        let changes = matches!(&progress.want, Want::One(plan) if self.effect(plan) != Effect::Reads);
        let outcome = match self.take(progress.want, answer) {
            Err(mut report) => {
                // It was a success, if not one that can be read.
                let status = answer.status;
                let successes = [Failure::Unreadable { status }, Failure::NoFile { status }];
                let success = successes.iter().find(|failure| changes && report.code == failure.code());
                if let Some(success) = success {
                    *report = Report::unknown(success);
                }
                return self.fail(row, *report);
            }
            Ok(Taken::Done(records)) => self.parts.first(Whole { row, records, failure: None }),
            Ok(Taken::File(field, file)) => {
                let about = json!({ "fileName": file.name, "mimeType": file.mime_type, "size": file.size });
                Outcome::done(row, [about.to_string()]).with_file(field, file.id)
            }
            Ok(Taken::Further(choices)) => match &self.ending {
                Some(why) => Outcome::skipped(row, why),
                None => return self.again.push(Progress { row, want: Want::Choices(choices) }),
            },
            Ok(Taken::Plan(plan)) => match &self.ending {
                Some(why) => Outcome::skipped(row, why),
                None => return self.found(row, *plan),
            },
        };
        self.outcomes.push(outcome);
    }

    fn begins_a_call(&self) -> bool {
        matches!(self.task, Task::Do(operation) if operation.begins_a_call())
    }

    /// A PBX that does not say is taken for a new one.
    fn version_ended(&mut self, answer: Option<HttpResponse>) {
        let Paths::Asked(older) = self.paths else { return };
        let version = answer.and_then(|answer| Version::parse(answer.version.as_deref()?));
        let is_older = version.is_some_and(|version| Version::parse(older.last).is_some_and(|last| version <= last));
        self.paths = if is_older { Paths::Older(older) } else { Paths::Settled };
    }

    /// Takes in a page, or why there is none.
    fn page_ended(&mut self, row: usize, page: Asked, end: Ended) {
        let answer = end.answer.map_err(|failure| self.without_secrets(failure, None));
        // A list that broke off has other pages under way.
        let Some(list) = self.lists.get_mut(&row) else { return };
        if let Err(Failure::Rejected { status: 400, .. }) = answer
            && self.ending.is_none()
            && list.read_whole()
        {
            self.reads_whole = true;
            return self.unread.push_back(row);
        }
        let certainty = Certainty::of(end.delivery);
        let taken = answer
            .map_err(|failure| (failure, certainty))
            .and_then(|answer| list.take(page, &answer).map_err(|failure| (failure, Certainty::Refused)));
        let is_over = matches!(taken, Ok(true));
        let whole = match (taken, &self.ending) {
            (Ok(_), _) if is_over => list.end(row),
            (Ok(_), None) => return self.unread.push_back(row),
            (Ok(_), Some(_)) if list.is_under_way() => return,
            (_, Some(why)) => list.stopped(row, why),
            (Err((failure, certainty)), None) => list.broken(row, &failure, certainty),
        };
        self.lists.remove(&row);
        self.outcomes.push(self.parts.first(whole));
    }
}

impl Plan {
    /// Those that the row sends.
    fn secrets(&self) -> Vec<String> {
        let Payload::Json(body) = &self.body else { return Vec::new() };
        serde_json::from_str(body).map_or(Vec::new(), |body| secrets(&body, None, MOST_TEXTS))
    }
}

impl Want {
    /// Asks for the whole record, of which the fields that this PBX does not know are no part. Tells whether that differs.
    fn read_whole(&mut self) -> bool {
        match self {
            Self::One(plan) => plan.method == Method::Get && plan.options.read_whole(),
            Self::Key(_, whole) => !std::mem::replace(whole, true),
            Self::Choices(choices) => choices.read_whole(),
        }
    }
}

/// The plan with the key that its entity's number has.
fn found_key(mut plan: Plan, text: &str) -> Result<Plan, Box<Report>> {
    let Key::Number(locator, reference) = &plan.key else { return Ok(plan) };
    let page = Page::parse(text).map_err(answer::unreadable)?;
    let [record] = page.records[..] else {
        return Err(Box::new(Report::not_one(page.records.len(), locator.name, &reference.shown())));
    };
    let record: Value =
        serde_json::from_str(record.get()).map_err(|_| answer::unreadable(Failure::Unreadable { status: 200 }))?;
    let key = record[locator.key].as_i64().ok_or_else(|| answer::unreadable(Failure::Unreadable { status: 200 }))?;
    plan.key = Key::Literal(key.to_string());
    Ok(plan)
}

impl Job for Rowwise {
    type Protocol = Xapi;
    type Rows = dyn Rows;
    type Outcome = Outcome;

    fn next(&mut self, rows: &mut (dyn Rows + 'static)) -> Next {
        if self.outcomes.is_empty() {
            self.outcomes.extend(self.parts.next());
        }
        if !self.outcomes.is_empty() {
            return Next::Outcomes;
        }
        if self.ending.is_none()
            && let Some(next) = self.look(rows)
        {
            return next;
        }
        if self.ending.is_none() {
            match self.paths {
                Paths::Unknown(older) if self.next_row < rows.len() => {
                    let mut probe = HttpRequest::get("/Defs", &Query::default().with("$select", "Id"));
                    probe.wanted = Wanted::Version;
                    self.paths = Paths::Asked(older);
                    return self.call(probe, Effect::Reads, Purpose::Version);
                }
                Paths::Asked(_) => return Next::Wait,
                Paths::Unknown(_) | Paths::Settled | Paths::Older(_) => {}
            }
            if let Some(progress) = self.again.pop() {
                return self.send(progress);
            }
            let found = self.found.pop_front().and_then(|(row, plan)| self.start(row, plan));
            if let Some(next) = found.or_else(|| self.next_page()).or_else(|| self.let_in()) {
                return next;
            }
        }
        if let Some((row, plan)) = self.freed.pop_front() {
            if let Some(why) = &self.ending {
                self.outcomes.push(Outcome::skipped(row, why));
                return Next::Outcomes;
            }
            return self.dispatch(row, plan).unwrap_or(Next::Wait);
        }
        if let Some((row, plan)) = self.held.take_if(|_| self.renumbering.is_empty()) {
            return self.admit(row, plan).unwrap_or(Next::Wait);
        }
        if self.held.is_some() || self.lanes.waiting() + self.entering.len() >= MOST_WAITING {
            return Next::Wait;
        }
        if self.next_row < rows.len() {
            let row = self.next_row;
            self.next_row += 1;
            if let Some(why) = &self.ending {
                self.outcomes.push(Outcome::skipped(row, why));
                return Next::Outcomes;
            }
            return match self.begin(row, rows) {
                Ok(Some(next)) => next,
                Ok(None) => Next::Wait,
                Err(report) => {
                    self.fail(row, *report);
                    Next::Outcomes
                }
            };
        }
        if self.calls.is_empty() { Next::Done } else { Next::Wait }
    }

    fn ended(&mut self, call: CallId, end: Ended) {
        let mut progress = match self.calls.remove(&call) {
            Some(Purpose::Version) => return self.version_ended(end.answer.ok()),
            Some(Purpose::Page(row, page)) => return self.page_ended(row, page, end),
            Some(Purpose::Row(progress)) => *progress,
            None => return,
        };
        let Ended { delivery, answer } = end;
        match answer {
            Ok(answer) => self.settle(progress, &answer),
            Err(Failure::Rejected { status: 400, .. }) if self.ending.is_none() && progress.want.read_whole() => {
                self.reads_whole |= matches!(progress.want, Want::One(_));
                self.again.push(progress);
            }
            Err(failure) => {
                let failure = self.without_secrets(failure, Some(&progress));
                let report = match delivery {
                    Delivery::Refused if failure == Failure::NotFound && self.begins_a_call() => Report::no_phone(),
                    Delivery::Unknown | Delivery::Done => Report::unknown(&failure),
                    Delivery::NotSent | Delivery::Refused => Report::of(&failure, Certainty::of(delivery)),
                };
                self.fail(progress.row, report);
            }
        }
    }

    fn stop(&mut self, why: &Stop) {
        let why = match why {
            Stop::Failure(failure) => Stop::Failure(self.without_secrets(failure.clone(), None)),
            why => why.clone(),
        };
        let found = std::mem::take(&mut self.found).into_iter().map(|(row, _)| row);
        // One whose look-up is under way is told when that has ended.
        let entering = std::mem::take(&mut self.entering).into_iter().filter(|(_, plan)| plan.is_some());
        let found =
            found.chain(entering.chain(self.held.take().map(|(row, plan)| (row, Some(plan)))).map(|(row, _)| row));
        let again = std::mem::take(&mut self.again).into_iter().map(|progress| progress.row);
        self.outcomes.extend(found.chain(again).map(|row| Outcome::skipped(row, &why)));
        let idle: Vec<usize> =
            self.lists.iter().filter(|(_, list)| !list.is_under_way()).map(|(row, _)| *row).collect();
        for row in idle {
            if let Some(mut list) = self.lists.remove(&row) {
                self.outcomes.push(self.parts.first(list.stopped(row, &why)));
            }
        }
        self.ending = Some(why);
    }

    fn take_outcomes(&mut self) -> Vec<Outcome> {
        let outcomes = std::mem::take(&mut self.outcomes);
        outcomes.iter().for_each(|outcome| self.release(outcome.row));
        outcomes
    }

    fn hints(&self) -> Vec<String> {
        let of_run = [(self.is_saved, SENT_AS_SAVED), (self.goes_on, LIST_GOES_ON)];
        let of_run = of_run.into_iter().filter(|(holds, _)| *holds).map(|(_, hint)| hint.to_owned());
        self.columns.hints().into_iter().chain(of_run).collect()
    }
}

fn without(failure: Failure, mut secrets: Vec<String>) -> Failure {
    // A short one may be a part of a longer one, of which the rest would stay.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.iter().fold(failure, |failure, secret| failure.redacted(&|text| redact(text, secret, MASK)))
}

/// The secrets in a value, which is one itself from so many characters on. `texts`: how often a text may be JSON within a
/// text.
fn secrets(value: &Value, least: Option<usize>, texts: usize) -> Vec<String> {
    match (value, least) {
        (Value::String(text), Some(least)) => {
            (text.chars().count() >= least).then(|| text.clone()).into_iter().collect()
        }
        (Value::Number(number), Some(_)) => secrets(&number.to_string().into(), least, texts),
        (Value::Array(entries), _) => entries.iter().flat_map(|entry| secrets(entry, least, texts)).collect(),
        (Value::Object(fields), _) => {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let of_pair = fields.iter().any(|(name, value)| secret_names::is_pair(name, || text(value)));
            let least_of = |name: &str| least.or(secret_names::sent_from(name, of_pair));
            fields.iter().flat_map(|(name, value)| secrets(value, least_of(name), texts)).collect()
        }
        (Value::String(text), None) if texts > 0 && text.trim_start().starts_with(['{', '[']) => {
            json::parse(text).map_or(Vec::new(), |value| secrets(&value, None, texts - 1))
        }
        _ => Vec::new(),
    }
}

/// A text of JSON that a row sends within a text is read so often.
const MOST_TEXTS: usize = 2;
