//! Calls that have ended.
//!
//! The call log has a row for each leg, which may be written only when the leg ends, with the time at which it started: a
//! long call turns up far back. So each look reads as far back as a call may have begun, and remembers which ones it has
//! told of. A call has ended if two looks some time apart find no call under way with its number, and the same legs.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::options::Watched;
use super::reading::{Desk, Reading};
use super::{Failed, Found, Hint, LONGEST_PAUSE, News};
use crate::calls::active::Active;
use crate::calls::log::{self, SKEW};
use crate::calls::moment::{HOUR, MINUTE, Moment, SECOND, iso};
use crate::calls::{Call, Calls, group, has_id, start};
use crate::sorting;
use crate::xapi::error::Failure;
use crate::xapi::pages::is_round;

/// What is known of calls.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct EndedCalls {
    /// When the last look was, by this machine's clock.
    last: Moment,
    /// Nothing before it is told, by the PBX's clock.
    floor: Moment,
    /// Calls that may go on: how many legs they had when they were not under way any more, and since when.
    waiting: BTreeMap<String, (usize, Moment)>,
    /// First legs of calls that go on for longer than is read again, as the log has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    early: Vec<Value>,
    /// Calls under way that began before what is read again, by the IDs that they have as such.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    long: BTreeMap<i64, Long>,
    /// Calls that were told, with their end in seconds, or when they last may have gone on.
    pub(super) told: BTreeMap<String, Moment>,
}

/// A call under way of which the log may have no leg until its end, which is then far back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Long {
    began: Moment,
    /// Since when it is not under way any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    over: Option<Moment>,
}

/// Two looks at the same legs have to be so far apart.
const QUIET: Moment = 20 * SECOND;
/// The report is asked for so long a period at once: 3CX gives no more than 20,000 legs of one.
const PERIOD: Moment = 6 * HOUR;
/// From so many legs on, a round number of them may be what 3CX has cut: it can be set to give more or fewer.
const LEAST_LIMIT: usize = 500;
/// Beyond what the PBX itself gives for one period, as it is usually set.
const MOST_LEGS: usize = 50_000;
/// After a pause, so much of it is read in a round, or as much as is read again.
const CATCH_UP: Moment = 12 * HOUR;
/// What is over for so long is so by the PBX's clock, too, and all of its legs are written.
const SETTLED: Moment = SKEW + MINUTE;
/// So many calls are remembered. If there are more, it does not look as far back.
const MOST_TOLD: usize = 10_000;
const MOST_WAITING: usize = 2_000;
const MOST_EARLY: usize = 200;
const MOST_LONG: usize = 200;
/// A call's first leg begins no longer than this before it is established, as far as it is looked for.
const LONGEST_RING: Moment = HOUR;
/// A leg is written no later than this after its end.
const LATE: Moment = 5 * MINUTE;

