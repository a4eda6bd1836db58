//! One row of the job: which group, which key.

use super::ended_row::Warning;
use crate::fingerprint::fingerprint;
use crate::redaction::{MASK, is_mask, is_same, redact};
use crate::row_secrets::RowSecrets;
use crate::rows::value::{self, Expected, FaultKind, Reference, ValueFault};
use crate::rows::{Cell, CellFault, ColumnNames, Rows, folded};
use crate::secret::{LicenseKey, MaskedKey, holds_key};

/// What the name of the column of new keys may begin or end with.
const NEW: &str = "new";

/// A row that can be sent.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) group: Reference,
    pub(super) key: LicenseKey,
    pub(super) warnings: Vec<Warning>,
}

/// What a column is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sought {
    Group,
    Key,
}

/// A column that a sheet lacks.
#[derive(Debug)]
pub(crate) enum Lacking {
    /// The one of this name.
    Named(String),
    /// One of the usual names.
    Usual(Sought),
    /// One that is certain: this one could be it as well.
    Certain(Sought, String),
    /// One that is certain: not all names could be looked at.
    AmongTooMany(Sought),
}

/// Where rows take their values from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The node's fields `groupId` and `licenseKey`.
    Fields,
    /// Columns of the input: named, or found by their usual names.
    Columns { group: Option<String>, key: Option<String> },
}

impl Default for Source {
    fn default() -> Self {
        Self::Columns { group: None, key: None }
    }
}

impl Source {
    /// The same with the columns by which all rows are read, so that a gap in one row is never filled from another column.
    pub(super) fn settled(&self, names: &ColumnNames) -> Result<Self, Lacking> {
        let Self::Columns { group, key } = self else { return Ok(Self::Fields) };
        let group = Sought::Group.among(names, group.as_deref())?;
        Ok(Self::Columns { group, key: Sought::Key.among(names, key.as_deref())? })
    }

    /// Whether only all rows together show which group and which key a row means: a column that is not named may be
    /// missing in one row, and a group that is the same for all is seldom meant for different keys.
    pub(super) fn needs_all_rows(&self, rows: &dyn Rows) -> bool {
        match self {
            Self::Fields => rows.is_fixed("groupId") && !rows.is_fixed("licenseKey"),
            Self::Columns { group, key } => group.is_none() || key.is_none(),
        }
    }

    /// What the form calls the group, or what its column is usually called.
    pub(super) fn group_name(&self) -> &'static str {
        match self {
            Self::Fields => "Group",
            Self::Columns { .. } => "Group ID",
        }
    }

    /// Whether the group's column says that it holds numbers, which are no IDs.
    fn gives_numbers(&self) -> bool {
        let Self::Columns { group: Some(name), .. } = self else { return false };
        let name = folded(name);
        name.ends_with("number") || ["groupno", "departmentno"].contains(&name.as_str())
    }

    pub(super) fn read(&self, rows: &mut dyn Rows, row: usize) -> Result<Order, ValueFault> {
        let (group, key) = match self {
            Self::Fields => (rows.parameter(row, "groupId"), rows.parameter(row, "licenseKey")),
            Self::Columns { group, key } => {
                let mut column = |named: &Option<String>, sought: Sought| match named {
                    Some(name) => rows.column(row, name),
                    None => sought.in_row(rows, row),
                };
                (column(group, Sought::Group), column(key, Sought::Key))
            }
        };
        let group = match value::reference(self.group_name(), group) {
            // A spreadsheet makes 28 of 0028, which may be another group's ID.
            Ok(Reference::Either { number, .. }) if self.gives_numbers() => Ok(Reference::Number(number)),
            group => group,
        };
        let cleaned = value::clean_text("License Key", key);
        if let Some(misplaced) = misplaced_key(&group, cleaned.as_ref().map_or("", |key| &key.text)) {
            return Err(self.group_is_key(misplaced));
        }
        let group = group.map_err(|fault| match &cleaned {
            Ok(key) => fault.redacted(&|text| redact(text, &key.text, MASK)),
            Err(_) => fault,
        })?;
        let cleaned = cleaned?;
        refuse_blank(&cleaned.text)?;
        let mut warnings = Vec::new();
        if cleaned.mended {
            warnings.push(Warning::KeyMended);
        }
        let key = LicenseKey::new(cleaned.text);
        if !key.has_usual_shape() {
            warnings.push(Warning::OddKey);
        }
        Ok(Order { group, key, warnings })
    }

    pub(super) fn group_is_key(&self, text: &str) -> ValueFault {
        ValueFault { field: self.group_name().into(), kind: FaultKind::IsKey(MaskedKey::of(text)) }
    }
}

