//! What went wrong, and what it means for the run. What a person reads of it stands in [`crate::n8n::failure`].

use crate::xapi::base_url::BaseUrlFault;

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The credential's address cannot be used.
    BadAddress(BaseUrlFault),
    /// The credential holds nothing to log in with.
    NoCredentials,
    /// The log-in itself was refused; the status is that of `/connect/token`.
    LoginRefused {
        status: u16,
    },
    /// The log-in could not be carried out.
    LoginUnanswered(Box<Self>),
    /// The host could not renew the token; the text is the host's.
    RenewalFailed {
        text: String,
    },
    Unauthorized,
    /// 401 to this call, with a token that is good for others.
    UnauthorizedAlone,
    Forbidden,
    NotFound,
    Rejected {
        status: u16,
        problems: Vec<Problem>,
    },
    Throttled,
    Server {
        status: u16,
        problems: Vec<Problem>,
    },
    /// A web page came instead of the API's answer.
    WebPage {
        status: u16,
    },
    Redirected {
        to: String,
    },
    /// An answer whose body could not be read.
    Unreadable {
        status: u16,
    },
    /// A success without the file that was asked for.
    NoFile {
        status: u16,
    },
    /// An answer with more than `most` bytes.
    TooLong {
        status: u16,
        most: u64,
    },
    /// A list that gave the same page a second time.
    PageRepeated,
    /// A list that went on beyond all bounds.
    Endless,
    /// A list that ended although 3CX says that it has more.
    ListCut,
    /// The calls under way could not be read, without which none of the log is known to be over.
    ActiveCalls(Box<Self>),
    /// The call log has no call, although there was one at this time.
    CallsWithheld {
        last: String,
    },
    /// An answer that neither says no nor shows that it was done, and what 3CX says in it.
    Unexpected {
        status: u16,
        problems: Vec<Problem>,
    },
    Transport(TransportError),
    /// The run ended before this was sent.
    Stopped,
    /// The caller would do the whole run again if a row failed, and so do again what is done.
    WouldBeRepeated,
    /// The run was begun before, and has sent what it would send again.
    SentBefore,
    /// The caller hands over some of the rows each time, and what is certain shows in all of them only.
    InLoop,
    /// Half of the rows or more are for one group although their keys differ.
    FixedGroup,
    /// Every row would give its group the same key, which was meant for one.
    FixedKey,
    /// Two rows (counted from 0) have a key for what there is one of.
    SeveralKeys {
        rows: (usize, usize),
    },
    /// A setting of the run that is another one in this row (counted from 0) than in the first.
    SettingDiffers {
        name: String,
        row: usize,
    },
    /// The credential is another one for this row (counted from 0) than for the first.
    CredentialDiffers {
        row: usize,
    },
    /// What earlier runs have done is not known, or this one could not be remembered; the text says why.
    Memory(String),
    /// Not sent, because every call would end like this.
    NotSent(Box<Self>),
}

/// No answer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// DNS does not know the host's name.
    HostNotFound,
    /// The host's name could not be looked up at the moment.
    LookUpFailed,
    /// The host refused the connection.
    Refused,
    /// No connection came about: no way to the host, or no answer from it.
    Unreachable,
    /// The proxy on the way to the host could not be reached.
    Proxy,
    /// The host's certificate was not accepted.
    Certificate,
    /// The TLS connection failed, during the handshake or after it: the request may have been sent.
    Tls,
    Reset,
    Timeout,
    /// The run was cancelled while the call was under way: what the host gives up for other reasons took too long.
    Cancelled,
    /// The host's own check refused the address before anything was sent.
    Blocked,
    /// The host's fetch takes no such address or port.
    NotTaken,
    /// The host could not read the file that was to be sent, or not in time.
    FileNotRead,
    /// Anything else; the code is the host's, such as `UND_ERR_INFO`.
    Other {
        code: String,
    },
}

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

    fn is_code(&self) -> bool {
        self.text.starts_with("WARNINGS.")
    }
}

