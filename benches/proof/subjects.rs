//! What Skrynka itself does, and the keys and signatures that it does it with.

use skrynka::dstu::{Curve, KeyCache, PrivateKey, PublicKey, gost34311, verify};

use super::measure::{Subject, Unit};

/// Keys met for the first time: as many as one turn goes through without an end in sight.
const KEYS: usize = 256;

/// One signature with its key.
pub(super) struct Case {
    pub(super) curve: Curve,
    /// The compressed point, as certificates carry it.
    pub(super) key: Vec<u8>,
    pub(super) digest: [u8; 32],
    pub(super) signature: Vec<u8>,
}

pub(super) struct Cases {
    pub(super) m257: Vec<Case>,
    pub(super) m431: Vec<Case>,
    pub(super) content: Vec<u8>,
}

impl Cases {
    pub(super) fn make() -> Self {
        let of = |curve| (0..KEYS).map(|number| Case::make(curve, number)).collect();
        let content = (0_u32..1 << 18).flat_map(u32::to_le_bytes).collect();
        Self { m257: of(Curve::M257), m431: of(Curve::M431), content }
    }
}

impl Case {
    fn make(curve: Curve, number: usize) -> Self {
        let wide = |purpose: &str| {
            let half = |part: &str| gost34311(format!("{purpose} {part} {number}").as_bytes());
            [half("one"), half("two")].concat()
        };
        let octets = curve.order_octets();
        let mut secret = wide("key");
        secret.truncate(octets);
        // Below every order, whichever end comes first.
        if let [first, .., last] = secret.as_mut_slice() {
            (*first, *last) = (0, 0);
        }
        let key = PrivateKey::read(curve, &secret).unwrap();
        let digest = gost34311(format!("document {number}").as_bytes());
        let signature = key.sign(&digest, &wide("nonce")).unwrap();
        Self { curve, key: key.public_key().to_octets(), digest, signature }
    }
}

pub(super) fn ours(cases: &Cases) -> Vec<Subject<'_>> {
    vec![
        Subject { name: "M257 new key", unit: Unit::PerSecond, run: new_key(&cases.m257) },
        Subject { name: "M257 known key", unit: Unit::PerSecond, run: known(&cases.m257[..4]) },
        Subject { name: "M431 new key", unit: Unit::PerSecond, run: new_key(&cases.m431) },
        Subject { name: "M431 known key", unit: Unit::PerSecond, run: known(&cases.m431[..4]) },
        Subject {
            name: "GOST 34.311",
            unit: Unit::MegabytesPerSecond,
            run: Box::new(|| {
                std::hint::black_box(gost34311(&cases.content));
                cases.content.len()
            }),
        },
        Subject {
            name: "Kupyna-256",
            unit: Unit::MegabytesPerSecond,
            run: Box::new(|| {
                let digest = skrynka::algorithms::DigestAlgorithm::Kupyna256;
                std::hint::black_box(digest.digest(&cases.content));
                cases.content.len()
            }),
        },
    ]
}

/// The key is read, checked and used once, as for a signer never met before.
fn new_key(cases: &[Case]) -> Box<dyn FnMut() -> usize + '_> {
    Box::new(move || {
        for case in cases {
            let key = PublicKey::read(case.curve, &case.key).unwrap();
            assert!(verify(&key, &case.digest, &case.signature));
        }
        cases.len()
    })
}

/// The same few signers again and again: authorities, responders, Diia's seal.
fn known(cases: &[Case]) -> Box<dyn FnMut() -> usize + '_> {
    let cache = KeyCache::default();
    Box::new(move || {
        let verified =
            |case: &Case| cache.verify(case.curve, &case.key, &case.digest, &case.signature);
        for case in cases.iter().cycle().take(256) {
            assert_eq!(verified(case).ok(), Some(true));
        }
        256
    })
}
