//! Records that have a growing number (`Id`, or another name): those beyond the greatest one that was seen are new.
//!
//! The record of that number is read again with the new ones. If it is of another time, the PBX has begun to count anew,
//! as it may after a purge; so it has if it is gone and there are smaller numbers of a later time than all that was told.
//! That the record is gone, or that the newest ones were deleted, tells nothing.
//! Where a record tells of a call, its time is the end of the call: a long one is listed late, with an early start.
//!
//! A number is given when a record is begun and can be seen when it is done: a greater one may be seen first. So numbers that
//! are missing are waited for a while.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::options::Event;
use super::reading::{Desk, Reading};
use super::{Found, Hint, LONGEST_PAUSE, News};
use crate::calls::moment::{HOUR, MINUTE, Moment, iso, moment};
use crate::sorting;

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
pub(super) struct Cursor {
    /// All up to this number was told, or given up.
    after: i64,
    /// The time of that record. Where there is none, what is not later is not told.
    at: String,
    /// When the last of all that was told was over: the greatest number may be deleted, and need not be the latest. Versions
    /// before had no such time, or that of the greatest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) over: Option<Moment>,
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

/// So many records are taken at a time. What is left comes with the next round.
const MOST_RECORDS: usize = 1000;
/// Where they are read newest first, so many are at first, four times as many until one is known, and so many at most: what is
/// older is not told any more.
const NEWEST: usize = 100;
const MOST_NEWEST: usize = 10_000;

impl Source {
    fn read(self, filter: Option<String>, order: &str, limit: usize) -> Reading {
        let mut parameters = json!({"orderby": format!("{}{order}", self.id), "limit": limit, "simplify": false});
        // One that is there and blank would be refused.
        if let Some(filter) = filter {
            parameters["filter"] = filter.into();
        }
        Reading::new(self.resource, self.operation, parameters)
    }

    /// The records from the cursor's number on, or where there is none, those later than its time; others may be among
    /// them. Whether there are more, which are not read.
    async fn from(self, cursor: &Cursor, longest: Moment, desk: &Desk) -> Found<(Vec<Value>, bool)> {
        if self.can_filter && cursor.after > 0 {
            let rows = desk.read(self.read(Some(format!("{} ge {}", self.id, cursor.after)), "", MOST_RECORDS)).await?;
            return Ok((rows, false));
        }
        let is_known = |record: &Value| match cursor.after {
            0 => !cursor.is_before(record, self, longest),
            after => self.id_of(record) <= Some(after),
        };
        let mut many = if self.can_filter { MOST_RECORDS } else { NEWEST };
        loop {
            let newest = desk.read(self.newest(many)).await?;
            let is_reached = newest.len() < many || newest.iter().any(is_known);
            if is_reached || many == MOST_NEWEST {
                return Ok((newest, !is_reached));
            }
            many = MOST_NEWEST.min(many * 4);
        }
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

    /// When what it tells of was over. Where no end is told, a call is taken to last as long as it may.
    fn over(self, record: &Value, longest: Moment) -> Option<Moment> {
        let time = moment(self.time_of(record))?;
        let Some(name) = self.end else { return Some(time) };
        let end = record[name].as_str().and_then(moment).filter(|end| *end >= time);
        Some(end.unwrap_or(time + longest))
    }
}

/// What is new, and how far that is. Without a cursor, nothing is: it begins now. What is told of may take so long.
pub(super) async fn since(
    source: Source,
    known: Option<Cursor>,
    longest: Moment,
    now: Moment,
    desk: &Desk,
) -> Found<News<Value, Cursor>> {
    let Some(mut cursor) = known else {
        let rows = desk.read(source.newest(NEWEST)).await?;
        let newest = rows.first();
        // Where there is nothing yet, what has just come is new; clocks may differ.
        let at = newest.map_or_else(|| iso(now - HOUR), |record| source.time_of(record).to_owned());
        let after = newest.and_then(|record| source.id_of(record)).unwrap_or_default();
        let over = rows.iter().filter_map(|record| source.over(record, longest)).max();
        let over = over.map(|over| over.min(latest(longest, now)));
        return Ok(News { state: Cursor { after, at, over, ..Cursor::default() }, ..News::default() });
    };
    let was_empty = std::mem::take(&mut cursor.was_empty);
    let before = cursor.after;
    let (mut rows, mut has_lost) = source.from(&cursor, longest, desk).await?;
    let is_full = source.can_filter && before > 0 && rows.len() >= MOST_RECORDS;
    let same = rows.iter().find(|record| source.id_of(record) == Some(cursor.after));
    let is_short = !rows.iter().any(|record| source.id_of(record) >= Some(cursor.after));
    // Fewer, but later: the PBX counts from the beginning.
    let is_recounted =
        |record: &Value| source.id_of(record) < Some(cursor.after) && cursor.is_before(record, source, longest);
    let is_anew = if is_short && cursor.after > 0 {
        let newest = if source.can_filter {
            desk.read(source.newest(1)).await?.into_iter().next()
        } else {
            rows.first().cloned()
        };
        match &newest {
            None => {
                cursor.was_empty = true;
                false
            }
            Some(newest) => is_recounted(newest),
        }
    } else {
        match same {
            // Its beginning is told once and for all, unlike its end.
            Some(record) => moment(source.time_of(record)).zip(moment(&cursor.at)).is_some_and(|(time, at)| time > at),
            // Numbers that were given anew may have come as far already.
            None if was_empty && source.can_filter && cursor.after > 0 => {
                desk.read(source.newest(MOST_RECORDS)).await?.iter().any(is_recounted)
            }
            None => cursor.after > 0 && rows.iter().any(is_recounted),
        }
    };
    if is_anew {
        cursor.after = 0;
        cursor.missing.clear();
        (rows, has_lost) = source.from(&cursor, longest, desk).await?;
    }
    let mut new: Vec<(i64, &Value)> = rows
        .iter()
        .filter_map(|record| Some((source.id_of(record)?, record)))
        .filter(|(id, _)| *id > cursor.after)
        .collect();
    if cursor.after == 0 && !cursor.at.is_empty() {
        new.retain(|(_, record)| cursor.is_before(record, source, longest));
    }
    sorting::sort_by_key(&mut new, |(id, _)| *id);
    new.dedup_by_key(|(id, _)| *id);
    if is_anew {
        let again: HashSet<_> = new.iter().map(|(id, record)| (*id, source.moment_of(record))).collect();
        cursor.told.retain(|id, time| again.contains(&(*id, *time)));
    }
    let mut news = cursor.advance(source, &new, longest, now);
    news.is_behind = is_full && news.state.after > before;
    if has_lost {
        news.lost = Some(Hint::TooMany(MOST_NEWEST));
    }
    Ok(news)
}

/// Nothing is over later: a clock that was wrong once must not hide what comes.
fn latest(longest: Moment, now: Moment) -> Moment {
    now + longest + HOUR
}

impl Cursor {
    /// When the last of all that was told was over.
    fn over(&self) -> Option<Moment> {
        self.over.or_else(|| moment(&self.at))
    }

