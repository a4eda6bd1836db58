//! Values that people give: cleaned where that is safe, refused where it is not.

use std::borrow::Cow;

use crate::rows::json::JsonFault;
use crate::rows::text::{self, Clean, TextFault};
use crate::rows::{Cell, CellFault};
use crate::secret::MaskedKey;

/// How a person names an entity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    Id(i32),
    Number(String),
    /// Digits that can be an ID as well as a number.
    Either {
        id: i32,
        number: String,
    },
}

/// Why a value cannot be used. `field` is the name that the person knows it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueFault {
    pub field: Cow<'static, str>,
    pub kind: FaultKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    Missing,
    ControlCharacter,
    NotText,
    NotAnId(String),
    NotEvaluated(String),
    /// What it should be, and what it is where that may be shown.
    NotFitting {
        expected: Expected,
        found: Option<String>,
    },
    /// A switch that is neither on nor off.
    NoSwitch(NoSwitch),
    TooLong,
    /// It holds for the whole run, but is another one in this row (counted from 0).
    Differs {
        row: usize,
    },
    /// There is no field of this name.
    Unknown,
    /// A workflow of the earlier node saved it, and it cannot be sent as it was; what the form has in its place.
    SavedBefore(String),
    /// The row has no file there.
    NoFile,
    /// It is a license key, which is shown like this.
    IsKey(MaskedKey),
    /// A license key was to stand there, and it is the ID or number of a group.
    IsGroup,
    /// Two columns of the row, called like this, stand for one field and say different things.
    TwoColumns([String; 2]),
    /// None of the row's columns or values is one that can be sent.
    NothingToSend,
    /// It must be filled.
    Empty,
    /// It must be filled, or everything be meant.
    Unnarrowed,
    /// The switch by which a row says that it means everything is off, and nothing narrows the operation.
    NotMeant,
    /// It changes something by GET, for which this resource has an operation of its own.
    ChangesByGet(&'static str),
    /// It narrows what is done although everything is meant.
    NarrowedEverything,
    /// A yes or no says no although everything is meant.
    NoBesideEverything,
    /// A member of a body is blank, which would clear the field, and nobody said so.
    Clears,
    /// An action does without it, but it is given and blank.
    EmptyOption,
    /// All that a record that was read gives is left out of an update: its live status and related records.
    OnlyLeftOut,
    /// It pages by itself where all pages are wanted.
    OwnPages,
    /// It is what this node shows in place of a secret.
    Mask,
    /// The entry at this place of a list, from 0, is empty.
    Gap(usize),
    /// A number that is none, or has more digits than can be told apart; it is shown like this.
    NotExact(String),
}

/// What a switch is that is neither on nor off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSwitch {
    EmptyText,
    Text,
    Number,
    ListOrObject,
}

