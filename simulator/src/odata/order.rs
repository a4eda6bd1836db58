//! `$orderby`: keys, and sorting by them.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::filter::{Path, read_path};
use super::{Model, QueryError};

/// One key to sort by.
#[derive(Debug)]
pub(crate) struct OrderKey {
    path: Path,
    descending: bool,
}

/// Reads a list such as `Name desc,Id`.
pub(crate) fn read_order(text: &str, model: Model) -> Result<Vec<OrderKey>, QueryError> {
    let mut position = 0;
    let mut keys = Vec::new();
    for part in text.split(',') {
        let words: Vec<_> = part.split_whitespace().collect();
        let (name, descending) = match words[..] {
            [name] | [name, "asc"] => (name, false),
            [name, "desc"] => (name, true),
            _ => return Err(QueryError::syntax(position, text)),
        };
        keys.push(OrderKey { path: read_path(name, model)?.0, descending });
        position += part.chars().count() + 1;
    }
    Ok(keys)
}

/// Sorts rows; those that are equal keep their order. Missing values come first. Assumed.
pub(crate) fn sort(rows: &mut [&Map<String, Value>], keys: &[OrderKey]) {
    if keys.is_empty() {
        return;
    }
    rows.sort_by(|left, right| {
        keys.iter()
            .map(|key| {
                let order = compare(key.path.value(left), key.path.value(right));
                if key.descending { order.reverse() } else { order }
            })
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    });
}

fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        _ => left.as_i64().cmp(&right.as_i64()),
    }
}
