//! What became of a call, for the row that it was made for.

use call_engine::{Delivery, Effect};
use serde_json::{Value, json};

use super::answer;
use super::choices::Choices;
use super::parts::Whole;
use super::plan::{Key, LOOKED_UP, Plan};
use super::secrets::without;
use super::{Paths, Progress, Rowwise, Task, Want};
use crate::definition::{Answer, Operation};
use crate::n8n::hints::LIST_GOES_ON;
use crate::n8n::outcome::{Certainty, Outcome, Report};
use crate::xapi::error::Failure;
use crate::xapi::pages::Asked;
use crate::xapi::protocol::Ended;
use crate::xapi::records::Page;
use crate::xapi::response::{Body, FileAnswer, HttpResponse};
use crate::xapi::version::Version;

/// What an answer means for its row.
enum Taken {
    /// What is asked for further.
    Further(Choices),
    Done(Vec<String>),
    File(String, FileAnswer),
    /// What the row is for, now that its key is known.
    Plan(Box<Plan>),
}

impl Rowwise {
    /// Takes in an answer.
    fn take(&mut self, want: Want, answer: &HttpResponse) -> Result<Taken, Box<Report>> {
        let text = answer.text().map_err(answer::unreadable)?;
        match want {
            Want::Choices(choices) => {
                let page = Page::parse(text).map_err(answer::unreadable)?;
                Ok(match choices.take(&page.records) {
                    Ok(entries) => Taken::Done(entries),
                    Err(further) => Taken::Further(further),
                })
            }
            Want::Key(plan, _) => found_key(plan, text).map(Box::new).map(Taken::Plan),
            Want::One(plan) => {
                match (&plan.file_field, &answer.body) {
                    _ if plan.is_file && (answer.status != 200 || answer.body.is_empty()) => {
                        return Err(answer::no_file(answer.status, text));
                    }
                    (Some(field), Body::File(file)) => return Ok(Taken::File(field.clone(), file.clone())),
                    (Some(_), _) => return Err(answer::no_file(answer.status, text)),
                    (None, _) => {}
                }
                let Task::Do(operation) = self.task else { return Ok(Taken::Done(Vec::new())) };
                let known = plan.known.unwrap_or(operation);
                if known.partial_failures {
                    answer::partial_failures(text)?;
                }
                if known.begins_a_call() {
                    answer::no_call(text)?;
                }
                if self.is_for_agent
                    && matches!(operation.answer, Answer::Deleted)
                    && let Key::Literal(literal) = &plan.key
                {
                    return Ok(Taken::Done(vec![answer::deleted(literal)]));
                }
                if !plan.left_out.is_empty() {
                    return Ok(Taken::Done(vec![answer::partly_sent(&plan.left_out)]));
                }
                // What a custom request reads by POST is no change, where it is known.
                let reads = plan.known.map_or(!self.changes(operation, &plan), Operation::reads);
                let mut records = answer::records(operation, &plan.options, reads, text)?;
                let may_be_list = reads && !matches!(operation.answer, Answer::Record(_));
                if may_be_list && answer::goes_on(text, || plan.is_cut()) {
                    self.goes_on = true;
                    if self.is_for_agent {
                        records.push(json!({ "more": LIST_GOES_ON }).to_string());
                    }
                }
                Ok(Taken::Done(records))
            }
        }
    }

    /// Secrets that rows send must not come back in what a row or the run says.
    pub(super) fn without_secrets(&self, failure: Failure, of: Option<&Progress>) -> Failure {
        let own = match of {
            Some(Progress { want: Want::One(plan) | Want::Key(plan, _), .. }) => plan.secrets(),
            _ => Vec::new(),
        };
        without(failure, &own).redacted(&|text| self.secrets.redact(text))
    }

    pub(super) fn fail(&mut self, row: usize, mut report: Report) {
        report.error = self.secrets.redact(&report.error);
        self.outcomes.push(Outcome::failed(row, report));
    }

