//! Runs of changes against a PBX that answers with one status, or with one after another.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use call_engine::{Batch, CallId, Delivery, Effect, Job, Millis, Renewal, Settings, Ticket};

use super::*;
use crate::n8n::outcome::Outcome;
use crate::rows::Rows;
use crate::rows::testing::no_rows;
use crate::xapi::odata::Query;
use crate::xapi::request::Method;
use crate::xapi::response::Body;

/// So many changes, one after another.
struct Changes {
    left: usize,
    ended: Rc<RefCell<Vec<Delivery>>>,
    effect: Effect,
}

impl Job for Changes {
    type Protocol = Xapi;
    type Rows = dyn Rows;
    type Outcome = Outcome;

    fn next(&mut self, _rows: &mut (dyn Rows + 'static)) -> Next {
        if self.left == 0 {
            return Next::Done;
        }
        self.left -= 1;
        let method = if self.effect == Effect::Reads { Method::Get } else { Method::Post };
        let request = HttpRequest { method, ..HttpRequest::get("/Groups", &Query::default()) };
        Next::Call(Call { id: self.left, request: request.into(), effect: self.effect, proof: Proof::NoContent })
    }

    fn ended(&mut self, _call: CallId, end: Ended) {
        self.ended.borrow_mut().push(end.delivery);
    }

    fn stop(&mut self, _why: &Stop) {
        self.left = 0;
    }

    fn take_outcomes(&mut self) -> Vec<Outcome> {
        Vec::new()
    }

    fn hints(&self) -> Vec<String> {
        Vec::new()
    }
}

type Answer = Result<HttpResponse, TransportError>;

fn status(status: u16) -> Answer {
    Ok(HttpResponse { status, ..HttpResponse::default() })
}

fn page(status: u16) -> Answer {
    Ok(HttpResponse { status, body: Body::Text("<html>".to_owned()), ..HttpResponse::default() })
}

struct Run {
    sent: usize,
    most_at_once: usize,
    ended: Vec<Delivery>,
    took: Millis,
}

/// Runs 200 calls. Each answer takes 20 ms; `answer` is given the number of the request, from 0.
fn run_of(effect: Effect, answer: impl Fn(usize) -> Answer) -> Run {
    let ended = Rc::default();
    let job = Changes { left: 200, ended: Rc::clone(&ended), effect };
    let session = Session::with_token(Secret::new("token".into()), Renewal::Never);
    let mut batch = Batch::new(job, Settings::default(), session, Xapi::default());
    let (mut now, mut sent, mut most_at_once) = (0, 0, 0);
    let mut under_way: VecDeque<(Millis, Ticket, Answer)> = VecDeque::new();
    loop {
        match batch.poll(now, &mut no_rows()) {
            Action::Send { ticket, .. } => {
                under_way.push_back((now + 20, ticket, answer(sent)));
                sent += 1;
                most_at_once = most_at_once.max(under_way.len());
            }
            Action::Wait { until } => {
                let answered = under_way.front().map(|(at, ..)| *at);
                now = answered.into_iter().chain(until).min().unwrap().max(now);
                while under_way.front().is_some_and(|(at, ..)| *at <= now) {
                    let (_, ticket, answer) = under_way.pop_front().unwrap();
                    batch.answered(ticket, answer, now);
                }
            }
            Action::Done => return Run { sent, most_at_once, ended: ended.take(), took: now },
            Action::LogIn { .. } | Action::Look => panic!("there is a token"),
            Action::Abort { .. } | Action::Note(_) | Action::TakeOutcomes => {}
        }
    }
}

fn run(answer: impl Fn(usize) -> Answer) -> Run {
    run_of(Effect::Once, answer)
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
fn a_look_up_that_fails_for_a_moment_passes() {
    let run = run(|request| if request < 3 { Err(TransportError::LookUpFailed) } else { status(204) });
    assert_eq!(run.ended, [Delivery::Done; 200]);
}
