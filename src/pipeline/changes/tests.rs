//! Claims about shares that passed: what becomes of them when what they rest on changes.

mod added;
mod again;
mod brought;
mod clock;
mod lists;
mod missing;
mod otherwise;
mod policy;
mod remains;
mod restored;
mod trusted;

use tempfile::TempDir;

use super::*;
use crate::{
    archive::Archive,
    clock::Clock,
    domain::{Actor, BranchScope, Envelope, MailId, RevocationPolicy, ShareRow, Verdict},
    matching,
    metrics::Metrics,
    pipeline::{Admitted, mail_id},
    registry::{Issuers, Registry},
    sample::{
        Seed,
        authority::{Authority, KeyAlgorithm, ORGANISATION, Revoked, Signer, Subject, Validity},
        copy::Copy,
        mail::{Attachment, Draft},
    },
    sealing::MasterKey,
    spool::{Spool, SpoolSettings},
    store::Store,
    trust::{
        Certificate, ListIssue, ServiceExtensions, ServiceKind, ServiceStatus, TrustService,
        TrustStore, Wanted, read_certificates,
    },
    vault::Vault,
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
signers = "anchors"
"#;

const RECEIPT: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

/// An installation that trusts an authority, and what the test changes of it.
struct House {
    directory: TempDir,
    pipeline: Pipeline,
    workers: Arc<Workers>,
    todo: Todo,
    authority: Authority,
    signer: Signer,
    trust: watch::Sender<Arc<TrustStore>>,
    revocation: watch::Sender<Arc<RevocationStore>>,
    questions: tokio::sync::mpsc::Receiver<Wanted>,
    _stop: watch::Sender<bool>,
    stopping: watch::Receiver<bool>,
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(RECEIPT + seconds)
}

impl House {
    async fn new(policy: RevocationPolicy) -> Self {
        Self::with_registry(policy, REGISTRY).await
    }

    async fn with_registry(policy: RevocationPolicy, registry: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let master = MasterKey::generate().unwrap();
        let url = format!("sqlite:{}", directory.path().join("skrynka.db").display());
        let store = Store::open(&url, &master.check_value()).await.unwrap();
        let registry = Registry::parse(registry).unwrap();
        store.apply_registry(&registry, &Actor::CommandLine, moment(0)).await.unwrap();
        let metrics = Metrics::new();
        let settings = SpoolSettings { segment_bytes: 64 << 10, reserve_bytes: 0 };
        let spool = directory.path().join("spool");
        Spool::make(&spool, &master.key("spool")).unwrap();
        let spool = Spool::open(&spool, master.key("spool"), settings, metrics.clone()).unwrap();
        let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
        let mut authority = Authority::root(Seed::from([7; 32]), validity).unwrap();
        let signer = authority.signer(Subject::Organisation, KeyAlgorithm::P256, validity).unwrap();
        let (_, registry) = watch::channel(Arc::new(registry));
        let (trust, trusted) = watch::channel(Arc::default());
        let (revocation, known) = watch::channel(Arc::default());
        let (wanted, questions) = tokio::sync::mpsc::channel(16);
        let (stop, stopping) = watch::channel(false);
        let vault = Vault::make(&directory.path().join("objects"), &master).unwrap();
        let pipeline = Pipeline {
            spool,
            archive: Archive::new(store, vault),
            registry,
            trust: trusted,
            revocation: known,
            organisation_keys: Arc::default(),
            revocation_policy: policy,
            wanted: Some(wanted),
            sender: None,
            policy: matching::Policy {
                quarantine_days: 30,
                issuers: Issuers::named(vec![ORGANISATION.parse().unwrap()]).into(),
            },
            hostname: "mx.example.ua".to_owned(),
            clock: Clock::fixed(moment(0)),
            standing: watch::channel(ClockState { now: moment(0), greatest: None }).1,
            metrics,
        };
        let house = Self {
            directory,
            workers: Arc::new(Workers::new(1)),
            todo: Todo::new(),
            pipeline,
            authority,
            signer,
            trust,
            revocation,
            questions,
            _stop: stop,
            stopping,
        };
        house.trust(house.root());
        house
    }

    /// Sets the clock, and somebody agrees with it.
    fn accept_time(&mut self, seconds: i64) {
        let now = moment(seconds);
        self.pipeline.clock.set(now);
        self.pipeline.standing = watch::channel(ClockState { now, greatest: Some(now) }).1;
    }

    fn root(&self) -> TrustStore {
        TrustStore::new(read_certificates(self.authority.certificate()).unwrap())
    }

    fn trust(&self, store: TrustStore) {
        self.trust.send_replace(Arc::new(store));
    }

    /// Gives out a list made at this second that revokes the signer's certificate since another.
    fn list(&self, from: i64, revoked: Option<i64>) {
        self.list_with(from, revoked.map(|since| (since, None)));
    }

    /// The same, where the key was in other hands since a third.
    fn list_with(&self, from: i64, revoked: Option<(i64, Option<i64>)>) {
        let revoked = revoked.map(|(since, compromised)| Revoked {
            signer: &self.signer,
            since: moment(since),
            compromised: compromised.map(moment),
        });
        let validity = Validity::days(moment(from), 7);
        let list = self.authority.revocation_list(1, revoked.as_slice(), validity).unwrap();
        let mut store = RevocationStore::clone(&self.revocation.borrow());
        store.add(&list).unwrap();
        self.revocation.send_replace(Arc::new(store));
    }

    /// Accepts a signed copy and judges it.
    async fn send(&self) -> ShareId {
        let received_at = self.pipeline.clock.now();
        let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, received_at);
        self.send_all(vec![copy.attached(&self.signer, received_at).unwrap()]).await
    }

    /// Accepts a mail with these attachments and judges it.
    async fn send_all(&self, attachments: Vec<Attachment>) -> ShareId {
        self.accept(self.draft(attachments).compose(), 0).await
    }

    fn draft(&self, attachments: Vec<Attachment>) -> Draft {
        Draft {
            message_id: "1@mail.example.ua".to_owned(),
            from: "testova.osoba@mail.example.ua".parse().unwrap(),
            to: "school@docs.example.ua".parse().unwrap(),
            date: self.pipeline.clock.now(),
            subject: "copies".to_owned(),
            text: String::new(),
            attachments,
        }
    }

    /// Accepts a mail that was begun so often before, and judges it.
    async fn accept(&self, message: Vec<u8>, attempts: u32) -> ShareId {
        let id: MailId = mail_id(self.pipeline.clock.now()).unwrap();
        self.give_out(id, message, attempts).await
    }

    /// Judges the mail of this id, again when it was judged before.
    async fn give_out(&self, id: MailId, message: Vec<u8>, attempts: u32) -> ShareId {
        let received_at = self.pipeline.clock.now();
        let recipients = vec!["school@docs.example.ua".parse().unwrap()];
        let envelope = Envelope {
            helo: "sender.example.ua".to_owned(),
            ..Envelope::new(received_at, recipients)
        };
        self.pipeline.spool.append(id, envelope, message).await.unwrap();
        for _ in 0..attempts {
            self.pipeline.spool.begin_attempt(id).await.unwrap();
        }
        let pending = self.pipeline.spool.next().await;
        let Admitted { hold, .. } = self.workers.admit(self.workers.gate.pass().await).await;
        self.pipeline.judge(pending, hold, &self.workers).await.unwrap();
        ShareId::of(id, &"school".parse().unwrap())
    }

    /// Does what follows from the changes so far, as the server does at each.
    async fn follow(&mut self) {
        self.todo.trust = true;
        assert!(self.look_through(&self.stopping.clone()).await);
    }

    /// Does what is to be done; whether it came to the end.
    async fn look_through(&mut self, stop: &watch::Receiver<bool>) -> bool {
        let mut revocation = self.pipeline.revocation.clone();
        let Self { pipeline, workers, todo, .. } = self;
        Round::new(pipeline, workers, stop, &mut revocation, todo).all().await
    }

    async fn row(&self, share: ShareId) -> ShareRow {
        self.pipeline.archive.store().share(share, &BranchScope::All).await.unwrap().unwrap()
    }

    async fn verdict(&self, share: ShareId) -> Verdict {
        self.row(share).await.verdict
    }

    /// From when on answers are wanted, in seconds after the receipt, each once.
    fn wanted_since(&mut self) -> Vec<i64> {
        let mut all = Vec::new();
        while let Ok(wanted) = self.questions.try_recv() {
            all.push(wanted.since.seconds_since(moment(0)));
        }
        all.dedup();
        all
    }
}