/// What a value should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Not what a formula or an expression gives in place of one.
    Value,
    Text,
    /// Characters, and how many there are.
    AtMost {
        characters: usize,
        found: usize,
    },
    Whole,
    FromOne,
    Byte,
    Number,
    TrueOrFalse,
    DateTime,
    /// The end of a period, after the beginning that has this name.
    After(&'static str),
    Date,
    Time,
    Duration,
    Uuid,
    OneOf(Vec<&'static str>),
    Json(JsonFault),
    JsonObject,
    JsonList,
    /// A list whose commas divide it, beyond doubt.
    ClearList,
    ObjectOrList,
    /// A filter whose brackets and quotes are in pairs.
    Closed,
    /// A license key, not what stands for nothing.
    RealKey,
    /// One license key, not several.
    OneKey,
    /// What an expression comes to, not its text.
    Evaluated,
    /// A path of the API.
    Path,
    /// A field that holds text.
    TextField,
    /// No `If-Match`, which this operation does not take.
    NoGuard,
    Etag,
    FilledEtag,
}

impl Expected {
    /// What is wrong with a value that is not shown.
    pub fn fault(self) -> FaultKind {
        FaultKind::NotFitting { expected: self, found: None }
    }

    /// What is wrong with this value.
    pub fn fault_of(self, found: impl Into<String>) -> FaultKind {
        FaultKind::NotFitting { expected: self, found: Some(found.into()) }
    }
}

/// Names, numbers and keys are shorter than this, in characters.
pub const MAX_NAME: usize = 1000;

/// A number as a person would write it, unless it is none or has more digits than can be told apart.
pub fn exact(number: f64) -> Option<String> {
    /// The largest number that is not a whole one's neighbor as well.
    const LARGEST: f64 = 9_007_199_254_740_991.0;
    (number.abs() <= LARGEST).then(|| if number == 0.0 { "0".to_owned() } else { number.to_string() })
}

/// Reads a switch. Nothing but true and false is taken for an answer: what makes a run safer must not be off by mistake.
///
/// # Errors
///
/// [`FaultKind::NoSwitch`] for anything else, [`FaultKind::NotEvaluated`] where the cell could not be had.
pub fn switch(field: &str, cell: Result<Cell, CellFault>, unless_set: bool) -> Result<bool, ValueFault> {
    let kind = match cell {
        Ok(Cell::Empty) => return Ok(unless_set),
        Ok(Cell::Bool(flag)) => return Ok(flag),
        Ok(Cell::Text(text)) if text.trim().is_empty() => FaultKind::NoSwitch(NoSwitch::EmptyText),
        Ok(Cell::Text(_)) => FaultKind::NoSwitch(NoSwitch::Text),
        Ok(Cell::Number(_)) => FaultKind::NoSwitch(NoSwitch::Number),
        Ok(Cell::Locator { .. } | Cell::Json(_)) => FaultKind::NoSwitch(NoSwitch::ListOrObject),
        Err(CellFault(text)) => FaultKind::NotEvaluated(text),
    };
    Err(ValueFault { field: field.to_owned().into(), kind })
}

/// Reads text, or a number as a person would write it.
///
/// # Errors
///
/// Where it is missing or blank, another kind of value, too long, or holds a control character; where a number has more
/// digits than can be told apart; and where the cell could not be had.
pub fn clean_text(field: &'static str, cell: Result<Cell, CellFault>) -> Result<Clean, ValueFault> {
    let fault = |kind| ValueFault { field: field.into(), kind };
    let raw = match cell.map_err(|CellFault(text)| fault(FaultKind::NotEvaluated(text)))? {
        Cell::Text(text) => text,
        Cell::Number(number) => exact(number).ok_or_else(|| fault(FaultKind::NotExact(number.to_string())))?,
        Cell::Empty => return Err(fault(FaultKind::Missing)),
        Cell::Bool(_) | Cell::Locator { .. } | Cell::Json(_) => return Err(fault(FaultKind::NotText)),
    };
    if raw.len() > MAX_NAME && raw.trim().chars().count() > MAX_NAME {
        return Err(fault(FaultKind::TooLong));
    }
    text::clean(&raw).map_err(|cause| {
        fault(match cause {
            TextFault::Empty => FaultKind::Missing,
            TextFault::ControlCharacter => FaultKind::ControlCharacter,
        })
    })
}

/// Reads which entity is meant.
///
/// # Errors
///
/// As [`clean_text`]; [`FaultKind::NotFitting`] for a way to choose that there is not; and [`FaultKind::NotAnId`] for a number that is no ID, for several, and where a list must give an ID.
pub fn reference(field: &'static str, cell: Result<Cell, CellFault>) -> Result<Reference, ValueFault> {
    let fault = |kind| Err(ValueFault { field: field.into(), kind });
    match cell {
        Ok(Cell::Locator { mode, .. }) if !["", "list", "id", "number"].contains(&mode.as_str()) => {
            fault(Expected::OneOf(vec!["list", "id", "number"]).fault_of(mode))
        }
        Ok(Cell::Locator { mode, value }) => match (mode.as_str(), reference(field, Ok(*value))?) {
            ("id" | "list", Reference::Id(id) | Reference::Either { id, .. }) => Ok(Reference::Id(id)),
            ("list", Reference::Number(text)) => fault(FaultKind::NotAnId(text)),
            ("number", Reference::Either { number, .. }) => Ok(Reference::Number(number)),
            ("number", Reference::Id(id)) => Ok(Reference::Number(id.to_string())),
            (_, reference) => Ok(reference),
        },
        Ok(Cell::Number(number)) => match whole(number) {
            // A spreadsheet makes a number of whatever looks like one.
            Some(id) => Ok(Reference::either(id)),
            None => fault(FaultKind::NotAnId(number.to_string())),
        },
        // Two numbers, or one with separators that others would write as a space.
        Ok(Cell::Text(text)) if text::splits_number(&text) => {
            fault(FaultKind::NotAnId(text::trimmed(&text).to_owned()))
        }
        other => {
            let number = clean_text(field, other)?.text;
            Ok(as_id(&number).or_else(|| as_decimal(&number)).map_or(Reference::Number(number), Reference::either))
        }
    }
}

/// An ID as it is written.
fn as_id(text: &str) -> Option<i32> {
    text.parse().ok().filter(|id: &i32| *id >= 0 && id.to_string() == text)
}

/// An ID as spreadsheets write a number: `29.0`. In many countries, `1.000` is a thousand.
fn as_decimal(text: &str) -> Option<i32> {
    let (digits, zeros) = text.split_once('.')?;
    as_id(digits).filter(|_| ["0", "00"].contains(&zeros))
}

fn whole(number: f64) -> Option<i32> {
    (number.fract() == 0.0 && (0.0..=f64::from(i32::MAX)).contains(&number)).then_some(number as i32)
}

impl Reference {
    /// What may be either: the number is the ID's digits.
    pub fn either(id: i32) -> Self {
        Self::Either { id, number: id.to_string() }
    }

    /// As it is written, in whatever case.
    pub fn written(&self) -> String {
        self.shown().to_lowercase()
    }

    /// As the person wrote it, within reason.
    pub fn shown(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Number(number) | Self::Either { number, .. } => shortened(number),
        }
    }
}

