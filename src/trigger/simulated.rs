//! Looks at a PBX whose days a seed decides: calls that overlap, last for hours, or write their legs late; events and chat
//! messages, single or in bursts, some of which can be seen after later ones, whose logs are purged; clocks that differ; readings that fail, looks that
//! break off, or whose memory is lost with their items. What was given together with a memory that was kept must be each event once, whole, and none may
//! be left out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Failed, Look, Reading, State, Step, Watched};
use crate::calls::moment::{HOUR, MINUTE, Moment, SECOND, iso, moment};
use crate::calls::testing::leg;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as i64
    }

    fn percent(&mut self, of_hundred: i64) -> bool {
        self.below(100) < of_hundred
    }
}

/// What goes wrong in our own code, to see that it is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mistake {
    None,
    /// Calls under way are not looked at.
    IgnoresActive,
    /// What was told is forgotten.
    ForgetsTold,
    /// It does not look as far back as calls last.
    LooksNotFarBack,
    /// Numbers are expected to grow for good.
    TrustsNumbers,
    /// Numbers are expected to be seen in their order.
    WaitsForNoNumber,
    /// A memory is kept although its items are lost.
    KeepsMemoryOnly,
}

struct SimulatedCall {
    id: String,
    start: Moment,
    end: Moment,
    number: Option<String>,
    /// Rows, with the time at which each is written.
    legs: Vec<(Moment, Value)>,
}

impl SimulatedCall {
    /// When it changed last: so long after its latest leg began, or now.
    fn changed(&self, now: Moment, after: Moment) -> Moment {
        let starts = self.legs.iter().filter_map(|(_, row)| moment(row["StartTime"].as_str()?));
        now.min(starts.filter(|start| *start <= now).max().unwrap_or(self.start) + after)
    }
}

/// Of events, which the PBX finds by number, or of chat messages, which it gives newest first.
#[derive(Default)]
struct Log {
    entries: Vec<Entry>,
    last_id: i64,
}

struct Entry {
    id: i64,
    at: Moment,
    /// From when on it can be seen: later ones may be before.
    seen: Moment,
    /// Unlike the number, never given twice.
    name: i64,
}

struct World {
    random: Random,
    /// By the PBX's clock.
    time: Moment,
    skew: Moment,
    calls: Vec<SimulatedCall>,
    events: Log,
    messages: Log,
    next_name: i64,
    /// Entries that a look whose memory was kept could see.
    visible: BTreeSet<i64>,
}

