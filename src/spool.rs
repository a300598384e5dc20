//! The spool: accepted mails on disk, from our `250` until their verdict is in the database.
//!
//! [`Spool::append`] returns only after the mail is synced to disk, and then the mail is never
//! lost again: it is offered by [`Spool::next`] until [`Spool::settle`] says that its verdict is
//! committed, over any number of crashes in between. A mail can be offered again although it was
//! settled, when the power goes before the mark reaches the disk; so judging must be repeatable
//! (`domain::ShareId::of` makes it so).
//!
//! Mails lie sealed in append-only segments, one file each, which are removed when the last mail
//! in them is settled; a few of the files are kept and written again. A directory belongs to one
//! process at a time. What the spool does not do: it neither looks into mails nor decides when to
//! try again.
//!
//! | module | does |
//! |---|---|
//! | `record` | the layout and sealing of records |
//! | `segment` | the layout and making of segment files |
//! | `pool` | drained segment files, removed or written again |
//! | `scan` | bytes of a segment → intact records (pure) |
//! | `recovery` | what a directory holds at start |
//! | `boundary` | where tests let the disk or the process fail |
//! | `commits` | what the last commit showed |
//! | `damage` | reading around what cannot be read, and setting it aside |
//! | `directory` | making, knowing and holding the directory |
//! | `durable` | every sync |
//! | `index` | what is unsettled, in memory |
//! | `load` | how many mails wait and how much is free, in memory |
//! | `settings` | how the disk is used |
//! | `writer`, `tail` | group commit, compaction |

#[macro_use]
mod boundary;
mod commits;
mod damage;
mod directory;
mod durable;
mod error;
#[cfg(test)]
mod fault;
mod index;
mod load;
mod pool;
#[cfg(test)]
mod power_cut;
mod record;
mod recovery;
mod scan;
mod segment;
mod settings;
mod tail;
mod writer;

use std::{
    fmt,
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use bytes::Bytes;
use tokio::{
    sync::{oneshot, watch},
    task,
};

pub(crate) use self::commits::Outcome;
use self::{
    commits::{Commit, Commits},
    directory::{DirectoryLock, check, free_bytes, is_used, lock, make_marked},
    index::{Index, Unsettled},
    load::{Load, Queued},
    record::{SealedMail, record_len},
    recovery::{Found, Recovered, damaged_files, recover},
    tail::{Refusal, Tail},
    writer::{Answer, Arrival, Request, Shared, Writer},
};
pub use self::{
    error::{Damage, SpoolError},
    record::Content,
    scan::{Record, Scan, scan},
    settings::SpoolSettings,
};
use crate::{
    domain::{Envelope, MailId, Timestamp},
    metrics::Metrics,
    sealing::Key,
};

/// A mail that waits for its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its id.
    pub id: MailId,
    /// When it was received.
    pub received_at: Timestamp,
    /// How often opening it began and did not end: the program died at it, or it panicked.
    pub attempts: u32,
}

/// A mail, read from the spool.
#[derive(Clone, PartialEq, Eq)]
pub struct SpooledMail {
    /// Its id.
    pub id: MailId,
    /// Its envelope.
    pub envelope: Envelope,
    /// Its bytes, as received.
    pub message: Bytes,
}

impl fmt::Debug for SpooledMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpooledMail")
            .field("id", &self.id)
            .field("message_bytes", &self.message.len())
            .finish_non_exhaustive()
    }
}

/// A spool directory, held by this process until the last clone is dropped, which waits for the
/// writer to finish.
#[derive(Clone)]
pub struct Spool(Arc<Inner>);

struct Inner {
    directory: PathBuf,
    reserve_bytes: u64,
    commits: Arc<Commits>,
    index: Arc<Index>,
    load: Arc<Load>,
    /// `None` only while dropping.
    queue: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
    /// Released last, when nothing is written any more.
    #[cfg_attr(not(test), expect(dead_code, reason = "it is held"))]
    lock: Arc<DirectoryLock>,
}

/// Messages up to this length are sealed where they are, in 0.2 ms; sealing a longer one would keep
/// a runtime thread from its other work for too long, and goes to a blocking thread.
const SEALED_INLINE: usize = 1 << 20;

