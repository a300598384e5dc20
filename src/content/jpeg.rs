//! Pictures in JPEG (ITU-T T.81), decoded whole.

mod entropy;
mod whole;

use std::ops::Range;

use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, options::DecoderOptions},
};

use super::{MAX_PIXELS, Purse};
use crate::domain::NotADocument;

/// More than programs write: the usual progressive picture has ten.
const MAX_SCANS: usize = 32;
/// What decoding a pixel costs, in bytes of the purse, and looking at it again in each scan.
const PIXEL_COST: usize = 6;
/// What a picture may take in memory while it is decoded, in bytes.
const MAX_MEMORY: usize = 256 << 20;
/// What a byte costs, which is read bit by bit once more.
const BYTE_COST: usize = 8;
const MAX_SIDE: usize = 1 << 16;

/// Whether it begins as one.
pub(super) fn is_jpeg(file: &[u8]) -> bool {
    file.starts_with(b"\xff\xd8\xff")
}

/// Decodes it from the first to the last pixel, and says where its data stand. What follows the picture is
/// not looked at: many telephones put a second one there.
pub(super) fn decode(file: &[u8], purse: &dyn Purse) -> Result<Vec<Range<usize>>, NotADocument> {
    // In the data of a scan this pair of bytes does not occur (T.81 §B.1.1.5).
    let scans =
        memchr::memmem::find_iter(file, b"\xff\xda").take(MAX_SCANS.saturating_add(1)).count();
    if scans > MAX_SCANS {
        return Err(NotADocument::TooLarge);
    }
    let options = DecoderOptions::new_safe()
        .set_max_width(MAX_SIDE)
        .set_max_height(MAX_SIDE)
        .jpeg_set_max_scans(MAX_SCANS)
        .set_strict_mode(true);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    decoder.decode_headers().map_err(|_| NotADocument::ImageUnreadable)?;
    let info = decoder.info().ok_or(NotADocument::ImageUnreadable)?;
    let pixels = usize::from(info.width).saturating_mul(info.height.into());
    // Pictures in more than one scan are kept in two bytes more for each number.
    let number_bytes = if scans > 1 { 3 } else { 1 };
    let memory = pixels.saturating_mul(info.components.into()).saturating_mul(number_bytes);
    let cost = pixels
        .saturating_mul(PIXEL_COST.saturating_add(scans))
        .saturating_add(file.len().saturating_mul(BYTE_COST));
    let is_bounded = pixels <= MAX_PIXELS && memory <= MAX_MEMORY && purse.affords(cost);
    if !is_bounded || !purse.spend(cost) {
        return Err(NotADocument::TooLarge);
    }
    decoder.decode().map_err(|_| NotADocument::ImageUnreadable)?;
    whole::data(file).ok_or(NotADocument::ImageUnreadable)
}
