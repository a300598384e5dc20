//! Reading ZIP archives strictly (APPNOTE 6.3, as ISO/IEC 21320-1 narrows it): one way to read
//! them, and no byte that nothing accounts for.
//!
//! Programs differ in what they make of a crooked archive, and whoever finds a difference shows
//! one document and has another one verified. So the central directory and the local headers
//! have to say the same, entries have to lie one after another without gap or overlap, and names
//! have to be plain. Read are stored and deflated entries; not ZIP64, encryption, or archives in
//! several pieces. Dates, versions and file attributes are skipped: nothing rests on them.

use std::collections::BTreeSet;

use bytes::Bytes;
use miniz_oxide::inflate::{
    TINFLStatus,
    core::{DecompressorOxide, decompress, inflate_flags},
};

use crate::{
    content::crc32,
    signature::{Budget, Limits, Resource},
};

/// How much an archive may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchiveLimits {
    /// Entries. Default 256.
    pub entries: usize,
    /// The size of one entry, inflated, in bytes. Default 64 MiB.
    pub entry_bytes: usize,
    /// All entries together, inflated, in bytes. Default 128 MiB.
    pub total_bytes: usize,
    /// How many times its deflated size an entry over 1 MiB may have. Default 200.
    pub ratio: usize,
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self { entries: 256, entry_bytes: 64 << 20, total_bytes: 128 << 20, ratio: 200 }
    }
}

/// The files in an archive, inflated, in the order in which they lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    entries: Vec<Entry>,
}

/// One file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name: a relative path with `/` between the parts. A folder's ends with `/`.
    pub name: String,
    /// Its bytes.
    pub content: Bytes,
    /// Whether it lies there as it is, neither deflated nor with an extra field.
    pub is_plain: bool,
}

/// Why bytes are not an archive that can be read in one way only.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// An entry's bytes do not have its CRC-32, or cannot be inflated to its size.
    #[error("{name} in the archive is damaged: its bytes do not fit its size or its CRC-32")]
    Damaged {
        /// The entry.
        name: String,
    },
    /// Two entries have one name, perhaps in other letters.
    #[error("two files in the archive are called {name}")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// The central directory and the header before an entry say different things.
    #[error("the archive says two different things about {name}")]
    Disagreement {
        /// The entry.
        name: String,
    },
    /// Bytes between, before or after the entries, or two entries over the same bytes.
    #[error("the parts of the archive overlap, or leave bytes over, at byte {at}")]
    Gap {
        /// Where.
        at: usize,
    },
    /// A part is not built as APPNOTE says.
    #[error("the {part} of the archive is not built as it should be")]
    Malformed {
        /// Which part.
        part: &'static str,
    },
    /// A name that a program could take for a place outside the archive, or for another one.
    #[error("a file in the archive has a name that is not allowed: {name}")]
    Name {
        /// The name, as far as it can be shown.
        name: String,
    },
    /// Over one of the [`ArchiveLimits`].
    #[error("the archive is over the limit of {max} {things}")]
    TooMuch {
        /// Of what.
        things: &'static str,
        /// The limit.
        max: usize,
    },
    /// Right by APPNOTE, and not read here.
    #[error("{feature} in archives is not supported")]
    Unsupported {
        /// What.
        feature: &'static str,
    },
}

impl Archive {
    /// Reads and inflates all of an archive.
    ///
    /// # Errors
    /// It is not one that can be read in one way only, or it is over a limit.
    pub fn read(file: &Bytes, limits: &ArchiveLimits) -> Result<Self, ArchiveError> {
        Self::read_within(file, limits, &Budget::new(&Limits::default()))
    }

