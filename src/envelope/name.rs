//! The names that people know encryption under.

use crate::algorithms::algorithm_name;

/// The usual name of an algorithm of an envelope or a key file; the identifier if it has none.
pub(super) fn name(oid: &str) -> String {
    match NAMES.iter().find(|(known, _)| *known == oid) {
        Some((_, name)) => (*name).to_owned(),
        None => algorithm_name(oid),
    }
}

const NAMES: &[(&str, &str)] = &[
    ("1.2.804.2.1.1.1.1.1.1.2", "GOST 28147 in counter mode"),
    ("1.2.804.2.1.1.1.1.1.3.3.1", "Kalyna-128 in feedback mode"),
    ("1.2.804.2.1.1.1.1.1.3.3.3", "Kalyna-512 in feedback mode"),
    ("1.2.840.113549.1.1.7", "RSA-OAEP"),
    ("1.2.840.113549.1.9.16.3.18", "ChaCha20-Poly1305"),
    ("1.2.840.113549.3.2", "RC2"),
    ("1.2.840.113549.3.7", "Triple DES"),
    ("1.2.840.113549.1.12.1.3", "PKCS#12 Triple DES with SHA-1"),
    ("1.2.840.113549.1.12.1.6", "PKCS#12 RC2 of 40 bits with SHA-1"),
    ("1.3.132.1.11.0", "ECDH with SHA-224"),
];
