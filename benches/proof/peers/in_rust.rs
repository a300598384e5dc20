//! Crates with the same algorithms, with keys and signatures of their own making where they sign.

use std::hint::black_box;

use dstu_core::hazmat::dstu4145::{curve257::Point, scalar257::Scalar, signature257};
use gost94::{Digest as _, Gost94UA};
use kupyna::Kupyna256;
use structured_dstu4145::{Basis, ByteOrder, domain::Domain};
use ua_cryptography_dstu4145::{Signer, get_polynomial_curve};

use super::super::{
    measure::{Subject, Unit},
    subjects::{Case, Cases},
};

/// As many signatures as one turn's batch has.
const BATCH: usize = 16;

pub(in super::super) fn crates(cases: &Cases) -> Vec<Subject<'_>> {
    let signatures = |name, run| Subject { name, unit: Unit::PerSecond, run };
    let digests = |name, run| Subject { name, unit: Unit::MegabytesPerSecond, run };
    vec![
        signatures("M257 dstu-core", dstu_core()),
        signatures("M257 ua-cryptography", ua_cryptography(257)),
        signatures("M431 ua-cryptography", ua_cryptography(431)),
        signatures("M257 structured-dstu4145 new key", structured_new(257, &cases.m257)),
        signatures("M257 structured-dstu4145 known key", structured_known(257, &cases.m257)),
        signatures("M431 structured-dstu4145 new key", structured_new(431, &cases.m431)),
        signatures("M431 structured-dstu4145 known key", structured_known(431, &cases.m431)),
        digests(
            "GOST 34.311 gost94",
            Box::new(|| {
                black_box(Gost94UA::digest(&cases.content));
                cases.content.len()
            }),
        ),
        digests(
            "Kupyna-256 kupyna",
            Box::new(|| {
                black_box(Kupyna256::digest(&cases.content));
                cases.content.len()
            }),
        ),
    ]
}

/// Checks the key each time: it has no form for one that was checked before.
fn dstu_core<'a>() -> Box<dyn FnMut() -> usize + 'a> {
    let generator = Point::generator();
    let (secret, nonce) = ([0x51; 31], [0x37; 31]);
    let key = generator.scalar_multiply(&Scalar::from_be_bytes(&secret).to_be_bytes()).negate();
    let (secret, nonce) = (Scalar::from_be_bytes(&secret), Scalar::from_be_bytes(&nonce));
    let digest = [0x29; 32];
    let (r, s) = signature257::sign(&digest, secret, nonce, generator).unwrap();
    Box::new(move || {
        for _ in 0..BATCH {
            assert!(signature257::verify(&digest, &r, &s, key, generator));
        }
        BATCH
    })
}

/// Does not check the key.
fn ua_cryptography<'a>(degree: u32) -> Box<dyn FnMut() -> usize + 'a> {
    let mut signer = Signer::new(&get_polynomial_curve(degree).unwrap());
    let pair = signer.generate_key_pair();
    let digest = [0x29; 32];
    let signature = signer.sign_hash(&pair.private_key, &digest).unwrap();
    Box::new(move || {
        for _ in 0..BATCH {
            assert!(signer.verify_hash(&pair.public_key, &digest, &signature));
        }
        BATCH
    })
}

fn structured_new(degree: usize, cases: &[Case]) -> Box<dyn FnMut() -> usize + '_> {
    Box::new(move || {
        for case in &cases[..BATCH] {
            let key = structured_key(degree, case);
            assert_eq!(
                key.verify_prehash(&case.digest, &case.signature, ByteOrder::LittleEndian),
                Ok(true)
            );
        }
        BATCH
    })
}

fn structured_known(degree: usize, cases: &[Case]) -> Box<dyn FnMut() -> usize + '_> {
    let case = &cases[0];
    let key = structured_key(degree, case);
    Box::new(move || {
        for _ in 0..BATCH {
            let order = ByteOrder::LittleEndian;
            assert_eq!(key.verify_prehash(&case.digest, &case.signature, order), Ok(true));
        }
        BATCH
    })
}

fn structured_key(degree: usize, case: &Case) -> structured_dstu4145::domain::PublicKey {
    let domain = Domain::named(Basis::Polynomial, degree).unwrap();
    domain.public_key(&case.key, ByteOrder::LittleEndian).unwrap()
}
