//! Calls of a period, or their legs, from the call log: the newest first, and given as far as they are whole.

mod backwards;
pub mod period;

use call_engine::{CallId, Effect, Job, Stage};
use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};
use std::cmp::Reverse;

use crate::calls::active::Active;
use crate::calls::log::{self, SKEW};
use crate::calls::moment::{DAY, HOUR, Moment, SECOND, iso};
use crate::calls::options::{FormValues, NAMES, Wanted};
use crate::calls::{Call, Calls, has_id, own_id, start};
use crate::definition::Operation;
use crate::fingerprint::fingerprint;
use crate::n8n::hints;
use crate::n8n::outcome::{Certainty, Left, Outcome, Report};
use crate::operation::parameters::{Parameters, plain};
use crate::rows::{Cell, Rows, json};
use crate::sorting;
use crate::xapi::error::Failure;
use crate::xapi::odata::{self, Query};
use crate::xapi::pages;
use crate::xapi::proof::Proof;
use crate::xapi::protocol::{self, Ended, Next, Stop, Xapi};
use crate::xapi::records::{self, Page, View};
use crate::xapi::request::{self, HttpRequest};
use crate::xapi::response::HttpResponse;
use backwards::{Backwards, Question, SeenLeg};
use period::{Clock, Period};

/// What each row gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Calls,
    Legs,
}

/// Reads the call log for each row, one after the other: two reports at once are too much for a PBX.
pub struct CallLog {
    told: Unit,
    /// 3CX's own, which gives legs.
    log: &'static Operation,
    clock: Clock,
    /// Whether an AI agent takes the items for all: the list says by itself that there are more.
    is_for_agent: bool,
    next_row: usize,
    reading: Option<RowReading>,
    call: Option<CallId>,
    next_call: CallId,
    outcomes: Vec<Outcome>,
    ending: Option<Stop>,
}

/// A row under way.
struct RowReading {
    row: usize,
    asks: Asks,
    period: Period,
    log: Backwards,
    limit: usize,
    tells_more: bool,
    /// How many items it has given.
    given: usize,
    /// Whether the log has any leg.
    has_legs: bool,
    collected: Collected,
}

/// What is asked next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    /// Which calls are under way, before the log: what is over by then has its legs there. Those behind this ID.
    Active(Option<i64>),
    Log,
    /// When the last call was, where the log has none: what it keeps back must not look like nothing.
    Last,
    /// Whether the log has any call of a longer time up to the last one.
    Any(Moment),
}

enum Collected {
    Calls {
        wanted: Wanted,
        calls: Calls,
        /// Calls under way, which have not all of their legs in the log.
        active: Active,
        /// Calls that were given, with how far the log had been read then.
        given: FxHashMap<u64, Moment>,
    },
    Legs {
        /// Of the leg, or of its call.
        id: Option<String>,
        legs: Vec<(Option<Moment>, String)>,
    },
}

/// A leg of a call begins no later than this after the first one; so much more is read on both sides of a period.
const LONGEST_CALL: Moment = 4 * HOUR;
/// Legs in an answer.
const PAGE: usize = 1000;
/// For a few calls, fewer legs are asked for.
const LEGS_OF_A_CALL: usize = 5;
const LEAST_PAGE: usize = 100;
/// A call that was given is known for this long, if a leg of it turns up far behind it.
const MEMORY: Moment = 3 * DAY;

impl CallLog {
    pub fn new(told: Unit, log: &'static Operation, clock: Clock) -> Self {
        Self {
            told,
            log,
            clock,
            is_for_agent: false,
            next_row: 0,
            reading: None,
            call: None,
            next_call: 0,
            outcomes: Vec::new(),
            ending: None,
        }
    }

    #[must_use]
    pub fn for_agent(self) -> Self {
        Self { is_for_agent: true, ..self }
    }

