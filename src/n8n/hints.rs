//! What a person should know of a run beside its rows.

use std::ops::Range;

use super::summary::ranges;
use crate::replace::one_pbx::Differing;
use crate::xapi::error::Failure;

/// How many names a hint shows.
const MOST_NAMES: usize = 10;

/// `count`: how many there are, with those that are not named.
pub(crate) fn columns_ignored(names: &[&str], count: usize) -> Option<String> {
    named("Columns that match no field were left out", names, count)
}

/// Of a run none of whose columns is known.
pub(crate) const NO_COLUMN_KNOWN: &str =
    "None of the columns matches a field: is the first line of the sheet its header?";

pub(crate) fn columns_masked(names: &[&str]) -> Option<String> {
    named("Columns with secrets that this node has masked were left out, so 3CX keeps them", names, names.len())
}

/// Of records that were read and are sent back.
pub(crate) fn columns_stale(names: &[&str]) -> Option<String> {
    let text =
        "Columns of records that were read were left out, because they change by themselves or belong to other records";
    named(text, names, names.len()).map(|told| told + " To set them, use Map Each Column Manually.")
}

/// Of a run whose caller kept rows back: it was given the first `given` of them.
pub fn left_out(given: usize, of: usize) -> String {
    format!(
        "Execute Once is on: only the first {given} of {of} rows was processed. To process all, switch it off in the node's settings and run the others."
    )
}

/// Of a run that sent what the earlier node had saved.
pub(crate) const SENT_AS_SAVED: &str = "This node was saved by an earlier node and sends what was saved then, which its form \
    does not show. To change it, add the node anew.";

/// Of a list that was asked for once although 3CX has more of it.
pub(crate) const LIST_GOES_ON: &str = "3CX has more records of this list than it sent at once, and they are missing here. Switch on \
    Return All, where the form has it; otherwise ask with a narrower filter.";

/// What a list ends with that was cut for a language model.
pub(crate) fn more_records(limit: usize) -> String {
    format!(
        "There are more records than these {limit}: do not take them for all. Ask with a narrower filter or search."
    )
}

fn named(text: &str, names: &[&str], count: usize) -> Option<String> {
    let mut shown: Vec<String> = names.iter().take(MOST_NAMES).map(|name| (*name).to_owned()).collect();
    let more = count - shown.len();
    shown.extend((more > 0).then(|| if shown.is_empty() { more.to_string() } else { format!("and {more} more") }));
    (count > 0).then(|| format!("{text}: {}.", shown.join(", ")))
}

/// Blank rows at a sheet's end.
pub(crate) fn blank_rows(rows: Range<usize>) -> Option<String> {
    match rows.len() {
        0 => None,
        1 => Some(format!("Row {} at the end is blank and was skipped", rows.start + 1)),
        _ => Some(format!("Rows {} at the end are blank and were skipped", ranges(&rows.collect()))),
    }
}

pub(crate) fn odd_keys(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("One license key does not look like ABCD-EFGH-IJKL-MNOP; it was used as it is".to_owned()),
        many => Some(format!("{many} license keys do not look like ABCD-EFGH-IJKL-MNOP; they were used as they are")),
    }
}

pub(crate) fn memory_failed(failure: &Failure) -> String {
    format!("{failure}. Another run may call rows in doubt that this one has done")
}

/// Rows that an earlier run has done. Which key a group has got last, the memory does not know.
pub(crate) fn done_before(count: usize) -> Option<String> {
    let (done, group) = match count {
        0 => return None,
        1 => ("One row was done by an earlier run and was".to_owned(), "its group"),
        many => (format!("{many} rows were done by earlier runs and were"), "a group"),
    };
    Some(format!(
        "{done} not sent again. If {group} has got another key since, the earlier one does not come back: for that, run the row alone with Skip Rows Done Before off"
    ))
}

/// Of a sheet that names what may be the credential's PBX by another name.
pub(crate) fn perhaps_other_pbx(differing: &Differing) -> String {
    format!("The {differing}: make sure that both are one PBX")
}

pub(crate) fn unread_before(failure: &Failure) -> String {
    format!("The groups could not be read completely before the run: {failure}")
}

pub(crate) fn unread_after(failure: &Failure) -> String {
    format!("The groups could not be read completely after the run: {failure}")
}

/// Of so many rows that 3CX accepted, those whose groups show no change. A single one says so itself.
pub(crate) fn unseen(count: usize, of: usize) -> Option<String> {
    (count > 0 && of > 1).then(|| {
        format!(
            "No change can be seen for {count} of the {of} keys that 3CX accepted: the subscription reads as before, or could not be read. That is normal where the group had this license already; otherwise look again in a minute with Group > Get"
        )
    })
}

/// Pairs of rows, counted from 0, for one group; `count`: how many there are.
pub(crate) fn same_group(pairs: &[(u32, u32)], count: usize) -> Option<String> {
    paired("The same group appears with different license keys", pairs, count)
}

pub(crate) fn same_key(pairs: &[(u32, u32)], count: usize) -> Option<String> {
    paired("The same license key appears for different groups", pairs, count)
}

fn paired(text: &str, pairs: &[(u32, u32)], count: usize) -> Option<String> {
    let mut rows: Vec<_> = pairs.iter().map(|(one, other)| format!("{} and {}", one + 1, other + 1)).collect();
    let more = count - pairs.len();
    rows.extend((more > 0).then(|| format!("{more} more")));
    (!rows.is_empty()).then(|| format!("{text}: rows {}", rows.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_rows_are_named() {
        assert_eq!(blank_rows(1..1), None);
        assert_eq!(blank_rows(13..14).unwrap(), "Row 14 at the end is blank and was skipped");
        assert_eq!(blank_rows(13..16).unwrap(), "Rows 14-16 at the end are blank and were skipped");
    }

    #[test]
    fn rows_that_were_done_before_are_counted() {
        assert_eq!(done_before(0), None);
        assert!(done_before(1).unwrap().starts_with("One row was done by an earlier run and was not sent again. "));
        assert!(done_before(7).unwrap().starts_with("7 rows were done by earlier runs and were not sent again. "));
    }

    #[test]
    fn rows_that_contradict_each_other_are_paired() {
        assert_eq!(same_group(&[], 0), None);
        assert_eq!(
            same_group(&[(0, 2), (0, 5)], 5).unwrap(),
            "The same group appears with different license keys: rows 1 and 3; 1 and 6; 3 more"
        );
        assert_eq!(same_key(&[(0, 3)], 1).unwrap(), "The same license key appears for different groups: rows 1 and 4");
    }

    #[test]
    fn only_the_first_names_are_told() {
        assert_eq!(columns_ignored(&[], 0), None);
        assert_eq!(columns_ignored(&[], 3).unwrap(), "Columns that match no field were left out: 3.");
        let told = columns_masked(&["Name"; 20]).unwrap();
        assert_eq!(told.matches("Name").count(), MOST_NAMES);
        assert!(told.ends_with(", and 10 more."), "{told}");
    }
}
