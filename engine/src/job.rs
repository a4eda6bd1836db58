//! What a run is made of, as the engine sees it: calls to make, and what their answers become.

use std::rc::Rc;

use crate::{Delivery, Effect, Failure, Millis, Protocol};

/// What a run is made of: it says which calls to make and turns their answers into the rows' outcomes.
pub trait Job {
    type Protocol: Protocol;
    /// What the host gives to work on.
    type Rows: ?Sized;
    type Outcome: Outcome;

    /// The next call, if there is one to make now.
    fn next(&mut self, rows: &mut Self::Rows) -> Next<Self::Protocol>;

    /// A call made by this job has ended.
    fn ended(&mut self, call: CallId, end: Ended<Self::Protocol>);

    /// Every row not yet sent is to end unsent. Calls under way are still answered.
    fn stop(&mut self, why: &Stop<FailureOf<Self>>);

    /// Outcomes reached since the last time.
    fn take_outcomes(&mut self) -> Vec<Self::Outcome>;

    /// What the person should know about the run as a whole.
    fn hints(&self) -> Vec<String>;

    /// From when on the host's memory is to be told something. Not asked while it is being told something else.
    fn note_due(&self) -> Option<Millis> {
        None
    }

    /// What the memory is to forget and remember now.
    fn note(&mut self, _now: Millis) -> Note {
        Note::default()
    }

    /// It was told. For each text to remember, whether it was there before; or why the memory failed.
    ///
    /// # Errors
    ///
    /// Why nothing more may be changed in this run, where the memory cannot be relied on any longer.
    fn noted(&mut self, _known: Result<Vec<Before>, FailureOf<Self>>, _now: Millis) -> Result<(), FailureOf<Self>> {
        Ok(())
    }
}

/// What the host's memory is to do, in this order. It outlives the run, also one that breaks off.
#[derive(Debug, Default)]
pub struct Note {
    pub forget: Vec<String>,
    pub remember: Vec<String>,
}

/// Whether a text was there before it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    No,
    Yes,
    /// Since when, in the host's words.
    Since(String),
}

impl Before {
    pub fn since(&self) -> Option<String> {
        match self {
            Self::Since(when) => Some(when.clone()),
            Self::No | Self::Yes => None,
        }
    }
}

pub(crate) type FailureOf<J> = <<J as Job>::Protocol as Protocol>::Failure;

/// What became of a row.
pub trait Outcome {
    /// Counted from 0.
    fn row(&self) -> usize;

    fn failed(&self) -> bool;

    /// Whether it was sent, and nobody knows what became of it.
    fn is_unknown(&self) -> bool;

    fn stage(&self) -> Stage;

    /// What was done for it, where it did not fail.
    fn work(&self) -> Work;
}

/// What was done for a row that did not fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Work {
    #[default]
    Done,
    /// Nothing was to be done, or it was done before.
    Skipped,
    /// It was looked at only.
    Checked,
}

/// Whether a row tells all at once. One whose call has ended, but that is still to be looked at, tells twice, so that
/// what is known of it is known even if the run ends in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Told once.
    Only,
    /// The first of two.
    First,
    /// The second of two: in place of the first, and not counted again.
    Second,
    /// A part of what the row gives: more is to come, and it counts when that has.
    Part,
}

/// What a job wants.
#[derive(Debug)]
pub enum Next<P: Protocol> {
    Call(Call<P>),
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
pub struct Call<P: Protocol> {
    pub id: CallId,
    pub request: Rc<P::Request>,
    pub effect: Effect,
    /// What shows that it was carried out.
    pub proof: P::Proof,
}

/// What became of a call, over all its tries.
#[derive(Debug)]
pub struct Ended<P: Protocol> {
    pub delivery: Delivery,
    /// The answer, or what went wrong. Where it is not known whether an earlier try was carried out, it is what went wrong
    /// with that one.
    pub answer: Result<P::Answer, P::Failure>,
}

impl<P: Protocol> Ended<P> {
    /// A call that was never handed to the host.
    pub(crate) fn unsent(failure: P::Failure) -> Self {
        Self { delivery: Delivery::NotSent, answer: Err(failure) }
    }
}

/// Why a run ends before its last row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop<F> {
    /// Every further call would end like this.
    Failure(F),
    /// This row (counted from 0) failed, and the person wants to stop at the first that does.
    RowFailed(usize),
    Cancelled,
    /// The time for the run is over.
    Deadline,
}

impl<F: Failure> Stop<F> {
    /// Whether not even a reading is to be sent any more.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Self::Cancelled | Self::Deadline)
    }

    /// What becomes of a call that is held back.
    pub(crate) fn failure(&self) -> F {
        match self {
            Self::Failure(failure) => F::not_sent(failure.clone()),
            Self::RowFailed(_) | Self::Cancelled | Self::Deadline => F::stopped(),
        }
    }
}

impl<J: Job + ?Sized> Job for Box<J> {
    type Protocol = J::Protocol;
    type Rows = J::Rows;
    type Outcome = J::Outcome;

    fn next(&mut self, rows: &mut J::Rows) -> Next<J::Protocol> {
        (**self).next(rows)
    }

    fn ended(&mut self, call: CallId, end: Ended<J::Protocol>) {
        (**self).ended(call, end);
    }

    fn stop(&mut self, why: &Stop<FailureOf<J>>) {
        (**self).stop(why);
    }

    fn take_outcomes(&mut self) -> Vec<J::Outcome> {
        (**self).take_outcomes()
    }

    fn hints(&self) -> Vec<String> {
        (**self).hints()
    }

    fn note_due(&self) -> Option<Millis> {
        (**self).note_due()
    }

    fn note(&mut self, now: Millis) -> Note {
        (**self).note(now)
    }

    fn noted(&mut self, known: Result<Vec<Before>, FailureOf<Self>>, now: Millis) -> Result<(), FailureOf<Self>> {
        (**self).noted(known, now)
    }
}
