//! Replacing license keys, with rows as people type them.

use std::collections::{HashMap, HashSet};

use threecx_core::AnyJob;
use threecx_core::n8n::replaced::InWords;
use threecx_core::replace::{Memory, Replacement};
use threecx_core::rows::Cell;

use super::Kind;
use crate::pbx::Pbx;
use crate::random::Random;
use crate::rows::Row;

pub(super) fn work(random: &mut Random) -> (Kind, Vec<Row>, Pbx) {
    let mut pbx = Pbx::new(random.pick(&[3, 3, 12, 12, 130, 200]));
    if random.percent(30) {
        pbx.spoil_numbers(random);
    }
    let send_as = random.pick(&["id", "id", "number"]);
    let mut rows = rows(random, &pbx, send_as);
    let rows_from = random.pick(&["fields", "columns"]);
    let (dry_run, confirm, skip_done) = (random.percent(10), random.percent(70), random.percent(40));
    if skip_done {
        declined_at_first(&mut rows, &pbx, send_as);
    }
    contradicted(&mut rows, dry_run, &pbx);
    for row in &mut rows {
        row.cells.extend([
            ("rowsFrom", Cell::Text(rows_from.into())),
            ("dryRun", Cell::Bool(dry_run)),
            ("confirm", Cell::Bool(confirm)),
            ("skipDoneBefore", Cell::Bool(skip_done)),
            ("sendGroupAs", Cell::Text(send_as.into())),
        ]);
    }
    // One row has options of its own, or a switch that is neither on nor off.
    let clear = rows.len() < 2 || !random.percent(10);
    if !clear {
        let odd = random.pick(&[
            ("dryRun", None),
            ("confirm", None),
            ("dryRun", Some("yes")),
            ("confirm", Some("false")),
            ("stopIfUnread", Some("")),
            ("sendGroupAs", Some(if send_as == "id" { "number" } else { "id" })),
        ]);
        let row = random.below(rows.len() as u64) as usize;
        let own = match odd {
            ("dryRun", None) => Cell::Bool(!dry_run),
            (_, None) => Cell::Bool(!confirm),
            (_, Some(text)) => Cell::Text(text.into()),
        };
        rows[row].cells.retain(|(name, _)| *name != odd.0);
        rows[row].cells.push((odd.0, own));
        for row in &mut rows {
            row.sound = false;
        }
    }
    (Kind::Replace { dry_run, confirm, clear, skip_done }, rows, pbx)
}

pub(super) fn job(run: u64) -> AnyJob {
    let memory = Memory::new("https://pbx.example.com", None, run);
    Box::new(Replacement::<InWords>::new("/Groups/Pbx.ReplaceGroupLicenseKey", Some(memory)))
}

fn rows(random: &mut Random, pbx: &Pbx, send_as: &str) -> Vec<Row> {
    let count = random.pick(&[0, 1, 2, 4, 7, 25, 60]);
    let groups = 1 + random.below(pbx.groups.len() as u64) as usize;
    let mut rows: Vec<Row> = Vec::new();
    for row in 0..count {
        let earlier = |rows: &[Row], random: &mut Random, name| rows[random.below(row) as usize].cell(name);
        let group = &pbx.groups[random.below(groups as u64) as usize];
        let mut reference = match random.below(12) {
            0 => Cell::Text("GRP9999".into()),
            1 => Cell::Empty,
            2 => Cell::Text(group.name.clone()),
            3 => Cell::Text("1)/../Users(2".into()),
            4 | 5 => Cell::Text(group.number.to_lowercase()),
            6 | 7 => Cell::Text(format!(" {} ", group.id)),
            _ => Cell::Number(f64::from(group.id)),
        };
        let mut key = match random.below(12) {
            0 => Cell::Text(format!("0000-CANARY-{row:04}")),
            1 => Cell::Empty,
            2 if row > 0 => earlier(&rows, random, "licenseKey"),
            _ => Cell::Text(format!("CANARY-KEY-{row:04}")),
        };
        if row > 0 && random.percent(5) {
            let twin = &rows[random.below(row) as usize];
            (reference, key) = (twin.cell("groupId"), twin.cell("licenseKey"));
        }
        rows.push(known(reference, key, pbx, send_as));
    }
    rows
}

