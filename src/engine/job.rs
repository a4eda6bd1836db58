//! What a run is made of, as the engine sees it: calls to make, and what their answers become.

use std::rc::Rc;

use super::Outcome;
use crate::rows::Rows;
use crate::xapi::error::Failure;
use crate::xapi::request::HttpRequest;
use crate::xapi::response::HttpResponse;

/// What a run is made of: it says which calls to make and turns their answers into the rows' outcomes.
pub trait Job {
    /// The next call, if there is one to make now.
    fn next(&mut self, rows: &mut dyn Rows) -> Next;

    /// A call made by this job has ended.
    fn answered(&mut self, call: CallId, answer: Result<HttpResponse, Failure>);

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
    /// Whether carrying it out twice does no harm.
    pub safe_to_repeat: bool,
    /// Whether a success without a body counts as one.
    pub silent: bool,
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

    fn answered(&mut self, call: CallId, answer: Result<HttpResponse, Failure>) {
        (**self).answered(call, answer);
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
