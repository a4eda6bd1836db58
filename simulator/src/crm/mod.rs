//! The CRM engine: it works a template that was uploaded. When a call is over or somebody calls, it posts as the template
//! says, and reads the answer.
//!
//! *Known*: what a template is made of, the scenarios and their variables, that values are escaped by the engine, that values
//! of parameters outlive another upload. *Assumed*, and switched: what is named `crm_…` in the switches.

mod expression;
mod template;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::switches::{CrmMatch, CrmNumber, Switches};
use expression::Scope;
use template::{Scenario, Template};

/// A template in use, and what the administrator entered.
#[derive(Debug, Clone)]
pub(crate) struct Crm {
    template: Template,
    parameters: BTreeMap<String, String>,
}

/// What happens in the PBX.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Occasion {
    /// The scenario that it is for; empty for a call from a number.
    scenario: String,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    /// A call is reported for each of these, all at once; once if there are none.
    #[serde(default)]
    agents: Vec<String>,
}

/// One request, and how it was answered.
#[derive(Debug, Serialize)]
struct Post {
    sent: Value,
    /// None if no answer came.
    status: Option<u16>,
    answer: String,
    ms: u128,
}

/// What an occasion led to.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Outcome {
    posts: Vec<Post>,
    /// The contact that is shown, by the outputs of the template.
    contact: Option<Map<String, Value>>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Crm {
    /// Takes a template in the place of another. Parameters that both have keep what was entered: this is known.
    pub(crate) fn upload(xml: &str, before: Option<&Self>) -> Result<Self, String> {
        let template = template::read(xml)?;
        let kept = |name: &str| before.and_then(|before| before.parameters.get(name)).cloned();
        let parameters = template.parameters.iter().map(|parameter| {
            let value = kept(&parameter.name).unwrap_or_else(|| parameter.default.clone());
            (parameter.name.clone(), value)
        });
        Ok(Self { parameters: parameters.collect(), template })
    }

    pub(crate) fn view(&self) -> Value {
        let ids: Vec<_> = self.template.scenarios.iter().map(|scenario| &scenario.id).collect();
        let entered: Vec<_> = self.parameters.keys().collect();
        json!({"name": self.template.name, "version": self.template.version, "scenarios": ids, "parameters": entered})
    }

    /// Enters values of parameters.
    pub(crate) fn enter(&mut self, values: BTreeMap<String, String>) -> Result<(), String> {
        if let Some(name) = values.keys().find(|name| !self.parameters.contains_key(*name)) {
            return Err(format!("the template has no parameter '{name}'"));
        }
        self.parameters.extend(values);
        Ok(())
    }

    /// Lets something happen.
    pub(crate) async fn meet(&self, occasion: Occasion, switches: &Switches) -> Result<Outcome, String> {
        let Occasion { scenario: id, variables, agents } = occasion;
        let Some(scenario) = self.template.scenarios.iter().find(|scenario| scenario.id == id) else {
            return Ok(Outcome { why: Some("the template has no such scenario".to_owned()), ..Outcome::default() });
        };
        let agents = if agents.is_empty() { vec![None] } else { agents.into_iter().map(Some).collect() };
        let mut running = tokio::task::JoinSet::new();
        for agent in agents {
            let mut variables = shaped(&variables, switches);
            if let Some(agent) = agent {
                variables.insert("Agent".to_owned(), agent);
            }
            let (scenario, parameters, switches) = (scenario.clone(), self.parameters.clone(), switches.clone());
            running
                .spawn(async move { work(&scenario, &Scope::new(variables, parameters, &switches), &switches).await });
        }
        let mut all = Outcome::default();
        while let Some(outcome) = running.join_next().await {
            let outcome = outcome.map_err(|error| error.to_string())??;
            all.posts.extend(outcome.posts);
            all.contact = all.contact.or(outcome.contact);
            all.why = all.why.or(outcome.why);
        }
        Ok(all)
    }
}

