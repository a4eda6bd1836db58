//! Calls, made of the call log's rows. A caller who meets a menu, waits in a queue and is put through gives a row for each
//! of these legs, and what most people mean by a call is all of them together.

pub mod active;
mod leg;
pub mod log;
pub mod moment;
pub mod options;
#[cfg(test)]
pub mod testing;

use crate::sorting;
use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

pub use leg::{Direction, has_id, own_id, start};
use leg::{Leg, LegKind, Party, text};
use moment::{Moment, SECOND, iso};

/// When an inbound call counts as answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rule {
    /// A person spoke: a leg of an extension, or one to somebody outside, was answered.
    #[default]
    Person,
    /// Any leg was answered, be it by a menu or a queue.
    AnyLeg,
}

/// The legs of one call, earliest first. There is one at least.
#[derive(Debug, Clone)]
pub struct Call {
    legs: Vec<Leg>,
}

/// Calls in the making: their legs come in any order.
#[derive(Debug, Default)]
pub struct Calls {
    legs: HashMap<String, Vec<Leg>>,
    /// Rows that must not come twice.
    seen: HashSet<String>,
}

impl Calls {
    /// A row without any id belongs to no call, and is left out. Whether its call can tell it as it is depends on
    /// `with_row`, which costs memory.
    pub fn add(&mut self, row: Value, with_row: bool) {
        if let Some(leg) = Leg::read(row) {
            let leg = if with_row { leg } else { leg.without_row() };
            self.legs.entry(leg.call.clone()).or_default().push(leg);
        }
    }

    /// The same with all of the row, which counts once if it comes twice.
    pub fn add_once(&mut self, row: Value) {
        if own_id(&row).is_none_or(|id| self.seen.insert(id)) {
            self.add(row, true);
        }
    }

    /// All of them, in no order: each is made when it is asked for.
    pub fn in_no_order(self) -> impl Iterator<Item = Call> {
        self.legs.into_values().map(in_order)
    }

    /// Takes those out that began at this time or later, as far as is known, latest first.
    pub fn take_since(&mut self, at: Moment) -> Vec<Call> {
        let is_due = |legs: &[Leg]| began(legs).is_some_and(|began| began >= at);
        let due: Vec<String> = self.legs.iter().filter(|(_, legs)| is_due(legs)).map(|(id, _)| id.clone()).collect();
        latest_first(due.iter().filter_map(|id| self.legs.remove(id)))
    }

    /// Those that are left, latest first.
    pub fn take_all(&mut self) -> Vec<Call> {
        latest_first(std::mem::take(&mut self.legs).into_values())
    }

    /// How many legs it holds.
    pub fn size(&self) -> usize {
        self.legs.values().map(Vec::len).sum()
    }
}

/// When a call with these legs began, as far as the PBX tells. There may be others, from before.
fn began(legs: &[Leg]) -> Option<Moment> {
    let first = legs.iter().filter_map(|leg| leg.start).min()?;
    Some(leg::began(&legs[0].call, first).unwrap_or(first))
}

fn latest_first(calls: impl Iterator<Item = Vec<Leg>>) -> Vec<Call> {
    let mut calls: Vec<Call> = calls.map(in_order).collect();
    sorting::sort_by(&mut calls, |one, other| (other.start(), other.id()).cmp(&(one.start(), one.id())));
    calls
}

fn in_order(mut legs: Vec<Leg>) -> Call {
    // Legs that start together are told by their end, then by the PBX's own number.
    let by = |leg: &Leg| (leg.start.unwrap_or(Moment::MAX), leg.end(), leg.row["SegmentId"].as_i64());
    sorting::sort_by(&mut legs, |one, other| by(one).cmp(&by(other)).then_with(|| one.cdr_id.cmp(&other.cdr_id)));
    Call { legs }
}

/// The calls that rows belong to, earliest first. A row that comes twice counts once; one without any id is left out.
pub fn group<'a>(rows: impl IntoIterator<Item = &'a Value>) -> Vec<Call> {
    let mut calls = Calls::default();
    rows.into_iter().for_each(|row| calls.add_once(row.clone()));
    let mut calls = calls.take_all();
    calls.reverse();
    calls
}

impl Call {
    pub fn id(&self) -> &str {
        &self.legs[0].call
    }

