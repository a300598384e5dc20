//! RSA signatures (RFC 8017): PKCS #1 v1.5 and PSS with the parameters of RFC 4055 §3.1.

use ::rsa::{BoxedUint, RsaPublicKey, pkcs1v15, pss, signature::Verifier as _};
use der::{
    Sequence, Tag, Tagged as _,
    asn1::{AnyRef, ObjectIdentifier},
};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_256};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};

use super::{
    DigestAlgorithm, Failure,
    key::{PssRestriction, RSA_BITS, RsaKey},
    scheme,
};

/// What an RSASSA-PSS signature is made with. The mask is always MGF1 with the same digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PssParameters {
    pub(super) digest: DigestAlgorithm,
    /// In bytes.
    pub(super) salt_length: usize,
}

#[derive(Sequence)]
struct RawParameters<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<Algorithm<'a>>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask: Option<Algorithm<'a>>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt_length: Option<u16>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    trailer: Option<u8>,
}

#[derive(Sequence)]
struct Algorithm<'a> {
    oid: ObjectIdentifier,
    parameters: Option<AnyRef<'a>>,
}

const NAME: &str = "RSA-PSS";
const SHA_1: &str = "1.3.14.3.2.26";
const MGF1: &str = "1.2.840.113549.1.1.8";

impl PssParameters {
    /// RFC 4055 §3.1. Whatever is absent has the default of that section, which is SHA-1 for both
    /// digests.
    pub(super) fn read(parameters: Option<AnyRef<'_>>) -> Result<Self, Failure> {
        let raw: RawParameters<'_> = match parameters {
            Some(value) if value.tag() == Tag::Sequence => {
                value.decode_as().map_err(|_| wrong("they are not RSASSA-PSS-params in DER"))?
            }
            Some(_) => return Err(wrong("they are not a SEQUENCE")),
            None => return Err(wrong("there are none")),
        };
        let digest = digest_of(raw.hash.as_ref())?;
        let mask = match &raw.mask {
            None => DigestAlgorithm::from_oid(SHA_1)?,
            Some(mask) if mask.oid.to_string() == MGF1 => {
                let inner: Option<Algorithm<'_>> = mask
                    .parameters
                    .map(AnyRef::decode_as)
                    .transpose()
                    .map_err(|_| wrong("the digest of MGF1 cannot be read"))?;
                digest_of(inner.as_ref())?
            }
            Some(_) => return Err(wrong("the mask is not made with MGF1")),
        };
        // The library has no mask of another digest; the policy has a line for it.
        if mask != digest {
            return Err(Failure::Unsupported {
                name: format!("{NAME} with {} and a mask with {}", digest.name(), mask.name()),
            });
        }
        if raw.trailer.is_some_and(|trailer| trailer != 1) {
            return Err(wrong("the trailer is not 1"));
        }
        let salt_length = raw.salt_length.map_or(20, usize::from);
        Ok(Self { digest, salt_length })
    }
}

/// Checks with the digest that is only known when the program runs.
macro_rules! with_digest {
    ($family:expr, $digest:expr, |$hash:ident| $check:expr) => {
        match $digest {
            DigestAlgorithm::Sha1 => {
                type $hash = Sha1;
                $check
            }
            DigestAlgorithm::Sha224 => {
                type $hash = Sha224;
                $check
            }
            DigestAlgorithm::Sha256 => {
                type $hash = Sha256;
                $check
            }
            DigestAlgorithm::Sha3_224 => {
                type $hash = Sha3_224;
                $check
            }
            DigestAlgorithm::Sha3_256 => {
                type $hash = Sha3_256;
                $check
            }
            DigestAlgorithm::Sha3_384 => {
                type $hash = Sha3_384;
                $check
            }
            DigestAlgorithm::Sha3_512 => {
                type $hash = Sha3_512;
                $check
            }
            DigestAlgorithm::Sha384 => {
                type $hash = Sha384;
                $check
            }
            DigestAlgorithm::Sha512 => {
                type $hash = Sha512;
                $check
            }
            DigestAlgorithm::Sha512_256 => {
                type $hash = Sha512_256;
                $check
            }
            DigestAlgorithm::Gost34311
            | DigestAlgorithm::Kupyna256
            | DigestAlgorithm::Kupyna384
            | DigestAlgorithm::Kupyna512 => return Err(with_national($family, $digest)),
        }
        .map_err(|_| Failure::Mismatch)
    };
}

pub(super) fn verify_pkcs1(
    key: &RsaKey<'_>,
    digest: DigestAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), Failure> {
    let key = load(key)?;
    let signature = pkcs1v15::Signature::try_from(signature).map_err(|_| Failure::Mismatch)?;
    with_digest!("RSA", digest, |Hash| {
        pkcs1v15::VerifyingKey::<Hash>::new(key).verify(message, &signature)
    })
}

pub(super) fn verify_pss(
    key: &RsaKey<'_>,
    parameters: &PssParameters,
    message: &[u8],
    signature: &[u8],
) -> Result<(), Failure> {
    // RFC 4055 §3.3: a key may demand its digest, and a salt at least this long.
    if let Some(PssRestriction::Exactly(allowed)) = &key.restriction
        && (allowed.digest != parameters.digest || parameters.salt_length < allowed.salt_length)
    {
        return Err(wrong("the key allows others only"));
    }
    let key = load(key)?;
    let signature = pss::Signature::try_from(signature).map_err(|_| Failure::Mismatch)?;
    let salt = parameters.salt_length;
    with_digest!(NAME, parameters.digest, |Hash| {
        pss::VerifyingKey::<Hash>::new_with_salt_len(key, salt).verify(message, &signature)
    })
}

fn load(key: &RsaKey<'_>) -> Result<RsaPublicKey, Failure> {
    let modulus = BoxedUint::from_be_slice_vartime(key.modulus);
    let exponent = BoxedUint::from_be_slice_vartime(key.exponent);
    RsaPublicKey::new_with_size_limits(modulus, exponent, RSA_BITS).map_err(|_| Failure::BadKey {
        algorithm: "RSA".to_owned(),
        problem: "its modulus or exponent cannot be one",
    })
}

/// Nobody has said how RSA goes with these.
fn with_national(family: &str, digest: DigestAlgorithm) -> Failure {
    Failure::Unsupported { name: format!("{family} with {}", digest.name()) }
}

fn digest_of(algorithm: Option<&Algorithm<'_>>) -> Result<DigestAlgorithm, Failure> {
    let Some(algorithm) = algorithm else { return DigestAlgorithm::from_oid(SHA_1) };
    scheme::must_be_empty(algorithm.parameters)
        .map_err(|_| wrong("the digest has parameters of its own"))?;
    DigestAlgorithm::from_oid(&algorithm.oid.to_string())
}

fn wrong(problem: &'static str) -> Failure {
    Failure::BadParameters { algorithm: NAME.to_owned(), problem }
}
