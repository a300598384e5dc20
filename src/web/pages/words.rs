//! Closed sets and findings as a page shows them: a word, a shape and a tone, never a tone alone.

use super::super::texts::Texts;
use crate::domain::{
    Assurance, BestTimeSource, CertificateRole, CertificateSource, Container, DocumentRow, Finding,
    FindingCode, Indication, Qualification, RetentionReason, RevocationKind, RevocationStatus,
    Role, SenderResult, Severity, ShareRow, SignerKind, SubIndication, Timestamp, TypeCode,
    TypeSource, Verdict, WarningCode,
};
use crate::registry::LegalBasis;

/// A word with its shape and tone.
#[derive(Clone, Debug)]
pub(super) struct Badge {
    /// The word.
    pub(super) word: String,
    /// The class of the stylesheet that gives the colours.
    pub(super) tone: &'static str,
    /// The outline of the shape, in a box of 20 by 20, filled by the even-odd rule.
    pub(super) shape: &'static str,
}

const CHECK: &str =
    "M10 1a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM8.8 14.4 4.6 10.2l1.6-1.6 2.6 2.6 5-5 1.6 1.6Z";
const HALF: &str = "M10 1a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 2.2v13.6a6.8 6.8 0 0 0 0-13.6Z";
const DASH: &str = "M2 2h16v16H2Zm2.2 2.2v11.6h11.6V4.2ZM6 9h8v2.2H6Z";
const QUESTION: &str = "M4 1h12a3 3 0 0 1 3 3v12a3 3 0 0 1-3 3H4a3 3 0 0 1-3-3V4a3 3 0 0 1 3-3ZM8.9 11.8h2.1c0-1.5 2.5-1.9 2.5-4.2A3.3 3.3 0 0 0 10 4.3a3.3 3.3 0 0 0-3.4 3.2h2.1A1.3 1.3 0 0 1 10 6.3a1.3 1.3 0 0 1 1.4 1.3c0 1.4-2.5 1.9-2.5 4.2Zm0 1.2v2.2h2.1V13Z";
const CROSS: &str =
    "M6 1h8l5 5v8l-5 5H6l-5-5V6Zm1 4.4L5.4 7l3 3-3 3L7 14.6l3-3 3 3 1.6-1.6-3-3 3-3L13 5.4l-3 3Z";
const SHEET: &str = "M3.5 1H12l4.5 4.5V19h-13Zm2.2 2.2v13.6h8.6V7.4h-4V3.2Z";
const ALARM: &str = "M10 1 20 19H0ZM8.9 7v6h2.2V7Zm0 7.2v2.2h2.2v-2.2Z";
const LETTER_I: &str = "M10 1a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM8.9 5v2.2h2.2V5Zm0 3.6V15h2.2V8.6Z";

impl Badge {
    pub(super) fn of_verdict(t: Texts, verdict: Verdict) -> Self {
        let (tone, shape) = match verdict {
            Verdict::Malformed => ("bad", ALARM),
            Verdict::Unrecognised => ("mute", SHEET),
            Verdict::Invalid => ("bad", CROSS),
            Verdict::Undetermined => ("ask", QUESTION),
            Verdict::Unsigned => ("part", DASH),
            Verdict::Incomplete => ("part", HALF),
            Verdict::Verified => ("good", CHECK),
        };
        Self { word: t.say(&verdict_key(verdict)), tone, shape }
    }

    /// The same for a share, which tells a signature that is invalid from one by the wrong signer.
    pub(super) fn of_share(t: Texts, share: &ShareRow) -> Self {
        let badge = Self::of_verdict(t, share.verdict);
        if verdict_variant(share.verdict, &share.findings) == "-signer" {
            let key = format!("{}.word-signer", verdict_key(share.verdict));
            Self { word: t.say(&key), ..badge }
        } else {
            badge
        }
    }

    pub(super) fn of_indication(t: Texts, indication: Option<Indication>) -> Self {
        let (tone, shape) = match indication {
            Some(Indication::TotalPassed) => ("good", CHECK),
            Some(Indication::Indeterminate) => ("ask", QUESTION),
            Some(Indication::TotalFailed) => ("bad", CROSS),
            None => ("part", DASH),
        };
        Self { word: t.say(&indication_key(indication)), tone, shape }
    }

