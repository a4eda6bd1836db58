//! Sees that one group does not get many different keys, nor one fixed key many groups; a few rows at a time. A fixed group is
//! meant, an expression that always gives the same, a column that was filled down, or one of something else.

use rustc_hash::FxHashMap;

use super::row::{Order, RowSource};
use crate::fingerprint::fingerprint;
use crate::gradual::Table;
use crate::rows::Rows;
use crate::rows::value::Reference;
use crate::xapi::error::Failure;

/// So many different keys for one group are no correction of an earlier row.
const MANY: usize = 3;
/// So many rows from all over a sheet show whether a group can have half of them.
const SAMPLE: usize = 256;

#[derive(Debug, Default)]
pub(super) struct OneKey {
    next_row: usize,
    /// Rows that can be sent.
    seen: usize,
    groups: usize,
    by_group: Table<Keys>,
    /// How many rows the group has that has most, and that of those with many keys.
    most: usize,
    most_of_many: usize,
    /// Whether any group has different keys.
    keys_differ: bool,
    /// Whether a row names its group by something else than an ID.
    pub(super) has_names: bool,
}

/// The keys that rows give a group.
#[derive(Debug, Default)]
struct Keys {
    rows: usize,
    /// The first different keys.
    first: [u64; MANY],
    different: usize,
}

impl Keys {
    fn add(&mut self, key: u64) {
        self.rows += 1;
        if self.different < MANY && !self.first[..self.different].contains(&key) {
            self.first[self.different] = key;
            self.different += 1;
        }
    }
}

impl OneKey {
    /// Whether that is so, once `most` further rows or all have been looked at. `group_of`: what tells a row's group.
    pub(super) fn go_on(
        &mut self,
        source: &RowSource,
        rows: &mut dyn Rows,
        most: usize,
        group_of: &dyn Fn(&Order) -> u64,
    ) -> Option<Result<(), Failure>> {
        let is_key_fixed = *source == RowSource::Fields && rows.is_fixed("licenseKey");
        if self.next_row == 0 && !is_key_fixed && self.no_group_stands_out(source, rows, group_of) {
            return Some(Ok(()));
        }
        let end = rows.len().min(self.next_row + most);
        for row in self.next_row..end {
            let Ok(order) = source.read(rows, row) else { continue };
            self.has_names |= matches!(order.group, Reference::Number(_));
            let (group, key) = (group_of(&order), fingerprint(order.key.print()));
            let keys = self.by_group.part(group).entry(group).or_default();
            self.groups += usize::from(keys.rows == 0);
            keys.add(key);
            self.seen += 1;
            self.most = self.most.max(keys.rows);
            self.keys_differ |= keys.different > 1;
            if keys.different == MANY {
                self.most_of_many = self.most_of_many.max(keys.rows);
            }
            if is_key_fixed && self.groups > 1 {
                return Some(Err(Failure::FixedKey));
            }
        }
        self.next_row = end;
        let left = rows.len() - end;
        if left == 0 {
            let is_one = self.groups == 1 && self.keys_differ;
            let is_most = self.most_of_many > 0 && self.most_of_many * 2 >= self.seen;
            return Some(if is_one || is_most { Err(Failure::FixedGroup) } else { Ok(()) });
        }
        // No group can have half of the rows any more.
        (self.most * 2 + left < self.seen).then_some(Ok(()))
    }

