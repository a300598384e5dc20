#![expect(clippy::indexing_slicing, reason = "a test may panic")]

mod again;

use std::cell::RefCell;

use super::*;
use crate::{
    domain::{BestTimeSource, RevocationKind},
    signature::{Conditions, Limits},
    trust::{
        PathLimits, PathRequest, TrustStore,
        revocation_sample::{
            AnswerDraft, ListDraft, Said, issuer, issuer_below_root, person, person_until,
            responder_certificate, root,
        },
    },
};

/// One judgement: what is at hand, and for when.
struct Case {
    /// The moment of judging.
    now: &'static str,
    /// The best signature time, and where it is from.
    at: (&'static str, BestTimeSource),
    /// The content was time-stamped on this day.
    content: Option<&'static str>,
    purpose: Purpose,
    fetched: Vec<Vec<u8>>,
    brought: Vec<Vec<u8>>,
    policy: RevocationPolicy,
    /// Whether a person named the moment of judging.
    is_named: bool,
    look_again: Option<&'static str>,
    checks: usize,
    is_signed: bool,
    signer: Certificate,
    /// The authorities: the trusted one last.
    authorities: Vec<Certificate>,
}

struct Outcome {
    path: PathOutcome,
    conclusion: (Indication, Option<SubIndication>),
    reason: String,
    wanted: Vec<Wanted>,
    checks_left: usize,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            now: "0701",
            at: ("0701", BestTimeSource::Receipt),
            content: None,
            purpose: Purpose::Document,
            fetched: Vec::new(),
            brought: Vec::new(),
            policy: RevocationPolicy::Require,
            is_named: false,
            look_again: None,
            checks: 32,
            is_signed: true,
            signer: person(),
            authorities: vec![issuer()],
        }
    }
}

impl Case {
    /// The signature was time-stamped on this day.
    fn stamped(self, day: &'static str) -> Self {
        Self { at: (day, BestTimeSource::SignatureTimestamp), ..self }
    }

    fn judge(&self) -> Outcome {
        let mut store = RevocationStore::empty();
        for bytes in &self.fetched {
            store.add(bytes).unwrap();
        }
        let (trusted, intermediates) = self.authorities.split_last().unwrap();
        let trust = TrustStore::new(vec![trusted.clone()]);
        let mut conditions = Conditions {
            revocation: &store,
            revocation_policy: self.policy,
            look_again: self.look_again.map(day),
            ..Conditions::new(&trust, day(self.now))
        };
        if self.is_named {
            conditions.source = BestTimeSource::Given;
        }
        let budget = Budget::new(&Limits { key_checks: self.checks, ..Limits::default() });
        let inquiry = RefCell::default();
        let (at, source) = (day(self.at.0), self.at.1);
        let basis = Basis { at, source, ..Basis::new(&conditions, &budget, &inquiry) };
        let limits = PathLimits::default();
        let purpose = Purpose::Document;
        let request = PathRequest {
            signer: &self.signer,
            purpose,
            intermediates,
            at,
            clock_tolerance_seconds: 0,
            limits,
        };
        let mut path = trust::validate(&request, &trust);
        let mut brought = Brought::default();
        let data: Vec<Bytes> = self.brought.iter().cloned().map(Bytes::from).collect();
        brought.add(&data, &[], &budget);
        let mut problems = Problems::default();
        let asked = AskedOfPath {
            purpose: self.purpose,
            brought: &brought,
            younger_than: self.content.map(day),
            is_signed: self.is_signed,
        };
        judge_path(&mut path, asked, &mut problems, basis);
        let (indication, sub_indication, reason) = problems.conclusion();
        Outcome {
            path,
            conclusion: (indication, sub_indication),
            reason: reason.unwrap_or_default(),
            wanted: inquiry.take().wanted,
            checks_left: budget.left(Resource::KeyChecks),
        }
    }
}

fn day(text: &str) -> Timestamp {
    if text == "9999" {
        return "2099-01-01T00:00:00Z".parse().unwrap();
    }
    format!("2026-{}-{}T12:00:00Z", &text[..2], &text[2..]).parse().unwrap()
}

fn revoked(at: &'static str) -> Vec<u8> {
    AnswerDraft::new(Said::Revoked(at, 4), "0710").der()
}

