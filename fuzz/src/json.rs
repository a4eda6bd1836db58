//! JSON as a second, plain reader understands it.

use serde_json::Value;
use threecx_core::{definition, secret_names};

/// Reads what serde_json's values can hold. Halves of surrogate pairs, which JSON and JavaScript allow and Rust's texts
/// do not, are read as `?`, so that nothing can hide behind them.
pub fn read(text: &str) -> Option<Value> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        plain.push_str(before);
        let is_half = escape.get(1..4).is_some_and(|start| {
            let start = start.as_bytes();
            start[0] == b'u'
                && start[1].eq_ignore_ascii_case(&b'd')
                && matches!(start[2], b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F')
        });
        let length = if is_half { 6 } else { 2 };
        let Some(taken) = escape.get(..length) else {
            rest = escape;
            break;
        };
        plain.push_str(if is_half { "?" } else { taken });
        rest = &escape[length..];
    }
    serde_json::from_str(&(plain + rest)).ok()
}

/// Fields that are secret hold nothing, a switch, or a mask, at any depth, also in texts that are JSON.
pub fn assert_masked(value: &Value) {
    match value {
        Value::Array(entries) => entries.iter().for_each(assert_masked),
        Value::Object(fields) => {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let of_pair = fields.iter().any(|(name, value)| secret_names::is_pair(name, || text(value)));
            for (name, value) in fields {
                if secret_names::is_secret(name, of_pair) {
                    let is_hidden = match value {
                        Value::Null | Value::Bool(_) => true,
                        Value::String(text) if text == "********" || is_masked_key(text) => true,
                        // What only is called so may be a switch, in a file as a text.
                        other => {
                            let switches = ["", "0", "1", "true", "false"];
                            let plain = other.to_string().trim_matches('"').to_ascii_lowercase();
                            !definition::is_secret(name) && switches.contains(&plain.as_str())
                        }
                    };
                    assert!(is_hidden, "{name}: {value}");
                } else {
                    assert_masked(value);
                }
            }
        }
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
            if let Some(inner) = read(text) {
                assert_masked(&inner);
            }
        }
        _ => {}
    }
}

fn is_masked_key(text: &str) -> bool {
    text.strip_prefix("****-****-****-").is_some_and(|tail| tail.len() == 4)
}
