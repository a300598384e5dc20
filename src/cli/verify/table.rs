//! The report on one file as a table of words for the terminal: a name, and beside it what is to
//! be said, broken between words so that it stays beside the name.

use super::super::say;
use crate::domain::{
    BestTimeSource, CertificateReport, CertificateRole, CertificateSource, Container,
    DocumentReport, Indication, ListReport, Qualification, QualificationReport, RevocationKind,
    RevocationReport, RevocationSource, RevocationStatus, SignatureReport, SignerKind,
    SubIndication, Timestamp, TimestampReport,
};

/// The columns that a line is broken at.
const WIDTH: usize = 100;

/// The columns of the names.
const NAMES: usize = 12;

pub(super) fn print(file: &str, report: &DocumentReport) {
    let encrypted = report.encrypted && report.container != Container::Envelope;
    let came = if encrypted { ", came encrypted" } else { "" };
    let Some(indication) = report.indication else {
        say(&format!("{file}: not signed{came}"));
        return;
    };
    let outcome = with_sub_indication(indication, report.sub_indication);
    say(&format!("{file}: {outcome} ({}{came})", container(report.container)));
    list("not covered", &report.not_covered);
    for (number, signature) in (1..).zip(&report.signatures) {
        say(&format!("  signature {number} of {}", report.signatures.len()));
        print_signature(signature);
        for (counter_number, counter) in (1..).zip(&signature.counter_signatures) {
            say(&format!("  counter-signature {counter_number} of signature {number}"));
            print_signature(counter);
        }
    }
}

fn print_signature(signature: &SignatureReport) {
    line("result", &with_sub_indication(signature.indication, signature.sub_indication));
    if let Some(reason) = &signature.reason {
        line("why", reason);
    }
    line("signer", &signature.signer.name);
    let optional =
        [("organisation", &signature.signer.organisation), ("code", &signature.signer.code)];
    for (name, value) in optional {
        if let Some(value) = value {
            line(name, value);
        }
    }
    if let (Indication::TotalPassed, Some(kind)) = (signature.indication, signature.signer.kind) {
        line("proves", proof(kind));
    }
    line("algorithm", &format!("{}, {}", signature.algorithm, signature.digest_algorithm));
    line("level", signature.level.as_str());
    if let Some(QualificationReport { kind, reasons, list: source }) = &signature.qualification {
        line("by law", qualification(*kind));
        list("", reasons);
        if let Some(source) = source {
            line("", &trust_list(source));
        }
    }
    list("covers", &signature.covers);
    if let Some(claimed) = signature.signing_time {
        line("claims", &format!("to be signed at {claimed} (a claim, no proof)"));
    }
    let source = best_time_source(signature.best_time_source);
    line("judged for", &format!("{} ({source})", signature.best_time));
    print_chain("", &signature.chain);
    for stamp in &signature.timestamps {
        print_timestamp(stamp);
    }
    for attribute in &signature.attributes {
        let name = attribute.name.as_ref().unwrap_or(&attribute.id);
        line("attribute", &format!("{name} = {}", attribute.value));
    }
    for warning in &signature.warnings {
        line("warning", &warning.to_string());
    }
}

/// The certificates of a chain, each line after `margin`.
fn print_chain(margin: &str, chain: &[CertificateReport]) {
    for certificate in chain {
        let CertificateReport { subject, not_before, not_after, key, .. } = certificate;
        let name = match certificate.role {
            CertificateRole::Signer | CertificateRole::PinnedSigner => "certificate",
            CertificateRole::Authority | CertificateRole::Anchor => "issued by",
        };
        let name = if margin.is_empty() { name } else { "" };
        line(name, &format!("{margin}{subject}"));
        let trusted = match certificate.role {
            CertificateRole::Anchor | CertificateRole::PinnedSigner => "trusted, ",
            CertificateRole::Authority | CertificateRole::Signer => "",
        };
        let source = certificate_source(certificate.source);
        line("", &format!("{margin}  {trusted}{source}; {key}; {not_before} to {not_after}"));
        if let Some(revocation) = &certificate.revocation {
            line("", &format!("{margin}  {}", revocation_in_words(revocation)));
        }
        if let Some(problem) = &certificate.problem {
            line("", &format!("{margin}  PROBLEM: {problem}"));
        }
    }
}

fn print_timestamp(stamp: &TimestampReport) {
    let time = stamp.time.map_or_else(|| "no time".to_owned(), |time| time.to_string());
    let outcome = with_sub_indication(stamp.indication, stamp.sub_indication);
    let qualified = match stamp.qualified {
        Some(true) => ", qualified",
        Some(false) => ", not qualified",
        None => "",
    };
    line("time-stamp", &format!("{}: {time}, {outcome}{qualified}", stamp.kind));
    if let Some(reason) = &stamp.reason {
        line("", &format!("  {reason}"));
    }
    if let Some(authority) = stamp.authority.as_ref().filter(|_| stamp.chain.is_empty()) {
        line("", &format!("  {}", authority.name));
    }
    print_chain("  ", &stamp.chain);
    for warning in &stamp.warnings {
        line("", &format!("  warning: {warning}"));
    }
}

/// One line for each value, the name beside the first.
fn list(name: &str, values: &[String]) {
    for (value, name) in values.iter().zip([name].into_iter().chain(std::iter::repeat(""))) {
        line(name, value);
    }
}