const PASSED: (Indication, Option<SubIndication>) = (Indication::TotalPassed, None);
const NO_POE: (Indication, Option<SubIndication>) =
    (Indication::Indeterminate, Some(SubIndication::RevokedNoPoe));
const REVOKED: (Indication, Option<SubIndication>) =
    (Indication::TotalFailed, Some(SubIndication::Revoked));

#[test]
fn a_revoked_signer_fails_when_the_signature_is_younger_and_is_in_doubt_otherwise() {
    use BestTimeSource::Receipt;
    let fetched = || vec![revoked("0610")];
    let case = || Case { fetched: fetched(), ..Case::default() };
    for (what, case, expected) in [
        ("nothing is known", case(), NO_POE),
        ("stamped before", case().stamped("0609"), PASSED),
        ("stamped after", case().stamped("0611"), NO_POE),
        ("content stamped before", Case { content: Some("0609"), ..case() }, NO_POE),
        ("content stamped at that moment", Case { content: Some("0610"), ..case() }, REVOKED),
        ("content stamped after", Case { content: Some("0611"), ..case() }, REVOKED),
        (
            "stamped before, and its content too",
            Case { content: Some("0608"), ..case() }.stamped("0609"),
            PASSED,
        ),
        (
            "content stamped, revoked after the moment of judging",
            Case { content: Some("0601"), now: "0609", at: ("0609", Receipt), ..case() },
            PASSED,
        ),
        (
            "a time-stamp's authority is only in doubt",
            Case { content: Some("0611"), purpose: Purpose::TimeStamping, ..case() },
            NO_POE,
        ),
    ] {
        let outcome = case.judge();
        assert_eq!(outcome.conclusion, expected, "{what}: {}", outcome.reason);
        assert!(outcome.wanted.is_empty(), "{what}");
    }
}

#[test]
fn what_was_good_at_a_content_time_stamp_says_nothing_of_a_younger_signature() {
    let good = |day| AnswerDraft::new(Said::Good, day).der();
    let case = |brought| Case { content: Some("0601"), brought, ..Case::default() };
    let later = (Indication::Indeterminate, Some(SubIndication::TryLater));
    let stale = case(vec![good("0602")]).judge();
    assert_eq!(stale.conclusion, later, "{}", stale.reason);
    assert_eq!(stale.wanted.len(), 1);
    let of_the_sender = case(vec![good("0702")]).judge();
    assert_eq!(of_the_sender.conclusion, later, "{}", of_the_sender.reason);
    let fresh = Case { fetched: vec![good("0702")], ..case(Vec::new()) }.judge();
    assert_eq!(fresh.conclusion, PASSED, "{}", fresh.reason);
    let signer = person_until("260630000000Z");
    let proved = Case { brought: vec![good("0602")], signer, ..Case::default() };
    let proved = proved.stamped("0601").judge();
    assert_eq!(proved.conclusion, PASSED, "{}", proved.reason);
}

#[test]
fn a_key_that_was_lost_before_the_time_stamp_is_told_and_no_authority_with_one_is_believed() {
    const COMPROMISED: u8 = 1;
    const SUPERSEDED: u8 = 4;
    for (reason, purpose, stamped, conclusion, is_told) in [
        (COMPROMISED, Purpose::Document, "0602", PASSED, false),
        (COMPROMISED, Purpose::Document, "0603", PASSED, true),
        (COMPROMISED, Purpose::Document, "0609", PASSED, true),
        (COMPROMISED, Purpose::Document, "0611", NO_POE, false),
        (SUPERSEDED, Purpose::Document, "0609", PASSED, false),
        (COMPROMISED, Purpose::TimeStamping, "0602", PASSED, false),
        (COMPROMISED, Purpose::TimeStamping, "0609", NO_POE, false),
    ] {
        let entry = (person().serial_octets()[0], "0610", Some(reason), Some("0603"));
        let list = ListDraft::new("0701", "0702").with(&[entry]).der();
        let outcome =
            Case { fetched: vec![list], purpose, ..Case::default() }.stamped(stamped).judge();
        let what = format!("{reason} {purpose:?} {stamped}: {}", outcome.reason);
        assert_eq!(outcome.conclusion, conclusion, "{what}");
        let codes: Vec<_> = outcome.path.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes == [WarningCode::KeyCompromisedEarlier], is_told, "{what}");
        let report = outcome.path.chain[0].revocation.clone().unwrap();
        assert_eq!(report.revoked_at, Some(day("0610")), "{what}");
        assert_eq!(report.invalid_since, (reason == COMPROMISED).then(|| day("0603")), "{what}");
    }
}

