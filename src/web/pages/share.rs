//! The page of one share: what is concluded and why, what to do, the copies and their
//! signatures, the facts, and the letter they came in.

use askama::Template;

use super::{
    super::{
        disclosure::{Disclosed, DisclosedDocument},
        texts::Texts,
    },
    frame::Frame,
    report::ReportView,
    words::{
        Badge, FindingView, assurance_key, has_no_proof_of_existence, registered_number,
        retention_key, sub_indication, type_source_key, verdict_key, verdict_variant, yes_or_no,
    },
};
use crate::{
    domain::{
        DocumentReport, Finding, FindingCode, Indication, Retention, ShareDetails, ShareId,
        SignerKind, SignerReport, Verdict, VerdictChange,
    },
    store::Names,
};

/// The page.
#[derive(Template)]
#[template(path = "share.html")]
pub(in crate::web) struct SharePage {
    t: Texts,
    frame: Frame,
    title: String,
    destroyed: Option<String>,
    badge: Badge,
    why: String,
    todo: Option<String>,
    assurance: Assurance,
    findings_none: Option<String>,
    findings: Vec<FindingView>,
    documents_notes: Vec<Note>,
    documents: Vec<DocumentView>,
    facts: Vec<Fact>,
    /// What programs know the share by; folded.
    technical: Vec<Fact>,
    letter: Option<Letter>,
}

/// What the page is made of, beside the share itself.
pub(in crate::web) struct Surroundings<'a> {
    /// The names of branches and services.
    pub(in crate::web) names: &'a Names,
    /// The ground that the service's documents are processed on, in words.
    pub(in crate::web) legal_basis: Option<String>,
    /// Whose signatures the service accepts, in words.
    pub(in crate::web) signers: Option<String>,
}

struct Assurance {
    word: String,
    why: String,
}

struct Note {
    tone: &'static str,
    text: String,
}

/// A name and a value.
pub(super) struct Fact {
    pub(super) name: String,
    pub(super) value: String,
    /// The class of the value in the stylesheet.
    pub(super) class: &'static str,
    /// Whether the value is English whatever the page's language.
    pub(super) english: bool,
}

impl Fact {
    pub(super) fn new(name: String, value: impl Into<String>) -> Self {
        Self { name, value: value.into(), class: "", english: false }
    }

    pub(super) fn in_digits(self) -> Self {
        Self { class: "digits", ..self }
    }

    pub(super) fn in_english(self) -> Self {
        Self { english: true, ..self }
    }
}

struct DocumentView {
    number: u32,
    heading: String,
    badge: Badge,
    excess: Option<String>,
    facts: Vec<Fact>,
    links: Vec<FileLink>,
    report: Option<ReportView>,
}

struct FileLink {
    href: String,
    label: String,
    class: &'static str,
}

struct Letter {
    facts: Vec<Fact>,
    download: Option<String>,
}

impl SharePage {
    pub(in crate::web) fn new(
        t: Texts,
        frame: Frame,
        share: &Disclosed,
        around: &Surroundings<'_>,
    ) -> Self {
        let row = &share.row;
        let verdict = verdict_key(row.verdict);
        let variant = verdict_variant(row.verdict, &row.findings);
        let assurance = assurance_key(row.assurance);
        let (assurance_word, assurance_why) = if row.assurance.is_none() && variant == "-signer" {
            (format!("{assurance}.word-signer"), format!("{assurance}.why-signer"))
        } else if is_unsigned(share) {
            (format!("{assurance}.word-unsigned"), format!("{assurance}.why-unsigned"))
        } else if variant == "-content" {
            // Whose signature it is says nothing of a document where none was signed.
            let none = assurance_key(None);
            (none.clone(), format!("{none}.why-content"))
        } else {
            (assurance.clone(), format!("{assurance}.why"))
        };
        let findings: Vec<FindingView> =
            row.findings.iter().map(|finding| finding_view(t, share, finding)).collect();
        Self {
            t,
            frame,
            title: t.say_with("share-title", [("moment", t.moment(row.received_at).into())]),
            destroyed: row
                .destroyed_at
                .map(|at| t.say_with("destroyed-text", [("moment", t.moment(at).into())])),
            badge: Badge::of_share(t, row),
            why: t.say(&format!("{verdict}.why{variant}")),
            todo: row.destroyed_at.is_none().then(|| t.say(&format!("{verdict}.todo{variant}"))),
            assurance: Assurance { word: t.say(&assurance_word), why: t.say(&assurance_why) },
            findings_none: findings.is_empty().then(|| t.say("findings-none")),
            findings,
            documents_notes: documents_notes(t, share),
            documents: share
                .documents
                .iter()
                .filter(|document| !document.hidden)
                .map(|document| DocumentView::new(t, share, document))
                .collect(),
            facts: facts(t, share, around),
            technical: technical(t, share),
            letter: share.details.as_ref().map(|details| Letter::new(t, share, details)),
        }
    }
}

