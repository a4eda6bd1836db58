//! Rows that contradict each other: the same group with different keys, or one key for different groups.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

/// Two rows, counted from 0, that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    pub(super) first: usize,
    pub(super) second: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    SameGroup,
    SameKey,
}

/// Sees every row once. Groups and keys are held as 64-bit hashes: no secret stays here, and little memory is used.
#[derive(Debug, Default)]
pub(super) struct Conflicts {
    groups: FxHashMap<u64, Seen>,
    keys: FxHashMap<u64, Seen>,
    found: Vec<Conflict>,
    /// The first few conflicts of each row, by position in `found`.
    by_row: FxHashMap<usize, Vec<usize>>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    row: u32,
    /// Part of the other value's hash: enough to tell two values of one row apart.
    with: u32,
}

impl Conflicts {
    /// A row's report names at most this many.
    const SHOWN: usize = 3;

    pub(super) fn add(&mut self, row: usize, group: u64, key: u64) {
        let already_found = self.found.len();
        let found = &mut self.found;
        let mut check = |map: &mut FxHashMap<u64, Seen>, subject: u64, with: u64, kind: Kind| {
            let seen = Seen { row: u32::try_from(row).unwrap_or(u32::MAX), with: with as u32 };
            match map.entry(subject) {
                Entry::Vacant(entry) => {
                    entry.insert(seen);
                }
                Entry::Occupied(entry) if entry.get().with != seen.with => {
                    found.push(Conflict { first: entry.get().row as usize, second: row, kind });
                }
                Entry::Occupied(_) => {}
            }
        };
        check(&mut self.groups, group, key, Kind::SameGroup);
        check(&mut self.keys, key, group, Kind::SameKey);
        for (position, conflict) in self.found.iter().enumerate().skip(already_found) {
            for involved in [conflict.first, conflict.second] {
                let positions = self.by_row.entry(involved).or_default();
                if positions.len() < Self::SHOWN {
                    positions.push(position);
                }
            }
        }
    }

    /// What a row's own report says of its conflicts.
    pub(super) fn warnings(&self, row: usize) -> Vec<String> {
        let positions = self.by_row.get(&row).map(Vec::as_slice).unwrap_or_default();
        positions
            .iter()
            .filter_map(|position| self.found.get(*position))
            .map(|conflict| {
                let other = if conflict.first == row { conflict.second } else { conflict.first } + 1;
                match conflict.kind {
                    Kind::SameGroup => format!("Row {other} is for the same group, with another key"),
                    Kind::SameKey => format!("Row {other} has the same key, for another group"),
                }
            })
            .collect()
    }

    /// What is told of the run as a whole.
    pub(super) fn hints(&self) -> Vec<String> {
        let hint = |kind: Kind, text: &str| {
            let mut pairs = self.found.iter().filter(|conflict| conflict.kind == kind);
            let first = pairs.by_ref().take(5).map(|pair| format!("{} and {}", pair.first + 1, pair.second + 1));
            let mut rows: Vec<_> = first.collect();
            match pairs.count() {
                0 => {}
                more => rows.push(format!("{more} more")),
            }
            (!rows.is_empty()).then(|| format!("{text}: rows {}", rows.join("; ")))
        };
        [
            hint(Kind::SameGroup, "The same group appears with different license keys"),
            hint(Kind::SameKey, "The same license key appears for different groups"),
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
