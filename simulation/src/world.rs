//! One run: a batch, a PBX, and a host between them that delays, reorders and spoils.

use std::collections::HashSet;
use std::rc::Rc;

use call_engine::{Batch, Before, Millis, Note, Renewal, Settings, Stage, Ticket};
use threecx_core::AnyJob;
use threecx_core::secret::Secret;
use threecx_core::xapi::error::{Failure, MemoryFault};
use threecx_core::xapi::protocol::{Action, Login, Session, Xapi};
use threecx_core::xapi::request::HttpRequest;
use threecx_core::xapi::response::HttpResponse;
use threecx_core::xapi::transport::TransportError;

use crate::broken::{Broken, Held, must};
use crate::fault::{Answer, Clear, Fault, Weather, clear};
use crate::pbx::{json_of, plain};
use crate::random::Random;
use crate::tally::Tally;
use crate::verdict::{Verdicts, keeps_secrets};
use crate::watch::Watch;
use crate::work::{Call, Kind, Work};

const START: Millis = 1000;
/// No process takes longer between reading what is remembered and writing it, in milliseconds: as long as the run waits.
const LONGEST_WRITE: Millis = 50;
/// More than any run needs.
const MOST_STEPS: u32 = 50_000;

pub(crate) struct World {
    random: Random,
    work: Work,
    batch: Batch<AnyJob>,
    settings: Settings,
    weather: Weather,
    habits: Habits,
    watch: Watch,
    verdicts: Verdicts,
    now: Millis,
    /// How far the clock has jumped in all.
    jumped: Millis,
    flights: Vec<Flight>,
    log_in: Option<LogIn>,
    /// When what is stored with the host arrives, if it is being read.
    look: Option<Millis>,
    /// The token that is stored with the host, where others renew it too.
    stored: Option<String>,
    /// What the host remembers, and when it will have kept what it is being told.
    memory: HashSet<String>,
    noting: Option<(Millis, Note)>,
    /// What another process has read of it, and when it will write that back over it.
    stale: Option<(Millis, HashSet<String>)>,
    tally: Tally,
    /// Whether events are printed.
    is_told: bool,
}

/// How the host and its clock behave.
struct Habits {
    /// In a hundred log-ins.
    log_ins_fail: u64,
    /// How long a token lives, as log-ins tell.
    lifetime: Option<Millis>,
    /// Whether other executions renew the token too.
    renewal: Renewal,
    /// Whether the first log-in gives a token from before this run.
    shared_token: bool,
    /// In a hundred waits.
    clock_jumps: u64,
    cancel_at: Option<Millis>,
    /// In a hundred notes.
    notes_fail: u64,
    /// In a hundred notes, another process writes over what is remembered.
    notes_lost: u64,
    /// When the host breaks down and does the run again.
    breaks_at: Option<Millis>,
}

struct Flight {
    ticket: Ticket,
    request: Rc<HttpRequest>,
    call: Call,
    token: String,
    fault: Option<Fault>,
    sent: Millis,
    deadline: Millis,
    /// When the PBX gets it.
    acts: Option<Millis>,
    /// When the engine gets the answer.
    arrives: Option<Millis>,
    answer: Option<Answer>,
    /// The engine no longer waits for it.
    given_up: bool,
    /// The host was told so.
    aborted: bool,
}

struct LogIn {
    arrives: Millis,
    after_dead_token: bool,
}

