//! The substitution of ДСТУ ГОСТ 28147:2009 and ГОСТ 34.311-95, called ДКЕ in certificates.
//!
//! The standards leave the eight rows open. Certificates either name no substitution, which means
//! ДКЕ № 1, or carry one packed in 64 octets (`dke` of `DSTU4145Params`). It is a long-term key
//! element in name only: it is public.
#![expect(
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::inline_always,
    reason = "an arithmetic kernel over arrays of fixed size"
)]

use std::{fmt, sync::LazyLock};

/// Eight rows of sixteen nibbles, with the tables that a round of the cipher reads.
#[derive(Clone)]
pub struct Substitution {
    packed: [u8; Self::PACKED_LEN],
    tables: Box<Tables>,
}

/// The rows combined. Three look-ups for 12, 12 and 8 bits, and 25 KiB, which leaves a first-level
/// cache of 32 KiB some room.
#[derive(Clone)]
struct Tables {
    /// Not rotated yet: rotating moves no bit over the edge, so that a shift is enough.
    low: [u16; 4096],
    middle: [u32; 4096],
    high: [u32; 256],
}

static STANDARD: LazyLock<Substitution> =
    LazyLock::new(|| Substitution::from_packed(&Substitution::STANDARD_PACKED));

impl Substitution {
    /// The length of the packed form in octets.
    pub const PACKED_LEN: usize = 64;

    /// ДКЕ № 1 in the packed form.
    pub const STANDARD_PACKED: [u8; Self::PACKED_LEN] = [
        0xa9, 0xd6, 0xeb, 0x45, 0xf1, 0x3c, 0x70, 0x82, 0x80, 0xc4, 0x96, 0x7b, 0x23, 0x1f, 0x5e,
        0xad, 0xf6, 0x58, 0xeb, 0xa4, 0xc0, 0x37, 0x29, 0x1d, 0x38, 0xd9, 0x6b, 0xf0, 0x25, 0xca,
        0x4e, 0x17, 0xf8, 0xe9, 0x72, 0x0d, 0xc6, 0x15, 0xb4, 0x3a, 0x28, 0x97, 0x5f, 0x0b, 0xc1,
        0xde, 0xa3, 0x64, 0x38, 0xb5, 0x64, 0xea, 0x2c, 0x17, 0x9f, 0xd0, 0x12, 0x3e, 0x6d, 0xb8,
        0xfa, 0xc5, 0x79, 0x04,
    ];

    /// ДКЕ № 1, which holds where nothing else is said.
    #[must_use]
    pub fn standard() -> &'static Self {
        &STANDARD
    }

    /// From the packed form: row by row, the row for the lowest nibble first; two nibbles in an
    /// octet, the high one first. Rows that are no permutations are taken as they are.
    #[must_use]
    pub fn from_packed(packed: &[u8; Self::PACKED_LEN]) -> Self {
        let replaced = |row: usize, value: usize| {
            let pair = packed[8 * row + (value & 15) / 2];
            u32::from(if value & 1 == 0 { pair >> 4 } else { pair & 15 }) << (4 * row)
        };
        let mut tables = Box::new(Tables { low: [0; 4096], middle: [0; 4096], high: [0; 256] });
        for value in 0..4096 {
            let (b, c) = (value >> 4, value >> 8);
            tables.low[value] = (replaced(0, value) | replaced(1, b) | replaced(2, c)) as u16;
            let middle = replaced(3, value) | replaced(4, b) | replaced(5, c);
            tables.middle[value] = middle.rotate_left(11);
        }
        for value in 0..256 {
            let high = replaced(6, value) | replaced(7, value >> 4);
            tables.high[value] = high.rotate_left(11);
        }
        Self { packed: *packed, tables }
    }

    /// The packed form.
    #[must_use]
    pub fn packed(&self) -> &[u8; Self::PACKED_LEN] {
        &self.packed
    }

    /// The round function behind the addition of the key: replace each nibble, rotate by 11.
    #[inline(always)]
    pub(super) fn replace(&self, value: u32) -> u32 {
        let Tables { low, middle, high } = &*self.tables;
        let low = u32::from(low[value as usize & 0xfff]) << 11;
        low ^ middle[(value >> 12) as usize & 0xfff] ^ high[(value >> 24) as usize]
    }
}

impl PartialEq for Substitution {
    fn eq(&self, other: &Self) -> bool {
        self.packed == other.packed
    }
}

impl Eq for Substitution {}

impl fmt::Debug for Substitution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Substitution(")?;
        self.packed.iter().try_for_each(|octet| write!(f, "{octet:02x}"))?;
        f.write_str(")")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Rows that no standard has: each the one before, turned by one, and the last no permutation.
    pub(crate) struct Other;

    impl Other {
        const ROWS: [[u8; 16]; 8] = {
            let mut rows = [[7; 16]; 8];
            let mut row = 0;
            while row < 7 {
                let mut column = 0;
                while column < 16 {
                    rows[row][column] = ((5 * column + 3 * row + 1) % 16) as u8;
                    column += 1;
                }
                row += 1;
            }
            rows
        };

        pub(crate) fn substitution() -> Substitution {
            let mut packed = [0; Substitution::PACKED_LEN];
            for (octet, pair) in packed.iter_mut().zip(Self::ROWS.as_flattened().chunks(2)) {
                *octet = pair[0] << 4 | pair[1];
            }
            Substitution::from_packed(&packed)
        }
    }

    impl magma::Sbox for Other {
        const NAME: &'static str = "Other";
        const SBOX: [[u8; 16]; 8] = Self::ROWS;
    }

    impl gost94::params::Gost94Params for Other {
        const NAME: &'static str = "Other";
        const S_BOX: [[u8; 16]; 8] = Self::ROWS;
        const H0: [u8; 32] = [0; 32];
    }

    #[test]
    fn shows_its_packed_form() {
        let standard = Substitution::standard();
        assert_eq!(Substitution::from_packed(standard.packed()), *standard);
        assert_ne!(Other::substitution(), *standard);
        assert!(format!("{standard:?}").starts_with("Substitution(a9d6eb45f13c7082"));
    }
}
