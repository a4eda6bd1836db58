//! Replacing groups' license keys: check each row, read the groups, replace, read again, tell what changed.
//!
//! Rows of the same group run one after another in input order. The same key never goes to the same group twice in a
//! run unless the first time is known not to have been carried out. Behind a row whose outcome is unknown, nothing goes to
//! its group.

mod admission;
mod answers;
mod before;
pub(crate) mod columns;
pub(crate) mod conflicts;
mod earlier;
pub(crate) mod ended_row;
pub(crate) mod groups;
mod memory;
mod nested;
mod one_key;
pub(crate) mod one_pbx;
mod options;
mod prepared;
mod reading;
pub(crate) mod row;
mod sheet;
#[cfg(test)]
mod tests;
pub(crate) mod told;

use std::collections::VecDeque;

use call_engine::{Before, CallId, Delivery, Effect, Job, Millis, Note, Outcome, Stage};
use rustc_hash::FxHashMap;

use conflicts::Conflicts;
use earlier::{Earlier, Known};
use ended_row::{EndedRow, Ending, Target};
use groups::{Groups, When};
use memory::{Noted, Remembered};
use one_key::OneKey;
use options::Check;
use prepared::{Latest, Prepared, Sent};
use reading::GroupReading;
use row::Order;
use sheet::Sheet;
use told::{End, Refusal};

pub use earlier::SentRows;
pub use memory::Memory;
pub use options::{RunOptions, SendAs};
pub use row::RowSource;
pub use told::Words;

use crate::calls::moment::Moment;
use crate::gradual::{List, Table};
use crate::lanes::Lanes;
use crate::row_secrets::RowSecrets;
use crate::rows::Rows;
use crate::rows::value::{Reference, ValueFault};
use crate::xapi::base_url::BaseUrl;
use crate::xapi::error::Failure;
use crate::xapi::pages::Asked;
use crate::xapi::proof::Proof;
use crate::xapi::protocol::{Call, Ended, Next, Stop, Xapi};
use crate::xapi::request::HttpRequest;

/// Up to this many rows are looked at ahead of their turn, so that only their groups are read where that takes fewer
/// requests than all groups.
const FEW: usize = 200;
/// How many rows may wait for an earlier row of their group before no further rows are looked at.
const MOST_WAITING: usize = 1000;
/// How many outcomes are made before they are handed over.
const CHUNK: usize = 256;

/// The run of [`RunOptions`] over the rows.
pub struct Replacement<W: Words> {
    path: &'static str,
    options: RunOptions,
    phase: Phase,
    check: Check,
    sheet: Sheet,
    /// From here on the rows are blank.
    blank_from: usize,
    blank_end: usize,
    one_key: OneKey,
    /// Whether a row names its group by something else than an ID, as far as was seen.
    has_names: bool,
    /// Why nothing is sent at all.
    refusal: Option<Refusal>,
    groups: Groups,
    /// Rows checked ahead of their turn.
    checked: VecDeque<(usize, Result<Order, ValueFault>)>,
    next_row: usize,
    reading: GroupReading,
    calls: FxHashMap<CallId, Purpose>,
    next_call: CallId,
    /// Rows by their group: one of each is under way.
    lanes: Lanes<Prepared>,
    /// Rows whose group has just become free.
    freed: VecDeque<Prepared>,
    /// Rows that an earlier run left in doubt, whose groups are still to be looked at.
    doubtful: VecDeque<Prepared>,
    /// Pairs of group and key that may have been carried out.
    sent: Table<Sent>,
    /// Groups with a row of which nobody knows whether it was carried out: 3CX may still do it, after any other.
    unsure: Table<usize>,
    /// The latest row that may have changed a group, by position of the group: its index in `pending`.
    latest: FxHashMap<usize, usize>,
    conflicts: Conflicts,
    /// Groups that rows give different keys: the latest row that may have changed one.
    contested: Table<Option<Latest>>,
    /// License keys of all rows read so far, which no text may show.
    keys: RowSecrets,
    unusual_keys: usize,
    /// Rows that are done but for the second reading, until they are told.
    pending: List<Option<EndedRow>>,
    /// The first of them that may not be told yet.
    next_pending: usize,
    /// Rows that 3CX accepted and of which the readings have told all, and those of them that show no change.
    looked_at: usize,
    unseen: usize,
    /// Rows that an earlier run has done.
    done_before: usize,
    /// Rows with the group and the key of an earlier one.
    repeated: usize,
    outcomes: Vec<W::Outcome>,
    ending: Option<Stop>,
    /// Where the host has one and the run is to use it.
    memory: Option<Memory>,
    memory_failure: Option<Failure>,
    earlier: Option<Earlier>,
    /// Whether the caller hands over some of its rows each time.
    is_in_loop: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Options are looked at, for all rows.
    Check,
    /// Columns are looked for, and where the blank rows at the end begin.
    Look,
    /// Groups and keys are compared, before the groups are read and after: one group is not for many keys.
    Compare,
    /// Rows are told that nothing is sent.
    Refuse,
    Start,
    /// Groups are read; then rows go on.
    Read,
    Replace,
    /// Groups are read again.
    Confirm,
    /// Reports are handed over.
    Report,
}