    fn begin(&self, row: usize, rows: &mut dyn Rows) -> Result<RowReading, Box<Report>> {
        let mut form = Parameters { rows, row };
        let period = Period::of_row(&mut form, &self.clock)?;
        let limit = form.limit()?;
        let (collected, margin) = match self.told {
            Unit::Calls => (Collected::calls(&mut form)?, LONGEST_CALL),
            Unit::Legs => (Collected::Legs { id: form.narrowing(LEG)?, legs: Vec::new() }, SECOND),
        };
        let to = (period.to + margin).min(self.clock.now + SKEW);
        let is_recent = period.to > self.clock.now - log::LONGEST && period.from < self.clock.now + SKEW;
        let asks = if self.told == Unit::Calls && is_recent { Asks::Active(None) } else { Asks::Log };
        let top = limit.saturating_mul(LEGS_OF_A_CALL).clamp(LEAST_PAGE, PAGE);
        Ok(RowReading {
            row,
            asks,
            period,
            log: Backwards::new(period.from - margin, to, top),
            limit,
            tells_more: self.is_for_agent,
            given: 0,
            has_legs: false,
            collected,
        })
    }

    fn request(&self, reading: &RowReading) -> Option<HttpRequest> {
        let log = |Question { from, to, skip, top }: Question| {
            let arguments = log::arguments(from, to);
            let literal = |field: &crate::definition::Field| odata::literal(field.kind, &arguments[field.name()]);
            let literals: Vec<String> = self.log.parameters.iter().map(literal).collect();
            let query = pages::Asked { skip, top, counts: false }.query("");
            HttpRequest::get(&request::fill(self.log.path, &literals), &query)
        };
        match reading.asks {
            Asks::Active(behind) => reading.log.ask().map(|_| active(behind)),
            Asks::Log => reading.log.ask().map(log),
            Asks::Last => Some(HttpRequest::get(LAST_PATH, &Query::default())),
            Asks::Any(last) => {
                let (from, to) = log::up_to(last);
                Some(log(Question { from, to, skip: 0, top: 1 }))
            }
        }
    }
}

/// Calls under way end while they are read: behind an ID there is the same whatever has gone before it.
fn active(behind: Option<i64>) -> HttpRequest {
    let query = Query::default().with("$top", &pages::PAGE_SIZE.to_string()).with("$orderby", "Id");
    HttpRequest::get(
        ACTIVE_PATH,
        &match behind {
            Some(id) => query.with("$filter", &format!("Id gt {id}")),
            None => query,
        },
    )
}

/// When the last call began, as far as the PBX tells: it answers at once.
const LAST_PATH: &str = "/LastCdrAndChatMessageTimestamp";
const ACTIVE_PATH: &str = "/ActiveCalls";

/// The call or leg that is wanted.
const LEG: &str = "callId";
/// Options that narrow down which calls are meant.
const NARROWING: [&str; 7] = ["answeredBy", "calls", "direction", "extension", "externalOnly", "number", "queue"];

/// A field of the form as JSON. Text that is no JSON becomes a list, which is refused as an option.
fn value(form: &mut Parameters<'_>, name: &str) -> Result<Value, Box<Report>> {
    Ok(match form.get(name)? {
        Cell::Json(text) => json::parse(&text).unwrap_or_else(|_| Value::Array(Vec::new())),
        cell => plain(cell),
    })
}

impl Collected {
    fn calls(form: &mut Parameters<'_>) -> Result<Self, Box<Report>> {
        for name in NARROWING {
            form.filled_if_given(name)?;
        }
        let mut given = Map::new();
        for name in NAMES {
            given.insert(name.to_owned(), value(form, name)?);
        }
        let wanted = Wanted::read(&FormValues(&given)).map_err(|unfit| Box::new(Report::unfit(&unfit)))?;
        Ok(Self::Calls { wanted, calls: Calls::default(), active: Active::default(), given: FxHashMap::default() })
    }

    fn add(&mut self, row: Value, text: &str) -> Result<(), Failure> {
        match self {
            Self::Calls { wanted, calls, .. } => calls.add(row, wanted.with_legs),
            Self::Legs { id, legs } => {
                if id.as_ref().is_none_or(|id| has_id(&row, id)) {
                    legs.push((start(&row), records::record(text, View::default())?));
                }
            }
        }
        Ok(())
    }

