#![no_main]
//! Reading a trust list and checking its seal, with nobody pinned.

use libfuzzer_sys::fuzz_target;
use skrynka::{algorithms::Policy, domain::Timestamp, trust::TrustList};

fuzz_target!(|bytes: &[u8]| {
    let _ = TrustList::read(bytes);
    let at = Timestamp::from_seconds(1_790_000_000);
    assert!(TrustList::verify(bytes, &[], &Policy::built_in(), at).is_err());
});
