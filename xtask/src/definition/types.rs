//! The types that operations use, and all that those are made of.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use openapiv3::{OpenAPI, ReferenceOr, Schema, SchemaKind, Type as Kind};
use threecx_definition::facts::{Older, Overrides};
use threecx_definition::{Field, Operation, Scalar, Type, ValueType};

use super::schema;

#[derive(Default)]
pub(super) struct Types {
    used: BTreeSet<String>,
    /// Types of which there is one record each, such as settings.
    single: BTreeSet<String>,
    fields: BTreeMap<String, Vec<Field>>,
}

impl Types {
    /// A type or enum that is in use.
    pub(super) fn note(&mut self, name: &str) {
        self.used.insert(name.to_owned());
    }

    /// A type of which there is one record.
    pub(super) fn note_single(&mut self, name: &str) {
        self.single.insert(name.to_owned());
    }

    /// All that an operation uses.
    pub(super) fn note_all(&mut self, operation: &Operation) {
        let body = operation.body.iter().flat_map(|body| body.fields.iter().flatten());
        let fields = operation.parameters.iter().chain(body).map(|field| &field.of).chain(&operation.answer.of);
        let named =
            fields.filter_map(ValueType::name).chain(operation.body.iter().filter_map(|body| body.of.as_deref()));
        self.used.extend(named.map(str::to_owned));
    }

    pub(super) fn into_used(self) -> Vec<String> {
        self.used.into_iter().collect()
    }

    /// Reads the fields of all types in use; what those are made of is in use as well.
    pub(super) fn close_over(&mut self, specification: &OpenAPI, older: &Older) -> Result<()> {
        while let Some(next) = self.used.iter().find(|name| !self.fields.contains_key(*name)).cloned() {
            let mut fields = Vec::new();
            if let Some(schema) = schema::find(specification, &next) {
                self.read_fields(specification, schema, &mut fields).with_context(|| next.clone())?;
                fields.sort_by_key(|field| field.name.to_lowercase());
            } else if let Some(gone) = older.types.get(&next) {
                self.used.extend(gone.fields.iter().filter_map(|field| field.of.name()).map(str::to_owned));
                fields.clone_from(&gone.fields);
            } else {
                ensure!(next == schema::UNTYPED || older.enums.contains_key(&next), "there is no type {next}");
            }
            self.fields.insert(next, fields);
        }
        Ok(())
    }

    fn read_fields(&mut self, specification: &OpenAPI, schema: &Schema, fields: &mut Vec<Field>) -> Result<()> {
        match &schema.schema_kind {
            SchemaKind::Type(Kind::Object(_)) => fields.extend(schema::inline_fields(schema, self)?),
            // A type that extends another.
            SchemaKind::AllOf { all_of } => {
                for part in all_of {
                    match part {
                        ReferenceOr::Reference { reference } => {
                            let base = schema::find(specification, schema::name(reference));
                            self.read_fields(specification, base.with_context(|| reference.clone())?, fields)?;
                        }
                        ReferenceOr::Item(part) => self.read_fields(specification, part, fields)?,
                    }
                }
            }
            SchemaKind::Type(Kind::String(_)) => {}
            other => bail!("unknown kind of type {other:?}"),
        }
        Ok(())
    }

