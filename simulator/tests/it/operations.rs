//! Operations that are answered from their definition.

use axum::http::Method;
use serde_json::{Value, json};

use crate::pbx::Pbx;

const NEWEST: &str = "20.0.10.1";

async fn newest() -> (Pbx, String) {
    let pbx = Pbx::switched(json!({ "build": NEWEST })).await;
    let token = pbx.token().await;
    (pbx, token)
}

#[tokio::test]
async fn users_are_made_changed_listed_and_deleted() {
    let (pbx, token) = newest().await;
    let send = |method, path: &str, body| {
        let path = path.to_owned();
        let (pbx, token) = (&pbx, &token);
        async move { pbx.send(method, &path, token, body).await }
    };
    let made =
        send(Method::POST, "/xapi/v1/Users", Some(json!({"FirstName": "Ann", "EmailAddress": "ann@example.com"})))
            .await;
    assert_eq!(made.status(), 201);
    let user: Value = made.json().await.unwrap();
    let (id, number) = (user["Id"].as_i64().unwrap(), user["Number"].as_str().unwrap().to_owned());
    let again = send(Method::POST, "/xapi/v1/Users", Some(json!({"EmailAddress": "ann@example.com"}))).await;
    assert_eq!(again.status(), 400);
    assert!(again.text().await.unwrap().contains("EmailAddress:\\nWARNINGS.XAPI.ALREADY_IN_USE"));
    let path = format!("/xapi/v1/Users({id})");
    assert_eq!(send(Method::PATCH, &path, Some(json!({"FirstName": "Bea"}))).await.status(), 204);
    assert_eq!(send(Method::PATCH, &path, Some(json!({"Number": "1"}))).await.status(), 400);
    let found = send(Method::GET, &format!("/xapi/v1/Users(Number='{number}')?$select=FirstName"), None).await;
    assert_eq!(found.json::<Value>().await.unwrap()["FirstName"], "Bea");
    let listed = send(Method::GET, "/xapi/v1/Users?$filter=FirstName%20eq%20'Bea'&$count=true", None).await;
    assert_eq!(listed.json::<Value>().await.unwrap()["@odata.count"], 1);
    assert_eq!(send(Method::DELETE, &path, None).await.status(), 204);
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(send(method, &path, None).await.status(), 404);
    }
}

#[tokio::test]
async fn common_sets_keep_what_is_done_to_them() {
    let (pbx, token) = newest().await;
    let send = async |method, path: &str, body| pbx.send(method, path, &token, body).await;
    for (set, field) in [
        ("Groups", "Name"),
        ("Queues", "Name"),
        ("RingGroups", "Name"),
        ("Trunks", "ExternalNumber"),
        ("InboundRules", "RuleName"),
        ("Contacts", "LastName"),
        ("Holidays", "Name"),
        ("Parkings", "Number"),
    ] {
        let set = format!("/xapi/v1/{set}");
        let made = send(Method::POST, &set, Some(json!({ field: "4711" }))).await;
        assert_eq!(made.status(), 201, "{set}");
        let made: Value = made.json().await.unwrap();
        assert_eq!(made[field], "4711", "{set}");
        let one = format!("{set}({})", made["Id"]);
        let listed = pbx.get_json(&format!("{set}?$filter={field}%20eq%20'4711'&$count=true"), &token).await;
        assert_eq!(listed["@odata.count"], 1, "{set}");
        if field != "Number" {
            assert_eq!(send(Method::PATCH, &one, Some(json!({ field: "4712" }))).await.status(), 204, "{set}");
            assert_eq!(pbx.get_json(&one, &token).await[field], "4712", "{set}");
        }
        assert_eq!(send(Method::DELETE, &one, None).await.status(), 204, "{set}");
        assert_eq!(send(Method::GET, &one, None).await.status(), 404, "{set}");
    }
    for set in ["Recordings", "CallHistoryView"] {
        let listed = pbx.get_json(&format!("/xapi/v1/{set}?$top=2&$count=true"), &token).await;
        assert_eq!(listed["value"].as_array().unwrap().len(), 2, "{set}");
        assert!(listed["@odata.count"].as_u64().unwrap() > 2, "{set}");
    }
}

#[tokio::test]
async fn bad_bodies_are_refused() {
    let (pbx, token) = newest().await;
    for (body, status) in [
        (json!({"FirstName": 5}), 500),
        (json!({"Enabled": "yes"}), 500),
        (json!({"Unheard": 1}), 400),
        (json!([]), 400),
        (json!({"Groups": [{"GroupId": "x"}]}), 500),
        (json!({"Mobile": null, "Groups": []}), 204),
    ] {
        let answer = pbx.send(Method::PATCH, "/xapi/v1/Users(1)", &token, Some(body.clone())).await;
        assert_eq!(answer.status().as_u16(), status, "{body}");
    }
}

#[tokio::test]
async fn functions_want_their_arguments_in_order_and_files_have_names() {
    let (pbx, token) = newest().await;
    let report = "/xapi/v1/ReportInboundCalls/Pbx.GetInboundCalls";
    let right = "(periodFrom=2026-01-01T00:00:00Z,periodTo=2026-02-01T00:00:00Z,trunkDns='',callsType=0)";
    let other = "(periodTo=2026-02-01T00:00:00Z,periodFrom=2026-01-01T00:00:00Z,trunkDns='',callsType=0)";
    for (path, status) in [
        (format!("{report}{right}?$top=1000"), 200),
        (format!("{report}{other}"), 404),
        (report.to_owned(), 404),
        ("/xapi/v1/Users?$top=101".to_owned(), 400),
    ] {
        assert_eq!(pbx.get(&path, &token).await.status().as_u16(), status, "{path}");
    }
    let file = pbx.get("/xapi/v1/Recordings/Pbx.DownloadRecording(recId=1)", &token).await;
    assert_eq!(file.headers()["content-type"], "audio/x-wav");
    assert_eq!(file.headers()["content-disposition"], "attachment; filename=\"DownloadRecording.wav\"");
    assert!(file.bytes().await.unwrap().starts_with(b"RIFF"));
}

#[tokio::test]
async fn who_may_not_is_refused() {
    for (role, personal, path, status) in [
        ("owner", false, "MyUser", 403),
        ("owner", true, "MyUser", 200),
        ("admin", false, "Recordings", 403),
        ("admin", false, "Users", 200),
        ("user", false, "Users", 403),
    ] {
        let pbx = Pbx::switched(json!({ "build": NEWEST, "role": role, "personal": personal })).await;
        let token = pbx.token().await;
        let answer = pbx.get(&format!("/xapi/v1/{path}"), &token).await;
        assert_eq!(answer.status().as_u16(), status, "{role} {path}");
    }
}

#[tokio::test]
async fn headers_that_actions_cannot_stand_give_500() {
    let (pbx, token) = newest().await;
    let url = format!("{}/xapi/v1/Services/Pbx.RestartOperatingSystem", pbx.address);
    let plain = pbx.client.post(&url).bearer_auth(&token).send().await.unwrap();
    assert_eq!(plain.status(), 204);
    let odd = pbx.client.post(&url).bearer_auth(&token).header("Prefer", "return=minimal").send().await.unwrap();
    assert_eq!(odd.status(), 500);
}
