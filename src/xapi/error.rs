//! What went wrong, and what it means for the run. What a person reads of it is worded elsewhere.

use crate::xapi::base_url::BaseUrlFault;
use crate::xapi::problems::{self, Problem};
use crate::xapi::transport::TransportError;

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
    /// The record is no longer the one that the change was made for.
    Changed {
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
    /// A success without the file that was asked for, and what 3CX says in its place.
    NoFile {
        status: u16,
        problems: Vec<Problem>,
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
    /// Half of the rows or more have one key although their groups differ.
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
    /// What earlier runs have done is not known, or this one could not be remembered.
    Memory(MemoryFault),
    /// Not sent, because every call would end like this.
    NotSent(Box<Self>),
}

/// Why the memory of what earlier runs have done is of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemoryFault {
    Missing,
    TooSmall {
        most: usize,
        rows: usize,
    },
    /// It does not tell what it knows.
    Mute,
    /// Another run has written to it at the same time.
    Shared,
    /// It failed, in the host's words.
    Failed(String),
}

impl Failure {
    /// The same with every text of others as `clean` leaves it: a secret may have been repeated there.
    #[must_use]
    pub fn redacted(mut self, clean: &dyn Fn(&str) -> String) -> Self {
        match &mut self {
            Self::NotSent(cause) | Self::LoginUnanswered(cause) | Self::ActiveCalls(cause) => {
                **cause = cause.clone().redacted(clean)
            }
            Self::Rejected { problems, .. }
            | Self::Changed { problems }
            | Self::Server { problems, .. }
            | Self::NoFile { problems, .. }
            | Self::Unexpected { problems, .. } => {
                problems::redact(problems, clean);
            }
            Self::RenewalFailed { text } | Self::Redirected { to: text } | Self::Memory(MemoryFault::Failed(text)) => {
                *text = clean(text)
            }
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
            | Self::NoFile { status, .. }
            | Self::TooLong { status, .. }
            | Self::Unexpected { status, .. } => Some(*status),
            Self::LoginUnanswered(cause) | Self::NotSent(cause) | Self::ActiveCalls(cause) => cause.status(),
            Self::Unauthorized | Self::UnauthorizedAlone => Some(401),
            Self::Forbidden => Some(403),
            Self::NotFound => Some(404),
            Self::Changed { .. } => Some(412),
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
            Self::Rejected { problems, .. }
            | Self::Changed { problems }
            | Self::Server { problems, .. }
            | Self::Unexpected { problems, .. } => {
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
                Self::Rejected { .. } | Self::Changed { .. } => "REJECTED",
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

/// The first 300 characters. Cut when it is shown, not before: half a secret would not be found any more.
pub(crate) fn cut(text: &str) -> &str {
    text.char_indices().nth(300).map_or(text, |(end, _)| &text[..end])
}