impl Spool {
    /// Whether a directory is a spool that mails were written to.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn is_used(directory: &Path) -> Result<bool, SpoolError> {
        is_used(directory)
    }

    /// Makes the spool of a new installation in `directory`, which is made if there is none.
    ///
    /// # Errors
    /// When the disk does not do as asked.
    pub fn make(directory: &Path, key: &Key) -> Result<(), SpoolError> {
        make_marked(directory, key)
    }

    /// Makes sure that the spool of an installation is where it should be, and gives the files in it with
    /// what was set aside as damaged.
    ///
    /// # Errors
    /// [`SpoolError::NotThere`] when it is not, [`SpoolError::OtherKey`] when another stands there.
    pub(crate) fn check(directory: &Path, key: &Key) -> Result<Vec<PathBuf>, SpoolError> {
        check(directory, key)?;
        damaged_files(directory)
    }

    /// Opens the spool in `directory`, and finds every mail that is not settled. Reads all segments;
    /// call it at start.
    ///
    /// # Errors
    /// When it is not there ([`SpoolError::NotThere`]), when another process holds the directory, when it
    /// was written with another key or by a newer version (nothing is changed then), or when the disk does
    /// not do as asked. A full
    /// disk is not an error, nor is a segment that cannot be read, synced or removed: the mails
    /// that are there can be judged, and what failed is logged and left for the next start.
    pub fn open(
        directory: &Path,
        key: Key,
        settings: SpoolSettings,
        metrics: Metrics,
    ) -> Result<Self, SpoolError> {
        let (mut inner, writer, queue) = Inner::open(directory, key, settings, metrics)?;
        let thread = thread::Builder::new()
            .name("spool-writer".to_owned())
            .spawn(move || writer.run(&queue))
            .map_err(SpoolError::io("start the writer of", directory))?;
        inner.writer = Some(thread);
        Ok(Self(Arc::new(inner)))
    }

    /// Keeps a mail. When this returns `Ok` the mail is on disk, synced.
    ///
    /// The message is sealed in the memory that it came in. A caller who stops waiting does not
    /// know whether the mail is kept.
    ///
    /// # Errors
    /// Nothing of the mail is kept for sure then: [`SpoolError::Full`] when there is no space,
    /// anything else when something failed.
    pub async fn append(
        &self,
        id: MailId,
        envelope: Envelope,
        message: Vec<u8>,
    ) -> Result<(), SpoolError> {
        let queued = Queued::new(&self.0.load);
        let permit = match self.0.index.permit() {
            Some(permit) => permit,
            None => self.ask(|answer| Request::Permit { answer }).await?,
        };
        let is_short = message.len() <= SEALED_INLINE;
        let sealing = move || {
            let mail = SealedMail::seal(&permit.0, id, &envelope, message)?;
            Ok::<_, SpoolError>((permit, mail))
        };
        let (permit, mail) = if is_short {
            sealing()?
        } else {
            task::spawn_blocking(sealing).await.map_err(|_| SpoolError::Stopped)??
        };
        self.ask(|answer| Request::Append(Arrival { permit, mail, queued, answer })).await
    }

    /// The next mail to judge, the oldest first; waits until there is one.
    ///
    /// Each is handed out once, until it is released or the process starts again.
    pub async fn next(&self) -> Pending {
        let pending = self.0.index.next().await;
        boundary!(at HandOver);
        pending
    }

    /// Reads an unsettled mail.
    ///
    /// # Errors
    /// [`SpoolError::Unknown`] when there is none of this id, [`SpoolError::Damaged`] when its
    /// record is not what was written, or when the disk does not do as asked.
    pub async fn read(&self, id: MailId) -> Result<SpooledMail, SpoolError> {
        let mut mail = self.0.index.find(id).ok_or(SpoolError::Unknown { id })?;
        loop {
            let segment = mail.segment.number;
            let reading = task::spawn_blocking(move || read(id, &mail));
            let read = reading.await.map_err(|_| SpoolError::Stopped)?;
            // It may have been moved under our hands.
            match self.0.index.find(id) {
                Some(found) if read.is_err() && found.segment.number != segment => mail = found,
                _ => return read,
            }
        }
    }

    /// Says that opening a mail begins; which attempt it is, 1 for the first.
    ///
    /// The count outlives the process, so a mail that crashes it is noticed. It need not outlive
    /// a loss of power, nor a segment that can no longer be written to.
    ///
    /// # Errors
    /// [`SpoolError::Unknown`] when there is no unsettled mail of this id.
    pub async fn begin_attempt(&self, id: MailId) -> Result<u32, SpoolError> {
        self.ask(|answer| Request::BeginAttempt { id, answer }).await
    }

    /// Says that opening a mail has ended: whatever fails from here on is not the mail's doing,
    /// and its attempts are counted from 1 again.
    ///
    /// # Errors
    /// [`SpoolError::Stopped`] only.
    pub(crate) async fn end_attempt(&self, id: MailId) -> Result<(), SpoolError> {
        self.ask(|answer| Request::EndAttempt { id, answer }).await
    }

    /// Gives a mail back that [`Self::next`] handed out and that was not settled, because of a
    /// failure of ours. It is offered again at once: the caller waits before, not after.
    pub(crate) fn release(&self, id: MailId) {
        self.0.index.release(id);
    }

    /// Says that the verdict on a mail is committed in the database: it is not offered again,
    /// and its segment is removed when it was the last one there. Settling twice is no error.
    ///
    /// # Errors
    /// [`SpoolError::Stopped`] only.
    pub async fn settle(&self, id: MailId) -> Result<(), SpoolError> {
        self.ask(|answer| Request::Settle { id, answer }).await
    }

    /// Closes the active segment if a mail in it is settled, so that it is removed as soon as all
    /// are. Called every hour, it bounds how long a settled mail stays on disk.
    ///
    /// # Errors
    /// [`SpoolError::Stopped`] only.
    pub(crate) async fn close_drained(&self) -> Result<(), SpoolError> {
        self.ask(|answer| Request::CloseDrained { answer }).await
    }

    /// Moves mails that stay unsettled out of old segments, so that what they hold of settled
    /// mails is destroyed: out of each closed segment whose unsettled mails were all received
    /// before `before` and take up less than half of it. A mail that cannot be read is set aside:
    /// it is no longer in the spool, and a file next to the segments, whose name ends in `damaged`,
    /// holds its bytes.
    ///
    /// Works through one segment at a time; mails that arrive wait for as long as the moving of
    /// half a segment takes. Stops early where there is no space.
    ///
    /// # Errors
    /// [`SpoolError::Full`] when there is no space, and when the disk does not do as asked. What
    /// was not moved lies where it was.
    pub(crate) async fn compact(&self, before: Timestamp) -> Result<(), SpoolError> {
        while self.ask(|answer| Request::Compact { before, answer }).await? {}
        Ok(())
    }

    /// Proves that a mail which came now would be kept: writes where the next one comes to, and
    /// syncs. It leaves nothing there.
    ///
    /// # Errors
    /// As [`Self::append`]. A mail would have been refused.
    pub(crate) async fn probe(&self) -> Result<(), SpoolError> {
        self.ask(|answer| Request::Probe { answer }).await
    }

    /// What the last commit showed. A change is a commit with another outcome than the one before.
    #[must_use]
    pub(crate) fn commits(&self) -> watch::Receiver<Commit> {
        self.0.commits.subscribe()
    }

    /// Whether the writer still runs. Without it no mail is kept.
    #[must_use]
    pub(crate) fn is_running(&self) -> bool {
        self.0.writer.as_ref().is_some_and(|writer| !writer.is_finished())
    }

    /// How many mails are unsettled, and when the oldest of them was received.
    #[must_use]
    pub fn backlog(&self) -> (usize, Option<Timestamp>) {
        self.0.index.backlog()
    }

    /// How many mails wait for their commit: appended, and neither on disk nor refused yet. A
    /// mail counts also when its caller no longer waits. Costs no lock.
    #[must_use]
    pub(crate) fn queued(&self) -> usize {
        self.0.load.queued()
    }

    /// The bytes that were free where the spool lies when they were measured last: with every
    /// commit, and by [`Self::free_bytes`] and [`Self::has_room`]; and the bytes of files that
    /// wait to be written again, which are room for mail. Costs no system call.
    #[must_use]
    pub(crate) fn free_bytes_seen(&self) -> u64 {
        self.0.load.room()
    }

    /// The bytes of the disk that no mail is to take.
    #[must_use]
    pub(crate) fn reserve_bytes(&self) -> u64 {
        self.0.reserve_bytes
    }

    /// The bytes that are free where the spool lies, for users without privileges.
    ///
    /// # Errors
    /// When the system does not tell.
    pub(crate) fn free_bytes(&self) -> Result<u64, SpoolError> {
        let directory = &self.0.directory;
        let free = free_bytes(directory)
            .map_err(SpoolError::io("measure the free space of", directory))?;
        self.0.load.measured(free);
        Ok(free)
    }

    /// Whether there is room for mail: as many bytes are free, or in files that wait to be written
    /// again, as are held in reserve.
    ///
    /// # Errors
    /// When the system does not tell.
    pub(crate) fn has_room(&self) -> Result<bool, SpoolError> {
        self.free_bytes()?;
        Ok(self.free_bytes_seen() >= self.0.reserve_bytes)
    }

    async fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T, SpoolError> {
        let (answer, answered) = oneshot::channel();
        let queue = self.0.queue.as_ref().ok_or(SpoolError::Stopped)?;
        queue.send(request(answer)).map_err(|_| SpoolError::Stopped)?;
        answered.await.unwrap_or(Err(SpoolError::Stopped))
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool").field("directory", &self.0.directory).finish_non_exhaustive()
    }
}

