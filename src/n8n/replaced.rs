//! What the item of a row of *Replace Group License Key* says.

use std::fmt;
use std::ops::Range;

use call_engine::Work;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::outcome::{Certainty, Outcome, Report};
use super::own_columns::masked;
use super::{hints, refused};
use crate::replace::Words;
use crate::replace::ended_row::{Comparison, Context, Doubt, EndedRow, Ending, Target, Unconfirmed, Warning};
use crate::replace::groups::{Group, Subscription, Unnamed, Unresolved, without_zeros};
use crate::replace::row::names_group;
use crate::replace::told::{End, Hint, Refusal, RowFault};
use crate::rows::value::{Reference, shortened};
use crate::secret::MaskedKey;
use crate::xapi::error::Failure;

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
    /// When the earlier run began it.
    #[serde(skip_serializing_if = "Option::is_none")]
    begun_at: Option<&'a str>,
    group_name: Option<String>,
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

impl<'a> From<Comparison<'a>> for Flat<'a> {
    fn from(Comparison { changed, before, after, unconfirmed }: Comparison<'a>) -> Self {
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
            confirmation: unconfirmed.map(|why| why.to_string()),
        }
    }
}

/// The items of the job, and its hints.
pub struct InWords;

impl Words for InWords {
    type Outcome = Outcome;

    fn row(row: usize, end: End<'_>) -> Outcome {
        match end {
            End::Skipped(why) => Outcome::skipped(row, why),
            End::Blank => blank(row),
            End::RowFault { why, is_dry_run } => Outcome::failed(row, unfit(&why).in_dry_run(is_dry_run)),
            End::Unread { group, why, key, is_dry_run } => {
                Outcome::failed(row, unreadable(group, why, key).in_dry_run(is_dry_run))
            }
            End::Ended(ended, context) => {
                let stage = context.stage;
                ended.outcome(context).at(stage)
            }
        }
    }

    fn refused(rows: Range<usize>, why: &Refusal) -> Vec<Outcome> {
        let report = refused::report_of(why);
        rows.map(|row| Outcome::failed(row, report.clone())).collect()
    }

    fn hint(hint: Hint<'_>) -> String {
        hints::of_replacing(&hint)
    }
}

/// What is wrong with a row by itself.
pub(super) fn unfit(why: &RowFault<'_>) -> Report {
    match why {
        RowFault::Value(fault) => fault.report(),
        RowFault::Group(group, why, key) => unresolved(group, why, *key),
        RowFault::Number(group, why, key) => unnamed(group, *why, *key),
    }
}

