//! One list, read page by page: what to ask for next, and when it is whole.
//!
//! 3CX names no next page, gives as many records at a time as it likes, and tells how many there are only where it is
//! asked, and not everywhere. So a list is whole when as many records have come as 3CX is believed to have, or when a
//! page came empty. A number that is too low is believed no longer once more has come, or a next page is named behind
//! the last record. A number that has become smaller says that records have gone meanwhile: others may have moved into
//! their places, which no page shows, so the list is read again.

use rustc_hash::FxHashSet;

use super::error::Failure;
use super::odata::Query;

/// The most records that 3CX gives in one page of an entity set; more is answered with 400.
pub const PAGE_SIZE: usize = 100;
/// A list with more pages than this has no end.
pub const MOST_PAGES: usize = 100_000;
/// As many records are asked for ahead as this many times those that have come, or this many pages: a count is believed
/// as far as that. So 1,600 records take two round trips.
const AHEAD: usize = 2;
const PAGES_AHEAD: usize = 15;
/// A list of which records go while it is read is begun anew so often.
const MOST_READINGS: usize = 3;
/// A page of a multiple of this many records may be one that 3CX has cut: limits are round.
const ROUND: usize = 50;

/// Whether a page of so many records may have been cut.
pub fn is_round(len: usize) -> bool {
    len > 0 && len.is_multiple_of(ROUND)
}

/// A page to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub skip: usize,
    pub top: usize,
    /// Whether to ask how many records there are in all.
    pub counts: bool,
}

impl Asked {
    /// The query, in a stable order so that pages neither overlap nor leave gaps; without one where 3CX takes none.
    pub fn query(self, order_by: &str) -> Query {
        let mut query = Query::default().with("$top", &self.top.to_string());
        if self.skip > 0 {
            query = query.with("$skip", &self.skip.to_string());
        }
        if !order_by.is_empty() {
            query = query.with("$orderby", order_by);
        }
        if self.counts { query.with("$count", "true") } else { query }
    }
}

/// A page that came.
#[derive(Clone, Debug)]
pub struct Came {
    pub records: Records,
    /// How many records there are in all, where 3CX says.
    pub count: Option<usize>,
    /// Whether 3CX names a next page.
    pub goes_on: bool,
}

/// The records of a page, as far as they can be told apart.
#[derive(Clone, Debug)]
pub enum Records {
    /// The fingerprint of each one's key.
    Keyed(Vec<u64>),
    /// They have no key: fingerprints of the page and of its first record, if no other of the page is like it.
    Unkeyed { len: usize, page: u64, first: Option<u64> },
}

impl Records {
    fn len(&self) -> usize {
        match self {
            Self::Keyed(keys) => keys.len(),
            Self::Unkeyed { len, .. } => *len,
        }
    }
}

/// A list being read. Pages are asked for side by side once it is known how many records there are.
#[derive(Debug)]
pub struct Pages {
    size: usize,
    wanted: usize,
    is_counted: bool,
    /// How many records there are, as far as 3CX is believed.
    count: Option<usize>,
    /// How many came when the list was read before, or are likely.
    expected: usize,
    /// Whether a page was short although more are to come: 3CX is asked again how many there are.
    recounts: bool,
    /// The first `$skip` not yet asked for, where those to ask for end for now, and where they end for good.
    next_skip: usize,
    end: usize,
    bottom: usize,
    /// What came short, behind `next_skip`.
    gaps: Vec<Asked>,
    under_way: usize,
    seen: FxHashSet<u64>,
    last_first: Option<u64>,
    /// Where the last record that came ends, and whether a next page was named there.
    reach: usize,
    goes_on: bool,
    pages: usize,
    /// Records that came, and how many of them came twice.
    came: usize,
    twice: usize,
    /// Whether the last page ended where nothing cuts one: neither at what was asked for nor at a round number.
    is_short: bool,
    is_cut: bool,
    /// Whether records have gone since the first page was asked for, and how often the list was begun anew for that.
    has_shrunk: bool,
    readings: usize,
}

