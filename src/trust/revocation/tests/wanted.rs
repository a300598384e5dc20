//! What is asked, and what is an answer.

use super::{
    super::{
        RevocationError,
        sample::{AnswerDraft, ListDraft, Said, responder},
    },
    *,
};
use crate::{
    domain::RevocationKind,
    trust::{
        Wanted,
        sample::{Draft, tlv},
    },
};

fn wanted() -> Wanted {
    Wanted::new(person(), issuer(), day("0615"))
}

fn answers(bytes: &[u8]) -> Result<RevocationKind, String> {
    let kept = wanted().answers(bytes, day("0615"), &TrustStore::empty());
    kept.map(|kept| kept.kind).map_err(|error| error.to_string())
}

#[test]
fn takes_what_the_authority_says_and_nothing_else() {
    let fresh = || ListDraft::new("0614", "0620");
    let answer = |said| AnswerDraft::new(said, "0614");
    let ok = [
        (answer(Said::Good).der(), RevocationKind::Ocsp),
        (answer(Said::Revoked("0601", 1)).der(), RevocationKind::Ocsp),
        (fresh().der(), RevocationKind::Crl),
        (fresh().delta().der(), RevocationKind::DeltaCrl),
    ];
    for (bytes, kind) in ok {
        assert_eq!(answers(&bytes), Ok(kind));
    }
    let neighbour =
        Draft { serial: vec![10], ..Draft::signer("Тестова Особа", 9, ("Issuer", 1)) };
    let responder = Draft { issuer_key: 2, ..responder(5) };
    let forged = AnswerDraft {
        responder: (responder.make(), 5),
        certificates: vec![responder.make()],
        ..answer(Said::Good)
    };
    let late = AnswerDraft { next_update: Some("0614"), ..AnswerDraft::new(Said::Good, "0601") };
    for (bytes, words) in [
        (b"<html>".to_vec(), "neither a revocation list nor an OCSP answer"),
        (tlv(0x30, &[tlv(0x0a, &[vec![6]])]), "the responder refuses to answer: unauthorized"),
        (tlv(0x30, &[tlv(0x0a, &[vec![3]])]), "the responder refuses to answer: tryLater"),
        (answer(Said::Unknown).der(), "the responder does not know the certificate"),
        (
            AnswerDraft { certificate: neighbour.make(), ..answer(Said::Good) }.der(),
            "it names other certificates",
        ),
        (forged.der(), "of the issuer's signature on its certificate"),
        (late.der(), "the answer was true until 2026-06-14T12:00:00Z"),
        (AnswerDraft::new(Said::Good, "0616").der(), "the answer is true from 2026-06-16"),
        (ListDraft { key: 7, ..fresh() }.der(), "its signature proves nothing"),
        (ListDraft::new("0601", "0614").der(), "the answer was true until"),
    ] {
        let told = answers(&bytes).unwrap_err();
        assert!(told.contains(words), "{told}");
    }
}

/// What it says counts wherever it lies, so it is taken wherever it comes from.
#[test]
fn what_revokes_is_taken_however_overdue_it_is() {
    let late = || ListDraft::new("0601", "0614");
    let entry = |serial| [(serial, "0601", None, None)];
    let answer = |said| AnswerDraft { next_update: Some("0614"), ..AnswerDraft::new(said, "0601") };
    for (what, bytes, revokes, is_kept) in [
        ("a list", late().with(&entry(9)).der(), true, true),
        ("a suspension", late().with(&[(9, "0601", Some(6), None)]).der(), true, true),
        ("a delta list", late().delta().with(&entry(9)).der(), true, true),
        ("an answer", answer(Said::Revoked("0601", 1)).der(), true, false),
        ("a list that revokes another", late().with(&entry(8)).der(), false, true),
        ("an empty list", late().der(), false, false),
        (
            "a delta list that lifts",
            late().delta().with(&[(9, "0601", Some(8), None)]).der(),
            false,
            false,
        ),
        ("a good answer", answer(Said::Good).der(), false, false),
        ("of another key", ListDraft { key: 7, ..late().with(&entry(9)) }.der(), false, false),
    ] {
        let at_hand = status(std::slice::from_ref(&bytes)) == RevocationStatus::Revoked;
        assert_eq!(at_hand, revokes, "{what}, at hand");
        let taken = answers(&bytes);
        assert_eq!(taken.is_ok(), revokes, "{what}: {taken:?}");
        let kept = wanted().list_of_issuer(&bytes, day("0615"), &TrustStore::empty());
        assert_eq!(kept.is_some(), is_kept, "{what}, for others");
    }
}

/// What is dated ahead, by a clock that is fast there or slow here, revokes whom it is about alone.
#[test]
fn an_answer_that_revokes_is_taken_however_early_it_is() {
    let answer = |said| AnswerDraft::new(said, "0617").der();
    let list = ListDraft::new("0617", "0624").with(&[(9, "0601", None, None)]).der();
    for (what, bytes, is_taken) in [
        ("an answer that revokes", answer(Said::Revoked("0601", 1)), true),
        ("a good answer", answer(Said::Good), false),
        ("a list, which clears others", list, false),
    ] {
        assert_eq!(answers(&bytes).is_ok(), is_taken, "{what}");
    }
}

/// Good and revoked in one answer is revoked, in whatever order.
#[test]
fn of_several_answers_in_one_that_revokes_counts() {
    let late = |said| AnswerDraft { next_update: Some("0614"), ..AnswerDraft::new(said, "0601") };
    let (good, revoked) = (late(Said::Good), late(Said::Revoked("0601", 1)));
    for [first, second] in [[&good, &revoked], [&revoked, &good]] {
        let both = first.basic_with(&[second]);
        assert_eq!(status(std::slice::from_ref(&both)), RevocationStatus::Revoked);
        assert_eq!(answers(&both), Ok(RevocationKind::Ocsp));
    }
}

#[test]
fn a_list_by_another_authority_is_not_an_answer() {
    let other = Draft::authority("Other", 2, ("Other", 2)).make();
    let list = ListDraft { issuer: other, key: 2, ..ListDraft::new("0614", "0620") };
    let error = wanted().answers(&list.der(), day("0615"), &TrustStore::empty()).unwrap_err();
    assert!(matches!(error, RevocationError::WrongSigner { .. }), "{error}");
}

#[test]
fn asks_about_the_certificate_by_name_key_and_number() {
    let wanted = wanted();
    let request = wanted.ocsp_request(None);
    let with_nonce = wanted.ocsp_request(Some(&[7; 32]));
    // What a right answer names is what was asked.
    let answer = AnswerDraft::new(Said::Good, "0614").basic();
    let id = memchr::memmem::find(&answer, &[0x2b, 0x0e, 0x03, 0x02, 0x1a]).unwrap();
    let id = &answer[id..id + 54];
    assert!(memchr::memmem::find(&request, id).is_some());
    assert!(memchr::memmem::find(&with_nonce, id).is_some());
    assert!(memchr::memmem::find(&with_nonce, &[&[4, 32][..], &[7; 32]].concat()).is_some());
}
