//! Which names say that a value lets somebody in. 3CX's description knows its own fields; what else 3CX answers, in the
//! columns of a file or in a text that is JSON, is known by its name only.

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
    fn what_is_sent_is_hidden_more_widely() {
        for name in ["code", "verifier", "ACCESSTOKEN", "newPassword", "NextPageToken"] {
            assert!(sent_from(name, false).is_some(), "{name}");
        }
        for name in ["CountryCode", "Codec", "Name", "Key"] {
            assert_eq!(sent_from(name, false), None, "{name}");
        }
    }
}
