//! The coded bits of a scan (ITU-T T.81 annexes C and F): nothing is made of them but their number.

/// The bits up to the next marker.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    held: u8,
    count: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, held: 0, count: 0 }
    }

    pub(super) fn next(&mut self) -> Option<u32> {
        if self.count == 0 {
            let (byte, rest) = self.data.split_first()?;
            self.data = if *byte == 0xff { rest.strip_prefix(b"\0")? } else { rest };
            (self.held, self.count) = (*byte, u8::BITS);
        }
        self.count = self.count.saturating_sub(1);
        Some(u32::from(self.held).checked_shr(self.count)? & 1)
    }

    /// A number of so many bits, sixteen at most.
    pub(super) fn number(&mut self, bits: u8) -> Option<u32> {
        (0..bits).try_fold(0_u32, |number, _| Some(number << 1 | self.next()?))
    }

    pub(super) fn skip(&mut self, bits: u32) -> Option<()> {
        (0..bits).try_for_each(|_| self.next().map(|_| ()))
    }

    /// Passes the marker of a restart with this number (§E.1.4), and what fills up the byte in front of it.
    pub(super) fn restart(&mut self, number: u8) -> Option<()> {
        self.count = 0;
        self.data = self.data.strip_prefix(&[0xff, 0xd0 | number & 7])?;
        Some(())
    }

    /// Whether nothing is left but what fills up the last byte.
    pub(super) fn is_over(&self) -> bool {
        self.data.iter().all(|byte| *byte == 0xff)
    }
}

/// A table of codes (§C.2): of each length its first code and the place of its first value.
pub(super) struct Codes {
    lengths: Vec<Length>,
    values: Vec<u8>,
}

struct Length {
    first: u32,
    count: u32,
    place: usize,
}

impl Codes {
    /// Reads one as it stands in a segment (§B.2.4.2).
    pub(super) fn read(rest: &mut &[u8]) -> Option<Self> {
        let (counts, values) = rest.split_at_checked(16)?;
        let (mut code, mut place) = (0_u32, 0_usize);
        let mut lengths = Vec::new();
        for (bits, count) in (1..).zip(counts) {
            let count = u32::from(*count);
            lengths.push(Length { first: code, count, place });
            code = code.checked_add(count).filter(|end| *end <= 1_u32 << bits)? << 1;
            place = place.checked_add(usize::try_from(count).ok()?)?;
        }
        let (values, after) = values.split_at_checked(place)?;
        *rest = after;
        Some(Self { lengths, values: values.to_vec() })
    }

    /// The value of the next code.
    pub(super) fn next(&self, bits: &mut Bits<'_>) -> Option<u8> {
        let mut code = 0_u32;
        for length in &self.lengths {
            code = code << 1 | bits.next()?;
            let place = code.checked_sub(length.first)?;
            if place < length.count {
                return self
                    .values
                    .get(length.place.checked_add(usize::try_from(place).ok()?)?)
                    .copied();
            }
        }
        None
    }
}
