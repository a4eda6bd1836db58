//! The only room that knows JavaScript: [`execute`], and what it needs of the host.
//!
//! Every run has an instance of the module to itself. No borrow is held across a call that could come back in: the
//! host's callbacks only set flags or start a task.

mod host;
mod login;
mod outgoing;
mod rows;
mod run;
mod telling;
mod timer;

use js_sys::Array;
use serde::Deserialize;
use wasm_bindgen::prelude::*;

use crate::definition::{self, FLAGSHIP, Kind, Operation};
use crate::engine::{Job, Renewal, Session, Settings};
use crate::operation::form::{self, Part};
use crate::operation::{Rowwise, Task};
use crate::replace::{Options as LicenseOptions, Replacement, SendAs, Source};
use crate::rows::{Cell, Rows, folded};
use crate::secret::Secret;
use crate::xapi::base_url::BaseUrl;
use crate::xapi::error::Failure;
use crate::xapi::request::Method;
use host::{Files, Logins, Options, Wire};
use login::TokenSource;
use rows::JsRows;
use run::{Connection, Host, Run};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    #[serde(default)]
    base_url: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    client_secret: Option<String>,
}

/// The plain values among the options.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Values {
    resource: Option<String>,
    operation: Option<String>,
    concurrency: Option<f64>,
    requests_per_second: Option<f64>,
    timeout: Option<f64>,
    deadline: Option<f64>,
    progress_interval: Option<f64>,
    stop_on_error: bool,
    retry_on_fail: bool,
    fixed: Vec<String>,
    /// Give the entities that a person can choose from, rather than carry anything out.
    choices: bool,
}

/// A panic's message reaches the host as an exception; the instance is of no use afterwards.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| wasm_bindgen::throw_str(&info.to_string())));
}

/// Carries out one operation for every row. Never rejects for what a row or the PBX does: that is told row by row.
///
/// `logins`: what is shared between the runs of a process. `wire`: sends requests. `files`: where files go to and come from. `output`: takes the rows' items as they are finished.
#[wasm_bindgen]
pub async fn execute(
    items: Array,
    credentials: JsValue,
    options: JsValue,
    logins: Logins,
    wire: Wire,
    files: Files,
    output: Array,
) -> Result<(), JsValue> {
    let values: Values =
        if options.is_object() { serde_wasm_bindgen::from_value(options.clone())? } else { Values::default() };
    let options: Options = options.unchecked_into();
    let mut rows = JsRows::new(items, options.parameters(), values.fixed.clone());
    let operation = operation(values.resource.as_deref(), values.operation.as_deref())?;
    let settings = settings(&values);
    let mut connection = connection(credentials)?;
    if values.retry_on_fail && changes(operation, &values, &mut rows) {
        connection.session = Session::refused(Failure::WouldBeRepeated);
    }
    let job = job(operation, &values, &mut rows);
    let progress_interval = values.progress_interval.map_or(telling::PROGRESS_INTERVAL, |value| value.max(0.0) as u64);
    let host = Host { options, logins, wire, files, output, progress_interval };
    Run::new(job, rows, settings, connection, host).finish().await;
    Ok(())
}

fn job(operation: &'static Operation, values: &Values, rows: &mut JsRows) -> Box<dyn Job> {
    match (operation.kind, operation.locator) {
        (_, Some(locator)) if values.choices => Box::new(Rowwise::new(Task::Choose(locator))),
        (Kind::ReplaceGroupLicense, _) => Box::new(Replacement::new(operation.path, license_options(rows))),
        (Kind::Generic | Kind::CustomRequest | Kind::Upload, _) => Box::new(Rowwise::new(Task::Do(operation))),
    }
}

/// Whether a run may change something.
fn changes(operation: &Operation, values: &Values, rows: &mut JsRows) -> bool {
    match operation.kind {
        _ if values.choices => false,
        Kind::ReplaceGroupLicense => !license_options(rows).dry_run,
        Kind::CustomRequest => {
            let method = first_parameter(rows, "method").into_text();
            !(rows.is_fixed("method") && method.is_none_or(|method| method == "GET"))
        }
        Kind::Generic | Kind::Upload => operation.method != Method::Get,
    }
}

