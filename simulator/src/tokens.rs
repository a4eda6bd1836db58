//! Access tokens: issued, checked, ended.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::digest::digest;
use crate::switches::{Role, SingleToken, Switches, TokenForm};

/// The tokens that work now.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    issued: u64,
    active: HashMap<String, Active>,
    /// The ready-made token no longer works.
    static_ended: bool,
}

#[derive(Debug)]
struct Active {
    client: String,
    ends: Instant,
}

impl Tokens {
    /// A new token for a client, different from every other one.
    pub(crate) fn issue(&mut self, client: &str, issuer: &str, switches: &Switches, now: Instant) -> String {
        self.issued += 1;
        let token = match switches.token_form {
            TokenForm::Opaque => opaque(self.issued),
            TokenForm::Jwt => jwt(client, issuer, self.issued, switches, true),
            TokenForm::JwtWithoutExp => jwt(client, issuer, self.issued, switches, false),
        };
        match switches.single_token {
            SingleToken::Invalidate => self.active.retain(|_, active| active.client != client),
            SingleToken::Allow => self.active.retain(|_, active| active.ends > now),
        }
        let active = Active { client: client.to_owned(), ends: now + Duration::from_secs(switches.token_life_s) };
        self.active.insert(token.clone(), active);
        token
    }

    /// Whether a token works.
    pub(crate) fn accepts(&self, token: &str, switches: &Switches, now: Instant) -> bool {
        let is_static = !switches.static_token.is_empty() && token == switches.static_token;
        if is_static {
            return !self.static_ended;
        }
        self.active.get(token).is_some_and(|active| active.ends > now)
    }

    /// Lets the ready-made token work again, as it is another one now.
    pub(crate) fn renew_static(&mut self) {
        self.static_ended = false;
    }

    /// Ends every token, as a restart of the PBX does. Known.
    pub(crate) fn end_all(&mut self) {
        self.active.clear();
        self.static_ended = true;
    }
}

fn opaque(serial: u64) -> String {
    let halves = [digest(&serial.to_be_bytes()), digest(&(!serial).to_be_bytes())];
    format!("{:016x}{:016x}", halves[0], halves[1])
}

/// A token in the shape of the real ones. Known: claims `sub`, `scope`, `aud`, `iss`, `role`, signed with ES256.
/// Assumed: `jti`, the roles of administrators and users. The signature is made up.
fn jwt(client: &str, issuer: &str, serial: u64, switches: &Switches, with_end: bool) -> String {
    let issued_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let header = json!({"alg": "ES256", "kid": "5E1F0C2A9B7D4836A0C4D2E6F8B1A357", "typ": "at+jwt"});
    let mut claims = json!({
        "iss": issuer,
        "aud": "/api",
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + switches.token_life_s,
        "jti": opaque(serial).to_uppercase(),
        "sub": client,
        "client_id": client,
        "scope": "xapi",
        "role": roles(switches.role),
    });
    if let (false, Value::Object(fields)) = (with_end, &mut claims) {
        fields.remove("exp");
    }
    let signature: Vec<u8> = (0..8_u64)
        .flat_map(|part| digest(&[serial.to_be_bytes(), part.to_be_bytes()].concat()).to_be_bytes())
        .collect();
    [header.to_string().as_bytes(), claims.to_string().as_bytes(), &signature]
        .map(|part| URL_SAFE_NO_PAD.encode(part))
        .join(".")
}

fn roles(role: Role) -> &'static [&'static str] {
    match role {
        Role::Owner => &["App", "Reports", "system_owners", "CallFlowApp", "MyPhone"],
        Role::Admin => &["App", "system_admins", "CallFlowApp", "MyPhone"],
        Role::User => &["App", "users", "MyPhone"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_ends_with_its_life() {
        let switches = Switches { token_life_s: 60, ..Switches::default() };
        let (mut tokens, now) = (Tokens::default(), Instant::now());
        let token = tokens.issue("n8n", "pbx", &switches, now);
        assert!(tokens.accepts(&token, &switches, now + Duration::from_secs(59)));
        assert!(!tokens.accepts(&token, &switches, now + Duration::from_secs(60)));
    }

    #[test]
    fn a_new_token_ends_only_those_of_its_client() {
        let (mut tokens, switches, now) = (Tokens::default(), Switches::default(), Instant::now());
        let first = tokens.issue("a", "pbx", &switches, now);
        let other = tokens.issue("b", "pbx", &switches, now);
        let second = tokens.issue("a", "pbx", &switches, now);
        let accepted = [&first, &other, &second].map(|token| tokens.accepts(token, &switches, now));
        assert_eq!(accepted, [false, true, true]);
    }
}