impl EndedRow {
    pub(super) fn outcome(&self, context: Context<'_>) -> Outcome {
        let group = self.group(&context);
        let reading = context.confirm.then(|| self.reading(group, &context));
        let shown = reading.as_ref().map_or([None, None], |reading| {
            [reading.before, reading.after].map(|read| read.map(|read| read.shown(|text| self.shown(text))))
        });
        let [before, after] = shown.each_ref().map(Option::as_ref);
        let reading = reading.map(|reading| Comparison { before, after, ..reading });
        match &self.ending {
            Ending::Failed(failure, delivery) => {
                let certainty = Certainty::of(*delivery);
                let mut report = Report::of(failure, certainty);
                if certainty == Certainty::Unknown {
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
                    if let Some(why) = &reading.unconfirmed {
                        report.details.insert("confirmation".to_owned(), json!(why.to_string()));
                    }
                }
                self.with_warnings(&mut report.details, context.conflicts);
                Outcome::failed(self.row, report)
            }
            Ending::RepeatedUnknown(first) => {
                let first = first + 1;
                let error = format!("Not sent: row {first} has the same group and key, and its outcome is not known");
                self.not_sent("REPEATED", error, format!("Find out about row {first} first."), group, context)
            }
            Ending::BehindUnknown(unsure) => {
                let row = unsure.map_or("that row".to_owned(), |unsure| format!("row {}", unsure + 1));
                let which = if unsure.is_some() { row.as_str() } else { "a row of an earlier run of this node" };
                let error = format!("Not sent: {which} is for the same group, and its outcome is not known");
                let advice = format!(
                    "Find out about {row} first: 3CX may still carry it out. If this row's key is to count, run this row alone then."
                );
                self.not_sent("GROUP_IN_DOUBT", error, advice, group, context)
            }
            Ending::Overtaken { first, by } => {
                let first = first.map_or("an earlier run gave".to_owned(), |first| format!("row {} gives", first + 1));
                let by = by.map_or("an earlier run".to_owned(), |by| format!("row {}", by + 1));
                let error = format!("Not sent: {first} the group this key, and {by}, after it, another one");
                let advice = "Decide which of the keys the group is to have, and run only that row, with Skip Rows Done Before off.";
                self.not_sent("OVERTAKEN", error, advice.to_owned(), group, context)
            }
            Ending::InDoubt(doubt) => {
                let mut report = Report {
                    error: "Another run sent this row, and what became of it was not learned; whether the key was replaced is not known".to_owned(),
                    advice: format!("It was not sent again. Make sure that no other execution is still on it. Under details is how the group reads now. Look at the department's license in 3CX Admin > Departments. {}", advice_in_doubt(doubt)),
                    certainty: Certainty::Unknown,
                    code: "IN_DOUBT".to_owned(),
                    status: None,
                    details: self.details(group),
                };
                let details = &mut report.details;
                if let Doubt::OfRun(Some(since)) = doubt {
                    details.insert("begunAt".to_owned(), json!(since));
                }
                let (name, look) = match self.look() {
                    Ok(read) => ("subscription", json!(read.shown(|text| self.shown(text)))),
                    Err(why) => ("confirmation", json!(why.to_string())),
                };
                details.insert(name.to_owned(), look);
                self.with_warnings(&mut report.details, context.conflicts);
                Outcome::failed(self.row, report)
            }
            Ending::WouldSend(_)
            | Ending::WouldRepeat(_)
            | Ending::Accepted
            | Ending::Repeated(_)
            | Ending::DoneBefore(_) => self.success(group, reading, context.conflicts),
        }
    }

    fn success(&self, group: Option<&Group>, reading: Option<Comparison<'_>>, conflicts: Vec<Warning>) -> Outcome {
        let mut warnings = told(&self.warnings);
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
            Ending::DoneBefore(Some(since)) => {
                warnings.push(format!("An earlier run did this, begun {since}: not sent again. {SINCE_THEN}"));
            }
            Ending::DoneBefore(None) => {
                warnings.push(format!(
                    "An earlier run did this: not sent again. When is not known, because no time is kept. {SINCE_THEN}"
                ));
            }
            Ending::Accepted if reading.as_ref().is_some_and(|reading| reading.changed == Some(false)) => {
                warnings.push("3CX accepted the key, but what can be read of the group's subscription is as before. That is normal if the group had this license already; otherwise look again in a minute".to_owned());
            }
            _ => {}
        }
        warnings.extend(told(&conflicts));
        let (group_id, group_number) = self.names(group);
        let dry_run = matches!(self.ending, Ending::WouldSend(_) | Ending::WouldRepeat(_));
        let success = Success {
            success: (!dry_run).then_some(true),
            would_send: dry_run.then_some(would_send.is_some()),
            dry_run,
            done_before: matches!(self.ending, Ending::DoneBefore(_)),
            begun_at: match &self.ending {
                Ending::DoneBefore(since) => since.as_deref(),
                _ => None,
            },
            group_id,
            group_number,
            group_name: group.map(|group| self.shown(&group.name)),
            license_key: self.key.to_string(),
            would_send_group_as: would_send,
            reading: reading.filter(|_| !dry_run).map(Flat::from),
            warnings,
        };
        let work = match &self.ending {
            Ending::WouldSend(_) => Work::Checked,
            Ending::WouldRepeat(_) | Ending::DoneBefore(_) => Work::Skipped,
            _ => Work::Done,
        };
        let outcome = Outcome::done(self.row, serde_json::to_string(&success).ok());
        outcome.with_work(work).with_columns_but(self.key.clone())
    }

    fn not_sent(
        &self,
        code: &str,
        error: String,
        advice: String,
        group: Option<&Group>,
        Context { dry_run, conflicts, .. }: Context<'_>,
    ) -> Outcome {
        let mut report = not_sent(code, error, advice, self.details(group));
        self.with_warnings(&mut report.details, conflicts);
        Outcome::failed(self.row, report.in_dry_run(dry_run))
    }

    /// What 3CX has of a group may have its key in it.
    fn shown(&self, text: &str) -> String {
        masked(text, &self.key)
    }

    fn sent_as(&self, group: Option<&Group>) -> String {
        match (&self.target, group) {
            (Target::AsGiven(text), _) => shortened(text),
            (_, Some(group)) => format!("{} ({})", group.number, self.shown(&group.name)),
            (Target::Known(_), None) => String::new(),
        }
    }

    fn details(&self, group: Option<&Group>) -> Map<String, Value> {
        let (id, number) = self.names(group);
        let mut details = Map::new();
        details.insert("groupId".to_owned(), json!(id));
        details.insert("groupNumber".to_owned(), json!(number));
        details.insert("groupName".to_owned(), json!(group.map(|group| self.shown(&group.name))));
        details.insert("licenseKey".to_owned(), json!(self.key.to_string()));
        details
    }

    fn with_warnings(&self, details: &mut Map<String, Value>, conflicts: Vec<Warning>) {
        let warnings = [told(&self.warnings), told(&conflicts)].concat();
        if !warnings.is_empty() {
            details.insert("warnings".to_owned(), json!(warnings));
        }
    }
}

