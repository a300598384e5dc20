//! Claims about mails that cannot be judged at once, and about what they do to others.

use std::{fs, net::Ipv4Addr, path::Path};

use tempfile::TempDir;

mod repeated;

use super::*;
use crate::{
    clock::Witnesses,
    domain::{Actor, BranchScope, ClockWitness, Term, Verdict, without_trace},
    retention::{Purge, TrustedTime},
    sealing::MasterKey,
    smtp::Intake as _,
    spool::SpoolSettings,
    store::{PurgeReport, Store},
    vault::{ObjectName, Vault},
};

const REGISTRY: &str = r#"
[organisation]
name = "Тестова установа"

[[branch]]
id = "school"
name = "Тестовий ліцей"
addresses = ["school@docs.example.ua"]

[[branch.service]]
id = "enrolment"
name = "Вступ до навчального закладу"
legal_basis = "contract"
documents = ["birth-certificate"]
retention_days = 90
"#;

const LIBRARY: &str = r#"
[[branch]]
id = "library"
name = "Тестова бібліотека"
addresses = ["library@docs.example.ua"]
"#;

/// Destroys what is due by the clock, which an authority agrees with.
pub(super) async fn purge(archive: Archive, metrics: Metrics, clock: Clock) -> PurgeReport {
    let witnesses = Witnesses::new(Path::new("no time service"));
    witnesses.note_signed(clock.now());
    let time = TrustedTime::new(archive.store().clone(), clock, witnesses, metrics.clone());
    Purge::new(archive, metrics, time).run().await.unwrap()
}

/// An installation whose spool nobody reads but the test.
struct House {
    directory: TempDir,
    master: MasterKey,
    pipeline: Pipeline,
    registry: watch::Sender<Arc<Registry>>,
    workers: Arc<Workers>,
}

