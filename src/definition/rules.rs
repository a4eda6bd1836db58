//! What follows from the tables for an operation: what its form takes, what a row may set and must give, how its lists are
//! told apart.

use super::{Answer, Field, Kind, LOCATORS, Method, Operation, Shape, Type, ValueKind};

/// Keys of sets of which 3CX gives no single entity, so that no path tells them. A greeting has none: two of a user may
/// have the same file.
const FURTHER_KEYS: [(&str, &str); 3] =
    [("/CallHistoryView", "SegmentId"), ("/Countries", "Name"), ("/Services", "Name")];
/// What is no key, as a number may be that of two trunks, but tells pages apart that are alike without.
const TELLING: (&str, &str) = ("/DidNumbers", "Number");
/// A report whose rows have a key, by which 3CX neither counts them nor puts them in order.
const KEYED_REPORT: (&str, &str) = ("/ReportCallLogData/Pbx.GetCallLogData", "CdrId");

/// What workflows of the earlier node saved, and whether secrets are shown.
const OF_EVERY_FORM: [&str; 2] = ["saved", "simplify"];

impl Operation {
    /// Whether it changes nothing, by whatever method it is asked.
    pub fn reads(&self) -> bool {
        matches!(self.method, Method::Get | Method::Post) && self.safe_to_repeat
    }

    /// Whether it takes away for good what a row names.
    pub fn deletes(&self) -> bool {
        ["Delete", "Purge"].iter().any(|verb| self.name.contains(verb))
    }

    /// Whether its answer tells what became of a call.
    pub fn begins_a_call(&self) -> bool {
        self.record().is_some_and(|of| of.fields.iter().any(|field| field.name() == "FinalStatus"))
    }

    /// Whether it makes one more of something, be it a call.
    pub fn adds(&self) -> bool {
        matches!(self.answer, Answer::Created(_)) || self.path.contains("/Pbx.Create") || self.begins_a_call()
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

    /// Whether a field of the body is for a row to set: neither what 3CX sets itself, nor the key that the path holds.
    pub fn sets(&self, field: &Field) -> bool {
        if matches!(self.body, Shape::Fields(_)) {
            return true;
        }
        let is_own_key = self.locator.is_some_and(|locator| locator.key == field.name());
        let is_given_by_3cx = field.name() == "Id" && matches!(field.kind, ValueKind::Int32);
        // 3CX refuses to change a number.
        let is_fixed = field.name() == "Number" && self.method == Method::Patch;
        !field.flags.is_read_only() && !is_own_key && !is_given_by_3cx && !is_fixed
    }

    /// The same of a field of an object. Several records that an action changes have neither key nor number in common.
    pub fn sets_inner(&self, outer: &Field, inner: &Field) -> bool {
        if !matches!(self.body, Shape::Fields(_)) {
            return true;
        }
        let is_given_by_3cx =
            inner.name() == "Id" && matches!(inner.kind, ValueKind::Int32) && !inner.flags.is_required();
        let is_fixed = inner.name() == "Number" && outer.name() == "user";
        !inner.flags.is_read_only() && !is_given_by_3cx && !is_fixed
    }

    /// Whether a row must give this field of the body, whatever else it gives.
    pub fn requires(&self, field: &Field) -> bool {
        field.flags.is_required() && (matches!(self.body, Shape::Fields(_)) || self.method == Method::Post)
    }
}

/// Arguments of reports that are codes, of which 3CX publishes none.
const CODES: &[&str] = &["callArea", "callClass", "chatType", "fromType", "groupingType", "participantType", "toType"];
/// Codes that narrow down a report, of which only the one for all is known: 0.
const NARROWING_CODES: &[&str] = &["callTimeFilterType", "callsType", "destinationType", "sourceType"];

impl Field {
    /// Whether a report takes it as a code.
    pub fn is_code(&self) -> bool {
        CODES.contains(&self.name()) || self.has_code_for_all()
    }

    /// Whether it is a code that narrows down a report, and 0 stands for all.
    pub fn has_code_for_all(&self) -> bool {
        NARROWING_CODES.contains(&self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{FLAGSHIP, OPERATIONS, operation};

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
}
