//! The token endpoint: credentials in, token out.

use std::time::Instant;

use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header::{ALLOW, HOST};
use serde_json::json;

use crate::answer::{Answer, PLAIN_JSON};
use crate::call::Call;
use crate::switches::{Edition, LicenseGate, LogInRefusal};
use crate::world::World;

/// Answers a log-in. A Basic authorization header counts as no credentials (assumed).
pub(crate) fn log_in(world: &mut World, call: &Call, now: Instant) -> Answer {
    if call.method != Method::POST {
        return Answer::bare(StatusCode::METHOD_NOT_ALLOWED, world.switches.error_body).header(ALLOW, "POST");
    }
    if let Some(refusal) = refused_by_edition(world) {
        return refusal;
    }
    if call.field("grant_type") != Some("client_credentials") {
        // Assumed: the name that OAuth gives to this.
        let body = json!({"error": "unsupported_grant_type"});
        return Answer::json(StatusCode::BAD_REQUEST, PLAIN_JSON, &body);
    }
    let client = call.field("client_id").unwrap_or_default();
    let secret = call.field("client_secret").unwrap_or_default();
    let known = client == world.switches.client_id && secret == world.switches.client_secret;
    world.count_log_in(known);
    if !known {
        return refused(world.switches.log_in_refusal);
    }
    let issuer = format!("http://{}", call.header(HOST.as_str()).unwrap_or("localhost"));
    let token = world.tokens.issue(client, &issuer, &world.switches, now);
    let body = json!({
        "token_type": "Bearer",
        "expires_in": world.switches.expires_in,
        "access_token": token,
        "refresh_token": null,
    });
    Answer::json(StatusCode::OK, PLAIN_JSON, &body)
}

fn refused(style: LogInRefusal) -> Answer {
    match style {
        LogInRefusal::Documented => {
            let body = json!({
                "error": "unauthorized",
                "error_description": "The request requires valid user authentication.",
            });
            Answer::json(StatusCode::UNAUTHORIZED, PLAIN_JSON, &body)
        }
        LogInRefusal::InvalidClient => {
            let body = json!({"error": "invalid_client"});
            Answer::json(StatusCode::BAD_REQUEST, PLAIN_JSON, &body)
        }
    }
}

fn refused_by_edition(world: &World) -> Option<Answer> {
    if world.switches.edition == Edition::Ent {
        return None;
    }
    match world.switches.license_gate {
        LicenseGate::Xapi403 => None,
        LicenseGate::Token401 => Some(refused(world.switches.log_in_refusal)),
        LicenseGate::Token403 => Some(Answer::bare(StatusCode::FORBIDDEN, world.switches.error_body)),
    }
}
