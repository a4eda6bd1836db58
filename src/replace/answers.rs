//! What the answers mean for the rows: what was read, what was replaced, what is told.

use call_engine::Stage;

use super::ended_row::{Context, Doubt, EndedRow, Ending, SeenGroup, Target};
use super::groups::{self, Groups, Subscription, When};
use super::told::{End, Words};
use super::{FEW, Phase, Prepared, Replacement, Sent};
use crate::rows::value::Reference;
use crate::secret::LicenseKey;
use crate::xapi::error::Failure;
use crate::xapi::pages::{Asked, Came, Records};
use crate::xapi::protocol::{Ended, Stop};
use crate::xapi::response::HttpResponse;

impl<W: Words> Replacement<W> {
    pub(super) fn read_answered(&mut self, moment: When, page: Option<Asked>, answer: Result<HttpResponse, Failure>) {
        let read = answer.and_then(|response| self.groups.read(response.text().unwrap_or_default()));
        match read {
            Ok(read) => {
                let groups: Vec<_> = read.groups.iter().map(|(group, _)| *group).collect();
                self.groups.note(moment, read.groups);
                if moment == When::After {
                    self.confirmed(&groups);
                }
                match page {
                    None => self.reading.some_came(),
                    Some(asked) => {
                        let records = Records::Keyed(groups.iter().map(|group| *group as u64).collect());
                        let came = Came { records, count: read.count, goes_on: read.goes_on };
                        self.reading.page_came(moment, asked, &came);
                    }
                }
            }
            // One name among several may be one that 3CX does not like in a filter; pages have no names in them.
            Err(Failure::Rejected { .. }) if page.is_none() && self.ending.is_none() => {
                self.reading.turn_to_all(moment)
            }
            Err(failure) => self.reading.failed(moment, page, failure),
        }
    }

    pub(super) fn between_answered(&mut self, mut prepared: Prepared, answer: Result<HttpResponse, Failure>) {
        // The row will not be sent, so nothing comes between the one before it and the reading after the run.
        if self.ending.is_some() || matches!(answer, Err(Failure::Stopped)) {
            return self.freed.push_back(prepared);
        }
        let read = answer.and_then(|response| self.groups.read(response.text().unwrap_or_default()));
        if let Target::Known(index) = prepared.target
            && let Some(earlier) = self.latest.remove(&index)
        {
            let subscription = read.map_err(Some).and_then(|read| read.of(|group| group == index).ok_or(None));
            prepared.before = SeenGroup::Between(subscription.clone());
            if let Some(Some(report)) = self.pending.get_mut(earlier) {
                report.after = SeenGroup::Between(subscription);
            }
        }
        self.freed.push_back(prepared);
    }

    pub(super) fn look_answered(&mut self, prepared: Prepared, answer: Result<HttpResponse, Failure>) {
        let id = self.id_of(&prepared.target);
        // Not among the groups that the run goes by: others of the same number were not read with it.
        let mut seen = Groups::default();
        let read = answer.and_then(|response| seen.read(response.text().unwrap_or_default()));
        let is_own = |group| seen.get(group).map(|group| group.id) == id;
        self.leave_in_doubt(prepared, read.map_err(Some).and_then(|read| read.of(is_own).ok_or(None)));
    }

    /// `read`: how the group of the row reads now, or why that is not known.
    pub(super) fn leave_in_doubt(&mut self, mut prepared: Prepared, read: Result<Subscription, Option<Failure>>) {
        prepared.before = SeenGroup::Between(read);
        let doubt = match prepared.in_doubt_since.take() {
            None if prepared.says_unknown => Doubt::OfColumns,
            since => Doubt::OfRun(since),
        };
        self.leave(prepared, Ending::InDoubt(doubt));
    }

    /// A row that is not sent is told, and its group is free for the next one.
    pub(super) fn leave(&mut self, prepared: Prepared, ending: Ending) {
        let group = prepared.group_print;
        self.finish(prepared.into_report(ending));
        self.release(group);
    }

