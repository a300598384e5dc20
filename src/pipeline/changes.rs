//! Which shares are judged again, and when.
//!
//! * Trusted certificates, or what a trust list grants, change: every kept share with a signature
//!   that was judged by other trust. Each share says by which, so a pass that is cut off, a change
//!   while the server was stopped, and a mail that was judged by the trust of a moment ago are all
//!   found by looking.
//! * New revocation data: the shares that wait for data about the same authority or certificate;
//!   and when it calls a certificate revoked, every share that rests on it.
//! * Some days have passed since the receipt: authorities publish revocations late, so each share
//!   is looked at once more, and newer data is asked for.
//! * An hour has passed: every share that waits, in case a question was lost.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

use super::{
    Floor, LONGEST_PAUSE, Pipeline, chain,
    examine::{Opened, Sources},
};
use crate::{
    domain::{Fingerprint, ShareId, Timestamp},
    metrics::Part,
    store::{Grounds, Select},
    trust::{News, RevocationStore, Topic},
};

/// How long after a change the shares are judged: several files are put into a directory at once.
const SETTLING: Duration = Duration::from_secs(2);

/// How often the shares that wait for revocation data are looked at without a change: what was
/// asked for and lost is asked for again.
const SWEEP: Duration = Duration::from_hours(1);

/// How many shares are taken from the database at a time.
const BATCH: u32 = 64;

/// How many days after the receipt a share is looked at again, and for how many days after the
/// receipt newer revocation data is asked for then.
const LOOK_DAYS: u32 = 3;
const LOOK_UNTIL_DAYS: u32 = 33;

/// Shares that were judged by what was no longer in force when they were kept. They are in memory
/// alone: a start looks at everything.
#[derive(Debug, Default)]
pub(super) struct Outdated {
    shares: Mutex<BTreeSet<ShareId>>,
    told: Notify,
}

impl Outdated {
    pub(super) fn add(&self, shares: impl IntoIterator<Item = ShareId>) {
        self.lock().extend(shares);
        self.told.notify_one();
    }

    fn take(&self) -> BTreeSet<ShareId> {
        std::mem::take(&mut *self.lock())
    }

