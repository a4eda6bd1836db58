//! The engine: a job's calls go out as pace, token and retries allow, and the answers come back to the job.
//!
//! Sans-IO: the host asks [`Batch::poll`] what to do and reports what happened; time is an argument, in
//! milliseconds of a clock that never goes back. A wake-up is only a reason to poll again, so one that comes early
//! or twice does no harm.
//!
//! It knows neither the server nor the host nor what people read: a [`Protocol`] says what answers mean, and a
//! [`Job`] which calls there are.

mod batch;
mod brake;
mod delivery;
mod job;
mod pace;
mod protocol;
mod retry;
mod row_set;
mod session;
mod tally;
#[cfg(test)]
mod testing;
#[cfg(any(test, feature = "trial"))]
pub mod trial;

use std::rc::Rc;

pub use batch::Batch;
pub use delivery::{Delivery, Effect};
pub use job::{Before, Call, CallId, Ended, Job, Next, Note, Outcome, Stage, Stop, Work};
pub use pace::{Adaptive, Finished, Pace};
pub use protocol::{Failure, NoAnswer, Protocol, Sign, Verdict};
pub use row_set::RowSet;
pub use session::{Login, Renewal, SHORTEST_LIFE, Session};
pub use tally::Tally;

/// Milliseconds.
pub type Millis = u64;

/// What the host is to do.
#[derive(Debug)]
pub enum Action<P: Protocol> {
    Send {
        ticket: Ticket,
        request: Rc<P::Request>,
        token: P::Token,
    },
    /// The answer to this request is no longer wanted.
    Abort {
        ticket: Ticket,
    },
    /// Get a token; a token that was in use before is dead.
    LogIn {
        after_dead_token: bool,
    },
    /// Read the host's own token again: others may have renewed it.
    Look,
    /// Keep this beyond the run.
    Note(Note),
    /// Take the outcomes before there are too many of them.
    TakeOutcomes,
    /// Nothing until an answer comes or this time has passed.
    Wait {
        until: Option<Millis>,
    },
    Done,
}

/// Names a request under way.
pub type Ticket = u64;

#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The most requests that may be under way at once; how many of them pay is found out.
    pub concurrency: usize,
    /// How many requests may be started per second; 0 means no limit.
    pub per_second: f64,
    /// How long each request may take.
    pub timeout: Millis,
    /// How long the whole run may take.
    pub deadline: Option<Millis>,
    pub stop_on_error: bool,
    /// Seed of the jitter.
    pub seed: u64,
}

/// As many requests as nginx takes by default from one client over HTTP/2 (`http2_max_concurrent_streams`).
const CEILING: usize = 128;

impl Default for Settings {
    fn default() -> Self {
        Self { concurrency: CEILING, per_second: 0.0, timeout: 120_000, deadline: None, stop_on_error: false, seed: 0 }
    }
}
