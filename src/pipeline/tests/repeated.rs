//! The same copy again: the first is who was received first, whatever becomes of the mails.

use super::*;
use crate::domain::{Finding, FindingCode, FirstReceipt};

const SCHOOL: &str = "school@docs.example.ua";
const LIBRARY_BOX: &str = "library@docs.example.ua";

impl House {
    /// A mail with one copy, received a second after the one before.
    async fn accept_copy(&self, number: u8, recipients: &[&str]) -> MailId {
        self.pipeline.clock.set(self.pipeline.clock.now().plus_seconds(1));
        let name = "birth-certificate-0000000000001-01.09.2026-10:00:00.pdf";
        let message = format!(
            "MIME-Version: 1.0\r\nContent-Type: application/pdf; name=\"{name}\"\r\n\
             Content-Disposition: attachment; filename=\"{name}\"\r\n\r\n%PDF-1.7 copy {number}\r\n"
        );
        self.accept_message(recipients, message.into_bytes()).await
    }

    async fn judge_next(&self) -> Result<(), PipelineError> {
        let pending = self.pipeline.spool.next().await;
        self.judge(pending).await
    }

    /// Where the copy of a share came first; `None` when it is no duplicate.
    async fn first(&self, mail: MailId, branch: &str) -> Option<String> {
        let share = share_of(mail, branch);
        let row = self.pipeline.archive.store().share(share, &BranchScope::All).await.unwrap();
        let findings: Vec<Finding> = row.expect("it is judged").findings;
        let mut duplicates = findings.into_iter().filter(|f| f.code == FindingCode::Duplicate);
        let first = duplicates.next();
        assert_eq!(duplicates.next(), None);
        first.map(|finding| finding.detail.unwrap())
    }

    /// Lets the time pass and destroys what is due.
    async fn purge_after(&self, days: u32) {
        let Pipeline { archive, metrics, clock, .. } = self.pipeline.clone();
        clock.set(clock.now().plus_days(days));
        purge(archive, metrics, clock).await;
    }
}

/// Whether what stands in the way of one share's objects stands in the way of the other's, too.
fn in_one_directory(one: ShareId, other: ShareId) -> bool {
    one.as_bytes().last() == other.as_bytes().last()
}

fn share_text(mail: MailId, branch: &str) -> String {
    share_of(mail, branch).to_string()
}

#[tokio::test]
async fn a_retry_that_commits_late_is_the_first_all_the_same() {
    let house = House::new().await;
    let first = house.accept_copy(1, &[SCHOOL]).await;
    let mut second = house.accept_copy(1, &[SCHOOL]).await;
    while in_one_directory(share_of(first, "school"), share_of(second, "school")) {
        second = house.accept_copy(1, &[SCHOOL]).await;
    }
    let in_the_way = house.block_objects(first, "school");
    let pending = house.pipeline.spool.next().await;
    house.judge(pending).await.unwrap_err();
    while house.verdict(second, "school").await.is_none() {
        let _ = house.judge_next().await;
    }
    assert_eq!(house.first(second, "school").await, None, "the other is not judged yet");
    fs::remove_file(in_the_way).unwrap();
    house.judge(pending).await.unwrap();
    assert_eq!(house.first(first, "school").await, None);
    assert_eq!(house.first(second, "school").await, Some(share_text(first, "school")));
}

#[tokio::test]
async fn of_one_mail_to_two_branches_the_second_is_the_duplicate() {
    let house = House::new().await;
    house.has_library();
    let orders = [
        [(SCHOOL, "school"), (LIBRARY_BOX, "library")],
        [(LIBRARY_BOX, "library"), (SCHOOL, "school")],
    ];
    for (number, [(one, first), (two, second)]) in (1..).zip(orders) {
        // A second address of a branch changes nothing.
        let mail = house.accept_copy(number, &[one, two, one]).await;
        house.judge_next().await.unwrap();
        assert_eq!(house.first(mail, first).await, None);
        assert_eq!(house.first(mail, second).await, Some(share_text(mail, first)));
    }
}

#[tokio::test]
async fn a_mail_cut_off_between_two_branches_ends_as_if_it_were_not() {
    let house = House::new().await;
    house.has_library();
    let (mut number, mut mail) = (1, house.accept_copy(1, &[SCHOOL, LIBRARY_BOX]).await);
    while in_one_directory(share_of(mail, "school"), share_of(mail, "library")) {
        house.judge_next().await.unwrap();
        number += 1;
        mail = house.accept_copy(number, &[SCHOOL, LIBRARY_BOX]).await;
    }
    let in_the_way = house.block_objects(mail, "library");
    let pending = house.pipeline.spool.next().await;
    house.judge(pending).await.unwrap_err();
    fs::remove_file(in_the_way).unwrap();
    let first = Some(share_text(mail, "school"));
    let later = house.accept_copy(number, &[LIBRARY_BOX]).await;
    house.judge_next().await.unwrap();
    assert_eq!(house.first(later, "library").await, first);
    house.judge(pending).await.unwrap();
    assert_eq!(house.first(mail, "library").await, first);
    assert_eq!(house.first(later, "library").await, first);
}

#[tokio::test]
async fn a_branch_that_is_put_back_is_in_its_place_among_the_recipients() {
    let house = House::new().await;
    let mail = house.accept_copy(1, &[LIBRARY_BOX, SCHOOL]).await;
    let pending = house.pipeline.spool.next().await;
    house.judge(pending).await.unwrap_err();
    assert_eq!(house.first(mail, "school").await, None);
    house.has_library();
    house.judge(pending).await.unwrap();
    assert_eq!(house.first(mail, "library").await, None);
    assert_eq!(house.first(mail, "school").await, Some(share_text(mail, "library")));
}

#[tokio::test]
async fn a_copy_is_known_after_the_purge_until_it_is_too_old_to_pass_for_fresh() {
    // Shares are kept for 30 days here. With these hours a copy is fresh for 40 days.
    let patient =
        REGISTRY.replace("retention_days = 90", "retention_days = 90\nmax_copy_age_hours = 960");
    for (registry, days, expected) in [
        (patient.as_str(), 31, Some(FirstReceipt::Destroyed.to_string())),
        (patient.as_str(), 42, None),
        (REGISTRY, 31, None),
    ] {
        let house = House::new().await;
        house.registry.send_replace(Arc::new(Registry::parse(registry).unwrap()));
        let first = house.accept_copy(1, &[SCHOOL]).await;
        house.judge_next().await.unwrap();
        house.purge_after(29).await;
        let second = house.accept_copy(1, &[SCHOOL]).await;
        house.judge_next().await.unwrap();
        assert_eq!(
            house.first(second, "school").await,
            Some(share_text(first, "school")),
            "not yet"
        );

        let house = House::new().await;
        house.registry.send_replace(Arc::new(Registry::parse(registry).unwrap()));
        house.accept_copy(1, &[SCHOOL]).await;
        house.judge_next().await.unwrap();
        house.purge_after(days).await;
        let again = house.accept_copy(1, &[SCHOOL]).await;
        house.judge_next().await.unwrap();
        assert_eq!(house.first(again, "school").await, expected, "after {days} days");
    }
}
