//! A post as an item: what 3CX left unfilled is nothing, and what it writes in several ways is written in one.

use serde_json::{Map, Value, json};

use super::{Scenario, Verdict, times};
use crate::calls::moment::{DAY, MINUTE, Moment, SECOND, duration, iso};
use crate::fingerprint;
use crate::rows::json;

/// The transcript of an hour has about 60,000 characters.
pub(super) const MAX_LENGTH: usize = 2_000_000;

/// What a post says, by our names.
pub(super) struct Post {
    pub(super) scenario: Scenario,
    values: Vec<(&'static str, String)>,
}

/// The kinds of call that 3CX tells apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CallType {
    Inbound,
    Outbound,
    Missed,
    Unanswered,
}

impl CallType {
    fn of(text: &str) -> Option<Self> {
        let letters: String = text.chars().filter(|c| c.is_ascii_alphabetic()).collect();
        Some(match letters.to_ascii_lowercase().as_str() {
            "inbound" => Self::Inbound,
            "outbound" => Self::Outbound,
            "missed" => Self::Missed,
            "notanswered" | "unanswered" => Self::Unanswered,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Missed => "missed",
            Self::Unanswered => "unanswered",
        }
    }
}

impl Post {
    pub(super) fn read(body: &str) -> Result<Self, Verdict> {
        if body.len() > MAX_LENGTH {
            return Err(Verdict::TooLong);
        }
        let value: Value = json::parse(&json::whole(body.trim_start_matches('\u{feff}'))).map_err(Verdict::NoJson)?;
        let posted = value.as_object().ok_or(Verdict::NotOurs)?;
        let scenario = posted.get("event").and_then(Value::as_str).and_then(Scenario::of).ok_or(Verdict::NotOurs)?;
        let mut values = Vec::new();
        for (name, expression) in scenario.fields() {
            let value = match posted.get(*name) {
                None | Some(Value::Null) => continue,
                Some(Value::String(text)) => text.clone(),
                Some(number @ (Value::Number(_) | Value::Bool(_))) => number.to_string(),
                Some(Value::Array(_) | Value::Object(_)) => return Err(Verdict::NotOurs),
            };
            // Its own variable only: somebody may be called [Number].
            if !value.trim().is_empty() && value.trim() != *expression && !is_unfilled_time(expression, &value) {
                values.push((*name, value));
            }
        }
        Ok(Self { scenario, values })
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// A value without what stands around it; texts of people are left as they are.
    fn plain(&self, name: &str) -> Option<&str> {
        self.get(name).map(str::trim)
    }

    fn kind(&self) -> Option<CallType> {
        self.plain("callType").and_then(CallType::of)
    }

    fn direction(&self) -> Option<&'static str> {
        let told = || self.plain("direction").and_then(CallType::of);
        match self.kind().or_else(told)? {
            CallType::Inbound | CallType::Missed => Some("inbound"),
            CallType::Outbound | CallType::Unanswered => Some("outbound"),
        }
    }

    /// Whether somebody spoke, as far as it is told.
    pub(super) fn is_answered(&self) -> bool {
        matches!(self.kind(), Some(CallType::Inbound | CallType::Outbound))
    }

    fn start(&self, now: Moment) -> Option<Moment> {
        self.plain("start").and_then(|text| times::read(text, now))
    }

    /// Posts of one identity are of one call that long, in milliseconds. Without a start, the same caller may have called again.
    pub(super) fn span(&self, now: Moment) -> Moment {
        if self.start(now).is_some() { DAY } else { 2 * MINUTE }
    }

    /// The same for all posts of a call, or of a chat. Who took part may differ, as may what happened to it.
    pub(super) fn id(&self, now: Moment) -> String {
        let who = |name: &str| self.plain(name).unwrap_or_default();
        let digits: String = who("number").chars().filter(char::is_ascii_digit).collect();
        let number = digits.trim_start_matches('0');
        let event = self.scenario.event();
        let Some(start) = self.start(now) else {
            let all = self.values.iter().flat_map(|(name, value)| [*name, value.as_str()]);
            return fingerprint::identity([event].into_iter().chain(all));
        };
        let start = (start / SECOND).to_string();
        let direction = self.direction().unwrap_or_default();
        // Who hides the number may be anybody. A queue reports the call once for each agent that it rang.
        let place = ["queueNumber", "agentNumber"].into_iter().find(|name| self.plain(name).is_some());
        let other = place.filter(|_| number.is_empty()).map_or(["", "", ""], |place| [who("email"), place, who(place)]);
        fingerprint::identity([event, number, direction, &start].into_iter().chain(other))
    }

    /// The item.
    pub(super) fn told(&self, now: Moment) -> Value {
        let mut item = Map::new();
        item.insert("event".to_owned(), self.scenario.event().into());
        if !self.scenario.is_asking() {
            let name = if self.scenario == Scenario::Call { "callId" } else { "chatId" };
            item.insert(name.to_owned(), self.id(now).into());
        }
        for (name, _) in self.scenario.fields() {
            let (name, value) = self.member(name, now);
            if let Some(name) = name {
                item.insert(name.to_owned(), value);
            }
            if name == Some("callType") {
                let kind = self.kind();
                item.insert("answered".to_owned(), kind.map(|_| self.is_answered()).into());
                item.insert("missed".to_owned(), kind.map(|kind| kind == CallType::Missed).into());
            }
        }
        Value::Object(item)
    }

