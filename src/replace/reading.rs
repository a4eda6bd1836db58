//! Which requests are made to read the groups: pages of all of them, or some by their names.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use super::groups::{self, Moment};
use crate::xapi::error::Failure;
use crate::xapi::request::{HttpRequest, MOST_PAGES, PAGE_SIZE};

/// As many records are asked for ahead as this many times those that have come.
const AHEAD: usize = 2;

/// Groups being read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Requests for some of the groups, not yet made.
    some: VecDeque<HttpRequest>,
    /// Requests that take the place of further pages, should there be more of these.
    instead: Option<VecDeque<HttpRequest>>,
    under_way: usize,
    /// The first `$skip` not yet asked for, and where the pages to ask for end.
    next_skip: usize,
    end: usize,
    /// How many groups there are, once 3CX has told.
    count: Option<usize>,
    /// Which groups have come by pages, and how many there can be at most: pages end at the first that is not full.
    seen: FxHashSet<usize>,
    most: usize,
    /// Whether the first reading was tried.
    pub(super) before_tried: bool,
    pub(super) before_failure: Option<Failure>,
    pub(super) after_failure: Option<Failure>,
}

/// What an answer was.
#[derive(Debug)]
pub(super) struct Page {
    /// `$skip` of the request; `None` for some of the groups.
    pub(super) skip: Option<usize>,
    /// The positions of its groups.
    pub(super) groups: Vec<usize>,
    /// How many groups there are in all, where 3CX says.
    pub(super) count: Option<usize>,
}

impl Reading {
    pub(super) fn ask_for(&mut self, some: VecDeque<HttpRequest>) {
        self.some = some;
    }

    pub(super) fn ask_for_all(&mut self) {
        self.next_skip = 0;
        self.count = None;
        self.seen.clear();
        self.most = MOST_PAGES * PAGE_SIZE;
        self.end = PAGE_SIZE;
        self.instead = None;
    }

    /// Asks for all groups, or, once it is known how many there are, for some of them where that takes fewer requests.
    pub(super) fn ask_for_all_or(&mut self, some: VecDeque<HttpRequest>) {
        self.ask_for_all();
        self.instead = Some(some);
    }

    /// The next request, with its `$skip` if it is a page.
    pub(super) fn next_request(&mut self) -> Option<(HttpRequest, Option<usize>)> {
        let next = if self.next_skip < self.end {
            let skip = self.next_skip;
            self.next_skip += PAGE_SIZE;
            Some((groups::page_request(skip), Some(skip)))
        } else {
            self.some.pop_front().map(|request| (request, None))
        };
        self.under_way += usize::from(next.is_some());
        next
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.under_way > 0
    }

    /// A request was answered.
    pub(super) fn answered(&mut self, moment: Moment, page: Page) {
        let Some(skip) = page.skip.filter(|_| self.end > 0) else {
            self.under_way -= 1;
            return;
        };
        // The count, where 3CX gives it, lets pages be read side by side; a full last page asks for another one.
        // A count of one page only may be `$top` repeated, so it is not believed; nor is any other further than what has
        // come bears out.
        let (records, known) = (page.groups.len(), self.seen.len());
        self.seen.extend(page.groups);
        self.count = self.count.or(page.count.filter(|count| *count > PAGE_SIZE));
        // More than was asked for is all there is.
        if records == PAGE_SIZE {
            // Going on would never end, and what is missing is not known.
            if self.seen.len() == known {
                return self.failed(moment, Failure::PageRepeated);
            }
            if skip + PAGE_SIZE >= MOST_PAGES * PAGE_SIZE {
                return self.failed(moment, Failure::Endless);
            }
        } else {
            self.most = self.most.min(skip + records.min(PAGE_SIZE));
        }
        self.under_way -= 1;
        let next = if records == PAGE_SIZE { skip + 2 * PAGE_SIZE } else { 0 };
        let ahead = self.seen.len().saturating_mul(1 + AHEAD);
        self.end = self.count.map_or(self.end.max(next), |count| count.min(ahead)).min(self.most);
        if let (Some(some), Some(count)) = (self.instead.take(), self.count)
            && some.len() < count.saturating_sub(self.next_skip).div_ceil(PAGE_SIZE)
        {
            self.end = 0;
            self.some = some;
        }
    }

    /// A request was not answered, or in vain: the groups stay unread.
    pub(super) fn failed(&mut self, moment: Moment, failure: Failure) {
        self.under_way -= 1;
        self.failure(moment).get_or_insert(match failure {
            Failure::NotSent(cause) => *cause,
            failure => failure,
        });
        self.cancel();
    }

    /// A request for some groups was refused: all are asked for instead, once.
    pub(super) fn turn_to_all(&mut self, moment: Moment) {
        self.under_way -= 1;
        self.some.clear();
        if self.end == 0 && self.failure(moment).is_none() {
            self.ask_for_all();
        }
    }

    fn failure(&mut self, moment: Moment) -> &mut Option<Failure> {
        match moment {
            Moment::Before => &mut self.before_failure,
            Moment::After => &mut self.after_failure,
        }
    }

