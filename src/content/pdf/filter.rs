//! Decoding streams (ISO 32000-1 §7.4): none or `FlateDecode`, with the predictors of PNG. What
//! signatures need is never written by other filters.

use miniz_oxide::inflate::{
    TINFLStatus,
    core::{DecompressorOxide, decompress, inflate_flags},
};

use super::object::{Dictionary, Object};

/// The decoded bytes, no more than `max`. `None` when they cannot be decoded here.
pub(crate) fn decode(dictionary: &Dictionary, bytes: &[u8], max: usize) -> Option<Vec<u8>> {
    let only = |object: &Object| match object.array() {
        Some([]) => Some(Object::Null),
        Some([only]) => Some(only.clone()),
        Some(_) => None,
        None => Some(object.clone()),
    };
    let filter = only(dictionary.get(b"Filter").unwrap_or(&Object::Null))?;
    let parameters = only(dictionary.get(b"DecodeParms").unwrap_or(&Object::Null))?;
    if filter == Object::Null {
        return (bytes.len() <= max).then(|| bytes.to_vec());
    }
    if filter != Object::Name(b"FlateDecode".to_vec()) {
        return None;
    }
    let inflated = inflate(bytes, max)?;
    if parameters == Object::Null {
        return Some(inflated);
    }
    unpredict(parameters.dictionary()?, inflated)
}

/// Inflates a zlib stream. `None` also where a stored block stands behind a compressed one: some readers
/// (pdf.js, Poppler) have looked ahead there by more than the byte they stand in, go on further
/// behind and read something else than the others.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library may say more")]
fn inflate(bytes: &[u8], max: usize) -> Option<Vec<u8>> {
    const FLAGS: u32 = inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER
        | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF
        | inflate_flags::TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY;
    const HEADER: usize = 2;
    let is_stored = |header: u16| (header >> 1).is_multiple_of(4);
    let mut is_compressed = !is_stored(u16::from(*bytes.get(HEADER)?));
    let mut inflator = Box::<DecompressorOxide>::default();
    let mut inflated = vec![0; bytes.len().saturating_mul(2).min(max)];
    let (mut read, mut written) = (0_usize, 0_usize);
    loop {
        let rest = bytes.get(read..)?;
        let (status, taken, made) = decompress(&mut inflator, rest, &mut inflated, written, FLAGS);
        read = read.checked_add(taken)?;
        written = written.checked_add(made)?;
        match status {
            TINFLStatus::Done => {
                inflated.truncate(written);
                return Some(inflated);
            }
            TINFLStatus::BlockBoundary => {
                let state = inflator.block_boundary_state()?;
                let next = u16::from(bytes.get(read).copied().unwrap_or_default());
                let header = u16::from(state.bit_buf) | next << state.num_bits;
                if is_stored(header) && is_compressed {
                    return None;
                }
                is_compressed |= !is_stored(header);
            }
            TINFLStatus::HasMoreOutput if inflated.len() < max => {
                inflated.resize(inflated.len().max(1).saturating_mul(2).min(max), 0);
            }
            _ => return None,
        }
    }
}

fn unpredict(parameters: &Dictionary, bytes: Vec<u8>) -> Option<Vec<u8>> {
    const LEAST_PNG: usize = 10;
    let number = |key, default| match parameters.get(key) {
        Some(value) => value.integer(),
        None => Some(default),
    };
    let predictor = number(b"Predictor", 1)?;
    if predictor == 1 {
        return Some(bytes);
    }
    let columns = number(b"Columns", 1)?;
    let is_bytes = number(b"Colors", 1)? == 1 && number(b"BitsPerComponent", 8)? == 8;
    // A row that the bytes do not fill asks for memory, and is none.
    if predictor < LEAST_PNG || !is_bytes || columns == 0 || columns >= bytes.len() {
        return None;
    }
    let mut above = vec![0; columns];
    let mut decoded = Vec::new();
    for row in bytes.chunks(columns.checked_add(1)?) {
        let (&kind, row) = row.split_first()?;
        if row.len() != columns {
            return None;
        }
        let mut line: Vec<u8> = Vec::with_capacity(columns);
        let (mut left, mut corner) = (0_u8, 0_u8);
        for (&byte, &up) in row.iter().zip(&above) {
            let guess = match kind {
                0 => 0,
                1 => left,
                2 => up,
                3 => u8::midpoint(left, up),
                4 => paeth(left, up, corner),
                _ => return None,
            };
            left = byte.wrapping_add(guess);
            corner = up;
            line.push(left);
        }
        decoded.extend_from_slice(&line);
        above = line;
    }
    Some(decoded)
}

