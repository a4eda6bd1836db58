use std::io::ErrorKind;
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::pbx::{KEY, Pbx, REPLACE, raw_get, raw_replacement, until};

const DEFS: &str = "/xapi/v1/Defs?$select=Id";
const GROUPS: &str = "/xapi/v1/Groups";

/// A PBX that meets the next request with a fault.
async fn with_fault(fault: Value) -> (Pbx, String) {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    pbx.faults(json!([{"fault": fault}])).await;
    (pbx, token)
}

async fn ledger_length(pbx: &Pbx) -> usize {
    pbx.ledger().await.as_array().unwrap().len()
}

#[tokio::test]
async fn status_is_spelt_out() {
    let fault = json!({"kind": "status", "status": 503, "headers": {"Retry-After": "1", "X-Count": 2},
        "body": "<p>busy</p>", "content_type": "text/html"});
    let (pbx, token) = with_fault(fault).await;
    let answer = pbx.get(DEFS, &token).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let headers = answer.headers();
    assert_eq!(
        (&headers["retry-after"], &headers["x-count"], &headers["content-type"]),
        (&"1".parse().unwrap(), &"2".parse().unwrap(), &"text/html".parse().unwrap())
    );
    assert_eq!(answer.text().await.unwrap(), "<p>busy</p>");
    assert_eq!(pbx.get(DEFS, &token).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn too_many_requests_may_say_when_to_come_back() {
    let (pbx, token) = with_fault(json!({"kind": "too_many_requests", "retry_after": 7})).await;
    let answer = pbx.get(DEFS, &token).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    pbx.faults(json!([{"fault": {"kind": "too_many_requests", "retry_after": null}}])).await;
    let answer = pbx.get(DEFS, &token).await;
    assert_eq!((answer.status().as_u16(), answer.headers().get("retry-after")), (429, None));
}

#[tokio::test]
async fn pages_of_the_web_server_in_front() {
    for (kind, title) in [
        ("unavailable", "503 Service Temporarily Unavailable"),
        ("gateway_timeout", "504 Gateway Time-out"),
        ("bad_gateway", "502 Bad Gateway"),
    ] {
        let (pbx, token) = with_fault(json!({"kind": kind})).await;
        let answer = pbx.get(DEFS, &token).await;
        assert_eq!(answer.status().as_str(), &title[..3]);
        assert_eq!(answer.headers()["content-type"], "text/html");
        assert!(answer.text().await.unwrap().contains(&format!("<title>{title}</title>")));
    }
}

#[tokio::test]
async fn bare_refusals() {
    for (kind, status) in [("server_error", 500), ("unauthorized", 401), ("forbidden", 403)] {
        let (pbx, token) = with_fault(json!({"kind": kind})).await;
        let answer = pbx.get(DEFS, &token).await;
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (status, String::new()));
        assert_eq!(pbx.get(DEFS, &token).await.status(), StatusCode::OK, "{kind} is over");
    }
}

#[tokio::test]
async fn expired_tokens_stay_expired() {
    let (pbx, token) = with_fault(json!({"kind": "expire_token"})).await;
    for _ in 0..2 {
        let answer = pbx.get(DEFS, &token).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert!(answer.headers().contains_key("www-authenticate"));
    }
    let token = pbx.token().await;
    assert_eq!(pbx.get(DEFS, &token).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn successes_that_are_none() {
    let (pbx, token) = with_fault(json!({"kind": "html_ok"})).await;
    let answer = pbx.get(DEFS, &token).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (200, &"text/html".parse().unwrap()));
    assert!(answer.text().await.unwrap().starts_with("<!DOCTYPE html>"));

    pbx.faults(json!([{"fault": {"kind": "empty_ok"}}])).await;
    let answer = pbx.get(DEFS, &token).await;
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (200, String::new()));

    pbx.faults(json!([{"fault": {"kind": "bad_json"}}])).await;
    let text = pbx.get(DEFS, &token).await.text().await.unwrap();
    assert!(text.starts_with("{\"@odata.context\"") && serde_json::from_str::<Value>(&text).is_err());
}

#[tokio::test]
async fn redirects_lead_elsewhere() {
    let (pbx, token) = with_fault(json!({"kind": "redirect", "location": "https://example.com/"})).await;
    let answer = pbx.get(DEFS, &token).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["location"]),
        (302, &"https://example.com/".parse().unwrap())
    );
}

