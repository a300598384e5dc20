//! What a reader looks for that repairs a PDF file, in bytes where none of it belongs.
//!
//! Such a reader has no table: it takes words for what they usually are, and reads on from there.
//! Readers differ in what they skip before a word, so more is refused here than any of them takes.

use memchr::memmem;

/// Between objects alone these have their place.
const WORDS: [&[u8]; 5] = [b"%%EOF", b"endobj", b"endstream", b"trailer", b"xref"];
/// Some readers take whatever this stands in for a cross-reference stream.
const SECTION: &[u8] = b"/XRef";
const OBJECT: &[u8] = b"obj";

/// Where the first stands in `bytes`, which are the inside of an object or a trailer. The inside of
/// a cross-reference stream names itself one.
pub(super) fn find(bytes: &[u8], is_section: bool) -> Option<usize> {
    let section = Some(SECTION).filter(|_| !is_section);
    let found = WORDS.into_iter().chain(section).filter_map(|word| memmem::find(bytes, word));
    found.chain(header(bytes)).min()
}

/// `obj` as a header has it: with a number before it, and nothing between but what some reader
/// skips. In compressed bytes the word stands by chance, once in 16 MiB, rarely behind a digit.
fn header(bytes: &[u8]) -> Option<usize> {
    memmem::find(bytes, OBJECT)?;
    // Also in a comment that began behind a number: the next line goes on where that stopped.
    let (mut follows_number, mut in_comment) = (false, false);
    for (at, byte) in bytes.iter().enumerate() {
        if follows_number && bytes.get(at..).is_some_and(|rest| rest.starts_with(OBJECT)) {
            return Some(at);
        }
        if in_comment && matches!(byte, b'\r' | b'\n') {
            (follows_number, in_comment) = (true, false);
        }
        in_comment |= follows_number && *byte == b'%';
        follows_number = byte.is_ascii_digit() || follows_number && is_skipped(*byte);
    }
    None
}

/// White space of any reader or language (control characters, NBSP, bytes that are no ASCII), and
/// signs that belong to a number.
fn is_skipped(byte: u8) -> bool {
    byte <= b' ' || byte >= 0x7f || matches!(byte, b'+' | b'-' | b'.')
}

/// Where the word `trailer` stands in front of a dictionary: some readers let be what stands between,
/// if it is white space, comments and numbers.
pub(super) fn trailers(bytes: &[u8]) -> impl Iterator<Item = usize> {
    const TRAILER: &[u8] = b"trailer";
    /// More than that between is taken for a dictionary.
    const NEAR: usize = 1024;
    memmem::find_iter(bytes, TRAILER).filter(|at| {
        let from = at.saturating_add(TRAILER.len());
        let rest = bytes.get(from..).unwrap_or_default();
        let mut near = rest.get(..NEAR).unwrap_or(rest);
        loop {
            let is_let_be = |byte: &&u8| byte.is_ascii_digit() || is_skipped(**byte);
            near = near.get(near.iter().take_while(is_let_be).count()..).unwrap_or_default();
            if !near.starts_with(b"%") {
                return near.is_empty() || near.starts_with(b"<<");
            }
            let end = near.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            near = end.and_then(|end| near.get(end..)).unwrap_or_default();
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_header_behind_whatever_a_reader_skips() {
        for between in [
            &b""[..],
            b" ",
            b"\r\n",
            b"\x0b",
            b"\x1c",
            b"\x7f",
            b"\0",
            b"\x80",
            b"\x85",
            b"\xa0",
            b"\xc2\xa0",
            b"\xff",
            b".",
            b".\n",
            b"+ ",
            b"- ",
            b"%x\n",
            b" %x\r",
            b"\0%x\n",
            b"%x\n%y\n",
            b"% \n% z\r",
            b"%(%x\n",
            b"% 4 0 R\n ",
            b"%endo\xff<<\n\xa0",
        ] {
            let bytes = [b"<<\n4 0", between, b"obj"].concat();
            assert_eq!(find(&bytes, false), Some(6 + between.len()), "{}", between.escape_ascii());
        }
    }

    #[test]
    fn finds_no_header_where_no_reader_reads_on() {
        for bytes in
            [&b"obj"[..], b"an obj", b"4 0 R obj", b"4 0[obj", b"4 0]obj", b"4(%\n)obj", b"4 %obj"]
        {
            assert_eq!(find(bytes, false), None, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_section_alone_names_itself_one() {
        assert_eq!(find(b"<</A/XRef>>", false), Some(4));
        assert_eq!(find(b"<</A/XRef>>", true), None);
        assert_eq!(find(b"<</A/XRef>>xref", true), Some(11));
    }
}
