//! The writer: the one thread that changes segment files.
//!
//! It takes everything that is queued as one batch, writes it with one call and syncs once, and
//! then answers all (group commit): the more mails arrive at a time, the fewer syncs each costs,
//! and a single mail does not wait for others. A batch of marks alone is not synced.
//!
//! After a failed write or sync it is unknown what of it is on disk, and asking again proves
//! nothing: the system may have dropped the pages and call the next sync a success. So the
//! segment is abandoned, the mails of the batch are answered with the failure, and a new segment
//! is made.

mod compaction;

use std::{
    collections::BTreeMap,
    io::{self, IoSlice},
    mem,
    path::PathBuf,
    sync::{Arc, mpsc},
    thread,
};

use tokio::sync::oneshot;

use super::{
    SpoolError, SpoolSettings,
    commits::Commits,
    directory::DirectoryLock,
    free_bytes,
    index::{Index, Unsettled},
    load::{Load, Queued},
    pool::Pool,
    record::{Content, HEAD_LEN, Head, SealedMail},
    recovery::damaged_files,
    segment::{FIRST_RECORD, Segment, SegmentPermit},
    tail::{Refusal, Tail},
};
use crate::{
    domain::{MailId, Timestamp},
    metrics::Metrics,
    sealing::Key,
};

/// Where the answer to a request goes.
pub(super) type Answer<T> = oneshot::Sender<Result<T, SpoolError>>;

/// What the writer is asked to do.
pub(super) enum Request {
    /// Make a mail durable.
    Append(Arrival),
    /// Count an attempt.
    BeginAttempt { id: MailId, answer: Answer<u32> },
    /// Close the active segment if a mail in it is settled, and remove what is drained.
    CloseDrained { answer: Answer<()> },
    /// Move what stays unsettled out of one old segment; `false` when there was none.
    Compact { before: Timestamp, answer: Answer<bool> },
    /// Count attempts from 1 again.
    EndAttempt { id: MailId, answer: Answer<()> },
    /// Prove that a mail would be kept.
    Probe { answer: Answer<()> },
    /// Make sure that there is an active segment, and give a permit to it.
    Permit { answer: Answer<SegmentPermit> },
    /// Mark a mail as settled.
    Settle { id: MailId, answer: Answer<()> },
}

/// A mail that is sealed for a segment and waits to be written to it.
pub(super) struct Arrival {
    pub(super) permit: SegmentPermit,
    pub(super) mail: SealedMail,
    pub(super) queued: Queued,
    pub(super) answer: Answer<()>,
}

impl Arrival {
    /// Tells the caller that the mail is not kept. It waits no longer when the caller hears it.
    fn refuse(self, error: SpoolError) {
        let Self { permit, mail, queued, answer } = self;
        drop((permit, mail, queued));
        reply(answer, Err(error));
    }
}

/// What the writer shares with the callers.
pub(super) struct Shared {
    pub(super) commits: Arc<Commits>,
    pub(super) index: Arc<Index>,
    pub(super) load: Arc<Load>,
    pub(super) lock: Arc<DirectoryLock>,
}

pub(super) struct Writer {
    directory: PathBuf,
    key: Key,
    settings: SpoolSettings,
    metrics: Metrics,
    commits: Arc<Commits>,
    index: Arc<Index>,
    load: Arc<Load>,
    lock: Arc<DirectoryLock>,
    pool: Pool,
    tails: BTreeMap<u64, Tail>,
    next_number: u64,
}

/// What one batch has for one segment.
#[derive(Default)]
struct Batch {
    arrivals: Vec<Arrival>,
    marks: Vec<[u8; HEAD_LEN]>,
    attempts: Vec<(Answer<u32>, u32)>,
    marked: Vec<Answer<()>>,
}

impl Batch {
    fn mark(&mut self, segment: &Segment, id: MailId, content: Content) {
        self.marks.push(Head::mark(id, content).to_bytes(segment.seed));
    }
}

impl Writer {
    /// A writer that makes segments from `next_number` on.
    pub(super) fn new(
        directory: PathBuf,
        key: Key,
        settings: SpoolSettings,
        metrics: Metrics,
        shared: Shared,
        next_number: u64,
    ) -> Self {
        let Shared { commits, index, load, lock } = shared;
        let pool = Pool::new(directory.clone(), settings.segment_bytes, Arc::clone(&load));
        let tails = BTreeMap::new();
        Self {
            directory,
            key,
            settings,
            metrics,
            commits,
            index,
            load,
            lock,
            pool,
            tails,
            next_number,
        }
    }

