//! What earlier runs of the same execution have sent. A host may do a job in several runs, as where two connections lead
//! into a node, or a loop does: it keeps what each has sent, and hands it to the next.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::memory::Remembered;
use super::prepared::Prepared;
use crate::calls::moment::{Moment, iso};
use crate::fingerprint::fingerprint;

/// Rows that may have been carried out, oldest first, as numbers without a meaning to the host: three for each row.
pub type SentRows = Rc<RefCell<Vec<u64>>>;

#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// Where the host keeps them, if it does, and when this run began.
    kept: Option<(SentRows, Moment)>,
    /// What tells the PBX: the host may keep the rows of several.
    pbx: u64,
    pairs: FxHashMap<u64, Remembered>,
    /// Groups of rows of which nobody knows whether they were carried out.
    unsure: FxHashSet<u64>,
}

impl Earlier {
    pub(super) fn of(rows: SentRows, pbx: &str, now: Moment) -> Self {
        let (mut pairs, mut unsure, mut latest) = (FxHashMap::default(), FxHashSet::default(), FxHashMap::default());
        for row in rows.borrow().as_chunks::<3>().0 {
            let [group, pair, what] = *row;
            let since = Some(iso((what >> 1) as Moment));
            if what & 1 == 1 {
                // Who gives a group its earlier key again means it.
                if let Some(overtaken) = latest.insert(group, pair).filter(|before| *before != pair) {
                    pairs.remove(&overtaken);
                }
                pairs.insert(pair, Remembered::Done(since));
            } else {
                unsure.insert(group);
                pairs.insert(pair, Remembered::InDoubt(since));
            }
        }
        Self { kept: Some((rows, now)), pbx: fingerprint(pbx), pairs, unsure }
    }

    /// What is known of a row, if anything is.
    pub(super) fn known(&self, row: &Prepared) -> Option<Remembered> {
        self.pairs.get(&(row.pair_print ^ self.pbx)).cloned()
    }

    /// Whether another row of the group may still be carried out.
    pub(super) fn is_unsure(&self, row: &Prepared) -> bool {
        self.unsure.contains(&(row.group_print ^ self.pbx))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// A row of this run may have been carried out.
    pub(super) fn note(&self, row: &Prepared, is_accepted: bool) {
        if let Some((rows, now)) = &self.kept {
            let what = (*now as u64) << 1 | u64::from(is_accepted);
            rows.borrow_mut().extend([row.group_print ^ self.pbx, row.pair_print ^ self.pbx, what]);
        }
    }
}
