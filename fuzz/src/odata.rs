//! Whatever a person gives, as part of a path or of a query: it comes back whole, and changes nothing around it.

use threecx_core::definition::ValueKind;
use threecx_core::xapi::base_url::BaseUrl;
use threecx_core::xapi::odata::{self, Query};
use threecx_core::xapi::request;

pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (name, value) = text.split_once('\n').unwrap_or(("", &text));
    literals(value);
    query(name, value);
    filled(name, value);
    address(name, value);
}

/// A text's bytes without percent-encoding, if nothing in it has to be encoded.
pub fn decoded(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => byte,
            _ => return None,
        });
    }
    String::from_utf8(bytes).ok()
}

/// The text that a literal in quotes stands for.
pub fn unquoted(literal: &str) -> Option<String> {
    let inside = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    (!inside.replace("''", "").contains('\'')).then(|| inside.replace("''", "'"))
}

fn literal(value: &str) -> String {
    odata::literal(ValueKind::Text, &value.into())
}

fn literals(value: &str) {
    assert_eq!(decoded(&odata::encode(value)).as_deref(), Some(value));
    assert_eq!(unquoted(&odata::quoted(value)).as_deref(), Some(value));
    let inside = decoded(&literal(value)).expect("all is encoded");
    assert_eq!(unquoted(&inside).as_deref(), Some(value));
    let filter = request::number_filter("Number", value);
    let operand = filter.strip_prefix("tolower(Number) eq ").expect("a filter by number");
    assert_eq!(unquoted(operand), Some(value.to_lowercase()));
}

fn query(name: &str, value: &str) {
    let query = Query::default().with("$top", "1").with_any(name, value).with("$filter", value);
    let options: Vec<&str> = query.as_str().strip_prefix('?').expect("a query").split('&').collect();
    let [first, any, filter] = options[..] else { panic!("{} options", options.len()) };
    assert_eq!(first, "$top=1");
    let (told, given) = any.split_once('=').expect("a name and a value");
    let bare = |name: &str| name.strip_prefix('$').unwrap_or(name).to_owned();
    assert_eq!(decoded(&bare(told)), Some(bare(name)));
    assert_eq!(told.starts_with('$'), name.starts_with('$'));
    assert_eq!(decoded(given).as_deref(), Some(value));
    assert_eq!(decoded(filter.strip_prefix("$filter=").expect("a filter")).as_deref(), Some(value));
}

fn filled(one: &str, other: &str) {
    let literals = [literal(one), literal(other)];
    let path = request::fill("/Users({a})/Pbx.Do(b={b},c=1)", &literals);
    let inside = path.strip_prefix("/Users(").and_then(|rest| rest.strip_suffix(",c=1)")).expect("the path's ends");
    let (first, second) = inside.split_once(")/Pbx.Do(b=").expect("the path's middle");
    assert_eq!(decoded(first).as_deref().and_then(unquoted).as_deref(), Some(one));
    assert_eq!(decoded(second).as_deref().and_then(unquoted).as_deref(), Some(other));
}

fn address(raw: &str, value: &str) {
    let Ok(base) = BaseUrl::parse(raw) else { return };
    assert_eq!(BaseUrl::parse(base.as_str()).as_ref(), Ok(&base));
    let url = base.api_url(&format!("/Users({})", literal(value)));
    let (scheme, rest) = url.split_once("://").expect("a scheme");
    assert!(matches!(scheme, "https" | "http"));
    let (host, path) = rest.split_once('/').expect("a path");
    assert!(path.starts_with("xapi/v1/Users(%27") && !host.contains(['@', '?', '#', '\\']), "{url}");
}
