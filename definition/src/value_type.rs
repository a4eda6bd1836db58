//! Types of values.

use serde::{Deserialize, Serialize};

/// The type of a value: a scalar, or a type or enum by its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(from = "String", into = "String")]
pub enum ValueType {
    Scalar(Scalar),
    Named(String),
}

impl Default for ValueType {
    fn default() -> Self {
        Self::Scalar(Scalar::String)
    }
}

impl From<String> for ValueType {
    fn from(name: String) -> Self {
        Scalar::ALL.into_iter().find(|one| one.as_str() == name).map_or(Self::Named(name), Self::Scalar)
    }
}

impl From<ValueType> for String {
    fn from(of: ValueType) -> Self {
        of.as_str().to_owned()
    }
}

impl ValueType {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Scalar(scalar) => scalar.as_str(),
            Self::Named(name) => name,
        }
    }

    /// The name of a type or enum.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Scalar(_) => None,
            Self::Named(name) => Some(name),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scalar {
    String,
    Int32,
    Int64,
    Uint8,
    Double,
    Boolean,
    DateTime,
    Date,
    Time,
    Duration,
    Uuid,
}

impl Scalar {
    pub const ALL: [Self; 11] = [
        Self::String,
        Self::Int32,
        Self::Int64,
        Self::Uint8,
        Self::Double,
        Self::Boolean,
        Self::DateTime,
        Self::Date,
        Self::Time,
        Self::Duration,
        Self::Uuid,
    ];

    /// As OpenAPI's formats call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint8 => "uint8",
            Self::Double => "double",
            Self::Boolean => "boolean",
            Self::DateTime => "date-time",
            Self::Date => "date",
            Self::Time => "time",
            Self::Duration => "duration",
            Self::Uuid => "uuid",
        }
    }
}
