//! Drives a batch over the host's fetch, clock and timers.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use js_sys::{Array, Function, JSON, Object, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortController, AbortSignal, RequestInit, RequestRedirect};

use super::host::{self, Anything, Files, Head, LoginAnswer, Logins, Options, Wire};
use super::rows::JsRows;
use crate::base_url::BaseUrl;
use crate::batch::{Action, Batch, Job, Login, Millis, Outcome, Session, Settings, Ticket};
use crate::error::{Failure, TransportError, redact};
use crate::file_name;
use crate::odata::encode;
use crate::request::{HttpRequest, Method, Payload, Wanted};
use crate::response::{Body, HttpResponse};
use crate::rows::Rows;
use crate::secret::Secret;

/// Progress is told at most this often, in milliseconds, unless the caller wants it otherwise.
pub(super) const PROGRESS_INTERVAL: Millis = 200;

/// Where tokens come from.
pub(super) enum TokenSource {
    /// Only the one there is.
    None,
    /// The host renews them: `() => Promise<string>`.
    Host(Function),
    /// Client credentials.
    Client { id: String, secret: Secret },
}

/// The PBX, where tokens come from, and the token to begin with.
pub(super) struct Connection {
    pub(super) base: Option<BaseUrl>,
    pub(super) tokens: TokenSource,
    pub(super) session: Session,
}

/// What the caller of `execute` gave for the run.
pub(super) struct Host {
    pub(super) options: Options,
    pub(super) logins: Logins,
    pub(super) wire: Wire,
    pub(super) files: Files,
    /// Takes the rows' items as they are finished.
    pub(super) output: Array,
    pub(super) progress_interval: Millis,
}

pub(super) struct Run {
    batch: RefCell<Batch<Box<dyn Job>>>,
    rows: RefCell<JsRows>,
    base: Option<BaseUrl>,
    tokens: TokenSource,
    options: Options,
    fetch: JsValue,
    logins: Logins,
    wire: Wire,
    files: Files,
    /// Files that came, until their rows are handed over.
    kept: RefCell<FxHashMap<u32, JsValue>>,
    next_kept: Cell<u32>,
    /// The log-in in use, for telling the others that it is dead.
    login: RefCell<JsValue>,
    started: f64,
    output: Array,
    several_items: Cell<bool>,
    began: Millis,
    told: Cell<Millis>,
    progress_interval: Millis,
    on_progress: Option<Function>,
    kinds: RefCell<Kinds>,
    last_url: RefCell<(String, JsValue)>,
    controllers: RefCell<FxHashMap<Ticket, AbortController>>,
    timer: RefCell<Option<Timer>>,
    cancelled: Cell<bool>,
    /// What fetch gave, until it is looked at. Many answers come at the same moment: one look is for all of them.
    arrived: RefCell<Vec<(Ticket, Result<JsValue, JsValue>)>>,
    /// What each request under way is to bring.
    wanted: RefCell<FxHashMap<Ticket, Wanted>>,
    pump_is_due: Cell<bool>,
    finished: RefCell<Option<Function>>,
}

struct Timer {
    until: Millis,
    signal: AbortSignal,
    callback: Closure<dyn FnMut()>,
}

impl Drop for Timer {
    fn drop(&mut self) {
        // A listener that cannot be taken off only wakes nobody.
        let _ = self.signal.remove_event_listener_with_callback("abort", self.callback.as_ref().unchecked_ref());
    }
}

impl Run {
    pub(super) fn new(
        job: Box<dyn Job>,
        rows: JsRows,
        settings: Settings,
        connection: Connection,
        host: Host,
    ) -> Rc<Self> {
        Rc::new(Self {
            batch: RefCell::new(Batch::new(job, settings, connection.session)),
            rows: RefCell::new(rows),
            base: connection.base,
            tokens: connection.tokens,
            fetch: host.options.fetch().map_or(JsValue::UNDEFINED, JsValue::from),
            on_progress: host.options.on_progress(),
            options: host.options,
            logins: host.logins,
            wire: host.wire,
            files: host.files,
            kept: RefCell::default(),
            next_kept: Cell::new(0),
            login: RefCell::new(JsValue::UNDEFINED),
            started: js_sys::Date::now(),
            output: host.output,
            several_items: Cell::new(false),
            began: now(),
            told: Cell::new(0),
            progress_interval: host.progress_interval,
            kinds: RefCell::default(),
            last_url: RefCell::default(),
            controllers: RefCell::default(),
            timer: RefCell::new(None),
            cancelled: Cell::new(false),
            arrived: RefCell::default(),
            wanted: RefCell::default(),
            pump_is_due: Cell::new(false),
            finished: RefCell::new(None),
        })
    }

