//! What the caller's listeners are told: progress and failed rows on the way, hints at the end. What they throw, at once or
//! later, does not stop the rows.

use std::cell::Cell;

use call_engine::{Millis, Tally};
use js_sys::{Function, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::host::{Anything, Options};
use crate::n8n::summary;

/// Progress is told at most this often, in milliseconds, unless the caller wants it otherwise.
pub(super) const PROGRESS_INTERVAL: Millis = 200;

pub(super) struct Telling {
    on_progress: Option<Function>,
    on_hint: Option<Function>,
    on_failed: Option<Function>,
    interval: Millis,
    /// How many rows there are.
    total: usize,
    began: Millis,
    last: Cell<Millis>,
}

impl Telling {
    pub(super) fn new(options: &Options, interval: Millis, total: usize, now: Millis) -> Self {
        let (on_progress, on_hint, on_failed) = (options.on_progress(), options.on_hint(), options.on_failed());
        Self { on_progress, on_hint, on_failed, interval, total, began: now, last: Cell::new(now) }
    }

    pub(super) fn progress(&self, tally: Tally, now: Millis) {
        let Some(listener) = &self.on_progress else { return };
        let done = tally.ended();
        if done == 0 || self.last.get() == Millis::MAX || (done < self.total && now < self.last.get() + self.interval) {
            return;
        }
        self.last.set(if done < self.total { now } else { Millis::MAX });
        let progress = Anything::from(JsValue::from(Object::new()));
        let numbers = [
            ("done", done),
            ("total", self.total),
            ("failed", tally.failed),
            ("sent", tally.sent),
            ("retried", tally.retried),
            ("throttled", tally.throttled),
        ];
        for (name, number) in numbers {
            progress.set_field(&JsValue::from_str(name), &JsValue::from_f64(number as f64));
        }
        settle(listener.call1(&JsValue::UNDEFINED, &progress));
    }

    /// A row failed with this item.
    pub(super) fn failed(&self, item: &JsValue) {
        if let Some(listener) = &self.on_failed {
            settle(listener.call1(&JsValue::UNDEFINED, item));
        }
    }

    pub(super) fn end(&self, hints: &[String], tally: Tally, now: Millis) {
        let Some(listener) = &self.on_hint else { return };
        let tell = |hint: &str, kind: &str| {
            settle(listener.call2(&JsValue::UNDEFINED, &JsValue::from_str(hint), &JsValue::from_str(kind)));
        };
        for hint in hints {
            tell(hint, "warning");
        }
        // One row tells everything by itself.
        if self.total > 1 {
            tell(&summary::of_run(tally, self.total, now.saturating_sub(self.began)), "info");
        }
    }
}

/// A listener may give a promise: that it is rejected is no more the run's trouble than that it throws.
fn settle(told: Result<JsValue, JsValue>) {
    if let Ok(promise) = told
        && promise.is_object()
    {
        spawn_local(async move {
            let _ = JsFuture::from(Promise::resolve(&promise)).await;
        });
    }
}
