//! All time-stamps of one signature, from the outermost inwards, and the best signature time that
//! follows from them.

use std::cmp::Reverse;

use bytes::Bytes;

use super::{
    JudgedTimestamp, Token, TokenError,
    index::HashIndex,
    judge_read, nothing_known,
    target::{Subject, Target, is_later},
};
use crate::{
    domain::{BestTimeSource, SubIndication, Timestamp, TimestampReport},
    signature::{
        attributes::{SignedAttributes, TimeStampAttribute, TimeStampKind},
        best_time::{self, BestTime, Over, Proof, Scope},
        cms::{SignedData, Signer},
        problem::Problems,
        revocation::Brought,
        signer::Basis,
    },
    trust::Certificate,
};

/// The judgement on all time-stamps of one signature.
pub(in crate::signature) struct Stamped {
    /// One per time-stamp, those under the signature first, in the order of the file.
    pub(in crate::signature) reports: Vec<TimestampReport>,
    pub(in crate::signature) best: BestTime,
}

/// Time-stamps of one signature that are judged; anybody can add one.
const MAX_TIME_STAMPS: usize = 16;

/// Judges all time-stamps of `signer` and finds the best signature time, beginning with
/// `basis.at` and its source.
pub(in crate::signature) fn judge_all(
    signed_data: &SignedData,
    signer: &Signer,
    content: Option<&Bytes>,
    basis: Basis<'_>,
) -> Stamped {
    let start = Proof { moment: basis.moment(), source: basis.source };
    let unsigned = signer.unsigned_attributes.as_ref().ok();
    let stamps = Stamp::all(signer, basis);
    if stamps.is_empty() {
        let best = BestTime { proof: start, content: None, contradiction: None };
        return Stamped { reports: Vec::new(), best };
    }
    let archives = archives(&stamps);
    let subject = Subject {
        signed_data,
        signer,
        unsigned,
        content,
        archives: &archives,
        budget: basis.budget,
    };
    let beside = basis.brought.map_or(&[][..], Brought::certificates);

    let mut order: Vec<usize> = (0..stamps.len()).collect();
    order.sort_by_key(|place| stamps.get(*place).map(Stamp::depth));
    order.truncate(MAX_TIME_STAMPS);
    let inwards: Vec<&Stamp<'_>> = order.iter().filter_map(|place| stamps.get(*place)).collect();
    let scopes: Vec<Scope> = inwards.iter().map(|stamp| stamp.scope(&inwards, &subject)).collect();
    let mut judged: Vec<(usize, JudgedTimestamp)> = Vec::new();
    let best = best_time::find(start, &scopes, |place, moment| {
        let (stamp, place) = (inwards.get(place)?, *order.get(place)?);
        let outcome = stamp.judge(&subject, beside, basis.at_moment(moment));
        let proved = outcome.proved;
        judged.push((place, outcome));
        proved
    });
    let report = |(place, stamp): (usize, &Stamp<'_>)| {
        let found = judged.iter().find(|(at, _)| *at == place);
        found.map_or_else(|| stamp.one_too_many(), |(_, judged)| judged.report.clone())
    };
    Stamped { reports: stamps.iter().enumerate().map(report).collect(), best }
}

/// A time-stamp in its attribute.
struct Stamp<'a> {
    attribute: &'a TimeStampAttribute,
    token: Result<Token, TokenError>,
}

impl<'a> Stamp<'a> {
    fn all(signer: &'a Signer, basis: Basis<'_>) -> Vec<Self> {
        let under = signer.signed_attributes.as_ref().and_then(|read| read.as_ref().ok());
        let under = under.into_iter().flat_map(|read: &SignedAttributes| &read.time_stamps);
        let beside = signer.unsigned_attributes.iter().flat_map(|read| &read.time_stamps);
        under
            .chain(beside)
            .map(|attribute| Self {
                attribute,
                token: Token::read(&attribute.token, basis.limits, basis.budget),
            })
            .collect()
    }

    fn time(&self) -> Option<Timestamp> {
        self.token.as_ref().ok().map(|token| token.info.time)
    }