    /// Takes one back that could not be judged, for the next run.
    fn put_back(&self, share: ShareId) {
        self.lock().insert(share);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<ShareId>> {
        // Each change of the set is whole before the next begins.
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to be done. What could not be done stays in it.
#[derive(Debug)]
struct Todo {
    /// Shares judged by other trust.
    trust: bool,
    /// All that wait.
    waiting: bool,
    news: News,
    /// What was known when `news` were last gathered.
    known: Arc<RevocationStore>,
}

impl Pipeline {
    /// Judges shares again at start, for much may have changed meanwhile, and at each change, until
    /// the server stops.
    pub(super) async fn follow_changes(self, floor: Arc<Floor>, mut stop: watch::Receiver<bool>) {
        let (mut trust, mut revocation) = (self.trust.clone(), self.revocation.clone());
        let mut todo = Todo::new();
        let mut swept = Instant::now();
        loop {
            trust.mark_unchanged();
            let new = Arc::clone(&revocation.borrow_and_update());
            let start = Instant::now();
            todo.gather(new).await;
            let done = self.rejudge_all(&mut todo, &floor, &stop).await;
            // However often answers come, half of the time is left to others.
            let settling = start.elapsed().max(SETTLING);
            let pause = if done { SWEEP.saturating_sub(swept.elapsed()) } else { LONGEST_PAUSE };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = change(&mut trust) => todo.trust = true,
                () = change(&mut revocation) => {}
                () = floor.outdated.told.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(settling) => {}
            }
            todo.trust |= trust.has_changed().unwrap_or(false);
            if swept.elapsed() >= SWEEP {
                swept = Instant::now();
                todo.waiting = true;
            }
        }
    }

    /// Does what is to be done, the gravest first; whether all of it came to its end.
    async fn rejudge_all(
        &self,
        todo: &mut Todo,
        floor: &Arc<Floor>,
        stop: &watch::Receiver<bool>,
    ) -> bool {
        let mut all_well = true;
        // The same share is often found for several reasons.
        let mut seen = HashSet::new();
        for share in floor.outdated.take() {
            if !self.rejudge_selected(Select::One(share), &mut seen, floor, stop).await {
                floor.outdated.put_back(share);
                all_well = false;
            }
        }
        if !todo.news.revoked.is_empty() {
            let well = self.rejudge_resting_on(&todo.news.revoked, &mut seen, floor, stop).await;
            if well {
                todo.news.revoked.clear();
            }
            all_well &= well;
        }
        if todo.trust {
            let trust = Sources::of(self).digest(self);
            todo.trust =
                !self.rejudge_selected(Select::TrustingOther(trust), &mut seen, floor, stop).await;
            all_well &= !todo.trust;
        }
        if todo.waiting {
            todo.waiting = !self.rejudge_selected(Select::Awaiting, &mut seen, floor, stop).await;
            all_well &= !todo.waiting;
            if !todo.waiting {
                todo.news.topics.clear();
            }
        }
        let mut topics = BTreeSet::new();
        for topic in std::mem::take(&mut todo.news.topics) {
            let select = Select::AwaitingAbout(self.topic(&topic));
            if !self.rejudge_selected(select, &mut seen, floor, stop).await {
                topics.insert(topic);
            }
        }
        all_well &= topics.is_empty();
        todo.news.topics = topics;
        self.rejudge_selected(Select::Due, &mut seen, floor, stop).await && all_well
    }

    /// Judges the shares again that rest on one of these certificates.
    async fn rejudge_resting_on(
        &self,
        revoked: &BTreeSet<Topic>,
        seen: &mut HashSet<ShareId>,
        floor: &Arc<Floor>,
        stop: &watch::Receiver<bool>,
    ) -> bool {
        // A list revokes thousands, and shares rest on a few.
        let relied_on = match self.store.topics().await {
            Ok(relied_on) => relied_on,
            Err(error) => {
                self.metrics.failure(Part::Pipeline);
                tracing::error!(error = chain(&error), "the grounds of shares cannot be listed");
                return false;
            }
        };
        let mut all_well = true;
        for topic in revoked.iter().map(|topic| self.topic(topic)) {
            if relied_on.contains(&topic) {
                let select = Select::RestingOn(topic);
                all_well &= self.rejudge_selected(select, seen, floor, stop).await;
            }
        }
        all_well
    }

    /// Judges every share that is selected; whether it came to the end.
    async fn rejudge_selected(
        &self,
        select: Select,
        seen: &mut HashSet<ShareId>,
        floor: &Arc<Floor>,
        stop: &watch::Receiver<bool>,
    ) -> bool {
        let mut stop = stop.clone();
        let mut after = None;
        let mut all_well = true;
        loop {
            let start = Instant::now();
            let page = match self.store.selected(select, self.clock.now(), after, BATCH).await {
                Ok(page) => page,
                Err(error) => {
                    self.metrics.failure(Part::Pipeline);
                    tracing::error!(
                        error = chain(&error),
                        "the shares to be judged again cannot be listed"
                    );
                    return false;
                }
            };
            let Some(last) = page.last() else { return all_well };
            after = Some(last.place);
            for selected in page {
                if *stop.borrow() {
                    return false;
                }
                let share = selected.place.share();
                if seen.insert(share) && !self.try_rejudge(selected, floor).await {
                    all_well = false;
                    seen.remove(&share);
                }
            }
            // Mails that come meanwhile are not to wait for thousands of old ones.
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return false,
                () = tokio::time::sleep(start.elapsed()) => {}
            }
        }
    }

    /// What a judgement by these sources rests on, of a share that was received then.
    pub(super) fn grounds(
        &self,
        received_at: Timestamp,
        sources: &Sources,
        opened: &Opened,
        sealed_records: Vec<u8>,
    ) -> Grounds {
        let topics: BTreeSet<&Topic> = opened.relied_on().collect();
        let look_at = received_at.plus_days(LOOK_DAYS);
        let is_due = topics.is_empty() || self.clock.now() >= look_at;
        Grounds {
            trust: sources.digest(self),
            look_at: (!is_due).then_some(look_at),
            topics: topics.into_iter().map(|topic| self.topic(topic)).collect(),
            sealed_records,
        }
    }

    /// From when on newer revocation data is asked for about a share that was received then; `None`
    /// when it is not time yet, or no longer.
    pub(super) fn look_again(&self, received_at: Timestamp) -> Option<Timestamp> {
        let (from, now) = (received_at.plus_days(LOOK_DAYS), self.clock.now());
        (from <= now && now < received_at.plus_days(LOOK_UNTIL_DAYS)).then_some(from)
    }

    fn topic(&self, topic: &Topic) -> Fingerprint {
        match topic {
            Topic::Authority(name) => {
                self.vault.fingerprint("revocation-by-authority", name.as_bytes())
            }
            Topic::Certificate(serial) => self.vault.fingerprint("revocation-of", serial),
        }
    }
}

impl Todo {
    /// All that a start has to look at.
    fn new() -> Self {
        Self { trust: true, waiting: true, news: News::default(), known: Arc::default() }
    }

    /// Adds what `new` says that was not known.
    async fn gather(&mut self, new: Arc<RevocationStore>) {
        if Arc::ptr_eq(&self.known, &new) {
            return;
        }
        let (before, after) = (Arc::clone(&self.known), Arc::clone(&new));
        // Lists have up to millions of entries.
        let compared = tokio::task::spawn_blocking(move || after.news_since(&before)).await;
        match compared {
            Ok(News { topics, revoked }) => {
                self.known = new;
                self.news.topics.extend(topics);
                self.news.revoked.extend(revoked);
            }
            // What it says is news as long as it is not known.
            Err(error) => {
                tracing::error!(%error, "revocation data could not be compared; it is tried again");
            }
        }
    }
}

/// Waits for a change; for ever when nobody can make one.
async fn change<T: Send + Sync>(of: &mut watch::Receiver<T>) {
    if of.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests;
