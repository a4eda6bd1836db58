//! When the next request may start: limits that the person set, pauses that the server asks for, and what the answers
//! teach about both how many requests at once and how many per second the server takes.

mod concurrency;
mod rate;

use concurrency::Concurrency;
use rate::Rate;

use crate::{Millis, Sign};

/// Keeps to all limits.
#[derive(Debug)]
pub(super) struct Pace {
    concurrency: Concurrency,
    rate: Rate,
    paused_until: Millis,
    /// Requests sent before this time belong to a refusal that is known already.
    refused_at: Option<Millis>,
    /// The most requests that were under way when one started that was then served, since the last refusal.
    served_at_once: usize,
    /// How many were served since the last loss.
    served_since_loss: usize,
}

/// A request that has come to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finished {
    pub(super) sign: Sign,
    pub(super) sent: Millis,
    /// How many requests were under way when it started, itself among them.
    pub(super) at_once: usize,
}

impl Pace {
    /// `at_once`: the most requests under way. `per_second`: requests started per second; 0 or less means no limit.
    pub(super) fn new(at_once: usize, per_second: f64) -> Self {
        Self {
            concurrency: Concurrency::new(at_once),
            rate: Rate::new(per_second),
            paused_until: 0,
            refused_at: None,
            served_at_once: 0,
            served_since_loss: 0,
        }
    }

    /// Whether one more request may be under way.
    pub(super) fn has_room(&self, in_flight: usize) -> bool {
        in_flight < self.concurrency.limit()
    }

    /// When to ask again, where nothing may start now.
    pub(super) fn wait_until(&self, now: Millis) -> Option<Millis> {
        let until = self.paused_until.max(self.rate.next_start());
        (until > now).then_some(until)
    }

    /// A request starts; `in_flight` counts it.
    pub(super) fn started(&mut self, now: Millis, in_flight: usize) {
        self.rate.started(now);
        self.concurrency.started(in_flight);
    }

    pub(super) fn finished(&mut self, request: Finished, now: Millis) {
        let is_known = self.refused_at.is_some_and(|at| request.sent <= at);
        match request.sign {
            Sign::Served => {
                self.served_at_once = self.served_at_once.max(request.at_once);
                self.served_since_loss += 1;
                self.rate.served(request.sent, now);
                self.concurrency.served(request.sent, now);
            }
            Sign::Refused | Sign::Lost if is_known => {}
            Sign::Refused => {
                // Where as many at once were served a moment ago, it is their number per second that is too high.
                if request.at_once > self.served_at_once {
                    self.concurrency.refused(self.served_at_once.max(request.at_once / 2), now);
                    self.rate.pause();
                } else {
                    self.rate.refused(now);
                    self.concurrency.start_anew(now);
                }
                self.refused_at = Some(now);
                self.served_at_once = 0;
            }
            Sign::Lost => {
                // One may come by chance; where the next follows soon, there are too many at once.
                if self.served_since_loss < request.at_once {
                    self.concurrency.refused(request.at_once / 2, now);
                } else {
                    self.concurrency.start_anew(now);
                }
                self.served_since_loss = 0;
                self.rate.pause();
                self.refused_at = Some(now);
            }
        }
    }

    /// Nothing starts before this time.
    pub(super) fn pause_until(&mut self, until: Millis) {
        self.paused_until = self.paused_until.max(until);
    }

    /// How long requests take at present, as far as is known.
    pub(super) fn latency(&self) -> Millis {
        self.concurrency.latency()
    }
}

#[cfg(test)]
mod tests;
