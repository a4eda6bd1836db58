use std::collections::BTreeMap;

use call_engine::Delivery;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::calls::group;
use crate::calls::moment::{MINUTE, moment};
use crate::calls::testing::{answered, leg, queue};
use crate::definition;
use crate::rows::testing::form;
use crate::xapi::response::Body;

const NOW: &str = "2026-11-10T12:00:00Z";

fn at(text: &str) -> Moment {
    moment(text).unwrap()
}

/// A PBX that has these rows.
struct Pbx {
    rows: Vec<Value>,
    limit: usize,
    /// Answers in place of a page, by the number of the request.
    instead: BTreeMap<usize, Result<String, Failure>>,
    last: Option<&'static str>,
    withholds: bool,
    /// Calls under way.
    active: Result<String, Failure>,
    /// Those that come first, page by page.
    further: Vec<Value>,
    asked_active: usize,
    /// Other paths that were asked.
    asked: Vec<String>,
}

impl Pbx {
    fn of(rows: Vec<Value>) -> Self {
        Self {
            rows,
            limit: 20_000,
            instead: BTreeMap::new(),
            last: None,
            withholds: false,
            active: Ok(json!({"value": []}).to_string()),
            further: Vec::new(),
            asked_active: 0,
            asked: Vec::new(),
        }
    }

    fn answer(&mut self, path: &str) -> Result<String, Failure> {
        if path.starts_with(ACTIVE_PATH) {
            self.asked_active += 1;
            let behind =
                path.split_once("Id%20gt%20").map_or(0, |(_, id)| id.split('&').next().unwrap().parse().unwrap());
            let page: Vec<_> =
                self.further.iter().filter(|call| call["Id"].as_i64() > Some(behind)).take(100).collect();
            return if page.is_empty() { self.active.clone() } else { Ok(json!({ "value": page }).to_string()) };
        }
        let number = self.asked.len();
        self.asked.push(path.to_owned());
        if let Some(answer) = self.instead.remove(&number) {
            return answer;
        }
        if path == LAST_PATH {
            let last = self.last.ok_or(Failure::NotFound)?;
            return Ok(json!({"value": [{"LastCdrStartedAt": last}]}).to_string());
        }
        let option = |name: &str| {
            let rest = path.split_once(name).map_or("0", |(_, rest)| rest);
            rest.split(['&', ',', ')']).next().unwrap().replace("%3A", ":")
        };
        let (from, to) = (at(&option("periodFrom=")), at(&option("periodTo=")));
        let (top, skip) = (option("$top=").parse().unwrap(), option("$skip=").parse().unwrap());
        let is_within = |row: &&Value| start(row).is_none_or(|start| (from..to).contains(&start));
        let mut rows: Vec<&Value> = self.rows.iter().filter(is_within).filter(|_| !self.withholds).collect();
        rows.sort_by_key(|row| Reverse(start(row)));
        rows.truncate(self.limit);
        let page: Vec<&Value> = rows.into_iter().skip(skip).take(top).collect();
        Ok(json!({"@odata.context": "x", "value": page}).to_string())
    }
}

struct Ran {
    /// Items of each row, with whether the row failed.
    rows: Vec<(Vec<Value>, bool)>,
    /// The most legs that were held at once.
    most: usize,
}

fn job(told: Unit) -> CallLog {
    let (resource, name) = log::OPERATION;
    let clock = Clock { now: at(NOW), ahead: Box::new(|_| 0) };
    CallLog::new(told, definition::operation(resource, name).unwrap(), clock)
}

fn run(told: Unit, pbx: &mut Pbx, forms: &[Value]) -> Ran {
    go_on(job(told), pbx, forms)
}