    /// Takes out what is whole, now that the log has been read as far as this: the latest first.
    fn take(&mut self, period: Period, reached: Moment) -> Vec<String> {
        match self {
            Self::Calls { wanted, calls, active, given } => {
                let whole = match reached {
                    Moment::MIN => calls.take_all(),
                    _ => calls.take_since(reached.saturating_add(LONGEST_CALL)),
                };
                let told = |call: Call| Value::from(wanted.told(&call)).to_string();
                let new = whole.into_iter().filter(|call| given.insert(fingerprint(call.id()), reached).is_none());
                let over = new.filter(|call| !active.take(call));
                // Of one that began before what is read, the first legs are missing.
                let is_known = |call: &Call| call.began().is_none_or(|began| began >= period.from - LONGEST_CALL);
                let has_begun = |call: &Call| call.start().is_none_or(|start| period.contains(start));
                let in_period = over.filter(|call| is_known(call) && has_begun(call));
                let items = in_period.filter(|call| wanted.has(call)).map(told).collect();
                given.retain(|_, then| *then <= reached.saturating_add(MEMORY));
                items
            }
            Self::Legs { legs, .. } => {
                let is_whole = |start: Option<Moment>| start.map_or(reached == Moment::MIN, |start| start > reached);
                let (mut whole, rest) = std::mem::take(legs).into_iter().partition::<Vec<_>, _>(|leg| is_whole(leg.0));
                *legs = rest;
                sorting::sort_by_key(&mut whole, |(start, _)| Reverse(*start));
                let in_period = |start: Option<Moment>| start.is_none_or(|start| period.contains(start));
                whole.into_iter().filter(|(start, _)| in_period(*start)).map(|(_, text)| text).collect()
            }
        }
    }
}

impl RowReading {
    /// Takes in an answer. What the row gives now, and whether that is all.
    fn take(&mut self, answer: &HttpResponse) -> Result<(Vec<String>, bool), Failure> {
        match self.asks {
            Asks::Active(behind) => self.take_active(behind, answer),
            Asks::Log => self.take_page(answer),
            Asks::Last => {
                let last = rows(answer).and_then(|rows| log::last_began(&rows));
                self.asks = last.map_or(Asks::Last, Asks::Any);
                Ok((Vec::new(), last.is_none()))
            }
            Asks::Any(last) => match Page::parse(answer.text()?)?.records.is_empty() {
                true => Err(Failure::CallsWithheld { last: iso(last) }),
                false => Ok((Vec::new(), true)),
            },
        }
    }

    fn take_page(&mut self, answer: &HttpResponse) -> Result<(Vec<String>, bool), Failure> {
        let page = Page::parse(answer.text()?)?;
        let unreadable = || Failure::Unreadable { status: answer.status };
        let mut legs = Vec::with_capacity(page.records.len());
        for record in page.records {
            let text = json::whole(record.get());
            let row: Value = json::parse(&text).map_err(|_| unreadable())?;
            if row.is_object() {
                let id = own_id(&row).map_or_else(|| fingerprint(record.get()), fingerprint);
                legs.push((SeenLeg { id, start: start(&row) }, row, text));
            }
        }
        let came: Vec<SeenLeg> = legs.iter().map(|(came, ..)| *came).collect();
        let is_new = self.log.take(&came)?;
        self.has_legs |= !came.is_empty();
        for ((_, row, text), _) in legs.into_iter().zip(is_new).filter(|(_, is_new)| *is_new) {
            self.collected.add(row, &text)?;
        }
        let mut items = self.collected.take(self.period, self.log.reached());
        let has_more = items.len() > self.limit - self.given;
        items.truncate(self.limit - self.given);
        self.given += items.len();
        // That there are more shows in one more.
        let has_all = if self.tells_more { has_more } else { self.given == self.limit };
        if has_more && self.tells_more {
            items.push(json!({ "more": hints::more_records(self.limit) }).to_string());
        }
        let is_over = has_all || self.log.ask().is_none();
        if is_over && !self.has_legs {
            self.asks = Asks::Last;
            return Ok((items, false));
        }
        Ok((items, is_over))
    }

    /// Whether the log is withheld is a question beside it: not answered, it leaves the log as it is. Without the calls
    /// under way, one that goes on would look missed.
    fn without_answer(&self) -> Option<(Vec<String>, bool)> {
        match self.asks {
            Asks::Active(_) | Asks::Log => None,
            Asks::Last | Asks::Any(_) => Some((Vec::new(), true)),
        }
    }

