//! The simulator over real HTTP, as its users meet it.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise, in its helpers too")]

mod access;
mod binary;
mod control;
mod crm;
mod faults;
mod groups;
mod limits;
mod operations;
mod pbx;
mod replacement;
mod tokens;
