//! Records: what a segment is made of.
//!
//! A record is a head of 44 bytes and, for a mail, a sealed body. All numbers are little-endian.
//!
//! | bytes | content |
//! |---|---|
//! | 4 | `F5 53 4B 52` |
//! | 4 | kind: 1 mail, 2 attempt, 3 settled |
//! | 4 | length of the body; 0 for a mark |
//! | 16 | id of the mail |
//! | 8 | mail: when it was received, in microseconds; attempt: its number; settled: 0 |
//! | 4 | CRC32C of the body |
//! | 4 | CRC32C of the 40 bytes above, begun with the segment's seed |
//! | … | the body: message, envelope as JSON, length of that JSON in 4 bytes; all sealed |
//!
//! The head has its own checksum so that a search for the next record after damage decides by
//! 44 bytes, not by whatever length a damaged head says. A sender cannot plant a record inside a mail:
//! the body is ciphertext. The seed follows from the segment's id: what an earlier segment left in
//! a file that is written again is no record of this one.

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::io::IoSlice;

use bytes::Bytes;

use super::{
    Damage, SpoolError, SpooledMail,
    segment::{Segment, SegmentId},
};
use crate::{
    domain::{Envelope, MailId, Timestamp},
    sealing::PREFIX_LEN,
};

/// The length of a record's head, and of a whole mark.
pub(super) const HEAD_LEN: usize = 44;
/// What every record begins with.
pub(super) const MAGIC: [u8; 4] = *b"\xf5SKR";

/// What a record says of its mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// Opening began for the `count`-th time, or ended.
    Attempt {
        /// The number of the attempt that begins, from 1; 0 when it ended.
        count: u32,
    },
    /// The mail itself.
    Mail {
        /// When it was received.
        received_at: Timestamp,
        /// The length of the sealed body, in bytes.
        length: u32,
    },
    /// The verdict is in the database.
    Settled,
}

/// The head of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) id: MailId,
    pub(super) content: Content,
    /// CRC32C of the body.
    pub(super) checksum: u32,
}

impl Head {
    /// The head of a mark, which is the whole record.
    pub(super) fn mark(id: MailId, content: Content) -> Self {
        Self { id, content, checksum: crc32c::crc32c(&[]) }
    }

    /// The length of the body that follows.
    pub(super) fn body_len(&self) -> u32 {
        match self.content {
            Content::Mail { length, .. } => length,
            Content::Attempt { .. } | Content::Settled => 0,
        }
    }

    /// The bytes of the head in a segment with this seed.
    pub(super) fn to_bytes(self, seed: u32) -> [u8; HEAD_LEN] {
        let (kind, value) = match self.content {
            Content::Mail { received_at, .. } => (1_u32, received_at.as_micros()),
            Content::Attempt { count } => (2, i64::from(count)),
            Content::Settled => (3, 0),
        };
        let mut bytes = [0; HEAD_LEN];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&kind.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.body_len().to_le_bytes());
        bytes[12..28].copy_from_slice(self.id.as_bytes());
        bytes[28..36].copy_from_slice(&value.to_le_bytes());
        bytes[36..40].copy_from_slice(&self.checksum.to_le_bytes());
        let own = crc32c::crc32c_append(seed, &bytes[..40]);
        bytes[40..].copy_from_slice(&own.to_le_bytes());
        bytes
    }

    /// The head that `bytes` begin with; `None` when they do not begin with an intact one of a
    /// segment with this seed.
    pub(super) fn parse(bytes: &[u8], seed: u32) -> Option<Self> {
        let (covered, rest) = bytes.split_first_chunk::<40>()?;
        let own = rest.first_chunk::<4>()?;
        let (magic, rest) = covered.split_first_chunk::<4>()?;
        if *magic != MAGIC || crc32c::crc32c_append(seed, covered) != u32::from_le_bytes(*own) {
            return None;
        }
        let (kind, rest) = rest.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let (value, rest) = rest.split_first_chunk::<8>()?;
        let checksum = u32::from_le_bytes(*rest.first_chunk::<4>()?);
        let length = u32::from_le_bytes(*length);
        let value = i64::from_le_bytes(*value);
        let content = match (u32::from_le_bytes(*kind), length) {
            (1, _) => Content::Mail { received_at: Timestamp::from_micros(value), length },
            (2, 0) => Content::Attempt { count: u32::try_from(value).ok()? },
            (3, 0) => Content::Settled,
            _ => return None,
        };
        Some(Self { id: MailId::from_bytes(*id), content, checksum })
    }
}