fn go_on(mut job: CallLog, pbx: &mut Pbx, forms: &[Value]) -> Ran {
    let parameters = forms.to_vec();
    let mut rows = form(forms.len(), move |row, name| {
        Ok(match &parameters[row][name] {
            Value::Null => Cell::Empty,
            Value::Bool(flag) => Cell::Bool(*flag),
            Value::String(text) => Cell::Text(text.clone()),
            Value::Number(number) => Cell::Number(number.as_f64().unwrap()),
            other => Cell::Json(other.to_string()),
        })
    });
    let mut given = Ran { rows: vec![(Vec::new(), false); forms.len()], most: 0 };
    loop {
        match job.next(&mut rows) {
            Next::Call(call) => {
                assert_eq!(call.effect, Effect::Reads);
                assert!(matches!(job.next(&mut rows), Next::Wait), "one report at a time");
                let (delivery, answer) = match pbx.answer(&call.request.path) {
                    Ok(text) => {
                        let body = Body::Text(text);
                        (Delivery::Done, Ok(HttpResponse { status: 200, body, ..HttpResponse::default() }))
                    }
                    Err(failure) => (Delivery::Refused, Err(failure)),
                };
                job.ended(call.id, Ended { delivery, answer });
                let held = match job.reading.as_ref().map(|reading| &reading.collected) {
                    Some(Collected::Calls { calls, .. }) => calls.size(),
                    Some(Collected::Legs { legs, .. }) => legs.len(),
                    None => 0,
                };
                given.most = given.most.max(held);
            }
            Next::Outcomes => {
                for outcome in job.take_outcomes() {
                    let (items, failed) = &mut given.rows[outcome.row];
                    items.extend(outcome.items.iter().map(|item| {
                        let item: Value = serde_json::from_str(item).unwrap();
                        assert_eq!(item["pairedItem"]["item"], outcome.row);
                        item["json"].clone()
                    }));
                    *failed = outcome.failed;
                }
            }
            Next::Wait => panic!("nothing is under way"),
            Next::Done => return given,
        }
    }
}

