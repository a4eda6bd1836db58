//! The model of a PBX: groups, users, one live token, and a ledger of what was carried out.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Value, json};
use threecx_core::xapi::request::{AnswerAs, HttpRequest, Method, Payload};
use threecx_core::xapi::response::{Body, HttpResponse};

use crate::random::Random;

pub(crate) struct Pbx {
    pub(crate) groups: Vec<Group>,
    pub(crate) users: BTreeMap<i32, User>,
    pub(crate) live_token: String,
    /// Whether it knows the paths of before 20.0.8 only.
    pub(crate) is_old: bool,
    /// Whether it gives full pages of users, whatever is asked.
    pub(crate) ignores_top: bool,
    tokens: u32,
    next_user: i32,
    /// How often each effect was brought about.
    ledger: HashMap<String, u32>,
    /// Keys that it has declined so far, of those that it takes the second time.
    declined: HashSet<String>,
}

pub(crate) struct Group {
    pub(crate) id: i32,
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) key: String,
}

pub(crate) struct User {
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) etag: u32,
}

impl Pbx {
    pub(crate) fn new(groups: i32) -> Self {
        let group = |index: i32| Group {
            id: 28 + index,
            number: format!("GRP{index:04}"),
            name: format!("Group {index}"),
            key: String::new(),
        };
        let mut pbx = Self {
            groups: (0..groups).map(group).collect(),
            users: BTreeMap::new(),
            live_token: String::new(),
            is_old: false,
            ignores_top: false,
            tokens: 0,
            next_user: 500_000,
            ledger: HashMap::new(),
            declined: HashSet::new(),
        };
        pbx.new_token();
        pbx
    }

    /// A new token kills the one before.
    pub(crate) fn new_token(&mut self) -> String {
        self.tokens += 1;
        self.live_token = format!("CANARY-TOKEN-{}", self.tokens);
        self.live_token.clone()
    }

    pub(crate) fn times_done(&self, effect: &str) -> u32 {
        self.ledger.get(effect).copied().unwrap_or_default()
    }

    /// The group that a text names, as `ReplaceGroupLicenseKey` reads it.
    pub(crate) fn group(&self, text: &str) -> Option<&Group> {
        self.groups.iter().find(|known| known.id.to_string() == text || known.number.eq_ignore_ascii_case(text))
    }

    /// Some groups lose their number, and some get that of another, in one case or another.
    pub(crate) fn spoil_numbers(&mut self, random: &mut Random) {
        for index in 1..self.groups.len() {
            let earlier = random.below(index as u64) as usize;
            let other = self.groups[earlier].number.clone();
            match random.below(12) {
                0 => self.groups[index].number = random.pick(&["", " "]).to_owned(),
                1 => self.groups[index].number = other,
                2 => self.groups[index].number = other.to_lowercase(),
                _ => {}
            }
        }
    }

    pub(crate) fn has_spoiled_numbers(&self) -> bool {
        self.groups.iter().any(|group| group.number.trim().is_empty() || self.named(&group.number) > 1)
    }

    /// How many groups a text names.
    pub(crate) fn named(&self, text: &str) -> usize {
        let is_named = |known: &&Group| known.id.to_string() == text || known.number.eq_ignore_ascii_case(text);
        self.groups.iter().filter(is_named).count()
    }

    /// The effect of a group's new key. A text that names no group stays as it is.
    pub(crate) fn replacement(&self, group: &str, key: &str) -> String {
        let group = self.group(group).map_or_else(|| group.to_lowercase(), |group| group.id.to_string());
        format!("replace {key} {group}")
    }

    /// What a request that changes something does.
    pub(crate) fn effect(&self, request: &HttpRequest) -> Option<String> {
        let body: Value = serde_json::from_str(json_of(request)).unwrap_or_default();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let id = number_in_brackets(&request.path);
        Some(match (request.method, id) {
            (Method::Get, _) => return None,
            (Method::Post, None) if request.path.ends_with("ReplaceGroupLicenseKey") => {
                self.replacement(&text("groupId"), &text("licenseKey"))
            }
            (Method::Post, None) => format!("create {}", text("FirstName")),
            (Method::Post, Some(id)) => format!("act on {id}"),
            (Method::Delete, Some(id)) => format!("delete {id}"),
            (_, Some(id)) => format!("update {id} {}", text("FirstName")),
            _ => return None,
        })
    }

    /// Carries a request out.
    pub(crate) fn answer(&mut self, request: &HttpRequest) -> HttpResponse {
        let effect = self.effect(request);
        let answer = match request.method {
            Method::Get => self.read(&request.path),
            Method::Post if request.path.ends_with("ReplaceGroupLicenseKey") => self.replace(json_of(request)),
            Method::Post if request.path == "/Users" => self.create(json_of(request)),
            Method::Post => no_content(),
            Method::Patch | Method::Put | Method::Delete => self.change(request),
        };
        if let Some(effect) = effect.filter(|_| answer.status < 300) {
            *self.ledger.entry(effect).or_default() += 1;
        }
        let version =
            (request.wanted == AnswerAs::Version).then_some(if self.is_old { "20.0.7.1057" } else { "20.0.9.995" });
        HttpResponse { version: version.map(str::to_owned), ..answer }
    }

    fn replace(&mut self, body: &str) -> HttpResponse {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let (text, key) =
            (body["groupId"].as_str().unwrap_or_default(), body["licenseKey"].as_str().unwrap_or_default());
        let Some(id) = self.group(text).map(|group| group.id) else {
            return refused(400, "XAPI.NOT_FOUND");
        };
        if key.starts_with("0000") || (key.starts_with("0001") && self.declined.insert(key.to_owned())) {
            return refused(400, "LICENSE_NOT_FOUND");
        }
        for group in self.groups.iter_mut().filter(|group| group.id == id) {
            key.clone_into(&mut group.key);
        }
        no_content()
    }

