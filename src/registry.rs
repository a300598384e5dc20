//! The registry: the organisation, its branches, and the services that ask for documents.
//!
//! Plain values, read from and written to `registry.toml`, and what follows from them alone:
//! which branch an address belongs to, how a QR code's term stands, what the partner rules of
//! Diia.QR would object to, and how two registries differ.
//!
//! Judging a share against a service is the business of [`crate::matching`].

mod advice;
mod changes;
mod entry;
mod file;
mod qr_term;
mod signers;
#[cfg(test)]
mod tests;

pub use file::RegistryError;
pub(crate) use qr_term::QrTerm;
pub(crate) use signers::AcceptedSigners;
pub use signers::{Issuers, PinnedSigner, PinnedSignerError, SignerPolicy};

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use crate::domain::{BranchId, Date, DocumentForm, MailAddress, ServiceId, TypeCode, named};

/// The whole registry. [`Registry::parse`] and [`Registry::to_toml`] are in the form of
/// `registry.toml`, which is the form in the database too: what a key is called, what it may hold
/// and what its absence means is said once, at the field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// The organisation's name.
    #[serde(deserialize_with = "file::organisation")]
    pub organisation: String,
    /// Its branches, in the order of the file; no two share an id or an address.
    #[serde(default, rename = "branch")]
    pub branches: Vec<Branch>,
}

/// A place that visitors hand copies to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// Its stable name.
    pub id: BranchId,
    /// Its name for people; Diia takes at most 32 characters.
    #[serde(deserialize_with = "entry::name")]
    pub name: String,
    /// Its mailboxes, at least one.
    pub addresses: Vec<MailAddress>,
    /// What it asks for documents for; ids are unique within the branch.
    #[serde(default, rename = "service")]
    pub services: Vec<Service>,
}

/// A purpose that documents are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its stable name.
    pub id: ServiceId,
    /// The purpose of processing, as the visitor reads it in the app.
    #[serde(deserialize_with = "entry::name")]
    pub name: String,
    /// The ground of the law on personal data.
    pub legal_basis: LegalBasis,
    /// Which law, contract or consent that is.
    #[serde(default, deserialize_with = "entry::legal_note")]
    pub legal_note: Option<String>,
    /// What is asked for: at least one document, and no type twice.
    pub documents: Vec<Requirement>,
    /// How long a verified share is kept, in days of 24 hours from its receipt: 1 to 3650.
    #[serde(deserialize_with = "entry::retention_days")]
    pub retention_days: u32,
    /// The day that its QR code was made.
    #[serde(default, deserialize_with = "entry::qr_issued_on")]
    pub qr_issued_on: Option<Date>,
    /// Whose signatures are accepted. `None`: anybody's under the trust directory; where a trust list
    /// is in use, seals of issuers and signatures of persons.
    pub signers: Option<SignerPolicy>,
    /// From what age a copy is called stale, in hours: 1 to 8760. Default 72.
    #[serde(default = "default_copy_age_hours", deserialize_with = "entry::max_copy_age_hours")]
    pub max_copy_age_hours: u32,
    /// The pictures that count as documents beside PDF files. Default none.
    #[serde(default, skip_serializing_if = "AcceptedImages::is_none")]
    pub accept_images: AcceptedImages,
    /// Whether a stale copy keeps a share from being verified. Default false.
    #[serde(default)]
    pub require_fresh: bool,
    /// Whether it is offered now. A share for a service that is not can still name it by its
    /// sub-address. Default true.
    #[serde(default = "default_active")]
    pub active: bool,
}

/// One thing that a service asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The types that would do, at least one.
    pub any_of: Vec<TypeCode>,
    /// Whether a share is complete without it.
    pub optional: bool,
}

/// The pictures that a service takes for documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AcceptedImages {
    /// Those in JPEG.
    pub jpeg: bool,
    /// Those in PNG.
    pub png: bool,
}

named! {
    /// The ground for processing: the six of article 11 of the law on personal data (2297-VI).
    pub enum LegalBasis {
        /// The person's consent.
        Consent = "consent",
        /// A permission that the law gives for the organisation's powers.
        Law = "law",
        /// A contract with the person, or steps towards one.
        Contract = "contract",
        /// The person's vital interests.
        Vital = "vital",
        /// A duty that the law puts on the organisation.
        Duty = "duty",
        /// A legitimate interest that the person's rights do not outweigh.
        Interest = "interest",
    }
}

/// Where a mail to a known address belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipient<'a> {
    /// The branch.
    pub branch: &'a Branch,
    /// The service that the sub-address names.
    pub service: Option<&'a Service>,
    /// Whether the address stands in the registry as it is, without a sub-address cut off.
    pub exact: bool,
}

impl AcceptedImages {
    /// Whether a document of this form counts. PDF files do everywhere.
    pub(crate) fn accept(self, form: DocumentForm) -> bool {
        match form {
            DocumentForm::Pdf => true,
            DocumentForm::Jpeg => self.jpeg,
            DocumentForm::Png => self.png,
        }
    }

    /// Whether PDF files alone count.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The names of those accepted, as `registry.toml` has them.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        let accepted = DocumentForm::ALL.into_iter().filter(move |form| self.accept(*form));
        accepted.filter(|form| form.is_image()).map(DocumentForm::as_str)
    }
}

