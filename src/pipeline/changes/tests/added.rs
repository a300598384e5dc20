//! Claims about a PDF file to which something was added after it was signed.

use bytes::Bytes;

use super::*;
use crate::{
    domain::{DocumentDetails, Sha256},
    signature::{
        asic::sample::{Plan, archive},
        pades::sample::signed,
        sample::{Identity, attached, detached},
    },
};

/// A signed PDF file, and the same with what proves signatures added.
fn files() -> [Bytes; 2] {
    let mut draft = signed();
    let revision = Bytes::from(draft.bytes.clone());
    draft.object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R/DSS<</Certs[30 0 R]>>>>");
    draft.object(30, "<</Length 1>>stream\n0\nendstream");
    draft.end();
    [revision, draft.bytes.into()]
}

fn attachment(name: &str, content: &[u8]) -> Attachment {
    let media_type = "application/octet-stream".to_owned();
    Attachment { name: name.to_owned(), media_type, content: content.to_vec() }
}

fn signer() -> TrustStore {
    TrustStore::new(vec![Certificate::parse(&Identity::new(1).certificate).unwrap()])
}

impl House {
    /// What a reader gets of the share's only document, and what is kept of it.
    async fn handed_out(&self, share: ShareId) -> (Bytes, DocumentDetails) {
        let archive = &self.pipeline.archive;
        let kept = archive.open(share, &BranchScope::All).await.unwrap().unwrap();
        let row = kept.rows().await.unwrap().remove(0);
        let document = kept.document(row).unwrap();
        let content = kept.content(&document).await.unwrap().unwrap();
        (content, document.details.unwrap())
    }
}

/// With each judgement anew: as long as nothing proves the copy it is what came, and then what was signed.
#[tokio::test]
async fn what_was_added_after_signing_is_handed_out_by_no_share_that_passes() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    let [revision, whole] = files();
    let file = attachment("birth-certificate-1.pdf", &whole);
    let share = house.send_all(vec![file]).await;
    for (trust, verdict, due) in [
        (house.root(), Verdict::Undetermined, &whole),
        (signer(), Verdict::Verified, &revision),
        (house.root(), Verdict::Undetermined, &whole),
    ] {
        house.trust(trust);
        house.follow().await;
        assert_eq!(house.verdict(share).await, verdict);
        let (content, details) = house.handed_out(share).await;
        assert_eq!(content, due);
        assert_eq!(details.sha256, Sha256::of(due).into());
        assert_eq!(details.revision.is_some(), due != &whole);
    }
}

/// Nor in the container that it came in.
#[tokio::test]
async fn what_was_added_is_not_handed_out_in_its_container() {
    let house = House::new(RevocationPolicy::Prefer).await;
    house.trust(signer());
    let [revision, whole] = files();
    for (file, is_cut) in [(&revision, false), (&whole, true)] {
        let signature = detached(&Identity::new(2), file);
        let container = archive(&[
            Plan::new("mimetype", b"application/vnd.etsi.asic-s+zip"),
            Plan::new("birth-certificate-1.pdf", file),
            Plan::new("META-INF/signature.p7s", &signature),
        ]);
        // Around it, and beside it.
        for (name, file) in
            [("asics", container), ("pdf.p7s", attached(&Identity::new(2), file).to_vec())]
        {
            let name = format!("birth-certificate-1.{name}");
            let share = house.send_all(vec![attachment(&name, &file)]).await;
            assert_eq!(house.verdict(share).await, Verdict::Verified, "{name}");
            let (content, details) = house.handed_out(share).await;
            assert_eq!(content, revision, "{name}");
            assert_eq!(details.signature_names.len(), 1, "{name}");
            assert_eq!(details.signature_files().is_empty(), is_cut, "{name}");
        }
    }
}

/// A share of which the mail is gone is judged by its copies, and these are not changed.
#[tokio::test]
async fn a_copy_that_hands_out_too_much_is_not_verified_any_more() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    let second = || Certificate::parse(&Identity::new(2).certificate).unwrap();
    house.trust(signer().merged(TrustStore::new(vec![second()])));
    let mut draft = signed();
    draft.signer = 2;
    draft.sign_again(20, 7);
    let whole = Bytes::from(draft.bytes);
    let asked_for = attachment("birth-certificate-1.pdf", &whole);
    // Nobody asked for it, so the mail goes first.
    let [other, _] = files();
    let share = house.send_all(vec![asked_for, attachment("pension-card-1.pdf", &other)]).await;
    let kept = house.handed_out(share).await;
    assert_eq!((house.verdict(share).await, kept.0), (Verdict::Verified, whole));
    house.accept_time(31 * DAY);
    house.purge().await;
    house.follow().await;
    assert_eq!(house.verdict(share).await, Verdict::Verified);
    house.trust(signer());
    house.follow().await;
    assert_eq!(house.verdict(share).await, Verdict::Undetermined);
}
