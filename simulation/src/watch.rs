//! What must hold of each request and each log-in, at the moment at which it goes out.

use std::collections::{HashMap, HashSet, VecDeque};

use call_engine::{Millis, Settings};

use crate::broken::{Held, must};
use crate::fault::{Answer, Clear};
use crate::work::{Call, Kind};

/// The engine keeps silence for no longer, whatever it is asked.
const LONGEST_SILENCE: Millis = 60_000;
/// How often a call is sent, and once more with another token.
const MOST_TRIES: u32 = 6;
/// Others get so long at least to store a token, before it is looked at again.
const SHORTEST_LOOK: Millis = 100;
/// So many times more with tokens that others have made, and so many of them in a row.
const MOST_ADOPTED: u32 = 3;
/// So many changes may be lost in a row, besides those that are under way when the first one is.
const MOST_LOSSES: usize = 5;
/// Requests over which the rate is looked at.
const WINDOW: usize = 10;

/// What became of all requests that asked for the same thing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Story {
    sent: u32,
    /// Of these, those that were not answered with 429, which may go on as long as others get through.
    tries: u32,
    under_way: u32,
    /// With how many tokens it was refused.
    tokens_refused: u32,
    may_be_done: bool,
    /// Whether an answer was lost or unreadable.
    pub(crate) lost: bool,
}

pub(crate) struct Watch {
    kind: Kind,
    settings: Settings,
    started: Millis,
    /// How long a token lives, where log-ins tell.
    lifetime: Option<Millis>,
    /// Whether others renew the token too.
    is_shared: bool,
    /// What was stored at the latest look, unless a token has died since.
    stored: Option<Option<String>>,
    adopted: u32,
    is_looking: bool,
    /// When the latest look ended, unless a token has died since.
    looked: Option<Millis>,
    stories: HashMap<String, Story>,
    /// Rows of which any call was answered.
    answered: HashSet<usize>,
    starts: VecDeque<Millis>,
    sent: u64,
    /// How long the slowest answer took.
    slowest: Millis,
    quiet_until: Millis,
    /// Tokens that the engine was told are dead.
    dead: HashSet<String>,
    /// A new one that was refused, or one for a call which another was refused for: it may be that call alone.
    doubted: Option<String>,
    live: usize,
    /// Changes under way, how many were answered for certain, and how many were lost since one succeeded.
    changing: usize,
    certain: usize,
    losses: usize,
    busy: HashSet<String>,
    /// The latest row sent for each group.
    latest: HashMap<String, usize>,
    /// What this run has given each group last.
    given: HashMap<String, String>,
    /// Groups of which this run has lost a row: the PBX may still carry it out.
    unsure: HashSet<String>,
    /// Whether what is remembered of earlier runs can be relied on no longer.
    pub(crate) memory_failed: bool,
    log_ins: u64,
    is_logging_in: bool,
    /// The token made for this run, until the PBX has answered to it.
    fresh: Option<String>,
    fresh_refused: bool,
    /// The latest token made for this run.
    made: Option<String>,
    log_in_failed: bool,
    pub(crate) cancelled: bool,
    /// Whether the same rows were begun before.
    pub(crate) is_second: bool,
    /// What may have been carried out by then.
    before: HashSet<String>,
    /// Whether the first failed row was told.
    pub(crate) failure_told: bool,
}

impl Watch {
    pub(crate) fn new(
        kind: Kind,
        settings: Settings,
        started: Millis,
        lifetime: Option<Millis>,
        is_shared: bool,
    ) -> Self {
        Self {
            kind,
            settings,
            started,
            lifetime,
            is_shared,
            stored: None,
            adopted: 0,
            is_looking: false,
            looked: None,
            stories: HashMap::new(),
            answered: HashSet::new(),
            starts: VecDeque::new(),
            sent: 0,
            slowest: 0,
            quiet_until: 0,
            dead: HashSet::new(),
            doubted: None,
            live: 0,
            changing: 0,
            certain: 0,
            losses: 0,
            busy: HashSet::new(),
            latest: HashMap::new(),
            given: HashMap::new(),
            unsure: HashSet::new(),
            memory_failed: false,
            log_ins: 0,
            is_logging_in: false,
            fresh: None,
            fresh_refused: false,
            made: None,
            log_in_failed: false,
            cancelled: false,
            is_second: false,
            before: HashSet::new(),
            failure_told: false,
        }
    }

