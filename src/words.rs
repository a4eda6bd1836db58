//! The API's identifiers as words that people read. Shared with the import of the definition, so that a label is made
//! in one way.

/// Splits an identifier as lodash's `startCase` does, on which the values of resources and operations rest.
pub fn words(identifier: &str) -> Vec<&str> {
    let bytes = identifier.as_bytes();
    let mut found = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let mut end = start + 1;
        let class = class(bytes[start]);
        match class {
            Class::Upper => {
                while end < bytes.len() && bytes[end].is_ascii_uppercase() {
                    end += 1;
                }
                // `PBXName`: the last capital begins the next word.
                if end < bytes.len() && bytes[end].is_ascii_lowercase() {
                    if end - start > 1 {
                        end -= 1;
                    } else {
                        while end < bytes.len() && bytes[end].is_ascii_lowercase() {
                            end += 1;
                        }
                    }
                }
            }
            _ => {
                while end < bytes.len() && self::class(bytes[end]) == class {
                    end += 1;
                }
            }
        }
        if class != Class::Other {
            found.push(&identifier[start..end]);
        }
        start = end;
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Upper,
    Lower,
    Digit,
    Other,
}

fn class(byte: u8) -> Class {
    match byte {
        b'A'..=b'Z' => Class::Upper,
        b'a'..=b'z' => Class::Lower,
        b'0'..=b'9' => Class::Digit,
        // Letters outside ASCII do not occur in identifiers of the API; they stay within their word.
        128.. => Class::Lower,
        _ => Class::Other,
    }
}

/// `ReplaceGroupLicenseKey` as `Replace Group License Key`: nothing but spaces and first capitals.
pub fn start_case(identifier: &str) -> String {
    words(identifier).iter().map(|word| capitalized(word)).collect::<Vec<_>>().join(" ")
}

/// Title Case for people: acronyms whole, the API's spelling mistakes repaired.
pub fn title_case(identifier: &str) -> String {
    let known = known_words(identifier);
    let last = known.len().saturating_sub(1);
    let titled = known.iter().enumerate().map(|(index, word)| match word {
        Word::Fixed(text) => (*text).to_owned(),
        Word::Plain(text) if index > 0 && index < last && SMALL.contains(&text.as_str()) => text.clone(),
        // A repaired word may be several.
        Word::Plain(text) => text.split(' ').map(capitalized).collect::<Vec<_>>().join(" "),
    });
    titled.collect::<Vec<_>>().join(" ")
}

/// The same in lower case, for within a sentence; acronyms and names keep their capitals.
pub fn lower_case(identifier: &str) -> String {
    let lowered = known_words(identifier).into_iter().map(|word| match word {
        Word::Fixed(text) => text.to_owned(),
        Word::Plain(text) => text,
    });
    lowered.collect::<Vec<_>>().join(" ")
}

