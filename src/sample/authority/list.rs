//! Revocation lists (RFC 5280 §5).

use std::time::Duration;

use der::{
    Decode as _, Encode as _, Sequence,
    asn1::{BitString, ContextSpecific, GeneralizedTime, ObjectIdentifier, OctetString},
};
use x509_cert::{
    Certificate, Version,
    crl::RevokedCert,
    ext::{
        Extension, Extensions,
        pkix::{AuthorityKeyIdentifier, CrlNumber, CrlReason},
    },
    name::Name,
    spki::AlgorithmIdentifierOwned,
    time::Time,
};

use super::{
    Authority, Signer, Validity,
    certificate::{explicit, extension},
    time,
};
use crate::{domain::Timestamp, sample::SampleError};

/// A signer whose certificate is revoked.
#[derive(Clone, Copy, Debug)]
pub struct Revoked<'a> {
    /// Whose.
    pub signer: &'a Signer,
    /// Since when; seconds count.
    pub since: Timestamp,
    /// Since when the key was in other hands (`invalidityDate`, RFC 5280 §5.3.2), where that is known.
    pub compromised: Option<Timestamp>,
}

/// `TBSCertList` of RFC 5280 §5.1, version 2.
#[derive(Sequence)]
struct ToBeSigned {
    version: Version,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    this_update: Time,
    next_update: Time,
    revoked: Option<Vec<RevokedCert>>,
    extensions: ContextSpecific<Extensions>,
}

/// `CertificateList` of RFC 5280 §5.1.
#[derive(Sequence)]
struct Signed {
    body: ToBeSigned,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

const REASON: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");
const INVALIDITY_DATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.24");

/// The reason keyCompromise and the date of invalidity (RFC 5280 §5.3.1 and §5.3.2).
fn compromise(since: Timestamp) -> Result<Extensions, SampleError> {
    let seconds = u64::try_from(since.as_micros() / 1_000_000).unwrap_or_default();
    let date = GeneralizedTime::from_unix_duration(Duration::from_secs(seconds))?;
    let entry = |extn_id, value: Vec<u8>| -> Result<Extension, SampleError> {
        Ok(Extension { extn_id, critical: false, extn_value: OctetString::new(value)? })
    };
    Ok(vec![
        entry(REASON, CrlReason::KeyCompromise.to_der()?)?,
        entry(INVALIDITY_DATE, date.to_der()?)?,
    ])
}

impl Authority {
    /// The list of the certificates that this authority has revoked, in DER: true from the first
    /// moment of `validity`, and a newer one is due at the last. `number` grows with each list.
    ///
    /// # Errors
    /// [`SampleError::Encoding`] when a moment does not fit into a list.
    pub fn revocation_list(
        &self,
        number: u32,
        revoked: &[Revoked<'_>],
        validity: Validity,
    ) -> Result<Vec<u8>, SampleError> {
        let mut entries = Vec::new();
        for Revoked { signer, since, compromised } in revoked {
            let certificate = Certificate::from_der(signer.certificate())?;
            entries.push(RevokedCert {
                serial_number: certificate.tbs_certificate().serial_number().clone(),
                revocation_date: time(*since)?,
                crl_entry_extensions: compromised.map(compromise).transpose()?,
            });
        }
        let issuer_id = OctetString::new(self.key.identifier()?)?;
        let extensions = vec![
            extension(
                false,
                &AuthorityKeyIdentifier { key_identifier: Some(issuer_id), ..Default::default() },
            )?,
            extension(false, &CrlNumber(der::asn1::Uint::new(&number.to_be_bytes())?))?,
        ];
        let body = ToBeSigned {
            version: Version::V2,
            signature: self.key.signature_algorithm(),
            issuer: self.name.clone(),
            this_update: time(validity.from)?,
            next_update: time(validity.to)?,
            // RFC 5280 §5.1.2.6: a list without entries has no empty sequence of them.
            revoked: Some(entries).filter(|entries| !entries.is_empty()),
            extensions: explicit(0, extensions),
        };
        let signature = self.key.sign(&body.to_der()?)?;
        let algorithm = self.key.signature_algorithm();
        Ok(Signed { body, algorithm, signature: BitString::from_bytes(&signature)? }.to_der()?)
    }

    /// The same list signed by ecdsa-with-SHA384, which nothing else of an authority with a key of P-256
    /// rests on.
    ///
    /// # Panics
    /// When the key is of another kind, or `list` is none.
    #[cfg(test)]
    pub(crate) fn with_sha384(&self, list: &[u8]) -> Vec<u8> {
        let mut signed = Signed::from_der(list).unwrap();
        let oid = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
        let algorithm = AlgorithmIdentifierOwned { oid, parameters: None };
        signed.body.signature = algorithm.clone();
        signed.algorithm = algorithm;
        let signature = self.key.sign_with_sha384(&signed.body.to_der().unwrap());
        signed.signature = BitString::from_bytes(&signature).unwrap();
        signed.to_der().unwrap()
    }

    /// The same list where each certificate on it is suspended (certificateHold) and not revoked.
    ///
    /// # Panics
    /// When `list` is none.
    #[cfg(test)]
    pub(crate) fn suspending(&self, list: &[u8]) -> Vec<u8> {
        let mut signed = Signed::from_der(list).unwrap();
        let reason = CrlReason::CertificateHold.to_der().unwrap();
        let extn_value = OctetString::new(reason).unwrap();
        for entry in signed.body.revoked.iter_mut().flatten() {
            let reason =
                Extension { extn_id: REASON, critical: false, extn_value: extn_value.clone() };
            entry.crl_entry_extensions = Some(vec![reason]);
        }
        let signature = self.key.sign(&signed.body.to_der().unwrap()).unwrap();
        signed.signature = BitString::from_bytes(&signature).unwrap();
        signed.to_der().unwrap()
    }
}
