#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test that panics is a test that fails"
)]

use proptest::prelude::*;

use super::*;

/// What the line framer makes of `bytes` read in pieces of `step`.
fn lines(bytes: &[u8], step: usize) -> Vec<Result<Vec<u8>, Defect>> {
    let mut framer = LineFramer::default();
    let mut input = BytesMut::new();
    let mut found = Vec::new();
    for piece in bytes.chunks(step) {
        input.extend_from_slice(piece);
        while let Some(line) = framer.next(&mut input) {
            let fatal = matches!(line, Err(Defect::BareLineFeed | Defect::EndlessLine));
            found.push(line.map(|line| line.to_vec()));
            if fatal {
                return found;
            }
        }
        assert!(input.len() < MAX_LINE_LEN, "the framer holds no more than a line");
    }
    found
}

/// What the message framer keeps of `bytes` read in pieces of `step`, how it ends, and the rest.
fn message(bytes: &[u8], step: usize) -> (Vec<u8>, Progress, Vec<u8>) {
    let mut framer = MessageFramer::new();
    let mut kept = Vec::new();
    let mut read = 0;
    for piece in bytes.chunks(step) {
        let mut input = BytesMut::from(piece);
        read += piece.len();
        let progress = framer.feed(&mut input, |bytes| kept.extend_from_slice(bytes));
        if progress != Progress::Partial {
            return (kept, progress, bytes[read - input.len()..].to_vec());
        }
        assert!(input.is_empty(), "a message in progress leaves nothing unread");
    }
    (kept, Progress::Partial, Vec::new())
}

#[test]
fn lines_end_with_crlf_only() {
    let long = "x".repeat(MAX_LINE_LEN - 2);
    for (bytes, expected) in [
        ("NOOP\r\n", vec![Ok("NOOP")]),
        ("NOOP\r\nQUIT\r\n", vec![Ok("NOOP"), Ok("QUIT")]),
        ("\r\n", vec![Ok("")]),
        ("NO\rOP\r\n", vec![Ok("NO\rOP")]),
        ("NOOP\r\r\n", vec![Ok("NOOP\r")]),
        ("NOOP\r", vec![]),
        ("NOOP\n", vec![Err(Defect::BareLineFeed)]),
        ("\n", vec![Err(Defect::BareLineFeed)]),
        ("NOOP\r\nNOOP\nNOOP\r\n", vec![Ok("NOOP"), Err(Defect::BareLineFeed)]),
        (&format!("{long}\r\n"), vec![Ok(&long)]),
        (&format!("{long}x\r\nNOOP\r\n"), vec![Err(Defect::LongLine), Ok("NOOP")]),
        (&format!("{long}\r\r\nNOOP\r\n"), vec![Err(Defect::LongLine), Ok("NOOP")]),
        (&format!("{long}xx\n"), vec![Err(Defect::LongLine), Err(Defect::BareLineFeed)]),
        (&format!("{long}xxx\nNOOP"), vec![Err(Defect::LongLine), Err(Defect::BareLineFeed)]),
        (&"x".repeat(1 << 20), vec![Err(Defect::LongLine), Err(Defect::EndlessLine)]),
    ] {
        let expected: Vec<_> =
            expected.into_iter().map(|line| line.map(|text| text.as_bytes().to_vec())).collect();
        for step in [1, 2, 3, 2047, 2048, 2049, 1 << 21] {
            assert_eq!(lines(bytes.as_bytes(), step), expected, "{bytes:.40?} by {step}");
        }
    }
}

#[test]
fn a_message_ends_at_a_dot_alone_between_crlf_only() {
    for (bytes, kept, progress, rest) in [
        (".\r\n", "", Progress::Ended, ""),
        ("a\r\n.\r\nQUIT\r\n", "a\r\n", Progress::Ended, "QUIT\r\n"),
        ("..\r\n...\r\n.a\r\n.\r\n", ".\r\n..\r\na\r\n", Progress::Ended, ""),
        ("a.\r\n.b\r\n.\r\n", "a.\r\nb\r\n", Progress::Ended, ""),
        ("a\r\n.\r.\r\n.\r\n", "a\r\n\r.\r\n", Progress::Ended, ""),
        // The sequences by which servers were made to see an end where there is none.
        ("a\n.\nb", "", Progress::Broken, "a\n.\nb"),
        ("a\r\n.\nb", "a\r\n", Progress::Broken, "\nb"),
        ("a\n.\r\nb", "", Progress::Broken, "a\n.\r\nb"),
        ("a\n.\rb", "", Progress::Broken, "a\n.\rb"),
        ("a\r.\r\nb\r\n.\r\n", "a\r.\r\nb\r\n", Progress::Ended, ""),
        ("a\r.\rb\r\n.\r\n", "a\r.\rb\r\n", Progress::Ended, ""),
        ("a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", Progress::Ended, ""),
        ("a\r\n.\r\r\nb\r\n.\r\n", "a\r\n\r\r\nb\r\n", Progress::Ended, ""),
        ("a\r\n\0.\r\nb\r\n.\r\n", "a\r\n\0.\r\nb\r\n", Progress::Ended, ""),
        ("a\r\r\n.\r\r\nb\r\n.\r\n", "a\r\r\n\r\r\nb\r\n", Progress::Ended, ""),
        ("a\r.\nb", "", Progress::Broken, "a\r.\nb"),
        ("\n.\r\n", "", Progress::Broken, "\n.\r\n"),
    ] {
        let whole = message(bytes.as_bytes(), bytes.len());
        assert_eq!(whole.0, kept.as_bytes(), "{bytes:?}");
        assert_eq!(whole.1, progress, "{bytes:?}");
        assert_eq!(whole.2, rest.as_bytes(), "{bytes:?}");
        for step in 1..bytes.len() {
            let split = message(bytes.as_bytes(), step);
            assert_eq!(split.1, progress, "{bytes:?} by {step}");
            if progress == Progress::Ended {
                assert_eq!(split, whole, "{bytes:?} by {step}");
            }
        }
    }
}

/// What RFC 5321 §4.5.2 has a client do with its message.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut sent = Vec::new();
    for (index, byte) in message.iter().enumerate() {
        if *byte == b'.' && (index == 0 || message[..index].ends_with(b"\r\n")) {
            sent.push(b'.');
        }
        sent.push(*byte);
    }
    sent.extend_from_slice(b".\r\n");
    sent
}

proptest! {
    #[test]
    fn a_message_comes_out_as_it_went_in(
        pieces in prop::collection::vec(
            prop::sample::select(vec!["\r\n", "\r", ".", "..", "a", "\0", "Довідка", "\r\n.\r\n"]),
            0..24,
        ),
        step in 1..16_usize,
    ) {
        let mut body = pieces.concat().into_bytes();
        body.extend_from_slice(b"\r\n");
        let (kept, progress, rest) = message(&stuffed(&body), step);
        prop_assert_eq!(progress, Progress::Ended);
        prop_assert_eq!(kept, body);
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn a_message_with_a_bare_line_feed_never_ends(
        before in prop::sample::select(vec!["", "a", ".", "\r\n", "a\r\n.", "\r\n.a"]),
        after in "[a.\r\n]{0,12}",
        step in 1..8_usize,
    ) {
        let bytes = format!("{before}\n{after}");
        prop_assert_eq!(message(bytes.as_bytes(), step).1, Progress::Broken);
    }
}
