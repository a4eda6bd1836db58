//! The token of a run: who gets one, when it is dead, and when to give up.
//!
//! A 3CX keeps one token per API client alive: log-ins elsewhere kill ours, and log-ins that fail get the caller's
//! address blocked. So there is one log-in at a time, none that is not needed, and never a loop on 401.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::Millis;
use crate::secret::Secret;
use crate::xapi::error::Failure;
use crate::xapi::response::HttpResponse;

/// A token made in a run is renewed this often without questions; beyond it, once more for each five minutes of the run.
/// A token normally lives for an hour: if it dies more often, somebody else is using the same API client.
const FREE_RENEWALS: u64 = 1;
const RENEWAL_INTERVAL: Millis = 5 * 60_000;

/// A new token that claims a shorter life has been made or read by a clock that is wrong: it is used until it is refused,
/// because a log-in would bring the next one of its kind.
const SHORTEST_LIFE: Millis = 30_000;

/// A token, as a log-in gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub token: Secret,
    /// How long it can be used from now on; `None` where nobody knows.
    pub lifetime: Option<Millis>,
    /// Whether it was made for this run. An older one may have died since, so its first 401 proves nothing.
    pub fresh: bool,
}

#[derive(Debug)]
pub struct Session {
    state: State,
    /// Whether the host can get a new token.
    renewable: bool,
    generation: u32,
    renewals: u64,
    started: Option<Millis>,
}

#[derive(Debug)]
enum State {
    Missing {
        after_dead_token: bool,
    },
    LoggingIn,
    /// Just arrived: its expiry is counted from the first use on.
    Arrived(Login),
    Ready {
        token: Secret,
        expires: Option<Millis>,
        trust: Trust,
    },
    Refused(Failure),
}

/// What is known of the token in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// From before this run: its first 401 only says that it has become old.
    Inherited,
    /// Made for this run, and not yet accepted by the PBX.
    Fresh,
    /// Made for this run, and accepted.
    Proven,
}

/// What the session can give for the next request.
#[derive(Debug)]
pub(super) enum Ready {
    Token {
        token: Secret,
        generation: u32,
    },
    LogIn {
        after_dead_token: bool,
    },
    /// A log-in is under way.
    Wait,
    Refused(Failure),
}

impl Session {
    /// Starts with a token that may be old, and renews it if the host can.
    pub fn with_token(token: Secret, renewable: bool) -> Self {
        Self::new(State::Ready { token, expires: None, trust: Trust::Inherited }, renewable)
    }

    /// Starts with a log-in.
    pub fn with_login() -> Self {
        Self::new(State::Missing { after_dead_token: false }, true)
    }

    /// Cannot send anything, for this reason.
    pub fn refused(failure: Failure) -> Self {
        Self::new(State::Refused(failure), false)
    }

    fn new(state: State, renewable: bool) -> Self {
        Self { state, renewable, generation: 0, renewals: 0, started: None }
    }

    pub(super) fn token(&mut self, now: Millis) -> Ready {
        self.started.get_or_insert(now);
        if let State::Arrived(login) = &self.state {
            let trust = if login.fresh { Trust::Fresh } else { Trust::Inherited };
            let lifetime = login.lifetime.filter(|lifetime| !login.fresh || *lifetime >= SHORTEST_LIFE);
            let expires = lifetime.map(|lifetime| now.saturating_add(lifetime));
            self.state = State::Ready { token: login.token.clone(), expires, trust };
        }
        match &self.state {
            State::Ready { expires: Some(expires), .. } if *expires <= now && self.renewable => {
                self.state = State::LoggingIn;
                Ready::LogIn { after_dead_token: true }
            }
            State::Ready { token, .. } => Ready::Token { token: token.clone(), generation: self.generation },
            State::Missing { after_dead_token } => {
                let after_dead_token = *after_dead_token;
                self.state = State::LoggingIn;
                Ready::LogIn { after_dead_token }
            }
            State::LoggingIn | State::Arrived(_) => Ready::Wait,
            State::Refused(failure) => Ready::Refused(failure.clone()),
        }
    }

    pub(super) fn is_logging_in(&self) -> bool {
        matches!(self.state, State::LoggingIn)
    }

    pub(super) fn logged_in(&mut self, login: Result<Login, Failure>) {
        self.generation += 1;
        self.state = match login {
            Ok(login) => State::Arrived(login),
            Err(failure) => State::Refused(failure),
        };
    }

    /// The PBX accepted a token of this generation.
    pub(super) fn proven(&mut self, of: u32) {
        if let State::Ready { trust, .. } = &mut self.state
            && of == self.generation
            && *trust == Trust::Fresh
        {
            *trust = Trust::Proven;
        }
    }

