//! What the node offers: the tables that the build makes from `node-definition.json`.

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
#[derive(Debug)]
pub struct Type {
    /// Field by which pages are put in a stable order.
    pub order: &'static str,
    pub fields: &'static [Field],
}

/// A field of a record, or a parameter. There are thousands: positions in tables are smaller than references.
#[derive(Debug)]
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
#[derive(Clone, Copy, Debug)]
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
#[derive(Clone, Copy, Debug)]
pub struct EnumId(u16);

impl Deref for EnumId {
    type Target = [&'static str];

    fn deref(&self) -> &Self::Target {
        ENUMS.get(usize::from(self.0)).copied().unwrap_or_default()
    }
}

/// Position of a type.
#[derive(Clone, Copy, Debug)]
pub struct TypeId(u16);

impl Deref for TypeId {
    type Target = Type;

    fn deref(&self) -> &Self::Target {
        &TYPES[usize::from(self.0)]
    }
}

/// What else is known of a field, as bits.
#[derive(Clone, Copy, Debug)]
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

/// Keys of sets of which 3CX gives no single entity, so that no path tells them. A greeting has none: two of a user may
/// have the same file.
const FURTHER_KEYS: [(&str, &str); 3] =
    [("/CallHistoryView", "SegmentId"), ("/Countries", "Name"), ("/Services", "Name")];
/// What is no key, as a number may be that of two trunks, but tells pages apart that are alike without.
const TELLING: (&str, &str) = ("/DidNumbers", "Number");
/// A report whose rows have a key, by which 3CX neither counts them nor puts them in order.
const KEYED_REPORT: (&str, &str) = ("/ReportCallLogData/Pbx.GetCallLogData", "CdrId");

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

/// What workflows of the earlier node saved, and whether secrets are shown.
const OF_EVERY_FORM: [&str; 2] = ["saved", "simplify"];

impl Operation {
    /// Whether it changes nothing, by whatever method it is asked.
    pub fn reads(&self) -> bool {
        matches!(self.method, Method::Get | Method::Post) && self.safe_to_repeat
    }

    /// Whether its answer tells what became of a call.
    pub fn begins_a_call(&self) -> bool {
        self.record().is_some_and(|of| of.fields.iter().any(|field| field.name() == "FinalStatus"))
    }

    /// The path's parameters but the key that a locator holds.
    pub fn arguments(&self) -> &'static [Field] {
        if self.locator.is_some() { self.parameters.get(1..).unwrap_or_default() } else { self.parameters }
    }