impl Sought {
    /// Names under which the column is found; letters and digits only, most telling first.
    const fn usual(self) -> &'static [&'static str] {
        match self {
            Self::Group => {
                &["groupid", "groupnumber", "groupno", "departmentid", "departmentnumber", "group", "department"]
            }
            // Beside a new key, a license key is the old one.
            Self::Key => &["newlicensekey", "newlicencekey", "newkey", "licensekey", "licencekey", "key"],
        }
    }

    /// The column among these, as it is spelt: the one that the person names, or one of the usual names. None where no names
    /// could be looked at.
    fn among(self, names: &ColumnNames, named: Option<&str>) -> Result<Option<String>, Lacking> {
        if let Some(name) = named
            && names.spelt.iter().any(|known| known == name)
        {
            return Ok(Some(name.to_owned()));
        }
        if names.are_too_many {
            return named.map(|name| Some(name.to_owned())).ok_or(Lacking::AmongTooMany(self));
        }
        if names.spelt.is_empty() && !names.are_all {
            return Ok(named.map(str::to_owned));
        }
        let compared: Vec<_> = names.spelt.iter().map(|name| (folded(name), name)).collect();
        let first = |wanted: &str| compared.iter().find(|(name, _)| name == wanted);
        let found = match named {
            Some(name) => first(&folded(name)),
            None => self.usual().iter().find_map(|usual| first(usual)),
        };
        let Some((found, spelt)) = found else {
            return Err(named.map_or(Lacking::Usual(self), |name| Lacking::Named(name.to_owned())));
        };
        let is_twin = |name: &str| name == found && names.twins.contains(found);
        let is_rival = |name: &str, as_spelt: &str| {
            is_numbered(as_spelt, found) || (self == Self::Key && !found.starts_with(NEW) && could_be_new(name))
        };
        let rival = compared
            .iter()
            .filter(|(_, other)| other != spelt)
            .find(|(name, other)| is_twin(name) || (named.is_none() && is_rival(name, other)));
        rival.map_or_else(|| Ok(Some((*spelt).clone())), |(_, rival)| Err(Lacking::Certain(self, (*rival).clone())))
    }

    /// What a row has under one of the usual names.
    fn in_row(self, rows: &mut dyn Rows, row: usize) -> Result<Cell, CellFault> {
        let mut cells = self.usual().iter().map(|name| rows.column(row, name));
        cells.find(|cell| *cell != Ok(Cell::Empty)).unwrap_or(Ok(Cell::Empty))
    }
}

/// Whether programs have numbered a second column of this name: `License Key_1`.
fn is_numbered(spelt: &str, found: &str) -> bool {
    spelt.rsplit_once('_').is_some_and(|(name, digits)| {
        !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) && folded(name) == found
    })
}

/// Whether a column may be the one of new keys.
fn could_be_new(name: &str) -> bool {
    let is_new = name.starts_with(NEW) || name.ends_with(NEW) || name.starts_with("replacement");
    is_new && (name.contains("licen") || name.contains("key"))
}

/// What a fault of the run's options says, without the key of the row in which it was found, wherever that may come from.
pub(super) fn without_key(fault: ValueFault, rows: &mut dyn Rows, row: usize) -> ValueFault {
    let cells = [rows.parameter(row, "licenseKey"), Sought::Key.in_row(rows, row)];
    let keys = cells.map(|cell| value::clean_text("License Key", cell).map_or(String::new(), |key| key.text));
    fault.redacted(&|text| {
        let known = keys.iter().fold(text.to_owned(), |text, key| redact(&text, key, MASK));
        RowSecrets::default().redact(&known)
    })
}

/// Sees that one group, the same in all rows, does not get different keys; a few rows at a time. A fixed one is meant, an
/// expression that always gives the same, or a column of something else.
#[derive(Debug, Default)]
pub(super) struct OneKey {
    next_row: usize,
    /// Group and key of the first row that can be sent.
    first: Option<(u64, u64)>,
    keys_differ: bool,
}

