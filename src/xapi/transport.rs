//! Why no answer came, as the host tells it, and whether the request may have left.

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

impl TransportError {
    pub(super) fn code(&self) -> &'static str {
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