enum Word {
    /// An acronym or a name.
    Fixed(&'static str),
    /// In lower case.
    Plain(String),
}

fn known_words(identifier: &str) -> Vec<Word> {
    let lower: Vec<String> = words(identifier).iter().map(|word| word.to_lowercase()).collect();
    let mut known = Vec::new();
    let mut rest = lower.as_slice();
    while let [first, after @ ..] = rest {
        let joined =
            JOINED.iter().find(|(parts, _)| parts.len() <= rest.len() && parts.iter().eq(&rest[..parts.len()]));
        if let Some((parts, text)) = joined {
            known.push(Word::Fixed(text));
            rest = &rest[parts.len()..];
            continue;
        }
        let fixed = FIXED.iter().find(|text| text.eq_ignore_ascii_case(first));
        let repaired = REPAIRED.iter().find(|(wrong, _)| wrong == first);
        known.push(match (fixed, repaired) {
            (Some(text), _) => Word::Fixed(text),
            (None, Some((_, right))) => Word::Plain((*right).to_owned()),
            (None, None) => Word::Plain(first.clone()),
        });
        rest = after;
    }
    known
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Words that stay small within a title.
const SMALL: &[&str] = &["a", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"];

/// Words that the split takes apart.
const JOINED: &[(&[&str], &str)] = &[
    (&["cx", "fqdn"], "3CX FQDN"),
    (&["3", "cx"], "3CX"),
    (&["dn", "str"], "DN"),
    (&["e", "1"], "E1"),
    (&["e", "164"], "E.164"),
    (&["e", "mail"], "Email"),
    (&["g", "711"], "G.711"),
    (&["gb", "180", "30"], "GB18030"),
    (&["group", "str"], "Group"),
    (&["h", "264"], "H.264"),
    (&["i", "pv", "4"], "IPv4"),
    (&["i", "pv", "6"], "IPv6"),
    (&["ip", "v", "4"], "IPv4"),
    (&["ip", "v", "6"], "IPv6"),
    (&["ipv", "4"], "IPv4"),
    (&["ipv", "6"], "IPv6"),
    (&["m", "365"], "Microsoft 365"),
    (&["microsoft", "365"], "Microsoft 365"),
    (&["office", "365"], "Microsoft 365"),
    (&["ms", "exchange"], "Microsoft Exchange"),
    (&["ms", "365"], "Microsoft 365"),
    (&["my", "phone"], "MyPhone"),
    (&["o", "auth", "2"], "OAuth2"),
    (&["o", "auth"], "OAuth"),
    (&["open", "ai"], "OpenAI"),
    (&["postgre", "sql"], "PostgreSQL"),
    (&["postgre"], "PostgreSQL"),
    (&["public", "i", "pin", "sip"], "Public IP in SIP"),
    (&["pv", "4"], "IPv4"),
    (&["pv", "6"], "IPv6"),
    (&["rfc", "2833"], "RFC 2833"),
    (&["rfc", "711"], "RFC 711"),
    (&["s", "3"], "S3"),
    (&["t", "1"], "T1"),
    (&["t", "38"], "T.38"),
    (&["use", "2", "fa"], "Use 2FA"),
    (&["2", "fa"], "2FA"),
    (&["web", "rtc"], "WebRTC"),
    (&["you", "tube"], "YouTube"),
];

/// Acronyms and names.
const FIXED: &[&str] = &[
    "3CX",
    "AI",
    "API",
    "BLF",
    "BLFs",
    "BRI",
    "CA",
    "CDR",
    "CFD",
    "CID",
    "CIMD",
    "CPU",
    "CRM",
    "CSV",
    "DATEV",
    "DB",
    "DCR",
    "Debian",
    "DECT",
    "DECTs",
    "DID",
    "DIDs",
    "DN",
    "DND",
    "DNs",
    "DTMF",
    "ENL",
    "ERP",
    "ETA",
    "Fanvil",
    "FQDN",
    "FTP",
    "FXS",
    "GA",
    "GDPR",
    "Google",
    "GPU",
    "Grandstream",
    "Grok",
    "GUID",
    "HD",
    "HTML",
    "HTTP",
    "HTTPS",
    "IAM",
    "IANA",
    "ID",
    "IDs",
    "IP",
    "IPs",
    "IVR",
    "JSON",
    "JWKS",
    "LAN",
    "LED",
    "LLDP",
    "MAC",
    "MACs",
    "MCP",
    "MCU",
    "Microsoft",
    "MOS",
    "NAT",
    "OS",
    "PBX",
    "PIN",
    "PKCE",
    "RPC",
    "RPS",
    "RTP",
    "RTT",
    "SBC",
    "SBCs",
    "SFTP",
    "SID",
    "SIP",
    "SIPS",
    "SLA",
    "SMS",
    "SNOM",
    "SQL",
    "SRTP",
    "SSL",
    "SSO",
    "STUN",
    "TCP",
    "TCX",
    "TLS",
    "TOS",
    "TTS",
    "UDP",
    "URI",
    "URIs",
    "URL",
    "VLAN",
    "VM",
    "VTT",
    "WAN",
    "WebRTC",
    "XAPI",
    "Yealink",
];

/// Spelling mistakes and shortenings of the API.
const REPAIRED: &[(&str, &str)] = &[
    ("addr", "address"),
    ("auth", "authentication"),
    ("avg", "average"),
    ("canchangemedia", "can change media"),
    ("clicktocall", "click to call"),
    ("cxfqdn", "3CX FQDN"),
    ("dateformat", "date format"),
    ("dealt", "delete"),
    ("dept", "department"),
    ("desc", "description"),
    ("descr", "description"),
    ("dest", "destination"),
    ("dir", "directory"),
    ("dst", "destination"),
    ("dt", "date"),
    ("dur", "duration"),
    ("exten", "extension"),
    ("fileid", "file ID"),
    ("forcemoderator", "force moderator"),
    ("friendlyname", "friendly name"),
    ("fwd", "forward"),
    ("hideparticipants", "hide participants"),
    ("hr", "hour"),
    ("ifaces", "interfaces"),
    ("info", "information"),
    ("lang", "language"),
    ("maintaince", "maintenance"),
    ("maintanance", "maintenance"),
    ("max", "maximum"),
    ("meetingduration", "meeting duration"),
    ("meetingid", "meeting ID"),
    ("meetingprofile", "meeting profile"),
    ("meetingtitle", "meeting title"),
    ("mgr", "manager"),
    ("min", "minimum"),
    ("moderateparticipants", "moderate participants"),
    ("msg", "message"),
    ("multicompany", "multi-company"),
    ("needorganizer", "need organizer"),
    ("openlink", "open link"),
    ("opts", "options"),
    ("param", "parameter"),
    ("params", "parameters"),
    ("pcalls", "internal calls"),
    ("perc", "percent"),
    ("preffix", "prefix"),
    ("prev", "previous"),
    ("privaterooms", "private rooms"),
    ("props", "properties"),
    ("prov", "provisioning"),
    ("quickmeeting", "quick meeting"),
    ("rec", "recording"),
    ("ref", "reference"),
    ("reg", "registration"),
    ("retreive", "retrieve"),
    ("seg", "segment"),
    ("sessionid", "session ID"),
    ("sim", "simultaneous"),
    ("sipid", "SIP ID"),
    ("src", "source"),
    ("subcription", "subscription"),
    ("subrow", "sub row"),
    ("tel", "telephone"),
    ("tun", "tunnel"),
    ("tunnnel", "tunnel"),
    ("useragent", "user agent"),
    ("userinfo", "user information"),
    ("vectorid", "vector ID"),
    ("vmpin", "voicemail PIN"),
    ("wakeup", "wake up"),
    ("webmeeting", "web meeting"),
    ("websearch", "web search"),
    ("xfer", "transfer"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_start_cased_as_the_original_node_did() {
        for (identifier, expected) in [
            ("ReplaceGroupLicenseKey", "Replace Group License Key"),
            ("GetMCURequestStatus", "Get MCU Request Status"),
            ("SetOAuthState", "Set O Auth State"),
            ("E164Settings", "E 164 Settings"),
            ("GetM365Users", "Get M 365 Users"),
            ("DNProperties", "DN Properties"),
            ("call_id", "Call Id"),
            ("APIToken", "API Token"),
        ] {
            assert_eq!(start_case(identifier), expected);
        }
    }

    #[test]
    fn titles_keep_acronyms_whole_and_repair_spelling() {
        for (identifier, expected) in [
            ("SubcriptionExpireDate", "Subscription Expire Date"),
            ("EnableIPv4", "Enable IPv4"),
            ("E164Settings", "E.164 Settings"),
            ("Enable2FA", "Enable 2FA"),
            ("OAuthClients", "OAuth Clients"),
            ("IsMaintainceExpired", "Is Maintenance Expired"),
            ("GetPBXId", "Get PBX ID"),
            ("PushFirmwareForPhones", "Push Firmware for Phones"),
            ("queueDnStr", "Queue DN"),
            ("PublicIPinSIP", "Public IP in SIP"),
            ("HidePcalls", "Hide Internal Calls"),
            ("G711ToT38Fallback", "G.711 to T.38 Fallback"),
            ("FwdToExternal", "Forward to External"),
            ("RetreivePeersByNumbers", "Retrieve Peers by Numbers"),
        ] {
            assert_eq!(title_case(identifier), expected);
        }
        assert_eq!(lower_case("GetSbcStatus"), "get SBC status");
        assert_eq!(title_case(""), "");
    }
}