/// What a row that was done before cannot know.
const SINCE_THEN: &str = "If the group has got another key since, run this row alone with Skip Rows Done Before off";

fn told(warnings: &[Warning]) -> Vec<String> {
    warnings.iter().map(Warning::to_string).collect()
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyMended => {
                formatter.write_str("Invisible characters or typographic dashes in the license key were mended")
            }
            Self::OddKey => {
                formatter.write_str("The license key does not look like ABCD-EFGH-IJKL-MNOP; it was used as it is")
            }
            Self::SameGroup(row) => write!(formatter, "Row {} is for the same group, with another key", row + 1),
            Self::SameKey(row) => write!(formatter, "Row {} has the same key, for another group", row + 1),
        }
    }
}

impl fmt::Display for Unconfirmed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (when, failure) = match self {
            Self::NotYet => {
                return formatter.write_str("Not confirmed: the run ended before the groups were read again");
            }
            Self::Before(failure) => ("before", failure),
            Self::Now(failure) => ("now", failure),
            Self::Afterwards(failure) => ("afterwards", failure),
        };
        match failure {
            Some(failure) => write!(formatter, "Not confirmed: the group could not be read {when} ({failure})"),
            None => write!(formatter, "Not confirmed: 3CX did not show the group's subscription {when}"),
        }
    }
}

