//! What people read of 3CX's posts: in the template, in answers, and where something cannot be used.

use std::fmt;

use serde_json::{Value, json};

use crate::crm::access::Weakness;
use crate::crm::template::Titles;
use crate::crm::{Reply, TemplateFault, Verdict};
use crate::rows::json::JsonFault;

pub const TITLES: Titles = Titles {
    address: "Webhook URL:",
    secret: "Secret:",
    calls: "Report calls",
    chats: "Report chats",
    contacts: "Create contacts",
};

/// What a post comes to: `status` and `message`, and `item` and `memory` where there are.
pub fn reply(Reply { verdict, item, memory }: Reply) -> Value {
    let mut told = json!({ "status": verdict.status(), "message": verdict.to_string() });
    if let Some(item) = item {
        told["item"] = item;
    }
    if let Some(memory) = memory {
        told["memory"] = json!(memory);
    }
    told
}

/// What was handed over is not what is asked for.
pub fn unreadable(why: &str) -> String {
    format!("The options cannot be read: {why}")
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => formatter.write_str(&unreadable(why)),
            Self::NoEvents => formatter.write_str("Choose an event to wait for"),
            Self::NoEvent(name) => write!(formatter, "There is no event {name}"),
            Self::NoAddress => formatter.write_str("The webhook's address must begin with https:// or http://, and name a host"),
            Self::Address => formatter.write_str(
                "The webhook's address must have no query, fragment, user, brackets or blanks: 3CX puts /answer behind it. Choose an address that ends with a path",
            ),
        }
    }
}

impl fmt::Display for Weakness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Short => "The secret is too short: use 16 characters or more, at random",
            Self::Character => {
                "The secret has a character that cannot be used: use letters without accents, digits, and - . _ ~ + / ="
            }
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => formatter.write_str("Taken"),
            Self::NotAwaited => formatter.write_str("Nobody waits for this event"),
            Self::Repeated => formatter.write_str("This call was already reported"),
            Self::NoSecret => formatter.write_str(
                "The secret is missing. Enter it in 3CX Admin > Integrations > CRM, in the parameters of the template.",
            ),
            Self::WrongSecret => formatter.write_str(
                "The secret is not the one of the credential. Enter it in 3CX Admin > Integrations > CRM, in the parameters of the template.",
            ),
            Self::WeakSecret(weakness) => write!(formatter, "{weakness}. Change it in the credential and in 3CX."),
            Self::TooLong => formatter.write_str("The body has more than 2 MB"),
            Self::NoJson(JsonFault::TooDeep) => formatter.write_str("The body is nested too deep"),
            Self::NoJson(JsonFault::TooLong) => formatter.write_str("The body is too long"),
            Self::NoJson(JsonFault::HalfCharacter) => formatter.write_str("The body has half a character in it"),
            Self::NoJson(JsonFault::Syntax(_)) => formatter.write_str("The body is not JSON"),
            Self::NotOurs => formatter
                .write_str("The body is not what the template sends. Download the template again, and upload it in 3CX."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crm::receive;

    #[test]
    fn an_answer_has_what_there_is_and_never_the_secret() {
        const SECRET: &str = "correct-horse-battery";
        let body = json!({"event": "callReported", "number": SECRET}).to_string();
        for (given, body, names) in [
            (None, &*body, &["message", "status"][..]),
            (Some("wrong"), &body, &["message", "status"]),
            (Some(SECRET), SECRET, &["message", "status"]),
            (Some(SECRET), &body, &["item", "memory", "message", "status"]),
        ] {
            let events = ["callReported"];
            let post = json!({"secret": SECRET, "given": given, "body": body, "events": events, "oncePerCall": true, "now": 0});
            let told = reply(receive(&post.to_string()).unwrap());
            let mut told_names: Vec<_> = told.as_object().unwrap().keys().collect();
            told_names.sort();
            assert_eq!(told_names, names, "{told}");
            assert!(!told["message"].as_str().unwrap().contains(SECRET), "{told}");
        }
    }
}