    /// A field as the item has it; no name if another one stands for it.
    fn member(&self, name: &'static str, now: Moment) -> (Option<&'static str>, Value) {
        let text = self.get(name);
        let plain = self.plain(name);
        let value = match name {
            "callType" => self.kind().map(CallType::name).or(plain).into(),
            "direction" => self.direction().or(plain).into(),
            // What is not understood is left as it came.
            "start" | "end" => {
                let read = |text: &str| times::read(text, now).map_or_else(|| text.to_owned(), iso);
                plain.map(read).into()
            }
            "duration" => {
                let seconds = plain.and_then(duration).map(|length| length / SECOND);
                return (Some("durationSeconds"), seconds.into());
            }
            "sentiment" => match plain.and_then(|text| text.parse::<i64>().ok()) {
                Some(number) => json!(number),
                None => plain.into(),
            },
            "agentFirstName" => {
                let both = [plain, self.plain("agentLastName")];
                let whole = both.into_iter().flatten().collect::<Vec<_>>().join(" ");
                return (Some("agentName"), Some(whole).filter(|name| !name.is_empty()).into());
            }
            "agentLastName" => return (None, Value::Null),
            "number" | "contactId" | "contactType" | "agentNumber" | "agentEmail" | "queueNumber" | "email"
            | "recordingUrl" => plain.into(),
            _ => text.into(),
        };
        (Some(name), value)
    }
}

/// What a formatted time looks like that 3CX did not work out.
fn is_unfilled_time(expression: &str, value: &str) -> bool {
    expression.starts_with("[[") && value.trim().starts_with('[')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Moment = 1_793_700_000_000;

    fn post(values: Value) -> Post {
        Post::read(&values.to_string()).unwrap_or_else(|verdict| panic!("{verdict:?}"))
    }

    fn call(mut more: Value) -> Value {
        more["event"] = json!("callReported");
        post(more).told(NOW)
    }

    #[test]
    fn a_call_is_told_in_one_way() {
        let told = call(json!({
            "callType": "Inbound", "direction": "Inbound", "number": " +49301234567 ", "name": "Ada", "contactId": "c7",
            "contactType": "Contacts", "agentNumber": "101", "agentFirstName": "Grace", "agentLastName": "Hopper",
            "agentEmail": "grace@example.com", "queueNumber": "800", "duration": "00:01:05", "start": "2026-11-03T09:00:00Z",
            "end": "2026-11-03T09:01:10Z", "transcription": "", "summary": "She asked.", "sentiment": "4",
            "recordingUrl": "https://pbx.example.com/r/1",
        }));
        let expected = json!({
            "event": "callReported", "callId": told["callId"], "callType": "inbound", "answered": true, "missed": false,
            "direction": "inbound", "number": "+49301234567", "name": "Ada", "contactId": "c7", "contactType": "Contacts",
            "agentNumber": "101", "agentName": "Grace Hopper", "agentEmail": "grace@example.com", "queueNumber": "800",
            "durationSeconds": 65, "start": "2026-11-03T09:00:00.000Z", "end": "2026-11-03T09:01:10.000Z",
            "transcription": null, "summary": "She asked.", "sentiment": 4, "recordingUrl": "https://pbx.example.com/r/1",
        });
        assert_eq!(told, expected);
        assert_eq!(told["callId"].as_str().unwrap().len(), 16);
    }

    #[test]
    fn kinds_of_call_come_in_many_spellings() {
        for (text, kind, direction, answered, missed) in [
            ("Inbound", "inbound", "inbound", true, false),
            ("MISSED", "missed", "inbound", false, true),
            ("Outbound", "outbound", "outbound", true, false),
            ("Notanswered", "unanswered", "outbound", false, false),
            ("NotAnswered", "unanswered", "outbound", false, false),
            ("Not answered", "unanswered", "outbound", false, false),
            ("Unanswered", "unanswered", "outbound", false, false),
        ] {
            let told = call(json!({"callType": text}));
            let found = (&told["callType"], &told["direction"], &told["answered"], &told["missed"]);
            assert_eq!(found, (&json!(kind), &json!(direction), &json!(answered), &json!(missed)), "{text}");
        }
        let unknown = call(json!({"callType": "Voicemail", "direction": "Inbound"}));
        assert_eq!((&unknown["callType"], &unknown["answered"]), (&json!("Voicemail"), &Value::Null));
        assert_eq!(unknown["direction"], "inbound");
    }

    #[test]
    fn a_duration_is_in_seconds_however_it_is_written() {
        for (written, seconds) in [
            (json!("3600"), json!(3600)),
            (json!(65), json!(65)),
            (json!("1.02:03:04"), json!(93_784)),
            (json!("long"), Value::Null),
        ] {
            assert_eq!(call(json!({"duration": written}))["durationSeconds"], seconds, "{written}");
        }
    }

    #[test]
    fn what_was_not_filled_in_is_nothing_and_what_people_are_called_stays() {
        let literal: Map<_, _> =
            Scenario::Call.fields().iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let told = call(Value::Object(literal));
        let filled: Vec<_> = told.as_object().unwrap().iter().filter(|(_, value)| !value.is_null()).collect();
        assert_eq!(filled.len(), 2, "{filled:?}");
        for name in
            ["[Number]", "[Nam", "Robert'); DROP TABLE", "\"<b>\\ \u{1F600}", "line\nbreak\r\n", "{{ $json }}", "=1+1"]
        {
            assert_eq!(call(json!({"name": name}))["name"], name);
        }
        let half = Post::read(r#"{"event":"callReported","name":"Ada \ud83d"}"#).ok().map(|post| post.told(NOW));
        assert_eq!(half.unwrap()["name"], "Ada \u{fffd}");
        assert_eq!(call(json!({"name": "[Name]"}))["name"], Value::Null);
        for time in ["[CallStartTimeUTC]", "[[CallStartTimeUTC].ToString(\"G\")]"] {
            assert_eq!(call(json!({"start": time}))["start"], Value::Null);
        }
        assert_eq!(call(json!({"start": "yesterday"}))["start"], "yesterday");
    }

    #[test]
    fn the_posts_of_a_call_have_one_identity() {
        let id = |more: Value| {
            let mut call = json!({"event": "callReported", "callType": "Inbound", "number": "+49301234567",
                "agentNumber": "101", "start": "2026-11-03T09:00:00Z"});
            call.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
            post(call).id(NOW)
        };
        let usual = id(json!({}));
        for same in [
            json!({"agentNumber": "102"}),
            json!({"callType": "Missed"}),
            json!({"number": "0049301234567"}),
            json!({"number": "49301234567", "summary": "late"}),
            json!({"start": "2026-11-03T09:00:00.900Z"}),
        ] {
            assert_eq!(id(same.clone()), usual, "{same}");
        }
        for other in [
            json!({"number": "+49301234568"}),
            json!({"callType": "Outbound"}),
            json!({"start": "2026-11-03T09:00:01Z"}),
            json!({"number": "anonymous"}),
            json!({"start": "", "number": ""}),
        ] {
            assert_ne!(id(other.clone()), usual, "{other}");
        }
        // Two who hide their number, at once.
        let hidden = |agent, queue| id(json!({"number": "", "agentNumber": agent, "queueNumber": queue}));
        assert_ne!(hidden("101", ""), hidden("102", ""));
        assert_eq!(hidden("101", ""), hidden("101", ""));
        // A queue that rings two.
        assert_eq!(hidden("101", "800"), hidden("102", "800"));
        assert_ne!(hidden("101", "800"), hidden("101", "801"));
        // Without a start, only what is the same altogether is one.
        assert_ne!(id(json!({"start": ""})), id(json!({"start": "", "agentNumber": "102"})));
    }

    #[test]
    fn chats_lookups_and_contacts_have_their_own_fields() {
        let chat =
            post(json!({"event": "chatReported", "messages": "[10:00] Ada: Hi\n", "email": "a@example.com"})).told(NOW);
        assert_eq!((&chat["messages"], &chat["email"]), (&json!("[10:00] Ada: Hi\n"), &json!("a@example.com")));
        assert!(chat.get("callId").is_none() && chat["chatId"].is_string());
        let lookup = post(json!({"event": "numberLookup", "number": 4930, "direction": "Inbound"})).told(NOW);
        assert_eq!(lookup, json!({"event": "numberLookup", "number": "4930", "direction": "inbound"}));
        let create = post(json!({"event": "contactCreation", "firstName": "Ada", "number": "+4930"})).told(NOW);
        let expected = json!({"event": "contactCreation", "number": "+4930", "firstName": "Ada", "lastName": null,
            "company": null, "email": null});
        assert_eq!(create, expected);
    }

    proptest! {
        #[test]
        fn texts_of_people_arrive_as_they_are(name in ".*\\S.*", event in 0_usize..3) {
            prop_assume!(!["[Name]", "[FirstName]", "[ChatMessages]"].contains(&name.trim()));
            let (event, field) = [("callReported", "name"), ("chatReported", "messages"), ("contactCreation", "firstName")][event];
            let told = post(json!({"event": event, field: name})).told(NOW);
            prop_assert_eq!(&told[field], &json!(name));
        }

        #[test]
        fn no_body_is_too_odd(body in "\\PC*", value in "\\PC*", now: i64) {
            let _ = Post::read(&body);
            for scenario in super::super::SCENARIOS {
                let mut odd: Map<_, _> =
                    scenario.fields().iter().map(|(name, _)| ((*name).to_owned(), json!(value))).collect();
                odd.insert("event".to_owned(), scenario.event().into());
                let told = post(Value::Object(odd)).told(now);
                prop_assert_eq!(&told["event"], scenario.event());
            }
        }
    }
}
