//! Judging a share again.

use std::collections::BTreeMap;

use bytes::Bytes;
use skrynka::{
    bundle::Document,
    domain::{
        Actor, Awaits, BranchScope, Finding, FindingCode, RetentionReason, Sha256, ShareId,
        ShareRow, Term, Verdict, VerdictChange,
    },
    matching::{Case, ExaminedDocument, Judgement, Policy, judge},
    sample::{
        Seed,
        authority::{Authority, KeyAlgorithm, Signer, Subject, Validity},
        sign,
    },
    signature::{Conditions, Signed, examine},
    store::{
        AuditAction, AuditFilter, Grounds, KnownBy, NewKey, NewShare, Rejudged, Resealed, Sealed,
        SealedDocument, Select, Store,
    },
    trust::{TrustStore, read_certificates},
};

use crate::support::clock::agreed;

use super::{
    Database, moment, on_each_engine,
    sample::{self, Sample, fingerprint},
};

on_each_engine! {
    a_share_waits_until_nothing_can_change_it,
    waiting_shares_are_listed_page_by_page_the_newest_first,
    a_new_judgement_takes_the_place_of_the_old_one,
    no_term_moves_nearer,
    a_term_that_was_counted_anew_stays_so,
    a_share_that_changed_meanwhile_is_left_alone,
    beginnings_are_counted_until_the_end,
    what_a_signature_covers_is_known_once_it_passes_and_links_stay,
    each_change_finds_the_shares_that_it_concerns,
    the_verdict_before_stays_when_only_findings_change,
}

const CARD: Sample =
    Sample { number: 1, branch: "library", second: 0, types: &["student-id-card"] };

/// An authority and a signer of its own.
struct Seal {
    authority: Authority,
    signer: Signer,
}

impl Seal {
    fn new() -> Self {
        let validity = Validity::days(moment(-86_400), 365);
        let mut authority = Authority::root(Seed::from([7; 32]), validity).unwrap();
        let signer = authority.signer(Subject::Organisation, KeyAlgorithm::P256, validity).unwrap();
        Self { authority, signer }
    }

    /// The judgement on a sealed copy, by those who trust the authority or by those who do not.
    fn judgement(&self, sample: &Sample, is_trusted: bool, quarantine_days: u32) -> Judgement {
        let root = read_certificates(self.authority.certificate()).unwrap();
        let trust = if is_trusted { TrustStore::new(root) } else { TrustStore::empty() };
        let content = sample.content("student-id-card");
        let signature = sign::detached(&content, &self.signer, sample.received_at()).unwrap();
        let signed =
            Signed { content: Some(content.into()), signatures: vec![Bytes::from(signature)] };
        let examined = examine(&signed, &Conditions::new(&trust, sample.received_at()));
        let document = Document {
            name: "student-id-card.pdf".to_owned(),
            type_code: "student-id-card".parse().unwrap(),
            type_source: None,
            made_at: None,
            signed,
            signature_names: vec!["student-id-card.pdf.p7s".to_owned()],
            encrypted: Vec::new(),
        };
        judge(Case {
            share: sample.share(),
            branch: sample::branch(sample.branch),
            named: None,
            received_at: sample.received_at(),
            has_trust_list: false,
            documents: vec![ExaminedDocument { document, examined }],
            opening: Vec::new(),
            policy: &Policy { quarantine_days, issuers: crate::support::registries::issuers() },
        })
    }

    /// Keeps a share that nobody could decide.
    async fn keep(&self, sample: &Sample, quarantine_days: u32, store: &Store) -> ShareRow {
        let judgement = self.judgement(sample, false, quarantine_days);
        let new = NewShare {
            judgement: &judgement,
            mail: sample.mail(),
            mail_place: 0,
            judged_at: sample.received_at(),
            mail_bytes: 4096,
            known_by: known_by(&[sample.number]),
            grounds: sample::grounds(),
            branch: sample::branch(sample.branch),
        };
        let sealed = Sealed {
            keys: vec![NewKey { term: Term::Share, wrapped: vec![1] }],
            details: vec![2],
            documents: vec![SealedDocument { number: 1, details: vec![3], signature_files: 1 }],
            ..Sealed::default()
        };
        store.insert_share(&new, &sealed).await.unwrap();
        row(sample, store).await
    }
}

async fn open(database: &Database) -> Store {
    let store = database.open().await;
    store.apply_registry(&sample::registry(), &Actor::CommandLine, moment(-9)).await.unwrap();
    store
}

async fn row(sample: &Sample, store: &Store) -> ShareRow {
    store.share(sample.share(), &BranchScope::All).await.unwrap().unwrap()
}