    /// A token of this generation was answered with 401. Whether there is, or will be, another one.
    pub(super) fn dead(&mut self, of: u32, now: Millis) -> bool {
        if of != self.generation {
            return !matches!(self.state, State::Refused(_));
        }
        match self.state {
            State::Ready { trust, .. } => {
                let elapsed = now.saturating_sub(self.started.unwrap_or(now));
                let allowed = match trust {
                    Trust::Inherited => true,
                    Trust::Fresh => false,
                    Trust::Proven => self.renewals < FREE_RENEWALS + elapsed / RENEWAL_INTERVAL,
                };
                if self.renewable && allowed {
                    self.renewals += u64::from(trust == Trust::Proven);
                    self.state = State::Missing { after_dead_token: true };
                    true
                } else {
                    self.state = State::Refused(Failure::Unauthorized);
                    false
                }
            }
            State::Missing { .. } | State::LoggingIn | State::Arrived(_) => true,
            State::Refused(_) => false,
        }
    }

    /// Nothing more can be sent in this run. The failure was one row's and is told of all.
    pub(super) fn refuse(&mut self, failure: Failure) {
        self.state = State::Refused(failure.without_words());
    }

    pub(super) fn refusal(&self) -> Option<&Failure> {
        match &self.state {
            State::Refused(failure) => Some(failure),
            _ => None,
        }
    }
}

impl Login {
    /// Reads the answer of `/connect/token`. `age`: milliseconds since it came; `wall_clock`: milliseconds since 1970
    /// at the time it came, for tokens that only say when they end.
    pub fn parse(response: &HttpResponse, age: Millis, wall_clock: Millis) -> Result<Self, Failure> {
        #[derive(Deserialize)]
        struct Wire {
            access_token: String,
            #[serde(default)]
            expires_in: Option<f64>,
        }
        let refused = |status| Failure::LoginRefused { status };
        let text = match response.text() {
            Ok(text) => text,
            Err(Failure::Unauthorized) => return Err(refused(401)),
            Err(Failure::Forbidden) => return Err(refused(403)),
            Err(Failure::Rejected { status, .. }) => return Err(refused(status)),
            Err(failure) => return Err(Failure::LoginUnanswered(Box::new(failure))),
        };
        let wire: Wire = serde_json::from_str(text)
            .map_err(|_| Failure::LoginUnanswered(Box::new(Failure::Unreadable { status: response.status })))?;
        let life = claimed_life(&wire.access_token, wall_clock).or(wire.expires_in.map(documented_life));
        // A minute, or a tenth of a short life, is kept as a margin for requests under way.
        let lifetime = life.map(|life| life.saturating_sub((life / 10).min(60_000)).saturating_sub(age));
        Ok(Self { token: Secret::new(wire.access_token), lifetime, fresh: true })
    }
}

/// The life that a JWT states of itself.
fn claimed_life(token: &str, wall_clock: Millis) -> Option<Millis> {
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
        iat: Option<f64>,
    }
    let payload = token.split('.').nth(1)?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    let from = claims.iat.unwrap_or(wall_clock as f64 / 1000.0);
    Some(((claims.exp - from).max(0.0) * 1000.0) as Millis)
}

