#![no_main]
//! Reading certificates, alone and as files of a trust directory.

use libfuzzer_sys::fuzz_target;
use skrynka::trust::{self, Certificate};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(certificate) = Certificate::parse(bytes) {
        assert_eq!(certificate.der(), bytes);
    }
    let _ = trust::read_certificates(bytes);
});
