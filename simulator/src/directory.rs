//! The groups of the PBX, their keys, and the ledger of replacements.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::license;
use crate::seed;
use crate::switches::GroupIdKind;

/// A group: what the API shows of it, and its key, which the API never shows. Known.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: i64,
    pub(crate) number: String,
    pub(crate) fields: Map<String, Value>,
    key: Option<String>,
}

/// One replacement that was carried out.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LedgerEntry {
    n: usize,
    group_id: i64,
    group_number: String,
    #[serde(rename = "licenseKey")]
    key: String,
}

/// A change of `Props` that is due later.
#[derive(Debug)]
struct Pending {
    due: Instant,
    position: usize,
    key: String,
}

/// All groups.
#[derive(Debug)]
pub(crate) struct Directory {
    groups: Vec<Group>,
    by_id: HashMap<i64, usize>,
    by_number: HashMap<String, usize>,
    pending: Vec<Pending>,
    ledger: Vec<LedgerEntry>,
}

impl Directory {
    /// A directory with so many departments.
    pub(crate) fn new(departments: u32) -> Self {
        let groups: Vec<Group> = seed::groups(departments)
            .into_iter()
            .map(|seeded| Group { id: seeded.id, number: seeded.number, fields: seeded.fields, key: None })
            .collect();
        Self {
            by_id: groups.iter().enumerate().map(|(at, group)| (group.id, at)).collect(),
            by_number: groups.iter().enumerate().map(|(at, group)| (group.number.clone(), at)).collect(),
            groups,
            pending: Vec::new(),
            ledger: Vec::new(),
        }
    }

    /// All groups as they are now.
    pub(crate) fn groups(&mut self, now: Instant) -> &[Group] {
        self.settle(now);
        &self.groups
    }

    /// The group with an `Id`.
    pub(crate) fn group(&mut self, id: i64, now: Instant) -> Option<&Group> {
        self.settle(now);
        self.by_id.get(&id).and_then(|at| self.groups.get(*at))
    }

    /// Position of the group that `groupId` of a replacement means.
    pub(crate) fn find(&self, group_id: &str, kind: GroupIdKind) -> Option<usize> {
        let by_id = || group_id.parse().ok().and_then(|id: i64| self.by_id.get(&id));
        let by_number = || self.by_number.get(group_id);
        let found = match kind {
            GroupIdKind::Id => by_id(),
            GroupIdKind::Number => by_number(),
            GroupIdKind::Either => by_id().or_else(by_number),
        };
        found.copied()
    }

    /// Gives a group a key; its `Props` follow after the delay. False if the group has that key already.
    pub(crate) fn replace_key(&mut self, position: usize, key: &str, delay: Duration, now: Instant) -> bool {
        let Some(group) = self.groups.get_mut(position) else {
            return false;
        };
        if group.key.as_deref() == Some(key) {
            return false;
        }
        group.key = Some(key.to_owned());
        self.ledger.push(LedgerEntry {
            n: self.ledger.len() + 1,
            group_id: group.id,
            group_number: group.number.clone(),
            key: key.to_owned(),
        });
        self.pending.push(Pending { due: now + delay, position, key: key.to_owned() });
        self.settle(now);
        true
    }

    /// What the API shows of a group, to be changed.
    pub(crate) fn fields(&mut self, id: i64) -> Option<&mut Map<String, Value>> {
        let at = *self.by_id.get(&id)?;
        self.groups.get_mut(at).map(|group| &mut group.fields)
    }

    /// Takes in a new group. Known: names must differ.
    pub(crate) fn create(&mut self, given: &Map<String, Value>) -> Result<Map<String, Value>, ()> {
        let name = given.get("Name");
        if name.is_none() || self.groups.iter().any(|group| group.fields.get("Name") == name) {
            return Err(());
        }
        let id = self.groups.iter().map(|group| group.id).max().unwrap_or_default() + 1;
        let number = format!("GRP{:04}", self.groups.len());
        let mut fields = given.clone();
        fields.insert("Id".to_owned(), id.into());
        fields.insert("Number".to_owned(), number.clone().into());
        self.by_id.insert(id, self.groups.len());
        self.by_number.insert(number.clone(), self.groups.len());
        self.groups.push(Group { id, number, fields: fields.clone(), key: None });
        Ok(fields)
    }

    /// Takes a group away. False if there is none.
    pub(crate) fn delete(&mut self, id: i64) -> bool {
        let before = self.groups.len();
        self.groups.retain(|group| group.id != id);
        self.by_id = self.groups.iter().enumerate().map(|(at, group)| (group.id, at)).collect();
        self.by_number = self.groups.iter().enumerate().map(|(at, group)| (group.number.clone(), at)).collect();
        // What was pending is told by position.
        self.pending.clear();
        self.groups.len() < before
    }

    pub(crate) fn ledger(&self) -> &[LedgerEntry] {
        &self.ledger
    }

    /// Lets the changes that are due happen, in their order.
    fn settle(&mut self, now: Instant) {
        let groups = &mut self.groups;
        self.pending.retain(|pending| {
            if pending.due > now {
                return true;
            }
            let props = groups.get_mut(pending.position).and_then(|group| group.fields.get_mut("Props"));
            if let Some(Value::Object(props)) = props {
                for (name, value) in license::properties(&pending.key) {
                    props.insert(name.to_owned(), value);
                }
            }
            false
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "8SGW-AAAA-1111-ZZZZ";

    fn subscription(directory: &mut Directory, now: Instant) -> Value {
        directory.groups(now)[1].fields["Props"]["Subscription"].clone()
    }

    #[test]
    fn props_follow_the_key_after_the_delay() {
        let (mut directory, now) = (Directory::new(3), Instant::now());
        let before = subscription(&mut directory, now);
        assert!(directory.replace_key(1, KEY, Duration::from_secs(2), now));
        assert_eq!(subscription(&mut directory, now + Duration::from_secs(1)), before);
        assert_ne!(subscription(&mut directory, now + Duration::from_secs(2)), before);
    }

    #[test]
    fn the_same_key_again_changes_nothing() {
        let (mut directory, now) = (Directory::new(3), Instant::now());
        assert!(directory.replace_key(1, KEY, Duration::ZERO, now));
        assert!(!directory.replace_key(1, KEY, Duration::ZERO, now));
        assert_eq!(directory.ledger().len(), 1);
    }

    #[test]
    fn groups_are_found_by_the_kind_of_id_asked_for() {
        let directory = Directory::new(3);
        let found = |id, kind| directory.find(id, kind).is_some();
        assert!(found("28", GroupIdKind::Id) && !found("GRP0000", GroupIdKind::Id));
        assert!(!found("28", GroupIdKind::Number) && found("GRP0000", GroupIdKind::Number));
        assert!(found("28", GroupIdKind::Either) && found("GRP0000", GroupIdKind::Either));
    }
}