impl Pages {
    /// `wanted` records, in pages of `size`. `is_counted`: whether 3CX can be asked how many there are.
    pub fn new(size: usize, wanted: usize, is_counted: bool) -> Self {
        Self {
            size: size.max(1),
            wanted,
            is_counted,
            count: None,
            expected: 0,
            recounts: true,
            next_skip: 0,
            end: 1,
            bottom: usize::MAX,
            gaps: Vec::new(),
            under_way: 0,
            seen: FxHashSet::default(),
            last_first: None,
            reach: 0,
            goes_on: false,
            pages: 0,
            came: 0,
            twice: 0,
            is_short: false,
            is_cut: false,
            has_shrunk: false,
            readings: 1,
        }
    }

    /// A list that had so many records a while ago, or is likely to have: as many are asked for at once. Only for records with keys, of which
    /// none is taken twice where pages overlap.
    #[must_use]
    pub fn expecting(self, expected: usize) -> Self {
        Self { expected, end: expected.max(1), ..self }
    }

    /// The next page to ask for now. Each is answered by [`Self::take`] or [`Self::failed`].
    pub fn ask(&mut self) -> Option<Asked> {
        let next = self.peek()?;
        if self.gaps.pop().is_none() {
            self.next_skip += next.top;
        }
        self.recounts = false;
        self.under_way += 1;
        Some(next)
    }

    fn peek(&self) -> Option<Asked> {
        if self.is_whole() {
            return None;
        }
        if let Some(gap) = self.gaps.last() {
            return Some(*gap);
        }
        let skip = self.next_skip;
        let top = self.size.min(self.most().saturating_sub(skip));
        let is_due = skip < self.end && self.came < self.wanted && top > 0;
        // Of a list that is not read to its end, the last page shows whether it has become smaller.
        let is_last = skip > 0 && skip + top == self.most();
        is_due.then_some(Asked { skip, top, counts: self.is_counted && (self.recounts || is_last) })
    }

    /// Whether all has come that there is, as far as 3CX is believed: what is under way may still show that there is more.
    fn is_whole(&self) -> bool {
        self.count.is_some_and(|count| self.came >= count)
    }

    /// `$skip` at which all that is wanted has come.
    fn most(&self) -> usize {
        self.wanted.saturating_add(self.twice)
    }

    pub fn is_under_way(&self) -> bool {
        self.under_way > 0
    }

    /// Whether nothing further is to come.
    pub fn is_over(&self) -> bool {
        self.under_way == 0 && self.peek().is_none()
    }

    /// Whether the list is over although 3CX says that it has more.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Begins anew where records have gone meanwhile: what came is void then. Tells whether it does; a list that becomes
    /// smaller each time is cut, unless as much came as is wanted.
    pub fn begin_again(&mut self) -> bool {
        if !self.has_shrunk || self.is_under_way() {
            return false;
        }
        if self.readings == MOST_READINGS {
            self.is_cut = self.came < self.wanted;
            return false;
        }
        *self = Self { readings: self.readings + 1, ..Self::new(self.size, self.wanted, self.is_counted) };
        true
    }

    /// How many records have come, each counted once.
    pub fn came(&self) -> usize {
        self.came
    }

    /// How many records there are, as far as 3CX is believed.
    pub fn count(&self) -> Option<usize> {
        self.count
    }

    /// How many pages are still to be asked for, if that is known.
    pub fn pages_left(&self) -> Option<usize> {
        Some(self.count?.saturating_sub(self.next_skip).div_ceil(self.size))
    }

    /// Nothing further is asked for.
    pub fn cancel(&mut self) {
        self.bottom = 0;
        self.end = 0;
        self.gaps.clear();
    }

    /// A page could not be read.
    pub fn failed(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
        self.cancel();
    }

