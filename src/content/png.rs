//! Pictures in PNG (ISO/IEC 15948), decoded whole.
//!
//! Read are the chunks that make the picture, and those by which programs are known to show it otherwise:
//! every other one is skipped by its length. The pixels are unpacked and counted row by row, and of those
//! with transparency two rows are kept at a time, so that no picture takes memory.

use std::ops::Range;

use miniz_oxide::{
    DataFormat, MZError, MZFlush, MZStatus,
    inflate::stream::{InflateState, inflate},
};

use super::{MAX_PIXELS, Purse, crc32};
use crate::domain::NotADocument;

/// Two rows are kept where there is transparency.
const MAX_SIDE: usize = 1 << 16;
/// How much more a byte costs whose filter is undone.
const ALPHA_WEIGHT: usize = 4;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Whether it begins as one.
pub(super) fn is_png(file: &[u8]) -> bool {
    file.starts_with(SIGNATURE)
}

/// Decodes it from the first to the last pixel, and says where its data stand. What follows the last chunk is
/// not looked at.
pub(super) fn decode(file: &[u8], purse: &dyn Purse) -> Result<Vec<Range<usize>>, NotADocument> {
    let unreadable = NotADocument::ImageUnreadable;
    let mut rest = file.strip_prefix(SIGNATURE).ok_or(unreadable)?;
    let header = Chunk::next(&mut rest).filter(|chunk| chunk.kind == b"IHDR").ok_or(unreadable)?;
    let header = Header::read(header.data).ok_or(unreadable)?;
    let is_bounded = header.pixels() <= MAX_PIXELS && header.width.max(header.height) <= MAX_SIDE;
    let unpacked = header.unpacked().filter(|_| is_bounded);
    let weight = if header.pixel_with_alpha().is_some() { ALPHA_WEIGHT } else { 1 };
    let cost = unpacked.and_then(|bytes| bytes.checked_mul(weight)?.checked_add(file.len()));
    if !cost.is_some_and(|cost| purse.affords(cost) && purse.spend(cost)) {
        return Err(NotADocument::TooLarge);
    }
    let mut rows = Rows::of(&header);
    let mut packed = Packed::new();
    let (mut has_palette, mut is_over, mut after_data) = (false, false, false);
    let mut data = file.len()..0;
    loop {
        let start = file.len().saturating_sub(rest.len());
        let chunk = Chunk::next(&mut rest).ok_or(unreadable)?;
        let end = file.len().saturating_sub(rest.len());
        match chunk.kind {
            // §5.6: those of the picture lie one after another.
            b"IDAT" if !is_over && !after_data && (has_palette || !header.needs_palette()) => {
                is_over = packed.unpack(chunk.data, &mut rows).ok_or(unreadable)?;
                data = data.start.min(start)..end;
                continue;
            }
            b"cICP" | b"cHRM" | b"gAMA" | b"tRNS"
                if !is_plain(*chunk.kind, chunk.data, &header) =>
            {
                return Err(NotADocument::ImageAmbiguous);
            }
            b"PLTE" => has_palette = !chunk.data.is_empty() && chunk.data.len() % 3 == 0,
            b"IEND" => {
                return match is_over && rows.are_complete() {
                    true if rows.has_transparent => Err(NotADocument::ImageAmbiguous),
                    true => Ok(vec![data, end..end]),
                    false => Err(unreadable),
                };
            }
            // Of an animation (Portable Network Graphics, third edition, §11.3.6) some programs show these
            // pictures alone, and the others the one that is decoded here.
            b"acTL" | b"fcTL" | b"fdAT" => return Err(NotADocument::ImageAmbiguous),
            // §5.4: what has to be understood begins with a capital letter.
            [b'a'..=b'z', ..] => {}
            _ => return Err(unreadable),
        }
        after_data = rows.has_begun();
    }
}

/// Whether a chunk changes nothing of what is shown: programs differ in whether they heed it, and in what they
/// show behind what is transparent (Portable Network Graphics, third edition, §11.3).
fn is_plain(kind: [u8; 4], data: &[u8], header: &Header) -> bool {
    /// In parts of 100,000: those of displays, from 1/2.2 to 1/1.8.
    const GAMMA: std::ops::RangeInclusive<u32> = 45_000..=56_000;
    /// White, red, green and blue of sRGB, likewise.
    const COLORS: [u32; 8] = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];
    const TOLERANCE: u32 = 1_000;
    let mut numbers = data.chunks(4).map(|bytes| bytes.try_into().map(u32::from_be_bytes));
    match &kind {
        b"cICP" => data == [1, 13, 0, 1],
        b"cHRM" => {
            let is_near = |(number, usual): (Result<u32, _>, u32)| {
                number.is_ok_and(|number: u32| number.abs_diff(usual) <= TOLERANCE)
            };
            data.len() == 32 && numbers.zip(COLORS).all(is_near)
        }
        b"gAMA" => {
            data.len() == 4 && numbers.all(|number| number.is_ok_and(|it| GAMMA.contains(&it)))
        }
        _ => header.needs_palette() && data.iter().all(|alpha| *alpha == u8::MAX),
    }
}

