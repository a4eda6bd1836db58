//! What is told of a run as a whole.

use call_engine::{Millis, Tally};

/// The run in one sentence.
pub fn of_run(tally: Tally, rows: usize, took: Millis) -> String {
    let Tally { succeeded, failed, sent, retried, throttled } = tally;
    let mut text = format!("{succeeded} of {rows} rows went well");
    if failed > 0 {
        text.push_str(&format!(", {failed} did not"));
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

/// Which rows (counted from 0) were done although the run stopped: they must not be run again.
pub fn done_before_the_stop(rows: &[usize]) -> String {
    if rows.is_empty() {
        return "No row was done before the stop.".to_owned();
    }
    format!("Done before the stop: rows {}.", ranges(rows))
}

/// Rows (counted from 0) as a person reads them, such as `1-3, 7`.
pub fn ranges(rows: &[usize]) -> String {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    let ranges: Vec<_> = rows
        .chunk_by(|one, next| one + 1 == *next)
        .filter_map(|range| match (range.first()? + 1, range.last()? + 1) {
            (only, last) if only == last => Some(only.to_string()),
            (first, last) => Some(format!("{first}-{last}")),
        })
        .collect();
    ranges.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_happened_is_told() {
        let smooth = Tally { succeeded: 3, sent: 5, ..Tally::default() };
        assert_eq!(of_run(smooth, 3, 1250), "3 of 3 rows went well: 5 requests in 1.2 s.");
        let rough = Tally { succeeded: 1, failed: 2, sent: 9, retried: 4, throttled: 3 };
        assert_eq!(
            of_run(rough, 3, 60_000),
            "1 of 3 rows went well, 2 did not: 9 requests in 60.0 s, 4 of them sent again; 3CX asked 3 times to slow down."
        );
    }

    #[test]
    fn rows_done_are_told_as_ranges() {
        assert_eq!(done_before_the_stop(&[]), "No row was done before the stop.");
        assert_eq!(done_before_the_stop(&[6, 1, 0, 2]), "Done before the stop: rows 1-3, 7.");
    }
}
