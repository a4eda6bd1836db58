//! What the node offers: the tables that the build makes from `node-definition.json`.

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// One thing that the node can do.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// Value of the resource it belongs to, such as `Groups`.
    pub resource: &'static str,
    /// Value of the operation, such as `List Group`.
    pub name: &'static str,
    pub kind: Kind,
    /// Path below the API's root; a key stands in braces.
    pub path: &'static str,
    /// Fields that hold secrets: their values leave the node masked.
    pub conceal: &'static [&'static str],
}

/// How an operation is carried out.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    Read(Read),
    ReplaceGroupLicense,
}

/// What is read.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    /// One entity by key, or by number from its collection.
    Entity { key: Key, collection: &'static str },
    /// An entity set, in pages.
    EntitySet { order_by: &'static str },
    /// The one entity that there is.
    Singleton,
}

/// The key of an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Name of the node's parameter that holds it.
    pub parameter: &'static str,
    /// Name of the property in the API.
    pub name: &'static str,
    /// A second property that people know the entity by, where there is one.
    pub number: Option<&'static str>,
}

/// How the entities of a set are offered in a list.
#[derive(Debug, PartialEq, Eq)]
pub struct Locator {
    pub resource: &'static str,
    pub path: &'static str,
    /// Property whose value stands for the entity.
    pub key: &'static str,
    /// Property that people read.
    pub label: &'static str,
    /// Property shown behind the label.
    pub number: &'static str,
    /// Entities whose label starts like this are the PBX's own.
    pub hidden_prefix: &'static str,
}

/// The operation that replaces a group's licence key: what `execute` does unless told otherwise.
pub const FLAGSHIP: (&str, &str) = ("Groups", "Replace Group License Key");

pub fn operation(resource: &str, name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.resource == resource && operation.name == name)
}

pub fn locator(resource: &str) -> Option<&'static Locator> {
    LOCATORS.iter().find(|locator| locator.resource == resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flagship_is_there() {
        let flagship = operation(FLAGSHIP.0, FLAGSHIP.1).unwrap();
        assert_eq!(flagship.kind, Kind::ReplaceGroupLicense);
        assert_eq!(flagship.path, "/Groups/Pbx.ReplaceGroupLicenseKey");
    }

    #[test]
    fn operations_are_told_apart_and_paths_are_rooted() {
        for (index, one) in OPERATIONS.iter().enumerate() {
            assert!(one.path.starts_with('/'), "{one:?}");
            assert_eq!(
                OPERATIONS.iter().position(|other| (other.resource, other.name) == (one.resource, one.name)),
                Some(index)
            );
            if let Kind::Read(Read::Entity { key, .. }) = &one.kind {
                assert!(one.path.contains(&format!("{{{}}}", key.name)), "{one:?}");
            }
        }
    }

    #[test]
    fn unknown_names_are_unknown() {
        assert_eq!(operation("Groups", "Explode"), None);
        assert_eq!(locator("License Status"), None);
        assert_eq!(locator("Groups").unwrap().label, "Name");
    }
}
