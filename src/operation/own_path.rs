//! The path of a person's own call: what it is for, and whether it may be called at all.

use percent_encoding::percent_decode_str;

use crate::definition::{OPERATIONS, Operation};
use crate::xapi::odata::encode;
use crate::xapi::request::Method;

/// The node's own operation that a call is, where it changes something: 3CX has GETs that do, also where more is asked of
/// their answer.
pub(super) fn change(method: Method, path: &str) -> Option<&'static Operation> {
    let own = names(path);
    let is_it = |operation: &&Operation| {
        let common = |template: &str| begin_of(&own, template);
        let paths = [Some(operation.path), operation.older.map(|older| older.path)];
        operation.method == method
            && match method {
                Method::Get => !operation.safe_to_repeat && common(operation.path).is_some(),
                _ => paths.into_iter().flatten().any(|path| common(path) == Some(own.len())),
            }
    };
    OPERATIONS.iter().find(is_it)
}

/// How many names an operation's path has, if these begin with all of them.
fn begin_of(names: &[String], template: &str) -> Option<usize> {
    let parts = template.split('/').skip(1).map(|part| part.split('(').next().unwrap_or_default());
    let wanted = parts.map(|part| part.rsplit('.').next().unwrap_or_default());
    let mut count = 0;
    for name in wanted {
        if !names.get(count)?.eq_ignore_ascii_case(name) {
            return None;
        }
        count += 1;
    }
    Some(count)
}

/// A part of a path between slashes, decoded: its name, and what stands in brackets behind it.
#[derive(Default)]
struct Segment {
    name: String,
    keys: Option<String>,
}

impl Segment {
    /// Its name as a server may read it: in any case, without a namespace.
    fn plain(&self) -> String {
        self.name.rsplit('.').next().unwrap_or_default().trim().to_lowercase()
    }
}

/// The parts of a path without its query. A key may have brackets and slashes of its own.
fn segments(path: &str) -> Vec<Segment> {
    let path = path.split('?').next().unwrap_or_default();
    let (mut depth, mut is_text) = (0_usize, false);
    let (mut segments, mut segment) = (Vec::new(), Segment::default());
    for c in percent_decode_str(path).decode_utf8_lossy().chars() {
        match c {
            '(' if depth == 0 => {
                depth = 1;
                segment.keys.get_or_insert_default();
            }
            ')' if depth == 1 && !is_text => depth = 0,
            ')' if depth == 0 => {}
            '/' if depth == 0 => segments.push(std::mem::take(&mut segment)),
            _ if depth == 0 => segment.name.push(c),
            _ => {
                match c {
                    '\'' => is_text = !is_text,
                    '(' if !is_text => depth += 1,
                    ')' if !is_text => depth -= 1,
                    _ => {}
                }
                segment.keys.get_or_insert_default().push(c);
            }
        }
    }
    segments.push(segment);
    segments
}

/// The options of a path's query, decoded.
pub(super) fn query(path: &str) -> impl Iterator<Item = (String, String)> {
    let (_, query) = path.split_once('?').unwrap_or_default();
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    query.split('&').map(move |option| {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        (decoded(name), decoded(value))
    })
}

/// What a path names, as a server may read it: decoded, in any case, without query, keys, arguments and namespaces.
fn names(path: &str) -> Vec<String> {
    named(&segments(path))
}

fn named(segments: &[Segment]) -> Vec<String> {
    segments.iter().map(Segment::plain).filter(|name| !name.is_empty()).collect()
}

/// What a path is for, however it is written: the entity of its first key, or all that it names.
pub(super) fn subject(path: &str) -> String {
    let segments = segments(path);
    let end = segments.iter().position(|segment| segment.keys.is_some()).map_or(segments.len(), |keyed| keyed + 1);
    let key = segments[..end].last().and_then(|last| last.keys.as_deref()).unwrap_or_default();
    let key: String = key.to_lowercase().split_whitespace().collect();
    format!("{}({})", named(&segments[..end]).join("/"), key.strip_prefix("id=").unwrap_or(&key))
}

/// Whether a path goes on behind its set: a POST of it is an action, which may take for everything what it is not given.
pub(super) fn is_below_a_set(path: &str) -> bool {
    names(path).len() > 1
}

/// Whether a key in a path is missing, as an expression without a column leaves it. `sends`: whether the call may change
/// something. If not, a function may take nothing, or a text that is empty.
pub(super) fn has_blank_key(path: &str, sends: bool) -> bool {
    let segments = segments(path);
    let keyed = segments.iter().filter_map(|segment| Some((&segment.name, segment.keys.as_deref()?)));
    keyed.enumerate().any(|(position, (name, keys))| {
        // Behind an entity, a set's name is that of a field.
        let may_be_nothing = !sends && (position > 0 || !is_set(name));
        let is_call = may_be_nothing && keys.is_empty();
        let is_empty_text = |part: &str| may_be_nothing && part.trim_end().ends_with("=''");
        !is_call && parts(keys).any(|part| !is_empty_text(part) && is_blank_value(part))
    })
}

/// What stands between the commas, of which a text may have some of its own.
fn parts(keys: &str) -> impl Iterator<Item = &str> {
    let mut is_text = false;
    keys.split(move |c| {
        is_text ^= c == '\'';
        c == ',' && !is_text
    })
}

fn is_blank_value(part: &str) -> bool {
    let value = part.rsplit('=').next().unwrap_or_default();
    let value = value.trim().trim_matches('\'').trim();
    value.is_empty() || matches!(value, "undefined" | "null" | "NaN")
}

/// Whether it is the name of an entity set of which the node knows how one entity is read.
fn is_set(name: &str) -> bool {
    let is_it = |path: &str| {
        path.strip_prefix('/')
            .and_then(|path| path.split_once('('))
            .is_some_and(|(set, _)| set.eq_ignore_ascii_case(name))
    };
    OPERATIONS.iter().any(|operation| is_it(operation.path))
}

