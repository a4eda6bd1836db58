//! Collections of many rows that grow a piece at a time. A table or list in one piece is moved as a whole each time it has
//! grown: with a million rows, nothing else in the host would get a turn meanwhile.

use std::fmt;

use rustc_hash::FxHashMap;

/// A table is kept in this many parts, which grow one by one.
const PARTS: usize = 256;

/// What is kept under hashes or numbers.
pub(crate) struct Table<V> {
    /// None until there is something to keep.
    parts: Vec<FxHashMap<u64, V>>,
}

impl<V> Table<V> {
    pub(crate) fn part(&mut self, key: u64) -> &mut FxHashMap<u64, V> {
        if self.parts.is_empty() {
            self.parts.resize_with(PARTS, FxHashMap::default);
        }
        &mut self.parts[part_of(key)]
    }

    pub(crate) fn get(&self, key: u64) -> Option<&V> {
        self.parts.get(part_of(key))?.get(&key)
    }

    /// What was kept there before.
    pub(crate) fn insert(&mut self, key: u64, value: V) -> Option<V> {
        self.part(key).insert(key, value)
    }

    pub(crate) fn remove(&mut self, key: u64) -> Option<V> {
        self.parts.get_mut(part_of(key))?.remove(&key)
    }
}

/// Numbers in a row and hashes alike are spread over all parts.
fn part_of(key: u64) -> usize {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { parts: Vec::new() }
    }
}

/// Values may be of rows, so how many there are has to do.
impl<V> fmt::Debug for Table<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} values", self.parts.iter().map(FxHashMap::len).sum::<usize>())
    }
}

/// So many values of a list are kept together.
const PIECE: usize = 1024;

/// What is kept in the order in which it came.
#[derive(Debug)]
pub(crate) struct List<T> {
    pieces: Vec<Vec<T>>,
}

impl<T> List<T> {
    pub(crate) fn push(&mut self, value: T) {
        match self.pieces.last_mut().filter(|piece| piece.len() < PIECE) {
            Some(piece) => piece.push(value),
            None => self.pieces.push(vec![value]),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.pieces.last().map_or(0, |last| (self.pieces.len() - 1) * PIECE + last.len())
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.pieces.get_mut(index / PIECE)?.get_mut(index % PIECE)
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { pieces: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::fingerprint;

    #[test]
    fn many_values_are_kept_in_small_pieces() {
        const MANY: u64 = 100_000;
        let (mut hashes, mut numbers, mut list) = (Table::default(), Table::default(), List::default());
        for value in 0..MANY {
            hashes.insert(fingerprint(value), value);
            numbers.insert(value, value);
            list.push(value);
        }
        for table in [&hashes, &numbers] {
            let largest = table.parts.iter().map(FxHashMap::capacity).max().unwrap();
            assert!(largest as u64 <= MANY / 64, "{largest} values are moved at once");
        }
        assert_eq!(list.len(), MANY as usize);
        assert!(list.pieces.iter().all(|piece| piece.capacity() == PIECE));
        for value in 0..MANY {
            assert_eq!(hashes.get(fingerprint(value)), Some(&value));
            assert_eq!(numbers.get(value), Some(&value));
            assert_eq!(list.get_mut(value as usize), Some(&mut value.clone()));
        }
        assert_eq!(list.get_mut(MANY as usize), None);
    }

    #[test]
    fn what_is_removed_is_gone() {
        let mut table = Table::default();
        assert_eq!(table.get(1), None);
        assert_eq!(table.remove(1), None);
        assert_eq!((table.insert(1, 'a'), table.insert(1, 'b')), (None, Some('a')));
        assert_eq!(table.remove(1), Some('b'));
        assert_eq!(table.get(1), None);
    }
}
