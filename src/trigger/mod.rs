//! What has happened since the last look: [`Look`]. It asks for one reading after the other until it has what it needs,
//! then gives what happened and what to remember. All it knows from earlier is that memory, so whoever keeps both together
//! gets each event once.

mod ended;
mod expiry;
mod ids;
pub(crate) mod options;
mod reading;
#[cfg(test)]
mod simulated;
mod system;
#[cfg(test)]
mod tests;

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::calls::moment::{DAY, Moment};
use crate::rows::json::whole;
use crate::xapi::base_url::BaseUrl;
use crate::xapi::error::Failure;
use ended::EndedCalls;
use expiry::Expiry;
use ids::{Cursor, Source};
use options::{Event, WatchFault, Watched};
use reading::{Desk, Reading};

/// What a look needs next, or what it came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Read this, and hand over the answer.
    Read(Reading),
    /// There is more to do: let others have a turn before.
    Rest,
    Done {
        items: Vec<Value>,
        state: Box<State>,
        /// What a person should know of all rounds so far.
        hints: Vec<Hint>,
        /// There is more to read: this is good as it is, and the next step goes on from here.
        goes_on: bool,
        /// What could not be read of all that is watched: the next look finds it.
        failed: Vec<Unread>,
    },
    /// What could not be read, or cannot be right. Nothing is lost: the next look finds it.
    Failed(Failed),
}

/// Why something is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failed {
    /// A reading failed: what was told of it, and whether others would fail, too. They are not tried then.
    Reading { error: String, description: String, is_of_all: bool },
    /// What was read cannot be right.
    Found(Failure),
}

impl Failed {
    fn is_of_all(&self) -> bool {
        matches!(self, Self::Reading { is_of_all: true, .. })
    }
}

/// Why a look does not begin.
#[derive(Debug)]
pub enum NoLook {
    /// What it is to begin with is something else.
    Unreadable(serde_json::Error),
    Options(WatchFault),
}

/// Events for which something could not be read, and why.
pub type Unread = (Vec<Event>, Failed);

/// What is remembered between two looks. Nothing that is not watched is.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct State {
    /// The PBX's address: what is known of one says nothing of another.
    pbx: String,
    #[serde(skip_serializing_if = "Filters::are_none")]
    filters: Filters,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<EndedCalls>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recordings: Option<Cursor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Cursor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transcripts: Option<Cursor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Cursor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry: Option<Expiry>,
}

/// What was let in of each source that has a filter, as fingerprints: what was left out before is nothing new once it is let in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Filters {
    calls: String,
    messages: String,
    events: String,
}

impl Filters {
    fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

impl State {
    /// Of a part that cannot be read nothing is known: it begins anew, and the others go on.
    fn read(mut known: Map<String, Value>) -> (Self, Vec<Hint>) {
        // Versions before told all filters by one text, and remembered other things of records.
        if known.contains_key("watched") {
            known.retain(|name, _| ["pbx", "expiry"].contains(&name.as_str()));
        }
        let mut hints = Vec::new();
        let state = Self {
            pbx: part("pbx", &mut known, &mut hints).unwrap_or_default(),
            filters: part("filters", &mut known, &mut hints).unwrap_or_default(),
            calls: part("calls", &mut known, &mut hints),
            recordings: part("recordings", &mut known, &mut hints),
            messages: part("messages", &mut known, &mut hints),
            transcripts: part("transcripts", &mut known, &mut hints),
            events: part("events", &mut known, &mut hints),
            expiry: part("expiry", &mut known, &mut hints),
        };
        (state, hints)
    }

