//! OData v4 as far as the simulator needs it: what a query asks for, and the rows and properties it gets.

mod error;
pub(crate) mod filter;
mod options;
mod order;
mod projection;
mod schema;

pub(crate) use error::QueryError;
pub(crate) use options::{Limits, Options};
pub(crate) use projection::Projected;
pub(crate) use schema::{DEFS, GROUP, LICENSE_STATUS, Model, SYSTEM_STATUS, entity};

use serde_json::{Map, Value};

/// The rows of one page, and how many there are in all.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) rows: Vec<&'a Map<String, Value>>,
    pub(crate) count: usize,
}

/// Filters, searches, orders and cuts rows, in this order.
pub(crate) fn page<'a>(rows: impl Iterator<Item = &'a Map<String, Value>>, query: &Options) -> Page<'a> {
    let mut rows: Vec<_> = rows
        .filter(|row| query.filter.as_ref().is_none_or(|filter| filter.accepts(row)))
        .filter(|row| query.search.as_ref().is_none_or(|words| found(row, words)))
        .collect();
    let count = rows.len();
    order::sort(&mut rows, &query.order);
    let rows = rows.into_iter().skip(query.skip).take(query.top).collect();
    Page { rows, count }
}

/// Assumed: a search looks for the text in number and name, whatever the case.
fn found(row: &Map<String, Value>, words: &str) -> bool {
    ["Number", "Name"]
        .iter()
        .filter_map(|name| row.get(*name).and_then(Value::as_str))
        .any(|text| text.to_lowercase().contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rows() -> Vec<Map<String, Value>> {
        (1..=5)
            .map(|id| json!({"Id": id, "Name": format!("Name {id}"), "Number": format!("GRP{id:04}")}))
            .map(|row| row.as_object().cloned().unwrap())
            .collect()
    }

    fn ids(query: &str) -> (Vec<i64>, usize) {
        let limits = Limits { top: 100, page: 3, send_nulls: false };
        let query = Options::read(query, Model::new(&GROUP, "20.0.9"), limits).unwrap();
        let rows = rows();
        let page = page(rows.iter(), &query);
        (page.rows.iter().map(|row| row["Id"].as_i64().unwrap()).collect(), page.count)
    }

    #[test]
    fn pages_are_cut_after_ordering() {
        assert_eq!(ids("$orderby=Id desc&$skip=1&$top=2"), (vec![4, 3], 5));
        assert_eq!(ids("$skip=4&$top=2"), (vec![5], 5));
        assert_eq!(ids("$skip=9"), (vec![], 5));
        assert_eq!(ids("$top=0"), (vec![], 5));
    }

    #[test]
    fn the_default_page_holds_without_top() {
        assert_eq!(ids(""), (vec![1, 2, 3], 5));
    }

    #[test]
    fn search_and_filter_count_before_cutting() {
        assert_eq!(ids("$search=grp000&$filter=Id gt 2&$top=1"), (vec![3], 3));
    }
}
