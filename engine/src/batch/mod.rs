//! A run of calls under way: what the host asks and tells, and what ends the run.

mod sending;
mod settling;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use crate::brake::Brake;
use crate::job::FailureOf;
use crate::{
    Action, Adaptive, Before, Call, Effect, Ended, Failure, Job, Login, Millis, NoAnswer, Outcome, Pace, Protocol,
    RowSet, Session, Settings, Stage, Stop, Tally, Ticket, Work, retry,
};

type TokenOf<J> = <<J as Job>::Protocol as Protocol>::Token;
type AnswerOf<J> = Result<<<J as Job>::Protocol as Protocol>::Answer, <<J as Job>::Protocol as Protocol>::Silence>;

/// A run under way, at a pace that it finds by itself unless it is given another.
pub struct Batch<J: Job, P: Pace = Adaptive> {
    pub(crate) job: J,
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
