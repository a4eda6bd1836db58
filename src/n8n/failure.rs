//! What a person reads of a failure: what happened, and what to do.

use std::fmt;

use crate::xapi::base_url::BaseUrlFault;
use crate::xapi::error::{Failure, cut};
use crate::xapi::pages::MOST_PAGES;
use crate::xapi::problems::{MOST_PROBLEMS, Problem};
use crate::xapi::transport::TransportError;

impl Failure {
    /// What to do about it, in one or two sentences.
    pub fn advice(&self) -> String {
        match self {
            Self::BadAddress(_) => "Correct the address in the credential, as in https://company.3cx.eu or https://pbx.example.com:5001.",
            Self::NoCredentials => "Fill in client ID and API key, or a ready access token (plain characters, without line breaks), in the credential.",
            Self::LoginRefused { status: 403 } => "Check that the license includes the API (8SC or more, Enterprise or AI) and that this address is neither on the PBX's block list nor outside its console restrictions.",
            Self::LoginRefused { .. } => "Check client ID and API key in the credential against 3CX Admin > Integrations > API. Do not try again and again: 3CX blocks addresses after a few wrong log-ins.",
            Self::LoginUnanswered(cause) | Self::NotSent(cause) | Self::ActiveCalls(cause) => return cause.advice(),
            Self::RenewalFailed { .. } => "Test the credential: that tells what 3CX answers.",
            Self::Unauthorized => "The token has expired or another log-in of the same API client replaced it. Put a new one into the credential, or client ID and API key, with which it is renewed. Use an API client of its own for each system that logs in.",
            Self::UnauthorizedAlone => "Check in 3CX Admin whether the API client may do this: give it the department DEFAULT and the role System Owner in Integrations > API. Then run the row again.",
            Self::Forbidden => "Give the API client the department DEFAULT and the role System Owner in 3CX Admin > Integrations > API, with 3CX Configuration API Access checked. Console restrictions by IP address also answer like this.",
            Self::NotFound => "Check that it still exists, and that this PBX's version has this call.",
            Self::Rejected { problems, .. } => return advice_for(problems),
            Self::Changed { .. } => "Get the record again, and use its new @odata.etag.",
            Self::Throttled => "Lower Requests at Once or set Max Requests per Second, then run the remaining rows again.",
            Self::Server { .. } => "Check whether the PBX is restarting or overloaded, and try again in a few minutes.",
            Self::WebPage { status: 200..=399 } => "Check the address in the credential: it must be the PBX's own, such as https://company.3cx.eu, without a path.",
            Self::WebPage { .. } => "A proxy before the PBX answered in its place. Check whether the PBX is restarting or overloaded, and try again in a few minutes.",
            Self::Redirected { .. } => "Put the address that the PBX really answers on into the credential. Redirects are not followed, so that the token goes nowhere else.",
            Self::Unreadable { .. } => "Try again. If it stays like this, check that the address in the credential is that of a 3CX version 20 PBX.",
            Self::NoFile { .. } => "Check in 3CX Admin whether it is there: it may have been deleted or archived, or is not made yet.",
            Self::TooLong { .. } => "Ask for less: a filter, a limit, or fewer fields or related records. In code, the options maxAnswerBytes and maxFileBytes allow more.",
            Self::PageRepeated | Self::Endless => "Set a limit that fits into one page, or narrow the list down by a filter: this PBX does not give it page by page.",
            Self::ListCut => "Run it again: the list may have changed while it was read. If it stays like this, narrow it down by a filter.",
            Self::CallsWithheld { .. } => "Give the API client the department DEFAULT and the role System Owner in 3CX Admin > Integrations > API, and check whether 3CX Admin itself shows calls. A log that was just purged looks like this until the next call.",
            Self::Unexpected { .. } => "Check whether something between this machine and the PBX, such as a proxy, answers in its place, and that the address in the credential is that of a 3CX version 20 PBX.",
            Self::Transport(error) => error.advice(),
            Self::Stopped => "Run only the rows that were not done: running all of them again would repeat those that were.",
            Self::WouldBeRepeated => "Switch Retry On Fail off in the node's settings. The node itself sends again what can be sent again without harm.",
            Self::SentBefore => "Compare with 3CX what was done, and start a new execution with the rows that were not. Rows can be sent by a retry only if Skip Rows Done Before was on from the start, in this node and with the same address in the credential.",
            Self::InLoop => "Take the node out of the loop: it takes all rows at once and paces itself. To keep the loop, name Group Column and License Key Column; with Fields Below, make Group an expression.",
            Self::SettingDiffers { .. } => "It holds for the whole run: give it the same value in every row, or run the rows apart.",
            Self::CredentialDiffers { .. } => "Use one credential per PBX, and a 3CX node for the rows of each.",
            Self::FixedGroup => "With Input Columns, set Group Column to the column that has each row's group, and look whether its cells were filled down by mistake. With Fields Below, make Group an expression, such as {{ $json.groupId }}. For one group, run one row.",
            Self::FixedKey => "A key is for one group. With Input Columns, set License Key Column to the column that has each row's key, and look whether its cells were filled down by mistake. With Fields Below, make License Key an expression of each row, such as {{ $json.licenseKey }}: with .first() or .all()[0] it is always the first row's.",
            Self::SeveralKeys { .. } => "Run the one row with the right key alone: add a Filter node before this one, or switch on Execute Once in the node's settings if it is the first row. For a key of each department, use Group > Replace License Key.",
            Self::Memory(_) => "Skip Rows Done Before needs a memory that outlives the run, for one run at a time: save the workflow, and let one execution of it run at a time; in code, give the option memory.",
        }
        .to_owned()
    }
}

