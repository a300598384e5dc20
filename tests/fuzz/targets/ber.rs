#![no_main]
//! Bringing BER into DER: what comes out is DER, and stays as it is.

use libfuzzer_sys::fuzz_target;
use skrynka::asn1::{BerLimits, normalise};

fuzz_target!(|bytes: &[u8]| {
    let limits = BerLimits::default();
    if let Ok(der) = normalise(bytes, &limits) {
        assert!(der.len() <= bytes.len().saturating_mul(2));
        assert_eq!(normalise(&der, &limits).as_deref(), Ok(&*der));
    }
});