#[test]
fn what_lies_in_one_file_is_read_once_usable_or_not() {
    let file = Bytes::from_static(b"garbage");
    let mut brought = Brought::default();
    let budget = Budget::new(&Limits::default());
    for _ in 0..3 {
        brought.add([&file], &[], &budget);
    }
    assert_eq!(brought.taken.len(), 1);
    brought.add([&Bytes::from_static(b"garbage")[..3].to_vec().into()], &[], &budget);
    assert_eq!(brought.taken.len(), 2);
}

#[test]
fn a_revoked_authority_leaves_everything_below_in_doubt() {
    let about_authority = |said| AnswerDraft {
        certificate: issuer_below_root(),
        issuer: root(),
        responder: (root(), 2),
        ..AnswerDraft::new(said, "0710")
    };
    let case = |said| Case {
        authorities: vec![issuer_below_root(), root()],
        fetched: vec![
            AnswerDraft { issuer: issuer_below_root(), ..AnswerDraft::new(Said::Good, "0710") }
                .der(),
            about_authority(said).der(),
        ],
        ..Case::default()
    };
    let good = case(Said::Good).judge();
    assert_eq!(good.conclusion, PASSED, "{}", good.reason);
    let kinds = |outcome: &Outcome| {
        let chain = outcome.path.chain.iter();
        chain.map(|link| link.revocation.as_ref().and_then(|it| it.kind)).collect::<Vec<_>>()
    };
    let ocsp = Some(RevocationKind::Ocsp);
    assert_eq!(kinds(&good), [ocsp, ocsp, None]);
    let bad = case(Said::Revoked("0610", 2)).judge();
    let no_poe = (Indication::Indeterminate, Some(SubIndication::RevokedCaNoPoe));
    assert_eq!(bad.conclusion, no_poe, "{}", bad.reason);
    assert!(bad.reason.contains("Issuer was revoked at 2026-06-10T12:00:00Z (cACompromise)"));
}

#[test]
fn what_nobody_can_say_is_wanted_and_the_policy_decides() {
    let prefer = Case { policy: RevocationPolicy::Prefer, ..Case::default() }.judge();
    assert_eq!(prefer.conclusion, PASSED);
    assert_eq!(prefer.path.warnings[0].code, WarningCode::RevocationUnchecked);
    let require = Case::default().judge();
    let later = (Indication::Indeterminate, Some(SubIndication::TryLater));
    assert_eq!(require.conclusion, later);
    assert!(require.path.warnings.is_empty());
    for outcome in [prefer, require] {
        let wanted = Wanted::new(person(), issuer(), day("0701"));
        assert_eq!(outcome.wanted, [wanted]);
    }
    assert!(Case { is_signed: false, ..Case::default() }.judge().wanted.is_empty());
}

#[test]
fn what_came_with_the_signature_answers_for_a_proved_moment_and_no_other() {
    let later = (Indication::Indeterminate, Some(SubIndication::TryLater));
    let list = || ListDraft::new("0630", "0702").der();
    let brought = || Case { brought: vec![list()], ..Case::default() };
    // While the certificate is valid the authority is asked all the same.
    let ended = |not_after| Case { signer: person_until(not_after), ..brought() };
    for (what, case, expected) in [
        ("for the receipt", brought(), later),
        ("stamped before the list", ended("260630120000Z").stamped("0629"), PASSED),
        ("stamped with it", ended("260630120000Z").stamped("0630"), PASSED),
        // Whoever has stolen the key can have a time-stamp too.
        (
            "stamped after the list",
            Case { now: "0702", ..ended("260701120000Z") }.stamped("0701"),
            later,
        ),
        ("a moment that is named", Case { is_named: true, ..brought() }, PASSED),
        ("fetched too, as old", Case { fetched: vec![list()], ..brought() }, later),
        (
            "fetched too, of now",
            Case { fetched: vec![ListDraft::new("0701", "0702").der()], ..brought() },
            PASSED,
        ),
    ] {
        let outcome = case.judge();
        assert_eq!(outcome.conclusion, expected, "{what}: {}", outcome.reason);
        assert_eq!(outcome.wanted.len(), usize::from(expected == later), "{what}");
    }
    let report =
        ended("260630120000Z").stamped("0629").judge().path.chain[0].revocation.clone().unwrap();
    assert_eq!(report.source, Some(RevocationSource::Signature));
    let prefer = Case { policy: RevocationPolicy::Prefer, ..brought() }.judge();
    assert_eq!(prefer.conclusion, PASSED);
    assert_eq!(prefer.path.warnings[0].code, WarningCode::RevocationUnchecked);
    let both = Case { fetched: vec![revoked("0610")], ..brought() }.judge();
    assert_eq!(both.conclusion, NO_POE);
    let garbage = Case { brought: vec![b"garbage".to_vec()], ..Case::default() }.judge();
    assert!(
        garbage.reason.ends_with(
            "of what the signature brings, this is neither a revocation list nor an OCSP answer."
        ),
        "{}",
        garbage.reason
    );
}

