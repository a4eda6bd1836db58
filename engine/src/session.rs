//! The token of a run: who gets one, when it is dead, and when to give up.
//!
//! The server may keep one token per client alive: then log-ins elsewhere kill ours. And log-ins that fail may get
//! the caller's address blocked. So there is one log-in at a time, none that is not needed, and never a loop over refused tokens.

use crate::{Failure, Millis, Protocol};

/// Dead tokens are renewed this often without questions, and once more where others renew them too; beyond it, once
/// for each five minutes of the run. A token normally lives for an hour: if it dies more often, somebody else is using
/// the same API client.
const FREE_RENEWALS: u64 = 2;
const RENEWAL_INTERVAL: Millis = 5 * 60_000;

/// A new token that claims a shorter life has been made or read by a clock that is wrong: it is used until it is refused,
/// because a log-in would bring the next one of its kind.
pub const SHORTEST_LIFE: Millis = 30_000;

/// How often the host's own token is looked at before a log-in, and how many tokens in a row are taken from there without
/// a success: another execution that renewed it at the same moment may have killed the stored one.
const LOOKS: u32 = 3;

/// A token, as a log-in gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login<T> {
    pub token: T,
    /// How long it can be used from now on; `None` if the source of the token does not say.
    pub lifetime: Option<Millis>,
    /// Whether it was made for this run alone. Another one may have died since, so its first refusal proves nothing.
    pub fresh: bool,
}

/// What the host can do about a token that is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    Never,
    LogIn,
    /// Others renew the token too and keep it where the host can read it: that is looked at before a log-in.
    Shared,
}

#[derive(Debug)]
pub struct Session<P: Protocol> {
    state: State<P>,
    renewal: Renewal,
    generation: u32,
    renewals: u64,
    /// Tokens taken from others since the last one that worked.
    adopted: u32,
    /// Tokens that the server refused.
    refused: Vec<P::Token>,
    started: Option<Millis>,
}

#[derive(Debug)]
enum State<P: Protocol> {
    Missing {
        after_dead_token: bool,
        /// How often the host's own token is still to be looked at, and when.
        looks: u32,
        at: Millis,
    },
    Looking {
        after_dead_token: bool,
        looks: u32,
    },
    LoggingIn,
    /// Just arrived: its expiry is counted from the first use on.
    Arrived(Login<P::Token>),
    Ready {
        token: P::Token,
        expires: Option<Millis>,
        trust: Trust,
    },
    Refused(P::Failure),
}

/// What is known of the token in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// From before this run: its first refusal only says that it has become old.
    Inherited,
    /// Made for this run, and not yet accepted by the server.
    Fresh,
    /// Fresh, and refused for one call.
    Doubted,
    /// Made for this run, and accepted.
    Proven,
}

impl Trust {
    /// Made for this run, and not yet accepted.
    fn is_new(self) -> bool {
        matches!(self, Self::Fresh | Self::Doubted)
    }
}

/// What the session can give for the next request.
#[derive(Debug)]
pub(super) enum Ready<P: Protocol> {
    Token {
        token: P::Token,
        generation: u32,
    },
    LogIn {
        after_dead_token: bool,
    },
    /// The host's own token is to be read again.
    Look,
    /// A log-in or a look is under way, or a look is to come.
    Wait,
    Refused(P::Failure),
}

impl<P: Protocol> Session<P> {
    /// Starts with a token that may be old, and renews it if the host can.
    pub fn with_token(token: P::Token, renewal: Renewal) -> Self {
        Self::new(State::Ready { token, expires: None, trust: Trust::Inherited }, renewal)
    }

    /// Starts with a log-in, or with the token that others have made by then.
    pub fn with_login(renewal: Renewal) -> Self {
        let looks = u32::from(renewal == Renewal::Shared);
        Self::new(State::Missing { after_dead_token: false, looks, at: 0 }, renewal)
    }

    /// Cannot send anything, for this reason.
    pub fn refused(failure: P::Failure) -> Self {
        Self::new(State::Refused(failure), Renewal::Never)
    }

    fn new(state: State<P>, renewal: Renewal) -> Self {
        Self { state, renewal, generation: 0, renewals: 0, adopted: 0, refused: Vec::new(), started: None }
    }

