//! The engine: a job's calls go out as pace, token and retries allow, and the answers come back to the job.
//!
//! Sans-IO: the host asks [`Batch::poll`] what to do and reports what happened; time is an argument, in
//! milliseconds of a clock that never goes back. A wake-up is only a reason to poll again, so one that comes early
//! or twice does no harm.
//!
//! It knows neither the server nor the host nor what people read: a [`Protocol`] says what answers mean, and a
//! [`Job`] which calls there are.

mod brake;
mod delivery;
mod job;
mod pace;
mod protocol;
mod retry;
mod row_set;
mod session;
mod tally;
#[cfg(test)]
mod testing;
#[cfg(any(test, feature = "trial"))]
pub mod trial;

use std::collections::VecDeque;
use std::rc::Rc;

use brake::Brake;
pub use delivery::{Delivery, Effect};
use job::FailureOf;
pub use job::{Before, Call, CallId, Ended, Job, Next, Note, Outcome, Stage, Stop, Work};
pub use pace::{Adaptive, Finished, Pace};
pub use protocol::{Failure, NoAnswer, Protocol, Sign, Verdict};
pub use row_set::RowSet;
use session::Ready;
pub use session::{Login, Renewal, SHORTEST_LIFE, Session};
pub use tally::Tally;

/// Milliseconds.
pub type Millis = u64;

/// What the host is to do.
#[derive(Debug)]
pub enum Action<P: Protocol> {
    Send {
        ticket: Ticket,
        request: Rc<P::Request>,
        token: P::Token,
    },
    /// The answer to this request is no longer wanted.
    Abort {
        ticket: Ticket,
    },
    /// Get a token; a token that was in use before is dead.
    LogIn {
        after_dead_token: bool,
    },
    /// Read the host's own token again: others may have renewed it.
    Look,
    /// Keep this beyond the run.
    Note(Note),
    /// Take the outcomes before there are too many of them.
    TakeOutcomes,
    /// Nothing until an answer comes or this time has passed.
    Wait {
        until: Option<Millis>,
    },
    Done,
}

/// Names a request under way.
pub type Ticket = u64;

#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The most requests that may be under way at once; how many of them pay is found out.
    pub concurrency: usize,
    /// How many requests may be started per second; 0 means no limit.
    pub per_second: f64,
    /// How long each request may take.
    pub timeout: Millis,
    /// How long the whole run may take.
    pub deadline: Option<Millis>,
    pub stop_on_error: bool,
    /// Seed of the jitter.
    pub seed: u64,
}

/// As many requests as nginx takes by default from one client over HTTP/2 (`http2_max_concurrent_streams`).
const CEILING: usize = 128;

impl Default for Settings {
    fn default() -> Self {
        Self { concurrency: CEILING, per_second: 0.0, timeout: 120_000, deadline: None, stop_on_error: false, seed: 0 }
    }
}

type TokenOf<J> = <<J as Job>::Protocol as Protocol>::Token;
type AnswerOf<J> = Result<<<J as Job>::Protocol as Protocol>::Answer, <<J as Job>::Protocol as Protocol>::Silence>;

/// A run under way, at a pace that it finds by itself unless it is given another.
pub struct Batch<J: Job, P: Pace = Adaptive> {
    job: J,
    settings: Settings,
    session: Session<J::Protocol>,
    protocol: J::Protocol,
    pace: P,
    /// What the server asked for: nothing starts before.
    paused_until: Millis,
    backoff: retry::Backoff,
    in_flight: Vec<Flight<J::Protocol>>,
    /// Calls to be sent again, once their time has come.
    parked: Vec<Parked<J::Protocol>>,
    /// A change that waits for the brake.
    held: Option<Attempt<J::Protocol>>,
    /// A call whose token, although it is refused, may be good: what others come to shows whose fault it is.
    doubted: Option<Doubted<J::Protocol>>,
    aborts: VecDeque<Ticket>,
    next_ticket: Ticket,
    /// The first request of those that were sent one after the other, with nothing heard between.
    burst: Ticket,
    last_success: Option<Millis>,
    last_failure: Option<FailureOf<J>>,
    brake: Brake,
    /// When the time for the run is over, once it has begun.
    ends: Option<Millis>,
    stopped: Option<Stop<FailureOf<J>>>,
    tally: Tally,
    /// Whether the host's memory is being told something.
    is_noting: bool,
    outcomes: Vec<J::Outcome>,
    /// Rows that were done, and those of which nobody knows.
    done: RowSet,
    unknown: RowSet,
}

