//! What goes wrong between the engine and the PBX, and how often.

use call_engine::Millis;
use serde_json::value::RawValue;
use threecx_core::xapi::response::{Body, HttpResponse};
use threecx_core::xapi::transport::TransportError;

use crate::pbx::plain;
use crate::random::Random;
use crate::work::Kind;

pub(crate) type Answer = Result<HttpResponse, TransportError>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    ConnectionRefused,
    /// No connection came about in another way.
    NoConnection,
    /// The encrypted connection breaks down.
    Tls {
        acted: bool,
    },
    ResetBefore,
    ResetAfter,
    Throttled {
        retry_after: Option<Millis>,
    },
    Server {
        status: u16,
        retry_after: Option<Millis>,
        acted: bool,
    },
    /// A status that says neither yes nor no.
    Odd {
        status: u16,
        acted: bool,
    },
    /// Something on the way answers with a web page of its own.
    WebPage {
        status: u16,
        acted: bool,
    },
    /// Something on the way answers with a text of its own.
    Text,
    /// What was carried out is answered with JSON of another kind.
    OtherJson,
    Cut,
    Truncated,
    /// Slow, but in time.
    Slow,
    /// After the engine has given up.
    Late,
    /// Never.
    Silence {
        acted: bool,
    },
    Forbidden,
    /// Another user of the same API client logs in.
    TokenKilled,
}

/// Statuses that were seen before and after the work was done.
const ODD: &[u16] = &[302, 307, 408, 409, 423, 424, 425, 460, 499, 501, 511, 520, 600];

impl Fault {
    fn random(random: &mut Random) -> Self {
        let retry_after = if random.percent(50) { Some(random.pick(&[0, 700, 5000, 90_000])) } else { None };
        let acted = random.percent(50);
        match random.below(25) {
            21 => Self::NoConnection,
            22 => Self::Tls { acted },
            23 | 24 => Self::Odd { status: random.pick(ODD), acted },
            0 => Self::ConnectionRefused,
            1 | 2 => Self::ResetBefore,
            3 | 4 => Self::ResetAfter,
            5 | 6 => Self::Throttled { retry_after },
            7 | 8 => Self::Server { status: random.pick(&[500, 502, 503, 504]), retry_after, acted },
            9 => Self::WebPage { status: random.pick(&[403, 404]), acted: false },
            10 => Self::WebPage { status: random.pick(&[502, 503, 504]), acted },
            11 => Self::WebPage { status: 200, acted: false },
            12 => Self::Text,
            13 | 14 => Self::OtherJson,
            15 => Self::Cut,
            16 => Self::Truncated,
            17 => Self::Slow,
            18 => random.pick(&[Self::Late, Self::Late, Self::Silence { acted }]),
            19 => Self::Forbidden,
            _ => Self::TokenKilled,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ConnectionRefused => "connection refused",
            Self::NoConnection => "no connection",
            Self::Tls { .. } => "TLS broke down",
            Self::Odd { .. } => "odd status",
            Self::ResetBefore => "reset before it was carried out",
            Self::ResetAfter => "reset after it was carried out",
            Self::Throttled { retry_after: Some(_) } => "429 with Retry-After",
            Self::Throttled { retry_after: None } => "429 without Retry-After",
            Self::Server { retry_after: Some(_), .. } => "5xx with Retry-After",
            Self::Server { retry_after: None, .. } => "5xx without Retry-After",
            Self::WebPage { status: 200, .. } => "web page in place of a success",
            Self::WebPage { .. } => "web page with an error",
            Self::Text => "text in place of a success",
            Self::OtherJson => "another JSON in place of a success",
            Self::Cut => "cut body",
            Self::Truncated => "truncated JSON",
            Self::Slow => "slow answer",
            Self::Late => "answer after the timeout",
            Self::Silence { .. } => "no answer",
            Self::Forbidden => "403",
            Self::TokenKilled => "token killed",
        }
    }

    /// Whether the request gets to the PBX.
    pub(crate) fn lets_through(self) -> bool {
        match self {
            Self::ConnectionRefused
            | Self::NoConnection
            | Self::ResetBefore
            | Self::Throttled { .. }
            | Self::Text
            | Self::Forbidden => false,
            Self::Server { acted, .. }
            | Self::Odd { acted, .. }
            | Self::Tls { acted }
            | Self::WebPage { acted, .. }
            | Self::Silence { acted } => acted,
            Self::ResetAfter
            | Self::OtherJson
            | Self::Cut
            | Self::Truncated
            | Self::Slow
            | Self::Late
            | Self::TokenKilled => true,
        }
    }

    /// How long the answer takes; never where there is none.
    pub(crate) fn delay(self, timeout: Millis, random: &mut Random) -> Option<Millis> {
        match self {
            Self::Slow => Some(timeout / 2 + random.below(timeout / 2)),
            Self::Late => Some(timeout + 1 + random.below(30_000)),
            Self::Silence { .. } => None,
            _ => Some(1 + random.below(400)),
        }
    }

