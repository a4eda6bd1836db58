//! The groups of a PBX, as far as a run has read them.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::rows::text;
use crate::rows::value::Reference;
use crate::xapi::error::Failure;
use crate::xapi::odata::Query;
use crate::xapi::pages::Asked;
use crate::xapi::records::Page;
use crate::xapi::request::{self, HttpRequest};

const PATH: &str = "/Groups";
const FIELDS: &str = "Id,Number,Name,Props";

/// What 3CX shows of a group's license; no API reads the key itself back. Names as on the wire (one of them is
/// misspelt there).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subscription {
    #[serde(rename = "Subscription", default)]
    name: Option<String>,
    #[serde(rename = "SubscriptionType", default)]
    kind: Option<String>,
    #[serde(rename = "SubcriptionExpireDate", default)]
    expires: Option<String>,
    #[serde(rename = "StartupLicense", default)]
    startup: Option<String>,
}

impl Subscription {
    /// Name, type, expiry and StartUP license.
    pub(crate) fn parts(&self) -> [Option<&str>; 4] {
        [&self.name, &self.kind, &self.expires, &self.startup].map(|part| part.as_deref())
    }

    /// With each part as it may be shown.
    pub(crate) fn shown(&self, masked: impl Fn(&str) -> String) -> Self {
        let [name, kind, expires, startup] = self.parts().map(|part| part.map(&masked));
        Self { name, kind, expires, startup }
    }
}

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: i32,
    pub(crate) number: String,
    pub(crate) name: String,
    /// As read before anything was sent.
    pub(crate) before: Option<Subscription>,
    /// As read after everything was sent.
    pub(crate) after: Option<Subscription>,
}

/// When a page is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Before,
    After,
}

/// What a page held.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// Position of each group in the page, and its subscription where 3CX shows one.
    pub(super) groups: Vec<(usize, Option<Subscription>)>,
    /// How many groups there are in all, where 3CX says.
    pub(super) count: Option<usize>,
    /// Whether 3CX names a next page.
    pub(super) goes_on: bool,
}

impl Read {
    /// The subscription of the group in the page, by its position, that is meant.
    pub(super) fn of(self, is_meant: impl Fn(usize) -> bool) -> Option<Subscription> {
        self.groups.into_iter().find(|(group, _)| is_meant(*group)).and_then(|(_, subscription)| subscription)
    }
}

/// Why a row's group is not among those that were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    Unknown,
    /// As a name, too.
    UnknownName,
    /// The text is the name of this group.
    IsName {
        id: i32,
        number: String,
    },
    /// The digits are the ID of one group and the number of another.
    Ambiguous,
    /// The digits are a group's number, and whether they are another one's ID was not read.
    MayBeId,
    /// The digits are a group's ID or number, but the name of another, or its number but for leading zeros.
    MayBeOther,
    /// Digits under a column of names.
    DigitsOfName,
    /// Several groups have this number.
    SameNumber,
    /// As a name, it is that of several groups, or of another one than as an ID or number.
    SeveralNamed,
    /// There is only a name that has other capitals.
    Spelt(String),
    /// It is this group, but this column of the row has another number.
    OtherNumber {
        id: i32,
        number: String,
        column: String,
    },
}

/// Why a group cannot be told by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unnamed {
    NoNumber,
    SharesNumber,
}

#[derive(Debug, Default)]
pub(crate) struct Groups {
    all: Vec<Group>,
    by_id: HashMap<i32, usize>,
    /// In lower case; `None` where several groups have the number.
    by_number: HashMap<String, Option<usize>>,
    /// The same by numbers of digits, without leading zeros.
    by_digits: HashMap<String, Option<usize>>,
    /// The same by name, cleaned as cells are.
    by_name: HashMap<String, Option<usize>>,
}

/// A page of all groups.
pub(super) fn page_request(page: Asked) -> HttpRequest {
    HttpRequest::get(PATH, &page.query("Id").with("$select", FIELDS))
}