    /// Asks for nothing further.
    pub(super) fn cancel(&mut self) {
        self.some.clear();
        self.end = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::value::Reference;

    fn skips(reading: &mut Reading) -> Vec<Option<usize>> {
        std::iter::from_fn(|| reading.next_request()).map(|(_, skip)| skip).collect()
    }

    fn page(skip: usize, full: bool, count: Option<usize>) -> Page {
        Page { skip: Some(skip), groups: (skip..skip + if full { PAGE_SIZE } else { 7 }).collect(), count }
    }

    /// The next page comes with these groups.
    fn comes(reading: &mut Reading, groups: std::ops::Range<usize>, count: Option<usize>) {
        let (_, skip) = reading.next_request().unwrap();
        reading.answered(Moment::Before, Page { skip, groups: groups.collect(), count });
    }

    #[test]
    fn a_count_lets_pages_be_read_side_by_side() {
        let mut reading = Reading::default();
        reading.ask_for_all();
        assert_eq!(skips(&mut reading), [Some(0)]);
        reading.answered(Moment::Before, page(0, true, Some(250)));
        assert_eq!(skips(&mut reading), [Some(100), Some(200)]);
        reading.answered(Moment::Before, page(200, false, None));
        reading.answered(Moment::Before, page(100, true, None));
        assert_eq!(skips(&mut reading), []);
        assert!(!reading.is_under_way());
    }

    #[test]
    fn without_a_count_each_full_page_asks_for_one_more() {
        let mut reading = Reading::default();
        reading.ask_for_all();
        for (skip, count) in [(0, Some(100)), (100, None), (200, None)] {
            assert_eq!(skips(&mut reading), [Some(skip)]);
            reading.answered(Moment::Before, page(skip, skip < 200, count));
        }
        assert_eq!(skips(&mut reading), []);
        assert_eq!(reading.before_failure, None);
    }

    #[test]
    fn groups_that_come_in_one_go_are_all_there_are() {
        let mut reading = Reading::default();
        reading.ask_for_all();
        comes(&mut reading, 0..250, Some(250));
        assert_eq!(skips(&mut reading), []);
        assert_eq!(reading.before_failure, None);
    }

    #[test]
    fn a_page_that_tells_nothing_new_is_a_failure_in_both_readings() {
        for count in [None, Some(250)] {
            let mut reading = Reading::default();
            reading.ask_for_all();
            comes(&mut reading, 0..100, count);
            let (_, skip) = reading.next_request().unwrap();
            reading.answered(Moment::After, Page { skip, groups: (0..100).rev().collect(), count });
            assert_eq!(reading.after_failure, Some(Failure::PageRepeated));
            assert_eq!(skips(&mut reading), []);
        }
    }

    #[test]
    fn what_was_read_by_name_before_may_come_again_in_a_page() {
        let mut reading = Reading::default();
        reading.ask_for((1..=2).map(|id| groups::single_request(&Reference::Id(id))).collect());
        skips(&mut reading);
        reading.turn_to_all(Moment::Before);
        assert_eq!(skips(&mut reading), [Some(0)]);
        reading.answered(Moment::Before, Page { skip: None, groups: (0..100).collect(), count: None });
        reading.answered(Moment::Before, page(0, true, None));
        assert_eq!((skips(&mut reading), &reading.before_failure), (vec![Some(100)], &None));
    }

    #[test]
    fn pages_without_end_are_a_failure() {
        let mut reading = Reading::default();
        reading.ask_for_all();
        (reading.next_skip, reading.end) = ((MOST_PAGES - 2) * PAGE_SIZE, (MOST_PAGES - 1) * PAGE_SIZE);
        comes(&mut reading, 0..100, None);
        assert_eq!(reading.before_failure, None);
        comes(&mut reading, 100..200, None);
        assert_eq!(reading.before_failure, Some(Failure::Endless));
        assert_eq!(skips(&mut reading), []);
    }

    #[test]
    fn some_are_asked_for_where_that_takes_fewer_requests_than_all() {
        for (count, expected) in
            [(Some(500), vec![None, None, None]), (Some(400), vec![Some(100), Some(200)]), (None, vec![Some(100)])]
        {
            let mut reading = Reading::default();
            reading.ask_for_all_or((1..=3).map(|id| groups::single_request(&Reference::Id(id))).collect());
            assert_eq!(skips(&mut reading), [Some(0)]);
            reading.answered(Moment::Before, page(0, true, count));
            assert_eq!(skips(&mut reading), expected, "{count:?}");
        }
    }

    #[test]
    fn a_count_is_believed_as_far_as_records_come() {
        let mut reading = Reading::default();
        reading.ask_for_all();
        let mut open: VecDeque<_> = skips(&mut reading).into();
        let (mut seen, mut asked) = (0, open.len());
        while let Some(Some(skip)) = open.pop_front() {
            let records = if skip < 1000 { PAGE_SIZE } else { 0 };
            seen += records;
            let groups = (skip..skip + records).collect();
            reading.answered(Moment::Before, Page { skip: Some(skip), groups, count: Some(4_000_000_000) });
            let more = skips(&mut reading);
            asked += more.len();
            assert!(asked * PAGE_SIZE <= 3 * seen.max(PAGE_SIZE), "{asked} pages for {seen} records");
            open.extend(more);
        }
        assert_eq!(seen, 1000);
        assert!(!reading.is_under_way());
    }

    #[test]
    fn a_failure_ends_the_reading() {
        let mut reading = Reading::default();
        reading.ask_for_all();
        skips(&mut reading);
        reading.answered(Moment::Before, page(0, true, Some(400)));
        assert_eq!(reading.next_request().unwrap().1, Some(100));
        reading.failed(Moment::Before, Failure::Forbidden);
        assert_eq!(skips(&mut reading), []);
        assert_eq!(reading.before_failure, Some(Failure::Forbidden));
    }
}
