//! What the end of a call means: for the call, and for the pace.

use super::Call;
use super::pace::Sign;
use crate::secret::Secret;
use crate::xapi::error::{Failure, TransportError, redact};
use crate::xapi::request::Method;
use crate::xapi::response::{Body, HttpResponse};

/// What the end of a call says about the pace; nothing, where it did not get as far as the PBX's work.
pub(super) fn sign(verdict: &Result<HttpResponse, Failure>) -> Option<Sign> {
    match verdict {
        Err(Failure::Throttled | Failure::Server { status: 503, .. } | Failure::WebPage { status: 503 }) => {
            Some(Sign::Refused)
        }
        Err(
            Failure::Server { status: 502 | 504, .. }
            | Failure::WebPage { status: 502 | 504 }
            | Failure::Transport(TransportError::Refused | TransportError::Reset | TransportError::Timeout),
        ) => Some(Sign::Lost),
        Err(Failure::Unauthorized | Failure::Transport(_)) => None,
        Ok(_) | Err(_) => Some(Sign::Served),
    }
}

/// What an answer means for a call. An answer that repeats the token must not carry it on.
pub(super) fn judge(
    call: &Call,
    token: &Secret,
    answer: Result<HttpResponse, TransportError>,
) -> Result<HttpResponse, Failure> {
    let mut response = answer.map_err(Failure::Transport)?;
    if response.status >= 300
        && let Body::Text(text) = &response.body
    {
        response.body = Body::Text(redact(text, token.reveal(), "****"));
    }
    // What reads finds out by itself whether it can read the answer.
    if call.request.method == Method::Get {
        response.text()?;
    } else {
        response.acknowledged(call.silent)?;
    }
    Ok(response)
}
