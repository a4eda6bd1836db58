//! What a newer version of 3CX changes in the facts.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context, Result};
use threecx_definition::{Definition, Operation, Version};

use super::operation::{self, call};
use super::types::Types;
use super::{Sources, schema, wording};

/// Enters what is new and what is gone since the definition `before`; tells both.
pub(super) fn upgrade(sources: &mut Sources, before: &Definition, version: Version) -> Result<String> {
    let now = operation::all(&sources.specification, &mut Types::default())?;
    let calls: BTreeSet<String> = now.iter().map(operation::Described::call).collect();
    let mut told = String::new();
    let known: Vec<&Operation> =
        before.operations().map(|(_, one)| one).filter(|one| one.is_of_the_api() && one.last.is_none()).collect();

    let new: BTreeSet<String> =
        calls.iter().filter(|new| !known.iter().any(|one| call(one) == **new)).cloned().collect();
    let _ = writeln!(told, "{} new operations", new.len());
    new.iter().for_each(|new| told.push_str(&format!("  {new}\n")));
    let last = std::mem::replace(&mut sources.versions.newest, version.clone());
    if !new.is_empty() {
        sources.versions.since.insert(version, new);
    }

    let gone: Vec<&Operation> = known.into_iter().filter(|one| !calls.contains(&call(one))).collect();
    let _ = writeln!(told, "{} operations are gone: remove what overrides.json says of them", gone.len());
    for operation in gone {
        let _ = writeln!(told, "  {} ({})", call(operation), operation.value);
        sources.versions.since.values_mut().for_each(|calls| {
            calls.remove(&call(operation));
        });
        let is_taken = now.iter().any(|one| wording::start_case(&one.id) == operation.value);
        let words = wording::older(&operation.value);
        keep_types(sources, before, operation)?;
        sources.older.operations.push(Operation {
            value: if is_taken { format!("{} Older", operation.value) } else { operation.value.clone() },
            name: words.name,
            action: words.action,
            description: Some(format!("Up to 3CX {last}")),
            last: Some(last.clone()),
            older: None,
            ..operation.clone()
        });
    }
    sources.versions.since.retain(|_, calls| !calls.is_empty());
    sources.older.operations.sort_by(|one, other| one.value.cmp(&other.value));
    Ok(told)
}

/// Keeps what an operation is made of, as far as the specification has it no more.
fn keep_types(sources: &mut Sources, before: &Definition, operation: &Operation) -> Result<()> {
    let mut types = Types::default();
    types.note_all(operation);
    let mut open = types.into_used();
    while let Some(name) = open.pop() {
        let is_kept = sources.older.types.contains_key(&name) || sources.older.enums.contains_key(&name);
        if is_kept || schema::find(&sources.specification, &name).is_some() {
            continue;
        }
        if let Some(members) = before.enums.get(&name) {
            sources.older.enums.insert(name, members.clone());
            continue;
        }
        let of = before.types.get(&name).with_context(|| format!("{} knows no type {name}", crate::DEFINITION))?;
        open.extend(of.fields.iter().filter_map(|field| field.of.name()).map(str::to_owned));
        sources.older.types.insert(name, of.clone());
    }
    Ok(())
}
