//! Claims about what a share is judged again by: the branch as it was, and where the mail cannot
//! tell any more, the copies that are kept.

use std::fs;

use super::*;
use crate::{
    domain::FindingCode,
    pipeline::{MAX_ATTEMPTS, tests::purge},
    sample::time_stamp,
};

/// What is lost before a share is judged again.
#[derive(Clone, Copy, Debug)]
enum Loss {
    Mail,
    /// What the branch was like: an earlier version kept the share.
    Version,
    Both,
    /// The mail is there, and one bit of it is another.
    Bit,
    /// The mail is destroyed, and one bit of the copy is another.
    Copy,
}

impl House {
    /// A verified share with a copy that nobody asked for, of which this much is lost.
    async fn with_a_loss(loss: Loss) -> (Self, ShareId) {
        let house = Self::new(RevocationPolicy::Prefer).await;
        let at = moment(0);
        let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, at);
        let other = Copy::new(&"internal-passport".parse().unwrap(), 2, at);
        let share =
            house.send_all(vec![copy.attached(&house.signer, at).unwrap(), other.unsigned()]).await;
        assert_eq!(house.verdict(share).await, Verdict::Verified);
        house.pipeline.clock.set(moment(31 * DAY));
        if matches!(loss, Loss::Mail | Loss::Both | Loss::Copy) {
            let report = house.purge().await;
            assert_eq!((report.destroyed, report.failed), (1, 0), "the short term is over");
        }
        if matches!(loss, Loss::Version | Loss::Both) {
            house.pipeline.archive.store().forget_branch_versions().await;
        }
        if matches!(loss, Loss::Bit | Loss::Copy) {
            house.damage_the_greatest();
        }
        (house, share)
    }

    /// The mail is the greatest of all objects, for its parts are encoded; without it, a copy is.
    fn damage_the_greatest(&self) {
        let mut directories = vec![self.directory.path().join("objects")];
        let mut files = Vec::new();
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    directories.push(entry.path());
                } else {
                    files.push((entry.metadata().unwrap().len(), entry.path()));
                }
            }
        }
        let (_, greatest) = files.into_iter().max().unwrap();
        let mut bytes = fs::read(&greatest).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&greatest, bytes).unwrap();
    }

    pub(super) async fn purge(&self) -> crate::store::PurgeReport {
        let Pipeline { archive, metrics, clock, .. } = self.pipeline.clone();
        purge(archive, metrics, clock).await
    }

    /// From now on the registry is this one.
    fn apply(&mut self, registry: &str) {
        let (_, in_force) = watch::channel(Arc::new(Registry::parse(registry).unwrap()));
        self.pipeline.registry = in_force;
    }

    /// Trusts another authority beside: everything is judged again.
    pub(super) fn trust_another(&self) {
        let mut all = read_certificates(self.authority.certificate()).unwrap();
        let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
        let other = Authority::root(Seed::from([8; 32]), validity).unwrap();
        all.extend(read_certificates(other.certificate()).unwrap());
        self.trust(TrustStore::new(all));
    }
}

/// Whatever form a copy came in, what is kept of it proves it.
#[tokio::test]
async fn a_copy_is_proved_again_from_what_is_kept_of_it() {
    let at = moment(0);
    let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, at);
    let signed: [(&str, Forms); 3] = [
        ("detached", |copy, signer, at| copy.detached(signer, at).unwrap().into()),
        ("attached", |copy, signer, at| vec![copy.attached(signer, at).unwrap()]),
        ("asic-s", |copy, signer, _| vec![otherwise::container(copy, signer, copy)]),
    ];
    for (form, of) in signed {
        let mut house = House::new(RevocationPolicy::Prefer).await;
        let other = Copy::new(&"internal-passport".parse().unwrap(), 2, at);
        let mut all = of(&copy, &house.signer, at);
        all.push(other.unsigned());
        let share = house.send_all(all).await;
        assert_eq!(house.verdict(share).await, Verdict::Verified, "{form}");
        house.pipeline.clock.set(moment(31 * DAY));
        assert_eq!(house.purge().await.destroyed, 1, "the mail is gone");
        house.trust_another();
        house.follow().await;
        assert_eq!(house.verdict(share).await, Verdict::Verified, "{form}");
        house.list(31 * DAY, Some(-1));
        house.follow().await;
        assert_eq!(house.verdict(share).await, Verdict::Invalid, "{form}");
    }
}

