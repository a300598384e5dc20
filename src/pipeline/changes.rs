//! Which shares are judged again, and when.
//!
//! * Trusted certificates, or what a trust list grants, change: every kept share with a signature
//!   that was judged by other trust. Each share says by which, so a pass that is cut off, a change
//!   while the server was stopped, and a mail that was judged by the trust of a moment ago are all
//!   found by looking.
//! * New revocation data: the shares that wait for data about the same authority or certificate;
//!   and when it calls a certificate revoked, every share that rests on it.
//! * Some days have surely passed since the receipt: authorities publish revocations late, so each
//!   share is looked at once more, and newer data is asked for.
//! * What authorities said may be lost, with the database that was put back or with the cache: every
//!   kept share, and answers from now on are asked for. It is owed in the database until it is done.
//! * An hour has passed: every share that waits, in case a question was lost.

mod lost;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

use super::{
    LONGEST_PAUSE, Pipeline, Workers, chain,
    examine::{Opened, Sources},
    remains::Fault,
};
use crate::{
    domain::{ClockState, Fingerprint, ShareId, Timestamp},
    metrics::Part,
    store::{Grounds, Select, Selected, StoreError},
    trust::{News, RevocationStore, Topic},
};

/// How long after a change the shares are judged: several files are put into a directory at once.
const SETTLING: Duration = Duration::from_secs(2);

/// How often the shares that wait for revocation data are looked at without a change: what was
/// asked for and lost is asked for again.
const SWEEP: Duration = Duration::from_hours(1);

/// How many shares are taken from the database at a time.
const BATCH: u32 = 64;

/// How many days after the receipt a share is looked at again, and for how many days newer revocation
/// data is asked for then.
const LOOK_DAYS: u32 = 3;
const LOOK_FOR_DAYS: u32 = 30;

/// Shares that were judged by what was no longer in force when they were kept. They are in memory
/// alone: a start looks at everything.
#[derive(Debug, Default)]
pub(super) struct Outdated {
    shares: Mutex<BTreeSet<ShareId>>,
    told: Notify,
    /// Those of mails that are tried for as long as a branch is away.
    told_once: Mutex<BTreeSet<ShareId>>,
}

impl Outdated {
    pub(super) fn add(&self, shares: impl IntoIterator<Item = ShareId>) {
        self.lock().extend(shares);
        self.told.notify_one();
    }

    /// The same, once for each share of a mail that is tried again and again.
    pub(super) fn add_once(&self, share: ShareId) {
        let mut told = self.told_once.lock().unwrap_or_else(PoisonError::into_inner);
        if told.insert(share) {
            self.add([share]);
        }
    }

    fn take(&self) -> BTreeSet<ShareId> {
        std::mem::take(&mut *self.lock())
    }

