//! Reads a template strictly: what is not known to be part of the format makes it a file of a wrong format, as 3CX says.

use std::collections::BTreeSet;

use roxmltree::{Document, Node};
use serde_json::Value as Json;

use super::expression::Scope;

#[derive(Debug, Clone)]
pub(super) struct Template {
    pub(super) name: String,
    pub(super) version: i32,
    pub(super) parameters: Vec<Parameter>,
    pub(super) scenarios: Vec<Scenario>,
}

#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) default: String,
}

#[derive(Debug, Clone)]
pub(super) struct Scenario {
    pub(super) id: String,
    pub(super) request: Request,
    /// Paths that must hold something.
    pub(super) rules: Vec<String>,
    /// Names and paths.
    pub(super) variables: Vec<(String, String)>,
    pub(super) outputs: Vec<Output>,
}

#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) skip_if: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) values: Vec<Value>,
}

#[derive(Debug, Clone)]
pub(super) struct Value {
    key: String,
    passes: u32,
    text: String,
}

#[derive(Debug, Clone)]
pub(super) struct Output {
    pub(super) kind: String,
    pub(super) passes: u32,
    pub(super) value: String,
}

impl Value {
    /// Name and value in the body.
    pub(super) fn told(&self, scope: &Scope<'_>) -> (String, Json) {
        (self.key.clone(), scope.filled(&self.text, self.passes).into())
    }
}

const CALL: &[&str] = &[
    "Number",
    "CallType",
    "CallDirection",
    "Name",
    "EntityId",
    "EntityType",
    "Agent",
    "AgentFirstName",
    "AgentLastName",
    "AgentEmail",
    "QueueExtension",
    "Duration",
    "DurationTimespan",
    "DateTime",
    "CallStartTimeLocal",
    "CallStartTimeUTC",
    "CallEstablishedTimeLocal",
    "CallEstablishedTimeUTC",
    "CallEndTimeLocal",
    "CallEndTimeUTC",
    "Transcription",
    "Summary",
    "Sentiment",
    "RecordingUrl",
];

const CHAT: &[&str] = &[
    "Number",
    "Name",
    "Email",
    "EntityId",
    "EntityType",
    "Agent",
    "AgentFirstName",
    "AgentLastName",
    "AgentEmail",
    "QueueExtension",
    "ChatMessages",
    "ChatStartTimeUTC",
    "ChatEndTimeUTC",
];

/// Scenarios with the variables that 3CX fills in for them.
const SCENARIOS: &[(&str, &[&str])] = &[
    ("", &["Number", "CallDirection"]),
    ("ReportCall", CALL),
    ("ReportChat", CHAT),
    ("CreateContactRecordFromClient", &["FirstName", "LastName", "Company", "Email", "Number"]),
];

const OUTPUTS: &[&str] = &[
    "ContactUrl",
    "FirstName",
    "LastName",
    "CompanyName",
    "Email",
    "PhoneBusiness",
    "PhoneBusiness2",
    "PhoneHome",
    "PhoneMobile",
    "PhoneMobile2",
    "PhoneOther",
    "FaxBusiness",
    "EntityId",
    "EntityType",
];

type Read<T> = Result<T, String>;

