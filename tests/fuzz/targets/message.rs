#![no_main]
//! Opening a mail: any bytes are a message or a finding, within the limits.

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use skrynka::message::{self, Limits};

fuzz_target!(|raw: &[u8]| {
    if let Ok(message) = message::open(Bytes::copy_from_slice(raw), &Limits::default()) {
        for part in message.parts() {
            let name = part.name.as_deref().unwrap_or_default();
            assert!(!name.contains(['/', '\\', '\0', '\r', '\n']), "a path in {name:?}");
        }
    }
});
