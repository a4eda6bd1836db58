//! Which group a row is for, and whether it is let in.

use super::Replacement;
use super::ended_row::{Doubt, Ending, Target};
use super::groups::{Unnamed, Unresolved, When, without_zeros};
use super::options::{RunOptions, SendAs};
use super::prepared::{Prepared, Sent};
use super::row::Order;
use super::told::{End, RowFault, Words};
use crate::rows::Rows;
use crate::rows::value::{Reference, ValueFault};
use crate::xapi::protocol::Next;

impl<W: Words> Replacement<W> {
    pub(super) fn read(&mut self, rows: &mut dyn Rows, row: usize) -> Result<Order, ValueFault> {
        let order = self.options.source.read(rows, row)?;
        self.keys.add(order.key.reveal());
        Ok(order)
    }

    /// Whether what should name a group is a key of the run.
    pub(super) fn is_key(&self, group: &Reference) -> bool {
        matches!(group, Reference::Number(text) | Reference::Either { number: text, .. } if self.keys.hold(text))
    }

    /// Finds a row's group and lets the row in, behind earlier rows of the same group.
    pub(super) fn admit(&mut self, row: usize, order: Result<Order, ValueFault>, rows: &mut dyn Rows) -> Option<Next> {
        if let Some(why) = &self.ending {
            self.outcomes.push(W::row(row, End::Skipped(why)));
            return None;
        }
        if row >= self.blank_from {
            self.outcomes.push(W::row(row, End::Blank));
            return None;
        }
        let order = match order {
            Ok(order) if self.is_key(&order.group) => Err(self.options.source.group_is_key(&order.group.shown())),
            order => order,
        };
        let order = match order {
            Ok(order) => order,
            Err(fault) => {
                let fault = fault.redacted(&|text| self.keys.redact(text));
                self.fail(row, RowFault::Value(fault));
                return None;
            }
        };
        let found = self.resolve(&order.group).and_then(|index| self.agreed(index, rows, row));
        let target = match found {
            Ok(index) => Target::Known(index),
            Err(why) => match (&self.reading.before_failure, self.given(&order.group)) {
                (failure, _) if why != Unresolved::Unknown || (failure.is_none() && self.reading.before_tried) => {
                    self.fail(row, RowFault::Group(&order.group, why, order.key.masked()));
                    return None;
                }
                (_, Some(text)) => Target::AsGiven(text),
                (Some(failure), None) => {
                    let (key, is_dry_run) = (order.key.masked(), self.options.dry_run && !self.groups.is_empty());
                    let unread = End::Unread { group: &order.group, why: failure, key, is_dry_run };
                    self.outcomes.push(W::row(row, unread));
                    return None;
                }
                (None, None) => {
                    self.checked.push_front((row, Ok(order)));
                    self.read_before(rows);
                    return self.next_reading(When::Before);
                }
            },
        };
        let sends = match self.name(&target) {
            Ok(sends) => sends,
            Err(why) => {
                self.fail(row, RowFault::Number(&order.group, why, order.key.masked()));
                return None;
            }
        };
        let says_unknown = self.sheet.says_unknown(rows, row);
        let prepared = Prepared { says_unknown, ..Prepared::new(row, order, target, sends) };
        let group = prepared.group_print;
        if self.conflicts.add(row, group, prepared.key_print) {
            self.contested.part(group).entry(group).or_default();
        }
        self.unusual_keys += usize::from(!prepared.order.key.has_usual_shape());
        if self.options.dry_run {
            let first = self.sent.get(prepared.pair_print).map(|sent| sent.row as usize);
            let ending = match first {
                None if prepared.says_unknown => Ending::InDoubt(Doubt::OfColumns),
                None => Ending::WouldSend(prepared.sends.clone()),
                Some(first) => {
                    self.overtaken(&prepared, first).unwrap_or_else(|| self.repeated(Ending::WouldRepeat(first)))
                }
            };
            if first.is_none() {
                self.sent.insert(prepared.pair_print, Sent::new(row, false));
                self.note_key(&prepared, true);
            }
            self.pending.push(Some(prepared.into_report(ending)));
            return None;
        }
        let prepared = self.lanes.enter(&[group], prepared)?;
        self.begin(prepared)
    }

    /// What is wrong with a row keeps no other from being looked at in a dry run.
    fn fail(&mut self, row: usize, why: RowFault<'_>) {
        self.outcomes.push(W::row(row, End::RowFault { why, is_dry_run: self.options.dry_run }));
    }

    /// Looks a group up. Of groups that were not read completely, an ID is all that tells one from another.
    pub(super) fn resolve(&self, group: &Reference) -> Result<usize, Unresolved> {
        let RunOptions { source, find_by_name, send_as, .. } = &self.options;
        if let Reference::Number(text) | Reference::Either { number: text, .. } = group
            && without_zeros(text).is_some()
            && source.gives_names()
        {
            return if *find_by_name { self.groups.resolve_name(text) } else { Err(Unresolved::DigitsOfName) };
        }
        let found = match (&self.reading.before_failure, send_as) {
            (None, _) if *find_by_name => self.groups.resolve_or_name(group),
            (None, _) => self.groups.resolve(group),
            (Some(_), SendAs::Id) => self.groups.resolve_in_part(group),
            (Some(_), SendAs::Number) => Err(Unresolved::Unknown),
        }?;
        if source.says_id() { Ok(found) } else { self.groups.undoubted(group, found) }
    }

    /// The group, unless the row has the number of another one.
    fn agreed(&self, index: usize, rows: &mut dyn Rows, row: usize) -> Result<usize, Unresolved> {
        let group = self.groups.get(index).ok_or(Unresolved::Unknown)?;
        match self.sheet.other_number(rows, row, group) {
            None => Ok(index),
            Some(column) => {
                let (number, column) = (group.number.clone(), column.to_owned());
                Err(Unresolved::OtherNumber { id: group.id, number, column })
            }
        }
    }

    /// What can be sent for a group that was not looked up. Digits are taken for an ID.
    fn given(&self, group: &Reference) -> Option<String> {
        match (self.options.send_as, group) {
            // Where not one was read, a dry run shows nothing.
            _ if self.options.dry_run && self.groups.is_empty() => None,
            (SendAs::Id, Reference::Id(id) | Reference::Either { id, .. }) => Some(id.to_string()),
            // Remembered is a group's ID.
            (SendAs::Number, Reference::Number(number)) if self.memory.is_none() => Some(number.clone()),
            _ => None,
        }
    }

    /// What is sent for a group: never nothing, and never what names another group as well.
    fn name(&self, target: &Target) -> Result<String, Unnamed> {
        match (target, self.options.send_as) {
            (Target::AsGiven(text), _) => Ok(text.clone()),
            (Target::Known(index), SendAs::Id) => {
                self.groups.get(*index).map(|group| group.id.to_string()).ok_or(Unnamed::NoNumber)
            }
            (Target::Known(index), SendAs::Number) => self.groups.number(*index),
        }
    }
}
