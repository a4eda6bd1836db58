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
    let answers = json!([[{"Id": 20, "TimeGenerated": iso(HOUR)}], [{"ExpirationDate": iso((EPOCH + 5) * DAY)}], []]);
    let Step::Done { items, state } = step(&input(answers).to_string()).unwrap() else { panic!("it asks for more") };
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
