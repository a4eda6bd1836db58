//! Keeps docs/troubleshooting.md: every message that a person can meet, with what to do.

use std::fs;
use std::path::Path;

use call_engine::{Delivery, Stage};

use super::failure::tests::every_failure;
use super::outcome::{Left, Report};
use super::{refused, replaced};
use crate::replace::columns::{Lacking, Sought};
use crate::replace::ended_row::{Context, Doubt, EndedRow, Ending, SeenGroup, Target};
use crate::replace::groups::{Groups, Unnamed, Unresolved};
use crate::replace::one_pbx::{Differing, OtherPbx};
use crate::replace::told::{Refusal, RowFault};
use crate::rows::json::JsonFault;
use crate::rows::value::{Expected, FaultKind, NoSwitch, Reference, ValueFault};
use crate::secret::{LicenseKey, MaskedKey};
use crate::xapi::base_url::BaseUrlFault;
use crate::xapi::error::Failure;
use crate::xapi::protocol::Stop;
use crate::xapi::transport::TransportError;

const PAGE: &str = "docs/troubleshooting.md";

/// What comes in place of values, so that a message is the same for all.
fn faults() -> Vec<FaultKind> {
    vec![
        FaultKind::Missing,
        FaultKind::Empty,
        FaultKind::ControlCharacter,
        FaultKind::NotText,
        FaultKind::NotAnId("…".into()),
        FaultKind::NotEvaluated("…".into()),
        FaultKind::NotFitting { expected: Expected::Whole, found: Some("…".into()) },
        FaultKind::NotFitting { expected: Expected::DateTime, found: Some("…".into()) },
        FaultKind::NotFitting { expected: Expected::OneOf(vec!["…"]), found: Some("…".into()) },
        FaultKind::NotFitting { expected: Expected::Json(JsonFault::TooDeep), found: None },
        FaultKind::NotFitting { expected: Expected::RealKey, found: None },
        FaultKind::NotFitting { expected: Expected::OneKey, found: None },
        FaultKind::NotFitting { expected: Expected::Evaluated, found: None },
        FaultKind::NoSwitch(NoSwitch::Text),
        FaultKind::TooLong,
        FaultKind::Differs { row: 6 },
        FaultKind::Unknown,
        FaultKind::SavedBefore("…".into()),
        FaultKind::NoFile,
        FaultKind::IsKey(MaskedKey::of("ABCD-EFGH-IJKL-MNOP")),
        FaultKind::IsGroup,
        FaultKind::TwoColumns(["…".into(), "…".into()]),
        FaultKind::NothingToSend,
        FaultKind::Unnarrowed,
        FaultKind::NotMeant,
        FaultKind::ChangesByGet("…"),
        FaultKind::NarrowedEverything,
        FaultKind::NoBesideEverything,
        FaultKind::Clears,
        FaultKind::EmptyOption,
        FaultKind::OnlyLeftOut,
        FaultKind::OwnPages,
        FaultKind::Mask,
        FaultKind::Gap(2),
        FaultKind::NotExact("1e21".into()),
    ]
}

/// A new kind must be entered above: then name it here.
fn is_entered(fault: &FaultKind) -> bool {
    match fault {
        FaultKind::Missing
        | FaultKind::ControlCharacter
        | FaultKind::NotText
        | FaultKind::NotAnId(_)
        | FaultKind::NotEvaluated(_)
        | FaultKind::NotFitting { .. }
        | FaultKind::NoSwitch(_)
        | FaultKind::TooLong
        | FaultKind::Differs { .. }
        | FaultKind::Unknown
        | FaultKind::SavedBefore(_)
        | FaultKind::NoFile
        | FaultKind::IsKey(_)
        | FaultKind::IsGroup
        | FaultKind::TwoColumns(_)
        | FaultKind::NothingToSend
        | FaultKind::Empty
        | FaultKind::Unnarrowed
        | FaultKind::NotMeant
        | FaultKind::ChangesByGet(_)
        | FaultKind::NarrowedEverything
        | FaultKind::NoBesideEverything
        | FaultKind::Clears
        | FaultKind::EmptyOption
        | FaultKind::OnlyLeftOut
        | FaultKind::OwnPages
        | FaultKind::Mask
        | FaultKind::Gap(_)
        | FaultKind::NotExact(_) => true,
    }
}

/// The parts of the page that failures belong to.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    LogIn,
    Connection,
    Answer,
    Run,
}

