//! How many requests may be under way at once.
//!
//! The limit climbs as long as that pays: in rounds, the number of requests served per second is measured, and a step
//! up is kept only if it brought a good part of what it should (the incremental steps of Heiss and Wagner, "Adaptive
//! Load Control in Transaction Processing Systems", VLDB 1991). Which way the next step goes is told by the gradient
//! of the latency, as in TCP Vegas and in Netflix's concurrency-limits: when answers take much longer than at their
//! best, a step down is tried first, and kept if nothing is lost by it. Refusals and lost answers cut the limit, as
//! congestion cuts TCP's window (AIMD).

use crate::Millis;

/// How many requests at once a run begins with.
const START: usize = 4;
/// Doubling is kept if throughput grew by this factor.
const DOUBLING_PAYS: f64 = 1.2;
/// A step down is kept if this part of the throughput is left.
const NOTHING_LOST: f64 = 0.97;
/// Latency above this multiple of the best one is a sign of too much load.
const STEEP: f64 = 1.5;
/// Below this latency, in milliseconds, a rise says nothing about load: it is noise of the network and the clock.
const UNFELT: f64 = 10.0;
/// The shortest round, in milliseconds: long enough that the clock's steps do not matter.
const LEAST_ROUND: Millis = 20;
/// The most rounds to wait before the next step is tried.
const MOST_PATIENCE: u32 = 32;
/// How long, in milliseconds, no step up is tried after one that was refused, because a refusal makes all calls wait.
/// Doubled each time.
const FIRST_BAN: Millis = 4000;
const LONGEST_BAN: Millis = 240_000;

#[derive(Debug)]
pub(super) struct Concurrency {
    ceiling: usize,
    limit: usize,
    phase: Phase,
    round: Round,
    /// Rounds to go until the next step is tried, and how many there were before the last one.
    rounds_left: u32,
    patience: u32,
    /// Until then no step up is tried, and how long that is.
    banned_until: Millis,
    ban: Millis,
    /// The shortest mean latency of a round, slowly forgotten.
    best_latency: f64,
    /// The mean latency of the last round.
    latency: f64,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Doubling; the throughput before the last doubling, if there was one.
    Doubling(Option<f64>),
    Steady,
    /// A step up or down from this limit is tried, which served so much.
    Trying {
        from: usize,
        throughput: f64,
    },
}

/// A measurement. It begins with the first answer to a request that was sent under the present limit.
#[derive(Debug)]
struct Round {
    /// Requests sent before belong to an earlier limit.
    from: Millis,
    began: Option<Millis>,
    served: usize,
    latencies: Millis,
    /// Whether the limit held requests back: without that, nothing is learned about it.
    full: bool,
}

impl Round {
    fn new(from: Millis) -> Self {
        Self { from, began: None, served: 0, latencies: 0, full: false }
    }
}

impl Concurrency {
    pub(super) fn new(ceiling: usize) -> Self {
        Self {
            ceiling,
            limit: ceiling.min(START),
            phase: Phase::Doubling(None),
            round: Round::new(0),
            rounds_left: 1,
            patience: 1,
            banned_until: 0,
            ban: FIRST_BAN,
            best_latency: f64::INFINITY,
            latency: 0.0,
        }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn latency(&self) -> Millis {
        self.latency as Millis
    }

    pub(super) fn started(&mut self, in_flight: usize) {
        self.round.full |= in_flight >= self.limit;
    }

    pub(super) fn served(&mut self, sent: Millis, now: Millis) {
        let round = &mut self.round;
        if sent < round.from {
            return;
        }
        let Some(began) = round.began else {
            round.began = Some(now);
            return;
        };
        round.served += 1;
        round.latencies += now.saturating_sub(sent);
        // Doubling is plain to see; smaller steps need a longer look.
        let enough = if matches!(self.phase, Phase::Doubling(_)) { self.limit } else { (4 * self.limit).max(8) };
        let elapsed = now.saturating_sub(began);
        if round.served < enough || elapsed < LEAST_ROUND {
            return;
        }
        self.latency = round.latencies as f64 / round.served as f64;
        self.best_latency = self.latency.min(self.best_latency * 1.005);
        let throughput = round.served as f64 / elapsed as f64;
        let (full, from) = (round.full, round.from);
        self.round = Round { began: Some(now), ..Round::new(from) };
        if full {
            self.judge(throughput, now);
        }
    }

    fn judge(&mut self, throughput: f64, now: Millis) {
        match self.phase {
            Phase::Doubling(before) => {
                let pays = before.is_none_or(|before| throughput >= before * self.needed(DOUBLING_PAYS));
                if pays && self.limit < self.ceiling {
                    self.phase = Phase::Doubling(Some(throughput));
                    self.set((self.limit * 2).min(self.ceiling), now);
                } else {
                    self.phase = Phase::Steady;
                    if !pays {
                        self.set(self.limit / 2, now);
                    }
                }
            }
            Phase::Trying { from, throughput: before } => {
                let ratio = self.limit as f64 / from as f64;
                let pays = if ratio > 1.0 {
                    // A quarter of what the step should bring.
                    throughput >= before * self.needed(0.75 + 0.25 * ratio)
                } else {
                    throughput >= before * NOTHING_LOST
                };
                self.phase = Phase::Steady;
                if pays {
                    self.be_patient(1);
                } else {
                    self.set(from, now);
                    self.be_patient(self.patience * 2);
                }
            }
            Phase::Steady => {
                self.rounds_left = self.rounds_left.saturating_sub(1);
                let step = (self.limit / 4).max(1);
                let next = if self.is_steep() && self.limit > 1 {
                    self.limit - step
                } else if now >= self.banned_until {
                    (self.limit + step).min(self.ceiling)
                } else {
                    self.limit
                };
                if self.rounds_left == 0 && next != self.limit {
                    self.phase = Phase::Trying { from: self.limit, throughput };
                    self.set(next, now);
                }
            }
        }
    }

    /// The factor that throughput must have grown by. At latencies too short to judge, it only must not fall.
    fn needed(&self, factor: f64) -> f64 {
        if self.latency < UNFELT { factor.min(0.95) } else { factor }
    }

    fn is_steep(&self) -> bool {
        self.latency >= UNFELT && self.latency > STEEP * self.best_latency
    }

    /// The server refused a request, or did not answer: at most `limit` may be under way from now on.
    pub(super) fn refused(&mut self, limit: usize, now: Millis) {
        if matches!(self.phase, Phase::Trying { from, .. } if from < self.limit) {
            self.banned_until = now + self.ban;
            self.ban = (self.ban * 2).min(LONGEST_BAN);
        }
        self.be_patient(1);
        self.phase = Phase::Steady;
        self.set(limit.min(self.limit), now);
    }

    /// Measures anew: what was measured is spoilt by a pause.
    pub(super) fn start_anew(&mut self, now: Millis) {
        if let Phase::Trying { from, .. } = self.phase {
            self.limit = from;
            self.phase = Phase::Steady;
        }
        self.round = Round::new(now);
    }

    fn set(&mut self, limit: usize, now: Millis) {
        self.limit = limit.max(1);
        self.round = Round::new(now);
    }

    fn be_patient(&mut self, rounds: u32) {
        self.patience = rounds.min(MOST_PATIENCE);
        self.rounds_left = self.patience;
    }
}
