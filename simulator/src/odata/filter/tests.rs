use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::{GROUP, Model};
use super::Filter;

fn model() -> Model {
    Model::new(&GROUP, "20.0.9.995")
}

fn row() -> Map<String, Value> {
    let row = json!({
        "Id": 28, "Number": "GRP0000", "Name": "O'Neill (Müller)", "IsDefault": true, "CustomPrompt": null,
        "LastLoginTime": "2026-11-02T08:15:30Z",
        "Props": {"Subscription": "StartUP Pro", "StartupLicense": "Pro", "Fqdn": null, "DectMaxCount": -1},
    });
    row.as_object().cloned().unwrap()
}

fn accepts(filter: &str) -> bool {
    Filter::parse(filter, model()).unwrap_or_else(|error| panic!("{filter}: {error}")).accepts(&row())
}

fn error(filter: &str) -> String {
    let error = Filter::parse(filter, model()).unwrap_err().to_string();
    error.replace("The query specified in the URI is not valid. ", "")
}

#[test]
fn true_filters() {
    for filter in [
        "Id eq 28",
        "28 eq Id",
        "Id ne 29",
        "Id gt 27 and Id ge 28 and Id lt 29 and Id le 28",
        "Name eq 'O''Neill (Müller)'",
        "Number gt 'GRP'",
        "IsDefault",
        "IsDefault eq true",
        "not (IsDefault eq false)",
        "not not IsDefault",
        "CustomPrompt eq null",
        "null eq Props/Fqdn",
        "Name ne null",
        "Props/Subscription eq 'StartUP Pro'",
        "Props/StartupLicense eq 'Pro'",
        "Props/DectMaxCount eq -1",
        "contains(Name,'(Mü')",
        "startsWith(Name, 'O''')",
        "endswith(tolower(Number),'p0000')",
        "contains(Name,'Neill') eq true",
        "Id in (1, 28)",
        "Number in ('GRP0000')",
        "CustomPrompt in ('a', null)",
        "Id eq 1 or Id eq 2 and Id eq 3 or Id eq 28",
        "(Id eq 28 or Id eq 1) and (Id eq 28)",
        "LastLoginTime gt 2026-11-01T00:00:00Z",
        "date(LastLoginTime) eq 2026-11-02",
    ] {
        assert!(accepts(filter), "{filter}");
    }
}

#[test]
fn false_filters() {
    for filter in [
        "Id eq 29",
        "Id ne 28",
        "Id gt 28",
        "Id lt 28",
        "Id ge 29",
        "Id le 27",
        "not IsDefault",
        "CustomPrompt ne null",
        "CustomPrompt gt 'a'",
        "contains(CustomPrompt,'a')",
        "tolower(Name) eq 'O''Neill (Müller)'",
        "contains(Name,'neill')",
        "Id in (1,2)",
        "(Id eq 28 or Id eq 1) and Id eq 2",
        "date(LastLoginTime) gt 2026-11-02",
    ] {
        assert!(!accepts(filter), "{filter}");
    }
}

#[test]
fn syntax_errors_have_a_position() {
    for (filter, position) in [
        ("", 0),
        ("Id eq", 5),
        ("Id eq 28 Id", 9),
        ("Id = 28", 3),
        ("Name eq 'open", 8),
        ("(Id eq 28", 9),
        ("Id in 28", 6),
        ("Id in ()", 7),
        ("Müller eq ,", 0),
        ("Name eq 'Mü' and ,", 17),
        ("Id eq 1.5.2", 6),
        ("contains(Name)", 13),
        ("contains(Name,'a','b')", 17),
    ] {
        if filter.starts_with("Müller") {
            assert_eq!(error(filter), "Could not find a property named 'Müller' on type 'Pbx.Group'.");
        } else {
            assert_eq!(error(filter), format!("Syntax error at position {position} in '{filter}'."));
        }
    }
}

#[test]
fn unknown_names_and_sorts_are_reported() {
    assert_eq!(error("Nme eq 'x'"), "Could not find a property named 'Nme' on type 'Pbx.Group'.");
    assert_eq!(error("Props/Nme eq 1"), "Could not find a property named 'Nme' on type 'Pbx.GroupProps'.");
    assert!(error("length(Name) eq 1").starts_with("An unknown function with name 'length' was found."));
    assert!(error("contains(Id,'2')").starts_with("An unknown function with name 'contains' was found."));
    assert_eq!(
        error("Id eq '28'"),
        "A binary operator with incompatible types was detected. Found operand types 'Edm.Int32' and 'Edm.String' for \
         operator kind 'Equal'."
    );
    assert_eq!(error("Name"), "The $filter expression must evaluate to a single boolean value.");
    assert_eq!(error(&"(".repeat(10_000)), "Recursion depth exceeded allowed limit.");
    assert_eq!(error(&"tolower(".repeat(10_000)), "Recursion depth exceeded allowed limit.");
}

proptest! {
    #[test]
    fn never_panics_on_any_text(filter in ".*") {
        let _ = Filter::parse(&filter, model()).map(|filter| filter.accepts(&row()));
    }

    #[test]
    fn never_panics_on_likely_words(words in prop::collection::vec(prop::sample::select(vec![
        "Id", "Name", "Props/Fqdn", "IsDefault", "eq", "ne", "gt", "in", "and", "or", "not", "(", ")", ",", "'a'", "''",
        "28", "-1", "null", "true", "contains(", "tolower(", "date(", "2026-11-02", "2026-11-02T08:15:30Z", "é",
    ]), 0..20)) {
        let _ = Filter::parse(&words.join(" "), model()).map(|filter| filter.accepts(&row()));
    }

    #[test]
    fn any_text_can_be_looked_for(text in "\\PC*") {
        let filter = format!("Name eq '{}'", text.replace('\'', "''"));
        let mut row = row();
        row.insert("Name".to_owned(), Value::from(text));
        prop_assert!(Filter::parse(&filter, model()).unwrap().accepts(&row));
    }
}
