//! The engine against models of servers, beside the best setting that a person could have found for each.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::fixed::Fixed;
use super::*;
use crate::testing::{Answer, Silence, Toy, call};
use crate::trial::Calls;
use crate::{Action, Batch, Delivery, Effect, Renewal, Session, Settings};

const CEILING: usize = 128;
/// What a person might set.
const SETTINGS: [usize; 18] = [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 16, 24, 32, 48, 64, 96, 128];
/// How long each run lasts.
const LENGTH: Millis = 120_000;
/// Milliseconds that a request takes by itself.
const LATENCIES: [f64; 3] = [20.0, 60.0, 200.0];
const SEEDS: std::ops::RangeInclusive<u64> = 1..=12;
/// What is refused before counts as finding out.
const FIRST: Millis = 2000;

/// How a server treats what arrives.
#[derive(Clone, Copy, Debug)]
enum Model {
    /// Takes as long however many there are.
    Flat,
    /// So many workers; the rest queues.
    Workers(usize),
    /// Each request slows down all others.
    Thrashing(f64),
    /// Refuses what exceeds so many at once.
    Cap(usize),
    /// Refuses what exceeds so many in each second of the clock, and may say when the next one begins.
    Window { per_second: u32, tells: bool },
    /// As flat, but so many times slower for some time in each second or so.
    Bursts { slower: f64, lasts: Millis },
    /// As flat, but now and then nothing is heard for some time: the host, not the server, is busy.
    Stalls { every: Millis, lasts: Millis },
    /// Refuses or loses so many of a hundred, whatever the pace.
    Chance { refused: f64, lost: f64 },
    /// Refuses what finds no token: so many come per second, and so many are kept.
    Bucket { per_second: f64, kept: f64, tells: bool },
}

struct Server {
    model: Model,
    /// Milliseconds that a request takes by itself.
    alone: f64,
    random: u64,
    in_flight: usize,
    /// When each worker is free.
    free: Vec<f64>,
    window: (Millis, u32),
    tokens: (f64, f64),
    /// When what comes again and again begins.
    phase: Millis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reply {
    Served,
    Refused(Option<Millis>),
    Lost,
}

impl Server {
    fn new(model: Model, alone: f64, seed: u64) -> Self {
        let workers = if let Model::Workers(count) = model { count } else { 0 };
        let kept = if let Model::Bucket { kept, .. } = model { kept } else { 0.0 };
        Self {
            model,
            alone,
            random: seed,
            in_flight: 0,
            free: vec![0.0; workers],
            window: (0, 0),
            tokens: (0.0, kept),
            phase: seed * 211,
        }
    }

    /// From 0 to 1.
    fn random(&mut self) -> f64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as f64 / (1_u64 << 31) as f64
    }

    /// A request arrives: when its answer leaves, and what it is.
    fn take(&mut self, now: Millis) -> (Millis, Reply) {
        self.in_flight += 1;
        let took = self.alone * (0.85 + 0.3 * self.random());
        let at = now as f64;
        let refused = |told: Option<Millis>| (now + 2, Reply::Refused(told));
        let leaves = match self.model {
            Model::Flat => at + took,
            Model::Bursts { slower, lasts } => at + took * if (now + self.phase) % 1300 < lasts { slower } else { 1.0 },
            Model::Stalls { every, lasts } => {
                let arrives = (at + took) as Millis + self.phase;
                let late = lasts.saturating_sub(arrives % every);
                at + took + late as f64
            }
            Model::Workers(_) => {
                let free = self.free.iter_mut().min_by(|one, other| one.total_cmp(other)).unwrap();
                *free = free.max(at) + took;
                *free
            }
            Model::Thrashing(pleasant) => at + took * (1.0 + (self.in_flight as f64 / pleasant).powi(2)),
            Model::Cap(most) if self.in_flight > most => return refused(None),
            Model::Cap(_) => at + took,
            Model::Window { per_second, tells } => {
                let second = now / 1000;
                if self.window.0 != second {
                    self.window = (second, 0);
                }
                if self.window.1 >= per_second {
                    return refused(tells.then_some(1000));
                }
                self.window.1 += 1;
                at + took
            }
            Model::Chance { refused: so_many, lost } => {
                let drawn = 100.0 * self.random();
                if drawn < so_many {
                    return refused(None);
                }
                if drawn < so_many + lost {
                    return (now + 2, Reply::Lost);
                }
                at + took
            }
            Model::Bucket { per_second, kept, tells } => {
                let (since, tokens) = self.tokens;
                let tokens = (tokens + (at - since) * per_second / 1000.0).min(kept);
                self.tokens = (at, tokens);
                if tokens < 1.0 {
                    return refused(tells.then_some(1000));
                }
                self.tokens.1 -= 1.0;
                at + took
            }
        };
        (leaves.ceil() as Millis, Reply::Served)
    }
}

