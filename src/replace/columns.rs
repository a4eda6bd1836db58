//! Which columns hold the group and the key: by their names, as far as these are certain.

use super::row::names_group;
use crate::redaction::is_same;
use crate::rows::{Cell, CellFault, ColumnNames, Rows, folded, path, text, value};
use crate::secret::{is_key, is_mixed};

/// What the name of the column of new keys may begin or end with.
const NEW: &str = "new";

/// What a column is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought {
    Group,
    Key,
}

/// A column that a sheet lacks.
#[derive(Debug, PartialEq, Eq)]
pub enum Lacking {
    /// The one of this name.
    Named(String),
    /// One of the usual names.
    Usual(Sought),
    /// One that is certain: this one could be it as well.
    Certain(Sought, String),
    /// One that is certain: not all names could be looked at.
    AmongTooMany(Sought),
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

    /// The column among these, as it is spelled: the one that the person names, or one of the usual names. None where no names
    /// could be looked at.
    pub(super) fn among(self, names: &ColumnNames, named: Option<&str>) -> Result<Option<String>, Lacking> {
        if let Some(name) = named
            && names.spelled.iter().any(|known| known == name)
        {
            return Ok(Some(name.to_owned()));
        }
        if names.are_too_many {
            return named.map(|name| Some(name.to_owned())).ok_or(Lacking::AmongTooMany(self));
        }
        if names.spelled.is_empty() && !names.are_all {
            return Ok(named.map(str::to_owned));
        }
        let compared: Vec<_> = names.spelled.iter().map(|name| (folded(name), name)).collect();
        let first = |wanted: &str| compared.iter().find(|(name, _)| name == wanted);
        let found = match named {
            Some(name) => first(&folded(name)),
            None => self.usual().iter().find_map(|usual| first(usual)),
        };
        let Some((found, spelled)) = found else {
            return match named {
                Some(name) if leads_into(name, names) => Ok(Some(name.to_owned())),
                Some(name) => Err(Lacking::Named(name.to_owned())),
                None => Err(Lacking::Usual(self)),
            };
        };
        let is_twin = |name: &str| name == found && names.twins.contains(found);
        let rival = compared
            .iter()
            .filter(|(_, other)| other != spelled)
            .find(|(name, other)| is_twin(name) || (named.is_none() && self.is_rival(found, name, other)));
        rival.map_or_else(|| Ok(Some((*spelled).clone())), |(_, rival)| Err(Lacking::Certain(self, (*rival).clone())))
    }

    /// Whether another column than the one that was found by its name could be meant as well.
    fn is_rival(self, found: &str, name: &str, spelled: &str) -> bool {
        is_numbered(name, found)
            || match self {
                Self::Group => could_be_group(found, name, spelled),
                Self::Key => !found.starts_with(NEW) && could_be_new(name),
            }
    }

    /// What a row has under one of the usual names.
    pub(super) fn in_row(self, rows: &mut dyn Rows, row: usize) -> Result<Cell, CellFault> {
        let mut cells = self.usual().iter().map(|name| rows.column(row, name));
        cells.find(|cell| *cell != Ok(Cell::Empty)).unwrap_or(Ok(Cell::Empty))
    }
}

/// Whether it is a path into one of the columns: `body.groupId`.
fn leads_into(name: &str, names: &ColumnNames) -> bool {
    path::steps(name).is_some_and(|steps| steps.len() > 1 && names.spelled.contains(&steps[0]))
}

/// Whether a second column of this name was numbered: `License Key_1`, `License Key (2)`.
fn is_numbered(name: &str, found: &str) -> bool {
    name.strip_prefix(found).is_some_and(text::is_digits)
}

/// Whether a column may be the one of new keys.
fn could_be_new(name: &str) -> bool {
    let is_new = name.starts_with(NEW) || name.ends_with(NEW) || name.starts_with("replacement");
    is_new && (name.contains("licen") || name.contains("key"))
}