type Forms = fn(&Copy, &Signer, Timestamp) -> Vec<Attachment>;

/// The detail of the finding that says why a share is judged otherwise.
pub(super) fn why(row: &ShareRow) -> Option<&str> {
    let finding = row.findings.iter().find(|one| one.code == FindingCode::JudgedOtherwise)?;
    finding.detail.as_deref()
}

#[tokio::test]
async fn whatever_is_lost_a_revocation_ends_what_was_verified() {
    for (loss, reason) in [
        (Loss::Mail, "mail"),
        (Loss::Bit, "mail"),
        (Loss::Version, "service"),
        (Loss::Both, "service"),
    ] {
        let (mut house, share) = House::with_a_loss(loss).await;
        house.list(31 * DAY, Some(-1));
        house.follow().await;
        let row = house.row(share).await;
        assert_eq!(row.verdict, Verdict::Invalid, "{loss:?}");
        assert_eq!((why(&row), row.assurance), (Some(reason), None), "{loss:?}");
        assert_eq!(row.verdict_change.unwrap().before, Verdict::Verified, "{loss:?}");
        assert_eq!(row.service, Some("enrolment".parse().unwrap()), "{loss:?}");
    }
}

#[tokio::test]
async fn whatever_is_lost_a_root_that_is_taken_away_ends_what_was_verified() {
    for loss in [Loss::Mail, Loss::Bit, Loss::Version, Loss::Both] {
        let (mut house, share) = House::with_a_loss(loss).await;
        house.trust(TrustStore::empty());
        house.follow().await;
        let row = house.row(share).await;
        assert_eq!(row.verdict, Verdict::Undetermined, "{loss:?}");
    }
}

/// Nothing shows any more what the copy was, whether it was one that had to be there or not.
#[tokio::test]
async fn a_share_whose_copy_is_damaged_stays_verified_no_longer_than_it_is_judged_again() {
    let (mut house, share) = House::with_a_loss(Loss::Copy).await;
    house.trust_another();
    house.follow().await;
    let row = house.row(share).await;
    assert_eq!((row.verdict, row.assurance), (Verdict::Undetermined, None));
    assert_eq!(why(&row), Some("copy"));
}

/// The try that kept it was cut off before it could say by what it was judged.
#[tokio::test]
async fn a_share_of_an_earlier_try_is_judged_again() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, moment(0));
    let mail = house.draft(vec![copy.attached(&house.signer, moment(0)).unwrap()]).compose();
    let id = mail_id(moment(0)).unwrap();
    let share = house.give_out(id, mail.clone(), 0).await;
    house.follow().await;
    assert_eq!(house.verdict(share).await, Verdict::Verified);
    // The trust of now was looked at before the share was there.
    house.trust(TrustStore::empty());
    house.todo.trust = false;
    house.give_out(id, mail, 0).await;
    let stopping = house.stopping.clone();
    assert!(house.look_through(&stopping).await);
    assert_eq!(house.verdict(share).await, Verdict::Undetermined);
}

#[tokio::test]
async fn what_is_lost_alone_is_no_reason_for_another_verdict() {
    for loss in [Loss::Mail, Loss::Bit, Loss::Version, Loss::Both] {
        let (mut house, share) = House::with_a_loss(loss).await;
        house.list(31 * DAY, None);
        house.trust_another();
        house.follow().await;
        let row = house.row(share).await;
        assert_eq!((row.verdict, row.judged_at), (Verdict::Verified, moment(0)), "{loss:?}");
    }
}