#[derive(Debug, Default)]
struct Score {
    served: usize,
    sent_later: usize,
    refused_later: usize,
    given_up: usize,
}

impl Score {
    fn count(&mut self, reply: Reply, now: Millis) {
        if now >= FIRST {
            self.sent_later += 1;
            self.refused_later += usize::from(matches!(reply, Reply::Refused(_)));
        }
    }
}

/// The engine at a pace, for as long as a run lasts.
fn run(server: Server, pace: impl Pace) -> Score {
    drive(server, pace, usize::MAX).0
}

/// How long the engine takes for so many requests.
fn time(server: Server, pace: impl Pace, requests: usize) -> Millis {
    drive(server, pace, requests).1
}

fn drive(mut server: Server, pace: impl Pace, requests: usize) -> (Score, Millis) {
    let settings = Settings { seed: server.random, ..Settings::default() };
    let session = Session::with_token("token", Renewal::Never);
    let mut batch = Batch::with_pace(Calls::new(requests, call(Effect::Reads)), settings, session, Toy, pace);
    let mut score = Score::default();
    let mut now = 0;
    let mut flights: BinaryHeap<Reverse<(Millis, u64, Reply)>> = BinaryHeap::new();
    while now <= LENGTH {
        let until = match batch.poll(now, &mut ()) {
            Action::Send { ticket, .. } => {
                let (at, reply) = server.take(now);
                score.count(reply, now);
                flights.push(Reverse((at, ticket, reply)));
                continue;
            }
            Action::Wait { until } => until,
            Action::TakeOutcomes | Action::Abort { .. } => continue,
            Action::Done => break,
            other => panic!("{other:?}"),
        };
        let arrives = flights.peek().map(|Reverse((at, ..))| *at);
        now = arrives.into_iter().chain(until).min().expect("it waits for nothing").max(now);
        while flights.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
            let Some(Reverse((_, ticket, reply))) = flights.pop() else { break };
            server.in_flight -= 1;
            score.served += usize::from(matches!(reply, Reply::Served));
            let answer = match reply {
                Reply::Served => Ok(Answer::Done),
                Reply::Refused(retry_after) => Ok(Answer::Throttled(retry_after)),
                Reply::Lost => Err(Silence::Reset),
            };
            batch.answered(ticket, answer, now);
        }
    }
    score.given_up = batch.job.ended.iter().filter(|end| **end != Delivery::Done).count();
    (score, now)
}

/// With no setting but the ceiling.
fn adaptive(server: Server) -> Score {
    let score = run(server, Adaptive::new(CEILING, 0.0));
    assert_eq!(score.given_up, 0, "a call was given up");
    score
}

/// What the best of all fixed settings serves, and which that is.
fn best(model: Model, alone: f64) -> (usize, (usize, f64)) {
    let rates = match model {
        Model::Window { per_second, .. } => {
            [0.0, 0.8, 0.9, 0.98, 1.0].map(|part| part * f64::from(per_second)).to_vec()
        }
        Model::Bucket { per_second, .. } => [0.0, 0.8, 0.9, 0.98, 1.0].map(|part| part * per_second).to_vec(),
        _ => vec![0.0],
    };
    let settings = SETTINGS.iter().flat_map(|at_once| rates.iter().map(move |rate| (*at_once, *rate)));
    settings
        .map(|(at_once, rate)| (run(Server::new(model, alone, 1), Fixed::new(at_once, rate)).served, (at_once, rate)))
        .max_by_key(|(served, _)| *served)
        .unwrap()
}

/// Compares with the best of all fixed settings.
fn compare(model: Model) {
    // Where bursts come in step with the growing, a whole run can be a little behind.
    let least = if matches!(model, Model::Bursts { slower: 4.0, .. }) { 0.88 } else { 0.9 };
    for alone in LATENCIES {
        let (best, setting) = best(model, alone);
        for seed in SEEDS {
            let score = adaptive(Server::new(model, alone, seed));
            let reached = score.served as f64 / best as f64;
            let refused = score.refused_later as f64 / score.sent_later as f64;
            assert!(reached >= least, "{model:?}, {alone} ms, seed {seed}: {reached:.3} of {best} by {setting:?}");
            assert!(refused < 0.05, "{model:?}, {alone} ms, seed {seed}: {refused:.3} refused");
        }
    }
}

#[test]
fn flat_latency_is_used_up_to_the_ceiling() {
    compare(Model::Flat);
}

