//! What a newer version of 3CX changes in the facts.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context, Result};
use threecx_definition::{Definition, Operation, Version};

use super::operation::{self, call};
use super::types::Types;
use super::{Sources, description, schema, wording};

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
            description: description::former(operation, &last),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::import;
    use threecx_definition::facts::{Descriptions, Older, Overrides, Versions};
    use threecx_definition::{Answer, Body, Field, Locator, Resource, Type, ValueType, write};

    /// Of the next version: things can be listed as before and pinged another way, and rings are gone with their type.
    const NEXT: &str = r#"
openapi: 3.0.4
info: { title: XAPI, version: 1.0.0 }
paths:
  /Things:
    get:
      tags: [Things]
      operationId: ListThing
      responses: { "204": { description: Nothing } }
  /Things/Pbx.Ping(loud={loud}):
    get:
      tags: [Things]
      operationId: Ping
      parameters: [{ name: loud, in: path, required: true, schema: { type: boolean } }]
      responses: { "204": { description: Nothing } }
"#;

    fn operation(value: &str, path: &str) -> Operation {
        let first = Version::new("20.0.9");
        let description = "Start a ring. From 3CX 20.0.9.".to_owned();
        Operation { value: value.to_owned(), path: path.to_owned(), description, first, ..Operation::default() }
    }

    fn before() -> Definition {
        let tone = Field { name: "Tone".to_owned(), of: ValueType::Named("Tone".to_owned()), ..Field::default() };
        let key = Field { name: "Id".to_owned(), ..Field::default() };
        let rings = Operation {
            set: Some("/Rings".to_owned()),
            parameters: vec![key],
            body: Some(Body { of: Some("Ring".to_owned()), ..Body::default() }),
            answer: Answer::default(),
            ..operation("Start Ring", "/Rings({Id})/Pbx.Start")
        };
        let ring = Type { fields: vec![tone], ..Type::default() };
        let operations = vec![operation("List Thing", "/Things"), operation("Ping", "/Things/Pbx.Ping()"), rings];
        Definition {
            version: Version::new("20.0.10"),
            resources: vec![Resource {
                value: "Things".to_owned(),
                name: "Thing".to_owned(),
                description: None,
                operations,
                offers: Vec::new(),
            }],
            locators: vec![Locator { set: "/Rings".to_owned(), ..Locator::default() }],
            types: [("Ring".to_owned(), ring)].into(),
            enums: [("Tone".to_owned(), vec!["High".to_owned()])].into(),
            properties: indexmap::IndexMap::new(),
        }
    }

    #[test]
    fn what_is_new_and_what_is_gone_is_entered_in_the_facts() {
        let calls = ["GET /Things", "GET /Things/Pbx.Ping()"].map(str::to_owned);
        let mut sources = Sources {
            specification: serde_yaml_ng::from_str(NEXT).unwrap(),
            overrides: Overrides::default(),
            descriptions: Descriptions::default(),
            versions: Versions {
                oldest: Version::new("20.0.4"),
                newest: Version::new("20.0.10"),
                since: [(Version::new("20.0.9"), calls.into())].into(),
            },
            older: Older::default(),
        };
        let told = upgrade(&mut sources, &before(), Version::new("20.0.11")).unwrap();
        assert!(
            told.starts_with("1 new operations\n  GET /Things/Pbx.Ping(loud={loud})\n2 operations are gone"),
            "{told}"
        );

        let definition = import::definition(&sources).unwrap();
        let read = Definition::parse(&write(&definition).unwrap()).unwrap();
        let listed: Vec<_> = read
            .operations()
            .map(|(resource, one)| {
                (&*resource.value, &*one.value, one.first.as_str(), one.last.as_ref().map(Version::as_str))
            })
            .collect();
        let last = Some("20.0.10");
        assert_eq!(
            listed,
            [
                ("Older 3CX", "Ping Older", "20.0.9", last),
                ("Older 3CX", "Start Ring", "20.0.9", last),
                ("Things", "List Thing", "20.0.9", None),
                ("Things", "Ping", "20.0.11", None),
            ]
        );
        let (_, ring) = read.operations().find(|(_, one)| one.value == "Start Ring").unwrap();
        assert_eq!(
            (&*ring.action, &*ring.description),
            ("Start ring on an older 3CX", "Start a ring. Up to 3CX 20.0.10.")
        );
        // Its set is gone, its types are kept.
        assert_eq!((ring.set.as_deref(), ring.parameters.len()), (None, 1));
        assert_eq!((read.types.len(), &read.enums["Tone"][..]), (1, &["High".to_owned()][..]));
        // The facts alone give the same again.
        assert_eq!(Older::parse(&sources.older.write().unwrap()).unwrap(), sources.older);
    }
}
