//! Makes `node-definition.json` from 3CX's OpenAPI file and our own `facts/`. The same input gives the same bytes.

mod answer;
mod description;
mod import;
mod locators;
mod operation;
mod schema;
mod types;
mod upgrade;
mod wording;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use openapiv3::OpenAPI;
use threecx_definition::facts::{Descriptions, Older, Overrides, Versions};
use threecx_definition::{Definition, Version, write};

/// Where 3CX publishes its file, and what a newer one changes.
pub(crate) const HELP: &str = "\
3CX publishes its OpenAPI file as swagger.yaml at https://github.com/3cx/xapi-tutorial, and each PBX serves its own at
/xapi/v1/swagger.yaml. The rest is in facts/: overrides.json (words, forms and what 3CX does not say, written by hand),
descriptions.json (what operations say of themselves, likewise), versions.json (since when there is what) and older.json (what the newest version has no more).

The file of the version that facts/versions.json names gives the same node-definition.json again. For a newer one, say
which it is (--version 20.0.11): new operations are entered in versions.json, and those that are gone in older.json, from
the node-definition.json that is there. Then look through the changes, and word new operations in overrides.json.";

/// What of `cargo xtask definition` can be chosen.
#[derive(Args)]
pub(crate) struct Arguments {
    /// 3CX's OpenAPI file
    specification: PathBuf,
    /// The version of 3CX that it is of, unless it is the one in versions.json
    #[arg(long)]
    version: Option<String>,
    #[arg(long, default_value = "facts")]
    facts: PathBuf,
    #[arg(long, default_value = crate::DEFINITION)]
    output: PathBuf,
}

/// What the definition is made from.
struct Sources {
    specification: OpenAPI,
    overrides: Overrides,
    descriptions: Descriptions,
    versions: Versions,
    older: Older,
}

pub(crate) fn build(arguments: &Arguments) -> Result<()> {
    let file = |name: &str| arguments.facts.join(name);
    let mut sources = Sources {
        specification: read(&arguments.specification)?,
        overrides: Overrides::read(&file("overrides.json"))?,
        descriptions: Descriptions::read(&file("descriptions.json"))?,
        versions: Versions::read(&file("versions.json"))?,
        older: Older::read(&file("older.json"))?,
    };
    let version = arguments.version.as_deref().map(Version::new);
    if let Some(version) = version.filter(|version| *version != sources.versions.newest) {
        ensure!(version > sources.versions.newest, "{version} is older than {}", sources.versions.newest);
        let before = Definition::read(Path::new(crate::DEFINITION))?;
        ensure!(before.version == sources.versions.newest, "{} is of {}", crate::DEFINITION, before.version);
        let changes = upgrade::upgrade(&mut sources, &before, version)?;
        fs::write(file("versions.json"), serde_json::to_string_pretty(&sources.versions)? + "\n")?;
        fs::write(file("older.json"), sources.older.write()?)?;
        println!("{changes}");
    }
    let text = write(&import::definition(&sources)?)?;
    Definition::parse(&text)?;
    fs::write(&arguments.output, text)?;
    Ok(())
}

fn read(path: &Path) -> Result<OpenAPI> {
    let place = || path.display().to_string();
    serde_yaml_ng::from_str(&fs::read_to_string(path).with_context(place)?).with_context(place)
}
