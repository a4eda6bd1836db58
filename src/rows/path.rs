//! Where a value stands within a row: `body.groupId`, `fields['Group ID']`, as n8n writes it when it is dragged.

/// The names on the way, or none where the text is no path.
pub fn steps(path: &str) -> Option<Vec<String>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let (step, after) = match rest.strip_prefix('[') {
            Some(inner) => bracketed(inner)?,
            None => {
                let name = if steps.is_empty() { rest } else { rest.strip_prefix('.')? };
                name.split_at(name.find(['.', '[']).unwrap_or(name.len()))
            }
        };
        if step.is_empty() {
            return None;
        }
        steps.push(step.to_owned());
        rest = after;
    }
    Some(steps)
}

/// The path of these names, as it is dragged.
pub fn written(names: &[&str]) -> String {
    let bracketed = |name: &str| if name.contains('\'') { format!("[\"{name}\"]") } else { format!("['{name}']") };
    let (first, rest) = match names {
        [first, rest @ ..] if !first.contains(['.', '[']) => (*first, rest),
        all => ("", all),
    };
    first.to_owned() + &rest.iter().map(|name| bracketed(name)).collect::<String>()
}

/// What stands in brackets, a name in quotes or a place in a list, and what comes after them.
fn bracketed(inner: &str) -> Option<(&str, &str)> {
    for quote in ['\'', '"'] {
        if let Some(name) = inner.strip_prefix(quote) {
            return name.split_once(&format!("{quote}]"));
        }
    }
    inner.split_once(']').filter(|(place, _)| place.bytes().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_are_read_as_they_are_dragged() {
        for (path, expected) in [
            ("body.groupId", &["body", "groupId"][..]),
            ("fields['Group ID']", &["fields", "Group ID"]),
            ("['a.b'][\"c d\"].e", &["a.b", "c d", "e"]),
            ("rows[0].Group ID", &["rows", "0", "Group ID"]),
            ("Group ID", &["Group ID"]),
            ("['Group ID']", &["Group ID"]),
        ] {
            assert_eq!(steps(path).unwrap(), expected, "{path}");
        }
        for none in [".a", "a.", "a..b", "a[b]", "a[", "a['b", "a['b']c", "[]", "a['']"] {
            assert_eq!(steps(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for (names, path) in
            [(&["fields", "PBX"][..], "fields['PBX']"), (&["a.b", "O'Neill", "c d"], "['a.b'][\"O'Neill\"]['c d']")]
        {
            assert_eq!(written(names), path);
            assert_eq!(steps(path).unwrap(), names);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            steps(&text);
        }
    }
}
