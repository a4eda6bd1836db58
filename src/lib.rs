//! The core of n8n-nodes-3cx. It knows the 3CX configuration API (XAPI, OData v4 under `/xapi/v1`)
//! and carries rows through it. It does no I/O and reads no clock: it is asked what to do next and told
//! what happened, with the time passed in. Only [`wasm`] knows JavaScript.
//!
//! A row's way: [`rows::Rows`] (what the host gives) -> an [`AnyJob`] ([`replace`], [`operation`] or [`call_log`])
//! -> [`xapi::request::HttpRequest`] -> [`call_engine::Batch`], which sends it when pace, token and retries allow
//! -> [`xapi::response::HttpResponse`] -> the job -> [`n8n::outcome::Outcome`]. No step goes back up.

#[cfg(test)]
mod arbitrary;
pub mod call_log;
pub mod calls;
pub mod crm;
pub mod definition;
mod fingerprint;
mod gradual;
mod lanes;
pub mod n8n;
pub mod operation;
mod prints;
pub mod redaction;
pub mod replace;
mod row_secrets;
pub mod rows;
pub mod secret;
pub mod secret_names;
mod sorting;
pub mod trigger;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
pub mod xapi;

/// Any job of this crate.
pub type AnyJob =
    Box<dyn call_engine::Job<Protocol = xapi::protocol::Xapi, Rows = dyn rows::Rows, Outcome = n8n::outcome::Outcome>>;