    fn settle(&mut self, progress: Progress, answer: &HttpResponse) {
        let row = progress.row;
        let changes = matches!(&progress.want, Want::One(plan) if self.effect(plan) != Effect::Reads);
        let outcome = match self.take(progress.want, answer) {
            Err(report) => {
                // It was a success, if not one that can be read.
                let status = answer.status;
                let successes = [Failure::Unreadable { status }, Failure::NoFile { status, problems: Vec::new() }];
                let is_success = successes.iter().any(|failure| report.code == failure.code());
                return self.fail(row, if changes && is_success { report.of_unknown() } else { *report });
            }
            Ok(Taken::Done(records)) => self.parts.first(Whole { row, records, failure: None }),
            Ok(Taken::File(field, file)) => {
                let about = json!({ "fileName": file.name, "mimeType": file.mime_type, "size": file.size });
                Outcome::done(row, [about.to_string()]).with_file(field, file.id)
            }
            Ok(Taken::Further(choices)) => match &self.ending {
                Some(why) => Outcome::skipped(row, why),
                None => return self.again.push(Progress { row, want: Want::Choices(choices) }),
            },
            Ok(Taken::Plan(plan)) => match &self.ending {
                Some(why) => Outcome::skipped(row, why),
                None => return self.found.extend(self.turns.found(row, *plan).map(|plan| (row, plan))),
            },
        };
        self.outcomes.push(outcome);
    }

    /// Takes in what became of a row's call.
    pub(super) fn row_ended(&mut self, mut progress: Progress, end: Ended) {
        let Ended { delivery, answer } = end;
        match answer {
            Ok(answer) => self.settle(progress, &answer),
            Err(Failure::Rejected { status: 400, .. }) if self.ending.is_none() && progress.want.read_whole() => {
                self.reads_whole |= matches!(progress.want, Want::One(_));
                self.again.push(progress);
            }
            Err(failure) => {
                let failure = self.without_secrets(failure, Some(&progress));
                let report = match delivery {
                    Delivery::Refused if failure == Failure::NotFound && self.begins_a_call() => Report::no_phone(),
                    Delivery::Unknown | Delivery::Done => Report::unknown(&failure),
                    Delivery::NotSent | Delivery::Refused => Report::of(&failure, Certainty::of(delivery)),
                };
                self.fail(progress.row, report);
            }
        }
    }

    fn begins_a_call(&self) -> bool {
        matches!(self.task, Task::Do(operation) if operation.begins_a_call())
    }

    /// A PBX that does not say is taken for a new one.
    pub(super) fn version_ended(&mut self, answer: Option<HttpResponse>) {
        let Paths::Asked(older) = self.paths else { return };
        let version = answer.and_then(|answer| Version::parse(answer.version.as_deref()?));
        let is_older = version.is_some_and(|version| Version::parse(older.last).is_some_and(|last| version <= last));
        self.paths = if is_older { Paths::Older(older) } else { Paths::Settled };
    }

    /// Takes in a page, or why there is none.
    pub(super) fn page_ended(&mut self, row: usize, page: Asked, end: Ended) {
        let answer = end.answer.map_err(|failure| self.without_secrets(failure, None));
        // A list that broke off has other pages under way.
        let Some(list) = self.lists.get_mut(&row) else { return };
        if let Err(Failure::Rejected { status: 400, .. }) = answer
            && self.ending.is_none()
            && list.read_whole()
        {
            self.reads_whole = true;
            return self.unread.push_back(row);
        }
        let certainty = Certainty::of(end.delivery);
        let taken = answer
            .map_err(|failure| (failure, certainty))
            .and_then(|answer| list.take(page, &answer).map_err(|failure| (failure, Certainty::Refused)));
        let is_over = matches!(taken, Ok(true));
        let whole = match (taken, &self.ending) {
            (Ok(_), _) if is_over => list.end(row),
            (Ok(_), None) => return self.unread.push_back(row),
            (Ok(_), Some(_)) if list.is_under_way() => return,
            (_, Some(why)) => list.stopped(row, why),
            (Err((failure, certainty)), None) => list.broken(row, &failure, certainty),
        };
        self.lists.remove(&row);
        self.outcomes.push(self.parts.first(whole));
    }
}

/// The plan with the key that its entity's number has.
fn found_key(mut plan: Plan, text: &str) -> Result<Plan, Box<Report>> {
    let Key::Number(locator, reference) = &plan.key else { return Ok(plan) };
    let page = Page::parse(text).map_err(answer::unreadable)?;
    // A page of one is not all of them where 3CX says that it has more.
    let has_more = page.goes_on || page.count.is_some_and(|count| count > LOOKED_UP);
    let found = page.records.len() + usize::from(has_more);
    let (1, [record]) = (found, &page.records[..]) else {
        return Err(Box::new(Report::not_one(found, locator.name, &reference.shown())));
    };
    let record: Value =
        serde_json::from_str(record.get()).map_err(|_| answer::unreadable(Failure::Unreadable { status: 200 }))?;
    let key = record[locator.key].as_i64().ok_or_else(|| answer::unreadable(Failure::Unreadable { status: 200 }))?;
    plan.key = Key::Literal(key.to_string());
    Ok(plan)
}
