//! The log: what was asked, what was answered, and how many requests were at work at once.

use std::time::Instant;

use serde::Serialize;
use serde_json::Value;

use crate::call::Call;
use crate::digest::fingerprint;

/// One request to the PBX.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// Position in the log, from 1.
    n: usize,
    /// Arrival, in milliseconds since the simulator started.
    at_ms: u128,
    method: String,
    path: String,
    query: String,
    /// Status of the answer; null while it is under way and where the connection broke instead.
    status: Option<u16>,
    /// The request's body; the client secret is masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
    /// Fingerprint of the bearer token.
    bearer: Option<String>,
    /// Whether a replacement was carried out and changed a group; null where none was asked for.
    applied: Option<bool>,
    /// Kind of the fault that was played, if any.
    fault: Option<&'static str>,
    /// Milliseconds from arrival to answer; null while it is under way.
    ms: Option<u128>,
    /// Requests at work when this one arrived, itself included.
    peak: u64,
}

/// Where a row is: rows of a log that was cleared are not found any more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowKey {
    generation: u64,
    index: usize,
}

/// How a request ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) status: Option<u16>,
    pub(crate) applied: Option<bool>,
}

#[derive(Debug, Default, Clone, Copy, Serialize)]
struct LogIns {
    ok: u64,
    failed: u64,
}

/// All requests since the start or the last clearing.
#[derive(Debug)]
pub(crate) struct Log {
    started: Instant,
    generation: u64,
    rows: Vec<Row>,
    in_flight: u64,
    max_in_flight: u64,
    log_ins: LogIns,
}

/// The log as the control API shows it.
#[derive(Serialize)]
pub(crate) struct LogView<'a> {
    requests: &'a [Row],
    max_in_flight: u64,
    log_ins: LogIns,
}

impl Log {
    pub(crate) fn new(started: Instant) -> Self {
        Self { started, generation: 0, rows: Vec::new(), in_flight: 0, max_in_flight: 0, log_ins: LogIns::default() }
    }

    /// Writes an arrival down.
    pub(crate) fn open(&mut self, call: &Call, fault: Option<&'static str>, now: Instant) -> RowKey {
        self.in_flight += 1;
        self.max_in_flight = self.max_in_flight.max(self.in_flight);
        self.rows.push(Row {
            n: self.rows.len() + 1,
            at_ms: now.duration_since(self.started).as_millis(),
            method: call.method.to_string(),
            path: call.path.clone(),
            query: call.query.clone(),
            status: None,
            body: call.body_for_log(),
            bearer: call.bearer().map(fingerprint),
            applied: None,
            fault,
            ms: None,
            peak: self.in_flight,
        });
        RowKey { generation: self.generation, index: self.rows.len() - 1 }
    }

    /// Writes the end of a request down.
    pub(crate) fn close(&mut self, key: RowKey, end: End, now: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if key.generation != self.generation {
            return;
        }
        if let Some(row) = self.rows.get_mut(key.index) {
            row.status = end.status;
            row.applied = end.applied;
            row.ms = Some(now.duration_since(self.started).as_millis().saturating_sub(row.at_ms));
        }
    }

    /// Counts a log-in.
    pub(crate) fn count_log_in(&mut self, ok: bool) {
        if ok {
            self.log_ins.ok += 1;
        } else {
            self.log_ins.failed += 1;
        }
    }

    /// Requests at work now.
    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// Forgets rows and counters; requests under way are still counted as such.
    pub(crate) fn clear(&mut self) {
        self.generation += 1;
        self.rows = Vec::new();
        self.max_in_flight = self.in_flight;
        self.log_ins = LogIns::default();
    }

    pub(crate) fn view(&self) -> LogView<'_> {
        LogView { requests: &self.rows, max_in_flight: self.max_in_flight, log_ins: self.log_ins }
    }
}
