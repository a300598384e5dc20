//! Algorithms with their parameters (RFC 5280 §4.1.1.2).

use bytes::Bytes;

use crate::{
    algorithms::DigestAlgorithm,
    asn1::{Broken, Element},
};

/// An `AlgorithmIdentifier`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::signature) struct Algorithm {
    pub(in crate::signature) id: String,
    /// The parameters in DER, if there are any.
    pub(in crate::signature) parameters: Option<Bytes>,
}

const GOST_34311: &str = "1.2.804.2.1.1.1.1.2.1";
const NULL: [u8; 2] = [0x05, 0x00];

/// The substitution table № 1 of DSTU GOST 28147, packed as Ukrainian signers write it: the one that
/// GOST 34.311 is computed with.
const SUBSTITUTION: [u8; 64] = [
    0xa9, 0xd6, 0xeb, 0x45, 0xf1, 0x3c, 0x70, 0x82, 0x80, 0xc4, 0x96, 0x7b, 0x23, 0x1f, 0x5e, 0xad,
    0xf6, 0x58, 0xeb, 0xa4, 0xc0, 0x37, 0x29, 0x1d, 0x38, 0xd9, 0x6b, 0xf0, 0x25, 0xca, 0x4e, 0x17,
    0xf8, 0xe9, 0x72, 0x0d, 0xc6, 0x15, 0xb4, 0x3a, 0x28, 0x97, 0x5f, 0x0b, 0xc1, 0xde, 0xa3, 0x64,
    0x38, 0xb5, 0x64, 0xea, 0x2c, 0x17, 0x9f, 0xd0, 0x12, 0x3e, 0x6d, 0xb8, 0xfa, 0xc5, 0x79, 0x04,
];

impl Algorithm {
    /// One without parameters.
    pub(in crate::signature) fn plain(id: &str) -> Self {
        Self { id: id.to_owned(), parameters: None }
    }

    /// Whether a digest is spelled in a way that changes nothing: parameters absent or NULL
    /// (RFC 5754 §2), or for GOST 34.311 the usual substitution table. Algorithms that are not
    /// known here may have any.
    pub(in crate::signature) fn has_plain_parameters(&self) -> bool {
        let parameters = self.parameters.as_deref();
        if parameters.is_none_or(|parameters| parameters == NULL) {
            return true;
        }
        if self.is_gost_34311() {
            return parameters.is_some_and(|parameters| is_usual_table(parameters) == Ok(true));
        }
        DigestAlgorithm::from_oid(&self.id).is_err()
    }

    /// Whether this is GOST 34.311 with parameters, which most signers leave out.
    pub(in crate::signature) fn spells_out_gost_34311(&self) -> bool {
        self.is_gost_34311() && self.parameters.is_some()
    }

    /// Absent parameters and NULL mean the same for every algorithm met in CMS.
    pub(in crate::signature) fn parameters_or_null(&self) -> &[u8] {
        self.parameters.as_deref().unwrap_or(&NULL)
    }

    fn is_gost_34311(&self) -> bool {
        self.id == GOST_34311
    }
}

/// The table as an OCTET STRING, bare or alone in a SEQUENCE.
fn is_usual_table(parameters: &[u8]) -> Result<bool, Broken> {
    let mut element = Element::only(parameters)?;
    if element.tag == der::Tag::Sequence {
        element = Element::only(element.value)?;
    }
    Ok(element.of(der::Tag::OctetString)?.value == SUBSTITUTION)
}
