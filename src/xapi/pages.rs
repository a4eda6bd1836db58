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
mod tests;
