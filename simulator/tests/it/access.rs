use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::pbx::{KEY, Pbx, REPLACE};

#[tokio::test]
async fn defs_is_the_probe() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    let answer = pbx.get("/xapi/v1/Defs?$select=Id", &token).await;
    assert_eq!(answer.headers()["x-3cx-version"], "20.0.9.995");
    assert_eq!(
        answer.headers()["content-type"],
        "application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8"
    );
    let context = format!("{}/xapi/v1/$metadata#Defs(Id)", pbx.address);
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({"@odata.context": context, "Id": 0}));
}

#[tokio::test]
async fn system_status_shows_the_key_unless_told_what_to_select() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    assert!(pbx.get_json("/xapi/v1/SystemStatus", &token).await["LicenseKey"].is_string());
    let selected = pbx.get_json("/xapi/v1/SystemStatus?$select=FQDN,Version", &token).await;
    let names: Vec<_> = selected.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["@odata.context", "FQDN", "Version"]);
}

#[tokio::test]
async fn license_status_tells_the_edition() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    let status = pbx.get_json("/xapi/v1/LicenseStatus", &token).await;
    assert_eq!(status["ProductCode"], "3CXPSPROFENTSPLA");
    assert!(status["MaintenanceExpiresAt"].is_string());
    pbx.switch(json!({"edition": "pro", "license_gate": "token_403"})).await;
    let status = pbx.get_json("/xapi/v1/LicenseStatus?$select=ProductCode", &token).await;
    assert_eq!(status["ProductCode"], "3CXPSPROFSPLA");
}

#[tokio::test]
async fn the_build_is_in_the_header_and_decides_what_exists() {
    let pbx = Pbx::switched(json!({"build": "20.0.8.1109"})).await;
    let token = pbx.token().await;
    let answer = pbx.get("/xapi/v1/Groups(28)", &token).await;
    assert_eq!(answer.headers()["x-3cx-version"], "20.0.8.1109");
    let group: Value = answer.json().await.unwrap();
    assert!(group["Props"].get("DepartmentContactsMaxCount").is_none());
    assert!(group["Props"].get("TrunksMaxCount").is_some());
    let path = "/xapi/v1/Groups?$filter=Props/DepartmentContactsMaxCount eq 1";
    assert!(pbx.refusal(path, &token).await.contains("Could not find a property named"));
}

#[tokio::test]
async fn callers_without_a_token_are_refused() {
    let pbx = Pbx::start().await;
    for token in ["", "wrong"] {
        let answer = pbx.get("/xapi/v1/Groups", token).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers()["www-authenticate"], "Bearer error=\"invalid_token\"");
        assert_eq!(answer.text().await.unwrap(), "");
    }
}

#[tokio::test]
async fn roles_open_and_close_doors() {
    let paths = ["Defs", "Groups", "Groups(28)", "Groups/$count", "SystemStatus", "LicenseStatus"];
    for (role, expected, replaced) in
        [("owner", [200; 6], 204), ("admin", [200; 6], 403), ("user", [200, 403, 403, 403, 403, 403], 403)]
    {
        let pbx = Pbx::switched(json!({"role": role})).await;
        let token = pbx.token().await;
        for (path, expected) in paths.iter().zip(expected) {
            let answer = pbx.get(&format!("/xapi/v1/{path}"), &token).await;
            assert_eq!(answer.status().as_u16(), expected, "{role} {path}");
        }
        assert_eq!(pbx.replace(&token, "28", KEY).await.status().as_u16(), replaced, "{role}");
    }
}

#[tokio::test]
async fn unknown_paths_are_not_found_and_wrong_methods_not_allowed() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    for path in ["/xapi/v1/Groups(1)", "/xapi/v1/CallLogData", "/xapi/v1/Groups('28')", "/elsewhere"] {
        let answer = pbx.get(path, &token).await;
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (404, String::new()), "{path}");
    }
    let answer = pbx.send(Method::POST, "/xapi/v1/$batch", &token, Some(json!({}))).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let answer = pbx.get(REPLACE, &token).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["allow"]), (405, &"POST".parse().unwrap()));
    let answer = pbx.send(Method::PUT, "/xapi/v1/Groups(28)", &token, None).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["allow"]), (405, &"DELETE, GET, PATCH".parse().unwrap()));
}

#[tokio::test]
async fn bare_errors_can_have_a_body() {
    let pbx = Pbx::switched(json!({"error_body": "json"})).await;
    let token = pbx.token().await;
    let answer: Value = pbx.get("/xapi/v1/Groups(1)", &token).await.json().await.unwrap();
    assert_eq!(answer["error"]["message"], "Not Found");
    pbx.switch(json!({"error_body": "html"})).await;
    let answer = pbx.get("/xapi/v1/Groups", "wrong").await;
    assert!(answer.text().await.unwrap().contains("<title>401 Unauthorized</title>"));
}
