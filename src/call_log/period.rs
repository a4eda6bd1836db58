//! From when to when: days of a person's calendar, as moments.

use crate::calls::moment::{DAY, Moment, first_of_month, written};
use crate::n8n::outcome::Report;
use crate::operation::parameters::{Parameters, fault};
use crate::rows::Cell;
use crate::rows::value::{Expected, FaultKind};

/// What time it is, and what clocks show.
pub struct Clock {
    pub now: Moment,
    /// How far the clocks of the person's time zone are ahead of UTC at a moment.
    pub ahead: Box<dyn Fn(Moment) -> Moment>,
}

/// The end is no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) from: Moment,
    pub(super) to: Moment,
}

/// Periods by name; the others are [`BETWEEN`].
const PERIODS: [&str; 6] = ["today", "yesterday", "last7Days", "last30Days", "thisMonth", BETWEEN];
const BETWEEN: &str = "between";
const UNLESS_CHOSEN: &str = "last7Days";

impl Period {
    pub(super) fn of_row(form: &mut Parameters<'_>, clock: &Clock) -> Result<Self, Box<Report>> {
        form.filled_if_given("period")?;
        let chosen = form.choice("period", &PERIODS)?.unwrap_or(UNLESS_CHOSEN);
        let today = clock.day_of(clock.now);
        let days = |first: i64, end: i64| Ok(Self { from: clock.begin_of(first), to: clock.begin_of(end) });
        match chosen {
            "today" => days(today, today + 1),
            "yesterday" => days(today - 1, today),
            "last7Days" => days(today - 6, today + 1),
            "last30Days" => days(today - 29, today + 1),
            "thisMonth" => days(first_of_month(today), today + 1),
            // The choice has no others.
            _ => {
                let (from, to) = (moment(form, "from", "From", clock)?, moment(form, "to", "To", clock)?);
                if to > from { Ok(Self { from, to }) } else { Err(fault("To", Expected::After("From").fault())) }
            }
        }
    }

    pub(super) fn contains(&self, at: Moment) -> bool {
        (self.from..self.to).contains(&at)
    }
}

fn moment(form: &mut Parameters<'_>, name: &str, label: &'static str, clock: &Clock) -> Result<Moment, Box<Report>> {
    let text = match form.get(name)? {
        Cell::Empty => return Err(fault(label, FaultKind::Empty)),
        Cell::Text(text) if text.trim().is_empty() => return Err(fault(label, FaultKind::Empty)),
        Cell::Text(text) => text,
        _ => return Err(fault(label, Expected::DateTime.fault())),
    };
    match written(&text) {
        Some((shown, Some(ahead))) => Ok(shown - ahead),
        // As the form's own calendar gives it.
        Some((shown, None)) => Ok(clock.moment_of(shown)),
        None => Err(fault(label, Expected::DateTime.fault_of(text))),
    }
}

impl Clock {
    /// The day of the calendar, counted from 1970.
    fn day_of(&self, at: Moment) -> i64 {
        at.saturating_add((self.ahead)(at)).div_euclid(DAY)
    }

    /// The moments that clocks may show this at, as they were set the day before and are set the day after: earlier first.
    fn candidates(&self, shown: Moment) -> (Moment, Moment) {
        let [one, other] = [-DAY, DAY].map(|day| shown - (self.ahead)(shown + day));
        (one.min(other), one.max(other))
    }

    /// When a day begins. Where clocks are put forward at midnight, it begins with what they show then.
    fn begin_of(&self, day: i64) -> Moment {
        let (mut before, mut at) = self.candidates(day * DAY);
        if self.day_of(before) >= day {
            return before;
        }
        while at - before > 1 {
            let middle = before + (at - before) / 2;
            if self.day_of(middle) >= day { at = middle } else { before = middle }
        }
        at
    }