/// The data of the picture as it is unpacked.
struct Packed {
    state: Box<InflateState>,
    room: Vec<u8>,
}

impl Packed {
    fn new() -> Self {
        const ROOM: usize = 1 << 15;
        Self { state: InflateState::new_boxed(DataFormat::Zlib), room: vec![0; ROOM] }
    }

    /// Unpacks the next of it into `rows`; whether that was its end. `None` when it is broken.
    fn unpack(&mut self, data: &[u8], rows: &mut Rows) -> Option<bool> {
        let mut data = data;
        loop {
            let step = inflate(&mut self.state, data, &mut self.room, MZFlush::None);
            rows.take(self.room.get(..step.bytes_written)?)?;
            data = data.get(step.bytes_consumed..)?;
            let goes_on = step.bytes_written > 0 || step.bytes_consumed > 0;
            match step.status {
                Ok(MZStatus::StreamEnd) => return Some(true),
                Ok(MZStatus::Ok) if goes_on => {}
                Ok(MZStatus::Ok) | Err(MZError::Buf) => return Some(false),
                Ok(MZStatus::NeedDict) | Err(_) => return None,
            }
        }
    }
}

/// One chunk (§5.3) with the right check sum.
struct Chunk<'a> {
    kind: &'a [u8; 4],
    data: &'a [u8],
}

impl<'a> Chunk<'a> {
    fn next(rest: &mut &'a [u8]) -> Option<Self> {
        let (length, after) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (checked, _) = after.split_at_checked(length.checked_add(4)?)?;
        let (kind, data) = checked.split_first_chunk()?;
        let (sum, after) = after.get(checked.len()..)?.split_first_chunk()?;
        *rest = after;
        (u32::from_be_bytes(*sum) == crc32(checked)).then_some(Self { kind, data })
    }
}

/// The head of the picture (§11.2.2).
struct Header {
    width: usize,
    height: usize,
    bits_per_pixel: usize,
    color: u8,
    is_interlaced: bool,
}

impl Header {
    fn read(data: &[u8]) -> Option<Self> {
        let (width, rest) = data.split_first_chunk()?;
        let (height, rest) = rest.split_first_chunk()?;
        let &[depth, color, 0, 0, interlace @ (0 | 1)] = rest else { return None };
        let samples = match (color, depth) {
            (0, 1 | 2 | 4 | 8 | 16) | (3, 1 | 2 | 4 | 8) => 1,
            (4, 8 | 16) => 2,
            (2, 8 | 16) => 3,
            (6, 8 | 16) => 4,
            _ => return None,
        };
        let side = |bytes: &[u8; 4]| {
            let side = u32::from_be_bytes(*bytes);
            usize::try_from(side).ok().filter(|side| *side > 0)
        };
        Some(Self {
            width: side(width)?,
            height: side(height)?,
            bits_per_pixel: usize::from(depth).checked_mul(samples)?,
            color,
            is_interlaced: interlace == 1,
        })
    }

    fn pixels(&self) -> usize {
        self.width.saturating_mul(self.height)
    }

    /// Bytes of a pixel with its transparency, and how many of them are that; `None` where it has none.
    fn pixel_with_alpha(&self) -> Option<(usize, usize)> {
        let samples = match self.color {
            4 => 2,
            6 => 4,
            _ => return None,
        };
        let bytes = self.bits_per_pixel.checked_div(8)?;
        Some((bytes, bytes.checked_div(samples)?))
    }

    fn needs_palette(&self) -> bool {
        self.color == 3
    }

    /// The pictures that it consists of, as rows and bytes of each: one, or the seven of §8.2.
    fn passes(&self) -> Vec<(usize, usize)> {
        /// Where each begins and how far apart its pixels are, across and down.
        const PASSES: [[usize; 4]; 7] = [
            [0, 8, 0, 8],
            [4, 8, 0, 8],
            [0, 4, 4, 8],
            [2, 4, 0, 4],
            [0, 2, 2, 4],
            [1, 2, 0, 2],
            [0, 1, 1, 2],
        ];
        let row = |width: usize| {
            let bits = width.saturating_mul(self.bits_per_pixel);
            bits.div_ceil(8).saturating_add(1)
        };
        if !self.is_interlaced {
            return vec![(self.height, row(self.width))];
        }
        let count =
            |side: usize, from: usize, step: usize| side.saturating_sub(from).div_ceil(step);
        let sides = PASSES.map(|[x, across, y, down]| {
            (count(self.height, y, down), count(self.width, x, across))
        });
        let filled = sides.into_iter().filter(|(height, width)| *height > 0 && *width > 0);
        filled.map(|(height, width)| (height, row(width))).collect()
    }

