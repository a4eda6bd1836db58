//! What a row's item says.

use call_engine::Stage;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::groups::{Group, Groups, Subscription, Unnamed, Unresolved};

use crate::n8n::outcome::{Certainty, Outcome, Report as Failed};
use crate::rows::value::{Reference, shortened};
use crate::secret::{LicenseKey, MaskedKey};
use crate::xapi::error::Failure;

/// The group that a row is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Position among the groups that were read.
    Known(usize),
    /// Not read: sent as the row gives it.
    AsGiven(String),
}

/// A row that has come to its end.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) row: usize,
    pub(super) target: Target,
    pub(super) key: LicenseKey,
    pub(super) warnings: Vec<String>,
    pub(super) before: View,
    pub(super) after: View,
    pub(super) ending: Ending,
}

/// What was seen of a group on one side of a row.
#[derive(Debug, Default)]
pub(super) enum View {
    /// What the reading of the whole run shows.
    #[default]
    OfRun,
    /// What was read between this row and another one of the same group, or why nothing was, if that is known.
    Between(Result<Subscription, Option<Failure>>),
}

impl View {
    fn or<'a>(&'a self, of_run: Option<&'a Subscription>) -> Option<&'a Subscription> {
        match self {
            Self::OfRun => of_run,
            Self::Between(own) => own.as_ref().ok(),
        }
    }

    /// Why there is nothing to see.
    fn failure<'a>(&'a self, of_run: Option<&'a Failure>) -> Option<&'a Failure> {
        match self {
            Self::OfRun => of_run,
            Self::Between(own) => own.as_ref().err().and_then(Option::as_ref),
        }
    }
}

#[derive(Debug)]
pub(super) enum Ending {
    /// Dry run: this would have been sent as the group.
    WouldSend(String),
    /// Dry run: the same group and key as this row, so it would not be sent a second time.
    WouldRepeat(usize),
    Accepted,
    /// The same group and key as this row, which 3CX has accepted.
    Repeated(usize),
    /// The same group and key as this row, of which nobody knows whether it was carried out.
    RepeatedUnknown(usize),
    /// An earlier run has done it.
    DoneBefore,
    /// An earlier run has sent it, and nobody knows whether it was carried out.
    InDoubt,
    /// 3CX said no, or the row was not sent.
    Failed(Failure, Certainty),
}

/// What a report needs to know of the run.
pub(super) struct Context<'a> {
    pub(super) groups: &'a Groups,
    pub(super) confirm: bool,
    pub(super) stage: Stage,
    pub(super) before_failure: Option<&'a Failure>,
    pub(super) after_failure: Option<&'a Failure>,
    pub(super) conflicts: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Success<'a> {
    /// In a dry run nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    would_send: Option<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    done_before: bool,
    group_name: Option<&'a str>,
    group_number: Option<&'a str>,
    group_id: Option<i32>,
    license_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    would_send_group_as: Option<&'a str>,
    #[serde(flatten)]
    reading: Option<Flat<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

/// What was read of the group.
struct Reading<'a> {
    changed: Option<bool>,
    before: Option<&'a Subscription>,
    after: Option<&'a Subscription>,
    /// What could not be read.
    confirmation: Option<String>,
}

/// What was read of the group, a column for each thing: a table shows no more than one level.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Flat<'a> {
    changed: Option<bool>,
    subscription: Option<&'a str>,
    subscription_type: Option<&'a str>,
    valid_until: Option<&'a str>,
    startup_license: Option<&'a str>,
    previous_subscription: Option<&'a str>,
    previous_subscription_type: Option<&'a str>,
    previous_valid_until: Option<&'a str>,
    previous_startup_license: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmation: Option<String>,
}

impl<'a> From<Reading<'a>> for Flat<'a> {
    fn from(Reading { changed, before, after, confirmation }: Reading<'a>) -> Self {
        let [now, previous] = [after, before].map(|read| read.map(Subscription::parts).unwrap_or_default());
        Self {
            changed,
            subscription: now[0],
            subscription_type: now[1],
            valid_until: now[2],
            startup_license: now[3],
            previous_subscription: previous[0],
            previous_subscription_type: previous[1],
            previous_valid_until: previous[2],
            previous_startup_license: previous[3],
            confirmation,
        }
    }
}

