//! The manifests of an `ASiC-E` container (ETSI EN 319 162-1 annex A.4): which signature is over
//! which files, by their digests.

use base64ct::{Base64, Encoding as _};
use memchr::memmem;

use crate::{
    algorithms::{DigestAlgorithm, Failure, Used},
    signature::{Budget, Resource, budget::Spent, pades},
    xml::{self, Limits, Node, SIGNATURE, XmlError, children, only},
};

/// The schema's namespace, in both editions that are in use.
const NAMESPACES: [&str; 2] =
    ["http://uri.etsi.org/02918/v1.2.1#", "http://uri.etsi.org/02918/v1.1.1#"];

/// Whose elements an extension may have besides: those of `XAdES` (ETSI EN 319 132-1).
const NAMESPACES_WITHIN: [&str; 2] =
    ["http://uri.etsi.org/01903/v1.3.2#", "http://uri.etsi.org/01903/v1.4.1#"];

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
        // Who signed it may have seen a PDF file.
        if pades::may_open(file) || memmem::find(file, b"<![CDATA[").is_some() {
            return Err(ManifestError::Malformed { part: "text" });
        }
        let root = document.root_element();
        let namespace = root.tag_name().namespace().unwrap_or_default();
        if root.tag_name().name() != "ASiCManifest" || !NAMESPACES.contains(&namespace) {
            return Err(ManifestError::Malformed { part: "root element" });
        }
        if !root.descendants().chain(document.root().children()).all(is_of_the_schema) {
            return Err(ManifestError::Malformed { part: "list of elements" });
        }
        let is_critical = |node: Node<'_, '_>| {
            node.attribute("Critical")
                .is_some_and(|critical| critical != "false" && critical != "0")
        };
        if root.descendants().any(is_critical) {
            return Err(ManifestError::CriticalExtension);
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
                .ok_or(ManifestError::Malformed { part: "DataObjectReference" })?;
            references.push(reference);
        }
        if references.is_empty() {
            return Err(ManifestError::Malformed { part: "list of files" });
        }
        Ok(Self { signature, references })
    }
}

