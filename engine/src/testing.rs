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
    /// With a token that others are let in with.
    Alone,
    Stopped,
    NotSent(Box<Self>),
    /// With words of one row.
    Worded(&'static str),
}

impl From<NoAnswer> for Silence {
    fn from(why: NoAnswer) -> Self {
        match why {
            NoAnswer::Timeout => Self::Timeout,
            NoAnswer::Cancelled => Self::Cancelled,
            NoAnswer::Unready => Self::NotSent,
        }
    }
}

impl Failure for Fault {
    fn unauthorized() -> Self {
        Self::Answered(Answer::Unauthorized)
    }

    fn unauthorized_alone() -> Self {
        Self::Alone
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
        if matches!(self, Self::Worded(_)) { Self::Worded("") } else { self }
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

/// A call with this effect.
pub(crate) fn call(effect: Effect) -> impl Fn(CallId) -> Call<Toy> {
    move |id| Call { id, request: ().into(), effect, proof: () }
}