impl House {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = Timestamp::from_micros(1_800_000_000_000_000);
        let master = MasterKey::generate().unwrap();
        let store = open_store(&directory, &master).await;
        // The database knows both branches; the registry in force may have one of them only.
        let whole = Registry::parse(&format!("{REGISTRY}{LIBRARY}")).unwrap();
        store.apply_registry(&whole, &Actor::CommandLine, at).await.unwrap();
        let metrics = Metrics::new();
        let settings = SpoolSettings { segment_bytes: 64 << 10, reserve_bytes: 0 };
        let spool_directory = directory.path().join("spool");
        Spool::make(&spool_directory, &master.key("spool")).unwrap();
        let spool =
            Spool::open(&spool_directory, master.key("spool"), settings, metrics.clone()).unwrap();
        let vault = Vault::make(&directory.path().join("objects"), &master).unwrap();
        let in_force = Arc::new(Registry::parse(REGISTRY).unwrap());
        let (registry, seen) = watch::channel(in_force);
        let (_, trust) = watch::channel(Arc::new(TrustStore::empty()));
        let (_, revocation) = watch::channel(Arc::new(RevocationStore::empty()));
        let pipeline = Pipeline {
            spool,
            archive: Archive::new(store, vault),
            registry: seen,
            trust,
            revocation,
            organisation_keys: Arc::default(),
            revocation_policy: RevocationPolicy::Prefer,
            wanted: None,
            sender: None,
            policy: matching::Policy {
                quarantine_days: 30,
                issuers: crate::registry::Issuers::built_in().into(),
            },
            hostname: "mx.example.ua".to_owned(),
            clock: Clock::fixed(at),
            standing: watch::channel(ClockState { now: at, greatest: None }).1,
            metrics,
        };
        let workers = Arc::new(Workers::new(1));
        Self { directory, master, pipeline, registry, workers }
    }

    async fn accept(&self, recipients: &[&str]) -> MailId {
        self.accept_message(recipients, b"Subject: hello\r\n\r\nnothing\r\n".to_vec()).await
    }

    async fn accept_message(&self, recipients: &[&str], message: Vec<u8>) -> MailId {
        let received_at = self.pipeline.clock.now();
        let id = mail_id(received_at).unwrap();
        let recipients = recipients.iter().map(|address| address.parse().unwrap()).collect();
        let envelope = Envelope {
            peer: Some(Ipv4Addr::LOCALHOST.into()),
            helo: "sender.example.ua".to_owned(),
            ..Envelope::new(received_at, recipients)
        };
        self.pipeline.spool.append(id, envelope, message).await.unwrap();
        id
    }

    fn has_library(&self) {
        let whole = Registry::parse(&format!("{REGISTRY}{LIBRARY}")).unwrap();
        self.registry.send_replace(Arc::new(whole));
    }

    /// Judges what comes, with one worker.
    fn run(&self) -> Running {
        let (stop, stopping) = watch::channel(false);
        Running { stop, task: tokio::spawn(self.pipeline.clone().run(1, stopping)) }
    }

    /// How often something of ours failed.
    fn failures(&self) -> u32 {
        let metrics = self.pipeline.metrics.render();
        let name = "skrynka_internal_failures_total{part=\"pipeline\"} ";
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        line.expect("it is counted from the start").parse().unwrap()
    }

    async fn judge(&self, pending: Pending) -> Result<(), PipelineError> {
        let Admitted { hold, .. } = self.workers.admit(self.workers.gate.pass().await).await;
        self.pipeline.judge(pending, hold, &self.workers).await
    }

    /// Keeps the mail for the school by a try that has not seen that the share is there.
    async fn keep(&self, mail: MailId) -> Result<(), PipelineError> {
        self.keep_by(&self.pipeline, mail).await
    }

    /// A try that seals the objects and finds that the database is gone.
    async fn keep_without_database(&self, mail: MailId) -> Result<(), PipelineError> {
        let store = open_store(&self.directory, &self.master).await;
        store.close().await;
        let archive = Archive::new(store, self.pipeline.archive.vault().clone());
        self.keep_by(&Pipeline { archive, ..self.pipeline.clone() }, mail).await
    }

    async fn keep_by(&self, pipeline: &Pipeline, mail: MailId) -> Result<(), PipelineError> {
        let mail = pipeline.spool.read(mail).await.unwrap();
        let (targets, _) = pipeline.targets(&mail.envelope);
        let opened = examine::Opened::unopened_after_crashes();
        pipeline.keep(&mail, &targets[0], &opened, &Sources::of(pipeline)).await
    }

    /// Leaves what a try that was cut off after sealing leaves: the mail under a key of its own.
    async fn leave_objects(&self, mail: MailId) {
        let (share, vault) = (share_of(mail, "school"), self.pipeline.archive.vault());
        let (key, _) = vault.new_data_key(share, Term::Share).unwrap();
        vault.put(share, Term::Share, &ObjectName::mail(), &key, b"cut off").await.unwrap();
    }

    /// The mail as it is kept for the school, opened with the key in the database.
    async fn kept(&self, mail: MailId) -> Result<bytes::Bytes, ArchiveError> {
        let share = share_of(mail, "school");
        let kept = self.pipeline.archive.open(share, &BranchScope::All).await?.unwrap();
        kept.mail().await.map(Option::unwrap)
    }

    /// How many files there are under `objects`, beside the marker of the vault.
    fn objects(&self) -> usize {
        let mut directories = vec![self.directory.path().join("objects")];
        let mut files = 0;
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                } else if !path.ends_with("skrynka-vault") {
                    files += 1;
                }
            }
        }
        files
    }

    async fn verdict(&self, mail: MailId, branch: &str) -> Option<Verdict> {
        let share = share_of(mail, branch);
        let row = self.pipeline.archive.store().share(share, &BranchScope::All).await.unwrap();
        row.map(|row| row.verdict)
    }

    /// Stands in the way of the share's objects until it is dropped by the test.
    fn block_objects(&self, mail: MailId, branch: &str) -> std::path::PathBuf {
        let share = share_of(mail, branch);
        let [.., last] = share.as_bytes();
        let path = self.directory.path().join(format!("objects/{last:02x}"));
        fs::write(&path, "not a directory").unwrap();
        path
    }
}