    /// When clocks show this. Where they show it twice, the first time; where never, as if they had not been put forward.
    fn moment_of(&self, shown: Moment) -> Moment {
        let (first, last) = self.candidates(shown);
        if first + (self.ahead)(first) == shown { first } else { last }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::calls::moment::{HOUR, iso, moment};
    use crate::rows::testing::given;

    fn at(text: &str) -> Moment {
        moment(text).unwrap()
    }

    /// A zone whose clocks are changed at these moments.
    fn clock(now: &str, first: Moment, changes: &[(&str, Moment)]) -> Clock {
        let changes: Vec<_> = changes.iter().map(|(from, ahead)| (at(from), *ahead)).collect();
        let ahead = move |at: Moment| changes.iter().rfind(|(from, _)| *from <= at).map_or(first, |(_, ahead)| *ahead);
        Clock { now: at(now), ahead: Box::new(ahead) }
    }

    fn berlin(now: &str) -> Clock {
        clock(now, HOUR, &[("2026-03-29T01:00:00Z", 2 * HOUR), ("2026-10-25T01:00:00Z", HOUR)])
    }

    fn period(clock: &Clock, form: &Value) -> Result<(String, String), String> {
        let mut rows = given(form);
        let period = Period::of_row(&mut Parameters { rows: &mut rows, row: 0 }, clock);
        period.map(|Period { from, to }| (iso(from), iso(to))).map_err(|report| report.error)
    }

    fn spans(clock: &Clock, form: &Value) -> [String; 2] {
        let (from, to) = period(clock, form).unwrap();
        [from, to].map(|text| text.replace(":00.000Z", ""))
    }

    #[test]
    fn days_are_those_of_the_calendar_whatever_clocks_are_set_to() {
        let named = |now: &str, name: &str| spans(&berlin(now), &json!({ "period": name }));
        assert_eq!(named("2026-11-03T09:00:00Z", "today"), ["2026-11-02T23:00", "2026-11-03T23:00"]);
        assert_eq!(named("2026-11-03T23:30:00Z", "today"), ["2026-11-03T23:00", "2026-11-04T23:00"], "it is tomorrow");
        // A day of 25 hours, and one of 23.
        assert_eq!(named("2026-10-25T12:00:00Z", "today"), ["2026-10-24T22:00", "2026-10-25T23:00"]);
        assert_eq!(named("2026-03-30T12:00:00Z", "yesterday"), ["2026-03-28T23:00", "2026-03-29T22:00"]);
        assert_eq!(named("2026-10-27T12:00:00Z", "last7Days"), ["2026-10-20T22:00", "2026-10-27T23:00"]);
        assert_eq!(named("2026-10-27T12:00:00Z", "last30Days"), ["2026-09-27T22:00", "2026-10-27T23:00"]);
        assert_eq!(named("2026-10-31T23:30:00Z", "thisMonth"), ["2026-10-31T23:00", "2026-11-01T23:00"]);
        assert_eq!(spans(&berlin("2026-11-03T09:00:00Z"), &json!({})), ["2026-10-27T23:00", "2026-11-03T23:00"]);
    }

    #[test]
    fn a_day_whose_midnight_is_left_out_begins_an_hour_later() {
        let beirut = clock("2026-03-29T12:00:00Z", 2 * HOUR, &[("2026-03-28T22:00:00Z", 3 * HOUR)]);
        assert_eq!(spans(&beirut, &json!({"period": "today"})), ["2026-03-28T22:00", "2026-03-29T21:00"]);
        // A whole day was left out: it is as long as nothing.
        let samoa = clock("2011-12-30T12:00:00Z", -10 * HOUR, &[("2011-12-30T10:00:00Z", 14 * HOUR)]);
        assert_eq!(spans(&samoa, &json!({"period": "yesterday"})), ["2011-12-30T10:00", "2011-12-30T10:00"]);
    }

    #[test]
    fn moments_without_an_offset_are_what_the_clock_shows() {
        let between = |from: &str, to: &str| {
            period(&berlin("2026-11-03T09:00:00Z"), &json!({"period": "between", "from": from, "to": to}))
        };
        let told = |from: &str, to: &str| {
            let (from, to) = between(from, to).unwrap();
            [from, to].map(|text| text.replace(":00.000Z", ""))
        };
        assert_eq!(told("2026-07-01T00:00:00", "2026-12-01 00:00"), ["2026-06-30T22:00", "2026-11-30T23:00"]);
        assert_eq!(told("2026-07-01", "2026-07-01T12:00:00.000+05:30"), ["2026-06-30T22:00", "2026-07-01T06:30"]);
        // 02:30 is shown twice, and never.
        assert_eq!(told("2026-10-25T02:30:00", "2026-10-25T02:30:00Z"), ["2026-10-25T00:30", "2026-10-25T02:30"]);
        assert_eq!(told("2026-03-29T02:30:00", "2026-03-30"), ["2026-03-29T01:30", "2026-03-29T22:00"]);
        for (from, to, expected) in [
            ("2026-07-02", "2026-07-01", "To is not after From"),
            ("2026-07-01", "2026-07-01", "To is not after From"),
            ("", "2026-07-01", "From is empty"),
            ("2026-07-01", " ", "To is empty"),
            ("yesterday", "2026-07-01", "From: “yesterday” is not a date and time such as 2026-01-31T09:00:00Z"),
        ] {
            assert_eq!(between(from, to), Err(expected.to_owned()));
        }
        let unknown = period(&berlin("2026-11-03T09:00:00Z"), &json!({"period": "lastYear"})).unwrap_err();
        assert!(unknown.contains("today, yesterday"), "{unknown}");
    }

    proptest! {
        /// Days follow each other without gap or overlap, however clocks are changed, and each moment is in its day.
        #[test]
        fn days_cover_time(
            first in -48_i64..57, other in -48_i64..57, change in 0_i64..40 * DAY, day in 0_i64..40,
        ) {
            let quarter = 900_000;
            let ahead = move |at: Moment| if at < change { first * quarter } else { other * quarter };
            let clock = Clock { now: 0, ahead: Box::new(ahead) };
            let (begin, end) = (clock.begin_of(day), clock.begin_of(day + 1));
            prop_assert!(begin <= end);
            prop_assert!(begin == end || clock.day_of(begin) >= day);
            prop_assert!(clock.day_of(begin - 1) <= day);
            prop_assert!(end - begin <= 2 * DAY + 2 * HOUR);
        }
    }
}
