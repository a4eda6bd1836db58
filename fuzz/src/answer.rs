//! Whatever the PBX answers with success. The first two lines are read as the headers of a file, too.

use std::rc::Rc;

use call_engine::{Delivery, Effect};
use serde_json::Value;
use threecx_core::redaction::Secrets;
use threecx_core::xapi::error::Failure;
use threecx_core::xapi::file_name;
use threecx_core::xapi::login;
use threecx_core::xapi::odata::Query;
use threecx_core::xapi::proof::{self, Proof};
use threecx_core::xapi::protocol::Call;
use threecx_core::xapi::records::{self, Page, View};
use threecx_core::xapi::request::HttpRequest;
use threecx_core::xapi::response::{Body, HttpResponse};
use threecx_core::xapi::version::Version;

use super::json;

pub fn check(data: &[u8]) {
    let body = String::from_utf8_lossy(data);
    let answer = HttpResponse { status: 200, body: Body::Text(body.to_string()), ..HttpResponse::default() };
    proof(&answer);
    match answer.text() {
        Ok(text) => {
            assert!(body.contains(text) && text.trim() == text);
            page(text);
            record(text);
        }
        Err(failure) => assert_eq!(failure, Failure::WebPage { status: 200 }),
    }
    file(&body);
    version(&body);
    login(&answer);
}

fn proof(answer: &HttpResponse) {
    let request = Rc::new(HttpRequest::get("/Groups", &Query::default()));
    let judge = |proof| {
        let call = Call { id: 0, request: Rc::clone(&request), effect: Effect::Once, proof };
        proof::judge(&call, &Secrets::default(), Ok(answer.clone()))
    };
    assert!(judge(Proof::NoContent).delivery == Delivery::Unknown, "200 is not 204");
    for proof in [Proof::Silence, Proof::Record(None), Proof::List, Proof::Value, Proof::File, Proof::Anything] {
        let end = judge(proof);
        assert_eq!(end.answer.is_ok(), end.delivery == Delivery::Done);
    }
}

fn page(text: &str) {
    let Ok(page) = Page::parse(text) else { return };
    assert!(text.starts_with('{'), "only an object is a page");
    assert!(page.records.iter().all(|record| text.contains(record.get())));
    let Some(value) = json::read(text) else { return };
    let records = value["value"].as_array().expect("a page has a list");
    assert_eq!(page.records.len(), records.len());
    for (record, expected) in page.records.iter().zip(records) {
        assert_eq!(json::read(record.get()).as_ref(), Some(expected));
    }
    assert_eq!(page.count.map(|count| count as u64), value["@odata.count"].as_u64());
}

fn record(text: &str) {
    let masked = View { only: None, masked: true };
    if let Ok(plain) = records::record(text, View::default())
        && let Some(Value::Object(mut expected)) = json::read(text)
    {
        expected.retain(|name, _| !name.contains("@odata."));
        assert_eq!(json::read(&plain), Some(expected.into()));
    }
    let Ok(shown) = records::record(text, masked) else { return };
    let Some(value) = json::read(&shown) else { return };
    json::assert_masked(&value);
    let names = value.as_object().into_iter().flatten().map(|(name, _)| name.clone());
    // An asterisk stands for all of them.
    let only: Vec<String> = names.filter(|name| name != "*").take(2).collect();
    let simple = records::record(text, View { only: Some(&only), masked: true }).expect("it could be read before");
    assert!(
        json::read(&simple).is_some_and(|simple| simple.as_object().is_some_and(|fields| fields.len() <= only.len()))
    );
}

fn file(body: &str) {
    let mut lines = body.lines();
    let (name, mime_type) = file_name::of(lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    assert!(!name.is_empty() && !mime_type.is_empty());
    assert!(!name.contains(['/', '\\']) && !name.chars().any(char::is_control), "{name:?}");
    assert!(name.trim_matches(['.', ' ']) == name, "{name:?}");
}

fn version(text: &str) {
    if let Some(version) = Version::parse(text) {
        assert_eq!(Version::parse(&format!("{text}.9")), Some(version), "three numbers count");
    }
}

fn login(answer: &HttpResponse) {
    let Ok(login) = login::parse(answer, 0) else { return };
    assert!(login.fresh);
    assert_eq!(format!("{:?}", login.token), "Secret(****)");
    let later = login::parse(answer, 60_000).expect("the same answer");
    assert_eq!(later.lifetime, login.lifetime.map(|life| life.saturating_sub(60_000)));
}
