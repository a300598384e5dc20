//! Claims about shares whose mail, judged again, gives other documents than are kept.

use super::*;
use crate::{
    asn1::Element,
    domain::{DocumentRow, FindingCode},
    signature::{
        asic::sample::{Plan, archive},
        sample::tlv,
    },
    trust::revocation_sample::ListDraft,
};

/// The service may have a second copy and need not.
async fn with_an_optional_type() -> House {
    let registry = REGISTRY.replace(
        "documents = [\"birth-certificate\"]",
        "documents = [\"birth-certificate\", { type = \"taxpayer-card\", optional = true }]",
    );
    let house = House::with_registry(RevocationPolicy::Require, &registry).await;
    house.list(60, None);
    house
}

impl House {
    async fn documents(&self, share: ShareId) -> Vec<DocumentRow> {
        self.pipeline.archive.store().documents(share).await.unwrap()
    }

    /// Whether the page says that the mail was judged otherwise than it is kept.
    async fn says_so(&self, share: ShareId) -> bool {
        let row = self.row(share).await;
        row.findings.iter().any(|finding| finding.code == FindingCode::JudgedOtherwise)
    }

    fn validity() -> Validity {
        Validity { from: moment(-30 * DAY), to: moment(300 * DAY) }
    }

    /// Copies that nobody asked for, by a signer of the same authority, each with 16 signatures.
    fn junk(&mut self, count: u64) -> Vec<Attachment> {
        let own = self.authority.signer(Subject::Person, KeyAlgorithm::P256, Self::validity());
        let (own, at) = (own.unwrap(), moment(0));
        let copies = (0..count).map(|number| {
            let copy = Copy::new(&"internal-passport".parse().unwrap(), 100 + number, at);
            let mut copy = copy.attached(&own, at).unwrap();
            copy.content = multiply(&copy.content, 16);
            copy
        });
        copies.collect()
    }
}

/// A container of `copy` with its signature by `signer`, under the name of `named`.
pub(super) fn container(copy: &Copy, signer: &Signer, named: &Copy) -> Attachment {
    let [_, signature] = copy.detached(signer, moment(0)).unwrap();
    let content = archive(&[
        Plan::new("mimetype", b"application/vnd.etsi.asic-s+zip"),
        Plan::new("a.pdf", copy.content()),
        Plan::new("META-INF/signature.p7s", &signature.content),
    ]);
    Attachment {
        name: named.name().replace(".pdf", ".asics"),
        media_type: "application/vnd.etsi.asic-s+zip".to_owned(),
        content,
    }
}

/// A file that nothing tells the type of.
fn unknown() -> Attachment {
    let copy = Copy::new(&"birth-certificate".parse().unwrap(), 3, moment(0));
    Attachment { name: "scan.pdf".to_owned(), ..copy.unsigned() }
}

/// A signed file whose last `SignerInfo` stands there so many times.
fn multiply(cms: &[u8], times: usize) -> Vec<u8> {
    let mut outer = Element::only(cms).unwrap().inside().unwrap();
    let kind = outer.next().unwrap();
    let wrapped = outer.next().unwrap();
    let mut inner = Element::only(wrapped.value).unwrap().inside().unwrap();
    let mut parts = Vec::new();
    while !inner.is_finished() {
        parts.push(inner.next().unwrap());
    }
    let signers = parts.pop().unwrap();
    let signers = tlv(0x31, &[&signers.value.repeat(times)]);
    let parts = parts.iter().map(|part| part.raw).chain([signers.as_slice()]);
    let parts: Vec<&[u8]> = parts.collect();
    tlv(0x30, &[kind.raw, &tlv(0xa0, &[&tlv(0x30, &parts)])])
}

/// Lists of another authority than the signer's: nothing is proved of them before they are asked.
fn lists_of_others(count: u32) -> RevocationStore {
    let mut store = RevocationStore::empty();
    let mut list = ListDraft::new("0615", "0622").der();
    let signature_end = list.len() - 4;
    for number in 0..count {
        list[signature_end..].copy_from_slice(&number.to_be_bytes());
        store.add(&list).unwrap();
    }
    store
}

