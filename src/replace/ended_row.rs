//! What is known of a row that has come to its end.

use call_engine::{Delivery, Stage};

use super::groups::{Group, Groups, Subscription};
use crate::secret::LicenseKey;
use crate::xapi::error::Failure;

/// The group that a row is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Position among the groups that were read.
    Known(usize),
    /// Not read: sent as the row gives it.
    AsGiven(String),
}

/// What is odd about a row that can be sent all the same. Other rows are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Warning {
    /// Invisible characters or dashes were taken out of the key or replaced.
    KeyMended,
    OddKey,
    /// That row is for the same group, with another key.
    SameGroup(usize),
    /// That row has the same key, for another group.
    SameKey(usize),
}

/// A row that has come to its end.
#[derive(Debug)]
pub struct EndedRow {
    pub(crate) row: usize,
    pub(crate) target: Target,
    pub(crate) key: LicenseKey,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) before: SeenGroup,
    pub(crate) after: SeenGroup,
    pub(crate) ending: Ending,
}

/// What was seen of a group on one side of a row.
#[derive(Debug, Default)]
pub(crate) enum SeenGroup {
    /// What the reading of the whole run shows.
    #[default]
    OfRun,
    /// What was read between this row and another one of the same group, or why nothing was, if that is known.
    Between(Result<Subscription, Option<Failure>>),
}

impl SeenGroup {
    fn or<'a>(&'a self, of_run: Option<&'a Subscription>) -> Option<&'a Subscription> {
        match self {
            Self::OfRun => of_run,
            Self::Between(own) => own.as_ref().ok(),
        }
    }

    /// Why there is nothing to see.
    fn failure<'a>(&'a self, of_run: Option<&'a Failure>) -> Option<&'a Failure> {
        match self {
            Self::OfRun => of_run,
            Self::Between(own) => own.as_ref().err().and_then(Option::as_ref),
        }
    }
}

#[derive(Debug)]
pub(crate) enum Ending {
    /// Dry run: this would have been sent as the group.
    WouldSend(String),
    /// Dry run: the same group and key as this row, so it would not be sent a second time.
    WouldRepeat(usize),
    Accepted,
    /// The same group and key as this row, which 3CX has accepted.
    Repeated(usize),
    /// The same group and key as this row, of which nobody knows whether it was carried out.
    RepeatedUnknown(usize),
    /// The same group as this row, or as one of an earlier run, of which nobody knows whether it was carried out, with
    /// another key.
    BehindUnknown(Option<usize>),
    /// The same group and key as the first of these rows, or as an earlier run has done, but the other row, or an
    /// earlier run, gave the group another key after it.
    Overtaken {
        first: Option<usize>,
        by: Option<usize>,
    },
    /// An earlier run has done it, begun at this time, if the host tells.
    DoneBefore(Option<String>),
    /// An earlier run has sent it, and nobody knows whether it was carried out.
    InDoubt(Doubt),
    /// 3CX said no, or the row was not sent.
    Failed(Failure, Delivery),
}

/// What tells that an earlier run has sent a row.
#[derive(Debug)]
pub(crate) enum Doubt {
    /// The run itself, begun at this time, if that is known.
    OfRun(Option<String>),
    /// The row's own columns.
    OfColumns,
}

/// What a report needs to know of the run.
#[derive(Debug)]
pub struct Context<'a> {
    pub(crate) groups: &'a Groups,
    pub(crate) confirm: bool,
    pub(crate) dry_run: bool,
    pub(crate) stage: Stage,
    pub(crate) before_failure: Option<&'a Failure>,
    pub(crate) after_failure: Option<&'a Failure>,
    pub(crate) conflicts: Vec<Warning>,
}

/// What was read of the group.
pub(crate) struct Comparison<'a> {
    pub(crate) changed: Option<bool>,
    pub(crate) before: Option<&'a Subscription>,
    pub(crate) after: Option<&'a Subscription>,
    pub(crate) unconfirmed: Option<Unconfirmed<'a>>,
}

/// Why what was read confirms nothing.
pub(crate) enum Unconfirmed<'a> {
    /// The groups are read again at the run's end. It stays where the run breaks down before.
    NotYet,
    Before(Option<&'a Failure>),
    /// When a row in doubt was looked at.
    Now(Option<&'a Failure>),
    Afterwards(Option<&'a Failure>),
}

impl EndedRow {
    pub(crate) fn group<'a>(&self, context: &Context<'a>) -> Option<&'a Group> {
        match &self.target {
            Target::Known(index) => context.groups.get(*index),
            Target::AsGiven(_) => None,
        }
    }

    pub(crate) fn reading<'a>(&'a self, group: Option<&'a Group>, context: &Context<'a>) -> Comparison<'a> {
        let before = self.before.or(group.and_then(|group| group.before.as_ref()));
        let after = self.after.or(group.and_then(|group| group.after.as_ref()));
        let (before, after) = match self.ending {
            Ending::Repeated(_) => (None, None),
            // Nothing is sent, so it reads now as it did before the run.
            Ending::DoneBefore(_) => (None, before),
            _ => (before, after),
        };
        let unconfirmed = match (before, after, &self.ending) {
            (_, _, Ending::Repeated(_) | Ending::DoneBefore(_)) | (Some(_), Some(_), _) => None,
            (None, _, _) => Some(Unconfirmed::Before(self.before.failure(context.before_failure))),
            (_, None, _) if context.stage == Stage::First => Some(Unconfirmed::NotYet),
            (_, None, _) => Some(Unconfirmed::Afterwards(self.after.failure(context.after_failure))),
        };
        let changed = match self.ending {
            Ending::Repeated(_) | Ending::DoneBefore(_) => Some(false),
            _ => before.zip(after).map(|(before, after)| before != after),
        };
        Comparison { changed, before, after, unconfirmed }
    }

    /// Whether the readings show that something has changed.
    pub(crate) fn is_seen(&self, context: &Context<'_>) -> bool {
        self.reading(self.group(context), context).changed == Some(true)
    }

    /// How the group of a row in doubt reads now.
    pub(crate) fn look(&self) -> Result<&Subscription, Unconfirmed<'_>> {
        self.before.or(None).ok_or_else(|| Unconfirmed::Now(self.before.failure(None)))
    }

    /// ID and number, as far as they are known.
    pub(crate) fn names<'a>(&'a self, group: Option<&'a Group>) -> (Option<i32>, Option<&'a str>) {
        match (&self.target, group) {
            (_, Some(group)) => (Some(group.id), Some(group.number.as_str())),
            (Target::AsGiven(text), None) => text.parse().map_or((None, Some(text.as_str())), |id| (Some(id), None)),
            (Target::Known(_), None) => (None, None),
        }
    }
}
