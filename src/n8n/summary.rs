//! What is told of a run as a whole.

use call_engine::{Millis, RowSet, Tally};

/// The run in one sentence.
pub fn of_run(tally: Tally, rows: usize, took: Millis) -> String {
    let Tally { succeeded, skipped, checked, failed, sent, retried, throttled } = tally;
    let mut text = match checked {
        0 => format!("{succeeded} of {rows} rows succeeded"),
        _ => format!("{checked} of {rows} rows would be sent"),
    };
    for (count, what) in [(skipped, "skipped"), (failed, "failed")] {
        if count > 0 {
            text.push_str(&format!(", {count} {what}"));
        }
    }
    text.push_str(&format!(": {sent} requests in {:.1} s", took as f64 / 1000.0));
    if retried > 0 {
        text.push_str(&format!(", {retried} of them sent again"));
    }
    if throttled > 0 {
        text.push_str(&format!("; 3CX asked {throttled} times to slow down"));
    }
    text.push('.');
    text
}

/// Which rows were done although the run stopped: they must not be run again.
pub fn done_before_the_stop(rows: &RowSet) -> String {
    if rows.is_empty() {
        return "No row was done before the stop.".to_owned();
    }
    format!("Done before the stop: rows {}.", ranges(rows))
}

/// Of rows that may have been carried out.
pub fn rows_unknown(rows: &RowSet) -> Option<String> {
    match rows.len() {
        0 => None,
        1 => Some(format!("The outcome of row {} is not known: look at it before you run it again", ranges(rows))),
        many => Some(format!(
            "The outcome of {many} rows is not known: look at them before you run them again (rows {})",
            ranges(rows)
        )),
    }
}

/// A text names at most so many.
const MOST_RANGES: usize = 2000;

/// Rows as a person reads them, such as `1-3, 7`.
pub fn ranges(rows: &RowSet) -> String {
    let told = rows.ranges().take(MOST_RANGES).map(|range| match range.len() {
        1 => range.end.to_string(),
        _ => format!("{}-{}", range.start + 1, range.end),
    });
    let mut told = told.collect::<Vec<_>>().join(", ");
    let more: usize = rows.ranges().skip(MOST_RANGES).map(|range| range.len()).sum();
    if more > 0 {
        told.push_str(&format!(" and {more} more"));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_happened_is_told() {
        let smooth = Tally { succeeded: 3, sent: 5, ..Tally::default() };
        assert_eq!(of_run(smooth, 3, 1250), "3 of 3 rows succeeded: 5 requests in 1.2 s.");
        let rough = Tally { succeeded: 1, failed: 2, sent: 9, retried: 4, throttled: 3, ..Tally::default() };
        assert_eq!(
            of_run(rough, 3, 60_000),
            "1 of 3 rows succeeded, 2 failed: 9 requests in 60.0 s, 4 of them sent again; 3CX asked 3 times to slow down."
        );
    }

    #[test]
    fn what_was_skipped_or_only_checked_did_not_succeed() {
        let again = Tally { succeeded: 1, skipped: 4, failed: 2, sent: 5, ..Tally::default() };
        assert_eq!(of_run(again, 7, 1000), "1 of 7 rows succeeded, 4 skipped, 2 failed: 5 requests in 1.0 s.");
        let dry = Tally { checked: 3, skipped: 1, failed: 1, sent: 2, ..Tally::default() };
        assert_eq!(of_run(dry, 5, 1000), "3 of 5 rows would be sent, 1 skipped, 1 failed: 2 requests in 1.0 s.");
    }

    #[test]
    fn rows_done_are_told_as_ranges() {
        let rows = |rows: &[usize]| rows.iter().copied().collect::<RowSet>();
        assert_eq!(done_before_the_stop(&rows(&[])), "No row was done before the stop.");
        assert_eq!(done_before_the_stop(&rows(&[6, 1, 0, 2])), "Done before the stop: rows 1-3, 7.");
        let odd: RowSet = (0..3000).map(|row| row * 2).collect();
        assert!(done_before_the_stop(&odd).ends_with(", 3999 and 1000 more."));
        assert_eq!(rows_unknown(&rows(&[])), None);
        assert!(rows_unknown(&rows(&[5])).unwrap().contains("of row 6 is"));
        let told = rows_unknown(&rows(&[7, 5, 6])).unwrap();
        assert!(told.contains("3 rows is not known") && told.ends_with("(rows 6-8)"), "{told}");
    }
}
