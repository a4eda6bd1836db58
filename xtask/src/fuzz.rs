//! Runs the fuzzers of `fuzz/`, each for some seconds. Whatever a run makes goes under `target/`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};

const CARGO_FUZZ: &str = "0.13.2";
const CORPUS: &str = "fuzz/corpus";

pub(crate) fn run(seconds: u32, only: Option<&str>) -> Result<()> {
    let target = PathBuf::from(env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned()));
    let tool = installed(&target)?;
    let compiler = Compiler::of(&toolchains());
    if compiler == Compiler::Stable {
        println!("There is no nightly toolchain: the stable one is used with RUSTC_BOOTSTRAP=1");
    }
    let targets = targets(only)?;
    for name in &targets {
        let tried = fuzz(&tool, &compiler, &target.join("fuzz"), name, seconds)?;
        println!("{name}: {tried} inputs in {seconds} s");
    }
    Ok(())
}

/// The fuzzers that there are, or the one that is wanted: each has a corpus of its name.
fn targets(only: Option<&str>) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(CORPUS).context("to be run in the project's folder")? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    match only {
        None => Ok(names),
        Some(only) if names.iter().any(|name| name == only) => Ok(vec![only.to_owned()]),
        Some(only) => bail!("there is no fuzzer {only}, but {}", names.join(", ")),
    }
}

/// cargo-fuzz, compiled the first time only.
fn installed(target: &Path) -> Result<PathBuf> {
    let root = target.join("tools");
    let tool = root.join("bin/cargo-fuzz");
    let version = Command::new(&tool).arg("--version").output();
    if version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim().ends_with(CARGO_FUZZ)) {
        return Ok(tool);
    }
    println!("Installing cargo-fuzz {CARGO_FUZZ} (about a minute)");
    let status = Command::new("cargo")
        .args(["install", "cargo-fuzz", "--version", CARGO_FUZZ, "--locked", "--quiet", "--root"])
        .arg(&root)
        .status()
        .context("cargo could not be started")?;
    ensure!(status.success(), "cargo-fuzz could not be installed");
    Ok(tool)
}

/// What rustup has; nothing where there is no rustup.
fn toolchains() -> String {
    let listed = Command::new("rustup").args(["toolchain", "list"]).output();
    listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

/// The compiler's environment.
#[derive(Debug, PartialEq, Eq)]
enum Compiler {
    /// A nightly by rustup's name.
    Nightly(String),
    /// The usual one, with what only a nightly allows switched on.
    Stable,
}

impl Compiler {
    fn of(toolchains: &str) -> Self {
        let names = toolchains.lines().filter_map(|line| line.split_whitespace().next());
        names
            .filter(|name| name.starts_with("nightly"))
            .max()
            .map_or(Self::Stable, |name| Self::Nightly(name.to_owned()))
    }

    fn environment(&self) -> (&'static str, &str) {
        match self {
            Self::Nightly(name) => ("RUSTUP_TOOLCHAIN", name),
            Self::Stable => ("RUSTC_BOOTSTRAP", "1"),
        }
    }
}

fn fuzz(tool: &Path, compiler: &Compiler, target: &Path, name: &str, seconds: u32) -> Result<u64> {
    // libFuzzer writes to the first folder and only reads the second.
    let grown = target.join("corpus").join(name);
    let findings = target.join("findings").join(name);
    fs::create_dir_all(&grown)?;
    fs::create_dir_all(&findings)?;
    let (variable, value) = compiler.environment();
    // No sanitizer: the core has no unsafe code, so there is nothing for one to find, and without it a run tries
    // several times as much.
    let output = Command::new(tool)
        .args(["fuzz", "run", "--sanitizer", "none", "--target-dir"])
        .arg(target)
        .arg(name)
        .arg(&grown)
        .arg(Path::new(CORPUS).join(name))
        .arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", findings.display()))
        .args(["-timeout=60", "-max_len=65536", "-print_funcs=0", "-print_final_stats=1", "-verbosity=0"])
        .env(variable, value)
        .stdin(Stdio::null())
        .output()
        .context("cargo-fuzz could not be started")?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{told}\n{name} failed. If it has found something: mend it, and keep its input from {} in {CORPUS}/{name}, \
         which cargo test replays",
        findings.display()
    );
    let tried = told.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok());
    tried.context("the fuzzer did not say how much it tried")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_nightly_is_taken_and_stable_where_there_is_none() {
        let listed = "stable-x86_64-unknown-linux-gnu (active, default)\nnightly-2026-01-01-x86_64\nnightly-2026-05-19-x86_64 (x)\n";
        assert_eq!(Compiler::of(listed), Compiler::Nightly("nightly-2026-05-19-x86_64".to_owned()));
        assert_eq!(Compiler::of("stable (default)\n1.95.0\n"), Compiler::Stable);
        assert_eq!(Compiler::of(""), Compiler::Stable);
    }
}
