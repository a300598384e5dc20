//! Reading DER (X.690 §8, §10) one element at a time, without losing the original bytes.
//!
//! The `cms` crate's types sort sets and re-encode what they read, and refuse a whole file for one
//! certificate of a kind they do not know. A verifier hashes the bytes that were signed, so it
//! walks the elements itself; headers, lengths and tags are read by `der`. BER is brought into DER
//! first, by [`normalise`].

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use der::{Decode, ErrorKind, Header, Reader as _, SliceReader, Tag, TagNumber};

mod ber;

pub use self::ber::{BerError, BerLimits, normalise, normalise_counted};

/// Elements one after another.
#[derive(Clone, Debug)]
pub struct Elements<'a>(SliceReader<'a>);

/// One element: tag, value, and both together with the length as they stand.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    /// The tag.
    pub tag: Tag,
    /// The content octets.
    pub value: &'a [u8],
    /// All octets: tag, length and content.
    pub raw: &'a [u8],
}

/// Why bytes are not the DER that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Right by BER and not by DER: an indefinite or overlong length, a string in pieces.
    Ber,
    /// Something else than expected, or cut short.
    Malformed,
    /// Bytes follow that nothing accounts for.
    Trailing(usize),
}

impl<'a> Elements<'a> {
    /// The elements in `bytes`, none of them read.
    ///
    /// # Errors
    /// When there are more than 256 MiB, which `der` does not read.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Broken> {
        SliceReader::new(bytes).map(Self).map_err(|_| Broken::Malformed)
    }

    /// The next element, whatever it is.
    ///
    /// # Errors
    /// There is none, or it is not DER.
    #[expect(clippy::should_implement_trait, reason = "an iterator could go on after an error")]
    pub fn next(&mut self) -> Result<Element<'a>, Broken> {
        let header = Header::peek(&self.0).map_err(|error| broken(error.kind()))?;
        let raw = self.0.tlv_bytes().map_err(|error| broken(error.kind()))?;
        let length = usize::try_from(header.length()).map_err(|_| Broken::Malformed)?;
        let start = raw.len().checked_sub(length).ok_or(Broken::Malformed)?;
        let value = raw.get(start..).ok_or(Broken::Malformed)?;
        Ok(Element { tag: header.tag(), value, raw })
    }

    /// The next element, which has to have this tag.
    ///
    /// # Errors
    /// There is none, it is not DER, or it has another tag.
    pub fn expect(&mut self, tag: Tag) -> Result<Element<'a>, Broken> {
        self.next().and_then(|element| element.of(tag))
    }

    /// The next element if it has this tag; otherwise nothing is read.
    ///
    /// # Errors
    /// What comes next is not DER.
    pub fn optional(&mut self, tag: Tag) -> Result<Option<Element<'a>>, Broken> {
        if self.0.is_finished() {
            return Ok(None);
        }
        let mut ahead = self.clone();
        let element = ahead.next()?;
        if element.tag != tag {
            return Ok(None);
        }
        *self = ahead;
        Ok(Some(element))
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// [`Broken::Trailing`] when something is.
    pub fn finish(self) -> Result<(), Broken> {
        match usize::try_from(self.0.remaining_len()) {
            Ok(0) => Ok(()),
            Ok(left) => Err(Broken::Trailing(left)),
            Err(_) => Err(Broken::Malformed),
        }
    }
}

impl<'a> Element<'a> {
    /// The only element in `bytes`.
    ///
    /// # Errors
    /// There is none, it is not DER, or something follows it.
    pub fn only(bytes: &'a [u8]) -> Result<Self, Broken> {
        let mut elements = Elements::new(bytes)?;
        let element = elements.next()?;
        elements.finish()?;
        Ok(element)
    }

    /// The same element, if it has this tag.
    ///
    /// # Errors
    /// It has another.
    pub fn of(self, tag: Tag) -> Result<Self, Broken> {
        if self.tag == tag { Ok(self) } else { Err(Broken::Malformed) }
    }

    /// What lies inside.
    ///
    /// # Errors
    /// As [`Elements::new`].
    pub fn inside(&self) -> Result<Elements<'a>, Broken> {
        Elements::new(self.value)
    }

    /// The object identifier that this is, in dotted form.
    ///
    /// # Errors
    /// It is none.
    pub fn object_identifier(&self) -> Result<String, Broken> {
        self.of(Tag::ObjectIdentifier)?;
        let identifier =
            der::asn1::ObjectIdentifier::from_bytes(self.value).map_err(|_| Broken::Malformed)?;
        Ok(identifier.to_string())
    }

    /// The small integer that this is.
    ///
    /// # Errors
    /// It is none, or not from 0 to 255.
    pub fn small_integer(&self) -> Result<u8, Broken> {
        u8::from_der(self.raw).map_err(|_| Broken::Malformed)
    }
}

/// `[number]`, constructed.
#[must_use]
pub fn constructed(number: u8) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(u32::from(number)) }
}

/// `[number]`, primitive.
#[must_use]
pub fn primitive(number: u8) -> Tag {
    Tag::ContextSpecific { constructed: false, number: TagNumber(u32::from(number)) }
}

fn broken(kind: ErrorKind) -> Broken {
    /// The universal types with the bit that says constructed.
    const CONSTRUCTED: std::ops::RangeInclusive<u8> = 0x21..=0x3f;
    let is_ber = matches!(
        kind,
        ErrorKind::IndefiniteLength
            // `der` says so of overlong lengths.
            | ErrorKind::Length { .. }
    ) || matches!(
        // A string in pieces (X.690 §8.7.3), which DER does not have.
        kind,
        ErrorKind::TagUnknown { byte } if CONSTRUCTED.contains(&byte)
    );
    if is_ber { Broken::Ber } else { Broken::Malformed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_bytes_as_they_stand() {
        let mut elements = Elements::new(&[0x30, 3, 2, 1, 5, 4, 0]).unwrap();
        let sequence = elements.expect(Tag::Sequence).unwrap();
        assert_eq!(sequence.raw, [0x30, 3, 2, 1, 5]);
        assert_eq!(sequence.inside().unwrap().next().unwrap().small_integer(), Ok(5));
        assert!(elements.optional(Tag::Integer).unwrap().is_none());
        assert_eq!(elements.clone().finish(), Err(Broken::Trailing(2)));
        assert!(elements.optional(Tag::OctetString).unwrap().is_some());
        assert_eq!(elements.finish(), Ok(()));
    }

    #[test]
    fn tells_ber_from_garbage() {
        for (bytes, reason) in [
            (&[0x30, 0x80, 0, 0][..], Broken::Ber),
            (&[0x30, 0x81, 1, 0], Broken::Ber),
            (&[0x24, 2, 4, 0], Broken::Ber),
            (&[0x30, 5, 0], Broken::Malformed),
            (&[0x30], Broken::Malformed),
            (&[], Broken::Malformed),
            (&[0x05, 0, 0], Broken::Trailing(1)),
        ] {
            assert_eq!(Element::only(bytes).unwrap_err(), reason, "{bytes:02x?}");
        }
    }
}
