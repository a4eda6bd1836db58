//! How many requests may start per second.
//!
//! A server, or a proxy before it, may refuse requests for their number per second; then it does not help to have few
//! under way, as short ones follow each other fast. So the rate that was served is measured and kept to, and now and
//! then exceeded a little, as in the adaptive retry mode of the AWS SDKs ("Retry behavior", AWS SDKs and Tools
//! Reference Guide). That mode grows by a cubic curve; here are steps, as a refusal can cost all calls a pause: they
//! double while they go well, and are waited for longer after one that did not.

use super::{Spacing, interval};
use crate::Millis;

const SECOND: Millis = 1000;
/// The part of the rate that was served which is kept to after a refusal.
const KEPT: f64 = 0.98;
/// A rate cut below this part of the one that was held means that requests are refused by chance, not for their rate.
const BY_CHANCE: f64 = 0.3;
/// How long, in milliseconds, nothing is learned after that; doubled each time.
const FIRST_DEAFNESS: Millis = 20 * SECOND;
const LONGEST_DEAFNESS: Millis = 240 * SECOND;
/// A rate that was kept to and is refused all the same is cut by this factor, and then approached again.
const CUT: f64 = 0.85;
/// A refused rate is approached up to this part of it.
const NEAR: f64 = 0.93;
/// A measurement of fewer requests than these may be far too little.
const FEW: u32 = 20;
/// The part by which a rate is exceeded. Steps double from the third good one on.
const STEP: f64 = 0.05;
const LARGEST_STEP: f64 = 1.0;

/// How long, in milliseconds, a rate is kept to before a step up. This one: after a guess.
const SHORT_PATIENCE: Millis = SECOND / 2;
const LEAST_PATIENCE: Millis = 2 * SECOND;
const FIRST_PATIENCE: Millis = 5 * SECOND;
/// After a step that was refused; doubled with each further one.
const PATIENCE: Millis = 20 * SECOND;
const MOST_PATIENCE: Millis = 240 * SECOND;

/// Keeps to the person's limit, and to one that refusals have taught.
#[derive(Debug)]
pub(super) struct Rate {
    /// Milliseconds between two starts that the person wants; 0 without a limit.
    least_interval: f64,
    spacing: Spacing,
    served: Served,
    /// The first start since the last refusal.
    running_since: Option<Millis>,
    served_since_refusal: u32,
    started_since_refusal: u32,
    refused_at: Option<Millis>,
    /// How many were served before the last refusal, where that was less than a second.
    served_early: Option<u32>,
    learned: Option<Learned>,
    /// Until then nothing is learned, and how long that is the next time.
    deaf_until: Millis,
    deafness: Millis,
}

#[derive(Clone, Copy, Debug)]
struct Learned {
    per_second: f64,
    /// The rate that was last served for long enough.
    held: f64,
    /// The rate before the last step up, as long as that one is being tried.
    before: Option<f64>,
    /// A refused rate that is approached again.
    refused: Option<f64>,
    /// Steps up that went well, one after another.
    good_steps: i32,
    /// How long a rate is kept to before the next step.
    patience: Millis,
    since: Millis,
}

impl Rate {
    /// `per_second`: what the person allows; 0 or less means no limit.
    pub(super) fn new(per_second: f64) -> Self {
        Self {
            least_interval: interval(per_second),
            spacing: Spacing::default(),
            served: Served::default(),
            running_since: None,
            served_since_refusal: 0,
            started_since_refusal: 0,
            refused_at: None,
            served_early: None,
            learned: None,
            deaf_until: 0,
            deafness: FIRST_DEAFNESS,
        }
    }

    pub(super) fn next_start(&self) -> Millis {
        self.spacing.next_start()
    }

    pub(super) fn started(&mut self, now: Millis) {
        let running_since = *self.running_since.get_or_insert(now);
        self.started_since_refusal += 1;
        let mut interval = self.least_interval;
        if let Some(learned) = &mut self.learned {
            // A rate that is not made use of is not tested either.
            let served = f64::from(self.served.in_last_second(now));
            if served * 2.5 > learned.per_second {
                learned.step_up(served, running_since, now);
            }
            interval = interval.max(1000.0 / learned.per_second);
        }
        self.spacing.started(now, interval);
    }

    pub(super) fn served(&mut self, sent: Millis, now: Millis) {
        self.served.add(now);
        self.served_since_refusal += u32::from(self.running_since.is_some_and(|since| sent >= since));
    }

