//! The objects of a PDF file (ISO 32000-1 §7.3), read from bytes with the places where they stand.
//!
//! What two readers could take differently is refused: a key twice in a dictionary, a number that
//! is none, a string that does not end.

use std::{collections::BTreeMap, ops::Range};

/// One object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Object {
    Array(Vec<Self>),
    Boolean(bool),
    Dictionary(Dictionary),
    Integer(i64),
    Name(Vec<u8>),
    Null,
    /// A number with a point, as it stands.
    Real(Vec<u8>),
    Reference {
        number: u32,
        generation: usize,
    },
    Text(Text),
}

/// A string, as it stands between its delimiters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) raw: Vec<u8>,
    pub(crate) is_hex: bool,
    /// Where it stands, delimiters included.
    pub(crate) span: Range<usize>,
}

impl Text {
    /// What it says: escapes and hexadecimal digits read (ISO 32000-1 §7.3.4.2, §7.3.4.3). `None`
    /// when the digits are none.
    pub(crate) fn octets(&self) -> Option<Vec<u8>> {
        if self.is_hex {
            let mut digits: Vec<u8> =
                self.raw.iter().copied().filter(|byte| !is_white(*byte)).collect();
            if !digits.len().is_multiple_of(2) {
                digits.push(b'0');
            }
            return digits.chunks(2).map(hex_byte).collect();
        }
        let mut octets = Vec::with_capacity(self.raw.len());
        let mut rest = self.raw.iter().copied().peekable();
        while let Some(byte) = rest.next() {
            if byte != b'\\' {
                octets.push(byte);
                continue;
            }
            match rest.next()? {
                b'n' => octets.push(b'\n'),
                b'r' => octets.push(b'\r'),
                b't' => octets.push(b'\t'),
                b'b' => octets.push(8),
                b'f' => octets.push(12),
                b'\n' => {}
                b'\r' => {
                    rest.next_if_eq(&b'\n');
                }
                first @ b'0'..=b'7' => {
                    let mut octet = first.wrapping_sub(b'0');
                    for _ in 0..2 {
                        let Some(digit) = rest.next_if(|next| (b'0'..=b'7').contains(next)) else {
                            break;
                        };
                        // High-order overflow is to be ignored.
                        octet = octet.wrapping_mul(8).wrapping_add(digit.wrapping_sub(b'0'));
                    }
                    octets.push(octet);
                }
                other => octets.push(other),
            }
        }
        Some(octets)
    }
}

/// A dictionary: each key once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Dictionary {
    pub(crate) entries: BTreeMap<Vec<u8>, Object>,
    /// Where it stands.
    pub(crate) span: Range<usize>,
}

impl Dictionary {
    pub(crate) fn get(&self, key: &[u8]) -> Option<&Object> {
        self.entries.get(key)
    }

    /// Whether `key` stands there with this name.
    pub(crate) fn is(&self, key: &[u8], name: &[u8]) -> bool {
        matches!(self.get(key), Some(Object::Name(own)) if own == name)
    }

    pub(crate) fn integer(&self, key: &[u8]) -> Option<usize> {
        self.get(key)?.integer()
    }
}

impl Object {
    pub(crate) fn integer(&self) -> Option<usize> {
        if let Self::Integer(number) = self { usize::try_from(*number).ok() } else { None }
    }

    pub(crate) fn dictionary(&self) -> Option<&Dictionary> {
        if let Self::Dictionary(dictionary) = self { Some(dictionary) } else { None }
    }

    pub(crate) fn array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    pub(crate) fn reference(&self) -> Option<u32> {
        if let Self::Reference { number, .. } = self { Some(*number) } else { None }
    }
}

/// Reads objects one after another. `None` from any method: what stands there is not what was
/// asked for.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) at: usize,
    /// How many objects may be read, those within others counted.
    pub(crate) items_left: usize,
    /// Whether what readers take differently is refused: comments, NUL and form feeds as white
    /// space, a stream that does not say itself how long it is, names that are not
    /// [plain](is_plain_name), numbers beyond those that all of them know.
    is_strict: bool,
}