/// The calls that have ended since the last look, earliest first. The first look tells of none.
pub(super) async fn since(
    known: Option<EndedCalls>,
    options: &Watched,
    now: Moment,
    desk: &Desk,
) -> Found<News<Call, EndedCalls>> {
    // What is of the future, as after a clock was set back, would keep the trigger silent until that time has passed.
    let is_of_now = |known: &EndedCalls| known.last <= now + options.longest_call && known.floor <= now + SKEW;
    let was_known = known.is_some();
    let known = known.filter(is_of_now);
    let is_first = known.is_none();
    let mut state = known.unwrap_or(EndedCalls { last: now, ..EndedCalls::default() });
    let oldest = now - LONGEST_PAUSE;
    let lost = match was_known && is_first {
        true => Some(Hint::Unreadable("calls")),
        false => (state.last < oldest).then_some(Hint::LongPause(oldest)),
    };
    // Nobody has seen what began since, nor what was there at first: what 3CX cuts would never be seen.
    let is_new = is_first || state.last + HOUR < now;
    state.last = state.last.max(oldest);
    let reach = options.longest_call + SKEW;
    let from = (state.last - reach).max(state.floor);
    // After a long pause, the rest comes with the next rounds.
    let until = now.min(state.last + reach.max(CATCH_UP));
    let is_behind = until < now;
    let last = state.last.max(until);
    // First: what is no longer under way has its legs in the log.
    let active = Reading::new("Active Calls", "List Active Call", json!({ "returnAll": true }));
    let active = Active::new(&desk.read(active).await?);
    // Later looks read from where the one before has; the first one must not take the end of a call for the whole.
    let mut rows = rows_within(if is_first { from - options.longest_call } else { from }, until, is_new, desk).await?;
    let is_empty = rows.is_empty();
    if is_empty && let Some(call) = kept_back(from.max(state.seen()), desk).await? {
        if call >= now - reach {
            return Err(withheld(call));
        }
        // Other events are not held up for longer. Once the log shows these calls, they are told.
        return Ok(News { found: Vec::new(), state, is_behind: false, lost: Some(Hint::CallsWithheld(call)) });
    }
    let early = std::mem::take(&mut state.early);
    // A leg that is written at its end may have begun long ago.
    let long = group(&early).into_iter().filter(|call| !active.has_still(call)).collect::<Vec<_>>();
    if let Some(start) = long.iter().filter_map(Call::start).min().filter(|start| *start < from) {
        let mut before = Vec::new();
        legs(start.max(oldest) - MINUTE, from, is_new, &mut before, desk).await?;
        for row in before {
            desk.rest().await;
            rows.extend(long.iter().any(|call| has_id(&row, call.id())).then_some(row));
        }
    }
    rows.extend(early);
    if let Some(began) = state.over(&active, now) {
        let mut before = Vec::new();
        legs((began - LONGEST_RING).max(oldest), from, is_new, &mut before, desk).await?;
        // What had ended by then may have been told, and forgotten.
        let is_recent = |call: &Call| call.end().is_some_and(|end| end >= from);
        for call in calls_of(before, desk).await {
            desk.rest().await;
            rows.extend(call.rows_before(from).filter(|_| is_recent(&call)).cloned());
        }
    }
    let mut waiting = BTreeMap::new();
    let mut ended = Vec::new();
    for call in calls_of(rows, desk).await {
        desk.rest().await;
        let key = key(call.id());
        // A leg that is written later started before it.
        let end = call.end().unwrap_or(from) / SECOND;
        let may_go_on = active.has(&call);
        // What still may come of it is no other call.
        let end = if may_go_on { end.max(last / SECOND) } else { end };
        if let Some(told) = state.told.get_mut(&key) {
            *told = (*told).max(end);
            continue;
        }
        // The next look does not read its first legs any more.
        let is_leaving = call.start().is_some_and(|start| start < last - reach);
        // After so long, another call of the same number is more likely than this one.
        let is_active = if is_leaving { active.has_still(&call) } else { may_go_on };
        let known = state.waiting.get(&key).map(|(legs, since)| (*legs, (*since).min(now)));
        let (legs, since) = known.unwrap_or((0, now));
        // What was under way when somebody last looked may be so until a moment ago.
        let is_unseen = known.is_none_or(|(_, since)| since + reach < now);
        let is_settled = is_unseen && call.end().is_some_and(|end| end + SETTLED < now);
        let is_quiet = is_settled || (legs == call.size() && now - since >= QUIET);
        let is_over = !is_active && if is_behind { is_leaving } else { is_quiet || is_first };
        let has_room = !is_leaving || state.early.len() + call.size() <= MOST_EARLY;
        if !is_over && has_room {
            // The legs of a call under way are no sign of its end: they count from the first look without it.
            let seen = match is_active {
                true => (0, now),
                false => (call.size(), if legs == call.size() { since } else { now }),
            };
            // What is behind was seen by no look before.
            let seen = if is_behind { known } else { Some(seen) };
            if waiting.len() < MOST_WAITING {
                waiting.extend(seen.map(|seen| (key, seen)));
            }
            state.early.extend(call.rows_before(last - reach).cloned());
            continue;
        }
        state.told.insert(key, end);
        if !is_first && end * SECOND >= oldest {
            ended.push(call);
        }
    }
    // A log without a leg says nothing of those that wait.
    if !is_empty {
        state.waiting.clear();
    }
    state.waiting.extend(waiting);
    state.last = last;
    state.floor = from;
    state.note_long(&active, last - reach + LONGEST_RING);
    state.forget();
    Ok(News { found: ended, state, is_behind, lost })
}

