//! Which calls are wanted, and how they are told: what all who tell of calls can be asked.

use serde_json::{Map, Value};

use super::{Call, Direction, Rule};

/// Which calls are wanted. Filters that are not set let everything through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    direction: Option<Direction>,
    pub external_only: bool,
    pub queue: Option<String>,
    extension: Option<String>,
    number: Option<String>,
    /// Whether only those that were answered, or missed.
    end: Option<End>,
    pub rule: Rule,
    pub with_legs: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Answered,
    Missed,
}

const DIRECTIONS: [(&str, Option<Direction>); 4] = [
    ("any", None),
    ("inbound", Some(Direction::Inbound)),
    ("outbound", Some(Direction::Outbound)),
    ("internal", Some(Direction::Internal)),
];
const ENDS: [(&str, Option<End>); 3] =
    [("all", None), ("answered", Some(End::Answered)), ("missed", Some(End::Missed))];
const RULES: [(&str, Rule); 2] = [("person", Rule::Person), ("anyLeg", Rule::AnyLeg)];

/// What a form has of it.
pub const NAMES: [&str; 8] =
    ["direction", "externalOnly", "queue", "extension", "number", "calls", "answeredBy", "includeLegs"];

/// Why a value cannot be used: what was given, and its name where it may be one of several.
#[derive(Debug, PartialEq, Eq)]
pub enum Unfit {
    NoDirection(String),
    /// There is no such rule of who has answered a call.
    NoAnswerer(String),
    /// Calls do not end like this.
    NoEnd(String),
    NotWhole(String, String),
    NotText(String, String),
    NotFlag(String, String),
    /// A number to look for has no digit.
    NoDigit(String, String),
    /// What is to be one number is several, or a name.
    NotOne(String, String),
}

impl Wanted {
    /// Reads what a form gives.
    ///
    /// # Errors
    ///
    /// With what is not understood: what is looked for must not differ in silence from what was meant.
    pub fn read(given: &FormValues<'_>) -> Result<Self, Unfit> {
        Ok(Self {
            direction: given.choice("direction", &DIRECTIONS, Unfit::NoDirection)?,
            external_only: given.flag("externalOnly")?,
            queue: given.own("queue")?,
            extension: given.own("extension")?,
            number: given.number("number")?,
            end: given.choice("calls", &ENDS, Unfit::NoEnd)?,
            rule: given.choice("answeredBy", &RULES, Unfit::NoAnswerer)?,
            with_legs: given.flag("includeLegs")?,
        })
    }

    pub fn has(&self, call: &Call) -> bool {
        self.direction.is_none_or(|direction| call.direction() == direction)
            && (!self.external_only || call.direction() != Direction::Internal)
            && self.queue.as_ref().is_none_or(|queue| call.has_queue(queue))
            && self.extension.as_ref().is_none_or(|extension| call.has_extension(extension))
            && self.number.as_ref().is_none_or(|number| call.has_number(number))
            && match self.end {
                None => true,
                Some(End::Answered) => call.is_answered(self.rule),
                Some(End::Missed) => call.is_missed(self.rule),
            }
    }

    /// As a workflow gets it.
    pub fn told(&self, call: &Call) -> Map<String, Value> {
        call.told(self.rule, self.with_legs)
    }
}

/// Values as forms and people give them.
pub struct FormValues<'a>(pub &'a Map<String, Value>);