/// How deep arrays and dictionaries may lie within each other.
const MAX_DEPTH: usize = 32;
/// How many objects may lie within one: each takes far more memory than its bytes.
pub(crate) const MAX_ITEMS: usize = 1 << 19;

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, items_left: MAX_ITEMS, is_strict: false }
    }

    /// The same, of bytes that every reader has to take alike, whatever it repairs.
    pub(crate) fn strict(bytes: &'a [u8], at: usize) -> Self {
        Self { is_strict: true, ..Self::new(bytes, at) }
    }

    pub(super) fn is_strict(&self) -> bool {
        self.is_strict
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn step(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at = self.at.checked_add(1)?;
        Some(byte)
    }

    fn take_while(&mut self, matches: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|byte| !matches(*byte)).unwrap_or(rest.len());
        self.at = self.at.saturating_add(length);
        rest.get(..length).unwrap_or_default()
    }

    pub(crate) fn skip_white(&mut self) {
        let is_strict = self.is_strict;
        self.take_while(|byte| is_white(byte) && !(is_strict && is_unusual(byte)));
    }

    /// Skips white space and comments.
    pub(crate) fn skip_space(&mut self) {
        self.skip_white();
        while !self.is_strict && self.peek() == Some(b'%') {
            self.take_while(|byte| !matches!(byte, b'\r' | b'\n'));
            self.skip_white();
        }
    }

    /// Takes the end of a line, if one stands here.
    pub(crate) fn line_end(&mut self) -> Option<()> {
        let rest = self.rest();
        let end = [&b"\r\n"[..], b"\n", b"\r"].into_iter().find(|end| rest.starts_with(end))?;
        self.at = self.at.checked_add(end.len())?;
        Some(())
    }

    /// Reads `keyword` after white space; nothing is read when another word stands there.
    pub(crate) fn keyword(&mut self, keyword: &[u8]) -> Option<()> {
        let mut ahead = self.clone();
        ahead.skip_space();
        if !ahead.rest().starts_with(keyword) {
            return None;
        }
        ahead.at = ahead.at.checked_add(keyword.len())?;
        if ahead.peek().is_some_and(is_regular) {
            return None;
        }
        *self = ahead;
        Some(())
    }

    /// The same, where no more than a little white space or comment stands before it: what is read
    /// at any place that a file names may not cost all of the file.
    pub(crate) fn keyword_near(&mut self, keyword: &[u8]) -> Option<()> {
        let mut near = self.near();
        near.keyword(keyword)?;
        self.at = near.at;
        Some(())
    }

    /// A reader of the next bytes alone.
    pub(crate) fn near(&self) -> Self {
        const NEAR: usize = 1024;
        let end = self.at.saturating_add(NEAR).min(self.bytes.len());
        Self { bytes: self.bytes.get(..end).unwrap_or_default(), ..self.clone() }
    }

    /// A number without sign or point.
    pub(crate) fn number(&mut self) -> Option<usize> {
        let mut ahead = self.clone();
        ahead.skip_space();
        let digits = ahead.take_while(|byte| byte.is_ascii_digit());
        if ahead.peek().is_some_and(is_regular) || self.is_strict && !is_plain_number(digits) {
            return None;
        }
        *self = ahead;
        str::from_utf8(digits).ok()?.parse().ok()
    }

    pub(crate) fn object(&mut self) -> Option<Object> {
        self.object_within(MAX_DEPTH)
    }

    fn object_within(&mut self, depth: usize) -> Option<Object> {
        let depth = depth.checked_sub(1)?;
        self.items_left = self.items_left.checked_sub(1)?;
        self.skip_space();
        match self.peek()? {
            b'<' if self.rest().starts_with(b"<<") => {
                self.dictionary(depth).map(Object::Dictionary)
            }
            b'<' => self.hex_text().map(Object::Text),
            b'(' => self.text().map(Object::Text),
            b'/' => self.name().map(Object::Name),
            b'[' => {
                self.step()?;
                let mut items = Vec::new();
                loop {
                    self.skip_space();
                    if self.peek()? == b']' {
                        self.step()?;
                        return Some(Object::Array(items));
                    }
                    items.push(self.object_within(depth)?);
                }
            }
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.number_or_reference(),
            _ => match self.take_while(is_regular) {
                b"true" => Some(Object::Boolean(true)),
                b"false" => Some(Object::Boolean(false)),
                b"null" => Some(Object::Null),
                _ => None,
            },
        }
    }

    fn dictionary(&mut self, depth: usize) -> Option<Dictionary> {
        let start = self.at;
        self.at = self.at.checked_add(2)?;
        let mut entries = BTreeMap::new();
        loop {
            self.skip_space();
            if self.rest().starts_with(b">>") {
                self.at = self.at.checked_add(2)?;
                return Some(Dictionary { entries, span: start..self.at });
            }
            let key = self.name()?;
            let value = self.object_within(depth)?;
            // Readers differ in which of two they take (an attack on `ByteRange`).
            if entries.insert(key, value).is_some() {
                return None;
            }
        }
    }

    fn name(&mut self) -> Option<Vec<u8>> {
        if self.step()? != b'/' {
            return None;
        }
        let mut raw = self.take_while(is_regular);
        if self.is_strict && !is_plain_name(raw) {
            return None;
        }
        let mut name = Vec::new();
        while let Some((&byte, rest)) = raw.split_first() {
            raw = rest;
            if byte == b'#' {
                let (digits, rest) = raw.split_at_checked(2)?;
                name.push(hex_byte(digits)?);
                raw = rest;
            } else {
                name.push(byte);
            }
        }
        Some(name)
    }

    fn hex_text(&mut self) -> Option<Text> {
        let start = self.at;
        self.step()?;
        let is_strict = self.is_strict;
        let raw = self.take_while(|byte| {
            byte.is_ascii_hexdigit() || is_white(byte) && !(is_strict && is_unusual(byte))
        });
        if self.step()? != b'>' {
            return None;
        }
        Some(Text { raw: raw.to_vec(), is_hex: true, span: start..self.at })
    }

    fn text(&mut self) -> Option<Text> {
        let start = self.at;
        let mut open = 0_usize;
        loop {
            match self.step()? {
                b'(' => open = open.checked_add(1)?,
                b')' => open = open.checked_sub(1)?,
                b'\\' => {
                    self.step()?;
                }
                _ => {}
            }
            if open == 0 {
                let inside = start.checked_add(1)?..self.at.checked_sub(1)?;
                let raw = self.bytes.get(inside)?.to_vec();
                return Some(Text { raw, is_hex: false, span: start..self.at });
            }
        }
    }

    fn number_or_reference(&mut self) -> Option<Object> {
        let word = self.take_while(is_regular);
        if self.is_strict && !is_plain_number(word) {
            return None;
        }
        let text = str::from_utf8(word).ok()?;
        let digits = text.trim_start_matches(['+', '-']);
        let has_digit = digits.bytes().any(|byte| byte.is_ascii_digit());
        if !has_digit || text.len().checked_sub(digits.len())? > 1 {
            return None;
        }
        if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let is_plain = digits.len() == text.len();
            let mut ahead = self.clone();
            if is_plain
                && let Some(generation) = ahead.number()
                && ahead.keyword(b"R").is_some()
            {
                *self = ahead;
                let number = text.parse().ok()?;
                let is_known = (1..=MAX_NUMBER).contains(&number) && generation <= MAX_GENERATION;
                let reference = Object::Reference { number, generation };
                return (is_known || !self.is_strict).then_some(reference);
            }
            let integer = text.parse().ok()?;
            let is_known = !self.is_strict || i32::try_from(integer).is_ok();
            return is_known.then_some(Object::Integer(integer));
        }
        let is_real = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && digits.bytes().filter(|byte| *byte == b'.').count() == 1;
        is_real.then(|| Object::Real(word.to_vec()))
    }
}

