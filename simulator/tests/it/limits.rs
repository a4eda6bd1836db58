use reqwest::Response;
use serde_json::json;
use tokio::task::JoinSet;

use crate::pbx::{Pbx, until};

const DEFS: &str = "/xapi/v1/Defs?$select=Id";

async fn at_once(pbx: &Pbx, token: &str, count: usize) -> Vec<Response> {
    let mut set = JoinSet::new();
    for _ in 0..count {
        let request = pbx.client.get(format!("{}{DEFS}", pbx.address)).bearer_auth(token);
        set.spawn(async move { request.send().await.unwrap() });
    }
    set.join_all().await
}

#[tokio::test]
async fn latency_and_jitter_delay_each_answer() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    for (switches, least) in [(json!({"latency_ms": 60}), 60), (json!({"latency_ms": 40, "jitter_ms": 20}), 40)] {
        pbx.switch(switches).await;
        pbx.get(DEFS, &token).await;
        let log = pbx.log().await;
        let took = log["requests"].as_array().unwrap().last().unwrap()["ms"].as_u64().unwrap();
        assert!(took >= least, "{took}");
    }
}

#[tokio::test]
async fn requests_at_once_are_counted() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    pbx.switch(json!({"latency_ms": 1000})).await;
    at_once(&pbx, &token, 5).await;
    let log = pbx.log().await;
    assert_eq!(log["max_in_flight"], 5);
    let peak = log["requests"].as_array().unwrap().iter().map(|row| row["peak"].as_u64().unwrap()).max();
    assert_eq!(peak, Some(5));
}

#[tokio::test]
async fn too_many_at_once_are_refused() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    pbx.switch(json!({"latency_ms": 1000, "max_concurrent": 3})).await;
    let answers = at_once(&pbx, &token, 5).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status() == 429).collect();
    assert_eq!(refused.len(), 2);
    assert!(refused.iter().all(|answer| !answer.headers().contains_key("retry-after")));
}

#[tokio::test]
async fn too_many_per_second_are_told_when_to_come_back() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    pbx.switch(json!({"rate_limit_per_s": 3})).await;
    let answers = at_once(&pbx, &token, 5).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status() == 429).collect();
    assert_eq!(refused.len(), 2);
    assert!(refused.iter().all(|answer| answer.headers()["retry-after"] == "1"));
    until(async || pbx.get(DEFS, &token).await.status() == 200).await;
}