    /// The badge of a copy. A signature that passed does not make it green where something is said
    /// against the copy, or what was said of it at first is all that there is.
    pub(super) fn of_document(t: Texts, document: &DocumentRow, findings: &[Finding]) -> Self {
        let is_doubted = Finding::tell_otherwise(findings)
            || findings.iter().any(|finding| {
                finding.severity == Severity::Error && finding.document == Some(document.number)
            });
        let mut badge = Self::of_indication(t, document.indication);
        if is_doubted {
            badge.doubt(t);
        }
        badge
    }

    /// Makes a green one a question.
    pub(super) fn doubt(&mut self, t: Texts) {
        if self.tone == "good" {
            *self = Self { word: t.say("indication-doubted"), tone: "ask", shape: QUESTION };
        }
    }

    fn of_severity(t: Texts, severity: Severity) -> Self {
        let (tone, shape) = match severity {
            Severity::Info => ("mute", LETTER_I),
            Severity::Warning => ("part", ALARM),
            Severity::Error => ("bad", CROSS),
        };
        Self { word: t.say(&severity_key(severity)), tone, shape }
    }
}

/// A moment for people and for programs.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    /// RFC 3339.
    pub(super) machine: String,
    /// By the clock in Kyiv.
    pub(super) text: String,
}

impl Moment {
    pub(super) fn new(t: Texts, at: Timestamp) -> Self {
        Self { machine: at.to_string(), text: t.moment(at) }
    }
}

/// A finding as the page of a share shows it.
#[derive(Clone, Debug)]
pub(super) struct FindingView {
    pub(super) badge: Badge,
    /// What was found.
    pub(super) text: String,
    /// What to do about it.
    pub(super) todo: String,
    /// Which copy it is about; `None` for the share as a whole.
    pub(super) about: Option<String>,
    /// The page of the first receipt of the same signed bytes, when the reader may see it.
    pub(super) first_receipt: Option<String>,
}

impl FindingView {
    /// The finding; `about` names the copy that it is about.
    pub(super) fn new(t: Texts, finding: &Finding, about: Option<String>) -> Self {
        Self {
            badge: Badge::of_severity(t, finding.severity),
            text: finding_text(t, finding),
            todo: t.say(&todo_key(finding)),
            about,
            first_receipt: None,
        }
    }
}

/// The text of what to do about a finding.
fn todo_key(finding: &Finding) -> String {
    let key = finding_key(finding.code);
    if is_of_the_past(finding) { format!("{key}.todo-past") } else { format!("{key}.todo") }
}

/// Whether a signature proves nothing because what it rests on has ended: no data that comes
/// later helps.
fn is_of_the_past(finding: &Finding) -> bool {
    let detail = finding.detail.as_deref();
    finding.code == FindingCode::SignatureUndetermined
        && detail.and_then(|name| name.parse().ok()).is_some_and(has_no_proof_of_existence)
}

/// Whether it would do if an earlier moment were proved (ETSI EN 319 102-1 §5.1.3, `NO_POE`).
pub(super) fn has_no_proof_of_existence(sub: SubIndication) -> bool {
    matches!(
        sub,
        SubIndication::CryptoConstraintsFailureNoPoe
            | SubIndication::OutOfBoundsNoPoe
            | SubIndication::RevokedCaNoPoe
            | SubIndication::RevokedNoPoe
    )
}

pub(super) fn yes_or_no(it_is: bool) -> &'static str {
    if it_is { "yes" } else { "no" }
}

/// What a finding says, in a sentence.
pub(super) fn finding_text(t: Texts, finding: &Finding) -> String {
    let detail = finding.detail.as_deref();
    let hours = detail.and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    t.say_with(
        &finding_key(finding.code),
        [
            ("detail", detail_words(t, finding).into()),
            ("documents", type_choice(t, detail).into()),
            ("reason", reason(t, detail).into()),
            ("past", yes_or_no(is_of_the_past(finding)).into()),
            ("signal", signal(t, detail).into()),
            ("signers", accepted_signers(t, detail).into()),
            // A copy is never stale at once: 0 stands for an age that nothing tells.
            ("hours", hours.into()),
            ("age", age(t, hours).into()),
        ],
    )
}

/// The detail in words where it is a name of ours, as it is otherwise.
fn detail_words(t: Texts, finding: &Finding) -> String {
    let Some(detail) = &finding.detail else { return t.say("not-stated") };
    let set = if finding.code == FindingCode::NotADocument {
        "instead"
    } else if finding.code == FindingCode::Unreadable {
        "unreadable"
    } else {
        "limit"
    };
    t.find(&format!("{set}-{detail}"), []).unwrap_or_else(|| registered_number(t, detail))
}

