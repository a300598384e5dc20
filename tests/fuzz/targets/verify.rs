#![no_main]
//! Judging a signature: the bytes as one that carries its content, and as one beside a content.

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use skrynka::{
    domain::{BestTimeSource, Indication, Timestamp},
    signature::{self, Limits, Signed},
    trust::TrustStore,
};

fuzz_target!(|bytes: &[u8]| {
    let signature = Bytes::copy_from_slice(bytes);
    for content in [None, Some(Bytes::from_static(b"%PDF-1.4"))] {
        let signed = Signed { content, signatures: vec![signature.clone()] };
        let at = Timestamp::from_seconds(1_790_000_000);
        let examined = signature::examine(
            &signed,
            &TrustStore::empty(),
            at,
            BestTimeSource::Receipt,
            &Limits::default(),
        );
        // Nobody is trusted here, so nothing can be proved.
        assert_ne!(examined.report().indication, Some(Indication::TotalPassed));
    }
});
