//! Which groups rows are for.

use super::*;

#[test]
fn twenty_rows_among_5000_groups_take_few_requests() {
    for (what, group) in [
        ("IDs", (|row| Cell::Number(f64::from(row * 200 + 7))) as fn(i32) -> Cell),
        ("texts", |row| Cell::Text((row * 200 + 7).to_string())),
        ("numbers", |row| Cell::Text(format!("grp{:04}", row * 200 + 7))),
    ] {
        let ran = run((0..20).map(group), &[], pbx(many(5000)));
        assert!(
            ran.rows.iter().all(|row| row["success"] == true && row["changed"].is_boolean()),
            "{what}: {:?}",
            ran.rows
        );
        assert_eq!(ran.changes(), 20);
        assert!(ran.requests.len() <= 26, "{what}: {} requests", ran.requests.len());
    }
}

#[test]
fn all_groups_are_read_where_that_takes_fewer_requests() {
    let ran = run((1..=150).map(|id| Cell::Number(f64::from(id))), &[], pbx(many(150)));
    assert_eq!(ran.changes(), 150);
    assert_eq!(ran.reads().len(), 4, "two pages before, two after: {:?}", ran.reads());
}

#[test]
fn a_filter_that_3cx_does_not_like_harms_no_other_row() {
    let groups = pbx(many(300));
    let picky = |request: &HttpRequest| match request.path.contains("odd") {
        true => HttpResponse { status: 400, body: Body::Text("{}".into()), ..HttpResponse::default() },
        false => groups(request),
    };
    let ran = run(texts(&["7", "an odd number", "GRP0299"]), &[("confirm", Cell::Bool(true))], picky);
    assert_eq!(ran.changes(), 2);
    assert!(ran.rows[0]["success"] == true && ran.rows[2]["success"] == true, "{:?}", ran.rows);
    assert_eq!(ran.rows[1]["details"]["code"], "UNKNOWN_GROUP");
}

#[test]
fn a_number_that_is_not_one_groups_own_is_never_sent() {
    let named = vec![(1, "GRP1"), (2, "grp1"), (3, ""), (4, " "), (5, "GRP5")];
    let named: Vec<_> = named.into_iter().map(|(id, number)| (id, number.to_owned())).collect();
    let by_number = [("sendGroupAs", Cell::Text("number".into()))];
    let ran = run((1..=5).map(|id| Cell::Number(f64::from(id))), &by_number, pbx(named.clone()));
    let codes: Vec<_> = ran.rows.iter().map(|row| row["details"]["code"].as_str()).collect();
    assert_eq!(codes, [Some("AMBIGUOUS_GROUP"), Some("AMBIGUOUS_GROUP"), Some("NO_NUMBER"), Some("NO_NUMBER"), None]);
    assert_eq!(ran.changes(), 1);
    for options in [&[][..], &by_number] {
        let ran = run(texts(&["grp1", "GRP1", "nobody"]), options, pbx(named.clone()));
        assert_eq!(ran.changes(), 0);
        assert!(ran.rows[..2].iter().all(|row| row["details"]["code"] == "AMBIGUOUS_GROUP"), "{:?}", ran.rows);
    }
}

#[test]
fn where_groups_cannot_be_read_the_person_may_want_to_stop() {
    let blind = |request: &HttpRequest| match request.method {
        Method::Get => HttpResponse { status: 400, body: Body::Text("{}".into()), ..HttpResponse::default() },
        _ => HttpResponse { status: 204, ..HttpResponse::default() },
    };
    let ids = || [1, 2, 3].map(|id| Cell::Number(f64::from(id)));
    assert_eq!(run(ids(), &[], blind).changes(), 3);
    for confirm in [true, false] {
        let options = [("stopIfUnread", Cell::Bool(true)), ("confirm", Cell::Bool(confirm))];
        let ran = run(ids(), &options, blind);
        assert_eq!(ran.changes(), 0);
        for row in &ran.rows {
            assert!(row["error"].as_str().unwrap().contains("could not be read completely before the run"), "{row}");
            assert_eq!(row["details"]["outcome"], "notSent");
        }
        assert_eq!(run(ids(), &options, pbx(many(3))).changes(), 3);
    }
}

