//! The engine under random schedules of faults, against a model of the PBX: no threads, no clock but the one passed in.
//! A seed decides a run from its first row to its last answer, so every run can be replayed.
//!
//! A run's way: [`run`] makes a `world` out of the seed: `work` (an operation and its rows), `pbx` (the model), `fault`
//! (what goes wrong). `watch` looks at every request as it goes out, `verdict` at every outcome; `tally` counts what came
//! up.

mod broken;
mod fault;
mod pbx;
mod random;
mod rows;
mod tally;
mod verdict;
mod watch;
mod work;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use broken::Broken;
pub use tally::Tally;
use world::World;

/// Runs one seed. `is_told`: whether its events are printed.
///
/// # Errors
///
/// The invariant that did not hold.
pub fn run(seed: u64, is_told: bool) -> Result<Tally, Broken> {
    let run = catch_unwind(AssertUnwindSafe(|| World::new(seed, is_told).run()));
    run.unwrap_or_else(|_| Err(Broken { invariant: "nothing panics", detail: "see above".to_owned() }))
}
