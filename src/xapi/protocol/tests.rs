//! Runs of changes against a PBX that answers with one status, or with one after another.

use call_engine::trial::{Calls, Trial};
use call_engine::{Delivery, Effect, Failure as _};

use super::*;
use crate::xapi::odata::Query;
use crate::xapi::request::Method;
use crate::xapi::response::Body;

type Answer = Result<HttpResponse, TransportError>;

fn status(status: u16) -> Answer {
    Ok(HttpResponse { status, ..HttpResponse::default() })
}

fn page(status: u16) -> Answer {
    Ok(HttpResponse { status, body: Body::Text("<html>".to_owned()), ..HttpResponse::default() })
}

/// Runs 200 changes; `answer` is given the number of the request, from 0.
fn run(answer: impl Fn(usize) -> Answer) -> Trial {
    let changes = Calls::new(200, |id| {
        let request = HttpRequest { method: Method::Post, ..HttpRequest::get("/Groups", &Query::default()) };
        Call { id, request: request.into(), effect: Effect::Once, proof: Proof::NoContent }
    });
    Trial::of(changes, Xapi::default(), Secret::new("token".into()), answer)
}

#[test]
fn a_server_that_only_loses_costs_five_rows() {
    for answer in [
        status(500),
        status(501),
        status(511),
        status(520),
        status(409),
        status(200),
        Err(TransportError::Tls),
        Err(TransportError::Reset),
        Err(TransportError::Other { code: "WEIRD".into() }),
    ] {
        let run = run(|_| answer.clone());
        assert_eq!((run.sent, run.most_at_once), (5, 1), "{answer:?}");
        assert_eq!(run.ended.iter().filter(|end| **end == Delivery::Unknown).count(), 5);
    }
}

#[test]
fn what_would_come_to_every_row_ends_the_run_at_the_first() {
    for answer in [status(403), status(302), status(307), page(200), page(500), page(404)] {
        let run = run(|_| answer.clone());
        assert_eq!(run.sent, 1, "{answer:?}");
    }
}

#[test]
fn a_server_that_only_asks_to_wait_is_given_up_after_ten_minutes() {
    let patient = HttpResponse { status: 429, retry_after: Some(3_600_000), ..HttpResponse::default() };
    for answer in [status(429), Ok(patient)] {
        let run = run(|_| answer.clone());
        assert!(run.took < 15 * 60_000, "{} ms", run.took);
        assert!(run.ended.len() < 80 && run.ended.iter().all(|end| !end.may_have_acted()), "{:?}", run.ended);
    }
}

#[test]
fn files_that_cannot_be_read_are_their_rows_own_trouble() {
    let run = run(|_| Err(TransportError::FileNotRead));
    assert_eq!((run.sent, run.ended), (200, vec![Delivery::NotSent; 200]));
}

#[test]
fn a_look_up_that_fails_for_a_moment_passes() {
    let run = run(|request| if request < 3 { Err(TransportError::LookUpFailed) } else { status(204) });
    assert_eq!(run.ended, [Delivery::Done; 200]);
}

#[test]
fn what_is_told_of_all_rows_has_no_words_of_one() {
    let problems = vec![crate::xapi::problems::Problem::new(None, "hunter2 is wrong")];
    for failure in [
        Failure::Rejected { status: 400, problems: problems.clone() },
        Failure::Server { status: 500, problems: problems.clone() },
        Failure::Unexpected { status: 418, problems },
    ] {
        assert!(failure.to_string().contains("hunter2"));
        assert!(!failure.without_words().to_string().contains("hunter2"));
    }
}
