//! Keys from passwords: PBKDF2 (RFC 8018 §5.2) and the derivation of PKCS#12 (RFC 7292 app. B),
//! both also with ГОСТ 34.311.

use der::{Decode as _, Tag};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{
    error::{KeyFileError, Part as _},
    name::name,
    structure::Algorithm,
};
use crate::{
    asn1::{Broken, Element},
    dstu::Gost34311,
};

/// A digest that passwords are stretched with. SHA-1 is what old key files have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    Gost34311,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// How often a derivation is repeated, at most some seconds' worth.
pub(super) fn iterations(count: Element<'_>) -> Result<u32, KeyFileError> {
    const MOST: u32 = 2_000_000;
    let count = u32::from_der(count.of(Tag::Integer).key_part("iteration count")?.raw)
        .map_err(|_| KeyFileError::Malformed { part: "iteration count" })?;
    match count {
        0 => Err(KeyFileError::Malformed { part: "iteration count" }),
        1..=MOST => Ok(count),
        _ => Err(KeyFileError::TooMuch {
            part: "iteration count",
            found: count.into(),
            limit: MOST.into(),
        }),
    }
}

/// A key by the parameters of PBKDF2.
pub(super) fn derive(
    algorithm: &Algorithm<'_>,
    password: &str,
    octets: usize,
) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    const PBKDF2: &str = "1.2.840.113549.1.5.12";
    let part = "key derivation";
    if algorithm.oid != PBKDF2 {
        return Err(KeyFileError::Unsupported { name: name(&algorithm.oid) });
    }
    let parameters = algorithm.parameters.ok_or(Broken::Malformed).key_part(part)?;
    let mut fields = parameters.of(Tag::Sequence).and_then(|it| it.inside()).key_part(part)?;
    let salt = fields.expect(Tag::OctetString).key_part(part)?.value;
    let iterations = iterations(fields.next().key_part(part)?)?;
    if let Some(length) = fields.optional(Tag::Integer).key_part(part)? {
        let same = length.small_integer().is_ok_and(|length| usize::from(length) == octets);
        if !same {
            return Err(KeyFileError::Malformed { part });
        }
    }
    let digest = if fields.is_finished() {
        Digest::Sha1
    } else {
        let function = fields.next().and_then(Algorithm::read).key_part(part)?;
        Digest::from_hmac(&function.oid)
            .ok_or_else(|| KeyFileError::Unsupported { name: name(&function.oid) })?
    };
    fields.finish().key_part(part)?;
    let mut key = Zeroizing::new(vec![0; octets]);
    let bytes = password.as_bytes();
    match digest {
        Digest::Gost34311 => pbkdf2_gost34311(bytes, salt, iterations, &mut key),
        Digest::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(bytes, salt, iterations, &mut key),
        Digest::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(bytes, salt, iterations, &mut key),
        Digest::Sha384 => pbkdf2::pbkdf2_hmac::<Sha384>(bytes, salt, iterations, &mut key),
        Digest::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(bytes, salt, iterations, &mut key),
    }
    Ok(key)
}

/// Whether the check of a PKCS#12 file fits the password.
pub(super) fn pkcs12_mac_is_right(
    digest: Digest,
    password: &str,
    salt: &[u8],
    iterations: u32,
    content: &[u8],
    expected: &[u8],
) -> bool {
    let key = digest.pkcs12_key(password, salt, iterations);
    digest.hmac(&key, content).ct_eq(expected).into()
}

impl Digest {
    pub(super) fn from_oid(oid: &str) -> Option<Self> {
        match oid {
            "1.2.804.2.1.1.1.1.2.1" => Some(Self::Gost34311),
            "1.3.14.3.2.26" => Some(Self::Sha1),
            "2.16.840.1.101.3.4.2.1" => Some(Self::Sha256),
            "2.16.840.1.101.3.4.2.2" => Some(Self::Sha384),
            "2.16.840.1.101.3.4.2.3" => Some(Self::Sha512),
            _ => None,
        }
    }

