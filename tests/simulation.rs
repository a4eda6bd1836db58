//! The engine and the licence job under seeded schedules of faults, against a model of the PBX: no threads, no clock
//! but the one passed in. `SIMULATION_SEEDS` sets how many seeds are run, `SIMULATION_SEED` replays one.

#[cfg(test)]
mod support;

use std::collections::HashMap;
use std::env;

use support::world::{End, World};

fn seeds() -> Box<dyn Iterator<Item = u64>> {
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("SIMULATION_SEED") {
        Some(seed) => Box::new(seed..=seed),
        None => Box::new(0..number("SIMULATION_SEEDS").unwrap_or(3000)),
    }
}

#[test]
fn no_schedule_of_faults_loses_a_row_or_applies_a_key_twice() {
    let mut seen: HashMap<&'static str, u32> = HashMap::new();
    for seed in seeds() {
        let run = std::panic::catch_unwind(|| World::new(seed).run());
        let end = run.unwrap_or_else(|_| panic!("replay: SIMULATION_SEED={seed} cargo test --test simulation"));
        for kind in end.kinds() {
            *seen.entry(kind).or_default() += 1;
        }
    }
    if env::var("SIMULATION_SEED").is_err() {
        // A simulation in which nothing happens would find nothing.
        for kind in End::KINDS {
            assert!(seen.get(kind).is_some_and(|times| *times >= 20), "{kind} hardly happens: {seen:?}");
        }
    }
}
