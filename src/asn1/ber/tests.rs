//! What BER becomes, and what is refused.

#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that counts wrongly fails"
)]

use proptest::prelude::*;

use super::*;

fn whole(bytes: &[u8]) -> Result<Vec<u8>, BerError> {
    normalise(bytes, &BerLimits::default()).map(Cow::into_owned)
}

#[test]
fn lengths_become_definite_and_short_and_strings_whole() {
    for (ber, der) in [
        (&[0x30, 0x80, 0, 0][..], &[0x30, 0][..]),
        (&[0x30, 0x81, 3, 2, 1, 5], &[0x30, 3, 2, 1, 5]),
        (&[0x30, 0x84, 0, 0, 0, 0], &[0x30, 0]),
        (&[0x30, 0x80, 0xa0, 0x80, 2, 1, 5, 0, 0, 0, 0], &[0x30, 5, 0xa0, 3, 2, 1, 5]),
        (&[0x24, 0x80, 4, 1, 7, 4, 0, 4, 2, 8, 9, 0, 0], &[4, 3, 7, 8, 9]),
        (&[0x24, 0], &[4, 0]),
        (&[0x24, 7, 0x24, 5, 4, 1, 7, 4, 0], &[4, 1, 7]),
        (&[0x2c, 6, 4, 1, b'a', 4, 1, b'b'], &[0x0c, 2, b'a', b'b']),
        (&[0x23, 8, 3, 2, 0, 0xab, 3, 2, 4, 0xc0], &[3, 3, 4, 0xab, 0xc0]),
        (&[0x23, 0x80, 0, 0], &[3, 1, 0]),
        (&[0xbf, 0x81, 0x00, 0x80, 0, 0], &[0xbf, 0x81, 0x00, 0]),
        // What is inside a primitive element is its own affair, and so is a string whose type is
        // not told.
        (&[4, 2, 0x30, 0x80], &[4, 2, 0x30, 0x80]),
        (&[0xa0, 0x80, 4, 1, 7, 0, 0], &[0xa0, 3, 4, 1, 7]),
    ] {
        assert_eq!(whole(ber).as_deref(), Ok(der), "{ber:02x?}");
    }
}

#[test]
fn what_is_not_ber_is_refused() {
    let malformed = |at| BerError::Malformed { at };
    for (bytes, error) in [
        (&[][..], malformed(0)),
        (&[0x30], malformed(0)),
        (&[0x30, 0x80], malformed(2)),
        (&[0x30, 0x80, 0], malformed(2)),
        (&[0x30, 3, 0x30, 0x80, 0], malformed(4)),
        (&[0x30, 2, 2, 1, 5], malformed(2)),
        (&[4, 0x80, 0, 0], malformed(0)),
        (&[0, 0], malformed(0)),
        (&[0x30, 2, 0, 0], malformed(2)),
        (&[0x20, 0], malformed(0)),
        (&[0x30, 0xff], malformed(0)),
        (&[0x30, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0], malformed(0)),
        (&[0x22, 0], malformed(0)),
        (&[0x24, 2, 0x0c, 0], malformed(2)),
        (&[0x2c, 2, 0x0c, 0], malformed(2)),
        (&[0x24, 2, 0x80, 0], malformed(2)),
        (&[0x23, 2, 3, 0], malformed(2)),
        (&[0x23, 7, 3, 2, 1, 0xaa, 3, 1, 0], malformed(6)),
        (&[0x23, 3, 3, 1, 1], malformed(2)),
        (&[0x1f, 0x1e, 0], malformed(0)),
        (&[0x1f, 0x80, 0x7f, 0], malformed(0)),
        (&[0x30, 0, 0], BerError::Trailing { bytes: 1 }),
        (&[0x30, 0x80, 0, 0, 0, 0], BerError::Trailing { bytes: 2 }),
    ] {
        assert_eq!(whole(bytes), Err(error), "{bytes:02x?}");
    }
}

#[test]
fn work_is_bounded() {
    let limits = BerLimits { depth: 3, elements: 5, bytes: 40 };
    let nested = |depth: usize| {
        let inside = vec![[0x30, 0x80]; depth].concat();
        [inside, vec![0; 2 * depth]].concat()
    };
    assert_eq!(normalise(&nested(3), &limits).as_deref(), Ok(&[0x30, 4, 0x30, 2, 0x30, 0][..]));
    assert_eq!(normalise(&nested(4), &limits), Err(BerError::TooDeep { max: 3 }));
    let wide = |count: u8| [vec![0x30, 2 * count], [5, 0].repeat(count.into())].concat();
    assert!(normalise(&wide(4), &limits).is_ok());
    assert_eq!(normalise(&wide(5), &limits), Err(BerError::TooMany { max: 5 }));
    assert_eq!(normalise(&[0; 41], &limits), Err(BerError::TooLong { max: 40 }));
    let deepest = nested(1_000_000);
    assert_eq!(whole(&deepest), Err(BerError::TooDeep { max: 64 }));
}

/// A value, before it is written in one way or another.
#[derive(Clone, Debug)]
enum Tree {
    Primitive(u8, Vec<u8>),
    String(u8, Vec<u8>),
    Bits(u8, Vec<u8>),
    Constructed(u8, Vec<Self>),
}

