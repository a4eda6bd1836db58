//! Some seeds with every `cargo test`, and those that once found something.

use simulation::{Broken, Tally};

/// More are run by `cargo xtask simulate`.
const SEEDS: u64 = 1000;

fn run(seed: u64) -> Result<Tally, String> {
    simulation::run(seed, false).map_err(|Broken { invariant, detail }| {
        format!("seed {seed}: {invariant} ({detail}); replay: cargo xtask simulate --seed {seed}")
    })
}

#[test]
fn every_invariant_holds_and_everything_comes_up() {
    let mut tally = Tally::default();
    for seed in 0..SEEDS {
        tally.add(&run(seed).unwrap());
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
    for seed in seeds {
        run(seed).unwrap();
    }
}

#[test]
fn a_seed_decides_everything() {
    let tally = |seed| run(seed).unwrap().to_string();
    for seed in 0..20 {
        assert_eq!(tally(seed), tally(seed), "seed {seed}");
    }
}
