//! The query options of a request: `$filter`, `$select`, `$top` and so on.

use super::filter::Filter;
use super::order::{OrderKey, read_order};
use super::projection::{Projection, Selection};
use super::{Model, QueryError};

/// Limits of the PBX on pages, and how it writes empty properties.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) top: u64,
    pub(crate) page: u64,
    pub(crate) send_nulls: bool,
}

/// What a query asks for.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) filter: Option<Filter>,
    /// In small letters.
    pub(crate) search: Option<String>,
    pub(crate) order: Vec<OrderKey>,
    pub(crate) skip: usize,
    pub(crate) top: usize,
    pub(crate) count: bool,
    pub(crate) selection: Selection,
    pub(crate) projection: Projection,
}

impl Options {
    /// Reads a query string. Parameters without a dollar sign are none of OData's.
    pub(crate) fn read(query: &str, model: Model, limits: Limits) -> Result<Self, QueryError> {
        let mut options = Self {
            filter: None,
            search: None,
            order: Vec::new(),
            skip: 0,
            top: usize::try_from(limits.page).unwrap_or(usize::MAX),
            count: false,
            selection: Selection::default(),
            projection: Projection::default(),
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "$filter" => options.filter = Some(Filter::parse(&value, model)?),
                "$search" => options.search = Some(value.trim_matches('"').to_lowercase()),
                "$orderby" => options.order = read_order(&value, model)?,
                "$skip" => options.skip = to_usize(count("$skip", &value)?),
                "$top" => options.top = to_usize(top(&value, limits.top)?),
                "$count" => options.count = value == "true",
                "$select" => options.selection.select(&value, model)?,
                "$expand" => options.selection.expand(&value, model)?,
                other if other.starts_with('$') => return Err(QueryError::unknown_option(other)),
                _ => {}
            }
        }
        options.projection = Projection::new(&options.selection, model, limits.send_nulls);
        Ok(options)
    }
}

fn top(value: &str, limit: u64) -> Result<u64, QueryError> {
    let top = count("$top", value)?;
    if top > limit {
        return Err(QueryError::top_exceeded(limit, top));
    }
    Ok(top)
}

fn count(option: &str, value: &str) -> Result<u64, QueryError> {
    value.parse().map_err(|_| QueryError::not_a_count(option, value))
}

fn to_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::odata::GROUP;

    fn error(query: &str) -> String {
        let limits = Limits { top: 100, page: 50, send_nulls: false };
        let error = Options::read(query, Model::new(&GROUP, "20.0.9"), limits).unwrap_err();
        error.to_string().replace("The query specified in the URI is not valid. ", "")
    }

    #[test]
    fn wrong_options_are_named() {
        assert_eq!(
            error("%24top=500"),
            "The limit of '100' for Top query has been exceeded. The value from the incoming request is '500'."
        );
        assert!(error("$top=-1").starts_with("Invalid value '-1' for $top query option found."));
        assert!(error("$skip=x").starts_with("Invalid value 'x' for $skip query option found."));
        assert_eq!(error("$format=json"), "The query parameter '$format' is not supported.");
        assert_eq!(error("$orderby=Nme"), "Could not find a property named 'Nme' on type 'Pbx.Group'.");
        assert_eq!(error("$select=Id,Nme"), "Could not find a property named 'Nme' on type 'Pbx.Group'.");
    }
}
