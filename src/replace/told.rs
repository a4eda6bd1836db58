//! What is told of rows and of the run, as data. Whoever runs the job gives the words for it: [`Words`].

use std::ops::Range;

use super::Replacement;
use super::columns::Lacking;
use super::conflicts::Pairs;
use super::ended_row::{Context, EndedRow};
use super::groups::{Unnamed, Unresolved};
use super::one_pbx::{Differing, OtherPbx};
use crate::rows::value::{Reference, ValueFault};
use crate::secret::MaskedKey;
use crate::xapi::error::{Failure, MemoryFault};
use crate::xapi::protocol::Stop;

/// Words what is told.
pub trait Words {
    /// What a row, counted from 0, comes out as.
    type Outcome: call_engine::Outcome;

    fn row(row: usize, end: End<'_>) -> Self::Outcome;

    /// Rows that are told that nothing is sent at all.
    fn refused(rows: Range<usize>, why: &Refusal) -> Vec<Self::Outcome>;

    fn hint(hint: Hint<'_>) -> String;
}

/// How a row ends.
#[derive(Debug)]
pub enum End<'a> {
    /// The run ended before.
    Skipped(&'a Stop),
    /// It is blank, as all behind it are.
    Blank,
    RowFault {
        why: RowFault<'a>,
        is_dry_run: bool,
    },
    /// Its group must be looked up, but the groups could not be read.
    Unread {
        group: &'a Reference,
        why: &'a Failure,
        key: MaskedKey,
        is_dry_run: bool,
    },
    Ended(&'a EndedRow, Context<'a>),
}

/// What is wrong with a row by itself.
#[derive(Debug)]
pub enum RowFault<'a> {
    Value(ValueFault),
    /// Its group cannot be told.
    Group(&'a Reference, Unresolved, MaskedKey),
    /// Its group was found, but cannot be told by its number.
    Number(&'a Reference, Unnamed, MaskedKey),
}

/// Why nothing is sent at all.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// An option cannot be used. `row`, counted from 0, is where it was found, unless the fault tells rows itself.
    Option {
        fault: ValueFault,
        row: Option<usize>,
    },
    /// The sheet has no header: a key of its first line is the name of a column.
    NoHeader,
    /// The sheet lacks a column; it has columns of these names.
    NoColumn(Lacking, Vec<String>),
    OtherPbx(OtherPbx),
    Memory(MemoryFault),
    /// The groups could not be read.
    Unread(Failure),
}

/// What a person should know of the run beside its rows.
#[derive(Debug)]
pub enum Hint<'a> {
    SameGroup(&'a Pairs),
    SameKey(&'a Pairs),
    /// At the sheet's end.
    BlankRows(Range<usize>),
    /// The sheet names what may be the credential's PBX by another name.
    PerhapsOtherPbx(Differing),
    OddKeys(usize),
    /// So many rows were done by earlier runs.
    DoneBefore(usize),
    /// Of so many rows, those with the group and the key of an earlier one.
    Repeated {
        count: usize,
        of: usize,
    },
    MemoryFailed(&'a Failure),
    UnreadBefore(&'a Failure),
    UnreadAfter(&'a Failure),
    /// Of so many rows that 3CX accepted, those whose groups show no change.
    Unseen {
        count: usize,
        of: usize,
    },
}

impl<W: Words> Replacement<W> {
    /// What is to be told of the run, as far as it has come.
    pub(super) fn of_run(&self) -> Vec<Hint<'_>> {
        let counted = |count: usize, hint: fn(usize) -> Hint<'static>| (count > 0).then(|| hint(count));
        let blank = self.blank_from..self.blank_end;
        let mut hints: Vec<_> = self.conflicts.hints().collect();
        hints.extend((!blank.is_empty()).then_some(Hint::BlankRows(blank)));
        hints.extend(self.sheet.doubt().map(Hint::PerhapsOtherPbx));
        hints.extend(counted(self.unusual_keys, Hint::OddKeys));
        hints.extend(counted(self.done_before, Hint::DoneBefore));
        let repeated = Hint::Repeated { count: self.repeated, of: self.blank_from.min(self.next_row) };
        hints.extend((self.repeated > 0).then_some(repeated));
        hints.extend(self.memory_failure.as_ref().map(Hint::MemoryFailed));
        hints.extend(self.reading.before_failure.as_ref().map(Hint::UnreadBefore));
        hints.extend(self.reading.after_failure.as_ref().map(Hint::UnreadAfter));
        // A single row says so itself.
        let is_told = self.unseen > 0 && self.looked_at > 1;
        hints.extend(is_told.then_some(Hint::Unseen { count: self.unseen, of: self.looked_at }));
        hints
    }
}
