//! Several certificates of the issuer: by which of them is asked may be a sender's choice.

use super::{
    super::sample::{AnswerDraft, ListDraft, Said, responder},
    RevocationStatus::{Good, Revoked, Unchecked},
    *,
};
use crate::trust::sample::Draft;

/// A list names the issuer's key as RFC 5280 §5.2.1 asks for.
fn named(list: ListDraft) -> Vec<u8> {
    let identifier = [&[0x30, 22, 0x80, 20][..], &[1; 20]].concat();
    ListDraft { others: vec![("2.5.29.35", false, identifier)], ..list }.der()
}

#[test]
fn what_the_issuers_key_revokes_counts_by_whichever_of_its_certificates_it_is_asked() {
    let first = Draft::authority("Issuer", 1, ("Root", 2));
    let other_id = Draft { subject_key_id: Some(vec![77; 20]), ..first.clone() };
    let no_lists = Draft { key_usage: Some(0b0000_0100), ..first.clone() };
    let entries: &[_] = &[(9, "0601", None, None)];
    let list = |entries: &[_]| named(ListDraft::new("0615", "0621").with(entries));
    let by = responder(5).make();
    let answer = |said| {
        let certificates = vec![by.clone()];
        AnswerDraft { responder: (by.clone(), 5), certificates, ..AnswerDraft::new(said, "0615") }
            .der()
    };
    let vouching = list(&[]);
    for (what, issuer, good_by_list) in [
        ("as it is", first, Good),
        ("another identifier", other_id, Unchecked),
        ("no lists", no_lists, Unchecked),
    ] {
        let signer = Draft {
            authority_key_id: None,
            ..Draft::signer("Тестова Особа", 9, ("Issuer", 1))
        };
        let status = |said: &[Vec<u8>]| {
            revocation(&RevocationRequest {
                certificate: &signer.make(),
                issuer: &issuer.make(),
                at: day("0615"),
                answering: Answering::Since { brought: false, again: None },
                sources: &[(&store(said), RevocationSource::Cache)],
                responders: &[],
                trust: &TrustStore::empty(),
                checks: 64,
            })
            .report
            .status
        };
        assert_eq!(status(&[list(entries)]), Revoked, "{what}: list");
        assert_eq!(status(&[answer(Said::Revoked("0601", 1))]), Revoked, "{what}: answer");
        assert_eq!(status(std::slice::from_ref(&vouching)), good_by_list, "{what}: silence");
    }
}
