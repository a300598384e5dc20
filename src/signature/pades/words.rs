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

/// Where `obj` stands in `bytes` that some reader takes for the header of an object: behind two
/// numbers, with nothing between but what one of them was seen to skip (`MuPDF`, `PDFium`, Poppler,
/// Ghostscript, pypdf, qpdf). By chance that is so in 7 of a million MiB of compressed bytes.
pub(super) fn headers(bytes: &[u8]) -> impl Iterator<Item = usize> {
    Headers { bytes, at: 0, numbers: Numbers::default(), before_comment: Numbers::default() }
}

struct Headers<'a> {
    bytes: &'a [u8],
    at: usize,
    numbers: Numbers,
    /// Those before the comment that may have begun: the next line goes on where that stopped.
    before_comment: Numbers,
}

/// The numbers that end at a place, with nothing else behind them.
#[derive(Clone, Copy, Debug, Default)]
struct Numbers {
    /// How many, two at most.
    count: usize,
    /// Whether the last one, and the one before it, begin a line.
    begin_line: [bool; 2],
    /// Whether a digit, or a sign behind a digit, was the last byte: a digit belongs to that number.
    is_open: bool,
}

impl Numbers {
    fn step(&mut self, byte: u8, begins_line: bool) {
        let is_sign = matches!(byte, b'+' | b'-' | b'.');
        if byte.is_ascii_digit() {
            if !self.is_open {
                self.count = self.count.saturating_add(1).min(2);
                self.begin_line = [begins_line, self.begin_line[0]];
            }
        } else if !is_sign && !matches!(byte, 0 | 9..=13 | 0x1c..=0x20 | 0x80 | 0x85 | 0xa0 | 0xff)
        {
            self.count = 0;
        }
        self.is_open = byte.is_ascii_digit() || is_sign && self.is_open;
    }

    /// Whether they are those of a header whose word is followed by `next`. A longer word is one to
    /// Poppler at the beginning of a line alone.
    fn are_of_a_header(self, next: Option<&u8>) -> bool {
        let [_, first_begins_line] = self.begin_line;
        self.count == 2 && (first_begins_line || !next.is_some_and(u8::is_ascii_alphanumeric))
    }
}

impl Iterator for Headers<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        loop {
            let at = self.at;
            let (byte, rest) = self.bytes.get(at..)?.split_first()?;
            let is_header = *byte == b'o'
                && rest
                    .strip_prefix(b"bj")
                    .is_some_and(|behind| self.numbers.are_of_a_header(behind.first()));
            let before = at.checked_sub(1).and_then(|before| self.bytes.get(before));
            let begins_line = before.is_none_or(|byte| matches!(byte, b'\r' | b'\n'));
            if matches!(byte, b'\r' | b'\n') && self.before_comment.count > self.numbers.count {
                self.numbers = self.before_comment;
            }
            if matches!(byte, b'\r' | b'\n') {
                self.before_comment = Numbers::default();
            }
            if *byte == b'%' && self.numbers.count > self.before_comment.count {
                self.before_comment = self.numbers;
            }
            self.numbers.step(*byte, begins_line);
            self.at = at.saturating_add(1);
            if is_header {
                return Some(at);
            }
        }
    }
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
    fn the_headers_of_objects_have_two_numbers() {
        for (bytes, expected) in [
            (&b"4 0 obj<<>>endobj\n5 0 obj"[..], &[4, 22][..]),
            (b"4 %x\n0 obj 4%1\n%2\n0%\nobj", &[7, 21]),
            (b"4 obj R 0 obj", &[]),
            (b"4 0 R obj", &[]),
            (b"40obj", &[]),
            (b"4. 0 obj", &[5]),
            (b"4 0. obj", &[5]),
            // What no reader takes for one, and people write.
            (b"1.2 objectives", &[]),
            (b"(2024-2025 objectives)", &[]),
            (b"(10 000 objects)", &[]),
            (b"see\n10 000 objects", &[11]),
            (b"4 \xc20 obj", &[]),
        ] {
            let found: Vec<usize> = headers(bytes).collect();
            assert_eq!(found, expected, "{}", bytes.escape_ascii());
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