/// A path that stays below the API's root, with what cannot stand in a URL encoded.
pub(super) fn checked(path: &str) -> Option<String> {
    let path = path.strip_prefix("/xapi/v1").filter(|rest| rest.starts_with('/')).unwrap_or(path);
    let path = path.strip_prefix('/').unwrap_or(path);
    let is_plain =
        |c: char| c.is_ascii_graphic() && !matches!(c, '\\' | '#' | '"' | '<' | '>' | '^' | '`' | '{' | '|' | '}');
    let (before, _) = path.split_once('?').unwrap_or((path, ""));
    let is_dots = |part: &str| !part.is_empty() && part.chars().all(|c| c == '.');
    // As a server or proxy reads it that decodes before it looks for folders.
    let decoded = before.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    let leaves = before.split('/').any(str::is_empty) || decoded.split('/').any(is_dots);
    if path.chars().any(char::is_control) || leaves || path.contains('\\') {
        return None;
    }
    let mut encoded = String::from("/");
    let mut is_query = false;
    for c in path.chars() {
        is_query |= c == '?';
        // Servers read a plus in a query as a space: no number would be found by its +49.
        if is_plain(c) && !(is_query && c == '+') {
            encoded.push(c);
        } else {
            encoded.push_str(&encode(c.encode_utf8(&mut [0; 4])));
        }
    }
    Some(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_stay_below_the_root() {
        for (path, expected) in [
            ("/Users(12)/Groups", Some("/Users(12)/Groups")),
            ("Users", Some("/Users")),
            ("/xapi/v1/Users?$top=1", Some("/Users?$top=1")),
            ("/Users(Number='O''Brien x')", Some("/Users(Number='O''Brien%20x')")),
            ("/Contacts+x?$filter=Phone eq '+49'", Some("/Contacts+x?$filter=Phone%20eq%20'%2B49'")),
            ("/Users?$filter=Name eq 'ä'", Some("/Users?$filter=Name%20eq%20'%C3%A4'")),
            ("/../connect/token", None),
            ("/Users/%2e%2E/x", None),
            ("/Users/%2e%2e%2fconnect%2ftoken", None),
            ("/Users/..%5Cx", None),
            ("/Fonts('a%2Fb..')", Some("/Fonts('a%2Fb..')")),
            ("/Users/./x", None),
            ("//evil.example.com/x", None),
            ("/Users\\..\\x", None),
            ("/Users\nHost: x", None),
            ("", None),
        ] {
            assert_eq!(checked(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn a_key_that_is_missing_is_seen() {
        for path in [
            "/Users()",
            "/Users('')",
            "/Users( )/Pbx.X",
            "/Users(Number='')",
            "/X(a=1,b=)",
            "/Users(undefined)",
            "/X(a='%20')",
        ] {
            assert!(has_blank_key(path, true) && has_blank_key(path, false), "{path}");
        }
        for path in ["/Users(12)", "/Users", "/Users('null-1')", "/X(a=1,b='x')?$filter=f()", "/Users(0)"] {
            assert!(!has_blank_key(path, true) && !has_blank_key(path, false), "{path}");
        }
        for path in ["/users()", "Users()", "/Users%28%29", "/Users(Number='')/Groups"] {
            assert!(has_blank_key(path, true) && has_blank_key(path, false), "{path}");
        }
        assert!(!has_blank_key("/Fonts('x().ttf')", true), "a key may have brackets");
        for path in [
            "/SystemStatus/Pbx.SystemHealthStatus()",
            "/ReportCallLogData/Pbx.GetCallLogData(periodFrom=2026-01-01T00:00:00Z,sourceType=0,sourceFilter='',top=1)",
            "/Users(5)/Groups()",
        ] {
            assert!(has_blank_key(path, true) && !has_blank_key(path, false), "nothing, or an empty text: {path}");
        }
    }

    #[test]
    fn a_get_that_changes_something_is_known_however_it_is_written() {
        for path in [
            "/ConferenceSettings/Pbx.GenerateApiKey()",
            "/conferencesettings/pbx.generateapikey()?$select=x",
            "/ConferenceSettings/Pbx.GenerateApiKey",
            "/ConferenceSettings/GenerateApiKey(a='x)y',b=1)",
            "/ConferenceSettings/%50bx.Generate%41piKey%28%29",
            "/ConferenceSettings%2FPbx.GenerateApiKey()/$value",
            "/ConferenceSettings()/Pbx.GenerateApiKey( )%20",
        ] {
            assert!(change(Method::Get, path).is_some(), "{path}");
        }
        for path in [
            "/ConferenceSettings",
            "/ConferenceSettings/Pbx.GetApiKey()",
            "/Users?$filter=f('/ConferenceSettings/Pbx.GenerateApiKey()')",
            "/Users(5)/Pbx.GenerateProvLink()",
            "/Fonts('/ConferenceSettings/Pbx.GenerateApiKey()')",
            "/",
        ] {
            assert!(change(Method::Get, path).is_none(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_path_leaves_the_root(path in "(/|%2[eEfF]|%5[cC]|%25|[.?#\\\\ ]|[a-z'()=]|\\PC){0,12}") {
            if let Some(checked) = checked(&path) {
                prop_assert!(checked.starts_with('/') && !checked.starts_with("//"));
                let (before, _) = checked.split_once('?').unwrap_or((&checked, ""));
                let decoded = before.to_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
                prop_assert!(decoded.split('/').all(|part| part != ".." && part != "."), "{}", checked);
                prop_assert!(checked.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#' && byte != b'\\'));
            }
        }
    }
}
