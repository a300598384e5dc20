//! How old a copy is, and who may say so.

use super::*;
use crate::domain::TimestampReport;

#[test]
fn tells_a_stale_copy_by_the_oldest_of_its_times() {
    let relaxed = one_service("[\"u-id\"]");
    let strict = branch(&[("x", "[\"u-id\"]", "require_fresh = true")]);
    let ago = |seconds: i64| Some(received_at().plus_seconds(-seconds));
    for (signed, made, detail) in [
        (ago(3 * DAY), None, None),
        (ago(3 * DAY + 1), None, Some("72")),
        (ago(60), ago(4 * DAY), Some("96")),
        (ago(4 * DAY), ago(60), Some("96")),
        (ago(-300), None, None),
    ] {
        let mut copy = sample("u-id", Worth::Sealed);
        copy.report.signatures.first_mut().unwrap().signing_time = signed;
        copy.made_at = made;
        let copies = [copy];
        let warned = decide(&relaxed, None, &copies, Vec::new());
        assert_eq!(warned.verdict, Verdict::Verified);
        assert_eq!(warned.findings.first().and_then(|f| f.detail.as_deref()), detail);
        let stopped = decide(&strict, None, &copies, Vec::new());
        let verdict = if detail.is_some() { Verdict::Undetermined } else { Verdict::Verified };
        assert_eq!(stopped.verdict, verdict, "{signed:?} {made:?}");
    }
    let timeless = [sample("u-id", Worth::Sealed)];
    assert_eq!(decide(&relaxed, None, &timeless, Vec::new()).findings, []);
    let stopped = decide(&strict, None, &timeless, Vec::new());
    assert_eq!(stopped.verdict, Verdict::Undetermined);
    assert_eq!(shown(&stopped.findings), ["stale_copy 1 unknown"]);
    assert_eq!(stopped.findings.first().unwrap().severity, Severity::Error);
}

fn ago(hours: i64) -> Timestamp {
    received_at().plus_seconds(-hours * 3600)
}

/// The signature of a copy says when it was made; a name may make it older, and never younger.
#[test]
fn a_name_makes_no_copy_fresh() {
    let strict = branch(&[("x", "[\"u-id\"]", "signers = \"seal\"\nrequire_fresh = true")]);
    for (signed, named, verdict) in [
        (Some(1), None, Verdict::Verified),
        (Some(1), Some(1), Verdict::Verified),
        (Some(1), Some(100), Verdict::Undetermined),
        (Some(100), Some(1), Verdict::Undetermined),
        (None, Some(1), Verdict::Undetermined),
        (None, None, Verdict::Undetermined),
        // A moment still to come tells nothing: not of a signature, nor of a name.
        (Some(-24 * 365), Some(1), Verdict::Undetermined),
        (Some(-24 * 365), None, Verdict::Undetermined),
        (Some(1), Some(-24 * 365 * 73), Verdict::Verified),
    ] {
        let mut copy = sample("u-id", Worth::Sealed);
        copy.report.signatures.first_mut().unwrap().signing_time = signed.map(ago);
        copy.made_at = named.map(ago);
        let decision = decide(&strict, None, &[copy], Vec::new());
        assert_eq!(decision.verdict, verdict, "{signed:?} {named:?}");
    }
}

/// Who does not prove the copy by the service's rules cannot make it fresh.
#[test]
fn nobody_else_makes_a_copy_fresh() {
    let strict = branch(&[("x", "[\"u-id\"]", "signers = \"seal\"\nrequire_fresh = true")]);
    for worth in [Worth::Personal, Worth::OtherSeal, Worth::Nameless, Worth::IssuerUnknown] {
        let mut copy = sample("u-id", Worth::Sealed);
        let mut second = sample("u-id", worth).report.signatures.remove(0);
        second.signing_time = Some(ago(1));
        copy.report.signatures.push(second);
        if worth != Worth::IssuerUnknown {
            copy.proofs.push(Proof::sample(1, b"second", b"u-id Sealed"));
        }
        let decision = decide(&strict, None, &[copy], Vec::new());
        assert_eq!(decision.verdict, Verdict::Undetermined, "{worth:?}");
        assert!(
            shown(&decision.findings).contains(&"stale_copy 1 unknown".to_owned()),
            "{worth:?}"
        );
    }
}

