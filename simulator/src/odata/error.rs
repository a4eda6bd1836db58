//! What is wrong with a query, in the words of the server software.

use std::fmt;

/// A query that cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryError(String);

impl QueryError {
    /// A name that the type does not have. Known; only the first such name is reported.
    pub(crate) fn unknown_property(name: &str, type_name: &str) -> Self {
        Self(format!("Could not find a property named '{name}' on type '{type_name}'."))
    }

    /// A broken expression. Known: the beginning of the text.
    pub(crate) fn syntax(position: usize, expression: &str) -> Self {
        Self(format!("Syntax error at position {position} in '{expression}'."))
    }

    /// A page that is too large. Known.
    pub(crate) fn top_exceeded(limit: u64, value: u64) -> Self {
        Self(format!(
            "The limit of '{limit}' for Top query has been exceeded. The value from the incoming request is '{value}'."
        ))
    }

    /// `$top` or `$skip` that is no count. Stock text; assumed to be left as it is.
    pub(crate) fn not_a_count(option: &str, value: &str) -> Self {
        Self(format!(
            "Invalid value '{value}' for {option} query option found. The {option} query option requires a non-negative \
             integer value."
        ))
    }

    /// An option that does not exist. Stock text; assumed.
    pub(crate) fn unknown_option(option: &str) -> Self {
        Self(format!("The query parameter '{option}' is not supported."))
    }

    /// Two values that cannot be compared. Stock text; assumed.
    pub(crate) fn incompatible(left: &str, right: &str, operator: &str) -> Self {
        Self(format!(
            "A binary operator with incompatible types was detected. Found operand types '{left}' and '{right}' for \
             operator kind '{operator}'."
        ))
    }

    /// A filter that is neither true nor false. Stock text; assumed.
    pub(crate) fn not_boolean() -> Self {
        Self("The $filter expression must evaluate to a single boolean value.".to_owned())
    }

    /// A function that does not exist, or not with these arguments. Stock text; assumed.
    pub(crate) fn unknown_function(name: &str) -> Self {
        Self(format!(
            "An unknown function with name '{name}' was found. This may also be a function import or a key lookup on a \
             navigation property, which is not allowed."
        ))
    }

    /// An expression nested too deeply. Stock text; assumed.
    pub(crate) fn too_deep() -> Self {
        Self("Recursion depth exceeded allowed limit.".to_owned())
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The query specified in the URI is not valid. {}", self.0)
    }
}
