//! How often a message was passed on: each server on its way has put a `Received:` field into it
//! (RFC 5321 §4.4, §6.3).

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

const NAME: &[u8] = b"received";

/// The `Received:` fields in the header of `message`. Counting ends at `enough`.
pub(super) fn count(message: &[u8], enough: usize) -> usize {
    let lines = message.split_inclusive(|byte| *byte == b'\n');
    let header = lines.take_while(|line| *line != b"\r\n");
    header.filter(|line| is_received(line)).take(enough).count()
}

fn is_received(line: &[u8]) -> bool {
    let Some((name, rest)) = line.split_at_checked(NAME.len()) else { return false };
    // RFC 5322 §4.5.8: space before the colon is obsolete and still read.
    let colon = rest.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
    name.eq_ignore_ascii_case(NAME) && colon == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc5321_6_3_only_received_fields_of_the_header_count() {
        for (message, expected) in [
            ("", 0),
            ("Received: a\r\n", 1),
            ("received: a\r\nRECEIVED : b\r\n\r\nReceived: c\r\n", 2),
            ("Received-SPF: a\r\nX-Received: b\r\nReceived\r\n", 0),
            ("Received: a\r\n by b\r\n Received: c\r\n\r\n", 1),
            ("\r\nReceived: a\r\n", 0),
        ] {
            assert_eq!(count(message.as_bytes(), 9), expected, "{message:?}");
        }
        assert_eq!(count("Received: a\r\n".repeat(50).as_bytes(), 9), 9);
    }
}