    /// Takes in calls under way, and goes on to the log when they are all there.
    fn take_active(&mut self, behind: Option<i64>, answer: &HttpResponse) -> Result<(Vec<String>, bool), Failure> {
        let goes_on = Page::parse(answer.text()?)?.goes_on;
        let rows = rows(answer).unwrap_or_default();
        let last = rows.iter().filter_map(|row| row["Id"].as_i64()).max();
        let is_last = !goes_on && !pages::is_round(rows.len());
        if let Collected::Calls { active, .. } = &mut self.collected {
            active.add(rows);
        }
        self.asks = match last {
            _ if is_last => Asks::Log,
            Some(_) if last > behind => Asks::Active(last),
            _ => return Err(Failure::PageRepeated),
        };
        Ok((Vec::new(), false))
    }

    fn stopped(&self, why: &Stop) -> Outcome {
        let left = if self.has_legs { Left::PartlyRead } else { Left::NotSent };
        Outcome::failed(self.row, Report::ended(left, why).after(self.given))
    }
}

/// What an answer beside the log holds, if it can be read.
fn rows(answer: &HttpResponse) -> Option<Vec<Value>> {
    let page = Page::parse(answer.text().ok()?).ok()?;
    Some(page.records.iter().filter_map(|record| json::parse(&json::whole(record.get())).ok()).collect())
}

impl Job for CallLog {
    type Protocol = Xapi;
    type Rows = dyn Rows;
    type Outcome = Outcome;

    fn next(&mut self, rows: &mut (dyn Rows + 'static)) -> Next {
        if !self.outcomes.is_empty() {
            return Next::Outcomes;
        }
        if self.call.is_some() {
            return Next::Wait;
        }
        if self.reading.is_none() && self.next_row < rows.len() {
            let row = self.next_row;
            self.next_row += 1;
            let begun = match &self.ending {
                Some(why) => Err(Outcome::skipped(row, why)),
                None => self.begin(row, rows).map_err(|report| Outcome::failed(row, *report)),
            };
            match begun {
                Ok(reading) => self.reading = Some(reading),
                Err(outcome) => {
                    self.outcomes.push(outcome);
                    return Next::Outcomes;
                }
            }
        }
        let Some(reading) = self.reading.take() else { return Next::Done };
        let Some(request) = self.request(&reading) else {
            // A period that has not begun.
            self.outcomes.push(Outcome::done(reading.row, Vec::new()));
            return Next::Outcomes;
        };
        self.reading = Some(reading);
        let id = self.next_call;
        self.next_call += 1;
        self.call = Some(id);
        Next::Call(protocol::Call { id, request: request.into(), effect: Effect::Reads, proof: Proof::List })
    }

    fn ended(&mut self, call: CallId, end: Ended) {
        if self.call != Some(call) {
            return;
        }
        self.call = None;
        let Some(mut reading) = self.reading.take() else { return };
        let certainty = Certainty::of(end.delivery);
        let is_of_active = matches!(reading.asks, Asks::Active(_));
        let taken = match end.answer {
            Ok(answer) => reading.take(&answer).map_err(|failure| (failure, Certainty::Refused)),
            Err(failure) => reading.without_answer().ok_or((failure, certainty)),
        };
        let row = reading.row;
        match taken {
            Ok((items, true)) => self.outcomes.push(Outcome::done(row, items)),
            Ok((items, false)) => {
                if !items.is_empty() {
                    self.outcomes.push(Outcome::done(row, items).at(Stage::Part));
                }
                match &self.ending {
                    Some(why) => self.outcomes.push(reading.stopped(why)),
                    None => self.reading = Some(reading),
                }
            }
            Err((failure, certainty)) => self.outcomes.push(match &self.ending {
                Some(why) => reading.stopped(why),
                None => {
                    let failure = if is_of_active { Failure::ActiveCalls(Box::new(failure)) } else { failure };
                    Outcome::failed(row, Report::of(&failure, certainty).after(reading.given))
                }
            }),
        }
    }

    fn stop(&mut self, why: &Stop) {
        if self.call.is_none()
            && let Some(reading) = self.reading.take()
        {
            self.outcomes.push(reading.stopped(why));
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

#[cfg(test)]
mod tests;