    /// Runs to the end.
    pub(super) async fn finish(self: Rc<Self>) {
        let on_cancel = self.listen();
        self.wire.listen(self.listener());
        let end = Promise::new(&mut |resolve, _| *self.finished.borrow_mut() = Some(resolve));
        self.pump();
        // The promise is only ever resolved.
        let _ = JsFuture::from(end).await;
        if let (Some(signal), Some(listener)) = (self.options.signal(), on_cancel) {
            let _ = signal.remove_event_listener_with_callback("abort", listener.as_ref().unchecked_ref());
        }
        self.timer.borrow_mut().take();
        self.tell_hints();
        if self.several_items.get() {
            let flat = self.output.flat(1);
            self.output.set_length(0);
            flat.for_each(&mut |item, _, _| {
                self.output.push(&item);
            });
        }
    }

    fn listen(self: &Rc<Self>) -> Option<Closure<dyn FnMut()>> {
        let signal = self.options.signal()?;
        self.cancelled.set(signal.aborted());
        let run = Rc::downgrade(self);
        let listener = Closure::<dyn FnMut()>::new(move || {
            if let Some(run) = run.upgrade() {
                run.cancelled.set(true);
                // Not at once: the signal may be raised from within a call of ours.
                run.pump_soon();
            }
        });
        let _ = signal.add_event_listener_with_callback("abort", listener.as_ref().unchecked_ref());
        Some(listener)
    }

    /// Takes what requests come to. It is never let go of: answers may come after the run has ended.
    fn listener(self: &Rc<Self>) -> JsValue {
        let run = Rc::downgrade(self);
        let listener = Closure::<dyn FnMut(f64, bool, JsValue)>::new(move |ticket: f64, is_answer: bool, value| {
            if let Some(run) = run.upgrade() {
                run.arrived.borrow_mut().push((ticket as Ticket, if is_answer { Ok(value) } else { Err(value) }));
                run.pump_soon();
            }
        });
        listener.into_js_value()
    }

    /// Pumps once for all that happens at this moment. As a task of its own, so that what goes wrong fails this run.
    fn pump_soon(self: &Rc<Self>) {
        if !self.pump_is_due.replace(true) {
            let run = self.clone();
            spawn_local(async move { run.pump() });
        }
    }

    /// Does all that can be done now.
    fn pump(self: &Rc<Self>) {
        self.pump_is_due.set(false);
        let now = now();
        if self.cancelled.replace(false) {
            self.batch.borrow_mut().cancel();
        }
        for (ticket, answer) in self.arrived.take() {
            self.receive(ticket, answer, now);
        }
        loop {
            let action = self.batch.borrow_mut().poll(now, &mut *self.rows.borrow_mut());
            self.deliver(now);
            match action {
                Action::Send { ticket, request, token } => self.send(ticket, &request, &token),
                Action::Abort { ticket } => {
                    if let Some(controller) = self.controllers.borrow_mut().remove(&ticket) {
                        controller.abort();
                    }
                }
                Action::LogIn { after_dead_token } => {
                    let run = self.clone();
                    spawn_local(async move {
                        let login = run.log_in(after_dead_token).await;
                        run.batch.borrow_mut().logged_in(login);
                        run.pump();
                    });
                }
                Action::TakeOutcomes => {}
                Action::Wait { until } => return self.arm(until, now),
                Action::Done => {
                    if let Some(resolve) = self.finished.borrow_mut().take() {
                        let _ = resolve.call0(&JsValue::UNDEFINED);
                    }
                    return;
                }
            }
        }
    }

    fn send(self: &Rc<Self>, ticket: Ticket, request: &HttpRequest, token: &Secret) {
        let Some(base) = &self.base else { return };
        let kind = self.kinds.borrow_mut().of(request, token);
        let url = self.url(base, &request.path);
        if request.wanted != Wanted::default() {
            self.wanted.borrow_mut().insert(ticket, request.wanted);
        }
        match &request.body {
            Payload::Nothing => self.start(ticket, &url, &kind, &JsValue::UNDEFINED),
            Payload::Json(body) => self.start(ticket, &url, &kind, &JsValue::from_str(body)),
            Payload::File { row, field, name } => {
                let (row, field, name) = (*row as u32, field.clone(), name.clone());
                let run = self.clone();
                spawn_local(async move {
                    match form_data(&run.files, row, &field, &name, &kind).await {
                        Ok(body) => run.start(ticket, &url, &kind, &body),
                        Err(error) => {
                            run.settle(ticket, Err(error), now());
                            run.pump_soon();
                        }
                    }
                });
            }
        }
    }