    pub(super) fn token(&mut self, now: Millis) -> Ready<P> {
        self.started.get_or_insert(now);
        if let State::Arrived(login) = &self.state {
            let trust = if login.fresh { Trust::Fresh } else { Trust::Inherited };
            let lifetime = login.lifetime.filter(|lifetime| !login.fresh || *lifetime >= SHORTEST_LIFE);
            let expires = lifetime.map(|lifetime| now.saturating_add(lifetime));
            self.state = State::Ready { token: login.token.clone(), expires, trust };
        }
        match self.state {
            State::Ready { expires: Some(expires), trust: Trust::Doubted, .. } if expires <= now => self.give_up(),
            State::Ready { expires: Some(expires), .. } if expires <= now && self.renewal != Renewal::Never => {
                self.state = State::LoggingIn;
                Ready::LogIn { after_dead_token: true }
            }
            State::Ready { ref token, .. } => Ready::Token { token: token.clone(), generation: self.generation },
            State::Missing { looks: 1.., at, .. } if at > now => Ready::Wait,
            State::Missing { after_dead_token, looks: looks @ 1.., .. } => {
                self.state = State::Looking { after_dead_token, looks };
                Ready::Look
            }
            State::Missing { after_dead_token, .. } if !after_dead_token || self.may_renew(now) => {
                self.renewals += u64::from(after_dead_token);
                self.state = State::LoggingIn;
                Ready::LogIn { after_dead_token }
            }
            State::Missing { .. } => self.give_up(),
            State::Looking { .. } | State::LoggingIn | State::Arrived(_) => Ready::Wait,
            State::Refused(ref failure) => Ready::Refused(failure.clone()),
        }
    }

    fn give_up(&mut self) -> Ready<P> {
        self.state = State::Refused(P::Failure::unauthorized());
        Ready::Refused(P::Failure::unauthorized())
    }

    /// Whether no call can be sent until a log-in or a look has ended.
    pub(super) fn is_under_way(&self) -> bool {
        matches!(self.state, State::Looking { .. } | State::LoggingIn)
    }

    /// When the host's own token is to be looked at.
    pub(super) fn looks_at(&self) -> Option<Millis> {
        match self.state {
            State::Missing { looks: 1.., at, .. } => Some(at),
            _ => None,
        }
    }

    pub(super) fn logged_in(&mut self, login: Result<Login<P::Token>, P::Failure>) {
        self.generation += 1;
        self.state = match login {
            Ok(login) => State::Arrived(login),
            Err(failure) => State::Refused(failure),
        };
    }

    /// What is stored with the host: taken if it is another token than those that were refused. Otherwise another
    /// execution that is renewing it gets `pause` milliseconds before the next look.
    pub(super) fn looked(&mut self, stored: Option<P::Token>, now: Millis, pause: Millis) {
        let State::Looking { after_dead_token, looks } = self.state else { return };
        match stored.filter(|token| !self.refused.contains(token)) {
            Some(token) => {
                self.generation += 1;
                self.adopted += 1;
                self.state = State::Ready { token, expires: None, trust: Trust::Inherited };
            }
            None => {
                self.state = State::Missing { after_dead_token, looks: looks - 1, at: now.saturating_add(pause) };
            }
        }
    }

    /// The server accepted a token of this generation.
    pub(super) fn proven(&mut self, of: u32) {
        if let State::Ready { trust, .. } = &mut self.state
            && of == self.generation
        {
            self.adopted = 0;
            if trust.is_new() {
                *trust = Trust::Proven;
            }
        }
    }

    /// Whether the token of this generation, which is refused for one call, may be good for others: it is new, or an older one
    /// was refused for that call too.
    pub(super) fn may_be_good(&self, of: u32, is_refused_again: bool) -> bool {
        let State::Ready { trust, .. } = self.state else { return false };
        of == self.generation && (is_refused_again || trust == Trust::Fresh)
    }

    /// A token of this generation was refused for one call. It may be good for others.
    pub(super) fn doubt(&mut self, of: u32) {
        if let State::Ready { trust, .. } = &mut self.state
            && of == self.generation
            && *trust == Trust::Fresh
        {
            *trust = Trust::Doubted;
        }
    }