#[derive(Debug)]
struct Flight<P: Protocol> {
    ticket: Ticket,
    generation: u32,
    sent: Millis,
    deadline: Millis,
    /// How many requests were under way when it was sent, itself among them.
    at_once: usize,
    /// The same once all that left in the same breath were sent.
    together: usize,
    /// Whether it may have left the host.
    is_ready: bool,
    attempt: Attempt<P>,
}

#[derive(Debug)]
struct Parked<P: Protocol> {
    until: Millis,
    attempt: Attempt<P>,
}

#[derive(Debug)]
struct Doubted<P: Protocol> {
    since: Millis,
    generation: u32,
    attempt: Attempt<P>,
}

/// A call and what it has been through.
#[derive(Debug)]
struct Attempt<P: Protocol> {
    call: Call<P>,
    first_sent: Millis,
    tries: u32,
    tokens_refused: u32,
    /// Why an earlier try may have changed something although it got no proper answer.
    lost: Option<P::Failure>,
}

impl<P: Protocol> Attempt<P> {
    fn changes(&self) -> bool {
        self.call.effect != Effect::Reads
    }
}

impl<J: Job> Batch<J> {
    pub fn new(job: J, settings: Settings, session: Session<J::Protocol>, protocol: J::Protocol) -> Self {
        let pace = Adaptive::new(settings.concurrency, settings.per_second);
        Self::with_pace(job, settings, session, protocol, pace)
    }
}

impl<J: Job, P: Pace> Batch<J, P> {
    /// The settings' own limits of the pace do not count here.
    pub(crate) fn with_pace(
        job: J,
        settings: Settings,
        session: Session<J::Protocol>,
        protocol: J::Protocol,
        pace: P,
    ) -> Self {
        Self {
            job,
            settings,
            session,
            protocol,
            pace,
            paused_until: 0,
            backoff: retry::Backoff::new(settings.seed),
            in_flight: Vec::new(),
            parked: Vec::new(),
            held: None,
            doubted: None,
            aborts: VecDeque::new(),
            next_ticket: 0,
            burst: 0,
            last_success: None,
            last_failure: None,
            brake: Brake::default(),
            ends: None,
            stopped: None,
            tally: Tally::default(),
            is_noting: false,
            outcomes: Vec::new(),
            done: RowSet::default(),
            unknown: RowSet::default(),
        }
    }

    /// What to do now. To be asked again after each action but `Wait` and `Done`.
    pub fn poll(&mut self, now: Millis, rows: &mut J::Rows) -> Action<J::Protocol> {
        self.check_deadline(now);
        self.check_drought(now);
        self.expire(now);
        self.collect();
        if let Some(ticket) = self.aborts.pop_front() {
            return Action::Abort { ticket };
        }
        if let Some(failure) = self.session.refusal() {
            let failure = failure.clone();
            self.stop(&Stop::Failure(failure));
        }
        let action = self.advance(now, rows);
        self.collect();
        if !matches!(action, Action::Wait { .. }) {
            return action;
        }
        self.end_burst();
        if self.note_due().is_some_and(|due| due <= now) {
            self.is_noting = true;
            return Action::Note(self.job.note(now));
        }
        action
    }

    /// An answer came, or none will.
    pub fn answered(&mut self, ticket: Ticket, answer: AnswerOf<J>, now: Millis) {
        let Some(index) = self.in_flight.iter().position(|flight| flight.ticket == ticket) else {
            return; // Given up before: its outcome is told already.
        };
        let flight = self.in_flight.swap_remove(index);
        self.settle(flight, answer, now);
    }

    /// The host has to make a request ready before it can send it, as where a file belongs to it.
    pub fn preparing(&mut self, ticket: Ticket) {
        if let Some(flight) = self.flight(ticket) {
            flight.is_ready = false;
        }
    }

