//! What the clocks of a time zone show: the host knows it.

use js_sys::{Error, Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::calls::moment::{Moment, SECOND, moment};
use crate::n8n::misuse::{self, Demand};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Intl)]
    type DateTimeFormat;
    #[wasm_bindgen(constructor, catch, js_namespace = Intl)]
    fn new(locales: &str, options: &Object) -> Result<DateTimeFormat, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn format(this: &DateTimeFormat, at: f64) -> Result<String, JsValue>;
}

/// How far clocks are ahead of UTC at a moment; those of the host, unless a zone is named.
pub(super) fn ahead(zone: Option<&str>) -> Result<Box<dyn Fn(Moment) -> Moment>, JsValue> {
    let options = Object::new();
    let parts = ["year", "month", "day", "hour", "minute", "second"].map(|part| (part, "numeric"));
    for (name, value) in parts.into_iter().chain([("hourCycle", "h23")]).chain(zone.map(|zone| ("timeZone", zone))) {
        Reflect::set(&options, &name.into(), &value.into())?;
    }
    let clock = DateTimeFormat::new("en-US", &options)
        .map_err(|_| JsValue::from(Error::new(&misuse::option("timezone", Demand::TimeZone))))?;
    Ok(Box::new(move |at| {
        let at = at.div_euclid(SECOND) * SECOND;
        let text = clock.format(at as f64).unwrap_or_default();
        // 11/28/2026, 09:05:00
        let numbers: Vec<u32> =
            text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
        let [month, day, year, hour, minute, second] = numbers[..] else { return 0 };
        let shown = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
        moment(&shown).map_or(0, |shown| shown - at)
    }))
}
