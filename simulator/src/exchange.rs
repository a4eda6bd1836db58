//! One request from arrival to answer, with whatever fault it meets.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::header::{HeaderName, LOCATION, RETRY_AFTER};
use axum::http::{Method, StatusCode};
use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::time::sleep;

use crate::answer::{Answer, ODATA_JSON};
use crate::call::{Call, TOKEN_PATH};
use crate::fault::Fault;
use crate::log::End;
use crate::token_endpoint;
use crate::world::{Arrival, Shared};
use crate::xapi;

/// How a request ends on the wire.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A proper HTTP answer.
    Answered(Answer),
    /// Something else than that.
    Broken(Wire),
}

/// An end of the connection that a proper HTTP server would not make.
#[derive(Debug)]
pub(crate) enum Wire {
    /// A reset, without a byte.
    Reset,
    /// Bytes at once, then bytes one by one, then the end.
    Bytes { at_once: Bytes, one_by_one: Bytes, pause: Duration },
}

/// What a fault makes of a request.
struct Played {
    outcome: Outcome,
    /// Of an answer that comes whole, sooner or later.
    status: Option<StatusCode>,
    applied: Option<bool>,
}

/// Carries out a request.
pub(crate) async fn exchange(shared: Arc<Shared>, call: Call) -> Outcome {
    let mut arrival = arrive(&shared, &call, Instant::now());
    let played = match arrival.fault.take() {
        Some(fault) => play(fault, &shared, &call, &mut arrival).await,
        None => act(&shared, &call, &mut arrival).await.into(),
    };
    let status = played.status.map(|status| status.as_u16());
    let applied = xapi::is_replacement(&call).then(|| played.applied.unwrap_or(false));
    let end = End { status, applied };
    shared.lock().log.close(arrival.row, end, Instant::now());
    played.outcome
}

/// Lets a request in. Who is not logged in is refused now, and not when the answer is due.
fn arrive(shared: &Shared, call: &Call, now: Instant) -> Arrival {
    let mut world = shared.lock();
    let mut arrival = world.arrive(call, now);
    if arrival.refusal.is_none() && call.path != TOKEN_PATH {
        arrival.refusal = xapi::refuse(&world, call, now);
    }
    arrival
}

impl From<Answer> for Played {
    fn from(answer: Answer) -> Self {
        Self { status: Some(answer.status), applied: answer.applied, outcome: Outcome::Answered(answer) }
    }
}

/// The normal answer, after the normal time.
async fn act(shared: &Shared, call: &Call, arrival: &mut Arrival) -> Answer {
    if !arrival.delay.is_zero() {
        sleep(arrival.delay).await;
    }
    match arrival.refusal.take() {
        Some(refusal) => refusal,
        None => {
            let (mut world, now) = (shared.lock(), Instant::now());
            if call.path == TOKEN_PATH {
                token_endpoint::log_in(&mut world, call, now)
            } else {
                xapi::answer(&mut world, call, now)
            }
        }
    }
}

/// The answer that the client is kept from seeing. Reading changes nothing, so it is always done.
async fn hidden(acted: bool, shared: &Shared, call: &Call, arrival: &mut Arrival) -> Answer {
    if acted || call.method == Method::GET {
        act(shared, call, arrival).await
    } else {
        Answer::empty(StatusCode::NO_CONTENT)
    }
}

