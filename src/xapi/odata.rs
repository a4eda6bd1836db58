//! OData v4 literals, keys and query options, quoted and encoded so that no value can change a path's structure.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::definition::ValueKind;
use crate::rows::json::shown;

/// A value as part of a path: quoted where OData wants it, and encoded.
pub fn literal(kind: ValueKind, value: &Value) -> String {
    let text = shown(value);
    match kind {
        ValueKind::Text | ValueKind::Enum(_) | ValueKind::Time | ValueKind::Duration => encode(&quoted(&text)),
        _ => encode(&text),
    }
}

/// A value as part of a filter, not yet encoded.
pub fn operand(kind: ValueKind, value: &Value) -> String {
    let text = shown(value);
    match kind {
        ValueKind::Text | ValueKind::Enum(_) => quoted(&text),
        ValueKind::Duration => format!("duration{}", quoted(&text)),
        _ => text,
    }
}

/// A string in single quotes, those inside doubled, not yet encoded: for filter expressions.
pub fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// Everything but RFC 3986's unreserved characters, so that also `/`, `%`, `(` and `.`-segments cannot reach the path's
/// structure. (A single dot or two cannot be a segment: literals are quoted or numeric.)
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes what could change a path's structure.
pub fn encode(value: &str) -> String {
    utf8_percent_encode(value, &RESERVED).to_string()
}

/// Query options in the order given: `?$top=100&$select=Id%2CName`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(String);

impl Query {
    /// Adds an option. `name` is one of OData's own (`$top`), so it is not encoded.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.push_str(name);
        self.0.push('=');
        self.0.push_str(&encode(value));
        self
    }

    /// Adds an option of any name, but for the `$` that OData's own begin with encoded as well.
    #[must_use]
    pub fn with_any(self, name: &str, value: &str) -> Self {
        match name.strip_prefix('$') {
            Some(rest) => self.with(&format!("${}", encode(rest)), value),
            None => self.with(&encode(name), value),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn text_literal(value: &str) -> String {
        literal(ValueKind::Text, &value.into())
    }

    #[test]
    fn literals_are_quoted_as_odata_wants_them() {
        let value = json!("O'Brien");
        assert_eq!(literal(ValueKind::Text, &value), "%27O%27%27Brien%27");
        assert_eq!(literal(ValueKind::Int32, &json!(7)), "7");
        assert_eq!(literal(ValueKind::Boolean, &json!(true)), "true");
        assert_eq!(operand(ValueKind::Text, &value), "'O''Brien'");
        assert_eq!(operand(ValueKind::DateTime, &json!("2026-01-31T00:00:00Z")), "2026-01-31T00:00:00Z");
        assert_eq!(operand(ValueKind::Duration, &json!("PT5M")), "duration'PT5M'");
    }

    #[test]
    fn quotes_are_doubled_and_everything_is_encoded() {
        assert_eq!(text_literal("O'Brien & Co"), "%27O%27%27Brien%20%26%20Co%27");
        assert_eq!(text_literal("1)/../Users(2"), "%271%29%2F..%2FUsers%282%27");
        assert_eq!(text_literal("%2e%2e"), "%27%252e%252e%27");
    }

    #[test]
    fn query_options_keep_their_order() {
        let query = Query::default().with("$top", "100").with("$filter", "Number eq 'GRP+1'");
        assert_eq!(query.as_str(), "?$top=100&$filter=Number%20eq%20%27GRP%2B1%27");
    }

    fn decoded(encoded: &str) -> String {
        let mut bytes = Vec::new();
        let mut parts = encoded.split('%');
        bytes.extend_from_slice(parts.next().unwrap().as_bytes());
        for part in parts {
            bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
            bytes.extend_from_slice(&part.as_bytes()[2..]);
        }
        String::from_utf8(bytes).unwrap()
    }

    proptest! {
        #[test]
        fn encoding_leaves_no_structure(value in ".*") {
            prop_assert!(encode(&value).bytes().all(
                |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'%')
            ));
        }

        #[test]
        fn what_is_encoded_comes_back_whole(value in "(\\PC|[%+/?&=#'\\\\\r\n\0 ]){0,20}") {
            prop_assert_eq!(decoded(&encode(&value)), value.clone());
            prop_assert_eq!(decoded(&text_literal(&value)), quoted(&value));
        }

        #[test]
        fn a_query_has_the_options_that_it_was_given(
            options in prop::collection::vec(("\\$?(\\PC|[&=#?%]){1,8}", "(\\PC|[&=#?%+]){0,12}"), 1..5),
        ) {
            let query = options.iter().fold(Query::default(), |query, (name, value)| query.with_any(name, value));
            let found = query.as_str().strip_prefix('?').unwrap().split('&');
            let found: Vec<_> = found.map(|option| option.split_once('=').unwrap()).collect();
            prop_assert_eq!(found.len(), options.len());
            for ((name, value), (given_name, given_value)) in found.into_iter().zip(&options) {
                prop_assert_eq!((&decoded(name), &decoded(value)), (given_name, given_value));
            }
        }

        #[test]
        fn a_literal_cannot_be_left(value in ".*") {
            let literal = quoted(&value);
            let inside = &literal[1..literal.len() - 1];
            prop_assert!(!inside.replace("''", "").contains('\''));
        }
    }
}
