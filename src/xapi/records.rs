//! Records and other values of an answer: found in its text, and written as they leave the node.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::definition;
use crate::redaction::{self, STARS};
use crate::rows::folded;
use crate::rows::json::{self, JsonFault};
use crate::secret::MaskedKey;
use crate::secret_names;
use crate::xapi::error::Failure;

/// The answer of an OData collection.
#[derive(Debug)]
pub struct Page<'a> {
    pub records: Vec<&'a RawValue>,
    /// How many records there are in all, where 3CX says.
    pub count: Option<usize>,
    /// Whether 3CX names a next page.
    pub goes_on: bool,
}

impl<'a> Page<'a> {
    /// Finds the records in the text, without reading them.
    ///
    /// # Errors
    ///
    /// [`Failure::Unreadable`] where it is no object with a list `value`.
    pub fn parse(text: &'a str) -> Result<Self, Failure> {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow)]
            value: Vec<&'a RawValue>,
            #[serde(rename = "@odata.count")]
            count: Option<i64>,
            #[serde(rename = "@odata.nextLink")]
            next: Option<IgnoredAny>,
        }
        // Serde would take a list for an object without names.
        if !text.trim_start().starts_with('{') {
            return Err(Failure::Unreadable { status: 200 });
        }
        let page: Wire<'a> = read(text)?;
        let count = page.count.and_then(|count| usize::try_from(count).ok());
        Ok(Self { records: page.value, count, goes_on: page.next.is_some() })
    }
}

/// The version of a record, by which a change can be made to depend on it.
pub const ETAG: &str = "@odata.etag";

/// How a record leaves the node.
#[derive(Clone, Copy, Debug, Default)]
pub struct View<'a> {
    /// Only these fields, where it is to be simple: named as in `$select`.
    pub only: Option<&'a [String]>,
    /// Whether secrets are masked, at any depth.
    pub masked: bool,
}

impl View<'_> {
    /// Whether a field is kept: an asterisk stands for all of them, and a path for the field that it begins with.
    fn has(self, name: &str) -> bool {
        self.only.is_none_or(|only| only.iter().any(|wanted| wanted == "*" || wanted.split('/').next() == Some(name)))
    }
}

/// One record as it leaves the node: OData's annotations left out but its version, order and numbers as sent.
///
/// # Errors
///
/// [`Failure::Unreadable`] where it is no object, or too deep to be masked.
pub fn record(text: &str, view: View<'_>) -> Result<String, Failure> {
    let mut out = Out::of(text);
    out.fields(text, view, 0)?;
    Ok(out.text)
}

/// A value on its own, as it leaves the node.
///
/// # Errors
///
/// [`Failure::Unreadable`] where it is too deep to be masked, or no JSON.
pub fn value(text: &str, view: View<'_>) -> Result<String, Failure> {
    let mut out = Out::of(text);
    out.value(text, view, 0)?;
    Ok(out.text)
}

/// Values within values are followed so far: no answer of 3CX is as deep, and the stack is small.
const MOST_DEPTH: u32 = 64;

/// What leaves the node.
struct Out {
    text: String,
    /// Whether anything of it is masked.
    is_masked: bool,
}

impl Out {
    fn of(text: &str) -> Self {
        Self { text: String::with_capacity(text.len()), is_masked: false }
    }

    fn fields(&mut self, text: &str, view: View<'_>, depth: u32) -> Result<(), Failure> {
        let fields: Fields<'_> = read(text)?;
        let nested = View { only: None, ..view };
        let of_pair = view.masked && fields.are_pair();
        self.text.push('{');
        let mut is_first = true;
        for (name, value) in &fields.0 {
            // What If-Match takes.
            let is_etag = depth == 0 && name == ETAG;
            if !is_etag && (name.contains("@odata.") || !view.has(name)) {
                continue;
            }
            if !std::mem::replace(&mut is_first, false) {
                self.text.push(',');
            }
            self.text.push_str(&Value::from(name.as_ref()).to_string());
            self.text.push(':');
            match masked(name, value.get(), of_pair).filter(|_| view.masked) {
                Some(mask) => self.mask(&mask),
                None => self.value(value.get(), nested, depth + 1)?,
            }
        }
        self.text.push('}');
        Ok(())
    }

