//! What is sent, and what is told of it.

use super::*;

#[test]
fn what_is_no_clear_order_sends_nothing() {
    for (name, cell) in [
        ("dryRun", Cell::Text("false".into())),
        ("dryRun", Cell::Text("true".into())),
        ("dryRun", Cell::Number(0.0)),
        ("isDryRun", Cell::Text("true".into())),
        ("findByName", Cell::Text("true".into())),
        ("confirm", Cell::Text(String::new())),
        ("stopIfUnread", Cell::Number(1.0)),
        ("skipDoneBefore", Cell::Text("true".into())),
        ("sendGroupAs", Cell::Text("name".into())),
    ] {
        let ran = run((1..=600).map(|id| Cell::Number(f64::from(id))), &[(name, cell)], pbx(many(600)));
        assert_eq!(ran.requests.len(), 0, "{name}");
        for row in &ran.rows {
            assert!(row["error"].as_str().unwrap().starts_with("Nothing was sent: "), "{row}");
            assert_eq!(row["details"]["outcome"], "notSent");
        }
    }
}

#[test]
fn no_row_shows_another_rows_key() {
    let groups = pbx(many(30));
    // 3CX names the key of the row before, each time in another shape; of one, the key of a row that is still to come.
    let shapes =
        [str::to_owned, str::to_lowercase, |key: &str| key.replace('-', " "), |key: &str| key.replace('-', "%2D")];
    let pbx = |request: &HttpRequest| {
        let Payload::Json(body) = &request.body else { return groups(request) };
        let body: Value = serde_json::from_str(body).unwrap();
        let id: usize = body["groupId"].as_str().unwrap().parse().unwrap();
        let other = if id == 1 { 20 } else { id - 2 };
        let key = shapes[id % 4](&format!("CNRY-KEYX-0000-{other:04}"));
        let told = json!({ "error": { "code": "", "message": format!("Group has {key} already") } });
        HttpResponse { status: 400, ..ok(&told) }
    };
    for rows in [30, 201] {
        let ran = run((0..rows).map(|row| Cell::Number(f64::from(row % 30 + 1))), &[], pbx);
        let told = format!("{:?} {:?}", ran.rows, ran.hints);
        assert!(told.contains("Group has **** already"), "{told}");
        let plain: String = told.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        assert!(!plain.contains("cnrykeyx") && !plain.contains("cnry2dkeyx"), "{told}");
    }
}

#[test]
fn a_key_of_another_row_in_the_groups_column_goes_nowhere() {
    for options in [&[][..], &[("confirm", Cell::Bool(false))]] {
        let rows = (0..3)
            .map(|row| if row == 1 { Cell::Text("cnrykeyx00000000".into()) } else { Cell::Number(f64::from(row + 1)) });
        let ran = run(rows, options, pbx(many(30)));
        assert_eq!(ran.rows[1]["details"]["code"], "MISPLACED_LICENSE_KEY", "{}", ran.rows[1]);
        assert!(ran.requests.iter().all(|request| !request.path.to_lowercase().contains("cnry")), "{:?}", ran.requests);
    }
}

#[test]
fn a_row_tells_when_it_is_accepted_and_again_when_it_is_confirmed() {
    let ran = run((1..=300).map(|id| Cell::Number(f64::from(id))), &[], pbx(many(300)));
    assert_eq!((ran.tally.succeeded, ran.tally.failed), (300, 0));
    for row in 0..300 {
        let first = &ran.first[&row];
        assert!(first["success"] == true && first["changed"].is_null(), "{first}");
        assert!(first["confirmation"].as_str().unwrap().contains("before the groups were read again"), "{first}");
        assert!(ran.rows[row]["changed"].is_boolean() && ran.rows[row]["confirmation"].is_null(), "{}", ran.rows[row]);
        let of_row: Vec<_> = ran.told.iter().filter(|(told, ..)| *told == row).map(|(_, stage, _)| *stage).collect();
        assert_eq!(of_row, [Stage::First, Stage::Second]);
    }
    let at = |stage: Stage| ran.told.iter().filter(move |(_, told, _)| *told == stage).map(|(.., requests)| *requests);
    assert!(at(Stage::First).next() <= Some(5), "the first row tells after three readings and its own request");
    let (first, last) = (at(Stage::Second).min().unwrap(), at(Stage::Second).max().unwrap());
    assert!(first < last, "pages of the second reading tell of their rows as they come");
}

