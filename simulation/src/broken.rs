//! An invariant that does not hold.

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What should hold.
    pub invariant: &'static str,
    pub detail: String,
}

pub(crate) type Held = Result<(), Broken>;

/// `invariant`: what should hold; `detail`: how it does not.
pub(crate) fn must(holds: bool, invariant: &'static str, detail: impl FnOnce() -> String) -> Held {
    if holds { Ok(()) } else { Err(Broken { invariant, detail: detail() }) }
}