    /// Whether no group is in a fourth of a sample of many rows, so that none can be in half of them.
    fn no_group_stands_out(
        &mut self,
        source: &RowSource,
        rows: &mut dyn Rows,
        group_of: &dyn Fn(&Order) -> u64,
    ) -> bool {
        let part = rows.len() / SAMPLE;
        if part < 4 {
            return false;
        }
        let mut by_group: FxHashMap<u64, usize> = FxHashMap::default();
        // Not the same place of each part: what comes in turns would be seen as one.
        for row in (0..SAMPLE).map(|nth| nth * part + fingerprint(nth) as usize % part) {
            if let Ok(order) = source.read(rows, row) {
                self.has_names |= matches!(order.group, Reference::Number(_));
                *by_group.entry(group_of(&order)).or_default() += 1;
            }
        }
        let seen: usize = by_group.values().sum();
        seen * 2 >= SAMPLE && by_group.values().all(|rows| rows * 4 < seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::Cell;
    use crate::rows::testing::{Form, form};

    fn look(is_fixed: bool, rows: &[(&str, u32)]) -> Result<(), Failure> {
        let cell = |row: usize, name: &str| {
            let (group, key) = rows[row];
            let key = if key == 0 { String::new() } else { format!("8SGW-ABCD-EFGH-{key:04}") };
            Ok(Cell::Text(if name == "groupId" { group.to_owned() } else { key }))
        };
        let mut form = Form { is_fixed, ..form(rows.len(), cell) };
        let mut scan = OneKey::default();
        std::iter::repeat_with(|| scan.go_on(&RowSource::Fields, &mut form, 1, &written)).flatten().next().unwrap()
    }

    fn written(order: &Order) -> u64 {
        fingerprint(order.group.written())
    }

    fn is_refused(rows: &[(&str, u32)]) -> bool {
        look(false, rows).is_err()
    }

    #[test]
    fn one_group_in_all_rows_is_for_one_key() {
        assert!(is_refused(&[("28", 1), ("28", 0), ("28", 2)]));
        assert!(is_refused(&[("grp0001", 1), ("GRP0001", 2)]));
        assert!(!is_refused(&[("28", 1), ("28", 0), ("28", 1)]));
        assert!(!is_refused(&[("28", 1)]));
        assert!(!is_refused(&[]));
    }

    #[test]
    fn one_group_in_half_of_the_rows_is_not_for_many_keys() {
        let filled = [("28", 1), ("28", 2), ("28", 3)];
        for others in [
            &[("Total", 4)][..],
            &[("Group ID", 4)],
            &[("29", 4)],
            &[("29", 4), ("30", 5), ("31", 6)],
            &[("29", 4), ("29", 5), ("29", 6)],
            &[("29", 0); 9],
        ] {
            assert!(is_refused(&[&filled[..], others].concat()), "{others:?}");
            assert!(is_refused(&[others, &filled[..]].concat()), "{others:?}");
        }
        let most: Vec<_> = (4..=7).map(|key| ("29", key - key % 2)).collect();
        assert!(!is_refused(&[&filled[..], &most].concat()), "fewer than half; two keys for the other one");
        assert!(!is_refused(&[("28", 1), ("28", 2), ("29", 3)]), "a correction, of which the last one counts");
    }

    #[test]
    fn of_many_rows_a_sample_shows_whether_any_group_stands_out() {
        let groups: Vec<String> = (0..4000).map(|group| group.to_string()).collect();
        let rows = |is_filled: &dyn Fn(usize) -> bool| -> Vec<(&str, u32)> {
            let group = |row: usize| if is_filled(row) { "28" } else { groups[row].as_str() };
            (0..groups.len()).map(|row| (group(row), row as u32 + 1)).collect()
        };
        // Whatever their rhythm: the same place of each part would see one beat only.
        for (every, count) in [(2_usize, 6904), (3, 4769), (10, 3704)] {
            let group = |row: usize| if row % every < every.div_ceil(2) { "28" } else { groups[row % 4000].as_str() };
            let rows: Vec<_> = (0..count).map(|row| (group(row), row as u32 + 1)).collect();
            assert!(is_refused(&rows), "{every}, {count}");
        }
        for is_filled in
            [&(|row: usize| row.is_multiple_of(2)) as &dyn Fn(usize) -> bool, &|row| row >= 2000, &|row| row < 2000]
        {
            assert!(is_refused(&rows(is_filled)));
        }
        // Too few of them can be read to show it.
        let mut sparse = rows(&|row| row % 10 < 6);
        sparse.iter_mut().filter(|(_, key)| key % 9 != 0).for_each(|(_, key)| *key = 0);
        assert!(is_refused(&sparse));
        let (distinct, mut read) = (rows(&|_| false), 0);
        let mut form = form(distinct.len(), |row, name| {
            read += 1;
            let key = format!("8SGW-ABCD-EFGH-{row:04}");
            Ok(Cell::Text(if name == "groupId" { distinct[row].0.to_owned() } else { key }))
        });
        assert_eq!(OneKey::default().go_on(&RowSource::Fields, &mut form, 1, &written), Some(Ok(())));
        assert!(read <= 2 * SAMPLE, "{read}");
    }

    #[test]
    fn one_fixed_key_is_for_one_group() {
        assert_eq!(look(true, &[("28", 1), ("29", 1)]), Err(Failure::FixedKey));
        assert_eq!(look(true, &[("28", 1), ("28", 1)]), Ok(()));
        assert_eq!(look(false, &[("28", 1), ("29", 1)]), Ok(()), "rows of a sheet say so");
    }
}
