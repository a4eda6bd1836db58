//! What the engine must know of the protocol that its calls speak.

use std::fmt::Debug;

use crate::{Call, Ended, Millis};

/// The server, as far as the engine must know it: what an answer means, and what must not be shown.
pub trait Protocol: Debug + Sized {
    type Request: Debug;
    type Answer: Debug;
    /// Why no answer came.
    type Silence: From<NoAnswer>;
    type Failure: Failure;
    /// What opens the server; two that are equal open it alike.
    type Token: Clone + Debug + PartialEq;
    /// What shows that a call was carried out.
    type Proof: Debug;

    /// What an answer to this call means, free of secrets.
    fn judge(&self, call: &Call<Self>, answer: Result<Self::Answer, Self::Silence>) -> Verdict<Self>;

    /// A token that is about to be used: from now on no answer may carry it on.
    fn hide(&mut self, token: &Self::Token);

    /// The failure without secrets.
    fn redact(&self, failure: Self::Failure) -> Self::Failure;
}

/// Ends of a request that the engine itself brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// It took too long.
    Timeout,
    /// The run was cancelled while it was under way.
    Cancelled,
    /// It took too long before the host had it ready: nothing of it was sent.
    Unready,
}

/// What an answer means.
#[derive(Debug)]
pub struct Verdict<P: Protocol> {
    pub end: Ended<P>,
    /// What it says about the pace; nothing, where it did not get as far as the server's work.
    pub sign: Option<Sign>,
    /// How long the server asks all calls to wait, in milliseconds.
    pub retry_after: Option<Millis>,
}

/// What an answer says about the pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Served,
    /// The server asks for fewer requests.
    Refused,
    /// No answer came in time, or none at all.
    Lost,
}

/// A call that did not succeed.
pub trait Failure: Clone + Debug {
    /// The token was refused, and a newer one may help.
    fn unauthorized() -> Self;

    /// The token was refused for this call, although it is good for others.
    fn unauthorized_alone() -> Self;

    /// The run ended before the call was sent.
    fn stopped() -> Self;

    /// The call was not sent, because every call would end like this.
    fn not_sent(cause: Self) -> Self;

    fn is_unauthorized(&self) -> bool;

    /// Whether the server asked for fewer requests.
    fn is_throttled(&self) -> bool;

    /// Whether another try may go better.
    fn is_passing(&self) -> bool;

    /// Whether every other call would end the same way.
    fn is_final_for_all(&self) -> bool;

    /// Whether, where nothing has succeeded yet, every other call would most likely end the same way.
    fn is_likely_for_all(&self) -> bool;

    /// Whether it is certain to come from behind the check of the token.
    fn proves_the_token(&self) -> bool;

    /// The same without the server's words, which may repeat what the call sent.
    #[must_use]
    fn without_words(self) -> Self;
}
