//! A protocol for tests: each answer says itself what it means.

use crate::*;

#[derive(Debug, Default)]
pub(crate) struct Toy;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    /// No, for this call.
    Refused,
    /// No, and most likely for every other call.
    RefusedForAll,
    Unauthorized,
    Throttled(Option<Millis>),
    /// An answer that proves nothing.
    Unclear,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// Nothing was sent, and the next try may go better.
    NotSent,
    /// The connection broke.
    Reset,
    Timeout,
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Answered(Answer),
    Silent(Silence),
    Stopped,
    NotSent(Box<Self>),
}

impl From<NoAnswer> for Silence {
    fn from(why: NoAnswer) -> Self {
        match why {
            NoAnswer::Timeout => Self::Timeout,
            NoAnswer::Cancelled => Self::Cancelled,
        }
    }
}

impl Failure for Fault {
    fn unauthorized() -> Self {
        Self::Answered(Answer::Unauthorized)
    }

    fn stopped() -> Self {
        Self::Stopped
    }

    fn not_sent(cause: Self) -> Self {
        Self::NotSent(Box::new(cause))
    }

    fn is_unauthorized(&self) -> bool {
        *self == Self::unauthorized()
    }

    fn is_throttled(&self) -> bool {
        matches!(self, Self::Answered(Answer::Throttled(_)))
    }

    fn is_passing(&self) -> bool {
        self.is_throttled() || matches!(self, Self::Silent(_))
    }

    fn is_final_for_all(&self) -> bool {
        matches!(self, Self::Silent(Silence::NotSent))
    }

    fn is_likely_for_all(&self) -> bool {
        matches!(self, Self::Answered(Answer::RefusedForAll))
    }

    fn proves_the_token(&self) -> bool {
        matches!(self, Self::Answered(Answer::Refused))
    }

    fn without_words(self) -> Self {
        self
    }
}

impl Protocol for Toy {
    type Request = ();
    type Answer = Answer;
    type Silence = Silence;
    type Failure = Fault;
    type Token = &'static str;
    type Proof = ();

    fn judge(&self, call: &Call<Self>, answer: Result<Answer, Silence>) -> Verdict<Self> {
        let reads = call.effect == Effect::Reads;
        let (delivery, sign) = match answer {
            Ok(Answer::Done) => (Delivery::Done, Some(Sign::Served)),
            Ok(Answer::Unclear) if !reads => (Delivery::Unknown, Some(Sign::Served)),
            Ok(Answer::Throttled(_)) => (Delivery::Refused, Some(Sign::Refused)),
            Ok(Answer::Unauthorized) => (Delivery::Refused, None),
            Ok(Answer::Refused | Answer::RefusedForAll | Answer::Unclear) => (Delivery::Refused, Some(Sign::Served)),
            Err(Silence::NotSent) => (Delivery::NotSent, Some(Sign::Lost)),
            Err(Silence::Reset | Silence::Timeout) if reads => (Delivery::NotSent, Some(Sign::Lost)),
            Err(Silence::Reset | Silence::Timeout) => (Delivery::Unknown, Some(Sign::Lost)),
            Err(Silence::Cancelled) => (if reads { Delivery::NotSent } else { Delivery::Unknown }, None),
        };
        let retry_after = if let Ok(Answer::Throttled(asked)) = answer { asked } else { None };
        let answer = match answer {
            Ok(Answer::Done) => Ok(Answer::Done),
            Ok(other) => Err(Fault::Answered(other)),
            Err(silence) => Err(Fault::Silent(silence)),
        };
        Verdict { end: Ended { delivery, answer }, sign, retry_after }
    }

    fn hide(&mut self, _token: &Self::Token) {}

    fn redact(&self, failure: Fault) -> Fault {
        failure
    }
}

/// So many calls with this effect, one after another.
#[derive(Debug)]
pub(crate) struct Calls {
    pub(crate) left: usize,
    pub(crate) effect: Effect,
    pub(crate) ended: Vec<Delivery>,
}

impl Calls {
    pub(crate) fn new(left: usize, effect: Effect) -> Self {
        Self { left, effect, ended: Vec::new() }
    }
}

/// No row has an outcome in these tests.
pub(crate) enum Nothing {}

impl Outcome for Nothing {
    fn row(&self) -> usize {
        match *self {}
    }

    fn failed(&self) -> bool {
        match *self {}
    }

    fn stage(&self) -> Stage {
        match *self {}
    }
}

impl Job for Calls {
    type Protocol = Toy;
    type Rows = ();
    type Outcome = Nothing;

    fn next(&mut self, (): &mut ()) -> Next<Toy> {
        if self.left == 0 {
            return Next::Done;
        }
        self.left -= 1;
        Next::Call(Call { id: self.left, request: ().into(), effect: self.effect, proof: () })
    }

    fn ended(&mut self, _call: CallId, end: Ended<Toy>) {
        self.ended.push(end.delivery);
    }

    fn stop(&mut self, _why: &Stop<Fault>) {
        self.left = 0;
    }

    fn take_outcomes(&mut self) -> Vec<Nothing> {
        Vec::new()
    }

    fn hints(&self) -> Vec<String> {
        Vec::new()
    }
}
