//! Sees that a sheet is for one PBX, and for the credential's: all rows of a run go there, where another's group may have
//! the same ID.

use std::net::Ipv4Addr;

use super::columns::words;
use super::nested::Nested;
use super::row::is_nothing;
use crate::rows::{Cell, Rows, folded, text};
use crate::xapi::base_url::{BaseUrl, is_host, is_numeric, split_port};

/// Names of columns that tell the PBX, by whatever label; letters and digits only. A `Server` or a `System` may be anything,
/// and a department has an `FQDN` of its own.
const PBX: &[&str] = &[
    "3cxinstance",
    "3cxpbx",
    "3cxserver",
    "pbx",
    "pbxaddress",
    "pbxdomain",
    "pbxfqdn",
    "pbxhost",
    "pbxinstance",
    "pbxip",
    "pbxname",
    "pbxserver",
    "pbxurl",
    "phonesystem",
    "telefonanlage",
    "tkanlage",
];

/// What a PBX is called, and what tells where it is, as parts of folded names: with nothing else in its name, a column of hosts
/// tells the PBX.
const SYSTEM: &[&str] = &["3cx", "pbx", "phonesystem", "telephonesystem", "telefonanlage", "tkanlage"];
/// What may stand between the two.
const PART: &[&str] = &["server", "system", "instance"];
const PLACE: &[&str] =
    &["address", "adresse", "domain", "fqdn", "host", "hostname", "ip", "ipaddress", "servername", "uri", "url"];

/// What a PBX is called, as a word. With more in its name, a column of hosts names several PBXs where they differ: `Customer PBX`,
/// `3CX Admin URL`. Nothing else may be in it: each customer has a domain of its own on one PBX, and each trunk a host.
const WORD: &[&str] = &["3cx", "pbx"];
/// What may stand before it,
const OWNER: &[&str] = &["customer", "client", "kunde", "kunden", "server", "new"];
/// behind it,
const ITSELF: &[&str] = &["server", "instance", "instanz", "portal", "system", "new"];
/// and behind it where it is told that this is a place.
const WAY_IN: &[&str] = &["admin", "web", "management", "console", "login", "base"];

/// A few rows at a time.
#[derive(Debug, Default)]
pub(super) struct OnePbx {
    columns: Vec<Column>,
    next_row: usize,
}

/// A column that tells the PBX.
#[derive(Debug)]
struct Column {
    name: String,
    /// Whether what is no host, such as a label, may be anything.
    only_hosts: bool,
    /// Whether it may tell something else where all rows have the same.
    only_differing: bool,
    /// What the first row that is not blank there has.
    first: Option<Pbx>,
}

impl Column {
    fn of(name: &str, only_hosts: bool) -> Option<Self> {
        let known = folded(name);
        let is_pbx = PBX.contains(&known.as_str());
        let is_known = is_pbx || is_place_of_pbx(&known);
        (is_known || has_pbx(name)).then(|| Self {
            name: name.to_owned(),
            only_hosts: only_hosts || !is_pbx,
            only_differing: !is_known,
            first: None,
        })
    }
}

/// Why rows are not for the credential's PBX.
#[derive(Debug, PartialEq, Eq)]
pub enum OtherPbx {
    /// This column names several.
    Several(String),
    Another(Differing),
}

/// A column that names a PBX, and the credential's host.
#[derive(Debug, PartialEq, Eq)]
pub struct Differing {
    pub(crate) column: String,
    pub(crate) told: String,
    pub(crate) own: String,
}

impl OnePbx {
    const AT_ONCE: usize = 256;

    pub(super) fn of(names: &[String], only_hosts: bool) -> Self {
        Self { columns: names.iter().filter_map(|name| Column::of(name, only_hosts)).collect(), next_row: 0 }
    }

    /// Looks at what stands within an object of each row as well.
    pub(super) fn add(&mut self, nested: &Nested) {
        let columns = nested.names.iter().filter_map(|name| Column::of(name, false));
        self.columns.extend(columns.map(|column| Column { name: nested.path_to(&column.name), ..column }));
    }

