//! How long to wait before a call is sent again.

use super::Millis;

/// How often one call is sent at most.
pub(super) const MAX_TRIES: u32 = 5;

/// Milliseconds before the second try; doubled with each further one.
const FIRST_DELAY: Millis = 500;
const LONGEST_DELAY: Millis = 30_000;
/// The longest `Retry-After` that is honored, in milliseconds.
const LONGEST_RETRY_AFTER: Millis = 60_000;

/// Between two looks at a token that others renew too: longer than a log-in takes, and different for each of them.
const SHORTEST_LOOK: Millis = 100;
const LONGEST_LOOK: Millis = 400;

/// Exponential backoff with jitter, or what the server asks for.
#[derive(Debug)]
pub(super) struct Backoff {
    state: u64,
}

impl Backoff {
    /// The same seed gives the same delays.
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// `tries`: how often the call was sent so far, at least once.
    pub(super) fn delay(&mut self, tries: u32, retry_after: Option<Millis>) -> Millis {
        // Seconds are rounded, and clocks differ: that nothing is left to wait tells nothing.
        if let Some(asked) = retry_after.filter(|asked| *asked > 0) {
            return asked.min(LONGEST_RETRY_AFTER);
        }
        let full = FIRST_DELAY.saturating_mul(1 << tries.saturating_sub(1).min(10)).min(LONGEST_DELAY);
        full / 2 + self.random() % (full / 2 + 1)
    }

    /// How long to wait before a token that others may be renewing is looked at again.
    pub(super) fn look(&mut self) -> Millis {
        SHORTEST_LOOK + self.random() % (LONGEST_LOOK - SHORTEST_LOOK)
    }

    /// SplitMix64: enough for jitter.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_with_jitter_up_to_a_bound() {
        let mut backoff = Backoff::new(7);
        for (tries, full) in [(1, 500), (2, 1000), (3, 2000), (20, 30_000)] {
            let delays: Vec<_> = (0..50).map(|_| backoff.delay(tries, None)).collect();
            assert!(delays.iter().all(|delay| (full / 2..=full).contains(delay)), "{delays:?}");
            assert!(delays.iter().any(|delay| *delay != delays[0]));
        }
    }

    #[test]
    fn the_server_decides_within_reason() {
        let mut backoff = Backoff::new(7);
        assert_eq!(backoff.delay(1, Some(2500)), 2500);
        assert_eq!(backoff.delay(1, Some(3_600_000)), 60_000);
        assert!((1000..=2000).contains(&backoff.delay(3, Some(0))));
    }
}