#[tokio::test]
async fn a_reset_comes_before_or_after_the_act() {
    for (acted, expected) in [(false, 0), (true, 1)] {
        let (pbx, token) = with_fault(json!({"kind": "reset", "acted": acted})).await;
        let (bytes, error) = pbx.raw(raw_replacement(&token, "29")).await;
        assert_eq!((bytes.len(), error), (0, Some(ErrorKind::ConnectionReset)));
        assert_eq!(ledger_length(&pbx).await, expected);
        let row = pbx.log().await["requests"][1].clone();
        assert_eq!((&row["status"], &row["applied"], &row["fault"]), (&Value::Null, &json!(acted), &json!("reset")));
    }
}

#[tokio::test]
async fn a_cut_answer_has_half_of_its_body() {
    let (pbx, token) = with_fault(json!({"kind": "cut_body"})).await;
    let (bytes, error) = pbx.raw(raw_get(GROUPS, &token)).await;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"));
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert_eq!((body.len(), error), (length.parse::<usize>().unwrap() / 2, None));
    pbx.faults(json!([{"fault": {"kind": "cut_body"}}])).await;
    let answer = pbx.try_send(Method::GET, GROUPS, &token, None).await.unwrap();
    assert!(answer.text().await.is_err());
}

#[tokio::test]
async fn a_cut_answer_without_a_body_stops_in_its_head() {
    for (acted, expected) in [(false, 0), (true, 1)] {
        let (pbx, token) = with_fault(json!({"kind": "cut_body", "acted": acted})).await;
        let (bytes, _) = pbx.raw(raw_replacement(&token, "29")).await;
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.starts_with("HTTP/1.1 204 No") && !text.contains("\r\n\r\n"), "{text}");
        assert_eq!(ledger_length(&pbx).await, expected);
    }
}

#[tokio::test]
async fn slow_answers_act_before_or_after_the_wait() {
    const FAR_OFF: u64 = 600_000;
    for (acted_first, expected) in [(true, 1), (false, 0)] {
        let (pbx, token) = with_fault(json!({"kind": "slow", "ms": FAR_OFF, "acted_first": acted_first})).await;
        let waiting = pbx.replacement_under_way(&token, "29");
        pbx.until_asked(REPLACE).await;
        until(async || ledger_length(&pbx).await == expected).await;
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled(), "there is no answer yet");
        pbx.faults(json!([{"fault": {"kind": "slow", "ms": 100, "acted_first": acted_first}}])).await;
        assert_eq!(pbx.replace(&token, "31", KEY).await.status(), StatusCode::NO_CONTENT);
        assert_eq!(ledger_length(&pbx).await, expected + 1);
        let log = pbx.log().await;
        assert!(log["requests"].as_array().unwrap().last().unwrap()["ms"].as_u64().unwrap() >= 100);
    }
}

#[tokio::test]
async fn what_was_asked_is_done_even_if_the_client_leaves() {
    let (pbx, token) = with_fault(json!({"kind": "slow", "ms": 1000})).await;
    let leaving = pbx.replacement_under_way(&token, "29");
    pbx.until_asked(REPLACE).await;
    leaving.abort();
    assert!(leaving.await.unwrap_err().is_cancelled(), "there is no answer yet");
    until(async || ledger_length(&pbx).await == 1).await;
}