    fn start(self: &Rc<Self>, ticket: Ticket, url: &JsValue, kind: &JsValue, body: &JsValue) {
        match self.wire.start(url, kind, body, ticket as f64) {
            Ok(controller) => {
                self.controllers.borrow_mut().insert(ticket, controller);
            }
            Err(error) => {
                self.arrived.borrow_mut().push((ticket, Err(error)));
                self.pump_soon();
            }
        }
    }

    /// The whole address. That of the request before crosses over only once.
    fn url(&self, base: &BaseUrl, path: &str) -> JsValue {
        let mut last = self.last_url.borrow_mut();
        if last.0 != path {
            *last = (path.to_owned(), JsValue::from_str(&base.api_url(path)));
        }
        last.1.clone()
    }

    /// Looks at what a request came to. A body is waited for without holding the others up.
    fn receive(self: &Rc<Self>, ticket: Ticket, answer: Result<JsValue, JsValue>, now: Millis) {
        let wanted = self.wanted.borrow_mut().remove(&ticket).unwrap_or_default();
        let head = answer.map_err(|error| host::transport_error(&error)).and_then(|answer| Head::read(answer, wanted));
        match head.map(Head::without_body) {
            Ok(Ok(response)) => self.settle(ticket, Ok(response), now),
            Ok(Err(head)) => {
                let run = self.clone();
                spawn_local(async move {
                    let keep = |file| {
                        let id = run.next_kept.get();
                        run.next_kept.set(id.wrapping_add(1));
                        run.kept.borrow_mut().insert(id, file);
                        id
                    };
                    let response = head.with_body(&run.files, keep).await;
                    run.settle(ticket, response, self::now());
                    run.pump_soon();
                });
            }
            Err(error) => self.settle(ticket, Err(error), now),
        }
    }

    fn settle(&self, ticket: Ticket, answer: Result<HttpResponse, TransportError>, now: Millis) {
        self.controllers.borrow_mut().remove(&ticket);
        self.batch.borrow_mut().answered(ticket, answer, now);
    }

    async fn log_in(&self, after_dead_token: bool) -> Result<Login, Failure> {
        match &self.tokens {
            TokenSource::None => Err(Failure::NoCredentials),
            TokenSource::Host(refresh) => {
                let renewed = match refresh.call0(&JsValue::UNDEFINED) {
                    Ok(promise) => JsFuture::from(Promise::resolve(&promise)).await,
                    Err(error) => Err(error),
                };
                match renewed.as_ref().map(JsValue::as_string) {
                    Ok(Some(token)) if !token.is_empty() => {
                        Ok(Login { token: Secret::new(token), lifetime: None, fresh: true })
                    }
                    Ok(_) => Err(Failure::RenewalFailed { text: "it came back empty".to_owned() }),
                    Err(error) => Err(renewal_failure(error)),
                }
            }
            TokenSource::Client { id, secret } => self.log_in_as(id, secret, after_dead_token).await,
        }
    }

