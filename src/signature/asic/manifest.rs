//! The manifests of an `ASiC-E` container (ETSI EN 319 162-1 annex A.4): which signature is over
//! which files, by their digests.

use base64ct::{Base64, Encoding as _};
use memchr::memmem;

use crate::{
    algorithms::{DigestAlgorithm, Failure, Used},
    signature::{Budget, Resource, budget::Spent},
    xml::{self, Limits, Node, SIGNATURE, XmlError, children, only},
};

mod schema;

/// The schema's namespace, in both editions that are in use.
const NAMESPACES: [&str; 2] =
    ["http://uri.etsi.org/02918/v1.2.1#", "http://uri.etsi.org/02918/v1.1.1#"];

/// One manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    /// The name of the signature, or the time-stamp, over the manifest.
    pub(super) signature: String,
    /// The files that the manifest is over.
    pub(super) references: Vec<Reference>,
}

/// A file that a manifest is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) name: String,
    /// The identifier of the digest algorithm, as it stands.
    algorithm: String,
    digest: Vec<u8>,
}

/// Why bytes are not a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(super) enum ManifestError {
    /// An extension that has to be understood.
    #[error("it has a critical extension, which is not supported")]
    CriticalExtension,
    /// An element or attribute that has to be there once is not, or is not what it should be.
    #[error("its {part} is not what ETSI EN 319 162-1 annex A.4 asks for")]
    Malformed {
        /// Which.
        part: &'static str,
    },
    /// Over a limit.
    #[error("it has more than {max} {things}")]
    TooMuch {
        /// Of what.
        things: &'static str,
        /// The limit.
        max: usize,
    },
    /// Too little is left of the mail's budget.
    #[error(transparent)]
    Spent(#[from] Spent),
    /// No XML, or XML with a document type, which could stand for other text than it shows.
    #[error("it is not plain XML")]
    Xml,
}

impl Manifest {
    /// Reads a manifest out of the budget of the mail. No digest is compared.
    pub(super) fn parse(file: &[u8], budget: &Budget) -> Result<Self, ManifestError> {
        /// A manifest of as many files as an archive may have is far shorter.
        const LIMITS: Limits = Limits { bytes: 1 << 20, nodes: 16 << 10 };
        const MAX_REFERENCES: usize = 256;
        budget.spend(Resource::Bytes, LIMITS.bytes.min(file.len()).saturating_mul(xml::WEIGHT))?;
        let document = xml::parse(file, LIMITS)?;
        if memmem::find(file, b"<![CDATA[").is_some() {
            return Err(ManifestError::Malformed { part: "text" });
        }
        let root = document.root_element();
        let namespace = root.tag_name().namespace().unwrap_or_default();
        if root.tag_name().name() != "ASiCManifest" || !NAMESPACES.contains(&namespace) {
            return Err(ManifestError::Malformed { part: "root element" });
        }
        let is_critical = |node: Node<'_, '_>| {
            node.attribute("Critical")
                .is_some_and(|critical| critical != "false" && critical != "0")
        };
        if root.descendants().any(is_critical) {
            return Err(ManifestError::CriticalExtension);
        }
        if !schema::holds(file, root, namespace) {
            return Err(ManifestError::Malformed { part: "list of elements" });
        }
        let signature = only(root, (namespace, "SigReference"))
            .and_then(name_of)
            .ok_or(ManifestError::Malformed { part: "SigReference" })?;
        let mut references = Vec::new();
        for node in children(root, (namespace, "DataObjectReference")) {
            if references.len() == MAX_REFERENCES {
                return Err(ManifestError::TooMuch { things: "files", max: MAX_REFERENCES });
            }
            let reference = Reference::read(node)
                .filter(|one| references.iter().all(|other: &Reference| other.name != one.name))
                .ok_or(ManifestError::Malformed { part: "DataObjectReference" })?;
            references.push(reference);
        }
        if references.is_empty() {
            return Err(ManifestError::Malformed { part: "list of files" });
        }
        Ok(Self { signature, references })
    }
}

