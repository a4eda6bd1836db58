//! What the node offers: the tables that the build makes from `node-definition.json`.

mod rules;

use std::ops::Deref;

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// One thing that the node can do.
#[derive(Debug)]
pub struct Operation {
    /// Value of the resource it belongs to, such as `Groups`.
    pub resource: &'static str,
    /// Value of the operation, such as `List Group`.
    pub name: &'static str,
    pub kind: Kind,
    pub method: Method,
    /// Path below the API's root; parameters stand in braces.
    pub path: &'static str,
    /// The path that older PBXs know in its place.
    pub older: Option<Older>,
    /// How the entity is chosen whose key is the path's first parameter.
    pub locator: Option<&'static Locator>,
    /// The path's parameters in its order, the key first where there is one.
    pub parameters: &'static [Field],
    pub body: Shape,
    pub answer: Answer,
    /// Whether the answer comes in pages.
    pub pages: bool,
    /// Whether the order can be asked for.
    pub ordered: bool,
    /// Whether fields can be selected, and related records expanded.
    pub selectable: bool,
    /// The most records of a page.
    pub page_size: u32,
    /// Whether a row must say that it means everything, because nothing that it gives narrows what is done.
    pub everything: bool,
    /// Whether carrying it out twice does no harm.
    pub safe_to_repeat: bool,
    /// Whether its purpose is to give a secret.
    pub reveals: bool,
    /// Whether a success may hold a list of what failed.
    pub partial_failures: bool,
    pub if_match: bool,
    /// Names of the values of its form, sorted.
    form: &'static [&'static str],
}

/// How an operation is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Generic,
    ReplaceGroupLicense,
    CustomRequest,
    Upload,
    Calls,
    Legs,
}

/// The path of an operation before it changed.
#[derive(Clone, Copy, Debug)]
pub struct Older {
    pub path: &'static str,
    /// The last version that has it, such as `20.0.7c`.
    pub last: &'static str,
}

/// What a body is made of.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    Nothing,
    /// An entity.
    Entity(&'static Type),
    /// The parameters of an action.
    Fields(&'static [Field]),
    /// 3CX's specification does not describe it: whatever JSON the person gives.
    Any,
}

/// What an operation answers.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Record(Option<&'static Type>),
    Created(Option<&'static Type>),
    Records(Option<&'static Type>),
    /// One value that is not a record.
    Value,
    Values,
    Nothing,
    Deleted,
    /// A file; where there is a type, a CSV file of such records.
    File(Option<&'static Type>),
    /// 3CX's specification does not describe it: whatever comes.
    Any,
}

/// A record's make-up.
#[derive(Debug, PartialEq, Eq)]
pub struct Type {
    /// Field by which pages are put in a stable order.
    pub order: &'static str,
    pub fields: &'static [Field],
}

/// A field of a record, or a parameter. There are thousands: positions in tables are smaller than references.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    name: u16,
    pub kind: ValueKind,
    pub flags: Flags,
    /// Place in the simplified record, from 1; 0 where it is not in it.
    pub rank: u8,
    /// In characters; 0 means any.
    pub max_length: u32,
}

/// The kind of a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    Text,
    Int32,
    Int64,
    Uint8,
    Double,
    Boolean,
    DateTime,
    Date,
    Time,
    Duration,
    Uuid,
    Enum(EnumId),
    Object(TypeId),
}

/// Position of an enum's members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnumId(u16);

impl Deref for EnumId {
    type Target = [&'static str];

    fn deref(&self) -> &Self::Target {
        ENUMS.get(usize::from(self.0)).copied().unwrap_or_default()
    }
}

/// Position of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeId(u16);

impl Deref for TypeId {
    type Target = Type;

    fn deref(&self) -> &Self::Target {
        &TYPES[usize::from(self.0)]
    }
}

/// What else is known of a field, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    pub fn is_list(self) -> bool {
        self.0 & 1 != 0
    }

    pub fn is_nullable(self) -> bool {
        self.0 & (1 << 1) != 0
    }

    /// A related record, which comes only when it is expanded.
    pub fn is_navigation(self) -> bool {
        self.0 & (1 << 2) != 0
    }

    pub fn is_secret(self) -> bool {
        self.0 & (1 << 3) != 0
    }

    pub fn is_read_only(self) -> bool {
        self.0 & (1 << 4) != 0
    }

    pub fn is_required(self) -> bool {
        self.0 & (1 << 5) != 0
    }

    /// Whether more is done where it is left out.
    pub fn narrows(self) -> bool {
        self.0 & (1 << 6) != 0
    }

    /// Whether it can be set and changes by itself, too.
    pub fn is_live(self) -> bool {
        self.0 & (1 << 7) != 0
    }
}

impl Field {
    /// Any value of a kind.
    pub fn of_kind(kind: ValueKind) -> Self {
        Self { name: 0, kind, flags: Flags(0), rank: 0, max_length: 0 }
    }

    pub fn name(&self) -> &'static str {
        NAMES.get(usize::from(self.name)).copied().unwrap_or_default()
    }

    pub fn is_scalar(&self) -> bool {
        !self.flags.is_list() && !matches!(self.kind, ValueKind::Object(_))
    }
}