    /// Whether a record was over later than all that was told, as far as both have times.
    fn is_before(&self, record: &Value, source: Source, longest: Moment) -> bool {
        source.over(record, longest).zip(self.over()).is_some_and(|(over, known)| over > known)
    }

    fn advance(mut self, source: Source, new: &[(i64, &Value)], longest: Moment, now: Moment) -> News<Value, Self> {
        let (mut found, mut lost) = (Vec::new(), None);
        let mut is_held = false;
        self.notice(new, now);
        // A reading begins with the record that was told last. Those that are waited for leave room in it for new ones.
        let crowd = if new.len() + 1 < MOST_RECORDS { 0 } else { new.len() / 2 };
        for (position, (id, record)) in new.iter().enumerate() {
            let mut ready = (source.ready)(record);
            let over = source.over(record, longest);
            let is_old = over.is_none_or(|over| over + source.patience < now);
            let is_of_the_past = over.is_some_and(|over| over + LONGEST_PAUSE < now);
            if is_of_the_past {
                if ready != Ready::Never && !self.told.contains_key(id) {
                    lost = Some(Hint::LongPause(now - LONGEST_PAUSE));
                }
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
                self.over = self.over().max(over.map(|over| over.min(latest(longest, now))));
                self.after = *id;
                self.at = source.time_of(record).to_owned();
            }
        }
        let after = self.after;
        // Nor is it told once more after so long.
        let is_of_the_past = |time: Moment| time > 0 && time + longest + LONGEST_PAUSE < now;
        self.told.retain(|id, time| *id > after && !is_of_the_past(*time));
        self.missing.retain(|id, _| *id > after);
        News { found, state: self, lost, is_behind: false }
    }

    /// Goes on to the greatest number that was told.
    #[cfg(test)]
    pub(super) fn skip_missing(&mut self) {
        if let Some((id, time)) = std::mem::take(&mut self.told).pop_last() {
            (self.after, self.at, self.over) = (id, iso(time), Some(time));
        }
    }

