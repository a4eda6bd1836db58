//! What a run does: an operation, rows for it, and what is known of its calls.

mod licenses;
mod users;

use std::collections::HashMap;

use serde_json::Value;
use threecx_core::AnyJob;
use threecx_core::xapi::request::{HttpRequest, Method};

use crate::pbx::{Pbx, json_of};
use crate::random::Random;
use crate::rows::Table;
use crate::watch::Watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Replace { dry_run: bool, confirm: bool, clear: bool, skip_done: bool },
    Get,
    GetByNumber,
    GetMany { limited: bool },
    Create,
    Update,
    UpdateByNumber,
    UpdateIfMatch,
    Delete,
    Action,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Replace { .. } => "replace",
            Self::Get => "get",
            Self::GetByNumber => "get by number",
            Self::GetMany { limited: false } => "get many",
            Self::GetMany { limited: true } => "get many with a limit",
            Self::Create => "create",
            Self::Update => "update",
            Self::UpdateByNumber => "update by number",
            Self::UpdateIfMatch => "update with If-Match",
            Self::Delete => "delete",
            Self::Action => "action",
        }
    }

    pub(crate) fn is_reading(self) -> bool {
        matches!(self, Self::Get | Self::GetByNumber | Self::GetMany { .. })
    }

    /// Whether an empty success is known of the operation.
    pub(crate) fn is_silent(self) -> bool {
        matches!(self, Self::Action | Self::Delete | Self::Update | Self::UpdateByNumber | Self::UpdateIfMatch)
    }
}

pub(crate) struct Work {
    pub(crate) kind: Kind,
    pub(crate) rows: Table,
    pub(crate) pbx: Pbx,
    /// Rows by their effects.
    by_effect: HashMap<String, Vec<usize>>,
}

/// What is known of a request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Two requests with the same key ask for the same thing.
    pub(crate) key: String,
    /// Rows that it may be for, in order.
    pub(crate) rows: Vec<usize>,
    pub(crate) changes: bool,
    /// How many groups are meant by the one that it names, if it names one.
    pub(crate) named: Option<usize>,
    pub(crate) safe_to_repeat: bool,
    /// Calls of one group must not overlap.
    pub(crate) group: Option<String>,
}

impl Work {
    pub(crate) fn random(random: &mut Random) -> Self {
        let (kind, rows, pbx) = if random.percent(50) { licenses::work(random) } else { users::work(random) };
        let mut by_effect: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, row) in rows.iter().enumerate() {
            if let Some(effect) = &row.effect {
                by_effect.entry(effect.clone()).or_default().push(index);
            }
        }
        Self { kind, rows: Table(rows), pbx, by_effect }
    }

    /// What does it. `run`: a number that no other run has.
    pub(crate) fn job(&self, run: u64) -> AnyJob {
        match self.kind {
            Kind::Replace { .. } => licenses::job(run),
            kind => users::job(kind),
        }
    }

    /// Rows with the same effect as this one, itself among them.
    pub(crate) fn twins(&self, row: usize) -> &[usize] {
        self.rows.0[row].effect.as_ref().and_then(|effect| self.by_effect.get(effect)).map_or(&[], Vec::as_slice)
    }

    /// Whether what a row does to a group was done to it last.
    pub(crate) fn is_latest(&self, row: usize) -> bool {
        let effect = self.rows.0[row].effect.as_deref().unwrap_or_default();
        let Some((key, group)) = licenses::key_and_group(effect) else { return false };
        self.pbx.groups.iter().any(|known| known.id.to_string() == group && known.key == key)
    }

    /// Whether this run has given the group of a row another key.
    pub(crate) fn is_overtaken(&self, row: usize, watch: &Watch) -> bool {
        let effect = self.rows.0[row].effect.as_deref().unwrap_or_default();
        licenses::key_and_group(effect).is_some_and(|(_, group)| watch.has_given_another(effect, group))
    }

    pub(crate) fn call(&self, request: &HttpRequest) -> Call {
        let changes = request.method != Method::Get;
        let effect = self.pbx.effect(request);
        let rows = match &effect {
            Some(effect) => self.by_effect.get(effect).cloned().unwrap_or_default(),
            None => users::row_of(request).into_iter().collect(),
        };
        let group = match (self.kind, &effect) {
            (Kind::Replace { .. }, Some(effect)) => licenses::key_and_group(effect).map(|(_, group)| group.to_owned()),
            _ => None,
        };
        let named = group.is_some().then(|| {
            let body: Value = serde_json::from_str(json_of(request)).unwrap_or_default();
            self.pbx.named(body["groupId"].as_str().unwrap_or_default())
        });
        Call {
            named,
            key: effect.unwrap_or_else(|| format!("{} {} {}", request.method.as_str(), request.path, json_of(request))),
            rows: if matches!(self.kind, Kind::Replace { .. }) && !changes { Vec::new() } else { rows },
            changes,
            safe_to_repeat: match request.method {
                Method::Get => true,
                Method::Patch => request.if_match.is_none(),
                Method::Post | Method::Put | Method::Delete => false,
            },
            group,
        }
    }
}
