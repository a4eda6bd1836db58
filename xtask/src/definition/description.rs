//! What each operation says of itself: by hand where its kind does not tell it, and what holds for many by rule.

use threecx_definition::facts::{Descriptions, Versions};
use threecx_definition::{AnswerKind, Method, Operation, Right, Version};

use super::operation::Described;
use super::types::Types;

const IRREVERSIBLE: &str = "Cannot be undone";

/// Describes an operation that has its words already.
pub(super) fn describe(described: &mut Described, descriptions: &Descriptions, versions: &Versions, types: &Types) {
    let replaces_lists = changes_lists(&described.operation, types);
    let Described { id, tag, operation, .. } = described;
    operation.destroys = operation.method == Method::Delete || descriptions.destroys.contains(id);
    operation.needs = descriptions.needs(tag);
    let by_hand = descriptions.operations.get(id).cloned();
    let report = descriptions.reports.get(tag).filter(|_| ["Get", "Download"].contains(&&*operation.name));
    let what = by_hand.or(report.map(|lists| self::report(operation, lists))).unwrap_or_else(|| by_kind(operation));
    let mut sentences = vec![what];
    sentences.extend(replaces_lists.then(|| "Lists are replaced whole".to_owned()));
    sentences.extend(operation.destroys.then(|| IRREVERSIBLE.to_owned()));
    sentences.extend(operation.needs.map(|right| needs(right).to_owned()));
    let first = &operation.first;
    sentences.extend((*first != versions.oldest).then(|| format!("From 3CX {}", first.as_str())));
    operation.description = joined(&sentences);
}

/// Of an operation that the newest version has no more: the last that has it, in place of the first.
pub(super) fn former(operation: &Operation, last: &Version) -> String {
    let first = format!("From 3CX {}", operation.first.as_str());
    let told = operation.description.trim_end_matches('.').trim_end_matches(&first).trim_end().trim_end_matches('.');
    joined(&[told.to_owned(), format!("Up to 3CX {}", last.as_str())])
}

fn needs(right: Right) -> &'static str {
    match right {
        Right::SystemOwner => "Needs the role System Owner",
        Right::User => "Needs a user's token: 3CX refuses API clients",
    }
}

/// n8n writes a single sentence without its period.
fn joined(sentences: &[String]) -> String {
    let text = sentences.join(". ");
    if text.contains(". ") { text + "." } else { text }
}

fn report(operation: &Operation, lists: &str) -> String {
    let verb = if operation.answer.kind == AnswerKind::File { "Download as a CSV file" } else { "Get a report" };
    format!("{verb}: {lists}")
}

/// Whether it changes an entity with lists, of which 3CX takes the new ones in place of the old.
fn changes_lists(operation: &Operation, types: &Types) -> bool {
    let of = operation.body.as_ref().and_then(|body| body.of.as_deref()).filter(|_| operation.method == Method::Patch);
    of.is_some_and(|of| types.fields(of).iter().any(|field| field.list))
}

/// What creates, reads, updates and deletes says it by its action: "Get many users". Other actions stand as they are.
fn by_kind(operation: &Operation) -> String {
    let action = &operation.action;
    let rest = |verb: &str| action.strip_prefix(verb).and_then(|rest| rest.strip_prefix(' '));
    let is_single = operation.set.is_some() || !operation.parameters.is_empty();
    let one = |thing: &str| if is_single { format!("one {thing}") } else { format!("the {thing}") };
    if let Some(things) = rest("Get many") {
        format!("Get a list of {things}")
    } else if let Some(thing) = rest("Get") {
        format!("Get {}", one(thing))
    } else if let Some(thing) = rest("Create") {
        format!("Create {} {thing} and return it", article(thing))
    } else if let Some(thing) = rest("Update") {
        format!("Change the given fields of {}", one(thing))
    } else if let Some(thing) = rest("Delete") {
        format!("Delete {}", one(thing))
    } else {
        action.clone()
    }
}