    /// A request was refused although no more were under way than had been served a moment before.
    pub(super) fn refused(&mut self, now: Millis) {
        let whole_second = self.running_since.is_some_and(|since| now >= since + SECOND);
        let is_same_trouble = !whole_second && self.served_since_refusal <= 1;
        if is_same_trouble || now < self.deaf_until {
            return self.pause();
        }
        // Refusals come faster than answers: what is under way yet will be served.
        let served = self.started_since_refusal.saturating_sub(1);
        // With a pause before, what was served in it counts as well: a server that keeps count goes on counting.
        let cycle = self.refused_at.map_or(SECOND, |at| now - at).max(1);
        let measured = if whole_second {
            let counted = self.served.in_last_second(now);
            f64::from(counted + u32::from(counted < FEW))
        } else {
            f64::from(served) * SECOND as f64 / cycle as f64
        };
        // Refusals that come by chance hardly come after the same number of requests twice.
        let agrees = self.served_early.is_some_and(|earlier| alike(earlier, served));
        self.learned = match self.learned {
            Some(known) => {
                let lower = known.step_down(if whole_second { measured } else { known.per_second }, now);
                if lower.is_none() {
                    self.deaf_until = now + self.deafness;
                    self.deafness = (self.deafness * 2).min(LONGEST_DEAFNESS);
                }
                lower
            }
            None if whole_second || agrees => {
                let ran = now - self.running_since.unwrap_or(now);
                let is_guess = served < FEW || ran * 2 < cycle;
                Some(Learned::new(measured, is_guess, now))
            }
            None => None,
        };
        self.served_early = (!whole_second).then_some(served);
        self.refused_at = Some(now);
        self.pause();
    }

    /// Measures anew: a refusal or a loss has made all calls wait.
    pub(super) fn pause(&mut self) {
        self.running_since = None;
        self.served_since_refusal = 0;
        self.started_since_refusal = 0;
    }
}

fn alike(one: u32, other: u32) -> bool {
    one.abs_diff(other) <= (one.max(other) / 5).max(1)
}

impl Learned {
    /// So many were served per second.
    fn new(served: f64, is_guess: bool, since: Millis) -> Self {
        let (good_steps, patience) = if is_guess { (i32::MAX, SHORT_PATIENCE) } else { (0, FIRST_PATIENCE) };
        let per_second = served.max(1.0) * KEPT;
        Self { per_second, held: per_second, before: None, refused: None, good_steps, patience, since }
    }

    /// A rate that was served for long enough is exceeded a little.
    fn step_up(&mut self, served: f64, running_since: Millis, now: Millis) {
        if self.refused.is_some_and(|refused| self.per_second >= refused * NEAR) {
            // The last step towards it is still being tried.
            self.refused = None;
        }
        let patience = if self.refused.is_some() { LEAST_PATIENCE } else { self.patience };
        if now < self.since.max(running_since) + patience {
            return;
        }
        let next = if let Some(refused) = self.refused {
            f64::midpoint(self.per_second, refused)
        } else {
            if self.before.is_some() {
                self.good_steps = self.good_steps.saturating_add(1);
            }
            // What it allowed beyond what was made use of is not proven.
            self.held = self.per_second.min(served);
            let doublings = (self.good_steps - 2).clamp(0, 10);
            if doublings > 0 {
                self.patience = (self.patience / 2).max(LEAST_PATIENCE.min(self.patience));
            }
            self.per_second * (1.0 + (STEP * 2.0_f64.powi(doublings)).min(LARGEST_STEP))
        };
        self.before = Some(std::mem::replace(&mut self.per_second, next));
        self.since = now;
    }

    /// The rate was refused, after so many per second were served. Nothing, if it seems not to be the rate.
    fn step_down(self, served: f64, now: Millis) -> Option<Self> {
        let steady = Self { before: None, refused: None, good_steps: 0, since: now, ..self };
        let Some(before) = self.before else {
            let refused = served.min(self.per_second);
            let per_second = refused * CUT;
            let patience = self.patience.max(PATIENCE);
            let is_chance = per_second < self.held * BY_CHANCE;
            return (!is_chance).then_some(Self { per_second, refused: Some(refused), patience, ..steady });
        };
        let patience = if self.patience < LEAST_PATIENCE {
            LEAST_PATIENCE
        } else {
            (self.patience * 2).clamp(PATIENCE, MOST_PATIENCE)
        };
        Some(Self { per_second: before, patience, ..steady })
    }
}

const SLOTS: usize = 50;
const SLOT: Millis = SECOND / SLOTS as Millis;

