//! Rows that go one after another because they are for the same, beside all others.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

/// What waits in each lane, behind the one that is under way.
#[derive(Debug)]
pub(crate) struct Lanes<T> {
    queues: FxHashMap<u64, VecDeque<T>>,
    waiting: usize,
}

impl<T> Lanes<T> {
    /// Gives it back if it may go at once; else it waits.
    pub(crate) fn enter(&mut self, lane: u64, one: T) -> Option<T> {
        if let Some(queue) = self.queues.get_mut(&lane) {
            queue.push_back(one);
            self.waiting += 1;
            return None;
        }
        self.queues.insert(lane, VecDeque::new());
        Some(one)
    }

    /// The one under way has ended: the next may go, if there is one.
    pub(crate) fn leave(&mut self, lane: u64) -> Option<T> {
        let next = self.queues.get_mut(&lane).and_then(VecDeque::pop_front);
        if next.is_some() {
            self.waiting -= 1;
        } else {
            self.queues.remove(&lane);
        }
        next
    }

    /// How many wait in all lanes.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Self { queues: FxHashMap::default(), waiting: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lane_has_one_under_way_and_the_others_follow_in_order() {
        let mut lanes = Lanes::default();
        assert_eq!(
            [(1, 'a'), (1, 'b'), (2, 'c'), (1, 'd')].map(|(lane, one)| lanes.enter(lane, one)),
            [Some('a'), None, Some('c'), None]
        );
        assert_eq!(lanes.waiting(), 2);
        assert_eq!([1, 1, 1, 2].map(|lane| lanes.leave(lane)), [Some('b'), Some('d'), None, None]);
        assert_eq!((lanes.waiting(), lanes.enter(1, 'e'), lanes.leave(3)), (0, Some('e'), None));
    }
}
