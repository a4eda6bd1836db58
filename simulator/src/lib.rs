//! A simulated 3CX configuration API (XAPI) over real HTTP, for tests and for trying clients out.
//!
//! [`Simulator`] is a running server, [`Switches`] are the behaviours that can be chosen. A request goes
//! `server` (connections) → `exchange` (faults, latency, log) → `token_endpoint` or `xapi` (the answers, with `odata` for
//! queries), all of which work on `world` (the state). `crm` is the only part that sends requests itself. `control` is the door for tests, under `/_simulator`.
//!
//! Comments say of each behaviour whether it is *known* (documented, or reported from a live system) or
//! *assumed* (a plausible guess). What is assumed and matters has a switch.

mod answer;
mod call;
mod catalogue;
mod control;
mod crm;
mod digest;
mod directory;
mod exchange;
mod fault;
mod license;
mod log;
mod odata;
mod sample;
mod seed;
mod server;
mod store;
mod switches;
mod throttle;
mod token_endpoint;
mod tokens;
mod world;
mod xapi;

pub use server::Simulator;
pub use switches::{
    CrmDatetime, CrmMatch, CrmNumber, CrmPasses, CrmUnfilled, Edition, ErrorBody, GroupIdKind, LicenseGate,
    LogInRefusal, Role, SingleToken, Switches, TokenForm, UnknownGroup,
};
