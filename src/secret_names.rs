//! Which names say that a value lets somebody in. 3CX's description knows its own fields; what else 3CX answers, in the
//! columns of a file or in a text that is JSON, is known by its name only.

use std::ops::Range;

use crate::definition;
use crate::rows::folded;

/// Whether the value of a field may not be read in an item. `of_pair`: of a record of which [`is_pair`] holds.
pub fn is_secret(name: &str, of_pair: bool) -> bool {
    (of_pair && is_value(name)) || definition::is_secret(name) || (!definition::is_field(name) && looks_secret(name))
}

/// From how many characters on what a row sends under a name is secret, if at all: a text of 3CX may repeat it. What may as
/// well be a plain setting, such as a port, is none where it is short; a code serves for a log-in.
pub(crate) fn sent_from(name: &str, of_pair: bool) -> Option<usize> {
    if definition::is_secret_parameter(name) || looks_secret(name) {
        return Some(0);
    }
    ((of_pair && is_value(name)) || name.eq_ignore_ascii_case("code")).then_some(6)
}

/// Whether it is the field of a record whose secret the record's name or key tells.
pub(crate) fn is_value(name: &str) -> bool {
    name.eq_ignore_ascii_case("value")
}

/// Whether a record's `Value` is secret, because a field beside it says so: a name that looks like one, or any key. Those
/// with a key are the variables of a template, with which 3CX logs in elsewhere or lets a webhook in.
pub fn is_pair(name: &str, text: impl FnOnce() -> Option<String>) -> bool {
    name.eq_ignore_ascii_case("key")
        || (name.eq_ignore_ascii_case("name") && text().is_some_and(|text| looks_secret(&text)))
}

/// Whether a name is that of a secret, and not of a setting of one such as its length.
pub(crate) fn looks_secret(name: &str) -> bool {
    let folded = folded(name).replace("secretar", "");
    let plain = folded.trim_end_matches(|c: char| c.is_ascii_digit());
    let ends = |ends: &[&str]| ends.iter().any(|end| plain.ends_with(end));
    let is_named = WORDS.iter().any(|word| plain.contains(word)) || (ends(LAST_WORDS) && plain != "key");
    is_named && !ends(OF_SECRETS) && !ends(OTHERS)
}

/// Where a text has the value of a header that is called like a secret, as in `X-Webhook-Secret: …`. Other names are words of
/// people, too: `Password: required`.
pub fn of_headers(text: &str) -> Vec<Range<usize>> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let mut values = Vec::new();
    let mut at = 0;
    while let Some(skipped) = text[at..].find(is_of_name) {
        let start = at + skipped;
        at = text[start..].find(|c| !is_of_name(c)).map_or(text.len(), |length| start + length);
        let name = &text[start..at];
        let is_header = name.get(..2).is_some_and(|begin| begin.eq_ignore_ascii_case("x-")) && looks_secret(name);
        if is_header && let Some(value) = value_behind(text, at) {
            at = value.end;
            values.push(value);
        }
    }
    values
}

/// What is given to the name that ends here, also within JSON, and behind the scheme of a log-in.
fn value_behind(text: &str, end: usize) -> Option<Range<usize>> {
    let behind = |at: usize| text.len() - text[at..].trim_start_matches([' ', '\t', '"', '\'', '\\']).len();
    let sign = behind(end);
    text[sign..].starts_with([':', '=']).then_some(())?;
    let start = behind(sign + 1);
    let is_scheme =
        |scheme: &&&str| text.get(start..start + scheme.len()).is_some_and(|own| own.eq_ignore_ascii_case(scheme));
    let start = start + ["Bearer ", "Basic ", "Token "].iter().find(is_scheme).map_or(0, |scheme| scheme.len());
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\');
    let end = text[start..].find(is_end).map_or(text.len(), |length| start + length);
    (start < end).then_some(start..end)
}

