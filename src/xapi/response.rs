//! An answer as it came, and what its status means for any request.

use std::fmt;

use crate::xapi::error::Failure;
use crate::xapi::problems::problems;

/// An answer of the PBX, or of whatever stands before it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HttpResponse {
    pub status: u16,
    /// How long 3CX asks to wait before the next try, in milliseconds.
    pub retry_after: Option<u64>,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// The version that the PBX names, where it was asked for.
    pub version: Option<String>,
    pub body: Body,
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Text(String),
    /// Bytes that the host keeps.
    File(FileAnswer),
    /// The connection ended within the body; the status had arrived.
    Cut,
    /// It had more than this many bytes, and was not read on.
    TooLong(u64),
}

/// A file that the host keeps until its row is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileAnswer {
    /// The host's name for it.
    pub id: u32,
    pub name: String,
    pub mime_type: String,
    /// In bytes.
    pub size: u64,
}

impl Body {
    /// Whether nothing came, and nothing was lost.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.trim().is_empty(),
            Self::File(file) => file.size == 0,
            Self::Cut | Self::TooLong(_) => false,
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// Bodies hold tokens and license keys: `Debug` shows the status only.
impl fmt::Debug for HttpResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HttpResponse({})", self.status)
    }
}

impl HttpResponse {
    /// The text of a successful answer.
    ///
    /// # Errors
    ///
    /// What its status means, where it is no success; that it is a web page, was cut or is too long.
    pub fn text(&self) -> Result<&str, Failure> {
        let text = match &self.body {
            Body::Text(text) => text.trim_start_matches('\u{feff}').trim(),
            Body::Cut | Body::TooLong(_) | Body::File(_) => "",
        };
        if let Body::TooLong(most) = self.body
            && self.status != 429
        {
            return Err(Failure::TooLong { status: self.status, most });
        }
        match self.status {
            // Whatever the body: a 429 never carries anything out.
            429 => Err(Failure::Throttled),
            status if self.body == Body::Cut => Err(Failure::Unreadable { status }),
            401 => Err(Failure::Unauthorized),
            _ if is_web_page(text) => Err(Failure::WebPage { status: self.status }),
            200..=299 => Ok(text),
            300..=399 => Err(Failure::Redirected { to: self.redirect_target() }),
            403 => Err(Failure::Forbidden),
            404 => Err(Failure::NotFound),
            400 | 405 | 406 | 411 | 413..=415 | 422 => {
                Err(Failure::Rejected { status: self.status, problems: problems(text) })
            }
            500..=599 => Err(Failure::Server { status: self.status, problems: problems(text) }),
            _ => Err(Failure::Unexpected { status: self.status, problems: problems(text) }),
        }
    }

    /// Scheme and host of the redirect only: a path or query could hold anything.
    fn redirect_target(&self) -> String {
        let location = self.location.as_deref().unwrap_or_default();
        let mut parts = location.splitn(4, '/');
        let is_host = |host: &str| host.chars().all(|c| c.is_alphanumeric() || "-._:[]".contains(c));
        match (parts.next(), parts.next(), parts.next()) {
            (Some(scheme @ ("https:" | "http:")), Some(""), Some(host)) if is_host(host) => format!("{scheme}//{host}"),
            _ => String::new(),
        }
    }
}

fn is_web_page(text: &str) -> bool {
    if let Some(comment) = text.strip_prefix("<!--") {
        return comment.split_once("-->").is_some_and(|(_, rest)| is_web_page(rest.trim_start()));
    }
    let start = text.get(..15).unwrap_or(text).to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answer(status: u16, body: &str) -> HttpResponse {
        HttpResponse { status, body: Body::Text(body.into()), ..HttpResponse::default() }
    }

    #[test]
    fn each_status_has_its_meaning() {
        assert_eq!(answer(200, "\u{feff} {} ").text(), Ok("{}"));
        assert_eq!(answer(401, "").text(), Err(Failure::Unauthorized));
        assert_eq!(answer(403, "x").text(), Err(Failure::Forbidden));
        assert_eq!(answer(404, "").text(), Err(Failure::NotFound));
        assert_eq!(answer(429, "").text(), Err(Failure::Throttled));
        assert_eq!(answer(503, "").text(), Err(Failure::Server { status: 503, problems: vec![] }));
        assert_eq!(answer(400, "").text(), Err(Failure::Rejected { status: 400, problems: vec![] }));
        for status in [0, 100, 408, 409, 412, 423, 424, 425, 431, 451, 460, 499, 600, 999] {
            assert_eq!(answer(status, "").text(), Err(Failure::Unexpected { status, problems: vec![] }));
        }
        assert_eq!(answer(429, "<html>").text(), Err(Failure::Throttled));
        assert_eq!(answer(401, "<html>").text(), Err(Failure::Unauthorized));
        assert_eq!(answer(504, "<html>\r\n<head>").text(), Err(Failure::WebPage { status: 504 }));
        assert_eq!(answer(200, "<!DOCTYPE html>").text(), Err(Failure::WebPage { status: 200 }));
        assert_eq!(answer(200, "<!-- a --> <!-- b -->\n<html>").text(), Err(Failure::WebPage { status: 200 }));
        assert_eq!(answer(200, "<!-- a").text(), Ok("<!-- a"));
    }

    #[test]
    fn a_cut_body_is_not_taken_for_an_answer() {
        let cut = |status| HttpResponse { status, body: Body::Cut, ..HttpResponse::default() };
        for status in [200, 204, 400, 401, 404, 503] {
            assert_eq!(cut(status).text(), Err(Failure::Unreadable { status }));
        }
        assert_eq!(cut(429).text(), Err(Failure::Throttled));
    }

    #[test]
    fn a_redirect_shows_its_host_only() {
        let redirect = |location: &str| {
            let answer = HttpResponse { status: 302, location: Some(location.into()), ..HttpResponse::default() };
            answer.text().map(str::to_owned)
        };
        let to = |to: &str| Err(Failure::Redirected { to: to.into() });
        assert_eq!(redirect("https://pbx.example.com/login?token=abc"), to("https://pbx.example.com"));
        assert_eq!(redirect("https://user:secret@pbx.example.com/"), to(""));
        assert_eq!(redirect("https://pbx.example.com?token=abc"), to(""));
        assert_eq!(redirect("?token=abc//pbx.example.com"), to(""));
        assert_eq!(redirect("/login"), to(""));
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(status in 0u16..700, text in ".*") {
            let _ = answer(status, &text).text();
        }
    }
}