fn calls(pbx: &mut Pbx, form: Value) -> Vec<Value> {
    let mut given = run(Unit::Calls, pbx, &[form]);
    let (items, failed) = given.rows.remove(0);
    assert!(!failed, "{items:?}");
    items
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

fn failure(told: Unit, pbx: &mut Pbx, form: Value) -> Value {
    let mut given = run(told, pbx, &[form]);
    let (mut items, failed) = given.rows.remove(0);
    assert!(failed, "{items:?}");
    items.pop().unwrap()
}

/// A call through the queue that began at noon of a day.
fn through_the_queue(id: &str, day: &str) -> Vec<Value> {
    vec![
        queue(&format!("{id}-1"), id, &format!("{day}T12:00:00Z"), json!({})),
        answered(&format!("{id}-2"), id, &format!("{day}T12:00:20Z"), json!({"TalkingDuration": "PT30S"})),
    ]
}

#[test]
fn calls_of_a_period_come_newest_first_each_once_and_as_the_trigger_tells_them() {
    let rows = ["2026-11-03", "2026-11-04", "2026-11-05", "2026-11-10"]
        .iter()
        .flat_map(|day| through_the_queue(day, day))
        .collect::<Vec<_>>();
    let mut pbx = Pbx::of(rows.clone());
    let found = calls(&mut pbx, json!({}));
    assert_eq!(ids(&found), ["2026-11-10", "2026-11-05", "2026-11-04"], "the last seven days");
    assert_eq!(found[1], Value::from(group(&rows[4..6])[0].told(crate::calls::Rule::Person, false)));
    let two = calls(&mut pbx, json!({"limit": 2, "includeLegs": true}));
    assert_eq!((two.len(), two[0]["legs"].as_array().map(Vec::len)), (2, Some(2)));
    assert_eq!(ids(&calls(&mut pbx, json!({"period": "today"}))), ["2026-11-10"]);
    let between = json!({"period": "between", "from": "2026-11-03T12:00:00", "to": "2026-11-04T12:00:00"});
    assert_eq!(ids(&calls(&mut pbx, between)), ["2026-11-03"], "the end is no part of it");
    assert_eq!(calls(&mut pbx, json!({"calls": "missed"})).len(), 0);
    assert_eq!(calls(&mut pbx, json!({"number": "1234567", "queue": 800})).len(), 3);
}

#[test]
fn a_call_belongs_to_the_day_on_which_it_began_with_all_of_its_legs() {
    let mut pbx = Pbx::of(vec![
        queue("1", "late", "2026-11-09T23:58:00Z", json!({})),
        answered("2", "late", "2026-11-10T00:03:00Z", json!({"TalkingDuration": "PT1H"})),
        leg("3", "early", "2026-11-10T00:00:00Z", json!({})),
    ]);
    assert_eq!(ids(&calls(&mut pbx, json!({"period": "today"}))), ["early"]);
    let yesterday = calls(&mut pbx, json!({"period": "yesterday"}));
    assert_eq!((ids(&yesterday), &yesterday[0]["talkSeconds"]), (vec!["late"], &json!(3600)));
}

#[test]
fn few_calls_take_one_request_and_options_that_are_not_understood_none() {
    let rows = (0..3000)
        .map(|minute| leg(&minute.to_string(), &minute.to_string(), &iso(at(NOW) - minute * MINUTE), json!({})));
    let mut pbx = Pbx::of(rows.collect());
    assert_eq!(calls(&mut pbx, json!({})).len(), 50);
    assert!(pbx.asked.len() <= 2, "{:?}", pbx.asked);
    for wrong in [
        json!({"direction": "sideways"}),
        json!({"queue": ["800"]}),
        json!({"externalOnly": "yes"}),
        json!({"period": "between", "from": "2026-11-05", "to": "2026-11-04"}),
        json!({"limit": 0}),
    ] {
        pbx.asked.clear();
        let told = failure(Unit::Calls, &mut pbx, wrong.clone());
        assert_eq!((&told["details"]["outcome"], pbx.asked.len()), (&json!("notSent"), 0), "{wrong}: {told}");
    }
}

#[test]
fn an_agent_is_told_that_there_are_more() {
    let rows: Vec<Value> =
        (1..=9).flat_map(|day| through_the_queue(&day.to_string(), &format!("2026-11-0{day}"))).collect();
    let period = json!({"period": "between", "from": "2026-11-01T00:00:00Z", "to": "2026-11-10T00:00:00Z"});
    for (limit, there_are) in [(8, 9), (9, 9), (10, 9), (1, 9)] {
        for told in [Unit::Calls, Unit::Legs] {
            let mut form = period.clone();
            form["limit"] = limit.into();
            let mut pbx = Pbx { limit: 4, ..Pbx::of(rows.clone()) };
            let items = go_on(job(told).for_agent(), &mut pbx, &[form]).rows.remove(0).0;
            let there_are = if told == Unit::Legs { rows.len() } else { there_are };
            let is_told = items.last().is_some_and(|item| item["more"].is_string());
            assert_eq!(
                (is_told, items.len() - usize::from(is_told)),
                (there_are > limit, there_are.min(limit)),
                "{limit}"
            );
        }
    }
}

#[test]
fn half_a_character_costs_no_row() {
    let page = json!({"value": [leg("1", "c", "2026-11-10T09:00:00Z", json!({"SourceDisplayName": "HALF"}))]});
    let page = page.to_string().replace("HALF", r"Ada \ud83d");
    let pbx = || Pbx { instead: [(0, Ok(page.clone()))].into(), ..Pbx::of(Vec::new()) };
    assert_eq!(calls(&mut pbx(), json!({}))[0]["fromName"], "Ada \u{fffd}");
    let rows = run(Unit::Legs, &mut pbx(), &[json!({})]).rows;
    assert_eq!(rows[0].0[0]["SourceDisplayName"], "Ada \u{fffd}");
}

#[test]
fn an_empty_log_is_told_from_one_that_is_withheld() {
    let mut none = Pbx::of(Vec::new());
    assert_eq!(calls(&mut none, json!({})).len(), 0, "an old version names no last call");
    assert_eq!(none.asked.last().map(String::as_str), Some(LAST_PATH));
    let mut quiet = Pbx { last: Some("2026-10-20T12:00:20Z"), ..Pbx::of(through_the_queue("c", "2026-10-20")) };
    assert_eq!(calls(&mut quiet, json!({})).len(), 0);
    let mut withheld = Pbx { last: Some("2026-11-10T09:00:00Z"), withholds: true, ..Pbx::of(Vec::new()) };
    for told in [Unit::Calls, Unit::Legs] {
        let failure = failure(told, &mut withheld, json!({}));
        assert!(failure["error"].as_str().unwrap().contains("2026-11-10T09:00:00.000Z"), "{failure}");
        assert_eq!(failure["details"]["code"], "CALLS_WITHHELD");
    }
    // Something came, so nothing is withheld: it is not asked for again.
    let mut some = Pbx { last: Some("2026-11-10T09:00:00Z"), ..Pbx::of(through_the_queue("c", "2026-11-09")) };
    assert_eq!(calls(&mut some, json!({"direction": "outbound"})).len(), 0);
    assert!(!some.asked.contains(&LAST_PATH.to_owned()));
}

#[test]
fn answers_that_are_no_log_are_failures_and_what_came_before_is_told() {
    for odd in [r#"{"value":null}"#, "{}", "null", "[]", "", r#"{"value":5}"#] {
        let mut pbx = Pbx { instead: [(0, Ok(odd.to_owned()))].into(), ..Pbx::of(Vec::new()) };
        assert_eq!(failure(Unit::Calls, &mut pbx, json!({}))["details"]["code"], "UNREADABLE_ANSWER", "{odd}");
    }
    for refusal in [Failure::NotFound, Failure::Forbidden, Failure::Rejected { status: 400, problems: Vec::new() }] {
        let mut pbx = Pbx { instead: [(0, Err(refusal.clone()))].into(), ..Pbx::of(Vec::new()) };
        assert_eq!(failure(Unit::Legs, &mut pbx, json!({}))["details"]["code"], refusal.code());
        assert_eq!(pbx.asked.len(), 1);
    }
    let rows = (0..1500)
        .map(|minute| leg(&minute.to_string(), &minute.to_string(), &iso(at(NOW) - minute * MINUTE), json!({})));
    let mut pbx = Pbx { instead: [(1, Err(Failure::Throttled))].into(), ..Pbx::of(rows.collect()) };
    let told = failure(Unit::Calls, &mut pbx, json!({"returnAll": true}));
    assert!(told["error"].as_str().unwrap().ends_with("; 759 records came before"), "{told}");
    // Rows that are none are no legs.
    let rows =
        r#"{"value":[null,7,{"StartTime":"2026-11-10T09:00:00Z"},{"CdrId":"a","StartTime":"2026-11-10T08:00:00Z"}]}"#;
    let mut pbx = Pbx { instead: [(0, Ok(rows.to_owned()))].into(), ..Pbx::of(Vec::new()) };
    assert_eq!(ids(&calls(&mut pbx, json!({}))), ["a"]);
}

#[test]
fn legs_come_as_they_are_each_once_or_those_of_one_call() {
    let rows = ["2026-11-08", "2026-11-09"].iter().flat_map(|day| through_the_queue(day, day)).collect::<Vec<_>>();
    let mut pbx = Pbx::of(rows.clone());
    let mut legs = |form: Value| run(Unit::Legs, &mut pbx, &[form]).rows.remove(0).0;
    assert_eq!(legs(json!({})), rows.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(legs(json!({"callId": "2026-11-08"})), [rows[1].clone(), rows[0].clone()]);
    assert_eq!(legs(json!({"callId": " 2026-11-09-1 "})), [rows[2].clone()]);
    assert_eq!(legs(json!({"limit": 3})).len(), 3);
    assert_eq!(
        legs(json!({"period": "between", "from": "2026-11-08T12:00:20Z", "to": "2026-11-09T12:00:00Z"})),
        [rows[1].clone()]
    );
}

#[test]
fn rows_are_read_one_after_the_other_and_a_stop_leaves_none_out() {
    let mut pbx = Pbx::of(through_the_queue("c", "2026-11-09"));
    let given = run(Unit::Calls, &mut pbx, &[json!({"period": "today"}), json!({"period": "x"}), json!({})]);
    let told: Vec<_> = given.rows.iter().map(|(items, failed)| (items.len(), *failed)).collect();
    assert_eq!(told, [(0, false), (1, true), (1, false)]);
    let mut job = job(Unit::Calls);
    let mut rows = form(3, |_, _| Ok(Cell::Empty));
    let Next::Call(call) = job.next(&mut rows) else { panic!("it asks") };
    job.stop(&Stop::Cancelled);
    job.ended(call.id, Ended { delivery: Delivery::NotSent, answer: Err(Failure::Stopped) });
    let mut ended = Vec::new();
    loop {
        match job.next(&mut rows) {
            Next::Outcomes => ended.extend(job.take_outcomes()),
            Next::Done => break,
            Next::Wait | Next::Call(_) => panic!("nothing more is asked"),
        }
    }
    assert_eq!(
        ended.iter().map(|outcome| (outcome.row, outcome.failed)).collect::<Vec<_>>(),
        [(0, true), (1, true), (2, true)]
    );
}

#[test]
fn what_is_held_does_not_grow_with_the_period() {
    let legs = |days: i64| {
        let count = days * 800;
        let row = |leg_of: i64| {
            leg(&leg_of.to_string(), &(leg_of / 3).to_string(), &iso(at(NOW) - leg_of * days * DAY / count), json!({}))
        };
        Pbx::of((0..count).map(row).collect())
    };
    let most =
        |days: i64| run(Unit::Calls, &mut legs(days), &[json!({"period": "last30Days", "returnAll": true})]).most;
    let (short, long) = (most(2), most(8));
    assert!(short > 0 && long <= short * 5 / 4, "{short} and {long} legs");
}

/// A random call: its legs start within four hours.
fn call() -> impl Strategy<Value = (i64, Vec<(i64, u8)>)> {
    (
        0_i64..7 * 24 * 60 + 8 * 60,
        prop::collection::vec((prop::sample::select(vec![0_i64, 0, 1, 60, 239]), 0_u8..3), 1..5),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// As if the whole log had been read at once and put in order here.
    #[test]
    fn calls_are_those_of_the_whole_log(
        made in prop::collection::vec(call(), 0..150),
        limit in prop::sample::select(vec![50_usize, 150, 20_000]),
        period in prop::sample::select(vec!["today", "yesterday", "last7Days", "last30Days", "thisMonth"]),
        wanted in prop::sample::select(vec![json!({}), json!({"direction": "inbound"}), json!({"calls": "missed", "answeredBy": "anyLeg"})]),
        most in prop::option::of(1_usize..40),
    ) {
        let start_of = |minutes: i64| iso(at("2026-11-03T00:00:00Z") + minutes * MINUTE);
        let mut rows = Vec::new();
        for (call, (begin, legs)) in made.iter().enumerate() {
            for (number, (after, kind)) in legs.iter().enumerate() {
                // The first leg is the one that it began with.
                let after = if number == 0 { 0 } else { *after };
                let (id, call, start) = (format!("{call}-{number}"), format!("c{call}"), start_of(begin + after));
                rows.push(match kind {
                    0 => leg(&id, &call, &start, json!({})),
                    1 => answered(&id, &call, &start, json!({"Direction": "Internal"})),
                    _ => queue(&id, &call, &start, json!({})),
                });
            }
        }
        let mut form = wanted.clone();
        form["period"] = period.into();
        match most {
            Some(most) => form["limit"] = most.into(),
            None => form["returnAll"] = true.into(),
        }
        let found = calls(&mut Pbx { limit, ..Pbx::of(rows.clone()) }, form);
        let bounds = {
            let parameters = json!({"period": period});
            let mut rows = crate::rows::testing::given(&parameters);
            let clock = Clock { now: at(NOW), ahead: Box::new(|_| 0) };
            Period::of_row(&mut Parameters { rows: &mut rows, row: 0 }, &clock).unwrap()
        };
        let options = Wanted::read(&FormValues(wanted.as_object().unwrap())).unwrap();
        let mut expected: Vec<Value> = group(&rows)
            .iter()
            .filter(|call| bounds.contains(call.start().unwrap()) && options.has(call))
            .map(|call| options.told(call).into())
            .collect();
        expected.reverse();
        expected.truncate(most.unwrap_or(usize::MAX));
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn a_call_that_goes_on_is_left_out_and_an_earlier_one_of_the_caller_is_not() {
    let missed = |id: &str, at: &str| {
        leg(&format!("{id}/0"), id, at, json!({"SourceCallerId": "+49301234567", "RingingDuration": "PT20S"}))
    };
    let rows = vec![missed("early", "2026-11-10T09:00:00Z"), missed("now", "2026-11-10T11:50:00Z")];
    let mut pbx = Pbx::of(rows);
    let today = json!({"period": "today"});
    let active = |fields: Value| Ok(json!({"value": [fields]}).to_string());
    for (calls_under_way, expected) in [
        (
            active(
                json!({"Caller": "+49301234567 (10000)", "Callee": "101 Ada", "EstablishedAt": "2026-11-10T11:50:25Z"}),
            ),
            vec!["early"],
        ),
        (active(json!({"Caller": "+49301234567 (10000)", "Callee": "101 Ada"})), vec!["early"]),
        (
            active(
                json!({"Caller": "+49309999999 (10000)", "Callee": "101 Ada", "EstablishedAt": "2026-11-10T11:50:25Z"}),
            ),
            vec!["now", "early"],
        ),
        // It waits, or is another one of the same caller, of which nothing is in the log yet.
        (
            active(json!({"Caller": "+49301234567 (10000)", "Callee": "", "EstablishedAt": "2026-11-10T11:59:50Z"})),
            vec!["early"],
        ),
    ] {
        pbx.active = calls_under_way;
        assert_eq!(ids(&calls(&mut pbx, today.clone())), expected, "{:?}", pbx.active);
    }
    assert_eq!(pbx.asked_active, 4);
    for failure in [Failure::Forbidden, Failure::Server { status: 500, problems: vec![] }] {
        pbx.active = Err(failure.clone());
        let ran = run(Unit::Calls, &mut pbx, std::slice::from_ref(&today));
        assert!(ran.rows[0].1, "one that goes on would look missed");
        let told = format!("The calls under way (Active Calls) could not be read: {failure}");
        assert_eq!(
            (&ran.rows[0].0[0]["error"], &ran.rows[0].0[0]["details"]["code"]),
            (&told.into(), &failure.code().into())
        );
    }
    pbx.active = Ok("{".to_owned());
    let ran = run(Unit::Calls, &mut pbx, std::slice::from_ref(&today));
    let told = ran.rows[0].0[0]["error"].as_str().unwrap_or_default();
    assert!(ran.rows[0].1 && told.contains("Active Calls") && told.contains("could not be read (200)"), "{told}");
    assert_eq!(pbx.asked_active, 7);
    let past = json!({"period": "between", "from": "2026-11-01", "to": "2026-11-08"});
    calls(&mut pbx, past);
    assert_eq!(pbx.asked_active, 7, "none of them goes on");
}

#[test]
fn a_call_of_yesterday_that_goes_on_is_left_out() {
    let menu = json!({"CallType": "Digital Receptionist", "Answered": true, "TalkingDuration": "PT10S"});
    let mut pbx = Pbx::of(vec![leg("1", "c", "2026-11-09T23:50:00Z", menu)]);
    assert_eq!(ids(&calls(&mut pbx, json!({"period": "yesterday"}))), ["c"]);
    let active =
        json!({"Caller": "+49301234567 (10000)", "Callee": "101 Ada", "EstablishedAt": "2026-11-09T23:50:30Z"});
    pbx.active = Ok(json!({ "value": [active] }).to_string());
    assert_eq!(ids(&calls(&mut pbx, json!({"period": "yesterday"}))), [""; 0]);
}

#[test]
fn who_has_waited_in_a_queue_for_long_is_not_told_as_missed() {
    let menu = json!({"CallType": "Digital Receptionist", "Answered": true, "TalkingDuration": "PT10S"});
    let mut pbx = Pbx::of(vec![leg("1", "c", "2026-11-10T11:40:00Z", menu)]);
    for times in [
        json!({"EstablishedAt": null, "LastChangeStatus": "2026-11-10T11:59:55Z"}),
        json!({"EstablishedAt": "2026-11-10T11:59:55Z", "LastChangeStatus": "2026-11-10T11:59:55Z"}),
    ] {
        let mut active = json!({"Caller": "+49301234567 (10000)", "Callee": "101 Ada"});
        active.as_object_mut().unwrap().extend(times.as_object().cloned().unwrap());
        pbx.active = Ok(json!({ "value": [active] }).to_string());
        assert_eq!(ids(&calls(&mut pbx, json!({"period": "today"}))), [""; 0], "{times}");
    }
    // Who was spoken to and calls again, with no leg so far, hides no call of before.
    pbx.rows = vec![answered("1", "c", "2026-11-10T11:40:00Z", json!({}))];
    assert_eq!(ids(&calls(&mut pbx, json!({"period": "today"}))), ["c"]);
}

/// The id of a call that began then, as 3CX makes it.
fn id_of(began: &str) -> String {
    let time = format!("{:016x}", (at(began) + 134_774 * DAY) * 10_000);
    format!("00000000-{}-{}-{}-{}0000004c", &time[..4], &time[4..8], &time[8..12], &time[12..])
}

#[test]
fn a_call_whose_legs_are_hours_apart_is_one_call_of_the_day_on_which_it_began() {
    let other = |number: i64| {
        leg(
            &number.to_string(),
            &number.to_string(),
            &iso(at("2026-11-10T00:00:00Z") + number * 10 * SECOND),
            json!({}),
        )
    };
    for (began, is_of_today) in
        [("2026-11-10T02:00:00Z", true), ("2026-11-09T23:00:00Z", false), ("2026-11-09T16:00:00Z", false)]
    {
        let id = id_of(began);
        let mut rows: Vec<Value> = (0..4000).map(other).collect();
        rows.push(answered("a", &id, began, json!({"TalkingDuration": "PT5H"})));
        rows.push(answered("b", &id, "2026-11-10T07:00:00Z", json!({"Direction": "Internal", "SourceDn": "101"})));
        let mut pbx = Pbx::of(rows);
        for form in [json!({"period": "today", "returnAll": true}), json!({"period": "today", "limit": 4001})] {
            let found = calls(&mut pbx, form);
            let told: Vec<_> = found.iter().filter(|call| call["id"] == id).map(|call| call["start"].clone()).collect();
            let expected = if is_of_today { vec![json!(iso(at(began)))] } else { Vec::new() };
            assert_eq!((found.len(), told), (4000 + expected.len(), expected), "{began}");
        }
    }
}

#[test]
fn calls_under_way_are_read_to_their_end() {
    let now = [leg("1", "now", "2026-11-10T11:59:00Z", json!({}))];
    let mut pbx = Pbx::of(now.to_vec());
    let other = |id: i64| json!({"Id": id, "Caller": "+49309999999 (10000)", "Callee": "102"});
    pbx.further = (1..=100).map(other).collect();
    pbx.further.push(json!({"Id": 101, "Caller": "+49301234567 (10000)", "Callee": "101"}));
    assert_eq!(ids(&calls(&mut pbx, json!({"period": "today"}))), [""; 0]);
    assert_eq!(pbx.asked_active, 2);
    // A PBX that takes no filter gives the same again.
    pbx.further.clear();
    pbx.active = Ok(json!({"value": (1..=100).map(other).collect::<Vec<_>>()}).to_string());
    assert!(run(Unit::Calls, &mut pbx, &[json!({"period": "today"})]).rows[0].1);
}

#[test]
fn a_filter_that_is_given_and_blank_does_not_give_all_calls() {
    let legs = [leg("1", "one", "2026-11-10T11:00:00Z", json!({})), leg("2", "two", "2026-11-10T10:00:00Z", json!({}))];
    let told = |told: Unit, name: &str, value: Value| {
        let ran = run(told, &mut Pbx::of(legs.to_vec()), &[json!({"period": "today", name: value})]);
        let (items, failed) = &ran.rows[0];
        if *failed { items[0]["error"].as_str().unwrap().to_owned() } else { items.len().to_string() }
    };
    for blank in ["", " ", "\u{200b}"] {
        for (name, label) in [
            ("extension", "Extension"),
            ("queue", "Queue"),
            ("number", "Number"),
            ("calls", "Calls"),
            ("direction", "Direction"),
            ("period", "Period"),
        ] {
            assert_eq!(told(Unit::Calls, name, json!(blank)), format!("{label} is empty"));
        }
        // The test's rows are made one by one, as those of an expression are.
        assert_eq!(told(Unit::Legs, "callId", json!(blank)), "Call or Leg ID is empty");
    }
    for odd in [json!({}), json!([]), json!({"id": "one"}), json!(["one"]), json!(true)] {
        assert_eq!(told(Unit::Legs, "callId", odd.clone()), "Call or Leg ID is not text", "{odd}");
    }
    for (name, choice) in [("period", "Today"), ("calls", "ALL"), ("direction", "Inbound"), ("answeredBy", "ANYLEG")] {
        assert_eq!(told(Unit::Calls, name, json!(choice)), "2", "{choice}");
    }
    assert_eq!(told(Unit::Calls, "extension", json!("101")), "2");
    assert_eq!(told(Unit::Legs, "callId", json!("one")), "1");
}
