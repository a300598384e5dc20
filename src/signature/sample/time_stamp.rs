//! Time-stamping authorities and their tokens, made for tests.

use bytes::Bytes;

use super::{
    CONTENT_TYPE, FilePlan, Identity, SHA256, SignerPlan, algorithm, attribute, digest_of, oid,
    sequence, tlv,
};
use crate::algorithms::DigestAlgorithm;

pub(crate) const TST_INFO: &[u8] =
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
/// `1.2.804.2.1.1.1.2.3.1`, the policy of Ukrainian authorities.
const POLICY: &[u8] = &[0x2a, 0x86, 0x24, 0x02, 0x01, 0x01, 0x01, 0x02, 0x03, 0x01];
const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];

/// A critical `extKeyUsage` for time-stamping alone.
pub(crate) fn for_time_stamping() -> Vec<u8> {
    let purposes = sequence(&[&oid(TIME_STAMPING)]);
    let critical = tlv(0x01, &[&[0xff]]);
    sequence(&[&oid(&[0x55, 0x1d, 0x25]), &critical, &tlv(0x04, &[&purposes])])
}

/// An authority whose certificate is valid in the years 2024 to 2043.
pub(crate) fn authority(seed: u8) -> Identity {
    authority_valid(seed, [b"240101000000Z", b"431231235959Z"])
}

/// An authority with its own validity.
pub(crate) fn authority_valid(seed: u8, validity: [&[u8]; 2]) -> Identity {
    Identity::valid(seed, validity, &[&for_time_stamping()])
}

/// One token as it will be written. Change the fields before [`Self::write`].
pub(crate) struct TokenPlan<'a> {
    pub(crate) authority: &'a Identity,
    /// The fields of the `TSTInfo`.
    pub(crate) info: Vec<Vec<u8>>,
    /// Whether the token brings the authority's certificate.
    pub(crate) certificate: bool,
    pub(crate) unsigned: Option<Vec<Vec<u8>>>,
}

/// Where [`TokenPlan::new`] puts the fields.
pub(crate) mod field {
    pub(crate) const VERSION: usize = 0;
    pub(crate) const IMPRINT: usize = 2;
    pub(crate) const TIME: usize = 4;
    /// After the fields that have to be there.
    pub(crate) const END: usize = 5;
}

impl<'a> TokenPlan<'a> {
    /// A right one over the SHA-256 of `covered`, with its certificate. `time` is the
    /// `GeneralizedTime`.
    pub(crate) fn new(authority: &'a Identity, covered: &[u8], time: &str) -> Self {
        Self {
            authority,
            info: vec![
                tlv(0x02, &[&[1]]),
                oid(POLICY),
                imprint(SHA256, &DigestAlgorithm::Sha256.digest(covered)),
                tlv(0x02, &[&[7]]),
                tlv(0x18, &[time.as_bytes()]),
            ],
            certificate: true,
            unsigned: None,
        }
    }

    /// The token, signed as it stands.
    pub(crate) fn write(&self) -> Bytes {
        self.write_with(|_| {})
    }

    /// The same with a signer that is bent before it signs.
    pub(crate) fn write_with(&self, bend: impl FnOnce(&mut SignerPlan<'a>)) -> Bytes {
        let info = sequence(&self.info.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let mut signer = SignerPlan::new(self.authority, &info);
        signer.attributes = Some(vec![
            attribute(CONTENT_TYPE, &[&oid(TST_INFO)]),
            Identity::reference_to(&self.authority.certificate),
            digest_of(&info),
        ]);
        signer.unsigned.clone_from(&self.unsigned);
        bend(&mut signer);
        let certificates: &[&Identity] = if self.certificate { &[self.authority] } else { &[] };
        let mut file = FilePlan::new(Some(&info), certificates, &[signer.write(&info)]);
        file.version = 3;
        file.content_type = oid(TST_INFO);
        file.write()
    }
}

/// A `MessageImprint`.
pub(crate) fn imprint(hash: &[u8], digest: &[u8]) -> Vec<u8> {
    sequence(&[&algorithm(hash), &tlv(0x04, &[digest])])
}

/// A right token over `covered` at `time`, with its certificate.
pub(crate) fn token(authority: &Identity, covered: &[u8], time: &str) -> Bytes {
    TokenPlan::new(authority, covered, time).write()
}
