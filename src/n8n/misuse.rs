//! What a caller reads whose options or functions cannot be used. Nothing was sent then.

/// What the memory of rows done before is lacking.
pub const NO_MEMORY: &str = "there is none";
pub const MUTE_MEMORY: &str = "it does not tell what it knows";
pub const SILENT: &str = "it does not answer";
pub const SHARED_MEMORY: &str = "another run has written to it at the same time";
/// What stands for the words of something that was thrown without any.
pub const BROKEN: &str = "it does not work";
pub const EMPTY_TOKEN: &str = "it came back empty";
pub const FOREIGN_TOKEN: &str = "what came is one of another PBX or API client";
pub const NO_JSON: &str = "it has no JSON form";
pub const NO_CHOICES: &str = "This operation has nothing to choose from. Nothing was sent.";

pub fn small_memory(most: usize, rows: usize) -> String {
    format!("it has room for {most} rows, and these are {rows}")
}

/// What an option must be.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    Shorter,
    Text,
    FromZero,
    Names,
    Flag,
    TimeZone,
}

pub fn option(name: &str, wanted: Wanted) -> String {
    let wanted = match wanted {
        Wanted::Shorter => "shorter",
        Wanted::Text => "a text",
        Wanted::FromZero => "a number from 0 on",
        Wanted::Names => "a list of names",
        Wanted::Flag => "true or false",
        Wanted::TimeZone => "the name of a time zone, such as Europe/Berlin",
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

pub fn too_many_columns(most: u32) -> String {
    format!("the row has more than {most} columns")
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

/// What a trigger was to remember.
pub fn state(why: &str) -> String {
    format!("What was remembered cannot be read: {why}")
}
