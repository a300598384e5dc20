//! Two passes over BER: first what each element is and how long it becomes, then the writing.

use super::{BerError, BerLimits};

const BIT_STRING: u8 = 3;
const OCTET_STRING: u8 = 4;
const CONSTRUCTED: u8 = 0x20;
const CLASS: u8 = 0xc0;
const NUMBER: u8 = 0x1f;

/// A file's elements, each before what it contains.
pub(super) struct Plan<'a> {
    bytes: &'a [u8],
    elements: Vec<Planned>,
    is_der: bool,
}

/// One element.
struct Planned {
    /// Where its tag begins.
    start: usize,
    /// How many bytes the tag has.
    tag: usize,
    /// Where its content lies in the file; for a constructed element it is not used.
    content: (usize, usize),
    /// The length of its content in DER.
    length: usize,
    writing: Writing,
}

/// How an element is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    /// Its header, and its content after it if it is primitive.
    Whole { constructed: bool },
    /// A string: its header without the bit that says constructed; for a BIT STRING the number of
    /// unused bits of the last piece.
    Joined { unused_bits: Option<u8> },
    /// A piece of a string: its content, from this byte of it on.
    Piece { from: usize },
    /// Pieces in a piece: nothing of its own.
    Nothing,
}

/// An element whose end is not reached.
struct Open {
    index: usize,
    /// Where it ends; `None` when two zero bytes will say so.
    end: Option<usize>,
    /// Where it has to have ended: the end of whatever definite element it lies in.
    within: usize,
    /// The string that it is, or is a piece of.
    string: Option<Pieces>,
}

/// A string in pieces.
#[derive(Clone, Copy)]
struct Pieces {
    /// Its element.
    index: usize,
    /// The type that its pieces have.
    piece: u8,
}

/// A tag with a length, as BER writes them.
struct Header {
    first: u8,
    tag: usize,
    /// `None` when it is indefinite.
    length: Option<usize>,
    /// Where the content begins.
    content: usize,
    shortest: bool,
}

impl<'a> Plan<'a> {
    pub(super) fn of(bytes: &'a [u8], limits: &BerLimits) -> Result<Self, BerError> {
        let mut plan = Self { bytes, elements: Vec::new(), is_der: true };
        let mut open: Vec<Open> = Vec::new();
        let mut position = 0;
        loop {
            // Close what ends here.
            while open.last().is_some_and(|last| last.end == Some(position)) {
                plan.close(&mut open).ok_or(BerError::Malformed { at: position })?;
            }
            if open.is_empty() && !plan.elements.is_empty() {
                break;
            }
            let malformed = BerError::Malformed { at: position };
            let within = open.last().map_or(bytes.len(), |last| last.within);
            let rest = bytes.get(position..within).ok_or(malformed)?;
            if open.last().is_some_and(|last| last.end.is_none()) && rest.starts_with(&[0, 0]) {
                plan.close(&mut open).ok_or(malformed)?;
                position = position.checked_add(2).ok_or(malformed)?;
                continue;
            }
            if plan.elements.len() == limits.elements {
                return Err(BerError::TooMany { max: limits.elements });
            }
            let header = Header::read(bytes, position).ok_or(malformed)?;
            position = plan.add(&header, (position, within), &mut open).ok_or(malformed)?;
            if open.len() > limits.depth {
                return Err(BerError::TooDeep { max: limits.depth });
            }
        }
        match bytes.len().saturating_sub(position) {
            0 => Ok(plan),
            bytes => Err(BerError::Trailing { bytes }),
        }
    }

    /// How many elements there are.
    pub(super) fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether nothing has to be rewritten.
    pub(super) fn is_der(&self) -> bool {
        self.is_der
    }