/// A second run has something to do before what the first has done.
fn declined_at_first(rows: &mut [Row], pbx: &Pbx, send_as: &str) {
    for row in rows {
        let Some(key) = row.cell("licenseKey").into_filled_text().filter(|key| key.ends_with(['1', '5'])) else {
            continue;
        };
        let key = Cell::Text(key.replace("CANARY-KEY", "0001-CANARY"));
        *row = known(row.cell("groupId"), key, pbx, send_as);
    }
}

/// What [`Pbx::replacement`] is made of.
pub(super) fn key_and_group(effect: &str) -> Option<(&str, &str)> {
    effect.split_once(' ')?.1.split_once(' ')
}

/// A key that the group got another one after is not done again, and one group or key in half of the rows does not get many.
fn contradicted(rows: &mut [Row], dry_run: bool, pbx: &Pbx) {
    let mut latest: HashMap<String, String> = HashMap::new();
    let mut sent = HashSet::new();
    // A dry run does not know which keys 3CX would refuse.
    for row in rows.iter_mut().filter(|row| row.sound || dry_run) {
        let Some(effect) = row.effect.clone() else { continue };
        let group = key_and_group(&effect).map_or("", |(_, group)| group).to_owned();
        if sent.insert(effect.clone()) {
            latest.insert(group, effect);
        } else {
            row.sound &= latest.get(&group) == Some(&effect);
        }
    }
    let written = |row: &Row| text(row, "groupId");
    // However it is named, once the groups are read.
    let known = |row: &Row| {
        let given = row.cell("groupId").into_filled_text().filter(|given| pbx.named(given) == 1);
        given.and_then(|given| pbx.group(&given)).map(|group| group.id.to_string()).or_else(|| written(row))
    };
    let key = |row: &Row| text(row, "licenseKey");
    let is_one_for_many_keys = |group: &dyn Fn(&Row) -> Option<String>| {
        let (given, all) = partners(rows, group, &key);
        given.iter().any(|(count, keys)| *count == all && *keys > 1) || is_most(&given, all)
    };
    let (given, all) = partners(rows, &key, &known);
    if is_one_for_many_keys(&written) || is_one_for_many_keys(&known) || is_most(&given, all) {
        rows.iter_mut().for_each(|row| row.sound = false);
    }
}

fn text(row: &Row, name: &str) -> Option<String> {
    row.cell(name).into_filled_text().map(|text| text.trim().to_lowercase())
}

/// In how many rows each of these is, and with how many different partners; and how many rows there are.
fn partners(
    rows: &[Row],
    one: &dyn Fn(&Row) -> Option<String>,
    partner: &dyn Fn(&Row) -> Option<String>,
) -> (Vec<(usize, usize)>, usize) {
    let mut given: HashMap<_, (usize, HashSet<_>)> = HashMap::new();
    let sent = rows.iter().filter(|row| row.effect.is_some());
    for row in sent.clone() {
        let (count, partners) = given.entry(one(row)).or_default();
        *count += 1;
        partners.insert(partner(row));
    }
    (given.into_values().map(|(count, partners)| (count, partners.len())).collect(), sent.count())
}

/// Whether one is in half of the rows or more, with many partners.
fn is_most(given: &[(usize, usize)], all: usize) -> bool {
    given.iter().any(|(count, partners)| count * 2 >= all && *partners > 2)
}

fn known(reference: Cell, key: Cell, pbx: &Pbx, send_as: &str) -> Row {
    let (group, text) = (reference.clone().into_filled_text(), key.clone().into_filled_text());
    let is_named = |text: &str| !text.trim().is_empty() && pbx.named(text) == 1;
    let sound = group.as_ref().is_some_and(|group| {
        is_named(group) && (send_as == "id" || pbx.group(group).is_some_and(|group| is_named(&group.number)))
    }) && text.as_ref().is_some_and(|text| !text.starts_with("000"));
    let effect = group.zip(text).map(|(group, key)| pbx.replacement(&group, &key));
    Row { cells: vec![("groupId", reference), ("licenseKey", key)], effect, sound, ids: Vec::new() }
}
