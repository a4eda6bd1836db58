//! What a person reads of a trigger's options that cannot be used.

use std::fmt;

use crate::trigger::options::Unfit;

impl fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEvents => formatter.write_str("Choose an event to wait for"),
            Self::NoEvent(name) => write!(formatter, "There is no event {name}"),
            Self::NoDirection(name) => write!(formatter, "There is no direction {name}"),
            Self::NoAnswerer(name) => write!(formatter, "Calls cannot be answered by {name}"),
            Self::LongestCall => formatter.write_str("Longest Call must be 1 to 48 hours"),
            Self::DaysBefore => formatter.write_str("Days Before must be 0 to 3650"),
            Self::NotWhole(name, found) => write!(formatter, "{name}: {found} is no whole number"),
            Self::NotText(name, found) => write!(formatter, "{name}: {found} is no text"),
            Self::NotFlag(name, found) => write!(formatter, "{name}: {found} is neither true nor false"),
        }
    }
}
