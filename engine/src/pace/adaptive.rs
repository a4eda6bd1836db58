//! The pace that learns: limits that the person set, and what the answers teach about both how many requests at once and
//! how many per second the server takes.

use super::concurrency::Concurrency;
use super::rate::Rate;
use super::{Finished, Pace};
use crate::{Millis, Sign};

/// Finds out what the server takes.
#[derive(Debug)]
pub struct Adaptive {
    concurrency: Concurrency,
    rate: Rate,
    /// Requests sent before this time belong to a refusal that is known already.
    refused_at: Option<Millis>,
    /// The most requests that were under way when one started that was then served, since the last refusal.
    served_at_once: usize,
    /// How many were served since the last loss.
    served_since_loss: usize,
}

impl Adaptive {
    /// `at_once`: the most requests under way. `per_second`: requests started per second; 0 or less means no limit.
    pub fn new(at_once: usize, per_second: f64) -> Self {
        Self {
            concurrency: Concurrency::new(at_once),
            rate: Rate::new(per_second),
            refused_at: None,
            served_at_once: 0,
            served_since_loss: 0,
        }
    }
}

impl Pace for Adaptive {
    fn limit(&self) -> usize {
        self.concurrency.limit()
    }

    fn next_start(&self) -> Millis {
        self.rate.next_start()
    }

    fn started(&mut self, now: Millis, in_flight: usize) {
        self.rate.started(now);
        self.concurrency.started(in_flight);
    }

    fn finished(&mut self, request: Finished, now: Millis) {
        let is_known = self.refused_at.is_some_and(|at| request.sent <= at);
        match request.sign {
            Sign::Served => {
                self.served_at_once = self.served_at_once.max(request.at_once);
                self.served_since_loss += 1;
                self.rate.served(request.sent, now);
                self.concurrency.served(request, now);
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

    fn latency(&self) -> Millis {
        self.concurrency.latency()
    }
}
