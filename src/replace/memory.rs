//! What earlier runs have sent, as the host remembers it: the option *Skip Rows Done Before*.
//!
//! The host keeps texts, and all that it tells is whether one was there before it was kept. So a row is kept as two, just
//! before it is sent: `begun` and `open`. `open` goes when 3CX has accepted the row; both go when it is certain that the
//! row was not carried out.
//!
//! | there before | the row |
//! |---|---|
//! | neither | was never sent |
//! | both | is in doubt: the run broke off before the answer, or none came |
//! | `begun` only | is done. Asking has put `open` back, which goes again at once |
//! | `open` only | is in doubt: the host has begun to forget |
//!
//! So wherever a run breaks off, a row that may have been sent is in doubt or done, and never new.

use super::prepared::Prepared;
use crate::fingerprint::lasting;
use crate::n8n::misuse;
use call_engine::{Millis, Note};

/// At most this many rows are begun and not yet ended: those that a crash leaves in doubt.
const MOST_BEGUN: usize = 128;
/// So many texts are forgotten at once, or after this time, in milliseconds: each call costs the host a write of all that
/// it keeps.
const MANY: usize = 64;
const LATEST: Millis = 250;
/// Texts that a row may take up.
const PER_ROW: usize = 2;

/// The host's memory, and what it is still to be told.
#[derive(Debug)]
pub struct Memory {
    /// Which PBX the rows are for.
    address: String,
    /// How many texts the host keeps, the newest.
    capacity: usize,
    /// Tells this run from others that use the memory at the same time.
    run: u64,
    questions: u64,
    /// Rows to be asked about, and those that the host is being asked about.
    wanted: Vec<Prepared>,
    asked: Vec<Prepared>,
    forget: Vec<String>,
    /// When the host was told last.
    last: Millis,
    /// Rows that are begun and have not ended, and how many have.
    begun: usize,
    ended: usize,
}

/// What the memory tells of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    New,
    Done,
    InDoubt,
}

/// What became of what the host was told.
pub(super) enum Noted {
    Rows(Vec<(Prepared, Known)>),
    /// Nothing can be relied on: these rows must not be sent.
    Failed(Vec<Prepared>, String),
}

impl Memory {
    /// `address`: of the PBX. `capacity`: how many texts the host keeps, if not all. `run`: a number that no other run has.
    pub fn new(address: &str, capacity: Option<usize>, run: u64) -> Self {
        Self {
            address: address.to_owned(),
            capacity: capacity.unwrap_or(usize::MAX),
            run,
            questions: 0,
            wanted: Vec::new(),
            asked: Vec::new(),
            forget: Vec::new(),
            last: 0,
            begun: 0,
            ended: 0,
        }
    }

    /// How many rows of one run fit in.
    pub(super) fn most_rows(&self) -> usize {
        self.capacity / PER_ROW
    }

    /// How many rows may be begun. No more than may go out soon; the first goes alone.
    fn limit(&self) -> usize {
        MOST_BEGUN.min(1 + 2 * self.ended)
    }

    /// Whether further rows have to wait.
    pub(super) fn is_full(&self) -> bool {
        self.wanted.len() + self.asked.len() + self.begun >= self.limit()
    }

    /// Whether rows wait for what the host knows of them.
    pub(super) fn is_awaited(&self) -> bool {
        !self.wanted.is_empty() || !self.asked.is_empty()
    }

    /// What tells a row from others, for good. `group`: its ID.
    pub(super) fn print(&self, group: &str, key: &str) -> String {
        lasting(&[&self.address, group, key])
    }

    /// The host is to be asked about a row, and to remember that it is begun.
    pub(super) fn ask(&mut self, prepared: Prepared) {
        self.wanted.push(prepared);
    }

    /// A row that was begun has ended. `is_done`: `None` where that is not known.
    pub(super) fn ended(&mut self, print: &str, is_done: Option<bool>) {
        self.begun -= 1;
        self.ended += 1;
        match is_done {
            Some(true) => self.forget.push(open(print)),
            Some(false) => self.forget.extend([begun(print), open(print)]),
            None => {}
        }
    }

    /// When the host is to be told something: of many rows at once, before those that are begun run out. `is_last`: no row
    /// will come any more.
    pub(super) fn due(&self, is_last: bool) -> Option<Millis> {
        if (!self.wanted.is_empty() && self.begun <= self.limit() / 2) || self.forget.len() >= MANY {
            Some(0)
        } else {
            (!self.forget.is_empty()).then(|| if is_last { 0 } else { self.last.saturating_add(LATEST) })
        }
    }

    pub(super) fn note(&mut self, now: Millis) -> Note {
        self.last = now;
        self.asked = std::mem::take(&mut self.wanted);
        let mut note = Note { forget: std::mem::take(&mut self.forget), remember: Vec::new() };
        if self.asked.is_empty() {
            return note;
        }
        // What the question before left must still be there: else another run has written over it.
        note.remember.extend((self.questions > 0).then(|| self.mark(self.questions - 1)));
        note.remember.push(self.mark(self.questions));
        note.remember.extend(self.asked.iter().flat_map(|row| [begun(&row.print), open(&row.print)]));
        note.forget.extend((self.questions > 1).then(|| self.mark(self.questions - 2)));
        self.questions += 1;
        note
    }

    /// The host has done it: for each text to remember, whether it was there before.
    pub(super) fn noted(&mut self, known: Result<Vec<bool>, String>) -> Noted {
        let asked = std::mem::take(&mut self.asked);
        let known = match known {
            Ok(known) => known,
            Err(why) => return Noted::Failed(asked, why),
        };
        if asked.is_empty() {
            return Noted::Rows(Vec::new());
        }
        let marks = if self.questions > 1 { &[true, false][..] } else { &[false] };
        let (own, of_rows) = known.split_at_checked(marks.len()).unwrap_or_default();
        if own != marks {
            return Noted::Failed(asked, misuse::SHARED_MEMORY.to_owned());
        }
        let (of_rows, rest) = of_rows.as_chunks::<PER_ROW>();
        if of_rows.len() != asked.len() || !rest.is_empty() {
            return Noted::Failed(asked, misuse::MUTE_MEMORY.to_owned());
        }
        let rows = asked.into_iter().zip(of_rows).map(|(row, known)| {
            let known = match known {
                [false, false] => Known::New,
                [true, false] => Known::Done,
                [_, true] => Known::InDoubt,
            };
            match known {
                Known::New => self.begun += 1,
                Known::Done => self.forget.push(open(&row.print)),
                Known::InDoubt => {}
            }
            // What is not sent makes room for others all the same.
            self.ended += usize::from(known != Known::New);
            (row, known)
        });
        Noted::Rows(rows.collect())
    }

    /// No question will be asked any more: its marks can go.
    pub(super) fn close(&mut self) {
        let marks = self.questions.saturating_sub(2)..self.questions;
        self.forget.extend(marks.map(|question| self.mark(question)).collect::<Vec<_>>());
        self.questions = 0;
    }

    fn mark(&self, question: u64) -> String {
        format!("run:{:016x}:{question}", self.run)
    }
}

fn begun(print: &str) -> String {
    format!("{print}:begun")
}

fn open(print: &str) -> String {
    format!("{print}:open")
}
