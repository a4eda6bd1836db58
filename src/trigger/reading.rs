//! What a look asks for.

use serde::Serialize;
use serde_json::{Value, json};

use super::Found;
use crate::calls::log;
use crate::calls::moment::Moment;

/// An operation that only reads, for one row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reading {
    pub resource: &'static str,
    pub operation: &'static str,
    pub parameters: Value,
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
        self.answers.next().map(Vec::as_slice).ok_or_else(|| Box::new(reading))
    }
}

impl Reading {
    pub(super) fn new(resource: &'static str, operation: &'static str, parameters: Value) -> Self {
        Self { resource, operation, parameters }
    }

    /// Legs that started within a period.
    pub(super) fn call_log(from: Moment, to: Moment) -> Self {
        let arguments = log::arguments(from, to);
        let parameters = json!({ "arguments": { "mappingMode": "defineBelow", "value": arguments }, "limit": MOST_LEGS, "simplify": false });
        let (resource, operation) = log::OPERATION;
        Self::new(resource, operation, parameters)
    }
}

/// Beyond what the PBX itself gives for one period, as it is usually set.
const MOST_LEGS: usize = 50_000;
