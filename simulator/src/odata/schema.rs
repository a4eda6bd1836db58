//! The types that can be queried: names and kinds of their properties, and the builds that have them.

use std::collections::HashMap;
use std::sync::LazyLock;

use threecx_definition::{Field, Scalar, Type, ValueType, Version};

use super::QueryError;
use crate::catalogue;

/// What a property holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Boolean,
    DateTime,
    /// A name out of a list; compared with text.
    Choice,
    /// An object whose properties are known.
    Complex(&'static str),
    /// An object or a list that cannot be queried.
    Other,
    /// Sent only when asked for by `$expand`.
    Navigation,
}

/// A property: name, kind, first build.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) since: Build,
}

/// A type of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntityType {
    pub(crate) name: &'static str,
    pub(crate) properties: &'static [Property],
}

pub(crate) type Build = (u32, u32, u32);

/// A type as one build of the PBX knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model {
    entity: &'static EntityType,
    build: Build,
}

impl Model {
    /// A type in a build such as `20.0.9.995`.
    pub(crate) fn new(entity: &'static EntityType, build: &str) -> Self {
        Self { entity, build: Version::new(build).numbers() }
    }

    /// The same build's view of a property's type.
    pub(crate) fn of(self, name: &str) -> Self {
        Self { entity: entity(name), ..self }
    }

    /// The properties that this build has.
    pub(crate) fn properties(self) -> impl Iterator<Item = &'static Property> {
        self.entity.properties.iter().filter(move |property| property.since <= self.build)
    }

    /// A property that a query names.
    pub(crate) fn property(self, name: &str) -> Result<&'static Property, QueryError> {
        self.properties()
            .find(|property| property.name == name)
            .ok_or_else(|| QueryError::unknown_property(name, self.entity.name))
    }
}

/// Properties that came later than their type. Known.
const LATER: &[(&str, &str, Build)] =
    &[("GroupProps", "DepartmentContactsMaxCount", (20, 0, 9)), ("GroupProps", "TrunksMaxCount", (20, 0, 5))];

static ENTITIES: LazyLock<HashMap<&str, EntityType>> =
    LazyLock::new(|| catalogue::types().map(|(name, of)| (name, entity_type(name, of))).collect());

static UNKNOWN: EntityType = EntityType { name: "Edm.Untyped", properties: &[] };

/// A type by its name.
pub(crate) fn entity(name: &str) -> &'static EntityType {
    ENTITIES.get(name).unwrap_or(&UNKNOWN)
}

fn entity_type(name: &str, of: &'static Type) -> EntityType {
    let since = |field: &Field| {
        let later = LATER.iter().find(|(of, property, _)| *of == name && *property == field.name);
        later.map_or((20, 0, 0), |(_, _, since)| *since)
    };
    let properties: Vec<Property> =
        of.fields.iter().map(|field| Property { name: &field.name, kind: kind(field), since: since(field) }).collect();
    EntityType { name: format!("Pbx.{name}").leak(), properties: properties.leak() }
}

fn kind(field: &'static Field) -> Kind {
    match &field.of {
        _ if field.navigation => Kind::Navigation,
        _ if field.list => Kind::Other,
        ValueType::Scalar(scalar) => match scalar {
            Scalar::String | Scalar::Time | Scalar::Duration | Scalar::Uuid | Scalar::Date => Kind::Text,
            Scalar::Int32 | Scalar::Int64 | Scalar::Uint8 | Scalar::Double => Kind::Integer,
            Scalar::Boolean => Kind::Boolean,
            Scalar::DateTime => Kind::DateTime,
        },
        ValueType::Named(name) if catalogue::members(name).is_some() => Kind::Choice,
        ValueType::Named(name) => Kind::Complex(name),
    }
}

/// A department. Known: names and kinds.
pub(crate) static GROUP: LazyLock<EntityType> = LazyLock::new(|| *entity("Group"));
/// The definitions singleton. Known.
pub(crate) static DEFS: LazyLock<EntityType> = LazyLock::new(|| *entity("Defs"));
/// The license of the whole PBX. Known.
pub(crate) static LICENSE_STATUS: LazyLock<EntityType> = LazyLock::new(|| *entity("LicenseStatus"));
/// The state of the PBX. Known.
pub(crate) static SYSTEM_STATUS: LazyLock<EntityType> = LazyLock::new(|| *entity("SystemStatus"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_builds_lack_newer_properties() {
        let has = |build, name| Model::new(entity("GroupProps"), build).property(name).is_ok();
        assert!(has("20.0.9.995", "DepartmentContactsMaxCount"));
        assert!(!has("20.0.8.1109", "DepartmentContactsMaxCount"));
        assert!(has("20.0.8.1109", "TrunksMaxCount"));
        assert!(!has("20.0.4", "TrunksMaxCount"));
    }

    #[test]
    fn unknown_names_are_reported_with_their_type() {
        let error = Model::new(&GROUP, "20.0.9").property("Colour").unwrap_err();
        assert_eq!(
            error.to_string(),
            "The query specified in the URI is not valid. Could not find a property named 'Colour' on type 'Pbx.Group'."
        );
    }
}
