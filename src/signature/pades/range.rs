//! What bytes a signature dictionary says that it is over (ISO 32000-1 §12.8.1): everything from
//! the first byte to the end of a revision, but the signature itself.

use bytes::Bytes;

use crate::{
    asn1::{self, BerError, BerLimits},
    content::pdf::{Dictionary, Object, hex_byte},
};

/// The bytes that one signature is over, and the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signed {
    /// The bytes before and after the signature.
    pub(super) over: [Bytes; 2],
    /// The end of the signed revision.
    pub(super) end: usize,
    /// The CMS file.
    pub(super) file: Bytes,
}

/// Why a signature dictionary is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(super) enum RangeError {
    /// `/ByteRange` is not four numbers within the file.
    #[error("the ByteRange of the signature is not what ISO 32000-1 §12.8.1 asks for")]
    ByteRange,
    /// `/Contents` is not a string of hexadecimal digits alone.
    #[error("the Contents of the signature are not a string of hexadecimal digits")]
    Contents,
    /// The bytes left out are not exactly the signature.
    #[error(
        "the signature leaves out the bytes {left_out:?} of the file, and stands at {stands:?}"
    )]
    Gap {
        /// What is left out.
        left_out: std::ops::Range<usize>,
        /// What may be left out.
        stands: std::ops::Range<usize>,
    },
    /// Something else than zeros after the signature.
    #[error("after the signature, its place is filled with something else than zeros")]
    Padding,
}

impl Signed {
    pub(super) fn read(dictionary: &Dictionary, file: &Bytes) -> Result<Self, RangeError> {
        let Some(Object::Array(range)) = dictionary.get(b"ByteRange") else {
            return Err(RangeError::ByteRange);
        };
        let range: Option<Vec<usize>> = range.iter().map(Object::integer).collect();
        let Some([start, first, second, length]) = range.as_deref() else {
            return Err(RangeError::ByteRange);
        };
        let end = second.checked_add(*length).filter(|end| *end <= file.len());
        let (Some(end), 0) = (end, *start) else { return Err(RangeError::ByteRange) };
        let Some(Object::Text(contents)) = dictionary.get(b"Contents") else {
            return Err(RangeError::Contents);
        };
        if !contents.is_hex {
            return Err(RangeError::Contents);
        }
        // A wider gap could hide anything, a shifted one shows another string to the reader.
        let left_out = *first..*second;
        if left_out != contents.span {
            return Err(RangeError::Gap { left_out, stands: contents.span.clone() });
        }
        // What was read from an object stream has places of its own.
        let gap = file.get(left_out).and_then(|gap| gap.strip_prefix(b"<")?.strip_suffix(b">"));
        if gap != Some(&contents.raw) {
            return Err(RangeError::Contents);
        }
        let octets: Option<Vec<u8>> = contents.raw.chunks(2).map(hex_byte).collect();
        let octets = octets.ok_or(RangeError::Contents)?;
        let signature = first_element(&octets).ok_or(RangeError::Padding)?;
        Ok(Self {
            over: [file.slice(..*first), file.slice(*second..end)],
            end,
            file: signature.into(),
        })
    }
}

/// The first element; the rest has to be zeros. BER that cannot be read is given with all of it,
/// to be told as what it is.
fn first_element(octets: &[u8]) -> Option<Vec<u8>> {
    const INDEFINITE: u8 = 0x80;
    let (head, rest) = octets.split_at_checked(2)?;
    let &[_, length] = head else { return None };
    let more = usize::from(length & 0x7f);
    let end = if length < INDEFINITE {
        more.checked_add(2)?
    } else if length == INDEFINITE {
        match asn1::normalise(octets, &BerLimits::default()) {
            Err(BerError::Trailing { bytes }) => octets.len().checked_sub(bytes)?,
            _ => octets.len(),
        }
    } else if more > size_of::<u32>() {
        return None;
    } else {
        let length = rest.get(..more)?.iter().try_fold(0_usize, |length, octet| {
            length.checked_mul(256)?.checked_add(usize::from(*octet))
        })?;
        length.checked_add(more)?.checked_add(2)?
    };
    let (element, padding) = octets.split_at_checked(end)?;
    padding.iter().all(|octet| *octet == 0).then(|| element.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_of_indefinite_length_ends_before_the_padding() {
        let element = &b"\x30\x80\x30\x80\x02\x01\x00\x00\x00\x00\x00"[..];
        for (padding, is_right) in [(&b""[..], true), (b"\0\0\0", true), (b"\0\x01\0", false)] {
            let found = first_element(&[element, padding].concat());
            assert_eq!(found.as_deref(), is_right.then_some(element), "{padding:?}");
        }
    }
}
