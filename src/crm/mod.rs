//! What 3CX tells and asks of a CRM. It posts calls and chats that are over, and asks who a number is, in the way that a
//! template says which an administrator uploads. Here are that template and the reading of the posts.

pub mod access;
mod once;
mod post;
pub mod template;
mod times;

use serde::Deserialize;
use serde_json::Value;

use crate::calls::moment::Moment;
use crate::rows::json::{JsonFault, whole};
use access::Weakness;
use once::KnownCalls;
use template::Titles;

/// What a template can have 3CX do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// A call is over.
    Call,
    /// A chat is over.
    Chat,
    /// Somebody adds a contact in the client; the answer is the contact.
    Create,
    /// Who is this number? The answer is the contact.
    Lookup,
}

const SCENARIOS: [Scenario; 4] = [Scenario::Call, Scenario::Chat, Scenario::Create, Scenario::Lookup];

/// A time, which 3CX would write as its own language does.
macro_rules! utc {
    ($name:literal) => {
        concat!("[[", $name, r#"].ToString("yyyy-MM-ddTHH:mm:ssZ")]"#)
    };
}

impl Scenario {
    /// What a person chooses, and what a post says of itself.
    pub fn event(self) -> &'static str {
        match self {
            Self::Call => "callReported",
            Self::Chat => "chatReported",
            Self::Create => "contactCreation",
            Self::Lookup => "numberLookup",
        }
    }

    fn of(event: &str) -> Option<Self> {
        SCENARIOS.into_iter().find(|scenario| scenario.event() == event)
    }

    /// By which 3CX knows it.
    fn id(self) -> &'static str {
        match self {
            Self::Call => "ReportCall",
            Self::Chat => "ReportChat",
            Self::Create => "CreateContactRecordFromClient",
            Self::Lookup => "",
        }
    }

    /// The switch by which an administrator turns it off: its name, and which of the titles is its.
    fn switch(self, titles: &Titles) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Call => Some(("ReportCallEnabled", titles.calls)),
            Self::Chat => Some(("ReportChatEnabled", titles.chats)),
            Self::Create => Some(("CreateContactEnabled", titles.contacts)),
            Self::Lookup => None,
        }
    }

    /// Whether 3CX waits for the answer.
    fn is_asking(self) -> bool {
        matches!(self, Self::Create | Self::Lookup)
    }

    /// What a post has: names as ours, values as 3CX fills them in.
    fn fields(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Call => &[
                ("callType", "[CallType]"),
                ("direction", "[CallDirection]"),
                ("number", "[Number]"),
                ("name", "[Name]"),
                ("contactId", "[EntityId]"),
                ("contactType", "[EntityType]"),
                ("agentNumber", "[Agent]"),
                ("agentFirstName", "[AgentFirstName]"),
                ("agentLastName", "[AgentLastName]"),
                ("agentEmail", "[AgentEmail]"),
                ("queueNumber", "[QueueExtension]"),
                ("duration", "[Duration]"),
                // Not when it was answered: that is nothing in a missed call, and formatting nothing fails.
                ("start", utc!("CallStartTimeUTC")),
                ("end", utc!("CallEndTimeUTC")),
                ("transcription", "[Transcription]"),
                ("summary", "[Summary]"),
                ("sentiment", "[Sentiment]"),
                ("recordingUrl", "[RecordingUrl]"),
            ],
            Self::Chat => &[
                ("number", "[Number]"),
                ("name", "[Name]"),
                ("email", "[Email]"),
                ("contactId", "[EntityId]"),
                ("contactType", "[EntityType]"),
                ("agentNumber", "[Agent]"),
                ("agentFirstName", "[AgentFirstName]"),
                ("agentLastName", "[AgentLastName]"),
                ("agentEmail", "[AgentEmail]"),
                ("queueNumber", "[QueueExtension]"),
                ("start", utc!("ChatStartTimeUTC")),
                ("end", utc!("ChatEndTimeUTC")),
                ("messages", "[ChatMessages]"),
            ],
            Self::Create => &[
                ("number", "[Number]"),
                ("firstName", "[FirstName]"),
                ("lastName", "[LastName]"),
                ("company", "[Company]"),
                ("email", "[Email]"),
            ],
            Self::Lookup => &[("number", "[Number]"), ("direction", "[CallDirection]")],
        }
    }
}

