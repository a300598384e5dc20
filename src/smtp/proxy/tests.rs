#![expect(clippy::indexing_slicing, reason = "a test that panics is a test that fails")]

use proptest::prelude::*;

use super::*;

/// A header with these bytes behind the signature, and its length before `body`.
fn header(version_and_command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&SIGNATURE[..], &[version_and_command, family], &len, body].concat()
}

const IPV4: &[u8] = &[192, 0, 2, 7, 198, 51, 100, 1, 0x30, 0x39, 0, 25];

fn ipv6(client: &str) -> Vec<u8> {
    let client: Ipv6Addr = client.parse().unwrap();
    let reached: Ipv6Addr = "2001:db8::25".parse().unwrap();
    [&client.octets()[..], &reached.octets(), &[0x30, 0x39, 0, 25]].concat()
}

fn client(address: &str, reached: &str) -> ProxySource {
    ProxySource::Client { address: address.parse().unwrap(), reached: reached.parse().unwrap() }
}

#[test]
fn proxy_a_header_names_the_client_or_leaves_the_connection() {
    let records = [IPV4, &[0x04, 0, 3, 1, 2, 3]].concat();
    for (name, bytes, expected) in [
        ("TCP over IPv4", header(0x21, 0x11, IPV4), client("192.0.2.7", "198.51.100.1")),
        (
            "TCP over IPv6",
            header(0x21, 0x21, &ipv6("2001:db8::7")),
            client("2001:db8::7", "2001:db8::25"),
        ),
        (
            "IPv4 within IPv6",
            header(0x21, 0x21, &ipv6("::ffff:192.0.2.7")),
            client("192.0.2.7", "2001:db8::25"),
        ),
        ("records behind", header(0x21, 0x11, &records), client("192.0.2.7", "198.51.100.1")),
        ("a Unix socket", header(0x21, 0x31, &[0; 216]), ProxySource::Connection),
        ("no family", header(0x21, 0x00, &[]), ProxySource::Connection),
        ("no family, records", header(0x21, 0x00, &[1, 2, 3]), ProxySource::Connection),
        ("LOCAL", header(0x20, 0x00, &[]), ProxySource::Connection),
        ("LOCAL with addresses", header(0x20, 0x11, IPV4), ProxySource::Connection),
        ("LOCAL of any family", header(0x20, 0xff, &[]), ProxySource::Connection),
    ] {
        assert_eq!(read_proxy_header(&bytes), Ok(Some((expected, bytes.len()))), "{name}");
        let more = [&bytes[..], b"EHLO a\r\n"].concat();
        assert_eq!(read_proxy_header(&more), Ok(Some((expected, bytes.len()))), "{name}, more");
        for len in 0..bytes.len() {
            assert_eq!(read_proxy_header(&bytes[..len]), Ok(None), "{name}, {len} bytes of it");
        }
    }
}

#[test]
fn proxy_what_is_no_header_is_refused() {
    for (name, bytes, expected) in [
        ("SMTP", b"EHLO a\r\n".to_vec(), ProxyError::Signature),
        (
            "version 1",
            b"PROXY TCP4 192.0.2.7 198.51.100.1 1 25\r\n".to_vec(),
            ProxyError::Signature,
        ),
        ("a line end", b"\r\nEHLO a\r\n".to_vec(), ProxyError::Signature),
        ("version 1 in binary", header(0x11, 0x11, IPV4), ProxyError::Signature),
        ("version 3", header(0x31, 0x11, IPV4), ProxyError::Signature),
        ("a command", header(0x22, 0x11, IPV4), ProxyError::Command { command: 2 }),
        ("UDP", header(0x21, 0x12, IPV4), ProxyError::Family { family: 0x12 }),
        ("a family", header(0x21, 0x41, IPV4), ProxyError::Family { family: 0x41 }),
        ("IPv4, short", header(0x21, 0x11, &IPV4[1..]), ProxyError::Short { len: 11, needed: 12 }),
        ("IPv6, short", header(0x21, 0x21, IPV4), ProxyError::Short { len: 12, needed: 36 }),
        ("Unix, short", header(0x21, 0x31, IPV4), ProxyError::Short { len: 12, needed: 216 }),
        ("too long", header(0x21, 0x11, &[0; 4097]), ProxyError::Long { len: 4097, max: 4096 }),
    ] {
        assert_eq!(read_proxy_header(&bytes), Err(expected), "{name}");
    }
}

#[tokio::test]
async fn proxy_nothing_behind_the_header_is_taken() {
    for body in [IPV4, &[IPV4, &[0; 4000]].concat()] {
        let bytes = [&header(0x21, 0x11, body)[..], b"EHLO a\r\n"].concat();
        let mut stream = bytes.as_slice();
        assert_eq!(
            receive_proxy_header(&mut stream).await.unwrap(),
            client("192.0.2.7", "198.51.100.1")
        );
        assert_eq!(stream, b"EHLO a\r\n");
    }
    let mut cut = &header(0x21, 0x11, IPV4)[..20];
    let error = receive_proxy_header(&mut cut).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    let error = receive_proxy_header(&mut &b"EHLO client.example.ua\r\n"[..]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

proptest! {
    #[test]
    fn proxy_an_answer_does_not_change_when_more_comes(
        start in prop_oneof![Just(Vec::new()), Just(SIGNATURE.to_vec())],
        rest in proptest::collection::vec(any::<u8>(), 0..64),
        more in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let bytes = [start, rest].concat();
        let answer = read_proxy_header(&bytes);
        if answer != Ok(None) {
            prop_assert_eq!(read_proxy_header(&[bytes, more].concat()), answer);
        }
    }
}
