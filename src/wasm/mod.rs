//! The only room that knows JavaScript: [`execute`], and what it needs of the host.
//!
//! Every run has an instance of the module to itself. No borrow is held across a call that could come back in: the
//! host's callbacks only set flags or start a task.

pub mod breakdown;
pub mod crm;
mod host;
mod login;
mod objects;
mod outgoing;
mod parameters;
pub mod polling;
mod rows;
mod run;
mod telling;
mod timer;
mod values;
mod zone;

use call_engine::{Renewal, Settings};
use js_sys::{Array, Error, Map};
use wasm_bindgen::prelude::*;

use crate::AnyJob;
use crate::call_log::period::Clock;
use crate::call_log::{CallLog, Unit};
use crate::calls::log;
use crate::calls::moment::Moment;
use crate::definition::{self, Answer, FLAGSHIP, Kind, Operation};
use crate::n8n::form::{self, Part};
use crate::n8n::replaced::InWords;
use crate::n8n::{hints, misuse};
use crate::operation::{Rowwise, Task};
use crate::replace::{Memory, Replacement};
use crate::rows::{Cell, Rows};
use crate::secret::Secret;
use crate::xapi::base_url::BaseUrl;
use crate::xapi::error::Failure;
use crate::xapi::protocol::Session;
use host::{Files, HostSent, Logins, Most, Options, Wire};
use login::{Home, TokenSource};
use parameters::JsParameters;
use rows::JsRows;
use run::{Connection, Host, Run};
use values::Values;

/// A panic's message reaches the host as an exception; the instance is of no use afterwards.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| wasm_bindgen::throw_str(&info.to_string())));
}

/// Carries out one operation for every row. Never rejects for what a row or the PBX does: that is told row by row.
///
/// `logins`: what is shared between the runs of a process. `wire`: sends requests. `files`: where files go to and come
/// from. `output`: takes what each row gives as it is finished, an item or a list of them. Gives whether there is a list.
///
/// # Errors
///
/// What is wrong with the options or the credentials, before anything is sent; and what the host throws.
#[wasm_bindgen]
pub async fn execute(
    items: Array,
    credentials: JsValue,
    options: JsValue,
    logins: Logins,
    wire: Wire,
    files: Files,
    output: Array,
) -> Result<bool, JsValue> {
    let values = Values { of: &options };
    let (resource, name) = (values.text("resource")?, values.text("operation")?);
    let operation = operation(resource.as_deref(), name.as_deref())?;
    parameters::check_options(&options, operation)?;
    values.functions(&["fetch", "saveFile", "readFile", "onProgress", "onChange", "onFailed", "onHint"])?;
    values.signal("signal")?;
    let (choices, is_for_agent) = (values.flag("choices")?, values.flag("agent")?);
    let progress_interval = values.number("progressInterval")?.map_or(telling::PROGRESS_INTERVAL, |value| value as u64);
    let (retry_on_fail, fixed) = (values.flag("retryOnFail")?, values.names("fixed")?);
    let (uniform, timezone) = (values.names("uniform")?, values.text("timezone")?);
    let other_credential = values.number("otherCredential")?;
    let (in_loop, sent_before) = (values.flag("inLoop")?, values.flag("sentBefore")?);
    let rows_there = values.number("rowsThere")?.map_or(0, |rows| rows as usize);
    let repetition = match (retry_on_fail, sent_before) {
        (true, _) => Some(Failure::WouldBeRepeated),
        (false, true) => Some(Failure::SentBefore),
        (false, false) => None,
    };
    let default = Most::default();
    let sent = values.map("sent")?;
    let most = Most {
        text: values.number("maxAnswerBytes")?.map_or(default.text, |value| value as u64),
        file: values.number("maxFileBytes")?.map_or(default.file, |value| value as u64),
    };
    let mut connection = connection(credentials, &logins)?;
    let options: Options = options.clone().unchecked_into();
    let memory = memory(&options, connection.base.as_ref());
    let how = How { is_for_agent, in_loop, sent, only_reads: repetition.clone(), pbx: connection.base.clone() };
    let job = job(operation, choices, how, memory, timezone.as_deref())?;
    let parameters = JsParameters::new(options.parameters(), operation, choices)?;
    let mut rows = JsRows::new(items, parameters, fixed, files.to_json());
    let mut settings = settings(&values, gives_files(operation, &mut rows))?;
    // It is to show all that is wrong.
    settings.stop_on_error &= !is_dry_run(operation, &mut rows);
    let changes = !choices && changes(operation, &mut rows);
    if changes && let Some(why) = repetition {
        connection.session = Session::refused(why);
    }
    if let Some(difference) = difference(&mut rows, &uniform, &options).await {
        connection.session = Session::refused(difference);
    }
    if let Some(row) = other_credential {
        connection.session = Session::refused(Failure::CredentialDiffers { row: row as usize });
    }
    let hint = (changes && rows_there > rows.len()).then(|| hints::left_out(rows.len(), rows_there));
    let host = Host { options, logins, wire, files, output, progress_interval, most, hint };
    Ok(Run::new(job, rows, settings, connection, host).finish().await)
}

