//! The protocol, as the engine wants it: what answers mean for all calls of a run.

use call_engine::{NoAnswer, Protocol, Sign, Verdict};

use super::error::Failure;
use super::proof::{self, Proof};
use super::request::HttpRequest;
use super::response::HttpResponse;
use super::transport::TransportError;
use crate::redaction::Secrets;
use crate::secret::Secret;

pub type Call = call_engine::Call<Xapi>;
pub type Ended = call_engine::Ended<Xapi>;
pub type Next = call_engine::Next<Xapi>;
pub type Action = call_engine::Action<Xapi>;
pub type Stop = call_engine::Stop<Failure>;
pub type Session = call_engine::Session<Xapi>;
pub type Login = call_engine::Login<Secret>;

/// What 3CX speaks, and the secrets of a run that no answer may carry on.
#[derive(Debug, Default)]
pub struct Xapi {
    secrets: Secrets,
}

impl Xapi {
    /// `secrets`: those that the run begins with.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut xapi = Self::default();
        for secret in secrets {
            xapi.secrets.add(&secret);
        }
        xapi
    }
}

impl Protocol for Xapi {
    type Request = HttpRequest;
    type Answer = HttpResponse;
    type Silence = TransportError;
    type Failure = Failure;
    type Token = Secret;
    type Proof = Proof;

    fn judge(&self, call: &Call, answer: Result<HttpResponse, TransportError>) -> Verdict<Self> {
        let retry_after = answer.as_ref().ok().and_then(|response| response.retry_after);
        let end = proof::judge(call, &self.secrets, answer);
        let sign = sign(&end.answer);
        Verdict { end, sign, retry_after }
    }

    fn hide(&mut self, token: &Secret) {
        self.secrets.add(token);
    }

    fn redact(&self, failure: Failure) -> Failure {
        failure.redacted(&|text| self.secrets.redact(text))
    }
}

impl From<NoAnswer> for TransportError {
    fn from(why: NoAnswer) -> Self {
        match why {
            NoAnswer::Timeout => Self::Timeout,
            NoAnswer::Cancelled => Self::Cancelled,
            // Only files are made ready.
            NoAnswer::Unready => Self::FileNotRead,
        }
    }
}

/// What the end of a call says about the pace; nothing, where it did not get as far as the PBX's work.
fn sign(answer: &Result<HttpResponse, Failure>) -> Option<Sign> {
    match answer {
        Err(Failure::Throttled | Failure::Server { status: 503, .. } | Failure::WebPage { status: 503 }) => {
            Some(Sign::Refused)
        }
        Err(
            Failure::Server { status: 502 | 504, .. }
            | Failure::WebPage { status: 502 | 504 }
            | Failure::Transport(
                TransportError::Refused
                | TransportError::Unreachable
                | TransportError::Proxy
                | TransportError::Reset
                | TransportError::Timeout,
            ),
        ) => Some(Sign::Lost),
        Err(Failure::Unauthorized | Failure::Transport(_)) => None,
        Ok(_) | Err(_) => Some(Sign::Served),
    }
}

impl call_engine::Failure for Failure {
    fn unauthorized() -> Self {
        Self::Unauthorized
    }

    fn unauthorized_alone() -> Self {
        Self::UnauthorizedAlone
    }

    fn stopped() -> Self {
        Self::Stopped
    }

    fn not_sent(cause: Self) -> Self {
        Self::NotSent(Box::new(cause))
    }

    fn is_unauthorized(&self) -> bool {
        *self == Self::Unauthorized
    }

    fn is_throttled(&self) -> bool {
        *self == Self::Throttled
    }

    fn is_passing(&self) -> bool {
        match self {
            Self::Throttled => true,
            Self::Server { status, .. } | Self::WebPage { status } => matches!(status, 502..=504),
            Self::Unreadable { .. } => true,
            Self::Transport(error) => {
                matches!(
                    error,
                    TransportError::LookUpFailed
                        | TransportError::Refused
                        | TransportError::Unreachable
                        | TransportError::Proxy
                        | TransportError::Reset
                        | TransportError::Timeout
                )
            }
            _ => false,
        }
    }

    fn is_final_for_all(&self) -> bool {
        match self {
            Self::LoginRefused { .. } | Self::LoginUnanswered(_) | Self::RenewalFailed { .. } | Self::Unauthorized => {
                true
            }
            // A file is its row's own.
            Self::Transport(error) => error.is_before_sending() && *error != TransportError::FileNotRead,
            _ => false,
        }
    }

    fn is_likely_for_all(&self) -> bool {
        matches!(self, Self::Forbidden | Self::Redirected { .. } | Self::WebPage { .. })
    }

    fn proves_the_token(&self) -> bool {
        matches!(self, Self::Rejected { .. } | Self::Changed { .. } | Self::NotFound)
    }

    fn without_words(mut self) -> Self {
        if let Self::Rejected { problems, .. }
        | Self::Changed { problems }
        | Self::Server { problems, .. }
        | Self::NoFile { problems, .. }
        | Self::Unexpected { problems, .. } = &mut self
        {
            problems.clear();
        }
        self
    }
}

#[cfg(test)]
mod tests;