impl TransportError {
    fn advice(&self) -> &'static str {
        match self {
            Self::HostNotFound => {
                "Check the address in the credential for typos, and that this machine can look up the name."
            }
            Self::LookUpFailed => "Check this machine's network and its name server, and try again.",
            Self::Refused | Self::Unreachable => {
                "Check address and port (443, or often 5001 on self-managed PBXs), that the PBX is running, and that no firewall stands between."
            }
            Self::Proxy => {
                "Check whether the proxy that this machine is set to use (HTTPS_PROXY, HTTP_PROXY) is running, or name the PBX in NO_PROXY."
            }
            Self::Tls => {
                "Check that the port is the one for HTTPS (443, or often 5001), that nothing between this machine and the PBX breaks the connection up, and try again."
            }
            Self::Certificate => {
                "Use the PBX's own host name, which its certificate is made for. Only if you know that the certificate is self-signed, switch on Ignore SSL Issues in the credential."
            }
            Self::Reset => "Check whether the PBX is restarting, and try again.",
            Self::Timeout => {
                "Try again later, or raise the timeout: replacing a key asks 3CX's own servers and can take a while."
            }
            Self::Cancelled => {
                "Run only the rows that were not done: running all of them again would repeat those that were."
            }
            Self::Blocked => {
                "n8n is set not to call this address. Ask its administrator to allow it (N8N_SSRF_ALLOWED_HOSTNAMES or N8N_SSRF_ALLOWED_IP_RANGES)."
            }
            Self::NotTaken => {
                "Correct the address in the credential. Ports such as 5060 are for phones: 3CX's API is on 443, or often 5001 on self-managed PBXs."
            }
            Self::FileNotRead => {
                "Nothing was sent. Check that the file is still there, not empty and not larger than this machine can hold, and run the row again. In code, readFile must give its bytes, and a binary field its base64."
            }
            Self::Other { .. } => "Check the connection between this machine and the PBX, and try again.",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadAddress(fault) => write!(formatter, "The PBX's address cannot be used: {fault}"),
            Self::NoCredentials => {
                formatter.write_str("The credential has no usable access token, and no client ID with API key")
            }
            Self::LoginRefused { status } => write!(formatter, "3CX refused the log-in ({status})"),
            Self::LoginUnanswered(cause) => write!(formatter, "Logging in to 3CX did not work: {cause}"),
            Self::RenewalFailed { text } => {
                write!(formatter, "3CX issued no new access token: {}", cut(text))
            }
            Self::Unauthorized => formatter.write_str("3CX did not accept the access token (401)"),
            Self::UnauthorizedAlone => {
                formatter.write_str("3CX answers 401 to this call, although the token works for others")
            }
            Self::Forbidden => formatter.write_str("The API client has no rights for this in 3CX (403)"),
            Self::NotFound => formatter.write_str("3CX does not know this (404)"),
            Self::Rejected { status, problems } => {
                write!(formatter, "3CX refused the request ({status})")?;
                write_problems(formatter, problems)
            }
            Self::Changed { problems } => {
                formatter.write_str("The record has changed since it was read (412)")?;
                write_problems(formatter, problems)
            }
            Self::Throttled => formatter.write_str("3CX is getting too many requests (429)"),
            Self::Server { status, problems } => {
                write!(formatter, "3CX could not handle the request ({status})")?;
                write_problems(formatter, problems)
            }
            Self::WebPage { status } => write!(formatter, "A web page came back instead of 3CX's answer ({status})"),
            Self::Redirected { to } if to.is_empty() => {
                formatter.write_str("The PBX redirected the request to another address")
            }
            Self::Redirected { to } => write!(formatter, "The PBX redirected the request to {to}"),
            Self::Unreadable { status } => write!(formatter, "3CX's answer could not be read ({status})"),
            Self::NoFile { status, problems } => {
                write!(formatter, "3CX has no file for this ({status})")?;
                write_problems(formatter, problems)
            }
            Self::TooLong { status, most } => {
                write!(formatter, "The answer has more than {} ({status})", size(*most))
            }
            Self::PageRepeated => formatter.write_str("The PBX sent the same page twice"),
            Self::Endless => write!(formatter, "The list does not end: {MOST_PAGES} pages were read"),
            Self::ListCut => formatter.write_str("The PBX has more of this list than it sent, or some of it was deleted while it was read"),
            Self::ActiveCalls(cause) => write!(formatter, "The calls under way (Active Calls) could not be read: {cause}"),
            Self::CallsWithheld { last } => {
                write!(formatter, "The call log shows this API client no call, although 3CX names one of {last}")
            }
            Self::Unexpected { status, problems } => {
                write!(formatter, "3CX's answer does not show whether it was done ({status})")?;
                write_problems(formatter, problems)
            }
            Self::Transport(error) => error.fmt(formatter),
            Self::Stopped => formatter.write_str("Not sent, because the run ended before"),
            Self::WouldBeRepeated => formatter.write_str(
                "Retry On Fail is on: after a failed row n8n would run all rows again, those already done included",
            ),
            Self::SentBefore => formatter.write_str(
                "This is a retry of an execution in which the node has sent changes: all rows would be sent again, those already done included",
            ),
            Self::InLoop => formatter.write_str(
                "The node stands in a loop and sees only some of the rows in each round: whether the group and the license key are the right ones shows in all of them",
            ),
            Self::FixedGroup => {
                formatter.write_str("The same group is in half of the rows or more, but their license keys differ")
            }
            Self::FixedKey => {
                formatter.write_str("The same license key is in half of the rows or more, but their groups differ")
            }
            Self::SeveralKeys { rows: (one, other) } => {
                write!(formatter, "Rows {} and {} both have a license key, but there is one place for it: each key would take that of the one before", one + 1, other + 1)
            }
            Self::SettingDiffers { name, row } => {
                write!(formatter, "{name} is not the same in rows 1 and {}", row + 1)
            }
            Self::CredentialDiffers { row } => {
                write!(formatter, "The credential is not the same in rows 1 and {}", row + 1)
            }
            Self::Memory(why) => write!(formatter, "The memory of rows done before cannot be used: {why}"),
            Self::NotSent(cause) => write!(formatter, "Not sent: {cause}"),
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HostNotFound => formatter.write_str("The PBX's host name is not known"),
            Self::LookUpFailed => formatter.write_str("The PBX's host name could not be looked up at the moment"),
            Self::Refused => formatter.write_str("The PBX cannot be reached: the connection was refused"),
            Self::Unreachable => formatter.write_str("The PBX cannot be reached: no connection could be made"),
            Self::Proxy => formatter.write_str("The proxy on the way to the PBX cannot be reached"),
            Self::Certificate => formatter.write_str("The PBX's certificate was not accepted"),
            Self::Tls => formatter.write_str("The encrypted connection to the PBX broke down"),
            Self::Reset => formatter.write_str("The connection to the PBX was lost"),
            Self::Timeout => formatter.write_str("The PBX did not answer in time"),
            Self::Cancelled => formatter.write_str("The run was canceled while 3CX was working on this"),
            Self::Blocked => formatter.write_str("n8n does not allow calls to the PBX's address"),
            Self::NotTaken => formatter.write_str("The PBX's address has a name or a port that cannot be called"),
            Self::FileNotRead => formatter.write_str("The row's file could not be read, or not in time"),
            Self::Other { code } => write!(formatter, "The connection to the PBX did not work ({code})"),
        }
    }
}

