//! Which requests are made to read the groups: pages of all of them, or some by their names.

use std::collections::VecDeque;

use super::groups::{self, When};
use crate::xapi::error::Failure;
use crate::xapi::pages::{Asked, Came, PAGE_SIZE, Pages};
use crate::xapi::request::HttpRequest;

/// So many groups at most are asked for before it is known how many there are.
const MOST_LIKELY: usize = 15 * PAGE_SIZE;

/// Groups being read.
#[derive(Debug, Default)]
pub(super) struct GroupReading {
    /// Requests for some of the groups, not yet made, and how many are under way.
    some: VecDeque<HttpRequest>,
    some_under_way: usize,
    /// Pages of all groups, where they are asked for.
    all: Option<Pages>,
    /// Requests that take the place of further pages, should there be more of these.
    instead: Option<VecDeque<HttpRequest>>,
    /// Whether the first reading was tried.
    pub(super) before_tried: bool,
    pub(super) before_failure: Option<Failure>,
    pub(super) after_failure: Option<Failure>,
}

impl GroupReading {
    pub(super) fn ask_for(&mut self, some: VecDeque<HttpRequest>) {
        self.some = some;
        self.all = None;
    }

    /// Asks for all groups: at once for as many as came before, or as are likely.
    pub(super) fn ask_for_all(&mut self, likely: usize) {
        let before = self.all.take().map_or(0, |pages| pages.came());
        let expected = if before > 0 { before } else { likely.min(MOST_LIKELY) };
        self.all = Some(Pages::new(PAGE_SIZE, usize::MAX, true).expecting(expected));
        self.instead = None;
    }

    /// Asks for all groups, or, once it is known how many there are, for some of them where that takes fewer requests.
    pub(super) fn ask_for_all_or(&mut self, some: VecDeque<HttpRequest>) {
        // The first page tells how many there are.
        self.all = Some(Pages::new(PAGE_SIZE, usize::MAX, true));
        self.instead = Some(some);
    }

    /// The next request, and which page it is, if it is one.
    pub(super) fn next_request(&mut self) -> Option<(HttpRequest, Option<Asked>)> {
        if let Some(page) = self.all.as_mut().and_then(Pages::ask) {
            return Some((groups::page_request(page), Some(page)));
        }
        let request = self.some.pop_front()?;
        self.some_under_way += 1;
        Some((request, None))
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.some_under_way > 0 || self.all.as_ref().is_some_and(Pages::is_under_way)
    }

    /// A request for some of the groups was answered.
    pub(super) fn some_came(&mut self) {
        self.some_under_way -= 1;
    }

    /// Nothing more comes. Where 3CX has told of more groups than came, they were not read: a row's may be among them.
    pub(super) fn end(&mut self, moment: When) {
        if self.all.as_ref().is_some_and(Pages::is_cut) {
            self.failure(moment).get_or_insert(Failure::ListCut);
        }
    }

    /// A page came.
    pub(super) fn page_came(&mut self, moment: When, asked: Asked, page: &Came) {
        let Some(all) = &mut self.all else { return };
        if let Err(failure) = all.take(asked, page) {
            return self.fail(moment, failure);
        }
        all.begin_again();
        if let (Some(some), Some(left)) = (self.instead.take(), all.pages_left())
            && some.len() < left
        {
            self.ask_for(some);
        }
    }

    /// A request was not answered, or in vain: the groups stay unread.
    pub(super) fn failed(&mut self, moment: When, page: Option<Asked>, failure: Failure) {
        self.lost(page);
        self.fail(moment, failure);
    }

    /// A request for some groups was refused: all are asked for instead, once.
    pub(super) fn turn_to_all(&mut self, moment: When) {
        self.lost(None);
        self.some.clear();
        if self.all.is_none() && self.failure(moment).is_none() {
            self.ask_for_all(0);
        }
    }

    fn lost(&mut self, page: Option<Asked>) {
        match (page, &mut self.all) {
            (Some(_), Some(all)) => all.failed(),
            (Some(_), None) => {}
            (None, _) => self.some_under_way -= 1,
        }
    }

    fn fail(&mut self, moment: When, failure: Failure) {
        self.failure(moment).get_or_insert(match failure {
            Failure::NotSent(cause) => *cause,
            failure => failure,
        });
        self.cancel();
    }

    fn failure(&mut self, moment: When) -> &mut Option<Failure> {
        match moment {
            When::Before => &mut self.before_failure,
            When::After => &mut self.after_failure,
        }
    }