impl Report {
    pub(super) fn outcome(&self, context: Context<'_>) -> Outcome {
        let group = match &self.target {
            Target::Known(index) => context.groups.get(*index),
            Target::AsGiven(_) => None,
        };
        let reading = context.confirm.then(|| self.reading(group, &context));
        match &self.ending {
            Ending::Failed(failure, certainty) => {
                let mut report = Failed::of(failure, *certainty);
                if *certainty == Certainty::Unknown {
                    report.error.push_str("; whether the key was replaced is not known");
                    report.advice =
                        advice_when_unknown(reading.as_ref().and_then(|reading| reading.changed)).to_owned();
                } else if *failure == Failure::NotFound {
                    report.error = format!("3CX does not know the group {} (404)", self.sent_as(group));
                    report.advice =
                        "Check the group against 3CX Admin > Departments. If it exists, try the option Send Group As."
                            .to_owned();
                }
                report.details = self.details(group);
                if let (Certainty::Unknown, Some(reading)) = (certainty, &reading) {
                    report.details.extend([
                        ("changed".to_owned(), json!(reading.changed)),
                        ("before".to_owned(), json!(reading.before)),
                        ("after".to_owned(), json!(reading.after)),
                    ]);
                    if let Some(confirmation) = &reading.confirmation {
                        report.details.insert("confirmation".to_owned(), json!(confirmation));
                    }
                }
                self.with_warnings(&mut report.details, context.conflicts);
                Outcome::failed(self.row, report)
            }
            Ending::RepeatedUnknown(first) => {
                let mut report = Failed {
                    error: format!(
                        "Not sent: row {} has the same group and key, and its outcome is not known",
                        first + 1
                    ),
                    advice: format!("Find out about row {} first.", first + 1),
                    certainty: Certainty::NotSent,
                    code: "REPEATED".to_owned(),
                    status: None,
                    details: self.details(group),
                };
                self.with_warnings(&mut report.details, context.conflicts);
                Outcome::failed(self.row, report)
            }
            Ending::InDoubt => {
                let mut report = Failed {
                    error: "An earlier run sent this row and did not learn what became of it; whether the key was replaced is not known".to_owned(),
                    advice: "It was not sent again. Look at the department's license in 3CX Admin > Departments. If the key is not there, run this row with Skip Rows Done Before off.".to_owned(),
                    certainty: Certainty::Unknown,
                    code: "IN_DOUBT".to_owned(),
                    status: None,
                    details: self.details(group),
                };
                let read = group.and_then(|group| group.before.as_ref());
                report.details.extend(read.map(|read| ("subscription".to_owned(), json!(read))));
                self.with_warnings(&mut report.details, context.conflicts);
                Outcome::failed(self.row, report)
            }
            Ending::WouldSend(_)
            | Ending::WouldRepeat(_)
            | Ending::Accepted
            | Ending::Repeated(_)
            | Ending::DoneBefore => self.success(group, reading, context.conflicts),
        }
    }