/// Reads a template, or tells the first thing that is wrong.
pub(super) fn read(xml: &str) -> Read<Template> {
    let document = Document::parse(xml).map_err(|error| error.to_string())?;
    let crm = document.root_element();
    let attributes = ["Country", "Name", "Version", "SupportsEmojis", "SupportsTranscription", "ListPageSize"];
    is(crm, "Crm", &attributes, &["Number", "Connection", "Parameters", "Authentication", "Scenarios"])?;
    needed(crm, "Country")?;
    for name in ["SupportsEmojis", "SupportsTranscription"] {
        one_of(crm, name, &["true", "false"])?;
    }
    let number = only(crm, "Number")?;
    is(number, "Number", &["Prefix", "MaxLength"], &[])?;
    one_of(number, "Prefix", &["AsIs", "Off", "Plus", "Zeros"])?;
    let connection = only(crm, "Connection")?;
    is(connection, "Connection", &["MaxConcurrentRequests"], &[])?;
    let at_once: u8 = number_of(connection, "MaxConcurrentRequests")?;
    if !(1..=16).contains(&at_once) {
        return Err("MaxConcurrentRequests must be 1 to 16".to_owned());
    }
    let authentication = only(crm, "Authentication")?;
    is(authentication, "Authentication", &["Type"], &[])?;
    one_of(authentication, "Type", &["No"])?;
    let parameters = parameters(only(crm, "Parameters")?)?;
    let mut scenarios = Vec::new();
    let all = only(crm, "Scenarios")?;
    is(all, "Scenarios", &[], &["Scenario"])?;
    for node in elements(all) {
        let scenario = scenario(node, &parameters)?;
        if scenarios.iter().any(|other: &Scenario| other.id == scenario.id) {
            return Err(format!("there are two scenarios '{}'", scenario.id));
        }
        scenarios.push(scenario);
    }
    let name = needed(crm, "Name")?.to_owned();
    Ok(Template { name, version: number_of(crm, "Version")?, parameters, scenarios })
}

fn parameters(node: Node<'_, '_>) -> Read<Vec<Parameter>> {
    is(node, "Parameters", &[], &["Parameter"])?;
    let mut parameters: Vec<Parameter> = Vec::new();
    for node in elements(node) {
        is(
            node,
            "Parameter",
            &["Name", "Type", "Parent", "Editor", "Title", "Default", "Validation", "ListValues"],
            &[],
        )?;
        let kinds = ["String", "Integer", "Double", "Boolean", "DateTime", "Password", "OAuth", "List"];
        one_of(node, "Type", &kinds)?;
        one_of(node, "Editor", &["String", "Sql"])?;
        needed(node, "Title")?;
        let name = needed(node, "Name")?;
        let parent = node.attribute("Parent").unwrap_or_default();
        let is_known = parameters.iter().any(|other| other.name == parent);
        if !["", "General Configuration"].contains(&parent) && !is_known {
            return Err(format!("the parent '{parent}' of '{name}' is none"));
        }
        if parameters.iter().any(|other| other.name == name) {
            return Err(format!("there are two parameters '{name}'"));
        }
        let default = node.attribute("Default").unwrap_or_default();
        if node.attribute("Type") == Some("Boolean") && !["True", "False"].contains(&default) {
            return Err(format!("'{name}' is neither True nor False"));
        }
        parameters.push(Parameter { name: name.to_owned(), default: default.to_owned() });
    }
    Ok(parameters)
}

fn scenario(node: Node<'_, '_>, parameters: &[Parameter]) -> Read<Scenario> {
    is(node, "Scenario", &["Id", "Type", "EntityId", "EntityOrder"], &["Request", "Rules", "Variables", "Outputs"])?;
    one_of(node, "Type", &["REST"])?;
    let id = node.attribute("Id").ok_or("a scenario needs an Id")?.to_owned();
    let known = SCENARIOS.iter().find(|(known, _)| *known == id).map(|(_, variables)| *variables);
    let known = known.ok_or_else(|| format!("there is no scenario '{id}'"))?;
    let request = request(only(node, "Request")?)?;
    if id.starts_with("Report") && elements(node).count() > 1 {
        return Err(format!("'{id}' may hold a Request only"));
    }
    let part = |name: &str| elements(node).find(|part| part.has_tag_name(name));
    let mut rules = Vec::new();
    for rule in part("Rules").into_iter().flat_map(elements) {
        is(rule, "Rule", &["Type", "Ethalon"], &[])?;
        one_of(rule, "Type", &["Any"])?;
        rules.push(rule.text().unwrap_or_default().to_owned());
    }
    let mut variables = Vec::new();
    for variable in part("Variables").into_iter().flat_map(elements) {
        is(variable, "Variable", &["Name", "Path"], &[])?;
        variables.push((needed(variable, "Name")?.to_owned(), needed(variable, "Path")?.to_owned()));
    }
    let mut outputs = Vec::new();
    if let Some(node) = part("Outputs") {
        is(node, "Outputs", &["AllowEmpty", "Next"], &["Output"])?;
        for output in elements(node) {
            is(output, "Output", &["Type", "Passes", "Value"], &[])?;
            one_of(output, "Type", OUTPUTS)?;
            let (kind, value) = (needed(output, "Type")?.to_owned(), needed(output, "Value")?.to_owned());
            outputs.push(Output { kind, passes: passes(output)?, value });
        }
    }
    let scenario = Scenario { id, request, rules, variables, outputs };
    let names: BTreeSet<&str> = known
        .iter()
        .copied()
        .chain(parameters.iter().map(|parameter| parameter.name.as_str()))
        .chain(scenario.variables.iter().map(|(name, _)| name.as_str()))
        .collect();
    let unknown = scenario.used().find(|name| !names.contains(name)).map(str::to_owned);
    match unknown {
        Some(name) => Err(format!("'{}' knows no variable [{name}]", scenario.id)),
        None => Ok(scenario),
    }
}

