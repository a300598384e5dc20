//! Bytes as people read them.

/// `bytes` as lower-case hexadecimal digits. Not for secrets: the text is not wiped.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// The bytes of a text in hexadecimal, when it is one.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let mut digits =
        text.chars().map(|digit| digit.to_digit(16).and_then(|d| u8::try_from(d).ok()));
    let mut bytes = Vec::with_capacity(text.len() / 2);
    while let Some(high) = digits.next() {
        bytes.push(high? << 4 | digits.next()??);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_two_digits() {
        for (bytes, digits) in
            [(&[][..], ""), (&[0], "00"), (&[0x0a, 0xa0, 0xff], "0aa0ff"), (b"Az09", "417a3039")]
        {
            assert_eq!(hex(bytes), digits);
        }
    }
}
