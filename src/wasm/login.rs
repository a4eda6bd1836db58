//! Where tokens come from, and how a new one is got.

use std::cell::RefCell;

use call_engine::Millis;
use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, RequestInit, RequestRedirect};

use super::host::{self, LoginAnswer, Logins};
use super::outgoing::headers;
use crate::fingerprint::{fingerprint, identity};
use crate::n8n::misuse;
use crate::secret::Secret;
use crate::xapi::base_url::BaseUrl;
use crate::xapi::error::Failure;
use crate::xapi::login;
use crate::xapi::odata::encode;
use crate::xapi::protocol::Login;
use crate::xapi::response::{Body, HttpResponse};
use crate::xapi::transport::TransportError;

/// The assumed life of a token, in milliseconds, if the answer gives none: 3CX's own is an hour.
const USUAL_LIFE: Millis = 60 * 60_000;

/// Where tokens come from.
pub(super) enum TokenSource {
    /// Only the one there is.
    None,
    /// The host renews them: `() => Promise<string>`. Others may do so too, which `reread` tells:
    /// `() => Promise<string | undefined>`.
    Host { refresh: Function, reread: Option<Function>, home: Home },
    /// Client credentials.
    Client { id: String, secret: Secret },
}

/// Where the host's tokens are for. It keeps a token also when its credential is changed to another PBX or client, which
/// must not get to see it.
#[derive(Clone)]
pub(super) struct Home {
    place: String,
    logins: Logins,
}

impl Home {
    pub(super) fn new(base: &BaseUrl, client: &str, logins: Logins) -> Self {
        Self { place: identity([base.as_str(), client]), logins }
    }

    /// Whether the token was never used in another place.
    pub(super) fn is_of(&self, token: &Secret) -> bool {
        self.logins.is_at_home(&identity([token.reveal()]), &self.place)
    }
}

/// Gets tokens.
pub(super) struct Tokens {
    source: TokenSource,
    base: Option<BaseUrl>,
    fetch: JsValue,
    logins: Logins,
    /// The log-in in use, for telling the others that it is dead.
    latest: RefCell<JsValue>,
    started: f64,
}

impl Tokens {
    /// `fetch`: the caller's own, or undefined.
    pub(super) fn new(source: TokenSource, base: Option<BaseUrl>, fetch: JsValue, logins: Logins) -> Self {
        Self { source, base, fetch, logins, latest: RefCell::default(), started: js_sys::Date::now() }
    }

    pub(super) async fn log_in(&self, after_dead_token: bool) -> Result<Login, Failure> {
        match &self.source {
            TokenSource::None => Err(Failure::NoCredentials),
            TokenSource::Host { refresh, home, .. } => match called(refresh).await {
                Ok(token) => {
                    let unusable = |text: &str| Failure::RenewalFailed { text: text.to_owned() };
                    let token = usable(token.as_string()).ok_or_else(|| unusable(misuse::EMPTY_TOKEN))?;
                    if !home.is_of(&token) {
                        return Err(unusable(misuse::FOREIGN_TOKEN));
                    }
                    // It may be one that others have made before.
                    Ok(Login { token, lifetime: None, fresh: false })
                }
                Err(error) => Err(renewal_failure(&error, self.base.as_ref())),
            },
            TokenSource::Client { id, secret } => self.log_in_as(id, secret, after_dead_token).await,
        }
    }

    /// The token that is stored with the host now.
    pub(super) async fn look(&self) -> Option<Secret> {
        match &self.source {
            TokenSource::Host { reread: Some(reread), home, .. } => {
                usable(called(reread).await.ok()?.as_string()).filter(|token| home.is_of(token))
            }
            _ => None,
        }
    }

    async fn log_in_as(&self, id: &str, secret: &Secret, after_dead_token: bool) -> Result<Login, Failure> {
        let base = self.base.as_ref().ok_or(Failure::NoCredentials)?;
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_redirect(RequestRedirect::Manual);
        init.set_headers(&headers(&[
            ("Accept", "application/json"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ]));
        let body =
            format!("grant_type=client_credentials&client_id={}&client_secret={}", encode(id), encode(secret.reveal()));
        init.set_body(&JsValue::from_str(&body));
        // Shared with other runs, so it does not end with this one: it has a deadline of its own.
        init.set_signal(Some(&AbortSignal::timeout_with_u32(60_000)));
        let url = base.token_url();
        // Not the secret itself: the key outlives the run.
        let key = format!("{url}\n{id}\n{:x}", fingerprint(secret.reveal()));
        let stale = if after_dead_token { self.latest.borrow().clone() } else { JsValue::UNDEFINED };
        let answer = host::in_time(self.logins.log_in(&key, &stale, &self.fetch, &url, &init)).await;
        let unanswered = |error: &JsValue| {
            Failure::LoginUnanswered(Box::new(Failure::Transport(host::transport_error(error, Some(base)))))
        };
        let answer = answer.map_err(|error| unanswered(&error))?;
        self.latest.replace(answer.clone());
        let answer: LoginAnswer = answer.unchecked_into();
        let body = answer.body().map_or(Body::TooLong(host::MOST_OF_A_CHANGE), Body::Text);
        let response = HttpResponse { status: answer.status(), body, ..HttpResponse::default() };
        let age = (js_sys::Date::now() - answer.at()).max(0.0) as Millis;
        let login = login::parse(&response, age);
        let life = login.as_ref().map_or(0, |login| login.lifetime.map_or(USUAL_LIFE, |left| left.saturating_add(age)));
        self.logins.keep(&key, &answer, life as f64);
        let login = login?;
        Ok(Login { fresh: (self.started..=js_sys::Date::now()).contains(&answer.at()), ..login })
    }
}

async fn called(function: &Function) -> Result<JsValue, JsValue> {
    host::in_time(function.call0(&JsValue::UNDEFINED)).await
}

/// A token as it can be sent.
pub(super) fn usable(token: Option<String>) -> Option<Secret> {
    let token = token?;
    let token = token.trim();
    let token = token.strip_prefix("Bearer ").unwrap_or(token).trim();
    let is_plain = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain.then(|| Secret::new(token.to_owned()))
}

/// n8n throws when the PBX refuses a log-in; a status tells more than its text.
fn renewal_failure(error: &JsValue, base: Option<&BaseUrl>) -> Failure {
    let status = ["httpCode", "statusCode", "status"]
        .iter()
        .map(|name| host::field(error, name))
        .find_map(|code| code.as_f64().or_else(|| code.as_string()?.parse().ok()));
    match status {
        Some(status @ 400.0..=403.0) => Failure::LoginRefused { status: status as u16 },
        _ => match host::transport_error(error, base) {
            // n8n's own code for an answer with an OAuth error in it.
            TransportError::Other { code } if code == "EAUTH" => Failure::LoginRefused { status: 401 },
            TransportError::Other { .. } => {
                let text = host::field(error, "message").as_string().unwrap_or_default();
                Failure::RenewalFailed { text: text.replace('\n', " ") }
            }
            error => Failure::LoginUnanswered(Box::new(Failure::Transport(error))),
        },
    }
}
