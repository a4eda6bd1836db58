//! Keeps trouble from costing more rows than it must: the first change of a run goes alone, then more go at once as they
//! are answered (slow start, as in RFC 5681), and a run that only loses comes to an end.

use super::Millis;

/// This many losses in a row, without a success between, end the run. Calls under way together count as one loss: a
/// restart of the server is one trouble, however many calls it costs.
const MOST_LOSSES: u32 = 5;
/// A run that gets no proper answer for this long ends, in milliseconds, whatever `Retry-After` asks for.
const LONGEST_DROUGHT: Millis = 10 * 60_000;

/// Looks at the calls that change something.
#[derive(Debug, Default)]
pub(super) struct Brake {
    under_way: usize,
    /// How many changes were answered for certain since the last loss.
    answered: usize,
    succeeded: bool,
    losses: u32,
    /// Calls sent before this time belong to the loss that is known already.
    known_until: Millis,
    /// When the last proper answer came, or the first call was sent.
    fine_at: Option<Millis>,
}

impl Brake {
    /// Whether one more change may be under way.
    pub(super) fn has_room(&self) -> bool {
        self.under_way <= self.answered
    }

    pub(super) fn started(&mut self, changes: bool, now: Millis) {
        self.under_way += usize::from(changes);
        self.fine_at.get_or_insert(now);
    }

    /// A call has landed, whatever came of it.
    pub(super) fn landed(&mut self, changes: bool) {
        self.under_way = self.under_way.saturating_sub(usize::from(changes));
    }

    /// A call got a proper answer; `is_done`: it was carried out.
    pub(super) fn answered(&mut self, changes: bool, is_done: bool, now: Millis) {
        self.fine_at = Some(now);
        if changes {
            self.answered += 1;
            if is_done {
                self.succeeded = true;
                self.losses = 0;
            }
        }
    }

    /// Whether this change was carried out is unknown. Gives the number of losses in a row if this is a new one; `None` if
    /// it was under way when the last one happened.
    pub(super) fn lost(&mut self, sent: Millis) -> Option<u32> {
        self.answered = 0;
        let is_new = self.losses == 0 || sent >= self.known_until;
        self.losses += u32::from(is_new);
        is_new.then_some(self.losses)
    }

    /// Calls sent before this time belong to the loss that was counted last.
    pub(super) fn know_until(&mut self, until: Millis) {
        self.known_until = until;
    }

    pub(super) fn is_full(&self) -> bool {
        self.losses >= MOST_LOSSES
    }

    /// Whether any change has succeeded.
    pub(super) fn has_succeeded(&self) -> bool {
        self.succeeded
    }

    /// Whether no proper answer came for too long.
    pub(super) fn is_dry(&self, now: Millis) -> bool {
        self.fine_at.is_some_and(|at| now.saturating_sub(at) >= LONGEST_DROUGHT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many changes may start now.
    fn room(brake: &mut Brake) -> usize {
        let mut started = 0;
        while brake.has_room() {
            brake.started(true, 0);
            started += 1;
        }
        started
    }

    fn answer(brake: &mut Brake, count: usize, is_done: bool) {
        for _ in 0..count {
            brake.landed(true);
            brake.answered(true, is_done, 0);
        }
    }

    #[test]
    fn the_first_goes_alone_then_they_double() {
        let mut brake = Brake::default();
        assert_eq!(room(&mut brake), 1);
        for expected in [2, 4, 8] {
            let under_way = brake.under_way;
            answer(&mut brake, under_way, true);
            assert_eq!(room(&mut brake), expected);
        }
    }

    #[test]
    fn a_loss_starts_anew() {
        let mut brake = Brake::default();
        room(&mut brake);
        answer(&mut brake, 1, true);
        assert_eq!(room(&mut brake), 2);
        brake.landed(true);
        brake.lost(0);
        assert!(!brake.has_room());
        brake.landed(true);
        assert_eq!(room(&mut brake), 1);
    }

    #[test]
    fn five_losses_in_a_row_are_too_many_and_a_refusal_between_does_not_help() {
        let mut brake = Brake::default();
        for loss in 1..=5 {
            assert!(!brake.is_full());
            brake.answered(true, false, 0);
            assert_eq!(brake.lost(loss * 100), Some(loss as u32));
            brake.know_until(loss * 100);
        }
        assert!(brake.is_full());
        assert_eq!(brake.lost(400), None, "it was under way when the last one was lost");
        brake.answered(true, true, 0);
        assert!(!brake.is_full() && brake.has_succeeded());
    }

    #[test]
    fn ten_minutes_without_an_answer_are_too_long() {
        let mut brake = Brake::default();
        brake.started(false, 1000);
        brake.started(false, 300_000);
        assert!(!brake.is_dry(600_999));
        assert!(brake.is_dry(601_000));
        brake.answered(false, true, 601_000);
        assert!(!brake.is_dry(601_001));
    }
}