/// What groups are called, as parts of folded names.
const GROUP: &[&str] = &[
    "group",
    "groupe",
    "department",
    "dept",
    "département",
    "departament",
    "departamento",
    "gruppe",
    "gruppo",
    "grupo",
    "groep",
    "abteilung",
    "afdeling",
];

/// What a group has, or is a part of: its number or ID is not the group's.
const OF_A_GROUP: &[&str] = &[
    "admin",
    "caller",
    "callerid",
    "contact",
    "cost",
    "ddi",
    "did",
    "dids",
    "ext",
    "extension",
    "extensions",
    "fax",
    "head",
    "hotline",
    "invoice",
    "license",
    "licenses",
    "manager",
    "member",
    "members",
    "mobile",
    "owner",
    "parent",
    "phone",
    "phones",
    "prompt",
    "queue",
    "queues",
    "ring",
    "tel",
    "telephone",
    "trunk",
    "trunks",
    "user",
    "users",
];

/// The same in two words, as in `Department Main Number`: a `Main Group Number` may be the group's own.
const MAIN_NUMBER: &str = "mainnumber";

/// Whether a column may tell the group as well: by an ID or a number, or as the new or old one of two.
fn could_be_group(found: &str, name: &str, spelled: &str) -> bool {
    let of_found = GROUP.iter().find(|group| found.starts_with(*group));
    let is_usual = Sought::Group.usual().contains(&name);
    // The ID and the number of one group, of which the more telling one was found.
    if is_usual && of_found.is_some_and(|group| name.starts_with(group)) {
        return false;
    }
    let words = words(spelled);
    // An ID is more telling than a number; and what belongs to a group has numbers of its own.
    let is_its_own = has_any(&words, OF_A_GROUP) || name.contains(MAIN_NUMBER);
    if (found.ends_with("id") && holds_numbers(spelled)) || is_its_own {
        return false;
    }
    let tells = holds_numbers(spelled) || has_any(&words, ID) || has_any(&words, &["new", "old"]);
    let is_bare = |without: &[&str]| {
        let rest = without.iter().fold(name.to_owned(), |name, word| name.replace(word, ""));
        GROUP.contains(&rest.as_str()) && (GROUP.contains(&found) || rest != name)
    };
    // An ID is more telling than what the PBX calls a group, or a code.
    let may_be_bare = GROUP.contains(&found) && (is_bare(SYSTEM) || is_bare(&["code"]));
    GROUP.iter().any(|group| name.contains(group)) && (tells || may_be_bare || is_bare(CORRECTED))
}

/// What says that a column is of the PBX: another one of groups may be of something else.
const SYSTEM: &[&str] = &["3cx", "pbx"];

/// What says that a column stands for another one, or another one for it.
const CORRECTED: &[&str] = &["actual", "corrected", "correct", "real", "right", "target"];

/// Whether a column's name says that it holds numbers, which are no IDs.
pub(super) fn holds_numbers(spelled: &str) -> bool {
    let name = folded(spelled);
    // Of `Group ID #`, nobody knows.
    if names_id(spelled) {
        return false;
    }
    spelled.contains(['#', '№', '°'])
        || NUMBER.iter().any(|number| name.contains(number))
        || has_any(&words(spelled), SHORT)
        || GROUP.iter().any(|group| name.strip_prefix(group).is_some_and(|rest| SHORT.contains(&rest)))
}

const NUMBER: &[&str] = &["number", "nummer", "numero", "numéro", "número", "nº"];
const SHORT: &[&str] = &["no", "nr", "num", "nro"];

/// A column that tells the number of each row's group, or may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) column: String,
    /// Whether it holds nothing else. The customer's own numbers tell no group: `Department Number` beside `Group ID`, and a
    /// `Group #` that counts.
    pub(super) are_certain: bool,
}

