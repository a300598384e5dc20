#![no_main]
//! Judging a signature: the bytes as one that carries its content, and as one beside a content.

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use skrynka::{
    domain::{Indication, Timestamp},
    signature::{self, Conditions, Signed},
    trust::TrustStore,
};

fuzz_target!(|bytes: &[u8]| {
    let signature = Bytes::copy_from_slice(bytes);
    for content in [None, Some(Bytes::from_static(b"%PDF-1.4"))] {
        let signed = Signed { content, signatures: vec![signature.clone()] };
        let at = Timestamp::from_seconds(1_790_000_000);
        let trust = TrustStore::empty();
        let examined = signature::examine(&signed, &Conditions::new(&trust, at));
        // Nobody is trusted here, so nothing can be proved.
        assert_ne!(examined.report().indication, Some(Indication::TotalPassed));
    }
});