    /// The same, out of the budget of the mail.
    pub(super) fn read_within(
        file: &Bytes,
        limits: &ArchiveLimits,
        budget: &Budget,
    ) -> Result<Self, ArchiveError> {
        let end = End::find(file)?;
        if end.entries > limits.entries {
            return Err(ArchiveError::TooMuch { things: "files", max: limits.entries });
        }
        let mut directory = Fields(file.get(end.directory..end.at).unwrap_or_default());
        let mut headers = Vec::new();
        for _ in 0..end.entries {
            headers.push(Header::read(&mut directory)?);
        }
        if !directory.0.is_empty() {
            return Err(ArchiveError::Gap { at: end.at.saturating_sub(directory.0.len()) });
        }
        headers.sort_by_key(|header| header.at);
        let mut names = BTreeSet::new();
        let mut entries = Vec::new();
        let (mut position, mut total) = (0, 0_usize);
        for header in headers {
            if header.at != position {
                return Err(ArchiveError::Gap { at: position });
            }
            if !names.insert(header.name.to_lowercase()) {
                return Err(ArchiveError::Duplicate { name: header.name });
            }
            total = total.saturating_add(header.size);
            header.check_size(total, limits)?;
            budget.spend(Resource::Bytes, header.size).map_err(|_| {
                let max = limits.total_bytes;
                ArchiveError::TooMuch { things: "bytes, inflated,", max }
            })?;
            let rest = file.get(position..end.directory).unwrap_or_default();
            let mut local = Fields(rest);
            let start = header.check_local(&mut local)?;
            position = end.directory.saturating_sub(local.0.len());
            let start = header.at.saturating_add(start);
            let data = start..start.saturating_add(header.packed);
            let packed = file.get(data.clone()).ok_or(ArchiveError::Gap { at: start })?;
            let content = match header.method {
                STORED => file.slice(data),
                _ => header.inflate(packed)?.into(),
            };
            if content.len() != header.size || crc32(&content) != header.crc {
                return Err(ArchiveError::Damaged { name: header.name });
            }
            let is_plain = header.method == STORED && !header.has_extra;
            entries.push(Entry { name: header.name, content, is_plain });
        }
        if position != end.directory {
            return Err(ArchiveError::Gap { at: position });
        }
        Ok(Self { entries })
    }

