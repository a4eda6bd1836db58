//! Records that have a growing number (`Id`, or another name): those beyond the greatest one that was seen are new.
//!
//! The record of that number is read again with the new ones. If it is of another time, the PBX has begun to count anew,
//! as it may after a purge; so it has if there is nothing but smaller numbers of a later time, or if there was nothing at
//! all and that record is not there again. That the record is gone, or that the newest ones were deleted, tells nothing.
//!
//! A number is given when a record is begun and can be seen when it is done: a greater one may be seen first. So numbers that
//! are missing are waited for a while.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::options::Event;
use super::reading::{Desk, Reading};
use super::{Found, LONGEST_PAUSE};
use crate::calls::moment::{HOUR, MINUTE, Moment, iso, moment};

/// Where records come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) event: Event,
    resource: &'static str,
    operation: &'static str,
    /// The growing number.
    id: &'static str,
    time: &'static str,
    /// When what it tells of was over, where records have that.
    end: Option<&'static str>,
    /// Whether the PBX itself finds those beyond a number. Else the newest ones are read, as many as it takes.
    can_filter: bool,
    /// How long a record may not be ready before it is given up, from its end.
    patience: Moment,
    ready: fn(&Value) -> Ready,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ready {
    Now,
    /// It is there, but its end is still to be told. Not every PBX may tell it.
    Unfinished,
    /// Something of it is still to come.
    Later,
    Never,
}

pub(super) const EVENTS: Source = Source {
    event: Event::System,
    resource: "Event Logs",
    operation: "List Event Log",
    id: "Id",
    time: "TimeGenerated",
    end: None,
    can_filter: true,
    patience: 0,
    ready: |_| Ready::Now,
};

pub(super) const RECORDINGS: Source = Source {
    event: Event::Recording,
    resource: "Recordings",
    operation: "List Recording",
    id: "Id",
    time: "StartTime",
    end: Some("EndTime"),
    can_filter: true,
    patience: 2 * HOUR,
    ready: |record| {
        let has = |name: &str| record[name].as_str().is_some_and(|text| !text.is_empty());
        // Not every build tells the end.
        let is_over = record.get("EndTime").is_none_or(|end| !end.is_null());
        match has("RecordingUrl") || has("ArchivedUrl") {
            true if is_over => Ready::Now,
            true => Ready::Unfinished,
            false => Ready::Later,
        }
    },
};

pub(super) const TRANSCRIPTS: Source = Source {
    event: Event::Transcript,
    patience: 6 * HOUR,
    ready: |record| match (record["IsTranscribed"].as_bool(), record["CanBeTranscribed"].as_bool()) {
        (Some(true), _) => Ready::Now,
        (_, Some(false)) => Ready::Never,
        // 1 is a success, 0 stands where nothing has happened.
        _ if record["TranscriptionResult"].as_i64().is_some_and(|result| !matches!(result, 0 | 1)) => Ready::Never,
        _ => Ready::Later,
    },
    ..RECORDINGS
};

pub(super) const CHAT_MESSAGES: Source = Source {
    event: Event::ChatMessage,
    resource: "Chat Messages History View",
    operation: "List Chat Messages History View",
    id: "MessageId",
    time: "TimeSent",
    end: None,
    can_filter: false,
    patience: 0,
    ready: |_| Ready::Now,
};

/// How far a source was read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// All up to this number was told, or given up.
    after: i64,
    /// The time of that record. Where there is none, what is not later is not told.
    pub(super) at: String,
    /// Numbers beyond it that were told, as one between is not ready or missing, with their times: a number may be given
    /// once more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    told: BTreeMap<i64, Moment>,
    /// Numbers that are missing between others, and since when, by this machine's clock.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    missing: BTreeMap<i64, Moment>,
    /// Whether there was nothing at all at the last look: a purge, or an answer without its rows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    was_empty: bool,
}

/// A number that is missing for so long belongs to nothing.
const GAP: Moment = 2 * MINUTE;
/// So many missing numbers are waited for, the greatest ones.
const MOST_MISSING: usize = 100;