/// What a call is for.
#[derive(Debug)]
enum Purpose {
    Read {
        moment: When,
        /// None for some groups by name.
        page: Option<Asked>,
    },
    /// The reading between two rows of one group.
    Between(Box<Prepared>),
    /// How the group of a row in doubt reads now.
    Look(Box<Prepared>),
    Replace(Box<Prepared>),
}

impl<W: Words> Replacement<W> {
    /// `path`: where keys are replaced. `memory`: what the host remembers of earlier runs, if it does.
    pub fn new(path: &'static str, memory: Option<Memory>) -> Self {
        Self {
            path,
            options: RunOptions::default(),
            phase: Phase::Check,
            check: Check::default(),
            sheet: Sheet::default(),
            blank_from: usize::MAX,
            blank_end: 0,
            one_key: OneKey::default(),
            has_names: false,
            refusal: None,
            groups: Groups::default(),
            checked: VecDeque::new(),
            next_row: 0,
            reading: GroupReading::default(),
            calls: FxHashMap::default(),
            next_call: 0,
            lanes: Lanes::default(),
            freed: VecDeque::new(),
            doubtful: VecDeque::new(),
            sent: Table::default(),
            unsure: Table::default(),
            latest: FxHashMap::default(),
            conflicts: Conflicts::default(),
            contested: Table::default(),
            keys: RowSecrets::default(),
            unusual_keys: 0,
            pending: List::default(),
            next_pending: 0,
            looked_at: 0,
            unseen: 0,
            done_before: 0,
            repeated: 0,
            outcomes: Vec::new(),
            ending: None,
            memory,
            memory_failure: None,
            earlier: None,
            is_in_loop: false,
        }
    }

    /// Sends nothing to this PBX that other runs of the same execution have sent, and keeps with them what it sends itself.
    /// `now`: the time, in milliseconds since 1970.
    #[must_use]
    pub fn among(self, rows: Box<dyn SentRows>, pbx: &str, now: Moment) -> Self {
        Self { earlier: Some(Earlier::new(rows, pbx, now)), ..self }
    }

    /// Refuses what only all rows together could show to be right: these are some of the caller's.
    #[must_use]
    pub fn in_loop(self) -> Self {
        Self { is_in_loop: true, ..self }
    }

    /// Refuses a sheet that says that its rows are for another PBX than this one.
    #[must_use]
    pub fn for_pbx(self, pbx: BaseUrl) -> Self {
        Self { sheet: Sheet::for_pbx(pbx), ..self }
    }

    fn next_reading(&mut self, moment: When) -> Option<Next> {
        match self.reading.next_request() {
            Some((request, page)) => Some(self.call(request, Effect::Reads, Purpose::Read { moment, page })),
            None => self.reading.is_under_way().then_some(Next::Wait),
        }
    }