    fn is_any(&self) -> bool {
        !self.lock().is_empty()
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

/// What is to be done. What was not looked through stays in it.
#[derive(Debug)]
struct Todo {
    /// Shares judged by other trust.
    trust: bool,
    /// All that wait.
    waiting: bool,
    /// What may be lost, as far as the database says so.
    lost: bool,
    news: News,
    /// What was known when `news` were last gathered.
    known: Arc<RevocationStore>,
    retries: Retries,
    /// Shares that were looked at since all that wait were: what nobody answers is asked every hour.
    looked_at: HashSet<ShareId>,
}

impl Pipeline {
    /// Judges shares again at start, for much may have changed meanwhile, and at each change, until
    /// the server stops.
    pub(super) async fn follow_changes(
        self,
        workers: Arc<Workers>,
        mut stop: watch::Receiver<bool>,
    ) {
        let (mut trust, mut revocation) = (self.trust.clone(), self.revocation.clone());
        let mut todo = Todo::new();
        let mut swept = Instant::now();
        let mut trusting = None;
        loop {
            // Also by what it is, for a change just before the first look would be missed; and also by
            // whether it changed, for what changed back may have judged a mail meanwhile.
            todo.trust |= trust.has_changed().unwrap_or(false);
            let digest = trust.borrow_and_update().digest();
            todo.trust |= trusting.replace(digest) != Some(digest);
            let start = Instant::now();
            let done = Round::new(&self, &workers, &stop, &mut revocation, &mut todo).all().await;
            // However often answers come, half of the time is left to others.
            let settling = start.elapsed().max(SETTLING);
            let pause = if done { SWEEP.saturating_sub(swept.elapsed()) } else { LONGEST_PAUSE };
            let pause = todo.retries.pause(Instant::now()).map_or(pause, |retry| retry.min(pause));
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                // Also when it has changed back before anybody looks: mails were judged by it.
                () = change(&mut trust) => todo.trust = true,
                () = change(&mut revocation) => {}
                () = workers.outdated.told.notified() => {}
                () = self.look_is_owed() => todo.lost = true,
                () = tokio::time::sleep(pause) => {}
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(settling) => {}
            }
            if swept.elapsed() >= SWEEP {
                swept = Instant::now();
                todo.waiting = true;
            }
        }
    }

    /// What a judgement by these sources rests on, of a share that was received then.
    pub(super) fn grounds(
        &self,
        received_at: Timestamp,
        sources: &Sources,
        opened: &Opened,
    ) -> Grounds {
        let topics: BTreeSet<&Topic> = opened.relied_on().collect();
        let look_at = received_at.plus_days(LOOK_DAYS);
        let past = self.surely_past();
        let is_due = topics.is_empty() || past >= look_at;
        // One that was owed stands until it is answered: who asked may be stopped meanwhile.
        let is_open = self.wanted.is_some() && opened.wanted().next().is_some();
        let set = sources.look_at.filter(|set| *set != look_at && still_asked(*set, past));
        let set = set.filter(|set| past < *set || is_open);
        Grounds {
            trust: sources.digest(self),
            look_at: set.or_else(|| (!is_due).then_some(look_at)),
            topics: topics.into_iter().map(|topic| self.topic(topic)).collect(),
        }
    }

    /// From when on newer revocation data is asked for about a share that was received then, and is
    /// looked at then; `None` when it is not time yet, or no longer.
    pub(super) fn look_again(
        &self,
        received_at: Timestamp,
        look_at: Option<Timestamp>,
    ) -> Option<Timestamp> {
        let past = self.surely_past();
        let all = [Some(received_at.plus_days(LOOK_DAYS)), look_at].into_iter().flatten();
        all.filter(|from| *from <= past && still_asked(*from, past)).max()
    }

    /// The latest moment that has surely come. What is done once is not done for good by a clock that
    /// is ahead.
    pub(super) fn surely_past(&self) -> Timestamp {
        let greatest = self.standing.borrow().greatest;
        ClockState { now: self.clock.now(), greatest }.surely_past()
    }

    fn topic(&self, topic: &Topic) -> Fingerprint {
        match topic {
            Topic::Authority(name) => {
                self.archive.fingerprint("revocation-by-authority", name.as_bytes())
            }
            Topic::Certificate(serial) => self.archive.fingerprint("revocation-of", serial),
        }
    }
}

/// Whether answers of `from` or later are still asked for.
fn still_asked(from: Timestamp, past: Timestamp) -> bool {
    past < from.plus_days(LOOK_FOR_DAYS)
}

/// One look through the shares.
struct Round<'a> {
    pipeline: &'a Pipeline,
    workers: &'a Arc<Workers>,
    stop: watch::Receiver<bool>,
    revocation: &'a mut watch::Receiver<Arc<RevocationStore>>,
    todo: &'a mut Todo,
    /// The shares that were judged in it by all that is known, for the same one is often found for
    /// several reasons.
    seen: HashSet<ShareId>,
    /// How many in a row could not be judged, for a reason that may be one of all.
    failures: u32,
}

/// As many in a row are everybody's: the database or the vault is away. Fewer are those shares' own, and
/// the others do not wait for them.
const MAX_FAILURES: u32 = 8;

impl<'a> Round<'a> {
    fn new(
        pipeline: &'a Pipeline,
        workers: &'a Arc<Workers>,
        stop: &watch::Receiver<bool>,
        revocation: &'a mut watch::Receiver<Arc<RevocationStore>>,
        todo: &'a mut Todo,
    ) -> Self {
        Self {
            pipeline,
            workers,
            stop: stop.clone(),
            revocation,
            todo,
            seen: HashSet::new(),
            failures: 0,
        }
    }

