//! What JavaScript offers, as Rust sees it. Everything that can throw is marked so.

use std::cell::{Cell, RefCell};

use call_engine::{Before, Millis, Note};
use js_sys::{Array, Function, Map, Object, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::timer::Timer;
use crate::n8n::misuse;
use crate::replace::SentRows;
use crate::rows::value::shortened;
use crate::xapi::base_url::{BaseUrl, BaseUrlFault};
use crate::xapi::error::MemoryFault;
use crate::xapi::file_name;
use crate::xapi::problems::objections;
use crate::xapi::request::AnswerAs;
use crate::xapi::response::{Body, FileAnswer, HttpResponse};
use crate::xapi::transport::{Cause, TransportError};

#[wasm_bindgen]
extern "C" {
    /// Milliseconds of a clock that never goes back.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn monotonic() -> f64;

    /// The third argument of `execute`.
    pub(super) type Options;
    #[wasm_bindgen(method, getter, structural)]
    pub(super) fn parameters(this: &Options) -> JsValue;
    #[wasm_bindgen(method, getter, structural)]
    pub(super) fn fetch(this: &Options) -> Option<Function>;
    #[wasm_bindgen(method, getter, structural)]
    pub(super) fn signal(this: &Options) -> Option<web_sys::AbortSignal>;
    #[wasm_bindgen(method, getter, structural, js_name = onProgress)]
    pub(super) fn on_progress(this: &Options) -> Option<Function>;
    #[wasm_bindgen(method, getter, structural, js_name = onFailed)]
    pub(super) fn on_failed(this: &Options) -> Option<Function>;
    #[wasm_bindgen(method, getter, structural, js_name = onHint)]
    pub(super) fn on_hint(this: &Options) -> Option<Function>;
    #[wasm_bindgen(method, getter, structural)]
    pub(super) fn memory(this: &Options) -> Option<HostMemory>;

    /// Keeps texts beyond the run.
    #[derive(Clone)]
    pub(super) type HostMemory;
    #[wasm_bindgen(method, getter, structural)]
    pub(super) fn capacity(this: &HostMemory) -> Option<f64>;
    /// Says for each whether it was there before, or since when: `(texts) => Promise<Array<boolean | string>>`.
    #[wasm_bindgen(method, structural, catch)]
    fn remember(this: &HostMemory, texts: &Array) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, structural, catch)]
    fn forget(this: &HostMemory, texts: &Array) -> Result<JsValue, JsValue>;

    /// Sends requests, and brings their answers when several are there.
    pub type Wire;
    #[wasm_bindgen(method, structural)]
    pub(super) fn listen(this: &Wire, settled: JsValue);
    /// In one call, as each costs more than what it does. `row`: for which it may change something, or -1.
    #[wasm_bindgen(method, structural, catch)]
    pub(super) fn start(
        this: &Wire,
        url: &JsValue,
        kind: &JsValue,
        body: &JsValue,
        ticket: f64,
        row: f64,
    ) -> Result<Request, JsValue>;

    /// A request that was handed over.
    pub(super) type Request;
    #[wasm_bindgen(method, getter, structural, js_name = hasLeft)]
    pub(super) fn has_left(this: &Request) -> bool;
    #[wasm_bindgen(method, structural)]
    pub(super) fn abort(this: &Request);

    /// The text of an answer, unless it has more bytes than this: `Promise<string | undefined>`.
    #[wasm_bindgen(method, structural, catch)]
    fn text(this: &Wire, answer: &Answer, most: f64) -> Result<Promise, JsValue>;
    /// The bytes of an answer, unless there are more than this: `Promise<ArrayBuffer | undefined>`.
    #[wasm_bindgen(method, structural, catch)]
    fn bytes(this: &Wire, answer: &Answer, most: f64) -> Result<Promise, JsValue>;

    /// What rows hold beyond plain values: files, and the JSON text of objects.
    pub type Files;
    /// The JSON text of a value, within limits: `(value, maxDepth, maxLength, blankDepth) => string`.
    #[wasm_bindgen(method, getter, structural, js_name = toJson)]
    pub(super) fn to_json(this: &Files) -> Function;
    /// What an item's binary field is to hold: `(bytes, fileName, mimeType) => Promise<object>`.
    #[wasm_bindgen(method, structural, catch)]
    pub(super) fn save(this: &Files, bytes: &JsValue, name: &str, mime_type: &str) -> Result<Promise, JsValue>;
    /// The bytes of a row's file: `(row, field) => Promise<Uint8Array>`.
    #[wasm_bindgen(method, structural, catch)]
    pub(super) fn read(this: &Files, row: u32, field: &str) -> Result<Promise, JsValue>;

    /// A form whose field `file` is a file: `(bytes, fileName, mimeType) => Promise<{type, body}>`.
    #[wasm_bindgen(method, structural, catch)]
    pub(super) fn form(this: &Files, bytes: &JsValue, name: &str, mime_type: &str) -> Result<Promise, JsValue>;

    pub(super) type Credentials;
    /// Gets a new token: `() => Promise<string>`.
    #[wasm_bindgen(method, getter, structural)]
    pub(super) fn refresh(this: &Credentials) -> Option<Function>;
    /// Reads the token that others may have renewed: `() => Promise<string | undefined>`.
    #[wasm_bindgen(method, getter, structural)]
    pub(super) fn reread(this: &Credentials) -> Option<Function>;

    /// The log-ins of a process, shared between its runs.
    #[derive(Clone)]
    pub type Logins;
    #[wasm_bindgen(method, structural, catch, js_name = logIn)]
    pub(super) fn log_in(
        this: &Logins,
        key: &str,
        stale: &JsValue,
        fetch: &JsValue,
        url: &str,
        init: &web_sys::RequestInit,
    ) -> Result<Promise, JsValue>;
    /// How many milliseconds an answer is of use, from the time it came on.
    #[wasm_bindgen(method, structural)]
    pub(super) fn keep(this: &Logins, key: &str, answer: &JsValue, life: f64);

    /// Whether the token of this fingerprint was first used in this place, or is now.
    #[wasm_bindgen(method, structural, js_name = isAtHome)]
    pub(super) fn is_at_home(this: &Logins, token: &str, place: &str) -> bool;

    /// The answer of a log-in, as it is kept between runs.
    pub(super) type LoginAnswer;
    #[wasm_bindgen(method, getter, structural)]
    pub(super) fn status(this: &LoginAnswer) -> u16;
    #[wasm_bindgen(method, getter, structural)]
    pub(super) fn body(this: &LoginAnswer) -> Option<String>;
    /// When it came, in milliseconds since 1970.
    #[wasm_bindgen(method, getter, structural)]
    pub(super) fn at(this: &LoginAnswer) -> f64;

    /// A fetch answer, or what looks like one.
    pub(super) type Answer;
    #[wasm_bindgen(method, getter, structural, catch)]
    fn status(this: &Answer) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, getter, structural, catch)]
    fn headers(this: &Answer) -> Result<Headers, JsValue>;

    type Headers;
    #[wasm_bindgen(method, structural, catch)]
    fn get(this: &Headers, name: &str) -> Result<JsValue, JsValue>;

    /// An address as fetch reads it.
    type URL;
    #[wasm_bindgen(constructor, catch)]
    fn new(address: &str) -> Result<URL, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn origin(this: &URL) -> String;

    /// Any object, by key.
    #[wasm_bindgen(extends = Object)]
    pub(super) type Anything;
    #[wasm_bindgen(method, structural, indexing_getter, catch)]
    pub(super) fn field(this: &Anything, key: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, structural, indexing_setter)]
    pub(super) fn set_field(this: &Anything, key: &JsValue, value: &JsValue);
}