    fn call(&mut self, request: HttpRequest, effect: Effect, purpose: Purpose) -> Next {
        let id = self.next_call;
        self.next_call += 1;
        self.calls.insert(id, purpose);
        Next::Call(Call { id, request: request.into(), effect, proof: Proof::NoContent })
    }

    fn next_replacement(&mut self, rows: &mut dyn Rows) -> Next {
        // Many rows may come to nothing that is sent: the host is not kept waiting for all of them.
        for _ in 0..CHUNK {
            // Whoever wants to stop at a failed row learns of it before the next row is begun.
            if self.outcomes.len() >= CHUNK || self.outcomes.iter().any(Outcome::failed) {
                return Next::Outcomes;
            }
            if let Some(prepared) = self.doubtful.pop_front() {
                if let Some(next) = self.look(prepared) {
                    return next;
                }
            } else if let Some(prepared) = self.freed.pop_front() {
                if let Some(next) = self.begin(prepared) {
                    return next;
                }
            } else if self.lanes.waiting() >= MOST_WAITING || self.memory.as_ref().is_some_and(Memory::is_full) {
                return Next::Wait;
            } else if let Some((row, order)) = self.checked.pop_front() {
                if let Some(next) = self.admit(row, order, rows) {
                    return next;
                }
            } else if self.next_row < rows.len() {
                let row = self.next_row;
                self.next_row += 1;
                // Rows that will not be sent are not even read.
                let next = match &self.ending {
                    Some(why) => {
                        self.outcomes.push(W::row(row, End::Skipped(why)));
                        None
                    }
                    None => {
                        let order = self.read(rows, row);
                        self.admit(row, order, rows)
                    }
                };
                if let Some(next) = next {
                    return next;
                }
            } else if !self.calls.is_empty() || self.memory.as_ref().is_some_and(Memory::is_awaited) {
                return Next::Wait;
            } else {
                self.confirm();
                return Next::Outcomes;
            }
        }
        Next::Outcomes
    }

    /// A row's turn has come; its group is held for it.
    fn begin(&mut self, mut prepared: Prepared) -> Option<Next> {
        if let Some(why) = &self.ending {
            self.outcomes.push(W::row(prepared.row, End::Skipped(why)));
            self.remember_end(&prepared, Delivery::NotSent);
            self.release(prepared.group_print);
            return None;
        }
        if let Some(sent) = self.sent.get(prepared.pair_print).copied() {
            let first = sent.row as usize;
            let ending = match sent.accepted {
                true => self.overtaken(&prepared, first).unwrap_or_else(|| self.repeated(Ending::Repeated(first))),
                false => Ending::RepeatedUnknown(first),
            };
            self.leave(prepared, ending);
            return None;
        }
        if let Some(unsure) = self.unsure.get(prepared.group_print).copied() {
            self.leave(prepared, Ending::BehindUnknown(Some(unsure)));
            return None;
        }
        if let Some(known) = self.earlier.as_ref().and_then(|earlier| earlier.known(&prepared)) {
            match known {
                Known::Row(known) => self.recall(prepared, known),
                Known::Overtaken => self.leave(prepared, Ending::Overtaken { first: None, by: None }),
                Known::BehindUnknown => self.leave(prepared, Ending::BehindUnknown(None)),
            }
            return None;
        }
        if prepared.says_unknown {
            self.recall(prepared, Remembered::InDoubt(None));
            return None;
        }
        if self.memory.is_some() && !prepared.is_begun {
            let id = self.id_of(&prepared.target);
            if let Some(memory) = &mut self.memory {
                prepared.print = memory.print(id, &prepared.order.key);
                memory.ask(prepared);
            }
            return None;
        }
        if let Target::Known(index) = prepared.target
            && self.options.confirm
            && self.latest.contains_key(&index)
            && let Some(group) = self.groups.get(index)
        {
            let request = groups::single_request(&Reference::Id(group.id));
            return Some(self.call(request, Effect::Reads, Purpose::Between(Box::new(prepared))));
        }
        let mut request = HttpRequest::replace_license(self.path, &prepared.sends, &prepared.order.key);
        request.row = Some(prepared.row);
        self.sent.insert(prepared.pair_print, Sent::new(prepared.row, false));
        if let Some(earlier) = &self.earlier {
            earlier.begin(&prepared);
        }
        Some(self.call(request, Effect::Once, Purpose::Replace(Box::new(prepared))))
    }

