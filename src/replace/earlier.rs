//! What runs of the same execution have sent. A host may do a job in several runs, as where two connections lead into a node,
//! or a loop does: what each of them sends is kept with the host, for the others to see at once.

use std::fmt;

use super::memory::Remembered;
use super::prepared::Prepared;
use crate::calls::moment::{Moment, iso};
use crate::fingerprint::fingerprint;

/// Numbers that a host keeps as long as its execution goes on. They mean nothing to it.
pub trait SentRows: fmt::Debug {
    fn get(&self, key: u64) -> Option<f64>;
    fn set(&self, key: u64, number: f64);
}

/// A run among others.
#[derive(Debug)]
pub(super) struct Earlier {
    rows: Box<dyn SentRows>,
    /// What tells the PBX: the host may keep the rows of several.
    pbx: u64,
    /// When this run began.
    now: Moment,
}

/// What is known of a row's group and key.
pub(super) enum Known {
    Row(Remembered),
    /// They were carried out, and another key of the group after them.
    Overtaken,
    /// Another row of the group is under way, or nobody knows whether it was carried out.
    BehindUnknown,
}

/// What became of a row, beside the time of its run.
const UNKNOWN: i64 = 0;
const ACCEPTED: i64 = 1;
/// Certainly not carried out.
const VOID: i64 = 2;
const STATES: i64 = 4;
/// As many bits as a number of JavaScript's holds exactly.
const EXACT: u64 = (1 << 52) - 1;

impl Earlier {
    pub(super) fn new(rows: Box<dyn SentRows>, pbx: &str, now: Moment) -> Self {
        Self { rows, pbx: fingerprint(pbx), now }
    }

    pub(super) fn known(&self, row: &Prepared) -> Option<Known> {
        let noted = self.rows.get(self.pair(row)).map(|number| number as i64);
        let since = noted.map(|noted| iso(noted / STATES));
        match noted.map(|noted| noted % STATES) {
            Some(UNKNOWN) => Some(Known::Row(Remembered::InDoubt(since))),
            Some(ACCEPTED) if self.rows.get(self.latest(row)) != Some(shortened(row.pair_print)) => {
                Some(Known::Overtaken)
            }
            Some(ACCEPTED) => Some(Known::Row(Remembered::Done(since))),
            _ => (self.rows.get(self.open(row)) == Some(1.0)).then_some(Known::BehindUnknown),
        }
    }

    /// A row is about to be sent.
    pub(super) fn begin(&self, row: &Prepared) {
        self.note(row, UNKNOWN);
        self.rows.set(self.open(row), 1.0);
    }

    /// A row was sent. `is_done`: whether it was carried out, if that is known.
    pub(super) fn end(&self, row: &Prepared, is_done: Option<bool>) {
        if is_done != Some(false) {
            self.rows.set(self.latest(row), shortened(row.pair_print));
        }
        if let Some(is_done) = is_done {
            self.note(row, if is_done { ACCEPTED } else { VOID });
            self.rows.set(self.open(row), 0.0);
        }
    }

    fn note(&self, row: &Prepared, state: i64) {
        self.rows.set(self.pair(row), (self.now * STATES + state) as f64);
    }

    fn pair(&self, row: &Prepared) -> u64 {
        fingerprint((self.pbx, row.pair_print))
    }

    /// Where it stands which pair of a group was sent last.
    fn latest(&self, row: &Prepared) -> u64 {
        fingerprint((self.pbx, row.group_print, "latest"))
    }

    /// Where it stands whether a row of a group may still be carried out.
    fn open(&self, row: &Prepared) -> u64 {
        fingerprint((self.pbx, row.group_print, "open"))
    }
}

fn shortened(print: u64) -> f64 {
    (print & EXACT) as f64
}
