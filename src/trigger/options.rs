//! What to watch for.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Filters, item};
use crate::calls::Call;
use crate::calls::moment::{HOUR, Moment};
use crate::calls::options::{self, FormValues, Wanted};
use crate::fingerprint::identity;
use crate::rows::text;
use crate::sorting;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    CallEnded,
    CallMissed,
    ChatMessage,
    Recording,
    Transcript,
    System,
    Expiring,
}

const EVENTS: [Event; 7] = [
    Event::CallEnded,
    Event::CallMissed,
    Event::ChatMessage,
    Event::Recording,
    Event::Transcript,
    Event::System,
    Event::Expiring,
];

impl Event {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CallEnded => "callEnded",
            Self::CallMissed => "callMissed",
            Self::ChatMessage => "chatMessageReceived",
            Self::Recording => "recordingAvailable",
            Self::Transcript => "transcriptReady",
            Self::System => "systemEvent",
            Self::Expiring => "expiring",
        }
    }
}

/// What a person chose.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Watched {
    events: Vec<Event>,
    /// Events of the system by their number; all where there are none.
    system: Vec<i64>,
    wanted: Wanted,
    /// How long a call may take.
    pub(super) longest_call: Moment,
    /// Days before something expires, fewest first.
    pub(super) days_before: Vec<i64>,
    pub(super) is_latest: bool,
}

/// Why options cannot be used: what was given, and the option's name where it may be one of several.
#[derive(Debug, PartialEq, Eq)]
pub enum WatchFault {
    NoEvents,
    NoEvent(String),
    LongestCall,
    DaysBefore,
    /// There is no option of this name.
    NoOption(String),
    /// It is there, and has no value.
    Blank(String),
    Value(options::Unfit),
}

impl From<options::Unfit> for WatchFault {
    fn from(unfit: options::Unfit) -> Self {
        Self::Value(unfit)
    }
}

/// Options beside those of calls.
const OWN: [&str; 6] = ["events", "systemEvents", "eventIds", "longestCall", "daysBefore", "latest"];

/// Servers take 100 names, values and operators in a filter: four of them for each condition.
const MOST_CONDITIONS: usize = 22;

fn print(filter: &str) -> String {
    identity([filter])
}

/// Whether a value is none, as that of an expression can be.
fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.split([',', ';']).all(text::is_blank))
}

impl Watched {
    /// Fails with what is not understood: what is watched for must not differ in silence from what was meant.
    pub(crate) fn read(given: &Map<String, Value>) -> Result<Self, WatchFault> {
        if let Some(name) = given.keys().find(|name| !OWN.iter().chain(&options::NAMES).any(|known| known == name)) {
            return Err(WatchFault::NoOption(name.clone()));
        }
        if let Some((name, _)) = given.iter().find(|(_, value)| is_blank(value)) {
            return Err(WatchFault::Blank(name.clone()));
        }
        let given = FormValues(given);
        let named = |name: &Value| {
            let found = EVENTS.into_iter().find(|event| *name == event.name());
            found.ok_or_else(|| WatchFault::NoEvent(name.to_string()))
        };
        let events = given.list("events").iter().map(named).collect::<Result<Vec<_>, _>>()?;
        if events.is_empty() {
            return Err(WatchFault::NoEvents);
        }
        let longest_call = match given.numbers("longestCall")?.as_slice() {
            [] => 4,
            [hours] if (1..=48).contains(hours) => *hours,
            _ => return Err(WatchFault::LongestCall),
        };
        let mut days_before = given.numbers("daysBefore")?;
        sorting::sort(&mut days_before);
        days_before.dedup();
        if days_before.iter().any(|days| !(0..=3650).contains(days)) {
            return Err(WatchFault::DaysBefore);
        }
        Ok(Self {
            events,
            system: given.numbers("systemEvents")?.into_iter().chain(given.numbers("eventIds")?).collect(),
            wanted: Wanted::read(&given)?,
            longest_call: longest_call * HOUR,
            days_before: if days_before.is_empty() { vec![1, 7, 30] } else { days_before },
            is_latest: given.flag("latest")?,
        })
    }

    pub(super) fn wants(&self, event: Event) -> bool {
        self.events.contains(&event)
    }

    pub(super) fn wants_calls(&self) -> bool {
        self.wants(Event::CallEnded) || self.wants(Event::CallMissed)
    }

    /// Whether a chat message is one that was asked for. What the PBX does not tell keeps nothing out.
    pub(super) fn lets_in(&self, message: &Map<String, Value>) -> bool {
        let text = |name: &str| message.get(name).and_then(Value::as_str);
        (!self.wanted.external_only || message.get("IsExternal") != Some(&Value::Bool(false)))
            && self.wanted.queue.as_deref().is_none_or(|queue| text("QueueNumber") == Some(queue))
    }

    /// What they let in, however it was written.
    pub(super) fn filters(&self) -> Filters {
        let of_messages = (self.wanted.external_only, &self.wanted.queue);
        let events: BTreeSet<i64> = self.system.iter().copied().collect();
        Filters {
            calls: print(&self.filter_of_calls()),
            messages: print(&format!("{of_messages:?}")),
            events: print(&format!("{events:?}")),
        }
    }

