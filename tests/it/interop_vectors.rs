//! DSTU 4145 against other implementations: vectors made by BouncyCastle and by dstu-core (from the
//! directory that `SKRYNKA_INTEROP_DATA` names), and fresh signatures judged by two crates.
//!
//! The hash values of other implementations come with the most significant octet first, and
//! `ua-cryptography` writes a signature as s ‖ r: both are turned round here.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test where it stands")]

use dstu_core::hazmat::dstu4145::{
    curve257::Point, gf2m257::FieldElement as Element257, signature257,
};
use serde_json::Value;
use skrynka::dstu::{
    Backend, Curve, KeyCache, PreparedKey, PrivateKey, PublicKey, verify, verify_on,
};
use ua_cryptography_dstu4145::{DomainParameters, Signer, get_polynomial_curve};

use crate::support::interop;

fn vectors(name: &str) -> Option<Value> {
    let path = interop::data()?.join("vectors").join(name);
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

fn octets(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    let text = if text.len() % 2 == 1 { format!("0{text}") } else { text.to_owned() };
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}

/// A number written with the most significant digit first, as `length` octets the other way.
fn turned(text: &Value, length: usize) -> Vec<u8> {
    let mut octets = octets(text);
    octets.reverse();
    assert!(octets.iter().skip(length).all(|octet| *octet == 0));
    octets.resize(length, 0);
    octets
}

/// Octets that look random and are the same each time.
fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(count).collect()
}

#[test]
pub(crate) fn bouncy_castle_s_cases_come_out_as_it_says() {
    let Some(cases) = vectors("bc-dstu4145-dev.json") else { return };
    let cases = cases.as_array().unwrap();
    assert_eq!(cases.len(), 48);
    let cache = KeyCache::new();
    for case in cases {
        let curve = Curve::from_oid(case["curve_oid"].as_str().unwrap()).unwrap();
        let key = octets(&case["pubkey_compressed_le"]);
        let (digest, signature) = (octets(&case["hash"]), octets(&case["sig_le_r_s"]));
        let valid = case["valid"].as_bool().unwrap();
        for backend in Backend::available() {
            let key = PublicKey::read_on(backend, curve, &key).unwrap();
            assert_eq!(verify_on(backend, &key, &digest, &signature), valid, "{case} {backend:?}");
        }
        assert_eq!(cache.verify(curve, &key, &digest, &signature), Ok(valid), "{case}");
    }
}

#[test]
pub(crate) fn keys_and_signatures_of_another_implementation_are_made_again_to_the_bit() {
    let Some(cases) = vectors("uacrypt-gf2m257_arith.json") else { return };
    let curve = Curve::M257;
    for case in cases["signature_cases"].as_array().unwrap() {
        let key = PrivateKey::read(curve, &turned(&case["d"], 32)).unwrap();
        let nonce = turned(&case["e"], PrivateKey::nonce_octets(curve));
        let digest = turned(&case["h"], 33);
        let expected = [turned(&case["r"], 32), turned(&case["s"], 32)].concat();
        assert_eq!(key.sign(&digest, &nonce).unwrap(), expected);
        let public = key.public_key();
        assert_eq!(public.octets()[1..], turned(&case["qx"], 33)[1..]);
        assert!(verify(&public, &digest, &expected));
    }
    for case in cases["point_cases"].as_array().unwrap() {
        if case["op"] == "scalar_multiply" {
            let key = PrivateKey::read(curve, &turned(&case["k"], 32)).unwrap();
            assert_eq!(key.public_key().octets()[1..], turned(&case["rx"], 33)[1..]);
        }
    }
}

/// The same question put to the other crates.
struct Oracles {
    curve: Curve,
    parameters: DomainParameters,
    signer: Signer,
}

impl Oracles {
    fn new(curve: Curve) -> Self {
        let parameters = get_polynomial_curve(u32::from(curve.degree())).unwrap();
        Self { curve, signer: Signer::new(&parameters), parameters }
    }

    fn answers(&self, key: &PublicKey, digest: &[u8], signature: &[u8]) -> Vec<bool> {
        let half = self.curve.order_octets();
        let reversed = |octets: &[u8]| octets.iter().rev().copied().collect::<Vec<u8>>();
        let hash = reversed(digest);

        let point = self.parameters.curve().decompress_from_bytes(&reversed(key.octets())).unwrap();
        let by_ua = self.signer.verify_hash(&point, &hash, &reversed(signature));

        let mut answers = vec![by_ua];
        if self.curve == Curve::M257 {
            let coordinate = |mut octets: Vec<u8>| {
                octets.resize(33, 0);
                Element257::from_be_bytes(&reversed(&octets))
            };
            let q = Point::Affine(
                coordinate(point.x().unwrap().to_biguint().to_bytes_le()),
                coordinate(point.y().unwrap().to_biguint().to_bytes_le()),
            );
            let scalar = |octets: &[u8]| -> [u8; 33] {
                [vec![0], reversed(octets)].concat().try_into().unwrap()
            };
            let (r, s) = signature.split_at(half);
            let (r, s) = (scalar(r), scalar(s));
            answers.push(signature257::verify(&hash, &r, &s, q, Point::generator()));
        }
        answers
    }
}

/// Signs with keys of our own and asks everyone, about the signature and about a spoilt one.
fn everyone_agrees(curve: Curve, count: u64, oracles_each: u64) {
    let oracles = Oracles::new(curve);
    for seed in 0..count {
        let private = PrivateKey::read(curve, &noise(seed, curve.order_octets() - 1)).unwrap();
        let key = private.public_key();
        assert_eq!(PublicKey::read(curve, key.octets()), Ok(key.clone()));
        let digest = noise(seed + 1_000_000, if seed % 4 == 3 { 64 } else { 32 });
        let nonce = noise(seed + 2_000_000, PrivateKey::nonce_octets(curve));
        let good = private.sign(&digest, &nonce).unwrap();
        let mut bad = good.clone();
        let at = usize::try_from(seed).unwrap() % (8 * bad.len());
        bad[at / 8] ^= 1 << (at % 8);
        for (signature, expected) in [(good, true), (bad, false)] {
            for backend in Backend::available() {
                let slow = backend == Backend::Portable && seed % oracles_each != 0;
                if !slow {
                    assert_eq!(verify_on(backend, &key, &digest, &signature), expected);
                }
            }
            if seed % oracles_each == 0 {
                let answers = oracles.answers(&key, &digest, &signature);
                assert!(answers.iter().all(|answer| *answer == expected), "{seed}: {answers:?}");
            }
            if seed == 0 {
                assert_eq!(PreparedKey::new(&key).verify(&digest, &signature), expected);
            }
        }
    }
}

#[test]
fn fresh_signatures_are_judged_alike_by_all_implementations() {
    for curve in Curve::ALL {
        let daily = matches!(curve, Curve::M257 | Curve::M431);
        everyone_agrees(curve, if daily { 60 } else { 20 }, 10);
    }
}

#[test]
#[ignore = "minutes long without optimization"]
fn ten_thousand_signatures_on_each_curve_are_judged_alike_by_all_implementations() {
    for curve in Curve::ALL {
        everyone_agrees(curve, 10_000, 1);
    }
}
