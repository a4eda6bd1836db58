//! Rows that change the same go one after another: whatever is sent again, the last of them is what stays.

use std::collections::{HashMap, HashSet, VecDeque};

use super::plan::{Key, Plan};
use crate::lanes::Lanes;

/// Rows that change something, each until it has ended.
#[derive(Default)]
pub(super) struct Turns {
    /// Rows that are still to enter a lane, in their order: the first one's entity is being looked up, or was. A lane is
    /// known by its entity's key, so that numbers and keys of the same share one.
    entering: VecDeque<(usize, Option<Plan>)>,
    /// Rows that may give an entity another number, until they have ended, and one that names a number after them.
    renumbering: HashSet<usize>,
    held: Option<(usize, Plan)>,
    /// Rows by what they change: one of each is under way.
    lanes: Lanes<(usize, Plan)>,
    /// The lanes of those that have entered, by row.
    subjects: HashMap<usize, Vec<u64>>,
    /// Rows whose lane has just become free.
    freed: VecDeque<(usize, Plan)>,
}

/// So many rows at most wait for others that change the same.
const MOST_WAITING: usize = 128;

impl Turns {
    /// Takes in a row, and gives it back if it may go now: to be looked up, where its entity is named by a number.
    pub(super) fn admit(&mut self, row: usize, plan: Plan) -> Option<(usize, Plan)> {
        let is_by_number = matches!(plan.key, Key::Number(..));
        if is_by_number && !self.renumbering.is_empty() {
            self.held = Some((row, plan));
            return None;
        }
        if plan.renumbers() {
            self.renumbering.insert(row);
        }
        if is_by_number {
            self.entering.push_back((row, None));
            return Some((row, plan));
        }
        if self.entering.is_empty() {
            return self.enter(row, plan);
        }
        // Which entity those before it are for is not known: it may be the same.
        self.entering.push_back((row, Some(plan)));
        None
    }

    /// A row's entity was looked up. Gives its plan back if it changes nothing.
    pub(super) fn found(&mut self, row: usize, plan: Plan) -> Option<Plan> {
        let Some((_, place)) = self.entering.iter_mut().find(|(entering, _)| *entering == row) else {
            return Some(plan);
        };
        *place = Some(plan);
        None
    }

    /// A row whose turn has come.
    pub(super) fn next(&mut self) -> Option<(usize, Plan)> {
        while let Some((row, Some(plan))) = self.entering.pop_front_if(|(_, plan)| plan.is_some()) {
            if let Some(entered) = self.enter(row, plan) {
                return Some(entered);
            }
        }
        self.freed.pop_front().or_else(|| {
            let (row, plan) = self.held.take_if(|_| self.renumbering.is_empty())?;
            self.admit(row, plan)
        })
    }

    /// Whether no row is to be begun until others have ended.
    pub(super) fn are_full(&self) -> bool {
        self.held.is_some() || self.lanes.waiting() + self.entering.len() >= MOST_WAITING
    }

    /// Takes its lanes, and gives the row back unless one is taken.
    fn enter(&mut self, row: usize, plan: Plan) -> Option<(usize, Plan)> {
        let lanes = self.subjects.entry(row).insert_entry(plan.subjects());
        self.lanes.enter(lanes.get(), (row, plan))
    }

    /// A row has ended: the next one that changes the same may go.
    pub(super) fn release(&mut self, row: usize) {
        self.entering.retain(|(entering, _)| *entering != row);
        self.renumbering.remove(&row);
        if let Some(subjects) = self.subjects.remove(&row) {
            self.freed.extend(self.lanes.leave(&subjects));
        }
    }

    /// Nothing goes any more. Gives the rows that nothing else tells of: one whose look-up is under way is told when that
    /// has ended, and those in lanes when the ones before them have.
    pub(super) fn stop(&mut self) -> impl Iterator<Item = usize> {
        let entering = std::mem::take(&mut self.entering).into_iter().filter(|(_, plan)| plan.is_some());
        let held = self.held.take().map(|(row, _)| row);
        entering.map(|(row, _)| row).chain(held)
    }
}
