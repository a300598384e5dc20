//! Claims about shares that cannot be judged again as they were judged at first: the mail is gone,
//! the registry has no longer what they were judged by, or judging them stops the program.

use super::*;
use crate::{domain::FindingCode, pipeline::MAX_ATTEMPTS, retention::Purge};

/// What became of the shares before they are judged again.
#[derive(Clone, Copy, Debug)]
enum Loss {
    Mail,
    Branch,
    Service,
    MailAndService,
}

impl House {
    /// A verified share with a copy that nobody asked for, of which this much is lost.
    async fn with_a_loss(loss: Loss) -> (Self, ShareId) {
        let mut house = Self::new(RevocationPolicy::Prefer).await;
        let at = moment(0);
        let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, at);
        let other = Copy::new(&"internal-passport".parse().unwrap(), 2, at);
        let share =
            house.send_all(vec![copy.attached(&house.signer, at).unwrap(), other.unsigned()]).await;
        assert_eq!(house.verdict(share).await, Verdict::Verified);
        house.pipeline.clock.set(moment(31 * DAY));
        if matches!(loss, Loss::Mail | Loss::MailAndService) {
            let Pipeline { store, vault, metrics, clock, .. } = house.pipeline.clone();
            let report = Purge::new(store, vault, metrics, clock).run().await.unwrap();
            assert_eq!((report.destroyed, report.failed), (1, 0), "the short term is over");
        }
        let without = match loss {
            Loss::Mail => REGISTRY.to_owned(),
            Loss::Branch => REGISTRY.replace("id = \"school\"", "id = \"lyceum\""),
            Loss::Service | Loss::MailAndService => {
                REGISTRY.replace("id = \"enrolment\"", "id = \"another\"")
            }
        };
        let (_, registry) = watch::channel(Arc::new(Registry::parse(&without).unwrap()));
        house.pipeline.registry = registry;
        (house, share)
    }
}

/// The detail of the finding that says why a share is judged otherwise.
fn why(row: &ShareRow) -> Option<&str> {
    let finding = row.findings.iter().find(|one| one.code == FindingCode::JudgedOtherwise)?;
    finding.detail.as_deref()
}

#[tokio::test]
async fn whatever_is_lost_a_revocation_ends_what_was_verified() {
    for (loss, reason) in [
        (Loss::Mail, "mail"),
        (Loss::Branch, "registry"),
        (Loss::Service, "registry"),
        (Loss::MailAndService, "mail"),
    ] {
        let (mut house, share) = House::with_a_loss(loss).await;
        house.list(31 * DAY, Some(-1));
        house.follow().await;
        let row = house.row(share).await;
        assert!(row.verdict <= Verdict::Undetermined, "{loss:?}: {}", row.verdict);
        assert_eq!(why(&row), Some(reason), "{loss:?}");
        assert_eq!(row.verdict_change.unwrap().before, Verdict::Verified, "{loss:?}");
        assert_eq!(row.service, Some("enrolment".parse().unwrap()), "{loss:?}");
    }
}

#[tokio::test]
async fn whatever_is_lost_a_root_that_is_taken_away_ends_what_was_verified() {
    for loss in [Loss::Mail, Loss::Branch, Loss::Service, Loss::MailAndService] {
        let (mut house, share) = House::with_a_loss(loss).await;
        house.trust(TrustStore::empty());
        house.follow().await;
        let row = house.row(share).await;
        assert_eq!(row.verdict, Verdict::Undetermined, "{loss:?}");
    }
}

#[tokio::test]
async fn what_is_lost_alone_is_no_reason_for_another_verdict() {
    for loss in [Loss::Mail, Loss::Branch, Loss::Service, Loss::MailAndService] {
        let (mut house, share) = House::with_a_loss(loss).await;
        // A list that revokes nobody, and a root more.
        house.list(31 * DAY, None);
        let mut all = read_certificates(house.authority.certificate()).unwrap();
        let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
        let other = Authority::root(Seed::from([8; 32]), validity).unwrap();
        all.extend(read_certificates(other.certificate()).unwrap());
        house.trust(TrustStore::new(all));
        house.follow().await;
        let row = house.row(share).await;
        assert_eq!((row.verdict, row.judged_at), (Verdict::Verified, moment(0)), "{loss:?}");
    }
}

#[tokio::test]
async fn a_share_that_stops_the_program_when_it_is_judged_again_does_not_stay_verified() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    let share = house.send().await;
    house.pipeline.clock.set(moment(DAY));
    for _ in 0..MAX_ATTEMPTS {
        house.pipeline.store.begin_rejudging(share).await.unwrap();
    }
    house.trust(TrustStore::empty());
    house.follow().await;
    let row = house.row(share).await;
    assert_eq!(row.verdict, Verdict::Malformed);
    assert!(row.findings.iter().any(|one| one.code == FindingCode::CrashedWhileOpening));
}

#[tokio::test]
async fn a_share_that_panics_when_it_is_judged_again_is_tried_a_few_times() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    let share = house.accept(b"X-Stops-The-Program: yes\r\n\r\n".to_vec(), MAX_ATTEMPTS).await;
    assert_eq!(house.verdict(share).await, Verdict::Malformed, "it is kept unopened");
    let mut runs = 0;
    loop {
        house.floor.outdated.add([share]);
        let stopping = house.stopping.clone();
        if house.pipeline.rejudge_all(&mut house.todo, &house.floor, &stopping).await {
            break;
        }
        runs += 1;
    }
    assert_eq!(runs, MAX_ATTEMPTS);
    assert_eq!(house.verdict(share).await, Verdict::Malformed);
}
