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
    Headers::behind(1, bytes).next()
}

/// Where `obj` stands behind two numbers, which is what readers take for the header of an object.
pub(super) fn headers(bytes: &[u8]) -> impl Iterator<Item = usize> {
    Headers::behind(2, bytes)
}

/// Looks for `obj` behind so many numbers.
struct Headers<'a> {
    bytes: &'a [u8],
    at: usize,
    least: usize,
    /// How many numbers stand before this place, and whether the last one ends here.
    numbers: usize,
    in_number: bool,
    /// How many stood before the comment that may have begun: the next line goes on where that
    /// stopped.
    before_comment: usize,
}

impl<'a> Headers<'a> {
    fn behind(least: usize, bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, least, numbers: 0, in_number: false, before_comment: 0 }
    }

    fn step(&mut self, byte: u8) {
        if matches!(byte, b'\r' | b'\n') {
            self.numbers = self.numbers.max(std::mem::take(&mut self.before_comment));
        }
        if byte == b'%' {
            self.before_comment = self.before_comment.max(self.numbers);
        }
        let is_digit = byte.is_ascii_digit();
        if is_digit && !self.in_number {
            self.numbers = self.numbers.saturating_add(1);
        } else if !is_digit && !is_skipped(byte) {
            self.numbers = 0;
        }
        self.in_number = is_digit;
    }
}

impl Iterator for Headers<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while let Some(rest) = self.bytes.get(self.at..).filter(|rest| !rest.is_empty()) {
            let at = self.at;
            let is_header = self.numbers >= self.least && rest.starts_with(OBJECT);
            self.step(*rest.first()?);
            self.at = at.saturating_add(1);
            if is_header {
                return Some(at);
            }
        }
        None
    }
}

/// White space of any reader or language (control characters, NBSP, bytes that are no ASCII), and
/// signs that belong to a number.
fn is_skipped(byte: u8) -> bool {
    byte <= b' ' || byte >= 0x7f || matches!(byte, b'+' | b'-' | b'.')
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
