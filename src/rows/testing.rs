//! Rows for tests.

use serde_json::Value;

use super::{Cell, CellFault, ColumnNames, Rows};

/// Rows that have parameters, and columns where they are given some.
pub(crate) struct Form<F> {
    pub(crate) len: usize,
    pub(crate) is_fixed: bool,
    pub(crate) parameter: F,
    pub(crate) columns: Vec<Value>,
}

/// So many rows with these parameters.
pub(crate) fn form<F: FnMut(usize, &str) -> Result<Cell, CellFault>>(len: usize, parameter: F) -> Form<F> {
    Form { len, is_fixed: false, parameter, columns: Vec::new() }
}

/// One row with these parameters, as a host gives them.
pub(crate) fn given(parameters: &Value) -> impl Rows {
    form(1, |_, name| {
        Ok(match &parameters[name] {
            Value::Null => Cell::Empty,
            Value::Bool(flag) => Cell::Bool(*flag),
            Value::String(text) => Cell::Text(text.clone()),
            other => Cell::Json(other.to_string()),
        })
    })
}

impl<F> Form<F> {
    /// The same rows with these columns, an object for each.
    pub(crate) fn with_columns(self, columns: Vec<Value>) -> Self {
        Self { columns, ..self }
    }
}

impl<F: FnMut(usize, &str) -> Result<Cell, CellFault>> Rows for Form<F> {
    fn len(&self) -> usize {
        self.len
    }

    fn is_fixed(&self, _name: &str) -> bool {
        self.is_fixed
    }

    fn parameter(&mut self, row: usize, name: &str) -> Result<Cell, CellFault> {
        (self.parameter)(row, name)
    }

    /// As of a host whose form cannot be read as a whole.
    fn has_parameter(&mut self, row: usize, name: &str) -> bool {
        self.parameter(row, name).is_ok_and(|cell| cell != Cell::Empty)
    }

    fn column(&mut self, _row: usize, _name: &str) -> Result<Cell, CellFault> {
        Ok(Cell::Empty)
    }

    fn column_names(&self) -> ColumnNames {
        let names = self.columns.iter().filter_map(Value::as_object).flat_map(|columns| columns.keys());
        ColumnNames { spelled: names.cloned().collect(), are_all: true, ..ColumnNames::default() }
    }

    fn columns(&mut self, row: usize) -> Result<String, CellFault> {
        Ok(self.columns.get(row).map_or_else(|| "{}".to_owned(), Value::to_string))
    }

    fn file(&mut self, _row: usize, _field: &str) -> Option<String> {
        None
    }
}
