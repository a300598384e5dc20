//! `ASiC` containers: documents and their signatures in one ZIP archive (ETSI EN 319 162-1).
//!
//! Read are `ASiC-S` with a `CAdES` signature (§4.3.3.2) and `ASiC-E` with `CAdES` signatures over
//! manifests (§4.4.4). `XAdES` signatures and time-stamps without a signature are recognised and
//! named. Which of the two a container is follows from what lies in it: the media type is written
//! where no signature covers it.
//!
//! Opening judges no signature: it says what each is over, and what already speaks against it. A
//! document that no signature covers speaks against all of them, for nobody who is shown a whole
//! container can tell which part of it was verified. Nor can anybody tell whose which document is
//! when each is signed by another, so every signature has to cover all of them.

use std::cmp::Reverse;

use bytes::Bytes;

use super::{
    Budget, Resource,
    container::{Embedded, Enclosed, Inner, Stamp, Unpacked},
    problem::{Problems, sentence},
};
use crate::{
    algorithms::{Failure, Used},
    domain::{BestTimeSource, Container, Indication, SubIndication, Warning, WarningCode},
};

mod manifest;
#[cfg(test)]
pub(crate) mod sample;
mod zip;

pub use zip::{Archive, ArchiveError, ArchiveLimits, Entry};

use manifest::Manifest;

const MEDIA_TYPE: &str = "mimetype";
const META: &str = "META-INF/";
const SIMPLE_SIGNATURE: &str = "META-INF/signature.p7s";
const MEDIA_TYPE_SIMPLE: &[u8] = b"application/vnd.etsi.asic-s+zip";
const MEDIA_TYPE_EXTENDED: &[u8] = b"application/vnd.etsi.asic-e+zip";

/// Opens a container.
pub(super) fn open(file: &Bytes, budget: &Budget) -> Unpacked {
    match Archive::read_within(file, &ArchiveLimits::default(), budget) {
        Ok(archive) => Parts::sort(&archive, budget).unpack(file),
        Err(error) => {
            let mut known = Problems::default();
            let is_unsupported = matches!(error, ArchiveError::Unsupported { .. });
            let indication =
                if is_unsupported { Indication::Indeterminate } else { Indication::TotalFailed };
            known.push(indication, SubIndication::FormatFailure, error.to_string());
            Unpacked {
                container: Container::AsicE,
                document: file.clone(),
                signatures: vec![Enclosed { known, ..Enclosed::default() }],
                has_more: false,
                not_covered: Vec::new(),
                embedded: Embedded::default(),
            }
        }
    }
}

/// The files of a container by what they are for.
struct Parts<'a> {
    documents: Vec<&'a Entry>,
    /// `CAdES` signatures.
    signatures: Vec<&'a Entry>,
    /// Manifests with their names, or why they cannot be read.
    manifests: Vec<(&'a Entry, Result<Manifest, String>)>,
    /// Time-stamp tokens (RFC 3161).
    time_stamps: Vec<&'a Entry>,
    /// Signatures that are not supported.
    xml_signatures: Vec<&'a Entry>,
    /// Other files under `META-INF`.
    others: Vec<&'a Entry>,
    archive: &'a Archive,
    budget: &'a Budget,
}

impl<'a> Parts<'a> {
    fn sort(archive: &'a Archive, budget: &'a Budget) -> Self {
        let mut parts = Self {
            documents: Vec::new(),
            signatures: Vec::new(),
            manifests: Vec::new(),
            time_stamps: Vec::new(),
            xml_signatures: Vec::new(),
            others: Vec::new(),
            archive,
            budget,
        };
        for entry in archive.entries() {
            let is_folder = entry.name.ends_with('/') && entry.content.is_empty();
            let is_media_type = entry.name == MEDIA_TYPE
                && [MEDIA_TYPE_SIMPLE, MEDIA_TYPE_EXTENDED].contains(&entry.content.as_ref());
            if is_folder || is_media_type {
                continue;
            }
            if entry.name == MEDIA_TYPE {
                parts.others.push(entry);
                continue;
            }
            // Programs that ignore case would take another spelling for the same folder.
            let Some(name) = strip_prefix_any_case(&entry.name, META) else {
                parts.documents.push(entry);
                continue;
            };
            let name = name.to_ascii_lowercase();
            let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
            match ending {
                "p7s" => parts.signatures.push(entry),
                "tst" => parts.time_stamps.push(entry),
                "xml" if name.starts_with("asic") => {
                    let read =
                        Manifest::parse(&entry.content, budget).map_err(|error| error.to_string());
                    parts.manifests.push((entry, read));
                }
                "xml" if name.contains("signature") => parts.xml_signatures.push(entry),
                "xml" | "crl" | "crt" | "cer" | "der" | "ers" | "ocsp" | "rdf" => {
                    parts.others.push(entry);
                }
                // Who opens the whole container is shown it among the documents.
                _ => parts.documents.push(entry),
            }
        }
        parts
    }

