//! Compaction: mails that stay unsettled leave an old segment, so that its file can be drained.
//!
//! A mail can stay for long, when its branch is gone or its record is damaged. Its neighbours are
//! settled then and due to be destroyed, which only the end of the whole segment does.

use std::{io::IoSlice, sync::Arc};

use super::{HEAD_LEN, Head, Refusal, SealedMail, Tail, Writer};
use crate::{
    domain::{MailId, Timestamp},
    spool::{
        SpoolError, SpooledMail,
        damage::set_aside,
        index::Unsettled,
        read,
        record::{Content, record_len},
        segment::{FIRST_RECORD, Segment},
    },
};

impl Writer {
    /// Moves the unsettled mails out of the first old segment of which they take up less than
    /// half; `false` when there is none. One that cannot be read keeps no other waiting.
    pub(super) fn compact(&mut self, before: Timestamp) -> Result<bool, SpoolError> {
        let mut failed = None;
        for (number, mails) in self.index.at_rest() {
            let length: u64 = mails.iter().map(|(_, mail)| record_len(mail.length)).sum();
            let end = self.tails.get(&number).map_or(0, Tail::end);
            let records = end.saturating_sub(FIRST_RECORD);
            if length >= records / 2 || mails.iter().any(|(_, mail)| mail.received_at >= before) {
                continue;
            }
            self.check_place().map_err(|refusal| self.error(&refusal))?;
            match self.empty(number, mails) {
                Ok(()) => return Ok(true),
                Err(error @ SpoolError::Full { .. }) => return Err(error),
                // What fails in one segment holds back no other.
                Err(error) => {
                    tracing::error!(segment = number, %error, "old mails cannot be moved; tried again later");
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(false), Err)
    }

    /// Moves all unsettled mails of a segment.
    fn empty(&mut self, number: u64, mails: Vec<(MailId, Unsettled)>) -> Result<(), SpoolError> {
        let permit = self.permit()?;
        let mut moved = Vec::new();
        for (id, mail) in mails {
            match read(id, &mail) {
                Ok(read) => moved.push(Moved::seal(&permit.0, read, mail.attempts)?),
                Err(SpoolError::Damaged { damage, .. }) => {
                    tracing::error!(mail.id = %id, segment = number, offset = mail.offset, %damage,
                        "a mail is damaged on the disk and is set aside");
                    self.give_up(id, &mail)?;
                }
                Err(error) => return Err(error),
            }
        }
        self.carry_over(&permit.0, &moved).map_err(|refusal| self.error(&refusal))?;
        tracing::info!(segment = number, mails = moved.len(), "old unsettled mails are moved");
        drop(permit);
        boundary!(at Moved);
        self.remove_if_drained(number);
        Ok(())
    }

    /// Writes mails to the segment that they are sealed for, with one sync.
    fn carry_over(&mut self, segment: &Arc<Segment>, moved: &[Moved]) -> Result<(), Refusal> {
        if moved.is_empty() {
            return Ok(());
        }
        let mut records: Vec<_> = moved.iter().flat_map(Moved::slices).collect();
        let mut offset = self.write_records(segment.number, &mut records, moved.len())?;
        for one in moved {
            let SealedMail { id, length, .. } = one.mail;
            self.index.relocate(id, segment, offset, length);
            let records: u64 = one.slices().iter().map(|slice| as_u64(slice.len())).sum();
            offset = offset.saturating_add(records);
        }
        Ok(())
    }

    /// Sets aside a mail that cannot be read, and forgets it.
    fn give_up(&mut self, id: MailId, mail: &Unsettled) -> Result<(), SpoolError> {
        let path = &mail.segment.path;
        let stretch = mail.offset..mail.offset.saturating_add(record_len(mail.length));
        let aside = set_aside(path, &[stretch])
            .map_err(Refusal::io("copy from", path))
            .map_err(|refusal| self.error(&refusal))?;
        self.metrics.spool_damaged(aside.fresh);
        self.index.settle(id);
        Ok(())
    }
}

/// A mail on its way, with the count of its attempts.
struct Moved {
    mail: SealedMail,
    attempts: [u8; HEAD_LEN],
}

impl Moved {
    fn seal(segment: &Segment, read: SpooledMail, attempts: u32) -> Result<Self, SpoolError> {
        let SpooledMail { id, envelope, message } = read;
        let mail = SealedMail::seal(segment, id, &envelope, message.into())?;
        let mark = Head::mark(id, Content::Attempt { count: attempts });
        Ok(Self { mail, attempts: mark.to_bytes(segment.seed) })
    }

    fn slices(&self) -> [IoSlice<'_>; 3] {
        let [front, body] = self.mail.slices();
        [front, body, IoSlice::new(&self.attempts)]
    }
}

fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
