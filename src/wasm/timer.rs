//! A wake-up: an `AbortSignal` that times out, which every JavaScript has.

use call_engine::Millis;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

/// How many milliseconds in a row are worked without a turn for the host.
pub(super) const STRETCH: Millis = 15;

/// Wakes up once, unless it is dropped before.
pub(super) struct Timer {
    until: Millis,
    signal: AbortSignal,
    callback: Closure<dyn FnMut()>,
}

impl Timer {
    pub(super) fn new(until: Millis, now: Millis, wake: impl FnMut() + 'static) -> Self {
        let callback = Closure::<dyn FnMut()>::new(wake);
        let delay = until.saturating_sub(now).clamp(1, 0x7fff_ffff);
        let signal = AbortSignal::timeout_with_u32(delay as u32);
        let _ = signal.add_event_listener_with_callback("abort", callback.as_ref().unchecked_ref());
        Self { until, signal, callback }
    }

    /// Whether it is still to come, and not later than this.
    pub(super) fn comes_by(&self, until: Millis, now: Millis) -> bool {
        self.until <= until && self.until > now
    }

    /// How late it is already, if that is more than others' work takes.
    pub(super) fn held_up(&self, now: Millis) -> Millis {
        let late = now.saturating_sub(self.until);
        if late > STRETCH { late } else { 0 }
    }
}

/// Gives the host a turn.
pub(super) async fn turn() {
    pause(0).await;
}

/// Lets some time pass.
pub(super) async fn pause(delay: Millis) {
    let mut timer = None;
    let passed = Promise::new(&mut |resolve, _| {
        timer = Some(Timer::new(delay, 0, move || {
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }));
    });
    // The promise is only ever resolved.
    let _ = JsFuture::from(passed).await;
}

impl Drop for Timer {
    fn drop(&mut self) {
        // A listener that cannot be taken off only wakes nobody.
        let _ = self.signal.remove_event_listener_with_callback("abort", self.callback.as_ref().unchecked_ref());
    }
}