struct Running {
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    async fn end(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }
}

/// Returns once it is so.
async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it becomes so");
}

async fn open_store(directory: &TempDir, master: &MasterKey) -> Store {
    let url = format!("sqlite:{}", directory.path().join("skrynka.db").display());
    Store::open(&url, &master.check_value()).await.unwrap()
}

fn share_of(mail: MailId, branch: &str) -> ShareId {
    ShareId::of(mail, &branch.parse().unwrap())
}

#[tokio::test]
async fn mails_that_wait_keep_no_other_waiting() {
    let house = House::new().await;
    for _ in 0..5 {
        house.accept(&["library@docs.example.ua"]).await;
    }
    let last = house.accept(&["school@docs.example.ua"]).await;
    let running = house.run();
    until(async || house.verdict(last, "school").await.is_some()).await;
    running.end().await;
    assert_eq!(house.pipeline.spool.backlog().0, 5, "those of no branch");
}

/// With one worker, and though no other mail comes.
#[tokio::test]
async fn a_mail_is_tried_again_by_itself_after_a_failure_of_ours() {
    let house = House::new().await;
    let id = house.accept(&["school@docs.example.ua"]).await;
    let in_the_way = house.block_objects(id, "school");
    let running = house.run();
    until(async || house.failures() > 0).await;
    fs::remove_file(in_the_way).unwrap();
    until(async || house.verdict(id, "school").await.is_some()).await;
    running.end().await;
}

#[tokio::test]
async fn a_failure_of_ours_is_found_by_one_mail_and_not_by_the_whole_backlog() {
    let house = House::new().await;
    for _ in 0..20 {
        house.accept(&["school@docs.example.ua"]).await;
    }
    let (objects, aside) =
        (house.directory.path().join("objects"), house.directory.path().join("aside"));
    fs::rename(&objects, &aside).unwrap();
    fs::write(&objects, "not a directory").unwrap();
    let running = house.run();
    until(async || house.failures() > 1).await;
    assert!(house.failures() < 4, "{}", house.failures());
    fs::remove_file(&objects).unwrap();
    fs::rename(&aside, &objects).unwrap();
    until(async || house.pipeline.spool.backlog().0 == 0).await;
    running.end().await;
}

#[tokio::test]
async fn a_mail_for_two_branches_waits_for_the_one_that_is_gone() {
    let house = House::new().await;
    let id = house.accept(&["school@docs.example.ua", "library@docs.example.ua"]).await;
    let pending = house.pipeline.spool.next().await;
    let refused = house.judge(pending).await;
    assert!(matches!(refused, Err(PipelineError::NoBranch)), "{refused:?}");
    assert_eq!(house.verdict(id, "school").await, Some(Verdict::Unrecognised));
    assert_eq!(house.pipeline.spool.backlog().0, 1);

    house.has_library();
    house.judge(pending).await.unwrap();
    assert_eq!(house.verdict(id, "library").await, Some(Verdict::Unrecognised));
    assert_eq!(house.pipeline.spool.backlog().0, 0);
}

#[tokio::test]
async fn a_failure_of_ours_is_no_attempt_of_the_mail() {
    let house = House::new().await;
    let id = house.accept(&["school@docs.example.ua"]).await;
    let in_the_way = house.block_objects(id, "school");
    let pending = house.pipeline.spool.next().await;
    for _ in 0..=MAX_ATTEMPTS {
        let refused = house.judge(pending).await;
        assert!(
            matches!(refused, Err(PipelineError::Archive(ArchiveError::Vault(_)))),
            "{refused:?}"
        );
    }
    fs::remove_file(in_the_way).unwrap();
    house.judge(pending).await.unwrap();
    assert_eq!(house.verdict(id, "school").await, Some(Verdict::Unrecognised));
}

