//! The servers that this program can be: it prints its address, then answers each line that it
//! reads, once it has nothing left to do, with the mails and the syncs so far.

use std::{
    io::{self, BufRead as _, Write as _},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use skrynka::{
    clock::Clock,
    domain::{MailAddress, MailId},
    metrics::Metrics,
    pipeline::SpoolIntake,
    registry::Registry,
    sealing::Key,
    smtp::{Intake, IntakeError, Limits, Listener, Mail, Reception, Settings},
    spool::{Spool, SpoolSettings},
};
use tokio::{runtime::Runtime, sync::watch, time::sleep};

use crate::{load::RECIPIENT, mailin, server::Synced};

/// Which server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Our receiver, which forgets each mail at once: what its sessions cost without any disk.
    Forgetful,
    /// `mailin-embedded` in front of our spool.
    Mailin,
    /// Our receiver in front of our spool, from which each mail is read before it is thrown away.
    Reader,
    /// Our receiver in front of our spool.
    Receiver,
}

impl Role {
    const ALL: [Self; 4] = [Self::Forgetful, Self::Mailin, Self::Reader, Self::Receiver];

    /// Its name on the command line.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Forgetful => "forgetful",
            Self::Mailin => "mailin",
            Self::Reader => "reader",
            Self::Receiver => "receiver",
        }
    }

    /// Its name in the tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Forgetful => "Skrynka, no disk",
            Self::Mailin => "mailin-embedded",
            Self::Reader => "Skrynka, read",
            Self::Receiver => "Skrynka",
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let role = Self::ALL.into_iter().find(|role| role.word() == word);
        role.ok_or_else(|| format!("no role {word:?}"))
    }
}

/// How many mails are thrown away at once: as many as Postfix delivers to one destination.
const DISCARDING: u64 = 20;

/// Plays `role` until standard input ends.
pub(super) fn serve(role: Role, directory: &Path) {
    let runtime = Runtime::new().unwrap();
    let _within = runtime.enter();
    let metrics = Metrics::new();
    let spool = open_spool(directory, &metrics);
    discard_all(&spool, role, DISCARDING);
    let address = match role {
        Role::Forgetful => receive(Arc::new(Doorstep), &metrics),
        Role::Mailin => mailin::serve(Arc::new(intake(&spool, &metrics)), runtime.handle()),
        Role::Reader | Role::Receiver => receive(Arc::new(intake(&spool, &metrics)), &metrics),
    };
    let mut output = io::stdout().lock();
    writeln!(output, "{address}").unwrap();
    for _question in io::stdin().lock().lines().map_while(Result::ok) {
        runtime.block_on(rest(&spool));
        let Synced { mails, batches } = synced(&metrics);
        writeln!(output, "{mails} {batches}").unwrap();
    }
}

/// What was synced so far.
pub(super) fn synced(metrics: &Metrics) -> Synced {
    let text = metrics.render();
    let count = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap().parse().unwrap()
    };
    Synced {
        mails: count("skrynka_spool_batch_messages_sum"),
        batches: count("skrynka_spool_batch_messages_count"),
    }
}

pub(super) fn open_spool(directory: &Path, metrics: &Metrics) -> Spool {
    let key = Key::random().unwrap();
    Spool::make(directory, &key).unwrap();
    Spool::open(directory, key, SpoolSettings::default(), metrics.clone()).unwrap()
}

fn intake(spool: &Spool, metrics: &Metrics) -> SpoolIntake {
    let (_, registry) = watch::channel(Arc::new(Registry::parse(&registry()).unwrap()));
    SpoolIntake::new(spool.clone(), registry, metrics.clone())
}

/// A registry with one mailbox, the one of the load.
pub(super) fn registry() -> String {
    format!(
        r#"
        [organisation]
        name = "Тестова установа"
        [[branch]]
        id = "branch"
        name = "Тестовий відділ"
        addresses = ["{RECIPIENT}"]
        [[branch.service]]
        id = "service"
        name = "Тестова послуга"
        legal_basis = "contract"
        documents = ["birth-certificate"]
        retention_days = 1
        "#
    )
}

/// Our receiver, until the process ends.
fn receive(intake: Arc<impl Intake>, metrics: &Metrics) -> SocketAddr {
    let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = listener.local_addr();
    let settings = Settings {
        hostname: "mx.example.ua".to_owned(),
        limits: Limits::default(),
        proxy_from: Vec::new(),
        tls: None,
    };
    let reception = Reception::new(intake, settings, Clock::system(), metrics.clone());
    tokio::spawn(async move {
        let (_stop, never) = watch::channel(false);
        listener.serve(reception, never).await;
    });
    address
}

/// Throws all mails away, so many at once, within the runtime that this is called in.
pub(super) fn discard_all(spool: &Spool, role: Role, at_once: u64) {
    for _ in 0..at_once {
        tokio::spawn(discard(spool.clone(), role));
    }
}

/// Throws mails away as Postfix's `discard` does, which marks them as done and reads no content.
async fn discard(spool: Spool, role: Role) {
    loop {
        let id = spool.next().await.id;
        if role == Role::Reader {
            spool.read(id).await.unwrap();
        }
        spool.settle(id).await.unwrap();
    }
}

async fn rest(spool: &Spool) {
    while spool.backlog().0 > 0 {
        sleep(Duration::from_millis(1)).await;
    }
}

/// Names mails and keeps none.
struct Doorstep;

impl Intake for Doorstep {
    fn knows(&self, recipient: &MailAddress) -> bool {
        recipient.key() == RECIPIENT
    }

    fn serves(&self, _: &str) -> bool {
        false
    }

    fn has_room(&self, _: u64) -> bool {
        true
    }

    fn queued(&self) -> usize {
        0
    }

    fn postmaster(&self) -> Option<MailAddress> {
        None
    }

    async fn accept(&self, mail: Mail) -> Result<MailId, IntakeError> {
        Ok(MailId::new(mail.envelope.received_at, [0; 10]))
    }
}