/// So many records are taken at a time. What is left comes with the next look.
const MOST_RECORDS: usize = 1000;
/// Where they are read newest first, so many are at first, and at most: what is older is not told any more.
const NEWEST: usize = 100;
const MOST_NEWEST: usize = 10_000;

impl Source {
    fn read(self, filter: Option<String>, order: &str, limit: usize) -> Reading {
        let parameters = json!({
            "filter": filter, "orderby": format!("{}{order}", self.id), "limit": limit, "simplify": false,
        });
        Reading::new(self.resource, self.operation, parameters)
    }

    /// The records from this number on, or where there is none, those later than this time; others may be among them.
    fn from<'a>(self, after: i64, at: &str, desk: &mut Desk<'a>) -> Found<&'a [Value]> {
        if self.can_filter && after > 0 {
            return desk.read(self.read(Some(format!("{} ge {after}", self.id)), "", MOST_RECORDS));
        }
        let few = if self.can_filter { MOST_RECORDS } else { NEWEST };
        let newest = desk.read(self.newest(few))?;
        let is_known = |record: &Value| match after {
            0 => !self.is_later(record, at),
            after => self.id_of(record) <= Some(after),
        };
        if newest.len() < few || newest.iter().any(is_known) {
            return Ok(newest);
        }
        desk.read(self.newest(MOST_NEWEST))
    }

    fn newest(self, limit: usize) -> Reading {
        self.read(None, " desc", limit)
    }

    fn id_of(self, record: &Value) -> Option<i64> {
        record[self.id].as_i64()
    }

    fn time_of(self, record: &Value) -> &str {
        record[self.time].as_str().unwrap_or_default()
    }

    /// Its time, as far as it has one.
    fn moment_of(self, record: &Value) -> Moment {
        moment(self.time_of(record)).unwrap_or_default()
    }

    /// Whether a record came after a time, as far as both are times.
    fn is_later(self, record: &Value, at: &str) -> bool {
        moment(self.time_of(record)).zip(moment(at)).is_some_and(|(time, at)| time > at)
    }
}

/// What is new, and how far that is. Without a cursor, nothing is: it begins now. What is told of may take so long.
pub(super) fn since(
    source: Source,
    known: Option<Cursor>,
    longest: Moment,
    now: Moment,
    desk: &mut Desk<'_>,
) -> Found<(Vec<Value>, Cursor)> {
    let Some(mut cursor) = known else {
        let newest = desk.read(source.newest(1))?.first();
        // Where there is nothing yet, what has just come is new; clocks may differ.
        let at = newest.map_or_else(|| iso(now - HOUR), |record| source.time_of(record).to_owned());
        let after = newest.and_then(|record| source.id_of(record)).unwrap_or_default();
        return Ok((Vec::new(), Cursor { after, at, ..Cursor::default() }));
    };
    let was_empty = std::mem::take(&mut cursor.was_empty);
    let mut rows = source.from(cursor.after, &cursor.at, desk)?;
    let same = rows.iter().find(|record| source.id_of(record) == Some(cursor.after));
    let is_behind = !rows.iter().any(|record| source.id_of(record) >= Some(cursor.after));
    // Fewer, but later: the PBX counts from the beginning.
    let is_recounted =
        |record: &Value| source.id_of(record) < Some(cursor.after) && source.is_later(record, &cursor.at);
    let is_anew = if is_behind && cursor.after > 0 {
        let newest = if source.can_filter { desk.read(source.newest(1))? } else { rows };
        match newest.first() {
            None => {
                cursor.was_empty = true;
                false
            }
            Some(newest) => is_recounted(newest),
        }
    } else {
        match same {
            Some(record) => source.is_later(record, &cursor.at),
            // Whatever the numbers are, they may have been given anew.
            None => cursor.after > 0 && (was_empty || rows.iter().any(is_recounted)),
        }
    };
    if is_anew {
        cursor.after = 0;
        cursor.missing.clear();
        rows = source.from(0, &cursor.at, desk)?;
    }
    let mut new: Vec<(i64, &Value)> = rows
        .iter()
        .filter_map(|record| Some((source.id_of(record)?, record)))
        .filter(|(id, _)| *id > cursor.after)
        .collect();
    if cursor.after == 0 && !cursor.at.is_empty() {
        new.retain(|(_, record)| source.is_later(record, &cursor.at));
    }
    new.sort_by_key(|(id, _)| *id);
    new.dedup_by_key(|(id, _)| *id);
    if is_anew {
        let again: HashSet<_> = new.iter().map(|(id, record)| (*id, source.moment_of(record))).collect();
        cursor.told.retain(|id, time| again.contains(&(*id, *time)));
    }
    Ok(cursor.advance(source, &new, longest, now))
}

