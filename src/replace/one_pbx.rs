//! Sees that a sheet is for one PBX: all rows of a run go to the credential's, where another's group may have the same ID.

use crate::rows::{Cell, ColumnNames, Rows, folded, text};

/// Names of columns that tell the PBX; letters and digits only. A `Server` or a `System` may be anything.
const PBX: &[&str] = &[
    "3cx",
    "3cxaddress",
    "3cxdomain",
    "3cxfqdn",
    "3cxhost",
    "3cxinstance",
    "3cxpbx",
    "3cxserver",
    "3cxsystem",
    "3cxurl",
    "fqdn",
    "pbx",
    "pbxaddress",
    "pbxdomain",
    "pbxfqdn",
    "pbxhost",
    "pbxname",
    "pbxserver",
    "pbxurl",
    "phonesystem",
    "telefonanlage",
];

/// A few rows at a time.
#[derive(Debug, Default)]
pub(super) struct OnePbx {
    /// Each column that tells the PBX, and what the first row that is not blank there has.
    columns: Vec<(String, Option<String>)>,
    next_row: usize,
}

impl OnePbx {
    const AT_ONCE: usize = 256;

    pub(super) fn of(names: &ColumnNames) -> Self {
        let told = names.spelled.iter().filter(|name| PBX.contains(&folded(name).as_str()));
        Self { columns: told.map(|name| (name.clone(), None)).collect(), next_row: 0 }
    }

    /// Whether all rows have been looked at; or the column that tells several PBXs.
    pub(super) fn go_on(&mut self, rows: &mut dyn Rows) -> Result<bool, String> {
        if self.columns.is_empty() {
            return Ok(true);
        }
        let end = rows.len().min(self.next_row + Self::AT_ONCE);
        for row in self.next_row..end {
            for (column, known) in &mut self.columns {
                let Some(cell) = rows.column(row, column).ok().and_then(Cell::into_text) else { continue };
                let pbx = compared(&cell);
                if pbx.is_empty() {
                    continue;
                }
                if *known.get_or_insert_with(|| pbx.clone()) != pbx {
                    return Err(column.clone());
                }
            }
        }
        self.next_row = end;
        Ok(end == rows.len())
    }
}

/// What is compared of a PBX's name or address: neither case, nor `https://`, nor what follows the host.
fn compared(cell: &str) -> String {
    let name = text::trimmed(cell).to_lowercase();
    let rest = name.split_once("://").map_or(name.as_str(), |(_, rest)| rest);
    rest.split(['/', ':']).next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pbx_has_many_spellings() {
        for same in ["pbx.example.com", " PBX.Example.com ", "https://pbx.example.com:5001/#/login", "pbx.example.com/"]
        {
            assert_eq!(compared(same), "pbx.example.com", "{same}");
        }
        assert_ne!(compared("https://a.example.com"), compared("https://b.example.com"));
        assert_ne!(compared("Branch 1"), compared("Branch 2"));
        assert_eq!(compared(" \u{a0}"), "");
    }
}