impl Inner {
    /// All of a spool but its running writer.
    fn open(
        directory: &Path,
        key: Key,
        settings: SpoolSettings,
        metrics: Metrics,
    ) -> Result<(Self, Writer, mpsc::Receiver<Request>), SpoolError> {
        let is_marked = check(directory, &key)?;
        let lock = Arc::new(lock(directory)?);
        let Found { segments, free, next_number } = recover(directory, &key, &metrics)?;
        if !is_marked {
            make_marked(directory, &key)?;
        }
        let index = Arc::new(Index::default());
        let load = Arc::new(Load::default());
        let owned = directory.to_owned();
        let reserve_bytes = settings.reserve_bytes;
        let commits = Arc::new(Commits::default());
        let shared = Shared {
            commits: Arc::clone(&commits),
            index: Arc::clone(&index),
            load: Arc::clone(&load),
            lock: Arc::clone(&lock),
        };
        let mut writer = Writer::new(owned.clone(), key, settings, metrics, shared, next_number);
        // What was being moved when the program ended lies twice. The copy is as good, if it is
        // known to be on the disk: a segment for which it is not holds only what is nowhere else.
        let (sound, others): (Vec<_>, Vec<_>) =
            segments.into_iter().rev().partition(|recovered| recovered.sound);
        for recovered in sound.into_iter().chain(others) {
            adopt(&index, &mut writer, recovered);
        }
        for file in free {
            writer.adopt_free(file);
        }
        match writer.open_segment() {
            Ok(()) => {}
            Err(refusal @ Refusal::Full(_)) => {
                tracing::warn!(error = %writer.error(&refusal), "mails are refused until there is space");
            }
            Err(refusal) => return Err(writer.error(&refusal)),
        }
        let (sender, receiver) = mpsc::channel();
        let inner = Self {
            directory: owned,
            reserve_bytes,
            commits,
            index,
            load,
            queue: Some(sender),
            writer: None,
            lock,
        };
        Ok((inner, writer, receiver))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The writer ends when the queue does, so that the next process finds nothing in progress.
        self.queue = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer of the spool has panicked");
        }
    }
}

