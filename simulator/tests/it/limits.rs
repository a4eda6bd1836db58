use std::time::{Duration, Instant};

use reqwest::Response;
use serde_json::json;
use tokio::task::JoinSet;

use crate::pbx::Pbx;

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
    pbx.switch(json!({"latency_ms": 60})).await;
    let started = Instant::now();
    pbx.get(DEFS, &token).await;
    assert!(started.elapsed() >= Duration::from_millis(60));
    pbx.switch(json!({"latency_ms": 0, "jitter_ms": 60})).await;
    for _ in 0..8 {
        pbx.get(DEFS, &token).await;
    }
    let log = pbx.log().await;
    let times: Vec<_> =
        log["requests"].as_array().unwrap()[2..].iter().map(|row| row["ms"].as_u64().unwrap()).collect();
    let (least, most) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    assert!(most - least >= 10, "{times:?}");
}

#[tokio::test]
async fn requests_at_once_are_counted() {
    let pbx = Pbx::switched(json!({"latency_ms": 100})).await;
    let token = pbx.token().await;
    at_once(&pbx, &token, 5).await;
    let log = pbx.log().await;
    assert_eq!(log["max_in_flight"], 5);
    let peak = log["requests"].as_array().unwrap().iter().map(|row| row["peak"].as_u64().unwrap()).max();
    assert_eq!(peak, Some(5));
}

#[tokio::test]
async fn too_many_at_once_are_refused() {
    let pbx = Pbx::switched(json!({"latency_ms": 150, "max_concurrent": 3})).await;
    let token = pbx.token().await;
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
    tokio::time::sleep(Duration::from_millis(1050)).await;
    assert_eq!(pbx.get(DEFS, &token).await.status(), 200);
}
