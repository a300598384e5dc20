//! Keeping and reading shares.

use skrynka::{
    domain::{Actor, BranchScope, ShareId, Term, Verdict},
    store::{AuditAction, AuditFilter, Cursor, Inserted, Sealed, ShareFilter, Store, StoreError},
};

use crate::support::clock::agreed;

use super::{
    Database, moment, on_each_engine,
    sample::{self, Sample, fingerprint},
};

on_each_engine! {
    a_share_is_read_as_it_was_judged,
    the_same_share_again_changes_nothing,
    refuses_a_share_that_is_not_whole_and_keeps_nothing_of_it,
    refuses_a_share_of_a_branch_that_never_was,
    pages_hold_every_share_once_the_newest_first,
    filters_choose,
    a_scope_hides_other_branches,
    counts_what_is_kept_by_verdict,
    an_update_takes_made_up_types_out_of_the_clear,
    names_the_share_that_cannot_be_read,
}

const CARD: Sample =
    Sample { number: 1, branch: "library", second: 0, types: &["student-id-card"] };

async fn open(database: &Database) -> Store {
    let store = database.open().await;
    let registry = sample::registry();
    store.apply_registry(&registry, &Actor::CommandLine, moment(-9)).await.unwrap();
    store
}

async fn all(filter: &ShareFilter, store: &Store) -> Vec<ShareId> {
    let page = store.shares(&BranchScope::All, filter, None, 100).await.unwrap();
    page.items.iter().map(|share| share.id).collect()
}

async fn a_share_is_read_as_it_was_judged(database: &Database) {
    let store = open(database).await;
    let sample = Sample { types: &["student-id-card", "pension-card"], ..CARD };
    let judgement = sample.judgement();
    assert_eq!(sample.keep(&store).await, Inserted::New);

    let share = store.share(sample.share(), &BranchScope::All).await.unwrap().unwrap();
    assert_eq!(share.branch, *judgement.branch());
    assert_eq!(share.service.as_ref(), judgement.service());
    assert_eq!(share.verdict, Verdict::Unsigned);
    assert_eq!(share.assurance, judgement.assurance());
    assert_eq!((share.received_at, share.judged_at), (moment(0), moment(2)));
    assert_eq!(share.retention, judgement.retention());
    assert_eq!(share.destroyed_at, None);
    assert_eq!(share.mail_bytes, 4096);
    assert_eq!(share.findings, judgement.findings());
    assert_eq!(share.sealed_details, Some(sample.text("share", "")));

    let documents = store.documents(sample.share()).await.unwrap();
    let excess: Vec<_> = documents.iter().map(|document| document.excess).collect();
    assert_eq!(excess, [false, true]);
    assert_eq!(documents[1].number, 2);
    assert_eq!(documents[1].type_code.as_str(), "pension-card");
    assert_eq!(documents[1].term, Term::Short);
    assert_eq!(documents[1].size, judgement.documents()[1].size());
    assert_eq!((documents[1].indication, documents[1].sub_indication), (None, None));
    assert_eq!(documents[1].sealed_details, Some(sample.text("document", "2")));

    let key = store.wrapped_key(sample.share(), Term::Short).await.unwrap();
    assert_eq!(key, Some(sample.text("key", "short")));
    assert_eq!(store.mail_term(sample.share()).await.unwrap(), Some(Term::Short));
    let filter = AuditFilter { share: Some(sample.share()), ..AuditFilter::default() };
    let audit = store.audit_rows(&filter, 10).await.unwrap();
    assert_eq!(audit[0].entry.action, AuditAction::ShareReceived);
    assert_eq!(audit[0].entry.detail.as_deref(), Some("unsigned"));
}

async fn the_same_share_again_changes_nothing(database: &Database) {
    let store = open(database).await;
    assert!(!store.has_share(CARD.share()).await.unwrap());
    assert_eq!(CARD.keep(&store).await, Inserted::New);
    assert!(store.has_share(CARD.share()).await.unwrap());
    let before = store.share(CARD.share(), &BranchScope::All).await.unwrap();
    let judgement = CARD.judgement();
    let mut again = CARD.new_share(&judgement);
    again.mail_bytes = 1;
    let sealed = Sealed { details: b"other".to_vec(), ..CARD.sealed(&judgement) };
    assert_eq!(store.insert_share(&again, &sealed).await.unwrap(), Inserted::AlreadyThere);
    assert_eq!(store.share(CARD.share(), &BranchScope::All).await.unwrap(), before);
    let filter = AuditFilter { action: Some(AuditAction::ShareReceived), ..AuditFilter::default() };
    assert_eq!(store.audit_rows(&filter, 10).await.unwrap().len(), 1);
}