    fn from_hmac(oid: &str) -> Option<Self> {
        match oid {
            "1.2.804.2.1.1.1.1.1.2" => Some(Self::Gost34311),
            "1.2.840.113549.2.7" => Some(Self::Sha1),
            "1.2.840.113549.2.9" => Some(Self::Sha256),
            "1.2.840.113549.2.10" => Some(Self::Sha384),
            "1.2.840.113549.2.11" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The block of the compression function in octets.
    fn block(self) -> usize {
        match self {
            Self::Gost34311 => 32,
            Self::Sha1 | Self::Sha256 => 64,
            Self::Sha384 | Self::Sha512 => 128,
        }
    }

    fn digest(self, content: &[u8]) -> Zeroizing<Vec<u8>> {
        use sha2::Digest as _;
        Zeroizing::new(match self {
            Self::Gost34311 => crate::dstu::gost34311(content).to_vec(),
            Self::Sha1 => Sha1::digest(content).to_vec(),
            Self::Sha256 => Sha256::digest(content).to_vec(),
            Self::Sha384 => Sha384::digest(content).to_vec(),
            Self::Sha512 => Sha512::digest(content).to_vec(),
        })
    }

    fn hmac(self, key: &[u8], content: &[u8]) -> Vec<u8> {
        fn with<M: Mac + KeyInit>(key: &[u8], content: &[u8]) -> Vec<u8> {
            let mac = <M as KeyInit>::new_from_slice(key).map(|mac| mac.chain_update(content));
            mac.map_or_else(|_| Vec::new(), |mac| mac.finalize().into_bytes().to_vec())
        }
        match self {
            Self::Gost34311 => HmacGost34311::new(key).tag(&[content]).to_vec(),
            Self::Sha1 => with::<Hmac<Sha1>>(key, content),
            Self::Sha256 => with::<Hmac<Sha256>>(key, content),
            Self::Sha384 => with::<Hmac<Sha384>>(key, content),
            Self::Sha512 => with::<Hmac<Sha512>>(key, content),
        }
    }

    /// RFC 7292 §B.2 for the key of the check (identifier 3), which is one digest long, so that
    /// its step 6 is done once and without the part that prepares the next round.
    fn pkcs12_key(self, password: &str, salt: &[u8], iterations: u32) -> Zeroizing<Vec<u8>> {
        const CHECK: u8 = 3;
        let block = self.block();
        let repeated = |octets: &[u8]| -> Vec<u8> {
            let length = octets.len().next_multiple_of(block);
            octets.iter().copied().cycle().take(length).collect()
        };
        let mut text: Zeroizing<Vec<u8>> =
            Zeroizing::new(password.encode_utf16().flat_map(u16::to_be_bytes).collect());
        text.extend_from_slice(&[0, 0]);
        let mut start = Zeroizing::new(vec![CHECK; block]);
        start.extend(repeated(salt));
        start.extend(repeated(&text));
        let mut key = self.digest(&start);
        for _ in 1..iterations {
            key = self.digest(&key);
        }
        key
    }
}

/// HMAC (RFC 2104) with ГОСТ 34.311, whose block has 32 octets.
struct HmacGost34311 {
    inner: Gost34311<'static>,
    outer: Gost34311<'static>,
}

impl HmacGost34311 {
    fn new(key: &[u8]) -> Self {
        const BLOCK: usize = 32;
        let mut block = Zeroizing::new([0; BLOCK]);
        if key.len() > BLOCK {
            *block = crate::dstu::gost34311(key);
        } else {
            block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        }
        let keyed = |pad: u8| {
            let mut hasher = Gost34311::default();
            hasher.update(&*Zeroizing::new(block.map(|octet| octet ^ pad)));
            hasher
        };
        Self { inner: keyed(0x36), outer: keyed(0x5c) }
    }

    fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut inner = self.inner.clone();
        for part in parts {
            inner.update(part);
        }
        let mut outer = self.outer.clone();
        outer.update(&inner.finish());
        outer.finish()
    }
}

fn pbkdf2_gost34311(password: &[u8], salt: &[u8], iterations: u32, key: &mut [u8]) {
    let mac = HmacGost34311::new(password);
    for (number, block) in (1_u32..).zip(key.chunks_mut(32)) {
        let mut last = mac.tag(&[salt, &number.to_be_bytes()]);
        let mut sum = Zeroizing::new(last);
        for _ in 1..iterations {
            last = mac.tag(&[&last]);
            sum.iter_mut().zip(last).for_each(|(sum, octet)| *sum ^= octet);
        }
        block.iter_mut().zip(sum.iter()).for_each(|(to, from)| *to = *from);
    }
}