#[tokio::test]
async fn a_mail_that_stopped_the_program_each_time_is_kept_unopened() {
    let house = House::new().await;
    let id = house.accept(&["school@docs.example.ua"]).await;
    for _ in 0..MAX_ATTEMPTS {
        house.pipeline.spool.begin_attempt(id).await.unwrap();
    }
    let pending = house.pipeline.spool.next().await;
    house.judge(pending).await.unwrap();
    assert_eq!(house.verdict(id, "school").await, Some(Verdict::Malformed));
}

#[tokio::test]
async fn a_mail_that_panics_each_time_is_kept_unopened() {
    let house = House::new().await;
    let mail = b"X-Stops-The-Program: yes\r\n\r\n".to_vec();
    let id = house.accept_message(&["school@docs.example.ua"], mail).await;
    let (_stop, stopping) = watch::channel(false);
    let pending = house.pipeline.spool.next().await;
    let admitted = house.workers.admit(house.workers.gate.pass().await).await;
    house.pipeline.clone().settle(pending, admitted, Arc::clone(&house.workers), stopping).await;
    assert_eq!(house.verdict(id, "school").await, Some(Verdict::Malformed));
}

#[tokio::test]
async fn a_suspect_is_opened_alone() {
    let house = House::new().await;
    house.accept(&["school@docs.example.ua"]).await;
    let pending = house.pipeline.spool.next().await;
    let other = house.workers.opening.read().await;
    house.judge(pending).await.expect("one without an attempt is opened beside others");
    let id = house.accept(&["school@docs.example.ua"]).await;
    house.pipeline.spool.begin_attempt(id).await.unwrap();
    let pending = house.pipeline.spool.next().await;
    let mut judging = Box::pin(house.judge(pending));
    let waits = tokio::time::timeout(Duration::from_millis(100), &mut judging).await;
    assert!(waits.is_err(), "another is being opened");
    drop(other);
    judging.await.unwrap();
}

#[tokio::test]
async fn the_service_is_taken_from_whichever_address_names_one() {
    let house = House::new().await;
    let recipients = ["school@docs.example.ua", "school+enrolment@docs.example.ua"];
    house.accept(&recipients).await;
    let mail = house.pipeline.spool.read(house.pipeline.spool.next().await.id).await.unwrap();
    let (targets, homeless) = house.pipeline.targets(&mail.envelope);
    assert!(!homeless);
    assert_eq!(targets.len(), 1);
    assert_eq!(targets[0].service, Some("enrolment".parse().unwrap()));
    assert_eq!(targets[0].recipients.len(), 2);
}

#[tokio::test]
async fn rfc5321_4_5_1_the_postmaster_has_a_mailbox_as_long_as_a_branch_has_one() {
    let house = House::new().await;
    let postmaster = |named: Option<&str>| {
        let (spool, registry) = (house.pipeline.spool.clone(), house.pipeline.registry.clone());
        let intake = SpoolIntake::new(spool, registry, Metrics::new())
            .with_postmaster(named.map(|mailbox| mailbox.parse().unwrap()));
        intake.postmaster().map(|mailbox| mailbox.to_string())
    };
    let (school, library) = ("school@docs.example.ua", "library@docs.example.ua");
    assert_eq!(postmaster(None).as_deref(), Some(school));
    assert_eq!(postmaster(Some(library)).as_deref(), Some(school), "no branch has it");
    house.has_library();
    assert_eq!(postmaster(None).as_deref(), Some(school));
    assert_eq!(postmaster(Some(library)).as_deref(), Some(library));
    house.registry.send_replace(Arc::default());
    assert_eq!(postmaster(Some(library)), None);
}

#[tokio::test]
async fn a_share_that_was_committed_meanwhile_stays_readable() {
    let house = House::new().await;
    let id = house.accept(&["school@docs.example.ua"]).await;
    for _ in 0..2 {
        house.keep(id).await.unwrap();
    }
    let kept = house.kept(id).await.unwrap();
    assert_eq!(without_trace(&kept), house.pipeline.spool.read(id).await.unwrap().message);
    assert!(kept.starts_with(b"Return-Path: <>\r\nReceived: from sender.example.ua ("));
    assert_eq!(house.objects(), 1, "of the try that came too late nothing is left");
}