/// One group.
pub(super) fn single_request(group: &Reference) -> HttpRequest {
    filtered(&condition(group).0)
}

/// Few groups among many, with as few requests as their filters allow.
pub(super) fn requests_for<'a>(groups: impl IntoIterator<Item = &'a Reference>) -> VecDeque<HttpRequest> {
    let mut requests = VecDeque::new();
    let (mut filter, mut nodes) = (String::new(), 0);
    for group in groups {
        let (condition, own) = condition(group);
        let is_full = nodes + own > MOST_NODES || filter.len() + condition.len() > LONGEST_FILTER;
        if is_full && !filter.is_empty() {
            requests.push_back(filtered(&filter));
            (filter, nodes) = (String::new(), 0);
        }
        if !filter.is_empty() {
            filter.push_str(" or ");
        }
        filter.push_str(&condition);
        nodes += own;
    }
    if !filter.is_empty() {
        requests.push_back(filtered(&filter));
    }
    requests
}

/// Servers of this kind count the names, values and operators of a filter, and take 100 unless told otherwise.
const MOST_NODES: usize = 90;
/// Of a filter, in bytes before encoding: an address has its limits.
const LONGEST_FILTER: usize = 1500;

/// The condition for a group, and how many names, values and operators it has with the `or` before it.
fn condition(group: &Reference) -> (String, usize) {
    let by_number = |number: &str| request::number_filter("Number", number);
    match group {
        Reference::Id(id) => (format!("Id eq {id}"), 4),
        Reference::Number(number) => (by_number(number), 5),
        Reference::Either { id, number } => (format!("Id eq {id} or {}", by_number(number)), 9),
    }
}

fn filtered(filter: &str) -> HttpRequest {
    HttpRequest::get(PATH, &Query::default().with("$filter", filter).with("$select", FIELDS))
}

impl Groups {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Group> {
        self.all.get(index)
    }

