//! Mistakes planted in the engine on purpose: the simulation must find each of them.
//!
//! They are made in a copy of the sources, with a build folder of its own, so that each costs seconds.

mod table;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use anyhow::{Context, Result, bail, ensure};
use table::{MUTATIONS, Mutation};

/// Seeds within which a mistake must be found: as many as `npm test` goes through without one.
const SEEDS: &str = "20000";
const SCRATCH: &str = "target/mutations";
/// What the simulation is built from. Cargo wants to see all members of the workspace.
const SOURCES: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "build.rs",
    "definition",
    "engine",
    "node-definition.json",
    "src",
    "simulation",
    "simulator",
    "xtask",
];

/// `only`: a word in the names of those to plant; all where there is none.
pub(crate) fn run(only: Option<&str>) -> Result<()> {
    let tree = Path::new(SCRATCH).join("tree");
    fs::create_dir_all(&tree)?;
    for source in SOURCES {
        copy(Path::new(source), &tree.join(source)).with_context(|| format!("{source} cannot be copied"))?;
    }
    if let Some(found) = simulate(&tree)? {
        bail!("without a mutation the simulation finds something: {found}");
    }
    println!("no mutation: nothing is found");
    let mut missed = Vec::new();
    let is_wanted = |name: &str| only.is_none_or(|only| name.contains(only));
    for mutation in MUTATIONS.iter().filter(|mutation| is_wanted(mutation.name)) {
        let file = tree.join(mutation.file);
        let original = source_of(mutation, &tree)?;
        fs::write(&file, original.replacen(mutation.find, mutation.replace, 1))?;
        let found = simulate(&tree).with_context(|| mutation.name);
        fs::write(&file, original)?;
        match found? {
            Some(found) => println!("{}: {found}", mutation.name),
            None => {
                println!("{}: NOT FOUND", mutation.name);
                missed.push(mutation.name);
            }
        }
    }
    ensure!(missed.is_empty(), "the simulation does not find: {}", missed.join("; "));
    Ok(())
}

/// The source that a mutation changes; it must say where.
fn source_of(mutation: &Mutation, tree: &Path) -> Result<String> {
    let Mutation { name, file, find, .. } = mutation;
    let source = fs::read_to_string(tree.join(file)).with_context(|| format!("{name}: {file}"))?;
    let times = source.matches(find).count();
    ensure!(times == 1, "{name}: its text is found {times} times in {file}: {find}");
    Ok(source)
}

/// Makes the same of `to`. What does not differ is left alone, so that it is not built anew.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(to)? {
            let known = entry?;
            match from.join(known.file_name()).exists() {
                true => {}
                false if known.file_type()?.is_dir() => fs::remove_dir_all(known.path())?,
                false => fs::remove_file(known.path())?,
            }
        }
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy(&from.join(&name), &to.join(&name))?;
        }
        return Ok(());
    }
    let content = fs::read(from)?;
    match fs::read(to) {
        Ok(known) if known == content => Ok(()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(fs::write(to, content)?),
    }
}

/// What the simulation of these sources finds.
fn simulate(tree: &Path) -> Result<Option<String>> {
    let target: PathBuf = fs::canonicalize(SCRATCH)?.join("target");
    let build = Command::new("cargo")
        .args(["build", "--quiet", "--locked", "--release", "--package", "simulation"])
        .current_dir(tree)
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_PROFILE_RELEASE_INCREMENTAL", "true")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .output()?;
    ensure!(build.status.success(), "it cannot be built:\n{}", String::from_utf8_lossy(&build.stderr));
    let run = Command::new(target.join("release/simulation")).args(["--seeds", SEEDS]).output()?;
    if run.status.success() {
        return Ok(None);
    }
    let told = String::from_utf8_lossy(&run.stderr);
    let found = told.lines().find_map(|line| line.strip_prefix("✗ ")).filter(|found| found.starts_with("seed "));
    match found {
        Some(found) => Ok(Some(found.to_owned())),
        None => bail!("it failed in a way of its own:\n{told}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_has_its_place() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for mutation in MUTATIONS {
            source_of(mutation, root).unwrap();
        }
    }
}
