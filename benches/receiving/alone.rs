//! The spool without a receiver in front of it: what its own work leaves of the disk's limit.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use skrynka::{
    clock::Clock,
    domain::{Envelope, MailId, TransmissionType},
    metrics::Metrics,
    spool::Spool,
};
use tokio::{runtime::Runtime, task::JoinSet, time::sleep};

use crate::{
    disk,
    load::{RECIPIENT, Shape},
    process::to_float,
    role,
    rounds::round,
};

/// What the spool alone does, and the disk in batches as large.
#[derive(Clone, Copy)]
pub(super) struct Alone {
    /// Mails made durable a second.
    pub(super) rate: f64,
    /// Mails for each sync.
    pub(super) batch: f64,
    /// Mails a second that the disk takes.
    pub(super) disk: f64,
}

/// As many mails at once as the load has sessions, for as long as `turn`, after a turn that does not
/// count: each is made in memory, appended, and thrown away once it is durable.
pub(super) fn measure(directory: &Path, shape: Shape, turn: Duration) -> Alone {
    let place = tempfile::tempdir_in(directory).unwrap();
    let metrics = Metrics::new();
    let mails = Arc::new(AtomicU64::new(0));
    let runtime = Runtime::new().unwrap();
    let rate = runtime.block_on(async {
        let spool = role::open_spool(place.path(), &metrics);
        // As many as come in the same time: each waits for the writer's turn.
        role::discard_all(&spool, role::Role::Receiver, shape.sessions);
        let mut senders = JoinSet::new();
        for _ in 0..shape.sessions {
            senders.spawn(send(spool.clone(), shape, Arc::clone(&mails)));
        }
        sleep(turn).await;
        let (begin, before) = (Instant::now(), mails.load(Ordering::Relaxed));
        sleep(turn).await;
        let sent = mails.load(Ordering::Relaxed) - before;
        to_float(sent) / begin.elapsed().as_secs_f64()
    });
    drop(runtime);
    let batch = role::synced(&metrics).mails_per_batch().unwrap_or(1.0);
    let disk = disk::mails_per_second(directory, shape.mail_bytes, round(batch).max(1), turn);
    Alone { rate, batch, disk }
}

/// Sends for ever, and counts the mails that are durable.
async fn send(spool: Spool, shape: Shape, mails: Arc<AtomicU64>) {
    let clock = Clock::system();
    let length = usize::try_from(shape.mail_bytes).unwrap();
    loop {
        let envelope = Envelope {
            peer: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            helo: "client.example.ua".to_owned(),
            protocol: TransmissionType::Smtp,
            sender: "visitor@example.ua".parse().ok(),
            ..Envelope::new(clock.now(), vec![RECIPIENT.parse().unwrap()])
        };
        let mut random = [0; 10];
        getrandom::fill(&mut random).unwrap();
        let id = MailId::new(envelope.received_at, random);
        spool.append(id, envelope, vec![b'x'; length]).await.unwrap();
        mails.fetch_add(1, Ordering::Relaxed);
    }
}