    /// Does what is to be done, the gravest first; whether all of it was looked through. A share that
    /// cannot be judged now is tried again by itself.
    async fn all(mut self) -> bool {
        let mut all_well = self.gravest().await;
        if self.todo.lost {
            all_well &= self.look_for_what_is_lost().await;
        }
        if self.todo.trust {
            let digest = Sources::of(self.pipeline).digest(self.pipeline);
            self.todo.trust = !self.rejudge(Select::TrustingOther(digest)).await;
            all_well &= !self.todo.trust;
        }
        if self.todo.waiting {
            self.todo.looked_at.clear();
            // Those that come meanwhile are news to whoever was looked at before.
            let covered = std::mem::take(&mut self.todo.news.topics);
            self.todo.waiting = !self.rejudge(Select::Awaiting).await;
            if self.todo.waiting {
                self.todo.news.topics.extend(covered);
                all_well = false;
            }
        }
        let mut left = BTreeSet::new();
        for topic in std::mem::take(&mut self.todo.news.topics) {
            if !self.rejudge(Select::AwaitingAbout(self.pipeline.topic(&topic))).await {
                left.insert(topic);
            }
        }
        self.todo.news.topics.extend(left);
        for share in self.todo.retries.due(Instant::now()) {
            let well = self.rejudge(Select::One(share)).await;
            if well && !self.todo.retries.is_pending(share, Instant::now()) {
                // Nobody has it any more.
                self.todo.retries.forget(share);
            }
            all_well &= well;
        }
        all_well &= self.rejudge(Select::Due).await;
        all_well && self.todo.news.topics.is_empty() && self.todo.news.revoked.is_empty()
    }

    /// What was judged by something that is no longer in force, and what rests on a certificate that
    /// is known to be revoked now; whether it came to the end.
    async fn gravest(&mut self) -> bool {
        let new = Arc::clone(&self.revocation.borrow_and_update());
        if self.todo.gather(new).await {
            self.seen.clear();
        }
        let mut all_well = true;
        for share in self.workers.outdated.take() {
            self.todo.retries.forget(share);
            if !self.rejudge(Select::One(share)).await {
                self.workers.outdated.put_back(share);
                all_well = false;
            }
        }
        let revoked = std::mem::take(&mut self.todo.news.revoked);
        if !revoked.is_empty() && !self.rejudge_resting_on(&revoked).await {
            self.todo.news.revoked.extend(revoked);
            all_well = false;
        }
        all_well
    }

    /// Judges the shares again that rest on one of these certificates; whether it came to the end.
    async fn rejudge_resting_on(&mut self, revoked: &BTreeSet<Topic>) -> bool {
        // A list revokes thousands, and shares rest on a few.
        let relied_on = match self.pipeline.archive.store().topics().await {
            Ok(relied_on) => relied_on,
            Err(error) => return self.failed(&error, "the grounds of shares cannot be listed"),
        };
        let mut all_well = true;
        for topic in revoked.iter().map(|topic| self.pipeline.topic(topic)) {
            if relied_on.contains(&topic) {
                all_well &= self.rejudge(Select::RestingOn(topic)).await;
            }
        }
        all_well
    }

    /// Judges every share that is selected; whether it came to the end.
    async fn rejudge(&mut self, select: Select) -> bool {
        let is_gravest = matches!(select, Select::One(_) | Select::RestingOn(_));
        let mut after = None;
        loop {
            let start = Instant::now();
            let (store, past) = (self.pipeline.archive.store(), self.pipeline.surely_past());
            let page = match store.selected(select, past, after, BATCH).await {
                Ok(page) => page,
                Err(error) => {
                    return self.failed(&error, "the shares to be judged again cannot be listed");
                }
            };
            let Some(last) = page.last() else { return true };
            after = Some(last.place);
            for selected in page {
                let share = selected.place.share();
                if select == Select::Due && !self.todo.looked_at.insert(share) {
                    continue;
                }
                // Anybody can send thousands that wait, and nothing grave waits for them.
                if !is_gravest && (self.has_news() || self.workers.outdated.is_any()) {
                    Box::pin(self.gravest()).await;
                }
                if !self.rejudge_one(selected).await {
                    return false;
                }
            }
            // Mails that come meanwhile are not to wait for thousands of old ones.
            tokio::select! {
                _ = self.stop.wait_for(|stop| *stop) => return false,
                () = tokio::time::sleep(start.elapsed()) => {}
            }
        }
    }