    async fn log_in_as(&self, id: &str, secret: &Secret, after_dead_token: bool) -> Result<Login, Failure> {
        let base = self.base.as_ref().ok_or(Failure::NoCredentials)?;
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_redirect(RequestRedirect::Manual);
        init.set_headers(&headers(&[
            ("Accept", "application/json"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ]));
        let body =
            format!("grant_type=client_credentials&client_id={}&client_secret={}", encode(id), encode(secret.reveal()));
        init.set_body(&JsValue::from_str(&body));
        // Shared with other runs, so it does not end with this one: it has a deadline of its own.
        init.set_signal(Some(&AbortSignal::timeout_with_u32(60_000)));
        let url = base.token_url();
        let key = format!("{url}\n{id}\n{}", secret.reveal());
        let stale = if after_dead_token { self.login.borrow().clone() } else { JsValue::UNDEFINED };
        let answer = match self.logins.log_in(&key, &stale, &self.fetch, &url, &init) {
            Ok(promise) => JsFuture::from(promise).await,
            Err(error) => Err(error),
        };
        let unanswered = |error: &JsValue| {
            let error = match host::transport_error(error) {
                TransportError::Cancelled => TransportError::Timeout,
                error => error,
            };
            Failure::LoginUnanswered(Box::new(Failure::Transport(error)))
        };
        let answer = answer.map_err(|error| unanswered(&error))?;
        self.login.replace(answer.clone());
        let answer: LoginAnswer = answer.unchecked_into();
        let response =
            HttpResponse { status: answer.status(), body: Body::Text(answer.body()), ..HttpResponse::default() };
        let age = (js_sys::Date::now() - answer.at()).max(0.0) as Millis;
        let login = Login::parse(&response, age, answer.at() as Millis)?;
        Ok(Login { fresh: answer.at() >= self.started, ..login })
    }

    /// Hands finished rows over.
    fn deliver(&self, now: Millis) {
        let outcomes = self.batch.borrow_mut().take_outcomes();
        if outcomes.is_empty() {
            return;
        }
        // Reading one long text costs less than reading many short ones.
        let mut text = String::from("[");
        for item in outcomes.iter().flat_map(|outcome| &outcome.items) {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(item);
        }
        text.push(']');
        // A row that cannot be handed over must not vanish: the run breaks down instead.
        let items: Array = JSON::parse(&text).unwrap_or_else(|error| wasm_bindgen::throw_val(error)).unchecked_into();
        let mut next = 0;
        for Outcome { row, items: of_row, file, .. } in outcomes {
            let count = of_row.len() as u32;
            let slot = if count == 1 {
                self.with_file(items.get(next), file)
            } else {
                self.several_items.set(true);
                items.slice(next, next + count).into()
            };
            next += count;
            self.output.set(row as u32, slot);
        }
        self.tell_progress(now);
    }

    /// The item with the file that came for it.
    fn with_file(&self, item: JsValue, file: Option<(String, u32)>) -> JsValue {
        if let Some((field, id)) = file
            && let Some(kept) = self.kept.borrow_mut().remove(&id)
        {
            let binary = Anything::from(JsValue::from(Object::new()));
            binary.set_field(&JsValue::from_str(&field), &kept);
            item.unchecked_ref::<Anything>().set_field(&"binary".into(), &binary);
        }
        item
    }

    fn tell_progress(&self, at: Millis) {
        let Some(listener) = &self.on_progress else { return };
        let (tally, total) = (self.batch.borrow().tally(), self.rows.borrow().len());
        let done = tally.succeeded + tally.failed;
        if done == 0
            || self.told.get() == Millis::MAX
            || (done < total && at < self.told.get() + self.progress_interval)
        {
            return;
        }
        self.told.set(if done < total { at } else { Millis::MAX });
        let progress = Anything::from(JsValue::from(Object::new()));
        let numbers = [
            ("done", done),
            ("total", total),
            ("failed", tally.failed),
            ("sent", tally.sent),
            ("retried", tally.retried),
            ("throttled", tally.throttled),
        ];
        for (name, number) in numbers {
            progress.set_field(&JsValue::from_str(name), &JsValue::from_f64(number as f64));
        }
        // A listener that throws does not stop the rows.
        let _ = listener.call1(&JsValue::UNDEFINED, &progress);
    }

    fn tell_hints(&self) {
        let Some(listener) = self.options.on_hint() else { return };
        let tell = |hint: &str, kind: &str| {
            let _ = listener.call2(&JsValue::UNDEFINED, &JsValue::from_str(hint), &JsValue::from_str(kind));
        };
        let (hints, tally, rows) = {
            let batch = self.batch.borrow();
            (batch.hints(), batch.tally(), self.rows.borrow().len())
        };
        for hint in hints {
            tell(&hint, "warning");
        }
        // One row tells everything by itself.
        if rows > 1 {
            tell(&tally.summary(rows, now().saturating_sub(self.began)), "info");
        }
    }

    /// Wakes the run up at this time, unless a wake-up before it is set already.
    fn arm(self: &Rc<Self>, until: Option<Millis>, at: Millis) {
        let Some(until) = until else { return };
        let mut timer = self.timer.borrow_mut();
        if timer.as_ref().is_some_and(|timer| timer.until <= until && timer.until > at) {
            return;
        }
        let run = Rc::downgrade(self);
        let callback = Closure::<dyn FnMut()>::new(move || {
            if let Some(run) = run.upgrade() {
                // Not from within this callback, which the next timer replaces.
                spawn_local(async move {
                    run.timer.borrow_mut().take();
                    run.pump();
                });
            }
        });
        let delay = until.saturating_sub(at).clamp(1, 0x7fff_ffff);
        let signal = AbortSignal::timeout_with_u32(delay as u32);
        let _ = signal.add_event_listener_with_callback("abort", callback.as_ref().unchecked_ref());
        *timer = Some(Timer { until, signal, callback });
    }
}

/// What requests with the same method and token have in common: made once, and copied on the host's side.
#[derive(Default)]
struct Kinds {
    made: Vec<(Method, Secret, JsValue)>,
}

impl Kinds {
    fn of(&mut self, request: &HttpRequest, token: &Secret) -> JsValue {
        if request.if_match.is_some() || matches!(request.body, Payload::File { .. }) {
            return Self::make(request.method, token, request.if_match.as_deref());
        }
        let method = request.method;
        let known = self.made.iter().find(|(of, with, _)| *of == method && with == token);
        if let Some((_, _, kind)) = known {
            return kind.clone();
        }
        let kind = Self::make(method, token, None);
        self.made.retain(|(_, with, _)| with == token);
        self.made.push((method, token.clone(), kind.clone()));
        kind
    }

