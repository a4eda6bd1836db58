//! The control API: what a test reads and sets. It is no part of the PBX.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::crm::{Crm, Outcome};
use crate::fault::Faults;
use crate::switches::Switches;
use crate::world::Shared;

/// Start of the control API's paths.
pub(crate) const PREFIX: &str = "/_simulator";

type Access = State<Arc<Shared>>;

/// The routes of the control API.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let routes = Router::new()
        .route("/log", get(log).delete(clear_log))
        .route("/ledger", get(ledger))
        .route("/switches", get(switches).patch(change_switches))
        .route("/faults", get(faults).post(set_faults))
        .route("/records", post(set_records))
        .route("/reset", post(reset))
        .route("/outage", post(outage))
        .route("/crm/template", post(upload_template))
        .route("/crm/parameters", post(enter_parameters))
        .route("/crm/occasion", post(meet_occasion))
        // A day of a large PBX is longer than what a server takes by default.
        .layer(DefaultBodyLimit::disable());
    Router::new().nest(PREFIX, routes).with_state(shared)
}

async fn log(State(shared): Access) -> Response {
    json_response(&shared.lock().log.view())
}

async fn clear_log(State(shared): Access) -> StatusCode {
    shared.lock().log.clear();
    StatusCode::NO_CONTENT
}

async fn ledger(State(shared): Access) -> Response {
    json_response(&json!({"applied": shared.lock().directory.ledger()}))
}

async fn switches(State(shared): Access) -> Json<Switches> {
    Json(shared.lock().switches.clone())
}

async fn change_switches(State(shared): Access, body: Bytes) -> Result<Json<Switches>, Refusal> {
    let change: Map<String, Value> = read(&body)?;
    let mut world = shared.lock();
    let changed = world.switches.changed(&change).map_err(Refusal)?;
    world.switch(changed.clone());
    Ok(Json(changed))
}

async fn faults(State(shared): Access) -> Response {
    json_response(&json!({"faults": shared.lock().faults.view()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultList {
    faults: Vec<Value>,
}

async fn set_faults(State(shared): Access, body: Bytes) -> Result<StatusCode, Refusal> {
    let list: FaultList = read(&body)?;
    shared.lock().faults = Faults::read(list.faults).map_err(Refusal)?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a set or a report has from now on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Records {
    path: String,
    records: Vec<Map<String, Value>>,
}

async fn set_records(State(shared): Access, body: Bytes) -> Result<StatusCode, Refusal> {
    let Records { path, records } = read(&body)?;
    shared.lock().store.put(&path, records);
    Ok(StatusCode::NO_CONTENT)
}

async fn reset(State(shared): Access) -> StatusCode {
    shared.lock().reset();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outage {
    ms: u64,
}

async fn outage(State(shared): Access, body: Bytes) -> Result<StatusCode, Refusal> {
    let outage: Outage = read(&body)?;
    shared.lock().begin_outage(Duration::from_millis(outage.ms), Instant::now());
    shared.outage_begins.notify_waiters();
    Ok(StatusCode::NO_CONTENT)
}

/// Uploads a template in the place of the one before.
async fn upload_template(State(shared): Access, xml: String) -> Result<Json<Value>, Refusal> {
    let mut world = shared.lock();
    let crm = Crm::upload(&xml, world.crm.as_ref()).map_err(Refusal)?;
    let view = crm.view();
    world.crm = Some(crm);
    Ok(Json(view))
}

async fn enter_parameters(State(shared): Access, body: Bytes) -> Result<StatusCode, Refusal> {
    let values = read(&body)?;
    let mut world = shared.lock();
    world.crm.as_mut().ok_or_else(no_template)?.enter(values).map_err(Refusal)?;
    Ok(StatusCode::NO_CONTENT)
}

/// A call ends, or comes in: the answer comes when all that is posted has been answered.
async fn meet_occasion(State(shared): Access, body: Bytes) -> Result<Json<Outcome>, Refusal> {
    let occasion = read(&body)?;
    let (crm, switches) = {
        let world = shared.lock();
        (world.crm.clone().ok_or_else(no_template)?, world.switches.clone())
    };
    crm.meet(occasion, &switches).await.map(Json).map_err(Refusal)
}

fn no_template() -> Refusal {
    Refusal("no template was uploaded".to_owned())
}

/// 400 with what is wrong.
struct Refusal(String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, Json(json!({"message": self.0}))).into_response()
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal(error.to_string()))
}

fn json_response(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