/// The setting, of those asked for, that is not the same in all rows: it holds for all of them, so which one is meant?
async fn difference(rows: &mut JsRows, uniform: &[String], options: &Options) -> Option<Failure> {
    // What cannot be read is the trouble of its row.
    let first: Vec<_> = uniform.iter().map(|name| (name, rows.parameter(0, name).ok())).collect();
    let mut since = host::now();
    let end = if first.is_empty() { 0 } else { rows.len() };
    for row in 1..end {
        for (name, value) in &first {
            if rows.parameter(row, name).is_ok_and(|found| value.as_ref().is_some_and(|value| *value != found)) {
                return Some(Failure::SettingDiffers { name: definition::label(name).to_owned(), row });
            }
        }
        if host::now().saturating_sub(since) >= timer::STRETCH {
            timer::turn().await;
            since = host::now();
            if options.signal().is_some_and(|signal| signal.aborted()) {
                return None;
            }
        }
    }
    None
}

/// How a job is done.
struct How {
    is_for_agent: bool,
    in_loop: bool,
    /// What runs of the same execution have sent, if the host keeps it.
    sent: Option<Map>,
    /// Why it must not change anything.
    only_reads: Option<Failure>,
    /// Where rows go, if that can be an address.
    pbx: Option<BaseUrl>,
}

fn job(
    operation: &'static Operation,
    choices: bool,
    how: How,
    memory: Option<Memory>,
    timezone: Option<&str>,
) -> Result<AnyJob, JsValue> {
    let calls = |told| {
        let (resource, name) = log::OPERATION;
        let clock = Clock { now: js_sys::Date::now() as Moment, ahead: zone::ahead(timezone)? };
        let job = CallLog::new(told, self::operation(Some(resource), Some(name))?, clock);
        Ok::<AnyJob, JsValue>(Box::new(if how.is_for_agent { job.for_agent() } else { job }))
    };
    Ok(match (operation.kind, operation.locator) {
        (_, Some(locator)) if choices => Box::new(Rowwise::new(Task::Choose(locator))),
        // What only looks for choices must not carry anything out.
        (_, None) if choices => {
            return Err(Error::new(misuse::NO_CHOICES).into());
        }
        (Kind::ReplaceGroupLicense, _) => {
            let job = Replacement::<InWords>::new(operation.path, memory);
            let job = if how.in_loop { job.in_loop() } else { job };
            let job = match (how.sent, &how.pbx) {
                (Some(sent), Some(pbx)) => {
                    job.among(Box::new(HostSent(sent)), pbx.as_str(), js_sys::Date::now() as Moment)
                }
                _ => job,
            };
            Box::new(match how.pbx {
                Some(pbx) => job.for_pbx(pbx),
                None => job,
            })
        }
        (Kind::Calls, _) => calls(Unit::Calls)?,
        (Kind::Legs, _) => calls(Unit::Legs)?,
        (Kind::Generic | Kind::CustomRequest | Kind::Upload, _) => {
            let job = Rowwise::new(Task::Do(operation));
            let job = if how.is_for_agent { job.for_agent() } else { job };
            Box::new(match how.only_reads {
                Some(why) => job.only_reading(why),
                None => job,
            })
        }
    })
}

fn memory(options: &Options, base: Option<&BaseUrl>) -> Option<Memory> {
    let capacity = options.memory()?.capacity().map(|texts| texts as usize);
    Some(Memory::new(base?.as_str(), capacity, js_sys::Math::random().to_bits()))
}

/// Whether a run may change something.
fn changes(operation: &Operation, rows: &mut JsRows) -> bool {
    match operation.kind {
        Kind::ReplaceGroupLicense => !is_dry_run(operation, rows),
        // Which GETs change something, the job finds out row by row.
        Kind::CustomRequest => {
            let method = first_parameter(rows, "method").into_text();
            !(rows.is_fixed("method") && method.is_none_or(|method| method.trim().eq_ignore_ascii_case("GET")))
        }
        Kind::Generic | Kind::Upload | Kind::Calls | Kind::Legs => !operation.reads(),
    }
}

fn operation(resource: Option<&str>, name: Option<&str>) -> Result<&'static Operation, JsValue> {
    let (resource, name) = (resource.unwrap_or(FLAGSHIP.0), name.unwrap_or(FLAGSHIP.1));
    definition::operation(resource, name).ok_or_else(|| Error::new(&misuse::no_operation(resource, name)).into())
}

