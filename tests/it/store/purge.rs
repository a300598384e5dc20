//! The purge: never early, never half, never silent.

mod clock;
mod order;
mod traces;

use std::path::Path;

use skrynka::{
    archive::{Archive, Contents},
    clock::{Clock, Witnesses},
    domain::{
        Actor, BranchScope, Finding, FindingCode, RetentionReason, ShareDetails, Term, Timestamp,
    },
    metrics::Metrics,
    retention::{Purge, TrustedTime},
    sealing::MasterKey,
    store::{
        AuditAction, AuditFilter, DueKey, Inserted, KnownBy, NewShare, PurgeProblem, PurgeReport,
        ShareFilter, Store,
    },
    vault::Vault,
};
use tempfile::TempDir;

use crate::support::clock::agreed;

use super::{
    Database, moment, on_each_engine,
    sample::{self, Sample, fingerprint},
};

on_each_engine! {
    nothing_goes_before_its_moment,
    each_term_ends_by_itself,
    a_run_cut_off_after_any_step_is_finished_by_the_next,
    two_runs_at_once_destroy_everything_once,
    objects_that_stay_are_counted_and_tried_again_and_hold_up_no_others,
    without_the_vault_nothing_is_called_destroyed,
    a_run_that_the_database_ends_is_counted_and_what_was_due_stays_so,
    what_is_gone_leaves_a_line_in_ledger_and_audit_and_nothing_personal,
    every_run_is_recorded,
    looking_at_what_is_due_changes_nothing,
    what_is_pending_is_listed_page_by_page,
    the_database_refuses_to_change_the_ledger,
}

/// A share with one document that was asked for and one that was not.
const SHARE: Sample =
    Sample { number: 1, branch: "library", second: 0, types: &["student-id-card", "pension-card"] };

/// What no file may hold once the share is gone.
const NEEDLES: [&str; 2] = ["Тестова Особа", "needle@example.ua"];

/// A database, a vault, and a clock.
struct House<'a> {
    database: &'a Database,
    objects: TempDir,
    master: MasterKey,
    clock: Clock,
    witnesses: Witnesses,
    metrics: Metrics,
}

impl<'a> House<'a> {
    fn new(database: &'a Database) -> Self {
        Self {
            database,
            objects: tempfile::tempdir().unwrap(),
            master: MasterKey::generate().unwrap(),
            clock: Clock::fixed(moment(10)),
            witnesses: Witnesses::new(Path::new("no time service")),
            metrics: Metrics::new(),
        }
    }

    async fn open(&self) -> (Store, Vault) {
        let store = self.database.open().await;
        let registry = sample::registry();
        store.apply_registry(&registry, &Actor::CommandLine, moment(-9)).await.unwrap();
        (store, Vault::make(self.objects.path(), &self.master).unwrap())
    }

    /// Keeps a share as the pipeline does.
    async fn keep(&self, sample: &Sample, store: &Store, vault: &Vault) {
        let signal = Finding::of_share(FindingCode::SenderSpf);
        let signal = signal.with_detail(format!("pass ({})", sender_domain(sample)));
        let judgement = sample.judgement().noting([signal]);
        let known_by = judgement.documents().iter().map(|document| {
            let content = sample.content(document.type_code().as_str());
            (document.number(), vec![vault.fingerprint("document", &content)])
        });
        let stale_from = sample.received_at().plus_days(3);
        let new = NewShare {
            known_by: KnownBy { documents: known_by.collect(), stale_from },
            ..sample.new_share(&judgement)
        };
        let details = ShareDetails {
            sender: Some(NEEDLES[1].parse().unwrap()),
            recipients: Vec::new(),
            message_id: Some(NEEDLES[1].to_owned()),
            subject: Some(NEEDLES[0].to_owned()),
            peer: "192.0.2.1".to_owned(),
        };
        let mail = NEEDLES.concat().into_bytes();
        let contents = Contents { mail, details: &details, records: &[] };
        let archive = Archive::new(store.clone(), vault.clone());
        assert_eq!(archive.keep(&new, contents).await.unwrap(), Inserted::New);
    }

    /// The clock stands there, and an authority agrees.
    fn pass_to(&self, moment: Timestamp) {
        self.clock.set(moment);
        self.witnesses.note_signed(moment);
    }

    fn time(&self, store: &Store) -> TrustedTime {
        let (clock, witnesses) = (self.clock.clone(), self.witnesses.clone());
        TrustedTime::new(store.clone(), clock, witnesses, self.metrics.clone())
    }

