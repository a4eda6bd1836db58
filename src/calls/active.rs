//! Calls under way. The PBX gives no id that both they and the call log have.

use serde_json::Value;

use super::moment::{MINUTE, Moment, real_moment};
use super::{Call, Direction, TELLING, digits};

/// From the last leg of a call to the next one, at most.
const LONGEST_RING: Moment = 5 * MINUTE;

#[derive(Debug, Default)]
pub struct Active(Vec<Value>);

impl Active {
    pub fn new(rows: &[Value]) -> Self {
        Self(rows.to_vec())
    }

    pub fn add(&mut self, rows: Vec<Value>) {
        self.0.extend(rows);
    }

    /// Whether one of them may be this call: the number of somebody outside tells, or the time where one of both has none.
    pub fn has(&self, call: &Call) -> bool {
        self.0.iter().any(may_be(call))
    }

    /// Whether one of them is this call, most likely: its times tell, too.
    pub fn has_still(&self, call: &Call) -> bool {
        self.likeliest(call).is_some()
    }

    /// The same; that one is no other call then. The latest calls come first.
    pub fn take(&mut self, call: &Call) -> bool {
        self.likeliest(call).map(|at| self.0.swap_remove(at)).is_some()
    }

    /// The place of the one that shows the call's number, else of one that may be it.
    fn likeliest(&self, call: &Call) -> Option<usize> {
        let (may_be, number) = (may_be(call), call.outside());
        let is_near = |active: &Value| is_within(call, began(active), LONGEST_RING);
        let shows = |active: &Value| {
            number.as_ref().is_some_and(|number| shown(active).iter().any(|side| side.contains(number)))
        };
        let near: Vec<usize> = (0..self.0.len()).filter(|at| may_be(&self.0[*at]) && is_near(&self.0[*at])).collect();
        near.iter().find(|at| shows(&self.0[**at])).or(near.first()).copied()
    }
}

fn sides(active: &Value) -> [&str; 2] {
    ["Caller", "Callee"].map(|side| active[side].as_str().unwrap_or_default())
}

fn shown(active: &Value) -> [String; 2] {
    sides(active).map(digits)
}

fn may_be(call: &Call) -> impl Fn(&Value) -> bool {
    let outside = call.outside();
    move |active| {
        let sides = sides(active);
        let shown = shown(active);
        match &outside {
            Some(number) if shown.iter().any(|side| side.len() >= TELLING) => {
                shown.iter().any(|side| side.contains(number))
            }
            // A trunk and a name may be all that is shown: `10000 Carl Caller`.
            Some(_) => sides.iter().any(|side| may_be_outside(call, side)) && is_within(call, began(active), MINUTE),
            None => may_be_hidden(call, sides) && is_within(call, began(active), MINUTE),
        }
    }
}

/// Whether a call without a number that tells may show these sides: nobody outside whose number is told, and of two
/// extensions one that took part.
fn may_be_hidden(call: &Call, [caller, callee]: [&str; 2]) -> bool {
    let is_told = |side: &str| numbers(side).any(|number| number.len() >= TELLING);
    match call.direction() {
        Direction::Inbound => !is_told(caller),
        Direction::Outbound => !is_told(callee),
        Direction::Internal => {
            let mut shown = numbers(caller).chain(numbers(callee)).peekable();
            let is_nobody = shown.peek().is_none();
            !is_told(caller) && !is_told(callee) && (is_nobody || shown.any(|number| call.has_extension(number)))
        }
    }
}

fn numbers(side: &str) -> impl Iterator<Item = &str> {
    side.split(|letter: char| !letter.is_ascii_digit()).filter(|number| !number.is_empty())
}

/// Whether a side of a call under way is not one of the PBX's own: two extensions that talk are no call of somebody outside.
fn may_be_outside(call: &Call, side: &str) -> bool {
    let Some(trunk) = call.trunk() else { return true };
    numbers(side).next().is_none() || numbers(side).any(|number| number == trunk)
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
    real_moment(active[name].as_str()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::calls::group;
    use crate::calls::testing::leg;

    fn missed() -> Call {
        group(&[leg("1", "c", "2026-11-03T09:00:00Z", json!({"RingingDuration": "PT20S"}))]).remove(0)
    }

    fn active(caller: &str, established: Value, changed: &str) -> Active {
        Active::new(&[
            json!({"Caller": caller, "Callee": "101 Ada", "EstablishedAt": established, "LastChangeStatus": changed}),
        ])
    }

    #[test]
    fn a_call_under_way_that_shows_no_number_is_told_by_its_time() {
        let at = |time: &str| active("10000 Carl Caller", json!(time), time).has(&missed());
        assert!(at("2026-11-03T09:00:30Z"), "it has been put through");
        assert!(!at("2026-11-03T10:00:00Z") && !at("2026-11-03T08:00:00Z"), "it is another one");
        let other = active("+49301234568 (10000)", json!("2026-11-03T09:00:30Z"), "2026-11-03T09:00:30Z");
        assert!(!other.has(&missed()), "a number that is shown tells");
        let during = |caller: &str| active(caller, json!("2026-11-03T09:00:30Z"), "").has(&missed());
        assert!(during("Carl Caller") && during("Carl (10000)") && !during("102 Bob"), "two extensions talk");
    }

    #[test]
    fn a_call_that_shows_another_number_is_no_hidden_one() {
        let of = |fields: Value| group(&[leg("1", "c", "2026-11-03T09:00:00Z", fields)]).remove(0);
        let hidden = of(json!({"SourceCallerId": "anonymous"}));
        let internal = of(json!({"Direction": "Internal", "SourceDn": "105", "SourceCallerId": "Ext.105"}));
        let outbound = of(json!({"Direction": "Outbound", "DestinationCallerId": "112", "DestinationDn": "10000"}));
        let shows = |call: &Call, caller: &str, callee: &str| {
            let at = "2026-11-03T09:00:10Z";
            Active::new(&[json!({"Caller": caller, "Callee": callee, "EstablishedAt": at})]).has(call)
        };
        let number = "+498912345678 (10000)";
        assert!(!shows(&hidden, number, "101 Ada") && !shows(&internal, number, "105 Carl"));
        assert!(shows(&hidden, "anonymous (10000)", "+491701234567 (10001)"), "it was sent on to somebody outside");
        assert!(!shows(&outbound, "105 Carl", number) && shows(&outbound, "105 Carl", "112 (10000)"));
        assert!(shows(&internal, "105 Carl", "102 Bob"), "it was put through");
        assert!(shows(&internal, "Carl", "Ada") && !shows(&internal, "106 Eve", "107 Dan"));
    }

    #[test]
    fn of_two_calls_under_way_the_one_with_the_number_is_taken() {
        let row =
            |caller: &str| json!({"Caller": caller, "Callee": "101 Ada", "EstablishedAt": "2026-11-03T09:00:10Z"});
        let mut active = Active::new(&[row("10000 Carl Caller"), row("+49301234567 (10000)")]);
        assert!(active.take(&missed()) && active.0 == [row("10000 Carl Caller")]);
    }

    #[test]
    fn a_caller_who_rings_again_hides_no_call_of_before() {
        for not_yet in [Value::Null, json!("0001-01-01T00:00:00Z")] {
            let ringing = |changed: &str| active("+49301234567 (10000)", not_yet.clone(), changed);
            assert!(!ringing("2026-11-06T09:00:00Z").take(&missed()));
            assert!(ringing("2026-11-03T09:00:10Z").take(&missed()));
        }
    }
}
