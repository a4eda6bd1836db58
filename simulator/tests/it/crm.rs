use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use reqwest::Method;
use serde_json::{Value, json};

use crate::pbx::Pbx;

const TEMPLATE: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<Crm Country="Global" Name="Mine" Version="7" SupportsEmojis="true" SupportsTranscription="true">
  <Number Prefix="Plus" MaxLength=""/>
  <Connection MaxConcurrentRequests="8"/>
  <Parameters>
    <Parameter Name="Url" Type="String" Parent="" Editor="String" Title="URL" Default="http://nowhere.invalid"/>
    <Parameter Name="Secret" Type="Password" Parent="" Editor="String" Title="Secret" Default=""/>
  </Parameters>
  <Authentication Type="No"/>
  <Scenarios>
    <Scenario Id="" Type="REST">
      <Request SkipIf="" Url="[Url]" RequestEncoding="Json" RequestType="Post" ResponseType="Json">
        <Headers><Value Key="X-Secret">[Secret]</Value></Headers>
        <PostValues><Value Key="number" Passes="0" Type="String">[Number]</Value></PostValues>
      </Request>
      <Rules><Rule Type="Any" Ethalon="">url</Rule></Rules>
      <Variables><Variable Name="Link" Path="url"/><Variable Name="Who" Path="name"/></Variables>
      <Outputs AllowEmpty="false">
        <Output Type="ContactUrl" Passes="0" Value="[Link]"/>
        <Output Type="LastName" Passes="0" Value="[Who]"/>
        <Output Type="PhoneBusiness" Passes="0" Value="[Number]"/>
      </Outputs>
    </Scenario>
  </Scenarios>
</Crm>"#;

/// A CRM that notes what it is asked, and has one answer.
async fn crm(answer: Value) -> (String, Arc<Mutex<Vec<(String, Value)>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let work = async move |headers: HeaderMap, body: String| {
        let secret = headers.get("X-Secret").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        noted.lock().unwrap().push((secret, serde_json::from_str(&body).unwrap()));
        let status = if answer.is_null() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        (status, answer.to_string())
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(work))).await });
    (url, asked)
}

async fn control(pbx: &Pbx, path: &str, body: impl Into<reqwest::Body>) -> (StatusCode, Value) {
    let answer = pbx.client.post(format!("{}/_simulator/crm/{path}", pbx.address)).body(body).send().await.unwrap();
    let status = answer.status();
    (status, answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn a_template_is_worked_as_it_says() {
    let pbx = Pbx::start().await;
    let (url, asked) = crm(json!({"url": "https://crm/1", "name": "[Number]"})).await;
    assert_eq!(control(&pbx, "occasion", r#"{"scenario": ""}"#).await.0, StatusCode::BAD_REQUEST);
    let (status, view) = control(&pbx, "template", TEMPLATE).await;
    assert_eq!((status, &view["name"], &view["scenarios"]), (StatusCode::OK, &json!("Mine"), &json!([""])));
    let entered = json!({"Secret": "s3", "Url": url}).to_string();
    assert_eq!(control(&pbx, "parameters", entered).await.0, StatusCode::NO_CONTENT);
    assert_eq!(control(&pbx, "parameters", r#"{"Other": ""}"#).await.0, StatusCode::BAD_REQUEST);
    // What was entered outlives another upload.
    assert_eq!(control(&pbx, "template", TEMPLATE).await.0, StatusCode::OK);
    let call = r#"{"scenario": "", "variables": {"Number": "+4930"}}"#;
    let outcome = control(&pbx, "occasion", call).await.1;
    assert_eq!(
        outcome["contact"],
        json!({"ContactUrl": "https://crm/1", "LastName": "[Number]", "PhoneBusiness": "+4930"})
    );
    pbx.switch(json!({"crm_number": "zeros"})).await;
    control(&pbx, "occasion", call).await;
    let asked = asked.lock().unwrap();
    assert_eq!(*asked, [("s3".to_owned(), json!({"number": "+4930"})), ("s3".to_owned(), json!({"number": "004930"}))]);
}

#[tokio::test]
async fn it_posts_again_as_often_as_it_is_told_and_shows_nobody() {
    let pbx = Pbx::start().await;
    let (url, asked) = crm(Value::Null).await;
    control(&pbx, "template", TEMPLATE).await;
    control(&pbx, "parameters", json!({"Url": url}).to_string()).await;
    pbx.switch(json!({"crm_retries": 2})).await;
    let outcome = control(&pbx, "occasion", r#"{"scenario": "", "agents": ["101", "102"]}"#).await.1;
    assert_eq!((outcome["posts"].as_array().unwrap().len(), &outcome["contact"]), (6, &Value::Null));
    assert_eq!(asked.lock().unwrap().len(), 6);
    let other = control(&pbx, "occasion", r#"{"scenario": "ReportCall"}"#).await.1;
    assert_eq!(other["posts"], json!([]));
}

#[tokio::test]
async fn a_file_of_a_wrong_format_is_refused_and_the_one_before_stays() {
    let pbx = Pbx::start().await;
    control(&pbx, "template", TEMPLATE).await;
    let wrong = TEMPLATE.replace("Key=", "Name=");
    let (status, answer) = control(&pbx, "template", wrong).await;
    assert_eq!((status, answer), (StatusCode::BAD_REQUEST, json!({"message": "<Value> has no attribute Name"})));
    assert_eq!(control(&pbx, "occasion", r#"{"scenario": "ReportChat"}"#).await.0, StatusCode::OK);
    let _ = pbx.send(Method::POST, "/_simulator/reset", "", None).await;
    assert_eq!(control(&pbx, "occasion", r#"{"scenario": ""}"#).await.0, StatusCode::BAD_REQUEST);
}
