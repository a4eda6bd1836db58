//! One row of the job: which group, which key.

use super::columns::{self, Lacking, Sought};
use super::ended_row::Warning;
use crate::redaction::{MASK, is_mask, is_same, redact};
use crate::row_secrets::RowSecrets;
use crate::rows::text::{self, Clean};
use crate::rows::value::{self, Expected, FaultKind, Reference, ValueFault};
use crate::rows::{Cell, CellFault, ColumnNames, Rows, path};
use crate::secret::{LicenseKey, MaskedKey, is_guid, is_key, key_shapes, may_be_key, names_key};

/// What the forms call a key.
const KEY: &str = "License Key";

/// A row that can be sent.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) group: Reference,
    pub(super) key: LicenseKey,
    pub(super) warnings: Vec<Warning>,
}

/// Where rows take their values from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowSource {
    /// The node's fields `groupId` and `licenseKey`.
    Fields,
    /// Columns of the input: named, or found by their usual names.
    Columns { group: Option<String>, key: Option<String> },
}

impl Default for RowSource {
    fn default() -> Self {
        Self::Columns { group: None, key: None }
    }
}

impl RowSource {
    /// The same with the columns by which all rows are read, so that a gap in one row is never filled from another column.
    pub(super) fn settled(&self, names: &ColumnNames) -> Result<Self, Lacking> {
        let Self::Columns { group, key } = self else { return Ok(Self::Fields) };
        let group = Sought::Group.among(names, group.as_deref())?;
        Ok(Self::Columns { group, key: Sought::Key.among(names, key.as_deref())? })
    }

    /// The columns that are named.
    pub(super) fn named(&self) -> impl Iterator<Item = &String> {
        let names = match self {
            Self::Fields => [None, None],
            Self::Columns { group, key } => [group.as_ref(), key.as_ref()],
        };
        names.into_iter().flatten()
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
        matches!(self, Self::Columns { group: Some(name), .. } if columns::holds_numbers(name))
    }

    /// Whether digits are said to be an ID: the form's field is one of groups by their IDs.
    pub(super) fn says_id(&self) -> bool {
        !matches!(self, Self::Columns { group: Some(name), .. } if !words_end(name, &["id", "ids"]))
    }

    /// Whether the group's column says that it holds names, and nothing else.
    pub(super) fn gives_names(&self) -> bool {
        matches!(self, Self::Columns { group: Some(name), .. } if words_end(name, NAME))
            && !self.says_id()
            && !self.gives_numbers()
    }

    /// What a row has for its group and for its key.
    fn cells(&self, rows: &mut dyn Rows, row: usize) -> [Result<Cell, CellFault>; 2] {
        match self {
            Self::Fields => ["groupId", "licenseKey"].map(|name| rows.parameter(row, name)),
            Self::Columns { group, key } => {
                [(group, Sought::Group), (key, Sought::Key)].map(|(named, sought)| match named {
                    Some(name) => rows.column(row, name),
                    None => sought.in_row(rows, row),
                })
            }
        }
    }

    /// Whether a row has neither a group nor a key.
    pub(super) fn has_nothing(&self, rows: &mut dyn Rows, row: usize) -> bool {
        let [group, key] = self.cells(rows, row);
        let faults = [value::reference(self.group_name(), group).err(), value::clean_text(KEY, key).err()];
        faults.iter().all(|fault| matches!(fault, Some(ValueFault { kind: FaultKind::Missing, .. })))
    }