impl EndedCalls {
    /// Before this began all calls that were seen, by the PBX's clock.
    fn seen(&self) -> Moment {
        let told = self.told.values().max().map(|end| end.saturating_add(1).saturating_mul(SECOND));
        let waiting = self.waiting.values().map(|(_, since)| since.saturating_add(SKEW)).max();
        told.max(waiting).unwrap_or(Moment::MIN)
    }

    /// Since when the longest of the long calls has gone on that were under way and are not any more.
    fn over(&mut self, active: &Active, now: Moment) -> Option<Moment> {
        let under_way: BTreeMap<i64, Moment> = active.since().collect();
        for (_, long) in self.long.iter_mut().filter(|(id, _)| !under_way.contains_key(*id)) {
            long.over.get_or_insert(now);
        }
        let began = self.long.values().filter(|long| long.over.is_some()).map(|long| long.began).min();
        self.long.retain(|_, long| long.over.is_none_or(|since| now < since + LATE));
        began
    }

    /// Remembers the calls under way that began before this.
    fn note_long(&mut self, active: &Active, before: Moment) {
        for (id, since) in active.since().filter(|(_, since)| *since < before) {
            if self.long.len() < MOST_LONG {
                self.long.entry(id).or_insert(Long { began: since, over: None });
            }
        }
    }

    /// Forgets calls that cannot turn up again.
    fn forget(&mut self) {
        if self.told.len() > MOST_TOLD {
            let mut ends: Vec<Moment> = self.told.values().copied().collect();
            sorting::sort(&mut ends);
            self.floor = self.floor.max((ends[ends.len() - MOST_TOLD] + 1) * SECOND);
        }
        let floor = self.floor / SECOND;
        self.told.retain(|_, end| *end >= floor);
    }
}

/// The calls with legs that started since. Fails if the log keeps them back.
pub(super) async fn within(from: Moment, now: Moment, desk: &Desk) -> Found<Vec<Call>> {
    let rows = rows_within(from, now, false, desk).await?;
    if rows.is_empty()
        && let Some(call) = kept_back(Moment::MIN, desk).await?
    {
        return Err(withheld(call));
    }
    Ok(calls_of(rows, desk).await)
}

/// The calls that rows belong to, earliest first.
async fn calls_of(rows: Vec<Value>, desk: &Desk) -> Vec<Call> {
    let mut calls = Calls::default();
    for row in rows {
        desk.rest().await;
        calls.add_once(row);
    }
    let mut found = Vec::new();
    for call in calls.in_no_order() {
        desk.rest().await;
        found.push(call);
    }
    sorting::sort_by(&mut found, |one, other| (one.start(), one.id()).cmp(&(other.start(), other.id())));
    found
}

async fn rows_within(from: Moment, now: Moment, is_new: bool, desk: &Desk) -> Found<Vec<Value>> {
    let end = now + SKEW;
    let mut rows = Vec::new();
    let mut at = from;
    while at < end {
        let next = if end - at > PERIOD + HOUR { at + PERIOD } else { end };
        legs(at, next, is_new, &mut rows, desk).await?;
        // Whether a period has its own end is not known; a leg that comes twice counts once.
        at = if next == end { end } else { next - SECOND };
    }
    // Legs from before may have been told, and forgotten.
    let mut within = Vec::new();
    for row in rows {
        desk.rest().await;
        within.extend(start(&row).is_none_or(|start| start >= from).then_some(row));
    }
    Ok(within)
}

