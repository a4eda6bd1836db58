//! Turns `node-definition.json` into static tables: nothing is parsed at run time.

use std::path::Path;
use std::{env, error, fs};

use threecx_definition::{Definition, tables};

const DEFINITION: &str = "node-definition.json";

fn main() -> Result<(), Box<dyn error::Error>> {
    println!("cargo::rerun-if-changed={DEFINITION}");
    let definition = Definition::read(Path::new(DEFINITION)).map_err(|error| error.to_string())?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("tables.rs"), tables(&definition))?;
    Ok(())
}