/// How the entities of a set are chosen.
#[derive(Debug)]
pub struct Locator {
    /// Path of the set, such as `/Groups`.
    pub set: &'static str,
    /// Name of the node's parameter that holds the choice.
    pub parameter: &'static str,
    /// What people call such an entity.
    pub name: &'static str,
    /// Property whose value stands for the entity.
    pub key: &'static str,
    pub kind: ValueKind,
    /// Property that people read; empty where 3CX offers no list.
    pub label: &'static str,
    /// Property shown behind the label, or empty.
    pub number: &'static str,
    /// Whether people know the entity by its `Number`.
    pub by_number: bool,
    /// Entities whose label starts like this are the PBX's own.
    pub hidden_prefix: &'static str,
}

/// The operation that replaces a group's license key: what `execute` does unless told otherwise.
pub const FLAGSHIP: (&str, &str) = ("Groups", "Replace Group License Key");

/// An operation of a resource, be it its own or one that it offers of another. Names are the same for no two operations.
pub fn operation(resource: &str, name: &str) -> Option<&'static Operation> {
    let operation = OPERATIONS.iter().find(|operation| operation.name == name)?;
    (operation.resource == resource || OFFERS.contains(&(resource, name))).then_some(operation)
}

/// What the form calls a parameter of this name.
pub fn label(name: &str) -> &str {
    LABELS.binary_search_by_key(&name, |(known, _)| known).map_or(name, |place| LABELS[place].1)
}

/// Whether a field of this name lets somebody in, or is a license key.
pub fn is_secret(name: &str) -> bool {
    SECRETS.binary_search(&name).is_ok()
}

/// Whether a field, or a parameter, has this name.
pub fn is_field(name: &str) -> bool {
    NAMES.binary_search(&name).is_ok()
}

/// Whether a field of this name lets somebody in, whatever its capitals.
pub fn is_secret_parameter(name: &str) -> bool {
    SECRETS.iter().any(|secret| secret.eq_ignore_ascii_case(name))
}

/// How a call is made (RFC 9110, 9.3; PATCH: RFC 5789).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Patch,
    Put,
    Delete,
}

impl Method {
    pub const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Patch, Self::Put, Self::Delete];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl Type {
    /// Names of the fields of the simplified record, the telling ones first.
    pub fn simple(&self) -> Vec<&'static str> {
        let in_place = |place: usize| self.fields.iter().find(|field| usize::from(field.rank) == place);
        (1..).map_while(in_place).map(|field| field.name()).collect()
    }
}

impl Shape {
    pub fn fields(&self) -> &'static [Field] {
        match self {
            Self::Entity(of) => of.fields,
            Self::Fields(fields) => fields,
            Self::Nothing | Self::Any => &[],
        }
    }
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
    fn operations_are_told_apart_and_their_paths_hold_their_parameters() {
        for (index, one) in OPERATIONS.iter().enumerate() {
            assert!(one.path.starts_with('/'), "{one:?}");
            let first = OPERATIONS.iter().position(|other| (other.resource, other.name) == (one.resource, one.name));
            assert_eq!(first, Some(index), "{} {}", one.resource, one.name);
            let mut rest = one.path;
            for parameter in one.parameters {
                let (_, after) = rest.split_once(&format!("{{{}}}", parameter.name())).unwrap();
                rest = after;
            }
            assert!(!rest.contains('{'), "{}", one.path);
            assert!(!one.pages || one.page_size > 0);
        }
    }

    #[test]
    fn what_is_known_of_all_versions_is_there() {
        let is_own = |kind: Kind| !matches!(kind, Kind::Generic | Kind::ReplaceGroupLicense);
        let own = OPERATIONS.iter().filter(|operation| is_own(operation.kind));
        let older = OPERATIONS.iter().filter(|operation| operation.resource == "Older 3CX").count();
        let paths = OPERATIONS.iter().filter(|operation| operation.older.is_some()).count();
        assert_eq!((OPERATIONS.len() - own.count() - older, older + paths), (601, 37));
    }

    #[test]
    fn what_lets_somebody_in_is_secret() {
        for name in
            ["AccessPassword", "AuthPassword", "LicenseKey", "PinNumber", "ProvisioningLinkExt", "Secret", "VMPIN"]
        {
            assert!(is_secret(name), "{name}");
        }
        for name in ["Number", "PinProtected", "AuthID", "LicenseActive"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn what_makes_a_secret_shows_it() {
        for (resource, name) in [
            ("Fxs", "Regenerate Web Credentials"),
            ("Service Principals", "Generate App Token"),
            ("Conference Settings", "Generate Api Key"),
        ] {
            assert!(operation(resource, name).unwrap().reveals, "{name}");
        }
    }

    #[test]
    fn unknown_names_are_unknown() {
        assert!(operation("Groups", "Explode").is_none());
        assert_eq!(operation("Groups", "Get Group").unwrap().locator.unwrap().label, "Name");
        assert!(operation("Calls", "Get Group").is_none());
    }

    #[test]
    fn what_is_offered_under_two_resources_is_one_operation() {
        for (resource, name) in OFFERS {
            let (here, there) = (operation(resource, name).unwrap(), OPERATIONS.iter().find(|one| one.name == *name));
            assert!(std::ptr::eq(here, there.unwrap()) && here.resource != *resource, "{resource}: {name}");
        }
        assert!(operation("Users", "Make Call").is_some() && operation("Calls", "Make Call").is_some());
    }
}
