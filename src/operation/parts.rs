//! What rows gave, handed over a part at a time, so that others in the host's loop get a turn in between.

use std::collections::VecDeque;
use std::vec::IntoIter;

use call_engine::Stage;
use serde_json::Value;

use crate::n8n::outcome::{Outcome, Report};

/// A part has about so many bytes, which a host reads in a few milliseconds.
const PART: usize = 256 << 10;

/// All that a row gave, and why it failed if it did.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) row: usize,
    pub(super) records: Vec<String>,
    pub(super) failure: Option<Report>,
}

/// What is still to be handed over.
#[derive(Debug, Default)]
pub(super) struct Parts {
    rows: VecDeque<Rest>,
}

#[derive(Debug)]
struct Rest {
    row: usize,
    records: IntoIter<String>,
    failure: Option<Report>,
}

impl Parts {
    /// Gives the first part, which is the row's outcome where it is all.
    pub(super) fn first(&mut self, whole: Whole) -> Outcome {
        let Whole { row, mut records, failure } = whole;
        let failure = failure.map(|report| after(&mut records, report));
        let mut rest = Rest { row, records: records.into_iter(), failure };
        let first = rest.next();
        if first.stage == Stage::Part {
            self.rows.push_back(rest);
        }
        first
    }

    /// One more part. The last one of a row is its outcome.
    pub(super) fn next(&mut self) -> Option<Outcome> {
        let next = self.rows.front_mut()?.next();
        if next.stage != Stage::Part {
            self.rows.pop_front();
        }
        Some(next)
    }
}

impl Rest {
    fn next(&mut self) -> Outcome {
        let (mut size, mut part) = (0, Vec::new());
        while size < PART
            && let Some(record) = self.records.next()
        {
            size += record.len();
            part.push(record);
        }
        let is_last = self.records.len() == 0 && (self.failure.is_none() || part.is_empty());
        match self.failure.take_if(|_| is_last) {
            Some(report) => Outcome::failed(self.row, report),
            None if is_last => Outcome::done(self.row, part),
            None => Outcome::done(self.row, part).at(Stage::Part),
        }
    }
}

/// What came before a row failed is not lost: it is told with why, or handed over before where it is much.
fn after(records: &mut Vec<String>, report: Report) -> Report {
    if records.iter().map(String::len).sum::<usize>() > PART {
        return report.after(records.len());
    }
    let records: Vec<Value> = records.drain(..).filter_map(|record| serde_json::from_str(&record).ok()).collect();
    if records.is_empty() { report } else { report.after_records(records) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::n8n::outcome::Certainty;
    use crate::xapi::error::Failure;

    /// So many bytes each.
    const RECORD: usize = 1000;

    fn handed_over(count: usize, fails: bool) -> Vec<Outcome> {
        let record = format!(r#"{{"a":"{}"}}"#, "x".repeat(RECORD - 8));
        let failure = fails.then(|| Report::of(&Failure::ListCut, Certainty::Refused));
        let mut parts = Parts::default();
        let first = parts.first(Whole { row: 3, records: vec![record; count], failure });
        std::iter::once(first).chain(std::iter::from_fn(|| parts.next())).collect()
    }

    #[test]
    fn little_is_handed_over_at_once() {
        for count in [0, 1, 100] {
            let [whole] = &handed_over(count, false)[..] else { panic!("{count}") };
            assert_eq!((whole.row, whole.stage, whole.failed, whole.items.len()), (3, Stage::Only, false, count));
            let [failed] = &handed_over(count, true)[..] else { panic!("{count}") };
            let item: Value = serde_json::from_str(&failed.items[0]).unwrap();
            let records = item["json"]["details"]["records"].as_array().map_or(0, Vec::len);
            assert_eq!((failed.failed, records), (true, count));
        }
    }

    #[test]
    fn much_is_handed_over_in_parts_and_counts_with_the_last() {
        for fails in [false, true] {
            let parts = handed_over(1000, fails);
            let (last, before) = parts.split_last().unwrap();
            assert!(before.iter().all(|part| part.stage == Stage::Part && !part.failed), "{fails}");
            assert!(before.iter().all(|part| part.items.len() <= PART / RECORD + 1), "{fails}");
            assert_eq!((last.stage, last.failed), (Stage::Only, fails));
            let of_last = if fails { 0 } else { last.items.len() };
            assert_eq!(before.iter().map(|part| part.items.len()).sum::<usize>() + of_last, 1000);
            assert_eq!(last.items[0].contains("1000 records came before"), fails);
        }
    }
}
