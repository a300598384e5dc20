//! The time-stamps of a signature.

use super::super::{super::texts::Texts, words::sub_indication};
use crate::domain::{Indication, TimestampReport};

pub(in crate::web::pages) struct TimestampView {
    pub(in crate::web::pages) kind: String,
    pub(in crate::web::pages) time: String,
    pub(in crate::web::pages) authority: String,
    pub(in crate::web::pages) state: String,
    /// Why it is not valid; `None` when it is.
    pub(in crate::web::pages) reason: Option<String>,
    /// The same with the values, in English.
    pub(in crate::web::pages) detail: Option<String>,
}

impl TimestampView {
    pub(super) fn new(t: Texts, stamp: &TimestampReport) -> Self {
        let absent = || t.say("not-stated");
        let state = t.say(match stamp.indication {
            Indication::TotalPassed => "timestamp-PASSED",
            Indication::Indeterminate => "timestamp-INDETERMINATE",
            Indication::TotalFailed => "timestamp-FAILED",
        });
        let qualified = stamp.qualified.map(|qualified| {
            t.say(if qualified { "timestamp-qualified" } else { "timestamp-not-qualified" })
        });
        Self {
            kind: t.say(kind_key(&stamp.kind)),
            time: stamp.time.map_or_else(absent, |at| t.moment(at)),
            authority: stamp.authority.as_ref().map_or_else(absent, |one| one.name.clone()),
            state: [Some(state), qualified].into_iter().flatten().collect::<Vec<_>>().join(", "),
            reason: stamp.sub_indication.map(|sub| sub_indication(t, sub)),
            detail: stamp.reason.clone(),
        }
    }
}

/// The text for the attribute's name in ETSI EN 319 122-1.
fn kind_key(kind: &str) -> &'static str {
    match kind {
        "signature-time-stamp" => "timestamp-signature-time-stamp",
        "content-time-stamp" => "timestamp-content-time-stamp",
        "archive-time-stamp" | "archive-time-stamp-v2" | "archive-time-stamp-v3" => {
            "timestamp-archive-time-stamp"
        }
        "CAdES-C-time-stamp" | "time-stamped-certs-crls-references" => {
            "timestamp-references-time-stamp"
        }
        "document-time-stamp" => "timestamp-document-time-stamp",
        _ => "timestamp-other",
    }
}