    /// The files, in the order in which they lie.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The file of this name.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
const END: [u8; 4] = *b"PK\x05\x06";
/// General purpose flags: encrypted, a data descriptor follows, the name is UTF-8.
const ENCRYPTED: u16 = 1;
const HAS_DESCRIPTOR: u16 = 1 << 3;
/// Those, and the two that tell how hard the writer tried to deflate.
const KNOWN_FLAGS: u16 = HAS_DESCRIPTOR | 1 << 11 | 0b110;

/// The end of central directory record (APPNOTE 4.3.16).
struct End {
    at: usize,
    directory: usize,
    entries: usize,
}

impl End {
    fn find(file: &[u8]) -> Result<Self, ArchiveError> {
        /// `ASiC` allows a comment that repeats the media type (ETSI EN 319 162-1 annex A.1).
        const MAX_COMMENT: usize = 128;
        const LENGTH: usize = 22;
        const PART: &str = "end of the directory";
        let from = file.len().saturating_sub(LENGTH.saturating_add(MAX_COMMENT));
        let tail = file.get(from..).unwrap_or_default();
        let mut found = memchr::memmem::find_iter(tail, &END);
        let at = found.next().ok_or(ArchiveError::Malformed { part: PART })?;
        if found.next().is_some() {
            return Err(ArchiveError::Malformed { part: PART });
        }
        let at = from.saturating_add(at);
        let mut fields = Fields(file.get(at..).unwrap_or_default());
        fields.number(PART)?;
        let disks = (fields.short(PART)?, fields.short(PART)?);
        let (here, entries) = (fields.short(PART)?, fields.short(PART)?);
        let (length, directory) = (fields.number(PART)?, fields.number(PART)?);
        let comment = fields.short(PART)?;
        if entries == u16::MAX || length == u32::MAX || directory == u32::MAX {
            return Err(ArchiveError::Unsupported { feature: "ZIP64" });
        }
        if disks != (0, 0) || here != entries {
            return Err(ArchiveError::Unsupported { feature: "an archive in several pieces" });
        }
        if fields.0.len() != usize::from(comment) || !fields.0.is_ascii() {
            return Err(ArchiveError::Gap { at: file.len().saturating_sub(fields.0.len()) });
        }
        let directory = size(directory)?;
        if directory.checked_add(size(length)?) != Some(at) {
            return Err(ArchiveError::Gap { at });
        }
        Ok(Self { at, directory, entries: usize::from(entries) })
    }
}

/// One entry as the central directory tells it (APPNOTE 4.3.12).
struct Header {
    name: String,
    raw_name: Vec<u8>,
    flags: u16,
    method: u16,
    crc: u32,
    packed: usize,
    size: usize,
    at: usize,
    has_extra: bool,
}

impl Header {
    fn read(fields: &mut Fields<'_>) -> Result<Self, ArchiveError> {
        const PART: &str = "directory";
        if fields.number(PART)? != CENTRAL {
            return Err(ArchiveError::Malformed { part: PART });
        }
        fields.take(4, PART)?;
        let (flags, method) = (fields.short(PART)?, fields.short(PART)?);
        fields.take(4, PART)?;
        let crc = fields.number(PART)?;
        let (packed, unpacked) = (fields.number(PART)?, fields.number(PART)?);
        let (name, extra, comment) =
            (fields.short(PART)?, fields.short(PART)?, fields.short(PART)?);
        let disk = fields.short(PART)?;
        fields.take(6, PART)?;
        let at = fields.number(PART)?;
        let raw_name = fields.take(name.into(), PART)?;
        let extra = fields.take(extra.into(), PART)?;
        if flags & ENCRYPTED != 0 {
            return Err(ArchiveError::Unsupported { feature: "encryption" });
        }
        if flags & !KNOWN_FLAGS != 0 {
            return Err(ArchiveError::Unsupported { feature: "an unknown flag" });
        }
        if ![STORED, DEFLATED].contains(&method) {
            return Err(ArchiveError::Unsupported { feature: "a compression other than deflate" });
        }
        if [packed, unpacked, at].contains(&u32::MAX) {
            return Err(ArchiveError::Unsupported { feature: "ZIP64" });
        }
        if disk != 0 || comment != 0 {
            return Err(ArchiveError::Malformed { part: PART });
        }
        check_extra(extra)?;
        Ok(Self {
            name: plain_name(raw_name)?,
            raw_name: raw_name.to_vec(),
            flags,
            method,
            crc,
            packed: size(packed)?,
            size: size(unpacked)?,
            at: size(at)?,
            has_extra: !extra.is_empty(),
        })
    }

    fn check_size(&self, total: usize, limits: &ArchiveLimits) -> Result<(), ArchiveError> {
        const SMALL: usize = 1 << 20;
        let is_bomb = self.size > SMALL && self.size > self.packed.saturating_mul(limits.ratio);
        let (things, max) = if self.size > limits.entry_bytes {
            ("bytes in one file", limits.entry_bytes)
        } else if total > limits.total_bytes {
            ("bytes in all files", limits.total_bytes)
        } else if is_bomb {
            ("times the deflated size", limits.ratio)
        } else {
            return Ok(());
        };
        Err(ArchiveError::TooMuch { things, max })
    }

