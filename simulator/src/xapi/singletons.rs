//! The things of which a PBX has one.

use serde_json::{Map, Value, json};

use super::groups::entity;
use super::limits;
use crate::answer::Answer;
use crate::call::Call;
use crate::odata::{DEFS, LICENSE_STATUS, Model, SYSTEM_STATUS};
use crate::switches::{Edition, Switches};

/// The PBX's own key. Known: the API shows it unless told what to select.
const LICENSE_KEY: &str = "3CXS-IMUL-ATOR-0001";

/// `GET /Defs`. Known: the cheapest call, open to every role.
pub(crate) fn defs(call: &Call, switches: &Switches) -> Answer {
    let model = Model::new(&DEFS, &switches.build);
    let fields = merged([json!({
        "Id": 0,
        "Codecs": [],
        "GatewayParameters": [],
        "GatewayParameterValues": [],
        "TimeZones": [],
    })]);
    entity(call, "Defs", "", &fields, model, limits(switches))
}

/// `GET /LicenseStatus`. Known: the names; assumed: the values.
pub(crate) fn license_status(call: &Call, switches: &Switches) -> Answer {
    let model = Model::new(&LICENSE_STATUS, &switches.build);
    let owner = json!({
        "ActiveModules": [],
        "AdminEMail": "admin@example.com",
        "CompanyName": "Simulated Company",
        "ContactName": "Sam Simulated",
        "CountryCode": "DE",
        "CountryName": "Germany",
        "EMail": "office@example.com",
        "SimMeetingParticipants": 100,
        "Telephone": null,
    });
    let fields = merged([owner, license(switches)]);
    entity(call, "LicenseStatus", "", &fields, model, limits(switches))
}

/// `GET /SystemStatus`. Known: the names, and that the key is among them; assumed: the values.
pub(crate) fn system_status(call: &Call, switches: &Switches) -> Answer {
    let model = Model::new(&SYSTEM_STATUS, &switches.build);
    let fields = merged([network(), services(), storage(), license(switches)]);
    entity(call, "SystemStatus", "", &fields, model, limits(switches))
}

fn network() -> Value {
    json!({
        "Id": 0,
        "AvailableLocalIps": "127.0.0.1",
        "CurrentLocalIp": "127.0.0.1",
        "FQDN": "simulated.3cx.eu",
        "Ip": "127.0.0.1",
        "IpV4": "127.0.0.1",
        "IpV6": null,
        "LocalIpValid": true,
        "OS": "Linux",
        "RemoteConfigurationRequired": false,
    })
}

fn services() -> Value {
    json!({
        "AutoUpdateEnabled": false,
        "CallsActive": 0,
        "ExtensionsRegistered": 3,
        "ExtensionsTotal": 10,
        "HasNotRunningServices": false,
        "HasUnregisteredSystemExtensions": false,
        "IsAuditLogEnabled": true,
        "IsChatLogEnabled": true,
        "LastCheckForUpdates": "2026-11-01T04:00:00Z",
        "LastSuccessfulUpdate": null,
        "MaxUserExtensions": 100,
        "OutboundRules": 2,
        "TrunksRegistered": 1,
        "TrunksTotal": 1,
        "UserExtensions": 10,
        "VoicemailQuotaReached": false,
        "VoicemailStopped": false,
    })
}

fn storage() -> Value {
    json!({
        "BackupScheduled": true,
        "ChatUsedSpace": 0,
        "DBMaintenanceInProgress": false,
        "DiskUsage": 27,
        "FreeDiskSpace": 40_000_000_000_u64,
        "IsRecordingArchiveEnabled": false,
        "LastBackupDateTime": "2026-11-01T03:00:00Z",
        "LogUsedSpace": 1_000_000,
        "RecordingQuota": 0,
        "RecordingQuotaReached": false,
        "RecordingStopped": false,
        "RecordingUsedSpace": 0,
        "RemoteStorageEnabled": false,
        "RemoteStorageStatus": null,
        "TotalDiskSpace": 55_000_000_000_u64,
    })
}

/// What both the license and the system status say of the license. Known: both do.
fn license(switches: &Switches) -> Value {
    let product_code = match switches.edition {
        Edition::Ent => "3CXPSPROFENTSPLA",
        Edition::Pro => "3CXPSPROFSPLA",
    };
    json!({
        "Activated": true,
        "ExpirationDate": "2027-12-31T00:00:00Z",
        "LicenseActive": true,
        "LicenseKey": LICENSE_KEY,
        "MaintenanceExpiresAt": "2027-12-31T00:00:00Z",
        "MaxSimCalls": 16,
        "ProductCode": product_code,
        "ResellerName": "Partner 1",
        "Support": false,
        "Version": switches.build,
    })
}

fn merged<const PARTS: usize>(parts: [Value; PARTS]) -> Map<String, Value> {
    let fields = parts.into_iter().filter_map(|part| match part {
        Value::Object(fields) => Some(fields),
        _ => None,
    });
    fields.flatten().collect()
}
