//! Certificates in the files that people keep them in: PEM, DER, and `.p7b` bundles
//! (RFC 5652 §5.1 with nothing signed).

use x509_parser::{asn1_rs::Class, asn1_rs::Tag, pem::Pem};

use super::{Certificate, CertificateError, tree};

/// Reads every certificate in a file: PEM with any number of blocks and text between them, one
/// certificate in DER, or a PKCS #7 bundle in either form. The caller bounds the size.
///
/// # Errors
/// When one of them cannot be read, when there is none, or when the file holds something else
/// beside certificates, such as a private key.
pub fn read_certificates(bytes: &[u8]) -> Result<Vec<Certificate>, CertificateError> {
    let certificates = if is_pem(bytes) { read_pem(bytes)? } else { read_der(bytes)? };
    if certificates.is_empty() {
        return Err(CertificateError::Absent);
    }
    Ok(certificates)
}

const PEM_MARK: &[u8] = b"-----BEGIN ";
const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";

fn is_pem(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, PEM_MARK).is_some() && bytes.first() != Some(&0x30)
}

fn read_pem(bytes: &[u8]) -> Result<Vec<Certificate>, CertificateError> {
    let mut certificates = Vec::new();
    for block in Pem::iter_from_buffer(bytes) {
        let block = block.map_err(|_| CertificateError::Malformed {
            problem: "a PEM block is cut off, or is not base64",
        })?;
        match block.label.as_str() {
            "CERTIFICATE" | "X509 CERTIFICATE" => {
                let number = certificates.len().saturating_add(1);
                certificates.push(numbered(number, &block.contents)?);
            }
            "PKCS7" | "CMS" => certificates.extend(read_der(&block.contents)?),
            _ => return Err(CertificateError::OtherContent { label: block.label }),
        }
    }
    Ok(certificates)
}

fn read_der(bytes: &[u8]) -> Result<Vec<Certificate>, CertificateError> {
    let Some(bundle) = bundle(bytes) else { return Ok(vec![Certificate::parse(bytes)?]) };
    bundle
        .into_iter()
        .enumerate()
        .map(|(index, der)| numbered(index.saturating_add(1), der))
        .collect()
}

/// The certificates inside a `SignedData`; `None` when these bytes are no such thing.
fn bundle(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let [content_info] = tree::elements(bytes)?.try_into().ok()?;
    let [content_type, content] = tree::sequence(&content_info)?.try_into().ok()?;
    if tree::object_identifier(&content_type)? != SIGNED_DATA {
        return None;
    }
    let [signed_data] = tree::elements(content.data)?.try_into().ok()?;
    let certificates = tree::sequence(&signed_data)?
        .into_iter()
        .find(|part| part.class() == Class::ContextSpecific && part.tag() == Tag(0));
    let Some(certificates) = certificates else { return Some(Vec::new()) };
    let mut found = tree::raw_elements(certificates.data)?;
    // The other choices of CertificateChoices are attribute certificates and unknown kinds.
    found.retain(|choice| choice.first() == Some(&0x30));
    Some(found)
}

fn numbered(number: usize, der: &[u8]) -> Result<Certificate, CertificateError> {
    Certificate::parse(der)
        .map_err(|problem| CertificateError::InFile { number, problem: Box::new(problem) })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "a test may panic")]

    use super::*;
    use crate::trust::sample::{Draft, object_identifier, pem, tlv};

    fn ders() -> Vec<Vec<u8>> {
        let root = Draft::authority("Root", 1, ("Root", 1));
        vec![root.der(), Draft::signer("Тестова Особа", 9, ("Root", 1)).der()]
    }

    fn bundle(certificates: &[Vec<u8>]) -> Vec<u8> {
        let data = tlv(0x30, &[object_identifier("1.2.840.113549.1.7.1")]);
        let version = tlv(0x02, &[vec![1]]);
        let parts = [version, tlv(0x31, &[]), data, tlv(0xa0, certificates), tlv(0x31, &[])];
        let content = tlv(0xa0, &[tlv(0x30, &parts)]);
        tlv(0x30, &[object_identifier(SIGNED_DATA), content])
    }

    fn read(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        read_certificates(bytes)
            .map(|found| found.iter().map(|one| one.der().to_vec()).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn reads_der_pem_and_bundles() {
        let all = ders();
        assert_eq!(read(&all[0]), Ok(vec![all[0].clone()]));
        assert_eq!(read(&bundle(&all)), Ok(all.clone()));
        assert_eq!(read(pem("PKCS7", &bundle(&all)).as_bytes()), Ok(all.clone()));
        let text: String = all.iter().map(|der| pem("CERTIFICATE", der)).collect();
        assert_eq!(read(text.as_bytes()), Ok(all.clone()));
        assert_eq!(read(format!("Про файл\n{text}\nкінець").as_bytes()), Ok(all.clone()));
        assert_eq!(read(text.replace('\n', "\r\n").as_bytes()), Ok(all));
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        let [first, _] = ders().try_into().unwrap();
        let good = pem("CERTIFICATE", &first);
        let key = pem("PRIVATE KEY", b"x");
        for (bytes, words) in [
            (b"".to_vec(), "not an X.509 certificate"),
            (b"text".to_vec(), "not an X.509 certificate"),
            (bundle(&[]), "holds no certificate"),
            (format!("{good}{key}").into_bytes(), "holds a PRIVATE KEY where only"),
            (good.as_bytes()[..200].to_vec(), "a PEM block is cut off"),
            (bundle(&[first.clone(), tlv(0x30, &[])]), "certificate 2 of the file: "),
            ([first.clone(), first].concat(), "bytes follow it"),
        ] {
            let said = read(&bytes).unwrap_err();
            assert!(said.contains(words), "{said}");
        }
    }
}