    fn unpack(self, file: &Bytes) -> Unpacked {
        let mut signatures: Vec<Enclosed> =
            self.signatures.iter().map(|entry| self.enclosed(entry)).collect();
        for entry in &self.xml_signatures {
            let mut unread = Enclosed::default();
            unread.known.doubt(
                SubIndication::FormatFailure,
                format!("{} is an XAdES signature, which is not supported", entry.name),
            );
            signatures.push(unread);
        }
        if signatures.is_empty() {
            let mut unread = Enclosed::default();
            let what = if self.time_stamps.is_empty() {
                "the container has no signature"
            } else {
                "the container has a time-stamp and no signature"
            };
            unread.known.doubt(SubIndication::FormatFailure, what);
            signatures.push(unread);
        }
        let uncovered: Vec<&str> = self
            .documents
            .iter()
            .map(|entry| entry.name.as_str())
            .filter(|name| !signatures.iter().any(|one| one.covers.iter().any(|own| own == name)))
            .collect();
        let warnings = self.warnings();
        for signature in &mut signatures {
            if let [first, rest @ ..] = uncovered.as_slice() {
                let more = match rest.len() {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                signature.known.doubt(
                    SubIndication::SignedDataNotFound,
                    format!("no signature in the container covers {first}{more}"),
                );
            } else if let Some(other) = self.left_out(signature) {
                // Who is shown the container takes all of it for what each signer signed.
                signature.known.doubt(
                    SubIndication::SignedDataNotFound,
                    format!("the signature does not cover {other}, which is in the container too"),
                );
            }
            signature.warnings.extend(warnings.iter().cloned());
        }
        let container = if self.manifests.is_empty() && self.documents.len() == 1 {
            Container::AsicS
        } else {
            Container::AsicE
        };
        let extras = self.others.iter().map(|entry| entry.name.as_str());
        let not_covered = uncovered.iter().copied().chain(extras).map(str::to_owned).collect();
        Unpacked {
            container,
            document: match self.documents.as_slice() {
                [only] => only.content.clone(),
                _ => file.clone(),
            },
            signatures,
            has_more: false,
            not_covered,
            embedded: Embedded::default(),
        }
    }

    /// The first document that a signature is not over; `None` when it is over nothing at all, which
    /// is told otherwise.
    fn left_out(&self, signature: &Enclosed) -> Option<&'a str> {
        let covers = |name: &str| signature.covers.iter().any(|own| own == name);
        let mut names = self.documents.iter().map(|entry| entry.name.as_str());
        names.find(|name| !signature.covers.is_empty() && !covers(name))
    }

    /// What the signature file `entry` is over.
    fn enclosed(&self, entry: &Entry) -> Enclosed {
        let mut enclosed = Enclosed { file: Some(entry.content.clone()), ..Enclosed::default() };
        let naming: Vec<_> = self
            .manifests
            .iter()
            .filter_map(|(file, read)| Some((*file, read.as_ref().ok()?)))
            .filter(|(_, manifest)| manifest.signature == entry.name)
            .collect();
        match (naming.as_slice(), self.documents.as_slice()) {
            ([(file, manifest)], _) => {
                enclosed.over = vec![file.content.clone()];
                self.check_references(manifest, &mut enclosed);
                enclosed.stamps = self.stamps_over(entry);
            }
            // ETSI EN 319 162-1 §4.3.3.2: without a manifest it is over the only document.
            ([], [only]) if entry.name == SIMPLE_SIGNATURE && self.manifests.is_empty() => {
                enclosed.over = vec![only.content.clone()];
                enclosed.covers.push(only.name.clone());
            }
            ([], _) => {
                let broken = self.manifests.iter().find_map(|(file, read)| {
                    Some(format!("; {} cannot be read: {}", file.name, read.as_ref().err()?))
                });
                enclosed.known.doubt(
                    SubIndication::SignedDataNotFound,
                    format!(
                        "no manifest in the container says what {} is over{}",
                        entry.name,
                        broken.unwrap_or_default()
                    ),
                );
            }
            ([_, ..], _) => enclosed.known.fail(
                SubIndication::FormatFailure,
                format!("several manifests in the container claim {}", entry.name),
            ),
        }
        enclosed
    }

