//! `$select` and `$expand`: which properties a row shows.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::schema::{Kind, Property};
use super::{Model, QueryError};

/// The properties that were asked for.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    selected: Vec<Selected>,
    expanded: Vec<&'static str>,
}

/// A selected property; with parts, only those parts of it.
#[derive(Debug)]
struct Selected {
    name: &'static str,
    parts: Vec<&'static str>,
}

impl Selection {
    /// Reads a list such as `Id,Props/Subscription`. A star stands for every property.
    pub(crate) fn select(&mut self, text: &str, model: Model) -> Result<(), QueryError> {
        if text.trim() == "*" {
            return Ok(());
        }
        for item in text.split(',').map(str::trim) {
            let (name, part) = match item.split_once('/') {
                Some((name, part)) => (name, Some(part)),
                None => (item, None),
            };
            let property = model.property(name)?;
            let part = part.map(|part| inner(property, part, model)).transpose()?;
            match self.selected.iter_mut().find(|selected| selected.name == property.name) {
                Some(selected) => match part {
                    Some(part) if !selected.parts.is_empty() => selected.parts.push(part),
                    _ => selected.parts.clear(),
                },
                None => self.selected.push(Selected { name: property.name, parts: part.into_iter().collect() }),
            }
        }
        Ok(())
    }

    /// Reads a list such as `Members,Rights($select=RoleName)`. What stands in brackets is not applied.
    pub(crate) fn expand(&mut self, text: &str, model: Model) -> Result<(), QueryError> {
        let mut depth = 0_usize;
        let mut name = String::new();
        for letter in text.chars().chain([',']) {
            match letter {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    let property = model.property(name.trim())?;
                    if property.kind != Kind::Navigation {
                        return Err(QueryError::unknown_property(name.trim(), "navigation"));
                    }
                    self.expanded.push(property.name);
                    name.clear();
                }
                letter if depth == 0 => name.push(letter),
                _ => {}
            }
        }
        Ok(())
    }

    /// The names as `@odata.context` shows them, such as `(Id,Props/Subscription)`; empty without a selection.
    pub(crate) fn context(&self) -> String {
        let selected = self.selected.iter().flat_map(|selected| {
            if selected.parts.is_empty() {
                vec![selected.name.to_owned()]
            } else {
                let parts = selected.parts.iter();
                parts.map(|part| format!("{}/{part}", selected.name)).collect()
            }
        });
        let expanded = self.expanded.iter().map(|name| format!("{name}()"));
        let names: Vec<_> = selected.chain(expanded).collect();
        if names.is_empty() { String::new() } else { format!("({})", names.join(",")) }
    }
}

fn inner(property: &'static Property, part: &str, model: Model) -> Result<&'static str, QueryError> {
    match property.kind {
        Kind::Complex(entity) => Ok(model.of(entity).property(part)?.name),
        _ => Err(QueryError::unknown_property(part, property.name)),
    }
}

/// What a query shows of each row, worked out once.
#[derive(Debug, Default)]
pub(crate) struct Projection {
    shown: Vec<Shown>,
    send_nulls: bool,
}

/// A property that is shown; of an object, only these parts.
#[derive(Debug)]
struct Shown {
    name: &'static str,
    parts: Vec<&'static str>,
}

impl Projection {
    pub(crate) fn new(selection: &Selection, model: Model, send_nulls: bool) -> Self {
        let shown = model.properties().filter_map(|property| {
            let selected = selection.selected.iter().find(|selected| selected.name == property.name);
            let is_shown = match property.kind {
                Kind::Navigation => selection.expanded.contains(&property.name),
                _ => selection.selected.is_empty() || selected.is_some(),
            };
            let parts = match (property.kind, selected) {
                (Kind::Complex(_), Some(selected)) if !selected.parts.is_empty() => selected.parts.clone(),
                (Kind::Complex(entity), _) => model.of(entity).properties().map(|part| part.name).collect(),
                _ => Vec::new(),
            };
            is_shown.then_some(Shown { name: property.name, parts })
        });
        Self { shown: shown.collect(), send_nulls }
    }

    /// A row as it is shown.
    pub(crate) fn of<'a>(&'a self, row: &'a Map<String, Value>) -> Projected<'a> {
        Projected { row, projection: self }
    }
}

/// A row with some of its properties.
#[derive(Debug)]
pub(crate) struct Projected<'a> {
    row: &'a Map<String, Value>,
    projection: &'a Projection,
}

impl Serialize for Projected<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let send_nulls = self.projection.send_nulls;
        let mut map = serializer.serialize_map(None)?;
        for Shown { name, parts } in &self.projection.shown {
            match self.row.get(*name) {
                Some(Value::Object(fields)) if !parts.is_empty() => {
                    map.serialize_entry(name, &Parts { fields, parts, send_nulls })?;
                }
                Some(value) if send_nulls || !value.is_null() => map.serialize_entry(name, value)?,
                _ => {}
            }
        }
        map.end()
    }
}

/// An object with some of its properties.
struct Parts<'a> {
    fields: &'a Map<String, Value>,
    parts: &'a [&'static str],
    send_nulls: bool,
}

impl Serialize for Parts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for name in self.parts {
            match self.fields.get(*name) {
                Some(value) if self.send_nulls || !value.is_null() => map.serialize_entry(name, value)?,
                _ => {}
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::odata::GROUP;
    use serde_json::json;

    fn shown(select: &str, expand: &str, send_nulls: bool) -> Value {
        let row = json!({
            "Id": 28, "Name": "A", "CustomPrompt": null, "Members": [],
            "Props": {"Subscription": "S", "Fqdn": null, "ResellerId": "1"},
        });
        let model = Model::new(&GROUP, "20.0.9");
        let mut selection = Selection::default();
        if !select.is_empty() {
            selection.select(select, model).unwrap();
        }
        if !expand.is_empty() {
            selection.expand(expand, model).unwrap();
        }
        serde_json::to_value(Projection::new(&selection, model, send_nulls).of(row.as_object().unwrap())).unwrap()
    }

    #[test]
    fn nulls_and_navigation_are_left_out() {
        assert_eq!(
            shown("", "", false),
            json!({"Id": 28, "Name": "A", "Props": {"Subscription": "S", "ResellerId": "1"}})
        );
    }

    #[test]
    fn nulls_can_be_sent() {
        assert_eq!(
            shown("CustomPrompt,Props", "", true),
            json!({"CustomPrompt": null, "Props": {"Subscription": "S", "Fqdn": null, "ResellerId": "1"}})
        );
    }

    #[test]
    fn parts_and_expansions_are_shown_when_asked_for() {
        assert_eq!(
            shown("Id,Props/Subscription", "Members($select=Number,Name)", false),
            json!({"Id": 28, "Props": {"Subscription": "S"}, "Members": []})
        );
    }
}
