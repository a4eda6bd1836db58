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
//!
//! A host may read all that it keeps and then write it, while another process does the same: what one of them keeps in
//! between is lost. So rows are sent only when a later call has shown that what was kept of them is still there.

use super::prepared::Prepared;
use crate::fingerprint::lasting;
use crate::secret::LicenseKey;
use crate::xapi::error::{Failure, MemoryFault};
use call_engine::{Before, Millis, Note};

/// At most this many rows are begun and not yet ended: those that a crash leaves in doubt.
const MOST_BEGUN: usize = 128;
/// So many texts are forgotten at once, or after this time, in milliseconds: each call costs the host a write of all that
/// it keeps.
const MANY: usize = 64;
const LATEST: Millis = 250;
/// Texts that a row may take up.
const PER_ROW: usize = 2;
/// How many times as long as the latest call a row rests, in milliseconds at least and at most: until then what was kept of
/// it may be lost. One other process needs one time. Two can take turns in losing it and bringing it back, with two calls
/// in a row each, before they rest themselves.
const TIMES_A_CALL: Millis = 6;
const SHORTEST_REST: Millis = 300;
const LONGEST_REST: Millis = 2000;

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
    /// New rows that are kept, and when it will show whether they still are.
    resting: Vec<Prepared>,
    rests_until: Millis,
    forget: Vec<String>,
    /// When the host was told last.
    last: Millis,
    /// Rows that are begun and have not ended, and how many have.
    begun: usize,
    ended: usize,
    /// Whether another run has written over it: what it keeps of a row may be that run's.
    is_lost: bool,
}

/// What the memory tells of a row, and since when, if the host tells that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Remembered {
    New,
    Done(Option<String>),
    InDoubt(Option<String>),
}

