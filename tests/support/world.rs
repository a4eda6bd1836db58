//! One run: a batch, a PBX, and a host between them that delays, reorders and spoils.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use threecx_core::batch::{Action, Batch, Login, Millis, Outcome, Session, Settings, Ticket};
use threecx_core::error::TransportError;
use threecx_core::license::{Options, Replacement, SendAs, Source};
use threecx_core::request::{HttpRequest, Method};
use threecx_core::response::{Body, HttpResponse};
use threecx_core::rows::Cell;
use threecx_core::secret::Secret;

use super::pbx::{Pbx, json};
use super::random::Random;
use super::rows::Table;

type Answer = Result<HttpResponse, TransportError>;

pub(crate) struct World {
    random: Random,
    pbx: Pbx,
    rows: Table,
    batch: Batch<Replacement>,
    settings: Settings,
    options: Options,
    /// How often, in a hundred requests, something goes wrong.
    trouble: u64,
    cancel_at: Option<Millis>,
    now: Millis,
    flights: Vec<Flight>,
    log_in: Option<Millis>,
    log_ins: u64,
    /// Tokens that the engine was told are dead.
    known_dead: HashSet<String>,
    starts: Vec<Millis>,
    /// Until then the PBX has asked for silence.
    quiet_until: Millis,
    /// Keys sent, with the row's group, in the order of sending.
    sent: Vec<(String, String)>,
    /// Pairs of group and key that may have been carried out.
    may_have_acted: HashSet<(String, String)>,
    outcomes: HashMap<usize, Outcome>,
    failed_once: bool,
}

struct Flight {
    ticket: Ticket,
    arrives: Millis,
    token: String,
    pair: Option<(String, String)>,
    /// The engine no longer waits for it.
    given_up: bool,
    answer: Answer,
}

