//! Which certificates are asked about, and when.
//!
//! Pauses count by the monotonic clock; only the end of a list counts by the wall clock.

use std::{cmp::Reverse, collections::HashMap, time::Duration};

use tokio::time::Instant;

use crate::{
    domain::{Sha256, Timestamp},
    trust::{Kept, Wanted},
};

/// The most certificates that are remembered.
const MAX_QUESTIONS: usize = 4096;

/// How long a list is followed after somebody last asked for it, and a question is tried.
const INTEREST: Duration = Duration::from_hours(24);

/// How long before its end a list is fetched anew, at most; a quarter of its life when shorter.
const AHEAD_SECONDS: i64 = 3600;

/// A list is fetched anew after this much, whatever end it names.
const LONGEST_RENEWAL: Duration = Duration::from_hours(7 * 24);

/// When a list that is the same as before is fetched again.
const SAME_LIST_PAUSE: Duration = Duration::from_mins(10);

/// When a question that nothing can be asked for is looked at again.
const HOPELESS_PAUSE: Duration = Duration::from_hours(1);

/// When an authority that has nothing newer yet is asked again: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_mins(1);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// How long an answer stands before the same question counts as a new one: two mails with one
/// signer come together.
const SETTLED: Duration = Duration::from_mins(1);

/// One certificate, and what came of asking.
#[derive(Debug)]
pub(super) struct Question {
    /// What to ask for.
    pub(super) wanted: Wanted,
    /// When somebody last asked.
    used_at: Instant,
    state: State,
    /// The newest answer that is older than what is wanted, and how long was waited after it.
    too_old: Option<(Timestamp, Duration)>,
}

#[derive(Debug)]
enum State {
    /// It is to be asked at this moment.
    Due(Instant),
    /// It is answered; a list is fetched again at its moment.
    Answered { at: Instant, list: Option<(Kept, Instant)> },
}

/// What came of asking.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// From when on the newest of what came is true; `None` when nothing came.
    pub(super) this_update: Option<Timestamp>,
    /// The list that was fetched for it.
    pub(super) list: Option<Kept>,
    /// When those that failed may be asked again.
    pub(super) retry_at: Option<Instant>,
}

/// The questions that are not being asked right now.
#[derive(Debug, Default)]
pub(super) struct Questions {
    open: HashMap<Sha256, Question>,
    /// Questions now sent to an authority: when each was last put, and the earliest `thisUpdate` that
    /// answers it.
    asked: HashMap<Sha256, (Instant, Timestamp)>,
}

impl Answer {
    /// Whether something came that is true from `since` or later.
    pub(super) fn is_given(&self, since: Timestamp) -> bool {
        self.this_update.is_some_and(|this_update| this_update >= since)
    }

    /// Takes what came.
    pub(super) fn add(&mut self, this_update: Timestamp) {
        self.this_update = self.this_update.max(Some(this_update));
    }
}

impl Question {
    /// Whether it is about fetching a list anew.
    pub(super) fn is_refresh(&self) -> bool {
        matches!(self.state, State::Answered { .. })
    }

    fn due(&self) -> Option<Instant> {
        match &self.state {
            State::Due(moment) => Some(*moment),
            State::Answered { list, .. } => list.as_ref().map(|(_, moment)| *moment),
        }
    }
}

impl Questions {
    /// Takes a question; whether there was room.
    pub(super) fn take(&mut self, wanted: Wanted, now: Instant) -> bool {
        let key = wanted.key();
        if let Some((used_at, since)) = self.asked.get_mut(&key) {
            *used_at = now;
            *since = wanted.since.max(*since);
            return true;
        }
        if let Some(known) = self.open.get_mut(&key) {
            known.used_at = now;
            let is_newer = wanted.since > known.wanted.since;
            known.wanted.since = wanted.since.max(known.wanted.since);
            // Many shares of one signer are one question a minute.
            if let State::Answered { at, .. } = known.state
                && (is_newer || at + SETTLED <= now)
            {
                known.state = State::Due((at + SETTLED).max(now));
            }
            return true;
        }
        if self.open.len() >= MAX_QUESTIONS {
            self.open.retain(|_, question| matches!(question.state, State::Due(_)));
        }
        if self.open.len() >= MAX_QUESTIONS {
            return false;
        }
        let state = State::Due(now);
        self.open.insert(key, Question { wanted, used_at: now, state, too_old: None });
        true
    }

