//! Which requests are made to read the groups: pages of all of them, or some by their names.

use std::collections::VecDeque;

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
    /// How many records have come, and how many there can be at most: pages end at the first that is not full.
    seen: usize,
    most: usize,
    /// Whether the first reading was tried.
    pub(super) before_tried: bool,
    pub(super) before_failure: Option<Failure>,
    pub(super) after_failure: Option<Failure>,
}

/// What an answer was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    /// `$skip` of the request; `None` for some of the groups.
    pub(super) skip: Option<usize>,
    /// How many records it has.
    pub(super) records: usize,
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
        self.seen = 0;
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

    /// A request was answered. `news`: whether it told of any group for the first time.
    pub(super) fn answered(&mut self, page: Page, news: bool) {
        self.under_way -= 1;
        let Some(skip) = page.skip.filter(|_| self.end > 0) else { return };
        // The count, where 3CX gives it, lets pages be read side by side; a full last page asks for another one.
        // A count of one page only may be `$top` repeated, so it is not believed; nor is any other further than what has
        // come bears out.
        self.seen += page.records;
        self.count = self.count.or(page.count.filter(|count| *count > PAGE_SIZE));
        let is_full = page.records >= PAGE_SIZE;
        if !(is_full && news) {
            self.most = self.most.min(skip + page.records);
        }
        let next = if is_full && news { skip + 2 * PAGE_SIZE } else { 0 };
        let ahead = self.seen.saturating_mul(1 + AHEAD);
        self.end = self.count.map_or(self.end.max(next), |count| count.min(ahead)).min(self.most);
        if let (Some(some), Some(count)) = (self.instead.take(), self.count)
            && some.len() < count.saturating_sub(self.next_skip).div_ceil(PAGE_SIZE)
        {
            self.end = 0;
            self.some = some;
        }
    }

    /// A request was not answered: the groups stay unread.
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
        Page { skip: Some(skip), records: if full { PAGE_SIZE } else { 7 }, count }
    }

    #[test]
    fn a_count_lets_pages_be_read_side_by_side() {
        let mut reading = Reading::default();
        reading.ask_for_all();
        assert_eq!(skips(&mut reading), [Some(0)]);
        reading.answered(page(0, true, Some(250)), true);
        assert_eq!(skips(&mut reading), [Some(100), Some(200)]);
        reading.answered(page(200, false, None), true);
        reading.answered(page(100, true, None), true);
        assert_eq!(skips(&mut reading), []);
        assert!(!reading.is_under_way());
    }

    #[test]
    fn without_a_count_each_full_page_asks_for_one_more_until_nothing_is_new() {
        let mut reading = Reading::default();
        reading.ask_for_all();
        for (skip, count) in [(0, Some(100)), (100, None), (200, None)] {
            assert_eq!(skips(&mut reading), [Some(skip)]);
            reading.answered(page(skip, true, count), skip < 200);
        }
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
            reading.answered(page(0, true, count), true);
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
            reading.answered(Page { skip: Some(skip), records, count: Some(4_000_000_000) }, records > 0);
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
        reading.answered(page(0, true, Some(400)), true);
        assert_eq!(reading.next_request().unwrap().1, Some(100));
        reading.failed(Moment::Before, Failure::Forbidden);
        assert_eq!(skips(&mut reading), []);
        assert_eq!(reading.before_failure, Some(Failure::Forbidden));
    }
}
