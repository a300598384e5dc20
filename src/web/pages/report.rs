//! The report on a document's signatures, as the page of its share shows it.

mod chain;
mod timestamps;

use super::{
    super::texts::Texts,
    share::Fact,
    words::{
        Badge, best_time_key, container_key, qualification_key, registered_number, signer_kind_key,
        sub_indication, warning_key,
    },
};
use crate::domain::{
    AttributeReport, Container, DocumentReport, Indication, QualificationReport, SignatureReport,
    Warning,
};
use chain::CertificateView;
use timestamps::TimestampView;

pub(super) struct ReportView {
    pub(super) container: String,
    /// `None` when the signatures cover everything.
    pub(super) not_covered: Option<String>,
    pub(super) signatures: Vec<SignatureView>,
}

pub(super) struct SignatureView {
    /// Names it among the elements of the page.
    pub(super) id: String,
    pub(super) heading: String,
    pub(super) badge: Badge,
    /// The certificates are shown unfolded: the reason may be in them.
    pub(super) failed: bool,
    pub(super) facts: Vec<Fact>,
    /// `None` when there are none.
    pub(super) warnings: Option<Vec<WarningView>>,
    /// `None` when there are none.
    pub(super) timestamps: Option<Vec<TimestampView>>,
    pub(super) chain: Option<Vec<CertificateView>>,
    pub(super) chain_none: Option<String>,
}

pub(super) struct WarningView {
    pub(super) text: String,
    /// The same with the values, in English.
    pub(super) detail: String,
}

impl ReportView {
    /// The report on the share's document `number`; `is_doubted` where it is of before the share
    /// was judged otherwise.
    pub(super) fn new(t: Texts, number: u32, report: &DocumentReport, is_doubted: bool) -> Self {
        let mut signatures = Vec::new();
        let mut add = |heading, place: u32, signature| {
            let id = format!("signature-{number}-{}", signatures.len().saturating_add(1));
            let heading = t.say_with(heading, [("number", place.into())]);
            signatures.push(SignatureView::new(t, id, heading, signature));
        };
        for (place, signature) in (1..).zip(&report.signatures) {
            add("signature-heading", place, signature);
            for (place, counter) in (1..).zip(&signature.counter_signatures) {
                add("counter-signature-heading", place, counter);
            }
        }
        Self {
            container: container(t, report),
            not_covered: (!report.not_covered.is_empty()).then(|| report.not_covered.join(", ")),
            signatures,
        }
        .doubted(t, is_doubted)
    }

    fn doubted(mut self, t: Texts, is_doubted: bool) -> Self {
        for signature in self.signatures.iter_mut().filter(|_| is_doubted) {
            signature.badge.doubt(t);
        }
        self
    }
}

fn container(t: Texts, report: &DocumentReport) -> String {
    let container = t.say(container_key(report.container));
    if report.encrypted && report.container != Container::Envelope {
        format!("{container}. {}.", t.say("came-encrypted"))
    } else {
        container
    }
}

impl SignatureView {
    fn new(t: Texts, id: String, heading: String, signature: &SignatureReport) -> Self {
        let chain = CertificateView::all(t, &signature.chain, signature.best_time);
        let timestamps: Vec<_> =
            signature.timestamps.iter().map(|one| TimestampView::new(t, one)).collect();
        let warnings: Vec<_> = signature
            .warnings
            .iter()
            .map(|Warning { code, text }| WarningView {
                text: t.say(&warning_key(*code)),
                detail: text.clone(),
            })
            .collect();
        Self {
            id,
            heading,
            badge: Badge::of_indication(t, Some(signature.indication)),
            failed: signature.indication != Indication::TotalPassed,
            facts: facts(t, signature),
            warnings: (!warnings.is_empty()).then_some(warnings),
            timestamps: (!timestamps.is_empty()).then_some(timestamps),
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
    let code = signer.code.as_ref().map(|code| registered_number(t, code));
    let optional = [
        ("signer-organisation", &signer.organisation),
        ("signer-code", &code),
        ("signer-country", &signer.country),
    ];
    for (key, value) in optional {
        facts.extend(value.iter().map(|value| Fact::new(t.say(key), value.as_str())));
    }
    // A certificate can say what it likes as long as nothing confirms its signature.
    let proves = if signature.indication == Indication::TotalPassed {
        let kind = signer_kind_key(signer.kind);
        format!("{}. {}", t.say(&kind), t.say(&format!("{kind}.why")))
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
            ("algorithm", t.algorithm(&signature.algorithm).into()),
            ("digest", t.algorithm(&signature.digest_algorithm).into()),
        ],
    );
    facts.push(Fact::new(t.say("signature-algorithm"), algorithm));
    if let Some(certificate) = signature.chain.first() {
        facts.push(Fact::new(t.say("signer-key"), t.algorithm(&certificate.key)));
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
    if let Some(QualificationReport { kind, reasons, .. }) = &signature.qualification {
        facts.push(Fact::new(t.say("qualification"), t.say(qualification_key(*kind))));
        if !reasons.is_empty() {
            let reasons = reasons.join(" ");
            facts.push(Fact::new(t.say("qualification-why"), reasons).in_english());
        }
    }
    if !signature.covers.is_empty() {
        facts.push(Fact::new(t.say("covers"), signature.covers.join(", ")));
    }
    if !signature.attributes.is_empty() {
        let name = |one: &AttributeReport| one.name.as_ref().unwrap_or(&one.id).clone();
        let names: Vec<_> = signature.attributes.iter().map(name).collect();
        facts.push(Fact::new(t.say("attributes"), names.join(", ")));
    }
    facts
}