/// The types that a detail lists, of which one would do.
pub(super) fn type_choice(t: Texts, detail: Option<&str>) -> String {
    let is_code = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let mut names: Vec<String> = detail
        .unwrap_or_default()
        .split(|c| !is_code(c))
        .filter(|word| *word != "or")
        .filter_map(|word| word.parse::<TypeCode>().ok())
        .map(|code| t.type_name(&code))
        .collect();
    names.dedup();
    if names.is_empty() {
        return t.say("type-unknown");
    }
    names.join(&format!(" {} ", t.say("or")))
}

/// An age in the unit that people say.
fn age(t: Texts, hours: u32) -> String {
    const HOURS_PER_DAY: u32 = 24;
    match hours / HOURS_PER_DAY {
        0 | 1 => t.say_with("age-hours", [("count", hours.into())]),
        days => t.say_with("age-days", [("count", days.into())]),
    }
}

/// Whose signatures a service accepts, by the name of its policy.
pub(super) fn accepted_signers(t: Texts, name: Option<&str>) -> String {
    let known = name.and_then(|name| t.find(&format!("signers-{name}"), []));
    known.unwrap_or_else(|| t.say("signers-unknown"))
}

/// A result of SPF, DKIM or DMARC in words, with the domain that it is about: `pass (diia.test)`.
fn signal(t: Texts, detail: Option<&str>) -> String {
    let detail = detail.unwrap_or_default();
    let (name, domain) = detail.split_once(' ').unwrap_or((detail, ""));
    let Ok(result) = name.parse() else { return t.say("not-stated") };
    format!("{} {domain}", t.say(&signal_key(result))).trim_end().to_owned()
}

/// A sub-indication's name in words.
fn reason(t: Texts, name: Option<&str>) -> String {
    let known = name.and_then(|name| name.parse().ok());
    known.map_or_else(|| t.say("sub-unknown"), |sub| sub_indication(t, sub))
}

pub(super) fn sub_indication(t: Texts, sub: SubIndication) -> String {
    t.say(&sub_indication_key(sub))
}

pub(super) fn verdict_key(verdict: Verdict) -> String {
    format!("verdict-{verdict}")
}

/// Which of a verdict's sentences is true of this share: the end of the attributes' names.
///
/// `undetermined` may come from what was signed, by whom or when, with every signature genuine;
/// `invalid` may come from the signer alone, with every signature genuine; and a share that is
/// `verified` may still have something to consider.
pub(super) fn verdict_variant(verdict: Verdict, findings: &[Finding]) -> &'static str {
    let has = |code| findings.iter().any(|finding| finding.code == code);
    let only_the_signer =
        has(FindingCode::SignerNotAccepted) && !has(FindingCode::SignatureInvalid);
    let noted = findings.iter().any(|finding| finding.severity != Severity::Info);
    if verdict == Verdict::Invalid && only_the_signer {
        "-signer"
    } else if verdict == Verdict::Verified && noted {
        "-noted"
    } else if verdict == Verdict::Undetermined {
        let reasons = || findings.iter().filter(|finding| finding.severity == Severity::Error);
        let is_a_reason = |code| reasons().any(|finding| finding.code == code);
        if is_a_reason(FindingCode::NotADocument) {
            "-content"
        } else if is_a_reason(FindingCode::OtherIssuer) {
            "-issuer"
        } else if reasons().any(is_of_the_past) {
            "-past"
        } else if is_a_reason(FindingCode::StaleCopy) {
            "-stale"
        } else {
            ""
        }
    } else {
        ""
    }
}

/// The number of somebody in a register, as certificates carry it (ETSI EN 319 412-1 §5.1), by the
/// name that people know it by. Sole traders are in the register of legal entities by their tax
/// number.
pub(super) fn registered_number(t: Texts, code: &str) -> String {
    let (register, number) = code.split_once('-').unwrap_or_default();
    let digits = number.bytes().all(|sign| sign.is_ascii_digit()).then_some(number.len());
    let key = match (register, digits) {
        ("NTRUA", Some(8)) => "code-edrpou",
        ("NTRUA" | "TINUA", Some(10)) => "code-rnokpp",
        _ => return code.to_owned(),
    };
    t.say_with(key, [("number", number.into())])
}