    fn make(method: Method, token: &Secret, if_match: Option<&str>) -> JsValue {
        let kind = RequestInit::new();
        kind.set_method(method.as_str());
        kind.set_redirect(RequestRedirect::Manual);
        let headers =
            headers(&[("Authorization", &format!("Bearer {}", token.reveal())), ("Accept", "application/json")]);
        if matches!(method, Method::Post | Method::Patch | Method::Put) {
            headers.set_field(&"Content-Type".into(), &"application/json".into());
        }
        if let Some(etag) = if_match {
            headers.set_field(&"If-Match".into(), &JsValue::from_str(etag));
        }
        kind.set_headers(&headers);
        kind.into()
    }
}

fn now() -> Millis {
    host::monotonic() as Millis
}

fn headers(pairs: &[(&str, &str)]) -> Anything {
    let headers = Anything::from(JsValue::from(Object::new()));
    for (name, value) in pairs {
        headers.set_field(&JsValue::from_str(name), &JsValue::from_str(value));
    }
    headers
}

/// A row's file as the part `file` of a form, which the kind of the request is told of.
async fn form_data(
    files: &Files,
    row: u32,
    field: &str,
    name: &str,
    kind: &JsValue,
) -> Result<JsValue, TransportError> {
    let bytes = match files.read(row, field) {
        Ok(promise) => JsFuture::from(promise).await,
        Err(error) => Err(error),
    };
    let unreadable = |_| TransportError::Other { code: "FILE_NOT_READ".to_owned() };
    let bytes: Uint8Array = bytes.map_err(unreadable)?.unchecked_into();
    let boundary = format!("3cx-{:016x}", js_sys::Math::random().to_bits());
    let (head, tail) = file_name::form_part(name, &boundary);
    let whole = Uint8Array::new_with_length(head.len() as u32 + bytes.length() + tail.len() as u32);
    whole.subarray(0, head.len() as u32).copy_from(head.as_bytes());
    whole.set(&bytes, head.len() as u32);
    whole.subarray(head.len() as u32 + bytes.length(), whole.length()).copy_from(tail.as_bytes());
    let headers = host::field(kind, "headers").unchecked_into::<Anything>();
    headers.set_field(&"Content-Type".into(), &format!("multipart/form-data; boundary={boundary}").into());
    Ok(whole.into())
}

/// n8n throws when the PBX refuses a log-in; a status tells more than its text.
fn renewal_failure(error: &JsValue) -> Failure {
    let status = ["httpCode", "statusCode", "status"]
        .iter()
        .map(|name| host::field(error, name))
        .find_map(|code| code.as_f64().or_else(|| code.as_string()?.parse().ok()));
    match status {
        Some(status @ 400.0..=403.0) => Failure::LoginRefused { status: status as u16 },
        _ => match host::transport_error(error) {
            // n8n's own code for an answer with an OAuth error in it.
            TransportError::Other { code } if code == "EAUTH" => Failure::LoginRefused { status: 401 },
            TransportError::Other { .. } => {
                let text = host::field(error, "message").as_string().unwrap_or_default();
                let text: String = redact(&text, "\n", " ").chars().take(200).collect();
                Failure::RenewalFailed { text }
            }
            error => Failure::LoginUnanswered(Box::new(Failure::Transport(error))),
        },
    }
}
