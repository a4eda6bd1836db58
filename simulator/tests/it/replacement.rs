use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::pbx::{KEY, OTHER_KEY, Pbx, REPLACE, message, until};

async fn props(pbx: &Pbx, token: &str) -> Value {
    pbx.get_json("/xapi/v1/Groups(29)?$select=Props", token).await["Props"].clone()
}

#[tokio::test]
async fn a_good_key_changes_the_props_of_its_group_only() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    let before = pbx.get_json("/xapi/v1/Groups", &token).await["value"].clone();
    let answer = pbx.replace(&token, "29", KEY).await;
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (204, String::new()));
    let after = pbx.get_json("/xapi/v1/Groups", &token).await["value"].clone();
    for (at, (before, after)) in before.as_array().unwrap().iter().zip(after.as_array().unwrap()).enumerate() {
        assert_eq!(before != after, at == 1);
    }
    for name in ["Subscription", "SubscriptionType", "SubcriptionExpireDate", "StartupLicense"] {
        assert!(after[1]["Props"][name].is_string(), "{name}");
    }
    assert!(!after.to_string().contains(KEY), "no answer shows a key");
    assert_eq!(pbx.ledger().await, json!([{"n": 1, "group_id": 29, "group_number": "GRP0001", "licenseKey": KEY}]));
}

#[tokio::test]
async fn the_same_key_again_is_fine_and_changes_nothing() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    pbx.replace(&token, "GRP0001", KEY).await;
    let first = props(&pbx, &token).await;
    assert_eq!(pbx.replace(&token, "29", KEY).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(props(&pbx, &token).await, first);
    assert_eq!(pbx.ledger().await.as_array().unwrap().len(), 1);
    pbx.replace(&token, "29", OTHER_KEY).await;
    assert_ne!(props(&pbx, &token).await, first);
    let log = pbx.log().await;
    let applied: Vec<_> = log["requests"].as_array().unwrap().iter().map(|row| row["applied"].clone()).collect();
    assert_eq!(json!(applied), json!([null, true, null, false, null, true, null]));
}

#[tokio::test]
async fn group_ids_are_of_the_kind_that_the_switch_says() {
    for (kind, by_id, by_number) in [("id", 204, 400), ("number", 400, 204), ("either", 204, 204)] {
        let pbx = Pbx::switched(json!({"group_id_kind": kind})).await;
        let token = pbx.token().await;
        assert_eq!(pbx.replace(&token, "29", KEY).await.status().as_u16(), by_id, "{kind}");
        assert_eq!(pbx.replace(&token, "GRP0002", KEY).await.status().as_u16(), by_number, "{kind}");
    }
}

#[tokio::test]
async fn refusals_have_their_codes() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    for (group, key, expected) in [
        ("29", "0000-AAAA-1111-ZZZZ", "licenseKey:\nWARNINGS.LICENSE_NOT_FOUND"),
        ("29", "not a key", "licenseKey:\nWARNINGS.LICENSE_NOT_FOUND"),
        ("29", "EDIT-AAAA-1111-ZZZZ", "licenseKey:\nWARNINGS.XAPI.INVALID_LICENSE_TYPE"),
        ("29", "ERPX-AAAA-1111-ZZZZ", "WARNINGS.ERP_SERVER_ERROR"),
        ("29", "LIMT-AAAA-1111-ZZZZ", "WARNINGS.LIMIT_REACHED"),
        ("29", "", "licenseKey:\nWARNINGS.XAPI.REQUIRED"),
        ("", KEY, "groupId:\nWARNINGS.XAPI.REQUIRED"),
        ("GRP9999", KEY, "groupId:\nWARNINGS.XAPI.NOT_FOUND"),
    ] {
        assert_eq!(message(pbx.replace(&token, group, key).await).await, expected, "{group} {key}");
    }
    assert_eq!(pbx.ledger().await, json!([]));
}

#[tokio::test]
async fn bodies_that_do_not_fit_are_refused() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    for (body, expected) in [
        (None, "groupId:\nThe groupId field is required."),
        (Some(json!([])), "groupId:\nThe groupId field is required."),
        (Some(json!({"groupId": 29, "licenseKey": KEY})), "groupId:\nThe groupId field is required."),
        (Some(json!({"groupId": "29", "licenseKey": 1})), "licenseKey:\nThe licenseKey field is required."),
        (Some(json!({"groupId": "29"})), "licenseKey:\nWARNINGS.XAPI.REQUIRED"),
        (Some(json!({"groupId": "29", "licenseKey": null})), "licenseKey:\nWARNINGS.XAPI.REQUIRED"),
    ] {
        let shown = format!("{body:?}");
        let answer = pbx.send(Method::POST, REPLACE, &token, body).await;
        assert_eq!(message(answer).await, expected, "{shown}");
    }
}

#[tokio::test]
async fn odata_headers_on_an_action_break_it() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    for header in ["Prefer", "OData-Version"] {
        let request = pbx.client.post(format!("{}{REPLACE}", pbx.address)).bearer_auth(&token);
        let request = request.header(header, "4.0").json(&json!({"groupId": "29", "licenseKey": KEY}));
        let answer = request.send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (500, String::new()));
    }
}

#[tokio::test]
async fn a_single_company_refuses() {
    let pbx = Pbx::switched(json!({"multi_company": false})).await;
    let token = pbx.token().await;
    let answer = pbx.replace(&token, "29", KEY).await;
    assert_eq!(message(answer).await, "WARNINGS.XAPI.MCM_MODE_REQUIRED");
}

#[tokio::test]
async fn unknown_groups_can_be_not_found() {
    let pbx = Pbx::switched(json!({"unknown_group": "404"})).await;
    let token = pbx.token().await;
    assert_eq!(pbx.replace(&token, "GRP9999", KEY).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn props_can_follow_late() {
    let pbx = Pbx::switched(json!({"props_delay_ms": 1500})).await;
    let token = pbx.token().await;
    let before = props(&pbx, &token).await;
    assert_eq!(pbx.replace(&token, "29", KEY).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(props(&pbx, &token).await, before);
    until(async || props(&pbx, &token).await != before).await;
}
