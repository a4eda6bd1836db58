//! The model of a PBX: groups, one live token, and a ledger of what was applied.

use serde_json::{Value, json};
use threecx_core::request::{HttpRequest, Method, Payload};
use threecx_core::response::{Body, HttpResponse};

pub(crate) struct Pbx {
    pub(crate) groups: Vec<Group>,
    pub(crate) live_token: String,
    tokens: u32,
    /// Group's ID and key, in the order of application; repetitions are entries of their own.
    pub(crate) ledger: Vec<(i32, String)>,
}

pub(crate) struct Group {
    pub(crate) id: i32,
    pub(crate) number: String,
    pub(crate) name: String,
    key: String,
}

impl Pbx {
    pub(crate) fn new(groups: i32) -> Self {
        let groups = (0..groups)
            .map(|index| Group {
                id: 28 + index,
                number: format!("GRP{index:04}"),
                name: format!("Group {index}"),
                key: String::new(),
            })
            .collect();
        let mut pbx = Self { groups, live_token: String::new(), tokens: 0, ledger: Vec::new() };
        pbx.new_token();
        pbx
    }

    /// A new token kills the one before.
    pub(crate) fn new_token(&mut self) -> String {
        self.tokens += 1;
        self.live_token = format!("CANARY-TOKEN-{}", self.tokens);
        self.live_token.clone()
    }

    /// Carries a request out.
    pub(crate) fn answer(&mut self, request: &HttpRequest) -> HttpResponse {
        match request.method {
            Method::Post | Method::Patch | Method::Put | Method::Delete => self.replace(json(request)),
            Method::Get => ok(&self.read(&request.path)),
        }
    }

    fn replace(&mut self, body: &str) -> HttpResponse {
        let body: Value = serde_json::from_str(body).unwrap();
        let (group, key) = (body["groupId"].as_str().unwrap(), body["licenseKey"].as_str().unwrap());
        let refused = |code: &str| HttpResponse {
            status: 400,
            body: Body::Text(json!({ "error": { "code": "", "message": format!("x:\nWARNINGS.{code}") } }).to_string()),
            ..HttpResponse::default()
        };
        let Some(group) = self.groups.iter_mut().find(|known| known.id.to_string() == group || known.number == group)
        else {
            return refused("XAPI.NOT_FOUND");
        };
        if key.starts_with("0000") {
            return refused("LICENSE_NOT_FOUND");
        }
        group.key = key.to_owned();
        self.ledger.push((group.id, key.to_owned()));
        HttpResponse { status: 204, ..HttpResponse::default() }
    }

    fn read(&self, path: &str) -> String {
        let option = |name: &str| {
            let (_, rest) = path.split_once(&format!("{name}="))?;
            Some(rest.split('&').next().unwrap_or_default().to_owned())
        };
        let found: Vec<_> = match option("$filter") {
            Some(filter) => {
                let filter = filter.replace("%20", " ").replace("%27", "'").replace("%28", "(").replace("%29", ")");
                let fits = |group: &&Group| {
                    filter.split(" or ").any(|part| {
                        part == format!("Id eq {}", group.id)
                            || part == format!("tolower(Number) eq '{}'", group.number.to_lowercase())
                    })
                };
                self.groups.iter().filter(fits).collect()
            }
            None => {
                let skip = option("$skip").map_or(0, |skip| skip.parse().unwrap());
                self.groups.iter().skip(skip).take(100).collect()
            }
        };
        let records: Vec<_> = found.into_iter().map(Group::record).collect();
        json!({ "@odata.count": self.groups.len(), "value": records }).to_string()
    }
}

impl Group {
    fn record(&self) -> Value {
        // What shows of a key is a number that it decides.
        let shown = self.key.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        json!({ "Id": self.id, "Number": self.number, "Name": self.name, "Props": { "Subscription": shown.to_string() } })
    }
}

pub(crate) fn ok(text: &str) -> HttpResponse {
    HttpResponse { status: 200, body: Body::Text(text.to_owned()), ..HttpResponse::default() }
}

/// The JSON text of a request's body.
pub(crate) fn json(request: &HttpRequest) -> &str {
    match &request.body {
        Payload::Json(body) => body,
        Payload::Nothing | Payload::File { .. } => "",
    }
}
