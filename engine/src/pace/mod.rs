//! When the next request may start: a [`Pace`] decides how many may be under way and how many may start per second.
//!
//! [`Adaptive`] finds both out from the answers, below the limits that the person set. docs/pace.md has the whole picture and
//! every constant.

mod adaptive;
mod concurrency;
#[cfg(test)]
mod fixed;
mod rate;

pub use adaptive::Adaptive;

use crate::{Millis, Sign};

/// Decides when requests start. It is told of each that does, and of each that ends.
pub trait Pace {
    /// How many requests may be under way.
    fn limit(&self) -> usize;

    /// The earliest time that the next request may start at.
    fn next_start(&self) -> Millis;

    /// A request starts; `in_flight` counts it.
    fn started(&mut self, now: Millis, in_flight: usize);

    /// A request has come to its end.
    fn finished(&mut self, request: Finished, now: Millis);

    /// How long requests take at present, in milliseconds; 0 as long as that is not known.
    fn latency(&self) -> Millis;
}

/// A request that has come to its end.
#[derive(Clone, Copy, Debug)]
pub struct Finished {
    pub sign: Sign,
    pub sent: Millis,
    /// How many requests were under way when it started, itself among them.
    pub at_once: usize,
    /// The same once all that left in the same breath were sent.
    pub together: usize,
}

/// Starts that keep their distance.
#[derive(Debug, Default)]
struct Spacing {
    /// In fractions of a millisecond, so that rates come out exactly.
    next_start: f64,
}

impl Spacing {
    fn next_start(&self) -> Millis {
        self.next_start.ceil() as Millis
    }

    /// A request starts, and the next one this many milliseconds later.
    fn started(&mut self, now: Millis, interval: f64) {
        // What rounding up to whole milliseconds costs is not lost.
        let on_time = now as f64 - self.next_start < 1.0;
        self.next_start = if on_time { self.next_start } else { now as f64 } + interval;
    }
}

/// Milliseconds between two starts at so many per second; 0 or less means no limit.
fn interval(per_second: f64) -> f64 {
    if per_second > 0.0 { 1000.0 / per_second } else { 0.0 }
}

#[cfg(test)]
mod tests;
