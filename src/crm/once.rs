//! Which calls were told of. 3CX posts a call several times, and gives it no number of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::calls::moment::{DAY, Moment};

/// So many calls are remembered, the newest.
const MOST: usize = 1000;

/// When a call was told of, and whether it was answered by what was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reported(Moment, bool);

/// The calls of a day, by their identity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownCalls {
    calls: BTreeMap<String, Reported>,
}

impl KnownCalls {
    /// What several memories know together.
    pub(super) fn merged(memories: Vec<Value>) -> Self {
        let mut merged = Self::default();
        for memory in memories {
            let known: Self = serde_json::from_value(memory).unwrap_or_default();
            for (id, Reported(at, answered)) in known.calls {
                let told = merged.calls.entry(id).or_insert(Reported(at, answered));
                told.1 |= answered;
            }
        }
        merged
    }

    /// Notes a call. Gives whether that is news: what was told as missed is, if it was answered after all, and what was told
    /// longer ago than `span` is another call.
    pub(super) fn note(&mut self, id: &str, answered: bool, now: Moment, span: Moment) -> bool {
        self.forget(now);
        let is_past = |at: Moment| at.abs_diff(now) > span.unsigned_abs();
        let is_news = self.calls.get(id).is_none_or(|Reported(at, before)| is_past(*at) || (answered && !before));
        if is_news {
            self.calls.insert(id.to_owned(), Reported(now, answered));
            self.forget(now);
        }
        is_news
    }

    fn forget(&mut self, now: Moment) {
        let age = |Reported(at, _): &Reported| at.abs_diff(now);
        self.calls.retain(|_, told| age(told) <= DAY.unsigned_abs());
        while self.calls.len() > MOST {
            let oldest = self.calls.iter().max_by_key(|(_, told)| age(told)).map(|(id, _)| id.clone());
            self.calls.remove(&oldest.unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_is_bounded_in_number_and_in_time() {
        let mut memory = KnownCalls::default();
        for call in 0..3000 {
            assert!(memory.note(&call.to_string(), true, call, DAY));
        }
        assert_eq!(memory.calls.len(), MOST);
        assert!(!memory.note("2999", true, 3000, DAY) && memory.note("0", true, 3000, DAY));
        assert!(memory.note("2999", true, 3000 + DAY + 1, DAY));
        assert!(memory.calls.len() <= 2, "{}", memory.calls.len());
        for call in 0..3000 {
            memory.note(&call.to_string(), true, 0, DAY);
        }
        assert_eq!(memory.calls.len(), MOST);
    }

    proptest! {
        #[test]
        fn each_call_is_told_and_an_answered_one_as_answered(
            posts in proptest::collection::vec((0_u8..5, any::<bool>(), any::<bool>()), 0..40),
        ) {
            let (mut stored, mut kept) = (Value::Null, Value::Null);
            let mut told: Vec<(u8, bool)> = Vec::new();
            for (call, answered, is_lost) in posts.clone() {
                let mut memory = KnownCalls::merged(vec![stored.clone(), kept]);
                if memory.note(&call.to_string(), answered, 0, DAY) {
                    told.push((call, answered));
                }
                kept = serde_json::to_value(&memory).unwrap();
                // What one place forgets, the other has.
                if !is_lost {
                    stored = kept.clone();
                }
            }
            for call in 0..5 {
                let of_call = |list: &[(u8, bool)]| -> Vec<bool> {
                    list.iter().filter(|(of, _)| *of == call).map(|(_, answered)| *answered).collect()
                };
                let posted = of_call(&posts.iter().map(|(call, answered, _)| (*call, *answered)).collect::<Vec<_>>());
                let first = posted.first().copied();
                let expected = match (first, posted.contains(&true)) {
                    (None, _) => vec![],
                    (Some(false), true) => vec![false, true],
                    (Some(first), _) => vec![first],
                };
                prop_assert_eq!(of_call(&told), expected);
            }
        }
    }
}