fn rejudged<'a>(before: &'a ShareRow, judgement: &'a Judgement) -> Rejudged<'a> {
    Rejudged {
        before,
        judgement,
        judged_at: moment(100),
        surely_past: moment(100),
        known_by: known_by(&[]),
        grounds: sample::grounds(),
    }
}

fn resealed() -> Resealed {
    Resealed { records: Vec::new(), details: BTreeMap::from([(1, vec![4])]) }
}

/// The one document of a share, known by these.
fn known_by(copies: &[u8]) -> KnownBy {
    let fingerprints = copies.iter().map(|copy| fingerprint(&[*copy])).collect();
    KnownBy { documents: vec![(1, fingerprints)], stale_from: moment(0).plus_days(3) }
}

async fn waiting(store: &Store) -> Vec<ShareId> {
    let selected = store.selected(Select::Awaiting, moment(0), None, 100).await.unwrap();
    selected.into_iter().map(|share| share.place.share()).collect()
}

async fn a_share_waits_until_nothing_can_change_it(database: &Database) {
    let (store, seal) = (open(database).await, Seal::new());
    CARD.keep(&store).await;
    assert_eq!(waiting(&store).await, [], "an unsigned copy stays unsigned");
    let sealed = Sample { number: 2, ..CARD };
    seal.keep(&sealed, 30, &store).await;
    assert_eq!(waiting(&store).await, [sealed.share()]);
    store
        .end_rejudging(sealed.share(), Some(Awaits::Revocation), &sample::grounds(), &[])
        .await
        .unwrap();
    assert_eq!(waiting(&store).await, [sealed.share()]);
    store.end_rejudging(sealed.share(), None, &sample::grounds(), &[]).await.unwrap();
    assert_eq!(waiting(&store).await, []);
}

async fn waiting_shares_are_listed_page_by_page_the_newest_first(database: &Database) {
    let (store, seal) = (open(database).await, Seal::new());
    let samples: Vec<_> =
        (1..=5).map(|number| Sample { number, second: i64::from(number), ..CARD }).collect();
    for sample in &samples {
        seal.keep(sample, 30, &store).await;
    }
    let mut listed = Vec::new();
    let mut after = None;
    while let [first, ..] =
        store.selected(Select::Awaiting, moment(0), after, 2).await.unwrap().as_slice()
    {
        listed.push(first.place.share());
        after = Some(first.place);
    }
    let newest_first: Vec<_> = samples.iter().rev().map(Sample::share).collect();
    assert_eq!(listed, newest_first);
    let far = moment(0).plus_days(31);
    assert!(
        store
            .destroy_key(samples[4].share(), Term::Share, agreed(far, &store).await)
            .await
            .unwrap()
    );
    assert_eq!(waiting(&store).await.len(), 4, "what is destroyed waits for nothing");
}

async fn a_new_judgement_takes_the_place_of_the_old_one(database: &Database) {
    let (store, seal) = (open(database).await, Seal::new());
    let before = seal.keep(&CARD, 5, &store).await;
    assert_eq!(before.verdict, Verdict::Undetermined);
    let judgement = seal.judgement(&CARD, true, 5);
    assert!(store.rejudge(&rejudged(&before, &judgement), &resealed()).await.unwrap());

    let after = row(&CARD, &store).await;
    assert_eq!(after.verdict, Verdict::Verified);
    assert_eq!(after.assurance, judgement.assurance());
    assert_eq!(after.findings, judgement.findings());
    assert_eq!((after.received_at, after.judged_at), (moment(0), moment(100)));
    let change = VerdictChange { before: Verdict::Undetermined, at: moment(100) };
    assert_eq!((before.verdict_change, after.verdict_change), (None, Some(change)));
    assert_eq!(after.retention.destroy_at, moment(0).plus_days(10));
    assert_eq!(after.retention.reason, RetentionReason::Service);
    let document = &store.documents(CARD.share()).await.unwrap()[0];
    assert_eq!(document.indication, judgement.documents()[0].indication());
    assert_eq!(document.sealed_details, Some(vec![4]));
    let due = store.due(moment(0).plus_days(10), 10).await.unwrap();
    assert_eq!(due[0].destroy_at, after.retention.destroy_at, "the key goes with the share");

    let filter = AuditFilter { action: Some(AuditAction::ShareRejudged), ..Default::default() };
    let audit = store.audit_rows(&filter, 10).await.unwrap();
    assert_eq!(audit.len(), 1);
    assert_eq!(audit[0].entry.share, Some(CARD.share()));
    assert_eq!(audit[0].entry.detail.as_deref(), Some("undetermined -> verified"));
}