impl OneKey {
    /// Whether that is so, once `most` further rows or all have been looked at.
    pub(super) fn go_on(&mut self, source: &Source, rows: &mut dyn Rows, most: usize) -> Option<bool> {
        let end = rows.len().min(self.next_row + most);
        for row in self.next_row..end {
            let Ok(order) = source.read(rows, row) else { continue };
            let (group, key) = (fingerprint(order.group.shown().to_lowercase()), fingerprint(order.key.print()));
            let (first_group, first_key) = *self.first.get_or_insert((group, key));
            if group != first_group {
                return Some(true);
            }
            self.keys_differ |= key != first_key;
        }
        self.next_row = end;
        (end == rows.len()).then_some(!self.keys_differ)
    }
}

/// A key in the group's place must go nowhere: not into an address, and not into the row's report.
fn misplaced_key<'a>(group: &'a Result<Reference, ValueFault>, key: &str) -> Option<&'a str> {
    let text = match group {
        Ok(Reference::Number(text) | Reference::Either { number: text, .. }) => text,
        Err(ValueFault { kind: FaultKind::NotAnId(text), .. }) => text,
        Ok(Reference::Id(_)) | Err(_) => return None,
    };
    (holds_key(text) || is_same(text, key)).then_some(text)
}

/// What other programs write where there is nothing, in lower case.
const NOTHING: &[&str] =
    &["null", "undefined", "nan", "none", "nil", "n/a", "na", "true", "false", "[object object]", "{}", "[]", "0"];