#[tokio::test]
async fn a_revocation_that_splits_the_share_otherwise_ends_its_verdict() {
    for signed_in_container in [false, true] {
        let mut house = with_an_optional_type().await;
        let at = moment(0);
        let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, at);
        let card = Copy::new(&"taxpayer-card".parse().unwrap(), 2, at);
        // The same content twice: what counts of it depends on what the signature is worth.
        let pair = if signed_in_container {
            let same = Attachment { name: card.name().to_owned(), ..copy.unsigned() };
            vec![container(&copy, &house.signer, &copy), same]
        } else {
            let mut stranger = Authority::root(Seed::from([9; 32]), House::validity()).unwrap();
            let stranger =
                stranger.signer(Subject::Person, KeyAlgorithm::P256, House::validity()).unwrap();
            vec![copy.attached(&house.signer, at).unwrap(), container(&copy, &stranger, &card)]
        };
        let share = house.send_all(pair.into_iter().chain([unknown()]).collect()).await;
        assert_eq!(house.verdict(share).await, Verdict::Verified, "{signed_in_container}");
        let kept = house.documents(share).await;

        house.pipeline.clock.set(moment(DAY));
        house.list(DAY, Some(-1));
        house.follow().await;
        let row = house.row(share).await;
        assert_eq!(row.verdict, Verdict::Invalid, "{signed_in_container}: {:?}", row.findings);
        let change = row.verdict_change.unwrap();
        assert_eq!((change.before, change.at), (Verdict::Verified, moment(DAY)));
        assert_eq!((row.service, row.assurance), (Some("enrolment".parse().unwrap()), None));
        house.trust(TrustStore::empty());
        house.follow().await;
        assert!(house.verdict(share).await <= Verdict::Undetermined);
        let split = |documents: Vec<DocumentRow>| {
            documents.into_iter().map(|one| (one.number, one.term, one.size)).collect::<Vec<_>>()
        };
        assert_eq!(split(house.documents(share).await), split(kept), "nothing kept is moved");
    }
}

#[tokio::test]
async fn a_root_that_splits_the_share_otherwise_leaves_a_doubt_until_it_is_back() {
    let mut house = with_an_optional_type().await;
    let at = moment(0);
    let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, at);
    let card = Copy::new(&"taxpayer-card".parse().unwrap(), 2, at);
    let same = Attachment { name: card.name().to_owned(), ..copy.unsigned() };
    let all = vec![container(&copy, &house.signer, &copy), same, unknown()];
    let share = house.send_all(all).await;
    assert_eq!(
        (house.verdict(share).await, house.says_so(share).await),
        (Verdict::Verified, false)
    );
    house.pipeline.clock.set(moment(DAY));
    house.trust(TrustStore::empty());
    house.follow().await;
    let (verdict, says_so) = (house.verdict(share).await, house.says_so(share).await);
    assert_eq!((verdict, says_so), (Verdict::Undetermined, true));
    // It stays so, also after a restart, until it is split as it is kept.
    house.pipeline.clock.set(moment(2 * DAY));
    house.todo = Todo::new();
    house.follow().await;
    let row = house.row(share).await;
    assert_eq!((row.verdict, row.judged_at), (Verdict::Undetermined, moment(DAY)));
    house.trust(house.root());
    house.follow().await;
    assert_eq!(
        (house.verdict(share).await, house.says_so(share).await),
        (Verdict::Verified, false)
    );
}

/// What was asked for is proved by itself then, and what is known of its signer counts.
#[tokio::test]
async fn a_mail_that_is_over_its_budget_when_it_is_judged_again_is_judged_by_its_copies() {
    for (revoked, expected) in [(None, Verdict::Verified), (Some(-DAY), Verdict::Invalid)] {
        let mut house = House::new(RevocationPolicy::Prefer).await;
        let at = moment(0);
        let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, at);
        let mut all = vec![copy.attached(&house.signer, at).unwrap()];
        all.extend(house.junk(32));
        let share = house.send_all(all).await;
        assert_eq!(house.verdict(share).await, Verdict::Verified);
        // The list that is now at hand has a signature too, to be checked for each of the junk's.
        house.pipeline.clock.set(moment(3600));
        house.list(3600, revoked);
        house.follow().await;
        assert_eq!(house.verdict(share).await, expected);
        assert_eq!(house.says_so(share).await, revoked.is_some());
        assert_eq!(house.documents(share).await.len(), 33, "what is kept stays");
    }
}

#[tokio::test]
async fn a_cache_that_grows_does_not_end_what_is_judged_again() {
    let mut house = House::new(RevocationPolicy::Require).await;
    let at = moment(0);
    house.revocation.send_replace(Arc::new(lists_of_others(500)));
    house.list(60, None);
    let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, at);
    let mut all = vec![copy.attached(&house.signer, at).unwrap()];
    all.extend(house.junk(20));
    let share = house.send_all(all).await;
    assert_eq!(house.verdict(share).await, Verdict::Verified);
    house.pipeline.clock.set(moment(DAY));
    let mut more = lists_of_others(3500);
    more.extend(&house.revocation.borrow());
    house.revocation.send_replace(Arc::new(more));
    house.list(DAY, Some(-DAY));
    house.follow().await;
    assert_eq!(house.verdict(share).await, Verdict::Invalid);
}

#[tokio::test]
async fn a_genuine_mail_passes_beside_a_full_cache() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    house.revocation.send_replace(Arc::new(lists_of_others(20_000)));
    let mut below = house.authority.subordinate(House::validity()).unwrap();
    let signer = below.signer(Subject::Organisation, KeyAlgorithm::P256, House::validity());
    let (signer, at) = (signer.unwrap(), moment(0));
    let copies = (0..30).map(|number| {
        let copy = Copy::new(&"birth-certificate".parse().unwrap(), number, at);
        copy.attached(&signer, at).unwrap()
    });
    let share = house.send_all(copies.collect()).await;
    let row = house.row(share).await;
    assert_eq!(row.verdict, Verdict::Verified, "{:?}", row.findings.first());
}
