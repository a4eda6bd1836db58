//! Whether a call was carried out. The protocol says what each answer proves; the engine settles it once for each call,
//! from the results of all its tries, and no other code decides it again.

/// What is known of whether a call was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// No byte of it can have reached the server.
    NotSent,
    /// The server said no, in an answer that leaves no doubt.
    Refused,
    /// It was carried out.
    Done,
    /// Anything may have become of it. It is never sent again by itself.
    Unknown,
}

impl Delivery {
    /// Whether it may have been carried out.
    pub fn may_have_acted(self) -> bool {
        matches!(self, Self::Done | Self::Unknown)
    }
}

/// What carrying a call out does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it may always be sent again.
    Reads,
    /// It changes something, but twice is no worse than once.
    Repeatable,
    /// Twice is once too often.
    Once,
}