#[test]
fn a_pbx_that_accepts_all_and_changes_nothing_is_told_of_once() {
    let hints = |ran: &Ran| ran.hints.iter().filter(|hint| hint.contains("can be seen")).cloned().collect::<Vec<_>>();
    let ran = run(ids(300), &[], pbx(many(300)));
    assert!(hints(&ran)[0].starts_with("No change can be seen for 300 of the 300 keys"), "{:?}", ran.hints);
    assert_eq!(hints(&run(ids(3), &[("confirm", Cell::Bool(false))], pbx(many(3)))), [""; 0], "nobody looks");
    assert_eq!(hints(&run(ids(3), &[("dryRun", Cell::Bool(true))], pbx(many(3)))), [""; 0], "nothing was accepted");
    // One of three groups reads otherwise afterwards.
    let (groups, sent) = (pbx(many(3)), Flag::new(0));
    let one = |request: &HttpRequest| {
        sent.set(sent.get() + usize::from(request.method != Method::Get));
        let props = |id| json!({ "Subscription": if id == 1 && sent.get() == 3 { "PRO" } else { "Free" } });
        let group = |id| json!({ "Id": id, "Number": format!("GRP{id:04}"), "Props": props(id) });
        if request.method == Method::Get {
            ok(&json!({ "value": [group(1), group(2), group(3)] }))
        } else {
            groups(request)
        }
    };
    let ran = run(ids(3), &[], one);
    assert!(hints(&ran)[0].starts_with("No change can be seen for 2 of the 3 keys"), "{:?} {:?}", ran.hints, ran.rows);
}

#[test]
fn what_3cx_does_not_show_is_not_taken_for_unchanged() {
    for status in [204, 504] {
        let silent = |request: &HttpRequest| match request.method {
            Method::Get => ok(&json!({ "value": [{ "Id": 1, "Number": "GRP0001", "Props": null }, { "Id": 2 }] })),
            _ => HttpResponse { status, ..HttpResponse::default() },
        };
        let ran = run((1..=2).map(|id| Cell::Number(f64::from(id))), &[], silent);
        let told = if status == 204 { &ran.rows[0] } else { &ran.rows[0]["details"] };
        assert!(told["changed"].is_null(), "{}", ran.rows[0]);
        assert!(told["confirmation"].as_str().unwrap().contains("did not show"), "{}", ran.rows[0]);
        assert!(!ran.rows[0].to_string().contains("as before"), "{}", ran.rows[0]);
    }
}

#[test]
fn an_unknown_row_stops_the_run_at_once_where_that_is_wanted() {
    let settings = Settings { stop_on_error: true, ..Settings::default() };
    let groups = pbx(many(50));
    let lossy = |request: &HttpRequest| match request.method {
        Method::Get => groups(request),
        _ => HttpResponse { status: 500, ..HttpResponse::default() },
    };
    let ran = run_with(settings, None, (1..=50).map(|id| Cell::Number(f64::from(id))), &[], lossy);
    assert_eq!(ran.changes(), 1);
    assert_eq!(ran.rows[0]["details"]["outcome"], "unknown");
    assert_eq!(ran.rows[0]["details"]["changed"], false, "it is looked at all the same");
    assert_eq!(ran.unknown, RowSet::from_iter([0]));
    assert!(ran.rows[1..].iter().all(|row| row["details"]["outcome"] == "skipped"), "{:?}", ran.rows);
}

