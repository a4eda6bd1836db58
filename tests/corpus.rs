//! What the fuzzers begin with and what they found, replayed: each file of `fuzz/corpus` must hold its property.

use std::{fs, io};

// Its targets need it to be public, a test does not.
#[allow(unreachable_pub)]
#[cfg(test)]
#[path = "../fuzz/src/lib.rs"]
mod properties;

fn replay(target: &str, check: fn(&[u8])) -> io::Result<()> {
    let folder = format!("{}/fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut replayed = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        println!("{}", path.display());
        check(&fs::read(path)?);
        replayed += 1;
    }
    assert!(replayed >= 3, "only {replayed} inputs for {target}");
    Ok(())
}

#[test]
fn answers() -> io::Result<()> {
    replay("answer", properties::answer::check)
}

#[test]
fn errors() -> io::Result<()> {
    replay("error", properties::error::check)
}

#[test]
fn definitions() -> io::Result<()> {
    replay("definition", properties::definition::check)
}

#[test]
fn odata() -> io::Result<()> {
    replay("odata", properties::odata::check)
}
