//! What a row sends and no text may show.

use serde_json::Value;

use super::plan::Plan;
use crate::redaction::{MASK, redact};
use crate::rows::json;
use crate::secret_names;
use crate::xapi::error::Failure;
use crate::xapi::request::Payload;

impl Plan {
    /// The secrets that the row sends.
    pub(super) fn secrets(&self) -> Vec<String> {
        let Payload::Json(body) = &self.body else { return Vec::new() };
        serde_json::from_str(body).map_or(Vec::new(), |body| secrets(&body, None, MOST_TEXTS))
    }
}

/// A failure without them, in whatever shape it repeats them.
pub(super) fn without(failure: Failure, mut secrets: Vec<String>) -> Failure {
    // A short one may be a part of a longer one, of which the rest would stay.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.iter().fold(failure, |failure, secret| failure.redacted(&|text| redact(text, secret, MASK)))
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

    use super::*;
    use crate::xapi::problems::Problem;

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
            let failure = without(Failure::Rejected { status: 400, problems: vec![repeated] }, secrets(&body, None, MOST_TEXTS));
            let shown = failure.to_string();
            let told = shown.strip_prefix("3CX refused the request (400): ").unwrap();
            prop_assert!(told.chars().all(|c| " *:;".contains(c)), "{}", told);
        }
    }
}