    /// Adds the element that begins at `start` and tells where reading goes on: after it, or inside
    /// it.
    fn add(
        &mut self,
        header: &Header,
        (start, within): (usize, usize),
        open: &mut Vec<Open>,
    ) -> Option<usize> {
        let end = match header.length {
            Some(length) => Some(header.content.checked_add(length).filter(|end| *end <= within)?),
            None => None,
        };
        let parent = open.last().and_then(|last| last.string);
        let is_universal = header.first & CLASS == 0;
        let number = header.first & NUMBER;
        let constructed = header.first & CONSTRUCTED != 0;
        if let Some(string) = parent
            && (!is_universal || number != string.piece)
        {
            return None;
        }
        self.is_der &= header.shortest && end.is_some();
        let index = self.elements.len();
        let mut element = Planned {
            start,
            tag: header.tag,
            content: (header.content, end.unwrap_or(header.content)),
            length: 0,
            writing: Writing::Whole { constructed },
        };
        if constructed {
            let own = match (parent, is_universal) {
                (None, true) => match Parts::of(number)? {
                    Parts::Pieces(piece) => Some(Pieces { index, piece }),
                    Parts::Elements => None,
                },
                _ => None,
            };
            if own.is_some() {
                self.is_der = false;
                let unused_bits = (number == BIT_STRING).then_some(0);
                // The byte that counts the unused bits stands before the pieces.
                element.length = usize::from(unused_bits.is_some());
                element.writing = Writing::Joined { unused_bits };
            } else if parent.is_some() {
                element.writing = Writing::Nothing;
            }
            self.elements.push(element);
            let within = end.unwrap_or(within);
            open.push(Open { index, end, within, string: parent.or(own) });
            return Some(header.content);
        }
        let end = end?;
        element.length = end.checked_sub(header.content)?;
        if let Some(string) = parent {
            element.writing = self.piece(string, &element)?;
            if let Writing::Piece { from } = element.writing {
                element.length = element.length.checked_sub(from)?;
            }
        }
        let length = element.whole_length()?;
        self.elements.push(element);
        self.grow(open.last().map(|last| last.index), length)?;
        Some(end)
    }

    /// How a primitive piece of a string is written.
    fn piece(&mut self, string: Pieces, element: &Planned) -> Option<Writing> {
        if string.piece != BIT_STRING {
            return Some(Writing::Piece { from: 0 });
        }
        // X.690 §8.6.4: every piece but the last is of whole bytes.
        let (content, end) = element.content;
        let (&unused, bits) = self.bytes.get(content..end)?.split_first()?;
        let whole = self.elements.get_mut(string.index)?;
        let Writing::Joined { unused_bits: Some(before) } = &mut whole.writing else { return None };
        if *before != 0 || unused > 7 || (bits.is_empty() && unused != 0) {
            return None;
        }
        *before = unused;
        Some(Writing::Piece { from: 1 })
    }

    /// Ends the innermost open element.
    fn close(&mut self, open: &mut Vec<Open>) -> Option<()> {
        let closed = open.pop()?;
        let length = self.elements.get(closed.index)?.whole_length()?;
        self.grow(open.last().map(|last| last.index), length)
    }

    fn grow(&mut self, parent: Option<usize>, length: usize) -> Option<()> {
        if let Some(parent) = parent {
            let parent = self.elements.get_mut(parent)?;
            parent.length = parent.length.checked_add(length)?;
        }
        Some(())
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let length = self.elements.first().and_then(Planned::whole_length).unwrap_or_default();
        let mut written = Vec::with_capacity(length);
        for element in &self.elements {
            element.write(self.bytes, &mut written);
        }
        written
    }
}

impl Planned {
    /// What it adds to the element that it lies in.
    fn whole_length(&self) -> Option<usize> {
        match self.writing {
            Writing::Whole { .. } | Writing::Joined { .. } => {
                self.length.checked_add(self.tag)?.checked_add(length_size(self.length))
            }
            Writing::Piece { .. } | Writing::Nothing => Some(self.length),
        }
    }

