//! Files as text: PEM (RFC 7468) and bare base64.

use base64ct::{Base64, Encoding as _};
use zeroize::Zeroizing;

/// One block of a PEM file.
pub(super) struct Block {
    /// What stands behind `BEGIN`.
    pub(super) label: String,
    pub(super) content: Zeroizing<Vec<u8>>,
}

/// The blocks of a PEM file; none if it is something else. Broken blocks are left out.
pub(super) fn blocks(file: &[u8]) -> Vec<Block> {
    const MAX_BLOCKS: usize = 64;
    let Ok(text) = std::str::from_utf8(file) else { return Vec::new() };
    let pieces = text.split("-----BEGIN ").skip(1).take(MAX_BLOCKS);
    pieces
        .filter_map(|piece| {
            let (label, rest) = piece.split_once("-----")?;
            let (body, _) = rest.split_once("-----END ")?;
            Some(Block { label: label.to_owned(), content: decode(body)? })
        })
        .collect()
}

/// Base64 with line ends and spaces in it.
pub(super) fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bare: Zeroizing<String> =
        Zeroizing::new(text.chars().filter(|c| !c.is_ascii_whitespace()).collect());
    Base64::decode_vec(&bare).ok().map(Zeroizing::new)
}