    /// It is ready, and about to leave. Whether it is still wanted.
    pub fn prepared(&mut self, ticket: Ticket) -> bool {
        self.flight(ticket).map(|flight| flight.is_ready = true).is_some()
    }

    fn flight(&mut self, ticket: Ticket) -> Option<&mut Flight<J::Protocol>> {
        self.in_flight.iter_mut().find(|flight| flight.ticket == ticket)
    }

    /// The log-in that was asked for has ended.
    pub fn logged_in(&mut self, login: Result<Login<TokenOf<J>>, FailureOf<J>>) {
        self.session.logged_in(login.map_err(|failure| self.protocol.redact(failure)));
    }

    /// The host's own token was read again: nothing, where there is none.
    pub fn looked(&mut self, stored: Option<TokenOf<J>>, now: Millis) {
        let pause = self.backoff.look();
        self.session.looked(stored, now, pause);
    }

    /// The note is kept. For each text to remember, whether it was there before; or why that is not known.
    pub fn noted(&mut self, known: Result<Vec<Before>, FailureOf<J>>, now: Millis) {
        self.is_noting = false;
        if let Err(failure) = self.job.noted(known.map_err(|failure| self.protocol.redact(failure)), now) {
            self.stop(&Stop::Failure(failure));
        }
    }

    fn note_due(&self) -> Option<Millis> {
        if self.is_noting { None } else { self.job.note_due() }
    }

    /// Whether nothing is to come any more.
    fn is_idle(&self) -> bool {
        self.in_flight.is_empty() && self.parked.is_empty() && !self.is_noting && self.job.note_due().is_none()
    }

    /// Ends the run: requests under way are given up.
    pub fn cancel(&mut self) {
        self.stop(&Stop::Cancelled);
        for flight in std::mem::take(&mut self.in_flight) {
            self.aborts.push_back(flight.ticket);
            let cancelled = if flight.is_ready {
                self.protocol.judge(&flight.attempt.call, Err(NoAnswer::Cancelled.into())).end
            } else {
                Ended::unsent(Failure::stopped())
            };
            self.brake.landed(flight.attempt.changes());
            self.end(flight.attempt, cancelled);
        }
    }

    /// Whether somebody waits for the end, who canceled the run or set a time for it: not even a reading is sent any more.
    pub fn is_to_end(&self) -> bool {
        self.stopped.as_ref().is_some_and(Stop::is_silent)
    }

    /// Outcomes reached since the last time.
    pub fn take_outcomes(&mut self) -> Vec<J::Outcome> {
        std::mem::take(&mut self.outcomes)
    }

    /// What the person should know about the run as a whole.
    pub fn hints(&self) -> Vec<String> {
        self.job.hints()
    }

    /// Which rows were done before the run stopped at one that failed, or was canceled: they must not be
    /// run again, and a host may have no use for what a stopped run gives.
    pub fn done_before_the_stop(&self) -> Option<&RowSet> {
        let tells = match &self.stopped {
            Some(Stop::Cancelled) => true,
            Some(_) => self.settings.stop_on_error,
            None => false,
        };
        // Of rows that are looked at only, none is done.
        (tells && self.tally.checked == 0).then_some(&self.done)
    }

    /// Rows that were sent, and of which nobody knows what became of them.
    pub fn unknown(&self) -> &RowSet {
        &self.unknown
    }

