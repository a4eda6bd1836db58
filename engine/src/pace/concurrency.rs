//! How many requests may be under way at once.
//!
//! The limit climbs as long as that pays. At first it grows with each answer, as in TCP's slow start: whether that pays
//! is told by Little's law, after a part of each round trip. Then it is changed in steps: in rounds, the number of
//! requests served per second is measured, and a step up is kept only if it brought a good part of what it should (the
//! incremental steps of Heiss and Wagner, "Adaptive Load Control in Transaction Processing Systems", VLDB 1991). Which
//! way the next step goes is told by the gradient of the latency, as in TCP Vegas and in Netflix's concurrency-limits:
//! when answers take much longer than at their best, a step down is tried first, and kept if nothing is lost by it.
//! Refusals and lost answers cut the limit, as congestion cuts TCP's window (AIMD).

use super::Finished;
use crate::Millis;

/// How many requests at once a run begins with.
const START: usize = 6;
/// Growing at first goes on as long as it brings this part of what it should.
const GROWTH_PAYS: f64 = 0.2;
/// Doubts in a row after which a lack of gain is believed. One that load explains counts twice.
const MOST_DOUBTS: u32 = 4;
/// So many times as many at once are more: below it, nothing is learned about more.
const MORE: f64 = 1.25;
/// The fewest answers that growing is judged by.
const FEWEST: usize = 4;
/// A step up that brings this part of what it should means that much more may be had: it grows as at first.
const PAYS_WELL: f64 = 0.75;
/// A step down is kept if this part of the throughput is left.
const NOTHING_LOST: f64 = 0.97;
/// A step down that raises throughput by more than what it should have cost is none of its doing. Likewise latency below
/// this part of what it was when more did not pay: the server was slow for a reason of its own, and all is open again.
const WEATHER: f64 = 0.75;
/// Latency above this multiple of the best one is a sign of too much load.
const STEEP: f64 = 1.5;
/// So many rounds in a row must show it: one may be the server's own trouble.
const STEEP_ROUNDS: u32 = 2;
/// Below this latency, in milliseconds, a rise says nothing about load: it is noise of the network and the clock.
const UNFELT: f64 = 10.0;
/// The shortest round, in milliseconds: long enough that the clock's steps do not matter.
const LEAST_ROUND: Millis = 20;
/// The most rounds to wait before the next step is tried.
const MOST_PATIENCE: u32 = 8;
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
    /// The shortest latency of the last round: what is held up for a moment does not change it, what waits in a queue does.
    shortest: f64,
    /// The shortest of all, slowly forgotten.
    best_latency: f64,
    /// The mean latency of the last round.
    latency: f64,
    /// How many rounds in a row it was steep.
    steep_rounds: u32,
    /// What it was when more at once did not pay.
    settled_latency: f64,
    /// The number that a lack of gain was seen at, and the highest one that was gone back to when it proved unfounded.
    doubted: usize,
    restored: usize,
    /// When it was last set to a number.
    set_at: Millis,
    /// Whether the server has ever refused: then it is approached in steps only.
    was_refused: bool,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Each answer lets one more go. `before`: what is to be exceeded. `doubts`: how many measurements in a row showed no
    /// gain. A host that is busy for a moment looks like a server that has enough, so it is measured again.
    Growing {
        before: Option<Sample>,
        doubts: u32,
    },
    Steady,
    /// A step up or down from this limit is tried, which served so much.
    Trying {
        from: usize,
        throughput: f64,
        latency: f64,
    },
}

/// What some answers showed.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// How many were under way when the requests started: at most, and in the mean.
    most: usize,
    at_once: f64,
    /// In the mean.
    latency: f64,
}

impl Sample {
    /// Requests served per millisecond, by Little's law.
    fn throughput(&self) -> f64 {
        self.at_once / self.latency
    }

    /// Whether more at once brought enough more, beside an earlier sample.
    fn pays(&self, before: &Self) -> bool {
        let ideal = self.at_once / before.at_once;
        self.latency < UNFELT || self.throughput() >= before.throughput() * (1.0 + GROWTH_PAYS * (ideal - 1.0))
    }

    /// How much a lack of gain counts. Even where each request slows down all others, latency hardly grows by more than the
    /// square of their number: what is beyond is the server's own trouble, more likely than not.
    fn doubt(&self, before: &Self) -> u32 {
        let most = before.latency * (self.at_once / before.at_once).powi(2);
        if self.latency * WEATHER > most { 1 } else { 2 }
    }
}

