//! Limits on requests at once and per second. Assumed: the real system was never seen to give 429.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;

use crate::answer::Answer;
use crate::switches::Switches;

const WINDOW: Duration = Duration::from_secs(1);

/// Remembers the admissions of the last second.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    admitted: VecDeque<Instant>,
}

impl Throttle {
    /// The refusal of a request that is one too many. `in_flight` counts the request itself.
    pub(crate) fn refuse(&mut self, switches: &Switches, in_flight: u64, now: Instant) -> Option<Answer> {
        if switches.max_concurrent > 0 && in_flight > switches.max_concurrent {
            return Some(Answer::empty(StatusCode::TOO_MANY_REQUESTS));
        }
        if switches.rate_limit_per_s == 0 {
            return None;
        }
        while self.admitted.front().is_some_and(|at| now.duration_since(*at) >= WINDOW) {
            self.admitted.pop_front();
        }
        if self.admitted.len() as u64 >= switches.rate_limit_per_s {
            return Some(Answer::empty(StatusCode::TOO_MANY_REQUESTS).header(RETRY_AFTER, "1"));
        }
        self.admitted.push_back(now);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admits_again_when_the_second_is_over() {
        let switches = Switches { rate_limit_per_s: 2, ..Switches::default() };
        let start = Instant::now();
        let mut throttle = Throttle::default();
        let mut refused = |ms| throttle.refuse(&switches, 1, start + Duration::from_millis(ms)).is_some();
        assert_eq!([refused(0), refused(500), refused(900)], [false, false, true]);
        assert_eq!([refused(1000), refused(1100), refused(1500)], [false, true, false]);
    }
}
