//! Whose certificate it is: an organisation's or a person's, and of which organisation.

use super::{super::name, Certificate, Facts};
use crate::domain::{OrganisationId, SignerKind};

/// The purpose of national seal certificates.
const PURPOSE_SEAL: &str = "1.2.804.2.1.1.1.3.9";
/// `QcType` of ETSI EN 319 412-5 §4.2.3.
pub(super) const TYPE_SIGNATURE: &str = "0.4.0.1862.1.6.1";
/// `QcType` of ETSI EN 319 412-5 §4.2.3.
pub(super) const TYPE_SEAL: &str = "0.4.0.1862.1.6.2";

impl Certificate {
    /// What a signature by this certificate's key proves: an organisation's seal, or a person's
    /// hand.
    ///
    /// A seal is what says so (the national purpose, or the `QcType` of ETSI EN 319 412-5) and
    /// does not say that it is a person's signature too; or else what names an organisation and no
    /// person. A pseudonym is a person's (ETSI EN 319 412-2 §4.2.4). `None`: what it says of that cannot be
    /// read.
    #[must_use]
    pub fn signer_kind(&self) -> Option<SignerKind> {
        let Facts { extensions, subject, .. } = &*self.0;
        if extensions.has_unread_types {
            return None;
        }
        let is_for_person = self.has_type(TYPE_SIGNATURE);
        if self.says_seal() && !is_for_person {
            return Some(SignerKind::Seal);
        }
        let of_person = [name::GIVEN_NAME, name::INITIALS, name::PSEUDONYM, name::SURNAME];
        let names_person = of_person.iter().any(|oid| subject.has(oid));
        if is_for_person || names_person || !subject.has(name::ORGANISATION) {
            Some(SignerKind::Person)
        } else {
            self.organisation().map(|_| SignerKind::Seal)
        }
    }

    /// Whether it says itself that it is for seals: by the national purpose, or by its `QcType`.
    pub(in crate::trust) fn says_seal(&self) -> bool {
        let purposes = self.0.extensions.purposes.as_deref().unwrap_or_default();
        self.has_type(TYPE_SEAL) || purposes.iter().any(|purpose| purpose == PURPOSE_SEAL)
    }

    fn has_type(&self, oid: &str) -> bool {
        self.0.extensions.qualified.types.iter().any(|kind| kind == oid)
    }

    /// The organisation's identifier: `organizationIdentifier`, or the ЄДРПОУ code among the
    /// directory attributes. `None` when there is none, there are different ones, or one that cannot be read.
    #[must_use]
    pub fn organisation_id(&self) -> Option<OrganisationId> {
        let Facts { extensions, subject, .. } = &*self.0;
        let named = subject.attributes(name::ORGANISATION_IDENTIFIER);
        let codes = extensions.national_codes.iter().map(|code| Some(code.as_str()));
        let mut all = named.chain(codes);
        let first: OrganisationId = all.next()??.parse().ok()?;
        let is_first =
            |other: Option<&str>| other.is_some_and(|other| other.parse().as_ref() == Ok(&first));
        (all.all(is_first) && !extensions.has_unread_codes).then_some(first)
    }
}
