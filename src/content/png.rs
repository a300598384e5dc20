//! Pictures in PNG (ISO/IEC 15948), decoded whole.
//!
//! Read are the chunks that make the picture: every other one is skipped by its length. The pixels
//! are unpacked and counted row by row and kept nowhere, so that no picture takes memory.

use std::ops::Range;

use miniz_oxide::{
    DataFormat, MZError, MZFlush, MZStatus,
    inflate::stream::{InflateState, inflate},
};

use super::{MAX_PIXELS, Purse, crc32};
use crate::domain::NotADocument;

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
    let unpacked = header.unpacked().filter(|_| header.pixels() <= MAX_PIXELS);
    let cost = unpacked.and_then(|unpacked| unpacked.checked_add(file.len()));
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
            b"PLTE" => has_palette = !chunk.data.is_empty() && chunk.data.len() % 3 == 0,
            b"IEND" => {
                let is_whole = is_over && rows.are_complete();
                return if is_whole { Ok(vec![data, end..end]) } else { Err(unreadable) };
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
}

impl Rows {
    fn of(header: &Header) -> Self {
        let mut passes = header.passes();
        passes.reverse();
        Self { passes, left_of_row: 0, has_begun: false }
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
                self.left_of_row = *length;
                *rows = rows.checked_sub(1)?;
                if *rows == 0 {
                    self.passes.pop();
                }
            }
            let taken = self.left_of_row.min(bytes.len());
            self.left_of_row = self.left_of_row.checked_sub(taken)?;
            bytes = bytes.get(taken..)?;
        }
        Some(())
    }
}