impl fmt::Display for BaseUrlFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "it is empty",
            Self::Scheme => "it must start with https:// (or http://)",
            Self::UserInfo => "it must not contain a user name or password",
            Self::Path => "it must end after the host name and port",
            Self::Host => "its host name is not valid",
            Self::Port => "its port is not a number from 1 to 65535",
            Self::Ipv4 => {
                "an IPv4 address must be four numbers from 0 to 255 without leading zeros, as in 192.168.1.10"
            }
            Self::BareIpv6 => "an IPv6 address must stand in square brackets, as in https://[2001:db8::1]:5001",
        })
    }
}

fn write_problems(formatter: &mut fmt::Formatter<'_>, problems: &[Problem]) -> fmt::Result {
    for (index, problem) in problems.iter().take(MOST_PROBLEMS).enumerate() {
        formatter.write_str(if index == 0 { ": " } else { "; " })?;
        if let Some(field) = &problem.field {
            write!(formatter, "{}: ", cut(field))?;
        }
        match known_code(&problem.text) {
            Some((meaning, _)) => formatter.write_str(meaning)?,
            None => formatter.write_str(cut(&problem.text))?,
        }
    }
    Ok(())
}

fn size(bytes: u64) -> String {
    match bytes {
        bytes if bytes >= 1 << 20 && bytes % (1 << 20) == 0 => format!("{} MB", bytes >> 20),
        bytes => format!("{bytes} bytes"),
    }
}

