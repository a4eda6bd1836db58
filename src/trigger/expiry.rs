//! What is about to expire: the license, its maintenance, and the subscriptions of departments.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::options::{Event, Watched};
use super::reading::{Desk, Reading};
use super::{Found, item};
use crate::calls::moment::{DAY, Moment, real_moment};

/// What was told: for each thing that expires, the date, and the fewest days before it.
pub(super) type Expiry = BTreeMap<String, Announced>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Announced {
    expires: Moment,
    days: i64,
}

/// One thing that expires.
struct Term {
    key: String,
    expires: Moment,
    days_left: i64,
    fields: Map<String, Value>,
}

/// What comes closer than it was told before. If a date moves by a day or more, it counts anew.
pub(super) async fn look(
    mut known: Expiry,
    options: &Watched,
    now: Moment,
    desk: &Desk,
) -> Found<(Vec<Value>, Expiry)> {
    let mut items = Vec::new();
    let mut next = Expiry::new();
    for term in read(now, desk).await? {
        let told = known.remove(&term.key).filter(|told| told.expires.abs_diff(term.expires) < DAY.unsigned_abs());
        let Some(days) = options.days_before.iter().copied().find(|days| term.days_left <= *days) else {
            next.extend(told.map(|told| (term.key, told)));
            continue;
        };
        let is_new = told.as_ref().is_none_or(|told| days < told.days);
        // The date as it was told: what moves by little each time moves by a day in the end.
        let told = told.unwrap_or(Announced { expires: term.expires, days });
        next.insert(term.key.clone(), Announced { days: told.days.min(days), ..told });
        if is_new && !term.is_over() {
            items.push(term.told());
        }
    }
    // What could not be read this time is not told again the next time.
    let unread = known.into_iter().filter(|(_, told)| told.expires > now - OVER);
    next.extend(unread.take(MOST_UNREAD));
    Ok((items, next))
}

/// What expired longer ago is not about to expire.
const OVER: Moment = DAY;
/// So much that is not read any more is remembered.
const MOST_UNREAD: usize = 10_000;
/// All that expires, however far off.
pub(super) async fn all(now: Moment, desk: &Desk) -> Found<Vec<Value>> {
    Ok(read(now, desk).await?.into_iter().filter(|term| !term.is_over()).map(Term::told).collect())
}

async fn read(now: Moment, desk: &Desk) -> Found<Vec<Term>> {
    // The license key would come along.
    let select = ["ExpirationDate", "MaintenanceExpiresAt", "FQDN", "ProductCode"];
    let status = desk.read(Reading::new("System Status", "Get System Status", json!({ "select": select }))).await?;
    let groups = json!({ "select": ["Id", "Name", "Number", "Props"], "returnAll": true });
    let groups = desk.read(Reading::new("Groups", "List Group", groups)).await?;
    let mut terms = Vec::new();
    for status in &status {
        for (what, field) in [("license", "ExpirationDate"), ("maintenance", "MaintenanceExpiresAt")] {
            let fields = json!({ "fqdn": status["FQDN"], "productCode": status["ProductCode"] });
            terms.extend(Term::new(what, &status[field], what.to_owned(), fields, now));
        }
    }
    for group in &groups {
        let fields = json!({ "groupId": group["Id"], "groupName": group["Name"], "groupNumber": group["Number"] });
        // As 3CX spells it.
        let date = &group["Props"]["SubcriptionExpireDate"];
        terms.extend(Term::new("subscription", date, format!("group {}", group["Id"]), fields, now));
    }
    Ok(terms)
}

impl Term {
    fn new(what: &str, date: &Value, key: String, fields: Value, now: Moment) -> Option<Self> {
        let expires = real_moment(date.as_str()?)?;
        let days_left = (expires - now).div_euclid(DAY);
        let mut own = json!({ "what": what, "expires": date, "daysLeft": days_left });
        if let (Some(own), Value::Object(fields)) = (own.as_object_mut(), fields) {
            own.extend(fields);
        }
        let Value::Object(fields) = own else { return None };
        Some(Self { key, expires, days_left, fields })
    }

    fn is_over(&self) -> bool {
        self.days_left < -OVER / DAY
    }

    fn told(self) -> Value {
        item(Event::Expiring, self.fields)
    }
}
