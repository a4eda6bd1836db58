//! Drives a batch over the host's fetch, clock and timers.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use call_engine::{Batch, Millis, Settings, Stage, Ticket};
use rustc_hash::FxHashMap;

use js_sys::{Array, Function, JSON, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::host::{self, Anything, Files, Head, Logins, MOST_OF_A_CHANGE, Most, Options, Patience, Request, Wire};
use super::login::{TokenSource, Tokens};
use super::outgoing::{Kinds, form_data};
use super::rows::JsRows;
use super::telling::Telling;
use super::timer::{self, STRETCH, Timer};
use crate::AnyJob;
use crate::n8n::outcome::{Outcome, RECORDS};
use crate::n8n::{own_columns, summary};
use crate::rows::Rows;
use crate::secret::Secret;
use crate::xapi::base_url::BaseUrl;
use crate::xapi::error::{Failure, MemoryFault};
use crate::xapi::protocol::{Action, Session, Xapi};
use crate::xapi::request::{AnswerAs, HttpRequest, Method, Payload};
use crate::xapi::response::HttpResponse;
use crate::xapi::transport::TransportError;

/// The PBX, where tokens come from, and the token to begin with.
pub(super) struct Connection {
    pub(super) base: Option<BaseUrl>,
    pub(super) tokens: TokenSource,
    pub(super) session: Session,
    /// What it begins with and must not show.
    pub(super) secrets: Vec<Secret>,
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
    pub(super) most: Most,
    /// What is to be told of the run beside what the job tells.
    pub(super) hint: Option<String>,
}

pub(super) struct Run {
    batch: RefCell<Batch<AnyJob>>,
    rows: RefCell<JsRows>,
    base: Option<BaseUrl>,
    tokens: Tokens,
    options: Options,
    wire: Wire,
    files: Files,
    most: Most,
    hint: Option<String>,
    /// Files that came, until their rows are handed over.
    kept: RefCell<FxHashMap<u32, JsValue>>,
    next_kept: Cell<u32>,
    output: Array,
    /// What rows under way have given so far, by row.
    parts: RefCell<FxHashMap<usize, Array>>,
    several_items: Cell<bool>,
    telling: Telling,
    kinds: RefCell<Kinds>,
    last_url: RefCell<(String, JsValue)>,
    requests: RefCell<FxHashMap<Ticket, Request>>,
    timer: RefCell<Option<Timer>>,
    cancelled: Cell<bool>,
    /// How long the memory may take.
    patience: Patience,
    /// What fetch gave, until it is looked at. Many answers come at the same moment: one look is for all of them.
    arrived: RefCell<Vec<(Ticket, Result<JsValue, JsValue>)>>,
    /// What each request under way is to bring, where it reads or wants more than a word.
    wanted: RefCell<FxHashMap<Ticket, (Method, AnswerAs)>>,
    pump_is_due: Cell<bool>,
    /// Whether a turn is waited for.
    rests: Cell<bool>,
    finished: RefCell<Option<Function>>,
}

impl Run {
    pub(super) fn new(job: AnyJob, rows: JsRows, settings: Settings, connection: Connection, host: Host) -> Rc<Self> {
        let fetch = host.options.fetch().map_or(JsValue::UNDEFINED, JsValue::from);
        Rc::new(Self {
            batch: RefCell::new(Batch::new(job, settings, connection.session, Xapi::new(connection.secrets))),
            telling: Telling::new(&host.options, host.progress_interval, rows.len(), host::now()),
            rows: RefCell::new(rows),
            tokens: Tokens::new(connection.tokens, connection.base.clone(), fetch, host.logins),
            base: connection.base,
            options: host.options,
            wire: host.wire,
            files: host.files,
            most: host.most,
            hint: host.hint,
            kept: RefCell::default(),
            next_kept: Cell::new(0),
            output: host.output,
            parts: RefCell::default(),
            several_items: Cell::new(false),
            kinds: RefCell::default(),
            last_url: RefCell::default(),
            requests: RefCell::default(),
            timer: RefCell::new(None),
            cancelled: Cell::new(false),
            patience: Patience::default(),
            arrived: RefCell::default(),
            wanted: RefCell::default(),
            pump_is_due: Cell::new(false),
            rests: Cell::new(false),
            finished: RefCell::new(None),
        })
    }

    /// Runs to the end. Whether any row gave a list of items, and not just one.
    pub(super) async fn finish(self: Rc<Self>) -> bool {
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
        let batch = self.batch.borrow();
        let (mut hints, tally) = (batch.hints(), batch.tally());
        hints.extend(self.hint.clone());
        hints.extend(summary::rows_unknown(batch.unknown()));
        hints.extend(batch.done_before_the_stop().map(summary::done_before_the_stop));
        drop(batch);
        self.telling.end(&hints, tally, host::now());
        let several_items = self.several_items.get();
        // The instance goes as a whole. Taking apart what it holds of a million rows would keep the host waiting.
        std::mem::forget(self);
        several_items
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
        let now = host::now();
        for (ticket, answer) in self.arrived.take() {
            self.receive(ticket, answer, now);
        }
        if self.timer.borrow().as_ref().is_some_and(|timer| timer.held_up(now) > 0) {
            return;
        }
        loop {
            // Each time: who is told of a row may cancel the run.
            if self.cancelled.replace(false) {
                self.cancel();
            }
            let action = self.batch.borrow_mut().poll(now, &mut *self.rows.borrow_mut());
            if self.batch.borrow().is_to_end() {
                self.patience.shorten();
            }
            self.deliver(now);
            match action {
                Action::Send { ticket, request, token } => self.send(ticket, &request, &token),
                Action::Abort { ticket } => {
                    if let Some(request) = self.requests.borrow_mut().remove(&ticket) {
                        request.abort();
                    }
                }
                Action::LogIn { after_dead_token } => {
                    let run = self.clone();
                    spawn_local(async move {
                        let login = run.tokens.log_in(after_dead_token).await;
                        run.batch.borrow_mut().logged_in(login);
                        run.pump();
                    });
                }
                Action::Look => {
                    let run = self.clone();
                    spawn_local(async move {
                        let stored = run.tokens.look().await;
                        run.batch.borrow_mut().looked(stored, host::now());
                        run.pump();
                    });
                }
                Action::Note(note) => {
                    let run = self.clone();
                    spawn_local(async move {
                        let known = match run.options.memory() {
                            Some(memory) => memory.note(&note, &run.patience).await,
                            None => Err(MemoryFault::Missing),
                        };
                        run.batch.borrow_mut().noted(known.map_err(Failure::Memory), host::now());
                        run.pump();
                    });
                }
                // The host gets a turn: others live in its loop as well, and Stop is heard there.
                Action::TakeOutcomes if host::now().saturating_sub(now) >= STRETCH => return self.rest(),
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

    /// Goes on in a turn of its own. However long the host keeps it, no time of the PBX's has passed for that.
    fn rest(self: &Rc<Self>) {
        if !self.rests.replace(true) {
            let run = self.clone();
            spawn_local(async move {
                timer::turn().await;
                run.rests.set(false);
                run.pump();
            });
        }
    }

    /// Ends the run. What waits with the host to be sent has not left.
    fn cancel(&self) {
        let mut batch = self.batch.borrow_mut();
        for (ticket, request) in &*self.requests.borrow() {
            if !request.has_left() {
                batch.preparing(*ticket);
            }
        }
        batch.cancel();
    }

    fn send(self: &Rc<Self>, ticket: Ticket, request: &HttpRequest, token: &Secret) {
        let Some(base) = &self.base else { return };
        let kind = self.kinds.borrow_mut().of(request, token);
        let url = self.url(base, &request.path);
        if request.method == Method::Get || request.wanted != AnswerAs::default() {
            self.wanted.borrow_mut().insert(ticket, (request.method, request.wanted));
        }
        let for_row = request.row.map_or(-1.0, |row| row as f64);
        match &request.body {
            Payload::Nothing => self.start(ticket, &url, &kind, &JsValue::UNDEFINED, for_row),
            Payload::Json(body) => self.start(ticket, &url, &kind, &JsValue::from_str(body), for_row),
            Payload::File { row, field, name } => {
                let (row, field, name) = (*row as u32, field.clone(), name.clone());
                let run = self.clone();
                self.batch.borrow_mut().preparing(ticket);
                spawn_local(async move {
                    let body = form_data(&run.files, row, &field, &name, &kind).await;
                    match body {
                        Ok(body) if run.batch.borrow_mut().prepared(ticket) => {
                            run.start(ticket, &url, &kind, &body, for_row);
                        }
                        // It was ended meanwhile.
                        Ok(_) => {}
                        Err(error) => {
                            run.settle(ticket, Err(error), host::now());
                            run.pump_soon();
                        }
                    }
                });
            }
        }
    }

    fn start(self: &Rc<Self>, ticket: Ticket, url: &JsValue, kind: &JsValue, body: &JsValue, row: f64) {
        match self.wire.start(url, kind, body, ticket as f64, row) {
            Ok(request) => {
                self.requests.borrow_mut().insert(ticket, request);
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
        let (method, wanted) = self.wanted.borrow_mut().remove(&ticket).unwrap_or((Method::Post, AnswerAs::default()));
        let most = if method == Method::Get { self.most } else { Most { text: MOST_OF_A_CHANGE, ..self.most } };
        let head = answer.map_err(|error| host::transport_error(&error, self.base.as_ref()));
        let head = head.and_then(|answer| Head::read(answer, wanted));
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
                    let response = head.with_body(&run.wire, most, &run.files, keep).await;
                    run.settle(ticket, response, host::now());
                    run.pump_soon();
                });
            }
            Err(error) => self.settle(ticket, Err(error), now),
        }
    }

    fn settle(&self, ticket: Ticket, answer: Result<HttpResponse, TransportError>, now: Millis) {
        self.requests.borrow_mut().remove(&ticket);
        self.batch.borrow_mut().answered(ticket, answer, now);
    }

    /// Hands finished rows over.
    fn deliver(&self, now: Millis) {
        let mut outcomes = self.batch.borrow_mut().take_outcomes();
        if outcomes.is_empty() {
            return;
        }
        for outcome in &mut outcomes {
            self.keep_columns(outcome);
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
        for Outcome { row, stage, failed, items: of_row, file, .. } in outcomes {
            let count = of_row.len() as u32;
            let of_row = items.slice(next, next + count);
            next += count;
            if stage == Stage::Part {
                let mut parts = self.parts.borrow_mut();
                let slot = parts.entry(row).or_default();
                of_row.iter().for_each(|item| slot.set(slot.length(), item));
                continue;
            }
            let slot = match self.parts.borrow_mut().remove(&row) {
                Some(before) if failed => after_records(of_row.get(0), &before),
                Some(before) => {
                    self.several_items.set(true);
                    before.concat(&of_row).into()
                }
                None if count == 1 => self.with_file(of_row.get(0), file),
                None => {
                    self.several_items.set(true);
                    of_row.into()
                }
            };
            if failed {
                self.telling.failed(&slot);
            }
            self.output.set(row as u32, slot);
        }
        let tally = self.batch.borrow().tally();
        self.telling.progress(tally, now);
    }

    /// Puts the row's own columns into its item. What an odd row does to prevent it is no trouble of what was done.
    fn keep_columns(&self, outcome: &mut Outcome) {
        let Some(key) = outcome.keeps_columns.take() else { return };
        let mut rows = self.rows.borrow_mut();
        if rows.has_only(outcome.row, &own_columns::TOLD) {
            return;
        }
        let Ok(columns) = rows.own_columns(outcome.row) else { return };
        for item in &mut outcome.items {
            if let Some(kept) = own_columns::with_columns(item, &columns, &key) {
                *item = kept;
            }
        }
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

    /// Wakes the run up at this time, unless a wake-up before it is set already.
    fn arm(self: &Rc<Self>, until: Option<Millis>, now: Millis) {
        let Some(until) = until else { return };
        let mut timer = self.timer.borrow_mut();
        if timer.as_ref().is_some_and(|timer| timer.comes_by(until, now)) {
            return;
        }
        let run = Rc::downgrade(self);
        *timer = Some(Timer::new(until, now, move || {
            if let Some(run) = run.upgrade() {
                // Not from within this callback, which the next timer replaces.
                spawn_local(async move {
                    let now = host::now();
                    let held_up = run.timer.borrow().as_ref().map_or(0, |timer| timer.held_up(now));
                    // Until then answers are taken in, and nothing else is done.
                    if held_up > 0 {
                        timer::pause(held_up.min(MOST_GRACE)).await;
                    }
                    if run.timer.borrow_mut().take().is_some() {
                        run.pump();
                    }
                });
            }
        }));
    }
}

/// The item of a row that failed, with the records that were handed over before.
fn after_records(failed: JsValue, before: &Array) -> JsValue {
    let (json, details) = (JsValue::from_str("json"), JsValue::from_str("details"));
    let told = failed
        .unchecked_ref::<Anything>()
        .field(&json)
        .and_then(|told| told.unchecked_into::<Anything>().field(&details));
    if let Ok(told) = told {
        let records: Array =
            before.iter().filter_map(|item| item.unchecked_into::<Anything>().field(&json).ok()).collect();
        told.unchecked_into::<Anything>().set_field(&RECORDS.into(), &records);
    }
    failed
}

/// After the host was held up, by other work or as it slept, so many milliseconds at most pass until times count again: its
/// timers come before the answers that have long arrived, and what could not leave meanwhile has had no time at all.
const MOST_GRACE: Millis = 1000;
