//! What stands beside a column that is taken from within an object of each row: `fields.PBX` beside `fields['Group ID']`.

use std::collections::BTreeSet;

use crate::rows::{ColumnNames, Rows, path};

/// A few rows at a time.
#[derive(Debug)]
pub(super) struct Nested {
    /// The way to the object.
    object: Vec<String>,
    /// The column's own name.
    pub(super) name: String,
    pub(super) names: BTreeSet<String>,
    next_row: usize,
}

impl Nested {
    const AT_ONCE: usize = 256;
    /// Further names are not looked at.
    const MOST: usize = 10_000;

    /// Where this is a path, and no column's name.
    pub(super) fn of(column: &str, names: &ColumnNames) -> Option<Self> {
        let mut object = path::steps(column).filter(|_| !names.spelled.iter().any(|name| name == column))?;
        let name = object.pop()?;
        (!object.is_empty()).then_some(Self { object, name, names: BTreeSet::new(), next_row: 0 })
    }

    pub(super) fn is_within_that_of(&self, other: &Self) -> bool {
        self.object == other.object
    }

    /// Whether all rows have been looked at.
    pub(super) fn go_on(&mut self, rows: &mut dyn Rows) -> bool {
        let end = rows.len().min(self.next_row + Self::AT_ONCE);
        for row in self.next_row..end {
            for name in rows.names_within(row, &self.object) {
                if self.names.len() < Self::MOST {
                    self.names.insert(name);
                }
            }
        }
        self.next_row = end;
        end == rows.len()
    }

    /// The path to what is called so in the object.
    pub(super) fn path_to(&self, name: &str) -> String {
        let object: Vec<_> = self.object.iter().map(String::as_str).collect();
        path::written(&[&object[..], &[name]].concat())
    }
}
