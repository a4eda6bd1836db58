//! What has happened since the last look: [`poll`]. It asks for one reading after the other until it has what it needs,
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

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::calls::moment::{DAY, Moment};
use crate::n8n::misuse;
use crate::rows::json::whole;
use crate::xapi::base_url::BaseUrl;
use crate::xapi::error::Failure;
use ended::Ended;
use expiry::Expiry;
use ids::{Cursor, Source};
use options::{Event, Options};
use reading::{Desk, Reading};

/// What a look needs next, or what it came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Read this, and ask again with one answer more.
    Read(Reading),
    Done {
        items: Vec<Value>,
        state: Box<State>,
    },
    /// What was read cannot be right. Nothing is lost: the next look finds it.
    Failed {
        error: String,
        description: String,
    },
}

/// What is remembered between two looks. Nothing that is not watched is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct State {
    /// The PBX's address: what is known of one says nothing of another.
    pbx: String,
    #[serde(skip_serializing_if = "Filters::are_none")]
    filters: Filters,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<Ended>,
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
#[serde(default, deny_unknown_fields)]
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

/// One look, as JSON: `{state, pbx, options, now, answers}`, where `answers` are the rows of the readings that were asked for
/// so far. Fails with what is wrong with the options, or with a memory that is none.
pub fn step(input: &str) -> Result<Step, String> {
    #[derive(Deserialize)]
    struct Input {
        #[serde(default)]
        state: Option<Value>,
        #[serde(default)]
        pbx: String,
        options: Map<String, Value>,
        now: f64,
        answers: Vec<Vec<Value>>,
    }
    let input: Input = serde_json::from_str(&whole(input)).map_err(|error| error.to_string())?;
    let options = Options::read(&input.options).map_err(|unfit| unfit.to_string())?;
    let mut state = input.state.filter(|state| state.as_object().is_some_and(|state| !state.is_empty()));
    // Versions before told all filters by one text, and remembered other things of records.
    if let Some(Value::Object(fields)) = &mut state
        && fields.contains_key("watched")
    {
        fields.retain(|name, _| ["pbx", "expiry"].contains(&name.as_str()));
    }
    let known: Option<State> =
        state.map(serde_json::from_value).transpose().map_err(|error| misuse::state(&error.to_string()))?;
    // Without one that can be used, the first reading says what is wrong with it.
    let pbx = BaseUrl::parse(&input.pbx).map(|url| url.to_string()).unwrap_or_default();
    let mut known = known.filter(|state| state.pbx == pbx).unwrap_or(State { pbx, ..State::default() });
    let before = std::mem::replace(&mut known.filters, options.filters());
    known.calls = known.calls.filter(|_| before.calls == known.filters.calls);
    known.messages = known.messages.filter(|_| before.messages == known.filters.messages);
    known.events = known.events.filter(|_| before.events == known.filters.events);
    Ok(poll(known, &options, input.now as Moment, &input.answers))
}

/// What happened longer ago is not told any more, however long nobody looked.
const LONGEST_PAUSE: Moment = 7 * DAY;

/// One look. `now` is this machine's time; the PBX's clock may differ from it.
pub fn poll(state: State, options: &Options, now: Moment, answers: &[Vec<Value>]) -> Step {
    let mut desk = Desk::new(answers);
    let found = if options.is_latest { latest(options, now, &mut desk) } else { look(state, options, now, &mut desk) };
    match found {
        Ok((items, state)) => Step::Done { items, state: Box::new(state) },
        Err(halt) => match *halt {
            Halt::Read(reading) => Step::Read(reading),
            Halt::Failed(failure) => Step::Failed { error: failure.to_string(), description: failure.advice() },
        },
    }
}

/// Why a look does not go on.
#[derive(Debug)]
enum Halt {
    Read(Reading),
    Failed(Failure),
}

type Found<T> = Result<T, Box<Halt>>;

fn look(mut state: State, options: &Options, now: Moment, desk: &mut Desk<'_>) -> Found<(Vec<Value>, State)> {
    let mut items = Vec::new();
    let mut next = State { pbx: state.pbx, filters: state.filters, ..State::default() };
    let mut watch = |source: Source, known: Option<Cursor>, desk: &mut Desk<'_>| -> Found<Option<Cursor>> {
        if !options.wants(source.event) {
            return Ok(None);
        }
        let (records, cursor) = ids::since(source, known, options.longest_call, now, desk)?;
        items.extend(records.into_iter().filter_map(|record| told(source.event, record, options)));
        Ok(Some(cursor))
    };
    next.events = watch(ids::EVENTS, state.events.take(), desk)?;
    next.recordings = watch(ids::RECORDINGS, state.recordings.take(), desk)?;
    next.messages = watch(ids::CHAT_MESSAGES, state.messages.take(), desk)?;
    next.transcripts = watch(ids::TRANSCRIPTS, state.transcripts.take(), desk)?;
    if options.wants(Event::Expiring) {
        let (found, expiry) = expiry::look(state.expiry.take().unwrap_or_default(), options, now, desk)?;
        items.extend(found);
        next.expiry = Some(expiry);
    }
    if options.wants(Event::CallEnded) || options.wants(Event::CallMissed) {
        let (calls, ended) = ended::since(state.calls.take(), options, now, desk)?;
        items.extend(calls.iter().flat_map(|call| options.events_of(call)));
        next.calls = Some(ended);
    }
    Ok((items, next))
}

/// The newest of each kind that is watched, to see what they look like. Nothing is remembered.
fn latest(options: &Options, now: Moment, desk: &mut Desk<'_>) -> Found<(Vec<Value>, State)> {
    let mut items = Vec::new();
    for source in [ids::EVENTS, ids::RECORDINGS, ids::CHAT_MESSAGES, ids::TRANSCRIPTS] {
        if options.wants(source.event) {
            let records = ids::newest(source, options.system_filter(source.event), desk)?;
            items.extend(records.into_iter().find_map(|record| told(source.event, record, options)));
        }
    }
    if options.wants(Event::Expiring) {
        items.extend(expiry::all(now, desk)?);
    }
    if options.wants(Event::CallEnded) || options.wants(Event::CallMissed) {
        let mut shown = Vec::new();
        for call in ended::within(now - DAY, now, Moment::MIN, desk)?.iter().rev() {
            let found = options.events_of(call).into_iter().filter(|item| !shown.contains(&item["event"]));
            let found: Vec<Value> = found.collect();
            shown.extend(found.iter().map(|item| item["event"].clone()));
            items.extend(found);
        }
    }
    Ok((items, State::default()))
}

/// A record as an item, if it is one that was asked for.
fn told(event: Event, record: Value, options: &Options) -> Option<Value> {
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