const START: Moment = 1_790_000_000_000;

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let skew = random.below(100 * MINUTE) - 50 * MINUTE;
        Self {
            random,
            time: START,
            skew,
            calls: Vec::new(),
            events: Log::default(),
            messages: Log::default(),
            next_name: 0,
            visible: BTreeSet::new(),
        }
    }

    fn now(&self) -> Moment {
        self.time + self.skew
    }

    /// Lets time pass, in which things happen.
    fn pass(&mut self, time: Moment, is_busy: bool) {
        let end = self.time + time;
        while self.time < end {
            self.time = end.min(self.time + self.random.below(5 * MINUTE) + 1);
            if !is_busy {
                continue;
            }
            if self.random.percent(20) {
                self.begin_call();
            }
            let burst = if self.random.percent(2) { 250 } else { 4 };
            for _ in 0..self.random.below(burst) {
                self.note();
            }
            if self.random.percent(6) {
                self.purge();
            }
        }
    }

    /// Adds to one of the logs.
    fn note(&mut self) {
        self.time += 1;
        let (id, name) = (1 + self.random.below(3) / 2, self.next_name);
        let late = if self.random.percent(10) { self.random.below(90 * SECOND) } else { 0 };
        let log = if self.random.percent(50) { &mut self.events } else { &mut self.messages };
        log.last_id += id;
        log.entries.push(Entry { id: log.last_id, at: self.time, seen: self.time + late, name });
        self.next_name += 1;
    }

    fn purge(&mut self) {
        let kind = self.random.below(4);
        let log = if self.random.percent(50) { &mut self.events } else { &mut self.messages };
        let entries = &mut log.entries;
        match kind {
            0 => *log = Log::default(),
            1 => entries.clear(),
            // Housekeeping takes the oldest, people the newest.
            2 => drop(entries.drain(..entries.len() / 2)),
            _ => entries.truncate(entries.len().saturating_sub(2)),
        }
    }

    fn begin_call(&mut self) {
        let id = format!("00000000-01dd-43ab-25e4-{:010}ic5", self.calls.len());
        let number = (!self.random.percent(10)).then(|| format!("+4930{}", 1_000_000 + self.random.below(30)));
        let start = self.time;
        let (mut at, mut hung_up) = (start, start);
        let mut legs = Vec::new();
        let long = if self.random.percent(10) { self.random.below(4) } else { -1 };
        for part in 0..1 + self.random.below(4) {
            let most = if part == long { 200 * MINUTE } else { 3 * MINUTE };
            let (ringing, talking) = (self.random.below(20 * SECOND), self.random.below(most));
            let end = at + ringing + talking;
            hung_up = hung_up.max(end);
            let fields = json!({
                "RingingDuration": format!("PT{}S", ringing as f64 / 1000.0), "TalkingDuration": format!("PT{}S", talking as f64 / 1000.0),
                "SourceCallerId": number.as_deref().unwrap_or("anonymous"),
            });
            // 3CX writes a leg after it has ended, and maybe after the whole call has.
            let late = self.random.below(10 * SECOND);
            legs.push((end + late, leg(&format!("{id}/{part}"), &id, &iso(at), fields)));
            at = if self.random.percent(20) { at + ringing } else { end };
        }
        self.calls.push(SimulatedCall { id, start, end: hung_up, number, legs });
    }

    fn answer(&mut self, reading: &Reading) -> Vec<Value> {
        self.time += self.random.below(2 * SECOND);
        match reading.resource {
            "Active Calls" => {
                let (now, random) = (self.time, &mut self.random);
                let active = self.calls.iter().filter(|call| call.start <= now && now < call.end);
                active.map(|call| json!({
                    "Caller": format!("{} (10000)", call.number.as_deref().unwrap_or("anonymous")), "Callee": "101 Ada",
                    "EstablishedAt": random.percent(50).then(|| iso(call.start)),
                    // The next phone rings: nobody has answered so far.
                    "LastChangeStatus": iso(call.changed(now, random.below(50 * MINUTE))), "Status": "Routing",
                })).collect()
            }
            "Report Call Log Data" => {
                let arguments = &reading.parameters["arguments"]["value"];
                let bound = |name: &str| moment(arguments[name].as_str().unwrap()).unwrap();
                let (from, to) = (bound("periodFrom"), bound("periodTo"));
                let written =
                    self.calls.iter().flat_map(|call| &call.legs).filter(|(written, _)| *written <= self.time);
                let start = |row: &Value| moment(row["StartTime"].as_str().unwrap()).unwrap();
                let mut rows: Vec<Value> =
                    written.map(|(_, row)| row).filter(|row| (from..to).contains(&start(row))).cloned().collect();
                rows.sort_by_key(|row| std::cmp::Reverse(start(row)));
                rows
            }
            "Last Cdr And Chat Message Timestamp" => {
                let began = self.calls.iter().filter(|call| call.start <= self.time).map(|call| call.start).max();
                began.map(|start| json!({"LastCdrStartedAt": iso(start)})).into_iter().collect()
            }
            resource => {
                let (log, id, time) = match resource {
                    "Event Logs" => (&self.events, "Id", "TimeGenerated"),
                    _ => (&self.messages, "MessageId", "TimeSent"),
                };
                let row =
                    |entry: &Entry| json!({id: entry.id, time: iso(entry.at), "EventId": entry.name, "Params": []});
                let least = reading.parameters["filter"]
                    .as_str()
                    .map_or(0, |text| text.trim_start_matches("Id ge ").parse().unwrap());
                let limit = reading.parameters["limit"].as_u64().unwrap() as usize;
                let found = log.entries.iter().filter(|entry| entry.id >= least && entry.seen <= self.time).map(row);
                if reading.parameters["orderby"].as_str().is_some_and(|order| order.ends_with(" desc")) {
                    found.rev().take(limit).collect()
                } else {
                    found.take(limit).collect()
                }
            }
        }
    }
}

struct Tally {
    calls: usize,
    entries: usize,
    most_state: usize,
}

