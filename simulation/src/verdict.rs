//! Whether what a row says is true.

use std::collections::HashMap;

use call_engine::{Millis, Stage};
use serde_json::Value;
use threecx_core::n8n::outcome::Outcome;

use crate::broken::{Broken, Held, must};
use crate::watch::Watch;
use crate::work::{Kind, Work};

/// What was told of each row.
pub(crate) struct Verdicts {
    told: Vec<Option<&'static str>>,
    /// What the first of two outcomes said, until the second comes.
    first: HashMap<usize, &'static str>,
}

/// Every secret of the simulation holds this word.
const CANARY: &str = "CANARY";

impl Verdicts {
    pub(crate) fn new(rows: usize) -> Self {
        Self { told: vec![None; rows], first: HashMap::new() }
    }

    /// Takes in an outcome and gives its kind.
    pub(crate) fn take(
        &mut self,
        outcome: &Outcome,
        work: &Work,
        watch: &Watch,
        is_calm: bool,
        now: Millis,
    ) -> Result<&'static str, Broken> {
        let row = outcome.row;
        let first = self.first.get(&row).copied();
        let is_due =
            self.told.get(row).is_some_and(Option::is_none) && first.is_some() == (outcome.stage == Stage::Second);
        must(is_due, "a row has one outcome, or a first and a second", || format!("row {row} has another one"))?;
        let mut items = Vec::new();
        for text in &outcome.items {
            keeps_secrets(text)?;
            let item: Value = serde_json::from_str(text).unwrap_or_default();
            must(item["pairedItem"]["item"] == row, "an item is paired with its row", || format!("row {row}: {text}"))?;
            items.push(item);
        }
        let shown = || format!("row {row}: {}", outcome.items.join(" "));
        let kind = if outcome.failed {
            must(items.len() == 1, "a failed row gives one item", shown)?;
            failed(row, &items[0]["json"], work, watch, now)
        } else {
            done(row, &items, work, is_calm && outcome.stage != Stage::First)
        };
        let kind = kind.map_err(|invariant| Broken { invariant, detail: shown() })?;
        let is_told_now = kind == "repeated" && outcome.stage != Stage::Second && is_calm;
        must(!is_told_now || work.is_latest(row), "a group of a row that repeats another has its key", shown)?;
        let is_overtaken = kind == "done before" && work.is_overtaken(row, watch);
        must(!is_overtaken, "a group of a row that was done before got no other key since", shown)?;
        must(first.is_none_or(|first| first == kind), "a second outcome is no other than the first", shown)?;
        if outcome.stage == Stage::First {
            self.first.insert(row, kind);
        } else {
            self.told[row] = Some(kind);
        }
        Ok(kind)
    }

    /// How many rows have told.
    pub(crate) fn count(&self) -> usize {
        let is_told = |row: &usize| self.told[*row].is_some() || self.first.contains_key(row);
        (0..self.told.len()).filter(is_told).count()
    }

    /// Whether a row is said to be done, or perhaps done.
    fn may_be_done(&self, row: usize) -> bool {
        matches!(self.told[row], Some("done" | "unknown" | "done before" | "in doubt"))
    }

    /// What can only be seen when everything has landed.
    pub(crate) fn end(&self, work: &Work, watch: &Watch, is_calm: bool) -> Held {
        for (row, told) in self.told.iter().enumerate() {
            let known = &work.rows.0[row];
            must(told.is_some(), "no row is lost", || format!("row {row} has no outcome"))?;
            let is_done = matches!(told, Some("done" | "dry run" | "repeated"));
            must(is_done || !known.sound || !is_calm, "where nothing goes wrong, all is done", || {
                format!("row {row}: {told:?}: {:?}", known.effect)
            })?;
            let applied = known.effect.as_ref().map_or(0, |effect| work.pbx.times_done(effect));
            // This run may have ended before it came to a row that the one before has done.
            let is_old = known.effect.as_ref().is_some_and(|effect| watch.may_be_done_before(effect));
            let is_told = applied == 0 || is_old || work.twins(row).iter().any(|twin| self.may_be_done(*twin));
            must(is_told, "what is said not to be done is not", || {
                format!("row {row} is {told:?}: {:?}", known.effect)
            })?;
        }
        Ok(())
    }
}

pub(crate) fn keeps_secrets(text: &str) -> Held {
    must(!text.contains(CANARY), "no secret is shown", || text.to_owned())
}

fn done(row: usize, items: &[Value], work: &Work, is_calm: bool) -> Result<&'static str, &'static str> {
    let known = &work.rows.0[row];
    if work.kind.is_reading() {
        let ids = items.iter().map(|item| item["json"]["Id"].as_i64());
        let is_complete = ids.eq(known.ids.iter().map(|id| Some(i64::from(*id))));
        return if is_complete { Ok("done") } else { Err("a reading gives each record once") };
    }
    let [item] = items else { return Err("a row that changes something gives one item") };
    let json = &item["json"];
    let Some(effect) = &known.effect else {
        // Blank rows at the end.
        let is_left_out = json["skipped"] == true && work.rows.0[row..].iter().all(|row| row.effect.is_none());
        return if is_left_out { Ok("skipped") } else { Err("what cannot be done is not said to be") };
    };
    if matches!(work.kind, Kind::Replace { dry_run: true, .. }) {
        return if json["dryRun"] == true { Ok("dry run") } else { Err("a dry run says so") };
    }
    if work.pbx.times_done(effect) == 0 {
        return Err("what is said to be done is");
    }
    if json["doneBefore"] == true {
        return Ok("done before");
    }
    if json["warnings"].to_string().contains("not sent a second time") {
        return Ok("repeated");
    }
    let is_seen = !matches!(work.kind, Kind::Replace { confirm: true, .. }) || json["changed"] == true;
    if is_seen || !is_calm { Ok("done") } else { Err("the readings before and after show what changed") }
}

fn failed(row: usize, json: &Value, work: &Work, watch: &Watch, now: Millis) -> Result<&'static str, &'static str> {
    let known = &work.rows.0[row];
    let is_lost = known.effect.as_ref().is_some_and(|effect| watch.story(effect).lost);
    match json["details"]["outcome"].as_str() {
        Some("notSent") => Ok("notSent"),
        Some("skipped") if watch.cancelled || watch.is_stopped() || watch.is_nearly_over(now) => Ok("skipped"),
        Some("skipped") => Err("only the end of the run skips rows"),
        // Which look-ups are for a row without a target is not known.
        Some("refused") if watch.has_answer(row) || known.effect.is_none() => Ok("refused"),
        Some("refused") => Err("what was never answered was not refused"),
        Some("unknown") if json["details"]["code"] == "IN_DOUBT" && watch.is_second => Ok("in doubt"),
        Some("unknown") if is_lost => Ok("unknown"),
        Some("unknown") => Err("only what was lost is unknown"),
        _ => Err("a failed row says how far it got"),
    }
}
