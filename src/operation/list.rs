//! A list of one row: its pages, and the records that came.

use std::collections::BTreeMap;

use serde_json::json;
use serde_json::value::RawValue;

use super::answer;
use super::parts::Whole;
use super::plan::Plan;
use crate::fingerprint::fingerprint;
use crate::n8n::hints;
use crate::n8n::outcome::{Certainty, Left, Report};
use crate::xapi::error::Failure;
use crate::xapi::pages::{Asked, Came, Pages, Records};
use crate::xapi::protocol::Stop;
use crate::xapi::records::{Fields, Page, View};
use crate::xapi::request::HttpRequest;
use crate::xapi::response::HttpResponse;

/// Where it is large, 3CX counts it for so long that the whole PBX stands still.
const UNCOUNTED: &str = "/CallHistoryView";

#[derive(Debug)]
pub(super) struct Listing {
    plan: Plan,
    pages: Pages,
    limit: usize,
    /// Whether the list says by itself that there are more.
    tells_more: bool,
    /// Records by the place of their page: pages come in any order.
    records: BTreeMap<usize, Vec<String>>,
}

impl Listing {
    pub(super) fn new(plan: Plan, limit: usize, tells_more: bool) -> Self {
        Self { pages: pages(&plan, limit, tells_more), plan, limit, tells_more, records: BTreeMap::new() }
    }

    /// The next page that can be asked for now.
    pub(super) fn ask(&mut self) -> Option<(HttpRequest, Asked)> {
        let page = self.pages.ask()?;
        Some((self.plan.request(Some(page)), page))
    }

    /// Begins again with whole records, of which the fields that this PBX does not know are no part. Tells whether it does.
    pub(super) fn read_whole(&mut self) -> bool {
        let begins = self.pages.came() == 0 && self.plan.options.read_whole();
        if begins {
            self.pages = pages(&self.plan, self.limit, self.tells_more);
        }
        begins
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.pages.is_under_way()
    }

    /// Takes in a page. Whether the list is over.
    pub(super) fn take(&mut self, asked: Asked, answer: &HttpResponse) -> Result<bool, Failure> {
        let page = Page::parse(answer.text()?)?;
        let records = self.tell_apart(&page.records);
        let is_new = self.pages.take(asked, &Came { records, count: page.count, goes_on: page.goes_on })?;
        if self.plan.options.count {
            if self.pages.count().is_some() {
                self.pages.cancel();
            }
        } else {
            let options = &self.plan.options;
            let view = View { only: options.only.as_deref(), masked: options.masked };
            let new = page.records.iter().zip(is_new).filter(|(_, is_new)| *is_new);
            let new = new.map(|(record, _)| answer::entry(record, view)).collect::<Result<_, _>>()?;
            self.records.insert(asked.skip, new);
        }
        if self.pages.begin_again() {
            self.records.clear();
            return Ok(false);
        }
        if self.pages.is_over() && self.pages.is_cut() { Err(Failure::ListCut) } else { Ok(self.pages.is_over()) }
    }

    fn tell_apart(&self, records: &[&RawValue]) -> Records {
        let key = |record: &&RawValue| {
            let fields = Fields::read(record.get())?;
            // A key that is blank is none.
            let key = fields.get(self.plan.record_key?).filter(|key| !["null", r#""""#].contains(key))?;
            Some(fingerprint(key))
        };
        match records.iter().map(key).collect() {
            Some(keys) if !records.is_empty() => Records::Keyed(keys),
            _ => {
                let texts: Vec<&str> = records.iter().map(|record| record.get()).collect();
                let first = texts.split_first().filter(|(first, rest)| !rest.contains(first));
                let first = first.map(|(first, _)| fingerprint(first));
                Records::Unkeyed { len: texts.len(), page: fingerprint(&texts), first }
            }
        }
    }

    pub(super) fn end(&mut self, row: usize) -> Whole {
        if self.plan.options.count {
            let count = self.pages.count().unwrap_or(self.pages.came());
            return Whole { row, records: vec![json!({ "count": count }).to_string()], failure: None };
        }
        let mut records = self.take_records();
        if records.len() > self.limit {
            records.truncate(self.limit);
            if self.tells_more {
                records.push(json!({ "more": hints::more_records(self.limit) }).to_string());
            }
        }
        Whole { row, records, failure: None }
    }

    /// The run ended before the list did.
    pub(super) fn stopped(&mut self, row: usize, why: &Stop) -> Whole {
        let left = if self.pages.came() > 0 { Left::PartlyRead } else { Left::NotSent };
        Whole { row, records: self.take_records(), failure: Some(Report::ended(left, why)) }
    }

    /// The list cannot be read to its end.
    pub(super) fn broken(&mut self, row: usize, why: &Failure, certainty: Certainty) -> Whole {
        Whole { row, records: self.take_records(), failure: Some(Report::of(why, certainty)) }
    }

    fn take_records(&mut self) -> Vec<String> {
        std::mem::take(&mut self.records).into_values().flatten().collect()
    }
}

/// That there are more shows in one more.
fn pages(plan: &Plan, limit: usize, tells_more: bool) -> Pages {
    let limit = limit.saturating_add(usize::from(tells_more));
    let is_counted = plan.is_counted && plan.path != UNCOUNTED;
    Pages::new(plan.page_size, limit, is_counted || plan.options.count)
}
