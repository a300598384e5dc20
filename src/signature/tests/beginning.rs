//! A certificate that begins a little after the receipt, as our clock tells it.

use super::*;
use crate::{
    domain::RevocationPolicy,
    signature::sample::time_stamp::token,
    trust::{
        RevocationStore,
        revocation_sample::{
            AnswerDraft, Said, issuer, issuer_below_root_from, person, person_from, root,
            time_stamping_authority_from,
        },
    },
};

const RECEIPT: &str = "2026-07-01T12:00:00Z";
const LONG_BEFORE: &str = "260101000000Z";

/// One judgement for the receipt. Beginnings and moments of time-stamps are `YYMMDDhhmmssZ`.
struct Case {
    signer_from: &'static str,
    issuer_from: &'static str,
    /// When the time-stamping authority's certificate begins, and what its time-stamp says.
    stamp: Option<(&'static str, &'static str)>,
    /// Whether a person named the moment.
    is_named: bool,
}

impl Case {
    fn new(signer_from: &'static str) -> Self {
        Self { signer_from, issuer_from: LONG_BEFORE, stamp: None, is_named: false }
    }

    fn judge(&self, known: &[Vec<u8>]) -> Examined {
        let signer = Identity::of(9, &person_from(self.signer_from));
        let middle = issuer_below_root_from(self.issuer_from);
        let mut plan = SignerPlan::new(&signer, CONTENT);
        if let Some((from, says)) = self.stamp {
            let bare = plan.write(CONTENT);
            let (_, value) = bare.split_last_chunk::<64>().unwrap();
            let authority = Identity::of(6, &time_stamping_authority_from(6, from));
            let token = token(&authority, value, &format!("20{says}"));
            plan.unsigned = Some(vec![attribute(SIGNATURE_TIME_STAMP, &[&token])]);
        }
        let mut file = FilePlan::new(Some(CONTENT), &[&signer], &[plan.write(CONTENT)]);
        file.certificates.push(middle.der().to_vec());
        let mut store = RevocationStore::empty();
        for bytes in known {
            store.add(bytes).unwrap();
        }
        let trust = TrustStore::new(vec![root(), issuer()]);
        // By the authority in the middle alone when that is what is asked.
        let trust =
            if self.issuer_from == LONG_BEFORE { trust } else { TrustStore::new(vec![root()]) };
        let at = RECEIPT.parse().unwrap();
        let base =
            if self.is_named { Conditions::given(&trust, at) } else { Conditions::new(&trust, at) };
        let conditions = Conditions { revocation: &store, ..base };
        examine(&Signed { content: None, signatures: vec![file.write()] }, &conditions)
    }
}

const PASSED: Outcome = (Indication::TotalPassed, None);
const EARLY: Outcome = (Indication::TotalFailed, Some(SubIndication::NotYetValid));
const EARLY_AUTHORITY: Outcome =
    (Indication::Indeterminate, Some(SubIndication::CertificateChainGeneralFailure));

#[test]
fn a_certificate_that_begins_within_the_clocks_difference_is_judged_for_its_beginning() {
    let case = Case::new;
    for (what, case, due) in [
        ("at the receipt", case("260701120000Z"), PASSED),
        ("a second later", case("260701120001Z"), PASSED),
        ("at the end of the tolerance", case("260701121000Z"), PASSED),
        ("a second after that", case("260701121001Z"), EARLY),
        ("the next day", case("260702120000Z"), EARLY),
        ("a moment is named", Case { is_named: true, ..case("260701120001Z") }, EARLY),
        ("its issuer's", Case { issuer_from: "260701121000Z", ..case(LONG_BEFORE) }, PASSED),
        (
            "its issuer's, too late",
            Case { issuer_from: "260701121001Z", ..case(LONG_BEFORE) },
            EARLY_AUTHORITY,
        ),
        ("both", Case { issuer_from: "260701120500Z", ..case("260701120501Z") }, PASSED),
        (
            "time-stamped before",
            Case { stamp: Some((LONG_BEFORE, "260701115959Z")), ..case("260701120000Z") },
            EARLY,
        ),
        (
            "time-stamped then",
            Case { stamp: Some((LONG_BEFORE, "260701115959Z")), ..case("260701115959Z") },
            PASSED,
        ),
        (
            "time-stamped by a clock that is ahead too",
            Case { stamp: Some((LONG_BEFORE, "260701120300Z")), ..case("260701120200Z") },
            PASSED,
        ),
        (
            "the time-stamping authority's",
            Case { stamp: Some(("260701120959Z", "260701121000Z")), ..case("260701120958Z") },
            PASSED,
        ),
    ] {
        let examined = case.judge(&[]);
        assert_eq!(outcome(&examined), due, "{what}: {:?}", only(&examined).reason);
        let is_stamped = case.stamp.is_some_and(|(_, says)| says < "260701120000Z");
        if !is_stamped {
            assert_eq!(only(&examined).best_time, RECEIPT.parse().unwrap(), "{what}");
        }
    }
}

/// As for every moment: an answer from before it says nothing, and a revocation by then counts.
#[test]
fn its_revocation_is_asked_for_from_its_beginning() {
    // The samples' answers are of noon: the beginning is that, and our clock is behind.
    let said = |said, day| AnswerDraft::new(said, day).der();
    let at: Timestamp = "2026-07-01T11:55:00Z".parse().unwrap();
    let from: Timestamp = RECEIPT.parse().unwrap();
    let later = (Indication::Indeterminate, Some(SubIndication::TryLater));
    let revoked = (Indication::Indeterminate, Some(SubIndication::RevokedNoPoe));
    for (known, due) in [
        (said(Said::Good, "0630"), later),
        (said(Said::Good, "0701"), PASSED),
        (said(Said::Revoked("0701", 4), "0701"), revoked),
        (said(Said::Revoked("0702", 4), "0702"), PASSED),
    ] {
        let signer = Identity::of(9, &person_from("260701120000Z"));
        let mut store = RevocationStore::empty();
        store.add(&known).unwrap();
        let trust = TrustStore::new(vec![issuer()]);
        let conditions = Conditions {
            revocation: &store,
            revocation_policy: RevocationPolicy::Require,
            ..Conditions::new(&trust, at)
        };
        let file = Signed { content: None, signatures: vec![attached(&signer, CONTENT)] };
        let examined = examine(&file, &conditions);
        assert_eq!(outcome(&examined), due, "{:?}", only(&examined).reason);
        let since: Vec<_> = examined.wanted().iter().map(|it| it.since).collect();
        assert_eq!(since, if due == later { vec![from] } else { vec![] });
        assert!(examined.wanted().iter().all(|it| it.certificate.subject() == person().subject()));
    }
}