#[test]
fn a_responder_that_nobody_vouches_for_is_asked_about() {
    let certificate = responder_certificate(5);
    let answer = AnswerDraft {
        responder: (certificate.clone(), 5),
        certificates: vec![certificate.clone()],
        ..AnswerDraft::new(Said::Good, "0701")
    };
    let case = || Case { fetched: vec![answer.der()], ..Case::default() };
    let required = case().judge();
    let later = (Indication::Indeterminate, Some(SubIndication::TryLater));
    assert_eq!(required.conclusion, later, "{}", required.reason);
    assert!(required.wanted.iter().any(|wanted| wanted.certificate == certificate));
    let preferred = Case { policy: RevocationPolicy::Prefer, ..case() }.judge();
    assert_eq!(preferred.conclusion, PASSED);
    assert_eq!(preferred.path.warnings[0].code, WarningCode::RevocationUnchecked);
    let list = ListDraft::new("0630", "0702").der();
    let known = Case { fetched: vec![answer.der(), list], ..Case::default() }.judge();
    assert_eq!((known.conclusion, known.wanted), (PASSED, Vec::new()));
}

#[test]
fn some_days_later_a_newer_answer_is_wanted_and_changes_nothing_meanwhile() {
    let answered = |day| vec![AnswerDraft::new(Said::Good, day).der()];
    for (what, fetched, look_again, wanted) in [
        ("not yet", answered("0701"), None, None),
        ("then", answered("0701"), Some("0704"), Some("0704")),
        ("answered", answered("0704"), Some("0704"), None),
        ("when the certificate has ended", answered("0701"), Some("9999"), None),
    ] {
        let outcome = Case { fetched, look_again, ..Case::default() }.judge();
        assert_eq!(outcome.conclusion, PASSED, "{what}");
        assert!(outcome.path.warnings.is_empty(), "{what}");
        let since: Vec<_> = outcome.wanted.iter().map(|wanted| wanted.since).collect();
        assert_eq!(since, wanted.map(day).into_iter().collect::<Vec<_>>(), "{what}");
    }
}

#[test]
fn answers_beyond_the_budget_never_let_a_signature_pass() {
    let fetched = || vec![AnswerDraft::new(Said::Good, "0710").der()];
    let policy = RevocationPolicy::Prefer;
    let none = Case { fetched: fetched(), checks: 0, policy, ..Case::default() }.judge();
    let over = (Indication::TotalFailed, Some(SubIndication::FormatFailure));
    assert_eq!(none.conclusion, over, "{}", none.reason);
    let one = Case { fetched: fetched(), checks: 1, policy, ..Case::default() }.judge();
    assert_eq!((one.conclusion, one.checks_left), (PASSED, 0));
}

#[test]
fn a_path_that_is_not_right_is_not_asked_about() {
    let case = Case { at: ("0701", BestTimeSource::Receipt), ..Case::default() };
    let outcome = Case { authorities: vec![root()], ..case }.judge();
    assert_eq!(outcome.conclusion, PASSED);
    assert!(outcome.wanted.is_empty());
    assert!(outcome.path.chain.iter().all(|link| link.revocation.is_none()));
}