    /// Takes over a segment found at start. The mails `moved` of it lie elsewhere too, and are
    /// settled here.
    pub(super) fn adopt(&mut self, segment: &Segment, tail: Tail, moved: &[MailId]) {
        let number = segment.number;
        let seed = segment.seed;
        self.tails.insert(number, tail);
        if !moved.is_empty() {
            let mark = |id: &MailId| Head::mark(*id, Content::Settled).to_bytes(seed);
            let marks = Batch { marks: moved.iter().map(mark).collect(), ..Batch::default() };
            self.commit(number, marks);
            self.remove_if_drained(number);
        }
    }

    /// Takes over a file found at start that can be written again.
    pub(super) fn adopt_free(&mut self, file: PathBuf) {
        self.pool.adopt(file);
    }

    /// Serves until every sender of the queue is gone.
    pub(super) fn run(mut self, queue: &mpsc::Receiver<Request>) {
        while self.serve_batch(queue) {}
    }

    /// Waits for a request, and serves it together with all that came meanwhile. `false` when
    /// none can come any more.
    pub(super) fn serve_batch(&mut self, queue: &mpsc::Receiver<Request>) -> bool {
        let Ok(first) = queue.recv() else {
            return false;
        };
        // Where processors are short, threads that are about to hand in a mail run first, so that it
        // shares this sync. Otherwise this costs nothing.
        thread::yield_now();
        let mut batches = BTreeMap::<u64, Batch>::new();
        let mut permits = Vec::new();
        let mut probes = Vec::new();
        let mut closings = Vec::new();
        let mut compactions = Vec::new();
        for request in std::iter::once(first).chain(queue.try_iter()) {
            match request {
                Request::Append(arrival) => {
                    batches.entry(arrival.permit.0.number).or_default().arrivals.push(arrival);
                }
                Request::BeginAttempt { id, answer } => match self.index.begin_attempt(id) {
                    Some((segment, count)) => {
                        let batch = batches.entry(segment.number).or_default();
                        batch.mark(&segment, id, Content::Attempt { count });
                        batch.attempts.push((answer, count));
                    }
                    None => reply(answer, Err(SpoolError::Unknown { id })),
                },
                Request::Settle { id, answer } => match self.index.settle(id) {
                    Some(segment) => {
                        let batch = batches.entry(segment.number).or_default();
                        batch.mark(&segment, id, Content::Settled);
                        batch.marked.push(answer);
                    }
                    None => reply(answer, Ok(())),
                },
                Request::EndAttempt { id, answer } => match self.index.end_attempt(id) {
                    Some(segment) => {
                        let batch = batches.entry(segment.number).or_default();
                        batch.mark(&segment, id, Content::Attempt { count: 0 });
                        batch.marked.push(answer);
                    }
                    None => reply(answer, Ok(())),
                },
                Request::CloseDrained { answer } => closings.push(answer),
                Request::Compact { before, answer } => compactions.push((before, answer)),
                Request::Probe { answer } => probes.push(answer),
                Request::Permit { answer } => permits.push(answer),
            }
        }
        for (number, mut batch) in batches {
            let marked = mem::take(&mut batch.marked);
            self.commit(number, batch);
            if !marked.is_empty() {
                boundary!(at Settled);
            }
            self.remove_if_drained(number);
            for answer in marked {
                reply(answer, Ok(()));
            }
        }
        self.close_if_full();
        for answer in permits {
            let permit = self.permit();
            reply(answer, permit);
        }
        for answer in probes {
            let proved = self.probe();
            reply(answer, proved.map_err(|refusal| self.error(&refusal)));
        }
        if !closings.is_empty() {
            self.close_drained();
        }
        for answer in closings {
            reply(answer, Ok(()));
        }
        for (before, answer) in compactions {
            let moved = self.compact(before);
            reply(answer, moved);
        }
        true
    }