impl World {
    pub(crate) fn new(seed: u64, is_told: bool) -> Self {
        let mut random = Random::new(seed);
        let work = Work::random(&mut random);
        let skips = matches!(work.kind, Kind::Replace { skip_done: true, .. });
        let settings = Settings {
            concurrency: 1 + random.below(12) as usize,
            per_second: random.pick(&[0.0, 0.0, 0.0, 50.0, 7.5]),
            timeout: 1000 + random.below(20_000),
            deadline: random.percent(20).then(|| 1 + random.below(10_000)),
            stop_on_error: random.percent(30),
            seed,
        };
        let live = || Secret::new(work.pbx.live_token.clone());
        let stored = random.percent(50).then(|| work.pbx.live_token.clone());
        let renewal = random.pick(&[Renewal::LogIn, Renewal::LogIn, Renewal::Shared]);
        let session = match random.below(4) {
            0 => Session::with_login(renewal),
            1 => Session::with_token(Secret::new("CANARY-TOKEN-OLD".into()), renewal),
            2 => Session::with_token(live(), Renewal::Never),
            _ => Session::with_token(live(), renewal),
        };
        let habits = Habits {
            log_ins_fail: random.pick(&[0, 0, 0, 50]),
            lifetime: random.pick(&[None, None, None, Some(0), Some(400), Some(30_000), Some(600_000)]),
            renewal,
            shared_token: random.percent(20),
            clock_jumps: random.pick(&[0, 0, 0, 3]),
            cancel_at: random.percent(20).then(|| START + if random.percent(15) { 0 } else { random.below(3000) }),
            notes_fail: if skips { random.pick(&[0, 0, 0, 20]) } else { 0 },
            notes_lost: if skips { random.pick(&[0, 0, 30]) } else { 0 },
            breaks_at: skips.then(|| START + random.below(3000)),
        };
        Self {
            batch: Batch::new(work.job(seed), settings, session, Xapi::default()),
            settings,
            weather: Weather::random(&mut random, START),
            watch: Watch::new(work.kind, settings, START, habits.lifetime, renewal == Renewal::Shared),
            verdicts: Verdicts::new(work.rows.0.len()),
            habits,
            random,
            work,
            now: START,
            jumped: 0,
            flights: Vec::new(),
            log_in: None,
            look: None,
            stored,
            memory: HashSet::new(),
            noting: None,
            stale: None,
            tally: Tally::default(),
            is_told,
        }
    }

    pub(crate) fn run(mut self) -> Result<Tally, Broken> {
        self.tally.count(self.work.kind.name());
        if matches!(self.work.kind, Kind::Replace { clear: false, .. }) {
            self.tally.count("options that are not clear");
        }
        if self.work.pbx.has_spoiled_numbers() {
            self.tally.count("groups without a number of their own");
        }
        self.tell(|world| {
            format!(
                "{:?}, {} rows, {:?}, {:?}",
                world.work.kind,
                world.work.rows.0.len(),
                world.settings,
                world.weather
            )
        });
        for _ in 0..MOST_STEPS {
            if self.habits.breaks_at.is_some_and(|at| at <= self.now) {
                self.begin_again();
            }
            self.cancel_in_time();
            self.give_up_late_ones();
            let action = self.batch.poll(self.now, &mut self.work.rows);
            self.collect()?;
            match action {
                Action::Send { ticket, request, token } => self.send(ticket, request, token.reveal())?,
                Action::Abort { ticket } => self.abort(ticket)?,
                Action::LogIn { after_dead_token } => self.begin_log_in(after_dead_token)?,
                Action::Look => self.begin_look()?,
                Action::Note(note) => self.begin_note(note)?,
                Action::TakeOutcomes => {}
                Action::Wait { until } => self.pass_time(until)?,
                Action::Done if self.habits.breaks_at.is_some() => self.begin_again(),
                Action::Done => return self.end(),
            }
            // Now and then something happens between two actions.
            if self.random.percent(3) {
                self.happen()?;
            }
        }
        Err(Broken { invariant: "a run ends", detail: format!("it does not within {MOST_STEPS} steps") })
    }

    fn send(&mut self, ticket: Ticket, request: Rc<HttpRequest>, token: &str) -> Held {
        let call = self.work.call(&request);
        let fault = self.weather.strike(self.now, &mut self.random);
        self.tell(|_| format!("send {ticket}: {} ({token}) {fault:?}", call.key));
        if self.watch.sending(self.now, &call, token, self.is_calm())? {
            self.tally.count("sent again");
        }
        if let Some(fault) = fault {
            self.tally.count(fault.name());
        }
        let delay = match fault {
            Some(fault) => fault.delay(self.settings.timeout, &mut self.random),
            None => Some(1 + self.random.below(400)),
        };
        let acts = self.now + self.random.below(delay.unwrap_or(400));
        let arrives = delay.map(|delay| self.now + delay);
        self.flights.push(Flight {
            ticket,
            request,
            call,
            token: token.to_owned(),
            fault,
            sent: self.now,
            deadline: self.watch.ends().unwrap_or(Millis::MAX).min(self.now + self.settings.timeout),
            acts: Some(acts),
            arrives,
            answer: None,
            given_up: false,
            aborted: false,
        });
        Ok(())
    }

