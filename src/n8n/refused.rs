//! What people read where a run of *Replace Group License Key* sends nothing at all.

use std::fmt;

use serde_json::Map;

use super::outcome::{Certainty, Report};
use super::replaced::{not_sent, unread};
use crate::replace::columns::{Lacking, Sought};
use crate::replace::one_pbx::{Differing, OtherPbx};
use crate::replace::row::names_group;
use crate::replace::told::Refusal;
use crate::row_secrets;
use crate::secret::may_be_key;
use crate::xapi::error::Failure;

pub(super) fn report_of(why: &Refusal) -> Report {
    match why {
        Refusal::Option { fault, row } => fault.report().before_all(*row),
        Refusal::NoHeader => not_sent(
            "NO_HEADER",
            "Nothing was sent: a column's name is a license key, so the sheet has no header, and its first line was taken for one".to_owned(),
            "The first line would be lost. Write a line with the names of the columns above it; or, in Extract From File, switch the option Header Row off and choose the columns anew.".to_owned(),
            Map::new(),
        ),
        Refusal::NoColumn(lacking, names) => no_column(lacking, names),
        Refusal::OtherPbx(other) => other_pbx(other),
        Refusal::Memory(why) => Report::of(&Failure::Memory(why.clone()), Certainty::NotSent).before_all(None),
        Refusal::Unread(failure) => {
            let error = format!("the groups could not be read completely before the run: {failure}");
            Report { error, ..unread(failure) }.before_all(None)
        }
    }
}

impl fmt::Display for Sought {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Group => "the group",
            Self::Key => "the license key",
        })
    }
}

impl fmt::Display for Lacking {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => write!(formatter, "“{}”", row_secrets::shown(name)),
            Self::Usual(sought) => write!(formatter, "for {sought}"),
            Self::AmongTooMany(sought) => write!(formatter, "that is certainly {sought}'s among so many names"),
            Self::Certain(sought, rival) => {
                write!(formatter, "that is certainly {sought}'s: “{}” could be it as well", row_secrets::shown(rival))
            }
        }
    }
}

/// How many columns are named where one is missing.
const MOST_NAMED: usize = 30;

/// A sheet whose rows are for several PBXs, or for another one than the credential's.
fn other_pbx(other: &OtherPbx) -> Report {
    let (code, error, advice) = match other {
        OtherPbx::Several(column) => (
            "SEVERAL_PBXS",
            format!(
                "Nothing was sent: the column “{}” names several PBXs, and all rows of a run go to the credential's",
                row_secrets::shown(column)
            ),
            "Run the rows of one PBX at a time, with the credential of that PBX: put a Filter before this node. If the column tells something else, rename it.",
        ),
        OtherPbx::Another(differing) => (
            "OTHER_PBX",
            format!("Nothing was sent: the {differing}"),
            "Choose the credential of that PBX, or let only the rows of this one through with a Filter before this node. If both names are of one PBX, rename the column.",
        ),
    };
    not_sent(code, error, advice.to_owned(), Map::new())
}

impl fmt::Display for Differing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, told, own } = self;
        let [column, told] = [column, told].map(|text| row_secrets::shown(text));
        write!(formatter, "column “{column}” says {told}, and the credential's PBX Address is {own}")
    }
}

