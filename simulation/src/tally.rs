//! What came up over many runs: a simulation in which nothing happens would find nothing.

use std::collections::BTreeMap;
use std::fmt;

/// Everything that must come up. Nothing else may be counted, so that this list stays complete.
const KINDS: &[&str] = &[
    // What was run.
    "replace",
    "get",
    "get by number",
    "get many",
    "get many with a limit",
    "create",
    "update",
    "update by number",
    "update with If-Match",
    "delete",
    "action",
    "options that are not clear",
    "groups without a number of their own",
    // What became of rows.
    "done",
    "dry run",
    "repeated",
    "done before",
    "in doubt",
    "notSent",
    "refused",
    "unknown",
    "skipped",
    // What went wrong.
    "connection refused",
    "no connection",
    "TLS broke down",
    "odd status",
    "reset before it was carried out",
    "reset after it was carried out",
    "429 with Retry-After",
    "429 without Retry-After",
    "5xx with Retry-After",
    "5xx without Retry-After",
    "web page with an error",
    "web page in place of a success",
    "text in place of a success",
    "another JSON in place of a success",
    "cut body",
    "truncated JSON",
    "slow answer",
    "answer after the timeout",
    "no answer",
    "403",
    "token killed",
    "answered with 401",
    // What else happened.
    "calm run",
    "outage",
    "log-in",
    "log-in renewed",
    "log-in refused",
    "log-in unanswered",
    "slow log-in",
    "stored token looked at",
    "stored token adopted",
    "cancelled",
    "stopped at a failed row",
    "ended at its deadline",
    "sent again",
    "given up at its timeout",
    "clock jumped",
    "done again",
    "memory failed",
    "memory written over",
];

/// How often each of them came up.
#[derive(Clone, Debug, Default)]
pub struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    pub(crate) fn count(&mut self, kind: &'static str) {
        *self.0.entry(kind).or_default() += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (kind, times) in &other.0 {
            *self.0.entry(kind).or_default() += times;
        }
    }

    /// What hardly came up in so many runs, and what is counted without being expected.
    pub fn missing(&self, runs: u64) -> Vec<&'static str> {
        let hardly = |kind: &&&str| self.0.get(**kind).copied().unwrap_or_default() < (runs / 100).max(1);
        let unlisted = self.0.keys().filter(|kind| !KINDS.contains(kind));
        KINDS.iter().filter(hardly).chain(unlisted).copied().collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed: Vec<_> = self.0.iter().map(|(kind, times)| format!("{kind} {times}")).collect();
        formatter.write_str(&listed.join(", "))
    }
}
