//! What is seen of a spreadsheet as a whole before any of its rows is sent: whether its columns are there, that it is for one
//! PBX, and where the blank rows at its end begin.

use serde_json::{Map, Value};

use super::columns::{self, Numbers, OtherKeys};
use super::groups::Group;
use super::nested::Nested;
use super::one_pbx::{Differing, OnePbx};
use super::row::{RowSource, is_nothing};
use super::told::Refusal;
use crate::rows::value::{self, FaultKind, Reference, ValueFault};
use crate::rows::{Cell, Rows, json, text};
use crate::xapi::base_url::BaseUrl;

/// Columns in which this node tells what became of a row, as an item has them and as a spreadsheet does.
const REPORT: [&str; 3] = ["details", "details.outcome", "details.licenseKey"];
const UNKNOWN: &str = "unknown";

/// A few rows at a time, for there may be many blank ones.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    are_columns_seen: bool,
    other_keys: OtherKeys,
    one_pbx: OnePbx,
    /// Objects within rows that are still to be looked at.
    nested: Vec<Nested>,
    /// The credential's address.
    pbx: Option<BaseUrl>,
    /// Columns with the number of each row's group, beside that of the group.
    numbers: Vec<Numbers>,
    /// Whether it may be the report of an earlier run.
    is_report: bool,
    /// Rows from here on may be blank; none where that is not looked at yet.
    end: Option<usize>,
}

impl Sheet {
    /// A sheet whose rows go to this PBX.
    pub(super) fn for_pbx(pbx: BaseUrl) -> Self {
        Self { pbx: Some(pbx), ..Self::default() }
    }

    /// Settles the columns, then tells where the blank rows at the end begin, once `most` further rows or all have been
    /// looked at; or why nothing can be sent.
    pub(super) fn go_on(
        &mut self,
        source: &mut RowSource,
        rows: &mut dyn Rows,
        most: usize,
    ) -> Result<Option<usize>, Refusal> {
        if !self.are_columns_seen {
            // Programs leave out what is blank, so each row may bring a column.
            if !rows.look_at_columns(most) {
                return Ok(None);
            }
            let names = rows.column_names();
            self.is_report = names.spelled.iter().any(|name| REPORT.contains(&name.as_str()));
            if names.spelled.iter().any(|name| columns::is_key_itself(name)) {
                return Err(Refusal::NoHeader);
            }
            if *source == RowSource::Fields {
                self.one_pbx = OnePbx::of(&names.spelled, true);
            } else {
                let settled =
                    source.settled(&names).map_err(|lacking| Refusal::NoColumn(lacking, names.spelled.clone()))?;
                if let (RowSource::Columns { key: None, .. }, RowSource::Columns { group, key: Some(found) }) =
                    (&*source, &settled)
                {
                    self.other_keys = OtherKeys::beside(found.clone(), group.as_deref(), &names);
                }
                if let RowSource::Columns { group: Some(found), .. } = &settled {
                    self.numbers = columns::numbers_beside(found, names.spelled.iter().cloned());
                }
                self.one_pbx = OnePbx::of(&names.spelled, false);
                self.nested = source.named().filter_map(|name| Nested::of(name, &names)).collect();
                self.nested.dedup_by(|key, group| key.is_within_that_of(group));
                // What a person has chosen is no other column, however alike their names are.
                for chosen in source.named().filter(|name| names.spelled.contains(name)) {
                    rows.take_as_spelled(chosen);
                }
                *source = settled;
            }
            self.are_columns_seen = true;
        }
        while let Some(nested) = self.nested.last_mut() {
            if !nested.go_on(rows) {
                return Ok(None);
            }
            self.one_pbx.add(nested);
            let numbers = columns::numbers_beside(&nested.name, nested.names.iter().cloned());
            self.numbers.extend(numbers.into_iter().map(|of| Numbers { column: nested.path_to(&of.column), ..of }));
            self.nested.pop();
        }
        let are_compared = self.other_keys.go_on(rows);
        if !are_compared.map_err(|lacking| Refusal::NoColumn(lacking, rows.column_names().spelled))? {
            return Ok(None);
        }
        if !self.one_pbx.go_on(rows, self.pbx.as_ref()).map_err(Refusal::OtherPbx)? {
            return Ok(None);
        }
        let mut end = self.end.unwrap_or(rows.len());
        for _ in 0..most {
            match end.checked_sub(1) {
                // Nothing but blank rows: each says so.
                None => return Ok(Some(rows.len())),
                Some(last) if is_blank(source, rows, last) => end = last,
                Some(_) => return Ok(Some(end)),
            }
        }
        self.end = Some(end);
        Ok(None)
    }

