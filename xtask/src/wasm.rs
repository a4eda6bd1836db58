//! The core as one CommonJS module: `compile()` once in a process, `create(module, host)` for each run.
//!
//! The module may touch nothing but what the host gives it and a few names of the language and of the web: the
//! build is refused if another one appears in the glue.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};
use regex::Regex;
use wasm_bindgen_cli_support::Bindgen;

use crate::notices;

/// Less inlining makes the package a tenth smaller and costs nothing that can be measured.
const SPARING: &str = "-C llvm-args=-inline-threshold=25 -C llvm-args=-inlinehint-threshold=100";
const TEMPLATE: &str = include_str!("module.js");
/// Names that n8n's scanner refuses, wherever they stand.
const FORBIDDEN: &[&str] = &[
    "process",
    "require",
    "globalThis",
    "global",
    "self",
    "window",
    "console",
    "setTimeout",
    "setInterval",
    "setImmediate",
    "clearTimeout",
    "clearInterval",
    "__dirname",
    "__filename",
    "eval",
];

pub(crate) fn build(output: &Path) -> Result<()> {
    let compiled = compile()?;
    let scratch = tempfile::tempdir()?;
    Bindgen::new()
        .input_path(&compiled)
        .bundler(true)?
        .remove_name_section(true)
        .remove_producers_section(true)
        .out_name("core")
        .generate_output()?
        .emit(scratch.path())?;
    let glue = fs::read_to_string(scratch.path().join("core_bg.js"))?;
    let binary = fs::read(scratch.path().join("core_bg.wasm"))?;
    let module = wrap(&glue)?;
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(output, &module)?;
    notices::write(&output.with_file_name("THIRD-PARTY-NOTICES.txt"))?;
    // As JSON, which is read faster than JavaScript.
    fs::write(output.with_extension("json"), format!("\"{}\"", as_text(&binary)))?;
    println!("{}: {} KB, WebAssembly {} KB", output.display(), module.len() / 1024, binary.len() / 1024);
    Ok(())
}

/// A character for each byte, so that gzip sees whole bytes: with hex the tarball is 35 KB larger, with base64 100 KB. The low
/// byte of each is what it stands for, shifted so that the most frequent ones come out as ASCII. What is a control character
/// or has to be escaped moves up, and keeps its low byte.
fn as_text(bytes: &[u8]) -> String {
    let character = |byte: &u8| match byte.wrapping_add(SHIFT) {
        plain @ b' '..=b'~' if plain != b'"' && plain != b'\\' => char::from(plain),
        other => char::from_u32(0x100 + u32::from(other)).unwrap_or_default(),
    };
    bytes.iter().map(character).collect()
}

/// The first character that needs no escape, with all behind it: a module begins with the byte 0, and so with this.
const SHIFT: u8 = b'#';

fn compile() -> Result<PathBuf> {
    let cargo_home = env::var("CARGO_HOME").or_else(|_| env::var("HOME").map(|home| format!("{home}/.cargo")))?;
    let here = env::current_dir()?;
    // Paths of this machine must not reach the bytes: they come out the same everywhere.
    let flags = format!(
        "--remap-path-prefix={cargo_home}/registry/src=cargo --remap-path-prefix={}=core -C link-arg=-zstack-size=131072 {SPARING}",
        here.display()
    );
    let status = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args(["build", "--quiet", "--package", "threecx-core", "--lib", "--profile", "wasm"])
        .args(["--target", "wasm32-unknown-unknown"])
        .env("RUSTFLAGS", flags)
        .status()
        .context("cargo could not be started")?;
    ensure!(status.success(), "the core did not compile to WebAssembly");
    let target = env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    Ok(Path::new(&target).join("wasm32-unknown-unknown/wasm/threecx_core.wasm"))
}

fn wrap(glue: &str) -> Result<String> {
    // What the glue asks of the global object comes from the host instead.
    let ambient = Regex::new(r"\b(globalThis|global|self|window)\b")?;
    let glue = ambient.replace_all(glue, "host");
    let microtask = Regex::new(r"([^.\w])queueMicrotask\b")?;
    let glue = microtask.replace_all(&glue, "${1}host.queueMicrotask");
    let exported = Regex::new(r"(?m)^export (?:async )?(?:function|class|const|let) (\w+)")?;
    let names: Vec<_> = exported.captures_iter(&glue).map(|found| found[1].to_owned()).collect();
    let glue = Regex::new(r"(?m)^export (async )?(function|class|const|let) ")?.replace_all(&glue, "$1$2 ");
    if let Some(line) = glue.lines().find(|line| line.starts_with("export") || line.starts_with("import")) {
        bail!("the glue has a form that is not known here: {line}");
    }
    let module = TEMPLATE.replace("/* GLUE */", &glue).replace("/* NAMES */", &names.join(", "));
    let code = Regex::new(r"(?m)//.*$|/\*[\s\S]*?\*/|'[^'\n]*'|`[^`]*`")?.replace_all(&glue, "");
    for name in FORBIDDEN {
        let found = Regex::new(&format!(r"[^.\w$'-]{name}\b"))?.find(&code).map(|found| found.start());
        if let Some(at) = found {
            let near: String = code[at..].chars().take(80).collect();
            bail!("the module may not use {name}: {near}");
        }
    }
    Ok(module)
}