/// Whether it is what a manifest is made of. To other programs a file with more is another one, such
/// as a page for a browser: who signed that did not sign the files that it names.
fn is_of_the_schema(node: Node<'_, '_>) -> bool {
    let within = |name: &str| {
        node.ancestors().skip(1).any(|outer| outer.tag_name().name() == name && outer.is_element())
    };
    if node.is_text() {
        let is_blank = node.text().is_none_or(|text| text.trim_ascii().is_empty());
        return is_blank || within("DigestValue");
    }
    let namespace = node.tag_name().namespace().unwrap_or_default();
    let is_own = NAMESPACES.contains(&namespace) || namespace == SIGNATURE;
    if node.is_element() {
        is_own || within("Extension") && NAMESPACES_WITHIN.contains(&namespace)
    } else {
        node.is_root()
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
mod tests {
    use super::*;

    fn manifest(body: &str) -> String {
        format!(
            "<a:ASiCManifest xmlns:a='http://uri.etsi.org/02918/v1.2.1#' \
             xmlns='http://www.w3.org/2000/09/xmldsig#'>{body}</a:ASiCManifest>"
        )
    }

    const NAMED: &str = "<a:SigReference URI='META-INF/signature.p7s'/>";
    const FILE: &str = "<a:DataObjectReference URI='%D0%B0%20b.txt'><DigestMethod \
        Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/><DigestValue>\n\
        47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</DigestValue></a:DataObjectReference>";

    fn parse(manifest: &str) -> Result<Manifest, ManifestError> {
        Manifest::parse(manifest.as_bytes(), &Budget::new(&crate::signature::Limits::default()))
    }

    #[test]
    fn reads_names_and_digests() {
        let read = parse(&manifest(&[NAMED, FILE].concat())).unwrap();
        assert_eq!(read.signature, "META-INF/signature.p7s");
        let [reference] = read.references.as_slice() else { panic!("one file") };
        assert_eq!(reference.name, "а b.txt");
        assert_eq!(reference.fits(b""), Ok(Some(Used::digest(DigestAlgorithm::Sha256))));
        assert_eq!(reference.fits(b"x"), Ok(None));
    }

    /// Annex A.4: any namespace, of which those are taken that no program shows as a page.
    #[test]
    fn an_extension_may_have_elements_of_signatures() {
        for (inside, is_right) in [
            ("", true),
            ("text", false),
            ("<x:a xmlns:x='http://uri.etsi.org/01903/v1.3.2#' b='text'/>", true),
            ("<x:a xmlns:x='http://uri.etsi.org/01903/v1.3.2#'>text</x:a>", false),
            ("<x:a xmlns:x='http://www.w3.org/2000/svg'/>", false),
        ] {
            let extension = format!(
                "<a:ASiCManifestExtensions><a:Extension Critical='false'>{inside}</a:Extension>\
                 </a:ASiCManifestExtensions>"
            );
            let read = parse(&manifest(&[NAMED, FILE, &extension].concat()));
            assert_eq!(read.is_ok(), is_right, "{inside}");
        }
    }

    #[test]
    fn knows_digests_by_uri_and_by_object_identifier() {
        for (identifier, digest) in [
            ("http://www.w3.org/2001/04/xmlenc#sha256", DigestAlgorithm::Sha256),
            ("http://www.w3.org/2001/04/xmlenc#sha512", DigestAlgorithm::Sha512),
            ("urn:oid:2.16.840.1.101.3.4.2.2", DigestAlgorithm::Sha384),
            ("http://www.w3.org/2000/09/xmldsig#sha1", DigestAlgorithm::Sha1),
            ("http://www.w3.org/2007/05/xmldsig-more#sha3-256", DigestAlgorithm::Sha3_256),
        ] {
            assert_eq!(digest_algorithm(identifier), Ok(digest));
        }
        let md5 = Failure::Unsupported { name: "MD5".to_owned() };
        for identifier in
            ["http://www.w3.org/2001/04/xmldsig-more#md5", "urn:oid:1.2.840.113549.2.5"]
        {
            assert_eq!(digest_algorithm(identifier), Err(md5.clone()), "{identifier}");
        }
    }

    #[test]
    fn refuses_what_could_be_read_in_two_ways() {
        let malformed = |part| ManifestError::Malformed { part };
        for (file, error) in [
            ("<!DOCTYPE a []><a/>".to_owned(), ManifestError::Xml),
            ("<ASiCManifest/>".to_owned(), malformed("root element")),
            (manifest(FILE), malformed("SigReference")),
            (manifest(&[NAMED, NAMED, FILE].concat()), malformed("SigReference")),
            (manifest(NAMED), malformed("list of files")),
            (
                manifest(&[NAMED, &FILE.replace("DigestValue", "Value")].concat()),
                malformed("list of elements"),
            ),
            (
                manifest(&[NAMED, &FILE.replace("%D0", "%D")].concat()),
                malformed("DataObjectReference"),
            ),
            (
                manifest(&[NAMED, FILE, "<a:x Critical='true'/>"].concat()),
                ManifestError::CriticalExtension,
            ),
            (manifest(&[NAMED, FILE, "text"].concat()), malformed("list of elements")),
            (
                manifest(&[NAMED, FILE, "<p xmlns='http://www.w3.org/1999/xhtml'/>"].concat()),
                malformed("list of elements"),
            ),
            (
                manifest(&[NAMED, FILE, "<!--><h1>a page</h1>-->"].concat()),
                malformed("list of elements"),
            ),
            (
                [&manifest(&[NAMED, FILE].concat()), "<!-- -->"].concat(),
                malformed("list of elements"),
            ),
            (manifest(&[NAMED, FILE, "<![CDATA[ ]]>"].concat()), malformed("text")),
            (manifest(&[NAMED, FILE, "<!--%PDF-1.7-->"].concat()), malformed("text")),
            (
                manifest(&[NAMED, FILE, "<?xml-stylesheet href='a.xsl'?>"].concat()),
                malformed("list of elements"),
            ),
            (
                ["<?xml-stylesheet href='a.css'?>", &manifest(&[NAMED, FILE].concat())].concat(),
                malformed("list of elements"),
            ),
        ] {
            assert_eq!(parse(&file), Err(error), "{file}");
        }
    }
}
