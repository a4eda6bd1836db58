//! The whole job, call by call.

use call_engine::Delivery;
use serde_json::{Value, json};

use super::*;
use crate::definition;
use crate::redaction::Secrets;
use crate::rows::testing::form;
use crate::rows::{Cell, CellFault};
use crate::xapi::pages::MOST_PAGES;
use crate::xapi::proof;
use crate::xapi::request::Payload;
use crate::xapi::response::{Body, HttpResponse};

/// Updates of groups, known by these texts.
fn updates(groups: &'static [&'static str]) -> (Rowwise, impl Rows) {
    let rows = form(groups.len(), |row, name| {
        Ok(match name {
            "groupId" => Cell::Text(groups[row].to_owned()),
            "fields" => Cell::Json(format!(r#"{{"Name":"row {row}"}}"#)),
            _ => Cell::Empty,
        })
    });
    (Rowwise::new(Task::Do(definition::operation("Groups", "Update Group").unwrap())), rows)
}

#[test]
fn a_number_is_looked_up_after_the_rows_that_may_give_it_to_another() {
    let rows = [("GRP0001", "GRP0009"), ("GRP0002", "GRP0001"), ("GRP0001", "GRP0001")];
    let mut form = form(rows.len(), move |row, name| {
        Ok(match name {
            "groupId" => Cell::Text(rows[row].0.to_owned()),
            "fields" => Cell::Json(format!(r#"{{"Number":"{}"}}"#, rows[row].1)),
            _ => Cell::Empty,
        })
    });
    let mut job = Rowwise::new(Task::Do(definition::operation("Groups", "Update Group").unwrap()));
    for (row, (number, _)) in rows.iter().enumerate() {
        let look_up = calls(&mut job, &mut form);
        assert_eq!(named(&look_up), [*number], "row {row}");
        answer(&mut job, look_up[0].0, 200, &format!(r#"{{"value":[{{"Id":{}}}]}}"#, 28 + row));
        let change = calls(&mut job, &mut form);
        assert_eq!(named(&change), [row.to_string()]);
        answer(&mut job, change[0].0, 204, "");
    }
    assert!(calls(&mut job, &mut form).is_empty() && matches!(job.next(&mut form), Next::Done));
    // A number that stays keeps nobody waiting; one that is held is told where the run stops.
    let (mut job, mut rows) = updates(&["GRP0001", "GRP0002"]);
    assert_eq!(calls(&mut job, &mut rows).len(), 2);
    let mut job = Rowwise::new(Task::Do(definition::operation("Groups", "Update Group").unwrap()));
    assert_eq!(calls(&mut job, &mut form).len(), 1);
    job.stop(&Stop::Cancelled);
    assert!(job.take_outcomes().iter().any(|outcome| outcome.row == 1), "it was held");
}

/// What is sent of the last row of a sheet that is mapped as a whole, or why nothing is.
fn of_last_row(resource: &str, name: &str, more: &Value, sheet: &[Value]) -> String {
    let (last, given) = (sheet.len() - 1, more.clone());
    let mut rows = form(sheet.len(), move |row, name| {
        Ok(match (name, &given[name]) {
            ("fields", _) => Cell::Json(r#"{"mappingMode":"autoMapInputData"}"#.to_owned()),
            (key, _) if key.ends_with("Id") => Cell::Number(row as f64),
            (_, Value::Bool(flag)) => Cell::Bool(*flag),
            (_, Value::String(text)) => Cell::Text(text.clone()),
            _ => Cell::Empty,
        })
    })
    .with_columns(sheet.to_vec());
    let mut job = Rowwise::new(Task::Do(definition::operation(resource, name).unwrap()));
    loop {
        match job.next(&mut rows) {
            Next::Call(call) if call.request.row == Some(last) => match &call.request.body {
                Payload::Json(body) => return body.clone(),
                other => panic!("{other:?}"),
            },
            Next::Call(call) => answer(&mut job, call.id, 204, ""),
            Next::Outcomes => {
                let told = job.take_outcomes().into_iter().find(|outcome| outcome.row == last);
                if let Some(told) = told {
                    let item: Value = serde_json::from_str(&told.items[0]).unwrap();
                    return item["json"]["error"].as_str().unwrap_or_else(|| panic!("{item}")).to_owned();
                }
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_cell_that_its_row_lacks_is_blank_where_another_row_has_its_column() {
    let calls = [json!({"DN": "101", "Destination": "+4930"}), json!({"Destination": "+4931"})];
    assert_eq!(of_last_row("Users", "Make Call", &json!({}), &calls), "DN is empty");
    assert_eq!(of_last_row("Users", "Make Call", &json!({}), &calls[1..]), r#"{"destination":"+4931"}"#);
    let all = json!({"everything": true});
    let of_type = [json!({"Contact Source": "CRM", "Number": "101"}), json!({"Contact Source": "CRM"})];
    let told = of_last_row("Contacts", "Delete Contacts By Type", &all, &of_type);
    assert_eq!(told, "Number is given although I Mean Everything is on");
    let purge = [json!({"Purge Object: IDs": 7, "x": 1}), json!({"x": 2})];
    let told = of_last_row("Outbound Rules", "Purge", &all, &purge);
    assert_eq!(told, "Purge Object is given although I Mean Everything is on");
    assert_eq!(of_last_row("Outbound Rules", "Purge", &all, &purge[1..]), "{}");
}

#[test]
fn a_cell_that_its_row_lacks_is_cleared_where_blanks_are_meant_to_be() {
    let users = [
        json!({"First Name": "Ann", "Mobile": "+49", "BreakTime": {"Type": "X"}}),
        json!({"BreakTime.Type": "Y"}),
        json!({"First Name": "Bob", "BreakTime.Type": "OfficeHours"}),
    ];
    let sent = |empty: &str| {
        let body = of_last_row("Users", "Update User", &json!({"emptyValues": empty}), &users);
        serde_json::from_str::<Value>(&body).unwrap()
    };
    let hours = json!({"Type": "OfficeHours"});
    assert_eq!(sent("clear"), json!({"FirstName": "Bob", "Mobile": null, "BreakTime": hours}));
    assert_eq!(sent("skip"), json!({"FirstName": "Bob", "BreakTime": hours}));
}

#[test]
fn what_holds_much_or_is_there_as_a_whole_is_cleared_by_no_other_rows_column() {
    let body_of = |resource: &str, name: &str, rows: &[Value]| {
        let body = of_last_row(resource, name, &json!({"emptyValues": "clear"}), rows);
        serde_json::from_str::<Value>(&body).unwrap_or_else(|_| panic!("{body}"))
    };
    let whole = json!({"To": "Extension", "Number": "101", "Type": "Extension"});
    let rules = [json!({"OfficeHoursDestination.Number": "102"}), json!({"OfficeHoursDestination": whole})];
    assert_eq!(body_of("Inbound Rules", "Update Inbound Rule", &rules)["OfficeHoursDestination"], whole);
    let users = [json!({"AuthPassword": "********", "Mobile": "1"}), json!({"FirstName": "B"})];
    assert_eq!(body_of("Users", "Update User", &users), json!({"FirstName": "B", "Mobile": null}));
    let queues = [json!({"Agents": [{"Number": "101"}], "Name": "A"}), json!({"Name": "B"})];
    assert_eq!(body_of("Queues", "Update Queue", &queues), json!({"Name": "B"}));
}

#[test]
fn a_number_that_stands_for_several_or_was_to_be_an_id_changes_nothing() {
    for answered in [
        json!({"value": [{"Id": 28}, {"Id": 29}]}),
        json!({"@odata.nextLink": "x?$skip=1", "value": [{"Id": 28}]}),
        json!({"@odata.count": 7, "value": [{"Id": 28}]}),
    ] {
        let (mut job, mut rows) = updates(&["GRP0001"]);
        let look_up = calls(&mut job, &mut rows);
        answer(&mut job, look_up[0].0, 200, &answered.to_string());
        let told = job.take_outcomes().remove(0).items.concat();
        assert!(told.contains("3CX has several entries of Group"), "{told}");
        assert!(calls(&mut job, &mut rows).is_empty(), "{answered}");
    }
    for (mode, number, is_id) in [
        ("id", "0101", false),
        ("id", "*55", true),
        ("id", "101", true),
        ("id", "101.0", true),
        ("number", "0101", true),
    ] {
        let mut rows = form(1, move |_, name| {
            let value = Box::new(Cell::Text(number.to_owned()));
            Ok(if name == "userId" { Cell::Locator { mode: mode.to_owned(), value } } else { Cell::Empty })
        });
        let mut job = Rowwise::new(Task::Do(definition::operation("Users", "Delete User").unwrap()));
        let is_sent = matches!(job.next(&mut rows), Next::Call(_));
        assert_eq!(is_sent, is_id, "{mode} {number}");
        let told = job.take_outcomes().iter().map(|outcome| outcome.items.concat()).collect::<String>();
        assert!(is_sent || told.contains("is not an ID"), "{told}");
    }
}

#[test]
fn an_option_that_cannot_be_evaluated_is_called_one() {
    for (resource, name) in [("Users", "Update User"), ("Custom Request", "Send Request")] {
        let mut job = Rowwise::new(Task::Do(definition::operation(resource, name).unwrap()));
        let mut rows = form(1, |_, _| Err(CellFault("no such column".to_owned())));
        assert!(matches!(job.next(&mut rows), Next::Outcomes));
        let told = job.take_outcomes().remove(0).items.concat();
        assert!(told.contains("A field under Options could not be evaluated: no such column"), "{told}");
    }
}

/// All calls that can be made now, as the row that each changes, or the number that it looks up.
fn calls(job: &mut Rowwise, rows: &mut (dyn Rows + 'static)) -> Vec<(CallId, String)> {
    let mut calls = Vec::new();
    loop {
        match job.next(rows) {
            Next::Call(call) => {
                let number = call.request.path.split("%27").nth(1).map(str::to_uppercase);
                calls.push((call.id, call.request.row.map(|row| row.to_string()).or(number).unwrap()));
            }
            Next::Outcomes => drop(job.take_outcomes()),
            Next::Wait | Next::Done => return calls,
        }
    }
}

fn answer(job: &mut Rowwise, call: CallId, status: u16, body: &str) {
    let answer = Ok(HttpResponse { status, body: Body::Text(body.to_owned()), ..HttpResponse::default() });
    job.ended(call, Ended { delivery: Delivery::Done, answer });
}

fn named(calls: &[(CallId, String)]) -> Vec<&str> {
    calls.iter().map(|(_, name)| name.as_str()).collect()
}

#[test]
fn rows_for_one_entity_go_in_their_order_whether_it_is_named_by_id_or_by_number() {
    let (mut job, mut rows) = updates(&["28", "GRP0001", "28", "31", "GRP0001"]);
    let first = calls(&mut job, &mut rows);
    assert_eq!(named(&first), ["0", "GRP0001", "GRP0001"]);
    // What is found out of turn changes nothing yet.
    answer(&mut job, first[2].0, 200, r#"{"value":[{"Id":28}]}"#);
    assert_eq!(named(&calls(&mut job, &mut rows)), [""; 0]);
    answer(&mut job, first[1].0, 200, r#"{"value":[{"Id":28}]}"#);
    let other = calls(&mut job, &mut rows);
    assert_eq!(named(&other), ["3"], "it is for another group");
    let mut last = first[0].0;
    for row in ["1", "2", "4"] {
        answer(&mut job, last, 204, "");
        let next = calls(&mut job, &mut rows);
        assert_eq!(named(&next), [row]);
        last = next[0].0;
    }
    answer(&mut job, last, 204, "");
    answer(&mut job, other[0].0, 204, "");
    assert!(calls(&mut job, &mut rows).is_empty() && matches!(job.next(&mut rows), Next::Done));
}

#[test]
fn rows_behind_a_look_up_wait_for_it_and_no_longer() {
    let (mut job, mut rows) = updates(&["GRP0001", "28", "31", "GRP0002"]);
    let look_ups = calls(&mut job, &mut rows);
    assert_eq!(named(&look_ups), ["GRP0001", "GRP0002"]);
    answer(&mut job, look_ups[0].0, 200, r#"{"value":[]}"#);
    assert_eq!(named(&calls(&mut job, &mut rows)), ["1", "2"], "there is no such group");
    answer(&mut job, look_ups[1].0, 200, r#"{"value":[{"Id":5}]}"#);
    assert_eq!(named(&calls(&mut job, &mut rows)), ["3"]);
}

#[test]
fn rows_that_wait_for_a_look_up_are_told_once_where_the_run_stops() {
    let (mut job, mut rows) = updates(&["GRP0001", "28", "GRP0002", "31"]);
    let look_ups = calls(&mut job, &mut rows);
    answer(&mut job, look_ups[1].0, 200, r#"{"value":[{"Id":5}]}"#);
    job.stop(&Stop::Cancelled);
    answer(&mut job, look_ups[0].0, 200, r#"{"value":[{"Id":28}]}"#);
    let mut told: Vec<usize> = job.take_outcomes().iter().map(|outcome| outcome.row).collect();
    told.sort_unstable();
    assert_eq!(told, [0, 1, 2, 3]);
    assert!(matches!(job.next(&mut rows), Next::Done));
}

/// The rows that go at once, and those that follow once these have ended, in their order.
fn turns(resource: &str, name: &str, given: Value) -> Vec<Vec<usize>> {
    let len = given.as_array().map_or(0, Vec::len);
    let mut rows = form(len, move |row, name| {
        Ok(match &given[row][name] {
            Value::Null => Cell::Empty,
            Value::String(text) => Cell::Text(text.clone()),
            other => Cell::Json(other.to_string()),
        })
    });
    let mut job = Rowwise::new(Task::Do(definition::operation(resource, name).unwrap()));
    let mut turns = Vec::new();
    loop {
        let mut under_way = Vec::new();
        loop {
            match job.next(&mut rows) {
                Next::Call(call) => under_way.push((call.id, call.request.row.unwrap())),
                Next::Outcomes => {
                    job.take_outcomes().iter().for_each(|outcome| assert!(!outcome.failed, "{outcome:?}"))
                }
                Next::Wait | Next::Done => break,
            }
        }
        if under_way.is_empty() {
            return turns;
        }
        under_way.iter().for_each(|(call, _)| answer(&mut job, *call, 204, ""));
        turns.push(under_way.into_iter().map(|(_, row)| row).collect());
    }
}

#[test]
fn actions_on_the_same_go_in_their_order_and_others_side_by_side() {
    let update = |ids: Value, mobile: &str| json!({"fields": {"ids": ids, "user": {"Mobile": mobile}}});
    let rows = json!([
        update(json!([5]), "A"),
        update(json!([6, 7]), "B"),
        update(json!("5; 6"), "C"),
        update(json!([8]), "D"),
        update(json!([6]), "E"),
    ]);
    assert_eq!(turns("Users", "Bulk Update", rows), [vec![0, 1, 3], vec![2], vec![4]]);
    let rows = json!([{"fields": {"settings": {"AutoUpdate": true}}}, {"fields": {"settings": {"AutoUpdate": false}}}]);
    assert_eq!(turns("Updates", "Set Update Settings", rows), [[0], [1]]);
    let phone = |mac: &str| json!({"fields": {"mac": mac}});
    let rows = json!([phone("0004f2000001"), phone("0004f2000002"), phone("0004F2000001")]);
    assert_eq!(turns("Users", "Reboot Phone", rows), [vec![0, 1], vec![2]]);
    let call = json!({"fields": {"dn": "101", "destination": "102"}});
    assert_eq!(turns("Users", "Make Call", json!([call, call])), [[0, 1]], "each is one more");
    let user = json!({"fields": {"FirstName": "Ann"}});
    assert_eq!(turns("Users", "Create User", json!([user, user])), [[0, 1]]);
}

#[test]
fn paths_of_ones_own_are_the_same_however_they_are_written() {
    let patch = |path: &str| json!({"method": "PATCH", "path": path, "body": {"Mobile": "1"}});
    let rows = json!(["/Users(5)", "/users(Id=5)", "Users( 5 )?x=1", "/Users%285%29", "/Users(6)"].map(patch));
    assert_eq!(turns("Custom Request", "Send Request", rows), [vec![0, 4], vec![1], vec![2], vec![3]]);
    let post = |(path, body): (&str, Value)| json!({"method": "POST", "path": path, "body": body});
    let update = |ids: Value| json!({"ids": ids, "user": {"Mobile": "1"}});
    let (settings, user) = (json!({"settings": {"AutoUpdate": true}}), json!({"FirstName": "Ann"}));
    let rows = json!(
        [
            ("/Users/Pbx.BulkUpdate", update(json!([5]))),
            ("/users/bulkupdate", update(json!(["5", 6]))),
            ("/Users/Pbx.BulkUpdate", update(json!([7]))),
            ("/SetUpdateSettings", settings.clone()),
            ("/SetUpdateSettings", settings),
            ("/Users", user.clone()),
            ("/Users", user),
        ]
        .map(post)
    );
    assert_eq!(turns("Custom Request", "Send Request", rows), [vec![0, 2, 3, 5, 6], vec![1, 4]]);
}

/// A Custom Request of this path, by a method that is the usual one.
fn custom(path: &'static str, everything: bool) -> impl Rows {
    form(1, move |_, name| {
        Ok(match name {
            "path" => Cell::Text(path.to_owned()),
            "everything" | "returnAll" => Cell::Bool(everything),
            _ => Cell::Empty,
        })
    })
}

#[test]
fn a_custom_get_of_what_changes_something_is_a_change() {
    let task = || Task::Do(definition::operation("Custom Request", "Send Request").unwrap());
    let path = "/ConferenceSettings/pbx.generateApiKey()";
    let mut job = Rowwise::new(task());
    let Next::Outcomes = job.next(&mut custom(path, false)) else { panic!("it was not meant") };
    assert!(job.take_outcomes()[0].items[0].contains("NOT_MEANT"));
    let Next::Call(call) = Rowwise::new(task()).next(&mut custom(path, true)) else { panic!("it was meant") };
    assert_eq!((call.effect, call.request.path.as_str(), call.request.row), (Effect::Once, path, Some(0)));
    let Next::Call(call) = Rowwise::new(task()).next(&mut custom("/Users", true)) else { panic!("it is read") };
    assert_eq!((call.effect, call.request.row), (Effect::Reads, None));
}

#[test]
fn where_rows_would_be_repeated_those_that_change_something_are_not_sent() {
    let job = || Rowwise::new(Task::Do(definition::operation("Custom Request", "Send Request").unwrap()));
    let path = "/ConferenceSettings/Pbx.GenerateApiKey()";
    let mut job = (job().only_reading(Failure::WouldBeRepeated), job().only_reading(Failure::WouldBeRepeated));
    let Next::Outcomes = job.0.next(&mut custom(path, true)) else { panic!("it would be repeated") };
    let told = &job.0.take_outcomes()[0].items[0];
    assert!(told.contains("RETRY_ON_FAIL") && told.contains("notSent"), "{told}");
    assert!(matches!(job.1.next(&mut custom("/Users", true)), Next::Call(_)));
    let by_post = definition::operation("Google Settings", "Get Google Users").unwrap();
    let mut rows = form(1, |_, name| {
        Ok(if name == "fields" { Cell::Json(r#"{"options.Count":10}"#.to_owned()) } else { Cell::Empty })
    });
    let next = Rowwise::new(Task::Do(by_post)).only_reading(Failure::WouldBeRepeated).next(&mut rows);
    assert!(matches!(next, Next::Call(_)), "a reading by POST");
}

#[test]
fn several_rows_give_the_pbx_no_key() {
    let keys = |keys: &'static [&'static str]| {
        let mut rows = form(keys.len(), |row, name| {
            let body = json!({ "licenseKey": keys[row] }).to_string();
            Ok(if name == "fields" { Cell::Json(body) } else { Cell::Empty })
        });
        let mut job = Rowwise::new(Task::Do(definition::operation("License Status", "Replace License Key").unwrap()));
        let (mut sent, mut told) = (Vec::new(), Vec::new());
        loop {
            match job.next(&mut rows) {
                Next::Call(call) => {
                    let Payload::Json(body) = &call.request.body else { panic!("{:?}", call.request) };
                    sent.push(body.clone());
                    answer(&mut job, call.id, 204, "");
                }
                Next::Outcomes => told.extend(job.take_outcomes().into_iter().map(|outcome| outcome.items.concat())),
                Next::Wait | Next::Done => return (sent, told),
            }
        }
    };
    let (one, other) = ("ABCD-EFGH-IJKL-MNOP", "ABCD-EFGH-IJKL-MNOQ");
    for several in [&[one, "", other][..], &[one, one], &[one, "ABCD\u{2013}EFGH-IJKL-MNOP"]] {
        let (sent, told) = keys(Vec::leak(several.to_vec()));
        assert_eq!((sent.len(), told.len()), (0, several.len()), "{told:?}");
        assert!(told.iter().all(|item| item.contains("SEVERAL_KEYS") && item.contains("notSent")), "{told:?}");
        assert!(told[0].contains("Rows 1 and "), "{told:?}");
    }
    let (sent, told) = keys(&["", "ABCD\u{2013}EFGH-IJKL-MNOP", "#REF!"]);
    assert_eq!(sent, [r#"{"licenseKey":"ABCD-EFGH-IJKL-MNOP"}"#]);
    assert_eq!(told.len(), 3);
}

#[test]
fn a_record_that_was_made_but_cannot_be_shown_is_not_told_as_refused() {
    let mut job = Rowwise::new(Task::Do(definition::operation("Users", "Create User").unwrap()));
    let mut rows = form(1, |_, name| {
        Ok(if name == "fields" { Cell::Json(r#"{"FirstName":"a"}"#.to_owned()) } else { Cell::Empty })
    });
    let Next::Call(call) = job.next(&mut rows) else { panic!("a user can be made") };
    let deep = format!(r#"{{"Id":1,"FirstName":{}{}}}"#, "[".repeat(70), "]".repeat(70));
    let answer = HttpResponse { status: 201, body: Body::Text(deep), ..HttpResponse::default() };
    let end = proof::judge(&call, &Secrets::default(), Ok(answer));
    assert_eq!(end.delivery, Delivery::Done);
    job.ended(call.id, end);
    let [outcome] = &job.take_outcomes()[..] else { panic!("one row, one outcome") };
    assert!(outcome.items[0].contains(r#""outcome":"unknown""#), "{outcome:?}");
}

#[test]
fn an_answer_that_has_nothing_of_its_record_shows_no_success() {
    for (resource, name, given, success) in [
        (
            "Contacts",
            "Create Contact By Number",
            json!({"number": "101", "contact": {"FirstName": "A"}}),
            json!({"Id": 5}),
        ),
        (
            "Trunks",
            "Finalize Trunk Provisioning",
            json!({"model": {"Name": "x"}}),
            json!({"@odata.context": "x", "Number": "10001"}),
        ),
        ("AI Settings", "Create Vector Store", json!({"model": {"Name": "x"}}), json!({"Id": null, "Name": "x"})),
        ("Users", "Make Call", json!({"dn": "101", "destination": "102"}), json!({"FinalStatus": null})),
    ] {
        let fields = given.to_string();
        let mut rows =
            form(1, move |_, name| Ok(if name == "fields" { Cell::Json(fields.clone()) } else { Cell::Empty }));
        let mut job = Rowwise::new(Task::Do(definition::operation(resource, name).unwrap()));
        let Next::Call(call) = job.next(&mut rows) else { panic!("{name}: {:?}", job.take_outcomes()) };
        let delivery = |body: Value| {
            let answer = HttpResponse { status: 200, body: Body::Text(body.to_string()), ..HttpResponse::default() };
            proof::judge(&call, &Secrets::default(), Ok(answer)).delivery
        };
        assert_eq!(delivery(success), Delivery::Done, "{name}");
        for body in [
            json!({"Error": "failed"}),
            json!({"errors": ["x"]}),
            json!({"Success": false, "Message": "no"}),
            json!({"value": false}),
            json!({"message": "Trunk limit reached"}),
        ] {
            assert_eq!(delivery(body.clone()), Delivery::Unknown, "{name} {body}");
        }
    }
}

#[test]
fn text_in_place_of_a_file_fails_the_row() {
    for (text, told) in [("File not found", ": File not found"), ("Name,Id\na,1\nb,2", ": Name,Id a,1 b,2"), ("", "")] {
        let mut job = Rowwise::new(Task::Do(definition::operation("Recordings", "Download Recording").unwrap()));
        let mut rows = form(1, |_, name| Ok(if name == "recId" { Cell::Text("3".to_owned()) } else { Cell::Empty }));
        let Next::Call(call) = job.next(&mut rows) else { panic!("{:?}", job.take_outcomes()) };
        answer(&mut job, call.id, 200, text);
        let [outcome] = &job.take_outcomes()[..] else { panic!("one row, one outcome") };
        let item = outcome.items.concat();
        assert!(outcome.failed && item.contains(&format!(r#"no file for this (200){told}""#)), "{item}");
    }
}

#[test]
fn fields_that_a_version_lacks_are_asked_for_once_in_a_run() {
    let mut job = Rowwise::new(Task::Do(definition::operation("Recordings", "List Recording").unwrap()));
    let mut rows = form(3, |_, _| Ok(Cell::Empty));
    let mut paths = Vec::new();
    while let Next::Call(call) = job.next(&mut rows) {
        let path = call.request.path.clone();
        let answer = if path.contains("$select") {
            Err(Failure::Rejected { status: 400, problems: Vec::new() })
        } else {
            let body =
                Body::Text(r#"{"@odata.count":1,"value":[{"Id":1,"FromDn":"10","RecordingUrl":"x"}]}"#.to_owned());
            Ok(HttpResponse { status: 200, body, ..HttpResponse::default() })
        };
        let delivery = if answer.is_ok() { Delivery::Done } else { Delivery::Refused };
        paths.push(path);
        job.ended(call.id, Ended { delivery, answer });
        for outcome in job.take_outcomes() {
            assert!(outcome.items[0].contains(r#""json":{"Id":1,"FromDn":"10"}"#), "{outcome:?}");
        }
    }
    let selecting: Vec<bool> = paths.iter().map(|path| path.contains("$select")).collect();
    assert_eq!(selecting, [true, false, false, false], "{paths:?}");
}

#[test]
fn a_list_without_end_fails_and_says_so_with_what_came() {
    let mut job = Rowwise::new(Task::Do(definition::operation("Users", "List User").unwrap()));
    let mut rows = form(1, |_, name| Ok(if name == "returnAll" { Cell::Bool(true) } else { Cell::Empty }));
    let mut pages = 0;
    while let Next::Call(call) = job.next(&mut rows) {
        assert!(pages <= MOST_PAGES, "it goes on");
        let body = Body::Text(format!(r#"{{"value":[{{"Id":{pages}}}]}}"#));
        pages += 1;
        let answer = Ok(HttpResponse { status: 200, body, ..HttpResponse::default() });
        job.ended(call.id, Ended { delivery: Delivery::Done, answer });
    }
    let mut told = job.take_outcomes();
    while let Next::Outcomes = job.next(&mut rows) {
        told.extend(job.take_outcomes());
    }
    let (outcome, parts) = told.split_last().unwrap();
    let item: Value = serde_json::from_str(&outcome.items[0]).unwrap();
    assert!(outcome.failed && pages == MOST_PAGES + 1, "{pages} pages");
    let error = item["json"]["error"].as_str().unwrap();
    assert!(error.starts_with("The list does not end: 100000 pages were read; "), "{error}");
    assert!(parts.iter().map(|part| part.items.len()).sum::<usize>() >= MOST_PAGES);
    let most = parts.iter().map(|part| part.items.len()).max();
    assert!(most.is_some_and(|most| most < MOST_PAGES / 2), "{most:?} at once");
}

#[test]
fn a_list_of_which_records_go_meanwhile_is_read_again_and_told_once() {
    let mut job = Rowwise::new(Task::Do(definition::operation("Users", "List User").unwrap()));
    let mut rows = form(1, |_, name| Ok(if name == "returnAll" { Cell::Bool(true) } else { Cell::Empty }));
    let (mut requests, mut told) = (0, Vec::new());
    loop {
        match job.next(&mut rows) {
            Next::Call(call) => {
                let first = i32::from(requests > 0);
                requests += 1;
                let skip = call
                    .request
                    .path
                    .split_once("$skip=")
                    .map_or(0, |(_, rest)| rest.split('&').next().unwrap_or_default().parse::<usize>().unwrap());
                let records: Vec<_> = (first..150).skip(skip).take(100).map(|id| json!({ "Id": id })).collect();
                let body = json!({ "@odata.count": 150 - first, "value": records });
                answer(&mut job, call.id, 200, &body.to_string());
            }
            Next::Outcomes => told.extend(job.take_outcomes()),
            Next::Wait | Next::Done => break,
        }
    }
    let [outcome] = &told[..] else { panic!("{told:?}") };
    let ids: Vec<i64> = outcome
        .items
        .iter()
        .map(|item| serde_json::from_str::<Value>(item).unwrap()["json"]["Id"].as_i64().unwrap())
        .collect();
    assert_eq!((outcome.failed, ids), (false, (1..150).collect()));
}

#[test]
fn a_list_for_an_agent_says_that_there_is_more() {
    for (there_are, expected) in [(2, 2), (3, 3), (4, 4), (150, 4)] {
        for is_for_agent in [true, false] {
            let job = Rowwise::new(Task::Do(definition::operation("Users", "List User").unwrap()));
            let mut job = if is_for_agent { job.for_agent() } else { job };
            let mut rows = form(1, |_, name| Ok(if name == "limit" { Cell::Number(3.0) } else { Cell::Empty }));
            while let Next::Call(call) = job.next(&mut rows) {
                let (_, top) = call.request.path.split_once("$top=").unwrap();
                let top: usize = top.split('&').next().unwrap().parse().unwrap();
                let records: Vec<_> = (0..there_are.min(top)).map(|id| json!({ "Id": id })).collect();
                let body = Body::Text(json!({ "@odata.count": there_are, "value": records }).to_string());
                let answer = Ok(HttpResponse { status: 200, body, ..HttpResponse::default() });
                job.ended(call.id, Ended { delivery: Delivery::Done, answer });
            }
            let [outcome] = &job.take_outcomes()[..] else { panic!("one row, one outcome") };
            assert_eq!(outcome.items.len(), if is_for_agent { expected } else { expected.min(3) });
            let more = outcome.items.iter().filter(|item| item.contains("more records than these 3")).count();
            assert_eq!(more, usize::from(is_for_agent && there_are > 3), "{there_are}");
        }
    }
}

#[test]
fn a_list_that_was_asked_for_once_says_that_it_goes_on() {
    let more = json!({"@odata.nextLink": "x?$skip=1", "value": [{"Id": 1}]});
    let counted = json!({"@odata.count": 2, "value": [{"Id": 1}]});
    let whole = json!({"@odata.count": 1, "value": [{"Id": 1}]});
    let request = ("Custom Request", "Send Request");
    for ((resource, name), path, answered, expected) in [
        (request, "/Users", &more, true),
        (request, "/Users", &counted, true),
        (request, "/Users", &whole, false),
        (request, "/Users(5)", &json!({"Id": 1}), false),
        (request, "/Users?$count=true&%24Top=1", &counted, false),
        (request, "/Users?$top=500", &more, true),
        (("Defs", "Get Routes"), "", &more, true),
        (("Defs", "Get Routes"), "", &whole, false),
    ] {
        for is_for_agent in [true, false] {
            let job = Rowwise::new(Task::Do(definition::operation(resource, name).unwrap()));
            let mut job = if is_for_agent { job.for_agent() } else { job };
            let mut rows = form(1, |_, name| {
                Ok(match name {
                    "path" => Cell::Text(path.to_owned()),
                    "fields" => Cell::Json(r#"{"ids":[5]}"#.to_owned()),
                    _ => Cell::Empty,
                })
            });
            let Next::Call(call) = job.next(&mut rows) else { panic!("it can be read") };
            answer(&mut job, call.id, 200, &answered.to_string());
            let told = job.take_outcomes().remove(0);
            assert!(!told.failed, "{told:?}");
            assert_eq!(told.items.len(), if expected && is_for_agent { 2 } else { 1 }, "{path} {answered}");
            assert_eq!(job.hints().iter().any(|hint| hint.contains("Return All")), expected, "{path} {answered}");
        }
    }
}

#[test]
fn the_call_log_needs_a_period_only() {
    let mut job = Rowwise::new(Task::Do(definition::operation("Report Call Log Data", "Get Call Log Data").unwrap()));
    let mut rows = form(1, |_, name| {
        let period = r#"{"periodFrom":"2026-01-01T00:00:00Z","periodTo":"2026-01-08T00:00:00Z"}"#;
        Ok(if name == "arguments" { Cell::Json(period.to_owned()) } else { Cell::Empty })
    });
    let Next::Call(call) = job.next(&mut rows) else { panic!("{:?}", job.take_outcomes()) };
    let (path, _) = call.request.path.split_once('?').unwrap();
    let rest = "sourceType=0,sourceFilter=%27%27,destinationType=0,destinationFilter=%27%27,callsType=0,callTimeFilterType=0,\
        callTimeFilterFrom=%270%3A00%3A0%27,callTimeFilterTo=%270%3A00%3A0%27,hidePcalls=false)";
    assert!(path.ends_with(rest), "{path}");
}

#[test]
fn rows_of_the_call_log_that_come_in_two_pages_are_told_once() {
    let told = |id: fn(usize) -> Value| {
        let log = definition::operation("Report Call Log Data", "Get Call Log Data").unwrap();
        let mut job = Rowwise::new(Task::Do(log));
        let mut rows = form(1, |_, name| {
            let period = r#"{"periodFrom":"2026-01-01T00:00:00Z","periodTo":"2026-01-08T00:00:00Z"}"#;
            Ok(match name {
                "arguments" => Cell::Json(period.to_owned()),
                "returnAll" => Cell::Bool(true),
                "select" => Cell::Text("Status".to_owned()),
                _ => Cell::Empty,
            })
        });
        let mut told = 0;
        loop {
            match job.next(&mut rows) {
                Next::Call(call) => {
                    assert!(
                        call.request.path.contains("$select=Status%2CCdrId") && !call.request.path.contains("$count")
                    );
                    let number = |name: &str| {
                        let (_, rest) = call.request.path.split_once(name)?;
                        rest.split('&').next()?.parse::<usize>().ok()
                    };
                    let (skip, top) = (number("$skip=").unwrap_or(0), number("$top=").unwrap());
                    // A call has ended since the first page.
                    let from = skip.saturating_sub(1);
                    let page: Vec<_> = (from..(from + top).min(top + 20))
                        .map(|row| json!({ "CdrId": id(row), "Status": row }))
                        .collect();
                    answer(&mut job, call.id, 200, &json!({ "value": page }).to_string());
                }
                Next::Outcomes => {
                    let outcomes = job.take_outcomes();
                    assert!(outcomes.iter().all(|outcome| !outcome.failed), "{outcomes:?}");
                    let items = outcomes.iter().flat_map(|outcome| &outcome.items);
                    told += items.inspect(|item| assert!(!item.contains("CdrId"))).count();
                }
                Next::Wait | Next::Done => return told,
            }
        }
    };
    let page = definition::operation("Report Call Log Data", "Get Call Log Data").unwrap().page_size as usize;
    assert_eq!(told(|row| row.to_string().into()), page + 20);
    assert!(told(|_| "".into()) >= page + 20, "what has no key is not taken for one");
}

#[test]
fn what_a_look_up_is_by_and_a_yes_or_no_that_is_mapped_are_asked_for_where_they_are_blank() {
    let told = |resource: &str, name: &str, arguments: Value| {
        let mut job = Rowwise::new(Task::Do(definition::operation(resource, name).unwrap()));
        let mut rows = form(1, move |_, name| {
            Ok(if name == "arguments" { Cell::Json(arguments.to_string()) } else { Cell::Empty })
        });
        // A look-up asks for the version first.
        let next = match job.next(&mut rows) {
            Next::Call(call) if call.request.path.starts_with("/Defs") => {
                job.ended(call.id, Ended { delivery: Delivery::Done, answer: Ok(HttpResponse::default()) });
                job.next(&mut rows)
            }
            next => next,
        };
        match next {
            Next::Call(call) => call.request.path.clone(),
            _ => job.take_outcomes()[0].items[0].clone(),
        }
    };
    for blank in [json!(null), json!(""), json!(" "), json!([]), json!({})] {
        assert!(told("Users", "Get User By Number", json!({"Number": blank})).contains("Number is empty"), "{blank}");
        let period = json!({"periodFrom": "2026-01-01", "periodTo": "2026-01-08", "hidePcalls": blank});
        let log = told("Report Call Log Data", "Get Call Log Data", period);
        assert!(log.contains("is empty") && log.contains("notSent"), "{blank}: {log}");
    }
}

#[test]
fn what_a_person_selects_and_what_fails_for_other_reasons_is_told() {
    for (name, refused_whole) in [("select", false), ("", true)] {
        let mut job = Rowwise::new(Task::Do(definition::operation("Recordings", "List Recording").unwrap()));
        let mut rows =
            form(1, move |_, asked| Ok(if asked == name { Cell::Text("Id".to_owned()) } else { Cell::Empty }));
        let mut calls = 0;
        while let Next::Call(call) = job.next(&mut rows) {
            calls += 1;
            let answer = Err(Failure::Rejected { status: 400, problems: Vec::new() });
            job.ended(call.id, Ended { delivery: Delivery::Refused, answer });
        }
        assert_eq!(calls, 1 + usize::from(refused_whole));
        let [outcome] = &job.take_outcomes()[..] else { panic!("one row, one outcome") };
        assert!(outcome.items[0].contains("(400)"), "{outcome:?}");
    }
}

#[test]
fn a_file_that_does_not_come_is_told_and_no_row_is_lost() {
    let download = |items: bool, status: u16, body: &str| {
        let mut job = Rowwise::new(Task::Do(definition::operation("Users", "Export Extensions").unwrap()));
        let mut rows = form(1, move |_, name| {
            Ok(if name == "output" && items { Cell::Text("Items".to_owned()) } else { Cell::Empty })
        });
        let Next::Call(call) = job.next(&mut rows) else { panic!("it can be read") };
        answer(&mut job, call.id, status, body);
        job.take_outcomes().remove(0)
    };
    for items in [true, false] {
        for (status, body) in [(204, ""), (202, ""), (200, ""), (202, "later")] {
            let told = download(items, status, body);
            assert!(told.failed && told.items[0].contains("3CX has no file for this"), "{told:?}");
        }
    }
    assert_eq!(download(true, 200, "Number\n101").items.len(), 1);
}

#[test]
fn what_a_custom_request_did_in_part_is_told() {
    let sent = |body: &str, answered: &str| {
        let body = body.to_owned();
        let mut job = Rowwise::new(Task::Do(definition::operation("Custom Request", "Send Request").unwrap()));
        let mut rows = form(1, move |_, name| {
            Ok(match name {
                "method" => Cell::Text("POST".to_owned()),
                "path" => Cell::Text("/users/batchdelete".to_owned()),
                "body" => Cell::Text(body.clone()),
                _ => Cell::Empty,
            })
        });
        let Next::Call(call) = job.next(&mut rows) else { panic!("{:?}", job.take_outcomes()) };
        answer(&mut job, call.id, 200, answered);
        job.take_outcomes().remove(0)
    };
    let failed = sent(r#"{"ids":[5,6]}"#, r#"{"value":[{"ExtensionNumber":"100","Error":"in use"}]}"#);
    assert!(failed.failed && failed.items[0].contains("100: in use"), "{failed:?}");
    let done = sent(r#"{"ids":[5]}"#, r#"{"value":[]}"#);
    assert!(!done.failed && done.items[0].contains(r#""success":true"#), "{done:?}");
}