    /// Reads the local header, the data and its descriptor (APPNOTE 4.3.7 to 4.3.9); they have to
    /// say what the directory says. The offset of the data from the local header.
    fn check_local(&self, fields: &mut Fields<'_>) -> Result<usize, ArchiveError> {
        const PART: &str = "header of a file";
        let before = fields.0.len();
        if fields.number(PART)? != LOCAL {
            return Err(ArchiveError::Malformed { part: PART });
        }
        fields.take(2, PART)?;
        let same = (fields.short(PART)?, fields.short(PART)?) == (self.flags, self.method);
        fields.take(4, PART)?;
        let told = fields.sizes(PART)?;
        let (name, extra) = (fields.short(PART)?, fields.short(PART)?);
        let name = fields.take(name.into(), PART)?;
        check_extra(fields.take(extra.into(), PART)?)?;
        let start = before.saturating_sub(fields.0.len());
        fields.take(self.packed, PART)?;
        let has_descriptor = self.flags & HAS_DESCRIPTOR != 0;
        let due = (self.crc, self.packed, self.size);
        // With a descriptor the sizes are unknown when the header is written: nought, or right.
        let agrees = told == due || has_descriptor && told == (0, 0, 0);
        if !same || name != self.raw_name || !agrees {
            return Err(ArchiveError::Disagreement { name: self.name.clone() });
        }
        if has_descriptor {
            let mut ahead = Fields(fields.0);
            if ahead.number(PART)? == DESCRIPTOR {
                *fields = ahead;
            }
            if fields.sizes(PART)? != due {
                return Err(ArchiveError::Disagreement { name: self.name.clone() });
            }
        }
        Ok(start)
    }

    /// The whole of `packed` has to be one deflate stream of the size that the header tells.
    fn inflate(&self, packed: &[u8]) -> Result<Vec<u8>, ArchiveError> {
        let mut content = vec![0; self.size];
        let (status, read, written) = decompress(
            &mut DecompressorOxide::new(),
            packed,
            &mut content,
            0,
            inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
        );
        if status == TINFLStatus::Done && read == packed.len() && written == self.size {
            Ok(content)
        } else {
            Err(ArchiveError::Damaged { name: self.name.clone() })
        }
    }
}

/// Extra fields that give an entry another size or another name (APPNOTE 4.5.3, 4.6.9) are
/// refused; times and owners are skipped.
fn check_extra(extra: &[u8]) -> Result<(), ArchiveError> {
    const PART: &str = "extra field";
    const ZIP64: u16 = 0x0001;
    const UNICODE_PATH: u16 = 0x7075;
    let mut fields = Fields(extra);
    while !fields.0.is_empty() {
        let kind = fields.short(PART)?;
        let length = fields.short(PART)?;
        fields.take(length.into(), PART)?;
        match kind {
            ZIP64 => return Err(ArchiveError::Unsupported { feature: "ZIP64" }),
            UNICODE_PATH => {
                return Err(ArchiveError::Unsupported { feature: "a second name for a file" });
            }
            _ => {}
        }
    }
    Ok(())
}

fn plain_name(raw: &[u8]) -> Result<String, ArchiveError> {
    let shown = || String::from_utf8_lossy(raw).escape_debug().take(80).collect();
    let name = str::from_utf8(raw).map_err(|_| ArchiveError::Name { name: shown() })?;
    let path = name.strip_suffix('/').unwrap_or(name);
    let is_plain = !name.contains(['\\', ':'])
        && !name.chars().any(char::is_control)
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if is_plain { Ok(name.to_owned()) } else { Err(ArchiveError::Name { name: shown() }) }
}

fn size(number: u32) -> Result<usize, ArchiveError> {
    usize::try_from(number).map_err(|_| ArchiveError::Malformed { part: "size" })
}

/// What is left to read of a record; numbers are little-endian.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize, part: &'static str) -> Result<&'a [u8], ArchiveError> {
        let (taken, rest) =
            self.0.split_at_checked(length).ok_or(ArchiveError::Malformed { part })?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, part: &'static str) -> Result<[u8; N], ArchiveError> {
        self.take(N, part)?.try_into().map_err(|_| ArchiveError::Malformed { part })
    }

    fn short(&mut self, part: &'static str) -> Result<u16, ArchiveError> {
        self.array(part).map(u16::from_le_bytes)
    }

    fn number(&mut self, part: &'static str) -> Result<u32, ArchiveError> {
        self.array(part).map(u32::from_le_bytes)
    }

    /// The CRC-32, the packed size and the size.
    fn sizes(&mut self, part: &'static str) -> Result<(u32, usize, usize), ArchiveError> {
        Ok((self.number(part)?, size(self.number(part)?)?, size(self.number(part)?)?))
    }
}

#[cfg(test)]
mod tests;
