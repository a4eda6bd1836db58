//! What 3CX objects to, in whatever form it says so.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// One thing that 3CX objects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field that 3CX names.
    pub field: Option<String>,
    /// A code such as `WARNINGS.XAPI.NOT_FOUND`, or a sentence.
    pub text: String,
}

impl Problem {
    pub fn new(field: Option<&str>, text: &str) -> Self {
        Self { field: field.map(str::to_owned), text: text.to_owned() }
    }

    pub(super) fn is_code(&self) -> bool {
        self.text.starts_with("WARNINGS.")
    }
}

/// Reads what an answer without success says: as [`objections`] do, ASP.NET's details of a problem, or a mere sentence.
pub fn problems(text: &str) -> Vec<Problem> {
    let sentence = || parsed::<String>(text).map(|sentence| problems_in_message(&sentence));
    of_error(text).or_else(|| of_details(text)).or_else(sentence).unwrap_or_default()
}

/// Reads the error forms that 3CX is known for, whatever the status: OData's object, a bare string, OAuth's pair; nothing
/// otherwise.
pub fn objections(text: &str) -> Vec<Problem> {
    of_error(text).unwrap_or_default()
}

/// An object; Serde would take a list for one without names.
fn object<T: DeserializeOwned>(text: &str) -> Option<T> {
    text.starts_with('{').then(|| parsed(text)).flatten()
}

fn parsed<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

fn of_error(text: &str) -> Option<Vec<Problem>> {
    #[derive(Deserialize)]
    struct Envelope {
        error: Error,
        error_description: Option<String>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Error {
        Object {
            #[serde(default)]
            message: String,
            #[serde(default)]
            details: Vec<Detail>,
        },
        Text(String),
    }
    #[derive(Deserialize)]
    struct Detail {
        #[serde(default)]
        message: String,
        target: Option<String>,
    }
    let Envelope { error, error_description } = object(text)?;
    let (message, details) = match error {
        Error::Object { message, details } => (message, details),
        Error::Text(code) => (error_description.unwrap_or(code), Vec::new()),
    };
    let from_details: Vec<_> = details
        .into_iter()
        .filter(|detail| !detail.message.is_empty())
        .map(|detail| Problem::new(detail.target.as_deref(), &detail.message))
        .collect();
    Some(if from_details.is_empty() { problems_in_message(&message) } else { from_details })
}

/// ASP.NET's form: what is wrong with each field, or a sentence and a title.
fn of_details(text: &str) -> Option<Vec<Problem>> {
    let details: Value = object(text)?;
    let mut found = Vec::new();
    for (field, texts) in details["errors"].as_object().into_iter().flatten() {
        let texts = texts.as_array().into_iter().flatten().filter_map(Value::as_str);
        let field = Some(field.as_str()).filter(|field| !field.is_empty());
        found.extend(texts.filter(|text| !text.trim().is_empty()).map(|text| Problem::new(field, text)));
    }
    let filled = |name: &str| details[name].as_str().filter(|text| !text.trim().is_empty());
    let sentence = || filled("detail").or(filled("title")).unwrap_or_default();
    Some(if found.is_empty() { problems_in_message(sentence()) } else { found })
}

/// Messages come as `Field:` and, on the next line, a code; several fields may follow each other.
fn problems_in_message(message: &str) -> Vec<Problem> {
    let mut field = None;
    let mut found = Vec::new();
    for line in message.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_suffix(':') {
            Some(name) if !name.contains(' ') => field = Some(name),
            _ => found.push(Problem::new(field.take(), line)),
        }
    }
    found
}

