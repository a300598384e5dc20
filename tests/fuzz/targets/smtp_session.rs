#![no_main]
//! An SMTP conversation. How the network cuts the bytes must not change what is said.

use libfuzzer_sys::fuzz_target;
use skrynka::smtp::{Limits, rehearse};

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let limits = Limits::default();
    let whole = rehearse(&limits, |_| true, [bytes]);
    let pieces = rehearse(&limits, |_| true, bytes.chunks(usize::from(size).max(1)));
    // What a client sends behind STARTTLS in the same read is dropped (RFC 3207 §6), so there the
    // cut matters.
    if !bytes.to_ascii_uppercase().windows(8).any(|word| word == b"STARTTLS") {
        assert_eq!(whole, pieces);
    }
});
