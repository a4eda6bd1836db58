//! Faults: which requests they meet and what they do.

use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::call::Call;
use crate::digest::digest;

/// What goes wrong. `acted` where it exists: the PBX does what was asked, though the client sees the fault.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Fault {
    /// An answer of one's choice.
    Status {
        status: u16,
        #[serde(default)]
        headers: Map<String, Value>,
        #[serde(default)]
        body: String,
        #[serde(default)]
        content_type: Option<String>,
        #[serde(default)]
        acted: bool,
    },
    /// 429, with or without `Retry-After`.
    TooManyRequests {
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// 503 by the web server in front.
    Unavailable {
        #[serde(default)]
        acted: bool,
    },
    /// 504 by the web server in front.
    GatewayTimeout {
        #[serde(default)]
        acted: bool,
    },
    /// 502 by the web server in front.
    BadGateway {
        #[serde(default)]
        acted: bool,
    },
    /// 500 without a body.
    ServerError {
        #[serde(default)]
        acted: bool,
    },
    /// Every token ends, and this request gets 401.
    ExpireToken {},
    /// This request gets 401; its token goes on working.
    Unauthorized {},
    /// 403.
    Forbidden {},
    /// 200 with a web page.
    HtmlOk {
        #[serde(default)]
        acted: bool,
    },
    /// 200 without a body.
    EmptyOk {
        #[serde(default)]
        acted: bool,
    },
    /// 200 with JSON that stops in the middle, though its length is right.
    BadJson {
        #[serde(default)]
        acted: bool,
    },
    /// The connection is reset instead of an answer.
    Reset {
        #[serde(default)]
        acted: bool,
    },
    /// The answer stops in the middle and the connection closes.
    CutBody {
        #[serde(default)]
        acted: bool,
    },
    /// The normal answer, late.
    Slow {
        ms: u64,
        #[serde(default)]
        acted_first: bool,
    },
    /// The normal answer, byte by byte.
    Drip { ms_per_byte: u64 },
    /// 302 to another address.
    Redirect { location: String },
}

impl Fault {
    /// The name of the fault in rules and in the log.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::Unavailable { .. } => "unavailable",
            Self::GatewayTimeout { .. } => "gateway_timeout",
            Self::BadGateway { .. } => "bad_gateway",
            Self::ServerError { .. } => "server_error",
            Self::ExpireToken {} => "expire_token",
            Self::Unauthorized {} => "unauthorized",
            Self::Forbidden {} => "forbidden",
            Self::HtmlOk { .. } => "html_ok",
            Self::EmptyOk { .. } => "empty_ok",
            Self::BadJson { .. } => "bad_json",
            Self::Reset { .. } => "reset",
            Self::CutBody { .. } => "cut_body",
            Self::Slow { .. } => "slow",
            Self::Drip { .. } => "drip",
            Self::Redirect { .. } => "redirect",
        }
    }
}

/// Which requests a rule is about; what is not said fits every request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Match {
    method: Option<String>,
    path_contains: Option<String>,
    body_contains: Option<String>,
}

impl Match {
    fn fits(&self, call: &Call) -> bool {
        let contains = |part: &Option<String>, whole: &[u8]| {
            part.as_ref()
                .is_none_or(|part| part.is_empty() || whole.windows(part.len()).any(|window| window == part.as_bytes()))
        };
        self.method.as_ref().is_none_or(|method| method_is(method, &call.method))
            && contains(&self.path_contains, call.path.as_bytes())
            && contains(&self.body_contains, &call.body)
    }
}

fn method_is(name: &str, method: &Method) -> bool {
    name.eq_ignore_ascii_case(method.as_str())
}

/// How often a rule meets a request that fits it, by chance: the same seed makes the same choices.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Chance {
    seed: u64,
    percent: f64,
}

impl Chance {
    fn falls_on(&self, seen: u64) -> bool {
        let drawn = digest(&[self.seed.to_be_bytes(), seen.to_be_bytes()].concat()) % 1_000_000;
        (drawn as f64) < self.percent * 10_000.0
    }
}

/// One rule: the requests it is about, how many of them go by first, how many it meets.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    #[serde(default, rename = "match")]
    matches: Match,
    #[serde(default)]
    skip: u64,
    /// Missing: once; null: always.
    #[serde(default = "once")]
    times: Option<u64>,
    /// Missing: every one.
    chance: Option<Chance>,
    fault: Fault,
}

#[expect(clippy::unnecessary_wraps, reason = "the type is the field's")]
fn once() -> Option<u64> {
    Some(1)
}

/// The rules in force, in their order.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<Planned>,
}

#[derive(Debug)]
struct Planned {
    rule: Rule,
    shown: Value,
    seen: u64,
    played: u64,
}

/// A rule with its counters, as the control API shows it.
#[derive(Serialize)]
pub(crate) struct PlannedView<'a> {
    rule: &'a Value,
    seen: u64,
    played: u64,
}

impl Faults {
    /// Reads rules. Says which one is wrong.
    pub(crate) fn read(rules: Vec<Value>) -> Result<Self, String> {
        let planned = |(at, shown): (usize, Value)| {
            let rule = Rule::deserialize(&shown).map_err(|error| format!("fault {}: {error}", at + 1))?;
            Ok(Planned { rule, shown, seen: 0, played: 0 })
        };
        let rules = rules.into_iter().enumerate().map(planned).collect::<Result<_, String>>()?;
        Ok(Self { rules })
    }

    /// The fault for a request: of the first rule that fits it, is neither waiting nor used up, and whose chance it is.
    pub(crate) fn meet(&mut self, call: &Call) -> Option<Fault> {
        for planned in &mut self.rules {
            let rule = &planned.rule;
            if rule.times.is_some_and(|times| planned.played >= times) || !rule.matches.fits(call) {
                continue;
            }
            planned.seen += 1;
            let is_its_chance = rule.chance.as_ref().is_none_or(|chance| chance.falls_on(planned.seen));
            if planned.seen > rule.skip && is_its_chance {
                planned.played += 1;
                return Some(rule.fault.clone());
            }
        }
        None
    }

    pub(crate) fn view(&self) -> Vec<PlannedView<'_>> {
        self.rules
            .iter()
            .map(|planned| PlannedView { rule: &planned.shown, seen: planned.seen, played: planned.played })
            .collect()
    }
}