    /// How many bytes its pixels are, unpacked; `None` for more than can be counted.
    fn unpacked(&self) -> Option<usize> {
        let passes = self.passes().into_iter();
        passes
            .map(|(rows, bytes)| rows.checked_mul(bytes))
            .try_fold(0_usize, |sum, pass| sum.checked_add(pass?))
    }
}

/// What is still to come of the rows.
struct Rows {
    /// In the order of the file, reversed.
    passes: Vec<(usize, usize)>,
    left_of_row: usize,
    has_begun: bool,
    has_transparent: bool,
    /// Bytes of a pixel, and those of its transparency.
    pixel: Option<(usize, usize)>,
    filter: u8,
    /// Whether the next row is the first of its pass.
    begins_pass: bool,
    /// The row before, and this one as far as it came; kept where there is transparency.
    above: Vec<u8>,
    row: Vec<u8>,
}

impl Rows {
    fn of(header: &Header) -> Self {
        let mut passes = header.passes();
        passes.reverse();
        Self {
            passes,
            left_of_row: 0,
            has_begun: false,
            has_transparent: false,
            pixel: header.pixel_with_alpha(),
            filter: 0,
            begins_pass: true,
            above: Vec::new(),
            row: Vec::new(),
        }
    }

    fn begin_row(&mut self, is_last: bool) {
        std::mem::swap(&mut self.above, &mut self.row);
        self.row.clear();
        if self.begins_pass {
            self.above.clear();
        }
        self.begins_pass = is_last;
    }

    /// Takes bytes of a row behind its filter, and undoes that (§9.2): whether a pixel is transparent is seen
    /// in the bytes themselves alone.
    fn look(&mut self, bytes: &[u8]) {
        let Some((size, alpha)) = self.pixel else { return };
        for byte in bytes {
            let place = self.row.len();
            let before = place.checked_sub(size);
            let at = |row: &[u8], place: Option<usize>| {
                place.and_then(|place| row.get(place)).copied().unwrap_or_default()
            };
            let (left, up) = (at(&self.row, before), at(&self.above, Some(place)));
            let predicted = match self.filter {
                1 => left,
                2 => up,
                3 => left.midpoint(up),
                4 => paeth(left, up, at(&self.above, before)),
                _ => 0,
            };
            let value = byte.wrapping_add(predicted);
            let is_alpha = place
                .checked_rem(size)
                .is_some_and(|in_pixel| in_pixel >= size.saturating_sub(alpha));
            self.has_transparent |= is_alpha && value != u8::MAX;
            self.row.push(value);
        }
    }

    fn are_complete(&self) -> bool {
        self.passes.is_empty() && self.left_of_row == 0
    }

    fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Takes more bytes; `None` when one is no row's.
    fn take(&mut self, bytes: &[u8]) -> Option<()> {
        /// The kinds of filters (§9.2).
        const FILTERS: u8 = 5;
        let mut bytes = bytes;
        while let Some(filter) = bytes.first() {
            self.has_begun = true;
            if self.left_of_row == 0 {
                let (rows, length) = self.passes.last_mut().filter(|_| *filter < FILTERS)?;
                self.left_of_row = length.checked_sub(1)?;
                self.filter = *filter;
                *rows = rows.checked_sub(1)?;
                let is_last = *rows == 0;
                if is_last {
                    self.passes.pop();
                }
                bytes = bytes.get(1..)?;
                self.begin_row(is_last);
                continue;
            }
            let (row, rest) = bytes.split_at(self.left_of_row.min(bytes.len()));
            self.look(row);
            self.left_of_row = self.left_of_row.checked_sub(row.len())?;
            bytes = rest;
        }
        Some(())
    }
}

/// The predictor of §9.4.
fn paeth(left: u8, up: u8, before_up: u8) -> u8 {
    let [a, b, c] = [left, up, before_up].map(i16::from);
    let estimate = a.saturating_add(b).saturating_sub(c);
    let [by_left, by_up, by_both] = [a, b, c].map(|one| one.abs_diff(estimate));
    if by_left <= by_up && by_left <= by_both {
        left
    } else if by_up <= by_both {
        up
    } else {
        before_up
    }
}
