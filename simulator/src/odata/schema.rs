//! The types that can be queried: names and kinds of their properties, and the builds that have them.

use super::QueryError;

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
    Complex(&'static EntityType),
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
    since: Build,
}

/// A type of the API.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EntityType {
    name: &'static str,
    properties: &'static [Property],
}

type Build = (u32, u32, u32);

/// A type as one build of the PBX knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model {
    entity: &'static EntityType,
    build: Build,
}

impl Model {
    /// A type in a build such as `20.0.9.995`.
    pub(crate) fn new(entity: &'static EntityType, build: &str) -> Self {
        let mut parts = build.split('.').map(|part| part.parse().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        Self { entity, build: (next(), next(), next()) }
    }

    /// The same build's view of a property's type.
    pub(crate) fn of(self, entity: &'static EntityType) -> Self {
        Self { entity, ..self }
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

const fn property(name: &'static str, kind: Kind) -> Property {
    since((20, 0, 0), name, kind)
}

const fn since(since: Build, name: &'static str, kind: Kind) -> Property {
    Property { name, kind, since }
}

/// A department. Known: names and kinds.
pub(crate) static GROUP: EntityType = EntityType {
    name: "Pbx.Group",
    properties: &[
        property("Id", Kind::Integer),
        property("Number", Kind::Text),
        property("Name", Kind::Text),
        property("AllowCallService", Kind::Boolean),
        property("AnswerAfter", Kind::Integer),
        property("BreakRoute", Kind::Other),
        property("BreakTime", Kind::Other),
        property("CallHandlingMode", Kind::Other),
        property("CurrentGroupHours", Kind::Choice),
        property("CustomOperator", Kind::Other),
        property("CustomPrompt", Kind::Text),
        property("DisableCustomPrompt", Kind::Boolean),
        property("GloballyVisible", Kind::Boolean),
        property("HasMembers", Kind::Boolean),
        property("HolidaysRoute", Kind::Other),
        property("Hours", Kind::Other),
        property("IsDefault", Kind::Boolean),
        property("Language", Kind::Text),
        property("LastLoginTime", Kind::DateTime),
        property("MusicOnHold", Kind::Text),
        property("OfficeRoute", Kind::Other),
        property("OutOfOfficeRoute", Kind::Other),
        property("OverrideExpiresAt", Kind::DateTime),
        property("OverrideHolidays", Kind::Boolean),
        property("PromptSet", Kind::Text),
        property("Props", Kind::Complex(&GROUP_PROPS)),
        property("TimeZoneId", Kind::Text),
        property("Members", Kind::Navigation),
        property("OfficeHolidays", Kind::Navigation),
        property("Rights", Kind::Navigation),
    ],
};

/// Limits and licence of a department. Known: names, kinds, first builds.
static GROUP_PROPS: EntityType = EntityType {
    name: "Pbx.GroupProps",
    properties: &[
        property("DectMaxCount", Kind::Integer),
        since((20, 0, 9), "DepartmentContactsMaxCount", Kind::Integer),
        property("Fqdn", Kind::Text),
        property("LiveChatMaxCount", Kind::Integer),
        property("OutboundRulesMaxCount", Kind::Integer),
        property("PersonalContactsMaxCount", Kind::Integer),
        property("PromptsMaxCount", Kind::Integer),
        property("ResellerId", Kind::Text),
        property("ResellerName", Kind::Text),
        property("SbcMaxCount", Kind::Integer),
        property("StartupLicense", Kind::Choice),
        property("StartupOwnerEmail", Kind::Text),
        property("SubcriptionExpireDate", Kind::DateTime),
        property("Subscription", Kind::Text),
        property("SubscriptionType", Kind::Text),
        property("SystemNumberFrom", Kind::Text),
        property("SystemNumberTo", Kind::Text),
        property("TrunkNumberFrom", Kind::Text),
        property("TrunkNumberTo", Kind::Text),
        since((20, 0, 5), "TrunksMaxCount", Kind::Integer),
        property("UserNumberFrom", Kind::Text),
        property("UserNumberTo", Kind::Text),
    ],
};

/// The definitions singleton. Known.
pub(crate) static DEFS: EntityType = EntityType {
    name: "Pbx.Defs",
    properties: &[
        property("Id", Kind::Integer),
        property("Codecs", Kind::Navigation),
        property("GatewayParameters", Kind::Navigation),
        property("GatewayParameterValues", Kind::Navigation),
        property("TimeZones", Kind::Navigation),
    ],
};

/// The licence of the whole PBX. Known.
pub(crate) static LICENSE_STATUS: EntityType = EntityType {
    name: "Pbx.LicenseStatus",
    properties: &[
        property("Activated", Kind::Boolean),
        property("ActiveModules", Kind::Other),
        property("AdminEMail", Kind::Text),
        property("CompanyName", Kind::Text),
        property("ContactName", Kind::Text),
        property("CountryCode", Kind::Text),
        property("CountryName", Kind::Text),
        property("EMail", Kind::Text),
        property("ExpirationDate", Kind::DateTime),
        property("LicenseActive", Kind::Boolean),
        property("LicenseKey", Kind::Text),
        property("MaintenanceExpiresAt", Kind::DateTime),
        property("MaxSimCalls", Kind::Integer),
        property("ProductCode", Kind::Text),
        property("ResellerName", Kind::Text),
        property("SimMeetingParticipants", Kind::Integer),
        property("Support", Kind::Boolean),
        property("Telephone", Kind::Text),
        property("Version", Kind::Text),
    ],
};

/// The state of the PBX. Known.
pub(crate) static SYSTEM_STATUS: EntityType = EntityType {
    name: "Pbx.SystemStatus",
    properties: &[
        property("Id", Kind::Integer),
        property("Activated", Kind::Boolean),
        property("AutoUpdateEnabled", Kind::Boolean),
        property("AvailableLocalIps", Kind::Text),
        property("BackupScheduled", Kind::Boolean),
        property("CallsActive", Kind::Integer),
        property("ChatUsedSpace", Kind::Integer),
        property("CurrentLocalIp", Kind::Text),
        property("DBMaintenanceInProgress", Kind::Boolean),
        property("DiskUsage", Kind::Integer),
        property("ExpirationDate", Kind::DateTime),
        property("ExtensionsRegistered", Kind::Integer),
        property("ExtensionsTotal", Kind::Integer),
        property("FQDN", Kind::Text),
        property("FreeDiskSpace", Kind::Integer),
        property("HasNotRunningServices", Kind::Boolean),
        property("HasUnregisteredSystemExtensions", Kind::Boolean),
        property("Ip", Kind::Text),
        property("IpV4", Kind::Text),
        property("IpV6", Kind::Text),
        property("IsAuditLogEnabled", Kind::Boolean),
        property("IsChatLogEnabled", Kind::Boolean),
        property("IsRecordingArchiveEnabled", Kind::Boolean),
        property("LastBackupDateTime", Kind::DateTime),
        property("LastCheckForUpdates", Kind::DateTime),
        property("LastSuccessfulUpdate", Kind::DateTime),
        property("LicenseActive", Kind::Boolean),
        property("LicenseKey", Kind::Text),
        property("LocalIpValid", Kind::Boolean),
        property("LogUsedSpace", Kind::Integer),
        property("MaintenanceExpiresAt", Kind::DateTime),
        property("MaxSimCalls", Kind::Integer),
        property("MaxUserExtensions", Kind::Integer),
        property("OS", Kind::Choice),
        property("OutboundRules", Kind::Integer),
        property("ProductCode", Kind::Text),
        property("RecordingQuota", Kind::Integer),
        property("RecordingQuotaReached", Kind::Boolean),
        property("RecordingStopped", Kind::Boolean),
        property("RecordingUsedSpace", Kind::Integer),
        property("RemoteConfigurationRequired", Kind::Boolean),
        property("RemoteStorageEnabled", Kind::Boolean),
        property("RemoteStorageStatus", Kind::Choice),
        property("ResellerName", Kind::Text),
        property("Support", Kind::Boolean),
        property("TotalDiskSpace", Kind::Integer),
        property("TrunksRegistered", Kind::Integer),
        property("TrunksTotal", Kind::Integer),
        property("UserExtensions", Kind::Integer),
        property("Version", Kind::Text),
        property("VoicemailQuotaReached", Kind::Boolean),
        property("VoicemailStopped", Kind::Boolean),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_builds_lack_newer_properties() {
        let has = |build, name| Model::new(&GROUP_PROPS, build).property(name).is_ok();
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
