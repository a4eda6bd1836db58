//! Runs of calls without a host, for tests of the engine and of the protocols that it carries.

use std::collections::VecDeque;

use crate::*;

/// How long each answer takes.
const LATENCY: Millis = 20;

/// So many calls, one after another.
pub struct Calls<P: Protocol> {
    left: usize,
    call: Box<dyn Fn(CallId) -> Call<P>>,
    pub(crate) ended: Vec<Delivery>,
}

impl<P: Protocol> Calls<P> {
    pub fn new(count: usize, call: impl Fn(CallId) -> Call<P> + 'static) -> Self {
        Self { left: count, call: Box::new(call), ended: Vec::new() }
    }
}

/// No row has an outcome in these runs.
pub enum Nothing {}

impl Outcome for Nothing {
    fn row(&self) -> usize {
        match *self {}
    }

    fn failed(&self) -> bool {
        match *self {}
    }

    fn is_unknown(&self) -> bool {
        match *self {}
    }

    fn stage(&self) -> Stage {
        match *self {}
    }

    fn work(&self) -> Work {
        match *self {}
    }
}

impl<P: Protocol> Job for Calls<P> {
    type Protocol = P;
    type Rows = ();
    type Outcome = Nothing;

    fn next(&mut self, (): &mut ()) -> Next<P> {
        if self.left == 0 {
            return Next::Done;
        }
        self.left -= 1;
        Next::Call((self.call)(self.left))
    }

    fn ended(&mut self, _call: CallId, end: Ended<P>) {
        self.ended.push(end.delivery);
    }

    fn stop(&mut self, _why: &Stop<P::Failure>) {
        self.left = 0;
    }

    fn take_outcomes(&mut self) -> Vec<Nothing> {
        Vec::new()
    }

    fn hints(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What became of a run.
#[derive(Debug)]
pub struct Trial {
    pub sent: usize,
    pub most_at_once: usize,
    pub ended: Vec<Delivery>,
    pub took: Millis,
}

impl Trial {
    /// Runs all calls with this token. `answer` is given the number of the request, from 0.
    pub fn of<P: Protocol>(
        calls: Calls<P>,
        protocol: P,
        token: P::Token,
        answer: impl Fn(usize) -> Result<P::Answer, P::Silence>,
    ) -> Self {
        let session = Session::with_token(token, Renewal::Never);
        let mut batch = Batch::new(calls, Settings::default(), session, protocol);
        let (mut now, mut sent, mut most_at_once) = (0, 0, 0);
        let mut under_way = VecDeque::new();
        loop {
            match batch.poll(now, &mut ()) {
                Action::Send { ticket, .. } => {
                    under_way.push_back((now + LATENCY, ticket, answer(sent)));
                    sent += 1;
                    most_at_once = most_at_once.max(under_way.len());
                }
                Action::Wait { until } => {
                    let answered = under_way.front().map(|(at, ..)| *at);
                    let Some(next) = answered.into_iter().chain(until).min() else {
                        unreachable!("it waits for nothing")
                    };
                    now = next.max(now);
                    while let Some((_, ticket, answer)) = under_way.pop_front_if(|(at, ..)| *at <= now) {
                        batch.answered(ticket, answer, now);
                    }
                }
                Action::Done => return Self { sent, most_at_once, ended: batch.job.ended, took: now },
                Action::LogIn { .. } | Action::Look => unreachable!("there is a token"),
                Action::Abort { .. } | Action::Note(_) | Action::TakeOutcomes => {}
            }
        }
    }
}