    fn has_news(&self) -> bool {
        self.revocation.has_changed().unwrap_or(false)
    }

    /// Whether the others can be judged too.
    async fn rejudge_one(&mut self, selected: Selected) -> bool {
        let share = selected.place.share();
        if self.seen.contains(&share) || self.todo.retries.is_pending(share, Instant::now()) {
            return true;
        }
        let pass = tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop) => return false,
            pass = self.workers.gate.pass_again() => pass,
        };
        let fault = if self.todo.retries.is_lasting(share) { Fault::Lasts } else { Fault::MayPass };
        match self.pipeline.try_rejudge(selected, fault, self.workers).await {
            Ok(()) => {
                pass.succeeded();
                self.failures = 0;
                self.seen.insert(share);
                self.todo.retries.forget(share);
            }
            Err(error) if error.concerns_all() && !error.may_be_one() => {
                pass.failed();
                return false;
            }
            Err(error) => {
                self.todo.retries.failed(share, Instant::now());
                if error.may_be_one() {
                    self.failures = self.failures.saturating_add(1);
                }
            }
        }
        self.failures < MAX_FAILURES
    }

    fn failed(&self, error: &StoreError, what: &'static str) -> bool {
        self.pipeline.metrics.failure(Part::Pipeline);
        tracing::error!(error = chain(error), "{what}");
        false
    }
}

/// Shares that could not be judged again, each with the moment at which it is tried again, and after
/// which pause. They are in memory alone: a start looks at everything.
#[derive(Debug, Default)]
struct Retries(BTreeMap<ShareId, (Instant, Duration)>);

impl Retries {
    /// The pause before the first: a disk may just be mounted.
    const FIRST: Duration = Duration::from_secs(30);
    const LONGEST: Duration = Duration::from_hours(1);

    fn failed(&mut self, share: ShareId, now: Instant) {
        let before = self.0.get(&share).map(|(_, pause)| *pause);
        let pause = before.map_or(Self::FIRST, |pause| (pause * 2).min(Self::LONGEST));
        self.0.insert(share, (now + pause, pause));
    }

    fn forget(&mut self, share: ShareId) {
        self.0.remove(&share);
    }

    /// Whether what fails of the share is its own matter by now: it failed before, and few others do, or
    /// it did for as long as a disk may be away.
    fn is_lasting(&self, share: ShareId) -> bool {
        let few = usize::try_from(MAX_FAILURES).is_ok_and(|max| self.0.len() < max);
        self.0.get(&share).is_some_and(|(_, pause)| few || *pause >= Self::LONGEST)
    }

    /// Whether the share is to be tried again later.
    fn is_pending(&self, share: ShareId, now: Instant) -> bool {
        self.0.get(&share).is_some_and(|(at, _)| now < *at)
    }

    fn due(&self, now: Instant) -> Vec<ShareId> {
        self.0.iter().filter(|(_, (at, _))| *at <= now).map(|(share, _)| *share).collect()
    }

    /// How long it is until the first is due.
    fn pause(&self, now: Instant) -> Option<Duration> {
        self.0.values().map(|(at, _)| at.saturating_duration_since(now)).min()
    }
}

impl Todo {
    /// All that a start has to look at.
    fn new() -> Self {
        let (news, known, retries) = (News::default(), Arc::default(), Retries::default());
        let looked_at = HashSet::new();
        Self { trust: true, waiting: true, lost: false, news, known, retries, looked_at }
    }

    /// Adds what `new` says that was not known; whether it may say any.
    async fn gather(&mut self, new: Arc<RevocationStore>) -> bool {
        if Arc::ptr_eq(&self.known, &new) {
            return false;
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
        true
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
