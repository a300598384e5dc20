//! What was said before the receipt ends no question about a certificate that was valid at it.

use super::*;

const LATER: (Indication, Option<SubIndication>) =
    (Indication::Indeterminate, Some(SubIndication::TryLater));

fn good(this_update: &'static str) -> Vec<u8> {
    AnswerDraft::new(Said::Good, this_update).der()
}

fn in_force(this_update: &'static str) -> Vec<u8> {
    AnswerDraft { next_update: Some("0710"), ..AnswerDraft::new(Said::Good, this_update) }.der()
}

fn list(this_update: &'static str) -> Vec<u8> {
    ListDraft::new(this_update, "0710").der()
}

/// A signature that was time-stamped on the 1st of June and received on the 1st of July.
fn stamped() -> Case {
    Case::default().stamped("0601")
}

fn has_reserve(outcome: &Outcome) -> bool {
    let mut codes = outcome.path.warnings.iter().map(|warning| warning.code);
    codes.any(|code| code == WarningCode::RevocationUnchecked)
}

/// RFC 5280 §3.3: a revocation is published by the next list, so whoever has a stolen key finds an
/// answer from between its use and that list.
#[test]
fn nothing_from_before_the_receipt_ends_the_question_about_a_valid_certificate() {
    for (what, fetched, brought) in [
        ("an answer of the next day, brought", vec![], vec![good("0602")]),
        ("of that day", vec![], vec![good("0601")]),
        ("of the day before the receipt", vec![], vec![good("0630")]),
        ("still in force at the receipt", vec![], vec![in_force("0602")]),
        ("a list", vec![], vec![list("0602")]),
        ("a list and an answer", vec![], vec![list("0602"), good("0630")]),
        ("dated after the receipt by whoever brings it", vec![], vec![good("0702")]),
        ("fetched for another mail", vec![good("0630")], vec![]),
        ("a list fetched for another mail", vec![list("0630")], vec![]),
        ("fetched and brought", vec![list("0602")], vec![good("0630"), list("0620")]),
        ("fetched, and one dated after the receipt", vec![list("0602")], vec![good("0702")]),
        // CA/Browser Forum Baseline Requirements §7.2.2: the date is set back once it is known that
        // the key was lost before it.
        ("revoked later, with no word on a compromise", vec![], vec![revoked_by("0610", "0611")]),
    ] {
        let case = |policy| Case {
            fetched: fetched.clone(),
            brought: brought.clone(),
            policy,
            ..stamped()
        };
        let wanted = [Wanted::new(person(), issuer(), day("0701"))];
        let required = case(RevocationPolicy::Require).judge();
        assert_eq!(required.conclusion, LATER, "{what}: {}", required.reason);
        assert_eq!(required.wanted, wanted, "{what}");
        let preferred = case(RevocationPolicy::Prefer).judge();
        assert_eq!(preferred.conclusion, PASSED, "{what}: {}", preferred.reason);
        assert!(has_reserve(&preferred), "{what}");
        assert_eq!(preferred.wanted, wanted, "{what}");

        for (said, expected) in [
            (good("0701"), PASSED),
            (AnswerDraft::new(Said::Revoked("0531", 1), "0701").der(), NO_POE),
            (revoked_by("0630", "0701"), PASSED),
        ] {
            for policy in [RevocationPolicy::Require, RevocationPolicy::Prefer] {
                let mut heard = case(policy);
                heard.fetched.push(said.clone());
                let heard = heard.judge();
                assert_eq!(heard.conclusion, expected, "{what}: {}", heard.reason);
                assert!(!has_reserve(&heard) && heard.wanted.is_empty(), "{what}");
            }
        }
    }
}

fn revoked_by(at: &'static str, this_update: &'static str) -> Vec<u8> {
    AnswerDraft::new(Said::Revoked(at, 4), this_update).der()
}

/// RFC 5280 §3.3: authorities forget who has expired.
#[test]
fn what_was_said_by_then_suffices_for_a_certificate_that_had_ended_and_for_a_moment_named() {
    for (what, signer, is_named, is_asked) in [
        ("it ended before the receipt", person_until("260630000000Z"), false, false),
        ("a second before", person_until("260701115959Z"), false, false),
        ("at the receipt", person_until("260701120000Z"), false, true),
        ("a day after", person_until("260702120000Z"), false, true),
        ("a person named the moment", person(), true, false),
    ] {
        for said in [good("0602"), list("0602")] {
            for is_fetched in [false, true] {
                let mut case = Case { signer: signer.clone(), is_named, ..stamped() };
                if is_fetched { &mut case.fetched } else { &mut case.brought }.push(said.clone());
                let outcome = case.judge();
                let expected = if is_asked { LATER } else { PASSED };
                assert_eq!(outcome.conclusion, expected, "{what}: {}", outcome.reason);
                assert_eq!(!outcome.wanted.is_empty(), is_asked, "{what}");
            }
        }
    }
}

/// The same holds for each authority between the signer and the trusted end.
#[test]
fn every_certificate_below_the_trusted_end_is_asked_about() {
    let of_signer = |day| {
        AnswerDraft { issuer: issuer_below_root(), ..AnswerDraft::new(Said::Good, day) }.der()
    };
    let of_authority = |day| {
        AnswerDraft {
            certificate: issuer_below_root(),
            issuer: root(),
            responder: (root(), 2),
            ..AnswerDraft::new(Said::Good, day)
        }
        .der()
    };
    for (signer_at, authority_at, count) in
        [("0602", "0602", 2), ("0701", "0602", 1), ("0602", "0701", 1), ("0701", "0701", 0)]
    {
        let case = Case {
            authorities: vec![issuer_below_root(), root()],
            fetched: vec![of_signer(signer_at), of_authority(authority_at)],
            ..stamped()
        };
        let outcome = case.judge();
        assert_eq!(outcome.wanted.len(), count, "{signer_at} {authority_at}");
        let expected = if count > 0 { LATER } else { PASSED };
        assert_eq!(outcome.conclusion, expected, "{signer_at} {authority_at}");
        assert!(outcome.wanted.iter().all(|wanted| wanted.since == day("0701")));
    }
}