fn tree() -> impl Strategy<Value = Tree> {
    let content = || prop::collection::vec(any::<u8>(), 0..200);
    let leaf = prop_oneof![
        (prop::sample::select(vec![1_u8, 2, 5, 6, 0x80, 0x85]), content())
            .prop_map(|(tag, content)| Tree::Primitive(tag, content)),
        (prop::sample::select(vec![4_u8, 0x0c, 0x13, 0x17]), content())
            .prop_map(|(tag, content)| Tree::String(tag, content)),
        (0_u8..8, prop::collection::vec(any::<u8>(), 1..100))
            .prop_map(|(unused, content)| Tree::Bits(unused, content)),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let tags = prop::sample::select(vec![0x30_u8, 0x31, 0xa0, 0xa3]);
        (tags, prop::collection::vec(inner, 0..6))
            .prop_map(|(tag, parts)| Tree::Constructed(tag, parts))
    })
}

/// The choices that BER leaves, one after another.
struct Choices<'a>(std::iter::Cycle<std::slice::Iter<'a, u8>>);

impl Choices<'_> {
    fn next(&mut self) -> u8 {
        *self.0.next().unwrap()
    }
}

fn definite(tag: u8, content: &[u8], padding: u8) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let unused = length.iter().take_while(|octet| **octet == 0).count();
    let octets = &length[unused.saturating_sub(padding.into()).min(3)..];
    let header = if padding == 0 && content.len() < 0x80 {
        vec![tag, length[3]]
    } else {
        [&[tag, 0x80 | u8::try_from(octets.len()).unwrap()], octets].concat()
    };
    [&header, content].concat()
}

fn constructed(tag: u8, content: &[u8], choices: &mut Choices<'_>) -> Vec<u8> {
    match choices.next() % 4 {
        0 => [&[tag, 0x80], content, &[0, 0]].concat(),
        padding => definite(tag, content, padding - 1),
    }
}

impl Tree {
    fn der(&self) -> Vec<u8> {
        match self {
            Self::Primitive(tag, content) | Self::String(tag, content) => {
                definite(*tag, content, 0)
            }
            Self::Bits(unused, content) => definite(3, &[&[*unused], &content[..]].concat(), 0),
            Self::Constructed(tag, parts) => {
                definite(*tag, &parts.iter().flat_map(Self::der).collect::<Vec<_>>(), 0)
            }
        }
    }

    fn ber(&self, choices: &mut Choices<'_>) -> Vec<u8> {
        match self {
            Self::Primitive(tag, content) => definite(*tag, content, choices.next() % 3),
            Self::String(tag, content) => in_pieces(*tag, 4, None, content, 2, choices),
            Self::Bits(unused, content) => in_pieces(3, 3, Some(*unused), content, 2, choices),
            Self::Constructed(tag, parts) => {
                let parts: Vec<u8> = parts.iter().flat_map(|part| part.ber(choices)).collect();
                constructed(*tag, &parts, choices)
            }
        }
    }
}

fn in_pieces(
    tag: u8,
    piece: u8,
    unused: Option<u8>,
    content: &[u8],
    depth: usize,
    choices: &mut Choices<'_>,
) -> Vec<u8> {
    if depth == 0 || choices.next().is_multiple_of(2) {
        let content = [unused.as_slice(), content].concat();
        return definite(tag, &content, choices.next() % 3);
    }
    let middle = usize::from(choices.next()) % (content.len() + 1);
    // A BIT STRING whose last bits are left out has bits in its last piece.
    let middle =
        if unused.is_some() { middle.min(content.len().saturating_sub(1)) } else { middle };
    let (first, second) = content.split_at(middle);
    let none = unused.map(|_| 0);
    let first = in_pieces(piece, piece, none, first, depth - 1, choices);
    let second = in_pieces(piece, piece, unused, second, depth - 1, choices);
    constructed(tag | 0x20, &[first, second].concat(), choices)
}

proptest! {
    #[test]
    fn every_encoding_of_a_value_becomes_its_der(
        tree in tree(),
        choices in prop::collection::vec(any::<u8>(), 1..100),
    ) {
        let der = tree.der();
        let ber = tree.ber(&mut Choices(choices.iter().cycle()));
        prop_assert_eq!(whole(&ber), Ok(der.clone()));
        let limits = BerLimits::default();
        prop_assert!(matches!(normalise(&der, &limits), Ok(Cow::Borrowed(same)) if same == der));
    }

    #[test]
    fn bytes_that_are_read_are_in_der_from_then_on(
        tree in tree(),
        choices in prop::collection::vec(any::<u8>(), 1..50),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut bytes = tree.ber(&mut Choices(choices.iter().cycle()));
        for (index, byte) in changes {
            let position = index.index(bytes.len());
            bytes[position] = byte;
        }
        if let Ok(der) = whole(&bytes) {
            let again = normalise(&der, &BerLimits::default());
            prop_assert!(matches!(again, Ok(Cow::Borrowed(same)) if same == der));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = whole(&bytes);
    }
}