/// Numbers as the switch says; [`CrmNumber::Digits`] is what was met although the template asks for a plus.
fn shaped(variables: &BTreeMap<String, String>, switches: &Switches) -> BTreeMap<String, String> {
    let mut shaped = variables.clone();
    if let Some(number) = shaped.get_mut("Number") {
        let digits = number.strip_prefix('+').map(str::to_owned);
        *number = match (switches.crm_number, digits) {
            (CrmNumber::Plus, _) | (_, None) => number.clone(),
            (CrmNumber::Digits, Some(digits)) => digits,
            (CrmNumber::Zeros, Some(digits)) => format!("00{digits}"),
        };
    }
    shaped
}

async fn work(scenario: &Scenario, scope: &Scope<'_>, switches: &Switches) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    if scope.holds(&scenario.request.skip_if) {
        outcome.why = Some("the request was skipped".to_owned());
        return Ok(outcome);
    }
    let url = scope.filled(&scenario.request.url, 0);
    let sent: Map<_, _> = scenario.request.values.iter().map(|value| value.told(scope)).collect();
    let client = reqwest::Client::builder().timeout(Duration::from_millis(switches.crm_timeout_ms));
    let client = client.build().map_err(|error| error.to_string())?;
    for _ in 0..=switches.crm_retries {
        let started = Instant::now();
        let mut request = client.post(&url).json(&sent);
        for (name, value) in &scenario.request.headers {
            request = request.header(name, scope.filled(value, 0));
        }
        let (status, answer) = match request.send().await {
            Ok(answer) => (Some(answer.status().as_u16()), answer.text().await.unwrap_or_default()),
            Err(error) => (None, error.to_string()),
        };
        let is_over = status.is_some_and(|status| status < 500);
        outcome.posts.push(Post {
            sent: Value::Object(sent.clone()),
            status,
            answer,
            ms: started.elapsed().as_millis(),
        });
        if is_over {
            break;
        }
    }
    if let (Some(last), false) = (outcome.posts.last(), scenario.outputs.is_empty()) {
        match contact(scenario, last, scope, switches) {
            Ok(contact) => outcome.contact = Some(contact),
            Err(why) => outcome.why = Some(why.to_owned()),
        }
    }
    Ok(outcome)
}

/// The contact of an answer. Known: it needs an address and a name, and one of its numbers must be the one asked for.
fn contact(
    scenario: &Scenario,
    post: &Post,
    scope: &Scope<'_>,
    switches: &Switches,
) -> Result<Map<String, Value>, &'static str> {
    if post.status != Some(200) {
        return Err("the answer is no 200");
    }
    let answer: Value = serde_json::from_str(&post.answer).map_err(|_| "the answer is no JSON")?;
    if !scenario.rules.iter().all(|path| template::text_at(&answer, path).is_some_and(|text| !text.is_empty())) {
        return Err("the answer does not keep the rules");
    }
    let found = scenario
        .variables
        .iter()
        .map(|(name, path)| (name.clone(), template::text_at(&answer, path).unwrap_or_default()));
    let scope = scope.with(found);
    let mut contact = Map::new();
    for output in &scenario.outputs {
        let value = scope.filled(&output.value, output.passes);
        if !value.is_empty() {
            contact.insert(output.kind.clone(), value.into());
        }
    }
    let has = |kind: &str| contact.contains_key(kind);
    if !has("ContactUrl") {
        return Err("the contact has no address");
    }
    if !["FirstName", "LastName", "CompanyName"].into_iter().any(has) {
        return Err("the contact has no name");
    }
    let number = scope.filled("[Number]", 0);
    let is_asked = |(kind, value): (&String, &Value)| kind.starts_with("Phone") && *value == *number;
    if switches.crm_match == CrmMatch::Strict && !contact.iter().any(is_asked) {
        return Err("no number of the contact is the one asked for");
    }
    Ok(contact)
}
