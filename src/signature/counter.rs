//! Signatures over a signature's value (RFC 5652 §11.4), reported beside it. They say that
//! somebody saw it, and change nothing of what it is worth itself.

use std::cell::Cell;

use super::{
    cms::{CmsError, SignedData, Signer},
    problem::Problems,
    signer::{self, Basis, Content, Known, Subject},
};
use crate::domain::SignatureReport;

/// Counter-signatures on counter-signatures: how many of them over each other.
const MAX_DEPTH: usize = 2;

/// Judges the counter-signatures of `signer`, and those on them. Their certificates are looked for
/// in the file, and then among those that are trusted.
pub(super) fn judge(
    signed_data: &SignedData,
    signer: &Signer,
    basis: Basis<'_>,
) -> Vec<SignatureReport> {
    let values = match &signer.unsigned_attributes {
        Ok(read) if !read.counter_signatures.is_empty() => &read.counter_signatures,
        Ok(_) | Err(_) => return Vec::new(),
    };
    let fresh = Cell::new(basis.limits.signers);
    let (depth, left) = match basis.subject {
        Subject::Document => (1, &fresh),
        Subject::Signature { depth, left } => (depth.saturating_add(1), left),
    };
    let too_many = |things, max| refused(&CmsError::TooMany { things, max }, basis);
    if depth > MAX_DEPTH {
        return vec![too_many("counter-signatures over each other", MAX_DEPTH)];
    }
    let mut reports = Vec::new();
    for value in values {
        let Some(less) = left.get().checked_sub(1) else {
            reports.push(too_many("counter-signatures", basis.limits.signers));
            break;
        };
        left.set(less);
        reports.push(match Signer::parse(value, basis.limits) {
            Ok(counter) => {
                let subject = Subject::Signature { depth, left };
                let basis = Basis { subject, ..basis };
                let mut content = Content::new(signer.signature.clone());
                let known = Known { problems: &Problems::default(), binding: &[] };
                signer::judge(signed_data, &counter, Some(&mut content), known, basis).report
            }
            Err(error) => refused(&error, basis),
        });
    }
    reports
}

/// The report on what cannot be read.
fn refused(error: &CmsError, basis: Basis<'_>) -> SignatureReport {
    let mut problems = Problems::default();
    let (indication, sub_indication) = error.indication();
    problems.push(indication, sub_indication, error.to_string());
    signer::unread(&problems, basis)
}