    /// How many legs it has.
    pub fn size(&self) -> usize {
        self.legs.len()
    }

    /// The log's rows of legs that started before this time.
    pub fn rows_before(&self, at: Moment) -> impl Iterator<Item = &Value> {
        self.legs.iter().filter(move |leg| leg.start.is_some_and(|start| start < at)).map(|leg| &leg.row)
    }

    /// When its first leg started, as far as the PBX tells.
    pub fn start(&self) -> Option<Moment> {
        self.legs.iter().filter_map(|leg| leg.start).min()
    }

    /// When it began, which may be before the legs of it that are known.
    pub fn began(&self) -> Option<Moment> {
        began(&self.legs)
    }

    pub fn end(&self) -> Option<Moment> {
        self.legs.iter().filter_map(Leg::end).max()
    }

    pub fn direction(&self) -> Direction {
        self.legs[0].direction
    }

    pub fn is_answered(&self, rule: Rule) -> bool {
        self.answer(rule).is_some()
    }

    /// Only who calls in can be missed: that nobody outside answers is another thing.
    pub fn is_missed(&self, rule: Rule) -> bool {
        self.direction() == Direction::Inbound && !self.is_answered(rule)
    }

    /// The leg by which it counts as answered.
    fn answer(&self, rule: Rule) -> Option<&Leg> {
        let person = self.legs.iter().find(|leg| leg.is_with_a_person());
        let any = || self.legs.iter().find(|leg| leg.is_answered);
        match (rule, self.direction()) {
            (Rule::Person, Direction::Inbound) => person,
            _ => person.or_else(any),
        }
    }

    /// The leg that tells whom the call reached or was to reach.
    fn telling(&self, rule: Rule) -> &Leg {
        let rung = || self.legs.iter().rfind(|leg| leg.kind == LegKind::Extension);
        self.answer(rule).or_else(rung).unwrap_or(&self.legs[self.legs.len() - 1])
    }

    /// Who called: number and name.
    fn caller(&self) -> (&str, &str) {
        let Party { name, .. } = &self.legs[0].source;
        (
            if self.direction() == Direction::Inbound {
                self.legs[0].source.outside()
            } else {
                self.legs[0].source.inside()
            },
            name,
        )
    }

    /// Whom the call reached or was to reach: number and name.
    fn called(&self, rule: Rule) -> (&str, &str) {
        let leg = self.telling(rule);
        let is_outside = leg.direction == Direction::Outbound;
        let number = if is_outside { leg.destination.outside() } else { leg.destination.inside() };
        (number, &leg.destination.name)
    }

    fn queue_legs(&self) -> impl Iterator<Item = &Leg> {
        self.legs.iter().filter(|leg| leg.kind == LegKind::Queue)
    }

    pub fn has_queue(&self, number: &str) -> bool {
        self.queue_legs().any(|leg| leg.destination.dn == number)
    }

    pub fn has_extension(&self, number: &str) -> bool {
        self.legs.iter().any(|leg| leg.source.inside() == number || leg.destination.inside() == number)
    }

    /// Whether somebody of it has a number that ends in these digits, or is this one as it is written elsewhere.
    pub fn has_number(&self, number: &str) -> bool {
        let mut numbers = self
            .legs
            .iter()
            .flat_map(|leg| [&leg.source, &leg.destination])
            .flat_map(|party| [&party.dn, &party.caller_id]);
        numbers.any(|one| is_number(one, number))
    }

    fn outsider(&self) -> Option<&Party> {
        match self.direction() {
            Direction::Inbound => Some(&self.legs[0].source),
            Direction::Outbound => Some(&self.legs[0].destination),
            Direction::Internal => None,
        }
    }

    /// Number of the trunk to somebody outside, if it is told.
    fn trunk(&self) -> Option<&str> {
        self.outsider().map(|party| party.dn.as_str()).filter(|number| !number.is_empty())
    }

    /// The last digits of somebody outside, by which a call can be told from others.
    pub fn outside(&self) -> Option<String> {
        let digits = digits(self.outsider()?.outside());
        (digits.len() >= TELLING).then(|| digits[digits.len() - TELLING..].to_owned())
    }