    /// For another run of the same rows. What may have been carried out stays so.
    pub(crate) fn again(&self, now: Millis) -> Self {
        let stories = self.stories.iter().map(|(key, story)| {
            (key.clone(), Story { may_be_done: story.may_be_done, lost: story.lost, ..Story::default() })
        });
        let before = self.stories.iter().filter(|(_, story)| story.may_be_done).map(|(key, _)| key.clone());
        Self {
            stories: stories.collect(),
            before: before.collect(),
            is_second: true,
            ..Self::new(self.kind, self.settings, now, self.lifetime, self.is_shared)
        }
    }

    /// Whether an earlier run of the same rows may have done it.
    pub(crate) fn may_be_done_before(&self, key: &str) -> bool {
        self.before.contains(key)
    }

    /// Whether this run has given a group something else since.
    pub(crate) fn has_given_another(&self, key: &str, group: &str) -> bool {
        self.given.get(group).is_some_and(|given| given != key)
    }

    pub(crate) fn story(&self, key: &str) -> Story {
        self.stories.get(key).copied().unwrap_or_default()
    }

    pub(crate) fn has_answer(&self, row: usize) -> bool {
        self.answered.contains(&row)
    }

    /// Whether the run was to stop at a failed row, and one failed.
    pub(crate) fn is_stopped(&self) -> bool {
        self.settings.stop_on_error && self.failure_told
    }

    /// When the time for the run is over.
    pub(crate) fn ends(&self) -> Option<Millis> {
        self.settings.deadline.map(|deadline| self.started + deadline)
    }

    fn is_over(&self, now: Millis) -> bool {
        self.ends().is_some_and(|ends| ends <= now)
    }

    /// Whether an answer could come too late.
    pub(crate) fn is_nearly_over(&self, now: Millis) -> bool {
        self.is_over(now + self.slowest)
    }

    /// A request goes out. Whether it was sent before.
    pub(crate) fn sending(
        &mut self,
        now: Millis,
        call: &Call,
        token: &str,
        is_calm: bool,
    ) -> Result<bool, crate::Broken> {
        let started = self.started;
        let at = || format!("{} at {} ms", call.key, now - started);
        must(!self.cancelled, "nothing is sent after a cancel", at)?;
        must(!self.is_over(now), "nothing is sent at the deadline or after it", at)?;
        must(!self.dead.contains(token), "no token that is known to be dead is used", at)?;
        must(now >= self.quiet_until, "silence that 3CX asked for is kept", at)?;
        must(self.live < self.settings.concurrency, "no more requests at once than allowed", at)?;
        self.keeps_the_rate(now)?;
        let is_dry = matches!(self.kind, Kind::Replace { dry_run: true, .. });
        must(!(call.changes && is_dry), "a dry run changes nothing", at)?;
        let is_clear = !matches!(self.kind, Kind::Replace { clear: false, .. });
        must(is_clear, "where options are not clear, nothing is sent", at)?;
        // What could not be looked up goes out as the row has it.
        must(!is_calm || call.named.is_none_or(|named| named == 1), "what is sent names one group", at)?;
        let story = self.story(&call.key);
        let is_free = call.safe_to_repeat || (!story.may_be_done && story.under_way == 0);
        must(is_free, "what may have been carried out is not sent again", at)?;
        if call.changes {
            must(!self.memory_failed, "nothing is changed after the memory has failed", at)?;
            must(self.changing == 0 || self.certain > 0, "the first change goes alone", at)?;
            let most = MOST_LOSSES + self.settings.concurrency;
            must(self.losses < most, "a run that only loses ends", at)?;
            self.changing += 1;
        }
        let is_reading = matches!(self.kind, Kind::Replace { .. }) && !call.changes;
        let is_repetition = story.sent > 0 && call.safe_to_repeat;
        must(
            !self.is_stopped() || is_reading || is_repetition,
            "nothing is begun after the first failure was told",
            at,
        )?;
        let tries = MOST_TRIES + if self.is_shared { MOST_ADOPTED } else { 0 };
        let most = tries * call.rows.len() as u32;
        must(most == 0 || story.tries < most, "a call is sent a few times at most", at)?;
        if let Some(group) = &call.group {
            must(!self.busy.contains(group), "rows of one group are sent one at a time", at)?;
            must(!self.unsure.contains(group), "nothing is sent behind what may still be carried out", at)?;
            let latest = self.latest.get(group).copied().unwrap_or_default();
            let row = call.rows.iter().find(|row| **row >= latest);
            must(row.is_some(), "rows of one group are sent in order", at)?;
            self.latest.insert(group.clone(), row.copied().unwrap_or_default());
            self.busy.insert(group.clone());
        }
        self.live += 1;
        self.sent += 1;
        let story = self.stories.entry(call.key.clone()).or_default();
        story.sent += 1;
        story.tries += 1;
        story.under_way += 1;
        Ok(story.sent > 1)
    }