fn part(failure: &Failure) -> Part {
    match failure {
        Failure::BadAddress(_)
        | Failure::NoCredentials
        | Failure::LoginRefused { .. }
        | Failure::LoginUnanswered(_)
        | Failure::RenewalFailed { .. }
        | Failure::Unauthorized
        | Failure::UnauthorizedAlone
        | Failure::Forbidden => Part::LogIn,
        Failure::Transport(_) => Part::Connection,
        Failure::NotFound
        | Failure::Rejected { .. }
        | Failure::Changed { .. }
        | Failure::Throttled
        | Failure::Server { .. }
        | Failure::WebPage { .. }
        | Failure::Redirected { .. }
        | Failure::Unreadable { .. }
        | Failure::NoFile { .. }
        | Failure::TooLong { .. }
        | Failure::PageRepeated
        | Failure::Endless
        | Failure::ListCut
        | Failure::ActiveCalls(_)
        | Failure::CallsWithheld { .. }
        | Failure::Unexpected { .. } => Part::Answer,
        Failure::Stopped
        | Failure::WouldBeRepeated
        | Failure::SentBefore
        | Failure::InLoop
        | Failure::SettingDiffers { .. }
        | Failure::CredentialDiffers { .. }
        | Failure::FixedGroup
        | Failure::FixedKey
        | Failure::SeveralKeys { .. }
        | Failure::Memory(_)
        | Failure::NotSent(_) => Part::Run,
    }
}

fn failures(wanted: Part) -> Vec<(String, String)> {
    let addresses = [
        BaseUrlFault::Empty,
        BaseUrlFault::Scheme,
        BaseUrlFault::UserInfo,
        BaseUrlFault::Host,
        BaseUrlFault::Port,
        BaseUrlFault::Ipv4,
        BaseUrlFault::BareIpv6,
    ];
    let more = [Failure::WouldBeRepeated, Failure::SentBefore, Failure::InLoop, Failure::FixedGroup, Failure::FixedKey];
    let all = every_failure().into_iter().chain(more).chain(addresses.map(Failure::BadAddress));
    // A log-in that the connection kept from happening says so, and what the connection says.
    let all = all.filter(|failure| !matches!(failure, Failure::LoginUnanswered(_)));
    all.filter(|failure| part(failure) == wanted).map(|failure| (failure.to_string(), failure.advice())).collect()
}

fn told(report: &Report) -> (String, String) {
    (report.error.clone(), report.advice.clone())
}

fn values() -> Vec<(String, String)> {
    let report = |kind| ValueFault { field: "Field".into(), kind }.report();
    faults().into_iter().map(|kind| told(&report(kind))).collect()
}

/// An item as it comes out.
fn of_item(item: &str) -> (String, String) {
    let item: serde_json::Value = serde_json::from_str(item).unwrap();
    let text = |name: &str| item["json"][name].as_str().unwrap().to_owned();
    (text("error"), text("message"))
}

fn licenses() -> Vec<(String, String)> {
    let key = MaskedKey::of("ABCD-EFGH-IJKL-MNOP");
    let unresolved = [
        Unresolved::Unknown,
        Unresolved::UnknownName,
        Unresolved::IsName { id: 28, number: "GRP0001".into() },
        Unresolved::Spelt("…".into()),
        Unresolved::Ambiguous,
        Unresolved::MayBeId,
        Unresolved::MayBeOther,
        Unresolved::DigitsOfName,
        Unresolved::SameNumber,
        Unresolved::SeveralNamed,
        Unresolved::OtherNumber { id: 28, number: "GRP0001".into(), column: "Group Number".into() },
    ];
    let unnamed = [Unnamed::NoNumber, Unnamed::SharesNumber];
    let columns = Refusal::NoColumn(Lacking::Usual(Sought::Group), vec!["…".to_owned()]);
    let differing = Differing { column: "PBX".into(), told: "…".into(), own: "…".into() };
    let pbxs = [OtherPbx::Several("PBX".into()), OtherPbx::Another(differing)];
    let refused = [Refusal::NoHeader, columns].into_iter().chain(pbxs.map(Refusal::OtherPbx));
    let (digits, other) = (Reference::Number("0028".into()), Reference::Number("…".into()));
    let unfit = std::iter::once(RowFault::Group(&digits, Unresolved::Unknown, key))
        .chain(unresolved.map(|why| RowFault::Group(&other, why, key)))
        .chain(unnamed.map(|why| RowFault::Number(&other, why, key)));
    let refused = refused.map(|why| told(&refused::report_of(&why)));
    refused.chain(unfit.map(|why| told(&replaced::unfit(&why)))).collect()
}