    /// A token of this generation was refused. Whether there is, or will be, another one.
    pub(super) fn dead(&mut self, of: u32, now: Millis) -> bool {
        if of != self.generation {
            return !matches!(self.state, State::Refused(_));
        }
        match &self.state {
            State::Ready { token, trust, .. } => {
                self.refused.push(token.clone());
                let looks = if self.renewal == Renewal::Shared && self.adopted < LOOKS { LOOKS } else { 0 };
                let another = !trust.is_new() && (looks > 0 || self.may_renew(now));
                self.state = if another {
                    State::Missing { after_dead_token: true, looks, at: now }
                } else {
                    State::Refused(P::Failure::unauthorized())
                };
                another
            }
            State::Missing { .. } | State::Looking { .. } | State::LoggingIn | State::Arrived(_) => true,
            State::Refused(_) => false,
        }
    }

    fn may_renew(&self, now: Millis) -> bool {
        let free = match self.renewal {
            Renewal::Never => return false,
            Renewal::LogIn => FREE_RENEWALS,
            Renewal::Shared => FREE_RENEWALS + 1,
        };
        self.renewals < free + now.saturating_sub(self.started.unwrap_or(now)) / RENEWAL_INTERVAL
    }

    /// With how many tokens a call may be refused before it is given up.
    pub(super) fn most_refusals(&self) -> u32 {
        if self.renewal == Renewal::Shared { 2 + LOOKS } else { 2 }
    }

    /// Nothing more can be sent in this run. The failure was one row's and is told of all.
    pub(super) fn refuse(&mut self, failure: P::Failure) {
        self.state = State::Refused(failure.without_words());
    }