#[test]
fn no_key_goes_to_a_group_whose_row_is_unknown() {
    for confirm in [true, false] {
        let groups = pbx(many(3));
        let lossy = |request: &HttpRequest| match &request.body {
            Payload::Json(body) if body.contains("-0001") => HttpResponse { status: 504, ..HttpResponse::default() },
            _ => groups(request),
        };
        let ran = run(texts(&["2", "1", "grp0001", "2"]), &[("confirm", Cell::Bool(confirm))], lossy);
        assert_eq!(ran.changes(), 3);
        assert!(ran.rows[0]["success"] == true && ran.rows[3]["success"] == true, "{:?}", ran.rows);
        let details = &ran.rows[2]["details"];
        assert_eq!((&details["outcome"], &details["code"]), (&json!("notSent"), &json!("GROUP_IN_DOUBT")));
        let error = ran.rows[2]["error"].as_str().unwrap();
        assert_eq!(error, "Not sent: row 2 is for the same group, and its outcome is not known");
    }
}

/// In its name, or as its license.
#[test]
fn a_key_that_3cx_has_of_the_group_is_not_shown() {
    let key = "CNRY-KEYX-0000-0000";
    for status in [204, 404, 500] {
        let ran = run(texts(&["1"]), &[], |request| match request.method {
            Method::Get => {
                let props = json!({ "Subscription": format!("for {key}"), "StartupLicense": key.to_lowercase() });
                ok(
                    &json!({ "value": [{ "Id": 1, "Number": "GRP0001", "Name": format!("Sales {key}"), "Props": props }] }),
                )
            }
            _ => HttpResponse { status, ..HttpResponse::default() },
        });
        let told = ran.rows[0].to_string();
        assert!(!told.to_uppercase().contains("KEYX"), "{told}");
        assert!(told.contains("Sales ****-****-****-0000"), "{told}");
        assert_eq!(told.contains("for ****-****-****-0000"), status != 404, "{told}");
        let shown = if status == 204 { &ran.rows[0] } else { &ran.rows[0]["details"]["after"] };
        let license = shown.get("startupLicense").or(shown.get("StartupLicense"));
        assert!(status == 404 || license == Some(&json!("****-****-****-0000")), "{told}");
    }
}

#[test]
fn what_says_that_nothing_will_work_ends_the_run_only_where_a_change_is_answered_with_it() {
    let web_page = HttpResponse { status: 200, body: Body::Text("<html></html>".into()), ..HttpResponse::default() };
    for odd in [
        HttpResponse { status: 403, ..HttpResponse::default() },
        HttpResponse { status: 302, ..HttpResponse::default() },
        web_page,
    ] {
        for (method, changes) in [(Method::Get, 5), (Method::Post, 1)] {
            let groups = pbx(many(5));
            let answer = |request: &HttpRequest| if request.method == method { odd.clone() } else { groups(request) };
            let ran = run(ids(5), &[], answer);
            assert_eq!(ran.changes(), changes, "{odd:?}");
            assert_eq!(ran.rows[4]["success"], if changes == 5 { json!(true) } else { Value::Null }, "{odd:?}");
        }
    }
}

#[test]
fn rows_that_only_repeat_the_first_are_told_of_the_run() {
    for is_dry in [false, true] {
        let options = [("licenseKeyColumn", Cell::Text("One Key".into())), ("dryRun", Cell::Bool(is_dry))];
        let ran = run(texts(&["1", "1", "grp0001", "1"]), &options, pbx(many(3)));
        assert_eq!(ran.changes(), usize::from(!is_dry));
        let told: Vec<_> = ran.hints.iter().filter(|hint| hint.contains("of an earlier row")).collect();
        assert!(told.len() == 1 && told[0].starts_with("3 rows of 4 have the group and the key"), "{:?}", ran.hints);
    }
    let ran = run(ids(3), &[], pbx(many(3)));
    assert!(ran.hints.iter().all(|hint| !hint.contains("of an earlier row")), "{:?}", ran.hints);
}