async fn no_term_moves_nearer(database: &Database) {
    let (store, seal) = (open(database).await, Seal::new());
    let before = seal.keep(&CARD, 30, &store).await;
    let judgement = seal.judgement(&CARD, true, 30);
    assert_eq!(judgement.retention().destroy_at, moment(0).plus_days(10));
    assert!(store.rejudge(&rejudged(&before, &judgement), &resealed()).await.unwrap());
    assert_eq!(row(&CARD, &store).await.retention, before.retention);
    assert_eq!(store.due(moment(0).plus_days(29), 10).await.unwrap(), []);
    assert_eq!(store.due(moment(0).plus_days(30), 10).await.unwrap().len(), 1);
}

async fn a_term_that_was_counted_anew_stays_so(database: &Database) {
    let (store, seal) = (open(database).await, Seal::new());
    let right = agreed(moment(0), &store).await;
    // Received by a clock ten years ahead; the terms begin when the clock is right.
    let ahead = Sample { second: 3650 * 86_400, ..CARD };
    let received = seal.keep(&ahead, 5, &store).await;
    let right = store.take_time(right.moment().plus_seconds(60), None).await.unwrap().unwrap();
    let before = row(&ahead, &store).await;
    assert_eq!(before.received_at, received.received_at);
    assert_eq!(before.retention.destroy_at, right.moment().plus_days(5));
    let judgement = seal.judgement(&ahead, true, 20);
    assert!(store.rejudge(&rejudged(&before, &judgement), &resealed()).await.unwrap());
    let after = row(&ahead, &store).await;
    assert_eq!(after.verdict, judgement.verdict());
    let end = right.moment().plus_days(20);
    assert_eq!(after.retention.destroy_at, end);
    let due = store.due(end, 10).await.unwrap();
    assert_eq!(due.len(), 1, "the key goes with the share");
}

async fn a_share_that_changed_meanwhile_is_left_alone(database: &Database) {
    let (store, seal) = (open(database).await, Seal::new());
    let before = seal.keep(&CARD, 5, &store).await;
    let judgement = seal.judgement(&CARD, true, 5);
    assert!(store.rejudge(&rejudged(&before, &judgement), &resealed()).await.unwrap());
    assert!(
        !store.rejudge(&rejudged(&before, &judgement), &resealed()).await.unwrap(),
        "done already"
    );

    let gone = Sample { number: 2, ..CARD };
    let before = seal.keep(&gone, 5, &store).await;
    assert!(
        store
            .destroy_key(gone.share(), Term::Share, agreed(moment(0).plus_days(5), &store).await)
            .await
            .unwrap()
    );
    let judgement = seal.judgement(&gone, true, 5);
    assert!(!store.rejudge(&rejudged(&before, &judgement), &resealed()).await.unwrap());
    assert_eq!(row(&gone, &store).await.verdict, Verdict::Undetermined);
    assert_eq!(store.documents(gone.share()).await.unwrap()[0].sealed_details, None);
}

async fn beginnings_are_counted_until_the_end(database: &Database) {
    let (store, seal) = (open(database).await, Seal::new());
    let before = seal.keep(&CARD, 30, &store).await;
    let found = [Finding::of_document(FindingCode::SignatureUndetermined, 1)
        .with_detail("NO_CERTIFICATE_CHAIN_FOUND")];
    assert_eq!(before.findings, found);
    for count in 1..=3 {
        assert_eq!(store.begin_rejudging(CARD.share()).await.unwrap(), count);
    }
    store.end_attempt(CARD.share()).await.unwrap();
    assert_eq!(store.begin_rejudging(CARD.share()).await.unwrap(), 1);
}

/// Of copies that could not be judged at first, what their signatures cover becomes known later, in
/// any order.
async fn what_a_signature_covers_is_known_once_it_passes_and_links_stay(database: &Database) {
    const COVERED: u8 = 99;
    let (store, seal) = (open(database).await, Seal::new());
    let samples: Vec<_> =
        (1..=3).map(|number| Sample { number, second: i64::from(number), ..CARD }).collect();
    for sample in &samples {
        seal.keep(sample, 30, &store).await;
    }
    let duplicates = async |place: usize| {
        let found = row(&samples[place], &store).await.findings.into_iter();
        let found = found.filter(|finding| finding.code == FindingCode::Duplicate);
        found.map(|finding| finding.detail.unwrap()).collect::<Vec<_>>()
    };
    let first = samples[0].share().to_string();
    for (place, expected) in [(2, None), (1, None), (0, None)] {
        assert_eq!(duplicates(place).await.pop(), expected, "nothing is known of them yet");
    }
    for place in [1, 2, 0, 1] {
        let before = row(&samples[place], &store).await;
        let judgement = seal.judgement(&samples[place], true, 30);
        let new = rejudged(&before, &judgement);
        let new = Rejudged {
            judged_at: before.judged_at.plus_seconds(1),
            surely_past: moment(0),
            known_by: known_by(&[samples[place].number, COVERED]),
            ..new
        };
        assert!(store.rejudge(&new, &resealed()).await.unwrap());
        if place == 2 {
            assert_eq!(duplicates(2).await, [samples[1].share().to_string()], "of those that pass");
        }
    }
    assert!(duplicates(0).await.is_empty());
    for later in [1, 2] {
        assert_eq!(duplicates(later).await, [first.as_str()]);
    }
}

