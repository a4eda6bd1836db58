//! Runs the simulation of the engine, optimised.

use std::process::Command;

use anyhow::{Result, ensure};

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut cargo = Command::new("cargo");
    let status =
        cargo.args(["run", "--quiet", "--release", "--package", "simulation", "--"]).args(arguments).status()?;
    ensure!(status.success(), "the simulation did not succeed");
    Ok(())
}