fn advice_for(problems: &[Problem]) -> String {
    problems
        .iter()
        .find_map(|problem| known_code(&problem.text))
        .map_or(
            "Compare the row's values with what 3CX Admin accepts in the same place, and correct them.",
            |(_, advice)| advice,
        )
        .to_owned()
}

/// What 3CX's codes mean and what to do. The names are those of the API's `Warnings` enumeration; codes that are not
/// listed are shown as they come.
fn known_code(code: &str) -> Option<(&'static str, &'static str)> {
    Some(match code.strip_prefix("WARNINGS.")? {
        "LICENSE_NOT_FOUND" => (
            "3CX does not know this license key",
            "Check the key letter by letter against the 3CX customer portal, correct the row and run it again.",
        ),
        "ERP_SERVER_ERROR" => (
            "3CX's license server could not be reached",
            "The PBX needs a way to 3CX's servers on the internet. Try again in a few minutes.",
        ),
        "LIMIT_REACHED" => {
            ("a limit of the license is reached", "Choose a key with a larger size, or free what the limit counts.")
        }
        "XAPI.INVALID_LICENSE_TYPE" => (
            "this type of license cannot be used here",
            "Departments take a StartUP (Free or Pro) key of their own: check the key's edition in the 3CX customer portal.",
        ),
        "XAPI.MCM_MODE_REQUIRED" => (
            "the PBX is not in multi-company mode",
            "Only a PBX in multi-company mode takes keys for departments: check that this is the right PBX. If the key is meant for the whole PBX, use License Status > Replace License Key.",
        ),
        "XAPI.NOT_FOUND" => (
            "3CX does not find it",
            "Check the value against 3CX Admin. For departments, also try the option Send Group As.",
        ),
        "XAPI.NOT_SUPPORTED" => ("this PBX does not support it", "Check version and edition of the PBX."),
        "XAPI.REQUIRED" | "XAPI.CAN_NOT_BE_EMPTY_STRING" => {
            ("a value is missing", "Fill the cell and run the row again.")
        }
        "XAPI.FORBIDDEN_CHANGE" => {
            ("3CX does not allow this change", "Check in 3CX Admin whether the same change is possible there.")
        }
        "XAPI.ALREADY_IN_USE" | "XAPI.DUPLICATE" => ("the value is in use already", "Choose another value."),
        "XAPI.OUT_OF_THE_RANGE" => {
            ("the value is out of range", "Choose a value within the range that 3CX Admin shows.")
        }
        _ => return None,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::redaction::{MASK, redact};
    use crate::xapi::error::MemoryFault;

    pub(in crate::n8n) fn every_failure() -> Vec<Failure> {
        let problem = |code: &str| vec![Problem::new(Some("groupId"), code)];
        let mut all = vec![
            Failure::NoCredentials,
            Failure::BadAddress(BaseUrlFault::Path),
            Failure::LoginRefused { status: 401 },
            Failure::LoginRefused { status: 403 },
            Failure::RenewalFailed { text: "…".into() },
            Failure::Unauthorized,
            Failure::UnauthorizedAlone,
            Failure::Forbidden,
            Failure::NotFound,
            Failure::Changed { problems: Vec::new() },
            Failure::Throttled,
            Failure::Rejected { status: 400, problems: vec![] },
            Failure::Server { status: 500, problems: vec![] },
            Failure::WebPage { status: 200 },
            Failure::WebPage { status: 504 },
            Failure::Redirected { to: String::new() },
            Failure::Redirected { to: "https://…".into() },
            Failure::Unreadable { status: 200 },
            Failure::NoFile { status: 204, problems: vec![] },
            Failure::TooLong { status: 200, most: 64 << 20 },
            Failure::PageRepeated,
            Failure::Endless,
            Failure::ListCut,
            Failure::ActiveCalls(Box::new(Failure::Unreadable { status: 200 })),
            Failure::CallsWithheld { last: "2026-11-10T09:00:00.000Z".to_owned() },
            Failure::Unexpected { status: 408, problems: vec![] },
            Failure::Stopped,
            Failure::SeveralKeys { rows: (1, 6) },
            Failure::SettingDiffers { name: "Time Limit".to_owned(), row: 6 },
            Failure::CredentialDiffers { row: 6 },
            Failure::Memory(MemoryFault::Missing),
            Failure::NotSent(Box::new(Failure::Server { status: 503, problems: vec![] })),
        ];
        for error in [
            TransportError::HostNotFound,
            TransportError::LookUpFailed,
            TransportError::Refused,
            TransportError::Unreachable,
            TransportError::Proxy,
            TransportError::Certificate,
            TransportError::Tls,
            TransportError::Reset,
            TransportError::Timeout,
            TransportError::Cancelled,
            TransportError::Blocked,
            TransportError::NotTaken,
            TransportError::FileNotRead,
            TransportError::Other { code: "…".into() },
        ] {
            all.push(Failure::Transport(error.clone()));
            all.push(Failure::LoginUnanswered(Box::new(Failure::Transport(error))));
        }
        for code in [
            "LICENSE_NOT_FOUND",
            "ERP_SERVER_ERROR",
            "LIMIT_REACHED",
            "XAPI.INVALID_LICENSE_TYPE",
            "XAPI.MCM_MODE_REQUIRED",
            "XAPI.NOT_FOUND",
            "XAPI.NOT_SUPPORTED",
            "XAPI.REQUIRED",
            "XAPI.FORBIDDEN_CHANGE",
            "XAPI.ALREADY_IN_USE",
            "XAPI.OUT_OF_THE_RANGE",
            "XAPI.…",
        ] {
            all.push(Failure::Rejected { status: 400, problems: problem(&format!("WARNINGS.{code}")) });
        }
        all
    }

    #[test]
    fn a_group_that_is_the_same_for_all_rows_is_set_right_wherever_rows_come_from() {
        for (failure, name) in [(Failure::FixedGroup, "Group"), (Failure::FixedKey, "License Key")] {
            let advice = failure.advice();
            for way in ["With Input Columns, set {} Column", "With Fields Below, make {} an expression"] {
                assert!(advice.contains(&way.replace("{}", name)), "{advice}");
            }
        }
    }

    /// n8n replaces a message that contains one of these, in any case, by canned text of its own.
    #[test]
    fn no_text_contains_what_n8n_replaces() {
        let canned = [
            "econnrefused",
            "econnreset",
            "enotfound",
            "etimedout",
            "enoent",
            "eperm",
            "eisdir",
            "enotdir",
            "econnaborted",
            "ehostunreach",
            "epipe",
            "getaddrinfo",
        ];
        for failure in every_failure() {
            for text in [failure.to_string(), failure.advice()] {
                let text = text.to_ascii_lowercase();
                assert!(!canned.iter().any(|word| text.contains(word)), "{text}");
            }
        }
    }

    #[test]
    fn every_failure_says_what_happened_and_what_to_do() {
        for failure in every_failure() {
            assert!(failure.to_string().len() > 15, "{failure:?}");
            assert!(failure.advice().len() > 15, "{failure:?}");
            for word in ["error", "problem", "failure", "mistake"] {
                assert!(!failure.to_string().to_lowercase().contains(word), "{failure}");
            }
        }
    }

    #[test]
    fn messages_are_told_apart() {
        let mut texts: Vec<_> = every_failure().iter().map(ToString::to_string).collect();
        let before = texts.len();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), before);
    }

    #[test]
    fn unknown_codes_are_shown_as_they_come() {
        let failure =
            Failure::Rejected { status: 400, problems: vec![Problem::new(None, "WARNINGS.XAPI.SOMETHING_NEW")] };
        assert_eq!(failure.to_string(), "3CX refused the request (400): WARNINGS.XAPI.SOMETHING_NEW");
        assert_eq!(failure.code(), "WARNINGS.XAPI.SOMETHING_NEW");
    }

    #[test]
    fn a_secret_is_redacted_also_where_a_text_is_cut() {
        let text = format!("{}8SGW-ABCD-EFGH-1234", "x".repeat(290));
        let failure = Failure::Rejected { status: 400, problems: vec![Problem::new(None, &text)] };
        let shown = failure.redacted(&|text| redact(text, "8SGW-ABCD-EFGH-1234", MASK)).to_string();
        assert_eq!(shown, format!("3CX refused the request (400): {}****", "x".repeat(290)));
    }

    #[test]
    fn what_is_told_has_an_end() {
        let problems = vec![Problem::new(Some(&"é".repeat(9000)), &"é".repeat(9000)); 9000];
        let failure = Failure::Server { status: 500, problems };
        assert_eq!(failure.to_string().matches('é').count(), 10 * 600);
        let problems = vec![Problem::new(None, &format!("WARNINGS.{}", "é".repeat(9000)))];
        assert_eq!(Failure::Rejected { status: 400, problems }.code().chars().count(), 300);
    }
}