/// A name and a value. Lines after the first stand two columns further in than its first word.
fn line(name: &str, value: &str) {
    let margin = value.len() - value.trim_start().len();
    let columns = WIDTH - 4 - NAMES - 1;
    let mut name = name;
    for part in broken(value, columns, margin + 2) {
        say(&format!("    {name:<NAMES$} {part}"));
        name = "";
    }
}

/// `text` in lines of at most `columns` characters where words allow it, those after the first
/// with `margin` spaces before them.
fn broken(text: &str, columns: usize, margin: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in text.split_inclusive(' ') {
        let word_length = word.chars().count();
        if length + word.trim_end().chars().count() > columns && !line.trim().is_empty() {
            lines.push(line.trim_end().to_owned());
            line = " ".repeat(margin);
            length = margin;
        }
        line.push_str(word);
        length += word_length;
    }
    lines.push(line.trim_end().to_owned());
    lines
}

fn proof(kind: SignerKind) -> &'static str {
    match kind {
        SignerKind::Person => {
            "this person signed this file (not that the document in it is genuine)"
        }
        SignerKind::Seal => "this organisation vouches for this file: it is an organisation's seal",
    }
}

fn revocation_in_words(report: &RevocationReport) -> String {
    let moment = |at: Option<Timestamp>| {
        at.map_or_else(|| "an unknown moment".to_owned(), |at| at.to_string())
    };
    let since = report.invalid_since.map(|at| format!(", invalid since {at}"));
    let since = since.unwrap_or_default();
    let state = match report.status {
        RevocationStatus::Good => "not revoked".to_owned(),
        RevocationStatus::Revoked => format!("REVOKED at {}{since}", moment(report.revoked_at)),
        RevocationStatus::RevokedLater => {
            format!("revoked later, at {}{since}", moment(report.revoked_at))
        }
        RevocationStatus::Unchecked => "revocation not checked".to_owned(),
    };
    let kind = report.kind.map(|kind| match kind {
        RevocationKind::Crl => "revocation list",
        RevocationKind::DeltaCrl => "revocation list with its delta",
        RevocationKind::NoCheck => "exempt by its issuer",
        RevocationKind::Ocsp => "OCSP answer",
    });
    let source = report.source.map(|source| match source {
        RevocationSource::Cache => "from the cache",
        RevocationSource::Signature => "from the signature",
    });
    let age = report.this_update.map(|at| format!("of {at}"));
    let basis: Vec<_> =
        [kind, source].into_iter().flatten().map(str::to_owned).chain(age).collect();
    let because = report.problem.as_ref().map(|problem| format!(": {problem}")).unwrap_or_default();
    if basis.is_empty() {
        format!("{state}{because}")
    } else {
        format!("{state} ({}){because}", basis.join(" "))
    }
}

fn container(container: Container) -> &'static str {
    match container {
        Container::AsicE => "ASiC-E",
        Container::AsicS => "ASiC-S",
        Container::CmsAttached => "CMS with the content inside",
        Container::CmsDetached => "CMS beside the content",
        Container::Envelope => "encrypted envelope",
        Container::Pades => "PDF with signatures inside",
        Container::None => "no container",
    }
}

fn trust_list(list: &ListReport) -> String {
    let next = list.next_update.map_or_else(|| "never".to_owned(), |next| next.to_string());
    let from = list.url.as_ref().map(|url| format!(", from {url}")).unwrap_or_default();
    format!(
        "Trust list of {}, issue {} of {}, next update {next}{from}.",
        list.territory, list.sequence, list.issued_at
    )
}

fn qualification(kind: Qualification) -> &'static str {
    match kind {
        Qualification::AdvancedWithQualifiedCertificate => {
            "advanced signature with a qualified certificate (УЕП)"
        }
        Qualification::AdvancedSealWithQualifiedCertificate => {
            "advanced seal with a qualified certificate"
        }
        Qualification::NotQualified => "not a qualified certificate",
        Qualification::QualifiedSeal => "qualified electronic seal",
        Qualification::QualifiedSignature => "qualified electronic signature (КЕП)",
        Qualification::Undetermined => "cannot be said",
    }
}

fn certificate_source(source: CertificateSource) -> &'static str {
    match source {
        CertificateSource::Signature => "from the signature",
        CertificateSource::TrustDirectory => "from the trust directory",
        CertificateSource::TrustList => "from the trust list",
    }
}

fn best_time_source(source: BestTimeSource) -> &'static str {
    match source {
        BestTimeSource::ArchiveTimestamp => "an archive time-stamp proves it",
        BestTimeSource::DocumentTimestamp => "a document time-stamp proves it",
        BestTimeSource::Given => "the moment asked for",
        BestTimeSource::Receipt => "now: nothing older is proved",
        BestTimeSource::SignatureTimestamp => "a signature time-stamp proves it",
    }
}

fn with_sub_indication(indication: Indication, sub_indication: Option<SubIndication>) -> String {
    match sub_indication {
        Some(sub) => format!("{indication}/{sub}"),
        None => indication.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::broken;

    #[test]
    fn breaks_between_words_and_keeps_every_one() {
        for (text, columns, lines) in [
            ("", 10, &[""][..]),
            ("one two", 10, &["one two"]),
            ("one two three", 8, &["one two", "  three"]),
            ("  one two three", 9, &["  one two", "  three"]),
            ("одинадцять слів", 10, &["одинадцять", "  слів"]),
            ("averylongword that", 5, &["averylongword", "  that"]),
        ] {
            assert_eq!(broken(text, columns, 2), lines, "{text}");
        }
    }
}
