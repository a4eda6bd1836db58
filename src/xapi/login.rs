//! The log-in: what the answer of the token end-point gives.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use call_engine::{Millis, SHORTEST_LIFE};
use serde::Deserialize;
use serde_json::Value;

use super::error::Failure;
use super::protocol::Login;
use super::response::HttpResponse;
use crate::secret::Secret;

/// Reads the answer of `/connect/token`. `age`: milliseconds since it came.
///
/// # Errors
///
/// [`Failure::LoginRefused`] where 3CX refuses it, [`Failure::LoginUnanswered`] where it gives no token for other reasons.
pub fn parse(response: &HttpResponse, age: Millis) -> Result<Login, Failure> {
    #[derive(Deserialize)]
    struct Wire {
        access_token: String,
        #[serde(default)]
        expires_in: Value,
    }
    let refused = |status| Failure::LoginRefused { status };
    let text = match response.text() {
        Ok(text) => text,
        Err(Failure::Unauthorized) => return Err(refused(401)),
        Err(Failure::Forbidden) => return Err(refused(403)),
        Err(Failure::Rejected { status, .. }) => return Err(refused(status)),
        Err(failure) => return Err(Failure::LoginUnanswered(Box::new(failure))),
    };
    let unreadable = || Failure::LoginUnanswered(Box::new(Failure::Unreadable { status: response.status }));
    let wire: Wire = serde_json::from_str(text).map_err(|_| unreadable())?;
    if wire.access_token.is_empty() || !wire.access_token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(unreadable());
    }
    let expires_in = wire.expires_in.as_f64().or_else(|| wire.expires_in.as_str()?.trim().parse().ok());
    let life = claimed_life(&wire.access_token).or(expires_in.map(documented_life));
    // Who shares the answer must not believe it either.
    let life = life.filter(|life| *life >= SHORTEST_LIFE);
    // A minute, or a tenth of a short life, is kept as a margin for requests under way.
    let lifetime = life.map(|life| life.saturating_sub((life / 10).min(60_000)).saturating_sub(age));
    Ok(Login { token: Secret::new(wire.access_token), lifetime, fresh: true })
}

/// The life that a JWT states of itself, by the clock that made it: another clock may be hours ahead or behind.
fn claimed_life(token: &str) -> Option<Millis> {
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
        iat: f64,
    }
    let payload = token.split('.').nth(1)?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    Some(((claims.exp - claims.iat).max(0.0) * 1000.0) as Millis)
}

/// `expires_in` is 60, meant as minutes, up to 3CX 20.0.8, and 3600, meant as seconds, from 20.0.9 on.
fn documented_life(expires_in: f64) -> Millis {
    let seconds = if expires_in <= 120.0 { expires_in * 60.0 } else { expires_in };
    (seconds.max(0.0) * 1000.0) as Millis
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xapi::response::Body;

    fn answer(status: u16, body: &str) -> HttpResponse {
        HttpResponse { status, body: Body::Text(body.into()), ..HttpResponse::default() }
    }

    fn lifetime(body: &str) -> Option<Millis> {
        parse(&answer(200, body), 0).unwrap().lifetime
    }

    fn jwt(claims: &str) -> String {
        format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn sixty_means_minutes_and_3600_seconds() {
        let hour_less_margin = Some(3_540_000);
        assert_eq!(lifetime(r#"{"access_token":"x","expires_in":60}"#), hour_less_margin);
        assert_eq!(lifetime(r#"{"access_token":"x","expires_in":3600}"#), hour_less_margin);
        assert_eq!(lifetime(r#"{"access_token":"x","expires_in":"3600"}"#), hour_less_margin);
        assert_eq!(lifetime(r#"{"access_token":"x","expires_in":"soon"}"#), None);
        assert_eq!(lifetime(r#"{"access_token":"x","expires_in":null}"#), None);
        assert_eq!(lifetime(r#"{"access_token":"x"}"#), None);
    }

    #[test]
    fn the_tokens_own_claims_come_first() {
        let with_iat = jwt(r#"{"iat":1000,"exp":2800}"#);
        assert_eq!(lifetime(&format!(r#"{{"access_token":"{with_iat}","expires_in":60}}"#)), Some(1_740_000));
        // Only this machine's clock could tell how long that is.
        let without = jwt(r#"{"exp":1700000100}"#);
        assert_eq!(lifetime(&format!(r#"{{"access_token":"{without}","expires_in":60}}"#)), Some(3_540_000));
        assert_eq!(lifetime(&format!(r#"{{"access_token":"{without}"}}"#)), None);
    }

    #[test]
    fn a_life_that_is_too_short_to_be_true_is_none() {
        for claim in ["0", "-1", "0.4"] {
            let body = format!(r#"{{"access_token":"x","expires_in":{claim}}}"#);
            assert_eq!(lifetime(&body), None, "{claim}");
            assert_eq!(parse(&answer(200, &body), 50_000).unwrap().lifetime, None, "{claim}, for those who share it");
        }
        let ended = jwt(r#"{"iat":1000,"exp":900}"#);
        assert_eq!(lifetime(&format!(r#"{{"access_token":"{ended}"}}"#)), None);
    }

    #[test]
    fn an_answer_kept_for_a_while_has_less_life_left() {
        let body = r#"{"access_token":"x","expires_in":60}"#;
        assert_eq!(parse(&answer(200, body), 3_000_000).unwrap().lifetime, Some(540_000));
        assert_eq!(parse(&answer(200, body), 4_000_000).unwrap().lifetime, Some(0));
    }

    #[test]
    fn refusals_and_odd_answers_are_told_apart() {
        let failure = |status, body| parse(&answer(status, body), 0).unwrap_err();
        assert_eq!(failure(401, r#"{"error":"unauthorized"}"#), Failure::LoginRefused { status: 401 });
        assert_eq!(failure(400, r#"{"error":"invalid_client"}"#), Failure::LoginRefused { status: 400 });
        assert_eq!(failure(403, ""), Failure::LoginRefused { status: 403 });
        for (status, body) in [
            (200, "<html>"),
            (200, "{}"),
            (200, r#"{"access_token":""}"#),
            (200, r#"{"access_token":"a\nb"}"#),
            (200, ""),
            (503, ""),
            (404, ""),
        ] {
            assert!(matches!(failure(status, body), Failure::LoginUnanswered(_)), "{status} {body}");
        }
    }
}
