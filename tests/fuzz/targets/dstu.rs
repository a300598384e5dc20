#![no_main]
//! DSTU 4145: parameters, keys and signatures of any bytes. All ways of computing agree.

use libfuzzer_sys::fuzz_target;
use skrynka::dstu::{Backend, Curve, Parameters, PublicKey, verify_on};

fuzz_target!(|bytes: &[u8]| {
    let _ = Parameters::read(bytes);
    let Some((which, rest)) = bytes.split_first() else { return };
    let curve = Curve::ALL[usize::from(*which) % Curve::ALL.len()];
    let (octets, rest) = rest.split_at(rest.len().min(curve.field_octets()));
    let Ok(key) = PublicKey::read_on(Backend::Portable, curve, octets) else { return };
    let (digest, signature) = rest.split_at(rest.len().min(32));
    let expected = verify_on(Backend::Portable, &key, digest, signature);
    for backend in Backend::available() {
        assert_eq!(verify_on(backend, &key, digest, signature), expected);
    }
});
