//! Sorting by one copy of its code: the standard library's takes 5 KB of the package for each type that is sorted.

use std::cmp::Ordering;

/// Sorts entries. Those that are alike keep their order.
pub(crate) fn sort<T: Ord>(entries: &mut Vec<T>) {
    sort_by(entries, T::cmp);
}

pub(crate) fn sort_by_key<T, K: Ord>(entries: &mut Vec<T>, key: impl Fn(&T) -> K) {
    sort_by(entries, |one, other| key(one).cmp(&key(other)));
}

pub(crate) fn sort_by<T>(entries: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    if entries.len() < 2 {
        return;
    }
    let places = places(entries.len(), &|one, other| compare(&entries[one], &entries[other]));
    let mut taken: Vec<Option<T>> = std::mem::take(entries).into_iter().map(Some).collect();
    entries.extend(places.into_iter().filter_map(|place| taken[place].take()));
}

fn places(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by(|one, other| compare(*one, *other));
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_library_does(entries: Vec<(u8, u16)>) {
            let (mut own, mut standard) = (entries.clone(), entries);
            sort_by_key(&mut own, |entry| entry.0);
            standard.sort_by_key(|entry| entry.0);
            prop_assert_eq!(&own, &standard);
            sort(&mut own);
            standard.sort();
            prop_assert_eq!(own, standard);
        }
    }
}