const WORDS: &[&str] = &["password", "passwd", "passphrase", "passcode", "pwd", "secret"];
/// What is secret at the end of a name only.
const LAST_WORDS: &[&str] = &["pass", "pin", "pincode", "pinnumber", "token", "key"];
/// What is said of a secret.
const OF_SECRETS: &[&str] = &[
    "age",
    "allowed",
    "attempts",
    "count",
    "date",
    "days",
    "disabled",
    "enabled",
    "endpoint",
    "expiration",
    "expires",
    "expiry",
    "fingerprint",
    "format",
    "id",
    "length",
    "lifetime",
    "method",
    "mode",
    "name",
    "policy",
    "protected",
    "required",
    "retries",
    "time",
    "timeout",
    "ttl",
    "type",
];
const OTHERS: &[&str] = &[
    "bypass",
    "compass",
    "foreignkey",
    "functionkey",
    "hotkey",
    "playlistkey",
    "primarykey",
    "publickey",
    "softkey",
    "sortkey",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_a_header_ends_behind_the_scheme_of_a_log_in() {
        for (text, value) in [
            ("X-Auth-Token: Bearer abc123 x", "abc123"),
            ("x-api-key=abc123", "abc123"),
            ("X-Webhook-Secret: Bearer", "Bearer"),
        ] {
            let found: Vec<_> = of_headers(text).into_iter().map(|place| &text[place]).collect();
            assert_eq!(found, [value], "{text}");
        }
    }

    /// It would take minutes, were all of the rest looked at for each name.
    #[test]
    fn many_names_without_a_header_are_gone_over_once() {
        assert_eq!(of_headers(&format!("x-{}", "a:".repeat(1 << 20))).len(), 0);
    }

    #[test]
    fn names_of_secrets_are_told_from_settings() {
        for name in [
            "MAILSERVERPASS",
            "AuthPass",
            "$AccountPassword",
            "Auth Password",
            "SrvcAccessPwd",
            "DeskphoneWebPass",
            "VMPin",
            "PIN",
            "refresh_token",
            "api-key",
            "RECAPTCHA_KEY",
            "Password2",
            "WebhookSecret",
        ] {
            assert!(looks_secret(name), "{name}");
        }
        for name in [
            "",
            "Key",
            "Number",
            "PASSWORD_MIN_LENGTH",
            "PinProtected",
            "TokenEndpoint",
            "BossSecretaryGroup",
            "Hotkey",
            "PUBLIC_KEY",
            "Bypass",
            "PassiveServer",
            "Shopping",
            "CountryCode",
            "AuthID",
        ] {
            assert!(!looks_secret(name), "{name}");
        }
    }

    #[test]
    fn what_3cx_describes_is_known_by_its_description() {
        for name in ["NextPageToken", "Link", "Key", "Value", "ScriptCode"] {
            assert!(!is_secret(name, false), "{name}");
        }
        for name in ["AuthPassword", "DownloadLink", "InstallScript", "accessToken", "verifier", "Auth Password"] {
            assert!(is_secret(name, false), "{name}");
        }
    }

    #[test]
    fn a_value_is_known_by_what_stands_beside_it() {
        let pair = |name, text: &str| is_pair(name, || Some(text.to_owned()));
        assert!(pair("Name", "MAILSERVERPASS") && pair("name", "VMPIN") && pair("Key", "Domain"));
        assert!(!pair("Name", "MAILSERVER") && !pair("Description", "PASSWORD"));
        assert!(is_secret("Value", true) && sent_from("value", true) == Some(6));
        assert!(!is_secret("Id", true) && sent_from("Id", true).is_none());
    }

    #[test]
    fn the_value_of_a_header_is_found_in_any_text_and_words_of_people_are_none() {
        for text in [
            "POST https://n8n/webhook/x/3cx/answer\nX-Webhook-Secret: cAn~A/r.y=\n{\"event\":\"numberLookup\"}",
            "x-webhook-secret=cAn~A/r.y=",
            "Headers (X-Api-Key = 'cAn~A/r.y=', Accept: */*)",
            r#"Sent {"X-Webhook-Secret": "cAn~A/r.y="}"#,
            r#"Sent {\"X-Webhook-Secret\":\"cAn~A/r.y=\"}"#,
        ] {
            assert_eq!(of_headers(text).into_iter().map(|at| &text[at]).collect::<Vec<_>>(), ["cAn~A/r.y="], "{text}");
        }
        for text in
            ["Password: required", "PIN: 4711", "X-Ray: 4711", "X-Webhook-Secret is missing", "X-Api-Key:", "x-"]
        {
            assert_eq!(of_headers(text), [], "{text}");
        }
        let chain = "X-Token:X-Token=1 X-Token:2";
        assert_eq!(of_headers(chain).into_iter().map(|at| &chain[at]).collect::<Vec<_>>(), ["X-Token=1", "2"]);
    }

    #[test]
    fn what_is_sent_is_hidden_more_widely() {
        for name in ["code", "verifier", "ACCESSTOKEN", "newPassword", "NextPageToken"] {
            assert!(sent_from(name, false).is_some(), "{name}");
        }
        for name in ["CountryCode", "Codec", "Name", "Key"] {
            assert_eq!(sent_from(name, false), None, "{name}");
        }
    }
}