    fn is_archive(&self) -> bool {
        match self.attribute.kind {
            TimeStampKind::Archive | TimeStampKind::ArchiveV2 | TimeStampKind::ArchiveV3 => true,
            TimeStampKind::CadesC
            | TimeStampKind::Content
            | TimeStampKind::References
            | TimeStampKind::Signature => false,
        }
    }

    /// How far inside: archive time-stamps are outside, the newest first.
    fn depth(&self) -> (u8, Reverse<Option<Timestamp>>) {
        let layer = match self.attribute.kind {
            TimeStampKind::Archive | TimeStampKind::ArchiveV2 | TimeStampKind::ArchiveV3 => 0,
            TimeStampKind::CadesC => 1,
            TimeStampKind::References => 2,
            TimeStampKind::Signature => 3,
            TimeStampKind::Content => 4,
        };
        (layer, Reverse(self.time()))
    }

    fn scope(&self, all: &[&Self], subject: &Subject<'_>) -> Scope {
        let over = match self.attribute.kind {
            TimeStampKind::Archive | TimeStampKind::ArchiveV2 | TimeStampKind::ArchiveV3 => {
                Over::Signature(BestTimeSource::ArchiveTimestamp)
            }
            TimeStampKind::CadesC | TimeStampKind::Signature => {
                Over::Signature(BestTimeSource::SignatureTimestamp)
            }
            TimeStampKind::Content => Over::Content,
            // Over no more than references, which fit every signature by the same certificate.
            TimeStampKind::References => Over::Other,
        };
        let index = match (self.attribute.kind, &self.token) {
            (TimeStampKind::ArchiveV3, Ok(token)) => HashIndex::of(token).ok(),
            _ => None,
        };
        let is_inside = |other: &Self| match self.attribute.kind {
            _ if other.attribute.kind == TimeStampKind::Content => false,
            // As in the bytes that it is over: an attribute counts whole, by the earliest in it.
            TimeStampKind::ArchiveV2 => self.time().is_some_and(|time| {
                !is_later(subject.archives, other.attribute.position, time)
                    && other.time().is_some()
            }),
            TimeStampKind::ArchiveV3 => index.as_ref().is_some_and(|index| {
                let position = other.attribute.position;
                let attribute = subject.unsigned.and_then(|read| read.attributes.get(position));
                attribute.is_some_and(|raw| {
                    index.protects(raw, &other.attribute.token, subject.budget) == Ok(true)
                })
            }),
            TimeStampKind::CadesC => other.attribute.kind == TimeStampKind::Signature,
            TimeStampKind::Archive
            | TimeStampKind::Content
            | TimeStampKind::References
            | TimeStampKind::Signature => false,
        };
        let inside = all.iter().enumerate().filter(|(_, other)| is_inside(other));
        Scope { over, around: inside.map(|(place, _)| place).collect() }
    }

    fn judge(
        &self,
        subject: &Subject<'_>,
        beside: &[Certificate],
        basis: Basis<'_>,
    ) -> JudgedTimestamp {
        let kind = self.attribute.kind;
        let target = match &self.token {
            Ok(token) => Target::of(kind, token, subject),
            Err(_) => Target::default(),
        };
        judge_read(self.token.as_ref(), &target, kind.name(), beside, basis)
    }

    fn one_too_many(&self) -> TimestampReport {
        let mut problems = Problems::default();
        problems.doubt(
            SubIndication::FormatFailure,
            format!("of more than {MAX_TIME_STAMPS} time-stamps on one signature it is not judged"),
        );
        let (indication, sub_indication, reason) = problems.conclusion();
        let report = nothing_known(self.attribute.kind.name());
        TimestampReport { indication, sub_indication, reason, ..report }
    }
}

/// The places of the attributes that hold archive time-stamps, with the earliest time in each.
fn archives(stamps: &[Stamp<'_>]) -> Vec<(usize, Option<Timestamp>)> {
    let mut archives: Vec<(usize, Option<Timestamp>)> = Vec::new();
    for stamp in stamps.iter().filter(|stamp| stamp.is_archive()) {
        let position = stamp.attribute.position;
        match archives.iter_mut().find(|(known, _)| *known == position) {
            Some((_, earliest)) => {
                *earliest = earliest.zip(stamp.time()).map(|(known, time)| known.min(time));
            }
            None => archives.push((position, stamp.time())),
        }
    }
    archives
}