impl ValueFault {
    /// The same with every text of others as `clean` leaves it: an expression may throw what it was given.
    #[must_use]
    pub fn redacted(mut self, clean: &dyn Fn(&str) -> String) -> Self {
        if let FaultKind::NotEvaluated(text)
        | FaultKind::NotAnId(text)
        | FaultKind::NotFitting { found: Some(text), .. } = &mut self.kind
        {
            *text = clean(text);
        }
        self
    }
}

/// Enough of a person's own text to find it again.
pub fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Cell {
        Cell::Text(text.into())
    }

    fn locator(mode: &str, value: Cell) -> Cell {
        Cell::Locator { mode: mode.into(), value: Box::new(value) }
    }

    #[test]
    fn references_come_as_id_number_or_either() {
        let number = |number: &str| Reference::Number(number.into());
        let either = Reference::either;
        for (cell, expected) in [
            (Cell::Number(28.0), either(28)),
            (text(" 28\u{a0}"), either(28)),
            (text("GRP0001"), number("GRP0001")),
            (text("028"), number("028")),
            (text("29.0"), either(29)),
            (text("29.00"), either(29)),
            (text("1.000"), number("1.000")),
            (text("28.0000"), number("28.0000")),
            (text("029.0"), number("029.0")),
            (text("29."), number("29.")),
            (text("29.5"), number("29.5")),
            (text("-1.0"), number("-1.0")),
            (text("99999999999.0"), number("99999999999.0")),
            (locator("id", text("29.0")), Reference::Id(29)),
            (locator("id", text("GRP0001")), number("GRP0001")),
            (text("+28"), number("+28")),
            (text("-1"), number("-1")),
            (text("99999999999"), number("99999999999")),
            (text("1)/../Users(2"), number("1)/../Users(2")),
            (locator("id", text("28")), Reference::Id(28)),
            (locator("list", Cell::Number(28.0)), Reference::Id(28)),
            (locator("id", Cell::Number(28.0)), Reference::Id(28)),
            (locator("number", text("28")), number("28")),
            (locator("number", text("GRP0001")), number("GRP0001")),
            (locator("", text("28")), either(28)),
        ] {
            assert_eq!(reference("Group", Ok(cell.clone())), Ok(expected), "{cell:?}");
        }
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for (cell, kind) in [
            (Ok(Cell::Empty), FaultKind::Missing),
            (Ok(text(" \u{200b} ")), FaultKind::Missing),
            (Ok(locator("list", text(""))), FaultKind::Missing),
            (Ok(text("28\n29")), FaultKind::ControlCharacter),
            (Ok(text(" 1\u{a0}2 ")), FaultKind::NotAnId("1\u{a0}2".into())),
            (Ok(text("1\u{200b}3")), FaultKind::NotAnId("1\u{200b}3".into())),
            (Ok(Cell::Bool(true)), FaultKind::NotText),
            (Ok(Cell::Json("{}".into())), FaultKind::NotText),
            (Ok(Cell::Number(28.5)), FaultKind::NotAnId("28.5".into())),
            (Ok(Cell::Number(-1.0)), FaultKind::NotAnId("-1".into())),
            (Ok(Cell::Number(1e12)), FaultKind::NotAnId("1000000000000".into())),
            (Ok(Cell::Number(f64::NAN)), FaultKind::NotAnId("NaN".into())),
            (Ok(Cell::Number(1e21)), FaultKind::NotAnId("1000000000000000000000".into())),
            (Ok(locator("list", text("GRP0001"))), FaultKind::NotAnId("GRP0001".into())),
            (Err(CellFault("no such column".into())), FaultKind::NotEvaluated("no such column".into())),
        ] {
            assert_eq!(reference("Group", cell.clone()), Err(ValueFault { field: "Group".into(), kind }), "{cell:?}");
        }
    }

    #[test]
    fn a_way_to_choose_that_there_is_not_is_refused() {
        for mode in ["NUMBER", "name", " id"] {
            let fault = reference("User", Ok(locator(mode, text("100")))).unwrap_err();
            assert!(fault.report().error.contains(mode.trim()), "{fault:?}");
        }
    }

    #[test]
    fn only_true_false_and_nothing_are_switches() {
        for unless_set in [true, false] {
            let switch = |cell| switch("Dry Run", cell, unless_set);
            assert_eq!(switch(Ok(Cell::Empty)), Ok(unless_set));
            assert_eq!(switch(Ok(Cell::Bool(true))), Ok(true));
            assert_eq!(switch(Ok(Cell::Bool(false))), Ok(false));
            for cell in
                [text("true"), text("false"), text(""), Cell::Number(0.0), Cell::Number(1.0), Cell::Json("[]".into())]
            {
                let fault = switch(Ok(cell.clone())).unwrap_err();
                assert!(fault.report().error.contains("only true or false"), "{cell:?}");
            }
            assert!(switch(Err(CellFault("no such column".into()))).is_err());
        }
    }

    #[test]
    fn numbers_stay_the_numbers_that_were_written() {
        for (number, expected) in [
            (101.0, Some("101")),
            (1.5, Some("1.5")),
            (-0.0, Some("0")),
            (9_007_199_254_740_991.0, Some("9007199254740991")),
        ] {
            assert_eq!(exact(number).as_deref(), expected);
            let text = clean_text("Number", Ok(Cell::Number(number))).unwrap().text;
            assert_eq!(Some(text.as_str()), expected);
        }
        for number in [1e21, -1e21, 9_007_199_254_740_994.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(exact(number), None, "{number}");
            let fault = clean_text("Number", Ok(Cell::Number(number))).unwrap_err();
            assert!(fault.report().error.contains("is not a number of at most 15 digits"), "{number}");
        }
    }

    #[test]
    fn a_name_has_an_end() {
        assert!(clean_text("Group ID", Ok(text(&"é".repeat(MAX_NAME)))).is_ok());
        let fault = clean_text("Group ID", Ok(text(&"é".repeat(MAX_NAME + 1)))).unwrap_err();
        assert_eq!(fault.kind, FaultKind::TooLong);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(raw in ".*") {
            match reference("Group", Ok(Cell::Text(raw))) {
                Ok(reference) => prop_assert!(!reference.shown().is_empty()),
                Err(fault) => prop_assert!(fault.report().error.starts_with("Group")),
            }
        }
    }
}
