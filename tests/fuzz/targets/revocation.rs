#![no_main]
//! Reading revocation data, and asking whether it is an answer about a certificate: nobody but its
//! issuer can give one.

use libfuzzer_sys::fuzz_target;
use skrynka::{
    domain::Timestamp,
    trust::{RevocationStore, TrustStore, Wanted, read_certificates},
};

fuzz_target!(|bytes: &[u8]| {
    let mut store = RevocationStore::empty();
    let kept = store.add(bytes);
    assert_eq!(kept.is_ok(), store.len() == 1);
    let read = |file: &[u8]| read_certificates(file).expect("a certificate").remove(0);
    let at = Timestamp::from_seconds(1_790_000_000);
    let wanted = Wanted::new(
        read(include_bytes!("../seeds/certificate/seal.der")),
        read(include_bytes!("../seeds/certificate/root.pem")),
        at,
    );
    assert!(wanted.answers(bytes, at, &TrustStore::empty()).is_err());
});