/// A trust list that has this authority alone.
fn listing(
    authority: &Certificate,
    history: Vec<ServiceStatus>,
    list: Option<ListIssue>,
) -> TrustStore {
    TrustStore::empty().with_services(vec![TrustService {
        kind: ServiceKind::QualifiedAuthority,
        provider: "Тестовий надавач".to_owned(),
        name: "Тестова послуга".to_owned(),
        certificates: vec![authority.clone()],
        key_ids: Vec::new(),
        subjects: Vec::new(),
        history,
        list,
    }])
}

#[tokio::test]
async fn a_share_is_looked_at_again_after_some_days_and_left_in_peace_then() {
    let mut house = House::new(RevocationPolicy::Require).await;
    let share = house.send().await;
    assert_eq!(house.verdict(share).await, Verdict::Undetermined);
    assert_eq!(house.wanted_since(), [0]);
    house.list(-DAY, None);
    house.follow().await;
    assert_eq!(house.verdict(share).await, Verdict::Undetermined, "a list of before");
    assert_eq!(house.wanted_since(), [0]);
    house.list(60, None);
    house.follow().await;
    assert_eq!(house.verdict(share).await, Verdict::Verified);
    house.pipeline.clock.set(moment(3 * DAY - 1));
    house.follow().await;
    assert!(house.wanted_since().is_empty());

    house.pipeline.clock.set(moment(3 * DAY));
    house.follow().await;
    assert_eq!(house.wanted_since(), [3 * DAY]);
    assert_eq!(house.verdict(share).await, Verdict::Verified, "until there is an answer");
    house.list(2 * DAY, None);
    house.follow().await;
    assert_eq!(house.wanted_since(), [3 * DAY], "a list of before");
    house.list(3 * DAY, None);
    house.follow().await;
    let waiting = house
        .pipeline
        .archive
        .store()
        .selected(Select::Awaiting, moment(0), None, 10)
        .await
        .unwrap();
    assert_eq!(waiting, []);
    house.pipeline.clock.set(moment(5 * DAY));
    house.follow().await;
    assert!(house.wanted_since().is_empty());
    assert_eq!(house.verdict(share).await, Verdict::Verified);
}