fn run(seed: u64, mistake: Mistake) -> Result<Tally, String> {
    let mut world = World::new(seed);
    let hours = if mistake == Mistake::LooksNotFarBack { 1 } else { 4 };
    let given = json!({"events": ["callEnded", "systemEvent", "chatMessageReceived"], "longestCall": hours, "includeLegs": true});
    let options = Watched::read(given.as_object().unwrap()).map_err(|fault| format!("{fault:?}"))?;
    world.pass(5 * HOUR, true);
    let mut kept = State::default();
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    let mut begun: Option<(Moment, i64)> = None;
    let mut most_state = 0;
    for round in 0..90 {
        let is_busy = round < 65;
        let pause = if world.random.percent(1) { 20 * HOUR } else { 10 * SECOND + world.random.below(4 * MINUTE) };
        // In the end every call is over.
        world.pass(if round == 65 { 4 * HOUR } else { pause }, is_busy);
        let now = world.now();
        let mut look = Look::new(kept.clone(), options.clone(), now);
        let mut answers = 0;
        let mut found = Vec::new();
        let mut names = BTreeMap::new();
        // A look that breaks off leaves nothing behind.
        let breaks_off = (world.random.percent(10)).then(|| world.random.below(4) as usize);
        let (items, state) = loop {
            if breaks_off == Some(answers) {
                break (Vec::new(), None);
            }
            match look.step() {
                Step::Done { items, goes_on: true, .. } => found.extend(items),
                Step::Done { items, state, .. } => {
                    found.extend(items);
                    break (found, Some(*state));
                }
                Step::Rest => {}
                Step::Failed(Failed::Reading { error, .. }) if error == "none" => break (Vec::new(), None),
                Step::Failed(failed) => return Err(format!("{failed:?}")),
                Step::Read(reading) if world.random.percent(3) => {
                    // What came of it so far has to be read again.
                    names.remove(reading.resource);
                    let code = if world.random.percent(50) { "SERVER" } else { "CONNECTION_REFUSED" };
                    look.fail("none".to_owned(), String::new(), code, code == "SERVER");
                }
                Step::Read(reading) => {
                    let is_ignored = mistake == Mistake::IgnoresActive && reading.resource == "Active Calls";
                    let answer = world.answer(&reading);
                    let named = answer.iter().filter_map(|row| row["EventId"].as_i64());
                    names.entry(reading.resource).or_insert_with(BTreeSet::new).extend(named);
                    look.take(if is_ignored { Vec::new() } else { answer });
                    answers += 1;
                }
            }
        };
        let Some(mut state) = state else { continue };
        // The machine stops before both were kept.
        if world.random.percent(10) {
            if mistake == Mistake::KeepsMemoryOnly {
                kept = state;
            }
            continue;
        }
        if mistake == Mistake::ForgetsTold
            && let Some(calls) = &mut state.calls
        {
            calls.told.clear();
        }
        if mistake == Mistake::TrustsNumbers {
            for cursor in [&mut state.events, &mut state.messages].into_iter().flatten() {
                cursor.over = Some(Moment::MAX);
            }
        }
        if mistake == Mistake::WaitsForNoNumber {
            for cursor in [&mut state.events, &mut state.messages].into_iter().flatten() {
                cursor.skip_missing();
            }
        }
        let text = serde_json::to_string(&state).map_err(|error| error.to_string())?;
        most_state = most_state.max(text.len());
        kept = State::read(serde_json::from_str(&text).map_err(|error| error.to_string())?).0;
        match begun {
            None => begun = Some((world.time, world.next_name)),
            Some((_, first)) => world.visible.extend(names.into_values().flatten().filter(|name| *name >= first)),
        }
        for item in items {
            let key = match item["event"].as_str() {
                Some("callEnded") => {
                    let call = world.calls.iter().find(|call| item["id"] == call.id).ok_or("a call of nobody")?;
                    let legs = item["legs"].as_array().map_or(0, Vec::len);
                    if legs != call.legs.len() {
                        return Err(format!("{} came with {legs} of {} legs", call.id, call.legs.len()));
                    }
                    call.id.clone()
                }
                _ => item["EventId"].to_string(),
            };
            *told.entry(key).or_default() += 1;
        }
    }
    if let Some((key, count)) = told.iter().find(|(_, count)| **count > 1) {
        return Err(format!("{key} was told {count} times"));
    }
    let Some((begun, _)) = begun else { return Err("never looked".to_owned()) };
    let expected = world.calls.iter().filter(|call| call.start > begun);
    if let Some(call) = expected.clone().find(|call| !told.contains_key(&call.id)) {
        return Err(format!("{} was not told", call.id));
    }
    if let Some(name) = world.visible.iter().find(|name| !told.contains_key(&name.to_string())) {
        return Err(format!("event {name} was not told"));
    }
    Ok(Tally { calls: expected.count(), entries: world.visible.len(), most_state })
}

const SEEDS: u64 = 10;

#[test]
fn each_event_is_told_once_and_whole() {
    let (mut calls, mut entries) = (0, 0);
    for seed in 0..SEEDS {
        let tally = run(seed, Mistake::None).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        // A call takes less than 100 bytes, and those of a few hours are remembered.
        assert!(tally.most_state < 60_000, "seed {seed}: {} bytes", tally.most_state);
        (calls, entries) = (calls + tally.calls, entries + tally.entries);
    }
    assert!(calls as u64 > 20 * SEEDS && entries as u64 > 20 * SEEDS, "{calls} calls, {entries} entries");
}

#[test]
fn planted_mistakes_are_noticed() {
    for mistake in [
        Mistake::IgnoresActive,
        Mistake::ForgetsTold,
        Mistake::LooksNotFarBack,
        Mistake::TrustsNumbers,
        Mistake::WaitsForNoNumber,
        Mistake::KeepsMemoryOnly,
    ] {
        assert!((0..SEEDS).any(|seed| run(seed, mistake).is_err()), "{mistake:?}");
    }
}
