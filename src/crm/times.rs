//! Times as posts tell them. The template asks for one form; should 3CX not heed it, others are understood as well.

use crate::calls::moment::{DAY, Moment, is_real, moment};

/// A post comes when the call is over: what is told is not far off.
const NEAR: i64 = 2 * DAY;

/// The time that a text tells, at the time `now`.
pub(super) fn read(text: &str, now: Moment) -> Option<Moment> {
    let text = text.trim();
    moment(text).or_else(|| milliseconds(text)).or_else(|| local(text, now)).filter(|at| is_real(*at))
}

fn milliseconds(text: &str) -> Option<Moment> {
    (text.len() >= 12 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// `11/3/2026 9:05:00 AM`, `3.11.2026 09:05:00`: day and month may stand either way. The one that is near is meant.
fn local(text: &str, now: Moment) -> Option<Moment> {
    let (date, time) = text.split_once(' ').unwrap_or((text, "00:00"));
    let mut parts = date.split(['/', '.', '-']).map(|part| part.parse::<u16>().ok());
    let (first, second, year) = (parts.next()??, parts.next()??, parts.next()??);
    let time = hours(time.trim())?;
    let read = |month: u16, day: u16| moment(&format!("{year:04}-{month:02}-{day:02}T{time}"));
    let either = [read(first, second), read(second, first)].into_iter().flatten();
    let nearest = either.min_by_key(|found| found.abs_diff(now))?;
    (parts.next().is_none() && nearest.abs_diff(now) <= NEAR.unsigned_abs()).then_some(nearest)
}

/// `9:05:00 AM` as `09:05:00`.
fn hours(time: &str) -> Option<String> {
    let (clock, half) = time.split_once(' ').unwrap_or((time, ""));
    let (hour, rest) = clock.split_once(':')?;
    let hour = hour.parse::<u16>().ok()?;
    let hour = match (half.to_ascii_lowercase().as_str(), hour) {
        ("", hour) => hour,
        ("am", hour @ 1..=12) => hour % 12,
        ("pm", hour @ 1..=12) => hour % 12 + 12,
        _ => return None,
    };
    Some(format!("{hour:02}:{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NINE: &str = "2026-11-03T09:05:00Z";

    fn near(text: &str) -> Option<Moment> {
        read(text, moment("2026-11-03T10:00:00Z").unwrap())
    }

    #[test]
    fn every_form_that_was_met_is_understood() {
        let nine = moment(NINE);
        for text in [
            NINE,
            "2026-11-03T10:05:00+01:00",
            "2026-11-03 09:05:00",
            "1793696700000",
            "11/03/2026 09:05:00",
            "11/3/2026 9:05:00 AM",
            "3.11.2026 9:05:00",
            "03/11/2026 09:05",
            " 03-11-2026 09:05:00 ",
        ] {
            assert_eq!(near(text), nine, "{text}");
        }
        assert_eq!(near("11/3/2026 12:05:00 AM"), moment("2026-11-03T00:05:00Z"));
        assert_eq!(near("11/3/2026 9:05:00 PM"), moment("2026-11-03T21:05:00Z"));
    }

    #[test]
    fn what_may_be_another_day_is_none() {
        for text in [
            "",
            "soon",
            "03/11/2025 09:05:00",
            "13/13/2026 09:05:00",
            "0001-01-01T00:00:00Z",
            "1/1/0001 12:00:00 AM",
            "12345",
        ] {
            assert_eq!(near(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "\\PC*", digits in "[0-9/.: AMP-]{0,40}", now: i64) {
            let _ = (read(&text, now), read(&digits, now));
        }
    }
}
