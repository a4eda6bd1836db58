//! What an answer proves. A call that changes something counts as *unknown* unless its answer is on one of the closed
//! lists here: there is no other place that decides whether something may have been carried out.

use call_engine::{Delivery, Effect};

use super::error::Failure;
use super::problems::objections;
use super::protocol::{Call, Ended};
use super::records::Fields;
use super::response::{Body, HttpResponse};
use super::transport::TransportError;
use crate::definition::Type;
use crate::redaction::Secrets;

/// What a success of an operation looks like, as 3CX documents it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// 204 and nothing else.
    NoContent,
    /// 204, or 200 without a body.
    Silence,
    /// A record that holds something: a field of its type where that is known.
    Record(Option<&'static Type>),
    /// A list under `value`.
    List,
    /// A value under `value`.
    Value,
    /// The bytes of a file.
    File,
    /// 3CX documents no answer: an empty body counts, and so does any JSON without an `error` field.
    Anything,
}

/// Statuses by which 3CX, or what stands before it, says no before anything is carried out. Others are not listed on
/// purpose: 408, 409, 412, 423, 424, 425, 460 and 499 were all seen after the work was done.
const REFUSALS: &[u16] = &[400, 401, 403, 404, 405, 406, 411, 413, 414, 415, 422];

/// What an answer to a call means. An answer that repeats a secret must not carry it on.
pub fn judge(call: &Call, secrets: &Secrets, answer: Result<HttpResponse, TransportError>) -> Ended {
    let Ended { delivery, answer } = meant(call, answer);
    let answer = match answer {
        Ok(mut response) => {
            if let Body::Text(text) = &response.body
                && let Some(redacted) = secrets.redact_data(text)
            {
                response.body = Body::Text(redacted);
            }
            Ok(response)
        }
        Err(failure) => Err(failure.redacted(&|text| secrets.redact(text))),
    };
    Ended { delivery, answer }
}

fn meant(call: &Call, answer: Result<HttpResponse, TransportError>) -> Ended {
    let effect = call.effect;
    let response = match answer {
        Ok(response) => response,
        Err(error) => {
            let is_unsent = effect == Effect::Reads || error.is_before_sending();
            let delivery = if is_unsent { Delivery::NotSent } else { Delivery::Unknown };
            return Ended { delivery, answer: Err(Failure::Transport(error)) };
        }
    };
    if effect == Effect::Reads {
        // Who asked finds out whether it can be read.
        return match response.text().and_then(|text| objects_to_nothing(response.status, text)).err() {
            None => Ended { delivery: Delivery::Done, answer: Ok(response) },
            Some(failure) => Ended { delivery: Delivery::Refused, answer: Err(failure) },
        };
    }
    let delivery = proved(call, &response);
    let is_guarded = call.request.if_match.is_some();
    let answer = match response.text() {
        Err(Failure::Unexpected { status: 412, problems }) if is_guarded => Err(Failure::Changed { problems }),
        Err(failure) => Err(failure),
        Ok(_) if delivery == Delivery::Done => Ok(response),
        Ok(text) => Err(Failure::Unexpected { status: response.status, problems: objections(text) }),
    };
    Ended { delivery, answer }
}