/// Takes secrets out of problems. Their texts are gone through as one: a secret may begin in one and end in the next, as where 3CX breaks its message
/// into lines. Those of which it takes the joint are one problem then.
pub(super) fn redact(problems: &mut Vec<Problem>, clean: &dyn Fn(&str) -> String) {
    // No more of them are shown, and an answer may be long.
    problems.truncate(MOST_PROBLEMS);
    for problem in problems.iter_mut() {
        problem.field = problem.field.as_deref().map(clean);
    }
    let most = MOST_OF_ALL / problems.len().max(1);
    let cut = |text: &str| text[..text.floor_char_boundary(most)].replace(JOINT, " ");
    let texts: Vec<String> = problems.iter().map(|problem| cut(&problem.text)).collect();
    let redacted = clean(&texts.join(JOINT));
    let parts: Vec<&str> = redacted.split(JOINT).collect();
    if parts.len() < problems.len() {
        problems.truncate(1);
        problems.iter_mut().for_each(|problem| problem.text = parts.join("; "));
        return;
    }
    for (problem, part) in problems.iter_mut().zip(parts) {
        problem.text = part.to_owned();
    }
}

/// What stands between two lines, and in none.
const JOINT: &str = "\u{2028}";
/// More bytes of all texts are neither searched nor shown.
const MOST_OF_ALL: usize = 8000;

