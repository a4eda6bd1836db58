//! The API under `/xapi/v1`: who may call what, and where it is answered.

mod generic;
mod groups;
mod prompts;
mod replace;
mod singletons;

use std::time::Instant;

use axum::http::header::{ALLOW, HeaderName, WWW_AUTHENTICATE};
use axum::http::{Method, StatusCode};

use crate::answer::Answer;
use crate::call::Call;
use crate::catalogue::{self, Miss};
use crate::odata::{Limits, QueryError};
use crate::switches::{Edition, ErrorBody, LicenseGate, Role, Switches};
use crate::world::World;

const ROOT: &str = "/xapi/v1/";
const VERSION: HeaderName = HeaderName::from_static("x-3cx-version");

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resource {
    Defs,
    LicenseStatus,
    SystemStatus,
    Groups,
    GroupCount,
    Group(i64),
    ReplaceGroupLicenseKey,
    CustomPrompts,
}

impl Resource {
    fn at(path: &str) -> Option<Self> {
        Some(match path.strip_prefix(ROOT)? {
            "Defs" => Self::Defs,
            "LicenseStatus" => Self::LicenseStatus,
            "SystemStatus" => Self::SystemStatus,
            "Groups" => Self::Groups,
            "Groups/$count" => Self::GroupCount,
            "Groups/Pbx.ReplaceGroupLicenseKey" => Self::ReplaceGroupLicenseKey,
            // Known: upload works with these capitals.
            "customPrompts" => Self::CustomPrompts,
            other => Self::Group(other.strip_prefix("Groups(")?.strip_suffix(')')?.parse().ok()?),
        })
    }

    fn method(self) -> Method {
        match self {
            Self::ReplaceGroupLicenseKey | Self::CustomPrompts => Method::POST,
            _ => Method::GET,
        }
    }

    /// Known: a user reads only `Defs`. Assumed: replacing needs a system owner.
    fn is_open_to(self, role: Role) -> bool {
        match role {
            Role::Owner => true,
            Role::Admin => self != Self::ReplaceGroupLicenseKey,
            Role::User => self == Self::Defs,
        }
    }
}

/// The refusal of a caller who is not logged in, decided on arrival.
pub(crate) fn refuse(world: &World, call: &Call, now: Instant) -> Option<Answer> {
    let is_logged_in = call.bearer().is_some_and(|token| world.tokens.accepts(token, &world.switches, now));
    if is_logged_in || !call.path.starts_with(ROOT) {
        return None;
    }
    Some(signed(unauthorized(world.switches.error_body), &world.switches))
}

/// Whether a request asks to replace a department's key.
pub(crate) fn is_replacement(call: &Call) -> bool {
    let resource = Resource::at(&call.path);
    resource == Some(Resource::ReplaceGroupLicenseKey) && call.method == Method::POST
}

/// 401. Known: the status; assumed: header and body.
pub(crate) fn unauthorized(style: ErrorBody) -> Answer {
    Answer::bare(StatusCode::UNAUTHORIZED, style).header(WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
}

/// Answers a caller who is logged in.
pub(crate) fn answer(world: &mut World, call: &Call, now: Instant) -> Answer {
    let answer = route(world, call, now);
    signed(answer, &world.switches)
}

fn signed(answer: Answer, switches: &Switches) -> Answer {
    answer.header(VERSION, &switches.build)
}

fn route(world: &mut World, call: &Call, now: Instant) -> Answer {
    let style = world.switches.error_body;
    let own = Resource::at(&call.path).filter(|resource| call.method == resource.method());
    let Some(resource) = own else { return by_definition(world, call) };
    if !is_licensed(&world.switches) || !resource.is_open_to(world.switches.role) {
        return Answer::bare(StatusCode::FORBIDDEN, style);
    }
    match resource {
        Resource::Defs => singletons::defs(call, &world.switches),
        Resource::LicenseStatus => singletons::license_status(call, &world.switches),
        Resource::SystemStatus => singletons::system_status(call, &world.switches),
        Resource::Groups => groups::all(world, call, now),
        Resource::GroupCount => groups::count(world, call, now),
        Resource::Group(id) => groups::single(world, call, id, now),
        Resource::ReplaceGroupLicenseKey => replace::replace_group_license_key(world, call, now),
        Resource::CustomPrompts => prompts::upload(call),
    }
}

fn is_licensed(switches: &Switches) -> bool {
    switches.edition == Edition::Ent || switches.license_gate != LicenseGate::Xapi403
}

/// What has no room of its own here.
fn by_definition(world: &mut World, call: &Call) -> Answer {
    let style = world.switches.error_body;
    let path = call.path.strip_prefix(ROOT).unwrap_or_default();
    let found = match catalogue::find(&call.method, path, &world.switches.build) {
        Ok(found) => found,
        Err(Miss::NotFound) => return Answer::bare(StatusCode::NOT_FOUND, style),
        Err(Miss::OtherMethods(allowed)) => {
            return Answer::bare(StatusCode::METHOD_NOT_ALLOWED, style).header(ALLOW, &allowed);
        }
    };
    if !is_licensed(&world.switches) || !is_open(&found.operation.path, &world.switches) {
        return Answer::bare(StatusCode::FORBIDDEN, style);
    }
    // Known: such headers on an action give an empty 500.
    let is_action = found.operation.path.contains("Pbx.") && call.method == Method::POST;
    if is_action && (call.header("prefer").is_some() || call.header("odata-version").is_some()) {
        return Answer::empty(StatusCode::INTERNAL_SERVER_ERROR);
    }
    generic::answer(world, call, &found)
}

/// Known: a user reads next to nothing; an administrator neither recordings nor histories nor reports; what is "mine"
/// is refused to an API client, which is no user.
fn is_open(path: &str, switches: &Switches) -> bool {
    let starts = |names: &[&str]| names.iter().any(|name| path[1..].starts_with(name));
    if starts(&["MyUser", "MyGroup"]) && !switches.personal {
        return false;
    }
    match switches.role {
        Role::Owner => true,
        Role::Admin => {
            !starts(&["Recordings", "CallHistoryView", "ChatHistoryView", "ScheduledReports", "ReportCallLogData"])
        }
        Role::User => starts(&["Defs"]),
    }
}

fn limits(switches: &Switches) -> Limits {
    Limits { top: switches.top_limit, page: switches.page_size, send_nulls: switches.send_nulls }
}

/// 400 for a query that is wrong. Known.
fn bad_query(error: &QueryError) -> Answer {
    Answer::bad_request(None, &error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_resources() {
        assert_eq!(Resource::at("/xapi/v1/Groups(28)"), Some(Resource::Group(28)));
        assert_eq!(Resource::at("/xapi/v1/Groups/$count"), Some(Resource::GroupCount));
        for path in ["/xapi/v1/", "/xapi/v1/$batch", "/xapi/v1/Groups('28')", "/xapi/v1/Groups(28", "/Groups"] {
            assert_eq!(Resource::at(path), None, "{path}");
        }
    }
}
