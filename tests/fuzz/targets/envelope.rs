#![no_main]
//! Opening an encrypted file without a key, and reading key files: nothing opens.

use libfuzzer_sys::fuzz_target;
use skrynka::envelope::{self, Limits, OrganisationKeys};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let _ = envelope::recipients(bytes, &limits);
    let keys = OrganisationKeys::empty();
    assert!(envelope::open(bytes, &keys, &|_| None, &limits).is_err());
    let _ = OrganisationKeys::read(bytes, "password");
});
