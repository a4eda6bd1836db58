//! The core of n8n-nodes-3cx. It knows the 3CX configuration API (XAPI, OData v4 under `/xapi/v1`)
//! and carries rows through it. It does no I/O and reads no clock: it is asked what to do next and told
//! what happened, with the time passed in. Only [`wasm`] knows JavaScript.
//!
//! A row's way: [`rows::Rows`] (what the host gives) -> a [`batch::Job`] ([`license`] or [`operation`])
//! -> [`request::HttpRequest`] -> [`batch::Batch`], which sends it when pace, token and retries allow
//! -> [`response::HttpResponse`] -> the job -> [`batch::Outcome`]. No step goes back up.

#[cfg(test)]
mod arbitrary;
pub mod base_url;
pub mod batch;
pub mod definition;
pub mod error;
pub mod file_name;
mod fingerprint;
pub mod license;
pub mod odata;
pub mod operation;
pub mod request;
pub mod response;
pub mod rows;
pub mod secret;
pub mod text;
pub mod value;
pub mod version;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
pub mod words;