/// How many requests were served in the last second, counted in fiftieths of a second.
#[derive(Debug)]
struct Served {
    counts: [u32; SLOTS],
    /// The latest slot, counted from the clock's zero.
    latest: Millis,
}

impl Default for Served {
    fn default() -> Self {
        Self { counts: [0; SLOTS], latest: 0 }
    }
}

impl Served {
    fn add(&mut self, now: Millis) {
        self.turn_to(now);
        if let Some(count) = self.counts.get_mut(self.latest as usize % SLOTS) {
            *count += 1;
        }
    }

    fn in_last_second(&mut self, now: Millis) -> u32 {
        self.turn_to(now);
        self.counts.iter().sum()
    }

    fn turn_to(&mut self, now: Millis) {
        let slot = now / SLOT;
        let passed = slot.saturating_sub(self.latest);
        if passed >= SLOTS as Millis {
            self.counts = [0; SLOTS];
        } else {
            for old in self.latest + 1..=slot {
                self.counts[old as usize % SLOTS] = 0;
            }
        }
        self.latest = self.latest.max(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_limit_nothing_waits() {
        let mut rate = Rate::new(0.0);
        rate.started(5);
        assert!(rate.next_start() <= 5);
    }

    #[test]
    fn starts_keep_their_distance_and_idle_time_is_not_saved_up() {
        let mut rate = Rate::new(3.0);
        let mut now = 1000;
        let mut starts = Vec::new();
        for _ in 0..7 {
            now = rate.next_start().max(now);
            rate.started(now);
            starts.push(now);
        }
        assert_eq!(starts, [1000, 1334, 1667, 2000, 2334, 2667, 3000]);
        rate.started(9000);
        assert_eq!(rate.next_start(), 9334);
    }

    #[test]
    fn the_last_second_is_counted() {
        let mut served = Served::default();
        for now in (0..2000).step_by(10) {
            served.add(now);
        }
        assert_eq!(served.in_last_second(1999), 100);
        assert_eq!(served.in_last_second(2499), 50);
        assert_eq!(served.in_last_second(9000), 0);
    }

    /// Serves `per_second` requests evenly for some seconds, with a refusal at the end.
    fn serve(rate: &mut Rate, from: Millis, seconds: u64, per_second: u64) -> Millis {
        for request in 0..seconds * per_second {
            let now = from + request * SECOND / per_second;
            rate.started(now);
            rate.served(now, now);
        }
        let end = from + seconds * SECOND;
        rate.refused(end);
        end
    }

    #[test]
    fn a_measured_second_is_kept_to_and_exceeded_later_with_growing_patience() {
        let mut rate = Rate::new(0.0);
        let end = serve(&mut rate, 1000, 2, 50);
        let learned = rate.learned.unwrap();
        assert!((47.0..50.0).contains(&learned.per_second), "{learned:?}");
        rate.started(end + SECOND);
        for request in 0..50 {
            rate.served(end, end + FIRST_PATIENCE + request * 20);
        }
        rate.started(end + SECOND + FIRST_PATIENCE);
        let tried = rate.learned.unwrap();
        assert_eq!(tried.per_second, learned.per_second * (1.0 + STEP));
        rate.served(end + SECOND, end + SECOND + 50);
        rate.refused(end + SECOND + FIRST_PATIENCE + 100);
        let after = rate.learned.unwrap();
        assert_eq!((after.per_second, after.patience), (learned.per_second, PATIENCE));
    }

    #[test]
    fn steps_that_go_well_grow() {
        let mut rate = Rate::new(0.0);
        let mut now = serve(&mut rate, 1000, 2, 50);
        let before = rate.learned.unwrap().per_second;
        for _ in 0..120 {
            for _ in 0..100 {
                now += SECOND / 100;
                rate.started(now);
                rate.served(now, now);
            }
        }
        assert!(rate.learned.unwrap().per_second > 2.0 * before, "{:?}", rate.learned);
    }

    #[test]
    fn early_refusals_teach_only_if_they_agree() {
        let after = |counts: [Millis; 2]| {
            let mut rate = Rate::new(0.0);
            for (round, count) in counts.into_iter().enumerate() {
                let now = 1000 + round as Millis * SECOND;
                for request in 0..count {
                    rate.started(now + request);
                    rate.served(now + request, now + request);
                }
                rate.refused(now + 900);
            }
            rate.learned.map(|learned| learned.per_second.round())
        };
        assert_eq!(after([50, 48]), Some(46.0));
        assert_eq!(after([50, 7]), None);
    }
}