/// A service is changed for those who come, not for those who came.
#[tokio::test]
async fn a_share_is_judged_again_by_the_branch_as_it_was() {
    let service = "
[[branch.service]]
id = \"enrolment-next\"
name = \"Вступ наступного року\"
legal_basis = \"contract\"
documents = [\"birth-certificate\"]
retention_days = 90
signers = \"seal\"
require_fresh = true
";
    for changed in [
        format!("{REGISTRY}{service}"),
        format!("{REGISTRY}active = false\n{service}"),
        REGISTRY.replace("[\"birth-certificate\"]", "[\"birth-certificate\", \"u-id\"]"),
        REGISTRY.replace("\"anchors\"", "\"person\""),
        format!("{REGISTRY}require_fresh = true\nmax_copy_age_hours = 1\n"),
        REGISTRY.replace("id = \"enrolment\"", "id = \"another\""),
        REGISTRY.replace("id = \"school\"", "id = \"lyceum\""),
    ] {
        let mut house = House::new(RevocationPolicy::Prefer).await;
        let share = house.send().await;
        let before = house.row(share).await;
        assert_eq!(before.verdict, Verdict::Verified);
        house.pipeline.clock.set(moment(DAY));
        house.apply(&changed);
        house.trust_another();
        house.follow().await;
        assert_eq!(house.row(share).await, before, "{changed}");
        // Its own proof can fall as before.
        house.list(DAY, Some(-1));
        house.follow().await;
        let row = house.row(share).await;
        assert_eq!((row.verdict, why(&row)), (Verdict::Invalid, None), "{changed}");
    }
}

#[tokio::test]
async fn what_the_cache_forgets_is_not_forgiven() {
    for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
        for was_verified in [true, false] {
            let mut house = House::new(policy).await;
            house.list(60, (!was_verified).then_some(-DAY));
            let share = house.send().await;
            assert_eq!(house.verdict(share).await == Verdict::Verified, was_verified);
            house.pipeline.clock.set(moment(DAY));
            house.list(DAY, Some(-DAY));
            house.follow().await;
            assert_eq!(house.verdict(share).await, Verdict::Invalid);
            let told = house.row(share).await;

            // The cache is empty, a start looks at everything, and trust comes and goes.
            house.pipeline.clock.set(moment(20 * DAY));
            house.revocation.send_replace(Arc::default());
            house.todo = Todo::new();
            house.follow().await;
            assert_eq!(house.row(share).await, told, "{policy:?}");
            house.trust(TrustStore::empty());
            house.follow().await;
            assert_eq!(house.verdict(share).await, Verdict::Undetermined, "whose word is it?");
            house.trust(house.root());
            house.follow().await;
            let again = house.row(share).await;
            assert_eq!((again.verdict, again.findings), (told.verdict, told.findings));

            // It was an error, says the authority.
            house.list(20 * DAY, None);
            house.trust_another();
            house.follow().await;
            assert_eq!(house.verdict(share).await, Verdict::Verified, "{policy:?}");
            house.revocation.send_replace(Arc::default());
            house.trust(house.root());
            house.follow().await;
            assert_eq!(house.verdict(share).await, Verdict::Verified, "{policy:?}");
        }
    }
}

#[tokio::test]
async fn what_was_cleared_stays_cleared_when_the_answer_is_forgotten() {
    for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
        let mut house = House::new(policy).await;
        house.list(60, None);
        let share = house.send().await;
        assert_eq!(house.verdict(share).await, Verdict::Verified);
        house.pipeline.clock.set(moment(60 * DAY));
        house.revocation.send_replace(Arc::default());
        house.trust_another();
        house.follow().await;
        assert_eq!(house.verdict(share).await, Verdict::Verified, "{policy:?}");
        // Whatever else is wrong counts.
        house.trust(TrustStore::empty());
        house.follow().await;
        assert_eq!(house.verdict(share).await, Verdict::Undetermined, "{policy:?}");
        // It was an error, and is mended.
        house.trust(house.root());
        house.follow().await;
        assert_eq!(house.verdict(share).await, Verdict::Verified, "{policy:?}");
    }
}

