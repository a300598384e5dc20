//! Decoding streams (ISO 32000-1 §7.4): none or `FlateDecode`, with the predictors of PNG. What
//! signatures need is never written by other filters.

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
    let inflated = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(bytes, max).ok()?;
    if parameters == Object::Null {
        return Some(inflated);
    }
    unpredict(parameters.dictionary()?, inflated)
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

    #[test]
    fn refuses_a_row_that_is_longer_than_the_stream() {
        let mut parameters = Dictionary::default();
        for (key, value) in [(&b"Predictor"[..], 12), (b"Columns", i64::MAX / 2)] {
            parameters.entries.insert(key.to_vec(), Object::Integer(value));
        }
        assert_eq!(unpredict(&parameters, vec![0, 1, 2, 3]), None);
    }
}