/// The address in fetch's own spelling: a name that is not ASCII has another one in DNS.
pub(super) fn as_called(base: &BaseUrl) -> Result<BaseUrl, BaseUrlFault> {
    let url = URL::new(base.as_str()).map_err(|_| BaseUrlFault::Host)?;
    BaseUrl::parse(&url.origin())
}

/// What runs of an execution have sent.
#[derive(Debug)]
pub(super) struct HostSent(pub(super) Map);

impl SentRows for HostSent {
    fn get(&self, key: u64) -> Option<f64> {
        self.0.get(&key.into()).as_f64()
    }

    fn set(&self, key: u64, number: f64) {
        self.0.set(&key.into(), &number.into());
    }
}

impl HostMemory {
    /// For each text to remember, whether it was there before; or why that cannot be told.
    pub(super) async fn note(&self, note: &Note, patience: &Patience) -> Result<Vec<Before>, MemoryFault> {
        let failed = |error: JsValue| MemoryFault::Failed(told(&error));
        let texts = |texts: &[String]| texts.iter().map(JsValue::from).collect::<Array>();
        if !note.forget.is_empty() {
            patience.wait(self.forget(&texts(&note.forget))).await.map_err(failed)?;
        }
        if note.remember.is_empty() {
            return Ok(Vec::new());
        }
        let known = patience.wait(self.remember(&texts(&note.remember))).await.map_err(failed)?;
        let known = Array::is_array(&known).then(|| known.unchecked_into::<Array>());
        let known: Option<Vec<Before>> = known.and_then(|known| known.iter().map(|known| before(&known)).collect());
        known.ok_or(MemoryFault::Mute)
    }
}