impl TransportError {
    /// Reads what Node.js, its fetch and axios tell of an error and of what caused it, most telling first.
    pub fn from_causes<'a>(causes: impl IntoIterator<Item = Cause<'a>>) -> Self {
        let mut other = None;
        for Cause { code, syscall, is_of_proxy } in causes {
            let is_connecting = syscall == Some("connect");
            match code {
                "ENOTFOUND" | "EAI_AGAIN" | "EAI_NODATA" | "EAI_NONAME" if is_of_proxy => return Self::Proxy,
                "ECONNREFUSED" | "EHOSTUNREACH" | "ENETUNREACH" | "ETIMEDOUT" | "EACCES" | "EPERM"
                    if is_of_proxy && is_connecting =>
                {
                    return Self::Proxy;
                }
                "ENOTFOUND" | "EAI_NODATA" | "EAI_NONAME" => return Self::HostNotFound,
                "EAI_AGAIN" => return Self::LookUpFailed,
                "ECONNREFUSED" if is_connecting || syscall.is_none() => return Self::Refused,
                "UND_ERR_CONNECT_TIMEOUT" => return Self::Unreachable,
                // A firewall of this machine forbids it: EACCES or EPERM.
                "EHOSTUNREACH" | "ENETUNREACH" | "EHOSTDOWN" | "ENETDOWN" | "EADDRNOTAVAIL" | "ETIMEDOUT"
                | "EACCES" | "EPERM"
                    if is_connecting =>
                {
                    return Self::Unreachable;
                }
                "ECONNRESET"
                | "ECONNREFUSED"
                | "EPIPE"
                | "ECONNABORTED"
                | "EHOSTUNREACH"
                | "ENETUNREACH"
                | "EHOSTDOWN"
                | "ENETDOWN"
                | "EADDRNOTAVAIL"
                | "UND_ERR_SOCKET"
                | "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" => return Self::Reset,
                "ETIMEDOUT"
                | "ESOCKETTIMEDOUT"
                | "TimeoutError"
                | "UND_ERR_HEADERS_TIMEOUT"
                | "UND_ERR_BODY_TIMEOUT" => return Self::Timeout,
                // What this run gives up, it does not hear of: somebody else had waited long enough.
                "AbortError" | "ERR_CANCELED" => return Self::Timeout,
                "ERR_INVALID_URL" | Cause::BAD_PORT => return Self::NotTaken,
                "SsrfBlockedIpError" | "DomainNotAllowedError" => return Self::Blocked,
                code if is_of_certificate(code) => return Self::Certificate,
                "EPROTO" => return Self::Tls,
                code if code.starts_with("ERR_TLS_") || code.starts_with("ERR_SSL_") => return Self::Tls,
                // The answer was no HTTP.
                code if code.starts_with("HPE_") => return Self::Reset,
                // Classes of errors say less than the code inside them.
                "" | "Error" | "TypeError" | "AxiosError" | "NodeApiError" => {}
                code => other = other.or(Some(code)),
            }
        }
        let code = other.unwrap_or("unknown").chars().take(60).collect();
        Self::Other { code }
    }

    /// Whether no byte of the request can have left.
    pub fn is_before_sending(&self) -> bool {
        match self {
            Self::HostNotFound
            | Self::LookUpFailed
            | Self::Refused
            | Self::Unreachable
            | Self::Proxy
            | Self::Certificate
            | Self::Blocked
            | Self::NotTaken
            | Self::FileNotRead => true,
            Self::Tls | Self::Reset | Self::Timeout | Self::Cancelled | Self::Other { .. } => false,
        }
    }
}

/// An error of the host, or what caused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause<'a> {
    /// Its code, or its name.
    pub code: &'a str,
    /// What the system was asked for, such as `connect`.
    pub syscall: Option<&'a str>,
    /// Whether it was asked for another host or port than the PBX's.
    pub is_of_proxy: bool,
}

impl Cause<'_> {
    /// What fetch says of ports that it never calls, in place of a code.
    pub const BAD_PORT: &'static str = "bad port";
}

/// The codes of OpenSSL's verification of certificates, as Node.js names them (`X509_V_ERR_*`).
fn is_of_certificate(code: &str) -> bool {
    code.starts_with("CERT_")
        || code.starts_with("UNABLE_TO_")
        || matches!(
            code,
            "DEPTH_ZERO_SELF_SIGNED_CERT"
                | "SELF_SIGNED_CERT_IN_CHAIN"
                | "ERR_TLS_CERT_ALTNAME_INVALID"
                | "HOSTNAME_MISMATCH"
                | "INVALID_CA"
                | "INVALID_PURPOSE"
                | "PATH_LENGTH_EXCEEDED"
                | "CRL_HAS_EXPIRED"
                | "CRL_NOT_YET_VALID"
        )
}

impl Failure {
    /// The same with every text of others as `clean` leaves it: a secret may have been repeated there.
    #[must_use]
    pub fn redacted(mut self, clean: &dyn Fn(&str) -> String) -> Self {
        match &mut self {
            Self::NotSent(cause) | Self::LoginUnanswered(cause) | Self::ActiveCalls(cause) => {
                **cause = cause.clone().redacted(clean)
            }
            Self::Rejected { problems, .. } | Self::Server { problems, .. } | Self::Unexpected { problems, .. } => {
                // No more of them are shown, and an answer may be long.
                problems.truncate(MOST_PROBLEMS);
                for problem in problems.iter_mut() {
                    problem.field = problem.field.as_deref().map(clean);
                }
                redact_texts(problems, clean);
            }
            Self::RenewalFailed { text } | Self::Redirected { to: text } | Self::Memory(text) => *text = clean(text),
            Self::Transport(TransportError::Other { code }) => *code = clean(code),
            _ => {}
        }
        self
    }

