//! Rows on their way to 3CX, and what is kept of those that were sent.

use super::ended_row::{EndedRow, Ending, SeenGroup, Target};
use super::row::Order;
use crate::fingerprint::fingerprint;

/// A group and a key that may have been carried out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) row: u32,
    pub(super) accepted: bool,
}

impl Sent {
    pub(super) fn new(row: usize, accepted: bool) -> Self {
        Self { row: u32::try_from(row).unwrap_or(u32::MAX), accepted }
    }
}

/// The latest row that may have changed a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latest {
    pub(super) row: usize,
    /// The print of its key.
    pub(super) key: u64,
    /// Whether this run sent it, and no earlier one.
    pub(super) is_now: bool,
}

/// A row that is ready to be sent.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) row: usize,
    pub(super) order: Order,
    pub(super) target: Target,
    /// What 3CX is told as the group.
    pub(super) sends: String,
    pub(super) before: SeenGroup,
    /// Rows that send the same text are for the same group, however the person named it.
    pub(super) group_print: u64,
    pub(super) key_print: u64,
    pub(super) pair_print: u64,
    /// What the host remembers the row by, and whether it does. Empty where it is not asked to.
    pub(super) print: String,
    pub(super) is_begun: bool,
    /// Since when an earlier run has left it in doubt, if the host tells.
    pub(super) in_doubt_since: Option<String>,
    /// Whether the row comes from the report of a run that did not learn what became of it.
    pub(super) says_unknown: bool,
}

impl Prepared {
    pub(super) fn new(row: usize, order: Order, target: Target, sends: String) -> Self {
        let group_print = fingerprint(sends.to_lowercase());
        let key_print = fingerprint(order.key.print());
        let pair_print = fingerprint((group_print, key_print));
        Self {
            row,
            order,
            target,
            sends,
            before: SeenGroup::OfRun,
            group_print,
            key_print,
            pair_print,
            print: String::new(),
            is_begun: false,
            in_doubt_since: None,
            says_unknown: false,
        }
    }

    pub(super) fn into_report(self, ending: Ending) -> EndedRow {
        EndedRow {
            row: self.row,
            target: self.target,
            key: self.order.key,
            warnings: self.order.warnings,
            before: self.before,
            after: SeenGroup::OfRun,
            ending,
        }
    }
}
