//! Names that people read, made from the API's identifiers.

use threecx_definition::facts::Overrides;

#[path = "../../../src/n8n/words.rs"]
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use threecx_definition::Definition;

    use super::*;

    /// Words that the API's capitals take apart or put together, its shortenings and its slips of the pen.
    const BAD: &str = "Addr|Auth|Avg|Big Query|Clicktocall|Config|Configs|Desc|Dest|Dirs|Documentlist|Dst|Dur|Em|Err|Ext|\
        Filesystem|Fqd|Gb|Id|Ids|In Out|Infos|Info|Knowledgebase|Maintaince|Maintanance|Mananger|Mgr|Msg|My SQL|Napt|Net|\
        Nno|Notiification|Ns|O Auth|Open AI|Open ID|Opts|Org|Out Bound|Out Office|Paddress|Param|Params|Perc|Preffix|Prev|\
        Props|Prov|Pwd|Pv|Re Captcha|Rec|Reg|Retreive|Ror|Seg|Share Point|Sim|Spm|Src|Str|Subcription|TCX|Tcx|Tcxpms|Tel|Ts|\
        Tun|Up Down|Vmail|V Mail|Webclient|Xfer|You Tube|3 CX|3 S|3 3CX";

    /// Axes of charts.
    const LETTERS: [&str; 2] = ["X", "Y"];

    #[test]
    fn no_label_of_a_form_is_split_badly_shortened_misspelled_or_stutters() {
        let definition = Definition::parse(include_str!("../../../node-definition.json")).unwrap();
        let operations = || definition.operations().map(|(_, operation)| operation);
        let of_bodies = operations().flat_map(|one| one.body.iter().flat_map(|body| body.fields.iter().flatten()));
        let of_paths = operations().flat_map(|one| &one.parameters);
        let of_types = definition.types.values().flat_map(|of| &of.fields);
        let fields = of_types.chain(of_bodies).chain(of_paths).map(|field| field.name.as_str());
        let members = definition.enums.values().flatten().map(String::as_str);
        let identifiers: BTreeSet<&str> = fields.chain(members).collect();
        assert!(identifiers.len() > 2000);

        let named = definition.resources.iter().map(|resource| resource.name.clone());
        let labels = identifiers.into_iter().map(words::title_case).chain(named);
        for label in labels.chain(operations().map(|one| one.name.clone())) {
            let padded = format!(" {label} ");
            let bad = BAD.split('|').find(|bad| padded.contains(&format!(" {bad} ")));
            assert_eq!(bad, None, "{label}");
            let parts: Vec<&str> = label.split(' ').collect();
            assert!(parts.windows(2).all(|pair| pair[0] != pair[1]), "{label}");
            let is_word = |part: &&str| part.len() > 1 || LETTERS.contains(part) || part.parse::<u8>().is_ok();
            assert!(parts.iter().all(is_word), "{label}");
            assert!(!label.contains("  ") && label.trim() == label && !label.is_empty(), "{label:?}");
        }
    }

    #[test]
    fn one_thing_has_one_verb() {
        let definition = Definition::parse(include_str!("../../../node-definition.json")).unwrap();
        // Update, get, get many, get defaults: what else the API calls them, people do not.
        for (_, operation) in definition.operations() {
            for verb in ["Edit", "Modify", "Retrieve", "List", "Init", "Initialize", "Remove", "Bulk", "Batch"] {
                assert!(operation.name.split(' ').next() != Some(verb), "{}", operation.name);
                assert!(operation.action.split(' ').next() != Some(verb), "{}", operation.action);
            }
        }
    }
}