    fn cursor(&mut self, source: Source) -> &mut Option<Cursor> {
        match source.event {
            Event::Recording => &mut self.recordings,
            Event::ChatMessage => &mut self.messages,
            Event::Transcript => &mut self.transcripts,
            _ => &mut self.events,
        }
    }
}

/// A part of a memory, where it can be read.
fn part<T: DeserializeOwned>(name: &'static str, known: &mut Map<String, Value>, hints: &mut Vec<Hint>) -> Option<T> {
    let read = serde_json::from_value(known.remove(name)?);
    hints.extend(read.is_err().then_some(Hint::Unreadable(name)));
    read.ok()
}

/// Takes out what was remembered with other filters.
fn kept_if<T>(is_same: bool, known: &mut Option<T>, name: &'static str, hints: &mut Vec<Hint>) {
    if !is_same && known.take().is_some() {
        hints.push(Hint::OtherFilters(name));
    }
}

/// What a person should know of a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// This part of what was remembered cannot be used.
    Unreadable(&'static str),
    /// The filters of this part are others than they were, so it begins anew.
    OtherFilters(&'static str),
    /// All begins anew with another PBX.
    OtherAddress,
    /// What was before this is not told.
    LongPause(Moment),
    /// There are more than so many records, and the oldest are not told.
    TooMany(usize),
    /// The call log shows none, although this one has begun some hours ago.
    CallsWithheld(Moment),
}

/// What is new in a source, and what to remember of it.
#[derive(Debug, Default)]
struct News<T, S> {
    found: Vec<T>,
    state: S,
    /// Whether there is more to read.
    is_behind: bool,
    /// Why something is not told, if so.
    lost: Option<Hint>,
}

/// What happened longer ago is not told any more, however long nobody looked: a week is told, although the look is late.
const LONGEST_PAUSE: Moment = 8 * DAY;
/// So many rounds a look has at most. What is left comes with the next one.
const MOST_ROUNDS: usize = 100;
const OF_CALLS: [Event; 2] = [Event::CallEnded, Event::CallMissed];
/// Codes of failures that 3CX gives to any reading, and of those that are of one although no status tells so.
const OF_ALL: [&str; 5] = ["LOGIN_REFUSED", "LOGIN_UNANSWERED", "UNAUTHORIZED", "TOO_MANY_REQUESTS", "WEB_PAGE"];
const OF_ONE: [&str; 3] = ["PAGE_REPEATED", "ENDLESS_LIST", "LIST_CUT"];
const SOURCES: [Source; 4] = [ids::EVENTS, ids::RECORDINGS, ids::CHAT_MESSAGES, ids::TRANSCRIPTS];

/// One look. It reads all that is watched, then goes on with what is behind, a round at a time: only what a round has read
/// has to be held. `now` is this machine's time; the PBX's clock may differ from it.
pub struct Look {
    state: State,
    options: Rc<Watched>,
    now: Moment,
    desk: Desk,
    /// The round that it is at.
    round: Option<Pin<Box<dyn Future<Output = Found<Round>>>>>,
    hints: Vec<Hint>,
    /// What is behind, from the second round on.
    behind: Option<Vec<Event>>,
    rounds: usize,
}

impl fmt::Debug for Look {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "round {}", self.rounds)
    }
}

impl Look {
    /// Begins one: `{state, pbx, options, now}` as JSON.
    ///
    /// # Errors
    ///
    /// What is wrong with the options, or that this is something else.
    pub fn begin(input: &str) -> Result<Self, NoLook> {
        #[derive(Deserialize)]
        struct Input {
            #[serde(default)]
            state: Option<Value>,
            #[serde(default)]
            pbx: String,
            options: Map<String, Value>,
            now: f64,
        }
        let input: Input = serde_json::from_str(&whole(input)).map_err(NoLook::Unreadable)?;
        let options = Watched::read(&input.options).map_err(NoLook::Options)?;
        let (known, mut hints) = match input.state {
            None | Some(Value::Null) => State::read(Map::new()),
            Some(Value::Object(kept)) if kept.is_empty() || kept.get("pbx").is_some_and(Value::is_string) => {
                State::read(kept)
            }
            Some(_) => (State::default(), vec![Hint::Unreadable("state")]),
        };
        // Without one that can be used, the first reading says what is wrong with it.
        let pbx = BaseUrl::parse(&input.pbx).map(|url| url.to_string()).unwrap_or_default();
        let is_other = known.pbx != pbx;
        // A first look has nothing to lose.
        hints.extend((is_other && !known.pbx.is_empty()).then_some(Hint::OtherAddress));
        let mut known = if is_other { State { pbx, ..State::default() } } else { known };
        let before = std::mem::replace(&mut known.filters, options.filters());
        let now = &known.filters;
        let is_same = options.filter_calls_as(&before.calls);
        kept_if(is_same || !options.wants_calls(), &mut known.calls, "calls", &mut hints);
        let is_same = before.messages == now.messages;
        kept_if(is_same || !options.wants(Event::ChatMessage), &mut known.messages, "messages", &mut hints);
        let is_same = before.events == now.events;
        kept_if(is_same || !options.wants(Event::System), &mut known.events, "events", &mut hints);
        Ok(Self { hints, ..Self::new(known, options, input.now as Moment) })
    }