    /// The names of the parameters that a row may give it: those of its form, and others that are read for it, if only to
    /// say that there is no use for them.
    pub fn form(&self) -> impl Iterator<Item = &'static str> {
        let is_generic = matches!(self.kind, Kind::Generic | Kind::Upload);
        let has_body = !matches!(self.body, Shape::Nothing);
        let is_file = matches!(self.answer, Answer::File(_));
        let read = [
            (true, &["ifMatch"][..]),
            (!self.arguments().is_empty(), &["arguments"]),
            (self.pages, &["count", "filter", "filters", "limit", "match", "orderby", "returnAll", "search", "sort"]),
            (self.selectable, &["expand", "select"]),
            (has_body, &["body", "bodyFrom", "emptyValues", "fields"]),
            (is_file, &["output", "outputField"]),
        ];
        let read = read.into_iter().filter(move |(is_read, _)| is_generic && *is_read).flat_map(|(_, names)| names);
        let arguments = self.arguments().iter().map(Field::name);
        self.form.iter().chain(read).copied().chain(arguments).chain(OF_EVERY_FORM)
    }

    /// The key of the entities that it lists; none where 3CX does not tell them apart, as in reports.
    pub fn list_key(&self) -> Option<&'static str> {
        if !self.pages || self.path.contains("/Pbx.") {
            return None;
        }
        let fields = self.record()?.fields;
        let of_sets = LOCATORS.iter().map(|locator| (locator.set, locator.key)).chain(FURTHER_KEYS);
        let of_set = of_sets.filter(|(set, _)| *set == self.path).map(|(_, key)| key);
        let key = of_set.chain(["Id"]);
        key.into_iter().find(|key| fields.iter().any(|field| field.name() == *key))
    }

    /// By what the records of its list are told apart where pages overlap.
    pub fn record_key(&self) -> Option<&'static str> {
        self.list_key().or_else(|| self.path.starts_with(KEYED_REPORT.0).then_some(KEYED_REPORT.1))
    }

    /// What is asked for with the records of its list, so that they differ: their key, or what serves for one.
    pub fn telling_field(&self) -> Option<&'static str> {
        self.record_key().or_else(|| (TELLING.0 == self.path).then_some(TELLING.1))
    }

    /// The order in which its pages neither overlap nor leave gaps; empty where 3CX takes none.
    pub fn list_order(&self) -> &'static str {
        match self.record() {
            Some(of) if self.ordered => self.list_key().unwrap_or(of.order),
            _ => "",
        }
    }

    /// The type of the records that it answers.
    pub fn record(&self) -> Option<&'static Type> {
        match self.answer {
            Answer::Record(of) | Answer::Created(of) | Answer::Records(of) | Answer::File(of) => of,
            Answer::Value | Answer::Values | Answer::Nothing | Answer::Deleted | Answer::Any => None,
        }
    }

    /// Fields that conditions and orders can be made of.
    pub fn filterable(&self) -> impl Iterator<Item = &'static Field> {
        let fields = self.record().map(|of| of.fields).unwrap_or_default();
        fields.iter().filter(|field| field.is_scalar() && !field.flags.is_secret())
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
    fn a_form_has_the_names_of_its_operation_and_no_others() {
        let has = |resource: &str, name: &str, parameter: &str| {
            operation(resource, name).unwrap().form().any(|known| known == parameter)
        };
        for name in ["groupId", "rowsFrom", "isDryRun", "dryRun", "skipDoneBefore", "timeout", "saved"] {
            assert!(has(FLAGSHIP.0, FLAGSHIP.1, name), "{name}");
        }
        for name in ["dryrun", "isDryrun", "options", "filters", "returnAll"] {
            assert!(!has(FLAGSHIP.0, FLAGSHIP.1, name), "{name}");
        }
        for (resource, name, parameter, expected) in [
            ("Users", "Update User", "userId", true),
            ("Users", "Update User", "ifMatch", true),
            ("Users", "Update User", "If-Match", false),
            ("Active Calls", "Drop Call", "ifMatch", true),
            (FLAGSHIP.0, FLAGSHIP.1, "ifMatch", false),
            ("Backups", "Get Failover Scripts", "sort", true),
            ("Users", "Update User", "Id", false),
            ("Users", "Delete User", "dryRun", false),
            ("Users", "List User", "filters", true),
            ("Recordings", "Download Recording", "recId", true),
            ("Users", "Get User By Number", "arguments", true),
            ("Recordings", "Download Recording", "arguments", true),
        ] {
            assert_eq!(has(resource, name, parameter), expected, "{name} {parameter}");
        }
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
    fn lists_are_told_apart_by_the_key_of_their_set() {
        for (resource, name, key) in [
            ("Users", "List User", Some("Id")),
            ("Sbcs", "List Sbc", Some("Name")),
            ("Services", "List Service Info", Some("Name")),
            ("Did Numbers", "List Did Number", None),
            ("Users", "List Greetings", None),
        ] {
            assert_eq!(operation(resource, name).unwrap().list_key(), key, "{name}");
        }
        for (set, key) in FURTHER_KEYS {
            let listed = OPERATIONS.iter().find(|operation| operation.path == set && operation.pages).unwrap();
            assert_eq!(listed.list_key(), Some(key), "{set}");
        }
        assert_eq!(operation("Did Numbers", "List Did Number").unwrap().telling_field(), Some("Number"));
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
