//! What the spool knows in memory: which mails are unsettled, where they lie, which is next.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
};

use tokio::sync::Notify;

use super::{
    Pending,
    segment::{Segment, SegmentPermit},
};
use crate::domain::{MailId, Timestamp};

/// Shared by the callers, who read it, and the writer, who alone adds and removes.
#[derive(Debug, Default)]
pub(super) struct Index {
    state: Mutex<State>,
    /// Told once for each mail that begins to wait.
    arrived: Notify,
}

#[derive(Debug, Default)]
struct State {
    mails: HashMap<MailId, Unsettled>,
    by_age: BTreeSet<(Timestamp, MailId)>,
    /// Those of `by_age` that are not being judged.
    waiting: BTreeSet<(Timestamp, MailId)>,
    segments: BTreeMap<u64, SegmentUse>,
    /// The segment that new mails are sealed for; `None` when there is no space for one.
    active: Option<Arc<Segment>>,
}

/// An unsettled mail.
#[derive(Clone, Debug)]
pub(super) struct Unsettled {
    pub(super) segment: Arc<Segment>,
    pub(super) offset: u64,
    /// The length of the record's body.
    pub(super) length: u32,
    pub(super) received_at: Timestamp,
    pub(super) attempts: u32,
}

/// A segment and how much of it is still needed.
#[derive(Debug)]
struct SegmentUse {
    segment: Arc<Segment>,
    mails: usize,
    unsettled: usize,
}

impl Index {
    pub(super) fn add_segment(&self, segment: &Arc<Segment>) {
        let held = SegmentUse { segment: Arc::clone(segment), mails: 0, unsettled: 0 };
        self.state().segments.insert(segment.number, held);
    }

    /// Makes a segment the one that new mails are sealed for.
    pub(super) fn make_active(&self, segment: Option<Arc<Segment>>) {
        self.state().active = segment;
    }

    /// The number of the active segment, and whether a mail in it is settled.
    pub(super) fn active(&self) -> Option<(u64, bool)> {
        let state = self.state();
        let number = state.active.as_ref()?.number;
        let held = state.segments.get(&number)?;
        Some((number, held.unsettled < held.mails))
    }

    /// A place in the active segment.
    pub(super) fn permit(&self) -> Option<SegmentPermit> {
        // Taken under the lock: the writer sees the permit or we see the next segment.
        self.state().active.as_ref().map(|segment| SegmentPermit::new(Arc::clone(segment)))
    }

    /// Adds a mail that is on disk. `false` when there is one of this id.
    pub(super) fn insert(&self, id: MailId, mail: Unsettled) -> bool {
        let mut state = self.state();
        if state.mails.contains_key(&id) {
            return false;
        }
        if let Some(held) = state.segments.get_mut(&mail.segment.number) {
            held.mails += 1;
            held.unsettled += 1;
        }
        state.by_age.insert((mail.received_at, id));
        state.waiting.insert((mail.received_at, id));
        state.mails.insert(id, mail);
        drop(state);
        self.arrived.notify_one();
        true
    }

    pub(super) fn find(&self, id: MailId) -> Option<Unsettled> {
        self.state().mails.get(&id).cloned()
    }

    /// Counts an attempt; the segment of the mail, and the number of the attempt.
    pub(super) fn begin_attempt(&self, id: MailId) -> Option<(Arc<Segment>, u32)> {
        let mut state = self.state();
        let mail = state.mails.get_mut(&id)?;
        mail.attempts = mail.attempts.saturating_add(1);
        Some((Arc::clone(&mail.segment), mail.attempts))
    }

    /// Counts attempts from 1 again; the segment of the mail.
    pub(super) fn end_attempt(&self, id: MailId) -> Option<Arc<Segment>> {
        let mut state = self.state();
        let mail = state.mails.get_mut(&id)?;
        mail.attempts = 0;
        Some(Arc::clone(&mail.segment))
    }

    /// Forgets a mail; the segment that it lies in.
    pub(super) fn settle(&self, id: MailId) -> Option<Arc<Segment>> {
        let mut state = self.state();
        let mail = state.mails.remove(&id)?;
        state.by_age.remove(&(mail.received_at, id));
        state.waiting.remove(&(mail.received_at, id));
        if let Some(held) = state.segments.get_mut(&mail.segment.number) {
            held.unsettled -= 1;
        }
        Some(mail.segment)
    }

    /// Says that an unsettled mail lies elsewhere from now on. `false` when it is settled.
    pub(super) fn relocate(
        &self,
        id: MailId,
        segment: &Arc<Segment>,
        offset: u64,
        length: u32,
    ) -> bool {
        let mut state = self.state();
        let Some(mail) = state.mails.get_mut(&id) else {
            return false;
        };
        let old = std::mem::replace(&mut mail.segment, Arc::clone(segment));
        mail.offset = offset;
        mail.length = length;
        if let Some(held) = state.segments.get_mut(&old.number) {
            held.unsettled -= 1;
        }
        if let Some(held) = state.segments.get_mut(&segment.number) {
            held.mails += 1;
            held.unsettled += 1;
        }
        true
    }

    /// The unsettled mails of each closed segment that no mail is being sealed for.
    pub(super) fn at_rest(&self) -> BTreeMap<u64, Vec<(MailId, Unsettled)>> {
        let state = self.state();
        let active = state.active.as_ref().map(|segment| segment.number);
        let mut at_rest = BTreeMap::<_, Vec<_>>::new();
        for (id, mail) in &state.mails {
            let Segment { number, awaited, .. } = &*mail.segment;
            if Some(*number) != active && awaited.load(Ordering::Acquire) == 0 {
                at_rest.entry(*number).or_default().push((*id, mail.clone()));
            }
        }
        at_rest
    }

    /// Lets a mail wait again.
    pub(super) fn release(&self, id: MailId) {
        let mut state = self.state();
        let Some(age) = state.mails.get(&id).map(|mail| (mail.received_at, id)) else {
            return;
        };
        let waits = state.waiting.insert(age);
        drop(state);
        if waits {
            self.arrived.notify_one();
        }
    }

    /// The oldest waiting mail, as soon as there is one. It waits no longer then.
    pub(super) async fn next(&self) -> Pending {
        loop {
            // A permit of an arrival between the look and the wait is kept by `Notify`.
            if let Some(pending) = self.take_waiting() {
                return pending;
            }
            self.arrived.notified().await;
        }
    }

    fn take_waiting(&self) -> Option<Pending> {
        let mut state = self.state();
        let (received_at, id) = state.waiting.pop_first()?;
        let attempts = state.mails.get(&id)?.attempts;
        Some(Pending { id, received_at, attempts })
    }

    /// How many mails are unsettled, and when the oldest was received.
    pub(super) fn backlog(&self) -> (usize, Option<Timestamp>) {
        let state = self.state();
        (state.mails.len(), state.by_age.first().map(|(received_at, _)| *received_at))
    }

    /// The segment, when nothing needs it any more.
    pub(super) fn drained(&self, number: u64) -> Option<Arc<Segment>> {
        let state = self.state();
        if state.active.as_ref().is_some_and(|active| active.number == number) {
            return None;
        }
        let held = state.segments.get(&number)?;
        let needed = held.unsettled > 0 || held.segment.awaited.load(Ordering::Acquire) > 0;
        (!needed).then(|| Arc::clone(&held.segment))
    }

    pub(super) fn segments(&self) -> Vec<u64> {
        self.state().segments.keys().copied().collect()
    }

    /// Forgets a segment that was removed.
    pub(super) fn forget(&self, number: u64) {
        self.state().segments.remove(&number);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock, and the state is whole after each statement.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