    /// What was given up may still be carried out, and may still be answered: the engine must not mind.
    fn abort(&mut self, ticket: Ticket) -> Held {
        self.tell(|_| format!("abort {ticket}"));
        let flight = self.flights.iter_mut().find(|flight| flight.ticket == ticket);
        let Some(flight) = flight else { return Ok(()) };
        must(flight.given_up, "only what took too long is given up", || flight.call.key.clone())?;
        flight.aborted = true;
        match self.random.below(4) {
            0 => flight.acts = None,
            1 => flight.arrives = None,
            _ => {}
        }
        Ok(())
    }

    /// The engine is about to find out what took too long.
    fn give_up_late_ones(&mut self) {
        for index in 0..self.flights.len() {
            if self.flights[index].deadline <= self.now {
                self.give_up(index);
            }
        }
    }

    fn give_up(&mut self, index: usize) {
        let flight = &mut self.flights[index];
        if !std::mem::replace(&mut flight.given_up, true) {
            self.watch.given_up(&flight.call);
            if !self.watch.cancelled {
                self.tally.count("given up at its timeout");
            }
        }
    }

    fn cancel_in_time(&mut self) {
        if self.habits.cancel_at.is_some_and(|at| at <= self.now) {
            self.habits.cancel_at = None;
            self.tell(|_| "cancel".to_owned());
            self.tally.count("cancelled");
            self.batch.cancel();
            self.watch.cancelled = true;
            for index in 0..self.flights.len() {
                self.give_up(index);
            }
        }
    }

    fn begin_log_in(&mut self, after_dead_token: bool) -> Held {
        self.tell(|_| "log in".to_owned());
        let is_renewal = self.watch.logging_in(self.now)?;
        self.tally.count(if is_renewal { "log-in renewed" } else { "log-in" });
        let delay = match self.random.below(20) {
            0 => self.random.below(60_000),
            1 | 2 => self.random.below(5000),
            _ => self.random.below(300),
        };
        if delay > 1000 {
            self.tally.count("slow log-in");
        }
        self.log_in = Some(LogIn { arrives: self.now + delay, after_dead_token });
        Ok(())
    }

    fn end_log_in(&mut self, after_dead_token: bool) {
        let login = if self.random.percent(self.habits.log_ins_fail) {
            // Whether it was answered or not, it may have killed the token before.
            if self.random.percent(50) {
                self.work.pbx.new_token();
            }
            Err(self.random_failure())
        } else if self.habits.renewal == Renewal::Shared {
            let token = self.work.pbx.new_token();
            self.stored = Some(token.clone());
            Ok(Login { token: Secret::new(token), lifetime: None, fresh: false })
        } else if self.habits.shared_token && !after_dead_token {
            let token = if self.random.percent(50) {
                self.work.pbx.live_token.clone()
            } else {
                "CANARY-TOKEN-SHARED".to_owned()
            };
            Ok(Login { token: Secret::new(token), lifetime: self.habits.lifetime, fresh: false })
        } else {
            let token = Secret::new(self.work.pbx.new_token());
            Ok(Login { token, lifetime: self.habits.lifetime, fresh: true })
        };
        self.tell(|_| format!("logged in: {:?}", login.as_ref().map(|login| login.token.reveal())));
        match &login {
            Ok(_) => {}
            Err(Failure::LoginRefused { .. }) => self.tally.count("log-in refused"),
            Err(_) => self.tally.count("log-in unanswered"),
        }
        let fresh = login.as_ref().ok().filter(|login| login.fresh).map(|login| login.token.reveal());
        self.watch.logged_in(login.is_ok(), fresh);
        self.batch.logged_in(login);
    }