    /// Takes the question that has been due longest; among those due since the same moment, the one
    /// that was requested most recently. The caller puts it back with its answer.
    pub(super) fn due(&mut self, now: Instant) -> Option<Question> {
        let due = self
            .open
            .iter()
            .filter_map(|(key, question)| Some((question.due()?, Reverse(question.used_at), *key)));
        let (.., key) = due.filter(|(moment, ..)| *moment <= now).min()?;
        let question = self.open.remove(&key)?;
        self.asked.insert(key, (question.used_at, question.wanted.since));
        Some(question)
    }

    /// Puts back a question that was asked; by the wall clock it is `moment`.
    pub(super) fn put_back(
        &mut self,
        mut question: Question,
        answer: Answer,
        now: Instant,
        moment: Timestamp,
    ) {
        let key = question.wanted.key();
        let asked = self.asked.remove(&key);
        let (used_at, since) = asked.unwrap_or((question.used_at, question.wanted.since));
        question.used_at = used_at;
        let was_given = answer.is_given(question.wanted.since);
        question.wanted.since = since;
        if let Some(this_update) = answer.this_update.filter(|this_update| *this_update < since) {
            // Somebody who asked meanwhile, or the authority's clock, or a list of last week.
            let before =
                question.too_old.filter(|(before, _)| !was_given && *before >= this_update);
            let pause = before.map_or(FIRST_PAUSE, |(_, pause)| (pause * 2).min(LONGEST_PAUSE));
            question.too_old = Some((this_update, pause));
            let next = now + pause;
            question.state = State::Due(answer.retry_at.map_or(next, |at| at.min(next)));
            self.open.insert(key, question);
            return;
        }
        if answer.this_update.is_some() {
            question.too_old = None;
        }
        question.state = match (answer.this_update.is_some(), question.state) {
            (true, before) => {
                let list = answer.list.map(|list| {
                    let next = now + renewal(&list, moment).max(SAME_LIST_PAUSE);
                    (list, next)
                });
                let before = match before {
                    State::Answered { list, .. } => list,
                    State::Due(_) => None,
                };
                State::Answered { at: now, list: list.or(before) }
            }
            // The list at hand may be in force yet.
            (false, State::Answered { at, list: Some((list, _)) }) => {
                let next = answer.retry_at.unwrap_or(now + HOPELESS_PAUSE);
                State::Answered { at, list: Some((list, next)) }
            }
            (false, _) => State::Due(answer.retry_at.unwrap_or(now + HOPELESS_PAUSE)),
        };
        self.open.insert(key, question);
    }

    /// Forgets what nobody has asked for a day.
    pub(super) fn forget(&mut self, now: Instant) {
        self.open.retain(|_, question| question.used_at + INTEREST > now);
        self.asked.retain(|_, (used_at, _)| *used_at + INTEREST > now);
    }

    /// The age of the oldest list that is followed; nothing when there is none.
    pub(super) fn oldest_list(&self, now: Timestamp) -> Duration {
        let lists = self.open.values().filter_map(|question| match &question.state {
            State::Answered { list: Some((list, _)), .. } => Some(list.this_update),
            State::Answered { .. } | State::Due(_) => None,
        });
        let age = lists.min().map_or(0, |oldest| now.seconds_since(oldest));
        Duration::from_secs(u64::try_from(age).unwrap_or(0))
    }
}

/// How long after `now` a list is fetched anew: before it ends, so that no mail finds it ended.
fn renewal(list: &Kept, now: Timestamp) -> Duration {
    let end = list.next_update.unwrap_or_else(|| list.this_update.plus_days(1));
    let life = end.seconds_since(list.this_update).max(0);
    let ahead = list.next_update.map_or(0, |_| (life / 4).min(AHEAD_SECONDS));
    let pause = end.plus_seconds(-ahead).seconds_since(now);
    Duration::from_secs(u64::try_from(pause).unwrap_or(0)).min(LONGEST_RENEWAL)
}

#[cfg(test)]
mod tests;