    fn new(mut state: State, options: Watched, now: Moment) -> Self {
        for source in SOURCES.into_iter().filter(|source| !options.wants(source.event)) {
            *state.cursor(source) = None;
        }
        state.expiry = state.expiry.filter(|_| options.wants(Event::Expiring));
        state.calls = state.calls.filter(|_| options.wants_calls());
        let (options, desk) = (Rc::new(options), Desk::default());
        Self { state, options, now, desk, round: None, hints: Vec::new(), behind: None, rounds: 1 }
    }

    /// Takes rows of what was asked for, as JSON: all of them, or some and the others after them.
    ///
    /// # Errors
    ///
    /// Where this is no list as JSON.
    pub fn answer(&mut self, rows: &str) -> Result<(), serde_json::Error> {
        self.take(serde_json::from_str(&whole(rows))?);
        Ok(())
    }

    fn take(&mut self, rows: Vec<Value>) {
        self.desk.bring(rows);
    }

    /// Takes why what was asked for could not be read: in words, by its code, and whether 3CX answered.
    pub fn fail(&self, error: String, description: String, code: &str, is_answered: bool) {
        let is_of_one = (is_answered && !OF_ALL.contains(&code)) || OF_ONE.contains(&code);
        self.desk.fail(Failed::Reading { error, description, is_of_all: !is_of_one });
    }

    pub fn step(&mut self) -> Step {
        let mut round = self.round.take().unwrap_or_else(|| self.begin_round());
        match round.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(round)) => self.finish(round),
            Poll::Ready(Err(failed)) => Step::Failed(failed),
            Poll::Pending => {
                self.round = Some(round);
                self.desk.wanted().map_or(Step::Rest, Step::Read)
            }
        }
    }

    fn begin_round(&self) -> Pin<Box<dyn Future<Output = Found<Round>>>> {
        let (options, desk, now) = (self.options.clone(), self.desk.clone(), self.now);
        if options.is_latest {
            return Box::pin(async move { latest(&options, now, &desk).await });
        }
        let (state, behind) = (self.state.clone(), self.behind.clone());
        Box::pin(async move { Round::of(state, behind.as_deref(), &options, now, &desk).await })
    }

    fn finish(&mut self, round: Round) -> Step {
        let goes_on = !round.behind.is_empty() && self.rounds < MOST_ROUNDS;
        self.rounds += 1;
        self.behind = Some(round.behind);
        self.state = round.state.clone();
        for hint in round.hints {
            if !self.hints.contains(&hint) {
                self.hints.push(hint);
            }
        }
        let hints = self.hints.clone();
        Step::Done { items: round.items, state: Box::new(round.state), hints, goes_on, failed: round.failed }
    }
}

/// What a round came to.
#[derive(Default)]
struct Round {
    items: Vec<Value>,
    state: State,
    behind: Vec<Event>,
    hints: Vec<Hint>,
    failed: Vec<Unread>,
    has_read: bool,
}