async fn refuses_a_share_that_is_not_whole_and_keeps_nothing_of_it(database: &Database) {
    let store = open(database).await;
    let judgement = CARD.judgement();
    let new = CARD.new_share(&judgement);
    let without_key = Sealed { keys: Vec::new(), ..CARD.sealed(&judgement) };
    let error = store.insert_share(&new, &without_key).await.unwrap_err();
    assert!(matches!(error, StoreError::KeyMissing { term: Term::Share, .. }), "{error}");
    let without_document = Sealed { documents: Vec::new(), ..CARD.sealed(&judgement) };
    let error = store.insert_share(&new, &without_document).await.unwrap_err();
    assert!(matches!(error, StoreError::DocumentMissing { number: 1, .. }), "{error}");
    assert_eq!(all(&ShareFilter::default(), &store).await, []);
    assert_eq!(store.wrapped_key(CARD.share(), Term::Share).await.unwrap(), None);
}

async fn refuses_a_share_of_a_branch_that_never_was(database: &Database) {
    let store = database.open().await;
    let judgement = CARD.judgement();
    let refused = store.insert_share(&CARD.new_share(&judgement), &CARD.sealed(&judgement)).await;
    assert!(matches!(refused, Err(StoreError::Database(_))));
    assert_eq!(all(&ShareFilter::default(), &store).await, []);
}

async fn pages_hold_every_share_once_the_newest_first(database: &Database) {
    let store = open(database).await;
    // Some in the same microsecond, so that the order is that of the ids.
    let mut expected = Vec::new();
    for number in 0..23_u8 {
        let second = i64::from(number / 4);
        let branch = if number % 3 == 0 { "school-5" } else { "library" };
        let sample = Sample { number, branch, second, ..CARD };
        sample.keep(&store).await;
        expected.push((moment(second), sample.share()));
    }
    expected.sort_unstable();
    expected.reverse();
    let both =
        BranchScope::Only(["school-5", "library", "school-5"].map(|id| id.parse().unwrap()).into());
    for scope in [BranchScope::All, both] {
        for limit in [1, 5, 23, 100] {
            let mut seen = Vec::new();
            let mut cursor: Option<Cursor> = None;
            loop {
                let filter = ShareFilter::default();
                let page = store.shares(&scope, &filter, cursor, limit).await.unwrap();
                seen.extend(page.items.iter().map(|share| (share.received_at, share.id)));
                assert!(page.items.iter().all(|share| !share.findings.is_empty()));
                let Some(next) = page.next else { break };
                cursor = Some(next.to_string().parse().unwrap());
            }
            assert_eq!(seen, expected, "{scope:?} {limit}");
        }
    }
}

async fn filters_choose(database: &Database) {
    let store = open(database).await;
    let later = Sample { number: 2, second: 60, ..CARD };
    let school = Sample {
        number: 3,
        second: 120,
        branch: "school-5",
        types: &["birth-certificate", "internal-passport"],
    };
    let empty = Sample { number: 4, second: 180, types: &[], ..CARD };
    for sample in [&CARD, &later, &school, &empty] {
        sample.keep(&store).await;
    }
    let none = ShareFilter::default;
    let cases = [
        (none(), vec![&empty, &school, &later, &CARD]),
        (ShareFilter { branch: Some("school-5".parse().unwrap()), ..none() }, vec![&school]),
        (ShareFilter { service: Some("enrolment".parse().unwrap()), ..none() }, vec![&school]),
        (ShareFilter { verdict: Some(Verdict::Unrecognised), ..none() }, vec![&empty]),
        (ShareFilter { message_id: Some(fingerprint(&[2])), ..none() }, vec![&later]),
        (
            ShareFilter {
                message_id: Some(fingerprint(&[2])),
                branch: Some("school-5".parse().unwrap()),
                ..none()
            },
            vec![],
        ),
        (ShareFilter { from: Some(moment(120)), ..none() }, vec![&empty, &school]),
        (ShareFilter { to: Some(moment(120)), ..none() }, vec![&later, &CARD]),
        (ShareFilter { from: Some(moment(60)), to: Some(moment(61)), ..none() }, vec![&later]),
    ];
    for (filter, expected) in cases {
        let expected: Vec<_> = expected.into_iter().map(Sample::share).collect();
        assert_eq!(all(&filter, &store).await, expected, "{filter:?}");
    }
}