    fn write(&self, bytes: &[u8], written: &mut Vec<u8>) {
        let (content, end) = self.content;
        let tag = self.start..self.start.saturating_add(self.tag);
        match self.writing {
            Writing::Whole { constructed } => {
                written.extend(bytes.get(tag).unwrap_or_default());
                self.write_length(written);
                if !constructed {
                    written.extend(bytes.get(content..end).unwrap_or_default());
                }
            }
            Writing::Joined { unused_bits } => {
                written.extend(bytes.get(tag).unwrap_or_default().iter().map(|b| b & !CONSTRUCTED));
                self.write_length(written);
                written.extend(unused_bits);
            }
            Writing::Piece { from } => {
                let content = content.saturating_add(from);
                written.extend(bytes.get(content..end).unwrap_or_default());
            }
            Writing::Nothing => {}
        }
    }

    fn write_length(&self, written: &mut Vec<u8>) {
        let octets = self.length.to_be_bytes();
        let more = length_size(self.length).saturating_sub(1);
        let (_, octets) = octets.split_at(octets.len().saturating_sub(more.max(1)));
        // X.690 §8.1.3.5: a length over 127 follows the number of its octets.
        written.extend(u8::try_from(more).ok().filter(|more| *more > 0).map(|more| more | 0x80));
        written.extend(octets);
    }
}

/// How many octets a length has in DER.
fn length_size(length: usize) -> usize {
    if length < 0x80 {
        return 1;
    }
    let octets = length.to_be_bytes();
    let unused = octets.iter().take_while(|octet| **octet == 0).count();
    octets.len().saturating_sub(unused).saturating_add(1)
}

impl Header {
    /// X.690 §8.1.2 and §8.1.3.
    fn read(bytes: &[u8], start: usize) -> Option<Self> {
        let (&first, rest) = bytes.get(start..)?.split_first()?;
        // The tag 0 ends an indefinite length and is nothing else.
        if first & !CONSTRUCTED == 0 {
            return None;
        }
        let number = if first & NUMBER == NUMBER { tag_number(rest)? } else { 0 };
        let tag = number.checked_add(1)?;
        let (&length, rest) = rest.get(number..)?.split_first()?;
        let (length, octets, shortest) = match length {
            0..0x80 => (Some(usize::from(length)), 0, true),
            0x80 => (None, 0, false),
            0xff => return None,
            _ => {
                let octets = usize::from(length & 0x7f);
                let value = rest.get(..octets)?.iter().try_fold(0_usize, |value, octet| {
                    value.checked_mul(0x100)?.checked_add(usize::from(*octet))
                })?;
                (Some(value), octets, length_size(value) == octets.checked_add(1)?)
            }
        };
        let content = start.checked_add(tag)?.checked_add(1)?.checked_add(octets)?;
        Some(Self { first, tag, length, content, shortest })
    }
}

/// How many octets a tag number over 30 has (X.690 §8.1.2.4); it is written in one way only.
fn tag_number(octets: &[u8]) -> Option<usize> {
    const MAX: usize = 5;
    let more = octets.iter().take(MAX).take_while(|octet| **octet & 0x80 != 0).count();
    let is_shortest = match octets.get(..more.checked_add(1)?)? {
        [only] => *only >= NUMBER,
        [first, ..] => *first != 0x80,
        [] => false,
    };
    (is_shortest && more < MAX).then_some(more.checked_add(1)?)
}

/// What a constructed element of a universal type consists of.
enum Parts {
    /// Elements of their own.
    Elements,
    /// The pieces of a string, which have this type.
    Pieces(u8),
}

impl Parts {
    /// `None` when the type cannot be constructed. The pieces of a character string are octet
    /// strings (X.690 §8.23).
    fn of(number: u8) -> Option<Self> {
        match number {
            BIT_STRING => Some(Self::Pieces(BIT_STRING)),
            OCTET_STRING | 7 | 12 | 18..=28 | 30 => Some(Self::Pieces(OCTET_STRING)),
            8 | 11 | 16 | 17 | 29 | NUMBER => Some(Self::Elements),
            _ => None,
        }
    }
}