/// Why no template can be made.
#[derive(Debug, PartialEq, Eq)]
pub enum TemplateFault {
    /// It is not what a template is made of; why, in the words of whoever read it.
    Unreadable(String),
    NoEvents,
    NoEvent(String),
    NoAddress,
    /// It has something in it that stands in the way of what 3CX adds, or that 3CX takes for its own.
    Address,
}

/// The scenarios that a person chose, each once.
fn chosen(events: &[String]) -> Result<Vec<Scenario>, TemplateFault> {
    if let Some(unknown) = events.iter().find(|event| Scenario::of(event).is_none()) {
        return Err(TemplateFault::NoEvent(unknown.clone()));
    }
    let chosen = |scenario: &Scenario| events.iter().any(|event| scenario.event() == event);
    Ok(SCENARIOS.into_iter().filter(chosen).collect())
}

/// What a post came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is handed on.
    Taken,
    /// Nobody waits for it.
    NotAwaited,
    /// The call was told of before.
    Repeated,
    NoSecret,
    WrongSecret,
    /// The secret to compare with is too weak.
    WeakSecret(Weakness),
    TooLong,
    NoJson(JsonFault),
    /// It is JSON, but nothing that the template sends.
    NotOurs,
}

impl Verdict {
    /// The status to answer with.
    pub fn status(&self) -> u16 {
        match self {
            Self::Taken | Self::NotAwaited | Self::Repeated => 200,
            Self::NoJson(_) | Self::NotOurs => 400,
            Self::NoSecret => 401,
            Self::WrongSecret => 403,
            Self::TooLong => 413,
            Self::WeakSecret(_) => 500,
        }
    }
}

/// A post as it came, and what to hold it against.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    secret: String,
    given: Option<String>,
    /// None to ask for nothing but whether the secret is right.
    #[serde(default)]
    body: Option<String>,
    events: Vec<String>,
    #[serde(default)]
    once_per_call: bool,
    /// What is remembered, in as many places as it is. What cannot be read is forgotten: a post is not refused for it.
    #[serde(default)]
    memory: Vec<Value>,
    now: Moment,
}

/// What to answer, what to hand on, what to remember.
#[derive(Debug)]
pub struct Reply {
    pub verdict: Verdict,
    pub item: Option<Value>,
    pub memory: Option<KnownCalls>,
}

impl From<Verdict> for Reply {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, item: None, memory: None }
    }
}

/// Reads a post: `{secret, given, body, events, oncePerCall, memory, now}` as JSON. Without a body, it is the secret alone that
/// is looked at.
///
/// # Errors
///
/// Where it is given something else. What is wrong with the post itself is a reply.
pub fn receive(input: &str) -> serde_json::Result<Reply> {
    let input: Input = serde_json::from_str(&whole(input))?;
    Ok(answer(input).unwrap_or_else(Reply::from))
}