/// Under `require` one certificate may be unheard of now, and another be revoked: that counts.
#[tokio::test]
async fn what_is_forgotten_hides_nothing_that_is_known_now() {
    let mut house = House::new(RevocationPolicy::Require).await;
    let copies =
        ["birth-certificate", "u-id"].map(|code| Copy::new(&code.parse().unwrap(), 1, moment(0)));
    let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
    let mut other = Authority::root(Seed::from([9; 32]), validity).unwrap();
    let second = other.signer(Subject::Organisation, KeyAlgorithm::P256, validity).unwrap();
    let mut roots = read_certificates(house.authority.certificate()).unwrap();
    roots.extend(read_certificates(other.certificate()).unwrap());
    house.trust(TrustStore::new(roots));
    let both = REGISTRY.replace("[\"birth-certificate\"]", "[\"birth-certificate\", \"u-id\"]");
    house.apply(&both);
    house.list(60, None);
    let list = |since: Option<i64>, at: i64, other: &mut Authority| {
        let revoked =
            since.map(|since| Revoked { signer: &second, since: moment(since), compromised: None });
        other.revocation_list(1, revoked.as_slice(), Validity::days(moment(at), 7)).unwrap()
    };
    let mut known = RevocationStore::clone(&house.revocation.borrow());
    known.add(&list(None, 60, &mut other)).unwrap();
    house.revocation.send_replace(Arc::new(known));
    let all = vec![
        copies[0].attached(&house.signer, moment(0)).unwrap(),
        copies[1].attached(&second, moment(0)).unwrap(),
    ];
    let share = house.send_all(all).await;
    assert_eq!(house.verdict(share).await, Verdict::Verified);
    // The first is forgotten, the second turns out to be revoked.
    house.pipeline.clock.set(moment(DAY));
    let mut known = RevocationStore::empty();
    known.add(&list(Some(-DAY), DAY, &mut other)).unwrap();
    house.revocation.send_replace(Arc::new(known));
    house.follow().await;
    assert!(house.verdict(share).await <= Verdict::Undetermined);
}

/// A key that was in other hands at the receipt, by a revocation of a later date.
#[tokio::test]
async fn a_compromise_that_the_cache_forgets_is_not_forgiven() {
    for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
        let mut house = House::new(policy).await;
        house.list(60, None);
        let share = house.send().await;
        assert_eq!(house.verdict(share).await, Verdict::Verified);
        house.pipeline.clock.set(moment(2 * DAY));
        house.list_with(2 * DAY, Some((DAY, Some(-10 * DAY))));
        house.follow().await;
        let told = house.row(share).await;
        assert_eq!(told.verdict, Verdict::Undetermined, "{policy:?}");
        house.pipeline.clock.set(moment(20 * DAY));
        house.revocation.send_replace(Arc::default());
        house.trust_another();
        house.follow().await;
        assert_eq!(house.row(share).await, told, "{policy:?}");
    }
}

