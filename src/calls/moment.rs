//! Times and durations as 3CX writes them, in milliseconds.

use time::{Date, Month};

/// Milliseconds since 1970, UTC.
pub type Moment = i64;

pub const SECOND: i64 = 1000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// `2026-11-03T09:12:30.577Z`, with an offset or without one, which is UTC.
pub fn moment(text: &str) -> Option<Moment> {
    let (shown, ahead) = written(text)?;
    Some(shown - ahead.unwrap_or_default())
}

/// The same of what has happened or will.
pub fn real_moment(text: &str) -> Option<Moment> {
    moment(text).filter(|at| is_real(*at))
}

/// Whether it is no time that stands for none: .NET writes the year 1 there.
pub fn is_real(at: Moment) -> bool {
    at >= YEAR_2000
}

const YEAR_2000: Moment = 946_684_800 * SECOND;

/// What a clock shows, as if it showed UTC, and how far it is ahead of UTC where that is written.
pub fn written(text: &str) -> Option<(Moment, Option<Moment>)> {
    let text = text.trim();
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u16>().ok();
    let is_laid_out = text.get(4..5)? == "-" && text.get(7..8)? == "-";
    let month = Month::try_from(u8::try_from(number(5..7)?).ok()?).ok()?;
    let date = Date::from_calendar_date(number(0..4)?.into(), month, u8::try_from(number(8..10)?).ok()?).ok()?;
    let rest = text.get(10..)?;
    let rest = rest.strip_prefix(['T', 't', ' ']).unwrap_or(rest);
    let offset_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (time_of_day, offset) = rest.split_at(offset_at);
    let time_of_day = if time_of_day.is_empty() { 0 } else { clock(time_of_day).filter(|time| *time < DAY)? };
    let ahead = match offset.split_at_checked(1) {
        None => None,
        Some(("Z" | "z", "")) => Some(0),
        Some((sign @ ("+" | "-"), digits)) => {
            let size = clock(digits).filter(|time| *time <= DAY)?;
            Some(if sign == "+" { size } else { -size })
        }
        Some(_) => return None,
    };
    is_laid_out.then_some((day_of(date) * DAY + time_of_day, ahead))
}

/// The number of a day since 1970.
fn day_of(date: Date) -> i64 {
    i64::from(date.to_julian_day()) - UNIX_EPOCH
}

/// The first day of the month that a day is in, both counted from 1970.
pub fn first_of_month(day: i64) -> i64 {
    let date = i32::try_from(day + UNIX_EPOCH).ok().and_then(|day| Date::from_julian_day(day).ok());
    date.and_then(|date| date.replace_day(1).ok()).map_or(day, day_of)
}

/// The day 1970-01-01, counted as the calendar does.
const UNIX_EPOCH: i64 = 2_440_588;

/// As 3CX takes it, to the millisecond.
pub fn iso(moment: Moment) -> String {
    let day = i32::try_from(moment.div_euclid(DAY) + UNIX_EPOCH);
    let date = day.ok().and_then(|day| Date::from_julian_day(day).ok());
    let (year, month, day) = date.unwrap_or(Date::MIN).to_calendar_date();
    let rest = moment.rem_euclid(DAY);
    let (hour, minute, second) = (rest / HOUR, rest % HOUR / MINUTE, rest % MINUTE / SECOND);
    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", rest % SECOND)
}

/// `PT1H2M3.5S`, `01:02:03.5`, `1.02:03:04` with days, or `65`, which is seconds.
pub fn duration(text: &str) -> Option<i64> {
    let text = text.trim();
    let length = match (text.strip_prefix('P'), text.split_once('.')) {
        (Some(parts), _) => by_units(parts)?,
        _ if !text.contains(':') => milliseconds(seconds(text)?),
        (None, Some((days, rest))) if !days.contains(':') => {
            i64::from(days.parse::<u16>().ok()?) * DAY + clock(rest).filter(|time| *time < DAY)?
        }
        _ => clock(text)?,
    };
    (length < LONGEST).then_some(length)
}