fn finding_view(t: Texts, share: &Disclosed, finding: &Finding) -> FindingView {
    let about = finding.document.map(|number| {
        let name = share
            .documents
            .iter()
            .find(|document| document.row.number == number)
            .map_or_else(|| t.say("type-unknown"), |document| t.type_name(document.type_code()));
        t.say_with("finding-about", [("number", number.into()), ("name", name.into())])
    });
    let named =
        (finding.code == FindingCode::OtherIssuer).then(|| sealed_by(t, share, finding)).flatten();
    let finding = &Finding { detail: named.or_else(|| finding.detail.clone()), ..finding.clone() };
    let first = finding.detail.as_deref().and_then(|text| text.parse::<ShareId>().ok());
    let mut view = FindingView::new(t, finding, about);
    view.first_receipt =
        first.filter(|_| finding.code == FindingCode::Duplicate).map(|id| format!("/shares/{id}"));
    if let Some(stamp) = refused_stamp(t, share, finding) {
        view.text = format!("{} {stamp}", view.text);
    }
    view
}

/// Why a time-stamp does not save the signature that the finding is about.
fn refused_stamp(t: Texts, share: &Disclosed, finding: &Finding) -> Option<String> {
    if finding.code != FindingCode::SignatureUndetermined {
        return None;
    }
    let report = report_on(share, finding)?;
    let signature = report.signatures.iter().find(|signature| {
        let sub = signature.sub_indication;
        sub.is_some_and(|sub| {
            has_no_proof_of_existence(sub) && Some(sub.as_str()) == finding.detail.as_deref()
        })
    })?;
    let mut stamps = signature.timestamps.iter();
    let stamp = stamps.find(|stamp| stamp.indication != Indication::TotalPassed)?;
    let (sub, authority) = (stamp.sub_indication?, stamp.authority.as_ref()?);
    let time = stamp.time.map_or_else(|| t.say("not-stated"), |time| t.moment(time));
    Some(t.say_with(
        "finding-timestamp-refused",
        [
            ("past", yes_or_no(has_no_proof_of_existence(sub)).into()),
            ("time", time.into()),
            ("authority", authority.name.as_str().into()),
            ("reason", sub_indication(t, sub).into()),
        ],
    ))
}

/// The report on the copy that the finding is about, as far as the reader may see it.
fn report_on<'a>(share: &'a Disclosed, finding: &Finding) -> Option<&'a DocumentReport> {
    let document = share.documents.iter().find(|one| Some(one.row.number) == finding.document)?;
    Some(&document.details.as_ref().filter(|_| !document.hidden)?.report)
}

/// The organisation that the finding is about, as far as the reader may know: its number stands in it,
/// where it has one.
fn sealed_by(t: Texts, share: &Disclosed, finding: &Finding) -> Option<String> {
    let report = report_on(share, finding)?;
    let mut seals = report.signatures.iter().filter(|signature| {
        signature.indication == Indication::TotalPassed
            && signature.signer.kind == Some(SignerKind::Seal)
            && id_of(&signature.signer).as_deref() == finding.detail.as_deref()
    });
    let SignerReport { name, organisation_id, .. } = &seals.next()?.signer;
    let id = organisation_id.as_ref().map(|id| format!(", {}", registered_number(t, id.as_str())));
    Some(format!("{name}{}", id.unwrap_or_default()))
}

fn id_of(signer: &SignerReport) -> Option<String> {
    let id = signer.organisation_id.as_ref().filter(|id| id.is_legal_entity());
    id.map(ToString::to_string)
}

fn documents_notes(t: Texts, share: &Disclosed) -> Vec<Note> {
    let mut notes = Vec::new();
    if share.details_closed {
        notes.push(Note { tone: "mute", text: t.say("details-closed") });
    }
    let hidden: Vec<_> = share.documents.iter().filter(|document| document.hidden).collect();
    if !hidden.is_empty() {
        let names = t.type_names(hidden.iter().map(|document| document.type_code()));
        let count = hidden.len();
        let text =
            t.say_with("excess-hidden", [("count", count.into()), ("documents", names.into())]);
        notes.push(Note { tone: "part", text });
    }
    if share.documents.is_empty() {
        notes.push(Note { tone: "mute", text: t.say("documents-none") });
    }
    notes
}