/// What happened in a run, for seeing that the simulation gets everywhere.
pub(crate) struct End(Vec<&'static str>);

impl End {
    pub(crate) const KINDS: [&'static str; 8] =
        ["done", "notSent", "refused", "unknown", "skipped", "dryRun", "renewed", "repeated"];

    pub(crate) fn kinds(&self) -> &[&'static str] {
        &self.0
    }
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let pbx = Pbx::new(*random.pick(&[3, 12, 130, 200]));
        let rows = rows(&mut random, &pbx);
        let settings = Settings {
            concurrency: 1 + random.below(12) as usize,
            per_second: *random.pick(&[0.0, 0.0, 0.0, 50.0, 7.5]),
            timeout: 1000 + random.below(20_000),
            stop_on_error: random.percent(25),
            seed,
            ..Settings::default()
        };
        let options = Options {
            source: if random.percent(50) { Source::Fields } else { Source::Columns { group: None, key: None } },
            dry_run: random.percent(10),
            confirm: random.percent(70),
            send_as: *random.pick(&[SendAs::Id, SendAs::Id, SendAs::Number]),
        };
        let session = match random.below(4) {
            0 => Session::with_login(),
            1 => Session::with_token(Secret::new("CANARY-TOKEN-OLD".into()), true),
            2 => Session::with_token(Secret::new(pbx.live_token.clone()), false),
            _ => Session::with_token(Secret::new(pbx.live_token.clone()), true),
        };
        let job = Replacement::new("/Groups/Pbx.ReplaceGroupLicenseKey", options.clone());
        Self {
            batch: Batch::new(job, settings, session),
            trouble: *random.pick(&[0, 0, 2, 10, 40]),
            cancel_at: random.percent(15).then(|| random.below(3000)),
            random,
            pbx,
            rows,
            settings,
            options,
            now: 1000,
            flights: Vec::new(),
            log_in: None,
            log_ins: 0,
            known_dead: HashSet::new(),
            starts: Vec::new(),
            quiet_until: 0,
            sent: Vec::new(),
            may_have_acted: HashSet::new(),
            outcomes: HashMap::new(),
            failed_once: false,
        }
    }

    pub(crate) fn run(mut self) -> End {
        for _ in 0..200_000 {
            let action = self.batch.poll(self.now, &mut self.rows);
            self.collect();
            match action {
                Action::Send { ticket, request, token } => self.send(ticket, &request, token.reveal()),
                // What was given up may still arrive: the engine must not mind.
                Action::Abort { ticket } => {
                    for flight in self.flights.iter_mut().filter(|flight| flight.ticket == ticket) {
                        flight.given_up = true;
                    }
                    if self.random.percent(50) {
                        self.flights.retain(|flight| flight.ticket != ticket);
                    }
                }
                Action::LogIn { .. } => {
                    assert!(self.log_in.is_none(), "two log-ins at once");
                    self.log_ins += 1;
                    self.log_in = Some(self.now + self.random.below(300));
                }
                Action::TakeOutcomes => {}
                Action::Wait { until } => self.pass_time(until),
                Action::Done => return self.end(),
            }
        }
        panic!("the run does not end");
    }

    fn send(&mut self, ticket: Ticket, request: &HttpRequest, token: &str) {
        assert!(!self.known_dead.contains(token), "a token known to be dead was used");
        assert!(self.now >= self.quiet_until, "sent although 3CX asked to wait");
        self.starts.push(self.now);
        let pair = (request.method == Method::Post).then(|| pair(request));
        if let Some((group, key)) = &pair {
            assert!(!self.options.dry_run, "a dry run sends nothing");
            assert!(!self.failed_once || !self.settings.stop_on_error, "sent after the first failure was told");
            assert!(!self.may_have_acted.contains(&(group.clone(), key.clone())), "sent again although it may be done");
            let busy = self.flights.iter().filter(|flight| !flight.given_up).filter_map(|flight| flight.pair.as_ref());
            assert!(busy.into_iter().all(|(other, _)| other != group), "two rows of one group at once");
            self.sent.push((group.clone(), key.clone()));
        }
        let arrives = self.now + 1 + self.random.below(400);
        let (arrives, answer) = self.carry(request, token, arrives);
        if let Some(pair) = &pair
            && !certainly_not_done(&answer)
        {
            self.may_have_acted.insert(pair.clone());
        }
        self.flights.push(Flight { ticket, arrives, token: token.to_owned(), pair, given_up: false, answer });
        assert!(self.live_flights() <= self.settings.concurrency, "more requests at once than allowed");
    }

    /// Carries a request to the PBX and back, or not.
    fn carry(&mut self, request: &HttpRequest, token: &str, arrives: Millis) -> (Millis, Answer) {
        let plain = |status| Ok(HttpResponse { status, ..HttpResponse::default() });
        if self.random.percent(self.trouble) {
            match self.random.below(11) {
                0 => return (arrives, Err(TransportError::Refused)),
                1 => return (arrives, Err(TransportError::Reset)),
                2 => {
                    self.pbx.answer(request);
                    return (arrives, Err(TransportError::Reset));
                }
                3 => {
                    self.pbx.answer(request);
                    return (arrives + 60_000, plain(204));
                }
                4 => {
                    let retry_after = self.random.percent(50).then_some(700);
                    return (arrives, Ok(HttpResponse { status: 429, retry_after, ..HttpResponse::default() }));
                }
                5 => return (arrives, plain(*self.random.pick(&[500, 502, 503, 504]))),
                6 => {
                    self.pbx.answer(request);
                    return (
                        arrives,
                        Ok(HttpResponse { status: 504, body: Body::Text("<html>".into()), ..HttpResponse::default() }),
                    );
                }
                7 => {
                    self.pbx.answer(request);
                    return (arrives, Ok(HttpResponse { status: 200, body: Body::Cut, ..HttpResponse::default() }));
                }
                8 => return (arrives, plain(403)),
                9 => {
                    self.pbx.new_token(); // Another user of the same API client logs in.
                }
                _ => {
                    return (
                        arrives,
                        Ok(HttpResponse { status: 200, body: Body::Text("{\"val".into()), ..HttpResponse::default() }),
                    );
                }
            }
        }
        if token != self.pbx.live_token {
            return (arrives, plain(401));
        }
        (arrives, Ok(self.pbx.answer(request)))
    }

    fn pass_time(&mut self, until: Option<Millis>) {
        let arrivals = self.flights.iter().map(|flight| flight.arrives).chain(self.log_in).chain(self.cancel_at);
        let next = arrivals.chain(until).min().expect("it waits for nothing");
        // Timers come early or late.
        let jitter = self.random.below(4);
        self.now = if self.random.percent(20) { self.now.max(next.saturating_sub(jitter)) } else { self.now.max(next) };
        if self.random.percent(10) {
            self.now += 1;
        }
        if self.cancel_at.is_some_and(|at| at <= self.now) {
            self.cancel_at = None;
            self.batch.cancel();
            return;
        }
        if self.log_in.is_some_and(|at| at <= self.now) {
            self.log_in = None;
            let token = self.pbx.new_token();
            self.batch.logged_in(Ok(Login { token: Secret::new(token), lifetime: None, fresh: true }));
        }
        let due: Vec<_> =
            (0..self.flights.len()).rev().filter(|index| self.flights[*index].arrives <= self.now).collect();
        for index in due {
            let flight = self.flights.swap_remove(index);
            if !flight.given_up && matches!(&flight.answer, Ok(response) if response.status == 401) {
                self.known_dead.insert(flight.token.clone());
            }
            if let Ok(HttpResponse { retry_after: Some(asked), .. }) = &flight.answer
                && !flight.given_up
            {
                self.quiet_until = self.quiet_until.max(self.now + asked);
            }
            self.batch.answered(flight.ticket, flight.answer, self.now);
        }
        if self.flights.is_empty() && self.now < until.unwrap_or(self.now) && self.random.percent(50) {
            self.now += 1; // The clock goes on although nobody wakes anybody.
        }
    }

    /// Requests that the engine still waits for.
    fn live_flights(&self) -> usize {
        self.flights.iter().filter(|flight| !flight.given_up).count()
    }

    fn collect(&mut self) {
        for outcome in self.batch.take_outcomes() {
            self.failed_once |= outcome.failed;
            assert_eq!(outcome.items.len(), 1);
            let row = outcome.row;
            assert!(self.outcomes.insert(row, outcome).is_none(), "row {row} has two outcomes");
        }
    }

    fn end(mut self) -> End {
        self.collect();
        assert_eq!(self.outcomes.len(), self.rows.0.len(), "a row was lost");
        let elapsed = self.now - 1000;
        assert!(self.log_ins <= 3 + elapsed / 300_000, "{} log-ins in {elapsed} ms", self.log_ins);
        if self.settings.per_second > 0.0 {
            let interval = 1000.0 / self.settings.per_second;
            for pair in self.starts.windows(2) {
                assert!((pair[1] - pair[0]) as f64 >= interval.floor() - 1.0, "faster than allowed");
            }
        }
        let mut kinds = Vec::new();
        if self.log_ins > 1 {
            kinds.push("renewed");
        }
        let applied: HashSet<_> = self.pbx.ledger.iter().collect();
        assert_eq!(applied.len(), self.pbx.ledger.len(), "a key was applied twice");
        for (row, outcome) in &self.outcomes {
            let text = &outcome.items[0];
            assert!(!text.contains("CANARY"), "a secret is shown: {text}");
            let item: Value = serde_json::from_str(text).unwrap();
            assert_eq!(item["pairedItem"]["item"], *row);
            kinds.push(self.check(*row, &item["json"], &applied));
        }
        for hint in self.batch.hints() {
            assert!(!hint.contains("CANARY"), "{hint}");
        }
        End(kinds)
    }

    /// Whether what a row says is true.
    fn check(&self, row: usize, json: &Value, applied: &HashSet<&(i32, String)>) -> &'static str {
        let key = match &self.rows.0[row].1 {
            Cell::Text(key) => key.trim().to_owned(),
            _ => String::new(),
        };
        if json["success"] == true {
            if json["dryRun"] == true {
                return "dryRun";
            }
            let group = self.group_of(json);
            assert!(applied.contains(&(group, key)), "row {row} is said to be done and is not: {json}");
            let repeated = json["warnings"]
                .as_array()
                .is_some_and(|all| all.iter().any(|text| text.as_str().unwrap().contains("not sent a second time")));
            return if repeated { "repeated" } else { "done" };
        }
        let outcome = json["details"]["outcome"].as_str().unwrap();
        let is_repeated = json["details"]["code"] == "REPEATED";
        match outcome {
            "unknown" => "unknown",
            "notSent" | "skipped" | "refused" => {
                // Other rows may have the same group and key.
                let twins = (0..self.rows.0.len()).filter(|other| self.rows.0[*other].1 == self.rows.0[row].1).count();
                let is_applied = !key.is_empty() && self.pbx.ledger.iter().any(|(_, other)| *other == key);
                assert!(twins > 1 || is_repeated || !is_applied, "row {row} is said not to be done and is: {json}");
                match outcome {
                    "notSent" => "notSent",
                    "skipped" => "skipped",
                    _ => "refused",
                }
            }
            other => panic!("{other}"),
        }
    }

    /// The group that a report names, by ID or, where it was sent unread, by number.
    fn group_of(&self, json: &Value) -> i32 {
        let by_number = || self.pbx.groups.iter().find(|group| json["groupNumber"] == group.number.as_str());
        json["groupId"].as_i64().map_or_else(|| by_number().unwrap().id, |id| id as i32)
    }
}