    fn purge(&self, store: &Store, vault: &Vault) -> Purge {
        let archive = Archive::new(store.clone(), vault.clone());
        Purge::new(archive, self.metrics.clone(), self.time(store))
    }

    fn object_count(&self) -> usize {
        files(self.objects.path()).len()
    }
}

/// The domain that a share's mail came from.
fn sender_domain(sample: &Sample) -> String {
    format!("testova-osoba-{}.test", sample.number)
}

/// The moment when all of [`SHARE`] is due.
fn end() -> Timestamp {
    SHARE.received_at().plus_days(30)
}

fn key(term: Term) -> DueKey {
    let reason = match term {
        Term::Share => RetentionReason::Quarantine,
        Term::Short => RetentionReason::Excess,
    };
    let branch = SHARE.branch.parse().unwrap();
    DueKey { share: SHARE.share(), term, branch, destroy_at: end(), reason }
}

async fn nothing_goes_before_its_moment(database: &Database) {
    let house = House::new(database);
    let (store, vault) = house.open().await;
    house.keep(&SHARE, &store, &vault).await;
    let purge = house.purge(&store, &vault);
    let objects = house.object_count();

    house.pass_to(Timestamp::from_micros(end().as_micros() - 1));
    assert_eq!(purge.run().await.unwrap(), PurgeReport::default());
    assert!(store.wrapped_key(SHARE.share(), Term::Share).await.unwrap().is_some());
    assert_eq!(house.object_count(), objects);
    assert!(
        !store
            .destroy_key(SHARE.share(), Term::Share, agreed(house.clock.now(), &store).await)
            .await
            .unwrap()
    );

    house.pass_to(end());
    let report = purge.run().await.unwrap();
    assert_eq!((report.considered, report.destroyed, report.failed), (2, 2, 0));
    assert_eq!(house.object_count(), 0);
    for term in Term::ALL {
        assert_eq!(store.wrapped_key(SHARE.share(), term).await.unwrap(), None);
    }
}

async fn each_term_ends_by_itself(database: &Database) {
    let house = House::new(database);
    let (store, vault) = house.open().await;
    house.keep(&SHARE, &store, &vault).await;
    database.tamper("UPDATE data_keys SET destroy_us = destroy_us - 1 WHERE term = 'short'").await;
    house.pass_to(Timestamp::from_micros(end().as_micros() - 1));
    let report = house.purge(&store, &vault).run().await.unwrap();
    assert_eq!((report.considered, report.destroyed), (1, 1));
    let documents = store.documents(SHARE.share()).await.unwrap();
    let sealed: Vec<_> = documents.iter().map(|row| row.sealed_details.is_some()).collect();
    assert_eq!(sealed, [true, false]);
    let share = store.share(SHARE.share(), &BranchScope::All).await.unwrap().unwrap();
    assert_eq!(share.destroyed_at, None);
    assert!(share.sealed_details.is_some());
    assert_eq!(house.object_count(), 1);
}

async fn a_run_cut_off_after_any_step_is_finished_by_the_next(database: &Database) {
    for (number, steps) in (0_u8..).zip(0..=5) {
        let house = House::new(database);
        let sample = Sample { number, ..SHARE };
        let (store, vault) = house.open().await;
        // The case before has passed to the end.
        agreed(moment(10), &store).await;
        house.keep(&sample, &store, &vault).await;
        house.pass_to(end());
        if steps > 0 {
            store.start_purge_run(end()).await.unwrap();
        }
        for term in Term::ALL {
            let key = DueKey { share: sample.share(), ..key(term) };
            if steps > 1 {
                assert!(
                    store.destroy_key(key.share, term, agreed(end(), &store).await).await.unwrap()
                );
            }
            if steps > 2 {
                store.forget_remnants().await.unwrap();
            }
            if steps > 3 {
                vault.destroy(key.share, term).await.unwrap();
            }
            if steps > 4 {
                assert!(store.finish_destruction(&key, end()).await.unwrap());
            }
        }
        store.close().await;

        let (store, vault) = house.open().await;
        let report = house.purge(&store, &vault).run().await.unwrap();
        let left = if steps > 4 { 0 } else { 2 };
        assert_eq!((report.considered, report.destroyed), (left, left), "after {steps} steps");
        assert_eq!(house.object_count(), 0, "after {steps} steps");
        assert_eq!(store.destructions(sample.share()).await.unwrap().len(), 2);
        let filter = AuditFilter {
            share: Some(sample.share()),
            action: Some(AuditAction::ShareDestroyed),
            ..AuditFilter::default()
        };
        assert_eq!(store.audit_rows(&filter, 9).await.unwrap().len(), 2, "after {steps} steps");
        assert_eq!(store.due_count(end()).await.unwrap(), 0, "after {steps} steps");
        store.close().await;
    }
}

