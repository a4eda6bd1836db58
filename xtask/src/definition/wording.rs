//! Names that people read, made from the API's identifiers.

use threecx_definition::facts::Overrides;

#[path = "../../../src/words.rs"]
#[expect(unreachable_pub, reason = "the core's module, which is public there")]
mod words;

pub(crate) use words::start_case;

pub(crate) struct Words {
    pub(crate) name: String,
    pub(crate) action: String,
}

/// `ActiveCalls` as `Active Call`, `ReportCallDistribution` as `Call Distribution Report`.
pub(crate) fn resource(tag: &str) -> String {
    if let Some(report) = tag.strip_prefix("Report").filter(|rest| rest.starts_with(char::is_uppercase)) {
        return format!("{} Report", words::title_case(report.strip_suffix("Data").unwrap_or(report)));
    }
    words::title_case(&singular(tag))
}

fn singular(tag: &str) -> String {
    let tag = tag.strip_suffix("View").unwrap_or(tag);
    if ["Settings", "Status", "Services", "Hours", "Restrictions", "Address", "Codes", "Fxs"]
        .iter()
        .any(|end| tag.ends_with(end))
    {
        return tag.to_owned();
    }
    if let Some(stem) = tag.strip_suffix("ies") {
        return format!("{stem}y");
    }
    tag.strip_suffix('s').filter(|stem| !stem.ends_with('s')).unwrap_or(tag).to_owned()
}

/// The parameter that holds an entity's key: `groupId`.
pub(crate) fn parameter(type_name: &str) -> String {
    let singular = singular(type_name);
    let mut letters = singular.chars();
    let first: String = letters.next().map(|first| first.to_lowercase().collect()).unwrap_or_default();
    format!("{first}{}Id", letters.as_str())
}

/// An entity in a form: `Ring Group`.
pub(crate) fn entity(type_name: &str, overrides: &Overrides) -> String {
    overrides.entities.get(type_name).cloned().unwrap_or_else(|| words::title_case(&singular(type_name)))
}

pub(crate) fn operation(id: &str, tag: &str) -> Words {
    let thing = singular(tag);
    let rest = |verb: &str| id.strip_prefix(verb).filter(|rest| is_same(rest, &thing));
    let thing_words = words::lower_case(&thing);
    let (name, action) = if rest("List").is_some() {
        ("Get Many".to_owned(), format!("get many {}", plural(&thing_words)))
    } else if rest("Get").is_some() {
        ("Get".to_owned(), format!("get {thing_words}"))
    } else if rest("Create").is_some() {
        ("Create".to_owned(), format!("create {thing_words}"))
    } else if rest("Update").is_some() {
        ("Update".to_owned(), format!("update {thing_words}"))
    } else if rest("Delete").is_some() {
        ("Delete".to_owned(), format!("delete {thing_words}"))
    } else if let Some((verb, report)) = report_verb(id, tag) {
        (verb.to_owned(), format!("{} {} report", verb.to_lowercase(), words::lower_case(report)))
    } else if let Some(listed) = id.strip_prefix("List") {
        (
            format!("Get Many {}", words::title_case(listed)),
            with_thing(&format!("get many {}", words::lower_case(listed)), &thing_words),
        )
    } else {
        let doubled = id.replace("GetGet", "Get").replace("DownloadGet", "Download").replace("GeCrmt", "GetCrm");
        (words::title_case(&doubled), with_thing(&words::lower_case(&doubled), &thing_words))
    };
    Words { name, action: sentence(&action) }
}

/// `GetBreachesSlaData` and `DownloadBreachesSla` of `ReportBreachesSla` get and download the report itself.
fn report_verb<'a>(id: &str, tag: &'a str) -> Option<(&'static str, &'a str)> {
    let bare = |name: &'a str| name.strip_suffix("Data").unwrap_or(name);
    let report = bare(tag.strip_prefix("Report").filter(|rest| rest.starts_with(char::is_uppercase))?);
    let (verb, rest) = ["Download", "Get"].into_iter().find_map(|verb| Some((verb, id.strip_prefix(verb)?)))?;
    let rest = rest.trim_start_matches("Get");
    let rest = rest.strip_suffix("Data").or(rest.strip_suffix("Report")).unwrap_or(rest);
    (rest == report).then_some((verb, report))
}

/// `BlocklistAddr` is what the tag `Blocklist` lists: names that share their first word mean the same thing.
fn is_same(name: &str, thing: &str) -> bool {
    let name = singular(name);
    name == thing || name.strip_suffix("View") == Some(thing) || SAME.contains(&(name.as_str(), thing))
}

const SAME: &[(&str, &str)] = &[
    ("BlocklistAddr", "Blocklist"),
    ("Property", "TenantProperty"),
    ("RefreshToken", "MyToken"),
    ("SecurityRefreshToken", "SecurityToken"),
    ("ServiceInfo", "Services"),
    ("Weblink", "WebsiteLink"),
    ("FirewallState", "Firewall"),
];

fn plural(words: &str) -> String {
    match words {
        _ if words.ends_with("settings") || words.ends_with("FXS") || words.ends_with("services") => words.to_owned(),
        _ if words.ends_with("history") => words.to_owned(),
        _ if words.ends_with('y') && !words.ends_with("ay") => format!("{}ies", &words[..words.len() - 1]),
        _ if words.ends_with('s') || words.ends_with('x') => format!("{words}es"),
        _ => format!("{words}s"),
    }
}

/// An action that does not name what it acts on, such as `start`, says so: `start (services)`.
fn with_thing(action: &str, thing: &str) -> String {
    let known: Vec<&str> = thing.split(' ').collect();
    let named = action
        .split(' ')
        .any(|word| known.iter().any(|known| word.trim_end_matches('s') == known.trim_end_matches('s')));
    if named { action.to_owned() } else { format!("{action} ({thing})") }
}

/// Operations of older PBXs stand apart from their resource, so their names are whole.
pub(crate) fn older(value: &str) -> Words {
    let id = &value.replace(' ', "");
    Words { name: words::title_case(id), action: format!("{} on an older 3CX", sentence(&words::lower_case(id))) }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