    /// How far the run has come.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    fn advance(&mut self, now: Millis, rows: &mut J::Rows) -> Action<J::Protocol> {
        loop {
            if !self.has_room() {
                return self.wait(None);
            }
            let start = self.paused_until.max(self.pace.next_start());
            let paused = (start > now).then_some(start);
            let due = self.parked.iter().position(|parked| parked.until <= now && self.may_go(&parked.attempt));
            let is_held = self.held.as_ref().is_some_and(|held| !self.may_go(held));
            let attempt = match due {
                Some(due) => self.parked.swap_remove(due).attempt,
                // One call in hand is enough while nothing may be sent.
                None if is_held || (paused.is_some() && !self.parked.is_empty()) => return self.wait(paused),
                None => match self.held.take() {
                    Some(held) => held,
                    None => match self.job.next(rows) {
                        Next::Call(call) => Attempt { call, first_sent: now, tries: 0, tokens_refused: 0, lost: None },
                        Next::Outcomes => return Action::TakeOutcomes,
                        // Nothing else is to come that could tell.
                        Next::Wait | Next::Done
                            if self.doubted.is_some()
                                && self.in_flight.is_empty()
                                && self.parked.is_empty()
                                && !self.is_noting
                                && self.job.note_due().is_none() =>
                        {
                            self.settle_doubt(now);
                            continue;
                        }
                        Next::Done if self.is_idle() => return Action::Done,
                        Next::Wait | Next::Done => return self.wait(None),
                    },
                },
            };
            if let Some(until) = paused {
                self.parked.push(Parked { until, attempt });
                return self.wait(None);
            }
            if !self.may_go(&attempt) {
                self.held = Some(attempt);
                return self.wait(None);
            }
            match self.session.token(now) {
                Ready::Token { token, generation } => return self.send(attempt, token, generation, now),
                Ready::LogIn { after_dead_token } => {
                    self.parked.push(Parked { until: now, attempt });
                    return Action::LogIn { after_dead_token };
                }
                Ready::Look => {
                    self.parked.push(Parked { until: now, attempt });
                    return Action::Look;
                }
                Ready::Wait => {
                    self.parked.push(Parked { until: now, attempt });
                    return self.wait(None);
                }
                Ready::Refused(failure) => self.end(attempt, Ended::unsent(Failure::not_sent(failure))),
            }
        }
    }

    fn send(
        &mut self,
        mut attempt: Attempt<J::Protocol>,
        token: TokenOf<J>,
        generation: u32,
        now: Millis,
    ) -> Action<J::Protocol> {
        self.tally.sent += 1;
        self.tally.retried += usize::from(attempt.tries > 0);
        attempt.tries += 1;
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let request = Rc::clone(&attempt.call.request);
        let at_once = self.in_flight.len() + 1;
        self.pace.started(now, at_once);
        self.brake.started(attempt.changes(), now);
        let deadline = now.saturating_add(self.settings.timeout).min(self.ends.unwrap_or(Millis::MAX));
        self.protocol.hide(&token);
        self.in_flight.push(Flight {
            ticket,
            generation,
            sent: now,
            deadline,
            at_once,
            together: at_once,
            is_ready: true,
            attempt,
        });
        Action::Send { ticket, request, token }
    }

    /// Answers that came together let as many go together: all of them share the server, the first of them too.
    fn end_burst(&mut self) {
        if self.burst < self.next_ticket {
            let together = self.in_flight.len();
            for flight in self.in_flight.iter_mut().filter(|flight| flight.ticket >= self.burst) {
                flight.together = together;
            }
            self.burst = self.next_ticket;
        }
    }

    /// Waits for answers, and at most until the next thing that only time brings.
    fn wait(&self, until: Option<Millis>) -> Action<J::Protocol> {
        let deadlines = self.in_flight.iter().map(|flight| flight.deadline);
        // A full pipe, a log-in or a look holds parked calls back longer than their time.
        let is_held = !self.has_room() || self.session.is_under_way();
        // The host's own token is looked at for a call that could go by then.
        let start = self.paused_until.max(self.pace.next_start()).max(self.session.looks_at().unwrap_or(0));
        let parked = self.parked.iter().filter(|parked| !is_held && self.may_go(&parked.attempt));
        let retries = parked.map(|parked| parked.until.max(start));
        let end = self.ends.filter(|_| !self.is_to_end());
        let note = self.note_due();
        Action::Wait { until: deadlines.chain(retries).chain(note).chain(until).chain(end).min() }
    }

    /// Ends the run when its time is over. Rows whose answer could not come in time are not even sent.
    fn check_deadline(&mut self, now: Millis) {
        if self.ends.is_none() {
            self.ends = self.settings.deadline.map(|deadline| now.saturating_add(deadline));
        }
        if self.ends.is_some_and(|ends| now.saturating_add(self.pace.latency()) >= ends) {
            self.stop(&Stop::Deadline);
        }
    }

    fn expire(&mut self, now: Millis) {
        while let Some(index) = self.in_flight.iter().position(|flight| flight.deadline <= now) {
            let flight = self.in_flight.swap_remove(index);
            self.aborts.push_back(flight.ticket);
            let why = if flight.is_ready { NoAnswer::Timeout } else { NoAnswer::Unready };
            self.settle(flight, Err(why.into()), now);
        }
    }

    /// Ends a run that has long stopped getting anywhere.
    fn check_drought(&mut self, now: Millis) {
        if self.brake.is_dry(now)
            && let Some(failure) = self.last_failure.take()
        {
            self.session.refuse(failure);
        }
    }

    /// What an answer means: the call ends with it, or is sent again.
    fn settle(&mut self, flight: Flight<J::Protocol>, answer: AnswerOf<J>, now: Millis) {
        let Flight { generation, sent, at_once, together, mut attempt, .. } = flight;
        let Verdict { end, sign, retry_after } = self.protocol.judge(&attempt.call, answer);
        if let Some(sign) = sign {
            self.tally.throttled += usize::from(sign == Sign::Refused);
            self.pace.finished(Finished { sign, sent, at_once, together }, now);
        }
        self.brake.landed(attempt.changes());
        let failure = match &end.answer {
            Err(failure) if failure.is_unauthorized() && end.delivery != Delivery::Unknown => {
                return self.settle_unauthorized(attempt, generation, now);
            }
            Err(failure) if !failure.proves_the_token() || end.delivery == Delivery::Unknown => failure.clone(),
            Ok(_) | Err(_) => {
                self.session.proven(generation);
                self.last_success = Some(now);
                self.last_failure = None;
                self.clear_doubt(generation, sent, now);
                self.brake.answered(attempt.changes(), end.answer.is_ok(), now);
                return self.end(attempt, end);
            }
        };
        self.last_failure = Some(failure.clone());
        let is_undone = matches!(end.delivery, Delivery::NotSent | Delivery::Refused);
        let repeatable = self.may_repeat(&attempt.call, is_undone);
        let until = now + self.backoff.delay(attempt.tries, retry_after);
        // All calls wait, also where this one is not sent again.
        if failure.is_throttled() || retry_after.is_some() {
            self.pause_until(until);
        }
        // As long as others get through, its turn will come.
        if failure.is_throttled() && self.last_success.is_some_and(|last| last >= sent) {
            attempt.tries = (attempt.tries - 1).max(1);
        }
        if failure.is_passing() && repeatable && attempt.tries < retry::MAX_TRIES {
            if end.delivery == Delivery::Unknown {
                attempt.lost = Some(failure);
            }
            return self.parked.push(Parked { until, attempt });
        }
        // A row that cannot be sent again is lost to the trouble: the others wait for it to pass.
        if end.delivery == Delivery::Unknown
            && let Some(losses) = self.brake.lost(sent)
        {
            let until = now + self.backoff.delay(losses, retry_after);
            self.brake.know_until(until);
            self.pause_until(until);
        }
        let is_first = attempt.changes() && !self.brake.has_succeeded() && failure.is_likely_for_all();
        let is_for_all = failure.is_final_for_all() && self.last_success.is_none_or(|last| last < attempt.first_sent);
        if self.brake.is_full() || is_first || is_for_all {
            self.session.refuse(failure);
        }
        self.end(attempt, end);
    }

    /// Tells the job what became of a call. A try that may have changed something is not forgotten over a later one that
    /// did not.
    fn end(&mut self, attempt: Attempt<J::Protocol>, end: Ended<J::Protocol>) {
        let end = match attempt.lost {
            Some(lost) if end.delivery != Delivery::Done => Ended { delivery: Delivery::Unknown, answer: Err(lost) },
            _ => end,
        };
        self.job.ended(attempt.call.id, end);
    }

    /// The token was refused: the call was not carried out, so it may be sent once more with a newer token.
    fn settle_unauthorized(&mut self, mut attempt: Attempt<J::Protocol>, generation: u32, now: Millis) {
        attempt.tokens_refused += 1;
        if self.doubted.is_none() && self.session.may_be_good(generation, attempt.tokens_refused > 1) {
            self.session.doubt(generation);
            self.doubted = Some(Doubted { since: now, generation, attempt });
            return;
        }
        self.token_is_dead(attempt, generation, now);
        self.settle_doubt(now);
    }

    fn token_is_dead(&mut self, attempt: Attempt<J::Protocol>, generation: u32, now: Millis) {
        let may_send = self.may_repeat(&attempt.call, true);
        let another_token = self.session.dead(generation, now);
        if another_token && attempt.tokens_refused < self.session.most_refusals() && may_send {
            self.parked.push(Parked { until: now, attempt });
        } else {
            self.end(attempt, Ended { delivery: Delivery::Refused, answer: Err(Failure::unauthorized()) });
        }
    }

    /// The call in doubt was refused because of its token.
    fn settle_doubt(&mut self, now: Millis) {
        if let Some(Doubted { generation, attempt, .. }) = self.doubted.take() {
            self.token_is_dead(attempt, generation, now);
        }
    }

    /// A call that was sent at this time was let in. If that was after the one in doubt was refused, with the same token, then
    /// it is that call alone which is refused.
    fn clear_doubt(&mut self, generation: u32, sent: Millis, now: Millis) {
        let Some(doubted) = self.doubted.take_if(|doubted| doubted.since <= sent) else { return };
        if doubted.generation == generation {
            let answer = Err(Failure::unauthorized_alone());
            self.end(doubted.attempt, Ended { delivery: Delivery::Refused, answer });
        } else {
            self.parked.push(Parked { until: now, attempt: doubted.attempt });
        }
    }

    /// Whether one more request may be under way.
    fn has_room(&self) -> bool {
        self.in_flight.len() < self.pace.limit()
    }

    /// Nothing starts before this time.
    fn pause_until(&mut self, until: Millis) {
        self.paused_until = self.paused_until.max(until);
    }

    /// Whether the brake lets this call go.
    fn may_go(&self, attempt: &Attempt<J::Protocol>) -> bool {
        !attempt.changes() || self.brake.has_room()
    }

    /// Whether a call may be sent again. After a stop only what changes nothing may.
    fn may_repeat(&self, call: &Call<J::Protocol>, is_undone: bool) -> bool {
        match &self.stopped {
            None => call.effect != Effect::Once || is_undone,
            Some(why) => call.effect != Effect::Once && !why.is_silent(),
        }
    }

    fn stop(&mut self, why: &Stop<FailureOf<J>>) {
        // After a row that failed, readings still go on: these can be stopped as well.
        if self.is_to_end() || (self.stopped.is_some() && !why.is_silent()) {
            return;
        }
        self.stopped = Some(why.clone());
        let parked = std::mem::take(&mut self.parked).into_iter().map(|parked| parked.attempt);
        let doubted = self.doubted.take().map(|doubted| doubted.attempt);
        for attempt in parked.chain(self.held.take()).chain(doubted).collect::<Vec<_>>() {
            self.end(attempt, Ended::unsent(why.failure()));
        }
        self.job.stop(why);
    }

    fn collect(&mut self) {
        let fresh = self.job.take_outcomes();
        if fresh.is_empty() {
            return;
        }
        for outcome in fresh.iter().filter(|outcome| matches!(outcome.stage(), Stage::Only | Stage::First)) {
            if outcome.is_unknown() {
                self.unknown.insert(outcome.row());
            }
            if outcome.failed() {
                self.tally.failed += 1;
            } else {
                let count = match outcome.work() {
                    Work::Done => &mut self.tally.succeeded,
                    Work::Skipped => &mut self.tally.skipped,
                    Work::Checked => &mut self.tally.checked,
                };
                *count += 1;
                self.done.insert(outcome.row());
            }
        }
        if self.settings.stop_on_error
            && let Some(failed) = fresh.iter().find(|outcome| outcome.failed())
        {
            self.stop(&Stop::RowFailed(failed.row()));
        }
        self.outcomes.extend(fresh);
    }
}

#[cfg(test)]
mod tests;