    /// What may be another PBX than the one that the rows go to.
    pub(super) fn doubt(&self) -> Option<Differing> {
        self.one_pbx.doubt(self.pbx.as_ref())
    }

    /// Whether a row says that a run has sent it and did not learn what became of it.
    pub(super) fn says_unknown(&self, rows: &mut dyn Rows, row: usize) -> bool {
        let mut column = |name| if self.is_report { rows.column(row, name).ok() } else { None };
        match REPORT.map(&mut column) {
            // Other operations tell of no key.
            [_, Some(Cell::Text(outcome)), Some(Cell::Text(_))] => outcome == UNKNOWN,
            // A spreadsheet holds it as text.
            [Some(Cell::Text(details)), ..] => json::parse::<Value>(&details)
                .is_ok_and(|details| details["outcome"] == UNKNOWN && details["licenseKey"].is_string()),
            _ => false,
        }
    }

    /// Whether rows tell the number of their group beside its ID.
    pub(super) fn has_numbers(&self) -> bool {
        !self.numbers.is_empty()
    }

    /// The column, if there is one, in which a row has the number of another group than this one.
    pub(super) fn other_number(&self, rows: &mut dyn Rows, row: usize, group: &Group) -> Option<&str> {
        let differs = |numbers: &&Numbers| match value::reference("Group Number", rows.column(row, &numbers.column)) {
            Ok(Reference::Number(told)) if is_nothing(&told) => false,
            Ok(Reference::Number(told) | Reference::Either { number: told, .. }) => {
                numbers.tell(&told) && !is_same_number(&told, group.number.trim())
            }
            Ok(Reference::Id(_)) => true,
            Err(ValueFault { kind, .. }) => numbers.are_certain && kind != FaultKind::Missing,
        };
        self.numbers.iter().find(differs).map(|numbers| numbers.column.as_str())
    }
}

/// Whether both are the number of one group, in whatever case. A spreadsheet makes 28 of 0028.
fn is_same_number(told: &str, number: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let zeros = |text: &str| text.trim_start_matches('0').to_owned();
    told.to_lowercase() == number.to_lowercase() || (digits(told) && digits(number) && zeros(told) == zeros(number))
}

