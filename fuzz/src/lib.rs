//! What holds for whatever the core is given: one property for each parser, called by its fuzzer (`cargo xtask fuzz`)
//! and, over the corpus, by `cargo test`.

pub mod answer;
pub mod definition;
pub mod error;
mod json;
pub mod odata;
