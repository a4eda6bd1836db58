//! Rows of a run that something is to be said about.

use std::collections::BTreeMap;
use std::ops::Range;

/// Rows, counted from 0, as the ranges that they form: next to nothing where they come nearly in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowSet {
    /// By the first row of each range, the one behind its last.
    ends: BTreeMap<usize, usize>,
}

impl RowSet {
    pub fn insert(&mut self, row: usize) {
        let before = self.ends.range(..=row).next_back().map(|(start, end)| (*start, *end));
        let start = match before {
            Some((_, end)) if end > row => return,
            Some((start, end)) if end == row => start,
            _ => row,
        };
        let end = self.ends.remove(&(row + 1)).unwrap_or(row + 1);
        self.ends.insert(start, end);
    }

    /// In order, with a gap between one and the next.
    pub fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        self.ends.iter().map(|(start, end)| *start..*end)
    }

    pub fn len(&self) -> usize {
        self.ranges().map(|range| range.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

impl FromIterator<usize> for RowSet {
    fn from_iter<I: IntoIterator<Item = usize>>(rows: I) -> Self {
        let mut set = Self::default();
        rows.into_iter().for_each(|row| set.insert(row));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_form_ranges_in_whatever_order_they_come() {
        for rows in [[0, 1, 2, 6, 8, 7], [8, 7, 6, 2, 1, 0], [6, 0, 2, 8, 1, 7]] {
            let set: RowSet = rows.into_iter().chain([7, 1]).collect();
            assert_eq!(set.ranges().collect::<Vec<_>>(), [0..3, 6..9], "{rows:?}");
            assert_eq!((set.len(), set.is_empty()), (6, false));
        }
        assert!(RowSet::default().is_empty());
    }
}
