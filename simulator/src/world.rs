//! The whole state of the simulated PBX, behind one lock.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use tokio::sync::Notify;

use crate::answer::Answer;
use crate::call::Call;
use crate::crm::Crm;
use crate::digest::digest;
use crate::directory::Directory;
use crate::fault::{Fault, Faults};
use crate::log::{Log, RowKey};
use crate::store::Store;
use crate::switches::Switches;
use crate::throttle::Throttle;
use crate::tokens::Tokens;

/// The state, shared by all connections.
#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    /// Told when an outage begins.
    pub(crate) outage_begins: Notify,
}

impl Shared {
    pub(crate) fn new(switches: Switches) -> Self {
        Self { world: Mutex::new(World::new(switches)), outage_begins: Notify::new() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state of the PBX.
#[derive(Debug)]
pub(crate) struct World {
    at_start: Switches,
    pub(crate) switches: Switches,
    pub(crate) tokens: Tokens,
    pub(crate) directory: Directory,
    pub(crate) store: Store,
    /// The CRM template in use.
    pub(crate) crm: Option<Crm>,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    throttle: Throttle,
    arrivals: u64,
    failed_log_ins: u64,
    outage_until: Option<Instant>,
}

/// A request that was let in and written down.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) row: RowKey,
    pub(crate) fault: Option<Fault>,
    /// The refusal that is already certain: too many requests, or blocked.
    pub(crate) refusal: Option<Answer>,
    /// How long the answer takes.
    pub(crate) delay: Duration,
}

impl World {
    fn new(switches: Switches) -> Self {
        let started = Instant::now();
        Self {
            at_start: switches.clone(),
            tokens: Tokens::default(),
            directory: Directory::new(switches.groups),
            store: Store::default(),
            crm: None,
            faults: Faults::default(),
            log: Log::new(started),
            throttle: Throttle::default(),
            arrivals: 0,
            failed_log_ins: 0,
            outage_until: None,
            switches,
        }
    }

    /// Back to the start. Requests under way are still counted as such.
    pub(crate) fn reset(&mut self) {
        let fresh = Self::new(self.at_start.clone());
        let mut log = std::mem::replace(&mut self.log, Log::new(Instant::now()));
        log.clear();
        *self = Self { log, ..fresh };
    }

    /// Puts other switches in force.
    pub(crate) fn switch(&mut self, switches: Switches) {
        if switches.groups != self.switches.groups {
            self.directory = Directory::new(switches.groups);
        }
        if switches.static_token != self.switches.static_token {
            self.tokens.renew_static();
        }
        self.switches = switches;
    }

    /// Lets a request in: everything that is decided before any work is done.
    pub(crate) fn arrive(&mut self, call: &Call, now: Instant) -> Arrival {
        self.arrivals += 1;
        let fault = self.faults.meet(call);
        let row = self.log.open(call, fault.as_ref().map(Fault::kind), now);
        let throttled = self.throttle.refuse(&self.switches, self.log.in_flight(), now);
        let delay = if throttled.is_some() { Duration::ZERO } else { self.delay() };
        if fault == Some(Fault::ExpireToken {}) {
            self.tokens.end_all();
        }
        Arrival { row, fault, refusal: throttled.or_else(|| self.blocked()), delay }
    }

    /// Counts a log-in, for the log and for the block.
    pub(crate) fn count_log_in(&mut self, ok: bool) {
        self.log.count_log_in(ok);
        if !ok {
            self.failed_log_ins += 1;
        }
    }

    /// Begins an outage.
    pub(crate) fn begin_outage(&mut self, length: Duration, now: Instant) {
        self.outage_until = Some(now + length);
    }

    pub(crate) fn is_out(&self, now: Instant) -> bool {
        self.outage_until.is_some_and(|until| until > now)
    }

    fn blocked(&self) -> Option<Answer> {
        let limit = self.switches.block_after_failed_log_ins;
        (limit > 0 && self.failed_log_ins >= limit)
            .then(|| Answer::bare(StatusCode::FORBIDDEN, self.switches.error_body))
    }

    fn delay(&self) -> Duration {
        let jitter = digest(&self.arrivals.to_be_bytes()) % (self.switches.jitter_ms.saturating_add(1)).max(1);
        Duration::from_millis(self.switches.latency_ms.saturating_add(jitter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_added_to_latency_and_differs() {
        let mut world = World::new(Switches { latency_ms: 100, jitter_ms: 60, ..Switches::default() });
        let delays: Vec<_> = (0..50)
            .map(|arrival| {
                world.arrivals = arrival;
                world.delay().as_millis()
            })
            .collect();
        assert!(delays.iter().all(|delay| (100..=160).contains(delay)), "{delays:?}");
        let (least, most) = (delays.iter().min().unwrap(), delays.iter().max().unwrap());
        assert!(most - least > 40, "{delays:?}");
    }
}
