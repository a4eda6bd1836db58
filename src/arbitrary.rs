//! Arbitrary input for the properties of parsers.

use proptest::collection::vec;
use proptest::prelude::*;

/// What stands wherever a secret does, as a text or as a number.
pub(crate) const SECRETS: [&str; 2] = ["cAnArY", "4711471147"];

/// JSON text of whatever shape: its names may be secret, written with escapes, or no proper text; values under secret
/// names hold one of [`SECRETS`] at some depth.
pub(crate) fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        "-?[1-9][0-9]{0,25}(\\.[0-9]{1,3})?",
        r#""([a-z ä]|\\n|\\"|\\u00e4|\\ud800){0,8}""#,
    ];
    leaf.prop_recursive(4, 24, 4, |inner| prop_oneof![list(inner.clone()), object(inner)])
}

fn list(inner: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    vec(inner, 0..4).prop_map(|entries| format!("[{}]", entries.join(" ,\n")))
}

fn object(inner: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let plain = prop::sample::select(vec!["Id", "Name", "Value", "Groups@odata.context", r"\ud800", r"\u0041", ""]);
    let secret = prop::sample::select(vec!["VMPIN", "AuthPassword", r"Pass\u0077ord", "Secret", "LicenseKey"]);
    let held = prop::sample::select(vec![
        r#""cAnArY""#,
        r#"{"Value":"cAnArY"}"#,
        r#"[{"Name":["cAnArY"]}]"#,
        "4711471147",
        r#""\ud800 cAnArY""#,
    ]);
    // A text of JSON, and a value of which the name beside it tells.
    let known = prop::sample::select(vec![
        ("Data", r#""{\"VMPIN\":\"cAnArY\",\"More\":\"[{\\\"Secret\\\":4711471147}]\"}""#),
        ("Data", r#"" [{\"Key\":\"x\",\"Value\":\"cAnArY""#),
        ("Pair", r#"{"Name":"MAILSERVER_PASS","Value":"cAnArY"}"#),
        ("Pairs", r#"[{"Value":4711471147,"Key":"Domain"}]"#),
        ("authPassword", r#""cAnArY""#),
    ]);
    let owned = |value: &str| value.to_owned();
    let field = prop_oneof![
        (plain, inner),
        (secret, held.prop_map(owned)),
        known.prop_map(move |(name, value)| (name, owned(value)))
    ];
    vec(field, 0..5).prop_map(|fields| {
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!(r#""{name}" : {value}"#)).collect();
        format!("{{{}}}", fields.join(","))
    })
}
