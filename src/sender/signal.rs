//! Results of checks as findings.

use mail_auth::{
    DkimOutput, DkimResult, DmarcOutput, DmarcResult, Error, SpfOutput, SpfResult, dkim::DkimError,
};

use super::Origin;
use crate::domain::{Finding, FindingCode, SenderResult};

/// The longest name that a domain can have, in bytes (RFC 1035 §2.3.4).
const LONGEST_DOMAIN: usize = 253;

/// What one check says of which domain.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Signal {
    result: SenderResult,
    domain: Option<String>,
}

impl Signal {
    fn new(result: SenderResult, domain: &str) -> Self {
        Self { result, domain: shown(domain) }
    }

    /// Of no domain.
    fn bare(result: SenderResult) -> Self {
        Self { result, domain: None }
    }

    fn finding(&self, code: FindingCode) -> Finding {
        let result = self.result.as_str();
        Finding::of_share(code).with_detail(match &self.domain {
            Some(domain) => format!("{result} ({domain})"),
            None => result.to_owned(),
        })
    }
}

/// What the checks say of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signals {
    spf: Signal,
    /// One for each signature, at least one.
    dkim: Vec<Signal>,
    dmarc: Signal,
}

impl Signals {
    /// Of the answers.
    pub(super) fn of(spf: &SpfOutput, dkim: &[DkimOutput<'_>], dmarc: &DmarcOutput) -> Self {
        let mut signatures: Vec<Signal> = dkim.iter().map(of_signature).collect();
        if signatures.is_empty() {
            signatures.push(Signal::bare(SenderResult::None));
        }
        Self {
            spf: of_server(spf),
            dkim: signatures,
            dmarc: Signal::new(dmarc_word(&dmarc.result()), dmarc.domain()),
        }
    }

    /// Of a mail whose header cannot be read.
    pub(super) fn unreadable(spf: &SpfOutput) -> Self {
        Self { spf: of_server(spf), ..Self::permanent_error() }
    }

    /// Nobody could be asked.
    pub(super) fn temporary_error(origin: &Origin) -> Self {
        let domain = origin.sender.as_ref().map_or("", |sender| sender.domain());
        let result =
            if origin.peer.is_some() { SenderResult::TemporaryError } else { SenderResult::None };
        Self {
            spf: Signal::new(result, domain),
            dkim: vec![Signal::bare(SenderResult::TemporaryError)],
            dmarc: Signal::bare(SenderResult::TemporaryError),
        }
    }

    /// The mail could not be looked at.
    pub(super) fn permanent_error() -> Self {
        let error = || Signal::bare(SenderResult::PermanentError);
        Self { spf: error(), dkim: vec![error()], dmarc: error() }
    }

    /// Whether the DNS was asked and nothing tells that it answered.
    pub(super) fn are_unanswered(&self) -> bool {
        let words = || [&self.spf, &self.dmarc].into_iter().chain(&self.dkim).map(|one| one.result);
        words().any(|result| result == SenderResult::TemporaryError)
            && words()
                .all(|result| matches!(result, SenderResult::TemporaryError | SenderResult::None))
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings = vec![self.spf.finding(FindingCode::SenderSpf)];
        findings.extend(self.dkim.iter().map(|one| one.finding(FindingCode::SenderDkim)));
        findings.push(self.dmarc.finding(FindingCode::SenderDmarc));
        findings
    }
}

/// A domain's name as it may stand in a finding; `None` for what is none, and for letters beyond
/// ASCII, of which some look like others.
pub(super) fn shown(domain: &str) -> Option<String> {
    let name = domain.strip_suffix('.').unwrap_or(domain);
    let is_name = (1..=LONGEST_DOMAIN).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    is_name.then(|| name.to_ascii_lowercase())
}

fn of_server(output: &SpfOutput) -> Signal {
    Signal::new(spf_word(output.result()), output.domain())
}

fn of_signature(output: &DkimOutput<'_>) -> Signal {
    let result = match output.result() {
        DkimResult::Pass => SenderResult::Pass,
        // What was signed is not what came.
        DkimResult::Fail(_) | DkimResult::Neutral(Error::Dkim(DkimError::FailedBodyHashMatch)) => {
            SenderResult::Fail
        }
        DkimResult::Neutral(_) => SenderResult::Neutral,
        DkimResult::PermError(_) => SenderResult::PermanentError,
        DkimResult::TempError(_) => SenderResult::TemporaryError,
        DkimResult::None => SenderResult::None,
    };
    Signal::new(result, output.signature().map_or("", |signature| &signature.d))
}

fn spf_word(result: SpfResult) -> SenderResult {
    match result {
        SpfResult::Pass => SenderResult::Pass,
        SpfResult::Fail => SenderResult::Fail,
        SpfResult::SoftFail => SenderResult::SoftFail,
        SpfResult::Neutral => SenderResult::Neutral,
        SpfResult::TempError => SenderResult::TemporaryError,
        SpfResult::PermError => SenderResult::PermanentError,
        SpfResult::None => SenderResult::None,
    }
}

fn dmarc_word(result: &DmarcResult) -> SenderResult {
    match result {
        DmarcResult::Pass => SenderResult::Pass,
        DmarcResult::Fail(_) => SenderResult::Fail,
        DmarcResult::TempError(_) => SenderResult::TemporaryError,
        DmarcResult::PermError(_) => SenderResult::PermanentError,
        DmarcResult::None => SenderResult::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_a_domain_stands_in_a_finding() {
        let long = "a".repeat(254);
        for (given, expected) in [
            ("diia.test", Some("diia.test")),
            ("Diia.Test.", Some("diia.test")),
            ("_spf.diia.test", Some("_spf.diia.test")),
            ("", None),
            (".", None),
            ("diia.test) pass (gov.ua", None),
            ("<script>", None),
            ("дія.test", None),
            (long.as_str(), None),
        ] {
            assert_eq!(shown(given).as_deref(), expected, "{given:?}");
        }
    }

    #[test]
    fn a_server_is_silent_when_nothing_shows_an_answer() {
        let signals = |spf, dkim: &[SenderResult], dmarc| Signals {
            spf: Signal::bare(spf),
            dkim: dkim.iter().copied().map(Signal::bare).collect(),
            dmarc: Signal::bare(dmarc),
        };
        let (none, temporary) = (SenderResult::None, SenderResult::TemporaryError);
        assert!(signals(temporary, &[temporary], temporary).are_unanswered());
        assert!(signals(none, &[none], temporary).are_unanswered());
        assert!(!signals(none, &[none], none).are_unanswered());
        assert!(!signals(SenderResult::Fail, &[temporary], temporary).are_unanswered());
        assert!(!signals(temporary, &[SenderResult::PermanentError], temporary).are_unanswered());
    }
}