fn request(node: Node<'_, '_>) -> Read<Request> {
    let attributes = [
        "SkipIf",
        "Url",
        "MessagePasses",
        "Message",
        "RequestContentType",
        "RequestEncoding",
        "RequestType",
        "ResponseType",
    ];
    is(node, "Request", &attributes, &["Headers", "PostValues"])?;
    one_of(node, "RequestEncoding", &["Json"])?;
    one_of(node, "RequestType", &["Post"])?;
    one_of(node, "ResponseType", &["Json"])?;
    for name in ["Message", "RequestContentType"] {
        if !node.attribute(name).unwrap_or_default().is_empty() {
            return Err(format!("{name} and PostValues exclude each other"));
        }
    }
    let mut request = Request {
        skip_if: node.attribute("SkipIf").unwrap_or_default().to_owned(),
        url: needed(node, "Url")?.to_owned(),
        headers: Vec::new(),
        values: Vec::new(),
    };
    for part in elements(node) {
        is(part, part.tag_name().name(), &[], &["Value"])?;
        for value in elements(part) {
            is(value, "Value", &["Key", "Passes", "Type"], &[])?;
            let (key, text) = (needed(value, "Key")?.to_owned(), value.text().unwrap_or_default().to_owned());
            if part.has_tag_name("Headers") {
                request.headers.push((key, text));
            } else {
                one_of(value, "Type", &["String"])?;
                request.values.push(Value { key, passes: passes(value)?, text });
            }
        }
    }
    Ok(request)
}

impl Scenario {
    /// The variables that are made use of.
    fn used(&self) -> impl Iterator<Item = &str> {
        let texts = [self.request.skip_if.as_str(), &self.request.url].into_iter();
        let texts = texts.chain(self.request.headers.iter().map(|(_, value)| value.as_str()));
        let texts = texts.chain(self.request.values.iter().map(|value| value.text.as_str()));
        let texts = texts.chain(self.outputs.iter().map(|output| output.value.as_str()));
        texts.flat_map(|text| {
            let opened = text.split('[').skip(1).filter_map(|rest| rest.split_once(']')).map(|(name, _)| name);
            opened.filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        })
    }
}

/// An element by its name, with nothing but these attributes and children.
fn is(node: Node<'_, '_>, name: &str, attributes: &[&str], children: &[&str]) -> Read<()> {
    if !node.has_tag_name(name) {
        return Err(format!("<{}> is not <{name}>", node.tag_name().name()));
    }
    if let Some(other) = node.attributes().find(|attribute| !attributes.contains(&attribute.name())) {
        return Err(format!("<{name}> has no attribute {}", other.name()));
    }
    match elements(node).find(|child| !children.contains(&child.tag_name().name())) {
        Some(other) => Err(format!("<{name}> holds no <{}>", other.tag_name().name())),
        None => Ok(()),
    }
}

fn elements<'a, 'input>(node: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(Node::is_element)
}

fn only<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Read<Node<'a, 'input>> {
    let mut found = elements(node).filter(|child| child.has_tag_name(name));
    match (found.next(), found.next()) {
        (Some(child), None) => Ok(child),
        _ => Err(format!("<{}> needs one <{name}>", node.tag_name().name())),
    }
}

