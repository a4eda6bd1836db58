//! What an answer becomes: records, a word of success, a file, or what failed.

use std::borrow::Cow;
use std::collections::HashSet;
use std::iter;

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::query::QueryOptions;
use crate::definition::{Answer, Operation};
use crate::n8n::outcome::{Certainty, Report};
use crate::rows;
use crate::xapi::error::Failure;
use crate::xapi::problems::{Problem, problems};
use crate::xapi::records::{self, Fields, Page, View};

/// The records of an answer that is not one of several pages.
pub(super) fn records(
    operation: &Operation,
    options: &QueryOptions,
    is_reading: bool,
    text: &str,
) -> Result<Vec<String>, Box<Report>> {
    let view = View { only: options.only.as_deref(), masked: options.masked };
    let records = match operation.answer {
        Answer::Deleted => Ok(vec![json!({ "deleted": true }).to_string()]),
        Answer::Nothing => Ok(vec![success()]),
        // What may be null comes as no content.
        Answer::Record(_) | Answer::Value | Answer::Any if is_reading && text.is_empty() => {
            Ok(vec![json!({ "value": null }).to_string()])
        }
        Answer::File(_) => csv(text, options),
        _ if text.is_empty() => Ok(vec![success()]),
        Answer::Record(_) if is_reading => read(text, view),
        Answer::Record(_) | Answer::Created(_) => one(text, view),
        Answer::Value => any(text, View { only: None, ..view }),
        Answer::Records(_) | Answer::Values => many(text, view),
        Answer::Any => any(text, view),
    }?;
    // What was done and lists nothing is done all the same: a row without an item would be lost.
    Ok(if records.is_empty() && !is_reading { vec![success()] } else { records })
}

/// Whether an answer that is not one of several pages is a list of which 3CX has more. `is_cut`: whether so many were asked for.
pub(super) fn goes_on(text: &str, is_cut: impl Fn() -> bool) -> bool {
    let is_more =
        |page: Page<'_>| page.goes_on || (page.count.is_some_and(|count| count > page.records.len()) && !is_cut());
    Page::parse(text).is_ok_and(is_more)
}

/// What is gone, for who cannot see which row said so.
pub(super) fn deleted(literal: &str) -> String {
    let plain = percent_decode_str(literal).decode_utf8_lossy();
    let quoted = plain.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let text = || quoted.map_or_else(|| plain.to_string(), |text| text.replace("''", "'")).into();
    let id = literal.parse::<i64>().map_or_else(|_| text(), Value::from);
    json!({ "deleted": true, "id": id }).to_string()
}

/// A success that names the fields of the row that were not sent: nothing else of the row tells. Only an update has such
/// fields, and 3CX answers it with nothing.
pub(super) fn partly_sent(left_out: &[String]) -> String {
    json!({ "success": true, "leftOut": left_out }).to_string()
}

fn success() -> String {
    json!({ "success": true }).to_string()
}

/// A record: as it came where it has nothing of what is wanted.
fn one(text: &str, view: View<'_>) -> Result<Vec<String>, Box<Report>> {
    let record = records::record(text, view).map_err(unreadable)?;
    if view.only.is_none() || is_record(&record) {
        return Ok(vec![record]);
    }
    records::record(text, View { only: None, ..view }).map(|record| vec![record]).map_err(unreadable)
}

/// A record that was read. What is something else, or has nothing of what is wanted, is no empty record.
fn read(text: &str, view: View<'_>) -> Result<Vec<String>, Box<Report>> {
    let record = if is_record(text) { records::record(text, view).map_err(unreadable)? } else { String::new() };
    if is_record(&record) {
        return Ok(vec![record]);
    }
    Err(unreadable(Failure::Unreadable { status: 200 }))
}

