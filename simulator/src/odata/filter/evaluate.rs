//! A filter held against a row.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::expression::{Comparison, Condition, Function, Operand};

/// Whether a condition is true of a row. What cannot be said, as with missing values, counts as false.
pub(crate) fn holds(condition: &Condition, row: &Map<String, Value>) -> bool {
    match condition {
        Condition::Or(left, right) => holds(left, row) || holds(right, row),
        Condition::And(left, right) => holds(left, row) && holds(right, row),
        Condition::Not(inner) => !holds(inner, row),
        Condition::Compare(left, comparison, right) => compare(&value(left, row), *comparison, &value(right, row)),
        Condition::In(left, values) => values.contains(&value(left, row)),
        Condition::Is(operand) => *value(operand, row) == Value::Bool(true),
    }
}

fn compare(left: &Value, comparison: Comparison, right: &Value) -> bool {
    let order = match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => left.as_f64().partial_cmp(&right.as_f64()),
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        _ => None,
    };
    let has_null = left.is_null() || right.is_null();
    match comparison {
        Comparison::Equal => order == Some(Ordering::Equal),
        Comparison::NotEqual => order != Some(Ordering::Equal),
        _ if has_null => false,
        Comparison::GreaterThan => order.is_some_and(Ordering::is_gt),
        Comparison::GreaterThanOrEqual => order.is_some_and(Ordering::is_ge),
        Comparison::LessThan => order.is_some_and(Ordering::is_lt),
        Comparison::LessThanOrEqual => order.is_some_and(Ordering::is_le),
    }
}

fn value<'a>(operand: &'a Operand, row: &'a Map<String, Value>) -> Cow<'a, Value> {
    match operand {
        Operand::Literal(literal) => Cow::Borrowed(literal),
        Operand::Path(path) => Cow::Borrowed(path.value(row)),
        Operand::Call(function, arguments) => {
            let values: Vec<_> = arguments.iter().map(|argument| value(argument, row)).collect();
            let texts: Option<Vec<&str>> = values.iter().map(|value| value.as_str()).collect();
            Cow::Owned(texts.map_or(Value::Null, |texts| call(*function, &texts)))
        }
    }
}

fn call(function: Function, texts: &[&str]) -> Value {
    match (function, texts) {
        (Function::Contains, [text, part]) => Value::Bool(text.contains(part)),
        (Function::StartsWith, [text, part]) => Value::Bool(text.starts_with(part)),
        (Function::EndsWith, [text, part]) => Value::Bool(text.ends_with(part)),
        (Function::ToLower, [text]) => Value::from(text.to_lowercase()),
        (Function::Date, [text]) => Value::from(text.get(..10)),
        _ => Value::Null,
    }
}