#[test]
fn a_group_may_be_given_by_its_name_where_that_is_wanted() {
    // Names are `Name 1` and so on; the 150th is alone on the second page.
    let by_name = [("findByName", Cell::Bool(true)), ("confirm", Cell::Bool(false))];
    let given = ["Name 150", "GRP0002", "3", "name 4", "Name", "4.0"];
    let ran = run(texts(&given), &by_name, pbx(many(150)));
    let codes: Vec<_> = ran.rows.iter().map(|row| row["details"]["code"].as_str()).collect();
    assert_eq!(codes, [None, None, None, Some("UNKNOWN_GROUP"), Some("UNKNOWN_GROUP"), None], "{:?}", ran.rows);
    assert_eq!(ran.rows[0]["groupId"], 150);
    assert_eq!((ran.changes(), ran.reads().len()), (4, 2), "all groups are read first: {:?}", ran.reads());
    assert!(ran.requests[..2].iter().all(|request| request.method == Method::Get));
    let without = run(texts(&given), &[], pbx(many(150)));
    assert_eq!((without.changes(), &without.rows[0]["details"]["outcome"]), (3, &json!("notSent")));
}

#[test]
fn where_groups_cannot_be_read_no_name_is_taken_for_one() {
    for send_as in ["id", "number"] {
        let options = [("findByName", Cell::Bool(true)), ("sendGroupAs", Cell::Text(send_as.into()))];
        let groups = pbx(many(150));
        let half_blind = |request: &HttpRequest| match request.path.contains("$skip=100") {
            true => HttpResponse { status: 403, body: Body::Text("{}".into()), ..HttpResponse::default() },
            false => groups(request),
        };
        let ran = run(texts(&["Name 1", "2", "GRP0003"]), &options, half_blind);
        assert_eq!(ran.changes(), 0, "{send_as}");
        assert!(ran.rows.iter().all(|row| row["details"]["outcome"] == "notSent"), "{:?}", ran.rows);
    }
}

#[test]
fn a_number_beside_an_id_is_of_the_same_group() {
    let named = [(1, "GRP0001"), (2, "GRP0002"), (3, "0003"), (4, "GRP0004")];
    let pbx = pbx(named.map(|(id, number)| (id, number.to_owned())).to_vec());
    for confirm in [true, false] {
        let numbers = [
            Cell::Text(" grp0001 ".into()),
            Cell::Text("GRP0001".into()),
            Cell::Number(3.0),
            Cell::Empty,
            Cell::Text(" \u{a0}".into()),
            Cell::Text("CNRY-KEYX-0000-0005".into()),
            Cell::Text("n/a".into()),
            Cell::Text("-".into()),
        ];
        let groups = [1, 2, 3, 4, 1, 2, 2, 4].map(|id| Cell::Number(f64::from(id))).to_vec();
        let options = vec![("confirm", Cell::Bool(confirm))];
        let form = Form { groups, numbers: numbers.to_vec(), options };
        let ran = run_rows(Settings::default(), None, form, &pbx);
        assert_eq!(ran.changes(), 6, "{:?}", ran.rows);
        assert!([0, 2, 3, 4, 6, 7].iter().all(|row| ran.rows[*row]["success"] == true), "{:?}", ran.rows);
        for row in [1, 5] {
            let row = &ran.rows[row];
            assert_eq!(
                (&row["details"]["code"], &row["details"]["outcome"]),
                (&json!("AMBIGUOUS_GROUP"), &json!("notSent"))
            );
            let error = row["error"].as_str().unwrap();
            assert_eq!(
                error,
                "“2” is the group with the ID 2 and the number GRP0002, but “Group Number” has another number"
            );
        }
    }
}

/// A PBX that gives its first page again and again, whatever is skipped.
fn stuck(groups: i32) -> impl Fn(&HttpRequest) -> HttpResponse {
    let groups = pbx(many(groups));
    move |request| {
        let path = request.path.replace("$skip=", "$skipped=");
        groups(&HttpRequest { path, ..request.clone() })
    }
}

#[test]
fn groups_whose_pages_repeat_are_told_as_not_read() {
    let rows = || (1..=201).map(|id| Cell::Text(if id == 201 { "GRP0007".to_owned() } else { id.to_string() }));
    let ran = run(rows(), &[], stuck(300));
    assert_eq!(ran.changes(), 200, "digits are taken for an ID where groups cannot be looked up");
    assert!(ran.rows[..200].iter().all(|row| row["success"] == true));
    for row in &ran.rows[100..200] {
        let told = row["confirmation"].as_str().unwrap();
        assert!(told.starts_with("Not confirmed") && told.contains("the same page twice"), "{told}");
    }
    let by_number = &ran.rows[200];
    assert_eq!(by_number["details"]["code"], "PAGE_REPEATED", "a number may be another group's as well: {by_number}");
    assert!(by_number["message"].as_str().unwrap().contains("by their IDs"), "{by_number}");
    assert_eq!(ran.hints.len(), 3, "{:?}", ran.hints);
    for (hint, when) in ran.hints.iter().zip(["before", "after"]) {
        let begins =
            format!("The groups could not be read completely {when} the run: The PBX sent the same page twice");
        assert_eq!(*hint, begins);
    }
    let stopped = run(rows(), &[("stopIfUnread", Cell::Bool(true))], stuck(300));
    assert_eq!(stopped.changes(), 0);
    assert!(stopped.rows.iter().all(|row| row["details"]["outcome"] == "notSent"));
}