/// The highest number of an object, and of a generation, that every reader knows: ISO 32000-1 annex C;
/// for `PDFium` 4294967295 is no object, and ends the array that it stands in.
const MAX_NUMBER: u32 = 8_388_607;
const MAX_GENERATION: usize = 65_535;

/// A name of ASCII that is short enough for every reader: `PDFium` keeps 255 bytes of a word, and
/// takes some bytes that are no ASCII for white space; ISO 32000-1 annex C gives names 127. What
/// needs no escape (§7.3.5) has none.
fn is_plain_name(word: &[u8]) -> bool {
    const MAX: usize = 127;
    let mut escapes = word.windows(3).filter(|escape| escape.starts_with(b"#"));
    let is_needed = |escape: &[u8]| {
        let byte = escape.get(1..).and_then(hex_byte);
        byte.is_some_and(|byte| byte == b'#' || !byte.is_ascii_graphic() || !is_regular(byte))
    };
    word.len() <= MAX && word.iter().all(u8::is_ascii_graphic) && escapes.all(is_needed)
}

/// A number that every reader reads to its end. Zeros may stand before it: writers fill the numbers
/// of `/ByteRange` up with them.
fn is_plain_number(word: &[u8]) -> bool {
    const MAX: usize = 20;
    word.len() <= MAX && !word.starts_with(b"+")
}

