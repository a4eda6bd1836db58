//! The whole job against a PBX that answers at once.

use std::cell::{Cell as Flag, RefCell};
use std::collections::{HashMap, HashSet};

use call_engine::{Batch, Before, Note, Renewal, RowSet, Settings, Stage, Tally};
use serde_json::{Value, json};

use super::{Memory, Replacement};
use crate::n8n::replaced::InWords;
use crate::rows::{Cell, CellFault, ColumnNames, Rows, folded};
use crate::secret::Secret;
use crate::xapi::error::{Failure, MemoryFault};
use crate::xapi::protocol::{Action, Session, Xapi};
use crate::xapi::request::{HttpRequest, Method, Payload};
use crate::xapi::response::{Body, HttpResponse};

const PATH: &str = "/Groups/Pbx.ReplaceGroupLicenseKey";

/// Rows with a group each, and options for all of them.
struct Form {
    groups: Vec<Cell>,
    /// What stands beside them under `Group Number`, if there is such a column.
    numbers: Vec<Cell>,
    options: Vec<(&'static str, Cell)>,
}

impl Rows for Form {
    fn len(&self) -> usize {
        self.groups.len()
    }

    fn is_fixed(&self, _name: &str) -> bool {
        true
    }

    fn parameter(&mut self, _row: usize, name: &str) -> Result<Cell, CellFault> {
        let found = self.options.iter().find(|(known, _)| *known == name);
        Ok(found.map_or(Cell::Empty, |(_, cell)| cell.clone()))
    }

    fn column(&mut self, row: usize, name: &str) -> Result<Cell, CellFault> {
        Ok(match folded(name).as_str() {
            "groupid" => self.groups[row].clone(),
            "groupnumber" => self.numbers.get(row).cloned().unwrap_or(Cell::Empty),
            "licensekey" => Cell::Text(format!("CNRY-KEYX-0000-{row:04}")),
            _ => Cell::Empty,
        })
    }

    fn column_names(&self) -> ColumnNames {
        let spelled = ["Group ID", "License Key", "Group Number"].map(str::to_owned);
        let spelled = if self.numbers.is_empty() { Vec::new() } else { spelled.into() };
        ColumnNames { spelled, ..ColumnNames::default() }
    }

    fn columns(&mut self, _row: usize) -> Result<String, CellFault> {
        Ok("{}".to_owned())
    }

    fn file(&mut self, _row: usize, _field: &str) -> Option<String> {
        None
    }
}

/// A host that remembers.
#[derive(Default)]
struct Host {
    texts: RefCell<Vec<String>>,
    notes: Flag<usize>,
    runs: Flag<u64>,
    /// At which action of a run it breaks down, having done what it was asked.
    breaks_after: Flag<usize>,
    fails: Flag<bool>,
    /// After which note another run writes over what is there.
    overwritten: Flag<usize>,
    capacity: Option<usize>,
    /// Since when it has known what it knows, if it tells that.
    since: Option<&'static str>,
}

impl Host {
    fn memory(&self) -> Memory {
        self.runs.set(self.runs.get() + 1);
        Memory::new("https://pbx.example.com", self.capacity, self.runs.get())
    }

    fn note(&self, note: Note) -> Result<Vec<Before>, MemoryFault> {
        self.notes.set(self.notes.get() + 1);
        if self.fails.get() {
            return Err(MemoryFault::Failed("the database is locked".to_owned()));
        }
        let mut texts = self.texts.borrow_mut();
        texts.retain(|text| !note.forget.contains(text));
        let before = |text: &String| match (texts.contains(text), self.since) {
            (false, _) => Before::No,
            (true, None) => Before::Yes,
            (true, Some(when)) => Before::Since(when.to_owned()),
        };
        let known = note.remember.iter().map(before).collect();
        let new: Vec<_> = note.remember.into_iter().filter(|text| !texts.contains(text)).collect();
        texts.extend(new);
        if self.notes.get() == self.overwritten.get() {
            texts.clear();
        }
        Ok(known)
    }
}

/// What a run asked for, and what its rows say.
struct Ran {
    requests: Vec<HttpRequest>,
    rows: Vec<Value>,
    hints: Vec<String>,
    unknown: RowSet,
    /// Rows in the order in which they told, with how many requests had been made.
    told: Vec<(usize, Stage, usize)>,
    /// What the rows first said that told twice.
    first: HashMap<usize, Value>,
    tally: Tally,
}

impl Ran {
    fn changes(&self) -> usize {
        self.requests.iter().filter(|request| request.method != Method::Get).count()
    }

