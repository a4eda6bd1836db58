//! One row of the call log: a leg of a call.

use serde_json::Value;

use super::log;
use super::moment::{self, Moment};

/// A row, read. Fields that are missing are empty: builds differ in what they give.
#[derive(Debug, Clone)]
pub(super) struct Leg {
    pub(super) cdr_id: String,
    /// What the legs of a call have in common.
    pub(super) call: String,
    pub(super) start: Option<Moment>,
    pub(super) ringing: i64,
    pub(super) talking: i64,
    pub(super) is_answered: bool,
    pub(super) kind: LegKind,
    pub(super) direction: Direction,
    pub(super) source: Party,
    pub(super) destination: Party,
    pub(super) row: Value,
}

/// Who answers at the end of a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LegKind {
    Extension,
    Queue,
    /// Somebody outside.
    External,
    /// A menu, the voicemail, or what this version does not know.
    Other,
}

/// Which way a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Inbound,
    Outbound,
    Internal,
}

impl Direction {
    pub fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Internal => "internal",
        }
    }
}

/// One end of a leg.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Party {
    /// Number of the extension, queue or trunk.
    pub(super) dn: String,
    pub(super) caller_id: String,
    pub(super) name: String,
}

impl Party {
    fn of(row: &Value, side: &str) -> Self {
        let text = |part: &str| text(row, &format!("{side}{part}"));
        let caller_id = text("CallerId");
        // Callers within the PBX may come as `Ext.101`.
        let caller_id = caller_id.strip_prefix("Ext.").unwrap_or(&caller_id).to_owned();
        Self { dn: text("Dn"), caller_id, name: text("DisplayName") }
    }

    /// What somebody outside is called by.
    pub(super) fn outside(&self) -> &str {
        if self.caller_id.is_empty() { &self.dn } else { &self.caller_id }
    }

    /// What somebody of the PBX is called by.
    pub(super) fn inside(&self) -> &str {
        if self.dn.is_empty() { &self.caller_id } else { &self.dn }
    }
}

impl Leg {
    /// Nothing, if the row has no id by which it could be told from others.
    pub(super) fn read(row: Value) -> Option<Self> {
        let call = IDS.into_iter().map(|name| text(&row, name)).find(|id| !id.is_empty())?;
        let time = |name: &str| moment::duration(&text(&row, name)).unwrap_or_default();
        let status = text(&row, "Status").to_lowercase();
        // A caller who waits in a queue has been answered by the queue only.
        let is_answered = row["Answered"].as_bool().unwrap_or(status == "answered") || status == "answered";
        let direction = text(&row, "Direction").to_lowercase();
        Some(Self {
            cdr_id: text(&row, "CdrId"),
            call,
            start: start(&row),
            ringing: time("RingingDuration"),
            talking: time("TalkingDuration"),
            is_answered,
            kind: match text(&row, "CallType").to_lowercase().as_str() {
                "extension" => LegKind::Extension,
                "queue" => LegKind::Queue,
                "external" => LegKind::External,
                _ => LegKind::Other,
            },
            direction: if direction.starts_with("inbound") {
                Direction::Inbound
            } else if direction.starts_with("outbound") {
                Direction::Outbound
            } else {
                Direction::Internal
            },
            source: Party::of(&row, "Source"),
            destination: Party::of(&row, "Destination"),
            row,
        })
    }

    /// The same without what no call is told by, to hold many of them.
    #[must_use]
    pub(super) fn without_row(mut self) -> Self {
        if let Value::Object(fields) = &mut self.row {
            fields.retain(|name, _| TOLD.contains(&name.as_str()));
        }
        self
    }

    pub(super) fn end(&self) -> Option<Moment> {
        Some(self.start? + self.ringing + self.talking)
    }

    /// Whether a person spoke: at an extension, or outside where the call was sent on to.
    pub(super) fn is_with_a_person(&self) -> bool {
        let is_person = self.kind == LegKind::Extension
            || (self.kind == LegKind::External && self.direction == Direction::Outbound);
        self.is_answered && is_person
    }
}

/// By what a row says to which call it belongs, and by itself which row it is: the first of them that it has.
const IDS: [&str; 3] = ["MainCallHistoryId", "CallHistoryId", "CdrId"];

/// Fields of the row that a call is told by.
const TOLD: [&str; 7] = ["SegmentId", "Reason", "Recordings", "SrcRecId", "DstRecId", "Summary", "Transcription"];

/// Whether a row has this id, be it its own or that of its call.
pub fn has_id(row: &Value, id: &str) -> bool {
    IDS.iter().any(|name| text(row, name) == id)
}

/// What a row is told from others by, where the PBX gives it.
pub fn own_id(row: &Value) -> Option<String> {
    Some(text(row, "CdrId")).filter(|id| !id.is_empty())
}

/// When a row's leg started.
pub fn start(row: &Value) -> Option<Moment> {
    moment::moment(&text(row, "StartTime"))
}

/// When the call began, as its id tells: 3CX makes it of four bytes that are 0, eight of the time as Windows counts it, and four of
/// a number. Nothing, if the id is another one, or that is not shortly before this leg of it.
pub(super) fn began(id: &str, first: Moment) -> Option<Moment> {
    let digits = id.replace('-', "");
    let time = digits.strip_prefix("00000000")?.get(..16)?;
    let since_1601 = i64::from_str_radix(time, 16).ok()? / TICKS;
    Some(since_1601 - UNTIL_1970).filter(|began| (first - log::LONGEST..=first).contains(began))
}

/// So many of Windows' units are a millisecond.
const TICKS: i64 = 10_000;
/// From the year 1601, with which Windows begins to count.
const UNTIL_1970: Moment = 134_774 * moment::DAY;
/// A field as text; empty unless it is a text or a number.
pub(super) fn text(row: &Value, name: &str) -> String {
    match &row[name] {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}
