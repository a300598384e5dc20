//! The best signature time (ETSI EN 319 102-1 §5.5.4): the earliest moment at which the signature
//! is proved to have existed.
//!
//! A pure rule over time-stamps that somebody else judges. A time-stamp is judged for the moment
//! at which it is itself proved to have existed: that of the right time-stamps around it, or else
//! the moment that the judgement starts from. So an authority whose certificate has expired still
//! proves something when a later authority vouches for what it issued.
//!
//! A time-stamp of an authority of which nobody can say whether it was revoked proves less: what it
//! moves is kept apart from what is sure, and what is sure from what the authorities have confirmed
//! since ([`Moment`]).
//!
//! A content time-stamp is the other bound: the signature is younger. It moves nothing back.

#[cfg(test)]
mod tests;

use super::problem::Problems;
use crate::domain::{BestTimeSource, SubIndication, Timestamp, Warning, WarningCode};

/// By when something existed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// By all right time-stamps.
    pub(super) at: Timestamp,
    /// By those alone whose authorities were not revoked: not before `at`.
    pub(super) sure: Timestamp,
    /// By those alone of whose authorities nothing is left to be asked: not before `sure`.
    pub(super) confirmed: Timestamp,
}

impl Moment {
    /// With what a time-stamp proves, besides.
    pub(super) fn proved(self, by: Proved) -> Self {
        let earlier = |known: Timestamp, least: Standing| {
            if by.standing >= least { known.min(by.time) } else { known }
        };
        Self {
            at: self.at.min(by.time),
            sure: earlier(self.sure, Standing::WasGood),
            confirmed: earlier(self.confirmed, Standing::Confirmed),
        }
    }
}

/// What is known of whether the certificates of a path were revoked, the least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Nothing that suffices.
    #[default]
    Unknown,
    /// They were not by what was said before the receipt, and it has to be heard again.
    WasGood,
    /// They were not, and nothing is left to be asked.
    Confirmed,
}

/// What a right time-stamp proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proved {
    pub(super) time: Timestamp,
    /// Whether its authority is known not to have been revoked.
    pub(super) standing: Standing,
}

/// A moment at which the signature existed, and how that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) moment: Moment,
    pub(super) source: BestTimeSource,
}

/// What one time-stamp says something about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) over: Over,
    /// The places of the time-stamps that it is also over. Only later places count.
    pub(super) around: Vec<usize>,
}

/// What a time-stamp proves to have existed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// What was signed. The signer put the time-stamp under the signature, so the signature is
    /// not older.
    Content,
    /// Something else that came with the signature, and could come with another one.
    Other,
    /// The signature value.
    Signature(BestTimeSource),
}

/// The outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BestTime {
    pub(super) proof: Proof,
    /// The time of the latest right content time-stamp: the signature is not older.
    pub(super) content: Option<Timestamp>,
    /// Two right time-stamps that cannot both be: `(a, b)`, where `a` must not be later than `b`.
    pub(super) contradiction: Option<(Timestamp, Timestamp)>,
}

impl BestTime {
    /// What has to be told of the moment.
    pub(super) fn warnings(&self) -> impl Iterator<Item = Warning> {
        let Moment { at, sure, confirmed } = self.proof.moment;
        let content = self.content.filter(|_| !is_time_stamp(self.proof.source)).map(|content| {
            Warning::new(
                WarningCode::ContentTimeOnly,
                format!(
                    "Only the document is proved to have existed at {content}. When it was signed \
                     is not, so the signature is judged for {at}."
                ),
            )
        });
        let unchecked = (at < confirmed).then(|| {
            let (what, without) = if at < sure {
                ("whether its authority was revoked is not known", sure)
            } else {
                ("its authority has not been heard since the receipt", confirmed)
            };
            Warning::new(
                WarningCode::RevocationUnchecked,
                format!(
                    "That the signature existed at {at} rests on a time-stamp, and {what}; without \
                     it the signature existed at {without}."
                ),
            )
        });
        content.into_iter().chain(unchecked)
    }

    /// ETSI EN 319 102-1 §5.5.4: time-stamps that contradict each other prove nothing together.
    pub(super) fn check_order(&self, problems: &mut Problems) {
        if let Some((inner, outer)) = self.contradiction {
            problems.doubt(
                SubIndication::TimestampOrderFailure,
                format!("a time-stamp says {inner}, and one that was made after it says {outer}"),
            );
        }
    }
}

/// Finds the best signature time, beginning at `start`.
///
/// `scopes` are the signature's time-stamps, the outermost first. `judge` is asked once for each
/// in that order and says its time if it is right given that it existed at the moment passed.
pub(super) fn find(
    start: Proof,
    scopes: &[Scope],
    mut judge: impl FnMut(usize, Moment) -> Option<Proved>,
) -> BestTime {
    let mut signature = start;
    let mut content: Option<Timestamp> = None;
    let mut contradiction = None;
    let mut existed = vec![start.moment; scopes.len()];
    // The earliest right time-stamp around each place.
    let outermost = is_time_stamp(start.source).then_some(start.moment.at);
    let mut around = vec![outermost; scopes.len()];
    // Content time-stamps stand under the signature: they existed when it did.
    let is_content = |scope: &Scope| scope.over == Over::Content;
    let outer = scopes.iter().enumerate().filter(|(_, scope)| !is_content(scope));
    let inner = scopes.iter().enumerate().filter(|(_, scope)| is_content(scope));
    for (place, scope) in outer.chain(inner) {
        let bound = around.get(place).copied().flatten();
        let moment = match scope.over {
            Over::Content => signature.moment,
            Over::Other | Over::Signature(_) => existed.get(place).copied().unwrap_or(start.moment),
        };
        let Some(mut proved) = judge(place, moment) else { continue };
        // It is right as far as what is around it is.
        if moment.at < moment.confirmed {
            proved.standing = proved.standing.min(Standing::WasGood);
        }
        let time = proved.time;
        if let Some(bound) = bound.filter(|bound| time > *bound) {
            contradiction = contradiction.or(Some((time, bound)));
        }
        match scope.over {
            Over::Content => content = content.max(Some(time)),
            Over::Other => {}
            Over::Signature(source) => {
                // An authority's clock may run ahead of ours; what exists by then exists now.
                let at = time.min(start.moment.at);
                if !is_time_stamp(signature.source) || at < signature.moment.at {
                    signature.source = source;
                }
                signature.moment = signature.moment.proved(proved);
            }
        }
        for covered in scope.around.iter().filter(|covered| **covered > place) {
            if let Some(moment) = existed.get_mut(*covered) {
                *moment = moment.proved(proved);
            }
            if let Some(bound) = around.get_mut(*covered) {
                *bound = Some(bound.map_or(time, |known| known.min(time)));
            }
        }
    }
    if is_time_stamp(signature.source)
        && let Some(time) = content.filter(|time| *time > signature.moment.at)
    {
        contradiction = contradiction.or(Some((time, signature.moment.at)));
    }
    BestTime { proof: signature, content, contradiction }
}

fn is_time_stamp(source: BestTimeSource) -> bool {
    match source {
        BestTimeSource::ArchiveTimestamp
        | BestTimeSource::DocumentTimestamp
        | BestTimeSource::SignatureTimestamp => true,
        BestTimeSource::Receipt | BestTimeSource::Given => false,
    }
}
