//! When the next request may start.

use super::Millis;

/// Keeps to a number of requests per second, and to the pauses that the PBX asks for.
#[derive(Debug)]
pub struct Pace {
    /// Milliseconds between two starts; 0 without a limit.
    interval: f64,
    /// Earliest start of the next request, in fractions of a millisecond so that rates come out exactly.
    next_start: f64,
    paused_until: Millis,
}

impl Pace {
    /// `per_second`: requests started per second; 0 or less means no limit.
    pub fn new(per_second: f64) -> Self {
        let interval = if per_second > 0.0 { 1000.0 / per_second } else { 0.0 };
        Self { interval, next_start: 0.0, paused_until: 0 }
    }

    /// When to ask again, where nothing may start now.
    pub fn wait_until(&self, now: Millis) -> Option<Millis> {
        let until = self.paused_until.max(self.next_start.ceil() as Millis);
        (until > now).then_some(until)
    }

    /// A request starts.
    pub fn started(&mut self, now: Millis) {
        // What rounding up to whole milliseconds costs is not lost.
        let on_time = now as f64 - self.next_start < 1.0;
        self.next_start = if on_time { self.next_start } else { now as f64 } + self.interval;
    }

    /// Nothing starts before this time.
    pub fn pause_until(&mut self, until: Millis) {
        self.paused_until = self.paused_until.max(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_limit_nothing_waits() {
        let mut pace = Pace::new(0.0);
        pace.started(5);
        assert_eq!(pace.wait_until(5), None);
    }

    #[test]
    fn starts_keep_their_distance_and_idle_time_is_not_saved_up() {
        let mut pace = Pace::new(3.0);
        let mut now = 1000;
        let mut starts = Vec::new();
        for _ in 0..7 {
            now = pace.wait_until(now).unwrap_or(now);
            pace.started(now);
            starts.push(now);
        }
        assert_eq!(starts, [1000, 1334, 1667, 2000, 2334, 2667, 3000]);
        pace.started(9000);
        assert_eq!(pace.wait_until(9000), Some(9334));
    }

    #[test]
    fn a_pause_holds_and_never_shortens() {
        let mut pace = Pace::new(0.0);
        pace.pause_until(500);
        pace.pause_until(200);
        assert_eq!(pace.wait_until(499), Some(500));
        assert_eq!(pace.wait_until(500), None);
    }
}
