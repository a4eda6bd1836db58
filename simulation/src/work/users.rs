//! The generic job, on users.

use serde_json::json;
use threecx_core::AnyJob;
use threecx_core::definition::{Operation, operation};
use threecx_core::operation::{Rowwise, Task};
use threecx_core::rows::Cell;
use threecx_core::xapi::request::HttpRequest;

use super::Kind;
use crate::pbx::{Pbx, User, number_in_brackets};
use crate::random::Random;
use crate::rows::Row;

/// The user of the first row; the others follow.
const FIRST: i32 = 1000;

pub(super) fn work(random: &mut Random) -> (Kind, Vec<Row>, Pbx) {
    let kind = random.pick(&[
        Kind::Get,
        Kind::GetByNumber,
        Kind::GetMany { limited: false },
        Kind::GetMany { limited: true },
        Kind::Create,
        Kind::Create,
        Kind::Update,
        Kind::UpdateByNumber,
        Kind::UpdateIfMatch,
        Kind::Delete,
        Kind::Action,
    ]);
    let mut pbx = Pbx::new(1);
    pbx.is_old = random.percent(30);
    pbx.ignores_top = random.percent(20);
    let is_list = matches!(kind, Kind::GetMany { .. });
    let count = if is_list { random.pick(&[1, 1, 2, 3]) } else { random.pick(&[0, 1, 2, 4, 7, 25, 40]) };
    let users = if is_list { random.pick(&[0, 1, 99, 100, 101, 230]) } else { count };
    for id in FIRST..FIRST + users {
        let user = User { number: format!("U{id}"), name: "before".to_owned(), etag: 1 + random.below(3) as u32 };
        pbx.users.insert(id, user);
    }
    let rows = (FIRST..FIRST + count).map(|id| row(kind, id, users, random, &pbx)).collect();
    (kind, rows, pbx)
}

pub(super) fn job(kind: Kind) -> AnyJob {
    // A name that the definition does not have is told by the first seed that comes to it.
    let task = task(kind).map_or_else(|| unreachable!("no definition of {kind:?}"), Task::Do);
    Box::new(Rowwise::new(task))
}

pub(super) fn task(kind: Kind) -> Option<&'static Operation> {
    let (resource, name) = match kind {
        Kind::Get => ("Users", "Get User"),
        Kind::GetByNumber => ("Users", "Get User By Number"),
        Kind::GetMany { .. } => ("Users", "List User"),
        Kind::Create => ("Users", "Create User"),
        Kind::Update | Kind::UpdateByNumber | Kind::UpdateIfMatch => ("Users", "Update User"),
        Kind::Delete => ("Users", "Delete User"),
        Kind::Action => ("Active Calls", "Drop Call"),
        Kind::Replace { .. } => ("Groups", "Replace Group License Key"),
    };
    operation(resource, name)
}

fn row(kind: Kind, id: i32, users: i32, random: &mut Random, pbx: &Pbx) -> Row {
    let text = |text: &str| Cell::Text(text.to_owned());
    let user = |id: i32| ("userId", Cell::Number(f64::from(id)));
    let by_number =
        |number: String| ("userId", Cell::Locator { mode: "number".to_owned(), value: Box::new(Cell::Text(number)) });
    let fields = |name: &str| {
        let fields = json!({ "FirstName": name, "AuthPassword": format!("CANARY-PASSWORD-{id}") });
        ("fields", Cell::Json(fields.to_string()))
    };
    let dirty = random.percent(10).then(|| random.pick(&["", "1)/../Users(2", "a\nb", "-1", "12.5"]));
    let absent = random.percent(10);
    let target = if absent { id + 100_000 } else { id };
    let name = format!("row {id}");
    let reading = |cell| Row { cells: vec![cell], sound: !absent, ids: vec![id], effect: None };
    let changing = |cells, effect: String| Row { cells, sound: !absent, ids: Vec::new(), effect: Some(effect) };
    let update = format!("update {target} {name}");
    let mut row = match kind {
        Kind::Get => reading(user(target)),
        Kind::GetByNumber => reading(("Number", text(&format!("U{target}")))),
        Kind::GetMany { limited } => {
            let limit = random.pick(&[1, 50, 100, 101, 150, 400]);
            let wanted = if limited { users.min(limit) } else { users };
            let range =
                if limited { ("limit", Cell::Number(f64::from(limit))) } else { ("returnAll", Cell::Bool(true)) };
            let cells = vec![range, ("search", text(&format!("row-{id}")))];
            return Row { cells, effect: None, sound: true, ids: (FIRST..FIRST + wanted).collect() };
        }
        Kind::Create => {
            let name = if absent { format!("taken {id}") } else { name };
            changing(vec![fields(&name)], format!("create {name}"))
        }
        Kind::Update => changing(vec![user(target), fields(&name)], update),
        Kind::UpdateByNumber => changing(vec![by_number(format!("U{target}")), fields(&name)], update),
        Kind::UpdateIfMatch => {
            let etag = pbx.users.get(&target).map_or(1, |user| user.etag);
            let is_stale = random.percent(20);
            let if_match = ("ifMatch", text(&format!("W/\"{}\"", if is_stale { etag + 7 } else { etag })));
            let row = changing(vec![user(target), fields(&name), if_match], update);
            Row { sound: row.sound && !is_stale, ..row }
        }
        Kind::Delete => changing(vec![user(target)], format!("delete {target}")),
        // Dropping a call that is no more does no harm.
        Kind::Action | Kind::Replace { .. } => {
            let cells = vec![("activeCallId", Cell::Number(f64::from(target)))];
            Row { sound: true, ..changing(cells, format!("act on {target}")) }
        }
    };
    if let Some(dirty) = dirty {
        // Text that is no ID counts as a number where there is one to look for; of what is no JSON, or has blanks only,
        // nobody is made.
        let no_fields = ["{", "{}", r#"{"FirstName":"","LastName":null}"#, r#"{"Groups":[],"BreakTime":{}}"#];
        row.cells[0].1 =
            if kind == Kind::Create { Cell::Json(random.pick(&no_fields).to_owned()) } else { text(dirty) };
        row.sound = false;
        row.effect = None;
    }
    row
}

/// The row that a reading request is for, by the user or the search that it names.
pub(super) fn row_of(request: &HttpRequest) -> Option<usize> {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<i32>().ok();
    let behind = |mark: &str| request.path.split_once(mark).and_then(|(_, rest)| digits(rest));
    let id = number_in_brackets(&request.path)
        .or_else(|| behind("row-"))
        .or_else(|| behind("%27U"))
        .or_else(|| behind("%27u"))?;
    usize::try_from((id - FIRST) % 100_000).ok()
}