/// Some answers are whole documents.
pub(crate) const MOST_PROBLEMS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xapi::error::Failure;
    use crate::xapi::response::{Body, HttpResponse};
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn reads_every_known_form_of_error() {
        let one = |text: &str| {
            let found = problems(text);
            assert_eq!(found.len(), 1, "{text}");
            (found[0].field.clone(), found[0].text.clone())
        };
        let code = "WARNINGS.XAPI.NOT_FOUND".to_owned();
        assert_eq!(
            one(
                r#"{"error":{"code":"","message":"groupId:\nWARNINGS.XAPI.NOT_FOUND","details":[{"code":"","message":"WARNINGS.XAPI.NOT_FOUND","target":"groupId"}]}}"#
            ),
            (Some("groupId".into()), code.clone())
        );
        assert_eq!(
            one(r#"{"error":{"code":"","message":"groupId:\nWARNINGS.XAPI.NOT_FOUND"}}"#),
            (Some("groupId".into()), code)
        );
        assert_eq!(one(r#"{"error":"Department not found"}"#), (None, "Department not found".into()));
        assert_eq!(one(r#"{"error":"unauthorized","error_description":"Bad client."}"#), (None, "Bad client.".into()));
        let title = "One or more validation errors occurred.";
        assert_eq!(
            one(&format!(
                r#"{{"type":"x","title":"{title}","status":400,"errors":{{"licenseKey":["Used by another group"]}}}}"#
            )),
            (Some("licenseKey".into()), "Used by another group".into())
        );
        assert_eq!(one(&format!(r#"{{"title":"{title}","errors":{{"":["Bad body"]}}}}"#)), (None, "Bad body".into()));
        assert_eq!(one(&format!(r#"{{"title":"{title}","errors":{{}}}}"#)), (None, title.into()));
        assert_eq!(
            one(r#"{"title":"Bad Request","detail":"The key is used","errors":null}"#),
            (None, "The key is used".into())
        );
        assert_eq!(one(r#""License is in use""#), (None, "License is in use".into()));
        for nothing in [
            "",
            "plain text",
            "<html>",
            "[]",
            r#"["error"]"#,
            "null",
            "5",
            "\"\"",
            "{}",
            r#"{"value":[]}"#,
            r#"{"error":{}}"#,
            r#"{"error":5}"#,
        ] {
            assert_eq!(problems(nothing), vec![], "{nothing}");
        }
    }

    #[test]
    fn a_success_objects_by_an_error_only() {
        for record in [r#"{"title":"Sales","detail":"x","errors":{"a":["b"]}}"#, r#""a sentence""#] {
            assert!(objections(record).is_empty() && !problems(record).is_empty(), "{record}");
        }
    }

    #[test]
    fn several_fields_in_one_message() {
        let found = problems(r#"{"error":{"message":"Name:\nWARNINGS.A\nNumber:\nWARNINGS.B"}}"#);
        assert_eq!(found, vec![Problem::new(Some("Name"), "WARNINGS.A"), Problem::new(Some("Number"), "WARNINGS.B")]);
    }

    #[test]
    fn a_secret_that_is_split_over_problems_is_found() {
        let key = "8SGW-ABCD-EFGH-1234";
        let told = |texts: &[&str]| {
            let problems = texts.iter().map(|text| Problem::new(None, text)).collect();
            let failure = Failure::Rejected { status: 400, problems };
            match failure.redacted(&|text| crate::redaction::redact(text, key, "****")) {
                Failure::Rejected { problems, .. } => problems.into_iter().map(|problem| problem.text).collect(),
                other => vec![format!("{other:?}")],
            }
        };
        assert_eq!(told(&["Key 8SGW-AB", "CD-EFGH-1234 bad"]), ["Key **** bad"]);
        assert_eq!(
            told(&["a", "8SGW-ABCD-", "EFGH-1234 is not valid", "b"]),
            ["a; ****  is not valid; b".replace("  ", " ")]
        );
        assert_eq!(told(&["8SGW-", "ABCD-", "EFGH-", "1234"]), ["****"]);
        assert_eq!(told(&["x 8sgwabcdefgh1234", "y"]), ["x ****", "y"]);
        assert_eq!(told(&["a\u{2028}b", "c"]), ["a b", "c"]);
        assert_eq!(told(&[]), Vec::<String>::new());
        let long = "日".repeat(5000);
        assert_eq!(told(&[&long, "x"]).len(), 2);
    }

    /// What is objected to, in the ways that 3CX tells it.
    fn told(problems: &[Problem], form: usize) -> String {
        let message = |problem: &Problem| match &problem.field {
            Some(field) => format!("{field}:\n{}", problem.text),
            None => problem.text.clone(),
        };
        let messages = problems.iter().map(message).collect::<Vec<_>>().join("\n");
        match form {
            0 => json!({ "error": { "code": "", "message": messages } }),
            1 => json!({ "error": { "message": "x", "details": problems.iter().map(|problem| {
                json!({ "code": "", "message": problem.text, "target": problem.field })
            }).collect::<Vec<_>>() } }),
            2 => json!({ "error": messages }),
            3 => json!({ "title": "x", "errors": problems.iter().map(|problem| {
                (problem.field.clone().unwrap_or_default(), json!([problem.text]))
            }).collect::<serde_json::Map<_, _>>() }),
            4 => json!({ "title": "x", "detail": messages }),
            _ => json!(messages),
        }
        .to_string()
    }

    fn several() -> impl Strategy<Value = Vec<Problem>> {
        let text = prop_oneof!["WARNINGS\\.[A-Z_.]{1,20}[A-Z]", "[a-zA-Z]{1,12} [^:\\s\\\\\"]{1,12}\\."];
        let one = (prop::option::of("[A-Za-z.]{1,12}"), text);
        prop::collection::vec(one.prop_map(|(field, text)| Problem::new(field.as_deref(), &text)), 1..5)
    }

    proptest! {
        #[test]
        fn objections_are_read_however_they_are_told(objections in several(), form in 0usize..2) {
            prop_assert_eq!(problems(&told(&objections, form)), objections);
        }

        #[test]
        fn a_key_that_3cx_repeats_is_never_shown(
            objections in several(),
            form in 0usize..6,
            status in 400u16..600,
            (at, before) in (any::<prop::sample::Index>(), "[xé]{0,310}"),
        ) {
            let key = "8SGW-ABCD-EFGH-1234";
            let mut objections = objections;
            let repeating = at.get(&objections).clone();
            let text = format!("{before} {} {}", key.to_lowercase(), repeating.text);
            objections.push(Problem::new(Some(&format!("{before}{key}")), &text));
            let body = Body::Text(told(&objections, form));
            let answer = HttpResponse { status, body, ..HttpResponse::default() };
            if let Err(failure) = answer.text() {
                let failure = failure.redacted(&|text| crate::redaction::redact(text, key, "****"));
                for shown in [failure.to_string(), failure.advice(), failure.code()] {
                    prop_assert!(!shown.to_ascii_lowercase().contains("8sgw"), "{}", shown);
                }
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = problems(&text);
        }
    }
}