    /// Asks for nothing further.
    pub(super) fn cancel(&mut self) {
        self.some.clear();
        if let Some(all) = &mut self.all {
            all.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::value::Reference;
    use crate::xapi::pages::{MOST_PAGES, Records};

    fn skips(reading: &mut GroupReading) -> Vec<Option<usize>> {
        std::iter::from_fn(|| reading.next_request()).map(|(_, page)| page.map(|page| page.skip)).collect()
    }

    /// The next page comes with these groups.
    fn comes(reading: &mut GroupReading, groups: std::ops::Range<u64>, count: Option<usize>) {
        let asked = reading.next_request().unwrap().1.unwrap();
        let came = Came { records: Records::Keyed(groups.collect()), count, goes_on: false };
        reading.page_came(When::Before, asked, &came);
    }

    fn one_by_one(ids: std::ops::RangeInclusive<i32>) -> VecDeque<HttpRequest> {
        ids.map(|id| groups::single_request(&Reference::Id(id))).collect()
    }

    #[test]
    fn what_was_read_by_name_before_may_come_again_in_a_page() {
        let mut reading = GroupReading::default();
        reading.ask_for(one_by_one(1..=2));
        assert_eq!(skips(&mut reading), [None, None]);
        reading.turn_to_all(When::Before);
        reading.some_came();
        comes(&mut reading, 0..100, Some(150));
        comes(&mut reading, 100..150, None);
        assert_eq!((skips(&mut reading), &reading.before_failure), (vec![], &None));
        assert!(!reading.is_under_way());
    }

    #[test]
    fn where_groups_go_meanwhile_all_are_read_again() {
        let mut reading = GroupReading::default();
        reading.ask_for_all(0);
        comes(&mut reading, 0..100, Some(150));
        comes(&mut reading, 101..150, None);
        comes(&mut reading, 0..0, Some(149));
        assert_eq!(skips(&mut reading), [Some(0)], "group 100 has moved to the first page");
        assert_eq!(reading.before_failure, None);
    }

    #[test]
    fn all_are_asked_for_once_where_names_are_refused() {
        let mut reading = GroupReading::default();
        reading.ask_for(one_by_one(1..=2));
        skips(&mut reading);
        reading.turn_to_all(When::Before);
        comes(&mut reading, 0..7, Some(7));
        reading.turn_to_all(When::Before);
        assert_eq!(skips(&mut reading), []);
        assert!(!reading.is_under_way());
    }

    #[test]
    fn some_are_asked_for_where_that_takes_fewer_requests_than_all() {
        for (count, expected) in [
            (Some(500), vec![None, None, None]),
            (Some(400), vec![Some(100), Some(200), Some(300)]),
            (None, vec![Some(100)]),
        ] {
            let mut reading = GroupReading::default();
            reading.ask_for_all_or(one_by_one(1..=3));
            comes(&mut reading, 0..100, count);
            assert_eq!(skips(&mut reading), expected, "{count:?}");
        }
    }

    #[test]
    fn as_many_as_are_likely_are_asked_for_at_once_and_fewer_do_no_harm() {
        let mut reading = GroupReading::default();
        reading.ask_for_all(250);
        let asked: Vec<_> = std::iter::from_fn(|| reading.next_request()?.1).collect();
        assert_eq!(asked.iter().map(|page| page.skip).collect::<Vec<_>>(), [0, 100, 200]);
        // Some PBXs give the first page whatever `$skip` is.
        for page in asked {
            let came = Came { records: Records::Keyed((0..7).collect()), count: Some(7), goes_on: false };
            reading.page_came(When::Before, page, &came);
        }
        assert_eq!((skips(&mut reading), reading.is_under_way(), &reading.before_failure), (vec![], false, &None));
        reading.ask_for_all(1_000_000);
        assert_eq!(skips(&mut reading).len(), 1, "what came before tells more");
        let mut reading = GroupReading::default();
        reading.ask_for_all(1_000_000);
        assert_eq!(skips(&mut reading).len(), 15);
    }

    #[test]
    fn a_failure_ends_the_reading() {
        let mut reading = GroupReading::default();
        reading.ask_for_all(0);
        comes(&mut reading, 0..100, Some(400));
        let (_, page) = reading.next_request().unwrap();
        reading.failed(When::Before, page, Failure::Forbidden);
        assert_eq!(skips(&mut reading), []);
        assert_eq!(reading.before_failure, Some(Failure::Forbidden));
        assert!(!reading.is_under_way());
    }

    #[test]
    fn groups_without_end_are_a_failure() {
        let mut reading = GroupReading::default();
        reading.ask_for_all(0);
        let mut next = 0;
        while reading.before_failure.is_none() {
            assert!(next <= MOST_PAGES as u64, "it goes on");
            comes(&mut reading, next..next + 1, None);
            next += 1;
        }
        assert_eq!(reading.before_failure, Some(Failure::Endless));
        assert_eq!(skips(&mut reading), []);
    }

    #[test]
    fn a_page_that_tells_nothing_new_is_a_failure() {
        let mut reading = GroupReading::default();
        reading.ask_for_all(0);
        comes(&mut reading, 0..100, None);
        comes(&mut reading, 0..100, None);
        assert_eq!(reading.before_failure, Some(Failure::PageRepeated));
        assert_eq!(skips(&mut reading), []);
    }
}