#[tokio::test]
async fn a_share_that_is_seen_late_is_readable_when_its_mail_is_settled() {
    let house = House::new().await;
    let id = house.accept(&["school@docs.example.ua"]).await;
    let pending = house.pipeline.spool.next().await;
    house.keep(id).await.unwrap();
    for _ in 0..3 {
        let refused = house.keep_without_database(id).await;
        assert!(
            matches!(refused, Err(PipelineError::Archive(ArchiveError::Store(_)))),
            "{refused:?}"
        );
    }
    house.judge(pending).await.unwrap();
    assert_eq!(house.pipeline.spool.backlog().0, 0);
    assert!(house.kept(id).await.is_ok());
    assert_eq!(house.objects(), 1, "tries that failed leave nothing");
}

#[tokio::test]
async fn a_try_that_is_cut_off_after_a_commit_spoils_nothing() {
    let house = House::new().await;
    let id = house.accept(&["school@docs.example.ua"]).await;
    let pending = house.pipeline.spool.next().await;
    house.keep(id).await.unwrap();
    house.leave_objects(id).await;
    house.judge(pending).await.unwrap();
    assert_eq!(house.pipeline.spool.backlog().0, 0);
    assert!(house.kept(id).await.is_ok());
}

#[tokio::test]
async fn a_crash_between_objects_and_row_is_made_good() {
    let house = House::new().await;
    let id = house.accept(&["school@docs.example.ua"]).await;
    let pending = house.pipeline.spool.next().await;
    house.leave_objects(id).await;
    house.judge(pending).await.unwrap();
    let kept = house.kept(id).await.unwrap();
    assert_eq!(without_trace(&kept), b"Subject: hello\r\n\r\nnothing\r\n");
}

#[tokio::test]
async fn a_share_that_was_destroyed_meanwhile_stays_destroyed() {
    let house = House::new().await;
    let id = house.accept(&["school@docs.example.ua"]).await;
    let pending = house.pipeline.spool.next().await;
    house.keep(id).await.unwrap();
    let (share, store) = (share_of(id, "school"), house.pipeline.archive.store());
    let end = house.pipeline.clock.now().plus_seconds(400 * 24 * 60 * 60);
    let time = store.take_time(end, Some(ClockWitness::SignedAnswer)).await.unwrap().unwrap();
    assert!(store.destroy_key(share, Term::Share, time).await.unwrap());
    house.pipeline.archive.vault().destroy(share, Term::Share).await.unwrap();

    house.keep(id).await.unwrap();
    house.judge(pending).await.unwrap();
    assert_eq!(house.pipeline.spool.backlog().0, 0);
    assert_eq!(store.wrapped_key(share, Term::Share).await.unwrap(), None);
    let row = store.share(share, &BranchScope::All).await.unwrap().unwrap();
    assert_eq!(row.destroyed_at, Some(end));
    assert_eq!(house.objects(), 0);
}

/// What is committed to a file that is gone is gone with it, and the mail is in the spool alone.
#[tokio::test]
async fn a_mail_stays_while_the_database_is_not_where_it_was_opened() {
    let house = House::new().await;
    let id = house.accept(&["school@docs.example.ua"]).await;
    let pending = house.pipeline.spool.next().await;
    let [file, own, other] =
        ["skrynka.db", "own.db", "other.db"].map(|name| house.directory.path().join(name));
    // As a restore over it does.
    fs::copy(&file, &other).unwrap();
    fs::hard_link(&file, &own).unwrap();
    fs::rename(&other, &file).unwrap();
    let refused = house.judge(pending).await;
    assert!(matches!(refused, Err(PipelineError::Archive(ArchiveError::Store(_)))), "{refused:?}");
    assert_eq!(house.pipeline.spool.backlog().0, 1);
    fs::rename(&own, &file).unwrap();
    house.pipeline.spool.release(id);
    house.judge(house.pipeline.spool.next().await).await.unwrap();
    assert_eq!(house.pipeline.spool.backlog().0, 0);
}
