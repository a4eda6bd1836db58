//! Build steps that npm cannot do: `cargo xtask <step>`.

mod definition;
mod description;
mod fuzz;
mod mutations;
mod notices;
mod operations;
mod schemas;
mod simulate;
mod wasm;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// What the node offers.
const DEFINITION: &str = "node-definition.json";

#[derive(Parser)]
#[command(about = "Build steps of n8n-nodes-3cx")]
struct Arguments {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Compile the core to WebAssembly and wrap it as a CommonJS module
    Wasm {
        #[arg(long, default_value = "dist/portable/wasm.js")]
        output: PathBuf,
    },
    /// Make node-definition.json from 3CX's OpenAPI file and facts/
    #[command(after_help = definition::HELP)]
    Definition(definition::Arguments),
    /// Print what tests and scripts need of node-definition.json, as JSON
    Operations,
    /// Make the node's properties from node-definition.json
    Description {
        #[arg(long, default_value = "nodes/Threecx/properties.json")]
        output: PathBuf,
    },
    /// Make the previews of what comes out, beside the compiled nodes
    Schemas {
        #[arg(long, default_value = "dist/nodes")]
        output: PathBuf,
    },
    /// Run the engine under random schedules of faults: --seeds N [--from M], --minutes N, or --seed S
    Simulate {
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Plant mistakes in the engine, one after another: the simulation must find each
    Mutations {
        /// Only those with this in their names
        #[arg(long)]
        only: Option<String>,
    },
    /// Run the fuzzers
    Fuzz {
        /// How long each is run
        #[arg(long, default_value_t = 60)]
        seconds: u32,
        /// Only this one
        #[arg(long)]
        target: Option<String>,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().step {
        Step::Wasm { output } => wasm::build(&output),
        Step::Definition(arguments) => definition::build(&arguments),
        Step::Operations => operations::print(),
        Step::Description { output } => description::build(&output),
        Step::Schemas { output } => schemas::build(&output),
        Step::Simulate { arguments } => simulate::run(&arguments),
        Step::Mutations { only } => mutations::run(only.as_deref()),
        Step::Fuzz { seconds, target } => fuzz::run(seconds, target.as_deref()),
    }
}