    fn begin_look(&mut self) -> Held {
        self.tell(|_| "look at what is stored".to_owned());
        self.tally.count("stored token looked at");
        self.watch.looking(self.now)?;
        if self.random.percent(20) {
            self.others_log_in();
        }
        self.look = Some(self.now + self.random.below(20));
        Ok(())
    }

    fn end_look(&mut self) {
        let stored = self.stored.clone();
        self.tell(|_| format!("stored: {stored:?}"));
        if self.watch.looked(self.now, stored.as_deref()) {
            self.tally.count("stored token adopted");
        }
        self.batch.looked(stored.map(Secret::new), self.now);
    }

    fn begin_note(&mut self, note: Note) -> Held {
        self.tell(|_| format!("forget {:?}, remember {:?}", note.forget, note.remember));
        must(self.noting.is_none(), "the memory is told one thing at a time", || format!("{note:?}"))?;
        note.remember.iter().chain(&note.forget).try_for_each(|text| keeps_secrets(text))?;
        if self.stale.is_none() && self.random.percent(self.habits.notes_lost) {
            self.stale = Some((self.now + self.random.below(LONGEST_WRITE), self.memory.clone()));
        }
        self.noting = Some((self.now + self.random.below(LONGEST_WRITE), note));
        Ok(())
    }

    fn end_note(&mut self, note: Note) {
        // What failed may have been kept all the same.
        let fails = self.random.percent(self.habits.notes_fail);
        let is_kept = !fails || self.random.percent(50);
        // What is to be forgotten goes first.
        let was_known = |text: &String| match self.memory.contains(text) && !note.forget.contains(text) {
            true => Before::Yes,
            false => Before::No,
        };
        let known = note.remember.iter().map(was_known).collect();
        if is_kept {
            self.keep(note);
        }
        if fails {
            self.tally.count("memory failed");
            self.watch.memory_failed = true;
        }
        self.batch.noted(
            if fails {
                Err(Failure::Memory(MemoryFault::Failed("the database is locked".to_owned())))
            } else {
                Ok(known)
            },
            self.now,
        );
    }

    fn keep(&mut self, note: Note) {
        self.memory.retain(|text| !note.forget.contains(text));
        self.memory.extend(note.remember);
    }

    /// The host breaks down, unless the run has ended, and does the same rows again. What is under way stays so.
    fn begin_again(&mut self) {
        self.habits.breaks_at = None;
        self.tell(|_| "everything from the start".to_owned());
        self.tally.count("done again");
        for index in 0..self.flights.len() {
            self.give_up(index);
            let flight = &mut self.flights[index];
            (flight.aborted, flight.arrives, flight.ticket) = (true, None, Ticket::MAX);
        }
        if let Some((_, note)) = self.noting.take()
            && self.random.percent(50)
        {
            self.keep(note);
        }
        (self.log_in, self.look, self.jumped) = (None, None, 0);
        let session = if self.random.percent(50) {
            Session::with_login(self.habits.renewal)
        } else {
            Session::with_token(Secret::new(self.work.pbx.live_token.clone()), self.habits.renewal)
        };
        let run = self.settings.seed.wrapping_add(1);
        self.batch = Batch::new(self.work.job(run), self.settings, session, Xapi::default());
        self.watch = self.watch.again(self.now);
        self.verdicts = Verdicts::new(self.work.rows.0.len());
    }

    /// Another execution does, and mostly stores the token.
    fn others_log_in(&mut self) {
        let token = self.work.pbx.new_token();
        if self.random.percent(80) {
            self.stored = Some(token);
        }
    }

    fn random_failure(&mut self) -> Failure {
        let unanswered = |failure| Failure::LoginUnanswered(Box::new(failure));
        match self.random.below(5) {
            0 => Failure::LoginRefused { status: 401 },
            1 => Failure::LoginRefused { status: 403 },
            2 => unanswered(Failure::Transport(TransportError::Timeout)),
            3 => unanswered(Failure::Server { status: 503, problems: Vec::new() }),
            _ => unanswered(Failure::WebPage { status: 200 }),
        }
    }