/// What 3CX says no in is no record, and no list is whole beside it. In a record, `error` is a field like any other.
fn objects_to_nothing(status: u16, text: &str) -> Result<(), Failure> {
    // Most answers are long, and have no such word.
    let problems = if text.contains(r#""error""#) { objections(text) } else { Vec::new() };
    let is_own = |name: &str| !name.starts_with('@') && !["error", "error_description", "value"].contains(&name);
    let is_record = || Fields::read(text).is_some_and(|fields| fields.0.iter().any(|(name, _)| is_own(name)));
    if problems.is_empty() || is_record() { Ok(()) } else { Err(Failure::Rejected { status, problems }) }
}

fn proved(call: &Call, response: &HttpResponse) -> Delivery {
    match response.status {
        // Whatever its body: a rate limiter turns a request away before it is carried out.
        429 => Delivery::Refused,
        _ if matches!(response.body, Body::Cut | Body::TooLong(_)) => Delivery::Unknown,
        status if REFUSALS.contains(&status) => Delivery::Refused,
        // A server must not carry out a request whose If-Match does not hold (RFC 9110, 13.1.1).
        412 if call.request.if_match.is_some() => Delivery::Refused,
        _ if call.proof.holds(response) => Delivery::Done,
        _ => Delivery::Unknown,
    }
}

impl Proof {
    fn holds(self, response: &HttpResponse) -> bool {
        let Ok(text) = response.text() else { return false };
        match (response.status, self) {
            (204, Self::NoContent | Self::Silence | Self::Anything) => true,
            (200, Self::Silence) => text.is_empty(),
            (200 | 201, Self::Anything) if text.is_empty() => true,
            (200 | 201, Self::Record(of)) => is_record(text, of),
            (200 | 201, Self::List) => field(text, "value").is_some_and(|value| value.starts_with('[')),
            (200 | 201, Self::Value) => field(text, "value").is_some(),
            (200, Self::File) => matches!(response.body, Body::File(_)) || !text.is_empty(),
            (200 | 201, Self::Anything) => is_json(text) && field(text, "error").is_none(),
            _ => false,
        }
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// A record has fields of its type, and `error` is none of them, nor the list of an answer that is for something else.
fn is_record(text: &str, of: Option<&Type>) -> bool {
    let is_list = |fields: &Fields<'_>| fields.get("value").is_some_and(|value| value.starts_with('['));
    let is_own = |name: &str| match of {
        Some(of) => of.fields.iter().any(|field| field.name().eq_ignore_ascii_case(name)),
        None => !name.starts_with('@'),
    };
    let own = |fields: Fields<'_>| {
        fields.get("error").is_none() && !is_list(&fields) && fields.0.iter().any(|(name, _)| is_own(name))
    };
    Fields::read(text).is_some_and(own)
}

/// The text of a field of a JSON object, where there is no `error` beside it.
fn field<'a>(text: &'a str, wanted: &str) -> Option<&'a str> {
    let fields = Fields::read(text)?;
    let is_error = wanted != "error" && fields.get("error").is_some();
    fields.get(wanted).filter(|_| !is_error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::xapi::request::{HttpRequest, Method, Payload};

    const RECORD: Proof = Proof::Record(None);
    const PROOFS: [Proof; 7] =
        [Proof::NoContent, Proof::Silence, RECORD, Proof::List, Proof::Value, Proof::File, Proof::Anything];

    fn answer(status: u16, body: &str) -> HttpResponse {
        HttpResponse { status, body: Body::Text(body.into()), ..HttpResponse::default() }
    }

    fn call(effect: Effect, proof: Proof) -> Call {
        let request = HttpRequest::new(Method::Post, "/Groups".to_owned(), Payload::Nothing);
        Call { id: 0, request: request.into(), effect, proof }
    }

    fn delivery(proof: Proof, answer: Result<HttpResponse, TransportError>) -> Delivery {
        let ended = judge(&call(Effect::Once, proof), &Secrets::default(), answer);
        assert_eq!(ended.answer.is_ok(), ended.delivery == Delivery::Done, "{ended:?}");
        ended.delivery
    }

    #[test]
    fn only_the_closed_list_refuses() {
        for status in 0..=1000 {
            for body in ["", "{}", "<html>", r#"{"error":"no"}"#, "null"] {
                for proof in PROOFS {
                    let expected = match status {
                        400 | 401 | 403..=406 | 411 | 413..=415 | 422 | 429 => Some(Delivery::Refused),
                        200 | 201 | 204 => None,
                        _ => Some(Delivery::Unknown),
                    };
                    if let Some(expected) = expected {
                        assert_eq!(delivery(proof, Ok(answer(status, body))), expected, "{status} {body} {proof:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_success_has_the_form_that_is_documented() {
        use Proof::{Anything, File, List, NoContent, Silence, Value};
        for (status, body, proofs) in [
            (204, "", vec![NoContent, Silence, Anything]),
            (200, "", vec![Silence, Anything]),
            (201, "", vec![Anything]),
            (202, "", vec![]),
            (200, "OK", vec![File]),
            (200, "null", vec![File, Anything]),
            (200, "false", vec![File, Anything]),
            (200, "[]", vec![File, Anything]),
            (200, "{}", vec![File, Anything]),
            (200, r#"{"error":{"message":"x"}}"#, vec![File]),
            (200, r#"{"error":"x","value":[],"Id":1}"#, vec![File]),
            (201, r#"{"@odata.context":"x","Id":1}"#, vec![RECORD, Anything]),
            (200, r#"{"@odata.context":"x"}"#, vec![File, Anything]),
            (200, r#"{"value":[]}"#, vec![List, Value, File, Anything]),
            (200, r#"{"value":null}"#, vec![RECORD, Value, File, Anything]),
            (207, r#"{"Id":1}"#, vec![]),
            (200, "<html>", vec![]),
            (200, r#"{"Id":1"#, vec![File]),
        ] {
            for proof in PROOFS {
                let expected = if proofs.contains(&proof) { Delivery::Done } else { Delivery::Unknown };
                assert_eq!(delivery(proof, Ok(answer(status, body))), expected, "{status} {body} {proof:?}");
            }
        }
    }

    #[test]
    fn a_record_that_was_made_has_a_field_of_its_type() {
        let created = crate::definition::operation("Users", "Create User").unwrap();
        let proof = Proof::Record(created.record());
        for (body, expected) in [
            (r#"{"Id":5}"#, Delivery::Done),
            (r#"{"@odata.context":"x","FirstName":"Ann","New":1}"#, Delivery::Done),
            (r#"{"Message":"An error has occurred."}"#, Delivery::Unknown),
            (r#"{"success":false,"reason":"extension limit"}"#, Delivery::Unknown),
            (r#"{"Id":5,"error":null}"#, Delivery::Unknown),
        ] {
            assert_eq!(delivery(proof, Ok(answer(200, body))), expected, "{body}");
        }
    }

    #[test]
    fn what_3cx_objects_to_is_no_reading() {
        let read = |body: &str| judge(&call(Effect::Reads, Proof::List), &Secrets::default(), Ok(answer(200, body)));
        for body in [
            r#"{"error":{"code":"x","message":"Session expired"}}"#,
            r#"{"value":[{"Id":1}],"error":{"message":"Session expired"}}"#,
            r#"{"error":"unauthorized","error_description":"Session expired"}"#,
        ] {
            let Ended { delivery: Delivery::Refused, answer: Err(failure) } = read(body) else { panic!("{body}") };
            assert_eq!(failure.to_string(), "3CX refused the request (200): Session expired", "{body}");
        }
        for fine in [
            r#"{"Id":5,"Error":"x"}"#,
            r#"{"value":[{"error":"x"}]}"#,
            r#"{"error":null}"#,
            r#"{"error":"x","Id":5}"#,
            r#""error""#,
        ] {
            assert_eq!(read(fine).delivery, Delivery::Done, "{fine}");
        }
    }

    #[test]
    fn a_cut_answer_proves_nothing_but_429() {
        for body in [Body::Cut, Body::TooLong(10)] {
            for status in [200, 204, 400, 401, 404] {
                let cut = HttpResponse { status, body: body.clone(), ..HttpResponse::default() };
                assert_eq!(delivery(Proof::Anything, Ok(cut)), Delivery::Unknown, "{status}");
            }
            let cut = HttpResponse { status: 429, body, ..HttpResponse::default() };
            assert_eq!(delivery(Proof::NoContent, Ok(cut)), Delivery::Refused);
        }
    }

    #[test]
    fn without_an_answer_only_what_happened_while_connecting_proves_anything() {
        for (error, expected) in [
            (TransportError::HostNotFound, Delivery::NotSent),
            (TransportError::LookUpFailed, Delivery::NotSent),
            (TransportError::Refused, Delivery::NotSent),
            (TransportError::Unreachable, Delivery::NotSent),
            (TransportError::Proxy, Delivery::NotSent),
            (TransportError::Certificate, Delivery::NotSent),
            (TransportError::Blocked, Delivery::NotSent),
            (TransportError::NotTaken, Delivery::NotSent),
            (TransportError::FileNotRead, Delivery::NotSent),
            (TransportError::Tls, Delivery::Unknown),
            (TransportError::Reset, Delivery::Unknown),
            (TransportError::Timeout, Delivery::Unknown),
            (TransportError::Cancelled, Delivery::Unknown),
            (TransportError::Other { code: "X".into() }, Delivery::Unknown),
        ] {
            assert_eq!(delivery(Proof::NoContent, Err(error.clone())), expected, "{error:?}");
        }
    }

    #[test]
    fn what_3cx_says_in_place_of_a_success_is_told() {
        let body = r#"{"error":{"code":"","message":"licenseKey:\nWARNINGS.LICENSE_NOT_FOUND"}}"#;
        let ended = judge(&call(Effect::Once, Proof::NoContent), &Secrets::default(), Ok(answer(200, body)));
        let Err(Failure::Unexpected { status: 200, problems }) = ended.answer else { panic!("{ended:?}") };
        assert_eq!(problems[0].text, "WARNINGS.LICENSE_NOT_FOUND");
    }

    #[test]
    fn a_secret_that_is_repeated_goes_no_further_however_it_is_written() {
        let mut secrets = Secrets::default();
        secrets.add(&Secret::new("TOKEN-OF-THE-RUN-1234".into()));
        secrets.add(&Secret::new("s3cret".into()));
        for (effect, status) in
            [Effect::Once, Effect::Reads].into_iter().flat_map(|e| [200, 400, 409, 503].map(|s| (e, s)))
        {
            for told in
                ["TOKEN-OF-THE-RUN-1234", r"\u0054OKEN-of-the-run-1234", "token%20of%20the%20run%201234", "S3CRET"]
            {
                for body in [
                    format!(
                        r#"{{"error":{{"message":"a: {told} b","details":[{{"message":"{told}","target":"{told}"}}]}}}}"#
                    ),
                    format!(r#"{{"error":"{told}"}}"#),
                ] {
                    let ended = judge(&call(effect, Proof::NoContent), &secrets, Ok(answer(status, &body)));
                    let shown = match ended.answer {
                        Ok(response) => response.text().unwrap().to_owned(),
                        Err(failure) => format!("{failure} {} {failure:?}", failure.code()),
                    };
                    let shown = shown.to_lowercase();
                    assert!(!shown.contains("oken"), "{status} {told}: {shown}");
                    assert!(status == 200 || !shown.contains("s3cret"), "{status} {told}: {shown}");
                }
            }
        }
    }

    #[test]
    fn a_record_that_changed_meanwhile_is_refused_where_it_was_asked_for() {
        let mut request = HttpRequest::new(Method::Patch, "/Users(1)".to_owned(), Payload::Nothing);
        request.if_match = Some("W/\"1\"".to_owned());
        let call = Call { request: request.into(), ..call(Effect::Once, Proof::Silence) };
        let ended = judge(&call, &Secrets::default(), Ok(answer(412, "")));
        assert_eq!(ended.delivery, Delivery::Refused);
        let Err(failure) = ended.answer else { panic!("it is refused") };
        assert_eq!((failure.code().as_str(), failure.status()), ("REJECTED", Some(412)));
        assert_eq!(failure.to_string(), "The record has changed since it was read (412)");
        assert_eq!(failure.advice(), "Get the record again, and use its new @odata.etag.");
    }

    #[test]
    fn a_reading_is_done_or_refused() {
        let read = |answer| judge(&call(Effect::Reads, RECORD), &Secrets::default(), answer).delivery;
        assert_eq!(read(Ok(answer(200, "anything"))), Delivery::Done);
        assert_eq!(read(Ok(answer(503, ""))), Delivery::Refused);
        assert_eq!(read(Err(TransportError::Reset)), Delivery::NotSent);
    }
}
