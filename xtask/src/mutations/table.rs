//! The mistakes. Texts to find are short, so that they outlive changes around them; each must be there exactly once.

pub(super) struct Mutation {
    /// What goes wrong with it.
    pub(super) name: &'static str,
    pub(super) file: &'static str,
    pub(super) find: &'static str,
    pub(super) replace: &'static str,
}

const fn mutation(name: &'static str, file: &'static str, find: &'static str, replace: &'static str) -> Mutation {
    Mutation { name, file, find, replace }
}

const BATCH: &str = "engine/src/batch/mod.rs";
const SENDING: &str = "engine/src/batch/sending.rs";
const SETTLING: &str = "engine/src/batch/settling.rs";
const BRAKE: &str = "engine/src/brake.rs";
const PROOF: &str = "src/xapi/proof.rs";
const RETRY: &str = "engine/src/retry.rs";
const SESSION: &str = "engine/src/session.rs";
const LICENSE: &str = "src/replace/mod.rs";
const ADMISSION: &str = "src/replace/admission.rs";
const LANES: &str = "src/lanes.rs";
const MEMORY: &str = "src/replace/memory.rs";
const OPERATION: &str = "src/operation/mod.rs";

pub(super) const MUTATIONS: &[Mutation] = &[
    // Sending.
    mutation(
        "what may have been carried out is sent again",
        SETTLING,
        "self.may_repeat(&attempt.call, is_undone)",
        "self.may_repeat(&attempt.call, true)",
    ),
    mutation(
        "one request too many at once",
        SENDING,
        "self.in_flight.len() < self.pace.limit()",
        "self.in_flight.len() <= self.pace.limit()",
    ),
    mutation("a call is sent for ever", SETTLING, "attempt.tries < retry::MAX_TRIES", "true"),
    mutation("a 5xx counts as not carried out", PROOF, "= &[400, 401, 403", "= &[500, 502, 503, 504, 400, 401, 403"),
    mutation("a 409 counts as not carried out", PROOF, "= &[400, 401, 403", "= &[409, 400, 401, 403"),
    mutation(
        "what broke down within TLS counts as not sent",
        "src/xapi/transport.rs",
        "Self::Tls | Self::Reset",
        "Self::Tls => true,\nSelf::Reset",
    ),
    mutation("the first change does not go alone", BRAKE, "self.under_way <= self.answered", "true"),
    mutation("a run that only loses goes on", BRAKE, "self.losses >= MOST_LOSSES", "false"),
    mutation(
        "Retry-After is ignored",
        "engine/src/retry.rs",
        "return asked.min(LONGEST_RETRY_AFTER);",
        "return asked.min(1);",
    ),
    mutation("the rate is ignored", "engine/src/pace/mod.rs", " + interval;", ";"),
    mutation("an update with If-Match counts as safe to repeat", OPERATION, " && plan.if_match.is_none()", ""),
    // Answers.
    mutation(
        "no answer is taken for a success",
        PROOF,
        "return Ended { delivery, answer: Err(Failure::Transport(error)) };",
        "return Ended { delivery: Delivery::Done, answer: Ok(HttpResponse { status: 204, ..HttpResponse::default() }) };",
    ),
    mutation(
        "a cut body is taken for an empty one",
        PROOF,
        "_ if matches!(response.body, Body::Cut | Body::TooLong(_)) => Delivery::Unknown,",
        "_ if matches!(response.body, Body::Cut | Body::TooLong(_)) => Delivery::Done,",
    ),
    mutation(
        "any text is taken for the success of an update",
        PROOF,
        "if effect == Effect::Reads {",
        "if effect != Effect::Once {",
    ),
    mutation(
        "any success is taken for the one that is documented",
        PROOF,
        "(204, Self::NoContent | Self::Silence | Self::Anything) => true,",
        "(200..=299, _) => true,",
    ),
    mutation("a lost try is forgotten over a refused one", SETTLING, "if end.delivery != Delivery::Done", "if false"),
    mutation(
        "what was held back counts as answered",
        "engine/src/job.rs",
        "Self { delivery: Delivery::NotSent",
        "Self { delivery: Delivery::Refused",
    ),
    mutation(
        "whatever comes is taken for the record that was made",
        PROOF,
        "(200 | 201, Self::Record(of)) => is_record(text, of),",
        "(200 | 201, Self::Record(_)) => true,",
    ),
    // The token.
    mutation(
        "two log-ins at once",
        SESSION,
        "State::LoggingIn | State::Arrived(_) => Ready::Wait,",
        "State::LoggingIn | State::Arrived(_) => Ready::LogIn { after_dead_token: true },",
    ),
    mutation("a dead token is used again", SESSION, "self.refused.push(token.clone());", "return true;"),
    mutation("a fresh token that is refused is renewed", SESSION, "!trust.is_new() && ", ""),
    mutation(
        "a token that was refused is adopted",
        SESSION,
        "stored.filter(|token| !self.refused.contains(token))",
        "stored",
    ),
    mutation("a log-in although others have renewed the token", SESSION, "{ LOOKS } else { 0 }", "{ 0 } else { 0 }"),
    mutation(
        "nobody waits for others that renew the token",
        RETRY,
        "SHORTEST_LOOK + self.random()",
        "self.random() * 0",
    ),
    mutation("a token that claims to have no life is renewed", SESSION, "|| *lifetime >= SHORTEST_LIFE", "|| true"),
    mutation("a token is shown", PROOF, "Err(failure.redacted(&|text| secrets.redact(text)))", "Err(failure)"),
    // The end.
    mutation("a row is dropped at a cancel", BATCH, "self.end(flight.attempt, cancelled);", ""),
    mutation(
        "a cancel after a stop ends nothing",
        BATCH,
        "(self.stopped.is_some() && !why.is_silent())",
        "self.stopped.is_some()",
    ),
    mutation("the deadline stops nothing", BATCH, "self.stop(&Stop::Deadline);", ""),
    mutation("a request outlives the deadline", SENDING, ".min(self.ends.unwrap_or(Millis::MAX))", ""),
    mutation("a failed row stops nothing", BATCH, "self.stop(&Stop::RowFailed(failed.row()));", ""),
    // Licenses.
    mutation("rows of one group at the same time", LANES, "usize::from(!queue.is_empty())", "0"),
    mutation(
        "rows of one group in another order",
        LANES,
        "queue.push_back(ticket);",
        "queue.insert(queue.len().min(1), ticket);",
    ),
    mutation(
        "the same row twice is sent twice",
        LICENSE,
        "self.sent.get(prepared.pair_print).copied()",
        "None::<Sent>",
    ),
    mutation(
        "a key is sent behind one that may still be carried out",
        LICENSE,
        "self.unsure.get(prepared.group_print).copied()",
        "None::<usize>",
    ),
    mutation("a dry run sends", ADMISSION, "if self.options.dry_run {", "if false {"),
    mutation(
        "a number of several groups is taken for that of the first one",
        "src/replace/groups.rs",
        ".and_modify(|known| *known = known.filter(|known| *known == index))",
        ".and_modify(|_| ())",
    ),
    mutation(
        "a number that is blank or another group's as well is sent",
        ADMISSION,
        "self.groups.number(*index)",
        "self.groups.get(*index).map(|group| group.number.clone()).ok_or(Unnamed::NoNumber)",
    ),
    mutation(
        "the options of the first row are those of all",
        "src/replace/options.rs",
        "first.difference(&options)",
        "first.difference(first)",
    ),
    mutation(
        "a switch that is neither on nor off counts as off",
        "src/rows/value.rs",
        r#"Ok(Cell::Text(_)) => FaultKind::NoSwitch(NoSwitch::Text),"#,
        "Ok(Cell::Text(_)) => return Ok(false),",
    ),
    // What rows mean.
    mutation(
        "an entity is made of nothing",
        "src/operation/meant.rs",
        "!body.values().any(|value| says(value, given.clear && !creates))",
        "false",
    ),
    // A second run.
    mutation(
        "a row is sent before it is remembered",
        LICENSE,
        "memory.ask(prepared);",
        "prepared.is_begun = true;\nself.freed.push_back(prepared);",
    ),
    mutation(
        "a row is sent although the memory failed",
        MEMORY,
        "let of_rows = known.and_then(|known| self.of_rows(known, asked.len()));",
        "let of_rows = known.map_or_else(|_| Ok(vec![Remembered::New; asked.len()]), |known| self.of_rows(known, asked.len()));",
    ),
    mutation(
        "a row in doubt is sent again",
        MEMORY,
        "(_, true) => Remembered::InDoubt(begun.since().or(open.since())),",
        "(_, true) => Remembered::New,",
    ),
    mutation(
        "a row that was done before is sent again",
        MEMORY,
        "(true, false) => Remembered::Done(begun.since()),",
        "(true, false) => Remembered::New,",
    ),
    mutation(
        "what another process writes over is taken for remembered",
        MEMORY,
        "self.rests_until = now.saturating_add(",
        "self.rests_until = 0 * now.saturating_add(",
    ),
    mutation(
        "a row whose outcome is not known is forgotten",
        MEMORY,
        "Some(false) if !self.is_lost => self",
        "Some(false) | None => self",
    ),
    mutation(
        "a row is told as done before although its group has got another key in this run",
        LICENSE,
        "return self.leave(prepared, Ending::Overtaken { first: None, by: Some(by) });",
        "let _ = by;",
    ),
    // Lists.
    mutation(
        "a record between two pages is skipped",
        "src/xapi/pages.rs",
        "let behind = asked.skip + len;\n        let is_last",
        "let behind = asked.skip + len + 1;\n        let is_last",
    ),
    mutation(
        "a row is told as done although its group has got another key",
        LICENSE,
        "(by > first).then_some",
        "(by > first && by == first).then_some",
    ),
    mutation(
        "an item is paired with another row",
        "src/n8n/outcome.rs",
        r#""pairedItem":{{"item":{row}}}"#,
        r#""pairedItem":{{"item":0}}"#,
    ),
];