/// What became of what the host was told.
pub(super) enum Noted {
    Rows(Vec<(Prepared, Remembered)>),
    /// Nothing can be relied on: these rows must not be sent.
    Failed(Vec<Prepared>, Failure),
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
            resting: Vec::new(),
            rests_until: 0,
            forget: Vec::new(),
            last: 0,
            begun: 0,
            ended: 0,
            is_lost: false,
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
        [&self.wanted, &self.asked, &self.resting].iter().any(|rows| !rows.is_empty())
    }

    /// What tells a row from others, for good. `group`: its ID.
    pub(super) fn print(&self, group: Option<i32>, key: &LicenseKey) -> String {
        let group = group.map(|id| id.to_string()).unwrap_or_default();
        lasting(&[&self.address, &group, &key.print().to_string()])
    }

    /// The host is to be asked about a row, and to remember that it is begun.
    pub(super) fn ask(&mut self, prepared: Prepared) {
        self.wanted.push(prepared);
    }

    /// Rows that the host was not asked about yet, where the run ends.
    pub(super) fn leave(&mut self) -> Vec<Prepared> {
        std::mem::take(&mut self.wanted)
    }

    /// A row that was begun has ended. `is_done`: `None` where that is not known.
    pub(super) fn ended(&mut self, print: &str, is_done: Option<bool>) {
        self.begun -= 1;
        self.ended += 1;
        match is_done {
            Some(true) => self.forget.push(open(print)),
            Some(false) if !self.is_lost => self.forget.extend([begun(print), open(print)]),
            Some(false) | None => {}
        }
    }

    /// When the host is to be told something: of many rows at once, before those that are begun run out. `is_last`: no row
    /// will come any more. `is_ending`: none will be sent any more.
    pub(super) fn due(&self, is_last: bool, is_ending: bool) -> Option<Millis> {
        if !self.resting.is_empty() {
            Some(if is_ending { 0 } else { self.rests_until })
        } else if (!self.wanted.is_empty() && self.begun <= self.limit() / 2) || self.forget.len() >= MANY {
            Some(0)
        } else {
            (!self.forget.is_empty()).then(|| if is_last { 0 } else { self.last.saturating_add(LATEST) })
        }
    }

    pub(super) fn note(&mut self, now: Millis) -> Note {
        self.last = now;
        self.asked = std::mem::take(&mut self.wanted);
        let mut note = Note { forget: std::mem::take(&mut self.forget), remember: Vec::new() };
        if self.asked.is_empty() && self.resting.is_empty() {
            return note;
        }
        // What the question before left must still be there: else another run has written over it.
        note.remember.extend((self.questions > 0).then(|| self.mark(self.questions - 1)));
        if !self.asked.is_empty() {
            note.remember.push(self.mark(self.questions));
            note.remember.extend(self.asked.iter().flat_map(|row| [begun(&row.print), open(&row.print)]));
            note.forget.extend((self.questions > 1).then(|| self.mark(self.questions - 2)));
            self.questions += 1;
        }
        note
    }

    /// The host has done it: for each text to remember, whether it was there before.
    pub(super) fn noted(&mut self, known: Result<Vec<Before>, Failure>, now: Millis) -> Noted {
        let (asked, rested) = (std::mem::take(&mut self.asked), std::mem::take(&mut self.resting));
        if asked.is_empty() && rested.is_empty() {
            return known.map_or_else(|why| Noted::Failed(Vec::new(), why), |_| Noted::Rows(Vec::new()));
        }
        let of_rows = known.and_then(|known| self.of_rows(known, asked.len()));
        let of_rows = match of_rows {
            Ok(of_rows) => of_rows,
            Err(why) => {
                self.begun -= rested.len();
                return Noted::Failed(rested.into_iter().chain(asked).collect(), why);
            }
        };
        let mut told: Vec<_> = rested.into_iter().map(|row| (row, Remembered::New)).collect();
        for (row, known) in asked.into_iter().zip(of_rows) {
            if known == Remembered::New {
                self.begun += 1;
                self.resting.push(row);
                continue;
            }
            if matches!(known, Remembered::Done(_)) {
                self.forget.push(open(&row.print));
            }
            // What is not sent makes room for others all the same.
            self.ended += 1;
            told.push((row, known));
        }
        let rest = now.saturating_sub(self.last).saturating_mul(TIMES_A_CALL);
        self.rests_until = now.saturating_add(rest.clamp(SHORTEST_REST, LONGEST_REST));
        Noted::Rows(told)
    }

    /// What the texts of so many rows tell, if those of the run itself are as they should be.
    fn of_rows(&mut self, known: Vec<Before>, rows: usize) -> Result<Vec<Remembered>, Failure> {
        let marks = match (rows, self.questions) {
            (0, _) => &[true][..],
            (_, 1) => &[false],
            _ => &[true, false],
        };
        let was_there = |before: &Before| *before != Before::No;
        let (own, of_rows) = known.split_at_checked(marks.len()).unwrap_or_default();
        if !own.iter().map(was_there).eq(marks.iter().copied()) {
            self.is_lost = true;
            return Err(Failure::Memory(MemoryFault::Shared));
        }
        let (of_rows, rest) = of_rows.as_chunks::<PER_ROW>();
        if of_rows.len() != rows || !rest.is_empty() {
            return Err(Failure::Memory(MemoryFault::Mute));
        }
        let known = of_rows.iter().map(|[begun, open]| match (was_there(begun), was_there(open)) {
            (false, false) => Remembered::New,
            (true, false) => Remembered::Done(begun.since()),
            (_, true) => Remembered::InDoubt(begun.since().or(open.since())),
        });
        Ok(known.collect())
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

#[cfg(test)]
mod tests {
    use std::collections::{HashSet, VecDeque};

    use proptest::prelude::*;

    use super::*;
    use crate::replace::ended_row::Target;
    use crate::replace::row::Order;
    use crate::rows::value::Reference;

    const ROWS: usize = 40;

    /// A process that does all rows, over a store of which it reads everything and then writes everything.
    struct Process {
        memory: Memory,
        starts: Millis,
        next_row: usize,
        note: Option<(Note, Option<Vec<Before>>)>,
        /// What was read, and when what comes of it is written.
        writing: Option<(Millis, Vec<String>)>,
        /// Rows under way, and when they end.
        sent: VecDeque<(Millis, Prepared)>,
        told: usize,
        is_over: bool,
    }

    fn row(row: usize) -> Prepared {
        let order = Order { group: Reference::Id(1), key: LicenseKey::new(format!("KEY-{row}")), warnings: Vec::new() };
        let sends = row.to_string();
        Prepared { print: format!("row {row}"), ..Prepared::new(row, order, Target::AsGiven(sends.clone()), sends) }
    }

    impl Process {
        fn new(run: u64, starts: Millis) -> Self {
            let memory = Memory::new("https://pbx.example.com", None, run);
            let (note, writing, sent) = (None, None, VecDeque::new());
            Self { memory, starts, next_row: 0, note, writing, sent, told: 0, is_over: false }
        }

        /// One millisecond. `gap`: how long it takes from reading to writing. Gives the rows that are sent.
        fn step(&mut self, now: Millis, store: &mut Vec<String>, gap: Millis) -> Vec<usize> {
            if now < self.starts || self.is_over {
                return Vec::new();
            }
            if let Some((at, left)) = &self.writing {
                if *at > now {
                    return Vec::new();
                }
                store.clone_from(left);
                self.writing = None;
                if let Some((_, known)) = self.note.take_if(|(note, known)| known.is_some() || note.remember.is_empty())
                {
                    return self.noted(known.unwrap_or_default(), now);
                }
            }
            if let Some((note, known)) = &mut self.note {
                let mut left = store.clone();
                if note.forget.is_empty() {
                    let before = |text| if left.contains(text) { Before::Yes } else { Before::No };
                    *known = Some(note.remember.iter().map(before).collect());
                    let new: Vec<_> = note.remember.iter().filter(|text| !left.contains(text)).cloned().collect();
                    left.extend(new);
                } else {
                    left.retain(|text| !note.forget.contains(text));
                    note.forget.clear();
                }
                self.writing = Some((now + gap, left));
                return Vec::new();
            }
            while let Some((_, done)) = self.sent.pop_front_if(|(at, _)| *at <= now) {
                self.memory.ended(&done.print, Some(true));
                self.told += 1;
            }
            while !self.memory.is_full() && self.next_row < ROWS {
                self.memory.ask(row(self.next_row));
                self.next_row += 1;
            }
            let is_last = self.told == ROWS;
            match self.memory.due(is_last, false) {
                Some(due) if due <= now => self.note = Some((self.memory.note(now), None)),
                None if is_last => self.is_over = true,
                _ => {}
            }
            Vec::new()
        }

        fn noted(&mut self, known: Vec<Before>, now: Millis) -> Vec<usize> {
            match self.memory.noted(Ok(known), now) {
                // What is under way may go on; nothing more is sent.
                Noted::Failed(..) => {
                    self.is_over = true;
                    Vec::new()
                }
                Noted::Rows(rows) => {
                    let (new, known): (Vec<_>, Vec<_>) =
                        rows.into_iter().partition(|(_, known)| *known == Remembered::New);
                    self.told += known.len();
                    let new: Vec<_> = new.into_iter().map(|(row, _)| row).collect();
                    let sent = new.iter().map(|row| row.row).collect();
                    self.sent.extend(new.into_iter().map(|row| (now + 20, row)));
                    sent
                }
            }
        }
    }

    /// How often each row is sent by processes that start at these times.
    fn sent(starts: &[Millis], mut gap: impl FnMut() -> Millis) -> Vec<usize> {
        let mut processes: Vec<_> = starts.iter().zip(1..).map(|(starts, run)| Process::new(run, *starts)).collect();
        let (mut store, mut sent) = (Vec::new(), vec![0; ROWS]);
        for now in 0..6000 {
            for process in &mut processes {
                for row in process.step(now, &mut store, gap()) {
                    sent[row] += 1;
                }
            }
        }
        assert!(processes.iter().all(|process| process.is_over), "all come to an end");
        sent
    }

    #[test]
    fn one_process_sends_each_row_once() {
        assert_eq!(sent(&[0], || 5), vec![1; ROWS]);
        assert_eq!(sent(&[0, 3000], || 5), vec![1; ROWS]);
    }

    #[test]
    fn what_was_lost_is_seen() {
        let mut memory = Memory::new("https://pbx.example.com", None, 1);
        memory.ask(row(0));
        assert_eq!(memory.note(0).remember.len(), 3);
        let Noted::Rows(rows) = memory.noted(Ok(vec![Before::No; 3]), 10) else { panic!("it is kept") };
        assert!(rows.is_empty(), "it may still be lost");
        assert_eq!(memory.due(false, false), Some(310));
        assert_eq!(memory.due(false, true), Some(0), "what will not be sent need not wait");
        assert_eq!(memory.note(310).remember.len(), 1);
        let Noted::Failed(rows, _) = memory.noted(Ok(vec![Before::No]), 310) else { panic!("it is lost") };
        assert_eq!((rows.len(), memory.begun), (1, 0));
    }

    #[test]
    fn another_address_is_another_pbx_as_the_option_says() {
        let key = LicenseKey::new("ABCD-EFGH-IJKL-MNOP".to_owned());
        let print = |address| Memory::new(address, None, 1).print(Some(28), &key);
        assert_ne!(print("https://pbx.example.com"), print("https://10.0.0.5"));
        let form = include_str!("../../node-definition.json");
        for told in ["another address of the PBX counts as another PBX", "has done with this option on"] {
            assert!(form.contains(told), "{told}");
        }
    }

    #[test]
    fn what_another_run_may_have_kept_is_not_forgotten() {
        let mut memory = Memory::new("https://pbx.example.com", None, 1);
        memory.ask(row(0));
        memory.note(0);
        let known = vec![Before::No; 3];
        assert!(matches!(memory.noted(Ok(known), 10), Noted::Rows(_)));
        memory.note(310);
        assert!(matches!(memory.noted(Ok(vec![Before::Yes]), 310), Noted::Rows(_)));
        memory.ask(row(1));
        memory.note(320);
        assert!(matches!(memory.noted(Ok(vec![Before::No; 4]), 330), Noted::Failed(..)));
        memory.ended("row 0", Some(false));
        assert_eq!(memory.note(340).forget, [""; 0]);
    }

    proptest! {
        #[test]
        fn processes_that_write_at_once_send_no_row_twice(
            starts in prop::collection::vec(0..300u64, 2..4),
            gaps in prop::collection::vec(0..45u64, 1..64),
        ) {
            let mut gaps = gaps.iter().cycle();
            let sent = sent(&starts, || *gaps.next().unwrap());
            let twice: HashSet<_> = (0..ROWS).filter(|row| sent[*row] > 1).collect();
            prop_assert!(twice.is_empty(), "{:?}", twice);
        }
    }
}