async fn each_change_finds_the_shares_that_it_concerns(database: &Database) {
    let (store, seal) = (open(database).await, Seal::new());
    let samples = [1, 2, 3, 4].map(|number| Sample { number, ..CARD });
    let [one, two, three, unsigned] = &samples;
    for sample in [one, two, three] {
        seal.keep(sample, 30, &store).await;
    }
    unsigned.keep(&store).await;
    let grounds = |trust: &[u8], look_at, topics: &[u8]| Grounds {
        trust: Sha256::of(trust),
        look_at,
        topics: topics.iter().map(|topic| fingerprint(&[*topic])).collect(),
    };
    for (sample, awaits, grounds) in [
        (one, Some(Awaits::Revocation), grounds(b"now", Some(moment(500)), &[1, 2])),
        (two, None, grounds(b"now", None, &[2])),
        (three, Some(Awaits::Trust), grounds(b"before", Some(moment(501)), &[1])),
    ] {
        store.end_rejudging(sample.share(), awaits, &grounds, &[]).await.unwrap();
    }
    let found = async |select, now| {
        let selected = store.selected(select, moment(now), None, 100).await.unwrap();
        let mut found: Vec<ShareId> = selected.iter().map(|share| share.place.share()).collect();
        found.sort();
        found
    };
    let (about_one, about_two) = (fingerprint(&[1]), fingerprint(&[2]));
    for (select, now, expected) in [
        (Select::Awaiting, 0, vec![one, three]),
        (Select::AwaitingAbout(about_one), 0, vec![one]),
        (Select::AwaitingAbout(about_two), 0, vec![one]),
        (Select::AwaitingAbout(fingerprint(&[3])), 0, vec![]),
        (Select::RestingOn(about_one), 0, vec![one, three]),
        (Select::RestingOn(about_two), 0, vec![one, two]),
        (Select::Due, 499, vec![]),
        (Select::Due, 500, vec![one]),
        (Select::Due, 501, vec![one, three]),
        (Select::One(two.share()), 0, vec![two]),
        (Select::TrustingOther(Sha256::of(b"now")), 0, vec![three]),
        (Select::TrustingOther(Sha256::of(b"new")), 0, vec![one, two, three]),
        (Select::Awaiting, 30 * 86_400 - 1, vec![one, three]),
        (Select::Awaiting, 30 * 86_400, vec![]),
    ] {
        let mut expected: Vec<_> = expected.into_iter().map(Sample::share).collect();
        expected.sort();
        assert_eq!(found(select, now).await, expected, "{select:?} {now}");
    }
    assert_eq!(store.topics().await.unwrap(), [about_one, about_two].into());
    let far = moment(0).plus_days(31);
    for sample in [one, three] {
        assert!(
            store
                .destroy_key(sample.share(), Term::Share, agreed(far, &store).await)
                .await
                .unwrap()
        );
    }
    assert_eq!(store.topics().await.unwrap(), [about_two].into(), "grounds go with the share");
    assert_eq!(found(Select::RestingOn(about_one), 0).await, []);
}

async fn the_verdict_before_stays_when_only_findings_change(database: &Database) {
    let (store, seal) = (open(database).await, Seal::new());
    let before = seal.keep(&CARD, 30, &store).await;
    let verified = seal.judgement(&CARD, true, 30);
    assert!(store.rejudge(&rejudged(&before, &verified), &resealed()).await.unwrap());
    let changed = row(&CARD, &store).await;
    let again = Rejudged { judged_at: moment(200), ..rejudged(&changed, &verified) };
    assert!(store.rejudge(&again, &resealed()).await.unwrap());
    let after = row(&CARD, &store).await;
    assert_eq!((after.judged_at, after.verdict_change), (moment(200), changed.verdict_change));
    let back = seal.judgement(&CARD, false, 30);
    let again = Rejudged { judged_at: moment(300), ..rejudged(&after, &back) };
    assert!(store.rejudge(&again, &resealed()).await.unwrap());
    let change = VerdictChange { before: Verdict::Verified, at: moment(300) };
    assert_eq!(row(&CARD, &store).await.verdict_change, Some(change));
}