#[test]
fn latency_that_grows_with_load_is_answered_by_as_many_as_pay() {
    for workers in [2, 6, 10] {
        compare(Model::Workers(workers));
    }
    for pleasant in [3.0, 8.0] {
        compare(Model::Thrashing(pleasant));
    }
}

#[test]
fn a_hard_cap_is_found_and_kept_to() {
    for most in [2, 5, 11] {
        compare(Model::Cap(most));
    }
}

#[test]
fn fifty_a_second_are_found_and_kept_to() {
    for tells in [true, false] {
        compare(Model::Window { per_second: 50, tells });
        for kept in [10.0, 50.0] {
            compare(Model::Bucket { per_second: 50.0, kept, tells });
        }
    }
}

#[test]
fn a_slow_rate_is_found_too() {
    for tells in [true, false] {
        compare(Model::Window { per_second: 5, tells });
    }
}

/// Nothing is gained by going slower here. A refusal makes all calls wait, so that much more cannot be had.
#[test]
fn trouble_that_comes_by_chance_slows_nothing_down_for_long() {
    let least = [
        (Model::Chance { refused: 1.0, lost: 0.0 }, [0.1, 0.15, 0.3]),
        (Model::Chance { refused: 0.0, lost: 1.0 }, [0.4, 0.35, 0.35]),
    ];
    for (model, least) in least {
        for (alone, least) in LATENCIES.into_iter().zip(least) {
            let served: usize = SEEDS.map(|seed| adaptive(Server::new(model, alone, seed)).served).sum();
            let many = run(Server::new(model, alone, 1), Fixed::new(32, 0.0)).served;
            let reached = served as f64 / SEEDS.count() as f64 / many as f64;
            assert!(reached >= least, "{model:?}, {alone} ms: {reached:.3} of 32 at once");
        }
    }
}

#[test]
fn one_at_a_time_is_found() {
    compare(Model::Workers(1));
    compare(Model::Cap(1));
}

#[test]
fn a_host_that_is_slow_by_itself_now_and_then_is_not_taken_for_a_full_one() {
    for slower in [3.0, 4.0] {
        compare(Model::Bursts { slower, lasts: 200 });
    }
    compare(Model::Stalls { every: 700, lasts: 150 });
}

/// Each run beside the best fixed setting in the same weather, as some weather takes longer by itself.
#[test]
fn no_run_is_an_outlier() {
    let models = [
        (Model::Flat, 128),
        (Model::Workers(6), 6),
        (Model::Thrashing(8.0), 8),
        (Model::Cap(11), 11),
        (Model::Bursts { slower: 3.0, lasts: 200 }, 128),
        (Model::Bursts { slower: 10.0, lasts: 100 }, 128),
        (Model::Stalls { every: 300, lasts: 100 }, 128),
        (Model::Stalls { every: 700, lasts: 150 }, 128),
    ];
    for (model, best) in models {
        for alone in LATENCIES {
            let mut ratios: Vec<f64> = (1..=40)
                .map(|seed| {
                    let [learned, fixed] = [true, false].map(|learns| {
                        let server = Server::new(model, alone, seed);
                        if learns {
                            time(server, Adaptive::new(CEILING, 0.0), 3000)
                        } else {
                            time(server, Fixed::new(best, 0.0), 3000)
                        }
                    });
                    learned as f64 / fixed as f64
                })
                .collect();
            ratios.sort_by(f64::total_cmp);
            let (median, slowest) = (ratios[ratios.len() / 2], ratios[ratios.len() - 1]);
            let told =
                format!("{model:?}, {alone} ms: median {median:.2} of the best setting's time, slowest {slowest:.2}");
            assert!(slowest <= 1.5 * median, "{told}, {ratios:.2?}");
        }
    }
}

/// A host hears several answers in one turn of its event loop, and sends as many in the next.
#[test]
fn answers_that_come_together_double_the_number_as_well() {
    let session = Session::with_token("token", Renewal::Never);
    let calls = Calls::new(1000, call(Effect::Reads));
    let mut batch = Batch::with_pace(calls, Settings::default(), session, Toy, Adaptive::new(CEILING, 0.0));
    let mut round_trips = Vec::new();
    for now in (0..).step_by(200) {
        let mut sent = Vec::new();
        while let Action::Send { ticket, .. } = batch.poll(now, &mut ()) {
            sent.push(ticket);
        }
        if sent.len() == CEILING {
            break;
        }
        round_trips.push(sent.len());
        for ticket in sent {
            batch.answered(ticket, Ok(Answer::Done), now + 200);
        }
    }
    // The first only shows how long an answer takes: it grows from where that is known.
    assert_eq!(round_trips, [6, 8, 16, 32, 64]);
}