/// Signed before the revocation by a time-stamp, and received after it: without the time-stamp the
/// signature is as old as its receipt, and the revocation counts, whether the cache has it or not.
#[tokio::test]
async fn a_revocation_after_the_signature_counts_when_its_time_stamp_falls() {
    for (forgets, falls) in [(false, false), (true, false), (true, true)] {
        let mut house = House::new(RevocationPolicy::Prefer).await;
        let (at, validity) =
            (moment(-7200), Validity { from: moment(-30 * DAY), to: moment(300 * DAY) });
        let mut other = Authority::root(Seed::from([9; 32]), validity).unwrap();
        let stamps = other.signer(Subject::TimeStamping, KeyAlgorithm::P256, validity).unwrap();
        let mut trusted = read_certificates(house.authority.certificate()).unwrap();
        trusted.push(Certificate::parse(stamps.certificate()).unwrap());
        house.trust(TrustStore::new(trusted));
        house.list(60, Some(-3600));
        let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, at);
        let mut file = copy.attached(&house.signer, at).unwrap();
        file.content = time_stamp::stamped(&file.content, &stamps, at).unwrap();
        let share = house.send_all(vec![file]).await;
        assert_eq!(house.verdict(share).await, Verdict::Verified);

        house.pipeline.clock.set(moment(20 * DAY));
        if forgets {
            house.revocation.send_replace(Arc::default());
        }
        // Between, nobody is trusted, and the report says nothing of revocation.
        if falls {
            house.trust(TrustStore::empty());
            house.follow().await;
            assert_eq!(house.verdict(share).await, Verdict::Undetermined);
        }
        house.trust(house.root());
        house.follow().await;
        let row = house.row(share).await;
        assert_eq!((row.verdict, why(&row)), (Verdict::Invalid, None), "{forgets} {falls}");
    }
}

/// The purge runs each hour; nothing that happens before it gives a share another day.
#[tokio::test]
async fn a_share_whose_day_has_come_is_not_judged_again() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    let share = house.send().await;
    let before = house.row(share).await;
    assert_eq!(before.retention.destroy_at, moment(90 * DAY));
    house.pipeline.clock.set(moment(90 * DAY));
    house.trust(TrustStore::empty());
    house.follow().await;
    assert_eq!(house.row(share).await, before);
    house.purge().await;
    assert_eq!(house.row(share).await.destroyed_at, Some(moment(90 * DAY)));
}

#[tokio::test]
async fn a_share_that_stops_the_program_when_it_is_judged_again_does_not_stay_verified() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    let share = house.send().await;
    house.pipeline.clock.set(moment(DAY));
    for _ in 0..MAX_ATTEMPTS {
        house.pipeline.archive.store().begin_rejudging(share).await.unwrap();
    }
    house.trust(TrustStore::empty());
    house.follow().await;
    let row = house.row(share).await;
    assert_eq!((row.verdict, why(&row)), (Verdict::Malformed, Some("stopped")));
    assert!(row.findings.iter().any(|one| one.code == FindingCode::CrashedWhileOpening));
}

#[tokio::test]
async fn a_share_that_is_gone_is_not_tried_again() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    house.todo.retries.failed(ShareId::from_bytes([1; 16]), Instant::now() - Retries::LONGEST);
    house.follow().await;
    assert_eq!(house.todo.retries.pause(Instant::now()), None);
}

#[test]
fn the_pauses_between_tries_of_one_share_grow_and_end_with_success() {
    let now = Instant::now();
    let mut retries = Retries::default();
    assert_eq!(retries.pause(now), None);
    let share = ShareId::from_bytes([1; 16]);
    let mut pauses = Vec::new();
    for _ in 0..9 {
        retries.failed(share, now);
        assert!(retries.is_pending(share, now));
        pauses.extend(retries.pause(now).map(|pause| pause.as_secs()));
    }
    assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
    assert_eq!(retries.due(now + Retries::LONGEST), [share]);
    retries.forget(share);
    assert_eq!(retries.pause(now), None);
}

#[tokio::test]
async fn a_share_that_panics_when_it_is_judged_again_is_tried_a_few_times() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    let share = house.accept(b"X-Stops-The-Program: yes\r\n\r\n".to_vec(), MAX_ATTEMPTS).await;
    assert_eq!(house.verdict(share).await, Verdict::Malformed, "it is kept unopened");
    let mut runs = 0;
    loop {
        house.workers.outdated.add([share]);
        house.follow().await;
        if house.todo.retries.due(Instant::now() + Retries::LONGEST).is_empty() {
            break;
        }
        runs += 1;
    }
    assert_eq!(runs, MAX_ATTEMPTS);
    assert_eq!(house.verdict(share).await, Verdict::Malformed);
}