    /// Notes which numbers are missing between those that came, and forgets those that are for too long.
    fn notice(&mut self, new: &[(i64, &Value)], now: Moment) {
        // What was told may be gone, as its workflow deletes it; beyond all that is there, it may be of an earlier counting.
        let last = new.last().map_or(i64::MAX, |(id, _)| *id);
        let told = self.told.range(..=last).map(|(id, _)| *id);
        let known: BTreeSet<i64> = told.chain(new.iter().map(|(id, _)| *id)).collect();
        let known: Vec<i64> = known.into_iter().collect();
        let before = |position: usize| position.checked_sub(1).map_or(self.after, |before| known[before]);
        let gaps = (0..known.len()).rev().map(|position| before(position) + 1..known[position]);
        let since = |id: i64| (id, self.missing.get(&id).copied().filter(|since| *since <= now).unwrap_or(now));
        self.missing = gaps.flat_map(Iterator::rev).take(MOST_MISSING).map(since).collect();
    }
}

/// The newest records, to choose an example from.
pub(super) async fn newest(source: Source, filter: Option<String>, desk: &Desk) -> Found<Vec<Value>> {
    let mut rows = desk.read(source.read(filter, " desc", 100)).await?;
    rows.retain(|record| matches!((source.ready)(record), Ready::Now | Ready::Unfinished));
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::moment::{DAY, SECOND};
    use crate::trigger::tests::answered;

    /// One look at a PBX that has these records, in the order of their numbers.
    fn look(source: Source, known: Option<Cursor>, now: Moment, log: &[Value]) -> (Vec<i64>, Cursor) {
        let looked = answered(
            |desk| async move { since(source, known, 4 * HOUR, now, &desk).await },
            |reading| {
                let least = reading.parameters["filter"].as_str().map_or(0, |text| text[6..].parse().unwrap());
                let limit = reading.parameters["limit"].as_u64().unwrap() as usize;
                let mut rows: Vec<Value> =
                    log.iter().filter(|record| source.id_of(record) >= Some(least)).cloned().collect();
                if reading.parameters["orderby"].as_str().unwrap().ends_with(" desc") {
                    rows.reverse();
                }
                rows.truncate(limit);
                rows
            },
        );
        let News { found, state, .. } = looked.unwrap();
        let cursor = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
        (found.iter().filter_map(|record| source.id_of(record)).collect(), cursor)
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
    fn where_nothing_can_be_filtered_little_more_is_read_than_is_new() {
        let ids: Vec<i64> = (1..=3000).collect();
        let all = events(&ids);
        for (new, expected) in [(50, &[100][..]), (150, &[100, 400]), (1000, &[100, 400, 1600])] {
            let (_, cursor) = look(CHAT_MESSAGES, None, NOW, &all[..all.len() - new]);
            let mut asked = Vec::new();
            let looked = answered(
                |desk| async move { since(CHAT_MESSAGES, Some(cursor), 4 * HOUR, NOW, &desk).await },
                |reading| {
                    let limit = reading.parameters["limit"].as_u64().unwrap();
                    asked.push(limit);
                    all.iter().rev().take(limit as usize).cloned().collect()
                },
            );
            assert_eq!((looked.unwrap().found.len(), asked.as_slice()), (new, expected));
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
    fn numbers_of_an_earlier_counting_hide_none_that_is_missing() {
        let told = (400..=420).map(|id| (id, NOW)).collect();
        let cursor = Cursor { at: iso(29 * DAY), told, ..Cursor::default() };
        let (told, cursor) = look(CHAT_MESSAGES, Some(cursor), NOW, &events(&[1, 2, 4]));
        assert_eq!(told, [1, 2, 4]);
        assert_eq!(look(CHAT_MESSAGES, Some(cursor), NOW + MINUTE, &events(&[1, 2, 3, 4, 5])).0, [3, 5]);
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
    fn what_was_told_is_not_told_again_if_the_greatest_number_is_deleted() {
        let row = |id: i64, start: Moment, end: Option<Moment>| {
            json!({"Id": id, "MessageId": id, "TimeGenerated": iso(start), "TimeSent": iso(start),
                "StartTime": iso(start), "EndTime": end.map(iso), "RecordingUrl": "r.wav"})
        };
        // A long call and a short one within it.
        let rows =
            |end| [row(4, NOW - HOUR, Some(NOW - 50 * MINUTE)), row(5, NOW, end), row(6, NOW + 2, Some(NOW + 9))];
        let over = rows(Some(NOW + 10 * MINUTE));
        let (_, first) = look(RECORDINGS, None, NOW, &over[..1]);
        let (told, cursor) = look(RECORDINGS, Some(first), NOW + 3 * MINUTE, &rows(None));
        assert_eq!(told, [6]);
        let (told, cursor) = look(RECORDINGS, Some(cursor), NOW + 11 * MINUTE, &over);
        assert_eq!(told, [5]);
        assert_eq!(look(RECORDINGS, Some(cursor), NOW + 12 * MINUTE, &over[..2]).0, [0; 0]);
        // They were there when it began.
        let (_, cursor) = look(RECORDINGS, None, NOW + 11 * MINUTE, &over);
        assert_eq!(look(RECORDINGS, Some(cursor), NOW + 12 * MINUTE, &over[..2]).0, [0; 0]);
        for source in [EVENTS, CHAT_MESSAGES] {
            // The greater number is of an earlier time.
            let log = [row(1, NOW, None), row(2, NOW + 3 * SECOND, None), row(3, NOW + 2 * SECOND, None)];
            let (_, cursor) = look(source, None, NOW, &log[..1]);
            let (told, cursor) = look(source, Some(cursor), NOW + MINUTE, &log);
            assert_eq!(told, [2, 3]);
            assert_eq!(look(source, Some(cursor.clone()), NOW + 2 * MINUTE, &log[..2]).0, [0; 0]);
            // A log that is purged is still followed, also after a record whose time was wrong.
            let wrong = [log.to_vec(), vec![row(4, NOW + 900 * DAY, None)]].concat();
            let (told, cursor) = look(source, Some(cursor), NOW + 2 * MINUTE, &wrong);
            assert_eq!(told, [4]);
            let later = NOW + 2 * DAY;
            assert_eq!(look(source, Some(cursor), later, &[row(1, later, None)]).0, [1]);
        }
    }

    #[test]
    fn a_memory_that_knows_only_the_time_of_its_number_goes_on() {
        let cursor = serde_json::from_value(json!({"after": 3, "at": iso(30 * DAY + 3 * SECOND)})).unwrap();
        let (told, cursor) = look(EVENTS, Some(cursor), NOW, &events(&[1, 2, 3, 4]));
        assert_eq!(told, [4]);
        assert_eq!(look(EVENTS, Some(cursor), NOW, &events(&[1, 2, 3])).0, [0; 0]);
    }

    /// Looks each minute, from the first to the last one: recordings by number, start and end, which are listed from their
    /// end on until they are gone.
    fn follow(
        recorded: &[(i64, i64, i64)],
        [first, last]: [i64; 2],
        is_gone: impl Fn(i64, i64, &[i64]) -> bool,
    ) -> (Vec<i64>, Cursor) {
        let at = |minute: i64| 30 * DAY + minute * MINUTE;
        let (mut told, mut cursor) = (Vec::new(), None);
        for minute in first..=last {
            let is_listed = |(id, _, end): &&(i64, i64, i64)| *end <= minute && !is_gone(*id, minute, &told);
            let row = |(id, start, end): &(i64, i64, i64)| json!({"Id": id, "StartTime": iso(at(*start)), "EndTime": iso(at(*end)), "RecordingUrl": "r.wav"});
            let log: Vec<Value> = recorded.iter().filter(is_listed).map(row).collect();
            let (new, next) = look(RECORDINGS, cursor, at(minute), &log);
            told.extend(new);
            cursor = Some(next);
        }
        (told, cursor.unwrap())
    }

    #[test]
    fn a_recording_of_a_long_call_is_told_once_whatever_is_deleted() {
        let recorded = [(49, -10, -8), (50, 20, 21), (51, 0, 30), (52, 40, 41)];
        // Each that was told is deleted, and what was there before.
        let deletes = |id: i64, minute: i64, told: &[i64]| told.contains(&id) || (id == 49 && minute > -5);
        assert_eq!(follow(&recorded, [-5, 50], deletes).0, [50, 51, 52]);
        // The log is purged while a call is recorded.
        assert_eq!(follow(&recorded, [-5, 50], |id, minute, _| minute >= 25 && id <= 50).0, [50, 51, 52]);
        // The newest one is deleted, that of the long call.
        assert_eq!(follow(&recorded, [-5, 50], |id, minute, _| minute >= 35 && id == 51).0, [50, 51, 52]);
        // There was nothing yet.
        assert_eq!(follow(&[(1, 0, 70)], [65, 80], |_, _, _| false).0, [1]);
        // Numbers that begin anew after a purge, and come as far as before.
        let anew = [(2, -10, -8), (1, 20, 45), (3, 44, 46)];
        assert_eq!(follow(&anew, [-5, 60], |id, minute, _| minute >= 10 && id == 2).0, [1, 3]);
    }

    #[test]
    fn a_memory_stays_small_where_each_recording_is_deleted() {
        let recorded: Vec<_> = (0..600).map(|number| (5000 + number, number, number + 1)).collect();
        let (told, cursor) = follow(&recorded, [-1, 600], |id, _, told| told.contains(&id));
        assert_eq!(told.len(), 600);
        assert!(cursor.after > 5500 && cursor.told.len() < 5 && cursor.missing.is_empty(), "{cursor:?}");
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
