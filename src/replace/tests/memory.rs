//! A second run.

use super::*;

const SKIPS: (&str, Cell) = ("skipDoneBefore", Cell::Bool(true));

fn remembering(
    host: &Host,
    count: usize,
    options: &[(&'static str, Cell)],
    pbx: impl Fn(&HttpRequest) -> HttpResponse,
) -> Ran {
    run_with(Settings::default(), Some(host), ids(count), &[&[SKIPS], options].concat(), pbx)
}

#[test]
fn what_an_earlier_run_did_is_skipped_and_says_so() {
    let host = Host::default();
    for confirm in [true, false] {
        let options = [("confirm", Cell::Bool(confirm))];
        let count = if confirm { 100 } else { 120 };
        let ran = remembering(&host, count, &options, pbx(many(200)));
        assert_eq!(ran.changes(), if confirm { 100 } else { 20 });
        let again = remembering(&host, count, &options, pbx(many(200)));
        assert_eq!(again.changes(), 0);
        assert_eq!((again.tally.succeeded, again.tally.skipped), (0, count));
        for row in &again.rows {
            assert!(row["success"] == true && row["doneBefore"] == true, "{row}");
            assert!(row["warnings"].to_string().contains("not sent again"), "{row}");
            let shown = if confirm { json!("Free") } else { Value::Null };
            assert_eq!((&row["subscription"], &row["previousSubscription"]), (&shown, &Value::Null), "{row}");
        }
    }
    assert_eq!(host.texts.borrow().len(), 120, "one text for each row that is done, and nothing else");
    for text in host.texts.borrow().iter() {
        assert!(!text.contains("CNRY") && text.len() < 60, "{text}");
    }
    // Another key for the group, or another PBX, is another row.
    let dry = [("dryRun", Cell::Bool(true))];
    let notes = host.notes.get();
    assert_eq!(remembering(&host, 100, &dry, pbx(many(200))).changes(), 0);
    assert_eq!(host.notes.get(), notes, "a dry run neither asks nor remembers");
}

#[test]
fn wherever_a_run_breaks_off_nothing_is_applied_twice_and_nothing_is_lost_in_silence() {
    const ROWS: usize = 12;
    for confirm in [true, false] {
        let options = [("confirm", Cell::Bool(confirm))];
        let mut is_over = false;
        for steps in 1.. {
            let host = Host::default();
            let applied = RefCell::new(Vec::new());
            let groups = pbx(many(20));
            let ledger = |request: &HttpRequest| {
                if request.method != Method::Get {
                    applied.borrow_mut().push(format!("{:?}", request.body));
                }
                groups(request)
            };
            host.breaks_after.set(steps);
            let ran = remembering(&host, ROWS, &options, ledger);
            is_over |= ran.tally.succeeded == ROWS;
            host.breaks_after.set(0);
            let in_time = applied.borrow().len();
            let again = remembering(&host, ROWS, &options, ledger);
            let applied = applied.borrow();
            assert_eq!(applied.iter().collect::<HashSet<_>>().len(), applied.len(), "after {steps} steps");
            let told = |row: &Value| match (&row["doneBefore"], row["details"]["outcome"].as_str()) {
                (Value::Bool(true), _) => "before",
                (_, Some("unknown")) => "in doubt",
                (_, None) if row["success"] == true => "now",
                _ => panic!("{row}"),
            };
            let count = |what: &str| again.rows.iter().filter(|row| told(row) == what).count();
            let (before, doubt, now) = (count("before"), count("in doubt"), count("now"));
            assert!(before <= in_time && in_time <= before + doubt, "{in_time} were applied: {before} + {doubt}");
            assert_eq!(now, applied.len() - in_time);
            assert_eq!(remembering(&host, ROWS, &options, ledger).changes(), 0, "a third run has nothing to do");
            for row in again.rows.iter().filter(|row| told(row) == "in doubt") {
                assert_eq!(row["details"]["code"], "IN_DOUBT");
                assert!(row["details"]["subscription"].is_object(), "looked at, with or without Confirm: {row}");
            }
            if is_over {
                assert_eq!(before, ROWS);
                break;
            }
        }
    }
}

/// Runs that leave the only row in doubt, and then runs it again.
fn in_doubt(host: &Host, options: &[(&'static str, Cell)], pbx: impl Fn(&HttpRequest) -> HttpResponse) -> Ran {
    let lost = |request: &HttpRequest| match request.method {
        Method::Get => pbx(request),
        _ => HttpResponse { status: 500, ..HttpResponse::default() },
    };
    assert_eq!(remembering(host, 1, options, lost).changes(), 1);
    remembering(host, 1, options, pbx)
}

#[test]
fn a_row_in_doubt_is_looked_at_first() {
    for confirm in [true, false] {
        let options = [("confirm", Cell::Bool(confirm))];
        let now = |request: &HttpRequest| match request.path.contains("$filter") && !request.path.contains("$count") {
            true => ok(&json!({ "value": [
                { "Id": 2, "Number": "GRP0001", "Props": { "Subscription": "Other" } },
                { "Id": 1, "Number": "GRP0001", "Props": { "Subscription": "Now" } },
            ] })),
            false => ok(&json!({ "value": [{ "Id": 1, "Number": "GRP0001", "Props": { "Subscription": "Then" } }] })),
        };
        let ran = in_doubt(&Host::default(), &options, now);
        assert_eq!(ran.changes(), 0);
        let details = &ran.rows[0]["details"];
        assert_eq!((&details["code"], &details["outcome"]), (&json!("IN_DOUBT"), &json!("unknown")));
        assert_eq!(details["subscription"]["Subscription"], "Now", "{}", ran.rows[0]);
        assert_eq!(details["begunAt"], Value::Null, "the host does not tell");
    }
    // Its group gets no other key.
    let host = Host::default();
    in_doubt(&host, &[], pbx(many(2)));
    let ran = run_with(Settings::default(), Some(&host), texts(&["1", "grp0001", "2"]), &[SKIPS], pbx(many(2)));
    assert_eq!((ran.changes(), &ran.rows[1]["details"]["code"]), (1, &json!("GROUP_IN_DOUBT")), "{:?}", ran.rows);
    // What cannot be read is said, and the row is as unknown as it was.
    let blind = |request: &HttpRequest| match request.method {
        Method::Get => HttpResponse { status: 403, ..HttpResponse::default() },
        _ => HttpResponse { status: 204, ..HttpResponse::default() },
    };
    let ran = in_doubt(&Host::default(), &[("confirm", Cell::Bool(false))], blind);
    let details = &ran.rows[0]["details"];
    assert_eq!((ran.changes(), &details["outcome"]), (0, &json!("unknown")));
    assert!(details["confirmation"].as_str().unwrap().starts_with("Not confirmed: "), "{details}");
}

#[test]
fn what_a_row_in_doubt_says_to_do_works() {
    let host = Host::default();
    let groups = pbx(many(2));
    let run = |rows: &[&str], options: &[(&'static str, Cell)]| {
        run_with(Settings::default(), Some(&host), texts(rows), options, &groups)
    };
    let told = in_doubt(&host, &[], &groups).rows[0]["message"].as_str().unwrap().to_owned();
    assert!(
        told.contains(
            "run this row alone with Skip Rows Done Before off. Then, or if it is there, leave the row out of runs"
        ),
        "{told}"
    );
    assert!(told.ends_with(" with that option: for them it stays in doubt."), "{told}");
    assert_eq!(run(&["1"], &[]).tally.succeeded, 1, "alone, with the option off");
    assert_eq!(run(&["1"], &[SKIPS]).rows[0]["details"]["code"], "IN_DOUBT", "with the option it stays so");
    let without = run(&["2", "1"], &[SKIPS]);
    assert_eq!((without.changes(), without.tally.failed), (2, 0), "without the row its group gets another key");
    // A row behind it says to run it alone.
    let behind = run(&["1", "2", "grp0001"], &[SKIPS]);
    assert_eq!(behind.rows[2]["details"]["code"], "GROUP_IN_DOUBT", "{}", behind.rows[2]);
    assert!(behind.rows[2]["message"].as_str().unwrap().ends_with("run this row alone then."), "{}", behind.rows[2]);
}

#[test]
fn a_row_done_before_whose_group_gets_another_key_now_is_not_told_as_done() {
    let run = |host: &Host, pbx: &dyn Fn(&HttpRequest) -> HttpResponse| {
        run_with(Settings::default(), Some(host), texts(&["1", "grp0001", "2"]), &[SKIPS], pbx)
    };
    let groups = pbx(many(2));
    let picky = |request: &HttpRequest| match &request.body {
        Payload::Json(body) if body.contains("0000-0000") => HttpResponse { status: 400, ..ok(&json!({})) },
        _ => groups(request),
    };
    let host = Host::default();
    assert_eq!(run(&host, &picky).tally.succeeded, 2);
    let ran = run(&host, &groups);
    assert_eq!((ran.changes(), &ran.rows[0]["success"], &ran.rows[2]["doneBefore"]), (1, &json!(true), &json!(true)));
    assert_eq!(ran.rows[1]["details"]["code"], "OVERTAKEN", "{}", ran.rows[1]);
    let error = ran.rows[1]["error"].as_str().unwrap();
    assert_eq!(error, "Not sent: an earlier run gave the group this key, and row 1, after it, another one");
    // What earlier runs did one after another is no contradiction.
    let host = Host::default();
    assert_eq!(run(&host, &groups).changes(), 3);
    assert!(run(&host, &groups).rows.iter().all(|row| row["doneBefore"] == true));
}

/// The memory knows each pair of a group and a key by itself, and not which key came last.
#[test]
fn going_back_to_an_earlier_key_is_said_to_need_a_run_without_the_memory() {
    let host = Host::default();
    let groups = pbx(many(2));
    // A row has the key of its place: the group 1 gets the first, then the second.
    let run = |rows: &[&str], options: &[(&'static str, Cell)]| {
        run_with(Settings::default(), Some(&host), texts(rows), options, &groups)
    };
    assert_eq!(run(&["1"], &[SKIPS]).changes(), 1);
    assert_eq!(run(&["2", "1"], &[SKIPS]).changes(), 2);
    let back = run(&["1"], &[SKIPS]);
    assert_eq!((back.changes(), &back.rows[0]["doneBefore"]), (0, &json!(true)));
    let told = "One row was done by an earlier run and was not sent again. If its group has got another key since, the earlier one does not come back: for that, run the row alone with Skip Rows Done Before off";
    assert_eq!(back.hints, [told]);
    assert_eq!(run(&["1"], &[]).changes(), 1, "what it says to do works");
}

#[test]
fn a_host_may_tell_since_when() {
    const SINCE: &str = "2026-11-28T02:00:00Z";
    let host = Host { since: Some(SINCE), ..Host::default() };
    remembering(&host, 1, &[], pbx(many(1)));
    let ran = remembering(&host, 1, &[], pbx(many(1)));
    assert_eq!((ran.changes(), &ran.rows[0]["begunAt"]), (0, &json!(SINCE)));
    assert!(ran.rows[0]["warnings"].to_string().contains(SINCE), "{}", ran.rows[0]);
    let ran = in_doubt(&Host { since: Some(SINCE), ..Host::default() }, &[], pbx(many(1)));
    assert_eq!(ran.rows[0]["details"]["begunAt"], SINCE, "{}", ran.rows[0]);
}

#[test]
fn what_was_not_carried_out_is_sent_again() {
    for status in [400, 401] {
        let host = Host::default();
        let groups = pbx(many(30));
        let picky = |request: &HttpRequest| match request.method {
            Method::Get => groups(request),
            _ => HttpResponse { status, body: Body::Text("{}".into()), ..HttpResponse::default() },
        };
        let ran = remembering(&host, 30, &[], picky);
        assert_eq!(ran.tally.failed, 30, "{status}");
        assert_eq!(host.texts.borrow().len(), 0, "{status}");
        assert_eq!(remembering(&host, 30, &[], pbx(many(30))).changes(), 30, "{status}");
    }
}

#[test]
fn without_a_memory_that_works_nothing_is_sent() {
    let groups = || pbx(many(300));
    let failing = Host::default();
    failing.fails.set(true);
    let small = Host { capacity: Some(599), ..Host::default() };
    for (host, why) in [(None, "there is none"), (Some(&small), "room for 299 rows"), (Some(&failing), "is locked")] {
        let ran = run_with(Settings::default(), host, ids(300), &[SKIPS], groups());
        assert_eq!(ran.changes(), 0, "{why}");
        for row in &ran.rows {
            assert!(row["error"].as_str().unwrap().contains(why), "{row}");
            assert_eq!(row["details"]["outcome"], "notSent");
            assert_eq!(row["details"]["code"], "MEMORY");
        }
    }
    // What an earlier run has written is lost to another one.
    let host = Host::default();
    host.overwritten.set(3);
    let ran = remembering(&host, 300, &[], groups());
    assert!(ran.changes() > 0 && ran.changes() < 300, "{}", ran.changes());
    assert!(ran.rows[299]["error"].as_str().unwrap().contains("another run"), "{}", ran.rows[299]);
    assert_eq!(ran.tally.succeeded, ran.changes());
}

#[test]
fn once_the_memory_is_lost_a_row_that_was_to_be_sent_again_is_not() {
    let host = Host::default();
    let (groups, busy) = (pbx(many(9)), Flag::new(0));
    let pbx = |request: &HttpRequest| match &request.body {
        Payload::Json(body) if body.contains("-0002") => {
            busy.set(busy.get() + 1);
            // Another run writes over what is kept of the next rows, long before this one's time has come.
            host.overwritten.set(host.notes.get() + 1);
            HttpResponse { status: 429, retry_after: Some(30_000), ..HttpResponse::default() }
        }
        _ => groups(request),
    };
    let ran = remembering(&host, 9, &[], pbx);
    assert_eq!((ran.changes(), busy.get()), (4, 1), "{:?}", ran.rows);
    for row in [0, 1, 3] {
        let row = &ran.rows[row];
        assert!(row["success"] == true && row["changed"].is_boolean(), "what was sent is looked at: {row}");
    }
    for row in [&ran.rows[2..3], &ran.rows[4..]].concat() {
        assert_eq!(
            (&row["details"]["code"], &row["details"]["outcome"]),
            (&json!("MEMORY"), &json!("notSent")),
            "{row}"
        );
    }
}

#[test]
fn a_memory_that_fails_at_the_end_keeps_nobody_from_looking_at_what_was_sent() {
    let host = Host::default();
    let (groups, sent) = (pbx(many(150)), Flag::new(0));
    let pbx = |request: &HttpRequest| {
        sent.set(sent.get() + usize::from(request.method != Method::Get));
        // The first of two pages comes after the last note.
        if request.method == Method::Get && sent.get() == 40 && !host.fails.replace(true) {
            return HttpResponse { status: 429, retry_after: Some(1000), ..HttpResponse::default() };
        }
        groups(request)
    };
    let rows = (101..=140).map(|id| Cell::Number(f64::from(id)));
    let ran = run_with(Settings::default(), Some(&host), rows, &[SKIPS], pbx);
    assert_eq!(ran.tally.succeeded, 40);
    assert!(ran.rows.iter().all(|row| row["changed"].is_boolean()), "{}", ran.rows[0]);
    assert!(ran.hints.iter().any(|hint| hint.contains("may call rows in doubt")), "{:?}", ran.hints);
}

#[test]
fn rows_share_what_the_memory_costs() {
    let host = Host::default();
    let ran = remembering(&host, 1000, &[], pbx(many(1000)));
    assert_eq!(ran.tally.succeeded, 1000);
    assert!(host.notes.get() <= 100, "{} notes", host.notes.get());
    let off = Host::default();
    run_with(Settings::default(), Some(&off), ids(100), &[], pbx(many(100)));
    assert_eq!(off.notes.get(), 0, "what is off costs nothing");
}

#[test]
fn runs_of_one_execution_send_no_row_twice_and_nothing_to_a_group_in_doubt() {
    let execution = Execution::default();
    let groups = pbx(many(9));
    let lost = |request: &HttpRequest| match request.method {
        Method::Get => groups(request),
        _ => HttpResponse { status: 500, ..HttpResponse::default() },
    };
    // Rows have keys by their place: group 2 gets one, and of group 3 nobody knows.
    assert_eq!(execution.run(&[2], &groups).changes(), 1);
    assert_eq!(execution.run(&[3], lost).unknown.len(), 1);
    let ran = execution.run(&[2, 4, 3], &groups);
    assert_eq!((ran.changes(), &ran.rows[0]["doneBefore"]), (1, &json!(true)));
    assert_eq!(ran.rows[2]["details"]["code"], "GROUP_IN_DOUBT");
    let ran = execution.run(&[3], &groups);
    assert_eq!((ran.changes(), &ran.rows[0]["details"]["code"]), (0, &json!("IN_DOUBT")));
    // Another key in between: it stays, as it does within one run.
    assert_eq!(execution.run(&[9, 2], &groups).changes(), 2);
    let ran = execution.run(&[2], &groups);
    assert_eq!((ran.changes(), &ran.rows[0]["details"]["code"]), (0, &json!("OVERTAKEN")));
    assert!(ran.rows[0]["error"].as_str().unwrap().contains("and an earlier run, after it"), "{}", ran.rows[0]);
    // A run that breaks off leaves in doubt what is under way, and what was refused is sent again.
    let refused = |request: &HttpRequest| match request.method {
        Method::Get => groups(request),
        _ => HttpResponse { status: 400, ..HttpResponse::default() },
    };
    assert_eq!(execution.run(&[5], refused).changes(), 1);
    assert_eq!(execution.run(&[5], &groups).changes(), 1);
    let breaks = |after| Host { breaks_after: Flag::new(after), ..Host::default() };
    let broken = (1..).map(|after| execution.run_until(Some(&breaks(after)), &[6], &groups));
    assert_eq!(broken.map(|ran| ran.changes()).find(|changes| *changes > 0), Some(1));
    assert_eq!(execution.run(&[6], &groups).rows[0]["details"]["code"], "IN_DOUBT");
    assert_eq!(Execution::default().run(&[2, 3], &groups).changes(), 2, "another execution");
}