    fn pass_time(&mut self, until: Option<Millis>) -> Held {
        must(until.is_none_or(|until| until > self.now), "a wait is for a time to come", || {
            format!("at {} ms for {until:?}", self.now - START)
        })?;
        let is_told = self.flights.iter().all(|flight| flight.aborted || !flight.given_up);
        must(is_told, "what is given up is aborted", || "it waits before".to_owned())?;
        let is_over = self.watch.ends().is_some_and(|ends| ends <= self.now);
        // The memory is told what became of the rows all the same.
        must(!is_over || self.noting.is_some(), "a run ends at its deadline", || {
            format!("it waits at {} ms", self.now - START)
        })?;
        let is_free = self.log_in.is_none() && self.look.is_none() && self.noting.is_none();
        if is_free && self.flights.iter().all(|flight| flight.given_up) {
            self.watch.idles(self.now, until)?;
        }
        let times = self.flights.iter().flat_map(|flight| [flight.acts, flight.arrives]).flatten();
        let log_in = self.log_in.as_ref().map(|log_in| log_in.arrives);
        let noting = self.noting.as_ref().map(|(at, _)| *at);
        let next = times
            .chain(log_in)
            .chain(self.look)
            .chain(noting)
            .chain(self.stale.as_ref().map(|(at, _)| *at))
            .chain(self.habits.breaks_at)
            .chain(self.habits.cancel_at)
            .chain(until)
            .min();
        // Only requests that are never answered can be left, and the engine gives those up.
        let next = next.unwrap_or(self.now).max(self.now);
        if self.random.percent(self.habits.clock_jumps) {
            self.tally.count("clock jumped");
            let jump = self.random.below(900_000);
            self.jumped += jump;
            self.now = next + jump;
            if self.random.percent(50) {
                return Ok(()); // The timer comes before the answers.
            }
        } else {
            self.now = match self.random.below(10) {
                // Timers come early, late and twice.
                0 => self.now.max(next.saturating_sub(self.random.below(4))),
                1 => next + self.random.below(30),
                2 => return Ok(()),
                _ => next,
            };
        }
        self.happen()
    }

    /// What is due happens: in order at the PBX, in any order here.
    fn happen(&mut self) -> Held {
        loop {
            let due = |at: Option<Millis>| at.filter(|at| *at <= self.now);
            let acting =
                (0..self.flights.len()).filter_map(|index| Some((due(self.flights[index].acts)?, index))).min();
            let log_in = self.log_in.as_ref().and_then(|log_in| due(Some(log_in.arrives)));
            match (acting, log_in) {
                (Some((at, index)), log_in) if log_in.is_none_or(|log_in| at <= log_in) => self.act(index)?,
                (_, Some(_)) => {
                    if let Some(log_in) = self.log_in.take() {
                        self.end_log_in(log_in.after_dead_token);
                    }
                }
                (_, None) => break,
            }
        }
        if self.look.take_if(|look| *look <= self.now).is_some() {
            self.end_look();
        }
        if let Some((_, memory)) = self.stale.take_if(|(at, _)| *at <= self.now) {
            self.tally.count("memory written over");
            self.memory = memory;
        }
        if let Some((_, note)) = self.noting.take_if(|(at, _)| *at <= self.now) {
            self.end_note(note);
        }
        let is_due = |flight: &Flight| flight.arrives.is_some_and(|arrives| arrives <= self.now);
        let mut due: Vec<_> = (0..self.flights.len()).filter(|index| is_due(&self.flights[*index])).collect();
        while !due.is_empty() {
            let chosen = due.swap_remove(self.random.below(due.len() as u64) as usize);
            self.arrive(chosen);
        }
        self.flights.retain(|flight| flight.acts.is_some() || flight.arrives.is_some() || !flight.given_up);
        Ok(())
    }