    /// Takes in a page and tells which of its records are new.
    ///
    /// # Errors
    ///
    /// [`Failure::PageRepeated`] where nothing is new, [`Failure::Endless`] after [`MOST_PAGES`].
    pub fn take(&mut self, asked: Asked, page: &Came) -> Result<Vec<bool>, Failure> {
        self.under_way = self.under_way.saturating_sub(1);
        self.pages += 1;
        let len = page.records.len();
        let is_exact = match &page.records {
            Records::Keyed(_) => true,
            Records::Unkeyed { page, .. } => self.seen.contains(page),
        };
        let is_new = self.news(&page.records);
        let news = is_new.iter().filter(|is_new| **is_new).count();
        self.came += news;
        self.twice += len - news;
        self.believe(asked, page);
        self.doubt(asked, page);
        if self.has_shrunk {
            self.cancel();
            return Ok(is_new);
        }
        let is_short = len != asked.top && !is_round(len);
        if len > 0 && news == 0 {
            // 3CX does not take `$skip` here, or records have moved back. What nothing has cut was all there is.
            let is_whole = match self.count {
                Some(_) => self.is_whole(),
                None => (self.is_short || (is_short && is_exact)) && !page.goes_on,
            };
            self.cancel();
            return if is_whole { Ok(is_new) } else { Err(Failure::PageRepeated) };
        }
        if self.pages > MOST_PAGES {
            self.cancel();
            return Err(Failure::Endless);
        }
        self.is_short = is_short;
        self.go_on_behind(asked, len);
        if len == 0 && self.under_way == 0 && self.gaps.is_empty() && !self.is_whole() {
            self.is_cut = page.goes_on || self.count.is_some();
            self.cancel();
        }
        self.plan();
        Ok(is_new)
    }

    /// Where the next page begins, after one of this many records.
    fn go_on_behind(&mut self, asked: Asked, len: usize) {
        let behind = asked.skip + len;
        let is_last = asked.skip + asked.top == self.next_skip;
        if self.pages == 1 && (len > self.size || (self.count.is_some() && is_round(len))) {
            self.size = len;
        }
        if is_last && len > 0 {
            self.recounts |= len < asked.top;
            self.next_skip = behind;
        } else if is_last {
            self.recounts = true;
            self.bottom = behind;
        } else if len > 0 && len < asked.top {
            self.gaps.push(Asked { skip: behind, top: asked.top - len, counts: false });
        }
    }

    /// How far is asked ahead.
    fn plan(&mut self) {
        let more = self.came.saturating_mul(AHEAD).max(self.size.saturating_mul(PAGES_AHEAD));
        let ahead = self.came.saturating_add(more).max(self.expected);
        let known = self.count.map_or(0, |count| count.min(self.wanted).min(ahead).saturating_add(self.twice));
        // Where nothing else can bring more, one page is tried.
        let least = if self.under_way == 0 && self.gaps.is_empty() { self.next_skip.saturating_add(1) } else { 0 };
        self.end = known.max(least).min(self.bottom);
    }

    fn news(&mut self, records: &Records) -> Vec<bool> {
        match records {
            Records::Keyed(keys) => {
                // Two of a page are not one that came twice.
                let is_new = keys.iter().map(|key| !self.seen.contains(key)).collect();
                self.seen.extend(keys);
                is_new
            }
            Records::Unkeyed { len: 0, .. } => Vec::new(),
            Records::Unkeyed { len, page, first } => {
                let is_new = self.seen.insert(*page);
                // The others may change meanwhile.
                let begins_alike = first.is_some() && self.last_first == *first;
                self.last_first = *first;
                vec![is_new && !begins_alike; *len]
            }
        }
    }

    /// Some builds tell `$top` or the length of the page in place of the count.
    fn believe(&mut self, asked: Asked, page: &Came) {
        let Some(told) = page.count else { return };
        let len = page.records.len();
        let is_top = told == asked.top;
        let may_be_length = asked.skip > 0 || is_round(len) || matches!(page.records, Records::Unkeyed { .. });
        let is_length = told == len && may_be_length;
        let behind = asked.skip + len;
        let is_passed = told < behind || (told == behind && page.goes_on);
        if !is_top && !is_length && !is_passed {
            self.has_shrunk |= self.count.is_some_and(|count| told < count);
            self.count = Some(told);
        } else if len > 0 && is_passed {
            self.count = None;
        }
    }

