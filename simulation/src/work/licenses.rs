//! Replacing license keys, with rows as people type them.

use threecx_core::engine::Job;
use threecx_core::replace::{Options, Replacement, SendAs, Source};
use threecx_core::rows::Cell;

use super::Kind;
use crate::pbx::Pbx;
use crate::random::Random;
use crate::rows::Row;

pub(super) fn work(random: &mut Random) -> (Kind, Vec<Row>, Pbx, Box<dyn Job>) {
    let pbx = Pbx::new(random.pick(&[3, 3, 12, 12, 130, 200]));
    let rows = rows(random, &pbx);
    let options = Options {
        source: if random.percent(50) {
            Source::Fields { fixed_group: false }
        } else {
            Source::Columns { group: None, key: None }
        },
        dry_run: random.percent(10),
        confirm: random.percent(70),
        send_as: random.pick(&[SendAs::Id, SendAs::Id, SendAs::Number]),
    };
    let kind = Kind::Replace { dry_run: options.dry_run, confirm: options.confirm };
    (kind, rows, pbx, Box::new(Replacement::new("/Groups/Pbx.ReplaceGroupLicenseKey", options)))
}

fn rows(random: &mut Random, pbx: &Pbx) -> Vec<Row> {
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
        rows.push(known(reference, key, pbx));
    }
    rows
}

fn known(reference: Cell, key: Cell, pbx: &Pbx) -> Row {
    let (group, text) = (reference.clone().into_filled_text(), key.clone().into_filled_text());
    let sound = group.as_ref().is_some_and(|group| pbx.group(group).is_some())
        && text.as_ref().is_some_and(|text| !text.starts_with("0000"));
    let effect = group.zip(text).map(|(group, key)| pbx.replacement(&group, &key));
    Row { cells: vec![("groupId", reference), ("licenseKey", key)], effect, sound, ids: Vec::new() }
}
