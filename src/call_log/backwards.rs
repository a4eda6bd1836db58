//! A period of the call log, read from its end to its beginning: what to ask for next, and how far all is there.
//!
//! 3CX gives the newest legs first, as many as it likes of those that were asked for, and cuts what is long. So no place in
//! a list is asked for, but what began no later than the earliest leg that has come. What the PBX kept back is asked for
//! again like this, and the whole has come when the last question brings nothing new.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::calls::moment::{DAY, Moment, SECOND};
use crate::xapi::error::Failure;
use crate::xapi::pages::{MOST_PAGES, is_round};

/// A question: legs that began within these bounds, but for so many of the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) from: Moment,
    pub(super) to: Moment,
    pub(super) skip: usize,
    pub(super) top: usize,
}

/// A leg that came: its fingerprint, and when it began.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeenLeg {
    pub(super) id: u64,
    pub(super) start: Option<Moment>,
}

#[derive(Debug)]
pub(super) struct Backwards {
    /// Where it ends.
    end: Moment,
    /// Bounds of the next question.
    from: Moment,
    to: Moment,
    /// The newest ones within these bounds that have come, and when the last of them began: there are more at one moment
    /// than a page has.
    skip: usize,
    last: Option<Moment>,
    top: usize,
    /// How long a period is asked for at once, and how many legs of it have come.
    window: Moment,
    of_window: usize,
    /// Legs that came, with the bound of the question to which they last did.
    seen: FxHashMap<u64, Moment>,
    pages: usize,
    /// Whether legs come newest first, as far as is known. Else only what is short of a page is known to be whole.
    is_in_order: bool,
    is_whole: bool,
}

/// Reports of long periods take a PBX long: it begins with a day, and asks for longer ones while those are not too full.
const FIRST_WINDOW: Moment = DAY;
const LONGEST_WINDOW: Moment = 28 * DAY;
/// A window of more pages than this is long enough.
const PAGES_OF_A_WINDOW: usize = 16;
/// Whether bounds belong to a period is not documented, nor how exactly 3CX compares: periods overlap by this.
const OVERLAP: Moment = SECOND;
/// What came later than this does not come again.
const MEMORY: Moment = 2 * DAY;

impl Backwards {
    /// In pages of `top`.
    pub(super) fn new(end: Moment, to: Moment, top: usize) -> Self {
        Self {
            end,
            from: end.max(to - FIRST_WINDOW),
            to,
            skip: 0,
            last: None,
            top,
            window: FIRST_WINDOW,
            of_window: 0,
            seen: FxHashMap::default(),
            pages: 0,
            is_in_order: true,
            is_whole: to <= end,
        }
    }

    /// What to ask for next; nothing if the whole has come.
    pub(super) fn ask(&self) -> Option<Question> {
        let Self { from, to, skip, top, .. } = *self;
        (!self.is_whole).then_some(Question { from, to, skip, top })
    }

    /// All legs that began later than this have come.
    pub(super) fn reached(&self) -> Moment {
        if self.is_whole { Moment::MIN } else { self.to }
    }

    /// Takes in what came, and tells which of it is new.
    pub(super) fn take(&mut self, legs: &[SeenLeg]) -> Result<Vec<bool>, Failure> {
        self.pages += 1;
        if self.pages > MOST_PAGES {
            return Err(Failure::Endless);
        }
        let to = self.to;
        let is_cut = legs.len() >= self.top || is_round(legs.len());
        let starts = || legs.iter().filter_map(|leg| leg.start);
        self.is_in_order &= self.last.into_iter().chain(starts()).is_sorted_by(|one, next| one >= next);
        if is_cut && !self.is_in_order && starts().any(|start| start < self.from - DAY || start > to + DAY) {
            // It does not keep to the period: a shorter one would not have fewer.
            return Err(Failure::ListCut);
        }
        if is_cut && !self.is_in_order && self.ask_for_less() {
            return Ok(vec![false; legs.len()]);
        }
        let is_new: Vec<bool> = legs.iter().map(|leg| self.seen.insert(leg.id, to).is_none()).collect();
        let news = is_new.iter().filter(|is_new| **is_new).count();
        self.of_window += news;
        let earliest = starts().filter(|start| (self.from..=to).contains(start)).min();
        let reached = earliest.map_or(to, |earliest| to.min(earliest + OVERLAP));
        // Only from what differs can be seen in which order legs come.
        if is_cut && (!self.is_in_order || reached == to || starts().max() == earliest) {
            self.skip += legs.iter().map(|leg| leg.id).collect::<FxHashSet<_>>().len();
            self.last = starts().min();
            // More than there is, with what may have been written meanwhile: it gives the same again and again.
            let is_beyond = self.skip > self.seen.len() + 2 * self.top;
            return if is_beyond { Err(Failure::PageRepeated) } else { Ok(is_new) };
        }
        (self.skip, self.last) = (0, None);
        self.to = if legs.is_empty() || !self.is_in_order { to.min(self.from + OVERLAP) } else { reached };
        if !is_cut && self.from > self.end {
            self.go_on();
        } else if !is_cut && news == 0 {
            self.is_whole = true;
        }
        let oldest = to.saturating_add(MEMORY);
        self.seen.retain(|_, last| *last <= oldest);
        Ok(is_new)
    }