    /// A count is void where more came, or where a next page is named behind the last record or within what was asked for.
    fn doubt(&mut self, asked: Asked, page: &Came) {
        let len = page.records.len();
        let behind = asked.skip + len;
        if len > 0 && behind >= self.reach {
            (self.reach, self.goes_on) = (behind, page.goes_on);
        }
        let is_open = self.goes_on || (page.goes_on && len < asked.top);
        if self.count.is_some_and(|count| self.came > count || (self.came == count && is_open)) {
            self.count = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, VecDeque};

    use super::*;
    use crate::fingerprint::fingerprint;
    use proptest::prelude::*;

    /// A server of lists, and its ways.
    #[derive(Clone, Debug)]
    struct Server {
        records: usize,
        /// The most that it gives in one page.
        most: usize,
        count: Count,
        takes_skip: bool,
        takes_top: bool,
        /// Whether it names a next page where there is one.
        names_next: bool,
        /// From this record on it gives one page short by so many.
        short: Option<(usize, usize)>,
        /// So many records are put before the first one while it is read.
        overlap: usize,
        is_keyed: bool,
    }

    #[derive(Clone, Copy, Debug)]
    enum Count {
        None,
        True,
        Top,
        Length,
        /// So many more than there are, or fewer.
        Off(isize),
    }

    impl Default for Server {
        fn default() -> Self {
            Self {
                records: 250,
                most: 100,
                count: Count::True,
                takes_skip: true,
                takes_top: true,
                names_next: false,
                short: None,
                overlap: 0,
                is_keyed: true,
            }
        }
    }

    impl Server {
        fn page(&self, asked: Asked) -> (std::ops::Range<usize>, Came) {
            let skip = if self.takes_skip { asked.skip } else { 0 };
            let from = skip.saturating_sub(self.overlap).min(self.records);
            let top = if self.takes_top { asked.top } else { usize::MAX };
            let mut to = self.records.min(from.saturating_add(top.min(self.most)));
            if let Some((at, by)) = self.short
                && (from..to).contains(&at)
            {
                to = to.saturating_sub(by).max(from + 1);
            }
            let count = match self.count {
                Count::None => None,
                _ if !asked.counts => None,
                Count::True => Some(self.records),
                Count::Top => Some(asked.top),
                Count::Length => Some(to - from),
                Count::Off(by) => Some(self.records.saturating_add_signed(by)),
            };
            let records = if self.is_keyed {
                Records::Keyed((from..to).map(fingerprint).collect())
            } else {
                Records::Unkeyed { len: to - from, page: fingerprint((from, to)), first: Some(fingerprint(from)) }
            };
            (from..to, Came { records, count, goes_on: self.names_next && to < self.records })
        }

        /// Whether it may end a page where its list could end, and only the name of a next page tells otherwise.
        fn looks_whole(&self) -> bool {
            let is_odd = !is_round(self.most);
            match self.count {
                // A count that is reached between two pages.
                Count::Off(by @ ..0) => {
                    let is_between = is_round(self.records.saturating_add_signed(by));
                    is_odd || is_between || self.most < 100 || self.short.is_some() || self.overlap > 0
                }
                Count::Length => is_odd,
                // Its first page once more, which nothing has cut.
                _ => is_odd && !self.takes_skip,
            }
        }
    }

    struct Read {
        records: Vec<usize>,
        requests: usize,
        failure: Option<Failure>,
    }

    /// Reads a list; `order` decides which of the pages under way is answered next.
    fn read(server: &Server, wanted: usize, expected: usize, order: &mut dyn FnMut(usize) -> usize) -> Read {
        let expected = if server.is_keyed { expected } else { 0 };
        let mut pages = Pages::new(100, wanted, server.is_keyed).expecting(expected);
        let mut open = VecDeque::new();
        let mut parts = BTreeMap::new();
        let (mut requests, mut failure) = (0, None);
        while !pages.is_over() {
            while let Some(asked) = pages.ask() {
                open.push_back(asked);
                requests += 1;
                assert!(requests <= 10 + server.records, "{server:?} is asked without end");
            }
            let at = order(open.len()) % open.len();
            let asked = open.remove(at).unwrap();
            let (range, came) = server.page(asked);
            match pages.take(asked, &came) {
                Ok(is_new) => {
                    let new = range.zip(is_new).filter_map(|(record, is_new)| is_new.then_some(record));
                    parts.insert(asked.skip, new.collect::<Vec<_>>());
                }
                Err(why) => {
                    failure = Some(why);
                    break;
                }
            }
        }
        if pages.is_cut() {
            failure = Some(Failure::ListCut);
        }
        Read { records: parts.into_values().flatten().take(wanted).collect(), requests, failure }
    }

    fn in_turn(server: &Server) -> Read {
        read(server, usize::MAX, 0, &mut |_| 0)
    }

    #[test]
    fn lists_take_as_many_requests_as_their_servers_allow() {
        let usual = Server::default();
        for (server, requests) in [
            (usual.clone(), 3),
            (Server { records: 0, ..usual.clone() }, 1),
            (Server { records: 37, ..usual.clone() }, 1),
            (Server { records: 100, ..usual.clone() }, 2),
            (Server { count: Count::None, ..usual.clone() }, 4),
            (Server { count: Count::Top, ..usual.clone() }, 4),
            (Server { count: Count::Length, ..usual.clone() }, 4),
            (Server { most: 50, ..usual.clone() }, 5),
            (Server { most: 50, count: Count::None, ..usual.clone() }, 6),
            (Server { most: 1000, takes_top: false, records: 237, ..usual.clone() }, 1),
            (
                Server {
                    most: 1000,
                    takes_top: false,
                    takes_skip: false,
                    count: Count::None,
                    records: 237,
                    ..usual.clone()
                },
                2,
            ),
            (Server { is_keyed: false, count: Count::None, takes_skip: false, records: 37, ..usual.clone() }, 2),
            (Server { short: Some((120, 30)), ..usual.clone() }, 4),
            // A count that is too low, or the length of a page behind which there are more.
            (Server { count: Count::Off(-130), ..usual.clone() }, 4),
            (Server { count: Count::Off(-50), names_next: true, ..usual.clone() }, 4),
            (Server { count: Count::Length, most: 20, names_next: true, ..usual.clone() }, 14),
            // One that holds costs nothing more where a next page is named.
            (Server { names_next: true, ..usual.clone() }, 3),
            (Server { names_next: true, records: 200, ..usual.clone() }, 2),
            (Server { names_next: true, records: 37, ..usual.clone() }, 1),
        ] {
            let read = in_turn(&server);
            assert_eq!(read.failure, None, "{server:?}");
            assert_eq!(read.records, (0..server.records).collect::<Vec<_>>(), "{server:?}");
            assert_eq!(read.requests, requests, "{server:?}");
        }
    }

    #[test]
    fn a_list_that_cannot_be_read_to_its_end_is_a_failure() {
        let usual = Server::default();
        for (server, failure) in [
            (Server { takes_skip: false, ..usual.clone() }, Failure::PageRepeated),
            (Server { takes_skip: false, count: Count::None, ..usual.clone() }, Failure::PageRepeated),
            (Server { takes_skip: false, count: Count::None, most: 50, ..usual.clone() }, Failure::PageRepeated),
            (Server { takes_skip: false, is_keyed: false, ..usual.clone() }, Failure::PageRepeated),
            (Server { count: Count::Off(60), ..usual.clone() }, Failure::ListCut),
        ] {
            assert_eq!(in_turn(&server).failure, Some(failure), "{server:?}");
        }
    }

    #[test]
    fn pages_that_begin_alike_are_new_or_a_failure_and_never_left_out() {
        let page = |len: usize, page: u64, first: Option<u64>| Came {
            records: Records::Unkeyed { len, page, first },
            count: None,
            goes_on: false,
        };
        let second = |first: &Came, second: &Came| {
            let mut pages = Pages::new(100, usize::MAX, false);
            let asked = pages.ask().unwrap();
            pages.take(asked, first).unwrap();
            let asked = pages.ask().unwrap();
            pages.take(asked, second).map(|is_new| (is_new.contains(&true), pages.came()))
        };
        // Records that come again and again say nothing of their page.
        assert_eq!(second(&page(100, 1, None), &page(37, 2, None)), Ok((true, 137)));
        assert_eq!(second(&page(100, 1, Some(7)), &page(37, 2, None)), Ok((true, 137)));
        assert_eq!(second(&page(100, 1, Some(7)), &page(37, 2, Some(7))), Err(Failure::PageRepeated));
        assert_eq!(second(&page(100, 1, Some(7)), &page(100, 1, Some(7))), Err(Failure::PageRepeated));
        // All of a short list once more, changed meanwhile.
        assert_eq!(second(&page(37, 1, Some(7)), &page(38, 2, Some(7))), Ok((false, 37)));
    }

    #[test]
    fn a_count_is_believed_as_far_as_records_come() {
        let read = in_turn(&Server { records: 1000, count: Count::Off(4_000_000_000), ..Server::default() });
        assert_eq!((read.records.len(), read.failure), (1000, Some(Failure::ListCut)));
        assert!(read.requests <= 31, "{} requests", read.requests);
    }

    #[test]
    fn a_list_takes_few_round_trips_and_one_that_was_read_before_a_single_one() {
        let trips = |records: usize, expected: usize| {
            let server = Server { records, ..Server::default() };
            let mut pages = Pages::new(100, usize::MAX, true).expecting(expected);
            let mut trips = 0;
            while !pages.is_over() {
                let asked: Vec<_> = std::iter::from_fn(|| pages.ask()).collect();
                asked.into_iter().for_each(|page| drop(pages.take(page, &server.page(page).1).unwrap()));
                trips += 1;
            }
            (pages.came(), trips)
        };
        assert_eq!(trips(1100, 0), (1100, 2));
        assert_eq!(trips(10_000, 0), (10_000, 4));
        assert_eq!(trips(1100, 1100), (1100, 1));
        assert_eq!(trips(1050, 1100), (1050, 1), "some have gone");
        assert_eq!(trips(1150, 1100), (1150, 2), "some are new");
    }

    #[test]
    fn what_is_under_way_when_the_count_is_reached_can_show_that_there_is_more() {
        let server = Server { records: 750, count: Count::Off(-550), ..Server::default() };
        let mut pages = Pages::new(100, usize::MAX, true).expecting(300);
        while !pages.is_over() {
            let asked: Vec<_> = std::iter::from_fn(|| pages.ask()).collect();
            asked.into_iter().for_each(|page| drop(pages.take(page, &server.page(page).1).unwrap()));
        }
        assert_eq!((pages.came(), pages.is_cut()), (750, false));
    }

    /// Reads a list of 250 of which the first one goes before each of these requests, from 0. Gives the records, how many
    /// requests it took, and whether it was cut.
    fn read_shrinking(wanted: usize, at: &[usize], counts: bool) -> (Vec<u64>, usize, bool) {
        let mut list: VecDeque<u64> = (0..250).collect();
        let mut pages = Pages::new(100, wanted, true);
        let (mut parts, mut requests) = (BTreeMap::new(), 0);
        while let Some(asked) = pages.ask() {
            if at.contains(&requests) {
                list.pop_front();
            }
            requests += 1;
            let keys: Vec<u64> = list.iter().skip(asked.skip).take(asked.top).copied().collect();
            let count = (counts && asked.counts).then_some(list.len());
            let came = Came { records: Records::Keyed(keys.clone()), count, goes_on: false };
            pages.take(asked, &came).unwrap();
            parts.insert(asked.skip, keys);
            if pages.begin_again() {
                parts.clear();
            }
        }
        assert!(pages.is_over());
        (parts.into_values().flatten().collect(), requests, pages.is_cut())
    }

    #[test]
    fn where_records_go_meanwhile_those_that_moved_into_their_places_are_not_lost() {
        let all = |from: u64| (from..250).collect::<Vec<_>>();
        assert_eq!(read_shrinking(usize::MAX, &[], true), (all(0), 3, false));
        assert_eq!(read_shrinking(usize::MAX, &[1], true), (all(1), 7, false));
        assert_eq!(read_shrinking(usize::MAX, &[2], true), (all(1), 7, false));
        assert_eq!(read_shrinking(usize::MAX, &[1, 5], true), (all(2), 11, false), "and again");
        // Of a list that is cut off, the last page shows it.
        assert_eq!(read_shrinking(150, &[], true), ((0..150).collect(), 2, false));
        assert_eq!(read_shrinking(150, &[1], true), ((1..151).collect(), 4, false));
        // One that becomes smaller each time is not whole, and no list is read without end.
        let (_, requests, is_cut) = read_shrinking(usize::MAX, &[1, 5, 9], true);
        assert_eq!((requests, is_cut), (12, true));
        let (keys, _, is_cut) = read_shrinking(150, &[1, 3, 5], true);
        assert_eq!((keys.len(), is_cut), (150, false), "as many as were wanted");
        // Where 3CX does not count, nothing shows it.
        assert_eq!(read_shrinking(usize::MAX, &[], false).1, 4);
    }

    #[test]
    fn two_records_of_a_page_are_two_although_their_key_is_the_same() {
        let mut pages = Pages::new(100, usize::MAX, true);
        let asked = pages.ask().unwrap();
        let came = Came { records: Records::Keyed(vec![1, 1, 2]), count: Some(4), goes_on: false };
        assert_eq!(pages.take(asked, &came), Ok(vec![true, true, true]));
        let asked = pages.ask().unwrap();
        let came = Came { records: Records::Keyed(vec![2, 3]), count: None, goes_on: false };
        assert_eq!(pages.take(asked, &came), Ok(vec![false, true]), "one of another page came twice");
        assert!(pages.is_over() && !pages.is_cut());
    }

    #[test]
    fn pages_without_end_are_a_failure() {
        let mut pages = Pages::new(1, usize::MAX, false);
        let mut end = Ok(Vec::new());
        while let Some(asked) = pages.ask() {
            let records = Records::Keyed(vec![asked.skip as u64]);
            end = pages.take(asked, &Came { records, count: None, goes_on: false });
        }
        assert_eq!((pages.came(), end), (MOST_PAGES + 1, Err(Failure::Endless)));
    }

    #[test]
    fn pages_are_ordered() {
        let page = |skip, top, counts| Asked { skip, top, counts };
        assert_eq!(page(0, 100, true).query("Id").as_str(), "?$top=100&$orderby=Id&$count=true");
        assert_eq!(page(200, 50, false).query("Id").as_str(), "?$top=50&$skip=200&$orderby=Id");
    }

    fn servers() -> impl Strategy<Value = Server> {
        let count = prop_oneof![
            Just(Count::None),
            Just(Count::True),
            Just(Count::Top),
            Just(Count::Length),
            (-300..300isize).prop_map(Count::Off),
        ];
        let ways = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
        let most = prop::sample::select(vec![20, 37, 50, 100, 100, 120, 200, 1000]);
        (0..700usize, most, count, ways, prop::option::of((0..700usize, 1..60usize)), 0..9usize).prop_map(
            |(records, most, count, (takes_skip, takes_top, names_next, is_keyed), short, overlap)| {
                let server = Server {
                    records,
                    most,
                    count,
                    takes_skip,
                    takes_top,
                    names_next,
                    // Without a key, records that come twice cannot be told from two that are alike.
                    overlap: if is_keyed { overlap } else { 0 },
                    short: short.filter(|_| is_keyed && overlap == 0 && takes_skip && !matches!(count, Count::Length)),
                    is_keyed,
                };
                Server { names_next: names_next || server.looks_whole(), ..server }
            },
        )
    }

    proptest! {
        #[test]
        fn no_list_is_cut_in_silence(
            server in servers(),
            wanted in prop_oneof![Just(usize::MAX), 1..700usize],
            expected in prop_oneof![Just(0), 0..900usize],
            order in prop::collection::vec(0..7usize, 16),
        ) {
            let mut turns = order.iter().cycle();
            let read = read(&server, wanted, expected, &mut |_| *turns.next().unwrap());
            let whole: Vec<usize> = (0..server.records.min(wanted)).collect();
            let mut records = read.records.clone();
            // Where pages overlap, a record stands where it came first.
            records.sort_unstable();
            prop_assert!(read.failure.is_some() || records == whole, "{:?}, {:?}: {} of {}", server, wanted, records.len(), whole.len());
            let is_honest = server.takes_skip && server.takes_top && server.overlap == 0;
            let is_honest = is_honest && matches!(server.count, Count::True | Count::None);
            prop_assert!(read.failure.is_none() || !is_honest, "{:?}: {:?}", server, read.failure);
        }
    }
}
