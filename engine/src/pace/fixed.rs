//! The pace that learns nothing, which the other one is measured against.

use super::{Finished, Pace, Spacing, interval};
use crate::Millis;

/// Keeps to given numbers.
#[derive(Debug)]
pub(super) struct Fixed {
    at_once: usize,
    interval: f64,
    spacing: Spacing,
}

impl Fixed {
    /// `at_once`: requests under way. `per_second`: requests started per second; 0 or less means no limit.
    pub(super) fn new(at_once: usize, per_second: f64) -> Self {
        Self { at_once, interval: interval(per_second), spacing: Spacing::default() }
    }
}

impl Pace for Fixed {
    fn limit(&self) -> usize {
        self.at_once
    }

    fn next_start(&self) -> Millis {
        self.spacing.next_start()
    }

    fn started(&mut self, now: Millis, _in_flight: usize) {
        self.spacing.started(now, self.interval);
    }

    fn finished(&mut self, _request: Finished, _now: Millis) {}

    fn latency(&self) -> Millis {
        0
    }
}
