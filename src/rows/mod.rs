//! The rows of a run, as the host gives them.

pub mod json;
pub mod path;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
pub mod value;

use std::collections::HashSet;

/// A value of a row: a cell of a spreadsheet, or a field of the node's form.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Missing, null or undefined.
    Empty,
    Text(String),
    Number(f64),
    Bool(bool),
    /// A resource locator: how the person chose, and what.
    Locator {
        mode: String,
        value: Box<Self>,
    },
    /// A list or an object, as JSON text.
    Json(String),
}

impl Cell {
    /// The cell as text, where that is what a person would read in it; a number only if it is still the one that was
    /// written.
    pub fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => value::exact(number),
            Self::Bool(flag) => Some(flag.to_string()),
            Self::Locator { value, .. } => value.into_text(),
            Self::Empty | Self::Json(_) => None,
        }
    }

    /// Text that is not blank, trimmed.
    pub fn into_filled_text(self) -> Option<String> {
        self.into_text().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }
}

/// A value of a row could not be had: an expression did not work. The text is the host's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellFault(pub String);

/// The names of the input columns of many rows.
#[derive(Clone, Debug, Default)]
pub struct ColumnNames {
    /// As they are spelled, in the order in which they came.
    pub spelled: Vec<String>,
    /// Those, [`folded`], that stand twice in one row: two columns, not one that is spelled otherwise.
    pub twins: HashSet<String>,
    /// Whether the columns of all rows are known. A row whose columns cannot be read fails by itself.
    pub are_all: bool,
    /// Whether there are more names than can be kept.
    pub are_too_many: bool,
}

/// The rows of a run. Values are fetched when they are needed, so nothing is held for rows not yet begun.
pub trait Rows {
    fn len(&self) -> usize;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this parameter is known to be the same for every row.
    fn is_fixed(&self, _name: &str) -> bool {
        false
    }

    /// The value of a parameter of the node's form for this row.
    ///
    /// # Errors
    ///
    /// What the host says, where it cannot give the value.
    fn parameter(&mut self, row: usize, name: &str) -> Result<Cell, CellFault>;

    /// Whether the form has this parameter for this row, be it blank.
    fn has_parameter(&mut self, row: usize, name: &str) -> bool {
        self.parameter(row, name) != Ok(Cell::Empty)
    }

    /// The value of this row in an input column. Where the row lacks it, of the one whose name differs by case, spaces and
    /// punctuation only, unless there are rows that have both or it is taken as it is spelled; else of the value to which the
    /// name is a path.
    ///
    /// # Errors
    ///
    /// What the host says, where it cannot give the value.
    fn column(&mut self, row: usize, name: &str) -> Result<Cell, CellFault>;

    /// Takes this input column from now on only as it is spelled.
    fn take_as_spelled(&mut self, _name: &str) {}

    /// Looks at the columns of `most` further rows; whether those of all rows have been looked at.
    fn look_at_columns(&mut self, _most: usize) -> bool {
        true
    }

    /// The input columns that have been looked at.
    fn column_names(&self) -> ColumnNames {
        ColumnNames::default()
    }

    /// The names within an object of this row, to which these names lead.
    fn names_within(&mut self, _row: usize, _object: &[String]) -> Vec<String> {
        Vec::new()
    }

    /// All input columns of this row, as JSON text.
    ///
    /// # Errors
    ///
    /// What the host says, where it cannot give the value.
    fn columns(&mut self, row: usize) -> Result<String, CellFault>;

    /// The name of the file in a binary field of this row, if there is one.
    fn file(&mut self, row: usize, field: &str) -> Option<String>;
}

/// A column's name as it is compared: letters and digits only, in lower case.
pub fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_names_are_compared_by_letters_and_digits() {
        for name in ["groupId", "Group ID", "group_id", " GROUP-ID ", "\u{feff}Group.Id"] {
            assert_eq!(folded(name), "groupid", "{name}");
        }
    }

    #[test]
    fn whole_numbers_read_without_a_point() {
        assert_eq!(Cell::Number(28.0).into_text().as_deref(), Some("28"));
        assert_eq!(Cell::Number(28.5).into_text().as_deref(), Some("28.5"));
        assert_eq!(Cell::Number(-0.0).into_text().as_deref(), Some("0"));
        assert_eq!(Cell::Number(1e21).into_text(), None);
        assert_eq!(Cell::Json("[]".into()).into_text(), None);
        let locator = Cell::Locator { mode: "id".into(), value: Box::new(Cell::Text(" 28 ".into())) };
        assert_eq!(locator.into_filled_text().as_deref(), Some("28"));
        assert_eq!(Cell::Text("  ".into()).into_filled_text(), None);
    }
}