/// A row that has neither group nor key, and in its columns nothing but what every row has: a box, ticked or not, and the
/// row's number as n8n's Google Sheets tells it.
fn is_blank(source: &RowSource, rows: &mut dyn Rows, row: usize) -> bool {
    let Ok(columns) = rows.columns(row) else { return false };
    let Ok(columns) = serde_json::from_str::<Map<String, Value>>(&columns) else { return false };
    let is_empty = |(name, value): (&String, &Value)| match value {
        Value::Null | Value::Bool(_) => true,
        Value::String(cell) => text::is_blank(cell) || ["true", "false"].contains(&cell.trim().to_lowercase().as_str()),
        Value::Array(list) => list.is_empty(),
        Value::Object(of) => of.is_empty(),
        Value::Number(_) => name == "row_number",
    };
    columns.iter().all(is_empty) && source.has_nothing(rows, row)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::replace::columns::{Lacking, Sought};
    use crate::replace::one_pbx::OtherPbx;
    use crate::rows::testing::form;
    use crate::rows::{Cell, CellFault, ColumnNames, path};

    /// Cells by column.
    struct Table(Vec<Vec<(&'static str, Value)>>);

    impl Rows for Table {
        fn len(&self) -> usize {
            self.0.len()
        }

        fn parameter(&mut self, _row: usize, _name: &str) -> Result<Cell, CellFault> {
            Ok(Cell::Empty)
        }

        fn column(&mut self, row: usize, name: &str) -> Result<Cell, CellFault> {
            let found = self.0[row].iter().find(|(known, _)| *known == name);
            Ok(found
                .map_or(Cell::Empty, |(_, value)| value.as_str().map_or(Cell::Empty, |text| Cell::Text(text.into()))))
        }

        fn column_names(&self) -> ColumnNames {
            let mut spelled: Vec<String> = Vec::new();
            for (name, _) in self.0.iter().flatten() {
                if !name.starts_with("data[") && !spelled.iter().any(|known| known == name) {
                    spelled.push((*name).to_owned());
                }
            }
            ColumnNames { spelled, are_all: true, ..ColumnNames::default() }
        }

        fn names_within(&mut self, row: usize, object: &[String]) -> Vec<String> {
            let steps = self.0[row].iter().filter_map(|(name, _)| path::steps(name));
            steps.filter_map(|mut steps| steps.pop().filter(|_| steps == object)).collect()
        }

        fn columns(&mut self, row: usize) -> Result<String, CellFault> {
            let map: Map<_, _> = self.0[row].iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            Ok(Value::from(map).to_string())
        }

        fn file(&mut self, _row: usize, _field: &str) -> Option<String> {
            None
        }
    }

    fn look(source: &RowSource, mut table: Table) -> Result<usize, Refusal> {
        let mut source = source.clone();
        let mut sheet = Sheet::default();
        loop {
            match sheet.go_on(&mut source, &mut table, 2) {
                Ok(Some(end)) => return Ok(end),
                Ok(None) => {}
                Err(refusal) => return Err(refusal),
            }
        }
    }

    fn sheet(rows: &[(&str, &str, &str)]) -> Table {
        let row = |(customer, group, key): &(&str, &str, &str)| {
            vec![("Customer", json!(customer)), ("Group ID", json!(group)), ("License Key", json!(key))]
        };
        Table(rows.iter().map(row).collect())
    }

    #[test]
    fn a_column_that_is_not_there_is_told_once_with_those_that_are() {
        let usual = RowSource::default();
        let key = ("License Key", json!("k"));
        let lacks = |lacking, names: &[&str]| {
            Err(Refusal::NoColumn(lacking, names.iter().map(|name| (*name).to_owned()).collect()))
        };
        let told = look(&usual, Table(vec![vec![("Kunde", json!("A")), key.clone()]]));
        assert_eq!(told, lacks(Lacking::Usual(Sought::Group), &["Kunde", "License Key"]));
        let told = look(&usual, Table(vec![vec![("Group", json!("28")), ("Kunde", json!("A"))]]));
        assert_eq!(told, lacks(Lacking::Usual(Sought::Key), &["Group", "Kunde"]));
        assert_eq!(look(&usual, Table(vec![vec![]])), lacks(Lacking::Usual(Sought::Group), &[]));
        let named = RowSource::Columns { group: Some("kunde".into()), key: None };
        assert_eq!(look(&named, Table(vec![vec![("Kunde", json!("28")), key.clone()]])), Ok(1));
        let named = RowSource::Columns { group: Some("kundennummer".into()), key: None };
        let told = look(&named, Table(vec![vec![("Group", json!("28")), key]]));
        assert_eq!(told, lacks(Lacking::Named("kundennummer".to_owned()), &["Group", "License Key"]));
        let fields = RowSource::Fields;
        assert_eq!(look(&fields, Table(vec![vec![]])), Ok(1), "the form names no columns");
    }

    #[test]
    fn a_sheet_whose_first_line_was_taken_for_its_header_is_refused() {
        let table = |name| Table(vec![vec![("Main", json!("East")), ("29", json!("31")), (name, json!("k"))]]);
        for name in [
            "ABCD-EFGH-1000-K100",
            " abcd efgh 1000 k100 ",
            "ABCDEFGH1000K100",
            "ABCD-EFGH-IJKL-MNOP",
            "8SGW-ABCD-EFGH-5678",
            "8SGW-ABCD-EFGH-IJKL",
            "ABCD-EFGH-IJKL-1000",
            "2026-ABCD-EFGH-K100",
        ] {
            let named = RowSource::Columns { group: Some("29".into()), key: Some(name.into()) };
            for source in [RowSource::default(), RowSource::Fields, named] {
                assert_eq!(look(&source, table(name)), Err(Refusal::NoHeader), "{name} {source:?}");
            }
        }
        for name in [
            "License Key",
            "3CX License Key 2026",
            "1000-1001-1002-1003",
            "Main Hall East Wing",
            "PBX1",
            "subscription2026",
            "licensekey202601",
            "department28name",
            "customfield10010",
            "YEAR-2026-CITY-ZONE",
        ] {
            let named = RowSource::Columns { group: Some("29".into()), key: Some(name.into()) };
            assert_eq!(look(&named, table(name)), Ok(1), "{name}");
        }
    }

    /// The columns have the keys of 0 and of 1 where they are not the same.
    fn keys(names: [&'static str; 2], cells: &[[&str; 2]]) -> Table {
        let row = |[one, other]: &[&str; 2]| {
            vec![("Group ID", json!("8SGW-ABCD-EFGH-9999")), (names[0], json!(one)), (names[1], json!(other))]
        };
        Table(cells.iter().map(row).collect())
    }

    #[test]
    fn a_sheet_for_several_pbxs_is_refused() {
        let table = |name, cells: &[&str]| {
            let row = |pbx: &&str| vec![(name, json!(pbx)), ("Group", json!("28")), ("License Key", json!("k"))];
            Table(cells.iter().map(row).collect())
        };
        let far_down = [&["a.3cx.eu"; 999][..], &["b.3cx.eu"]].concat();
        for (name, cells) in [
            ("PBX", &["Branch 1", "Branch 2"][..]),
            ("PBX FQDN", &["", "a.3cx.eu", "n/a", "b.3cx.eu"]),
            ("pbx url", &far_down),
            ("3CX Server", &["https://a.3cx.eu", "https://b.3cx.eu"]),
            ("3CX-Adresse", &["a.3cx.eu", "b.3cx.eu"]),
            ("Customer PBX", &["a.3cx.eu", "to follow", "b.3cx.eu"]),
            ("3CX Admin URL", &["https://a.3cx.eu/#/login", "https://b.3cx.eu/#/login"]),
        ] {
            let refusal = look(&RowSource::default(), table(name, cells));
            assert_eq!(refusal, Err(Refusal::OtherPbx(OtherPbx::Several(name.to_owned()))));
        }
        let labels = ["Customer A", "Customer B"];
        assert_eq!(look(&RowSource::Fields, table("PBX", &labels)), Ok(2), "no column was chosen by its name");
        assert!(look(&RowSource::Fields, table("PBX", &["a.3cx.eu", "Customer A", "b.3cx.eu"])).is_err());
        // What reads a sheet may leave out what is blank.
        let rest = |row: &[(&'static str, Value)]| row.iter().filter(|(_, cell)| *cell != "").cloned().collect();
        let gaps = Table(table("PBX", &["", "a.3cx.eu", "b.3cx.eu"]).0.iter().map(|row| rest(row)).collect());
        assert!(look(&RowSource::Fields, gaps).is_err());
        for (name, cells) in [
            ("PBX", &["a.3cx.eu", "", "-", "#N/A", "https://A.3cx.eu:5001/", "a.3cx.eu"][..]),
            ("FQDN", &["a.3cx.eu", "b.3cx.eu"]),
            ("3CX", &["yes", "no"]),
            ("System", &["1", "2"]),
            ("PBX Extension", &["101", "102"]),
            ("Customer PBX", &["Main Office", "North Dental"]),
            ("3CX Edition", &["PRO", "ENT"]),
            ("3CX Seats", &["4.5", "12.50"]),
            ("3CX Contact", &["j.doe@a.com", "k.roe@b.com"]),
            ("3CX Admin E-Mail", &["j.doe@a.com", "k.roe@b.com"]),
            ("3CX Renewal", &["31.12.2026", "01.01.2027"]),
            ("3CX Admin", &["j.doe", "k.roe"]),
            ("PBX Users", &["12", "3"]),
            ("3CX Web Client URL", &["https://a.3cx.eu/#/login", "a.3cx.eu:5001"]),
        ] {
            assert_eq!(look(&RowSource::default(), table(name, cells)), Ok(cells.len()), "{name}");
        }
    }

    #[test]
    fn a_sheet_for_another_pbx_is_refused_and_one_that_may_be_told_by_a_hint() {
        let look_under = |column, told: &'static str, source: &RowSource| {
            let mut table =
                Table(vec![vec![(column, json!(told)), ("Group", json!("28")), ("License Key", json!("k"))]]);
            let mut sheet = Sheet::for_pbx(BaseUrl::parse("https://b.3cx.eu:5001").unwrap());
            let end = sheet.go_on(&mut source.clone(), &mut table, 2);
            (end, sheet.doubt())
        };
        let look = |told, source: &RowSource| look_under("PBX", told, source);
        let differing =
            |told: &str| Differing { column: "PBX".to_owned(), told: told.to_owned(), own: "b.3cx.eu".to_owned() };
        for source in [RowSource::default(), RowSource::Fields] {
            let told = look("https://a.3cx.eu/#/login", &source).0;
            assert_eq!(told, Err(Refusal::OtherPbx(OtherPbx::Another(differing("a.3cx.eu")))), "{source:?}");
            assert_eq!(look("pbx.company.com", &source), (Ok(Some(1)), Some(differing("pbx.company.com"))));
            assert_eq!(look("b.3cx.eu", &source), (Ok(Some(1)), None));
            assert_eq!(
                look_under("3CX Ticket", "tickets.3cx.eu", &source),
                (Ok(Some(1)), None),
                "all rows have the same"
            );
        }
    }

    #[test]
    fn what_a_column_beside_a_group_holds_is_told_by_its_own_name() {
        let other = |beside, cell| {
            let row = [("data", "{}"), ("data['number']['Group ID']", "28"), (beside, cell), ("License Key", "k")];
            let mut table = Table(vec![row.map(|(name, cell)| (name, json!(cell))).to_vec()]);
            let mut source = RowSource::Columns { group: Some("data['number']['Group ID']".into()), key: None };
            let mut sheet = Sheet::default();
            assert_eq!(sheet.go_on(&mut source, &mut table, 2), Ok(Some(1)));
            let (number, name) = ("GRP0028".to_owned(), String::new());
            let group = Group { id: 28, number, name, before: None, after: None };
            sheet.other_number(&mut table, 0, &group).is_some()
        };
        assert!(!other("data['number']['Group']", "North"), "a name");
        assert!(!other("data['number']['Department Number']", "4700"), "the customer's own");
        assert!(other("data['number']['Group']", "GRP0029"));
        assert!(other("data['number']['Group Number']", "29"));
    }

    #[test]
    fn where_another_column_has_other_keys_one_must_be_chosen() {
        const OLD: &str = "8SGW-ABCD-EFGH-0001";
        const NEW: &str = "8SGW-ABCD-EFGH-0002";
        let far_down = [&[[OLD, ""]; 99][..], &[[OLD, NEW]]].concat();
        for (name, cells) in [
            ("__EMPTY", &[[OLD, NEW]][..]),
            ("Neuer Lizenzschlüssel", &far_down),
            ("Renewed License Key", &[[OLD, "8sgwabcdefgh0002"]]),
            ("Updated", &[[OLD, OLD], ["odd-key", NEW]]),
            ("Replacement", &[[OLD, " 8SGW\u{2013}ABCD-EFGH-0002\u{a0}"]]),
            ("Current License Key", &[[OLD, NEW]]),
            ("New Serial Number", &[[OLD, NEW]]),
            ("Key (new order)", &[[OLD, NEW]]),
            ("Actual Key No. (new order)", &[[OLD, NEW]]),
        ] {
            let Err(Refusal::NoColumn(lacking, _)) = look(&RowSource::default(), keys(["License Key", name], cells))
            else {
                panic!("{name}")
            };
            assert_eq!(lacking, Lacking::Certain(Sought::Key, name.to_owned()));
            let named = RowSource::Columns { group: None, key: Some("license key".into()) };
            assert_eq!(look(&named, keys(["License Key", name], cells)), Ok(cells.len()), "{name}");
        }
        for (found, name, cells) in [
            ("License Key", "Old Key", &[[NEW, OLD]][..]),
            ("License Key", "licenseKeyPrevious", &[[NEW, OLD]]),
            ("New Key", "License Key", &[[NEW, OLD]]),
            ("New Key", "Current Key", &[[NEW, OLD]]),
            ("License Key", "Copy", &[[NEW, "8sgw abcd efgh 0002"]]),
            ("License Key", "Note", &[[NEW, "was 8SGW-ABCD-EFGH-0001"]]),
            ("License Key", "Address", &[[NEW, "Main Hall East Wing"]]),
            ("License Key", "Note", &[["", OLD]]),
            ("License Key", "Serial No.", &[[NEW, OLD]]),
            ("License Key", "Last License Key", &[[NEW, OLD]]),
            ("License Key", "License Order No", &[[NEW, OLD]]),
        ] {
            assert_eq!(look(&RowSource::default(), keys([found, name], cells)), Ok(1), "{found}, {name}");
        }
    }

    #[test]
    fn blank_rows_are_skipped_at_the_end_only() {
        let source = RowSource::default();
        let (full, blank, spaces) = (("A", "28", "k"), ("", "", ""), (" ", "\u{a0}", ""));
        assert_eq!(look(&source, sheet(&[full, blank, full])), Ok(3));
        assert_eq!(look(&source, sheet(&[full, blank])), Ok(1));
        assert_eq!(look(&source, sheet(&[full, blank, spaces, blank, blank, blank])), Ok(1));
        assert_eq!(look(&source, sheet(&[blank, blank, blank])), Ok(3), "nothing but blank rows");
        assert_eq!(look(&source, sheet(&[full, ("Total: 1", "", "")])), Ok(2), "not blank");
        assert_eq!(look(&RowSource::Fields, Table(vec![vec![]])), Ok(1), "an item without columns");
        let numbered = |(row, number): (&[&str; 2], usize)| {
            let own = [("row_number", json!(number)), ("Done", json!(false))];
            [&own[..], &[("Group ID", json!(row[0])), ("License Key", json!(row[1]))]].concat()
        };
        let table = |rows: &[[&str; 2]]| Table(rows.iter().zip(2..).map(numbered).collect());
        assert_eq!(look(&source, table(&[["28", "k"], ["", ""], ["", ""]])), Ok(1));
        assert_eq!(look(&source, table(&[["28", "k"], ["", "k"]])), Ok(2), "a key without a group");
        for (name, cell) in
            [("Done", json!("FALSE")), ("Group ID", json!("\u{200b}")), ("Tags", json!([])), ("Owner", json!({}))]
        {
            let rows = vec![vec![("Group ID", json!("28")), ("License Key", json!("k"))], vec![(name, cell)]];
            assert_eq!(look(&source, Table(rows)), Ok(1), "{name}");
        }
        let empty = Table(vec![vec![("Group ID", json!("28")), ("License Key", json!("k"))], vec![]]);
        assert_eq!(look(&source, empty), Ok(1));
        // From elsewhere than the row's columns.
        let key = |_, name: &str| Ok(if name == "licenseKey" { Cell::Text("k".into()) } else { Cell::Empty });
        let end = Sheet::default().go_on(&mut RowSource::Fields, &mut form(2, key), 9);
        assert_eq!(end, Ok(Some(2)), "a key without a group");
    }
}
