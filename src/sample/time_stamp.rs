//! Time-stamps over samples (RFC 3161, RFC 5816): what an authority's key writes, with whatever
//! time it is told to.

use cms::{
    content_info::ContentInfo,
    signed_data::{SignedData, SignerInfo, SignerInfos},
};
use der::{
    Any, Decode as _, Encode as _, Sequence,
    asn1::{GeneralizedTime, ObjectIdentifier, OctetString, SetOfVec},
};
use sha2::{Digest as _, Sha256};
use x509_cert::{serial_number::SerialNumber, spki::AlgorithmIdentifierOwned};

use super::{
    SampleError,
    authority::Signer,
    sign::{self, Plan, SHA256, SIGNED_DATA},
};
use crate::domain::Timestamp;

/// RFC 3161 §2.4.2: `id-ct-TSTInfo`.
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
/// ETSI EN 319 122-1 §5.3: `id-aa-signatureTimeStampToken`.
const SIGNATURE_TIME_STAMP: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");
/// The policy of Ukrainian time-stamping authorities.
const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.804.2.1.1.1.2.3.1");

/// `signature`, a CMS message in DER, with a time-stamp of `authority` over each signature value
/// in it that says `at`. Time-stamps that it had are replaced. Nothing else in it changes.
///
/// # Errors
/// [`SampleError::Encoding`] when `signature` is no CMS signature, or `at` is before 1970.
pub fn stamped(
    signature: &[u8],
    authority: &Signer,
    at: Timestamp,
) -> Result<Vec<u8>, SampleError> {
    let mut data: SignedData = ContentInfo::from_der(signature)?.content.decode_as()?;
    let mut signers = Vec::new();
    for signer in data.signer_infos.0.iter() {
        let token = Any::from_der(&token(signer.signature.as_bytes(), authority, at)?)?;
        let stamp = sign::attribute(SIGNATURE_TIME_STAMP, &token)?;
        let unsigned_attrs = Some(SetOfVec::try_from(vec![stamp])?);
        signers.push(SignerInfo { unsigned_attrs, ..signer.clone() });
    }
    data.signer_infos = SignerInfos::try_from(signers)?;
    let content = Any::encode_from(&data)?;
    Ok(ContentInfo { content_type: SIGNED_DATA, content }.to_der()?)
}

/// A token of `authority` over `covered`, in DER: it says that this existed at `at`.
///
/// # Errors
/// As [`stamped`].
pub fn token(covered: &[u8], authority: &Signer, at: Timestamp) -> Result<Vec<u8>, SampleError> {
    let digest = Sha256::digest(covered);
    let statement = Statement {
        version: 1,
        policy: POLICY,
        imprint: Imprint {
            algorithm: AlgorithmIdentifierOwned { oid: SHA256, parameters: None },
            digest: OctetString::new(digest.as_slice())?,
        },
        serial_number: SerialNumber::new(&[&[1], &digest[..15]].concat())?,
        time: generalized(at)?,
    };
    let content = statement.to_der()?;
    let plan = Plan { content_type: TST_INFO, is_carried: true, ..Plan::of(&content) };
    sign::signed_data(&plan, authority, at)
}

fn generalized(moment: Timestamp) -> Result<GeneralizedTime, SampleError> {
    let seconds = u64::try_from(moment.as_seconds())
        .map_err(|_| der::Error::from(der::ErrorKind::DateTime))?;
    Ok(GeneralizedTime::from_unix_duration(std::time::Duration::from_secs(seconds))?)
}

/// `TSTInfo` of RFC 3161 §2.4.2, without the fields that may be left out.
#[derive(Sequence)]
struct Statement {
    version: u8,
    policy: ObjectIdentifier,
    imprint: Imprint,
    serial_number: SerialNumber,
    time: GeneralizedTime,
}

/// `MessageImprint` of RFC 3161 §2.4.1.
#[derive(Sequence)]
struct Imprint {
    algorithm: AlgorithmIdentifierOwned,
    digest: OctetString,
}

#[cfg(test)]
mod tests;
