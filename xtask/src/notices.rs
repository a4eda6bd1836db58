//! The licenses of the crates that are part of the WebAssembly module: they ask to be passed on with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

const CORE: &str = "threecx-core";

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    repository: Option<String>,
    manifest_path: String,
    /// None where it is a folder of this project.
    source: Option<String>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    /// `dev` or `build`; nothing where it becomes a part of the program.
    kind: Option<String>,
}

pub(crate) fn write(output: &Path) -> Result<()> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let metadata = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--locked", "--filter-platform=wasm32-unknown-unknown"])
        .output()
        .context("cargo metadata")?;
    ensure!(metadata.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Metadata = serde_json::from_slice(&metadata.stdout)?;
    let text = text(&parts(&metadata)?)?;
    fs::write(output, &text).with_context(|| output.display().to_string())
}

/// The crates of others that the core is made of.
fn parts(metadata: &Metadata) -> Result<Vec<&Package>> {
    let packages: BTreeMap<&str, &Package> = metadata.packages.iter().map(|of| (of.id.as_str(), of)).collect();
    let nodes: BTreeMap<&str, &Node> = metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let core = metadata.packages.iter().find(|package| package.name == CORE).context(CORE)?;
    let (mut seen, mut open) = (BTreeSet::new(), vec![core.id.as_str()]);
    while let Some(id) = open.pop() {
        let package = packages.get(id).with_context(|| id.to_owned())?;
        // A macro's own code runs while the core is compiled, and is no part of it.
        let is_macro = package.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "proc-macro"));
        if is_macro || !seen.insert(id) {
            continue;
        }
        let deps = nodes.get(id).into_iter().flat_map(|node| &node.deps);
        let parts = deps.filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind.is_none()));
        open.extend(parts.map(|dep| dep.pkg.as_str()));
    }
    let mut parts: Vec<&Package> = seen.iter().map(|id| packages[id]).filter(|of| of.source.is_some()).collect();
    parts.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    Ok(parts)
}

fn text(parts: &[&Package]) -> Result<String> {
    let mut by_text: BTreeMap<String, Vec<&Package>> = BTreeMap::new();
    for package in parts {
        by_text.entry(license(package)?).or_default().push(package);
    }
    let mut out = String::from(
        "The WebAssembly module in this package contains code of these projects, and of Rust's standard library \
         (https://github.com/rust-lang/rust, MIT OR Apache-2.0).\n",
    );
    for (license, packages) in by_text {
        out.push_str("\n----\n\n");
        for Package { name, version, license, repository, .. } in packages {
            let (license, repository) =
                (license.as_deref().unwrap_or_default(), repository.as_deref().unwrap_or_default());
            writeln!(out, "{name} {version} ({license}) {repository}")?;
        }
        writeln!(out, "\n{license}")?;
    }
    Ok(out)
}

/// The shortest license that the crate comes with: of two that are offered, one is enough.
fn license(package: &Package) -> Result<String> {
    let folder = Path::new(&package.manifest_path).parent().context("a manifest is in a folder")?;
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        if (name.starts_with("LICENSE") || name.starts_with("LICENCE") || name.starts_with("COPYING"))
            && entry.file_type()?.is_file()
        {
            let lines = fs::read_to_string(entry.path())?;
            let lines: Vec<&str> = lines.lines().map(str::trim_end).collect();
            found.push(lines.join("\n").trim().to_owned());
        }
    }
    found.sort_by_key(String::len);
    found.into_iter().next().with_context(|| format!("{} {} comes without a license", package.name, package.version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_part_of_the_module_is_named_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("notices.txt");
        write(&output).unwrap();
        let text = fs::read_to_string(output).unwrap();
        for name in ["serde_json ", "wasm-bindgen ", "js-sys ", "sha2 "] {
            assert!(text.contains(&format!("\n{name}")), "{name}");
        }
        for name in ["proptest ", "serde_derive ", "call-engine ", "threecx", "clap "] {
            assert!(!text.contains(&format!("\n{name}")), "{name}");
        }
        assert!(text.contains("Permission is hereby granted"));
    }
}