fn before(known: &JsValue) -> Option<Before> {
    match (known.as_bool(), known.as_string()) {
        (Some(true), _) => Some(Before::Yes),
        (Some(false), _) => Some(Before::No),
        (None, when) => when.map(|when| Before::Since(shortened(&when))),
    }
}

/// What a function of the caller's comes to, whether it gives a promise or not.
pub(super) async fn settled(result: Result<impl AsRef<JsValue>, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::resolve(result?.as_ref())).await
}

/// What the caller's memory, or who gets a token, may take, in milliseconds. Requests have a time-out of the run's.
const LONGEST_WAIT: Millis = 60_000;
/// What is left of that once the run is to end: for all that is still to be kept.
const LAST_WAIT: Millis = 5_000;

/// What a function of the caller's comes to, if that does not take too long: nothing may keep a run from its end.
pub(super) async fn in_time(result: Result<impl AsRef<JsValue>, JsValue>) -> Result<JsValue, JsValue> {
    Patience::default().wait(result).await
}

/// How long one function after the other may take.
#[derive(Default)]
pub(super) struct Patience {
    /// Ends the wait that is on, and how.
    late: RefCell<Option<(Timer, Function)>>,
    /// When it is over for good, once the run is to end.
    ends: Cell<Option<Millis>>,
}

impl Patience {
    pub(super) async fn wait(&self, result: Result<impl AsRef<JsValue>, JsValue>) -> Result<JsValue, JsValue> {
        let given = Promise::resolve(result?.as_ref());
        let late = Promise::new(&mut |_, reject| {
            *self.late.borrow_mut() = Some((self.timer(&reject), reject));
        });
        let settled = JsFuture::from(Promise::race(&Array::of2(&given, &late))).await;
        self.late.take();
        settled
    }

    /// The run is to end.
    pub(super) fn shorten(&self) {
        if self.ends.get().is_some() {
            return;
        }
        self.ends.set(Some(now() + LAST_WAIT));
        if let Some((timer, reject)) = &mut *self.late.borrow_mut() {
            *timer = self.timer(reject);
        }
    }

    fn timer(&self, reject: &Function) -> Timer {
        let (now, reject) = (now(), reject.clone());
        Timer::new(self.ends.get().unwrap_or(now + LONGEST_WAIT), now, move || {
            let error = js_sys::Error::new(misuse::SILENT);
            error.set_name("TimeoutError");
            let _ = reject.call1(&JsValue::UNDEFINED, &error);
        })
    }
}

