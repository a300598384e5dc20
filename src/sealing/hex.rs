//! Lower-case hexadecimal, for keys and check values.

use zeroize::Zeroizing;

/// `bytes` as lower-case digits. The text is wiped when dropped: it may be a key.
pub(super) fn encode(bytes: &[u8]) -> Zeroizing<String> {
    // Reserved at once: a text that grows leaves parts of the key behind.
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    for byte in bytes {
        for digit in [byte >> 4, byte & 0x0f] {
            text.push(char::from_digit(u32::from(digit), 16).expect("four bits are one digit"));
        }
    }
    text
}

/// The bytes that exactly `2 * N` hexadecimal digits stand for.
pub(super) fn decode<const N: usize>(text: &str) -> Option<Zeroizing<[u8; N]>> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = Zeroizing::new([0; N]);
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = u8::try_from(char::from(*digit).to_digit(16)?).ok()?;
            *byte = (*byte << 4) | value;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_writes() {
        let bytes = [0x00, 0x0f, 0xf0, 0xff];
        assert_eq!(encode(&bytes).as_str(), "000ff0ff");
        assert_eq!(*decode::<4>("000fF0ff").unwrap(), bytes);
    }

    #[test]
    fn refuses_what_is_not_so_many_digits() {
        for text in ["", "00", "000ff0f", "000ff0ff0", "000ff0fg", "000ff0+f", "ж00ff0f"] {
            assert!(decode::<4>(text).is_none(), "{text}");
        }
    }
}
