//! The algorithm policy, for every moment that can be proved (ETSI EN 319 102-1 §5.2.8 and §5.6).

use super::*;
use crate::{
    algorithms::{DigestAlgorithm, Policy},
    signature::sample::{SHA1, time_stamp},
};

const MD5: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05];
const SHA384: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
const SIGNING_CERTIFICATE_V2: &[u8] =
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f];
const NO_POE: Outcome =
    (Indication::Indeterminate, Some(SubIndication::CryptoConstraintsFailureNoPoe));

/// A signature whose digest attribute is of `digest` under the name `id`.
fn digested(identity: &Identity, id: &[u8], digest: &[u8]) -> Bytes {
    let mut plan = SignerPlan::new(identity, CONTENT);
    plan.digest_algorithm = algorithm(id);
    replace(&mut plan, place::DIGEST, attribute(MESSAGE_DIGEST, &[&tlv(0x04, &[digest])]));
    let mut file = FilePlan::new(Some(CONTENT), &[identity], &[plan.write(CONTENT)]);
    file.digest_algorithms = vec![algorithm(id)];
    file.write()
}

/// ETSI EN 319 102-1 §5.2.7 comes before §5.2.8: a wrong value is broken, by whatever digest; a
/// right one by a weak digest is undecided; of one that is not computed here nothing is said.
#[test]
fn weak_is_never_called_broken_and_broken_never_weak() {
    let identity = Identity::new(1);
    let right = DigestAlgorithm::Sha1.digest(CONTENT);
    for (name, file, expected) in [
        ("SHA-1, right", digested(&identity, SHA1, &right), CRYPTO),
        ("SHA-1, wrong", digested(&identity, SHA1, &[0; 20]), BAD_HASH),
        ("MD5", digested(&identity, MD5, &[0; 16]), CRYPTO),
    ] {
        let examined = judge(None, &[file], &trust(&[&identity]));
        assert_eq!(outcome(&examined), expected, "{name}: {:?}", only(&examined).reason);
    }
}

/// The signer's key, for a day before and after its end. The certificate is of 2024: where the end
/// is later, an older proof would help.
#[test]
fn the_signer_s_key_counts_to_the_end_of_its_last_day() {
    let identity = Identity::new(1);
    for (end, at, expected) in [
        ("2026-08-31", "2026-08-31T23:59:59Z", PASSED),
        ("2026-08-31", "2026-09-01T00:00:00Z", NO_POE),
        ("2023-12-30", "2026-09-01T00:00:00Z", CRYPTO),
        ("2099-12-31", "2026-09-01T00:00:00Z", PASSED),
    ] {
        let policy = Policy::built_in_but(&[("Ed25519", end)]);
        let trust = trust(&[&identity]).with_algorithms(policy);
        let signed = Signed { content: None, signatures: vec![attached(&identity, CONTENT)] };
        let examined = examine(&signed, &Conditions::given(&trust, at.parse().unwrap()));
        let reason = &only(&examined).reason;
        assert_eq!(outcome(&examined), expected, "{end} {at}: {reason:?}");
        assert_eq!(examined.proofs().len(), usize::from(expected == PASSED));
        if expected != PASSED {
            assert!(reason.as_ref().unwrap().contains("Ed25519"), "{reason:?}");
        }
    }
}