/// The byte that two hexadecimal digits are.
pub(crate) fn hex_byte(digits: &[u8]) -> Option<u8> {
    let [high, low] = digits else { return None };
    let value =
        |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(value(*high)? << 4 | value(*low)?)
}

pub(crate) fn is_white(byte: u8) -> bool {
    matches!(byte, b'\0' | b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

/// White space by ISO 32000-1 §7.2.2 that not every reader takes for such.
fn is_unusual(byte: u8) -> bool {
    matches!(byte, b'\0' | b'\x0c')
}

fn is_regular(byte: u8) -> bool {
    !is_white(byte)
        && !matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Option<Object> {
        Reader::new(text, 0).object()
    }

    #[test]
    fn reads_every_kind_of_object() {
        let text = b"<< /A#42 [1 -2 .5 (a\\)(b)) <0a 0B>] % c\n/C 3 0 R /D null /E true >>";
        let Some(Object::Dictionary(read)) = read(text) else { panic!("a dictionary") };
        assert_eq!(read.span, 0..text.len());
        let items = read.get(b"AB").unwrap().array().unwrap();
        let [one, two, half, Object::Text(text), Object::Text(hex)] = items else {
            panic!("{items:?}")
        };
        assert_eq!([one, two], [&Object::Integer(1), &Object::Integer(-2)]);
        assert_eq!(*half, Object::Real(b".5".to_vec()));
        assert_eq!(text.raw, b"a\\)(b)");
        assert!(hex.is_hex && hex.raw == b"0a 0B");
        assert_eq!(read.get(b"C"), Some(&Object::Reference { number: 3, generation: 0 }));
        assert_eq!(read.get(b"E"), Some(&Object::Boolean(true)));
    }

    #[test]
    fn refuses_what_two_readers_could_take_differently() {
        for text in [
            &b"<< /A 1 /A 2 >>"[..],
            b"<< /A 1 /#41 2 >>",
            b"<< /A >>",
            b"<< 1 2 >>",
            b"--1",
            b"1.2.3",
            b"(a",
            b"<0g>",
            b"[1",
            b"/A#4",
            b"nil",
            b"",
        ] {
            assert_eq!(read(text).and_then(|object| object.array().map(<[_]>::len)), None);
            assert!(!matches!(read(text), Some(Object::Dictionary(_))), "{text:?}");
        }
        assert_eq!(read(&[b'['; 40]), None);
        let many = format!("[{}]", "1 ".repeat(MAX_ITEMS));
        assert_eq!(read(many.as_bytes()), None);
    }
}
