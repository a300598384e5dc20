//! Paths and the algorithm policy.

use std::sync::Arc;

use super::*;

/// Certificates of 2026 and 2027, their keys accepted until a day before, within and after: for each
/// moment what the path is worth. The trusted certificate's own signature does not matter, its key
/// does.
#[test]
fn every_signature_on_the_path_counts_by_the_policy_of_the_moment() {
    let expired = Some(Sub::CryptoConstraintsFailureNoPoe);
    let never = Some(Sub::CryptoConstraintsFailure);
    for (end, at, expected) in [
        ("2026-12-31", "2026-12-31T23:59:59Z", None),
        ("2026-12-31", "2027-01-01T00:00:00Z", expired),
        ("2025-12-31", "2026-12-31T23:59:59Z", never),
        ("2099-12-31", AT, None),
    ] {
        let policy = crate::algorithms::Policy::built_in_but(&[("Ed25519", end)]);
        let (signer, middle) = (person(MIDDLE).make(), middle().make());
        for (given, trusted, length) in
            [(vec![middle.clone()], root().make(), 3), (Vec::new(), middle, 2)]
        {
            let trust = TrustStore::new(vec![trusted]).with_algorithms(Arc::clone(&policy));
            let request = PathRequest {
                signer: &signer,
                purpose: Purpose::Document,
                intermediates: &given,
                at: at.parse().unwrap(),
                limits: PathLimits::default(),
                clock_tolerance_seconds: 0,
            };
            let outcome = validate(&request, &trust);
            let context = format!("until {end}, at {at}: {:?}", outcome.reason);
            assert_eq!(outcome.sub_indication, expected, "{context}");
            assert_eq!(outcome.chain.len(), length, "{context}");
            let problems = outcome.chain.iter().filter(|link| link.problem.is_some()).count();
            assert_eq!(problems, if expected.is_some() { length - 1 } else { 0 }, "{context}");
        }
        let trust = TrustStore::new(vec![signer.clone()]).with_algorithms(policy);
        let request = PathRequest {
            signer: &signer,
            purpose: Purpose::Document,
            intermediates: &[],
            at: at.parse().unwrap(),
            limits: PathLimits::default(),
            clock_tolerance_seconds: 0,
        };
        assert_eq!(validate(&request, &trust).indication, TotalPassed, "pinned: no signature");
    }
}
