//! Calls that have ended.
//!
//! The call log has a row for each leg, which may be written only when the leg ends, with the time at which it started: a
//! long call turns up far back. So each look reads as far back as a call may have begun, and remembers which ones it has
//! told of. A call has ended if no call under way has its number, and two looks some time apart find the same legs.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::options::Options;
use super::reading::{Desk, Reading};
use super::{Found, LONGEST_PAUSE};
use crate::calls::active::Active;
use crate::calls::moment::{DAY, HOUR, Moment, SECOND, moment};
use crate::calls::{Call, group};

/// What is known of calls.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ended {
    /// When the last look was, by this machine's clock.
    last: Moment,
    /// Nothing before it is told, by the PBX's clock.
    floor: Moment,
    /// Calls that may go on: how many legs they had, and since when.
    waiting: BTreeMap<String, (usize, Moment)>,
    /// Calls that were told, with their end in seconds.
    pub(super) told: BTreeMap<String, Moment>,
}

/// Two looks at the same legs have to be so far apart.
const QUIET: Moment = 20 * SECOND;
/// The PBX's clock may be so far behind, or ahead.
const SKEW: Moment = HOUR;
/// The report is asked for so long a period at once: 3CX gives no more than 20,000 legs of one.
const PERIOD: Moment = 6 * HOUR;
/// So many calls are remembered. If there are more, it does not look as far back.
const MOST_TOLD: usize = 10_000;
const MOST_WAITING: usize = 2_000;

/// The calls that have ended since the last look, earliest first. The first look tells of none.
pub(super) fn since(
    known: Option<Ended>,
    options: &Options,
    now: Moment,
    desk: &mut Desk<'_>,
) -> Found<(Vec<Call>, Ended)> {
    // A clock that was set back by much leaves nothing to go by.
    let known = known.filter(|known| known.last < now + DAY);
    let is_first = known.is_none();
    let mut state = known.unwrap_or(Ended { last: now, ..Ended::default() });
    state.last = state.last.max(now - LONGEST_PAUSE);
    let reach = options.longest_call + SKEW;
    let from = (state.last - reach).max(state.floor);
    // First: what is no longer under way has its legs in the log.
    let active =
        Active::new(desk.read(Reading::new("Active Calls", "List Active Call", json!({ "returnAll": true })))?);
    // Later looks read from where the one before has; the first one must not take the end of a call for the whole.
    let calls = within(if is_first { from - options.longest_call } else { from }, now, desk)?;
    let mut waiting = BTreeMap::new();
    let mut ended = Vec::new();
    for call in calls {
        let key = key(call.id());
        // A leg that is written later started before it.
        let end = call.end().unwrap_or(from) / SECOND;
        if let Some(told) = state.told.get_mut(&key) {
            *told = (*told).max(end);
            continue;
        }
        let is_active = active.has(&call);
        // The next look may not see its first legs any more.
        let is_leaving = call.start().is_some_and(|start| start < state.last.max(now) - reach);
        let (legs, since) = state.waiting.get(&key).copied().unwrap_or((0, now));
        let is_quiet = legs == call.size() && now - since >= QUIET;
        let is_over = is_leaving || (!is_active && (is_quiet || is_first));
        if !is_over {
            if waiting.len() < MOST_WAITING {
                let since = if legs == call.size() && !is_active { since } else { now };
                waiting.insert(key, (call.size(), since));
            }
            continue;
        }
        state.told.insert(key, end);
        if !is_first && end * SECOND >= now - LONGEST_PAUSE {
            ended.push(call);
        }
    }
    state.waiting = waiting;
    state.last = state.last.max(now);
    state.floor = from;
    state.forget();
    Ok((ended, state))
}

impl Ended {
    /// Forgets calls that cannot turn up again.
    fn forget(&mut self) {
        if self.told.len() > MOST_TOLD {
            let mut ends: Vec<Moment> = self.told.values().copied().collect();
            ends.sort_unstable();
            self.floor = self.floor.max((ends[ends.len() - MOST_TOLD] + 1) * SECOND);
        }
        let floor = self.floor / SECOND;
        self.told.retain(|_, end| *end >= floor);
    }
}

/// The calls with legs that started since.
pub(super) fn within(from: Moment, now: Moment, desk: &mut Desk<'_>) -> Found<Vec<Call>> {
    let end = now + SKEW;
    let mut rows: Vec<Value> = Vec::new();
    let mut start = from;
    while start < end {
        let next = if end - start > PERIOD + HOUR { start + PERIOD } else { end };
        rows.extend_from_slice(desk.read(Reading::call_log(start, next))?);
        // Whether a period has its own end is not known; a leg that comes twice counts once.
        start = if next == end { end } else { next - SECOND };
    }
    // Legs from before may have been told, and forgotten.
    rows.retain(|row| row["StartTime"].as_str().and_then(moment).is_none_or(|start| start >= from));
    Ok(group(&rows))
}

/// Enough of a call's id to tell it from all others.
fn key(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(id)[..9])
}