    /// 3CX may name the row's own key, of which the end may be shown, and any other.
    pub(super) fn without_keys(&self, failure: Failure, own: Option<&LicenseKey>) -> Failure {
        failure.redacted(&|text| match own {
            Some(key) => self.keys.redact_beside(key, text),
            None => self.keys.redact(text),
        })
    }

    pub(super) fn replace_answered(&mut self, prepared: Prepared, end: Ended) {
        let group = prepared.group_print;
        let Ended { delivery, answer } = end;
        let ending = match answer {
            Ok(_) => Ending::Accepted,
            Err(failure) => Ending::Failed(failure, delivery),
        };
        let acted = delivery.may_have_acted();
        if let Some(earlier) = &self.earlier {
            let is_done = matches!(ending, Ending::Accepted);
            earlier.end(&prepared, (is_done || !acted).then_some(is_done));
        }
        if acted {
            self.note_key(&prepared, true);
            if matches!(ending, Ending::Accepted) {
                self.sent.insert(prepared.pair_print, Sent::new(prepared.row, true));
            } else {
                self.note_unknown(&prepared);
            }
        } else {
            self.sent.remove(prepared.pair_print);
        }
        self.remember_end(&prepared, delivery);
        let target = prepared.target.clone();
        self.finish(prepared.into_report(ending));
        if let (Target::Known(index), true, true) = (target, acted, self.options.confirm) {
            self.latest.insert(index, self.pending.len() - 1);
        }
        self.release(group);
    }

    /// Tells what is known of a row now. What a second reading can add to is told again after it.
    pub(super) fn finish(&mut self, report: EndedRow) {
        let waits = self.options.confirm
            && match report.ending {
                Ending::Accepted | Ending::Repeated(_) => true,
                Ending::Failed(_, delivery) => delivery.may_have_acted(),
                _ => false,
            };
        if waits {
            self.tell(&report, Stage::First);
            self.pending.push(Some(report));
        } else {
            self.tell(&report, Stage::Only);
        }
    }

    /// These groups were read again: nothing will change what their rows say.
    fn confirmed(&mut self, groups: &[usize]) {
        for group in groups {
            if let Some(report) = self.latest.remove(group).and_then(|index| self.pending.get_mut(index)?.take()) {
                self.tell(&report, Stage::Second);
            }
        }
    }

    pub(super) fn tell(&mut self, report: &EndedRow, stage: Stage) {
        let context = Context {
            groups: &self.groups,
            confirm: self.options.confirm,
            dry_run: self.options.dry_run,
            stage,
            before_failure: self.reading.before_failure.as_ref(),
            after_failure: self.reading.after_failure.as_ref(),
            conflicts: self.conflicts.warnings(report.row),
        };
        if stage == Stage::Second && matches!(report.ending, Ending::Accepted) {
            self.looked_at += 1;
            self.unseen += usize::from(!report.is_seen(&context));
        }
        self.outcomes.push(W::row(report.row, End::Ended(report, context)));
    }

    pub(super) fn confirm(&mut self) {
        self.phase = Phase::Report;
        if let Some(memory) = &mut self.memory {
            memory.close();
        }
        if self.latest.is_empty() {
            return;
        }
        match &self.ending {
            // What the memory does is no trouble of 3CX's.
            Some(Stop::Failure(failure)) if !matches!(failure, Failure::Memory(_)) => {
                self.reading.after_failure = Some(failure.clone())
            }
            Some(Stop::Cancelled | Stop::Deadline) => self.reading.after_failure = Some(Failure::Stopped),
            Some(Stop::RowFailed(_) | Stop::Failure(_)) | None => {
                self.phase = Phase::Confirm;
                if self.latest.len() > FEW {
                    return self.reading.ask_for_all(0);
                }
                let groups = self.latest.keys().filter_map(|index| Some(Reference::Id(self.groups.get(*index)?.id)));
                let requests = groups::requests_for(&groups.collect::<Vec<_>>());
                self.ask_for_some(requests);
            }
        }
    }
}