impl Numbers {
    /// Whether a cell there is the number of a group: `GRP0001`.
    pub(super) fn tell(&self, cell: &str) -> bool {
        self.are_certain || (names_group(cell) && !cell.starts_with(|c: char| c.is_ascii_digit()))
    }
}

/// Columns with the number of the group that this column tells: `Group Number` beside `Group ID`, and `Group`, which may.
/// Nothing else may be in their names: a `No.` counts rows, and a `Group Phone Number` is a group's.
pub(super) fn numbers_beside(found: &str, names: impl Iterator<Item = String>) -> Vec<Numbers> {
    let has_id = is_of_group(found, ID);
    if !has_id && !is_group(&essence(found)) {
        return Vec::new();
    }
    // Of one language: `group` and `groupe`, `dept` and `department`.
    let group = |spelled: &str| GROUP.iter().find(|group| essence(spelled).contains(*group)).map(|group| &group[..3]);
    let numbers = |column: String| {
        let holds_numbers = holds_numbers(&column);
        let is_number = is_of_group(&column, NUMBER)
            || is_of_group(&column, SHORT)
            || ((holds_numbers || has_id) && is_group(&essence(&column)));
        let are_certain = holds_numbers && !column.contains('#') && group(found) == group(&column);
        (column != found && is_number).then_some(Numbers { column, are_certain })
    };
    names.filter_map(numbers).collect()
}

fn is_group(name: &str) -> bool {
    GROUP.contains(&name)
}

/// Whether a column has a group and one of these in its name, and nothing else: `Group ID`, `Gruppen-ID`, `ID de grupo`.
fn is_of_group(spelled: &str, what: &[&str]) -> bool {
    let name = essence(spelled);
    // `No Group` says something else.
    let is_before = |what: &&str| *what != "no" && name.strip_prefix(*what).is_some_and(is_group);
    // As in Gruppennummer and Groepsnummer.
    let is_behind = |what: &&str| {
        let rest = name.strip_suffix(*what);
        rest.is_some_and(|rest| is_group(rest) || rest.strip_suffix(['n', 's']).is_some_and(is_group))
    };
    what.iter().any(|what| is_before(what) || is_behind(what))
}

/// A folded name without what says nothing about a group.
fn essence(spelled: &str) -> String {
    let words = words(spelled).into_iter().filter(|word| !JOINING.contains(&word.as_str()));
    SYSTEM.iter().fold(words.collect(), |name: String, system| name.replace(system, ""))
}

/// As in `Numéro de groupe` and `N° de groupe`.
const JOINING: &[&str] = &["de", "del", "della", "der", "di", "do", "du", "n", "of", "the"];

fn names_id(spelled: &str) -> bool {
    let name = folded(spelled);
    GROUP.iter().any(|group| name.contains(&format!("{group}id"))) || has_any(&words(spelled), ID)
}

const ID: &[&str] = &["id", "ids"];

fn has_any(words: &[String], wanted: &[&str]) -> bool {
    words.iter().any(|word| wanted.contains(&word.as_str()))
}

