use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::pbx::{Pbx, until};

const DEFS: &str = "/xapi/v1/Defs";

fn claims(token: &str) -> Value {
    let parts: Vec<_> = token.split('.').collect();
    assert_eq!(parts.len(), 3);
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap()
}

async fn status(pbx: &Pbx, token: &str) -> u16 {
    pbx.get(DEFS, token).await.status().as_u16()
}

#[tokio::test]
async fn right_credentials_give_a_token() {
    let pbx = Pbx::start().await;
    let answer = pbx.log_in("n8n", "simulator-secret").await;
    assert_eq!(answer.status(), StatusCode::OK);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(
        (&body["token_type"], &body["expires_in"], &body["refresh_token"]),
        (&json!("Bearer"), &json!(3600), &Value::Null)
    );
    let token = body["access_token"].as_str().unwrap();
    let claims = claims(token);
    assert_eq!(
        (&claims["sub"], &claims["scope"], &claims["aud"], &claims["iss"]),
        (&json!("n8n"), &json!("xapi"), &json!("/api"), &json!(pbx.address))
    );
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 3600);
    assert!(claims["role"].as_array().unwrap().contains(&json!("system_owners")));
    assert_eq!(status(&pbx, token).await, 200);
    assert_ne!(pbx.token().await, token);
}

#[tokio::test]
async fn credentials_may_come_as_multipart_but_not_as_basic() {
    let pbx = Pbx::start().await;
    let form = reqwest::multipart::Form::new()
        .text("client_id", "n8n")
        .text("client_secret", "simulator-secret")
        .text("grant_type", "client_credentials");
    let address = format!("{}/connect/token", pbx.address);
    let answer = pbx.client.post(&address).multipart(form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let basic = pbx.client.post(&address).basic_auth("n8n", Some("simulator-secret"));
    let answer = basic.form(&[("grant_type", "client_credentials")]).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn wrong_credentials_are_refused_and_counted() {
    let pbx = Pbx::start().await;
    let answer = pbx.log_in("n8n", "wrong").await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let body: Value = answer.json().await.unwrap();
    let text = "The request requires valid user authentication.";
    assert_eq!(body, json!({"error": "unauthorized", "error_description": text}));
    pbx.token().await;
    assert_eq!(pbx.log().await["log_ins"], json!({"ok": 1, "failed": 1}));
}

#[tokio::test]
async fn refusal_can_be_invalid_client() {
    let pbx = Pbx::switched(json!({"log_in_refusal": "invalid_client"})).await;
    let answer = pbx.log_in("n8n", "wrong").await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({"error": "invalid_client"}));
}

#[tokio::test]
async fn other_grants_and_methods_are_refused() {
    let pbx = Pbx::start().await;
    let address = format!("{}/connect/token", pbx.address);
    let answer = pbx.client.post(&address).form(&[("grant_type", "password")]).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({"error": "unsupported_grant_type"}));
    let answer = pbx.send(Method::GET, "/connect/token", "", None).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["allow"]), (405, &"POST".parse().unwrap()));
}

#[tokio::test]
async fn credentials_are_switches() {
    let pbx = Pbx::switched(json!({"client_id": "900", "client_secret": "s"})).await;
    assert_eq!(pbx.log_in("900", "s").await.status(), StatusCode::OK);
    assert_eq!(pbx.log_in("n8n", "simulator-secret").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn expires_in_is_what_the_switch_says_while_the_token_lives_on() {
    let pbx = Pbx::switched(json!({"expires_in": 60})).await;
    let answer = pbx.log_in("n8n", "simulator-secret").await;
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["expires_in"], 60);
    let claims = claims(body["access_token"].as_str().unwrap());
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 3600);
}

#[tokio::test]
async fn a_token_ends_with_its_life() {
    let pbx = Pbx::switched(json!({"token_life_s": 3})).await;
    let token = pbx.token().await;
    assert_eq!(status(&pbx, &token).await, 200);
    until(async || status(&pbx, &token).await == 401).await;
}

#[tokio::test]
async fn tokens_have_the_form_that_the_switch_says() {
    let pbx = Pbx::switched(json!({"token_form": "jwt_without_exp"})).await;
    assert!(claims(&pbx.token().await).get("exp").is_none());
    pbx.switch(json!({"token_form": "opaque"})).await;
    let token = pbx.token().await;
    assert!(!token.contains('.'));
    assert_eq!(status(&pbx, &token).await, 200);
}

#[tokio::test]
async fn a_new_token_ends_the_old_one_unless_allowed() {
    let pbx = Pbx::start().await;
    let (first, second) = (pbx.token().await, pbx.token().await);
    assert_eq!((status(&pbx, &first).await, status(&pbx, &second).await), (401, 200));
    pbx.switch(json!({"single_token": "allow"})).await;
    let third = pbx.token().await;
    assert_eq!((status(&pbx, &second).await, status(&pbx, &third).await), (200, 200));
}

#[tokio::test]
async fn a_static_token_works_without_a_log_in() {
    let pbx = Pbx::start().await;
    assert_eq!(status(&pbx, "ready").await, 401);
    pbx.switch(json!({"static_token": "ready"})).await;
    assert_eq!(status(&pbx, "ready").await, 200);
    pbx.token().await;
    assert_eq!(status(&pbx, "ready").await, 200);
    pbx.faults(json!([{"fault": {"kind": "expire_token"}}])).await;
    assert_eq!((status(&pbx, "ready").await, status(&pbx, "ready").await), (401, 401));
    pbx.switch(json!({"static_token": "fresh"})).await;
    assert_eq!(status(&pbx, "fresh").await, 200);
}

#[tokio::test]
async fn failed_log_ins_block_the_caller() {
    let pbx = Pbx::switched(json!({"block_after_failed_log_ins": 2})).await;
    let token = pbx.token().await;
    for expected in [401, 401, 403] {
        assert_eq!(pbx.log_in("n8n", "wrong").await.status(), expected);
    }
    assert_eq!(pbx.log_in("n8n", "simulator-secret").await.status(), 403);
    assert_eq!(status(&pbx, &token).await, 403);
    pbx.switch(json!({"block_after_failed_log_ins": 0})).await;
    assert_eq!(status(&pbx, &token).await, 200);
}

#[tokio::test]
async fn a_lower_edition_is_refused_at_the_gate() {
    let pbx = Pbx::switched(json!({"edition": "pro"})).await;
    let token = pbx.token().await;
    assert_eq!(status(&pbx, &token).await, 403);
    pbx.switch(json!({"license_gate": "token_401"})).await;
    assert_eq!(pbx.log_in("n8n", "simulator-secret").await.status(), 401);
    pbx.switch(json!({"license_gate": "token_403"})).await;
    assert_eq!(pbx.log_in("n8n", "simulator-secret").await.status(), 403);
    pbx.switch(json!({"edition": "ent"})).await;
    assert_eq!(pbx.log_in("n8n", "simulator-secret").await.status(), 200);
}