    /// As a workflow gets it.
    pub fn told(&self, rule: Rule, with_legs: bool) -> Map<String, Value> {
        let (start, end) = (self.start(), self.end());
        let seconds = |time: i64| (time as f64 / SECOND as f64).round() as i64;
        let answer = self.answer(rule);
        let picked_up = answer.and_then(|leg| Some(leg.start? + leg.ringing)).or(end);
        let rung = picked_up.zip(start).map(|(until, from)| seconds((until - from).max(0)));
        let people = || self.legs.iter().filter(|leg| leg.is_with_a_person());
        let spoke: i64 = if people().next().is_some() {
            people().map(|leg| leg.talking).sum()
        } else {
            answer.map_or(0, |leg| leg.talking)
        };
        let (from_number, from_name) = self.caller();
        let (to_number, to_name) = self.called(rule);
        let queue = self.queue_legs().next().map(|leg| (leg.destination.dn.as_str(), leg.destination.name.as_str()));
        let (queue_number, queue_name) = queue.unzip();
        let told = json!({
            "id": self.id(),
            "start": start.map(iso),
            "end": end.map(iso),
            "direction": self.direction().name(),
            "answered": answer.is_some(),
            "missed": self.is_missed(rule),
            "fromNumber": from_number,
            "fromName": from_name,
            "toNumber": to_number,
            "toName": to_name,
            "queueNumber": queue_number,
            "queueName": queue_name,
            "ringSeconds": rung,
            "talkSeconds": seconds(spoke),
            "reason": self.legs.iter().rev().map(|leg| text(&leg.row, "Reason")).find(|text| !text.is_empty()),
            "recordingIds": self.recording_ids(),
            "summary": self.first_text("Summary"),
            "transcription": self.first_text("Transcription"),
        });
        let Value::Object(mut told) = told else { return Map::new() };
        if with_legs {
            told.insert("legs".to_owned(), self.legs.iter().map(|leg| leg.row.clone()).collect());
        }
        told
    }

    /// Recordings of its legs, each once. Older builds tell them by two fields, newer ones by a list.
    fn recording_ids(&self) -> Vec<i64> {
        let mut ids = Vec::new();
        for Leg { row, .. } in &self.legs {
            let listed = row["Recordings"].as_array().into_iter().flatten().map(|recording| &recording["Id"]);
            let found = listed.chain([&row["SrcRecId"], &row["DstRecId"]]).filter_map(Value::as_i64);
            for id in found.filter(|id| *id > 0) {
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        ids
    }

    fn first_text(&self, name: &str) -> Option<String> {
        let of_leg = |leg: &Leg| {
            let listed = leg.row["Recordings"].as_array().into_iter().flatten().map(|recording| text(recording, name));
            std::iter::once(text(&leg.row, name)).chain(listed).find(|text| !text.is_empty())
        };
        self.legs.iter().find_map(of_leg)
    }
}

/// So many digits of a number tell it from others, however it is written before them.
const TELLING: usize = 7;

/// Whether a number ends in the digits of another one. From so many digits on that tell it, how a country or an area is
/// written before them makes no difference, nor which of the two has it.
fn is_number(number: &str, wanted: &str) -> bool {
    let (all, last) = (digits(number), digits(wanted));
    if !last.is_empty() && all.ends_with(&last) {
        return true;
    }
    let bare = |text: &str| {
        let digits = digits(&text.replace("(0)", ""));
        let bare = digits.strip_prefix("00").or_else(|| digits.strip_prefix('0')).unwrap_or(&digits);
        (bare.len() >= TELLING).then(|| bare.to_owned())
    };
    bare(number).zip(bare(wanted)).is_some_and(|(one, other)| one.ends_with(&other) || other.ends_with(&one))
}

/// A number without what people write between its digits.
pub fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::testing::{answered, leg, queue};
    use super::*;

    fn only(rows: &[Value]) -> Call {
        let [call] = &group(rows)[..] else { panic!("one call expected") };
        call.clone()
    }

    /// Menu, queue, extension: as a PBX writes it, newest row first.
    fn through_the_queue() -> Vec<Value> {
        let mut rows = vec![
            leg(
                "1",
                "c",
                "2026-11-03T09:00:00Z",
                json!({"CallType": "Digital Receptionist", "Answered": true, "Status": "Answered", "TalkingDuration": "PT10S", "DestinationDn": "900"}),
            ),
            queue("2", "c", "2026-11-03T09:00:10Z", json!({"TalkingDuration": "PT30S"})),
            answered(
                "3",
                "c",
                "2026-11-03T09:00:40Z",
                json!({"RingingDuration": "PT5S", "TalkingDuration": "PT1M0.4S"}),
            ),
        ];
        rows.reverse();
        rows
    }

    #[test]
    fn the_id_tells_when_a_call_began_although_its_first_legs_are_not_known() {
        let of = |id: &str, start: &str| only(&[leg("1", id, start, json!({}))]).began().map(iso);
        let made = |start: &str| of("00000000-01db-aef6-c109-60ec0000004c", start);
        // The example of 3CX.
        assert_eq!(made("2025-04-16T23:00:00Z"), Some("2025-04-16T17:41:16.136Z".to_owned()));
        for other in ["2025-04-16T17:00:00.000Z", "2025-04-20T00:00:00.000Z"] {
            assert_eq!(made(other), Some(other.to_owned()), "no call goes on for days");
            for id in
                ["c", "00000000-é1db", "12345678-01db-aef6-c109-60ec0000004c", "00000000-ffff-ffff-ffff-ffffffffffff"]
            {
                assert_eq!(of(id, other), Some(other.to_owned()), "{id}");
            }
        }
    }

    #[test]
    fn legs_of_one_id_are_one_call() {
        let call = only(&through_the_queue());
        let told = Value::from(call.told(Rule::Person, true));
        let expected = json!({
            "id": "c", "start": "2026-11-03T09:00:00.000Z", "end": "2026-11-03T09:01:45.400Z",
            "direction": "inbound", "answered": true, "missed": false,
            "fromNumber": "+49301234567", "fromName": "Carl Caller", "toNumber": "101", "toName": "Ada Agent",
            "queueNumber": "800", "queueName": "Sales", "ringSeconds": 45, "talkSeconds": 60,
            "reason": null, "recordingIds": [], "summary": null, "transcription": null,
        });
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(told[name], *value, "{name}");
        }
        let ids: Vec<_> = told["legs"].as_array().unwrap().iter().map(|leg| leg["CdrId"].clone()).collect();
        assert_eq!(ids, ["1", "2", "3"]);
    }

