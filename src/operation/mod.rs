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
mod one_row;
mod own_path;
pub(crate) mod parameters;
mod parts;
mod plan;
mod query;
mod raw_filter;
#[cfg(test)]
mod samples;
mod saved;
mod secrets;
mod settling;
#[cfg(test)]
mod tests;
mod turns;
mod values;

use std::collections::{BTreeMap, HashMap, VecDeque};

use call_engine::{CallId, Effect, Job};

use crate::definition::{Answer, Kind, Locator, Older, Operation};
use crate::n8n::hints::{LIST_GOES_ON, SENT_AS_SAVED};
use crate::n8n::outcome::{Left, Outcome, Report};
use crate::row_secrets::RowSecrets;
use crate::rows::Rows;
use crate::xapi::error::Failure;
use crate::xapi::odata::Query;
use crate::xapi::pages::Asked;
use crate::xapi::proof::Proof;
use crate::xapi::protocol::{Call, Ended, Next, Stop, Xapi};
use crate::xapi::request::{AnswerAs, HttpRequest, Method};
use choices::Choices;
use columns::Columns;
use list::Listing;
use one_row::OneRow;
use parameters::Parameters;
use parts::Parts;
use plan::{Key, Plan};
use turns::Turns;

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
    /// Rows that change something.
    turns: Turns,
    /// Rows that ask once more, for less.
    again: Vec<Progress>,
    /// Lists under way, by row, and the rows of those that may have a page to ask for.
    lists: BTreeMap<usize, Listing>,
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
            turns: Turns::default(),
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
        let takes_columns = !operation.reads() && !operation.body.fields().is_empty();
        if takes_columns && !self.columns.look_at(operation, rows, CHUNK) {
            return Some(Next::Outcomes);
        }
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
                self.lists.insert(row, Listing::new(plan, limit, self.is_for_agent));
                self.unread.push_back(row);
                self.next_page()
            }
            None => Some(self.send(Progress { row, want: Want::One(plan) })),
        }
    }

    /// A page of the lists that were begun first: rows are done one after another as far as can be.
    fn next_page(&mut self) -> Option<Next> {
        while let Some(row) = self.unread.front().copied() {
            let next = self.lists.get_mut(&row).and_then(Listing::ask);
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
            Answer::Record(of) | Answer::Created(of) => Proof::Record(of),
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
        form.can_be_read(saved::SAVED)?;
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

    /// Begins a row, unless it changes something and its turn comes later.
    fn admit(&mut self, row: usize, plan: Plan) -> Option<Next> {
        if !self.has_a_turn(&plan) {
            return self.dispatch(row, plan);
        }
        match self.turns.admit(row, plan) {
            Some((row, plan)) => self.dispatch(row, plan),
            None => Some(Next::Outcomes),
        }
    }

    fn dispatch(&mut self, row: usize, plan: Plan) -> Option<Next> {
        match plan.key {
            Key::Number(..) => Some(self.send(Progress { row, want: Want::Key(plan, false) })),
            Key::None | Key::Literal(_) => self.start(row, plan),
        }
    }

    /// Whether a plan changes what others of the run may change, too.
    fn has_a_turn(&self, plan: &Plan) -> bool {
        let Task::Do(operation) = self.task else { return false };
        let is_reading = plan.known.unwrap_or(operation).reads() || self.effect(plan) == Effect::Reads;
        !is_reading && !plan.adds(operation)
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
                    probe.wanted = AnswerAs::Version;
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
            if let Some(next) = found.or_else(|| self.next_page()) {
                return next;
            }
        }
        if let Some((row, plan)) = self.turns.next() {
            if let Some(why) = &self.ending {
                self.outcomes.push(Outcome::skipped(row, why));
                return Next::Outcomes;
            }
            return self.dispatch(row, plan).unwrap_or(Next::Wait);
        }
        if self.turns.are_full() {
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
                Err(mut report) => {
                    let own = secrets::of_row(&mut Parameters { rows, row });
                    own.iter().for_each(|secret| self.secrets.add(secret));
                    report.error = secrets::hidden(&report.error, &own);
                    self.fail(row, *report);
                    Next::Outcomes
                }
            };
        }
        if self.calls.is_empty() { Next::Done } else { Next::Wait }
    }

    fn ended(&mut self, call: CallId, end: Ended) {
        match self.calls.remove(&call) {
            Some(Purpose::Version) => self.version_ended(end.answer.ok()),
            Some(Purpose::Page(row, page)) => self.page_ended(row, page, end),
            Some(Purpose::Row(progress)) => self.row_ended(*progress, end),
            None => {}
        }
    }

    fn stop(&mut self, why: &Stop) {
        let why = match why {
            Stop::Failure(failure) => Stop::Failure(self.without_secrets(failure.clone(), None)),
            why => why.clone(),
        };
        let found = std::mem::take(&mut self.found).into_iter().map(|(row, _)| row);
        let again = std::mem::take(&mut self.again).into_iter().map(|progress| progress.row);
        self.outcomes.extend(found.chain(self.turns.stop()).chain(again).map(|row| Outcome::skipped(row, &why)));
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
        outcomes.iter().for_each(|outcome| self.turns.release(outcome.row));
        outcomes
    }

    fn hints(&self) -> Vec<String> {
        let of_run = [(self.is_saved, SENT_AS_SAVED), (self.goes_on, LIST_GOES_ON)];
        let of_run = of_run.into_iter().filter(|(holds, _)| *holds).map(|(_, hint)| hint.to_owned());
        self.columns.hints().into_iter().chain(of_run).collect()
    }
}