/// Puts a segment found at start under the care of index and writer.
fn adopt(index: &Index, writer: &mut Writer, recovered: Recovered) {
    let Recovered { segment, end, mails, sound, unsaved } = recovered;
    let segment = Arc::new(segment);
    index.add_segment(&segment);
    let mut moved = Vec::new();
    for (id, found) in mails {
        let mail = Unsettled {
            segment: Arc::clone(&segment),
            offset: found.offset,
            length: found.length,
            received_at: found.received_at,
            attempts: found.attempts,
        };
        if !index.insert(id, mail) {
            tracing::warn!(mail.id = %id, segment = segment.number, "a mail lies in the spool twice");
            moved.push(id);
        }
    }
    let tail = Tail::adopted(Arc::clone(&segment), end, sound, unsaved);
    writer.adopt(&segment, tail, &moved);
}

fn read(id: MailId, mail: &Unsettled) -> Result<SpooledMail, SpoolError> {
    let Unsettled { segment, offset, length, received_at, .. } = mail;
    let io = |action| SpoolError::io(action, &segment.path);
    let length = usize::try_from(record_len(*length)).expect("it came from memory of that length");
    let mut record = vec![0; length];
    let file = segment.open_for_reading().map_err(io("open"))?;
    read_at(&file, &mut record, *offset).map_err(io("read"))?;
    record::open(segment, id, *received_at, record).map_err(|damage| SpoolError::Damaged {
        id,
        segment: segment.number,
        offset: *offset,
        damage,
    })
}

fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    boundary!(ReadRecord);
    file.read_exact_at(bytes, offset)
}

#[cfg(test)]
mod tests;