/// A mail sealed for one segment: the record in two pieces, as they are written.
pub(super) struct SealedMail {
    pub(super) id: MailId,
    pub(super) received_at: Timestamp,
    /// The length of the sealed body, its prefix included.
    pub(super) length: u32,
    /// Head and the sealed body's prefix.
    front: [u8; HEAD_LEN + PREFIX_LEN],
    /// The sealed body without its prefix: the memory that the message came in.
    body: Vec<u8>,
}

impl SealedMail {
    /// Seals a mail where it lies. The message is not copied.
    pub(super) fn seal(
        segment: &Segment,
        id: MailId,
        envelope: &Envelope,
        message: Vec<u8>,
    ) -> Result<Self, SpoolError> {
        let envelope_json =
            serde_json::to_vec(envelope).expect("an envelope is strings, numbers and flags");
        let mut body = message;
        body.reserve(envelope_json.len().saturating_add(64));
        body.extend_from_slice(&envelope_json);
        body.extend_from_slice(&part_len(envelope_json.len())?.to_le_bytes());
        let context = context(segment.id, id, envelope.received_at);
        let prefix = segment.key.seal_in_place(&context, &mut body)?;
        let length = part_len(body.len().saturating_add(PREFIX_LEN))?;
        let received_at = envelope.received_at;
        let checksum = crc32c::crc32c_append(crc32c::crc32c(&prefix), &body);
        let head = Head { id, content: Content::Mail { received_at, length }, checksum };
        let mut front = [0; HEAD_LEN + PREFIX_LEN];
        front[..HEAD_LEN].copy_from_slice(&head.to_bytes(segment.seed));
        front[HEAD_LEN..].copy_from_slice(&prefix);
        Ok(Self { id, received_at, length, front, body })
    }

    /// The bytes of the record, in order.
    pub(super) fn slices(&self) -> [IoSlice<'_>; 2] {
        [IoSlice::new(&self.front), IoSlice::new(&self.body)]
    }

    /// The length of the record, in bytes.
    pub(super) fn record_len(&self) -> u64 {
        record_len(self.length)
    }
}

/// The length of a record with a body of `length` bytes.
pub(super) fn record_len(length: u32) -> u64 {
    u64::try_from(HEAD_LEN).unwrap_or(u64::MAX).saturating_add(u64::from(length))
}

/// The mail in the whole record `record`, which is opened where it lies.
pub(super) fn open(
    segment: &Segment,
    id: MailId,
    received_at: Timestamp,
    mut record: Vec<u8>,
) -> Result<SpooledMail, Damage> {
    let head =
        Head::parse(&record, segment.seed).filter(|head| head.id == id).ok_or(Damage::Checksum)?;
    let body = record.get_mut(HEAD_LEN..).ok_or(Damage::Layout)?;
    if crc32c::crc32c(body) != head.checksum {
        return Err(Damage::Checksum);
    }
    let context = context(segment.id, id, received_at);
    let plain = segment.key.open_in_place(&context, body).map_err(|_| Damage::Seal)?;
    let record = Bytes::from(record);
    let plain = record.slice(HEAD_LEN..).slice(plain);
    let (rest, envelope_len) = plain.split_last_chunk::<4>().ok_or(Damage::Layout)?;
    let message_len = usize::try_from(u32::from_le_bytes(*envelope_len))
        .ok()
        .and_then(|length| rest.len().checked_sub(length))
        .ok_or(Damage::Layout)?;
    let (message, envelope) = rest.split_at_checked(message_len).ok_or(Damage::Layout)?;
    let envelope = serde_json::from_slice(envelope).map_err(|_| Damage::Layout)?;
    Ok(SpooledMail { id, envelope, message: plain.slice_ref(message) })
}

fn part_len(length: usize) -> Result<u32, SpoolError> {
    u32::try_from(length).map_err(|_| SpoolError::TooLong { length })
}

/// What the seal of a mail is bound to: its segment, its id and its time. Not its place in the
/// segment, which is not known before the writer's batch, when sealing is done.
fn context(segment: SegmentId, id: MailId, received_at: Timestamp) -> Vec<u8> {
    [
        b"skrynka spool mail 1\0".as_slice(),
        &segment.0,
        id.as_bytes(),
        &received_at.as_micros().to_le_bytes(),
    ]
    .concat()
}