/// What was thrown, in its own words.
fn told(error: &JsValue) -> String {
    let message = if error.is_object() { field(error, "message") } else { error.clone() };
    shortened(&message.as_string().unwrap_or_else(|| misuse::BROKEN.to_owned()))
}

pub(super) fn now() -> Millis {
    monotonic() as Millis
}

/// A field of something that may not be an object, or may throw.
pub(super) fn field(of: &JsValue, key: &str) -> JsValue {
    if of.is_object() || of.is_function() {
        of.unchecked_ref::<Anything>().field(&JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED)
    } else {
        JsValue::UNDEFINED
    }
}

/// What an answer says before its body is read.
pub(super) struct Head {
    response: HttpResponse,
    mime_type: Option<String>,
    answer: Answer,
    rest: Rest,
}

/// What comes after the head.
#[derive(PartialEq)]
enum Rest {
    Nothing,
    Text,
    File,
}

impl Head {
    pub(super) fn read(answer: JsValue, wanted: AnswerAs) -> Result<Self, TransportError> {
        if !answer.is_object() {
            return Err(TransportError::from_causes([]));
        }
        let answer: Answer = answer.unchecked_into();
        let status = answer.status().ok().and_then(|status| status.as_f64()).unwrap_or_default() as u16;
        let header = |name: &str| answer.header(name);
        let retry_after =
            if matches!(status, 429 | 503) { header("retry-after").and_then(|text| delay(&text)) } else { None };
        let location = if (300..400).contains(&status) { header("location") } else { None };
        let version = if wanted == AnswerAs::Version { header("x-3cx-version") } else { None };
        let mime_type = if wanted == AnswerAs::File && status == 200 { header("content-type") } else { None };
        let is_file = wanted == AnswerAs::File && status == 200;
        let rest = match status {
            204 | 205 | 304 => Rest::Nothing,
            // A log-in page is not the file that was asked for.
            _ if is_file && file_name::media_type(mime_type.as_deref().unwrap_or_default()) != "text/html" => {
                Rest::File
            }
            _ => Rest::Text,
        };
        let response = HttpResponse { status, retry_after, location, version, body: Body::default() };
        Ok(Self { response, mime_type, answer, rest })
    }

    /// The whole answer, where there is no body to wait for.
    pub(super) fn without_body(self) -> Result<HttpResponse, Self> {
        if self.rest == Rest::Nothing { Ok(self.response) } else { Err(self) }
    }

