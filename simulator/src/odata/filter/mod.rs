//! `$filter`: an expression read once and held against rows.

mod evaluate;
mod expression;
mod lexer;
mod parser;

pub(crate) use expression::Path;
pub(crate) use parser::read_path;

use serde_json::{Map, Value};

use super::{Model, QueryError};
use expression::Condition;

/// A filter that fits its type.
#[derive(Debug)]
pub(crate) struct Filter(Condition);

impl Filter {
    /// Reads an expression.
    ///
    /// Known to be used: `eq ne gt ge lt le in and or not`, `contains startswith endswith tolower date`, properties of
    /// `Props` by a path. Names of functions may have any case.
    pub(crate) fn parse(text: &str, model: Model) -> Result<Self, QueryError> {
        parser::parse(text, model).map(Self)
    }

    /// Whether a row passes.
    pub(crate) fn accepts(&self, row: &Map<String, Value>) -> bool {
        evaluate::holds(&self.0, row)
    }
}

#[cfg(test)]
mod tests;
