//! Why a file cannot be used, and where it says so.

use std::error;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

/// What is wrong with a file, with its place: `types.User.fields[3].nullabel: unknown field …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    place: String,
    reason: String,
}

impl Error {
    pub(crate) fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: place.into(), reason: reason.into() }
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

impl error::Error for Error {}

/// Reads JSON; an error says at which key.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| Error::new(error.path().to_string(), error.inner().to_string()))?;
    json.end().map_err(|error| Error::new("end", error.to_string()))?;
    Ok(value)
}

/// The same, of a file, whose path leads the place.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let file = || path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| Error::new(file(), error.to_string()))?;
    parse(&text).map_err(|error| Error::new(format!("{}: {}", file(), error.place), error.reason))
}

/// The same, of JSON that is in memory.
pub(crate) fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    serde_path_to_error::deserialize(value)
        .map_err(|error| Error::new(error.path().to_string(), error.inner().to_string()))
}