    /// The PBX gets a request, or something on the way answers it.
    fn act(&mut self, index: usize) -> Held {
        if self.flights[index].fault == Some(Fault::TokenKilled) {
            self.others_log_in();
        }
        let flight = &mut self.flights[index];
        flight.acts = None;
        let reached = flight.fault.is_none_or(Fault::lets_through);
        let is_known = flight.token == self.work.pbx.live_token;
        let answer = match (reached, is_known) {
            (true, true) => self.work.pbx.answer(&flight.request),
            (true, false) => plain(401),
            (false, _) => HttpResponse::default(),
        };
        let echo = format!("Bearer {} {}", flight.token, json_of(&flight.request));
        flight.answer = Some(match flight.fault {
            Some(fault) => fault.spoil(answer, &echo),
            None => Ok(answer),
        });
        let Call { key, changes, safe_to_repeat, .. } = &flight.call;
        let times = self.work.pbx.times_done(key);
        must(times < 2 || !changes || *safe_to_repeat, "nothing is carried out twice", || {
            format!("{key}: {times} times")
        })
    }

    fn arrive(&mut self, index: usize) {
        let flight = &mut self.flights[index];
        flight.arrives = None;
        let Some(answer) = flight.answer.take() else { return };
        let (ticket, is_awaited) = (flight.ticket, !std::mem::replace(&mut flight.given_up, true));
        flight.aborted = true;
        if is_awaited {
            let clear = if flight.call.changes { clear(&answer, self.work.kind) } else { Clear::Done };
            self.watch.answered(self.now, self.now - flight.sent, &flight.call, &flight.token, &answer, clear);
            if matches!(&answer, Ok(response) if response.status == 401) {
                self.tally.count("answered with 401");
            }
        }
        self.tell(|_| format!("answer {ticket}: {answer:?}{}", if is_awaited { "" } else { ", too late" }));
        self.batch.answered(ticket, answer, self.now);
    }

    fn collect(&mut self) -> Held {
        for outcome in self.batch.take_outcomes() {
            // People cancel what has failed.
            if outcome.failed && !self.watch.failure_told && !self.watch.cancelled && self.random.percent(10) {
                self.habits.cancel_at = Some(self.now + self.random.below(1500));
            }
            self.watch.failure_told |= outcome.failed;
            let kind = self.verdicts.take(&outcome, &self.work, &self.watch, self.is_calm(), self.now)?;
            self.tell(|_| format!("row {} is {kind}: {}", outcome.row, outcome.items.join(" ")));
            if outcome.stage != Stage::Second {
                self.tally.count(kind);
            }
        }
        let told = self.batch.tally();
        must(told.ended() == self.verdicts.count(), "each row is counted once, when it first tells", || {
            format!("{told:?}")
        })?;
        Ok(())
    }

    /// Whether nothing went wrong so far.
    fn is_calm(&self) -> bool {
        let Habits { log_ins_fail, clock_jumps, .. } = self.habits;
        self.weather.is_calm()
            && log_ins_fail == 0
            && clock_jumps == 0
            && self.settings.deadline.is_none()
            && !self.watch.cancelled
            && !self.watch.is_second
    }

    fn end(mut self) -> Result<Tally, Broken> {
        let is_done = matches!(self.batch.poll(self.now, &mut self.work.rows), Action::Done);
        must(is_done, "what has ended stays so", || "it goes on after its end".to_owned())?;
        let left = self.flights.iter().filter(|flight| !flight.given_up).count();
        must(left == 0, "a run ends after its last answer", || format!("{left} requests are under way"))?;
        self.watch.ends_in_time(self.now - self.jumped)?;
        // What was given up may still be carried out.
        for index in 0..self.flights.len() {
            if self.flights[index].acts.is_some() {
                self.act(index)?;
            }
        }
        let is_calm = self.is_calm() && !self.watch.is_stopped();
        self.verdicts.end(&self.work, &self.watch, is_calm)?;
        for hint in self.batch.hints() {
            keeps_secrets(&hint)?;
        }
        for (kind, is_so) in [
            ("calm run", is_calm),
            ("outage", self.weather.has_outage()),
            ("stopped at a failed row", self.watch.is_stopped()),
            ("ended at its deadline", self.watch.ends().is_some_and(|ends| ends <= self.now)),
        ] {
            if is_so {
                self.tally.count(kind);
            }
        }
        self.tell(|_| "done".to_owned());
        Ok(self.tally)
    }

    fn tell(&self, what: impl FnOnce(&Self) -> String) {
        if self.is_told {
            println!("{:>9} ms  {}", self.now - START, what(self));
        }
    }
}