impl Cursor {
    fn advance(mut self, source: Source, new: &[(i64, &Value)], longest: Moment, now: Moment) -> (Vec<Value>, Self) {
        let mut found = Vec::new();
        let mut is_held = false;
        self.notice(new, now);
        // A reading begins with the record that was told last. Those that are waited for leave room in it for new ones.
        let crowd = if new.len() + 1 < MOST_RECORDS { 0 } else { new.len() / 2 };
        for (position, (id, record)) in new.iter().enumerate() {
            let mut ready = (source.ready)(record);
            let time = moment(source.time_of(record));
            let end = source.end.and_then(|name| moment(record[name].as_str()?)).filter(|end| Some(*end) >= time);
            let end = end.or(time.map(|time| time + longest));
            let is_old = end.is_none_or(|end| end + source.patience < now);
            let is_of_the_past = time.is_some_and(|time| time + LONGEST_PAUSE < now);
            if is_of_the_past {
                ready = Ready::Never;
            } else if is_old || position < crowd {
                ready = match ready {
                    Ready::Unfinished => Ready::Now,
                    Ready::Later => Ready::Never,
                    other => other,
                };
            }
            let is_awaited = |(_, since): (&i64, &Moment)| since + GAP >= now;
            is_held |= position >= crowd && self.missing.range(self.after + 1..*id).any(is_awaited);
            let time = source.moment_of(record);
            if ready == Ready::Now && self.told.get(id) != Some(&time) {
                found.push((*record).clone());
                self.told.insert(*id, time);
            }
            is_held |= matches!(ready, Ready::Later | Ready::Unfinished);
            if !is_held {
                self.after = *id;
                self.at = source.time_of(record).to_owned();
            }
        }
        let after = self.after;
        self.told.retain(|id, _| *id > after);
        self.missing.retain(|id, _| *id > after);
        (found, self)
    }

    /// Goes on to the greatest number that was told.
    #[cfg(test)]
    pub(super) fn skip_missing(&mut self) {
        if let Some((id, time)) = std::mem::take(&mut self.told).pop_last() {
            (self.after, self.at) = (id, iso(time));
        }
    }

    /// Notes which numbers are missing between those that came, and forgets those that are for too long.
    fn notice(&mut self, new: &[(i64, &Value)], now: Moment) {
        let before = |position: usize| position.checked_sub(1).map_or(self.after, |before| new[before].0);
        let gaps = (0..new.len()).rev().map(|position| before(position) + 1..new[position].0);
        let since = |id: i64| (id, self.missing.get(&id).copied().filter(|since| *since <= now).unwrap_or(now));
        self.missing = gaps.flat_map(Iterator::rev).take(MOST_MISSING).map(since).collect();
    }
}

