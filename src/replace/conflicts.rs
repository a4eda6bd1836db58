//! Rows that contradict each other: the same group with different keys, or one key for different groups.

use std::collections::hash_map::Entry;

use super::ended_row::Warning;
use super::told::Hint;
use crate::gradual::Table;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conflict {
    SameGroup,
    SameKey,
}

/// Sees every row once. Groups and keys are held as 64-bit hashes: no secret stays here, and little memory is used.
#[derive(Debug, Default)]
pub(super) struct Conflicts {
    groups: Table<Seen>,
    keys: Table<Seen>,
    same_group: Pairs,
    same_key: Pairs,
    /// The first few that each row contradicts.
    by_row: Table<Vec<(u32, Conflict)>>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    row: u32,
    /// Part of the other value's hash: enough to tell two values of one row apart.
    with: u32,
}

/// Pairs of rows, counted from 0, that contradict each other: the first few, and how many there are.
#[derive(Debug, Default)]
pub struct Pairs {
    pub(crate) first: Vec<(u32, u32)>,
    pub(crate) count: usize,
}

impl Conflicts {
    /// A row's report names at most this many.
    const SHOWN: usize = 3;
    /// And that of the run this many.
    const SHOWN_OF_RUN: usize = 5;

    /// Tells whether the group has appeared with another key.
    pub(super) fn add(&mut self, row: usize, group: u64, key: u64) -> bool {
        let mut is_contested = false;
        let row = u32::try_from(row).unwrap_or(u32::MAX);
        for (kind, subject, with) in [(Conflict::SameGroup, group, key), (Conflict::SameKey, key, group)] {
            let (seen, pairs) = match kind {
                Conflict::SameGroup => (&mut self.groups, &mut self.same_group),
                Conflict::SameKey => (&mut self.keys, &mut self.same_key),
            };
            let with = with as u32;
            let first = match seen.part(subject).entry(subject) {
                Entry::Vacant(entry) => {
                    entry.insert(Seen { row, with });
                    continue;
                }
                Entry::Occupied(entry) if entry.get().with == with => continue,
                Entry::Occupied(entry) => entry.get().row,
            };
            is_contested |= kind == Conflict::SameGroup;
            pairs.count += 1;
            if pairs.first.len() < Self::SHOWN_OF_RUN {
                pairs.first.push((first, row));
            }
            for (involved, other) in [(first, row), (row, first)] {
                let others = self.by_row.part(u64::from(involved)).entry(u64::from(involved)).or_default();
                if others.len() < Self::SHOWN {
                    others.push((other, kind));
                }
            }
        }
        is_contested
    }

    /// What a row's own report says of its conflicts.
    pub(super) fn warnings(&self, row: usize) -> Vec<Warning> {
        let others = self.by_row.get(row as u64).map(Vec::as_slice).unwrap_or_default();
        let warning = |(other, kind): &(u32, Conflict)| match kind {
            Conflict::SameGroup => Warning::SameGroup(*other as usize),
            Conflict::SameKey => Warning::SameKey(*other as usize),
        };
        others.iter().map(warning).collect()
    }

    /// What is told of the run as a whole.
    pub(super) fn hints(&self) -> impl Iterator<Item = Hint<'_>> {
        let group = (self.same_group.count > 0).then_some(Hint::SameGroup(&self.same_group));
        group.into_iter().chain((self.same_key.count > 0).then_some(Hint::SameKey(&self.same_key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradictions_are_found_and_repetitions_are_not() {
        let mut conflicts = Conflicts::default();
        conflicts.add(0, 1, 10);
        conflicts.add(1, 1, 10);
        assert_eq!(conflicts.hints().count(), 0);
        conflicts.add(2, 1, 11);
        conflicts.add(3, 2, 10);
        assert_eq!(conflicts.warnings(2), [Warning::SameGroup(0)]);
        assert_eq!(conflicts.warnings(0), [Warning::SameGroup(2), Warning::SameKey(3)]);
        let hints: Vec<_> = conflicts.hints().collect();
        let [Hint::SameGroup(group), Hint::SameKey(key)] = &hints[..] else { panic!("{hints:?}") };
        assert_eq!((&group.first[..], group.count), (&[(0, 2)][..], 1));
        assert_eq!((&key.first[..], key.count), (&[(0, 3)][..], 1));
    }

    #[test]
    fn long_lists_are_cut() {
        let mut conflicts = Conflicts::default();
        for row in 0..9 {
            conflicts.add(row, 1, row as u64);
        }
        assert_eq!(conflicts.same_group.first.last(), Some(&(0, 5)));
        assert_eq!(conflicts.same_group.count, 8);
    }
}
