//! The template that an administrator uploads in 3CX: an XML file that says what to post where.
//!
//! Values are built by 3CX from `PostValues`, so that it escapes them itself. `Passes` is 0 everywhere, the least that fills
//! in a variable: with more, brackets in what a caller is called would be worked out, too.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::{SCENARIOS, Scenario, TemplateFault, access, chosen};
use crate::calls::moment::{Moment, SECOND};
use crate::rows::json::whole;

/// What the template is made of.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    /// Where reports are posted to. What is answered is asked below it, at [`ANSWER`].
    url: String,
    /// What 3CX lists it as.
    name: String,
    events: Vec<String>,
    now: Moment,
}

/// The file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct File {
    pub file_name: String,
    pub xml: String,
}

/// What an administrator reads at the template's parameters.
pub struct Titles {
    pub address: &'static str,
    pub secret: &'static str,
    /// Those of the switches: reports of calls, reports of chats, new contacts.
    pub calls: &'static str,
    pub chats: &'static str,
    pub contacts: &'static str,
}

/// Versions are counted from here, the year 2020, in seconds: there is room for 68 years.
const FIRST: Moment = 1_577_836_800_000;

/// Where 3CX waits for an answer.
const ANSWER: &str = "/answer";

/// Makes the template: `{url, name, events, now}` as JSON.
///
/// # Errors
///
/// What cannot be used.
pub fn file(input: &str, titles: &Titles) -> Result<File, TemplateFault> {
    let input: Input =
        serde_json::from_str(&whole(input)).map_err(|error| TemplateFault::Unreadable(error.to_string()))?;
    make(&input, titles)
}

fn make(input: &Input, titles: &Titles) -> Result<File, TemplateFault> {
    let scenarios = chosen(&input.events)?;
    if scenarios.is_empty() {
        return Err(TemplateFault::NoEvents);
    }
    let url = input.url.trim().trim_end_matches('/');
    let rest = ["https://", "http://"].into_iter().find_map(|scheme| url.strip_prefix(scheme));
    let host = rest.ok_or(TemplateFault::NoAddress)?.split('/').next().unwrap_or_default();
    if host.is_empty() {
        return Err(TemplateFault::NoAddress);
    }
    // 3CX puts a value of its own in place of what stands in brackets.
    let is_out_of_place = |c: char| c.is_whitespace() || c.is_control() || "?#[]".contains(c);
    if url.contains(is_out_of_place) || host.contains('@') {
        return Err(TemplateFault::Address);
    }
    let name = plain(&input.name);
    // 3CX takes a file for news only if its version is higher: the time, as nothing counts the downloads.
    let version = i32::try_from((input.now - FIRST) / SECOND).unwrap_or(1).max(1);
    let mut xml = Xml { text: String::new(), titles };
    xml.head(&name, version);
    xml.parameters(url, &scenarios);
    xml.line(1, r#"<Authentication Type="No"/>"#);
    xml.line(1, "<Scenarios>");
    for scenario in SCENARIOS.into_iter().filter(|scenario| scenarios.contains(scenario)) {
        xml.scenario(scenario);
    }
    xml.line(1, "</Scenarios>");
    xml.line(0, "</Crm>");
    Ok(File { file_name: format!("{name}.xml"), xml: xml.text })
}

/// A name that can stand in a list, in an address and as the name of a file.
fn plain(name: &str) -> String {
    let kept: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    let kept: String = kept.split_ascii_whitespace().collect::<Vec<_>>().join(" ").chars().take(50).collect();
    let kept = kept.trim_end();
    if kept.is_empty() { "CRM".to_owned() } else { kept.to_owned() }
}

struct Xml<'a> {
    text: String,
    titles: &'a Titles,
}

