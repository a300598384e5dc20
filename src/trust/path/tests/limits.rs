//! What looking for a path may cost, and how long it may be.

use super::*;

/// `length` authorities from `Root` down, and a signer below the last.
fn tower(length: u8) -> (Draft, Vec<Draft>) {
    let mut above = ("Root".to_owned(), 1);
    let mut tower = Vec::new();
    for key in 100..100 + length {
        let subject = format!("Level {key}");
        tower.push(Draft::authority(&subject, key, (&above.0, above.1)));
        above = (subject, key);
    }
    (person((&above.0, above.1)), tower)
}

#[test]
fn takes_paths_of_eight_certificates_and_no_longer() {
    let (signer, given) = tower(6);
    assert_passed(&judge(&signer, &given, &[root()]), 8);
    let (signer, given) = tower(7);
    let outcome = judge(&signer, &given, &[root()]);
    let expected = (Indeterminate, Sub::CertificateChainGeneralFailure);
    assert_refused(&outcome, expected, 7, "longer than 8 certificates");
}

#[test]
fn gives_up_when_the_ways_are_too_many() {
    // Every authority has certified every other: ways without end, and none to the root.
    let names = ["A", "B", "C", "D", "E", "F", "G"];
    let key = |place: usize| u8::try_from(place).unwrap() + 30;
    let mut given = Vec::new();
    for (place, subject) in names.iter().enumerate() {
        for (above, issuer) in names.iter().enumerate() {
            given.push(Draft::authority(subject, key(place), (issuer, key(above))));
        }
    }
    let outcome = judge(&person(("A", key(0))), &given, &[root()]);
    let expected = (Indeterminate, Sub::CertificateChainGeneralFailure);
    assert_refused(&outcome, expected, 0, "given up after 64 signature checks");
}

#[test]
fn keeps_to_the_budget_given() {
    let (signer, given) = tower(2);
    let (signer, given) = (signer.make(), given.iter().map(Draft::make).collect::<Vec<_>>());
    let trust = TrustStore::new(vec![root().make()]);
    let judge = |signature_checks, steps| {
        let limits = PathLimits { certificates: 8, signature_checks, steps };
        let at = AT.parse().unwrap();
        validate(
            &PathRequest {
                signer: &signer,
                purpose: Purpose::Document,
                intermediates: &given,
                at,
                limits,
                clock_tolerance_seconds: 0,
            },
            &trust,
        )
        .indication
    };
    assert_eq!(judge(3, 3), TotalPassed);
    assert_eq!(judge(2, 3), Indeterminate);
    assert_eq!(judge(3, 2), Indeterminate);
}