/// `expires_in` is 60, meant as minutes, up to 3CX 20.0.8, and 3600, meant as seconds, from 20.0.9 on.
fn documented_life(expires_in: f64) -> Millis {
    let seconds = if expires_in <= 120.0 { expires_in * 60.0 } else { expires_in };
    (seconds.max(0.0) * 1000.0) as Millis
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xapi::response::Body;

    fn answer(status: u16, body: &str) -> HttpResponse {
        HttpResponse { status, body: Body::Text(body.into()), ..HttpResponse::default() }
    }

    fn lifetime(body: &str) -> Option<Millis> {
        Login::parse(&answer(200, body), 0, 1_700_000_000_000).unwrap().lifetime
    }

    fn jwt(claims: &str) -> String {
        format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims))
    }

    fn login(token: &str) -> Result<Login, Failure> {
        Ok(Login { token: Secret::new(token.into()), lifetime: None, fresh: true })
    }

    #[test]
    fn sixty_means_minutes_and_3600_seconds() {
        let hour_less_margin = Some(3_540_000);
        assert_eq!(lifetime(r#"{"access_token":"x","expires_in":60}"#), hour_less_margin);
        assert_eq!(lifetime(r#"{"access_token":"x","expires_in":3600}"#), hour_less_margin);
        assert_eq!(lifetime(r#"{"access_token":"x"}"#), None);
    }

    #[test]
    fn the_tokens_own_claims_come_first() {
        let with_iat = jwt(r#"{"iat":1000,"exp":2800}"#);
        assert_eq!(lifetime(&format!(r#"{{"access_token":"{with_iat}","expires_in":60}}"#)), Some(1_740_000));
        let without = jwt(r#"{"exp":1700000100}"#);
        assert_eq!(lifetime(&format!(r#"{{"access_token":"{without}","expires_in":60}}"#)), Some(90_000));
    }

    #[test]
    fn an_answer_kept_for_a_while_has_less_life_left() {
        let body = r#"{"access_token":"x","expires_in":60}"#;
        assert_eq!(Login::parse(&answer(200, body), 3_000_000, 0).unwrap().lifetime, Some(540_000));
        assert_eq!(Login::parse(&answer(200, body), 4_000_000, 0).unwrap().lifetime, Some(0));
    }

    #[test]
    fn refusals_and_odd_answers_are_told_apart() {
        let failure = |status, body| Login::parse(&answer(status, body), 0, 0).unwrap_err();
        assert_eq!(failure(401, r#"{"error":"unauthorized"}"#), Failure::LoginRefused { status: 401 });
        assert_eq!(failure(400, r#"{"error":"invalid_client"}"#), Failure::LoginRefused { status: 400 });
        assert_eq!(failure(403, ""), Failure::LoginRefused { status: 403 });
        for (status, body) in [(200, "<html>"), (200, "{}"), (200, ""), (503, ""), (404, "")] {
            assert!(matches!(failure(status, body), Failure::LoginUnanswered(_)), "{status} {body}");
        }
    }

    #[test]
    fn one_login_at_a_time() {
        let mut session = Session::with_login();
        assert!(matches!(session.token(0), Ready::LogIn { after_dead_token: false }));
        assert!(matches!(session.token(0), Ready::Wait));
        session.logged_in(login("a"));
        assert!(matches!(session.token(0), Ready::Token { generation: 1, .. }));
    }

    #[test]
    fn a_fresh_token_that_is_refused_ends_the_run() {
        let mut session = Session::with_login();
        session.token(0);
        session.logged_in(login("a"));
        session.token(0);
        assert!(!session.dead(1, 10));
        assert_eq!(session.refusal(), Some(&Failure::Unauthorized));
    }

    #[test]
    fn an_older_login_may_be_renewed_at_its_first_401() {
        let mut session = Session::with_login();
        session.token(0);
        session.logged_in(Ok(Login { token: Secret::new("a".into()), lifetime: None, fresh: false }));
        session.token(0);
        assert!(session.dead(1, 10));
    }

    #[test]
    fn an_old_token_and_then_one_that_worked_are_renewed_but_no_third_before_five_minutes() {
        let mut session = Session::with_token(Secret::new("old".into()), true);
        session.token(0);
        assert!(session.dead(0, 10));
        assert!(session.dead(0, 10), "a second answer to the same token asks for nothing new");
        assert!(matches!(session.token(10), Ready::LogIn { after_dead_token: true }));
        session.logged_in(login("b"));
        session.token(20);
        assert!(session.dead(0, 30), "late answers to the old token are sent again with the new one");
        session.proven(1);
        assert!(session.dead(1, 40));
        session.token(40);
        session.logged_in(login("c"));
        session.token(40);
        session.proven(2);
        assert!(!session.dead(2, 50));
    }

    #[test]
    fn long_runs_may_renew_again() {
        let mut session = Session::with_login();
        for (generation, now) in [(1, 0), (2, RENEWAL_INTERVAL)] {
            session.token(now);
            session.logged_in(login("a"));
            session.token(now);
            session.proven(generation);
            assert!(session.dead(generation, now));
        }
    }

    #[test]
    fn a_ready_token_cannot_be_renewed() {
        let mut session = Session::with_token(Secret::new("only".into()), false);
        session.token(0);
        assert!(!session.dead(0, 10));
        assert!(matches!(session.token(10), Ready::Refused(Failure::Unauthorized)));
    }

    #[test]
    fn an_expired_token_is_renewed_before_it_is_used() {
        let mut session = Session::with_login();
        session.token(0);
        session.logged_in(Ok(Login { token: Secret::new("a".into()), lifetime: Some(40_000), fresh: true }));
        assert!(matches!(session.token(100), Ready::Token { .. }));
        assert!(matches!(session.token(40_100), Ready::LogIn { .. }));
    }

    #[test]
    fn a_new_token_that_claims_to_be_dead_is_used_all_the_same() {
        let mut session = Session::with_login();
        session.token(0);
        session.logged_in(Ok(Login { token: Secret::new("a".into()), lifetime: Some(0), fresh: true }));
        assert!(matches!(session.token(100), Ready::Token { .. }));
        assert!(matches!(session.token(90_000), Ready::Token { .. }));
    }
}