pub(super) fn indication_key(indication: Option<Indication>) -> String {
    format!("indication-{}", indication.map_or("none", Indication::as_str))
}

pub(super) fn type_source_key(source: TypeSource) -> String {
    format!("type-source-{}", source.as_str())
}

pub(super) fn severity_key(severity: Severity) -> String {
    format!("severity-{}", severity.as_str())
}

pub(super) fn finding_key(code: FindingCode) -> String {
    format!("finding-{code}")
}

pub(super) fn signal_key(result: SenderResult) -> String {
    format!("signal-{}", result.as_str())
}

pub(super) fn sub_indication_key(sub: SubIndication) -> String {
    format!("sub-{sub}")
}

pub(super) fn role_key(role: Role) -> String {
    format!("role-{role}")
}

/// Whose signature a certificate is for; whether the organisation issues copies is for the share to
/// say.
pub(super) fn signer_kind_key(kind: Option<SignerKind>) -> String {
    format!("signer-kind-{}", kind.map_or("none", SignerKind::as_str))
}

pub(super) fn assurance_key(assurance: Option<Assurance>) -> String {
    format!("assurance-{}", assurance.map_or("none", Assurance::as_str))
}

pub(super) fn retention_key(reason: RetentionReason) -> String {
    format!("retention-{}", reason.as_str())
}

pub(super) fn legal_basis_key(basis: LegalBasis) -> String {
    format!("legal-basis-{}", basis.as_str())
}

pub(super) fn container_key(container: Container) -> &'static str {
    match container {
        Container::AsicE => "container-asic-e",
        Container::AsicS => "container-asic-s",
        Container::CmsAttached => "container-cms-attached",
        Container::CmsDetached => "container-cms-detached",
        Container::Envelope => "container-envelope",
        Container::Pades => "container-pades",
        Container::None => "container-none",
    }
}

pub(super) fn certificate_role_key(role: CertificateRole) -> &'static str {
    match role {
        CertificateRole::Signer => "certificate-role-signer",
        CertificateRole::Authority => "certificate-role-authority",
        CertificateRole::Anchor => "certificate-role-anchor",
        CertificateRole::PinnedSigner => "certificate-role-pinned-signer",
    }
}

pub(super) fn certificate_source_key(source: CertificateSource) -> &'static str {
    match source {
        CertificateSource::Signature => "certificate-source-signature",
        CertificateSource::TrustDirectory => "certificate-source-trust-directory",
        CertificateSource::TrustList => "certificate-source-trust-list",
    }
}

pub(super) fn best_time_key(source: BestTimeSource) -> &'static str {
    match source {
        BestTimeSource::ArchiveTimestamp => "best-time-archive-timestamp",
        BestTimeSource::DocumentTimestamp => "best-time-document-timestamp",
        BestTimeSource::Receipt => "best-time-receipt",
        BestTimeSource::SignatureTimestamp => "best-time-signature-timestamp",
        BestTimeSource::Given => "best-time-given",
    }
}

pub(super) fn qualification_key(kind: Qualification) -> &'static str {
    match kind {
        Qualification::AdvancedWithQualifiedCertificate => {
            "qualification-advanced-with-qualified-certificate"
        }
        Qualification::AdvancedSealWithQualifiedCertificate => {
            "qualification-advanced-seal-with-qualified-certificate"
        }
        Qualification::NotQualified => "qualification-not-qualified",
        Qualification::QualifiedSeal => "qualification-qualified-seal",
        Qualification::QualifiedSignature => "qualification-qualified-signature",
        Qualification::Undetermined => "qualification-undetermined",
    }
}

pub(super) fn revocation_status_key(status: RevocationStatus) -> &'static str {
    match status {
        RevocationStatus::Good => "revocation-good",
        RevocationStatus::Revoked => "revocation-revoked",
        RevocationStatus::RevokedLater => "revocation-revoked-later",
        RevocationStatus::Unchecked => "revocation-unchecked",
    }
}

pub(super) fn revocation_kind_key(kind: RevocationKind) -> &'static str {
    match kind {
        RevocationKind::Crl => "revocation-crl",
        RevocationKind::DeltaCrl => "revocation-delta-crl",
        RevocationKind::NoCheck => "revocation-no-check",
        RevocationKind::Ocsp => "revocation-ocsp",
    }
}

pub(super) fn warning_key(code: WarningCode) -> String {
    format!("warning-{}", code.as_str())
}