async fn play(fault: Fault, shared: &Shared, call: &Call, arrival: &mut Arrival) -> Played {
    let style = shared.lock().switches.error_body;
    let page = |status: StatusCode, reason| Answer::web_server_page(status, reason);
    let (acted, answer) = match fault {
        Fault::Slow { ms, acted_first } => return slow(ms, acted_first, shared, call, arrival).await.into(),
        Fault::Reset { acted } => {
            let hidden = hidden(acted, shared, call, arrival).await;
            return broken(Wire::Reset, &hidden);
        }
        Fault::CutBody { acted } => {
            let hidden = hidden(acted, shared, call, arrival).await;
            return broken(cut(&hidden), &hidden);
        }
        Fault::Drip { ms_per_byte } => {
            let answer = act(shared, call, arrival).await;
            let wire = drip(&answer, Duration::from_millis(ms_per_byte));
            return Played { status: Some(answer.status), ..broken(wire, &answer) };
        }
        Fault::BadJson { acted } => {
            let hidden = hidden(acted, shared, call, arrival).await;
            let mut answer = Answer::with_body(StatusCode::OK, ODATA_JSON, cut_json(&hidden));
            answer.applied = hidden.applied;
            return answer.into();
        }
        Fault::Status { status, headers, body, content_type, acted } => {
            (acted, chosen(status, &headers, body, content_type.as_deref()))
        }
        Fault::TooManyRequests { retry_after } => (false, too_many_requests(retry_after)),
        Fault::Unavailable { acted } => {
            (acted, page(StatusCode::SERVICE_UNAVAILABLE, "Service Temporarily Unavailable"))
        }
        Fault::GatewayTimeout { acted } => (acted, page(StatusCode::GATEWAY_TIMEOUT, "Gateway Time-out")),
        Fault::BadGateway { acted } => (acted, page(StatusCode::BAD_GATEWAY, "Bad Gateway")),
        Fault::ServerError { acted } => (acted, Answer::bare(StatusCode::INTERNAL_SERVER_ERROR, style)),
        Fault::ExpireToken {} | Fault::Unauthorized {} => (false, xapi::unauthorized(style)),
        Fault::Forbidden {} => (false, Answer::bare(StatusCode::FORBIDDEN, style)),
        Fault::HtmlOk { acted } => (acted, Answer::with_body(StatusCode::OK, "text/html", WEB_PAGE)),
        Fault::EmptyOk { acted } => (acted, Answer::empty(StatusCode::OK)),
        Fault::Redirect { location } => (false, Answer::empty(StatusCode::FOUND).header(LOCATION, &location)),
    };
    let applied = if acted { act(shared, call, arrival).await.applied } else { None };
    Answer { applied, ..answer }.into()
}

const WEB_PAGE: &str =
    "<!DOCTYPE html>\n<html><head><title>3CX</title></head><body><app-root></app-root></body></html>\n";

async fn slow(ms: u64, acted_first: bool, shared: &Shared, call: &Call, arrival: &mut Arrival) -> Answer {
    let wait = Duration::from_millis(ms);
    if acted_first {
        let answer = act(shared, call, arrival).await;
        sleep(wait).await;
        answer
    } else {
        sleep(wait).await;
        act(shared, call, arrival).await
    }
}

fn broken(wire: Wire, hidden: &Answer) -> Played {
    Played { outcome: Outcome::Broken(wire), status: None, applied: hidden.applied }
}

/// Half of the body; where there is none, half of the head.
fn cut(answer: &Answer) -> Wire {
    let mut bytes = answer.head();
    if answer.body.is_empty() {
        bytes.truncate(bytes.len() / 2);
    } else {
        bytes.extend_from_slice(&answer.half_body());
    }
    Wire::Bytes { at_once: bytes.into(), one_by_one: Bytes::new(), pause: Duration::ZERO }
}

/// The body drips; where there is none, the head does.
fn drip(answer: &Answer, pause: Duration) -> Wire {
    let head = Bytes::from(answer.head());
    let (at_once, one_by_one) = if answer.body.is_empty() { (Bytes::new(), head) } else { (head, answer.body.clone()) };
    Wire::Bytes { at_once, one_by_one, pause }
}

fn cut_json(answer: &Answer) -> Bytes {
    if answer.body.is_empty() { Bytes::from_static(b"{\"@odata.context\":\"") } else { answer.half_body() }
}

fn too_many_requests(retry_after: Option<u64>) -> Answer {
    let answer = Answer::empty(StatusCode::TOO_MANY_REQUESTS);
    match retry_after {
        Some(seconds) => answer.header(RETRY_AFTER, &seconds.to_string()),
        None => answer,
    }
}

/// An answer as a rule spells it out. A status that HTTP does not know becomes 500.
fn chosen(status: u16, headers: &Map<String, Value>, body: String, content_type: Option<&str>) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let answer = match content_type {
        Some(content_type) => Answer::with_body(status, content_type, body),
        None => Answer { body: body.into(), ..Answer::empty(status) },
    };
    headers.iter().fold(answer, |answer, (name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match HeaderName::from_bytes(name.as_bytes()) {
            Ok(name) => answer.header(name, &text),
            Err(_) => answer,
        }
    })
}
