//! A PBX in memory, rows for it, and a host that carries requests between them.

pub(crate) mod pbx;
pub(crate) mod random;
pub(crate) mod rows;
pub(crate) mod world;