fn needed<'a>(node: Node<'a, '_>, name: &str) -> Read<&'a str> {
    let value = node.attribute(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| format!("<{}> needs {name}", node.tag_name().name()))
}

fn one_of(node: Node<'_, '_>, name: &str, values: &[&str]) -> Read<()> {
    match node.attribute(name) {
        Some(value) if values.contains(&value) => Ok(()),
        value => Err(format!("{name} of <{}> cannot be {value:?}", node.tag_name().name())),
    }
}

fn number_of<T: std::str::FromStr>(node: Node<'_, '_>, name: &str) -> Read<T> {
    needed(node, name)?.parse().map_err(|_| format!("{name} is no number"))
}

fn passes(node: Node<'_, '_>) -> Read<u32> {
    match node.attribute("Passes") {
        None => Ok(0),
        Some(_) => number_of(node, "Passes"),
    }
}

/// The text at a path. Lists are walked through; nothing if there are several.
pub(super) fn text_at(answer: &Json, path: &str) -> Option<String> {
    let mut found = vec![answer];
    for name in path.split('.') {
        let members = found.into_iter().flat_map(|value| match value {
            Json::Array(list) => list.iter().collect(),
            other => vec![other],
        });
        found = members.filter_map(|value| value.get(name)).collect();
    }
    match found.as_slice() {
        [Json::String(text)] => Some(text.clone()),
        [Json::Bool(flag)] => Some(if *flag { "True" } else { "False" }.to_owned()),
        [Json::Number(number)] => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const GOOD: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<Crm Country="Global" Name="t" Version="7" SupportsEmojis="true" SupportsTranscription="true">
  <Number Prefix="Plus" MaxLength=""/>
  <Connection MaxConcurrentRequests="8"/>
  <Parameters><Parameter Name="Url" Type="String" Parent="" Editor="String" Title="U" Default="http://a"/></Parameters>
  <Authentication Type="No"/>
  <Scenarios>
    <Scenario Id="ReportCall" Type="REST">
      <Request SkipIf="" Url="[Url]" RequestEncoding="Json" RequestType="Post" ResponseType="Json">
        <PostValues><Value Key="n" Passes="0" Type="String">[Number]</Value></PostValues>
      </Request>
    </Scenario>
  </Scenarios>
</Crm>"#;

    #[test]
    fn what_is_not_of_the_format_is_refused() {
        let template = read(GOOD).unwrap();
        assert_eq!((template.version, template.scenarios.len()), (7, 1));
        for (find, replace) in [
            ("Country=\"Global\" ", ""),
            ("Version=\"7\"", "Version=\"x\""),
            ("Prefix=\"Plus\"", "Prefix=\"plus\""),
            ("\"8\"", "\"17\""),
            ("Type=\"No\"", "Type=\"None\""),
            ("Id=\"ReportCall\"", "Id=\"ReportCalls\""),
            ("RequestType=\"Post\"", "Method=\"POST\""),
            ("RequestEncoding=\"Json\"", "RequestEncoding=\"JSON\""),
            ("Key=\"n\"", "Name=\"n\""),
            ("[Number]", "[CallDuration]"),
            ("</PostValues>", "</PostValues><Body/>"),
            ("</Request>", "</Request><Outputs AllowEmpty=\"true\"/>"),
            ("<Scenarios>", "<!-- a -- b --><Scenarios>"),
            ("</Crm>", ""),
            ("Url=\"[Url]\"", "Url=\"[Url]?a=1&b=2\""),
        ] {
            assert!(GOOD.contains(find), "{find}");
            assert!(read(&GOOD.replacen(find, replace, 1)).is_err(), "{replace}");
        }
    }

    #[test]
    fn paths_walk_through_lists() {
        let answer = json!({"contacts": [{"id": 7, "is": true}], "many": [{"id": 1}, {"id": 2}]});
        assert_eq!(text_at(&answer, "contacts.id").as_deref(), Some("7"));
        assert_eq!(text_at(&answer, "contacts.is").as_deref(), Some("True"));
        assert_eq!(text_at(&answer, "many.id"), None);
        assert_eq!(text_at(&answer, "nobody.id"), None);
    }
}