    pub fn status(&self) -> Option<u16> {
        match self {
            Self::LoginRefused { status }
            | Self::Rejected { status, .. }
            | Self::Server { status, .. }
            | Self::WebPage { status }
            | Self::Unreadable { status }
            | Self::NoFile { status }
            | Self::TooLong { status, .. }
            | Self::Unexpected { status, .. } => Some(*status),
            Self::LoginUnanswered(cause) | Self::NotSent(cause) | Self::ActiveCalls(cause) => cause.status(),
            Self::Unauthorized | Self::UnauthorizedAlone => Some(401),
            Self::Forbidden => Some(403),
            Self::NotFound => Some(404),
            Self::Throttled => Some(429),
            Self::BadAddress(_)
            | Self::NoCredentials
            | Self::Redirected { .. }
            | Self::RenewalFailed { .. }
            | Self::Transport(_)
            | Self::PageRepeated
            | Self::Endless
            | Self::ListCut
            | Self::CallsWithheld { .. }
            | Self::Stopped
            | Self::WouldBeRepeated
            | Self::SentBefore
            | Self::InLoop
            | Self::FixedGroup
            | Self::FixedKey
            | Self::SeveralKeys { .. }
            | Self::SettingDiffers { .. }
            | Self::CredentialDiffers { .. }
            | Self::Memory(_) => None,
        }
    }

    /// The code that a workflow can branch on: 3CX's own where there is one.
    pub fn code(&self) -> String {
        let own = match self {
            Self::Rejected { problems, .. } | Self::Server { problems, .. } | Self::Unexpected { problems, .. } => {
                problems.iter().find(|problem| problem.is_code()).map(|problem| cut(&problem.text).to_owned())
            }
            _ => None,
        };
        own.unwrap_or_else(|| {
            match self {
                Self::BadAddress(_) => "BAD_ADDRESS",
                Self::NoCredentials => "NO_CREDENTIALS",
                Self::LoginRefused { .. } => "LOGIN_REFUSED",
                Self::LoginUnanswered(_) => "LOGIN_UNANSWERED",
                Self::RenewalFailed { .. } => "TOKEN_NOT_RENEWED",
                Self::Unauthorized => "UNAUTHORIZED",
                Self::UnauthorizedAlone => "CALL_UNAUTHORIZED",
                Self::Forbidden => "FORBIDDEN",
                Self::NotFound => "NOT_FOUND",
                Self::Rejected { .. } => "REJECTED",
                Self::Throttled => "TOO_MANY_REQUESTS",
                Self::Server { .. } => "SERVER",
                Self::WebPage { .. } => "WEB_PAGE",
                Self::Redirected { .. } => "REDIRECTED",
                Self::Unreadable { .. } => "UNREADABLE_ANSWER",
                Self::NoFile { .. } => "NO_FILE",
                Self::TooLong { .. } => "ANSWER_TOO_LONG",
                Self::PageRepeated => "PAGE_REPEATED",
                Self::Endless => "ENDLESS_LIST",
                Self::ListCut => "LIST_CUT",
                Self::CallsWithheld { .. } => "CALLS_WITHHELD",
                Self::Unexpected { .. } => "UNEXPECTED_ANSWER",
                Self::Transport(error) => error.code(),
                Self::Stopped => "STOPPED",
                Self::WouldBeRepeated => "RETRY_ON_FAIL",
                Self::SentBefore => "SENT_BEFORE",
                Self::InLoop => "IN_LOOP",
                Self::FixedGroup => "FIXED_GROUP",
                Self::FixedKey => "FIXED_KEY",
                Self::SeveralKeys { .. } => "SEVERAL_KEYS",
                Self::SettingDiffers { .. } => "OPTION_DIFFERS",
                Self::CredentialDiffers { .. } => "CREDENTIAL_DIFFERS",
                Self::Memory(_) => "MEMORY",
                Self::NotSent(cause) | Self::ActiveCalls(cause) => return cause.code(),
            }
            .to_owned()
        })
    }
}

impl TransportError {
    fn code(&self) -> &'static str {
        match self {
            Self::HostNotFound => "HOST_NOT_FOUND",
            Self::LookUpFailed => "HOST_LOOKUP_FAILED",
            Self::Refused => "CONNECTION_REFUSED",
            Self::Unreachable => "HOST_UNREACHABLE",
            Self::Proxy => "PROXY_UNREACHABLE",
            Self::Certificate => "CERTIFICATE",
            Self::Tls => "TLS",
            Self::Reset => "CONNECTION_LOST",
            Self::Timeout => "TIMEOUT",
            Self::Cancelled => "CANCELLED",
            Self::Blocked => "ADDRESS_BLOCKED",
            Self::NotTaken => "ADDRESS_NOT_TAKEN",
            Self::FileNotRead => "FILE_NOT_READ",
            Self::Other { .. } => "NETWORK",
        }
    }
}