    /// Values within values are gone through only where something may have to be masked. What cannot be gone through is
    /// not shown: a secret could be in it.
    fn value(&mut self, text: &str, view: View<'_>, depth: u32) -> Result<(), Failure> {
        if !view.masked || !text.starts_with(['{', '[', '"']) {
            self.text.push_str(text);
            return Ok(());
        }
        if text.starts_with('"') {
            self.written(text, view, depth);
            return Ok(());
        }
        if depth > MOST_DEPTH {
            return Err(Failure::Unreadable { status: 200 });
        }
        if text.starts_with('{') {
            return self.fields(text, view, depth);
        }
        let entries: Vec<&RawValue> = read(text)?;
        self.text.push('[');
        for (index, entry) in entries.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.value(entry.get(), view, depth + 1)?;
        }
        self.text.push(']');
        Ok(())
    }

    /// A text may be JSON itself, as in the audit log: it stays as it is unless something in it is masked.
    fn written(&mut self, text: &str, view: View<'_>, depth: u32) {
        if let Some(inner) = json_within(text) {
            let mut within = Self::of(&inner);
            match within.value(&inner, view, depth + 1) {
                Ok(()) if within.is_masked => return self.mask(&within.text),
                Err(_) if is_of_fields(&inner) || !is_plain(&inner) => return self.mask(STARS),
                Ok(()) | Err(_) => (),
            }
        }
        match without_headers(text) {
            Some(shown) => self.mask(&shown),
            None => self.text.push_str(text),
        }
    }

    fn mask(&mut self, mask: &str) {
        self.text.push_str(&Value::from(mask).to_string());
        self.is_masked = true;
    }
}

/// What a text of JSON says, where that could be JSON again. Half a pair of UTF-16 is read as a sign that stands for none.
fn json_within(text: &str) -> Option<String> {
    // Most texts are plain.
    if !text.get(1..)?.trim_start().starts_with(['{', '[', '\\']) {
        return None;
    }
    let inner: String = serde_json::from_str(&json::whole(text)).ok()?;
    let inner = inner.trim();
    inner.starts_with(['{', '[']).then(|| inner.to_owned())
}

/// What a text of JSON says with the values of secret headers masked, if it has any.
fn without_headers(text: &str) -> Option<String> {
    // Most texts have none.
    let may_begin = |pair: &[u8]| pair[0] == b'\\' || pair.eq_ignore_ascii_case(b"x-");
    if !text.as_bytes().windows(2).any(may_begin) {
        return None;
    }
    let plain: String = serde_json::from_str(&json::whole(text)).ok()?;
    let values = secret_names::of_headers(&plain);
    (!values.is_empty()).then(|| redaction::with(&plain, values, STARS))
}

/// Whether a text is no JSON after all, and not one that is too deep.
fn is_plain(text: &str) -> bool {
    matches!(json::parse::<IgnoredAny>(text), Err(JsonFault::Syntax(_)))
}

/// Whether a text begins as an object of JSON does, or a list of such: not as `{name}` or `[External]`.
fn is_of_fields(text: &str) -> bool {
    let rest = text.trim_start_matches(['[', ' ', '\n', '\r', '\t']);
    rest.strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with('"'))
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|_| Failure::Unreadable { status: 200 })
}