    pub(super) fn read(&self, rows: &mut dyn Rows, row: usize) -> Result<Order, ValueFault> {
        let [group, key] = self.cells(rows, row);
        let group = match value::reference(self.group_name(), group) {
            // A spreadsheet makes 28 of 0028, which may be another group's ID.
            Ok(Reference::Either { number, .. }) if self.gives_numbers() => Ok(Reference::Number(number)),
            Ok(Reference::Number(text)) if is_expression(&text) => {
                Err(ValueFault { field: self.group_name().into(), kind: Expected::Evaluated.fault() })
            }
            Ok(Reference::Number(text)) if is_guid(&text) => {
                Err(ValueFault { field: self.group_name().into(), kind: FaultKind::NotAnId(text) })
            }
            group => group,
        };
        let cleaned = value::clean_text(KEY, key);
        let given = given(&group);
        if let Some(misplaced) =
            given.filter(|text| is_misplaced_key(text, cleaned.as_ref().map_or("", |key| &key.text)))
        {
            return Err(self.group_is_key(misplaced));
        }
        // Digits beside a group may be an odd key.
        if let Ok(Clean { text: key, .. }) = &cleaned
            && names_group(key)
            && (given.is_some_and(|text| !names_group(text) || !key.starts_with(|c: char| c.is_ascii_digit()))
                || group.as_ref().is_ok_and(|group| group.shown() == *key))
        {
            return Err(ValueFault { field: KEY.into(), kind: FaultKind::IsGroup });
        }
        let group = group.map_err(|fault| match &cleaned {
            Ok(key) => fault.redacted(&|text| redact(text, &key.text, MASK)),
            Err(_) => fault,
        })?;
        let cleaned = without_spaces(cleaned?);
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

/// How a word ends that says that a column holds names.
const NAME: &[&str] = &["name", "names", "naam", "nom", "nombre", "nome", "bezeichnung"];

/// Whether a word of a column's name, the last one of a path, ends with one of these.
fn words_end(column: &str, ends: &[&str]) -> bool {
    let name =
        path::steps(column).and_then(|mut steps| steps.pop()).unwrap_or_else(|| column.to_owned()).to_lowercase();
    name.split(|c: char| !c.is_alphanumeric()).any(|word| ends.iter().any(|end| word.ends_with(end)))
}

/// What a fault of the run's options says, without the key of the row in which it was found, wherever that may come from.
pub(super) fn without_key(fault: ValueFault, rows: &mut dyn Rows, row: usize) -> ValueFault {
    let cells = [rows.parameter(row, "licenseKey"), Sought::Key.in_row(rows, row)];
    let keys = cells.map(|cell| value::clean_text(KEY, cell).map_or(String::new(), |key| key.text));
    fault.redacted(&|text| {
        let known = keys.iter().fold(text.to_owned(), |text, key| redact(&text, key, MASK));
        RowSecrets::default().redact(&known)
    })
}

/// What a cell gives as the group.
fn given(group: &Result<Reference, ValueFault>) -> Option<&str> {
    match group {
        Ok(Reference::Number(text) | Reference::Either { number: text, .. })
        | Err(ValueFault { kind: FaultKind::NotAnId(text), .. }) => Some(text),
        Ok(Reference::Id(_)) | Err(_) => None,
    }
}

/// A key without the spaces beside its dashes, and without any if it is as those in circulation, in whatever case.
fn without_spaces(cleaned: Clean) -> Clean {
    if !cleaned.text.contains(' ') {
        return cleaned;
    }
    let compact: String = cleaned.text.chars().filter(|c| *c != ' ').collect();
    let is_usual = LicenseKey::new(compact.to_uppercase()).has_usual_shape();
    let text = if is_usual { compact } else { cleaned.text.split('-').map(str::trim).collect::<Vec<_>>().join("-") };
    Clean { mended: cleaned.mended || text != cleaned.text, text }
}

/// A key in the group's place must go nowhere: not into an address, and not into the row's report.
fn is_misplaced_key(group: &str, key: &str) -> bool {
    if is_nothing(group) && !may_be_key(group) {
        return false;
    }
    // Beside a key in its own place, a short text is a group's own number or name.
    let has_key = is_key(text::trimmed(key));
    let holds_key =
        |text: &str| !names_group(text) && may_be_key(text) && (!has_key || text.len() > 16 || names_key(text));
    holds_key(group)
        || text::clean(group).is_ok_and(|clean| holds_key(&clean.text))
        || (!names_group(key) && is_same(group, key))
}

/// Whether a text is what 3CX calls a group by: digits, or GRP and digits.
pub(crate) fn names_group(text: &str) -> bool {
    let digits = text.get(..3).filter(|start| start.eq_ignore_ascii_case("GRP")).map_or(text, |_| &text[3..]);
    text::is_digits(digits)
}

/// What other programs write where there is nothing, in lower case.
const NOTHING: &[&str] = &[
    "null",
    "undefined",
    "nan",
    "none",
    "nil",
    "n/a",
    "na",
    "true",
    "false",
    "[object object]",
    "{}",
    "[]",
    "0",
    "tbd",
    "tba",
    "todo",
];

/// Whether a text stands for nothing.
pub(super) fn is_nothing(text: &str) -> bool {
    let name = text.to_lowercase();
    // A spreadsheet's errors begin with # or Err: #N/A, #REF!, Err:502
    let is_error = name.starts_with('#') || name.starts_with("err:");
    is_error || NOTHING.contains(&name.as_str()) || !text.chars().any(char::is_alphanumeric)
}

/// A key for what there is one of, cleaned: the PBX, or somebody's own group.
pub(crate) fn key_alone(key: Result<Cell, CellFault>) -> Result<String, ValueFault> {
    let key = value::clean_text(KEY, key)?.text;
    if names_group(&key) {
        return Err(ValueFault { field: KEY.into(), kind: FaultKind::IsGroup });
    }
    refuse_blank(&key)?;
    Ok(key)
}

/// What is no key would take the place of a good one: our own stars, and what stands for nothing.
fn refuse_blank(key: &str) -> Result<(), ValueFault> {
    let field = KEY.into();
    if is_mask(key) {
        return Err(ValueFault { field, kind: FaultKind::Mask });
    }
    if is_expression(key) {
        return Err(ValueFault { field, kind: Expected::Evaluated.fault() });
    }
    if key_shapes(key).count() > 1 {
        return Err(ValueFault { field, kind: Expected::OneKey.fault() });
    }
    if is_nothing(key) || is_unfinished(&key.to_lowercase()) || holds_more(key) {
        return Err(ValueFault { field, kind: Expected::RealKey.fault() });
    }
    Ok(())
}

/// Whether a text is an expression that was not evaluated.
fn is_expression(text: &str) -> bool {
    text.contains("{{")
}

/// Whether a text in lower case is what was to become a key: a formula, or a key that is hidden or cut off.
fn is_unfinished(key: &str) -> bool {
    key.contains(['*', '•', '=']) || key.contains("undefined") || key.ends_with('…') || key.ends_with("...")
}

/// Whether a text has a key in it and more: a quote, a remark, a second key. Sent as it is, the key would be another one.
fn holds_more(key: &str) -> bool {
    key_shapes(key).next().is_some_and(|shape| shape != (0..key.len())) && !is_long_key(key)
}

/// Whether a text is one key that has more to it than usual: further groups, which are no words.
fn is_long_key(key: &str) -> bool {
    let is_group = |group: &str| {
        group.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && ((4..=5).contains(&group.len()) || group.bytes().any(|byte| byte.is_ascii_digit()))
    };
    let is_one_case = key.to_uppercase() == key || key.to_lowercase() == key;
    is_one_case && key_shapes(key).count() == 1 && key.split('-').all(is_group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::testing::form;

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
        RowSource::Fields.read(&mut Row(key), 0)
    }

    #[test]
    fn keys_are_mended_warned_about_or_refused() {
        let text = |text: &str| Cell::Text(text.into());
        let mended = read(text("8SGW\u{2013}ABCD-EFGH-1234")).unwrap();
        assert_eq!(mended.key.reveal(), "8SGW-ABCD-EFGH-1234");
        assert_eq!(mended.warnings.len(), 1);
        let spaced = read(text("8SGW-ABCD\u{a0}- EFGH-1234")).unwrap();
        assert_eq!((spaced.key.reveal(), spaced.warnings.len()), ("8SGW-ABCD-EFGH-1234", 1));
        for (spaced, sent) in
            [("8sgw-abcd\u{a0}-efgh-1234", "8sgw-abcd-efgh-1234"), ("LIC1250\u{a0}-250", "LIC1250-250")]
        {
            assert_eq!(read(text(spaced)).unwrap().key.reveal(), sent);
        }
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
            ["null", "Undefined", "NaN", "n/a", "#N/A", "#REF!", "-", "--", "?", "[object Object]", "0", "{}", "TBD"]
        {
            assert_eq!(fault(nothing).field, "License Key", "{nothing}");
        }
        for nothing in [
            "'8SGW-ABCD-EFGH-1234",
            "=\"8SGW-ABCD-EFGH-1234\"",
            "8SGW-ABCD-EFGH-1234 (alt)",
            "8SGW-ABCD-EFGH-1234 / 8SGW-ABCD-EFGH-1235",
            "8SGW-ABCD-EFGH-1234 8SGW-ABCD-EFGH-1235",
            "8SGW-ABCD-EFGH-1234\u{a0}8SGW-ABCD-EFGH-1235",
            "8SGW-ABCD-EFGH-1234-8SGW-ABCD-EFGH-1235",
            "8SGW-ABCD-EFGH-1234\u{a0}alt",
            "8SGW-ABCD-EFGH-1234-old",
            "8SGW-ABCD-EFGH-1234\u{2013}neue",
            "8SGW-ABCD-EFGH-1234_neu",
            "8SGW-ABCD-EFGH-1234.",
            "Key\u{a0}8SGW-ABCD-EFGH-1234",
            "8SGW-****-****-1234",
            "Loading...",
            "8SGW-ABCD-…",
            "Err:502",
            "=VLOOKUP(A2,B:C,2,0)",
            "{{ $json.key }}",
            "ABCD-EFGH-IJKL-undefined",
        ] {
            assert_eq!(fault(nothing).field, "License Key", "{nothing}");
        }
        assert!(read(Cell::Number(0.0)).is_err());
        for key in [
            "8sgw-null",
            "N/A-1",
            "NONE-OF-THEM-ALL1",
            "10",
            "8SGW-ABCD-EFGH-1234-5678",
            "8sgw abcd efgh 1234",
            "8SGW_ABCD_EFGH_1234",
            "LIC1250ABCXYZ-250",
            "Key 7 (odd)",
            "LIC1250ABCXYZABC-250",
            "3CX-8SGW-ABCD-EFGH-1234",
        ] {
            assert!(read(Cell::Text(key.into())).is_ok(), "{key}");
        }
    }

    #[test]
    fn what_is_no_key_says_what_it_is_instead() {
        let fault = |key: &str| read(Cell::Text(key.into())).unwrap_err();
        for (key, expected) in [
            ("{{ $json['License Key'] }}", Expected::Evaluated),
            ("={{ $json.key }}", Expected::Evaluated),
            ("8SGW-ABCD-EFGH-1234 8SGW-ABCD-EFGH-1235", Expected::OneKey),
            ("8SGW-ABCD-EFGH-1234;8SGW-ABCD-EFGH-1235", Expected::OneKey),
            ("8SGWABCDEFGH1234, 8SGWABCDEFGH1235", Expected::OneKey),
            ("8SGW-ABCD-EFGH-1234;", Expected::RealKey),
            ("\"8SGW-ABCD-EFGH-1234\"", Expected::RealKey),
        ] {
            assert_eq!(fault(key), ValueFault { field: "License Key".into(), kind: expected.fault() }, "{key}");
        }
        let group = Cell::Text("{{ $json['Group ID'] }}".into());
        for key in ["8SGW-ABCD-EFGH-1234", "{{ $json['License Key'] }}"] {
            let fault = RowSource::Fields.read(&mut fields(group.clone(), key), 0).unwrap_err();
            assert_eq!(fault, ValueFault { field: "Group".into(), kind: Expected::Evaluated.fault() }, "{key}");
        }
    }

    #[test]
    fn a_key_in_place_of_the_group_is_refused_and_masked() {
        let by_id = |text: &str| Cell::Locator { mode: "id".into(), value: Box::new(Cell::Text(text.into())) };
        for group in ["8SGW-ABCD-EFGH-5678", "8sgwabcdefgh5678", "ODD KEY 5678", "odd-key-5678"] {
            for cell in [Cell::Text(group.into()), by_id(group)] {
                let fault = RowSource::Fields.read(&mut fields(cell, "ODD-KEY-5678"), 0).unwrap_err();
                assert!(matches!(fault.kind, FaultKind::IsKey(_)), "{fault:?}");
                assert_eq!(fault.field, "Group", "as the form calls it");
                assert!(!format!("{fault:?}").to_lowercase().contains(&group.to_lowercase()), "{fault:?}");
            }
        }
        assert!(RowSource::Fields.read(&mut fields(Cell::Text("GRP0001".into()), "8SGW-ABCD-EFGH-5678"), 0).is_ok());
    }

    #[test]
    fn a_guid_is_no_group_and_no_key_in_its_place() {
        let guid = "6f9619ff-8b86-d011-b42d-00c04fc964ff";
        let read = |key: &str| RowSource::Fields.read(&mut fields(Cell::Text(guid.into()), key), 0).unwrap_err().kind;
        assert_eq!(read("8SGW-ABCD-EFGH-5678"), FaultKind::NotAnId(guid.into()));
        assert!(matches!(read(guid), FaultKind::IsKey(_)), "the row's own key");
    }

    #[test]
    fn a_group_and_a_key_that_changed_places_are_refused_whatever_the_key_looks_like() {
        let read = |group: &str, key: &str| RowSource::Fields.read(&mut fields(Cell::Text(group.into()), key), 0);
        for (group, key) in [
            ("8SGW-ABCD-EFGH-12345", "28"),
            ("ODDKEY_77.CANARY", "28"),
            ("ODDKEY_77.CANARY", "grp0001"),
            ("2800", "GRP0028"),
            ("1\u{a0}2", "28"),
            ("8SGW-ABCD-EFGH-12\u{200b}34", "8SGW-ABCD-EFGH-5678"),
            ("8SGWABCDEFGH12345", "8SGW-ABCD-EFGH-5678"),
            ("#8SGW-ABCD-EFGH-5678", "8SGW-ABCD-EFGH-1234"),
            ("Err:8SGW-ABCD-EFGH-5678", "8SGW-ABCD-EFGH-5678"),
        ] {
            let fault = read(group, key).unwrap_err();
            assert!(matches!(fault.kind, FaultKind::IsKey(_) | FaultKind::IsGroup), "{group}: {fault:?}");
            assert!(!format!("{fault:?}").contains(&group[..4]), "{fault:?}");
        }
        for (group, key) in [("28", "10"), ("GRP0001", "10"), ("GRP000000000001", "8SGW-ABCD-EFGH-5678")] {
            assert!(read(group, key).is_ok(), "{group}");
        }
        assert!(read("Main Hall East Wing", "8SGW-ABCD-EFGH-5678").is_ok(), "a department's name");
        for group in ["28", "GRP0028", "grp0028"] {
            let fault = ValueFault { field: "License Key".into(), kind: FaultKind::IsGroup };
            assert_eq!(read(group, group).unwrap_err(), fault, "one column for both");
        }
        for nothing in ["#N/A", "TBD", "undefined"] {
            let report = read(nothing, nothing).unwrap_err().report();
            assert_ne!(report.code, "MISPLACED_LICENSE_KEY", "{nothing}");
        }
        let missing = ValueFault { field: "Group".into(), kind: FaultKind::Missing };
        assert_eq!(read("", "28").unwrap_err(), missing);
    }

    #[test]
    fn a_column_says_whether_it_holds_ids_or_names() {
        let told = |name: &str| {
            let source = RowSource::Columns { group: Some(name.into()), key: None };
            (source.says_id(), source.gives_names())
        };
        for name in
            ["Group ID", "groupId", "body.groupId", "name.groupId", "Gruppen-ID", "Group Name or ID", "['Group IDs']"]
        {
            assert_eq!(told(name), (true, false), "{name}");
        }
        for name in [
            "Group Name",
            "groupName",
            "body['Group Name']",
            "Abteilungsname",
            "Nom du groupe",
            "Department Name (3CX)",
        ] {
            assert_eq!(told(name), (false, true), "{name}");
        }
        for name in ["Group", "Department", "Group Number", "Group Name / No.", "Name.Group"] {
            assert_eq!(told(name), (false, false), "{name}");
        }
        assert!(RowSource::Fields.says_id() && RowSource::default().says_id());
    }

    #[test]
    fn columns_are_found_by_their_usual_names_or_by_the_one_given() {
        let read = |key: Option<&str>| {
            let source = RowSource::Columns { group: None, key: key.map(str::to_owned) };
            source.read(&mut Row(Cell::Text("8SGW-ABCD-EFGH-1234".into())), 0)
        };
        assert_eq!(read(None).unwrap().group, Reference::either(28));
        assert_eq!(read(Some("mykey")).unwrap().key.reveal(), "8SGW-ABCD-EFGH-1234");
        assert!(read(Some("other")).is_err());
    }
}
