#![no_main]
//! Judging the signatures inside a PDF file, with nobody trusted.

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use skrynka::{
    domain::{Indication, Timestamp},
    signature::{Conditions, Signed, examine},
    trust::TrustStore,
};

fuzz_target!(|bytes: &[u8]| {
    let file = Bytes::from([b"%PDF-1.7\n", bytes].concat());
    let trust = TrustStore::empty();
    let conditions = Conditions::new(&trust, Timestamp::from_seconds(1_790_000_000));
    let examined = examine(&Signed { content: Some(file), signatures: Vec::new() }, &conditions);
    assert_ne!(examined.report().indication, Some(Indication::TotalPassed));
});