impl Xml<'_> {
    fn line(&mut self, depth: usize, text: &str) {
        self.text.extend(std::iter::repeat_n("  ", depth));
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn head(&mut self, name: &str, version: i32) {
        self.line(0, r#"<?xml version="1.0" encoding="utf-8"?>"#);
        self.line(0, &format!(
            r#"<Crm Country="Global" Name="{name}" Version="{version}" SupportsEmojis="true" SupportsTranscription="true">"#
        ));
        self.line(1, r#"<Number Prefix="Plus" MaxLength=""/>"#);
        self.line(1, r#"<Connection MaxConcurrentRequests="8"/>"#);
    }

    fn parameters(&mut self, url: &str, scenarios: &[Scenario]) {
        self.line(1, "<Parameters>");
        for (name, kind, title, default) in
            [("WebhookUrl", "String", self.titles.address, url), ("Secret", "Password", self.titles.secret, "")]
        {
            let default = escaped(default);
            self.line(2, &format!(
                r#"<Parameter Name="{name}" Type="{kind}" Parent="General Configuration" Editor="String" Title="{title}" Default="{default}"/>"#
            ));
        }
        for (name, title) in scenarios.iter().filter_map(|scenario| scenario.switch(self.titles)) {
            self.line(2, &format!(
                r#"<Parameter Name="{name}" Type="Boolean" Parent="" Editor="String" Title="{title}" Default="True"/>"#
            ));
        }
        self.line(1, "</Parameters>");
    }

    fn scenario(&mut self, scenario: Scenario) {
        let id = scenario.id();
        let skip = scenario.switch(self.titles).map(|(name, _)| format!("[{name}]!=True")).unwrap_or_default();
        let place = if scenario.is_asking() { ANSWER } else { "" };
        self.line(2, &format!(r#"<Scenario Id="{id}" Type="REST">"#));
        self.line(3, &format!(
            r#"<Request SkipIf="{skip}" Url="[WebhookUrl]{place}" MessagePasses="0" Message="" RequestContentType="" RequestEncoding="Json" RequestType="Post" ResponseType="Json">"#
        ));
        self.line(4, "<Headers>");
        self.line(5, &format!(r#"<Value Key="{}">[Secret]</Value>"#, access::HEADER));
        self.line(4, "</Headers>");
        self.line(4, "<PostValues>");
        for (name, value) in [("event", scenario.event())].iter().chain(scenario.fields()) {
            self.line(5, &format!(r#"<Value Key="{name}" Passes="0" Type="String">{}</Value>"#, escaped(value)));
        }
        self.line(4, "</PostValues>");
        self.line(3, "</Request>");
        if scenario.is_asking() {
            self.contact(scenario);
        }
        self.line(2, "</Scenario>");
    }

    /// The contact of the answer. 3CX takes it only with an address and a name, and if one of its numbers is the one asked for.
    fn contact(&mut self, scenario: Scenario) {
        self.line(3, "<Rules>");
        self.line(4, r#"<Rule Type="Any" Ethalon="">url</Rule>"#);
        self.line(3, "</Rules>");
        self.line(3, "<Variables>");
        for (name, path) in CONTACT {
            self.line(4, &format!(r#"<Variable Name="{name}" Path="{path}"/>"#));
        }
        self.line(3, "</Variables>");
        self.line(3, r#"<Outputs AllowEmpty="false">"#);
        let names = match scenario {
            // As they were typed: the answer need not repeat them.
            Scenario::Create => ["[FirstName]", "[LastName]", "[Company]", "[Email]"],
            _ => ["[ContactFirstName]", "[ContactLastName]", "[ContactCompany]", "[ContactEmail]"],
        };
        let outputs = ["FirstName", "LastName", "CompanyName", "Email"].into_iter().zip(names);
        let fixed = [
            ("ContactUrl", "[ContactLink]"),
            ("PhoneBusiness", "[Number]"),
            ("PhoneMobile", "[ContactPhone]"),
            ("EntityId", "[ContactNumber]"),
            ("EntityType", "Contacts"),
        ];
        for (kind, value) in outputs.chain(fixed) {
            self.line(4, &format!(r#"<Output Type="{kind}" Passes="0" Value="{value}"/>"#));
        }
        self.line(3, "</Outputs>");
    }
}

/// What is read of an answer. The names are not those of 3CX's own variables.
const CONTACT: [(&str, &str); 7] = [
    ("ContactNumber", "id"),
    ("ContactLink", "url"),
    ("ContactFirstName", "firstName"),
    ("ContactLastName", "lastName"),
    ("ContactCompany", "company"),
    ("ContactEmail", "email"),
    ("ContactPhone", "phone"),
];

/// For an attribute or a text of XML, which has no place for some characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => {}
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TITLES: Titles = Titles { address: "A", secret: "S", calls: "1", chats: "2", contacts: "3" };
    const URL: &str = "https://n8n.example.com/webhook/3f0e/3cx";

    fn input(url: &str, name: &str, events: &[&str]) -> Input {
        let events = events.iter().map(|event| (*event).to_owned()).collect();
        Input { url: url.to_owned(), name: name.to_owned(), events, now: 1_793_700_000_000 }
    }

    fn make(input: &Input) -> Result<File, TemplateFault> {
        super::make(input, &TITLES)
    }

    fn all() -> [&'static str; 4] {
        SCENARIOS.map(Scenario::event)
    }

    #[test]
    fn only_what_was_chosen_is_in_it() {
        for scenario in SCENARIOS {
            let file = make(&input(URL, "n8n", &[scenario.event()])).unwrap();
            let tree = roxmltree::Document::parse(&file.xml).unwrap();
            let ids: Vec<_> = tree
                .descendants()
                .filter(|node| node.has_tag_name("Scenario"))
                .filter_map(|node| node.attribute("Id"))
                .collect();
            assert_eq!(ids, [scenario.id()]);
            let parameters: Vec<_> = tree
                .descendants()
                .filter(|node| node.has_tag_name("Parameter"))
                .filter_map(|node| node.attribute("Name"))
                .collect();
            let expected: Vec<_> =
                ["WebhookUrl", "Secret"].into_iter().chain(scenario.switch(&TITLES).map(|(name, _)| name)).collect();
            assert_eq!(parameters, expected);
        }
    }

    #[test]
    fn no_secret_is_in_it_and_the_address_is_in_one_place() {
        let file = make(&input(URL, "n8n Calls", &all())).unwrap();
        assert_eq!(file.xml.matches(URL).count(), 1);
        assert!(file.xml.contains(r#"Name="Secret" Type="Password""#) && file.xml.contains(r#"Default=""/>"#));
        assert_eq!(file.xml.matches("[Secret]").count(), 4);
        assert_eq!(file.file_name, "n8n Calls.xml");
    }

    #[test]
    fn reports_hold_a_request_only_and_nothing_is_worked_out_twice() {
        let file = make(&input(URL, "n8n", &all())).unwrap();
        let tree = roxmltree::Document::parse(&file.xml).unwrap();
        for scenario in tree.descendants().filter(|node| node.has_tag_name("Scenario")) {
            let parts: Vec<_> =
                scenario.children().filter(|node| node.is_element()).map(|node| node.tag_name().name()).collect();
            let is_report = scenario.attribute("Id").unwrap().starts_with("Report");
            assert_eq!(parts.len(), if is_report { 1 } else { 4 }, "{parts:?}");
        }
        for name in ["Passes", "MessagePasses"] {
            assert!(tree.descendants().filter_map(|node| node.attribute(name)).all(|passes| passes == "0"));
        }
    }

    #[test]
    fn a_later_file_has_a_higher_version() {
        let version = |now: Moment| {
            let file = make(&Input { now, ..input(URL, "n8n", &all()) }).unwrap();
            let tree = roxmltree::Document::parse(&file.xml).unwrap();
            tree.root_element().attribute("Version").unwrap().parse::<i32>().unwrap()
        };
        assert!(version(1_793_700_001_000) > version(1_793_700_000_000));
        assert!(version(i64::MAX) >= 1 && version(0) >= 1);
    }

    #[test]
    fn what_cannot_be_used_is_told() {
        assert_eq!(make(&input(URL, "n8n", &[])).unwrap_err(), TemplateFault::NoEvents);
        assert_eq!(
            make(&input(URL, "n8n", &["callStarted"])).unwrap_err(),
            TemplateFault::NoEvent("callStarted".to_owned())
        );
        for url in ["ftp://n8n", "n8n.example.com/3cx", "https://", "http:///3cx"] {
            assert_eq!(make(&input(url, "n8n", &all())).unwrap_err(), TemplateFault::NoAddress, "{url}");
        }
        for rest in ["/3cx?tenant=1", "/3cx#x", "/[Number]/3cx", "/a b", "/a\nb"] {
            assert_eq!(
                make(&input(&format!("https://n8n{rest}"), "n8n", &all())).unwrap_err(),
                TemplateFault::Address,
                "{rest}"
            );
        }
        assert_eq!(make(&input("https://ada:secret@n8n/3cx", "n8n", &all())).unwrap_err(), TemplateFault::Address);
        assert!(make(&input("https://n8n:5678/a@b/%20/3cx", "n8n", &all())).is_ok());
    }

    proptest! {
        #[test]
        fn any_address_and_name_give_xml_that_holds_them(rest in "\\PC*", odd in "[\\x00-\\x7f]{0,20}", name in "\\PC*") {
            let url = format!("https://a/{rest}{odd}");
            let Ok(file) = make(&input(&url, &name, &all())) else {
                prop_assert!(url.trim().contains(|c: char| c.is_whitespace() || c.is_control() || "?#[]".contains(c)));
                return Ok(());
            };
            let tree = roxmltree::Document::parse(&file.xml).unwrap();
            let parameter = tree.descendants().find(|node| node.attribute("Name") == Some("WebhookUrl")).unwrap();
            let held: String = url.trim().trim_end_matches('/').chars()
                .filter(|c| *c >= ' ' || matches!(c, '\t' | '\n' | '\r'))
                .filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
            prop_assert_eq!(parameter.attribute("Default"), Some(held.as_str()));
            prop_assert!(file.file_name.is_ascii() && file.file_name.len() <= 54, "{}", file.file_name);
        }
    }
}