    /// Writes a batch and answers its mails and attempts.
    fn commit(&mut self, number: u64, mut batch: Batch) {
        if !batch.arrivals.is_empty()
            && let Err(refusal) = self.check_place()
        {
            for arrival in batch.arrivals.drain(..) {
                arrival.refuse(self.error(&refusal));
            }
        }
        let written = self.write(number, &batch);
        // A mark that is not on disk only means that the mail is judged again after a restart.
        for (answer, count) in batch.attempts {
            reply(answer, Ok(count));
        }
        let mut offset = match written {
            Ok(begin) => begin,
            Err(refusal) => {
                for arrival in batch.arrivals {
                    arrival.refuse(self.error(&refusal));
                }
                return;
            }
        };
        for Arrival { permit, mail, queued, answer } in batch.arrivals {
            let id = mail.id;
            let place = Unsettled {
                segment: Arc::clone(&permit.0),
                offset,
                length: mail.length,
                received_at: mail.received_at,
                attempts: 0,
            };
            let fresh = self.index.insert(id, place);
            offset = offset.saturating_add(mail.record_len());
            drop((permit, queued));
            boundary!(at Acknowledge);
            reply(answer, if fresh { Ok(()) } else { Err(SpoolError::Duplicate { id }) });
            boundary!(at Acknowledged);
        }
    }

    /// Writes a batch to the end of its segment; where it begins.
    fn write(&mut self, number: u64, batch: &Batch) -> Result<u64, Refusal> {
        let mails = batch.arrivals.iter().flat_map(|arrival| arrival.mail.slices());
        let marks = batch.marks.iter().map(|mark| IoSlice::new(mark));
        let mut records: Vec<_> = mails.chain(marks).collect();
        self.write_records(number, &mut records, batch.arrivals.len())
    }

