//! Some seeds with every `cargo test`, and those that once found something.

use simulation::{Broken, Tally};

/// More are run by `cargo xtask simulate`.
const SEEDS: u64 = 1000;

fn run(seed: u64) -> Tally {
    simulation::run(seed, false).unwrap_or_else(|Broken { invariant, detail }| {
        panic!("seed {seed}: {invariant}\n{detail}\nreplay: cargo xtask simulate --seed {seed}")
    })
}

#[test]
fn every_invariant_holds_and_everything_comes_up() {
    let mut tally = Tally::default();
    for seed in 0..SEEDS {
        tally.add(&run(seed));
    }
    assert_eq!(tally.missing(SEEDS), Vec::<&str>::new(), "hardly came up: {tally}");
}

#[test]
fn what_was_found_once_is_not_found_again() {
    let seeds: Vec<u64> = include_str!("../regressions.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
        .collect();
    assert!(!seeds.is_empty());
    seeds.into_iter().for_each(|seed| drop(run(seed)));
}

#[test]
fn a_seed_decides_everything() {
    let tally = |seed| format!("{}", run(seed));
    assert_eq!(tally(7), tally(7));
}