/// `T1H2M3.5S`.
fn by_units(parts: &str) -> Option<i64> {
    let mut total = 0.0;
    let mut number = String::new();
    let mut is_time = false;
    for letter in parts.chars() {
        let unit = match letter {
            '0'..='9' | '.' => {
                number.push(letter);
                continue;
            }
            'T' if number.is_empty() && !is_time => {
                is_time = true;
                continue;
            }
            'D' if !is_time => DAY,
            'H' if is_time => HOUR,
            'M' if is_time => MINUTE,
            'S' if is_time => SECOND,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * unit as f64;
        number.clear();
    }
    number.is_empty().then(|| total.round() as i64)
}

/// More than this is no duration of a call, nor an offset.
const LONGEST: i64 = 1000 * DAY;

/// `01:02:03.5`, `9:30` or `0200`.
fn clock(text: &str) -> Option<i64> {
    if text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return clock(&format!("{}:{}", &text[..2], &text[2..]));
    }
    let mut parts = text.split(':');
    let whole = |part: Option<&str>| part.and_then(|part| part.parse::<u16>().ok()).map(i64::from);
    let (hours, minutes) = (whole(parts.next())?, whole(parts.next())?);
    let rest = parts.next().map_or(Some(0.0), seconds)?;
    let total = hours * HOUR + minutes * MINUTE + milliseconds(rest);
    (parts.next().is_none() && minutes < 60 && rest < 60.0).then_some(total)
}

/// `3.5`, and nothing that only a programmer takes for a number.
fn seconds(text: &str) -> Option<f64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| is_plain)
}

fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_read_with_fractions_and_offsets() {
        assert_eq!(moment("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(moment("2026-11-03T09:12:30.577027Z"), moment("2026-11-03T11:12:30.577+02:00"));
        assert_eq!(moment("2026-11-03T09:12:30"), moment("2026-11-03 09:12:30Z"));
        assert_eq!(moment("2026-11-03"), moment("2026-11-03T00:00:00Z"));
        assert_eq!(moment("0001-01-01T00:00:00Z").map(iso).as_deref(), Some("0001-01-01T00:00:00.000Z"));
    }

    #[test]
    fn an_offset_is_told_apart_from_none() {
        let noon = moment("2026-11-03T12:00:00Z").unwrap();
        assert_eq!(written("2026-11-03T12:00:00"), Some((noon, None)));
        assert_eq!(written("2026-11-03T12:00:00Z"), Some((noon, Some(0))));
        assert_eq!(written("2026-11-03T12:00:00-05:00"), Some((noon, Some(-5 * HOUR))));
        let day = |text: &str| moment(text).unwrap() / DAY;
        assert_eq!(first_of_month(day("2024-02-29")), day("2024-02-01"));
        assert_eq!(first_of_month(i64::MAX / 2), i64::MAX / 2);
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "soon", "2026-02-30T00:00:00Z", "2026-11-03T25:00:00Z", "2026-11-03T09:61:00Z", "2026-11-03Tx"]
        {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_read_in_every_form() {
        for (text, expected) in [
            ("PT0S", Some(0)),
            ("PT1M12.577027S", Some(72_577)),
            ("PT1H2M3S", Some(3_723_000)),
            ("P1DT1S", Some(86_401_000)),
            ("00:01:12.5", Some(72_500)),
            ("1.02:03:04.5", Some(93_784_500)),
            ("3600", Some(3_600_000)),
            ("65.5", Some(65_500)),
            ("0:00:0", Some(0)),
            ("PT", Some(0)),
            ("PTS", None),
            ("PT1", None),
            ("1M", None),
            ("PT99999999999999999999H", None),
            ("00:99:00", None),
            ("00:00:60", None),
            ("1.25:00:00", None),
            ("x.02:03:04", None),
            ("-5", None),
            ("1e3", None),
            ("99999999999999999999", None),
            ("", None),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn times_are_written_as_they_are_read(at in -62_135_596_800_000_i64..253_402_300_799_000) {
            prop_assert_eq!(moment(&iso(at)), Some(at));
        }

        #[test]
        fn no_text_is_too_odd(text in "\\PC*", at: i64) {
            let _ = (moment(&text), duration(&text), iso(at));
        }
    }
}
