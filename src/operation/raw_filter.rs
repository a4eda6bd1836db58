//! A filter of a person's own, as far as it can be seen whether it says what it was meant to.

use super::parameters::fault;
use crate::n8n::form;
use crate::n8n::outcome::Report;
use crate::rows::value::{Expected, FaultKind};

/// They find all records where the text that they look for is empty.
const SEEKING: [&str; 3] = ["contains", "startswith", "endswith"];

/// Refuses a filter that would take more with it than itself, as what a cell closes too early does, and one that looks for an
/// empty text, as an expression without a column leaves it.
pub(super) fn check(label: &str, filter: &str) -> Result<(), Box<Report>> {
    let odd = || Err(fault(label.to_owned(), Expected::Closed.fault_of(filter)));
    // What stands before each bracket that is open, and whether a comma has passed behind it.
    let mut names: Vec<(String, bool)> = Vec::new();
    let mut text_from = None;
    let mut chars = filter.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (c, text_from) {
            ('\'', None) => text_from = Some(at),
            // Two quotes within a text are one of it.
            ('\'', Some(_)) if chars.next_if(|(_, next)| *next == '\'').is_some() => {}
            ('\'', Some(from)) => {
                let function = SEEKING
                    .iter()
                    .find(|function| names.iter().any(|(name, is_second)| name == *function && *is_second));
                if let Some(function) = function.filter(|_| at == from + 1) {
                    return Err(fault(form::sought(function, label), FaultKind::Empty));
                }
                text_from = None;
            }
            ('(', None) => {
                let mut before = filter[..at].trim_end().rsplit(|c: char| !c.is_alphanumeric());
                names.push((before.next().unwrap_or_default().to_lowercase(), false));
            }
            (',', None) => {
                if let Some((_, is_second)) = names.last_mut() {
                    *is_second = true;
                }
            }
            (')', None) if names.pop().is_none() => return odd(),
            _ => {}
        }
    }
    if names.is_empty() && text_from.is_none() { Ok(()) } else { odd() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(filter: &str) -> String {
        check("OData Filter", filter).map_or_else(|report| report.error, |()| "sent".to_owned())
    }

    #[test]
    fn a_filter_ends_where_it_began() {
        for filter in
            ["1 eq 1) or (1 eq 1", "(Id eq 5", "Id eq 5)", "Name eq 'Ann", "Name eq 'O'Brien'", "Name eq '''", ")("]
        {
            assert!(told(filter).starts_with(&format!("OData Filter: “{filter}” is not closed")), "{filter}");
        }
        for filter in [
            "Name eq 'Ann'",
            "Name eq ''",
            "Name eq 'a) or (b'",
            "Name eq 'O''Brien'",
            "Name eq ''''",
            "(Id eq 5) or (Id eq 6)",
            "startswith(Name, 'ä')",
        ] {
            assert_eq!(told(filter), "sent", "{filter}");
        }
    }

    #[test]
    fn a_filter_looks_for_something() {
        for (filter, function) in [
            ("startswith(Number,'')", "startswith"),
            ("Id gt 1 and contains( tolower(Name) , '' )", "contains"),
            ("EndsWith (Name,tolower(''))", "endswith"),
        ] {
            assert_eq!(told(filter), format!("The text that {function} looks for in OData Filter is empty"));
        }
        for filter in [
            "contains(Name,'''')",
            "contains(Name,'a') and Mobile ne ''",
            "tolower(Name) eq ''",
            "contains(concat(concat(Name,''),Mobile),'Ann')",
        ] {
            assert_eq!(told(filter), "sent", "{filter}");
        }
    }
}