impl Reference {
    fn read(node: Node<'_, '_>) -> Option<Self> {
        let method = only(node, (SIGNATURE, "DigestMethod"))?;
        let value = only(node, (SIGNATURE, "DigestValue"))?;
        let is_plain = |node: Node<'_, '_>| !node.children().any(|child| child.is_element());
        let text: String = value
            .children()
            .filter_map(|child| child.text())
            .flat_map(str::chars)
            .filter(|letter| !letter.is_ascii_whitespace())
            .collect();
        Some(Self {
            name: name_of(node)?,
            algorithm: method.attribute("Algorithm")?.to_owned(),
            digest: Base64::decode_vec(&text).ok().filter(|_| is_plain(value))?,
        })
    }

    /// Takes what hashing `content` costs.
    pub(super) fn spend(&self, content: &[u8], budget: &Budget) -> Result<(), Spent> {
        match digest_algorithm(&self.algorithm) {
            Ok(algorithm) => budget.hash(algorithm, content.len()),
            Err(_) => Ok(()),
        }
    }

    /// What it rests on that `content` has the digest that is told; `None` when it has another.
    ///
    /// # Errors
    /// The digest algorithm is not supported.
    pub(super) fn fits(&self, content: &[u8]) -> Result<Option<Used>, Failure> {
        let algorithm = digest_algorithm(&self.algorithm)?;
        let fits = algorithm.digest(content) == self.digest;
        Ok(fits.then(|| Used::digest(algorithm)))
    }
}

/// The digest algorithm of an XML signature's identifier: the ones of XML Encryption and RFC 9231,
/// and for all others, the national ones among them, an object identifier, as RFC 3061 writes it
/// or bare.
fn digest_algorithm(identifier: &str) -> Result<DigestAlgorithm, Failure> {
    let oid = match identifier {
        "http://www.w3.org/2001/04/xmldsig-more#sha224" => "2.16.840.1.101.3.4.2.4",
        "http://www.w3.org/2007/05/xmldsig-more#sha3-224" => "2.16.840.1.101.3.4.2.7",
        "http://www.w3.org/2007/05/xmldsig-more#sha3-256" => "2.16.840.1.101.3.4.2.8",
        "http://www.w3.org/2007/05/xmldsig-more#sha3-384" => "2.16.840.1.101.3.4.2.9",
        "http://www.w3.org/2007/05/xmldsig-more#sha3-512" => "2.16.840.1.101.3.4.2.10",
        "http://www.w3.org/2001/04/xmlenc#sha256" => "2.16.840.1.101.3.4.2.1",
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => "2.16.840.1.101.3.4.2.2",
        "http://www.w3.org/2001/04/xmlenc#sha512" => "2.16.840.1.101.3.4.2.3",
        "http://www.w3.org/2000/09/xmldsig#sha1" => "1.3.14.3.2.26",
        "http://www.w3.org/2001/04/xmldsig-more#md5" => "1.2.840.113549.2.5",
        other => other.strip_prefix("urn:oid:").unwrap_or(other),
    };
    DigestAlgorithm::from_oid(oid)
}

impl From<XmlError> for ManifestError {
    fn from(error: XmlError) -> Self {
        match error {
            XmlError::DocumentType | XmlError::Malformed { .. } => Self::Xml,
            XmlError::TooMuch { things, max } => Self::TooMuch { things, max },
        }
    }
}

/// The file that a `URI` attribute names: relative to the container, percent-encoded (RFC 3986).
fn name_of(node: Node<'_, '_>) -> Option<String> {
    let uri = node.attribute("URI")?;
    let mut name = Vec::new();
    let mut rest = uri.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let (digits, after) = after.split_at_checked(2)?;
            let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
            let digits = str::from_utf8(digits).ok().filter(|_| is_hex)?;
            name.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after;
        } else {
            name.push(byte);
            rest = after;
        }
    }
    String::from_utf8(name).ok()
}

#[cfg(test)]
mod tests;