/// A sheet that lacks a column, and the columns that it has. Where the first line is no header, its values are not shown.
fn no_column(lacking: &Lacking, names: &[String]) -> Report {
    let is_value = |name: &String| names_group(name.trim()) || may_be_key(name);
    let has_header = !names.iter().any(is_value);
    let named: Vec<_> = names
        .iter()
        .filter(|name| has_header || !name.contains(char::is_numeric))
        .take(MOST_NAMED)
        .map(|name| format!("“{}”", row_secrets::shown(name)))
        .collect();
    let came = match (named.len(), names.len() - named.len()) {
        (0, 0) => "The rows have no columns".to_owned(),
        (0, more) => format!("The rows have {more} columns, whose names look like values"),
        (_, 0) => format!("The columns are {}", named.join(", ")),
        (_, more) => format!("The columns are {} and {more} more", named.join(", ")),
    };
    not_sent(
        "NO_COLUMN",
        format!("Nothing was sent: there is no column {lacking}. {came}"),
        "Name the column under Group Column or License Key Column, or drag it there from the input: a value within an object has a path, such as body.groupId. A sheet whose first line is not its header has other names: in Extract From File, set the option Range (such as A3:Z999), or for CSV Starting Line. If all values are in one column, set Delimiter.".to_owned(),
        Map::new(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::value::{FaultKind, ValueFault};
    use crate::xapi::error::MemoryFault;

    #[test]
    fn a_refusal_says_that_nothing_was_sent_and_where_it_is() {
        let fault = |kind| ValueFault { field: "Dry Run".into(), kind };
        let differing = Differing { column: "PBX".into(), told: "a.3cx.eu".into(), own: "b.3cx.eu".into() };
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        for (refusal, part) in [
            (Refusal::Option { fault: fault(FaultKind::NotText), row: Some(8) }, " (row 9)"),
            (
                Refusal::Option { fault: fault(FaultKind::Differs { row: 5 }), row: None },
                "not the same in rows 1 and 6",
            ),
            (Refusal::NoHeader, "a column's name is a license key"),
            (Refusal::NoColumn(Lacking::Usual(Sought::Key), named(&[])), "the license key. The rows have no columns"),
            (
                Refusal::NoColumn(Lacking::Usual(Sought::Group), named(&["Kunde", "License Key"])),
                "there is no column for the group. The columns are “Kunde”, “License Key”",
            ),
            (Refusal::NoColumn(Lacking::Named("kunde".into()), named(&["Group"])), "there is no column “kunde”"),
            (
                Refusal::NoColumn(Lacking::Certain(Sought::Key, "Copy".into()), named(&["Copy"])),
                "certainly the license key's: “Copy” could be it",
            ),
            (Refusal::OtherPbx(OtherPbx::Several("PBX".into())), "“PBX” names several PBXs"),
            (
                Refusal::OtherPbx(OtherPbx::Another(differing)),
                "the column “PBX” says a.3cx.eu, and the credential's PBX Address is b.3cx.eu",
            ),
            (Refusal::Memory(MemoryFault::TooSmall { most: 5, rows: 7 }), "room for 5 rows, and these are 7"),
            (Refusal::Unread(Failure::Forbidden), "could not be read completely before the run: "),
        ] {
            let report = report_of(&refusal);
            assert!(report.error.starts_with("Nothing was sent: ") && report.error.contains(part), "{}", report.error);
            assert_eq!(report.certainty, Certainty::NotSent);
        }
    }

    #[test]
    fn where_a_columns_value_was_entered_its_name_is_asked_for() {
        let advice = |field: &'static str| {
            let fault = ValueFault { field: field.into(), kind: FaultKind::Differs { row: 1 } };
            report_of(&Refusal::Option { fault, row: None }).advice
        };
        for field in ["Group Column", "License Key Column"] {
            assert!(advice(field).starts_with("Enter the column's name"), "{field}");
        }
        assert!(advice("Dry Run").contains("the same value in every row"));
    }

    #[test]
    fn the_values_of_a_sheet_without_a_header_are_not_shown() {
        let told = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            no_column(&Lacking::Usual(Sought::Group), &names).error
        };
        let text = told(&["28", "8SGW-ABCD-EFGH-5678"]);
        assert!(!text.contains("8SGW") && !text.contains("5678"), "{text}");
        let text = told(&["28", "ODDKEY_77.CANARY", "Kunde"]);
        assert!(text.ends_with("The columns are “Kunde” and 2 more"), "{text}");
    }

    /// As n8n's own node calls them.
    #[test]
    fn where_the_header_stands_is_set_by_options_that_n8n_has() {
        let no_column = Refusal::NoColumn(Lacking::Usual(Sought::Group), Vec::new());
        for (refusal, options) in
            [(no_column, &["Range", "Starting Line", "Delimiter"][..]), (Refusal::NoHeader, &["Header Row"])]
        {
            let advice = report_of(&refusal).advice;
            for option in [&["Extract From File"], options].concat() {
                assert!(advice.contains(option), "{option}: {advice}");
            }
        }
    }
}
