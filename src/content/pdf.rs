//! Reading PDF files (ISO 32000-1 §7.3, §7.5): objects, where they stand over all revisions, and
//! the streams that say so.
//!
//! Not a PDF library: nothing is shown, searched for or repaired. Two readers of one file have to
//! find the same objects, or this one finds none.

mod file;
mod filter;
mod object;

pub(crate) use file::{Pdf, Resolved, header, skip_table, spend};
pub(crate) use object::{Dictionary, MAX_ITEMS, Object, Reader, Text, hex_byte, is_white};