    fn create(&mut self, body: &str) -> HttpResponse {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let name = body["FirstName"].as_str().unwrap_or_default();
        if name.starts_with("taken") {
            return refused(400, "XAPI.ALREADY_IN_USE");
        }
        let id = self.next_user;
        self.next_user += 1;
        self.users.insert(id, User { number: format!("U{id}"), name: name.to_owned(), etag: 1 });
        HttpResponse { status: 201, ..self.user(id) }
    }

    fn change(&mut self, request: &HttpRequest) -> HttpResponse {
        let id = number_in_brackets(&request.path).unwrap_or_default();
        let Some(user) = self.users.get_mut(&id) else { return plain(404) };
        if request.if_match.as_ref().is_some_and(|etag| *etag != format!("W/\"{}\"", user.etag)) {
            return plain(412);
        }
        if request.method == Method::Delete {
            self.users.remove(&id);
        } else {
            let body: Value = serde_json::from_str(json_of(request)).unwrap_or_default();
            body["FirstName"].as_str().unwrap_or_default().clone_into(&mut user.name);
            user.etag += 1;
        }
        no_content()
    }

    fn read(&self, path: &str) -> HttpResponse {
        let (set, query) = path.split_once('?').unwrap_or((path, ""));
        let option = |name: &str| {
            let found = query.split('&').filter_map(|option| option.split_once('=')).find(|(known, _)| *known == name);
            found.map(|(_, value)| decoded(value))
        };
        let skip = option("$skip").and_then(|skip| skip.parse().ok()).unwrap_or(0);
        let top = option("$top").and_then(|top| top.parse().ok()).unwrap_or(100).min(100);
        let filter = option("$filter");
        match set {
            "/Defs" => ok("{\"value\":[]}".to_owned()),
            "/Groups" => {
                let fits = |group: &&Group| match &filter {
                    Some(filter) => filter.split(" or ").any(|part| {
                        part == format!("Id eq {}", group.id)
                            || part == format!("tolower(Number) eq '{}'", group.number.to_lowercase())
                    }),
                    None => true,
                };
                let found: Vec<_> = self.groups.iter().filter(fits).collect();
                let records = found.iter().skip(skip).take(top).map(|group| group.record());
                page(found.len(), records)
            }
            "/Users" => {
                let fits = |user: &User| match &filter {
                    Some(filter) => *filter == format!("tolower(Number) eq '{}'", user.number.to_lowercase()),
                    None => true,
                };
                let top = if self.ignores_top { 100 } else { top };
                let found: Vec<_> = self.users.iter().filter(|(_, user)| fits(user)).collect();
                page(found.len(), found.into_iter().skip(skip).take(top).map(|(id, user)| user.record(*id)))
            }
            _ => {
                let set = decoded(set);
                let (by_number, number) = match set.strip_prefix("/Users(Number='") {
                    Some(number) => (!self.is_old, number.trim_end_matches("')")),
                    None => match set.strip_prefix("/Users/Pbx.GetByNumber(number='") {
                        Some(number) => (self.is_old, number.trim_end_matches("')")),
                        None => return self.user(number_in_brackets(&set).unwrap_or_default()),
                    },
                };
                let found = self.users.iter().find(|(_, user)| user.number == number);
                found.filter(|_| by_number).map_or_else(|| plain(404), |(id, _)| self.user(*id))
            }
        }
    }

    fn user(&self, id: i32) -> HttpResponse {
        self.users.get(&id).map_or_else(|| plain(404), |user| ok(user.record(id)))
    }
}

impl Group {
    fn record(&self) -> String {
        // What shows of a key is a number that it decides.
        let shown = self.key.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let (id, number, name) = (self.id, &self.number, &self.name);
        format!(r#"{{"Id":{id},"Number":"{number}","Name":"{name}","Props":{{"Subscription":"{shown}"}}}}"#)
    }
}

impl User {
    fn record(&self, id: i32) -> String {
        let (number, name) = (&self.number, &self.name);
        format!(r#"{{"Id":{id},"Number":"{number}","FirstName":"{name}","AuthPassword":"CANARY-PASSWORD-{id}"}}"#)
    }
}

fn page(count: usize, records: impl Iterator<Item = String>) -> HttpResponse {
    let records: Vec<_> = records.collect();
    ok(format!(r#"{{"@odata.count":{count},"value":[{}]}}"#, records.join(",")))
}

fn ok(text: String) -> HttpResponse {
    HttpResponse { status: 200, body: Body::Text(text), ..HttpResponse::default() }
}

fn no_content() -> HttpResponse {
    plain(204)
}

pub(crate) fn plain(status: u16) -> HttpResponse {
    HttpResponse { status, ..HttpResponse::default() }
}

fn refused(status: u16, code: &str) -> HttpResponse {
    let text = json!({ "error": { "code": "", "message": format!("x:\nWARNINGS.{code}") } }).to_string();
    HttpResponse { status, ..ok(text) }
}

/// The JSON text of a request's body.
pub(crate) fn json_of(request: &HttpRequest) -> &str {
    match &request.body {
        Payload::Json(body) => body,
        Payload::Nothing | Payload::File { .. } => "",
    }
}

/// The key in a path such as `/Users(12)/Pbx.Do`.
pub(crate) fn number_in_brackets(path: &str) -> Option<i32> {
    let (_, rest) = path.split_once('(')?;
    rest.split_once(')')?.0.parse().ok()
}

/// A text without percent signs, of which the engine makes those of ASCII only.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        whole.push(u8::from_str_radix(digits, 16).map_or('%', char::from));
        whole.push_str(rest);
    }
    whole
}
