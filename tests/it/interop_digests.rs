//! Digests and wrapped keys that other people's software made, from the directory that
//! `SKRYNKA_INTEROP_DATA` names. Without it these tests say that they are skipped.
//!
//! The directory has `vectors/` (BouncyCastle, the Kupyna paper, UAPKI).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails the test where it stands"
)]

use std::fs;

use serde_json::Value;
use sha2::Digest as _;
use skrynka::dstu::{Gost28147, Kupyna256, Kupyna384, Kupyna512, Substitution, gost34311};

use crate::support::interop;

fn vectors(name: &str) -> Option<Value> {
    let path = interop::data()?.join("vectors").join(name);
    let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_slice(&text).unwrap())
}

fn octets(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    octets(value).try_into().unwrap()
}

#[test]
pub(crate) fn digests_equal_those_of_bouncy_castle() {
    let Some(cases) = vectors("bc-digests-dev.json") else { return };
    let mut seen = 0;
    for case in cases.as_array().unwrap() {
        let content = octets(&case["msg"]);
        let digest = match case["alg"].as_str().unwrap() {
            "gost34311-dstu" => gost34311(&content).to_vec(),
            "kupyna256" => Kupyna256::digest(&content).to_vec(),
            "kupyna384" => Kupyna384::digest(&content).to_vec(),
            "kupyna512" => Kupyna512::digest(&content).to_vec(),
            other => panic!("no digest called {other}"),
        };
        assert_eq!(digest, octets(&case["digest"]), "{} of {} octets", case["alg"], content.len());
        seen += 1;
    }
    assert!(seen >= 48, "{seen} cases");
}

#[test]
pub(crate) fn kupyna_equals_the_examples_of_its_paper() {
    let Some(file) = vectors("kupyna-256-standard.json") else { return };
    let cases = file["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let content = octets(&case["message_hex"]);
        assert_eq!(Kupyna256::digest(content).to_vec(), octets(&case["hash_hex"]));
    }
}

#[test]
pub(crate) fn keys_are_wrapped_as_uapki_wraps_them() {
    let Some(file) = vectors("gost28147-keywrap.json") else { return };
    let case = &file["gost28147_wrap_dke_sbox"];
    let (wrapping, key) = (array(&case["kek"]), array(&case["cek"]));
    let cipher = Gost28147::new(Substitution::standard(), &wrapping);
    let wrapped = cipher.wrap_key(array(&case["iv"]), &key);
    assert_eq!(wrapped, array(&case["wrapped"]));
    assert_eq!(cipher.unwrap_key(&wrapped).as_deref(), Some(&key));
}