    fn check_references(&self, manifest: &Manifest, enclosed: &mut Enclosed) {
        for reference in &manifest.references {
            let name = &reference.name;
            let Some(entry) = self.archive.entry(name) else {
                enclosed.known.doubt(
                    SubIndication::SignedDataNotFound,
                    format!("the manifest names {name}, which is not in the container"),
                );
                continue;
            };
            if let Err(spent) = reference.spend(&entry.content, self.budget) {
                return enclosed.known.spent(spent);
            }
            match reference.fits(&entry.content) {
                Ok(Some(used)) => {
                    enclosed.covers.push(name.clone());
                    let is_document = self.documents.iter().any(|own| own.name == *name);
                    enclosed.documents.extend(is_document.then(|| entry.content.clone()));
                    if !enclosed.binding.contains(&used) {
                        enclosed.binding.push(used);
                    }
                }
                Ok(None) => enclosed.known.fail(
                    SubIndication::HashFailure,
                    format!("{name} in the container is not the file that the manifest names"),
                ),
                Err(failure @ Failure::Unsupported { .. }) => {
                    let what = format!("the manifest names {name} by a digest; ");
                    enclosed.known.uncomputed(&failure, &what);
                }
                Err(failure) => {
                    enclosed.known.fail(SubIndication::HashFailure, failure.to_string());
                }
            }
        }
    }

    /// The time-stamps over manifests that name `signature` (ETSI EN 319 162-1 annex A.7).
    fn stamps_over(&self, signature: &Entry) -> Vec<Stamp> {
        let mut found: Vec<(&Manifest, [&Entry; 2], Stamp)> = Vec::new();
        for (file, read) in &self.manifests {
            let Ok(manifest) = read else { continue };
            let token = self.time_stamps.iter().find(|stamp| stamp.name == manifest.signature);
            let reference =
                manifest.references.iter().find(|reference| reference.name == signature.name);
            let (Some(token), Some(reference)) = (token, reference) else { continue };
            let mut known = Problems::default();
            if reference.spend(&signature.content, self.budget).is_err() {
                break;
            }
            let mut binding = None;
            match reference.fits(&signature.content) {
                Ok(Some(used)) => binding = Some(used),
                Ok(None) => known.fail(
                    SubIndication::HashFailure,
                    format!("the time-stamp {} is over another signature", token.name),
                ),
                Err(failure) => known.uncomputed(&failure, ""),
            }
            let stamp = Stamp {
                name: "ASiC archive time-stamp".to_owned(),
                token: Some(token.content.clone()),
                over: vec![file.content.clone()],
                known,
                binding,
                source: BestTimeSource::ArchiveTimestamp,
                around: Vec::new(),
            };
            found.push((manifest, [file, token], stamp));
        }
        // Each is over everything that was there before it, so the newest names most. That is the
        // order in which they are looked at: what one is over, its manifest says.
        found.sort_by_key(|(manifest, ..)| Reverse(manifest.references.len()));
        let around = |(place, (manifest, ..)): (usize, &(&Manifest, _, _))| -> Vec<Inner> {
            let after = found.iter().enumerate().skip(place.saturating_add(1));
            let inside = |(place, (_, files, _)): (usize, &(_, [&Entry; 2], _))| {
                Some(Inner { place, binding: self.binding(manifest, *files)? })
            };
            after.filter_map(inside).collect()
        };
        let around: Vec<Vec<Inner>> = found.iter().enumerate().map(around).collect();
        let stamps = found.into_iter().zip(around);
        stamps.map(|((.., stamp), around)| Stamp { around, ..stamp }).collect()
    }

    /// The digests by which `manifest` names a time-stamp and the manifest that this is over;
    /// `None` when it does not name both as they are.
    fn binding(&self, manifest: &Manifest, files: [&Entry; 2]) -> Option<Vec<Used>> {
        let named = |file: &Entry| {
            self.budget.spend(Resource::Elements, manifest.references.len()).ok()?;
            let reference = manifest.references.iter().find(|one| one.name == file.name)?;
            reference.spend(&file.content, self.budget).ok()?;
            reference.fits(&file.content).ok().flatten()
        };
        files.into_iter().map(named).collect()
    }

    /// What is unusual about the media type (ETSI EN 319 162-1 annex A.1). It decides nothing.
    fn warnings(&self) -> Vec<Warning> {
        let position = self.archive.entries().iter().position(|entry| entry.name == MEDIA_TYPE);
        let entry = self.archive.entry(MEDIA_TYPE);
        let due = if self.manifests.is_empty() { MEDIA_TYPE_SIMPLE } else { MEDIA_TYPE_EXTENDED };
        let text = match (position, entry) {
            (None, _) | (_, None) => "the container has no mimetype file",
            (_, Some(entry)) if entry.content != due => {
                "the mimetype file of the container does not say what the container is"
            }
            (Some(0), Some(entry)) if entry.is_plain => return Vec::new(),
            (Some(0), _) => "the mimetype file of the container is compressed or has extra fields",
            (Some(_), _) => "the mimetype file is not the first in the container",
        };
        vec![Warning::new(WarningCode::ContainerUnusual, sentence(text))]
    }
}

fn strip_prefix_any_case<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = name.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests;
