//! Reading PDF files (ISO 32000-1 §7.3, §7.5): objects, where they stand over all revisions, and
//! the streams that say so.
//!
//! Not a PDF library: nothing is shown. Two readers of one file have to find the same objects, or
//! this one finds none; what a viewer finds that repairs files is asked for apart.

mod file;
mod filter;
mod header;
mod object;
mod section;

pub(crate) use file::{Indirect, MAX_OBJECTS, Pdf, Place, Resolved, spend};
pub(crate) use header::headers;
pub(crate) use object::{Dictionary, MAX_ITEMS, Object, Reader, Text, hex_byte, is_white};
pub(crate) use section::Section;