/// The words of a name, in lower case: `groupNo` has two.
pub(super) fn words(spelled: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut was_lower = false;
    for c in spelled.chars() {
        if !c.is_alphanumeric() || (was_lower && c.is_uppercase()) {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase();
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// What says that a column holds an old key.
const OLD: &[&str] = &[
    "old",
    "previous",
    "former",
    "expired",
    "last",
    "alt",
    "alte",
    "alter",
    "alten",
    "bisherig",
    "bisherige",
    "bisheriger",
    "ancien",
    "ancienne",
    "vieja",
    "oude",
];

/// What says that a column holds something else that is written like a key, unless its name says that it is a key or new.
const OTHER: &[&str] = &["serial", "sn", "iban", "order", "invoice", "account", "mac", "imei"];

/// Columns that may hold the new keys although their names do not say so, seen by their cells; a few rows at a time. The old
/// key is known by nothing else: `Neuer Schlüssel`, `Renewed`, a column without a name.
#[derive(Debug, Default)]
pub(super) struct OtherKeys {
    /// The column of keys, which was found by its name, and those that are compared.
    found: String,
    others: Vec<String>,
    next_row: usize,
}

impl OtherKeys {
    /// Rows may be long.
    const AT_ONCE: usize = 32;

    /// `found`: the column of keys, where nobody named it. A key in the column of groups is that row's own fault.
    pub(super) fn beside(found: String, group: Option<&str>, names: &ColumnNames) -> Self {
        let own = folded(&found);
        let is_new = own.starts_with(NEW);
        let is_other = |spelled: &&String| {
            let name = folded(spelled);
            let words = words(spelled);
            let may_be_key = has_any(&words, &[NEW, "key"]);
            let is_known = has_any(&words, OLD)
                || (has_any(&words, OTHER) && !may_be_key)
                || (is_new && has_any(&words, &["current"]));
            let is_taken = name == own || group.is_some_and(|group| folded(group) == name);
            let is_older = is_new && Sought::Key.usual().contains(&name.as_str());
            !(is_taken || is_older || is_known)
        };
        Self { others: names.spelled.iter().filter(is_other).cloned().collect(), found, next_row: 0 }
    }

    /// Whether all rows have been looked at; or the column that has another key than the one that would be sent.
    pub(super) fn go_on(&mut self, rows: &mut dyn Rows) -> Result<bool, Lacking> {
        if self.others.is_empty() {
            return Ok(true);
        }
        let end = rows.len().min(self.next_row + Self::AT_ONCE);
        for row in self.next_row..end {
            // A row that cannot be read says so when its turn comes.
            for other in &self.others {
                let Ok(Cell::Text(cell)) = rows.column(row, other) else { continue };
                if cell.len() > LONGEST || !has_key(&cell) {
                    continue;
                }
                let Ok(own) = value::clean_text("License Key", rows.column(row, &self.found)) else { continue };
                if !is_same(&own.text, &cell) {
                    return Err(Lacking::Certain(Sought::Key, other.clone()));
                }
            }
        }
        self.next_row = end;
        Ok(end == rows.len())
    }
}

/// In bytes: a longer cell is no key, with whatever surrounds it.
const LONGEST: usize = 100;

/// Whether a cell is a license key, and no mere number.
pub(super) fn has_key(cell: &str) -> bool {
    let cell = text::trimmed(cell);
    is_key(cell) && cell.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Whether the name of a column is a license key. A name with a number or a year is none: `subscription2026`,
/// `YEAR-2026-CITY-ZONE`.
pub(super) fn is_key_itself(name: &str) -> bool {
    let words = words(name);
    let numbers = |word: &str| word.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty()).count();
    let is_named = match &words[..] {
        [word] => numbers(word) == 1,
        words => words.iter().any(|word| word.starts_with("20")) && !words.iter().any(|word| is_mixed(word)),
    };
    has_key(name) && !is_named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(spelled: &[&str]) -> ColumnNames {
        ColumnNames {
            spelled: spelled.iter().map(|name| (*name).to_owned()).collect(),
            are_all: true,
            ..ColumnNames::default()
        }
    }

    fn found(sought: Sought, spelled: &[&str]) -> Option<String> {
        sought.among(&names(spelled), None).ok().flatten()
    }

    #[test]
    fn what_may_be_a_second_column_of_keys_leaves_it_open() {
        for rival in [
            "License Key2",
            "License Key 2",
            "License Key (2)",
            "License Key.1",
            "License Key_1",
            "License Key 2026",
            "License Key new",
            "New License",
        ] {
            assert_eq!(found(Sought::Key, &["License Key", rival]), None, "{rival}");
            let named = Sought::Key.among(&names(&["License Key", rival]), Some("License Key"));
            assert_eq!(named.ok().flatten().as_deref(), Some("License Key"), "{rival}");
        }
        for other in ["License Key_old", "License Keys left", "Key 2a", "New Customer"] {
            assert_eq!(found(Sought::Key, &["License Key", other]).as_deref(), Some("License Key"), "{other}");
        }
    }

    #[test]
    fn what_may_tell_the_group_as_well_leaves_it_open() {
        for (one, other) in [
            ("Department", "3CX Group ID"),
            ("Group", "PBX Department ID"),
            ("Group", "PBX Group Id"),
            ("Group ID", "New Group ID"),
            ("Group ID", "Old Group"),
            ("Group ID", "Group ID2"),
            ("Group", "3CX-Gruppen-ID"),
            ("Group", "Group Nr"),
            ("Group", "Dept Nr."),
            ("Department", "Gruppennummer"),
            ("Group", "Group No. (3CX)"),
            ("Group ID", "Department ID"),
            ("Group", "Department"),
            ("Group", "Abteilung #"),
            ("Group", "Numéro de groupe"),
            ("Group", "Número de grupo"),
            ("Group", "groepId"),
            ("Group", "Gruppe"),
            ("Group", "3CX Group"),
            ("Department", "Department (3CX)"),
            ("Group", "Corrected Group"),
            ("Department", "Actual Department"),
            ("Group", "Group Code"),
            ("Group", "Main Group Number"),
            ("Department", "Main Department ID"),
        ] {
            for spelled in [[one, other], [other, one]] {
                assert_eq!(found(Sought::Group, &spelled), None, "{spelled:?}");
            }
            let named = Sought::Group.among(&names(&[one, other]), Some(other));
            assert_eq!(named.ok().flatten().as_deref(), Some(other));
        }
        for (one, other) in [
            ("Group ID", "Group Number"),
            ("groupId", "groupName"),
            ("Group ID", "Group"),
            ("Group ID", "Department"),
            ("Department ID", "Department Number"),
            ("Group ID", "Group Notes"),
            ("Group ID", "3CX Group"),
            ("Group ID", "3CX Group Name"),
            ("Group", "Access Right Group"),
            ("Group", "Actual Group Size"),
            ("Group", "Country Code Group"),
            ("Group ID", "Group Code"),
            ("Group", "Customer ID"),
            ("Group", "Phone No"),
            ("Group ID", "Group Nr"),
            ("Group ID", "Department Phone Number"),
            ("Group", "Number of Group Users"),
            ("Group ID", "Department Head ID"),
            ("Group ID", "Group Paid"),
            ("Group ID", "Group Caller ID"),
            ("Group ID", "Group CallerID"),
            ("Department", "Department Main Number"),
            ("Department", "Department DID Number"),
            ("Department", "Number of Extensions in Department"),
            ("Department", "Department Manager ID"),
            ("Department", "Department Invoice No"),
            ("Group", "Group Licenses No"),
            ("Group ID", "Group Trunk ID"),
            ("Group ID", "Group Queue ID"),
            ("Group ID", "Ring Group ID"),
            ("Group", "Ring Group Number"),
            ("Group ID", "Parent Department ID"),
        ] {
            assert_eq!(found(Sought::Group, &[other, one]).as_deref(), Some(one), "{other}");
        }
    }

    #[test]
    fn columns_of_numbers_say_so_in_many_words() {
        for name in [
            "Group Number",
            "Group Number (3CX)",
            "group_no",
            "groupNo",
            "GROUPNO",
            "Group #",
            "Group Nr",
            "Dept Nr.",
            "DepartmentNum",
            "Gruppennummer",
            "Groepsnummer",
            "Numéro de groupe",
            "Número de grupo",
            "Nume\u{301}ro de groupe",
            "Account Number",
        ] {
            assert!(holds_numbers(name), "{name}");
        }
        for name in [
            "Group ID",
            "Group ID #",
            "# Group ID",
            "Gruppen-ID Nr.",
            "Group",
            "Department",
            "Group Notes",
            "Gruppe",
            "Nobody",
            "3CX Group",
        ] {
            assert!(!holds_numbers(name), "{name}");
        }
    }

    #[test]
    fn the_number_beside_the_id_of_a_group_is_told_from_other_numbers() {
        let numbers = |found: &str, spelled: &[&str]| numbers_beside(found, names(spelled).spelled.into_iter());
        let beside = |found: &str, spelled: &[&str]| -> Vec<String> {
            numbers(found, spelled).into_iter().map(|numbers| numbers.column).collect()
        };
        for (found, other) in [
            ("Group ID", "Group Number"),
            ("groupId", "group_no"),
            ("Group ID", "GroupNr"),
            ("3CX Group ID", "Group Number (3CX)"),
            ("Department ID", "department number"),
            ("Gruppe", "Gruppennummer"),
            ("Groep", "Groepsnummer"),
            ("Gruppen-ID", "Gruppennummer"),
            ("Gruppen-ID", "Gruppen-Nr."),
            ("Abteilungs-ID", "Abteilungsnummer"),
            ("ID de grupo", "Número de grupo"),
            ("ID de grupo", "Nº de grupo"),
            ("ID du groupe", "N° de groupe"),
            ("ID gruppo", "Numero gruppo"),
            ("ID del departamento", "Número de departamento"),
            ("Group ID", "Group #"),
            ("Group ID", "# Group"),
            ("Group ID", "Department Number"),
            ("Group ID", "Number of the Group"),
            ("PBX Group ID", "PBX Group Number"),
            // It may have GRP0001.
            ("Group ID", "Group"),
            ("Gruppen-ID", "3CX-Gruppe"),
        ] {
            assert_eq!(beside(found, &["Customer", found, "No.", other]), [other], "{found}, {other}");
        }
        for other in [
            "No.",
            "No",
            "#",
            "Nr.",
            "Number",
            "row_number",
            "Group Name",
            "New Group Number",
            "Group Phone Number",
            "Number of Groups",
            "Customer Number",
            "Groups",
            "Group Notes",
            "Group ID",
            "Groups #",
            "# of Groups",
            "Número de grupos",
            "Group Caller ID",
            "Department Main Number",
            "Department Users #",
            "Ring Group Number",
            "No Group",
        ] {
            assert_eq!(beside("Group ID", &["Group ID", other]), [""; 0], "{other}");
        }
        assert_eq!(beside("Group", &["Group", "Department"]), [""; 0], "neither has IDs");
        for chosen in ["New Group ID", "Customer", "Group Number"] {
            assert_eq!(beside(chosen, &[chosen, "Group Number"]), [""; 0], "{chosen}");
        }
        for (found, other, tells) in [
            ("Group ID", "Group Number", true),
            ("ID du groupe", "N° de groupe", true),
            ("Department ID", "Dept No.", true),
            // The customer's own, and one that counts.
            ("Group ID", "Department Number", false),
            ("Group ID", "Department No.", false),
            ("Group ID", "Abteilungsnummer", false),
            ("Group ID", "Group #", false),
            ("Group ID", "Group", false),
        ] {
            let numbers = &numbers(found, &[other])[0];
            assert_eq!(["1", "4700", "IT-1"].map(|cell| numbers.tell(cell)), [tells; 3], "{found}, {other}");
            assert!(["GRP0002", "grp2"].iter().all(|cell| numbers.tell(cell)), "{found}, {other}");
        }
    }

    #[test]
    fn a_path_leads_into_a_column() {
        let among = |name: &str, spelled: &[&str]| Sought::Group.among(&names(spelled), Some(name)).ok().flatten();
        assert_eq!(among("body.groupId", &["headers", "body"]).as_deref(), Some("body.groupId"));
        assert_eq!(among("body.groupId", &["headers"]), None);
        assert_eq!(among("body", &["Body"]).as_deref(), Some("Body"), "by its own name first");
        assert_eq!(among("body.group", &["body", "Body Group"]).as_deref(), Some("Body Group"));
    }
}