    pub(super) fn fields(&self, name: &str) -> &[Field] {
        self.fields.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn types(
        &self,
        specification: &OpenAPI,
        older: &Older,
        overrides: &Overrides,
    ) -> Result<BTreeMap<String, Type>> {
        let mut types = BTreeMap::new();
        for (name, fields) in &self.fields {
            if schema::find(specification, name).is_none() {
                types.extend(older.types.get(name).map(|gone| (name.clone(), gone.clone())));
            } else if !schema::is_enum(specification, name) && name != schema::UNTYPED {
                types.insert(name.clone(), read_type(name, fields, self.single.contains(name), overrides)?);
            }
        }
        let stray = overrides.types.keys().find(|name| !types.contains_key(*name));
        ensure!(stray.is_none(), "overrides.json: types.{}: 3CX has no such type", stray.map_or("", |name| name));
        Ok(types)
    }

    pub(super) fn enums(&self, specification: &OpenAPI, older: &Older) -> BTreeMap<String, Vec<String>> {
        let members = |name| schema::members(specification, name).or_else(|| older.enums.get(name).cloned());
        self.fields.keys().filter_map(|name| Some((name.clone(), members(name)?))).collect()
    }
}

fn read_type(name: &str, fields: &[Field], is_single: bool, overrides: &Overrides) -> Result<Type> {
    let own = overrides.types.get(name).cloned().unwrap_or_default();
    let is_known = |wanted: &&String| fields.iter().any(|field| field.name == **wanted);
    let named = own
        .simple
        .iter()
        .chain(&own.read_only)
        .chain(&own.live)
        .chain(&own.required)
        .chain(&own.narrows)
        .chain(&own.secret);
    let stray = named.into_iter().find(|name| !is_known(name));
    ensure!(stray.is_none(), "overrides.json: types.{name}: no field {}", stray.map_or("", |field| field));
    let listed = fields.iter().map(|field| Field {
        secret: is_secret(field) || own.secret.contains(&field.name),
        read_only: own.read_only.contains(&field.name),
        live: own.live.contains(&field.name),
        required: own.required.contains(&field.name),
        narrows: own.narrows.contains(&field.name),
        ..field.clone()
    });
    let fields: Vec<Field> = listed.collect();
    Ok(Type {
        simple: if own.simple.is_empty() { simple(&fields, is_single) } else { own.simple },
        order: order(&fields),
        fields,
    })
}

/// Whether the value lets somebody in, or is a license key.
pub(super) fn is_secret(field: &Field) -> bool {
    let lower = field.name.to_lowercase();
    let is_named = SECRET_NAMES.iter().any(|part| lower.contains(part)) || lower == "token" || lower.ends_with("pin");
    match &field.of {
        ValueType::Named(name) => name.starts_with("Concealed"),
        ValueType::Scalar(scalar) => *scalar == Scalar::String && !field.list && is_named,
    }
}

const SECRET_NAMES: &[&str] = &[
    "password",
    "secret",
    "licensekey",
    "apikey",
    "pinnumber",
    "accesskey",
    "accesstoken",
    "verifier",
    "privatekey",
    "provlink",
    "provisionlink",
    "provisioninglink",
    "rpskey",
];

fn is_plain(field: &Field) -> bool {
    !field.list && field.of.name().is_none()
}

/// How many fields a simplified record has at most, where people did not choose them.
const SIMPLE: usize = 10;

/// The fields of a simplified record: all but secrets where there are few or one record only, else the telling ones first.
fn simple(fields: &[Field], is_single: bool) -> Vec<String> {
    let open: Vec<&Field> = fields.iter().filter(|field| !field.secret && !field.navigation).collect();
    if is_single || open.len() <= SIMPLE {
        return open.iter().map(|field| field.name.clone()).collect();
    }
    let rank = |field: &&Field| TELLING.iter().position(|name| *name == field.name).unwrap_or(TELLING.len());
    let mut plain: Vec<&Field> = open.into_iter().filter(|field| is_plain(field)).collect();
    plain.sort_by_key(rank);
    plain.iter().take(SIMPLE).map(|field| field.name.clone()).collect()
}

const TELLING: &[&str] = &[
    "Id",
    "Number",
    "Name",
    "DisplayName",
    "FirstName",
    "LastName",
    "CompanyName",
    "EmailAddress",
    "Email",
    "Mobile",
    "Enabled",
    "IsRegistered",
    "CurrentProfileName",
    "Type",
    "State",
    "Status",
    "Version",
    "FQDN",
    "StartTime",
    "EndTime",
];

/// By what pages are put in a stable order.
fn order(fields: &[Field]) -> Option<String> {
    let plain = || fields.iter().filter(|field| is_plain(field));
    // The call log comes newest first; where it is put in another order, its newest rows may be missing.
    if plain().any(|field| field.name == "MainCallHistoryId") {
        return None;
    }
    let found = ["Id", "SegmentId", "Name", "FileName", "Filename"]
        .iter()
        .find_map(|name| plain().find(|field| field.name == *name));
    let dated = || plain().find(|field| field.of == ValueType::Scalar(Scalar::DateTime));
    found.or_else(dated).or_else(|| plain().next()).map(|field| field.name.clone())
}

#[cfg(test)]
mod tests {
    use threecx_definition::Definition;

    use super::*;

    #[test]
    fn what_people_read_is_chosen_by_people_and_not_by_the_alphabet() {
        let definition = Definition::parse(include_str!("../../../node-definition.json")).unwrap();
        let mut read = BTreeMap::new();
        for (_, operation) in definition.operations() {
            let answered = operation.answer.of.as_ref().and_then(ValueType::name);
            read.extend(answered.and_then(|name| definition.types.get_key_value(name)));
        }
        assert!(read.len() > 100);
        for (name, of) in read {
            let open = || of.fields.iter().filter(|field| !field.secret && !field.navigation);
            // As the import would choose without anybody's word.
            let plain: Vec<&str> = open().filter(|field| is_plain(field)).map(|field| field.name.as_str()).collect();
            let is_first = of.simple.iter().eq(plain.iter().take(SIMPLE));
            assert!(open().count() <= SIMPLE || !is_first, "{name}: choose its simple fields in overrides.json");
            assert!(of.simple.iter().all(|name| open().any(|field| field.name == *name)), "{name}");
        }
    }

    #[test]
    fn the_point_of_a_record_is_in_its_simplified_form() {
        let definition = Definition::parse(include_str!("../../../node-definition.json")).unwrap();
        for (name, fields) in [
            ("CallLogData", "StartTime SourceCallerId DestinationCallerId Answered Status TalkingDuration Reason"),
            ("CallHistoryView", "SegmentStartTime SrcCallerNumber DstCallerNumber CallAnswered CallTime"),
            ("InboundCall", "StartTime SourceCallerId Did DestinationDn Status TalkingDuration"),
            ("LicenseStatus", "ProductCode LicenseActive ExpirationDate MaintenanceExpiresAt MaxSimCalls"),
            ("SystemStatus", "Version LicenseActive ExpirationDate FreeDiskSpace TotalDiskSpace TrunksRegistered"),
            ("Trunk", "Number Direction ExternalNumber IsOnline Gateway"),
            ("InboundRule", "RuleName OfficeHoursDestination OutOfOfficeHoursDestination HolidaysDestination"),
            ("OutboundRule", "Name Prefix Priority Routes"),
            ("Recording", "StartTime FromCallerNumber ToCallerNumber"),
            ("MailSettings", "MailServer MailServerType MailUser MailSslEnabled"),
        ] {
            for field in fields.split(' ') {
                assert!(definition.types[name].simple.iter().any(|simple| simple == field), "{name}: {field}");
            }
        }
    }
}
