//! Records that have a growing number (`Id`, or another name): those beyond the greatest one that was seen are new.
//!
//! The record of that number is read again with the new ones. If it is of another time, the PBX has begun to count anew,
//! as it may after a purge; so it has if there is nothing but smaller numbers of a later time. That the record is gone, or
//! that the newest ones were deleted, tells nothing.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::options::Event;
use super::reading::{Desk, Reading};
use super::{Found, LONGEST_PAUSE};
use crate::calls::moment::{HOUR, Moment, moment};

/// Where records come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) event: Event,
    resource: &'static str,
    operation: &'static str,
    /// The growing number.
    id: &'static str,
    time: &'static str,
    /// Whether the PBX itself finds those beyond a number. Else the newest ones are read, as many as it takes.
    can_filter: bool,
    /// How long a record may not be ready before it is given up.
    patience: Moment,
    ready: fn(&Value) -> Ready,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ready {
    Now,
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
    can_filter: true,
    patience: 2 * HOUR,
    ready: |record| if record["RecordingUrl"].is_string() { Ready::Now } else { Ready::Later },
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
    /// The time of that record.
    pub(super) at: String,
    /// Numbers beyond it that were told, as one between is not ready.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    told: Vec<i64>,
}

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

    /// The records from this number on; others may be among them.
    fn from<'a>(self, id: i64, desk: &mut Desk<'a>) -> Found<&'a [Value]> {
        if self.can_filter {
            return desk.read(self.read(Some(format!("{} ge {id}", self.id)), "", MOST_RECORDS));
        }
        let newest = desk.read(self.newest(NEWEST))?;
        if newest.len() < NEWEST || newest.iter().any(|record| self.id_of(record) <= Some(id)) {
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

    /// Whether a record came after a time, as far as both are times.
    fn is_later(self, record: &Value, at: &str) -> bool {
        moment(self.time_of(record)).zip(moment(at)).is_some_and(|(time, at)| time > at)
    }
}

/// What is new, and how far that is. Without a cursor, nothing is: it begins now.
pub(super) fn since(
    source: Source,
    known: Option<Cursor>,
    now: Moment,
    desk: &mut Desk<'_>,
) -> Found<(Vec<Value>, Cursor)> {
    let Some(mut cursor) = known else {
        let newest = desk.read(source.newest(1))?.first();
        let at = newest.map_or("", |record| source.time_of(record)).to_owned();
        let after = newest.and_then(|record| source.id_of(record)).unwrap_or_default();
        return Ok((Vec::new(), Cursor { after, at, told: Vec::new() }));
    };
    let mut rows = source.from(cursor.after, desk)?;
    let same = rows.iter().find(|record| source.id_of(record) == Some(cursor.after));
    let is_behind = !rows.iter().any(|record| source.id_of(record) >= Some(cursor.after));
    let is_anew = if is_behind && cursor.after > 0 {
        let newest = if source.can_filter { desk.read(source.newest(1))? } else { rows };
        match newest.first() {
            // Whatever the next number is, it is new.
            None => {
                cursor = Cursor { after: 0, ..cursor };
                false
            }
            Some(newest) => source.id_of(newest) < Some(cursor.after) && source.is_later(newest, &cursor.at),
        }
    } else {
        same.is_some_and(|record| {
            moment(source.time_of(record)) != moment(&cursor.at) && source.is_later(record, &cursor.at)
        })
    };
    if is_anew {
        cursor = Cursor { after: 0, told: Vec::new(), ..cursor };
        rows = source.from(0, desk)?;
    }
    let mut new: Vec<(i64, &Value)> = rows
        .iter()
        .filter_map(|record| Some((source.id_of(record)?, record)))
        .filter(|(id, _)| *id > cursor.after)
        .collect();
    if is_anew {
        new.retain(|(_, record)| source.is_later(record, &cursor.at));
    }
    new.sort_by_key(|(id, _)| *id);
    new.dedup_by_key(|(id, _)| *id);
    Ok(cursor.advance(source, &new, now))
}

impl Cursor {
    fn advance(mut self, source: Source, new: &[(i64, &Value)], now: Moment) -> (Vec<Value>, Self) {
        let mut found = Vec::new();
        let mut is_held = false;
        // A reading begins with the record that was told last. Those that are waited for leave room in it for new ones.
        let crowd = if new.len() + 1 < MOST_RECORDS { 0 } else { new.len() / 2 };
        for (position, (id, record)) in new.iter().enumerate() {
            let mut ready = (source.ready)(record);
            let time = moment(source.time_of(record));
            let is_old = time.is_none_or(|time| time + source.patience < now);
            let is_of_the_past = time.is_some_and(|time| time + LONGEST_PAUSE < now);
            if is_of_the_past || (ready == Ready::Later && (is_old || position < crowd)) {
                ready = Ready::Never;
            }
            if ready == Ready::Now && !self.told.contains(id) {
                found.push((*record).clone());
                self.told.push(*id);
            }
            is_held |= ready == Ready::Later;
            if !is_held {
                self.after = *id;
                self.at = source.time_of(record).to_owned();
            }
        }
        let after = self.after;
        self.told.retain(|id| *id > after);
        (found, self)
    }
}

/// The newest records, to choose an example from.
pub(super) fn newest(source: Source, filter: Option<String>, desk: &mut Desk<'_>) -> Found<Vec<Value>> {
    let rows = desk.read(source.read(filter, " desc", 100))?;
    Ok(rows.iter().filter(|record| (source.ready)(record) == Ready::Now).cloned().collect())
}
