#![expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]

use der::{
    Any, Encode as _, Tag,
    asn1::{BitString, ObjectIdentifier, OctetString},
};
use proptest::prelude::*;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::*;
use crate::dstu::{self, Curve, Gost34311, Substitution};

/// What `tests/fixtures/algorithms/regenerate.sh` makes.
const VECTORS: &str = include_str!("../../tests/fixtures/algorithms/vectors.txt");
const MESSAGE: &[u8] = "Скринька".as_bytes();

struct Vector {
    name: &'static str,
    oid: &'static str,
    parameters: Option<Vec<u8>>,
    key: Vec<u8>,
    signature: Vec<u8>,
}

impl Vector {
    fn all() -> Vec<Self> {
        let read = |line: &'static str| {
            let [name, oid, parameters, key, signature] =
                line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            let parameters = (parameters != "-").then(|| bytes(parameters));
            Self { name, oid, parameters, key: bytes(key), signature: bytes(signature) }
        };
        VECTORS.lines().map(read).collect()
    }

    fn named(name: &str) -> Self {
        Self::all().into_iter().find(|vector| vector.name == name).unwrap()
    }

    fn verify(&self) -> Result<(), Failure> {
        self.verify_over(MESSAGE)
    }

    fn verify_over(&self, message: &[u8]) -> Result<(), Failure> {
        verify(&self.algorithm(), None, &self.key, message, &self.signature).map(|_| ())
    }

    /// What the value rests on.
    fn used(&self) -> Vec<String> {
        let used = verify(&self.algorithm(), None, &self.key, MESSAGE, &self.signature).unwrap();
        used.mechanisms().iter().map(ToString::to_string).collect()
    }

    fn algorithm(&self) -> AlgorithmId<'_> {
        AlgorithmId { oid: self.oid.to_owned(), parameters: self.parameters.as_deref() }
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |start| u8::from_str_radix(&hex[start..start + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

fn unsupported(name: &str) -> Result<(), Failure> {
    Err(Failure::Unsupported { name: name.to_owned() })
}

#[test]
fn accepts_what_openssl_has_signed() {
    assert_eq!(Vector::all().len(), 1 + 9 + 12 + 13);
    for vector in Vector::all() {
        assert_eq!(vector.verify(), Ok(()), "{}", vector.name);
    }
}

#[test]
fn refuses_another_message() {
    for vector in Vector::all() {
        assert_eq!(vector.verify_over(b"other"), Err(Failure::Mismatch), "{}", vector.name);
    }
}

#[test]
fn refuses_a_signature_with_one_bit_changed() {
    for mut vector in Vector::all() {
        for place in [0, vector.signature.len() / 2, vector.signature.len() - 1] {
            vector.signature[place] ^= 1;
            assert_eq!(vector.verify(), Err(Failure::Mismatch), "{} at {place}", vector.name);
            vector.signature[place] ^= 1;
        }
    }
}

#[test]
fn refuses_a_signature_that_is_longer_or_shorter() {
    for mut vector in Vector::all() {
        vector.signature.push(0);
        assert_eq!(vector.verify(), Err(Failure::Mismatch), "{} longer", vector.name);
        vector.signature.truncate(vector.signature.len() - 2);
        assert_eq!(vector.verify(), Err(Failure::Mismatch), "{} shorter", vector.name);
        vector.signature.clear();
        assert_eq!(vector.verify(), Err(Failure::Mismatch), "{} empty", vector.name);
        vector.signature = vec![0; 256];
        assert_eq!(vector.verify(), Err(Failure::Mismatch), "{} of zeros", vector.name);
    }
}

#[test]
fn says_what_a_right_value_rests_on() {
    for (name, used) in [
        ("rsa-1024-sha256", vec!["RSA of 1024 bits", "RSA PKCS #1 v1.5", "SHA-256"]),
        ("rsa-4095-sha256", vec!["RSA of 4095 bits", "RSA PKCS #1 v1.5", "SHA-256"]),
        ("pss-rsa-2048-sha256", vec!["RSA of 2048 bits", "RSA-PSS", "SHA-256"]),
        ("ecdsa-P-384-sha256", vec!["ECDSA P-384", "SHA-256"]),
        ("ed25519", vec!["Ed25519"]),
    ] {
        assert_eq!(Vector::named(name).used(), used, "{name}");
    }
}

/// Whoever chooses the table finds other bytes with the same digest: with no substitution at all the
/// digest is as good as linear.
#[test]
fn a_substitution_table_of_the_keys_own_is_a_mechanism_that_no_policy_accepts() {
    const ALGORITHM: &str = "1.2.804.2.1.1.1.1.3.1.1";
    let standard = Substitution::STANDARD_PACKED;
    let mut swapped = standard;
    swapped.swap(0, 1);
    let accepted = ["DSTU 4145 M257", "GOST 34.311"];
    let of_its_own = ["DSTU 4145 M257", "GOST 34.311 with another substitution table"];
    for (table, rests_on) in [
        (None, accepted),
        (Some(standard), accepted),
        (Some(swapped), of_its_own),
        (Some([0; 64]), of_its_own),
        (Some([0x5a; 64]), of_its_own),
    ] {
        let key = dstu::PrivateKey::read(Curve::M257, &[3; 31]).unwrap();
        let point = OctetString::new(key.public_key().to_octets()).unwrap().to_der().unwrap();
        let named = ObjectIdentifier::new_unwrap(Curve::M257.oid()).to_der().unwrap();
        let table_der = table.map(|table| OctetString::new(table).unwrap().to_der().unwrap());
        let parameters = [named, table_der.unwrap_or_default()].concat();
        let spki = SubjectPublicKeyInfoOwned {
            algorithm: AlgorithmIdentifierOwned {
                oid: ObjectIdentifier::new_unwrap(ALGORITHM),
                parameters: Some(Any::new(Tag::Sequence, parameters).unwrap()),
            },
            subject_public_key: BitString::from_bytes(&point).unwrap(),
        };
        let spki = spki.to_der().unwrap();
        let substitution = Substitution::from_packed(&table.unwrap_or(standard));
        let mut hasher = Gost34311::new(&substitution);
        hasher.update(MESSAGE);
        let signature = key.sign(&hasher.finish(), &[7; 64]).unwrap();
        let algorithm = AlgorithmId { oid: ALGORITHM.to_owned(), parameters: None };
        let used = verify(&algorithm, None, &spki, MESSAGE, &signature).unwrap();
        let found: Vec<String> = used.mechanisms().iter().map(ToString::to_string).collect();
        assert_eq!(found, rests_on, "{table:?}");
        for at in ["1996-01-01T00:00:00Z", "2026-09-01T00:00:00Z"] {
            let checked = Policy::built_in().check(&used, at.parse().unwrap());
            assert_eq!(checked.is_ok(), rests_on == accepted, "{table:?}");
        }
        let wrong = verify(&algorithm, None, &spki, b"another message", &signature);
        assert_eq!(wrong, Err(Failure::Mismatch), "{table:?}");
    }
}

#[test]
fn names_the_algorithms_that_it_cannot_check() {
    let key = Vector::named("rsa-2048-sha256").key;
    for (oid, expected) in [
        ("1.2.804.2.1.1.1.1.3.1.2", unsupported("DSTU 4145 with GOST 34.311 in a normal basis")),
        ("1.2.840.113549.1.1.15", unsupported("RSA with SHA-512/224")),
        ("1.3.101.113", unsupported("Ed448")),
        ("1.2.3.4", unsupported("1.2.3.4")),
        ("1.2.840.113549.1.1.4", unsupported("RSA with MD5")),
        ("1.2.840.10040.4.3", unsupported("DSA with SHA-1")),
    ] {
        let algorithm = AlgorithmId { oid: oid.to_owned(), parameters: None };
        let checked = verify(&algorithm, None, &key, MESSAGE, &[]).map(|_| ());
        assert_eq!(checked, expected, "{oid}");
    }
}

#[test]
fn names_the_digests_that_it_does_not_take() {
    for (oid, expected) in [
        ("1.2.643.7.1.1.2.2", unsupported("GOST R 34.11-2012 of 256 bits")),
        ("2.16.840.1.101.3.4.2.5", unsupported("SHA-512/224")),
        ("1.2.840.113549.2.5", unsupported("MD5")),
    ] {
        assert_eq!(DigestAlgorithm::from_oid(oid).map(|_| ()), expected, "{oid}");
    }
    for digest in DigestAlgorithm::ALL {
        assert_eq!(DigestAlgorithm::from_oid(digest.oid()), Ok(digest));
        assert_eq!(algorithm_name(digest.oid()), digest.name());
    }
}

#[test]
fn takes_the_digest_from_beside_the_signature_where_the_algorithm_names_none() {
    for (name, oid) in
        [("rsa-2048-sha384", "1.2.840.113549.1.1.1"), ("ecdsa-P-256-sha384", "1.2.840.10045.2.1")]
    {
        let vector = Vector::named(name);
        let algorithm = AlgorithmId { oid: oid.to_owned(), parameters: None };
        let check = |digest: Option<DigestAlgorithm>| {
            let digest = digest.map(DigestAlgorithm::oid);
            verify(&algorithm, digest, &vector.key, MESSAGE, &vector.signature).map(|_| ())
        };
        assert_eq!(check(Some(DigestAlgorithm::Sha384)), Ok(()));
        assert_eq!(check(Some(DigestAlgorithm::Sha256)), Err(Failure::Mismatch));
        assert!(matches!(check(None), Err(Failure::BadParameters { .. })));
    }
}

#[test]
fn heeds_the_algorithm_over_the_digest_beside_it() {
    let vector = Vector::named("rsa-2048-sha384");
    for beside in [DigestAlgorithm::Sha256.oid(), "1.2.840.113549.2.5", "nonsense"] {
        let checked =
            verify(&vector.algorithm(), Some(beside), &vector.key, MESSAGE, &vector.signature);
        assert!(checked.is_ok(), "{beside}");
    }
}

#[test]
fn refuses_a_key_of_another_kind() {
    let keys = ["ed25519", "ecdsa-P-256-sha256", "ecdsa-P-384-sha256", "rsa-2048-sha256"];
    for vector in Vector::all() {
        for other in keys.map(Vector::named) {
            let checked = verify(&vector.algorithm(), None, &other.key, MESSAGE, &vector.signature);
            assert_eq!(
                checked.is_ok(),
                other.key == vector.key,
                "{} with the key of {}",
                vector.name,
                other.name
            );
        }
    }
}

#[test]
fn refuses_pkcs1_signatures_by_a_key_for_pss_alone() {
    let mut vector = Vector::named("rsa-2048-sha256");
    vector.key = Vector::named("pss-pss-any-sha256").key;
    assert!(matches!(vector.verify(), Err(Failure::BadKey { .. })));
}

#[test]
fn refuses_parameters_that_the_pss_key_does_not_allow() {
    let mut vector = Vector::named("pss-pss-sha256-sha256");
    vector.parameters = Vector::named("pss-pss-any-sha512").parameters;
    assert!(matches!(vector.verify(), Err(Failure::BadParameters { .. })));
}

#[test]
fn refuses_weak_strange_and_missing_pss_parameters() {
    let check = |parameters: Option<&str>| {
        let mut vector = Vector::named("pss-rsa-2048-sha256");
        vector.parameters = parameters.map(bytes);
        vector.verify()
    };
    let sha256 = "300d06096086480165030402010500";
    let sha512 = "300d06096086480165030402030500";
    let pss = |hash: &str, mask: &str, salt: &str| {
        format!("3034a00f{hash}a11c301a06092a864886f70d010108{mask}{salt}")
    };
    assert_eq!(check(Some(&pss(sha256, sha256, "a203020120"))), Ok(()));
    assert_eq!(check(Some("3000")), Err(Failure::Mismatch), "SHA-1 everywhere by default");
    assert_eq!(
        check(Some(&format!("3011a00f{sha256}"))),
        unsupported("RSA-PSS with SHA-256 and a mask with SHA-1"),
        "the mask by default"
    );
    assert_eq!(
        check(Some(&pss(sha256, sha256, "a203020114"))),
        Err(Failure::Mismatch),
        "another salt length"
    );
    assert_eq!(
        check(Some(&pss(sha256, sha512, "a203020120"))),
        unsupported("RSA-PSS with SHA-256 and a mask with SHA-512")
    );
    for wrong in [None, Some("0500"), Some("3003020101"), Some("30"), Some("")] {
        assert!(matches!(check(wrong), Err(Failure::BadParameters { .. })), "{wrong:?}");
    }
}

#[test]
fn refuses_ed25519_with_parameters() {
    let mut vector = Vector::named("ed25519");
    vector.parameters = Some(bytes("0500"));
    assert!(matches!(vector.verify(), Err(Failure::BadParameters { .. })));
}

#[test]
fn refuses_an_ed25519_key_of_small_order() {
    // The neutral point as key and as nonce, and zero: it fits every message unless checked
    // strictly.
    let point = "0100000000000000000000000000000000000000000000000000000000000000";
    let key = bytes(&format!("302a300506032b6570032100{point}"));
    let signature = bytes(&format!("{point}{}", "00".repeat(32)));
    let algorithm = Vector::named("ed25519");
    let checked = verify(&algorithm.algorithm(), None, &key, MESSAGE, &signature);
    assert_eq!(checked.map(|_| ()), Err(Failure::Mismatch));
}

#[test]
fn refuses_ecdsa_signatures_that_are_not_strict_der() {
    let vector = Vector::named("ecdsa-P-256-sha256");
    for wrong in
        ["3006020100020100", "3006020101020100", "300602020001020101", "30800201010201010000"]
    {
        let checked = verify(&vector.algorithm(), None, &vector.key, MESSAGE, &bytes(wrong));
        assert_eq!(checked.map(|_| ()), Err(Failure::Mismatch), "{wrong}");
    }
}

#[test]
fn refuses_rsa_keys_with_senseless_exponents() {
    let vector = Vector::named("rsa-2048-sha256");
    let exponent = vector.key.len() - 3;
    for wrong in [[0, 0, 0], [0, 0, 1], [1, 0, 0], [0xff, 0xff, 0xff]] {
        let mut key = vector.key.clone();
        key[exponent..].copy_from_slice(&wrong);
        let checked = verify(&vector.algorithm(), None, &key, MESSAGE, &vector.signature);
        assert!(matches!(checked, Err(Failure::BadKey { .. })), "{wrong:?}");
    }
}

#[test]
fn names_keys_for_people() {
    assert_eq!(key_name(&[0x30, 0x03]), "unreadable key");
    for (name, expected) in [
        ("ed25519", "Ed25519"),
        ("ecdsa-P-256-sha256", "ECDSA P-256"),
        ("ecdsa-P-384-sha256", "ECDSA P-384"),
        ("ecdsa-P-521-sha256", "ECDSA P-521"),
        ("rsa-1024-sha256", "RSA 1024"),
        ("rsa-2049-sha256", "RSA 2049"),
        ("rsa-4095-sha256", "RSA 4095"),
        ("pss-pss-any-sha256", "RSA-PSS 2048"),
    ] {
        assert_eq!(key_name(&Vector::named(name).key), expected);
    }
}

#[test]
fn names_national_keys_with_their_field() {
    let explicit = "3081f23081c9060b2a862402010101010301013081b9307530070202010102010c02010004211\
        0bee3db6aea9e1f86578c45c12594ff942394a7d738f9187e6515017294f4ce010221008000000000000000000\
        00000000000006759213af182e987d3e17714907d470d0421b60fd2d8dce8a93423c6101bca91c47a007e6c300\
        b26cd556c9b0e7d20ef292a000440a9d6eb45f13c708280c4967b231f5eadf658eba4c037291d38d96bf025ca4\
        e17f8e9720dc615b43a28975f0bc1dea36438b564ea2c179fd0123e6db8fac579040324000421aa1df4d7cc15e\
        0f77a848806c4ca403062d8765f52c696ade40e0aa40d0de82901";
    let named = "3024301e060b2a86240201010101030101300f060d2a86240201010101030101020903020000";
    assert_eq!(key_name(&bytes(explicit)), "DSTU 4145 M257");
    assert_eq!(key_name(&bytes(named)), "DSTU 4145 M431");
}

/// Each with each: what cannot be computed is named, and never called wrong. What is computed is
/// called wrong only by its value.
#[test]
fn no_combination_of_signature_and_digest_is_called_wrong_for_its_name() {
    let digests: Vec<&str> = DIGESTS.iter().map(|(oid, _)| *oid).collect();
    let (rsa, p256) = (Vector::named("rsa-2048-sha256"), Vector::named("ecdsa-P-256-sha256"));
    for (vector, oid, family) in
        [(&rsa, "1.2.840.113549.1.1.1", "RSA"), (&p256, "1.2.840.10045.2.1", "ECDSA")]
    {
        for digest in &digests {
            let algorithm = AlgorithmId { oid: oid.to_owned(), parameters: None };
            let checked = verify(&algorithm, Some(digest), &vector.key, MESSAGE, &vector.signature);
            let name = algorithm_name(digest);
            let expected = match DigestAlgorithm::from_oid(digest) {
                Ok(DigestAlgorithm::Sha256) => Ok(()),
                Ok(
                    DigestAlgorithm::Gost34311
                    | DigestAlgorithm::Kupyna256
                    | DigestAlgorithm::Kupyna384
                    | DigestAlgorithm::Kupyna512,
                ) if family == "RSA" => unsupported(&format!("RSA with {name}")),
                Ok(_) => Err(Failure::Mismatch),
                Err(_) => unsupported(&format!("{family} with {name}")),
            };
            assert_eq!(checked.map(|_| ()), expected, "{family} {name}");
        }
    }
}

/// The digests that OpenSSL and others name, computed here or not.
const DIGESTS: [(&str, &str); 19] = [
    ("1.2.840.113549.2.2", "MD2"),
    ("1.2.840.113549.2.4", "MD4"),
    ("1.2.840.113549.2.5", "MD5"),
    ("1.3.36.3.2.1", "RIPEMD-160"),
    ("1.3.14.3.2.26", "SHA-1"),
    ("2.16.840.1.101.3.4.2.4", "SHA-224"),
    ("2.16.840.1.101.3.4.2.1", "SHA-256"),
    ("2.16.840.1.101.3.4.2.2", "SHA-384"),
    ("2.16.840.1.101.3.4.2.3", "SHA-512"),
    ("2.16.840.1.101.3.4.2.5", "SHA-512/224"),
    ("2.16.840.1.101.3.4.2.6", "SHA-512/256"),
    ("2.16.840.1.101.3.4.2.7", "SHA3-224"),
    ("2.16.840.1.101.3.4.2.8", "SHA3-256"),
    ("2.16.840.1.101.3.4.2.9", "SHA3-384"),
    ("2.16.840.1.101.3.4.2.10", "SHA3-512"),
    ("1.2.804.2.1.1.1.1.2.1", "GOST 34.311"),
    ("1.2.804.2.1.1.1.1.2.2.1", "Kupyna-256"),
    ("1.2.643.7.1.1.2.2", "GOST R 34.11-2012 of 256 bits"),
    ("1.2.3.4", "1.2.3.4"),
];

/// A right value by a weak digest is right; whether it counts is another question. Signed here, with
/// the curve's own key, over each digest of FIPS 180-4 and FIPS 202.
#[test]
fn right_values_by_weak_digests_are_right_and_wrong_ones_wrong() {
    use p256::ecdsa::{SigningKey, signature::hazmat::PrehashSigner as _};
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    let head = bytes("3059301306072a8648ce3d020106082a8648ce3d030107034200");
    let spki = [&head, key.verifying_key().to_sec1_point(false).as_bytes()].concat();
    for digest in DigestAlgorithm::ALL {
        let signature: p256::ecdsa::Signature = key.sign_prehash(&digest.digest(MESSAGE)).unwrap();
        let signature = signature.to_der();
        let algorithm = AlgorithmId { oid: "1.2.840.10045.2.1".to_owned(), parameters: None };
        let check = |message: &[u8]| {
            let named = Some(digest.oid());
            verify(&algorithm, named, &spki, message, signature.as_bytes())
        };
        let used = check(MESSAGE).unwrap();
        let told: Vec<String> = used.mechanisms().iter().map(ToString::to_string).collect();
        assert_eq!(told, ["ECDSA P-256", digest.name()]);
        assert_eq!(check(b"other").map(|_| ()), Err(Failure::Mismatch), "{digest:?}");
    }
}

fn any_oid() -> impl Strategy<Value = String> {
    let known: Vec<&str> = Vector::all().iter().map(|vector| vector.oid).collect();
    prop_oneof![
        prop::sample::select(known).prop_map(str::to_owned),
        prop::sample::select(vec!["1.2.840.113549.1.1.1", "1.2.840.10045.2.1"])
            .prop_map(str::to_owned),
        "[0-9.]{0,40}",
    ]
}

proptest! {
    #[test]
    fn never_panics(
        oid in any_oid(),
        parameters in prop::option::of(prop::collection::vec(any::<u8>(), 0..80)),
        key in prop::collection::vec(any::<u8>(), 0..400),
        signature in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let algorithm = AlgorithmId { oid, parameters: parameters.as_deref() };
        let digest = Some(DigestAlgorithm::Sha256.oid());
        prop_assert!(verify(&algorithm, digest, &key, MESSAGE, &signature).is_err());
        prop_assert!(!key_name(&key).is_empty());
    }

    #[test]
    fn refuses_a_changed_byte_anywhere(
        vector in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        change in 1_u8..,
        in_key in any::<bool>(),
    ) {
        let mut vectors = Vector::all();
        // Its key names a least salt, which may be changed to a lower one.
        vectors.retain(|vector| !vector.name.starts_with("pss-pss-sha256"));
        let mut vector = vectors.remove(vector.index(vectors.len()));
        let changed = if in_key { &mut vector.key } else { &mut vector.signature };
        let place = place.index(changed.len());
        changed[place] ^= change;
        prop_assert!(vector.verify().is_err(), "{}", vector.name);
        prop_assert!(!key_name(&vector.key).is_empty());
    }

    #[test]
    fn never_panics_on_changed_parameters(
        place in any::<prop::sample::Index>(),
        value in any::<u8>(),
    ) {
        let mut vector = Vector::named("pss-rsa-2048-sha256");
        let mut parameters = vector.parameters.unwrap();
        let place = place.index(parameters.len());
        parameters[place] = value;
        vector.parameters = Some(parameters);
        prop_assert_ne!(vector.verify_over(b"other"), Ok(()));
    }
}