/// Whether it has a field of its own, beside an `error` or the list of an answer that is for something else.
fn is_record(text: &str) -> bool {
    let is_own = |(name, value): &(Cow<'_, str>, &RawValue)| match name.as_ref() {
        "error" => false,
        "value" => !value.get().starts_with('['),
        name => !name.starts_with('@'),
    };
    Fields::read(text).is_some_and(|fields| fields.0.iter().any(is_own))
}

fn many(text: &str, view: View<'_>) -> Result<Vec<String>, Box<Report>> {
    let page = Page::parse(text).map_err(unreadable)?;
    page.records.iter().map(|record| entry(record, view)).collect::<Result<_, _>>().map_err(unreadable)
}

/// An entry of a list: a record, or a value on its own.
pub(super) fn entry(record: &RawValue, view: View<'_>) -> Result<String, Failure> {
    if record.get().starts_with('{') { records::record(record.get(), view) } else { alone(record.get(), view) }
}

/// An answer that 3CX does not document: a list, a record, or any other JSON as a value.
pub(super) fn any(text: &str, view: View<'_>) -> Result<Vec<String>, Box<Report>> {
    if text.is_empty() {
        return Ok(vec![success()]);
    }
    if Page::parse(text).is_ok() {
        return many(text, view);
    }
    if text.starts_with('{') {
        return one(text, view);
    }
    let value: &RawValue = serde_json::from_str(text).map_err(|_| unreadable(Failure::Unreadable { status: 200 }))?;
    Ok(vec![alone(value.get(), view).map_err(unreadable)?])
}

/// Wraps a bare value (a number, a text, a list) as `{"value": …}`, because an item must be an object.
fn alone(text: &str, view: View<'_>) -> Result<String, Failure> {
    let value = records::value(text, view)?;
    Ok(format!(r#"{{"value":{value}}}"#))
}

/// The lines of a CSV file as records. Some versions send JSON in its place.
fn csv(text: &str, options: &QueryOptions) -> Result<Vec<String>, Box<Report>> {
    if text.starts_with(['{', '[']) {
        return any(text, View { only: None, masked: options.masked });
    }
    // A line for Excel, which names the delimiter.
    let text = if text.starts_with("sep=") { text.split_once('\n').map_or("", |(_, rest)| rest) } else { text };
    let header = text.lines().next().unwrap_or_default();
    let delimiter = if header.matches(';').count() > header.matches(',').count() { b';' } else { b',' };
    let mut reader = ::csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let broken = |_| unreadable(Failure::Unreadable { status: 200 });
    let names: Vec<String> = reader.headers().map_err(broken)?.iter().map(|name| name.trim().to_owned()).collect();
    let mut records = Vec::new();
    for line in reader.records() {
        let line = line.map_err(broken)?;
        // As text, in which columns keep their order, and two of a name their values.
        let mut record = String::new();
        for (index, value) in line.iter().enumerate() {
            let name = names.get(index).filter(|name| !name.is_empty()).cloned();
            let name = name.unwrap_or_else(|| format!("Column {}", index + 1));
            record.push(if index == 0 { '{' } else { ',' });
            record.push_str(&format!("{}:{}", Value::from(name), Value::from(value)));
        }
        record.push('}');
        let record = records::record(&record, View { only: None, masked: options.masked }).map_err(unreadable)?;
        records.push(numbered(record));
    }
    Ok(records)
}

/// A record whose columns differ in name. Only once secrets are masked, which are known by their names.
fn numbered(record: String) -> String {
    let Some(Fields(fields)) = Fields::read(&record) else { return record };
    let names: HashSet<&str> = fields.iter().map(|(name, _)| name.as_ref()).collect();
    if names.len() == fields.len() {
        return record;
    }
    let mut used = HashSet::new();
    let parts = fields.iter().map(|(name, value)| {
        let further = (2..).map(|number| format!("{name} {number}")).filter(|name| !names.contains(name.as_str()));
        let own = iter::once(name.to_string()).chain(further).find(|own| used.insert(own.clone()));
        format!("{}:{value}", Value::from(own))
    });
    format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
}

/// No file, and what came in its place.
pub(super) fn no_file(status: u16, text: &str) -> Box<Report> {
    let mut problems = problems(text);
    if problems.is_empty() && !text.is_empty() {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown = records::value(&Value::from(words).to_string(), View { only: None, masked: true });
        let shown = shown.ok().and_then(|shown| serde_json::from_str::<String>(&shown).ok());
        problems.extend(shown.map(|shown| Problem::new(None, &shown)));
    }
    unreadable(Failure::NoFile { status, problems })
}

/// A success that lists what it did not do.
pub(super) fn partial_failures(text: &str) -> Result<(), Box<Report>> {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(default)]
        value: Vec<Value>,
    }
    let wire: Wire = if text.is_empty() {
        Wire { value: Vec::new() }
    } else {
        let text = records::value(text, View { only: None, masked: true }).map_err(unreadable)?;
        serde_json::from_str(&text).map_err(|_| unreadable(Failure::Unreadable { status: 200 }))?
    };
    // Entries with a status are results, which name what went well too.
    let reason = |entry: &Value| {
        let error = entry["Error"].as_str().filter(|error| !error.is_empty());
        error.or(entry["Status"].as_str().filter(|status| is_no(status))).map(str::to_owned)
    };
    let is_failure = |entry: &Value| reason(entry).is_some() || entry["Status"].is_null();
    let failures: Vec<Value> = wire.value.into_iter().filter(is_failure).collect();
    if failures.is_empty() {
        return Ok(());
    }
    let named = |failure: &Value| {
        let name = failure["ExtensionNumber"].as_str().or(failure["FileName"].as_str());
        (name.unwrap_or("?").to_owned(), reason(failure))
    };
    let named: Vec<_> = failures.iter().map(named).collect();
    Err(Box::new(Report::partly_done(&named, failures)))
}