fn pair(request: &HttpRequest) -> (String, String) {
    let body: Value = serde_json::from_str(json(request)).unwrap();
    (body["groupId"].to_string(), body["licenseKey"].to_string())
}

/// What the engine may take as a promise that nothing was changed.
fn certainly_not_done(answer: &Answer) -> bool {
    match answer {
        Ok(response) => matches!(response.status, 400 | 401 | 403 | 404 | 429),
        Err(error) => *error == TransportError::Refused,
    }
}

fn rows(random: &mut Random, pbx: &Pbx) -> Table {
    let count = *random.pick(&[0, 1, 2, 4, 7, 25, 60]);
    let groups = 1 + random.below(pbx.groups.len() as u64) as usize;
    let mut rows: Vec<(Cell, Cell)> = Vec::new();
    for row in 0..count {
        let group = random.pick(&pbx.groups[..groups]);
        let reference = match random.below(12) {
            0 => Cell::Text("GRP9999".into()),
            1 => Cell::Empty,
            2 => Cell::Text(group.name.clone()),
            3 => Cell::Text("1)/../Users(2".into()),
            4 | 5 => Cell::Text(group.number.to_lowercase()),
            6 | 7 => Cell::Text(format!(" {} ", group.id)),
            _ => Cell::Number(f64::from(group.id)),
        };
        let key = match random.below(12) {
            0 => Cell::Text(format!("0000-CANARY-{row:04}")),
            1 => Cell::Empty,
            2 if row > 0 => rows[random.below(row) as usize].1.clone(),
            _ => Cell::Text(format!("CANARY-KEY-{row:04}")),
        };
        if random.percent(5) && row > 0 {
            let twin = rows[random.below(row) as usize].clone();
            rows.push(twin);
        } else {
            rows.push((reference, key));
        }
    }
    Table(rows)
}
