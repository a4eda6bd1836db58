//! Texts of a template with variables in brackets, and its conditions.

use std::collections::BTreeMap;

use crate::switches::{CrmDatetime, CrmPasses, CrmUnfilled, Switches};

/// What variables are worth.
#[derive(Debug, Clone)]
pub(super) struct Scope<'a> {
    /// Of the occasion, and of an answer. What is not there was not filled in.
    variables: BTreeMap<String, String>,
    parameters: BTreeMap<String, String>,
    switches: &'a Switches,
}

impl<'a> Scope<'a> {
    pub(super) fn new(
        variables: BTreeMap<String, String>,
        parameters: BTreeMap<String, String>,
        switches: &'a Switches,
    ) -> Self {
        Self { variables, parameters, switches }
    }

    pub(super) fn with(&self, more: impl Iterator<Item = (String, String)>) -> Self {
        let mut scope = self.clone();
        scope.variables.extend(more);
        scope
    }

    /// A text as it is sent. Assumed: `passes` are what comes after the first one.
    pub(super) fn filled(&self, text: &str, passes: u32) -> String {
        let times = match self.switches.crm_passes {
            CrmPasses::More => passes + 1,
            CrmPasses::Count => passes.max(1),
        };
        (0..times).fold(text.to_owned(), |text, _| self.once(&text))
    }

    fn once(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let escaped = [("{{", '{'), ("}}", '}'), ("^^", '"')];
            if let Some((pair, c)) = escaped.into_iter().find(|(pair, _)| rest.starts_with(pair)) {
                filled.push(c);
                rest = &rest[pair.len()..];
                continue;
            }
            match closing(rest) {
                Some(end) => {
                    filled.push_str(&self.value(&rest[..=end]));
                    rest = &rest[end + 1..];
                }
                None => {
                    filled.push(first);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        filled
    }

    /// The value of an expression in brackets.
    fn value(&self, expression: &str) -> String {
        let inner = &expression[1..expression.len() - 1];
        let is_name = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_name(inner) {
            let value = self.variables.get(inner).or_else(|| self.parameters.get(inner));
            return value.cloned().unwrap_or_else(|| self.unfilled(expression));
        }
        let method = inner.strip_prefix('[').and_then(|inner| inner.split_once(r#"].ToString(""#));
        let Some((name, form)) = method.filter(|(name, _)| is_name(name)) else { return expression.to_owned() };
        let form = form.strip_suffix(r#"")"#).unwrap_or(form);
        let time = self.variables.get(name).filter(|time| time.len() >= 19 && time.is_ascii());
        match (self.switches.crm_datetime, time) {
            (CrmDatetime::Formatted, Some(time)) => written(time, form),
            (CrmDatetime::Culture, Some(time)) => written(time, "MM/dd/yyyy HH:mm:ss"),
            (CrmDatetime::Null, _) | (_, None) => self.unfilled(expression),
        }
    }

    fn unfilled(&self, expression: &str) -> String {
        match self.switches.crm_unfilled {
            CrmUnfilled::Empty => String::new(),
            CrmUnfilled::Literal => expression.to_owned(),
        }
    }

    /// Whether a condition holds: comparisons by `==` and `!=`, with `||` and `&&` between. None holds if there is none.
    pub(super) fn holds(&self, condition: &str) -> bool {
        let side = |text: &str| self.once(text.trim()).trim_matches('"').to_owned();
        let compared = |text: &str| match (text.split_once("=="), text.split_once("!=")) {
            (Some((one, other)), _) => side(one) == side(other),
            (None, Some((one, other))) => side(one) != side(other),
            (None, None) => false,
        };
        !condition.is_empty() && condition.split("||").any(|all| all.split("&&").all(compared))
    }
}

/// Where the bracket closes that a text begins with.
fn closing(text: &str) -> Option<usize> {
    if !text.starts_with('[') {
        return None;
    }
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// A time (`2026-11-03T09:00:00Z`) in a form of .NET's.
fn written(time: &str, form: &str) -> String {
    let parts = [("yyyy", 0..4), ("MM", 5..7), ("dd", 8..10), ("HH", 11..13), ("mm", 14..16), ("ss", 17..19)];
    parts.into_iter().fold(form.to_owned(), |form, (name, range)| form.replace(name, &time[range]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(switches: &Switches) -> Scope<'_> {
        let variables =
            [("Name", "[Number] says ^^hi^^"), ("Number", "+4930"), ("CallStartTimeUTC", "2026-11-03T09:05:00Z")];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Scope::new(variables.collect(), [("ReportCallEnabled".to_owned(), "True".to_owned())].into(), switches)
    }

    #[test]
    fn what_a_variable_holds_is_worked_out_only_by_a_second_pass() {
        let switches = Switches::default();
        assert_eq!(scope(&switches).filled("<[Name]>", 0), "<[Number] says ^^hi^^>");
        assert_eq!(scope(&switches).filled("<[Name]>", 1), "<+4930 says \"hi\">");
        let switches = Switches { crm_passes: CrmPasses::Count, ..Switches::default() };
        assert_eq!(scope(&switches).filled("<[Name]>", 1), "<[Number] says ^^hi^^>");
    }

    #[test]
    fn times_and_what_is_not_filled_in_come_as_the_switches_say() {
        let time = r#"[[CallStartTimeUTC].ToString("yyyy-MM-ddTHH:mm:ssZ")]"#;
        let mut switches = Switches::default();
        assert_eq!(scope(&switches).filled(time, 0), "2026-11-03T09:05:00Z");
        assert_eq!(scope(&switches).filled("[Summary]!", 0), "!");
        switches.crm_datetime = CrmDatetime::Culture;
        switches.crm_unfilled = CrmUnfilled::Literal;
        assert_eq!(scope(&switches).filled(time, 0), "11/03/2026 09:05:00");
        assert_eq!(scope(&switches).filled("[Summary]!", 0), "[Summary]!");
        switches.crm_datetime = CrmDatetime::Null;
        assert_eq!(scope(&switches).filled(time, 0), time);
        assert_eq!(scope(&switches).filled("[no name] [ {{x}}", 0), "[no name] [ {x}");
    }

    #[test]
    fn conditions_compare_texts() {
        let switches = Switches::default();
        for (condition, expected) in [
            ("", false),
            ("[ReportCallEnabled]!=True", false),
            ("[ReportCallEnabled]==True", true),
            (r#"[ReportCallEnabled]!=True||[Number]=="+4930""#, true),
            (r#"[ReportCallEnabled]==True&&[Number]=="""#, false),
        ] {
            assert_eq!(scope(&switches).holds(condition), expected, "{condition}");
        }
    }
}