async fn two_runs_at_once_destroy_everything_once(database: &Database) {
    let house = House::new(database);
    let (store, vault) = house.open().await;
    for number in 1..=4 {
        house.keep(&Sample { number, ..SHARE }, &store, &vault).await;
    }
    house.pass_to(end());
    let (one, other) = (house.purge(&store, &vault), house.purge(&store, &vault));
    let (one, other) = tokio::join!(one.run(), other.run());
    assert_eq!(one.unwrap().destroyed + other.unwrap().destroyed, 8);
    let filter =
        AuditFilter { action: Some(AuditAction::ShareDestroyed), ..AuditFilter::default() };
    assert_eq!(store.audit_rows(&filter, 99).await.unwrap().len(), 8);
    assert_eq!((store.due_count(end()).await.unwrap(), house.object_count()), (0, 0));
}

async fn objects_that_stay_are_counted_and_tried_again_and_hold_up_no_others(database: &Database) {
    let house = House::new(database);
    let (store, vault) = house.open().await;
    house.keep(&SHARE, &store, &vault).await;
    let stuck = files(house.objects.path())[0].parent().unwrap().join("stuck");
    let other = Sample { number: 2, ..SHARE };
    house.keep(&other, &store, &vault).await;
    // Something that is no object lies where objects lie: the vault does not remove it.
    std::fs::create_dir(&stuck).unwrap();
    house.pass_to(end());
    let purge = house.purge(&store, &vault);
    let report = purge.run().await.unwrap();
    assert_eq!((report.considered, report.destroyed, report.failed), (4, 3, 1));
    assert_eq!(report.problem, Some(PurgeProblem::Objects));
    assert!(house.metrics.render().contains("skrynka_retention_due 1"));
    for term in Term::ALL {
        assert_eq!(store.wrapped_key(SHARE.share(), term).await.unwrap(), None);
    }
    std::fs::remove_dir(&stuck).unwrap();
    let report = purge.run().await.unwrap();
    assert_eq!((report.considered, report.destroyed, report.failed), (1, 1, 0));
    assert_eq!(store.destructions(SHARE.share()).await.unwrap().len(), 2);
}

/// The directory of a volume that is not mounted.
async fn without_the_vault_nothing_is_called_destroyed(database: &Database) {
    let house = House::new(database);
    let (store, vault) = house.open().await;
    house.keep(&SHARE, &store, &vault).await;
    let [marker, away] = ["skrynka-vault", "away"].map(|name| house.objects.path().join(name));
    std::fs::rename(&marker, &away).unwrap();
    house.pass_to(end());
    let purge = house.purge(&store, &vault);
    let report = purge.run().await.unwrap();
    assert_eq!((report.considered, report.destroyed, report.failed), (2, 0, 2));
    assert!(store.destructions(SHARE.share()).await.unwrap().is_empty());
    std::fs::rename(&away, &marker).unwrap();
    assert_eq!(purge.run().await.unwrap().destroyed, 2);
    assert_eq!(store.destructions(SHARE.share()).await.unwrap().len(), 2);
    assert_eq!(house.object_count(), 0);
}

async fn a_run_that_the_database_ends_is_counted_and_what_was_due_stays_so(database: &Database) {
    let house = House::new(database);
    let (store, vault) = house.open().await;
    house.keep(&SHARE, &store, &vault).await;
    std::fs::create_dir(files(house.objects.path())[0].parent().unwrap().join("stuck")).unwrap();
    house.pass_to(end());
    let purge = house.purge(&store, &vault);
    assert_eq!(purge.run().await.unwrap().failed, 1);
    // It cannot begin, and it cannot count.
    for (failed, table) in (2..).zip(["purge_runs", "pending_destructions"]) {
        database.tamper(&format!("ALTER TABLE {table} RENAME TO away")).await;
        purge.run().await.unwrap_err();
        database.tamper(&format!("ALTER TABLE away RENAME TO {table}")).await;
        let metrics = house.metrics.render();
        for line in [
            format!("skrynka_retention_runs_total{{outcome=\"failed\"}} {failed}\n"),
            "skrynka_retention_due 1\n".to_owned(),
        ] {
            assert!(metrics.contains(&line), "{table}: {line} is not in {metrics}");
        }
    }
}

