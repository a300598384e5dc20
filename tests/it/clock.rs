//! A server whose clock is wrong takes mail, judges it, and destroys nothing before somebody agrees
//! with the clock.

use std::{
    fs,
    time::{Duration, UNIX_EPOCH},
};

use skrynka::{
    domain::{Actor, BranchScope, MailId, ShareId, ShareRow, Timestamp},
    sample::client::Client,
    store::{AuditAction, AuditFilter},
};

use crate::support::{
    installation::{Installation, SYNCHRONIZED, Server, both, wait_for},
    registries,
};

/// Sends a mail, which is kept for the quarantine's days, and waits for its verdict.
fn send(server: &Server) -> ShareId {
    let mail: MailId = runtime().block_on(async {
        let mut client = Client::connect(server.smtp, Duration::from_secs(30)).await.unwrap();
        client.hello("mail.example.ua").await.unwrap();
        let from = "testova.osoba@mail.example.ua".parse().unwrap();
        let to = "school@docs.example.ua".parse().unwrap();
        let sent = client.send(Some(&from), &[to], b"Subject: hello\r\n\r\nnothing\r\n").await;
        let sent = sent.unwrap();
        assert!(sent.is_accepted(), "{}", sent.last());
        let words = sent.last().lines.join(" ");
        words.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
    });
    server.wait_until_judged();
    ShareId::of(mail, &"school".parse().unwrap())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

fn has_metric(line: &str, server: &Server) -> bool {
    server.metrics_text().lines().any(|metric| metric == line)
}

/// The share as it is kept. The server must not run.
fn row(id: ShareId, installation: &Installation) -> ShareRow {
    runtime().block_on(async {
        let store = installation.open().await.store().clone();
        store.share(id, &BranchScope::All).await.unwrap().unwrap()
    })
}

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Somebody has looked at the clock on the day on which it all begins.
fn accept_day(installation: &Installation) {
    let accept = ["clock", "accept", "--today", "2026-11-22"];
    let accepted = installation.run_at("2026-11-22 13:00:00", &accept).unwrap();
    assert!(accepted.status.success(), "{}", both(&accepted));
}

#[test]
fn a_clock_ten_years_ahead_destroys_nothing_until_somebody_accepts_it() {
    let installation = Installation::new(registries::SCHOOL);
    let Some(server) = installation.start_at("2026-11-22 12:00:00") else { return };
    let old = send(&server);
    assert!(has_metric("skrynka_clock_accepted 1", &server));
    assert!(server.stop().success());
    accept_day(&installation);

    let later = "2036-11-22 12:00:00";
    let server = installation.start_at(later).unwrap();
    let new = send(&server);
    let (status, ready) = server.readiness();
    assert_eq!(status, 200);
    let how = ready["checks"]["clock"].as_str().unwrap();
    assert!(how.contains("nothing is destroyed"), "{ready}");
    wait_for("the purge has waited", || {
        has_metric("skrynka_retention_runs_total{outcome=\"waited\"} 1", &server).then_some(())
    });
    assert!(has_metric("skrynka_clock_accepted 0", &server));
    assert!(has_metric("skrynka_retention_missed_runs 1", &server));
    let shown = installation.run_at(later, &["clock"]).unwrap();
    assert_eq!(shown.status.code(), Some(1));
    let words = both(&shown);
    assert!(words.contains("not accepted: nothing is destroyed"), "{words}");
    assert!(words.contains("skrynka clock accept --today 2036-11-22"), "{words}");
    let purged = installation.run_at(later, &["purge"]).unwrap();
    assert_eq!(purged.status.code(), Some(1));
    assert!(both(&purged).contains("stands more than a day past"), "{}", both(&purged));
    let refused = ["clock", "accept", "--today", "2026-11-22"];
    let refused = installation.run_at(later, &refused).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(both(&refused).contains("nothing is changed"), "{}", both(&refused));
    assert!(has_metric("skrynka_clock_accepted 0", &server));

    let accepted = ["clock", "accept", "--today", "2036-11-22"];
    let accepted = installation.run_at(later, &accepted).unwrap();
    assert!(accepted.status.success(), "{}", both(&accepted));
    wait_for("what is due is gone", || {
        has_metric("skrynka_retention_purged_total 1", &server).then_some(())
    });
    assert!(has_metric("skrynka_clock_accepted 1", &server));
    assert!(server.stop().success());
    assert!(row(old, &installation).destroyed_at.is_some());
    let new = row(new, &installation);
    assert_eq!(new.destroyed_at, None);
    let is_month = |end: Timestamp| {
        (moment("2036-12-22T12:00:00Z")..moment("2036-12-23T12:00:00Z")).contains(&end)
    };
    assert!(is_month(new.retention.destroy_at), "{}", new.retention.destroy_at);
    let audit = runtime().block_on(async {
        let store = installation.open().await.store().clone();
        let filter =
            AuditFilter { action: Some(AuditAction::ClockAccepted), ..AuditFilter::default() };
        store.audit_rows(&filter, 9).await.unwrap()
    });
    assert_eq!(audit.len(), 2);
    assert!(audit.iter().all(|row| row.entry.actor == Actor::CommandLine));
}

#[test]
fn what_came_by_a_wrong_clock_is_kept_for_its_days_once_the_clock_is_right() {
    let installation = Installation::new(registries::SCHOOL);
    let Some(server) = installation.start_at("2026-11-22 12:00:00") else { return };
    assert!(server.stop().success());
    let shares = ["2000-01-01 00:00:00", "2036-11-22 12:00:00"].map(|wrong| {
        let server = installation.start_at(wrong).unwrap();
        let share = send(&server);
        assert!(has_metric("skrynka_clock_accepted 0", &server));
        assert!(server.stop().success());
        share
    });
    let server = installation.start_at("2026-11-22 18:00:00").unwrap();
    wait_for("the purge has run", || server.log().contains("the purge ran").then_some(()));
    assert!(has_metric("skrynka_retention_purged_total 0", &server));
    assert!(server.stop().success());
    for share in shares {
        let row = row(share, &installation);
        assert_eq!(row.destroyed_at, None);
        let end = row.retention.destroy_at;
        let expected = moment("2026-12-22T18:00:00Z")..moment("2026-12-22T19:00:00Z");
        assert!(expected.contains(&end), "received at {}, kept until {end}", row.received_at);
    }
}

#[test]
fn a_machine_switched_off_for_longer_than_a_day_waits_for_its_time_service() {
    let installation = Installation::new(registries::SCHOOL);
    let Some(server) = installation.start_at("2026-11-22 12:00:00") else { return };
    let share = send(&server);
    assert!(server.stop().success());
    accept_day(&installation);
    let server = installation.start_at("2027-01-11 08:00:00").unwrap();
    wait_for("the purge has waited", || server.log().contains("the purge failed").then_some(()));
    assert!(has_metric("skrynka_clock_accepted 0", &server));
    let touched = fs::File::create(installation.path().join(SYNCHRONIZED)).unwrap();
    let seconds = moment("2027-01-11T08:00:00Z").as_seconds();
    touched.set_modified(UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap())).unwrap();
    wait_for("what is due is gone", || {
        has_metric("skrynka_retention_purged_total 1", &server).then_some(())
    });
    assert!(server.stop().success());
    assert!(row(share, &installation).destroyed_at.is_some());
}