    /// A row of a group that rows give different keys has been sent, now or by an earlier run, or would be.
    fn note_key(&mut self, prepared: &Prepared, is_now: bool) {
        let group = prepared.group_print;
        let this = Latest { row: prepared.row, key: prepared.key_print, is_now };
        if self.memory.is_some() || self.earlier.is_some() {
            // A row that is still to come may have been done before.
            self.contested.insert(group, Some(this));
        } else if let Some(latest) = self.contested.part(group).get_mut(&group) {
            *latest = Some(this);
        }
    }

    /// The latest row that gave the group of this one another key.
    fn rival(&self, prepared: &Prepared) -> Option<Latest> {
        let latest = *self.contested.get(prepared.group_print)?;
        latest.filter(|latest| latest.key != prepared.key_print)
    }

    /// A row may have been carried out, now or later: nothing else goes to its group.
    fn note_unknown(&mut self, prepared: &Prepared) {
        self.sent.insert(prepared.pair_print, Sent::new(prepared.row, false));
        self.unsure.insert(prepared.group_print, prepared.row);
    }

    /// Whether the group of a row has got another key since `first` gave it this one.
    fn overtaken(&self, prepared: &Prepared, first: usize) -> Option<Ending> {
        let by = self.rival(prepared)?.row;
        (by > first).then_some(Ending::Overtaken { first: Some(first), by: Some(by) })
    }

    /// The ending of a row that only repeats another one.
    fn repeated(&mut self, ending: Ending) -> Ending {
        self.repeated += 1;
        ending
    }

    /// What the host knows of a row from earlier runs.
    fn recall(&mut self, mut prepared: Prepared, known: Remembered) {
        match known {
            Remembered::New => {
                prepared.is_begun = true;
                self.freed.push_back(prepared);
            }
            Remembered::Done(since) => {
                if let Some(Latest { row: by, is_now: true, .. }) = self.rival(&prepared) {
                    return self.leave(prepared, Ending::Overtaken { first: None, by: Some(by) });
                }
                self.done_before += 1;
                self.note_key(&prepared, false);
                self.leave(prepared, Ending::DoneBefore(since));
            }
            Remembered::InDoubt(since) => {
                self.note_key(&prepared, false);
                self.note_unknown(&prepared);
                prepared.in_doubt_since = since;
                self.doubtful.push_back(prepared);
            }
        }
    }

    /// Looks at the group of a row in doubt, as it is now.
    fn look(&mut self, prepared: Prepared) -> Option<Next> {
        match self.id_of(&prepared.target) {
            Some(id) if self.ending.is_none() => {
                let request = groups::single_request(&Reference::Id(id));
                Some(self.call(request, Effect::Reads, Purpose::Look(Box::new(prepared))))
            }
            _ => {
                self.leave_in_doubt(prepared, Err(Some(Failure::Stopped)));
                None
            }
        }
    }

    /// The ID of a group, where it was read or given.
    fn id_of(&self, target: &Target) -> Option<i32> {
        match target {
            Target::Known(index) => self.groups.get(*index).map(|group| group.id),
            Target::AsGiven(text) => text.parse().ok(),
        }
    }

    fn remember_end(&mut self, prepared: &Prepared, delivery: Delivery) {
        if let Some(memory) = &mut self.memory
            && prepared.is_begun
        {
            let is_done = match delivery {
                Delivery::Done => Some(true),
                Delivery::NotSent | Delivery::Refused => Some(false),
                Delivery::Unknown => None,
            };
            memory.ended(&prepared.print, is_done);
        }
    }

    /// The next row of a group may begin.
    fn release(&mut self, group: u64) {
        self.freed.extend(self.lanes.leave(&[group]));
    }
}

