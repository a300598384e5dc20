//! Reads of a mail what DKIM and DMARC speak of, within limits.
//!
//! `mail-auth` reads headers of any size and looks at every signature. What a mail may cost is
//! bounded here, before and behind it; RFC 6376 §6.1 leaves it to the verifier how many signatures
//! it tries.

use mail_auth::{AuthenticatedMessage, Error, dkim::Signature};
use memchr::{memchr_iter, memmem};

use crate::domain::Timestamp;

/// Bytes and lines of the header. A mail beyond them is not opened either (`message::Limits`).
const HEADER_BYTES: usize = 256 * 1024;
const HEADER_LINES: usize = 1000;

/// How many signatures are looked at.
const SIGNATURES: usize = 5;

/// Bytes of one signature's field: its list of header fields costs its length times the header's.
const SIGNATURE_BYTES: usize = 8 * 1024;

/// What DKIM and DMARC speak of.
pub(super) struct Letter<'x> {
    /// The header and the digests of the body, with the signatures to try.
    pub(super) message: AuthenticatedMessage<'x>,
    /// Signatures that leave the author open: none of them is tried (RFC 6376 §6.1.1).
    pub(super) authorless: Vec<Signature>,
}

/// Reads `raw`, its first signatures as they are at `received_at`; `None` when the header cannot be
/// read within the limits.
pub(super) fn read(raw: &[u8], received_at: Timestamp) -> Option<Letter<'_>> {
    let header = memmem::find(raw, b"\r\n\r\n").and_then(|end| raw.get(..end)).unwrap_or(raw);
    if header.len() > HEADER_BYTES || memchr_iter(b'\n', header).count() > HEADER_LINES {
        return None;
    }
    let mut message = AuthenticatedMessage::parse(raw)?;
    message.errors.retain(|field| matches!(field.header, Error::Dkim(_)));
    message.errors.truncate(SIGNATURES);
    message.dkim_headers.retain(|field| field.value.len() <= SIGNATURE_BYTES);
    message.dkim_headers.truncate(SIGNATURES);
    let authorless = message
        .dkim_headers
        .extract_if(.., |field| !covers_author(&field.header))
        .map(|field| field.header)
        .collect();
    for field in &mut message.dkim_headers {
        settle(&mut field.header, received_at);
    }
    Some(Letter { message, authorless })
}

fn covers_author(signature: &Signature) -> bool {
    signature.h.iter().any(|name| name.eq_ignore_ascii_case("from"))
}

/// Takes from a signature what would ask the DNS more than its key, and lets its end be judged for
/// the moment of receipt: a mail may wait in the spool. The field itself is checked as it came.
fn settle(signature: &mut Signature, received_at: Timestamp) {
    signature.r = false;
    signature.atps = None;
    let received = u64::try_from(received_at.as_seconds()).unwrap_or(0);
    if signature.x > signature.t && signature.x > received {
        signature.x = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn field(tags: &str) -> String {
        format!(
            "DKIM-Signature: v=1; a=rsa-sha256; d=diia.test; s=sel; bh=YQ==; b=YQ==; {tags}\r\n"
        )
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn a_signature_ends_for_mails_that_came_later() {
        let mail = format!("{}From: a@diia.test\r\n\r\n", field("h=from; t=100; x=200"));
        for (received, end) in [(150, 0), (199, 0), (200, 200), (300, 200)] {
            let letter = read(mail.as_bytes(), at(received)).unwrap();
            assert_eq!(letter.message.dkim_headers[0].header.x, end, "received at {received}");
        }
    }

    #[test]
    fn signatures_ask_for_nothing_but_their_key() {
        let tags = "h=from; r=y; atps=other.test; atpsh=sha256";
        let mail = format!("{}From: a@other.test\r\n\r\n", field(tags));
        let letter = read(mail.as_bytes(), at(0)).unwrap();
        let signature = &letter.message.dkim_headers[0].header;
        assert_eq!((signature.r, &signature.atps), (false, &None));
    }

    #[test]
    fn few_short_signatures_that_cover_the_author_are_tried() {
        let long = field(&format!("h=from:{}", "a:".repeat(SIGNATURE_BYTES)));
        let mail = format!(
            "{long}{}{}From: a@diia.test\r\n\r\n",
            field("h=to"),
            field("h=FROM:to").repeat(SIGNATURES)
        );
        let letter = read(mail.as_bytes(), at(0)).unwrap();
        assert_eq!((letter.message.dkim_headers.len(), letter.authorless.len()), (4, 1));
    }

    #[test]
    fn a_header_is_read_up_to_its_limits() {
        let lines =
            |count: usize| format!("{}From: a@diia.test\r\n\r\nbody", "X: a\r\n".repeat(count));
        let folded =
            |bytes: usize| format!("From: a@diia.test\r\nX: {}\r\n\r\n", "a".repeat(bytes));
        for (mail, is_read) in [
            (lines(HEADER_LINES), true),
            (lines(HEADER_LINES + 1), false),
            (folded(HEADER_BYTES - 100), true),
            (folded(HEADER_BYTES), false),
            (String::new(), false),
        ] {
            assert_eq!(read(mail.as_bytes(), at(0)).is_some(), is_read, "{mail:.40}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            pieces in proptest::collection::vec(
                prop_oneof![
                    Just("DKIM-Signature: ".as_bytes().to_vec()),
                    Just("From: <a@b>, ".as_bytes().to_vec()),
                    Just("v=1; a=ed25519-sha256; b=; bh=; l=5; ".as_bytes().to_vec()),
                    Just("c=simple/relaxed; h=from: ; ".as_bytes().to_vec()),
                    Just("\r\n".as_bytes().to_vec()),
                    Just("\r\n\r\n".as_bytes().to_vec()),
                    proptest::collection::vec(any::<u8>(), 0..20),
                ],
                0..20,
            ),
        ) {
            if let Some(letter) = read(&pieces.concat(), at(0)) {
                prop_assert!(letter.message.dkim_headers.len() <= SIGNATURES);
                prop_assert!(letter.message.errors.len() <= SIGNATURES);
            }
        }
    }
}
