//! Content transfer encodings (RFC 2045 §6).
//!
//! Reads what real programs send: what does not belong is skipped in base64 (§6.8) and kept as
//! it stands in quoted-printable (§6.7, note 2), so that no part is lost to one wrong byte.

use bytes::Bytes;
use mail_parser::decoders::base64::base64_decode;

/// How a part's content is written in the mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    /// `7bit`, `8bit`, `binary`, or a name that nobody knows: as it stands.
    #[default]
    Identity,
    /// `base64`.
    Base64,
    /// `quoted-printable`.
    QuotedPrintable,
}

impl Encoding {
    /// The encoding of that name.
    pub(super) fn named(name: &str) -> Self {
        let name = name.trim().trim_matches('"');
        if name.eq_ignore_ascii_case("base64") {
            Self::Base64
        } else if name.eq_ignore_ascii_case("quoted-printable") {
            Self::QuotedPrintable
        } else {
            Self::Identity
        }
    }

    /// The content that `body` stands for; never longer than `body`.
    pub(super) fn decode(self, body: &Bytes) -> Bytes {
        match self {
            Self::Identity => body.clone(),
            Self::Base64 => base64(body).into(),
            Self::QuotedPrintable => quoted_printable(body).into(),
        }
    }
}

fn base64(body: &[u8]) -> Vec<u8> {
    base64_decode(body).unwrap_or_else(|| {
        // A footer that a mailing list put under the text must not become content: the padding
        // ends it.
        let end = memchr::memchr(b'=', body).unwrap_or(body.len());
        let letters: Vec<u8> = body
            .iter()
            .take(end)
            .copied()
            .filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
            .collect();
        base64_decode(&letters).unwrap_or_default()
    })
}

fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let text = line.trim_ascii_end();
        let (text, line_break) = match text.strip_suffix(b"=") {
            Some(soft) => (soft, b"".as_slice()),
            None if line.ends_with(b"\r\n") => (text, b"\r\n".as_slice()),
            None if line.ends_with(b"\n") => (text, b"\n".as_slice()),
            None => (text, b"".as_slice()),
        };
        quoted_line(text, &mut content);
        content.extend_from_slice(line_break);
    }
    content
}

fn quoted_line(mut text: &[u8], content: &mut Vec<u8>) {
    while let [first, rest @ ..] = text {
        match (first, rest) {
            (b'=', [high, low, after @ ..]) if let Some(byte) = hexadecimal(*high, *low) => {
                content.push(byte);
                text = after;
            }
            _ => {
                content.push(*first);
                text = rest;
            }
        }
    }
}

fn hexadecimal(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_skips_junk_and_ends_at_the_padding() {
        for text in [
            "JVBERi0xLjQ=",
            "JVBE\r\nRi0x\r\nLjQ=\r\n",
            "JV*BE!Ri0xLjQ=",
            "JVBERi0xLjQ=\n_____\nlist footer",
            "JVBERi0xLjQ",
        ] {
            assert_eq!(base64(text.as_bytes()), b"%PDF-1.4", "{text}");
        }
    }

    #[test]
    fn quoted_printable_keeps_what_is_not_an_escape() {
        for (text, content) in [
            ("=25PDF=0D=0A", "%PDF\r\n"),
            ("a=\r\nb=3d \t\r\nc", "ab=\r\nc"),
            ("a=", "a"),
            ("100=% =zz =4", "100=% =zz =4"),
            ("soft = \nbreak", "soft break"),
        ] {
            assert_eq!(quoted_printable(text.as_bytes()), content.as_bytes(), "{text}");
        }
    }
}