    fn keeps_the_rate(&mut self, now: Millis) -> Held {
        if self.settings.per_second > 0.0 {
            let interval = 1000.0 / self.settings.per_second;
            for (between, start) in (1..).zip(self.starts.iter().rev()) {
                let elapsed = (now - start) as f64;
                let least = interval * f64::from(between) - 1.5;
                must(elapsed >= least, "no more requests per second than allowed", || {
                    format!("{between} requests in {elapsed} ms, with an interval of {interval} ms")
                })?;
            }
        }
        self.starts.push_back(now);
        if self.starts.len() > WINDOW {
            self.starts.pop_front();
        }
        Ok(())
    }

    /// The engine gets an answer that it still waits for.
    pub(crate) fn answered(
        &mut self,
        now: Millis,
        took: Millis,
        call: &Call,
        token: &str,
        answer: &Answer,
        clear: Clear,
    ) {
        self.slowest = self.slowest.max(took);
        if let Ok(response) = answer {
            let is_refused = response.status == 401;
            let story = self.stories.entry(call.key.clone()).or_default();
            story.tokens_refused += u32::from(is_refused);
            let is_news = self.made.as_deref() == Some(token) || story.tokens_refused > 1;
            let may_be_alone = is_refused && is_news && self.doubted.as_deref() != Some(token);
            if may_be_alone && !self.dead.contains(token) {
                // It is dead once the engine looks for another one.
                self.doubted = Some(token.to_owned());
            } else {
                if self.fresh.take_if(|fresh| fresh == token).is_some() {
                    self.fresh_refused = is_refused;
                }
                if is_refused {
                    self.dead.insert(token.to_owned());
                }
            }
            if is_refused {
                self.stored = None;
                self.looked = None;
            }
            if let Some(asked) = response.retry_after {
                self.quiet_until = self.quiet_until.max(now + asked.min(LONGEST_SILENCE));
            }
        }
        if answer.is_ok() {
            self.answered.extend(&call.rows);
        }
        if call.changes {
            self.certain += usize::from(clear != Clear::Lost);
            match clear {
                Clear::Done => self.losses = 0,
                Clear::Lost if !call.safe_to_repeat => self.losses += 1,
                Clear::Lost | Clear::NotDone => {}
            }
        }
        let story = self.landed(call);
        story.tries -= u32::from(matches!(answer, Ok(response) if response.status == 429));
        story.may_be_done |= clear != Clear::NotDone;
        story.lost |= clear == Clear::Lost;
        if clear != Clear::NotDone {
            self.given.extend(call.group.clone().map(|group| (group, call.key.clone())));
        }
        if clear == Clear::Lost {
            self.unsure.extend(call.group.clone());
        }
    }

    /// The engine waits no longer for an answer.
    pub(crate) fn given_up(&mut self, call: &Call) {
        self.losses += usize::from(call.changes && !call.safe_to_repeat);
        let story = self.landed(call);
        story.may_be_done = true;
        story.lost = true;
        self.unsure.extend(call.group.clone());
    }

    fn landed(&mut self, call: &Call) -> &mut Story {
        self.live -= 1;
        self.changing -= usize::from(call.changes);
        if let Some(group) = &call.group {
            self.busy.remove(group);
        }
        let story = self.stories.entry(call.key.clone()).or_default();
        story.under_way -= 1;
        story
    }

