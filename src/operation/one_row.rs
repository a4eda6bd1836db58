//! Of what there is one of, one row at most gives a license key.

use super::body;
use super::columns::Columns;
use super::license::takes_key;
use super::parameters::Parameters;
use crate::definition::{Kind, Operation};
use crate::rows::Rows;
use crate::xapi::error::Failure;
use crate::xapi::request::Payload;

/// Sees, a few rows at a time, that what there is one of does not get several keys, nor one several times.
#[derive(Debug, Default)]
pub(super) struct OneRow {
    next_row: usize,
    first: Option<usize>,
    columns: Columns,
}

impl OneRow {
    /// For an operation whose key is for what there is one of.
    pub(super) fn of(operation: &Operation) -> Option<Self> {
        (operation.kind == Kind::Generic && takes_key(operation)).then(Self::default)
    }

    /// Whether that is so, once `most` further rows or all have been looked at.
    pub(super) fn go_on(
        &mut self,
        operation: &Operation,
        rows: &mut dyn Rows,
        most: usize,
    ) -> Option<Result<(), Failure>> {
        let end = rows.len().min(self.next_row + most);
        for row in self.next_row..end {
            // What cannot be sent fails by itself.
            let Ok((Payload::Json(_), _)) = body::of_row(operation, &mut Parameters { rows, row }, &mut self.columns)
            else {
                continue;
            };
            if let Some(first) = self.first.replace(row) {
                return Some(Err(Failure::SeveralKeys { rows: (first, row) }));
            }
        }
        self.next_row = end;
        (end == rows.len()).then_some(Ok(()))
    }
}
