//! What a person reads of options for calls, and of a trigger's, that cannot be used.

use std::fmt;

use serde::Serialize;
use serde_json::Map;

use super::misuse;
use super::outcome::{Certainty, Report};
use super::words::title_case;
use crate::calls::moment::iso;
use crate::calls::options;
use crate::trigger::options::WatchFault;
use crate::trigger::{Failed, Hint, NoLook, Unread};

/// Why a poll, or a part of it, came to nothing.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    error: String,
    description: String,
}

/// Why a poll came to nothing.
pub fn failed(failed: &Failed) -> Told {
    match failed {
        Failed::Reading { error, description, .. } => Told { error: error.clone(), description: description.clone() },
        Failed::Found(failure) => Told { error: failure.to_string(), description: failure.advice() },
    }
}

impl fmt::Display for NoLook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(formatter),
            Self::Options(fault) => fault.fmt(formatter),
        }
    }
}

impl fmt::Display for WatchFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEvents => formatter.write_str("Choose an event to wait for"),
            Self::NoEvent(name) => write!(formatter, "There is no event {name}"),
            Self::LongestCall => formatter.write_str("Longest Call must be 1 to 48 hours"),
            Self::DaysBefore => formatter.write_str("Days Before must be 0 to 3650"),
            Self::NoOption(name) => formatter.write_str(&misuse::no_option(name, false)),
            Self::Blank(name) => {
                write!(formatter, "{} is empty: give it a value, or remove the option", title_case(name))
            }
            Self::Value(unfit) => unfit.fmt(formatter),
        }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(part) => write!(
                formatter,
                "What was remembered of “{part}” cannot be used and starts anew: what happened since the last poll is not reported."
            ),
            Self::OtherFilters(part) => write!(
                formatter,
                "The filters for {part} are others than at the last poll: {part} start anew, and what happened since then is not reported. If this is said again, a filter's expression gives another value each time: write the value itself."
            ),
            Self::OtherAddress => formatter.write_str(
                "The credential has another address than at the last poll: the trigger starts anew, and what happened since then is not reported.",
            ),
            Self::LongPause(then) => write!(
                formatter,
                "The stored state is more than eight days old: what happened before {} and was not reported yet is not reported any more. Set Poll Times to once a week or more often.",
                iso(*then)
            ),
            Self::TooMany(most) => write!(
                formatter,
                "More than {most} records are new since the last poll: the oldest of them are not reported. Set Poll Times to poll more often."
            ),
            Self::CallsWithheld(call) => write!(
                formatter,
                "The call log shows this API client no call, although 3CX names one of {}. If the log was not purged, give the API client the department DEFAULT and the role System Owner: what the log then shows is reported.",
                iso(*call)
            ),
        }
    }
}

/// What a look could not read, where it went on with the rest.
pub fn not_read(parts: &[Unread]) -> Told {
    let (mut errors, mut advice) = (Vec::new(), Vec::new());
    for (events, failed) in parts {
        let events: Vec<String> = events.iter().map(|event| title_case(event.name())).collect();
        let told = self::failed(failed);
        errors.push(format!("{}: {}", events.join(", "), told.error));
        advice.push(told.description);
    }
    advice.dedup();
    advice
        .push("The other events are reported; what this poll could not read is as soon as it can be read.".to_owned());
    Told { error: errors.join("; "), description: advice.join(" ") }
}

/// What to do about a refused log-in, and when it is tried again.
pub fn wait(description: &str, minutes: u32) -> String {
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    format!(
        "{description} The trigger tries again in {minutes} {unit}, or as soon as the credential has changed or a test event is fetched."
    )
}

impl fmt::Display for options::Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDirection(name) => write!(formatter, "There is no direction {name}"),
            Self::NoAnswerer(name) => write!(formatter, "Calls cannot be answered by {name}"),
            Self::NoEnd(name) => write!(formatter, "There are no calls of the kind {name}"),
            Self::NotWhole(name, found) => write!(formatter, "{}: {found} is no whole number", title_case(name)),
            Self::NotText(name, found) => write!(formatter, "{}: {found} is no text", title_case(name)),
            Self::NotFlag(name, found) => write!(formatter, "{}: {found} is neither true nor false", title_case(name)),
            Self::NoDigit(name, found) => write!(formatter, "{}: {found} has no digit", title_case(name)),
            Self::NotOne(name, found) => write!(formatter, "{}: {found} is not one number", title_case(name)),
        }
    }
}

impl Report {
    /// A row whose options cannot be used.
    pub fn unfit(unfit: &options::Unfit) -> Self {
        Self {
            error: unfit.to_string(),
            advice: "Correct the option and run the row again; nothing of it was sent.".to_owned(),
            certainty: Certainty::NotSent,
            code: "NOT_FITTING".to_owned(),
            status: None,
            details: Map::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trigger::options::Event;
    use options::Unfit;

    #[test]
    fn a_long_pause_is_that_of_what_is_stored() {
        // n8n polls on, and stores what it knows only with an item.
        let told = Hint::LongPause(0).to_string();
        assert!(told.contains("stored") && !told.contains("The last poll was"), "{told}");
    }

    #[test]
    fn a_refused_log_in_says_when_it_is_tried_again() {
        assert!(wait("Mend it.", 1).starts_with("Mend it. The trigger tries again in 1 minute, or"));
        assert!(wait("Mend it.", 60).contains("in 60 minutes"));
    }

    #[test]
    fn what_could_not_be_read_is_told_with_its_events() {
        let failed = |error: &str| Failed::Reading {
            error: error.to_owned(),
            description: "Mend it.".to_owned(),
            is_of_all: false,
        };
        let told = not_read(&[
            (vec![Event::Recording], failed("It failed")),
            (vec![Event::CallEnded, Event::CallMissed], failed("It too")),
        ]);
        assert_eq!(told.error, "Recording Available: It failed; Call Ended, Call Missed: It too");
        assert!(told.description.starts_with("Mend it. The other events are reported"), "{}", told.description);
    }

    #[test]
    fn options_are_named_as_the_form_names_them() {
        let unfit = |kind: fn(String, String) -> Unfit, name: &str| kind(name.to_owned(), "[1]".to_owned()).to_string();
        assert_eq!(unfit(Unfit::NotWhole, "longestCall"), "Longest Call: [1] is no whole number");
        assert_eq!(unfit(Unfit::NotText, "queue"), "Queue: [1] is no text");
        assert_eq!(unfit(Unfit::NotFlag, "externalOnly"), "External Only: [1] is neither true nor false");
        let unknown = Unfit::NoDigit("number".to_owned(), "anonymous".to_owned());
        assert_eq!(unknown.to_string(), "Number: anonymous has no digit");
    }
}