/// Signer and age on the same signature: what one signer vouches for is not made fresh by another.
#[test]
fn the_signature_that_decides_says_the_age() {
    type Signed = (Worth, Option<i64>);
    type Row = (&'static str, &'static [Signed], Verdict, Option<Assurance>);

    use Assurance::{PersonSigned, Sealed as BySeal, SealedByOther};
    use Verdict::{Undetermined, Verified};
    use Worth::{OtherSeal, Personal, Sealed};

    let table: &[Row] = &[
        ("seal-or-person", &[(Sealed, None), (Personal, Some(1))], Verified, Some(PersonSigned)),
        ("seal-or-person", &[(Sealed, Some(1)), (Personal, None)], Verified, Some(BySeal)),
        ("seal-or-person", &[(Sealed, Some(1)), (Personal, Some(2))], Verified, Some(BySeal)),
        ("seal-or-person", &[(Sealed, None), (Personal, None)], Undetermined, Some(BySeal)),
        // A moment still to come tells nothing.
        ("seal-or-person", &[(Sealed, None), (Personal, Some(-24))], Undetermined, Some(BySeal)),
        // What is known to be old stays old, whoever signs it anew.
        ("seal-or-person", &[(Sealed, Some(1440)), (Personal, Some(1))], Undetermined, None),
        ("seal-or-person", &[(Sealed, Some(1)), (Personal, Some(1440))], Undetermined, None),
        ("anchors", &[(Sealed, None), (OtherSeal, Some(1))], Verified, Some(SealedByOther)),
        ("anchors", &[(OtherSeal, None), (Personal, Some(1))], Verified, Some(PersonSigned)),
        ("seal", &[(Sealed, None), (Personal, Some(1))], Undetermined, Some(BySeal)),
        ("person", &[(Sealed, Some(1)), (Personal, None)], Undetermined, Some(PersonSigned)),
    ];
    for (signers, signed, verdict, assurance) in table {
        let more = format!("signers = \"{signers}\"\nrequire_fresh = true");
        let strict = branch(&[("x", "[\"u-id\"]", &more)]);
        let mut turned = signed.to_vec();
        turned.reverse();
        for signed in [signed.to_vec(), turned] {
            let mut copy = sample("u-id", Sealed);
            copy.report.signatures.clear();
            copy.proofs.clear();
            for (place, (worth, hours)) in signed.iter().enumerate() {
                let mut signature = sample("u-id", *worth).report.signatures.remove(0);
                signature.signing_time = hours.map(ago);
                copy.report.signatures.push(signature);
                copy.proofs.push(Proof::sample(place, b"signer", b"u-id Sealed"));
            }
            let decision = decide(&strict, None, &[copy], Vec::new());
            assert_eq!(decision.verdict, *verdict, "{signers} {signed:?}");
            if assurance.is_some() {
                assert_eq!(decision.assurance, *assurance, "{signers} {signed:?}");
            }
        }
    }
}

/// A time-stamp on a signature can be added by anybody at any time: it proves that the copy is old.
#[test]
fn only_a_time_stamp_under_the_signature_makes_a_copy_fresh() {
    let strict = branch(&[("x", "[\"u-id\"]", "signers = \"seal\"\nrequire_fresh = true")]);
    let stamp = |kind: &str, hours| TimestampReport {
        kind: kind.to_owned(),
        indication: Indication::TotalPassed,
        sub_indication: None,
        reason: None,
        time: Some(ago(hours)),
        policy: None,
        algorithm: None,
        digest_algorithm: None,
        authority: None,
        chain: Vec::new(),
        qualified: None,
        warnings: Vec::new(),
    };
    for (kind, source, hours, verdict) in [
        ("content-time-stamp", BestTimeSource::Receipt, 1, Verdict::Verified),
        ("content-time-stamp", BestTimeSource::Receipt, 100, Verdict::Undetermined),
        ("signature-time-stamp", BestTimeSource::SignatureTimestamp, 1, Verdict::Undetermined),
        ("signature-time-stamp", BestTimeSource::SignatureTimestamp, 100, Verdict::Undetermined),
        ("archive-time-stamp-v3", BestTimeSource::ArchiveTimestamp, 1, Verdict::Undetermined),
        ("document-time-stamp", BestTimeSource::DocumentTimestamp, 1, Verdict::Undetermined),
    ] {
        let mut copy = sample("u-id", Worth::Sealed);
        let signature = copy.report.signatures.first_mut().unwrap();
        signature.timestamps.push(stamp(kind, hours));
        if source != BestTimeSource::Receipt {
            (signature.best_time, signature.best_time_source) = (ago(hours), source);
        }
        let decision = decide(&strict, None, &[copy.clone()], Vec::new());
        assert_eq!(decision.verdict, verdict, "{kind} {hours}");
        // A stamp that does not pass says nothing.
        let signature = copy.report.signatures.first_mut().unwrap();
        signature.timestamps.first_mut().unwrap().indication = Indication::Indeterminate;
        signature.best_time_source = BestTimeSource::Receipt;
        let decision = decide(&strict, None, &[copy], Vec::new());
        assert_eq!(decision.verdict, Verdict::Undetermined, "{kind} {hours}");
    }
}