async fn a_scope_hides_other_branches(database: &Database) {
    let store = open(database).await;
    CARD.keep(&store).await;
    let school = BranchScope::Only(vec!["school-5".parse().unwrap()]);
    assert_eq!(store.share(CARD.share(), &school).await.unwrap(), None);
    let filters = [
        ShareFilter::default(),
        ShareFilter { branch: Some("library".parse().unwrap()), ..ShareFilter::default() },
        ShareFilter { message_id: Some(fingerprint(&[1])), ..ShareFilter::default() },
    ];
    for scope in [school, BranchScope::Only(Vec::new())] {
        for filter in &filters {
            let page = store.shares(&scope, filter, None, 10).await.unwrap();
            assert!(page.items.is_empty() && page.next.is_none(), "{scope:?} {filter:?}");
        }
        let counts = store.verdict_counts(&scope).await.unwrap();
        assert!(counts.iter().all(|(_, count)| *count == 0), "{scope:?}");
    }
}

async fn counts_what_is_kept_by_verdict(database: &Database) {
    let store = open(database).await;
    let gone = Sample { number: 2, ..CARD };
    let empty = Sample { number: 3, types: &[], ..CARD };
    let school = Sample { number: 4, branch: "school-5", types: &[], ..CARD };
    for sample in [&CARD, &gone, &empty, &school] {
        sample.keep(&store).await;
    }
    let end = moment(0).plus_days(30);
    assert!(store.destroy_key(gone.share(), Term::Share, agreed(end, &store).await).await.unwrap());
    let library = BranchScope::Only(vec!["library".parse().unwrap()]);
    for (scope, unrecognised) in [(BranchScope::All, 2), (library, 1)] {
        let counts = store.verdict_counts(&scope).await.unwrap();
        assert_eq!(counts.len(), Verdict::ALL.len());
        for (verdict, count) in counts {
            let kept = [(Verdict::Unrecognised, unrecognised), (Verdict::Unsigned, 1)];
            let expected = kept.iter().find(|(of, _)| *of == verdict).map_or(0, |(_, kept)| *kept);
            assert_eq!(count, expected, "{scope:?} {verdict}");
        }
    }
}

async fn names_the_share_that_cannot_be_read(database: &Database) {
    let store = open(database).await;
    CARD.keep(&store).await;
    database.tamper("UPDATE shares SET mail_bytes = -1").await;
    let error = store.share(CARD.share(), &BranchScope::All).await.unwrap_err();
    let share = CARD.share();
    assert_eq!(
        error.to_string(),
        format!(
            "the database is damaged: column mail_bytes of table shares, row {share}, holds what \
             this program never writes there; restore a backup"
        )
    );
}

#[test]
fn a_cursor_that_we_did_not_give_out_is_refused() {
    for text in ["", "1", "1.2", "x.019a", "1.00000000-0000-7000-8000-00000000000G"] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
}

async fn an_update_takes_made_up_types_out_of_the_clear(database: &Database) {
    let store = open(database).await;
    CARD.keep(&store).await;
    let taxpayer = Sample { number: 2, types: &["taxpayer-card"], ..CARD };
    taxpayer.keep(&store).await;
    store.close().await;
    // As the version before the step wrote it.
    for sql in [
        "UPDATE documents SET type_code = 'petrenko-olena' WHERE type_code = 'student-id-card'",
        "INSERT INTO findings (share_id, position, code, severity, document, detail)
         SELECT share_id, 90, 'excess_document', 'warning', 1, 'petrenko-olena' FROM documents
         WHERE type_code = 'petrenko-olena'",
        "CREATE TABLE service_requirements (type_code TEXT NOT NULL)",
        "DELETE FROM _sqlx_migrations WHERE version = 18",
    ] {
        database.tamper(sql).await;
    }
    let store = database.open().await;
    for (sample, clear) in [(CARD, "unknown"), (taxpayer, "taxpayer-card")] {
        let documents = store.documents(sample.share()).await.unwrap();
        assert_eq!(documents[0].type_code.as_str(), clear);
        let share = store.share(sample.share(), &BranchScope::All).await.unwrap().unwrap();
        let details = share.findings.iter().filter_map(|finding| finding.detail.as_deref());
        assert!(details.clone().all(|detail| !detail.contains("petrenko")), "{:?}", share.findings);
    }
}
