//! What a run has done so far, in numbers.

use super::Millis;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that are done.
    pub succeeded: usize,
    /// Rows that have ended otherwise.
    pub failed: usize,
    /// Requests sent, those of readings and of further pages among them.
    pub sent: usize,
    /// Of these, requests that were sent again.
    pub retried: usize,
    /// Answers by which 3CX asked for fewer requests.
    pub throttled: usize,
}

impl Tally {
    /// The run in one sentence.
    pub fn summary(&self, rows: usize, took: Millis) -> String {
        let Self { succeeded, failed, sent, retried, throttled } = self;
        let mut text = format!("{succeeded} of {rows} rows are done");
        if *failed > 0 {
            text.push_str(&format!(", {failed} are not"));
        }
        text.push_str(&format!(": {sent} requests in {:.1} s", took as f64 / 1000.0));
        if *retried > 0 {
            text.push_str(&format!(", {retried} of them sent again"));
        }
        if *throttled > 0 {
            text.push_str(&format!("; 3CX asked {throttled} times to slow down"));
        }
        text.push('.');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_happened_is_told() {
        let smooth = Tally { succeeded: 3, sent: 5, ..Tally::default() };
        assert_eq!(smooth.summary(3, 1250), "3 of 3 rows are done: 5 requests in 1.2 s.");
        let rough = Tally { succeeded: 1, failed: 2, sent: 9, retried: 4, throttled: 3 };
        assert_eq!(
            rough.summary(3, 60_000),
            "1 of 3 rows are done, 2 are not: 9 requests in 60.0 s, 4 of them sent again; 3CX asked 3 times to slow down."
        );
    }
}
