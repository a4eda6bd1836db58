//! What a person should know of a run beside its rows.

use super::summary::ranges;
use crate::replace::conflicts::Pairs;
use crate::replace::told::Hint;

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

/// What is told of a run that replaced license keys.
pub(crate) fn of_replacing(hint: &Hint<'_>) -> String {
    match hint {
        Hint::SameGroup(pairs) => paired("The same group appears with different license keys", pairs),
        Hint::SameKey(pairs) => paired("The same license key appears for different groups", pairs),
        Hint::BlankRows(rows) if rows.len() == 1 => {
            format!("Row {} at the end is blank and was skipped", rows.start + 1)
        }
        Hint::BlankRows(rows) => {
            format!("Rows {} at the end are blank and were skipped", ranges(&rows.clone().collect()))
        }
        Hint::PerhapsOtherPbx(differing) => format!("The {differing}: make sure that both are one PBX"),
        Hint::OddKeys(1) => "One license key does not look like ABCD-EFGH-IJKL-MNOP; it was used as it is".to_owned(),
        Hint::OddKeys(many) => {
            format!("{many} license keys do not look like ABCD-EFGH-IJKL-MNOP; they were used as they are")
        }
        Hint::DoneBefore(count) => done_before(*count),
        Hint::Repeated { count, of } => repeated(*count, *of),
        Hint::MemoryFailed(failure) => format!("{failure}. Another run may call rows in doubt that this one has done"),
        Hint::UnreadBefore(failure) => format!("The groups could not be read completely before the run: {failure}"),
        Hint::UnreadAfter(failure) => format!("The groups could not be read completely after the run: {failure}"),
        Hint::Unseen { count, of } => format!(
            "No change can be seen for {count} of the {of} keys that 3CX accepted: the subscription reads as before, or could not be read. That is normal where the group had this license already; otherwise look again in a minute with Group > Get"
        ),
    }
}

/// Rows that an earlier run has done. Which key a group has got last, the memory does not know.
fn done_before(count: usize) -> String {
    let (done, group) = match count {
        1 => ("One row was done by an earlier run and was".to_owned(), "its group"),
        many => (format!("{many} rows were done by earlier runs and were"), "a group"),
    };
    format!(
        "{done} not sent again. If {group} has got another key since, the earlier one does not come back: for that, run the row alone with Skip Rows Done Before off"
    )
}

/// Rows with the group and the key of an earlier one.
fn repeated(count: usize, of: usize) -> String {
    let (rows, is) = if count == 1 { ("row", "has") } else { ("rows", "have") };
    let mut text =
        format!("{count} {rows} of {of} {is} the group and the key of an earlier row: not sent a second time");
    if count * 2 >= of {
        text.push_str(". If each row has its own in the sheet, look for an expression that always reads the first one, as with .first() or .all()[0], or for cells that were filled down");
    }
    text
}

/// Pairs of rows, the first of them by their numbers.
fn paired(text: &str, Pairs { first, count }: &Pairs) -> String {
    let mut rows: Vec<_> = first.iter().map(|(one, other)| format!("{} and {}", one + 1, other + 1)).collect();
    let more = count - first.len();
    rows.extend((more > 0).then(|| format!("{more} more")));
    format!("{text}: rows {}", rows.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_rows_are_named() {
        let blank_rows = |rows| of_replacing(&Hint::BlankRows(rows));
        assert_eq!(blank_rows(13..14), "Row 14 at the end is blank and was skipped");
        assert_eq!(blank_rows(13..16), "Rows 14-16 at the end are blank and were skipped");
    }

    #[test]
    fn rows_that_were_done_before_are_counted() {
        assert!(done_before(1).starts_with("One row was done by an earlier run and was not sent again. "));
        assert!(done_before(7).starts_with("7 rows were done by earlier runs and were not sent again. "));
    }

    #[test]
    fn rows_that_repeat_others_are_counted_and_most_of_them_explained() {
        let few = repeated(1, 6);
        assert_eq!(few, "1 row of 6 has the group and the key of an earlier row: not sent a second time");
        let most = repeated(5, 6);
        assert!(
            most.starts_with("5 rows of 6 have the group") && most.contains("always reads the first one"),
            "{most}"
        );
    }

    #[test]
    fn rows_that_contradict_each_other_are_paired() {
        let pairs = |first: &[(u32, u32)], count| Pairs { first: first.to_vec(), count };
        assert_eq!(
            of_replacing(&Hint::SameGroup(&pairs(&[(0, 2), (0, 5)], 5))),
            "The same group appears with different license keys: rows 1 and 3; 1 and 6; 3 more"
        );
        assert_eq!(
            of_replacing(&Hint::SameKey(&pairs(&[(0, 3)], 1))),
            "The same license key appears for different groups: rows 1 and 4"
        );
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