    /// What is stored with the host is read.
    pub(crate) fn looking(&mut self, now: Millis) -> Held {
        let at = || format!("at {} ms", now - self.started);
        must(self.is_shared, "what nobody else renews is not looked at", at)?;
        must(!self.is_looking && !self.is_logging_in, "there is one look at a time, and no log-in meanwhile", at)?;
        must(!self.cancelled, "nobody looks for a token after a cancel", at)?;
        let has_waited = self.looked.is_none_or(|looked| now >= looked + SHORTEST_LOOK);
        must(has_waited, "others get time to store a token", at)?;
        self.dead.extend(self.doubted.take());
        self.is_looking = true;
        Ok(())
    }

    /// Whether it is another token than those that are dead.
    pub(crate) fn looked(&mut self, now: Millis, stored: Option<&str>) -> bool {
        self.is_looking = false;
        self.looked = Some(now);
        let usable = stored.filter(|token| !self.dead.contains(*token)).map(str::to_owned);
        let is_another = usable.is_some();
        self.adopted += u32::from(is_another);
        self.stored = Some(usable);
        is_another
    }

    /// A log-in goes out. Whether it is not the first.
    pub(crate) fn logging_in(&mut self, now: Millis) -> Result<bool, crate::Broken> {
        let elapsed = now - self.started;
        let at = || format!("at {elapsed} ms");
        must(!self.is_logging_in, "there is one log-in at a time", at)?;
        must(!self.cancelled, "nobody logs in after a cancel", at)?;
        must(!self.is_over(now), "nobody logs in at the deadline or after it", at)?;
        let is_refused = self.fresh_refused || (self.fresh.is_some() && self.fresh == self.doubted);
        must(!is_refused, "nobody logs in again after a new token was refused", at)?;
        self.dead.extend(self.doubted.take());
        must(!self.log_in_failed, "nobody logs in again after a log-in that failed", at)?;
        must(now >= self.quiet_until, "silence that 3CX asked for is kept by log-ins too", at)?;
        if self.is_shared {
            let is_known = self.stored.is_some() || self.adopted >= MOST_ADOPTED;
            must(is_known, "nobody logs in before a look at what others have stored", at)?;
            let is_vain = !matches!(self.stored, Some(Some(_)));
            must(is_vain, "nobody logs in while a token of others is there", at)?;
        }
        self.is_logging_in = true;
        self.log_ins += 1;
        // One at first or for an old token, one free renewal, and one for each five minutes or each life of a token. What
        // claims to live for less than half a minute is not believed.
        let lives = self.lifetime.map_or(0, |life| 1 + elapsed / life.max(30_000));
        let allowed = 3 + u64::from(self.is_shared) + elapsed / 300_000 + lives;
        must(self.log_ins <= allowed, "log-ins are few", || format!("{} log-ins in {elapsed} ms", self.log_ins))?;
        Ok(self.log_ins > 1)
    }

    /// `fresh`: the token, if it was made for this run.
    pub(crate) fn logged_in(&mut self, is_fine: bool, fresh: Option<&str>) {
        self.is_logging_in = false;
        self.fresh = fresh.map(str::to_owned);
        self.made.clone_from(&self.fresh);
        self.log_in_failed |= !is_fine;
    }

    /// The engine wants to wait although no answer is to come.
    pub(crate) fn idles(&self, now: Millis, until: Option<Millis>) -> Held {
        let latest = now + self.longest_pause();
        must(until.is_some_and(|until| until <= latest), "it does not wait for nothing", || {
            format!("from {} ms until {until:?}", now - self.started)
        })
    }

    /// `now`: what the clock would be without its jumps.
    pub(crate) fn ends_in_time(&self, now: Millis) -> Held {
        let (elapsed, longest_log_in) = (now - self.started, 60_000);
        let most = (self.sent + 1) * (self.settings.timeout + self.longest_pause()) + self.log_ins * longest_log_in;
        must(elapsed <= most, "a run ends in time", || format!("{elapsed} ms for {} requests", self.sent))
    }

    fn longest_pause(&self) -> Millis {
        let interval = if self.settings.per_second > 0.0 { 1000.0 / self.settings.per_second } else { 0.0 };
        LONGEST_SILENCE.max(interval as Millis + 1)
    }
}
