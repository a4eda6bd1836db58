//! What people read and n8n demands: texts, items, and what is told of a run.

pub mod failure;
pub mod outcome;
pub mod own_columns;
pub mod summary;
