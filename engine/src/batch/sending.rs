//! What may go now, and else how long to wait.

use std::rc::Rc;

use super::{Attempt, Batch, Flight, Parked, TokenOf};
use crate::session::Ready;
use crate::{Action, Ended, Failure, Job, Millis, Next, Pace, Protocol};

impl<J: Job, P: Pace> Batch<J, P> {
    /// Sends the next call, if one may go.
    pub(super) fn advance(&mut self, now: Millis, rows: &mut J::Rows) -> Action<J::Protocol> {
        loop {
            if !self.has_room() {
                return self.wait(None);
            }
            let start = self.paused_until.max(self.pace.next_start());
            let paused = (start > now).then_some(start);
            let due = self.parked.iter().position(|parked| parked.until <= now && self.may_go(&parked.attempt));
            let is_held = self.held.as_ref().is_some_and(|held| !self.may_go(held));
            let attempt = match due {
                Some(due) => self.parked.swap_remove(due).attempt,
                // One call in hand is enough while nothing may be sent.
                None if is_held || (paused.is_some() && !self.parked.is_empty()) => return self.wait(paused),
                None => match self.held.take() {
                    Some(held) => held,
                    None => match self.job.next(rows) {
                        Next::Call(call) => Attempt { call, first_sent: now, tries: 0, tokens_refused: 0, lost: None },
                        Next::Outcomes => return Action::TakeOutcomes,
                        // Nothing else is to come that could tell.
                        Next::Wait | Next::Done if self.doubted.is_some() && self.is_idle() => {
                            self.settle_doubt(now);
                            continue;
                        }
                        Next::Done if self.is_idle() => return Action::Done,
                        Next::Wait | Next::Done => return self.wait(None),
                    },
                },
            };
            if let Some(until) = paused {
                self.parked.push(Parked { until, attempt });
                return self.wait(None);
            }
            if !self.may_go(&attempt) {
                self.held = Some(attempt);
                return self.wait(None);
            }
            match self.session.token(now) {
                Ready::Token { token, generation } => return self.send(attempt, token, generation, now),
                Ready::LogIn { after_dead_token } => {
                    self.parked.push(Parked { until: now, attempt });
                    return Action::LogIn { after_dead_token };
                }
                Ready::Look => {
                    self.parked.push(Parked { until: now, attempt });
                    return Action::Look;
                }
                Ready::Wait => {
                    self.parked.push(Parked { until: now, attempt });
                    return self.wait(None);
                }
                Ready::Refused(failure) => self.end(attempt, Ended::unsent(Failure::not_sent(failure))),
            }
        }
    }

    fn send(
        &mut self,
        mut attempt: Attempt<J::Protocol>,
        token: TokenOf<J>,
        generation: u32,
        now: Millis,
    ) -> Action<J::Protocol> {
        self.tally.sent += 1;
        self.tally.retried += usize::from(attempt.tries > 0);
        attempt.tries += 1;
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let request = Rc::clone(&attempt.call.request);
        let at_once = self.in_flight.len() + 1;
        self.pace.started(now, at_once);
        self.brake.started(attempt.changes(), now);
        let deadline = now.saturating_add(self.settings.timeout).min(self.ends.unwrap_or(Millis::MAX));
        self.protocol.hide(&token);
        self.in_flight.push(Flight {
            ticket,
            generation,
            sent: now,
            deadline,
            at_once,
            together: at_once,
            is_ready: true,
            attempt,
        });
        Action::Send { ticket, request, token }
    }

    /// Answers that came together let as many go together: all of them share the server, the first of them too.
    pub(super) fn end_burst(&mut self) {
        if self.burst < self.next_ticket {
            let together = self.in_flight.len();
            for flight in self.in_flight.iter_mut().filter(|flight| flight.ticket >= self.burst) {
                flight.together = together;
            }
            self.burst = self.next_ticket;
        }
    }

    /// Waits for answers, and at most until the next thing that only time brings.
    fn wait(&self, until: Option<Millis>) -> Action<J::Protocol> {
        let deadlines = self.in_flight.iter().map(|flight| flight.deadline);
        // A full pipe, a log-in or a look holds parked calls back longer than their time.
        let is_held = !self.has_room() || self.session.is_under_way();
        // The host's own token is looked at for a call that could go by then.
        let start = self.paused_until.max(self.pace.next_start()).max(self.session.looks_at().unwrap_or(0));
        let parked = self.parked.iter().filter(|parked| !is_held && self.may_go(&parked.attempt));
        let retries = parked.map(|parked| parked.until.max(start));
        let end = self.ends.filter(|_| !self.is_to_end());
        let note = self.note_due();
        Action::Wait { until: deadlines.chain(retries).chain(note).chain(until).chain(end).min() }
    }

    /// Whether one more request may be under way.
    fn has_room(&self) -> bool {
        self.in_flight.len() < self.pace.limit()
    }

    /// Nothing starts before this time.
    pub(super) fn pause_until(&mut self, until: Millis) {
        self.paused_until = self.paused_until.max(until);
    }

    /// Whether the brake lets this call go.
    fn may_go(&self, attempt: &Attempt<J::Protocol>) -> bool {
        !attempt.changes() || self.brake.has_room()
    }
}
