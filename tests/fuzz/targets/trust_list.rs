#![no_main]
//! Reading a trust list and checking its seal, with nobody pinned.

use libfuzzer_sys::fuzz_target;
use skrynka::trust::TrustList;

fuzz_target!(|bytes: &[u8]| {
    let _ = TrustList::read(bytes);
    assert!(TrustList::verify(bytes, &[]).is_err());
});