/// Whether it is a dry run: one for all rows, or nothing is sent at all.
fn is_dry_run(operation: &Operation, rows: &mut JsRows) -> bool {
    operation.kind == Kind::ReplaceGroupLicense
        && ["isDryRun", "dryRun"].iter().any(|name| first_parameter(rows, name) == Cell::Bool(true))
}

/// The fields that a part of an operation's form offers, as JSON text: a list in n8n's words.
///
/// # Errors
///
/// Where there is no such operation, or no such part.
#[wasm_bindgen(js_name = formFields)]
pub fn form_fields(resource: &str, name: &str, part: &str) -> Result<String, JsValue> {
    let part = match part {
        "arguments" => Part::Arguments,
        "fields" => Part::Fields,
        "filter" => Part::Filter,
        "select" => Part::Select,
        "expand" => Part::Expand,
        other => return Err(Error::new(&misuse::no_part(other)).into()),
    };
    let fields = form::form_fields(operation(Some(resource), Some(name))?, part);
    Ok(serde_json::Value::from(fields).to_string())
}

fn first_parameter(rows: &mut JsRows, name: &str) -> Cell {
    if rows.is_empty() { Cell::Empty } else { rows.parameter(0, name).unwrap_or(Cell::Empty) }
}

/// Files are held as a whole until they are handed over: so many at once, unless another number is asked for.
const FILES_AT_ONCE: usize = 4;

fn gives_files(operation: &Operation, rows: &mut JsRows) -> bool {
    match operation.kind {
        Kind::CustomRequest => {
            first_parameter(rows, "response").into_filled_text().is_some_and(|text| text.eq_ignore_ascii_case("file"))
        }
        _ => matches!(operation.answer, Answer::File(_)),
    }
}

fn settings(values: &Values, gives_files: bool) -> Result<Settings, JsValue> {
    let default = Settings::default();
    let concurrency = if gives_files { FILES_AT_ONCE } else { default.concurrency };
    // 0 stands for what is usual; what is less than 1 is not nothing.
    let set =
        |name: &str| Ok::<_, JsValue>(values.number(name)?.filter(|value| *value > 0.0).map(|value| value.max(1.0)));
    Ok(Settings {
        concurrency: set("concurrency")?.map_or(concurrency, |value| value as usize),
        per_second: values.number("requestsPerSecond")?.unwrap_or(default.per_second),
        timeout: set("timeout")?.map_or(default.timeout, |value| value as u64),
        // No time left is not all the time there is.
        deadline: values.number("deadline")?.map(|value| value as u64),
        stop_on_error: values.flag("stopOnError")?,
        seed: js_sys::Math::random().to_bits(),
    })
}

fn connection(credentials: JsValue, logins: &Logins) -> Result<Connection, JsValue> {
    let functions = credentials.is_object().then(|| credentials.clone().unchecked_into::<host::Credentials>());
    let (refresh, reread) = functions.map_or((None, None), |functions| (functions.refresh(), functions.reread()));
    let values = Values { of: &credentials };
    let refused = |failure| Connection {
        base: None,
        tokens: TokenSource::None,
        session: Session::refused(failure),
        secrets: Vec::new(),
    };
    let given = values.text("baseUrl")?.unwrap_or_default();
    let base = match BaseUrl::parse(&given).and_then(|base| host::as_called(&base)) {
        Ok(base) => base,
        Err(fault) => return Ok(refused(Failure::BadAddress(fault))),
    };
    let secret = values.text("clientSecret")?.map(Secret::new);
    let (tokens, renewal) = match (refresh, values.text("clientId")?, secret.clone()) {
        (Some(refresh), client, _) => {
            let renewal = if reread.is_some() { Renewal::Shared } else { Renewal::LogIn };
            let home = Home::new(&base, client.as_deref().unwrap_or_default(), logins.clone());
            (TokenSource::Host { refresh, reread, home }, renewal)
        }
        (None, Some(id), Some(secret)) => (TokenSource::Client { id, secret }, Renewal::LogIn),
        _ => (TokenSource::None, Renewal::Never),
    };
    let token = login::usable(values.text("accessToken")?);
    let is_foreign = |token: &Secret| matches!(&tokens, TokenSource::Host { home, .. } if !home.is_of(token));
    let session = match token.clone().filter(|token| !is_foreign(token)) {
        Some(token) => Session::with_token(token, renewal),
        None if renewal == Renewal::Never => return Ok(refused(Failure::NoCredentials)),
        None => Session::with_login(renewal),
    };
    Ok(Connection { base: Some(base), tokens, session, secrets: secret.into_iter().chain(token).collect() })
}
