//! The parts of a filter.

use serde_json::{Map, Value};

/// Something that is true or false of a row.
#[derive(Debug)]
pub(crate) enum Condition {
    Or(Box<Self>, Box<Self>),
    And(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Compare(Operand, Comparison, Operand),
    In(Operand, Vec<Value>),
    Is(Operand),
}

/// A comparison of two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
}

impl Comparison {
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "eq" => Self::Equal,
            "ne" => Self::NotEqual,
            "gt" => Self::GreaterThan,
            "ge" => Self::GreaterThanOrEqual,
            "lt" => Self::LessThan,
            "le" => Self::LessThanOrEqual,
            _ => return None,
        })
    }
}

/// A value in a comparison.
#[derive(Debug)]
pub(crate) enum Operand {
    Literal(Value),
    Path(Path),
    Call(Function, Vec<Self>),
}

/// A function of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Contains,
    StartsWith,
    EndsWith,
    ToLower,
    Date,
}

impl Function {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "contains" => Self::Contains,
            "startswith" => Self::StartsWith,
            "endswith" => Self::EndsWith,
            "tolower" => Self::ToLower,
            "date" => Self::Date,
            _ => return None,
        })
    }

    /// What each argument must be.
    pub(crate) fn arguments(self) -> &'static [Sort] {
        match self {
            Self::Contains | Self::StartsWith | Self::EndsWith => &[Sort::Text, Sort::Text],
            Self::ToLower => &[Sort::Text],
            Self::Date => &[Sort::DateTime],
        }
    }

    /// What the function gives.
    pub(crate) fn result(self) -> Sort {
        match self {
            Self::Contains | Self::StartsWith | Self::EndsWith => Sort::Boolean,
            Self::ToLower => Sort::Text,
            Self::Date => Sort::Date,
        }
    }
}

/// The sort of a value, which decides what it can be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Text,
    Integer,
    Boolean,
    DateTime,
    Date,
    Null,
    Other,
}

impl Sort {
    /// Its name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "Edm.String",
            Self::Integer => "Edm.Int32",
            Self::Boolean => "Edm.Boolean",
            Self::DateTime => "Edm.DateTimeOffset",
            Self::Date => "Edm.Date",
            Self::Null => "<null>",
            Self::Other => "Edm.ComplexType",
        }
    }

    pub(crate) fn fits(self, other: Self) -> bool {
        self == other || self == Self::Null || other == Self::Null
    }
}

/// The way to a property.
#[derive(Debug)]
pub(crate) struct Path(pub(crate) Vec<&'static str>);

impl Path {
    /// The property's value in a row; null where it is missing.
    pub(crate) fn value<'a>(&self, row: &'a Map<String, Value>) -> &'a Value {
        const NULL: &Value = &Value::Null;
        let mut names = self.0.iter();
        let first = names.next().and_then(|name| row.get(*name)).unwrap_or(NULL);
        names.fold(first, |value, name| value.get(name).unwrap_or(NULL))
    }
}