/// The newest records, to choose an example from.
pub(super) fn newest(source: Source, filter: Option<String>, desk: &mut Desk<'_>) -> Found<Vec<Value>> {
    let rows = desk.read(source.read(filter, " desc", 100))?;
    Ok(rows.iter().filter(|record| matches!((source.ready)(record), Ready::Now | Ready::Unfinished)).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::moment::{DAY, SECOND};
    use crate::trigger::Halt;

    /// One look at a PBX that has these records, in the order of their numbers.
    fn look(source: Source, known: Option<Cursor>, now: Moment, log: &[Value]) -> (Vec<i64>, Cursor) {
        let mut answers: Vec<Vec<Value>> = Vec::new();
        loop {
            match since(source, known.clone(), 4 * HOUR, now, &mut Desk::new(&answers)) {
                Ok((found, cursor)) => {
                    let cursor = serde_json::from_str(&serde_json::to_string(&cursor).unwrap()).unwrap();
                    return (found.iter().filter_map(|record| source.id_of(record)).collect(), cursor);
                }
                Err(halt) => {
                    let Halt::Read(reading) = *halt else { panic!("{halt:?}") };
                    let least = reading.parameters["filter"].as_str().map_or(0, |text| text[6..].parse().unwrap());
                    let limit = reading.parameters["limit"].as_u64().unwrap() as usize;
                    let mut rows: Vec<Value> =
                        log.iter().filter(|record| source.id_of(record) >= Some(least)).cloned().collect();
                    if reading.parameters["orderby"].as_str().unwrap().ends_with(" desc") {
                        rows.reverse();
                    }
                    rows.truncate(limit);
                    answers.push(rows);
                }
            }
        }
    }

    fn events(ids: &[i64]) -> Vec<Value> {
        ids.iter().map(|id| json!({"Id": id, "MessageId": id, "TimeGenerated": iso(30 * DAY + id * SECOND), "TimeSent": iso(30 * DAY + id * SECOND)})).collect()
    }

    const NOW: Moment = 30 * DAY + HOUR;

    #[test]
    fn one_empty_answer_tells_nothing_again() {
        for source in [EVENTS, CHAT_MESSAGES] {
            let (_, cursor) = look(source, None, NOW, &events(&[1, 2, 3]));
            let (told, cursor) = look(source, Some(cursor), NOW, &events(&[1, 2, 3, 4, 6]));
            assert_eq!(told, [4, 6]);
            let (told, cursor) = look(source, Some(cursor), NOW, &[]);
            assert_eq!(told, [0; 0]);
            let (told, cursor) = look(source, Some(cursor), NOW, &events(&[1, 2, 3, 4, 5, 6, 7]));
            assert_eq!(told, [5, 7]);
            // The record that was told last is gone, too.
            let (_, cursor) = look(source, Some(cursor), NOW, &[]);
            assert_eq!(look(source, Some(cursor), NOW, &events(&[1, 2, 3, 4, 8])).0, [8]);
        }
    }

    #[test]
    fn numbers_of_a_purged_log_are_new_although_they_were_told() {
        let (_, cursor) = look(EVENTS, None, NOW, &events(&[1]));
        let (told, cursor) = look(EVENTS, Some(cursor), NOW, &events(&[1, 3, 4]));
        assert_eq!(told, [3, 4]);
        let (_, cursor) = look(EVENTS, Some(cursor), NOW, &[]);
        let again: Vec<Value> = (1..=4).map(|id| json!({"Id": id, "TimeGenerated": iso(NOW + id * SECOND)})).collect();
        assert_eq!(look(EVENTS, Some(cursor), NOW, &again).0, [1, 2, 3, 4]);
    }

    #[test]
    fn where_there_was_nothing_only_what_came_since_is_new() {
        let (_, cursor) = look(EVENTS, None, NOW, &[]);
        let log = [json!({"Id": 1, "TimeGenerated": iso(NOW - DAY)}), json!({"Id": 2, "TimeGenerated": iso(NOW)})];
        assert_eq!(look(EVENTS, Some(cursor), NOW, &log).0, [2]);
    }

    #[test]
    fn old_records_that_are_seen_at_last_hide_no_new_ones() {
        for source in [EVENTS, CHAT_MESSAGES] {
            let (_, cursor) = look(source, None, NOW, &[]);
            let mut log = events(&(1..=1500).collect::<Vec<_>>());
            for record in &mut log {
                record[source.time] = json!(iso(NOW - DAY));
            }
            let (told, cursor) = look(source, Some(cursor), NOW, &log);
            assert_eq!(told, [0; 0]);
            log.push(json!({ "Id": 1501, "MessageId": 1501, "TimeGenerated": iso(NOW), "TimeSent": iso(NOW) }));
            assert_eq!(look(source, Some(cursor), NOW, &log).0, [1501]);
        }
    }

    #[test]
    fn a_number_that_is_seen_late_is_told_and_one_that_never_comes_holds_nothing_up() {
        for source in [EVENTS, CHAT_MESSAGES] {
            let (_, cursor) = look(source, None, NOW, &events(&[10]));
            let (told, cursor) = look(source, Some(cursor), NOW, &events(&[10, 12, 14]));
            assert_eq!(told, [12, 14]);
            let (told, cursor) = look(source, Some(cursor), NOW + 3 * MINUTE, &events(&[10, 12, 13, 14]));
            assert_eq!(told, [13]);
            assert_eq!(cursor.after, 14, "11 is missing for too long");
            assert!(cursor.told.is_empty() && cursor.missing.is_empty());
            // A log that goes on far beyond is waited for no more than one that goes on.
            let (_, cursor) = look(source, Some(cursor), NOW, &events(&[14, 1_000_000]));
            assert_eq!(cursor.missing.len(), MOST_MISSING);
            assert_eq!(look(source, Some(cursor), NOW + 3 * MINUTE, &events(&[14, 1_000_000])).1.after, 1_000_000);
        }
    }

    #[test]
    fn recordings_of_long_calls_are_waited_for() {
        let start = 30 * DAY;
        let recording = |more: Value| {
            let mut record = json!({"Id": 2, "StartTime": iso(start), "RecordingUrl": "", "IsTranscribed": false});
            record.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
            [json!({"Id": 1, "StartTime": iso(start), "RecordingUrl": "1.wav"}), record]
        };
        let known = || look(RECORDINGS, None, start, &recording(json!({}))[..1]).1;
        let told =
            |source, hours: i64, more: Value| look(source, Some(known()), start + hours * HOUR, &recording(more));
        let (ids, cursor) = told(RECORDINGS, 3, json!({"EndTime": null}));
        assert_eq!((ids.len(), cursor.after), (0, 1));
        // Without a URL, or before its end, it is not there.
        for early in [json!({"EndTime": iso(start + HOUR)}), json!({"EndTime": null, "RecordingUrl": "2.wav"})] {
            assert_eq!(told(RECORDINGS, 2, early.clone()).0, [0; 0], "{early}");
        }
        for ready in [
            json!({"EndTime": iso(start + 3 * HOUR), "RecordingUrl": "2.wav"}),
            json!({"RecordingUrl": "2.wav"}),
            json!({"ArchivedUrl": "2.wav"}),
        ] {
            assert_eq!(told(RECORDINGS, 5, ready.clone()).0, [2], "{ready}");
        }
        let never_ends = json!({"EndTime": null, "RecordingUrl": "2.wav"});
        assert_eq!(told(RECORDINGS, 7, never_ends).0, [2], "a PBX that tells no end");
        // Given up two or six hours after the end, or after the longest call where no end is told.
        let is_awaited = |source, hours, more| told(source, hours, more).1.after == 1;
        let ended = json!({"EndTime": iso(start + 7 * HOUR)});
        assert!(is_awaited(RECORDINGS, 8, ended.clone()) && !is_awaited(RECORDINGS, 10, ended.clone()));
        assert!(is_awaited(TRANSCRIPTS, 12, ended.clone()) && !is_awaited(TRANSCRIPTS, 14, ended));
        assert!(is_awaited(RECORDINGS, 5, json!({})) && !is_awaited(RECORDINGS, 7, json!({})));
        let none = json!({"EndTime": "0001-01-01T00:00:00Z"});
        assert!(is_awaited(RECORDINGS, 5, none.clone()) && !is_awaited(RECORDINGS, 7, none));
    }
}
