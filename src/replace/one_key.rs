//! Sees that one group does not get many different keys, nor one key many groups; a few rows at a time. A fixed group or key is
//! meant, an expression that always gives the same, a column that was filled down, or one of something else.

use rustc_hash::FxHashMap;

use super::row::{Order, RowSource};
use crate::fingerprint::fingerprint;
use crate::gradual::Table;
use crate::rows::Rows;
use crate::rows::value::Reference;
use crate::xapi::error::Failure;

/// So many different keys for one group are no correction of an earlier row, and so many groups for one key no slip.
const MANY: usize = 3;
/// So many rows from all over a sheet show whether a group or a key can have half of them.
const SAMPLE: usize = 256;

#[derive(Debug, Default)]
pub(super) struct OneKey {
    next_row: usize,
    /// Rows that can be sent.
    seen: usize,
    groups: Pairing,
    keys: Pairing,
    /// Whether a row names its group by something else than an ID.
    pub(super) has_names: bool,
}

/// Groups with the keys that rows give them, or keys with their groups.
#[derive(Debug, Default)]
struct Pairing {
    all: Table<Partners>,
    count: usize,
    /// How many rows the one has that has most, and that of those with many partners.
    most: usize,
    most_of_many: usize,
    /// Whether any has different partners.
    differ: bool,
}

#[derive(Debug, Default)]
struct Partners {
    rows: usize,
    /// The first different ones.
    first: [u64; MANY],
    different: usize,
}

impl Pairing {
    fn add(&mut self, one: u64, partner: u64) {
        let of_one = self.all.part(one).entry(one).or_default();
        self.count += usize::from(of_one.rows == 0);
        of_one.rows += 1;
        if of_one.different < MANY && !of_one.first[..of_one.different].contains(&partner) {
            of_one.first[of_one.different] = partner;
            of_one.different += 1;
        }
        self.most = self.most.max(of_one.rows);
        self.differ |= of_one.different > 1;
        if of_one.different == MANY {
            self.most_of_many = self.most_of_many.max(of_one.rows);
        }
    }

    /// Whether one with many partners has half of the rows or more.
    fn is_most(&self, rows: usize) -> bool {
        self.most_of_many > 0 && self.most_of_many * 2 >= rows
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
        if self.next_row == 0 && !is_key_fixed && self.nothing_stands_out(source, rows, group_of) {
            return Some(Ok(()));
        }
        let end = rows.len().min(self.next_row + most);
        for row in self.next_row..end {
            let Ok(order) = source.read(rows, row) else { continue };
            self.has_names |= matches!(order.group, Reference::Number(_));
            let (group, key) = (group_of(&order), key_of(&order));
            self.groups.add(group, key);
            self.keys.add(key, group);
            self.seen += 1;
            if is_key_fixed && self.groups.count > 1 {
                return Some(Err(Failure::FixedKey));
            }
        }
        self.next_row = end;
        let left = rows.len() - end;
        if left == 0 {
            let is_one = self.groups.count == 1 && self.groups.differ;
            return Some(if is_one || self.groups.is_most(self.seen) {
                Err(Failure::FixedGroup)
            } else if self.keys.is_most(self.seen) {
                Err(Failure::FixedKey)
            } else {
                Ok(())
            });
        }
        // None can have half of the rows any more.
        (self.groups.most.max(self.keys.most) * 2 + left < self.seen).then_some(Ok(()))
    }

    /// Whether no group and no key is in a fourth of a sample of many rows, so that none can be in half of them.
    fn nothing_stands_out(
        &mut self,
        source: &RowSource,
        rows: &mut dyn Rows,
        group_of: &dyn Fn(&Order) -> u64,
    ) -> bool {
        let part = rows.len() / SAMPLE;
        if part < 4 {
            return false;
        }
        let mut seen = 0;
        let [mut by_group, mut by_key] = [(); 2].map(|()| FxHashMap::<u64, usize>::default());
        // Not the same place of each part: what comes in turns would be seen as one.
        for row in (0..SAMPLE).map(|nth| nth * part + fingerprint(nth) as usize % part) {
            if let Ok(order) = source.read(rows, row) {
                self.has_names |= matches!(order.group, Reference::Number(_));
                *by_group.entry(group_of(&order)).or_default() += 1;
                *by_key.entry(key_of(&order)).or_default() += 1;
                seen += 1;
            }
        }
        seen * 2 >= SAMPLE && by_group.values().chain(by_key.values()).all(|rows| rows * 4 < seen)
    }
}

fn key_of(order: &Order) -> u64 {
    fingerprint(order.key.print())
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
    fn one_key_in_half_of_the_rows_is_not_for_many_groups() {
        let filled = [("28", 1), ("29", 1), ("30", 1)];
        for others in [&[][..], &[("31", 2)], &[("31", 2), ("32", 3), ("33", 4)], &[("31", 0); 9]] {
            assert_eq!(look(false, &[&filled[..], others].concat()), Err(Failure::FixedKey), "{others:?}");
            assert_eq!(look(false, &[others, &filled[..]].concat()), Err(Failure::FixedKey), "{others:?}");
        }
        for everyday in [
            &[("28", 1), ("29", 1)][..],
            &[("28", 1), ("29", 1), ("28", 1)],
            &[("28", 1), ("29", 1), ("30", 1), ("31", 2), ("32", 3), ("33", 4), ("34", 5)],
            &[("28", 1), ("28", 1), ("28", 1), ("29", 2)],
        ] {
            assert_eq!(look(false, everyday), Ok(()), "{everyday:?}");
        }
        let groups: Vec<String> = (0..4000).map(|group| group.to_string()).collect();
        for every in [2, 3] {
            let rows: Vec<_> =
                (0..4000).map(|row| (groups[row].as_str(), if row % every == 0 { 1 } else { row as u32 })).collect();
            assert_eq!(look(false, &rows), if every == 2 { Err(Failure::FixedKey) } else { Ok(()) }, "{every}");
        }
    }

    #[test]
    fn one_fixed_key_is_for_one_group() {
        assert_eq!(look(true, &[("28", 1), ("29", 1)]), Err(Failure::FixedKey));
        assert_eq!(look(true, &[("28", 1), ("28", 1)]), Ok(()));
        assert_eq!(look(false, &[("28", 1), ("29", 1)]), Ok(()), "rows of a sheet say so");
    }
}
