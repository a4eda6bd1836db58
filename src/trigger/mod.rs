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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::moment::{HOUR, MINUTE, iso};
    use crate::calls::testing::leg;

    /// One look at a PBX that has these records of the resources.
    fn look(state: State, options: &Value, now: Moment, records: impl Fn(&str) -> Value) -> (Vec<Value>, State) {
        let options = Options::read(options.as_object().unwrap()).unwrap();
        let mut answers = Vec::new();
        loop {
            match poll(state.clone(), &options, now, &answers) {
                Step::Done { items, state } => return (items, *state),
                Step::Read(reading) => answers.push(records(reading.resource).as_array().cloned().unwrap()),
                Step::Failed { error, .. } => panic!("{error}"),
            }
        }
    }

    #[test]
    fn transcripts_are_waited_for_out_of_order_and_given_up() {
        let options = json!({"events": ["transcriptReady"]});
        let at = |id: i64, is_ready: bool, can_be: bool| json!({"Id": id, "StartTime": iso(HOUR + id * MINUTE), "IsTranscribed": is_ready, "CanBeTranscribed": can_be});
        let (items, state) = look(State::default(), &options, HOUR, |_| json!([at(1, false, true)]));
        assert!(items.is_empty());
        let ids = |items: &[Value]| items.iter().map(|item| item["Id"].as_i64().unwrap()).collect::<Vec<_>>();
        let rows =
            json!([at(1, false, true), at(2, false, true), at(3, true, true), at(4, false, false), at(5, true, true)]);
        let (items, state) = look(state, &options, 2 * HOUR, |_| rows.clone());
        assert_eq!(ids(&items), [3, 5]);
        assert_eq!(
            state.transcripts.as_ref().map(|cursor| serde_json::to_value(cursor).unwrap()["told"].clone()),
            Some(json!({"3": HOUR + 3 * MINUTE, "5": HOUR + 5 * MINUTE}))
        );
        let late =
            json!([at(1, false, true), at(2, true, true), at(3, true, true), at(5, true, true), at(6, false, true)]);
        let (items, state) = look(state, &options, 3 * HOUR, |_| late.clone());
        assert_eq!(ids(&items), [2]);
        // The sixth never comes, and holds nothing up for good.
        let (items, state) =
            look(state, &options, 12 * HOUR, |_| json!([at(5, true, true), at(6, false, true), at(7, true, true)]));
        assert_eq!(ids(&items), [7]);
        assert_eq!(serde_json::to_value(&state).unwrap()["transcripts"]["after"], 7);
    }

    #[test]
    fn chat_messages_are_told_once_however_many_came() {
        let options = json!({"events": ["chatMessageReceived"], "externalOnly": true});
        let message = |id: i64| json!({"MessageId": id, "TimeSent": iso(HOUR + id * MINUTE), "IsExternal": id % 2 == 0, "Message": ""});
        let ids = |items: &[Value]| items.iter().map(|item| item["MessageId"].as_i64().unwrap()).collect::<Vec<_>>();
        let given = json!(options);
        let options = Options::read(given.as_object().unwrap()).unwrap();
        // Newest first, as many as were asked for.
        let look = |state: State, log: &[i64]| {
            let (mut answers, mut requests) = (Vec::new(), 0);
            loop {
                match poll(state.clone(), &options, 100 * HOUR, &answers) {
                    Step::Done { items, state } => return (ids(&items), *state, requests),
                    Step::Read(reading) => {
                        assert_eq!(
                            (&reading.parameters["filter"], &reading.parameters["orderby"]),
                            (&Value::Null, &json!("MessageId desc"))
                        );
                        let limit = reading.parameters["limit"].as_u64().unwrap() as usize;
                        answers.push(log.iter().rev().take(limit).map(|id| message(*id)).collect());
                        requests += 1;
                    }
                    Step::Failed { error, .. } => panic!("{error}"),
                }
            }
        };
        let (told, state, _) = look(State::default(), &[1, 2, 3]);
        assert!(told.is_empty(), "it begins now");
        let (told, state, requests) = look(state, &[1, 2, 3, 4, 5, 6]);
        assert_eq!((told, requests), (vec![4, 6], 1));
        let many: Vec<i64> = (1..=400).collect();
        let (told, state, requests) = look(state, &many);
        assert_eq!((told.len(), told[0], requests), (197, 8, 2));
        let (told, state, _) = look(state, &many);
        assert!(told.is_empty());
        let (told, state, _) = look(state, &many[..300]);
        assert!(told.is_empty(), "the newest were deleted: {told:?}");
        let (told, _, _) = look(state, &[398, 399, 400, 402]);
        assert_eq!(told, [402], "the oldest were deleted");
    }

    #[test]
    fn those_that_are_waited_for_leave_room_for_new_ones() {
        let options = json!({"events": ["transcriptReady"]});
        let at = |id: i64, is_ready: bool| json!({"Id": id, "StartTime": iso(HOUR + id * 1000), "IsTranscribed": is_ready, "CanBeTranscribed": true});
        let (_, state) = look(State::default(), &options, HOUR, |_| json!([at(1, true)]));
        // As many as one reading brings: the record that was told last, and the next ones.
        let full: Vec<Value> = (1..=1000).map(|id| at(id, id == 1 || id == 1000)).collect();
        let (items, state) = look(state, &options, 2 * HOUR, |_| json!(full));
        assert_eq!(items.len(), 1);
        let after = serde_json::to_value(&state).unwrap()["transcripts"]["after"].as_i64().unwrap();
        assert!((400..600).contains(&after), "the older half is given up, the newer one is waited for: {after}");
    }

    #[test]
    fn what_happened_more_than_a_week_ago_is_not_told_however_long_nobody_looked() {
        let options = json!({"events": ["chatMessageReceived", "systemEvent", "callEnded"]});
        let records = |resource: &str, days: std::ops::RangeInclusive<i64>| match resource {
            "Chat Messages History View" => {
                days.rev().map(|day| json!({"MessageId": day, "TimeSent": iso(day * DAY), "Message": ""})).collect()
            }
            "Event Logs" => days
                .map(|day| json!({"Id": day, "TimeGenerated": iso(day * DAY), "EventId": 1, "Params": []}))
                .collect(),
            "Report Call Log Data" => {
                days.map(|day| leg(&day.to_string(), &day.to_string(), &iso(day * DAY), json!({}))).collect()
            }
            _ => json!([]),
        };
        let (items, state) = look(State::default(), &options, 100 * DAY + HOUR, |resource| records(resource, 90..=100));
        assert!(items.is_empty(), "it begins now");
        let now = 160 * DAY + HOUR;
        let (mut items, mut state) = look(state, &options, now, |resource| records(resource, 90..=160));
        for minute in 1..6 {
            let (more, next) = look(state, &options, now + minute * MINUTE, |resource| records(resource, 90..=160));
            items.extend(more);
            state = next;
        }
        let count = |event: &str| items.iter().filter(|item| item["event"] == event).count();
        assert_eq!(["chatMessageReceived", "systemEvent", "callEnded"].map(count), [7, 7, 7]);
    }

    #[test]
    fn other_settings_begin_anew_and_what_lets_nothing_in_does_not() {
        let mut state = json!({});
        let mut missed = |options: Value, now: Moment, ids: &[i64]| {
            let mut answers: Vec<Value> = Vec::new();
            loop {
                let input =
                    json!({"state": state, "pbx": "https://pbx", "options": options, "now": now, "answers": answers});
                match step(&input.to_string()).unwrap() {
                    Step::Read(reading) => {
                        let mut rows: Vec<Value> = ids
                            .iter()
                            .map(|id| json!({"Id": id, "TimeGenerated": iso(HOUR + id * MINUTE), "EventId": id, "Params": []}))
                            .collect();
                        if reading.parameters["orderby"] == "Id desc" {
                            rows.reverse();
                        }
                        answers.push(rows.into());
                    }
                    Step::Failed { error, .. } => panic!("{error}"),
                    Step::Done { items, state: next } => {
                        state = serde_json::to_value(&next).unwrap();
                        return items.len();
                    }
                }
            }
        };
        let of = |events: &[i64]| json!({"events": ["systemEvent"], "systemEvents": events, "latest": false});
        assert_eq!(missed(of(&[9]), 2 * HOUR, &[1]), 0);
        assert_eq!(missed(of(&[9]), 2 * HOUR, &[1, 2, 3]), 0);
        assert_eq!(missed(of(&[]), 2 * HOUR, &[1, 2, 3]), 0, "they were left out before");
        assert_eq!(missed(of(&[]), 2 * HOUR, &[1, 2, 3, 4]), 1);
        // What lets nothing in or out, and what is for other events.
        let longer = json!({"events": ["systemEvent"], "systemEvents": [], "latest": false, "longestCall": 8});
        assert_eq!(missed(longer, 2 * HOUR, &[1, 2, 3, 4, 5]), 1);
        let calls = json!({"events": ["callEnded", "systemEvent"], "direction": "inbound"});
        assert_eq!(missed(calls, 2 * HOUR, &[1, 2, 3, 4, 5, 6]), 1);
    }

    #[test]
    fn options_that_say_the_same_are_the_same() {
        let filters = |options: Value| Options::read(options.as_object().unwrap()).unwrap().filters();
        let usual =
            filters(json!({"events": ["callEnded", "callMissed", "chatMessageReceived"], "systemEvents": [4100, 7]}));
        for same in [
            json!({"events": ["chatMessageReceived", "callMissed", "callEnded"], "systemEvents": ["7", "4100"]}),
            json!({"events": ["callEnded", "callMissed"], "eventIds": "7, 4100, 7", "direction": "any", "externalOnly": false,
                "queue": "", "answeredBy": "person", "includeLegs": true, "longestCall": 9, "daysBefore": "1"}),
        ] {
            assert_eq!(filters(same.clone()), usual, "{same}");
        }
        let other = |more: Value| {
            let mut given = json!({"events": ["callEnded", "callMissed"], "systemEvents": [4100, 7]});
            given.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
            let other = filters(given);
            (other.calls != usual.calls, other.messages != usual.messages, other.events != usual.events)
        };
        assert_eq!(other(json!({"events": ["callEnded"]})), (true, false, false));
        assert_eq!(other(json!({"answeredBy": "anyLeg"})), (true, false, false));
        assert_eq!(other(json!({"number": "1234567"})), (true, false, false));
        assert_eq!(other(json!({"queue": "800"})), (true, true, false));
        assert_eq!(other(json!({"externalOnly": true})), (true, true, false));
        assert_eq!(other(json!({"systemEvents": [4100]})), (false, false, true));
    }

    #[test]
    fn a_memory_of_the_version_before_is_understood() {
        let state = json!({"pbx": BaseUrl::parse("https://pbx").unwrap().to_string(), "watched": "a1b2",
            "events": {"after": 7, "at": iso(HOUR), "told": [9]}, "expiry": {"license": {"expires": (EPOCH + 5) * DAY, "days": 7}}});
        let input = |answers: Value| {
            json!({"state": state, "pbx": "https://pbx", "now": EPOCH * DAY, "answers": answers,
            "options": {"events": ["systemEvent", "expiring"]}})
        };
        let answers =
            json!([[{"Id": 20, "TimeGenerated": iso(HOUR)}], [{"ExpirationDate": iso((EPOCH + 5) * DAY)}], []]);
        let Step::Done { items, state } = step(&input(answers).to_string()).unwrap() else {
            panic!("it asks for more")
        };
        assert_eq!(
            (items.len(), state.events.is_some()),
            (0, true),
            "events begin anew, and an expiry is not told again"
        );
    }

    /// The first day of tests about dates, of which those long ago are none.
    const EPOCH: i64 = 20_000;

    #[test]
    fn each_threshold_is_told_once_for_each_date() {
        let options = json!({"events": ["expiring"], "daysBefore": "30, 7"});
        let mut state = State::default();
        let mut told = |today: i64, expires: i64| {
            let (items, next) = look(state.clone(), &options, (EPOCH + today) * DAY, |resource| match resource {
                "Groups" => {
                    json!([{"Id": 28, "Props": {"SubcriptionExpireDate": iso((EPOCH + expires) * DAY)}}, {"Id": 29, "Props": null}])
                }
                _ => json!([{"ExpirationDate": null, "MaintenanceExpiresAt": "9999-12-31T00:00:00Z"}]),
            });
            state = next;
            items.iter().map(|item| item["daysLeft"].as_i64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(told(50, 100), [0; 0]);
        assert_eq!((told(70, 100), told(71, 100)), (vec![30], vec![]));
        assert_eq!((told(94, 100), told(95, 100), told(101, 100)), (vec![6], vec![], vec![]));
        // Renewed, and again close to its end.
        assert_eq!((told(101, 200), told(199, 200), told(200, 200)), (vec![], vec![1], vec![]));
    }

    #[test]
    fn an_expiry_is_told_once_although_it_cannot_be_read_meanwhile_and_never_of_old() {
        let options = json!({"events": ["expiring"], "daysBefore": "7"});
        let day = |day: i64| (EPOCH + day) * DAY;
        let mut state = State::default();
        let mut told = |license: Value, groups: Value| {
            let (items, next) = look(state.clone(), &options, day(95), |resource| match resource {
                "Groups" => groups.clone(),
                _ => json!([{"ExpirationDate": license}]),
            });
            state = next;
            items.len()
        };
        let group = json!([{"Id": 28, "Props": {"SubcriptionExpireDate": iso(day(100))}}]);
        assert_eq!(told(json!(iso(day(100))), group.clone()), 2);
        assert_eq!(told(Value::Null, json!([])), 0);
        assert_eq!(told(json!(iso(day(100))), group), 0, "both were told");
        for over in ["0001-01-01T00:00:00Z".to_owned(), iso(day(90)), iso(day(93))] {
            assert_eq!(told(json!(over), json!([])), 0, "{over}");
        }
        assert_eq!(told(json!(iso(day(94))), json!([])), 1, "yesterday is close");
    }

    #[test]
    fn what_is_not_watched_is_not_remembered() {
        let none = |_: &str| json!([]);
        let (_, state) = look(State::default(), &json!({"events": ["systemEvent", "callEnded"]}), HOUR, none);
        assert!(state.events.is_some() && state.calls.is_some());
        let (_, state) = look(state, &json!({"events": ["recordingAvailable"]}), HOUR, none);
        assert!(state.events.is_none() && state.calls.is_none() && state.recordings.is_some());
    }

    #[test]
    fn half_a_character_does_not_stop_it() {
        let options = json!({"events": ["systemEvent"], "latest": true});
        let row = json!({"Id": 7, "TimeGenerated": iso(HOUR), "EventId": 1, "Message": "HALF", "Params": []});
        let input = json!({"options": options, "now": 2 * HOUR, "answers": [[row]]}).to_string();
        let Step::Done { items, .. } = step(&input.replace("HALF", r"Ada \ud83d")).unwrap() else { panic!("it asks") };
        assert_eq!(items[0]["Message"], "Ada \u{fffd}");
    }

    #[test]
    fn a_memory_that_is_none_is_told() {
        let input = |state: Value| {
            json!({"state": state, "options": {"events": ["systemEvent"]}, "now": 0, "answers": []}).to_string()
        };
        assert!(step(&input(json!({"events": 5}))).unwrap_err().starts_with("What was remembered cannot be read"));
        assert!(step(&input(json!({}))).is_ok() && step(&input(Value::Null)).is_ok() && step("{").is_err());
    }
}