/// Redacts the texts of problems as one: a secret may begin in one and end in the next, as where 3CX breaks its message
/// into lines. Those of which it takes the joint are one problem then.
fn redact_texts(problems: &mut Vec<Problem>, clean: &dyn Fn(&str) -> String) {
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

/// The first 300 characters. Cut when it is shown, not before: half a secret would not be found any more.
pub(crate) fn cut(text: &str) -> &str {
    text.char_indices().nth(300).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_of_the_host_are_classified() {
        let connect = Some("connect");
        for (causes, expected) in [
            (vec![("ENOTFOUND", Some("getaddrinfo")), ("TypeError", None)], TransportError::HostNotFound),
            (vec![("EAI_AGAIN", Some("getaddrinfo"))], TransportError::LookUpFailed),
            (vec![("ECONNREFUSED", connect), ("", None)], TransportError::Refused),
            (vec![("ECONNREFUSED", None)], TransportError::Refused),
            (vec![("ECONNREFUSED", Some("read"))], TransportError::Reset),
            (vec![("EHOSTUNREACH", connect)], TransportError::Unreachable),
            (vec![("EHOSTUNREACH", Some("read"))], TransportError::Reset),
            (vec![("EHOSTUNREACH", None)], TransportError::Reset),
            (vec![("ENETUNREACH", Some("write"))], TransportError::Reset),
            (vec![("ETIMEDOUT", connect)], TransportError::Unreachable),
            (vec![("EACCES", connect)], TransportError::Unreachable),
            (vec![("EPERM", connect)], TransportError::Unreachable),
            (vec![("EACCES", Some("open"))], TransportError::Other { code: "EACCES".into() }),
            (vec![("ETIMEDOUT", Some("read"))], TransportError::Timeout),
            (vec![("ETIMEDOUT", None)], TransportError::Timeout),
            (vec![("UND_ERR_CONNECT_TIMEOUT", None)], TransportError::Unreachable),
            (vec![("ECONNABORTED", None), ("AxiosError", None)], TransportError::Reset),
            (vec![("UND_ERR_SOCKET", None), ("TypeError", None)], TransportError::Reset),
            (vec![("HPE_INVALID_HEADER_TOKEN", None)], TransportError::Reset),
            (vec![("DEPTH_ZERO_SELF_SIGNED_CERT", None)], TransportError::Certificate),
            (vec![("ERR_TLS_CERT_ALTNAME_INVALID", None)], TransportError::Certificate),
            (vec![("CERT_HAS_EXPIRED", None)], TransportError::Certificate),
            (vec![("EPROTO", Some("write"))], TransportError::Tls),
            (vec![("ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC", None)], TransportError::Tls),
            (vec![("ERR_TLS_HANDSHAKE_TIMEOUT", None)], TransportError::Tls),
            (vec![("AbortError", None)], TransportError::Timeout),
            (vec![("ERR_CANCELED", None)], TransportError::Timeout),
            (vec![("ERR_INVALID_URL", None), ("TypeError", None)], TransportError::NotTaken),
            (vec![("bad port", None), ("TypeError", None)], TransportError::NotTaken),
            (vec![("WEIRD", None), ("TypeError", None)], TransportError::Other { code: "WEIRD".into() }),
            (vec![], TransportError::Other { code: "unknown".into() }),
        ] {
            let told = causes.iter().map(|(code, syscall)| Cause { code, syscall: *syscall, is_of_proxy: false });
            assert_eq!(TransportError::from_causes(told), expected, "{causes:?}");
        }
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

    #[test]
    fn a_proxy_that_cannot_be_reached_is_not_taken_for_the_pbx() {
        for (code, syscall, expected) in [
            ("ECONNREFUSED", Some("connect"), TransportError::Proxy),
            ("ETIMEDOUT", Some("connect"), TransportError::Proxy),
            ("EACCES", Some("connect"), TransportError::Proxy),
            ("ENOTFOUND", Some("getaddrinfo"), TransportError::Proxy),
            ("ECONNRESET", Some("read"), TransportError::Reset),
            ("ETIMEDOUT", Some("read"), TransportError::Timeout),
        ] {
            let cause = Cause { code, syscall, is_of_proxy: true };
            assert_eq!(TransportError::from_causes([cause]), expected, "{cause:?}");
        }
        assert!(TransportError::Proxy.is_before_sending());
    }
}