    fn success(&self, group: Option<&Group>, reading: Option<Reading<'_>>, conflicts: Vec<String>) -> Outcome {
        let mut warnings = self.warnings.clone();
        let would_send = match &self.ending {
            Ending::WouldSend(text) => Some(text.as_str()),
            _ => None,
        };
        match &self.ending {
            Ending::Repeated(first) => {
                warnings.push(format!("The same group and key as row {}: not sent a second time", first + 1));
            }
            Ending::WouldRepeat(first) => {
                warnings.push(format!("The same group and key as row {}: would not be sent a second time", first + 1));
            }
            Ending::DoneBefore => {
                warnings.push(
                    "An earlier run did this: not sent again. When is not known, because no time is kept".to_owned(),
                );
            }
            Ending::Accepted if reading.as_ref().is_some_and(|reading| reading.changed == Some(false)) => {
                warnings.push("3CX accepted the key, but what can be read of the group's subscription is as before. That is normal if the group had this license already; otherwise look again in a minute".to_owned());
            }
            _ => {}
        }
        warnings.extend(conflicts);
        let (group_id, group_number) = self.names(group);
        let dry_run = matches!(self.ending, Ending::WouldSend(_) | Ending::WouldRepeat(_));
        let success = Success {
            success: (!dry_run).then_some(true),
            would_send: dry_run.then_some(would_send.is_some()),
            dry_run,
            done_before: matches!(self.ending, Ending::DoneBefore),
            group_id,
            group_number,
            group_name: group.map(|group| group.name.as_str()),
            license_key: self.key.to_string(),
            would_send_group_as: would_send,
            reading: reading.filter(|_| !dry_run).map(Flat::from),
            warnings,
        };
        Outcome::done(self.row, serde_json::to_string(&success).ok()).with_columns_but(self.key.clone())
    }

    fn reading<'a>(&'a self, group: Option<&'a Group>, context: &Context<'_>) -> Reading<'a> {
        let before = self.before.or(group.and_then(|group| group.before.as_ref()));
        let after = self.after.or(group.and_then(|group| group.after.as_ref()));
        let (before, after) = match self.ending {
            Ending::Repeated(_) | Ending::DoneBefore => (None, None),
            _ => (before, after),
        };
        let confirmation = match (before, after, &self.ending) {
            (_, _, Ending::Repeated(_) | Ending::DoneBefore) | (Some(_), Some(_), _) => None,
            (None, _, _) => Some(unconfirmed("before", self.before.failure(context.before_failure))),
            (_, None, _) if context.stage == Stage::First => Some(NOT_YET.to_owned()),
            (_, None, _) => Some(unconfirmed("afterwards", self.after.failure(context.after_failure))),
        };
        let changed = match self.ending {
            Ending::Repeated(_) | Ending::DoneBefore => Some(false),
            _ => before.zip(after).map(|(before, after)| before != after),
        };
        Reading { changed, before, after, confirmation }
    }

    fn names<'a>(&'a self, group: Option<&'a Group>) -> (Option<i32>, Option<&'a str>) {
        match (&self.target, group) {
            (_, Some(group)) => (Some(group.id), Some(group.number.as_str())),
            (Target::AsGiven(text), None) => text.parse().map_or((None, Some(text.as_str())), |id| (Some(id), None)),
            (Target::Known(_), None) => (None, None),
        }
    }

    fn sent_as(&self, group: Option<&Group>) -> String {
        match (&self.target, group) {
            (Target::AsGiven(text), _) => shortened(text),
            (_, Some(group)) => format!("{} ({})", group.number, group.name),
            (Target::Known(_), None) => String::new(),
        }
    }

    fn details(&self, group: Option<&Group>) -> Map<String, Value> {
        let (id, number) = self.names(group);
        let mut details = Map::new();
        details.insert("groupId".to_owned(), json!(id));
        details.insert("groupNumber".to_owned(), json!(number));
        details.insert("groupName".to_owned(), json!(group.map(|group| &group.name)));
        details.insert("licenseKey".to_owned(), json!(self.key.to_string()));
        details
    }

    fn with_warnings(&self, details: &mut Map<String, Value>, conflicts: Vec<String>) {
        let warnings: Vec<_> = self.warnings.iter().cloned().chain(conflicts).collect();
        if !warnings.is_empty() {
            details.insert("warnings".to_owned(), json!(warnings));
        }
    }
}

/// Stays where the run breaks down before the second reading.
const NOT_YET: &str = "Not confirmed: the run ended before the groups were read again";

fn unconfirmed(when: &str, failure: Option<&Failure>) -> String {
    match failure {
        Some(failure) => format!("Not confirmed: the group could not be read {when} ({failure})"),
        None => format!("Not confirmed: 3CX did not list the group {when}"),
    }
}

