//! The address of a PBX, in the forms that people paste.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Scheme, host and port of a PBX, without a path: `https://pbx.example.com:5001`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BaseUrl(String);

/// Why an address cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseUrlFault {
    Empty,
    Scheme,
    UserInfo,
    Path,
    Host,
    Port,
    /// Digits that fetch would take for another address than people do, or for none.
    Ipv4,
    BareIpv6,
}

impl BaseUrl {
    /// Accepts whatever a browser shows of a PBX (`/#/login`, `/webclient/#/people`), the API's own root and a missing
    /// scheme (then `https`).
    ///
    /// # Errors
    ///
    /// What makes it no address of a PBX.
    pub fn parse(raw: &str) -> Result<Self, BaseUrlFault> {
        let text = raw.trim();
        if text.is_empty() {
            return Err(BaseUrlFault::Empty);
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "https" && scheme != "http" {
            return Err(BaseUrlFault::Scheme);
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(BaseUrlFault::UserInfo);
        }
        if !is_known_path(path) {
            return Err(BaseUrlFault::Path);
        }
        let (host, port) = split_port(authority)?;
        // Some letters become two, and not each of those belongs into a name.
        let host = host.to_lowercase();
        if !is_host(&host) {
            return Err(BaseUrlFault::Host);
        }
        if is_numeric(&host) && host.parse::<Ipv4Addr>().is_err() {
            return Err(BaseUrlFault::Ipv4);
        }
        // One spelling for one PBX: what is remembered of it must be found again.
        let host = ipv6(&host).map_or(host, |address| format!("[{address}]"));
        Ok(Self(match port.filter(|port| *port != usual_port(&scheme)) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a connection to this host or port is none to the PBX. A host that is not ASCII has another name in DNS.
    pub fn is_elsewhere(&self, host: Option<&str>, port: Option<f64>) -> bool {
        let (scheme, authority) = self.0.split_once("://").unwrap_or_default();
        let Ok((own, own_port)) = split_port(authority) else { return false };
        let is_other_host = host.is_some_and(|host| own.is_ascii() && !host.eq_ignore_ascii_case(own));
        is_other_host || port.is_some_and(|port| port != f64::from(own_port.unwrap_or(usual_port(scheme))))
    }

    /// Where client credentials are exchanged for a token.
    pub fn token_url(&self) -> String {
        format!("{}/connect/token", self.0)
    }

    /// The address of a path below the API's root, such as `/Groups`.
    pub fn api_url(&self, path: &str) -> String {
        format!("{}/xapi/v1{path}", self.0)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What 3CX's own pages and its API have behind the host.
const PAGES: &[&str] = &["xapi", "webclient", "connect", "login", "admin", "management", "office", "myphone"];

/// Nothing, or the path of a page of 3CX: any other means that something else was pasted. The credentials know the same.
fn is_known_path(path: &str) -> bool {
    let path = path.find(['?', '#']).map_or(path, |end| &path[..end]);
    let page = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    page.is_empty() || PAGES.contains(&page.to_ascii_lowercase().as_str())
}

/// Host and port.
pub(crate) fn split_port(authority: &str) -> Result<(&str, Option<u16>), BaseUrlFault> {
    let host_end = if authority.starts_with('[') {
        authority.find(']').map_or(authority.len(), |end| end + 1)
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, port) = authority.split_at(host_end);
    if port.is_empty() {
        return Ok((host, None));
    }
    let digits = port.strip_prefix(':').ok_or(BaseUrlFault::Host)?;
    if digits.contains(':') {
        return Err(BaseUrlFault::BareIpv6);
    }
    match digits.parse() {
        Ok(0) | Err(_) => Err(BaseUrlFault::Port),
        Ok(port) => Ok((host, Some(port))),
    }
}

fn usual_port(scheme: &str) -> u16 {
    if scheme == "http" { 80 } else { 443 }
}

fn ipv6(host: &str) -> Option<Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// Whether fetch takes a host for an IPv4 address, which may be octal, hexadecimal or too short there.
pub(crate) fn is_numeric(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_hexadecimal = |digits: &str| digits.chars().all(|c| c.is_ascii_hexdigit());
    last.chars().all(|c| c.is_ascii_digit()) || last.strip_prefix("0x").is_some_and(is_hexadecimal)
}

/// Whether it is the name or the address of a host.
pub(crate) fn is_host(host: &str) -> bool {
    if host.starts_with('[') {
        return ipv6(host).is_some();
    }
    host.len() <= 253
        && host
            .split('.')
            .all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_proxy_is_told_from_the_pbx_by_host_or_port() {
        for (base, host, port, expected) in [
            ("https://pbx.example.com", Some("PBX.example.com"), Some(443.0), false),
            ("https://pbx.example.com", None, None, false),
            ("https://pbx.example.com", None, Some(3128.0), true),
            ("https://pbx.example.com", Some("proxy.example.com"), None, true),
            ("http://pbx.example.com", None, Some(80.0), false),
            ("https://pbx.example.com:5001", None, Some(443.0), true),
            ("https://[2001:db8::1]:5001", None, Some(5001.0), false),
            ("https://pbx-köln.example.com", Some("xn--pbx-kln-e1a.example.com"), None, false),
        ] {
            assert_eq!(BaseUrl::parse(base).unwrap().is_elsewhere(host, port), expected, "{base} {host:?} {port:?}");
        }
    }

    #[test]
    fn accepts_the_forms_people_paste() {
        for (raw, expected) in [
            ("https://pbx.example.com", "https://pbx.example.com"),
            (" https://pbx.example.com/ ", "https://pbx.example.com"),
            ("https://pbx.example.com:5001/xapi/v1", "https://pbx.example.com:5001"),
            ("https://pbx.example.com/XAPI/v1/", "https://pbx.example.com"),
            ("https://pbx.example.com/xapi", "https://pbx.example.com"),
            ("pbx.example.com", "https://pbx.example.com"),
            ("pbx.example.com:5001", "https://pbx.example.com:5001"),
            ("HTTP://127.0.0.1:5004", "http://127.0.0.1:5004"),
            ("https://192.168.0.10:5001/", "https://192.168.0.10:5001"),
            ("1.3cx.example", "https://1.3cx.example"),
            ("0x7f.example", "https://0x7f.example"),
            ("https://[2001:db8::1]:5001/", "https://[2001:db8::1]:5001"),
            ("[::1]", "https://[::1]"),
            ("PBX.Example.COM", "https://pbx.example.com"),
            ("https://pbx.example.com:443", "https://pbx.example.com"),
            ("http://pbx.example.com:80", "http://pbx.example.com"),
            ("http://pbx.example.com:443", "http://pbx.example.com:443"),
            ("https://[2001:DB8:0::1]:443", "https://[2001:db8::1]"),
            ("https://PBX.KÖLN.example", "https://pbx.köln.example"),
            ("https://pbx.example.com/#/login", "https://pbx.example.com"),
            ("https://pbx.example.com:5001/#/office/departments?tab=1", "https://pbx.example.com:5001"),
            ("https://pbx.example.com/webclient/#/people", "https://pbx.example.com"),
            ("pbx.example.com/Webclient", "https://pbx.example.com"),
            ("https://pbx.example.com/xapi/v1/Users?$top=1", "https://pbx.example.com"),
            ("https://pbx.example.com?x=1", "https://pbx.example.com"),
        ] {
            assert_eq!(BaseUrl::parse(raw).unwrap().as_str(), expected, "{raw}");
        }
    }

    #[test]
    fn refuses_the_rest_with_a_reason() {
        for (raw, fault) in [
            ("  ", BaseUrlFault::Empty),
            ("ftp://pbx.example.com", BaseUrlFault::Scheme),
            ("://pbx", BaseUrlFault::Scheme),
            ("https://admin:secret@pbx.example.com", BaseUrlFault::UserInfo),
            ("https://pbx.example.com/pbx1", BaseUrlFault::Path),
            ("https://pbx.example.com/intranet/#/login", BaseUrlFault::Path),
            ("https://pbx.example.com/webclients", BaseUrlFault::Path),
            ("https://pbx.example.com\\webclient", BaseUrlFault::Path),
            ("https://pbx example.com", BaseUrlFault::Host),
            ("https://", BaseUrlFault::Host),
            ("https://pbx..com", BaseUrlFault::Host),
            ("https://[2001:db8::zz]", BaseUrlFault::Host),
            ("https://pbx.example.com:", BaseUrlFault::Port),
            ("https://pbx.example.com:0", BaseUrlFault::Port),
            ("https://pbx.example.com:70000", BaseUrlFault::Port),
            ("https://2001:db8::1", BaseUrlFault::BareIpv6),
            ("https://192.168.001.010", BaseUrlFault::Ipv4),
            ("010.0.0.5", BaseUrlFault::Ipv4),
            ("https://192.168.1.256", BaseUrlFault::Ipv4),
            ("https://1.2.3.4.5", BaseUrlFault::Ipv4),
            ("127.1:5001", BaseUrlFault::Ipv4),
            ("5001", BaseUrlFault::Ipv4),
            ("http://0x7f.1", BaseUrlFault::Ipv4),
            ("http://0X7F000001", BaseUrlFault::Ipv4),
            ("https://pbx.0x", BaseUrlFault::Ipv4),
            ("https://pbx.example.1", BaseUrlFault::Ipv4),
        ] {
            assert_eq!(BaseUrl::parse(raw), Err(fault), "{raw}");
        }
    }

    #[test]
    fn builds_addresses() {
        let base = BaseUrl::parse("pbx.example.com:5001").unwrap();
        assert_eq!(base.token_url(), "https://pbx.example.com:5001/connect/token");
        assert_eq!(base.api_url("/Groups"), "https://pbx.example.com:5001/xapi/v1/Groups");
    }

    proptest! {
        #[test]
        fn never_panics_and_is_stable(raw in ".*") {
            if let Ok(base) = BaseUrl::parse(&raw) {
                prop_assert_eq!(BaseUrl::parse(base.as_str()), Ok(base));
            }
        }
    }
}