    fn reads(&self) -> Vec<&str> {
        let reads = self.requests.iter().filter(|request| request.method == Method::Get);
        reads.map(|request| request.path.as_str()).collect()
    }
}

fn run(
    groups: impl IntoIterator<Item = Cell>,
    options: &[(&'static str, Cell)],
    pbx: impl Fn(&HttpRequest) -> HttpResponse,
) -> Ran {
    run_with(Settings::default(), None, groups, options, pbx)
}

fn run_with(
    settings: Settings,
    host: Option<&Host>,
    groups: impl IntoIterator<Item = Cell>,
    options: &[(&'static str, Cell)],
    pbx: impl Fn(&HttpRequest) -> HttpResponse,
) -> Ran {
    let rows = Form { groups: groups.into_iter().collect(), numbers: Vec::new(), options: options.to_vec() };
    run_rows(settings, host, rows, pbx)
}

fn run_rows(
    settings: Settings,
    host: Option<&Host>,
    mut rows: Form,
    pbx: impl Fn(&HttpRequest) -> HttpResponse,
) -> Ran {
    let session = Session::with_token(Secret::new("token".to_owned()), Renewal::Never);
    let mut batch =
        Batch::new(Replacement::<InWords>::new(PATH, host.map(Host::memory)), settings, session, Xapi::default());
    let mut ran = Ran {
        requests: Vec::new(),
        rows: vec![Value::Null; rows.len()],
        hints: Vec::new(),
        unknown: RowSet::default(),
        told: Vec::new(),
        first: HashMap::new(),
        tally: Tally::default(),
    };
    let (mut now, mut waits, mut steps) = (0, 0, 0);
    // A PBX that is too busy says so when the run waits for nothing else.
    let mut late = Vec::new();
    loop {
        now += 10;
        let action = batch.poll(now, &mut rows);
        steps += 1;
        let is_last = host.is_some_and(|host| host.breaks_after.get() == steps);
        for outcome in batch.take_outcomes() {
            let item: Value = serde_json::from_str(&outcome.items[0]).unwrap();
            ran.told.push((outcome.row, outcome.stage, ran.requests.len()));
            if outcome.stage == Stage::First {
                ran.first.insert(outcome.row, item["json"].clone());
            }
            ran.rows[outcome.row] = item["json"].clone();
        }
        match action {
            Action::Send { ticket, request, .. } => {
                ran.requests.push((*request).clone());
                let answer = pbx(&request);
                if is_last {
                    return ran;
                }
                if answer.status == 429 {
                    late.push((ticket, answer));
                } else {
                    batch.answered(ticket, Ok(answer), now);
                }
            }
            Action::Note(note) => {
                let known = host.unwrap().note(note);
                if is_last {
                    return ran;
                }
                batch.noted(known.map_err(Failure::Memory), now);
            }
            Action::Done => {
                (ran.tally, ran.hints, ran.unknown) = (batch.tally(), batch.hints(), batch.unknown().clone());
                return ran;
            }
            _ if is_last => return ran,
            Action::Wait { until } => {
                waits += 1;
                assert!(waits < 1000, "the run ends");
                match late.pop() {
                    Some((ticket, answer)) => batch.answered(ticket, Ok(answer), now),
                    None => now = until.unwrap_or(now),
                }
            }
            _ => {}
        }
    }
}

/// Groups by ID and number, of a PBX that has as many more as are wanted.
fn pbx(named: Vec<(i32, String)>) -> impl Fn(&HttpRequest) -> HttpResponse {
    move |request| {
        if request.method != Method::Get {
            return HttpResponse { status: 204, ..HttpResponse::default() };
        }
        let group = |(id, number): &(i32, String)| json!({ "Id": id, "Number": number, "Name": format!("Name {id}"), "Props": { "Subscription": "Free" } });
        let path = request.path.replace("%20", " ").replace("%28", "(").replace("%29", ")").replace("%27", "'");
        let is_meant = |(id, number): &&(i32, String)| {
            path.contains(&format!("Id eq {id} "))
                || path.contains(&format!("Id eq {id}&"))
                || path.contains(&format!("tolower(Number) eq '{}'", number.to_lowercase()))
        };
        let found: Vec<_> = if path.contains("$filter") {
            named.iter().filter(is_meant).map(group).collect()
        } else {
            let skip = path.split("$skip=").nth(1).map_or(0, |rest| rest.split('&').next().unwrap().parse().unwrap());
            named.iter().skip(skip).take(100).map(group).collect()
        };
        ok(&json!({ "@odata.count": named.len(), "value": found }))
    }
}

fn ok(body: &Value) -> HttpResponse {
    HttpResponse { status: 200, body: Body::Text(body.to_string()), ..HttpResponse::default() }
}

fn many(count: i32) -> Vec<(i32, String)> {
    (1..=count).map(|id| (id, format!("GRP{id:04}"))).collect()
}

fn texts(texts: &[&str]) -> Vec<Cell> {
    texts.iter().map(|text| Cell::Text((*text).to_owned())).collect()
}

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

const SKIPS: (&str, Cell) = ("skipDoneBefore", Cell::Bool(true));

fn ids(count: usize) -> impl Iterator<Item = Cell> {
    (1..=count).map(|id| Cell::Number(id as f64))
}

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
