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
    let text = lower_case(identifier);
    let known: Vec<&str> = text.split(' ').collect();
    let last = known.len() - 1;
    let titled = known.iter().enumerate().map(|(index, word)| {
        let is_small = index > 0 && index < last && SMALL.contains(word);
        // Acronyms and names have their capitals already.
        if is_small || word.contains(|letter: char| letter.is_uppercase()) {
            return (*word).to_owned();
        }
        word.split('-').map(capitalized).collect::<Vec<_>>().join("-")
    });
    titled.collect::<Vec<_>>().join(" ")
}

/// The same in lower case, for within a sentence; acronyms and names keep their capitals.
pub fn lower_case(identifier: &str) -> String {
    if let Some((_, whole)) = WHOLE.iter().find(|(known, _)| *known == identifier) {
        return (*whole).to_owned();
    }
    let mut lower: Vec<String> = words(identifier).iter().map(|word| word.to_lowercase()).collect();
    // `QueueNo`, `queueDnStr`
    if lower.len() > 1 && (lower.ends_with(&["no".to_owned()]) || lower.ends_with(&["str".to_owned()])) {
        let is_number = lower.pop().is_some_and(|last| last == "no");
        lower.extend(is_number.then(|| "number".to_owned()));
    }
    let mut known: Vec<&str> = Vec::new();
    let mut rest = lower.as_slice();
    while let [first, after @ ..] = rest {
        let joined =
            JOINED.iter().find(|(parts, _)| parts.len() <= rest.len() && parts.iter().eq(&rest[..parts.len()]));
        if let Some((parts, text)) = joined {
            known.push(text);
            rest = &rest[parts.len()..];
            continue;
        }
        let fixed = FIXED.iter().find(|text| text.eq_ignore_ascii_case(first));
        let repaired = REPAIRED.iter().find(|(wrong, _)| wrong == first).map(|(_, right)| right);
        known.push(fixed.or(repaired).copied().unwrap_or(first));
        rest = after;
    }
    known.join(" ")
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Words that stay small within a title.
const SMALL: &[&str] = &["a", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"];

/// Identifiers whose capitals tell nothing.
const WHOLE: &[(&str, &str)] = &[
    ("actionDnDn", "action DN"),
    ("BXfer", "blind transfer"),
    ("DealtWithCount", "handled count"),
    ("ErrNoAuth3way", "error no 3-way authentication"),
    ("GbJson", "Google bucket JSON"),
    ("GbPath", "Google bucket path"),
    // The PBX's own rows of calls that were parked or picked up.
    ("hidePcalls", "hide parking and pick-up rows"),
    ("Is3CXFQDN", "is 3CX FQDN"),
    ("LlDpInfo", "LLDP information"),
    ("ProvisioningLinkExt", "external provisioning link"),
    ("ReasonForDealtWith", "reason for being handled"),
    ("RegistrarIsFQDNnoResolve", "registrar FQDN does not resolve"),
    ("RegistrarIsIPaddress", "registrar is IP address"),
    ("Tcx", "3CX"),
    ("TcxUpdate", "3CX update"),
    ("tcxpms", "3CX PMS"),
    ("up", "move up"),
];

/// Words that the split takes apart, or that mean something together.
const JOINED: &[(&[&str], &str)] = &[
    (&["2", "fa"], "2FA"),
    (&["3", "cx"], "3CX"),
    (&["3", "s"], "threes"),
    (&["ad", "users"], "Active Directory users"),
    (&["anti", "hacking"], "anti-hacking"),
    (&["att", "xfer"], "attended transfer"),
    (&["big", "query"], "BigQuery"),
    (&["cx", "fqdn"], "3CX FQDN"),
    (&["dep", "file"], "department file"),
    (&["e", "1"], "E1"),
    (&["e", "164"], "E.164"),
    (&["e", "mail"], "Email"),
    (&["em", "rule"], "emergency rule"),
    (&["g", "711"], "G.711"),
    (&["gb", "180", "30"], "GB18030"),
    (&["h", "264"], "H.264"),
    (&["i", "pv", "4"], "IPv4"),
    (&["i", "pv", "6"], "IPv6"),
    (&["id", "participant"], "participant ID"),
    (&["in", "out", "calls"], "inbound and outbound calls"),
    (&["in", "cid"], "inbound CID"),
    (&["in", "office"], "in-office"),
    (&["ip", "v", "4"], "IPv4"),
    (&["ip", "v", "6"], "IPv6"),
    (&["ipv", "4"], "IPv4"),
    (&["ipv", "6"], "IPv6"),
    (&["log", "in"], "login"),
    (&["log", "out"], "logout"),
    (&["m", "365"], "Microsoft 365"),
    (&["microsoft", "365"], "Microsoft 365"),
    (&["ms", "365"], "Microsoft 365"),
    (&["ms", "exchange"], "Microsoft Exchange"),
    (&["multi", "company"], "multi-company"),
    (&["multi", "queue"], "multi-queue"),
    (&["my", "phone"], "MyPhone"),
    (&["my", "sql"], "MySQL"),
    (&["napt", "ror", "srv"], "NAPTR or SRV"),
    (&["o", "auth", "2"], "OAuth2"),
    (&["o", "auth"], "OAuth"),
    (&["office", "365"], "Microsoft 365"),
    (&["open", "ai"], "OpenAI"),
    (&["open", "id"], "OpenID"),
    (&["out", "bound"], "outbound"),
    (&["out", "cid"], "outbound CID"),
    (&["out", "office"], "out of office"),
    (&["postgre", "sql"], "PostgreSQL"),
    (&["postgre"], "PostgreSQL"),
    (&["public", "i", "pin", "sip"], "Public IP in SIP"),
    (&["pv", "4"], "IPv4"),
    (&["pv", "6"], "IPv6"),
    (&["re", "captcha"], "reCAPTCHA"),
    (&["rfc", "2833"], "RFC 2833"),
    (&["rfc", "711"], "RFC 711"),
    (&["s", "3"], "S3"),
    (&["share", "point"], "SharePoint"),
    (&["sign", "in"], "sign-in"),
    (&["t", "1"], "T1"),
    (&["t", "38"], "T.38"),
    (&["third", "party"], "third-party"),
    (&["use", "2", "fa"], "Use 2FA"),
    (&["v", "mail"], "voicemail"),
    (&["v", "menu"], "voice menu"),
    (&["web", "rtc"], "WebRTC"),
    (&["wrap", "up"], "wrap-up"),
    (&["you", "tube"], "YouTube"),
];

/// Acronyms and names.
const FIXED: &[&str] = &[
    "3CX",
    "AAAA",
    "ACPRMSET",
    "AI",
    "Amazon",
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
    "Facebook",
    "Fanvil",
    "FQDN",
    "Friday",
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
    "Linux",
    "LLDP",
    "MAC",
    "MACs",
    "MCP",
    "MCU",
    "Microsoft",
    "Monday",
    "MOS",
    "MS",
    "NAPTR",
    "NAT",
    "OK",
    "OS",
    "PBX",
    "PC",
    "PIN",
    "PKCE",
    "PRACK",
    "RCS",
    "RPC",
    "RPS",
    "RTCP",
    "RTP",
    "RTT",
    "RX",
    "Saturday",
    "SBC",
    "SBCs",
    "SFTP",
    "SID",
    "SIP",
    "SIPS",
    "SLA",
    "SMS",
    "SNOM",
    "SPM",
    "SQL",
    "SRTP",
    "SRV",
    "SSL",
    "SSO",
    "STUN",
    "Sunday",
    "TCP",
    "Thursday",
    "TLS",
    "TOS",
    "TTS",
    "Tuesday",
    "Twilio",
    "TX",
    "UDP",
    "URI",
    "URIs",
    "URL",
    "VLAN",
    "VM",
    "VoIP",
    "VTT",
    "WAN",
    "WebRTC",
    "Wednesday",
    "Windows",
    "WM",
    "XAPI",
    "Yealink",
];

/// Spelling mistakes and shortenings of the API.
const REPAIRED: &[(&str, &str)] = &[
    ("addr", "address"),
    ("alt", "alternative"),
    ("auth", "authentication"),
    ("avg", "average"),
    ("canchangemedia", "can change media"),
    ("clicktocall", "click to call"),
    ("config", "configuration"),
    ("configs", "configurations"),
    ("cxfqdn", "3CX FQDN"),
    ("dateformat", "date format"),
    ("dept", "department"),
    ("desc", "description"),
    ("descr", "description"),
    ("dest", "destination"),
    ("dir", "directory"),
    ("dirs", "directories"),
    ("documentlist", "document list"),
    ("dst", "destination"),
    ("dt", "date"),
    ("dur", "duration"),
    ("err", "error"),
    ("ext", "extension"),
    ("exten", "extension"),
    ("fileid", "file ID"),
    ("filesystem", "file system"),
    ("forcemoderator", "force moderator"),
    ("friendlyname", "friendly name"),
    ("fwd", "forward"),
    ("hideparticipants", "hide participants"),
    ("hr", "hour"),
    ("ifaces", "interfaces"),
    ("info", "information"),
    ("infos", "information"),
    ("knowledgebase", "knowledge base"),
    ("lang", "language"),
    ("maintaince", "maintenance"),
    ("maintanance", "maintenance"),
    ("mananger", "manager"),
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
    ("net", "network"),
    ("notiification", "notification"),
    ("ns", "network share"),
    ("openlink", "open link"),
    ("opts", "options"),
    ("org", "organization"),
    ("param", "parameter"),
    ("params", "parameters"),
    ("perc", "percent"),
    ("preffix", "prefix"),
    ("prev", "previous"),
    ("privaterooms", "private rooms"),
    ("props", "properties"),
    ("prov", "provisioning"),
    ("pwd", "password"),
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
    ("ts", "timestamp"),
    ("tun", "tunnel"),
    ("tunnnel", "tunnel"),
    ("useragent", "user agent"),
    ("userinfo", "user information"),
    ("vectorid", "vector ID"),
    ("vmail", "voicemail"),
    ("vmpin", "voicemail PIN"),
    ("wakeup", "wake up"),
    ("webclient", "web client"),
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
            ("hidePcalls", "Hide Parking and Pick-Up Rows"),
            ("DealtWithCount", "Handled Count"),
            ("ReasonForDealtWith", "Reason for Being Handled"),
            ("G711ToT38Fallback", "G.711 to T.38 Fallback"),
            ("FwdToExternal", "Forward to External"),
            ("RetreivePeersByNumbers", "Retrieve Peers by Numbers"),
            ("clicktocall", "Click to Call"),
            ("CallbackNo", "Callback Number"),
            ("DialCodeVMail", "Dial Code Voicemail"),
            ("EnableReCaptcha", "Enable reCAPTCHA"),
            ("ReCaptchaEnabled", "reCAPTCHA Enabled"),
            ("RemoteMySqlConfig", "Remote MySQL Configuration"),
            ("WrapUpTime", "Wrap-Up Time"),
        ] {
            assert_eq!(title_case(identifier), expected);
        }
        assert_eq!(lower_case("GetSbcStatus"), "get SBC status");
        assert_eq!(title_case(""), "");
    }
}