/// What is no key would take the place of a good one: our own stars, and what stands for nothing.
fn refuse_blank(key: &str) -> Result<(), ValueFault> {
    let field = "License Key".into();
    if is_mask(key) {
        return Err(ValueFault { field, kind: FaultKind::Mask });
    }
    // A spreadsheet's errors begin with #: #N/A, #REF!
    let is_nothing = NOTHING.contains(&key.to_lowercase().as_str()) || key.starts_with('#');
    if is_nothing || !key.chars().any(char::is_alphanumeric) {
        return Err(ValueFault { field, kind: Expected::RealKey.fault() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::n8n::outcome::Certainty;
    use crate::rows::testing::form;
    use crate::rows::{Cell, CellFault};

    /// One row with the columns `Group` and `Key`.
    struct Row(Cell);

    /// One row of the node's fields: a group and a key.
    fn fields(group: Cell, key: &str) -> impl Rows {
        form(1, move |_, name| Ok(if name == "groupId" { group.clone() } else { Cell::Text(key.into()) }))
    }

    impl Rows for Row {
        fn len(&self) -> usize {
            1
        }

        fn parameter(&mut self, _row: usize, name: &str) -> Result<Cell, CellFault> {
            Ok(if name == "groupId" { Cell::Number(28.0) } else { self.0.clone() })
        }

        fn column(&mut self, _row: usize, name: &str) -> Result<Cell, CellFault> {
            Ok(match name {
                "groupid" => Cell::Number(28.0),
                "licencekey" | "mykey" => self.0.clone(),
                _ => Cell::Empty,
            })
        }

        fn columns(&mut self, _row: usize) -> Result<String, CellFault> {
            Ok("{}".to_owned())
        }

        fn file(&mut self, _row: usize, _field: &str) -> Option<String> {
            None
        }
    }

    fn read(key: Cell) -> Result<Order, ValueFault> {
        Source::Fields.read(&mut Row(key), 0)
    }

    #[test]
    fn keys_are_mended_warned_about_or_refused() {
        let text = |text: &str| Cell::Text(text.into());
        let mended = read(text("8SGW\u{2013}ABCD-EFGH-1234")).unwrap();
        assert_eq!(mended.key.reveal(), "8SGW-ABCD-EFGH-1234");
        assert_eq!(mended.warnings.len(), 1);
        let odd = read(text("8sgw-abcd")).unwrap();
        assert_eq!(odd.key.reveal(), "8sgw-abcd");
        assert_eq!(odd.warnings.len(), 1);
        assert!(read(text("8SGW-ABCD-EFGH-1234")).unwrap().warnings.is_empty());
        let fault = |key: Cell| read(key).unwrap_err();
        let of_key = |kind| ValueFault { field: "License Key".into(), kind };
        assert_eq!(fault(Cell::Empty), of_key(FaultKind::Missing));
        assert_eq!(fault(text("A\tB")), of_key(FaultKind::ControlCharacter));
        assert_eq!(fault(Cell::Bool(false)), of_key(FaultKind::NotText));
    }

    #[test]
    fn what_stands_for_no_key_is_never_sent() {
        let fault = |key: &str| read(Cell::Text(key.into())).map(|order| order.key.reveal().to_owned()).unwrap_err();
        for mask in [MASK, " ******** ", "****-****-****-1234"] {
            assert_eq!(fault(mask).kind, FaultKind::Mask, "{mask}");
        }
        for nothing in
            ["null", "Undefined", "NaN", "n/a", "#N/A", "#REF!", "-", "--", "?", "[object Object]", "0", "{}"]
        {
            assert_eq!(fault(nothing).report().certainty, Certainty::NotSent, "{nothing}");
        }
        assert!(read(Cell::Number(0.0)).is_err());
        for key in ["8sgw-null", "N/A-1", "NONE-OF-THEM-ALL1", "10"] {
            assert!(read(Cell::Text(key.into())).is_ok(), "{key}");
        }
    }

    #[test]
    fn one_group_in_all_rows_is_for_one_key() {
        let refused = |groups: &[&str], keys: &[&str]| {
            let mut rows = form(keys.len(), |row, name| {
                let group = groups[row % groups.len()];
                Ok(Cell::Text(if name == "groupId" { group.to_owned() } else { keys[row].to_owned() }))
            });
            let (source, mut scan) = (Source::Fields, OneKey::default());
            !std::iter::repeat_with(|| scan.go_on(&source, &mut rows, 1)).flatten().next().unwrap()
        };
        assert!(refused(&["28"], &["8SGW-ABCD-EFGH-1234", "", "8SGW-ABCD-EFGH-1235"]));
        assert!(refused(&["grp0001", "GRP0001"], &["8SGW-ABCD-EFGH-1234", "8SGW-ABCD-EFGH-1235"]));
        assert!(!refused(&["28"], &["8SGW-ABCD-EFGH-1234", "", "8SGW-ABCD-EFGH-1234"]));
        assert!(!refused(&["28"], &["8SGW-ABCD-EFGH-1234"]));
        assert!(!refused(&["28", "28", "29"], &["8SGW-ABCD-EFGH-1234", "8SGW-ABCD-EFGH-1235", "8SGW-ABCD-EFGH-1236"]));
    }

    #[test]
    fn a_key_in_place_of_the_group_is_refused_and_masked() {
        let by_id = |text: &str| Cell::Locator { mode: "id".into(), value: Box::new(Cell::Text(text.into())) };
        for group in ["8SGW-ABCD-EFGH-5678", "8sgwabcdefgh5678", "ODD KEY 5678", "odd-key-5678"] {
            for cell in [Cell::Text(group.into()), by_id(group)] {
                let fault = Source::Fields.read(&mut fields(cell, "ODD-KEY-5678"), 0).unwrap_err();
                let report = fault.report();
                assert_eq!(report.code, "MISPLACED_LICENSE_KEY");
                assert!(report.error.starts_with("Group holds"), "as the form calls it: {}", report.error);
                assert!(!format!("{report:?}").to_lowercase().contains(&group.to_lowercase()), "{report:?}");
            }
        }
        assert!(Source::Fields.read(&mut fields(Cell::Text("GRP0001".into()), "8SGW-ABCD-EFGH-5678"), 0).is_ok());
    }

    #[test]
    fn columns_are_found_by_their_usual_names_or_by_the_one_given() {
        let read = |key: Option<&str>| {
            let source = Source::Columns { group: None, key: key.map(str::to_owned) };
            source.read(&mut Row(Cell::Text("8SGW-ABCD-EFGH-1234".into())), 0)
        };
        assert_eq!(read(None).unwrap().group, Reference::either(28));
        assert_eq!(read(Some("mykey")).unwrap().key.reveal(), "8SGW-ABCD-EFGH-1234");
        assert!(read(Some("other")).is_err());
    }
}