/// The legs of a period, in parts where the PBX gives no more of it.
async fn legs(from: Moment, to: Moment, is_new: bool, rows: &mut Vec<Value>, desk: &Desk) -> Found<()> {
    // After a pause, what is behind may be too long ago.
    let mut parts: Vec<_> = (from < to).then_some((from, to)).into_iter().collect();
    while let Some((from, to)) = parts.pop() {
        let came = desk.read(Reading::call_log(from, to, MOST_LEGS)).await?;
        let is_many = came.len() >= LEAST_LIMIT;
        let is_cut = is_many && (is_round(came.len()) || (is_new && has_earlier(from, &came, desk).await?));
        if !is_cut {
            rows.extend(came);
            continue;
        }
        let half = from + (to - from) / 2;
        if to - half < MINUTE {
            return Err(Failed::Found(Failure::ListCut));
        }
        parts.extend([(half - SECOND, to), (from, half)]);
    }
    Ok(())
}

/// Whether a period has legs from before those that came, which are the newest: its limit need not be round.
async fn has_earlier(from: Moment, came: &[Value], desk: &Desk) -> Found<bool> {
    let (mut earliest, mut known) = (Moment::MAX, 0);
    for start in came.iter().filter_map(start) {
        desk.rest().await;
        known = if start < earliest { 1 } else { known + usize::from(start == earliest) };
        earliest = earliest.min(start);
    }
    if earliest <= from {
        return Ok(false);
    }
    // Those that began with it may belong to the period, too.
    let before = desk.read(Reading::call_log(from, earliest, known + 1)).await?;
    Ok(before.iter().any(|row| start(row).is_some_and(|start| start < earliest)))
}

/// The last call, if it began since then and the log shows neither it nor one before: what is kept back must not look like
/// nothing.
async fn kept_back(since: Moment, desk: &Desk) -> Found<Option<Moment>> {
    let last = log::last_began(&desk.read(Reading::last_call()).await?);
    let Some(last) = last.filter(|last| *last >= since) else { return Ok(None) };
    // It may go on, and have no leg yet; but others were before.
    let (from, to) = log::up_to(last);
    Ok(desk.read(Reading::call_log(from, to, 1)).await?.is_empty().then_some(last))
}

fn withheld(call: Moment) -> Failed {
    Failed::Found(Failure::CallsWithheld { last: iso(call) })
}

