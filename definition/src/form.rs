//! What an operation's form is made of.

use crate::model::{AnswerKind, Definition, Method, Operation, QueryOption};
use crate::property::Entry;

/// Names of an operation's form properties: its own, or what its facts ask for. The path of a set stands for its locator.
pub fn form(operation: &Operation) -> Vec<&str> {
    if let Some(own) = &operation.form {
        return own.iter().map(String::as_str).collect();
    }
    let mut form: Vec<&str> = Vec::new();
    form.extend(operation.set.as_deref());
    if operation.path.ends_with("(Number={Number})") {
        form.push("number");
    } else if operation.parameters.len() > usize::from(operation.set.is_some()) {
        form.push("arguments");
    }
    let body = operation.body.as_ref();
    if operation.everything {
        form.push(if body.is_some_and(|body| body.fields.is_some()) { "everythingUnless" } else { "everything" });
    }
    let has_fields = body.is_some_and(|body| body.of.is_some() || body.fields.is_some());
    if has_fields {
        form.extend(["bodyFrom", "fields", "body"]);
    } else if body.is_some() {
        form.push("bodyAny");
    }
    let pages = operation.has_pages();
    let is_typed = operation.answer.of.is_some() && !operation.reveals;
    let is_file = operation.answer.kind == AnswerKind::File;
    match operation.answer.kind {
        AnswerKind::File if is_typed => form.extend(["output", "simplifyItems", "fileFieldOfOutput"]),
        AnswerKind::File => form.push("outputField"),
        AnswerKind::Record | AnswerKind::Records | AnswerKind::Created if is_typed => form.push("simplify"),
        _ => {}
    }
    if pages && !is_file {
        form.extend(["returnAll", "limit"]);
    }
    if pages && is_typed {
        form.extend(["filters", "match"]);
        if operation.query.contains(&QueryOption::OrderBy) {
            form.push("sort");
        }
    }
    let is_selectable = operation.query.contains(&QueryOption::Select);
    form.push(match operation.method {
        _ if is_file && pages => "fileOptions",
        _ if pages && is_selectable => "listOptions",
        _ if pages => "fileOptions",
        _ if is_selectable => "readOptions",
        Method::Patch => "updateOptions",
        Method::Delete => "deleteOptions",
        _ if has_fields => "writeOptions",
        _ => "plainOptions",
    });
    form
}

/// The names under which an operation's form keeps values, those of its collection of options among them.
pub(crate) fn names<'a>(definition: &'a Definition, operation: &'a Operation) -> Vec<&'a str> {
    let mut names = Vec::new();
    for part in form(operation) {
        let Some(property) = definition.properties.get(part) else {
            let locator = definition.locators.iter().find(|locator| locator.set == part);
            names.extend(locator.map(|locator| locator.parameter.as_str()));
            continue;
        };
        if property.name != OPTIONS {
            names.push(&property.name);
            continue;
        }
        names.extend(property.options.iter().filter_map(|entry| match entry {
            Entry::Property(option) => Some(option.name.as_str()),
            _ => None,
        }));
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// The collection whose entries the core gets beside the other values.
const OPTIONS: &str = "options";