#[tokio::test]
async fn a_revocation_that_is_found_later_counts_by_its_own_date() {
    for (revoked, expected) in [(-1, Verdict::Invalid), (1, Verdict::Verified)] {
        let mut house = House::new(RevocationPolicy::Require).await;
        house.list(60, None);
        let share = house.send().await;
        assert_eq!(house.verdict(share).await, Verdict::Verified);
        // A day later a list comes that somebody else has asked for.
        house.pipeline.clock.set(moment(DAY));
        house.list(DAY, Some(revoked));
        house.follow().await;
        assert_eq!(house.verdict(share).await, expected);
        assert_eq!(house.row(share).await.judged_at, moment(DAY), "what is known has changed");
    }
}

#[tokio::test]
async fn a_grant_that_is_withdrawn_or_given_back_changes_what_passed() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    let authority = Certificate::parse(house.authority.certificate()).unwrap();
    let listed = |withdrawn_at: Option<Timestamp>| {
        let granted = ServiceStatus {
            from: moment(-20 * DAY),
            is_granted: true,
            extensions: ServiceExtensions::default(),
        };
        let withdrawn = withdrawn_at.map(|from| ServiceStatus {
            from,
            is_granted: false,
            extensions: ServiceExtensions::default(),
        });
        listing(&authority, [granted].into_iter().chain(withdrawn).collect(), None)
    };
    house.trust(listed(None));
    let share = house.send().await;
    assert_eq!(house.verdict(share).await, Verdict::Verified);
    for (withdrawn_at, expected) in [
        (Some(moment(-DAY)), Verdict::Undetermined),
        (None, Verdict::Verified),
        (Some(moment(DAY)), Verdict::Verified),
    ] {
        house.trust(listed(withdrawn_at));
        house.follow().await;
        assert_eq!(house.verdict(share).await, expected, "{withdrawn_at:?}");
    }
}