/// A PBX that gives its first 100 groups and tells of all.
fn cut(named: Vec<(i32, String)>) -> impl Fn(&HttpRequest) -> HttpResponse {
    let groups = pbx(named);
    move |request| match request.path.contains("$skip=") {
        true => ok(&json!({ "@odata.count": 300, "value": [] })),
        false => groups(request),
    }
}

#[test]
fn a_list_of_groups_that_is_cut_was_not_read() {
    let rows = || (1..=210).map(|row| Cell::Text(if row == 210 { "GRP0210".to_owned() } else { row.to_string() }));
    let ran = run(rows(), &[], cut(many(300)));
    assert_eq!(ran.changes(), 209);
    assert!(ran.rows[..100].iter().all(|row| row["changed"].is_boolean()), "{}", ran.rows[0]);
    assert!(ran.rows[150]["confirmation"].as_str().unwrap().contains("more of this list"), "{}", ran.rows[150]);
    assert!(ran.rows[209]["error"].as_str().unwrap().contains("could not be looked up"), "{}", ran.rows[209]);
    assert!(ran.rows[209]["message"].as_str().unwrap().contains("ten rows at a time"), "{}", ran.rows[209]);
    for (when, hint) in ["before", "after"].iter().zip(&ran.hints[..]) {
        assert!(hint.starts_with(&format!("The groups could not be read completely {when}")), "{:?}", ran.hints);
    }
    let stopped = run(rows(), &[("stopIfUnread", Cell::Bool(true))], cut(many(300)));
    assert_eq!(stopped.changes(), 0);
    assert!(stopped.rows.iter().all(|row| row["details"]["code"] == "LIST_CUT"), "{}", stopped.rows[0]);
}