/// Of the three the one nearest to left + up - corner (PNG §9.4).
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let [a, b, c] = [left, up, corner].map(i16::from);
    let guess = a.saturating_add(b).saturating_sub(c);
    let distance = |value: i16| guess.saturating_sub(value).saturating_abs();
    if distance(a) <= distance(b) && distance(a) <= distance(c) {
        left
    } else if distance(b) <= distance(c) {
        up
    } else {
        corner
    }
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test that counts wrongly fails"
)]
mod tests {
    use super::*;

    #[test]
    fn undoes_every_predictor_of_png() {
        let mut parameters = Dictionary::default();
        for (key, value) in [(&b"Predictor"[..], 12), (b"Columns", 3)] {
            parameters.entries.insert(key.to_vec(), Object::Integer(value));
        }
        for (kind, row) in [
            (0, [10, 20, 30]),
            (1, [10, 10, 10]),
            (2, [9, 18, 27]),
            (3, [10, 14, 19]),
            (4, [9, 10, 10]),
        ] {
            let bytes = [&[0, 1, 2, 3, kind][..], &row].concat();
            let decoded = unpredict(&parameters, bytes).unwrap();
            assert_eq!(decoded, [1, 2, 3, 10, 20, 30], "kind {kind}");
        }
        assert_eq!(unpredict(&parameters, vec![5, 1, 2, 3]), None);
        assert_eq!(unpredict(&parameters, vec![0, 1, 2]), None);
    }

    fn stored(bytes: &[u8], is_last: bool) -> Vec<u8> {
        let length = u16::try_from(bytes.len()).unwrap();
        let ends = [length.to_le_bytes(), (!length).to_le_bytes()].concat();
        [&[u8::from(is_last)], &ends[..], bytes].concat()
    }

    fn zlib(blocks: &[&[u8]], content: &[u8]) -> Vec<u8> {
        let (mut low, mut high) = (1_u32, 0_u32);
        for byte in content {
            low = (low + u32::from(*byte)) % 65521;
            high = (high + low) % 65521;
        }
        [&[0x78, 0x01], &blocks.concat()[..], &(high << 16 | low).to_be_bytes()].concat()
    }

    /// RFC 1951 §3.2.4, §3.2.6. The compressed block is one of fixed codes: `a`, and padded to a byte by
    /// a stored block of nothing where more follows.
    #[test]
    fn a_stored_block_stands_in_front_of_compressed_ones_alone() {
        const A_LAST: [u8; 3] = [0x4b, 0x04, 0x00];
        const A: [u8; 3] = [0x4a, 0x04, 0x00];
        let nothing = stored(b"", false);
        // What ends the block of fixed codes leaves three bits of a stored block's header.
        let behind = [&A[..], &nothing[1..]].concat();
        for (blocks, content, is_read) in [
            (vec![&A_LAST[..]], &b"a"[..], true),
            (vec![&stored(b"bc", true)], b"bc", true),
            (vec![&stored(b"b", false), &stored(b"c", true)], b"bc", true),
            (vec![&stored(b"b", false), &A_LAST], b"ba", true),
            (vec![&behind, &stored(b"b", true)], b"ab", false),
            (vec![&behind, &A_LAST], b"aa", false),
        ] {
            let bytes = zlib(&blocks, content);
            let whole = miniz_oxide::inflate::decompress_to_vec_zlib(&bytes);
            assert_eq!(whole.as_deref().ok(), Some(content), "{content:?} is well formed");
            let due = is_read.then(|| content.to_vec());
            assert_eq!(inflate(&bytes, 1 << 10), due, "{content:?}");
            assert_eq!(inflate(&bytes, content.len()), due, "{content:?}");
            assert_eq!(inflate(&bytes, content.len() - 1), None, "{content:?}");
        }
    }

    #[test]
    fn inflates_as_the_library_does() {
        for length in [0, 1, 100, 70_000] {
            let content: Vec<u8> = (0..=250_u8).cycle().step_by(3).take(length).collect();
            for level in [1, 6, 9] {
                let bytes = miniz_oxide::deflate::compress_to_vec_zlib(&content, level);
                assert_eq!(inflate(&bytes, 1 << 20).as_deref(), Some(&content[..]), "{length}");
                assert_eq!(inflate(&bytes[..bytes.len() - 1], 1 << 20), None, "{length}");
            }
        }
    }

    #[test]
    fn refuses_a_row_that_is_longer_than_the_stream() {
        let mut parameters = Dictionary::default();
        for (key, value) in [(&b"Predictor"[..], 12), (b"Columns", i64::MAX / 2)] {
            parameters.entries.insert(key.to_vec(), Object::Integer(value));
        }
        assert_eq!(unpredict(&parameters, vec![0, 1, 2, 3]), None);
    }
}
