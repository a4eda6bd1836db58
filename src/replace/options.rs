//! What the person chose for the whole run.
//!
//! It may be an expression, but must come to the same in every row: a dry run that only some rows ask for, or a switch
//! that is neither on nor off, must not send anything.

use super::row::{RowSource, without_key};
use super::told::Refusal;
use crate::definition::label;
use crate::rows::value::{self, Expected, FaultKind, ValueFault};
use crate::rows::{Cell, CellFault, Rows, path};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    pub source: RowSource,
    pub dry_run: bool,
    /// Take a group's name for the group.
    pub find_by_name: bool,
    /// Read the groups before and after.
    pub confirm: bool,
    /// Send nothing if the groups cannot be read before.
    pub stop_if_unread: bool,
    /// Skip what the host remembers of earlier runs, and let it remember this one.
    pub skip_done: bool,
    pub send_as: SendAs,
}

/// Which of a group's two names goes to 3CX: no public source says which one it expects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SendAs {
    #[default]
    Id,
    Number,
}

impl RunOptions {
    /// As this row has them.
    pub(super) fn of_row(rows: &mut dyn Rows, row: usize) -> Result<Self, ValueFault> {
        let mut parameter = |name: &str| rows.parameter(row, name);
        let is_number = chosen("Send Group As", parameter("sendGroupAs"), ["id", "number"])?;
        let from_fields = chosen("Rows From", parameter("rowsFrom"), ["columns", "fields"])?;
        Ok(Self {
            source: if from_fields {
                RowSource::Fields
            } else {
                RowSource::Columns {
                    group: column("Group Column", parameter("groupColumn"))?,
                    key: column("License Key Column", parameter("licenseKeyColumn"))?,
                }
            },
            // In the form, or among the options, where it was before: either will do.
            dry_run: value::switch("Dry Run", parameter("isDryRun"), false)?
                | value::switch("Dry Run", parameter("dryRun"), false)?,
            find_by_name: value::switch(label("findByName"), parameter("findByName"), false)?,
            confirm: value::switch("Confirm", parameter("confirm"), true)?,
            stop_if_unread: value::switch("Stop When Groups Cannot Be Read", parameter("stopIfUnread"), false)?,
            skip_done: value::switch("Skip Rows Done Before", parameter("skipDoneBefore"), false)?,
            send_as: if is_number { SendAs::Number } else { SendAs::Id },
        })
    }

    /// What is not the same in both.
    fn difference(&self, other: &Self) -> Option<&'static str> {
        let [own, others] = [self, other].map(|options| match &options.source {
            RowSource::Fields => None,
            RowSource::Columns { group, key } => Some((group, key)),
        });
        let differ = |is_same: fn(_, _) -> bool| own.zip(others).is_some_and(|(own, others)| !is_same(own, others));
        [
            ("Dry Run", self.dry_run != other.dry_run),
            (label("findByName"), self.find_by_name != other.find_by_name),
            ("Confirm", self.confirm != other.confirm),
            ("Stop When Groups Cannot Be Read", self.stop_if_unread != other.stop_if_unread),
            ("Skip Rows Done Before", self.skip_done != other.skip_done),
            ("Send Group As", self.send_as != other.send_as),
            ("Rows From", own.is_none() != others.is_none()),
            ("Group Column", differ(|(own, _), (other, _)| own == other)),
            ("License Key Column", differ(|(_, own), (_, other)| own == other)),
        ]
        .into_iter()
        .find_map(|(name, differs)| differs.then_some(name))
    }
}

/// Whether the second of two choices was made.
fn chosen(field: &'static str, cell: Result<Cell, CellFault>, choices: [&'static str; 2]) -> Result<bool, ValueFault> {
    let fault = |kind| ValueFault { field: field.into(), kind };
    let cell = cell.map_err(|CellFault(text)| fault(FaultKind::NotEvaluated(text)))?;
    let found = match cell {
        Cell::Empty => return Ok(false),
        Cell::Text(text) => text,
        _ => return Err(fault(FaultKind::NotText)),
    };
    let position = choices.iter().position(|choice| *choice == found);
    position.map(|position| position == 1).ok_or_else(|| fault(Expected::OneOf(choices.to_vec()).fault_of(found)))
}