    /// Takes in a page's groups; [`Self::note`] keeps their subscriptions.
    pub(super) fn read(&mut self, text: &str) -> Result<Read, Failure> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Wire<'a> {
            id: i32,
            #[serde(default)]
            number: Option<String>,
            #[serde(default)]
            name: Option<String>,
            #[serde(default, borrow)]
            props: Option<&'a RawValue>,
        }
        let page = Page::parse(text)?;
        let mut groups = Vec::with_capacity(page.records.len());
        for record in &page.records {
            let wire: Wire = serde_json::from_str(record.get()).map_err(|_| Failure::Unreadable { status: 200 })?;
            let index = *self.by_id.entry(wire.id).or_insert_with(|| {
                self.all.push(Group {
                    id: wire.id,
                    number: wire.number.unwrap_or_default(),
                    name: wire.name.unwrap_or_default(),
                    before: None,
                    after: None,
                });
                self.all.len() - 1
            });
            let Group { number, name, .. } = &self.all[index];
            if !number.trim().is_empty() {
                enter(&mut self.by_number, number.trim(), index);
            }
            if let Some(digits) = without_zeros(number.trim()) {
                enter(&mut self.by_digits, digits, index);
            }
            if let Some(name) = to_the_eye(name) {
                enter(&mut self.by_name, &name, index);
            }
            // Which group it is shows all the same where its subscription is of another form.
            groups.push((index, wire.props.and_then(|props| serde_json::from_str(props.get()).ok())));
        }
        Ok(Read { groups, count: page.count, goes_on: page.goes_on })
    }

    /// Keeps subscriptions as those of this moment.
    pub(super) fn note(&mut self, moment: When, read: Vec<(usize, Option<Subscription>)>) {
        for (index, subscription) in read {
            let Some(group) = self.all.get_mut(index) else { continue };
            match moment {
                When::Before => group.before = subscription,
                When::After => group.after = subscription,
            }
        }
    }

    /// Looks a group up among some of all: what only one of them is called may be another's number as well.
    pub(super) fn resolve_in_part(&self, group: &Reference) -> Result<usize, Unresolved> {
        match (group, self.resolve(group)) {
            (Reference::Number(_), _) | (_, Err(Unresolved::IsName { .. })) => Err(Unresolved::Unknown),
            (Reference::Either { id, .. }, Ok(found)) if self.all[found].id != *id => Err(Unresolved::MayBeId),
            (_, found) => found,
        }
    }

    pub(super) fn resolve(&self, group: &Reference) -> Result<usize, Unresolved> {
        let by_id = |id: &i32| self.by_id.get(id).copied();
        let by_number = |number: &str| self.by_number.get(&number.to_lowercase()).copied();
        match group {
            Reference::Id(id) => by_id(id).ok_or(Unresolved::Unknown),
            Reference::Number(number) => {
                by_number(number).ok_or_else(|| self.unknown(number))?.ok_or(Unresolved::SameNumber)
            }
            Reference::Either { id, number } => match (by_id(id), by_number(number)) {
                (None, Some(None)) => Err(Unresolved::SameNumber),
                (Some(one), Some(other)) if other != Some(one) => Err(Unresolved::Ambiguous),
                (found, other) => found.or(other.flatten()).ok_or_else(|| self.unknown(number)),
            },
        }
    }

    /// The group that was found, unless another one may be meant by the digits. A spreadsheet makes 28 of 0028.
    pub(super) fn undoubted(&self, group: &Reference, found: usize) -> Result<usize, Unresolved> {
        let Reference::Either { number, .. } = group else { return Ok(found) };
        let others = [self.by_name.get(number), without_zeros(number).and_then(|digits| self.by_digits.get(digits))];
        let is_other = others.into_iter().flatten().any(|other| *other != Some(found));
        if is_other { Err(Unresolved::MayBeOther) } else { Ok(found) }
    }

    /// Looks up digits that are a name and nothing else.
    pub(super) fn resolve_name(&self, name: &str) -> Result<usize, Unresolved> {
        self.by_name.get(name).ok_or(Unresolved::UnknownName)?.ok_or(Unresolved::SeveralNamed)
    }

    /// The same where a group may be given by its name as well: the whole one, as 3CX has it, of no other group.
    pub(super) fn resolve_or_name(&self, group: &Reference) -> Result<usize, Unresolved> {
        let given = match group {
            Reference::Id(id) => id.to_string(),
            Reference::Number(text) | Reference::Either { number: text, .. } => text.clone(),
        };
        let found = self.resolve(group);
        let given = to_the_eye(&given).unwrap_or(given);
        match (found, self.by_name.get(&given.to_lowercase())) {
            (Err(Unresolved::Unknown), None) => Err(Unresolved::UnknownName),
            (found, None) => found,
            (Ok(found), Some(Some(named))) if found == *named => Ok(found),
            (Err(Unresolved::Unknown | Unresolved::IsName { .. }), Some(Some(named))) => {
                let name = self.all[*named].name.as_str();
                let is_exact = to_the_eye(name).is_some_and(|name| name == given);
                if is_exact { Ok(*named) } else { Err(Unresolved::Spelt(name.to_owned())) }
            }
            (Ok(_) | Err(Unresolved::Unknown | Unresolved::IsName { .. }), _) => Err(Unresolved::SeveralNamed),
            (Err(why), _) => Err(why),
        }
    }

    /// The number by which 3CX can be told which group is meant.
    pub(super) fn number(&self, index: usize) -> Result<String, Unnamed> {
        let number = self.all.get(index).map(|group| group.number.trim()).filter(|number| !number.is_empty());
        let number = number.ok_or(Unnamed::NoNumber)?;
        match self.by_number.get(&number.to_lowercase()) {
            Some(Some(only)) if *only == index => Ok(number.to_owned()),
            _ => Err(Unnamed::SharesNumber),
        }
    }

    fn unknown(&self, text: &str) -> Unresolved {
        let mut named = self.all.iter().filter(|group| group.name.eq_ignore_ascii_case(text));
        match (named.next(), named.next()) {
            (Some(group), None) => Unresolved::IsName { id: group.id, number: group.number.clone() },
            _ => Unresolved::Unknown,
        }
    }
}

