//! Reading departments.

use std::time::Instant;

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{bad_query, limits};
use crate::answer::{Answer, ODATA_JSON};
use crate::call::Call;
use crate::odata::{self, GROUP, Limits, Model, Options, Page, Projected};
use crate::world::World;

/// `GET /Groups`. Known: no link to a next page, a count on request.
pub(crate) fn all(world: &mut World, call: &Call, now: Instant) -> Answer {
    let (model, limits) = (Model::new(&GROUP, &world.switches.build), limits(&world.switches));
    let rows = world.directory.groups(now).iter().map(|group| &group.fields);
    list(call, "Groups", rows, model, limits)
}

/// A page of rows, with the properties that the query asks for.
pub(crate) fn list<'a>(
    call: &Call,
    set: &str,
    rows: impl Iterator<Item = &'a Map<String, Value>>,
    model: Model,
    limits: Limits,
) -> Answer {
    let options = match Options::read(&call.query, model, limits) {
        Ok(options) => options,
        Err(error) => return bad_query(&error),
    };
    let page = odata::page(rows, &options);
    let list = List {
        context: format!("{}/$metadata#{set}{}", call.service_root(), options.selection.context()),
        count: options.count.then_some(page.count),
        value: page.rows.into_iter().map(|row| options.projection.of(row)).collect(),
    };
    Answer::json(StatusCode::OK, ODATA_JSON, &list)
}

/// `GET /Groups/$count`, as text. Assumed.
pub(crate) fn count(world: &mut World, call: &Call, now: Instant) -> Answer {
    let model = Model::new(&GROUP, &world.switches.build);
    match Options::read(&call.query, model, limits(&world.switches)) {
        Ok(options) => {
            let count = page(world, &options, now).count;
            Answer::with_body(StatusCode::OK, "text/plain", count.to_string())
        }
        Err(error) => bad_query(&error),
    }
}

/// `GET /Groups({Id})`. Assumed: 404 without a body for an unknown id.
pub(crate) fn single(world: &mut World, call: &Call, id: i64, now: Instant) -> Answer {
    let style = world.switches.error_body;
    let (limits, model) = (limits(&world.switches), Model::new(&GROUP, &world.switches.build));
    match world.directory.group(id, now) {
        Some(group) => entity(call, "Groups", "/$entity", &group.fields, model, limits),
        None => Answer::bare(StatusCode::NOT_FOUND, style),
    }
}

/// One entity, with the properties that the query asks for.
pub(crate) fn entity(
    call: &Call,
    set: &str,
    suffix: &str,
    fields: &Map<String, Value>,
    model: Model,
    limits: Limits,
) -> Answer {
    match Options::read(&call.query, model, limits) {
        Ok(options) => {
            let selection = options.selection.context();
            let entity = Entity {
                context: format!("{}/$metadata#{set}{selection}{suffix}", call.service_root()),
                properties: options.projection.of(fields),
            };
            Answer::json(StatusCode::OK, ODATA_JSON, &entity)
        }
        Err(error) => bad_query(&error),
    }
}

fn page<'a>(world: &'a mut World, options: &Options, now: Instant) -> Page<'a> {
    let rows = world.directory.groups(now).iter().map(|group| &group.fields);
    odata::page(rows, options)
}

#[derive(Serialize)]
struct List<'a> {
    #[serde(rename = "@odata.context")]
    context: String,
    #[serde(rename = "@odata.count", skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    value: Vec<Projected<'a>>,
}

#[derive(Serialize)]
struct Entity<'a> {
    #[serde(rename = "@odata.context")]
    context: String,
    #[serde(flatten)]
    properties: Projected<'a>,
}