    #[test]
    fn who_hangs_up_in_a_queue_is_missed_unless_any_leg_counts() {
        let rows = &through_the_queue()[1..];
        assert_eq!((only(rows).is_missed(Rule::Person), only(rows).is_missed(Rule::AnyLeg)), (true, false));
        assert_eq!(only(rows).told(Rule::Person, false)["ringSeconds"], 40);
    }

    #[test]
    fn one_unanswered_phone_of_a_group_does_not_make_a_call_missed() {
        let rows = [
            leg("1", "c", "2026-11-03T09:00:00Z", json!({"DestinationDn": "102"})),
            answered("2", "c", "2026-11-03T09:00:00Z", json!({"TalkingDuration": "PT9S"})),
        ];
        assert!(!only(&rows).is_missed(Rule::Person));
        assert_eq!(only(&rows).told(Rule::Person, false)["toNumber"], "101");
    }

    #[test]
    fn a_call_sent_on_to_somebody_outside_was_answered() {
        let sent_on =
            json!({"CallType": "External", "Direction": "Outbound", "DestinationCallerId": "+49170", "Answered": true});
        let rows = [leg("1", "c", "2026-11-03T09:00:00Z", json!({})), leg("2", "c", "2026-11-03T09:00:09Z", sent_on)];
        let told = only(&rows).told(Rule::Person, false);
        assert_eq!(
            (&told["missed"], &told["direction"], &told["toNumber"]),
            (&json!(false), &json!("inbound"), &json!("+49170"))
        );
    }

    #[test]
    fn only_who_calls_in_is_missed() {
        for direction in ["Outbound", "Internal", ""] {
            let rows = [leg("1", "c", "2026-11-03T09:00:00Z", json!({"Direction": direction}))];
            assert!(!only(&rows).is_missed(Rule::Person) && !only(&rows).is_answered(Rule::Person), "{direction}");
        }
    }

