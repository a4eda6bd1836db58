//! Lists of servers with all the ways that are known of 3CX, and some that are not.

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
            // Records once more, behind a page that nothing has cut: the first ones, those that have moved back, or those behind
            // a page that was short.
            _ => {
                let is_short = self.short.is_some();
                (is_odd && (!self.takes_skip || self.overlap > 0 || is_short)) || (!self.takes_top && is_short)
            }
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