    /// Whether all rows have been looked at; or what is wrong. `own`: the credential's address.
    pub(super) fn go_on(&mut self, rows: &mut dyn Rows, own: Option<&BaseUrl>) -> Result<bool, OtherPbx> {
        if self.columns.is_empty() {
            return Ok(true);
        }
        let end = rows.len().min(self.next_row + Self::AT_ONCE);
        for row in self.next_row..end {
            for column in &mut self.columns {
                let Some(cell) = rows.column(row, &column.name).ok().and_then(Cell::into_text) else { continue };
                let name = text::trimmed(&cell);
                if is_nothing(name) {
                    continue;
                }
                let told = Pbx::of(name);
                if column.only_hosts && !told.is_certainly_host() {
                    continue;
                }
                if !column.first.get_or_insert_with(|| told.clone()).may_be(&told) {
                    return Err(OtherPbx::Several(column.name.clone()));
                }
            }
        }
        self.next_row = end;
        if end < rows.len() {
            return Ok(false);
        }
        match self.beside(own, Pbx::is_another) {
            Some(other) => Err(OtherPbx::Another(other)),
            None => Ok(true),
        }
    }

    /// The column that says what may be another PBX than the credential's, and may be another name of it.
    pub(super) fn doubt(&self, own: Option<&BaseUrl>) -> Option<Differing> {
        self.beside(own, Pbx::differs)
    }

    fn beside(&self, own: Option<&BaseUrl>, is_it: fn(&Pbx, &Pbx) -> bool) -> Option<Differing> {
        let own = Pbx::of(own?.as_str());
        let columns = self.columns.iter().filter(|column| !column.only_differing);
        let mut told = columns.filter_map(|column| Some((column, column.first.as_ref()?)));
        let (column, told) = told.find(|(_, told)| is_it(told, &own))?;
        Some(Differing { column: column.name.clone(), told: told.name.clone(), own: own.name })
    }
}

/// Whether a folded name has the PBX and where it is, and nothing else: `3CX FQDN`, `PBX Server Name`, `URL (PBX)`.
fn is_place_of_pbx(name: &str) -> bool {
    let rests = |system: &&str| [name.strip_prefix(*system), name.strip_suffix(*system)];
    SYSTEM.iter().flat_map(rests).flatten().any(|rest| {
        let part = PART.iter().find_map(|part| rest.strip_prefix(part));
        PLACE.contains(&rest) || part.is_some_and(|rest| PLACE.contains(&rest))
    })
}

/// Whether a name has the PBX in it, and nothing that tells something else.
fn has_pbx(spelled: &str) -> bool {
    // Any other client is a customer.
    let name = words(spelled).join(" ").replace("web client", "web");
    let words: Vec<&str> = name.split(' ').collect();
    let Some(at) = words.iter().position(|word| WORD.contains(word)) else { return false };
    let (before, behind) = (&words[..at], &words[at + 1..]);
    let behind = behind.strip_suffix(&["new"]).unwrap_or(behind);
    let place = behind.split_last().filter(|(last, _)| PLACE.contains(last));
    let behind = place.map_or(behind, |(_, parts)| parts);
    before.iter().all(|word| OWNER.contains(word))
        && behind.iter().all(|word| ITSELF.contains(word) || (place.is_some() && WAY_IN.contains(word)))
}

/// A PBX's name, or the host and the port of its address.
#[derive(Clone, Debug)]
struct Pbx {
    name: String,
    port: Option<u16>,
}

impl Pbx {
    fn of(cell: &str) -> Self {
        let cell = cell.to_lowercase();
        let rest = cell.split_once("://").map(|(_, rest)| rest);
        let begin = rest.unwrap_or(&cell).split(['/', '?', '#']).next().unwrap_or_default();
        if rest.is_none() && (!begin.contains('.') || begin.contains(char::is_whitespace)) {
            return Self { name: cell, port: None };
        }
        let (host, port) = split_port(begin).unwrap_or((begin, None));
        Self { name: host.trim_end_matches('.').to_owned(), port }
    }

    /// An address without a port may be that of any.
    fn may_be(&self, other: &Self) -> bool {
        let is_same_port = self.port.zip(other.port).is_none_or(|(one, other)| one == other);
        self.name == other.name && is_same_port
    }

    fn is_host(&self) -> bool {
        is_host(&self.name) && self.name.contains('.')
    }

    /// Whether it is a host, and no price, version, date or name of a person.
    fn is_certainly_host(&self) -> bool {
        let last = self.name.rsplit('.').next().unwrap_or_default();
        let is_name = last.chars().count() >= 2 && last.chars().all(char::is_alphabetic);
        self.is_host() && (self.name.parse::<Ipv4Addr>().is_ok() || is_name || self.name.starts_with('['))
    }

    /// Whether both are hosts, of different names.
    fn differs(&self, other: &Self) -> bool {
        // A PBX has an address beside its name, and may have several names.
        let is_alike = is_numeric(&self.name) == is_numeric(&other.name);
        self.is_host() && other.is_host() && is_alike && self.name != other.name
    }

