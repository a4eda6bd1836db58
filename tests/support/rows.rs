//! Rows as the host would give them.

use threecx_core::rows::{Cell, CellFault, Rows};

pub(crate) struct Table(pub(crate) Vec<(Cell, Cell)>);

impl Rows for Table {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn parameter(&mut self, row: usize, name: &str) -> Result<Cell, CellFault> {
        let (group, key) = &self.0[row];
        Ok(if name == "groupId" { group.clone() } else { key.clone() })
    }

    fn column(&mut self, row: usize, names: &[&str]) -> Result<Cell, CellFault> {
        self.parameter(row, if names.contains(&"groupid") { "groupId" } else { "licenseKey" })
    }

    fn columns(&mut self, _row: usize) -> Result<String, CellFault> {
        Ok("{}".to_owned())
    }

    fn file(&mut self, _row: usize, _field: &str) -> Option<String> {
        None
    }
}