fn facts(t: Texts, share: &Disclosed, around: &Surroundings<'_>) -> Vec<Fact> {
    let row = &share.row;
    let branch = around.names.branch(&row.branch).unwrap_or(row.branch.as_str());
    let service = row.service.as_ref().map_or_else(
        || t.say("service-unknown"),
        |id| around.names.service(&row.branch, id).unwrap_or(id.as_str()).to_owned(),
    );
    let mut facts =
        vec![Fact::new(t.say("fact-branch"), branch), Fact::new(t.say("fact-service"), service)];
    facts.extend(
        around.legal_basis.iter().map(|basis| Fact::new(t.say("fact-legal-basis"), basis.as_str())),
    );
    facts.extend(
        around.signers.iter().map(|signers| Fact::new(t.say("fact-signers"), signers.as_str())),
    );
    facts.push(Fact::new(t.say("fact-received"), t.moment(row.received_at)));
    facts.push(Fact::new(t.say("fact-judged"), t.moment(row.judged_at)));
    if let Some(VerdictChange { before, at }) = row.verdict_change {
        let verdict = t.say(&verdict_key(before));
        let words = [("verdict", verdict.into()), ("at", t.moment(at).into())];
        let text = t.say_with("fact-verdict-change-text", words);
        facts.push(Fact::new(t.say("fact-verdict-change"), text));
    }
    facts.push(Fact::new(t.say("fact-retention"), retention_text(t, row.retention)));
    if let Some(at) = row.destroyed_at {
        facts.push(Fact::new(t.say("fact-destroyed"), t.moment(at)));
    }
    facts.push(Fact::new(t.say("fact-mail-size"), t.size(row.mail_bytes)));
    facts
}

fn technical(t: Texts, share: &Disclosed) -> Vec<Fact> {
    let id = Fact::new(t.say("fact-share-id"), share.row.id.to_string()).in_digits();
    let message_id = share.details.as_ref().map(|details| {
        let given = details.message_id.clone().unwrap_or_else(|| t.say("not-stated"));
        Fact::new(t.say("fact-message-id"), given)
    });
    std::iter::once(id).chain(message_id).collect()
}

/// Whether no copy of the share has a signature.
fn is_unsigned(share: &Disclosed) -> bool {
    share.row.verdict == Verdict::Unsigned
        && share.documents.iter().all(|document| document.row.indication.is_none())
}

fn retention_text(t: Texts, retention: Retention) -> String {
    let day = t.day(retention.destroy_at.day_in_kyiv());
    let reason = t.say(&retention_key(retention.reason));
    t.say_with("fact-retention-text", [("day", day.into()), ("reason", reason.into())])
}

impl Letter {
    fn new(t: Texts, share: &Disclosed, details: &ShareDetails) -> Self {
        let sender =
            details.sender.as_ref().map_or_else(|| t.say("fact-sender-none"), ToString::to_string);
        let recipients: Vec<String> = details.recipients.iter().map(ToString::to_string).collect();
        let absent = || t.say("not-stated");
        let facts = vec![
            Fact::new(t.say("fact-sender"), sender),
            Fact::new(t.say("fact-recipients"), recipients.join(", ")),
            Fact::new(t.say("fact-subject"), details.subject.clone().unwrap_or_else(absent)),
        ];
        let download = share.mail_open.then(|| format!("/shares/{}/mail", share.row.id));
        Self { facts, download }
    }
}

impl DocumentView {
    fn new(t: Texts, share: &Disclosed, document: &DisclosedDocument) -> Self {
        let row = &document.row;
        let kind = t.type_name(document.type_code());
        let source = row.type_source.map(|source| t.say(&type_source_key(source)));
        let source = source.map(|source| Fact::new(t.say("document-type-source"), source));
        let mut facts: Vec<Fact> = source.into_iter().collect();
        let mut links = Vec::new();
        if let Some(details) = &document.details {
            let href = format!("/shares/{}/documents/{}", share.row.id, row.number);
            facts.push(Fact::new(t.say("document-file"), details.name.as_str()));
            let label = t.say_with("document-download", [("name", details.name.as_str().into())]);
            links.push(FileLink { href: href.clone(), label, class: "" });
            for (index, name) in (1_u32..).zip(details.signature_files()) {
                let label = t.say_with("signature-download", [("name", name.as_str().into())]);
                let href = format!("{href}/signatures/{index}");
                links.push(FileLink { href, label, class: "plain" });
            }
        }
        facts.push(Fact::new(t.say("document-size"), t.size(document.size())));
        if document.added() > 0 {
            let size = t.size(document.added());
            let text = t.say_with("document-added-text", [("size", size.into())]);
            facts.push(Fact::new(t.say("document-added"), text));
        }
        if let Some(details) = &document.details {
            facts.push(Fact::new(t.say("document-sha256"), details.sha256.as_str()).in_digits());
        }
        let is_otherwise = Finding::tell_otherwise(&share.row.findings);
        if document.destroyed && share.row.destroyed_at.is_none() {
            facts.push(Fact::new(t.say("document-retention"), t.say("document-destroyed")));
        }
        Self {
            number: row.number,
            heading: t.say_with(
                "document-heading",
                [("number", row.number.into()), ("type", kind.into())],
            ),
            badge: Badge::of_document(t, row, &share.row.findings),
            excess: row.excess.then(|| t.say("document-excess")),
            facts,
            links,
            report: document
                .details
                .as_ref()
                .filter(|details| !details.report.signatures.is_empty())
                .map(|details| ReportView::new(t, row.number, &details.report, is_otherwise)),
        }
    }
}
