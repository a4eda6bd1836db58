//! What a run is made of, as the engine sees it: calls to make, and what their answers become.

use std::rc::Rc;

use super::{Delivery, Effect, Outcome};
use crate::rows::Rows;
use crate::xapi::error::Failure;
use crate::xapi::proof::Proof;
use crate::xapi::request::HttpRequest;
use crate::xapi::response::HttpResponse;

/// What a run is made of: it says which calls to make and turns their answers into the rows' outcomes.
pub trait Job {
    /// The next call, if there is one to make now.
    fn next(&mut self, rows: &mut dyn Rows) -> Next;

    /// A call made by this job has ended.
    fn ended(&mut self, call: CallId, end: Ended);

    /// Every row not yet sent is to end unsent. Calls under way are still answered.
    fn stop(&mut self, why: &Stop);

    /// Outcomes reached since the last time.
    fn take_outcomes(&mut self) -> Vec<Outcome>;

    /// What the person should know about the run as a whole.
    fn hints(&self) -> Vec<String>;
}

/// What a job wants.
#[derive(Debug)]
pub enum Next {
    Call(Call),
    /// Outcomes are there to be taken; ask again.
    Outcomes,
    /// Nothing until a call under way is answered.
    Wait,
    /// Nothing any more.
    Done,
}

/// A job's own name for a call.
pub type CallId = usize;

#[derive(Debug)]
pub struct Call {
    pub id: CallId,
    pub request: Rc<HttpRequest>,
    pub effect: Effect,
    /// What shows that it was carried out.
    pub proof: Proof,
}

/// What became of a call, over all its tries.
#[derive(Debug)]
pub struct Ended {
    pub delivery: Delivery,
    /// The answer, or what went wrong. Where it is not known whether an earlier try was carried out, it is what went wrong
    /// with that one.
    pub answer: Result<HttpResponse, Failure>,
}

impl Ended {
    /// A call that was never handed to the host.
    pub(super) fn unsent(failure: Failure) -> Self {
        Self { delivery: Delivery::NotSent, answer: Err(failure) }
    }
}

/// Why a run ends before its last row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Every further call would end like this.
    Failure(Failure),
    /// This row (counted from 0) failed, and the person wants to stop at the first that does.
    RowFailed(usize),
    Cancelled,
    /// The time for the run is over.
    Deadline,
}

impl Stop {
    /// Whether not even a reading is to be sent any more.
    pub(super) fn is_silent(&self) -> bool {
        matches!(self, Self::Cancelled | Self::Deadline)
    }
}

impl Job for Box<dyn Job> {
    fn next(&mut self, rows: &mut dyn Rows) -> Next {
        (**self).next(rows)
    }

    fn ended(&mut self, call: CallId, end: Ended) {
        (**self).ended(call, end);
    }

    fn stop(&mut self, why: &Stop) {
        (**self).stop(why);
    }

    fn take_outcomes(&mut self) -> Vec<Outcome> {
        (**self).take_outcomes()
    }

    fn hints(&self) -> Vec<String> {
        (**self).hints()
    }
}
