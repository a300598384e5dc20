//! The report on a document's signatures, as the page of its share shows it.

use super::{
    super::texts::Texts,
    share::Fact,
    words::{
        Badge, assurance_key, best_time_key, certificate_role_key, certificate_source_key,
        container_key, sub_indication,
    },
};
use crate::domain::{CertificateReport, DocumentReport, Indication, SignatureReport, Timestamp};

pub(super) struct ReportView {
    pub(super) container: String,
    pub(super) signatures: Vec<SignatureView>,
}

pub(super) struct SignatureView {
    pub(super) heading: String,
    pub(super) badge: Badge,
    /// The certificates are shown unfolded: the reason may be in them.
    pub(super) failed: bool,
    pub(super) facts: Vec<Fact>,
    /// In English; `None` when there are none.
    pub(super) warnings: Option<Vec<String>>,
    pub(super) chain: Option<Vec<CertificateView>>,
    pub(super) chain_none: Option<String>,
}

pub(super) struct CertificateView {
    pub(super) role: String,
    pub(super) source: String,
    pub(super) subject: String,
    pub(super) serial: String,
    pub(super) validity: String,
    pub(super) key: String,
    pub(super) problem: String,
    /// The same with the values on both sides, in English; `None` when nothing is wrong.
    pub(super) detail: Option<String>,
}

impl ReportView {
    pub(super) fn new(t: Texts, report: &DocumentReport) -> Self {
        Self {
            container: t.say(container_key(report.container)),
            signatures: (1_u32..)
                .zip(&report.signatures)
                .map(|(number, signature)| SignatureView::new(t, number, signature))
                .collect(),
        }
    }
}

impl SignatureView {
    fn new(t: Texts, number: u32, signature: &SignatureReport) -> Self {
        let chain: Vec<_> = signature
            .chain
            .iter()
            .map(|link| CertificateView::new(t, link, signature.best_time))
            .collect();
        Self {
            heading: t.say_with("signature-heading", [("number", number.into())]),
            badge: Badge::of_indication(t, Some(signature.indication)),
            failed: signature.indication != Indication::TotalPassed,
            facts: facts(t, signature),
            warnings: (!signature.warnings.is_empty())
                .then(|| signature.warnings.iter().map(ToString::to_string).collect()),
            chain_none: chain.is_empty().then(|| t.say("chain-empty")),
            chain: (!chain.is_empty()).then_some(chain),
        }
    }
}

fn facts(t: Texts, signature: &SignatureReport) -> Vec<Fact> {
    let signer = &signature.signer;
    let or_absent = |text: &str| {
        if text.is_empty() { t.say("not-stated") } else { text.to_owned() }
    };
    let mut facts = vec![Fact::new(t.say("signer-name"), or_absent(&signer.name))];
    let optional = [
        ("signer-organisation", &signer.organisation),
        ("signer-code", &signer.code),
        ("signer-country", &signer.country),
    ];
    for (key, value) in optional {
        facts.extend(value.iter().map(|value| Fact::new(t.say(key), value.as_str())));
    }
    // A certificate can say what it likes as long as nothing confirms its signature.
    let proves = if signature.indication == Indication::TotalPassed {
        let assurance = assurance_key(signer.assurance);
        format!("{}. {}", t.say(&assurance), t.say(&format!("{assurance}.why")))
    } else {
        t.say("signature-proves-nothing")
    };
    facts.push(Fact::new(t.say("signer-assurance"), proves));
    if let Some(sub) = signature.sub_indication {
        facts.push(Fact::new(t.say("signature-reason"), sub_indication(t, sub)));
    }
    if let Some(reason) = &signature.reason {
        facts.push(Fact::new(t.say("signature-reason-detail"), reason.as_str()).in_english());
    }
    facts.push(Fact::new(t.say("signature-level"), signature.level.as_str()));
    let algorithm = t.say_with(
        "signature-algorithm-text",
        [
            ("algorithm", signature.algorithm.as_str().into()),
            ("digest", signature.digest_algorithm.as_str().into()),
        ],
    );
    facts.push(Fact::new(t.say("signature-algorithm"), algorithm));
    if let Some(certificate) = signature.chain.first() {
        facts.push(Fact::new(t.say("signer-key"), certificate.key.as_str()));
    }
    if let Some(at) = signature.signing_time {
        facts.push(Fact::new(t.say("signing-time"), t.moment(at)));
    }
    let judged_for = t.say_with(
        "judged-for-text",
        [
            ("moment", t.moment(signature.best_time).into()),
            ("why", t.say(best_time_key(signature.best_time_source)).into()),
        ],
    );
    facts.push(Fact::new(t.say("judged-for"), judged_for));
    if !signature.timestamps.is_empty() {
        let count = signature.timestamps.len();
        let text = t.say_with("timestamps-text", [("count", count.into())]);
        facts.push(Fact::new(t.say("timestamps"), text));
    }
    facts
}

impl CertificateView {
    /// The certificate as it was judged for the moment `at`.
    fn new(t: Texts, certificate: &CertificateReport, at: Timestamp) -> Self {
        let from = t.day(certificate.not_before.day_in_kyiv());
        let to = t.day(certificate.not_after.day_in_kyiv());
        Self {
            role: t.say(certificate_role_key(certificate.role)),
            source: t.say(certificate_source_key(certificate.source)),
            subject: certificate.subject.clone(),
            serial: certificate.serial.clone(),
            validity: t.say_with("chain-validity-text", [("from", from.into()), ("to", to.into())]),
            key: certificate.key.clone(),
            problem: t.say(match &certificate.problem {
                None => "chain-sound",
                Some(_) if at > certificate.not_after => "chain-expired",
                Some(_) if at < certificate.not_before => "chain-not-yet-valid",
                Some(_) => "chain-flawed",
            }),
            detail: certificate.problem.clone(),
        }
    }
}