impl FormValues<'_> {
    /// A list, or a text with commas or semicolons between. What is neither is the one entry of a list.
    pub fn list(&self, name: &str) -> Vec<Value> {
        match self.0.get(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) => list.clone(),
            Some(Value::String(text)) => {
                let parts = text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty());
                parts.map(Value::from).collect()
            }
            Some(other) => vec![other.clone()],
        }
    }

    /// Whole numbers: in a list, or in a text with commas between.
    ///
    /// # Errors
    ///
    /// [`Unfit::NotWhole`] for an entry that is no whole number.
    pub fn numbers(&self, name: &str) -> Result<Vec<i64>, Unfit> {
        let number = |value: &Value| {
            let found = match value {
                Value::String(text) => text.trim().parse().ok(),
                other => other
                    .as_i64()
                    .or_else(|| other.as_f64().filter(|value| value.fract() == 0.0).map(|value| value as i64)),
            };
            found.ok_or_else(|| Unfit::NotWhole(name.to_owned(), value.to_string()))
        };
        self.list(name).iter().map(number).collect()
    }

    /// A text or a number; nothing where it is blank.
    ///
    /// # Errors
    ///
    /// [`Unfit::NotText`] for a switch, a list or an object.
    pub fn text(&self, name: &str) -> Result<Option<String>, Unfit> {
        let text = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            Some(other) => return Err(Unfit::NotText(name.to_owned(), other.to_string())),
        };
        Ok((!text.is_empty()).then_some(text))
    }

    /// One of some values, in any capitals; the usual one where there is none.
    fn choice<T: Copy + Default>(&self, name: &str, of: &[(&str, T)], unfit: fn(String) -> Unfit) -> Result<T, Unfit> {
        let Some(text) = self.text(name)? else { return Ok(T::default()) };
        let found = of.iter().find(|(known, _)| known.eq_ignore_ascii_case(&text));
        found.map(|(_, value)| *value).ok_or_else(|| unfit(text))
    }

    /// The number of a queue or an extension.
    fn own(&self, name: &str) -> Result<Option<String>, Unfit> {
        let Some(number) = self.text(name)? else { return Ok(None) };
        let is_part = |c: char| c.is_alphanumeric() || "*#.+-_".contains(c);
        let is_one = number.chars().all(is_part) && number.contains(|c: char| c.is_ascii_digit());
        if is_one { Ok(Some(number)) } else { Err(Unfit::NotOne(name.to_owned(), number)) }
    }

    /// A number that somebody dials.
    fn number(&self, name: &str) -> Result<Option<String>, Unfit> {
        let Some(number) = self.text(name)? else { return Ok(None) };
        if number.contains([',', ';', '\n']) {
            return Err(Unfit::NotOne(name.to_owned(), number));
        }
        let has_digit = number.bytes().any(|byte| byte.is_ascii_digit());
        if has_digit { Ok(Some(number)) } else { Err(Unfit::NoDigit(name.to_owned(), number)) }
    }

    /// A switch, which is off unless it is given.
    ///
    /// # Errors
    ///
    /// [`Unfit::NotFlag`] for anything but true and false.
    pub fn flag(&self, name: &str) -> Result<bool, Unfit> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(Unfit::NotFlag(name.to_owned(), other.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{answered, leg, queue};
    use super::super::{Call, group};
    use super::*;

    fn wanted(given: &Value) -> Result<Wanted, Unfit> {
        Wanted::read(&FormValues(given.as_object().unwrap()))
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for wrong in [
            json!({"direction": "sideways"}),
            json!({"calls": "lost"}),
            json!({"includeLegs": "yes"}),
            json!({"answeredBy": "nobody"}),
            json!({"queue": ["800"]}),
            json!({"externalOnly": 1}),
            json!({"number": "anonymous"}),
            json!({"number": "101, 102"}),
            json!({"number": "+49301234567;+49301234568"}),
            json!({"extension": "101, 102"}),
            json!({"extension": "101 102"}),
            json!({"queue": "800;801"}),
            json!({"queue": "Sales"}),
        ] {
            assert!(wanted(&wrong).is_err(), "{wrong}");
        }
        for name in NAMES {
            assert!(wanted(&json!({name: [{}]})).is_err(), "{name} is read");
        }
    }

    fn lost_in_the_queue() -> Call {
        group(&[queue("1", "c", "2026-11-03T09:00:00Z", json!({})), leg("2", "c", "2026-11-03T09:00:09Z", json!({}))])
            .remove(0)
    }

    #[test]
    fn filters_let_through_what_fits_all_of_them() {
        let call = lost_in_the_queue();
        for given in [
            json!({}),
            json!({"direction": "any", "calls": "all", "queue": " ", "number": null}),
            json!({"direction": "inbound", "externalOnly": true, "queue": 800, "extension": 101, "number": "+49 (30) 123/4567"}),
            json!({"calls": "missed"}),
            json!({"calls": "answered", "answeredBy": "anyLeg"}),
        ] {
            assert!(wanted(&given).unwrap().has(&call), "{given}");
        }
        for given in [
            json!({"direction": "outbound"}),
            json!({"queue": "801"}),
            json!({"extension": "102"}),
            json!({"number": "9"}),
            json!({"direction": "inbound", "queue": "801"}),
            json!({"calls": "answered"}),
            json!({"calls": "missed", "answeredBy": "anyLeg"}),
        ] {
            assert!(!wanted(&given).unwrap().has(&call), "{given}");
        }
        let internal = group(&[answered("1", "d", "2026-11-03T09:00:00Z", json!({"Direction": "Internal"}))]);
        assert!(!wanted(&json!({"externalOnly": true})).unwrap().has(&internal[0]));
    }

    #[test]
    fn the_legs_are_told_on_wish() {
        let told = |given: Value| wanted(&given).unwrap().told(&lost_in_the_queue());
        assert!(!told(json!({})).contains_key("legs"));
        assert_eq!(told(json!({"includeLegs": true}))["legs"].as_array().map(Vec::len), Some(2));
    }
}