    #[test]
    fn ids_fall_back_and_rows_count_once() {
        let row =
            |main: Value, own: &str, cdr: &str| json!({"MainCallHistoryId": main, "CallHistoryId": own, "CdrId": cdr});
        let rows = [
            row(json!("m"), "a", "1"),
            row(json!("m"), "b", "2"),
            row(json!("m"), "b", "2"),
            row(Value::Null, "b", "3"),
            json!({}),
            json!([1]),
        ];
        let sizes: Vec<_> = group(&rows).iter().map(|call| (call.id().to_owned(), call.size())).collect();
        assert_eq!(sizes, [("b".to_owned(), 1), ("m".to_owned(), 2)]);
    }

    #[test]
    fn recordings_and_texts_come_from_old_and_new_fields() {
        let rows = [
            answered("1", "c", "2026-11-03T09:00:00Z", json!({"SrcRecId": 5, "DstRecId": 0})),
            answered(
                "2",
                "c",
                "2026-11-03T09:01:00Z",
                json!({"Recordings": [{"Id": 7, "Summary": "short"}, {"Id": 5}], "Transcription": "long"}),
            ),
        ];
        let told = only(&rows).told(Rule::Person, false);
        assert_eq!(
            (&told["recordingIds"], &told["summary"], &told["transcription"]),
            (&json!([5, 7]), &json!("short"), &json!("long"))
        );
    }

    #[test]
    fn a_number_is_found_however_it_is_written() {
        let call = only(&through_the_queue());
        assert!(
            call.has_number("030 123 45-67".trim_start_matches('0'))
                && call.has_number("1234567")
                && !call.has_number("")
                && !call.has_number("999")
        );
        assert!(call.has_queue("800") && !call.has_queue("101") && call.has_extension("101"));
        assert_eq!(call.outside().as_deref(), Some("1234567"));
    }

    proptest! {
        /// The order in which rows come changes nothing, nor does a page that comes twice.
        #[test]
        fn order_does_not_matter(seed in proptest::collection::vec((0_u8..5, 0_u8..40, any::<bool>()), 1..40), at in 0_usize..40) {
            let row = |(index, (call, second, is_answered)): (usize, &(u8, u8, bool))| {
                leg(&index.to_string(), &call.to_string(), &format!("2026-11-03T09:00:{second:02}Z"), json!({"Answered": is_answered}))
            };
            let mut rows: Vec<Value> = seed.iter().enumerate().map(row).collect();
            let tell = |rows: &[Value]| group(rows).iter().map(|call| Value::from(call.told(Rule::Person, true))).collect::<Vec<_>>();
            let told = tell(&rows);
            let at = at % rows.len();
            rows.rotate_left(at);
            rows.extend(rows.clone());
            prop_assert_eq!(told, tell(&rows));
        }

        #[test]
        fn no_row_is_too_odd(
            changes in proptest::collection::vec((0_usize..21, crate::arbitrary::json()), 0..8),
            times in proptest::collection::vec("[-0-9PTHMSZ:.]{0,20}", 3),
        ) {
            let mut row = leg("1", "c", &times[0], json!({"RingingDuration": times[1], "TalkingDuration": times[2]}));
            let names: Vec<String> = row.as_object().unwrap().keys().cloned().chain(["Recordings".to_owned()]).collect();
            for (name, value) in changes {
                row[&names[name % names.len()]] = serde_json::from_str(&value).unwrap_or_default();
            }
            for call in group(&[row, Value::Null]) {
                let _ = (call.told(Rule::AnyLeg, true), call.outside(), call.has_number("1"));
            }
        }
    }

    #[test]
    fn a_number_is_known_however_it_is_written() {
        for (wanted, number) in [
            ("030 1234567", "+49301234567"),
            ("+49 30 1234567", "0301234567"),
            ("+49 (0)30 1234567", "301234567"),
            ("0049301234567", "+49301234567"),
            ("+49301234567", "1234567"),
            ("1234567", "+49301234567"),
            ("67", "+49301234567"),
            ("101", "101"),
            ("007", "+4930007"),
        ] {
            assert!(is_number(number, wanted), "{wanted} {number}");
        }
        for (wanted, number) in [
            ("030 1234567", "+49301234568"),
            ("030 1234567", "+49401234567"),
            ("+4930123101", "101"),
            ("007", "+49307"),
            ("0", "anonymous"),
            ("1234567", ""),
        ] {
            assert!(!is_number(number, wanted), "{wanted} {number}");
        }
    }
}