/// A measurement. It begins with the first answer to a request that was sent under the present limit.
#[derive(Debug)]
struct Round {
    /// Requests sent before belong to an earlier limit.
    from: Millis,
    began: Option<Millis>,
    served: usize,
    latencies: Millis,
    shortest: Millis,
    /// How many were under way when the requests started: the sum, and the most.
    at_once: usize,
    most: usize,
    /// Whether the limit held requests back: without that, nothing is learned about it.
    full: bool,
}

impl Round {
    fn new(from: Millis) -> Self {
        Self { from, began: None, served: 0, latencies: 0, shortest: Millis::MAX, at_once: 0, most: 0, full: false }
    }
}

impl Concurrency {
    pub(super) fn new(ceiling: usize) -> Self {
        Self {
            ceiling,
            limit: ceiling.min(START),
            phase: Phase::Growing { before: None, doubts: 0 },
            round: Round::new(0),
            rounds_left: 1,
            patience: 1,
            banned_until: 0,
            ban: FIRST_BAN,
            shortest: 0.0,
            best_latency: f64::INFINITY,
            latency: 0.0,
            steep_rounds: 0,
            settled_latency: 0.0,
            doubted: 0,
            restored: 0,
            set_at: 0,
            was_refused: false,
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

    pub(super) fn served(&mut self, Finished { sent, at_once, together, .. }: Finished, now: Millis) {
        if let Phase::Growing { before, doubts } = self.phase
            && (before.is_some() || doubts > 0)
            && sent >= self.set_at
            && 2 * self.limit < together * if doubts > 0 { 3 } else { 4 }
        {
            self.limit = (self.limit + 1).min(self.ceiling);
        }
        let round = &mut self.round;
        if sent < round.from {
            return;
        }
        let began = *round.began.get_or_insert(now);
        round.served += 1;
        let latency = now.saturating_sub(sent);
        round.latencies += latency;
        round.shortest = round.shortest.min(latency);
        round.at_once += at_once;
        round.most = round.most.max(at_once);
        if let Phase::Growing { before, doubts } = self.phase {
            if round.served >= (round.most / 4).max(FEWEST) {
                self.judge_growth(before, doubts, began, now);
            }
            return;
        }
        let mean = round.latencies as f64 / round.served as f64;
        // Fewer at once are answered sooner, whatever the weather.
        let is_down = matches!(self.phase, Phase::Trying { from, .. } if from > self.limit);
        let has_cleared = round.served > self.limit.max(8) && mean < WEATHER * self.settled_latency;
        if has_cleared && !is_down && !self.was_refused && self.limit < self.ceiling {
            return self.grow(now);
        }
        // The first answer only begins the time.
        let (served, elapsed) = (round.served - 1, now.saturating_sub(began));
        if served < (4 * self.limit).max(8) || elapsed < LEAST_ROUND {
            return;
        }
        self.note_latency();
        let throughput = served as f64 / elapsed as f64;
        let (full, from) = (self.round.full, self.round.from);
        self.round = Round { began: Some(now), served: 1, ..Round::new(from) };
        if full {
            self.judge(throughput, now);
        }
    }

    /// Grows as at first.
    fn grow(&mut self, now: Millis) {
        self.phase = Phase::Growing { before: None, doubts: 1 };
        self.settled_latency = 0.0;
        self.set(self.limit, now);
    }

    /// The latency of this round.
    fn note_latency(&mut self) {
        self.latency = self.round.latencies as f64 / self.round.served as f64;
        self.shortest = self.round.shortest as f64;
        self.best_latency = self.shortest.min(self.best_latency * 1.005);
    }

    fn judge_growth(&mut self, before: Option<Sample>, doubts: u32, began: Millis, now: Millis) {
        self.note_latency();
        let at_once = self.round.at_once as f64 / self.round.served as f64;
        let sample = Sample { most: self.round.most, at_once, latency: self.latency };
        match before {
            Some(before) if sample.at_once >= MORE * before.at_once && !sample.pays(&before) => {
                self.phase = if doubts < MOST_DOUBTS {
                    Phase::Growing { before: None, doubts: doubts + sample.doubt(&before) }
                } else {
                    Phase::Steady
                };
                self.settled_latency = before.latency;
                self.doubted = self.limit.max(self.doubted);
                self.set(before.most, now);
            }
            _ if self.limit == self.ceiling => {
                self.phase = Phase::Steady;
                self.round = Round::new(now);
            }
            before => {
                // As long as not many more go at once, nothing is learned about more.
                let same = before.filter(|before| sample.at_once < MORE * before.at_once);
                let has_paid = before.is_some() && same.is_none();
                let before = Some(same.unwrap_or(sample));
                self.phase = Phase::Growing { before, doubts: if has_paid { 0 } else { doubts } };
                if has_paid && self.restore(now) {
                    return;
                }
                // What was sent since the first of these answers went at a higher limit.
                self.round = Round::new(began);
            }
        }
    }

    /// More pays after all: goes back to the number that it was doubted at, once for each, as TCP undoes what a timeout has
    /// cut that was none (RFC 4015).
    fn restore(&mut self, now: Millis) -> bool {
        let doubted = std::mem::take(&mut self.doubted);
        let is_new = doubted > self.limit && doubted as f64 >= MORE * self.restored as f64;
        if is_new {
            self.restored = doubted;
            self.set(doubted, now);
        }
        is_new
    }

    fn judge(&mut self, throughput: f64, now: Millis) {
        match self.phase {
            Phase::Growing { .. } => {}
            Phase::Trying { from, throughput: before, latency: before_latency } => {
                let ratio = self.limit as f64 / from as f64;
                let pays = if ratio > 1.0 {
                    // A quarter of what the step should bring.
                    throughput >= before * self.needed(0.75 + 0.25 * ratio)
                } else {
                    throughput >= before * NOTHING_LOST && throughput * WEATHER <= before / ratio
                };
                self.phase = Phase::Steady;
                if pays {
                    self.be_patient(1);
                    let much_more = throughput >= before * (1.0 + PAYS_WELL * (ratio - 1.0));
                    if ratio < 1.0 {
                        self.settled_latency = 0.0;
                    } else if much_more && !self.was_refused {
                        self.grow(now);
                    }
                } else {
                    self.settled_latency = if ratio > 1.0 { before_latency } else { self.settled_latency };
                    self.set(from, now);
                    self.be_patient(self.patience * 2);
                }
            }
            Phase::Steady => {
                self.rounds_left = self.rounds_left.saturating_sub(1);
                self.steep_rounds = if self.is_steep() { self.steep_rounds + 1 } else { 0 };
                let step = (self.limit / 4).max(1);
                let next = if self.steep_rounds >= STEEP_ROUNDS && self.limit > 1 {
                    self.limit - step
                } else if self.steep_rounds == 0 && now >= self.banned_until {
                    (self.limit + step).min(self.ceiling)
                } else {
                    self.limit
                };
                if self.rounds_left == 0 && next != self.limit {
                    self.phase = Phase::Trying { from: self.limit, throughput, latency: self.latency };
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
        self.shortest >= UNFELT && self.shortest > STEEP * self.best_latency
    }

    /// The server refused a request, or did not answer: at most `limit` may be under way from now on.
    pub(super) fn refused(&mut self, limit: usize, now: Millis) {
        self.doubted = 0;
        if matches!(self.phase, Phase::Trying { from, .. } if from < self.limit) {
            self.banned_until = now + self.ban;
            self.ban = (self.ban * 2).min(LONGEST_BAN);
        }
        self.was_refused = true;
        self.be_patient(1);
        self.phase = Phase::Steady;
        self.set(limit.min(self.limit), now);
    }

    /// Measures anew: what was measured is spoilt by a pause.
    pub(super) fn start_anew(&mut self, now: Millis) {
        match self.phase {
            Phase::Trying { from, .. } => {
                self.limit = from;
                self.phase = Phase::Steady;
            }
            Phase::Growing { doubts, .. } => {
                self.phase = Phase::Growing { before: None, doubts };
                self.doubted = 0;
            }
            Phase::Steady => {}
        }
        self.round = Round::new(now);
    }

    fn set(&mut self, limit: usize, now: Millis) {
        self.limit = limit.max(1);
        self.set_at = now;
        self.round = Round::new(now);
    }

    fn be_patient(&mut self, rounds: u32) {
        self.patience = rounds.min(MOST_PATIENCE);
        self.rounds_left = self.patience;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sign;

    /// As many as may be under way take so long each; gives when all have been answered.
    fn round_trip(pace: &mut Concurrency, latency: Millis, now: Millis) -> Millis {
        let many = pace.limit();
        pace.started(many);
        for _ in 0..many {
            pace.served(Finished { sign: Sign::Served, sent: now, at_once: many, together: many }, now + latency);
        }
        now + latency
    }

    #[test]
    fn what_was_cut_for_a_moments_trouble_is_restored_once_more_pays() {
        let mut pace = Concurrency::new(128);
        let mut now = 0;
        while pace.limit() < 40 {
            now = round_trip(&mut pace, 100, now);
        }
        let reached = pace.limit();
        now = round_trip(&mut pace, 1000, now);
        let cut = pace.limit();
        assert!(cut < reached, "{cut} after {reached}");
        let mut round_trips = 0;
        while pace.limit() < reached {
            now = round_trip(&mut pace, 100, now);
            round_trips += 1;
        }
        assert_eq!((pace.limit() >= reached, round_trips), (true, 2));
    }
}