    /// Writes records, so many `mails` among them, to the end of a segment; where they begin.
    fn write_records(
        &mut self,
        number: u64,
        records: &mut [IoSlice<'_>],
        mails: usize,
    ) -> Result<u64, Refusal> {
        let tail = self.tails.get_mut(&number).ok_or(Refusal::Abandoned(number))?;
        let begin = tail.end();
        let was_abandoned = tail.is_abandoned();
        let written = tail.append(records, mails > 0);
        match &written {
            Ok(elapsed) if mails > 0 => {
                self.metrics.spool_synced(mails, *elapsed);
                self.commits.succeeded();
            }
            Ok(_) => {}
            Err(refusal) => self.note_failure(number, was_abandoned, mails, refusal),
        }
        written.map(|_| begin)
    }

    /// Writes and syncs where the next mail comes to, or makes the segment that it comes to.
    fn probe(&mut self) -> Result<(), Refusal> {
        self.check_place()?;
        let Some((number, _)) = self.index.active() else {
            return self.open_segment();
        };
        let tail = self.tails.get_mut(&number).ok_or(Refusal::Abandoned(number))?;
        match tail.probe() {
            Ok(()) => {
                self.commits.succeeded();
                Ok(())
            }
            Err(refusal) => {
                self.note_failure(number, false, 0, &refusal);
                self.remove_if_drained(number);
                Err(refusal)
            }
        }
    }

    /// A write to a segment failed: if it is abandoned since then, no mail is sealed for it any more.
    fn note_failure(&self, number: u64, was_abandoned: bool, mails: usize, refusal: &Refusal) {
        self.commits.failed(refusal);
        let is_abandoned = self.tails.get(&number).is_some_and(Tail::is_abandoned);
        if !is_abandoned || was_abandoned {
            return;
        }
        tracing::error!(
            segment = number,
            refused = mails,
            cause = ?refusal,
            "a segment of the spool cannot be written and is abandoned"
        );
        if self.index.active().is_some_and(|(active, _)| active == number) {
            self.index.make_active(None);
        }
    }

    #[cfg(test)]
    pub(super) fn replace_active_file(&mut self, file: std::fs::File) {
        let (number, _) = self.index.active().unwrap();
        self.tails.get_mut(&number).unwrap().replace_file(file);
    }

    /// Whether a mail may be kept: the directory is the one that is held, and has room.
    fn check_place(&mut self) -> Result<(), Refusal> {
        self.lock
            .is_in_place()
            .map_err(Refusal::io("find", self.lock.path()))
            .inspect_err(|refusal| self.commits.failed(refusal))?;
        let free = self.measure()?;
        if free >= self.settings.reserve_bytes {
            return Ok(());
        }
        // Files that wait to be written again are room for mails of one's own.
        let free = if self.pool.clear() { self.measure()? } else { free };
        if free < self.settings.reserve_bytes {
            let refusal = Refusal::Full(Some(free));
            self.commits.failed(&refusal);
            return Err(refusal);
        }
        Ok(())
    }

    fn measure(&self) -> Result<u64, Refusal> {
        let free = free_bytes(&self.directory)
            .map_err(Refusal::io("measure the free space of", &self.directory))
            .inspect_err(|refusal| self.commits.failed(refusal))?;
        self.metrics.disk_free(free);
        self.load.measured(free);
        Ok(free)
    }

    /// A permit to the active segment, which is made when there is none.
    fn permit(&mut self) -> Result<SegmentPermit, SpoolError> {
        if self.index.active().is_none() {
            self.open_segment().map_err(|refusal| self.error(&refusal))?;
        }
        self.index.permit().ok_or(SpoolError::Stopped)
    }

    pub(super) fn open_segment(&mut self) -> Result<(), Refusal> {
        self.check_place()?;
        let bytes = self.settings.segment_bytes.max(FIRST_RECORD);
        let number = self.next_number;
        // A number is used once, whatever becomes of it: half a segment may stay behind.
        self.next_number = number.saturating_add(1);
        let used = self.pool.take();
        let (segment, file, allocated) =
            Segment::create(&self.directory, number, bytes, &self.key, used.as_deref())
                .map_err(Refusal::io("make a segment in", &self.directory))
                .inspect_err(|refusal| self.commits.failed(refusal))?;
        self.commits.succeeded();
        if let Some((old, _)) = self.index.active()
            && let Some(tail) = self.tails.get_mut(&old)
        {
            // Of many old segments few are written to, and each open file counts.
            tail.close();
        }
        let segment = Arc::new(segment);
        self.tails.insert(number, Tail::new(Arc::clone(&segment), file, allocated));
        self.index.add_segment(&segment);
        self.index.make_active(Some(segment));
        Ok(())
    }

    /// Replaces the active segment when it has reached its size.
    fn close_if_full(&mut self) {
        let Some((number, _)) = self.index.active() else {
            return;
        };
        if self.tails.get(&number).is_none_or(|tail| tail.end() < self.settings.segment_bytes) {
            return;
        }
        match self.open_segment() {
            Ok(()) => self.remove_if_drained(number),
            // The full one goes on: its size is a wish, not a limit.
            Err(refusal) => {
                tracing::warn!(cause = ?refusal, "no new spool segment can be made");
            }
        }
    }

    /// Closes the active segment when a mail in it is settled, so that it goes with its last
    /// unsettled one, and removes every drained segment. The next mail opens a new one.
    fn close_drained(&mut self) {
        if let Some((_, true)) = self.index.active() {
            self.index.make_active(None);
        }
        for number in self.index.segments() {
            self.remove_if_drained(number);
        }
        match damaged_files(&self.directory) {
            Ok(files) => self.metrics.spool_damaged_files(files.len()),
            Err(error) => tracing::warn!(%error, "damaged files cannot be counted"),
        }
    }

    fn remove_if_drained(&mut self, number: u64) {
        let Some(segment) = self.index.drained(number) else {
            return;
        };
        let path = segment.path.display();
        if let Some(tail) = self.tails.get_mut(&number) {
            match tail.save() {
                Ok(fresh) => self.metrics.spool_damaged(fresh),
                Err(error) => {
                    tracing::error!(%path, %error, "what is damaged cannot be copied; tried again later");
                    return;
                }
            }
        }
        // Where a write failed the next one may fail too.
        let is_sound = self.tails.get(&number).is_some_and(|tail| !tail.is_abandoned());
        match self.pool.retire(&segment.path, is_sound) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::error!(%path, %error, "a spool segment cannot be removed; tried again later");
            }
            _ => {
                self.index.forget(number);
                self.tails.remove(&number);
            }
        }
    }

    /// What a refusal is to a caller.
    pub(super) fn error(&self, refusal: &Refusal) -> SpoolError {
        match refusal {
            Refusal::Abandoned(segment) => SpoolError::Abandoned { segment: *segment },
            Refusal::Full(free) => SpoolError::Full {
                directory: self.directory.clone(),
                free: *free,
                reserve: self.settings.reserve_bytes,
            },
            Refusal::Io(action, path, source) => {
                SpoolError::Io { action, path: path.clone(), source: Arc::clone(source) }
            }
        }
    }
}

/// Answers. A caller who no longer listens loses nothing: the mail is kept all the same.
fn reply<T>(answer: Answer<T>, result: Result<T, SpoolError>) {
    let _heard = answer.send(result);
}
