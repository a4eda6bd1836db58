//! What a caller reads whose options or functions cannot be used. Nothing was sent then.

use std::fmt;

use crate::rows::value::shortened;
use crate::xapi::error::MemoryFault;

pub const SILENT: &str = "it does not answer";
/// What stands for the words of something that was thrown without any.
pub const BROKEN: &str = "it does not work";
pub const EMPTY_TOKEN: &str = "it came back empty";
pub const FOREIGN_TOKEN: &str = "what came is the token of another PBX or client. Make a new credential for this one";
pub const NO_JSON: &str = "it has no JSON form";
pub const NO_CHOICES: &str = "This operation has nothing to choose from. Nothing was sent.";

/// What the memory of rows done before is lacking.
impl fmt::Display for MemoryFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => formatter.write_str("there is none"),
            Self::TooSmall { most, rows } => {
                write!(formatter, "it has room for {most} rows, and these are {rows}")
            }
            Self::Mute => formatter.write_str("it does not tell what it knows"),
            Self::Shared => formatter.write_str("another run has written to it at the same time"),
            Self::Failed(why) => formatter.write_str(why),
        }
    }
}

/// What an option must be.
#[derive(Clone, Copy, Debug)]
pub enum Demand {
    Shorter,
    Text,
    FromZero,
    Names,
    Flag,
    TimeZone,
    Object,
    Parameters,
    Function,
    Signal,
    Map,
}

pub fn option(name: &str, wanted: Demand) -> String {
    let wanted = match wanted {
        Demand::Shorter => "shorter",
        Demand::Text => "a text",
        Demand::FromZero => "a number from 0 on",
        Demand::Names => "a list of names",
        Demand::Flag => "true or false",
        Demand::TimeZone => "the name of a time zone, such as Europe/Berlin",
        Demand::Object => "a plain object",
        Demand::Parameters => "a plain object, or a function of the row's number that gives one",
        Demand::Function => "a function",
        Demand::Map => "a Map",
        Demand::Signal => "an AbortSignal, such as the signal of an AbortController",
    };
    format!("{name}{} must be {wanted}. Nothing was sent.", field(name))
}

/// The node's field that an option is set by.
fn field(option: &str) -> &'static str {
    match option {
        "concurrency" => " (Requests at Once)",
        "requestsPerSecond" => " (Max Requests per Second)",
        "timeout" => " (Timeout)",
        "deadline" => " (Time Limit)",
        _ => "",
    }
}

/// `is_parameter`: the operation has a parameter of this name.
pub fn no_option(name: &str, is_parameter: bool) -> String {
    let place = if is_parameter { format!(": write parameters: {{ {name}: … }}") } else { String::new() };
    format!("There is no option “{name}”{place}. Nothing was sent.")
}

/// Of a form that is the same for all rows.
pub fn no_parameter(operation: &str, name: &str, known: &[&str]) -> String {
    let advice = match name {
        // As a node's JSON has it.
        "options" => "Write what is in it beside the other parameters".to_owned(),
        _ => format!("It has: {}", known.join(", ")),
    };
    format!("“{operation}” has no parameter “{name}”. {advice}. Nothing was sent.")
}

/// What is wrong with the parameters that a function made for a row.
pub const NO_PARAMETERS: &str = "the function did not give a plain object";

pub fn unknown_parameter(name: &str) -> String {
    format!("there is no parameter “{name}”")
}

pub fn too_many_columns(most: u32) -> String {
    format!("the row has more than {most} columns")
}

/// What stands in the place of a cell of a row's own.
pub fn not_kept(why: &str) -> String {
    format!("(not kept: {})", shortened(why.lines().next().unwrap_or(BROKEN)))
}

pub fn no_operation(resource: &str, name: &str) -> String {
    let now = MOVED.iter().find(|(of, moved, _)| (*of, *moved) == (resource, name));
    let now = now.map_or(String::new(), |(_, _, now)| format!(". It is now {now}: choose it there"));
    format!("There is no operation “{name}” of “{resource}”{now}. Nothing was sent.")
}

/// Operations of the earlier node, by resource and name, that the form has in another place.
const MOVED: [(&str, &str, &str); 6] = [
    ("Contacts", "Batch Contacts Delete", "Delete Contacts by ID of Contact"),
    ("Notification Settings", "Test Email", "Send Test Email of Mail Settings"),
    ("Parkings", "Get By Number", "Get Parking by Number of Parking Place"),
    ("Trunks", "Get Provider Available Phone Numbers", "Get Provider Phones of Trunk"),
    ("Users", "Get Call Log", "Get Call Log of Older 3CX"),
    ("Users", "Get Monitor Status", "Get Monitor Status of Older 3CX"),
];

pub fn no_part(name: &str) -> String {
    format!("A form has no part “{name}”")
}