    /// What comes back. `answer`: what the PBX said, where it was reached. `echo`: what an error page may repeat.
    pub(crate) fn spoil(self, answer: HttpResponse, echo: &str) -> Answer {
        let with_text = |status: u16, text: String| HttpResponse { body: Body::Text(text), ..plain(status) };
        let is_success = answer.status < 300;
        Ok(match self {
            Self::ConnectionRefused => return Err(TransportError::Refused),
            Self::NoConnection => return Err(TransportError::Unreachable),
            Self::Tls { .. } => return Err(TransportError::Tls),
            Self::Odd { status, .. } => with_text(status, echo.to_owned()),
            Self::ResetBefore | Self::ResetAfter => return Err(TransportError::Reset),
            Self::Throttled { retry_after } => HttpResponse { retry_after, ..plain(429) },
            Self::Server { status, retry_after, .. } => {
                let text = serde_json::json!({ "error": { "code": "", "message": echo } }).to_string();
                HttpResponse { retry_after, ..with_text(status, text) }
            }
            Self::WebPage { status, .. } => with_text(status, format!("<html><body>{echo}")),
            Self::Text => with_text(200, "OK".to_owned()),
            // A reading can only see that it is no record.
            Self::OtherJson if answer.status == 200 => with_text(200, "null".to_owned()),
            Self::OtherJson if is_success => {
                let error = r#"{"error":"x"}"#;
                let forms =
                    [(200, "null"), (200, "false"), (201, "[]"), (202, "{}"), (200, "{}"), (207, error), (200, error)];
                let (status, text) = forms[echo.len() % forms.len()];
                with_text(status, text.to_owned())
            }
            Self::Cut if is_success => HttpResponse { body: Body::Cut, ..plain(200) },
            Self::Truncated if is_success => match &answer.body {
                Body::Text(text) if !text.is_empty() => with_text(answer.status, text[..text.len() / 2].to_owned()),
                _ => answer,
            },
            Self::Forbidden => plain(403),
            _ => answer,
        })
    }
}

/// How often something goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// In a hundred requests.
    often: u64,
    /// Every request within this time meets this fault.
    outage: Option<(Millis, Millis, Fault)>,
}

impl Weather {
    pub(crate) fn random(random: &mut Random, start: Millis) -> Self {
        let often = random.pick(&[0, 0, 2, 10, 10, 40, 80]);
        let outage = random.percent(25).then(|| {
            let from = start + random.below(500);
            let fault = random.pick(&[
                Fault::ConnectionRefused,
                Fault::ResetBefore,
                Fault::ResetAfter,
                Fault::Server { status: 503, retry_after: None, acted: false },
                Fault::Server { status: 503, retry_after: Some(2000), acted: false },
                Fault::Server { status: 502, retry_after: None, acted: true },
                Fault::Throttled { retry_after: Some(1000) },
                Fault::WebPage { status: 502, acted: false },
                Fault::Silence { acted: true },
                Fault::TokenKilled,
            ]);
            (from, from + 500 + random.below(60_000), fault)
        });
        Self { often, outage }
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.often == 0 && self.outage.is_none()
    }

    pub(crate) fn has_outage(&self) -> bool {
        self.outage.is_some()
    }

    pub(crate) fn strike(&self, now: Millis, random: &mut Random) -> Option<Fault> {
        match self.outage {
            Some((from, until, fault)) if (from..until).contains(&now) => Some(fault),
            _ => random.percent(self.often).then(|| Fault::random(random)),
        }
    }
}

/// What an answer lets one know of a call that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clear {
    Done,
    /// Certainly not carried out.
    NotDone,
    /// It may have been carried out or not.
    Lost,
}

pub(crate) fn clear(answer: &Answer, kind: Kind) -> Clear {
    let Ok(response) = answer else {
        let is_unsent = matches!(answer, Err(TransportError::Refused | TransportError::Unreachable));
        return if is_unsent { Clear::NotDone } else { Clear::Lost };
    };
    let text = match &response.body {
        Body::Text(text) => text.as_str(),
        Body::Cut | Body::TooLong(_) | Body::File(_) => "",
    };
    let is_json = || serde_json::from_str::<&RawValue>(text).is_ok();
    match (response.status, kind) {
        (429, _) => Clear::NotDone,
        _ if response.body == Body::Cut => Clear::Lost,
        (200 | 201, Kind::Create) if text.contains(r#""Id":"#) && is_json() => Clear::Done,
        (204, kind) if kind != Kind::Create => Clear::Done,
        (200, kind) if kind.is_silent() && text.is_empty() => Clear::Done,
        (412, Kind::UpdateIfMatch) => Clear::NotDone,
        (400 | 401 | 403 | 404 | 405 | 406 | 411 | 413 | 414 | 415 | 422, _) => Clear::NotDone,
        _ => Clear::Lost,
    }
}