    /// Reads to the end, or as far as the limits allow. Files go to `keep`, which gives the host's name for them.
    pub(super) async fn with_body(
        self,
        wire: &Wire,
        most: Most,
        files: &Files,
        keep: impl FnOnce(JsValue) -> u32,
    ) -> Result<HttpResponse, TransportError> {
        let body = match self.rest {
            Rest::Nothing => Body::default(),
            Rest::Text => read_body(wire, &self.answer, most.text).await,
            Rest::File => {
                let disposition = self.answer.header("content-disposition").unwrap_or_default();
                match read(wire.bytes(&self.answer, most.file as f64)).await {
                    None => Body::Cut,
                    Some(bytes) if bytes.is_undefined() => Body::TooLong(most.file),
                    Some(bytes) => {
                        let mime_type = self.mime_type.unwrap_or_default();
                        match objection(&bytes, &mime_type) {
                            Some(text) => Body::Text(text),
                            None => keep_file(&bytes, &mime_type, &disposition, files, keep).await?,
                        }
                    }
                }
            }
        };
        Ok(HttpResponse { body, ..self.response })
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<String> {
        self.headers().ok()?.get(name).ok()?.as_string()
    }
}

/// What 3CX objects to, sent in place of the file that was asked for.
fn objection(bytes: &JsValue, mime_type: &str) -> Option<String> {
    let is_json = file_name::media_type(mime_type) == "application/json";
    let is_short = field(bytes, "byteLength").as_f64().is_some_and(|size| size <= MOST_OF_A_CHANGE as f64);
    let bytes = (is_json && is_short).then(|| Uint8Array::new(bytes).to_vec())?;
    let text = String::from_utf8(bytes).ok()?;
    (!objections(text.trim_start_matches('\u{feff}')).is_empty()).then_some(text)
}

async fn keep_file(
    bytes: &JsValue,
    mime_type: &str,
    disposition: &str,
    files: &Files,
    keep: impl FnOnce(JsValue) -> u32,
) -> Result<Body, TransportError> {
    let size = field(bytes, "byteLength").as_f64().unwrap_or_default() as u64;
    let (name, mime_type) = file_name::of(disposition, mime_type);
    // A file that the host cannot keep is lost, but the request is not to be blamed on the network.
    let kept = settled(files.save(bytes, &name, &mime_type))
        .await
        .map_err(|_| TransportError::Other { code: "FILE_NOT_KEPT".to_owned() })?;
    Ok(Body::File(FileAnswer { id: keep(kept), name, mime_type, size }))
}

async fn read_body(wire: &Wire, answer: &Answer, most: u64) -> Body {
    match read(wire.text(answer, most as f64)).await {
        Some(text) if text.is_undefined() => Body::TooLong(most),
        text => text.and_then(|text| text.as_string()).map_or(Body::Cut, Body::Text),
    }
}

/// What was read; nothing, if it broke off.
async fn read(promise: Result<Promise, JsValue>) -> Option<JsValue> {
    JsFuture::from(promise.ok()?).await.ok()
}

/// How many bytes an answer may have, by what it is.
#[derive(Clone, Copy)]
pub(super) struct Most {
    pub(super) text: u64,
    pub(super) file: u64,
}

/// Answers to log-ins and to what changes something hold a record at most.
pub(super) const MOST_OF_A_CHANGE: u64 = 1 << 20;

impl Default for Most {
    /// Of what is read.
    fn default() -> Self {
        Self { text: 64 << 20, file: 512 << 20 }
    }
}

/// `Retry-After` is a number of seconds or a date.
fn delay(text: &str) -> Option<u64> {
    let seconds = text.trim().parse::<f64>().ok();
    let milliseconds =
        seconds.map_or_else(|| js_sys::Date::parse(text) - js_sys::Date::now(), |seconds| seconds * 1000.0);
    milliseconds.is_finite().then_some(milliseconds.max(0.0) as u64)
}

/// Codes and names of an error and of what caused it, outermost first. Messages are not read: they may hold secrets.
pub(super) fn transport_error(error: &JsValue, base: Option<&BaseUrl>) -> TransportError {
    let mut found: Vec<(String, Option<String>, bool)> = Vec::new();
    let mut current = error.clone();
    for _ in 0..6 {
        let syscall = field(&current, "syscall").as_string();
        let host = field(&current, "hostname").as_string();
        let port = field(&current, "port").as_f64();
        let is_of_proxy = base.is_some_and(|base| base.is_elsewhere(host.as_deref(), port));
        let names = ["name", "code"].map(|name| field(&current, name).as_string());
        let bad_port = field(&current, "message").as_string().filter(|message| message == Cause::BAD_PORT);
        found.extend(names.into_iter().chain([bad_port]).flatten().map(|code| (code, syscall.clone(), is_of_proxy)));
        let cause = field(&current, "cause");
        let errors = field(&current, "errors");
        current = if cause.is_object() {
            cause
        } else if Array::is_array(&errors) {
            errors.unchecked_into::<Array>().get(0)
        } else {
            break;
        };
    }
    // What is most telling is inside: the name of the outer error says only that something was thrown.
    found.reverse();
    TransportError::from_causes(found.iter().map(|(code, syscall, is_of_proxy)| Cause {
        code,
        syscall: syscall.as_deref(),
        is_of_proxy: *is_of_proxy,
    }))
}
