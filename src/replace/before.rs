//! What comes before the first row: options, columns and keys of all rows are looked at, and the groups are read.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use super::groups::{self, When};
use super::options::{RunOptions, SendAs};
use super::told::{Refusal, Words};
use super::{CHUNK, FEW, Phase, Replacement};
use crate::fingerprint::fingerprint;
use crate::rows::Rows;
use crate::rows::value::Reference;
use crate::xapi::error::{Failure, MemoryFault};
use crate::xapi::protocol::{Next, Stop};
use crate::xapi::request::HttpRequest;

impl<W: Words> Replacement<W> {
    pub(super) fn next_check(&mut self, rows: &mut dyn Rows) -> Option<Next> {
        if self.ending.is_some() {
            self.phase = Phase::Start;
            return None;
        }
        match self.check.go_on(rows, CHUNK) {
            Ok(None) => return Some(Next::Outcomes),
            Ok(Some(options)) => {
                if self.is_in_loop && options.source.needs_all_rows(rows) {
                    self.ending = Some(Stop::Failure(Failure::InLoop));
                }
                self.options = options;
                self.phase = Phase::Look;
            }
            Err(refusal) => self.refuse(refusal),
        }
        None
    }

    pub(super) fn next_look(&mut self, rows: &mut dyn Rows) -> Option<Next> {
        if self.ending.is_some() {
            self.phase = Phase::Start;
            return None;
        }
        match self.sheet.go_on(&mut self.options.source, rows, CHUNK) {
            Ok(None) => return Some(Next::Outcomes),
            Ok(Some(end)) => {
                (self.blank_from, self.blank_end) = (end, rows.len());
                self.phase = Phase::Compare;
            }
            Err(refusal) => self.refuse(refusal),
        }
        None
    }

    pub(super) fn next_comparison(&mut self, rows: &mut dyn Rows) -> Option<Next> {
        // Of many rows it holds much.
        let mut one_key = std::mem::take(&mut self.one_key);
        if self.ending.is_none() {
            match one_key.go_on(&self.options.source, rows, CHUNK, &|order| self.group_of(&order.group)) {
                None => {
                    self.one_key = one_key;
                    return Some(Next::Outcomes);
                }
                // One group may be named in several ways, which shows once the groups are read.
                Some(Err(Failure::FixedKey)) if one_key.has_names && !self.reading.before_tried => {}
                Some(Err(failure)) => self.ending = Some(Stop::Failure(failure)),
                Some(Ok(())) => {}
            }
        }
        self.has_names = one_key.has_names;
        self.phase = if self.reading.before_tried { Phase::Replace } else { Phase::Start };
        None
    }

    /// What tells a group: two rows may name one by its ID and by its number, which shows once the groups are read.
    fn group_of(&self, group: &Reference) -> u64 {
        self.resolve(group).map_or_else(|_| fingerprint(group.written()), fingerprint)
    }

    fn refuse(&mut self, why: Refusal) {
        self.refusal = Some(why);
        (self.phase, self.next_row) = (Phase::Refuse, 0);
    }

    pub(super) fn next_refusal(&mut self, rows: &dyn Rows) -> Next {
        let Some(why) = &self.refusal else { return Next::Done };
        let end = rows.len().min(self.next_row + CHUNK);
        if self.next_row == end {
            return Next::Done;
        }
        self.outcomes.extend(W::refused(self.next_row..end, why));
        self.next_row = end;
        Next::Outcomes
    }

    pub(super) fn start(&mut self, rows: &mut dyn Rows) {
        self.phase = Phase::Replace;
        if !self.options.skip_done || self.options.dry_run {
            self.memory = None;
        } else if let Some(why) = self.lacks_memory(rows.len()) {
            return self.refuse(Refusal::Memory(why));
        }
        let RunOptions { confirm, dry_run, find_by_name, stop_if_unread, send_as, .. } = self.options;
        let needs_groups = confirm
            || dry_run
            || find_by_name
            || stop_if_unread
            || send_as == SendAs::Number
            || self.has_names
            || !self.options.source.says_id()
            || self.sheet.has_numbers();
        if self.ending.is_none() && needs_groups {
            self.read_before(rows);
        }
        // A number may be several groups' own. Else groups are read when a row first needs it.
    }

    /// Why this run cannot skip what was done before.
    fn lacks_memory(&self, rows: usize) -> Option<MemoryFault> {
        match &self.memory {
            None => Some(MemoryFault::Missing),
            Some(memory) => {
                let most = memory.most_rows();
                (rows > most).then_some(MemoryFault::TooSmall { most, rows })
            }
        }
    }

    /// Reads the groups of the rows to come: all, or those of the rows where that takes fewer requests.
    pub(super) fn read_before(&mut self, rows: &mut dyn Rows) {
        self.phase = Phase::Read;
        self.reading.before_tried = true;
        let left = rows.len() - self.next_row;
        // That a name is no other group's shows where all are read.
        if left > FEW || self.options.find_by_name {
            // Most sheets have a row for each group, of most groups.
            return self.reading.ask_for_all(left + left / 4);
        }
        for row in self.next_row..rows.len() {
            let order = self.read(rows, row);
            self.checked.push_back((row, order));
        }
        self.next_row = rows.len();
        let groups = self.checked.iter().filter_map(|(_, order)| Some(&order.as_ref().ok()?.group));
        // In the order of the rows, so that a seed of the simulation decides it.
        let mut seen = FxHashSet::default();
        let groups: Vec<_> = groups.filter(|group| !self.is_key(group) && seen.insert(*group)).collect();
        // That a number is no other group's shows where all are read, or those of this number; that digits are no other
        // group's name or number, where all are.
        let may_be_others = self.options.send_as == SendAs::Number || !self.options.source.says_id();
        if may_be_others && groups.iter().any(|group| !matches!(group, Reference::Number(_))) {
            return self.reading.ask_for_all(0);
        }
        self.ask_for_some(groups::requests_for(groups));
    }

    pub(super) fn ask_for_some(&mut self, requests: VecDeque<HttpRequest>) {
        if requests.len() <= 1 {
            self.reading.ask_for(requests);
        } else {
            self.reading.ask_for_all_or(requests);
        }
    }

    /// The first reading is over.
    pub(super) fn have_read(&mut self) {
        self.phase = Phase::Compare;
        self.reading.end(When::Before);
        // A text may be another group's name among those that were not read.
        if (self.options.stop_if_unread || self.options.find_by_name)
            && let Some(failure) = &self.reading.before_failure
        {
            self.refuse(Refusal::Unread(failure.clone()));
        }
    }
}
