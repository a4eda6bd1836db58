//! What a look asks for.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Found, Halt};
use crate::calls::log;
use crate::calls::moment::Moment;

/// An operation that only reads, for one row.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    pub resource: &'static str,
    pub operation: &'static str,
    pub parameters: Value,
    /// Whether it is nothing if it cannot be read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub may_fail: bool,
}

/// The answers so far, each to be taken once: a look asks for the same in the same order each time.
pub(super) struct Desk<'a> {
    answers: std::slice::Iter<'a, Vec<Value>>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(answers: &'a [Vec<Value>]) -> Self {
        Self { answers: answers.iter() }
    }

    /// The rows, or that they have to be read first.
    pub(super) fn read(&mut self, reading: Reading) -> Found<&'a [Value]> {
        self.answers.next().map(Vec::as_slice).ok_or_else(|| Box::new(Halt::Read(reading)))
    }
}

impl Reading {
    pub(super) fn new(resource: &'static str, operation: &'static str, parameters: Value) -> Self {
        Self { resource, operation, parameters, may_fail: false }
    }

    /// When the last call began. Versions before 20.0.7a do not tell.
    pub(super) fn last_call() -> Self {
        let (resource, operation) = log::LAST;
        Self { may_fail: true, ..Self::new(resource, operation, json!({ "simplify": false })) }
    }

    /// Legs that started within a period, the newest if there are more.
    pub(super) fn call_log(from: Moment, to: Moment, limit: usize) -> Self {
        let arguments = log::arguments(from, to);
        let parameters = json!({ "arguments": { "mappingMode": "defineBelow", "value": arguments }, "limit": limit, "simplify": false });
        let (resource, operation) = log::OPERATION;
        Self::new(resource, operation, parameters)
    }
}
