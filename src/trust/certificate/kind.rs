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
    /// person. A pseudonym is a person's (ETSI EN 319 412-2 §4.2.4).
    #[must_use]
    pub fn signer_kind(&self) -> SignerKind {
        let Facts { subject, .. } = &*self.0;
        let is_for_person = self.has_type(TYPE_SIGNATURE);
        if self.says_seal() && !is_for_person {
            return SignerKind::Seal;
        }
        let of_person = [name::GIVEN_NAME, name::INITIALS, name::PSEUDONYM, name::SURNAME];
        let names_person = of_person.iter().any(|oid| subject.has(oid));
        if is_for_person || names_person || self.organisation().is_none() {
            SignerKind::Person
        } else {
            SignerKind::Seal
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
    /// directory attributes. `None` when there is none, or there are different ones.
    #[must_use]
    pub fn organisation_id(&self) -> Option<OrganisationId> {
        let Facts { extensions, subject, .. } = &*self.0;
        let named = subject.attributes(name::ORGANISATION_IDENTIFIER);
        let mut all = named.chain(extensions.national_codes.iter().map(String::as_str));
        let first: OrganisationId = all.next()?.parse().ok()?;
        all.all(|other| other.parse().as_ref() == Ok(&first)).then_some(first)
    }
}
