//! Whatever the PBX, or something before it, answers with a refusal: a status, a line for the redirect's target, and a
//! body in which `{KEY}` stands for a license key.

use call_engine::Failure as _;
use threecx_core::redaction::{MASK, redact};
use threecx_core::xapi::error::Failure;
use threecx_core::xapi::response::{Body, HttpResponse};

const KEY: &str = "8SGW-ABCD-EFGH-1234";
/// As much of the key as must not be seen, also where a text was cut.
const START: &str = "8sgw-ab";

pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (status, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let (location, body) = rest.split_once('\n').unwrap_or((rest, ""));
    let Ok(status) = status.trim().parse() else { return };
    if text.to_ascii_lowercase().contains(START) {
        return;
    }
    let answer = HttpResponse {
        status,
        location: Some(location.to_owned()),
        body: Body::Text(body.replace("{KEY}", KEY)),
        ..HttpResponse::default()
    };
    let Err(failure) = answer.text() else {
        assert!((200..300).contains(&status));
        return;
    };
    if let Failure::Redirected { to } = &failure {
        assert!(!to.contains(['?', '#', '@', '\\', ' ']) && to.matches('/').count() <= 2, "{to}");
        assert!(to.is_empty() || to.starts_with("https://") || to.starts_with("http://"), "{to}");
    }
    let failure = failure.redacted(&|text| redact(text, KEY, MASK));
    let (shown, code) = (failure.to_string(), failure.code());
    for told in [&shown, &code, &failure.advice()] {
        assert!(told.len() > 3 && told.len() < 60_000, "{} bytes", told.len());
        assert!(!told.to_ascii_lowercase().contains(START), "{told}");
    }
    assert!(failure.status().is_none_or(|told| told == status));
    assert!(failure.is_passing() || !matches!(status, 429 | 502..=504));
}
