#![no_main]
//! A PROXY header. What was said of its first bytes must hold when more come, and of its length
//! nothing may be taken that is not there.

use libfuzzer_sys::fuzz_target;
use skrynka::smtp::read_proxy_header;

fuzz_target!(|bytes: &[u8]| {
    let whole = read_proxy_header(bytes);
    if let Ok(Some((_, len))) = whole {
        assert!(len <= bytes.len());
        assert_eq!(read_proxy_header(&bytes[..len]), whole);
    }
    let first =
        (0..=bytes.len()).map(|len| read_proxy_header(&bytes[..len])).find(|it| *it != Ok(None));
    assert_eq!(first.unwrap_or(Ok(None)), whole);
});
