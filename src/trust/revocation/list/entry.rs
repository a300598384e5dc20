//! One entry of a revocation list (RFC 5280 §5.3), and several of one certificate together.

use der::Tag;

use super::super::parts::{self, Details, Reason, Revocation};
use crate::{asn1::Element, domain::Timestamp};

/// What one entry says of the certificate that it names.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) revocation: Revocation,
    /// The date of the entry itself.
    since: Timestamp,
}

impl Entry {
    pub(super) fn read(entry: &Element<'_>) -> Result<Self, parts::DetailsError> {
        let mut parts = entry.inside()?;
        parts.expect(Tag::Integer)?;
        let since = parts::moment(&parts.next()?)?;
        let details = parts.optional(Tag::Sequence)?;
        parts.finish()?;
        let details = details.as_ref().map(Details::read).transpose()?.unwrap_or_default();
        let revocation = Revocation::new(since, details.reason, details.invalid_since);
        Ok(Self { revocation, since })
    }

    /// What both say: lists in use tell the history of a certificate, such as a suspension and
    /// the revocation after it. The last word counts, from the moment of the first, unless a
    /// suspension was taken back.
    pub(super) fn then(self, other: Self) -> Self {
        let (first, last) = if other.since < self.since { (other, self) } else { (self, other) };
        let is_removed = |entry: Self| entry.revocation.reason == Some(Reason::REMOVED);
        let lasts = !first.revocation.is_suspension() && !is_removed(first);
        let mut said = if lasts && is_removed(last) { first } else { last };
        if !is_removed(first) && !is_removed(said) {
            said.revocation.at = said.revocation.at.min(first.revocation.at);
        }
        let invalid_since = [first, last].iter().filter_map(|e| e.revocation.invalid_since).min();
        said.revocation.invalid_since = invalid_since.filter(|since| *since < said.revocation.at);
        said
    }
}
