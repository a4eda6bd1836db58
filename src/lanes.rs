//! Rows that go one after another because they are for the same, beside all others.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

/// Who stands in each lane, by tickets: the first of all its lanes is under way.
#[derive(Debug)]
pub(crate) struct Lanes<T> {
    queues: FxHashMap<u64, VecDeque<u64>>,
    /// Those that wait, and in how many lanes somebody is before them.
    waiting: FxHashMap<u64, (T, usize)>,
    next_ticket: u64,
}

impl<T> Lanes<T> {
    /// Gives it back if it may go at once; else it waits in each of these lanes, which differ.
    pub(crate) fn enter(&mut self, lanes: &[u64], one: T) -> Option<T> {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let mut behind = 0;
        for lane in lanes {
            let queue = self.queues.entry(*lane).or_default();
            behind += usize::from(!queue.is_empty());
            queue.push_back(ticket);
        }
        if behind == 0 {
            return Some(one);
        }
        self.waiting.insert(ticket, (one, behind));
        None
    }

    /// The one under way in these lanes has ended: those may go that are behind nobody else.
    pub(crate) fn leave(&mut self, lanes: &[u64]) -> Vec<T> {
        let mut free = Vec::new();
        for lane in lanes {
            let Some(queue) = self.queues.get_mut(lane) else { continue };
            queue.pop_front();
            let Some(next) = queue.front().copied() else {
                self.queues.remove(lane);
                continue;
            };
            let Some((_, behind)) = self.waiting.get_mut(&next) else { continue };
            *behind -= 1;
            if *behind == 0 {
                free.extend(self.waiting.remove(&next).map(|(one, _)| one));
            }
        }
        free
    }

    /// How many wait in all lanes.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Self { queues: FxHashMap::default(), waiting: FxHashMap::default(), next_ticket: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lane_has_one_under_way_and_the_others_follow_in_order() {
        let mut lanes = Lanes::default();
        assert_eq!(
            [(1, 'a'), (1, 'b'), (2, 'c'), (1, 'd')].map(|(lane, one)| lanes.enter(&[lane], one)),
            [Some('a'), None, Some('c'), None]
        );
        assert_eq!(lanes.waiting(), 2);
        assert_eq!([1, 1, 1, 2].map(|lane| lanes.leave(&[lane])), [vec!['b'], vec!['d'], vec![], vec![]]);
        assert_eq!((lanes.waiting(), lanes.enter(&[1], 'e'), lanes.leave(&[3])), (0, Some('e'), vec![]));
    }

    #[test]
    fn one_in_several_lanes_waits_for_all_of_them_and_nobody_overtakes_it() {
        let mut lanes = Lanes::default();
        let entered = [(&[1, 2][..], 'a'), (&[3], 'b'), (&[2, 3], 'c'), (&[3], 'd'), (&[1], 'e'), (&[4], 'f')];
        let may_go = entered.map(|(lanes_of, one)| lanes.enter(lanes_of, one).is_some());
        assert_eq!(may_go, [true, true, false, false, false, true]);
        assert_eq!(lanes.leave(&[3]), [], "b: c is still behind a, and d behind c");
        assert_eq!(lanes.leave(&[1, 2]), ['e', 'c'], "a");
        assert_eq!(lanes.leave(&[2, 3]), ['d'], "c");
        assert_eq!(lanes.waiting(), 0);
    }
}