/// What becomes of a row whose group is clear.
fn ended() -> Vec<(String, String)> {
    let endings = [
        Ending::Failed(Failure::NotFound, Delivery::Refused),
        Ending::Failed(Failure::Transport(TransportError::Timeout), Delivery::Unknown),
        Ending::RepeatedUnknown(1),
        Ending::BehindUnknown(Some(1)),
        Ending::BehindUnknown(None),
        Ending::Overtaken { first: Some(1), by: Some(2) },
        Ending::Overtaken { first: None, by: Some(2) },
        Ending::Overtaken { first: None, by: None },
        Ending::InDoubt(Doubt::OfRun(None)),
        Ending::InDoubt(Doubt::OfColumns),
    ];
    let groups = Groups::default();
    let outcome = |ending| {
        let row = EndedRow {
            row: 0,
            target: Target::AsGiven("…".into()),
            key: LicenseKey::new("ABCD-EFGH-IJKL-MNOP".to_owned()),
            warnings: Vec::new(),
            before: SeenGroup::OfRun,
            after: SeenGroup::OfRun,
            ending,
        };
        let context = Context {
            groups: &groups,
            confirm: false,
            dry_run: false,
            stage: Stage::Only,
            before_failure: None,
            after_failure: None,
            conflicts: Vec::new(),
        };
        of_item(&row.outcome(context).items[0])
    };
    endings.map(outcome).into()
}

/// What is told of rows beside failures.
fn answers() -> Vec<(String, String)> {
    let left_out = [("100".to_owned(), Some("…".to_owned()))];
    [
        Report::not_one(0, "User", "…"),
        Report::not_one(2, "User", "…"),
        Report::partly_done(&left_out, Vec::new()),
        Report::unknown(&Failure::Transport(TransportError::Reset)),
    ]
    .iter()
    .map(told)
    .collect()
}

fn stops() -> Vec<(String, String)> {
    [
        (Left::NotSent, Stop::RowFailed(2)),
        (Left::NotSent, Stop::Cancelled),
        (Left::NotSent, Stop::Deadline),
        (Left::PartlyRead, Stop::Deadline),
    ]
    .map(|(left, why)| told(&Report::ended(left, &why)))
    .into()
}

const PARTS: [(&str, &str); 6] = [
    (
        "Log-in",
        "Messages that begin with *Logging in to 3CX did not work* tell of a connection: see *Connection* below.",
    ),
    (
        "Connection",
        "Where nothing was sent, the row's `outcome` is `notSent`. Where a change may have arrived, it is `unknown`, and the message adds *whether it was carried out is not known*: look in 3CX before you run the row again.",
    ),
    ("What 3CX answers", "*3CX refused the request (400)* is followed by 3CX's own words, or by what its code means."),
    ("The run", "Such a row was not sent, or, where a reading broke off, was not read to its end."),
    ("Values", "*Field* stands for the field or column. Nothing of such a row was sent."),
    (
        "Groups and license keys",
        "What is behind *whether the key was replaced is not known*: [what an answer proves](delivery.md).",
    ),
];

fn page() -> String {
    let tables = [
        failures(Part::LogIn),
        failures(Part::Connection),
        [failures(Part::Answer), answers()].concat(),
        [failures(Part::Run), stops()].concat(),
        values(),
        [licenses(), ended()].concat(),
    ];
    let mut page = "# Troubleshooting by message\n\nMade from the node's own texts: a failed row has the message as `error` and what to do as `message`; the node's error \
        shows both. Search this page for the words that you see. What n8n's *Test* button says of a credential: [set-up](set-up.md#what-test-says). Proxies, \
        certificates, queue mode: [deployment](deployment.md).\n"
        .to_owned();
    for ((title, about), table) in PARTS.iter().zip(tables) {
        page.push_str(&format!("\n## {title}\n\n{about}\n\n| message | what to do |\n|---|---|\n"));
        for (message, advice) in table {
            page.push_str(&format!("| {} | {} |\n", message.replace('|', "\\|"), advice.replace('|', "\\|")));
        }
    }
    page
}

#[test]
fn the_page_of_messages_is_up_to_date() {
    assert!(faults().iter().all(is_entered));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, page()).unwrap();
    }
    assert!(fs::read_to_string(path).unwrap_or_default() == page(), "{PAGE} is out of date: npm run docs");
}

#[test]
fn no_row_of_the_page_is_without_words() {
    let page = page();
    assert!(page.matches("\n| ").count() > 80);
    assert!(!page.contains("|  |") && !page.contains("ABCD-EFGH"), "{page}");
}