    /// Whether both are hosts of one domain: 3CX gives each PBX one name.
    fn is_another(&self, other: &Self) -> bool {
        let domain = |pbx: &Self| {
            let (_, domain) = pbx.name.split_once('.')?;
            (!is_numeric(&pbx.name) && domain.contains('.')).then(|| domain.to_owned())
        };
        self.differs(other) && domain(self).is_some_and(|own| domain(other) == Some(own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pbx_has_many_spellings() {
        let may_be = |one, other| Pbx::of(one).may_be(&Pbx::of(other));
        for same in ["PBX.Example.com", "https://pbx.example.com:5001/#/login", "pbx.example.com/", "pbx.example.com."]
        {
            assert!(may_be("pbx.example.com", same), "{same}");
        }
        for (one, other) in [
            ("https://a.example.com", "https://b.example.com"),
            ("https://a.example.com:5001", "https://a.example.com:5002"),
            ("https://[2001:db8::1]", "https://[2001:db8::2]"),
            ("Branch 1", "Branch 2"),
            ("3CX/Berlin", "3CX/Munich"),
            ("Site: Berlin", "Site: Munich"),
        ] {
            assert!(!may_be(one, other), "{one} {other}");
        }
    }

    #[test]
    fn a_column_of_hosts_is_known_by_the_pbx_in_its_name() {
        for name in [
            "3CX FQDN",
            "3CX URL",
            "3CX Server FQDN",
            "3CX Host",
            "3cx_address",
            "3CX Domain",
            "PBX Hostname",
            "PBX Server URL",
            "Phone System URL",
            "PBX-Adresse",
            "3CX-Adresse",
            "FQDN 3CX",
            "FQDN (PBX)",
            "URL 3CX",
        ] {
            let column = &OnePbx::of(&[name.to_owned()], false).columns[0];
            assert_eq!((column.only_hosts, column.only_differing), (true, false), "{name}");
        }
        for name in [
            "Server 3CX",
            "Customer PBX",
            "Kunden-PBX",
            "Customer PBX URL",
            "Server PBX URL",
            "3CX Web Client URL",
            "3CX Admin URL",
            "3CX Portal",
            "3CX Instanz",
            "pbx_base_url",
            "3CX FQDN (new)",
        ] {
            let column = &OnePbx::of(&[name.to_owned()], false).columns[0];
            assert_eq!((column.only_hosts, column.only_differing), (true, true), "{name}");
        }
        for name in [
            "FQDN",
            "Server",
            "3CX Group",
            "PBX Customer Domain",
            "3CX SBC FQDN",
            "3CX Trunk Host",
            "3CX Phone IP",
            "3CX Version",
            "Old PBX",
            "Previous 3CX URL",
            "3CX Client Domain",
            "3CX Client",
            "3CX Name",
            "3CX Account",
            "3CX Site",
            "3CX License",
            "3CX Username",
            "3CX Admin",
            "3CX Desk IP",
            "3CX Handset IP",
            "3CX Public IP",
            "3CX Dept URL",
            "3CX Dept FQDN",
            "3CX Abteilung",
            "Group FQDN (3CX)",
            "Trunk Host 3CX",
            "Email Domain (3CX)",
            "Customer Domain in 3CX",
            "Website / 3CX",
            "3CX CRM URL",
            "3CX Live Chat URL",
            "3CX Teams Domain",
            "3CX Notes",
        ] {
            assert_eq!(OnePbx::of(&[name.to_owned()], false).columns.len(), 0, "{name}");
        }
        assert!(!OnePbx::of(&["PBX".to_owned()], false).columns[0].only_hosts);
    }

    #[test]
    fn another_pbx_is_told_from_another_name_of_the_same() {
        let (a, b) = ("https://a.3cx.eu", "https://a.3cx.eu:5001");
        for (told, own, differs, is_another) in [
            ("a.3cx.eu", a, false, false),
            ("https://A.3CX.eu/#/login", b, false, false),
            ("b.3cx.eu", a, true, true),
            ("https://b.3cx.eu:5001/webclient", b, true, true),
            ("pbx.company.com", a, true, false),
            ("company.com", "https://company.org", true, false),
            ("192.168.1.5", a, false, false),
            ("192.168.1.5", "https://192.168.1.6", true, false),
            ("10.168.1.5", "https://192.168.1.5", true, false),
            ("Branch 1", a, false, false),
            ("b", a, false, false),
            ("Dr. No", a, false, false),
            ("b.3cx.eu", "http://localhost:8080", false, false),
        ] {
            let (told, own) = (Pbx::of(told), Pbx::of(own));
            assert_eq!((told.differs(&own), told.is_another(&own)), (differs, is_another), "{told:?} {own:?}");
        }
    }
}