/// A success that says of a call that it did not come about. 3CX documents no words for that: those that say so are taken
/// at their word, all others are handed on.
pub(super) fn no_call(text: &str) -> Result<(), Box<Report>> {
    let told: Value = rows::json::parse(text).unwrap_or_default();
    if !is_no(told["FinalStatus"].as_str().unwrap_or_default()) {
        return Ok(());
    }
    let words = ["FinalStatus", "Reason", "ReasonText"].into_iter().filter_map(|name| told[name].as_str());
    let words: Vec<&str> = words.filter(|words| !words.is_empty()).collect();
    Err(Box::new(Report::no_call(&words)))
}

/// Whether a status says that something was not done.
fn is_no(status: &str) -> bool {
    let plain: String = status.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let has_a_no = ["fail", "error", "reject", "refuse", "denied"].iter().any(|word| plain.contains(word));
    has_a_no && !["noerror", "notfailed"].contains(&plain.as_str())
}

pub(super) fn unreadable(failure: Failure) -> Box<Report> {
    Box::new(Report::of(&failure, Certainty::Refused))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arbitrary::{self, SECRETS};
    use crate::definition::{OPERATIONS, ValueKind};
    use crate::xapi::odata::literal;
    use proptest::prelude::{prop, prop_assert, proptest};

    #[test]
    fn lists_of_an_undescribed_answer_are_masked() {
        let view = View { only: None, masked: true };
        for (text, shown) in [
            (r#"[{"VMPIN":"1"}]"#, r#"{"value":[{"VMPIN":"********"}]}"#),
            (r#"{"value":[[{"VMPIN":"1"}]]}"#, r#"{"value":[{"VMPIN":"********"}]}"#),
        ] {
            assert_eq!(any(text, view), Ok(vec![shown.to_owned()]), "{text}");
        }
    }

    fn shown(resource: &str, name: &str, options: &QueryOptions, is_reading: bool, text: &str) -> Vec<String> {
        let operation = crate::definition::operation(resource, name).unwrap();
        records(operation, options, is_reading, text).unwrap_or_else(|report| vec![report.error])
    }

    #[test]
    fn a_record_that_was_read_is_one_and_has_what_is_wanted() {
        let simple =
            QueryOptions { only: Some(vec!["Id".into(), "Number".into()]), masked: true, ..QueryOptions::default() };
        let user = |text: &str| shown("Users", "Get User", &simple, true, text);
        assert_eq!(user(r#"{"Id":5,"Number":"101","x":1}"#), [r#"{"Id":5,"Number":"101"}"#]);
        assert_eq!(user(r#"{"Id":5,"error":{"message":"x"}}"#), [r#"{"Id":5}"#], "it is one of its fields");
        for odd in
            [r#"{"error":1}"#, r#"{"value":[{"Id":5}]}"#, r#"{"Name":"x"}"#, "{}", "[]", r#"{"@odata.etag":"x"}"#]
        {
            assert_eq!(user(odd), ["3CX's answer could not be read (200)"], "{odd}");
        }
    }

    #[test]
    fn what_was_done_and_lists_nothing_is_a_success() {
        let (all, done, empty) = (QueryOptions::default(), [r#"{"success":true}"#], r#"{"value":[]}"#);
        assert_eq!(shown("Trunks", "Run Analysis", &all, false, empty), done);
        assert_eq!(shown("Custom Request", "Send Request", &all, false, empty), done);
        assert_eq!(shown("Custom Request", "Send Request", &all, true, empty), [""; 0]);
        assert_eq!(shown("Backups", "Get Failover Scripts", &all, true, empty), [""; 0]);
    }

    #[test]
    fn the_columns_of_a_file_keep_their_order_and_lose_nothing() {
        let options = QueryOptions { masked: true, ..QueryOptions::default() };
        let text = "Number,Name,Name,,Name 2,AuthPassword,AuthPassword\n101,Ann,Smith,x,b,p1,p2,more\n";
        let expected = r#"{"Number":"101","Name":"Ann","Name 3":"Smith","Column 4":"x","Name 2":"b","AuthPassword":"********","AuthPassword 2":"********","Column 8":"more"}"#;
        assert_eq!(shown("Users", "Export Extensions", &options, true, text), [expected]);
    }

    #[test]
    fn secrets_of_a_file_are_masked_whatever_its_columns_are_called() {
        let masked = QueryOptions { masked: true, ..QueryOptions::default() };
        let head =
            "Number,FirstName,AuthID,Auth Password,authpassword,VMPin,VMNoPin,PIN,DeskphoneWebPass,SrvcAccessPwd";
        let records = csv(&format!("{head}\n101,Ann,xyz,cAnArY,cAnArY,4711471147,0,cAnArY,cAnArY,cAnArY\n"), &masked);
        let record: Value = serde_json::from_str(&records.unwrap()[0]).unwrap();
        for (name, shown) in [("Number", "101"), ("FirstName", "Ann"), ("AuthID", "xyz"), ("VMNoPin", "0")] {
            assert_eq!(record[name], shown, "{name}");
        }
        for name in ["Auth Password", "authpassword", "VMPin", "PIN", "DeskphoneWebPass", "SrvcAccessPwd"] {
            assert_eq!(record[name], "********", "{name}");
        }
        let records = csv("sep=;\r\nNumber;AuthPassword\r\n101;cAnArY\r\n", &masked).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&records[0]).unwrap(),
            json!({ "Number": "101", "AuthPassword": "********" })
        );
        assert_eq!(csv("sep=;", &masked), Ok(vec![]));
    }

    #[test]
    fn what_is_gone_is_named_as_it_was_given() {
        for (literal, id) in [
            ("28", json!(28)),
            (&*literal(ValueKind::Text, &json!("O'Neill")), json!("O'Neill")),
            (&*literal(ValueKind::Text, &json!("'my greeting' – 2026.wav")), json!("'my greeting' – 2026.wav")),
            ("01234567-89ab-cdef-0123-456789abcdef", json!("01234567-89ab-cdef-0123-456789abcdef")),
        ] {
            assert_eq!(serde_json::from_str::<Value>(&deleted(literal)).unwrap(), json!({ "deleted": true, "id": id }));
        }
    }

    #[test]
    fn what_was_not_done_is_told_without_secrets() {
        let text = r#"{"value":[{"ExtensionNumber":"100","Error":"in use","AuthPassword":"hunter2"}]}"#;
        let report = partial_failures(text).unwrap_err();
        assert_eq!(report.error, "3CX did not do it for 1 of those named (100: in use)");
        assert!(!format!("{report:?}").contains("hunter2"));
    }

    #[test]
    fn a_status_that_says_no_is_the_failure_of_its_part() {
        let told = |answer: &str| partial_failures(answer).map_err(|report| report.error);
        for (entry, reason) in [
            (r#"{"FileName":"a","Status":"failed"}"#, "a: failed"),
            (r#"{"FileName":"a","Status":"failed","Error":"in use"}"#, "a: in use"),
            (r#"{"ExtensionNumber":"100","Error":null,"Status":"Failed"}"#, "100: Failed"),
        ] {
            let error = format!("3CX did not do it for 1 of those named ({reason})");
            let answer = format!(r#"{{"value":[{entry},{{"FileName":"b","Status":"deleted"}}]}}"#);
            assert_eq!(told(&answer), Err(error), "{entry}");
        }
    }

    #[test]
    fn what_has_nothing_of_a_simple_record_is_shown_as_it_came() {
        let simple = QueryOptions { only: Some(vec!["Id".into()]), masked: true, ..QueryOptions::default() };
        let made = |text: &str| shown("Users", "Create User", &simple, false, text);
        assert_eq!(made(r#"{"Id":5,"Mobile":"1"}"#), [r#"{"Id":5}"#]);
        assert_eq!(made(r#"{"Mobile":"1","VMPIN":"4711"}"#), [r#"{"Mobile":"1","VMPIN":"********"}"#]);
    }

    #[test]
    fn a_call_that_did_not_come_about_is_a_failure_and_what_is_not_understood_is_handed_on() {
        let told = |answer: &str| no_call(answer).map_err(|report| report.error);
        let failed = r#"{"FinalStatus":"Failed","Reason":"NoDevice","ReasonText":"","Result":null}"#;
        assert_eq!(told(failed), Err("3CX says that the call did not come about (Failed; NoDevice)".to_owned()));
        for status in
            ["CALL_REJECTED", "NoAnswerFailed", "No route: failed", "NotAuthorized: rejected", "NotReachable (error)"]
        {
            assert!(told(&json!({ "FinalStatus": status }).to_string()).is_err(), "{status}");
        }
        for fine in [
            r#"{"FinalStatus":"Success"}"#,
            r#"{"FinalStatus":null,"Reason":"x"}"#,
            r#"{"FinalStatus":"Ringing"}"#,
            r#"{"FinalStatus":"NoError"}"#,
            r#"{"FinalStatus":"No error."}"#,
            r#"{"FinalStatus":"NOT_FAILED"}"#,
            "null",
            "",
        ] {
            assert_eq!(told(fine), Ok(()), "{fine}");
        }
    }

    proptest! {
        #[test]
        fn no_operation_shows_a_secret(
            at in 0..OPERATIONS.len(),
            text in arbitrary::json(),
            form in prop::sample::select(vec!["{}", r#"{"value":{}}"#, r#"{"value":[{},{}]}"#]),
        ) {
            let operation = &OPERATIONS[at];
            let options = QueryOptions { masked: true, ..QueryOptions::default() };
            let shown = records(operation, &options, true, &form.replace("{}", &text));
            for record in shown.unwrap_or_default() {
                prop_assert!(!SECRETS.iter().any(|secret| record.contains(secret)), "{}", record);
            }
        }
    }
}