impl Round {
    /// Reads what is behind, or all that is watched.
    async fn of(state: State, behind: Option<&[Event]>, options: &Watched, now: Moment, desk: &Desk) -> Found<Self> {
        let is_due = |event: Event| options.wants(event) && behind.is_none_or(|behind| behind.contains(&event));
        let mut round = Self { state, ..Self::default() };
        for source in SOURCES.into_iter().filter(|source| is_due(source.event)) {
            if round.is_over() {
                break;
            }
            let known = round.state.cursor(source).clone();
            let was_read = known.is_some();
            let news = ids::since(source, known, options.longest_call, now, desk).await;
            let Some(news) = round.takes(&[source.event], was_read, news)? else { continue };
            for record in news.found {
                desk.rest().await;
                round.items.extend(told(source.event, record, options));
            }
            *round.state.cursor(source) = Some(news.state);
            round.note(news.is_behind.then_some(source.event), news.lost);
        }
        if is_due(Event::Expiring) && !round.is_over() {
            let known = round.state.expiry.clone();
            let was_read = known.is_some();
            let found = expiry::look(known.unwrap_or_default(), options, now, desk).await;
            if let Some((found, expiry)) = round.takes(&[Event::Expiring], was_read, found)? {
                round.items.extend(found);
                round.state.expiry = Some(expiry);
            }
        }
        let of_calls: Vec<Event> = OF_CALLS.into_iter().filter(|event| is_due(*event)).collect();
        if !of_calls.is_empty() && !round.is_over() {
            let known = round.state.calls.clone();
            let was_read = known.is_some();
            let news = ended::since(known, options, now, desk).await;
            if let Some(news) = round.takes(&of_calls, was_read, news)? {
                for call in news.found {
                    desk.rest().await;
                    round.items.extend(options.events_of(&call));
                }
                round.state.calls = Some(news.state);
                round.behind.extend(of_calls.into_iter().filter(|_| news.is_behind));
                round.note(None, news.lost);
            }
        }
        match round.failed.first() {
            Some((_, failed)) if !round.has_read => Err(failed.clone()),
            _ => Ok(round),
        }
    }

    /// What was read; nothing if it could not be, and what else is watched goes on. Fails if nothing does, or if this was
    /// never read: whoever has just set it up is to see it.
    fn takes<T>(&mut self, events: &[Event], was_read: bool, found: Found<T>) -> Found<Option<T>> {
        match found {
            Ok(found) => {
                self.has_read = true;
                Ok(Some(found))
            }
            Err(failed) if was_read => {
                self.failed.push((events.to_vec(), failed));
                Ok(None)
            }
            Err(failed) => Err(failed),
        }
    }

    /// Whether what is left would fail, too.
    fn is_over(&self) -> bool {
        self.failed.last().is_some_and(|(_, failed)| failed.is_of_all())
    }

    fn note(&mut self, behind: Option<Event>, lost: Option<Hint>) {
        self.behind.extend(behind);
        self.hints.extend(lost);
    }
}

type Found<T> = Result<T, Failed>;

/// The newest of each kind that is watched, to see what they look like. Nothing is remembered.
async fn latest(options: &Watched, now: Moment, desk: &Desk) -> Found<Round> {
    let mut items = Vec::new();
    for source in SOURCES {
        if options.wants(source.event) {
            let records = ids::newest(source, options.system_filter(source.event), desk).await?;
            items.extend(records.into_iter().find_map(|record| told(source.event, record, options)));
        }
    }
    if options.wants(Event::Expiring) {
        items.extend(expiry::all(now, desk).await?);
    }
    if options.wants_calls() {
        let mut shown = Vec::new();
        for call in ended::within(now - DAY, now, desk).await?.iter().rev() {
            desk.rest().await;
            let found = options.events_of(call).into_iter().filter(|item| !shown.contains(&item["event"]));
            let found: Vec<Value> = found.collect();
            shown.extend(found.iter().map(|item| item["event"].clone()));
            items.extend(found);
        }
    }
    Ok(Round { items, ..Round::default() })
}

/// A record as an item, if it is one that was asked for.
fn told(event: Event, record: Value, options: &Watched) -> Option<Value> {
    let Value::Object(record) = record else { return None };
    let record = match event {
        Event::System => system::told(record, options.system_events())?,
        Event::ChatMessage if !options.lets_in(&record) => return None,
        _ => record,
    };
    Some(item(event, record))
}

fn item(event: Event, fields: Map<String, Value>) -> Value {
    let mut item = Map::from_iter([("event".to_owned(), json!(event.name()))]);
    item.extend(fields);
    item.into()
}
