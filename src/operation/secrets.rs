//! What a row sends and no text may show.

use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::cmp::Reverse;

use super::parameters::Parameters;
use super::plan::Plan;
use crate::redaction::{MASK, without_pieces, without_whole};
use crate::rows::json;
use crate::secret_names;
use crate::sorting;
use crate::xapi::error::Failure;
use crate::xapi::request::Payload;

impl Plan {
    /// The secrets that the row sends.
    pub(super) fn secrets(&self) -> Vec<String> {
        let mut found = self.own_path.as_deref().map_or(Vec::new(), of_path);
        if let Payload::Json(body) = &self.body {
            found.extend(serde_json::from_str(body).map_or(Vec::new(), |body| secrets(&body, None, MOST_TEXTS)));
        }
        found
    }
}

/// The secrets in what a row was given, whether or not anything can be sent of it.
pub(super) fn of_row(form: &mut Parameters<'_>) -> Vec<String> {
    let own = ["fields", "body", "query"].map(|name| form.json(name).unwrap_or_default());
    let columns = form.rows.columns(form.row).ok().and_then(|columns| json::parse(&columns).ok());
    let path = form.text("path").ok().flatten();
    let named = own.into_iter().chain(columns).flat_map(|value: Value| secrets(&value, None, MOST_TEXTS));
    named.chain(path.as_deref().map_or(Vec::new(), of_path)).collect()
}

/// The secrets in a person's own path: values of keys and of query options, by their names.
fn of_path(path: &str) -> Vec<String> {
    let named = path.split(['?', '&', '(', ')', ',']).filter_map(|part| part.split_once('='));
    let value = |(name, value): (&str, &str)| {
        let least = secret_names::sent_from(name.trim(), false)?;
        let value = percent_decode_str(value.trim()).decode_utf8_lossy();
        let value = value.trim_matches('\'');
        (!value.is_empty() && value.chars().count() >= least).then(|| value.to_owned())
    };
    named.filter_map(value).collect()
}

/// A path that can be shown.
pub(super) fn hidden_in_path(path: &str) -> String {
    hidden(&percent_decode_str(path).decode_utf8_lossy(), &of_path(path))
}

/// A text without these secrets.
pub(super) fn hidden(text: &str, secrets: &[String]) -> String {
    let mut secrets: Vec<&String> = secrets.iter().collect();
    // A short one may be a part of a longer one, of which the rest would stay.
    sorting::sort_by_key(&mut secrets, |secret| Reverse(secret.len()));
    let text = secrets.iter().fold(text.to_owned(), |text, secret| without_whole(&text, secret, MASK));
    secrets.iter().fold(text, |text, secret| without_pieces(text, secret))
}

/// A failure without them, in whatever shape it repeats them.
pub(super) fn without(failure: Failure, secrets: &[String]) -> Failure {
    failure.redacted(&|text| hidden(text, secrets))
}

/// The secrets in a value, which is one itself from so many characters on. `texts`: how often a text may be JSON within a
/// text.
fn secrets(value: &Value, least: Option<usize>, texts: usize) -> Vec<String> {
    match (value, least) {
        (Value::String(text), Some(least)) => {
            (text.chars().count() >= least).then(|| text.clone()).into_iter().collect()
        }
        (Value::Number(number), Some(_)) => secrets(&number.to_string().into(), least, texts),
        (Value::Array(entries), _) => entries.iter().flat_map(|entry| secrets(entry, least, texts)).collect(),
        (Value::Object(fields), _) => {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let of_pair = fields.iter().any(|(name, value)| secret_names::is_pair(name, || text(value)));
            let least_of = |name: &str| least.or(secret_names::sent_from(name, of_pair));
            fields.iter().flat_map(|(name, value)| secrets(value, least_of(name), texts)).collect()
        }
        (Value::String(text), None) if texts > 0 && text.trim_start().starts_with(['{', '[']) => {
            json::parse(text).map_or(Vec::new(), |value| secrets(&value, None, texts - 1))
        }
        _ => Vec::new(),
    }
}