/// A signature that names its certificate by SHA-384, which ends on 2026-07-31; the time-stamp's
/// authority uses SHA-256 and SHA-512.
#[test]
fn a_time_stamp_from_before_the_end_keeps_a_signature_good() {
    let authority = time_stamp::authority(7);
    for (name, validity, stamp, expected) in [
        ("in time", [&b"240101000000Z"[..], b"431231235959Z"], Some("20260731235959Z"), PASSED),
        ("too late", [b"240101000000Z", b"431231235959Z"], Some("20260801000000Z"), NO_POE),
        ("none", [b"240101000000Z", b"431231235959Z"], None, NO_POE),
        ("made after it", [b"260815000000Z", b"431231235959Z"], Some("20260816000000Z"), CRYPTO),
        ("made after it, none", [b"260815000000Z", b"431231235959Z"], None, CRYPTO),
    ] {
        let identity = Identity::valid(1, validity, &[]);
        let hash = DigestAlgorithm::Sha384.digest(&identity.certificate);
        let reference = sequence(&[&algorithm(SHA384), &tlv(0x04, &[&hash])]);
        let reference =
            attribute(SIGNING_CERTIFICATE_V2, &[&sequence(&[&sequence(&[&reference])])]);
        let mut plan = SignerPlan::new(&identity, CONTENT);
        replace(&mut plan, place::REFERENCE, reference);
        let file = |plan: &SignerPlan<'_>| {
            FilePlan::new(Some(CONTENT), &[&identity], &[plan.write(CONTENT)]).write()
        };
        if let Some(time) = stamp {
            let read = SignedData::parse(&file(&plan), &Limits::default()).unwrap();
            let token = time_stamp::token(&authority, &read.signers[0].signature, time);
            plan.unsigned = Some(vec![attribute(SIGNATURE_TIME_STAMP, &[&token])]);
        }
        let policy = Policy::built_in_but(&[("SHA-384", "2026-07-31")]);
        let trust = trust(&[&identity, &authority]).with_algorithms(policy);
        let examined = judge(None, &[file(&plan)], &trust);
        let reason = &only(&examined).reason;
        assert_eq!(outcome(&examined), expected, "{name}: {reason:?}");
    }
}

/// What proves a time has to be strong itself, at the moment at which it is judged.
#[test]
fn a_time_stamp_by_weak_algorithms_proves_no_time() {
    let authority = time_stamp::authority(7);
    let identity = Identity::new(1);
    let mut plan = SignerPlan::new(&identity, CONTENT);
    let file = |plan: &SignerPlan<'_>| {
        FilePlan::new(Some(CONTENT), &[&identity], &[plan.write(CONTENT)]).write()
    };
    let read = SignedData::parse(&file(&plan), &Limits::default()).unwrap();
    let token = time_stamp::token(&authority, &read.signers[0].signature, "20260801100000Z");
    plan.unsigned = Some(vec![attribute(SIGNATURE_TIME_STAMP, &[&token])]);
    for (end, proves) in [("2026-08-31", false), ("2026-09-01", true)] {
        // Its imprint alone is by SHA-256, and the names of certificates.
        let policy = Policy::built_in_but(&[("SHA-256", end)]);
        let trust = trust(&[&identity, &authority]).with_algorithms(policy);
        let examined = judge(None, &[file(&plan)], &trust);
        let [stamp] = only(&examined).timestamps.as_slice() else { panic!("one time-stamp") };
        let expected = if proves { PASSED } else { NO_POE };
        assert_eq!((stamp.indication, stamp.sub_indication), expected, "{end}: {:?}", stamp.reason);
        let proved = "2026-08-01T10:00:00Z".parse().unwrap();
        assert_eq!(only(&examined).best_time, if proves { proved } else { at() }, "{end}");
    }
}

/// The first form of the signing-certificate attribute has a line of its own.
#[test]
fn the_first_form_of_the_certificate_s_name_has_its_own_line() {
    const SIGNING_CERTIFICATE: &[u8] =
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0c];
    let identity = Identity::new(1);
    let hash = DigestAlgorithm::Sha1.digest(&identity.certificate);
    let first = sequence(&[&tlv(0x04, &[&hash])]);
    let second = sequence(&[&algorithm(SHA1), &tlv(0x04, &[&hash])]);
    let file = |id: &[u8], reference: &[u8]| {
        let mut plan = SignerPlan::new(&identity, CONTENT);
        let attribute = attribute(id, &[&sequence(&[&sequence(&[reference])])]);
        replace(&mut plan, place::REFERENCE, attribute);
        FilePlan::new(Some(CONTENT), &[&identity], &[plan.write(CONTENT)]).write()
    };
    let strict = Policy::built_in_but(&[("SHA-1 as the name of a certificate", "2020-01-01")]);
    for (name, file, policy, expected) in [
        ("first", file(SIGNING_CERTIFICATE, &first), Policy::built_in(), PASSED),
        ("second", file(SIGNING_CERTIFICATE_V2, &second), Policy::built_in(), CRYPTO),
        ("first, ended", file(SIGNING_CERTIFICATE, &first), strict, CRYPTO),
    ] {
        let examined = judge(None, &[file], &trust(&[&identity]).with_algorithms(policy));
        assert_eq!(outcome(&examined), expected, "{name}: {:?}", only(&examined).reason);
    }
}