/// The name of a column, as the person has it.
fn column(field: &'static str, cell: Result<Cell, CellFault>) -> Result<Option<String>, ValueFault> {
    match value::clean_text(field, cell) {
        Ok(name) => Ok(Some(dragged(name.text))),
        Err(ValueFault { kind: FaultKind::Missing, .. }) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// What a name is that was dragged there: n8n writes `['Group ID']`.
fn dragged(name: String) -> String {
    match path::steps(&name).as_deref() {
        Some([only]) => only.clone(),
        _ => name,
    }
}

/// What the options are read from.
const PARAMETERS: &[&str] = &[
    "isDryRun",
    "dryRun",
    "findByName",
    "confirm",
    "stopIfUnread",
    "skipDoneBefore",
    "sendGroupAs",
    "rowsFrom",
    "groupColumn",
    "licenseKeyColumn",
];

/// Sees that all rows have the same options, a few rows at a time.
#[derive(Debug, Default)]
pub(super) struct Check {
    next_row: usize,
    first: Option<RunOptions>,
}

impl Check {
    /// The options, once `most` further rows or all have been looked at; or why nothing can be sent.
    pub(super) fn go_on(&mut self, rows: &mut dyn Rows, most: usize) -> Result<Option<RunOptions>, Refusal> {
        let end = if PARAMETERS.iter().all(|name| rows.is_fixed(name)) { rows.len().min(1) } else { rows.len() };
        for row in self.next_row..end.min(self.next_row + most) {
            let options = RunOptions::of_row(rows, row)
                .map_err(|fault| Refusal::Option { fault: without_key(fault, rows, row), row: Some(row) })?;
            match &self.first {
                None => self.first = Some(options),
                Some(first) => {
                    if let Some(name) = first.difference(&options) {
                        return Err(differs(name, row));
                    }
                }
            }
            self.next_row = row + 1;
        }
        Ok((self.next_row >= end).then(|| self.first.take().unwrap_or_default()))
    }
}

fn differs(name: &'static str, row: usize) -> Refusal {
    Refusal::Option { fault: ValueFault { field: name.into(), kind: FaultKind::Differs { row } }, row: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::testing::{Form, form};

    fn check(name: &'static str, cells: Vec<Result<Cell, CellFault>>, shared: bool) -> Result<RunOptions, Refusal> {
        let cell = |row: usize, asked: &str| if asked == name { cells[row].clone() } else { Ok(Cell::Empty) };
        let mut rows = Form { is_fixed: shared, ..form(cells.len(), cell) };
        let mut check = Check::default();
        loop {
            if let Some(options) = check.go_on(&mut rows, 2)? {
                return Ok(options);
            }
        }
    }

    fn text(text: &str) -> Result<Cell, CellFault> {
        Ok(Cell::Text(text.into()))
    }

    #[test]
    fn what_makes_a_run_safer_is_understood_or_refused() {
        let defaults = RunOptions { confirm: true, ..RunOptions::default() };
        assert_eq!(check("dryRun", vec![Ok(Cell::Empty); 5], false), Ok(defaults.clone()));
        assert_eq!(check("dryRun", vec![Ok(Cell::Bool(false)); 5], false), Ok(defaults));
        assert!(check("dryRun", vec![Ok(Cell::Bool(true)); 5], false).unwrap().dry_run);
        assert!(!check("confirm", vec![Ok(Cell::Bool(false))], true).unwrap().confirm);
        assert!(check("stopIfUnread", vec![Ok(Cell::Bool(true))], true).unwrap().stop_if_unread);
        let failing = || Err(CellFault("no such column".into()));
        for name in ["isDryRun", "dryRun", "findByName", "confirm", "stopIfUnread", "skipDoneBefore"] {
            let others =
                [text("true"), text("false"), text(""), Ok(Cell::Number(1.0)), Ok(Cell::Number(0.0)), failing()];
            for other in others {
                let found_in = |cells, is_fixed| match check(name, cells, is_fixed) {
                    Err(Refusal::Option { row, .. }) => row,
                    told => panic!("{name}: {told:?}"),
                };
                assert_eq!(found_in(vec![other.clone()], true), Some(0), "{name} {other:?}");
                // In a later row as well.
                let mut cells = vec![Ok(Cell::Empty); 9];
                cells[8] = other;
                assert_eq!(found_in(cells, false), Some(8), "{name}");
            }
        }
    }

    /// Workflows have it among their options; the form has a switch of its own. Neither switches the other off.
    #[test]
    fn a_dry_run_is_one_wherever_it_is_asked_for() {
        for (of_form, of_options, expected) in [
            (None, Some(true), true),
            (Some(false), Some(true), true),
            (Some(true), Some(false), true),
            (Some(true), None, true),
            (Some(false), Some(false), false),
            (None, None, false),
        ] {
            let cell = |_, name: &str| {
                let flag = match name {
                    "isDryRun" => of_form,
                    "dryRun" => of_options,
                    _ => None,
                };
                Ok(flag.map_or(Cell::Empty, Cell::Bool))
            };
            let options = Check::default().go_on(&mut form(1, cell), 1).unwrap().unwrap();
            assert_eq!(options.dry_run, expected, "{of_form:?} {of_options:?}");
        }
    }

    #[test]
    fn an_option_is_the_same_in_every_row() {
        for (name, one, other) in [
            ("dryRun", Ok(Cell::Bool(true)), Ok(Cell::Bool(false))),
            ("dryRun", Ok(Cell::Empty), Ok(Cell::Bool(true))),
            ("isDryRun", Ok(Cell::Bool(true)), Ok(Cell::Bool(false))),
            ("findByName", Ok(Cell::Empty), Ok(Cell::Bool(true))),
            ("confirm", Ok(Cell::Empty), Ok(Cell::Bool(false))),
            ("stopIfUnread", Ok(Cell::Bool(true)), Ok(Cell::Empty)),
            ("skipDoneBefore", Ok(Cell::Bool(true)), Ok(Cell::Empty)),
            ("sendGroupAs", text("id"), text("number")),
            ("rowsFrom", text("columns"), text("fields")),
            ("groupColumn", text("Department"), text("Group")),
        ] {
            let mut cells = vec![one; 6];
            cells[5] = other;
            let Err(Refusal::Option { fault, row: None }) = check(name, cells, false) else { panic!("{name}") };
            assert_eq!(fault.kind, FaultKind::Differs { row: 5 }, "{name}");
        }
        for (name, shown) in [("groupColumn", "Group Column"), ("licenseKeyColumn", "License Key Column")] {
            let told = check(name, vec![text("A"), text("B")], false).unwrap_err();
            let fault = ValueFault { field: shown.into(), kind: FaultKind::Differs { row: 1 } };
            assert_eq!(told, Refusal::Option { fault, row: None });
        }
        let same = check("dryRun", vec![Ok(Cell::Empty), Ok(Cell::Bool(false))], false);
        assert!(same.is_ok(), "no value means false");
    }

    #[test]
    fn choices_are_those_of_the_form() {
        assert_eq!(check("sendGroupAs", vec![text("number")], true).unwrap().send_as, SendAs::Number);
        let named = check("groupColumn", vec![text("My Group")], true).unwrap().source;
        assert_eq!(named, RowSource::Columns { group: Some("My Group".into()), key: None });
        let dragged = check("licenseKeyColumn", vec![text("['License Key *']")], true).unwrap().source;
        assert_eq!(dragged, RowSource::Columns { group: None, key: Some("License Key *".into()) });
        let nested = check("groupColumn", vec![text("['body']['Group ID']")], true).unwrap().source;
        assert_eq!(nested, RowSource::Columns { group: Some("['body']['Group ID']".into()), key: None });
        for (name, cell) in
            [("sendGroupAs", text("Number ")), ("rowsFrom", Ok(Cell::Bool(true))), ("rowsFrom", text(""))]
        {
            assert!(check(name, vec![cell.clone()], true).is_err(), "{name} {cell:?}");
        }
    }
}
