//! What readers that repair PDF files take for the header of an object.

/// Where `obj` stands in `bytes` that some reader takes for the header of an object: behind two
/// numbers, with nothing between but what one of them was seen to skip (`MuPDF`, `PDFium`, Poppler,
/// Ghostscript, pypdf, qpdf). By chance that is so in 7 of a million MiB of compressed bytes.
pub(crate) fn headers(bytes: &[u8]) -> impl Iterator<Item = usize> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
