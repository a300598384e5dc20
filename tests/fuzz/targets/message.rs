#![no_main]
//! Opening a mail: any bytes are a message or a finding, within the limits. The trace that a mail
//! is kept with comes off again, and nothing of the mail gets into it.

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use skrynka::{
    domain::{Envelope, MailId, Timestamp, without_trace},
    message::{self, Limits},
};

fuzz_target!(|raw: &[u8]| {
    if let Ok(message) = message::open(Bytes::copy_from_slice(raw), &Limits::default()) {
        for part in message.parts() {
            let name = part.name.as_deref().unwrap_or_default();
            assert!(!name.contains(['/', '\\', '\0', '\r', '\n']), "a path in {name:?}");
        }
    }
    let at = Timestamp::from_seconds(1_790_000_000);
    let helo = String::from_utf8_lossy(raw).into_owned();
    let envelope = Envelope { helo, ..Envelope::new(at, Vec::new()) };
    let kept = envelope.stamp(MailId::new(at, [0; 10]), "mx.example.ua", raw);
    assert_eq!(without_trace(&kept), raw);
});
