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
        self.0.iter().any(may_be(call))
    }

    /// Whether one of them is this call, most likely; that one is no other call then. The latest calls come first.
    pub fn take(&mut self, call: &Call) -> bool {
        let may_be = may_be(call);
        let is_near = |active: &Value| is_within(call, moment_of(active, "EstablishedAt"), LONGEST_RING);
        let found = self.0.iter().position(|active| may_be(active) && is_near(active));
        found.map(|at| self.0.swap_remove(at)).is_some()
    }
}

fn may_be(call: &Call) -> impl Fn(&Value) -> bool {
    let outside = call.outside();
    move |active| match &outside {
        Some(number) => {
            let names = |side: &&str| digits(active[*side].as_str().unwrap_or_default()).contains(number);
            ["Caller", "Callee"].iter().any(names)
        }
        None => is_within(call, began(active), MINUTE),
    }
}

/// Whether it began while the call was going on, or so long after its last leg, as far as the times are told.
fn is_within(call: &Call, began: Option<Moment>, after: Moment) -> bool {
    let times = began.zip(call.start().zip(call.end()));
    times.is_none_or(|(began, (start, end))| (start - MINUTE..=end + after).contains(&began))
}

fn began(active: &Value) -> Option<Moment> {
    moment_of(active, "EstablishedAt").or_else(|| moment_of(active, "LastChangeStatus"))
}

fn moment_of(active: &Value, name: &str) -> Option<Moment> {
    moment(active[name].as_str()?)
}