#[tokio::test]
async fn what_an_overdue_list_leaves_open_passes_with_the_new_one() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    let authority = Certificate::parse(house.authority.certificate()).unwrap();
    let listed = |next_update: i64| {
        let list = ListIssue {
            url: None,
            territory: "UA".to_owned(),
            sequence: 1,
            issued_at: moment(-20 * DAY),
            next_update: Some(moment(next_update)),
            grace_seconds: 7 * DAY,
        };
        listing(&authority, vec![ServiceStatus::new(moment(-20 * DAY), true)], Some(list))
    };
    house.trust(listed(-8 * DAY));
    let share = house.send().await;
    assert_eq!(house.verdict(share).await, Verdict::Undetermined);
    for (next_update, expected) in [
        (30 * DAY, Verdict::Verified),
        (-6 * DAY, Verdict::Verified),
        (-8 * DAY, Verdict::Undetermined),
    ] {
        house.trust(listed(next_update));
        house.follow().await;
        assert_eq!(house.verdict(share).await, expected, "{next_update}");
    }
}

#[tokio::test]
async fn what_is_cut_off_is_done_by_the_next_run() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    let share = house.send().await;
    house.trust(TrustStore::empty());
    let (_stop, stopped) = watch::channel(true);
    assert!(!house.look_through(&stopped).await);
    assert_eq!(house.verdict(share).await, Verdict::Verified);
    house.todo = Todo::new();
    house.follow().await;
    assert_eq!(house.verdict(share).await, Verdict::Undetermined);
}

/// Anybody can send shares that wait for another trust, and each is looked at every hour.
#[tokio::test]
async fn a_revocation_does_not_wait_for_what_waits() {
    let mut house = House::new(RevocationPolicy::Require).await;
    house.list(60, None);
    let share = house.send().await;
    let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
    let mut stranger = Authority::root(Seed::from([9; 32]), validity).unwrap();
    let nobody = stranger.signer(Subject::Person, KeyAlgorithm::P256, validity).unwrap();
    let copy = Copy::new(&"birth-certificate".parse().unwrap(), 2, moment(0));
    house.send_all(vec![copy.attached(&nobody, moment(0)).unwrap()]).await;
    house.follow().await;
    assert_eq!(house.verdict(share).await, Verdict::Verified);
    let (stop, mut revocation) = (house.stopping.clone(), house.pipeline.revocation.clone());
    revocation.mark_unchanged();
    house.pipeline.clock.set(moment(DAY));
    house.list(DAY, Some(-DAY));
    let House { pipeline, workers, todo, .. } = &mut house;
    let mut round = Round::new(pipeline, workers, &stop, &mut revocation, todo);
    assert!(round.rejudge(Select::Awaiting).await);
    assert_eq!(house.verdict(share).await, Verdict::Invalid);
}

#[tokio::test]
async fn nothing_is_judged_again_for_what_does_not_concern_it() {
    let mut house = House::new(RevocationPolicy::Require).await;
    house.list(60, None);
    let share = house.send().await;
    house.follow().await;
    let attempts = |house: &House| house.pipeline.metrics.render();
    let before = attempts(&house);
    // Another authority's list, which revokes a certificate with another number.
    let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
    let mut other = Authority::root(Seed::from([8; 32]), validity).unwrap();
    for _ in 0..3 {
        other.signer(Subject::Person, KeyAlgorithm::P256, validity).unwrap();
    }
    let signer = other.signer(Subject::Person, KeyAlgorithm::P256, validity).unwrap();
    let revoked = [Revoked { signer: &signer, since: moment(0), compromised: None }];
    let list = other.revocation_list(1, &revoked, Validity::days(moment(60), 7)).unwrap();
    let mut store = RevocationStore::clone(&house.revocation.borrow());
    store.add(&list).unwrap();
    house.revocation.send_replace(Arc::new(store));
    house.follow().await;
    let counts = |text: &str| {
        let lines = text.lines().filter(|line| line.starts_with("skrynka_shares_rejudged_total"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(counts(&attempts(&house)), counts(&before));
    assert_eq!(house.verdict(share).await, Verdict::Verified);
}
