//! What an answer means for its call: it ends, or is sent again.

use super::{AnswerOf, Attempt, Batch, Doubted, Flight, Parked};
use crate::{Call, Delivery, Effect, Ended, Failure, Finished, Job, Millis, Pace, Protocol, Sign, Verdict, retry};

impl<J: Job, P: Pace> Batch<J, P> {
    /// What an answer means: the call ends with it, or is sent again.
    pub(super) fn settle(&mut self, flight: Flight<J::Protocol>, answer: AnswerOf<J>, now: Millis) {
        let Flight { generation, sent, at_once, together, mut attempt, .. } = flight;
        let Verdict { end, sign, retry_after } = self.protocol.judge(&attempt.call, answer);
        if let Some(sign) = sign {
            self.tally.throttled += usize::from(sign == Sign::Refused);
            self.pace.finished(Finished { sign, sent, at_once, together }, now);
        }
        self.brake.landed(attempt.changes());
        let failure = match &end.answer {
            Err(failure) if failure.is_unauthorized() && end.delivery != Delivery::Unknown => {
                return self.settle_unauthorized(attempt, generation, now);
            }
            Err(failure) if !failure.proves_the_token() || end.delivery == Delivery::Unknown => failure.clone(),
            Ok(_) | Err(_) => {
                self.session.proven(generation);
                self.last_success = Some(now);
                self.last_failure = None;
                self.clear_doubt(generation, sent, now);
                self.brake.answered(attempt.changes(), end.answer.is_ok(), now);
                return self.end(attempt, end);
            }
        };
        self.last_failure = Some(failure.clone());
        let is_undone = matches!(end.delivery, Delivery::NotSent | Delivery::Refused);
        let repeatable = self.may_repeat(&attempt.call, is_undone);
        let until = now + self.backoff.delay(attempt.tries, retry_after);
        // All calls wait, also where this one is not sent again.
        if failure.is_throttled() || retry_after.is_some() {
            self.pause_until(until);
        }
        // As long as others get through, its turn will come.
        if failure.is_throttled() && self.last_success.is_some_and(|last| last >= sent) {
            attempt.tries = (attempt.tries - 1).max(1);
        }
        if failure.is_passing() && repeatable && attempt.tries < retry::MAX_TRIES {
            if end.delivery == Delivery::Unknown {
                attempt.lost = Some(failure);
            }
            return self.parked.push(Parked { until, attempt });
        }
        // A row that cannot be sent again is lost to the trouble: the others wait for it to pass.
        if end.delivery == Delivery::Unknown
            && let Some(losses) = self.brake.lost(sent)
        {
            let until = now + self.backoff.delay(losses, retry_after);
            self.brake.know_until(until);
            self.pause_until(until);
        }
        let is_first = attempt.changes() && !self.brake.has_succeeded() && failure.is_likely_for_all();
        let is_for_all = failure.is_final_for_all() && self.last_success.is_none_or(|last| last < attempt.first_sent);
        if self.brake.is_full() || is_first || is_for_all {
            self.session.refuse(failure);
        }
        self.end(attempt, end);
    }

    /// Tells the job what became of a call. A try that may have changed something is not forgotten over a later one that
    /// did not.
    pub(super) fn end(&mut self, attempt: Attempt<J::Protocol>, end: Ended<J::Protocol>) {
        let end = match attempt.lost {
            Some(lost) if end.delivery != Delivery::Done => Ended { delivery: Delivery::Unknown, answer: Err(lost) },
            _ => end,
        };
        self.job.ended(attempt.call.id, end);
    }

    /// The token was refused: the call was not carried out, so it may be sent once more with a newer token.
    fn settle_unauthorized(&mut self, mut attempt: Attempt<J::Protocol>, generation: u32, now: Millis) {
        attempt.tokens_refused += 1;
        if self.doubted.is_none() && self.session.may_be_good(generation, attempt.tokens_refused > 1) {
            self.session.doubt(generation);
            self.doubted = Some(Doubted { since: now, generation, attempt });
            return;
        }
        self.token_is_dead(attempt, generation, now);
        self.settle_doubt(now);
    }

    fn token_is_dead(&mut self, attempt: Attempt<J::Protocol>, generation: u32, now: Millis) {
        let may_send = self.may_repeat(&attempt.call, true);
        let another_token = self.session.dead(generation, now);
        if another_token && attempt.tokens_refused < self.session.most_refusals() && may_send {
            self.parked.push(Parked { until: now, attempt });
        } else {
            self.end(attempt, Ended { delivery: Delivery::Refused, answer: Err(Failure::unauthorized()) });
        }
    }

    /// The call in doubt was refused because of its token.
    pub(super) fn settle_doubt(&mut self, now: Millis) {
        if let Some(Doubted { generation, attempt, .. }) = self.doubted.take() {
            self.token_is_dead(attempt, generation, now);
        }
    }

    /// A call that was sent at this time was let in. If that was after the one in doubt was refused, with the same token, then
    /// it is that call alone which is refused.
    fn clear_doubt(&mut self, generation: u32, sent: Millis, now: Millis) {
        let Some(doubted) = self.doubted.take_if(|doubted| doubted.since <= sent) else { return };
        if doubted.generation == generation {
            let answer = Err(Failure::unauthorized_alone());
            self.end(doubted.attempt, Ended { delivery: Delivery::Refused, answer });
        } else {
            self.parked.push(Parked { until: now, attempt: doubted.attempt });
        }
    }

    /// Whether a call may be sent again. After a stop only what changes nothing may.
    fn may_repeat(&self, call: &Call<J::Protocol>, is_undone: bool) -> bool {
        match &self.stopped {
            None => call.effect != Effect::Once || is_undone,
            Some(why) => call.effect != Effect::Once && !why.is_silent(),
        }
    }
}
