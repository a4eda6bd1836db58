use reqwest::StatusCode;
use serde_json::{Value, json};
use threecx_simulator::Switches;

use crate::pbx::Pbx;

async fn big() -> (Pbx, String) {
    let pbx = Pbx::with(Switches { groups: 250, ..Switches::default() }).await;
    let token = pbx.token().await;
    (pbx, token)
}

fn rows(list: &Value) -> &Vec<Value> {
    list["value"].as_array().unwrap()
}

#[tokio::test]
async fn a_list_is_cut_at_a_hundred_without_a_link() {
    let (pbx, token) = big().await;
    let list = pbx.get_json("/xapi/v1/Groups", &token).await;
    assert_eq!(rows(&list).len(), 100);
    assert_eq!(list["@odata.context"], format!("{}/xapi/v1/$metadata#Groups", pbx.address));
    assert!(list.get("@odata.nextLink").is_none() && list.get("@odata.count").is_none());
    let default = &rows(&list)[0];
    assert_eq!(
        (&default["Id"], &default["Number"], &default["Name"], &default["IsDefault"]),
        (&json!(28), &json!("GRP0000"), &json!("DEFAULT"), &json!(true))
    );
    pbx.switch(json!({"page_size": 50})).await;
    assert_eq!(rows(&pbx.get_json("/xapi/v1/Groups", &token).await).len(), 50);
}

#[tokio::test]
async fn pages_cover_everything_once() {
    let (pbx, token) = big().await;
    let mut names = Vec::new();
    for skip in [0, 100, 200, 300] {
        let path =
            format!("/xapi/v1/Groups?%24top=100&%24skip={skip}&%24orderby=Name%20desc&%24select=Name&%24count=true");
        let list = pbx.get_json(&path, &token).await;
        assert_eq!(list["@odata.count"], 251);
        names.extend(rows(&list).iter().map(|row| row["Name"].as_str().unwrap().to_owned()));
    }
    assert_eq!(names.len(), 251);
    assert!(names.is_sorted_by(|left, right| left > right));
    assert!(names.contains(&"___FAVORITES___100".to_owned()));
}

#[tokio::test]
async fn too_large_a_page_is_refused() {
    let (pbx, token) = big().await;
    let text = "The query specified in the URI is not valid. The limit of '100' for Top query has been exceeded. \
                The value from the incoming request is '500'.";
    assert_eq!(pbx.refusal("/xapi/v1/Groups?$top=500", &token).await, text);
    pbx.switch(json!({"top_limit": 500})).await;
    assert_eq!(rows(&pbx.get_json("/xapi/v1/Groups?$top=500", &token).await).len(), 251);
}

#[tokio::test]
async fn filters_search_and_count_agree() {
    let (pbx, token) = big().await;
    let filter = "$filter=contains(tolower(Name),'o''neill')%20and%20Id%20gt%2028";
    let list = pbx.get_json(&format!("/xapi/v1/Groups?{filter}&$count=true&$top=1"), &token).await;
    let count = list["@odata.count"].as_u64().unwrap();
    assert!(count > 1);
    let text = pbx.get(&format!("/xapi/v1/Groups/$count?{filter}"), &token).await;
    assert_eq!(text.headers()["content-type"], "text/plain");
    assert_eq!(text.text().await.unwrap(), count.to_string());
    let found = pbx.get_json("/xapi/v1/Groups?$search=O'NEILL&$count=true", &token).await;
    assert_eq!(found["@odata.count"], count);
    let plus = pbx.get_json("/xapi/v1/Groups?$filter=Number+eq+'GRP0003'", &token).await;
    assert_eq!(rows(&plus).len(), 1);
    let inner = pbx.get_json("/xapi/v1/Groups?$filter=Props/Subscription eq 'StartUP Free'&$top=5", &token).await;
    assert_eq!(rows(&inner).len(), 5);
}

#[tokio::test]
async fn wrong_queries_are_refused_in_stock_words() {
    let (pbx, token) = big().await;
    let start = "The query specified in the URI is not valid. ";
    for (query, text) in [
        ("$filter=Nme eq 'x'", "Could not find a property named 'Nme' on type 'Pbx.Group'."),
        ("$select=Nme", "Could not find a property named 'Nme' on type 'Pbx.Group'."),
        ("$filter=Id eq", "Syntax error at position 5 in 'Id eq'."),
        ("$orderby=Name down", "Syntax error at position 0 in 'Name down'."),
        ("$compute=1", "The query parameter '$compute' is not supported."),
    ] {
        let refusal = pbx.refusal(&format!("/xapi/v1/Groups?{query}"), &token).await;
        assert_eq!(refusal, format!("{start}{text}"), "{query}");
    }
}

#[tokio::test]
async fn a_single_group_is_found_by_its_id() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    let group = pbx.get_json("/xapi/v1/Groups(29)?$select=Number,Props/StartupLicense", &token).await;
    let context = format!("{}/xapi/v1/$metadata#Groups(Number,Props/StartupLicense)/$entity", pbx.address);
    assert_eq!((&group["@odata.context"], &group["Number"]), (&json!(context), &json!("GRP0001")));
    assert_eq!(group["Props"].as_object().unwrap().len(), 1);
    assert_eq!(pbx.get("/xapi/v1/Groups%2828%29", &token).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn empty_properties_are_left_out_unless_switched() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    let group = pbx.get_json("/xapi/v1/Groups(28)", &token).await;
    assert!(group.get("CustomPrompt").is_none() && group["Props"].get("Fqdn").is_none());
    pbx.switch(json!({"send_nulls": true})).await;
    let group = pbx.get_json("/xapi/v1/Groups(28)", &token).await;
    assert_eq!((group.get("CustomPrompt"), group["Props"].get("Fqdn")), (Some(&Value::Null), Some(&Value::Null)));
}

#[tokio::test]
async fn navigation_is_sent_when_expanded() {
    let pbx = Pbx::start().await;
    let token = pbx.token().await;
    assert!(pbx.get_json("/xapi/v1/Groups(28)", &token).await.get("Members").is_none());
    let group = pbx.get_json("/xapi/v1/Groups(28)?$expand=Members,Rights($select=RoleName)", &token).await;
    assert_eq!((&group["Members"], &group["Rights"]), (&json!([]), &json!([])));
    assert!(pbx.refusal("/xapi/v1/Groups?$expand=People", &token).await.contains("'People'"));
}