/// Enough of a call's id to tell it from all others.
fn key(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(id)[..9])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::moment::{DAY, moment};
    use crate::calls::testing::leg;
    use crate::trigger::tests::{answered, whole};
    use crate::trigger::{Look, State, Step};

    const NOW: Moment = 20_000 * DAY;

    /// A first look, or an example, where the PBX has these legs, gives no more than so many at once, and names a last call.
    fn look(is_latest: bool, starts: &[Moment], limit: usize, last: Option<Moment>) -> Step {
        let given = json!({"events": ["callEnded"], "latest": is_latest});
        let options = Watched::read(given.as_object().unwrap()).unwrap();
        let mut look = Look::new(State::default(), options, NOW);
        loop {
            let reading = match look.step() {
                Step::Read(reading) => reading,
                Step::Rest => continue,
                step => return step,
            };
            look.take(match reading.resource {
                "Active Calls" => Vec::new(),
                "Report Call Log Data" => {
                    let arguments = &reading.parameters["arguments"]["value"];
                    let bound = |name: &str| moment(arguments[name].as_str().unwrap()).unwrap();
                    let within = bound("periodFrom")..bound("periodTo");
                    let found = starts.iter().filter(|start| within.contains(start)).rev().take(limit);
                    found.map(|start| leg(&start.to_string(), &start.to_string(), &iso(*start), json!({}))).collect()
                }
                _ => {
                    assert!(reading.may_fail);
                    last.iter().map(|last| json!({"LastCdrStartedAt": iso(*last)})).collect()
                }
            });
        }
    }

    #[test]
    fn a_log_that_keeps_calls_back_is_told_from_an_empty_one() {
        for is_latest in [false, true] {
            let withheld = look(is_latest, &[], 20_000, Some(NOW - MINUTE));
            let last = iso(NOW - MINUTE);
            assert_eq!(withheld, Step::Failed(Failed::Found(Failure::CallsWithheld { last })));
            // An old version; a call that goes on, and others before.
            for (starts, last) in [(&[][..], None), (&[NOW - 20 * DAY][..], Some(NOW - MINUTE))] {
                assert!(matches!(look(is_latest, starts, 20_000, last), Step::Done { .. }));
            }
        }
        // Nothing is expected of a night.
        assert!(matches!(look(false, &[], 20_000, Some(NOW - DAY)), Step::Done { .. }));
        assert!(matches!(look(true, &[], 20_000, Some(NOW - 2 * DAY)), Step::Failed(_)));
    }

    /// Looks at a log with these starts, of a PBX whose last call began then: what was told, or why the look fails.
    fn follow(
        state: &mut State,
        now: Moment,
        starts: &[Moment],
        last: Moment,
    ) -> Result<(Vec<String>, Vec<Hint>), Failed> {
        let options = Watched::read(json!({"events": ["callEnded"]}).as_object().unwrap()).unwrap();
        let mut look = Look::new(state.clone(), options, now);
        loop {
            match look.step() {
                Step::Read(reading) => look.take(match reading.resource {
                    "Active Calls" => Vec::new(),
                    "Report Call Log Data" => {
                        let arguments = &reading.parameters["arguments"]["value"];
                        let bound = |name: &str| moment(arguments[name].as_str().unwrap()).unwrap();
                        let within = bound("periodFrom")..bound("periodTo");
                        let found = starts.iter().filter(|start| within.contains(start));
                        found
                            .map(|start| leg(&start.to_string(), &start.to_string(), &iso(*start), json!({})))
                            .collect()
                    }
                    _ => vec![json!({"LastCdrStartedAt": iso(last)})],
                }),
                Step::Done { items, state: next, hints, .. } => {
                    let text = serde_json::to_string(&next).unwrap();
                    *state = State::read(serde_json::from_str(&text).unwrap()).0;
                    let ids = items.iter().map(|item| item["id"].as_str().unwrap().to_owned());
                    return Ok((ids.collect(), hints));
                }
                Step::Rest => {}
                Step::Failed(failed) => return Err(failed),
            }
        }
    }

    #[test]
    fn a_log_that_was_purged_after_its_calls_were_seen_is_empty_and_keeps_nothing_back() {
        let call = NOW - 10 * MINUTE;
        let mut state = State::default();
        assert!(follow(&mut state, NOW, &[call], call).is_ok());
        let waiting = NOW + 20 * SECOND;
        let mut other = state.clone();
        assert!(follow(&mut other, NOW + MINUTE, &[call, waiting], waiting).is_ok(), "it waits");
        for (state, last) in [(&mut state, call), (&mut other, waiting)] {
            for minute in [2, 60, 290, 300, 400] {
                assert_eq!(follow(state, NOW + minute * MINUTE, &[], last), Ok((Vec::new(), Vec::new())), "{minute}");
            }
            let next = NOW + 401 * MINUTE;
            assert!(follow(state, next + MINUTE, &[next], next).is_ok());
            let told = follow(state, next + 3 * MINUTE, &[next], next);
            assert_eq!(told, Ok((vec![next.to_string()], Vec::new())));
            // A call that nobody has seen is kept back.
            assert!(follow(state, NOW + DAY, &[], NOW + DAY - MINUTE).is_err());
        }
    }

    #[test]
    fn a_log_that_stays_empty_fails_while_its_last_call_is_new_and_what_it_kept_back_is_told() {
        let call = NOW + MINUTE;
        let mut state = State::default();
        assert!(follow(&mut state, NOW, &[], NOW - 30 * DAY).is_ok());
        for minute in [2, 60, 300] {
            assert!(follow(&mut state, NOW + minute * MINUTE, &[], call).is_err(), "{minute}");
        }
        for minute in [302, 2000] {
            let (told, hints) = follow(&mut state, NOW + minute * MINUTE, &[], call).unwrap();
            assert!(told.is_empty() && hints == [Hint::CallsWithheld(call)], "{hints:?}");
        }
        let told = follow(&mut state, NOW + 2001 * MINUTE, &[call], call);
        assert_eq!(told, Ok((vec![call.to_string()], Vec::new())));
    }

    #[test]
    fn after_a_clock_was_set_back_it_begins_anew_at_once() {
        let options = Watched::read(json!({"events": ["callEnded"]}).as_object().unwrap()).unwrap();
        let ago = 5 * HOUR;
        for (last, floor, begins_anew) in [
            (MINUTE, MINUTE - ago, false),
            (SKEW, SKEW - ago, false),
            (0, SKEW, false),
            (20 * HOUR, 20 * HOUR - ago, true),
            (2 * DAY, 2 * DAY - ago, true),
            (0, 900 * DAY, true),
        ] {
            let known = EndedCalls { last: NOW + last, floor: NOW + floor, ..EndedCalls::default() };
            let (known, given) = (known.clone(), options.clone());
            let looked = answered(|desk| async move { since(Some(known), &given, NOW, &desk).await }, |_| Vec::new());
            let news = looked.unwrap();
            assert_eq!(news.state.last, if begins_anew { NOW } else { NOW + last }, "{last}");
            assert!(news.state.floor <= NOW + SKEW, "it reads again");
            assert_eq!(news.lost, begins_anew.then_some(Hint::Unreadable("calls")), "{last} {floor}");
        }
    }

    #[test]
    fn a_long_pause_is_caught_up_in_parts_and_no_call_is_cut() {
        let given = json!({"events": ["callEnded"], "includeLegs": true});
        let options = Watched::read(given.as_object().unwrap()).unwrap();
        // Each call has legs over three hours.
        let rows: Vec<Value> = (0..8 * 24)
            .map(|hour| leg(&hour.to_string(), &(hour / 4).to_string(), &iso(NOW + hour * HOUR), json!({})))
            .collect();
        let (mut state, mut readings, mut sizes) = (State::default(), 0, Vec::new());
        for (look, now) in [0, 6 * 24, 6 * 24, 6 * 24].into_iter().enumerate() {
            let now = NOW - HOUR + now * HOUR + look as Moment * MINUTE;
            let (items, next) = whole(Look::new(state, options.clone(), now), |reading| {
                readings += 1;
                if reading.resource != "Report Call Log Data" {
                    return Vec::new();
                }
                let arguments = &reading.parameters["arguments"]["value"];
                let bound = |name: &str| moment(arguments[name].as_str().unwrap()).unwrap();
                let within = bound("periodFrom")..bound("periodTo").min(now);
                let is_within = |row: &&Value| within.contains(&moment(row["StartTime"].as_str().unwrap()).unwrap());
                rows.iter().filter(is_within).cloned().collect()
            });
            sizes.push(items.len());
            assert!(items.iter().all(|item| item["legs"].as_array().unwrap().len() == 4));
            state = next;
        }
        assert_eq!(sizes, [0, 35, 1, 0]);
        assert!(readings < 90, "{readings}");
    }

    #[test]
    fn a_period_of_more_legs_than_are_given_is_read_in_parts() {
        let starts: Vec<Moment> = (0..7000).map(|leg| NOW - HOUR + leg * 500).collect();
        let told = |step: Step| match step {
            Step::Done { state, .. } => state.calls.map(|calls| calls.told.len() + calls.waiting.len()),
            other => panic!("{other:?}"),
        };
        for limit in [7500, 5000, 2500, 1000, 550, 1234, 6999] {
            assert_eq!(told(look(false, &starts, limit, None)), Some(7000), "{limit}");
        }
        // More at one moment than are given.
        assert!(matches!(look(false, &[NOW - HOUR; 5001], 5000, None), Step::Failed(_)));
    }
}
