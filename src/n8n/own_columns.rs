//! A row's own columns beside what the node tells of it, so that a sheet of results still says whose each row is.

use serde_json::Value;

use crate::row_secrets::{without_keys, without_own};
use crate::secret::LicenseKey;
use crate::xapi::records::Fields;

/// Longer rows are not taken over: they would hold up n8n's other work.
pub const MOST: usize = 64 * 1024;

/// What the item of a row can tell of it, whether it went well or not. A column of such a name is never taken over: it may be
/// from the report of an earlier run, and would stand as this run's.
pub const TOLD: [&str; 26] = [
    "success",
    "wouldSend",
    "dryRun",
    "doneBefore",
    "begunAt",
    "groupName",
    "groupNumber",
    "groupId",
    "licenseKey",
    "wouldSendGroupAs",
    "changed",
    "subscription",
    "subscriptionType",
    "validUntil",
    "startupLicense",
    "previousSubscription",
    "previousSubscriptionType",
    "previousValidUntil",
    "previousStartupLicense",
    "confirmation",
    "warnings",
    "skipped",
    "reason",
    "error",
    "message",
    "details",
];

/// The item with the row's own columns behind its own. `columns`: as JSON text. The key, and whatever else looks like one,
/// is masked.
pub fn with_columns(item: &str, columns: &str, key: &LicenseKey) -> Option<String> {
    if columns.len() > MOST {
        return None;
    }
    let Fields(own) = Fields::read(columns)?;
    let told = item.strip_prefix(r#"{"json":"#)?;
    let end = told.rfind(r#"},"pairedItem":"#)?;
    let mut kept = String::new();
    for (name, value) in own.into_iter().filter(|(name, _)| !TOLD.contains(&name.as_ref())) {
        let mut value: Value = serde_json::from_str(value.get()).ok()?;
        mask(&mut value, key);
        kept.push(',');
        kept.push_str(&Value::from(masked(&name, key)).to_string());
        kept.push(':');
        kept.push_str(&value.to_string());
    }
    Some(format!(r#"{{"json":{}{kept}{}"#, &told[..end], &told[end..]))
}

fn mask(value: &mut Value, key: &LicenseKey) {
    match value {
        Value::String(text) => *text = masked(text, key),
        Value::Number(number) if number.to_string() == key.reveal() => *value = Value::from(key.to_string()),
        Value::Array(values) => values.iter_mut().for_each(|value| mask(value, key)),
        Value::Object(values) => {
            let entries = std::mem::take(values).into_iter().map(|(name, mut value)| {
                mask(&mut value, key);
                (masked(&name, key), value)
            });
            *values = entries.collect();
        }
        _ => {}
    }
}

/// A text without this key, nor what looks like another. Of one that is nothing but a key the end is shown.
pub(crate) fn masked(text: &str, key: &LicenseKey) -> String {
    let other = LicenseKey::new(text.trim().to_uppercase());
    if other.has_usual_shape() {
        return other.to_string();
    }
    without_own(text, key, without_keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::n8n::outcome::Outcome;
    use serde_json::json;

    const KEY: &str = "8SGW-ABCD-EFGH-5678";

    fn kept(columns: &str) -> String {
        let outcome = Outcome::done(3, [json!({ "success": true, "groupId": 28 }).to_string()]);
        with_columns(&outcome.items[0], columns, &LicenseKey::new(KEY.to_owned())).unwrap()
    }

    #[test]
    fn own_columns_come_along_and_never_the_key() {
        let text = kept(
            r#"{"Customer":"Harbor \"},\"pairedItem\":{}","groupId":"GRP0001","License Key":"8SGW-ABCD-EFGH-5678",
            "note":"was 8SGW-ABCD-EFGH-5678 once","Old key":"aaaa-bbbb-cccc-1111","plain":"8sgwabcdefgh5678",
            "seats":12,"more":{"list":["8SGW-ABCD-EFGH-5678",null,true],"8sgw-abcd-efgh-5678":{"was 8SGWABCDEFGH5678":1}},"a \"b\"":1}"#,
        );
        let item: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(item["json"]["a \"b\""], 1);
        assert_eq!(item["pairedItem"]["item"], 3);
        let json = &item["json"];
        assert_eq!((&json["success"], &json["groupId"], &json["seats"]), (&json!(true), &json!(28), &json!(12)));
        assert!(text.find("Customer") < text.find("Old key") && text.find("seats") < text.find("more"), "{text}");
        assert_eq!(json["Customer"], "Harbor \"},\"pairedItem\":{}");
        assert_eq!(json["License Key"], "****-****-****-5678");
        assert_eq!(json["Old key"], "****-****-****-1111");
        assert_eq!(json["more"]["list"], json!(["****-****-****-5678", null, true]));
        assert_eq!(json["more"]["****-****-****-5678"], json!({ "was ****-****-****-5678": 1 }));
        assert!(!json.to_string().to_lowercase().replace('-', "").contains("8sgwabcdefgh"), "{json}");
    }

    #[test]
    fn what_an_earlier_run_told_does_not_stand_as_this_runs() {
        let earlier: serde_json::Map<_, _> = TOLD.iter().map(|name| ((*name).to_owned(), json!("earlier"))).collect();
        assert_eq!(kept(&Value::from(earlier).to_string()), kept("{}"));
    }

    #[test]
    fn other_keys_are_masked_too_wherever_they_stand() {
        let text = kept(
            r#"{"Notes":"replaces AAAA-BBBB-CCCC-1111, see mail","Old":"aaaabbbbcccc1111","Spaced":"AAAA BBBB CCCC 1111",
            "DDDD-EEEE-FFFF-2222":"a sheet without a head","Contract":"A-2026-0001","Phone":"+49 3012 3456 7890 1234"}"#,
        );
        assert!(!text.contains("BBBB") && !text.contains("bbbb") && !text.contains("EEEE"), "{text}");
        let item: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(item["json"]["Notes"], "replaces ****, see mail");
        assert_eq!(item["json"]["Contract"], "A-2026-0001");
        assert_eq!(item["json"]["Phone"], "+49 3012 3456 7890 1234");
    }

    #[test]
    fn numbers_of_accounts_cards_and_phones_stay() {
        let numbers = [
            "DE89 3704 0044 0532 0130 00",
            "GB29 NWBK 6016 1331 9268 19",
            "NL91 ABNA 0417 1643 00",
            "4111 1111 1111 1111",
            "+49 3012 3456 7890 1234",
            "open from 0800 till 1700",
        ];
        let item: Value = serde_json::from_str(&kept(&json!({ "of": numbers }).to_string())).unwrap();
        assert_eq!(item["json"]["of"], json!(numbers));
        for note in ["was 8SGW-WXYZ-EFGH-1234 2026-05-01", "was 8SGW-WXYZ-EFGH-1234 10 users", "8SGW WXYZ EFGH 1234 10"]
        {
            let text = kept(&json!({ "Note": note }).to_string());
            assert!(!text.contains("WXYZ"), "{text}");
        }
    }

    #[test]
    fn columns_that_are_no_object_or_too_long_are_left_out() {
        let key = LicenseKey::new(KEY.to_owned());
        let item = r#"{"json":{"success":true},"pairedItem":{"item":0}}"#;
        assert_eq!(with_columns(item, "[]", &key), None);
        assert_eq!(with_columns(item, &json!({ "a": "x".repeat(MOST) }).to_string(), &key), None);
        assert_eq!(with_columns(item, "{}", &key).as_deref(), Some(item));
    }
}
