//! The entities of the PBX but its groups, which the directory keeps.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use threecx_definition::{Scalar, ValueType};

use crate::catalogue;
use crate::sample;

type Entity = Map<String, Value>;

/// Sets and singletons, made when they are first asked for.
#[derive(Debug, Default)]
pub(crate) struct Store {
    sets: HashMap<String, Vec<Entity>>,
    singletons: HashMap<String, Entity>,
}

/// Why an entity is refused: the field and a code. Known: the form and these codes.
pub(crate) struct Refusal {
    pub(crate) field: &'static str,
    pub(crate) code: &'static str,
}

const TAKEN: &str = "WARNINGS.XAPI.ALREADY_IN_USE";

impl Store {
    /// The entities of a set of a type.
    pub(crate) fn set(&mut self, set: &str, of: &str) -> &mut Vec<Entity> {
        self.sets.entry(set.to_owned()).or_insert_with(|| seeded(set, of))
    }

    /// Puts other entities into a set, or rows into a report.
    pub(crate) fn put(&mut self, set: &str, entities: Vec<Entity>) {
        self.sets.insert(set.to_owned(), entities);
    }

    /// The rows that a report was given.
    pub(crate) fn given(&self, report: &str) -> Option<&[Entity]> {
        self.sets.get(report).map(Vec::as_slice)
    }

    pub(crate) fn singleton(&mut self, path: &str, of: &str) -> &mut Entity {
        self.singletons.entry(path.to_owned()).or_insert_with(|| sample::record(of, 0))
    }

    /// An entity by the value of one of its properties.
    pub(crate) fn find(&mut self, set: &str, of: &str, property: &str, value: &Value) -> Option<&mut Entity> {
        self.set(set, of).iter_mut().find(|entity| entity.get(property) == Some(value))
    }

    /// Takes in a new entity. Known: 3CX gives the `Id`, and a `Number` to what has none.
    pub(crate) fn create(&mut self, set: &str, of: &str, given: &Entity) -> Result<Entity, Refusal> {
        let key = catalogue::key(set);
        let entities = self.set(set, of);
        for field in ["Number", "EmailAddress", "Link"] {
            let wanted = given.get(field).filter(|value| value.as_str().is_some_and(|text| !text.is_empty()));
            if let Some(wanted) = wanted
                && entities.iter().any(|entity| entity.get(field) == Some(wanted))
            {
                return Err(Refusal { field, code: TAKEN });
            }
        }
        let mut entity: Entity = catalogue::fields(of).iter().map(|field| (field.name.clone(), empty(field))).collect();
        let greatest = |name: &str| {
            let numbers = entities.iter().filter_map(|entity| match entity.get(name)? {
                Value::String(text) => text.parse().ok(),
                other => other.as_i64(),
            });
            numbers.max().unwrap_or(99)
        };
        let (next_id, next_number) = (greatest(key) + 1, greatest("Number") + 1);
        for (name, value) in given {
            entity.insert(name.clone(), value.clone());
        }
        if catalogue::fields(of).iter().any(|field| field.name == key && field.of == ValueType::Scalar(Scalar::Int32)) {
            entity.insert(key.to_owned(), next_id.into());
        }
        if let Some(number) = entity.get_mut("Number").filter(|number| number.as_str().is_none_or(str::is_empty)) {
            *number = next_number.to_string().into();
        }
        entities.push(entity.clone());
        Ok(entity)
    }

    /// Takes an entity away. False if there is none.
    pub(crate) fn delete(&mut self, set: &str, of: &str, property: &str, value: &Value) -> bool {
        let entities = self.set(set, of);
        let before = entities.len();
        entities.retain(|entity| entity.get(property) != Some(value));
        entities.len() < before
    }
}

fn empty(field: &catalogue::Field) -> Value {
    if field.list { json!([]) } else { Value::Null }
}

/// How many entities a set begins with.
fn seeded(set: &str, of: &str) -> Vec<Entity> {
    let count = match set {
        "/Users" => 130,
        "/CallHistoryView" | "/Contacts" | "/EventLogs" => 250,
        _ => 12,
    };
    let key = catalogue::key(set);
    (0..count)
        .map(|number| {
            let mut entity = sample::record(of, number);
            if entity.get(key).is_some_and(Value::is_i64) || entity.get(key).is_some_and(Value::is_u64) {
                entity.insert(key.to_owned(), (number + 1).into());
            } else if let Some(Value::String(text)) = entity.get_mut(key)
                && !text.contains(char::is_numeric)
            {
                *text = format!("{text}-{}", number + 1);
            }
            entity
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique() {
        let mut store = Store::default();
        for (set, of) in [("/Users", "User"), ("/Backups", "Backups"), ("/Fxs", "Fxs"), ("/Sbcs", "Sbc")] {
            let key = catalogue::key(set);
            let mut keys: Vec<String> = store.set(set, of).iter().map(|entity| entity[key].to_string()).collect();
            let all = keys.len();
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), all, "{set}");
        }
    }

    #[test]
    fn new_entities_get_an_id_and_a_number() {
        let mut store = Store::default();
        let Ok(user) = store.create("/Users", "User", &Map::new()) else { panic!("refused") };
        assert_eq!((user["Id"].as_i64(), user["Number"].as_str()), (Some(131), Some("230")));
        let Ok(found) = store.find("/Users", "User", "Id", &131.into()).cloned().ok_or(()) else { panic!("lost") };
        assert_eq!(found, user);
        let taken = json!({"Number": "230"});
        let refusal = store.create("/Users", "User", taken.as_object().unwrap());
        assert_eq!(refusal.err().map(|refusal| refusal.field), Some("Number"));
        assert!(store.delete("/Users", "User", "Id", &131.into()));
        assert!(!store.delete("/Users", "User", "Id", &131.into()));
    }
}