/// Digits as they stay where leading zeros go; of anything else nothing.
pub(crate) fn without_zeros(text: &str) -> Option<&str> {
    text::is_digits(text).then(|| text.trim_start_matches('0'))
}

/// A name as it looks: whatever its spaces, dashes and apostrophes are made of.
fn to_the_eye(name: &str) -> Option<String> {
    let text = text::clean(name).ok()?.text.replace(['’', '‘', 'ʼ', '´', '`'], "'");
    Some(text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
}

/// What several groups are called, in one case or another, names none of them.
fn enter(names: &mut HashMap<String, Option<usize>>, name: &str, index: usize) {
    names
        .entry(name.to_lowercase())
        .and_modify(|known| *known = known.filter(|known| *known == index))
        .or_insert(Some(index));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups() -> Groups {
        let mut groups = Groups::default();
        let text = r#"{"@odata.count":3,"value":[
            {"Id":28,"Number":"GRP0001","Name":"Sales","Props":{"Subscription":"Free","SubcriptionExpireDate":"2027-01-01T00:00:00Z"}},
            {"Id":29,"Number":"30","Name":"Support"},
            {"Id":30,"Number":"GRP0003","Name":"Support"}]}"#;
        let read = groups.read(text).unwrap();
        assert_eq!(read.count, Some(3));
        groups.note(When::Before, read.groups);
        groups
    }

    fn number(text: &str) -> Reference {
        Reference::Number(text.into())
    }

    fn either(id: i32) -> Reference {
        Reference::either(id)
    }

    #[test]
    fn groups_are_found_by_id_and_number_in_any_case() {
        let groups = groups();
        assert_eq!(groups.resolve(&Reference::Id(28)), Ok(0));
        assert_eq!(groups.resolve(&either(28)), Ok(0));
        assert_eq!(groups.resolve(&number("grp0001")), Ok(0));
        assert_eq!(groups.resolve(&number("30")), Ok(1));
        assert_eq!(groups.resolve(&Reference::Id(30)), Ok(2));
    }

    #[test]
    fn what_is_not_one_group_is_refused() {
        let groups = groups();
        assert_eq!(groups.resolve(&either(30)), Err(Unresolved::Ambiguous));
        assert_eq!(groups.resolve(&Reference::Id(99)), Err(Unresolved::Unknown));
        assert_eq!(groups.resolve(&number("sales")), Err(Unresolved::IsName { id: 28, number: "GRP0001".into() }));
        assert_eq!(groups.resolve(&number("Support")), Err(Unresolved::Unknown), "two groups have this name");
    }

    #[test]
    fn digits_that_a_part_of_the_groups_shows_as_a_number_are_no_id() {
        let mut groups = groups();
        groups.read(r#"{"value":[{"Id":7,"Number":"31"},{"Id":8,"Number":"32"},{"Id":9,"Number":"32"},{"Id":10,"Number":"10"},{"Id":11,"Name":"33"}]}"#).unwrap();
        for (given, expected) in [
            (either(28), Ok(0)),
            (either(10), Ok(6)),
            (either(30), Err(Unresolved::Ambiguous)),
            (either(31), Err(Unresolved::MayBeId)),
            (either(32), Err(Unresolved::SameNumber)),
            (either(33), Err(Unresolved::Unknown)),
            (either(34), Err(Unresolved::Unknown)),
            (Reference::Id(30), Ok(2)),
            (Reference::Id(31), Err(Unresolved::Unknown)),
            (number("GRP0001"), Err(Unresolved::Unknown)),
        ] {
            assert_eq!(groups.resolve_in_part(&given), expected, "{given:?}");
        }
    }

    #[test]
    fn a_subscription_of_another_form_costs_nothing_else() {
        let mut groups = Groups::default();
        let read = groups
            .read(r#"{"value":[{"Id":28,"Props":{"SubscriptionType":1}},{"Id":30,"Number":"28","Props":"x"}]}"#)
            .unwrap();
        assert_eq!(read.groups, [(0, None), (1, None)]);
        assert_eq!(groups.resolve(&either(28)), Err(Unresolved::Ambiguous));
    }

    #[test]
    fn a_number_of_several_groups_names_none_of_them() {
        let mut groups = groups();
        let text = r#"{"value":[{"Id":31,"Number":"grp0001","Name":"Twin"},{"Id":32,"Number":" "},{"Id":33},
            {"Id":34,"Number":"7"},{"Id":35,"Number":"7"},{"Id":36,"Number":"37"},{"Id":37,"Number":"37"}]}"#;
        groups.read(text).unwrap();
        groups.read(text).unwrap();
        assert_eq!(groups.resolve(&number("GRP0001")), Err(Unresolved::SameNumber));
        assert_eq!(groups.resolve(&number("grp0001")), Err(Unresolved::SameNumber));
        assert_eq!(groups.resolve(&either(7)), Err(Unresolved::SameNumber));
        assert_eq!(groups.resolve(&either(37)), Err(Unresolved::Ambiguous));
        assert_eq!(groups.resolve(&Reference::Id(28)), Ok(0), "its ID names it still");
        assert_eq!(groups.number(0), Err(Unnamed::SharesNumber));
        assert_eq!(groups.number(2), Ok("GRP0003".to_owned()));
        for (id, what) in [(32, "blank"), (33, "missing")] {
            let index = groups.resolve(&Reference::Id(id)).unwrap();
            assert_eq!(groups.number(index), Err(Unnamed::NoNumber), "a number that is {what} names nothing");
        }
    }

    #[test]
    fn a_name_names_the_group_that_alone_has_it() {
        let mut groups = groups();
        let text = r#"{"value":[{"Id":40,"Number":"GRP0040","Name":" North \u2013 Sales\u00a0"},{"Id":41,"Number":"Sales","Name":"GRP0003"},
            {"Id":42,"Number":"GRP0042","Name":"42"},{"Id":43,"Number":"GRP0043","Name":"29"},{"Id":44,"Number":"GRP0044","Name":"Twin"},
            {"Id":45,"Number":"GRP0045","Name":"tWIN"},{"Id":46,"Number":"GRP0046","Name":""},{"Id":47,"Number":"GRP0047","Name":"9"},{"Id":48,"Number":"GRP0048","Name":"Abroad"},
            {"Id":49,"Number":"GRP0049","Name":"O\u2019Neill  Dental"},{"Id":50,"Number":"GRP0050","Name":"O\u2019Neill's"},{"Id":51,"Number":"GRP0051","Name":"O'Neill's"}]}"#;
        groups.read(text).unwrap();
        for (given, expected) in [
            (number("North - Sales"), Ok(40)),
            (number("Abroad"), Ok(48)),
            (number("abroad"), Err(Unresolved::Spelt("Abroad".into()))),
            (number("Abro"), Err(Unresolved::UnknownName)),
            // As it looks.
            (number("Abroad "), Ok(48)),
            (number("O'Neill Dental"), Ok(49)),
            (number("O\u{2018}Neill   Dental"), Ok(49)),
            (number("ONeill Dental"), Err(Unresolved::UnknownName)),
            (number("O'Neill's"), Err(Unresolved::SeveralNamed)),
            (number("Support"), Err(Unresolved::SeveralNamed)),
            (number("Twin"), Err(Unresolved::SeveralNamed)),
            // A group's number, and another one's name.
            (number("Sales"), Err(Unresolved::SeveralNamed)),
            (number("GRP0003"), Err(Unresolved::SeveralNamed)),
            // A group's ID, and another one's name.
            (either(29), Err(Unresolved::SeveralNamed)),
            (Reference::Id(29), Err(Unresolved::SeveralNamed)),
            (either(30), Err(Unresolved::Ambiguous)),
            // Its own ID and name.
            (either(42), Ok(42)),
            (Reference::Id(9), Ok(47)),
            (number("GRP0001"), Ok(28)),
            (Reference::Id(28), Ok(28)),
        ] {
            let found = groups.resolve_or_name(&given).map(|index| groups.all[index].id);
            assert_eq!(found, expected, "{given:?}");
        }
    }

    #[test]
    fn digits_that_are_another_groups_name_or_number_but_for_zeros_are_in_doubt() {
        let mut groups = Groups::default();
        let text = r#"{"value":[{"Id":28,"Number":"GRP0001","Name":"Main"},{"Id":31,"Number":"0028","Name":"34"},
            {"Id":34,"Number":"GRP0003","Name":"101"},{"Id":35,"Number":"035","Name":"35"},{"Id":36,"Number":"GRP0036","Name":"1036"}]}"#;
        groups.read(text).unwrap();
        for (given, expected) in [
            (either(28), Err(Unresolved::MayBeOther)),
            (either(34), Err(Unresolved::MayBeOther)),
            // Its own number and name; and no part of one.
            (either(35), Ok(35)),
            (either(36), Ok(36)),
            (Reference::Id(28), Ok(28)),
            (number("0028"), Ok(31)),
        ] {
            let found = groups.resolve(&given).and_then(|index| groups.undoubted(&given, index));
            assert_eq!(found.map(|index| groups.all[index].id), expected, "{given:?}");
        }
        assert_eq!(groups.resolve_name("34"), Ok(1));
        assert_eq!(groups.resolve_name("28"), Err(Unresolved::UnknownName));
    }

    #[test]
    fn few_groups_take_few_requests() {
        let ids: Vec<_> = (1..=20).map(Reference::Id).collect();
        let requests = requests_for(&ids);
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].path.matches("Id%20eq%20").count(), 20);
        let mixed: Vec<_> =
            (1..=20).map(either).chain(["x".repeat(800), "y".repeat(800)].map(|text| number(&text))).collect();
        let requests = requests_for(&mixed);
        assert_eq!(requests.len(), 4, "{requests:?}");
        let conditions: usize = requests.iter().map(|request| request.path.matches("%20eq%20").count()).sum();
        assert_eq!(conditions, 42, "none is left out");
        for request in &requests {
            let nodes = request.path.matches("Id%20eq%20").count() * 4 + request.path.matches("tolower").count() * 5;
            assert!(nodes <= 100, "{nodes}");
            assert!(request.path.len() < 3000);
        }
        assert!(requests_for(&[]).is_empty());
    }

    #[test]
    fn a_second_reading_goes_beside_the_first() {
        let mut groups = groups();
        let text = r#"{"value":[{"Id":28,"Number":"GRP0001","Name":"Sales","Props":{"Subscription":"Pro"}}]}"#;
        let read = groups.read(text).unwrap();
        groups.note(When::After, read.groups);
        let group = groups.get(0).unwrap();
        assert_eq!(group.before.as_ref().unwrap().name.as_deref(), Some("Free"));
        assert_eq!(group.after.as_ref().unwrap().name.as_deref(), Some("Pro"));
        assert!(groups.read("{").is_err());
    }

    #[test]
    fn requests_name_what_they_need() {
        assert_eq!(
            page_request(Asked { skip: 0, top: 100, counts: true }).path,
            "/Groups?$top=100&$orderby=Id&$count=true&$select=Id%2CNumber%2CName%2CProps"
        );
        let hostile = single_request(&number("1' or Id gt 0 or Number eq '")).path;
        assert!(hostile.contains("tolower%28Number%29%20eq%20%271%27%27%20or"), "{hostile}");
        assert_eq!(
            single_request(&Reference::Id(28)).path,
            "/Groups?$filter=Id%20eq%2028&$select=Id%2CNumber%2CName%2CProps"
        );
    }
}