    /// Whether calls were filtered alike. Versions before also noted which of the two events of calls were wanted.
    pub(super) fn filter_calls_as(&self, before: &str) -> bool {
        let calls = self.filter_of_calls();
        let noted = [[true, false], [false, true], [true, true]].map(|wants| format!("{wants:?} {calls}"));
        noted.iter().chain([&calls]).any(|filter| print(filter) == before)
    }

    fn filter_of_calls(&self) -> String {
        let mut wanted = self.wanted.clone();
        wanted.with_legs = false;
        format!("{wanted:?}")
    }

    pub(super) fn system_events(&self) -> &[i64] {
        &self.system
    }

    /// The condition by which the PBX itself finds what is asked for, where an example is wanted. Without one, it is looked for
    /// among the newest.
    pub(super) fn system_filter(&self, event: Event) -> Option<String> {
        let conditions: Vec<String> = self.system.iter().map(|id| format!("EventId eq {id}")).collect();
        (event == Event::System && (1..=MOST_CONDITIONS).contains(&conditions.len())).then(|| conditions.join(" or "))
    }

    /// The items of a call that has ended, none if a filter keeps it out.
    pub(super) fn events_of(&self, call: &Call) -> Vec<Value> {
        let is_wanted = self.wanted.has(call);
        let fitting = EVENTS.into_iter().filter(|event| match event {
            Event::CallEnded => true,
            Event::CallMissed => call.is_missed(self.wanted.rule),
            _ => false,
        });
        let wanted = fitting.filter(|event| is_wanted && self.wants(*event));
        wanted.map(|event| item(event, self.wanted.told(call))).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::calls::group;
    use crate::calls::testing::{answered, leg, queue};

    fn options(mut given: Value) -> Result<Watched, WatchFault> {
        given["events"] = given.get("events").cloned().unwrap_or_else(|| json!(["callEnded", "callMissed"]));
        Watched::read(given.as_object().unwrap())
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for wrong in [
            json!({"events": []}),
            json!({"events": ["callStarted"]}),
            json!({"direction": "sideways"}),
            json!({"eventIds": "4100, trunk"}),
            json!({"systemEvents": [4.5]}),
            json!({"longestCall": 0}),
            json!({"longestCall": 49}),
            json!({"longestCall": "1,5"}),
            json!({"longestCall": [4, 48]}),
            json!({"daysBefore": "-1"}),
            json!({"includeLegs": "yes"}),
            json!({"answeredBy": "nobody"}),
            json!({"queue": ["800"]}),
            json!({"qeue": "800"}),
        ] {
            assert!(options(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_option_that_comes_to_nothing_lets_not_everything_in() {
        for name in OWN.into_iter().chain(options::NAMES) {
            for blank in [json!(null), json!(""), json!(" \u{200b}"), json!(" , ;")] {
                assert!(options(json!({name: blank})).is_err(), "{name}: {blank}");
            }
        }
        assert_eq!(options(json!({"queue": " "})), Err(WatchFault::Blank("queue".to_owned())));
        assert!(options(json!({"systemEvents": [], "externalOnly": false})).is_ok());
    }

    #[test]
    fn numbers_come_in_lists_and_texts() {
        let read =
            options(json!({"systemEvents": [4100, "4102"], "eventIds": "10031; 7", "daysBefore": "30, 7,7"})).unwrap();
        assert_eq!((read.system, read.days_before), (vec![4100, 4102, 10031, 7], vec![7, 30]));
        assert_eq!(options(json!({})).unwrap().days_before, [1, 7, 30]);
    }

    #[test]
    fn filters_let_through_what_fits_all_of_them() {
        let rows =
            [queue("1", "c", "2026-11-03T09:00:00Z", json!({})), leg("2", "c", "2026-11-03T09:00:09Z", json!({}))];
        let call = &group(&rows)[0];
        let names = |given: Value| {
            let found = options(given).unwrap().events_of(call);
            found.iter().map(|item| item["event"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let both = ["callEnded", "callMissed"];
        for given in [
            json!({}),
            json!({"direction": "inbound", "externalOnly": true, "queue": "800", "extension": 101, "number": "+49 30 1234567"}),
        ] {
            assert_eq!(names(given.clone()), both, "{given}");
        }
        for given in [
            json!({"direction": "outbound"}),
            json!({"queue": "801"}),
            json!({"extension": "102"}),
            json!({"number": "9"}),
            json!({"direction": "inbound", "queue": "801"}),
        ] {
            assert_eq!(names(given.clone()), [""; 0], "{given}");
        }
        assert_eq!(names(json!({"answeredBy": "anyLeg"})), ["callEnded"]);
        assert_eq!(names(json!({"events": ["callMissed"]})), ["callMissed"]);
        let internal = group(&[answered("1", "d", "2026-11-03T09:00:00Z", json!({"Direction": "Internal"}))]);
        assert!(options(json!({"externalOnly": true})).unwrap().events_of(&internal[0]).is_empty());
    }
}