    pub(super) fn refusal(&self) -> Option<&P::Failure> {
        match &self.state {
            State::Refused(failure) => Some(failure),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fault, Toy};

    type Session = super::Session<Toy>;

    fn login(token: &'static str) -> Result<Login<&'static str>, Fault> {
        Ok(Login { token, lifetime: None, fresh: true })
    }

    #[test]
    fn one_login_at_a_time() {
        let mut session = Session::with_login(Renewal::LogIn);
        assert!(matches!(session.token(0), Ready::LogIn { after_dead_token: false }));
        assert!(matches!(session.token(0), Ready::Wait));
        session.logged_in(login("a"));
        assert!(matches!(session.token(0), Ready::Token { generation: 1, .. }));
    }

    #[test]
    fn a_fresh_token_that_is_refused_ends_the_run() {
        let mut session = Session::with_login(Renewal::LogIn);
        session.token(0);
        session.logged_in(login("a"));
        session.token(0);
        assert!(!session.dead(1, 10));
        assert_eq!(session.refusal(), Some(&Fault::unauthorized()));
    }

    #[test]
    fn a_fresh_token_in_doubt_is_not_good_for_another_call_until_it_is_accepted() {
        let mut session = Session::with_login(Renewal::LogIn);
        session.token(0);
        session.logged_in(login("a"));
        session.token(0);
        session.doubt(0);
        assert!(session.may_be_good(1, false), "another token was in doubt");
        session.doubt(1);
        assert!(!session.may_be_good(1, false));
        assert!(!session.dead(1, 10), "it brings no log-in");
        let mut session = Session::with_login(Renewal::LogIn);
        session.token(0);
        session.logged_in(login("a"));
        session.token(0);
        session.doubt(1);
        session.proven(1);
        assert!(session.dead(1, 10));
        let mut session = Session::with_login(Renewal::LogIn);
        session.token(0);
        session.logged_in(Ok(Login { token: "a", lifetime: Some(SHORTEST_LIFE), fresh: true }));
        session.token(0);
        session.doubt(1);
        assert!(matches!(session.token(SHORTEST_LIFE), Ready::Refused(_)), "nor does its end");
    }

    #[test]
    fn an_older_login_may_be_renewed_at_its_first_refusal() {
        let mut session = Session::with_login(Renewal::LogIn);
        session.token(0);
        session.logged_in(Ok(Login { token: "a", lifetime: None, fresh: false }));
        session.token(0);
        assert!(session.dead(1, 10));
    }

    #[test]
    fn an_old_token_and_then_one_that_worked_are_renewed_but_no_third_before_five_minutes() {
        let mut session = Session::with_token("old", Renewal::LogIn);
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
        let mut session = Session::with_login(Renewal::LogIn);
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
        let mut session = Session::with_token("only", Renewal::Never);
        session.token(0);
        assert!(!session.dead(0, 10));
        assert!(matches!(session.token(10), Ready::Refused(failure) if failure.is_unauthorized()));
    }

    fn shared() -> Session {
        let mut session = Session::with_token("old", Renewal::Shared);
        session.token(0);
        assert!(session.dead(0, 0));
        session
    }

    #[test]
    fn a_token_that_others_have_renewed_is_adopted_in_place_of_a_log_in() {
        let mut session = shared();
        assert!(matches!(session.token(0), Ready::Look));
        assert!(matches!(session.token(0), Ready::Wait));
        session.looked(Some("theirs"), 5, 100);
        assert!(matches!(session.token(5), Ready::Token { token, .. } if token == "theirs"));
        assert_eq!(session.renewals, 0);
    }

    #[test]
    fn others_are_given_time_to_renew_a_token_before_a_log_in() {
        let mut session = shared();
        for look in 0..u64::from(LOOKS) {
            assert!(matches!(session.token(look * 100), Ready::Look));
            session.looked(Some("old"), look * 100, 100);
            assert!(look + 1 == u64::from(LOOKS) || matches!(session.token(look * 100 + 99), Ready::Wait));
        }
        assert!(matches!(session.token(300), Ready::LogIn { after_dead_token: true }));
    }

    #[test]
    fn after_three_adoptions_in_vain_comes_a_log_in_and_a_success_counts_anew() {
        let mut session = shared();
        for (token, generation) in ["theirs 1", "theirs 2", "theirs 3"].into_iter().zip(1..=LOOKS) {
            assert!(matches!(session.token(0), Ready::Look));
            session.looked(Some(token), 0, 100);
            session.token(0);
            assert!(session.dead(generation, 0));
        }
        assert!(matches!(session.token(0), Ready::LogIn { .. }));
        session.logged_in(Ok(Login { token: "ours", lifetime: None, fresh: false }));
        session.token(0);
        session.proven(LOOKS + 1);
        assert!(session.dead(LOOKS + 1, 0));
        assert!(matches!(session.token(0), Ready::Look));
    }

    #[test]
    fn a_server_that_takes_no_token_at_all_ends_the_run_after_a_few_log_ins() {
        let mut session = shared();
        let (mut now, mut log_ins) = (0, 0);
        for generation in 1.. {
            loop {
                now += 1000;
                match session.token(now) {
                    Ready::Look => session.looked(None, now, 100),
                    Ready::LogIn { .. } => {
                        log_ins += 1;
                        session.logged_in(Ok(Login { token: "ours", lifetime: None, fresh: false }));
                    }
                    _ => break,
                }
            }
            if !session.dead(generation, now) {
                break;
            }
        }
        assert_eq!(log_ins, 3);
        assert_eq!(session.refusal(), Some(&Fault::unauthorized()));
    }

    #[test]
    fn without_a_stored_token_what_others_have_made_meanwhile_is_taken() {
        let mut session = Session::with_login(Renewal::Shared);
        assert!(matches!(session.token(0), Ready::Look));
        session.looked(None, 0, 100);
        assert!(matches!(session.token(0), Ready::LogIn { after_dead_token: false }), "and nobody waits for the first");
        let mut later = Session::with_login(Renewal::Shared);
        later.token(0);
        later.looked(Some("theirs"), 0, 100);
        assert!(matches!(later.token(0), Ready::Token { .. }));
    }

    #[test]
    fn an_expired_token_is_renewed_before_it_is_used() {
        let mut session = Session::with_login(Renewal::LogIn);
        session.token(0);
        session.logged_in(Ok(Login { token: "a", lifetime: Some(40_000), fresh: true }));
        assert!(matches!(session.token(100), Ready::Token { .. }));
        assert!(matches!(session.token(40_100), Ready::LogIn { .. }));
    }

    #[test]
    fn a_new_token_that_claims_to_be_dead_is_used_all_the_same() {
        let mut session = Session::with_login(Renewal::LogIn);
        session.token(0);
        session.logged_in(Ok(Login { token: "a", lifetime: Some(0), fresh: true }));
        assert!(matches!(session.token(100), Ready::Token { .. }));
        assert!(matches!(session.token(90_000), Ready::Token { .. }));
    }

    #[test]
    fn what_one_row_was_told_is_not_told_of_all() {
        let mut session = Session::with_login(Renewal::Never);
        session.refuse(Fault::Worded("a row's secret"));
        assert_eq!(session.refusal(), Some(&Fault::Worded("")));
    }
}
