//! Rows as the host would give them, and what is known of each.

use threecx_core::rows::{Cell, CellFault, Rows};

#[derive(Default)]
pub(crate) struct Row {
    /// Values by the names of the form's fields.
    pub(crate) cells: Vec<(&'static str, Cell)>,
    /// What carrying the row out does to the PBX, where it does anything.
    pub(crate) effect: Option<String>,
    /// Whether the row is done where nothing goes wrong.
    pub(crate) sound: bool,
    /// IDs of the records that a reading row gives.
    pub(crate) ids: Vec<i32>,
}

impl Row {
    pub(crate) fn cell(&self, name: &str) -> Cell {
        self.cells.iter().find(|(known, _)| *known == name).map_or(Cell::Empty, |(_, cell)| cell.clone())
    }
}

pub(crate) struct Table(pub(crate) Vec<Row>);

impl Rows for Table {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn parameter(&mut self, row: usize, name: &str) -> Result<Cell, CellFault> {
        Ok(self.0[row].cell(name))
    }

    fn column(&mut self, row: usize, name: &str) -> Result<Cell, CellFault> {
        let name = match name {
            "groupid" => "groupId",
            "licensekey" => "licenseKey",
            _ => return Ok(Cell::Empty),
        };
        self.parameter(row, name)
    }

    fn columns(&mut self, _row: usize) -> Result<String, CellFault> {
        Ok("{}".to_owned())
    }

    fn file(&mut self, _row: usize, _field: &str) -> Option<String> {
        None
    }
}
