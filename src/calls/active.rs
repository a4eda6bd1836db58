//! Calls under way. The PBX gives no id that both they and the call log have.

use serde_json::Value;

use super::moment::{MINUTE, Moment, moment};
use super::{Call, digits};

/// From the last leg of a call to the next one, at most.
const LONGEST_RING: Moment = 5 * MINUTE;

#[derive(Debug, Default)]
pub struct Active(Vec<Value>);

impl Active {
    pub fn new(rows: &[Value]) -> Self {
        Self(rows.to_vec())
    }

    /// Whether one of them may be this call: the caller's number tells, or the time where there is none.
    pub fn has(&self, call: &Call) -> bool {
        self.0.iter().any(|active| may_be(active, call))
    }

    /// Whether one of them is this call, most likely; that one is no other call then. The latest calls come first.
    pub fn take(&mut self, call: &Call) -> bool {
        let is_near = |active: &Value| {
            let times = moment_of(active, "EstablishedAt").zip(call.start().zip(call.end()));
            times.is_none_or(|(began, (start, end))| (start - MINUTE..=end + LONGEST_RING).contains(&began))
        };
        let found = self.0.iter().position(|active| may_be(active, call) && is_near(active));
        found.map(|at| self.0.swap_remove(at)).is_some()
    }
}

fn may_be(active: &Value, call: &Call) -> bool {
    let names = |digits_of: &str| {
        ["Caller", "Callee"].iter().any(|side| digits(active[side].as_str().unwrap_or_default()).contains(digits_of))
    };
    match call.outside() {
        Some(number) => names(&number),
        None => began(active)
            .zip(call.start().zip(call.end()))
            .is_none_or(|(began, (start, end))| (start - MINUTE..=end + MINUTE).contains(&began)),
    }
}

fn began(active: &Value) -> Option<Moment> {
    moment_of(active, "EstablishedAt").or_else(|| moment_of(active, "LastChangeStatus"))
}

fn moment_of(active: &Value, name: &str) -> Option<Moment> {
    moment(active[name].as_str()?)
}