#[test]
fn what_was_read_in_part_does_not_say_which_group_is_meant() {
    // The group with the ID 250, which is another one's number, does not come.
    let mut named = many(300);
    named[6].1 = "250".to_owned();
    let all = pbx(named);
    let in_part = |request: &HttpRequest| match request.path.contains("$skip=") {
        true => HttpResponse { status: 400, body: Body::Text("{}".into()), ..HttpResponse::default() },
        false => all(request),
    };
    let rows = || (100..=301).map(|id| Cell::Text(id.to_string()));
    let ran = run(rows(), &[], in_part);
    let is_for_7 =
        |request: &&HttpRequest| matches!(&request.body, Payload::Json(body) if body.contains(r#""groupId":"7""#));
    assert_eq!(ran.requests.iter().filter(is_for_7).count(), 0);
    let by_number = run(rows(), &[("sendGroupAs", Cell::Text("number".into()))], in_part);
    assert_eq!(by_number.changes(), 0, "whether a number is no other group's is not known");
    // It is not its ID either, for all that is known.
    assert_eq!(
        (ran.changes(), &ran.rows[150]["details"]["code"]),
        (201, &json!("AMBIGUOUS_GROUP")),
        "{}",
        ran.rows[150]
    );
}

#[test]
fn one_group_is_not_for_many_keys_however_rows_name_it() {
    for given in [&["1", "grp0001"][..], &["1", "GRP0001", "1", "GRP0001", "2"], &["Name 3", "3", "GRP0003", "2"]] {
        for confirm in [true, false] {
            let names = given.iter().any(|group| group.starts_with("Name"));
            let options = [("confirm", Cell::Bool(confirm)), ("findByName", Cell::Bool(names))];
            let ran = run(texts(given), &options, pbx(many(3)));
            assert_eq!(ran.changes(), 0, "{given:?}");
            assert!(ran.rows.iter().all(|row| row["details"]["code"] == "FIXED_GROUP"), "{:?}", ran.rows);
        }
    }
}

#[test]
fn one_key_is_for_one_group_however_rows_name_it() {
    for (given, changes) in [(["2", "GRP0002", "Name 2"], 1), (["1", "GRP0002", "Name 3"], 0)] {
        let options = [("findByName", Cell::Bool(true)), ("licenseKeyColumn", Cell::Text("One Key".into()))];
        let ran = run(texts(&given), &options, pbx(many(3)));
        let is_refused = ran.rows.iter().all(|row| row["details"]["code"] == "FIXED_KEY");
        assert_eq!((ran.changes(), is_refused), (changes, changes == 0), "{:?}", ran.rows);
    }
}

#[test]
fn where_a_row_names_its_group_by_no_id_all_groups_are_looked_up_first() {
    for given in [["1", "grp0002"], ["grp0002", "1"]] {
        let ran = run(
            texts(&given),
            &[("confirm", Cell::Bool(false))],
            pbx(vec![(1, "GRP0001".into()), (2, "GRP0002".into()), (3, "1".into())]),
        );
        assert_eq!(ran.requests[0].method, Method::Get, "{given:?}");
        let codes: Vec<_> = ran.rows.iter().filter_map(|row| row["details"]["code"].as_str()).collect();
        assert_eq!((ran.changes(), codes), (1, vec!["AMBIGUOUS_GROUP"]), "{given:?}");
    }
}

#[test]
fn a_dry_run_of_which_some_groups_cannot_be_read_says_what_a_run_would_do() {
    let groups = pbx(many(300));
    let unread = |request: &HttpRequest| match request.path.contains("$skip=100") {
        true => HttpResponse { status: 400, ..HttpResponse::default() },
        false => groups(request),
    };
    let rows = || ids(250).chain(texts(&["GRP0150"]));
    for is_dry in [true, false] {
        let ran = run(rows(), &[("dryRun", Cell::Bool(is_dry))], unread);
        assert_eq!(ran.changes(), if is_dry { 0 } else { 250 });
        let field = if is_dry { "wouldSend" } else { "success" };
        assert!(ran.rows[..250].iter().all(|row| row[field] == true), "{:?}", ran.rows);
        let told = &ran.rows[250]["details"]["dryRun"];
        assert_eq!(*told, if is_dry { json!(true) } else { Value::Null }, "{}", ran.rows[250]);
    }
    // Where nothing can be read it is none.
    let none =
        run(ids(2), &[("dryRun", Cell::Bool(true))], |_| HttpResponse { status: 400, ..HttpResponse::default() });
    assert!(
        none.rows.iter().all(|row| row["details"]["dryRun"].is_null() && row["error"].is_string()),
        "{:?}",
        none.rows
    );
}

/// Departments that are named by the number of a store, with numbers that may be digits.
fn stores(request: &HttpRequest) -> HttpResponse {
    if request.method != Method::Get {
        return HttpResponse { status: 204, ..HttpResponse::default() };
    }
    let all = [
        (28, "GRP0028", "Main"),
        (29, "0028", "31"),
        (31, "GRP0031", "34"),
        (34, "GRP0034", "101"),
        (35, "GRP0035", "Sales"),
    ];
    let path = request.path.replace("%20", " ");
    let is_meant = |(id, number, _): &(i32, &str, &str)| {
        !path.contains("$filter") || path.contains(&format!("Id eq {id} ")) || path.contains(&number.to_lowercase())
    };
    let group =
        |(id, number, name)| json!({ "Id": id, "Number": number, "Name": name, "Props": { "Subscription": "Free" } });
    ok(&json!({ "value": all.into_iter().filter(is_meant).map(group).collect::<Vec<_>>() }))
}

#[test]
fn digits_go_to_no_group_where_another_one_may_be_meant() {
    let given = ["28", "31", "35", "GRP0034"];
    for (column, is_by_name, expected) in [
        ("Group Name", false, [Some("GROUP_NAME"), Some("GROUP_NAME"), Some("GROUP_NAME"), None]),
        ("Group Name", true, [Some("UNKNOWN_GROUP"), None, Some("UNKNOWN_GROUP"), None]),
        ("Department", false, [Some("AMBIGUOUS_GROUP"), Some("AMBIGUOUS_GROUP"), None, None]),
        ("Group ID", false, [None; 4]),
    ] {
        for (option, is_on) in [("confirm", true), ("confirm", false), ("dryRun", true)] {
            let options = [
                ("groupColumn", Cell::Text(column.into())),
                ("findByName", Cell::Bool(is_by_name)),
                (option, Cell::Bool(is_on)),
            ];
            let ran = run(texts(&given), &options, stores);
            let codes: Vec<_> = ran.rows.iter().map(|row| row["details"]["code"].as_str()).collect();
            assert_eq!(codes, expected, "{column} {option} {is_on}: {:?}", ran.rows);
            let named = &ran.rows[1]["groupId"];
            assert!(!is_by_name || *named == 29, "{named}");
        }
    }
    // Many rows, of which all groups are read anyway.
    let column = [("groupColumn", Cell::Text("Department".into()))];
    assert_eq!(run(ids(250), &column, pbx(many(250))).changes(), 250);
}
