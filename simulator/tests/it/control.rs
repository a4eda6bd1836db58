use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::pbx::{KEY, Pbx, raw_get, until};

const DEFS: &str = "/xapi/v1/Defs";

#[tokio::test]
async fn the_log_shows_requests_without_secrets() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    pbx.get("/xapi/v1/Groups?$top=1", &token).await;
    pbx.replace(&token, "29", KEY).await;
    let log = pbx.log().await;
    let rows = log["requests"].as_array().unwrap();
    assert_eq!(rows.len(), 3, "the control API is not logged");
    assert_eq!(rows[0]["body"]["client_secret"], "***");
    assert_eq!(
        (&rows[1]["n"], &rows[1]["method"], &rows[1]["path"], &rows[1]["query"], &rows[1]["status"]),
        (&json!(2), &json!("GET"), &json!("/xapi/v1/Groups"), &json!("$top=1"), &json!(200))
    );
    assert!(rows[1].get("body").is_none());
    assert_eq!((&rows[1]["applied"], &rows[2]["applied"]), (&Value::Null, &json!(true)));
    assert_eq!(rows[2]["body"], json!({"groupId": "29", "licenseKey": KEY}));
    assert_eq!(rows[1]["bearer"], rows[2]["bearer"]);
    assert_eq!(rows[1]["bearer"].as_str().unwrap().len(), 8);
    let text = log.to_string();
    assert!(!text.contains(&token) && !text.contains("simulator-secret"));
}

#[tokio::test]
async fn clearing_the_log_clears_its_counters_only() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    pbx.replace(&token, "29", KEY).await;
    let answer = pbx.send(Method::DELETE, "/_simulator/log", "", None).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let empty = json!({"requests": [], "max_in_flight": 0, "log_ins": {"ok": 0, "failed": 0}});
    assert_eq!(pbx.log().await, empty);
    assert_eq!(pbx.ledger().await.as_array().unwrap().len(), 1);
    assert_eq!(pbx.get(DEFS, &token).await.status(), 200);
}

#[tokio::test]
async fn switches_are_shown_and_changed_one_by_one() {
    let pbx = Pbx::start().await;
    let before = pbx.get_json("/_simulator/switches", "").await;
    pbx.switch(json!({"latency_ms": 1})).await;
    let mut after = pbx.get_json("/_simulator/switches", "").await;
    assert_eq!(after["latency_ms"], 1);
    after["latency_ms"] = before["latency_ms"].clone();
    assert_eq!(after, before);
    let change = Some(json!({"latency": 1}));
    let answer = pbx.send(Method::PATCH, "/_simulator/switches", "", change).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body, json!({"message": "there is no switch named 'latency'"}));
}

#[tokio::test]
async fn the_number_of_groups_is_a_switch() {
    let pbx = Pbx::switched(json!({"groups": 3})).await;
    let token = pbx.token().await;
    assert_eq!(pbx.get("/xapi/v1/Groups/$count", &token).await.text().await.unwrap(), "4");
}

#[tokio::test]
async fn a_reset_brings_everything_back_to_the_start() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    let groups = pbx.get_json("/xapi/v1/Groups", &token).await;
    let switches = pbx.get_json("/_simulator/switches", "").await;
    pbx.replace(&token, "29", KEY).await;
    pbx.switch(json!({"groups": 2, "role": "user"})).await;
    pbx.faults(json!([{"times": null, "fault": {"kind": "forbidden"}}])).await;
    let answer = pbx.send(Method::POST, "/_simulator/reset", "", None).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(pbx.log().await["requests"], json!([]));
    assert_eq!(pbx.ledger().await, json!([]));
    assert_eq!(pbx.get_json("/_simulator/switches", "").await, switches);
    assert_eq!(pbx.get(DEFS, &token).await.status(), 401, "tokens are gone");
    let token = pbx.token().await;
    assert_eq!(pbx.get_json("/xapi/v1/Groups", &token).await, groups);
}

#[tokio::test]
async fn an_outage_closes_connections_and_ends() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    pbx.switch(json!({"latency_ms": 60_000})).await;
    let control = reqwest::Client::new();
    let address = format!("{}/_simulator", pbx.address);
    let under_way = pbx.try_send(Method::GET, DEFS, &token, None);
    let begin = async {
        pbx.until_asked(DEFS).await;
        let outage = control.post(format!("{address}/outage")).json(&json!({"ms": 3000}));
        outage.send().await.unwrap().status()
    };
    let (answer, begun) = tokio::join!(under_way, begin);
    assert_eq!(begun, StatusCode::NO_CONTENT);
    assert!(answer.is_err(), "a request under way is cut off");
    let (bytes, _) = pbx.raw(raw_get(DEFS, &token)).await;
    assert!(bytes.is_empty(), "new connections are closed");
    let over_control = control.get(format!("{}{DEFS}", pbx.address)).send().await;
    assert!(over_control.is_err(), "no connection is left through which the PBX answers");
    let no_latency = json!({"latency_ms": 0});
    until(async || control.patch(format!("{address}/switches")).json(&no_latency).send().await.is_ok()).await;
    until(async || pbx.try_send(Method::GET, DEFS, &token, None).await.is_ok_and(|answer| answer.status() == 200))
        .await;
}