fn advice_in_doubt(doubt: &Doubt) -> &'static str {
    match doubt {
        Doubt::OfRun(_) => {
            "If the key is not there, run this row alone with Skip Rows Done Before off. Then, or if it is there, leave the row out of runs with that option: for them it stays in doubt."
        }
        Doubt::OfColumns => "If the key is not there, run this row alone, without the column details that tells of it.",
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
fn unresolved(group: &Reference, why: &Unresolved, key: MaskedKey) -> Report {
    let given = group.shown();
    let (code, error, advice) = match why {
        Unresolved::Unknown => (
            "UNKNOWN_GROUP",
            match group {
                Reference::Id(_) => format!("No group on this PBX has the ID {given}"),
                Reference::Number(_) => format!("No group on this PBX has the number {given}"),
                Reference::Either { .. } => format!("No group on this PBX has the ID or number {given}"),
            },
            format!("Nothing was sent. Check the row against 3CX Admin > Departments.{}", beside_unknown(group)),
        ),
        Unresolved::UnknownName => (
            "UNKNOWN_GROUP",
            match group {
                Reference::Id(_) => format!("No group on this PBX has the ID or name {given}"),
                Reference::Number(_) => format!("No group on this PBX has the number or name {given}"),
                Reference::Either { .. } => format!("No group on this PBX has the ID, number or name {given}"),
            },
            "Nothing was sent. Check the row against 3CX Admin > Departments, and write a name as 3CX has it.".to_owned(),
        ),
        Unresolved::IsName { id, number } => (
            "GROUP_NAME",
            format!("“{given}” is a group's name, not its ID or number"),
            format!("Nothing was sent. Use the ID {id} or the number {number} in this row, or switch on Find Groups by Name."),
        ),
        Unresolved::Ambiguous => (
            "AMBIGUOUS_GROUP",
            format!("“{given}” is the ID of one group and the number of another"),
            "Nothing was sent. Call the column Group Number if it holds numbers; for IDs, set Rows From to Fields Below and Group to By ID.".to_owned(),
        ),
        Unresolved::MayBeId => (
            "AMBIGUOUS_GROUP",
            format!("“{given}” is the number of a group, and whether it is the ID of another was not read"),
            "Nothing was sent. Run this row again when the groups can be read.".to_owned(),
        ),
        Unresolved::MayBeOther => (
            "AMBIGUOUS_GROUP",
            format!("“{given}” is the ID or number of one group, and the name of another, or its number but for leading zeros"),
            "Nothing was sent. Let the column's name say what it holds, and choose it under Group Column: Group ID; Group Number, formatted as text to keep zeros; or Group Name, with Find Groups by Name on.".to_owned(),
        ),
        Unresolved::DigitsOfName => (
            "GROUP_NAME",
            format!("“{given}” stands in a column of names, where digits are no ID"),
            "Nothing was sent. Switch on Find Groups by Name if it is the group's name. Otherwise put the IDs into a column called Group ID, and choose it under Group Column.".to_owned(),
        ),
        Unresolved::SameNumber => (
            "AMBIGUOUS_GROUP",
            format!("Several groups on this PBX have the number {given}, in one case or another"),
            "Nothing was sent. Use the ID of the group that is meant.".to_owned(),
        ),
        Unresolved::SeveralNamed => (
            "AMBIGUOUS_GROUP",
            format!("“{given}” is the name of several groups, or of one and the ID or number of another"),
            "Nothing was sent. Use the ID of the group that is meant, and switch Find Groups by Name off if the ID is a name as well.".to_owned(),
        ),
        Unresolved::Spelt(name) => (
            "UNKNOWN_GROUP",
            format!("No group on this PBX has the name “{given}”; there is one with the name “{}”", shortened(name)),
            "Nothing was sent. Write the name as 3CX has it, if this group is meant.".to_owned(),
        ),
        Unresolved::OtherNumber { id, number, column } => (
            "AMBIGUOUS_GROUP",
            format!("“{given}” is the group with the ID {id} and the number {number}, but “{}” has another number", shortened(column)),
            "Nothing was sent. Correct the row. If that column does not have the groups' numbers in 3CX, rename it or take it out of the input.".to_owned(),
        ),
    };
    not_sent(code, error, advice, given_details(&given, key))
}

/// What else may be the matter where no group is called so.
fn beside_unknown(group: &Reference) -> String {
    match group {
        Reference::Number(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            match without_zeros(text).filter(|digits| !digits.is_empty() && digits != text) {
                Some(id) => format!(
                    " An ID has no leading zeros: if this is one, write {}, in a column whose name says ID.",
                    shortened(id)
                ),
                None => " Digits given as a number, as in a column whose name says so, are no ID.".to_owned(),
            }
        }
        Reference::Number(text) if !names_group(text) => {
            " A group's name counts with Find Groups by Name on, written as 3CX has it.".to_owned()
        }
        Reference::Id(_) | Reference::Number(_) | Reference::Either { .. } => String::new(),
    }
}

/// A row whose group was found, but cannot be told by its number.
fn unnamed(group: &Reference, why: Unnamed, key: MaskedKey) -> Report {
    let given = group.shown();
    let (code, error) = match why {
        Unnamed::NoNumber => ("NO_NUMBER", format!("The group {given} has no number that could be sent")),
        Unnamed::SharesNumber => {
            ("AMBIGUOUS_GROUP", format!("Another group has the number of the group {given} as well"))
        }
    };
    let advice = "Nothing was sent. Give the group a number of its own in 3CX, or choose ID under Send Group As.";
    not_sent(code, error, advice.to_owned(), given_details(&given, key))
}

/// What to do where the groups could not be read.
pub(super) fn unread(failure: &Failure) -> Report {
    let mut report = Report::of(failure, Certainty::NotSent);
    let begins = match failure {
        Failure::PageRepeated | Failure::Endless => "This PBX does not give its groups page by page:",
        Failure::ListCut => "Run it again: groups may have been deleted meanwhile. If it stays like this,",
        _ => return report,
    };
    report.advice = format!(
        "{begins} switch Find Groups by Name off and run ten rows at a time, for which only their own groups are read, or give the groups by their IDs."
    );
    report
}

/// A row whose group must be looked up, but the groups could not be read.
fn unreadable(group: &Reference, failure: &Failure, key: MaskedKey) -> Report {
    let given = group.shown();
    let mut report = unread(failure);
    report.error = format!("The group {given} could not be looked up: {failure}");
    report.details = given_details(&given, key);
    report
}

pub(super) fn not_sent(code: &str, error: String, advice: String, details: Map<String, Value>) -> Report {
    Report { error, advice, certainty: Certainty::NotSent, code: code.to_owned(), status: None, details }
}

fn given_details(given: &str, key: MaskedKey) -> Map<String, Value> {
    Map::from_iter([("group".to_owned(), json!(given)), ("licenseKey".to_owned(), json!(key.to_string()))])
}

/// The item of a blank row at the end.
fn blank(row: usize) -> Outcome {
    let skipped = json!({ "skipped": true, "reason": "The row is blank: nothing was sent" });
    Outcome::done(row, [skipped.to_string()]).with_work(Work::Skipped)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::definition::operation;
    use crate::n8n::own_columns::TOLD;

    #[test]
    fn all_that_items_tell_is_known_so_that_no_column_passes_for_it() {
        let read = Subscription::default();
        let reading =
            Comparison { changed: None, before: None, after: Some(&read), unconfirmed: Some(Unconfirmed::NotYet) };
        let success = Success {
            success: Some(true),
            would_send: Some(true),
            dry_run: true,
            done_before: true,
            begun_at: Some(""),
            group_name: None,
            group_number: None,
            group_id: None,
            license_key: String::new(),
            would_send_group_as: Some(""),
            reading: Some(reading.into()),
            warnings: vec![String::new()],
        };
        let success = Outcome::done(0, serde_json::to_string(&success).ok());
        let outcomes = [success, blank(0), Outcome::failed(0, unread(&Failure::NotFound))];
        let item = |outcome: &Outcome| serde_json::from_str::<Value>(&outcome.items[0]).unwrap();
        let names = |outcome| item(outcome)["json"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let told: BTreeSet<_> = outcomes.iter().flat_map(names).collect();
        assert_eq!(told, TOLD.map(str::to_owned).into());
    }

    #[test]
    fn what_may_be_the_matter_with_an_unknown_group_fits_what_the_row_has() {
        let numbers = "Digits given as a number, as in a column whose name says so, are no ID.";
        let names = "A group's name counts with Find Groups by Name on, written as 3CX has it.";
        let departments = "Check the row against 3CX Admin > Departments.";
        let zeros = "An ID has no leading zeros: if this is one, write 28, in a column whose name says ID.";
        for (group, last) in [
            (Reference::Number("0028".into()), zeros),
            (Reference::Number("0".into()), numbers),
            (Reference::Number("28".into()), numbers),
            (Reference::Number("Sales".into()), names),
            (Reference::Number("GRP0001".into()), departments),
            (Reference::either(28), departments),
            (Reference::Id(28), departments),
        ] {
            let advice = unresolved(&group, &Unresolved::Unknown, MaskedKey::of("KEY")).advice;
            assert!(advice.ends_with(last), "{advice}");
        }
    }

    #[test]
    fn where_names_count_an_unknown_group_has_no_such_name_either() {
        for (group, called) in [
            (Reference::Number("Zürich".into()), "the number or name Zürich"),
            (Reference::either(28), "the ID, number or name 28"),
            (Reference::Id(28), "the ID or name 28"),
        ] {
            let error = unresolved(&group, &Unresolved::UnknownName, MaskedKey::of("KEY")).error;
            assert_eq!(error, format!("No group on this PBX has {called}"));
        }
    }

    /// The field that holds the subscription.
    #[test]
    fn what_the_advice_sends_people_to_shows_the_subscription() {
        assert!(advice_when_unknown(None).contains("Group > Get"));
        for name in ["Get Group", "List Group"] {
            let of = operation("Groups", name).unwrap().record().unwrap();
            assert!(of.simple().contains(&"Props"), "{name}");
        }
    }
}