fn advice_when_unknown(changed: Option<bool>) -> &'static str {
    match changed {
        Some(true) => {
            "The group's subscription reads differently now, so the key was most probably replaced. Make sure in 3CX Admin > Departments before you run this row again."
        }
        Some(false) => {
            "The group's subscription reads as before, so the key was probably not replaced, but it can take a while to show. Look in 3CX Admin > Departments before you run this row again."
        }
        None => {
            "Look at the department's license in 3CX Admin > Departments, or read it with Group > Get, before you run this row again. It was not sent a second time."
        }
    }
}

/// A row whose group cannot be told.
pub(super) fn unresolved(row: usize, group: &Reference, why: &Unresolved, key: MaskedKey) -> Outcome {
    let given = group.shown();
    let (code, error, advice) = match why {
        Unresolved::Unknown => (
            "UNKNOWN_GROUP",
            match group {
                Reference::Id(_) => format!("No group on this PBX has the ID {given}"),
                Reference::Number(_) => format!("No group on this PBX has the number {given}"),
                Reference::Either { .. } => format!("No group on this PBX has the ID or number {given}"),
            },
            "Nothing was sent. Check the row against 3CX Admin > Departments, or choose the group from the list.".to_owned(),
        ),
        Unresolved::IsName { id, number } => (
            "GROUP_NAME",
            format!("“{given}” is a group's name, not its ID or number"),
            format!("Nothing was sent. Use the ID {id} or the number {number} in this row."),
        ),
        Unresolved::Ambiguous => (
            "AMBIGUOUS_GROUP",
            format!("“{given}” is the ID of one group and the number of another"),
            "Nothing was sent. Choose the group from the list, by ID or by number, so that it is clear which one is meant.".to_owned(),
        ),
        Unresolved::SameNumber => (
            "AMBIGUOUS_GROUP",
            format!("Several groups on this PBX have the number {given}, in one case or another"),
            "Nothing was sent. Use the ID of the group that is meant.".to_owned(),
        ),
    };
    Outcome::failed(row, not_sent(code, error, advice, given_details(&given, key)))
}

/// A row whose group was found, but cannot be told by its number.
pub(super) fn unnamed(row: usize, group: &Reference, why: Unnamed, key: MaskedKey) -> Outcome {
    let given = group.shown();
    let (code, error) = match why {
        Unnamed::NoNumber => ("NO_NUMBER", format!("The group {given} has no number that could be sent")),
        Unnamed::SharesNumber => {
            ("AMBIGUOUS_GROUP", format!("Another group has the number of the group {given} as well"))
        }
    };
    let advice = "Nothing was sent. Give the group a number of its own in 3CX, or choose ID under Send Group As.";
    Outcome::failed(row, not_sent(code, error, advice.to_owned(), given_details(&given, key)))
}

/// What to do where the groups could not be read.
pub(super) fn unread(failure: &Failure) -> Failed {
    let mut report = Failed::of(failure, Certainty::NotSent);
    if matches!(failure, Failure::PageRepeated | Failure::Endless) {
        report.advice = "This PBX does not give its groups page by page: run ten rows at a time, for which they are read by name, or give the groups by their IDs.".to_owned();
    }
    report
}

/// A row whose group must be looked up, but the groups could not be read.
pub(super) fn unreadable(row: usize, group: &Reference, failure: &Failure, key: MaskedKey) -> Outcome {
    let given = group.shown();
    let mut report = unread(failure);
    report.error = format!("The group {given} could not be looked up: {failure}");
    report.details = given_details(&given, key);
    Outcome::failed(row, report)
}

fn not_sent(code: &str, error: String, advice: String, details: Map<String, Value>) -> Failed {
    Failed { error, advice, certainty: Certainty::NotSent, code: code.to_owned(), status: None, details }
}

fn given_details(given: &str, key: MaskedKey) -> Map<String, Value> {
    Map::from_iter([("group".to_owned(), json!(given)), ("licenseKey".to_owned(), json!(key.to_string()))])
}
