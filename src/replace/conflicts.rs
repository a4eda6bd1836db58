//! Rows that contradict each other: the same group with different keys, or one key for different groups.

use std::collections::hash_map::Entry;

use crate::gradual::Table;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
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
    by_row: Table<Vec<(u32, Kind)>>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    row: u32,
    /// Part of the other value's hash: enough to tell two values of one row apart.
    with: u32,
}

/// Pairs of rows, counted from 0, that contradict each other: the first few, and how many there are.
#[derive(Debug, Default)]
struct Pairs {
    first: Vec<(u32, u32)>,
    count: usize,
}

impl Conflicts {
    /// A row's report names at most this many.
    const SHOWN: usize = 3;
    /// And that of the run this many.
    const SHOWN_OF_RUN: usize = 5;

    pub(super) fn add(&mut self, row: usize, group: u64, key: u64) {
        let row = u32::try_from(row).unwrap_or(u32::MAX);
        for (kind, subject, with) in [(Kind::SameGroup, group, key), (Kind::SameKey, key, group)] {
            let (seen, pairs) = match kind {
                Kind::SameGroup => (&mut self.groups, &mut self.same_group),
                Kind::SameKey => (&mut self.keys, &mut self.same_key),
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
    }

    /// What a row's own report says of its conflicts.
    pub(super) fn warnings(&self, row: usize) -> Vec<String> {
        let others = self.by_row.get(row as u64).map(Vec::as_slice).unwrap_or_default();
        others
            .iter()
            .map(|(other, kind)| {
                let other = other + 1;
                match kind {
                    Kind::SameGroup => format!("Row {other} is for the same group, with another key"),
                    Kind::SameKey => format!("Row {other} has the same key, for another group"),
                }
            })
            .collect()
    }

    /// What is told of the run as a whole.
    pub(super) fn hints(&self) -> Vec<String> {
        let hint = |Pairs { first, count }: &Pairs, text: &str| {
            let mut rows: Vec<_> =
                first.iter().map(|(first, second)| format!("{} and {}", first + 1, second + 1)).collect();
            let more = count - first.len();
            rows.extend((more > 0).then(|| format!("{more} more")));
            (!rows.is_empty()).then(|| format!("{text}: rows {}", rows.join("; ")))
        };
        [
            hint(&self.same_group, "The same group appears with different license keys"),
            hint(&self.same_key, "The same license key appears for different groups"),
        ]
        .into_iter()
        .flatten()
        .collect()
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
        assert_eq!(conflicts.hints(), Vec::<String>::new());
        conflicts.add(2, 1, 11);
        conflicts.add(3, 2, 10);
        assert_eq!(conflicts.warnings(2), ["Row 1 is for the same group, with another key"]);
        assert_eq!(
            conflicts.warnings(0),
            ["Row 3 is for the same group, with another key", "Row 4 has the same key, for another group"]
        );
        assert_eq!(
            conflicts.hints(),
            [
                "The same group appears with different license keys: rows 1 and 3",
                "The same license key appears for different groups: rows 1 and 4"
            ]
        );
    }

    #[test]
    fn long_lists_are_cut() {
        let mut conflicts = Conflicts::default();
        for row in 0..9 {
            conflicts.add(row, 1, row as u64);
        }
        assert!(conflicts.hints()[0].ends_with("1 and 6; 3 more"), "{:?}", conflicts.hints());
    }
}
