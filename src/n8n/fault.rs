//! What a person reads of a value that cannot be used: which field, what is wrong, what to do.

use std::fmt;

use serde_json::Map;

use super::outcome::{Certainty, Report};
use crate::rows::json::{JsonFault, MAX_DEPTH, MAX_LENGTH};
use crate::rows::value::{Expected, FaultKind, MAX_NAME, NoSwitch, ValueFault, shortened};

impl ValueFault {
    pub fn report(&self) -> Report {
        let field = &self.field;
        let (code, error, advice) = match &self.kind {
            FaultKind::Missing => (
                "EMPTY_CELL",
                format!("{field} is empty"),
                "Fill the cell and run the row again. If another column holds it, choose that one in the node, or give the \
                 column the same name in all rows.",
            ),
            FaultKind::ControlCharacter => (
                "CONTROL_CHARACTER",
                format!("{field} contains a line break, a tab or another control character"),
                "Type the cell anew: two values may have run together.",
            ),
            FaultKind::NotText => (
                "NOT_TEXT",
                format!("{field} is neither text nor a number"),
                "Use a cell or expression that gives one plain value.",
            ),
            FaultKind::NoSwitch(found) => (
                "NOT_TRUE_OR_FALSE",
                format!("{field} is {found} where only true or false is understood"),
                "Set the switch by hand, or use an expression that gives true or false, such as {{ $json.test === 'yes' }}.",
            ),
            FaultKind::Differs { row } => (
                "OPTION_DIFFERS",
                format!("{field} is not the same in rows 1 and {}", row + 1),
                if field.ends_with(" Column") {
                    "Enter the column's name, such as Group ID, not an expression that gives its value."
                } else {
                    "It holds for the whole run: give it the same value in every row, or run the rows apart."
                },
            ),
            FaultKind::TooLong => (
                "TOO_LONG",
                format!("{field} is longer than {MAX_NAME} characters"),
                "Correct the cell: several values may have run together.",
            ),
            FaultKind::NotAnId(text) => (
                "NOT_AN_ID",
                format!("{field}: “{}” is not an ID", shortened(text)),
                "An ID is a whole number, such as 28. Use By Number for a number such as GRP0001.",
            ),
            FaultKind::IsKey(key) => (
                "MISPLACED_LICENSE_KEY",
                format!("{field} holds a license key ({key}), which does not belong there"),
                "Nothing was sent. Check whether the columns were mixed up.",
            ),
            FaultKind::IsGroup => (
                "MISPLACED_LICENSE_KEY",
                format!("{field} holds a group's ID or number, which does not belong there"),
                "Nothing was sent. Check whether the columns were mixed up.",
            ),
            FaultKind::NotEvaluated(text) => (
                "NOT_EVALUATED",
                format!("{field} could not be evaluated: {}", shortened(text)),
                "Check the field's expression against this row's columns.",
            ),
            FaultKind::NotFitting { expected, found } => (
                "NOT_FITTING",
                match found {
                    Some(found) => format!("{field}: “{}” is not {expected}", shortened(found)),
                    None => format!("{field} is not {expected}"),
                },
                "Correct the value and run the row again; nothing of it was sent.",
            ),
            FaultKind::Unknown => (
                "UNKNOWN_FIELD",
                format!("There is no field {field} here"),
                "Open the node and choose the fields anew, or correct the name in the JSON.",
            ),
            FaultKind::SavedBefore(now) => (
                "SAVED_BEFORE",
                format!("{field} was saved by the earlier node and cannot be sent as it was: fill {now}"),
                "Nothing was sent. Delete the node, add it anew and fill its fields.",
            ),
            FaultKind::TwoColumns([one, other]) => (
                "COLUMNS_DIFFER",
                format!(
                    "{field} has different values in the columns “{}” and “{}”, which stand for one field",
                    shortened(one),
                    shortened(other)
                ),
                "Nothing was sent. Remove one of the two columns, or map the fields by hand.",
            ),
            FaultKind::OnlyLeftOut => (
                "NOTHING_TO_SEND",
                format!(
                    "Nothing but {field} is given, which an update leaves out where a record that was read is mapped as a whole"
                ),
                "Nothing was sent. Set the field with Map Each Column Manually, or call the column of the ID “ID”.",
            ),
            FaultKind::NothingToSend => (
                "NOTHING_TO_SEND",
                format!("{field} has no value for any field of this operation"),
                "Nothing was sent. Fill a field, or name columns as the form names its fields. To clear fields, set Empty \
                 Values to Clear.",
            ),
            FaultKind::Empty => {
                ("EMPTY_CELL", format!("{field} is empty"), "Nothing was sent. Fill it and run the row again.")
            }
            FaultKind::Unnarrowed => (
                "EMPTY_CELL",
                format!("{field} is empty, and nothing else narrows what is done"),
                "Nothing was sent. Fill it; or, to do it for all, remove it and switch on I Mean Everything.",
            ),
            FaultKind::NotMeant => (
                "NOT_MEANT",
                format!("{field} is off, and nothing narrows what this operation does"),
                "Nothing was sent. Switch it on to do what the operation's name says (in code: everything).",
            ),
            FaultKind::ChangesByGet(resource) => (
                "NOT_MEANT",
                format!("{field}: a GET of this changes something; {resource} has an operation of its own for it"),
                "Nothing was sent. Use that operation (in code: everything).",
            ),
            FaultKind::NarrowedEverything => (
                "NOT_MEANT",
                format!("{field} is given although I Mean Everything is on"),
                "Nothing was sent. Remove the field, or switch I Mean Everything off.",
            ),
            FaultKind::NoBesideEverything => (
                "NOT_MEANT",
                format!("{field} is No although I Mean Everything is on"),
                "Nothing was sent. Set it to Yes, or switch I Mean Everything off and give Start and Stop.",
            ),
            FaultKind::Clears => (
                "EMPTY_CELL",
                format!("{field} is empty, which would clear it"),
                "Nothing was sent. Remove it to leave it unchanged, or set Empty Values to Clear to clear it.",
            ),
            FaultKind::EmptyOption => (
                "EMPTY_CELL",
                format!("{field} is empty"),
                "Nothing was sent. Fill it, or leave it out to do without it.",
            ),
            FaultKind::OwnPages => (
                "NOT_FITTING",
                format!("{field}: $top and $skip cannot be used with Return All"),
                "Nothing was sent. Remove them, also from Path, or switch Return All off.",
            ),
            FaultKind::Mask => (
                "MASKED_VALUE",
                format!("{field} holds the stars that this node shows in place of a secret"),
                "Nothing was sent. Leave the field out of an update to keep the secret, or give the secret itself.",
            ),
            FaultKind::Gap(place) => (
                "EMPTY_CELL",
                format!("{field}: entry {} is empty", place + 1),
                "Nothing was sent. Fill the entry, or take it out of the list.",
            ),
            FaultKind::NotExact(found) => (
                "NOT_A_NUMBER",
                format!("{field}: {found} is not a number of at most 15 digits"),
                "Nothing was sent. Correct the cell; format a long number as text.",
            ),
            FaultKind::NoFile => (
                "NO_FILE",
                format!("The row has no file in its field {field}"),
                "Put a node before this one that gives a file, and name its binary field.",
            ),
        };
        Report {
            error,
            advice: advice.to_owned(),
            certainty: Certainty::NotSent,
            code: code.to_owned(),
            status: None,
            details: Map::new(),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Value => "a value: a formula or an expression failed",
            Self::Text => "text",
            Self::AtMost { characters, found } => {
                return write!(formatter, "of at most {characters} characters; it has {found}");
            }
            Self::Whole => "a whole number",
            Self::FromOne => "a whole number from 1",
            Self::Byte => "a whole number from 0 to 255",
            Self::Number => "a number of at most 15 digits",
            Self::TrueOrFalse => "true or false",
            Self::DateTime => "a date and time such as 2026-01-31T09:00:00Z",
            Self::After(beginning) => return write!(formatter, "after {beginning}"),
            Self::Date => "a date such as 2026-01-31",
            Self::Time => "a time of day such as 09:00:00",
            Self::Duration => "a duration such as PT1H30M or 01:30:00",
            Self::Uuid => "an ID such as 01234567-89ab-cdef-0123-456789abcdef",
            Self::OneOf(members) => {
                let named = members[..members.len().min(MOST_CHOICES)].join(", ");
                return write!(formatter, "one of {named}{}", if members.len() > MOST_CHOICES { ", …" } else { "" });
            }
            Self::Json(fault) => return write!(formatter, "valid JSON ({fault})"),
            Self::JsonObject => "a JSON object",
            Self::JsonList => "a JSON list",
            Self::ClearList => {
                "clear, as a comma may be part of a value: put semicolons between values, or give a JSON list"
            }
            Self::ObjectOrList => "valid JSON (neither an object nor a list)",
            Self::Closed => {
                "closed as it was opened: check its brackets and quotes, and write a quote within a text twice"
            }
            Self::RealKey => "a real key",
            Self::OneKey => "one key: there is more than one in the cell",
            Self::Evaluated => {
                "evaluated: it is the text of an expression. In the node, switch the field from Fixed to Expression"
            }
            Self::Path => "a path below /xapi/v1, such as /Users(12)/Groups",
            Self::TextField => "a text field: compare it with Equals, Greater Than and the like",
            Self::NoGuard => "taken by this operation, which cannot be guarded: remove it",
            Self::Etag => "the text of a record's @odata.etag",
            Self::FilledEtag => "filled: give the record's @odata.etag, or remove it",
        })
    }
}

/// How many choices are named where a value is none of them.
const MOST_CHOICES: usize = 10;

impl fmt::Display for NoSwitch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::EmptyText => "an empty text",
            Self::Text => "a text",
            Self::Number => "a number",
            Self::ListOrObject => "a list or an object",
        })
    }
}

impl fmt::Display for JsonFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HalfCharacter => {
                formatter.write_str("it holds half of a character, as it comes of cutting a text in two")
            }
            Self::TooDeep => write!(formatter, "it is nested more than {MAX_DEPTH} deep"),
            Self::TooLong => write!(formatter, "it is longer than {} million characters", MAX_LENGTH / 1_000_000),
            Self::Syntax(cause) => formatter.write_str(cause),
        }
    }
}
