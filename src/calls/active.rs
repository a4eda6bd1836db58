//! Calls under way. The PBX gives no id that both they and the call log have.

use serde_json::Value;

use super::moment::{HOUR, MINUTE, Moment, real_moment};
use super::{Call, Direction, Rule, TELLING, digits};

/// How long after its last leg in the log a call under way may have changed last: a leg may be written only when it ends. A
/// phone rings for minutes.
const LONGEST_RING: Moment = 5 * MINUTE;
/// Who was not answered may wait in a queue for hours.
const LONGEST_WAIT: Moment = 4 * HOUR;
/// Where only the time tells, others would hold up a call for as long.
const LONGEST_HIDDEN_WAIT: Moment = HOUR;

#[derive(Debug, Default)]
pub struct Active(Vec<Value>);

impl Active {
    pub fn new(rows: &[Value]) -> Self {
        Self(rows.to_vec())
    }

    pub fn add(&mut self, rows: Vec<Value>) {
        self.0.extend(rows);
    }

    /// The ID of each, and since when it has gone on, as far as both are told.
    pub fn since(&self) -> impl Iterator<Item = (i64, Moment)> {
        self.0.iter().filter_map(|active| Some((active["Id"].as_i64()?, changed(active)?)))
    }

    /// Whether one of them may be this call: the number of somebody outside tells, or the time where one of both has none.
    pub fn has(&self, call: &Call) -> bool {
        self.0.iter().filter_map(sign(call)).next().is_some()
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
        let sign = sign(call);
        let near =
            |active: &Value| sign(active).filter(|sign| *sign == Sign::Time || is_near(call, active, LONGEST_WAIT));
        let signs = (0..self.0.len()).filter_map(|at| near(&self.0[at]).map(|sign| (sign, at)));
        signs.min().map(|(_, at)| at)
    }
}

/// By what a call under way may be one of the log: the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    Number,
    Time,
}

fn sides(active: &Value) -> [&str; 2] {
    ["Caller", "Callee"].map(|side| active[side].as_str().unwrap_or_default())
}

fn shown(active: &Value) -> [String; 2] {
    sides(active).map(digits)
}

fn sign(call: &Call) -> impl Fn(&Value) -> Option<Sign> {
    let outside = call.outside();
    move |active| {
        let sides = sides(active);
        let shown = shown(active);
        let may_be = match &outside {
            Some(number) if shown.iter().any(|side| side.len() >= TELLING) => {
                return shown.iter().any(|side| side.contains(number)).then_some(Sign::Number);
            }
            // A trunk and a name may be all that is shown: `10000 Carl Caller`.
            Some(_) => sides.iter().any(|side| may_be_outside(call, side)),
            None => may_be_hidden(call, sides),
        };
        (may_be && is_near(call, active, LONGEST_HIDDEN_WAIT)).then_some(Sign::Time)
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

/// Whether its time, as far as it is told, is one at which the call was going on or, as far as the log has it, may have been: it
/// may have waited so long.
fn is_near(call: &Call, active: &Value, wait: Moment) -> bool {
    let after = if call.is_missed(Rule::Person) { wait } else { LONGEST_RING };
    let times = changed(active).zip(call.began().zip(call.end()));
    times.is_none_or(|(changed, (began, end))| (began - MINUTE..=end + after).contains(&changed))
}

fn changed(active: &Value) -> Option<Moment> {
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
    use crate::calls::testing::{answered, leg};

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
        assert!(at("2026-11-03T10:00:00Z"), "it has been put through after an hour in a queue");
        assert!(!at("2026-11-03T10:01:00Z") && !at("2026-11-03T08:00:00Z"), "it is another one");
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
    fn a_call_under_way_may_have_begun_before_the_first_leg_that_is_written() {
        // The queue picked up at 17:41; the first phone rang in vain at 17:50.
        let rang = leg("1", "00000000-01db-aef6-c109-60ec0000004c", "2025-04-16T17:50:00Z", json!({}));
        let active = active("+49301234567 (10000)", json!("2025-04-16T17:41:17Z"), "");
        assert!(active.has_still(&group(&[rang]).remove(0)));
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
        let ringing = |changed: &str| active("+49301234567 (10000)", Value::Null, changed);
        assert!(!ringing("2026-11-06T09:00:00Z").take(&missed()));
        assert!(ringing("2026-11-03T09:00:10Z").take(&missed()));
        let never = active("+49301234567 (10000)", json!("0001-01-01T00:00:00Z"), "2026-11-03T09:00:10Z");
        assert!(never.has_still(&missed()), "the year 1 is no time");
    }

    #[test]
    fn who_was_not_answered_may_wait_for_hours_and_who_was_is_put_through_soon() {
        let spoke = group(&[answered("1", "c", "2026-11-03T09:00:00Z", json!({"TalkingDuration": "PT20S"}))]).remove(0);
        let active = |changed: &str| active("+49301234567 (10000)", Value::Null, changed);
        for (changed, waits, is_put_through) in [
            ("2026-11-03T09:05:00Z", true, true),
            ("2026-11-03T09:20:00Z", true, false),
            ("2026-11-03T13:00:00Z", true, false),
            ("2026-11-03T13:01:00Z", false, false),
        ] {
            assert_eq!(active(changed).has_still(&missed()), waits, "{changed}");
            assert_eq!(active(changed).has_still(&spoke), is_put_through, "{changed}");
            assert!(active(changed).has(&missed()), "{changed}: who only asks whether it may be is told so");
        }
    }
}