#[tokio::test]
async fn dripping_answers_arrive_whole() {
    let (pbx, token) = with_fault(json!({"kind": "drip", "ms_per_byte": 2})).await;
    let started = Instant::now();
    let body = pbx.get(DEFS, &token).await.text().await.unwrap();
    assert!(serde_json::from_str::<Value>(&body).is_ok());
    assert!(started.elapsed() >= Duration::from_millis(2 * body.len() as u64));
    pbx.faults(json!([{"fault": {"kind": "drip", "ms_per_byte": 1}}])).await;
    assert_eq!(pbx.replace(&token, "29", KEY).await.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn any_refusal_can_hide_that_the_pbx_acted() {
    for kind in ["gateway_timeout", "bad_gateway", "unavailable", "server_error", "html_ok", "empty_ok", "bad_json"] {
        for (acted, expected) in [(false, 0), (true, 1)] {
            let (pbx, token) = with_fault(json!({"kind": kind, "acted": acted})).await;
            assert_ne!(pbx.replace(&token, "29", KEY).await.status(), StatusCode::NO_CONTENT);
            assert_eq!(ledger_length(&pbx).await, expected, "{kind}");
        }
    }
    let (pbx, token) = with_fault(json!({"kind": "status", "status": 418, "acted": true})).await;
    assert_eq!(pbx.replace(&token, "29", KEY).await.status(), StatusCode::IM_A_TEAPOT);
    assert_eq!(ledger_length(&pbx).await, 1);
}

#[tokio::test]
async fn rules_choose_their_requests() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    pbx.faults(json!([
        {"match": {"method": "POST", "path_contains": "ReplaceGroupLicenseKey", "body_contains": "GRP0003"},
         "skip": 1, "times": 2, "fault": {"kind": "server_error"}},
        {"match": {"path_contains": "Defs"}, "times": null, "fault": {"kind": "forbidden"}},
    ]))
    .await;
    for _ in 0..3 {
        assert_eq!(pbx.get(DEFS, &token).await.status(), 403);
    }
    assert_eq!(pbx.get(GROUPS, &token).await.status(), 200);
    assert_eq!(pbx.replace(&token, "GRP0002", KEY).await.status(), 204);
    for expected in [204, 500, 500, 204] {
        assert_eq!(pbx.replace(&token, "GRP0003", KEY).await.status().as_u16(), expected);
    }
    let shown = pbx.get_json("/_simulator/faults", "").await;
    assert_eq!((&shown["faults"][0]["seen"], &shown["faults"][0]["played"]), (&json!(3), &json!(2)));
    assert_eq!((&shown["faults"][1]["seen"], &shown["faults"][1]["played"]), (&json!(3), &json!(3)));
    pbx.faults(json!([])).await;
    assert_eq!(pbx.get(DEFS, &token).await.status(), 200);
}

#[tokio::test]
async fn chance_falls_on_the_same_requests_with_the_same_seed() {
    let (pbx, mut runs) = (Pbx::start().await, Vec::new());
    let token = pbx.token().await;
    for seed in [1, 1, 2] {
        let chance = json!({"seed": seed, "percent": 30});
        pbx.faults(json!([{"times": null, "chance": chance, "fault": {"kind": "server_error"}}])).await;
        let mut met = Vec::new();
        for n in 0..200 {
            if pbx.get(DEFS, &token).await.status() == StatusCode::INTERNAL_SERVER_ERROR {
                met.push(n);
            }
        }
        assert!((40..=80).contains(&met.len()), "{} of 200", met.len());
        runs.push(met);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[1], runs[2]);
}

#[tokio::test]
async fn wrong_rules_are_refused() {
    let pbx = Pbx::start().await;
    for (rule, expected) in [
        (json!({"fault": {"kind": "explode"}}), "fault 1: unknown variant `explode`"),
        (json!({"fault": {"kind": "reset", "actd": true}}), "fault 1: unknown field `actd`"),
        (json!({"fault": {"kind": "forbidden", "acted": true}}), "fault 1: unknown field `acted`"),
        (json!({"fault": {"kind": "reset"}, "chance": {"percent": 5}}), "fault 1: missing field `seed`"),
        (json!({"fault": {"kind": "reset"}, "time": 1}), "fault 1: unknown field `time`"),
        (json!({"fault": {"kind": "reset"}, "match": {"path": "x"}}), "fault 1: unknown field `path`"),
        (json!({}), "fault 1: missing field `fault`"),
    ] {
        let body = Some(json!({"faults": [rule]}));
        let answer = pbx.send(Method::POST, "/_simulator/faults", "", body).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let message = answer.json::<Value>().await.unwrap()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(expected), "{message}");
    }
}