    /// The next window.
    fn go_on(&mut self) {
        if self.of_window <= PAGES_OF_A_WINDOW * self.top {
            self.window = (self.window * 2).min(LONGEST_WINDOW);
        }
        self.of_window = 0;
        self.from = self.end.max(self.from - self.window);
    }

    /// Which legs are missing is not known: a shorter period has fewer. Whether there is one.
    fn ask_for_less(&mut self) -> bool {
        let half = (self.to - self.from) / 2;
        if self.skip > 0 || half < 2 * OVERLAP {
            return false;
        }
        self.window = half;
        self.from = self.to - half;
        self.last = None;
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calls::moment::{HOUR, MINUTE};

    /// A PBX, and its ways. Legs by the time at which they began.
    #[derive(Debug, Clone)]
    struct Pbx {
        legs: Vec<Moment>,
        /// The most that a report has, and a page.
        limit: usize,
        page: usize,
        order: Order,
        /// Whether the end of a period belongs to it, and whether it takes `$skip`.
        is_inclusive: bool,
        takes_skip: bool,
        /// Each page has some legs twice.
        repeats: bool,
        /// Legs that are written while it is read.
        later: usize,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Order {
        Newest,
        Oldest,
        None,
    }

    impl Pbx {
        fn of(legs: Vec<Moment>) -> Self {
            Self {
                legs,
                limit: 20_000,
                page: usize::MAX,
                order: Order::Newest,
                is_inclusive: true,
                takes_skip: true,
                repeats: false,
                later: 0,
            }
        }

        fn page(&self, asked: Question, request: usize) -> Vec<usize> {
            let written = self.legs.len() - self.later.saturating_sub(request);
            let is_within = |at: Moment| at >= asked.from && (at < asked.to || (self.is_inclusive && at == asked.to));
            let mut found: Vec<usize> = (0..written).filter(|leg| is_within(self.legs[*leg])).collect();
            found.sort_by_key(|leg| (std::cmp::Reverse(self.legs[*leg]), *leg));
            found.truncate(self.limit);
            match self.order {
                Order::Newest => {}
                Order::Oldest => found.reverse(),
                Order::None => found.sort_by_key(|leg| crate::fingerprint::fingerprint(leg)),
            }
            let skip = if self.takes_skip { asked.skip } else { 0 };
            let mut page: Vec<usize> = found.into_iter().skip(skip).take(asked.top.min(self.page)).collect();
            if self.repeats
                && let Some(first) = page.first().copied()
            {
                page.insert(0, first);
                page.truncate(asked.top);
            }
            page
        }
    }

    struct Read {
        legs: Vec<usize>,
        requests: usize,
        most_remembered: usize,
    }

    fn read(pbx: &Pbx, from: Moment, to: Moment, top: usize) -> Result<Read, Failure> {
        let mut backwards = Backwards::new(from, to, top);
        let mut read = Read { legs: Vec::new(), requests: 0, most_remembered: 0 };
        while let Some(asked) = backwards.ask() {
            assert!(asked.from < asked.to && asked.from >= from, "{asked:?}");
            let page = pbx.page(asked, read.requests);
            read.requests += 1;
            assert!(read.requests < 20_000, "it goes on");
            let came: Vec<SeenLeg> =
                page.iter().map(|leg| SeenLeg { id: *leg as u64, start: Some(pbx.legs[*leg]) }).collect();
            let before = backwards.reached();
            let is_new = backwards.take(&came)?;
            assert!(backwards.reached() <= before);
            read.legs.extend(page.iter().zip(is_new).filter_map(|(leg, is_new)| is_new.then_some(*leg)));
            read.most_remembered = read.most_remembered.max(backwards.seen.len());
            // What is said to have come has.
            if pbx.later == 0 {
                let has_come = |leg: &usize| read.legs.contains(leg) || pbx.legs[*leg] <= backwards.reached();
                let within = (0..pbx.legs.len()).filter(|leg| (from..to).contains(&pbx.legs[*leg]));
                assert!(pbx.legs.len() > 500 || within.into_iter().all(|leg| has_come(&leg)), "{backwards:?}");
            }
        }
        Ok(read)
    }

    fn expected(pbx: &Pbx, from: Moment, to: Moment) -> Vec<usize> {
        (0..pbx.legs.len()).filter(|leg| (from..to).contains(&pbx.legs[*leg])).collect()
    }

    fn whole(read: &Read, pbx: &Pbx, from: Moment, to: Moment) -> bool {
        let mut legs = read.legs.clone();
        legs.sort_unstable();
        let twice = legs.windows(2).any(|pair| pair[0] == pair[1]);
        legs.retain(|leg| (from..to).contains(&pbx.legs[*leg]));
        !twice && legs == expected(pbx, from, to)
    }

    #[test]
    fn fifty_thousand_legs_take_few_requests_more_than_there_are_pages() {
        let week = 7 * DAY;
        let pbx = Pbx::of((0..50_000).map(|leg| leg * week / 50_000).collect());
        let read = read(&pbx, 0, week, 1000).unwrap();
        assert!(whole(&read, &pbx, 0, week));
        assert!(read.requests <= 50 + 5, "{} requests", read.requests);
        assert!(read.most_remembered < 50_000 / 2, "{} legs are remembered", read.most_remembered);
    }

    #[test]
    fn quiet_times_take_few_requests() {
        let pbx = Pbx::of(vec![5, 100 * DAY, 300 * DAY, 300 * DAY]);
        let year = read(&pbx, 0, 365 * DAY, 1000).unwrap();
        assert!(whole(&year, &pbx, 0, 365 * DAY));
        assert!(year.requests < 22, "{} requests", year.requests);
        let none = read(&Pbx::of(Vec::new()), 0, DAY, 1000).unwrap();
        assert_eq!((none.legs.len(), none.requests), (0, 1));
    }

    #[test]
    fn what_began_at_one_moment_may_be_more_than_a_page() {
        let mut pbx =
            Pbx::of([vec![HOUR; 2345], (0..10).map(|leg| leg * MINUTE).collect(), vec![2 * HOUR; 7]].concat());
        let read_all = |pbx: &Pbx| read(pbx, 0, DAY, 1000);
        assert!(whole(&read_all(&pbx).unwrap(), &pbx, 0, DAY));
        // The others cannot be had: that is not kept silent.
        pbx.takes_skip = false;
        assert_eq!(read_all(&pbx).err(), Some(Failure::PageRepeated));
        pbx.order = Order::None;
        assert!(read_all(&pbx).is_err());
    }

    #[test]
    fn the_same_page_for_every_period_is_no_list() {
        let mut backwards = Backwards::new(0, 30 * DAY, 100);
        let page: Vec<SeenLeg> = (0..100).map(|id| SeenLeg { id, start: Some(-HOUR) }).collect();
        let ended = (0..10).find_map(|_| backwards.take(&page).err());
        assert_eq!(ended, Some(Failure::PageRepeated));
        let mut backwards = Backwards::new(0, 30 * DAY, 100);
        let page: Vec<SeenLeg> =
            (0..100_i64).map(|day| SeenLeg { id: day as u64, start: Some(day % 30 * DAY) }).collect();
        assert_eq!(backwards.take(&page), Err(Failure::ListCut));
    }

    proptest! {
        /// Nothing is lost, nothing comes twice: whatever the limits, the order (a page in none can look like one in order),
        /// and how legs lie on the bounds.
        #[test]
        fn all_legs_come_once(
            gaps in prop::collection::vec(prop::sample::select(vec![0, 1, SECOND, 59 * SECOND, HOUR, 7 * HOUR, DAY, 3 * DAY]), 0..100),
            (begin, length) in (0_i64..3, 1_i64..40),
            top in prop::sample::select(vec![3_usize, 7, 20, 49]),
            limit in prop::sample::select(vec![100_usize, 20_000]),
            page in prop::sample::select(vec![50_usize, 1000]),
            order in prop::sample::select(vec![Order::Newest, Order::Newest, Order::Oldest]),
            (is_inclusive, repeats) in (any::<bool>(), any::<bool>()),
            later in 0_usize..5,
        ) {
            let mut at = 0;
            let legs: Vec<Moment> = gaps.iter().map(|gap| { at += gap; at }).collect();
            let (from, to) = (begin * 12 * HOUR, begin * 12 * HOUR + length * DAY / 2);
            // Who puts legs in order has no cut ones to begin with.
            let later = if order == Order::Newest { later.min(legs.len()) } else { 0 };
            let pbx = Pbx { limit, page, order, is_inclusive, repeats: repeats && order == Order::Newest, later, ..Pbx::of(legs) };
            match read(&pbx, from, to, top) {
                Ok(mut read) => {
                    // What is written at the end may or may not be there, but not twice.
                    let newest = pbx.legs.len() - later;
                    read.legs.retain(|leg| *leg < newest);
                    let written = Pbx { legs: pbx.legs[..newest].to_vec(), later: 0, ..pbx.clone() };
                    prop_assert!(whole(&read, &written, from, to), "{:?}", pbx);
                }
                // Too many at one moment for what this PBX gives.
                Err(_) => prop_assert!(order != Order::Newest || repeats, "{:?}", pbx),
            }
        }
    }
}
