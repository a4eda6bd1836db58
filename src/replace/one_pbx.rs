//! Sees that a sheet is for one PBX: all rows of a run go to the credential's, where another's group may have the same ID.

use super::row::is_nothing;
use crate::rows::{Cell, ColumnNames, Rows, folded, text};
use crate::xapi::base_url::split_port;

/// Names of columns that tell the PBX; letters and digits only. A `Server` or a `System` may be anything, and a department has
/// an `FQDN` of its own.
const PBX: &[&str] = &[
    "3cxinstance",
    "3cxpbx",
    "3cxserver",
    "pbx",
    "pbxaddress",
    "pbxdomain",
    "pbxfqdn",
    "pbxhost",
    "pbxinstance",
    "pbxip",
    "pbxname",
    "pbxserver",
    "pbxurl",
    "phonesystem",
    "telefonanlage",
    "tkanlage",
];

/// A few rows at a time.
#[derive(Debug, Default)]
pub(super) struct OnePbx {
    /// Each column that tells the PBX, and what the first row that is not blank there has.
    columns: Vec<(String, Option<Pbx>)>,
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
                let name = text::trimmed(&cell);
                if is_nothing(name) {
                    continue;
                }
                let told = Pbx::of(name);
                if !known.get_or_insert_with(|| told.clone()).may_be(&told) {
                    return Err(column.clone());
                }
            }
        }
        self.next_row = end;
        Ok(end == rows.len())
    }
}

/// A PBX's name, or the host and the port of its address.
#[derive(Clone, Debug)]
struct Pbx {
    name: String,
    port: Option<u16>,
}

impl Pbx {
    fn of(cell: &str) -> Self {
        let cell = cell.to_lowercase();
        let rest = cell.split_once("://").map(|(_, rest)| rest);
        let begin = rest.unwrap_or(&cell).split(['/', '?', '#']).next().unwrap_or_default();
        if rest.is_none() && (!begin.contains('.') || begin.contains(char::is_whitespace)) {
            return Self { name: cell, port: None };
        }
        let (host, port) = split_port(begin).unwrap_or((begin, None));
        Self { name: host.trim_end_matches('.').to_owned(), port }
    }

    /// An address without a port may be that of any.
    fn may_be(&self, other: &Self) -> bool {
        let is_same_port = self.port.zip(other.port).is_none_or(|(one, other)| one == other);
        self.name == other.name && is_same_port
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pbx_has_many_spellings() {
        let may_be = |one, other| Pbx::of(one).may_be(&Pbx::of(other));
        for same in ["PBX.Example.com", "https://pbx.example.com:5001/#/login", "pbx.example.com/", "pbx.example.com."]
        {
            assert!(may_be("pbx.example.com", same), "{same}");
        }
        for (one, other) in [
            ("https://a.example.com", "https://b.example.com"),
            ("https://a.example.com:5001", "https://a.example.com:5002"),
            ("https://[2001:db8::1]", "https://[2001:db8::2]"),
            ("Branch 1", "Branch 2"),
            ("3CX/Berlin", "3CX/Munich"),
            ("Site: Berlin", "Site: Munich"),
        ] {
            assert!(!may_be(one, other), "{one} {other}");
        }
    }
}
