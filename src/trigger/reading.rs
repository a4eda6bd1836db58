//! What a look asks for.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Failed, Found};
use crate::calls::log;
use crate::calls::moment::Moment;

/// An operation that only reads, for one row.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    pub resource: &'static str,
    pub operation: &'static str,
    pub parameters: Value,
    /// Whether it is nothing if it cannot be read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub may_fail: bool,
}

/// Where a look lays down what it has to read, and finds what came of it. It waits there meanwhile, and now and then while it
/// works, so that others get a turn.
#[derive(Debug, Clone, Default)]
pub(super) struct Desk(Rc<RefCell<Papers>>);

#[derive(Debug, Default)]
struct Papers {
    wanted: Option<Reading>,
    came: Option<Found<Vec<Value>>>,
    worked: usize,
}

/// So many entries are worked on in a few milliseconds.
const STRETCH: usize = 100;

impl Desk {
    pub(super) async fn read(&self, reading: Reading) -> Found<Vec<Value>> {
        self.0.borrow_mut().wanted = Some(reading);
        poll_fn(|_| self.0.borrow_mut().came.take().map_or(Poll::Pending, Poll::Ready)).await
    }

    /// Before each entry of what may be many: lets others have a turn in time.
    pub(super) async fn rest(&self) {
        let worked = {
            let mut papers = self.0.borrow_mut();
            papers.worked += 1;
            papers.worked
        };
        let mut has_rested = !worked.is_multiple_of(STRETCH);
        poll_fn(|_| if std::mem::replace(&mut has_rested, true) { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    /// What is to be read. If there is nothing, it only rests.
    pub(super) fn wanted(&self) -> Option<Reading> {
        self.0.borrow_mut().wanted.take()
    }

    /// Adds rows to what came.
    pub(super) fn bring(&self, rows: Vec<Value>) {
        match &mut self.0.borrow_mut().came {
            Some(Ok(came)) => came.extend(rows),
            came => *came = Some(Ok(rows)),
        }
    }

    pub(super) fn fail(&self, failed: Failed) {
        self.0.borrow_mut().came = Some(Err(failed));
    }
}

impl Reading {
    pub(super) fn new(resource: &'static str, operation: &'static str, parameters: Value) -> Self {
        Self { resource, operation, parameters, may_fail: false }
    }

    /// When the last call began. Versions before 20.0.7a do not tell.
    pub(super) fn last_call() -> Self {
        let (resource, operation) = log::LAST;
        Self { may_fail: true, ..Self::new(resource, operation, json!({ "simplify": false })) }
    }

    /// Legs that started within a period, the newest if there are more.
    pub(super) fn call_log(from: Moment, to: Moment, limit: usize) -> Self {
        let arguments = log::arguments(from, to);
        let parameters = json!({ "arguments": { "mappingMode": "defineBelow", "value": arguments }, "limit": limit, "simplify": false });
        let (resource, operation) = log::OPERATION;
        Self::new(resource, operation, parameters)
    }
}
