#![no_main]
//! Reading a `SignedData`, and judging it by the certificates in it: the farthest a stranger's
//! bytes can come.

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use skrynka::{
    domain::{Indication, Timestamp},
    signature::{Conditions, Limits, Signed, cms::SignedData, examine},
    trust::TrustStore,
};

fuzz_target!(|bytes: &[u8]| {
    let file = Bytes::copy_from_slice(bytes);
    let read = SignedData::parse(&file, &Limits::default());
    let certificates = read.as_ref().map(|read| read.certificates().to_vec()).unwrap_or_default();
    let trust = TrustStore::new(certificates);
    let conditions = Conditions::new(&trust, Timestamp::from_seconds(1_790_000_000));
    let examined = examine(&Signed { content: None, signatures: vec![file] }, &conditions);
    if examined.report().indication == Some(Indication::TotalPassed) {
        assert!(read.is_ok() && !examined.is_over_budget());
        assert!(!examined.proofs().is_empty());
    }
});