/// What stands in the place of a secret: the last four characters of a license key, nothing of anything else.
fn masked(name: &str, value: &str, of_pair: bool) -> Option<String> {
    // Null, and the switches that are called like a secret.
    if matches!(value, "null" | "true" | "false") || !secret_names::is_secret(name, of_pair) {
        return None;
    }
    // In a file they are texts.
    let is_switch =
        || matches!(value.trim_matches('"').to_ascii_lowercase().as_str(), "" | "0" | "1" | "true" | "false");
    if !definition::is_secret(name) && is_switch() {
        return None;
    }
    let is_key = folded(name).ends_with("licensekey");
    let key = is_key.then(|| serde_json::from_str::<String>(value).ok()).flatten();
    Some(key.map_or_else(|| STARS.to_owned(), |key| MaskedKey::of(&key).to_string()))
}

/// A JSON object's fields in the order of the text.
pub struct Fields<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Nothing where the text is no JSON object.
    pub fn read(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The text of the field of this name.
    pub fn get(&self, wanted: &str) -> Option<&'a str> {
        self.0.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.get())
    }

    /// Whether one of them says that the `Value` beside it is secret.
    fn are_pair(&self) -> bool {
        let text = |value: &RawValue| serde_json::from_str(&json::whole(value.get())).ok();
        self.0.iter().any(|(name, _)| secret_names::is_value(name))
            && self.0.iter().any(|(name, value)| secret_names::is_pair(name, || text(value)))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Fields<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arbitrary::{self, SECRETS};
    use proptest::prelude::*;
    use serde_json::json;

    const MASKED: View<'_> = View { only: None, masked: true };

    #[test]
    fn a_record_keeps_order_and_numbers_and_hides_keys() {
        let text = r#"{"@odata.context":"x","B":12345678901234567890,"A":1.10,"LicenseKey":"8SGW-ABCD-EFGH-1234","N":{"x":null}}"#;
        assert_eq!(
            record(text, MASKED).unwrap(),
            r#"{"B":12345678901234567890,"A":1.10,"LicenseKey":"****-****-****-1234","N":{"x":null}}"#
        );
        assert!(record(text, View::default()).unwrap().contains("8SGW-ABCD-EFGH-1234"));
        assert_eq!(record("{}", MASKED).unwrap(), "{}");
        assert_eq!(record("[1]", MASKED), Err(Failure::Unreadable { status: 200 }));
        assert_eq!(record(r#"{"A":1"#, MASKED), Err(Failure::Unreadable { status: 200 }));
    }

    #[test]
    fn secrets_are_masked_at_any_depth() {
        let text = r#"{"AuthPassword":{"Value":"x"},"Phones":[{"Name":"a","Password":"pw","Settings":{"Secret":"s"}}],"DeskphonePassword":true,"VMPIN":null}"#;
        assert_eq!(
            record(text, MASKED).unwrap(),
            r#"{"AuthPassword":"********","Phones":[{"Name":"a","Password":"********","Settings":{"Secret":"********"}}],"DeskphonePassword":true,"VMPIN":null}"#
        );
    }

    #[test]
    fn a_value_is_masked_where_the_name_beside_it_says_so_and_beside_any_key() {
        for (text, shown) in [
            (
                r#"{"VariableChoices":[{"Key":"Secret","Value":"c"},{"Value":"d","Key":"Domain"},{"Key":"x","Value":null}]}"#,
                r#"{"VariableChoices":[{"Key":"Secret","Value":"********"},{"Value":"********","Key":"Domain"},{"Key":"x","Value":null}]}"#,
            ),
            (
                r#"{"Id":1,"Name":"MAILSERVERPASS","Value":"c"}"#,
                r#"{"Id":1,"Name":"MAILSERVERPASS","Value":"********"}"#,
            ),
            (
                r#"{"Id":1,"Name":"MAILSERVER","Value":"mail.example.com"}"#,
                r#"{"Id":1,"Name":"MAILSERVER","Value":"mail.example.com"}"#,
            ),
            (r#"{"Name":"VM\ud800PIN","Value":4711}"#, r#"{"Name":"VM\ud800PIN","Value":"********"}"#),
            (
                r#"{"DownloadLink":"/b?t=c","InstallScript":"x"}"#,
                r#"{"DownloadLink":"********","InstallScript":"********"}"#,
            ),
        ] {
            assert_eq!(record(text, MASKED).as_deref(), Ok(shown));
            assert_eq!(record(text, View::default()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn names_that_3cx_does_not_describe_are_read_by_their_parts() {
        let text = r#"{"authPassword":"c","PIN":"4711","refresh_token":"c","NextPageToken":"p","PassiveServer":"s","VMNoPin":"0","x-pin":0,"licenseKey":"8SGW-ABCD-EFGH-1234"}"#;
        assert_eq!(
            record(text, MASKED).unwrap(),
            r#"{"authPassword":"********","PIN":"********","refresh_token":"********","NextPageToken":"p","PassiveServer":"s","VMNoPin":"0","x-pin":0,"licenseKey":"****-****-****-1234"}"#
        );
    }

    #[test]
    fn texts_that_are_json_are_masked_inside() {
        let inner = r#"[ {"AuthPassword":"c","Name":"a@odata.x","More":"{\"VMPIN\":\"4711\"}"} ]"#;
        let text = json!({ "NewData": inner, "Plain": "[External] {call}", "Open": " {\"Name\": 1.10 }" }).to_string();
        let shown: Value = serde_json::from_str(&record(&text, MASKED).unwrap()).unwrap();
        assert_eq!(
            shown["NewData"],
            r#"[{"AuthPassword":"********","Name":"a@odata.x","More":"{\"VMPIN\":\"********\"}"}]"#
        );
        assert_eq!((&shown["Plain"], &shown["Open"]), (&json!("[External] {call}"), &json!(" {\"Name\": 1.10 }")));
        for unreadable in [r#""{\"AuthPassword\":\"cut o""#, r#""[{\"VMPIN\":4711""#] {
            assert_eq!(value(unreadable, MASKED).unwrap(), r#""********""#);
        }
        assert_eq!(value(r#""{\"VMPIN\":\"\ud800 4711\"}""#, MASKED).unwrap(), r#""{\"VMPIN\":\"********\"}""#);
        assert_eq!(value(r#""\u007b\"VMPIN\":4711}""#, MASKED).unwrap(), r#""{\"VMPIN\":\"********\"}""#);
        for start in [r#"{\"A\":"#, "[1,"] {
            let end = if start.starts_with('{') { "}" } else { "]" };
            let deep = format!(r#""{start}{}{}{end}""#, "[".repeat(9000), "]".repeat(9000));
            assert_eq!(value(&deep, MASKED).unwrap(), r#""********""#);
        }
        assert_eq!(value(r#""[1, 2""#, MASKED).unwrap(), r#""[1, 2""#);
    }

    #[test]
    fn headers_are_masked_in_texts_that_are_no_json() {
        for (text, shown) in [
            (
                "POST /answer\nX-Webhook-Secret: c\n{\"event\":1}",
                "POST /answer\nX-Webhook-Secret: ********\n{\"event\":1}",
            ),
            ("[CRM] X-Webhook-Secret=c", "[CRM] X-Webhook-Secret=********"),
            ("Password: required", "Password: required"),
        ] {
            let told: Value = serde_json::from_str(&value(&json!(text).to_string(), MASKED).unwrap()).unwrap();
            assert_eq!(told, shown);
        }
        assert_eq!(value(r#""\u0058-Token: c""#, MASKED).unwrap(), r#""X-Token: ********""#);
        assert_eq!(value(r#""X-Token: c""#, View::default()).unwrap(), r#""X-Token: c""#);
    }

    #[test]
    fn nothing_is_shown_of_what_cannot_be_gone_through() {
        for (text, shown) in [
            (r#"{"Phones":[{"VMPIN":4711}]}"#, Ok(r#"{"Phones":[{"VMPIN":"********"}]}"#)),
            // Half a surrogate pair: JSON to JavaScript, no text to Rust.
            (r#"{"Phones":[{"\ud800":1,"VMPIN":"4711"}]}"#, Err(Failure::Unreadable { status: 200 })),
        ] {
            assert_eq!(record(text, MASKED).as_deref(), shown.as_deref(), "{text}");
        }
        let deep = |depth: usize| format!(r#"{{"A":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert_eq!(record(&deep(64), MASKED), Ok(deep(64)));
        assert_eq!(record(&deep(200_000), MASKED), Err(Failure::Unreadable { status: 200 }));
        assert_eq!(record(&deep(200_000), View::default()), Ok(deep(200_000)));
    }

    #[test]
    fn a_simple_record_has_the_wanted_fields_only() {
        let only = ["Id".to_owned(), "Name".to_owned()];
        let text = r#"{"Id":1,"Other":2,"Name":{"Other":3}}"#;
        let view = View { only: Some(&only), masked: true };
        assert_eq!(record(text, view).unwrap(), r#"{"Id":1,"Name":{"Other":3}}"#);
    }

    #[test]
    fn an_asterisk_keeps_every_field_and_a_path_the_one_that_it_begins_with() {
        let text = r#"{"Id":1,"Props":{"Fqdn":"x"},"PropsOf":2,"VMPIN":"4711"}"#;
        for (wanted, shown) in [
            ("*", r#"{"Id":1,"Props":{"Fqdn":"x"},"PropsOf":2,"VMPIN":"********"}"#),
            ("Props/Fqdn", r#"{"Props":{"Fqdn":"x"}}"#),
        ] {
            let only = [wanted.to_owned()];
            assert_eq!(record(text, View { only: Some(&only), masked: true }).unwrap(), shown, "{wanted}");
        }
    }

    #[test]
    fn the_version_of_a_record_is_kept_and_no_other_annotation() {
        let only = ["Id".to_owned()];
        let text = r#"{"@odata.context":"x","@odata.etag":"W/\"7\"","Id":1,"N":{"@odata.etag":"y","Id":2},"Id@odata.type":"z"}"#;
        for (only, shown) in [
            (None, r#"{"@odata.etag":"W/\"7\"","Id":1,"N":{"Id":2}}"#),
            (Some(&only[..]), r#"{"@odata.etag":"W/\"7\"","Id":1}"#),
        ] {
            assert_eq!(record(text, View { only, masked: true }).unwrap(), shown);
        }
    }

    #[test]
    fn a_page_gives_records_and_count() {
        let page = Page::parse(r#"{"@odata.count":2,"value":[{"Id":1},{"Id":2}]}"#).unwrap();
        assert_eq!((page.records.len(), page.count), (2, Some(2)));
        assert_eq!(Page::parse(r#"{"@odata.count":-1,"value":[]}"#).unwrap().count, None);
        assert!(Page::parse(r#"{"value":[{"Id":1}"#).is_err());
        assert!(Page::parse("").is_err());
        assert!(Page::parse("[[1,2],3]").is_err());
    }

    proptest! {
        #[test]
        fn a_page_has_its_records_as_they_were_sent(
            records in prop::collection::vec(arbitrary::json(), 0..6),
            count in prop::option::of(0usize..1000),
        ) {
            let count_field = count.map(|count| format!(r#""@odata.count" : {count} ,"#)).unwrap_or_default();
            let text = format!(r#"{{"@odata.context":"x",{count_field}"value":[{}]}}"#, records.join(" , "));
            let page = Page::parse(&text).unwrap();
            prop_assert_eq!(page.records.iter().map(|record| record.get()).collect::<Vec<_>>(), records);
            prop_assert_eq!(page.count, count);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = record(&text, MASKED);
            let _ = Page::parse(&text);
        }

        #[test]
        fn no_secret_is_shown_wherever_it_stands(text in arbitrary::json()) {
            for shown in [record(&text, MASKED), value(&text, MASKED)].iter().flatten() {
                prop_assert!(!SECRETS.iter().any(|secret| shown.contains(secret)), "{}", shown);
                prop_assert!(serde_json::from_str::<IgnoredAny>(shown).is_ok());
            }
        }
    }
}
