//! What people read and n8n demands: texts, items, and what is told of a run.

pub mod breakdown;
pub mod crm;
pub mod failure;
pub mod fault;
pub mod form;
pub mod hints;
pub mod misuse;
pub mod outcome;
pub mod own_columns;
mod refused;
pub mod replaced;
pub mod summary;
pub mod system_events;
#[cfg(test)]
mod troubleshooting;
pub mod watch;
pub mod words;