fn operation(resource: Option<&str>, name: Option<&str>) -> Result<&'static Operation, JsValue> {
    let (resource, name) = (resource.unwrap_or(FLAGSHIP.0), name.unwrap_or(FLAGSHIP.1));
    definition::operation(resource, name)
        .ok_or_else(|| js_sys::Error::new(&format!("There is no operation “{name}” of “{resource}”")).into())
}

/// What a part of an operation's form offers, as JSON text: a list in n8n's words.
#[wasm_bindgen]
pub fn offers(resource: &str, name: &str, part: &str) -> Result<String, JsValue> {
    let part = match part {
        "arguments" => Part::Arguments,
        "fields" => Part::Fields,
        "filter" => Part::Filter,
        "select" => Part::Select,
        "expand" => Part::Expand,
        other => return Err(js_sys::Error::new(&format!("A form has no part “{other}”")).into()),
    };
    let offered = form::offers(operation(Some(resource), Some(name))?, part);
    Ok(serde_json::Value::from(offered).to_string())
}

fn first_parameter(rows: &mut JsRows, name: &str) -> Cell {
    if rows.is_empty() { Cell::Empty } else { rows.parameter(0, name).unwrap_or(Cell::Empty) }
}

/// What holds for the whole run is read from the first row's form.
fn license_options(rows: &mut JsRows) -> LicenseOptions {
    let fixed_group = rows.is_fixed("groupId");
    let mut parameter = |name: &str| first_parameter(rows, name);
    let mut column = |name: &str| parameter(name).into_filled_text().map(|name| folded(&name));
    let (group, key) = (column("groupColumn"), column("licenseKeyColumn"));
    let source = match parameter("rowsFrom").into_text().as_deref() {
        Some("fields") => Source::Fields { fixed_group },
        _ => Source::Columns { group, key },
    };
    let send_as = match parameter("sendGroupAs").into_text().as_deref() {
        Some("number") => SendAs::Number,
        _ => SendAs::Id,
    };
    LicenseOptions {
        source,
        dry_run: parameter("dryRun").is_true(),
        confirm: parameter("confirm") != Cell::Bool(false),
        send_as,
    }
}

fn settings(values: &Values) -> Settings {
    let default = Settings::default();
    let at_least = |value: Option<f64>, least: f64| value.filter(|value| *value >= least);
    Settings {
        concurrency: at_least(values.concurrency, 1.0).map_or(default.concurrency, |value| value as usize),
        per_second: at_least(values.requests_per_second, 0.0).unwrap_or(default.per_second),
        timeout: at_least(values.timeout, 1.0).map_or(default.timeout, |value| value as u64),
        deadline: at_least(values.deadline, 1.0).map(|value| value as u64),
        stop_on_error: values.stop_on_error,
        seed: js_sys::Math::random().to_bits(),
    }
}

fn connection(credentials: JsValue) -> Result<Connection, JsValue> {
    let functions = credentials.is_object().then(|| credentials.clone().unchecked_into::<host::Credentials>());
    let (refresh, reread) = functions.map_or((None, None), |functions| (functions.refresh(), functions.reread()));
    let values: Credentials = serde_wasm_bindgen::from_value(credentials)?;
    let refused = |failure| Connection { base: None, tokens: TokenSource::None, session: Session::refused(failure) };
    let base = match BaseUrl::parse(values.base_url.as_deref().unwrap_or_default()) {
        Ok(base) => base,
        Err(fault) => return Ok(refused(Failure::BadAddress(fault))),
    };
    let filled = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let (tokens, renewal) = match (refresh, filled(values.client_id), filled(values.client_secret)) {
        (Some(refresh), _, _) => {
            let renewal = if reread.is_some() { Renewal::Shared } else { Renewal::LogIn };
            (TokenSource::Host { refresh, reread }, renewal)
        }
        (None, Some(id), Some(secret)) => (TokenSource::Client { id, secret: Secret::new(secret) }, Renewal::LogIn),
        _ => (TokenSource::None, Renewal::Never),
    };
    let session = match login::usable(values.access_token) {
        Some(token) => Session::with_token(token, renewal),
        None if renewal == Renewal::Never => return Ok(refused(Failure::NoCredentials)),
        None => Session::with_login(renewal),
    };
    Ok(Connection { base: Some(base), tokens, session })
}
