//! Signature files in a wrapper: PEM (RFC 7468), bare base64 (RFC 4648 §4), and the sections that
//! Ukrainian reporting programs transport files in.
//!
//! Mail gateways and signing tools make all of them. One block is opened, and nothing may stand
//! beside it.

use bytes::Bytes;

mod transport;

pub(crate) use transport::is_transport;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The bytes inside the wrapper; `None` when `file` is not one from its first to its last byte.
pub(crate) fn unwrap(file: &[u8]) -> Option<Bytes> {
    if is_transport(file) {
        return transport::unwrap(file).map(Bytes::copy_from_slice);
    }
    let text = file.strip_prefix(BYTE_ORDER_MARK).unwrap_or(file).trim_ascii();
    let body = match text.strip_prefix(BEGIN) {
        Some(armoured) => body_of_pem(armoured)?,
        // A DER file begins with 0x30, and so its base64 with `M`.
        None if text.starts_with(b"M") => text,
        None => return None,
    };
    decode(body).map(Bytes::from)
}

fn body_of_pem(armoured: &[u8]) -> Option<&[u8]> {
    let label_end = memchr::memmem::find(armoured, DASHES)?;
    let (label, rest) = armoured.split_at_checked(label_end)?;
    let rest = rest.strip_prefix(DASHES)?;
    let body_end = memchr::memmem::find(rest, END)?;
    let (body, end) = rest.split_at_checked(body_end)?;
    let end = end.strip_prefix(END)?.strip_prefix(label)?;
    (end == DASHES).then_some(body)
}

/// Base64 with padding, in lines of any length.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut group = 0_u32;
    let mut letters = 0_u8;
    let mut padding = 0_u8;
    for &letter in text.iter().filter(|letter| !letter.is_ascii_whitespace()) {
        if letter == b'=' {
            padding = padding.checked_add(1)?;
            continue;
        }
        if padding > 0 {
            return None;
        }
        group = group << 6 | u32::from(value(letter)?);
        letters = letters.wrapping_add(1) % 4;
        if letters == 0 {
            let [_, first, second, third] = group.to_be_bytes();
            decoded.extend([first, second, third]);
            group = 0;
        }
    }
    // The bits that fill the last group have to be zero, so that a file has one text (RFC 4648
    // §3.5).
    match (letters, padding) {
        (0, 0) => {}
        (2, 2) => {
            let [_, _, first, 0] = (group << 4).to_be_bytes() else { return None };
            decoded.push(first);
        }
        (3, 1) => {
            let [_, first, second, 0] = (group << 6).to_be_bytes() else { return None };
            decoded.extend([first, second]);
        }
        _ => return None,
    }
    Some(decoded)
}

fn value(letter: u8) -> Option<u8> {
    match letter {
        b'A'..=b'Z' => letter.checked_sub(b'A'),
        b'a'..=b'z' => letter.checked_sub(b'a')?.checked_add(26),
        b'0'..=b'9' => letter.checked_sub(b'0')?.checked_add(52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_base64_and_pem() {
        for (text, bytes) in [
            ("MAA=", &[0x30, 0][..]),
            ("MAEF", &[0x30, 1, 5]),
            ("M A\r\nIBAg==\n", &[0x30, 2, 1, 2]),
            ("\u{feff}MAEF", &[0x30, 1, 5]),
            ("-----BEGIN CMS-----\nMAEF\n-----END CMS-----\n", &[0x30, 1, 5]),
            ("-----BEGIN PKCS7-----\r\nMA\r\nA=\r\n-----END PKCS7-----", &[0x30, 0]),
        ] {
            assert_eq!(unwrap(text.as_bytes()).as_deref(), Some(bytes), "{text:?}");
        }
    }

    #[test]
    fn leaves_other_texts_alone() {
        for text in [
            "",
            "M",
            "MA",
            "MA=",
            "MA==MAEF",
            "MB==",
            "MAF=",
            "MAEF!",
            "Miy dear",
            "AAAA",
            "x -----BEGIN CMS-----\nMAEF\n-----END CMS-----",
            "-----BEGIN CMS-----\nMAEF\n-----END PKCS7-----",
            "-----BEGIN CMS-----\nMAEF\n-----END CMS-----\nMAEF",
            "-----BEGIN CMS-----\nMAEF\n",
        ] {
            assert_eq!(unwrap(text.as_bytes()), None, "{text:?}");
        }
    }
}
