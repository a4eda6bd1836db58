//! What a run has done so far, in numbers.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that are done.
    pub succeeded: usize,
    /// Rows for which nothing was to be done, and those that were looked at only.
    pub skipped: usize,
    pub checked: usize,
    /// Rows that have ended otherwise.
    pub failed: usize,
    /// Requests sent, those of readings and of further pages among them.
    pub sent: usize,
    /// Of these, requests that were sent again.
    pub retried: usize,
    /// Answers that asked for fewer requests.
    pub throttled: usize,
}

impl Tally {
    /// Rows that have ended, in whatever way.
    pub fn ended(&self) -> usize {
        self.succeeded + self.skipped + self.checked + self.failed
    }
}