impl<W: Words> Job for Replacement<W> {
    type Protocol = Xapi;
    type Rows = dyn Rows;
    type Outcome = W::Outcome;

    fn next(&mut self, rows: &mut (dyn Rows + 'static)) -> Next {
        loop {
            match self.phase {
                Phase::Check => {
                    if let Some(next) = self.next_check(rows) {
                        return next;
                    }
                }
                Phase::Look => {
                    if let Some(next) = self.next_look(rows) {
                        return next;
                    }
                }
                Phase::Compare => {
                    if let Some(next) = self.next_comparison(rows) {
                        return next;
                    }
                }
                Phase::Refuse => return self.next_refusal(rows),
                Phase::Start => self.start(rows),
                Phase::Read => match self.next_reading(When::Before) {
                    Some(next) => return next,
                    None => self.have_read(),
                },
                Phase::Replace => return self.next_replacement(rows),
                Phase::Confirm => match self.next_reading(When::After) {
                    Some(next) => return next,
                    None => {
                        self.reading.end(When::After);
                        self.phase = Phase::Report;
                    }
                },
                Phase::Report => {
                    let is_first = self.options.dry_run;
                    let stage = if is_first { Stage::Only } else { Stage::Second };
                    for _ in 0..CHUNK {
                        let Some(report) = self.pending.get_mut(self.next_pending) else { return Next::Done };
                        self.next_pending += 1;
                        if let Some(report) = report.take() {
                            self.tell(&report, stage);
                        }
                    }
                    return Next::Outcomes;
                }
            }
        }
    }

    fn ended(&mut self, call: CallId, end: Ended) {
        let purpose = self.calls.remove(&call);
        let own = match &purpose {
            Some(Purpose::Replace(prepared)) => Some(&prepared.order.key),
            _ => None,
        };
        let answer = end.answer.map_err(|failure| self.without_keys(failure, own));
        let end = Ended { answer, ..end };
        match purpose {
            Some(Purpose::Read { moment, page }) => self.read_answered(moment, page, end.answer),
            Some(Purpose::Between(prepared)) => self.between_answered(*prepared, end.answer),
            Some(Purpose::Look(prepared)) => self.look_answered(*prepared, end.answer),
            Some(Purpose::Replace(prepared)) => self.replace_answered(*prepared, end),
            None => {}
        }
    }

    fn stop(&mut self, why: &Stop) {
        self.ending = Some(match why {
            Stop::Failure(failure) => Stop::Failure(self.without_keys(failure.clone(), None)),
            why => why.clone(),
        });
        // What was sent is still looked at, unless the PBX itself is the trouble, or nobody waits.
        if !matches!(why, Stop::RowFailed(_) | Stop::Failure(Failure::Memory(_))) {
            self.reading.cancel();
        }
        self.freed.extend(self.memory.iter_mut().flat_map(Memory::leave));
    }

    fn take_outcomes(&mut self) -> Vec<W::Outcome> {
        std::mem::take(&mut self.outcomes)
    }

    fn note_due(&self) -> Option<Millis> {
        self.memory.as_ref()?.due(matches!(self.phase, Phase::Confirm | Phase::Report), self.ending.is_some())
    }

    fn note(&mut self, now: Millis) -> Note {
        self.memory.as_mut().map(|memory| memory.note(now)).unwrap_or_default()
    }

    fn noted(&mut self, known: Result<Vec<Before>, Failure>, now: Millis) -> Result<(), Failure> {
        let Some(memory) = &mut self.memory else { return Ok(()) };
        match memory.noted(known, now) {
            Noted::Rows(rows) => {
                rows.into_iter().for_each(|(prepared, known)| self.recall(prepared, known));
                Ok(())
            }
            Noted::Failed(rows, failure) => {
                let failure = self.without_keys(failure, None);
                self.memory_failure.get_or_insert(failure.clone());
                // They are told as all rows are that the run leaves.
                self.freed.extend(rows);
                Err(failure)
            }
        }
    }

    fn hints(&self) -> Vec<String> {
        self.of_run().into_iter().map(W::hint).collect()
    }
}