fn answer(input: Input) -> Result<Reply, Verdict> {
    access::check(&input.secret, input.given.as_deref())?;
    let Some(body) = &input.body else { return Ok(Verdict::Taken.into()) };
    let post = post::Post::read(body)?;
    if !input.events.iter().any(|event| post.scenario.event() == event) {
        return Err(Verdict::NotAwaited);
    }
    let item = post.told(input.now);
    let mut reply = Reply { item: Some(item), ..Verdict::Taken.into() };
    if input.once_per_call && post.scenario == Scenario::Call {
        let mut memory = KnownCalls::merged(input.memory);
        let is_news = memory.note(&post.id(input.now), post.is_answered(), input.now, post.span(input.now));
        if !is_news {
            reply = Verdict::Repeated.into();
        }
        reply.memory = Some(memory);
    }
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SECRET: &str = "correct-horse-battery";
    const NOW: Moment = 1_793_700_000_000;

    fn input(mut more: Value, body: &str) -> Value {
        let mut input = json!({"secret": SECRET, "given": SECRET, "body": body, "now": NOW,
            "events": SCENARIOS.map(Scenario::event)});
        input.as_object_mut().unwrap().append(more.as_object_mut().unwrap());
        input
    }

    fn reply(more: Value, body: &str) -> Reply {
        receive(&input(more, body).to_string()).unwrap()
    }

    fn call(more: Value) -> String {
        let mut call = json!({"event": "callReported", "callType": "Inbound", "number": "+49301234567", "agentNumber": "101",
            "start": "2026-11-03T09:00:00Z"});
        call.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
        call.to_string()
    }

    #[test]
    fn the_secret_comes_before_everything_else() {
        let body = "x".repeat(post::MAX_LENGTH + 1);
        for (given, status) in [(Value::Null, 401), (json!(""), 401), (json!("wrong"), 403), (json!(SECRET), 413)] {
            let reply = reply(json!({"given": given}), &body);
            assert_eq!((reply.verdict.status(), reply.item.is_none()), (status, true), "{given}");
        }
        for (given, status) in [(Value::Null, 401), (json!("wrong"), 403), (json!(SECRET), 200)] {
            let told =
                receive(&json!({"secret": SECRET, "given": given, "events": [], "now": NOW}).to_string()).unwrap();
            assert_eq!((told.verdict.status(), told.item, told.memory.is_none()), (status, None, true), "{given}");
        }
    }

    #[test]
    fn no_secret_lets_nobody_in() {
        for secret in ["", "short", "with blanks in between it"] {
            let reply = reply(json!({"secret": secret, "given": secret}), &call(json!({})));
            assert_ne!(reply.verdict.status(), 200, "{secret:?}");
        }
    }

    #[test]
    fn what_is_no_post_of_the_template_is_refused() {
        for (body, status) in [
            ("", 400),
            ("{", 400),
            ("[]", 400),
            ("null", 400),
            ("{}", 400),
            (r#"{"event":"other"}"#, 400),
            (r#"{"event":"callReported","name":{}}"#, 400),
            (r#"{"event":"callReported","name":["a"]}"#, 400),
        ] {
            assert_eq!(reply(json!({}), body).verdict.status(), status, "{body}");
        }
        assert_eq!(reply(json!({}), &"[".repeat(100_000)).verdict.status(), 400);
    }

    #[test]
    fn what_nobody_waits_for_is_let_pass() {
        let reply = reply(json!({"events": ["chatReported"]}), &call(json!({})));
        assert_eq!((reply.verdict, reply.item), (Verdict::NotAwaited, None));
    }

    #[test]
    fn several_posts_of_a_call_start_once_and_once_more_if_it_was_answered_after_all() {
        let mut memory = Value::Null;
        let mut told = |more: Value| {
            let reply = reply(json!({"oncePerCall": true, "memory": [memory.clone()]}), &call(more));
            memory = serde_json::to_value(reply.memory.unwrap()).unwrap();
            reply.item.is_some()
        };
        assert!(told(json!({"callType": "Missed", "agentNumber": "101"})));
        assert!(!told(json!({"callType": "Missed", "agentNumber": "102"})));
        assert!(told(json!({"callType": "Inbound", "agentNumber": "103"})));
        assert!(!told(json!({"callType": "Inbound", "agentNumber": "104"})));
        assert!(!told(json!({"callType": "Missed", "agentNumber": "105"})));
        assert!(told(json!({"number": "+49301234568"})));
        assert!(told(json!({"start": "2026-11-03T09:00:01Z"})));
        assert!(told(json!({"callType": "Outbound"})));
    }

    #[test]
    fn posts_that_do_not_tell_when_the_call_began_are_of_one_call_for_two_minutes() {
        let mut memory = Value::Null;
        let mut told = |now: Moment| {
            let more = json!({"oncePerCall": true, "memory": [memory.clone()], "now": now});
            let reply = reply(more, &call(json!({"start": "", "callType": "Missed"})));
            memory = serde_json::to_value(reply.memory.unwrap()).unwrap();
            reply.item.is_some()
        };
        let at = [0, 1, 2, 3, 10].map(|minutes| told(NOW + minutes * 60_000));
        assert_eq!(at, [true, false, false, true, true]);
    }

    #[test]
    fn without_it_every_post_starts_and_nothing_is_remembered() {
        for _ in 0..2 {
            let reply = reply(json!({}), &call(json!({})));
            assert!(reply.item.is_some() && reply.memory.is_none());
        }
    }

    #[test]
    fn a_memory_that_is_none_keeps_no_post_out() {
        for memory in [json!([7]), json!([{"calls": "x"}]), json!([null, {}, {"calls": {"a": [1]}}])] {
            let reply = reply(json!({"oncePerCall": true, "memory": memory}), &call(json!({})));
            assert!(reply.item.is_some());
        }
    }
}