fn article(thing: &str) -> &'static str {
    if thing.starts_with(['a', 'e', 'i', 'o', 'u', 'F', 'O', 'S']) && !thing.starts_with("us") { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use threecx_definition::Definition;

    fn definition() -> Definition {
        Definition::parse(include_str!("../../../node-definition.json")).unwrap()
    }

    /// The sentences before those that stand behind many.
    fn own(operation: &Operation) -> &str {
        let told = operation.description.trim_end_matches('.');
        let common = ["Lists are ", IRREVERSIBLE, "Needs ", "From 3CX ", "Up to 3CX "];
        let end = common.iter().filter_map(|common| told.find(&format!(". {common}"))).min();
        &told[..end.unwrap_or(told.len())]
    }

    #[test]
    fn each_operation_says_more_than_its_action_in_sentences_of_its_own() {
        let definition = definition();
        let mut all = Vec::new();
        for (resource, operation) in definition.operations() {
            let told = &operation.description;
            let place = format!("{} / {}: {told}", resource.value, operation.value);
            let own = own(operation);
            assert!(own.len() > 12 && own != operation.action && own != operation.name, "{place}");
            assert!(told.starts_with(char::is_uppercase) && !told.contains("  ") && told.len() <= 200, "{place}");
            assert_eq!(told.ends_with('.'), told.contains(". "), "{place}");
            all.push((&resource.value, own));
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn what_destroys_says_that_it_cannot_be_undone_and_nothing_else_does() {
        const DESTROYING: [&str; 6] = ["Bulk Delete", "Clean Up", "Delete", "Purge", "Reset", "Restore"];
        for (_, operation) in definition().operations() {
            let told = &operation.description;
            assert_eq!(operation.destroys, told.contains(IRREVERSIBLE), "{}: {told}", operation.value);
            assert!(!(operation.destroys && operation.reads()), "{}", operation.value);
            // A setting of how to restore, the address under which to purge: those are not the deed.
            let value = operation.value.as_str();
            if DESTROYING.iter().any(|verb| value.starts_with(verb) || value.ends_with(verb)) {
                assert!(operation.destroys, "{value}: {told}");
            }
        }
    }

    #[test]
    fn versions_and_rights_are_told() {
        let definition = definition();
        for (_, operation) in definition.operations() {
            let told = &operation.description;
            let first = format!("From 3CX {}.", operation.first.as_str());
            assert!(
                operation.last.is_some() || operation.first.as_str() == "20.0.4" || told.ends_with(&first),
                "{told}"
            );
            if let Some(last) = &operation.last {
                assert!(told.ends_with(&format!("Up to 3CX {}.", last.as_str())), "{told}");
            }
            assert_eq!(told.contains("Needs "), operation.needs.is_some(), "{told}");
        }
        let of = |value: &str| {
            let found = definition.operations().find(|(_, one)| one.value == value).unwrap();
            found.1.description.clone()
        };
        assert_eq!(of("List User"), "Get a list of users");
        assert_eq!(of("Delete Queue"), "Delete one queue. Cannot be undone.");
        assert_eq!(of("Get Queue By Number"), "Get one queue by number. From 3CX 20.0.8a.");
        assert_eq!(
            of("Delete Scheduled Report"),
            "Delete one scheduled report. Cannot be undone. Needs the role System Owner."
        );
    }

    #[test]
    fn what_is_gone_tells_the_last_version_in_place_of_the_first() {
        let gone = |description: &str| {
            let operation = Operation {
                description: description.to_owned(),
                first: Version::new("20.0.9"),
                ..Operation::default()
            };
            former(&operation, &Version::new("20.0.10"))
        };
        assert_eq!(gone("Ring"), "Ring. Up to 3CX 20.0.10.");
        assert_eq!(gone("Ring a bell. From 3CX 20.0.9."), "Ring a bell. Up to 3CX 20.0.10.");
        assert_eq!(gone("Ring. Cannot be undone."), "Ring. Cannot be undone. Up to 3CX 20.0.10.");
    }
}
