//! Runs many seeds, or replays one.

use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{ArgGroup, Parser};
use simulation::Tally;

#[derive(Parser)]
#[command(about = "The engine under random schedules of faults")]
#[command(group(ArgGroup::new("extent").required(true)))]
struct Arguments {
    /// Run so many seeds
    #[arg(long, group = "extent")]
    seeds: Option<u64>,
    /// Run for so long
    #[arg(long, group = "extent")]
    minutes: Option<u64>,
    /// Replay one seed and print what happens
    #[arg(long, group = "extent")]
    seed: Option<u64>,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
}

fn main() -> ExitCode {
    let Arguments { seeds, minutes, seed, from } = Arguments::parse();
    if let Some(seed) = seed {
        return if run(seed, true, &mut Tally::default()).is_continue() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    let started = Instant::now();
    let end = from.saturating_add(seeds.unwrap_or(u64::MAX));
    let is_over = || minutes.is_some_and(|minutes| started.elapsed() >= Duration::from_secs(60 * minutes));
    let mut tally = Tally::default();
    let mut next = from;
    while next < end && !is_over() {
        if run(next, false, &mut tally).is_break() {
            return ExitCode::FAILURE;
        }
        next += 1;
    }
    let runs = next - from;
    println!("{runs} seeds in {:.1} s; {tally}", started.elapsed().as_secs_f64());
    let missing = tally.missing(runs);
    if runs >= 1000 && !missing.is_empty() {
        eprintln!("✗ hardly came up: {}", missing.join(", "));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn run(seed: u64, is_told: bool, tally: &mut Tally) -> ControlFlow<()> {
    match simulation::run(seed, is_told) {
        Ok(seen) => {
            tally.add(&seen);
            ControlFlow::Continue(())
        }
        Err(broken) => {
            eprintln!("✗ seed {seed}: {}", broken.invariant);
            eprintln!("  {}", broken.detail);
            eprintln!("  replay: cargo xtask simulate --seed {seed}");
            ControlFlow::Break(())
        }
    }
}
