//! Finding the records in the bytes of a segment. Pure: bytes in, records out.
//!
//! A segment ends in what was allocated for it (zeroes, or what an earlier segment left in the
//! file), in a torn record, or both: a record is only sometimes whole when the power goes, and
//! pages reach the disk in any order. So the
//! scan takes whatever is intact and goes on behind whatever is not. What is not intact was
//! either never acknowledged or has been damaged since.

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::ops::Range;

use memchr::memmem::Finder;

use super::{
    record::{Content, HEAD_LEN, Head, MAGIC},
    segment::{HEADERS_LEN, seed_in},
};
use crate::domain::MailId;

/// An intact record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it begins in the segment.
    pub offset: u64,
    /// The mail it is about.
    pub id: MailId,
    /// What it says.
    pub content: Content,
}

/// What the bytes of a segment hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// The intact records, in order.
    pub records: Vec<Record>,
    /// The stretches between intact records that are none.
    pub damaged: Vec<Range<u64>>,
    /// Where the last intact record ends; the headers' end when there is none.
    pub end: u64,
    /// Whether a record begins at `end` and is not whole. One whose head did not reach the disk
    /// cannot be told from what an earlier segment left there, and does not count.
    pub torn: bool,
}

/// Finds the records in `segment`, the bytes of a whole segment file, header included. Of the
/// header only the id is looked at.
///
/// Takes time in proportion to the bytes; takes any bytes.
#[must_use]
pub fn scan(segment: &[u8]) -> Scan {
    let finder = Finder::new(&MAGIC);
    let seed = seed_in(segment);
    let mut scan = Scan::default();
    let mut end = HEADERS_LEN;
    while let Some((record, at, next)) = next_record(&finder, seed, segment, end) {
        if at > end {
            scan.damaged.push(place(end)..place(at));
        }
        scan.records.push(record);
        end = next;
    }
    scan.end = place(end);
    scan.torn = segment.get(end..).is_some_and(|rest| Head::parse(rest, seed).is_some());
    scan
}

/// The first intact record that begins at `from` or behind it, where it begins and ends.
fn next_record(
    finder: &Finder<'_>,
    seed: u32,
    segment: &[u8],
    from: usize,
) -> Option<(Record, usize, usize)> {
    let mut at = from;
    loop {
        at = at.checked_add(finder.find(segment.get(at..)?)?)?;
        if let Some((record, end)) = record_at(segment, seed, at) {
            return Some((record, at, end));
        }
        at = at.checked_add(1)?;
    }
}

fn record_at(segment: &[u8], seed: u32, at: usize) -> Option<(Record, usize)> {
    let head = Head::parse(segment.get(at..)?, seed)?;
    let begin = at.checked_add(HEAD_LEN)?;
    let end = begin.checked_add(usize::try_from(head.body_len()).ok()?)?;
    if crc32c::crc32c(segment.get(begin..end)?) != head.checksum {
        return None;
    }
    Some((Record { offset: place(at), id: head.id, content: head.content }, end))
}

fn place(at: usize) -> u64 {
    u64::try_from(at).unwrap_or(u64::MAX)
}