impl Registry {
    /// A registry that has this branch and nothing else.
    pub(crate) fn alone(branch: Branch) -> Self {
        Self { organisation: branch.name.clone(), branches: vec![branch] }
    }

    /// The branch that mail to `recipient` belongs to; `None` when the address is not ours.
    ///
    /// A sub-address that names no service of the branch (`school5+fund@…`) still reaches the
    /// branch: the visitor has sent it, and must not have to send it again.
    #[must_use]
    pub fn find(&self, recipient: &MailAddress) -> Option<Recipient<'_>> {
        if let Some(branch) = self.branch_at(recipient) {
            return Some(Recipient { branch, service: None, exact: true });
        }
        let (mailbox, detail) = recipient.split_sub_address();
        let detail = detail?.to_lowercase();
        let branch = self.branch_at(&mailbox)?;
        let service = branch.services.iter().find(|service| service.id.as_str() == detail);
        Some(Recipient { branch, service, exact: false })
    }

    /// The branch of that id.
    #[must_use]
    pub fn branch(&self, id: &BranchId) -> Option<&Branch> {
        self.branches.iter().find(|branch| branch.id == *id)
    }

    fn branch_at(&self, address: &MailAddress) -> Option<&Branch> {
        self.branches
            .iter()
            .find(|branch| branch.addresses.iter().any(|known| is_same(known, address)))
    }
}

impl Branch {
    /// What a share tells of the branch it came to: its service, where it had one, asks for `types`
    /// and takes every signer, every picture and every age. It asks for less than the real one did,
    /// so that it can only tell whether a proof still stands.
    pub(crate) fn remembered(
        id: BranchId,
        service: Option<ServiceId>,
        types: &BTreeSet<TypeCode>,
    ) -> Self {
        let documents = types
            .iter()
            .map(|code| Requirement { any_of: vec![code.clone()], optional: false })
            .collect();
        let service = service.map(|id| Service {
            name: id.to_string(),
            id,
            legal_basis: LegalBasis::Law,
            legal_note: None,
            documents,
            retention_days: 1,
            qr_issued_on: None,
            signers: Some(SignerPolicy::Anchors),
            max_copy_age_hours: DEFAULT_COPY_AGE_HOURS,
            accept_images: AcceptedImages { jpeg: true, png: true },
            require_fresh: false,
            active: true,
        });
        let services = service.into_iter().collect();
        Self { name: id.to_string(), id, addresses: Vec::new(), services }
    }

    /// The service of that id.
    pub(crate) fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.services.iter().find(|service| service.id == *id)
    }

    /// How old a copy may be that is taken for fresh, in hours: by the service, or where that is
    /// not known by the branch's most patient one.
    pub(crate) fn max_copy_age_hours(&self, service: Option<&ServiceId>) -> u32 {
        let services = service
            .and_then(|id| self.service(id))
            .map_or_else(|| self.services.as_slice(), std::slice::from_ref);
        let hours = services.iter().map(|service| service.max_copy_age_hours);
        hours.max().unwrap_or(DEFAULT_COPY_AGE_HOURS)
    }

    /// The services that are offered now.
    pub(crate) fn active_services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().filter(|service| service.active)
    }
}

impl Service {
    /// How the term of its QR code stands on the day `today`.
    pub(crate) fn qr_term(&self, today: Date) -> QrTerm {
        self.qr_issued_on.map_or(QrTerm::NotSet, |issued_on| QrTerm::of(issued_on, today))
    }

    /// Whose signatures it accepts. A service that says nothing accepts anybody under the trust
    /// directory, which somebody filled by hand; where a trust list is in use, and with it every
    /// authority of the country, only those whose certificate says whether it is for a seal or
    /// for a person.
    pub(crate) fn accepted_signers(&self, has_trust_list: bool) -> AcceptedSigners<'_> {
        let default =
            if has_trust_list { &SignerPolicy::SealOrPerson } else { &SignerPolicy::Anchors };
        AcceptedSigners {
            policy: self.signers.as_ref().unwrap_or(default),
            by_default: self.signers.is_none(),
        }
    }

    /// The requirement that a document of type `code` belongs to.
    pub(crate) fn requirement(&self, code: &TypeCode) -> Option<&Requirement> {
        self.documents.iter().find(|requirement| requirement.accepts(code))
    }
}

impl Requirement {
    /// Whether a document of type `code` would do.
    pub(crate) fn accepts(&self, code: &TypeCode) -> bool {
        self.any_of.contains(code)
    }
}

/// The types that would do, with `|` between them.
impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<_> = self.any_of.iter().map(TypeCode::as_str).collect();
        f.write_str(&codes.join("|"))
    }
}

const DEFAULT_COPY_AGE_HOURS: u32 = 72;

fn default_copy_age_hours() -> u32 {
    DEFAULT_COPY_AGE_HOURS
}

fn default_active() -> bool {
    true
}

/// Equality of addresses as [`MailAddress`] has it, without making new texts for the many that
/// differ: every recipient of every mail is compared with every address.
fn is_same(known: &MailAddress, asked: &MailAddress) -> bool {
    let (known_local, asked_local) = (known.local(), asked.local());
    known.domain() == asked.domain()
        && (known_local.eq_ignore_ascii_case(asked_local)
            || (!known_local.is_ascii() && known == asked))
}
