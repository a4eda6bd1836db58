use super::*;
use crate::calls::moment::{HOUR, MINUTE, SECOND, iso, moment};
use crate::calls::{self, testing::leg};

/// One look at a PBX that has these records of the resources.
fn look(state: State, options: &Value, now: Moment, records: impl Fn(&str) -> Value) -> (Vec<Value>, State) {
    let options = Watched::read(options.as_object().unwrap()).unwrap();
    whole(Look::new(state, options, now), |reading| records(reading.resource).as_array().cloned().unwrap())
}

/// All rounds of a look.
pub(super) fn whole(mut look: Look, mut answer: impl FnMut(&Reading) -> Vec<Value>) -> (Vec<Value>, State) {
    let mut found = Vec::new();
    loop {
        match look.step() {
            Step::Read(reading) => look.take(answer(&reading)),
            Step::Done { items, state, goes_on, .. } => {
                found.extend(items);
                if !goes_on {
                    return (found, *state);
                }
            }
            Step::Rest => {}
            Step::Failed(failed) => panic!("{failed:?}"),
        }
    }
}

/// What a part of a look comes to.
pub(super) fn answered<T, F: Future<Output = Found<T>>>(
    part: impl FnOnce(Desk) -> F,
    mut answer: impl FnMut(&Reading) -> Vec<Value>,
) -> Found<T> {
    let desk = Desk::default();
    let mut part = std::pin::pin!(part(desk.clone()));
    loop {
        if let Poll::Ready(found) = part.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return found;
        }
        if let Some(reading) = desk.wanted() {
            desk.bring(answer(&reading));
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
    let late = json!([at(1, false, true), at(2, true, true), at(3, true, true), at(5, true, true), at(6, false, true)]);
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
    let options = Watched::read(given.as_object().unwrap()).unwrap();
    // Newest first, as many as were asked for.
    let look = |state: State, log: &[i64]| {
        let mut requests = 0;
        let (items, state) = whole(Look::new(state, options.clone(), 100 * HOUR), |reading| {
            let order = (&reading.parameters["filter"], &reading.parameters["orderby"]);
            assert_eq!(order, (&Value::Null, &json!("MessageId desc")));
            let limit = reading.parameters["limit"].as_u64().unwrap() as usize;
            requests += 1;
            log.iter().rev().take(limit).map(|id| message(*id)).collect()
        });
        (ids(&items), state, requests)
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
fn what_happened_more_than_eight_days_ago_is_not_told_however_long_nobody_looked() {
    let options = json!({"events": ["chatMessageReceived", "systemEvent", "callEnded"]});
    let records = |resource: &str, days: std::ops::RangeInclusive<i64>| match resource {
        "Chat Messages History View" => {
            days.rev().map(|day| json!({"MessageId": day, "TimeSent": iso(day * DAY), "Message": ""})).collect()
        }
        "Event Logs" => {
            days.map(|day| json!({"Id": day, "TimeGenerated": iso(day * DAY), "EventId": 1, "Params": []})).collect()
        }
        "Report Call Log Data" => {
            days.map(|day| leg(&day.to_string(), &day.to_string(), &iso(day * DAY), json!({}))).collect()
        }
        _ => json!([]),
    };
    let (items, state) = look(State::default(), &options, 100 * DAY + HOUR, |resource| records(resource, 90..=100));
    assert!(items.is_empty(), "it begins now");
    let now = 160 * DAY + HOUR;
    let (mut items, mut state) = look(state, &options, now, |resource| records(resource, 90..=160));
    for minute in 1..3 {
        let (more, next) = look(state, &options, now + minute * MINUTE, |resource| records(resource, 90..=160));
        items.extend(more);
        state = next;
    }
    let count = |event: &str| items.iter().filter(|item| item["event"] == event).count();
    assert_eq!(["chatMessageReceived", "systemEvent", "callEnded"].map(count), [8, 8, 8]);
}

#[test]
fn other_settings_begin_anew_and_what_lets_nothing_in_does_not() {
    let mut state = json!({});
    let mut missed = |options: Value, now: Moment, ids: &[i64]| {
        let input = json!({"state": state, "pbx": "https://pbx", "options": options, "now": now});
        let (items, next) = whole(Look::begin(&input.to_string()).unwrap(), |reading| {
            let mut rows: Vec<Value> = ids
                .iter()
                .map(|id| json!({"Id": id, "TimeGenerated": iso(HOUR + id * MINUTE), "EventId": id, "Params": []}))
                .collect();
            if reading.parameters["orderby"] == "Id desc" {
                rows.reverse();
            }
            rows
        });
        state = serde_json::to_value(&next).unwrap();
        items.len()
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
fn what_begins_anew_with_other_settings_is_said() {
    let begin = |state: &Value, pbx: &str, options: Value| {
        let input = json!({"state": state, "pbx": pbx, "options": options, "now": 1000 * DAY});
        Look::begin(&input.to_string()).unwrap()
    };
    let with = |more: Value| {
        let mut given = json!({"events": ["callEnded", "chatMessageReceived", "systemEvent"]});
        given.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        given
    };
    let first = begin(&json!({}), "https://pbx", with(json!({})));
    assert_eq!(first.hints, []);
    let state = serde_json::to_value(whole(first, |_| Vec::new()).1).unwrap();
    let hints = |pbx: &str, more: Value| begin(&state, pbx, with(more)).hints;
    assert_eq!(hints("https://pbx", json!({"includeLegs": true})), []);
    assert_eq!(hints("https://pbx", json!({"direction": "inbound"})), [Hint::OtherFilters("calls")]);
    assert_eq!(hints("https://pbx", json!({"queue": "800"})), ["calls", "messages"].map(Hint::OtherFilters));
    assert_eq!(hints("https://pbx", json!({"systemEvents": [7]})), [Hint::OtherFilters("events")]);
    assert_eq!(hints("https://pbx", json!({"systemEvents": [7], "events": ["callEnded"]})), [], "it is not watched");
    assert_eq!(hints("https://other", json!({})), [Hint::OtherAddress]);
}

#[test]
fn a_call_that_waits_is_told_although_an_event_of_calls_is_added_or_left_out() {
    let at = |minute: i64| 1000 * DAY + minute * MINUTE;
    let (ended, missed, both) = (json!(["callEnded"]), json!(["callMissed"]), json!(["callEnded", "callMissed"]));
    // What versions before stored of the events and filters.
    for (before, fingerprint) in [
        (&ended, None),
        (&missed, None),
        (&both, None),
        (&ended, Some("3Yh4Jxj8R5XfInEs")),
        (&missed, Some("HuWgF8ScfxhI1ky0")),
        (&both, Some("3usgkVmoH4X_ch7B")),
    ] {
        for after in [&ended, &missed, &both] {
            let mut state = json!({});
            let mut told = |events: &Value, minute: i64| {
                let input =
                    json!({"state": state, "pbx": "https://pbx", "options": {"events": events}, "now": at(minute)});
                let (items, next) = whole(Look::begin(&input.to_string()).unwrap(), |reading| match reading.resource {
                    "Report Call Log Data" => {
                        let calls = [-9, 0].into_iter().filter(|start| *start < minute);
                        calls
                            .map(|start| leg(&start.to_string(), &start.to_string(), &iso(at(start)), json!({})))
                            .collect()
                    }
                    _ => Vec::new(),
                });
                state = serde_json::to_value(&next).unwrap();
                if let Some(fingerprint) = fingerprint.filter(|_| minute < 2) {
                    state["filters"]["calls"] = json!(fingerprint);
                }
                Value::from_iter(items.iter().map(|item| item["event"].clone()))
            };
            assert_eq!([told(before, 0), told(before, 1)], [json!([]), json!([])]);
            let expected = [told(after, 2), told(after, 3), told(&both, 4)];
            assert_eq!(expected, [after.clone(), json!([]), json!([])], "{before} {fingerprint:?}");
        }
    }
}

#[test]
fn options_that_say_the_same_are_the_same() {
    let filters = |options: Value| Watched::read(options.as_object().unwrap()).unwrap().filters();
    let usual =
        filters(json!({"events": ["callEnded", "callMissed", "chatMessageReceived"], "systemEvents": [4100, 7]}));
    for same in [
        json!({"events": ["chatMessageReceived", "callMissed", "callEnded"], "systemEvents": ["7", "4100"]}),
        json!({"events": ["callEnded", "callMissed"], "eventIds": "7, 4100, 7", "direction": "any", "externalOnly": false,
            "answeredBy": "person", "includeLegs": true, "longestCall": 9, "daysBefore": "1"}),
    ] {
        assert_eq!(filters(same.clone()), usual, "{same}");
    }
    let other = |more: Value| {
        let mut given = json!({"events": ["callEnded", "callMissed"], "systemEvents": [4100, 7]});
        given.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        let other = filters(given);
        (other.calls != usual.calls, other.messages != usual.messages, other.events != usual.events)
    };
    assert_eq!(other(json!({"events": ["callEnded"]})), (false, false, false));
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
    let input = json!({"state": state, "pbx": "https://pbx", "now": EPOCH * DAY,
        "options": {"events": ["systemEvent", "expiring"]}});
    let (items, state) = whole(Look::begin(&input.to_string()).unwrap(), |reading| match reading.resource {
        "Event Logs" => vec![json!({"Id": 20, "TimeGenerated": iso(HOUR)})],
        "System Status" => vec![json!({"ExpirationDate": iso((EPOCH + 5) * DAY)})],
        _ => Vec::new(),
    });
    assert_eq!((items.len(), state.events.is_some()), (0, true), "events begin anew, and an expiry is not told again");
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
fn a_date_that_moves_by_less_than_a_day_is_the_same() {
    let options = json!({"events": ["expiring"], "daysBefore": "7"});
    let day = |day: i64| (EPOCH + day) * DAY;
    let mut state = State::default();
    let mut told = |expires: Moment| {
        let (items, next) = look(state.clone(), &options, day(95), |resource| match resource {
            "Groups" => json!([]),
            _ => json!([{"ExpirationDate": iso(expires)}]),
        });
        state = next;
        items.len()
    };
    let moved = [0, SECOND, -SECOND, DAY - SECOND, 0].map(|by| told(day(100) + by));
    assert_eq!(moved, [1, 0, 0, 0, 0]);
    assert_eq!((told(day(101)), told(day(101))), (1, 0));
    // Over a number of days, and back.
    assert_eq!([-SECOND, SECOND, -SECOND].map(|by| told(day(103) + by)), [1, 0, 0]);
    assert_eq!(told(day(101)), 1);
    // By little each time, until it is much.
    let crept: usize = (1..=60).map(|minutes| told(day(101) - minutes * 30 * MINUTE)).sum();
    assert_eq!(crept, 1);
}

#[test]
fn an_example_is_found_for_however_many_events() {
    for count in [1, 22, 23, 72] {
        let options =
            json!({"events": ["systemEvent"], "systemEvents": (1..=count).collect::<Vec<i64>>(), "latest": true});
        let options = Watched::read(options.as_object().unwrap()).unwrap();
        let (items, _) = whole(Look::new(State::default(), options, HOUR), |reading| {
            let filter = reading.parameters["filter"].as_str().unwrap_or_default();
            // Servers count the names, values and operators, and take 100.
            assert!(filter.split(' ').count() <= 100, "{filter}");
            [99, 1].map(|id| json!({"Id": id, "TimeGenerated": iso(0), "EventId": id, "Params": []})).into()
        });
        assert_eq!(items.iter().map(|item| &item["EventId"]).collect::<Vec<_>>(), [1], "{count}");
    }
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
    let rows = json!([{"Id": 7, "TimeGenerated": iso(HOUR), "EventId": 1, "Message": "HALF", "Params": []}]);
    let mut look = Look::begin(&json!({"options": options, "now": 2 * HOUR}).to_string()).unwrap();
    look.answer(&rows.to_string().replace("HALF", r"Ada \ud83d")).unwrap();
    let Step::Done { items, .. } = look.step() else { panic!("it asks") };
    assert_eq!(items[0]["Message"], "Ada \u{fffd}");
}

#[test]
fn of_a_memory_only_what_cannot_be_read_begins_anew() {
    let options = json!({"events": ["systemEvent", "recordingAvailable"]});
    let (_, state) =
        look(State::default(), &options, HOUR, |_| json!([{"Id": 7, "TimeGenerated": iso(0), "StartTime": iso(0)}]));
    let mut kept = serde_json::to_value(&state).unwrap();
    kept["filters"] = serde_json::to_value(Watched::read(options.as_object().unwrap()).unwrap().filters()).unwrap();
    kept["ofTheFuture"] = json!(1);
    kept["recordings"]["ofTheFuture"] = json!({"a": 1});
    kept["events"] = json!({"after": "7"});
    let begin = |state: &Value| Look::begin(&json!({"state": state, "options": options, "now": 0}).to_string());
    let begun = begin(&kept).unwrap();
    assert_eq!((&begun.state.recordings, &begun.state.events), (&state.recordings, &None));
    assert_eq!(begun.hints, [Hint::Unreadable("events")]);
    for none in [json!({}), Value::Null] {
        assert!(begin(&none).unwrap().hints.is_empty(), "{none}");
    }
    for garbage in [json!(5), json!("garbage"), json!([]), json!({"state": kept}), json!({"pbx": 1})] {
        assert_eq!(begin(&garbage).unwrap().hints, [Hint::Unreadable("state")], "{garbage}");
    }
    assert!(Look::begin("{").is_err());
}

#[test]
fn what_is_behind_is_read_in_the_same_look_and_what_cannot_be_told_is_said() {
    let options = json!({"events": ["systemEvent", "callMissed", "chatMessageReceived"]});
    let hour = |id: i64| 1000 * DAY + id * HOUR;
    let answer = |reading: &Reading, now: Moment| -> Vec<Value> {
        let past = |time: Moment| time <= now;
        match reading.resource {
            "Event Logs" => {
                let least = reading.parameters["filter"].as_str().map_or(0, |text| text[6..].parse().unwrap());
                let event = |id: i64| json!({"Id": id, "TimeGenerated": iso(hour(0) + id * 4 * MINUTE), "EventId": 1, "Params": []});
                let newest = (now - hour(0)) / (4 * MINUTE);
                let limit = reading.parameters["limit"].as_u64().unwrap() as usize;
                match reading.parameters["orderby"] == "Id desc" {
                    true => (1..=newest).rev().take(limit).map(event).collect(),
                    false => (1.max(least)..=newest).take(limit).map(event).collect(),
                }
            }
            "Report Call Log Data" => {
                let bound =
                    |name: &str| moment(reading.parameters["arguments"]["value"][name].as_str().unwrap()).unwrap();
                let within = bound("periodFrom")..bound("periodTo");
                let starts = (0..5000).map(hour).filter(|start| within.contains(start) && past(*start));
                starts.map(|start| leg(&start.to_string(), &start.to_string(), &iso(start), json!({}))).collect()
            }
            _ => Vec::new(),
        }
    };
    for (days, hints) in [(7, 0), (20, 1)] {
        let read = |options: &Value| Watched::read(options.as_object().unwrap()).unwrap();
        let mut state = State::default();
        let (mut told, mut most, mut said) = (Vec::new(), 0, 0);
        for day in [0, days, 2 * days] {
            let now = hour(2) + day * DAY + MINUTE;
            let mut look = Look::new(state.clone(), read(&options), now);
            loop {
                match look.step() {
                    Step::Read(reading) => look.take(answer(&reading, now)),
                    Step::Rest => {}
                    Step::Failed(failed) => panic!("{failed:?}"),
                    Step::Done { items, state: next, goes_on, hints, .. } => {
                        most = most.max(items.len());
                        told.extend(
                            items
                                .iter()
                                .map(|item| item["id"].as_str().map_or_else(|| item["Id"].to_string(), str::to_owned)),
                        );
                        state = *next;
                        if !goes_on {
                            said += hints.len();
                            break;
                        }
                    }
                }
            }
        }
        let count = told.len();
        told.sort();
        told.dedup();
        assert_eq!(count, told.len(), "{days}: each is told once");
        let expected = if hints == 0 { 2 * days * 24 * 16 } else { 2 * 8 * 24 * 16 };
        assert!(count as i64 >= expected - 4 && count as i64 <= expected + 12, "{days}: {count} of {expected}");
        assert!(most <= 1100, "{most} at once");
        assert_eq!(said, 2 * hints, "{days}");
    }
}

#[test]
fn a_call_that_goes_on_for_longer_than_expected_is_told_once_when_it_is_over() {
    let options = json!({"events": ["callEnded", "callMissed"], "longestCall": 1, "includeLegs": true});
    let begin = 1000 * DAY;
    let (talk, over) = (begin + 20 * SECOND, begin + 10 * HOUR);
    let menu = leg("1", "c", &iso(begin), json!({"CallType": "Digital Receptionist", "TalkingDuration": "PT20S"}));
    let spoke =
        leg("2", "c", &iso(talk), json!({"Answered": true, "Status": "Answered", "TalkingDuration": "PT9H59M40S"}));
    let after = leg("3", "c", &iso(over), json!({"Answered": true, "Status": "Answered", "TalkingDuration": "PT10M"}));
    for (end, expected) in [(over, &["1", "2"][..]), (over + 10 * MINUTE, &["1", "2", "3"][..])] {
        let (mut state, mut told) = (State::default(), Vec::new());
        for minute in 0..1000 {
            let now = begin - HOUR + minute * MINUTE;
            let (items, next) =
                whole(Look::new(state, Watched::read(options.as_object().unwrap()).unwrap(), now), |reading| {
                    let is_under_way = begin <= now && now < end;
                    match reading.resource {
                        "Active Calls" if is_under_way => vec![
                            json!({"Caller": "+49301234567 (10000)", "Callee": "101 Ada", "EstablishedAt": iso(begin)}),
                        ],
                        "Report Call Log Data" => {
                            let bound = |name: &str| {
                                moment(reading.parameters["arguments"]["value"][name].as_str().unwrap()).unwrap()
                            };
                            let written =
                                [(talk, begin, &menu), (over, talk, &spoke), (over + 10 * MINUTE, over, &after)];
                            let count = expected.len();
                            let within = bound("periodFrom")..bound("periodTo");
                            let is_there = |(written, start, _): &(Moment, Moment, &Value)| {
                                *written <= now && within.contains(start)
                            };
                            written.into_iter().take(count).filter(is_there).map(|(_, _, row)| row.clone()).collect()
                        }
                        _ => Vec::new(),
                    }
                });
            state = next;
            told.extend(items.into_iter().map(|item| (now, item)));
        }
        assert_eq!(told.len(), 1, "{told:?}");
        let (now, item) = &told[0];
        assert!((end..end + 3 * MINUTE).contains(now));
        assert_eq!((&item["event"], &item["missed"]), (&json!("callEnded"), &json!(false)));
        let legs: Vec<_> = item["legs"].as_array().unwrap().iter().map(|leg| &leg["CdrId"]).collect();
        assert_eq!(legs, expected);
        assert!(serde_json::to_value(&state).unwrap()["calls"]["early"].is_null());
    }
}

#[test]
fn a_long_call_of_which_the_log_has_no_leg_until_its_end_is_told_once() {
    let options = json!({"events": ["callEnded"], "longestCall": 1});
    let begin = 20_000 * DAY;
    for (hours, late) in [(2, 10), (3, 90), (10, 10), (30, 200)] {
        let end = begin + hours * HOUR;
        let call = |id: &str, number: &str, start: Moment, end: Moment| {
            let talk = json!({"SourceCallerId": number, "Answered": true, "Status": "Answered", "TalkingDuration": format!("PT{}S", (end - start) / SECOND)});
            (leg(id, id, &iso(start), talk), start, end)
        };
        let calls = [
            call("before", "+49301234568", begin - MINUTE, begin + MINUTE),
            call("long", "+49301234567", begin, end),
            call("beside", "+49301234569", begin + HOUR, begin + HOUR + 10 * MINUTE),
            call("after", "+49301234568", end - 10 * MINUTE, end - MINUTE),
        ];
        let (mut state, mut told, mut reports) = (State::default(), Vec::new(), 0);
        for minute in 0..hours * 60 + 90 {
            let now = begin - 30 * MINUTE + minute * MINUTE;
            let look = Look::new(state, Watched::read(options.as_object().unwrap()).unwrap(), now);
            let (items, next) = whole(look, |reading| match reading.resource {
                "Active Calls" => {
                    let under_way = calls.iter().enumerate().filter(|(_, (_, start, end))| *start <= now && now < *end);
                    let shown = under_way.map(|(id, (row, start, _))| json!({"Id": id, "Caller": row["SourceCallerId"], "Callee": "101 Ada", "EstablishedAt": iso(*start)}));
                    shown.collect()
                }
                "Report Call Log Data" => {
                    reports += 1;
                    let bound =
                        |name: &str| moment(reading.parameters["arguments"]["value"][name].as_str().unwrap()).unwrap();
                    let within = bound("periodFrom")..bound("periodTo");
                    let there =
                        calls.iter().filter(|(_, start, end)| end + late * SECOND <= now && within.contains(start));
                    there.map(|(row, ..)| row.clone()).collect()
                }
                _ => Vec::new(),
            });
            state = next;
            told.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        }
        told.sort();
        assert_eq!(told, ["after", "before", "beside", "long"], "{hours} hours");
        assert!(reports <= hours * 60 + 110, "{reports}: nothing more is read while it goes on");
        assert!(serde_json::to_value(&state).unwrap()["calls"]["long"].is_null());
    }
}

/// 3CX refuses what ends before it begins, or so does the node.
#[test]
fn after_a_long_pause_no_period_is_asked_for_that_ends_before_it_begins() {
    let options = json!({"events": ["callEnded"], "longestCall": 1});
    let begin = 20_000 * DAY;
    let menu = leg("1", "c", &iso(begin), json!({"CallType": "Digital Receptionist", "TalkingDuration": "PT20S"}));
    let mut state = State::default();
    for hour in [0, 1, 2, 3, 4, 5, 9 * 24, 9 * 24 + 1] {
        let now = begin + hour * HOUR + MINUTE;
        let look = Look::new(state, Watched::read(options.as_object().unwrap()).unwrap(), now);
        state = whole(look, |reading| match reading.resource {
            "Active Calls" if hour < 6 => {
                vec![json!({"Id": 1, "Caller": "+49301234567", "Callee": "101 Ada", "EstablishedAt": iso(begin)})]
            }
            "Report Call Log Data" => {
                let bound =
                    |name: &str| moment(reading.parameters["arguments"]["value"][name].as_str().unwrap()).unwrap();
                let within = bound("periodFrom")..bound("periodTo");
                assert!(within.start < within.end, "{hour}: {within:?}");
                within.contains(&begin).then(|| menu.clone()).into_iter().collect()
            }
            _ => Vec::new(),
        })
        .1;
        let kept = serde_json::to_value(&state).unwrap();
        let is_kept = !kept["calls"]["early"].is_null() && !kept["calls"]["long"].is_null();
        assert!(is_kept || hour != 5, "{kept}");
    }
}

#[test]
fn calls_long_over_are_told_at_the_first_look() {
    let options = json!({"events": ["callEnded"]});
    let at = |hour: i64| 1000 * DAY + hour * HOUR;
    let row = |hour: i64| leg(&hour.to_string(), &hour.to_string(), &iso(at(hour)), json!({}));
    let records = |resource: &str, until: i64| match resource {
        "Report Call Log Data" => (1..=until).map(row).collect(),
        _ => json!([]),
    };
    let (_, state) = look(State::default(), &options, at(0), |resource| records(resource, 0));
    let ids = |items: &[Value]| items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let (items, state) = look(state, &options, at(9) + 30 * MINUTE, |resource| records(resource, 9));
    assert_eq!(ids(&items), ["1", "2", "3", "4", "5", "6", "7", "8"], "the ninth may go on, as clocks differ");
    let (items, _) = look(state, &options, at(9) + 31 * MINUTE, |resource| records(resource, 9));
    assert_eq!(ids(&items), ["9"]);
}

#[test]
fn a_leg_that_is_written_after_the_call_has_ended_is_waited_for() {
    let options = json!({"events": ["callEnded", "callMissed"], "longestCall": 1, "includeLegs": true});
    let begin = 1000 * DAY;
    let menu = leg("1", "c", &iso(begin), json!({"CallType": "Digital Receptionist", "TalkingDuration": "PT5S"}));
    for minutes in [2, 5 * 60] {
        let end = begin + minutes * MINUTE - 10 * SECOND;
        let spoke = json!({"Answered": true, "Status": "Answered", "TalkingDuration": format!("PT{}S", (end - begin) / SECOND - 5)});
        let spoke = leg("2", "c", &iso(begin + 5 * SECOND), spoke);
        let (mut state, mut told) = (State::default(), Vec::new());
        for now in (0..minutes + 5).map(|minute| begin - 5 * SECOND + minute * MINUTE) {
            let (items, next) = look(state, &options, now, |resource| match resource {
                "Active Calls" if begin <= now && now < end => {
                    json!([{"Caller": "+49301234567 (10000)", "Callee": "101", "EstablishedAt": iso(begin)}])
                }
                "Report Call Log Data" if now >= end + 10 * SECOND => json!([spoke, menu]),
                "Report Call Log Data" if now > begin => json!([menu]),
                _ => json!([]),
            });
            state = next;
            told.extend(items);
        }
        let told: Vec<_> = told.iter().map(|item| (&item["event"], item["legs"].as_array().unwrap().len())).collect();
        assert_eq!(told, [(&json!("callEnded"), 2)], "{minutes}");
    }
}

#[test]
fn who_waits_in_a_queue_is_not_told_as_missed() {
    let given = json!({"events": ["callEnded", "callMissed"], "longestCall": 1, "includeLegs": true});
    let begin = 1000 * DAY;
    // From when a person speaks with the caller, and until when, in minutes.
    for (number, shown, answered, end) in
        [("anonymous", "anonymous (10000)", 55, 60), ("+49301234567", "+49301234567 (10000)", 10, 180)]
    {
        let at = |minute: i64| begin + minute * MINUTE;
        let row = |id: &str, start: Moment, end: Moment, fields: Value| {
            let mut row = leg(id, "c", &iso(start), fields);
            row["SourceCallerId"] = number.into();
            row["TalkingDuration"] = format!("PT{}S", (end - start) / SECOND).into();
            row
        };
        let menu = at(0) + 10 * SECOND;
        let legs = [
            row("1", at(0), menu, json!({"CallType": "Digital Receptionist", "Answered": true})),
            row("2", menu, at(answered), json!({"CallType": "Queue", "Answered": true})),
            row("3", at(answered), at(end), json!({"Answered": true})),
        ];
        // The queue's leg may be written with the last one only.
        let has = |row: &Value, now: Moment| now >= if row["CdrId"] == "1" { menu } else { at(end) + 10 * SECOND };
        let (mut state, mut told) = (State::default(), Vec::new());
        for now in (0..end + 4).map(|minute| at(minute) - 5 * SECOND) {
            let (items, next) = look(state, &given, now, |resource| match resource {
                "Active Calls" if begin <= now && now < at(end) => {
                    let established = (now >= at(answered)).then(|| iso(at(answered)));
                    let changed = if now < at(answered) { now - 5 * SECOND } else { at(answered) };
                    json!([{"Caller": shown, "Callee": "101", "EstablishedAt": established, "LastChangeStatus": iso(changed)}])
                }
                "Report Call Log Data" => legs.iter().filter(|row| has(row, now)).cloned().collect(),
                _ => json!([]),
            });
            state = next;
            told.extend(items);
        }
        let told: Vec<_> = told.iter().map(|item| (&item["event"], item["legs"].as_array().unwrap().len())).collect();
        assert_eq!(told, [(&json!("callEnded"), 3)], "{number}");
    }
}

/// One look where some readings fail: what was told, whether 3CX was asked for each resource, and the memory of what was read.
fn look_with_failures(
    state: &State,
    now: Moment,
    options: &Value,
    records: impl Fn(&str) -> Result<Value, (&'static str, bool)>,
) -> (Step, Vec<&'static str>) {
    let options = Watched::read(options.as_object().unwrap()).unwrap();
    let mut look = Look::new(state.clone(), options, now);
    let mut asked = Vec::new();
    loop {
        match look.step() {
            Step::Rest => {}
            Step::Read(reading) => {
                asked.push(reading.resource);
                match records(reading.resource) {
                    Ok(rows) => look.take(rows.as_array().cloned().unwrap()),
                    Err((code, is_answered)) => look.fail("It failed".into(), "Mend it.".into(), code, is_answered),
                }
            }
            step => return (step, asked),
        }
    }
}

#[test]
fn what_cannot_be_read_holds_up_no_other_event_and_is_told_later() {
    let options = json!({"events": ["systemEvent", "recordingAvailable", "callEnded", "callMissed"]});
    let now = 1000 * DAY;
    let event = |id: i64| json!({"Id": id, "TimeGenerated": iso(now + id * SECOND), "EventId": 1, "Params": []});
    let recording = json!({"Id": 7, "StartTime": iso(now), "RecordingUrl": "7.wav"});
    let call = leg("1", "c", &iso(now + MINUTE), json!({}));
    let good = |resource: &str, is_later: bool| match resource {
        "Event Logs" if is_later => json!([event(1), event(2)]),
        "Event Logs" => json!([event(1)]),
        "Recordings" if is_later => json!([recording]),
        "Report Call Log Data" if is_later => json!([call]),
        _ => json!([]),
    };
    let (_, begun) = look(State::default(), &options, now, |resource| good(resource, false));
    for (code, is_answered, failing, told, asks_for_calls) in [
        ("SERVER", true, "Report Call Log Data", &["systemEvent", "recordingAvailable"][..], true),
        ("FORBIDDEN", true, "Recordings", &["systemEvent"][..], true),
        // An answer in pieces that make no list is of one, too; who cannot be reached is not asked again.
        ("PAGE_REPEATED", false, "Recordings", &["systemEvent"][..], true),
        ("TIMEOUT", false, "Recordings", &["systemEvent"][..], false),
        ("LOGIN_REFUSED", true, "Recordings", &["systemEvent"][..], false),
    ] {
        let fails =
            |resource: &str| if resource == failing { Err((code, is_answered)) } else { Ok(good(resource, true)) };
        let (step, asked) = look_with_failures(&begun, now + 2 * MINUTE, &options, fails);
        let Step::Done { items, state, failed, .. } = step else { panic!("{code}: {step:?}") };
        let names: Vec<&str> = items.iter().map(|item| item["event"].as_str().unwrap()).collect();
        assert_eq!((names.as_slice(), asked.contains(&"Active Calls")), (told, asks_for_calls), "{code}");
        let events =
            if failing == "Recordings" { vec![Event::Recording] } else { vec![Event::CallEnded, Event::CallMissed] };
        assert_eq!(failed.iter().map(|(events, _)| events).collect::<Vec<_>>(), [&events], "{code}");
        let Failed::Reading { error, description, .. } = &failed[0].1 else { panic!("{failed:?}") };
        assert_eq!((error.as_str(), description.as_str()), ("It failed", "Mend it."));
        // The others are told once, and this one now.
        let (mut later, mut state) = (Vec::new(), *state);
        for minute in 3..6 {
            let (items, next) = look(state, &options, now + minute * MINUTE, |resource| good(resource, true));
            later.extend(items.iter().map(|item| item["event"].as_str().unwrap().to_owned()));
            state = next;
        }
        let all = ["systemEvent", "recordingAvailable", "callEnded", "callMissed"];
        assert_eq!([names, later.iter().map(String::as_str).collect()].concat().len(), all.len(), "{code}");
        assert!(all.iter().all(|event| told.contains(event) != later.iter().any(|later| later == event)), "{later:?}");
    }
}

#[test]
fn a_look_fails_as_a_whole_if_nothing_can_be_read_or_what_never_was() {
    let options = json!({"events": ["systemEvent", "callEnded"]});
    let now = 1000 * DAY;
    let fails_for = |failing: &'static [&'static str]| {
        move |resource: &str| if failing.contains(&resource) { Err(("FORBIDDEN", true)) } else { Ok(json!([])) }
    };
    let is_whole = |state: &State, failing| matches!(look_with_failures(state, now, &options, fails_for(failing)).0, Step::Failed(Failed::Reading { error, .. }) if error == "It failed");
    assert!(is_whole(&State::default(), &["Active Calls"]), "whoever activates it is to see it");
    let (_, begun) = look(State::default(), &options, now, |_| json!([]));
    assert!(is_whole(&begun, &["Active Calls", "Event Logs"]));
    assert!(!is_whole(&begun, &["Active Calls"]));
    // An event that was added since.
    let (_, only_events) = look(State::default(), &json!({"events": ["systemEvent"]}), now, |_| json!([]));
    assert!(is_whole(&only_events, &["Active Calls"]));
}

#[test]
fn much_is_worked_on_in_pieces() {
    let options = json!({"events": ["callEnded"]});
    let now = 1000 * DAY;
    let (_, begun) = look(State::default(), &options, now, |_| json!([]));
    let legs: Vec<Value> = (0..2002)
        .map(|at| leg(&at.to_string(), &(at / 2).to_string(), &iso(now + MINUTE + at * SECOND), json!({})))
        .collect();
    let mut look = Look::new(begun, Watched::read(options.as_object().unwrap()).unwrap(), now + 3 * HOUR);
    let mut rests = 0;
    let told = loop {
        match look.step() {
            Step::Rest => rests += 1,
            Step::Read(reading) if reading.resource == "Report Call Log Data" => {
                let to = moment(reading.parameters["arguments"]["value"]["periodTo"].as_str().unwrap()).unwrap();
                look.take(legs.iter().filter(|row| calls::start(row) < Some(to)).cloned().collect());
            }
            Step::Read(_) => look.take(Vec::new()),
            Step::Done { items, .. } => break items.len(),
            Step::Failed(failed) => panic!("{failed:?}"),
        }
    };
    assert!(told > 100);
    // Each leg is looked at twice, and each call three times.
    assert!(rests >= (2 * 2002 + 2 * 1001) / 100, "{rests}");
}