async fn what_is_gone_leaves_a_line_in_ledger_and_audit_and_nothing_personal(database: &Database) {
    let house = House::new(database);
    let (store, vault) = house.open().await;
    house.keep(&SHARE, &store, &vault).await;
    house.pass_to(end().plus_seconds(60));
    house.purge(&store, &vault).run().await.unwrap();

    let ledger = store.destructions(SHARE.share()).await.unwrap();
    let keys: Vec<_> = ledger.iter().map(|line| line.key.clone()).collect();
    assert_eq!(keys, Term::ALL.map(key));
    for line in &ledger {
        assert_eq!((line.documents, line.key_destroyed_at), (1, house.clock.now()));
    }
    let share = store.share(SHARE.share(), &BranchScope::All).await.unwrap().unwrap();
    assert_eq!((share.destroyed_at, share.sealed_details), (Some(house.clock.now()), None));
    assert!(!share.findings.is_empty(), "what was found of the copies stays");
    assert!(!share.findings.iter().any(|finding| finding.code.is_of_sender()));
    let documents = store.documents(SHARE.share()).await.unwrap();
    assert!(documents.iter().all(|document| document.sealed_details.is_none()));
    let message_id = Some(fingerprint(&[SHARE.number]));
    let filter = ShareFilter { message_id, ..ShareFilter::default() };
    let page = store.shares(&BranchScope::All, &filter, None, 9).await.unwrap();
    assert!(page.items.is_empty());
    let audit = store.audit_rows(&AuditFilter::default(), 1).await.unwrap();
    assert_eq!(audit[0].entry.actor, Actor::System);
    assert_eq!(audit[0].entry.detail.as_deref(), Some("short (excess)"));
    assert!(house.metrics.render().contains("skrynka_retention_purged_total 2"));
}

async fn every_run_is_recorded(database: &Database) {
    let house = House::new(database);
    let (store, vault) = house.open().await;
    house.keep(&SHARE, &store, &vault).await;
    let purge = house.purge(&store, &vault);
    house.pass_to(house.clock.now());
    purge.run().await.unwrap();
    house.pass_to(end());
    purge.run().await.unwrap();
    let runs = store.purge_runs(9).await.unwrap();
    let considered: Vec<_> = runs.iter().map(|run| run.report.considered).collect();
    assert_eq!(considered, [2, 0]);
    assert_eq!((runs[0].started_at, runs[0].finished_at), (end(), Some(end())));
}

async fn looking_at_what_is_due_changes_nothing(database: &Database) {
    let house = House::new(database);
    let (store, vault) = house.open().await;
    house.keep(&SHARE, &store, &vault).await;
    let purge = house.purge(&store, &vault);
    assert_eq!(purge.due().await.unwrap(), []);
    house.pass_to(end());
    for _ in 0..2 {
        assert_eq!(purge.due().await.unwrap(), Term::ALL.map(key));
    }
    assert!(store.purge_runs(9).await.unwrap().is_empty());
}

async fn what_is_pending_is_listed_page_by_page(database: &Database) {
    let house = House::new(database);
    let (store, vault) = house.open().await;
    for number in 1..=3 {
        house.keep(&Sample { number, ..SHARE }, &store, &vault).await;
    }
    for key in store.due(end(), 9).await.unwrap() {
        store.destroy_key(key.share, key.term, agreed(end(), &store).await).await.unwrap();
    }
    let whole = store.pending_destructions(None, 9).await.unwrap();
    assert_eq!(whole.len(), 6);
    let mut pages: Vec<DueKey> = Vec::new();
    while let Some(key) = store.pending_destructions(pages.last(), 1).await.unwrap().pop() {
        pages.push(key);
    }
    assert_eq!(pages, whole);
}

async fn the_database_refuses_to_change_the_ledger(database: &Database) {
    let house = House::new(database);
    let (store, vault) = house.open().await;
    house.keep(&SHARE, &store, &vault).await;
    house.pass_to(end());
    house.purge(&store, &vault).run().await.unwrap();
    for sql in ["UPDATE destructions SET documents = 0", "DELETE FROM destructions"] {
        let refused = database.try_to_tamper(sql).await.unwrap_err();
        assert!(refused.contains("rows of the ledger are never"), "{refused}");
    }
}

/// All files under a directory, but the marker of a vault.
fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if !path.ends_with("skrynka-vault") {
            files.push(path);
        }
    }
    files
}