/// A text of JSON that a row sends within a text is read so often.
const MOST_TEXTS: usize = 2;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use call_engine::Job;

    use super::*;
    use crate::definition::operation;
    use crate::operation::{Rowwise, Task};
    use crate::rows::Cell;
    use crate::rows::testing::form;
    use crate::xapi::problems::Problem;
    use crate::xapi::protocol::Next;

    #[test]
    fn what_a_row_sends_is_known_by_its_name_by_what_stands_beside_it_and_within_texts() {
        let body = json!({
            "accessToken": "t-1", "code": "authcode", "verifier": "v-1", "CODE": "short", "NewPassword": 4711, "Codec": "G729ab",
            "VariableChoices": [{ "Key": "Domain", "Value": "example" }, { "Key": "Port", "Value": "443" }],
            "Parameters": [{ "Name": "MAILSERVERPASS", "Value": "mail-pw" }, { "Name": "MAILSERVER", "Value": "mail.example.com" }],
            "Data": r#"{"AuthPassword":"sip-pw","Inner":"[{\"VMPIN\":\"81536\"}]"}"#,
            "Text": "{no json",
        });
        let mut found = secrets(&body, None, MOST_TEXTS);
        found.sort();
        assert_eq!(found, ["4711", "81536", "authcode", "example", "mail-pw", "sip-pw", "t-1", "v-1"]);
    }

    #[test]
    fn a_persons_own_path_may_have_secrets() {
        let path = "/X(password='pw-1',Id=5)?api_key=key%2D1&$filter=a%20eq%201&code=short&pin=&token=t";
        assert_eq!(of_path(path), ["pw-1", "key-1", "t"]);
        assert_eq!(hidden_in_path("/X(password='Summer%2DCanary')"), "/X(password='****')");
    }

    #[test]
    fn a_row_that_is_not_sent_shows_no_secret_that_it_has_in_another_column_and_no_other_row_does() {
        let secret = "Summer-2026-Canary";
        let sheet = [json!({"AuthPassword": secret, "VMEnabled": secret}), json!({"VMEnabled": format!("{secret}!")})];
        for automatic in [true, false] {
            let given = sheet.clone();
            let mut rows = form(sheet.len(), move |row, name| {
                Ok(match name {
                    "userId" => Cell::Number(5.0),
                    "fields" if automatic => Cell::Json(json!({ "mappingMode": "autoMapInputData" }).to_string()),
                    "fields" => Cell::Json(json!({ "mappingMode": "defineBelow", "value": given[row] }).to_string()),
                    _ => Cell::Empty,
                })
            });
            if automatic {
                rows = rows.with_columns(sheet.to_vec());
            }
            let mut job = Rowwise::new(Task::Do(operation("Users", "Update User").unwrap()));
            let mut told = String::new();
            while let Next::Outcomes = job.next(&mut rows) {
                told.extend(job.take_outcomes().into_iter().flat_map(|outcome| outcome.items));
            }
            assert!(told.matches("is not true or false").count() == 2, "{told}");
            assert!(!told.contains("Canary"), "{told}");
        }
    }

    proptest! {
        #[test]
        fn no_secret_of_a_body_comes_back_in_a_refusal(
            texts in prop::collection::vec("[ab12]{3,6}", 0..5),
            pin in 100u32..100_000,
        ) {
            let body = json!({
                "VMPIN": pin,
                "AuthPassword": texts.first(),
                "Phones": texts.iter().map(|text| json!({ "PhoneWebPassword": text })).collect::<Vec<_>>(),
            });
            let repeated = Problem::new(Some(&pin.to_string()), &texts.join("; "));
            let failure = without(Failure::Rejected { status: 400, problems: vec![repeated] }, &secrets(&body, None, MOST_TEXTS));
            let shown = failure.to_string();
            let told = shown.strip_prefix("3CX refused the request (400): ").unwrap();
            prop_assert!(told.chars().all(|c| " *:;".contains(c)), "{}", told);
        }
    }
}
